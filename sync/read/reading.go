// Package read asks the two systems and the snapshot, and says how far their answers are to
// be believed: absence is not departure, and a list that a look-up contradicts is no list.
// It writes nothing to either system, and does not know how a plan is carried out.
//
// A [Reading] is made of parts that stand on one another. What they find out are its facts;
// package decide says what follows.
package read

import (
	"sync"
	"time"

	"tracktik-sync/sync/plan"
)

// Lookers is how many look-ups go on at one time.
const Lookers = 4

// A Reading reads both sides and the snapshot, and writes nothing. Its parts stand lower
// ones first: a part knows only those above it in this list.
type Reading struct {
	Base
	PortalReader   *PortalReader
	RegionReader   *RegionReader
	DateReader     *DateReader
	GroupReader    *GroupReader
	OwnGroupReader *ownGroupReader
	tieReader      *tieReader
	PeopleReader   *peopleReader
	AbsentReader   *AbsentReader
	ScopeReader    *ScopeReader
	GrantReader    *GrantReader
	Relinker       *relinker
	EmployeeReader *employeeReader
	Claimer        *Claimer
	NameReader     *NameReader
	SingleReader   *singleReader
	Matcher        *Matcher
	Reader         *reader
	StandingReader *StandingReader
}

// NewReading begins to read for a run about those in scope; id is that of the run, empty
// when nothing is to be recorded.
func NewReading(sides *Sides, scope Scope, id string) (*Reading, error) {
	began, now := sides.Now(), sides.Moment()
	meta, err := sides.Snapshot.Meta()
	if err != nil {
		return nil, err
	}
	looks, own := newLookingSource(sides.Source), *sides
	own.Source = looks
	f := &frame{Sides: &own, looks: looks, Scope: scope, ID: id, AsOf: now, Began: began, Started: now,
		Log: sides.Log, Meta: meta, Pol: sides.Policy}
	f.configuredOwn()
	f.Seed = "plan-" + now.Format("20060102T150405Z")
	if id != "" {
		f.Seed, f.Log = id, sides.Log.WithField("run", id)
	}
	x := newFacts(f)
	troubles, err := sides.Snapshot.Troubles()
	for _, t := range troubles {
		x.Troubles[t.Person] = append(x.Troubles[t.Person], t)
	}
	r := &Reading{Base: Base{f, x}}
	r.wire()
	return r, err
}

// LoadPeople reads who is on record.
func (r *Reading) LoadPeople() (err error) {
	r.People, err = loadRoster(r.Snapshot)
	return err
}

// Anew begins a second reading of the same run. It looks up every missing person, not a
// sample. It knows what the first one knew before it read any list, and whom that has looked
// up by their names.
func (r *Reading) Anew() *Reading {
	r.Full, r.Warnings = true, nil
	x, old := newFacts(r.frame), r.facts
	x.recordFacts = old.recordFacts
	x.Regions, x.noRegions, x.namesakes, x.ownNames = old.Regions, old.noRegions, old.namesakes, old.ownNames
	x.missing = old.Missing()
	anew := &Reading{Base: Base{r.frame, x}}
	anew.wire()
	return anew
}

// wire makes the parts, from the ground up.
func (r *Reading) wire() {
	b := r.Base
	r.PortalReader = &PortalReader{b}
	r.RegionReader = &RegionReader{b}
	r.DateReader = &DateReader{b, r.RegionReader}
	r.GroupReader = &GroupReader{b}
	r.OwnGroupReader = &ownGroupReader{b, r.GroupReader}
	r.tieReader = &tieReader{b}
	r.PeopleReader = &peopleReader{b, r.GroupReader, r.tieReader, r.DateReader}
	r.AbsentReader = &AbsentReader{b, r.PeopleReader}
	r.ScopeReader = &ScopeReader{b, r.AbsentReader, r.OwnGroupReader, r.GroupReader}
	r.GrantReader = &GrantReader{b, r.PortalReader}
	r.Relinker = &relinker{b, r.PortalReader}
	r.EmployeeReader = &employeeReader{b, r.GrantReader, r.Relinker, r.PortalReader}
	r.Claimer = &Claimer{b, r.DateReader}
	r.NameReader = &NameReader{b, r.Claimer, r.PeopleReader, r.OwnGroupReader}
	r.SingleReader = &singleReader{b, r.NameReader, r.PeopleReader, r.AbsentReader, r.ScopeReader, r.OwnGroupReader,
		r.EmployeeReader}
	r.Matcher = &Matcher{Base: b, tieReader: r.tieReader, portalReader: r.PortalReader}
	r.Reader = &reader{b, r.EmployeeReader, r.GroupReader, r.PeopleReader, r.AbsentReader, r.ScopeReader}
	r.StandingReader = &StandingReader{b, r.PeopleReader, r.GroupReader}
}

// facts are what was read: of Okta, of TrackTik, and of the snapshot.
type facts struct {
	Counts   plan.SourceCount
	Evidence string // of who is missing
	People   *roster
	Unlooked map[string]error // of single people, as they are named: why they could not be looked up

	groupFacts
	portalFacts
	recordFacts
}

// Forget drops what was read, of a run that needs it no more.
func (r *Base) Forget() { *r.facts = facts{} }

// groupFacts are what was read about Okta's groups.
type groupFacts struct {
	Pushed   []*Pushed
	ByGroup  map[plan.GroupID]*Pushed
	Unpushed []plan.GroupLink // stored groups that are no longer pushed, confirmed
	groupsIn int              // groups that were read
	Mappings mappings
	unseen   unseen

	pushedMu  sync.Mutex
	pushedIDs map[plan.GroupID]bool // in a run of single people, where the mode has a list; nil: not read
	Unlisted  bool                  // an explanation did not read which groups there are

	OwnGroups map[plan.PersonID][]plan.Group // of single people that were asked for
	Groupless map[plan.PersonID]bool         // of these, whose groups could not be read: their roles stay
	Regrouped map[plan.PersonID]bool         // of these, whom the members on record put into other groups
	namesakes map[string][]plan.Person       // users by the names that Okta was asked for
	ownNames  map[plan.PersonID][]string     // of those that are pushed, where expressions ask for them
}

// portalFacts are what was read of TrackTik.
type portalFacts struct {
	Regions   *plan.Regions
	noRegions error // why they may not be read; nil: they may, as far as was asked
	Portal    plan.PortalRoles
	noRoles   error        // why they may not be read; nil: they may, as far as was asked
	Current   currentState // TrackTik as a refresh read it
	Grants    *Grants

	Ties ties // what Okta's external ids say
	// Unsearched says why it is not to be believed that nobody has the names of new people;
	// empty: nothing does.
	Unsearched string
	Unproven   bool          // an explanation spends no call on that
	Newest     *plan.Listing // the listing that new people were matched with; nil: they were looked up

	rightsMu sync.Mutex
	missing  []plan.MissingRight // to read something
}

// recordFacts are what the snapshot held when the run began.
type recordFacts struct {
	Troubles   map[plan.PersonID][]plan.Trouble
	Pending    map[plan.PersonID]string // people with a write whose outcome is not known
	OpenGrants map[plan.PersonID]string // people with a grant whose outcome is not known
	Stuck      []plan.Problem           // about writes that no look-up has settled in time
}

func newFacts(f *frame) *facts {
	return &facts{People: &roster{Subjects: map[plan.PersonID]*Subject{}},
		groupFacts:  groupFacts{ByGroup: map[plan.GroupID]*Pushed{}},
		portalFacts: portalFacts{Grants: NewGrants(f.Target, &f.Pol)},
		recordFacts: recordFacts{Troubles: map[plan.PersonID][]plan.Trouble{},
			Pending: map[plan.PersonID]string{}, OpenGrants: map[plan.PersonID]string{}}}
}

// StatusRead is when the subject's employee was read.
func (r *facts) StatusRead(s *Subject) time.Time {
	if looked := s.Extras().Looked; !looked.IsZero() {
		return looked
	}
	return r.Current.read
}

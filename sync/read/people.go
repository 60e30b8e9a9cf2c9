package read

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// A reader reads everybody.
type reader struct {
	Base
	employeeReader *employeeReader
	groupReader    *GroupReader
	peopleReader   *peopleReader
	absentReader   *AbsentReader
	scopeReader    *ScopeReader
}

// ReadAll reads everybody: TrackTik first where it is asked for, then Okta's users
// and groups side by side, since they have rate limits of their own. It stops at links that
// have moved (a *MovedError), and goes on from there when it is called again.
func (r *reader) ReadAll(ctx context.Context) error {
	if r.Refresh {
		if err := r.employeeReader.readCurrent(ctx); err != nil {
			return err
		}
	}
	if r.Mapper.NeedsGroups() {
		if err := r.groupReader.ReadGroups(ctx); err != nil {
			return err
		}
		if err := r.peopleReader.readPeople(ctx); err != nil {
			return err
		}
	} else {
		both, ctx := errgroup.WithContext(ctx)
		both.Go(func() error { return r.groupReader.ReadGroups(ctx) })
		both.Go(func() error { return r.peopleReader.readPeople(ctx) })
		if err := both.Wait(); err != nil {
			return err
		}
	}
	r.Counts = plan.SourceCount{Users: r.People.listed, Groups: r.groupsIn}
	if err := r.absentReader.confirmAbsent(ctx); err != nil {
		return err
	}
	return r.scopeReader.confirmOutOfScope(ctx)
}

// A peopleReader reads Okta's listing, and judges and maps whom it decodes.
type peopleReader struct {
	Base
	groupReader *GroupReader
	tieReader   *tieReader
	dateReader  *DateReader
}

// readPeople streams through Okta's listing. Of those whose entry is as it was when
// they were last in order, nothing but that is noted.
func (r *peopleReader) readPeople(ctx context.Context) error {
	r.Phase("reading okta users", 0)
	twice := map[plan.PersonID]plan.Print{}
	var differ []plan.PersonID
	err := r.Source.Assignments(ctx, func(page []plan.Entry) error {
		if err := r.findStrangers(page); err != nil {
			return err
		}
		for i := range page {
			e := &page[i]
			again, err := r.enter(e, twice)
			if err != nil {
				return err
			}
			if again {
				differ = append(differ, e.ID)
			}
		}
		r.Advance(len(page))
		return nil
	})
	if err != nil {
		return err
	}
	if p := r.People; 2*p.unreadable > p.listed {
		return &BrokenListing{What: fmt.Sprintf("of the %d entries of okta's listing of the app's users %d cannot be read, "+
			"or come without their user", p.listed, p.unreadable)}
	}
	for _, id := range differ {
		p, found, err := r.Source.Assignment(ctx, id)
		if err != nil {
			return err
		}
		if !found {
			p = plan.Person{ID: id, Login: r.People.Subjects[id].Person.Login, Readable: true, Status: "ACTIVE"}
		}
		if err := r.TakeIn(p, plan.EvidenceFull); err != nil {
			return err
		}
	}
	return nil
}

// findStrangers finds of a page the people of whom nothing is on record, in one go: of a
// first run these are all.
func (r *peopleReader) findStrangers(page []plan.Entry) (err error) {
	ids := make([]plan.PersonID, 0, len(page))
	for i := range page {
		if r.People.Find(page[i].ID) == nil {
			ids = append(ids, page[i].ID)
		}
	}
	r.People.strangers, err = r.Snapshot.Strangers(ids)
	return err
}

// enter takes in one entry of the listing. again says that it came before, and
// otherwise than now.
func (r *peopleReader) enter(e *plan.Entry, twice map[plan.PersonID]plan.Print) (again bool, err error) {
	m := r.People.Find(e.ID)
	if m != nil && m.Has(FlagListed) || m == nil && r.People.Subjects[e.ID] != nil {
		return r.repeated(m, e, twice), nil
	}
	r.People.listed++
	r.tieReader.noteTie(m, e)
	if m != nil {
		m.flags |= FlagListed
		if m.Print == e.Print && !m.Has(flagOpen) && !r.mustDecode(m) {
			return false, nil
		}
	}
	twice[e.ID] = e.Print
	p, err := e.Decode()
	if err != nil { // one odd entry is that person's affair
		r.Log.WithField("person", e.ID).WithError(err).Warn("an entry of okta's listing cannot be read")
		p = plan.Person{ID: e.ID}
	}
	if !p.Readable {
		r.People.unreadable++
	}
	p.Print = e.Print
	if err := r.TakeIn(p, plan.EvidenceListing); err != nil {
		return false, err
	}
	r.People.Subjects[p.ID].lighten()
	return false, nil
}

// repeated reports whether an entry that came twice differs from the first one.
func (r *peopleReader) repeated(m *Mark, e *plan.Entry, twice map[plan.PersonID]plan.Print) bool {
	first, decoded := twice[e.ID]
	if !decoded {
		first = m.Print
	}
	if first == e.Print {
		return false
	}
	if r.People.Subjects[e.ID] == nil { // the first one was in order, and not decoded
		r.People.Enter(&Subject{Person: Self{ID: e.ID}})
	}
	return true
}

// mustDecode names those who are looked at whatever their print says.
func (r *peopleReader) mustDecode(m *Mark) bool {
	if r.Refresh && m.Employee == 0 { // an employee may have their name
		return true
	}
	if m.Due.Come(r.AsOf) || m.Due != 0 && m.Employee == 0 { // the few who are held for their dates are shown each time
		return true
	}
	if r.Mapper.NeedsGroups() || len(r.Troubles[m.ID]) > 0 || r.Pending[m.ID] != "" || r.OpenGrants[m.ID] != "" ||
		r.Current.Differs[m.ID] != nil || r.Current.Gone[m.ID] {
		return true
	}
	for _, ids := range [][]plan.PersonID{r.Scope.Recreate, r.Scope.Retry} {
		for _, id := range ids {
			if id == m.ID {
				return true
			}
		}
	}
	return false
}

// TakeIn judges and maps a person who was decoded, and makes a subject of them.
func (r *peopleReader) TakeIn(p plan.Person, evidence string) error {
	s := r.People.place()
	*s = Subject{Person: SelfOf(&p), Okta: Okta{Judgement: plan.Judge(&p, &r.Pol), Evidence: evidence, Seen: r.Moment()}}
	if err := r.Recall(s); err != nil {
		return err
	}
	if s.Judgement.Verdict == plan.Provision || r.MayBecome(s) {
		r.MapSubject(s)
	}
	if r.Refresh && s.Link == nil && s.wanted == nil && s.Judgement.Verdict != plan.Depart {
		r.People.setAside(r.names(s.Whole()))
	}
	r.dateReader.readDates(s)
	s.Leaver = s.Judgement.Verdict == plan.Depart
	r.People.noteGroup(p.Assignment.Group)
	r.People.compact(s)
	r.People.Enter(s)
	return nil
}

// MayBecome reports somebody new who may not be provisioned now, and may be somebody on record:
// whom they are called like is asked before that one's employment ends.
func (r *Base) MayBecome(s *Subject) bool {
	return s.Link == nil && r.People.Managed > 0 && s.Judgement.Later()
}

// Recall adds what the snapshot and a refresh know of the person.
func (r *peopleReader) Recall(s *Subject) error {
	if r.People.strangers[s.Person.ID] {
		return nil
	}
	link, found, err := r.Snapshot.Link(s.Person.ID)
	if err != nil {
		return err
	}
	if found {
		if slices.Contains(r.Scope.Retry, s.Person.ID) {
			link.LastRepair = "" // somebody says that TrackTik keeps the value by now
		}
		own := link // only of who is managed one is kept
		s.Link = &own
		s.Employee, s.Gone = r.Current.Differs[s.Person.ID], r.Current.Gone[s.Person.ID]
		return nil
	}
	formers, err := r.Snapshot.FormersOf(s.Person.ID)
	if err != nil {
		return err
	}
	for i := range formers {
		if last := s.Extras().Former; last == nil || formers[i].Terminated.After(last.Terminated) {
			s.With(func(x *Extra) { x.Former = &formers[i] })
		}
	}
	return nil
}

// MapSubject maps who is in scope.
func (r *peopleReader) MapSubject(s *Subject) {
	groups := r.groupsOf(s.Person.ID)
	in, err := r.Mapper.InScope(s.Whole(), groups)
	switch {
	case err != nil:
		s.ScopeErr = err.Error()
		return
	case !in:
		s.OutOf = true
		return
	}
	r.fill(s, groups)
}

// MapAnyway maps whoever it is: who is not to have an employee may have one all the same.
func (r *peopleReader) MapAnyway(s *Subject) { r.fill(s, r.groupsOf(s.Person.ID)) }

// names are what the app gives a person in TrackTik, whether they are to be there or not.
func (r *peopleReader) names(p plan.Person) *plan.Values {
	result := r.Mapper.Map(p, r.groupsOf(p.ID))
	return &result.Wanted.Values
}

// groupsOf are the groups that the mapping asks for, if it does.
func (r *peopleReader) groupsOf(id plan.PersonID) []string {
	if !r.Mapper.NeedsGroups() {
		return nil
	}
	return r.GroupNames(id)
}

func (r *peopleReader) fill(s *Subject, groups []string) {
	result := r.Mapper.Map(s.Whole(), groups)
	wanted := result.Wanted
	wanted.Group = s.Whole().Assignment.Group
	s.wanted, s.Unmappable, s.name = &wanted, result.Problems, wanted.Values.FullName()
	if len(result.Warnings) > 0 || s.extra != nil {
		s.With(func(x *Extra) { x.Odd = result.Warnings })
	}
}

// GroupNames are the names of the pushed groups that hold the person, which may be none;
// nil where no groups are pushed, so that none were read.
func (r *peopleReader) GroupNames(id plan.PersonID) []string {
	if !r.groupReader.ReadsGroups() {
		return nil
	}
	if own, single := r.ownNames[id]; single {
		return own
	}
	names := []string{}
	for _, g := range r.Pushed {
		if g.Holds(id) {
			names = append(names, g.Group.Name)
		}
	}
	return names
}

// PushFeatures are those features of an app by which Okta itself writes to the portal;
// empty: none.
func PushFeatures(features []string) string {
	var pushes []string
	for _, f := range features {
		if strings.HasPrefix(f, "PUSH_") || f == "GROUP_PUSH" || f == "REACTIVATE_USERS" {
			pushes = append(pushes, f)
		}
	}
	return strings.Join(pushes, ", ")
}

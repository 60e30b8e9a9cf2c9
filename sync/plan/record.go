package plan

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How an employee, a role or a grant came under management.
const (
	HowCreated     = "created"
	HowAdopted     = "adopted" // it was there, and matched
	HowLinked      = "linked"  // an administrator said so
	HowMapped      = "mapped"  // the configuration names the role
	HowReactivated = "reactivated"
	HowRestored    = "restored"
	HowRetired     = "retired" // never managed, and terminated on an administrator's word
)

// A Link ties an Okta user to the employee we manage for them, with what was
// last pushed. It is the snapshot's record of a person.
type Link struct {
	Person   PersonID   `json:"person"`
	Employee EmployeeID `json:"employee"`
	How      string     `json:"how"`
	Since    time.Time  `json:"since"`
	Run      string     `json:"run"`
	Login    string     `json:"login"` // the last known in Okta
	Email    string     `json:"email"` // the last known in Okta
	// LeftAs are login and e-mail as Okta showed them after the person had left, where these differ.
	LeftAs [2]string `json:"left_as,omitzero"`

	// Pushed is what TrackTik was last told, or was seen to hold when it was
	// adopted and agreed. A field that was never pushed is empty.
	Pushed Values `json:"pushed"`
	// PushedRegion is what Pushed[Region] meant when it was pushed.
	PushedRegion RegionID `json:"pushed_region,omitempty"`
	// Stands is the region in which TrackTik was seen to have the employee, where that is not
	// PushedRegion: somebody moved them by hand, or they were adopted there.
	Stands RegionID `json:"stands,omitempty"`

	// Seen is what TrackTik held when the employee was adopted or linked, in the fields
	// that did not agree and were not sent since.
	Seen Values `json:"seen,omitzero"`

	// Answered is what TrackTik keeps in the place of Pushed, in the fields in which it
	// has answered our own write with something else: the same phone, written otherwise.
	Answered Values `json:"answered,omitzero"`
	// Unanswered are the fields that were sent since they were last read, and that the
	// answer did not show.
	Unanswered FieldSet `json:"unanswered,omitempty"`
	// Left are the fields in which TrackTik refused what Okta has, such as an empty value, and
	// holds what was pushed before. Each refresh tries again.
	Left FieldSet `json:"left,omitempty"`

	// AssignedBy is the group that granted the app, when it was not assigned
	// to the person directly.
	AssignedBy GroupID `json:"assigned_by,omitempty"`

	SeenDeprovisioned bool       `json:"seen_deprovisioned,omitempty"` // Okta once said DEPROVISIONED
	NotVisibleSince   *time.Time `json:"not_visible_since,omitempty"`  // Okta has answered 404 since
	UnassignedSince   *time.Time `json:"unassigned_since,omitempty"`   // the assignment is gone since
	UnconfirmedSince  *time.Time `json:"unconfirmed_since,omitempty"`  // seems to have left, and no look-up says so, since
	ElsewhereStatus   string     `json:"elsewhere_status,omitempty"`   // TERMINATED or BANNED by somebody else, GONE
	// TrackTik said yes to a termination of ours, and showed them active after it
	Ending   bool `json:"ending,omitempty"`
	Restored bool `json:"restored,omitempty"` // by `restore`, and not seen in scope since
	// adopted with on_adopt keep: Pushed is Okta's value at that time
	Kept bool `json:"kept,omitempty"`

	// Doubtful says that the employee agreed in no name when the snapshot was restored, or
	// bound to another system. It ends when they do, or when `link` says so.
	Doubtful bool `json:"doubtful,omitempty"`

	// held a role that this program did not give, when TrackTik was last read
	OthersRole bool `json:"others_role,omitempty"`

	// LastRepair is what the last update by drift set; the same one again, before
	// TrackTik was seen to hold it, means that TrackTik does not keep the value.
	LastRepair string `json:"last_repair,omitempty"`
}

// OktaNames are the login and the e-mail that Okta showed last, folded.
func (l *Link) OktaNames() [2]string { return [2]string{FoldName(l.Login), FoldName(l.Email)} }

// Place is the region of the employee, as far as is known; 0: it is not.
func (l *Link) Place() RegionID { return cmp.Or(l.Stands, l.PushedRegion) }

// StandsIn notes the region in which TrackTik shows the employee; 0: it shows none.
func (l *Link) StandsIn(region RegionID) {
	switch region {
	case 0:
	case l.PushedRegion:
		l.Stands = 0
	default:
		l.Stands = region
	}
}

// PlaceName is the name of the employee's region by the names of the portal's regions; empty:
// nothing is known.
func (l *Link) PlaceName(names map[RegionID]string) string {
	if l.Stands != 0 {
		return cmp.Or(names[l.Stands], strconv.FormatInt(int64(l.Stands), 10))
	}
	return cmp.Or(names[l.PushedRegion], l.Pushed[Region])
}

// A Former is an employee of ours who was terminated, kept so that they can be
// named, restored or reactivated.
type Former struct {
	Link       Link      `json:"link"`
	Terminated time.Time `json:"terminated"`
	Run        string    `json:"run"`
	Roles      []Grant   `json:"roles,omitempty"`
	Elsewhere  bool      `json:"elsewhere,omitempty"` // not by us
	// Revived says that a refresh saw them active since, managed for nobody: somebody else
	// brought them back, and has ended them when they are not active any more.
	Revived bool `json:"revived,omitempty"`
}

// EndedByUs reports that we ended the employee last, as far as is known: only then we bring
// them back. now is what TrackTik holds of them; nil: not known.
func (f *Former) EndedByUs(now *Employee) bool {
	return !f.Elsewhere && !(f.Revived && now != nil && now.Status == StatusTerminated)
}

// A GroupLink ties a pushed Okta group to its role.
type GroupLink struct {
	Group    GroupID `json:"group"`
	Name     string  `json:"name"` // the group's name when the role was last named
	Role     RoleID  `json:"role,omitempty"`
	RoleName string  `json:"role_name,omitempty"`
	How      string  `json:"how,omitempty"`
	// Matched is the group's name when the configuration first named it: the group is
	// held by its id through renames.
	Matched string `json:"matched,omitempty"`
	// Stamp is the group's lastMembershipUpdated as it was before its members
	// were read; empty when it was too young to be trusted.
	Stamp    string `json:"stamp,omitempty"`
	Unpushed bool   `json:"unpushed,omitempty"` // confirmed gone; its role was left
}

// A Grant is a role that we gave to a person, or found with them and adopted.
type Grant struct {
	Role     RoleID     `json:"role"`
	Person   PersonID   `json:"person"`
	ID       GrantID    `json:"id"`
	Employee EmployeeID `json:"employee"`
	Group    GroupID    `json:"group"`
	How      string     `json:"how"`
	Since    time.Time  `json:"since"`
	Run      string     `json:"run"`
	// Stuck is set when TrackTik refused to take a person's last role; it is not
	// tried again until the person's roles change.
	Stuck bool `json:"stuck,omitempty"`
	// Gone is set when a refresh found that TrackTik does not hold the grant any more.
	Gone bool `json:"gone,omitempty"`
	// Again is set when the role was granted again after that, until a refresh sees it
	// there. Gone again, it is a value that TrackTik does not keep.
	Again bool `json:"again,omitempty"`
}

// NotKept reports a grant that TrackTik did not keep when it was made a second time.
func (g Grant) NotKept() bool { return g.Gone && g.Again }

// A Trouble is the snapshot's record of a person with a problem.
type Trouble struct {
	Person   PersonID   `json:"person"` // empty for a role's problem
	Group    GroupID    `json:"group,omitempty"`
	Login    string     `json:"login,omitempty"`
	Name     string     `json:"name,omitempty"` // as Okta had it then
	Code     string     `json:"code"`
	Message  string     `json:"message"`
	Kind     Kind       `json:"kind,omitempty"` // the refused action's, for problems that TrackTik caused
	Since    time.Time  `json:"since"`
	Last     time.Time  `json:"last"`
	Attempts int        `json:"attempts,omitempty"`
	NextTry  *time.Time `json:"next_try,omitempty"` // nil: judged anew in every run
	Data     string     `json:"data,omitempty"`     // digest of what was refused; other data are tried at once
	Rivals   []PersonID `json:"rivals,omitempty"`   // see Problem: a run of single people asks what these want
}

// Key identifies a Trouble in the snapshot.
func (t Trouble) Key() string { return string(t.Person) + "|" + string(t.Group) + "|" + string(t.Kind) }

// An Intent is a write that was begun: it is durable before the call, and gone
// in the transaction that records the outcome. One that is left over after a
// crash may or may not have taken effect, and is looked up before anything else.
type Intent struct {
	Seq     uint64    `json:"seq"`
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
	Here    time.Time `json:"here,omitzero"` // At, by the machine's clock
	Action  Action    `json:"action"`
	Wanted  *Wanted   `json:"wanted,omitempty"`  // of a Create: what to look for, and to record
	Request string    `json:"request,omitempty"` // the X-Request-Id sent with it
	Lost    string    `json:"lost,omitempty"`    // how its answer was lost; empty: the program ended first
	// Before are the employees with names of a Create who were there when it was planned.
	Before []EmployeeID `json:"before,omitempty"`
	// Taken says that the portal has refused to make the person before, since somebody has
	// the names, who is not of this call's making.
	Taken   bool      `json:"taken,omitempty"`
	Retires *Former   `json:"retires,omitempty"` // this and Told: as of the action
	Told    time.Time `json:"told,omitzero"`
}

// How the answer of a call was lost.
const (
	LostOver = "over" // the system has done with the call: a look-up that shows nothing proves that it did nothing
	LostCut  = "cut"  // the call may still be at work
)

// An Audit is one entry of the audit trail. Times are UTC.
type Audit struct {
	Seq      uint64     `json:"seq"`
	Time     time.Time  `json:"time"`
	Run      string     `json:"run,omitempty"`
	By       string     `json:"by"` // user@host (trigger)
	Kind     string     `json:"kind"`
	Person   PersonID   `json:"person,omitempty"`
	Login    string     `json:"login,omitempty"`
	Employee EmployeeID `json:"employee,omitempty"`
	Role     *RoleRef   `json:"role,omitempty"`
	Changes  []Change   `json:"changes,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	Outcome  string     `json:"outcome"`
	Approved bool       `json:"approved,omitempty"` // let through by an approval: does not count against a day's limit
	// Pair says that a revoke is half of a pair, and Clears that an update empties a value
	// without an approval of that: the first counts against no day's limit, the second
	// against that of Clear, too.
	Pair     bool      `json:"pair,omitempty"`
	Clears   bool      `json:"clears,omitempty"`
	Attempts int       `json:"attempts,omitempty"`
	Request  string    `json:"request,omitempty"`
	Message  string    `json:"message,omitempty"`
	Told     time.Time `json:"told,omitzero"` // when Okta said that a termination was due; zero: not known
}

// Ref names the action that the entry is about, by its ids.
func (a *Audit) Ref() ActionRef {
	action := Action{Kind: Kind(a.Kind), User: UserRef{ID: a.Person}, Employee: a.Employee, Role: a.Role}
	return action.Ref()
}

// The outcomes of an action.
const (
	Done     = "done"
	Found    = "found" // the portal had done it before: nothing was called
	Failed   = "failed"
	Unknown  = "unknown"
	Withheld = "held"
	Would    = "would"
)

// A RunRecord is the snapshot's record of one run.
type RunRecord struct {
	ID        string         `json:"id"`
	Started   time.Time      `json:"started"`
	Ended     time.Time      `json:"ended"`
	By        string         `json:"by"`
	Mode      string         `json:"mode"`
	Refresh   bool           `json:"refresh,omitempty"`
	Users     []string       `json:"users,omitempty"`   // --user
	Partial   bool           `json:"partial,omitempty"` // no sync: a restore, which says nothing about everybody
	ExitCode  int            `json:"exit_code"`
	Message   string         `json:"message,omitempty"`
	Summary   map[string]int `json:"summary,omitempty"`
	Done      map[string]int `json:"done,omitempty"`
	Found     map[string]int `json:"found,omitempty"`
	Failed    int            `json:"failed"`
	Held      int            `json:"held"`
	Unknown   int            `json:"unknown"`
	Problems  int            `json:"problems"`
	Refusals  []Refusal      `json:"refusals,omitempty"` // by the guards
	Asked     []string       `json:"asked,omitempty"`    // what a system had to be asked otherwise
	Answers   []Answer       `json:"answers,omitempty"`  // the last that were refused or unreadable
	Managed   int            `json:"managed"`
	OktaCalls int            `json:"okta_calls"`
	TTCalls   int            `json:"tracktik_calls"`
	Document  []byte         `json:"document,omitempty"` // the plan as JSON, for reports
	// Packed is the document as Document.Pack made it; it is stored in the place of
	// Document, and read back as that.
	Packed []byte `json:"-"`
}

// Whole reports that the run looked at everybody.
func (r *RunRecord) Whole() bool { return len(r.Users) == 0 && !r.Partial }

// Binding names the two systems that a snapshot belongs to.
type Binding struct {
	Org    string `json:"org"`
	App    string `json:"app"`
	Portal string `json:"portal"`
}

// leftOut stands for the name of a person that is not kept.
const leftOut = "(left out)"

// Redacted is a copy of the document without what state.redact_history keeps out of
// the history: logins, and what fields held. Ids, kinds, fields and the hash stay.
func (d *Document) Redacted() *Document {
	out := *d
	ids := d.LoginsToIDs()
	out.Actions = slices.Clone(d.Actions)
	for i := range out.Actions {
		out.Actions[i].redact()
	}
	out.Held = slices.Clone(d.Held)
	for i := range out.Held {
		h := &out.Held[i]
		h.Action.redact()
		h.Why = ids.Replace(h.Why)
	}
	out.Problems = slices.Clone(d.Problems)
	for i := range out.Problems {
		p := &out.Problems[i]
		p.User.Login, p.User.Name, p.Message = "", "", ids.Replace(p.Message)
	}
	out.Warnings = slices.Clone(d.Warnings)
	for i := range out.Warnings {
		w := &out.Warnings[i]
		w.User.Login, w.User.Name, w.Message = "", "", ids.Replace(w.Message)
	}
	if d.Result != nil {
		result := *d.Result
		result.Failures = slices.Clone(result.Failures)
		for i := range result.Failures {
			f := &result.Failures[i]
			f.Action.redact()
			f.Message = ids.Replace(f.Message)
		}
		out.Result = &result
	}
	out.Options.User = LeftOut(d.Options.User)
	out.Error = ids.Replace(d.Error)
	return &out
}

// redact leaves of the values only which fields they are; the name of a role is
// nobody's.
func (a *Action) redact() {
	a.User.Login, a.User.Name = "", ""
	a.With(func(x *Extra) { x.Leaver = nil })
	a.Changes, a.Want = RedactedChanges(a.FieldChanges()), nil
}

// RedactedChanges keeps which fields changed, and leaves out what they held.
func RedactedChanges(changes []Change) []Change {
	out := slices.Clone(changes)
	for i, c := range out {
		if c.Field != NumFields {
			out[i] = Change{Field: c.Field}
		}
	}
	return out
}

// LeftOut is as many names as there are, and none of them.
func LeftOut(names []string) []string {
	out := slices.Clone(names)
	for i := range out {
		out[i] = leftOut
	}
	return out
}

// LoginsToIDs puts ids in the place of the logins of everybody in the document.
func (d *Document) LoginsToIDs() *strings.Replacer {
	var pairs []string
	add := func(u UserRef) {
		if u.Login != "" && u.ID != "" {
			pairs = append(pairs, u.Login, string(u.ID))
		}
	}
	for i := range d.Actions {
		add(d.Actions[i].User)
	}
	for i := range d.Held {
		add(d.Held[i].User)
	}
	for i := range d.Problems {
		add(d.Problems[i].User)
	}
	for i := range d.Warnings {
		add(d.Warnings[i].User)
	}
	if d.Result != nil {
		for i := range d.Result.Failures {
			add(d.Result.Failures[i].Action.User)
		}
	}
	return strings.NewReplacer(pairs...)
}

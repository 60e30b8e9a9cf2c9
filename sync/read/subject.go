package read

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
)

// A Subject is one person about whom something is decided in this run, by who finds it out.
type Subject struct {
	Person Self
	name   string // "first last", as Okta has it, of who was mapped
	Okta
	Wishes
	OnRecord
	InTrackTik
	Outcome
	extra *Extra // nil: nothing of it; see Extras
}

// An Extra is what few subjects have: of a first run there are as many as the organisation
// has people.
type Extra struct {
	Odd       []plan.Warning // what is strange about what Okta says of them
	Dates     plan.Dates
	Former    *plan.Former   // on record
	FormerNow *plan.Employee // who the former employee is now; nil: not asked, or not shown to us
	Looked    time.Time      // when Employee was read for a termination; zero: it was not
	Kept      []plan.Grant   // of somebody who is reactivated: grants of ours that they still hold
	// Namesakes have the names of somebody new, by keys that sync.match does not name.
	Namesakes []plan.EmployeeID
	Lookalike plan.EmployeeID // see plan.Newcomer
	Was       *Subject        // who they were under an earlier Okta id
	Became    *Subject        // who they are under a later one
}

// Extras is the subject's Extra, empty where there is none.
func (s *Subject) Extras() Extra {
	if s.extra == nil {
		return Extra{}
	}
	return *s.extra
}

// With changes the subject's Extra.
func (s *Subject) With(change func(*Extra)) {
	if s.extra == nil {
		s.extra = &Extra{}
	}
	change(s.extra)
}

// forget drops what an earlier answer of Okta's told, before another one is read.
func (s *Subject) forget() {
	if s.extra != nil {
		s.extra.Odd, s.extra.Dates = nil, plan.Dates{}
	}
}

// Okta is what Okta says of a person, and what that means.
type Okta struct {
	Judgement  plan.Judgement
	Evidence   string
	Seen       time.Time // when the evidence was seen
	ScopeErr   string
	OutOf      bool
	Absent     bool // not in the listing
	Leaver     bool // a departure that is confirmed
	unanswered bool // the look-up of somebody who may be missing failed
	// Waits says that a day is still to come, or is over, and that nothing else has changed
	// since they were looked at: nothing is asked about them.
	Waits bool
}

// Wishes are what a person's employee should hold.
type Wishes struct {
	wanted     *plan.Wanted   // nil: nobody has mapped them; see Want
	Unmappable []plan.Problem // what is wrong with it
	Unread     string         // what they need of TrackTik, and the account may not read
}

// OnRecord is what the snapshot has of a person.
type OnRecord struct {
	Link *plan.Link
}

// InTrackTik is what TrackTik shows of a person.
type InTrackTik struct {
	Employee *plan.Employee
	Gone     bool
	Matches  []plan.Match // of somebody new, or who is made anew
	// Tie is what Okta's external id says of a new person; nil: nothing that is believed.
	Tie *plan.Tie
}

// Outcome is what was decided about a person.
type Outcome struct {
	Decision plan.Decision
	made     bool // their create was taken
	// Open is set by decide.Limiter.MarkOpen, after the guards: something is left to do or to
	// show, and the person is decoded again in the next run, whatever the print.
	Open bool
}

// Want is what Okta says that the person's employee should hold.
func (s *Subject) Want() *plan.Wanted {
	if s.wanted == nil {
		s.wanted = &plan.Wanted{}
	}
	return s.wanted
}

// Mapped is Want with what is wrong with it.
func (s *Subject) Mapped() plan.Mapped {
	return plan.Mapped{Wanted: *s.Want(), Problems: s.Unmappable, Warnings: s.Extras().Odd}
}

// Writable reports that what Okta says of them can be sent.
func (s *Subject) Writable() bool { return len(s.Unmappable) == 0 && s.Unread == "" }

// Ref is how the subject's login is shown, also when Okta did not tell it.
func (s *Subject) Ref() plan.UserRef {
	login := s.Person.Login
	if login == "" && s.Link != nil {
		login = s.Link.Login
	}
	return plan.UserRef{ID: s.Person.ID, Login: login}
}

// SeenAgain takes back what was noted of somebody and is over by what Okta shows of them.
func (s *Subject) SeenAgain() {
	if s.Link == nil {
		return
	}
	known := s.Link
	if s.Decision.Note != nil {
		known = s.Decision.Note
	}
	person := s.Whole()
	if note := known.SeenAgain(&person); note != *known {
		s.Decision.Note = &note
	}
}

// Note is what is to be remembered of a managed person: the record, until something is
// changed in it.
func (s *Subject) Note() *plan.Link {
	if s.Decision.Note == nil {
		note := *s.Link
		s.Decision.Note = &note
	}
	return s.Decision.Note
}

// Own makes the person's actions point to the subject's own record: the view they were
// decided by is large, and serves the next one.
func (s *Subject) Own() {
	for i := range s.Decision.Actions {
		s.own(&s.Decision.Actions[i])
	}
	for i := range s.Decision.Held {
		s.own(&s.Decision.Held[i].Action)
	}
}

func (s *Subject) own(a *plan.Action) {
	if a.Want != nil {
		a.Want = s.Want()
	}
}

// Named is ref with the name, as Okta has it, or as it was before they left.
func (s *Subject) Named() plan.UserRef {
	ref := s.Ref()
	ref.Name = s.name
	if former := s.Extras().Former; ref.Name == "" && former != nil {
		ref.Name = former.Link.Pushed.FullName()
	}
	if ref.Name == "" && s.Link != nil {
		ref.Name = s.Link.FullName()
	}
	return ref
}

// Origin tells how the person came to the app.
func (s *Subject) Origin() string {
	group := s.Whole().Assignment.Group
	if group == "" {
		return ""
	}
	return fmt.Sprintf(" through group %s", group)
}

// Ended reports that the employee was ended by somebody else.
func (s *Subject) Ended() bool {
	return s.heldAs(plan.HeldTerminatedElsewhere, plan.HeldBannedElsewhere)
}

// StaysBanned reports a leaver who is not ended since TrackTik showed them as banned.
func (s *Subject) StaysBanned() bool {
	return s.Judgement.Verdict == plan.Depart && s.heldAs(plan.HeldBannedElsewhere)
}

// heldAs reports that something about the person is held with one of the codes.
func (s *Subject) heldAs(codes ...string) bool {
	return slices.ContainsFunc(s.Decision.Held, func(h plan.Held) bool { return slices.Contains(codes, h.Code()) })
}

// IsOver reports that the last day of somebody new is over: they get nothing any more.
func (s *Subject) IsOver() bool {
	return s.heldAs(plan.HeldEnded)
}

// InScope reports that the person is to have an employee: they are to be provisioned, and
// sync.scope takes them.
func (s *Subject) InScope() bool {
	return s.Judgement.Verdict == plan.Provision && !s.OutOf && s.ScopeErr == ""
}

// Doubtful reports that whose the employee on record is cannot be told.
func (s *Subject) Doubtful() bool {
	return (s.Link != nil || s.Extras().Was != nil) && s.heldAs(plan.HeldDoubtfulMatch)
}

// TakeCreate takes the action of somebody new who is made, and nothing else, out of the
// decision. What follows from it holds all the same.
func (s *Subject) TakeCreate() (a plan.Action, alone bool) {
	if len(s.Decision.Actions) != 1 || s.Decision.Actions[0].Kind != plan.Create || s.Link != nil {
		return a, false
	}
	a = s.Decision.Actions[0]
	s.Decision.Actions, s.made = nil, true
	return a, true
}

// Gives reports that the person's actions leave them with an employee.
func (s *Subject) Gives() bool {
	return s.made || slices.ContainsFunc(s.Decision.Actions, func(a plan.Action) bool { return a.Kind.Gives() })
}

// MadeAnew reports that the person is given another employee than the one on record.
func (s *Subject) MadeAnew() bool {
	return s.made || slices.ContainsFunc(s.Decision.Actions, func(a plan.Action) bool { return a.Kind == plan.Create })
}

// Target is the employee that the person's actions lead to; 0 and true for one that is
// still to be created.
func (s *Subject) Target(may bool) (plan.EmployeeID, bool) {
	for i := range s.Decision.Actions {
		switch a := &s.Decision.Actions[i]; a.Kind {
		case plan.Adopt, plan.Reactivate:
			return a.Employee, may
		case plan.Create:
			return 0, may
		}
	}
	if s.Link != nil {
		return s.Link.Employee, may
	}
	return 0, s.made && may
}

// OktaNames are the login and the e-mail that Okta shows, folded.
func (s *Subject) OktaNames() [2]string {
	return [2]string{plan.FoldName(s.Person.Login), plan.FoldName(s.Person.Email)}
}

// HoldDeparture leaves somebody alone whose departure is not confirmed.
func (s *Subject) HoldDeparture(why string) {
	s.Leaver, s.Judgement = false, plan.Judgement{Verdict: plan.Hold, Why: plan.HeldUnconfirmed + ": " + why}
}

// holdOutOfScope leaves somebody alone whose being out of scope is not confirmed.
func (s *Subject) holdOutOfScope(why string) {
	s.OutOf, s.Judgement = false, plan.Judgement{Verdict: plan.Hold, Why: plan.HeldUnconfirmed + ": " + why}
}

// Who is somebody as far as it tells whether they are protected; s is nil where they were
// not decoded.
func Who(link *plan.Link, s *Subject) plan.Who {
	if s == nil {
		return plan.Who{Link: link}
	}
	person := s.Whole()
	return plan.Who{Person: &person, Link: link, Wanted: s.Want(), Employee: s.Employee}
}

// Departs reports whether the person's employee is terminated in this plan, or would be but
// for a doubt who that is.
func Departs(s *Subject) bool {
	return s.Doubtful() && s.Judgement.Verdict == plan.Depart ||
		slices.ContainsFunc(s.Decision.Actions, func(a plan.Action) bool { return a.Kind == plan.Terminate })
}

// EndedStatus is in what state somebody's employee is who is not active; s may be nil.
func EndedStatus(link *plan.Link, s *Subject) string {
	if s == nil {
		return link.ElsewhereStatus
	}
	return plan.Ended(link, s.Employee, s.Gone)
}

// NameAll names everybody in what is shown of a plan.
func (r *Base) NameAll(actions []plan.Action, held []plan.Held, problems []plan.Problem, warnings []plan.Warning) {
	n := Namer{Base: *r, known: map[plan.PersonID]plan.UserRef{}}
	for i := range actions {
		n.action(&actions[i])
	}
	for i := range held {
		n.action(&held[i].Action)
	}
	for i := range problems {
		n.name(&problems[i].User)
	}
	for i := range warnings {
		n.name(&warnings[i].User)
	}
}

// A Namer tells the names of people, for those who read the document.
type Namer struct {
	Base
	known map[plan.PersonID]plan.UserRef
	last  plan.UserRef // whom it named last
}

// action names the person of an action, and tells of a leaver where they were.
func (n *Namer) action(a *plan.Action) {
	n.name(&a.User)
	if a.Kind != plan.Terminate {
		return
	}
	link := n.record(a.User.ID)
	if retires := a.Extras().Retires; retires != nil {
		link = &retires.Link
		a.User.Name = cmp.Or(a.User.Name, link.Pushed.FullName())
	}
	if link == nil {
		return
	}
	leaver := plan.Leaver{Region: link.PlaceName(n.Meta.Regions),
		JobTitle: cmp.Or(link.Pushed[plan.JobTitle], link.Seen[plan.JobTitle])}
	if leaver != (plan.Leaver{}) {
		a.With(func(x *plan.Extra) { x.Leaver = &leaver })
	}
}

// name fills in what the reference does not tell yet.
func (n *Namer) name(u *plan.UserRef) {
	if u.ID == "" {
		return
	}
	if n.last.ID != u.ID { // a person's grants stand together
		n.last = n.find(u.ID)
	}
	u.Login, u.Name = cmp.Or(u.Login, n.last.Login), cmp.Or(u.Name, n.last.Name)
}

// find is Find, and keeps what is not at hand.
func (n *Namer) find(id plan.PersonID) plan.UserRef {
	if s := n.People.Subjects[id]; s != nil && s.name != "" {
		return s.Named()
	}
	known, found := n.known[id]
	if !found {
		known = n.Find(id)
		n.known[id] = known
	}
	return known
}

// Find is how Okta calls the person, else how they were last pushed, or called before they left.
func (n *Namer) Find(id plan.PersonID) plan.UserRef {
	ref := plan.UserRef{ID: id}
	if s := n.People.Subjects[id]; s != nil {
		ref = s.Named()
	}
	if link := n.record(id); link != nil && ref.Name == "" {
		ref.Login = cmp.Or(ref.Login, link.Login)
		ref.Name = link.FullName()
	}
	return ref
}

// record is the person's link; nil: there is none, or it cannot be read, which the run has
// said where it mattered.
func (n *Namer) record(id plan.PersonID) *plan.Link {
	if s := n.People.Subjects[id]; s != nil && s.Link != nil {
		return s.Link
	}
	link, found, err := n.Snapshot.Link(id)
	if err != nil || !found {
		return nil
	}
	return &link
}

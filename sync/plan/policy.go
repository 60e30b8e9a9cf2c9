package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Policy is what the configuration allows and prefers. It is data: the same
// policy and the same world make the same plan.
type Policy struct {
	// The six switches. What one that is off withholds is held, and shown.
	CreateUsers, UpdateUsers, DeactivateUsers bool
	CreateRoles, GrantRoles, RevokeRoles      bool

	Adopt               bool // an employee who matches a new person is taken over
	AdoptKeep           bool // the adopted employee's differing fields stay as they are
	TerminateSuspended  bool
	Reactivate          bool // a rehire is the former employee, by TrackTik's own action
	FollowRegion        bool // a changed division moves the employee
	RepairDrift         bool
	TerminateOutOfScope bool
	RevokeUnpushed      bool // a group that is no longer pushed loses its grants
	OneRole             bool // at most one role a person

	ProvisionStaged bool          // STAGED people count as active ones
	StartLead       time.Duration // how long before their first day people are made

	UnassignedGrace time.Duration
	DeletedGrace    time.Duration

	Protected      []string // globs of logins and e-mails
	ProtectedRoles []string // globs of role names
	MatchExternal  bool     // an employee is recognised by Okta's external id before all else
	Match          []Field  // by what else an employee is recognised: CustomID, Username, Email
	CreateOnly     FieldSet // fields that only a create sets
	Order          []string // groups by rank, by id or name, for OneRole

	// DefaultRole is the name or id of the role of people whom no group gives one; empty:
	// none.
	DefaultRole string
	// DefaultRegion takes people without a division; empty: they are problems.
	DefaultRegion string
	// NoRemovals withholds terminations and revokes for one run.
	NoRemovals bool
	// Own is the employee whose credentials we use: never touched.
	Own EmployeeID
	// OwnUsername is theirs, when the id is not known.
	OwnUsername string
}

// A Limit bounds one kind of action. 0 allows none, -1 switches a bound off.
type Limit struct {
	MaxCount      int
	MaxPercent    float64
	MinPopulation int // below it only the count matters
	MaxPerDay     int // in 24 hours, all runs together
}

// NoLimit allows everything.
var NoLimit = Limit{-1, -1, 0, -1}

// Clear is not a kind of action but has a limit of its own: employees in whom a
// value that was pushed would be emptied.
const Clear Kind = "clear"

// Limits hold what one run may do. A kind that is missing has NoLimit.
type Limits struct {
	Kinds         map[Kind]Limit
	StopOnRefusal bool // a refused removal stops everything, as other kinds do
}

// Of returns the limit of kind k.
func (l Limits) Of(k Kind) Limit {
	if limit, ok := l.Kinds[k]; ok {
		return limit
	}
	return NoLimit
}

// AskTheDay reports that a limit of the action is measured by what was done in the last 24 hours.
func (l Limits) AskTheDay(a *Action) bool {
	return l.Of(a.Kind).MaxPerDay >= 0 || a.Clears() && l.Of(Clear).MaxPerDay >= 0
}

// A Who is what is known of a person and their employee, as far as it tells whether
// they are protected. What is not known is nil.
type Who struct {
	Person   *Person
	Link     *Link     // or what a former employee's was
	Wanted   *Wanted   // what Okta wants of them
	Employee *Employee // as TrackTik holds it now
}

// names are the logins and e-mails that they go by: in Okta, and in TrackTik as it was
// last told, last seen, and is now.
func (w Who) names() []string {
	var names []string
	if p := w.Person; p != nil {
		names = append(names, p.Login, p.Email)
	}
	if w.Wanted != nil {
		names = append(names, w.Wanted.Email)
	}
	if l := w.Link; l != nil {
		names = append(names, l.Login, l.Email, l.Pushed[Username], l.Pushed[Email], l.Seen[Username], l.Seen[Email],
			l.LeftAs[0], l.LeftAs[1])
	}
	if e := w.Employee; e != nil {
		names = append(names, e.Values[Username], e.Values[Email])
	}
	return names
}

const heldOwn = HeldProtected + ": this is the integration's account"

// Protects reports whether sync.protected names somebody: they are never terminated,
// never adopted, and neither get nor lose a role.
func (pol *Policy) Protects(w Who) bool {
	return len(pol.Protected) > 0 && slices.ContainsFunc(w.names(), func(name string) bool {
		return name != "" &&
			MatchAny(pol.Protected, name)
	})
}

// Owns reports whether the employee is the integration's account, to whom
// nothing is ever done: by id, and by user name where the id is not known.
func (pol *Policy) Owns(w Who) bool {
	if l := w.Link; l != nil && (pol.owns(l.Employee, l.Pushed[Username]) || pol.owns(l.Employee, l.Seen[Username])) {
		return true
	}
	return w.Employee != nil && pol.owns(w.Employee.ID, w.Employee.Values[Username])
}

func (pol *Policy) owns(id EmployeeID, username string) bool {
	if pol.Own != 0 {
		return id == pol.Own
	}
	return pol.OwnUsername != "" && FoldName(username) == FoldName(pol.OwnUsername)
}

// Shields is why somebody neither gets nor loses anything, as a Held reason; empty: they
// may.
func (pol *Policy) Shields(w Who) string {
	switch {
	case pol.Owns(w):
		return heldOwn
	case pol.Protects(w):
		return HeldProtected + ": sync.protected names them"
	}
	return ""
}

// Spare holds what would touch the employee whose credentials we use, for who learns of
// them after the decision.
func (d *Decision) Spare(pol *Policy) {
	kept := d.Actions[:0]
	for _, a := range d.Actions {
		if pol.owns(a.Employee, "") {
			d.hold(a, heldOwn)
			continue
		}
		kept = append(kept, a)
	}
	d.Actions = kept
}

// SpareRoles holds what would give or take a role that is to be left alone: keeps says why, as a
// Held reason. Of a pair, both halves wait.
func (d *Decision) SpareRoles(keeps func(*RoleRef) string) {
	pairs := map[PersonID]string{}
	for i := range d.Actions {
		if a := &d.Actions[i]; a.Replaces && pairs[a.User.ID] == "" {
			pairs[a.User.ID] = keeps(a.Role)
		}
	}
	d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool {
		if a.Kind != GrantRole && a.Kind != RevokeRole {
			return false
		}
		why := keeps(a.Role)
		if a.Replaces {
			why = cmp.Or(why, pairs[a.User.ID])
		}
		if why != "" {
			d.hold(a, why)
		}
		return why != ""
	})
}

// who is the view's person, with their employee.
func (v *View) who() Who {
	return Who{Person: v.Person, Link: v.Link, Wanted: &v.Mapped.Wanted, Employee: v.Employee}
}

// remember notes, whatever the verdict, by which names TrackTik has somebody, and in what
// state.
func (v *View) remember(d *Decision) {
	if v.Link == nil || v.Employee == nil && !v.Gone {
		return
	}
	note := *v.Link
	if d.Note != nil {
		note = *d.Note
	}
	note.ElsewhereStatus = v.ended()
	if v.Employee != nil {
		noteNames(&note, v.Employee)
		note.StandsIn(v.Employee.Region)
	}
	if note != *v.Link || d.Note != nil {
		d.Note = &note
	}
}

// noteNames remembers the names that TrackTik was seen to hold in the place of those
// that it was told: sync.protected means them too, when TrackTik is not read.
func noteNames(link *Link, e *Employee) {
	for _, f := range []Field{Username, Email} {
		if !e.Has.Has(f) {
			continue
		}
		link.Seen[f] = ""
		if !f.Same(e.Values[f], link.Pushed[f]) {
			link.Seen[f] = e.Values[f]
		}
	}
}

// NoRevoke is a Held reason why no role is taken from anybody; empty: roles are taken.
func (pol *Policy) NoRevoke() string {
	switch {
	case !pol.RevokeRoles:
		return HeldSwitchedOff + ": sync.revoke_roles is off"
	case pol.NoRemovals:
		return HeldSwitchedOff + ": --no-removals"
	}
	return ""
}

// ProtectedRole reports whether who holds the role is never adopted.
func ProtectedRole(r Role, pol *Policy) bool { return pol.KeepsRole(r) != "" }

// KeepsRole says why a role that no group is mapped to is neither granted nor taken back, as a
// Held reason; empty: it may be.
func (pol *Policy) KeepsRole(r Role) string {
	switch {
	case special(r):
		return HeldProtectedRole + ": it is a role of portal " + r.Portal
	case MatchAny(pol.ProtectedRoles, r.Name):
		return HeldProtectedRole + ": sync.roles.protected names the role"
	}
	return ""
}

// special reports a role that is not of the staff portal: it is always protected.
func special(r Role) bool { return r.Portal == "ADMIN" || r.Portal == "CLIENT" }

// unconfirmedFor is for how long a departure may stay unconfirmed before it is a problem:
// the leaver keeps the keys meanwhile.
const unconfirmedFor = 24 * time.Hour

// StillUnconfirmed notes that a departure is not confirmed at a time, and since when. The
// problem is nil until that has gone on for long.
func (l *Link) StillUnconfirmed(who UserRef, at time.Time, why string) *Problem {
	switch {
	case l.UnconfirmedSince == nil:
		l.UnconfirmedSince = &at
	case at.Sub(*l.UnconfirmedSince) >= unconfirmedFor:
		return &Problem{User: who, Code: ProblemUnconfirmed, Kind: Terminate, Message: fmt.Sprintf(
			"seems to have left, and nothing has confirmed it since %s; employee %d is left as they are; %s",
			l.UnconfirmedSince.UTC().Format(time.RFC3339), l.Employee, why)}
	}
	return nil
}

// noteUnconfirmed notes since when somebody's departure is not confirmed. A termination that
// is planned may be held still, right before its call, and ends no wait.
func (v *View) noteUnconfirmed(d *Decision) {
	if v.Link == nil || slices.ContainsFunc(d.Actions, func(a Action) bool { return a.Kind == Terminate }) {
		return
	}
	note := *v.Link
	if d.Note != nil {
		note = *d.Note
	}
	if v.Stale { // what an old copy tells of a wait may have ended since
		note.UnconfirmedSince = nil
	}
	i := slices.IndexFunc(d.Held, func(h Held) bool { return h.Kind == Terminate && h.Code() == HeldUnconfirmed })
	if i < 0 {
		note.UnconfirmedSince = nil
	} else if p := note.StillUnconfirmed(v.Ref(), v.AsOf, d.Held[i].Why); p != nil {
		d.Problems = append(d.Problems, *p)
	}
	if note.UnconfirmedSince != v.Link.UnconfirmedSince {
		d.Note = &note
	}
}

// SeenAgain is the link without what is over by what Okta shows of the person, whatever is to
// become of them: who is shown is visible, and not deactivated any more; who is assigned is not
// unassigned, be they suspended, staged or out of scope.
func (l *Link) SeenAgain(p *Person) Link {
	note := *l
	if p.Status != "" {
		note.NotVisibleSince = nil
		leaving := p.Status == statusDeprovisioned || p.Transition == statusDeprovisioned
		note.SeenDeprovisioned = note.SeenDeprovisioned && leaving
	}
	verdict := assignmentVerdicts[p.Assignment.Status]
	if p.Assignment.Present && verdict != Depart && verdict != Doubt {
		note.UnassignedSince = nil
	}
	return note
}

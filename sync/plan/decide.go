package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mapped is what Okta says that a person's employee should hold, with what is wrong
// with it.
type Mapped struct {
	Wanted   Wanted
	Problems []Problem
	Warnings []Warning
}

// A View is everything that the decision about one person may depend on.
type View struct {
	Person    *Person
	Judgement Judgement
	Evidence  string // of a departure: one of the Evidence constants
	Mapped    Mapped // of those who are to be provisioned
	Origin    string // "through group Site Guards": how the app was assigned; may be empty

	Link     *Link     // nil: not managed
	Troubles []Trouble // earlier problems of theirs
	Recreate bool      // an administrator asked for a new employee
	Alone    bool      // the run is about single people

	Calendar
	KeptOut
	Shown
	Newcomer
}

// A Calendar is what a person's dates mean at the moment of the run.
type Calendar struct {
	Dates Dates
	Early bool // the first day, less the lead, is still to come where they are to work
	Ended bool // the last day is over there
	AsOf  time.Time
	// Told is when an event of Okta's System Log told of an end of theirs; zero: none did.
	Told time.Time
}

// KeptOut is why a person gets nothing whatever Okta says; all empty: nothing speaks
// against them.
type KeptOut struct {
	OutOfScope bool   // sync.scope leaves them out
	ScopeError string // sync.scope failed for them
	Unread     string // what they need of TrackTik, and the account may not read
}

// Shown is what TrackTik showed of the employee of somebody who is managed.
type Shown struct {
	Employee *Employee // as a refresh read it; nil: it was not read, or Fresh
	Fresh    bool      // TrackTik was read whole: without an Employee, it is as pushed
	Gone     bool      // a refresh found that there is no such employee
	Stale    bool      // the snapshot was restored, or bound to another system: Employee has to prove the link
}

// A Newcomer is what was found out about somebody who is not managed.
type Newcomer struct {
	Matches []Match
	// Unsearched says why Matches may lack somebody; empty: nothing does.
	Unsearched string
	Tie        *Tie    // what Okta's external id says of them; nil: nothing, or it is not believed
	Former     *Former // who they were last
	// FormerNow is what TrackTik holds of Former; nil: it was not asked, or does not show
	// them to us.
	FormerNow *Employee
	// Lookalike is an active employee of nobody with the same first and last name, whom the
	// snapshot may have forgotten: it was restored, or bound to another system. 0: there is none.
	Lookalike EmployeeID
}

// A Decision is what is to be done about one person.
type Decision struct {
	Actions  []Action
	Held     []Held
	Problems []Problem
	Warnings []Warning
	// Note is the person's link where something is to be remembered that no action
	// carries; nil: nothing is.
	Note *Link
}

func (d *Decision) act(a Action)              { d.Actions = append(d.Actions, a) }
func (d *Decision) hold(a Action, why string) { d.Held = append(d.Held, Held{a, why}) }

// HoldTerminations makes of planned terminations held ones.
func (d *Decision) HoldTerminations(why string) {
	d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool {
		if a.Kind == Terminate {
			d.hold(a, why)
		}
		return a.Kind == Terminate
	})
}

func (d *Decision) problem(u UserRef, code, message string) {
	d.Problems = append(d.Problems, Problem{User: u, Code: code, Message: message})
}

func (d *Decision) warn(u UserRef, code, message string) {
	d.Warnings = append(d.Warnings, Warning{Code: code, User: u, Message: message})
}

// Decide reads the second table of the package comment. Roles are DecideRoles's.
func Decide(v *View, pol *Policy) Decision {
	var d Decision
	doubtful := v.Link != nil && v.doubtful()
	switch {
	case doubtful && (v.Judgement.Verdict == Depart || v.Judgement.Verdict == Provision):
		v.holdDoubtful(&d)
	case v.Link == nil && v.Judgement.Verdict == Provision:
		decideNew(v, pol, &d)
	case v.Link == nil:
		// not ours: leave alone
	case v.Judgement.Verdict == Depart:
		decideDeparture(v, pol, &d, v.Judgement.Why)
	case v.Judgement.Verdict == Hold:
		d.hold(v.action(v.heldKind()), v.Judgement.Why)
		d.Warnings = v.Mapped.Warnings
	case v.Judgement.Verdict == Doubt:
		d.hold(v.action(Terminate), HeldUnconfirmed+": "+v.Judgement.Why+", and no look-up confirmed it")
	case v.Judgement.Verdict == Provision:
		decideManaged(v, pol, &d)
	}
	v.remember(&d)
	v.noteUnconfirmed(&d)
	v.noteDoubt(&d, doubtful)
	return d
}

// heldKind is what is held for somebody on hold: the termination of who seems to be
// gone, and any update of the others.
func (v *View) heldKind() Kind {
	switch code, _, _ := strings.Cut(v.Judgement.Why, ":"); code {
	case HeldUnconfirmed, HeldNotVisible:
		return Terminate
	}
	return Update
}

// Ref names the person.
func (v *View) Ref() UserRef { return UserRef{ID: v.Person.ID, Login: v.login()} }

func (v *View) login() string {
	if v.Person.Login == "" && v.Link != nil {
		return v.Link.Login
	}
	return v.Person.Login
}

// action begins an action about the person.
func (v *View) action(k Kind) Action {
	a := Action{Kind: k, User: v.Ref()}
	if v.Link != nil {
		a.Employee = v.Link.Employee
	}
	return a
}

func decideDeparture(v *View, pol *Policy, d *Decision, reason string) {
	a := v.action(Terminate)
	a.Reason, a.Extra = reason, &Extra{Evidence: v.Evidence, Told: v.told()}
	a.Found = v.Employee != nil && v.Employee.Status == StatusTerminated && !v.Link.Ending
	note := *v.Link
	deprovisioned := v.Person.Status == statusDeprovisioned
	if deprovisioned && !note.SeenDeprovisioned {
		note.SeenDeprovisioned = true
		d.Note = &note
	}
	switch shield := pol.Shields(v.who()); {
	case shield != "":
		d.hold(a, shield)
	case v.ended() == StatusBanned:
		d.hold(a, WhyBanned(v.Link.Employee))
	case v.Link.Restored:
		d.hold(a, HeldRestored+": was restored, and Okta has not shown them in scope since; `forget --restored` ends this")
	case v.Judgement.Verdict == Depart && v.Judgement.Active && graceLeft(v, pol) > 0:
		if note.UnassignedSince == nil || v.Stale {
			since := v.AsOf
			note.UnassignedSince = &since
			d.Note = &note
		}
		d.hold(a, fmt.Sprintf("%s: unassigned since %s and still active in Okta; terminated after %s (sync.unassigned_grace)",
			HeldUnassignedGrace, note.UnassignedSince.UTC().Format(time.RFC3339), pol.UnassignedGrace))
		d.Warnings = v.Mapped.Warnings // a last day that cannot be read would have ended the wait
	case !pol.DeactivateUsers:
		d.hold(a, HeldSwitchedOff+": sync.deactivate_users is off")
	case pol.NoRemovals && !a.Found: // nobody loses what is over
		d.hold(a, HeldSwitchedOff+": --no-removals")
	case v.Evidence == "":
		d.hold(a, HeldUnconfirmed+": "+reason+", and nothing says how that is known")
	case a.Found:
		a.Reason += "; TrackTik shows them as terminated already"
		d.act(a)
	case v.tooEarly(a, d):
	default:
		d.act(a)
	}
}

// graceLeft is how much of sync.unassigned_grace is left; not more than 0: nothing.
func graceLeft(v *View, pol *Policy) time.Duration {
	if v.Link.UnassignedSince == nil || v.Stale { // what an old copy tells of a wait, Okta may have ended since
		return pol.UnassignedGrace
	}
	return pol.UnassignedGrace - v.AsOf.Sub(*v.Link.UnassignedSince)
}

// tooEarly reports that TrackTik refused the same action before, and that its next
// try is not due; the problem goes on.
func (v *View) tooEarly(a Action, d *Decision) bool { return d.tooEarly(a, v.Troubles, v.AsOf) }

func (d *Decision) tooEarly(a Action, troubles []Trouble, asOf time.Time) bool {
	for _, t := range troubles {
		if t.Kind != a.Kind || t.NextTry == nil || !asOf.Before(*t.NextTry) {
			continue
		}
		// Of a copy: few actions were refused before, and need be in memory of their own.
		if again := a; t.Data != again.Digest() {
			continue
		}
		d.Problems = append(d.Problems, Problem{User: a.User, Code: t.Code, Message: t.Message, Kind: t.Kind, Group: t.Group})
		return true
	}
	return false
}

// Digest stands for what the action would send: a refused action with other data is
// another one.
func (a *Action) Digest() string {
	h := newRowHash()
	write(h, string(a.Kind), strconv.FormatInt(int64(a.Employee), 10))
	if a.Role != nil {
		write(h, strconv.FormatInt(int64(a.Role.ID), 10), a.Role.Name)
	}
	for c := range a.fieldChanges() {
		write(h, c.Field.String(), c.New)
	}
	return h.digest()[:16]
}

func decideManaged(v *View, pol *Policy, d *Decision) {
	switch {
	case v.ScopeError != "":
		d.hold(v.action(Update), HeldUnreadable+": sync.scope failed: "+v.ScopeError)
		return
	case v.OutOfScope && pol.TerminateOutOfScope:
		decideDeparture(v, pol, d, "out of scope by sync.scope")
		return
	case v.OutOfScope:
		d.hold(v.action(Terminate), HeldOutOfScope+
			": sync.scope leaves them out, and Okta still assigns them; employee and roles stay")
		return
	}
	if pol.Owns(v.who()) {
		d.hold(v.action(Update), heldOwn+"; nothing is changed")
		return
	}
	if v.Unread != "" {
		d.hold(v.action(Update), HeldUnreadable+": "+v.Unread)
		return
	}
	d.Warnings = v.Mapped.Warnings
	note := v.seen()
	if note != *v.Link {
		d.Note = &note
	}
	if elsewhere(v, d) {
		if v.Recreate && MayRecreate(v.ended()) {
			d.Held = nil
			if d.Problems = v.Mapped.Problems; len(d.Problems) > 0 || thereAlready(v, d) {
				return
			}
			create(v, pol, d, fmt.Sprintf("made anew on request; employee %d was %s by somebody else", v.Link.Employee,
				v.ended()))
		}
		return
	}
	if len(v.Mapped.Problems) > 0 {
		d.Problems = v.Mapped.Problems
		return
	}
	decideUpdate(v, pol, d, &note)
	if v.Employee != nil {
		Agree(&note, &v.Mapped.Wanted, v.Employee)
	}
	if w := &v.Mapped.Wanted; w.RegionID != 0 && w.RegionID == note.PushedRegion && w.Values[Region] != "" {
		note.Pushed[Region] = w.Values[Region] // another name of the same region
	}
	if note != *v.Link {
		d.Note = &note
	}
}

// thereAlready reports that somebody who is to be made anew on request may be there under
// another id: no second one is made.
func thereAlready(v *View, d *Decision) bool {
	m, found := chooseMatch(v, d)
	if found {
		d.problem(v.Ref(), ProblemNameInUse, fmt.Sprintf("employee %d, found by %s, is there: if that is the same person, "+
			"`unlink` and `link` tie them; else change the name",
			m.Employee.ID, matchNames[m.Key]))
	}
	return len(d.Problems)+len(d.Held) > 0
}

// seen is the link with what this look at Okta tells.
func (v *View) seen() Link {
	note := *v.Link
	note.Login, note.Email = v.Person.Login, v.Person.Email
	note.AssignedBy = v.Person.Assignment.Group
	note.SeenDeprovisioned, note.NotVisibleSince, note.UnassignedSince, note.Restored, note.Ending = false, nil, nil,
		false, false
	return note
}

func decideUpdate(v *View, pol *Policy, d *Decision, note *Link) {
	changes, drift := Differences(v.Link, &v.Mapped.Wanted, v.Employee, pol)
	if v.Employee != nil && len(drift) == 0 {
		note.LastRepair = "" // TrackTik has kept it: the next time, somebody has changed it again
	}
	if v.Link.Kept {
		heldDifferences(v, d, drift)
		drift = nil
	}
	a := v.action(Update)
	a.Want, a.Extra = &v.Mapped.Wanted, &Extra{Left: v.Link.leftAsPushed(changes)}
	switch {
	case len(changes) == 0 && len(drift) == 0:
		v.stillNotKept(d)
		return
	case len(drift) > 0 && !pol.RepairDrift:
		for _, c := range drift {
			d.Warnings = append(d.Warnings, Warning{Code: WarningDrift, User: v.Ref(), Field: c.Field.String(),
				Message: fmt.Sprintf("changed in TrackTik, and left so (sync.drift: report): employee %d, %s", v.Link.Employee,
					c.Field)})
		}
		if len(changes) == 0 {
			return
		}
		drift = nil
	}
	a.Changes = MergeChanges(changes, drift)
	a.Drift = len(changes) == 0
	a.Reason = "changed in Okta"
	if v.Employee == nil && v.Link.How != HowCreated && neverPushed(v.Link, changes) {
		a.Reason = "changed in Okta, or not the same when the employee was adopted; what TrackTik holds now was not read"
	}
	if a.Drift {
		a.Reason = "changed in TrackTik by somebody else"
		if v.Link.LastRepair == RepairDigest(a.Changes) {
			d.problem(v.Ref(), ProblemValueNotKept, fmt.Sprintf("TrackTik does not keep %s of employee %d: the same update "+
				"was needed again; "+
				"it is not sent before the data change", fieldList(a.Changes), v.Link.Employee))
			return
		}
	}
	switch {
	case !pol.UpdateUsers:
		d.hold(a, HeldSwitchedOff+": sync.update_users is off")
	case v.tooEarly(a, d):
	default:
		d.act(a)
	}
}

// neverPushed reports that TrackTik was never told any of the changed values.
func neverPushed(link *Link, changes []Change) bool {
	return !slices.ContainsFunc(changes, func(c Change) bool { return link.Pushed[c.Field] != "" || c.Field == Region })
}

// stillNotKept repeats the problem of a value that TrackTik does not keep, while
// nobody looks at TrackTik: it is over when a refresh, or other data, say so.
func (v *View) stillNotKept(d *Decision) {
	if v.Employee != nil || v.Fresh {
		return
	}
	for _, t := range v.Troubles {
		if t.Code == ProblemValueNotKept && t.Kind == "" {
			d.problem(v.Ref(), t.Code, t.Message)
		}
	}
}

func heldDifferences(v *View, d *Decision, drift []Change) {
	if len(drift) == 0 {
		return
	}
	a := v.action(Update)
	a.Changes = drift
	d.hold(a, HeldAdoptedDiffers+": adopted as it was (sync.on_adopt: keep); what changes in Okta from now on is sent")
}

package plan

import (
	"fmt"
	"strconv"
)

// A Verdict is what Okta's answer about a person asks for.
type Verdict uint8

// The verdicts. The zero Verdict changes nothing for anybody.
const (
	Ignore    Verdict = iota
	Provision         // has to have an employee
	Wait              // will have one, once activated
	Hold              // leave everything as it is
	Depart            // must not have one; the answer itself is the evidence
	Doubt             // looks like Depart, and needs a direct look-up that agrees
)

var verdictNames = [...]string{"ignore", "provision", "wait", "hold", "depart", "doubt"}

func (v Verdict) String() string { return verdictNames[v] }

// The states of an Okta user in which the assignment decides (help.okta.com, "About
// user account statuses").
var userStatuses = map[string]bool{
	"ACTIVE": true, "PASSWORD_EXPIRED": true, "LOCKED_OUT": true, "RECOVERY": true, "PROVISIONED": true,
	"STAGED": true,
}

// The states of an assignment (Okta Management API, AppUser.status).
var assignmentVerdicts = map[string]Verdict{
	"ACTIVE": Provision, "APPROVED": Provision, "PROVISIONED": Provision, "STAGED": Provision,
	"IMPLICIT": Provision, "PENDING": Provision,
	"DEPROVISIONED": Depart, "REVOKED": Depart,
	"INACTIVE": Doubt, "SUSPENDED": Doubt,
	"IMPORTED": Ignore, "MATCHED": Ignore, "UNASSIGNED": Ignore,
}

const (
	statusStaged        = "STAGED"
	statusSuspended     = "SUSPENDED"
	statusDeprovisioned = "DEPROVISIONED"
)

// A Judgement is a verdict with the sentence behind it. Why begins with a Held
// code where the verdict is Hold.
type Judgement struct {
	Verdict Verdict
	Why     string
	// Active says that the person may still log in to Okta, so that a departure is
	// one from the app only, and the grace counts.
	Active bool
	// Unseen says that Okta does not know the person, and never showed them deactivated.
	Unseen bool
}

// Graced reports a departure from the app only, which sync.unassigned_grace holds for a while.
func (j *Judgement) Graced(pol *Policy) bool {
	return (j.Verdict == Depart || j.Verdict == Doubt) && j.Active && pol.UnassignedGrace > 0
}

// Later reports that somebody new gets nothing by it now, and may yet.
func (j *Judgement) Later() bool {
	return j.Verdict != Provision && j.Verdict != Depart && j.Verdict != Doubt
}

// FewDeleted is how many of the managed people may be deleted in Okta at once: of more, a
// right to see them was rather lost.
func FewDeleted(managed int) int { return max(3, managed/100) }

// Judge reads the table of the package comment.
func Judge(p *Person, pol *Policy) Judgement {
	switch {
	case p.Status == statusDeprovisioned:
		return Judgement{Verdict: Depart, Why: "deactivated in Okta"}
	case p.Transition == statusDeprovisioned:
		return Judgement{Verdict: Depart, Why: "being deactivated in Okta"}
	case p.Status == statusSuspended && pol.TerminateSuspended:
		return Judgement{Verdict: Depart, Why: "suspended in Okta"}
	case p.Status == statusSuspended:
		return Judgement{Verdict: Hold, Why: HeldSuspended + ": suspended in Okta; the employee stays as it is"}
	case !p.Readable:
		return Judgement{Verdict: Hold, Why: HeldUnreadable + ": Okta listed the assignment without its user"}
	case !userStatuses[p.Status]:
		return Judgement{Verdict: Hold, Why: HeldUnreadable + ": Okta user status " + quote(p.Status) + " is not known"}
	case !p.Assignment.Present:
		return Judgement{Verdict: Depart, Why: "no longer assigned to the app in Okta", Active: true}
	}
	return judgeAssignment(p, pol)
}

func judgeAssignment(p *Person, pol *Policy) Judgement {
	verdict, known := assignmentVerdicts[p.Assignment.Status]
	why := "the app assignment is " + p.Assignment.Status + " in Okta"
	switch {
	case !known:
		return Judgement{Verdict: Ignore, Why: "assignment status " + quote(p.Assignment.Status) + " is not known"}
	case verdict == Provision && p.Status == statusStaged && !pol.ProvisionStaged:
		return Judgement{Verdict: Wait, Why: "staged in Okta, not activated yet"}
	case verdict == Provision:
		return Judgement{Verdict: Provision, Why: "assigned to the app in Okta", Active: true}
	}
	return Judgement{Verdict: verdict, Why: why, Active: true}
}

// quote shows a text of a server between quotation marks, cut to a line.
func quote(s string) string {
	const most = 40
	r := []rune(s)
	if len(r) > most {
		r = append(r[:most], '…')
	}
	return strconv.Quote(string(r))
}

// JudgeEnd is the judgement of a managed person whose last day is over, whatever the
// assignment says.
func JudgeEnd(end Day) Judgement {
	return Judgement{Verdict: Depart, Why: "last day " + string(end) + " is over"}
}

// The statuses of an employee whom somebody else has ended, in TrackTik's words, and in
// ours for a record that is gone.
const (
	StatusTerminated = "TERMINATED"
	StatusBanned     = "BANNED"
	StatusGone       = "GONE"
)

// Ended is the status of a managed employee who is not active, as far as is known: by the
// record, or as TrackTik was read, which may have shown that they are gone. Empty: active.
func Ended(link *Link, e *Employee, gone bool) string {
	switch {
	case gone:
		return StatusGone
	case e == nil:
		return link.ElsewhereStatus
	case e.Active():
		return ""
	}
	return e.Status
}

// InTrackTik says how somebody's employee is there who was ended by somebody else.
func InTrackTik(status string) string {
	if status == StatusGone {
		return "not shown by TrackTik (404)"
	}
	return status + " in TrackTik, not by this program"
}

func (v *View) ended() string { return Ended(v.Link, v.Employee, v.Gone) }

// FreesNames reports that an employee of that status has no names any more, whoever has
// ended them.
func FreesNames(status string) bool { return status == StatusTerminated || status == StatusGone }

// WhyBanned is why a banned employee is not terminated, as a Held reason.
func WhyBanned(id EmployeeID) string {
	return fmt.Sprintf("%s: employee %d is BANNED in TrackTik, and stays so; only TrackTik can lift a ban",
		HeldBannedElsewhere, id)
}

// MayRecreate reports that somebody whose employee is in that state may get another one on
// request. Only TERMINATED frees the names for good: nobody undoes a ban, who is INACTIVE
// still has username and e-mail, and whom TrackTik does not show may be there all the same.
func MayRecreate(status string) bool { return status == StatusTerminated }

// elsewhere holds a person whose employee was ended by somebody else.
func elsewhere(v *View, d *Decision) bool {
	status := v.ended()
	if status == "" {
		return false
	}
	d.hold(v.action(Update), WhyElsewhere(v.Link.Employee, status))
	return true
}

// WhyElsewhere is why nothing is done about an employee whom somebody else has ended, who
// is of that status, as a Held reason: it names the way out.
func WhyElsewhere(id EmployeeID, status string) string {
	code, out := HeldTerminatedElsewhere, "; they keep username and e-mail: make them active again in TrackTik, or "+
		"terminate them there"
	switch status {
	case StatusTerminated:
		out = "; `retry --recreate` makes a new employee"
	case StatusBanned:
		code, out = HeldBannedElsewhere, "; only TrackTik can lift a ban"
	case StatusGone:
		out = ": the account may have lost their region: give it back, and the next refresh goes on. " +
			"Only if they are gone for good, `unlink` forgets them, and the next run makes a new employee"
	}
	return fmt.Sprintf("%s: employee %d is %s, while the person is in scope in Okta%s", code, id, InTrackTik(status), out)
}

// doubtful reports that nothing says any more that the employee on record is the person:
// the record is older than it should be, and they agree in no name. An id alone proves
// little: the link may have been a mistake that was corrected since, and ids are used again.
func (v *View) doubtful() bool {
	switch {
	case v.Fresh && v.Employee == nil && !v.Gone: // as it was pushed
		return false
	case v.Employee == nil:
		return v.Link.Doubtful
	}
	return (v.Stale || v.Link.Doubtful) && v.Employee.Active() && !v.knows(v.Employee)
}

// knows reports that an employee has the username, the e-mail, or first and last name of the
// person, as they were pushed, as TrackTik has answered them, or as Okta has them now.
func (v *View) knows(e *Employee) bool {
	last := Values{Username: v.Link.Login, Email: v.Link.Email}
	now := Values{Username: v.Person.Login, Email: v.Person.Email}
	for _, names := range []*Values{&v.Link.Pushed, &v.Link.Answered, &v.Mapped.Wanted.Values, &last, &now} {
		if SamePerson(names, e) {
			return true
		}
	}
	return false
}

// holdDoubtful leaves the employee alone, whatever Okta says, and remembers the doubt.
func (v *View) holdDoubtful(d *Decision) {
	kind := Update
	if v.Judgement.Verdict == Depart {
		kind = Terminate
	}
	a := v.action(kind)
	if kind == Terminate {
		a.Reason = v.Judgement.Why
	}
	d.hold(a, fmt.Sprintf("%s: the snapshot was restored, or bound to another system, and employee %d has neither "+
		"their username, nor their e-mail, nor first and last name; "+
		"`link` settles it, or `unlink`", HeldDoubtfulMatch, v.Link.Employee))
}

// noteDoubt remembers the doubt about a link, until the employee is shown, and known.
func (v *View) noteDoubt(d *Decision, doubtful bool) {
	if v.Link == nil || v.Link.Doubtful == doubtful || v.Employee != nil && !v.Employee.Active() {
		return
	}
	note := *v.Link
	if d.Note != nil {
		note = *d.Note
	}
	note.Doubtful = doubtful
	d.Note = &note
}

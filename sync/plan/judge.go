package plan

import "strconv"

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
}

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

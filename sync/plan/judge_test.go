package plan_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tracktik-sync/sync/plan"
)

// The verdicts by the contract's tables: what an assignment of each status means for
// a user whose own status lets the assignment decide.
var byAssignment = map[string]plan.Verdict{
	"ACTIVE": plan.Provision, "APPROVED": plan.Provision, "PROVISIONED": plan.Provision, "STAGED": plan.Provision,
	"IMPLICIT": plan.Provision, "PENDING": plan.Provision,
	"DEPROVISIONED": plan.Depart, "REVOKED": plan.Depart, "INACTIVE": plan.Doubt, "SUSPENDED": plan.Doubt,
	"IMPORTED": plan.Ignore, "MATCHED": plan.Ignore, "UNASSIGNED": plan.Ignore, "SOMETHING_NEW": plan.Ignore, "": plan.Ignore,
}

const none = "no assignment"

func assigned(status string) plan.Assignment {
	if status == none {
		return plan.Assignment{}
	}
	return plan.Assignment{Present: true, Status: status}
}

// TestEveryStatusHasAVerdict goes through every user status with every assignment
// status.
func TestEveryStatusHasAVerdict(t *testing.T) {
	assignments := []string{none}
	for status := range byAssignment {
		assignments = append(assignments, status)
	}
	expect := func(user, assignment string) plan.Verdict {
		switch user {
		case "DEPROVISIONED":
			return plan.Depart
		case "SUSPENDED":
			return plan.Hold
		case "SOMETHING_NEW", "":
			return plan.Hold
		}
		if assignment == none {
			return plan.Depart
		}
		verdict := byAssignment[assignment]
		if user == "STAGED" && verdict == plan.Provision {
			return plan.Wait
		}
		return verdict
	}
	pol := allowAll()
	for _, user := range []string{"ACTIVE", "PASSWORD_EXPIRED", "LOCKED_OUT", "RECOVERY", "PROVISIONED", "STAGED", "SUSPENDED", "DEPROVISIONED", "SOMETHING_NEW", ""} {
		for _, assignment := range assignments {
			p := &plan.Person{ID: "00u1", Status: user, Readable: true, Assignment: assigned(assignment)}
			if got, want := plan.Judge(p, &pol).Verdict, expect(user, assignment); got != want {
				t.Errorf("user %q, assignment %q: %s, want %s", user, assignment, got, want)
			}
		}
	}
}

// TestWhatComesFirst is the contract's order: the user's end, the suspension, what
// cannot be read, then the assignment.
func TestWhatComesFirst(t *testing.T) {
	strict := with(func(p *plan.Policy) { p.TerminateSuspended = true })
	pol := with(func(*plan.Policy) {})
	for name, c := range map[string]struct {
		person plan.Person
		pol    *plan.Policy
		want   plan.Verdict
		why    string
		active bool
	}{
		"on the way to deactivation":         {plan.Person{Status: "ACTIVE", Transition: "DEPROVISIONED", Readable: true, Assignment: assigned("ACTIVE")}, pol, plan.Depart, "being deactivated", false},
		"on the way, and suspended":          {plan.Person{Status: "SUSPENDED", Transition: "DEPROVISIONED", Readable: true}, pol, plan.Depart, "being deactivated", false},
		"on the way elsewhere":               {plan.Person{Status: "STAGED", Transition: "ACTIVE", Readable: true, Assignment: assigned("ACTIVE")}, pol, plan.Wait, "staged", false},
		"deactivated, and unreadable":        {plan.Person{Status: "DEPROVISIONED"}, pol, plan.Depart, "deactivated", false},
		"suspended, assignment revoked":      {plan.Person{Status: "SUSPENDED", Readable: true, Assignment: assigned("REVOKED")}, pol, plan.Hold, "suspended: ", false},
		"suspended, no assignment":           {plan.Person{Status: "SUSPENDED", Readable: true}, pol, plan.Hold, "suspended: ", false},
		"suspended means terminated":         {plan.Person{Status: "SUSPENDED", Readable: true, Assignment: assigned("ACTIVE")}, strict, plan.Depart, "suspended in Okta", false},
		"suspended means terminated, always": {plan.Person{Status: "SUSPENDED", Readable: true}, strict, plan.Depart, "suspended in Okta", false},
		"without its user":                   {plan.Person{Assignment: assigned("ACTIVE")}, pol, plan.Hold, "unreadable: ", false},
		"without its user, revoked":          {plan.Person{Assignment: assigned("REVOKED")}, pol, plan.Hold, "unreadable: ", false},
		"unknown user status":                {plan.Person{Status: "ON_LEAVE", Readable: true, Assignment: assigned("REVOKED")}, pol, plan.Hold, "unreadable: ", false},
		"unassigned, and active":             {plan.Person{Status: "ACTIVE", Readable: true}, pol, plan.Depart, "no longer assigned", true},
		"revoked, and active":                {plan.Person{Status: "ACTIVE", Readable: true, Assignment: assigned("REVOKED")}, pol, plan.Depart, "REVOKED", true},
		"lower case is not a status of Okta": {plan.Person{Status: "active", Readable: true, Assignment: assigned("ACTIVE")}, pol, plan.Hold, "unreadable: ", false},
	} {
		got := plan.Judge(&c.person, c.pol)
		if got.Verdict != c.want || !strings.Contains(got.Why, c.why) || got.Active != c.active {
			t.Errorf("%s: %s %q active=%v, want %s %q active=%v", name, got.Verdict, got.Why, got.Active, c.want, c.why, c.active)
		}
	}
}

// TestAHoldBeginsWithItsCode says that a Held's why can be read by programs.
func TestAHoldBeginsWithItsCode(t *testing.T) {
	pol := allowAll()
	for _, p := range []plan.Person{{Status: "SUSPENDED"}, {Status: "ACTIVE"}, {Status: "NEW", Readable: true}} {
		code := (plan.Held{Why: plan.Judge(&p, &pol).Why}).Code()
		if code != plan.HeldSuspended && code != plan.HeldUnreadable {
			t.Errorf("user %q: code %q", p.Status, code)
		}
	}
}

// TestAServersTextStaysOnOneLine: a status that Okta invents, or somebody else does,
// can neither fake a line of output nor fill the screen.
func TestAServersTextStaysOnOneLine(t *testing.T) {
	pol := allowAll()
	for _, status := range []string{"A\nterminate everybody", "\x1b[2J", strings.Repeat("é", 500), "\xff\xfe"} {
		for _, p := range []plan.Person{{Status: status, Readable: true}, {Status: "ACTIVE", Readable: true, Assignment: assigned(status)}} {
			why := plan.Judge(&p, &pol).Why
			if strings.ContainsAny(why, "\n\x1b") || !utf8.ValidString(why) || len(why) > 200 {
				t.Errorf("the sentence %q", why)
			}
		}
	}
}

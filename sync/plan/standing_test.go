package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// The contract's table of the states of users and assignments, with what is done in each.

const supervisor = `update jobTitle="Guard">"Supervisor"`

// TestWhatEachStateOfAUserDoes is the first table of who is in scope, for somebody who is
// managed and whose data have changed, and for somebody new.
func TestWhatEachStateOfAUserDoes(t *testing.T) {
	for _, row := range []struct {
		status       string
		managed, new string
	}{
		{"ACTIVE", supervisor, "create"},
		{"PASSWORD_EXPIRED", supervisor, "create"},
		{"LOCKED_OUT", supervisor, "create"},
		{"RECOVERY", supervisor, "create"},
		{"PROVISIONED", supervisor, "create"},
		{"STAGED", "", ""},
		{"SUSPENDED", "held update suspended", ""},
		{"DEPROVISIONED", "terminate", ""},
		{"DELETED", "held update unreadable", ""},
		{"deprovisioned", "held update unreadable", ""},
		{"", "held update unreadable", ""},
	} {
		given := facts{userIs(row.status), wants(plan.JobTitle, "Supervisor")}
		keep(t, []promise{
			{row.status + ", managed", append(facts{isManaged}, given...), row.managed, ""},
			{row.status + ", new", given, row.new, ""},
		})
	}
}

// TestWhatEachStateOfAnAssignmentDoes: six entitle, four count as no assignment, and three,
// and whatever is not known, change nothing.
func TestWhatEachStateOfAnAssignmentDoes(t *testing.T) {
	const confirm = "held terminate unconfirmed"
	for _, row := range []struct {
		status       string
		managed, new string
	}{
		{"ACTIVE", supervisor, "create"},
		{"APPROVED", supervisor, "create"},
		{"PROVISIONED", supervisor, "create"},
		{"STAGED", supervisor, "create"},
		{"IMPLICIT", supervisor, "create"},
		{"PENDING", supervisor, "create"},
		{"DEPROVISIONED", "terminate", ""},
		{"REVOKED", "terminate", ""},
		{"INACTIVE", confirm, ""}, // believed after a direct look-up
		{"SUSPENDED", confirm, ""},
		{"IMPORTED", "", ""},
		{"MATCHED", "", ""},
		{"UNASSIGNED", "", ""},
		{"SOMETHING_NEW", "", ""},
		{"revoked", "", ""},
		{"", "", ""},
	} {
		given := facts{assignmentIs(row.status), wants(plan.JobTitle, "Supervisor")}
		keep(t, []promise{
			{"assignment " + row.status + ", managed", append(facts{isManaged}, given...), row.managed, ""},
			{"assignment " + row.status + ", new", given, row.new, ""},
		})
	}
}

// TestTheUserComesBeforeTheAssignment: the order in which Okta's words count.
func TestTheUserComesBeforeTheAssignment(t *testing.T) {
	leaving := inOkta(func(p *plan.Person) { p.Transition = "DEPROVISIONED" })
	elsewhere := inOkta(func(p *plan.Person) { p.Transition = "ACTIVE" })
	without := inOkta(func(p *plan.Person) { p.Readable = false })
	us := facts{isManaged}
	keep(t, []promise{
		{"who is deactivated goes, though the app is assigned", us.and(userIs("DEPROVISIONED")), "terminate",
			"deactivated in Okta"},
		{"who is deactivated goes, though the assignment is odd",
			us.and(userIs("DEPROVISIONED"), assignmentIs("ODD")), "terminate", "deactivated in Okta"},
		{"who is deactivated goes, though the assignment came without its user",
			us.and(userIs("DEPROVISIONED"), without), "terminate", ""},
		{"who is on the way to deactivation goes", us.and(leaving), "terminate", "being deactivated in Okta"},
		{"on the way to deactivation comes before the suspension", us.and(userIs("SUSPENDED"), leaving), "terminate", ""},
		{"on the way to deactivation comes before staged", us.and(userIs("STAGED"), leaving), "terminate", ""},
		{"any other way is no departure", us.and(elsewhere), "", ""},
		{"the suspended are left, though the assignment is gone", us.and(userIs("SUSPENDED"), unassigned),
			"held update suspended", "stays as it is"},
		{"the suspended are left, though the assignment is revoked",
			us.and(userIs("SUSPENDED"), assignmentIs("REVOKED")), "held update suspended", ""},
		{"suspended: terminate ends the suspended", us.and(userIs("SUSPENDED"), suspendedEnds), "terminate",
			"suspended in Okta"},
		{"suspended: terminate ends them whatever the assignment says",
			us.and(userIs("SUSPENDED"), suspendedEnds, assignmentIs("IMPORTED")), "terminate", ""},
		{"suspended: terminate ends nobody else", us.and(suspendedEnds), "", ""},
		{"suspended: terminate creates and ends nobody who is new", facts{userIs("SUSPENDED"), suspendedEnds}, "", ""},
		{"without its user an assignment says nothing", us.and(without, assignmentIs("REVOKED")),
			"held update unreadable", "without its user"},
		{"an unknown user status is held, though nothing is assigned", us.and(userIs("ON_LEAVE"), unassigned),
			"held update unreadable", `"ON_LEAVE" is not known`},
		{"who is not assigned goes", us.and(unassigned), "terminate", "no longer assigned to the app in Okta"},
		{"who is revoked goes", us.and(assignmentIs("REVOKED")), "terminate", "the app assignment is REVOKED"},
		{"an assignment that looks ended is looked up first", us.and(assignmentIs("INACTIVE")),
			"held terminate unconfirmed", "INACTIVE|no look-up confirmed it"},
		{"nobody new is terminated", facts{unassigned}, "", ""},
		{"nobody new is terminated who is deactivated", facts{userIs("DEPROVISIONED"), wasRead}, "", ""},
	})
}

// TestStagedPeopleWaitOrCount: sync.staged.
func TestStagedPeopleWaitOrCount(t *testing.T) {
	counts := configured(func(p *plan.Policy) { p.ProvisionStaged = true })
	staged, changed := userIs("STAGED"), wants(plan.JobTitle, "Supervisor")
	keep(t, []promise{
		{"wait: nothing until activated", facts{staged}, "", ""},
		{"wait: nor an update", facts{isManaged, staged, changed}, "", ""},
		{"wait: a match is not adopted", facts{staged, findsBy(by(plan.Username, employee(7)))}, "", ""},
		{"wait: who came back waits", facts{staged, wasOurs}, "", ""},
		{"provision: they are created", facts{staged, counts}, "create", ""},
		{"provision: they are updated", facts{isManaged, staged, counts, changed}, supervisor, ""},
		{"provision: they are adopted", facts{staged, counts, findsBy(by(plan.Username, employee(7)))}, "adopt", ""},
		{"wait: whose assignment is revoked goes", facts{isManaged, staged, assignmentIs("REVOKED")}, "terminate", ""},
		{"provision: whose assignment is revoked goes", facts{isManaged, staged, counts, assignmentIs("REVOKED")},
			"terminate", ""},
		{"provision: an imported assignment is none", facts{staged, counts, assignmentIs("IMPORTED")}, "", ""},
	})
}

// TestFallingOutOfScopeIsNoDeparture: sync.scope, and sync.out_of_scope.
func TestFallingOutOfScopeIsNoDeparture(t *testing.T) {
	out := viewHas(func(v *plan.View) { v.OutOfScope = true })
	fails := viewHas(func(v *plan.View) { v.ScopeError = "no such key: site" })
	changed := wants(plan.JobTitle, "Supervisor")
	unreadable := viewHas(func(v *plan.View) { v.Unread = "the regions cannot be read" })
	us := facts{isManaged, changed}
	keep(t, []promise{
		{"leave: the employee stays as it is", us.and(out), "held terminate out_of_scope",
			"employee and roles stay|Okta still assigns them"},
		{"leave: nobody new is made", facts{out}, "", ""},
		{"leave: nobody new is adopted", facts{out, findsBy(by(plan.Username, employee(7)))}, "", ""},
		{"leave: a problem of the data is none of theirs", us.and(out, viewHas(problem(plan.ProblemDuplicate))),
			"held terminate out_of_scope", ""},
		{"terminate: they go", us.and(out, outOfScopeEnds), "terminate", "out of scope by sync.scope"},
		{"terminate: nobody new goes", facts{out, outOfScopeEnds}, "", ""},
		{"terminate: not without a word on how it is known",
			us.and(out, outOfScopeEnds, viewHas(func(v *plan.View) { v.Evidence = "" })), "held terminate unconfirmed", ""},
		{"terminate: not with the switch off", us.and(out, outOfScopeEnds, deactivateOff),
			"held terminate switched_off", "sync.deactivate_users"},
		{"terminate: not with --no-removals", us.and(out, outOfScopeEnds, noRemovals),
			"held terminate switched_off", "--no-removals"},
		{"terminate: the grace is for the unassigned", us.and(out, outOfScopeEnds, graceOf(1e12)), "terminate", ""},
		{"a failing expression changes nothing", us.and(fails), "held update unreadable", "sync.scope failed: no such key"},
		{"a failing expression makes nobody", facts{fails}, "held create unreadable", "sync.scope failed"},
		{"a failing expression ends nobody", us.and(fails, out, outOfScopeEnds), "held update unreadable", ""},
		{"a failing expression keeps no leaver", us.and(fails, userIs("DEPROVISIONED")), "terminate", ""},
		{"what cannot be read holds who needs it", us.and(unreadable), "held update unreadable", "regions cannot be read"},
		{"what cannot be read holds a create", facts{unreadable}, "held create unreadable", "regions cannot be read"},
		{"what cannot be read keeps no leaver", us.and(unreadable, unassigned), "terminate", ""},
		{"what cannot be read keeps nobody who falls out of scope", us.and(unreadable, out, outOfScopeEnds), "terminate", ""},
	})
}

// TestAVerdictHasAName in logs and explanations.
func TestAVerdictHasAName(t *testing.T) {
	for verdict, want := range map[plan.Verdict]string{plan.Ignore: "ignore", plan.Provision: "provision",
		plan.Wait: "wait", plan.Hold: "hold", plan.Depart: "depart", plan.Doubt: "doubt"} {
		if got := verdict.String(); got != want {
			t.Errorf("the verdict %q is called %q", want, got)
		}
	}
}

// TestAnAppIsActiveOrNothingIsWritten: the app itself must be ACTIVE, to the letter.
func TestAnAppIsActiveOrNothingIsWritten(t *testing.T) {
	for status, want := range map[string]bool{"ACTIVE": true, "INACTIVE": false, "active": false, "DELETED": false,
		"": false} {
		if got := (plan.App{Status: status, Features: []string{"ACTIVE"}}).Active(); got != want {
			t.Errorf("an app that is %q counts as active: %v", status, got)
		}
	}
}

// TestOnlyAnActiveEmployeeCanLogIn.
func TestOnlyAnActiveEmployeeCanLogIn(t *testing.T) {
	for status, want := range map[string]bool{"ACTIVE": true, "INACTIVE": false, "TERMINATED": false, "BANNED": false,
		"Active": false, "GONE": false, "": false} {
		if got := (plan.Employee{Status: status}).Active(); got != want {
			t.Errorf("an employee who is %q can log in: %v", status, got)
		}
	}
}

// TestAVerdictSaysWhy, and whether the person may still log in to Okta.
func TestAVerdictSaysWhy(t *testing.T) {
	for _, row := range []struct {
		given  facts
		why    string
		active bool
	}{
		{facts{}, "assigned to the app in Okta", true},
		{facts{assignmentIs("PENDING")}, "assigned to the app in Okta", true},
		{facts{assignmentIs("IMPORTED")}, "the app assignment is IMPORTED in Okta", true},
		{facts{assignmentIs("INACTIVE")}, "the app assignment is INACTIVE in Okta", true},
		{facts{assignmentIs("REVOKED")}, "the app assignment is REVOKED in Okta", true},
		{facts{assignmentIs("NEW")}, `assignment status "NEW" is not known`, false},
		{facts{unassigned}, "no longer assigned to the app in Okta", true},
		{facts{userIs("STAGED")}, "staged in Okta, not activated yet", false},
		{facts{userIs("SUSPENDED")}, "suspended: suspended in Okta; the employee stays as it is", false},
		{facts{userIs("SUSPENDED"), suspendedEnds}, "suspended in Okta", false},
		{facts{userIs("DEPROVISIONED")}, "deactivated in Okta", false},
		{facts{userIs("ODD")}, `unreadable: Okta user status "ODD" is not known`, false},
		{facts{lastDayIsOver}, "last day 2026-02-28 is over", false},
	} {
		_, v, _ := row.given.decided()
		if j := v.Judgement; j.Why != row.why || j.Active != row.active || j.Unseen {
			t.Errorf("it says %q (active %v), want %q", j.Why, j.Active, row.why)
		}
	}
}

// TestAStatusOfOktasIsShownWhole up to forty characters.
func TestAStatusOfOktasIsShownWhole(t *testing.T) {
	for length, want := range map[int]string{1: "é", 39: strings.Repeat("é", 39), 40: strings.Repeat("é", 40),
		41: strings.Repeat("é", 40) + "…", 400: strings.Repeat("é", 40) + "…"} {
		odd := strings.Repeat("é", length)
		for _, given := range []facts{{userIs(odd)}, {assignmentIs(odd)}} {
			if _, v, _ := given.decided(); !strings.Contains(v.Judgement.Why, `"`+want+`"`) {
				t.Errorf("%d characters: %s", length, v.Judgement.Why)
			}
		}
	}
}

package plan_test

import (
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// What ends an employee, what keeps one from being ended, and what is told with it.

var leaves = facts{isManaged, userIs("DEPROVISIONED")}

func evidence(e string) fact { return viewHas(func(v *plan.View) { v.Evidence = e }) }

// refusedBefore is an earlier refusal of what is decided now, with the time of its next try.
func refusedBefore(kind plan.Kind, wait time.Duration, data string) fact {
	return viewHas(func(v *plan.View) {
		next := v.AsOf.Add(wait)
		v.Troubles = append(v.Troubles, plan.Trouble{Person: v.Person.ID, Kind: kind, Code: plan.ProblemRefused,
			Message: "TrackTik refuses: 409", NextTry: &next, Data: data})
	})
}

// TestWhoIsNeverTerminated: each reason, with the words that are shown.
func TestWhoIsNeverTerminated(t *testing.T) {
	restored := linkHas(func(l *plan.Link) { l.Restored = true })
	banned := linkHas(func(l *plan.Link) { l.ElsewhereStatus = plan.StatusBanned })
	keep(t, []promise{
		{"whom sync.protected names by login", leaves.and(protects("ana@acme.example")),
			"held terminate protected", "sync.protected names them|deactivated in Okta"},
		{"whom it names by a glob in another case", leaves.and(protects("*@ACME.example")), "held terminate protected", ""},
		{"whom it names by the e-mail that TrackTik holds",
			leaves.and(holds(plan.Email, "chief@acme.example"), protects("chief@*")), "held terminate protected", ""},
		{"but not by a part of the name", leaves.and(protects("an", "@acme.example", "na@acme.example")), "terminate", ""},
		{"the employee whose credentials are used", leaves.and(ours), "held terminate protected",
			"this is the integration's account"},
		{"the employee of the configured username, whatever its case",
			leaves.and(configured(func(p *plan.Policy) { p.OwnUsername = "ANA" })), "held terminate protected", ""},
		{"who was restored and was not seen since", leaves.and(restored), "held terminate restored",
			"Okta has not shown them in scope since|`forget --restored`"},
		{"who is banned in TrackTik", leaves.and(employeeIs("BANNED")), "held terminate banned_elsewhere",
			"employee 7 is BANNED|stays so"},
		{"who was banned when TrackTik was last read", leaves.and(banned), "held terminate banned_elsewhere", ""},
		{"but who is active again is", leaves.and(banned, wasRead), "terminate", ""},
		{"anybody, with the switch off", leaves.and(deactivateOff), "held terminate switched_off",
			"sync.deactivate_users is off"},
		{"anybody, with --no-removals", leaves.and(noRemovals), "held terminate switched_off", "--no-removals"},
		{"anybody of whom nothing says how it is known", leaves.and(evidence("")), "held terminate unconfirmed",
			"deactivated in Okta|nothing says how that is known"},
		{"nobody else is kept by the other switches", leaves.and(createsOff, updatesOff, neverAdopts, keepsAdopted,
			driftReports, configured(func(p *plan.Policy) { p.GrantRoles, p.RevokeRoles, p.CreateRoles = false, false, false })),
			"terminate", ""},
		{"nor by a problem of their data", leaves.and(viewHas(problem(plan.ProblemMissingRequired))), "terminate", ""},
		{"nor by a warning", leaves.and(viewHas(warned)), "terminate", ""},
		{"nor by the employee being inactive", leaves.and(employeeIs("INACTIVE")), "terminate", ""},
		{"nor by a later first day", leaves.and(viewHas(func(v *plan.View) { v.Early = true })), "terminate", ""},
	})
}

// TestTheReasonThatIsToldFirst: of several, the one that no switch ends.
func TestTheReasonThatIsToldFirst(t *testing.T) {
	restored := linkHas(func(l *plan.Link) { l.Restored = true })
	order := []struct {
		reason fact
		code   string
	}{
		{ours, "integration's account"},
		{protects("ana@*"), "sync.protected"},
		{linkHas(func(l *plan.Link) { l.ElsewhereStatus = plan.StatusBanned }), "BANNED"},
		{restored, "was restored"},
		{deactivateOff, "sync.deactivate_users"},
		{noRemovals, "--no-removals"},
		{evidence(""), "nothing says how"},
	}
	for i := range order {
		given := leaves
		for _, later := range order[i:] {
			given = given.and(later.reason)
		}
		d, _, _ := given.decided()
		if len(d.Held) != 1 || len(d.Actions) > 0 || !strings.Contains(d.Held[0].Why, order[i].code) {
			t.Errorf("with %q and all after it: %s\n%s", order[i].code, outline(&d), sayings(&d))
		}
	}
}

// TestATerminationSaysWhyAndHowItIsKnown.
func TestATerminationSaysWhyAndHowItIsKnown(t *testing.T) {
	for _, how := range []string{plan.EvidenceListing, plan.EvidenceFull, plan.EvidenceSample, plan.EvidenceLastDay} {
		d, v, _ := leaves.and(evidence(how)).decided()
		a := d.Actions[0]
		if a.Extras().Evidence != how || a.Employee != 7 || a.User != v.Ref() || a.Found || a.Drift || a.Changes != nil {
			t.Errorf("known by %s: %+v", how, a)
		}
	}
	keep(t, []promise{
		{"a last day that is over is named", facts{isManaged, viewHas(func(v *plan.View) {
			v.Judgement, v.Evidence = plan.JudgeEnd("2026-03-31"), plan.EvidenceLastDay
		})}, "terminate", "last day 2026-03-31 is over"},
		{"a deletion is named", facts{isManaged, viewHas(func(v *plan.View) {
			v.Judgement = plan.Judgement{Verdict: plan.Depart, Why: "deleted in Okta, after it was deactivated"}
		})}, "terminate", "deleted in Okta, after it was deactivated"},
	})
}

// TestTerminatingWhatIsTerminatedIsFound: it is done, not a problem, and nobody loses
// anything by it.
func TestTerminatingWhatIsTerminatedIsFound(t *testing.T) {
	ending := linkHas(func(l *plan.Link) { l.Ending = true })
	for _, row := range []struct {
		name  string
		given facts
		want  string
		found bool
	}{
		{"TrackTik shows them terminated", leaves.and(employeeIs("TERMINATED")), "terminate", true},
		{"--no-removals does not hold what is over", leaves.and(employeeIs("TERMINATED"), noRemovals), "terminate", true},
		{"the switch does", leaves.and(employeeIs("TERMINATED"), deactivateOff), "held terminate switched_off", true},
		{"a protected one is held all the same", leaves.and(employeeIs("TERMINATED"), protects("ana@*")),
			"held terminate protected", true},
		{"our own termination took effect late", leaves.and(employeeIs("TERMINATED"), ending), "terminate", false},
		{"they are active", leaves.and(employeeIs("ACTIVE")), "terminate", false},
		{"they are inactive", leaves.and(employeeIs("INACTIVE")), "terminate", false},
		{"they were terminated when TrackTik was last read, and it was not read now",
			leaves.and(linkHas(func(l *plan.Link) { l.ElsewhereStatus = plan.StatusTerminated })), "terminate", false},
		{"an earlier refusal is no reason to wait",
			leaves.and(employeeIs("TERMINATED"), refusedBefore(plan.Terminate, time.Hour, terminationDigest())),
			"terminate", true},
	} {
		d, _, _ := row.given.decided()
		check(t, d, row.want)
		found := len(d.Actions) == 1 && d.Actions[0].Found || len(d.Held) == 1 && d.Held[0].Found
		if found != row.found {
			t.Errorf("%s: found is %v", row.name, found)
		}
		said := strings.Contains(sayings(&d), "TrackTik shows them as terminated already")
		if said != (found && len(d.Actions) == 1) {
			t.Errorf("%s: says %q", row.name, sayings(&d))
		}
	}
}

func terminationDigest() string {
	a := plan.Action{Kind: plan.Terminate, Employee: 7}
	return a.Digest()
}

// TestARefusedTerminationIsTriedWhenItIsDue: a leaver must not keep the keys.
func TestARefusedTerminationIsTriedWhenItIsDue(t *testing.T) {
	data := terminationDigest()
	keep(t, []promise{
		{"before it is due the problem goes on", leaves.and(refusedBefore(plan.Terminate, time.Second, data)),
			"problem refused", "TrackTik refuses: 409"},
		{"when it is due it is tried", leaves.and(refusedBefore(plan.Terminate, 0, data)), "terminate", ""},
		{"after that too", leaves.and(refusedBefore(plan.Terminate, -time.Hour, data)), "terminate", ""},
		{"the refusal of an update is another one", leaves.and(refusedBefore(plan.Update, time.Hour, data)), "terminate", ""},
		{"the refusal of another employee's is another one",
			leaves.and(refusedBefore(plan.Terminate, time.Hour, "of employee 8")), "terminate", ""},
		{"of several refusals the fitting one counts", leaves.and(refusedBefore(plan.GrantRole, time.Hour, data),
			refusedBefore(plan.Terminate, time.Hour, "of employee 8"), refusedBefore(plan.Terminate, time.Hour, data)),
			"problem refused", ""},
		{"a problem without a next try is judged anew", leaves.and(viewHas(func(v *plan.View) {
			v.Troubles = []plan.Trouble{{Kind: plan.Terminate, Code: plan.ProblemRefused, Message: "x", Data: data}}
		})), "terminate", ""},
	})
}

// TestThatOktaSaidDeprovisionedIsRemembered: a later 404 is a deletion then, and not a lost
// right.
func TestThatOktaSaidDeprovisionedIsRemembered(t *testing.T) {
	for name, row := range map[string]struct {
		given facts
		want  bool
	}{
		"deactivated":                   {leaves, true},
		"deactivated, and held":         {leaves.and(protects("ana@*")), true},
		"deactivated, and switched off": {leaves.and(deactivateOff), true},
		"on the way to it": {facts{isManaged, inOkta(func(p *plan.Person) {
			p.Transition = "DEPROVISIONED"
		})}, false},
		"the assignment is deprovisioned": {facts{isManaged, assignmentIs("DEPROVISIONED")}, false},
		"suspended":                       {facts{isManaged, userIs("SUSPENDED"), suspendedEnds}, false},
		"unassigned":                      {facts{isManaged, unassigned}, false},
	} {
		d, v, _ := row.given.decided()
		if got := d.Note != nil && d.Note.SeenDeprovisioned; got != row.want {
			t.Errorf("%s: remembered %v", name, got)
		}
		if d.Note != nil && (d.Note.Pushed != v.Link.Pushed || d.Note.Restored != v.Link.Restored) {
			t.Errorf("%s: more is changed than that: %+v", name, d.Note)
		}
	}
	again, v, _ := leaves.and(linkHas(func(l *plan.Link) { l.SeenDeprovisioned = true })).decided()
	if again.Note != nil || !v.Link.SeenDeprovisioned {
		t.Errorf("what is known is noted again: %+v", again.Note)
	}
}

// TestWhenOktaSaidThatSomebodyHasToGo: the event, else the user's status, else an assignment
// that is there and does not entitle.
func TestWhenOktaSaidThatSomebodyHasToGo(t *testing.T) {
	event, user, assignment := now.Add(-time.Minute), now.Add(-time.Hour), now.Add(-24*time.Hour)
	told := viewHas(func(v *plan.View) { v.Told = event })
	times := inOkta(func(p *plan.Person) { p.StatusChanged, p.Assignment.Updated = user, assignment })
	confirmed := viewHas(func(v *plan.View) {
		v.Judgement = plan.Judgement{Verdict: plan.Depart, Why: "the app assignment is over", Active: true}
	})
	for name, row := range map[string]struct {
		given facts
		want  time.Time
	}{
		"an event":                        {leaves.and(times, told), event},
		"the user is deactivated":         {leaves.and(times), user},
		"the user is suspended":           {facts{isManaged, times, userIs("SUSPENDED"), suspendedEnds}, user},
		"the assignment is revoked":       {facts{isManaged, assignmentIs("REVOKED"), times}, assignment},
		"the assignment is deprovisioned": {facts{isManaged, assignmentIs("DEPROVISIONED"), times}, assignment},
		"the assignment is inactive":      {facts{isManaged, assignmentIs("INACTIVE"), times, confirmed}, assignment},
		"the assignment is gone":          {facts{isManaged, unassigned, times}, time.Time{}},
		"an event, and gone":              {facts{isManaged, unassigned, times, told}, event},
		"Okta shows no times":             {leaves, time.Time{}},
		"a last day that is over":         {facts{isManaged, times, lastDayIsOver}, time.Time{}},
	} {
		d, _, _ := row.given.decided()
		if len(d.Actions) != 1 || !d.Actions[0].Extras().Told.Equal(row.want) {
			t.Errorf("%s: %+v", name, d.Actions)
		}
	}
}

package plan_test

import (
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// Rehires, people re-created in Okta, and employees who are made anew on request.

// formerIs is what TrackTik shows of who the person was.
func formerIs(change func(*plan.Employee)) fact {
	return viewHas(func(v *plan.View) {
		v.FormerNow = anaEmployee()
		v.FormerNow.Status, v.FormerNow.Values[plan.Username] = plan.StatusTerminated, ""
		change(v.FormerNow)
	})
}

func unchanged(*plan.Employee) {}

func is(status string) func(*plan.Employee) { return func(e *plan.Employee) { e.Status = status } }

func endedBySomebodyElse(v *plan.View, _ *plan.Policy) { v.Former.Elsewhere = true }

// TestARehireIsANewEmployeeWhoseReasonNamesTheFormer: sync.rehire: new, the default.
func TestARehireIsANewEmployeeWhoseReasonNamesTheFormer(t *testing.T) {
	back := facts{wasOurs}
	keep(t, []promise{
		{"who comes back is created", back, "create", "came back; was employee 7 before"},
		{"also whom somebody else ended", back.and(endedBySomebodyElse), "create", "was employee 7 before"},
		{"also when TrackTik shows the former one", back.and(formerIs(unchanged)), "create", ""},
		{"the former one is no match, being terminated",
			back.and(findsBy(by(plan.Email, employee(7, status("TERMINATED"))))), "create", ""},
		{"who is active again is adopted", back.and(findsBy(by(plan.Username, employee(7)))), "adopt", ""},
		{"who is banned since is not made anew", back.and(findsBy(by(plan.Email, employee(7, status("BANNED"))))),
			"held create banned_elsewhere", "employee 7 is BANNED"},
		{"who is inactive since is a problem", back.and(findsBy(by(plan.Email, employee(7, status("INACTIVE"))))),
			"problem inactive_match", ""},
		{"somebody else's ban is a problem of the match",
			back.and(findsBy(by(plan.Email, employee(8, status("BANNED"))))), "problem inactive_match", ""},
		{"who is active again, and no key finds, is not doubled", back.and(formerIs(is("ACTIVE"))),
			"held create doubtful_match", "employee 7, who they were, is ACTIVE again"},
		{"whoever ended them", back.and(formerIs(is("ACTIVE")), endedBySomebodyElse), "held create doubtful_match", ""},
		{"nor is who is inactive", back.and(formerIs(is("INACTIVE"))), "held create doubtful_match", ""},
		{"an administrator says that they are somebody else", back.and(formerIs(is("ACTIVE")),
			viewHas(func(v *plan.View) { v.Recreate = true })), "create", "was employee 7 before"},
		{"but lifts no ban so", back.and(formerIs(is("BANNED")), viewHas(func(v *plan.View) { v.Recreate = true })),
			"held create banned_elsewhere", ""},
		{"an id that is somebody else by now says nothing", back.and(formerIs(func(e *plan.Employee) {
			e.Status, e.Values = plan.StatusBanned, strangersValues()
		})), "create", "employee 7, who they were, is somebody else by now"},
		{"creates are off", back.and(createsOff), "held create switched_off", "came back"},
		{"nobody comes back without the assignment", back.and(unassigned), "", ""},
		{"nobody comes back before the first day", back.and(viewHas(func(v *plan.View) { v.Early = true })),
			"held create not_started", ""},
		{"nobody comes back after the last day", back.and(viewHas(func(v *plan.View) { v.Ended = true })),
			"held create ended", ""},
	})
	d, _, _ := back.decided()
	if a := d.Actions[0]; a.Employee != 0 || a.Extras().Former != 7 || a.Want == nil || a.Changes != nil {
		t.Errorf("a rehire is %+v", a)
	}
	d, _, _ = facts{}.decided()
	if a := d.Actions[0]; a.Extra != nil {
		t.Errorf("who never was here has a former employee: %+v", a.Extras())
	}
}

// TestARehireIsTheFormerEmployee: sync.rehire: reactivate.
func TestARehireIsTheFormerEmployee(t *testing.T) {
	back := facts{wasOurs, reactivates}
	stranger := func(e *plan.Employee) { e.Values = strangersValues() }
	keep(t, []promise{
		{"whom we terminated is reactivated", back, "reactivate", "came back; employee 7 was terminated by run r1"},
		{"whom TrackTik shows terminated is", back.and(formerIs(unchanged)), "reactivate", ""},
		{"whom somebody else ended is not", back.and(endedBySomebodyElse), "create", "was employee 7 before"},
		{"an id that is somebody else by now is not", back.and(formerIs(stranger)), "create",
			"employee 7, who they were, is somebody else by now"},
		{"nor is anybody who is active again when a new one is asked for", back.and(formerIs(is("ACTIVE")),
			viewHas(func(v *plan.View) { v.Recreate = true })), "create", ""},
		{"a ban stays", back.and(formerIs(func(e *plan.Employee) { e.Status = plan.StatusBanned })),
			"held create banned_elsewhere", "employee 7 is BANNED"},
		{"who is active again, and no key finds, is held",
			back.and(formerIs(func(e *plan.Employee) { e.Status = "ACTIVE" })), "held create doubtful_match",
			"employee 7, who they were, is ACTIVE again, not by this program|`link` ties them|`retry --recreate`"},
		{"who is inactive is held", back.and(formerIs(func(e *plan.Employee) { e.Status = "INACTIVE" })),
			"held create doubtful_match", "is INACTIVE again"},
		{"our own account is left alone", back.and(ours), "held reactivate protected", "integration's account"},
		{"creates are off", back.and(createsOff), "held reactivate switched_off", "sync.create_users is off"},
		{"the switch is told after the ban",
			back.and(createsOff, formerIs(func(e *plan.Employee) { e.Status = plan.StatusBanned })),
			"held create banned_elsewhere", ""},
		{"a match is adopted", back.and(findsBy(by(plan.Username, employee(8)))), "adopt", ""},
		{"nobody is reactivated before the first day", back.and(viewHas(func(v *plan.View) { v.Early = true })),
			"held create not_started", ""},
		{"nobody is reactivated after the last day", back.and(viewHas(func(v *plan.View) { v.Ended = true })),
			"held create ended", ""},
		{"who never was here is created", facts{reactivates}, "create", ""},
	})
}

// TestAReactivationSetsTheUsernameAgain: the termination took it; and sends what changed.
func TestAReactivationSetsTheUsernameAgain(t *testing.T) {
	back := facts{wasOurs, reactivates}
	for name, row := range map[string]struct {
		given facts
		want  string
	}{
		"nothing else changed": {back, `username "">"ana"`},
		"the job changed":      {back.and(wants(plan.JobTitle, "Chief")), `username "">"ana", jobTitle "Guard">"Chief"`},
		"the job is gone":      {back.and(wants(plan.JobTitle, "")), `username "">"ana", jobTitle "Guard">""`},
		"only a create sets the username": {back.and(configured(func(p *plan.Policy) {
			p.CreateOnly = p.CreateOnly.With(plan.Username, plan.JobTitle)
		}), wants(plan.JobTitle, "Chief")), `username "">"ana"`},
		"the division changed": {back.and(wants(plan.Region, "South"), viewHas(func(v *plan.View) {
			v.Mapped.Wanted.RegionID = 2
			v.Former.Link.Pushed[plan.Region], v.Former.Link.PushedRegion = "North", 1
		})), `username "">"ana", region "North">"South"`},
	} {
		d, v, _ := row.given.decided()
		if len(d.Actions) != 1 {
			t.Fatalf("%s: %s", name, outline(&d))
		}
		a := d.Actions[0]
		var got []string
		for _, c := range a.Changes {
			got = append(got, c.Field.String()+" "+arrows([]plan.Change{c}))
		}
		if text := strings.Join(got, ", "); text != row.want || a.Employee != 7 || a.Want != &v.Mapped.Wanted ||
			a.Extras().Former != 7 {
			t.Errorf("%s: it sends %s, want %s (%+v)", name, text, row.want, a)
		}
		if v.Former.Link.Pushed[plan.Username] != "ana" {
			t.Errorf("%s: the record of the former was changed", name)
		}
	}
}

// TestARefusedComebackWaits as any other refused action.
func TestARefusedComebackWaits(t *testing.T) {
	for name, given := range map[string]facts{"new": {wasOurs}, "reactivate": {wasOurs, reactivates}} {
		first, _, _ := given.decided()
		a := first.Actions[0]
		waits, _, _ := given.and(refusedBefore(a.Kind, time.Minute, a.Digest())).decided()
		check(t, waits, "problem refused")
		due, _, _ := given.and(refusedBefore(a.Kind, 0, a.Digest())).decided()
		check(t, due, string(a.Kind))
		changed, _, _ := given.and(refusedBefore(a.Kind, time.Minute, a.Digest()), wants(plan.JobTitle, "Chief")).decided()
		if len(changed.Actions) != 1 {
			t.Errorf("%s: changed data are not tried at once: %s", name, outline(&changed))
		}
	}
}

// TestWhoMayBeMadeAnewOnRequest: `retry --recreate`.
func TestWhoMayBeMadeAnewOnRequest(t *testing.T) {
	asked := viewHas(func(v *plan.View) { v.Recreate = true })
	us := facts{isManaged, asked, employeeIs("TERMINATED")}
	gone := viewHas(func(v *plan.View) { v.Gone = true })
	keep(t, []promise{
		{"whom somebody else terminated", us, "create", "made anew on request; employee 7 was TERMINATED by somebody else"},
		{"also where TrackTik was not read", facts{isManaged, asked,
			linkHas(func(l *plan.Link) { l.ElsewhereStatus = plan.StatusTerminated })}, "create", ""},
		{"a bare retry touches nobody", facts{isManaged, employeeIs("TERMINATED")}, "held update terminated_elsewhere",
			"`retry --recreate` makes a new employee"},
		{"not the banned", facts{isManaged, asked, employeeIs("BANNED")}, "held update banned_elsewhere", "lift a ban"},
		{"not the inactive", facts{isManaged, asked, employeeIs("INACTIVE")}, "held update terminated_elsewhere",
			"they keep username and e-mail"},
		{"not whom TrackTik does not show", facts{isManaged, asked, gone}, "held update terminated_elsewhere", "`unlink`"},
		{"not who is active", facts{isManaged, asked, wasRead}, "", ""},
		{"not with a problem of the data", us.and(viewHas(problem(plan.ProblemMissingRequired))),
			"problem missing_required", ""},
		{"not beside an active employee of the same name", us.and(findsBy(by(plan.Email, employee(9)))),
			"problem name_in_use", "employee 9, found by email, is there|`unlink` and `link` tie them|change the name"},
		{"not beside an inactive one", us.and(findsBy(by(plan.Email, employee(9, status("INACTIVE"))))),
			"problem inactive_match", ""},
		{"not beside somebody else's", us.and(findsBy(owned(by(plan.Email, employee(9)), "00uBEA", false))),
			"problem name_in_use", "00uBEA"},
		{"not beside several", us.and(findsBy(by(plan.Email, employee(9)), by(plan.Username, employee(8)))),
			"problem ambiguous_match", ""},
		{"not beside one whom another new person matches too",
			us.and(findsBy(plan.Match{Key: plan.Email, Employee: employee(9), Rival: "00uBEA"})), "problem ambiguous_match", ""},
		{"not beside who they were before, banned since", us.and(wasOurs, viewHas(func(v *plan.View) {
			v.Former.Link.Employee = 9
		}), findsBy(by(plan.Email, employee(9, status("BANNED"))))), "held create banned_elsewhere", "employee 9 is BANNED"},
		{"not beside one whom Okta's link names for somebody else too",
			us.and(viewHas(ties("9", "00uBEA")), findsBy(by(plan.ExternalID, employee(9)))), "problem ambiguous_match", ""},
		{"not beside an inactive one whom Okta's link names",
			us.and(viewHas(ties("9", "")), findsBy(by(plan.ExternalID, employee(9, status("INACTIVE"))))),
			"problem inactive_match", ""},
		{"not beside one whom Okta's link names", us.and(viewHas(ties("9", "")), findsBy(by(plan.ExternalID, employee(9)))),
			"problem name_in_use", "employee 9, found by external_id"},
		{"beside a terminated one", us.and(findsBy(by(plan.Email, employee(9, status("TERMINATED"))))), "create", ""},
		{"not with creates off", us.and(createsOff), "held create switched_off", ""},
		{"not while nobody can be searched", us.and(viewHas(func(v *plan.View) { v.Unsearched = "no list" })),
			"held create unconfirmed", "no list"},
		{"not who leaves", us.and(userIs("DEPROVISIONED")), "terminate", ""},
		{"not who is suspended", us.and(userIs("SUSPENDED")), "held update suspended", ""},
		{"not our own account", us.and(ours), "held update protected", ""},
	})
	d, _, _ := us.decided()
	if a := d.Actions[0]; a.Employee != 0 || a.Extras().Former != 7 || a.Want == nil {
		t.Errorf("made anew by %+v", a)
	}
}

// TestARecreatedPersonsReasonTellsTheOldID, and is known again in the history.
func TestARecreatedPersonsReasonTellsTheOldID(t *testing.T) {
	reason := plan.RecreatedReason("00uOLD")
	if reason != "re-created in Okta, was 00uOLD" {
		t.Errorf("the reason is %q", reason)
	}
	for text, want := range map[string]bool{
		reason: true, plan.RecreatedReason(""): true, "matched by username": false, "": false,
		"was re-created in Okta, was 00uOLD": false, "re-created in Okta": false, "Re-created in Okta, was 00uOLD": false,
	} {
		if got := plan.IsRecreated(text); got != want {
			t.Errorf("%q is the reason of a re-created person: %v", text, got)
		}
	}
}

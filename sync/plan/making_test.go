package plan_test

import (
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// New people: who is created, and what keeps somebody from being created.

// TestWhoIsNewIsCreatedOnce: F1, with what is told of it.
func TestWhoIsNewIsCreatedOnce(t *testing.T) {
	keep(t, []promise{
		{"assigned directly", facts{}, "create", "assigned to the app in Okta"},
		{"assigned through a group", facts{viewHas(func(v *plan.View) { v.Origin = " through group Site Guards" })}, "create",
			"assigned to the app in Okta through group Site Guards"},
		{"through a group, and matched", facts{viewHas(func(v *plan.View) { v.Origin = " through group Site Guards" }),
			findsBy(by(plan.Username, employee(7)))}, "adopt", "matched by username through group Site Guards"},
		{"protected in Okta: they may have an employee", facts{protects("ana@*")}, "create", ""},
		{"a warning stops nothing", facts{viewHas(warned)}, "create; warning partial_address", "no city"},
		{"neither do the other switches", facts{updatesOff, deactivateOff, noRemovals, driftReports}, "create", ""},
		{"nor a run of single people", facts{viewHas(func(v *plan.View) { v.Alone = true })}, "create", ""},
		{"nor a whole run after a restore", facts{viewHas(func(v *plan.View) { v.Stale = true })}, "create", ""},
		{"a lookalike is somebody else, an administrator says",
			facts{viewHas(func(v *plan.View) { v.Lookalike, v.Recreate = 7, true })}, "create", ""},
	})
	d, v, _ := facts{}.decided()
	if a := d.Actions[0]; a.Employee != 0 || a.User != v.Ref() || a.Want != &v.Mapped.Wanted || a.Changes != nil ||
		d.Note != nil {
		t.Errorf("created by %+v, noted %+v", a, d.Note)
	}
}

// TestWhoIsNotCreated: every reason, with its words.
func TestWhoIsNotCreated(t *testing.T) {
	first, _, _ := facts{}.decided()
	data := first.Actions[0].Digest()
	lookalike := viewHas(func(v *plan.View) { v.Lookalike = 7 })
	unsearched := viewHas(func(v *plan.View) { v.Unsearched = "TrackTik refuses to list employees (403)" })
	keep(t, []promise{
		{"a required value is missing", facts{viewHas(problem(plan.ProblemMissingRequired))}, "problem missing_required", ""},
		{"the region is not known", facts{viewHas(problem(plan.ProblemUnknownRegion))}, "problem unknown_region", ""},
		{"two problems are both told", facts{viewHas(problem(plan.ProblemUnknownRegion)), viewHas(func(v *plan.View) {
			v.Mapped.Problems = append(v.Mapped.Problems, plan.Problem{Code: plan.ProblemDuplicate, Message: "x"})
		})}, "problem unknown_region; problem duplicate", ""},
		{"a problem is told with the warnings", facts{viewHas(problem(plan.ProblemDuplicate)), viewHas(warned)},
			"problem duplicate; warning partial_address", ""},
		{"the switch is off", facts{createsOff}, "held create switched_off", "sync.create_users is off"},
		{"whether they are there cannot be told", facts{unsearched}, "held create unconfirmed",
			"whether TrackTik has the person already cannot be told: TrackTik refuses to list employees (403)|" +
				"nobody is made meanwhile|rights of the integration's account"},
		{"the switch is told before that", facts{unsearched, createsOff}, "held create switched_off", ""},
		{"who was found is adopted all the same", facts{unsearched, findsBy(by(plan.Username, employee(7)))}, "adopt", ""},
		{"a run of single people after a restore", facts{viewHas(func(v *plan.View) { v.Alone, v.Stale = true, true })},
			"held create unconfirmed", "the next whole run says"},
		{"they may be one whom a restored snapshot has forgotten", facts{lookalike}, "held create doubtful_match",
			"employee 7, who is active and managed for nobody|`link` ties them|`retry --recreate`"},
		{"whom they were before says nothing of that", facts{lookalike, wasOurs}, "held create doubtful_match", ""},
		{"who was found is adopted all the same", facts{lookalike, findsBy(by(plan.Username, employee(7)))}, "adopt", ""},
		{"a refusal waits for its time", facts{refusedBefore(plan.Create, time.Hour, data)}, "problem refused", "409"},
		{"and not for longer", facts{refusedBefore(plan.Create, 0, data)}, "create", ""},
		{"a refusal of other data is another one", facts{refusedBefore(plan.Create, time.Hour, data),
			wants(plan.Email, "ana.silva@acme.example")}, "create", ""},
		{"a refusal of a termination is another one", facts{refusedBefore(plan.Terminate, time.Hour, data)}, "create", ""},
	})
}

// TestAnEmployeeWhomTrackTikHidesIsWarnedOf beside a create only.
func TestAnEmployeeWhomTrackTikHidesIsWarnedOf(t *testing.T) {
	hidden := viewHas(ties("7", ""))
	keep(t, []promise{
		{"a create", facts{hidden}, "create; warning possible_double", "whom TrackTik does not show"},
		{"a create that is held", facts{hidden, createsOff}, "held create switched_off; warning possible_double", ""},
		{"a rehire: the former is known", facts{hidden, wasOurs}, "create", ""},
		{"an adoption", facts{hidden, findsBy(by(plan.Username, employee(8)))}, "adopt", ""},
		{"before the first day", facts{hidden, startsOn("2026-04-01")}, "held create not_started", ""},
		{"the warnings of the data stay", facts{hidden, viewHas(warned)},
			"create; warning partial_address; warning possible_double", ""},
	})
	v := newcomer(warned, ties("7", ""))
	given := append(make([]plan.Warning, 0, 8), v.Mapped.Warnings...)
	v.Mapped.Warnings = given
	if plan.Decide(v, with(func(*plan.Policy) {})); len(given[:2]) == 2 && given[:2][1].Code != "" {
		t.Errorf("the list of warnings that was given is written to: %+v", given[:2])
	}
}

// TestADigestStandsForWhatIsSent: the same data are refused again, other data are another
// action.
func TestADigestStandsForWhatIsSent(t *testing.T) {
	base := func() plan.Action {
		return plan.Action{Kind: plan.Update, User: plan.UserRef{ID: "00uANA"}, Employee: 7,
			Role:    &plan.RoleRef{ID: 3, Name: "Site"},
			Changes: []plan.Change{{Field: plan.City, Old: "Porto", New: "Lisboa"}}, Reason: "changed"}
	}
	first := base()
	for name, row := range map[string]struct {
		change func(*plan.Action)
		same   bool
	}{
		"nothing":          {func(*plan.Action) {}, true},
		"the reason":       {func(a *plan.Action) { a.Reason = "other" }, true},
		"what it replaces": {func(a *plan.Action) { a.Changes[0].Old = "Faro" }, true},
		"the kind":         {func(a *plan.Action) { a.Kind = plan.Reactivate }, false},
		"the employee":     {func(a *plan.Action) { a.Employee = 8 }, false},
		"the value":        {func(a *plan.Action) { a.Changes[0].New = "Faro" }, false},
		"the field":        {func(a *plan.Action) { a.Changes[0].Field = plan.State }, false},
		"one field more": {func(a *plan.Action) {
			a.Changes = append(a.Changes, plan.Change{Field: plan.State, New: "11"})
		}, false},
		"the role": {func(a *plan.Action) { a.Role = &plan.RoleRef{ID: 4, Name: "Site"} }, false},
		"its name": {func(a *plan.Action) { a.Role = &plan.RoleRef{ID: 3, Name: "Gate"} }, false},
		"no role":  {func(a *plan.Action) { a.Role = nil }, false},
	} {
		a := base()
		row.change(&a)
		if got := a.Digest() == first.Digest(); got != row.same {
			t.Errorf("%s changed: one action %v", name, got)
		}
	}
	v := anaValues()
	create := plan.Action{Kind: plan.Create, Want: &plan.Wanted{Values: v}}
	v[plan.JobTitle] = "Chief"
	other := plan.Action{Kind: plan.Create, Want: &plan.Wanted{Values: v}}
	if create.Digest() == other.Digest() || len(create.Digest()) != 16 {
		t.Errorf("creates of other data are %s and %s", create.Digest(), other.Digest())
	}
}

// TestAPersonIsNamedByWhatIsKnown: the login in Okta, else the last known one.
func TestAPersonIsNamedByWhatIsKnown(t *testing.T) {
	for name, row := range map[string]struct {
		login string
		link  *plan.Link
		want  string
	}{
		"the login":                      {"ana@new.example", anaLink(), "ana@new.example"},
		"Okta shows none: the last one":  {"", anaLink(), "ana@acme.example"},
		"Okta shows none, and no record": {"", nil, ""},
	} {
		v := &plan.View{Person: &plan.Person{ID: "00uANA", Login: row.login}, Link: row.link}
		if got := v.Ref(); got != (plan.UserRef{ID: "00uANA", Login: row.want}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

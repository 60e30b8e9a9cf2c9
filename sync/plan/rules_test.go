package plan_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// Rules that hold whatever else is true: of people by chance, with one thing changed.

// anybody is a person in any state, with an employee, matches and a configuration by chance.
func anybody(r *rand.Rand) facts {
	given := facts{pick(r, isManaged, isManaged, wasOurs, nothing)}
	isOurs := func(f fact) fact { // what only somebody managed has
		return func(v *plan.View, pol *plan.Policy) {
			if v.Link != nil {
				f(v, pol)
			}
		}
	}
	isNew := func(f fact) fact {
		return func(v *plan.View, pol *plan.Policy) {
			if v.Link == nil {
				f(v, pol)
			}
		}
	}
	choices := [][]fact{
		{nothing, nothing, userIs("DEPROVISIONED"), userIs("SUSPENDED"), userIs("STAGED"), userIs("ODD"),
			isOurs(lastDayIsOver)},
		{nothing, nothing, unassigned, isOurs(unassignedFor(time.Hour)), assignmentIs("REVOKED"), assignmentIs("INACTIVE"),
			assignmentIs("IMPORTED")},
		{nothing, isOurs(wasRead), isOurs(holds(plan.JobTitle, "Cook")), isOurs(employeeIs("TERMINATED")),
			isOurs(employeeIs("BANNED")), isOurs(employeeIs("INACTIVE")), isOurs(isGone)},
		{nothing, wants(plan.JobTitle, "Chief"), wants(plan.JobTitle, ""), viewHas(problem(plan.ProblemDuplicate)),
			viewHas(warned)},
		{nothing, isNew(findsBy(by(plan.Username, employee(7)))), isNew(findsBy(by(plan.Email, employee(8)))),
			isNew(findsBy(by(plan.Email, employee(7)), by(plan.Username, employee(8)))),
			isNew(findsBy(by(plan.Email, employee(7, status("INACTIVE"))))),
			isNew(findsBy(owned(by(plan.Email, employee(9)), "00uBEA", false)))},
		{nothing, isOurs(linkHas(func(l *plan.Link) { l.Restored = true })),
			isOurs(linkHas(func(l *plan.Link) { l.Kept = true })),
			isOurs(linkHas(func(l *plan.Link) { l.Doubtful = true }))},
		{nothing, nothing, startsOn("2026-04-01"), endedOn("2026-02-28"), viewHas(func(v *plan.View) { v.OutOfScope = true }),
			viewHas(func(v *plan.View) { v.ScopeError = "x" }), viewHas(func(v *plan.View) { v.Unread = "x" }),
			viewHas(func(v *plan.View) { v.Recreate = true }), viewHas(func(v *plan.View) { v.Stale = true }), evidence("")},
		{nothing, neverAdopts, keepsAdopted, reactivates, suspendedEnds, outOfScopeEnds, driftReports, graceOf(time.Hour)},
		{nothing, nothing, createsOff, updatesOff, deactivateOff, noRemovals, protects("ana@*"), ours},
	}
	for _, list := range choices {
		given = append(given, pick(r, list...))
	}
	return given
}

func nothing(*plan.View, *plan.Policy) {}

// always tries a rule about what one more fact changes.
func always(t *testing.T, more fact, broken func(before, after plan.Decision) string) {
	t.Helper()
	r := random(t)
	for range 1500 {
		given := anybody(r)
		before, _, _ := given.decided()
		after, _, _ := given.and(more).decided()
		if what := broken(before, after); what != "" {
			t.Fatalf("%s\nbefore %s\nafter  %s\n%s", what, outline(&before), outline(&after), sayings(&after))
		}
	}
}

func does(d *plan.Decision, kinds ...plan.Kind) bool {
	return slices.ContainsFunc(d.Actions, func(a plan.Action) bool { return slices.Contains(kinds, a.Kind) })
}

// TestWhatOnlyHoldsNeverMakesAnAction: each of these takes actions out of a plan, and puts
// none in.
func TestWhatOnlyHoldsNeverMakesAnAction(t *testing.T) {
	writes := []plan.Kind{plan.Create, plan.Update, plan.Adopt}
	for name, row := range map[string]struct {
		more fact
		ends []plan.Kind // what never happens with it
	}{
		"a protected name":        {protects("ana@*"), []plan.Kind{plan.Terminate, plan.Adopt}},
		"our own account":         {ours, nil},
		"create_users: false":     {createsOff, []plan.Kind{plan.Create, plan.Reactivate}},
		"update_users: false":     {updatesOff, []plan.Kind{plan.Update}},
		"deactivate_users: false": {deactivateOff, []plan.Kind{plan.Terminate}},
		"on_adopt: keep":          {keepsAdopted, nil},
		"drift: report":           {driftReports, nil},
		"a grace":                 {graceOf(1000 * time.Hour), nil},
		"no word on how it is":    {evidence(""), []plan.Kind{plan.Terminate}},
		"what cannot be searched": {viewHas(func(v *plan.View) { v.Unsearched = "x" }), []plan.Kind{plan.Create}},
		"what cannot be read":     {viewHas(func(v *plan.View) { v.Unread = "x" }), writes},
		"sync.scope that fails":   {viewHas(func(v *plan.View) { v.ScopeError = "x" }), writes},
		"a problem of the data":   {viewHas(problem(plan.ProblemInvalidValue)), writes},
		"a field only for creates": {configured(func(p *plan.Policy) {
			p.CreateOnly = p.CreateOnly.With(plan.JobTitle)
		}), nil},
		"being restored": {func(v *plan.View, _ *plan.Policy) {
			if v.Link != nil {
				v.Link.Restored = true
			}
		}, []plan.Kind{plan.Terminate}},
	} {
		t.Run(name, func(t *testing.T) {
			always(t, row.more, func(before, after plan.Decision) string {
				for _, a := range after.Actions {
					if !does(&before, a.Kind) {
						return "it makes a " + string(a.Kind)
					}
				}
				if does(&after, row.ends...) {
					return "in spite of it"
				}
				return ""
			})
		})
	}
}

// TestNothingIsEverDoneToTheEmployeeWhoseCredentialsWeUse, under any policy.
func TestNothingIsEverDoneToTheEmployeeWhoseCredentialsWeUse(t *testing.T) {
	for name, own := range map[string]fact{
		"by id":       ours,
		"by username": configured(func(p *plan.Policy) { p.OwnUsername = " ANA" }),
	} {
		always(t, own, func(_, after plan.Decision) string {
			for _, a := range after.Actions {
				if a.Employee == 7 {
					return name + ": " + string(a.Kind)
				}
			}
			return ""
		})
	}
}

// TestNoRemovalsEndsNobodyWhoIsNotEndedAlready.
func TestNoRemovalsEndsNobodyWhoIsNotEndedAlready(t *testing.T) {
	always(t, noRemovals, func(before, after plan.Decision) string {
		for _, a := range after.Actions {
			if a.Kind == plan.Terminate && !a.Found {
				return "somebody is terminated"
			}
		}
		if len(after.Actions) > len(before.Actions) {
			return "it makes an action"
		}
		return ""
	})
}

// TestTwoPlansOfOneWorldAreOne, and deciding changes nothing of what it is given.
func TestTwoPlansOfOneWorldAreOne(t *testing.T) {
	r := random(t)
	for range 2000 {
		given := anybody(r)
		first, v, pol := given.decided()
		before, err := json.Marshal([]any{v, pol})
		if err != nil {
			t.Fatal(err)
		}
		again := plan.Decide(v, pol)
		if after, _ := json.Marshal([]any{v, pol}); string(after) != string(before) {
			t.Fatalf("deciding changed what it was given:\n%s\n%s", before, after)
		}
		if outline(&first) != outline(&again) || sayings(&first) != sayings(&again) {
			t.Fatalf("decided %s, and then %s", outline(&first), outline(&again))
		}
	}
}

// TestWhoeverIsNamedGetsOneAnswer: an action, a held one or a problem carries the person, and
// its reason one code.
func TestWhoeverIsNamedGetsOneAnswer(t *testing.T) {
	r := random(t)
	for range 1500 {
		d, v, _ := anybody(r).decided()
		for i := range d.Held {
			if h := &d.Held[i]; h.Code() == "" || h.User != v.Ref() {
				t.Fatalf("held is %+v", h)
			}
		}
		for i := range d.Actions {
			if a := &d.Actions[i]; a.User != v.Ref() || a.Reason == "" || (a.Kind == plan.Create) != (a.Employee == 0) {
				t.Fatalf("done is %+v", a)
			}
		}
		for _, p := range d.Problems {
			if p.Code == "" || p.Message == "" || p.User.ID != v.Person.ID {
				t.Fatalf("a problem is %+v", p)
			}
		}
		if d.Note != nil && (v.Link == nil || d.Note.Employee != v.Link.Employee || d.Note.Person != v.Link.Person) {
			t.Fatalf("noted is %+v of %+v", d.Note, v.Link)
		}
		pair := len(d.Actions) == 2 && d.Actions[0].Kind == plan.Adopt && d.Actions[1].Kind == plan.Update
		if len(d.Actions) > 1 && !pair {
			t.Fatalf("decided %s", outline(&d))
		}
	}
}

// TestAMissingReadingNeverEndsAnybody: what TrackTik shows may spare somebody, and ends nobody
// whom Okta does not end.
func TestAMissingReadingNeverEndsAnybody(t *testing.T) {
	unread := viewHas(func(v *plan.View) { v.Employee, v.Gone, v.Fresh = nil, false, false })
	always(t, unread, func(before, after plan.Decision) string {
		ends := func(d *plan.Decision) bool {
			return does(d, plan.Terminate) || slices.ContainsFunc(d.Held,
				func(h plan.Held) bool { return h.Kind == plan.Terminate })
		}
		if ends(&after) && !ends(&before) && len(before.Held)+len(before.Problems) == 0 {
			return "less is known, and somebody is ended"
		}
		return ""
	})
}

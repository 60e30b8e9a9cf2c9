package decide_test

import (
	"fmt"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// none allows no action of these kinds.
func none(kinds ...plan.Kind) plan.GuardInput {
	limits := plan.Limits{Kinds: map[plan.Kind]plan.Limit{}}
	for _, kind := range kinds {
		limits.Kinds[kind] = plan.Limit{MaxPercent: -1, MaxPerDay: -1}
	}
	return plan.GuardInput{Limits: limits, Command: "tracktik-sync sync"}
}

// approved says that these actions are.
func approved(in plan.GuardInput, actions ...plan.Action) plan.GuardInput {
	var set []plan.ActionRef
	for i := range actions {
		set = append(set, actions[i].Bound())
	}
	in.Approved = append(in.Approved, set)
	return in
}

// pair is one half of a replacement.
func pair(kind plan.Kind, id plan.PersonID, role plan.RoleID) plan.Action {
	a := about(kind, id, 1)
	a.Role, a.Replaces = &plan.RoleRef{ID: role, Group: "g"}, true
	return a
}

// TestWhatAGuardRefusesWaits, and what a refusal lets go on goes on.
func TestWhatAGuardRefusesWaits(t *testing.T) {
	leaver, update, create := about(plan.Terminate, "00u1", 1), about(plan.Update, "00u2", 2),
		about(plan.Create, "00u3", 0)
	adopt, update4 := about(plan.Adopt, "00u4", 4), about(plan.Update, "00u4", 4)
	grant, revoke := pair(plan.GrantRole, "00u5", 8), pair(plan.RevokeRole, "00u5", 9)
	all := []plan.Action{adopt, leaver, update, update4, create, grant, revoke}
	for sentence, c := range map[string]struct {
		in         plan.GuardInput
		settings   []func(*setting)
		done, held string
	}{
		"nothing is refused": {none(), nil,
			"adopt 00u4, terminate 00u1, update 00u2, update 00u4, create 00u3, grant_role 00u5/8, revoke_role 00u5/9", ""},
		"a refused termination holds its kind, and the rest goes on": {none(plan.Terminate), nil,
			"adopt 00u4, update 00u2, update 00u4, create 00u3, grant_role 00u5/8, revoke_role 00u5/9", "terminate 00u1 guard"},
		"half of a pair is not refused with the revokes": {none(plan.RevokeRole), nil,
			"adopt 00u4, terminate 00u1, update 00u2, update 00u4, create 00u3, grant_role 00u5/8, revoke_role 00u5/9", ""},
		"a refused create stops everything": {none(plan.Create), nil, "", "adopt 00u4 guard, terminate 00u1 guard, " +
			"update 00u2 guard, update 00u4 guard, create 00u3 guard, grant_role 00u5/8 guard, revoke_role 00u5/9 guard"},
		"while observing it stops nothing but itself": {none(plan.Create), []func(*setting){observing},
			"adopt 00u4, terminate 00u1, update 00u2, update 00u4, grant_role 00u5/8, revoke_role 00u5/9", "create 00u3 guard"},
		"what is approved passes while everything else stops": {approved(none(plan.Create, plan.Terminate), leaver), nil,
			"terminate 00u1", "adopt 00u4 guard, update 00u2 guard, update 00u4 guard, create 00u3 guard, " +
				"grant_role 00u5/8 guard, revoke_role 00u5/9 guard"},
		"an adoption goes with the approved update that rests on it": {approved(none(plan.Update), update4), nil,
			"adopt 00u4, update 00u4", "terminate 00u1 guard, update 00u2 guard, create 00u3 guard, grant_role 00u5/8 guard, " +
				"revoke_role 00u5/9 guard"},
		"an approved grant does not part a pair": {approved(none(plan.Create), grant), nil, "", "adopt 00u4 guard, " +
			"terminate 00u1 guard, update 00u2 guard, update 00u4 guard, create 00u3 guard, grant_role 00u5/8 guard, " +
			"revoke_role 00u5/9 guard"},
	} {
		w := newWorld(t, c.settings...)
		actions := append([]plan.Action{}, all...)
		checked := plan.Check(actions, c.in)
		done, held := w.guard.Judge(&checked, actions, nil, "tracktik-sync sync")
		expect(t, sentence+", done", told(done), c.done)
		expect(t, sentence+", held", toldHeld(held), c.held)
	}
}

// TestWhatIsHeldSaysWhetherItsOwnGuardOrAnotherRefused.
func TestWhatIsHeldSaysWhetherItsOwnGuardOrAnotherRefused(t *testing.T) {
	w := newWorld(t)
	actions := []plan.Action{about(plan.Update, "00u1", 1), about(plan.Create, "00u2", 0)}
	checked := plan.Check(actions, none(plan.Create))
	_, held := w.guard.Judge(&checked, actions, []plan.Held{{Action: about(plan.Update, "00u0", 9), Why: "suspended: x"}},
		"x")
	expect(t, "held", toldHeld(held), "update 00u0 suspended, update 00u1 guard, create 00u2 guard")
	expect(t, "of the update", held[1].Why, "guard: a refusal stops what is not approved; see the refusal")
	expect(t, "of the create", held[2].Why, "guard: more than guard.create allows; see the refusal")
}

// TestANameThatIsNotGivenFreeIsNotTaken: whoever waits for it waits on, with what belongs to
// them, and it says for whom.
func TestANameThatIsNotGivenFreeIsNotTaken(t *testing.T) {
	owner := func(id plan.PersonID) map[plan.PersonID][]plan.PersonID {
		return map[plan.PersonID][]plan.PersonID{"00u2": {id}}
	}
	grant := about(plan.GrantRole, "00u2", 0)
	grant.Role = &plan.RoleRef{ID: 5}
	revoke := revokeOf("00u2")
	half := pair(plan.RevokeRole, "00u2", 7)
	for sentence, c := range map[string]struct {
		in       plan.GuardInput
		taker    []plan.Action
		gives    plan.Action // how the owner gives it free
		freed    bool        // by a termination
		refused  bool        // TrackTik refused the owner's update before
		doubtful bool        // whose employee the owner's is cannot be told
		done     string
		held     string
	}{
		"it is given free by an update": {none(), []plan.Action{about(plan.Create, "00u2", 0), grant},
			about(plan.Update, "00u1", 1), false, false, false, "update 00u1, create 00u2, grant_role 00u2/5", ""},
		"the update is refused": {none(plan.Update), []plan.Action{about(plan.Create, "00u2", 0), grant},
			about(plan.Update, "00u1", 1), false, false, false, "",
			"update 00u1 guard, create 00u2 guard, grant_role 00u2/5 guard"},
		"the termination is refused": {none(plan.Terminate), []plan.Action{about(plan.Create, "00u2", 0), grant},
			about(plan.Terminate, "00u1", 1), true, false, false, "",
			"terminate 00u1 guard, create 00u2 guard, grant_role 00u2/5 guard"},
		"the termination goes through": {none(plan.RevokeRole), []plan.Action{about(plan.Create, "00u2", 0)},
			about(plan.Terminate, "00u1", 1), true, false, false, "terminate 00u1, create 00u2", ""},
		"a reactivation waits, too": {none(plan.Terminate), []plan.Action{about(plan.Reactivate, "00u2", 2)},
			about(plan.Terminate, "00u1", 1), true, false, false, "", "terminate 00u1 guard, reactivate 00u2 guard"},
		"an update waits, too": {none(plan.Terminate), []plan.Action{about(plan.Update, "00u2", 2)},
			about(plan.Terminate, "00u1", 1), true, false, false, "", "terminate 00u1 guard, update 00u2 guard"},
		"a revoke of theirs goes on": {none(plan.Terminate), []plan.Action{about(plan.Create, "00u2", 0), revoke},
			about(plan.Terminate, "00u1", 1), true, false, false, "revoke_role 00u2/6",
			"terminate 00u1 guard, create 00u2 guard"},
		"half of a pair of theirs waits": {none(plan.Terminate), []plan.Action{half}, about(plan.Terminate, "00u1", 1),
			true, false, false, "", "terminate 00u1 guard, revoke_role 00u2/7 guard"},
		"their own end goes on": {none(plan.Update), []plan.Action{about(plan.Terminate, "00u2", 2)},
			about(plan.Update, "00u1", 1), false, false, false, "", "update 00u1 guard, terminate 00u2 guard"},
		"the update was refused before": {none(), []plan.Action{about(plan.Create, "00u2", 0)}, plan.Action{}, false, true,
			false, "", "create 00u2 pending"},
		"the owner may be somebody else": {none(), []plan.Action{about(plan.Create, "00u2", 0)}, plan.Action{}, true, false,
			true, "", "create 00u2 doubtful_match"},
		"the update was refused before, and is tried again": {none(), []plan.Action{about(plan.Create, "00u2", 0)},
			about(plan.Update, "00u1", 1), false, true, false, "update 00u1, create 00u2", ""},
		"the update was refused before, and a role is granted": {none(), []plan.Action{about(plan.Create, "00u2", 0)},
			about(plan.Reactivate, "00u1", 1), false, true, false, "reactivate 00u1", "create 00u2 pending"},
		"a refused revoke of the owner's keeps no name": {none(plan.RevokeRole), []plan.Action{about(plan.Create, "00u2", 0)},
			revokeOf("00u1"), false, false, false, "create 00u2", "revoke_role 00u1/6 guard"},
		"the owner has nothing to do yet": {none(), []plan.Action{about(plan.Create, "00u2", 0)}, plan.Action{}, false,
			false, false, "create 00u2", ""},
	} {
		w := newWorld(t)
		s := w.person("00u1", managedAs(1))
		w.person("00u2")
		if c.refused {
			s.Decision.Problems = []plan.Problem{{Code: plan.ProblemRefused}}
		}
		if c.doubtful {
			s.Decision.Held = []plan.Held{{Why: plan.HeldDoubtfulMatch + ": x"}}
		}
		if w.Names.After = owner("00u1"); c.freed {
			w.Names.After, w.Names.Freed = nil, owner("00u1")
		}
		var actions []plan.Action
		if c.gives.Kind != "" {
			actions = append(actions, c.gives)
		}
		actions = append(actions, c.taker...)
		checked := plan.Check(actions, c.in)
		done, held := w.guard.Judge(&checked, actions, nil, "x")
		expect(t, sentence+", done", told(done), c.done)
		expect(t, sentence+", held", toldHeld(held), c.held)
		for _, h := range held {
			if h.Kind == plan.Create && h.Code() != plan.HeldGuard && !strings.Contains(h.Why,
				"waits for user 00u1, who has the name") {
				t.Errorf("%s: it says %s", sentence, h.Why)
			}
		}
	}
}

// revokeOf takes role 6 from somebody.
func revokeOf(id plan.PersonID) plan.Action {
	a := about(plan.RevokeRole, id, 1)
	a.Role = &plan.RoleRef{ID: 6}
	return a
}

// TestWhileObservingANameThatIsNotGivenFreeIsShownSo, and only that one.
func TestWhileObservingANameThatIsNotGivenFreeIsShownSo(t *testing.T) {
	w := newWorld(t, observing)
	for i := range 4 {
		w.person(plan.PersonID(fmt.Sprint("00u", i+1)))
	}
	w.Names.After = map[plan.PersonID][]plan.PersonID{"00u2": {"00u1", "00uBY"}}
	w.Names.Freed = map[plan.PersonID][]plan.PersonID{"00u4": {"00u3", "00uBY"}} // the last is not of this run
	actions := []plan.Action{about(plan.Terminate, "00u3", 3), about(plan.Update, "00u1", 1),
		about(plan.Create, "00u2", 0),
		about(plan.Create, "00u4", 0)}
	checked := plan.Check(actions, none(plan.Update))
	done, held := w.guard.Judge(&checked, actions, nil, "x")
	expect(t, "done", told(done), "terminate 00u3, create 00u4")
	expect(t, "held", toldHeld(held), "update 00u1 guard, create 00u2 guard")
	expect(t, "why", held[1].Why, "guard: waits for user 00u1, who has the name and keeps it in this run")
}

// TestPeopleWhomOktaSuddenlyDoesNotKnowCanBeApproved, all of them with one hash.
func TestPeopleWhomOktaSuddenlyDoesNotKnowCanBeApproved(t *testing.T) {
	invisible := func(id plan.PersonID, employee plan.EmployeeID) plan.Held {
		return plan.Held{Action: about(plan.Terminate, id, employee),
			Why: plan.HeldNotVisible + ": Okta does not know 4 people any more"}
	}
	other := plan.Held{Action: about(plan.Terminate, "00u9", 9), Why: plan.HeldUnconfirmed + ": x"}
	for managed, limit := range map[int]float64{0: 3, 399: 3, 400: 4} {
		w := newWorld(t)
		w.People.Managed = managed
		checked := plan.Check(nil, none())
		held := []plan.Held{invisible("00u1", 1), other, invisible("00u2", 2)}
		w.guard.Judge(&checked, nil, held, "tracktik-sync sync --refresh")
		if checked.Report.OK || len(checked.Report.Refusals) != 1 || checked.Stops {
			t.Fatalf("of %d managed: %+v", managed, checked.Report)
		}
		r := checked.Report.Refusals[0]
		set := checked.Sets[r.Approve]
		want := []plan.ActionRef{{Kind: plan.Terminate, Person: "00u1", Employee: 1},
			{Kind: plan.Terminate, Person: "00u2", Employee: 2}}
		if fmt.Sprint(set) != fmt.Sprint(want) || r.Approve != plan.HashRefs(want) || r.Count != 2 || r.Limit != limit {
			t.Errorf("of %d managed: %+v names %v", managed, r, set)
		}
		expect(t, "it says", r.Message,
			"guard refused: not_visible: Okta does not know 4 people any more; the rest goes on; to "+
				"terminate exactly these, once, within 24 hours: tracktik-sync sync --refresh --approve "+r.Approve)
	}
	w := newWorld(t)
	checked := plan.Check(nil, none())
	w.guard.Judge(&checked, nil, []plan.Held{other}, "x")
	if !checked.Report.OK || len(checked.Sets) > 0 {
		t.Errorf("nobody is missing: %+v", checked.Report)
	}
}

// TestAllDecisionsComeTogetherInTheOrderOfAPlan, and each problem once.
func TestAllDecisionsComeTogetherInTheOrderOfAPlan(t *testing.T) {
	for _, scope := range [][]func(*setting){nil, {onlyFor("00u1")}} {
		w := newWorld(t, scope...)
		w.Roles.OfGroups.Actions = []plan.Action{{Kind: plan.CreateRole, Role: &plan.RoleRef{Group: "g1"}}}
		w.Roles.OfGroups.Held, w.Roles.OfGroups.Problems = []plan.Held{{Why: "a"}}, []plan.Problem{{Code: "a"}}
		w.Together = plan.Decision{Actions: []plan.Action{about(plan.GrantRole, "00u1", 1)},
			Held:     []plan.Held{{Why: "c"}},
			Problems: []plan.Problem{{Code: "c"}}, Warnings: []plan.Warning{{Code: "c"}}}
		w.person("00u2").Decision = plan.Decision{Actions: []plan.Action{about(plan.Terminate, "00u2", 2)}}
		w.person("00u1").Decision = plan.Decision{Actions: []plan.Action{about(plan.Create, "00u1", 0)},
			Held:     []plan.Held{{Why: "b"}},
			Problems: []plan.Problem{{Code: "b"}}, Warnings: []plan.Warning{{Code: "b"}}}
		of := func(id plan.PersonID) plan.Problem { return plan.Problem{Code: "stuck", User: plan.UserRef{ID: id}} }
		w.Stuck = []plan.Problem{of("00u1"), of("00u2"), of("00u3")}
		actions, held, problems, warnings := w.guard.Everything()
		expect(t, "done", told(actions), "create_role /0, terminate 00u2, create 00u1, grant_role 00u1")
		expect(t, "held", fmt.Sprint(len(held), held[0].Why, held[1].Why, held[2].Why), "3abc")
		var codes []string
		for _, p := range problems {
			codes = append(codes, strings.TrimSpace(p.Code+" "+string(p.User.ID)))
		}
		want := "a, b, c, stuck 00u2, stuck 00u3" // 00u1 gets an employee by this very plan
		if scope != nil {
			want = "a, b, c, stuck 00u2" // the run is not about 00u3
		}
		expect(t, "problems", strings.Join(codes, ", "), want)
		expect(t, "warnings", fmt.Sprint(len(warnings), warnings[0].Code, warnings[1].Code), "2cb")
	}
}

func problematic(s *read.Subject) { s.Decision.Problems = []plan.Problem{{Code: plan.ProblemRefused}} }
func strange(s *read.Subject)     { s.Decision.Warnings = []plan.Warning{{Code: plan.WarningInvalidValue}} }

// TestWhoIsLookedAtAgainWithoutAChangeInOkta: those with anything left to do or to show, but
// for those who only wait for their day.
func TestWhoIsLookedAtAgainWithoutAChangeInOkta(t *testing.T) {
	held := func(kind plan.Kind, code string) func(*read.Subject) {
		return func(s *read.Subject) {
			s.Decision.Held = append(s.Decision.Held, plan.Held{Action: about(kind, "00u1", 0), Why: code + ": x"})
		}
	}
	for sentence, c := range map[string]struct {
		who  []func(*read.Subject)
		open bool
	}{
		"somebody in order":               {nil, false},
		"managed, and in order":           {[]func(*read.Subject){managedAs(1)}, false},
		"something is held":               {[]func(*read.Subject){held(plan.Update, plan.HeldSwitchedOff)}, true},
		"a problem":                       {[]func(*read.Subject){problematic}, true},
		"a warning":                       {[]func(*read.Subject){strange}, true},
		"a create that waits for its day": {[]func(*read.Subject){held(plan.Create, plan.HeldNotStarted)}, false},
		"a create whose day is over":      {[]func(*read.Subject){held(plan.Create, plan.HeldEnded)}, false},
		"a termination of who has ended":  {[]func(*read.Subject){held(plan.Terminate, plan.HeldEnded)}, true},
		"a create that waits for its day, and not only": {[]func(*read.Subject){held(plan.Create, plan.HeldNotStarted),
			held(plan.Create, plan.HeldPending)}, true},
		"a create that is switched off": {[]func(*read.Subject){held(plan.Create, plan.HeldSwitchedOff)}, true},
		"on hold":                       {[]func(*read.Subject){judged(plan.Hold, "suspended: x")}, true},
		"in doubt":                      {[]func(*read.Subject){judged(plan.Doubt, "x")}, true},
		"staged, and managed":           {[]func(*read.Subject){managedAs(1), judged(plan.Wait, "x")}, true},
		"staged, and new":               {[]func(*read.Subject){judged(plan.Wait, "x")}, true},
		"assigned no more, and managed": {[]func(*read.Subject){managedAs(1), judged(plan.Ignore, "x")}, true},
		"assigned no more, and new":     {[]func(*read.Subject){judged(plan.Ignore, "x")}, true},
		"whose scope could not be judged": {[]func(*read.Subject){func(s *read.Subject) { s.ScopeErr = "no such key" }},
			true},
	} {
		w := newWorld(t)
		s := w.person("00u1", c.who...)
		if w.guard.MarkOpen(nil); s.Open != c.open {
			t.Errorf("%s: looked at again is %v", sentence, s.Open)
		}
	}
	regrouped := newWorld(t)
	regrouped.Regrouped = map[plan.PersonID]bool{"00u1": true}
	s := regrouped.person("00u1")
	if regrouped.guard.MarkOpen(nil); !s.Open {
		t.Error("whom the members on record put into other groups is not looked at again")
	}
	w := newWorld(t)
	shown, waits := w.person("00u1"), w.person("00u2")
	w.guard.MarkOpen([]plan.Held{{Action: about(plan.GrantRole, "00u1", 1), Why: "guard: x"},
		{Action: about(plan.Create, "00u2", 0),
			Why: plan.HeldNotStarted + ": 2026-04-01"}, {Action: about(plan.Update, "00u9", 9), Why: "guard: x"}})
	if !shown.Open || waits.Open {
		t.Errorf("who is shown is open: %v; who waits for a day: %v", shown.Open, waits.Open)
	}
}

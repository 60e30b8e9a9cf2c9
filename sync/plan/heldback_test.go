package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// strangersValues are those of an employee who agrees with ana in nothing.
func strangersValues() plan.Values {
	return plan.Values{plan.Username: "zoe", plan.FirstName: "Zoe", plan.LastName: "Quinn", plan.Email: "zoe@acme.example", plan.JobTitle: "Guard"}
}

// TestAnEmployeeWhoAgreesInNothingIsLeftAloneAfterARestore has a row for each name by which
// an employee proves a link, and for each in which they are somebody else.
func TestAnEmployeeWhoAgreesInNothingIsLeftAloneAfterARestore(t *testing.T) {
	agrees := map[string]func(*plan.View, *plan.Values){
		"in nothing":              func(*plan.View, *plan.Values) {},
		"in the first name alone": func(_ *plan.View, e *plan.Values) { e[plan.FirstName] = "Ana" },
		"in the last name alone":  func(_ *plan.View, e *plan.Values) { e[plan.LastName] = "Silva" },
		"in the user name":        func(_ *plan.View, e *plan.Values) { e[plan.Username] = "ANA" },
		"in the e-mail":           func(_ *plan.View, e *plan.Values) { e[plan.Email] = "Ana@Acme.example" },
		"in both names":           func(_ *plan.View, e *plan.Values) { e[plan.FirstName], e[plan.LastName] = "ana", "SILVA" },
		"in what tracktik made of the user name": func(v *plan.View, e *plan.Values) {
			v.Link.Answered[plan.Username], e[plan.Username] = "ana.1", "ana.1"
		},
		"in the e-mail that okta has now": func(v *plan.View, e *plan.Values) {
			v.Person.Email, e[plan.Email] = "new@acme.example", "new@acme.example"
		},
	}
	doubt := []string{"in nothing", "in the first name alone", "in the last name alone"}
	for name, change := range agrees {
		for _, left := range []bool{false, true} {
			for _, when := range []string{"restored", "doubted before", "an ordinary run"} {
				t.Run(fmt.Sprintf("agrees %s, left %v, %s", name, left, when), func(t *testing.T) {
					values := strangersValues()
					v := managed(func(v *plan.View) {
						change(v, &values)
						v.Employee = &plan.Employee{ID: 7, Status: "ACTIVE", Values: values, Has: everything}
						v.Stale, v.Link.Doubtful, v.Fresh = when == "restored", when == "doubted before", true
						if left {
							v.Person.Status = "DEPROVISIONED"
						}
					})
					d := plan.Decide(v, with(func(*plan.Policy) {}))
					held := slices.ContainsFunc(d.Held, func(h plan.Held) bool { return h.Code() == plan.HeldDoubtfulMatch })
					want := slices.Contains(doubt, name) && when != "an ordinary run"
					if held != want {
						t.Errorf("held as doubtful: %v, want %v: %s", held, want, outline(&d))
					}
					if want && len(d.Actions) > 0 {
						t.Errorf("somebody else may be changed: %s", outline(&d))
					}
					if left && !want && (len(d.Actions) != 1 || d.Actions[0].Kind != plan.Terminate) {
						t.Errorf("a leaver keeps their employee: %s", outline(&d))
					}
				})
			}
		}
	}
}

// TestWrongClocksEndNobody shows that of a decision only the terminations wait.
func TestWrongClocksEndNobody(t *testing.T) {
	d := plan.Decision{Actions: []plan.Action{{Kind: plan.Update, Employee: 1}, {Kind: plan.Terminate, Employee: 2},
		{Kind: plan.RevokeRole, Employee: 3}, {Kind: plan.Terminate, Employee: 4}}}
	d.HoldTerminations(plan.WhyClocksApart)
	if len(d.Actions) != 2 || d.Actions[0].Employee != 1 || d.Actions[1].Employee != 3 {
		t.Errorf("the rest goes on as %+v", d.Actions)
	}
	if len(d.Held) != 2 || d.Held[0].Employee != 2 || d.Held[1].Employee != 4 || d.Held[0].Code() != plan.HeldClock {
		t.Errorf("held are %+v", d.Held)
	}
}

// TestTheEmployeeWhoseCredentialsAreUsedIsSparedLate shows that whoever learns of them only
// after the decision takes nothing but their actions out of it.
func TestTheEmployeeWhoseCredentialsAreUsedIsSparedLate(t *testing.T) {
	for _, kind := range []plan.Kind{plan.Adopt, plan.Update, plan.Terminate, plan.Reactivate, plan.GrantRole, plan.RevokeRole} {
		d := plan.Decision{Actions: []plan.Action{{Kind: kind, Employee: 42}, {Kind: kind, Employee: 43}}}
		d.Spare(with(func(p *plan.Policy) { p.Own = 42 }))
		if len(d.Actions) != 1 || d.Actions[0].Employee != 43 || len(d.Held) != 1 || d.Held[0].Employee != 42 || d.Held[0].Code() != plan.HeldProtected {
			t.Errorf("%s: %s", kind, outline(&d))
		}
	}
}

// TestSomebodyWhoseLastDayIsOverIsTakenOverAndGetsNothing has a row for each key that finds
// an employee of somebody whose employment is over.
func TestSomebodyWhoseLastDayIsOverIsTakenOverAndGetsNothing(t *testing.T) {
	for _, key := range []plan.Field{plan.Username, plan.Email, plan.CustomID} {
		values := anaValues()
		values[plan.JobTitle] = "Chief"
		v := newcomer(func(v *plan.View) {
			v.Dates, v.Ended = plan.Dates{End: "2026-01-31"}, true
			v.Matches = []plan.Match{{Key: key, Employee: plan.Employee{ID: 9, Status: "ACTIVE", Values: values, Has: everything}}}
		})
		d := plan.Decide(v, with(func(*plan.Policy) {}))
		if len(d.Actions) != 1 || d.Actions[0].Kind != plan.Adopt || d.Actions[0].Employee != 9 {
			t.Errorf("found by %s: %s", key, outline(&d))
		}
		if len(d.Held) != 1 || d.Held[0].Kind != plan.Terminate || d.Held[0].Employee != 9 || d.Held[0].Code() != plan.HeldEnded {
			t.Errorf("found by %s, what comes is %s", key, outline(&d))
		}
	}
}

// TestAFewMayBeDeletedAtOnce is max(3, 1 % of the managed).
func TestAFewMayBeDeletedAtOnce(t *testing.T) {
	for managed, want := range map[int]int{0: 3, 1: 3, 299: 3, 300: 3, 399: 3, 400: 4, 499: 4, 1000: 10, 100_000: 1000} {
		if few := plan.FewDeleted(managed); few != want {
			t.Errorf("of %d people %d may be deleted at once, want %d", managed, few, want)
		}
	}
}

// TestOneCustomIDIsOnePersons has a row for each way in which several want one custom id:
// who has it keeps it, else the only managed one, else nobody.
func TestOneCustomIDIsOnePersons(t *testing.T) {
	type wish struct {
		managed bool
		former  string
	}
	for name, row := range map[string]struct {
		wishes []wish
		gets   int // the place of who gets it; -1: nobody
	}{
		"two new people":                          {[]wish{{}, {}}, -1},
		"a new one and a managed one":             {[]wish{{}, {managed: true}}, 1},
		"two managed ones, neither has it":        {[]wish{{managed: true}, {managed: true, former: "g-2"}}, -1},
		"two managed ones, the first has it":      {[]wish{{managed: true, former: "g-1"}, {managed: true}}, 0},
		"a new one, and a managed one who has it": {[]wish{{}, {managed: true, former: "g-1"}}, 1},
		"three, one of them has it":               {[]wish{{managed: true}, {managed: true, former: "g-1"}, {}}, 1},
		"one alone":                               {[]wish{{}}, 0},
	} {
		var claims []plan.Claim
		for i, w := range row.wishes {
			id := fmt.Sprintf("00u%d", i)
			claims = append(claims, plan.Claim{Person: plan.PersonID(id), User: plan.UserRef{ID: plan.PersonID(id)}, Username: "user" + id, Email: id + "@acme.example",
				Managed: w.managed, CustomID: "g-1", FormerID: w.former})
		}
		names := plan.ResolveNames(claims, plan.Owners{})
		for i, c := range claims {
			p, problem := names.Problems[c.Person]
			if problem == (i == row.gets) || problem && p.Code != plan.ProblemDuplicate {
				t.Errorf("%s: number %d has the problem %+v", name, i, p)
			}
		}
	}
}

// TestALagIsFromOktasWordToTheOutcome counts only terminations that were done by us, and of
// which Okta said since when.
func TestALagIsFromOktasWordToTheOutcome(t *testing.T) {
	told := now.Add(-time.Hour)
	done := func(after time.Duration) plan.Audit {
		return plan.Audit{Kind: string(plan.Terminate), Outcome: plan.Done, Told: told, Time: told.Add(after)}
	}
	other := func(change func(*plan.Audit)) plan.Audit {
		a := done(24 * time.Hour)
		change(&a)
		return a
	}
	uncounted := []plan.Audit{
		other(func(a *plan.Audit) { a.Kind = string(plan.RevokeRole) }),
		other(func(a *plan.Audit) { a.Outcome = plan.Found }),
		other(func(a *plan.Audit) { a.Outcome = plan.Failed }),
		other(func(a *plan.Audit) { a.Outcome = plan.Would }),
		other(func(a *plan.Audit) { a.Told = time.Time{} }),
	}
	for name, row := range map[string]struct {
		entries []plan.Audit
		want    plan.Lag
	}{
		"nobody":             {nil, plan.Lag{}},
		"what is not a wait": {uncounted, plan.Lag{}},
		"one":                {append(uncounted, done(time.Minute)), plan.Lag{Count: 1, Median: time.Minute, Longest: time.Minute}},
		"two, the shorter is the median": {[]plan.Audit{done(3 * time.Minute), done(time.Minute)},
			plan.Lag{Count: 2, Median: time.Minute, Longest: 3 * time.Minute}},
		"three": {[]plan.Audit{done(9 * time.Minute), done(time.Minute), done(2 * time.Minute)},
			plan.Lag{Count: 3, Median: 2 * time.Minute, Longest: 9 * time.Minute}},
		"a clock that runs behind": {[]plan.Audit{done(-time.Minute)}, plan.Lag{Count: 1}},
	} {
		if got := plan.LagOf(row.entries); got != row.want {
			t.Errorf("%s: %+v, want %+v", name, got, row.want)
		}
	}
}

// TestADayBeginsInTheEastAndEndsInTheWest holds what may be so to what is so in some zone of
// the world, hour by hour.
func TestADayBeginsInTheEastAndEndsInTheWest(t *testing.T) {
	const day = plan.Day("2026-03-02")
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for hour := -60; hour <= 60; hour++ {
		at := noon.Add(time.Duration(hour) * time.Hour)
		begunSomewhere, overSomewhere, overEverywhere := false, false, true
		for offset := -12; offset <= 14; offset++ {
			zone := time.FixedZone("", offset*60*60)
			begunSomewhere = begunSomewhere || day.Begun(0, at, zone)
			overSomewhere = overSomewhere || day.Over(at, zone)
			overEverywhere = overEverywhere && day.Over(at, zone)
		}
		if got := day.MayHaveBegun(0, at); got != begunSomewhere {
			t.Errorf("%s: may have begun: %v, want %v", at, got, begunSomewhere)
		}
		if got := day.MayBeOver(at); got != overSomewhere {
			t.Errorf("%s: may be over: %v, want %v", at, got, overSomewhere)
		}
		if got := day.IsOver(at); got != overEverywhere {
			t.Errorf("%s: is over everywhere: %v, want %v", at, got, overEverywhere)
		}
		if early := day.MayHaveBegun(48*time.Hour, at.Add(-48*time.Hour)); early != begunSomewhere {
			t.Errorf("%s: a lead of two days makes it %v", at, early)
		}
	}
}

// TestWhatTheGuardsHoldHasAHashOfItsOwn shows what a saved plan is bound to beside what is
// due: the actions that an approval would let go on, and nothing else that is held.
func TestWhatTheGuardsHoldHasAHashOfItsOwn(t *testing.T) {
	guarded := func(id plan.EmployeeID) plan.Held {
		return plan.Held{Action: plan.Action{Kind: plan.Terminate, Employee: id, User: plan.UserRef{ID: plan.PersonID(fmt.Sprint("00u", id))}}, Why: plan.HeldGuard + ": more than guard.terminate allows"}
	}
	other := guarded(9)
	other.Why = plan.HeldSuspended + ": SUSPENDED in Okta"
	doc := func(held ...plan.Held) string { return (&plan.Document{Held: held}).GuardHash() }
	base := doc(guarded(1), guarded(2))
	if got := doc(guarded(1), other, guarded(2)); got != base {
		t.Errorf("what no approval lets pass changes the hash: %s, not %s", got, base)
	}
	renamed := guarded(1)
	renamed.User.Login, renamed.User.Name = "ana@acme.example", "Ana Silva"
	if got := doc(renamed, guarded(2)); got != base {
		t.Errorf("how somebody is called changes the hash: %s, not %s", got, base)
	}
	for name, got := range map[string]string{"one less": doc(guarded(1)), "one more": doc(guarded(1), guarded(2), guarded(3)), "another one": doc(guarded(1), guarded(3)), "none": doc()} {
		if got == base {
			t.Errorf("%s has the same hash", name)
		}
	}
}

// TestWhoHoldsNoRoleIsCountedAndSomeAreNamed bounds the warning, however many they are.
func TestWhoHoldsNoRoleIsCountedAndSomeAreNamed(t *testing.T) {
	if w := plan.NoRole(nil); w != nil {
		t.Errorf("nobody is warned of as %+v", w)
	}
	logins := make([]string, plan.NamedRoleless+5)
	for i := range logins {
		logins[i] = fmt.Sprintf("g%03d@acme.example", i)
	}
	for n, want := range map[int]string{
		1:                      "1 person holds no role, as far as is known, and TrackTik shows them nothing: g000@acme.example; ",
		2:                      "2 people hold no role, as far as is known, and TrackTik shows them nothing: g000@acme.example, g001@acme.example; ",
		plan.NamedRoleless + 5: fmt.Sprintf("%d people hold no role", plan.NamedRoleless+5),
	} {
		w := plan.NoRole(logins[:n])
		if w == nil || w.Code != plan.WarningNoRole || len(w.Message) < len(want) || w.Message[:len(want)] != want {
			t.Errorf("%d people are warned of as %+v", n, w)
		}
	}
	if w := plan.NoRole(logins); !strings.Contains(w.Message, " and 5 more; ") || strings.Contains(w.Message, logins[plan.NamedRoleless]) {
		t.Errorf("too many are named: %s", w.Message)
	}
}

package sync_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// newTiedWorld is a world in which external ids are believed.
func newTiedWorld(t testing.TB) *world {
	w := newWorld(t)
	w.policy.MatchExternal = true
	return w
}

// tie gives somebody's assignment an external id, as the portal's own integration does.
func (w *world) tie(name string, external any) {
	w.org.ProvisionAssignment(w.app, w.users[name], fmt.Sprint(external))
}

// pushed is an employee whom the portal's own integration made of somebody under other
// names, and whom Okta's external id names.
func (w *world) pushed(name string, change func(*tracktiktest.Employee)) int64 {
	id := w.atPortal(name, change)
	w.tie(name, id)
	return id
}

// before gives an employee the names of a former time, but for the first and last one.
func before(e *tracktiktest.Employee) { e.Username, e.Email = "before."+e.Username, "before."+e.Email }

func only(names ...string) tsync.RunOptions {
	for i := range names {
		names[i] = mail(names[i])
	}
	return tsync.RunOptions{Users: names}
}

func TestWhomOktaTiesToAnEmployeeIsNotMadeTwice(t *testing.T) {
	for name, opt := range map[string]tsync.RunOptions{"whole": {}, "single": only("ada", "bob")} {
		t.Run(name, func(t *testing.T) {
			w := newTiedWorld(t)
			w.hire("zoe")
			w.pushed("zoe", nil)
			w.run() // a whole run has looked at external ids
			w.hire("ada", "bob")
			ada := w.pushed("ada", before)
			bob := w.pushed("bob", func(e *tracktiktest.Employee) { e.LastName, e.Email = "Former", "bob@mail.example" })
			doc := w.runWith(opt)
			w.wantDone(doc, "adopt 2, update 2")
			if n := w.portal.Count("GET", "/employees"); n != 1+2*2+1 {
				t.Errorf("%d look-ups: one for both ids, two each for the other keys, and one for who we are", n)
			}
			if w.employee("ada").ID != ada || w.employee("bob").ID != bob {
				t.Error("they are others")
			}
			for _, a := range doc.Actions {
				if a.Kind == plan.Adopt && a.Extras().Key != "external_id" {
					t.Errorf("adopted by %s", a.Extras().Key)
				}
			}
			w.wantDone(w.run(), "")
		})
	}
}

// TestManyAreFoundWithoutACallMore counts the calls with and without external ids.
func TestManyAreFoundWithoutACallMore(t *testing.T) {
	calls := map[bool][]string{}
	for _, tied := range []bool{true, false} {
		w := newQuietWorld(t)
		w.policy.MatchExternal = tied
		for i, name := range w.crowd(130) {
			if i < 120 {
				w.pushed(name, nil)
			}
		}
		w.wantDone(w.run(), "adopt 120, create 10")
		var all []string
		for _, r := range slices.Concat(w.portal.Requests(), nil) {
			all = append(all, r.Method+" "+r.Path)
		}
		slices.Sort(all)
		calls[tied] = append(all, fmt.Sprint(len(w.org.Requests()), " to Okta"))
		w.wantDone(w.run(), "")
		calls[tied] = append(calls[tied], fmt.Sprint(len(w.org.Requests()), len(w.portal.Requests()), " without a change"))
	}
	if !slices.Equal(calls[true], calls[false]) {
		t.Errorf("with:\n%s\nwithout:\n%s", strings.Join(calls[true], "\n"), strings.Join(calls[false], "\n"))
	}
}

// A run of single people does not see what external ids are worth: before a whole run has
// looked, nobody is taken over by them alone, and nobody is made in spite of them.
func TestExternalIDsWaitForAWholeRun(t *testing.T) {
	for name, believed := range map[string]bool{"believed": true, "disbelieved": false} {
		for what, managed := range map[string]bool{"no run before": false, "a whole run without new people": true} {
			for how, single := range map[string]func(w *world) tsync.RunOptions{"--user": func(*world) tsync.RunOptions { return only("ada") },
				"retry": func(w *world) tsync.RunOptions {
					return tsync.RunOptions{Users: []string{w.users["ada"]}, Retry: []plan.PersonID{plan.PersonID(w.users["ada"])}}
				}} {
				t.Run(name+", "+what+", "+how, func(t *testing.T) {
					w := newTiedWorld(t)
					names := w.crowd(12)
					if managed {
						w.run()
					}
					for _, one := range names {
						if !managed {
							w.atPortal(one, nil)
						}
						if believed {
							w.tie(one, w.employee(one).ID)
						} else {
							w.tie(one, w.typed("x"+one, "x"+mail(one), "X", "Y"))
						}
					}
					if managed {
						w.run() // nobody is new in it
					}
					w.hire("ada", "bob")
					ada := w.pushed("ada", before)
					w.atPortal("bob", nil)
					w.tie("bob", w.employee("bob").ID)
					doc, err := w.sync(single(w))
					w.must(err)
					w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
					w.wantNoWrites()
					if doc := w.runWith(only("bob")); counts(doc) != "adopt 1" { // whom the user name finds too
						t.Errorf("of bob the plan is %q", counts(doc))
					}
					w.run()
					if link, found, err := w.db.Link(plan.PersonID(w.users["ada"])); err != nil || !found || (int64(link.Employee) == ada) != believed {
						t.Errorf("ada is %+v, %v", link, err)
					}
				})
			}
		}
	}
}

func TestABadExternalIDStopsNobodyElse(t *testing.T) {
	for name, c := range map[string]struct {
		prepare       func(w *world)
		warning, done string
		problem, held string
	}{
		"text":     {func(w *world) { w.tie("ada", "ada-1") }, plan.WarningInvalidValue, "create 2", "", ""},
		"negative": {func(w *world) { w.tie("ada", -2) }, plan.WarningInvalidValue, "create 2", "", ""},
		"huge":     {func(w *world) { w.tie("ada", strings.Repeat("9", 40)) }, plan.WarningInvalidValue, "create 2", "", ""},
		"somebody else's": {func(w *world) {
			w.hire("zoe")
			w.pushed("zoe", nil)
			w.runWith(only("zoe"))
			w.tie("ada", w.employee("zoe").ID)
		}, plan.WarningPossibleDouble, "create 2", "", ""},
		"of a region that we may not see": {func(w *world) {
			w.pushed("ada", func(e *tracktiktest.Employee) { before(e); e.Region = 3 })
			w.hide(3)
		}, plan.WarningPossibleDouble, "create 2", "", ""},
		"of nobody":              {func(w *world) { w.tie("ada", 4711) }, plan.WarningPossibleDouble, "create 2", "", ""},
		"of somebody terminated": {func(w *world) { w.must(w.portal.TerminateEmployee(w.pushed("ada", before))) }, "", "create 2", "", ""},
		"of a stranger":          {func(w *world) { w.pushed("ada", func(e *tracktiktest.Employee) { before(e); e.LastName = "Other" }) }, "", "create 1", "", plan.HeldDoubtfulMatch},
		"of a stranger, though another one fits": {func(w *world) {
			w.atPortal("ada", nil)
			w.tie("ada", w.typed("zoe", "zoe@mail.example", "Zoe", "Other"))
		}, "", "create 1", "", plan.HeldDoubtfulMatch},
		"of somebody inactive": {func(w *world) { w.must(w.portal.DeactivateEmployee(w.pushed("ada", before))) }, "", "create 1", plan.ProblemInactiveMatch, ""},
		"of ourselves": {func(w *world) {
			w.must(w.portal.UpdateEmployee(tracktiktest.IntegrationEmployee, func(e *tracktiktest.Employee) { e.FirstName, e.LastName = "Ada", "Guard" }))
			w.tie("ada", tracktiktest.IntegrationEmployee)
		}, "", "create 1", plan.ProblemProtectedMatch, ""},
		"of an administrator": {func(w *world) {
			_, err := w.portal.Grant(w.pushed("ada", before), tracktiktest.AdministratorRole)
			w.must(err)
		}, "", "create 1", plan.ProblemProtectedMatch, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTiedWorld(t)
			w.hire("ada")
			c.prepare(w)
			w.hire("bob")
			doc := w.run()
			w.wantDone(doc, c.done)
			if c.warning != "" {
				w.wantWarning(doc, c.warning)
			} else if slices.ContainsFunc(doc.Warnings, func(w plan.Warning) bool { return w.User.ID != "" }) {
				t.Errorf("it warns %+v", doc.Warnings)
			}
			if c.problem != "" {
				w.wantProblem(doc, c.problem, "ada")
			}
			if c.held != "" {
				w.wantHeld(doc, c.held, "ada")
			}
			w.wantStatus("ACTIVE", "bob")
			w.wantDone(w.run(), "")
		})
	}
}

func TestOneExternalIDOfTwoPeopleIsNobodys(t *testing.T) {
	w := newTiedWorld(t)
	w.hire("ada", "bob", "cem")
	id := w.pushed("ada", before)
	w.tie("bob", id)
	for _, opt := range []tsync.RunOptions{{}, {}, only("ada")} { // the last one has not read bob's
		doc := w.runWith(opt)
		w.wantProblem(doc, plan.ProblemAmbiguousMatch, "ada")
		if len(opt.Users) == 0 {
			w.wantProblem(doc, plan.ProblemAmbiguousMatch, "bob")
			w.wantStatus("ACTIVE", "cem")
		}
	}
	if n := len(w.portal.Employees()); n != 1+1+1 {
		t.Errorf("%d employees: our own, cem, and ada's", n)
	}
}

// TestAnEmployeeWhomOktaTiesToAnotherIsNotTakenByName: ada was renamed, and bob has her
// former user name.
func TestAnEmployeeWhomOktaTiesToAnotherIsNotTakenByName(t *testing.T) {
	for name, c := range map[string]struct {
		lastName string // of ada's employee
		ada      func(w *world, doc *plan.Document)
	}{
		"who is adopted by it": {"Guard", func(w *world, doc *plan.Document) {
			if w.employee("ada").Username != mail("ada") {
				w.Errorf("ada is %+v", w.employee("ada"))
			}
		}},
		"who is doubted": {"Former", func(w *world, doc *plan.Document) { w.wantHeld(doc, plan.HeldDoubtfulMatch, "ada") }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTiedWorld(t)
			w.hire("ada", "bob")
			id := w.pushed("ada", func(e *tracktiktest.Employee) {
				e.LastName, e.Username, e.Email = c.lastName, mail("bob"), "ada@mail.example"
			})
			doc := w.run()
			c.ada(w, doc)
			w.wantProblem(doc, plan.ProblemAmbiguousMatch, "bob")
			if len(w.employees("bob")) != 0 || len(w.portal.Employees()) != 2 {
				t.Error("bob has an employee")
			}
			if c.lastName != "Guard" { // a run for bob alone remembers it
				w.wantProblem(w.runWith(only("bob")), plan.ProblemAmbiguousMatch, "bob")
				if e, _ := w.portal.Employee(id); e.FirstName != "Ada" {
					t.Errorf("ada's employee is %+v", e)
				}
			}
		})
	}
}

func TestWhereOtherKeysFindAnotherEmployeeTheDoubleIsNamed(t *testing.T) {
	w := newTiedWorld(t)
	w.hire("ada")
	ada := w.pushed("ada", func(e *tracktiktest.Employee) { e.Email = "ada@mail.example" })
	double := w.atPortal("ada", func(e *tracktiktest.Employee) { e.Username = "ada.old" })
	doc, err := w.sync(tsync.RunOptions{})
	w.must(err)
	w.wantWarning(doc, plan.WarningPossibleDouble)
	if text := fmt.Sprint(doc.Warnings); !strings.Contains(text, fmt.Sprintf("employee %d by email", double)) {
		t.Errorf("the double is not named: %s", text)
	}
	link, found, err := w.db.LinkOfEmployee(plan.EmployeeID(ada))
	w.must(err)
	if !found || string(link.Person) != w.users["ada"] {
		t.Errorf("ada is %+v", link)
	}
}

// misled is a world whose external ids are numbers of something else, which happen to be
// those of employees.
func misled(t *testing.T, n int) (w *world, names []string) {
	w = newTiedWorld(t)
	names = w.crowd(n)
	ids := make([]int64, n)
	for i, name := range names {
		ids[i] = w.atPortal(name, nil)
	}
	for i, name := range names {
		w.tie(name, ids[(i+1)%n])
	}
	return w, names
}

func TestExternalIDsThatNameOthersAreDisbelieved(t *testing.T) {
	w, _ := misled(t, 12)
	w.hire("ada")
	w.tie("ada", w.typed("zoe", "zoe@mail.example", "Ada", "Guard")) // would agree in first and last name
	doc := w.run()
	w.wantWarning(doc, plan.WarningExternalIDDisbelieved)
	w.wantDone(doc, "adopt 12, create 1")
	for i, next := range []string{"bob", "cem"} { // the verdict is kept
		w.hire(next)
		w.tie(next, w.typed("x"+next, "x"+mail(next), title(next), "Guard"))
		opt := tsync.RunOptions{}
		if i == 1 {
			opt = only(next)
		}
		doc := w.runWith(opt)
		w.wantWarning(doc, plan.WarningExternalIDDisbelieved)
		w.wantDone(doc, "create 1")
	}
}

// TestThoseWhoAreManagedProveExternalIDs: their employees are known, and what their ids
// name is looked up in the call that is made anyway.
func TestThoseWhoAreManagedProveExternalIDs(t *testing.T) {
	w := newTiedWorld(t)
	names := w.crowd(12)
	w.run()
	for _, name := range names { // employees of nobody, whom nothing else knows
		w.tie(name, w.typed("x"+name, "x"+mail(name), "X", "Y"))
	}
	w.hire("ada")
	w.tie("ada", w.typed("zoe", "zoe@mail.example", "Ada", "Guard"))
	doc := w.run()
	w.wantWarning(doc, plan.WarningExternalIDDisbelieved)
	w.wantDone(doc, "create 1")
	if n := w.portal.Count("GET", "/employees"); n != 1+2 {
		t.Errorf("%d look-ups", n)
	}
	for _, name := range names {
		w.tie(name, w.employee(name).ID)
	}
	w.hire("bob")
	w.pushed("bob", before)
	w.wantDone(w.run(), "adopt 1, update 1")
}

func TestAPortalThatIgnoresTheFilterOfIDsIsAskedOneByOne(t *testing.T) {
	for name, rule := range map[string]func(*tracktiktest.Server){
		"ignores": func(s *tracktiktest.Server) { s.Rules.IgnoredFilters = []string{"id:in"} },
		"refuses": func(s *tracktiktest.Server) { s.Rules.RefusedFilters = []string{"id:in"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newTiedWorld(t)
			w.hire("ada", "bob")
			ada := w.pushed("ada", before)
			w.portal.Configure(rule)
			w.wantDone(w.run(), "adopt 1, update 1, create 1")
			if w.employee("ada").ID != ada {
				t.Error("ada is another one")
			}
		})
	}
}

// TestCompareSaysWhatExternalIDsAreWorth: it agrees with what a run makes of them, on both
// sides of an approval to write.
func TestCompareSaysWhatExternalIDsAreWorth(t *testing.T) {
	w := newTiedWorld(t)
	names := w.crowd(12)
	for _, name := range names {
		w.pushed(name, nil)
	}
	w.hire("ada", "ben", "cyd", "dan")
	w.pushed("ada", before)
	doubtful := w.pushed("ben", func(e *tracktiktest.Employee) { before(e); e.LastName = "Other" })
	w.tie("cyd", "cyd-1")
	w.atPortal("dan", nil)
	w.tie("dan", w.typed("zoe", "zoe@mail.example", "Zoe", "Other"))
	for range 2 {
		x := w.compare().ExternalIDs
		if x == nil || x.Agree < 12 || len(x.Differ) != 1 || x.Differ[0].User.Login != mail("dan") || len(x.Silent) != 1 || x.Silent[0].User.Login != mail("cyd") ||
			!x.Believed || len(x.Failed) != 0 {
			t.Fatalf("%+v", x)
		}
		if len(x.Proposed) != 2 || int64(x.Proposed[0].Employee.ID) != doubtful && int64(x.Proposed[1].Employee.ID) != doubtful {
			t.Errorf("proposed: %+v", x.Proposed)
		}
		w.run()
	}
	for _, row := range w.compare().Different {
		if row.User.Login == mail("ada") {
			t.Errorf("ada differs: %+v", row)
		}
	}
}

func TestCompareListsEverybodyWhereExternalIDsAreNotBelieved(t *testing.T) {
	w, names := misled(t, 12)
	for range 2 {
		c := w.compare()
		if x := c.ExternalIDs; x.Believed || x.Agree != 0 || len(x.Differ) != len(names) || len(c.Equal) != len(names) {
			t.Errorf("%d equal, %+v", len(c.Equal), x)
		}
		if !strings.Contains(fmt.Sprint(c.Warnings), plan.WarningExternalIDDisbelieved) {
			t.Errorf("it warns %v", c.Warnings)
		}
		w.run()
	}
}

func TestExplainSaysWhatTheExternalIDDoes(t *testing.T) {
	w := newTiedWorld(t)
	w.hire("ada", "ben")
	ada := w.pushed("ada", before)
	w.tie("ben", w.typed("zoe", "zoe@mail.example", "Zoe", "Other"))
	if s := w.explained("ada").Steps[2]; s.Key != "external_id" || int64(s.Employee) != ada || s.External != fmt.Sprint(ada) || !strings.Contains(fmt.Sprint(s.Notes), "waits for") {
		t.Errorf("%+v", s)
	}
	if s := w.explained("ben").Steps[2]; s.OK || !strings.HasPrefix(s.Summary, plan.HeldDoubtfulMatch) {
		t.Errorf("%+v", s)
	}
}

package sync_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/links"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

var duplicateStyles = map[string]tracktiktest.DuplicateStyle{
	"409": tracktiktest.DuplicateConflict, "400": tracktiktest.DuplicateBadRequest, "500": tracktiktest.DuplicateConstraint,
}

// wantTrouble wants the person to have a problem on record.
func (w *world) wantTrouble(code, name string) {
	w.Helper()
	troubles, err := w.db.Troubles()
	w.must(err)
	for _, t := range troubles {
		if t.Code == code && string(t.Person) == w.users[name] {
			return
		}
	}
	w.Errorf("%s has no %s on record: %+v", name, code, troubles)
}

// wantUnmanaged wants the employee to be nobody's, and as it was.
func (w *world) wantUnmanaged(before tracktiktest.Employee) {
	w.Helper()
	if link, owned, err := w.db.LinkOfEmployee(plan.EmployeeID(before.ID)); owned || err != nil {
		w.Errorf("employee %d was taken over: %+v %v", before.ID, link, err)
	}
	if now, _ := w.portal.Employee(before.ID); fmt.Sprint(now) != fmt.Sprint(before) {
		w.Errorf("employee %d was %+v and is %+v", before.ID, before, now)
	}
}

// Somebody whom a person at the portal made, with the very names of a new person, is not
// ours because a create is refused: nothing was lost.
func TestAConflictTakesNobodyOver(t *testing.T) {
	for style, duplicates := range duplicateStyles {
		for how, change := range map[string]func(w *world){
			"not matched by names":  func(w *world) { w.policy.Match = []plan.Field{plan.CustomID} },
			"and nobody is adopted": func(w *world) { w.policy.Match, w.policy.Adopt = []plan.Field{plan.CustomID}, false },
		} {
			t.Run(style+", "+how, func(t *testing.T) {
				w := newWorld(t)
				change(w)
				w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = duplicates })
				w.atPortal("ada", nil)
				w.hire("ada", "bob")
				w.group("Site North", "ada", "bob")
				byHand := w.employee("ada")
				doc := w.run()
				if doc.Result.Failed != 1 || doc.Result.Unknown != 0 {
					t.Errorf("ended with %+v\n%s", doc.Result, details(doc))
				}
				w.wantTrouble(plan.ProblemNameInUse, "ada")
				w.wantUnmanaged(byHand)
				w.wantRoles("ada", "")
				w.wantRoles("bob", "Site North")
				w.wantProblem(w.run(), plan.ProblemNameInUse, "ada")
				w.pass(2 * time.Hour) // tried again
				w.run()
				w.org.DeactivateUser(w.users["ada"])
				w.run()
				w.wantUnmanaged(byHand)
			})
		}
	}
}

// Who is made by hand while a run is on its way is found by the next run, as anybody is.
func TestWhoAppearsDuringARunIsMatchedByTheNext(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.inPortal(tracktiktest.When(writes["create"], func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		w.atPortal("ada", nil)
		next.ServeHTTP(rw, r)
	}))
	w.run()
	w.wantTrouble(plan.ProblemNameInUse, "ada")
	w.inPortal(nil)
	w.wantDone(w.run(), "adopt 1")
}

// An earlier call that was lost makes nobody ours who is protected, an administrator, or
// the account whose credentials we use: they are no new employee.
func TestALostCreateTakesNobodyOverWhoIsProtected(t *testing.T) {
	for who, prepare := range map[string]func(w *world) int64{
		"protected": func(w *world) int64 { return w.atPortal("ada", nil) },
		"an administrator": func(w *world) int64 {
			id := w.atPortal("ada", nil)
			_, err := w.portal.Grant(id, tracktiktest.AdministratorRole)
			w.must(err)
			return id
		},
		"ourselves": func(w *world) int64 {
			const id = tracktiktest.IntegrationEmployee
			w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) {
				e.FirstName, e.LastName, e.Email, e.Username = "Ada", "Guard", mail("ada"), mail("ada")
			}))
			return id
		},
	} {
		for how, hidden := range map[string]int32{"found by the look-up": 0, "found after a conflict": 2} {
			t.Run(who+", "+how, func(t *testing.T) {
				w := newWorld(t)
				w.policy.Match = []plan.Field{plan.CustomID}
				w.hire("ada")
				switch who {
				case "protected":
					w.policy.Protected = []string{"ada*"}
				case "ourselves":
					w.change = func(e *tsync.Engine) {
						e.OwnUsername, e.OwnEmployee = "", strconv.FormatInt(tracktiktest.IntegrationEmployee, 10)
					}
				}
				lost := writes["create"]
				lost.Times = 1
				var before tracktiktest.Employee
				var searches atomic.Int32
				w.inPortal(tracktiktest.Chain(tracktiktest.When(lost, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
					before, _ = w.portal.Employee(prepare(w)) // by hand, meanwhile
					searches.Store(0)
					tracktiktest.Unreached(rw, r, next)
				}),
					tracktiktest.When(tracktiktest.Match{Method: "GET", Path: "/employees"}, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
						if searches.Add(1) <= hidden {
							tracktiktest.EmptyList(rw, r, next)
							return
						}
						next.ServeHTTP(rw, r)
					})))
				w.run()
				w.wantTrouble(plan.ProblemProtectedMatch, "ada")
				w.wantUntold(before)
				w.wantUnmanaged(before)
				w.inPortal(nil)
				w.org.UpdateUser(w.users["ada"], map[string]any{"login": mail("ann"), "email": mail("ann")})
				w.wantProblem(w.run(), plan.ProblemProtectedMatch, "ada") // by another name, and perhaps a second employee
				w.wantNoWrites()
				w.wantUntold(before)
				w.wantUnmanaged(before)
			})
		}
	}
}

// The same when a later run looks up what became of the create.
func TestAnOpenCreateTakesNobodyOverWhoIsProtected(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	var late tracktiktest.Late
	w.killIn(writes["create"], &late) // and it never takes effect
	w.inPortal(nil)
	w.timeout = 30 * time.Second
	w.reopen()
	id := w.atPortal("ada", nil)
	_, err := w.portal.Grant(id, tracktiktest.AdministratorRole)
	w.must(err)
	before, _ := w.portal.Employee(id)
	doc := w.run()
	w.wantUntold(before)
	w.wantUnmanaged(before)
	w.wantProblem(doc, plan.ProblemProtectedMatch, "ada")
}

// wantUntold wants the history to say once that nobody can tell whether the employee was
// made by a call of ours, and the create to stay open.
func (w *world) wantUntold(e tracktiktest.Employee) {
	w.Helper()
	var told []string
	for a, err := range w.db.Audits(state.Query{}) {
		w.must(err)
		if a.Kind == string(plan.Create) && a.Outcome != plan.Withheld {
			told = append(told, fmt.Sprintf("%s %d", a.Outcome, a.Employee))
		}
	}
	if want := fmt.Sprintf("unknown %d", e.ID); len(told) != 1 || told[0] != want {
		w.Errorf("the history tells of the create %q, want %q", told, want)
	}
	if open, err := w.db.Pending(); err != nil || len(open) != 1 {
		w.Errorf("left open: %+v %v", open, err)
	}
}

// Where it cannot be told whether they are an administrator, `link` settles it, or a
// portal that answers again.
func TestALinkSettlesACreateThatMayHaveMadeThem(t *testing.T) {
	for how, settled := range map[string]func(w *world, id int64){
		"by link": func(w *world, id int64) {
			linked, err := w.build().LinkPeople(t.Context(), []links.Pair{{User: mail("ada"), Employee: plan.EmployeeID(id)}})
			w.must(err)
			w.must(linked[0].Err)
		},
		"by the portal": func(w *world, _ int64) {},
	} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada")
			w.group("Site North", "ada")
			w.rules(func(r *tracktiktest.Rules) { r.GrantsUnlisted = true })
			w.inPortal(tracktiktest.When(writes["create"], tracktiktest.LostReply))
			w.run()
			id := w.employee("ada").ID
			w.pass(time.Hour)
			w.wantProblem(w.run(), plan.ProblemProtectedMatch, "ada")
			w.inPortal(nil)
			w.rules(func(r *tracktiktest.Rules) { *r = tracktiktest.Rules{} })
			settled(w, id)
			w.run()
			w.wantRoles("ada", "Site North")
			if open, err := w.db.Pending(); err != nil || len(open) > 0 {
				t.Errorf("left open: %+v %v", open, err)
			}
			w.wantDone(w.runWith(refreshed), "")
			if link, managed, err := w.db.Link(plan.PersonID(w.users["ada"])); err != nil || !managed || int64(link.Employee) != id {
				t.Errorf("ada is %+v, %v", link, err)
			}
		})
	}
}

// A role that somebody else grants at the same moment is adopted, and not ours by birth.
func TestAGrantThatIsRefusedAsADuplicateIsAdopted(t *testing.T) {
	for style, duplicates := range duplicateStyles {
		for lost, how := range map[bool]string{false: plan.HowAdopted, true: plan.HowCreated} {
			t.Run(style+map[bool]string{true: ", our own after a lost answer"}[lost], func(t *testing.T) {
				w := newWorld(t)
				w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = duplicates })
				w.hire("ada", "bob")
				w.group("Site North", "bob")
				w.run()
				w.group("Site North", "ada")
				first := writes["grant"]
				first.Times = 1
				w.inPortal(tracktiktest.When(first, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
					if lost {
						tracktiktest.LostReply(rw, r, next)
					}
					_, err := w.portal.Grant(w.employee("ada").ID, w.roleID("Site North"))
					w.must(err)
					next.ServeHTTP(rw, r)
				}))
				w.wantDone(w.run(), "grant_role 1")
				grants, err := w.db.GrantsOf(plan.PersonID(w.users["ada"]))
				if err != nil || len(grants) != 1 || grants[0].How != how {
					t.Errorf("on record: %+v %v", grants, err)
				}
			})
		}
	}
}

// That nobody can tell in one run whether who was made is an administrator settles
// nothing: the create stays open until somebody can.
func TestAnOpenCreateStaysOpenWhileGrantsCannotBeRead(t *testing.T) {
	for name, fails := range map[string]tracktiktest.Match{
		"those of the employee": {Method: "GET", Path: "/user-roles", Times: 1},
		"those of our own":      {Method: "GET", Path: "/user-roles", Nth: 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Adopt = false
			w.hire("ada")
			w.inPortal(tracktiktest.When(writes["create"], tracktiktest.CutBefore))
			w.run()
			id := w.atPortal("ada", nil) // it takes effect
			w.inPortal(tracktiktest.When(fails, tracktiktest.ScopeLost))
			doc, _ := w.sync(tsync.RunOptions{}) // exit 1 where grants cannot be read at all
			w.wantHeld(doc, plan.HeldPending, "ada")
			w.inPortal(nil)
			w.run()
			link, found, err := w.db.LinkOfEmployee(plan.EmployeeID(id))
			if err != nil || !found || string(link.Person) != w.users["ada"] {
				t.Errorf("employee %d is linked: %v, to %+v, %v", id, found, link, err)
			}
		})
	}
}

// Who had all the names before the call, in a portal that refuses no duplicates, is not of
// its making.
func TestALostCreateIsNotSomebodyWhoWasThereBefore(t *testing.T) {
	w := newWorld(t)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted })
	w.policy.Match = []plan.Field{plan.CustomID}
	before := w.atPortal("ada", nil)
	w.hire("ada")
	w.inPortal(tracktiktest.When(writes["create"], tracktiktest.LostReply))
	w.wantDone(w.run(), "create 1")
	if link, managed, err := w.db.Link(plan.PersonID(w.users["ada"])); err != nil || !managed || int64(link.Employee) <= before {
		t.Errorf("ada is %+v, %v; employee %d was there before", link, err, before)
	}
}

// Of several who have all the names since, nobody can tell which one the lost call has made,
// and which one somebody has entered.
func TestOfSeveralWithAllTheNamesOfALostCreateNobodyIsTakenOver(t *testing.T) {
	for name, banned := range map[string][]bool{
		"both active": {false, false}, "the first is banned": {true, false}, "the second is banned": {false, true},
		"both are banned": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted })
			w.policy.Adopt = false
			w.hire("ada")
			w.inPortal(tracktiktest.When(writes["create"], tracktiktest.CutBefore))
			w.run()
			w.inPortal(nil)
			for _, banned := range banned { // the call takes effect, and somebody enters her too
				w.atPortal("ada", func(e *tracktiktest.Employee) {
					if banned {
						e.Status = tracktiktest.Banned
					}
				})
			}
			for range 2 {
				w.pass(2 * time.Minute)
				doc := w.run()
				w.wantHeld(doc, plan.HeldPending, "ada")
				w.wantNoWrites()
			}
			if link, managed, err := w.db.Link(plan.PersonID(w.users["ada"])); managed || err != nil {
				t.Errorf("ada is linked to %d (%v)", link.Employee, err)
			}
		})
	}
}

// Whoever stood in the way of an earlier create is not made by a later one whose answer is
// lost.
func TestWhoStoodInTheWayBeforeIsNotMadeByALostCall(t *testing.T) {
	for _, status := range []string{tracktiktest.Banned, tracktiktest.Inactive} {
		t.Run(status, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Match = []plan.Field{plan.CustomID}
			w.hire("ada")
			id := w.atPortal("ada", func(e *tracktiktest.Employee) { e.Status = status })
			w.run()
			w.wantTrouble(plan.ProblemNameInUse, "ada")
			w.pass(2 * time.Hour)
			w.inPortal(tracktiktest.When(writes["create"], tracktiktest.CutBefore))
			w.run()
			w.inPortal(nil)
			w.pass(2 * time.Minute)
			w.run()
			if link, found, err := w.db.Link(plan.PersonID(w.users["ada"])); err != nil || found {
				t.Errorf("ada is linked to employee %d, who was there as %d before (%v)", link.Employee, id, err)
			}
		})
	}
}

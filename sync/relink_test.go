package sync_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/links"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// rewound is a world whose snapshot was restored from a backup that is older than what
// later does.
func rewound(t *testing.T, later func(*world)) *world {
	t.Helper()
	w := newWorld(t)
	w.hire("ada", "ben")
	w.run()
	w.rewind(func() { later(w) })
	return w
}

// rewind restores the snapshot from a backup that is older than what later does.
func (w *world) rewind(later func()) {
	w.Helper()
	backup := filepath.Join(w.TempDir(), "backup.db")
	w.must(w.db.Backup(backup))
	later()
	w.must(w.db.Close())
	_, err := state.Restore(backup, w.path, w.binding(), state.Options{Now: w.now})
	w.must(err)
	w.db, err = state.Open(w.path, state.Options{Now: w.now})
	w.must(err)
}

// rehire lets a person leave, and come back as a new employee.
func (w *world) rehire(name string) {
	w.Helper()
	w.org.UnassignUser(w.app, w.users[name])
	w.run()
	w.org.AssignUser(w.app, w.users[name], oktatest.Assignment{})
	w.run()
}

func TestARestoredSnapshotFindsWhoWasHiredAnew(t *testing.T) {
	w := rewound(t, func(w *world) { w.rehire("ada") })
	doc := w.run()
	w.wantWarning(doc, "relinked")
	w.wantDone(doc, "")
	link, _, err := w.db.Link(plan.PersonID(w.users["ada"]))
	w.must(err)
	if e, _ := w.portal.Employee(int64(link.Employee)); e.Status != tracktiktest.Active {
		t.Errorf("ada is linked to employee %d, who is %s", e.ID, e.Status)
	}
	w.wantDone(w.runWith(refreshed), "")
}

func TestADoubtfulReplacementIsLeftToPeople(t *testing.T) {
	for name, twist := range map[string]func(*world){
		"two with the name": func(w *world) {
			w.portal.AddEmployee(tracktiktest.Employee{Username: "x", FirstName: "Ada", LastName: "Guard", Email: "other@acme.example"})
			for _, e := range w.portal.Employees() {
				if e.Username == "x" {
					w.must(w.portal.UpdateEmployee(e.ID, func(e *tracktiktest.Employee) { e.Email = mail("ada") }))
				}
			}
		},
		"protected in Okta": func(w *world) { w.policy.Protected = []string{"ada@*"} },
		"other names": func(w *world) {
			for _, e := range w.employees("ada") {
				if e.Status == tracktiktest.Active {
					w.must(w.portal.UpdateEmployee(e.ID, func(e *tracktiktest.Employee) { e.Username, e.FirstName, e.LastName = "y", "Some", "Body" }))
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := rewound(t, func(w *world) { w.rehire("ada"); twist(w) })
			w.portal.ResetRequests()
			doc, err := w.sync(refreshed)
			w.must(err)
			w.wantWarning(doc, "snapshot_restored")
			w.wantNoWrites()
		})
	}
}

func TestOurOwnEmployeeIsNobodysReplacement(t *testing.T) {
	for name, known := range map[string]func(*tsync.Engine, int64){
		"by id":        func(e *tsync.Engine, id int64) { e.OwnEmployee = strconv.FormatInt(id, 10) },
		"by user name": func(e *tsync.Engine, _ int64) { e.OwnUsername = mail("ada") },
	} {
		t.Run(name, func(t *testing.T) {
			w := rewound(t, func(w *world) { w.rehire("ada") })
			all := w.employees("ada")
			own := all[len(all)-1].ID
			w.change = func(e *tsync.Engine) { known(e, own) }
			w.run()
			w.wantNoWrites()
			if link, _, err := w.db.Link(plan.PersonID(w.users["ada"])); err != nil || int64(link.Employee) == own {
				t.Errorf("ada is linked to our own employee %d, %v", own, err)
			}
		})
	}
}

// observing makes the world's runs observe, or write again.
func (w *world) observing(on bool) {
	w.change = func(e *tsync.Engine) { e.Observe = on }
}

// replaced ends ada's employee as somebody else who provisions does, and makes another
// one of the same names.
func (w *world) replaced(change func(*tracktiktest.Employee)) (former, now int64) {
	w.Helper()
	former = w.employee("ada").ID
	w.must(w.portal.TerminateEmployee(former))
	return former, w.atPortal("ada", change)
}

func TestWhoCameBackWhileWeObservedIsTheNewEmployee(t *testing.T) {
	for name, when := range map[string]func(*world) *plan.Document{
		"by a refresh that observes": func(w *world) *plan.Document {
			w.runWith(refreshed)
			w.observing(false)
			return w.run()
		},
		"by the first run that writes": func(w *world) *plan.Document {
			w.observing(false)
			return w.run()
		},
		"by a run for them alone": func(w *world) *plan.Document {
			w.observing(false)
			doc, err := w.sync(tsync.RunOptions{Users: []string{mail("ada")}})
			w.must(err)
			return doc
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.observing(true)
			w.atPortal("ada", nil)
			w.hire("ada")
			w.run()
			_, now := w.replaced(nil)
			w.run()
			w.wantDone(when(w), "")
			w.org.UnassignUser(w.app, w.users["ada"])
			w.wantDone(w.run(), "terminate 1")
			if e, _ := w.portal.Employee(now); e.Status != tracktiktest.Terminated {
				t.Errorf("ada left, and employee %d, who she was by then, is %s", now, e.Status)
			}
		})
	}
}

func TestWhoWasReplacedWhileWeWroteIsLeftToPeople(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	former, _ := w.replaced(nil)
	doc := w.runWith(refreshed)
	w.wantHeld(doc, plan.HeldTerminatedElsewhere, "ada")
	if link, _, err := w.db.Link(plan.PersonID(w.users["ada"])); err != nil || int64(link.Employee) != former {
		t.Errorf("ada is linked to employee %d, %v", link.Employee, err)
	}
}

func TestABanIsNotUndoneByAnotherEmployee(t *testing.T) {
	w := newWorld(t)
	w.observing(true)
	w.atPortal("ada", nil)
	w.hire("ada")
	w.run()
	banned := w.employee("ada").ID
	w.must(w.portal.BanEmployee(banned))
	w.must(w.portal.UpdateEmployee(banned, func(e *tracktiktest.Employee) { e.Username = "" }))
	w.atPortal("ada", nil)
	w.observing(false)
	w.wantHeld(w.run(), plan.HeldBannedElsewhere, "ada")
	w.wantNoWrites()
}

func TestTheFirstRunAfterObservingReadsTrackTik(t *testing.T) {
	w := newWorld(t)
	w.observing(true)
	id := w.atPortal("ada", nil)
	w.hire("ada")
	w.run()
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Guard"})
	w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.JobTitle = "Guard" })) // the push of the portal's own integration
	w.observing(false)
	doc := w.run()
	w.wantDone(doc, "")
	w.wantNoWrites()
	if !doc.Options.Refresh {
		t.Error("TrackTik was not read")
	}
	if doc := w.run(); doc.Options.Refresh {
		t.Error("TrackTik is read in every run")
	}
}

func TestWhomSomebodyElseTerminatedRightlyIsNotHeldAsARemoval(t *testing.T) {
	w := newWorld(t)
	w.observing(true)
	id := w.atPortal("ada", nil)
	w.hire("ada")
	w.run()
	w.org.UnassignUser(w.app, w.users["ada"])
	w.must(w.portal.TerminateEmployee(id)) // by the portal's own integration
	w.run()
	w.observing(false)
	w.portal.ResetRequests()
	doc, err := w.sync(tsync.RunOptions{NoRemovals: true})
	w.must(err)
	w.wantFound(doc, 1, 0)
	w.wantNoWrites()
	w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
	w.wantDone(w.run(), "create 1") // and whoever comes back then is not locked out
}

func TestTheFirstAdoptionsCountForTheShareOfTheirUpdates(t *testing.T) {
	w := newWorld(t)
	w.crowd(25)
	w.run()
	for i := range 40 {
		name := fmt.Sprintf("late%d", i)
		w.atPortal(name, func(e *tracktiktest.Employee) {
			e.JobTitle = "Old"
		})
		w.hire(name)
		w.org.UpdateUser(w.users[name], map[string]any{"title": "Old"})
		if i < 10 {
			w.org.UpdateUser(w.users[name], map[string]any{"title": "New"})
		}
	}
	doc := w.run()
	if !doc.Guard.OK {
		t.Errorf("refused: %+v", doc.Guard.Refusals)
	}
}

// Whose user name is free is given to others: a stranger of other names is nobody's
// replacement, and who was made anew in Okta has an employee of their own.
func TestAReplacementHasTheNamesOfNobodyElse(t *testing.T) {
	for name, later := range map[string]func(*world){
		"a stranger, made by hand": func(w *world) {
			w.org.UnassignUser(w.app, w.users["ada"])
			w.run()
			w.portal.AddEmployee(tracktiktest.Employee{Username: "ada@acme.example", FirstName: "Zoe", LastName: "Other", Email: "zoe@acme.example"})
		},
		"the same person, under another user who is suspended": func(w *world) {
			old := w.users["ada"]
			w.org.UnassignUser(w.app, old)
			w.run()
			w.org.UpdateUser(old, map[string]any{"login": "old@acme.example", "email": "old@acme.example"})
			w.hire("ada")
			w.run()
			w.org.SetUserStatus(w.users["ada"], "SUSPENDED")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := rewound(t, later)
			var active []int64
			for _, e := range w.portal.Employees() {
				if e.Status == tracktiktest.Active {
					active = append(active, e.ID)
				}
			}
			for range 2 {
				doc, err := w.sync(tsync.RunOptions{})
				w.must(err)
				for _, warning := range doc.Warnings {
					if warning.Code == "relinked" {
						t.Errorf("a link was moved: %s", warning.Message)
					}
				}
			}
			for _, id := range active {
				if e, _ := w.portal.Employee(id); e.Status != tracktiktest.Active {
					t.Errorf("employee %d %s is %s", id, e.Username, e.Status)
				}
			}
		})
	}
}

// mislinked is a world whose snapshot was restored from a backup in which ada is linked to
// an employee who agrees with her in nothing.
func mislinked(t *testing.T, keep bool) (w *world, employee int64) {
	t.Helper()
	w = newWorld(t)
	w.policy.AdoptKeep = keep
	w.hire("ada", "ben")
	w.group("Site North", "ben")
	w.policy.UpdateUsers = false
	w.pair("ada", employeeOf(strangers(w, []string{"ada"})))
	w.run() // ben is made
	w.policy.UpdateUsers = true
	employee = w.linked("ada")
	w.rewind(func() {})
	return w, employee
}

func employeeOf(pairs []links.Pair) plan.EmployeeID { return pairs[0].Employee }

// pair links a person, as an administrator does.
func (w *world) pair(name string, e plan.EmployeeID) {
	w.Helper()
	linked, err := w.build().LinkPeople(context.Background(), []links.Pair{{User: mail(name), Employee: e}})
	w.must(err)
	w.must(linked[0].Err)
}

// linked is the employee on record.
func (w *world) linked(name string) int64 {
	w.Helper()
	link, _, err := w.db.Link(plan.PersonID(w.users[name]))
	w.must(err)
	return int64(link.Employee)
}

func TestARestoredLinkThatAgreesInNothingIsNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		keep   bool
		change func(*world)
		done   string // once the link is confirmed
	}{
		"ada left":                  {false, func(w *world) { w.org.UnassignUser(w.app, w.users["ada"]) }, "terminate 1"},
		"ada left, kept as she was": {true, func(w *world) { w.org.UnassignUser(w.app, w.users["ada"]) }, "terminate 1"},
		"ada is to be changed":      {false, func(*world) {}, "update 1"},
		"ada is given a role":       {true, func(w *world) { w.group("Site North", "ada") }, "grant_role 1"},
		"ada is suspended, and leaves": {true, func(w *world) {
			w.policy.TerminateSuspended = true
			w.org.SetUserStatus(w.users["ada"], oktatest.StatusSuspended)
		}, "terminate 1"},
	} {
		t.Run(name, func(t *testing.T) {
			w, employee := mislinked(t, c.keep)
			c.change(w)
			for _, opt := range []tsync.RunOptions{{Users: []string{mail("ada")}}, {}, {}, {Users: []string{mail("ada")}}, refreshed, {}} {
				doc := w.runWith(opt)
				w.wantNoWrites()
				w.wantHeld(doc, plan.HeldDoubtfulMatch, "ada")
			}
			w.pair("ada", plan.EmployeeID(employee))
			w.wantDone(w.run(), c.done)
		})
	}
}

func TestARestoredLinkIsBelievedByAnyNameThatAgrees(t *testing.T) {
	for name, now := range map[string]func(*world, *tracktiktest.Employee){
		"the username": func(_ *world, e *tracktiktest.Employee) {
			e.Email, e.FirstName, e.LastName = "x@acme.example", "X", "Y"
		},
		"the e-mail":          func(_ *world, e *tracktiktest.Employee) { e.Username, e.FirstName, e.LastName = "x", "X", "Y" },
		"first and last name": func(_ *world, e *tracktiktest.Employee) { e.Username, e.Email = "x", "x@acme.example" },
		"what ada is called in Okta by now": func(w *world, e *tracktiktest.Employee) {
			w.org.UpdateUser(w.users["ada"], map[string]any{"login": "new@acme.example", "email": "new@acme.example", "firstName": "New", "lastName": "Name"})
			e.Username, e.Email, e.FirstName, e.LastName = "new@acme.example", "new@acme.example", "New", "Name"
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := rewound(t, func(w *world) {
				w.must(w.portal.UpdateEmployee(w.employee("ada").ID, func(e *tracktiktest.Employee) { now(w, e) }))
			})
			employee := w.linked("ada")
			w.run()
			w.org.UnassignUser(w.app, w.users["ada"])
			w.wantDone(w.run(), "terminate 1")
			if e, _ := w.portal.Employee(employee); e.Status != tracktiktest.Terminated {
				t.Errorf("employee %d is %s", e.ID, e.Status)
			}
		})
	}
}

func TestADoubtfulLinkIsSettledByARefreshThatFindsAName(t *testing.T) {
	w, employee := mislinked(t, true)
	w.wantHeld(w.run(), plan.HeldDoubtfulMatch, "ada")
	w.must(w.portal.UpdateEmployee(employee, func(e *tracktiktest.Employee) { e.FirstName, e.LastName = "Ada", "Guard" }))
	doc := w.runWith(refreshed)
	for _, h := range doc.Held {
		if h.Code() == plan.HeldDoubtfulMatch {
			t.Error(h.Why)
		}
	}
	w.org.UnassignUser(w.app, w.users["ada"])
	w.wantDone(w.run(), "terminate 1")
}

func TestAnEmployeeWhoMayBeSomebodyElseKeepsTheirNames(t *testing.T) {
	w, _ := mislinked(t, true)
	w.org.UnassignUser(w.app, w.users["ada"])
	w.org.UpdateUser(w.users["ada"], map[string]any{"login": "gone@acme.example", "email": "gone@acme.example"})
	w.users["eve"] = w.org.AddUser(oktatest.User{Login: "old-ada", Email: "old-" + mail("ada"), FirstName: "Eve", LastName: "Other"})
	w.org.AssignUser(w.app, w.users["eve"], oktatest.Assignment{})
	for range 2 {
		doc := w.run()
		w.wantHeld(doc, plan.HeldDoubtfulMatch, "ada")
		w.wantHeld(doc, plan.HeldDoubtfulMatch, "eve")
		w.wantNoWrites()
	}
}

// Whose an employee is, a restored snapshot does not know: what the last whole run saw is not
// what it remembers.
func TestNobodyIsAdoptedByThemselvesRightAfterARestore(t *testing.T) {
	for name, c := range map[string]struct {
		external bool // Okta's external id says that the employee is somebody else
		done     string
	}{"nobody else wants the employee": {false, "adopt 1"}, "somebody else does": {true, ""}} {
		t.Run(name, func(t *testing.T) {
			w := rewound(t, func(*world) {})
			w.policy.MatchExternal = true
			w.hire("cid", "dan")
			id := w.atPortal("cid", nil)
			if c.external {
				w.tie("dan", id)
			}
			w.policy.CreateUsers = false
			doc := w.runWith(tsync.RunOptions{Users: []string{mail("cid")}})
			w.wantHeld(doc, plan.HeldUnconfirmed, "cid")
			w.wantNoWrites()
			doc = w.run()
			w.wantDone(doc, c.done)
			if c.external {
				w.wantProblem(doc, plan.ProblemAmbiguousMatch, "cid")
			}
		})
	}
}

// TestAnExplanationMovesNoLink shows that looking at somebody whose employee was replaced
// leaves the record to the next run.
func TestAnExplanationMovesNoLink(t *testing.T) {
	w := rewound(t, func(w *world) { w.rehire("ada") })
	ada := plan.PersonID(w.users["ada"])
	before, _, err := w.db.Link(ada)
	w.must(err)
	_, err = w.build().Explain(t.Context(), string(ada), plan.UserRef{})
	w.must(err)
	if after, _, _ := w.db.Link(ada); after.Employee != before.Employee {
		t.Errorf("explaining ada moved her link from employee %d to %d", before.Employee, after.Employee)
	}
	w.wantWarning(w.run(), "relinked")
}

// Who was made after the backup, and whom sync.match does not look for, is not made again. Under
// another name they are told of, before the eyes of the operator find them.
func TestARestoredSnapshotTellsOfSomebodyMadeTwice(t *testing.T) {
	for name, want := range map[string]func(w *world, doc *plan.Document){
		"Guard": func(w *world, doc *plan.Document) {
			w.wantHeld(doc, plan.HeldDoubtfulMatch, "ada")
			w.wantNoWrites()
		},
		"Married": func(w *world, doc *plan.Document) { w.wantWarning(doc, plan.WarningPossibleDouble) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Match, w.policy.MatchExternal = nil, true
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted })
			w.hire("ada")
			w.run()
			w.org.UnassignUser(w.app, w.users["ada"])
			w.run()
			w.rewind(func() {
				w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
				w.wantDone(w.run(), "create 1")
			})
			w.org.UpdateUser(w.users["ada"], map[string]any{"lastName": name})
			want(w, w.run())
		})
	}
}

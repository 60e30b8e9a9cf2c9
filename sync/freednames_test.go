package sync_test

import (
	"fmt"
	"strings"
	"testing"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// takeover is a world in which ada's employee is ended by hand, in that manner, and bea
// is to have the names that ada had: they were given to her in Okta.
func takeover(t *testing.T, end func(w *world, id int64) error) *world {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.must(end(w, w.employee("ada").ID))
	w.runWith(refreshed)
	w.rename("ada", "former")
	return w
}

// Whoever is ended has no names any more, whether we ended them or a dispatcher did.
func TestWhoIsEndedFreesTheNames(t *testing.T) {
	for name, end := range map[string]func(w *world, id int64) error{
		"terminated": func(w *world, id int64) error { return w.portal.TerminateEmployee(id) },
		"gone":       func(w *world, id int64) error { return w.portal.DeleteEmployeeRecord(id) },
	} {
		for taker, take := range map[string]func(w *world) string{
			"a new person":   func(w *world) string { w.hire("bea"); w.rename("bea", "ada"); return "bea" },
			"who is managed": func(w *world) string { w.rename("bob", "ada"); return "bob" },
			"suspended meanwhile": func(w *world) string {
				w.org.SetUserStatus(w.users["ada"], "SUSPENDED")
				w.hire("bea")
				w.rename("bea", "ada")
				return "bea"
			},
		} {
			for how, way := range ways {
				t.Run(fmt.Sprintf("%s, %s, %s", name, taker, how), func(t *testing.T) {
					w := takeover(t, end)
					who := take(w)
					doc := w.runWith(way(w, who))
					if len(doc.Problems) > 0 || doc.Result.Failed > 0 {
						t.Fatalf("it ended so: %+v\n%s", doc.Result, details(doc))
					}
					active := ""
					for _, e := range w.employees("ada") {
						if e.Status == tracktiktest.Active {
							active += e.Username
						}
					}
					if active != mail("ada") {
						t.Errorf("the employees of that name are %+v", w.employees("ada"))
					}
					w.wantDone(w.runWith(refreshed), "")
				})
			}
		}
	}
}

// Somebody who is given no names by a run has those that TrackTik shows, whatever is on record.
func TestANameIsFreeThatItsEmployeeWasRidOfByHand(t *testing.T) {
	for name, keep := range map[string]func(w *world, id int64){
		"INACTIVE":            func(w *world, id int64) { w.must(w.portal.DeactivateEmployee(id)) },
		"BANNED":              func(w *world, id int64) { w.must(w.portal.BanEmployee(id)) },
		"updates are off":     func(w *world, _ int64) { w.policy.UpdateUsers = false },
		"suspended":           func(w *world, _ int64) { w.org.SetUserStatus(w.users["ada"], "SUSPENDED") },
		"has no last name":    func(w *world, _ int64) { w.org.UpdateUser(w.users["ada"], map[string]any{"lastName": ""}) },
		"Okta does not know":  func(w *world, _ int64) { w.org.DeleteUser(w.users["ada"]) },
		"nothing of the kind": func(*world, int64) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.run()
			id := w.employee("ada").ID
			w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Username, e.Email = "by.hand", "by.hand@x.example" }))
			w.rename("ada", "former")
			keep(w, id)
			w.hire("bea.king")
			w.rename("bea.king", "ada")
			doc := w.runWith(refreshed)
			for _, p := range doc.Problems {
				if string(p.User.ID) == w.users["bea.king"] {
					t.Errorf("bea has a problem: %+v", p)
				}
			}
			if mine := w.employees("ada"); len(mine) != 1 || mine[0].Email != mail("ada") || mine[0].ID == id {
				t.Errorf("the employees of that name are %+v\n%s", mine, details(doc))
			}
		})
	}
}

// So two who pass each other their names are no circle when one of them has lost theirs.
func TestNamesPassToEachOtherWhereOneIsFree(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	id := w.employee("ada").ID
	w.rename("ada", "tmp")
	w.rename("bob", "ada")
	w.rename("ada", "bob")
	w.wantProblem(w.run(), plan.ProblemSwap, "ada")
	w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Username, e.Email = "by.hand", "by.hand@x.example" }))
	w.runWith(refreshed)
	if got := w.employee("bob").ID; got != id {
		t.Errorf("bob's names are those of employee %d, want %d", got, id)
	}
	w.wantDone(w.runWith(refreshed), "")
}

// A name that is taken is said to be taken where it is.
func TestWhoKeepsANameIsNamedWithTheReason(t *testing.T) {
	w := takeover(t, func(w *world, id int64) error { return w.portal.BanEmployee(id) })
	id := w.employee("ada").ID
	w.hire("bea")
	w.rename("bea", "ada")
	w.wantTaken(w.run(), fmt.Sprintf("is that of employee %d of user %s in TrackTik, who keeps it: is BANNED there", id, w.users["ada"]))

	w = newQuietWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.policy.UpdateUsers = false
	w.rename("ada", "former")
	w.hire("bea")
	w.rename("bea", "ada")
	w.wantTaken(w.run(), "in TrackTik, who keeps it: sync.update_users is off")
}

func (w *world) wantTaken(doc *plan.Document, text string) {
	w.Helper()
	w.wantProblem(doc, plan.ProblemNameInUse, "bea")
	for _, p := range doc.Problems {
		if string(p.User.ID) == w.users["bea"] && !strings.Contains(p.Message, text) {
			w.Errorf("it says %q, want %q", p.Message, text)
		}
	}
	w.wantNoWrites()
}

// Nor does an ended employee stand in the way of a restore.
func TestARestoreTakesTheNameOfWhoIsEnded(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	unassign(w, "ada")
	gone := w.run()
	w.org.UpdateUser(w.users["ada"], map[string]any{"login": mail("former"), "email": mail("former")})
	w.hire("bea")
	w.rename("bea", "ada")
	w.run()
	for _, e := range w.employees("ada") {
		if e.Status == tracktiktest.Active {
			w.must(w.portal.TerminateEmployee(e.ID))
		}
	}
	w.runWith(refreshed)
	doc, err := w.restore(tsync.RestoreOptions{Run: gone.Run, Terminated: []tsync.Terminated{{User: gone.Actions[0].User, Employee: gone.Actions[0].Employee}}})
	w.must(err)
	w.wantDone(doc, "reactivate 1")
}

// A name that somebody has in TrackTik, and keeps there by the configuration, is given to nobody
// else, on a portal that would allow it: not to somebody new, and not by an update.
func TestANameThatIsKeptInTrackTikIsGivenToNobody(t *testing.T) {
	keeps := map[string]func(w *world){
		"adopted as it was": func(w *world) {
			w.policy.AdoptKeep = true
			w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Username: "ada.kept", Email: mail("ada")})
			w.run()
		},
		"changed by hand": func(w *world) {
			w.policy.RepairDrift = false
			w.run()
			w.must(w.portal.UpdateEmployee(w.employee("ada").ID, func(e *tracktiktest.Employee) { e.Username = "ada.kept" }))
		},
	}
	takes := map[string]func(w *world){
		"somebody new": func(w *world) { w.hire("eve"); w.org.UpdateAssignment(w.app, w.users["eve"], "ada.kept", nil) },
		"an update":    func(w *world) { w.org.UpdateAssignment(w.app, w.users["bob"], "ada.kept", nil) },
	}
	for how, keep := range keeps {
		for what, take := range takes {
			for run, opt := range map[string]tsync.RunOptions{"plain": refreshedNot, "refresh": refreshed} {
				t.Run(how+", "+what+", "+run, func(t *testing.T) {
					w := newWorld(t)
					w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted })
					w.mapping = mapping.Config{Attributes: map[string]mapping.Attribute{plan.Username.String(): {Sources: []string{"assignment.userName"}}}}
					w.hire("ada", "bob")
					keep(w)
					w.runWith(refreshed)
					take(w)
					for range 2 {
						doc := w.runWith(opt)
						if len(doc.Problems) != 1 {
							t.Errorf("the problems are %+v\n%s", doc.Problems, details(doc))
						}
						w.wantNoWrites()
					}
				})
			}
		}
	}
}

// Whose names were swapped by hand are not swapped back by two updates that cross.
func TestNamesThatWereSwappedByHandAreASwap(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	ada, bob := w.employee("ada").ID, w.employee("bob").ID
	rename := func(id int64, name string) {
		w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Username = name }))
	}
	rename(ada, "tmp")
	rename(bob, mail("ada"))
	rename(ada, mail("bob"))
	doc := w.runWith(refreshed)
	w.wantProblem(doc, plan.ProblemSwap, "ada")
	w.wantProblem(doc, plan.ProblemSwap, "bob")
	w.wantNoWrites()
	rename(bob, "tmp")
	w.wantDone(w.runWith(refreshed), "update 2")
}

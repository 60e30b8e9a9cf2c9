package sync_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/links"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// The record of somebody may be older than what they are called in TrackTik: a snapshot was
// restored, or somebody renamed them by hand. Who was made anew in Okta under the present
// names is the same person all the same.

// remake ends ada's user in Okta, and makes her anew under the names that she has by now.
func (w *world) remake(as string, how func(*world, string)) {
	w.Helper()
	how(w, w.users["ada"])
	w.users[as] = w.org.AddUser(oktatest.User{Login: mail(as), FirstName: "Ada", LastName: "Married"})
	w.org.AssignUser(w.app, w.users[as], oktatest.Assignment{})
}

// departures are the ways in which the old user ends; Okta gives no login to two.
var departures = map[string]func(w *world, id string){
	"deleted":     func(w *world, id string) { w.org.DeleteUser(id) },
	"deactivated": func(w *world, id string) { w.retired(id); w.org.DeactivateUser(id) },
	"unassigned":  func(w *world, id string) { w.retired(id); w.org.UnassignUser(w.app, id) },
}

// retired takes a user's login and e-mail.
func (w *world) retired(id string) {
	w.org.UpdateUser(id, map[string]any{"login": mail("ada.old"), "email": mail("ada.old")})
}

func TestARestoredSnapshotFindsWhoWasRenamedAndMadeAnew(t *testing.T) {
	for name, how := range departures {
		for when, seen := range map[string]bool{"before the restore": true, "after it": false} {
			t.Run(name+" "+when, func(t *testing.T) {
				w := rewound(t, func(w *world) {
					w.rename("ada", "ada.m")
					w.org.UpdateUser(w.users["ada"], map[string]any{"lastName": "Married"})
					w.run()
					if seen {
						w.remake("ada.m", how)
						w.run()
					}
				})
				if !seen {
					w.remake("ada.m", how)
				}
				_, err := w.sync(tsync.RunOptions{Users: []string{w.users["ada.m"]}})
				w.must(err)
				w.wantNoWrites()
				doc := w.run()
				w.wantDone(doc, "adopt 1")
				w.wantNoWrites()
				w.wantStatus(tracktiktest.Active, "ada.m")
				if link, _, err := w.db.Link(plan.PersonID(w.users["ada.m"])); err != nil || link.Pushed[plan.Username] != mail("ada.m") {
					t.Errorf("on record is %+v, %v", link, err)
				}
				w.wantDone(w.runWith(refreshed), "")
				w.org.UnassignUser(w.app, w.users["ada.m"])
				w.wantDone(w.run(), "terminate 1")
			})
		}
	}
}

// Who was made anew and may not be provisioned now keeps the employee meanwhile.
func TestWhoWasMadeAnewAndIsOnHoldIsNotEnded(t *testing.T) {
	for name, how := range departures {
		for hold, twist := range map[string]struct{ on, off func(*world, string) }{
			"suspended": {func(w *world, id string) { w.org.SetUserStatus(id, oktatest.StatusSuspended) }, func(w *world, id string) { w.org.SetUserStatus(id, oktatest.StatusActive) }},
			"unmapped": {func(w *world, id string) { w.org.UpdateUser(id, map[string]any{"firstName": nil}) },
				func(w *world, id string) { w.org.UpdateUser(id, map[string]any{"firstName": "Ada"}) }},
		} {
			t.Run(name+" "+hold, func(t *testing.T) {
				w := rewound(t, func(w *world) {
					w.rename("ada", "ada.m")
					w.org.UpdateUser(w.users["ada"], map[string]any{"lastName": "Married"})
					w.run()
					w.remake("ada.m", how)
				})
				twist.on(w, w.users["ada.m"])
				for range 2 {
					w.wantHeld(w.run(), plan.HeldUnconfirmed, "ada")
					w.wantNoWrites()
				}
				doc, err := w.sync(tsync.RunOptions{Users: []string{w.users["ada"]}})
				w.must(err)
				w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
				w.wantNoWrites()
				twist.off(w, w.users["ada.m"])
				w.wantDone(w.run(), "adopt 1")
				w.wantNoWrites()
			})
		}
	}
}

// The same without a restore: a dispatcher has renamed the employee.
func TestWhoWasRenamedByHandAndMadeAnewKeepsTheEmployee(t *testing.T) {
	w := newWorld(t)
	w.policy.RepairDrift = false
	w.hire("ada", "bob")
	w.run()
	id := w.employee("ada").ID
	w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Username, e.Email = mail("ada.m"), mail("ada.m") }))
	w.remake("ada.m", departures["deleted"])
	if doc := w.run(); counts(doc) != "adopt 1" && counts(doc) != "adopt 1, update 1" {
		t.Errorf("the plan is %q\n%s", counts(doc), details(doc))
	}
	if e := w.employee("ada.m"); e.ID != id || e.Status != tracktiktest.Active {
		t.Errorf("ada is %+v, was employee %d", e, id)
	}
}

// Whoever only has the names of a leaver is somebody else, and gets them when they are free.
func TestASecondPersonOfTheNamesInTrackTikIsNotTheLeaver(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.must(w.portal.UpdateEmployee(w.employee("ada").ID, func(e *tracktiktest.Employee) { e.Username, e.Email = mail("eve"), mail("eve") }))
	w.org.DeleteUser(w.users["ada"])
	w.users["eve"] = w.org.AddUser(oktatest.User{Login: mail("eve"), FirstName: "Eve", LastName: "Other"})
	w.org.AssignUser(w.app, w.users["eve"], oktatest.Assignment{})
	w.wantDone(w.run(), "terminate 1, create 1")
}

// Who was renamed and hired anew since is held, and is not made a third time on request:
// who has the present names is looked for as for anybody new.
func TestWhoIsMadeAnewOnRequestIsLookedForFirst(t *testing.T) {
	w := rewound(t, func(w *world) {
		w.rename("ada", "ada.m")
		w.org.UpdateUser(w.users["ada"], map[string]any{"lastName": "Married"})
		w.run()
		w.rehire("ada")
	})
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted })
	w.wantHeld(w.run(), plan.HeldTerminatedElsewhere, "ada")
	w.wantNoWrites()
	_, err := w.sync(tsync.RunOptions{Users: []string{w.users["ada"]}, Recreate: []plan.PersonID{plan.PersonID(w.users["ada"])}, Refresh: refreshed.Refresh})
	w.must(err)
	if n := len(w.employees("ada.m")); n != 2 {
		t.Errorf("ada is %d employees: the one who was ended, and the one who is there", n)
	}
}

// Nor is somebody made twice whom the snapshot has forgotten, and whom no key finds by now:
// they wait for a word of an administrator, in this run and in those after it.
func TestNobodyOfTheSameNamesIsMadeBesideWhomTheSnapshotForgot(t *testing.T) {
	forgotten := func(t *testing.T) (w *world, id int64) {
		w = rewound(t, func(w *world) {
			w.hire("late")
			w.run()
			id = w.employee("late").ID
		})
		w.rename("late", "married")
		w.hire("new")
		doc, err := w.sync(tsync.RunOptions{Users: []string{w.users["late"]}})
		w.must(err)
		w.wantHeld(doc, plan.HeldUnconfirmed, "late")
		for range 2 {
			w.wantHeld(w.run(), plan.HeldDoubtfulMatch, "late")
		}
		w.wantHeld(w.runWith(tsync.RunOptions{Users: []string{w.users["late"]}}), plan.HeldDoubtfulMatch, "late")
		w.wantStatus(tracktiktest.Active, "new")
		if made := w.employees("married"); len(made) > 0 {
			t.Fatalf("made were %+v", made)
		}
		return w, id
	}
	t.Run("the same person", func(t *testing.T) {
		w, id := forgotten(t)
		linked, err := w.build().LinkPeople(t.Context(), []links.Pair{{User: w.users["late"], Employee: plan.EmployeeID(id)}})
		w.must(errors.Join(err, linked[0].Err))
		w.run()
		if now := w.employee("married"); now.ID != id {
			t.Errorf("they are employee %d, want %d", now.ID, id)
		}
	})
	t.Run("somebody else", func(t *testing.T) {
		w, _ := forgotten(t)
		person := plan.PersonID(w.users["late"])
		w.wantDone(w.runWith(tsync.RunOptions{Users: []string{string(person)}, Recreate: []plan.PersonID{person}}), "create 1")
		w.wantDone(w.run(), "")
	})
	t.Run("who is ended since", func(t *testing.T) {
		w, id := forgotten(t)
		w.must(w.portal.TerminateEmployee(id))
		w.wantDone(w.run(), "create 1")
	})
}

// A user who is in Okta still is not made anew: somebody else of the same first name, who has
// the e-mail now, is a successor, and gets an employee of their own.
func TestASuccessorWithTheSameEmailIsNoRecreatedPerson(t *testing.T) {
	for name, leave := range map[string]func(w *world, id string){
		"unassigned": func(w *world, id string) { w.org.UnassignUser(w.app, id) },
		"suspended": func(w *world, id string) {
			w.policy.TerminateSuspended = true
			w.org.SetUserStatus(id, oktatest.StatusSuspended)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.run()
			old := w.employee("ada").ID
			leave(w, w.users["ada"])
			w.users["heir"] = w.org.AddUser(oktatest.User{Login: mail("heir"), Email: mail("ada"), FirstName: "Ada", LastName: "Brown"})
			w.org.AssignUser(w.app, w.users["heir"], oktatest.Assignment{})
			w.wantDone(w.run(), "terminate 1, create 1")
			if e, _ := w.portal.Employee(old); e.Status != tracktiktest.Terminated {
				t.Errorf("the leaver is %+v", e)
			}
		})
	}
}

// What a restored copy tells of a wait is not believed: who was taken away then may have come
// back, and have been taken away again, since.
func TestAWaitOfARestoredSnapshotBeginsAnew(t *testing.T) {
	t.Run("sync.unassigned_grace", func(t *testing.T) {
		w := newWorld(t)
		w.policy.UnassignedGrace = 24 * time.Hour
		w.hire("ada", "bob")
		w.run()
		w.org.UnassignUser(w.app, w.users["ada"])
		w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
		w.rewind(func() {
			w.pass(time.Hour)
			w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
			w.run()
			w.pass(72 * time.Hour)
			w.org.UnassignUser(w.app, w.users["ada"])
		})
		w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
		w.pass(23 * time.Hour)
		w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
		w.wantNoWrites()
		w.pass(time.Hour)
		w.wantDone(w.run(), "terminate 1")
	})
	t.Run("not visible", func(t *testing.T) {
		w := newWorld(t)
		w.limits.Kinds[plan.Terminate] = plan.NoLimit
		names := w.crowd(30)
		w.run()
		for _, name := range names[:4] {
			w.org.DeleteUser(w.users[name])
		}
		_, err := w.sync(refreshedNot)
		w.wantRefused(err, "guard")
		w.rewind(func() { w.pass(72 * time.Hour) })
		for _, wait := range []time.Duration{0, 23 * time.Hour} {
			w.pass(wait)
			doc, err := w.sync(refreshedNot)
			w.wantRefused(err, "guard")
			w.wantHeld(doc, plan.HeldNotVisible, names[0])
			w.wantNoWrites()
		}
		w.pass(time.Hour)
		w.wantDone(w.run(), "terminate 4")
	})
}

// unpushed are the ways in which TrackTik never learns what Okta calls somebody.
var unpushed = map[string]func(w *world, id string){
	"suspended":       func(w *world, id string) { w.org.SetUserStatus(id, oktatest.StatusSuspended) },
	"has a problem":   func(w *world, id string) { w.org.UpdateUser(id, map[string]any{"firstName": nil}) },
	"updates are off": func(w *world, _ string) { w.policy.UpdateUsers = false },
}

// Who is renamed in Okta, and is not renamed in TrackTik before the user is deleted and made anew
// under the new names, is known by what Okta showed last.
func TestWhoIsMadeAnewUnderAnUnpushedNameKeepsTheEmployee(t *testing.T) {
	for name, hide := range unpushed {
		for _, part := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, single run %v", name, part), func(t *testing.T) {
				w := newWorld(t)
				w.hire("ada", "bob")
				w.run()
				id, all := w.employee("ada").ID, len(w.portal.Employees())
				hide(w, w.users["ada"])
				w.rename("ada", "ada.m")
				w.run()
				w.wantNoWrites()
				w.remake("ada.m", departures["deleted"])
				if part {
					for _, who := range []string{"ada.m", "ada"} {
						_, err := w.sync(tsync.RunOptions{Users: []string{w.users[who]}})
						w.must(err)
						w.wantNoWrites()
					}
				}
				w.run()
				if e, _ := w.portal.Employee(id); e.Status != tracktiktest.Active {
					t.Errorf("ada is %+v", e)
				}
				if link, found, err := w.db.Link(plan.PersonID(w.users["ada.m"])); err != nil || !found || int64(link.Employee) != id {
					t.Errorf("on record is %+v, %v, %v", link, found, err)
				}
				if n := len(w.portal.Employees()); n != all {
					t.Errorf("there are %d employees, were %d", n, all)
				}
			})
		}
	}
}

// Who may have been made anew, and gets nothing yet, keeps the employee: the new user is suspended
// or lacks a name, or there are two.
func TestWhoMayBeMadeAnewWaits(t *testing.T) {
	second := func(w *world, _ string) {
		w.users["twin"] = w.org.AddUser(oktatest.User{Login: mail("twin"), Email: mail("ada"), FirstName: "Ada", LastName: "Married"})
		w.org.AssignUser(w.app, w.users["twin"], oktatest.Assignment{})
	}
	for name, twist := range map[string]struct{ on, off func(*world, string) }{
		"suspended": {func(w *world, id string) { w.org.SetUserStatus(id, oktatest.StatusSuspended) },
			func(w *world, id string) { w.org.SetUserStatus(id, oktatest.StatusActive) }},
		"staged": {func(w *world, id string) { w.org.SetUserStatus(id, oktatest.StatusStaged) },
			func(w *world, id string) { w.org.SetUserStatus(id, oktatest.StatusActive) }},
		"unmapped": {func(w *world, id string) { w.org.UpdateUser(id, map[string]any{"firstName": nil}) },
			func(w *world, id string) { w.org.UpdateUser(id, map[string]any{"firstName": "Ada"}) }},
		"two": {second, func(w *world, _ string) { w.org.DeleteUser(w.users["twin"]) }},
	} {
		for _, seen := range []bool{false, true} { // the new user was there before the old one was deleted
			t.Run(fmt.Sprintf("%s, seen before %v", name, seen), func(t *testing.T) {
				w := newWorld(t)
				w.hire("ada", "bob")
				w.run()
				id := w.employee("ada").ID
				gone := w.users["ada"]
				if seen {
					w.retiredInOkta(gone)
				} else {
					w.org.DeleteUser(gone)
				}
				w.users["ada.m"] = w.org.AddUser(oktatest.User{Login: mail("ada"), FirstName: "Ada", LastName: "Guard"})
				w.org.AssignUser(w.app, w.users["ada.m"], oktatest.Assignment{})
				twist.on(w, w.users["ada.m"])
				if seen {
					w.run()
					w.org.DeleteUser(gone)
				}
				for range 2 {
					w.wantHeld(w.run(), plan.HeldUnconfirmed, "ada")
				}
				for _, who := range []string{"ada", "ada.m"} {
					_, err := w.sync(tsync.RunOptions{Users: []string{w.users[who]}})
					w.must(err)
				}
				w.wantNoWrites()
				twist.off(w, w.users["ada.m"])
				w.wantDone(w.run(), "adopt 1")
				if e := w.employee("ada"); e.ID != id || e.Status != tracktiktest.Active {
					t.Errorf("ada is %+v, was employee %d", e, id)
				}
			})
		}
	}
}

// retiredInOkta takes the login away from a user whom TrackTik is told nothing of.
func (w *world) retiredInOkta(id string) {
	w.org.SetUserStatus(id, oktatest.StatusSuspended)
	w.retired(id)
}

// A run that a guard refuses whole remembers all the same what Okta calls people.
func TestARefusedRunRemembersWhatOktaCallsPeople(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(20)
	w.hire("ada")
	w.run()
	id := w.employee("ada").ID
	w.rename("ada", "ada.m")
	for _, name := range names[:6] {
		w.org.UpdateUser(w.users[name], map[string]any{"title": "Mistake"})
	}
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.remake("ada.m", departures["deleted"])
	for _, name := range names[:6] {
		w.org.UpdateUser(w.users[name], map[string]any{"title": nil})
	}
	w.run()
	if e, _ := w.portal.Employee(id); e.Status != tracktiktest.Active || e.Username != mail("ada.m") {
		t.Errorf("ada is %+v", e)
	}
}

// Who is banned, and is made anew in Okta, is told to be banned, and not made anew.
func TestWhoIsBannedAndMadeAnewInOktaIsToldSo(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.must(w.portal.BanEmployee(w.employee("ada").ID))
	w.runWith(refreshed)
	w.org.DeleteUser(w.users["ada"])
	w.users["again"] = w.org.AddUser(oktatest.User{Login: mail("ada"), FirstName: "Ada", LastName: "Guard"})
	w.org.AssignUser(w.app, w.users["again"], oktatest.Assignment{})
	for _, opt := range []tsync.RunOptions{refreshedNot, refreshed, {Users: []string{w.users["again"]}}} {
		doc := w.runWith(opt)
		w.wantNoWrites()
		if len(doc.Problems) != 1 || !strings.Contains(doc.Problems[0].Message, "BANNED") {
			t.Errorf("the problems are %+v\n%s", doc.Problems, details(doc))
		}
	}
}

package sync_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// ways are the kinds of run that look at somebody.
var ways = map[string]func(w *world, name string) tsync.RunOptions{
	"whole":   func(*world, string) tsync.RunOptions { return refreshedNot },
	"refresh": func(*world, string) tsync.RunOptions { return refreshed },
	"single":  func(w *world, name string) tsync.RunOptions { return tsync.RunOptions{Users: []string{w.users[name]}} },
}

// A ban is a dispatcher's decision: it is neither turned into a termination nor evaded by
// a new employee, whether or not we knew of it.
func TestWhoIsBannedIsNeitherEndedNorMadeAnew(t *testing.T) {
	departures := map[string]func(w *world, name string){
		"unassigned": unassign,
		"out of scope": func(w *world, name string) {
			w.policy.TerminateOutOfScope = true
			w.mapping.Scope = `user.lastName != "Out"`
			lastName("Out")(w, name)
		},
	}
	for how, way := range ways {
		for why, depart := range departures {
			for _, known := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, known %v", how, why, known), func(t *testing.T) {
					w := newWorld(t)
					w.policy.Reactivate = known
					w.hire("ada", "bob")
					w.group("Site North", "ada", "bob")
					w.run()
					w.must(w.portal.BanEmployee(w.employee("ada").ID))
					if known {
						w.runWith(refreshed)
					}
					banned := func(opt tsync.RunOptions) {
						t.Helper()
						doc := w.runWith(opt)
						w.wantHeld(doc, plan.HeldBannedElsewhere, "ada")
						w.wantNoWrites()
						w.wantStatus(tracktiktest.Banned, "ada") // and nobody else of that e-mail
					}
					depart(w, "ada")
					banned(way(w, "ada"))
					banned(way(w, "ada"))
					if why == "unassigned" {
						assign(w, "ada")
						banned(way(w, "ada"))
						id := plan.PersonID(w.users["ada"])
						yes := true
						banned(tsync.RunOptions{Users: []string{w.users["ada"]}, Retry: []plan.PersonID{id}, Recreate: []plan.PersonID{id}, Refresh: &yes})
						unassign(w, "ada")
						banned(way(w, "ada"))
					}
					w.must(w.portal.UpdateEmployee(w.employee("ada").ID, func(e *tracktiktest.Employee) { e.Status = tracktiktest.Active }))
					w.wantDone(w.runWith(refreshed), "terminate 1")
				})
			}
		}
	}
}

// Nor is somebody brought back whom a dispatcher has banned after we ended them.
func TestABanHoldsTheReturn(t *testing.T) {
	for _, reactivate := range []bool{false, true} {
		for how, way := range ways {
			t.Run(fmt.Sprintf("%s, reactivate %v", how, reactivate), func(t *testing.T) {
				w := newWorld(t)
				w.policy.Reactivate = reactivate
				w.hire("ada", "bob")
				w.group("Site North", "ada", "bob")
				w.run()
				unassign(w, "ada")
				w.run()
				w.must(w.portal.BanEmployee(w.employee("ada").ID))
				assign(w, "ada")
				w.wantHeld(w.runWith(way(w, "ada")), plan.HeldBannedElsewhere, "ada")
				w.wantNoWrites()
				w.wantStatus(tracktiktest.Banned, "ada")
			})
		}
	}
}

// A match by nothing leaves only the former employee's own record to say so.
func TestNobodyWhoIsBannedIsReactivated(t *testing.T) {
	w := newWorld(t)
	w.policy.Reactivate, w.policy.Match = true, []plan.Field{plan.CustomID}
	w.hire("ada", "bob")
	w.run()
	unassign(w, "ada")
	w.run()
	w.must(w.portal.BanEmployee(w.employee("ada").ID))
	assign(w, "ada")
	w.wantHeld(w.run(), plan.HeldBannedElsewhere, "ada")
	w.wantNoWrites()
	w.wantStatus(tracktiktest.Banned, "ada")
}

// endedByHand is a world in which a dispatcher has terminated ada and dan.
func endedByHand(t *testing.T, known bool) *world {
	w := newWorld(t)
	w.hire("ada", "bob", "cy", "dan")
	w.group("Site North", "ada", "bob", "cy", "dan")
	w.run()
	w.must(w.portal.TerminateEmployee(w.employee("ada").ID))
	w.must(w.portal.TerminateEmployee(w.employee("dan").ID))
	if known {
		w.runWith(refreshed)
	}
	return w
}

func (w *world) wantFound(doc *plan.Document, found, done int) {
	w.Helper()
	if r := doc.Result; r == nil || r.Found["terminate"] != found || r.Done["terminate"] != done || r.Failed+r.Unknown > 0 {
		w.Errorf("the result is %+v, want %d found and %d done\n%s", r, found, done, details(doc))
	}
}

// Whom somebody else has ended is not ended by us: it counts under no limit, and we do
// not bring them back.
func TestWhatIsFoundIsNotDoneByUs(t *testing.T) {
	for how, way := range ways {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, known %v", how, known), func(t *testing.T) {
				w := endedByHand(t, known)
				w.policy.Reactivate = true
				before := w.employee("ada")
				unassign(w, "ada")
				doc := w.runWith(way(w, "ada"))
				w.wantFound(doc, 1, 0)
				w.wantNoWrites()
				if e := w.employee("ada"); e.TerminationReason != before.TerminationReason || e.TerminationComment != before.TerminationComment {
					t.Errorf("the record of the termination was %+v, and is %+v", before, e)
				}
				entries := slices.DeleteFunc(w.audits(), func(a plan.Audit) bool { return a.Kind != "terminate" || a.Outcome == plan.Withheld })
				if len(entries) != 1 || entries[0].Outcome != plan.Found || string(entries[0].Person) != w.users["ada"] {
					t.Errorf("the history has %+v", entries)
				}
				if list, err := w.db.Runs(1); err != nil || list[0].Found["terminate"] != 1 || list[0].Done["terminate"] != 0 {
					t.Errorf("the run is on record as %+v, %v", list[0], err)
				}
				w.wantFound(w.run(), 0, 0)

				restored, err := w.restore(tsync.RestoreOptions{Run: doc.Run, Terminated: []tsync.Terminated{{User: plan.UserRef{ID: plan.PersonID(w.users["ada"])}, Employee: plan.EmployeeID(before.ID)}}})
				w.must(err)
				w.wantWarning(restored, "not_restored")
				w.wantNoWrites()
				assign(w, "ada")
				w.wantDone(w.runWith(way(w, "ada")), "create 1, grant_role 1")
				list := w.employees("ada")
				if len(list) != 2 || list[0].Status != tracktiktest.Terminated || list[1].Status != tracktiktest.Active {
					t.Errorf("ada is %+v", list)
				}
			})
		}
	}
}

func TestNoGuardCountsWhatIsFound(t *testing.T) {
	for _, known := range []bool{false, true} {
		for limit, l := range map[string]plan.Limit{"at once": {MaxCount: 1, MaxPercent: -1, MaxPerDay: -1}, "a day": {MaxCount: -1, MaxPercent: -1, MaxPerDay: 1}, "a share": {MaxCount: -1, MaxPercent: 40, MaxPerDay: -1}} {
			t.Run(fmt.Sprintf("%s, known %v", limit, known), func(t *testing.T) {
				w := endedByHand(t, known)
				w.limits.Kinds[plan.Terminate] = l
				unassign(w, "ada")
				unassign(w, "dan")
				w.wantFound(w.run(), 2, 0)
				w.hire("eve")
				w.run()
				unassign(w, "bob")
				w.wantFound(w.run(), 0, 1)
			})
		}
	}
}

// Their statuses are read in as few calls as may be, and nobody else's with them.
func TestManyLeaversAreReadTogether(t *testing.T) {
	for name, test := range map[string]struct {
		rule func(*tracktiktest.Server)
		want []string
	}{
		"by their ids":                        {func(*tracktiktest.Server) {}, []string{"some"}},
		"from the list where that is refused": {func(s *tracktiktest.Server) { s.Rules.RefusedFilters = []string{"id:in"} }, []string{"some", "all"}},
		"from the list where that is ignored": {func(s *tracktiktest.Server) { s.Rules.IgnoredFilters = []string{"id:in"} }, []string{"some", "all"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.limits.Kinds[plan.Terminate] = plan.Limit{MaxCount: -1, MaxPercent: -1, MaxPerDay: -1}
			names := w.crowd(130)
			w.run()
			for _, name := range names[:120] {
				w.must(w.portal.TerminateEmployee(w.employee(name).ID))
				unassign(w, name)
			}
			w.portal.Configure(test.rule)
			w.wantFound(w.run(), 120, 0)
			var asked []string
			for _, r := range w.portal.Requests() {
				switch {
				case strings.HasSuffix(r.Path, "/employees") && r.Query.Has("id:in"):
					asked = append(asked, "some")
				case strings.HasSuffix(r.Path, "/employees"):
					asked = append(asked, "all")
				case strings.Contains(r.Path, "/employees/"):
					asked = append(asked, "one")
				}
			}
			if !slices.Equal(asked, test.want) {
				t.Errorf("asked for %v, want %v", asked, test.want)
			}
		})
	}
}

// Whoever is active again when the termination is due was not found ended: it is a
// termination as any other, and the next run's guards count it.
func TestWhoIsActiveAgainIsNotFound(t *testing.T) {
	w := endedByHand(t, true)
	id := w.employee("ada").ID
	unassign(w, "ada")
	w.change = func(e *tsync.Engine) {
		e.Snapshot = &beforeIntents{Snapshot: e.Snapshot, do: func() {
			w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Status = tracktiktest.Active }))
			w.pass(2 * time.Minute)
		}}
	}
	doc := w.run()
	w.wantFound(doc, 0, 0)
	w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
	w.wantNoWrites()
	w.change = nil
	w.wantFound(w.run(), 0, 1)
}

// beforeIntents does something right before an action is begun.
type beforeIntents struct {
	tsync.Snapshot
	do func()
}

func (b *beforeIntents) Begin(i plan.Intent) (uint64, error) {
	b.do()
	return b.Snapshot.Begin(i)
}

func TestARoleThatSomebodyElseTookIsFound(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada", "bob")
	w.run()
	w.must(w.portal.Revoke(w.employee("ada").ID, w.roleID("Site South")))
	w.leave("Site South", "ada")
	doc := w.run()
	if r := doc.Result; r.Found["revoke_role"] != 1 || r.Done["revoke_role"] != 0 {
		t.Errorf("the result is %+v\n%s", r, details(doc))
	}
	w.wantDone(w.runWith(refreshed), "")
}

// What TrackTik says of somebody is remembered whatever Okta says of them.
func TestTheStateInTrackTikIsRememberedOfWhoIsHeld(t *testing.T) {
	w := endedByHand(t, false)
	w.org.SetUserStatus(w.users["ada"], oktatest.StatusSuspended)
	w.runWith(refreshed)
	link, _, err := w.db.Link(plan.PersonID(w.users["ada"]))
	w.must(err)
	if link.ElsewhereStatus != tracktiktest.Terminated {
		t.Errorf("the record says %q", link.ElsewhereStatus)
	}
}

// A portal that shows a termination late has terminated for us, and not by somebody else;
// unless it says that somebody else has.
func TestATerminationThatIsShownLateIsOurs(t *testing.T) {
	for how, way := range ways {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Reactivate = true
			w.hire("ada", "bob")
			w.run()
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.TerminationIneffective = true })
			unassign(w, "ada")
			if doc := w.run(); doc.Result.Failed != 1 {
				t.Fatalf("it ended so: %+v", doc.Result)
			}
			w.must(w.portal.TerminateEmployee(w.employee("ada").ID)) // it takes effect now
			w.pass(time.Hour)
			w.wantFound(w.runWith(way(w, "ada")), 0, 1)
			w.wantNoWrites()
			assign(w, "ada")
			w.wantDone(w.runWith(way(w, "ada")), "reactivate 1")
		})
		t.Run(how+", somebody else's", func(t *testing.T) {
			w := newWorld(t)
			w.policy.Reactivate = true
			w.hire("ada", "bob")
			w.run()
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.TerminationIneffective, s.Rules.AuthorsShown = true, true })
			unassign(w, "ada")
			w.run()
			w.must(w.portal.TerminateEmployee(w.employee("ada").ID))
			w.pass(time.Hour)
			w.wantFound(w.runWith(way(w, "ada")), 1, 0)
			assign(w, "ada")
			w.wantDone(w.runWith(way(w, "ada")), "create 1")
		})
	}
}

// Whom we ended, somebody else brought back, and somebody else ended again, is not ours to
// bring back: neither when they return in Okta nor by a restore.
func TestWhoWasBroughtBackAndEndedByHandIsNotBroughtBackByUs(t *testing.T) {
	for _, seen := range []bool{false, true} {
		t.Run(fmt.Sprintf("seen active between %v", seen), func(t *testing.T) {
			w := newWorld(t)
			w.policy.Reactivate = true
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.run()
			id := w.employee("ada").ID
			unassign(w, "ada")
			gone := w.run()
			w.pass(time.Hour)
			w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Status = tracktiktest.Active }))
			if seen {
				w.runWith(refreshed)
			}
			w.pass(time.Hour)
			w.must(w.portal.TerminateEmployee(id))
			w.runWith(refreshed)
			restored, err := w.restore(tsync.RestoreOptions{Run: gone.Run, Terminated: []tsync.Terminated{{User: gone.Actions[0].User, Employee: plan.EmployeeID(id)}}})
			w.must(err)
			if !seen { // nobody knows
				w.wantDone(restored, "reactivate 1")
				return
			}
			w.wantWarning(restored, "not_restored")
			assign(w, "ada")
			w.wantDone(w.run(), "create 1, grant_role 1")
			list := w.employees("ada")
			if len(list) != 2 || list[0].Status != tracktiktest.Terminated || list[1].Status != tracktiktest.Active {
				t.Errorf("ada is %+v", list)
			}
		})
	}
}

// Whom somebody else brought back, and who is active still, is taken over when they return.
func TestWhoWasBroughtBackByHandIsTakenOverAndMadeOnce(t *testing.T) {
	w := newWorld(t)
	w.policy.Reactivate = true
	w.hire("ada", "bob")
	w.run()
	id := w.employee("ada").ID
	unassign(w, "ada")
	w.run()
	w.pass(time.Hour)
	w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Status = tracktiktest.Active }))
	w.runWith(refreshed)
	assign(w, "ada")
	w.pass(time.Hour)
	w.run()
	w.runWith(refreshed)
	w.wantNoDoubles()
	if list := w.employees("ada"); len(list) != 1 || list[0].ID != id {
		t.Errorf("ada is %+v", list)
	}
	unassign(w, "ada")
	gone := w.run()
	w.wantDone(gone, "terminate 1") // ours again, and ours to bring back
	w.pass(time.Hour)
	restored, err := w.restore(tsync.RestoreOptions{Run: gone.Run, Terminated: []tsync.Terminated{{User: gone.Actions[0].User, Employee: plan.EmployeeID(id)}}})
	w.must(err)
	w.wantDone(restored, "reactivate 1")
}

// A ban that was lifted since TrackTik was read keeps no leaver: they are looked at, and ended.
func TestABanThatWasLiftedKeepsNoLeaver(t *testing.T) {
	for name, opt := range map[string]func(w *world) tsync.RunOptions{
		"whole":  func(*world) tsync.RunOptions { return refreshedNot },
		"single": func(w *world) tsync.RunOptions { return tsync.RunOptions{Users: []string{w.users["ada"]}} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.run()
			w.must(w.portal.BanEmployee(w.employee("ada").ID))
			w.wantHeld(w.runWith(refreshed), plan.HeldBannedElsewhere, "ada")
			w.org.DeactivateUser(w.users["ada"])
			w.wantHeld(w.runWith(opt(w)), plan.HeldBannedElsewhere, "ada")
			w.inPortal(tracktiktest.When(tracktiktest.Match{Method: http.MethodGet, Path: "/employees/*"}, tracktiktest.FailBefore))
			w.wantHeld(w.runWith(opt(w)), plan.HeldBannedElsewhere, "ada") // nothing says otherwise
			w.inPortal(nil)
			w.must(w.portal.UpdateEmployee(w.employee("ada").ID, func(e *tracktiktest.Employee) { e.Status = tracktiktest.Active }))
			w.wantDone(w.runWith(opt(w)), "terminate 1")
			w.wantStatus(tracktiktest.Terminated, "ada")
		})
	}
}

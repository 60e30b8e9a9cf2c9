package sync_test

import (
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// newDatedWorld is a world in which Okta knows first and last days. It is 07:00 on
// 2026-11-24, UTC.
func newDatedWorld(t *testing.T) *world {
	w := newWorld(t)
	w.push.Push = "none"
	w.must(w.portal.UpdateRegion(tracktiktest.HQ, func(r *tracktiktest.Region) { r.TimeZone = "UTC" }))
	w.org.DefineUserAttribute("hireDate", "string")
	w.org.DefineUserAttribute("lastDay", "string")
	w.mapping = mapping.Config{Start: mapping.DateSource{Sources: []string{"user.hireDate"}, Layout: "MM/DD/YYYY"}, End: mapping.DateSource{Sources: []string{"user.lastDay"}}}
	return w
}

func (w *world) date(name, attribute, day string) {
	w.org.UpdateUser(w.users[name], map[string]any{attribute: day})
}

// until lets time pass up to a moment, less the quarter of an hour that a run takes.
func (w *world) until(moment string) {
	w.Helper()
	at, err := time.Parse(time.RFC3339, moment)
	w.must(err)
	w.pass(at.Sub(w.now()) - 15*time.Minute)
}

func TestANewPersonIsMadeOnTheFirstDay(t *testing.T) {
	w := newDatedWorld(t)
	w.hire("ada", "bob")
	w.date("ada", "hireDate", "12/01/2026")
	doc := w.run()
	w.wantHeld(doc, plan.HeldNotStarted, "ada")
	w.wantStatus(tracktiktest.Active, "bob")
	for range 3 {
		w.pass(24 * time.Hour)
		w.wantHeld(w.run(), plan.HeldNotStarted, "ada")
		if n := len(w.portal.Requests()); n > 0 {
			t.Errorf("a person who has not started cost %d calls to the portal", n)
		}
	}
	w.until("2026-11-30T23:59:00Z")
	w.wantHeld(w.run(), plan.HeldNotStarted, "ada")
	w.until("2026-12-01T00:00:00Z")
	w.wantDone(w.run(), "create 1")
	w.wantStatus(tracktiktest.Active, "ada")
	w.wantDone(w.run(), "")
}

func TestTheLeadAndTheRegionSayWhenAPersonStarts(t *testing.T) {
	w := newDatedWorld(t)
	w.policy.StartLead = 48 * time.Hour
	w.portal.AddRegion(tracktiktest.Region{ID: 7, Name: "New York", Parent: tracktiktest.HQ, TimeZone: "America/New_York"})
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"hireDate": "2026-12-03", "division": "New York"})
	w.run()
	w.until("2026-12-01T04:59:00Z")
	w.wantHeld(w.run(), plan.HeldNotStarted, "ada")
	w.until("2026-12-01T05:00:00Z")
	w.wantDone(w.run(), "create 1")
}

func TestWhoHasAnEmployeeIsAdoptedBeforeTheFirstDay(t *testing.T) {
	w := newDatedWorld(t)
	w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Email: mail("ada"), Username: mail("ada")})
	w.hire("ada")
	w.date("ada", "hireDate", "2027-01-01")
	w.date("ada", "lastDay", "2027-02-01")
	w.wantDone(w.run(), "adopt 1")
	w.until("2027-01-01T00:00:00Z")
	w.wantDone(w.run(), "")
	w.until("2027-02-02T00:00:00Z") // the one day has not hidden the other
	w.wantDone(w.run(), "terminate 1")
}

func TestALastDayEndsAnEmployeeWhereTheyWork(t *testing.T) {
	w := newDatedWorld(t)
	w.portal.AddRegion(tracktiktest.Region{ID: 7, Name: "New York", Parent: tracktiktest.HQ, TimeZone: "America/New_York"})
	w.hire("ada", "bob", "cy", "dee")
	for _, name := range []string{"ada", "bob"} {
		w.date(name, "lastDay", "2026-11-30")
	}
	w.org.UpdateUser(w.users["bob"], map[string]any{"division": "New York"})
	w.date("cy", "lastDay", "9999-12-31")
	w.run()
	w.pass(24 * time.Hour)
	w.wantDone(w.run(), "")
	if n := len(w.portal.Requests()); n > 0 {
		t.Errorf("a day to come cost %d calls to the portal", n)
	}
	if n := w.org.Count("GET /api/v1/users/*"); n > 0 {
		t.Errorf("a day to come cost %d look-ups in Okta", n)
	}
	w.until("2026-11-30T23:59:00Z")
	w.wantDone(w.run(), "")
	w.until("2026-12-01T00:00:00Z") // nothing has changed in Okta
	doc := w.run()
	w.wantDone(doc, "terminate 1")
	if a := doc.Actions[0]; a.Reason != "last day 2026-11-30 is over" || a.Extras().Evidence != plan.EvidenceLastDay {
		t.Errorf("terminated for %q, evidence %q", a.Reason, a.Extras().Evidence)
	}
	w.wantStatus(tracktiktest.Terminated, "ada")
	w.wantStatus(tracktiktest.Active, "bob", "cy", "dee")
	w.until("2026-12-01T05:00:00Z")
	w.wantDone(w.run(), "terminate 1")
	w.wantStatus(tracktiktest.Terminated, "bob")
	doc = w.run()
	w.wantHeld(doc, plan.HeldEnded, "ada")
	w.wantHeld(doc, plan.HeldEnded, "bob")
	w.pass(24 * time.Hour)
	w.wantHeld(w.run(), plan.HeldEnded, "ada")
	if n := len(w.portal.Requests()); n > 0 {
		t.Errorf("who has ended cost %d calls to the portal", n)
	}
}

func TestADateThatMovesOnIsAComeback(t *testing.T) {
	for how, day := range map[string]string{"moved on": "2027-03-31", "emptied": ""} {
		t.Run(how, func(t *testing.T) {
			w := newDatedWorld(t)
			w.hire("ada")
			w.date("ada", "lastDay", "2026-11-20")
			w.wantHeld(w.run(), plan.HeldEnded, "ada") // has none, and gets none
			w.date("ada", "lastDay", "2026-11-30")
			w.wantDone(w.run(), "create 1")
			w.until("2026-12-02T00:00:00Z")
			w.wantDone(w.run(), "terminate 1")
			w.run()
			w.date("ada", "lastDay", day)
			w.wantDone(w.run(), "create 1")
			if n := len(w.employees("ada")); n != 2 {
				t.Errorf("%d employees", n)
			}
			w.wantDone(w.run(), "")
		})
	}
}

func TestWhoIsSuspendedIsEndedByTheLastDayToo(t *testing.T) {
	w := newDatedWorld(t)
	w.hire("ada")
	w.date("ada", "lastDay", "2026-11-30")
	w.run()
	w.org.SetUserStatus(w.users["ada"], "SUSPENDED")
	w.wantHeld(w.run(), plan.HeldSuspended, "ada")
	w.until("2026-12-01T00:00:00Z")
	w.wantDone(w.run(), "terminate 1")
}

// TestWhoseLastDayIsOverIsTakenOverAndGetsNothing shows that somebody who left before the
// program came is taken over, given no role, and announced as a leaver in the same plan.
func TestWhoseLastDayIsOverIsTakenOverAndGetsNothing(t *testing.T) {
	w := newDatedWorld(t)
	w.push.Push = "listed"
	w.hire("ada")
	w.group("Site A", "ada")
	w.date("ada", "lastDay", "2026-01-31")
	w.portal.AddEmployee(tracktiktest.Employee{Username: mail("ada"), FirstName: "Ada", LastName: "Guard", Email: mail("ada")})
	doc := w.run()
	w.wantHeld(doc, plan.HeldEnded, "ada")
	for _, a := range doc.Actions {
		if a.Kind == plan.GrantRole || a.Kind == plan.Update {
			t.Errorf("somebody whose last day is over gets %s", a.Kind)
		}
	}
	w.wantStatus(tracktiktest.Active, "ada")
	w.wantDone(w.run(), "terminate 1")
}

func TestALastDayIsADepartureLikeAnyOther(t *testing.T) {
	w := newDatedWorld(t)
	for _, name := range w.crowd(30) {
		w.date(name, "lastDay", "2026-11-30")
	}
	w.run()
	w.until("2026-12-01T00:00:00Z")
	_, err := w.sync(tsync.RunOptions{NoRemovals: true})
	w.must(err)
	w.wantNoWrites()
	doc, err := w.sync(tsync.RunOptions{}) // a slip in the source of dates
	w.wantRefused(err, tsync.RefusedGuard)
	w.wantNoWrites()
	doc, err = w.sync(tsync.RunOptions{Approve: []string{doc.Guard.Refusals[0].Approve}})
	w.must(err)
	w.wantDone(doc, "terminate 30")
	back := tsync.RestoreOptions{Run: doc.Run, Terminated: []tsync.Terminated{{User: doc.Actions[0].User, Employee: doc.Actions[0].Employee}}}
	_, err = w.restore(back)
	w.must(err)
	w.wantStatus(tracktiktest.Active, "g001")
	w.wantHeld(w.run(), plan.HeldRestored, "g001")
	w.date("g001", "lastDay", "2027-11-30")
	w.wantDone(w.run(), "")
}

// moveMeanwhile moves somebody's last day two minutes after the plan was made, and wants that seen.
func (w *world) moveMeanwhile(name, day string) {
	w.Helper()
	doc, err := w.sync(tsync.RunOptions{Confirm: func(*plan.Document) bool {
		w.pass(2 * time.Minute)
		w.date(name, "lastDay", day)
		return true
	}})
	w.must(err)
	w.wantHeld(doc, plan.HeldUnconfirmed, name)
}

func TestADateThatMovedWhileOthersWereEndedIsSeen(t *testing.T) {
	w := newDatedWorld(t)
	w.hire("ada")
	w.date("ada", "lastDay", "2026-11-30")
	w.run()
	w.until("2026-12-01T00:00:00Z")
	w.moveMeanwhile("ada", "2026-12-31")
	w.wantStatus(tracktiktest.Active, "ada")
	w.until("2027-01-01T00:00:00Z")
	doc, err := w.sync(tsync.RunOptions{Confirm: func(*plan.Document) bool { w.pass(2 * time.Minute); return true }})
	w.must(err)
	w.wantDone(doc, "terminate 1")
}

func TestDatesThatCannotBeReadCountAsAbsentAndAreNamed(t *testing.T) {
	w := newDatedWorld(t)
	w.hire("ada", "bob")
	w.date("ada", "hireDate", "31/02/2026")
	w.date("ada", "lastDay", "03/31/26")
	w.org.UpdateUser(w.users["bob"], map[string]any{"hireDate": "2026-11-01", "lastDay": "2026-10-31"}) // of a former time
	doc := w.run()
	w.wantStatus(tracktiktest.Active, "ada", "bob")
	if got := warned(doc, plan.WarningInvalidValue); len(got) != 3 {
		t.Errorf("warned of %q", got)
	}
	w.pass(48 * time.Hour)
	w.wantDone(w.run(), "")
}

func TestStagedPeopleAreMadeWhereTheConfigurationSaysSo(t *testing.T) {
	w := newWorld(t)
	w.policy.ProvisionStaged = true
	id := w.org.AddUser(oktatest.User{Login: mail("ada"), FirstName: "Ada", LastName: "Guard", Status: "STAGED"})
	w.org.AssignUser(w.app, id, oktatest.Assignment{})
	w.users["ada"] = id
	w.run()
	w.wantStatus(tracktiktest.Active, "ada")
}

// A last day is over where the employee stands, not where Okta has them: somebody moved them by
// hand, or they were there when they were adopted. The termination has the date of that place.
func TestALastDayEndsWhereTheEmployeeWasMovedByHand(t *testing.T) {
	const honolulu = 7
	for name, stand := range map[string]func(w *world){
		"moved by hand": func(w *world) { w.run(); w.must(w.portal.MoveEmployee(w.employee("ada").ID, honolulu)) },
		"moved, and seen": func(w *world) {
			w.run()
			w.must(w.portal.MoveEmployee(w.employee("ada").ID, honolulu))
			w.runWith(refreshed)
		},
		"adopted there": func(w *world) {
			w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Email: mail("ada"), Username: mail("ada"), Region: honolulu})
			w.run()
		},
	} {
		for how, opt := range map[string]func(w *world) tsync.RunOptions{
			"a whole run": func(*world) tsync.RunOptions { return refreshedNot },
			"a refresh":   func(*world) tsync.RunOptions { return refreshed },
			"alone":       func(w *world) tsync.RunOptions { return tsync.RunOptions{Users: []string{w.users["ada"]}} },
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				w := newDatedWorld(t)
				w.portal.AddRegion(tracktiktest.Region{ID: honolulu, Name: "Honolulu", Parent: tracktiktest.HQ, TimeZone: "Pacific/Honolulu"})
				w.hire("ada")
				w.date("ada", "lastDay", "2026-11-30")
				stand(w)
				w.until("2026-12-01T09:30:00Z") // 23:30 there
				w.wantDone(w.runWith(opt(w)), "")
				w.wantStatus(tracktiktest.Active, "ada")
				w.until("2026-12-01T10:00:00Z")
				w.wantDone(w.runWith(opt(w)), "terminate 1")
				if e := w.portal.Employees(); e[len(e)-1].TerminationDate != "2026-12-01" {
					t.Errorf("the date is %s", e[len(e)-1].TerminationDate)
				}
			})
		}
	}
}

// While the list of regions lacks that of an employee, a last day is over when it is everywhere.
func TestALastDayIsNotOverWhereTheRegionIsNotListed(t *testing.T) {
	for name, list := range map[string]func(w *world){
		"no region": func(w *world) {
			w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "GET", Path: "/regions"}, tracktiktest.EmptyList))
		},
		"another only": func(w *world) { w.must(w.portal.DeleteRegion(7)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newDatedWorld(t)
			w.portal.AddRegion(tracktiktest.Region{ID: 7, Name: "New York", Parent: tracktiktest.HQ, TimeZone: "America/New_York"})
			w.hire("ada")
			w.org.UpdateUser(w.users["ada"], map[string]any{"division": "New York"})
			w.run()
			w.date("ada", "lastDay", "2026-11-30")
			list(w)
			w.until("2026-12-01T03:00:00Z") // 22:00 there
			w.wantDone(w.run(), "")
			w.until("2026-12-01T11:59:00Z")
			w.wantDone(w.run(), "")
			w.until("2026-12-01T12:00:00Z")
			w.wantDone(w.run(), "terminate 1")
		})
	}
}

// A refresh notes where an employee stands who was moved by hand, and moves nobody.
func TestARefreshNotesWhereAnEmployeeStands(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRegion(tracktiktest.Region{ID: 7, Name: "Honolulu", Parent: tracktiktest.HQ})
	w.hire("ada")
	w.run()
	for _, place := range []int64{7, tracktiktest.HQ, 7} {
		w.must(w.portal.MoveEmployee(w.employee("ada").ID, place))
		w.wantDone(w.runWith(refreshed), "")
		link, _, err := w.db.Link(plan.PersonID(w.users["ada"]))
		if err != nil || int64(link.Place()) != place {
			t.Errorf("on record they stand in region %d, want %d (%v)", link.Place(), place, err)
		}
	}
	w.org.UpdateUser(w.users["ada"], map[string]any{"division": "Honolulu", "title": "Chief"})
	w.run()
	if link, _, _ := w.db.Link(plan.PersonID(w.users["ada"])); link.Place() != 7 || link.Stands != 0 {
		t.Errorf("after the move of ours they stand in region %d: %+v", link.Place(), link.Stands)
	}
}

// Who gets nothing any more, keeps no name from those who do.
func TestWhoseLastDayIsOverTakesNoNameFromOthers(t *testing.T) {
	for name, opt := range map[string]func(w *world) tsync.RunOptions{
		"whole":  func(*world) tsync.RunOptions { return tsync.RunOptions{} },
		"single": func(w *world) tsync.RunOptions { return tsync.RunOptions{Users: []string{w.users["bob"]}} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newDatedWorld(t)
			w.hire("eve")
			w.run()
			w.hire("ada", "bob")
			w.date("ada", "lastDay", "2026-11-20")
			w.org.UpdateUser(w.users["ada"], map[string]any{"email": mail("bob")})
			w.wantDone(w.runWith(opt(w)), "create 1")
			w.wantStatus(tracktiktest.Active, "bob")
			w.wantHeld(w.run(), plan.HeldEnded, "ada")
			w.wantNoTrouble("bob")
			w.date("ada", "lastDay", "")
			w.wantProblem(w.run(), plan.ProblemDuplicate, "ada")
		})
	}
}

package sync_test

import (
	"fmt"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A last day ends whom nothing else ends: whatever Okta says of the user and of the
// assignment, in whole runs and alone, on the day after it and not before.
func TestALastDayEndsWhomOktaHoldsAssignedOrNot(t *testing.T) {
	runs := map[string]func(w *world) tsync.RunOptions{
		"whole":     func(*world) tsync.RunOptions { return refreshedNot },
		"refreshed": func(*world) tsync.RunOptions { return refreshed },
		"alone":     func(w *world) tsync.RunOptions { return tsync.RunOptions{Users: []string{w.users["ada"]}} },
	}
	for status, held := range map[string]string{"SUSPENDED": plan.HeldSuspended, "FROZEN": plan.HeldUnreadable, "STAGED": "", "ACTIVE": ""} {
		for _, leave := range []string{"assigned", "unassigned", "revoked"} {
			for how, opt := range runs {
				t.Run(fmt.Sprintf("%s, %s, %s", status, leave, how), func(t *testing.T) {
					w := newDatedWorld(t)
					w.policy.UnassignedGrace = 30 * 24 * time.Hour
					w.hire("ada")
					w.date("ada", "lastDay", "2026-11-30")
					w.run()
					w.org.SetUserStatus(w.users["ada"], status)
					held := held
					switch leave {
					case "unassigned":
						w.org.UnassignUser(w.app, w.users["ada"])
					case "revoked":
						w.org.SetAssignmentStatus(w.app, w.users["ada"], "REVOKED")
					}
					if leave != "assigned" && held == "" {
						held = plan.HeldUnassignedGrace
					}
					for _, moment := range []string{"2026-11-25T07:00:00Z", "2026-11-30T23:59:00Z"} {
						w.until(moment)
						doc := w.runWith(opt(w))
						w.wantDone(doc, "")
						if held != "" {
							w.wantHeld(doc, held, "ada")
						}
					}
					w.until("2026-12-01T00:00:00Z") // nothing has changed in Okta
					doc := w.runWith(opt(w))
					w.wantDone(doc, "terminate 1")
					if len(doc.Actions) == 0 {
						return
					}
					if a := doc.Actions[0]; a.Reason != "last day 2026-11-30 is over" || a.Extras().Evidence != plan.EvidenceLastDay {
						t.Errorf("terminated for %q, evidence %q", a.Reason, a.Extras().Evidence)
					}
					w.wantStatus(tracktiktest.Terminated, "ada")
					w.wantDone(w.runWith(refreshedNot), "")
				})
			}
		}
	}
}

// What only the assignment told is not known of who has none; nor is a day that lies behind
// it, nor whether a last day is left over from before the first one.
func TestADayOfTheAssignmentIsNotKnownOfTheUnassigned(t *testing.T) {
	for name, where := range map[string]mapping.Config{
		"the last day":             {End: mapping.DateSource{Sources: []string{"app.lastDay"}}},
		"the last day before":      {End: mapping.DateSource{Sources: []string{"app.lastDay", "user.lastDay"}}},
		"the first day":            {Start: mapping.DateSource{Sources: []string{"app.hireDate"}}, End: mapping.DateSource{Sources: []string{"user.lastDay"}}},
		"the first day before":     {Start: mapping.DateSource{Sources: []string{"app.hireDate", "user.hireDate"}}, End: mapping.DateSource{Sources: []string{"user.lastDay"}}},
		"left over, by both users": {Start: mapping.DateSource{Sources: []string{"user.hireDate"}}, End: mapping.DateSource{Sources: []string{"user.lastDay"}}},
	} {
		for how, users := range map[string]bool{"whole": false, "alone": true} {
			t.Run(name+", "+how, func(t *testing.T) {
				w := newDatedWorld(t)
				w.mapping = where
				w.org.DefineAppAttribute(w.app, "lastDay", "string")
				w.org.DefineAppAttribute(w.app, "hireDate", "string")
				w.hire("ada")
				w.date("ada", "lastDay", "2026-10-31")
				w.date("ada", "hireDate", "2026-11-01")
				w.org.UpdateAssignment(w.app, w.users["ada"], "", map[string]any{"lastDay": "2027-10-31", "hireDate": "2026-11-01"})
				w.run()
				w.wantStatus(tracktiktest.Active, "ada")
				w.org.SetUserStatus(w.users["ada"], "SUSPENDED")
				w.org.UnassignUser(w.app, w.users["ada"])
				var opt tsync.RunOptions
				if users {
					opt.Users = []string{w.users["ada"]}
				}
				for range 2 {
					doc := w.runWith(opt)
					w.wantDone(doc, "")
					w.wantHeld(doc, plan.HeldSuspended, "ada")
				}
			})
		}
	}
}

// The unassigned cost two look-ups a run, as before.
func TestALastDayOfTheUnassignedCostsNoCall(t *testing.T) {
	w := newDatedWorld(t)
	w.policy.UnassignedGrace = 30 * 24 * time.Hour
	w.hire("ada", "bob")
	for _, name := range []string{"ada", "bob"} {
		w.date(name, "lastDay", "2026-11-30")
	}
	w.run()
	w.org.UnassignUser(w.app, w.users["ada"])
	w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
	w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
	if o, p := w.org.Count("GET /api/v1/users/*")+w.org.Count("GET /api/v1/apps/*/users/*"), len(w.portal.Requests()); o != 2 || p > 0 {
		t.Errorf("%d look-ups in Okta, want 2, and %d calls to the portal", o, p)
	}
}

// Of whom Okta does not show nothing is known, whatever it said of them before.
func TestALastDayEndsNobodyWhomOktaDoesNotShow(t *testing.T) {
	w := newDatedWorld(t)
	names := w.crowd(30)
	for _, name := range names[:5] {
		w.date(name, "lastDay", "2026-11-24")
	}
	w.run()
	for _, name := range names[:5] {
		w.org.DeleteUser(w.users[name])
	}
	w.until("2026-11-25T00:00:00Z")
	doc, err := w.sync(refreshedNot)
	w.wantRefused(err, tsync.RefusedGuard)
	w.wantDone(doc, "")
	for _, name := range names[:5] {
		w.wantHeld(doc, plan.HeldNotVisible, name)
	}
}

// Of many who wait, each has a day of their own: a sample would speak for none of them.
func TestEachOfManyUnassignedHasALastDay(t *testing.T) {
	w := newDatedWorld(t)
	w.policy.UnassignedGrace = 30 * 24 * time.Hour
	w.limits.Kinds[plan.Terminate] = plan.Limit{MaxCount: 5, MaxPercent: -1, MaxPerDay: -1}
	names := w.crowd(60)
	w.date("g030", "lastDay", "2026-11-30")
	w.run()
	for _, name := range names[:50] {
		w.org.UnassignUser(w.app, w.users[name])
	}
	w.wantDone(w.run(), "")
	w.until("2026-12-01T00:00:00Z")
	w.wantDone(w.run(), "terminate 1")
	w.wantStatus(tracktiktest.Terminated, "g030")
	w.wantStatus(tracktiktest.Active, "g001", "g029", "g031")
}

// The days of the unassigned are under the guard like any other departure.
func TestTheLastDaysOfTheUnassignedAreGuarded(t *testing.T) {
	w := newDatedWorld(t)
	w.policy.UnassignedGrace = 30 * 24 * time.Hour
	for _, name := range w.crowd(30) {
		w.date(name, "lastDay", "2026-11-30")
	}
	w.hire("ada")
	w.run()
	for name := range w.users {
		if name != "ada" {
			w.org.UnassignUser(w.app, w.users[name])
		}
	}
	w.run()
	w.until("2026-12-01T00:00:00Z")
	doc, err := w.sync(tsync.RunOptions{})
	w.wantRefused(err, tsync.RefusedGuard)
	w.wantNoWrites()
	doc, err = w.sync(tsync.RunOptions{Approve: []string{doc.Guard.Refusals[0].Approve}})
	w.must(err)
	w.wantDone(doc, "terminate 30")
}

// The look before the call sees that the day has moved on: the grace goes on.
func TestTheGraceGoesOnWhenTheLastDayMovesMeanwhile(t *testing.T) {
	w := newDatedWorld(t)
	w.policy.UnassignedGrace = 30 * 24 * time.Hour
	w.hire("ada")
	w.date("ada", "lastDay", "2026-11-30")
	w.run()
	w.org.UnassignUser(w.app, w.users["ada"])
	w.run()
	w.until("2026-12-01T00:00:00Z")
	w.moveMeanwhile("ada", "2026-12-31")
	w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
	w.wantStatus(tracktiktest.Active, "ada")
}

// A day that cannot be read is named once, of who has no assignment as well.
func TestADayThatCannotBeReadIsNamedOnceOfTheUnassigned(t *testing.T) {
	for _, status := range []string{"unassigned", "INACTIVE", "SUSPENDED"} {
		t.Run(status, func(t *testing.T) {
			w := newDatedWorld(t)
			w.policy.UnassignedGrace = 30 * 24 * time.Hour
			w.hire("ada")
			w.run()
			w.date("ada", "lastDay", "soon")
			if status == "unassigned" {
				w.org.UnassignUser(w.app, w.users["ada"])
			} else {
				w.org.SetAssignmentStatus(w.app, w.users["ada"], status)
			}
			doc := w.run()
			w.wantHeld(doc, plan.HeldUnassignedGrace, "ada")
			if got := warned(doc, plan.WarningInvalidValue); len(got) != 1 {
				t.Errorf("warned of %q", got)
			}
		})
	}
}

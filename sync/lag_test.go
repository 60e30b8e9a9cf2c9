package sync_test

import (
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// cycle is how far a run of the world comes after whatever was before.
const cycle = 15 * time.Minute

// lag is for how long those waited who were terminated since the world began.
func (w *world) lag() plan.Lag {
	w.Helper()
	entries, err := w.db.TerminatedSince(time.Time{})
	w.must(err)
	return plan.LagOf(entries)
}

// wantLag compares whole seconds: Okta's times of users and assignments have no others.
func (w *world) wantLag(count int, median, longest time.Duration) {
	w.Helper()
	got := w.lag()
	if got.Count != count || got.Median.Truncate(time.Second) != median || got.Longest.Truncate(time.Second) != longest {
		w.Errorf("%d leavers waited %s (median), %s at most; want %d, %s, %s", got.Count, got.Median, got.Longest, count, median, longest)
	}
}

func TestLeaverWaitsFromOktasWordOn(t *testing.T) {
	for name, c := range map[string]struct {
		leave func(w *world, ada string)
		count int
	}{
		"deactivated":               {func(w *world, ada string) { w.org.DeactivateUser(ada) }, 1},
		"suspended":                 {func(w *world, ada string) { w.org.SetUserStatus(ada, "SUSPENDED") }, 1},
		"the assignment is revoked": {func(w *world, ada string) { w.org.SetAssignmentStatus(w.app, ada, "REVOKED") }, 1},
		"not active in the app":     {func(w *world, ada string) { w.org.SetAssignmentStatus(w.app, ada, "INACTIVE") }, 1},
		"unassigned":                {func(w *world, ada string) { w.org.UnassignUser(w.app, ada) }, 0},
		"deleted": {func(w *world, ada string) {
			w.org.DeactivateUser(ada)
			w.org.DeleteUser(ada)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.TerminateSuspended = true
			w.crowd(30)
			w.hire("ada")
			w.run()
			c.leave(w, w.users["ada"])
			w.wantDone(w.run(), "terminate 1")
			w.wantLag(c.count, time.Duration(c.count)*cycle, time.Duration(c.count)*cycle)
		})
	}
}

func TestEventSaysSinceWhenALeaverWaits(t *testing.T) {
	w := listening(t)
	w.org.UnassignUser(w.app, w.users["ada"]) // after this nothing in Okta tells when it was
	w.wantDone(w.polled(), "terminate 1")
	w.wantLag(1, 30*time.Second, 30*time.Second)
}

func TestSecondLookRemembersTheEventOfTheFirst(t *testing.T) {
	w := listening(t)
	w.manners(oktatest.LogManners{LookupLag: 45 * time.Second})
	w.org.UnassignUser(w.app, w.users["ada"])
	w.polled()
	w.wantDone(w.polled(), "terminate 1")
	w.wantLag(1, time.Minute, time.Minute)
}

func TestWhatAGuardRefusedHasWaitedFromItsBegin(t *testing.T) {
	w := listening(t)
	before := w.limits
	w.limits = plan.Limits{Kinds: map[plan.Kind]plan.Limit{plan.Terminate: {}}}
	w.org.DeactivateUser(w.users["ada"])
	_, err := w.poll()
	w.wantRefused(err, tsync.RefusedGuard)
	w.limits = before
	w.pass(3 * time.Hour)
	w.wantDone(w.run(), "terminate 1")
	wait := 30*time.Second + 3*time.Hour + cycle
	w.wantLag(1, wait, wait)
}

func TestWhomThePortalEndedWaitedForNobody(t *testing.T) {
	w := newWorld(t)
	w.crowd(30)
	w.hire("ada")
	w.run()
	w.org.DeactivateUser(w.users["ada"])
	w.must(w.portal.TerminateEmployee(w.employee("ada").ID))
	w.pass(time.Hour)
	w.run()
	w.wantLag(0, 0, 0)
}

// Wherever the process dies, the look-up that settles the call knows since when.
func TestLagOutlivesAKill(t *testing.T) {
	for k := 1; ; k++ {
		w := newQuietWorld(t)
		w.crowd(30)
		w.hire("ada")
		w.run()
		w.org.DeactivateUser(w.users["ada"])
		w.pass(cycle)
		if !w.crashAt(k, false) {
			return
		}
		w.run()
		w.wantStatus(tracktiktest.Terminated, "ada")
		if lag := w.lag(); lag.Count != 1 || lag.Longest < cycle {
			t.Errorf("died at step %d: %d leavers waited %s", k, lag.Count, lag.Longest)
		}
	}
}

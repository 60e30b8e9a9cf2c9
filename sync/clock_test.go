package sync_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik"
	"tracktik-sync/tracktik/tracktiktest"
)

// wrongClocks are those of a machine without a clock of its own before NTP has set it,
// and of one whose battery is empty, or whose date was set by hand.
var wrongClocks = []time.Duration{-26 * time.Hour, 26 * time.Hour, -500 * 24 * time.Hour, 500 * 24 * time.Hour}

func eachWrongClock(t *testing.T, test func(t *testing.T, w *world, wrong time.Duration)) {
	t.Helper()
	for _, wrong := range wrongClocks {
		t.Run(wrong.String(), func(t *testing.T) { test(t, newWorld(t), wrong) })
	}
}

// mistaken is a run on a machine whose clock is wrong. It ends with that.
func (w *world) mistaken(wrong time.Duration, opt tsync.RunOptions) *plan.Document {
	w.Helper()
	w.wrong = wrong
	defer func() { w.wrong = 0 }()
	doc, err := w.sync(opt)
	if !errors.Is(err, tsync.ErrClock) {
		w.Errorf("a run whose clock is %s wrong ended with %v", wrong, err)
	}
	return doc
}

// A day has to pass, by clocks that agree, between the first run that does not see many
// people and the one that terminates them.
func TestAWrongClockEndsNoWaitForWhoIsNotVisible(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		names := w.crowd(12)
		w.run()
		for _, name := range names[:8] {
			w.org.DeleteUser(w.users[name])
		}
		w.mistaken(wrong, refreshedNot)
		hidden := func() {
			t.Helper()
			doc, err := w.sync(refreshedNot)
			w.wantRefused(err, "guard")
			w.wantHeld(doc, plan.HeldNotVisible, names[0])
			w.wantStatus(tracktiktest.Active, names...)
		}
		hidden() // the first run that may note the time
		w.pass(23 * time.Hour)
		w.mistaken(wrong, refreshedNot)
		w.wantStatus(tracktiktest.Active, names...)
		hidden()
		w.pass(time.Hour)
		w.wantDone(w.run(), "terminate 8")
	})
}

func TestAWrongClockEndsNoGrace(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		w.policy.UnassignedGrace = 2 * time.Hour
		w.hire("ada", "bob")
		w.run()
		w.org.UnassignUser(w.app, w.users["ada"])
		w.mistaken(wrong, refreshedNot)
		w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
		w.mistaken(wrong, refreshedNot)
		w.pass(time.Hour)
		w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
		w.pass(time.Hour)
		w.wantDone(w.run(), "terminate 1")
	})
}

func TestWhoIsOutOfScopeIsNotTerminatedByAWrongClock(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.policy.TerminateOutOfScope, w.mapping.Scope = true, `user.login != "ada@acme.example"`
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Chief"})
	doc := w.mistaken(26*time.Hour, refreshedNot)
	w.wantHeld(doc, plan.HeldClock, "ada")
	w.wantNoWrites()
	if len(doc.Actions) > 0 {
		t.Errorf("planned %s", counts(doc))
	}
	w.wantDone(w.run(), "terminate 1")
}

// What a restore needs stays, and with it the history.
func TestAWrongClockPrunesNothing(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		w.hire("ada", "bob")
		w.run()
		w.org.DeactivateUser(w.users["ada"])
		run := w.run().Run
		audits, runs := len(w.audits()), w.runs()
		w.mistaken(wrong, refreshedNot)
		w.run()
		if now := len(w.audits()); now < audits {
			t.Errorf("%d entries of the history are left of %d", now, audits)
		}
		if now := w.runs(); now != runs+2 {
			t.Errorf("%d runs are on record, want %d", now, runs+2)
		}
		if doc, err := w.restore(tsync.RestoreOptions{Run: run, Terminated: []tsync.Terminated{{User: plan.UserRef{ID: plan.PersonID(w.users["ada"])},
			Employee: plan.EmployeeID(w.employee("ada").ID)}}}); err != nil || doc.Result.Done["reactivate"] != 1 {
			t.Errorf("the restore ended with %v\n%s", err, details(doc))
		}
	})
}

// A run that failed has not seen the clocks of both systems.
func TestOnlyAWholeRunThatSucceededPrunes(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.run()
	w.run()
	runs := w.runs()
	w.pass(30 * 24 * time.Hour)
	for name, run := range map[string]func(){
		"single people": func() { w.runWith(tsync.RunOptions{Users: []string{w.users["ada"]}}) },
		"failed": func() {
			w.inOkta(oktatest.On("/api/v1/apps/*/users", oktatest.Body("")))
			if _, err := w.sync(refreshedNot); err == nil {
				t.Error("the run did not fail")
			}
			w.inOkta(nil)
		},
		"restore": func() { _, err := w.restore(tsync.RestoreOptions{Run: "none"}); w.must(err) },
	} {
		run()
		if runs++; w.runs() != runs {
			t.Errorf("%s: %d runs are on record, want %d", name, w.runs(), runs)
		}
	}
	w.run()
	if now := w.runs(); now != runs+1-2 { // the two that found nothing to do go
		t.Errorf("%d runs are on record after a whole run, want %d", now, runs-1)
	}
}

func (w *world) runs() int {
	w.Helper()
	list, err := w.db.Runs(0)
	w.must(err)
	return len(list)
}

func (w *world) audits() []plan.Audit {
	w.Helper()
	var list []plan.Audit
	for a, err := range w.db.Audits(state.Query{}) {
		w.must(err)
		list = append(list, a)
	}
	return list
}

var refusing = tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees"}, func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
	rw.WriteHeader(http.StatusUnprocessableEntity)
	_, _ = rw.Write([]byte(`{"status":422,"error":"not today"}`))
})

// Neither is somebody given up by it, nor does anybody wait for what is no date of ours.
func TestAWrongClockMovesNoRetry(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		w.hire("ada", "bob")
		w.inPortal(refusing)
		w.mistaken(wrong, refreshedNot) // the first refusal
		w.run()
		w.wantTried("the first run of a right clock", 2)
		w.wantProblem(w.run(), plan.ProblemRefused, "ada")
		w.wantTried("before an hour was over", 0)
		w.mistaken(wrong, refreshedNot)
		w.wantTried("before an hour was over by Okta's clock", 0)
		w.pass(2 * time.Hour)
		w.mistaken(wrong, refreshedNot) // it is due, and refused again
		w.wantTried("when it was due, by a wrong clock", 2)
		w.run()
		w.wantTried("once the clock is right again", 2)
		w.wantProblem(w.run(), plan.ProblemRefused, "ada")
		w.inPortal(nil)
		w.pass(8 * time.Hour)
		w.wantDone(w.run(), "create 2")
	})
}

func (w *world) wantTried(when string, n int) {
	w.Helper()
	if tried := w.portal.Count("POST", "/employees"); tried != n {
		w.Errorf("%s: %d creates were tried, want %d", when, tried, n)
	}
}

// An approval is good for 24 hours by Okta's clock, whatever the machine's said when the
// set was refused.
func TestAWrongClockEndsNoApproval(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		w.limits.Kinds[plan.RevokeRole] = plan.Limit{MaxCount: 1, MaxPercent: -1, MaxPerDay: -1}
		w.hire("ada", "bob", "cy", "dan")
		for _, site := range []string{"Site North", "Site South"} {
			w.group(site, "ada", "bob", "cy", "dan")
		}
		w.run()
		w.leave("Site South", "ada", "bob")
		early := w.mistaken(wrong, refreshedNot).Guard.Refusals[0].Approve // noted by a wrong clock
		w.wantDone(w.runWith(tsync.RunOptions{Approve: []string{early}}), "revoke_role 2")
		w.leave("Site South", "cy", "dan")
		doc, err := w.sync(refreshedNot)
		w.wantRefused(err, "guard")
		w.mistaken(wrong, tsync.RunOptions{NoRemovals: true}) // passes by what waits
		w.group("Site West", "ada")
		w.mistaken(wrong, tsync.RunOptions{Approve: []string{doc.Guard.Refusals[0].Approve}})
		w.wantRoles("cy", "Site North")
		w.wantRoles("dan", "Site North")
	})
}

func TestAWrongClockForgetsNothingOfTheDay(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		w.limits.Kinds[plan.RevokeRole] = plan.Limit{MaxCount: -1, MaxPercent: -1, MaxPerDay: 2}
		w.hire("ada", "bob", "cy")
		for _, site := range []string{"Site North", "Site South"} {
			w.group(site, "ada", "bob", "cy")
		}
		w.run()
		w.leave("Site South", "ada")
		w.mistaken(wrong, refreshedNot)
		w.leave("Site South", "bob")
		w.run()
		w.leave("Site South", "cy")
		w.wantHeld(w.mistaken(wrong, refreshedNot), plan.HeldGuard, "cy")
		doc, err := w.sync(refreshedNot)
		w.wantRefused(err, "guard")
		w.wantHeld(doc, plan.HeldGuard, "cy")
	})
}

// Everything that is written down has Okta's time, so that later runs, and those who read
// the history, are not misled.
func TestHistoryHasOktasTime(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		w.hire("ada", "bob")
		w.group("Site North", "ada", "bob")
		w.group("Site South", "ada", "bob")
		w.run()
		w.leave("Site South", "bob")
		w.hire("cy")
		w.mistaken(wrong, refreshedNot)
		near := func(what string, at time.Time) {
			t.Helper()
			if w.now().Sub(at).Abs() > time.Hour {
				t.Errorf("%s is of %s, and it is %s", what, at, w.now())
			}
		}
		for _, a := range w.audits() {
			near(fmt.Sprintf("the entry of a %s", a.Kind), a.Time)
		}
		list, err := w.db.Runs(0)
		w.must(err)
		for _, r := range list {
			near("the begin of a run", r.Started)
			near("the end of a run", r.Ended)
			if r.Ended.Before(r.Started) {
				t.Errorf("run %s ends before it begins", r.ID)
			}
		}
		link, _, err := w.db.Link(plan.PersonID(w.users["cy"]))
		w.must(err)
		near("a link", link.Since)
	})
}

// A call that was cut may be at work for a minute, and not for 500 days.
func TestAWrongClockKeepsNothingPending(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		w.hire("ada")
		w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees"}, tracktiktest.CutBefore))
		w.mistaken(wrong, refreshedNot)
		w.inPortal(nil)
		w.run()
		w.wantStatus(tracktiktest.Active, "ada")
		w.wantNoDoubles()
	})
}

func TestAWrongClockPutsNoRefreshOff(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		w.change = func(e *tsync.Engine) { e.RefreshEvery = 24 * time.Hour }
		w.hire("ada", "bob")
		w.run()
		if w.mistaken(wrong, tsync.RunOptions{}).Options.Refresh {
			t.Error("refreshed before it was due by Okta's clock")
		}
		w.pass(24 * time.Hour)
		w.mistaken(wrong, tsync.RunOptions{})
		if !w.run().Options.Refresh {
			t.Error("not refreshed though it is due")
		}
	})
}

// A login that was refused is tried again after hours, not after 500 days.
func TestAWrongClockLeavesNoLastingQuarantine(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		w.hire("ada")
		w.auth = func(a *tracktik.Auth) { a.Password = "wrong" }
		w.wrong = wrong
		if _, err := w.sync(refreshedNot); err == nil {
			t.Fatal("a wrong password was taken")
		}
		w.wrong = 0
		_, err := w.sync(refreshedNot)
		var quarantine *tsync.QuarantineError
		if !errors.As(err, &quarantine) || w.portal.FailedLogins() != 1 {
			t.Errorf("ended with %v, want the quarantine", err)
		}
		w.pass(6 * time.Hour)
		if _, err := w.sync(refreshedNot); errors.As(err, &quarantine) && w.portal.FailedLogins() != 2 {
			t.Errorf("after six hours: %v", err)
		}
	})
}

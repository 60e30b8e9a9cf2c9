package sync_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// busy is a world whose log tells of a leaver, somebody new, a new member, one who left a
// group, and a new name: all that the next poll has to do.
func busy(t testing.TB) *world {
	t.Helper()
	w := newQuietWorld(t)
	w.change = func(e *tsync.Engine) { e.Workers = 1 }
	w.hire("ada", "bob", "cy")
	w.group("Site Airport", "ada", "bob")
	w.group("Site Bank", "bob")
	if doc, err := w.poll(); doc == nil || err != nil {
		t.Fatalf("the first poll asks for no run: %v", err)
	}
	w.org.DeactivateUser(w.users["ada"])
	w.hire("eve")
	w.group("Site Airport", "eve")
	w.leave("Site Bank", "bob")
	w.org.UpdateUser(w.users["cy"], map[string]any{"title": "Chief"})
	return w
}

// A killer ends the process at the at-th call, whichever system it goes to.
type killer struct {
	at     int64
	effect bool // the call takes effect, and nobody hears of it
	n      atomic.Int64
	dead   atomic.Bool
}

func (k *killer) intercept(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	if k.n.Add(1) == k.at {
		k.dead.Store(true)
		if k.effect {
			next.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	if k.dead.Load() {
		panic(http.ErrAbortHandler)
	}
	next.ServeHTTP(rw, r)
}

// calmly is how a poll of a busy world ends when nobody disturbs it, and how many calls
// and durable writes it takes.
func calmly(t *testing.T) (want string, calls int64, steps int) {
	t.Helper()
	w, k := busy(t), &killer{}
	w.inOkta(k.intercept)
	w.inPortal(k.intercept)
	var c *crashing
	w.wrap = func(s tsync.Snapshot) tsync.Snapshot { c = &crashing{Snapshot: s}; return c }
	w.wantDone(w.polled(), "terminate 1, update 1, create 1, grant_role 1, revoke_role 1")
	return w.outcome(), k.n.Load(), c.n
}

// pollOn polls until nothing is left, as often as a poll may look at somebody again.
func (w *world) pollOn(want string) {
	w.Helper()
	w.wrap = nil
	w.inOkta(nil)
	w.inPortal(nil)
	w.reopen()
	for range 5 {
		w.pass(time.Minute)
		if _, err := w.poll(); err != nil {
			w.Errorf("a poll after it: %v", err)
		}
	}
	w.wantIdle()
	w.wantOutcomeOf(want, "five more polls")
	for kind, name := range map[plan.Kind]string{plan.Terminate: "ada", plan.Create: "eve"} {
		if n := w.outcomesOf(kind, name); n > 1 {
			w.Errorf("%s of %s is done %d times by the history", kind, name, n)
		}
	}
	w.wantDone(w.runWith(refreshed), "")
	if pending, err := w.db.Pending(); err != nil || len(pending) > 0 {
		w.Errorf("pending %v %v", pending, err)
	}
}

// Whichever call of a poll is the last one of its process, polls alone make good what is
// missing: the cursor has not moved.
func TestPollKilledAtAnyCallIsMadeAgain(t *testing.T) {
	want, calls, _ := calmly(t)
	t.Logf("%d calls", calls)
	for at := int64(1); at <= calls; at++ {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d%s", at, map[bool]string{true: " after its effect"}[effect]), func(t *testing.T) {
				t.Parallel()
				w, k := busy(t), &killer{at: at, effect: effect}
				before := w.log().Cursor
				w.inOkta(k.intercept)
				w.inPortal(k.intercept)
				w.wrap = func(s tsync.Snapshot) tsync.Snapshot { return &crashing{Snapshot: s, dead: &k.dead} }
				if _, err := w.poll(); err == nil {
					t.Error("the process died, and its poll succeeded")
				}
				if log := w.log(); log.Cursor != before {
					t.Error("the cursor has moved on")
				}
				w.pollOn(want)
			})
		}
	}
}

func TestPollKilledAtAnyCommitIsMadeAgain(t *testing.T) {
	want, _, steps := calmly(t)
	t.Logf("%d durable writes", steps)
	for at := 1; at <= steps; at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d%s", at, map[bool]string{true: " after it"}[after]), func(t *testing.T) {
				t.Parallel()
				w := busy(t)
				var c *crashing
				w.wrap = func(s tsync.Snapshot) tsync.Snapshot { c = &crashing{Snapshot: s, at: at, after: after}; return c }
				_, err := w.poll()
				if !c.died() || !errors.Is(err, errCrash) {
					t.Errorf("died: %v, and the poll ended with %v", c.died(), err)
				}
				w.pollOn(want)
			})
		}
	}
}

// An org's cursor says nothing in another one: everybody is looked at.
func TestCursorOfAnotherOrgIsNotFollowed(t *testing.T) {
	w := listening(t)
	log := w.log()
	log.Cursor = "https://other.okta.com/api/v1/logs?after=abc&sortOrder=ASCENDING"
	w.must(w.db.Commit(plan.Batch{Events: &log}))
	w.org.DeactivateUser(w.users["ada"])
	doc := w.polled()
	w.wantDone(doc, "terminate 1")
	if len(doc.Options.User) > 0 || w.org.Count("/api/v1/apps/*/users") == 0 {
		t.Errorf("not everybody was looked at: %v", doc.Options.User)
	}
	w.wantIdle()
}

// What the log answers instead of events costs a poll at most, and nobody.
func TestFaultsOfTheLogAreMadeGoodByTheNextPoll(t *testing.T) {
	for name, fault := range map[string]struct {
		first oktatest.Interceptor
		now   bool // the poll itself gets over it
	}{
		"429 once":              {oktatest.First(1, oktatest.TooManyRequests(20*time.Second)), true},
		"503 once":              {oktatest.First(1, oktatest.ServerError), true},
		"503 every time":        {oktatest.ServerError, false},
		"cut in the middle":     {oktatest.First(1, oktatest.CutMidBody), true},
		"cut in the middle, on": {oktatest.CutMidBody, false},
		"an empty body":         {oktatest.EmptyBody, false},
		"no next page":          {oktatest.NoNext, false},
		"a gateway's page":      {oktatest.HTMLPage(http.StatusBadGateway), false},
	} {
		t.Run(name, func(t *testing.T) {
			w := listening(t)
			before := w.log().Cursor
			w.org.DeactivateUser(w.users["ada"])
			w.inOkta(oktatest.On("/api/v1/logs", fault.first))
			doc, err := w.poll()
			if fault.now {
				w.must(err)
				w.wantDone(doc, "terminate 1")
			} else {
				if err == nil || doc != nil || w.log().Cursor != before || w.log().Failure == "" {
					t.Errorf("the poll ended with %v, and what is noted is %+v", err, w.log())
				}
				w.wantNoWrites()
				w.inOkta(nil)
				w.wantDone(w.polled(), "terminate 1")
			}
			if log := w.log(); log.Failure != "" {
				t.Errorf("the failure is still noted: %s", log.Failure)
			}
			w.inOkta(nil)
			w.wantIdle()
		})
	}
}

// Whoever stops a poll has not made the log unreadable.
func TestPollThatIsToldToEndNotesNoFailure(t *testing.T) {
	w := listening(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.inOkta(oktatest.On("/api/v1/logs", func(http.ResponseWriter, *http.Request, http.Handler) {
		cancel()
		panic(http.ErrAbortHandler)
	}))
	e := w.build()
	e.Events = w.source()
	if _, err := e.Listen(ctx, true); err == nil {
		t.Error("the poll succeeded")
	}
	if log := w.log(); log.Failure != "" {
		t.Errorf("noted is %s", log.Failure)
	}
}

package sync_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// refusedSet is a run that a guard refuses, and the hash of the first refused set.
func (w *world) refusedSet() string {
	w.Helper()
	doc, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	if len(doc.Guard.Refusals) == 0 {
		w.Fatal("nothing was refused")
	}
	return doc.Guard.Refusals[0].Approve
}

// leavers have the app taken away.
func (w *world) leavers(names ...string) {
	w.Helper()
	for _, name := range names {
		w.org.UnassignUser(w.app, w.users[name])
	}
}

// told makes one run that is told to end when the portal has got n calls to a path.
func (w *world) told(opt tsync.RunOptions, path string, n int) (*plan.Document, error) {
	w.Helper()
	w.pass(15 * time.Minute)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var mu sync.Mutex
	seen := 0
	w.inPortal(tracktiktest.When(tracktiktest.Match{Path: path}, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		if seen++; seen == n {
			cancel()
		}
		mu.Unlock()
		next.ServeHTTP(rw, r)
	}))
	defer w.inPortal(nil)
	e := w.build()
	e.Workers = 1
	return e.RunOnce(ctx, opt)
}

func approveIt(hash string) tsync.RunOptions { return tsync.RunOptions{Approve: []string{hash}} }

// wantUsed wants an approval that nobody can give any more.
func (w *world) wantUsed(hash string) {
	w.Helper()
	_, err := w.sync(approveIt(hash))
	w.wantRefused(err, "approval")
}

// TestWhatWasNotApprovedIsJudgedByItself: few others pass, many are refused, and the
// approved pass beside both.
func TestWhatWasNotApprovedIsJudgedByItself(t *testing.T) {
	for name, c := range map[string]struct {
		others, done int
	}{"few": {3, 8}, "many": {4, 5}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			names := w.crowd(30)
			w.run()
			w.leavers(names[:5]...)
			hash := w.refusedSet()
			w.leavers(names[5 : 5+c.others]...)
			doc, err := w.sync(approveIt(hash))
			if doc.Result == nil || doc.Result.Done["terminate"] != c.done {
				t.Fatalf("done was %+v, %v", doc.Result, err)
			}
			w.wantStatus(tracktiktest.Terminated, names[:5]...)
			if c.done == 8 {
				w.must(err)
				return
			}
			w.wantRefused(err, "guard")
			w.wantStatus(tracktiktest.Active, names[5:9]...)
			r := doc.Guard.Refusals[0]
			if r.Count != 4 || r.Approve == hash || !strings.Contains(r.Message, "5 more are approved and pass") {
				t.Errorf("refused: %+v", r)
			}
			w.wantDone(w.runWith(approveIt(r.Approve)), "terminate 4")
			w.wantUsed(hash)
		})
	}
}

// TestARunThatIsCutShortUsesNoApprovalUp: the next one, scheduled or not, goes on with it,
// until all of it is done.
func TestARunThatIsCutShortUsesNoApprovalUp(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	w.leavers(names[:6]...)
	hash := w.refusedSet()
	doc, err := w.told(approveIt(hash), "/employees/*/actions/terminate", 2)
	var stopped *tsync.StoppedError
	if !errors.As(err, &stopped) || doc.Result.Done["terminate"] == 0 || doc.Result.Done["terminate"] == 6 {
		t.Fatalf("ended with %v, done %v", err, doc.Result.Done)
	}
	done := doc.Result.Done["terminate"]
	given, err := w.engine.Approvals.Given()
	if err != nil || len(given) != 1 || len(given[0].Set) != 6-done {
		t.Errorf("left is %+v, %v", given, err)
	}
	w.reopen()
	if doc, err := w.sync(refreshedNot); err != nil || doc.Result.Done["terminate"] != 6-done {
		t.Errorf("the next run: %v, %+v", err, doc.Result)
	}
	w.wantStatus(tracktiktest.Terminated, names[:6]...)
	w.wantUsed(hash)
}

// killedBeforeNoting are approvals of a process that dies before it notes what is left.
type killedBeforeNoting struct{ tsync.Approvals }

func (killedBeforeNoting) Left(context.Context, string, []plan.ActionRef) error {
	return errors.New("the process was killed")
}

// TestAnApprovalOutlivesAKill: what is done stands in the audit trail.
func TestAnApprovalOutlivesAKill(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	w.leavers(names[:6]...)
	hash := w.refusedSet()
	w.change = func(e *tsync.Engine) { e.Approvals = killedBeforeNoting{e.Approvals} }
	if _, err := w.told(approveIt(hash), "/employees/*/actions/terminate", 2); err == nil {
		t.Fatal("it was not cut short")
	}
	w.change = nil
	w.reopen()
	w.must(func() error { _, err := w.sync(refreshedNot); return err }())
	w.wantStatus(tracktiktest.Terminated, names[:6]...)
	w.wantUsed(hash)
}

// TestARunThatIsRefusedForSomethingElseUsesNoApprovalUp.
func TestARunThatIsRefusedForSomethingElseUsesNoApprovalUp(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	w.leavers(names[:5]...)
	hash := w.refusedSet()
	w.org.SetAppStatus(w.app, "INACTIVE")
	_, err := w.sync(approveIt(hash))
	w.wantRefused(err, tsync.RefusedApp)
	w.org.SetAppStatus(w.app, "ACTIVE")
	w.wantDone(w.runWith(refreshedNot), "terminate 5")
}

// TestAnApprovalHoldsForADay from when it was given.
func TestAnApprovalHoldsForADay(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		holds bool
	}{{23 * time.Hour, true}, {24 * time.Hour, false}} {
		w := newQuietWorld(t)
		names := w.crowd(30)
		w.run()
		w.leavers(names[:5]...)
		hash := w.refusedSet()
		w.pass(20 * time.Hour)
		w.org.SetAppStatus(w.app, "INACTIVE")
		_, err := w.sync(approveIt(hash))
		w.wantRefused(err, tsync.RefusedApp)
		w.org.SetAppStatus(w.app, "ACTIVE")
		w.pass(c.after - 15*time.Minute)
		doc, err := w.sync(refreshedNot)
		if done := doc.Result.Done["terminate"]; (err == nil) != c.holds || (done == 5) != c.holds {
			t.Errorf("after %v: %d done, %v", c.after, done, err)
		}
	}
}

// TestAnApprovalOfUpdatesBindsTheirValues: whoever gets others meanwhile is judged with
// all else, and an approval of titles is none of moves or of emptied phones.
func TestAnApprovalOfUpdatesBindsTheirValues(t *testing.T) {
	change := func(w *world, names []string, profile map[string]any) {
		for _, name := range names {
			w.org.UpdateUser(w.users[name], profile)
		}
	}
	for name, c := range map[string]struct {
		then   map[string]any // after it was refused
		people int            // of the six
		done   int            // of six updates; -1: all wait
	}{
		"nothing":              {nil, 0, 6},
		"another title of one": {map[string]any{"title": "Boss"}, 1, 6},
		"another title of all": {map[string]any{"title": "Boss"}, 6, -1},
		"a phone besides":      {map[string]any{"primaryPhone": "+1 555 0100"}, 6, -1},
		"a move besides":       {map[string]any{"division": "South"}, 6, -1},
		"emptied":              {map[string]any{"title": ""}, 6, -1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			names := w.crowd(20)
			change(w, names, map[string]any{"title": "Guard"})
			w.run()
			change(w, names[:6], map[string]any{"title": "Chief"})
			hash := w.refusedSet()
			change(w, names[:c.people], c.then)
			doc, err := w.sync(approveIt(hash))
			if c.done < 0 {
				w.wantRefused(err, "guard")
				if len(doc.Guard.Refusals) == 0 {
					t.Fatalf("%s done\n%s", counts(doc), details(doc))
				}
				w.wantNoWrites()
				if text := doc.Guard.Refusals[0].Message; !strings.Contains(text, "approved with other values: user "+w.users[names[0]]) {
					t.Errorf("it says %q", text)
				}
				w.wantDone(w.runWith(approveIt(doc.Guard.Refusals[0].Approve)), "update 6")
				return
			}
			w.must(err)
			w.wantDone(doc, "update 6")
		})
	}
}

// TestAnAdoptionGoesWithItsApprovedUpdate, when a refusal stops everything else.
func TestAnAdoptionGoesWithItsApprovedUpdate(t *testing.T) {
	w := newWorld(t)
	w.crowd(20)
	w.run()
	var found []string
	for _, name := range []string{"aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh"} {
		found = append(found, name)
		w.atPortal(name, func(e *tracktiktest.Employee) { e.JobTitle = "Old" })
	}
	w.hire(found...)
	for _, name := range found {
		w.org.UpdateUser(w.users[name], map[string]any{"title": "New"})
	}
	hash := w.refusedSet()
	w.limits.Kinds[plan.Create] = plan.Limit{MaxCount: 0, MaxPercent: -1, MaxPerDay: -1}
	w.hire("fresh")
	doc, err := w.sync(approveIt(hash))
	w.wantRefused(err, "guard")
	if doc.Result == nil || doc.Result.Done["adopt"] != 8 || doc.Result.Done["update"] != 8 || doc.Result.Done["create"] != 0 {
		t.Fatalf("done was %+v\n%s", doc.Result, details(doc))
	}
	w.wantHeld(doc, plan.HeldGuard, "fresh")
	if text := doc.Guard.Refusals[0].Message; !strings.Contains(text, "nothing else is done") {
		t.Errorf("it says %q", text)
	}
}

// TestARefusalThatStopsHoldsWhatIsNotApproved, and nothing else.
func TestARefusalThatStopsHoldsWhatIsNotApproved(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.group("Site North", names[:10]...)
	w.run()
	w.leavers(names[:5]...)
	hash := w.refusedSet()
	for _, name := range names[10:20] { // a third: refused, and stops
		w.org.UpdateUser(w.users[name], map[string]any{"title": "Mistake"})
	}
	w.hire("fresh")
	w.group("Site North", "fresh", names[25])
	w.leave("Site North", names[9])
	doc, err := w.sync(approveIt(hash))
	w.wantRefused(err, "guard")
	if counts(doc) != "terminate 5" || doc.Result == nil || doc.Result.Done["terminate"] != 5 || w.portal.AttemptedWrites() != 5 {
		t.Errorf("the plan is %s, done %+v, %d writes", counts(doc), doc.Result, w.portal.AttemptedWrites())
	}
	for _, name := range []string{"fresh", names[10], names[25], names[9]} {
		w.wantHeld(doc, plan.HeldGuard, name)
	}
}

// TestALostAnswerOfAnApprovedActionCountsAsApproved: it ends the approval, and does not
// count against the day.
func TestALostAnswerOfAnApprovedActionCountsAsApproved(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	w.leavers(names[:5]...)
	hash := w.refusedSet()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/actions/terminate"):
			cancel()
			tracktiktest.LostReply(rw, r, next)
		case ctx.Err() != nil: // nor can it be looked up
			rw.WriteHeader(http.StatusServiceUnavailable)
		default:
			next.ServeHTTP(rw, r)
		}
	})
	w.pass(15 * time.Minute)
	if _, err := w.build().RunOnce(ctx, approveIt(hash)); err == nil {
		t.Fatal("it was not cut short")
	}
	w.inPortal(nil)
	w.reopen()
	if pending, err := w.db.Pending(); err != nil || len(pending) == 0 {
		t.Fatalf("%d are pending, %v", len(pending), err)
	}
	w.must(func() error { _, err := w.sync(refreshedNot); return err }())
	w.wantStatus(tracktiktest.Terminated, names[:5]...)
	approved, unapproved, err := w.db.CountsSince(w.now().Add(-time.Hour))
	w.must(err)
	if approved[plan.Terminate] != 5 || unapproved[plan.Terminate] != 0 {
		t.Errorf("%d were approved, %d not", approved[plan.Terminate], unapproved[plan.Terminate])
	}
	w.wantUsed(hash)
}

// TestALookGivesNoApproval: neither a plan nor an observing run.
func TestALookGivesNoApproval(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	w.leavers(names[:5]...)
	hash := w.refusedSet()
	doc, err := w.build().Plan(context.Background(), approveIt(hash))
	w.must(err)
	if doc.Summary["terminate"] != 5 {
		t.Errorf("the plan is %s", counts(doc))
	}
	w.change = func(e *tsync.Engine) { e.Observe = true }
	w.runWith(approveIt(hash))
	w.change = nil
	_, err = w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.wantStatus(tracktiktest.Active, names[:5]...)
}

// TestWhoDeclinesApprovesNothing: what somebody saw and said no to passes in no later run,
// and what they said yes to passes.
func TestWhoDeclinesApprovesNothing(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	w.leavers(names[:5]...)
	hash := w.refusedSet()
	asked := func(yes bool) tsync.RunOptions {
		return tsync.RunOptions{Approve: []string{hash}, Confirm: func(*plan.Document) bool { return yes }}
	}
	if doc := w.runWith(asked(false)); doc.Summary["terminate"] != 5 || doc.Result != nil {
		t.Errorf("the plan is %s, done %+v", counts(doc), doc.Result)
	}
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.wantStatus(tracktiktest.Active, names[:5]...)
	w.wantDone(w.runWith(asked(true)), "terminate 5")
	w.wantUsed(hash)
}

// TestAPlanShowsWhatIsApproved: as the next run will do it.
func TestAPlanShowsWhatIsApproved(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	w.leavers(names[:6]...)
	hash := w.refusedSet()
	if _, err := w.told(approveIt(hash), "/employees/*/actions/terminate", 2); err == nil {
		t.Fatal("it was not cut short")
	}
	planned, err := w.build().Plan(context.Background(), tsync.RunOptions{})
	w.must(err)
	doc, err := w.sync(tsync.RunOptions{Expect: planned.Hash})
	w.must(err)
	if planned.Summary["terminate"] == 0 || planned.Hash != doc.Hash {
		t.Errorf("planned %s, done %s", counts(planned), counts(doc))
	}
}

// TestASetThatIsRefusedAgainNeedsAnotherApproval: the same people, a second time.
func TestASetThatIsRefusedAgainNeedsAnotherApproval(t *testing.T) {
	w := newWorld(t)
	w.policy.Reactivate = true
	names := w.crowd(30)
	w.run()
	w.leavers(names[:5]...)
	hash := w.refusedSet()
	w.wantDone(w.runWith(approveIt(hash)), "terminate 5")
	for _, name := range names[:5] {
		w.org.AssignUser(w.app, w.users[name], oktatest.Assignment{})
	}
	w.run()
	w.leavers(names[:5]...)
	if again := w.refusedSet(); again != hash {
		t.Fatalf("the same set is %s, was %s", again, hash)
	}
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.wantDone(w.runWith(approveIt(hash)), "terminate 5")
}

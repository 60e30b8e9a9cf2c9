package sync_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

var errCrash = errors.New("the process is dead")

// A crashing snapshot writes nothing from its at-th durable write on, as when the
// process died there: before that write, or right after it.
type crashing struct {
	tsync.Snapshot
	at    int // 0: never
	after bool
	dead  *atomic.Bool // died between two writes; nil: never

	mu sync.Mutex
	n  int
}

func (c *crashing) step(write func() error) error {
	c.mu.Lock()
	c.n++
	n := c.n
	c.mu.Unlock()
	switch {
	case c.dead != nil && c.dead.Load():
		return errCrash
	case c.at == 0 || n < c.at:
		return write()
	case n == c.at && c.after:
		return errors.Join(errCrash, write())
	}
	return errCrash
}

func (c *crashing) died() bool { return c.at > 0 && c.n >= c.at }

func (c *crashing) NextRun(now time.Time) (id string, err error) {
	err = c.step(func() (err error) { id, err = c.Snapshot.NextRun(now); return err })
	return id, err
}

func (c *crashing) Begin(i plan.Intent) (seq uint64, err error) {
	err = c.step(func() (err error) { seq, err = c.Snapshot.Begin(i); return err })
	return seq, err
}

func (c *crashing) Commit(b plan.Batch) error {
	return c.step(func() error { return c.Snapshot.Commit(b) })
}

func (c *crashing) CommitLinks(links []plan.Link) error {
	return c.step(func() error { return c.Snapshot.CommitLinks(links) })
}

func (c *crashing) CommitPrints(prints []plan.PersonPrint) error {
	return c.step(func() error { return c.Snapshot.CommitPrints(prints) })
}

func (c *crashing) Prune(now time.Time, keep time.Duration) error {
	return c.step(func() error { return c.Snapshot.Prune(now, keep) })
}

// crashAt makes one run that dies at step k, and reports whether it came so far.
func (w *world) crashAt(k int, after bool) bool {
	w.Helper()
	var c *crashing
	w.wrap = func(s tsync.Snapshot) tsync.Snapshot { c = &crashing{Snapshot: s, at: k, after: after}; return c }
	_, err := w.sync(refreshedNot)
	w.wrap = nil
	if c.died() != errors.Is(err, errCrash) && c.died() {
		w.Errorf("died at step %d, and the run ended with %v", k, err)
	}
	if !c.died() && err != nil {
		w.Error(err)
	}
	w.reopen()
	return c.died()
}

// again runs at once, within the minute in which nothing is settled, and later on.
func (w *world) again() {
	w.Helper()
	if _, err := w.build().RunOnce(context.Background(), refreshedNot); err != nil {
		w.Error(err)
	}
	w.run()
	w.run()
}

// scenarios are the runs that are disturbed: begin leads up to them.
var scenarios = map[string]struct {
	begin  func(w *world)
	change func(w *world)
}{
	"a mixed run":                  {begin: func(w *world) { w.settle(); w.live() }},
	"a mixed run that reactivates": {begin: func(w *world) { w.settle(); w.live() }, change: func(w *world) { w.policy.Reactivate = true }},
	"a mixed run, one role a person": {begin: func(w *world) { w.settle(); w.live() }, change: func(w *world) {
		w.policy.OneRole, w.policy.Order = true, []string{"Site East", "Site North"}
	}},
	"a first run": {begin: func(w *world) {
		north := w.portal.AddRole(tracktiktest.Role{Name: "Site North"})
		_, err := w.portal.Grant(w.atPortal("ada", nil), north)
		w.must(err)
		w.atPortal("bob", func(e *tracktiktest.Employee) { e.JobTitle = "Old" })
		w.hire("ada", "bob", "cy")
		w.group("Site North", "ada", "bob", "cy")
		w.group("Site South", "cy")
	}},
}

// Wherever the process dies, the next runs end where an undisturbed one does: nobody
// twice, nobody forgotten, every role once.
func TestDeathAtEveryStepIsSurvived(t *testing.T) {
	for name, s := range scenarios {
		t.Run(name, func(t *testing.T) {
			start := func(t testing.TB) *world {
				w := newQuietWorld(t)
				w.change = func(e *tsync.Engine) { e.Workers = 1 }
				if s.change != nil {
					s.change(w)
				}
				s.begin(w)
				return w
			}
			calm := start(t)
			calm.run()
			calm.wantDone(calm.run(), "")
			want := calm.outcome()
			steps := calm.steps(start)
			t.Logf("%d steps", steps)
			for k := 1; k <= steps; k++ {
				for _, after := range []bool{false, true} {
					t.Run(fmt.Sprintf("%d%s", k, map[bool]string{true: " after"}[after]), func(t *testing.T) {
						t.Parallel()
						w := start(t)
						if !w.crashAt(k, after) {
							t.Fatalf("the run has no step %d", k)
						}
						w.again()
						w.wantOutcomeOf(want, "two more runs")
						w.wantDone(w.runWith(refreshed), "")
						if pending, err := w.db.Pending(); err != nil || len(pending) > 0 {
							t.Errorf("pending %v %v", pending, err)
						}
					})
				}
			}
		})
	}
}

// steps counts the durable writes of the undisturbed run.
func (w *world) steps(start func(testing.TB) *world) int {
	w.Helper()
	twin := start(w.TB)
	var c *crashing
	twin.wrap = func(s tsync.Snapshot) tsync.Snapshot { c = &crashing{Snapshot: s}; return c }
	twin.run()
	return c.n
}

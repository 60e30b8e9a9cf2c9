package sync_test

import (
	"testing"
	"time"

	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A write whose answer was lost, or whose run was killed, is not told to have failed while
// TrackTik does not show its employee to us: it is a problem, nothing is done in its
// place, and once they are shown it is what it was.
func TestALostWriteAboutWhomWeDoNotSeeStaysOpen(t *testing.T) {
	for _, kind := range []string{"terminate", "reactivate", "grant", "revoke"} {
		for how, happened := range map[string]bool{"it happened": true, "it did not": false} {
			t.Run(kind+", "+how, func(t *testing.T) {
				c := changes[kind]
				w := hidden(t, c)
				w.hide()
				w.killedIn(c.match, happened)
				w.hide(3)
				w.wantStuck("ada")
				before := w.outcomesOf(c.kind, "ada")
				w.hide()
				doc := w.run()
				if got := w.outcomesOf(c.kind, "ada") - before; got != 1 {
					t.Errorf("the history tells %d of them, want 1", got)
				}
				want := c.done
				if happened { // and of a reactivation the user name is to be set still
					want = map[bool]string{true: "update 1"}[kind == "reactivate"]
				}
				w.wantDone(doc, want)
				w.wantDone(w.runWith(refreshed), "")
			})
		}
	}
}

// So a create whose answer was lost: whoever was made in a region that we do not see any more is
// not made a second time, wherever they are to work by now.
func TestALostCreateInARegionWeDoNotSeeStaysOpen(t *testing.T) {
	for how, happened := range map[string]bool{"it happened": true, "it did not": false} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted })
			w.hire("bob", "cid")
			w.org.UpdateUser(w.users["cid"], map[string]any{"division": "South"})
			w.run()
			w.hire("ada")
			w.org.UpdateUser(w.users["ada"], map[string]any{"division": "South"})
			w.killedIn(writes["create"], happened)
			w.hide(3)
			w.org.UpdateUser(w.users["ada"], map[string]any{"division": "West"})
			w.wantStuck("ada")
			w.hide()
			w.run()
			if n := len(w.employees("ada")); n != 1 {
				t.Errorf("ada is %d employees", n)
			}
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

// killedIn kills a run in a call, which takes effect after that or never does.
func (w *world) killedIn(call tracktiktest.Match, happened bool) {
	w.Helper()
	var late tracktiktest.Late
	w.killIn(call, &late)
	w.inPortal(nil)
	w.timeout = 30 * time.Second
	w.reopen()
	if happened {
		late.TakeEffect()
	}
}

// wantStuck wants two runs to hold somebody, with a problem, and to write nothing.
func (w *world) wantStuck(name string) {
	w.Helper()
	for range 2 {
		w.pass(time.Hour)
		doc := w.run()
		w.wantProblem(doc, plan.ProblemNotEffective, name)
		w.wantHeld(doc, plan.HeldPending, name)
		w.wantNoWrites()
	}
}

// outcomesOf counts the writes of a kind about somebody that the history tells of as done, by
// whomever: a portal does not say who has taken a role.
func (w *world) outcomesOf(kind plan.Kind, name string) (n int) {
	w.Helper()
	for a, err := range w.db.Audits(state.Query{Person: plan.PersonID(w.users[name])}) {
		w.must(err)
		if a.Kind == string(kind) && (a.Outcome == plan.Done || a.Outcome == plan.Found) {
			n++
		}
	}
	return n
}

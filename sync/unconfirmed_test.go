package sync_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// onlyAbout lets requests about one of the people answer otherwise.
func (w *world) onlyAbout(name string, answer oktatest.Interceptor) {
	id := w.users[name]
	w.inOkta(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.Contains(r.URL.Path, id) {
			answer(rw, r, next)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

// withAnswer is a world in which a look-up is answered in every run: that of cyd, who left and is
// protected. So a refusal of another one is not about our rights.
func withAnswer(t *testing.T) *world {
	w := newWorld(t)
	w.policy.Protected = []string{mail("cyd")}
	w.hire("ada", "bob", "cyd")
	w.run()
	w.org.UnassignUser(w.app, w.users["cyd"])
	return w
}

// wantUnconfirmed wants somebody held whose departure is not confirmed, and a problem or none.
func (w *world) wantUnconfirmed(doc *plan.Document, name string, problem bool) {
	w.Helper()
	w.wantHeld(doc, plan.HeldUnconfirmed, name)
	w.wantStatus(tracktiktest.Active, name)
	if problem {
		w.wantProblem(doc, plan.ProblemUnconfirmed, name)
		w.wantTrouble(plan.ProblemUnconfirmed, name)
		if code := tsync.ExitCode(doc, nil, ""); code != 4 {
			w.Errorf("the run ends with %d", code)
		}
	} else if len(doc.Problems) > 0 {
		w.Errorf("there are problems: %+v", doc.Problems)
	}
}

// Somebody seems to have left, and nothing confirms it: for a day the next run may. Then
// somebody has to look, for the leaver keeps the keys.
func TestADepartureThatStaysUnconfirmedForADayIsAProblem(t *testing.T) {
	for name, answer := range map[string]oktatest.Interceptor{
		"403": oktatest.Forbidden, "500": oktatest.ServerError, "a proxy's 404": oktatest.HTMLNotFound, "broken": oktatest.Truncated,
	} {
		for how, leave := range map[string]func(w *world){
			"unassigned": func(w *world) { w.org.UnassignUser(w.app, w.users["ada"]) },
			"deleted":    func(w *world) { w.org.DeleteUser(w.users["ada"]) },
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				w := withAnswer(t)
				leave(w)
				w.onlyAbout("ada", answer)
				w.wantUnconfirmed(w.run(), "ada", false)
				w.pass(23 * time.Hour)
				w.wantUnconfirmed(w.runWith(refreshed), "ada", false)
				w.pass(2 * time.Hour)
				w.wantUnconfirmed(w.run(), "ada", true)
				w.wantUnconfirmed(w.run(), "ada", true)
				w.inOkta(nil)
				w.wantDone(w.run(), "terminate 1")
				w.wantNoTrouble("ada")
			})
		}
	}
}

// Who turns out to be in has no problem any more; the day begins anew.
func TestWhoseDepartureIsDisprovedHasNoProblem(t *testing.T) {
	for name, then := range map[string]func(w *world){
		"assigned again": func(w *world) { w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{}) },
		"assigned, and suspended": func(w *world) {
			w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
			w.org.SetUserStatus(w.users["ada"], oktatest.StatusSuspended)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := withAnswer(t)
			w.org.UnassignUser(w.app, w.users["ada"])
			w.onlyAbout("ada", oktatest.Forbidden)
			w.run()
			w.pass(25 * time.Hour)
			w.wantUnconfirmed(w.run(), "ada", true)
			w.inOkta(nil)
			then(w)
			w.wantDone(w.run(), "")
			w.wantNoTrouble("ada")
			w.org.SetUserStatus(w.users["ada"], oktatest.StatusActive)
			w.org.UnassignUser(w.app, w.users["ada"])
			w.onlyAbout("ada", oktatest.Forbidden)
			w.wantUnconfirmed(w.run(), "ada", false)
		})
	}
}

// A wrong clock neither begins the day nor ends it.
func TestAWrongClockMakesNoUnconfirmedDepartureAProblem(t *testing.T) {
	eachWrongClock(t, func(t *testing.T, w *world, wrong time.Duration) {
		w.hire("ada", "bob")
		w.run()
		w.org.UnassignUser(w.app, w.users["ada"])
		w.onlyAbout("ada", oktatest.ServerError)
		w.mistaken(wrong, refreshedNot)
		w.wantUnconfirmed(w.run(), "ada", false)
		w.pass(time.Hour)
		if doc := w.mistaken(wrong, refreshedNot); len(doc.Problems) > 0 {
			t.Errorf("there are problems: %+v", doc.Problems)
		}
		w.wantUnconfirmed(w.run(), "ada", false)
		w.pass(24 * time.Hour)
		w.wantUnconfirmed(w.run(), "ada", true)
	})
}

// So of a leaver who may go on as another user, and of one whose evidence is too old by the
// time of the call, and cannot be had again.
func TestALeaverWhoWaitsForAnotherReasonIsAProblemAfterADay(t *testing.T) {
	t.Run("made anew, and suspended", func(t *testing.T) {
		w := newWorld(t)
		w.hire("ada", "bob")
		w.run()
		w.org.DeleteUser(w.users["ada"])
		w.hire("ada")
		old := w.users["ada"]
		w.org.SetUserStatus(w.users["ada"], oktatest.StatusSuspended)
		w.run()
		w.pass(25 * time.Hour)
		doc := w.run()
		if !strings.Contains(fmt.Sprint(doc.Problems), plan.ProblemUnconfirmed) {
			t.Errorf("no problem in %+v; held %+v, user %s", doc.Problems, doc.Held, old)
		}
	})
	t.Run("right before the call", func(t *testing.T) {
		w := newWorld(t)
		w.crowd(30)
		w.hire("ab", "ac", "ada")
		w.run()
		lost := func(first string) *plan.Document { // whose termination takes two minutes
			w.org.UnassignUser(w.app, w.users[first])
			w.inOkta(nil)
			w.inPortal(tracktiktest.When(tracktiktest.Match{Path: "/employees/*/actions/terminate"}, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				w.pass(2 * time.Minute)
				w.onlyAbout("ada", oktatest.Forbidden)
				next.ServeHTTP(rw, r)
			}))
			doc := w.run()
			w.wantStatus(tracktiktest.Terminated, first)
			w.wantStatus(tracktiktest.Active, "ada")
			return doc
		}
		w.org.UnassignUser(w.app, w.users["ada"])
		if doc := lost("ab"); len(doc.Problems) > 0 {
			t.Errorf("there are problems: %+v", doc.Problems)
		}
		w.pass(25 * time.Hour)
		doc := lost("ac")
		w.wantProblem(doc, plan.ProblemUnconfirmed, "ada")
		w.wantTrouble(plan.ProblemUnconfirmed, "ada")
		w.inOkta(nil)
		w.inPortal(nil)
		w.wantDone(w.run(), "terminate 1")
		w.wantNoTrouble("ada")
	})
}

func (w *world) wantNoTrouble(name string) {
	w.Helper()
	troubles, err := w.db.Troubles()
	w.must(err)
	for _, t := range troubles {
		if string(t.Person) == w.users[name] {
			w.Errorf("%s has a problem on record: %+v", name, t)
		}
	}
}

// Who could not be looked up counts among those who may not be visible, for single runs after
// the whole one too.
func TestALookUpThatFailedCountsForSinglePeopleToo(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(12)
	w.run()
	hidden := w.idsOf(names[:5]...)
	w.inOkta(w.blind(hidden))
	notVisible := func(opt tsync.RunOptions) {
		t.Helper()
		doc, err := w.sync(opt)
		if opt.Users == nil {
			w.wantRefused(err, "guard")
		}
		w.wantHeld(doc, plan.HeldNotVisible, names[0])
		w.wantStatus(tracktiktest.Active, names...)
	}
	notVisible(tsync.RunOptions{})
	w.inOkta(oktatest.All(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		for _, name := range names[3:5] {
			if strings.Contains(r.URL.Path, w.users[name]) {
				oktatest.Forbidden(rw, r, next)
				return
			}
		}
		next.ServeHTTP(rw, r)
	}, w.blind(hidden)))
	notVisible(tsync.RunOptions{})
	w.inOkta(w.blind(hidden))
	notVisible(tsync.RunOptions{Users: []string{w.users[names[0]], w.users[names[1]]}})
	notVisible(tsync.RunOptions{Users: []string{w.users[names[0]], w.users[names[4]]}})
	w.pass(24 * time.Hour)
	w.wantDone(w.run(), "terminate 5")
}

// Who was assigned again in between, be it on leave, has the whole grace; and who was seen alive
// is no more taken for deleted because they were deactivated before.
func TestWhatWasNotedEndsWithWhatOktaShowsSince(t *testing.T) {
	t.Run("the grace", func(t *testing.T) {
		w := newWorld(t)
		w.policy.UnassignedGrace = 48 * time.Hour
		w.hire("ada", "bob")
		w.run()
		w.org.UnassignUser(w.app, w.users["ada"])
		w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
		w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
		w.org.SetUserStatus(w.users["ada"], oktatest.StatusSuspended)
		w.wantHeld(w.run(), plan.HeldSuspended, "ada")
		w.pass(30 * 24 * time.Hour)
		w.wantHeld(w.run(), plan.HeldSuspended, "ada")
		w.org.SetUserStatus(w.users["ada"], oktatest.StatusActive)
		w.org.UnassignUser(w.app, w.users["ada"])
		w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
		w.pass(48 * time.Hour)
		w.wantDone(w.run(), "terminate 1")
	})
	t.Run("deactivated once", func(t *testing.T) {
		w := newWorld(t)
		names := w.crowd(20)
		w.run()
		for _, name := range names[:5] {
			w.org.DeactivateUser(w.users[name])
		}
		w.runWith(tsync.RunOptions{NoRemovals: true})
		hidden := map[string]bool{}
		for i, name := range names[:10] {
			hidden[w.users[name]] = true
			if i < 5 {
				w.org.SetUserStatus(w.users[name], oktatest.StatusSuspended)
				w.org.AssignUser(w.app, w.users[name], oktatest.Assignment{})
			}
		}
		w.wantDone(w.run(), "")
		w.inOkta(w.blind(hidden))
		doc, err := w.sync(tsync.RunOptions{})
		w.wantRefused(err, "guard")
		for _, name := range names[:10] {
			w.wantHeld(doc, plan.HeldNotVisible, name)
		}
		w.wantStatus(tracktiktest.Active, names...)
	})
}

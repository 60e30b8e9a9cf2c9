package sync_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// lacking takes from our account the right to these calls, which are answered with status.
func (w *world) lacking(status int, calls ...tracktiktest.Match) {
	w.rules(func(r *tracktiktest.Rules) { r.Forbid, r.ForbidStatus = calls, status })
}

// wantNoTroubles wants nobody to have a problem, in the document or on record.
func (w *world) wantNoTroubles(doc *plan.Document) {
	w.Helper()
	troubles, err := w.db.Troubles()
	if err != nil || len(troubles) > 0 || len(doc.Problems) > 0 || doc.Result.Failed > 0 || doc.Result.NewProblems > 0 {
		w.Errorf("problems: %+v %v\n%s", troubles, err, details(doc))
	}
}

// wantRightsError wants a run that failed for missing rights and says all of these.
func (w *world) wantRightsError(doc *plan.Document, err error, says ...string) {
	w.Helper()
	if err == nil || tsync.ExitCode(doc, err, "4") != tsync.ExitFailed {
		w.Fatalf("ended with %v\n%s", err, details(doc))
	}
	for _, text := range append(says, "nobody has a problem", "the next run tries again") {
		if !strings.Contains(err.Error(), text) {
			w.Errorf("%q does not say %q", err, text)
		}
	}
}

// rightsLost are the kinds of call, what makes five of each due, and what the run says.
var rightsLost = map[string]struct {
	due  func(w *world, names []string)
	says string
}{
	"create": {func(w *world, _ []string) { w.hire("n.one", "n.two", "n.three", "n.four", "n.five") }, "create employees"},
	"update": {func(w *world, names []string) { w.edit("title", "Chief", names) }, "change employees"},
	"move":   {func(w *world, names []string) { w.edit("division", "North", names) }, "move employees"},
	"terminate": {func(w *world, names []string) {
		for _, name := range names {
			w.org.DeactivateUser(w.users[name])
		}
	}, "terminate employees"},
	"grant":  {func(w *world, names []string) { w.group("Site North", names...) }, "give roles"},
	"revoke": {func(w *world, names []string) { w.leave("Site East", names...) }, "take roles away"},
	"create role": {func(w *world, names []string) {
		for _, name := range []string{"Site 1", "Site 2", "Site 3", "Site 4", "Site 5"} {
			w.group(name, names[0])
		}
	}, "create roles"},
}

// edit changes one attribute of people in Okta.
func (w *world) edit(attribute, value string, names []string) {
	w.Helper()
	for _, name := range names {
		w.org.UpdateUser(w.users[name], map[string]any{attribute: value})
	}
}

// staffed is a world of ten in whom nothing is due: five have a role, others may be
// changed.
func staffed(t *testing.T) (w *world, five []string) {
	w = newQuietWorld(t)
	w.limits = plan.Limits{}
	names := w.crowd(10)
	w.group("Site East", names[:5]...)
	w.group("Site West", names...)
	w.run()
	w.change = func(e *tsync.Engine) { e.Workers = 1 }
	return w, names[:5]
}

// A write right that is missing is nobody's problem: three calls tell of it, what else is
// due is done, and all is done once the right is back.
func TestAMissingWriteRightStopsItsKindAlone(t *testing.T) {
	t.Parallel()
	for name, lost := range rightsLost {
		for _, status := range []int{http.StatusForbidden, http.StatusUnauthorized} {
			t.Run(name+" "+http.StatusText(status), func(t *testing.T) {
				w, five := staffed(t)
				lost.due(w, five)
				w.rest(name)
				w.lacking(status, writes[name])
				doc, err := w.sync(refreshedNot)
				w.wantRightsError(doc, err, lost.says, "role of the integration's account")
				w.wantNoTroubles(doc)
				if n := w.portal.Count(writes[name].Method, writes[name].Path); status == http.StatusForbidden && n != 3 {
					t.Errorf("%d calls, want 3\n%s", n, details(doc))
				}
				w.wantRestDone(name)
				w.lacking(0)
				w.run()
				w.run()
				w.wantDone(w.runWith(refreshed), "")
				w.wantNoTroubles(w.run())
			})
		}
	}
}

// rest makes something due that needs another right.
func (w *world) rest(but string) {
	if but == "update" {
		w.hire("other")
		return
	}
	w.edit("title", "Sergeant", []string{"g010"})
}

func (w *world) wantRestDone(but string) {
	w.Helper()
	if but == "update" {
		w.wantStatus(tracktiktest.Active, "other")
	} else if e := w.employee("g010"); e.JobTitle != "Sergeant" {
		w.Errorf("the title of g010 is %q: the rest was not done", e.JobTitle)
	}
}

// A 403 about one person among those who succeed is about that person.
func TestA403AmongSuccessesIsThatPersonsProblem(t *testing.T) {
	t.Parallel()
	for _, at := range []int{0, 2, 4} {
		w, five := staffed(t)
		w.edit("title", "Chief", five)
		one := w.employee(five[at]).ID
		w.lacking(0, tracktiktest.Match{Method: "PATCH", Path: fmt.Sprintf("/employees/%d", one)})
		doc, err := w.sync(refreshedNot)
		troubles, dbErr := w.db.Troubles()
		if err != nil || dbErr != nil || tsync.ExitCode(doc, err, "4") != tsync.ExitProblems {
			t.Fatalf("ended with %v %v\n%s", err, dbErr, details(doc))
		}
		if len(troubles) != 1 || string(troubles[0].Person) != w.users[five[at]] || troubles[0].NextTry == nil ||
			doc.Result.Done["update"] != 4 {
			t.Errorf("problems %+v\n%s", troubles, details(doc))
		}
		doc, err = w.sync(refreshedNot) // the next try is not due
		if err != nil || w.portal.AttemptedWrites() != 0 {
			t.Errorf("ended with %v after %d writes", err, w.portal.AttemptedWrites())
		}
		w.wantProblem(doc, plan.ProblemRefused, five[at])
		w.pass(2 * time.Hour)
		doc, err = w.sync(refreshedNot) // alone now, and still that person's
		if err != nil || w.portal.AttemptedWrites() != 1 || doc.Result.Failed != 1 {
			t.Errorf("tried again: %v, %d writes\n%s", err, w.portal.AttemptedWrites(), details(doc))
		}
	}
}

// Of single people, and of few, all that were refused tell of the right too.
func TestAMissingRightIsFoundWithFewerThanThree(t *testing.T) {
	t.Parallel()
	w, five := staffed(t)
	w.org.DeactivateUser(w.users[five[0]])
	w.lacking(0, writes["terminate"])
	for _, opt := range []tsync.RunOptions{{Users: []string{mail(five[0])}}, refreshedNot} {
		doc, err := w.sync(opt)
		w.wantRightsError(doc, err, "terminate employees")
		w.wantNoTroubles(doc)
		w.wantHeld(doc, plan.HeldPending, five[0])
		if n := w.portal.AttemptedWrites(); n != 1 {
			t.Errorf("%d writes, want 1", n)
		}
	}
	w.lacking(0)
	w.wantDone(w.runWith(tsync.RunOptions{Users: []string{mail(five[0])}}), "terminate 1")
	w.wantStatus(tracktiktest.Terminated, five[0])
}

func TestTwoMissingRightsAreBothNamed(t *testing.T) {
	t.Parallel()
	w, five := staffed(t)
	rightsLost["create"].due(w, nil)
	rightsLost["terminate"].due(w, five[:1])
	rightsLost["move"].due(w, five[1:])
	w.edit("title", "Chief", five[1:])
	w.change = nil // side by side
	w.lacking(0, writes["create"], writes["move"])
	doc, err := w.sync(refreshedNot)
	w.wantRightsError(doc, err, "create employees", "move employees")
	w.wantNoTroubles(doc)
	w.wantStatus(tracktiktest.Terminated, five[0])
	for _, name := range five[1:] {
		if e := w.employee(name); e.JobTitle != "Chief" {
			t.Errorf("the title of %s is %q: a move that is not allowed keeps no value from being sent", name, e.JobTitle)
		}
	}
	w.lacking(0)
	w.run()
	w.wantDone(w.runWith(refreshed), "")
}

// Whoever had a problem before keeps it, as it was, while the right is missing.
func TestAMissingRightEndsNobodysEarlierProblem(t *testing.T) {
	t.Parallel()
	w, five := staffed(t)
	w.edit("title", "Chief", five[:1])
	w.inPortal(tracktiktest.When(writes["update"], refuse))
	w.run()
	before, err := w.db.Troubles()
	if err != nil || len(before) != 1 {
		t.Fatal(before, err)
	}
	w.inPortal(nil)
	w.lacking(0, writes["update"])
	w.pass(2 * time.Hour)
	w.edit("title", "Captain", five[1:])
	doc, err := w.sync(refreshedNot)
	w.wantRightsError(doc, err, "change employees")
	after, err := w.db.Troubles()
	if err != nil || len(after) != 1 || after[0].Person != before[0].Person || !after[0].Since.Equal(before[0].Since) ||
		doc.Result.NewProblems != 0 {
		t.Errorf("problems %+v, before %+v\n%s", after, before, details(doc))
	}
}

// A run that dies anywhere while a right is missing leaves no problem behind, and nothing
// undone once the right is back.
func TestDeathWhileARightIsMissingLeavesNobodyAProblem(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for k := 1; ; k++ {
			w := newQuietWorld(t)
			names := w.crowd(6)
			w.run()
			w.change = func(e *tsync.Engine) { e.Workers = 1 }
			w.edit("title", "Chief", names[:4])
			w.hire("other")
			w.lacking(0, writes["update"])
			var c *crashing
			w.wrap = func(s tsync.Snapshot) tsync.Snapshot { c = &crashing{Snapshot: s, at: k, after: after}; return c }
			_, err := w.sync(refreshedNot)
			if err == nil || errors.Is(err, errCrash) && !c.died() {
				t.Fatalf("died at step %d: %v; the run ended with %v", k, c.died(), err)
			}
			died := c.died()
			w.wrap = nil
			w.reopen()
			doc, err := w.sync(refreshedNot)
			w.wantRightsError(doc, err, "change employees")
			w.wantNoTroubles(doc)
			w.lacking(0)
			w.run()
			w.wantDone(w.runWith(refreshed), "")
			w.wantStatus(tracktiktest.Active, "other")
			if !died {
				break
			}
		}
	}
}

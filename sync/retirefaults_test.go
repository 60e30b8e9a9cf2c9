package sync_test

import (
	"errors"
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

// wantRetired wants the three to be terminated, each once on record as ended by us.
func (w *world) wantRetired(ids []int64) {
	w.Helper()
	w.wantStatus(tracktiktest.Terminated, "ada", "ben", "cyd")
	for _, id := range ids {
		f, found, err := w.db.FormerByEmployee(plan.EmployeeID(id))
		w.must(err)
		if !found || f.Elsewhere || f.Run == "" {
			w.Errorf("the record of employee %d is %+v", id, f)
		}
		done := 0
		for _, a := range w.audits() {
			if a.Kind == string(plan.Terminate) && int64(a.Employee) == id && a.Outcome == plan.Done {
				if done++; a.Run != f.Run {
					w.Errorf("employee %d was ended by run %s, and is on record with run %s", id, a.Run, f.Run)
				}
			}
		}
		if done != 1 {
			w.Errorf("the history says %d times that employee %d was terminated", done, id)
		}
	}
	if pending, err := w.db.Pending(); err != nil || len(pending) > 0 {
		w.Errorf("%d writes are open (%v)", len(pending), err)
	}
}

var terminating = tracktiktest.Match{Method: http.MethodPost, Path: "/employees/*/actions/terminate"}

func TestARetirementWhoseAnswersAreLostIsRecordedOnce(t *testing.T) {
	for name, fault := range map[string]tracktiktest.Interceptor{"lost": tracktiktest.LostReply, "unreached": tracktiktest.Unreached, "500 after": tracktiktest.FailAfter,
		"500 before": tracktiktest.FailBefore, "504 after": tracktiktest.CutAfter, "504 before": tracktiktest.CutBefore} {
		for _, times := range []int{1, 2, 4} {
			t.Run(fmt.Sprintf("%s %d times", name, times), func(t *testing.T) {
				w, ids := haunted(t)
				match := terminating
				match.Times = times
				w.inPortal(tracktiktest.When(match, fault))
				_, err := w.retire(everybody(ids))
				w.must(err)
				w.inPortal(nil)
				w.reopen()
				_, err = w.retire(everybody(ids))
				w.must(err)
				w.wantRetired(ids)
			})
		}
	}
}

// retireWrites is as many writes to the snapshot as a retirement of three makes.
const retireWrites = 8

func TestARetirementStoppedAnywhereIsCompletedByMakingItAgain(t *testing.T) {
	for k := 1; k <= retireWrites+1; k++ {
		for _, after := range []bool{false, true} {
			for _, between := range []bool{false, true} { // a run comes between, and settles
				t.Run(fmt.Sprintf("at %d, after the write %v, run between %v", k, after, between), func(t *testing.T) {
					w, ids := haunted(t)
					var c *crashing
					w.change = func(e *tsync.Engine) { e.Workers = 1 }
					w.wrap = func(s tsync.Snapshot) tsync.Snapshot { c = &crashing{Snapshot: s, at: k, after: after}; return c }
					_, err := w.retire(everybody(ids))
					if died := k <= retireWrites; died != errors.Is(err, errCrash) || died != c.died() {
						t.Fatalf("it ended with %v", err)
					}
					w.wrap = nil
					w.reopen()
					if between {
						w.run()
					}
					_, err = w.retire(everybody(ids))
					w.must(err)
					w.wantRetired(ids)
				})
			}
		}
	}
}

// A portal that says yes and does nothing gets one try.
func TestARetirementWithoutEffectStopsTheOthers(t *testing.T) {
	w, ids := haunted(t)
	w.inPortal(tracktiktest.When(terminating, func(rw http.ResponseWriter, r *http.Request, _ http.Handler) {
		rw.Header().Set("Date", w.now().UTC().Format(http.TimeFormat))
		_, _ = fmt.Fprintf(rw, `{"meta":{},"data":{}}`)
	}))
	doc, err := w.retire(everybody(ids))
	w.must(err)
	if n := w.terminations(); n != 1 || doc.Result.Failed != 1 || len(doc.Held) != 2 || doc.Held[0].Code() != plan.HeldPending {
		t.Errorf("%d calls\n%s", n, details(doc))
	}
	if got := tsync.ExitCode(doc, nil, "4"); got != tsync.ExitProblems {
		t.Errorf("exit %d", got)
	}
	w.inPortal(nil)
	_, err = w.retire(everybody(ids))
	w.must(err)
	w.wantRetired(ids)
	if troubles, err := w.db.Troubles(); err != nil || len(troubles) > 0 {
		t.Errorf("problems are left: %+v (%v)", troubles, err)
	}
}

// What was read is looked at once more when it has grown old before the call.
func TestARetirementIsConfirmedWhenItsEvidenceIsOld(t *testing.T) {
	for name, c := range map[string]struct {
		code   string
		change func(w *world, id int64)
	}{
		"as before":      {"", func(*world, int64) {}},
		"active in okta": {plan.HeldUnconfirmed, func(w *world, _ int64) { w.org.SetUserStatus(w.users["ada"], "ACTIVE") }},
		"another record": {plan.HeldUnconfirmed, func(w *world, id int64) {
			w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) {
				e.FirstName, e.LastName, e.Username, e.Email = "Eve", "Else", "eve", "eve@mail.example"
			}))
		}},
		"okta fails": {plan.HeldUnconfirmed, func(w *world, _ int64) { w.inOkta(oktatest.On("/api/v1/users", oktatest.CutMidBody)) }},
	} {
		t.Run(name, func(t *testing.T) {
			w, ids := haunted(t)
			w.inPortal(tracktiktest.When(tracktiktest.Match{Path: "/employment-termination-reasons", Times: 1}, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				w.pass(2 * time.Minute)
				c.change(w, ids[0])
				next.ServeHTTP(rw, r)
			}))
			doc, err := w.retire(asked(ids[0]))
			w.must(err)
			if c.code == "" {
				w.wantDone(doc, "terminate 1")
				if n := len(w.org.Requests()); n != 1+2*(2+1) {
					t.Errorf("%d requests to Okta, want the app, and twice two and a page of who is assigned", n)
				}
				return
			}
			if len(doc.Held) != 1 || doc.Held[0].Code() != c.code || w.terminations() > 0 {
				t.Errorf("%d calls\n%s", w.terminations(), details(doc))
			}
		})
	}
}

func TestWhoIsEndedWhileARetirementReadsIsFound(t *testing.T) {
	w, ids := haunted(t)
	w.inPortal(tracktiktest.When(tracktiktest.Match{Path: "/employment-termination-reasons", Times: 1}, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		w.pass(2 * time.Minute)
		w.must(w.portal.TerminateEmployee(ids[0]))
		next.ServeHTTP(rw, r)
	}))
	doc, err := w.retire(asked(ids[0]))
	w.must(err)
	if doc.Result.Found["terminate"] != 1 || w.terminations() > 0 {
		t.Errorf("found %v, %d calls", doc.Result.Found, w.terminations())
	}
	if f, found, err := w.db.FormerByEmployee(plan.EmployeeID(ids[0])); err != nil || found && !f.Elsewhere {
		t.Errorf("on record as ended by us: %+v (%v)", f, err)
	}
}

func TestClocksApartRetireNobody(t *testing.T) {
	w, ids := haunted(t)
	w.wrong = time.Hour
	_, err := w.retire(everybody(ids))
	if !errors.Is(err, tsync.ErrClock) {
		t.Errorf("it ends with %v", err)
	}
	w.wantNoWrites()
	w.wantStatus(tracktiktest.Active, "ada", "ben", "cyd")
}

func TestARetirementIsDatedWhereTheEmployeeWorks(t *testing.T) {
	w, _ := haunted(t)
	w.portal.AddRegion(tracktiktest.Region{ID: 7, Name: "Auckland", Parent: 1, TimeZone: "Pacific/Auckland"})
	w.must(w.portal.MoveEmployee(w.employee("ada").ID, 7))
	w.pass(11 * time.Hour) // in the evening of the 24th
	_, err := w.retire(asked(mail("ada")))
	w.must(err)
	body := ""
	for _, r := range w.portal.Requests() {
		if strings.HasSuffix(r.Path, "/actions/terminate") {
			body = r.Body
		}
	}
	if !strings.Contains(body, `"2026-11-25"`) {
		t.Errorf("TrackTik is told %s", body)
	}
}

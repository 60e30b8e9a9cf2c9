package sync_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// listening is a world of people whose System Log was read once, and who were all looked
// at. Nothing that happens by itself is in the way: there are enough people for the guards.
func listening(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.crowd(30)
	w.hire("ada", "bob")
	w.group("Site Airport", "ada", "bob")
	w.group("Site Bank", "bob")
	if doc, err := w.poll(); doc == nil || err != nil {
		t.Fatalf("the first poll asks for no run: %v", err)
	}
	return w
}

// poll is what a new process does half a minute later: it reads the log, and makes the run
// that follows from it. nil: none did.
func (w *world) poll() (*plan.Document, error) {
	w.Helper()
	w.pass(30 * time.Second)
	w.org.ResetRequests()
	w.portal.ResetRequests()
	e := w.build()
	e.EventsMaxPeople = 50
	e.Events = w.source()
	p, err := e.Listen(context.Background(), true)
	if err != nil || p.Idle() {
		return nil, err
	}
	opt := tsync.RunOptions{Poll: p}
	if p.Whole == "" {
		opt.Users = p.People()
	}
	return e.RunOnce(context.Background(), opt)
}

func (w *world) source() *okta.Source {
	w.Helper()
	source, err := okta.New(okta.Config{OrgURL: w.org.URL, AppID: w.app, Token: oktatest.DefaultToken, Now: w.ours, Sleep: w.sleep})
	w.must(err)
	return source
}

// polled is a poll that has to lead to a run that succeeds.
func (w *world) polled() *plan.Document {
	w.Helper()
	doc, err := w.poll()
	w.must(err)
	if doc == nil {
		w.Fatal("the poll asks for no run")
	}
	return doc
}

func (w *world) wantIdle() {
	w.Helper()
	if doc, err := w.poll(); doc != nil || err != nil {
		w.Errorf("the poll leads to a run, or fails: %v", err)
	}
	w.wantNoWrites()
}

func (w *world) log() plan.EventLog {
	w.Helper()
	log, err := w.db.EventLog()
	w.must(err)
	return log
}

// says puts an event into the log, whatever is true.
func (w *world) says(kind, name string) {
	w.org.Log(oktatest.LogEvent{Type: kind, Targets: []oktatest.LogTarget{{Type: "User", ID: w.users[name]}}})
}

func (w *world) manners(m oktatest.LogManners) {
	w.org.Configure(func(s *oktatest.Server) { s.SystemLog = m })
}

func TestChangesAreDoneBetweenCycles(t *testing.T) {
	w := listening(t)
	w.org.DeactivateUser(w.users["ada"])
	doc := w.polled()
	w.wantDone(doc, "terminate 1")
	w.wantStatus(tracktiktest.Terminated, "ada")
	if n := w.org.Count("/api/v1/apps/*/users"); n > 0 {
		t.Errorf("a poll read the whole listing %d times", n)
	}
	w.hire("eve")
	w.group("Site Airport", "eve")
	w.leave("Site Bank", "bob")
	w.wantDone(w.polled(), "create 1, grant_role 1, revoke_role 1")
	w.wantRoles("eve", "Site Airport")
	w.org.UpdateUser(w.users["bob"], map[string]any{"lastName": "Miller"})
	w.wantDone(w.polled(), "update 1")
	w.wantIdle()
	if doc := w.run(); len(doc.Actions) > 0 {
		t.Errorf("the whole run finds %s", counts(doc))
	}
}

func TestIdlePollIsNoRun(t *testing.T) {
	w := listening(t)
	before, err := w.db.Runs(0)
	w.must(err)
	for range 3 {
		w.org.RecordLogin(w.users["ada"])
		w.wantIdle()
		if n := len(w.org.Requests()); n != 1 || len(w.portal.Requests()) > 0 {
			t.Errorf("an idle poll took %d calls to Okta and %d to TrackTik", n, len(w.portal.Requests()))
		}
	}
	after, err := w.db.Runs(0)
	w.must(err)
	if len(after) != len(before) {
		t.Errorf("idle polls made %d runs", len(after)-len(before))
	}
	if log := w.log(); w.now().Sub(log.Polled) > time.Second {
		t.Errorf("the last poll was at %s, it is %s", log.Polled, w.now())
	}
}

func TestStrangersCostNothing(t *testing.T) {
	w := listening(t)
	stranger := w.org.AddUser(oktatest.User{Login: "stranger@acme.example"})
	w.org.DeactivateUser(stranger)
	w.org.AssignUser(w.org.AddApp(oktatest.App{}), w.users["ada"], oktatest.Assignment{})
	w.manners(oktatest.LogManners{Noise: 8})
	w.group("Choir", "ada")
	w.leave("Choir", "ada")
	w.wantIdle()
	if n := len(w.org.Requests()); n != 2 { // a page of events, and the empty one
		t.Errorf("it took %d calls", n)
	}
}

func TestEventIsNeverEvidence(t *testing.T) {
	for _, kind := range []string{"user.lifecycle.deactivate", "user.lifecycle.delete.completed", "user.lifecycle.suspend"} {
		t.Run(kind, func(t *testing.T) {
			w := listening(t)
			w.says(kind, "ada")
			for look := range 2 {
				if doc := w.polled(); len(doc.Actions) > 0 {
					t.Errorf("look %d: the plan is %s", look+1, counts(doc))
				}
				w.wantNoWrites()
			}
			w.wantIdle() // it is left to the whole run
			w.wantStatus(tracktiktest.Active, "ada")
		})
	}
}

func TestEventBeforeItsChangeCanBeSeenIsLookedAtAgain(t *testing.T) {
	w := listening(t)
	w.manners(oktatest.LogManners{LookupLag: 45 * time.Second})
	w.org.DeactivateUser(w.users["ada"])
	w.hire("eve")
	if doc := w.polled(); doc.Summary["terminate"] > 0 {
		t.Errorf("before it can be seen the plan is %s", counts(doc))
	}
	w.wantStatus(tracktiktest.Active, "ada")
	w.wantDone(w.polled(), "terminate 1, create 1")
	w.wantStatus(tracktiktest.Terminated, "ada")
	w.wantIdle()
}

func TestEventsThatComeTwiceLateOrOutOfOrderAreDoneOnce(t *testing.T) {
	w := listening(t)
	w.manners(oktatest.LogManners{Lag: 10 * time.Second, Late: 60 * time.Second, Again: 45 * time.Second, Noise: 3})
	w.org.DeactivateUser(w.users["ada"])
	w.hire("eve")
	w.group("Site Airport", "eve")
	done := map[string]int{}
	for range 8 {
		doc, err := w.poll()
		w.must(err)
		if doc != nil && doc.Result != nil {
			for kind, n := range doc.Result.Done {
				done[kind] += n
			}
		}
	}
	if done["terminate"] != 1 || done["create"] != 1 || done["grant_role"] != 1 {
		t.Errorf("done in all: %v", done)
	}
	w.wantIdle()
}

func TestLostEventIsLeftToTheCycle(t *testing.T) {
	w := listening(t)
	w.manners(oktatest.LogManners{Lose: func(string) bool { return true }})
	w.org.DeactivateUser(w.users["ada"])
	w.wantIdle()
	w.wantDone(w.run(), "terminate 1")
}

func TestWhatConcernsEverybodyIsAWholeRun(t *testing.T) {
	for name, change := range map[string]func(*world){
		"a renamed group": func(w *world) { w.org.RenameGroup(w.groups["Site Airport"], "Site Airport 2") },
		"a group of the app": func(w *world) {
			w.org.AssignGroup(w.app, w.groups["Site Airport"], oktatest.GroupAssignment{})
		},
		"the app":               func(w *world) { w.org.SetAppFeatures(w.app, "IMPORT_NEW_USERS") },
		"many people":           func(w *world) { w.crowdOf("x", 51) },
		"a cursor that is gone": func(w *world) { w.inOkta(oktatest.First(1, oktatest.RefusedCursor)) },
		"81 days":               func(w *world) { w.pass(81 * 24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			w := listening(t)
			change(w)
			doc := w.polled()
			if len(doc.Options.User) > 0 || w.org.Count("/api/v1/apps/*/users") == 0 {
				t.Errorf("not everybody was looked at: %v", doc.Options.User)
			}
			if log := w.log(); log.WholeDue != "" {
				t.Errorf("a whole run is still due: %s", log.WholeDue)
			}
			w.inOkta(nil)
			w.wantIdle()
		})
	}
}

// crowdOf hires n people under such names.
func (w *world) crowdOf(prefix string, n int) {
	for i := range n {
		w.hire(fmt.Sprintf("%s%03d", prefix, i))
	}
}

func TestWholeRunThatFailsStaysDue(t *testing.T) {
	w := listening(t)
	w.org.RenameGroup(w.groups["Site Airport"], "Site Airport 2")
	w.inOkta(oktatest.On("/api/v1/apps/*/users", oktatest.EmptyBody))
	if _, err := w.poll(); err == nil {
		t.Fatal("the listing is broken, and the run succeeds")
	}
	if log := w.log(); log.WholeDue == "" {
		t.Error("the whole run is not due any more")
	}
	w.inOkta(nil)
	w.wantDone(w.polled(), "rename_role 1")
	w.wantIdle()
}

// A plan that somebody declines has looked at everybody, and done nothing: the run stays due, and
// its record says what the process said.
func TestWholeRunThatIsDeclinedStaysDue(t *testing.T) {
	w := listening(t)
	w.org.RenameGroup(w.groups["Site Airport"], "Site Airport 2")
	w.hire("odd")
	w.org.UpdateUser(w.users["odd"], map[string]any{"firstName": ""})
	w.inOkta(oktatest.On("/api/v1/apps/*/users", oktatest.EmptyBody))
	if _, err := w.poll(); err == nil { // now a whole run is due
		t.Fatal("the listing is broken, and the run succeeds")
	}
	w.inOkta(nil)
	doc, err := w.sync(tsync.RunOptions{Confirm: func(*plan.Document) bool { return false }})
	if err != nil || doc.Result != nil {
		t.Fatalf("a declined run ended with %v, %+v", err, doc.Result)
	}
	runs, err := w.db.Runs(1)
	w.must(err)
	if runs[0].ExitCode != tsync.ExitCode(doc, nil, "") || runs[0].ExitCode != 4 {
		t.Errorf("the record says exit code %d, and the run ended with %d", runs[0].ExitCode, tsync.ExitCode(doc, nil, ""))
	}
	if log := w.log(); log.WholeDue == "" {
		t.Error("the whole run is not due any more")
	}
	w.wantDone(w.polled(), "rename_role 1")
	if log := w.log(); log.WholeDue != "" {
		t.Errorf("a whole run is still due: %s", log.WholeDue)
	}
}

func TestOneWhoCannotBeReadDoesNotKeepOthersFromIt(t *testing.T) {
	w := listening(t)
	w.org.DeactivateUser(w.users["ada"])
	w.org.DeactivateUser(w.users["bob"])
	w.inOkta(oktatest.On("/api/v1/apps/*/users/"+w.users["ada"], oktatest.ServerError))
	w.wantDone(w.polled(), "terminate 1")
	w.wantStatus(tracktiktest.Terminated, "bob")
	w.wantStatus(tracktiktest.Active, "ada")
	w.inOkta(nil)
	w.wantDone(w.polled(), "terminate 1")
	w.wantStatus(tracktiktest.Terminated, "ada")
	w.wantIdle()
}

func TestActionThatFailedIsTriedOnceMore(t *testing.T) {
	w := listening(t)
	w.org.DeactivateUser(w.users["ada"])
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/terminate") {
			http.Error(rw, `{"message":"not now"}`, http.StatusUnprocessableEntity)
			return
		}
		next.ServeHTTP(rw, r)
	})
	doc, err := w.poll()
	if doc == nil || doc.Result == nil || doc.Result.Failed != 1 {
		t.Fatalf("the termination did not fail: %v", err)
	}
	w.inPortal(nil)
	w.wantDone(w.polled(), "terminate 1")
	w.wantIdle()
}

func TestWithoutTheRightOnlyWholeRunsSeeAChange(t *testing.T) {
	w := listening(t)
	w.inOkta(oktatest.On("/api/v1/logs", oktatest.Forbidden))
	w.org.DeactivateUser(w.users["ada"])
	for range 2 {
		_, err := w.poll()
		var failure *okta.Error
		if !errors.As(err, &failure) || !failure.LogsForbidden() {
			t.Errorf("got %v", err)
		}
	}
	if log := w.log(); log.Failure == "" || log.Cursor == "" {
		t.Errorf("what is noted is %+v", log)
	}
	w.wantDone(w.run(), "terminate 1")
	w.inOkta(nil)
	if doc, err := w.poll(); err != nil || doc != nil && len(doc.Actions) > 0 {
		t.Errorf("with the right again: %v", err)
	}
	if log := w.log(); log.Failure != "" {
		t.Errorf("the failure is still noted: %s", log.Failure)
	}
}

func TestGuardsCountOverManySmallPolls(t *testing.T) {
	w := listening(t)
	w.limits.Kinds[plan.Terminate] = plan.Limit{MaxCount: 50, MaxPercent: 10, MinPopulation: 20, MaxPerDay: 3}
	var refused *tsync.RefusedError
	for i := range 5 {
		w.org.DeactivateUser(w.users[fmt.Sprintf("g%03d", i+1)])
		doc, err := w.poll()
		if i < 3 {
			w.must(err)
			w.wantDone(doc, "terminate 1")
			continue
		}
		if !errors.As(err, &refused) || refused.Code != tsync.RefusedGuard {
			t.Errorf("termination %d of the day: %v", i+1, err)
		}
		w.wantNoWrites()
		w.wantIdle() // a refused poll moves on
	}
	w.wantStatus(tracktiktest.Active, "g004", "g005")
}

func TestRestoredSnapshotRemovesNobodyByAPoll(t *testing.T) {
	w := listening(t)
	meta, err := w.db.Meta()
	w.must(err)
	meta.RefreshDue = true
	w.must(w.db.Commit(plan.Batch{Meta: &meta}))
	w.org.DeactivateUser(w.users["ada"])
	_, _ = w.poll()
	w.wantStatus(tracktiktest.Active, "ada")
	w.runWith(refreshed)
	w.wantStatus(tracktiktest.Terminated, "ada")
}

func TestObservingPollWritesNothing(t *testing.T) {
	w := listening(t)
	w.change = func(e *tsync.Engine) { e.Observe = true }
	w.org.DeactivateUser(w.users["ada"])
	if doc := w.polled(); doc.Summary["terminate"] != 1 || doc.Mode != "observe" {
		t.Errorf("the plan is %s in mode %s", counts(doc), doc.Mode)
	}
	w.wantNoWrites()
	w.wantIdle()
	w.org.DeactivateUser(w.users["bob"])
	w.runWith(tsync.RunOptions{Users: []string{w.users["bob"]}})
	would := map[plan.PersonID]int{}
	for a, err := range w.db.Audits(state.Query{}) {
		w.must(err)
		if a.Kind == string(plan.Terminate) && a.Outcome == plan.Would {
			would[a.Person]++
		}
	}
	if would[plan.PersonID(w.users["ada"])] != 1 || would[plan.PersonID(w.users["bob"])] != 1 {
		t.Errorf("what would have been done is on record as %v", would)
	}
}

// A failing snapshot refuses to record a run.
type forgetfulSnapshot struct {
	tsync.Snapshot
	failed bool
}

var errForgot = errors.New("the power is off")

func (s *forgetfulSnapshot) Commit(b plan.Batch) error {
	if b.Run != nil && !s.failed {
		s.failed = true
		return errForgot
	}
	return s.Snapshot.Commit(b)
}

func TestCrashAtTheEndOfAPollRepeatsIt(t *testing.T) {
	w := listening(t)
	before := w.log()
	w.org.DeactivateUser(w.users["ada"])
	w.wrap = func(s tsync.Snapshot) tsync.Snapshot { return &forgetfulSnapshot{Snapshot: s} }
	if _, err := w.poll(); !errors.Is(err, errForgot) {
		t.Fatalf("got %v", err)
	}
	w.wrap = nil
	if log := w.log(); log.Cursor != before.Cursor {
		t.Error("the cursor has moved without its run")
	}
	w.wantStatus(tracktiktest.Terminated, "ada")
	if doc := w.polled(); len(doc.Actions) > 0 {
		t.Errorf("the repeated poll plans %s", counts(doc))
	}
	w.wantNoWrites()
	w.wantIdle()
	audits := 0
	for a, err := range w.db.Audits(state.Query{}) {
		w.must(err)
		if a.Kind == string(plan.Terminate) && slices.Contains([]string{plan.Done, plan.Found}, a.Outcome) {
			audits++
		}
	}
	if audits != 1 {
		t.Errorf("%d terminations are on record", audits)
	}
}

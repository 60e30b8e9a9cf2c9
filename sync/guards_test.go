package sync_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik"
	"tracktik-sync/tracktik/tracktiktest"
)

// lose takes the snapshot away and begins an empty one.
func (w *world) lose() {
	w.Helper()
	w.must(w.db.Close())
	w.must(os.Remove(w.path))
	var err error
	w.db, err = state.Create(w.path, w.binding(), state.Options{Now: w.now})
	w.must(err)
}

// TestARefusalNamesTheGroupThatLostTheApp: one group's fault is told as such.
func TestARefusalNamesTheGroupThatLostTheApp(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	for _, name := range names[:6] {
		w.org.UnassignUser(w.app, w.users[name])
	}
	w.group("Site Airport", names[:6]...)
	w.org.AssignGroup(w.app, w.groups["Site Airport"], oktatest.GroupAssignment{})
	w.run()
	w.org.UnassignGroup(w.app, w.groups["Site Airport"])
	doc, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	const cause = "6 of 6: group 'Site Airport' no longer assigned to the app"
	if text := doc.Guard.Refusals[0].Message; !strings.Contains(text, cause) {
		t.Errorf("the message lacks %q: %s", cause, text)
	}
}

func TestARefusedTerminationHoldsItsKindAndPassesOnceApproved(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	for _, name := range names[:5] {
		w.org.UnassignUser(w.app, w.users[name])
	}
	w.org.UpdateUser(w.users[names[20]], map[string]any{"title": "Chief"})
	doc, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	for _, name := range names[:5] {
		w.wantHeld(doc, plan.HeldGuard, name)
	}
	if doc.Result == nil || doc.Result.Done["update"] != 1 || doc.Result.Held != 5 || w.portal.AttemptedWrites() != 1 {
		t.Errorf("the rest went on as %+v", doc.Result)
	}
	refusal := doc.Guard.Refusals[0]
	for _, part := range []string{"5 terminations", "30", "10 %", "sync --approve " + refusal.Approve} {
		if !strings.Contains(refusal.Message, part) {
			t.Errorf("the message lacks %q: %s", part, refusal.Message)
		}
	}

	approve := tsync.RunOptions{Approve: []string{refusal.Approve}}
	w.wantDone(w.runWith(approve), "terminate 5")
	w.wantStatus(tracktiktest.Terminated, names[:5]...)

	_, err = w.sync(approve)
	w.wantRefused(err, "approval")
}

func TestAnApprovalEndsAfterADay(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	for _, name := range names[:5] {
		w.org.UnassignUser(w.app, w.users[name])
	}
	doc, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.pass(24 * time.Hour)
	_, err = w.sync(tsync.RunOptions{Approve: []string{doc.Guard.Refusals[0].Approve}})
	w.wantRefused(err, "approval")
	w.wantNoWrites()
}

func TestARefusedUpdateStopsEverything(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(20)
	w.run()
	for _, name := range names[:6] {
		w.org.UpdateUser(w.users[name], map[string]any{"title": "Mistake"})
	}
	w.hire("fresh")
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.wantNoWrites()
}

func TestAMassDepartureIsSampledAndOnlyLookedUpInFullOnceApproved(t *testing.T) {
	w := newWorld(t)
	w.limits.Kinds[plan.Create] = plan.NoLimit
	names := w.crowd(100)
	w.run()
	for _, name := range names[:60] {
		w.org.UnassignUser(w.app, w.users[name])
	}
	doc, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	if doc.Evidence != plan.EvidenceSample || w.org.Count("/api/v1/users/*") != 20 {
		t.Errorf("evidence %s, %d look-ups", doc.Evidence, w.org.Count("/api/v1/users/*"))
	}
	doc = w.runWith(tsync.RunOptions{Approve: []string{doc.Guard.Refusals[0].Approve}})
	w.wantDone(doc, "terminate 60")
	if doc.Evidence != plan.EvidenceFull || w.org.Count("/api/v1/users/*") != 60 {
		t.Errorf("evidence %s, %d look-ups", doc.Evidence, w.org.Count("/api/v1/users/*"))
	}
}

func TestNoRemovalsHoldsThem(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada", "bob")
	w.run()
	w.org.UnassignUser(w.app, w.users["ada"])
	w.leave("Site South", "bob")
	doc := w.runWith(tsync.RunOptions{NoRemovals: true})
	w.wantDone(doc, "")
	w.wantHeld(doc, plan.HeldSwitchedOff, "ada")
	w.wantHeld(doc, plan.HeldSwitchedOff, "bob")
	w.wantDone(w.run(), "terminate 1, revoke_role 1")
}

func TestEverySwitchWithholdsAndShows(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "dan")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada", "bob")
	w.run()
	off := defaultPolicy()
	off.CreateUsers, off.UpdateUsers, off.DeactivateUsers, off.CreateRoles, off.GrantRoles, off.RevokeRoles = false, false, false, false, false, false
	w.policy = off
	w.hire("cy")
	w.org.UpdateUser(w.users["dan"], map[string]any{"title": "Chief"})
	w.org.UnassignUser(w.app, w.users["ada"])
	w.leave("Site South", "bob")
	w.group("Site North", "dan")
	w.group("Site West", "dan")
	doc := w.run()
	w.wantDone(doc, "")
	w.wantNoWrites()
	for _, name := range []string{"ada", "bob", "cy", "dan"} {
		w.wantHeld(doc, plan.HeldSwitchedOff, name)
	}
	w.policy = defaultPolicy()
	w.wantDone(w.run(), "create_role 1, terminate 1, update 1, create 1, grant_role 2, revoke_role 1")
}

func TestObserveWritesNothing(t *testing.T) {
	w := newWorld(t)
	w.atPortal("bob", func(e *tracktiktest.Employee) { e.JobTitle = "Old" })
	w.change = func(e *tsync.Engine) { e.Observe = true }
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	doc := w.run()
	if doc.Mode != "observe" || doc.Summary["create"] != 1 || doc.Summary["adopt"] != 1 {
		t.Errorf("observed %s in mode %s", counts(doc), doc.Mode)
	}
	w.wantNoWrites()
	w.run()
	w.wantNoWrites()
	would := 0
	for a, err := range w.db.Audits(state.Query{}) {
		w.must(err)
		if a.Outcome == plan.Would {
			would++
		}
	}
	if would == 0 {
		t.Error("history does not say what would have been done")
	}
	w.change = nil
	w.run()
	w.wantStatus(tracktiktest.Active, "ada", "bob")
	w.wantRoles("bob", "Site North")
	w.wantDone(w.run(), "")
}

func TestOnePersonCostsAHandfulOfCalls(t *testing.T) {
	w := newWorld(t)
	w.crowd(40)
	w.hire("ada")
	w.group("Site North", "ada")
	w.run()
	for name, c := range map[string]struct {
		change func()
		user   string
		want   string
		calls  int
	}{
		"updated":     {func() { w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Chief"}) }, mail("ada"), "update 1", 5},
		"unchanged":   {func() {}, mail("ada"), "", 4},
		"new":         {func() { w.hire("bob") }, mail("bob"), "create 1", 9},                                                // one asks whether look-ups find ourselves
		"new in role": {func() { w.hire("eve"); w.group("Site North", "eve") }, mail("eve"), "create 1, grant_role 1", 11},   // a grant is a call of its own, and what the role is by now is one
		"terminated":  {func() { w.hire("cy"); w.run(); w.org.DeactivateUser(w.users["cy"]) }, mail("cy"), "terminate 1", 9}, // whether they are ended or banned already is one
	} {
		c.change()
		doc := w.runWith(tsync.RunOptions{Users: []string{c.user}})
		w.wantDone(doc, c.want)
		tokens := w.portal.Count("", tracktiktest.DefaultTokenPath)
		if n := len(w.org.Requests()) + len(w.portal.Requests()) - tokens; n > c.calls {
			t.Errorf("%s: %d calls, want %d at most", name, n, c.calls)
			w.wantRequests(0, 0) // shows them
		}
	}
	w.wantDone(w.run(), "")
}

func TestManyNamedPeopleWhomOktaDoesNotKnowAreHeld(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(40)
	w.run()
	ids := w.ids(names[:4])
	for _, id := range ids {
		w.org.DeleteUser(id)
	}
	doc, err := w.sync(tsync.RunOptions{Users: ids})
	w.wantRefused(err, "guard")
	w.wantHeld(doc, plan.HeldNotVisible, names[0])
	w.wantNoWrites()
	w.wantDone(w.runWith(tsync.RunOptions{Users: ids[:3]}), "terminate 3")
}

func TestOnePersonIsFoundByEveryName(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	e := w.build()
	for _, name := range []string{w.users["ada"], mail("ada"), "ADA@acme.example", "1001"} {
		x, err := e.Explain(t.Context(), name, plan.UserRef{})
		if err != nil || string(x.User.ID) != w.users["ada"] {
			t.Errorf("%s is %+v, %v", name, x.User, err)
		}
	}
	if _, err := e.Explain(t.Context(), "nobody@acme.example", plan.UserRef{}); !errors.Is(err, tsync.ErrNobody) {
		t.Errorf("nobody is %v", err)
	}
}

// A run that is told to end starts nothing new, and the next one goes on.
func TestARunThatIsToldToEndLeavesTheRestToTheNext(t *testing.T) {
	w := newWorld(t)
	w.crowd(12)
	w.group("Site North", "g001", "g002", "g003", "g004", "g005", "g006")
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	made := 0
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/employees") {
			mu.Lock()
			if made++; made == 5 {
				cancel()
			}
			mu.Unlock()
		}
		next.ServeHTTP(rw, r)
	})
	doc, err := w.build().RunOnce(ctx, tsync.RunOptions{})
	var stopped *tsync.StoppedError
	if !errors.As(err, &stopped) || !strings.Contains(stopped.Message, "the next run goes on") {
		t.Fatalf("ended with %v", err)
	}
	if code := tsync.ExitCode(doc, err, "4"); code != tsync.ExitFailed {
		t.Errorf("exit code %d", code)
	}
	n := doc.Result.Done["create"]
	if managed, err := w.db.Managed(); err != nil || managed != n || n < 5 || n > 8 {
		t.Errorf("%d managed of %d made, %v", managed, n, err)
	}
	w.inPortal(nil)
	w.reopen()
	w.run()
	w.wantRoles("g001", "Site North")
	w.wantRoles("g006", "Site North")
	w.wantDone(w.run(), "")
	if all := len(w.portal.Employees()); all != 12+1 {
		t.Errorf("%d employees, want 12 and our own", all)
	}
}

func TestASecondProvisionerIsRefused(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.org.SetAppFeatures(w.app, "PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES")
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "second_provisioner")
	w.wantNoWrites()
	w.change = func(e *tsync.Engine) { e.Observe = true }
	w.wantWarning(w.run(), "second_provisioner")
	w.wantNoWrites()
	w.change = func(e *tsync.Engine) { e.AllowSecond = true }
	w.wantDone(w.run(), "create 1")
}

func TestAnInactiveAppIsRefused(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	w.org.SetAppStatus(w.app, "INACTIVE")
	w.org.DeactivateUser(w.users["ada"])
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "app_not_active")
	w.wantNoWrites()
	w.org.SetAppStatus(w.app, "ACTIVE")
	w.run()
}

func TestAPortalWithRolesOfAnotherConnectionIsRefused(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Site Far", Description: "[tracktik-sync other.okta.com/0oaOTHER/00gOTHER]"})
	w.hire("ada")
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "second_connection")
	w.wantNoWrites()
}

func TestClocksThatDisagreeTerminateNobody(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.org.UnassignUser(w.app, w.users["ada"])
	w.org.UpdateUser(w.users["bob"], map[string]any{"title": "Chief"})
	w.inOkta(skewed(6 * time.Minute))
	doc, err := w.sync(refreshedNot)
	if !errors.Is(err, tsync.ErrClock) || tsync.ExitCode(doc, err, "4") != tsync.ExitFailed {
		t.Errorf("ended with %v", err)
	}
	w.wantHeld(doc, plan.HeldClock, "ada")
	w.wantStatus(tracktiktest.Active, "ada")
	if w.employee("bob").JobTitle != "Chief" {
		t.Error("the update of bob was not made")
	}
	w.inOkta(nil)
	w.wantDone(w.run(), "terminate 1")
}

func TestBadCredentialsAreTriedOnceAndThenQuarantined(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.auth = func(a *tracktik.Auth) { a.Password = "wrong" }
	doc, err := w.sync(refreshedNot)
	if err == nil || tsync.ExitCode(doc, err, "4") != tsync.ExitFailed {
		t.Fatalf("ended with %v", err)
	}
	if n := w.portal.FailedLogins(); n != 1 {
		t.Errorf("%d logins were tried", n)
	}
	var quarantine *tsync.QuarantineError
	after := func(wait time.Duration) error {
		w.pass(wait)
		w.org.ResetRequests()
		w.portal.ResetRequests()
		_, err := w.build().RunOnce(context.Background(), refreshedNot)
		return err
	}
	tried := 1
	for _, wait := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 6 * time.Hour} {
		for _, early := range []time.Duration{wait - 2*time.Minute, time.Minute} {
			if err := after(early); !errors.As(err, &quarantine) || quarantine.System != "tracktik" {
				t.Errorf("before %s are over: %v, want the quarantine", wait, err)
			}
			if n := len(w.org.Requests()) + len(w.portal.Requests()); n > 0 {
				t.Errorf("%d requests in quarantine", n)
			}
		}
		if err := after(2 * time.Minute); err == nil || errors.As(err, &quarantine) {
			t.Errorf("after %s: %v", wait, err)
		}
		if tried++; w.portal.FailedLogins() != tried {
			t.Errorf("%d logins after %s more, want %d", w.portal.FailedLogins(), wait, tried)
		}
	}
	w.auth = func(a *tracktik.Auth) { a.Password = "wrong too" } // others are tried at once, and wait the shortest time
	if err := after(time.Minute); err == nil || errors.As(err, &quarantine) || w.portal.FailedLogins() != tried+1 {
		t.Errorf("other credentials: %v", err)
	}
	if err := after(16 * time.Minute); err == nil || errors.As(err, &quarantine) || w.portal.FailedLogins() != tried+2 {
		t.Errorf("other credentials, the second time: %v", err)
	}
	w.auth = nil // other credentials are tried at once
	w.wantDone(w.run(), "create 1")
	meta, err := w.db.Meta()
	if err != nil || meta.Quarantine != nil {
		t.Errorf("quarantine %+v, %v", meta.Quarantine, err)
	}
}

// Okta blocks nobody for a refused token: a passing 401 must not keep leavers active for
// hours.
func TestARefusedTokenOfOktaIsTriedOnceInEachRun(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.org.UnassignUser(w.app, w.users["bob"])
	w.inOkta(func(rw http.ResponseWriter, r *http.Request, _ http.Handler) {
		oktatest.Refuse(rw, r, http.StatusUnauthorized, "E0000011", "Invalid token provided")
	})
	var quarantine *tsync.QuarantineError
	for range 3 {
		doc, err := w.sync(refreshedNot)
		if err == nil || errors.As(err, &quarantine) || tsync.ExitCode(doc, err, "4") != tsync.ExitFailed {
			t.Errorf("ended with %v", err)
		}
		if n := len(w.org.Requests()); n != 1 {
			t.Errorf("%d requests, want one", n)
		}
	}
	if meta, err := w.db.Meta(); err != nil || meta.Quarantine != nil {
		t.Errorf("quarantine %+v, %v", meta.Quarantine, err)
	}
	w.inOkta(nil)
	w.wantDone(w.run(), "terminate 1")
}

func TestAQuarantineOfOktaInAnOlderSnapshotIsOver(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	meta, err := w.db.Meta()
	w.must(err)
	meta.Quarantine = &plan.Quarantine{System: "okta", Reason: "E0000011", Since: w.now(), NextTry: w.now().Add(time.Hour), Credentials: "okta"}
	w.must(w.db.Commit(plan.Batch{Meta: &meta}))
	w.wantDone(w.run(), "create 1")
	if meta, err = w.db.Meta(); err != nil || meta.Quarantine != nil {
		t.Errorf("quarantine %+v, %v", meta.Quarantine, err)
	}
}

func TestARefusedCreateIsRetriedBySchedule(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	refuse := tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees"}, func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
		rw.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = rw.Write([]byte(`{"status":422,"error":"not today"}`))
	})
	w.inPortal(refuse)
	doc := w.run()
	if doc.Result.Failed != 2 || tsync.ExitCode(doc, nil, "4") != tsync.ExitProblems {
		t.Errorf("result %+v", doc.Result)
	}
	tries := []time.Duration{}
	first := w.now()
	for w.now().Sub(first) < 35*24*time.Hour {
		if w.now().Sub(first) > 2*24*time.Hour {
			w.pass(6*time.Hour - 15*time.Minute)
		}
		doc := w.run()
		if w.portal.AttemptedWrites() > 0 {
			tries = append(tries, w.now().Sub(first))
			continue
		}
		if len(tries) == 0 {
			w.wantProblem(doc, plan.ProblemRefused, "ada")
		}
		if len(doc.Problems) != 2 {
			t.Fatalf("after %s the problems are %v", w.now().Sub(first), doc.Problems)
		}
	}
	want := []time.Duration{1 * time.Hour, 3 * time.Hour, 7 * time.Hour, 15 * time.Hour, 39 * time.Hour}
	for i, at := range want {
		if i >= len(tries) || tries[i] != at {
			t.Fatalf("tried after %v, want %v and daily", tries, want)
		}
	}
	if last := tries[len(tries)-1]; last < 27*24*time.Hour || last > 30*24*time.Hour {
		t.Errorf("the last try was after %s, want about 28 days", last)
	}
	w.wantProblem(w.run(), plan.ProblemGivenUp, "ada")
	w.inPortal(nil)
	w.wantDone(w.runWith(tsync.RunOptions{Retry: []plan.PersonID{plan.PersonID(w.users["ada"])}}), "create 1")
	w.org.UpdateUser(w.users["bob"], map[string]any{"title": "Other data"})
	w.wantDone(w.run(), "create 1")
	if troubles, err := w.db.Troubles(); err != nil || len(troubles) > 0 {
		t.Errorf("problems left: %+v %v", troubles, err)
	}
}

func TestARefusedTerminationIsTriedWithoutEnd(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.org.DeactivateUser(w.users["ada"])
	w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees/*/actions/terminate"}, refuse))
	tried := 0
	for range 8 { // 0:00 to 1:45
		w.run()
		tried += w.portal.AttemptedWrites()
	}
	if tried != 4+1 {
		t.Errorf("tried %d times, want every time in the first hour, and then hourly", tried)
	}
	tried = 0
	for range 40 {
		w.pass(24 * time.Hour)
		w.run()
		tried += w.portal.AttemptedWrites()
	}
	if tried != 40 {
		t.Errorf("tried %d times in 40 days, a day apart, want each time", tried)
	}
	w.inPortal(nil)
	w.pass(time.Hour)
	w.wantDone(w.run(), "terminate 1")
}

func TestATerminationWithoutEffectStopsTheOthers(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "cy")
	w.run()
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.TerminationIneffective = true })
	w.org.DeactivateUser(w.users["ada"])
	w.org.DeactivateUser(w.users["bob"])
	doc := w.run()
	if w.portal.Count("POST", "/employees/*/actions/terminate") != 1 || doc.Result.Failed != 1 || doc.Result.Held != 1 {
		t.Errorf("result %+v\n%s", doc.Result, details(doc))
	}
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.TerminationIneffective = false })
	w.wantDone(w.run(), "terminate 2")
}

func TestTooManyFailuresStopTheRun(t *testing.T) {
	w := newWorld(t)
	w.crowd(60)
	w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees"}, refuse))
	doc, err := w.sync(refreshedNot)
	if err == nil || !strings.Contains(err.Error(), "max_problem_percent") {
		t.Errorf("ended with %v", err)
	}
	if n := w.portal.AttemptedWrites(); n < 20 || n > 24 {
		t.Errorf("%d writes before the run stopped", n)
	}
	if tsync.ExitCode(doc, err, "4") != tsync.ExitFailed {
		t.Error("not exit 1")
	}
}

package sync_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// What failed for a reason that passes is tried again in the next run, at once: only a
// call that was cut may still be at work.
func TestAFailedWriteIsTriedAgainByTheVeryNextRun(t *testing.T) {
	for reply, fault := range map[string]tracktiktest.Interceptor{
		"500": tracktiktest.FailBefore, "a broken connection": tracktiktest.Unreached, "HTML": tracktiktest.LoginPage,
	} {
		for _, write := range []string{"create", "create role", "grant"} {
			t.Run(write+"/"+reply, func(t *testing.T) {
				w := newWorld(t)
				w.hire("ada")
				w.group("Site North", "ada")
				w.inPortal(tracktiktest.When(writes[write], fault))
				doc, err := w.sync(refreshedNot)
				if err != nil || doc.Result.Unknown != 1 {
					t.Fatalf("ended with %v\n%s", err, details(doc))
				}
				w.inPortal(nil)
				if _, err := w.build().RunOnce(t.Context(), refreshedNot); err != nil { // in the same second
					t.Fatal(err)
				}
				w.wantRoles("ada", "Site North")
				w.wantNoDoubles()
			})
		}
	}
}

// crashSteps are more than the durable steps of the small runs that are broken off here.
const crashSteps = 14

// After a crash right before a call, the next run leaves the call alone, which may be on
// its way, and does everything else; a minute later nobody is left out.
func TestAMinuteAfterACrashNobodyIsLeftOut(t *testing.T) {
	for k := range crashSteps {
		t.Run(fmt.Sprintf("crash at step %d", k+1), func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.crashAt(k+1, true)
			for range 2 {
				if _, err := w.build().RunOnce(t.Context(), refreshedNot); err != nil {
					t.Fatal(err)
				}
				w.pass(time.Minute)
			}
			for _, name := range []string{"ada", "bob"} {
				w.wantStatus(tracktiktest.Active, name)
				w.wantRoles(name, "Site North")
			}
			w.wantNoDoubles()
		})
	}
}

// A run that grants a role, and ends before it has stored the group's members, leaves a
// holder whose leaving no list of members shows.
func TestAHolderWhoLeftAfterACrashLosesTheRole(t *testing.T) {
	for name, opt := range map[string]tsync.RunOptions{"plain": refreshedNot, "refresh": refreshed} {
		for k := range crashSteps {
			t.Run(fmt.Sprintf("%s, crash at step %d", name, k+1), func(t *testing.T) {
				w := newWorld(t)
				w.hire("ada", "bob")
				w.group("Site North", "bob")
				w.group("Site East", "ada") // TrackTik takes nobody's last role
				w.run()
				w.group("Site North", "ada")
				w.crashAt(k+1, true)
				w.leave("Site North", "ada")
				w.runWith(opt)
				w.runWith(opt)
				w.wantRoles("ada", "Site East")
				w.wantRoles("bob", "Site North")
			})
		}
	}
}

func TestARunWhoseLastCallWasCutWasCutShort(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	ctx, cancel := context.WithCancel(t.Context())
	w.inPortal(tracktiktest.When(writes["create"], func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		cancel()
		<-r.Context().Done() // the program gives up first
	}))
	doc, err := w.build().RunOnce(ctx, refreshedNot)
	var stopped *tsync.StoppedError
	if !errors.As(err, &stopped) || !strings.Contains(stopped.Message, "0 of 1 actions were done") || doc.Result.Unknown != 1 {
		t.Fatalf("ended with %v\n%s", err, details(doc))
	}
}

// A portal that fails every write stops the run, whether it refuses or breaks down, and
// the message has the words of a failure, also when the last write worked.
func TestARunStopsWhenTooManyWritesFail(t *testing.T) {
	for name, fault := range map[string]tracktiktest.Interceptor{"400": refuse, "500": tracktiktest.FailBefore} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(60)
			w.change = func(e *tsync.Engine) { e.Workers = 1 }
			n := 0
			w.inPortal(tracktiktest.When(writes["create"], func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				if n++; n <= 30 {
					fault(rw, r, next)
					return
				}
				next.ServeHTTP(rw, r)
			}))
			doc, err := w.sync(refreshedNot)
			var stopped *tsync.StoppedError
			if !errors.As(err, &stopped) || !strings.Contains(stopped.Message, "guard.max_problem_percent") || !strings.Contains(stopped.Message, name+": ") {
				t.Fatalf("ended with %v", err)
			}
			if all := doc.Result.Failed + doc.Result.Unknown + doc.Result.Done["create"]; all != 20 {
				t.Errorf("%d writes were made, want 20", all)
			}
		})
	}
}

func refuse(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(http.StatusBadRequest)
	fmt.Fprint(rw, `{"status":400,"error":"not like this"}`)
}

// A refused removal is an error in every run until it is done, also in those in which
// its next try is not due.
func TestEveryRunLogsARefusedRemovalAsAnError(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	w.org.DeactivateUser(w.users["ada"])
	w.inPortal(tracktiktest.When(writes["terminate"], refuse))
	log, hook := logtest.NewNullLogger()
	w.change = func(e *tsync.Engine) { e.Log = log }
	for i := range 8 { // two hours
		hook.Reset()
		w.run()
		said := false
		for _, entry := range hook.AllEntries() {
			said = said || entry.Level == logrus.ErrorLevel && fmt.Sprint(entry.Data["person"]) == w.users["ada"]
		}
		if !said {
			t.Errorf("run %d was silent about it", i)
		}
	}
	troubles, err := w.db.Troubles()
	if err != nil || len(troubles) != 1 || troubles[0].Code != plan.ProblemRefused {
		t.Errorf("on record: %+v, %v", troubles, err)
	}
}

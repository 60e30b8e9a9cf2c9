package sync_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A create whose answer was lost is taken for the employee who has all the names. That one
// may be somebody else's making: what they lack of what was sent is sent by the next run.
func TestWhoIsFoundAfterALostCreateGetsAllThatWasSent(t *testing.T) {
	w := newWorld(t)
	w.policy.RepairDrift = false
	w.policy.Match = []plan.Field{plan.CustomID}
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Guard"})
	w.inPortal(tracktiktest.When(writes["create"], func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if len(w.employees("ada")) == 0 { // by hand, meanwhile
			w.portal.AddEmployee(tracktiktest.Employee{Username: mail("ada"), Email: mail("ada"), FirstName: "Ada", LastName: "Guard"})
		}
		tracktiktest.CutBefore(rw, r, next)
	}))
	if _, err := w.sync(refreshedNot); err != nil {
		t.Fatal(err)
	}
	w.inPortal(nil)
	w.pass(2 * time.Minute)
	w.run()
	w.run()
	if e := w.employee("ada"); e.JobTitle != "Guard" {
		t.Errorf("the title did not arrive: %+v", e)
	}
	w.wantNoDoubles()
}

// A look-up after a lost answer shows also that somebody has ended the employee meanwhile:
// then nothing is sent again.
func TestAnUpdateIsNotSentAgainToWhomSomebodyHasEnded(t *testing.T) {
	for status, code := range map[string]string{tracktiktest.Banned: plan.HeldBannedElsewhere, tracktiktest.Inactive: plan.HeldTerminatedElsewhere} {
		t.Run(status, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada")
			w.run()
			w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Guard"})
			w.must(w.portal.UpdateEmployee(w.employee("ada").ID, func(e *tracktiktest.Employee) { e.Status = status }))
			calls := 0
			w.inPortal(tracktiktest.When(writes["update"], func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				calls++
				tracktiktest.Unreached(rw, r, next)
			}))
			doc, err := w.sync(refreshedNot)
			if err != nil {
				t.Fatal(err)
			}
			if calls != 1 {
				t.Errorf("%d calls were made", calls)
			}
			w.wantHeld(doc, code, "ada")
			w.inPortal(nil)
			w.wantHeld(w.run(), code, "ada") // and the next run knows it
			if e := w.employee("ada"); e.JobTitle != "" {
				t.Errorf("they were updated: %+v", e)
			}
		})
	}
}

// Who is held keeps the names that their employee has in TrackTik: a name that a refresh
// does not find there any more is free.
func TestANameThatWasChangedByHandIsFree(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.must(w.portal.UpdateEmployee(w.employee("ada").ID, func(e *tracktiktest.Employee) { e.Username, e.Email = mail("moved"), mail("moved") }))
	w.org.SetUserStatus(w.users["ada"], "SUSPENDED")
	w.rename("ada", "elsewhere")
	w.rename("bob", "ada")
	w.wantDone(w.runWith(refreshed), "update 1")
	if e := w.employees("ada"); len(e) != 1 || e[0].FirstName != "Bob" {
		t.Errorf("bob did not get the name: %+v", e)
	}
}

// A connection that breaks, or a gateway's 502, says as little about the end of a call as a
// time-out: the call may be at work still, and be done a moment later.
func TestACallThatIsDoneAMomentAfterItsConnectionBrokeIsMadeOnce(t *testing.T) {
	want := undisturbed(t, func(*world) {})
	for _, write := range []string{"create", "create role", "grant"} {
		for answer, status := range map[string]int{"closed": 0, "500": 500, "502": 502, "503": 503} {
			t.Run(write+"/"+answer, func(t *testing.T) {
				w, match := lateWorld(t, write), writes[write] // they run side by side
				var late tracktiktest.Late
				fault := late.Cut(status)
				if status == 0 {
					fault = late.Broken
				}
				match.Times = 1
				w.inPortal(tracktiktest.When(match, fault))
				w.change = func(e *tsync.Engine) {
					sleep := e.Sleep
					e.Sleep = func(ctx context.Context, d time.Duration) error {
						late.TakeEffect()
						return sleep(ctx, d)
					}
				}
				if _, err := w.sync(refreshedNot); err != nil {
					t.Fatal(err)
				}
				w.followed(&late, 0, want)
			})
		}
	}
}

// A portal that writes names in its own way answers a create with another record, and a
// look-up finds it by user name and e-mail: that is nobody to be made a second time, and
// nobody to be forgotten.
func TestACreateWhoseNamesThePortalChangedIsNotMadeAgain(t *testing.T) {
	w := newWorld(t)
	w.portal.Configure(func(s *tracktiktest.Server) {
		s.Rules.Duplicates = tracktiktest.DuplicateAccepted
		s.Rules.Store = func(field, value string) string {
			if field == "firstName" || field == "lastName" {
				return "?" + value[1:]
			}
			return value
		}
	})
	w.hire("ada")
	if doc, err := w.sync(refreshedNot); err != nil || doc.Result.Unknown != 1 {
		t.Fatalf("the run ended with %v\n%s", err, details(doc))
	}
	for range 2 {
		w.pass(time.Hour)
		w.wantProblem(w.run(), plan.ProblemAmbiguousMatch, "ada")
	}
	w.wantNoDoubles()
	w.org.SetUserStatus(w.users["ada"], "DEPROVISIONED")
	w.wantProblem(w.run(), plan.ProblemAmbiguousMatch, "ada") // the leaver is not forgotten
}

// A portal whose look-ups find nobody by mistake does not make anybody twice: the same
// look-up does not find ourselves either.
func TestNobodyIsMadeWhileLookUpsDoNotFindOurselves(t *testing.T) {
	nobody := func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		q := r.URL.Query()
		if r.Method == http.MethodGet && (q.Has("username") || q.Has("email") || q.Has("email:contains")) {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(`{"meta":{"count":0},"data":[]}`))
			return
		}
		next.ServeHTTP(rw, r)
	}
	for name, known := range map[string]func(*tsync.Engine){
		"by user name": func(*tsync.Engine) {},
		"by id":        func(e *tsync.Engine) { e.OwnUsername, e.OwnEmployee = "", "1000" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted })
			w.change = known
			w.hire("ada", "bob")
			w.atPortal("ada", nil)
			w.inPortal(nobody)
			doc := w.run()
			w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
			w.wantHeld(doc, plan.HeldUnconfirmed, "bob")
			w.wantNoWrites()
			w.inPortal(nil)
			w.wantDone(w.run(), "adopt 1, create 1")
			w.wantNoDoubles()
		})
	}
}

// What the proof costs: a look-up a run, and none where somebody is found, or nobody is made.
func TestThatLookUpsFindOurselvesIsAskedOnceARun(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "cyd")
	w.wantDone(w.run(), "create 3")
	if n := w.portal.Count("GET", "/employees"); n != 3*2+1 {
		t.Errorf("%d look-ups for three new people", n)
	}
	w.run()
	if n := w.portal.Count("GET", "/employees"); n != 0 {
		t.Errorf("%d look-ups for nobody", n)
	}
	w.hire("dan", "eve")
	w.atPortal("eve", nil)
	w.run()
	if n := w.portal.Count("GET", "/employees"); n != 2*2+1 {
		t.Errorf("%d look-ups where somebody is found: two each, and who we are", n)
	}
}

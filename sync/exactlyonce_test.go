package sync_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

var writes = map[string]tracktiktest.Match{
	"create":      {Method: "POST", Path: "/employees"},
	"update":      {Method: "PATCH", Path: "/employees/*"},
	"move":        {Method: "POST", Path: "/employees/*/actions/move-to-region"},
	"terminate":   {Method: "POST", Path: "/employees/*/actions/terminate"},
	"reactivate":  {Method: "POST", Path: "/employees/*/actions/reactivate"},
	"grant":       {Method: "POST", Path: "/user-roles"},
	"revoke":      {Method: "DELETE", Path: "/user-roles/*"},
	"create role": {Method: "POST", Path: "/roles"},
	"rename role": {Method: "PATCH", Path: "/roles/*"},
}

var lostReplies = map[string]tracktiktest.Interceptor{
	"lost reply":               tracktiktest.LostReply,
	"never reached":            tracktiktest.Unreached,
	"500 after the effect":     tracktiktest.FailAfter,
	"500 before it":            tracktiktest.FailBefore,
	"504 after the effect":     tracktiktest.CutAfter,
	"504 before it":            tracktiktest.CutBefore,
	"408 after the effect":     tracktiktest.CutBy(408, true),
	"408 before it":            tracktiktest.CutBy(408, false),
	"522 before it":            tracktiktest.CutBy(522, false),
	"524 after the effect":     tracktiktest.CutBy(524, true),
	"empty answer":             tracktiktest.Empty,
	"null":                     tracktiktest.Null,
	"truncated answer":         tracktiktest.Truncated,
	"HTML":                     tracktiktest.LoginPage,
	"silence after the effect": tracktiktest.SilentAfter,
	"silence":                  tracktiktest.Silent,
	"429":                      tracktiktest.TooMany(10 * time.Second),
	"401":                      tracktiktest.ExpiredToken,
	"another server's 404":     tracktiktest.ForeignNotFound,

	"another record after the effect": tracktiktest.MixedUp(true),
	"another record without it":       tracktiktest.MixedUp(false),
}

// Whatever becomes of the answer to a write, once or for a whole run, it takes effect
// exactly once in the end.
func TestWritesTakeEffectExactlyOnce(t *testing.T) {
	want := map[bool]string{}
	for _, reactivate := range []bool{false, true} {
		want[reactivate] = undisturbed(t, func(w *world) { w.policy.Reactivate = reactivate })
	}
	for write, match := range writes {
		for reply, fault := range lostReplies {
			for _, times := range []int{1, 0} {
				t.Run(write+"/"+reply+map[int]string{0: ", every time"}[times], func(t *testing.T) {
					w := newWorld(t)
					w.policy.Reactivate = write == "reactivate"
					w.settle()
					w.live()
					if strings.HasPrefix(reply, "silence") {
						w.timeout = 150 * time.Millisecond
					}
					hit := match
					hit.Times = times
					w.inPortal(tracktiktest.When(hit, fault))
					if _, err := w.sync(tsync.RunOptions{}); err != nil && (times == 1 || !strings.Contains(err.Error(), "401")) {
						t.Errorf("ended with %v", err)
					}
					w.inPortal(nil)
					w.timeout = 30 * time.Second
					w.reopen()
					w.pass(7 * time.Hour) // out of quarantine, and to the next try of what was refused
					w.run()
					w.run()
					w.wantOutcomeOf(want[w.policy.Reactivate], "two more runs")
					w.wantDone(w.runWith(refreshed), "")
					if pending, err := w.db.Pending(); err != nil || len(pending) > 0 {
						t.Errorf("pending %v %v", pending, err)
					}
				})
			}
		}
	}
}

// A portal that finds nobody for a while and refuses the second one in any of its ways
// has one employee in the end, also where nobody is ever adopted.
func TestDuplicatesAfterALostReplyAreOurs(t *testing.T) {
	for style, duplicates := range map[string]tracktiktest.DuplicateStyle{
		"409": tracktiktest.DuplicateConflict, "400": tracktiktest.DuplicateBadRequest, "500": tracktiktest.DuplicateConstraint,
	} {
		for _, adopt := range []bool{true, false} {
			for _, lag := range []int{0, 1, 2, 3, 4} {
				t.Run(style+map[bool]string{false: ", adopt never"}[adopt]+", lag "+string(rune('0'+lag)), func(t *testing.T) {
					w := newWorld(t)
					w.policy.Adopt = adopt
					w.portal.Configure(func(s *tracktiktest.Server) {
						s.Rules.Duplicates, s.Rules.VisibleAfter = duplicates, lag
						s.Rules.Store = tracktiktest.Uppercased("email") // and keeps the e-mail in another case
					})
					w.hire("ada")
					w.group("Site North", "ada")
					w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees", Times: 1}, tracktiktest.LostReply))
					if _, err := w.sync(refreshedNot); err != nil {
						t.Errorf("ended with %v", err)
					}
					for range 3 {
						w.pass(6 * time.Hour)
						w.run()
					}
					w.wantStatus(tracktiktest.Active, "ada")
					w.wantRoles("ada", "Site North")
					w.wantDone(w.run(), "")
				})
			}
		}
	}
}

// An answer that says yes and cannot be read is as good as a yes: that a look-up does not
// show the employee yet does not make a second one.
func TestAYesThatCannotBeReadIsNotSentAgain(t *testing.T) {
	for answer, fault := range map[string]tracktiktest.Interceptor{"empty": tracktiktest.Empty, "null": tracktiktest.Null,
		"truncated": tracktiktest.Truncated} {
		t.Run(answer, func(t *testing.T) {
			w := newWorld(t)
			w.hire("bob")
			w.run()
			w.rules(func(r *tracktiktest.Rules) {
				r.Duplicates, r.VisibleAfter = tracktiktest.DuplicateAccepted, 3 // not before the next run
			})
			w.hire("ada")
			w.group("Site North", "ada", "bob")
			lost := writes["create"]
			lost.Times = 1
			w.inPortal(tracktiktest.When(lost, fault))
			if doc := w.run(); doc.Result.Unknown != 1 {
				t.Errorf("ended with %+v\n%s", doc.Result, details(doc))
			}
			w.run()
			w.run()
			w.wantStatus(tracktiktest.Active, "ada") // and nobody else of that e-mail
			w.wantRoles("ada", "Site North")
			w.rules(func(r *tracktiktest.Rules) { r.VisibleAfter = 0 })
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

func TestACutCallSettlesNothingForAMinute(t *testing.T) {
	for _, write := range []string{"create", "create role", "grant"} {
		for _, comes := range []bool{true, false} {
			t.Run(write+map[bool]string{false: " that never comes"}[comes], func(t *testing.T) {
				w := newWorld(t)
				w.hire("ada", "bob")
				w.group("Site North", "bob")
				var late tracktiktest.Late
				match := writes[write]
				match.Times = 1
				w.group("Site North", "ada")
				w.inPortal(tracktiktest.When(match, late.Cut(http.StatusGatewayTimeout)))
				doc, err := w.sync(refreshedNot)
				if err != nil || doc.Result.Unknown != 1 {
					t.Fatalf("ended with %v\n%s", err, details(doc))
				}
				w.inPortal(nil)
				w.pass(30 * time.Second)
				w.portal.ResetRequests()
				if _, err := w.build().RunOnce(t.Context(), refreshedNot); err != nil {
					t.Fatal(err)
				}
				if n := w.portal.Count(match.Method, match.Path); n > 0 {
					t.Errorf("sent %d times within the minute", n)
				}
				if comes {
					if late.TakeEffect() != 1 {
						t.Fatal("nothing was cut")
					}
				}
				w.pass(time.Minute)
				w.run()
				w.run()
				for _, name := range []string{"ada", "bob"} {
					w.wantStatus(tracktiktest.Active, name)
					w.wantRoles(name, "Site North")
				}
				w.wantNoDoubles()
				w.wantDone(w.runWith(refreshed), "")
			})
		}
	}
}

// wantNoDoubles wants no role twice, by name, and no grant twice.
func (w *world) wantNoDoubles() {
	w.Helper()
	roles := map[string]bool{}
	for _, r := range w.portal.Roles() {
		if roles[r.Name] {
			w.Errorf("the role %s is there twice", r.Name)
		}
		roles[r.Name] = true
	}
	grants := map[[2]int64]bool{}
	for _, g := range w.portal.Grants() {
		if grants[[2]int64{g.Employee, g.Role}] {
			w.Errorf("employee %d holds role %d twice", g.Employee, g.Role)
		}
		grants[[2]int64{g.Employee, g.Role}] = true
	}
}

// An open create is settled although the person has left the scope meanwhile: nobody is
// forgotten in TrackTik.
func TestAnOpenCreateIsSettledForWhoHasLeft(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees", Times: 1}, tracktiktest.CutAfter))
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.VisibleAfter = 3 }) // as long as the look-up after the lost answer takes
	w.change = func(e *tsync.Engine) { e.Workers = 1 }
	doc := w.run()
	if doc.Result.Unknown != 1 {
		t.Fatalf("result %+v", doc.Result)
	}
	for _, name := range []string{"ada", "bob"} {
		w.org.DeactivateUser(w.users[name])
	}
	w.run()
	w.run()
	w.run()
	w.wantStatus(tracktiktest.Terminated, "ada", "bob")
}

// Of two calls for one person the second one is still looked up before it is resent.
func TestHistorySaysWhatBecameOfALostReply(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees"}, tracktiktest.LostReply))
	w.wantDone(w.run(), "create 1")
	for a, err := range w.db.Audits(state.Query{Person: plan.PersonID(w.users["ada"])}) {
		w.must(err)
		if a.Outcome != plan.Done || !strings.Contains(a.Message, "look-up") || a.Employee == 0 || a.Request == "" {
			t.Errorf("history says %+v", a)
		}
	}
}

// An answer with somebody else's record makes nobody else's employee ours.
func TestAnAnswerAboutSomebodyElseIsNotBelieved(t *testing.T) {
	for name, fault := range map[string]func(bob int64) tracktiktest.Interceptor{
		"a stranger, after the effect": func(int64) tracktiktest.Interceptor { return tracktiktest.MixedUp(true) },
		"a stranger, without it":       func(int64) tracktiktest.Interceptor { return tracktiktest.MixedUp(false) },
		"nothing but the id of one of ours": func(bob int64) tracktiktest.Interceptor {
			return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				next.ServeHTTP(httptest.NewRecorder(), r)
				rw.WriteHeader(http.StatusCreated)
				fmt.Fprintf(rw, `{"data":{"id":%d}}`, bob)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("bob")
			w.run()
			stranger, _ := w.portal.Employee(w.portal.AddEmployee(tracktiktest.Employee{ID: 7, FirstName: "Zoe", LastName: "Other", Email: "zoe@other.example"}))
			w.hire("ada")
			w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees", Times: 1}, fault(w.employee("bob").ID)))
			w.wantDone(w.run(), "create 1")
			w.inPortal(nil)
			w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Chief"})
			w.wantDone(w.runWith(refreshed), "update 1")
			w.wantUnmanaged(stranger)
			if ada := w.employee("ada"); ada.JobTitle != "Chief" {
				t.Errorf("ada is %+v", ada)
			}
			if bob := w.employee("bob"); bob.JobTitle != "" {
				t.Errorf("bob is %+v", bob)
			}
		})
	}
}

// A token endpoint that cannot be found says nothing about the employee.
func TestATokenEndpointThatIsAwayTerminatesNobody(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.org.DeactivateUser(w.users["ada"])
	var away sync.Once
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/regions"): // the last read before the termination
			next.ServeHTTP(rw, r)
			away.Do(w.portal.ExpireTokens)
		case r.URL.Path == tracktiktest.DefaultTokenPath:
			tracktiktest.ForeignNotFound(rw, r, next)
		default:
			next.ServeHTTP(rw, r)
		}
	})
	if doc, err := w.sync(refreshedNot); err != nil || doc.Result.Done["terminate"] != 0 || doc.Result.Failed != 1 {
		t.Errorf("ended with %v and %+v", err, doc.Result)
	}
	w.wantStatus(tracktiktest.Active, "ada")
	w.inPortal(nil)
	w.wantDone(w.run(), "terminate 1")
}

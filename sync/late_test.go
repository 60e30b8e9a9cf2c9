package sync_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// effects are when a call takes effect whose caller did not wait for it: so long after
// the run that made it. 0 is never.
var effects = map[string]time.Duration{"at once": time.Millisecond, "after 30 s": 30 * time.Second, "never": 0}

// lateWorld is a world in which every kind of write is due, in a portal that refuses no
// duplicate: what is made twice stays.
func lateWorld(t testing.TB, write string) *world {
	w := newWorld(t)
	w.portal.Configure(func(s *tracktiktest.Server) {
		s.Rules.Duplicates, s.Rules.GrantsRepeat = tracktiktest.DuplicateAccepted, true
	})
	w.policy.Reactivate = write == "reactivate"
	w.settle()
	w.live()
	return w
}

// followed makes the runs that come after one whose call was late, and wants the portal
// to be as if nothing had happened.
func (w *world) followed(late *tracktiktest.Late, effect time.Duration, want string) {
	w.Helper()
	w.inPortal(nil)
	w.timeout = 30 * time.Second
	w.reopen()
	if effect == time.Millisecond {
		late.TakeEffect()
	}
	for _, wait := range []time.Duration{0, 30 * time.Second, 40 * time.Second} { // the last one is beyond the minute
		w.pass(wait)
		if effect > 0 && effect == wait && late.TakeEffect() > 1 {
			w.Error("the call was made twice")
		}
		if _, err := w.build().RunOnce(w.Context(), refreshedNot); err != nil {
			w.Fatal(err)
		}
	}
	w.run()
	w.wantOutcomeOf(want, "three more runs")
	w.wantDone(w.runWith(refreshed), "")
	if pending, err := w.db.Pending(); err != nil || len(pending) > 0 {
		w.Errorf("pending %v %v", pending, err)
	}
}

// A call that takes effect after its caller gave up is not made a second time where that
// would make a second employee, role or grant.
func TestALateCallIsMadeOnce(t *testing.T) {
	want := map[bool]string{}
	for _, reactivate := range []bool{false, true} {
		want[reactivate] = undisturbed(t, func(w *world) { w.policy.Reactivate = reactivate })
	}
	for write, match := range writes {
		for answer, status := range map[string]int{"silence": 0, "408": 408, "504": 504, "522": 522, "524": 524} {
			for when, effect := range effects {
				t.Run(write+"/"+answer+"/"+when, func(t *testing.T) {
					w := lateWorld(t, write)
					var late tracktiktest.Late
					fault := late.Cut(status)
					if status == 0 {
						fault, w.timeout = late.Silent, 150*time.Millisecond
					}
					match := match
					match.Times = 1
					w.inPortal(tracktiktest.When(match, fault))
					if _, err := w.sync(refreshedNot); err != nil {
						t.Fatal(err)
					}
					w.followed(&late, effect, want[w.policy.Reactivate])
				})
			}
		}
	}
}

// The same when the program is killed while the call is on its way.
func TestACallOfAKilledRunIsMadeOnce(t *testing.T) {
	want := map[bool]string{}
	for _, reactivate := range []bool{false, true} {
		want[reactivate] = undisturbed(t, func(w *world) { w.policy.Reactivate = reactivate })
	}
	for write, match := range writes {
		for when, effect := range effects {
			t.Run(write+"/"+when, func(t *testing.T) {
				w := lateWorld(t, write)
				var late tracktiktest.Late
				w.killIn(match, &late)
				w.followed(&late, effect, want[w.policy.Reactivate])
			})
		}
	}
}

// A call may wait long for its turn: the minute begins when it leaves.
func TestTheMinuteBeginsWhenTheCallLeaves(t *testing.T) {
	for when, effect := range effects {
		t.Run(when, func(t *testing.T) {
			w := newWorld(t)
			w.portal.Configure(func(s *tracktiktest.Server) {
				s.Rules.Duplicates, s.Rules.GrantsRepeat = tracktiktest.DuplicateAccepted, true
			})
			w.hire("ada")
			var late tracktiktest.Late
			first := writes["create"]
			first.Times = 1
			w.killIn(writes["create"], &late, tracktiktest.When(first, tracktiktest.TooMany(10*time.Minute)))
			w.followed(&late, effect, undisturbedOf(w, func(twin *world) { twin.hire("ada") }))
		})
	}
}

// undisturbedOf is how a life ends that begins as begin says.
func undisturbedOf(w *world, begin func(*world)) string {
	twin := newQuietWorld(w.TB)
	begin(twin)
	twin.run()
	return twin.outcome()
}

// killIn makes a run that is killed while the first call that match selects, and that
// passes before, is on its way: nothing more is sent by it, nor recorded.
func (w *world) killIn(match tracktiktest.Match, late *tracktiktest.Late, before ...tracktiktest.Interceptor) {
	w.Helper()
	var dead atomic.Bool
	match.Times = 1
	w.timeout = 150 * time.Millisecond
	grave := func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if dead.Load() {
			tracktiktest.Unreached(rw, r, next)
		}
		next.ServeHTTP(rw, r)
	}
	kill := tracktiktest.When(match, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		dead.Store(true)
		late.Silent(rw, r, next)
	})
	w.inPortal(tracktiktest.Chain(slices.Concat([]tracktiktest.Interceptor{grave}, before, []tracktiktest.Interceptor{kill})...))
	w.change = func(e *tsync.Engine) { e.Workers = 1 }
	w.wrap = func(s tsync.Snapshot) tsync.Snapshot { return &crashing{Snapshot: s, dead: &dead} }
	if _, err := w.sync(refreshedNot); !errors.Is(err, errCrash) {
		w.Fatalf("the run ended with %v", err)
	}
	w.wrap = nil
}

// A portal that refuses to reactivate somebody twice, since it is at work on the first
// time still, does not make a restore hire them anew.
func TestALateReactivationMakesNoSecondEmployee(t *testing.T) {
	for when, effect := range effects {
		t.Run(when, func(t *testing.T) {
			w, opt := dismissed(t)
			w.portal.Configure(func(s *tracktiktest.Server) {
				s.Rules.Duplicates, s.Rules.GrantsRepeat = tracktiktest.DuplicateAccepted, true
			})
			var late tracktiktest.Late
			first := tracktiktest.Match{Method: "POST", Path: fmt.Sprintf("/employees/%d/actions/reactivate", w.employee("ada").ID), Times: 1}
			later := first
			later.Nth, later.Times = 2, 0
			w.inPortal(tracktiktest.Chain(tracktiktest.When(later, refuse), tracktiktest.When(first, late.Cut(http.StatusGatewayTimeout))))
			if _, err := w.restore(opt); err != nil {
				t.Fatal(err)
			}
			w.inPortal(nil)
			w.pass(effect)
			if effect > 0 {
				late.TakeEffect()
			}
			w.pass(time.Minute)
			if _, err := w.restore(opt); err != nil {
				t.Fatal(err)
			}
			w.wantBack("the second restore")
		})
	}
}

// What a lost answer had made is named by its ids wherever it is told of: in the result,
// and in the history, whether the run itself found it or the next one.
func TestWhatALostAnswerMadeIsNamedByItsIDs(t *testing.T) {
	kinds := map[string]plan.Kind{"create": plan.Create, "update": plan.Update, "move": plan.Update, "terminate": plan.Terminate,
		"reactivate": plan.Reactivate, "grant": plan.GrantRole, "revoke": plan.RevokeRole, "create role": plan.CreateRole, "rename role": plan.RenameRole}
	for write, match := range writes {
		for finder, find := range map[string]func(w *world) []plan.Action{
			"the run": func(w *world) []plan.Action {
				w.inPortal(tracktiktest.When(match, tracktiktest.LostReply))
				return w.runWith(refreshedNot).Actions
			},
			"the next run": func(w *world) []plan.Action {
				var late tracktiktest.Late
				w.killIn(match, &late)
				w.inPortal(nil)
				w.timeout = 30 * time.Second
				w.reopen()
				late.TakeEffect()
				return w.runWith(refreshedNot).Actions
			},
		} {
			t.Run(write+", found by "+finder, func(t *testing.T) {
				w := lateWorld(t, write)
				kind := kinds[write]
				for _, a := range find(w) {
					if (a.User.ID != "" && a.Employee == 0) || (a.Role != nil && a.Role.ID == 0) {
						t.Errorf("the result has no id: %+v %+v", a, a.Role)
					}
				}
				told := 0
				for a, err := range w.db.Audits(state.Query{}) {
					w.must(err)
					if a.Kind != string(kind) || a.Outcome != plan.Done && a.Outcome != plan.Found || !strings.Contains(a.Message, "look-up") {
						continue
					}
					told++
					if (a.Person != "" && a.Employee == 0) || (a.Role != nil && a.Role.ID == 0) || a.Request == "" {
						t.Errorf("the history has no id: %+v %+v", a, a.Role)
					}
				}
				if told == 0 {
					t.Error("the history does not say that it was found")
				}
			})
		}
	}
}

// The program itself: a create that is answered too late, and takes effect between two
// runs or in the middle of the second one, is made once.
func TestTheProgramMakesALateCreateOnce(t *testing.T) {
	path := program(t)
	for when, between := range map[string]bool{"between the runs": true, "after the second run": false} {
		t.Run(when, func(t *testing.T) {
			p := newProcess(newWorld(t), rand.New(rand.NewPCG(1, 0)), path)
			p.env = append(p.env, "TRACKTIK_SYNC_TRACKTIK_TIMEOUT=1s")
			p.portal.Configure(func(s *tracktiktest.Server) {
				s.Rules.Duplicates, s.Rules.GrantsRepeat = tracktiktest.DuplicateAccepted, true
			})
			var late tracktiktest.Late
			first := writes["create"]
			first.Times = 1
			p.inPortal(tracktiktest.When(first, late.Silent))
			p.exits(4, "sync", "--yes") // nobody can tell yet
			if between {
				late.TakeEffect()
			}
			p.exits(0, "sync", "--yes")
			late.TakeEffect()
			p.exits(0, "sync", "--yes")
			p.wantNothingUndue()
			if n := p.portal.Count("POST", "/employees"); n != len(p.citizens) {
				t.Errorf("%d creates were sent for %d people", n, len(p.citizens))
			}
			p.exits(0, "sync", "--yes", "--refresh")
			p.wantAllDue()
		})
	}
}

// A call that takes effect when it counted as not made, for somebody who is not due it any
// more, is told by each whole run until it is over: nobody else would find it.
func TestACallThatTakesEffectAfterItsMinuteIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		write string
		due   func(*world)
		over  func(*world)
		end   func(*world)
	}{
		"a create": {"create", func(w *world) { w.hire("eve") }, func(w *world) { w.org.DeactivateUser(w.users["eve"]) },
			func(w *world) { w.must(w.portal.TerminateEmployee(w.employee("eve").ID)) }},
		"a reactivation": {"reactivate", func(w *world) {
			w.hire("eve")
			w.run()
			w.org.UnassignUser(w.app, w.users["eve"])
			w.run()
			w.org.AssignUser(w.app, w.users["eve"], oktatest.Assignment{})
		}, func(w *world) { w.org.DeactivateUser(w.users["eve"]) }, func(w *world) { w.must(w.portal.TerminateEmployee(w.employee("eve").ID)) }},
		"a grant": {"grant", func(w *world) {
			w.hire("eve")
			w.group("Site North", "eve")
			w.run()
			w.group("Site South", "eve")
			w.policy.GrantRoles = false
			w.run()
			w.policy.GrantRoles = true
		}, func(w *world) { w.leave("Site South", "eve") }, func(w *world) { w.must(w.portal.Revoke(w.employee("eve").ID, w.roleID("Site South"))) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Reactivate = c.write == "reactivate"
			w.hire("bob")
			c.due(w)
			var late tracktiktest.Late
			first := writes[c.write]
			first.Times = 1
			if c.write == "create" {
				w.org.UnassignUser(w.app, w.users["bob"])
			}
			w.inPortal(tracktiktest.When(first, late.Cut(http.StatusGatewayTimeout)))
			w.runWith(refreshedNot)
			w.inPortal(nil)
			c.over(w)
			w.run() // it did not happen
			if late.TakeEffect() != 1 {
				t.Fatal("no call was late")
			}
			for _, opt := range []tsync.RunOptions{refreshedNot, refreshed, refreshedNot} {
				w.wantProblem(w.runWith(opt), plan.ProblemNotEffective, "eve")
				w.wantNoWrites()
			}
			w.pass(25 * time.Hour)
			w.wantProblem(w.run(), plan.ProblemNotEffective, "eve")
			c.end(w)
			doc := w.run()
			if len(doc.Problems) > 0 {
				t.Error(details(doc))
			}
			w.portal.ResetRequests()
			w.runWith(refreshedNot)
			if n := len(w.portal.Requests()); n > 1 {
				t.Errorf("%d requests when all is over", n)
			}
		})
	}
}

// A call that was cut is not known to have failed because the second one has: it may take
// effect still, and the history says in the end what became of it.
func TestACallThatWasCutIsNotFailedBecauseItsSecondIs(t *testing.T) {
	for write, due := range map[string]func(*world){
		"update":      func(w *world) { w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Chief"}) },
		"move":        func(w *world) { w.org.UpdateUser(w.users["ada"], map[string]any{"division": "South"}) },
		"terminate":   func(w *world) { w.org.UnassignUser(w.app, w.users["ada"]) },
		"revoke":      func(w *world) { w.leave("Site South", "ada") },
		"rename role": func(w *world) { w.org.RenameGroup(w.groups["Site South"], "Site Southwest") },
	} {
		for second, fault := range map[string]tracktiktest.Interceptor{"a proxy's 404": tracktiktest.ForeignNotFound, "nothing": tracktiktest.FailBefore} {
			t.Run(write+", then "+second, func(t *testing.T) {
				w := newWorld(t)
				w.hire("ada", "bob")
				w.group("Site North", "ada")
				w.group("Site South", "ada", "bob")
				w.run()
				due(w)
				first, again := writes[write], writes[write]
				first.Times, again.Nth = 1, 2
				var late tracktiktest.Late
				w.inPortal(tracktiktest.Chain(tracktiktest.When(again, fault), tracktiktest.When(first, late.Cut(http.StatusGatewayTimeout))))
				if doc := w.runWith(refreshedNot); doc.Result.Unknown != 1 || doc.Result.Failed != 0 {
					t.Fatalf("the run ended so: %+v\n%s", doc.Result, details(doc))
				}
				w.inPortal(nil)
				if late.TakeEffect() != 1 {
					t.Fatal("no call was late")
				}
				w.runWith(refreshedNot)
				w.wantNoWrites()
				last := ""
				for a, err := range w.db.Audits(state.Query{}) {
					w.must(err)
					if a.Outcome != plan.Withheld {
						last = a.Outcome
					}
				}
				if last != plan.Done && !(write == "revoke" && last == plan.Found) { // by whom nobody can tell
					t.Errorf("the history says in the end: %s", last)
				}
			})
		}
	}
}

// The minute after a cut call is one by the machine's clock as well: Okta's Date may jump from
// one run to the next.
func TestAJumpOfOktasClockDoesNotEndTheMinuteAfterACut(t *testing.T) {
	for _, jump := range []time.Duration{0, 90 * time.Second, 200 * time.Second, 10 * time.Minute} {
		t.Run(jump.String(), func(t *testing.T) {
			w := newWorld(t)
			w.portal.Configure(func(s *tracktiktest.Server) {
				s.Rules.Duplicates, s.Rules.GrantsRepeat = tracktiktest.DuplicateAccepted, true
			})
			w.hire("ada")
			w.group("Site North", "ada")
			var late tracktiktest.Late
			first := writes["create role"]
			first.Times = 1
			w.inPortal(tracktiktest.When(first, late.Cut(http.StatusGatewayTimeout)))
			w.runWith(refreshedNot)
			w.inPortal(nil)
			w.pass(5 * time.Second)
			w.org.Configure(func(s *oktatest.Server) { s.Now = func() time.Time { return w.now().Add(jump) } })
			_, _ = w.build().RunOnce(w.Context(), refreshedNot) // fails where the clocks disagree
			w.org.Configure(func(s *oktatest.Server) { s.Now = w.now })
			late.TakeEffect()
			w.run()
			w.run()
			if n := w.rolesNamed("Site North"); n != 1 {
				t.Errorf("there are %d roles of that name", n)
			}
		})
	}
}

package sync_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// An idle kind is one of calls that the portal answers with yes, and does not carry out.
type idleKind struct {
	idle    func(r *tracktiktest.Rules, on bool)
	call    tracktiktest.Match
	reads   tracktiktest.Match // the read-backs
	begin   func(w *world)     // asks for the call for all four
	byHand  func(w *world, name string)
	kind    plan.Kind
	undone  func(w *world) []string // of the four
	refused int                     // with which one of them may be refused, for its own sake
	answers string                  // a record that shows it not to be done; %d is the id
}

var four = []string{"ada", "bob", "cid", "dan"}

var idleKinds = map[string]idleKind{
	"terminate": {
		idle:  func(r *tracktiktest.Rules, on bool) { r.TerminationIneffective = on },
		call:  writes["terminate"],
		reads: tracktiktest.Match{Method: "GET", Path: "/employees/*"},
		begin: func(w *world) {
			for _, name := range four {
				w.org.DeactivateUser(w.users[name])
			}
		},
		byHand:  func(w *world, name string) { w.must(w.portal.TerminateEmployee(w.employee(name).ID)) },
		kind:    plan.Terminate,
		undone:  undone(func(w *world, name string) bool { return w.employee(name).Status == tracktiktest.Terminated }),
		refused: 400, answers: `{"data":{"id":%d,"status":"ACTIVE"}}`,
	},
	"revoke": {
		idle:    func(r *tracktiktest.Rules, on bool) { r.RevokeIneffective = on },
		call:    writes["revoke"],
		reads:   tracktiktest.Match{Method: "GET", Path: "/user-roles/*"},
		begin:   func(w *world) { w.leave("Site North", four...) },
		byHand:  func(w *world, name string) { w.must(w.portal.Revoke(w.employee(name).ID, w.roleID("Site North"))) },
		kind:    plan.RevokeRole,
		undone:  undone(func(w *world, name string) bool { return !strings.Contains(w.roles(name), "Site North") }),
		refused: 404,
	},
	"move": {
		idle:  func(r *tracktiktest.Rules, on bool) { r.MoveIneffective = on },
		call:  writes["move"],
		reads: tracktiktest.Match{Method: "GET", Path: "/employees/*"},
		begin: func(w *world) {
			for _, name := range four {
				w.org.UpdateUser(w.users[name], map[string]any{"division": "North"})
			}
		},
		byHand:  func(w *world, name string) { w.must(w.portal.MoveEmployee(w.employee(name).ID, 2)) },
		kind:    plan.Update,
		undone:  undone(func(w *world, name string) bool { return w.employee(name).Region == 2 }),
		refused: 400, answers: `{"data":{"id":%d,"region":1}}`,
	},
}

// undone are those of the four of whom something is not so.
func undone(done func(w *world, name string) bool) func(w *world) []string {
	return func(w *world) (names []string) {
		for _, name := range four {
			if !done(w, name) {
				names = append(names, name)
			}
		}
		return names
	}
}

// idling is a world in which calls of the kind have no effect, and are due for four people.
func idling(t *testing.T, k idleKind) *world {
	w := newWorld(t)
	w.hire(append([]string{"eve"}, four...)...)
	w.group("Site North", append([]string{"eve"}, four...)...)
	w.group("Site South", append([]string{"eve"}, four...)...)
	w.run()
	w.rules(func(r *tracktiktest.Rules) { k.idle(r, true) })
	k.begin(w)
	return w
}

// recover wants everything to be done once calls have effect again.
func (k *idleKind) recover(w *world) {
	w.Helper()
	w.inPortal(nil)
	w.rules(func(r *tracktiktest.Rules) { k.idle(r, false) })
	for range 3 {
		w.pass(2 * time.Hour)
		w.run()
	}
	if undone := k.undone(w); undone != nil {
		w.Errorf("not done for %v, and forgotten", undone)
	}
	w.wantDone(w.runWith(refreshed), "")
}

// wantNothingBelieved wants the history to say of nobody that it was done for whom it was not.
func (k *idleKind) wantNothingBelieved(w *world, doc *plan.Document) {
	w.Helper()
	if doc.Result.Done[string(k.kind)] > 4-len(k.undone(w)) {
		w.Errorf("done: %+v\n%s", doc.Result, details(doc))
	}
	for _, name := range k.undone(w) {
		if n := w.outcomesOf(k.kind, name); n > 0 && k.kind != plan.Update {
			w.Errorf("the history says that it was done for %s", name)
		}
	}
}

func TestCallsGoOneAtATimeUntilOneWasSeenToHaveEffect(t *testing.T) {
	for name, k := range idleKinds {
		for how, first := range map[string]func(w *world){
			"first done by hand": func(w *world) { k.byHand(w, "ada"); k.byHand(w, "bob") },
			"first refused": func(w *world) {
				match := k.call
				match.Times = 2
				w.inPortal(tracktiktest.When(match, answering(k.refused)))
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				w := idling(t, k)
				if name == "move" { // or any of the four comes first
					w.change = func(e *tsync.Engine) { e.Workers = 1 }
				}
				first(w)
				doc := w.run()
				k.wantNothingBelieved(w, doc)
				if n := w.portal.Count(k.call.Method, k.call.Path); n > 3 {
					t.Errorf("%d calls, want the two, and one that had no effect\n%s", n, details(doc))
				}
				k.recover(w)
			})
		}
	}
}

// answering answers a call with a status and does nothing.
func answering(status int) tracktiktest.Interceptor {
	return func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		fmt.Fprintf(rw, `{"status":%d,"error":"not now"}`, status)
	}
}

// A read-back that fails reads nothing back: nothing is believed because of it.
func TestAReadBackThatFailsProvesNothing(t *testing.T) {
	for name, k := range idleKinds {
		for how, fault := range map[string]tracktiktest.Interceptor{"500": answering(500), "503": answering(503), "403": answering(403),
			"404": notFound, "closed": tracktiktest.Unreached} {
			if name == "revoke" && how == "404" { // this is how a revoke is seen to be done
				continue
			}
			for _, times := range []int{1, 1000} {
				t.Run(fmt.Sprintf("%s, %s, %d times", name, how, times), func(t *testing.T) {
					w := idling(t, k)
					w.inPortal(failingReads(k, fault, times))
					doc, err := w.sync(refreshedNot)
					if doc == nil {
						t.Fatal(err)
					}
					k.wantNothingBelieved(w, doc)
					k.recover(w)
				})
			}
		}
	}
}

// failingReads lets reads fail after the first call.
func failingReads(k idleKind, fault tracktiktest.Interceptor, times int) tracktiktest.Interceptor {
	called := false
	reads := k.reads
	reads.Times = times
	fails := tracktiktest.When(reads, fault)
	return tracktiktest.Chain(tracktiktest.When(k.call, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(rw, r)
		called = true
	}), func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if called {
			fails(rw, r, next)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

// Where reads fail on a portal that does what it says, everything is done all the same.
func TestAReadBackThatFailsKeepsNobodyWaiting(t *testing.T) {
	for name, k := range idleKinds {
		t.Run(name, func(t *testing.T) {
			w := idling(t, k)
			w.rules(func(r *tracktiktest.Rules) { k.idle(r, false) })
			w.inPortal(failingReads(k, answering(503), 1000))
			if doc, err := w.sync(refreshedNot); doc == nil {
				t.Fatal(err)
			}
			if undone := k.undone(w); undone != nil {
				t.Errorf("not done for %v", undone)
			}
			k.recover(w)
			w.wantNoDoubles()
		})
	}
}

// deny answers a call with a record that shows it not to be done.
func (k *idleKind) deny(rw http.ResponseWriter, r *http.Request) {
	var id int64
	_, path, _ := strings.Cut(r.URL.Path, "/employees/")
	_, _ = fmt.Sscanf(path, "%d", &id)
	rw.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(rw, k.answers, id)
}

// An answer that shows the record as it was says itself that the call had no effect, be it one
// after the first.
func TestAnAnswerThatContradictsItselfIsNotBelieved(t *testing.T) {
	for name, k := range idleKinds {
		if k.answers == "" {
			continue
		}
		for _, nth := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s, from call %d on", name, nth), func(t *testing.T) {
				w := idling(t, k)
				w.rules(func(r *tracktiktest.Rules) { k.idle(r, false) })
				match := k.call
				match.Nth = nth
				w.inPortal(tracktiktest.When(match, func(rw http.ResponseWriter, r *http.Request, _ http.Handler) { k.deny(rw, r) }))
				doc := w.run()
				if done, undone := doc.Result.Done[string(k.kind)], len(k.undone(w)); done != 4-undone || undone == 0 {
					t.Errorf("%d are told to be done, and %d are not\n%s", done, undone, details(doc))
				}
				k.recover(w)
			})
		}
	}
}

// An answer may show the record as it was before: what is read back counts.
func TestAnAnswerThatIsBehindIsReadBack(t *testing.T) {
	for name, k := range idleKinds {
		if k.answers == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := idling(t, k)
			w.rules(func(r *tracktiktest.Rules) { k.idle(r, false) })
			w.inPortal(tracktiktest.When(k.call, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				answered(r, next)
				k.deny(rw, r)
			}))
			w.wantDone(w.run(), string(k.kind)+" 4")
		})
	}
}

// A retirement, too, believes nothing because its first call was refused.
func TestARetirementWithoutEffectStopsAlsoWhenTheFirstWasRefused(t *testing.T) {
	w, ids := haunted(t)
	refused := terminating
	refused.Times = 1
	w.inPortal(tracktiktest.When(refused, answering(400)))
	w.rules(func(r *tracktiktest.Rules) { r.TerminationIneffective = true })
	doc, err := w.retire(everybody(ids))
	w.must(err)
	if n := w.terminations(); n != 2 || doc.Result.Done["terminate"] != 0 {
		t.Errorf("%d calls\n%s", n, details(doc))
	}
	w.rules(func(r *tracktiktest.Rules) { r.TerminationIneffective = false })
	_, err = w.retire(everybody(ids))
	w.must(err)
	w.wantRetired(ids)
}

// Who is brought back into another region is moved as everybody is: without effect it is not
// believed.
func TestAMoveOfWhoIsBroughtBackIsReadBack(t *testing.T) {
	w := newWorld(t)
	w.policy.Reactivate = true
	w.hire("eve", "ada")
	w.run()
	unassign(w, "ada")
	w.run()
	w.rules(func(r *tracktiktest.Rules) { r.MoveIneffective = true })
	w.org.UpdateUser(w.users["ada"], map[string]any{"division": "North"})
	assign(w, "ada")
	doc := w.run()
	if doc.Result.Done["reactivate"] != 0 || !strings.Contains(details(doc), "shows them in region") {
		t.Errorf("the move is believed\n%s", details(doc))
	}
	w.wantStatus(tracktiktest.Active, "ada")
	w.rules(func(r *tracktiktest.Rules) { r.MoveIneffective = false })
	w.run()
	if e := w.employee("ada"); e.Region != 2 {
		t.Errorf("ada is in region %d", e.Region)
	}
	w.wantDone(w.runWith(refreshed), "")
}

// Those whose end has never an effect keep the other leavers waiting for a run each, and no longer.
func TestOneWithoutEffectKeepsTheOthersForARunOnly(t *testing.T) {
	for stuck := 1; stuck <= 3; stuck++ {
		t.Run(fmt.Sprint(stuck), func(t *testing.T) {
			w := newWorld(t)
			w.crowd(90)
			names := []string{"aa", "ab", "ac", "bob", "eve"}
			w.hire(names...)
			w.run()
			var calls []string
			for _, name := range names[:stuck] {
				calls = append(calls, fmt.Sprintf("/employees/%d/actions/terminate", w.employee(name).ID))
			}
			w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				if slices.ContainsFunc(calls, func(path string) bool { return strings.HasSuffix(r.URL.Path, path) }) {
					sendText(rw, `{"meta":{"resource":"employees"},"data":{"message":"The action was carried out"}}`)
					return
				}
				next.ServeHTTP(rw, r)
			})
			for _, name := range names {
				w.org.DeactivateUser(w.users[name])
			}
			for range stuck + 1 {
				if doc, err := w.sync(refreshedNot); doc == nil {
					t.Fatal(err)
				}
			}
			w.wantStatus(tracktiktest.Terminated, names[stuck:]...)
			w.wantStatus(tracktiktest.Active, names[:stuck]...)
			for _, name := range names[:stuck] {
				w.wantTrouble(plan.ProblemNotEffective, name)
			}
			w.inPortal(nil)
			w.wantDone(w.run(), fmt.Sprintf("terminate %d", stuck))
			w.wantNoTrouble(names[0])
		})
	}
}

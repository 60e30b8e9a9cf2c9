package sync_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// Between a call whose answer was lost and the run that looks it up a dispatcher may have
// done something too.

// loseAnswer makes a run that dies at the next write of that kind, which takes effect or not.
func (w *world) loseAnswer(match tracktiktest.Match, effect bool) {
	w.Helper()
	var late tracktiktest.Late
	w.killIn(match, &late)
	if effect {
		late.TakeEffect()
	}
	w.inPortal(nil)
	w.timeout, w.change = 30*time.Second, nil
	w.pass(time.Hour)
}

var endings = map[string]func(*tracktiktest.Server, int64) error{
	tracktiktest.Terminated: (*tracktiktest.Server).TerminateEmployee,
	tracktiktest.Banned:     (*tracktiktest.Server).BanEmployee,
	tracktiktest.Inactive:   (*tracktiktest.Server).DeactivateEmployee,
}

// Somebody whom a lost call has made, and whom a dispatcher ended before the next run, is
// on record as made, and neither made a second time nor brought back.
func TestWhoWasMadeByALostCallAndEndedByHandIsNotMadeAgain(t *testing.T) {
	for status, end := range endings {
		for _, opt := range []struct {
			name   string
			change func(*world)
		}{{"as ever", func(*world) {}}, {"rehire reactivate", func(w *world) { w.policy.Reactivate = true }}, {"adopt never", func(w *world) { w.policy.Adopt = false }},
			{"custom ids", func(w *world) { w.policy.Match = []plan.Field{plan.CustomID} }}} {
			t.Run(status+"/"+opt.name, func(t *testing.T) {
				w := newWorld(t)
				opt.change(w)
				w.hire("ada")
				w.loseAnswer(writes["create"], true)
				w.must(end(w.portal, w.employee("ada").ID))
				code := plan.HeldTerminatedElsewhere
				if status == tracktiktest.Banned {
					code = plan.HeldBannedElsewhere
				}
				w.wantHeld(w.runWith(refreshedNot), code, "ada")
				w.wantHeld(w.runWith(refreshed), code, "ada")
				w.wantStatus(status, "ada")
				w.wantHistory("create", w.employee("ada").ID, plan.Done)
			})
		}
	}
}

// Whoever was terminated before the call is not of its making.
func TestWhoWasThereBeforeALostCreateIsNotOfItsMaking(t *testing.T) {
	w := newWorld(t)
	old := w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Email: mail("ada"), Username: mail("ada")})
	w.must(w.portal.TerminateEmployee(old))
	w.hire("ada")
	w.loseAnswer(writes["create"], false)
	w.wantDone(w.runWith(refreshedNot), "create 1")
}

// Neither is one whom no key of sync.match asks for: they stay whose they are, and are given
// nothing.
func TestWhoHadTheNamesBeforeALostCreateIsNotTakenOver(t *testing.T) {
	before := maps.Clone(endings)
	before[tracktiktest.Active] = func(*tracktiktest.Server, int64) error { return nil }
	for status, end := range before {
		for _, died := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, the run died %v", status, died), func(t *testing.T) {
				w := newWorld(t)
				w.policy.Match = []plan.Field{plan.CustomID}
				old := w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Email: mail("ada"), Username: mail("ada")})
				w.must(end(w.portal, old))
				w.hire("ada")
				w.group("Site North", "ada")
				if died {
					w.loseAnswer(writes["create"], false)
				} else {
					w.inPortal(tracktiktest.When(writes["create"], tracktiktest.CutBefore))
					w.runWith(refreshedNot)
					w.inPortal(nil)
				}
				w.runWith(refreshedNot)
				w.runWith(refreshedNot)
				if link, found, err := w.db.LinkOfEmployee(plan.EmployeeID(old)); err != nil || found {
					t.Errorf("employee %d was taken over as user %s (%v)", old, link.Person, err)
				}
				for _, g := range w.portal.Grants() {
					if g.Employee == old {
						t.Errorf("employee %d was granted role %d", old, g.Role)
					}
				}
			})
		}
	}
}

// Nobody is made while it cannot be looked up who has their names, and nobody has a problem
// because of it: the next run makes them.
func TestNobodyIsMadeWhileWhoHasTheirNamesCannotBeLookedUp(t *testing.T) {
	for name, fault := range map[string]tracktiktest.Interceptor{"500": tracktiktest.FailBefore, "403": tracktiktest.ScopeLost} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Match = []plan.Field{plan.CustomID}
			w.hire("ada")
			w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "GET", Path: "/employees"}, fault))
			doc, err := w.sync(refreshedNot)
			if err == nil || len(doc.Actions)+len(doc.Problems) > 0 || w.portal.AttemptedWrites() > 0 {
				t.Errorf("ended with %v\n%s", err, details(doc))
			}
			w.inPortal(nil)
			w.wantDone(w.runWith(refreshedNot), "create 1")
		})
	}
}

// Whom a lost create may have made, and who may be an administrator, stays in question
// whatever becomes of them: nobody is made beside them, until `link` says who they are.
func TestNobodyIsMadeBesideWhomALostCreateMayHaveMade(t *testing.T) {
	w := newWorld(t)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.UserIDOffset = 5000 })
	w.hire("ada")
	w.loseAnswer(writes["create"], true)
	id := w.employee("ada").ID
	w.wantProblem(w.runWith(refreshedNot), plan.ProblemProtectedMatch, "ada")
	for _, hand := range []func(int64) error{w.portal.TerminateEmployee, w.portal.ReactivateEmployee, w.portal.TerminateEmployee, w.portal.BanEmployee,
		func(id int64) error {
			return w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Email, e.LastName = mail("eva"), "Other" })
		}} {
		w.must(hand(id))
		for _, opt := range []tsync.RunOptions{refreshedNot, refreshed} {
			doc := w.runWith(opt)
			w.wantHeld(doc, plan.HeldPending, "ada")
			w.wantProblem(doc, plan.ProblemProtectedMatch, "ada")
		}
	}
	if n := len(w.portal.Employees()); n != 2 { // the integration's own is one
		t.Errorf("there are %d employees, want 2", n)
	}
	w.wantHistory("create", id, plan.Unknown)
}

// A termination that a lost call has made, and that somebody has undone by hand, shows by
// the user name that it took: the history does not say that it had not happened.
func TestALostTerminationThatSomebodyHasUndoneIsNotDenied(t *testing.T) {
	for _, effect := range []bool{true, false} {
		t.Run(fmt.Sprintf("effect %v", effect), func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada")
			w.run()
			id := w.employee("ada").ID
			w.org.UnassignUser(w.app, w.users["ada"])
			w.loseAnswer(writes["terminate"], effect)
			want := plan.Failed
			if effect {
				w.must(w.portal.ReactivateEmployee(id))
				want = plan.Unknown
			}
			w.wantDone(w.runWith(refreshedNot), "terminate 1")
			w.wantHistory("terminate", id, plan.Done)
			if i := slices.IndexFunc(w.audits(), func(a plan.Audit) bool { return a.Kind == "terminate" }); w.audits()[i].Outcome != want {
				t.Errorf("of the lost call the history says %q: %s", w.audits()[i].Outcome, w.audits()[i].Message)
			}
		})
	}
}

// wantHistory wants the last entry of that kind about an employee to have that outcome.
func (w *world) wantHistory(kind string, employee int64, outcome string) plan.Audit {
	w.Helper()
	var last plan.Audit
	for _, a := range w.audits() {
		if a.Kind == kind && a.Employee == plan.EmployeeID(employee) {
			last = a
		}
	}
	if last.Outcome != outcome {
		w.Errorf("the history says %q of the %s of employee %d, want %q: %s", last.Outcome, kind, employee, outcome, last.Message)
	}
	return last
}

// endLost has somebody leave whose termination is lost: it took effect, or a dispatcher ends
// them instead.
func (w *world) endLost(name string, ours bool) int64 {
	w.Helper()
	id := w.employee(name).ID
	w.org.UnassignUser(w.app, w.users[name])
	w.loseAnswer(writes["terminate"], ours)
	if !ours {
		w.must(w.portal.TerminateEmployee(id))
	}
	return id
}

// A termination of ours that was lost without effect, and that somebody else made
// meanwhile, is not ours: neither in the history nor when the person comes back. Where the
// portal does not say who it was, it counts as ours: whom we may have ended, a restore has
// to find.
func TestWhatSomebodyElseEndedAfterALostCallIsNotOurs(t *testing.T) {
	for _, unknown := range []bool{false, true} {
		for _, ours := range []bool{false, true} {
			t.Run(fmt.Sprintf("ours %v, author unknown %v", ours, unknown), func(t *testing.T) {
				w := newWorld(t)
				w.policy.Reactivate = true
				w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.AuthorsShown = !unknown })
				w.hire("ada")
				w.run()
				id := w.endLost("ada", ours)
				w.runWith(refreshedNot)
				if ours || unknown {
					w.wantHistory("terminate", id, plan.Done)
					return
				}
				w.wantHistory("terminate", id, plan.Found)
				w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
				w.wantDone(w.runWith(refreshedNot), "create 1") // not theirs to bring back
			})
		}
	}
}

// A portal that names who ended somebody, and does not show us ourselves by our user name,
// does not make somebody else's doing ours: it is asked otherwise who we are, and what
// cannot be told is not claimed.
func TestWhatANamedAuthorEndedIsNotOursWhereWeDoNotKnowOurselves(t *testing.T) {
	unseen := func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Query().Get("username") == tracktiktest.DefaultUsername {
			tracktiktest.EmptyList(rw, r, next)
			return
		}
		next.ServeHTTP(rw, r)
	}
	for _, told := range []bool{true, false} { // who we are, otherwise than by the user name
		for _, ours := range []bool{false, true} {
			t.Run(fmt.Sprintf("told %v, ours %v", told, ours), func(t *testing.T) {
				w := newWorld(t)
				w.portal.Configure(func(s *tracktiktest.Server) {
					if s.Rules.AuthorsShown = true; !told {
						s.OAuth.Subject, s.Rules.Forbid = "an application", []tracktiktest.Match{{Path: "/me"}}
					}
				})
				w.hire("ada")
				w.run()
				id := w.endLost("ada", ours)
				w.inPortal(unseen)
				w.runWith(refreshedNot)
				w.wantHistory("terminate", id, map[bool]string{true: plan.Done, false: plan.Found}[told && ours])
			})
		}
	}
}

// The same for roles, of which the portal never says who took them.
func TestWhatSomebodyElseTookAfterALostCallIsNotClaimed(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.group("Site North", "ada")
	w.group("Site East", "ada")
	w.run()
	e := w.employee("ada").ID
	w.leave("Site North", "ada")
	w.loseAnswer(writes["revoke"], false)
	w.must(w.portal.Revoke(e, w.roleID("Site North")))
	w.runWith(refreshedNot)
	w.wantHistory("revoke_role", e, plan.Found)
	w.wantRoles("ada", "Site East")
}

// In one run a look-up follows the call at once: what it shows is of our making, unless
// the portal says that it was somebody else.
func TestWhoEndedSomebodyDuringACallIsTold(t *testing.T) {
	for _, hand := range []bool{false, true} {
		t.Run(fmt.Sprintf("by hand %v", hand), func(t *testing.T) {
			w := newWorld(t)
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.AuthorsShown = true })
			w.hire("ada")
			w.run()
			id := w.employee("ada").ID
			w.org.UnassignUser(w.app, w.users["ada"])
			w.inPortal(tracktiktest.When(writes["terminate"], func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				if hand {
					w.must(w.portal.TerminateEmployee(id))
					tracktiktest.Unreached(rw, r, next)
				}
				tracktiktest.LostReply(rw, r, next)
			}))
			w.run()
			w.wantHistory("terminate", id, map[bool]string{false: plan.Done, true: plan.Found}[hand])
		})
	}
}

// Somebody whom a lost reactivation brought back, and whom a dispatcher ended again before
// the next run, stays ended.
func TestWhoCameBackByALostCallAndWasEndedByHandStaysEnded(t *testing.T) {
	w := newWorld(t)
	w.policy.Reactivate = true
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.AuthorsShown = true })
	w.hire("ada")
	w.run()
	w.org.UnassignUser(w.app, w.users["ada"])
	w.run()
	w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
	w.loseAnswer(writes["reactivate"], true)
	w.must(w.portal.TerminateEmployee(w.employee("ada").ID))
	w.wantHeld(w.runWith(refreshedNot), plan.HeldTerminatedElsewhere, "ada")
	w.wantHeld(w.runWith(refreshed), plan.HeldTerminatedElsewhere, "ada")
	w.wantStatus(tracktiktest.Terminated, "ada")
}

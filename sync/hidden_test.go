package sync_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A change is something that asks for a write about ada.
type change struct {
	prepare func(w *world)
	happens func(w *world)
	match   tracktiktest.Match
	kind    plan.Kind
	done    string
}

var changes = map[string]change{
	"terminate": {nil, func(w *world) { unassign(w, "ada") }, writes["terminate"], plan.Terminate, "terminate 1"},
	"update": {nil, func(w *world) { w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Chief"}) },
		writes["update"], plan.Update, "update 1"},
	"move": {nil, func(w *world) { w.org.UpdateUser(w.users["ada"], map[string]any{"division": "West"}) },
		writes["move"], plan.Update, "update 1"},
	"grant":  {nil, func(w *world) { w.group("Site South", "ada") }, writes["grant"], plan.GrantRole, "grant_role 1"},
	"revoke": {nil, func(w *world) { w.leave("Site North", "ada") }, writes["revoke"], plan.RevokeRole, "revoke_role 1"},
	"reactivate": {func(w *world) {
		w.policy.Reactivate = true
		unassign(w, "ada")
		w.run()
	}, func(w *world) { assign(w, "ada") }, writes["reactivate"], plan.Reactivate, "reactivate 1"},
}

// hidden is a world in which the portal does not show ada's region to us any more.
func hidden(t *testing.T, c change) *world {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"division": "South"})
	w.group("Site North", "ada", "bob")
	w.group("Site South", "bob")
	w.group("Site East", "ada", "bob")
	w.run()
	if c.prepare != nil {
		c.prepare(w)
	}
	w.hide(3)
	c.happens(w)
	return w
}

func (w *world) hide(regions ...int64) {
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.HiddenRegions = regions })
}

// TrackTik deletes nobody: of an employee whom it has shown before, a 404 says that our
// account does not see them any more. Nothing about them is done by it, nor given up, and
// once they are seen again it is done.
func TestWhoIsNotShownAnyMoreIsNotDoneWith(t *testing.T) {
	for name, c := range changes {
		for _, refresh := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", with refreshes"}[refresh], func(t *testing.T) {
				w := hidden(t, c)
				before := w.employee("ada")
				for day := range 40 { // beyond the day on which refusals are given up
					if day > 2 && day < 37 {
						w.pass(24 * time.Hour)
						continue
					}
					doc := w.runWith(map[bool]tsync.RunOptions{false: refreshedNot, true: refreshed}[refresh && day == 2])
					if doc.Result.Done[string(c.kind)]+doc.Result.Found[string(c.kind)]+doc.Result.Done["create"] > 0 {
						t.Errorf("day %d: %+v\n%s", day, doc.Result, details(doc))
					}
					if refresh && day >= 2 && name != "terminate" && name != "reactivate" { // in scope, and seen not to be there
						w.wantHeld(doc, plan.HeldTerminatedElsewhere, "ada")
						continue
					}
					if doc.Result.Failed != 1 {
						t.Errorf("day %d: not tried: %+v\n%s", day, doc.Result, details(doc))
					}
					w.wantTrouble(plan.ProblemNotEffective, "ada")
				}
				if e := w.employee("ada"); e.UpdatedOn != before.UpdatedOn {
					t.Errorf("ada was %+v and is %+v", before, e)
				}
				w.hide()
				doc := w.runWith(map[bool]tsync.RunOptions{false: refreshedNot, true: refreshed}[refresh])
				w.wantDone(doc, c.done)
				w.wantDone(w.runWith(refreshed), "")
				if troubles, err := w.db.Troubles(); err != nil || len(troubles) > 0 {
					t.Errorf("left: %+v %v", troubles, err)
				}
			})
		}
	}
}

// Whether a termination whose answer was lost has happened, a 404 does not tell.
func TestALostTerminationOfWhoIsNotShownIsNotDone(t *testing.T) {
	for name, fault := range map[string]tracktiktest.Interceptor{"not carried out": tracktiktest.Unreached, "a time-out": tracktiktest.CutBefore} {
		t.Run(name, func(t *testing.T) {
			w := hidden(t, changes["terminate"])
			lost := writes["terminate"]
			lost.Times = 1
			w.inPortal(tracktiktest.When(lost, fault))
			doc := w.run()
			if doc.Result.Done["terminate"]+doc.Result.Found["terminate"] > 0 {
				t.Errorf("it counts as done: %+v", doc.Result)
			}
			w.pass(time.Hour)
			w.run()
			w.wantTrouble(plan.ProblemNotEffective, "ada")
			w.wantStatus(tracktiktest.Active, "ada")
			w.hide()
			w.run()
			w.wantStatus(tracktiktest.Terminated, "ada")
		})
	}
}

// Many whom TrackTik does not show stop a run once, as everything does that fails for
// many; then they are known, and nobody else waits for them.
func TestWhoIsNotShownKeepsNobodyElseWaiting(t *testing.T) {
	w := newWorld(t)
	w.limits.Kinds[plan.Terminate] = plan.NoLimit
	w.change = func(e *tsync.Engine) { e.Workers = 1 }
	for _, name := range w.crowd(30) {
		w.org.UpdateUser(w.users[name], map[string]any{"division": "South"})
	}
	w.hire("bob")
	w.run()
	w.hide(3)
	for name := range w.users {
		if name != "bob" {
			unassign(w, name)
		}
	}
	w.hire("eve")
	for range 3 {
		if _, err := w.sync(refreshedNot); err != nil {
			t.Log(err)
		}
	}
	w.wantStatus(tracktiktest.Active, "eve")
	doc := w.run()
	if doc.Result.Failed != 30 {
		t.Errorf("not all are tried: %+v", doc.Result)
	}
}

// Whom TrackTik does not show any more is not brought back as somebody new: they may have
// been brought back by hand.
func TestARestoreMakesNobodyAnewWhomTrackTikHides(t *testing.T) {
	w, opt := dismissed(t)
	w.hide(tracktiktest.HQ)
	doc, err := w.restore(opt)
	w.must(err)
	w.wantProblem(doc, plan.ProblemNotEffective, "ada")
	w.wantNoWrites()
	w.hide()
	_, err = w.restore(opt)
	w.must(err)
	w.wantBack("the second restore")
}

// notFound answers 404 in the portal's words.
func notFound(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(http.StatusNotFound)
	fmt.Fprint(rw, `{"status":404,"error":"there is no such record"}`)
}

// A revoke that is answered 404 is done only when the grant's own id says so as well.
func TestARevokeThatIsNotFoundIsDoneWhenTheGrantIsGone(t *testing.T) {
	for _, gone := range []bool{false, true} {
		t.Run(fmt.Sprintf("gone %v", gone), func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada")
			w.group("Site North", "ada")
			w.group("Site East", "ada")
			w.run()
			w.leave("Site North", "ada")
			w.inPortal(tracktiktest.When(writes["revoke"], func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				if gone {
					w.must(w.portal.Revoke(w.employee("ada").ID, w.roleID("Site North")))
				}
				notFound(rw, r, next)
			}))
			doc := w.run()
			if gone {
				if doc.Result.Found["revoke_role"] != 1 {
					t.Errorf("ended with %+v\n%s", doc.Result, details(doc))
				}
				w.inPortal(nil)
				w.wantDone(w.runWith(refreshed), "")
				return
			}
			w.wantTrouble(plan.ProblemNotEffective, "ada")
			w.inPortal(nil)
			w.wantDone(w.run(), "revoke_role 1")
			w.wantRoles("ada", "Site East")
		})
	}
}

// That somebody holds no other role does not make every refusal one of their last role.
func TestOnlyARefusalThatSpeaksOfRolesIsOfTheLastOne(t *testing.T) {
	for text, last := range map[string]bool{
		"the last role of a user cannot be removed":         true,
		"a user must have at least one assignment":          true,
		"Roles cannot be empty":                             true,
		"the record user-roles/12 is locked by the payroll": false,
		"not like this": false,
		"blasted":       false,
	} {
		t.Run(text, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.run()
			w.leave("Site North", "ada")
			w.inPortal(tracktiktest.When(writes["revoke"], func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(rw, `{"status":400,"error":%q}`, text)
			}))
			doc := w.run()
			if last {
				w.wantHeld(doc, plan.HeldLastRole, "ada")
				return
			}
			w.wantTrouble(plan.ProblemRefused, "ada")
			if w.run(); w.portal.Count("DELETE", "/user-roles/*") != 1 {
				t.Error("it was not tried again")
			}
		})
	}
}

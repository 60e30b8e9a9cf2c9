package sync_test

import (
	"net/http"
	"testing"
	"time"

	"tracktik-sync/tracktik/tracktiktest"
)

// A protected name that somebody gave an employee protects while it is there, and no
// longer once a refresh has put the right one back.
func TestANameThatWasPutRightProtectsNobody(t *testing.T) {
	w := newWorld(t)
	w.policy.Protected = []string{"boss*"}
	w.hire("ana")
	w.run()
	w.must(w.portal.UpdateEmployee(w.employee("ana").ID, func(e *tracktiktest.Employee) { e.Email = "boss@acme.example" }))
	w.wantDone(w.runWith(refreshed), "update 1")
	w.group("Site North", "ana")
	w.wantDone(w.run(), "create_role 1, grant_role 1")
	w.wantRoles("ana", "Site North")
}

// The same where it was put right by hand, or by an update of which only a look-up tells.
func TestANameThatWasPutRightOtherwiseProtectsNobody(t *testing.T) {
	for how, back := range map[string]func(w *world, ana int64){
		"by hand": func(w *world, ana int64) {
			w.policy.UpdateUsers = false
			w.runWith(refreshed)
			w.must(w.portal.UpdateEmployee(ana, func(e *tracktiktest.Employee) { e.Email = mail("ana") }))
			w.runWith(refreshed)
		},
		"by a lost update": func(w *world, _ int64) {
			w.inPortal(tracktiktest.Chain(tracktiktest.When(writes["update"], tracktiktest.LostReply),
				tracktiktest.When(tracktiktest.Match{Method: "GET", Path: "/employees/*"}, tracktiktest.FailBefore)))
			w.runWith(refreshed)
			w.inPortal(nil)
			w.run()
		},
	} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Protected = []string{"boss*"}
			w.hire("ana", "bob")
			w.run()
			ana := w.employee("ana").ID
			w.must(w.portal.UpdateEmployee(ana, func(e *tracktiktest.Employee) { e.Email = "boss@acme.example" }))
			back(w, ana)
			w.group("Site North", "ana")
			w.run()
			w.wantRoles("ana", "Site North")
			unassign(w, "ana")
			w.run()
			w.wantStatus(tracktiktest.Terminated, "ana")
		})
	}
}

// Who was protected by a name that Okta showed after they had left stays so while Okta does not show
// them any more.
func TestWhoWasProtectedWhenOktaShowedThemLastStaysProtected(t *testing.T) {
	for how, left := range map[string]func(w *world){
		"assigned":    func(w *world) { w.policy.UpdateUsers = false },
		"unassigned":  func(w *world) { unassign(w, "ana") },
		"deactivated": func(w *world) { w.org.DeactivateUser(w.users["ana"]) },
	} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Protected = []string{"boss*"}
			w.hire("ana", "bob")
			w.run()
			w.org.UpdateUser(w.users["ana"], map[string]any{"login": mail("boss"), "email": mail("boss")})
			left(w)
			w.run()
			w.wantStatus(tracktiktest.Active, "ana")
			w.org.DeleteUser(w.users["ana"])
			for range 2 {
				w.run()
				w.run()
				w.pass(48 * time.Hour)
			}
			w.wantStatus(tracktiktest.Active, "ana")
		})
	}
}

// What Okta calls somebody by now is remembered also when the answer to the update was lost: who
// is protected by the new name stays when Okta shows them no more, and who was by the former one
// is not protected any more.
func TestAfterALostAnswerThePresentNameProtects(t *testing.T) {
	for name, c := range map[string]struct {
		protected string
		done      string
	}{
		"the present name": {"chief@*", ""},
		"the former name":  {"ada@*", "terminate 1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(5)
			w.hire("ada")
			w.run()
			w.org.UpdateUser(w.users["ada"], map[string]any{"login": "chief@acme.example", "email": "chief@acme.example"})
			w.org.UpdateAssignment(w.app, w.users["ada"], "chief@acme.example", nil)
			w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.Method == http.MethodPut || r.Method == http.MethodPatch {
					tracktiktest.LostReply(rw, r, next)
					return
				}
				next.ServeHTTP(rw, r)
			})
			w.wantDone(w.run(), "update 1")
			w.inPortal(nil)
			w.policy.Protected = []string{c.protected}
			w.org.DeleteUser(w.users["ada"])
			w.wantDone(w.run(), c.done)
		})
	}
}

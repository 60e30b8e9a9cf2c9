package sync_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// lyingGrants are portals whose answers about grants are not what they seem.
var lyingGrants = map[string]func(*tracktiktest.Rules){
	"lists of grants are empty": func(r *tracktiktest.Rules) { r.GrantsUnlisted = true },
	"user ids of their own":     func(r *tracktiktest.Rules) { r.UserIDOffset = 5000 },
	"user ids of their own in records alone": func(r *tracktiktest.Rules) {
		r.UserIDOffset, r.GrantsTakeEmployees = 5000, true
	},
	"by employee refused":             func(r *tracktiktest.Rules) { r.RefusedFilters = []string{"user.id"} },
	"by employee and by role refused": func(r *tracktiktest.Rules) { r.RefusedFilters = []string{"user.id", "role.id"} },
	"by employee ignored":             func(r *tracktiktest.Rules) { r.IgnoredFilters = []string{"user.id"} },
	"by employee and by role ignored": func(r *tracktiktest.Rules) { r.IgnoredFilters = []string{"user.id", "role.id"} },
}

// While a portal answers wrongly about grants nobody is granted twice, nobody who may be
// an administrator is touched, and whoever needs no such answer goes on. Once it is
// healthy, everything due is done.
func TestWrongAnswersAboutGrantsHurtNobody(t *testing.T) {
	for name, set := range lyingGrants {
		for _, opt := range []tsync.RunOptions{refreshedNot, refreshed} {
			t.Run(name+map[bool]string{true: ", refreshed"}[*opt.Refresh], func(t *testing.T) {
				w := newWorld(t)
				healthy := tracktiktest.Rules{GrantsRepeat: true, LastRoleRemovable: true}
				w.rules(func(r *tracktiktest.Rules) { *r = healthy })
				w.hire("stays", "joins", "given", "leaves", "goes", "titled", "drifts")
				w.group("Site North", "stays", "joins", "leaves", "goes", "titled", "drifts")
				w.group("Site South", "leaves", "drifts")
				w.run()

				w.rules(set)
				theirs := w.changeGrants()
				for range 3 {
					doc, err := w.sync(opt)
					if err != nil && tsync.ExitCode(doc, err, "4") != tsync.ExitFailed {
						t.Errorf("ended with %v", err)
					}
					w.wantUnhurt()
				}
				w.wantStatus(tracktiktest.Terminated, "goes")
				w.wantStatus(tracktiktest.Active, "new")
				if e := w.employee("titled"); e.JobTitle != "Chief" {
					t.Errorf("titled is %+v", e)
				}
				w.wantRoles("leaves", "Site South")

				w.rules(func(r *tracktiktest.Rules) { *r = healthy })
				w.pass(9 * time.Hour) // to the next try of what was refused
				w.run()
				doc := w.runWith(refreshed)
				w.wantProblem(doc, plan.ProblemProtectedMatch, "chief")
				w.wantUnhurt()
				for name, roles := range map[string]string{"stays": "Site North", "joins": "Site North, Site South", "given": "Site South",
					"leaves": "Site South", "titled": "Site North", "drifts": "Site North, Site South", "new": "Site North", "match": "Site North", "chief": "Administrator"} {
					w.wantRoles(name, roles)
				}
				if got := w.grantOf("given", "Site South"); got != theirs {
					t.Errorf("given's grant is %d, want the dispatcher's, %d", got, theirs)
				}
				w.wantDone(w.runWith(refreshed), "")
			})
		}
	}
}

// changeGrants lets things happen for which it matters who holds what, and some for which
// it does not. It returns the grant that a dispatcher made.
func (w *world) changeGrants() (theirs int64) {
	w.group("Site South", "joins", "given")
	theirs = w.byHand("given", "Site South")
	w.leave("Site North", "leaves")
	w.org.DeactivateUser(w.users["goes"])
	w.org.UpdateUser(w.users["titled"], map[string]any{"title": "Chief"})
	w.must(w.portal.Revoke(w.employee("drifts").ID, w.roleID("Site South")))
	_, err := w.portal.Grant(w.atPortal("chief", nil), tracktiktest.AdministratorRole)
	w.must(err)
	w.atPortal("match", nil)
	w.hire("new", "chief", "match")
	w.group("Site North", "new", "chief", "match")
	return theirs
}

// wantUnhurt wants nobody to have a role twice, to have lost one that is due, or to have
// been ended, and the administrator to be as they were.
func (w *world) wantUnhurt() {
	w.Helper()
	w.wantNoDoubles()
	w.wantStatus(tracktiktest.Active, "stays", "joins", "given", "leaves", "titled", "drifts", "chief", "match")
	for _, name := range []string{"stays", "joins", "titled", "drifts"} {
		if !strings.Contains(w.roles(name), "Site North") {
			w.Errorf("%s lost a role: %q", name, w.roles(name))
		}
	}
	w.wantRoles("chief", "Administrator")
	if link, managed, err := w.db.Link(plan.PersonID(w.users["chief"])); managed || err != nil {
		w.Errorf("the administrator is managed: %+v, %v", link, err)
	}
}

// Where grants carry other ids than employees, those that we make are known by their own:
// nothing waits for them, and whoever leaves the group loses the role.
func TestAGrantIsKnownByItsOwnIDWhereUsersAreNumberedOtherwise(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *tracktiktest.Rules) {
		r.UserIDOffset, r.GrantsTakeEmployees, r.LastRoleRemovable = 5000, true, true
	})
	w.hire("ada", "bob", "cid")
	w.group("Site North", "ada", "bob", "cid")
	w.wantDone(w.run(), "create_role 1, create 3, grant_role 3")
	if pending, err := w.db.Pending(); err != nil || len(pending) > 0 {
		t.Errorf("pending %v %v", pending, err)
	}
	w.leave("Site North", "ada", "bob")
	w.wantDone(w.run(), "revoke_role 2")
	for name, roles := range map[string]string{"ada": "", "bob": "", "cid": "Site North"} {
		w.wantRoles(name, roles)
	}
	w.wantDone(w.run(), "")
	w.rules(func(r *tracktiktest.Rules) { r.UserIDOffset = 0 })
	w.wantDone(w.runWith(refreshed), "")
}

// The same answer may be another one's: then it proves nothing, and takes no role from
// anybody else.
func TestAnAnswerOfAnotherGrantIsNotOurs(t *testing.T) {
	for name, set := range map[string]func(*tracktiktest.Rules){
		"nothing is listed":     func(r *tracktiktest.Rules) { r.GrantsUnlisted = true },
		"user ids of their own": func(r *tracktiktest.Rules) { r.UserIDOffset, r.GrantsTakeEmployees = 5000, true },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *tracktiktest.Rules) { set(r); r.LastRoleRemovable = true })
			w.change = func(e *tsync.Engine) { e.Workers = 1 }
			w.hire("bob")
			w.group("Site North", "bob")
			w.run()
			w.hire("ada")
			w.group("Site North", "ada")
			bobs := w.grantOf("bob", "Site North")
			w.inPortal(tracktiktest.When(writes["grant"], answerOf(bobs)))
			w.run()
			w.inPortal(nil)
			w.leave("Site North", "ada")
			w.run()
			w.wantRoles("bob", "Site North")
		})
	}
}

// answerOf carries a grant out, and answers with another one.
func answerOf(grant int64) tracktiktest.Interceptor {
	return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		again := r.Clone(r.Context())
		again.Method, again.URL.Path = http.MethodGet, fmt.Sprintf("%s/%d", r.URL.Path, grant)
		again.Body = http.NoBody
		next.ServeHTTP(rw, again)
	}
}

// A grant of which nobody can tell what became of it holds no more than grants.
func TestAnOpenGrantHoldsNoLeaver(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *tracktiktest.Rules) { r.UserIDOffset, r.GrantsTakeEmployees, r.GrantsRepeat = 5000, true, true })
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.inPortal(tracktiktest.When(writes["grant"], tracktiktest.LostReply))
	w.run()
	w.inPortal(nil)
	w.group("Site South", "bob")
	w.org.UpdateUser(w.users["bob"], map[string]any{"title": "Chief"})
	w.org.DeactivateUser(w.users["ada"])
	doc := w.run()
	w.wantHeld(doc, plan.HeldPending, "bob")
	w.wantProblem(doc, plan.ProblemNotEffective, "bob") // nobody can tell, and that is not passed over
	w.wantStatus(tracktiktest.Terminated, "ada")
	if e := w.employee("bob"); e.JobTitle != "Chief" {
		t.Errorf("bob is %+v", e)
	}
	w.wantNoDoubles()
	w.rules(func(r *tracktiktest.Rules) { *r = tracktiktest.Rules{GrantsRepeat: true} })
	w.run()
	w.wantRoles("bob", "Site North, Site South")
	if pending, err := w.db.Pending(); err != nil || len(pending) > 0 {
		t.Errorf("pending %v %v", pending, err)
	}
	w.wantDone(w.runWith(refreshed), "")
}

// What became of a grant is told by the whole list where the portal does not list by
// employee.
func TestALostGrantIsFoundInTheWholeList(t *testing.T) {
	for name, fault := range map[string]tracktiktest.Interceptor{"it happened": tracktiktest.LostReply, "it did not": tracktiktest.Unreached} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *tracktiktest.Rules) { r.RefusedFilters, r.GrantsRepeat = []string{"user.id"}, true })
			w.hire("ada")
			w.group("Site North", "ada")
			match := writes["grant"]
			match.Times = 1
			w.inPortal(tracktiktest.When(match, fault))
			w.wantDone(w.run(), "create_role 1, create 1, grant_role 1")
			w.wantRoles("ada", "Site North")
			w.wantNoDoubles()
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

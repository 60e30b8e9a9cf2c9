package sync_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

func TestRehireIsANewEmployee(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada")
	w.run()
	first := w.employee("ada").ID
	w.org.UnassignUser(w.app, w.users["ada"])
	w.run()
	w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
	doc := w.run()
	w.wantDone(doc, "create 1, grant_role 1")
	if a := doc.Actions[0]; a.Extras().Former != plan.EmployeeID(first) || !strings.Contains(a.Reason, "came back") {
		t.Errorf("the create says %q of former employee %d", a.Reason, a.Extras().Former)
	}
	list := w.employees("ada")
	if len(list) != 2 || list[0].Status != tracktiktest.Terminated || list[1].Status != tracktiktest.Active {
		t.Errorf("ada is %+v", list)
	}
	w.wantRoles("ada", "Site North")
	w.wantDone(w.run(), "")
}

func TestRehireReactivatesWhereConfigured(t *testing.T) {
	w := newWorld(t)
	w.policy.Reactivate = true
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada", "bob")
	w.run()
	w.org.UnassignUser(w.app, w.users["ada"])
	w.run()
	w.leave("Site South", "ada")
	w.run()
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Sergeant"})
	w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
	doc := w.run()
	w.wantDone(doc, "reactivate 1, revoke_role 1")
	e := w.employee("ada")
	if e.Status != tracktiktest.Active || e.Username != mail("ada") || e.JobTitle != "Sergeant" {
		t.Errorf("ada came back as %+v", e)
	}
	w.wantRoles("ada", "Site North")
	w.wantDone(w.run(), "")
	w.wantDone(w.runWith(refreshed), "")
}

func TestRehireWithAPhoneThatALeaverBlocksIsMadeWithoutIt(t *testing.T) {
	w := newWorld(t)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.TerminatedPhonesBlock = true })
	w.hire("ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": "+1 555 0100"})
	w.run()
	w.org.UnassignUser(w.app, w.users["ada"])
	w.run()
	w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
	doc := w.run()
	w.wantDone(doc, "create 1")
	w.wantWarning(doc, plan.WarningInvalidValue)
	if list := w.employees("ada"); len(list) != 2 || list[1].PrimaryPhone != "" {
		t.Errorf("ada is %+v", list)
	}
}

func TestWhoIsDeletedAndCreatedAnewKeepsTheEmployee(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.run()
	before, old := w.employee("ada").ID, w.users["ada"]
	w.org.DeleteUser(old)
	w.hire("ada")
	w.group("Site North", "ada")
	doc := w.run()
	w.wantDone(doc, "adopt 1")
	w.wantNoWrites()
	if e := w.employee("ada"); e.ID != before || e.Status != tracktiktest.Active {
		t.Errorf("ada is %+v, was employee %d", e, before)
	}
	if a := doc.Actions[0]; a.Reason != "re-created in Okta, was "+old {
		t.Errorf("the reason is %q", a.Reason)
	}
	w.wantRoles("ada", "Site North")
	w.wantDone(w.run(), "")
	w.org.DeactivateUser(w.users["ada"])
	w.wantDone(w.run(), "terminate 1")
}

func TestANewPersonOfAnotherNameDoesNotInheritTheEmployee(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.org.DeleteUser(w.users["ada"])
	w.users["eve"] = w.org.AddUser(oktatest.User{Login: mail("ada"), FirstName: "Eve", LastName: "Other"})
	w.org.AssignUser(w.app, w.users["eve"], oktatest.Assignment{})
	w.wantDone(w.run(), "terminate 1, create 1")
	list := w.employees("ada")
	if len(list) != 2 || list[0].Status != tracktiktest.Terminated || list[1].FirstName != "Eve" {
		t.Errorf("the e-mail is of %+v", list)
	}
}

func TestNamesPassOnInOneRun(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "cy")
	w.run()
	bob, cy := w.employee("bob").ID, w.employee("cy").ID
	// Ada leaves; Bob gets hers, Cy gets Bob's, and somebody new gets Cy's.
	w.org.DeactivateUser(w.users["ada"])
	w.org.DeleteUser(w.users["ada"])
	w.rename("bob", "ada")
	w.rename("cy", "bob")
	w.users["dan"] = w.org.AddUser(oktatest.User{Login: mail("cy"), FirstName: "Dan", LastName: "Fresh"})
	w.org.AssignUser(w.app, w.users["dan"], oktatest.Assignment{})
	w.wantDone(w.run(), "terminate 1, update 2, create 1")
	for id, want := range map[int64]string{bob: mail("ada"), cy: mail("bob")} {
		if e, _ := w.portal.Employee(id); e.Username != want || e.Email != want || e.Status != tracktiktest.Active {
			t.Errorf("employee %d is %+v, want the name %s", id, e, want)
		}
	}
	w.wantDone(w.run(), "")
}

// rename gives a person the login and e-mail that belong to another name.
func (w *world) rename(name, to string) {
	w.org.UpdateUser(w.users[name], map[string]any{"login": mail(to), "email": mail(to)})
	w.org.UpdateAssignment(w.app, w.users[name], mail(to), nil)
}

func TestASwapIsAProblemOfThoseTwo(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "cy")
	w.run()
	w.rename("ada", "tmp")
	w.rename("bob", "ada")
	w.rename("ada", "bob")
	w.org.UpdateUser(w.users["cy"], map[string]any{"title": "Guard"})
	doc := w.run()
	w.wantProblem(doc, plan.ProblemSwap, "ada")
	w.wantProblem(doc, plan.ProblemSwap, "bob")
	w.wantDone(doc, "update 1")
}

func TestTheManagedPersonKeepsAContestedName(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	w.hire("bob", "cy")
	w.org.UpdateUser(w.users["bob"], map[string]any{"email": mail("ada")})
	doc := w.run()
	w.wantProblem(doc, plan.ProblemDuplicate, "bob")
	w.wantDone(doc, "create 1")
}

func TestANameWhoseOwnerIsMissingWithoutEvidenceIsNotGiven(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(10)
	w.run()
	w.inOkta(oktatest.On("/api/v1/users/"+w.users[names[0]], oktatest.ServerError))
	w.org.UnassignUser(w.app, w.users[names[0]])
	w.users["eve"] = w.org.AddUser(oktatest.User{Login: "eve@acme.example", Email: mail(names[0]), FirstName: "Eve", LastName: "Other"})
	w.org.AssignUser(w.app, w.users["eve"], oktatest.Assignment{})
	doc := w.run()
	w.wantHeld(doc, plan.HeldUnconfirmed, names[0])
	w.wantProblem(doc, plan.ProblemNameInUse, "eve")
	w.wantNoWrites()
}

// refusing is a portal that refuses a call whose path ends so.
func (w *world) refusing(method, suffix string, status int, header http.Header, body string) {
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != method || !strings.HasSuffix(r.URL.Path, suffix) {
			next.ServeHTTP(rw, r)
			return
		}
		for k, v := range header {
			rw.Header()[k] = v
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, body)
	})
}

func TestANameThatIsNotGivenFreeIsNotAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		prepare        func(w *world)
		method, suffix string
		again          string
	}{
		"a termination is refused": {func(w *world) { w.org.DeactivateUser(w.users["ada"]); w.org.DeleteUser(w.users["ada"]) }, "POST", "/actions/terminate", "terminate 1, create 1"},
		"an update is refused":     {func(w *world) { w.rename("ada", "zoe") }, "PATCH", "", "update 1, create 1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.run()
			c.prepare(w)
			w.users["dan"] = w.org.AddUser(oktatest.User{Login: mail("ada"), FirstName: "Dan", LastName: "Fresh"})
			w.org.AssignUser(w.app, w.users["dan"], oktatest.Assignment{})
			w.refusing(c.method, c.suffix, http.StatusBadRequest, nil, `{"status":400,"error":"no"}`)
			w.wantHeld(w.run(), plan.HeldPending, "dan")
			if n := w.portal.Count("POST", "/employees"); n != 0 {
				t.Errorf("%d employees were asked for, whose name another one has", n)
			}
			if name == "an update is refused" { // and not due again yet: the plan knows
				w.wantHeld(w.run(), plan.HeldPending, "dan")
				w.wantNoWrites()
				w.pass(time.Hour)
			}
			w.inPortal(nil)
			w.wantDone(w.run(), c.again) // at once: nothing of dan's was refused
		})
	}
}

func TestAFirewallsRefusalIsNoProblemOfThePerson(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.refusing("POST", "/employees", http.StatusForbidden, http.Header{"Server": {"awselb/2.0"}, "Content-Type": {"text/html"}}, "<html><title>403 Forbidden</title></html>")
	if doc := w.run(); doc.Result.Failed != 1 {
		t.Errorf("%+v", doc.Result)
	}
	troubles, err := w.db.Troubles()
	w.must(err)
	if len(troubles) != 0 {
		t.Errorf("recorded %+v", troubles)
	}
	w.inPortal(nil)
	w.wantDone(w.run(), "create 1") // in the next run, not in an hour
}

// An e-mail that TrackTik keeps with a space around it, or in another case, is the same
// one: whoever has it is adopted, and not made a second time.
func TestAnEmailKeptUncleanIsFound(t *testing.T) {
	for kept, email := range map[string]string{"a space before": " " + mail("ada"), "a space after": mail("ada") + " ", "in capitals": strings.ToUpper(mail("ada"))} {
		for portal, set := range map[string]func(*tracktiktest.Rules){
			"":                  func(*tracktiktest.Rules) {},
			", equals only":     func(r *tracktiktest.Rules) { r.RefusedFilters = []string{"email:contains"} },
			", takes no notice": func(r *tracktiktest.Rules) { r.IgnoredFilters = []string{"email:contains"} },
		} {
			if portal != "" && kept != "in capitals" {
				continue // such a portal finds a space by nothing
			}
			t.Run(kept+portal, func(t *testing.T) {
				w := newWorld(t)
				w.rules(set)
				id := w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Username: "other", Email: email})
				for range 3 {
					w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Some", LastName: "Body"})
				}
				w.hire("ada", "bob")
				w.wantDone(w.run(), "adopt 1, update 1, create 1")
				if link, managed, err := w.db.Link(plan.PersonID(w.users["ada"])); err != nil || !managed || int64(link.Employee) != id {
					t.Errorf("ada is %+v, %v", link, err)
				}
			})
		}
	}
}

// A reactivation that TrackTik refuses with a 500, since somebody has the old e-mail by
// now, is refused: it is not sent twice, and nobody is left to wonder what became of it.
func TestAReactivationThatViolatesAConstraintIsRefused(t *testing.T) {
	w := newWorld(t)
	w.policy.Reactivate = true
	w.rules(func(r *tracktiktest.Rules) { r.Duplicates = tracktiktest.DuplicateConstraint })
	w.hire("ada", "bob")
	w.run()
	unassign(w, "ada")
	w.run()
	w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Zoe", LastName: "Other", Email: mail("ada")})
	w.org.UpdateUser(w.users["ada"], map[string]any{"login": mail("ann"), "email": mail("ann")})
	assign(w, "ada")
	doc := w.run()
	if doc.Result.Failed != 1 || doc.Result.Unknown != 0 || w.portal.Count("POST", "/employees/*/actions/reactivate") != 1 {
		t.Errorf("ended with %+v\n%s", doc.Result, details(doc))
	}
	w.wantTrouble(plan.ProblemRefused, "ada")
	if open, err := w.db.Pending(); err != nil || len(open) > 0 {
		t.Errorf("left open: %+v %v", open, err)
	}
}

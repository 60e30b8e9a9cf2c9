package sync_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A portal that writes phones its own way is no drift, in whatever run it is looked at.
func TestAPortalThatFormatsPhonesIsLeftInPeace(t *testing.T) {
	w := newWorld(t)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Store = tracktiktest.PhonesFormatted })
	w.hire("ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": "+1 (555) 010-0199"})
	w.wantDone(w.run(), "create 2")
	for range 3 {
		w.wantDone(w.runWith(refreshed), "")
	}
	w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": "+1 (555) 010-0200"})
	w.wantDone(w.run(), "update 1")
	w.wantDone(w.runWith(refreshed), "")
}

// A portal that answers a move with success, and moves nobody, is not believed; nor is one
// that has no such action taken for one that hides its people.
func TestAMoveWithoutEffectIsNeitherBelievedNorRepeated(t *testing.T) {
	for name, world := range map[string]struct {
		rules func(*tracktiktest.Rules)
		says  string
	}{
		"200 and nothing": {func(r *tracktiktest.Rules) { r.MoveIneffective = true }, "shows them in region"},
		"404":             {func(r *tracktiktest.Rules) { r.MoveMissing = true }, "does not move employees"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			names := w.crowd(5)
			w.run()
			w.rules(world.rules)
			for _, name := range names {
				w.org.UpdateUser(w.users[name], map[string]any{"division": "North"})
			}
			w.org.UpdateUser(w.users[names[0]], map[string]any{"title": "Chief"})
			w.portal.ResetRequests()
			doc := w.run()
			problem := 0
			for _, f := range doc.Result.Failures {
				if f.Outcome == plan.Failed {
					problem++
					if !strings.Contains(f.Message, world.says) {
						t.Errorf("failed with %s", f.Message)
					}
				}
			}
			if n := w.portal.Count("POST", "/employees/*/actions/move-to-region"); problem != 1 || n != 1 {
				t.Errorf("%d problems, %d moves, want 1 and 1\n%s", problem, n, details(doc))
			}
			if e := w.employee(names[0]); e.JobTitle != "Chief" {
				t.Errorf("the title is %q: what is no move was not done", e.JobTitle)
			}
			w.rules(func(r *tracktiktest.Rules) { r.MoveIneffective, r.MoveMissing = false, false })
			w.run()
			for _, name := range names {
				if e := w.employee(name); e.Region != 2 {
					t.Errorf("%s is in region %d", name, e.Region)
				}
			}
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

// A portal whose API cannot take roles away does not look healthy.
func TestARevokeThatIsNotPossibleIsAProblem(t *testing.T) {
	for _, status := range []int{403, 405, 501} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada")
			w.group("Site North", "ada")
			w.group("Site South", "ada")
			w.run()
			w.rules(func(r *tracktiktest.Rules) { r.RevokeRefused = status })
			w.leave("Site South", "ada")
			doc, err := w.sync(refreshedNot)
			if code := tsync.ExitCode(doc, err, "4"); code == tsync.ExitDone {
				t.Errorf("it looks healthy\n%s", details(doc))
			}
			if strings.Contains(details(doc), plan.HeldLastRole) {
				t.Errorf("taken for a last role\n%s", details(doc))
			}
			w.rules(func(r *tracktiktest.Rules) { r.RevokeRefused = 0 })
			w.pass(2 * time.Hour)
			w.run()
			w.wantRoles("ada", "Site North")
		})
	}
}

// Whoever matches somebody in a portal that filters grants by employee only in its other
// list is adopted with the roles that they hold, and nothing is granted twice.
func TestWhoMatchesIsAdoptedByTheOtherListOfGrants(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *tracktiktest.Rules) { r.RefusedFilters, r.EmployeeRoles = []string{"user.id"}, true })
	id := w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Username: mail("ada"), Email: mail("ada")})
	role := w.portal.AddRole(tracktiktest.Role{Name: "Site North"})
	if _, err := w.portal.Grant(id, role); err != nil {
		t.Fatal(err)
	}
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	doc := w.run()
	w.wantWarning(doc, plan.WarningAskedOtherwise)
	w.wantRoles("ada", "Site North")
	w.wantRoles("bob", "Site North")
	if n := w.portal.Count("POST", "/user-roles"); n != 1 {
		t.Errorf("%d grants were made, want bob's alone\n%s", n, details(doc))
	}
	w.wantDone(w.runWith(refreshed), "")
}

// Headquarters takes people without a division, however the portal draws it.
func TestHeadquartersIsFoundHoweverItIsDrawn(t *testing.T) {
	for name, parent := range map[string]int64{"no parent": 0, "its own parent": tracktiktest.HQ, "a parent that is not listed": 99} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if err := w.portal.UpdateRegion(tracktiktest.HQ, func(r *tracktiktest.Region) { r.Name, r.Parent = "Acme", parent }); err != nil {
				t.Fatal(err)
			}
			w.hire("ada")
			w.run()
			if e := w.employee("ada"); e.Region != tracktiktest.HQ {
				t.Errorf("ada is in region %d", e.Region)
			}
		})
	}
}

// partless is a portal whose reads answer a part of a request with 400, or pass over it.
func partless(w *world, part string, refused bool) {
	name, _, _ := strings.Cut(part, "=")
	w.portal.Configure(func(s *tracktiktest.Server) {
		if refused {
			s.Rules.Manners.RefusedParts = append(s.Rules.Manners.RefusedParts, part)
			return
		}
		s.Intercept = func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			query := r.URL.Query()
			if query.Has(name) {
				query.Del(name)
				r.URL.RawQuery = query.Encode()
			}
			next.ServeHTTP(rw, r)
		}
	})
}

// A list that shows the active ones alone is no short list: who is missing from it, and is ended
// by the id, was ended by somebody else, and keeps no run from anything.
func TestAListOfTheActiveAloneStopsNoRun(t *testing.T) {
	for _, refused := range []bool{true, false} {
		for name, many := range map[string]int{"one": 1, "many": 60} {
			t.Run(fmt.Sprintf("%s, refused %v", name, refused), func(t *testing.T) {
				w := newWorld(t)
				partless(w, "includeInactive=true", refused)
				names := w.crowd(80)
				w.run()
				for _, name := range names[:many] {
					w.must(w.portal.TerminateEmployee(w.employee(name).ID))
				}
				w.org.DeactivateUser(w.users[names[79]])
				doc := w.runWith(refreshed)
				w.wantDone(doc, "terminate 1")
				for _, name := range names[:many] {
					w.wantHeld(doc, plan.HeldTerminatedElsewhere, name)
				}
				w.wantDone(w.runWith(refreshed), "")
			})
		}
	}
}

// Where the list of employees does not show user names, many new people are found by them all
// the same: each is looked up.
func TestAListWithoutUserNamesHidesNobody(t *testing.T) {
	for _, refused := range []bool{true, false} {
		t.Run(fmt.Sprintf("refused %v", refused), func(t *testing.T) {
			w := newWorld(t)
			w.limits.Kinds[plan.Create] = plan.NoLimit
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted })
			partless(w, "include=username", refused)
			for i := range 3 {
				name := fmt.Sprintf("g%03d", i+1)
				w.portal.AddEmployee(tracktiktest.Employee{FirstName: title(name), LastName: "Guard", Username: mail(name), Email: name + "@old.example"})
			}
			w.crowd(120)
			w.wantDone(w.run(), "adopt 3, update 3, create 117")
		})
	}
}

// So a list of grants that leaves out those of who is not active.
func TestAListOfTheGrantsOfTheActiveAloneStopsNoRun(t *testing.T) {
	w := newWorld(t)
	w.crowd(10)
	w.hire("ada", "bob", "eve")
	w.group("Site North", "ada", "bob", "eve")
	w.run()
	w.rules(func(r *tracktiktest.Rules) { r.GrantsOfActive = true })
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if query := r.URL.Query(); strings.HasSuffix(r.URL.Path, "/user-roles") {
			query.Del("includeInactive")
			r.URL.RawQuery = query.Encode()
		}
		next.ServeHTTP(rw, r)
	})
	w.must(w.portal.TerminateEmployee(w.employee("ada").ID))
	w.wantDone(w.runWith(refreshed), "")
	w.org.DeactivateUser(w.users["bob"])
	w.portal.AddEmployee(tracktiktest.Employee{FirstName: "New", LastName: "Guard", Username: mail("new"), Email: mail("new")})
	w.hire("new")
	w.group("Site North", "new", "g001", "g002", "g003", "g004", "g005")
	w.wantDone(w.run(), "adopt 1, terminate 1, grant_role 6")
	w.wantDone(w.runWith(refreshed), "")
}

package sync_test

import (
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

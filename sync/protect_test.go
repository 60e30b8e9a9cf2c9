package sync_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/links"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// Every name by which sync.protected may mean somebody: each is set after a first run
// by which ada is managed.
var namesOfAda = map[string]func(w *world, id int64){
	"login in Okta": func(w *world, _ int64) {
		w.org.UpdateUser(w.users["ada"], map[string]any{"login": "boss@acme.example"})
	},
	"e-mail in Okta": func(w *world, _ int64) {
		w.org.UpdateUser(w.users["ada"], map[string]any{"email": "boss@acme.example"})
	},
	"user name in TrackTik now": func(w *world, id int64) {
		w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Username = "boss@acme.example" }))
	},
	"e-mail in TrackTik now": func(w *world, id int64) {
		w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.Email = "boss@acme.example" }))
	},
	"what was pushed": func(w *world, _ int64) {
		link, _, err := w.db.Link(plan.PersonID(w.users["ada"]))
		w.must(err)
		link.Pushed[plan.Username] = "boss@acme.example"
		w.must(w.db.Commit(plan.Batch{Links: []plan.Link{link}}))
	},
}

func TestEveryNameProtectsFromEveryRemoval(t *testing.T) {
	removals := map[string]struct {
		do   func(w *world)
		kind plan.Kind
	}{
		"deactivated":    {func(w *world) { w.org.DeactivateUser(w.users["ada"]) }, plan.Terminate},
		"left a group":   {func(w *world) { w.leave("Site North", "ada") }, plan.RevokeRole},
		"group unpushed": {func(w *world) { w.org.DeleteGroup(w.groups["Site North"]) }, plan.RevokeRole},
		"joined a group": {func(w *world) { w.group("Site East", "ada") }, plan.GrantRole},
	}
	for what, named := range namesOfAda {
		for why, removal := range removals {
			t.Run(what+", "+why, func(t *testing.T) {
				w := newWorld(t)
				w.policy.RevokeUnpushed, w.policy.RepairDrift, w.policy.UpdateUsers = true, false, false
				w.policy.Protected = []string{"BOSS@*"}
				w.hire("ada", "bob")
				w.group("Site North", "ada", "bob")
				w.group("Site South", "ada", "bob")
				w.group("Site East", "bob")
				w.run()
				id := w.employee("ada").ID
				before := w.portal.RolesOf(id)
				named(w, id)
				removal.do(w)
				for _, opt := range []tsync.RunOptions{refreshed, {}, {Users: []string{w.users["ada"]}}} {
					if what == "what was pushed" && opt.Refresh != nil {
						continue // what TrackTik holds now counts instead
					}
					doc := w.runWith(opt)
					w.wantHeldOf(doc, removal.kind, plan.HeldProtected, "ada")
					e, _ := w.portal.Employee(id)
					if now := w.portal.RolesOf(id); e.Status != tracktiktest.Active || len(now) != len(before) {
						t.Fatalf("ada is %s and holds %v, and held %v\n%s", e.Status, now, before, details(doc))
					}
				}
			})
		}
	}
}

// wantHeldOf wants an action of that kind to be held for the person.
func (w *world) wantHeldOf(doc *plan.Document, kind plan.Kind, code, name string) {
	w.Helper()
	for _, h := range doc.Held {
		if h.Kind == kind && h.Code() == code && string(h.User.ID) == w.users[name] {
			return
		}
	}
	w.Errorf("no %s of %s is held for %s\n%s", kind, name, code, details(doc))
}

// own are the ways in which we know whose credentials we use: ada's, from the second
// run on.
var own = map[string]func(w *world, id int64){
	"by id": func(w *world, id int64) {
		w.change = func(e *tsync.Engine) { e.OwnEmployee = strconv.FormatInt(id, 10) }
	},
	"by user name": func(w *world, _ int64) { w.change = func(e *tsync.Engine) { e.OwnUsername = "ADA@acme.example" } },
	"by the user name once seen": func(w *world, _ int64) {
		link, _, err := w.db.Link(plan.PersonID(w.users["ada"]))
		w.must(err)
		link.Pushed[plan.Username], link.Seen[plan.Username] = "", mail("ada")
		w.must(w.db.Commit(plan.Batch{Links: []plan.Link{link}}))
		w.change = func(e *tsync.Engine) { e.OwnUsername = mail("ada") }
	},
	"by the token": func(w *world, _ int64) { w.change = func(e *tsync.Engine) { e.OwnUsername = "" } },
}

// hireOurs makes ada an employee, whose tokens ours say to be.
func (w *world) hireOurs() {
	w.Helper()
	w.portal.Configure(func(s *tracktiktest.Server) {
		s.OAuth.Subject = strconv.FormatInt(tracktiktest.IntegrationEmployee+1, 10)
	})
	w.hire("ada")
	w.run()
}

func TestNothingIsDoneToOurOwnEmployeeByAnyPath(t *testing.T) {
	acts := map[string]struct {
		do   func(w *world)
		kind plan.Kind
	}{
		"update":    {func(w *world) { w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Chief"}) }, plan.Update},
		"move":      {func(w *world) { w.org.UpdateUser(w.users["ada"], map[string]any{"division": "North"}) }, plan.Update},
		"terminate": {func(w *world) { w.org.DeactivateUser(w.users["ada"]) }, plan.Terminate},
		"grant":     {func(w *world) { w.group("Site East", "ada") }, plan.GrantRole},
		"revoke":    {func(w *world) { w.leave("Site North", "ada") }, plan.RevokeRole},
	}
	for how, known := range own {
		for act, c := range acts {
			for options, opt := range map[string]tsync.RunOptions{"": {}, ", refreshed": refreshed, ", one person": {Users: []string{mail("ada")}}} {
				t.Run(act+", "+how+options, func(t *testing.T) {
					w := newWorld(t)
					w.hireOurs()
					w.hire("bob")
					w.group("Site North", "ada", "bob")
					w.group("Site South", "ada", "bob")
					w.group("Site East", "bob")
					w.run()
					known(w, w.employee("ada").ID)
					c.do(w)
					for range 2 {
						w.wantHeldOf(w.runWith(opt), c.kind, plan.HeldProtected, "ada")
						w.wantNoWrites()
					}
				})
			}
		}
	}
}

// Somebody whom we ended, and whose employee is our own by now, is not brought back.
func TestOurOwnEmployeeIsNotBroughtBack(t *testing.T) {
	for how, known := range own {
		if how == "by the user name once seen" || how == "by user name" {
			continue // a termination takes the user name
		}
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Reactivate = true
			w.hireOurs()
			w.hire("bob")
			w.run()
			id := w.employee("ada").ID
			w.org.UnassignUser(w.app, w.users["ada"])
			ended := w.run()
			known(w, id)
			doc, err := w.build().Restore(context.Background(), tsync.RestoreOptions{Run: ended.Run,
				Terminated: []tsync.Terminated{{User: plan.UserRef{ID: plan.PersonID(w.users["ada"])}, Employee: plan.EmployeeID(id)}}})
			w.must(err)
			w.wantProblem(doc, plan.ProblemProtectedMatch, "ada")
			w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
			w.wantHeldOf(w.run(), plan.Reactivate, plan.HeldProtected, "ada")
			w.wantStatus(tracktiktest.Terminated, "ada")
		})
	}
}

// Whoever is protected by any name is not taken over: by a match, by hand, or in the
// place of an employee who was ended.
func TestProtectedPeopleAreNeverTakenOver(t *testing.T) {
	names := map[string]struct {
		okta     map[string]any
		employee func(*tracktiktest.Employee)
	}{
		"login in Okta":         {map[string]any{"login": "boss@acme.example"}, nil},
		"e-mail in Okta":        {map[string]any{"email": "boss@acme.example"}, nil},
		"user name in TrackTik": {nil, func(e *tracktiktest.Employee) { e.Username = "boss@acme.example" }},
		"e-mail in TrackTik":    {nil, func(e *tracktiktest.Employee) { e.Email = "boss@acme.example" }},
	}
	for what, name := range names {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Protected = []string{"boss@*"}
			w.hire("ada")
			w.org.UpdateUser(w.users["ada"], name.okta)
			id := w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Email: mail("ada"), Username: mail("ada")})
			if name.employee != nil {
				w.must(w.portal.UpdateEmployee(id, name.employee))
			}
			linked, err := w.build().LinkPeople(context.Background(), []links.Pair{{User: w.users["ada"], Employee: plan.EmployeeID(id)}})
			w.must(err)
			if linked[0].Err == nil || !strings.Contains(linked[0].Err.Error(), "sync.protected") {
				t.Errorf("linked by hand: %v", linked[0].Err)
			}
			w.wantProblem(w.run(), plan.ProblemProtectedMatch, "ada")
			w.wantNoWrites()
		})
	}
}

// A role that somebody gives a protected name in TrackTik is neither granted nor taken away
// from then on: by the refresh that sees it, and by the runs after it. When it is called as
// before, all goes on.
func TestARoleThatBecameProtectedIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.policy.ProtectedRoles = []string{"*admin*"}
	w.policy.RepairDrift = false
	w.hire("ada", "bob", "cyd")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada", "bob", "cyd") // since TrackTik takes nobody's last role
	w.run()
	role := w.roleID("Site North")
	w.must(w.portal.RenameRole(role, "Site admin"))
	w.leave("Site North", "ada")
	w.group("Site North", "cyd")
	w.pass(time.Hour)
	for _, opt := range []tsync.RunOptions{refreshed, refreshedNot, refreshedNot} {
		w.wantDone(w.runWith(opt), "")
		w.wantRoles("ada", "Site South, Site admin")
		w.wantRoles("cyd", "Site South")
		w.pass(time.Hour)
	}
	w.must(w.portal.RenameRole(role, "Site North"))
	w.wantDone(w.runWith(refreshed), "grant_role 1, revoke_role 1")
	w.wantRoles("ada", "Site South")
	w.wantRoles("cyd", "Site North, Site South")
	w.wantDone(w.run(), "")
}

// Roles of portal ADMIN or CLIENT are always protected: who has one since the configuration
// gave it to a group keeps it when the group goes, or gets another role.
func TestARoleOfPortalADMINStaysWhenNoGroupIsMappedToItAnyMore(t *testing.T) {
	for name, ends := range map[string]func(w *world){
		"the group is gone": func(w *world) { w.org.DeleteGroup(w.groups["Site Dispatch"]) },
		"another role": func(w *world) {
			w.push.Roles = map[string]string{"Site Dispatch": "Night"}
			w.change = func(e *tsync.Engine) { e.ReadFingerprint = "another role" }
			w.run()
			w.leave("Site Dispatch", "ada")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.RevokeUnpushed, w.policy.RepairDrift = true, false
			w.portal.AddRole(tracktiktest.Role{Name: "Desk", Portal: "ADMIN"})
			w.portal.AddRole(tracktiktest.Role{Name: "Night"})
			w.push.Roles = map[string]string{"Site Dispatch": "Desk"}
			w.hire("ada")
			w.group("Site Guards", "ada") // since TrackTik takes nobody's last role
			w.group("Site Dispatch", "ada")
			w.run()
			w.wantRoles("ada", "Desk, Site Guards")
			ends(w)
			for range 2 {
				w.pass(time.Hour)
				w.runWith(refreshedNot)
				if roles := w.roles("ada"); !strings.Contains(roles, "Desk") {
					t.Fatalf("ada holds %s: a role of portal ADMIN was taken away", roles)
				}
			}
			w.wantHeld(w.runWith(refreshedNot), plan.HeldProtectedRole, "ada")
		})
	}
}

// A role that an administrator has made one of the portal's own is neither granted nor taken back
// by any run, whether or not a refresh has seen it.
func TestARoleThatBecameThePortalsOwnIsLeftAlone(t *testing.T) {
	for name, seen := range map[string]bool{"a refresh has seen it": true, "nobody has seen it": false} {
		for how, alone := range map[string]bool{"everybody": false, "one person": true} {
			t.Run(name+", "+how, func(t *testing.T) {
				w := newWorld(t)
				w.hire("ada", "bob", "cid")
				w.group("Site North", "ada", "bob")
				w.group("Site East", "bob") // the last role stays
				w.run()
				role := w.roleID("Site North")
				w.must(w.portal.MoveRole(role, "ADMIN"))
				if seen {
					w.wantDone(w.runWith(refreshed), "")
				}
				w.group("Site North", "cid")
				w.leave("Site North", "bob")
				for range 2 {
					runs := []tsync.RunOptions{{}}
					if alone {
						runs = []tsync.RunOptions{{Users: []string{w.users["cid"]}}, {Users: []string{w.users["bob"]}}}
					}
					for _, opt := range runs {
						doc := w.runWith(opt)
						w.wantNoWrites()
						if len(doc.Held) == 0 {
							t.Errorf("nothing is held: %s", details(doc))
						}
					}
				}
				w.must(w.portal.MoveRole(role, "STAFF"))
				w.run()
				w.run()
				w.wantRoles("cid", "Site North")
				w.wantRoles("bob", "Site East")
			})
		}
	}
}

// So the default role, which is an error of the configuration then.
func TestADefaultRoleThatBecameThePortalsOwnIsNotGranted(t *testing.T) {
	for how, alone := range map[string]bool{"everybody": false, "one person": true} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			id := w.portal.AddRole(tracktiktest.Role{Name: "Patrol", Portal: "STAFF"})
			w.configure("Patrol")
			w.hire("ada")
			w.run()
			w.must(w.portal.MoveRole(id, "ADMIN"))
			w.hire("bob")
			opt := tsync.RunOptions{}
			if alone {
				opt.Users = []string{w.users["bob"]}
			}
			_, err := w.sync(opt)
			var config *tsync.ConfigError
			if !errors.As(err, &config) {
				t.Errorf("the run ended with %v", err)
			}
			w.wantNoWrites()
		})
	}
}

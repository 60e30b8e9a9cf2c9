package decide_test

import (
	"fmt"
	"testing"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
)

// TestGroupsGetTheirRolesInARun: what is known of them is noted, and a new role is said to
// carry no permissions, once.
func TestGroupsGetTheirRolesInARun(t *testing.T) {
	staff := func(id plan.RoleID, name string) plan.Role { return plan.Role{ID: id, Name: name, Portal: "STAFF"} }
	for _, single := range []bool{false, true} {
		var settings []func(*setting)
		if single {
			settings = append(settings, onlyFor("00u1"))
		}
		w := newWorld(t, settings...)
		w.Portal = plan.PortalRoles{Read: true, Roles: []plan.Role{staff(5, "Known"), staff(6, "Taken"), staff(7, "Other")}}
		for i, name := range []string{"Known", "New", "Taken", "Newer"} {
			w.pushed(plan.GroupID(fmt.Sprint("g", i+1)), 0).Group.Name = name
		}
		w.Pushed[0].Link = &plan.GroupLink{Group: "g1", Name: "Known", Role: 5, RoleName: "Known", How: plan.HowCreated}
		var views []plan.GroupView
		for _, g := range w.Pushed {
			views = append(views, plan.GroupView{Group: g.Group, Link: g.Link})
		}
		views = append(views, plan.GroupView{Group: plan.Group{ID: "g9"}, Aside: true,
			Link: &plan.GroupLink{Group: "g9", Name: "Taken", Role: 6, RoleName: "Taken", How: plan.HowCreated}})
		open := plan.Held{Action: plan.Action{Kind: plan.CreateRole, Role: &plan.RoleRef{Group: "g8"}}, Why: "pending: x"}
		w.GroupDecider.DecideGroups(views, map[plan.GroupID]plan.Held{"g8": open})
		expect(t, "warned", w.warned(), "role_without_permissions")
		expect(t, "held", toldHeld(w.Roles.OfGroups.Held), "create_role /0 role_exists, create_role /0 pending")
		if g := w.Pushed[0]; g.Role == nil || g.Role.ID != 5 || g.Anew {
			t.Errorf("a group in order: %+v, anew %v", g.Role, g.Anew)
		}
		if g := w.Pushed[1]; g.Role == nil || g.Role.ID != 0 || !g.Anew {
			t.Errorf("a group of a new role: %+v, anew %v", g.Role, g.Anew)
		}
		if w.Pushed[2].Role != nil {
			t.Errorf("a group without a role has %+v", w.Pushed[2].Role)
		}
		if got := w.Roles.Unsettled["g3"]; got != single || w.Roles.Unsettled["g8"] {
			t.Errorf("in a run of single people %v: a whole run may find a role is %v", single, got)
		}
		if w.Roles.Refs[decide.RoleOf{Role: 5, Group: "g1"}] != w.Pushed[0].Role || len(w.Roles.Refs) != 1 {
			t.Errorf("roles by group: %v", w.Roles.Refs)
		}
		expect(t, "names", fmt.Sprint(w.Roles.Names[5], w.Roles.Names[6], w.Roles.Names[7]), "KnownTakenOther")
	}
}

// TestARoleIsNewToAGroupThatHadAnother, or none; and what is only renamed is not unsettled.
func TestARoleIsNewToAGroupThatHadAnother(t *testing.T) {
	w := newWorld(t, onlyFor("00u1"))
	w.Portal = plan.PortalRoles{Read: true,
		Roles: []plan.Role{{ID: 7, Name: "Other", Portal: "STAFF"}, {ID: 8, Name: "Old", Portal: "STAFF"}}}
	link := func(role plan.RoleID, name string) *plan.GroupLink {
		return &plan.GroupLink{Name: name, Role: role, RoleName: name, How: plan.HowCreated}
	}
	had, none, renamed := w.pushed("g1", 0), w.pushed("g2", 0), w.pushed("g3", 0)
	had.Group.Name, had.Link = "Other", link(99, "Other")      // its role is gone, and another one has the name
	none.Group.Name, none.Link = "New", link(0, "")            // it never had one
	renamed.Group.Name, renamed.Link = "Other", link(8, "Old") // to a name that is taken
	var views []plan.GroupView
	for _, g := range w.Pushed {
		g.Link.Group = g.Group.ID
		views = append(views, plan.GroupView{Group: g.Group, Link: g.Link})
	}
	w.GroupDecider.DecideGroups(views, nil)
	if !had.Anew || !none.Anew || renamed.Anew {
		t.Errorf("new to its group: %v, %v, %v", had.Anew, none.Anew, renamed.Anew)
	}
	expect(t, "held", toldHeld(w.Roles.OfGroups.Held), "rename_role /8 role_exists")
	if w.Roles.Unsettled["g3"] {
		t.Error("a group that has a role may get another one in a whole run")
	}
	quiet := newWorld(t)
	quiet.Portal = w.Portal
	g := quiet.pushed("g1", 0)
	g.Group.Name = "Other"
	quiet.GroupDecider.DecideGroups([]plan.GroupView{{Group: g.Group}}, nil)
	expect(t, "no new role", quiet.warned(), "")
}

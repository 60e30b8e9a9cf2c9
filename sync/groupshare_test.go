package sync_test

import (
	"context"
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// namesake makes another group of a name that there is, and puts people into it. It goes
// by the key in w.groups.
func (w *world) namesake(key, name string, people ...string) {
	w.Helper()
	w.groups[key] = w.org.AddGroup(oktatest.Group{Name: name})
	w.org.AddMembers(w.groups[key], w.ids(people)...)
}

// wantOneGroupARole wants no two groups of the snapshot to have one role, unless the
// configuration says so.
func (w *world) wantOneGroupARole() {
	w.Helper()
	links, err := w.db.Groups()
	w.must(err)
	taken := map[plan.RoleID]plan.GroupID{}
	for _, l := range links {
		if other := taken[l.Role]; l.Role != 0 && other != "" {
			w.Errorf("groups %s and %s have role %d", other, l.Group, l.Role)
		}
		taken[l.Role] = l.Group
	}
}

// The ways to look at one person alone. What each of them decides about roles is what a
// whole run would.
var alone = map[string]func(w *world, name string){
	"sync --user": func(w *world, name string) { w.runWith(tsync.RunOptions{Users: []string{w.users[name]}}) },
	"sync --user --refresh": func(w *world, name string) {
		w.runWith(tsync.RunOptions{Users: []string{w.users[name]}, Refresh: refreshed.Refresh})
	},
	"retry": func(w *world, name string) {
		w.runWith(tsync.RunOptions{Users: []string{w.users[name]}, Retry: []plan.PersonID{plan.PersonID(w.users[name])}})
	},
	"plan --user": func(w *world, name string) {
		doc, err := w.build().Plan(context.Background(), tsync.RunOptions{Users: []string{w.users[name]}})
		w.must(err)
		if got := counts(doc); strings.Contains(got, "role") {
			w.Errorf("planned %s\n%s", got, details(doc))
		}
	},
	"explain": func(w *world, name string) {
		for _, a := range w.explained(name).Actions {
			if a.Role != nil {
				w.Errorf("explained as %s of role %d", a.Kind, a.Role.ID)
			}
		}
	},
}

func TestAGroupWhoseNameIsTakenGetsNoRoleByLookingAtOnePerson(t *testing.T) {
	for how, look := range alone {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.group("Site North", "ada")
			w.run()
			w.namesake("other", "Site North", "bob")
			held := func(doc *plan.Document) {
				if len(doc.Held) != 1 || doc.Held[0].Code() != plan.HeldRoleExists {
					t.Errorf("held: %s", details(doc))
				}
			}
			held(w.run())
			look(w, "bob")
			w.wantRoles("bob", "")
			w.wantOneGroupARole()
			held(w.run())
		})
	}
}

func TestANewGroupIsNotGivenTheRoleOfAnotherNewOne(t *testing.T) {
	for how, look := range alone {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.run()
			w.portal.AddRole(tracktiktest.Role{Name: "Site North"})
			w.group("Site North", "ada") // the lower id, and no run has seen it
			w.namesake("other", "Site North", "bob")
			look(w, "bob")
			w.wantRoles("bob", "")
			w.run()
			w.wantRoles("ada", "Site North")
			w.wantRoles("bob", "")
			w.wantOneGroupARole()
		})
	}
}

func TestARoleThatTheConfigurationGivesToAGroupIsNobodyElses(t *testing.T) {
	for how, look := range alone {
		for key, by := range map[string]func(w *world) string{
			"name": func(*world) string { return "Site HQ" },
			"id":   func(w *world) string { return w.groups["Site HQ"] },
		} {
			t.Run(how+", by "+key, func(t *testing.T) {
				w := newWorld(t)
				w.portal.AddRole(tracktiktest.Role{Name: "Site North"})
				w.hire("ada", "bob")
				w.group("Site HQ", "ada")
				w.push.Roles = map[string]string{by(w): "Site North"}
				w.run()
				w.wantRoles("ada", "Site North")
				w.group("Site North", "bob")
				look(w, "bob")
				w.wantRoles("bob", "")
				if doc := w.run(); len(doc.Held) != 1 || doc.Held[0].Code() != plan.HeldRoleExists {
					t.Errorf("held: %s", details(doc))
				}
				w.wantRoles("bob", "")
			})
		}
	}
}

// A group that is no longer pushed keeps its role: a new one of its name does not get it,
// and the old one has it still when it comes back.
func TestTheRoleOfAnUnpushedGroupStaysItsOwn(t *testing.T) {
	back := func(w *world) { w.org.AssignGroup(w.app, w.groups["Site North"], oktatest.GroupAssignment{}) }
	for mode, c := range map[string]struct{ unpush, again, new func(w *world) }{
		"assigned": {func(w *world) { w.org.UnassignGroup(w.app, w.groups["Site North"]) }, back,
			func(w *world) { w.org.AssignGroup(w.app, w.groups["other"], oktatest.GroupAssignment{}) }},
		"listed": {func(w *world) { w.push.IDs = []string{w.groups["Site South"]} },
			func(w *world) { w.push.IDs = append(w.push.IDs, w.groups["Site North"]) },
			func(w *world) { w.push.IDs = append(w.push.IDs, w.groups["other"]) }},
		"mappings": {func(w *world) { w.org.DeletePushMapping(w.groups["mapping of Site North"]) },
			func(w *world) { w.org.AddPushMapping(w.app, w.groups["Site North"]) },
			func(w *world) { w.org.AddPushMapping(w.app, w.groups["other"]) }},
		"listed, deleted": {func(w *world) { w.org.DeleteGroup(w.groups["Site North"]) }, nil, func(*world) {}},
	} {
		for _, revoke := range []bool{false, true} {
			t.Run(mode+map[bool]string{true: ", revoke"}[revoke], func(t *testing.T) {
				w := newWorld(t)
				push, _, _ := strings.Cut(mode, ",")
				w.pushing(push)
				if mode == "listed" {
					w.push.Names = nil
				}
				w.policy.RevokeUnpushed = revoke
				w.hire("cid")
				c.unpush(w)
				w.run()
				w.namesake("other", "Site North", "cid")
				c.new(w)
				for _, opt := range []tsync.RunOptions{{}, refreshed, {Users: []string{w.users["cid"]}}} {
					w.runWith(opt)
					w.wantRoles("cid", "")
					w.wantOneGroupARole()
				}
				if c.again == nil {
					return
				}
				c.again(w)
				w.run()
				w.wantRoles("ada", "Site North, Site South")
				w.wantRoles("cid", "")
				w.wantOneGroupARole()
			})
		}
	}
}

// A role that was made for a group stays that group's, though the configuration gives the
// group another one by now: whoever holds it holds it for the group's sake.
func TestTheRoleMadeForAGroupIsLinkedToNoOther(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Patrol"})
	w.hire("ada", "cid")
	w.group("Site North", "ada")
	w.run()
	w.push.Roles = map[string]string{w.groups["Site North"]: "Patrol"}
	w.run()
	w.namesake("other", "Site North", "cid")
	for _, opt := range []tsync.RunOptions{{}, refreshed, {Users: []string{w.users["cid"]}}} {
		w.runWith(opt)
		w.wantRoles("cid", "")
		w.wantOneGroupARole()
	}
}

// A group that is not listed, and of which nothing proves that it is gone, gets no role.
func TestAGroupThatIsNotCertainlyThereGetsNoRole(t *testing.T) {
	for name, roles := range map[string]map[string]string{"by name": nil, "of the configuration": {"Site North": "Patrol"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.portal.AddRole(tracktiktest.Role{Name: "Patrol"})
			w.policy.CreateRoles = false
			w.hire("ada", "bob")
			w.group("Site North", "ada")
			w.group("Site South", "bob")
			w.run()
			w.push.Push, w.push.Roles, w.policy.CreateRoles = "mappings", roles, true
			w.org.AddPushMapping(w.app, w.groups["Site South"])
			for _, opt := range []tsync.RunOptions{{}, refreshed, {Users: []string{w.users["ada"]}}} {
				w.runWith(opt)
				w.wantRoles("ada", "")
				w.wantRoles("bob", "Site South")
			}
			if link, _, err := w.db.Group(plan.GroupID(w.groups["Site North"])); err != nil || link.Role != 0 {
				t.Errorf("the group is %+v, %v", link, err)
			}
		})
	}
}

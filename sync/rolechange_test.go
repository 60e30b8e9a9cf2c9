package sync_test

import (
	"strings"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// twoRoles is a world in which the role of Site North was changed by the configuration
// from Guard to Patrol, and ada holds both.
func twoRoles(t *testing.T) *world {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Guard"})
	w.portal.AddRole(tracktiktest.Role{Name: "Patrol"})
	w.hire("ada", "bob")
	w.group("Site North", "ada")
	w.group("Site South", "ada") // since TrackTik takes nobody's last role
	w.push.Roles = map[string]string{"Site North": "Guard"}
	w.wantDone(w.run(), "link_role 1, create_role 1, create 2, grant_role 2")
	w.push.Roles = map[string]string{"Site North": "Patrol"}
	doc := w.runWith(refreshed)
	w.wantDone(doc, "link_role 1, grant_role 1")
	w.wantWarning(doc, plan.WarningRoleChanged)
	w.wantRoles("ada", "Guard, Patrol, Site South") // nothing shows that ada left the group
	return w
}

func TestARefreshFindsGrantsOfAGroupsFormerRole(t *testing.T) {
	w := twoRoles(t)
	w.wantDone(w.runWith(refreshed), "")
	w.wantRoles("ada", "Guard, Patrol, Site South")
}

func TestWhoLeavesAGroupLosesItsFormerRoleToo(t *testing.T) {
	w := twoRoles(t)
	w.leave("Site North", "ada")
	doc := w.run()
	w.wantDone(doc, "revoke_role 2")
	w.wantRoles("ada", "Site South")
	for _, a := range doc.Actions {
		if a.Role.Name == "" {
			t.Errorf("role %d is revoked without its name", a.Role.ID)
		}
	}
}

func TestAFormerRoleThatIsProtectedByNowStays(t *testing.T) {
	w := twoRoles(t)
	w.policy.ProtectedRoles = []string{"guard"}
	w.push.Roles = map[string]string{}
	w.wantDone(w.runWith(refreshed), "create_role 1, grant_role 1") // of the group's own name
	w.leave("Site North", "ada")
	doc := w.run()
	w.wantDone(doc, "revoke_role 2")
	w.wantHeld(doc, plan.HeldProtectedRole, "ada")
	w.wantRoles("ada", "Guard, Site South")
}

func TestAMappingByNameOutlivesARenameOfItsGroup(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Guard"})
	w.hire("ada")
	w.group("Site North", "ada")
	w.push.Roles = map[string]string{"site north": "Guard"} // names compare folded
	w.wantDone(w.run(), "link_role 1, create 1, grant_role 1")
	w.org.RenameGroup(w.groups["Site North"], "Site Nord")
	w.wantDone(w.run(), "")
	w.wantDone(w.runWith(refreshed), "")
	w.wantRoles("ada", "Guard")
}

func TestNamesOfRolesAreFreedBeforeTheyAreTaken(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "cid")
	w.group("Site A", "ada")
	w.group("Site B", "bob")
	w.run()
	w.org.RenameGroup(w.groups["Site A"], "Site B") // the group with the lower id takes what the other gives free
	w.org.RenameGroup(w.groups["Site B"], "Site C")
	delete(w.groups, "Site A")
	w.group("Site A", "cid")
	doc := w.run()
	w.wantDone(doc, "rename_role 2, create_role 1, grant_role 1")
	var names []string
	for _, a := range doc.Actions[:2] {
		names = append(names, a.Role.Name)
	}
	if got := strings.Join(names, ", "); got != "Site C, Site B" {
		t.Errorf("renamed to %s, want Site C before Site B", got)
	}
	w.wantRoles("ada", "Site B")
	w.wantRoles("bob", "Site C")
	w.wantRoles("cid", "Site A")
	w.wantDone(w.runWith(refreshed), "")
}

func TestOneRoleByTwoGroupsIsNotSeveralRoles(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Guard"})
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada")
	w.group("Site West", "bob")
	w.push.Roles = map[string]string{"Site North": "Guard", "Site South": "Guard"}
	for range 2 { // as new people, and as managed ones
		doc := w.run()
		for _, warning := range doc.Warnings {
			if warning.Code == "several_roles" && !strings.Contains(warning.Message, ": 1;") {
				t.Errorf("%s, want bob alone", warning.Message)
			}
		}
		w.wantWarning(doc, "several_roles")
	}
}

func TestAGroupIDThatIsNotThereIsNamed(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.group("Site North", "ada")
	w.push.Names, w.push.IDs = nil, []string{w.groups["Site North"], "00gNowhere"}
	doc := w.run()
	w.wantWarning(doc, plan.WarningDeadKey)
	w.wantRoles("ada", "Site North")
	w.org.DeleteGroup(w.groups["Site North"]) // known, and unpushed
	w.wantWarning(w.run(), "group_unpushed")
}

func TestWhoIsInNoPushedGroupIsKnownToBeInNone(t *testing.T) {
	w := newWorld(t)
	w.mapping.Scope = `"Site North" in groups`
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.hire("cid")
	doc := w.run()
	w.wantDone(doc, "create_role 1, create 2, grant_role 2")
	if len(doc.Held) != 0 {
		t.Errorf("held: %s", details(doc))
	}
	w.leave("Site North", "bob")
	w.wantHeld(w.run(), plan.HeldOutOfScope, "bob")
}

func TestAProtectedRoleIsNotReplacedEither(t *testing.T) {
	w := newWorld(t)
	w.policy.OneRole = true
	w.portal.AddRole(tracktiktest.Role{Name: "Guard"})
	w.portal.AddRole(tracktiktest.Role{Name: "Patrol"})
	w.hire("ada")
	w.group("Site North", "ada")
	w.push.Roles = map[string]string{"Site North": "Guard"}
	w.run()
	w.policy.ProtectedRoles = []string{"guard"}
	w.push.Roles = map[string]string{"Site North": "Patrol"}
	for _, opt := range []tsync.RunOptions{refreshed, {}, {Users: []string{w.users["ada"]}}} {
		doc := w.runWith(opt)
		w.wantHeldOf(doc, plan.RevokeRole, plan.HeldProtectedRole, "ada")
		w.wantRoles("ada", "Guard")
	}
}

// A role that two groups give is revoked, and looked at again, by the group that gave it.
func TestARevokeNamesTheGroupThatGaveTheRole(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Guard"})
	w.hire("ada", "bob")
	w.group("Site North", "ada")
	w.group("Site South", "bob")
	w.group("Site West", "ada")
	w.push.Roles = map[string]string{"Site North": "Guard", "Site South": "Guard"}
	w.run()
	w.leave("Site North", "ada")
	doc := w.run()
	w.wantDone(doc, "revoke_role 1")
	if a := doc.Actions[0]; a.Role.Name != "Guard" || string(a.Role.Group) != w.groups["Site North"] {
		t.Errorf("the revoke is of role %q by group %s, want Guard by %s", a.Role.Name, a.Role.Group, w.groups["Site North"])
	}
	w.wantRoles("bob", "Guard")
}

// A role that is due by another group when the one that gave it is left is held by that one
// from then on, or by default; and is revoked when it is left too.
func TestARoleIsSaidToBeByTheGroupThatGivesItNow(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Guard"})
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada", "bob")
	w.group("Site West", "ada", "bob")
	w.push.Roles = map[string]string{"Site North": "Guard", "Site South": "Guard"}
	w.run()
	by := func() string {
		grants, err := w.db.GrantsOf(plan.PersonID(w.users["ada"]))
		w.must(err)
		for _, g := range grants {
			if w.roleName(int64(g.Role)) == "Guard" {
				return string(g.Group)
			}
		}
		return ""
	}
	first, second := "Site North", "Site South"
	if by() == w.groups[second] {
		first, second = second, first
	}
	w.leave(first, "ada")
	w.wantDone(w.run(), "")
	if by() != w.groups[second] {
		t.Errorf("the role is by group %s, want %s", by(), w.groups[second])
	}
	w.wantDone(w.runWith(refreshed), "")
	w.leave(second, "ada")
	doc := w.run()
	w.wantDone(doc, "revoke_role 1")
	if a := doc.Actions[0]; string(a.Role.Group) != w.groups[second] {
		t.Errorf("revoked for group %s", a.Role.Group)
	}
	w.wantRoles("bob", "Guard, Site West")
}

// A group that got another name after the configuration named it keeps what that gives it,
// also when the role is changed there.
func TestARenamedGroupsRoleIsChangedByItsFormerName(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Guard"})
	w.portal.AddRole(tracktiktest.Role{Name: "Patrol"})
	w.hire("ada")
	w.group("Site North", "ada")
	w.push.Roles = map[string]string{"Site North": "Guard"}
	w.run()
	w.org.RenameGroup(w.groups["Site North"], "Site Cold")
	w.push.Roles = map[string]string{"Site North": "Patrol"}
	w.wantDone(w.runWith(refreshed), "link_role 1, grant_role 1")
	w.pass(time.Hour)
	w.wantDone(w.run(), "")
	w.wantDone(w.runWith(refreshed), "")
	w.wantRoles("ada", "Guard, Patrol")
}

// When the role that the configuration names is called otherwise in TrackTik, nobody is granted
// it: by the refresh that sees it, and by the runs after it.
func TestAMappedRoleThatWasRenamedIsGrantedToNobody(t *testing.T) {
	w := newWorld(t)
	role := w.portal.AddRole(tracktiktest.Role{Name: "Watch"})
	w.hire("ada", "bob")
	w.group("Site North", "ada")
	w.push.Roles = map[string]string{"Site North": "Watch"}
	w.run()
	w.must(w.portal.RenameRole(role, "Post 14"))
	w.group("Site North", "bob")
	w.pass(time.Hour)
	for _, opt := range []tsync.RunOptions{refreshed, refreshedNot, refreshedNot} {
		doc := w.runWith(opt)
		w.wantDone(doc, "")
		if len(doc.Problems) != 1 || doc.Problems[0].Code != plan.ProblemMissingRequired {
			t.Errorf("the problems are %v", doc.Problems)
		}
		w.wantRoles("bob", "")
		w.pass(time.Hour)
	}
	w.must(w.portal.RenameRole(role, "Watch"))
	w.wantDone(w.runWith(refreshed), "grant_role 1")
	w.wantRoles("bob", "Watch")
}

package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// A groupPromise is one sentence of the contract about pushed groups and their roles: what is
// given, and what is decided then, in one line as groupOutline has it.
type groupPromise struct {
	sentence string
	groups   []plan.GroupView
	roles    []plan.Role // of the portal, which was read
	policy   func(*plan.Policy)
	want     string
	says     string // texts that are shown with it, parted by "|"
}

func keepGroups(t *testing.T, promises []groupPromise) {
	t.Helper()
	for _, p := range promises {
		t.Run(p.sentence, func(t *testing.T) {
			pol := with(func(pol *plan.Policy) { pol.ProtectedRoles = []string{"*admin*"} })
			if p.policy != nil {
				p.policy(pol)
			}
			d := plan.DecideGroups(p.groups, portal(p.roles...), acme, pol)
			if got := groupOutline(&d); got != p.want {
				t.Errorf("decided %q, want %q", got, p.want)
			}
			shown := sayings(&d.Decision)
			for text := range strings.SplitSeq(p.says, "|") {
				if !strings.Contains(shown, text) {
					t.Errorf("it does not say %q:\n%s", text, shown)
				}
			}
		})
	}
}

func pushedGroups(list ...plan.GroupView) []plan.GroupView { return list }
func portalHas(list ...plan.Role) []plan.Role              { return list }

// created is a group whose role we made, and which is called as the group is.
func created(id plan.GroupID, name string, role plan.RoleID) plan.GroupView {
	return group(id, name, linked(role, name, plan.HowCreated))
}

// renamedTo is a group that has another name by now than when its role was named.
func renamedTo(name string, v plan.GroupView) plan.GroupView {
	v.Group.Name = name
	return v
}

// notRead is a group that could not be read.
func notRead(v plan.GroupView) plan.GroupView {
	v.Unread = true
	return v
}

// TestANewGroupGetsARole: one of its name when sync.adopt is match, else a new one; and says
// why it gets none.
func TestANewGroupGetsARole(t *testing.T) {
	never := func(p *plan.Policy) { p.Adopt = false }
	noCreates := func(p *plan.Policy) { p.CreateRoles = false }
	other := ofGroup(5, "Guards", "g9")
	keepGroups(t, []groupPromise{
		{"no role of the name: a new one", pushedGroups(group("g1", "Guards")), nil, nil,
			`create_role g1/0 | g1=0 "Guards"`, "the group is pushed, and has no role"},
		{"a role of the name is linked", pushedGroups(group("g1", "Guards")), portalHas(staff(5, "Guards")), nil,
			`link_role g1/5 | g1=5 "Guards"`, "a role of the group's name exists"},
		{"names compare folded and trimmed", pushedGroups(group("g1", " guards\t")), portalHas(staff(5, "GUARDS")), nil,
			`link_role g1/5 | g1=5 "GUARDS"`, ""},
		{"a name that only begins so is another", pushedGroups(group("g1", "Guards")), portalHas(staff(5, "Guards 2")), nil,
			`create_role g1/0 | g1=0 "Guards"`, ""},
		{"adopt: never and a role of that name exists: held", pushedGroups(group("g1", "Guards")),
			portalHas(staff(5, "Guards")), never, "held create_role g1/0 role_exists",
			"role 5 has the name, and sync.adopt is never; sync.groups.roles ties them"},
		{"create_roles off: held", pushedGroups(group("g1", "Guards")), nil, noCreates,
			"held create_role g1/0 switched_off", "sync.create_roles is off"},
		{"of several roles of one name, the staff portal's", pushedGroups(group("g1", "Guards")),
			portalHas(plan.Role{ID: 3, Name: "Guards", Portal: "CLIENT"}, staff(5, "Guards"), staff(6, "Guards")), nil,
			`link_role g1/5 | g1=5 "Guards"`, ""},
		{"a role linked to one group is never linked to another",
			pushedGroups(group("g1", "Guards"), created("g2", "Guards", 5)),
			portalHas(staff(5, "Guards")), nil, `held create_role g1/0 role_exists | g2=5 "Guards"`,
			"role 5 is that of group g2, pushed now or not; sync.groups.roles ties them"},
		{"nor to one that was pushed before", pushedGroups(group("g1", "Guards"), aside(created("g2", "Guards", 5))),
			portalHas(staff(5, "Guards")), nil, "held create_role g1/0 role_exists", "role 5 is that of group g2"},
		{"a role made for another group is that group's", pushedGroups(group("g1", "Guards")), portalHas(other), nil,
			"held create_role g1/0 role_exists", "role 5 was made for group g9; sync.groups.roles ties them"},
		{"a role that the configuration gives to another group", pushedGroups(group("g1", "Guards"),
			group("g2", "X", mappedTo("Guards"))), portalHas(staff(5, "Guards")), nil,
			`link_role g2/5; held create_role g1/0 role_exists | g2=5 "Guards"`, "sync.groups.roles gives role 5 to group g2"},
		{"two new groups of one name: the lower id gets it", pushedGroups(group("g2", "Guards"), group("g1", "GUARDS")), nil,
			nil,
			`create_role g1/0; held create_role g2/0 role_exists | g1=0 "GUARDS"`,
			`group g1, which is pushed too, has the name "Guards"`},
		{"a group without a name", pushedGroups(group("g1", "\u200b ")), nil, nil,
			"held create_role g1/0 role_exists", "the group has no name"},
		{"a new group of a protected name is left out with a warning", pushedGroups(group("g1", "Site ADMINs")), nil, nil,
			"warning protected_role", `group g1 is left out: its role "Site ADMINs" is protected`},
		{"a role of portal ADMIN or CLIENT is always protected", pushedGroups(group("g1", "Guards"), group("g2", "Visitors")),
			portalHas(plan.Role{ID: 5, Name: "Guards", Portal: "ADMIN"}, plan.Role{ID: 6, Name: "Visitors", Portal: "CLIENT"}),
			func(p *plan.Policy) { p.ProtectedRoles = nil }, "warning protected_role; warning protected_role", ""},
		{"a role without a portal is as one of the staff", pushedGroups(group("g1", "Guards")),
			portalHas(plan.Role{ID: 5, Name: "Guards"}), nil, `link_role g1/5 | g1=5 "Guards"`, ""},
		{"protected is said before any other reason", pushedGroups(group("g1", "Admins"), created("g2", "Admins", 5)),
			portalHas(staff(5, "Admins")), func(p *plan.Policy) { p.Adopt = false },
			"warning protected_role; warning protected_role", ""},
	})
}

// TestAGroupWhoseRoleIsGoneGetsAnother, unless nobody knows whether it is pushed still.
func TestAGroupWhoseRoleIsGoneGetsAnother(t *testing.T) {
	keepGroups(t, []groupPromise{
		{"a new one", pushedGroups(created("g1", "Guards", 5)), nil, nil, `create_role g1/0 | g1=0 "Guards"`, ""},
		{"one of the name", pushedGroups(created("g1", "Guards", 5)), portalHas(staff(6, "Guards")), nil,
			`link_role g1/6 | g1=6 "Guards"`, ""},
		{"of a group that could not be read: held", pushedGroups(notRead(created("g1", "Guards", 5))), nil, nil,
			"held create_role g1/0 unconfirmed", "its role is gone, and the group could not be read"},
		{"of a group that could not be read, one of the name: held", pushedGroups(notRead(created("g1", "Guards", 5))),
			portalHas(staff(6, "Guards")), nil, "held create_role g1/0 unconfirmed", ""},
		{"the snapshot was lost: the role that we made is found again", pushedGroups(group("g1", "Guards")),
			portalHas(ofGroup(5, "Guards", "g1")), nil, `link_role g1/5 | g1=5 "Guards"`,
			"this program made the role for the group before"},
		{"it was renamed meanwhile: it is still that group's", pushedGroups(group("g1", "Guards")),
			portalHas(ofGroup(5, "Porters", "g1")), nil, `link_role g1/5 | g1=5 "Porters"`, ""},
		{"another role has the name: ours is taken all the same", pushedGroups(group("g1", "Guards")),
			portalHas(staff(4, "Guards"), ofGroup(5, "Porters", "g1")), nil, `link_role g1/5 | g1=5 "Porters"`, ""},
		{"a role that we made is taken although another group's has the name",
			pushedGroups(group("g1", "Guards"), created("g2", "Guards", 6)),
			portalHas(ofGroup(5, "Porters", "g1"), staff(6, "Guards")), nil, `link_role g1/5 | g1=5 "Porters", g2=6 "Guards"`,
			""},
		{"found again with adopt: never and create_roles off", pushedGroups(group("g1", "Guards")),
			portalHas(ofGroup(5, "Guards", "g1")), func(p *plan.Policy) { p.Adopt, p.CreateRoles = false, false },
			`link_role g1/5 | g1=5 "Guards"`, ""},
		{"two roles were made for the group: the first one", pushedGroups(group("g1", "Guards")),
			portalHas(ofGroup(8, "Guards", "g1"), ofGroup(5, "Porters", "g1")), nil,
			`link_role g1/5; warning possible_double | g1=5 "Porters"`, "roles 5 and 8 of TrackTik"},
		{"a protected one that we made is left out", pushedGroups(group("g1", "Guards")),
			portalHas(ofGroup(5, "Admins", "g1")), nil, "warning protected_role", `its role "Guards" is protected`},
	})
}

// TestARoleIsRenamedWithItsGroup, and every reason why it is not is shown.
func TestARoleIsRenamedWithItsGroup(t *testing.T) {
	report := func(p *plan.Policy) { p.RepairDrift = false }
	guards := created("g1", "Guards", 5)
	patrol := renamedTo("Patrol", guards)
	keepGroups(t, []groupPromise{
		{"renamed in Okta", pushedGroups(patrol), portalHas(staff(5, "Guards")), nil,
			`rename_role g1/5 | g1=5 "Patrol"`, "the group was renamed in Okta"},
		{"a linked role too", pushedGroups(group("g1", "Patrol", linked(5, "Guards", plan.HowAdopted))),
			portalHas(staff(5, "Guards")), nil, `rename_role g1/5 | g1=5 "Patrol"`, ""},
		{"a mapped role is never renamed",
			pushedGroups(group("g1", "Patrol", linked(5, "Guards", plan.HowMapped), mappedTo("5"))),
			portalHas(staff(5, "Guards")), nil, `g1=5 "Guards"`, ""},
		{"only in its case", pushedGroups(renamedTo("GUARDS", guards)), portalHas(staff(5, "Guards")), nil,
			`rename_role g1/5 | g1=5 "GUARDS"`, ""},
		{"only in white space: nothing", pushedGroups(renamedTo(" Guards ", guards)), portalHas(staff(5, "Guards")), nil,
			`g1=5 "Guards"`, ""},
		{"renamed in TrackTik: renamed back", pushedGroups(guards), portalHas(staff(5, "Porters")), nil,
			`rename_role g1/5 | g1=5 "Guards"`, "the role was renamed in TrackTik"},
		{"renamed in TrackTik, and sync.drift is report: a warning", pushedGroups(guards), portalHas(staff(5, "Porters")),
			report,
			`warning drift | g1=5 "Porters"`, "role 5 was renamed in TrackTik, and is left so (sync.drift: report)"},
		{"in another case in TrackTik: no drift", pushedGroups(guards), portalHas(staff(5, "GUARDS")), nil, `g1=5 "GUARDS"`,
			""},
		{"a rename in Okta goes on with drift: report", pushedGroups(patrol), portalHas(staff(5, "Guards")), report,
			`rename_role g1/5 | g1=5 "Patrol"`, ""},
		{"to a name that another role has: held", pushedGroups(patrol), portalHas(staff(5, "Guards"), staff(6, "patrol")),
			nil,
			`held rename_role g1/5 role_exists | g1=5 "Guards"`, `another role has the name "Patrol"`},
		{"to a protected name: held", pushedGroups(renamedTo("Admins", guards)), portalHas(staff(5, "Guards")), nil,
			`held rename_role g1/5 protected_role | g1=5 "Guards"`, `sync.roles.protected names "Admins"`},
		{"to no name: held", pushedGroups(renamedTo(" ", guards)), portalHas(staff(5, "Guards")), nil,
			`held rename_role g1/5 role_exists | g1=5 "Guards"`, "the group has no name"},
		{"a role that is mapped for another group: held", pushedGroups(patrol, group("g2", "X", mappedTo("Guards"))),
			portalHas(staff(5, "Guards")), nil,
			`link_role g2/5; held rename_role g1/5 protected_role | g1=5 "Guards", g2=5 "Guards"`,
			"sync.groups.roles names role 5 for group g2, and such a role is never renamed"},
		{"a protected role is not renamed, and its members get nothing", pushedGroups(renamedTo("Patrol",
			created("g1", "Admins", 5))), portalHas(staff(5, "Admins")), nil, "warning protected_role", "group g1 is left out"},
		{"a group that could not be read renames nothing", pushedGroups(notRead(patrol)), portalHas(staff(5, "Guards")), nil,
			`g1=5 "Guards"`, ""},
		{"a group that could not be read undoes no rename", pushedGroups(notRead(guards)), portalHas(staff(5, "Porters")),
			nil,
			`g1=5 "Porters"`, ""},
		{"the name is there already", pushedGroups(patrol), portalHas(staff(5, "Patrol")), nil, `g1=5 "Patrol"`, ""},
	})
}

// TestRenamesGiveNamesFree: renames come before link_role and create_role, and one that gives
// a name free before the one that takes it; in a circle all but what is possible is held.
func TestRenamesGiveNamesFree(t *testing.T) {
	a, b, c := created("g1", "Alfa", 5), created("g2", "Bravo", 6), created("g3", "Charlie", 7)
	roles := portalHas(staff(5, "Alfa"), staff(6, "Bravo"), staff(7, "Charlie"))
	keepGroups(t, []groupPromise{
		{"a chain, from its end", pushedGroups(renamedTo("Bravo", a), renamedTo("Charlie", b), renamedTo("Delta", c)), roles,
			nil,
			`rename_role g3/7; rename_role g2/6; rename_role g1/5 | g1=5 "Bravo", g2=6 "Charlie", g3=7 "Delta"`, ""},
		{"a new group takes a name that is given free", pushedGroups(renamedTo("Delta", a), group("g9", "Alfa")), roles, nil,
			`rename_role g1/5; create_role g9/0 | g1=5 "Delta", g9=0 "Alfa"`, ""},
		{"a new group wants a name that a rename takes", pushedGroups(renamedTo("Delta", a), group("g0", "Delta")), roles,
			nil,
			`rename_role g1/5; held create_role g0/0 role_exists | g1=5 "Delta"`, ""},
		{"two want to be renamed to one name: the lower id", pushedGroups(renamedTo("Delta", b), renamedTo("delta", a)),
			roles, nil,
			`rename_role g1/5; held rename_role g2/6 role_exists | g1=5 "delta", g2=6 "Bravo"`, ""},
		{"the name of a role that stays is not taken", pushedGroups(renamedTo("Bravo", a), b), roles, nil,
			`held rename_role g1/5 role_exists | g1=5 "Alfa", g2=6 "Bravo"`, ""},
		{"a rename that is held gives nothing free", pushedGroups(renamedTo("Bravo", a), renamedTo("Admins", b)), roles, nil,
			`held rename_role g2/6 protected_role; held rename_role g1/5 role_exists | g1=5 "Alfa", g2=6 "Bravo"`, ""},
		{"a name that is given free, and that another role has still",
			pushedGroups(renamedTo("Delta", a), group("g9", "Alfa")),
			append(portalHas(plan.Role{ID: 8, Name: "Alfa", Portal: "CLIENT"}), roles...), nil,
			`rename_role g1/5; warning protected_role | g1=5 "Delta"`, ""},
		{"a name that is given free, and that a role of nobody has as well",
			pushedGroups(renamedTo("Delta", a), renamedTo("Alfa", b)), append(roles, staff(8, "Alfa")), nil,
			`rename_role g1/5; held rename_role g2/6 role_exists | g1=5 "Delta", g2=6 "Bravo"`, ""},
		{"a new group, and the name is given free by one of two roles",
			pushedGroups(renamedTo("Delta", a), group("g9", "Alfa")), append(roles, staff(8, "Alfa")), nil,
			`rename_role g1/5; link_role g9/8 | g1=5 "Delta", g9=8 "Alfa"`, ""},
		{"of an odd role that has the name", pushedGroups(renamedTo("Bravo", a)), roles, nil,
			`held rename_role g1/5 role_exists | g1=5 "Alfa"`, ""},
	})
	for name, circle := range map[string][]plan.GroupView{
		"of two":   pushedGroups(renamedTo("Bravo", a), renamedTo("Alfa", b)),
		"of three": pushedGroups(renamedTo("Bravo", a), renamedTo("Charlie", b), renamedTo("Alfa", c)),
	} {
		d := plan.DecideGroups(circle, portal(roles...), acme, with(func(*plan.Policy) {}))
		if len(d.Actions) > 0 || len(d.Held) != len(circle) {
			t.Errorf("a circle %s: %s", name, groupOutline(&d))
		}
	}
}

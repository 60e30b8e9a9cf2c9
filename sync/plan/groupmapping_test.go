package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// TestAGroupIsMappedToAnExistingRole by name or id, protected or not; a mapped role may be
// that of several groups.
func TestAGroupIsMappedToAnExistingRole(t *testing.T) {
	doors, gates := staff(5, "Doors"), staff(6, "Gates")
	mapped := func(id plan.GroupID, to string, role plan.RoleID, called string) plan.GroupView {
		return group(id, "Guards", mappedTo(to), linked(role, called, plan.HowMapped))
	}
	two := fits("Doors", "Gates")
	keepGroups(t, []groupPromise{
		{"by name", pushedGroups(group("g1", "Guards", mappedTo(" doors "))), portalHas(doors), nil,
			`link_role g1/5 | g1=5 "Doors"`, "sync.groups.roles names it"},
		{"by id", pushedGroups(group("g1", "Guards", mappedTo("6"))), portalHas(doors, gates), nil,
			`link_role g1/6 | g1=6 "Gates"`, ""},
		{"a name that is a number comes first", pushedGroups(group("g1", "Guards", mappedTo("6"))),
			portalHas(doors, gates, staff(7, "6")), nil, `link_role g1/7 | g1=7 "6"`, ""},
		{"a number with something behind it is no id", pushedGroups(group("g1", "Guards", mappedTo("6x"))), portalHas(gates),
			nil,
			"problem missing_required", `group g1: sync.groups.roles names the role "6x", and the portal has none`},
		{"a protected role, since it is named", pushedGroups(group("g1", "Guards", mappedTo("Admins"))),
			portalHas(staff(5, "Admins")), nil, `link_role g1/5 | g1=5 "Admins"`, ""},
		{"a role of portal ADMIN, since it is named", pushedGroups(group("g1", "Guards", mappedTo("5"))),
			portalHas(plan.Role{ID: 5, Name: "Boss", Portal: "ADMIN"}), nil, `link_role g1/5 | g1=5 "Boss"`, ""},
		{"a group of a protected name, since it is mapped", pushedGroups(group("g1", "Admins", mappedTo("Doors"))),
			portalHas(doors), nil, `link_role g1/5 | g1=5 "Doors"`, ""},
		{"several groups may give one mapped role", pushedGroups(group("g1", "A", mappedTo("5")), group("g2", "B",
			mappedTo("Doors"))), portalHas(doors), nil, `link_role g1/5; link_role g2/5 | g1=5 "Doors", g2=5 "Doors"`, ""},
		{"a role that is another group's by name may be mapped", pushedGroups(created("g1", "Doors", 5), group("g2", "B",
			mappedTo("Doors"))), portalHas(doors), nil, `link_role g2/5 | g1=5 "Doors", g2=5 "Doors"`, ""},
		{"with create_roles off and adopt: never", pushedGroups(group("g1", "Guards", mappedTo("5"))), portalHas(doors),
			func(p *plan.Policy) { p.CreateRoles, p.Adopt = false, false }, `link_role g1/5 | g1=5 "Doors"`, ""},
		{"no such role: a problem, and no role is made", pushedGroups(group("g1", "Guards", mappedTo("Nope"))),
			portalHas(doors),
			nil, "problem missing_required", `names the role "Nope"`},
		{"in order: nothing to do", pushedGroups(mapped("g1", "Doors", 5, "Doors")), portalHas(doors), nil, `g1=5 "Doors"`,
			""},
		{"mapped by name, and renamed in TrackTik: the role of that name counts",
			pushedGroups(mapped("g1", "Doors", 5, "Doors")),
			portalHas(staff(5, "Portals"), staff(7, "Doors")), nil, `link_role g1/7; warning role_changed | g1=7 "Doors"`, ""},
		{"mapped by id, and renamed in TrackTik: it is that role still", pushedGroups(mapped("g1", "5", 5, "Doors")),
			portalHas(staff(5, "Portals")), nil, `g1=5 "Portals"`, ""},
		{"the configuration names another role by now", pushedGroups(mapped("g1", "Gates", 5, "Doors")),
			portalHas(doors, gates),
			nil, `link_role g1/6; warning role_changed | g1=6 "Gates"`,
			`group g1 had role 5 ("Doors") before: its holders keep that one as well until they leave the group`},
		{"a role that we made for it is mapped by now: that is noted",
			pushedGroups(group("g1", "Guards", mappedTo("5"), linked(5, "Guards", plan.HowCreated))),
			portalHas(staff(5, "Guards")), nil, `link_role g1/5 | g1=5 "Guards"`, ""},
		{"mapped no more: the role is free for a group of its name", pushedGroups(group("g1", "Doors"),
			group("g2", "X", linked(5, "Doors", plan.HowMapped))), portalHas(doors), nil,
			`link_role g1/5; create_role g2/0; warning role_changed | g1=5 "Doors", g2=0 "X"`, ""},
		{"the former role is gone: no warning", pushedGroups(mapped("g1", "Gates", 5, "Doors")), portalHas(gates), nil,
			`link_role g1/6 | g1=6 "Gates"`, ""},
		{"with one role a person they are swapped: no warning", pushedGroups(mapped("g1", "Gates", 5, "Doors")),
			portalHas(doors, gates), func(p *plan.Policy) { p.OneRole = true }, `link_role g1/6 | g1=6 "Gates"`, ""},

		{"globs with different roles for one group: held", pushedGroups(group("g1", "Guards", two)), portalHas(doors, gates),
			nil,
			"held link_role g1/0 ambiguous_mapping", `"*" gives "Doors", "*" gives "Gates"; name group g1 itself`},
		{"globs whose role is one, by name and by id", pushedGroups(group("g1", "Guards", fits("Doors", "5"))),
			portalHas(doors),
			nil, `link_role g1/5 | g1=5 "Doors"`, ""},
		{"globs of which one names no role: held", pushedGroups(group("g1", "Guards", fits("Doors", "Nope"))),
			portalHas(doors),
			nil, "held link_role g1/0 ambiguous_mapping", ""},
		{"globs that both name no role: a problem", pushedGroups(group("g1", "Guards", fits("No", "Nope"))), portalHas(doors),
			nil, "problem missing_required", ""},
		{"a held group keeps its role from others", pushedGroups(group("g1", "Guards", two), group("g2", "Gates")),
			portalHas(doors, gates), nil, "held link_role g1/0 ambiguous_mapping; held create_role g2/0 role_exists",
			"sync.groups.roles gives role 6 to group g1"},
	})
}

// TestWhatIsRememberedOfARole is what somebody has called it in TrackTik, so that the next
// run, which does not read the portal, knows.
func TestWhatIsRememberedOfARole(t *testing.T) {
	for sentence, c := range map[string]struct {
		group plan.GroupView
		roles []plan.Role
		want  string // the remembered links: group name, role name
	}{
		"in order": {created("g1", "Guards", 5), portalHas(staff(5, "Guards")), ""},
		"the rename that is there already": {renamedTo("Patrol", created("g1", "Guards", 5)), portalHas(staff(5, "Patrol")),
			"Patrol Patrol"},
		"a protected name, by hand": {created("g1", "Guards", 5), portalHas(staff(5, "Admins")), "Guards Admins"},
		"another case, by hand":     {created("g1", "Guards", 5), portalHas(staff(5, "GUARDS")), "Guards GUARDS"},
		"a mapped one, by hand": {group("g1", "Guards", mappedTo("5"), linked(5, "Doors", plan.HowMapped)),
			portalHas(staff(5, "Portals")), "Doors Portals"},
		"a mapped one whose name is no role's any more": {group("g1", "Guards", mappedTo("Doors"),
			linked(5, "Doors", plan.HowMapped)), portalHas(staff(5, "Portals")), "Doors Portals"},
		"a mapped one that is gone": {group("g1", "Guards", mappedTo("Doors"), linked(5, "Doors", plan.HowMapped)), nil, ""},
		"of a group that could not be read": {notRead(created("g1", "Guards", 5)), portalHas(staff(5, "Porters")),
			"Guards Porters"},
		"a rename to come is none yet": {created("g1", "Guards", 5), portalHas(staff(5, "Porters")), ""},
	} {
		d := plan.DecideGroups([]plan.GroupView{c.group}, portal(c.roles...), acme,
			with(func(p *plan.Policy) { p.ProtectedRoles = []string{"*admin*"} }))
		var got []string
		for _, l := range d.Links {
			got = append(got, l.Name+" "+l.RoleName)
			if l.Group != "g1" || l.Role != 5 || l.How != c.group.Link.How {
				t.Errorf("%s: remembered %+v", sentence, l)
			}
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s: remembered %q, want %q", sentence, text, c.want)
		}
	}
}

// TestThePortalsRolesAreReadOnlyForWhatNeedsThem: a run in which no link is missing asks
// nothing.
func TestThePortalsRolesAreReadOnlyForWhatNeedsThem(t *testing.T) {
	mapped := func(to string) plan.GroupView {
		return group("g1", "Guards", mappedTo(to), linked(5, "Doors", plan.HowMapped))
	}
	ofAnotherName := created("g1", "Guards", 5)
	ofAnotherName.Link.RoleName = "Porters"
	for sentence, c := range map[string]struct {
		group plan.GroupView
		want  bool
	}{
		"a group without a link":       {group("g1", "Guards"), true},
		"aside":                        {aside(group("g1", "Guards")), false},
		"a link without a role":        {group("g1", "Guards", linked(0, "Guards", "")), true},
		"a role, in order":             {created("g1", "Guards", 5), false},
		"renamed":                      {renamedTo("Patrol", created("g1", "Guards", 5)), true},
		"renamed in white space only":  {renamedTo("Guards ", created("g1", "Guards", 5)), false},
		"the role is called otherwise": {ofAnotherName, true},
		"the role is called otherwise, and nobody knows": {notRead(ofAnotherName), false},
		"protected, and without a role":                  {group("g1", "Admins"), false},
		"protected, and linked without a role":           {group("g1", "Admins", linked(0, "Admins", "")), false},
		"protected, and has a role":                      {created("g1", "Admins", 5), false},
		"renamed in its case only":                       {renamedTo("GUARDS", created("g1", "Guards", 5)), true},
		"renamed to a protected name":                    {renamedTo("Site Admins", created("g1", "Guards", 5)), true},
		"one glob, in order": {group("g1", "Guards", fits("Doors"),
			linked(5, "Doors", plan.HowMapped)), false},
		"protected, and mapped":    {group("g1", "Admins", mappedTo("5")), true},
		"mapped by name, in order": {mapped("doors"), false},
		"mapped by id, in order":   {mapped("5"), false},
		"mapped to another name":   {mapped("Gates"), true},
		"mapped to another id":     {mapped("6"), true},
		"mapped by now": {group("g1", "Guards", mappedTo("5"),
			linked(5, "Guards", plan.HowCreated)), true},
		"mapped no more": {group("g1", "Guards", linked(5, "Guards", plan.HowMapped)), true},
		"several globs": {group("g1", "Guards", fits("Doors", "5"),
			linked(5, "Doors", plan.HowMapped)), true},
	} {
		pol := with(func(p *plan.Policy) { p.ProtectedRoles = []string{"*admin*"} })
		if got := plan.NeedsPortalRoles([]plan.GroupView{created("g0", "Zero", 1), c.group}, pol); got != c.want {
			t.Errorf("%s: %v", sentence, got)
		}
	}
	if plan.NeedsPortalRoles(nil, with(func(*plan.Policy) {})) {
		t.Error("roles are read for no group")
	}
}

// TestWithoutTheRolesOfThePortalNothingIsMadeUp: groups keep the roles on record.
func TestWithoutTheRolesOfThePortalNothingIsMadeUp(t *testing.T) {
	d := plan.DecideGroups(pushedGroups(created("g1", "Guards", 5),
		group("g2", "Doors", mappedTo("Doors"), linked(6, "Doors", plan.HowMapped)), created("g3", "Admins", 7)),
		plan.PortalRoles{}, acme, with(func(p *plan.Policy) { p.ProtectedRoles = []string{"*admin*"} }))
	if got := groupOutline(&d); got != `warning protected_role | g1=5 "Guards", g2=6 "Doors"` {
		t.Errorf("decided %s", got)
	}
	shared := plan.DecideGroups(pushedGroups(renamedTo("Patrol", created("g1", "Guards", 5)),
		group("g2", "Doors", mappedTo("5"), linked(5, "Guards", plan.HowMapped))), plan.PortalRoles{}, acme,
		with(func(*plan.Policy) {}))
	if got := groupOutline(&shared); got != `held rename_role g1/5 protected_role | g1=5 "Guards", g2=5 "Guards"` {
		t.Errorf("a mapped role is renamed: %s", got)
	}
	if len(d.Links) > 0 {
		t.Errorf("remembered %+v", d.Links)
	}
}

// TestAKeyThatFitsNoGroupSaysWhichGroupMayBeMeant, and what the key is of.
func TestAKeyThatFitsNoGroupSaysWhichGroupMayBeMeant(t *testing.T) {
	pushed := pushedGroups(created("00g1", "Site North", 5))
	read := []plan.Group{pushed[0].Group, {ID: "00g2", Name: "Office"}}
	for sentence, c := range map[string]struct {
		keys  plan.GroupKeys
		field string
		says  string
	}{
		"of names": {plan.GroupKeys{Names: []string{"Site Nord"}}, "sync.groups.names",
			`the nearest is group "Site North" (00g1)`},
		"of ids": {plan.GroupKeys{IDs: []string{"00g3"}}, "sync.groups.ids", "the nearest is group"},
		"of roles": {plan.GroupKeys{Roles: []string{"Site Nort"}}, "sync.groups.roles",
			"the nearest is group"},
		"of order": {plan.GroupKeys{Order: []string{"Sites North"}}, "sync.groups.order",
			"the nearest is group"},
		"one that fits, not pushed": {plan.GroupKeys{Roles: []string{"off*"}}, "sync.groups.roles",
			`group "Office" (00g2) fits, and is not pushed`},
		"one whose id it is": {plan.GroupKeys{Order: []string{"00g2"}}, "sync.groups.order",
			`group "Office" (00g2) fits, and is not pushed`},
		"just half of it is wrong": {plan.GroupKeys{Names: []string{"Offixyzw"}}, "sync.groups.names",
			`the nearest is group "Office"`},
		"more than half is wrong": {plan.GroupKeys{Names: []string{"Offxyzw"}}, "sync.groups.names",
			"Okta has no such group, or does not show it to us"},
		"less than half is wrong": {plan.GroupKeys{Names: []string{"Offixe"}}, "sync.groups.names",
			`the nearest is group "Office"`},
		"nothing is near": {plan.GroupKeys{Names: []string{"Night patrol"}}, "sync.groups.names",
			"Okta has no such group"},
		"a star stands for no letter": {plan.GroupKeys{Names: []string{"zz*"}}, "sync.groups.names",
			"Okta has no such group"},
	} {
		got := plan.DeadKeys(c.keys, pushed, read)
		if len(got) != 1 || got[0].Code != plan.WarningDeadKey || got[0].Field != c.field ||
			!strings.Contains(got[0].Message, c.says) || !strings.HasPrefix(got[0].Message, c.field+" names ") {
			t.Errorf("%s: %+v", sentence, got)
		}
	}
	alive := plan.GroupKeys{Names: []string{"site north", "SITE*", "*"}, IDs: []string{"00g1"},
		Roles: []string{"00g1", "Site *"},
		Order: []string{"*north"}}
	if got := plan.DeadKeys(alive, pushed, read); len(got) > 0 {
		t.Errorf("keys that fit are dead: %+v", got)
	}
	if got := plan.DeadKeys(plan.GroupKeys{Names: []string{"x"}}, nil, nil); len(got) != 1 ||
		!strings.Contains(got[0].Message, "Okta has no such group") {
		t.Errorf("no group at all: %+v", got)
	}
}

// TestAMarkTiesARoleToOneGroupOfOneConnection.
func TestAMarkTiesARoleToOneGroupOfOneConnection(t *testing.T) {
	made := func(org, app, g string) plan.Role {
		b := plan.Binding{Org: org, App: app}
		return plan.Role{ID: 9, Name: "X", Portal: "STAFF", Description: plan.RoleDescription(b, plan.GroupID(g), "X")}
	}
	formerly := plan.Binding{Org: "https://old.okta.com", App: "0oa0"}
	for sentence, c := range map[string]struct {
		role    plan.Role
		foreign bool
	}{
		"ours":                    {made("https://acme.okta.com", "0oa1", "g1"), false},
		"ours, written with http": {made("http://acme.okta.com", "0oa1", "g1"), false},
		"ours, without a scheme":  {made("acme.okta.com", "0oa1", "g1"), false},
		"of what we were before":  {made("https://old.okta.com", "0oa0", "g1"), false},
		"our org, their app":      {made("https://acme.okta.com", "0oa0", "g1"), true},
		"another org":             {made("https://acme.oktapreview.com", "0oa1", "g1"), true},
		"an app that begins so":   {made("https://acme.okta.com", "0oa12", "g1"), true},
		"by hand":                 {plan.Role{ID: 9, Name: "X", Description: "made by Bob"}, false},
		"no description":          {plan.Role{ID: 9, Name: "X"}, false},
		"a text that is no mark":  {plan.Role{ID: 9, Description: "tracktik-sync other.okta.com/0oa9/g1"}, false},
		"a mark behind other text": {plan.Role{ID: 9, Description: "Night. [tracktik-sync other.okta.com/0oa9/g1] Bob"},
			true},
	} {
		if got, is := plan.Foreign([]plan.Role{staff(1, "A"), c.role}, acme, formerly); is != c.foreign || is && got.ID != 9 {
			t.Errorf("%s: %v, role %d", sentence, is, got.ID)
		}
	}
	if _, is := plan.Foreign([]plan.Role{made("https://acme.okta.com", "0oa1", "g1")}); !is {
		t.Error("with no connection of ours, a mark is somebody else's")
	}
	text := plan.RoleDescription(acme, "g1", `The "A" team`)
	want := `Holders are the members of the Okta group "The \"A\" team". [tracktik-sync acme.okta.com/0oa1/g1]`
	if text != want {
		t.Errorf("the description is %s", text)
	}
	for _, open := range []string{"[tracktik-sync acme.okta.com/0oa1/g9", "[tracktik-sync acme.okta.com/0oa1/]"} {
		r := staff(5, "Guards")
		r.Description = open
		d := plan.DecideGroups(pushedGroups(group("g1", "Guards")), portal(r), acme, with(func(*plan.Policy) {}))
		if got := groupOutline(&d); got != `link_role g1/5 | g1=5 "Guards"` {
			t.Errorf("a mark that names no group (%s) keeps the role from others: %s", open, got)
		}
	}
}

package plan_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

var acme = plan.Binding{Org: "https://acme.okta.com", App: "0oa1", Portal: "https://acme.staffr.net"}

func group(id plan.GroupID, name string, changes ...func(*plan.GroupView)) plan.GroupView {
	v := plan.GroupView{Group: plan.Group{ID: id, Name: name}}
	for _, change := range changes {
		change(&v)
	}
	return v
}

// linked says that the group's role is that one, and both were called name.
func linked(role plan.RoleID, name, how string) func(*plan.GroupView) {
	return func(v *plan.GroupView) {
		v.Link = &plan.GroupLink{Group: v.Group.ID, Name: name, Role: role, RoleName: name, How: how}
	}
}

// aside is a group that nothing is decided about.
func aside(v plan.GroupView) plan.GroupView {
	v.Aside = true
	return v
}

func mappedTo(name string) func(*plan.GroupView) { return func(v *plan.GroupView) { v.Mapped = name } }

// fits says that the group fits several globs, with those roles.
func fits(roles ...string) func(*plan.GroupView) {
	return func(v *plan.GroupView) {
		v.Mapped = roles[0]
		for _, role := range roles {
			v.Globs = append(v.Globs, plan.RoleKey{Key: "*", Role: role})
		}
	}
}

func portal(roles ...plan.Role) plan.PortalRoles { return plan.PortalRoles{Read: true, Roles: roles} }

func staff(id plan.RoleID, name string) plan.Role {
	return plan.Role{ID: id, Name: name, Portal: "STAFF"}
}

// ofGroup is a role that this program made for a group of acme.
func ofGroup(id plan.RoleID, name string, g plan.GroupID) plan.Role {
	r := staff(id, name)
	r.Description = plan.RoleDescription(acme, g, name)
	return r
}

// groupOutline is what becomes of the groups in one line, with the roles they have
// after it.
func groupOutline(d *plan.GroupDecision) string {
	text := outline(&d.Decision)
	var roles []string
	for _, id := range slices.Sorted(maps.Keys(d.Roles)) {
		roles = append(roles, fmt.Sprintf("%s=%d %q", id, d.Roles[id].ID, d.Roles[id].Name))
	}
	return strings.TrimSuffix(strings.TrimPrefix(text+" | "+strings.Join(roles, ", "), " | "), " | ")
}

// TestWhichRoleAGroupGets goes through what a pushed group may meet in the portal.
func TestWhichRoleAGroupGets(t *testing.T) {
	nothing := func(*plan.Policy) {}
	never := func(p *plan.Policy) { p.Adopt = false }
	noCreate := func(p *plan.Policy) { p.CreateRoles = false }
	noAdmins := func(p *plan.Policy) { p.ProtectedRoles = []string{"*admin*"} }
	report := func(p *plan.Policy) { p.RepairDrift = false }
	other := plan.Role{ID: 5, Name: "Guards", Portal: "CLIENT"}
	admin := plan.Role{ID: 5, Name: "Guards", Portal: "ADMIN"}
	views := func(list ...plan.GroupView) []plan.GroupView { return list }
	for name, c := range map[string]struct {
		views  []plan.GroupView
		portal plan.PortalRoles
		policy func(*plan.Policy)
		want   string
	}{
		"a new group":                        {views(group("g1", " Guards ")), portal(), nothing, `create_role g1/0 | g1=0 "Guards"`},
		"a role of the name":                 {views(group("g1", "Guards")), portal(staff(5, "GUARDS")), nothing, `link_role g1/5 | g1=5 "GUARDS"`},
		"a role of the name, inner space":    {views(group("g1", "Site  Guards")), portal(staff(5, "site guards")), nothing, `link_role g1/5 | g1=5 "site guards"`},
		"a role of the name, decomposed":     {views(group("g1", "S\u00e9curit\u00e9")), portal(staff(5, "Se\u0301curite\u0301")), nothing, "link_role g1/5 | g1=5 \"Se\u0301curite\u0301\""},
		"adopt: never":                       {views(group("g1", "Guards")), portal(staff(5, "Guards")), never, `held create_role g1/0 role_exists`},
		"adopt: never, no such role":         {views(group("g1", "Guards")), portal(), never, `create_role g1/0 | g1=0 "Guards"`},
		"two roles of the name, one staff":   {views(group("g1", "Guards")), portal(other, staff(6, "Guards")), nothing, `link_role g1/6 | g1=6 "Guards"`},
		"create_roles: false":                {views(group("g1", "Guards")), portal(), noCreate, `held create_role g1/0 switched_off`},
		"create_roles: false links still":    {views(group("g1", "Guards")), portal(staff(5, "Guards")), noCreate, `link_role g1/5 | g1=5 "Guards"`},
		"a role of the client portal":        {views(group("g1", "Guards")), portal(other), nothing, "warning protected_role"},
		"a role of the admin portal":         {views(group("g1", "Guards")), portal(admin), nothing, "warning protected_role"},
		"a protected name":                   {views(group("g1", "Site ADMINs")), portal(), noAdmins, "warning protected_role"},
		"a protected name that exists":       {views(group("g1", "Site Admins")), portal(staff(5, "Site Admins")), noAdmins, "warning protected_role"},
		"a group without a name":             {views(group("g1", " ")), portal(), nothing, "held create_role g1/0 role_exists"},
		"two new groups of one name":         {views(group("g2", "Guards"), group("g1", "guards")), portal(), nothing, `create_role g1/0; held create_role g2/0 role_exists | g1=0 "guards"`},
		"two new groups, one role":           {views(group("g2", "Guards"), group("g1", "guards")), portal(staff(5, "Guards")), nothing, `link_role g1/5; held create_role g2/0 role_exists | g1=5 "Guards"`},
		"the role is another group's":        {views(group("g1", "Guards"), group("g2", "Guards", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards")), nothing, `held create_role g1/0 role_exists | g2=5 "Guards"`},
		"the role is mapped to another":      {views(group("g1", "Guards"), group("g2", "Others", mappedTo("Guards"))), portal(staff(5, "Guards")), nothing, `link_role g2/5; held create_role g1/0 role_exists | g2=5 "Guards"`},
		"linked, nothing read":               {views(group("g1", "Guards", linked(5, "Guards", plan.HowCreated))), plan.PortalRoles{}, nothing, `g1=5 "Guards"`},
		"linked, in order":                   {views(group("g1", "Guards", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards")), nothing, `g1=5 "Guards"`},
		"linked by another case":             {views(group("g1", "Guards", linked(5, "Guards", plan.HowAdopted))), portal(staff(5, "GUARDS")), nothing, `g1=5 "GUARDS"`},
		"linked, the role is gone":           {views(group("g1", "Guards", linked(5, "Guards", plan.HowCreated))), portal(), nothing, `create_role g1/0 | g1=0 "Guards"`},
		"linked, gone, another has the name": {views(group("g1", "Guards", linked(5, "Guards", plan.HowCreated))), portal(staff(6, "Guards")), nothing, `link_role g1/6 | g1=6 "Guards"`},
		"linked, protected by now":           {views(group("g1", "Admins", linked(5, "Admins", plan.HowCreated))), portal(staff(5, "Admins")), noAdmins, "warning protected_role"},
		"linked, of the admin portal":        {views(group("g1", "Guards", linked(5, "Guards", plan.HowAdopted))), portal(admin), nothing, "warning protected_role"},

		"renamed":                         {views(group("g1", "Patrol", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards")), nothing, `rename_role g1/5 | g1=5 "Patrol"`},
		"renamed, and linked by name":     {views(group("g1", "Patrol", linked(5, "Guards", plan.HowAdopted))), portal(staff(5, "Guards")), nothing, `rename_role g1/5 | g1=5 "Patrol"`},
		"renamed in its case":             {views(group("g1", "GUARDS", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards")), report, `rename_role g1/5 | g1=5 "GUARDS"`},
		"renamed to what it is already":   {views(group("g1", "Patrol", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Patrol")), nothing, `g1=5 "Patrol"`},
		"renamed to another role's":       {views(group("g1", "Patrol", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards"), staff(6, "PATROL")), nothing, `held rename_role g1/5 role_exists | g1=5 "Guards"`},
		"two renamed to one name":         {views(group("g2", "Patrol", linked(6, "Doors", plan.HowCreated)), group("g1", "patrol", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards"), staff(6, "Doors")), nothing, `rename_role g1/5; held rename_role g2/6 role_exists | g1=5 "patrol", g2=6 "Doors"`},
		"renamed to a protected name":     {views(group("g1", "Admins", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards")), noAdmins, `held rename_role g1/5 protected_role | g1=5 "Guards"`},
		"renamed to nothing":              {views(group("g1", "", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards")), nothing, `held rename_role g1/5 role_exists | g1=5 "Guards"`},
		"renamed, mapped by another":      {views(group("g1", "Patrol", linked(5, "Guards", plan.HowCreated)), group("g2", "X", mappedTo("5"))), portal(staff(5, "Guards")), nothing, `link_role g2/5; held rename_role g1/5 protected_role | g1=5 "Guards", g2=5 "Guards"`},
		"a swap of names is held":         {views(group("g1", "Doors", linked(5, "Guards", plan.HowCreated)), group("g2", "Guards", linked(6, "Doors", plan.HowCreated))), portal(staff(5, "Guards"), staff(6, "Doors")), nothing, `held rename_role g2/6 role_exists; held rename_role g1/5 role_exists | g1=5 "Guards", g2=6 "Doors"`},
		"a chain of names is renamed":     {views(group("g1", "Doors", linked(5, "Guards", plan.HowCreated)), group("g2", "Gates", linked(6, "Doors", plan.HowCreated))), portal(staff(5, "Guards"), staff(6, "Doors")), nothing, `rename_role g2/6; rename_role g1/5 | g1=5 "Doors", g2=6 "Gates"`},
		"a new group takes a freed name":  {views(group("g0", "Guards"), group("g1", "Patrol", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards")), nothing, `rename_role g1/5; create_role g0/0 | g0=0 "Guards", g1=5 "Patrol"`},
		"a new group wants a taken name":  {views(group("g0", "Patrol"), group("g1", "Patrol", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards")), nothing, `rename_role g1/5; held create_role g0/0 role_exists | g1=5 "Patrol"`},
		"renamed in TrackTik":             {views(group("g1", "Guards", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Porters")), nothing, `rename_role g1/5 | g1=5 "Guards"`},
		"renamed in TrackTik, reported":   {views(group("g1", "Guards", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Porters")), report, `warning drift | g1=5 "Porters"`},
		"renamed in TrackTik and in Okta": {views(group("g1", "Patrol", linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Porters")), report, `rename_role g1/5 | g1=5 "Patrol"`},

		"mapped by name":                    {views(group("g1", "Guards", mappedTo("doors"))), portal(staff(5, "Doors")), nothing, `link_role g1/5 | g1=5 "Doors"`},
		"mapped by id":                      {views(group("g1", "Guards", mappedTo("5"))), portal(staff(5, "Doors")), nothing, `link_role g1/5 | g1=5 "Doors"`},
		"mapped by a name that is a number": {views(group("g1", "Guards", mappedTo("5"))), portal(staff(5, "Doors"), staff(6, "5")), nothing, `link_role g1/6 | g1=6 "5"`},
		"mapped to a protected one":         {views(group("g1", "Guards", mappedTo("Admins"))), portal(staff(5, "Admins")), noAdmins, `link_role g1/5 | g1=5 "Admins"`},
		"mapped with adopt: never":          {views(group("g1", "Guards", mappedTo("Doors"))), portal(staff(5, "Doors")), never, `link_role g1/5 | g1=5 "Doors"`},
		"mapped to nothing":                 {views(group("g1", "Guards", mappedTo("Doors"))), portal(staff(5, "Guards")), nothing, "problem missing_required"},
		"mapped, nothing read":              {views(group("g1", "Guards", mappedTo("Doors"), linked(5, "Guards", plan.HowMapped))), plan.PortalRoles{}, nothing, `g1=5 "Guards"`},
		"mapped, in order":                  {views(group("g1", "Guards", mappedTo("Doors"), linked(5, "Guards", plan.HowMapped))), portal(staff(5, "Doors")), nothing, `g1=5 "Doors"`},
		"mapped is never renamed":           {views(group("g1", "Patrol", mappedTo("Doors"), linked(5, "Guards", plan.HowMapped))), portal(staff(5, "Doors")), nothing, `g1=5 "Doors"`},
		"mapped to another by now":          {views(group("g1", "Guards", mappedTo("Gates"), linked(5, "Guards", plan.HowMapped))), portal(staff(5, "Doors"), staff(6, "Gates")), nothing, `link_role g1/6; warning role_changed | g1=6 "Gates"`},
		"mapped, was made before":           {views(group("g1", "Guards", mappedTo("Doors"), linked(5, "Guards", plan.HowCreated))), portal(staff(5, "Guards"), staff(6, "Doors")), nothing, `link_role g1/6; warning role_changed | g1=6 "Doors"`},
		"mapped no more":                    {views(group("g1", "Guards", linked(5, "Guards", plan.HowMapped))), portal(staff(5, "Doors")), nothing, `create_role g1/0; warning role_changed | g1=0 "Guards"`},
		"two mapped to one":                 {views(group("g1", "A", mappedTo("Doors")), group("g2", "B", mappedTo("5"))), portal(staff(5, "Doors")), nothing, `link_role g1/5; link_role g2/5 | g1=5 "Doors", g2=5 "Doors"`},

		"globs of two roles":                {views(group("g1", "Guards", fits("Doors", "Gates"))), portal(staff(5, "Doors"), staff(6, "Gates")), nothing, "held link_role g1/0 ambiguous_mapping"},
		"globs of one role, spelt two ways": {views(group("g1", "Guards", fits("Doors", "5"))), portal(staff(5, "Doors")), nothing, `link_role g1/5 | g1=5 "Doors"`},
		"globs, one of no role":             {views(group("g1", "Guards", fits("Doors", "None"))), portal(staff(5, "Doors")), nothing, "held link_role g1/0 ambiguous_mapping"},
		"globs of two roles, linked":        {views(group("g1", "Guards", fits("Doors", "Gates"), linked(5, "Guards", plan.HowMapped))), portal(staff(5, "Doors"), staff(6, "Gates")), nothing, "held link_role g1/0 ambiguous_mapping"},
		"globs claim both of their roles":   {views(group("g1", "Guards", fits("Doors", "Gates")), group("g2", "Doors"), group("g3", "Gates")), portal(staff(5, "Doors"), staff(6, "Gates")), nothing, "held link_role g1/0 ambiguous_mapping; held create_role g2/0 role_exists; held create_role g3/0 role_exists"},

		"aside, its role":                {views(group("g1", "Guards"), aside(group("g2", "", linked(5, "Guards", plan.HowCreated)))), portal(staff(5, "Guards")), nothing, "held create_role g1/0 role_exists"},
		"aside, its role is gone":        {views(group("g1", "Guards"), aside(group("g2", "", linked(5, "Guards", plan.HowCreated)))), portal(), nothing, `create_role g1/0 | g1=0 "Guards"`},
		"aside, its mapping":             {views(group("g1", "Guards"), aside(group("g2", "", mappedTo("5")))), portal(staff(5, "Guards")), nothing, "held create_role g1/0 role_exists"},
		"aside, its name":                {views(group("g1", "Guards"), aside(group("g2", "guards"))), portal(), nothing, "held create_role g1/0 role_exists"},
		"aside, its name, a role exists": {views(group("g1", "Guards"), aside(group("g2", "guards"))), portal(staff(5, "Guards")), nothing, "held create_role g1/0 role_exists"},
		"aside, mapped, and so not its":  {views(group("g1", "Guards"), aside(group("g2", "guards", mappedTo("Doors")))), portal(staff(6, "Doors")), nothing, `create_role g1/0 | g1=0 "Guards"`},
		"aside, a name to be renamed to": {views(group("g1", "Patrol", linked(5, "Guards", plan.HowCreated)), aside(group("g2", "patrol"))), portal(staff(5, "Guards")), nothing, `held rename_role g1/5 role_exists | g1=5 "Guards"`},
		"aside, and renamed":             {views(aside(group("g1", "Patrol", linked(5, "Guards", plan.HowCreated)))), portal(staff(5, "Guards")), nothing, ""},
		"aside, and new":                 {views(aside(group("g1", "Patrol"))), portal(), nothing, ""},
		"a mapped role is not renamed":   {views(group("g1", "Patrol", linked(5, "Guards", plan.HowCreated)), aside(group("key", "", mappedTo("Guards")))), portal(staff(5, "Guards")), nothing, `held rename_role g1/5 protected_role | g1=5 "Guards"`},

		"the snapshot was lost":              {views(group("g1", "Guards")), portal(ofGroup(5, "Guards", "g1")), nothing, `link_role g1/5 | g1=5 "Guards"`},
		"lost, and adopt: never":             {views(group("g1", "Guards")), portal(ofGroup(5, "Guards", "g1")), never, `link_role g1/5 | g1=5 "Guards"`},
		"lost, renamed since":                {views(group("g1", "Patrol")), portal(ofGroup(5, "Guards", "g1")), nothing, `link_role g1/5 | g1=5 "Guards"`},
		"lost, another has the name":         {views(group("g1", "Guards")), portal(staff(4, "Guards"), ofGroup(5, "Guards 2", "g1")), nothing, `link_role g1/5 | g1=5 "Guards 2"`},
		"a role made for another group":      {views(group("g1", "Guards")), portal(ofGroup(5, "Doors", "g11")), nothing, `create_role g1/0 | g1=0 "Guards"`},
		"lost, the role is protected by now": {views(group("g1", "Guards")), portal(ofGroup(5, "Admins", "g1")), noAdmins, "warning protected_role"},
		"made for it, and linked to another": {views(group("g1", "Guards"), group("g2", "Others", linked(5, "Others", plan.HowAdopted))), portal(ofGroup(5, "Others", "g1")), nothing, `create_role g1/0 | g1=0 "Guards", g2=5 "Others"`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range [][]plan.GroupView{c.views, reversed(c.views)} {
				p := c.portal
				p.Roles = reversed(p.Roles)
				d := plan.DecideGroups(v, p, acme, with(c.policy))
				if got := groupOutline(&d); got != c.want {
					t.Errorf("decided %q, want %q", got, c.want)
				}
			}
		})
	}
}

// TestARefusedRoleWaitsForItsNextTry under the name that was refused: its group has it, and
// nobody is granted it. A role whose rename is refused is granted as ever.
func TestARefusedRoleWaitsForItsNextTry(t *testing.T) {
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		view  plan.GroupView
		roles plan.PortalRoles
		kind  plan.Kind
	}{
		"made":    {group("g1", "Guards"), portal(), plan.CreateRole},
		"renamed": {group("g1", "Patrol", linked(5, "Guards", plan.HowCreated)), portal(staff(5, "Guards")), plan.RenameRole},
	} {
		decide := func(view plan.GroupView) plan.GroupDecision {
			return plan.DecideGroups([]plan.GroupView{view, group("g2", view.Group.Name)}, c.roles, acme, with(func(*plan.Policy) {}))
		}
		first := decide(c.view)
		if len(first.Actions) != 1 || first.Actions[0].Kind != c.kind {
			t.Fatalf("%s: %+v", name, first.Actions)
		}
		view, next := c.view, noon
		view.Refused = []plan.Trouble{{Group: "g1", Kind: c.kind, Code: plan.ProblemRefused, Message: "no", NextTry: &next,
			Data: first.Actions[0].Digest()}}
		for at, waits := range map[time.Time]bool{noon.Add(-time.Second): true, noon: false} {
			view.AsOf = at
			d := decide(view)
			for i := range d.Actions {
				if d.Actions[i].Role.Group == "g1" == waits {
					t.Errorf("%s, waits %v: %+v", name, waits, d.Actions[i])
				}
			}
			if told := len(d.Problems) == 1 && d.Problems[0].Message == "no" && d.Problems[0].Group == "g1"; told != waits {
				t.Errorf("%s, waits %v: problems %+v", name, waits, d.Problems)
			}
			if d.Roles["g1"] == nil || (d.Waits["g1"] != "") != (waits && c.kind == plan.CreateRole) {
				t.Errorf("%s, waits %v: role %+v, %q", name, waits, d.Roles["g1"], d.Waits["g1"])
			}
			if c.kind == plan.CreateRole && d.Roles["g2"] != nil {
				t.Errorf("%s: another group takes the name", name)
			}
		}
		view.AsOf, view.Group.Name = noon.Add(-time.Second), "Another"
		if d := decide(view); len(d.Problems) > 0 || d.Actions[0].Role.Group != "g1" {
			t.Errorf("%s under another name: %+v", name, d)
		}
	}
}

func reversed[T any](list []T) []T {
	other := slices.Clone(list)
	slices.Reverse(other)
	return other
}

// TestRenamesComeFirst: before the roles that are linked or made.
func TestRenamesComeFirst(t *testing.T) {
	d := plan.DecideGroups([]plan.GroupView{
		group("g1", "New"), group("g2", "Known"), group("g3", "Patrol", linked(5, "Guards", plan.HowCreated)), group("g4", "Mapped", mappedTo("7")),
	}, portal(staff(5, "Guards"), staff(6, "Known"), staff(7, "Seven")), acme, with(func(*plan.Policy) {}))
	var kinds []string
	for _, a := range d.Actions {
		kinds = append(kinds, string(a.Kind))
	}
	if got := strings.Join(kinds, " "); got != "rename_role link_role link_role create_role" {
		t.Errorf("in the order %s", got)
	}
	a := d.Actions[0]
	if a.Role.Name != "Patrol" || a.Drift || len(a.Changes) != 1 || a.Changes[0] != (plan.Change{Field: plan.NumFields, Old: "Guards", New: "Patrol"}) {
		t.Errorf("the rename is %+v, role %+v", a, a.Role)
	}
}

// TestARenameSaysWhoRenamed.
func TestARenameSaysWhoRenamed(t *testing.T) {
	for name, c := range map[string]struct {
		group, role string
		drift       bool
	}{"in Okta": {"Patrol", "Guards", false}, "in its case, in Okta": {"GUARDS", "Guards", false}, "in TrackTik": {"Guards", "Porters", true}} {
		d := plan.DecideGroups([]plan.GroupView{group("g1", c.group, linked(5, "Guards", plan.HowCreated))}, portal(staff(5, c.role)), acme, with(func(*plan.Policy) {}))
		if a := d.Actions[0]; a.Drift != c.drift || strings.Contains(a.Reason, "TrackTik") != c.drift {
			t.Errorf("%s: drift %v, %q", name, a.Drift, a.Reason)
		}
	}
}

// A group that could not be read keeps its role as it is called now: its name on record
// may be old, and a dispatcher may have had a reason.
func TestAGroupThatWasNotReadRenamesNoRole(t *testing.T) {
	view := group("g1", "Guards", linked(5, "Guards", plan.HowCreated))
	view.Unread = true
	d := plan.DecideGroups([]plan.GroupView{view}, portal(staff(5, "Porters")), acme, with(func(*plan.Policy) {}))
	if len(d.Actions) > 0 || d.Roles["g1"] == nil || d.Roles["g1"].ID != 5 {
		t.Errorf("decided %+v, roles %v", d.Actions, d.Roles)
	}
}

// TestANameThatIsThereAlreadyIsRemembered: the rename is not looked for in every run.
func TestANameThatIsThereAlreadyIsRemembered(t *testing.T) {
	view := group("g1", "Patrol", linked(5, "Guards", plan.HowCreated))
	pol := with(func(*plan.Policy) {})
	d := plan.DecideGroups([]plan.GroupView{view}, portal(staff(5, "Patrol")), acme, pol)
	if len(d.Links) != 1 {
		t.Fatalf("remembered %v", d.Links)
	}
	view.Link = &d.Links[0]
	if plan.NeedsPortalRoles([]plan.GroupView{view}, pol) {
		t.Error("the portal's roles are read again")
	}
}

// TestWhenThePortalsRolesAreRead: only when an action may need them.
func TestWhenThePortalsRolesAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		view plan.GroupView
		want bool
	}{
		"a new group":               {group("g1", "Guards"), true},
		"without a role yet":        {group("g1", "Guards", linked(0, "Guards", "")), true},
		"linked":                    {group("g1", "Guards", linked(5, "Guards", plan.HowCreated)), false},
		"linked, other white space": {group("g1", " Guards", linked(5, "Guards", plan.HowCreated)), false},
		"renamed":                   {group("g1", "Patrol", linked(5, "Guards", plan.HowCreated)), true},
		"mapped":                    {group("g1", "Patrol", mappedTo("5"), linked(5, "Guards", plan.HowMapped)), false},
		"mapped by now":             {group("g1", "Guards", mappedTo("5"), linked(5, "Guards", plan.HowCreated)), true},
		"mapped no more":            {group("g1", "Guards", linked(5, "Guards", plan.HowMapped)), true},
		"protected, never linked":   {group("g1", "Admins"), false},
		"protected, mapped":         {group("g1", "Admins", mappedTo("5")), true},
	} {
		pol := with(func(p *plan.Policy) { p.ProtectedRoles = []string{"*admin*"} })
		if got := plan.NeedsPortalRoles([]plan.GroupView{c.view}, pol); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestWhoHoldsAProtectedRoleIsNotAdopted says which roles those are.
func TestWhoHoldsAProtectedRoleIsNotAdopted(t *testing.T) {
	pol := with(func(p *plan.Policy) { p.ProtectedRoles = []string{"*admin*"} })
	for role, want := range map[plan.Role]bool{
		staff(1, "Guards"):                            false,
		staff(1, "Site Administrator"):                true,
		{ID: 1, Name: "Guards", Portal: "ADMIN"}:      true,
		{ID: 1, Name: "Site owner", Portal: "CLIENT"}: true,
		{ID: 1, Name: "Guards"}:                       false,
	} {
		if got := plan.ProtectedRole(role, pol); got != want {
			t.Errorf("%+v: %v", role, got)
		}
	}
}

// TestOnePortalOneConnection: a role that another org or app made gives it away.
func TestOnePortalOneConnection(t *testing.T) {
	of := func(org, app string) plan.Role {
		return plan.Role{ID: 9, Description: plan.RoleDescription(plan.Binding{Org: org, App: app}, plan.Group{ID: "g1"}.ID, "X")}
	}
	for name, c := range map[string]struct {
		role plan.Role
		want bool
	}{
		"ours":               {of("https://acme.okta.com", "0oa1"), false},
		"by hand":            {staff(1, "Guards"), false},
		"another org":        {of("https://other.okta.com", "0oa1"), true},
		"another app":        {of("https://acme.okta.com", "0oa2"), true},
		"an app's beginning": {of("https://acme.okta.com", "0oa11"), true},
		"an org's end":       {of("https://big.acme.okta.com", "0oa1"), true},
	} {
		role, found := plan.Foreign([]plan.Role{staff(1, "A"), ofGroup(2, "B", "g2"), c.role}, acme)
		if found != c.want || found && role.ID != 9 {
			t.Errorf("%s: %v %+v", name, found, role)
		}
	}
}

// TestADescriptionHoldsItsMark, whatever the group is called.
func TestADescriptionHoldsItsMark(t *testing.T) {
	for _, name := range []string{"Guards", `[tracktik-sync evil/0oa9/g9]`, "a]b", "\n\n", strings.Repeat("long ", 200)} {
		text := plan.RoleDescription(acme, "g1", name)
		if !strings.HasSuffix(text, plan.RoleMark(acme, "g1")) || strings.Contains(text, "\n") {
			t.Errorf("the description is %q", text)
		}
	}
	if got := plan.RoleMark(acme, "g1"); got != "[tracktik-sync acme.okta.com/0oa1/g1]" {
		t.Errorf("the mark is %q", got)
	}
}

// TestAGroupsNameCannotForgeAMark: a role whose group is called like a mark is neither
// somebody else's nor another group's.
func TestAGroupsNameCannotForgeAMark(t *testing.T) {
	for _, forged := range []string{"[tracktik-sync acme.okta.com/0oa1/g0]", "[tracktik-sync other.okta.com/0oa9/g9]"} {
		role := ofGroup(5, forged, "g1")
		if _, found := plan.Foreign([]plan.Role{role}, acme); found {
			t.Errorf("%s: taken for another connection's", role.Description)
		}
		d := plan.DecideGroups([]plan.GroupView{group("g0", "Zero"), group("g1", forged)}, portal(role), acme, with(func(*plan.Policy) {}))
		slices.SortFunc(d.Actions, func(a, b plan.Action) int { return cmp.Compare(a.Role.Group, b.Role.Group) })
		if got := groupOutline(&d); !strings.HasPrefix(got, "create_role g0/0; link_role g1/5") {
			t.Errorf("%s: %s", role.Description, got)
		}
	}
}

// What is not certain to be pushed any more gets no role in the place of one that is gone.
func TestAGroupThatCouldNotBeReadGetsNoNewRole(t *testing.T) {
	for _, unread := range []bool{false, true} {
		v := plan.GroupView{Group: plan.Group{ID: "g", Name: "Site"}, Link: &plan.GroupLink{Group: "g", Name: "Site", Role: 5, RoleName: "Site", How: plan.HowCreated}, Unread: unread}
		d := plan.DecideGroups([]plan.GroupView{v}, plan.PortalRoles{Read: true}, plan.Binding{}, &plan.Policy{CreateRoles: true, Adopt: true})
		if made := len(d.Actions) > 0; made == unread {
			t.Errorf("unread %v: %+v, held %+v", unread, d.Actions, d.Held)
		}
	}
}

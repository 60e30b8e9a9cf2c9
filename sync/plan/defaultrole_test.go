package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// defaulted says that role 9 is the default one.
func defaulted(v *plan.RoleView) { v.Default = plan.DefaultRole{ID: 9, Name: "Guard"}.Due() }

// byDefault is a grant of the default role.
func byDefault(id plan.RoleID) plan.Holding { return have(id, "") }

// TestWhoGetsTheDefaultRole: who would be left with none, and only them; its coming and going
// is one pair with what comes or goes in its place.
func TestWhoGetsTheDefaultRole(t *testing.T) {
	nothing := func(*plan.Policy) {}
	one := func(p *plan.Policy) { p.OneRole = true }
	keep := func(p *plan.Policy) { p.RevokeRoles = false }
	noGrants := func(p *plan.Policy) { p.GrantRoles = false }
	noRemovals := func(p *plan.Policy) { p.NoRemovals = true }
	stays := func(h *plan.Holding) { lost(h); h.Stays = plan.HeldProtectedRole + ": so it is" }
	others := func(n int) func(*plan.RoleView) { return func(v *plan.RoleView) { v.Others = n } }
	shielded := func(v *plan.RoleView) { v.Shielded = plan.HeldProtected + ": so it is" }
	list := func(h ...plan.Holding) []plan.Holding { return h }
	group := []plan.Due{due(2, "g2", 0)}
	taken := func(v *plan.RoleView) { v.Lost = []plan.RoleID{9} }
	notKept := func(h *plan.Holding) { h.Gone, h.Again = true, true }
	repair := func(p *plan.Policy) { p.RepairDrift = true }
	report := func(p *plan.Policy) { p.RepairDrift = false }
	for name, c := range map[string]struct {
		view   *plan.RoleView
		policy func(*plan.Policy)
		want   string
	}{
		"no group":                       {roleView(nil, nil, defaulted), nothing, "grant_role /9"},
		"taken away by hand":             {roleView(nil, nil, defaulted, taken), repair, "grant_role /9"},
		"taken away, and left so":        {roleView(nil, nil, defaulted, taken), report, "warning drift"},
		"taken away for another":         {roleView(nil, nil, defaulted, taken, others(1)), repair, ""},
		"not kept":                       {roleView(nil, list(have(9, "", notKept)), defaulted), repair, "problem value_not_kept"},
		"not kept, one role, of others":  {roleView(nil, list(have(9, "", notKept)), defaulted, others(1)), one, ""},
		"of a second group, and gone":    {roleView([]plan.Due{due(2, "g2", 0), due(3, "g3", 1)}, list(have(3, "g3", notKept)), defaulted), one, "grant_role g2/2"},
		"no group, one role":             {roleView(nil, nil, defaulted), one, "grant_role /9"},
		"a group":                        {roleView(group, nil, defaulted), nothing, "grant_role g2/2"},
		"a role of others":               {roleView(nil, nil, defaulted, others(1)), nothing, ""},
		"no role of others":              {roleView(nil, nil, defaulted, others(0)), nothing, "grant_role /9"},
		"protected":                      {roleView(nil, nil, defaulted, shielded), nothing, "held grant_role /9 protected"},
		"has it":                         {roleView(nil, list(byDefault(9)), defaulted), nothing, ""},
		"has it, no default any more":    {roleView(nil, list(byDefault(9))), nothing, ""},
		"has it, none, and a group":      {roleView(group, list(byDefault(9))), nothing, "grant_role g2/2"},
		"has another default":            {roleView(nil, list(byDefault(8)), defaulted), nothing, "grant_role /9; revoke_role /8"},
		"a group takes over":             {roleView(group, list(byDefault(9)), defaulted), nothing, "grant_role g2/2; revoke_role /9"},
		"a group takes over, one role":   {roleView(group, list(byDefault(9)), defaulted), one, "grant_role g2/2; revoke_role /9"},
		"a group gives the very role":    {roleView([]plan.Due{due(9, "g9", 0)}, list(byDefault(9)), defaulted), nothing, ""},
		"and takes it away again":        {roleView(nil, list(have(9, "g9", lost)), defaulted), nothing, ""},
		"takes over, no revokes":         {roleView(group, list(byDefault(9)), defaulted), keep, "held grant_role g2/2 switched_off; held revoke_role /9 switched_off"},
		"takes over, no grants":          {roleView(group, list(byDefault(9)), defaulted), noGrants, "held grant_role g2/2 switched_off; held revoke_role /9 switched_off"},
		"takes over, --no-removals":      {roleView(group, list(byDefault(9)), defaulted), noRemovals, "held grant_role g2/2 switched_off; held revoke_role /9 switched_off"},
		"the way back":                   {roleView(nil, list(have(2, "g2", lost)), defaulted), nothing, "grant_role /9; revoke_role g2/2"},
		"the way back, one role":         {roleView(nil, list(have(2, "g2", lost)), defaulted), one, "grant_role /9; revoke_role g2/2"},
		"the way back from two":          {roleView(nil, list(have(1, "g1", lost), have(2, "g2", lost)), defaulted), nothing, "grant_role /9; revoke_role g1/1; revoke_role g2/2"},
		"the way back, no revokes":       {roleView(nil, list(have(2, "g2", lost)), defaulted), keep, "held revoke_role g2/2 switched_off; held grant_role /9 switched_off"},
		"the way back, no grants":        {roleView(nil, list(have(2, "g2", lost)), defaulted), noGrants, "held grant_role /9 switched_off; held revoke_role g2/2 switched_off"},
		"left one group of two":          {roleView(group, list(have(1, "g1", lost), have(2, "g2")), defaulted), nothing, "revoke_role g1/1"},
		"left one, and one stays":        {roleView(nil, list(have(1, "g1", lost), have(2, "g2")), defaulted), nothing, "revoke_role g1/1"},
		"left, and the role stays":       {roleView(nil, list(have(1, "g1", stays)), defaulted), nothing, "held revoke_role g1/1 protected_role"},
		"not lost, and not known why":    {roleView(nil, list(have(1, "g1")), defaulted), nothing, ""},
		"taken over while others differ": {roleView(group, list(byDefault(9), have(1, "g1", lost)), defaulted), nothing, "grant_role g2/2; revoke_role /9; revoke_role g1/1"},
	} {
		t.Run(name, func(t *testing.T) {
			pol := with(c.policy)
			d := plan.DecideRoles(c.view, pol)
			checkUnordered(t, &d, c.want)
			for _, a := range d.Actions {
				pair := strings.Contains(c.want, "grant_role /9; revoke") || strings.Contains(c.want, "revoke_role /")
				if other := a.Kind == plan.RevokeRole && a.Role.Group == "g1" && len(c.view.Due) > 0; a.Replaces != (pair && !other) {
					t.Errorf("%s of role %d: half of a pair is %v", a.Kind, a.Role.ID, a.Replaces)
				}
			}
		})
	}
}

// checkUnordered compares an outline whatever the order of its parts.
func checkUnordered(t *testing.T, d *plan.Decision, want string) {
	t.Helper()
	got := strings.Split(outline(d), "; ")
	for _, part := range strings.Split(want, "; ") {
		if !strings.Contains("; "+strings.Join(got, "; ")+";", "; "+part+";") && part != "" {
			t.Errorf("decided %q, want %q", outline(d), want)
			return
		}
	}
	if len(outline(d)) != len(want) {
		t.Errorf("decided %q, want %q", outline(d), want)
	}
}

// TestWhichRoleIsTheDefaultOne: one that exists and is not protected, by name or else by id.
func TestWhichRoleIsTheDefaultOne(t *testing.T) {
	roles := []plan.Role{staff(5, "Guard"), staff(6, "5"), {ID: 7, Name: "Visitor", Portal: "CLIENT"}, {ID: 8, Name: "Boss", Portal: "ADMIN"}, staff(9, "Site Admin")}
	for key, want := range map[string]string{" guard": "Guard", "5": "5", "6": "5", "Nobody": plan.ProblemMissingRequired, "10": plan.ProblemMissingRequired,
		"visitor": plan.ProblemInvalidValue, "8": plan.ProblemInvalidValue, "9": plan.ProblemInvalidValue} {
		found, problem := plan.FindDefaultRole(roles, with(func(p *plan.Policy) { p.DefaultRole, p.ProtectedRoles = key, []string{"*admin*"} }))
		got := found.Name
		if problem != nil {
			got = problem.Code
		}
		if got != want {
			t.Errorf("%q is %q, want %q", key, got, want)
		}
	}
}

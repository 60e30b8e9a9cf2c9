package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// tellRoles lists what the person has and is to have.
func (x *teller) tellRoles() ([]ExplainedRole, error) {
	if x.id == "" {
		return nil, nil
	}
	grants, err := x.Snapshot.GrantsOf(x.id)
	if err != nil {
		return nil, err
	}
	links, err := x.Snapshot.Groups()
	if err != nil {
		return nil, err
	}
	stored := read.StoredGroups(links)
	seen := map[plan.GroupID]bool{}
	var roles []ExplainedRole
	for _, g := range append(grants, x.Roles.Adopted...) {
		role := x.explainGrant(g, stored[g.Group])
		seen[g.Group] = true
		roles = append(roles, role)
	}
	for _, g := range x.Pushed {
		if g.Role != nil && g.Holds(x.id) && !seen[g.Group.ID] {
			roles = append(roles, x.explainDue(g))
		}
	}
	slices.SortStableFunc(roles, func(a, b ExplainedRole) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return roles, nil
}

func (x *teller) explainGrant(g plan.Grant, l *plan.GroupLink) ExplainedRole {
	since := g.Since.UTC()
	role := ExplainedRole{ID: g.Role, Group: g.Group, State: RoleHas, How: g.How, Since: &since, Run: g.Run}
	if l != nil {
		role.Name, role.GroupName = l.RoleName, l.Name
	}
	role.Why = fmt.Sprintf("member of group %q", cmp.Or(role.GroupName, string(g.Group)))
	if l != nil && l.Unpushed {
		role.Why = fmt.Sprintf("was a member of group %q, which is no longer pushed", role.GroupName)
	}
	if g.IsDefault() {
		role.Name, role.Why = x.Roles.Names[g.Role], "no group gave a role (sync.roles.default)"
	}
	if g.Gone {
		role.State = RoleWithheld
		role.Why += "; TrackTik does not hold it any more, as the last refresh saw"
	}
	if groups, asked := x.OwnGroups[x.id]; asked && !g.IsDefault() &&
		!slices.ContainsFunc(groups, func(o plan.Group) bool { return o.ID == g.Group }) {
		role.Why = fmt.Sprintf("was a member of group %q, and is not any more", cmp.Or(role.GroupName, string(g.Group)))
	}
	about := func(a *plan.Action) bool {
		return a.Kind == plan.RevokeRole && a.Role != nil && a.Role.ID == g.Role && a.Extras().Grant == 0
	}
	for i := range x.out.Actions {
		if a := &x.out.Actions[i]; about(a) {
			role.State, role.Why = RoleRevoked, a.Reason
		}
	}
	for i := range x.out.Held {
		if h := &x.out.Held[i]; about(&h.Action) {
			role.Why += "; it stays: " + h.Why
		}
	}
	return role
}

// explainDue is about a role that the person is to have, and has not.
func (x *teller) explainDue(g *read.Pushed) ExplainedRole {
	role := ExplainedRole{Name: g.Role.Name, ID: g.Role.ID, Group: g.Group.ID, GroupName: g.Group.Name,
		State: RoleWithheld,
		Why:   fmt.Sprintf("member of group %q", g.Group.Name)}
	about := func(a *plan.Action) bool {
		return a.Kind == plan.GrantRole && a.Role != nil && a.Role.Group == g.Group.ID
	}
	for i := range x.out.Actions {
		if about(&x.out.Actions[i]) {
			role.State = RoleGranted
			return role
		}
	}
	why := "the person is not to have it now: " + x.s.Judgement.Why
	switch {
	case x.noRoles != nil || x.unread != nil:
		why = "whether they hold it already is not known"
	case len(x.out.Problems) > 0:
		why = "the person's problem comes first"
	case x.s.OutOf || x.s.ScopeErr != "":
		why = "sync.scope leaves them out"
	case x.s.Judgement.Verdict == plan.Provision && x.Pol.OneRole:
		why = "another role comes first (sync.groups.order)"
	case x.s.Judgement.Verdict == plan.Provision:
		why = "what they have in TrackTik is left alone"
	}
	for i := range x.out.Held {
		if h := &x.out.Held[i]; about(&h.Action) {
			why = h.Why
		}
	}
	role.Why += "; not granted: " + why
	return role
}

package decide

import (
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A HoldingDecider judges the grants that a person has by us.
type HoldingDecider struct {
	read.Base
	*Decided
}

// ComesFirst says which group of a person may give a role in the place of those that are due:
// which one it has is not settled in this run, or with one role a person, it could not be read
// and may name them. Empty: none does.
func (r *HoldingDecider) ComesFirst(id plan.PersonID) string {
	due := r.Roles.Due[id]
	if !r.Pol.OneRole && (r.Roles.Fallback == nil || len(due) > 0) {
		return "" // they hold the role beside the others
	}
	for _, g := range r.Pushed {
		outranks := func(d *read.Pushed) bool {
			return !d.Failed && plan.CompareRanks(d.Due.Rank, g.Due.Rank, d.Group.ID, g.Group.ID) <= 0
		}
		switch {
		case slices.ContainsFunc(due, outranks):
		case r.Roles.Unsettled[g.Group.ID] && g.Holds(id):
			return fmt.Sprintf("%s: which role group %s has is not settled in this run, and it may come first",
				plan.HeldUnconfirmed, g.Group.ID)
		case r.Pol.OneRole && g.Failed && len(due) > 0:
			return fmt.Sprintf("%s: group %s could not be read, and comes first if they are in it",
				plan.HeldUnconfirmed, g.Group.ID)
		}
	}
	return ""
}

// Add judges whether a grant of ours is still due, and adds it to what the person holds.
func (r *HoldingDecider) Add(v *plan.RoleView, g plan.Grant) {
	p := &r.Roles
	g = r.Current.AsFound(g)
	if slices.Contains(r.Scope.Retry, v.User.ID) {
		g.Again = false // somebody says that TrackTik keeps it by now
	}
	giver := slices.IndexFunc(v.Due, func(d plan.Due) bool { return d.Role.ID == g.Role })
	due := giver >= 0 || r.isDefault(v, g)
	switch {
	case g.Gone && g.IsDefault() && v.Default == nil && r.Pol.DefaultRole != "":
		return // which role it is cannot be told in this run
	case slices.Contains(r.Current.DropGrants, g.Key()), r.Portal.Lacks(g.Role), g.Gone && !due:
		p.Drops = append(p.Drops, g.Key())
		return
	case g.Gone && !g.Again:
		v.Lost = append(v.Lost, g.Role)
		return
	}
	group := r.ByGroup[g.Group]
	if giver >= 0 && group != nil && !group.Failed && !group.Holds(v.User.ID) && v.Due[giver].Role.Group != g.Group {
		g.Group = v.Due[giver].Role.Group // they have left the group that gave it
		p.Moved, group = append(p.Moved, g), r.ByGroup[g.Group]
	}
	h := plan.Holding{Grant: g, Role: r.roleRef(g)}
	switch {
	case due, group != nil && group.Failed: // another group may give it
	case group != nil && !group.Holds(v.User.ID):
		h.Lost, h.Evidence = fmt.Sprintf("no longer in group %q", group.Group.Name), ""
	case group == nil && r.Pol.RevokeUnpushed &&
		slices.ContainsFunc(r.Unpushed, func(l plan.GroupLink) bool { return l.Group == g.Group }):
		h.Lost, h.Evidence = fmt.Sprintf("group %s is no longer pushed (sync.groups.unpushed: revoke)", g.Group),
			plan.EvidenceFull
	}
	r.Protect(&h)
	v.Have = append(v.Have, h)
}

// isDefault reports a grant of the default role to somebody whom nothing else gives a role, as
// far as is known.
func (r *HoldingDecider) isDefault(v *plan.RoleView, g plan.Grant) bool {
	return g.IsDefault() && len(v.Due) == 0 && v.Default != nil && v.Default.Role.ID == g.Role &&
		!r.Roles.Others[v.User.ID]
}

// Protect keeps a grant of a protected role, whether it is lost or would be replaced.
func (r *HoldingDecider) Protect(h *plan.Holding) {
	if !r.isMapped(h) {
		h.Stays = r.Pol.KeepsRole(r.Portal.Of(h.Role))
	}
}

// isMapped reports a role that the configuration gives to the group by which it was granted.
func (r *HoldingDecider) isMapped(h *plan.Holding) bool {
	group := r.ByGroup[h.Group]
	return group != nil && group.Link != nil && group.Link.How == plan.HowMapped && group.Link.Role == h.Role.ID &&
		(group.Role == nil || group.Role.ID == h.Role.ID)
}

// MayBeProtected reports a role of which only the portal knows whether it is protected: its
// name is not known, or its group had it by the configuration and has it no more. No other
// group can have a role of portal ADMIN or CLIENT.
func (r *HoldingDecider) MayBeProtected(h *plan.Holding) bool {
	switch group := r.ByGroup[h.Group]; {
	case h.Role.Name == "":
		return true
	case r.isMapped(h), h.IsDefault():
		return false
	case group != nil:
		return group.Link == nil || group.Link.Role != h.Role.ID || group.Link.How == plan.HowMapped
	}
	return slices.ContainsFunc(r.Unpushed, func(l plan.GroupLink) bool {
		return l.Group == h.Group && (l.Role != h.Role.ID || l.How == plan.HowMapped)
	})
}

// roleRef names the role of a grant, and the group by which it was granted: another group
// may give the same role.
func (r *HoldingDecider) roleRef(g plan.Grant) *plan.RoleRef {
	key := RoleOf{Role: g.Role, Group: g.Group}
	ref := r.Roles.Refs[key]
	if ref == nil {
		ref = &plan.RoleRef{ID: g.Role, Group: g.Group, Name: r.roleName(g)}
		r.Roles.Refs[key] = ref
	}
	return ref
}

// roleName is a role's name, as far as it is known without reading the portal's roles.
func (r *HoldingDecider) roleName(g plan.Grant) string {
	if name := r.Roles.Names[g.Role]; name != "" {
		return name
	}
	if group := r.ByGroup[g.Group]; group != nil && group.Link != nil && group.Link.Role == g.Role {
		return group.Link.RoleName
	}
	for _, l := range r.Unpushed {
		if l.Group == g.Group && l.Role == g.Role {
			return l.RoleName
		}
	}
	return ""
}

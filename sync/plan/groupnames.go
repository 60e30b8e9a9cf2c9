package plan

import (
	"fmt"
)

// freeingFirst orders groups so that one whose role gives a name free comes before the
// one whose role takes it. In a circle somebody is first, and is held.
func (g *groupPass) freeingFirst(views []GroupView) []*GroupView {
	byRole := map[RoleID]*GroupView{}
	for i := range views {
		if l := views[i].Link; l != nil && l.Role != 0 {
			byRole[l.Role] = &views[i]
		}
	}
	order, seen := make([]*GroupView, 0, len(views)), map[GroupID]bool{}
	var visit func(v *GroupView)
	visit = func(v *GroupView) {
		if seen[v.Group.ID] {
			return
		}
		seen[v.Group.ID] = true
		if l := v.Link; l != nil && l.Role != 0 && Clean(l.Name) != Clean(v.Group.Name) {
			if holder, exists := g.byName[FoldName(v.Group.Name)]; exists && holder.ID != l.Role && byRole[holder.ID] != nil {
				visit(byRole[holder.ID])
			}
		}
		order = append(order, v)
	}
	for i := range views {
		visit(&views[i])
	}
	return order
}

// renames keeps the roles of groups that have one, and renames those whose group was.
func (g *groupPass) renames(v *GroupView) {
	l := v.Link
	if l == nil || l.Role == 0 || (v.Mapped != "") != (l.How == HowMapped) {
		return
	}
	name := l.RoleName
	if role, ok := g.byID[l.Role]; ok {
		name = role.Name
	} else if g.portal.Read {
		return // it is gone: finds looks for another
	}
	if v.Mapped != "" && g.portal.Read {
		return // the configuration may name another role by now
	}
	if l.How != HowMapped && (g.protectedName(name) || special(g.byID[l.Role])) {
		g.names[FoldName(name)] = v.Group.ID
		g.leaveOut(v.Group.ID, name)
		g.nowCalled(l, name) // or the next run, which does not read the portal, would grant it
		return
	}
	ref := &RoleRef{ID: l.Role, Name: name, Group: v.Group.ID}
	g.Roles[v.Group.ID] = ref
	want := Clean(v.Group.Name)
	if v.Unread || l.How == HowMapped || (Clean(l.Name) == want && FoldName(name) == FoldName(want)) {
		g.names[FoldName(name)] = v.Group.ID
		g.nowCalled(l, name)
		return
	}
	g.rename(v, ref, name, want)
}

// nowCalled remembers the present name of a role, which somebody has changed in TrackTik.
func (g *groupPass) nowCalled(l *GroupLink, name string) {
	if l.RoleName != name {
		now := *l
		now.RoleName = name
		g.Links = append(g.Links, now)
	}
}

func (g *groupPass) rename(v *GroupView, ref *RoleRef, old, want string) {
	if old == want {
		l := *v.Link
		l.Name, l.RoleName = want, want
		g.Links = append(g.Links, l)
		g.names[FoldName(want)] = v.Group.ID
		return
	}
	a := Action{Kind: RenameRole, Role: &RoleRef{ID: ref.ID, Name: want, Group: ref.Group},
		Changes: []Change{{NumFields, old, want}}, Reason: "the group was renamed in Okta"}
	if Clean(v.Link.Name) == want {
		a.Reason = "the role was renamed in TrackTik"
		a.Drift = true
	}
	other, exists := g.byName[FoldName(want)]
	_, given := g.names[FoldName(want)]
	switch {
	case want == "":
		g.hold(a, HeldRoleExists+": the group has no name")
	case g.protectedName(want):
		g.hold(a, HeldProtectedRole+": sync.roles.protected names "+quote(want))
	case g.mapped[ref.ID] != "":
		g.hold(a, fmt.Sprintf("%s: sync.groups.roles names role %d for group %s, and such a role is never renamed", HeldProtectedRole, ref.ID, g.mapped[ref.ID]))
	case given || exists && other.ID != ref.ID:
		g.hold(a, HeldRoleExists+": another role has the name "+quote(want))
	case a.Drift && !g.pol.RepairDrift:
		g.Warnings = append(g.Warnings, Warning{Code: WarningDrift, Field: RoleNameField,
			Message: fmt.Sprintf("role %d was renamed in TrackTik, and is left so (sync.drift: report)", ref.ID)})
	default:
		g.act(a)
		g.names[FoldName(want)] = v.Group.ID
		ref.Name = want
		if g.byName[FoldName(old)].ID == ref.ID { // free for the next
			delete(g.byName, FoldName(old))
		}
		g.byName[FoldName(want)] = Role{ID: ref.ID, Name: want, Portal: g.byID[ref.ID].Portal}
		return
	}
	g.names[FoldName(old)] = v.Group.ID
}

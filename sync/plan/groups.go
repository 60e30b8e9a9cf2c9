package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A GroupView is a pushed group, with what is known of its role.
type GroupView struct {
	Group  Group
	Link   *GroupLink // nil: never seen
	Mapped string     // sync.groups.roles: an existing role's id or name; empty: none
}

// A PortalRoles is what is known of the portal's roles. Nothing is known of a zero one.
type PortalRoles struct {
	Read  bool
	Roles []Role // of every portal kind
}

// A GroupDecision is what becomes of the pushed groups. Roles holds the role of each
// group that has one, or gets one by the actions; a group without an entry grants
// nothing and loses nothing.
type GroupDecision struct {
	Decision
	Roles map[GroupID]*RoleRef
	// Links are what is to be remembered of groups whose role did not change.
	Links []GroupLink
}

// DecideGroups gives each pushed group its role: by its link, by the configuration,
// by name, or a new one. Groups come in the order of their ids.
func DecideGroups(views []GroupView, portal PortalRoles, b Binding, pol *Policy) GroupDecision {
	g := &groupPass{portal: portal, binding: b, pol: pol, GroupDecision: GroupDecision{Roles: map[GroupID]*RoleRef{}},
		taken: map[RoleID]GroupID{}, names: map[string]GroupID{}}
	g.index()
	for i := range views {
		if l := views[i].Link; l != nil && l.Role != 0 && l.How != HowMapped {
			g.taken[l.Role] = views[i].Group.ID
		}
	}
	for i := range views {
		g.renames(&views[i])
	}
	for i := range views {
		g.finds(&views[i])
	}
	slices.SortStableFunc(g.Actions, func(a, b Action) int { return kindOrder(a.Kind) - kindOrder(b.Kind) })
	return g.GroupDecision
}

type groupPass struct {
	GroupDecision
	portal  PortalRoles
	binding Binding
	pol     *Policy
	taken   map[RoleID]GroupID // roles that are linked to a group
	names   map[string]GroupID // folded names of roles that this plan gives

	byID   map[RoleID]Role
	byName map[string]Role // folded; one of the staff portal if there are several
	byMark map[string]Role // by RoleMark
}

func (g *groupPass) index() {
	g.byID, g.byName, g.byMark = map[RoleID]Role{}, map[string]Role{}, map[string]Role{}
	for _, r := range g.portal.Roles {
		g.byID[r.ID] = r
		name := FoldName(r.Name)
		if other, ok := g.byName[name]; !ok || other.Portal != "STAFF" {
			g.byName[name] = r
		}
		if at := strings.Index(r.Description, markPrefix); at >= 0 {
			if end := strings.IndexByte(r.Description[at:], ']'); end > 0 {
				g.byMark[r.Description[at:at+end+1]] = r
			}
		}
	}
}

func kindOrder(k Kind) int { return slices.Index(Kinds, k) }

// NeedsPortalRoles reports whether the portal's roles have to be read.
func NeedsPortalRoles(views []GroupView, pol *Policy) bool {
	return slices.ContainsFunc(views, func(v GroupView) bool {
		if v.Mapped == "" && (v.Link == nil || v.Link.Role == 0) && MatchAny(pol.ProtectedRoles, v.Group.Name) {
			return false // it gets no role, whatever the portal has
		}
		return v.Link == nil || v.Link.Role == 0 || (v.Mapped != "") != (v.Link.How == HowMapped) ||
			(v.Link.How != HowMapped && Clean(v.Link.Name) != Clean(v.Group.Name))
	})
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
	ref := &RoleRef{ID: l.Role, Name: name, Group: v.Group.ID}
	g.Roles[v.Group.ID] = ref
	want := Clean(v.Group.Name)
	if l.How == HowMapped || (Clean(l.Name) == want && FoldName(name) == FoldName(want)) {
		g.names[FoldName(name)] = v.Group.ID
		return
	}
	g.rename(v, ref, name, want)
}

func (g *groupPass) rename(v *GroupView, ref *RoleRef, old, want string) {
	if old == want {
		l := *v.Link
		l.Name, l.RoleName = want, want
		g.Links = append(g.Links, l)
		return
	}
	a := Action{Kind: RenameRole, Role: &RoleRef{ID: ref.ID, Name: want, Group: ref.Group},
		Changes: []Change{{NumFields, old, want}}, Reason: "the group was renamed in Okta"}
	if FoldName(v.Link.Name) == FoldName(want) {
		a.Reason = "the role was renamed in TrackTik"
		a.Drift = true
	}
	other, exists := g.byName[FoldName(want)]
	_, given := g.names[FoldName(want)]
	switch {
	case g.protectedName(want):
		g.hold(a, HeldProtectedRole+": sync.roles.protected names "+quote(want))
	case given || exists && other.ID != ref.ID:
		g.hold(a, HeldRoleExists+": another role has the name "+quote(want))
	case a.Drift && !g.pol.RepairDrift:
		g.Warnings = append(g.Warnings, Warning{Code: WarningDrift, Field: RoleNameField,
			Message: fmt.Sprintf("role %d was renamed in TrackTik, and is left so (sync.drift: report)", ref.ID)})
	default:
		g.act(a)
		g.names[FoldName(want)] = v.Group.ID
		ref.Name = want
		return
	}
	g.names[FoldName(old)] = v.Group.ID
}

// finds gives the other groups a role.
func (g *groupPass) finds(v *GroupView) {
	id := v.Group.ID
	if g.Roles[id] != nil {
		return
	}
	if v.Mapped != "" {
		g.mapped(v)
		return
	}
	name := Clean(v.Group.Name)
	ref := &RoleRef{Name: name, Group: id}
	create := Action{Kind: CreateRole, Role: ref, Reason: "the group is pushed, and has no role"}
	role, exists := g.byName[FoldName(name)]
	if own, ok := g.ours(id); ok {
		role, exists = own, true
	}
	_, given := g.names[FoldName(name)]
	switch {
	case name == "":
		g.hold(create, HeldRoleExists+": the group has no name")
	case g.protectedName(name) || exists && role.Portal == "ADMIN":
		g.Warnings = append(g.Warnings, Warning{Code: WarningProtectedRole, Field: RoleNameField,
			Message: fmt.Sprintf("group %s is left out: sync.roles.protected names its role %s", id, quote(name))})
	case given:
		g.hold(create, HeldRoleExists+": another pushed group has the name "+quote(name))
	case exists && role.Portal != "STAFF" && role.Portal != "":
		g.hold(create, fmt.Sprintf("%s: role %d of the %s portal has the name %s", HeldRoleExists, role.ID, role.Portal, quote(name)))
	case exists && g.taken[role.ID] != "":
		g.hold(create, fmt.Sprintf("%s: role %d is linked to group %s", HeldRoleExists, role.ID, g.taken[role.ID]))
	case exists && !g.pol.Adopt:
		g.hold(create, fmt.Sprintf("%s: role %d has the name, and sync.adopt is never; sync.groups.roles ties them", HeldRoleExists, role.ID))
	case exists:
		ref.ID, ref.Name = role.ID, role.Name
		g.give(id, ref, Action{Kind: LinkRole, Role: ref, Reason: "a role of the group's name exists"})
	case !g.pol.CreateRoles:
		g.hold(create, HeldSwitchedOff+": sync.create_roles is off")
	default:
		g.give(id, ref, create)
	}
}

func (g *groupPass) give(id GroupID, ref *RoleRef, a Action) {
	g.act(a)
	g.Roles[id] = ref
	g.names[FoldName(ref.Name)] = id
	if ref.ID != 0 {
		g.taken[ref.ID] = id
	}
}

// mapped ties a group to the role that the configuration names, protected or not.
func (g *groupPass) mapped(v *GroupView) {
	role, ok := g.named(v.Mapped)
	l := v.Link
	switch {
	case !ok:
		g.Problems = append(g.Problems, Problem{Code: ProblemMissingRequired,
			Message: fmt.Sprintf("group %s: sync.groups.roles names the role %s, and the portal has none", v.Group.ID, quote(v.Mapped))})
	case l != nil && l.Role == role.ID && l.How == HowMapped:
		g.Roles[v.Group.ID] = &RoleRef{ID: role.ID, Name: role.Name, Group: v.Group.ID}
	default:
		ref := &RoleRef{ID: role.ID, Name: role.Name, Group: v.Group.ID}
		g.act(Action{Kind: LinkRole, Role: ref, Reason: "sync.groups.roles names it", Key: HowMapped})
		g.Roles[v.Group.ID] = ref
	}
}

// named is the role of that name or id; a name goes first.
func (g *groupPass) named(text string) (Role, bool) {
	if r, ok := g.byName[FoldName(text)]; ok {
		return r, true
	}
	id, err := strconv.ParseInt(text, 10, 64)
	r, ok := g.byID[RoleID(id)]
	return r, ok && err == nil
}

// ours is the role that this program made for the group before, by its description:
// the snapshot may have been lost since.
func (g *groupPass) ours(id GroupID) (Role, bool) {
	r, ok := g.byMark[RoleMark(g.binding, id)]
	return r, ok && g.taken[r.ID] == ""
}

func (g *groupPass) protectedName(name string) bool { return MatchAny(g.pol.ProtectedRoles, name) }

// ProtectedRole reports whether who holds the role is never adopted.
func ProtectedRole(r Role, pol *Policy) bool {
	return r.Portal == "ADMIN" || MatchAny(pol.ProtectedRoles, r.Name)
}

// RoleMark is in the description of a role that was made for a group.
func RoleMark(b Binding, group GroupID) string {
	return markPrefix + host(b.Org) + "/" + b.App + "/" + string(group) + "]"
}

const markPrefix = "[tracktik-sync "

// RoleDescription is the description of a role that is made for a group.
func RoleDescription(b Binding, g GroupID, name string) string {
	return "Holders are the members of the Okta group " + quote(name) + ". " + RoleMark(b, g)
}

// Foreign returns the first role that was made by this program for another org or
// app: two of them must not share a portal.
func Foreign(roles []Role, b Binding) (Role, bool) {
	own := markPrefix + host(b.Org) + "/" + b.App + "/"
	for _, r := range roles {
		if strings.Contains(r.Description, markPrefix) && !strings.Contains(r.Description, own) {
			return r, true
		}
	}
	return Role{}, false
}

// host is an address without its scheme.
func host(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		return rest
	}
	return url
}

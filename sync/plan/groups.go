package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A GroupView is a pushed group, with what is known of its role.
type GroupView struct {
	Group  Group
	Link   *GroupLink // nil: never seen
	Mapped string     // sync.groups.roles: an existing role's id or name; empty: none
	// Globs are the keys of sync.groups.roles that the group fits, where several do with
	// roles that are spelt differently; Mapped is the first one's role.
	Globs []RoleKey
	// Aside says that nothing is decided about the group, and that no other gets what is
	// its own: the role that it has or is mapped to, and a role of its name, if Group has
	// one. It is no longer pushed, or this run is not about it.
	Aside   bool
	Refused []Trouble // earlier problems of its role, as of AsOf
	AsOf    time.Time
	// Unread says that the group could not be read: its name is the one on record, and no
	// reason to rename anything.
	Unread bool
}

// A PortalRoles is what is known of the portal's roles. Nothing is known of a zero one.
type PortalRoles struct {
	Read  bool
	Roles []Role // of every portal kind
	// Unread says why the account may not read them: what takes them is held. Empty: it may,
	// as far as was asked.
	Unread string
	// Gone are roles on record that are not in the list, and not there when read by their id.
	Gone []RoleID
}

// Lacks reports a role on record that the portal does not have; false where that is not known.
func (p PortalRoles) Lacks(id RoleID) bool { return slices.Contains(p.Gone, id) }

// Of is the role as the portal shows it; as it is called, where that is not known.
func (p PortalRoles) Of(ref *RoleRef) Role {
	if i := slices.IndexFunc(p.Roles, func(r Role) bool { return r.ID == ref.ID }); i >= 0 {
		return p.Roles[i]
	}
	return Role{ID: ref.ID, Name: ref.Name}
}

// A GroupDecision is what becomes of the pushed groups. Roles holds the role of each
// group that has one, or gets one by the actions; a group without an entry grants
// nothing and loses nothing.
type GroupDecision struct {
	Decision
	Roles map[GroupID]*RoleRef
	// Waits says, as a Held reason, why nobody is granted a role of Roles yet: TrackTik has
	// refused to make it.
	Waits map[GroupID]string
	// Links are what is to be remembered of groups whose role did not change.
	Links []GroupLink
}

// DecideGroups gives each pushed group its role: by its link, by the configuration,
// by name, or a new one. Of two groups that want one role, that with the lower id
// gets it. The views are all groups of which anything is known: what is a group's own
// does not depend on what a run is about.
func DecideGroups(views []GroupView, portal PortalRoles, b Binding, pol *Policy) GroupDecision {
	views = slices.SortedFunc(slices.Values(views),
		func(a, b GroupView) int { return strings.Compare(string(a.Group.ID), string(b.Group.ID)) })
	portal.Roles = slices.SortedFunc(slices.Values(portal.Roles), func(a, b Role) int { return cmp.Compare(a.ID, b.ID) })
	g := &groupPass{portal: portal, binding: b, pol: pol, GroupDecision: GroupDecision{Roles: map[GroupID]*RoleRef{},
		Waits: map[GroupID]string{}},
		taken: map[RoleID]GroupID{}, mapped: map[RoleID]GroupID{}, names: map[string]GroupID{}, left: map[GroupID]bool{}}
	g.index()
	for i := range views {
		g.claims(&views[i])
	}
	views = slices.DeleteFunc(views, func(v GroupView) bool { return v.Aside || g.ambiguous(&v) || g.unreadable(&v) })
	for _, v := range g.freeingFirst(views) {
		g.renames(v)
	}
	g.renamed()
	for i := range views {
		g.finds(&views[i])
	}
	for i := range views {
		g.roleChanged(&views[i])
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
	mapped  map[RoleID]GroupID // roles that the configuration names for one
	left    map[GroupID]bool   // groups that are left out
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
		if other, ok := g.byName[name]; !ok || other.Portal != "STAFF" && r.Portal == "STAFF" {
			g.byName[name] = r
		}
		if mark, _, ok := strings.Cut(markOf(r), "]"); ok {
			if first, ok := g.byMark[mark+"]"]; ok {
				g.Warnings = append(g.Warnings, Warning{Code: WarningPossibleDouble, Field: RoleNameField,
					Message: fmt.Sprintf("roles %d and %d of TrackTik were both made for one group, as their descriptions say: "+
						"delete the one that nobody holds, or take the mark out of its description", first.ID, r.ID)})
				continue
			}
			g.byMark[mark+"]"] = r
		}
	}
}

// claims notes which role a group has, or is given by the configuration.
func (g *groupPass) claims(v *GroupView) {
	l := v.Link
	if l != nil && l.Role != 0 && l.How != HowMapped {
		g.taken[l.Role] = v.Group.ID
	}
	if v.Mapped == "" {
		if v.Aside && v.Group.Name != "" {
			g.names[FoldName(v.Group.Name)] = v.Group.ID
		}
		return
	}
	for _, key := range v.Globs {
		if role, ok := g.named(key.Role); ok {
			g.mapped[role.ID] = v.Group.ID
		}
	}
	if role, ok := g.named(v.Mapped); ok {
		g.mapped[role.ID] = v.Group.ID
	} else if !g.portal.Read && l != nil && l.How == HowMapped {
		g.mapped[l.Role] = v.Group.ID
	}
}

// ambiguous holds a group that fits several globs of the configuration which give it
// different roles: nobody is granted any of them, and who has one by the group keeps it.
func (g *groupPass) ambiguous(v *GroupView) bool {
	var keys []string
	roles := map[RoleID]bool{}
	for _, key := range v.Globs {
		role, _ := g.named(key.Role)
		roles[role.ID] = true
		keys = append(keys, quote(key.Key)+" gives "+quote(key.Role))
	}
	if len(roles) < 2 {
		return false
	}
	g.hold(Action{Kind: LinkRole, Role: &RoleRef{Name: Clean(v.Group.Name), Group: v.Group.ID}},
		fmt.Sprintf("%s: of sync.groups.roles, %s; name group %s itself, by id or by name", HeldAmbiguousMapping,
			strings.Join(keys, ", "), v.Group.ID))
	return true
}

// unreadable holds a group whose role cannot be found while the portal's roles may not be read.
// Who has a role by it keeps it.
func (g *groupPass) unreadable(v *GroupView) bool {
	linked := v.Mapped == "" && v.Link != nil && v.Link.Role != 0 && v.Link.How != HowMapped // it may be renamed, at most
	if g.portal.Unread == "" || linked || !NeedsPortalRoles([]GroupView{*v}, g.pol) {
		return false
	}
	g.hold(Action{Kind: LinkRole, Role: &RoleRef{Name: Clean(v.Group.Name), Group: v.Group.ID}},
		HeldUnreadable+": "+g.portal.Unread)
	return true
}

// renamed takes the renames of this plan for done: they come before what links or
// creates roles.
func (g *groupPass) renamed() {
	names := map[RoleID]string{}
	for i := range g.Actions {
		if a := &g.Actions[i]; a.Kind == RenameRole {
			names[a.Role.ID] = a.Role.Name
		}
	}
	if len(names) == 0 {
		return
	}
	for i := range g.portal.Roles {
		if name, ok := names[g.portal.Roles[i].ID]; ok {
			g.portal.Roles[i].Name = name
		}
	}
	g.index()
}

func kindOrder(k Kind) int { return slices.Index(Kinds, k) }

// NeedsPortalRoles reports whether the portal's roles have to be read.
func NeedsPortalRoles(views []GroupView, pol *Policy) bool {
	return slices.ContainsFunc(views, func(v GroupView) bool {
		if v.Aside {
			return false
		}
		if v.Mapped == "" && (v.Link == nil || v.Link.Role == 0) && MatchAny(pol.ProtectedRoles, v.Group.Name) {
			return false // it gets no role, whatever the portal has
		}
		return v.Link == nil || v.Link.Role == 0 || len(v.Globs) > 1 || v.misnamed() ||
			(v.Mapped != "") != (v.Link.How == HowMapped) ||
			(v.Link.How != HowMapped && (Clean(v.Link.Name) != Clean(v.Group.Name) || !v.Unread &&
				FoldName(v.Link.RoleName) != FoldName(Clean(v.Group.Name))))
	})
}

// misnamed reports a group whose role is not called any more as the configuration names it:
// the portal may have another one of that name by now, or none.
func (v *GroupView) misnamed() bool {
	l := v.Link
	return v.Mapped != "" && l.How == HowMapped && FoldName(l.RoleName) != FoldName(v.Mapped) &&
		strconv.FormatInt(int64(l.Role), 10) != v.Mapped
}

// finds gives the other groups a role.
func (g *groupPass) finds(v *GroupView) {
	id := v.Group.ID
	if g.Roles[id] != nil || g.left[id] {
		return
	}
	if v.Mapped != "" {
		g.maps(v)
		return
	}
	name := Clean(v.Group.Name)
	ref := &RoleRef{Name: name, Group: id}
	create := Action{Kind: CreateRole, Role: ref, Reason: "the group is pushed, and has no role"}
	role, exists := g.byName[FoldName(name)]
	own, ours := g.ours(id)
	if ours {
		role, exists = own, true
	}
	other := g.names[FoldName(role.Name)]
	if !exists {
		other = g.names[FoldName(name)]
	}
	switch {
	case v.Unread:
		g.hold(create, HeldUnconfirmed+": its role is gone, and the group could not be read, or is not known to be pushed "+
			"any more")
	case name == "":
		g.hold(create, HeldRoleExists+": the group has no name")
	case g.protectedName(name) || exists && (special(role) || g.protectedName(role.Name)):
		g.leaveOut(id, name)
	case exists && g.taken[role.ID] != "":
		g.hold(create, fmt.Sprintf("%s: role %d is that of group %s, pushed now or not; sync.groups.roles ties them",
			HeldRoleExists, role.ID, g.taken[role.ID]))
	case exists && g.madeForOther(role, id) != "":
		g.hold(create, fmt.Sprintf("%s: role %d was made for group %s; sync.groups.roles ties them", HeldRoleExists, role.ID,
			g.madeForOther(role, id)))
	case exists && g.mapped[role.ID] != "":
		g.hold(create, fmt.Sprintf("%s: sync.groups.roles gives role %d to group %s", HeldRoleExists, role.ID,
			g.mapped[role.ID]))
	case other != "":
		g.hold(create, fmt.Sprintf("%s: group %s, which is pushed too, has the name %s", HeldRoleExists, other, quote(name)))
	case ours:
		ref.ID, ref.Name = role.ID, role.Name
		g.give(id, ref, Action{Kind: LinkRole, Role: ref, Reason: "this program made the role for the group before"})
	case exists && !g.pol.Adopt:
		g.hold(create, fmt.Sprintf("%s: role %d has the name, and sync.adopt is never; sync.groups.roles ties them",
			HeldRoleExists, role.ID))
	case exists:
		ref.ID, ref.Name = role.ID, role.Name
		g.give(id, ref, Action{Kind: LinkRole, Role: ref, Reason: "a role of the group's name exists"})
	case !g.pol.CreateRoles:
		g.hold(create, HeldSwitchedOff+": sync.create_roles is off")
	case g.tooEarly(create, v.Refused, v.AsOf):
		g.have(id, ref)
		g.Waits[id] = HeldPending + ": TrackTik has refused to make the role, and it is not time to try again"
	default:
		g.give(id, ref, create)
	}
}

func (g *groupPass) give(id GroupID, ref *RoleRef, a Action) {
	g.act(a)
	g.have(id, ref)
}

func (g *groupPass) have(id GroupID, ref *RoleRef) {
	g.Roles[id] = ref
	g.names[FoldName(ref.Name)] = id
	if ref.ID != 0 {
		g.taken[ref.ID] = id
	}
}

// leaveOut gives the group no role, and takes none from its members.
func (g *groupPass) leaveOut(id GroupID, name string) {
	g.left[id] = true
	g.Warnings = append(g.Warnings, Warning{Code: WarningProtectedRole, Field: RoleNameField,
		Message: fmt.Sprintf("group %s is left out: its role %s is protected (sync.roles.protected, or a role of portal "+
			"ADMIN or CLIENT)", id, quote(name))})
}

// maps ties a group to the role that the configuration names, protected or not.
func (g *groupPass) maps(v *GroupView) {
	role, ok := g.named(v.Mapped)
	l := v.Link
	switch {
	case !ok:
		g.Problems = append(g.Problems, Problem{Code: ProblemMissingRequired,
			Message: fmt.Sprintf("group %s: sync.groups.roles names the role %s, and the portal has none", v.Group.ID,
				quote(v.Mapped))})
		if l != nil && l.How == HowMapped && g.byID[l.Role].Name != "" {
			g.nowCalled(l, g.byID[l.Role].Name) // and no later run grants it
		}
	case l != nil && l.Role == role.ID && l.How == HowMapped:
		g.nowCalled(l, role.Name)
		g.Roles[v.Group.ID] = &RoleRef{ID: role.ID, Name: role.Name, Group: v.Group.ID}
	default:
		ref := &RoleRef{ID: role.ID, Name: role.Name, Group: v.Group.ID}
		g.act(Action{Kind: LinkRole, Role: ref, Reason: "sync.groups.roles names it", Extra: &Extra{Key: HowMapped}})
		g.Roles[v.Group.ID] = ref
	}
}

// roleChanged says that the role which a group had before is left with its holders: that
// the configuration gives the group another one does not show that anybody left it.
func (g *groupPass) roleChanged(v *GroupView) {
	ref, l := g.Roles[v.Group.ID], v.Link
	if ref == nil || l == nil || l.Role == 0 || l.Role == ref.ID || g.pol.OneRole {
		return
	}
	if _, exists := g.byID[l.Role]; !exists {
		return
	}
	g.Warnings = append(g.Warnings, Warning{Code: WarningRoleChanged, Field: RoleNameField,
		Message: fmt.Sprintf("group %s had role %d (%s) before: its holders keep that one as well until they leave the "+
			"group, or lose it in TrackTik", v.Group.ID, l.Role, quote(l.RoleName))})
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

// madeForOther is another group of this app for which a role was made; empty: there is
// none. Its holders are that group's, whatever role it has by now.
func (g *groupPass) madeForOther(r Role, id GroupID) GroupID {
	prefix, _ := strings.CutSuffix(RoleMark(g.binding, ""), "]")
	rest, marked := strings.CutPrefix(markOf(r), prefix)
	group, _, closed := strings.Cut(rest, "]")
	if !marked || !closed || GroupID(group) == id {
		return ""
	}
	return GroupID(group)
}

func (g *groupPass) protectedName(name string) bool { return MatchAny(g.pol.ProtectedRoles, name) }

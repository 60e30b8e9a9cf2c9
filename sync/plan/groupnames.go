package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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
	case g.portal.Unread != "":
		g.hold(a, HeldUnreadable+": "+g.portal.Unread)
	case g.protectedName(want):
		g.hold(a, HeldProtectedRole+": sync.roles.protected names "+quote(want))
	case g.mapped[ref.ID] != "":
		g.hold(a, fmt.Sprintf("%s: sync.groups.roles names role %d for group %s, and such a role is never renamed",
			HeldProtectedRole, ref.ID, g.mapped[ref.ID]))
	case given || exists && other.ID != ref.ID:
		g.hold(a, HeldRoleExists+": another role has the name "+quote(want))
	case a.Drift && !g.pol.RepairDrift:
		g.Warnings = append(g.Warnings, Warning{Code: WarningDrift, Field: RoleNameField,
			Message: fmt.Sprintf("role %d was renamed in TrackTik, and is left so (sync.drift: report)", ref.ID)})
	case g.tooEarly(a, v.Refused, v.AsOf):
	default:
		g.act(a)
		g.names[FoldName(want)] = v.Group.ID
		ref.Name = want
		if g.byName[FoldName(old)].ID == ref.ID { // free for the next, unless a second role has it
			delete(g.byName, FoldName(old))
			if i := slices.IndexFunc(g.portal.Roles, func(r Role) bool {
				return r.ID != ref.ID && FoldName(r.Name) == FoldName(old)
			}); i >= 0 {
				g.byName[FoldName(old)] = g.portal.Roles[i]
			}
		}
		g.byName[FoldName(want)] = Role{ID: ref.ID, Name: want, Portal: g.byID[ref.ID].Portal}
		return
	}
	g.names[FoldName(old)] = v.Group.ID
}

// A RoleKey is a key of sync.groups.roles with the role that it gives.
type RoleKey struct{ Key, Role string }

// RoleKeys finds which keys of sync.groups.roles are a group's.
type RoleKeys struct {
	roles  map[string]string
	folded map[string]string // a key by its folded form; the first of several
	globs  []string          // sorted
}

// NewRoleKeys reads sync.groups.roles: roles by id or name, under ids, names or globs of
// names of groups.
func NewRoleKeys(roles map[string]string) RoleKeys {
	k := RoleKeys{roles: roles, folded: make(map[string]string, len(roles))}
	for _, key := range slices.Sorted(maps.Keys(roles)) {
		if name := FoldName(key); k.folded[name] == "" {
			k.folded[name] = key
		}
		if strings.Contains(key, "*") {
			k.globs = append(k.globs, key)
		}
	}
	return k
}

// Find returns the keys that name the group: that of its id, else of its name or of the
// name that it had when its role was mapped, else the globs that such a name fits. It is
// one key, or several globs whose roles are spelt differently.
func (k RoleKeys) Find(g Group, l *GroupLink) []RoleKey {
	names := []string{string(g.ID), g.Name}
	if l != nil && l.How == HowMapped {
		names = append(names, l.Name)
	}
	for _, name := range names {
		if k.roles[name] != "" {
			return []RoleKey{{name, k.roles[name]}}
		}
	}
	for _, name := range names[1:] {
		if key := k.folded[FoldName(name)]; key != "" {
			return []RoleKey{{key, k.roles[key]}}
		}
	}
	for _, name := range names[1:] {
		if fits := k.fitting(name); len(fits) > 0 {
			return fits
		}
	}
	return nil
}

// fitting returns the globs that the name fits, one a spelling of their roles.
func (k RoleKeys) fitting(name string) []RoleKey {
	var fits []RoleKey
	for _, glob := range k.globs {
		role := k.roles[glob]
		again := func(f RoleKey) bool { return FoldName(f.Role) == FoldName(role) }
		if MatchGlob(glob, name) && !slices.ContainsFunc(fits, again) {
			fits = append(fits, RoleKey{glob, role})
		}
	}
	return fits
}

// GroupKeys are the keys by which the configuration names groups: of sync.groups.roles,
// names, ids and order. Those of a push mode that does not use them are left out.
type GroupKeys struct{ Roles, Names, IDs, Order []string }

// manyDeadKeys is for how many dead keys the nearest group is looked for.
const manyDeadKeys = 20

// DeadKeys warns of each key that fits no group. Read are all groups that Okta has shown in
// this run; pushed are those that become roles, with what is on record of them.
func DeadKeys(keys GroupKeys, pushed []GroupView, read []Group) []Warning {
	d := deadKeys{pushed: pushed, read: read}
	d.look("sync.groups.ids", keys.IDs, func(key string, v *GroupView) bool { return string(v.Group.ID) == key })
	d.look("sync.groups.names", keys.Names, func(key string, v *GroupView) bool {
		return MatchGlob(key, v.Group.Name) || v.Link != nil && v.Link.Matched != "" && MatchGlob(key, v.Link.Matched)
	})
	named := func(key string, v *GroupView) bool {
		return string(v.Group.ID) == key || MatchGlob(key, v.Group.Name) ||
			v.Link != nil && v.Link.How == HowMapped && MatchGlob(key, v.Link.Name)
	}
	d.look("sync.groups.roles", keys.Roles, named)
	d.look("sync.groups.order", keys.Order, named)
	return d.warnings
}

type deadKeys struct {
	pushed   []GroupView
	read     []Group
	warnings []Warning
}

func (d *deadKeys) look(where string, keys []string, fits func(string, *GroupView) bool) {
	for _, key := range keys {
		if slices.ContainsFunc(d.pushed, func(v GroupView) bool { return fits(key, &v) }) {
			continue
		}
		d.warnings = append(d.warnings, Warning{Code: WarningDeadKey, Field: where,
			Message: fmt.Sprintf("%s names %s, which fits no group that is pushed%s", where, quote(key), d.instead(key))})
	}
}

// instead says which group may be meant: one that fits and is not pushed, or the nearest.
func (d *deadKeys) instead(key string) string {
	if len(d.warnings) >= manyDeadKeys {
		return ""
	}
	var best *Group
	least := 0
	for i := range d.read {
		g := &d.read[i]
		if string(g.ID) == key || MatchGlob(key, g.Name) {
			return fmt.Sprintf("; group %s (%s) fits, and is not pushed", quote(g.Name), g.ID)
		}
		n := min(globDistance(FoldName(key), FoldName(g.Name)), globDistance(key, string(g.ID)))
		if best == nil || n < least {
			best, least = g, n
		}
	}
	if best == nil || 2*least > len([]rune(strings.ReplaceAll(key, "*", ""))) {
		return "; Okta has no such group, or does not show it to us"
	}
	return fmt.Sprintf("; the nearest is group %s (%s)", quote(best.Name), best.ID)
}

// globDistance is how many letters have to be added, removed or changed before s fits the
// pattern; what `*` stands for costs nothing.
func globDistance(pattern, s string) int {
	text := []rune(s)
	row := make([]int, len(text)+1) // distances of the pattern so far to each beginning of text
	for j := range row {
		row[j] = j
	}
	for _, p := range pattern {
		before := row[0] // of the pattern without p, to one letter less
		if p != '*' {
			row[0]++
		}
		for j, letter := range text {
			above, cost := row[j+1], 1
			if p == letter {
				cost = 0
			}
			if p == '*' {
				row[j+1] = min(above, row[j])
			} else {
				row[j+1] = min(before+cost, above+1, row[j]+1)
			}
			before = above
		}
	}
	return row[len(text)]
}

// RoleMark is in the description of a role that was made for a group.
func RoleMark(b Binding, group GroupID) string {
	return markPrefix + host(b.Org) + "/" + b.App + "/" + string(group) + "]"
}

const markPrefix = "[tracktik-sync "

// markOf is the role's description from its mark on; empty: it has none. The last one
// counts: before it comes the name of a group, and that is anybody's text.
func markOf(r Role) string {
	if at := strings.LastIndex(r.Description, markPrefix); at >= 0 {
		return r.Description[at:]
	}
	return ""
}

// RoleDescription is the description of a role that is made for a group.
func RoleDescription(b Binding, g GroupID, name string) string {
	return "Holders are the members of the Okta group " + quote(name) + ". " + RoleMark(b, g)
}

// Foreign returns the first role that was made by this program for another org or
// app than ours, those that we had before included: two of them must not share a
// portal.
func Foreign(roles []Role, ours ...Binding) (Role, bool) {
	for _, r := range roles {
		mark := markOf(r)
		own := func(b Binding) bool { return strings.HasPrefix(mark, markPrefix+host(b.Org)+"/"+b.App+"/") }
		if mark != "" && !slices.ContainsFunc(ours, own) {
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

package plan

import (
	"maps"
	"slices"
	"strings"
)

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

package plan

import (
	"fmt"
	"slices"
	"strings"
)

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

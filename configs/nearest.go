package configs

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest returns the known word with the fewest edits from word, ignoring case,
// and how many they are. Of equals the first wins.
func nearest(word string, known []string) (best string, distance int) {
	word = strings.ToLower(word)
	for i, candidate := range known {
		d := levenshtein.ComputeDistance(word, strings.ToLower(candidate))
		if i == 0 || d < distance {
			best, distance = candidate, d
		}
	}
	return best, distance
}

// nearestKey names the known key that an unknown one in section most likely was
// meant to be: a neighbour with a few letters changed, else a key of that very
// name in another section, else the nearest path of all.
func nearestKey(section *field, name string) string {
	siblings := make([]string, len(section.children))
	for i, child := range section.children {
		siblings[i] = child.name
	}
	if sibling, distance := nearest(name, siblings); distance <= max(1, len(name)/3) {
		return join(section.path, sibling)
	}
	var same, all []string
	for _, sibling := range siblings {
		all = append(all, join(section.path, sibling))
	}
	for _, f := range schema.all {
		all = append(all, f.path)
		if strings.EqualFold(f.name, name) {
			same = append(same, f.path)
		}
	}
	if len(same) == 0 {
		same = all
	}
	path, _ := nearest(join(section.path, name), same)
	return path
}

// Nearest is the known word that another one was likely meant to be; empty: none is near.
func Nearest(word string, known []string) string {
	best, distance := nearest(word, known)
	if best == "" || distance > max(2, len(best)/3) {
		return ""
	}
	return best
}

// nearestPath is nearestKey for a path that is no key.
func nearestPath(path string) string {
	section := schema.root
	for {
		name, rest, nested := strings.Cut(path, ".")
		below := section.child(name)
		if below == nil || !nested || below.kind != kindSection {
			return nearestKey(section, name)
		}
		section, path = below, rest
	}
}

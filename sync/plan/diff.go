package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// Differences compares what Okta wants with what was last pushed and, when employee
// was read, with what TrackTik holds. Changes are what became different in Okta;
// drift is what TrackTik holds otherwise than it was told. Of a changed field Old is
// what TrackTik holds as far as that is known. Both are in the order of the fields.
func Differences(link *Link, want *Wanted, employee *Employee, pol *Policy) (changes, drift []Change) {
	for f := Field(0); f < NumFields; f++ {
		if want.Keep.Has(f) || pol.Settled(link, f) {
			continue
		}
		if f == Region {
			if c, ok := moved(link, want, pol); ok {
				changes = append(changes, c)
			}
			continue
		}
		new, pushed := want.Values[f], link.Pushed[f]
		held := pushed
		if link.Seen[f] != "" {
			held = link.Seen[f]
		}
		read := employee != nil && employee.Has.Has(f)
		if read {
			held = employee.Values[f]
		}
		switch {
		case !f.Same(new, pushed):
			if !read || !f.Same(new, held) && !(f.isPhone() && sameNumber(new, held)) {
				changes = append(changes, Change{f, held, new})
			}
		case read && new != "" && !link.Keeps(f, held): // one that was never pushed is left alone
			drift = append(drift, Change{f, held, new})
		}
	}
	return changes, drift
}

// Settled reports a field that is not sent to an employee who exists: only a create sets
// it. But for a username that the termination took from somebody who is active again:
// without one they cannot log in.
func (pol *Policy) Settled(link *Link, f Field) bool {
	taken := f == Username && link.Pushed[f] == "" && (link.How == HowReactivated || link.How == HowRestored)
	return pol.CreateOnly.Has(f) && !taken
}

// Agree notes in link what TrackTik was seen to hold just as Okta wants it, though
// it was not told by us.
func Agree(link *Link, want *Wanted, employee *Employee) {
	for _, f := range RecordFields {
		if !employee.Has.Has(f) || want.Keep.Has(f) {
			continue
		}
		held := employee.Values[f]
		if link.Pushed[f] != want.Values[f] && (f.Same(want.Values[f], held) || f.isPhone() && sameNumber(want.Values[f], held)) {
			link.Pushed[f], link.Seen[f] = want.Values[f], ""
		}
		link.noteKept(f, held)
	}
}

// moved is the change of the region. Only a division that became another one moves
// anybody: dispatchers move people every day, and are not undone.
func moved(link *Link, want *Wanted, pol *Policy) (Change, bool) {
	new, old := want.Values[Region], link.Pushed[Region]
	if !pol.FollowRegion || new == "" || want.RegionID == 0 || want.RegionID == link.PushedRegion || FoldName(new) == FoldName(old) {
		return Change{}, false
	}
	if old == "" && link.PushedRegion != 0 { // they came without a division
		old = strconv.FormatInt(int64(link.PushedRegion), 10)
	}
	return Change{Region, old, new}, true
}

// NeedsRegion reports whether the portal's regions have to be known to decide about
// a managed person.
func NeedsRegion(link *Link, want *Wanted, pol *Policy) bool {
	new := want.Values[Region]
	return pol.FollowRegion && new != "" && !want.Keep.Has(Region) && FoldName(new) != FoldName(link.Pushed[Region])
}

// MergeChanges puts two lists that share no field into the order of the fields.
func MergeChanges(a, b []Change) []Change {
	all := append(slices.Clone(a), b...)
	slices.SortFunc(all, func(x, y Change) int { return int(x.Field) - int(y.Field) })
	return all
}

// RepairDigest stands for one set of changes by drift, old values included.
func RepairDigest(changes []Change) string {
	h := sha256.New()
	for _, c := range changes {
		write(h, c.Field.String(), c.Old, c.New)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func fieldList(changes []Change) string {
	names := make([]string, len(changes))
	for i, c := range changes {
		names[i] = c.Field.String()
	}
	return strings.Join(names, ", ")
}

// Clears reports whether the action empties a value that was pushed.
func (a *Action) Clears() bool {
	if a.Kind != Update {
		return false
	}
	return slices.ContainsFunc(a.Changes, Change.clears)
}

func (c Change) clears() bool { return c.New == "" && c.Old != "" }

package sync

import (
	"tracktik-sync/sync/plan"
)

// A changeFinder finds the people whose roles may have to change.
type changeFinder struct {
	base
	*decided
}

// markDirty finds the people whose roles may have to change.
func (r *changeFinder) markDirty() error {
	p := &r.roles
	for id, s := range r.people.subjects {
		p.dirty[id] = s.judgement.Verdict == plan.Provision
	}
	if r.some() { // what groups change for others is for a whole run
		return nil
	}
	for id := range r.current.changed {
		p.dirty[id] = true
	}
	forgotten := map[plan.GroupID]bool{}
	for _, g := range r.groups {
		if !g.known && g.link != nil {
			forgotten[g.group.ID] = true
		}
		switch {
		case g.anew || !g.known || g.link != nil && g.link.Unpushed: // its members of before may have lost the role
			r.touch(g.members, g.old)
		case g.reread:
			r.touch(symmetric(g.members, g.old))
			if err := r.touchStrays(g); err != nil {
				return err
			}
		}
		if g.anew && g.link != nil && g.link.Role != 0 {
			if err := r.touchHolders(g.link.Role); err != nil {
				return err
			}
		}
	}
	if err := r.touchGranted(forgotten); err != nil {
		return err
	}
	if !r.pol.RevokeUnpushed {
		return nil
	}
	for _, l := range r.unpushed {
		if err := r.touchHolders(l.Role); err != nil {
			return err
		}
	}
	return nil
}

// touchGranted marks who holds a role by one of the groups, whose members of before are
// not known: some may have left.
func (r *changeFinder) touchGranted(groups map[plan.GroupID]bool) error {
	if len(groups) == 0 {
		return nil
	}
	for g, err := range r.Snapshot.Grants() {
		if err != nil {
			return err
		}
		if groups[g.Group] {
			r.roles.dirty[g.Person] = true
		}
	}
	return nil
}

func (r *changeFinder) touch(lists ...[]plan.PersonID) {
	for _, list := range lists {
		for _, id := range list {
			r.roles.dirty[id] = true
		}
	}
}

func (r *changeFinder) touchHolders(role plan.RoleID) error {
	holders, err := r.Snapshot.Holders(role)
	r.touch(holders)
	return err
}

// touchStrays finds the holders who are not in the group, and the members who do not hold
// its role: a run that ended before it stored the members has granted or taken it, or the
// role was not given while the group could not be read.
func (r *changeFinder) touchStrays(g *pushed) error {
	if g.link == nil || g.link.Role == 0 {
		return nil
	}
	holders, err := r.Snapshot.Holders(g.link.Role)
	for _, id := range symmetric(g.members, holders) {
		if m := r.people.find(id); m != nil && m.employee != 0 { // most of a large group may be nobody's
			r.roles.dirty[id] = true
		}
	}
	return err
}

// symmetric returns what is in just one of two sorted lists.
func symmetric(a, b []plan.PersonID) []plan.PersonID {
	var only []plan.PersonID
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			a, b = a[1:], b[1:]
		case a[0] < b[0]:
			only, a = append(only, a[0]), a[1:]
		default:
			only, b = append(only, b[0]), b[1:]
		}
	}
	return append(append(only, a...), b...)
}

package ask

import (
	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A changeFinder finds the people whose roles may have to change.
type changeFinder struct {
	read.Base
	*decide.Decided
}

// markDirty finds the people whose roles may have to change.
func (r *changeFinder) markDirty() error {
	p := &r.Roles
	for id, s := range r.People.Subjects {
		p.Dirty[id] = s.Judgement.Verdict == plan.Provision
	}
	if r.Scope.Some() { // what groups change for others is for a whole run
		return nil
	}
	for id := range r.Current.Changed {
		p.Dirty[id] = true
	}
	forgotten := map[plan.GroupID]bool{}
	for _, g := range r.Pushed {
		if !g.Known && g.Link != nil {
			forgotten[g.Group.ID] = true
		}
		switch {
		case g.Anew || !g.Known || g.Link != nil && g.Link.Unpushed: // its members of before may have lost the role
			r.touch(g.Members, g.Old)
		case g.Reread:
			r.touch(symmetric(g.Members, g.Old))
			if err := r.touchStrays(g); err != nil {
				return err
			}
		}
		if g.Anew && g.Link != nil && g.Link.Role != 0 {
			if err := r.touchHolders(g.Link.Role); err != nil {
				return err
			}
		}
	}
	if err := r.touchGranted(forgotten); err != nil {
		return err
	}
	if !r.Pol.RevokeUnpushed {
		return nil
	}
	for _, l := range r.Unpushed {
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
			r.Roles.Dirty[g.Person] = true
		}
	}
	return nil
}

func (r *changeFinder) touch(lists ...[]plan.PersonID) {
	for _, list := range lists {
		for _, id := range list {
			r.Roles.Dirty[id] = true
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
func (r *changeFinder) touchStrays(g *read.Pushed) error {
	if g.Link == nil || g.Link.Role == 0 {
		return nil
	}
	holders, err := r.Snapshot.Holders(g.Link.Role)
	for _, id := range symmetric(g.Members, holders) {
		if m := r.People.Find(id); m != nil && m.Employee != 0 { // most of a large group may be nobody's
			r.Roles.Dirty[id] = true
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

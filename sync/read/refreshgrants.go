package read

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// A GrantReader compares grants on record with those in the portal.
type GrantReader struct {
	Base
	portalReader *PortalReader
}

// refreshGrants compares all grants with those on record. When the list cannot be read,
// or lacks what is there, nothing is known of anybody's grants in this run.
func (r *GrantReader) refreshGrants(ctx context.Context) error {
	c := &r.Current
	c.Changed = map[plan.PersonID]bool{}
	err := r.compareGrants(ctx)
	if err == nil {
		return nil
	}
	c.Holders, c.Covered, c.Corrected, c.DropGrants, c.Held = nil, nil, nil, nil, nil
	clear(c.Changed)
	return r.Grants.Unread(ctx, err, nil)
}

// A grantList is what the list of all grants says about those on record.
type grantList struct {
	linked map[plan.RoleID]bool    // roles that groups have or had, or that we granted
	stuck  map[plan.EmployeeID]int // of whose last role is on record: how many they hold
	own    bool                    // the employee whose credentials are used is in it
}

// compareGrants compares the grants of roles that are linked, or were: what was granted by
// a group's former role is still ours.
func (r *GrantReader) compareGrants(ctx context.Context) error {
	list, err := r.listedGrants(ctx)
	if err != nil {
		return err
	}
	var missing []plan.Grant
	ours := map[Holder]bool{}
	for g, err := range r.Snapshot.Grants() {
		if err != nil {
			return err
		}
		ours[Holder{g.Role, g.Employee}] = true
		switch {
		case r.Portal.Lacks(g.Role):
			r.Current.DropGrants = append(r.Current.DropGrants, g.Key())
			r.Current.Changed[g.Person] = true
		case r.Current.Gone[g.Person], r.Current.Unread[g.Person]: // out of sight, and their grants as well
		case !r.compareGrant(g, list.stuck[g.Employee]):
			if e := r.Current.Differs[g.Person]; e == nil || e.Active() { // else the list may hide it with them
				missing = append(missing, g)
			}
		}
	}
	if err := r.confirmMissing(ctx, missing, list.own); err != nil {
		return err
	}
	if list.own {
		r.Current.Covered = list.linked
	} else {
		r.Current.Held = nil
	}
	return r.strangeHolders(ours)
}

// listedGrants reads the list.
func (r *GrantReader) listedGrants(ctx context.Context) (*grantList, error) {
	list := &grantList{linked: map[plan.RoleID]bool{}, stuck: map[plan.EmployeeID]int{}}
	links, err := r.Snapshot.Groups()
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		if l.Role != 0 {
			list.linked[l.Role] = true
		}
	}
	if d := r.Meta.DefaultRole; d != nil {
		list.linked[d.ID] = true
	}
	for g, err := range r.Snapshot.Grants() {
		if err != nil {
			return nil, err
		}
		list.linked[g.Role] = true
		if g.Stuck {
			list.stuck[g.Employee] = 0
		}
	}
	if r.Portal.Read {
		if err := r.portalReader.confirmRoles(ctx, slices.Sorted(maps.Keys(list.linked))); err != nil {
			return nil, err
		}
	}
	own, err := r.Grants.Own(ctx)
	if err != nil {
		return nil, err
	}
	c := &r.Current
	c.Holders = map[Holder][]plan.GrantID{}
	c.Held = map[plan.EmployeeID]int{}
	r.Phase("reading tracktik roles", 0)
	return list, r.Target.UserRoles(ctx, func(page []plan.UserRole) error {
		for _, u := range page {
			c.TopGrant = max(c.TopGrant, u.ID)
			list.own = list.own || u.Employee == own
			c.Held[u.Employee]++
			if list.linked[u.Role] {
				key := Holder{u.Role, u.Employee}
				c.Holders[key] = append(c.Holders[key], u.ID)
			}
			if n, stuck := list.stuck[u.Employee]; stuck {
				list.stuck[u.Employee] = n + 1
			}
		}
		r.Advance(len(page))
		return nil
	})
}

// compareGrant takes in that a grant is there, and that its holder has so many roles.
// false: it is not there.
func (r *GrantReader) compareGrant(g plan.Grant, roles int) bool {
	ids := r.Current.Holders[Holder{g.Role, g.Employee}]
	if !slices.Contains(ids, g.ID) {
		return false
	}
	now := g
	now.Gone, now.Again = false, false
	now.Stuck = g.Stuck && roles < 2 // somebody gave them another one: it is not the last
	if now != g {
		r.Current.Correct(g, now)
	}
	if now != g || len(ids) > 1 {
		r.Current.Changed[g.Person] = true
	}
	return true
}

// strangeHolders marks managed people who hold a linked role that is not on record:
// it is adopted when it is due.
func (r *GrantReader) strangeHolders(ours map[Holder]bool) error {
	for key := range r.Current.Holders {
		if ours[key] {
			continue
		}
		link, found, err := r.Snapshot.LinkOfEmployee(key.Employee)
		if err != nil {
			return err
		}
		if found {
			r.Current.Changed[link.Person] = true
		}
	}
	return nil
}

// ConfirmGrants reads by their ids the grants that an answer lacks: the answer is not
// believed when one is there. Of many, a sample is read, if it shows at least the grants of
// the employee whose credentials are used.
func (r *GrantReader) ConfirmGrants(ctx context.Context, missing []plan.Grant, own bool) error {
	looked := missing
	if own && r.Samples(plan.RevokeRole, len(missing)) {
		looked = Sample(r.Seed, missing, func(g plan.Grant) string { return fmt.Sprintf("%d|%s", g.Role, g.Person) })
	}
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(Lookers)
	for _, g := range looked {
		pool.Go(func() error { return r.grantGone(ctx, g, own) })
	}
	return pool.Wait()
}

// confirmMissing notes what became of the grants that an answer lacks. That somebody else has
// given the role since makes that grant no one of ours: it is adopted when the role is due. One
// that has no id in this portal yet is the grant that is there.
func (r *GrantReader) confirmMissing(ctx context.Context, missing []plan.Grant, own bool) error {
	if err := r.ConfirmGrants(ctx, missing, own); err != nil {
		return err
	}
	for _, g := range missing {
		now := g
		now.Gone, now.Stuck = true, false
		if ids := r.Current.Holders[Holder{g.Role, g.Employee}]; len(ids) > 0 && g.ID == 0 {
			now = plan.Grant{Role: g.Role, Person: g.Person, ID: slices.Min(ids), Employee: g.Employee, Group: g.Group,
				How: plan.HowAdopted, Since: r.AsOf, Run: r.ID}
		}
		r.Current.Correct(g, now)
		r.Current.Changed[g.Person] = true
	}
	return nil
}

// grantGone reads a grant that an answer lacks by its id. own says that the answer
// showed the grants of the employee whose credentials are used: the id is another's then,
// when somebody else is shown with it.
func (r *GrantReader) grantGone(ctx context.Context, g plan.Grant, own bool) error {
	if g.ID == 0 { // it has none in this portal yet
		return nil
	}
	u, found, err := r.Target.UserRole(ctx, g.ID)
	switch {
	case err != nil || !found:
		return err
	case u.Role == g.Role && u.Employee == g.Employee:
		return &BrokenListing{What: lacksGrant(g)}
	case !own:
		return &BrokenListing{What: fmt.Sprintf("tracktik shows grant %d, which was made for employee %d, as one of user "+
			"%d: its grants may not carry the ids of employees", g.ID, g.Employee, u.Employee)}
	}
	return nil
}

func lacksGrant(g plan.Grant) string {
	return fmt.Sprintf("tracktik's list of user roles lacks grant %d of employee %d, who holds the role", g.ID, g.Employee)
}

// ReadGrant reports whether a grant of ours is there, as far as its id tells.
func (r *GrantReader) ReadGrant(ctx context.Context, g plan.Grant) (bool, error) {
	if g.ID == 0 { // it has none in this portal yet
		return false, nil
	}
	u, found, err := r.Target.UserRole(ctx, g.ID)
	return found && u.Role == g.Role, err
}

// refreshGrantsOf compares the grants of one person with those on record.
func (r *GrantReader) refreshGrantsOf(ctx context.Context, link *plan.Link) error {
	held, doubt, err := r.Grants.Of(ctx, link.Employee)
	if err != nil || doubt != "" {
		return err
	}
	c := &r.Current
	if c.Holders == nil {
		c.Holders = map[Holder][]plan.GrantID{}
	}
	if c.Changed == nil {
		c.Changed = map[plan.PersonID]bool{}
	}
	for _, u := range held {
		c.Holds(u)
	}
	grants, err := r.Snapshot.GrantsOf(link.Person)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(grants, func(g plan.Grant) bool { return r.compareGrant(g, len(held)) })
	if err := r.confirmMissing(ctx, missing, true); err != nil {
		return r.Grants.Unread(ctx, err, nil)
	}
	return nil
}

// StillHeld are the grants of a former employee that are there. One that the list of their
// roles lacks is read by its id, and one that cannot be read counts as there: it is not
// granted again.
func (r *GrantReader) StillHeld(ctx context.Context, former *plan.Former) ([]plan.Grant, error) {
	held, doubt, err := r.Grants.Of(ctx, former.Link.Employee)
	if err != nil {
		return nil, err
	}
	var kept []plan.Grant
	for _, g := range former.Roles {
		g.Employee = former.Link.Employee
		i := slices.IndexFunc(held, func(u plan.UserRole) bool { return u.ID == g.ID || g.ID == 0 && u.Role == g.Role })
		there := i >= 0
		if there {
			g.ID = held[i].ID
		} else {
			there, err = r.ReadGrant(ctx, g)
			if there && err == nil && doubt == "" {
				err = &BrokenListing{What: lacksGrant(g)}
			}
			there = there || err != nil
			if err := r.Grants.Unread(ctx, err, nil); err != nil {
				return nil, err
			}
		}
		if there {
			kept = append(kept, g)
		}
	}
	return kept, nil
}

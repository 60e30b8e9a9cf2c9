package sync

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A grantReader compares grants on record with those in the portal.
type grantReader struct {
	base
	portalReader *portalReader
}

// refreshGrants compares all grants with those on record. When the list cannot be read,
// or lacks what is there, nothing is known of anybody's grants in this run.
func (r *grantReader) refreshGrants(ctx context.Context) error {
	c := &r.current
	c.changed = map[plan.PersonID]bool{}
	err := r.compareGrants(ctx)
	if err == nil {
		return nil
	}
	c.holders, c.covered, c.corrected, c.dropGrants, c.held = nil, nil, nil, nil, nil
	clear(c.changed)
	return r.grants.Unread(ctx, err, nil)
}

// A grantList is what the list of all grants says about those on record.
type grantList struct {
	linked map[plan.RoleID]bool    // roles that groups have or had, or that we granted
	stuck  map[plan.EmployeeID]int // of whose last role is on record: how many they hold
	own    bool                    // the employee whose credentials are used is in it
}

// compareGrants compares the grants of roles that are linked, or were: what was granted by
// a group's former role is still ours.
func (r *grantReader) compareGrants(ctx context.Context) error {
	list, err := r.listedGrants(ctx)
	if err != nil {
		return err
	}
	var missing []plan.Grant
	ours := map[holder]bool{}
	for g, err := range r.Snapshot.Grants() {
		if err != nil {
			return err
		}
		ours[holder{g.Role, g.Employee}] = true
		switch {
		case r.portalReader.roleGone(g.Role):
			r.current.dropGrants = append(r.current.dropGrants, g.Key())
			r.current.changed[g.Person] = true
		case r.current.gone[g.Person]: // out of sight, and their grants as well
		case !r.compareGrant(g, list.stuck[g.Employee]):
			missing = append(missing, g)
		}
	}
	if err := r.confirmMissing(ctx, missing, list.own); err != nil {
		return err
	}
	if list.own {
		r.current.covered = list.linked
	} else {
		r.current.held = nil
	}
	return r.strangeHolders(ours)
}

// listedGrants reads the list.
func (r *grantReader) listedGrants(ctx context.Context) (*grantList, error) {
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
	for g, err := range r.Snapshot.Grants() {
		if err != nil {
			return nil, err
		}
		list.linked[g.Role] = true
		if g.Stuck {
			list.stuck[g.Employee] = 0
		}
	}
	own, err := r.grants.Own(ctx)
	if err != nil {
		return nil, err
	}
	c := &r.current
	c.holders = map[holder][]plan.GrantID{}
	c.held = map[plan.EmployeeID]int{}
	r.phase("reading tracktik roles", 0)
	return list, r.Target.UserRoles(ctx, func(page []plan.UserRole) error {
		for _, u := range page {
			c.topGrant = max(c.topGrant, u.ID)
			list.own = list.own || u.Employee == own
			c.held[u.Employee]++
			if list.linked[u.Role] {
				key := holder{u.Role, u.Employee}
				c.holders[key] = append(c.holders[key], u.ID)
			}
			if n, stuck := list.stuck[u.Employee]; stuck {
				list.stuck[u.Employee] = n + 1
			}
		}
		r.progress(len(page))
		return nil
	})
}

// compareGrant takes in that a grant is there, and that its holder has so many roles.
// false: it is not there.
func (r *grantReader) compareGrant(g plan.Grant, roles int) bool {
	ids := r.current.holders[holder{g.Role, g.Employee}]
	if !slices.Contains(ids, g.ID) {
		return false
	}
	now := g
	now.Gone, now.Again = false, false
	now.Stuck = g.Stuck && roles < 2 // somebody gave them another one: it is not the last
	if now != g {
		r.current.correct(g, now)
	}
	if now != g || len(ids) > 1 {
		r.current.changed[g.Person] = true
	}
	return true
}

// strangeHolders marks managed people who hold a linked role that is not on record:
// it is adopted when it is due.
func (r *grantReader) strangeHolders(ours map[holder]bool) error {
	for key := range r.current.holders {
		if ours[key] {
			continue
		}
		link, found, err := r.Snapshot.LinkOfEmployee(key.employee)
		if err != nil {
			return err
		}
		if found {
			r.current.changed[link.Person] = true
		}
	}
	return nil
}

// confirmGrants reads by their ids the grants that an answer lacks: the answer is not
// believed when one is there. Of many, a sample is read, if it shows at least the grants of
// the employee whose credentials are used.
func (r *grantReader) confirmGrants(ctx context.Context, missing []plan.Grant, own bool) error {
	looked := missing
	limit := r.Limits.Of(plan.RevokeRole).MaxCount
	if !r.full && own && len(missing) > sampleSize && limit >= 0 && len(missing) > limit {
		looked = r.sampleGrants(missing)
	}
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(lookers)
	for _, g := range looked {
		pool.Go(func() error { return r.grantGone(ctx, g, own) })
	}
	return pool.Wait()
}

// confirmMissing notes what became of the grants that an answer lacks.
func (r *grantReader) confirmMissing(ctx context.Context, missing []plan.Grant, own bool) error {
	if err := r.confirmGrants(ctx, missing, own); err != nil {
		return err
	}
	for _, g := range missing {
		now := g
		now.Gone, now.Stuck = true, false
		if ids := r.current.holders[holder{g.Role, g.Employee}]; len(ids) > 0 { // by somebody else's grant
			now = plan.Grant{Role: g.Role, Person: g.Person, ID: slices.Min(ids), Employee: g.Employee, Group: g.Group, How: plan.HowAdopted, Since: r.now, Run: r.id}
		}
		r.current.correct(g, now)
		r.current.changed[g.Person] = true
	}
	return nil
}

// sampleGrants draws some by a hash of the run and the grant: nobody can guess them.
func (r *grantReader) sampleGrants(all []plan.Grant) []plan.Grant {
	weight := func(g plan.Grant) uint64 {
		h := fnv.New64a()
		_, _ = fmt.Fprintf(h, "%s|%d|%s", r.doc.ID, g.Role, g.Person)
		return h.Sum64()
	}
	drawn := slices.Clone(all)
	slices.SortFunc(drawn, func(a, b plan.Grant) int { return cmp.Compare(weight(a), weight(b)) })
	return drawn[:sampleSize]
}

// grantGone reads a grant that an answer lacks by its id. own says that the answer
// showed the grants of the employee whose credentials are used: the id is another's then,
// when somebody else is shown with it.
func (r *grantReader) grantGone(ctx context.Context, g plan.Grant, own bool) error {
	if g.ID == 0 { // it has none in this portal yet
		return nil
	}
	u, found, err := r.Target.UserRole(ctx, g.ID)
	switch {
	case err != nil || !found:
		return err
	case u.Role == g.Role && u.Employee == g.Employee:
		return &read.BrokenListing{What: lacksGrant(g)}
	case !own:
		return &read.BrokenListing{What: fmt.Sprintf("tracktik shows grant %d, which was made for employee %d, as one of user %d: its grants may not carry the ids of employees", g.ID, g.Employee, u.Employee)}
	}
	return nil
}

func lacksGrant(g plan.Grant) string {
	return fmt.Sprintf("tracktik's list of user roles lacks grant %d of employee %d, who holds the role", g.ID, g.Employee)
}

// readGrant reports whether a grant of ours is there, as far as its id tells.
func (r *grantReader) readGrant(ctx context.Context, g plan.Grant) (bool, error) {
	if g.ID == 0 { // it has none in this portal yet
		return false, nil
	}
	u, found, err := r.Target.UserRole(ctx, g.ID)
	return found && u.Role == g.Role, err
}

// refreshGrantsOf compares the grants of one person with those on record.
func (r *grantReader) refreshGrantsOf(ctx context.Context, link *plan.Link) error {
	held, doubt, err := r.grants.Of(ctx, link.Employee)
	if err != nil || doubt != "" {
		return err
	}
	c := &r.current
	if c.holders == nil {
		c.holders = map[holder][]plan.GrantID{}
	}
	if c.changed == nil {
		c.changed = map[plan.PersonID]bool{}
	}
	for _, u := range held {
		c.holds(u)
	}
	grants, err := r.Snapshot.GrantsOf(link.Person)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(grants, func(g plan.Grant) bool { return r.compareGrant(g, len(held)) })
	if err := r.confirmMissing(ctx, missing, true); err != nil {
		return r.grants.Unread(ctx, err, nil)
	}
	return nil
}

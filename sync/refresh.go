package sync

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// currentState is TrackTik as a refresh read it: not all of it, but what differs from
// what the snapshot expects.
type currentState struct {
	differs map[plan.PersonID]*plan.Employee // managed employees that are not as pushed
	gone    map[plan.PersonID]bool           // managed employees that are not there
	read    time.Time                        // when
	total   int                              // employees, the inactive ones included
	// topEmployee and topGrant are the highest ids that there are.
	topEmployee plan.EmployeeID
	topGrant    plan.GrantID
	strangers   []stranger // active employees who are not managed
	// candidates are employees of nobody who have the username or e-mail of somebody
	// managed, when links may be moved: see relinks.
	candidates map[plan.PersonID][]plan.Match
	// holders are the grants of roles that are linked, by role and employee.
	holders map[holder][]plan.GrantID
	// held counts the grants of each employee, whoever made them; nil: they were not read,
	// or the list is not to be believed.
	held map[plan.EmployeeID]int
	// changed are people whose grants are not as recorded.
	changed map[plan.PersonID]bool
	// covered are the roles of which the list of grants tells who holds them.
	covered map[plan.RoleID]bool
	// corrected are grants that are not as recorded; dropGrants, those whose role is gone.
	corrected  map[plan.GrantKey]correction
	dropGrants []plan.GrantKey
}

// A correction is a grant as it is on record, and as it is.
type correction struct{ was, now plan.Grant }

// correct notes what is to be recorded of a grant, and is believed in this run already.
func (c *currentState) correct(was, now plan.Grant) {
	if earlier, again := c.corrected[was.Key()]; again {
		was = earlier.was
	}
	if c.corrected == nil {
		c.corrected = map[plan.GrantKey]correction{}
	}
	c.corrected[was.Key()] = correction{was, now}
}

// asFound is a grant on record as it was found to be: one that was taken back and made
// again by hand has another id, and the former may be somebody else's.
func (c *currentState) asFound(g plan.Grant) plan.Grant {
	if found, corrected := c.corrected[g.Key()]; corrected {
		return found.now
	}
	return g
}

type holder struct {
	role     plan.RoleID
	employee plan.EmployeeID
}

// holds notes a grant, once.
func (c *currentState) holds(u plan.UserRole) {
	key := holder{u.Role, u.Employee}
	if !slices.Contains(c.holders[key], u.ID) {
		c.holders[key] = append(c.holders[key], u.ID)
	}
}

// An employeeReader reads the portal's employees and compares them with the record.
type employeeReader struct {
	base
	grantReader  *grantReader
	relinker     *relinker
	portalReader *portalReader
}

// readCurrent reads TrackTik: employees, roles, and who holds them.
func (r *employeeReader) readCurrent(ctx context.Context) error {
	c := &r.current
	c.differs, c.gone = map[plan.PersonID]*plan.Employee{}, map[plan.PersonID]bool{}
	r.phase("reading tracktik employees", r.meta.PortalEmployees)
	total, err := r.Target.Employees(ctx, func(page []plan.Employee) error {
		for i := range page {
			c.topEmployee = max(c.topEmployee, page[i].ID)
			if err := r.compareEmployee(&page[i]); err != nil {
				return err
			}
		}
		r.progress(len(page))
		return nil
	})
	if err != nil {
		return err
	}
	c.total, c.read = total, r.clock()
	if err := r.confirmGone(ctx); err != nil {
		return err
	}
	if err := r.relinker.relinkAll(ctx); err != nil {
		return err
	}
	if err := r.portalReader.readPortalRoles(ctx); err != nil {
		return err
	}
	return r.grantReader.refreshGrants(ctx)
}

// compareEmployee notes an employee of ours that differs from what was pushed.
func (r *employeeReader) compareEmployee(e *plan.Employee) error {
	r.grants.NoteOwn(e)
	link, found, err := r.Snapshot.LinkOfEmployee(e.ID)
	if err != nil {
		return err
	}
	if !found {
		if !e.Active() || r.pol.Owns(plan.Who{Employee: e}) {
			return nil
		}
		r.current.strangers = append(r.current.strangers, strangerOf(e))
		return r.relinker.candidate(e)
	}
	if m := r.people.find(link.Person); m != nil {
		m.flags |= flagInTT
	}
	names := link.Seen[plan.Username] + link.Seen[plan.Email] // it may hold them no longer
	if !e.Active() || names != "" || link.ElsewhereStatus != "" || link.LastRepair != "" || differs(&link, e, r.relinks()) ||
		r.pol.Shields(plan.Who{Employee: e}) != "" {
		r.current.differs[link.Person] = e
	}
	return nil
}

// differs reports whether an employee is not as pushed. What was never pushed counts
// only where others provision too: what they wrote need not be written again.
func differs(link *plan.Link, e *plan.Employee, others bool) bool {
	for _, f := range plan.RecordFields {
		if e.Has.Has(f) && (others || link.Pushed[f] != "") && !f.Same(link.Pushed[f], e.Values[f]) {
			return true
		}
	}
	return false
}

// confirmGone reads by id the employees of ours that TrackTik's list lacks. One that
// is there after all means that the list is short.
func (r *employeeReader) confirmGone(ctx context.Context) error {
	var missing []*mark
	for i := range r.people.marks {
		if m := &r.people.marks[i]; m.employee != 0 && !m.has(flagInTT) {
			missing = append(missing, m)
		}
	}
	looked := missing
	if r.samples(len(missing)) {
		looked = missing[:sampleSize]
	}
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(lookers)
	for _, m := range looked {
		pool.Go(func() error {
			e, found, err := r.Target.Employee(ctx, m.employee)
			if err == nil && found {
				err = &read.BrokenListing{What: fmt.Sprintf("tracktik's list of employees lacks employee %d, who is %s", m.employee, e.Status)}
			}
			return err
		})
	}
	if err := pool.Wait(); err != nil {
		return err
	}
	for _, m := range missing {
		r.current.gone[m.id] = true
	}
	return nil
}

// readPortalRoles reads the portal's roles once a run.
func (r *portalReader) readPortalRoles(ctx context.Context) error {
	if r.portal.Read {
		return nil
	}
	roles, err := r.Target.Roles(ctx)
	if err != nil {
		return err
	}
	if err := r.confirmRoles(ctx, roles); err != nil {
		return err
	}
	r.portal = plan.PortalRoles{Read: true, Roles: roles}
	if foreign, found := plan.Foreign(roles, append([]plan.Binding{r.Binding}, r.meta.Formerly...)...); found && r.id != "" && !r.Observe {
		return &RefusedError{RefusedConnection, fmt.Sprintf("role %d of the tracktik portal was made by another connection (%s): one portal, one connection; "+
			"stop the other one and take its mark out of the role's description", foreign.ID, foreign.Description)}
	} else if found {
		r.warn(plan.Warning{Code: RefusedConnection, Message: fmt.Sprintf("role %d of the tracktik portal was made by another connection (%s)", foreign.ID, foreign.Description)})
	}
	return nil
}

// confirmRoles reads by id the linked roles that TrackTik's list lacks: a role that is
// there after all means that the list is short.
func (r *portalReader) confirmRoles(ctx context.Context, roles []plan.Role) error {
	links, err := r.Snapshot.Groups()
	if err != nil {
		return err
	}
	listed := map[plan.RoleID]bool{0: true}
	for _, role := range roles {
		listed[role.ID] = true
	}
	for _, l := range links {
		if listed[l.Role] {
			continue
		}
		listed[l.Role] = true // once is enough
		_, found, err := r.Target.Role(ctx, l.Role)
		if err == nil && found {
			err = &read.BrokenListing{What: fmt.Sprintf("tracktik's list of roles lacks role %d, which exists", l.Role)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

package read

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// currentState is TrackTik as a refresh read it: not all of it, but what differs from
// what the snapshot expects.
type currentState struct {
	Differs map[plan.PersonID]*plan.Employee // managed employees that are not as pushed
	Gone    map[plan.PersonID]bool           // managed employees that are not there
	Unread  map[plan.PersonID]bool           // managed employees of whom that cannot be told
	read    time.Time                        // when
	Total   int                              // employees, the inactive ones included
	// TopEmployee and TopGrant are the highest ids that there are.
	TopEmployee plan.EmployeeID
	TopGrant    plan.GrantID
	Strangers   []stranger // active employees who are not managed
	// Revived are employees whom we ended, and whom somebody else has brought back.
	Revived []plan.Former
	// Candidates are employees of nobody who have the username or e-mail of somebody
	// managed, when links may be moved: see relinks.
	Candidates map[plan.PersonID][]plan.Match
	// Holders are the grants of roles that are linked, by role and employee.
	Holders map[Holder][]plan.GrantID
	// Held counts the grants of each employee, whoever made them; nil: they were not read,
	// or the list is not to be believed.
	Held map[plan.EmployeeID]int
	// Changed are people whose grants are not as recorded.
	Changed map[plan.PersonID]bool
	// Covered are the roles of which the list of grants tells who holds them.
	Covered map[plan.RoleID]bool
	// Corrected are grants that are not as recorded; DropGrants, those whose role is gone.
	Corrected  map[plan.GrantKey]correction
	DropGrants []plan.GrantKey
}

// A correction is a grant as it is on record, and as it is.
type correction struct{ Was, Now plan.Grant }

// Correct notes what is to be recorded of a grant, and is believed in this run already.
func (c *currentState) Correct(was, now plan.Grant) {
	if earlier, again := c.Corrected[was.Key()]; again {
		was = earlier.Was
	}
	if c.Corrected == nil {
		c.Corrected = map[plan.GrantKey]correction{}
	}
	c.Corrected[was.Key()] = correction{was, now}
}

// AsFound is a grant on record as it was found to be: one that was taken back and made
// again by hand has another id, and the former may be somebody else's.
func (c *currentState) AsFound(g plan.Grant) plan.Grant {
	if found, corrected := c.Corrected[g.Key()]; corrected {
		return found.Now
	}
	return g
}

// A Holder is an employee with a role.
type Holder struct {
	Role     plan.RoleID
	Employee plan.EmployeeID
}

// Holds notes a grant, once.
func (c *currentState) Holds(u plan.UserRole) {
	key := Holder{u.Role, u.Employee}
	if !slices.Contains(c.Holders[key], u.ID) {
		c.Holders[key] = append(c.Holders[key], u.ID)
	}
}

// An employeeReader reads the portal's employees and compares them with the record.
type employeeReader struct {
	Base
	grantReader  *GrantReader
	relinker     *relinker
	portalReader *PortalReader
}

// readCurrent reads TrackTik: employees, roles, and who holds them. It stops at links that
// have moved (a *MovedError), and goes on from there when it is called again.
func (r *employeeReader) readCurrent(ctx context.Context) error {
	if r.Current.read.IsZero() {
		if err := r.readEmployees(ctx); err != nil || !r.Refresh {
			return err
		}
	}
	if err := r.portalReader.TryPortalRoles(ctx); err != nil {
		return err
	}
	return r.grantReader.refreshGrants(ctx)
}

// readEmployees reads the list of employees, and finds links that have to move.
func (r *employeeReader) readEmployees(ctx context.Context) error {
	c := &r.Current
	c.Differs, c.Gone = map[plan.PersonID]*plan.Employee{}, map[plan.PersonID]bool{}
	r.Phase("reading tracktik employees", r.Meta.PortalEmployees)
	total, err := r.Target.Employees(ctx, func(page []plan.Employee) error {
		for i := range page {
			c.TopEmployee = max(c.TopEmployee, page[i].ID)
			if err := r.compareEmployee(&page[i]); err != nil {
				return err
			}
		}
		r.Advance(len(page))
		return nil
	})
	if m, missing := plan.FailedRead(err); missing && r.MayWait { // the refresh stays due
		r.noteMissing(m)
		r.Refresh, *c = false, currentState{} // half a list is no list
		return nil
	}
	if err != nil {
		return err
	}
	c.Total, c.read = total, r.Moment()
	if err := r.confirmGone(ctx); err != nil {
		return err
	}
	return r.relinker.relinkAll(ctx)
}

// compareEmployee notes an employee of ours that differs from what was pushed.
func (r *employeeReader) compareEmployee(e *plan.Employee) error {
	r.Grants.NoteOwn(e)
	link, found, err := r.Snapshot.LinkOfEmployee(e.ID)
	if err != nil {
		return err
	}
	if !found {
		if !e.Active() || r.Pol.Owns(plan.Who{Employee: e}) {
			return nil
		}
		r.Current.Strangers = append(r.Current.Strangers, strangerOf(e))
		return errors.Join(r.noteRevived(e), r.relinker.candidate(e))
	}
	if m := r.People.Find(link.Person); m != nil {
		m.flags |= flagInTT
	}
	names := link.Seen[plan.Username] + link.Seen[plan.Email] // it may hold them no longer
	if !e.Active() || names != "" || link.ElsewhereStatus != "" || link.LastRepair != "" ||
		link.Left != 0 || differs(&link, e, r.relinks()) || e.Region != 0 && e.Region != link.Place() ||
		r.Pol.Shields(plan.Who{Employee: e}) != "" {
		r.Current.Differs[link.Person] = e
	}
	return nil
}

// noteRevived notes an active employee whom we ended, and whom nobody has brought back by us.
func (r *employeeReader) noteRevived(e *plan.Employee) error {
	former, was, err := r.Snapshot.FormerByEmployee(e.ID)
	if err != nil || !was || former.Elsewhere || former.Revived || r.relinks() ||
		r.Pending[former.Link.Person] != "" || r.AsOf.Sub(former.Terminated) < revivedAfter {
		return err
	}
	former.Revived = true
	r.Current.Revived = append(r.Current.Revived, former)
	return nil
}

// revivedAfter is how old a termination is before a list that shows the employee as active
// means more than that the list is late.
const revivedAfter = time.Minute

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

// confirmGone reads by id the employees of ours that TrackTik's list lacks. One who is active
// there after all means that the list is short; one who is not, that it shows the active ones
// alone.
func (r *employeeReader) confirmGone(ctx context.Context) error {
	var missing []*Mark
	for i := range r.People.Marks {
		if m := &r.People.Marks[i]; m.Employee != 0 && !m.Has(flagInTT) {
			missing = append(missing, m)
		}
	}
	looked := missing
	if r.Samples(plan.Terminate, len(missing)) {
		looked = Sample(r.Seed, missing, func(m *Mark) string { return string(m.ID) })
	}
	found, err := r.readMissing(ctx, looked)
	if err == nil && found.there > 0 && len(looked) < len(missing) { // the sample speaks for nobody
		found, err = r.readMissing(ctx, missing)
	}
	if err != nil {
		return err
	}
	if found.unread != nil {
		r.Warn(plan.Warning{Code: warnUnread, Message: fmt.Sprintf("tracktik's list of employees lacks %d of ours, who "+
			"cannot be read by their ids either, and stay as they are on record: %s",
			len(missing)-len(found.gone)-found.there, found.unread)})
	}
	c := &r.Current
	c.Unread = map[plan.PersonID]bool{}
	for _, m := range missing {
		switch {
		case c.Differs[m.ID] != nil:
		case found.gone[m.ID] || found.unread == nil: // a sample that was read whole speaks for the others
			c.Gone[m.ID] = true
		default:
			c.Unread[m.ID] = true
		}
	}
	return nil
}

// warnUnread is the code of a warning that employees on record could not be read.
const warnUnread = "employees_unread"

// missed is what became of employees whom the list lacks, as far as they were looked up.
type missed struct {
	gone   map[plan.PersonID]bool
	there  int   // and not active
	unread error // why one of them could not be read; nil: all could
}

// readMissing reads employees by their ids, and notes those who are there and not active; the
// error is a BrokenListing where one is active.
func (r *employeeReader) readMissing(ctx context.Context, missing []*Mark) (found missed, err error) {
	ended := make([]*plan.Employee, len(missing))
	failed := make([]error, len(missing))
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(Lookers)
	for i, m := range missing {
		pool.Go(func() error {
			e, there, err := r.Target.Employee(ctx, m.Employee)
			if _, unread := plan.FailedRead(err); unread && !r.Meta.RefreshDue && !r.Meta.Observed { // else much rests on each
				failed[i] = err
				return nil
			}
			switch {
			case err != nil || !there:
				return err
			case e.Active():
				return &BrokenListing{What: fmt.Sprintf("tracktik's list of employees lacks employee %d, who is %s", m.Employee,
					e.Status)}
			}
			ended[i] = &e
			return nil
		})
	}
	if err := pool.Wait(); err != nil {
		return missed{}, err
	}
	found.gone = map[plan.PersonID]bool{}
	for i, m := range missing {
		switch {
		case ended[i] != nil:
			r.Current.Differs[m.ID] = ended[i]
			found.there++
		case failed[i] != nil:
			found.unread = failed[i]
		default:
			found.gone[m.ID] = true
		}
	}
	return found, nil
}

// A stranger is an active employee who is not managed, as far as somebody in Okta can
// be found for them. Names are kept as sums: a portal may have many.
type stranger struct {
	ID              plan.EmployeeID
	Username, Email uint64 // 0: none
	Custom, Called  uint64
}

// NameSum stands for a name; 0 for none.
func NameSum(name string) uint64 {
	if name = plan.FoldName(name); name == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}

// StrangersByName are the active employees who are not managed, by the sums of their user
// names and e-mails.
func (r *facts) StrangersByName() map[uint64]plan.EmployeeID {
	named := make(map[uint64]plan.EmployeeID, 2*len(r.Current.Strangers))
	for _, s := range r.Current.Strangers {
		named[s.Username], named[s.Email] = s.ID, s.ID
	}
	delete(named, 0)
	return named
}

func strangerOf(e *plan.Employee) stranger {
	return stranger{e.ID, NameSum(e.Values[plan.Username]), NameSum(e.Values[plan.Email]),
		NameSum(e.Values[plan.CustomID]), calledSum(&e.Values)}
}

// calledSum stands for first and last name together; 0 unless there are both.
func calledSum(v *plan.Values) uint64 {
	if v[plan.FirstName] == "" || v[plan.LastName] == "" {
		return 0
	}
	return NameSum(v[plan.FirstName] + "\n" + v[plan.LastName])
}

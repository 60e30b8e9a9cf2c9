package explain

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// explainCalls is how many requests an explanation makes at most, a login included.
const explainCalls = 8

// asking counts what an explanation asks, and remembers that TrackTik does not answer:
// it is not asked again then.
type asking struct {
	before int
	spent  func() int
	late   bool // only roles are left to be worked out

	mu     sync.Mutex
	called bool // TrackTik was, so we are logged in
	broken error
	// employees are whom this is about, with their roles once those were read.
	employees map[plan.EmployeeID][]plan.UserRole
}

// about notes an employee who is, or may be, the person's.
func (a *asking) about(id plan.EmployeeID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.employees[id]; !known && id != 0 {
		a.employees[id] = nil
	}
}

// allow reports that n more requests may be made.
func (a *asking) allow(n int) error {
	if a.spent()+n > explainCalls {
		return fmt.Errorf("%w: an explanation makes at most %d calls; `plan --user` makes all of them", read.ErrNotAsked,
			explainCalls)
	}
	return nil
}

// target allows a call to TrackTik, the first of which may need a login before it.
func (a *asking) target() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken != nil {
		return a.broken
	}
	n := 1
	if !a.called {
		n = 2
	}
	a.called = true
	return a.allow(n)
}

// spare reports that a listing of groups may be read: last of all, and when what roles
// need otherwise, the portal's roles and the person's, can be asked for still.
func (a *asking) spare() error {
	if !a.late {
		return read.ErrNotAsked
	}
	return a.allow(3)
}

// pages lists groups while that may be.
func (a *asking) pages(each func([]plan.Group) error, list func(func([]plan.Group) error) error) error {
	if err := a.spare(); err != nil {
		return err
	}
	const full = 200 // fewer are the last page
	return list(func(page []plan.Group) error {
		if err := each(page); err != nil || len(page) < full {
			return err
		}
		return a.spare()
	})
}

func (a *asking) noted(err error) error {
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.broken = err
	}
	return err
}

// askTarget makes one call to TrackTik, if that may be.
func askTarget[T any](a *asking, call func() (T, error)) (T, error) {
	if err := a.target(); err != nil {
		var nothing T
		return nothing, err
	}
	out, err := call()
	return out, a.noted(err)
}

// An askingSource reads nobody twice, and leaves out what is only of use on the side
// once the calls are spent.
type askingSource struct {
	read.Source
	asking *asking
	users  map[string]plan.Person // by id, and by the name that was asked for
}

// User reads one user, once.
func (s *askingSource) User(ctx context.Context, idOrLogin string) (plan.Person, bool, error) {
	if p, known := s.users[idOrLogin]; known {
		return p, true, nil
	}
	p, found, err := s.Source.User(ctx, idOrLogin)
	if found {
		s.users[idOrLogin], s.users[string(p.ID)] = p, p
	}
	return p, found, err
}

// UserByEmail remembers who was found.
func (s *askingSource) UserByEmail(ctx context.Context, email string) ([]plan.Person, error) {
	people, err := s.Source.UserByEmail(ctx, email)
	for _, p := range people {
		s.users[string(p.ID)] = p
	}
	return people, err
}

// GroupAssigned asks whether the app is assigned to a group, if there is a call left.
func (s *askingSource) GroupAssigned(ctx context.Context, id plan.GroupID) (bool, error) {
	if err := s.asking.allow(1); err != nil {
		return false, err
	}
	return s.Source.GroupAssigned(ctx, id)
}

// UsersNamed finds users by their names, if there are calls to spare.
func (s *askingSource) UsersNamed(ctx context.Context, login, email string) ([]plan.Person, error) {
	if err := s.asking.allow(2); err != nil {
		return nil, err
	}
	return s.Source.UsersNamed(ctx, login, email)
}

// Group reads one group, if there is a call left.
func (s *askingSource) Group(ctx context.Context, id plan.GroupID) (plan.Group, bool, error) {
	if err := s.asking.allow(1); err != nil {
		return plan.Group{}, false, err
	}
	return s.Source.Group(ctx, id)
}

// Groups lists groups, page by page while there are calls to spare.
func (s *askingSource) Groups(ctx context.Context, each func([]plan.Group) error) error {
	return s.asking.pages(each, func(each func([]plan.Group) error) error { return s.Source.Groups(ctx, each) })
}

// AssignedGroups lists the app's groups, page by page while there are calls to spare.
func (s *askingSource) AssignedGroups(ctx context.Context, each func([]plan.Group) error) error {
	return s.asking.pages(each, func(each func([]plan.Group) error) error { return s.Source.AssignedGroups(ctx, each) })
}

// PushMappings lists the app's push mappings, if there are calls to spare.
func (s *askingSource) PushMappings(ctx context.Context) ([]plan.PushMapping, error) {
	if err := s.asking.spare(); err != nil {
		return nil, err
	}
	return s.Source.PushMappings(ctx)
}

// Mapping looks a push mapping up, if there are calls to spare.
func (s *askingSource) Mapping(ctx context.Context, id string) (bool, error) {
	if err := s.asking.spare(); err != nil {
		return false, err
	}
	return s.Source.Mapping(ctx, id)
}

// App reads the app, if there is a call left.
func (s *askingSource) App(ctx context.Context) (plan.App, error) {
	if err := s.asking.allow(1); err != nil {
		return plan.App{}, err
	}
	return s.Source.App(ctx)
}

// An askingTarget makes the reads of an explanation. Nothing of it writes.
type askingTarget struct {
	read.Portal
	asking *asking
}

// Employee reads one employee.
func (t *askingTarget) Employee(ctx context.Context, id plan.EmployeeID) (e plan.Employee, found bool, err error) {
	e, err = askTarget(t.asking, func() (e plan.Employee, err error) {
		e, found, err = t.Portal.Employee(ctx, id)
		return e, err
	})
	return e, found, err
}

// FindEmployees looks for employees.
func (t *askingTarget) FindEmployees(ctx context.Context, field plan.Field, value string) ([]plan.Employee, error) {
	list, err := askTarget(t.asking, func() ([]plan.Employee, error) { return t.Portal.FindEmployees(ctx, field, value) })
	for _, e := range list {
		t.asking.about(e.ID)
	}
	return list, err
}

// EmployeesByID reads employees by their ids.
func (t *askingTarget) EmployeesByID(ctx context.Context, ids []plan.EmployeeID) ([]plan.Employee, error) {
	list, err := askTarget(t.asking, func() ([]plan.Employee, error) { return t.Portal.EmployeesByID(ctx, ids) })
	for _, e := range list {
		t.asking.about(e.ID)
	}
	return list, err
}

// Roles lists the portal's roles.
func (t *askingTarget) Roles(ctx context.Context) ([]plan.Role, error) {
	return askTarget(t.asking, func() ([]plan.Role, error) { return t.Portal.Roles(ctx) })
}

// UserRolesOf lists the roles of one employee, and reads them once.
func (t *askingTarget) UserRolesOf(ctx context.Context, id plan.EmployeeID) ([]plan.UserRole, error) {
	t.asking.mu.Lock()
	roles := t.asking.employees[id]
	t.asking.mu.Unlock()
	if roles != nil {
		return roles, nil
	}
	roles, err := askTarget(t.asking, func() ([]plan.UserRole, error) { return t.Portal.UserRolesOf(ctx, id) })
	if err == nil {
		t.asking.mu.Lock()
		t.asking.employees[id] = append([]plan.UserRole{}, roles...)
		t.asking.mu.Unlock()
	}
	return roles, err
}

// UserRolesWith lists who of the employees in question holds a role: its other
// holders, who may be thousands, are nobody's concern here.
func (t *askingTarget) UserRolesWith(ctx context.Context, id plan.RoleID) ([]plan.UserRole, error) {
	t.asking.mu.Lock()
	employees := slices.Sorted(maps.Keys(t.asking.employees))
	t.asking.mu.Unlock()
	var holders []plan.UserRole
	for _, employee := range employees {
		roles, err := t.UserRolesOf(ctx, employee)
		if err != nil {
			return nil, err
		}
		for _, u := range roles {
			if u.Role == id {
				holders = append(holders, u)
			}
		}
	}
	return holders, nil
}

// Regions lists the portal's regions.
func (t *askingTarget) Regions(ctx context.Context) ([]plan.RegionRecord, error) {
	return askTarget(t.asking, func() ([]plan.RegionRecord, error) { return t.Portal.Regions(ctx) })
}

// Self says whose credentials these are.
func (t *askingTarget) Self(ctx context.Context) (string, error) {
	return askTarget(t.asking, func() (string, error) { return t.Portal.Self(ctx) })
}

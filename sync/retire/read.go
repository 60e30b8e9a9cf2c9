package retire

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// readNamed finds out which employees are meant, and reads them.
func (r *Retiring) readNamed(ctx context.Context) error {
	r.Phase("reading employees", len(r.named))
	found := make([]*Retiree, len(r.named))
	pool, poolCtx := errgroup.WithContext(ctx)
	pool.SetLimit(read.Lookers)
	for i, n := range r.named {
		t := &Retiree{named: n}
		id, isNumber, err := employeeNumber(n.Text)
		switch {
		case n.Err != nil:
			r.nobody(n, plan.RetireBadName, n.Err.Error())
		case isNumber && err != nil:
			r.nobody(n, plan.RetireBadName, err.Error())
		case isNumber:
			t.Employee.ID, found[i] = id, t
		default:
			found[i] = t
			pool.Go(func() error { return r.resolve(poolCtx, t) })
		}
	}
	if err := pool.Wait(); err != nil {
		return err
	}
	seen := map[plan.EmployeeID]bool{}
	for _, t := range found {
		switch {
		case t == nil:
		case t.Employee.ID == 0:
			r.nobody(t.named, string(t.Standing.Class), t.Standing.Why)
		case seen[t.Employee.ID]:
			r.Warn(plan.Warning{Code: plan.WarningNamedTwice, Message: fmt.Sprintf("%semployee %d is named more than once",
				t.named.place(), t.Employee.ID)})
		default:
			seen[t.Employee.ID] = true
			r.List = append(r.List, t)
		}
	}
	slices.SortFunc(r.List, func(a, b *Retiree) int { return int(a.Employee.ID - b.Employee.ID) })
	return r.readEmployees(ctx)
}

// employeeNumber reads an employee's id; isNumber is false for the name of a user.
func employeeNumber(text string) (id plan.EmployeeID, isNumber bool, err error) {
	if text == "" || strings.Trim(strings.TrimLeft(text, "+-"), "0123456789") != "" {
		return 0, false, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, true, fmt.Errorf("is no employee id: it is a positive number, as TrackTik shows it")
	}
	return plan.EmployeeID(n), true, nil
}

func (n Named) place() string {
	if n.Line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", n.Line)
}

// nobody notes a name that stands for no employee.
func (r *Retiring) nobody(n Named, code, why string) {
	r.nobodies = append(r.nobodies, plan.Problem{User: plan.UserRef{Login: n.Text}, Code: code, Message: n.place() + why})
}

// resolve finds the employee of a user who is named by Okta id, login or e-mail. Where
// there is none, the standing says why.
func (r *Retiring) resolve(ctx context.Context, t *Retiree) error {
	login, email, managed, err := r.namesOf(ctx, t.named.Text)
	if err != nil || managed != 0 {
		t.Employee.ID = managed
		return err
	}
	active, ended := map[plan.EmployeeID]bool{}, map[plan.EmployeeID]bool{}
	for field, name := range map[plan.Field]string{plan.Username: login, plan.Email: email} {
		if name == "" {
			continue
		}
		list, err := r.Target.FindEmployees(ctx, field, name)
		if err != nil {
			return err
		}
		for _, e := range list {
			if e.Status == plan.StatusTerminated {
				ended[e.ID] = true
			} else {
				active[e.ID] = true
			}
		}
	}
	if len(active) == 0 && len(ended) == 1 {
		active = ended
	}
	switch len(active) {
	case 0:
		t.Standing = plan.Standing{Class: plan.RetireNotFound, Why: "nobody in TrackTik has the login or the e-mail"}
	case 1:
		for id := range active {
			t.Employee.ID = id
		}
	default:
		t.Standing = plan.Standing{Class: plan.Doubtful,
			Why: fmt.Sprintf("%d employees in TrackTik have the login or the e-mail: name them by their ids", len(active))}
	}
	return nil
}

// namesOf are the login and the e-mail of a user, or who they are managed as; the name
// itself where Okta and the snapshot know nobody of it.
func (r *Retiring) namesOf(ctx context.Context, name string) (login, email string, managed plan.EmployeeID, err error) {
	id := plan.PersonID(name)
	p, found, err := r.Source.User(ctx, name)
	switch {
	case err != nil && !read.IsArgument(err):
		return "", "", 0, err
	case found:
		id, login, email = p.ID, p.Login, p.Email
	default:
		login, email = name, name
	}
	link, _, err := r.Snapshot.Link(id)
	return login, email, link.Employee, err
}

// readEmployees reads those who were named: one by one, or many in one listing.
func (r *Retiring) readEmployees(ctx context.Context) error {
	byID := make(map[plan.EmployeeID]*Retiree, len(r.List))
	for _, t := range r.List {
		t.Missing, byID[t.Employee.ID] = true, t
	}
	if len(r.List) > read.ManyNew {
		if _, err := r.Target.Employees(ctx, func(page []plan.Employee) error {
			for i := range page {
				if t := byID[page[i].ID]; t != nil {
					t.Employee, t.Missing = page[i], false
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	pool, poolCtx := errgroup.WithContext(ctx)
	pool.SetLimit(read.Lookers)
	for _, t := range r.List {
		if !t.Missing { // and who is missing from the list is asked for, too
			continue
		}
		pool.Go(func() error {
			e, found, err := r.Target.Employee(poolCtx, t.Employee.ID)
			if found {
				t.Employee, t.Missing = e, false
			}
			return err
		})
	}
	if err := pool.Wait(); err != nil {
		return err
	}
	for _, t := range r.List {
		link, _, err := r.Snapshot.LinkOfEmployee(t.Employee.ID)
		if err != nil {
			return err
		}
		t.Owner = link.Person
	}
	return nil
}

// readStanding looks everybody up in Okta who may be retired.
func (r *Retiring) readStanding(ctx context.Context) error {
	r.Phase("looking people up in okta", len(r.List))
	pool, poolCtx := errgroup.WithContext(ctx)
	pool.SetLimit(read.Lookers)
	for _, t := range r.List {
		if !t.Askable(&r.Pol) {
			continue
		}
		pool.Go(func() (err error) {
			defer r.Advance(1)
			t.Read = r.Moment()
			t.Standing, err = r.StandingReader.Classify(poolCtx, &t.Employee)
			t.Pending = r.Pending[t.Standing.User.ID]
			return err
		})
	}
	return pool.Wait()
}

// readClaims holds back those who may be somebody whom Okta's search does not find by their
// names, and who is in the listing of the app.
func (r *Retiring) readClaims(ctx context.Context) error {
	now, err := r.besideAll(ctx)
	for i := range now {
		r.List[i].Standing = now[i]
	}
	return err
}

// besideAll is how those of the list stand beside everybody in the listing of the app.
func (r *Retiring) besideAll(ctx context.Context) ([]plan.Standing, error) {
	now, roll := make([]plan.Standing, len(r.List)), read.Roll{}
	for i, t := range r.List {
		now[i] = t.Standing
		roll.Add(&t.Employee, &now[i])
	}
	return now, r.StandingReader.MeetAll(ctx, roll)
}

// readRoles reads which roles those hold who have left Okta, and whether one is protected.
func (r *Retiring) readRoles(ctx context.Context) error {
	var leavers []*Retiree
	var ids []plan.EmployeeID
	for _, t := range r.List {
		if t.Standing.Class == plan.LeftOkta {
			leavers, ids = append(leavers, t), append(ids, t.Employee.ID)
		}
	}
	if len(leavers) == 0 {
		return nil
	}
	if err := r.PortalReader.ReadPortalRoles(ctx); err != nil {
		return err
	}
	r.Phase("reading roles", len(leavers))
	doubt, err := r.Grants.AskMany(ctx, ids, read.ManyNew)
	if err != nil {
		return err
	}
	protected := r.PortalReader.ProtectedRoles()
	for _, t := range leavers {
		if t.Roles, t.Doubt, err = r.Grants.Of(ctx, t.Employee.ID); err != nil {
			return err
		}
		if doubt != "" {
			t.Doubt = doubt
		}
		t.Admin = slices.ContainsFunc(t.Roles, func(u plan.UserRole) bool { return protected[u.Role] })
	}
	return nil
}

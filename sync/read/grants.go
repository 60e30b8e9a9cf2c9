package read

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// A GrantTarget is the part of TrackTik that tells who holds which roles.
type GrantTarget interface {
	UserRoles(ctx context.Context, page func([]plan.UserRole) error) error
	UserRolesOf(ctx context.Context, id plan.EmployeeID) ([]plan.UserRole, error)
	UserRolesWith(ctx context.Context, id plan.RoleID) ([]plan.UserRole, error)
	FindEmployees(ctx context.Context, field plan.Field, value string) ([]plan.Employee, error)
	Employee(ctx context.Context, id plan.EmployeeID) (e plan.Employee, found bool, err error)
	Self(ctx context.Context) (string, error)
}

// Grants are TrackTik's answers about grants in one run. Each question is asked once.
//
// Whom an answer names holds the role. Whom it lacks holds it not only when the same
// question shows the employee whose credentials are used, who must hold a role to read
// anything: a portal that numbers users otherwise than employees, or lists no grants at
// all, answers as if nobody held anything.
type Grants struct {
	ourselves

	of   map[plan.EmployeeID][]plan.UserRole
	with map[plan.RoleID][]plan.UserRole

	listed bool

	// noPerson and noRole say why the portal cannot be asked by employee, or by role.
	noPerson, noRole string
	// failed is why grants cannot be read in this run; nil: they can.
	failed error
}

// NewGrants knows nothing yet. The policy names the employee whose credentials are used,
// as far as the configuration does.
func NewGrants(target GrantTarget, policy *plan.Policy) *Grants {
	return &Grants{ourselves: ourselves{target: target, policy: policy}, of: map[plan.EmployeeID][]plan.UserRole{},
		with: map[plan.RoleID][]plan.UserRole{}}
}

// Failed is why grants cannot be read in this run; nil: they can.
func (g *Grants) Failed() error { return g.failed }

// ByPerson reports that the portal can be asked by employee, as far as is known.
func (g *Grants) ByPerson() bool { return g.noPerson == "" }

// ByRole reports that the portal can be asked by role, as far as is known.
func (g *Grants) ByRole() bool { return g.noRole == "" }

// Asked reports that an employee was asked about.
func (g *Grants) Asked(id plan.EmployeeID) bool {
	_, asked := g.of[id]
	return asked
}

// With are the holders of a role that was asked about.
func (g *Grants) With(id plan.RoleID) []plan.UserRole { return g.with[id] }

// Doubt is why grants cannot be read in this run; empty: they can.
func (g *Grants) Doubt() string { return g.doubt("") }

// doubt is why an answer is not to be had; empty: it is.
func (g *Grants) doubt(refused string) string {
	if g.failed != nil {
		return "grants cannot be read: " + g.failed.Error()
	}
	return refused
}

// unfiltered is the error of a portal that refuses or ignores how a list is asked for.
type unfiltered interface{ Unfiltered() bool }

// Unread takes in why grants could not be read, where only what needs them has to
// wait. An error about the whole run is returned.
func (g *Grants) Unread(ctx context.Context, err error, refused *string) error {
	var f Failure
	var broken *BrokenListing
	var u unfiltered
	credentials := errors.As(err, &f) && f.Credentials()
	switch {
	case err == nil:
	case ctx.Err() != nil, credentials, !errors.As(err, &f) && !errors.As(err, &broken):
		return err
	case refused != nil && errors.As(err, &u) && u.Unfiltered():
		*refused = err.Error()
	default:
		g.failed = err
	}
	return nil
}

// Of returns the roles of an employee. doubt says why they may hold others as well;
// empty: they do not.
func (g *Grants) Of(ctx context.Context, id plan.EmployeeID) (held []plan.UserRole, doubt string, err error) {
	if err := g.Ask(ctx, []plan.EmployeeID{id}); err != nil {
		return nil, "", err
	}
	held, doubt = g.answer(id)
	if doubt == "" && len(held) == 0 {
		doubt, err = g.ownShown(ctx)
	}
	return held, doubt, err
}

// answer is what the portal answered about an employee; doubt is why it did not.
func (g *Grants) answer(id plan.EmployeeID) (held []plan.UserRole, doubt string) {
	held, asked := g.of[id]
	if asked && g.failed == nil {
		return held, ""
	}
	return nil, g.doubt(g.noPerson)
}

// Ask reads the roles of employees, as far as that is possible: the first one alone,
// since a portal that cannot be asked like this is asked once.
func (g *Grants) Ask(ctx context.Context, ids []plan.EmployeeID) error {
	todo := slices.DeleteFunc(slices.Clone(ids), func(id plan.EmployeeID) bool { _, asked := g.of[id]; return asked })
	for first := true; len(todo) > 0 && g.doubt(g.noPerson) == ""; first = false {
		n := len(todo)
		if first {
			n = 1
		}
		answers := make([][]plan.UserRole, n)
		pool, poolCtx := errgroup.WithContext(ctx)
		pool.SetLimit(Lookers)
		for i, id := range todo[:n] {
			pool.Go(func() (err error) {
				answers[i], err = g.target.UserRolesOf(poolCtx, id)
				return err
			})
		}
		if err := pool.Wait(); err != nil {
			return g.Unread(ctx, err, &g.noPerson)
		}
		for i, id := range todo[:n] {
			g.of[id] = answers[i]
		}
		todo = todo[n:]
	}
	return nil
}

// AskMany reads the roles of employees: one by one, or above most of them in one listing.
// doubt says why an answer may lack roles; empty: see Of.
func (g *Grants) AskMany(ctx context.Context, ids []plan.EmployeeID, most int) (doubt string, err error) {
	if len(ids) > most {
		return g.List(ctx, ids)
	}
	return "", g.Ask(ctx, ids)
}

// askWith reads who holds a role.
func (g *Grants) askWith(ctx context.Context, id plan.RoleID) error {
	if _, asked := g.with[id]; asked || g.doubt(g.noRole) != "" {
		return nil
	}
	holders, err := g.target.UserRolesWith(ctx, id)
	if err == nil {
		g.with[id] = holders
	}
	return g.Unread(ctx, err, &g.noRole)
}

// ownShown says why an answer without anybody's grants proves nothing: those of the
// employee whose credentials are used do not come back either. Empty: they do.
func (g *Grants) ownShown(ctx context.Context) (doubt string, err error) {
	own, err := g.Own(ctx)
	switch {
	case err != nil || g.failed != nil:
		return g.doubt(""), err
	case own == 0:
		return unknownOwn, nil
	}
	if err := g.Ask(ctx, []plan.EmployeeID{own}); err != nil {
		return "", err
	}
	held, doubt := g.answer(own)
	if doubt == "" && len(held) == 0 {
		return hiddenOwn(own), nil
	}
	return doubt, nil
}

const unknownOwn = "tracktik shows no grant, and whether it shows any cannot be told without the employee whose " +
	"credentials are used: set tracktik.auth.employee"

func hiddenOwn(own plan.EmployeeID) string {
	return fmt.Sprintf("tracktik shows no role of employee %d either, whose credentials are used and who must hold "+
		"one: its grants may not carry the ids of employees", own)
}

// Searchable says why it is not to be believed that nobody has a name: the same look-up does
// not find the employee whose credentials are used, whom the portal shows. Empty: it finds
// them, or who that is cannot be told.
func (g *Grants) Searchable(ctx context.Context) (doubt string, err error) {
	name, own := g.policy.OwnUsername, g.policy.Own
	if name == "" {
		if name, err = g.usernameOf(ctx, own); err != nil || name == "" {
			return "", err
		}
	}
	found, err := g.target.FindEmployees(ctx, plan.Username, name)
	switch {
	case err != nil:
		return "", err
	case len(found) == 1 && own == 0:
		g.own, g.ownAsked = found[0].ID, true
	}
	if len(found) > 0 {
		return "", nil
	}
	if own == 0 {
		if own, err = g.self(ctx); err != nil {
			return "", err
		}
	}
	if now, err := g.usernameOf(ctx, own); err != nil || plan.FoldName(now) != plan.FoldName(name) {
		return "", err
	}
	return fmt.Sprintf("tracktik's look-up by user name does not find employee %d either, whose credentials are used "+
		"and who is there", own), nil
}

// usernameOf is the user name of an employee, as their record shows it; empty: it does not.
func (g *Grants) usernameOf(ctx context.Context, id plan.EmployeeID) (string, error) {
	if id == 0 {
		return "", nil
	}
	e, _, err := g.target.Employee(ctx, id)
	return e.Values[plan.Username], err
}

// Listed reports that the employee whose credentials are used came by in a list.
func (g *Grants) Listed() bool { return g.listed }

// AskHolders reads who holds the roles. doubt says why somebody may hold one of them
// whom no answer names; empty: nobody does.
func (g *Grants) AskHolders(ctx context.Context, roles []plan.RoleID) (doubt string, err error) {
	shown := func(own plan.EmployeeID, roles []plan.RoleID) bool {
		return slices.ContainsFunc(roles, func(id plan.RoleID) bool {
			return slices.ContainsFunc(g.with[id], func(u plan.UserRole) bool { return u.Employee == own })
		})
	}
	for _, id := range roles {
		if err := g.askWith(ctx, id); err != nil {
			return "", err
		}
	}
	if doubt := g.doubt(g.noRole); doubt != "" || len(roles) == 0 {
		return doubt, nil
	}
	own, err := g.Own(ctx)
	if err != nil || own != 0 && shown(own, roles) {
		return "", err
	}
	if doubt, err := g.ownShown(ctx); err != nil || doubt != "" {
		return doubt, err
	}
	role := g.of[own][0].Role
	if err := g.askWith(ctx, role); err != nil {
		return "", err
	}
	if doubt := g.doubt(g.noRole); doubt != "" || shown(own, []plan.RoleID{role}) {
		return doubt, nil
	}
	return fmt.Sprintf("tracktik's list of who holds role %d lacks employee %d, whose credentials are used and who "+
		"holds it", role, own), nil
}

// List reads the whole list for the roles of some employees, where they cannot be
// asked for one by one. doubt is as of Of, which answers by the list from now on.
func (g *Grants) List(ctx context.Context, ids []plan.EmployeeID) (doubt string, err error) {
	own, err := g.Own(ctx)
	if err != nil || own == 0 || g.failed != nil {
		return g.doubt(unknownOwn), err
	}
	found, err := g.pick(ctx, append(slices.Clone(ids), own))
	switch {
	case err != nil:
		err = g.Unread(ctx, err, nil)
		return g.doubt(""), err
	case len(found[own]) == 0:
		return hiddenOwn(own), nil
	}
	for id, held := range found {
		g.of[id] = held
	}
	return "", nil
}

// pick reads the whole list and keeps the grants of some employees.
func (g *Grants) pick(ctx context.Context, ids []plan.EmployeeID) (map[plan.EmployeeID][]plan.UserRole, error) {
	found := map[plan.EmployeeID][]plan.UserRole{}
	for _, id := range ids {
		found[id] = nil
	}
	return found, g.target.UserRoles(ctx, func(page []plan.UserRole) error {
		for _, u := range page {
			if list, wanted := found[u.Employee]; wanted {
				found[u.Employee] = append(list, u)
			}
		}
		return nil
	})
}

// RolesNow reads the roles of an employee as they are at this moment, however the portal
// can be asked. That this look-up failed says nothing about what the run has read
// otherwise.
func (g *Grants) RolesNow(ctx context.Context, id plan.EmployeeID) (held []plan.UserRole, doubt string, err error) {
	g.checking.Lock()
	defer g.checking.Unlock()
	before := g.failed
	held, doubt, err = g.askNow(ctx, id)
	failed := g.failed
	g.failed = before
	var f Failure
	switch {
	case err != nil:
		return nil, "", err
	case before == nil && errors.As(failed, &f):
		return nil, "", failed
	case before == nil && failed != nil:
		return nil, failed.Error(), nil
	case before != nil && doubt != "":
		return nil, "", errors.New(doubt)
	}
	return held, doubt, nil
}

// askNow is Of without what was answered before.
func (g *Grants) askNow(ctx context.Context, id plan.EmployeeID) (held []plan.UserRole, doubt string, err error) {
	held, err = g.target.UserRolesOf(ctx, id)
	var u unfiltered
	if errors.As(err, &u) && u.Unfiltered() {
		delete(g.of, id)
		doubt, err = g.List(ctx, []plan.EmployeeID{id})
		return g.of[id], doubt, err
	}
	if err == nil && len(held) == 0 {
		doubt, err = g.ownShown(ctx)
	}
	return held, doubt, err
}

package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// grantReads are TrackTik's answers about grants in one run. Each question is asked
// once.
//
// Whom an answer names holds the role. Whom it lacks holds it not only when the same
// question shows the employee whose credentials are used, who must hold a role to read
// anything: a portal that numbers users otherwise than employees, or lists no grants at
// all, answers as if nobody held anything.
type grantReads struct {
	of   map[plan.EmployeeID][]plan.UserRole
	with map[plan.RoleID][]plan.UserRole

	checking sync.Mutex      // of the writes that look at once what became of them
	own      plan.EmployeeID // whose credentials are used; 0: not known
	ownAsked bool

	// noPerson and noRole say why the portal cannot be asked by employee, or by role.
	noPerson, noRole string
	// failed is why grants cannot be read in this run; nil: they can.
	failed error
}

func newGrantReads() *grantReads {
	return &grantReads{of: map[plan.EmployeeID][]plan.UserRole{}, with: map[plan.RoleID][]plan.UserRole{}}
}

// doubt is why an answer is not to be had; empty: it is.
func (g *grantReads) doubt(refused string) string {
	if g.failed != nil {
		return "grants cannot be read: " + g.failed.Error()
	}
	return refused
}

// unfiltered is the error of a portal that refuses or ignores how a list is asked for.
type unfiltered interface{ Unfiltered() bool }

// grantsUnread takes in why grants could not be read, where only what needs them has to
// wait. An error about the whole run is returned.
func (r *run) grantsUnread(ctx context.Context, err error, refused *string) error {
	var f failure
	var broken *brokenListing
	var u unfiltered
	_, credentials := isCredentials(err)
	switch {
	case err == nil:
	case ctx.Err() != nil, credentials, !errors.As(err, &f) && !errors.As(err, &broken):
		return err
	case refused != nil && errors.As(err, &u) && u.Unfiltered():
		*refused = err.Error()
	default:
		r.grants.failed = err
	}
	return nil
}

// rolesOf returns the roles of an employee. doubt says why they may hold others as well;
// empty: they do not.
func (r *run) rolesOf(ctx context.Context, id plan.EmployeeID) (held []plan.UserRole, doubt string, err error) {
	if err := r.askOf(ctx, []plan.EmployeeID{id}); err != nil {
		return nil, "", err
	}
	held, doubt = r.grants.answer(id)
	if doubt == "" && len(held) == 0 {
		doubt, err = r.ownShown(ctx)
	}
	return held, doubt, err
}

// answer is what the portal answered about an employee; doubt is why it did not.
func (g *grantReads) answer(id plan.EmployeeID) (held []plan.UserRole, doubt string) {
	held, asked := g.of[id]
	if asked && g.failed == nil {
		return held, ""
	}
	return nil, g.doubt(g.noPerson)
}

// askOf reads the roles of employees, as far as that is possible: the first one alone,
// since a portal that cannot be asked like this is asked once.
func (r *run) askOf(ctx context.Context, ids []plan.EmployeeID) error {
	g := r.grants
	todo := slices.DeleteFunc(slices.Clone(ids), func(id plan.EmployeeID) bool { _, asked := g.of[id]; return asked })
	for first := true; len(todo) > 0 && g.doubt(g.noPerson) == ""; first = false {
		n := len(todo)
		if first {
			n = 1
		}
		answers := make([][]plan.UserRole, n)
		pool, poolCtx := errgroup.WithContext(ctx)
		pool.SetLimit(lookers)
		for i, id := range todo[:n] {
			pool.Go(func() (err error) {
				answers[i], err = r.Target.UserRolesOf(poolCtx, id)
				return err
			})
		}
		if err := pool.Wait(); err != nil {
			return r.grantsUnread(ctx, err, &g.noPerson)
		}
		for i, id := range todo[:n] {
			g.of[id] = answers[i]
		}
		todo = todo[n:]
	}
	return nil
}

// askWith reads who holds a role.
func (r *run) askWith(ctx context.Context, id plan.RoleID) error {
	g := r.grants
	if _, asked := g.with[id]; asked || g.doubt(g.noRole) != "" {
		return nil
	}
	holders, err := r.Target.UserRolesWith(ctx, id)
	if err == nil {
		g.with[id] = holders
	}
	return r.grantsUnread(ctx, err, &g.noRole)
}

// ownShown says why an answer without anybody's grants proves nothing: those of the
// employee whose credentials are used do not come back either. Empty: they do.
func (r *run) ownShown(ctx context.Context) (doubt string, err error) {
	own, err := r.ownEmployee(ctx)
	switch {
	case err != nil || r.grants.failed != nil:
		return r.grants.doubt(""), err
	case own == 0:
		return unknownOwn, nil
	}
	if err := r.askOf(ctx, []plan.EmployeeID{own}); err != nil {
		return "", err
	}
	held, doubt := r.grants.answer(own)
	if doubt == "" && len(held) == 0 {
		return hiddenOwn(own), nil
	}
	return doubt, nil
}

const unknownOwn = "tracktik shows no grant, and whether it shows any cannot be told without the employee whose credentials are used: set tracktik.auth.employee"

func hiddenOwn(own plan.EmployeeID) string {
	return fmt.Sprintf("tracktik shows no role of employee %d either, whose credentials are used and who must hold one: its grants may not carry the ids of employees", own)
}

// ownEmployee is the employee whose credentials are used; 0: who that is cannot be told.
func (r *run) ownEmployee(ctx context.Context) (plan.EmployeeID, error) {
	g := r.grants
	if g.own != 0 || g.ownAsked {
		return g.own, nil
	}
	if err := r.findOwn(ctx); err != nil {
		return 0, err
	}
	g.own, g.ownAsked = r.pol.Own, true
	if g.own != 0 || r.pol.OwnUsername == "" {
		return g.own, nil
	}
	found, err := r.Target.FindEmployees(ctx, plan.Username, r.pol.OwnUsername)
	if len(found) == 1 {
		g.own = found[0].ID
	}
	return g.own, r.grantsUnread(ctx, err, nil)
}

// noteOwn notes the employee whose credentials are used, who came by in a list.
func (r *run) noteOwn(e *plan.Employee) {
	if r.OwnEmployee == "" && r.OwnUsername != "" && plan.FoldName(e.Values[plan.Username]) == plan.FoldName(r.OwnUsername) {
		r.grants.own = e.ID
	}
}

// readHoldersOf reads who holds the roles. doubt says why somebody may hold one of them
// whom no answer names; empty: nobody does.
func (r *run) readHoldersOf(ctx context.Context, roles []plan.RoleID) (doubt string, err error) {
	g := r.grants
	shown := func(own plan.EmployeeID, roles []plan.RoleID) bool {
		return slices.ContainsFunc(roles, func(id plan.RoleID) bool {
			return slices.ContainsFunc(g.with[id], func(u plan.UserRole) bool { return u.Employee == own })
		})
	}
	for _, id := range roles {
		if err := r.askWith(ctx, id); err != nil {
			return "", err
		}
	}
	if doubt := g.doubt(g.noRole); doubt != "" || len(roles) == 0 {
		return doubt, nil
	}
	own, err := r.ownEmployee(ctx)
	if err != nil || own != 0 && shown(own, roles) {
		return "", err
	}
	if doubt, err := r.ownShown(ctx); err != nil || doubt != "" {
		return doubt, err
	}
	role := g.of[own][0].Role
	if err := r.askWith(ctx, role); err != nil {
		return "", err
	}
	if doubt := g.doubt(g.noRole); doubt != "" || shown(own, []plan.RoleID{role}) {
		return doubt, nil
	}
	return fmt.Sprintf("tracktik's list of who holds role %d lacks employee %d, whose credentials are used and who holds it", role, own), nil
}

// listGrants reads the whole list for the roles of some employees, where they cannot be
// asked for one by one. doubt is as of rolesOf, which answers by the list from now on.
func (r *run) listGrants(ctx context.Context, ids []plan.EmployeeID) (doubt string, err error) {
	own, err := r.ownEmployee(ctx)
	if err != nil || own == 0 || r.grants.failed != nil {
		return r.grants.doubt(unknownOwn), err
	}
	found, err := r.pick(ctx, append(slices.Clone(ids), own))
	switch {
	case err != nil:
		err = r.grantsUnread(ctx, err, nil)
		return r.grants.doubt(""), err
	case len(found[own]) == 0:
		return hiddenOwn(own), nil
	}
	for id, held := range found {
		r.grants.of[id] = held
	}
	return "", nil
}

// pick reads the whole list and keeps the grants of some employees.
func (r *run) pick(ctx context.Context, ids []plan.EmployeeID) (map[plan.EmployeeID][]plan.UserRole, error) {
	found := map[plan.EmployeeID][]plan.UserRole{}
	for _, id := range ids {
		found[id] = nil
	}
	return found, r.Target.UserRoles(ctx, func(page []plan.UserRole) error {
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
func (r *run) RolesNow(ctx context.Context, id plan.EmployeeID) (held []plan.UserRole, doubt string, err error) {
	g := r.grants
	g.checking.Lock()
	defer g.checking.Unlock()
	before := g.failed
	held, doubt, err = r.askNow(ctx, id)
	failed := g.failed
	g.failed = before
	var f failure
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

// Shield is the policy with the employee whose credentials are used.
func (r *run) Shield(ctx context.Context) (plan.Policy, error) {
	r.grants.checking.Lock() // others learn at the same time whose credentials are used
	pol := r.pol
	r.grants.checking.Unlock()
	if pol.Own != 0 || pol.OwnUsername != "" {
		return pol, nil
	}
	var err error
	pol.Own, err = r.self(ctx)
	return pol, err
}

// askNow is rolesOf without what was answered before.
func (r *run) askNow(ctx context.Context, id plan.EmployeeID) (held []plan.UserRole, doubt string, err error) {
	held, err = r.Target.UserRolesOf(ctx, id)
	var u unfiltered
	if errors.As(err, &u) && u.Unfiltered() {
		delete(r.grants.of, id)
		doubt, err = r.listGrants(ctx, []plan.EmployeeID{id})
		return r.grants.of[id], doubt, err
	}
	if err == nil && len(held) == 0 {
		doubt, err = r.ownShown(ctx)
	}
	return held, doubt, err
}

// unreadGrants is the error of a run in which grants could not be read; nil: they could.
func (r *run) unreadGrants() error {
	if r.grants.failed == nil {
		return nil
	}
	return fmt.Errorf("%w; nobody who was in TrackTik before was adopted or given a role because of that, and the rest was done", r.grants.failed)
}

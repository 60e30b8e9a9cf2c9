package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// lookForCreated finds an unowned employee who agrees in user name, e-mail, first and
// last name: after a create whose answer was lost, nobody else made one. The error is a
// notOurs where that one must not be taken over.
func (r *run) lookForCreated(ctx context.Context, in *plan.Intent) (settled, plan.Batch, error) {
	if in.Wanted == nil {
		return didNot, plan.Batch{}, nil
	}
	e, found, err := r.findCreated(ctx, in)
	switch {
	case err != nil:
		return unsettled, plan.Batch{}, err
	case !found:
		return didNot, plan.Batch{}, nil
	}
	batch, err := r.createdBatch(&in.Action, in.Wanted, e.ID, in.Run)
	return happened, batch, err
}

func (r *run) findCreated(ctx context.Context, in *plan.Intent) (plan.Employee, bool, error) {
	want := &in.Wanted.Values
	for _, key := range []plan.Field{plan.Username, plan.Email} {
		list, err := r.Target.FindEmployees(ctx, key, want[key])
		if err != nil {
			return plan.Employee{}, false, err
		}
		for _, e := range list {
			_, owned, err := r.Snapshot.LinkOfEmployee(e.ID)
			if err != nil {
				return e, false, err
			}
			if !owned && e.Active() && agrees(&e, want) {
				return e, true, r.mayBeOurs(ctx, &e, in)
			}
		}
	}
	return plan.Employee{}, false, nil
}

func agrees(e *plan.Employee, want *plan.Values) bool {
	for _, f := range plan.RequiredFields {
		if e.Has.Has(f) && !f.Same(plan.Clean(e.Values[f]), want[f]) {
			return false
		}
	}
	return true
}

// A notOurs is an employee with all the names of a create whose answer was lost, who
// must not be taken over all the same.
type notOurs struct {
	employee plan.EmployeeID
	why      string
}

func (e *notOurs) Error() string {
	return fmt.Sprintf("employee %d has all the names, %s, and is not taken over; `link` ties them", e.employee, e.why)
}

// mayBeOurs asks about somebody with all the names of a lost create what is asked about
// every match: the error is a notOurs, or that of a look-up.
func (r *run) mayBeOurs(ctx context.Context, e *plan.Employee, in *plan.Intent) error {
	r.grants.checking.Lock() // others learn at the same time whose credentials we use
	pol := r.pol
	r.grants.checking.Unlock()
	if pol.Own == 0 && pol.OwnUsername == "" {
		var err error
		if pol.Own, err = r.self(ctx); err != nil {
			return err
		}
	}
	who := plan.Who{Person: &plan.Person{Login: in.Action.User.Login}, Wanted: in.Wanted, Employee: e}
	switch {
	case pol.Owns(who):
		return &notOurs{e.ID, "but is the one whose credentials we use"}
	case pol.Protects(who):
		return &notOurs{e.ID, "but is named by sync.protected"}
	}
	admin, err := r.holdsProtected(ctx, e.ID)
	if err == nil && admin {
		err = &notOurs{e.ID, "but holds a protected role"}
	}
	return err
}

// holdsProtected reports whether an employee holds a protected role. The error is a
// notOurs where the portal cannot be asked; that of a look-up which failed in this run
// leaves the question open.
func (r *run) holdsProtected(ctx context.Context, id plan.EmployeeID) (bool, error) {
	grants, err := r.rolesNow(ctx, id)
	var f failure
	switch {
	case err != nil && r.grants.failed == nil && !errors.As(err, &f):
		return false, &notOurs{id, "but whether they hold a protected role cannot be told (" + err.Error() + ")"}
	case err != nil || len(grants) == 0:
		return false, err
	}
	roles, err := r.Target.Roles(ctx)
	return slices.ContainsFunc(roles, func(role plan.Role) bool {
		return plan.ProtectedRole(role, &r.pol) && slices.ContainsFunc(grants, func(u plan.UserRole) bool { return u.Role == role.ID })
	}), err
}

// conflict judges a create that was refused because somebody has the name. That is ours
// only after an earlier call of this very intent was lost; else whoever has the name was
// there before, and nobody is taken over by a refusal.
func (a *applier) conflict(ctx context.Context, action *plan.Action, intent *plan.Intent, want *plan.Wanted, done attempt) attempt {
	if intent.Lost == "" {
		done.outcome, done.code = plan.Failed, plan.ProblemNameInUse // also a 500 for a violated constraint
		done.message += a.whoHasTheName(ctx, want)
		return done
	}
	sent := *intent
	sent.Wanted = want
	state, batch, err := a.lookForCreated(ctx, &sent)
	var others *notOurs
	switch {
	case errors.As(err, &others):
		done.untold(others)
	case err != nil:
		done.taken, done.message = true, done.message+"; the look-up failed too: "+err.Error()
	case state == happened:
		a.learn(action, &batch)
		return attempt{outcome: plan.Done, batch: batch, attempts: done.attempts, warnings: done.warnings,
			message: "tracktik had the employee already: an earlier answer was lost"}
	default:
		done.taken = true
	}
	return done
}

// whoHasTheName says who stands in the way of a new employee, as far as they show.
func (a *applier) whoHasTheName(ctx context.Context, want *plan.Wanted) string {
	var texts []string
	for _, key := range []plan.Field{plan.Username, plan.Email, plan.CustomID} {
		if want.Values[key] == "" {
			continue
		}
		list, err := a.Target.FindEmployees(ctx, key, want.Values[key])
		if err != nil {
			return "; who has the name could not be looked up: " + err.Error()
		}
		for _, e := range list {
			texts = append(texts, fmt.Sprintf("the %s is that of employee %d (%s)", key, e.ID, e.Status))
		}
	}
	if texts == nil {
		return "; nobody with these names is to be found: change them in Okta, or ask TrackTik's support"
	}
	return "; " + strings.Join(texts, ", ") + "; `link` ties them if it is the same person"
}

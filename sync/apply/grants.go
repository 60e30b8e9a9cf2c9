package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
)

func (c *caller) createRole(ctx context.Context, action *plan.Action) attempt {
	role, err := c.Target.CreateRole(ctx, action.Role.Name, plan.RoleDescription(c.Rules.Binding, action.Role.Group,
		action.Role.Name))
	id := role.ID
	if err != nil {
		done := classify(err)
		if !isConflict(err) {
			return done
		}
		state, batch, lookErr := c.lookForRole(ctx, action)
		if lookErr != nil || state != happened {
			if done.outcome == plan.Unknown && lookErr == nil {
				done.outcome, done.code = plan.Failed, plan.ProblemRefused
			}
			return done
		}
		id = batch.Groups[0].Role
	}
	batch, err := c.roleBatch(action, id, plan.HowCreated)
	if err == nil {
		c.learn(action, &batch)
	}
	return finished(batch, err)
}

func (c *caller) grant(ctx context.Context, action *plan.Action, intent *plan.Intent) attempt {
	id, err := c.Target.Grant(ctx, action.Employee, action.Role.ID)
	if err == nil {
		return finished(c.grantedBatch(action, id, plan.HowCreated), nil)
	}
	intent.Action.With(func(x *plan.Extra) { x.Grant = id })
	done := failed(action, err)
	if !isConflict(err) && (done.outcome != plan.Failed || done.code == "") {
		return done
	}
	state, batch, lookErr := c.lookAtGrant(ctx, action)
	switch {
	case lookErr == nil && state == happened:
		if intent.Lost == "" { // somebody else granted it, just now
			batch.Grants[0].How = plan.HowAdopted
		}
		return finished(batch, nil)
	case lookErr == nil && done.code == plan.ProblemRefused && !c.shown(ctx, action.Employee):
		// a portal may say so with a 400
		done.unseen(action.Employee)
	}
	return done
}

// shown reports whether TrackTik shows us the employee; true when it cannot be asked.
func (l looker) shown(ctx context.Context, id plan.EmployeeID) bool {
	_, found, err := l.Target.Employee(ctx, id)
	return found || err != nil
}

func (c *caller) revoke(ctx context.Context, action *plan.Action) attempt {
	id := action.Extras().Grant
	grant, found, err := c.grantOf(action)
	if err != nil {
		return finished(plan.Batch{}, err)
	}
	if id == 0 {
		if id = grant.ID; !found {
			return attempt{outcome: plan.Found, batch: revokedBatch(action)}
		}
	}
	if id == 0 { // it was of another portal, and has an id of this one
		held, err := c.Target.UserRolesOf(ctx, action.Employee)
		if err != nil {
			return classify(err)
		}
		i := slices.IndexFunc(held, func(u plan.UserRole) bool { return u.Role == action.Role.ID })
		if i < 0 {
			return attempt{outcome: plan.Found, batch: revokedBatch(action)}
		}
		id = held[i].ID
	}
	taken := c.taken(ctx, action, id)
	err = c.Target.Revoke(ctx, id)
	if err == nil {
		if done, ok := c.readBack(taken); !ok {
			return done
		}
		return finished(revokedBatch(action), nil)
	}
	done := failed(action, err)
	if done.outcome != plan.Failed || done.fatal != nil || done.code == "" {
		return done
	}
	gone, lookErr := c.takenBack(ctx, action.Employee, id)
	switch {
	case lookErr == nil && gone:
		return attempt{outcome: plan.Found, batch: revokedBatch(action)}
	case lookErr == nil && isLastRole(err) && c.holdsOnly(ctx, action.Employee, id):
		grant.Stuck = true
		return attempt{outcome: plan.Withheld, message: plan.HeldLastRole +
			": tracktik lets nobody fall back to having no role: " + err.Error(),
			batch: plan.Batch{Grants: []plan.Grant{grant}}}
	}
	return done
}

// taken is what a revoke that is about to be made should have.
func (c *caller) taken(ctx context.Context, action *plan.Action, id plan.GrantID) *effect {
	taken := effect{of: right(plan.RevokeRole), again: c.knownAs(action, plan.ProblemNotEffective),
		said: fmt.Sprintf("grant %d of employee %d was revoked", id, action.Employee)}
	taken.look = func() (string, error) {
		_, found, err := c.Target.UserRole(ctx, id)
		if err == nil && !found && !taken.before { // as it is when their region is out of our sight
			_, err = c.shownNow(ctx, action.Employee)
		}
		return map[bool]string{true: "it still"}[found], err
	}
	c.lookBefore(&taken)
	return &taken
}

// isLastRole reports a refusal that speaks of a role, or of the last one: any other is
// about something else, whatever the person holds.
func isLastRole(err error) bool {
	var f interface{ AboutRole() bool }
	return errors.As(err, &f) && f.AboutRole()
}

// holdsOnly reports that the employee holds no other role than that grant's.
func (l looker) holdsOnly(ctx context.Context, id plan.EmployeeID, grant plan.GrantID) bool {
	held, doubt, err := l.Holders.RolesNow(ctx, id)
	return err == nil && doubt == "" && len(held) == 1 && held[0].ID == grant
}

// takenBack reports that a grant is not there any more: its own id says so, and its holder
// is there to be seen.
func (l looker) takenBack(ctx context.Context, holder plan.EmployeeID, id plan.GrantID) (bool, error) {
	_, found, err := l.Target.UserRole(ctx, id)
	if err != nil || found {
		return false, err
	}
	_, shown, err := l.Target.Employee(ctx, holder)
	return shown, err
}

func (l looker) grantOf(action *plan.Action) (plan.Grant, bool, error) {
	grants, err := l.Snapshot.GrantsOf(action.User.ID)
	for _, g := range grants {
		if g.Role == action.Role.ID {
			return l.Ground.AsFound(g), true, err
		}
	}
	return plan.Grant{}, false, err
}

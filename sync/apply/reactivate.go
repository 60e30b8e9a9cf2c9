package apply

import (
	"context"
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
)

func (c *caller) reactivate(ctx context.Context, action *plan.Action) attempt {
	if !action.Restores { // of whom a restore brings back the status is known
		if e, found, err := c.Target.Employee(ctx, action.Employee); err == nil && found && e.Status == plan.StatusBanned {
			return attempt{outcome: plan.Withheld, message: plan.WhyBanned(e.ID)}
		}
	}
	note := fmt.Sprintf("tracktik-sync run %s: %s", c.Run, action.Reason)
	if err := c.Target.ReactivateEmployee(ctx, action.Employee, note); err != nil {
		done := failed(action, err)
		violated := done.outcome == plan.Unknown && isConflict(err) // a 500: somebody has their old names
		if done.outcome != plan.Failed && !violated || done.fatal != nil {
			return done
		}
		e, found, lookErr := c.Target.Employee(ctx, action.Employee)
		if violated && lookErr == nil && found && !e.Active() {
			done.outcome, done.code = plan.Failed, plan.ProblemRefused
		}
		switch {
		case lookErr != nil:
			return done
		case !found:
			done.unseen(action.Employee)
			return done
		case !e.Active():
			return c.insteadNew(action, done)
		}
	}
	return c.broughtBack(ctx, action)
}

// broughtBack reads who was reactivated, and sends what is not as Okta wants it: the
// user name at the least, which a termination takes.
func (c *caller) broughtBack(ctx context.Context, action *plan.Action) attempt {
	e, found, err := c.Target.Employee(ctx, action.Employee)
	if err != nil {
		return attempt{outcome: plan.Unknown, message: err.Error()}
	}
	if !found {
		e.Status = "nobody (404)"
	}
	if !e.Active() {
		return attempt{outcome: plan.Failed, code: plan.ProblemNotEffective,
			message: fmt.Sprintf("tracktik answered that employee %d was reactivated, and shows them as %s", action.Employee,
				e.Status)}
	}
	batch, err := c.reactivatedBatch(action, action.Want, &e, c.Run)
	if err != nil {
		return finished(batch, err)
	}
	done := finished(batch, nil)
	link := &done.batch.Links[0]
	changes, drift := plan.Differences(link, action.Want, &e, c.Policy)
	done.used = []right{right(plan.Reactivate)}
	if refused, ok := c.bringUpToDate(ctx, action, link, plan.MergeChanges(changes, drift)); !ok {
		done.outcome, done.code, done.message, done.fatal = plan.Failed, refused.code,
			"the employee is active again, but not as Okta wants: "+refused.message, refused.fatal
		done.right, done.forbidden = refused.right, refused.forbidden
	}
	c.learn(action, &done.batch)
	return done
}

// bringUpToDate sends changes to who was just reactivated, and notes in link what was
// done: fields first, then the region. refused is the call that failed; ok: none did.
func (c *caller) bringUpToDate(ctx context.Context, action *plan.Action, link *plan.Link, changes []plan.Change) (
	refused attempt, ok bool) {
	fields := slices.DeleteFunc(slices.Clone(changes), func(c plan.Change) bool { return c.Field == plan.Region })
	if len(fields) > 0 {
		answer, err := c.Target.UpdateEmployee(ctx, action.Employee, fields, action.Want.Values)
		if err != nil {
			refused = failed(action, err)
			refused.right = right(plan.Update)
			return refused, false
		}
		link.Sent(fields, &answer)
	}
	if len(fields) == len(changes) {
		return attempt{}, true
	}
	if refused, ok = c.move(ctx, action); ok {
		link.Pushed[plan.Region], link.PushedRegion = action.Want.Values[plan.Region], action.Want.RegionID
	}
	return refused, ok
}

// insteadNew is what becomes of a refused reactivation: of a restore, a new employee.
func (c *caller) insteadNew(action *plan.Action, done attempt) attempt {
	if !action.Restores || done.code == "" {
		return done
	}
	done.code, done.instead, done.forbidden = "", true, nil
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.NotReactivated[action.User.ID] = done.message
	return done
}

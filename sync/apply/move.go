package apply

import (
	"context"
	"errors"
	"fmt"

	"tracktik-sync/sync/plan"
)

// move moves the employee of an action to another region. The first move of a run is read
// back before there are more: a portal that says yes and does nothing would be believed
// for ever. done is what became of it where it was not made; ok: it was.
func (c *caller) move(ctx context.Context, action *plan.Action) (done attempt, ok bool) {
	c.moving.Lock()
	if c.moved { // and read back: moves go side by side from here on
		c.moving.Unlock()
	} else {
		defer c.moving.Unlock()
	}
	if c.noMove {
		return attempt{outcome: plan.Withheld, message: whyNoMove}, false
	}
	if c.lacks(moves) {
		return attempt{outcome: plan.Withheld, message: whyNotAllowed(moves), right: moves}, false
	}
	if err := c.Target.MoveEmployee(ctx, action.Employee, action.Want.RegionID); err != nil {
		return c.unmoved(ctx, action, err), false
	}
	if c.moved {
		return attempt{}, true
	}
	c.moved = true
	e, found, err := c.Target.Employee(ctx, action.Employee)
	if err != nil || !found || e.Region == 0 || e.Region == action.Want.RegionID {
		return attempt{}, true
	}
	c.noMove = true
	return attempt{outcome: plan.Failed, code: plan.ProblemNotEffective, message: fmt.Sprintf(
		"tracktik answered that employee %d was moved to region %d, and shows them in region %d; nobody else is moved in "+
			"this run",
		action.Employee, action.Want.RegionID, e.Region)}, false
}

const whyNoMove = plan.HeldPending + ": an earlier move of this run had no effect, and the run stopped moving"

// unmoved is a move that did not succeed. A 404 about somebody whom TrackTik shows is about
// the move itself, which this portal does not know.
func (c *caller) unmoved(ctx context.Context, action *plan.Action, err error) attempt {
	done := failed(action, err)
	done.right = moves
	var f failure
	if !errors.As(err, &f) || done.code != plan.ProblemNotEffective || !c.shown(ctx, action.Employee) {
		return done
	}
	if !c.moved {
		c.moved, c.noMove = true, true
	}
	done.message = "this portal does not move employees by its API, and nobody else is moved in this run; move them in " +
		"TrackTik, or set sync.region: create_only: " + err.Error()
	return done
}

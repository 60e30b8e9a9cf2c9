package apply

import (
	"context"
	"errors"
	"fmt"

	"tracktik-sync/sync/plan"
)

// move moves the employee of an action to another region. done is what became of it where it
// was not made, or has no effect; ok: it was.
func (c *caller) move(ctx context.Context, action *plan.Action) (done attempt, ok bool) {
	c.moving.Lock()
	if c.works(moves) { // moves go side by side from here on
		c.moving.Unlock()
	} else {
		defer c.moving.Unlock()
	}
	if c.idle(moves) {
		return attempt{outcome: plan.Withheld, message: whyNoMove}, false
	}
	if c.lacks(moves) {
		return attempt{outcome: plan.Withheld, message: whyNotAllowed(moves), right: moves}, false
	}
	id, to := action.Employee, action.Want.RegionID
	moved := effect{of: moves, again: c.knownAs(action, plan.ProblemNotEffective),
		said: fmt.Sprintf("employee %d was moved to region %d", id, to),
		look: func() (string, error) {
			e, err := c.shownNow(ctx, id)
			return elsewhere(&e, to), err
		}}
	c.lookBefore(&moved)
	answer, err := c.Target.MoveEmployee(ctx, id, to)
	if err != nil {
		return c.unmoved(ctx, action, err), false
	}
	moved.denied = elsewhere(&answer, to)
	return c.readBack(&moved)
}

// elsewhere says that a record shows another region; empty: it does not.
func elsewhere(e *plan.Employee, region plan.RegionID) string {
	if e.Region == 0 || e.Region == region {
		return ""
	}
	return fmt.Sprintf("them in region %d", e.Region)
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
	c.noteEffect(moves, false)
	done.message = "this portal does not move employees by its API, and nobody else is moved in this run; move them in " +
		"TrackTik, or set sync.region: create_only: " + err.Error()
	return done
}

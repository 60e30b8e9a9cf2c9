package apply

import (
	"context"
	"errors"
	"time"

	"tracktik-sync/sync/plan"
)

// A caller makes the calls of actions.
type caller struct {
	newcomerFinder
	calls  context.Context                    // outlives the run's by inFlight
	reason int64                              // of terminations
	zones  func(plan.RegionID) *time.Location // of regions; nil: nobody is terminated
}

// perform carries out one action, and settles it where the answer was lost.
func (c *caller) perform(ctx context.Context, action *plan.Action, intent *plan.Intent) attempt {
	done := c.send(ctx, action, intent)
	done.attempts = max(1, done.attempts)
	if done.outcome != plan.Unknown {
		return done
	}
	state, batch, err := c.lookInto(ctx, intent, c.lostAt(action, done))
	if err == nil && state == didNot && makesAnew(action.Kind) {
		state, batch, err = c.lookAgain(ctx, intent)
	}
	var others *notOurs
	switch {
	case errors.As(err, &others):
		done.untold(others)
	case err != nil:
		done.message += "; the look-up failed too: " + err.Error()
	case state == happened:
		done.outcome, done.batch = plan.Done, batch
		done.message = "the answer was lost; a look-up shows that it happened"
		c.learn(action, &batch)
		if action.Kind == plan.Reactivate { // which is only half of it
			whole := c.broughtBack(ctx, action)
			whole.attempts, whole.request = done.attempts, done.request
			if whole.outcome == plan.Done {
				whole.message = done.message
			}
			return whole
		}
	case state == byOthers:
		done.outcome, done.batch = plan.Found, batch
		done.message = "the answer was lost; a look-up shows that somebody else did it"
	case state == didNot && action.Kind == plan.Update && endedElsewhere(&batch) != "":
		done.outcome, done.batch = plan.Withheld, batch
		done.message = plan.WhyElsewhere(action.Employee, endedElsewhere(&batch))
	case state == didNot:
		intent.Lost = plan.LostOver
		again := c.send(ctx, action, intent) // it provably did not happen
		if again.outcome == plan.Found {     // but it did, since the look-up
			if state, batch, err := c.whatBecameOf(ctx, intent); err == nil && state == happened {
				again.outcome, again.batch = plan.Done, batch
			}
		}
		again.attempts = done.attempts + max(1, again.attempts)
		if again.taken { // by our own first call perhaps, in a portal that does not show it yet
			again.outcome, again.code, again.slow = plan.Unknown, "", true
		}
		over := again.outcome == plan.Failed && again.code == ""
		kept := again.outcome == plan.Withheld && len(again.batch.Links) == 0
		if done.slow && (over || kept) { // the first may take effect still
			again.outcome = plan.Unknown
		}
		return again
	}
	return done
}

// resendPause is how long a call that was lost with its connection, or answered with a 5xx,
// is waited for before it is made again: behind a gateway it may be at work still.
const resendPause = 5 * time.Second

// lookAgain asks a second time what became of a call, right before it is made again.
func (l looker) lookAgain(ctx context.Context, in *plan.Intent) (settled, plan.Batch, error) {
	if err := l.Clock.Sleep(ctx, resendPause); err != nil {
		return unsettled, plan.Batch{}, err
	}
	return l.whatBecameOf(ctx, in)
}

// endedElsewhere is the status of an employee whom the batch shows to be ended by somebody
// else; empty: nobody.
func endedElsewhere(b *plan.Batch) string {
	if len(b.Links) == 0 {
		return ""
	}
	return b.Links[0].ElsewhereStatus
}

// lostAt is when a lost call may still have been at work; zero: it is over. One that was cut
// goes on in TrackTik, and a 2xx that cannot be read may show later; one whose connection
// broke is over. Only a create, a reactivation, a new role and a grant have to wait: sent
// twice they may be done twice. Everything else is sent again at once, so that a leaver does
// not keep access meanwhile.
func (l looker) lostAt(action *plan.Action, done attempt) time.Time {
	if done.slow && makesAnew(action.Kind) {
		return l.Clock.Time()
	}
	return time.Time{}
}

// makesAnew reports a kind of write that makes another employee, role or grant when it
// happens twice. A reactivation does where it is refused the second time: then a new
// employee is made in its place.
func makesAnew(k plan.Kind) bool {
	return k == plan.Create || k == plan.CreateRole || k == plan.GrantRole || k == plan.Reactivate
}

// send makes the calls of one action.
func (c *caller) send(ctx context.Context, action *plan.Action, intent *plan.Intent) attempt {
	switch action.Kind {
	case plan.Create:
		return c.create(ctx, action, intent)
	case plan.Update:
		return c.update(ctx, action)
	case plan.Terminate:
		return c.terminate(ctx, action)
	case plan.Reactivate:
		return c.reactivate(ctx, action)
	case plan.CreateRole:
		return c.createRole(ctx, action)
	case plan.RenameRole:
		err := c.Target.RenameRole(ctx, action.Role.ID, action.Role.Name)
		if err != nil {
			return classify(err)
		}
		batch, err := c.roleBatch(action, action.Role.ID, "")
		return finished(batch, err)
	case plan.GrantRole:
		return c.grant(ctx, action, intent)
	case plan.RevokeRole:
		return c.revoke(ctx, action)
	}
	return attempt{outcome: plan.Failed, message: "unknown kind of action " + string(action.Kind)}
}

// finished is a call that worked; err is about the snapshot.
func finished(batch plan.Batch, err error) attempt {
	if err != nil {
		return attempt{outcome: plan.Unknown, message: err.Error(), fatal: err}
	}
	return attempt{outcome: plan.Done, batch: batch}
}

func isConflict(err error) bool {
	var f failure
	return errors.As(err, &f) && f.Conflict()
}

// isSlow reports a call that was cut, and may still be at work.
func isSlow(err error) bool {
	var f interface{ StillAtWork() bool }
	return errors.As(err, &f) && f.StillAtWork()
}

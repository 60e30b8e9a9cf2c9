package apply

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"tracktik-sync/sync/plan"
)

// OldEvidence is how old what was read may be when it is acted upon.
const OldEvidence = time.Minute

func (c *caller) terminate(ctx context.Context, action *plan.Action) attempt {
	e, known := c.leaver(ctx, action)
	if done, ended := c.endedBefore(ctx, action, &e, known); ended {
		return done
	}
	t := plan.Termination{Date: c.today(action, e.Region), Reason: c.reason, Comment: c.Rules.Comment,
		Notify: c.Rules.Notify}
	if t.Comment == "" {
		t.Comment = fmt.Sprintf("tracktik-sync run %s: %s", c.Run, action.Reason)
	}
	answer, err := c.Target.TerminateEmployee(ctx, action.Employee, t)
	if err != nil {
		done := failed(action, err)
		if done.outcome != plan.Failed || done.fatal != nil {
			return done
		}
		e, found, lookErr := c.Target.Employee(ctx, action.Employee)
		if lookErr == nil && found && e.Status == plan.StatusTerminated { // our call was refused: it was done before
			return c.found(ctx, action, &e)
		}
		return done
	}
	if done, ok := c.ended(ctx, action, &answer, known); !ok {
		return c.notShown(action, done)
	}
	batch, err := c.terminatedBatch(action, c.Run, false)
	return finished(batch, err)
}

// ended reads a termination back. answer is the record that TrackTik answered it with; before
// says that it was seen not to be so.
func (c *caller) ended(ctx context.Context, action *plan.Action, answer *plan.Employee, before bool) (attempt, bool) {
	ended := effect{of: right(plan.Terminate), before: before, again: c.knownAs(action, plan.ProblemNotEffective),
		said: fmt.Sprintf("employee %d was terminated", action.Employee),
		look: func() (string, error) {
			e, err := c.shownNow(ctx, action.Employee)
			if err != nil || e.Status == plan.StatusTerminated {
				return "", err
			}
			return "them as " + e.Status, nil
		}}
	if answer.Active() {
		ended.denied = "them as " + answer.Status
	}
	return c.readBack(&ended)
}

// today is the date where the employee works: in the region in which TrackTik has just shown
// them (0: it has not), else that on record.
func (c *caller) today(action *plan.Action, region plan.RegionID) string {
	if p := c.Ground.Person(action.User.ID); p != nil && p.Link != nil {
		region = cmp.Or(region, p.Link.Place())
	}
	if retires := action.Extras().Retires; retires != nil {
		region = cmp.Or(region, retires.Link.Place())
	}
	return c.Clock.Time().In(c.zones(region)).Format(time.DateOnly)
}

// endedBefore looks at the employee right before a termination: ended says that it is not
// to be called any more, and done what became of it.
func (c *caller) endedBefore(ctx context.Context, action *plan.Action, e *plan.Employee, known bool) (done attempt,
	ended bool) {
	switch {
	case !known:
		return attempt{}, false
	case e.Status == plan.StatusTerminated:
		return c.found(ctx, action, e), true
	case e.Status == plan.StatusBanned:
		return c.banned(action), true
	case action.Found: // and no guard has counted the action
		return attempt{outcome: plan.Withheld, message: fmt.Sprintf("%s: employee %d was TERMINATED in TrackTik when this "+
			"was planned, and is %s now", plan.HeldUnconfirmed, e.ID, e.Status)}, true
	}
	return attempt{}, false
}

// leaver is the employee of an action as TrackTik shows them; known is false where it
// does not say.
func (c *caller) leaver(ctx context.Context, action *plan.Action) (e plan.Employee, known bool) {
	p := c.Ground.Person(action.User.ID)
	if p != nil && p.Employee != nil && p.Employee.ID == action.Employee && c.since(p.Read) <= OldEvidence {
		return *p.Employee, true
	}
	e, known, err := c.Target.Employee(ctx, action.Employee)
	return e, known && err == nil
}

// found is a termination that somebody else has made before, whose date and reason stay;
// unless it is one of ours, which TrackTik did not show at once, and of which it does not
// say otherwise.
func (c *caller) found(ctx context.Context, action *plan.Action, e *plan.Employee) attempt {
	link, _, err := c.Snapshot.Link(action.User.ID)
	if err != nil {
		return finished(plan.Batch{}, err)
	}
	ours := link.Ending && !c.byAnother(ctx, e)
	batch, err := c.terminatedBatch(action, c.Run, !ours)
	done := finished(batch, err)
	if err == nil && !ours {
		done.outcome = plan.Found
	}
	return done
}

// notShown is a termination to which TrackTik said yes, and that was not seen to have effect.
// Where it shows late, it is ours.
func (r batchMaker) notShown(action *plan.Action, done attempt) attempt {
	if done.outcome == plan.Unknown { // and is looked up
		return done
	}
	link, found, err := r.Snapshot.Link(action.User.ID)
	switch {
	case err != nil:
		done.fatal = err
	case found:
		link.Ending = true
		done.batch = plan.Batch{Links: []plan.Link{link}}
	}
	return done
}

// banned holds a termination, and remembers why.
func (r batchMaker) banned(action *plan.Action) attempt {
	done := attempt{outcome: plan.Withheld, message: plan.WhyBanned(action.Employee)}
	link, found, err := r.Snapshot.Link(action.User.ID)
	switch {
	case err != nil:
		done.fatal = err
	case found:
		link.ElsewhereStatus = plan.StatusBanned
		done.batch = plan.Batch{Links: []plan.Link{link}}
	}
	return done
}

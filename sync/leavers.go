package sync

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// Whom TrackTik shows as terminated already, somebody else has ended: that is found, and
// not done by us. Whom it shows as banned is not ended at all. So the employees of those
// who are to be terminated are read before the guards judge the plan, and once more right
// before the call when that was more than a minute ago.

// readLeavers reads the employees of those who are to be terminated, unless a refresh has
// done so, and decides about these people anew. Who cannot be read is not known to be
// ended or banned.
func (r *run) readLeavers(ctx context.Context, list []*subject) error {
	if r.refresh {
		return nil
	}
	leavers := slices.DeleteFunc(slices.Clone(list), func(s *subject) bool {
		return s.link == nil || !s.looked.IsZero() || !terminates(s)
	})
	if len(leavers) == 0 {
		return nil
	}
	read := r.readLeaversOneByOne
	if len(leavers) > max(sampleSize, r.meta.PortalEmployees/1000) { // a page of the list holds a thousand
		read = r.readLeaversListed
	}
	r.phase("reading leavers' employees", len(leavers))
	err := read(ctx, leavers)
	if _, bad := isCredentials(err); bad || ctx.Err() != nil {
		return err
	}
	if err != nil {
		r.log.WithError(err).Warn("whether leavers are terminated already cannot be read before they are terminated")
	}
	for _, s := range leavers {
		if s.looked = r.clock(); s.employee != nil {
			r.decideOne(s)
		}
	}
	return nil
}

func (r *run) readLeaversOneByOne(ctx context.Context, leavers []*subject) error {
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(max(1, r.Workers))
	for _, s := range leavers {
		pool.Go(func() error {
			defer r.progress(1)
			e, found, err := r.Target.Employee(ctx, s.link.Employee)
			if err == nil && found {
				s.employee = &e
			}
			return err
		})
	}
	return pool.Wait()
}

func (r *run) readLeaversListed(ctx context.Context, leavers []*subject) error {
	byID := make(map[plan.EmployeeID]*subject, len(leavers))
	for _, s := range leavers {
		byID[s.link.Employee] = s
	}
	_, err := r.Target.Employees(ctx, func(page []plan.Employee) error {
		for i := range page {
			if s := byID[page[i].ID]; s != nil {
				e := page[i]
				s.employee = &e
				r.progress(1)
			}
		}
		return nil
	})
	return err
}

// endedBefore looks at the employee right before a termination: ended says that it is not
// to be called any more, and done what became of it.
func (a *applier) endedBefore(ctx context.Context, action *plan.Action) (done attempt, ended bool) {
	e, known := a.leaver(ctx, action)
	switch {
	case !known:
		return attempt{}, false
	case e.Status == plan.StatusTerminated:
		return a.found(action), true
	case e.Status == plan.StatusBanned:
		return a.banned(action), true
	case action.Found: // and no guard has counted the action
		return attempt{outcome: plan.Withheld, message: fmt.Sprintf("%s: employee %d was TERMINATED in TrackTik when this was planned, and is %s now", plan.HeldUnconfirmed, e.ID, e.Status)}, true
	}
	return attempt{}, false
}

// leaver is the employee of an action as TrackTik shows them; known is false where it
// does not say.
func (a *applier) leaver(ctx context.Context, action *plan.Action) (e plan.Employee, known bool) {
	s := a.people.subjects[action.User.ID]
	if s != nil && s.employee != nil && s.employee.ID == action.Employee && a.since(a.statusRead(s)) <= oldEvidence {
		return *s.employee, true
	}
	e, known, err := a.Target.Employee(ctx, action.Employee)
	return e, known && err == nil
}

// statusRead is when the subject's employee was read.
func (r *run) statusRead(s *subject) time.Time {
	if s.looked.IsZero() {
		return r.current.read
	}
	return s.looked
}

// found is a termination that somebody else has made before, whose date and reason stay;
// unless it is one of ours, which TrackTik did not show at once.
func (a *applier) found(action *plan.Action) attempt {
	link, _, err := a.Snapshot.Link(action.User.ID)
	if err != nil {
		return finished(plan.Batch{}, err)
	}
	batch, err := a.terminatedBatch(action, a.id, !link.Ending)
	done := finished(batch, err)
	if err == nil && !link.Ending {
		done.outcome = plan.Found
	}
	return done
}

// notShown is a termination to which TrackTik said yes, and that it does not show.
func (a *applier) notShown(action *plan.Action, problem string) attempt {
	done := attempt{outcome: plan.Failed, code: plan.ProblemNotEffective, message: problem}
	link, found, err := a.Snapshot.Link(action.User.ID)
	switch {
	case err != nil:
		done.fatal = err
	case found:
		link.Ending = true
		done.batch = plan.Batch{Links: []plan.Link{link}}
	}
	return done
}

// ours is the batch of a termination that was not somebody else's after all.
func ours(b plan.Batch) plan.Batch {
	for i := range b.Formers {
		b.Formers[i].Elsewhere = false
	}
	return b
}

// banned holds a termination, and remembers why.
func (a *applier) banned(action *plan.Action) attempt {
	done := attempt{outcome: plan.Withheld, message: plan.WhyBanned(action.Employee)}
	link, found, err := a.Snapshot.Link(action.User.ID)
	switch {
	case err != nil:
		done.fatal = err
	case found:
		link.ElsewhereStatus = plan.StatusBanned
		done.batch = plan.Batch{Links: []plan.Link{link}}
	}
	return done
}

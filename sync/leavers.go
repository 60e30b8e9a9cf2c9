package sync

import (
	"context"
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
func (r *peopleDecider) readLeavers(ctx context.Context, list []*subject) error {
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

func (r *peopleDecider) readLeaversOneByOne(ctx context.Context, leavers []*subject) error {
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

func (r *peopleDecider) readLeaversListed(ctx context.Context, leavers []*subject) error {
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

// statusRead is when the subject's employee was read.
func (r *facts) statusRead(s *subject) time.Time {
	if s.looked.IsZero() {
		return r.current.read
	}
	return s.looked
}

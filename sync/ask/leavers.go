package ask

import (
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// Whom TrackTik shows as terminated already, somebody else has ended: that is found, and
// not done by us. Whom it shows as banned is not ended at all. So the employees of those
// who are to be terminated are read before the guards judge the plan, and once more right
// before the call when that was more than a minute ago.

// A leaverAsker reads the employees of leavers.
type leaverAsker struct {
	read.Base
	people *decide.PeopleDecider
}

// readLeavers reads the employees of those who are to be terminated, or would be but for a ban
// that may be lifted by now, unless a refresh has done so, and decides about these people anew.
// Who cannot be read is not known to be ended or banned.
func (r *leaverAsker) readLeavers(ctx context.Context, list []*read.Subject) error {
	if r.Refresh {
		return nil
	}
	leavers := slices.DeleteFunc(slices.Clone(list), func(s *read.Subject) bool {
		return s.Link == nil || !s.Extras().Looked.IsZero() || !read.Departs(s) && !s.StaysBanned()
	})
	if len(leavers) == 0 {
		return nil
	}
	ask := r.readLeaversOneByOne
	if len(leavers) > max(read.SampleSize, r.Meta.PortalEmployees/recordsAPage) {
		ask = r.readLeaversTogether
	}
	r.Phase("reading leavers' employees", len(leavers))
	err := ask(ctx, leavers)
	if _, bad := read.IsCredentials(err); bad || ctx.Err() != nil {
		return err
	}
	if err != nil {
		r.Log.WithError(err).Warn("whether leavers are terminated already cannot be read before they are terminated")
	}
	for _, s := range leavers {
		s.With(func(x *read.Extra) { x.Looked = r.Moment() })
		if s.Employee != nil {
			r.people.DecideOne(s)
		}
	}
	return nil
}

func (r *leaverAsker) readLeaversOneByOne(ctx context.Context, leavers []*read.Subject) error {
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(max(1, r.Workers))
	for _, s := range leavers {
		pool.Go(func() error {
			defer r.Advance(1)
			e, found, err := r.Target.Employee(ctx, s.Link.Employee)
			if err == nil && found {
				s.Employee = &e
			}
			return err
		})
	}
	return pool.Wait()
}

func (r *leaverAsker) readLeaversTogether(ctx context.Context, leavers []*read.Subject) error {
	byID := make(map[plan.EmployeeID]*read.Subject, len(leavers))
	for _, s := range leavers {
		byID[s.Link.Employee] = s
	}
	found, err := r.Target.EmployeesByID(ctx, slices.Sorted(maps.Keys(byID)))
	for i := range found {
		if s := byID[found[i].ID]; s != nil {
			s.Employee = &found[i]
		}
	}
	r.Advance(len(leavers))
	return err
}

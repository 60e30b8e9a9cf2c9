package sync

import (
	"cmp"
	"context"
	"hash/fnv"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// A stranger is an active employee who is not managed, as far as somebody in Okta can
// be found for them. Names are kept as sums: a portal may have many.
type stranger struct {
	id              plan.EmployeeID
	username, email uint64 // 0: none
	custom          uint64
}

func nameSum(name string) uint64 {
	if name = plan.FoldName(name); name == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}

func strangerOf(e *plan.Employee) stranger {
	return stranger{e.ID, nameSum(e.Values[plan.Username]), nameSum(e.Values[plan.Email]), nameSum(e.Values[plan.CustomID])}
}

// A census counts the employees whom nobody manages.
type census struct {
	base
	*decided
	standingReader *standingReader
}

// unmanaged are the strangers whom nobody in Okta stands behind: who is adopted in
// this run, is held, waits or is a problem does, as in a comparison. Everybody who is
// not managed was decoded.
func (r *census) unmanaged() []plan.EmployeeID {
	known := map[plan.Field]map[uint64]bool{plan.Username: {}, plan.Email: {}, plan.CustomID: {}}
	for _, s := range r.people.subjects {
		if s.link != nil || s.judgement.Verdict == plan.Depart {
			continue
		}
		known[plan.Username][nameSum(s.person.Login)] = true
		known[plan.Email][nameSum(s.person.Email)] = true
		for f, sums := range known {
			sums[nameSum(s.want().Values[f])] = true
		}
	}
	var ids []plan.EmployeeID
	for _, e := range r.current.strangers {
		behind := e.id == r.pol.Own || r.ties.of.Other(e.id, "") != ""
		for _, f := range r.pol.Match {
			sum := map[plan.Field]uint64{plan.Username: e.username, plan.Email: e.email, plan.CustomID: e.custom}[f]
			behind = behind || sum != 0 && known[f][sum]
		}
		if !behind {
			ids = append(ids, e.id)
		}
	}
	return ids
}

// censusAtOnce is how many unmanaged employees one refresh looks up: the runs that are
// due must not wait for it. A comparison looks everybody up.
const censusAtOnce = 200

// takeCensus looks up in Okta who the unmanaged are, as far as that is not known or is old,
// after everything else of a refresh. That it cannot is no matter of the run's.
func (r *census) takeCensus(ctx context.Context) {
	if !r.refresh || !r.whole() || ctx.Err() != nil {
		return
	}
	if err := r.countUnmanaged(ctx); err != nil {
		r.log.WithError(err).Warn("who the unmanaged employees are could not be looked up")
	}
}

func (r *census) countUnmanaged(ctx context.Context) error {
	before, err := r.Snapshot.Census()
	if err != nil {
		return err
	}
	kept, ask := before.Due(r.unmanaged(), r.now, censusAtOnce)
	found := make([]plan.Counted, len(ask))
	r.phase("looking unmanaged employees up in okta", len(ask))
	pool, poolCtx := errgroup.WithContext(ctx)
	pool.SetLimit(lookers)
	for i, id := range ask {
		pool.Go(func() error {
			defer r.progress(1)
			e, there, err := r.Target.Employee(poolCtx, id)
			if err != nil || !there || !e.Active() {
				return err
			}
			s, err := r.standingReader.classify(poolCtx, &e)
			found[i] = plan.Counted{Employee: id, Class: s.Class, Asked: r.now}
			return err
		})
	}
	if err := pool.Wait(); err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(c plan.Counted) bool { return c.Employee == 0 })
	return r.keepCensus(plan.Census{People: append(kept, found...)})
}

// keepCensus records a census, and what the snapshot knows of it at a glance.
func (r *census) keepCensus(c plan.Census) error {
	slices.SortFunc(c.People, func(a, b plan.Counted) int { return cmp.Compare(a.Employee, b.Employee) })
	r.meta.Unmanaged = c.Counts()
	return r.Snapshot.Commit(plan.Batch{Census: &c})
}

package sync

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A census counts the employees whom nobody manages.
type census struct {
	desk
	standingReader *read.StandingReader
}

// unmanaged are the strangers whom nobody in Okta stands behind: who is adopted in
// this run, is held, waits or is a problem does, as in a comparison. Everybody who is
// not managed was decoded.
func (r *census) unmanaged() []plan.EmployeeID {
	known := map[plan.Field]map[uint64]bool{plan.Username: {}, plan.Email: {}, plan.CustomID: {}}
	for _, s := range r.People.Subjects {
		if s.Link != nil || s.Judgement.Verdict == plan.Depart {
			continue
		}
		known[plan.Username][read.NameSum(s.Person.Login)] = true
		known[plan.Email][read.NameSum(s.Person.Email)] = true
		for f, sums := range known {
			sums[read.NameSum(s.Want().Values[f])] = true
		}
	}
	var ids []plan.EmployeeID
	for _, e := range r.Current.Strangers {
		behind := e.ID == r.Pol.Own || r.Ties.Of.Other(e.ID, "") != ""
		for _, f := range r.Pol.Match {
			sum := map[plan.Field]uint64{plan.Username: e.Username, plan.Email: e.Email, plan.CustomID: e.Custom}[f]
			behind = behind || sum != 0 && (known[f][sum] || r.People.Aside[f][sum])
		}
		if !behind {
			ids = append(ids, e.ID)
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
	if !r.Refresh || !r.whole() || ctx.Err() != nil {
		return
	}
	if err := r.countUnmanaged(ctx); err != nil {
		r.Log.WithError(err).Warn("who the unmanaged employees are could not be looked up")
	}
}

func (r *census) countUnmanaged(ctx context.Context) error {
	before, err := r.store.Census()
	if err != nil {
		return err
	}
	kept, ask := before.Due(r.unmanaged(), r.AsOf, censusAtOnce)
	found := make([]plan.Counted, len(ask))
	r.Phase("looking unmanaged employees up in okta", len(ask))
	pool, poolCtx := errgroup.WithContext(ctx)
	pool.SetLimit(read.Lookers)
	for i, id := range ask {
		pool.Go(func() error {
			defer r.Advance(1)
			e, there, err := r.Target.Employee(poolCtx, id)
			if err != nil || !there || !e.Active() {
				return err
			}
			s, err := r.standingReader.Classify(poolCtx, &e)
			found[i] = plan.Counted{Employee: id, Class: s.Class, Asked: r.AsOf}
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
	r.Meta.Unmanaged = c.Counts()
	return r.store.Commit(plan.Batch{Census: &c})
}

package sync

import (
	"context"
	"errors"
	"slices"

	"tracktik-sync/sync/ask"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// makePlan reads both sides and makes the plan: everything of a run that writes nothing
// to TrackTik.
func (r *run) makePlan(ctx context.Context) error {
	if err := r.start(ctx); err != nil {
		return err
	}
	if err := r.readAskGuard(ctx); err != nil || !r.sampled() {
		return err
	}
	r.Asker = ask.New(r.Anew())
	r.wire()
	return r.readAskGuard(ctx)
}

// sampled reports that a removal would be carried out on a sample's word: the guards
// did not refuse it after all, so everybody has to be looked up first.
func (r *run) sampled() bool {
	return !r.Full && slices.ContainsFunc(r.doc.Actions,
		func(a plan.Action) bool { return a.Extras().Evidence == plan.EvidenceSample })
}

// start meets both systems and settles what is open, before anything is read.
func (r *run) start(ctx context.Context) error {
	if err := r.Quarantined(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.met, r.approver.loadApproved, r.carrier.settle} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// met is meet, and dates the document by Okta's clock.
func (r *run) met(ctx context.Context) error {
	err := r.Meet(ctx)
	r.doc.Created = r.AsOf
	return err
}

// startSmall is start for a run about people who are named to it: it looks at nobody else.
func (r *run) startSmall(ctx context.Context) error {
	if err := r.start(ctx); err != nil {
		return err
	}
	if err := r.LoadPeople(); err != nil {
		return err
	}
	r.doc.Managed = r.People.Managed
	return r.CheckApp()
}

// present puts what a small run has decided in order, before the guards, into the document.
func (r *run) present(ctx context.Context, actions []plan.Action, held []plan.Held, problems []plan.Problem) {
	r.warningsShown = len(r.Warnings)
	plan.Order(actions, &r.Names)
	actions, held = r.guard.judge(ctx, actions, held)
	r.doc.Actions, r.doc.Held, r.doc.Problems, r.doc.Warnings = actions, held, problems, slices.Clone(r.Warnings)
	r.doc.Guard = r.checked.Report
	r.guard.seal()
}

// readAskGuard is makePlan after what is open was settled.
func (r *run) readAskGuard(ctx context.Context) error {
	if err := r.LoadPeople(); err != nil {
		return err
	}
	r.doc.Managed = r.People.Managed
	r.Refresh = r.wantsRefresh()
	r.MayWait = r.opt.Refresh == nil && !r.Meta.RefreshDue && !r.Meta.Observed
	if err := r.CheckApp(); err != nil {
		return err
	}
	if r.Meta.LastSuccess.IsZero() { // a first run must not meet another connection's roles
		if err := r.PortalReader.ReadPortalRoles(ctx); err != nil {
			return err
		}
	}
	err := r.readThem(ctx)
	r.doc.Options.Refresh = r.Refresh
	r.doc.Source, r.doc.Evidence = r.Counts, r.Evidence
	if err != nil {
		return err
	}
	if err := r.Decide(ctx); err != nil {
		return err
	}
	r.guard.compose(ctx)
	return nil
}

// readThem reads those whom the run is about, and records the links that were found to have
// moved, since what is read next rests on them.
func (r *run) readThem(ctx context.Context) error {
	readThem := r.Reader.ReadAll
	if r.Scope.Some() {
		readThem = r.SingleReader.ReadSome
	}
	for {
		err := readThem(ctx)
		var moved *read.MovedError
		if !errors.As(err, &moved) {
			return err
		}
		for _, batch := range moved.Batches {
			if err := r.store.Commit(batch); err != nil {
				return err
			}
		}
	}
}

// wantsRefresh reports whether TrackTik is read too.
func (r *run) wantsRefresh() bool {
	switch {
	case r.Meta.RefreshDue:
		return true
	case r.opt.Refresh != nil:
		return *r.opt.Refresh
	case r.Meta.Observed && !r.Observe: // what the snapshot knows is what somebody else has worked on
		return true
	case r.ID == "" || r.Scope.Some() || r.engine.RefreshEvery <= 0:
		return false
	case r.People.Managed == 0:
		return false
	case r.Observe && r.Meta.Observing != nil && r.Meta.Observing.Read.IsZero():
		return true // what the other one does from now on is told from what was there
	}
	age := r.AsOf.Sub(r.Meta.LastRefresh)
	return age >= r.engine.RefreshEvery || age < -read.MaxSkew // the second was noted by a wrong clock
}

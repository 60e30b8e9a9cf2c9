package sync

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// An approver knows which refused sets of actions may pass.
type approver struct {
	desk
}

// loadApproved reads the sets that may pass: those that the run was given, and those of
// earlier runs that are not done yet. One that does not exist is refused. A plan and an
// observing run give nothing, and where somebody is asked first, their answer does.
func (r *approver) loadApproved(ctx context.Context) error {
	if r.engine.Approvals == nil {
		if len(r.opt.Approve) > 0 {
			return read.Refused(read.RefusedApproval, "there are no approvals without a snapshot")
		}
		return nil
	}
	for _, hash := range r.opt.Approve {
		set, found, err := r.engine.Approvals.Get(hash)
		if err != nil {
			return err
		}
		if !found {
			return read.Refused(read.RefusedApproval,
				fmt.Sprintf("no refused set of actions has the hash %q: it was used already, is older than 24 hours, or never "+
					"was; "+
					"run `tracktik-sync sync` to see the present one", hash))
		}
		r.Approve(set)
	}
	if r.opt.Confirm == nil {
		if err := r.giveApproved(ctx); err != nil {
			return err
		}
	}
	given, err := r.engine.Approvals.Given()
	for _, g := range given {
		r.Approve(g.Set)
	}
	return err
}

// giveApproved lets the sets that the run was given pass from now on, in later runs too.
func (r *approver) giveApproved(ctx context.Context) error {
	if r.ID == "" || r.Observe {
		return nil
	}
	for _, hash := range r.opt.Approve {
		if err := r.engine.Approvals.Give(ctx, hash); err != nil {
			return err
		}
	}
	return nil
}

// letPass reports that an approval let the action pass the guard of a kind. What is settled
// before there is a plan passed in an earlier run.
func (r *approver) letPass(a *plan.Action, kind plan.Kind) bool {
	ref := a.RefAs(kind)
	if r.checked.Exempt == nil {
		return r.ApprovedOf(ref)
	}
	return r.checked.Exempt[ref]
}

// settleWait is how long a run that was told to end may take to note what is left of
// its approvals.
const settleWait = 5 * time.Second

// settleApprovals notes what is left of the approvals that are given, after runs that were
// killed too: what is done stands in the audit trail. That it cannot is no matter of the
// run's: the next one does it.
func (r *approver) settleApprovals(ctx context.Context) {
	if r.engine.Approvals == nil || r.Observe {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWait)
	defer cancel()
	if err := r.settleGiven(ctx); err != nil {
		r.Log.WithError(err).Warn("what is left of the approvals cannot be noted; the next run does it")
	}
}

func (r *approver) settleGiven(ctx context.Context) error {
	given, err := r.engine.Approvals.Given()
	if err != nil || len(given) == 0 {
		return err
	}
	for _, g := range given {
		done := map[plan.ActionRef]bool{}
		err := r.store.DoneSince(g.Since.Add(-read.MaxSkew), func(a plan.Audit) { // its times are Okta's
			if countsForApproval(&a) {
				done[a.Ref()] = true
			}
		})
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(slices.Clone(g.Set), func(ref plan.ActionRef) bool { return done[ref.Recorded()] })
		if len(left) == len(g.Set) {
			continue
		}
		if err := r.engine.Approvals.Left(ctx, g.Hash, left); err != nil {
			return err
		}
	}
	return nil
}

// countsForApproval reports that an entry of the history is part of what an approval let be
// done: an approved action, one that was found done, and every update, since the approval of
// a cleared value does not name the update that clears it.
func countsForApproval(a *plan.Audit) bool {
	return a.Approved || a.Outcome == plan.Found || a.Kind == string(plan.Update)
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// snapshot is a state.DB as the engine wants it. It notes the number of a run for
// the log.
type snapshot struct {
	*state.DB
	runField *runField
}

// NextRun numbers a run.
func (s snapshot) NextRun(now time.Time) (string, error) {
	id, err := s.DB.NextRun(now)
	if err == nil {
		s.runField.set(id)
	}
	return id, err
}

// Prune removes what is too old.
func (s snapshot) Prune(now time.Time, keep time.Duration) error {
	_, err := s.DB.Prune(now, keep)
	return err
}

// approvals is state.Approvals as the engine wants it.
type approvals struct {
	file *state.Approvals
	of   plan.Binding
}

// Get returns the set of that hash. Why one that was there cannot be given any more, or
// here, is the error.
func (s approvals) Get(hash string) ([]plan.ActionRef, bool, error) {
	approval, found, err := s.file.Find(hash)
	if err == nil && found {
		err = s.fits(&approval)
	}
	set := make([]plan.ActionRef, len(approval.Items))
	for i, item := range approval.Items {
		set[i] = plan.ActionRef(item)
	}
	return set, found, err
}

// fits refuses an approval that was used, is old, or is of other systems.
func (s approvals) fits(a *state.Approval) error {
	why := ""
	switch {
	case !a.Used.IsZero():
		why = "was used at " + a.Used.UTC().Format(time.RFC3339) + ": an approval is good for one run"
	case !s.file.Open(*a):
		why = "is older than 24 hours: it is of " + a.Created.UTC().Format(time.RFC3339)
	case a.Of != plan.Binding{} && a.Of != s.of:
		why = fmt.Sprintf("is of %s app %s and %s, not of %s app %s and %s", a.Of.Org, a.Of.App, a.Of.Portal, s.of.Org, s.of.App, s.of.Portal)
	default:
		return nil
	}
	return &tsync.RefusedError{Code: tsync.RefusedApproval, Message: fmt.Sprintf("the approval %s %s; the same command without it shows the present set", a.Hash, why)}
}

// Put keeps a set for 24 hours.
func (s approvals) Put(ctx context.Context, hash string, set []plan.ActionRef) error {
	items := make([]state.ApprovalItem, len(set))
	for i, ref := range set {
		items[i] = state.ApprovalItem(ref)
	}
	return s.file.Put(ctx, state.Approval{Hash: hash, Items: items, Of: s.of})
}

// Use ends an approval.
func (s approvals) Use(ctx context.Context, hash string) error {
	_, _, err := s.file.Use(ctx, hash)
	return err
}

// lenientApprovals are those of a plan, which may be made by somebody who must not
// write beside the snapshot: a refused set that could not be kept is only said.
type lenientApprovals struct {
	tsync.Approvals
	log logrus.FieldLogger
}

// Put keeps a set, if that is possible.
func (s lenientApprovals) Put(ctx context.Context, hash string, set []plan.ActionRef) error {
	if err := s.Approvals.Put(ctx, hash, set); err != nil {
		s.log.WithError(err).WithField("approval", hash).Warn("the refused set could not be kept: approve that of the next sync instead")
	}
	return nil
}

// Use leaves the approval to the run.
func (s lenientApprovals) Use(context.Context, string) error { return nil }

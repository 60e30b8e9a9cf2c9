package main

import (
	"context"
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
type approvals struct{ file *state.Approvals }

// Get returns the set of that hash.
func (s approvals) Get(hash string) ([]plan.ActionRef, bool, error) {
	approval, found, err := s.file.Get(hash)
	set := make([]plan.ActionRef, len(approval.Items))
	for i, item := range approval.Items {
		set[i] = plan.ActionRef(item)
	}
	return set, found, err
}

// Put keeps a set for 24 hours.
func (s approvals) Put(ctx context.Context, hash string, set []plan.ActionRef) error {
	items := make([]state.ApprovalItem, len(set))
	for i, ref := range set {
		items[i] = state.ApprovalItem(ref)
	}
	return s.file.Put(ctx, state.Approval{Hash: hash, Items: items})
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

package wiring

import (
	"context"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/configs"
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
		s.runField.Set(id)
	}
	return id, err
}

// Prune removes what is too old.
func (s snapshot) Prune(now time.Time, keep time.Duration) error {
	_, err := s.DB.Prune(now, keep)
	return err
}

// An Approvals is state.Approvals as the engine wants it. It notes what they let pass.
type Approvals struct {
	file   *state.Approvals
	of     plan.Binding
	passed []Passed
}

// A Passed is what one approval let pass in a run.
type Passed struct {
	Hash       string
	Done, Left int // actions
}

// ApprovalsOf are the approvals beside the snapshot of a configuration.
func ApprovalsOf(cfg *configs.Config, now func() time.Time) *Approvals {
	return &Approvals{file: state.ApprovalsOf(cfg.State.Path, now), of: Binding(cfg)}
}

// PassedBy is what approvals let pass in the run that an engine has made.
func PassedBy(e *tsync.Engine) []Passed {
	if s, ok := e.Approvals.(*Approvals); ok {
		return s.passed
	}
	return nil
}

// Get returns the set of that hash. Why one that was there cannot be given any more, or
// here, is the error.
func (s *Approvals) Get(hash string) ([]plan.ActionRef, bool, error) {
	approval, found, err := s.file.Find(hash)
	if why := s.unfit(&approval); err == nil && found && why != "" {
		err = &tsync.RefusedError{Code: tsync.RefusedApproval, Message: "the approval " + hash + " " + why +
			"; the same command without it shows the present set"}
	}
	return refsOf(approval.Items), found, err
}

// Stale reports a set that was let pass at an earlier time, and that was refused anew since:
// a variable that still names it decides nothing about it.
func (s *Approvals) Stale(hash string) bool {
	approval, found, err := s.file.Find(hash)
	return err == nil && found && !approval.Before.IsZero() && approval.Given.IsZero()
}

// Renew lets a set pass for 24 hours from now on, whenever it was given before. The text
// says why it cannot be given; empty: it is.
func (s *Approvals) Renew(ctx context.Context, hash string) (given state.Approval, why string, err error) {
	known, found, err := s.file.Find(hash)
	switch {
	case err != nil:
		return known, "", err
	case !found:
		return known, "never was, or is long gone", nil
	}
	if why := s.unfit(&known); why != "" {
		return known, why, nil
	}
	given, _, err = s.file.Renew(ctx, hash)
	return given, "", err
}

func refsOf(items []state.ApprovalItem) []plan.ActionRef {
	set := make([]plan.ActionRef, len(items))
	for i, item := range items {
		set[i] = plan.ActionRef(item)
	}
	return set
}

func itemsOf(set []plan.ActionRef) []state.ApprovalItem {
	items := make([]state.ApprovalItem, len(set))
	for i, ref := range set {
		items[i] = state.ApprovalItem(ref)
	}
	return items
}

// unfit says why an approval cannot be given: it was used, is old, or is of other
// systems. Empty: it can.
func (s *Approvals) unfit(a *state.Approval) string {
	switch {
	case !a.Used.IsZero():
		return "was used at " + a.Used.UTC().Format(time.RFC3339) + ": all that it let pass is done"
	case !s.file.Open(*a) && !a.Given.IsZero():
		return "was given at " + a.Given.UTC().Format(time.RFC3339) + ", and holds for 24 hours"
	case !s.file.Open(*a):
		return "is older than 24 hours: it is of " + a.Created.UTC().Format(time.RFC3339)
	case !s.ours(a):
		return fmt.Sprintf("is of %s app %s and %s, not of %s app %s and %s", a.Of.Org, a.Of.App, a.Of.Portal, s.of.Org,
			s.of.App, s.of.Portal)
	}
	return ""
}

// ours reports that an approval is of these systems.
func (s *Approvals) ours(a *state.Approval) bool { return a.Of == plan.Binding{} || a.Of == s.of }

// Put keeps a set for 24 hours.
func (s *Approvals) Put(ctx context.Context, hash string, set []plan.ActionRef) error {
	return s.file.Put(ctx, state.Approval{Hash: hash, Items: itemsOf(set), Of: s.of})
}

// Give lets a set pass from now on.
func (s *Approvals) Give(ctx context.Context, hash string) error {
	_, err := s.file.Give(ctx, hash)
	return err
}

// Given are the sets that may pass, with what is left of them.
func (s *Approvals) Given() ([]tsync.Given, error) {
	list, err := s.file.Given()
	var given []tsync.Given
	for i := range list {
		if s.ours(&list[i]) {
			given = append(given, tsync.Given{Hash: list[i].Hash, Since: list[i].Given, Set: refsOf(list[i].Items)})
		}
	}
	return given, err
}

// Left notes what is left of a set.
func (s *Approvals) Left(ctx context.Context, hash string, set []plan.ActionRef) error {
	before, open, err := s.file.Get(hash)
	if err == nil {
		err = s.file.Left(ctx, hash, itemsOf(set))
	}
	if done := len(before.Items) - len(set); err == nil && open && done > 0 {
		s.passed = append(s.passed, Passed{hash, done, len(set)})
	}
	return err
}

// Use ends an approval.
func (s *Approvals) Use(ctx context.Context, hash string) error {
	_, _, err := s.file.Use(ctx, hash)
	return err
}

// A lenientApprovals has those of a plan, which may be made by somebody who must not
// write beside the snapshot: a refused set that could not be kept is only said.
type lenientApprovals struct {
	tsync.Approvals
	log logrus.FieldLogger
}

// Put keeps a set, if that is possible.
func (s lenientApprovals) Put(ctx context.Context, hash string, set []plan.ActionRef) error {
	if err := s.Approvals.Put(ctx, hash, set); err != nil {
		s.log.WithError(err).WithField("approval", hash).
			Warn("the refused set could not be kept: approve that of the next sync instead")
	}
	return nil
}

// Use leaves the approval to the run.
func (s lenientApprovals) Use(context.Context, string) error { return nil }

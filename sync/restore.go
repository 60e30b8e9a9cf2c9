package sync

import (
	"context"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/restore"
)

// RestoreOptions say whom a restore brings back.
type RestoreOptions struct {
	Run        string                    // the run that terminated them
	Terminated []restore.Terminated      // by that run, as the history has it
	Only       []plan.PersonID           // only these of them; empty: all
	New        bool                      // as new employees, instead of the former ones
	Approve    []string                  // hashes of refused sets that may pass
	Command    string                    // how this is done again, without --approve
	Users      []string                  // Only, as they were named
	Confirm    func(*plan.Document) bool // see RunOptions
}

// PlanRestore decides what Restore with the same options would do, and writes nothing
// to TrackTik.
func (e *Engine) PlanRestore(ctx context.Context, opt RestoreOptions) (*plan.Document, error) {
	r, err := e.newRestore(opt, "")
	if err != nil {
		return nil, err
	}
	return r.planned(ctx, r.makePlan)
}

// Restore brings back whom a run terminated, with the roles they held. Its document and
// errors are those of RunOnce. Who is restored is neither terminated nor loses a role
// before Okta has shown them in scope once. A restore that was cut short is completed
// by making it again.
func (e *Engine) Restore(ctx context.Context, opt RestoreOptions) (*plan.Document, error) {
	id, err := e.Snapshot.NextRun(e.Now())
	if err != nil {
		return nil, err
	}
	r, err := e.newRestore(opt, id)
	if err != nil {
		return nil, err
	}
	r.Log.WithField("by", e.By).WithField("of", opt.Run).Info("restore begins")
	return r.conclude(ctx, r.carryOut(ctx, r.makePlan, r.apply, r.finish))
}

func (e *Engine) newRestore(opt RestoreOptions, id string) (*restoration, error) {
	r, err := e.newRun(RunOptions{Users: opt.Users, Approve: opt.Approve, Confirm: opt.Confirm, Command: opt.Command}, id)
	if err != nil {
		return nil, err
	}
	r.partial = true
	return &restoration{r, &restore.Restoring{Reading: r.Reading, Of: restore.Of{Run: opt.Run, Terminated: opt.Terminated,
		Only: opt.Only, New: opt.New}}}, nil
}

// A restoration is the run that brings people back.
type restoration struct {
	*run
	who *restore.Restoring
}

// makePlan reads what became of everybody, and makes the plan.
func (r *restoration) makePlan(ctx context.Context) error {
	if err := r.startSmall(ctx); err != nil {
		return err
	}
	if err := r.who.Read(ctx); err != nil {
		return err
	}
	actions, held, problems, err := r.who.Decide()
	if err != nil {
		return err
	}
	r.present(ctx, actions, held, problems)
	return nil
}

package sync

import (
	"context"
	"errors"
	"fmt"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
	"tracktik-sync/sync/retire"
)

// RetireOptions say who is to be retired.
type RetireOptions struct {
	Named   []Named
	Users   []string                  // as they were named one by one; empty: in a file
	Approve []string                  // hashes of refused sets that may pass
	Command string                    // how this is done again, without --approve
	Confirm func(*plan.Document) bool // see RunOptions
}

// RefusedRetire is the code of a retirement that is not allowed at all.
const RefusedRetire = "retire"

// A ManagedError says that people were named to be retired who are managed.
type ManagedError struct{ Employees []plan.EmployeeID }

func (e *ManagedError) Error() string {
	return fmt.Sprintf("%d of those named are managed (employee %d): a run terminates them when they leave, and "+
		"`retire` is for those whom nobody manages",
		len(e.Employees), e.Employees[0])
}

// PlanRetire decides what Retire with the same options would do, and writes nothing to
// TrackTik.
func (e *Engine) PlanRetire(ctx context.Context, opt RetireOptions) (*plan.Document, error) {
	r, err := e.newRetirement(opt, "")
	if err != nil {
		return nil, err
	}
	doc, err := r.planned(ctx, r.makePlan)
	return doc, errors.Join(err, r.managed())
}

// Retire terminates the named employees who are active, managed by nobody, and have left
// Okta: their user is DEPROVISIONED at this moment. Everybody else is a problem of the
// document, and left alone. Its errors are those of RunOnce, and a *ManagedError. Who is
// retired is on record as a former employee, whom Restore brings back.
func (e *Engine) Retire(ctx context.Context, opt RetireOptions) (*plan.Document, error) {
	id, err := e.Snapshot.NextRun(e.Now())
	if err != nil {
		return nil, err
	}
	r, err := e.newRetirement(opt, id)
	if err != nil {
		return nil, err
	}
	r.Log.WithField("by", e.By).WithField("named", len(opt.Named)).Info("retirement begins")
	err = r.carryOut(ctx, r.makePlan, r.apply, r.finish)
	if managed := r.managed(); managed != nil {
		err = errors.Join(err, managed)
	}
	return r.conclude(ctx, err)
}

func (e *Engine) newRetirement(opt RetireOptions, id string) (*retirement, error) {
	r, err := e.newRun(RunOptions{Users: opt.Users, Approve: opt.Approve, Confirm: opt.Confirm, Command: opt.Command}, id)
	if err != nil {
		return nil, err
	}
	r.partial = true
	return &retirement{r, retire.New(r.Reading, opt.Named)}, nil
}

// allowed refuses what must not be done in any case.
func (r *retirement) allowed() error {
	why := ""
	switch {
	case r.Observe:
		why = "sync.mode is observe, and nobody is terminated while the program only observes; `compare` shows who has " +
			"left Okta"
	case !r.Pol.DeactivateUsers:
		why = "sync.deactivate_users is off, and so nobody is terminated"
	case r.Meta.RefreshDue:
		why = "the snapshot was restored or bound anew, and nobody is terminated before a `sync` has checked it"
	default:
		return nil
	}
	return read.Refused(RefusedRetire, why)
}

// managed is the error about those who were named and are managed; nil: there are none.
func (r *retirement) managed() error {
	var ids []plan.EmployeeID
	for _, p := range r.doc.Problems {
		if p.Code == plan.RetireManaged {
			ids = append(ids, p.Employee)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return &ManagedError{ids}
}

// A retirement is the run that retires people.
type retirement struct {
	*run
	who *retire.Retiring
}

// makePlan reads what became of everybody, and makes the plan.
func (r *retirement) makePlan(ctx context.Context) error {
	if err := r.allowed(); err != nil {
		return err
	}
	if err := r.startSmall(ctx); err != nil {
		return err
	}
	if err := r.who.Read(ctx); err != nil {
		return err
	}
	actions, problems := r.who.Decide()
	r.guard.warnReason(actions)
	r.present(ctx, actions, nil, problems)
	return nil
}

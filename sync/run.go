package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/ask"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A run is one run: what reads, what decides, and the parts that judge, carry out and
// record the plan.
type run struct {
	*ask.Asker
	*task
	parts
}

// newRun begins a run; id is empty when nothing is to be recorded.
func (e *Engine) newRun(opt RunOptions, id string) (*run, error) {
	before := [2]int{e.Source.Requests(), e.Target.Requests()}
	reading, err := read.NewReading(e.sides(), opt.scope(), id)
	if err != nil {
		return nil, err
	}
	r := &run{Asker: ask.New(reading), task: &task{engine: e, store: e.Snapshot, opt: opt, before: before}}
	r.Pol.NoRemovals = opt.NoRemovals
	r.doc = &plan.Document{ID: r.Seed, Created: r.AsOf, Mode: "apply", PlanFingerprint: e.PlanFingerprint,
		Options:  plan.Options{User: opt.Users, NoRemovals: opt.NoRemovals},
		Okta:     plan.OktaID{Org: e.Binding.Org, App: e.Binding.App},
		TrackTik: plan.TrackTikID{Portal: e.Binding.Portal}}
	if e.Observe {
		r.doc.Mode = "observe"
	}
	r.wire()
	return r, nil
}

// scope is whom a run with these options is about.
func (o *RunOptions) scope() read.Scope {
	s := read.Scope{Users: o.Users, Recreate: o.Recreate, Retry: o.Retry}
	if o.Poll != nil {
		s.ByID, s.Told = true, o.Poll.ended
	}
	return s
}

// planned is the document of a plan that is only shown.
func (r *run) planned(ctx context.Context, decide func(context.Context) error) (*plan.Document, error) {
	err := decide(ctx)
	r.noteAsked()
	if err != nil {
		r.doc.Fail(err)
		return r.doc, err
	}
	if err := r.keepRefused(ctx); err != nil {
		return r.doc, err
	}
	if err := r.unreadGrants(); err != nil {
		return r.doc, err
	}
	if missing := r.Missing(); len(missing) > 0 {
		return r.doc, errors.New(plan.TellMissing(missing) + "; what needs it is held")
	}
	return r.doc, r.RefusedLookUps()
}

// apply carries out the plan. It takes the carrier as it is now: a second reading makes all
// parts of the run anew.
func (r *run) apply(ctx context.Context) (*apply.Outcome, error) { return r.carrier.apply(ctx) }

// finish records what the last reading saw.
func (r *run) finish(out *apply.Outcome) error { return r.recorder.finish(out) }

// conclude ends a run that ended with err: it records the run, and tells of it.
func (r *run) conclude(ctx context.Context, err error) (*plan.Document, error) {
	r.approver.settleApprovals(ctx)
	if recordErr := r.bookkeeper.record(err); err == nil {
		err = recordErr
	}
	r.tell(err)
	return r.doc, err
}

// noteAsked warns of what either system had to be asked otherwise.
func (r *run) noteAsked() {
	r.doc.Warnings = slices.Concat(r.doc.Warnings, r.Source.AskedOtherwise(), r.Target.AskedOtherwise())
}

// carryOut decides, asks who has to be asked, applies and records.
func (r *run) carryOut(ctx context.Context, decide func(context.Context) error,
	carry func(context.Context) (*apply.Outcome, error), finish func(*apply.Outcome) error) error {
	if err := decide(ctx); err != nil {
		return err
	}
	if err := r.keepRefused(ctx); err != nil {
		return err
	}
	if err := r.permitted(); err != nil {
		return err
	}
	if r.opt.Confirm != nil {
		if r.doc.Pending() > 0 && !r.opt.Confirm(r.doc) {
			return nil
		}
		if err := r.approver.giveApproved(ctx); err != nil {
			return err
		}
	}
	out, err := carry(ctx)
	r.doc.Warnings = append(r.doc.Warnings, r.Warnings[r.warningsShown:]...)
	if finishErr := finish(out); err == nil {
		err = finishErr
	}
	if err != nil {
		return err
	}
	if skew, far := r.ClocksApart(); far {
		return fmt.Errorf("%w: okta, tracktik and this machine are %s apart, and nobody was terminated; set the clock "+
			"(chrony, systemd-timesyncd)", ErrClock, skew.Round(time.Second))
	}
	if err := r.unreadGrants(); err != nil {
		return err
	}
	if err := r.RefusedLookUps(); err != nil {
		return err
	}
	if !r.checked.Report.OK {
		return r.refusal()
	}
	return nil
}

// permitted refuses a plan that a guard stops whole, or that is not the expected one.
func (r *run) permitted() error {
	switch {
	case r.opt.Expect != "" && (r.opt.ExpectFingerprint != "" && r.opt.ExpectFingerprint != r.engine.PlanFingerprint):
		return read.Refused(read.RefusedStale, "the configuration (sync, guard) is not the one that the saved plan was "+
			"made with: make the plan anew with `plan --out`")
	case r.opt.Expect != "" && !r.guard.expected():
		return read.Refused(read.RefusedStale, fmt.Sprintf("the saved plan %s does not fit any more: Okta, TrackTik or "+
			"the snapshot moved, and the plan would be %s now; make it anew with `plan --out`",
			r.opt.Expect, r.doc.Hash))
	case r.checked.Stops && len(r.checked.Exempt) == 0 && !r.Observe:
		return r.refusal()
	}
	return nil
}

// refusal says all of what the guards refuse, a line each.
func (r *run) refusal() error {
	return read.Refused(read.RefusedGuard, r.checked.Report.Text())
}

// isGuard reports that a guard refused the run.
func isGuard(err error) bool {
	var refused *RefusedError
	return errors.As(err, &refused) && refused.Code == RefusedGuard
}

// keepRefused remembers what was refused, so that it can be approved.
func (r *run) keepRefused(ctx context.Context) error {
	if r.engine.Approvals == nil {
		return nil
	}
	for hash, set := range r.checked.Sets {
		if err := r.engine.Approvals.Put(ctx, hash, set); err != nil {
			return err
		}
	}
	return nil
}

// tell logs how the run ended.
func (r *run) tell(err error) {
	log := r.Log.WithField("took", r.Now().Sub(r.Began).Round(time.Millisecond).String())
	if res := r.doc.Result; res != nil {
		done := 0
		for _, n := range res.Done {
			done += n
		}
		log = log.WithField("done", done).WithField("failed", res.Failed).WithField("unknown", res.Unknown)
	}
	log = log.WithField("held", len(r.doc.Held)).WithField("problems", len(r.doc.Problems))
	// The error itself is the caller's to say, once.
	log.WithField("exit_code", ExitCode(r.doc, err, r.engine.ProblemsExit)).Info("run ended")
}

// unreadGrants is the error of a run in which grants could not be read; nil: they could.
// Where no roles are granted it is a warning: that is the way out.
func (r *run) unreadGrants() error {
	switch {
	case r.Grants.Failed() == nil:
		return nil
	case !r.Pol.GrantRoles:
		r.doc.Warnings = append(r.doc.Warnings, plan.Warning{Code: plan.WarningGrantsUnread,
			Message: r.Grants.Failed().Error() + "; nobody who was in TrackTik before is adopted meanwhile, and nobody is " +
				"granted a role (sync.grant_roles: false)"})
		return nil
	}
	return fmt.Errorf("%w; nobody who was in TrackTik before was adopted or given a role because of that, and the rest "+
		"was done", r.Grants.Failed())
}

package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// An Engine makes runs. It is a literal: every field but those that say otherwise
// must be set. It may be used for one run after the other, not for two at once.
type Engine struct {
	read.Sides
	Target    Target      // that of Sides, which may be written to
	Snapshot  Snapshot    // that of Sides, which may be written to
	Events    EventSource // only for Listen
	Approvals Approvals   // nil: nothing can be approved, and no refusal is kept

	PlanFingerprint   string // of what decides a plan
	MaxProblemPercent float64
	ProblemsExit      string        // sync.problems_exit: "4", "new" or "0"
	RefreshEvery      time.Duration // 0: never by itself
	Keep              time.Duration // of the history
	Reason            string        // termination reason, an id or a label; empty: the portal's first
	Comment           string        // on terminations; empty: the run and the cause
	Notify            bool          // whether TrackTik tells the terminated
	EventsMaxPeople   int           // whom one poll may look at; more: a whole run

	Program string // how this program is called, in the commands of messages; empty: tracktik-sync
	// Sleep waits; it returns early, with the context's error, when that ends.
	Sleep func(context.Context, time.Duration) error
}

// RunOptions change one run.
type RunOptions struct {
	Users      []string // only these people: Okta id, login, e-mail or employee id
	Refresh    *bool    // read TrackTik too; nil: when it is due
	NoRemovals bool     // no terminations and no revokes
	Approve    []string // hashes of refused sets that may pass
	// Confirm is shown the plan before anything is written; false ends the run as
	// if there were nothing to do. nil: nobody is asked.
	Confirm func(*plan.Document) bool
	// Expect is the hash of a saved plan, and ExpectFingerprint its configuration; a plan
	// that differs is refused. Empty: any plan will do.
	Expect, ExpectFingerprint string
	// ExpectHeld is the hash of what the guards held in the saved plan, which goes on once
	// it is approved; empty: whatever they hold.
	ExpectHeld string
	// Recreate are people whose employee was terminated by somebody else, and who
	// get a new one.
	Recreate []plan.PersonID
	// Retry are people whose problems are tried at once.
	Retry []plan.PersonID
	// Poll is what asks for the run; its people are Users, unless the run is a whole one.
	// What was read of the log is recorded with what came of it. nil: nothing was.
	Poll *Poll
	// Command is how the run is made again, without --approve, for messages; empty: as
	// `sync` with these options.
	Command string
}

// sides are the two systems and the snapshot, as a reading needs them.
func (e *Engine) sides() *read.Sides {
	s := e.Sides
	s.Target, s.Snapshot = e.Target, e.Snapshot
	return &s
}

// Clock is the time by Okta's clock, else by TrackTik's; known is false before one of
// them has answered, when it is the machine's. It is in UTC.
func (e *Engine) Clock() (at time.Time, known bool) { return e.sides().Clock() }

// ClocksApart is how far the machine's clock and those of both systems are apart, and
// whether that is too far.
func (e *Engine) ClocksApart() (time.Duration, bool) { return e.sides().ClocksApart() }

// Plan decides what RunOnce with the same options would do, and writes nothing to
// TrackTik. The snapshot is written to only to settle what is pending: give a
// copy of it where that must not be.
func (e *Engine) Plan(ctx context.Context, opt RunOptions) (*plan.Document, error) {
	r, err := e.newRun(opt, "")
	if err != nil {
		return nil, err
	}
	return r.planned(ctx, r.makePlan)
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
	return r.doc, nil
}

// RunOnce makes one run, in these phases:
//
//	start    run.start             both systems are met, and what is open is settled
//	read     run.readThem          both sides and the snapshot become facts
//	ask      ask.Asker.Decide      what is still unknown is asked for, and decided
//	guard    guard.compose         what exceeds a limit is held
//	apply    carrier.apply         what may pass is carried out
//	record   recorder.finish       what was seen is remembered
//	end      run.conclude          the run itself is recorded, and told of
//
// The document comes with an error too, as far as it got; its Result is there once
// anything was applied. The errors: a *RefusedError, a *QuarantineError, a *StoppedError,
// ErrClock, ErrNobody, and what the two systems and the snapshot answered.
func (e *Engine) RunOnce(ctx context.Context, opt RunOptions) (*plan.Document, error) {
	id, err := e.Snapshot.NextRun(e.Now())
	if err != nil {
		return nil, err
	}
	r, err := e.newRun(opt, id)
	if err != nil {
		return nil, err
	}
	r.Log.WithField("by", e.By).Info("run begins")
	err = r.carryOut(ctx, r.makePlan, r.apply, r.finish)
	if isGuard(err) && r.doc.Result == nil { // nothing was applied, and so nothing was finished
		err = errors.Join(err, r.recorder.noteProblems())
	}
	r.census.takeCensus(ctx)
	r.noteAsked()
	return r.conclude(ctx, err)
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

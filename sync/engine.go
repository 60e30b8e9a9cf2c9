package sync

import (
	"context"
	"errors"
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
	// Recreate are people whose employee was terminated by somebody else, or who may be one
	// that a restored snapshot has forgotten, and who get a new one: some of Users, or their ids.
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
		err = errors.Join(err, r.recorder.noteProblems(), r.recorder.finishNotes(&apply.Outcome{}))
	}
	r.census.takeCensus(ctx)
	r.noteAsked()
	return r.conclude(ctx, err)
}

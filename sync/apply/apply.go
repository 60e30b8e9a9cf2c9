// Package apply carries out a plan, and is the only one that writes to TrackTik. It
// decides nothing: what it finds otherwise than planned it leaves, and says so. One
// thing is known only after a call, and is judged here: what an employee lacks who was
// just reactivated.
//
// An [Applier] writes each intent into the snapshot before its call, and each outcome
// after it. [Settle] finds out what became of the calls that an earlier run left open.
package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// inFlight is how long a call that is open when the run is told to end may go on.
const inFlight = 8 * time.Second

// A Job is what carrying out plans takes. It is a literal: all fields are set, but those
// that say otherwise.
type Job struct {
	Run, By  string // the run's id, and who started it
	Target   Target
	Snapshot Snapshot
	Clock    Clock
	Holders  Holders
	Ground   Ground
	Policy   *plan.Policy
	Rules    Rules
	Log      logrus.FieldLogger
	Progress func(n int) // is told of n more actions that ended

	// Approved reports that an approval let the action pass the guard of a kind.
	Approved func(*plan.Action, plan.Kind) bool

	// What follows is for an Applier alone.

	Names    *plan.Names
	Troubles map[plan.PersonID][]plan.Trouble // of earlier runs
	Refused  []string                         // of earlier runs: see Outcome
	Missing  []plan.MissingRight              // to read what others need than the plan's actions
	// Confirm says why a removal has to wait whose evidence has grown old; empty: it
	// need not.
	Confirm func(context.Context, *plan.Action) string
	// Zones reads the time zones of the portal's regions, and tells that of each.
	Zones func(context.Context) (func(plan.RegionID) *time.Location, error)
	// Listed is the one listing that new people were matched with; nil: each was looked up.
	Listed *plan.Listing
}

// Rules are the parts of the configuration that say how calls are made.
type Rules struct {
	Observe           bool // no call is made
	Redact            bool // the history holds no names and values
	Workers           int  // writes at one time
	MaxProblemPercent float64
	Reason            string // of terminations, an id or a label; empty: the portal's first
	Comment           string // on terminations; empty: the run and the cause
	Notify            bool   // whether TrackTik tells the terminated
	Binding           plan.Binding
	Formerly          []plan.Binding
}

// An Outcome is what came of the plans that an Applier has carried out.
type Outcome struct {
	Result   *plan.Result
	Held     []plan.Held // right before their calls
	Warnings []plan.Warning

	Employees  map[plan.PersonID]plan.EmployeeID // made, adopted or reactivated
	Linked     map[plan.PersonID]bool            // an action wrote their link
	Unfinished map[plan.PersonID]bool            // not everything of theirs was done
	NoRole     map[plan.GroupID]bool             // their role failed
	// NotReactivated are people whom a restore could not reactivate, and why.
	NotReactivated map[plan.PersonID]string
	Troubles       []plan.Trouble
	Cured          []string
	// Refused are the actions that were refused for want of a right, and are nobody's
	// problem: keys of troubles.
	Refused []string
}

// An Applier carries out one plan, or the parts of one.
type Applier struct {
	caller
	planned int // actions that it was given
	end     func()
}

// Start returns an Applier whose calls outlive ctx for a while. End must be called.
func Start(ctx context.Context, job *Job) *Applier {
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(inFlight, cancel) })
	return &Applier{
		caller: caller{newcomerFinder: newcomerFinder{bench{looker{batchMaker{job}}, newTally()}, newNewcomers(job.Listed)},
			calls: calls},
		end: func() {
			stop()
			cancel()
		},
	}
}

// Carry carries out actions, which stand in the order of a plan: what gives a name or a
// role free comes before what takes it. It fills in the ids that calls brought. An error
// came before the first call; after it, End says what stopped the rest.
func (a *Applier) Carry(ctx context.Context, actions []plan.Action) error {
	a.planned += len(actions)
	if err := a.prepare(ctx, actions); err != nil {
		for i := range actions { // or these people would count as in order
			a.leave(&actions[i])
		}
		return err
	}
	list := make([]*plan.Action, len(actions))
	for i := range actions {
		list[i] = &actions[i]
	}
	for start := 0; start < len(list); {
		next := a.batchEnd(list, start)
		a.triedLast(list[start:a.alikeEnd(list, start)])
		a.together(ctx, list[start:next])
		if list[start].Kind == plan.Create {
			a.warnOfDoubles(a.calls)
		}
		start = next
	}
	return nil
}

// triedLast puts those of a kind last whose call an earlier run saw refused for want of a
// right, or without effect: where that is about them alone, the others show that we have the
// right, or that such calls have an effect, and are not kept waiting.
func (a *Applier) triedLast(list []*plan.Action) {
	if list[0].Kind == plan.RenameRole {
		return
	}
	var last []*plan.Action
	n := 0
	for _, action := range list {
		if a.failedBefore(action) {
			last = append(last, action)
			continue
		}
		list[n] = action
		n++
	}
	copy(list[n:], last)
}

// refusedBefore reports an action that an earlier run saw refused for want of a right.
func (a *Applier) refusedBefore(action *plan.Action) bool {
	return len(a.Refused) > 0 && slices.Contains(a.Refused, troubleOf(action).Key())
}

// failedBefore reports an action that an earlier run saw refused or without effect.
func (a *Applier) failedBefore(action *plan.Action) bool {
	return a.refusedBefore(action) || a.knownAs(action, plan.ProblemNotEffective)
}

// Outcome is what came of everything so far. It is not to be changed.
func (a *Applier) Outcome() *Outcome { return &a.out }

// End ends the calls, and says why the plan was not carried out whole: a
// *StoppedError, or that rights are missing; nil when it was.
func (a *Applier) End(ctx context.Context) error {
	defer a.end()
	missing := append(slices.Clone(a.Missing), a.judgeRights()...)
	lacking := plan.TellMissing(missing)
	if a.stopped == nil && a.calls.Err() != nil { // the last calls were cut
		a.stopped = context.Cause(ctx)
	}
	if a.stopped == nil {
		return plan.MissingError(missing)
	}
	done := 0
	for _, counts := range []map[string]int{a.out.Result.Done, a.out.Result.Found} {
		for _, n := range counts {
			done += n
		}
	}
	why := a.stopped
	text := fmt.Sprintf("%d of %d actions were done; the next run goes on", done, a.planned)
	switch {
	case ctx.Err() != nil && errors.Is(why, context.DeadlineExceeded):
		text = "the deadline ended the run: " + text
	case ctx.Err() != nil:
		text = "the run was told to end: " + text
	default:
		text = why.Error() + ": " + text
	}
	if lacking != "" {
		text += "; " + lacking
	}
	a.out.Result.Stopped = text
	return &StoppedError{Message: text, Cause: why}
}

// A StoppedError says that the run ended before its plan did: a signal, the
// deadline, or too many failures. What was done is recorded; the next run goes on.
type StoppedError struct {
	Message string
	Cause   error // what ended it; may be nil
}

func (e *StoppedError) Error() string { return e.Message }

func (e *StoppedError) Unwrap() error { return e.Cause }

// batchEnd is the end of the actions that may go side by side: of one kind, and
// updates of one level. Renames go one by one: a name has to be free before it is taken.
// So do removals until one was seen to have effect.
func (a *Applier) batchEnd(actions []*plan.Action, start int) int {
	kind := actions[start].Kind
	if kind == plan.RenameRole || kind.Removes() && !a.works(right(kind)) {
		return start + 1 // a removal is read back before there are more
	}
	return a.alikeEnd(actions, start)
}

// alikeEnd is the end of the actions of one kind, and of updates of one level.
func (a *Applier) alikeEnd(actions []*plan.Action, start int) int {
	end := start + 1
	for end < len(actions) && actions[end].Kind == actions[start].Kind &&
		(actions[start].Kind != plan.Update || a.Names.Level[actions[end].User.ID] == a.Names.Level[actions[start].User.ID]) {
		end++
	}
	return end
}

// first is the place of the first action of a kind; -1: there is none.
func first(actions []plan.Action, kind plan.Kind) int {
	for i := range actions {
		if actions[i].Kind == kind {
			return i
		}
	}
	return -1
}

// prepare reads what terminations need, before the first write. Where there is no reason to
// name, only terminations wait; one that is configured by its id needs no list.
func (a *Applier) prepare(ctx context.Context, actions []plan.Action) error {
	if first(actions, plan.Terminate) < 0 || a.Rules.Observe {
		return nil
	}
	list, err := a.Target.TerminationReasons(ctx)
	lacks, missing := plan.MissingRead(err)
	switch {
	case missing:
		a.reason, _ = strconv.ParseInt(a.Rules.Reason, 10, 64) // 0: a label
	case err != nil:
		return err
	default:
		if a.reason = reasonNamed(list, a.Rules.Reason); a.reason == 0 {
			lacks = plan.MissingRight{What: "find a termination reason", Said: noReason(list, a.Rules.Reason), Down: true}
		}
	}
	if a.reason == 0 {
		p := a.rights.of(reasons)
		p.missing, p.what, p.said, p.down = true, lacks.What, lacks.Said, lacks.Down
		return nil
	}
	a.zones, err = a.Zones(ctx)
	return err
}

// reasonNamed is the id of a termination reason, of the first one where none is named; 0: there
// is none.
func reasonNamed(list []plan.TerminationReason, wanted string) int64 {
	for _, reason := range list {
		if wanted == "" || reason.IsNamed(wanted) {
			return reason.ID
		}
	}
	return 0
}

// noReason says why there is none, and the way out.
func noReason(list []plan.TerminationReason, wanted string) string {
	if len(list) == 0 {
		return "tracktik offers no termination reason, and demands one: add one in the portal (Settings, Termination reasons)"
	}
	return fmt.Sprintf("tracktik.termination_reason: the portal has no reason %q, neither by label nor by id: name one "+
		"of those that `tracktik-sync check` lists", wanted)
}

// together carries out actions side by side. Each is finished, however the run ends.
func (a *Applier) together(ctx context.Context, actions []*plan.Action) {
	var pool errgroup.Group
	pool.SetLimit(max(1, a.Rules.Workers))
	for _, action := range actions {
		pool.Go(func() error {
			if a.halted(ctx) { // asked here: a place in the pool may have been long in coming
				a.leave(action)
				return nil
			}
			a.one(action)
			a.Progress(1)
			return nil
		})
	}
	_ = pool.Wait() // no function returns an error
}

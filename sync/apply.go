package sync

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/trace"
)

// inFlight is how long a call that is open when the run is told to end may go on.
const inFlight = 8 * time.Second

// An applier carries out a plan. It decides nothing: what it finds otherwise than
// planned it leaves, and says so.
type applier struct {
	*run
	calls context.Context // outlives the run's by inFlight

	mu         sync.Mutex
	result     *plan.Result
	employees  map[plan.PersonID]plan.EmployeeID // made or taken over in this run
	roleIDs    map[plan.GroupID]plan.RoleID      // made in this run
	linked     map[plan.PersonID]bool            // an action wrote their link
	unfinished map[plan.PersonID]bool            // not everything of theirs was done
	noGrant    map[plan.PersonID]bool            // their grant failed: the revoke of the pair waits
	notBack    map[plan.PersonID]bool            // their reactivation failed: their roles stay as they are
	noRole     map[plan.GroupID]bool             // their role failed
	anew       map[plan.PersonID]string          // of a restore: why TrackTik does not reactivate them
	troubles   []plan.Trouble
	cured      []string
	writes     int
	failures   int
	failure    string // the last one's words
	stopped    error  // why nothing more is started
	terminated bool   // the first termination was read back
	noTerm     bool   // terminations have no effect
	revoked    bool   // the first revoke was read back
	noRevoke   bool   // revokes have no effect

	reason int64
}

// apply carries out the plan, kind by kind: what gives a name or a role free comes
// before what takes it.
func (r *run) apply(ctx context.Context) (*applier, error) {
	a := r.newApplier()
	if err := a.prepare(ctx); err != nil {
		for i := range r.doc.Actions { // or these people would count as in order
			a.leave(&r.doc.Actions[i])
		}
		return a, err
	}
	defer a.begin(ctx)()
	r.phase("applying", len(r.doc.Actions))
	a.inOrder(ctx, 0, len(r.doc.Actions))
	return a, a.ended(ctx)
}

func (r *run) newApplier() *applier {
	a := &applier{run: r, employees: map[plan.PersonID]plan.EmployeeID{}, roleIDs: map[plan.GroupID]plan.RoleID{},
		linked: map[plan.PersonID]bool{}, unfinished: map[plan.PersonID]bool{}, noGrant: map[plan.PersonID]bool{}, notBack: map[plan.PersonID]bool{}, noRole: map[plan.GroupID]bool{},
		result: &plan.Result{Done: map[string]int{}, Found: map[string]int{}}}
	for _, k := range plan.Kinds {
		a.result.Done[string(k)] = 0
		if k.Removes() {
			a.result.Found[string(k)] = 0
		}
	}
	r.doc.Result = a.result
	return a
}

// begin lets calls begin, and outlive ctx for a while; end ends them.
func (a *applier) begin(ctx context.Context) (end func()) {
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(inFlight, cancel) })
	a.calls = calls
	return func() {
		stop()
		cancel()
	}
}

// inOrder carries out the plan's actions from start on, up to end.
func (a *applier) inOrder(ctx context.Context, start, end int) {
	for start < end {
		next := a.batchEnd(start)
		a.together(ctx, a.doc.Actions[start:next])
		start = next
	}
}

// batchEnd is the end of the actions that may go side by side: of one kind, and
// updates of one level. Renames go one by one: a name has to be free before it is taken.
func (a *applier) batchEnd(start int) int {
	actions := a.doc.Actions
	end := start + 1
	if kind := actions[start].Kind; kind == plan.RenameRole || kind.Removes() && start == a.first(kind) {
		return end // the first removal is read back before there are more
	}
	for end < len(actions) && actions[end].Kind == actions[start].Kind &&
		(actions[start].Kind != plan.Update || a.names.Level[actions[end].User.ID] == a.names.Level[actions[start].User.ID]) {
		end++
	}
	return end
}

func (a *applier) first(kind plan.Kind) int {
	for i := range a.doc.Actions {
		if a.doc.Actions[i].Kind == kind {
			return i
		}
	}
	return -1
}

// prepare reads what terminations need, before the first write.
func (a *applier) prepare(ctx context.Context) error {
	if a.first(plan.Terminate) < 0 || a.Observe {
		return nil
	}
	reasons, err := a.Target.TerminationReasons(ctx)
	if err != nil {
		return err
	}
	if len(reasons) == 0 {
		return errors.New("tracktik offers no termination reason, and demands one: add one in the portal (Settings, Termination reasons)")
	}
	chosen := -1
	for i, reason := range reasons {
		if a.Reason == "" || plan.FoldName(reason.Label) == plan.FoldName(a.Reason) || strconv.FormatInt(reason.ID, 10) == a.Reason {
			chosen = i
			break
		}
	}
	if chosen < 0 {
		return fmt.Errorf("tracktik.termination_reason: the portal has no reason %q, neither by label nor by id", a.Reason)
	}
	a.reason = reasons[chosen].ID
	return a.readRegions(ctx)
}

// together carries out actions side by side. Each is finished, however the run ends.
func (a *applier) together(ctx context.Context, actions []plan.Action) {
	var pool errgroup.Group
	pool.SetLimit(max(1, a.Workers))
	for i := range actions {
		action := &actions[i]
		pool.Go(func() error {
			if a.halted(ctx) { // asked here: a place in the pool may have been long in coming
				a.leave(action)
				return nil
			}
			a.one(action)
			a.progress(1)
			return nil
		})
	}
	_ = pool.Wait() // no function returns an error
}

// halted reports that nothing more is started.
func (a *applier) halted(ctx context.Context) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped == nil && ctx.Err() != nil {
		a.stopped = context.Cause(ctx)
	}
	return a.stopped != nil
}

// leave notes an action that was not started.
func (a *applier) leave(action *plan.Action) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.withheld(action)
}

// withheld notes that an action is left for another run; the caller has the lock.
func (a *applier) withheld(action *plan.Action) {
	a.unfinished[action.User.ID] = true
	if action.User.ID == "" && action.Role != nil {
		a.noRole[action.Role.Group] = true
	}
	switch action.Kind {
	case plan.GrantRole:
		a.noGrant[action.User.ID] = true
	case plan.Reactivate:
		a.notBack[action.User.ID] = a.employees[action.User.ID] == 0 // else they are active, if not as Okta wants
	}
}

// stop ends the run after what is in flight.
func (a *applier) stop(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped == nil {
		a.stopped = err
	}
}

// ended says why the run ended before its plan; nil when it did not.
func (a *applier) ended(ctx context.Context) error {
	if a.stopped == nil && a.calls.Err() != nil { // the last calls were cut
		a.stopped = context.Cause(ctx)
	}
	if a.stopped == nil {
		return nil
	}
	done := 0
	for _, counts := range []map[string]int{a.result.Done, a.result.Found} {
		for _, n := range counts {
			done += n
		}
	}
	why := a.stopped
	text := fmt.Sprintf("%d of %d actions were done; the next run goes on", done, len(a.doc.Actions))
	switch {
	case ctx.Err() != nil && errors.Is(why, context.DeadlineExceeded):
		text = "the deadline ended the run: " + text
	case ctx.Err() != nil:
		text = "the run was told to end: " + text
	default:
		text = why.Error() + ": " + text
	}
	a.result.Stopped = text
	return &StoppedError{Message: text, Cause: why}
}

// one carries out one action and records what became of it.
func (a *applier) one(action *plan.Action) {
	if a.Observe && action.Kind.Writes() {
		a.leave(action)
		return
	}
	if why := a.obstacle(action); why != "" {
		a.record(action, attempt{outcome: plan.Withheld, message: why})
		return
	}
	if !action.Kind.Writes() {
		batch, err := a.onRecord(action)
		if err == nil {
			err = a.commit(action, attempt{outcome: plan.Done, batch: batch})
		}
		if err != nil {
			a.stop(err)
		}
		return
	}
	a.write(action)
}

// onRecord is what an action without a call records.
func (a *applier) onRecord(action *plan.Action) (plan.Batch, error) {
	if action.Kind == plan.Adopt {
		a.mu.Lock()
		a.employees[action.User.ID] = action.Employee
		a.mu.Unlock()
		return a.adoptedBatch(action)
	}
	how := plan.HowAdopted
	if action.Key == plan.HowMapped {
		how = plan.HowMapped
	}
	return a.roleBatch(action, action.Role.ID, how)
}

// obstacle names what keeps a planned action from being started: what it builds on
// failed, or the evidence grew old and is not confirmed.
func (a *applier) obstacle(action *plan.Action) string {
	a.mu.Lock()
	if id, ok := a.employees[action.User.ID]; ok && action.Employee == 0 {
		action.Employee = id
	}
	if action.Role != nil {
		if id, ok := a.roleIDs[action.Role.Group]; ok && action.Role.ID == 0 {
			role := *action.Role
			role.ID = id
			action.Role = &role
		}
	}
	noGrant, notBack := a.noGrant[action.User.ID], a.notBack[action.User.ID]
	noTerm, noRevoke := a.noTerm, a.noRevoke
	failed := a.unfinished[action.User.ID]
	keeper := a.keeper(action)
	a.mu.Unlock()
	switch {
	case keeper != "":
		return plan.HeldPending + ": user " + string(keeper) + " has the name, and it was not given free"
	case action.Kind == plan.GrantRole && action.Employee == 0:
		return plan.HeldPending + ": the employee was not made"
	case notBack && (action.Kind == plan.GrantRole || action.Kind == plan.RevokeRole):
		return plan.HeldPending + ": the employee was not reactivated"
	case action.Kind == plan.GrantRole && action.Role.ID == 0:
		return plan.HeldPending + ": the role was not made"
	case action.Kind == plan.RevokeRole && action.Replaces && noGrant:
		return plan.HeldPending + ": the role that replaces it was not granted"
	case action.Kind == plan.Terminate && a.apart():
		return whyApart
	case action.Kind == plan.Terminate && noTerm:
		return plan.HeldPending + ": an earlier termination of this run had no effect, and the run stopped terminating"
	case action.Kind == plan.RevokeRole && noRevoke:
		return plan.HeldPending + ": an earlier revoke of this run had no effect, and the run stopped revoking"
	case action.Kind == plan.Update && failed && action.Reason != "" && a.takesOver(action):
		return plan.HeldPending + ": the adoption was not recorded"
	case action.Kind == plan.Terminate || action.Kind == plan.RevokeRole && action.Grant == 0 && !action.Replaces:
		return a.stale(action)
	}
	return ""
}

// keeper is who was to give a name free before the action takes it, and did not; the
// caller has the lock. The call would be refused for a reason that is not its own.
func (a *applier) keeper(action *plan.Action) plan.PersonID {
	if action.Kind != plan.Create && action.Kind != plan.Update && action.Kind != plan.Reactivate {
		return ""
	}
	for _, owners := range [][]plan.PersonID{a.names.Freed[action.User.ID], a.names.After[action.User.ID]} {
		for _, owner := range owners {
			if a.unfinished[owner] {
				return owner
			}
		}
	}
	return ""
}

// takesOver reports an update that follows an adoption in this run.
func (a *applier) takesOver(action *plan.Action) bool {
	s := a.people.subjects[action.User.ID]
	return s != nil && s.link == nil && a.employees[action.User.ID] == 0
}

// oldEvidence is how old evidence may be when it is acted upon.
const oldEvidence = time.Minute

// stale looks a departure up once more when its evidence has grown old.
func (a *applier) stale(action *plan.Action) string {
	seen := a.now
	s := a.people.subjects[action.User.ID]
	if s != nil && !s.seen.IsZero() && action.Kind == plan.Terminate {
		seen = s.seen
	}
	if a.since(seen) <= oldEvidence {
		return ""
	}
	ctx := a.calls // the look-up belongs to the action, which is finished however the run ends
	if action.Kind == plan.RevokeRole {
		groups, err := a.Source.GroupsOf(ctx, action.User.ID)
		if err != nil {
			return plan.HeldUnconfirmed + ": the evidence is more than a minute old, and the look-up failed: " + err.Error()
		}
		for _, g := range groups {
			if g.ID == action.Role.Group && a.byGroup[g.ID] != nil {
				return plan.HeldUnconfirmed + ": is in the group again"
			}
		}
		return ""
	}
	left, err := a.stillLeaves(ctx, action.User.ID, s != nil && s.outOf)
	switch {
	case err != nil:
		return plan.HeldUnconfirmed + ": the evidence is more than a minute old, and the look-up failed: " + err.Error()
	case !left:
		return plan.HeldUnconfirmed + ": Okta says otherwise by now"
	}
	return ""
}

// stillLeaves asks Okta once more about somebody who is to be terminated; outOf: for
// being out of scope.
func (a *applier) stillLeaves(ctx context.Context, id plan.PersonID, outOf bool) (bool, error) {
	p, found, err := a.direct(ctx, id)
	if err != nil || !found {
		return err == nil, err
	}
	switch plan.Judge(&p, &a.pol).Verdict {
	case plan.Depart, plan.Doubt:
		return true, nil
	case plan.Provision:
		if outOf {
			out, _, err := a.stillOutOfScope(ctx, id)
			return out, err
		}
	}
	return false, nil
}

// write makes an action's intent durable, carries it out, and records the outcome.
func (a *applier) write(action *plan.Action) {
	request := trace.NewID()
	intent := plan.Intent{Run: a.id, At: a.clock(), Action: *action, Wanted: action.Want, Request: request}
	seq, err := a.Snapshot.Begin(intent)
	if err != nil {
		a.stop(fmt.Errorf("recording an intent: %w", err))
		a.leave(action)
		return
	}
	intent.Seq = seq
	ctx := trace.BeforeWrites(trace.WithRequest(a.calls, request), func() error { return a.renew(&intent) })
	done := a.perform(ctx, action, &intent)
	if done.request == "" {
		done.request = request
	}
	if action.Kind == plan.GrantRole && done.outcome == plan.Done {
		if err := a.freeLastRoles(&done.batch); err != nil {
			a.stop(err)
		}
	}
	if done.outcome == plan.Unknown && done.namesake == 0 {
		done.batch.Begin = append(done.batch.Begin, a.lost(&intent, done))
	} else {
		done.batch.Settle = append(done.batch.Settle, seq)
	}
	if err := a.commit(action, done); err != nil {
		a.stop(err)
	}
	a.count(action, done)
	if done.fatal != nil {
		a.stop(done.fatal)
	}
}

// renewAfter is how much younger than its intent a call may be. It is little beside
// settleAge, and a call that did not have to wait costs no second transaction.
const renewAfter = 5 * time.Second

// renew gives an intent the time at which its call leaves, where that had to wait.
func (a *applier) renew(intent *plan.Intent) error {
	if a.since(intent.At) < renewAfter {
		return nil
	}
	intent.At = a.clock()
	if err := a.Snapshot.Commit(plan.Batch{Begin: []plan.Intent{*intent}}); err != nil {
		return fmt.Errorf("recording an intent: %w", err)
	}
	return nil
}

// lost is an intent of which it is not known what became of it, for the run that
// looks it up.
func (a *applier) lost(intent *plan.Intent, done attempt) plan.Intent {
	in := *intent
	in.At, in.Lost = a.clock(), plan.LostOver
	if done.slow {
		in.Lost = plan.LostCut
	}
	return in
}

// minWrites is how many writes there have to be before their failures count as a share.
const minWrites = 20

// count stops the run when too many writes fail: that is not about single people. What
// had no effect before and has none again is tried in every run, and tells nothing new.
func (a *applier) count(action *plan.Action, done attempt) {
	if done.code == plan.ProblemNotEffective && a.knownAs(action, done.code) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writes++
	if (done.outcome == plan.Failed || done.outcome == plan.Unknown) && !done.instead {
		a.failures++
		a.failure = unnamed(action, done.message)
	}
	if a.MaxProblemPercent >= 0 && a.writes >= minWrites && 100*float64(a.failures) > a.MaxProblemPercent*float64(a.writes) && a.stopped == nil {
		a.stopped = fmt.Errorf("%d of %d writes failed, more than guard.max_problem_percent (%g) allows; the last error: %s",
			a.failures, a.writes, a.MaxProblemPercent, a.failure)
	}
}

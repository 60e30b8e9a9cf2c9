package apply

import (
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/trace"
)

// one carries out one action and records what became of it.
func (a *Applier) one(action *plan.Action) {
	if a.Rules.Observe && action.Kind.Writes() {
		a.leave(action)
		return
	}
	a.fill(action)
	if name := a.missingFor(action); action.Kind.Writes() && name != "" {
		a.spare(action, name)
		return
	}
	if why := a.obstacle(action); why != "" {
		a.keepTrouble(action)
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
func (a *Applier) onRecord(action *plan.Action) (plan.Batch, error) {
	if action.Kind == plan.Adopt {
		a.mu.Lock()
		a.out.Employees[action.User.ID] = action.Employee
		a.mu.Unlock()
		return a.adoptedBatch(action)
	}
	how := plan.HowAdopted
	if action.Extras().Key == plan.HowMapped {
		how = plan.HowMapped
	}
	return a.roleBatch(action, action.Role.ID, how)
}

// obstacle names what keeps a planned action from being started: what it builds on
// failed, or the evidence grew old and is not confirmed.
func (a *Applier) obstacle(action *plan.Action) string {
	a.mu.Lock()
	noGrant, notBack := a.noGrant[action.User.ID], a.notBack[action.User.ID]
	failed := a.out.Unfinished[action.User.ID]
	keeper := a.keeper(action)
	notMade := a.out.Employees[action.User.ID] == 0
	var group plan.GroupID // whose role was to give its name free before
	if action.Kind == plan.CreateRole {
		group = a.kept[plan.FoldName(action.Role.Name)]
	}
	a.mu.Unlock()
	switch {
	case group != "":
		return plan.HeldPending + ": the role of group " + string(group) + " has the name, and it was not given free"
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
	case action.Kind == plan.Terminate && a.Clock.Apart():
		return plan.WhyClocksApart
	case action.Kind == plan.Terminate && a.idle(right(plan.Terminate)):
		return plan.HeldPending + ": an earlier termination of this run had no effect, and the run stopped terminating"
	case action.Kind == plan.RevokeRole && a.idle(right(plan.RevokeRole)):
		return plan.HeldPending + ": an earlier revoke of this run had no effect, and the run stopped revoking"
	case action.Kind == plan.Update && failed && notMade && action.Reason != "" && a.isNew(action.User.ID):
		return plan.HeldPending + ": the adoption was not recorded"
	case needsEvidence(action):
		return a.Confirm(a.calls, action) // the look-up belongs to the action, which is finished however the run ends
	}
	return ""
}

// needsEvidence reports a removal for which Okta is asked once more when what it said is old.
func needsEvidence(action *plan.Action) bool {
	return action.Kind == plan.Terminate || action.Kind == plan.RevokeRole && action.Extras().Grant == 0
}

// patience is how long a removal may wait for its turn before Okta is asked again: a pause that
// TrackTik asked for may last, and people come back meanwhile.
const patience = 5 * time.Second

// stillDue looks at a removal once more when its turn has come late.
func (a *Applier) stillDue(action *plan.Action) func() error {
	looked := a.Clock.Time()
	return func() error {
		if !needsEvidence(action) || a.since(looked) <= patience {
			return nil
		}
		if why := a.Confirm(a.calls, action); why != "" {
			return &trace.KeptError{Why: why}
		}
		looked = a.Clock.Time()
		return nil
	}
}

// keeper is who was to give a name free before the action takes it, and did not; the
// caller has the lock. The call would be refused for a reason that is not its own.
func (a bench) keeper(action *plan.Action) plan.PersonID {
	if action.Kind != plan.Create && action.Kind != plan.Update && action.Kind != plan.Reactivate {
		return ""
	}
	for _, owners := range [][]plan.PersonID{a.Names.Freed[action.User.ID], a.Names.After[action.User.ID]} {
		for _, owner := range owners {
			if a.out.Unfinished[owner] {
				return owner
			}
		}
	}
	return ""
}

// isNew reports somebody who was not managed when the plan was made: an update of theirs
// follows an adoption.
func (a bench) isNew(id plan.PersonID) bool {
	p := a.Ground.Person(id)
	return p != nil && p.Link == nil
}

// wasTaken reports that the portal has refused to make somebody in an earlier run, since
// somebody else has the names.
func (a *Applier) wasTaken(action *plan.Action) bool {
	return action.Kind == plan.Create && slices.ContainsFunc(a.Troubles[action.User.ID], func(t plan.Trouble) bool {
		return t.Kind == plan.Create && t.Code == plan.ProblemNameInUse
	})
}

// write makes an action's intent durable, carries it out, and records the outcome.
func (a *Applier) write(action *plan.Action) {
	request, x := trace.NewID(), action.Extras()
	intent := plan.Intent{Run: a.Run, At: a.Clock.Time(), Here: a.Clock.Here(), Action: *action, Wanted: action.Want,
		Request: request, Retires: x.Retires, Told: x.Told, Before: a.namesakes(action), Taken: a.wasTaken(action)}
	seq, err := a.Snapshot.Begin(intent)
	if err != nil {
		a.stop(fmt.Errorf("recording an intent: %w", err))
		a.leave(action)
		return
	}
	intent.Seq = seq
	ctx := trace.BeforeWrites(trace.WithRequest(a.calls, request), a.stillDue(action),
		func() error { return a.renew(&intent) })
	done := a.perform(ctx, action, &intent)
	if done.request == "" {
		done.request = request
	}
	if action.Kind == plan.GrantRole && done.outcome == plan.Done {
		if err := a.freeLastRoles(&done.batch); err != nil {
			a.stop(err)
		}
	}
	if done.outcome == plan.Unknown {
		done.batch.Begin = append(done.batch.Begin, a.lost(&intent, done))
	} else {
		done.batch.Settle = append(done.batch.Settle, seq)
	}
	if err := a.commit(action, done); err != nil {
		a.stop(err)
	}
	a.allowed(done.proved(action)...)
	if done.forbidden != nil {
		a.forbidden(action, done)
		return
	}
	if done.outcome == plan.Withheld && done.right != "" {
		a.keepTrouble(action)
	}
	// What had no effect before and has none again is tried in every run, and tells
	// nothing new.
	if done.code != plan.ProblemNotEffective || !a.knownAs(action, done.code) {
		a.count(action, done, a.Rules.MaxProblemPercent)
	}
	if done.fatal != nil {
		a.stop(done.fatal)
	}
}

// namesakes are the employees who had the names of somebody new when the plan was made.
func (a bench) namesakes(action *plan.Action) []plan.EmployeeID {
	if action.Kind != plan.Create {
		return nil
	}
	p := a.Ground.Person(action.User.ID)
	if p == nil {
		return nil
	}
	ids := slices.Clone(p.Namesakes)
	for i := range p.Matches {
		ids = append(ids, p.Matches[i].Employee.ID)
	}
	return ids
}

// renewAfter is how much younger than its intent a call may be. It is little beside
// settleAge, and a call that did not have to wait costs no second transaction.
const renewAfter = 5 * time.Second

// renew gives an intent the time at which its call leaves, where that had to wait.
func (a bench) renew(intent *plan.Intent) error {
	if a.since(intent.At) < renewAfter {
		return nil
	}
	intent.At, intent.Here = a.Clock.Time(), a.Clock.Here()
	if err := a.Snapshot.Commit(plan.Batch{Begin: []plan.Intent{*intent}}); err != nil {
		return fmt.Errorf("recording an intent: %w", err)
	}
	return nil
}

// lost is an intent of which it is not known what became of it, for the run that
// looks it up.
func (a bench) lost(intent *plan.Intent, done attempt) plan.Intent {
	in := *intent
	in.At, in.Here, in.Lost = a.Clock.Time(), a.Clock.Here(), plan.LostOver
	if done.namesake != 0 {
		in.Action.Employee = done.namesake
	}
	if done.slow {
		in.Lost = plan.LostCut
	}
	return in
}

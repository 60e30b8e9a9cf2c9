package apply

import (
	"context"
	"fmt"
	"sync"

	"tracktik-sync/sync/plan"
)

// A tally is what the actions of a plan, which are carried out side by side, have to
// know of each other.
type tally struct {
	mu  sync.Mutex
	out Outcome

	roleIDs map[plan.GroupID]plan.RoleID    // made in this run
	named   map[*plan.RoleRef]*plan.RoleRef // those of the plan, with the ids
	noGrant map[plan.PersonID]bool          // their grant failed: the revoke of the pair waits
	notBack map[plan.PersonID]bool          // their reactivation failed: their roles stay as they are
	kept    map[string]plan.GroupID         // folded names of roles that were not renamed, and whose role it is

	writes   int
	failures int
	failure  string // the last one's words
	stopped  error  // why nothing more is started
	rights   rights // what calls told of them

	effects effects
	moving  sync.Mutex // held by each move until one was seen to have effect
}

func newTally() *tally {
	t := &tally{roleIDs: map[plan.GroupID]plan.RoleID{}, named: map[*plan.RoleRef]*plan.RoleRef{},
		noGrant: map[plan.PersonID]bool{}, notBack: map[plan.PersonID]bool{}, kept: map[string]plan.GroupID{},
		rights: rights{}, effects: effects{map[right]bool{}, map[right]bool{}},
		out: Outcome{Result: &plan.Result{Done: map[string]int{}, Found: map[string]int{}},
			Employees: map[plan.PersonID]plan.EmployeeID{}, Linked: map[plan.PersonID]bool{},
			Unfinished: map[plan.PersonID]bool{},
			NoRole:     map[plan.GroupID]bool{}, NotReactivated: map[plan.PersonID]string{}}}
	for _, k := range plan.Kinds {
		t.out.Result.Done[string(k)] = 0
		if k.Removes() {
			t.out.Result.Found[string(k)] = 0
		}
	}
	return t
}

// halted reports that nothing more is started.
func (t *tally) halted(ctx context.Context) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped == nil && ctx.Err() != nil {
		t.stopped = context.Cause(ctx)
	}
	return t.stopped != nil
}

// stop ends the run after what is in flight.
func (t *tally) stop(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped == nil {
		t.stopped = err
	}
}

// leave notes an action that was not started.
func (t *tally) leave(action *plan.Action) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.withheld(action)
}

// withheld notes that an action is left for another run; the caller has the lock.
func (t *tally) withheld(action *plan.Action) {
	t.out.Unfinished[action.User.ID] = true
	if action.User.ID == "" && action.Role != nil {
		t.out.NoRole[action.Role.Group] = true
	}
	switch action.Kind {
	case plan.RenameRole:
		for _, c := range action.Changes {
			t.kept[plan.FoldName(c.Old)] = action.Role.Group
		}
	case plan.GrantRole:
		t.noGrant[action.User.ID] = true
	case plan.Reactivate:
		t.notBack[action.User.ID] = t.out.Employees[action.User.ID] == 0 // else they are active, if not as Okta wants
	}
}

// learn remembers the ids that an action brought: others build on them.
func (t *tally) learn(action *plan.Action, batch *plan.Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	identify(action, batch)
	for i := range batch.Links {
		t.out.Employees[batch.Links[i].Person] = batch.Links[i].Employee
	}
	if action.Kind == plan.Create {
		for _, p := range batch.Prints { // who does not have all that was sent
			t.out.Unfinished[p.Person] = true
		}
	}
	if action.Kind == plan.CreateRole {
		t.roleIDs[action.Role.Group] = action.Role.ID
	}
}

// identify gives an action the ids that it brought, for all who tell of it.
func identify(action *plan.Action, batch *plan.Batch) {
	for i := range batch.Links {
		action.Employee = batch.Links[i].Employee
	}
	if action.Kind != plan.CreateRole {
		return
	}
	for i := range batch.Groups {
		made := *action.Role // others point to the one of the plan
		made.ID = batch.Groups[i].Role
		action.Role = &made
	}
}

// fill gives an action the ids that earlier actions of this run brought.
func (t *tally) fill(action *plan.Action) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.out.Employees[action.User.ID]; ok && action.Employee == 0 {
		action.Employee = id
	}
	if action.Role == nil || action.Role.ID != 0 {
		return
	}
	if id, ok := t.roleIDs[action.Role.Group]; ok {
		now := t.named[action.Role]
		if now == nil || now.ID != id {
			role := *action.Role
			role.ID = id
			now = &role
			t.named[action.Role] = now
		}
		action.Role = now
	}
}

func (t *tally) warn(w plan.Warning) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out.Warnings = append(t.out.Warnings, w)
}

// minWrites is how many writes there have to be before their failures count as a share.
const minWrites = 20

// count stops the run when more than percent of its writes fail: that is not about
// single people.
func (t *tally) count(action *plan.Action, done attempt, percent float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes++
	if (done.outcome == plan.Failed || done.outcome == plan.Unknown) && !done.instead {
		t.failures++
		t.failure = unnamed(action, done.message)
	}
	if percent >= 0 && t.writes >= minWrites && 100*float64(t.failures) > percent*float64(t.writes) && t.stopped == nil {
		t.stopped = fmt.Errorf("%d of %d writes failed, more than guard.max_problem_percent (%g) allows; the last error: %s",
			t.failures, t.writes, percent, t.failure)
	}
}

package apply

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tracktik-sync/sync/plan"
)

// A right is what a kind of call takes: that of the action, but for moves, which are part
// of an update.
type right string

const (
	moves   right = "move"
	reasons right = "reasons" // of terminations, to read them
)

// rightNames say what a right allows.
var rightNames = map[right]string{
	right(plan.Create): "create employees", right(plan.Update): "change employees",
	moves: "move employees to another region", reasons: "read termination reasons",
	right(plan.Terminate):  "terminate employees",
	right(plan.Reactivate): "reactivate employees",
	right(plan.CreateRole): "create roles", right(plan.RenameRole): "rename roles",
	right(plan.GrantRole): "give roles", right(plan.RevokeRole): "take roles away",
}

// rightOf is what the first call of an action takes.
func rightOf(action *plan.Action) right {
	isMove := func(c plan.Change) bool { return c.Field == plan.Region }
	if action.Kind == plan.Update && !slices.ContainsFunc(action.Changes, func(c plan.Change) bool { return !isMove(c) }) {
		return moves
	}
	return right(action.Kind)
}

// inARow is how many calls of a kind are refused before the kind stops.
const inARow = 3

// rights are what the calls of a run tell of our rights; its owner has the lock.
type rights map[right]*permission

// A permission is what is known of one right. It begins unknown. A call that works makes it
// given. A 403 is open: it may be about the person, or about the right. Three in a row, and
// no call that worked, make it missing.
type permission struct {
	given   bool      // a call of the kind worked
	missing bool      // no more are made in this run
	open    []refusal // in a row: about these people, or about the right
	last    refusal
	what    string // where no action was refused, but a read: what is missing
	said    string // why
	down    bool   // it is no right
	left    int    // actions that were not done for want of it
}

// A refusal is an action that was refused with 403.
type refusal struct {
	action *plan.Action
	done   attempt
}

func (r rights) of(name right) *permission {
	if r[name] == nil {
		r[name] = &permission{}
	}
	return r[name]
}

// missingFor is the right that an action takes, and whose calls have stopped; empty: none has.
func (t *tally) missingFor(action *plan.Action) right {
	for _, name := range []right{rightOf(action), reasons} {
		if (name != reasons || action.Kind == plan.Terminate) && t.lacks(name) {
			return name
		}
	}
	return ""
}

// lacks reports that the calls which take a right have stopped.
func (t *tally) lacks(name right) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rights.of(name).missing
}

// has reports that a call which takes the right worked in this run.
func (t *tally) has(name right) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rights.of(name).given
}

// forbidden notes a call that was refused with 403. Three in a row are about the right; of
// fewer, the next success or the end of the run tells. Who had the same problem before is
// no news of the right.
func (a *Applier) forbidden(action *plan.Action, done attempt) {
	name := done.of(action)
	if a.knownAs(action, plan.ProblemRefused) || a.refusedBefore(action) && a.has(name) {
		a.blame(&refusal{action, done})
		return
	}
	a.mu.Lock()
	a.withheld(action)
	p := a.rights.of(name)
	p.last = refusal{action, done}
	p.open = append(p.open, p.last)
	p.missing = p.missing || len(p.open) >= inARow
	var over []refusal
	if p.missing {
		over, p.open = p.open, nil
	}
	a.mu.Unlock()
	for i := range over {
		a.spareRefused(&over[i], name)
	}
}

// spareRefused leaves a refused action to the next run, which tries it after the others.
func (a *Applier) spareRefused(r *refusal, name right) {
	a.mu.Lock()
	a.out.Refused = append(a.out.Refused, troubleOf(r.action).Key())
	a.mu.Unlock()
	a.spare(r.action, name)
}

// allowed notes that calls which take these rights worked: refusals before them were about
// the people.
func (a *Applier) allowed(names ...right) {
	for _, name := range names {
		a.mu.Lock()
		p := a.rights.of(name)
		over := p.open
		p.given, p.open = true, nil
		a.mu.Unlock()
		for i := range over {
			a.blame(&over[i])
		}
	}
}

// proved are the rights that an attempt shows us to have. What TrackTik refuses for its
// data, it would have done.
func (done *attempt) proved(action *plan.Action) []right {
	switch {
	case done.refused && done.outcome == plan.Failed && done.code != plan.ProblemNotEffective:
		return append(done.used, done.of(action))
	case done.outcome != plan.Done || action.Kind == plan.Update:
		return done.used
	}
	return append(done.used, right(action.Kind))
}

// of is the right of the call that ended an attempt.
func (done *attempt) of(action *plan.Action) right {
	if done.right != "" {
		return done.right
	}
	return rightOf(action)
}

// judgeRights decides about the refusals that are left when the run ends, and says which
// rights are missing.
func (a *Applier) judgeRights() []plan.MissingRight {
	var list []plan.MissingRight
	for _, name := range slices.Sorted(maps.Keys(a.rights)) {
		p := a.rights[name]
		over := p.open
		p.open, p.missing = nil, p.missing || len(over) > 0 && !p.given
		for i := range over {
			if p.given {
				a.blame(&over[i])
			} else {
				a.spareRefused(&over[i], name)
			}
		}
		if p.missing {
			list = append(list, p.tell(name))
		}
	}
	return list
}

// said is what TrackTik answered.
func (r *refusal) said() string {
	var f interface {
		error
		Said() string
	}
	if errors.As(r.done.forbidden, &f) {
		return f.Said()
	}
	return r.done.message
}

// tell says that a right is missing. Whoever was refused last is not named.
func (p *permission) tell(name right) plan.MissingRight {
	m := plan.MissingRight{What: cmp.Or(p.what, rightNames[name]), Left: p.left, Said: p.said, Down: p.down}
	if p.last.action != nil {
		var f interface{ AddressRefused() bool }
		m.Said = unnamed(p.last.action, p.last.said())
		m.Address = errors.As(p.last.done.forbidden, &f) && f.AddressRefused()
	}
	return m
}

// blame makes a refusal the problem of the person whom it is about.
func (a *Applier) blame(r *refusal) {
	r.done.batch = plan.Batch{}
	a.trouble(r.action, &r.done)
	if err := a.Snapshot.Commit(r.done.batch); err != nil {
		a.stop(fmt.Errorf("recording a problem: %w", err))
	}
	a.record(r.action, r.done)
	a.count(r.action, r.done, a.Rules.MaxProblemPercent)
}

// spare leaves an action to the next run for want of a right. An earlier problem stays as
// it was.
func (a *Applier) spare(action *plan.Action, name right) {
	a.keepTrouble(action)
	a.mu.Lock()
	p := a.rights.of(name)
	p.left++
	why := whyNotAllowed(name)
	if p.down {
		why = plan.HeldPending + ": the program could not " + p.what + "; the next run tries again"
	}
	a.mu.Unlock()
	a.record(action, attempt{outcome: plan.Withheld, message: why})
}

func whyNotAllowed(name right) string {
	return plan.HeldPending + ": the integration's account may not " + rightNames[name] + "; the next run tries again"
}

// keepTrouble leaves the problem of an action that was not tried as it was.
func (a *Applier) keepTrouble(action *plan.Action) {
	earlier := a.earlier(troubleOf(action))
	if earlier == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.out.Troubles = append(a.out.Troubles, *earlier)
}

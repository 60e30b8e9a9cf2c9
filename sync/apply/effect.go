package apply

import (
	"context"
	"errors"
	"fmt"

	"tracktik-sync/sync/plan"
)

// A portal may answer a call with yes and not carry it out: then every leaver would stay
// active, and be forgotten. So until one call of a kind was seen to have effect in this run,
// calls of the kind go one at a time, and each is read back. One that has no effect is the
// last of its kind.

// effects are what a run knows of the kinds of calls that are read back, by the right that
// they take.
type effects struct{ shown, none map[right]bool }

// An effect is what a call to which TrackTik said yes should have, and how to see it.
type effect struct {
	of     right
	said   string // what TrackTik answered
	denied string // what its answer shows instead; empty: nothing
	before bool   // it was seen not to be so before the call
	again  bool   // an earlier run saw the same action without effect: others speak for no such one
	// look reads what is shown instead; empty: it is so. The error says that nothing was read.
	look func() (instead string, err error)
}

// restStays is what becomes of the others of a kind that has no effect.
var restStays = map[right]string{
	moves:                  "nobody else is moved in this run",
	right(plan.Terminate):  "no more are terminated in this run",
	right(plan.RevokeRole): "no more are revoked in this run",
}

// works reports that a call of the kind was seen to have effect in this run.
func (t *tally) works(of right) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.effects.shown[of]
}

// idle reports that a call of the kind was seen to have none: no more are made in this run.
func (t *tally) idle(of right) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.effects.none[of]
}

// noteEffect notes what a read-back showed. One that had effect speaks for its kind.
func (t *tally) noteEffect(of right, had bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if had {
		t.effects.shown[of] = true
	} else {
		t.effects.none[of] = !t.effects.shown[of]
	}
}

// lookBefore looks, before a call is made, whether what it should have is not so yet: only then
// the read-back shows an effect. Where others of its kind had one, nobody asks.
func (t *tally) lookBefore(e *effect) {
	if !t.works(e.of) {
		instead, err := e.look()
		e.before = err == nil && instead != ""
	}
}

// readBack looks whether a call has its effect, unless others of its kind had, and nothing
// speaks against it. done is what became of it where it was not seen to have; ok: it has.
func (t *tally) readBack(e *effect) (done attempt, ok bool) {
	if t.works(e.of) && e.denied == "" && !e.again {
		return attempt{}, true
	}
	instead, err := e.look()
	var gone *unseenError
	switch {
	case err == nil && instead == "":
		if e.before {
			t.noteEffect(e.of, true)
		}
		return attempt{}, true
	case err != nil && e.denied == "":
		done = attempt{outcome: plan.Unknown, used: []right{e.of}, message: fmt.Sprintf(
			"tracktik answered that %s, and whether that is so could not be read: %v", e.said, err)}
		if errors.As(err, &gone) {
			done.unseen(gone.employee)
		}
		return done, false
	case err != nil:
		instead = e.denied
	}
	t.noteEffect(e.of, false)
	message := fmt.Sprintf("tracktik answered that %s, and shows %s", e.said, instead)
	if t.idle(e.of) {
		message += "; " + restStays[e.of]
	}
	return attempt{outcome: plan.Failed, code: plan.ProblemNotEffective, used: []right{e.of}, message: message}, false
}

// An unseenError says that TrackTik does not show an employee to us whom it has shown before.
type unseenError struct{ employee plan.EmployeeID }

func (e *unseenError) Error() string {
	return fmt.Sprintf("employee %d is not shown (404)", e.employee)
}

// shownNow reads an employee of whom something was just changed.
func (l looker) shownNow(ctx context.Context, id plan.EmployeeID) (plan.Employee, error) {
	e, found, err := l.Target.Employee(ctx, id)
	if err == nil && !found {
		err = &unseenError{id}
	}
	return e, err
}

package apply

import (
	"time"

	"tracktik-sync/sync/plan"
)

// The steps after which a refused action is tried again; then daily until day 28.
var retrySteps = []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour}

const (
	retryDaily  = 24 * time.Hour
	retryGiveUp = 28 * 24 * time.Hour
	removalStep = time.Hour // a refused removal is tried without end
)

// A bench is what whoever carries out actions has: the job, and the count of what came of it.
type bench struct {
	looker
	*tally
}

// trouble adds the problem that a refusal leaves to what is recorded, or ends an
// earlier one.
func (a bench) trouble(action *plan.Action, done *attempt) {
	t := troubleOf(action)
	earlier := a.earlier(t)
	if done.outcome == plan.Done || done.outcome == plan.Found {
		if earlier != nil {
			done.batch.Cured = append(done.batch.Cured, t.Key())
			a.mu.Lock()
			a.out.Cured = append(a.out.Cured, t.Key())
			a.mu.Unlock()
		}
		return
	}
	if done.outcome != plan.Failed && done.namesake == 0 || done.code == "" {
		return
	}
	now := a.Clock.Time()
	t.Code, t.Message, t.Since, t.Last, t.Attempts, t.Data = done.code, done.message, now, now, 1, action.Digest()
	same := earlier != nil && earlier.Data == t.Data
	if same {
		t.Attempts = earlier.Attempts + 1
	}
	if same && earlier.NextTry != nil {
		t.Since, t.NextTry = earlier.Since, earlier.NextTry
	}
	if !a.Clock.Apart() { // else it is due as it was, or in the next run, whose clock may be right
		next := nextTry(&t, now)
		t.NextTry = &next
	}
	done.batch.Troubles = append(done.batch.Troubles, t)
	a.mu.Lock()
	a.out.Troubles = append(a.out.Troubles, t)
	a.mu.Unlock()
}

// troubleOf names the problem that an action leaves when it is refused.
func troubleOf(action *plan.Action) plan.Trouble {
	t := plan.Trouble{Person: action.User.ID, Login: action.User.Login, Name: action.User.Name, Kind: action.Kind}
	if action.Role != nil {
		t.Group = action.Role.Group
	}
	return t
}

// knownAs reports that the very same action left the same problem before.
func (a bench) knownAs(action *plan.Action, code string) bool {
	earlier := a.earlier(troubleOf(action))
	return earlier != nil && earlier.Code == code && earlier.Data == action.Digest()
}

func (a bench) earlier(t plan.Trouble) *plan.Trouble {
	for _, e := range a.Troubles[t.Person] {
		if e.Key() == t.Key() {
			return &e
		}
	}
	return nil
}

// nextTry is when a refused action is tried again. A leaver must not keep the keys:
// refused removals are tried in every run of the first hour, then hourly, without end.
// What had no effect, or is about somebody whom TrackTik does not show us any more, waits
// for somebody to mend the portal, and is tried in every run.
func nextTry(t *plan.Trouble, now time.Time) time.Time {
	age := now.Sub(t.Since)
	switch {
	case t.Code == plan.ProblemNotEffective, t.Kind.Removes() && age < removalStep:
		return now
	case t.Kind.Removes():
		return now.Add(removalStep)
	case age >= retryGiveUp:
		t.Code = plan.ProblemGivenUp
		return now.Add(100 * 365 * 24 * time.Hour)
	case t.Attempts <= len(retrySteps):
		return now.Add(retrySteps[t.Attempts-1])
	}
	return now.Add(retryDaily)
}

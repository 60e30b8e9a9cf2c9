package sync

import (
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/sync/plan"
)

// An attempt is what became of an action.
type attempt struct {
	outcome  string // plan.Done, Found, Failed, Unknown or Withheld
	message  string
	code     string // of the problem it leaves; empty: it is tried again in the next run
	batch    plan.Batch
	attempts int
	request  string
	fatal    error           // ends the run
	slow     bool            // the call was cut, and may still be at work
	refused  bool            // for its data, not for want of a permission
	taken    bool            // refused since somebody has the name, who cannot be found
	instead  bool            // something else is done in its place
	namesake plan.EmployeeID // has all the names of a lost create, and is not taken over: it is looked up no more
	warnings []plan.Warning
}

// commit makes an outcome durable, with what it changes in the snapshot.
func (a *applier) commit(action *plan.Action, done attempt) error {
	entry := a.audit(action, done.outcome)
	entry.Attempts, entry.Request, entry.Message = done.attempts, done.request, done.message
	if done.namesake != 0 {
		entry.Employee = done.namesake
	}
	done.batch.Audits = append(done.batch.Audits, entry)
	a.trouble(action, &done)
	err := a.Snapshot.Commit(done.batch)
	if err != nil {
		done.outcome = plan.Unknown
		err = fmt.Errorf("recording an outcome: %w", err)
	}
	a.mu.Lock()
	for i := range done.batch.Links {
		a.linked[done.batch.Links[i].Person] = err == nil
	}
	a.mu.Unlock()
	a.record(action, done)
	return err
}

// record counts an outcome, and says it.
func (a *applier) record(action *plan.Action, done attempt) {
	facts := logrus.Fields{"action": string(action.Kind)}
	if action.User.ID != "" {
		facts["person"] = action.User.ID
	}
	if action.Employee != 0 {
		facts["employee"] = action.Employee
	}
	if action.Role != nil {
		facts["role"], facts["group"] = action.Role.ID, action.Role.Group
	}
	if done.request != "" {
		facts["request_id"] = done.request
	}
	log := a.log.WithFields(facts)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.warnings = append(a.warnings, done.warnings...)
	if done.instead {
		log.WithField("error", unnamed(action, done.message)).Warn("action refused, and done otherwise")
		return
	}
	switch done.outcome {
	case plan.Done:
		a.result.Done[string(action.Kind)]++
		log.Info("action done")
		return
	case plan.Found:
		a.result.Found[string(action.Kind)]++
		log.Info("action found done")
		return
	}
	a.withheld(action)
	switch done.outcome {
	case plan.Withheld:
		a.doc.Held = append(a.doc.Held, plan.Held{Action: *action, Why: done.message})
		log.WithField("why", unnamed(action, done.message)).Warn("action held")
		return
	case plan.Unknown:
		a.result.Unknown++
	default:
		a.result.Failed++
	}
	a.result.Failures = append(a.result.Failures, plan.Failure{Action: *action, Outcome: done.outcome, Message: done.message})
	log = log.WithField("outcome", done.outcome).WithField("error", unnamed(action, done.message))
	if action.Kind.Removes() {
		log.Error("a removal was not done")
		return
	}
	log.Warn("action not done")
}

// The steps after which a refused action is tried again; then daily until day 28.
var retrySteps = []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour}

const (
	retryDaily  = 24 * time.Hour
	retryGiveUp = 28 * 24 * time.Hour
	removalStep = time.Hour // a refused removal is tried without end
)

// trouble adds the problem that a refusal leaves to what is recorded, or ends an
// earlier one.
func (a *applier) trouble(action *plan.Action, done *attempt) {
	t := troubleOf(action)
	earlier := a.earlier(t)
	if done.outcome == plan.Done || done.outcome == plan.Found {
		if earlier != nil {
			done.batch.Cured = append(done.batch.Cured, t.Key())
			a.mu.Lock()
			a.cured = append(a.cured, t.Key())
			a.mu.Unlock()
		}
		return
	}
	if done.outcome != plan.Failed && done.namesake == 0 || done.code == "" {
		return
	}
	now := a.clock()
	t.Code, t.Message, t.Since, t.Last, t.Attempts, t.Data = done.code, done.message, now, now, 1, action.Digest()
	same := earlier != nil && earlier.Data == t.Data
	if same {
		t.Attempts = earlier.Attempts + 1
	}
	if same && earlier.NextTry != nil {
		t.Since, t.NextTry = earlier.Since, earlier.NextTry
	}
	if !a.apart() { // else it is due as it was, or in the next run, whose clock may be right
		next := nextTry(&t, now)
		t.NextTry = &next
	}
	done.batch.Troubles = append(done.batch.Troubles, t)
	a.mu.Lock()
	a.troubles = append(a.troubles, t)
	a.mu.Unlock()
}

// tellOverdue logs the refused removals whose next try is not due, so that no run
// passes over a leaver in silence.
func (r *run) tellOverdue() {
	for _, p := range r.doc.Problems {
		for _, t := range r.troubles[p.User.ID] {
			if t.Kind.Removes() && t.Code == p.Code && t.Message == p.Message {
				r.log.WithField("action", string(t.Kind)).WithField("person", t.Person).WithField("group", t.Group).
					WithField("since", t.Since.UTC().Format(time.RFC3339)).WithField("attempts", t.Attempts).Error("a refused removal is still not done")
			}
		}
	}
}

// troubleOf names the problem that an action leaves when it is refused.
func troubleOf(action *plan.Action) plan.Trouble {
	t := plan.Trouble{Person: action.User.ID, Login: action.User.Login, Kind: action.Kind}
	if action.Role != nil {
		t.Group = action.Role.Group
	}
	return t
}

// knownAs reports that the very same action left the same problem before.
func (a *applier) knownAs(action *plan.Action, code string) bool {
	earlier := a.earlier(troubleOf(action))
	return earlier != nil && earlier.Code == code && earlier.Data == action.Digest()
}

func (a *applier) earlier(t plan.Trouble) *plan.Trouble {
	for _, e := range a.run.troubles[t.Person] {
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

// failed is a call about an employee that did not succeed. TrackTik deletes nobody, so
// that it does not know somebody whom it has shown before (404) means that our account
// does not see them any more: they may be active still.
func failed(action *plan.Action, err error) attempt {
	done := classify(err)
	var f failure
	if errors.As(err, &f) && f.Refused() && f.Status() == 404 {
		done.unseen(action.Employee)
	}
	return done
}

// unseen makes an attempt one about somebody who is not shown any more.
func (done *attempt) unseen(id plan.EmployeeID) {
	done.outcome, done.code = plan.Failed, plan.ProblemNotEffective
	done.message = fmt.Sprintf("tracktik does not show employee %d to us any more, and has before; the account may have lost their region: give it back, and the next run goes on: %s", id, done.message)
}

// untold makes an attempt one of which nobody can tell whether it made others.employee.
func (done *attempt) untold(others *notOurs) {
	done.outcome, done.code, done.namesake = plan.Unknown, plan.ProblemProtectedMatch, others.employee
	done.message += "; " + others.Error()
}

// classify turns the error of a call into an attempt that was not done.
func classify(err error) attempt {
	done := attempt{outcome: plan.Failed, message: err.Error(), slow: isSlow(err)}
	var f failure
	if !errors.As(err, &f) {
		return done
	}
	done.request = f.RequestID()
	switch {
	case f.Credentials():
		done.fatal = err
	case f.OutcomeUnknown():
		done.outcome = plan.Unknown
	case f.Refused(), f.Conflict(), f.Forbidden():
		done.code, done.refused = plan.ProblemRefused, f.Refused()
	}
	return done
}

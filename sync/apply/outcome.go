package apply

import (
	"fmt"

	"github.com/sirupsen/logrus"

	"tracktik-sync/sync/plan"
)

// commit makes an outcome durable, with what it changes in the snapshot.
func (a *Applier) commit(action *plan.Action, done attempt) error {
	entry := a.Audit(action, done.outcome)
	entry.Attempts, entry.Request, entry.Message = done.attempts, done.request, done.message
	entry.Changes = without(entry.Changes, done.left)
	if done.namesake != 0 {
		entry.Employee = done.namesake
	}
	done.batch.Audits = append(done.batch.Audits, entry)
	if done.forbidden == nil { // else it is judged later whose problem it is
		a.trouble(action, &done)
	}
	err := a.Snapshot.Commit(done.batch)
	if err != nil {
		done.outcome = plan.Unknown
		err = fmt.Errorf("recording an outcome: %w", err)
	}
	a.mu.Lock()
	for i := range done.batch.Links {
		a.out.Linked[done.batch.Links[i].Person] = err == nil
	}
	a.mu.Unlock()
	if done.forbidden == nil {
		a.record(action, done)
	}
	return err
}

// record counts an outcome, and says it.
func (a *Applier) record(action *plan.Action, done attempt) {
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
	log := a.Log.WithFields(facts)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.out.Warnings = append(a.out.Warnings, done.warnings...)
	if done.instead {
		log.WithField("error", unnamed(action, done.message)).Warn("action refused, and done otherwise")
		return
	}
	switch done.outcome {
	case plan.Done:
		a.out.Result.Done[string(action.Kind)]++
		log.Info("action done")
		return
	case plan.Found:
		a.out.Result.Found[string(action.Kind)]++
		log.Info("action found done")
		return
	}
	a.withheld(action)
	switch done.outcome {
	case plan.Withheld:
		a.out.Held = append(a.out.Held, plan.Held{Action: *action, Why: done.message})
		log.WithField("why", unnamed(action, done.message)).Warn("action held")
		return
	case plan.Unknown:
		a.out.Result.Unknown++
	default:
		a.out.Result.Failed++
	}
	a.out.Result.Failures = append(a.out.Result.Failures, plan.Failure{Action: *action, Outcome: done.outcome,
		Message: done.message})
	log = log.WithField("outcome", done.outcome).WithField("error", unnamed(action, done.message))
	if action.Kind.Removes() {
		log.Error("a removal was not done")
		return
	}
	log.Warn("action not done")
}

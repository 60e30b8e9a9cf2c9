package apply

import (
	"errors"
	"fmt"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/trace"
)

// An attempt is what became of an action.
type attempt struct {
	outcome   string // plan.Done, Found, Failed, Unknown or Withheld
	message   string
	code      string // of the problem it leaves; empty: it is tried again in the next run
	batch     plan.Batch
	attempts  int
	request   string
	fatal     error           // ends the run
	slow      bool            // the call was cut, and may still be at work
	refused   bool            // for its data, not for want of a permission
	forbidden error           // the answer 403: for want of a permission
	right     right           // of the call that ended it; empty: that of the action
	used      []right         // of calls of it that worked
	taken     bool            // refused since somebody has the name, who cannot be found
	instead   bool            // something else is done in its place
	namesake  plan.EmployeeID // has all the names of a lost create, and is not taken over
	left      plan.FieldSet   // values that TrackTik refused, and that were left out
	warnings  []plan.Warning
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
	done.outcome, done.code, done.forbidden = plan.Failed, plan.ProblemNotEffective, nil
	done.message = fmt.Sprintf("tracktik does not show employee %d to the program any more, and has before; the "+
		"account may have lost their region: give it back, and the next run goes on: %s", id, done.message)
}

// untold makes an attempt one of which nobody can tell whether it made others.employee.
func (done *attempt) untold(others *notOurs) {
	done.outcome, done.code, done.namesake = plan.Unknown, others.code, others.employee
	done.message += "; " + others.Error()
}

// classify turns the error of a call into an attempt that was not done.
func classify(err error) attempt {
	done := attempt{outcome: plan.Failed, message: err.Error(), slow: isSlow(err)}
	var kept *trace.KeptError
	if errors.As(err, &kept) {
		done.outcome, done.message = plan.Withheld, kept.Why
		return done
	}
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
		if f.Forbidden() {
			done.forbidden = err
		}
	}
	return done
}

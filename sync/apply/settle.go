package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tracktik-sync/sync/plan"
)

// settleAge is how long after a call that was cut, or that the program did not live to
// see the end of, an empty look-up proves nothing: TrackTik cuts calls after 30 s, and
// goes on with them.
const settleAge = 60 * time.Second

// A settled is what a look-up tells of a write whose outcome was not known.
type settled int

const (
	unsettled settled = iota // still nobody can tell
	happened
	didNot
	byOthers // it is so, and not by the call as far as can be told
	untold   // it is not so, and may have been: nobody can tell any more
)

// Settle looks up what became of the pending writes, which an earlier run left open, before
// anything else is decided.
func Settle(ctx context.Context, job *Job, pending []plan.Intent) (plan.Open, error) {
	open := plan.NewOpen()
	l := looker{batchMaker{job}}
	for i := range pending {
		in := &pending[i]
		in.Action.With(func(x *plan.Extra) { x.Retires, x.Told = in.Retires, in.Told })
		unsure, made, err := l.settle(ctx, in)
		var others *notOurs
		if errors.As(err, &others) {
			if err := l.mayHaveMade(in, others, &open); err != nil {
				return open, err
			}
			continue
		}
		if err != nil {
			return open, err
		}
		if unsure != "" {
			open.Add(in, "it is looked up again in the next run")
			if l.since(in.At) >= settleAge && !l.justNow(in) { // else there is only time to be waited for
				open.Stuck = append(open.Stuck, stuckIn(in, unsure))
			}
			continue
		}
		if !made && mayComeLate(in) {
			open.Late = append(open.Late, *in)
		}
		job.Progress(1)
	}
	return open, nil
}

// mayHaveMade leaves a lost create open for as long as somebody is there with all the
// names who is not taken over: a second employee could never be deleted again. The
// history says once that nobody can tell.
func (l looker) mayHaveMade(in *plan.Intent, others *notOurs, open *plan.Open) error {
	open.Add(in, others.Error())
	open.Stuck = append(open.Stuck, plan.Problem{User: in.Action.User, Code: others.code, Kind: plan.Create,
		Message: fmt.Sprintf("the answer to the create of run %s was lost; %s", in.Run, others)})
	if in.Action.Employee == others.employee {
		return nil
	}
	in.Action.Employee = others.employee
	audit := l.Audit(&in.Action, plan.Unknown)
	audit.Run, audit.Request, audit.Message = in.Run, in.Request, "the answer was lost; "+others.Error()
	return l.Snapshot.Commit(plan.Batch{Begin: []plan.Intent{*in}, Audits: []plan.Audit{audit}})
}

// settle looks one write up and records what became of it. unsure says why nobody can
// tell yet; empty: it is recorded, and made is false where it was not found. The error may be a
// notOurs.
func (l looker) settle(ctx context.Context, in *plan.Intent) (unsure string, made bool, err error) {
	state, batch, err := l.lookInto(ctx, in, lostSince(in))
	if err != nil {
		var f failure
		var others *notOurs
		if errors.As(err, &f) && f.Credentials() || ctx.Err() != nil || errors.As(err, &others) {
			return "", false, err
		}
		l.Log.WithField("action", in.Action.Kind).WithField("person", in.Action.User.ID).WithError(err).
			Warn("an open write could not be looked up")
		return err.Error(), false, nil
	}
	if state == unsettled {
		return "TrackTik does not show it, nor whom it is about", false, nil
	}
	if in.Action.Kind == plan.GrantRole {
		if err := l.freeLastRoles(&batch); err != nil {
			return "", false, err
		}
	}
	batch.Settle = append(batch.Settle, in.Seq)
	identify(&in.Action, &batch)
	audit := l.Audit(&in.Action, plan.Done)
	audit.Run, audit.Request, audit.Message = in.Run, in.Request, "found by a look-up: it had happened"
	switch state {
	case didNot:
		audit.Outcome, audit.Message = plan.Failed, "found by a look-up: it had not happened"
	case byOthers:
		audit.Outcome, audit.Message = plan.Found,
			"found done by a look-up; whether by this call or by somebody else cannot be told"
	case untold:
		since := "was ended by somebody else meanwhile"
		if in.Action.Kind == plan.Terminate {
			since = "has no user name any more, as after a termination that somebody else has undone"
		}
		audit.Outcome, audit.Message = plan.Unknown,
			"a look-up does not find it, and the employee "+since+": whether it had happened cannot be told"
	}
	if status := endedElsewhere(&batch); status != "" {
		audit.Message += fmt.Sprintf("; somebody else has ended employee %d since: %s", batch.Links[0].Employee, status)
	}
	batch.Audits = append(batch.Audits, audit)
	return "", state != didNot, l.Snapshot.Commit(batch)
}

// stuckIn is the problem of a write that a look-up should have settled, and does not.
func stuckIn(in *plan.Intent, why string) plan.Problem {
	a := &in.Action
	p := plan.Problem{User: a.User, Code: plan.ProblemNotEffective, Kind: a.Kind}
	about := fmt.Sprintf("employee %d", a.Employee)
	if a.Employee == 0 {
		about = "a new one"
	}
	if a.Role != nil {
		p.Group, about = a.Role.Group, about+fmt.Sprintf(", role %d", a.Role.ID)
	}
	p.Message = fmt.Sprintf("whether the %s of run %s took effect (%s) cannot be looked up since %s: %s; "+
		"nothing more is done about it until that is known: look in TrackTik",
		a.Kind, in.Run, about, in.At.UTC().Format(time.RFC3339), why)
	return p
}

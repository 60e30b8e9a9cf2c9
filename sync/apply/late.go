package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
)

// A call that was cut, and that a look-up did not find after its minute, counts as one that
// did not happen. It may take effect still: nothing can take it back, and a portal has no
// word for whose an employee, or a role that somebody holds, is. So whole runs look for a
// day whether it has, and tell for as long as it is so.
const (
	lateAge  = 24 * time.Hour
	mostLate = 50 // calls that are looked for; each costs a look-up or two a run
)

// mayComeLate reports a write whose effect nobody would find otherwise.
func mayComeLate(in *plan.Intent) bool {
	k := in.Action.Kind
	return in.Lost != plan.LostOver && (k == plan.Create || k == plan.Reactivate || k == plan.GrantRole)
}

// Watch looks for the effect of calls that counted as not made. It returns those that are
// looked for on, and what is to be told of those that took effect.
func Watch(ctx context.Context, job *Job, late []plan.Intent) (kept []plan.Intent, told []plan.Problem, err error) {
	l := looker{batchMaker{job}}
	for i := range late {
		in := &late[i]
		effect, err := l.lateEffect(ctx, in)
		var f failure
		if err != nil && (errors.As(err, &f) && f.Credentials() || ctx.Err() != nil) {
			return late, told, err
		}
		if err != nil {
			l.Log.WithField("action", in.Action.Kind).WithField("person", in.Action.User.ID).WithError(err).
				Warn("whether a lost call took effect late could not be looked up")
		}
		if effect != "" {
			told = append(told, lateProblem(in, effect))
		}
		if effect != "" || l.since(in.At) < lateAge {
			kept = append(kept, *in)
		}
	}
	return kept[max(0, len(kept)-mostLate):], told, nil
}

// lateEffect says what a call has done that no record knows of; empty: nothing.
func (l looker) lateEffect(ctx context.Context, in *plan.Intent) (string, error) {
	a := &in.Action
	switch a.Kind {
	case plan.Create:
		e, found, err := l.findCreated(ctx, in)
		var others *notOurs
		if errors.As(err, &others) {
			return "", nil // whoever that is, it is nobody of ours
		}
		if err != nil || !found || !e.Active() {
			return "", err
		}
		return fmt.Sprintf("employee %d has all the names, is ACTIVE, and is managed for nobody: `link` ties them if the "+
			"person has no other one; `retire` ends who has left Okta; else end them in TrackTik", e.ID), nil
	case plan.Reactivate:
		e, found, err := l.Target.Employee(ctx, a.Employee)
		if err != nil || !found || !e.Active() {
			return "", err
		}
		_, owned, err := l.Snapshot.LinkOfEmployee(e.ID)
		if err != nil || owned {
			return "", err
		}
		return fmt.Sprintf("employee %d is ACTIVE again, and is managed for nobody: `link` ties them; `retire` ends who "+
			"has left Okta; else end them in TrackTik", e.ID), nil
	}
	return l.lateGrant(ctx, a)
}

// lateGrant says that somebody holds a role by no grant on record.
func (l looker) lateGrant(ctx context.Context, a *plan.Action) (string, error) {
	link, linked, err := l.Snapshot.Link(a.User.ID)
	if err != nil || !linked || link.Employee != a.Employee {
		return "", err
	}
	grants, err := l.Snapshot.GrantsOf(a.User.ID)
	if err != nil || slices.ContainsFunc(grants, func(g plan.Grant) bool { return g.Role == a.Role.ID && !g.Gone }) {
		return "", err
	}
	held, doubt, err := l.Holders.RolesNow(ctx, a.Employee)
	if err != nil || doubt != "" || !slices.ContainsFunc(held, func(u plan.UserRole) bool { return u.Role == a.Role.ID }) {
		return "", err
	}
	return fmt.Sprintf("employee %d holds role %d, and is not due it: take it away in TrackTik, if nobody gave it to "+
		"them by hand", a.Employee, a.Role.ID), nil
}

func lateProblem(in *plan.Intent, effect string) plan.Problem {
	p := plan.Problem{User: in.Action.User, Code: plan.ProblemNotEffective, Kind: in.Action.Kind}
	if in.Action.Role != nil {
		p.Group = in.Action.Role.Group
	}
	p.Message = fmt.Sprintf("the %s of run %s was cut at %s, and a look-up did not find it; it seems to have taken "+
		"effect later: %s",
		in.Action.Kind, in.Run, in.At.UTC().Format(time.RFC3339), effect)
	return p
}

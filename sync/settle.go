package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
)

// settle looks up what became of the writes that an earlier run left open, before
// anything else is decided.
func (r *run) settle(ctx context.Context) error {
	pending, err := r.Snapshot.Pending()
	if err != nil || len(pending) == 0 {
		return err
	}
	r.phase("settling what was left open", len(pending))
	for i := range pending {
		in := &pending[i]
		state, batch, err := r.lookInto(ctx, in, lostSince(in))
		why := "TrackTik does not show it, nor whom it is about"
		var others *notOurs
		if errors.As(err, &others) {
			state, err = didNot, nil
		}
		if err != nil {
			if _, bad := isCredentials(err); bad || ctx.Err() != nil {
				return err
			}
			state, why = unsettled, err.Error()
			r.log.WithField("action", in.Action.Kind).WithField("person", in.Action.User.ID).WithError(err).Warn("an open write could not be looked up")
		}
		if state == unsettled {
			r.leaveOpen(in, "it is looked up again in the next run")
			if r.since(in.At) >= settleAge { // else there is only time to be waited for
				r.stuck = append(r.stuck, stuckIn(in, why))
			}
			continue
		}
		if in.Action.Kind == plan.GrantRole {
			if err := r.freeLastRoles(&batch); err != nil {
				return err
			}
		}
		batch.Settle = append(batch.Settle, in.Seq)
		identify(&in.Action, &batch)
		audit := r.audit(&in.Action, plan.Done)
		audit.Request, audit.Message = in.Request, "found by a look-up: it had happened"
		switch {
		case others != nil:
			audit.Outcome, audit.Employee, audit.Message = plan.Unknown, others.employee, "the answer was lost; "+others.Error()
		case state == didNot:
			audit.Outcome, audit.Message = plan.Failed, "found by a look-up: it had not happened"
		}
		audit.Run = in.Run
		batch.Audits = append(batch.Audits, audit)
		if err := r.Snapshot.Commit(batch); err != nil {
			return err
		}
		r.progress(1)
	}
	return nil
}

// leaveOpen notes whom a write holds that may or may not have happened: nothing is done
// about that person, but of a grant only that no role is given.
func (r *run) leaveOpen(in *plan.Intent, then string) {
	open := r.pending
	if in.Action.Kind == plan.GrantRole {
		open = r.openGrants
	}
	open[in.Action.User.ID] = fmt.Sprintf("a %s of run %s may or may not have happened; %s", in.Action.Kind, in.Run, then)
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

// lostSince is when a call may last have begun to be at work still; the zero time
// when it is over.
func lostSince(in *plan.Intent) time.Time {
	if in.Lost == plan.LostOver {
		return time.Time{}
	}
	return in.At
}

// lookInto asks TrackTik what became of an intent, and returns what follows for the
// snapshot. at is when the call was made: that it shows nothing proves nothing before
// settleAge has passed.
func (r *run) lookInto(ctx context.Context, in *plan.Intent, at time.Time) (settled, plan.Batch, error) {
	state, batch, err := r.whatBecameOf(ctx, in)
	if err == nil && state == didNot && r.since(at) < settleAge {
		return unsettled, plan.Batch{}, nil
	}
	return state, batch, err
}

// whatBecameOf is lookInto by what TrackTik shows now.
func (r *run) whatBecameOf(ctx context.Context, in *plan.Intent) (settled, plan.Batch, error) {
	a := &in.Action
	switch a.Kind {
	case plan.Create:
		return r.lookForCreated(ctx, in)
	case plan.CreateRole:
		return r.lookForRole(ctx, a)
	case plan.Update:
		return r.lookAtUpdate(ctx, in)
	case plan.Terminate, plan.Reactivate:
		return r.lookAtStatus(ctx, in)
	case plan.GrantRole:
		return r.lookAtGrant(ctx, a)
	case plan.RevokeRole:
		return r.lookAtRevoke(ctx, a)
	case plan.RenameRole:
		role, found, err := r.Target.Role(ctx, a.Role.ID)
		if err != nil || !found || role.Name != a.Role.Name {
			return didNot, plan.Batch{}, err
		}
		batch, err := r.roleBatch(a, a.Role.ID, "")
		return happened, batch, err
	}
	return didNot, plan.Batch{}, nil
}

func (r *run) lookForRole(ctx context.Context, a *plan.Action) (settled, plan.Batch, error) {
	roles, err := r.Target.Roles(ctx)
	if err != nil {
		return unsettled, plan.Batch{}, err
	}
	marks := []string{plan.RoleMark(r.Binding, a.Role.Group)}
	for _, b := range r.meta.Formerly { // the call may have been made for them
		marks = append(marks, plan.RoleMark(b, a.Role.Group))
	}
	for _, role := range roles {
		if slices.ContainsFunc(marks, func(mark string) bool { return containsMark(role.Description, mark) }) {
			batch, err := r.roleBatch(a, role.ID, plan.HowCreated)
			return happened, batch, err
		}
	}
	return didNot, plan.Batch{}, nil
}

// lookAtUpdate takes over what TrackTik holds of the fields that were sent: what was
// not kept is seen as different, and sent again.
func (r *run) lookAtUpdate(ctx context.Context, in *plan.Intent) (settled, plan.Batch, error) {
	a := &in.Action
	link, linked, err := r.Snapshot.Link(a.User.ID)
	if err != nil || !linked {
		return didNot, plan.Batch{}, err
	}
	e, found, err := r.Target.Employee(ctx, a.Employee)
	if err != nil || !found {
		return didNot, plan.Batch{}, err
	}
	state := happened
	for _, c := range a.Changes {
		switch {
		case c.Field == plan.Region && in.Wanted != nil && e.Region == in.Wanted.RegionID:
			link.Pushed[c.Field], link.PushedRegion = c.New, in.Wanted.RegionID
		case c.Field == plan.Region:
			state = didNot
		case c.Field < plan.Region && e.Has.Has(c.Field):
			if c.Field.Same(c.New, e.Values[c.Field]) {
				link.Pushed[c.Field], link.Seen[c.Field] = c.New, ""
			} else {
				state = didNot
				if !c.Field.Same(link.Pushed[c.Field], e.Values[c.Field]) {
					link.Pushed[c.Field] = e.Values[c.Field]
				}
			}
		}
	}
	return state, plan.Batch{Links: []plan.Link{link}, Prints: []plan.PersonPrint{{Person: link.Person}}}, nil
}

func (r *run) lookAtStatus(ctx context.Context, in *plan.Intent) (settled, plan.Batch, error) {
	a := &in.Action
	e, found, err := r.Target.Employee(ctx, a.Employee)
	switch {
	case err != nil || !found: // out of our sight: TrackTik deletes nobody
		return unsettled, plan.Batch{}, err
	case a.Kind == plan.Terminate && e.Status == plan.StatusTerminated:
		batch, err := r.terminatedBatch(a, in.Run, false)
		return happened, batch, err
	case a.Kind == plan.Reactivate && e.Active() && in.Wanted != nil:
		batch, err := r.reactivatedBatch(a, in.Wanted, &e, in.Run)
		return happened, batch, err
	}
	return didNot, plan.Batch{}, nil
}

func (r *run) lookAtGrant(ctx context.Context, a *plan.Action) (settled, plan.Batch, error) {
	link, linked, err := r.Snapshot.Link(a.User.ID)
	if err != nil {
		return unsettled, plan.Batch{}, err
	}
	if a.Kind == plan.GrantRole && (!linked || link.Employee != a.Employee) {
		return didNot, plan.Batch{}, nil // whatever became of it, the employee is theirs no more
	}
	held, err := r.rolesNow(ctx, a.Employee)
	if err != nil {
		return unsettled, plan.Batch{}, err
	}
	i := slices.IndexFunc(held, func(u plan.UserRole) bool { return u.Role == a.Role.ID })
	if i >= 0 {
		return happened, r.grantedBatch(a, held[i].ID, plan.HowCreated), nil
	}
	if len(held) == 0 { // as it is when their region is out of our sight
		if _, seen, err := r.Target.Employee(ctx, a.Employee); err != nil || !seen {
			return unsettled, plan.Batch{}, err
		}
	}
	return didNot, plan.Batch{}, nil
}

// lookAtRevoke asks for the grant by its id: that a list lacks it proves little.
func (r *run) lookAtRevoke(ctx context.Context, a *plan.Action) (settled, plan.Batch, error) {
	id := a.Grant
	if id == 0 {
		grant, found, err := r.grantOf(a)
		if err != nil || !found { // it is not on record any more
			return happened, plan.Batch{}, err
		}
		id = grant.ID
	}
	_, found, err := r.Target.UserRole(ctx, id)
	if err != nil || found {
		return didNot, plan.Batch{}, err
	}
	if _, seen, err := r.Target.Employee(ctx, a.Employee); err != nil || !seen { // their region is out of our sight
		return unsettled, plan.Batch{}, err
	}
	return happened, revokedBatch(a), nil
}

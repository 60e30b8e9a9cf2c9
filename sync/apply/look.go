package apply

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
)

// A looker finds out what became of calls.
type looker struct{ batchMaker }

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
func (l looker) lookInto(ctx context.Context, in *plan.Intent, at time.Time) (settled, plan.Batch, error) {
	state, batch, err := l.whatBecameOf(ctx, in)
	if err == nil && state == didNot && (l.since(at) < settleAge || !at.IsZero() && l.justNow(in)) {
		return unsettled, plan.Batch{}, nil
	}
	return state, batch, err
}

// justNow reports that the minute is not over by the machine's clock: Okta's may be wrong.
func (l looker) justNow(in *plan.Intent) bool {
	age := l.Clock.Here().Sub(in.Here)
	return age >= 0 && age < settleAge
}

// whatBecameOf is lookInto by what TrackTik shows now.
func (l looker) whatBecameOf(ctx context.Context, in *plan.Intent) (settled, plan.Batch, error) {
	a := &in.Action
	switch a.Kind {
	case plan.Create:
		return l.lookForCreated(ctx, in)
	case plan.CreateRole:
		return l.lookForRole(ctx, a)
	case plan.Update:
		return l.lookAtUpdate(ctx, in)
	case plan.Terminate, plan.Reactivate:
		return l.lookAtStatus(ctx, in)
	case plan.GrantRole:
		return l.lookAtGrant(ctx, a)
	case plan.RevokeRole:
		return l.lookAtRevoke(ctx, in)
	case plan.RenameRole:
		role, found, err := l.Target.Role(ctx, a.Role.ID)
		if err != nil || !found || role.Name != a.Role.Name {
			return didNot, plan.Batch{}, err
		}
		batch, err := l.roleBatch(a, a.Role.ID, "")
		return happened, batch, err
	}
	return didNot, plan.Batch{}, nil
}

func (l looker) lookForRole(ctx context.Context, a *plan.Action) (settled, plan.Batch, error) {
	roles, err := l.Target.Roles(ctx)
	if err != nil {
		return unsettled, plan.Batch{}, err
	}
	marks := []string{plan.RoleMark(l.Rules.Binding, a.Role.Group)}
	for _, b := range l.Rules.Formerly { // the call may have been made for them
		marks = append(marks, plan.RoleMark(b, a.Role.Group))
	}
	for _, role := range roles {
		if slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(role.Description, mark) }) {
			batch, err := l.roleBatch(a, role.ID, plan.HowCreated)
			return happened, batch, err
		}
	}
	return didNot, plan.Batch{}, nil
}

// lookAtUpdate takes over what TrackTik holds of the fields that were sent: what was
// not kept is seen as different, and sent again.
func (l looker) lookAtUpdate(ctx context.Context, in *plan.Intent) (settled, plan.Batch, error) {
	a := &in.Action
	link, linked, err := l.Snapshot.Link(a.User.ID)
	if err != nil || !linked {
		return didNot, plan.Batch{}, err
	}
	link = l.noted(link)
	e, found, err := l.Target.Employee(ctx, a.Employee)
	if err != nil || !found {
		return didNot, plan.Batch{}, err
	}
	if !e.Active() { // by somebody else, since the plan was made
		link.ElsewhereStatus = e.Status
	}
	state := happened
	for _, c := range a.Changes {
		switch {
		case c.Field == plan.Region && in.Wanted != nil && e.Region == in.Wanted.RegionID:
			link.Pushed[c.Field], link.PushedRegion = c.New, in.Wanted.RegionID
		case c.Field == plan.Region:
			state = didNot
		case c.Field < plan.NumFields && e.Has.Has(c.Field):
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

func (l looker) lookAtStatus(ctx context.Context, in *plan.Intent) (settled, plan.Batch, error) {
	a := &in.Action
	e, found, err := l.Target.Employee(ctx, a.Employee)
	switch {
	case err != nil || !found: // out of our sight: TrackTik deletes nobody
		return unsettled, plan.Batch{}, err
	case a.Kind == plan.Terminate && e.Status == plan.StatusTerminated:
		ours := l.ours(ctx, &e)
		batch, err := l.terminatedBatch(a, in.Run, !ours)
		return shown(ours), batch, err
	case a.Kind == plan.Reactivate && e.Status == plan.StatusTerminated && in.Wanted != nil && in.Run != l.Run &&
		l.byAnother(ctx, &e):
		// again, since
		batch, err := l.reactivatedBatch(a, in.Wanted, &e, in.Run)
		if err == nil {
			batch.Links[0].ElsewhereStatus = e.Status
		}
		return happened, batch, err
	case a.Kind == plan.Reactivate && e.Active() && in.Wanted != nil:
		batch, err := l.reactivatedBatch(a, in.Wanted, &e, in.Run)
		return happened, batch, err
	case a.Kind == plan.Terminate:
		link, _, err := l.Snapshot.Link(a.User.ID)
		if err == nil && link.Employee == e.ID && undone(&link, &e) {
			return untold, plan.Batch{}, nil
		}
		return didNot, plan.Batch{}, err
	}
	return didNot, plan.Batch{}, nil
}

// undone reports an employee who may have been terminated, and brought back by somebody else:
// a termination takes the user name.
func undone(link *plan.Link, e *plan.Employee) bool {
	return e.Has.Has(plan.Username) && e.Values[plan.Username] == "" && link.Pushed[plan.Username] != ""
}

// ours reports that a call of ours is what a record shows, unless the portal says that
// somebody else changed it last. Where it does not say who did, the change is taken for ours:
// else `restore` could miss somebody whom a lost call has terminated. That somebody did the
// very same by hand, before the call was looked up, is rarer.
func (l looker) ours(ctx context.Context, e *plan.Employee) bool { return !l.byAnother(ctx, e) }

// byAnother reports that a record says who changed it last, and that it was not us as far as
// can be told: what somebody has ended by hand is not ours to bring back.
func (l looker) byAnother(ctx context.Context, e *plan.Employee) bool {
	return e.UpdatedBy != 0 && e.UpdatedBy != l.Holders.Us(ctx)
}

// shown is what becomes of a call that is seen to be done.
func shown(ours bool) settled {
	if ours {
		return happened
	}
	return byOthers
}

func (l looker) lookAtGrant(ctx context.Context, a *plan.Action) (settled, plan.Batch, error) {
	link, linked, err := l.Snapshot.Link(a.User.ID)
	if err != nil {
		return unsettled, plan.Batch{}, err
	}
	if a.Kind == plan.GrantRole && (!linked || link.Employee != a.Employee) {
		return didNot, plan.Batch{}, nil // whatever became of it, the employee is theirs no more
	}
	held, doubt, err := l.Holders.RolesNow(ctx, a.Employee)
	if err == nil && doubt != "" {
		return l.lookAtAnswered(ctx, a, doubt)
	}
	if err != nil {
		return unsettled, plan.Batch{}, err
	}
	i := slices.IndexFunc(held, func(u plan.UserRole) bool { return u.Role == a.Role.ID })
	if i >= 0 {
		return happened, l.grantedBatch(a, held[i].ID, plan.HowCreated), nil
	}
	if len(held) == 0 { // as it is when their region is out of our sight
		e, seen, err := l.Target.Employee(ctx, a.Employee)
		switch {
		case err != nil || !seen:
			return unsettled, plan.Batch{}, err
		case e.Status == plan.StatusTerminated: // with which a portal may end roles
			return untold, plan.Batch{}, nil
		}
	}
	return didNot, plan.Batch{}, nil
}

// lookAtAnswered asks for a grant by the id that its answer had, where it cannot be listed
// by employee: doubt says why. It is ours when it is of the role, on record for nobody,
// and of a user who is no employee: the portal numbers users otherwise.
func (l looker) lookAtAnswered(ctx context.Context, a *plan.Action, doubt string) (settled, plan.Batch, error) {
	cannot := errors.New(doubt)
	id := a.Extras().Grant
	if a.Kind != plan.GrantRole || id == 0 {
		return unsettled, plan.Batch{}, cannot
	}
	u, found, err := l.Target.UserRole(ctx, id)
	if err != nil || !found || u.Role != a.Role.ID || u.Employee == 0 {
		return unsettled, plan.Batch{}, errors.Join(cannot, err)
	}
	_, other, err := l.Target.Employee(ctx, u.Employee)
	if err != nil || other && u.Employee != a.Employee {
		return unsettled, plan.Batch{}, errors.Join(cannot, err)
	}
	grants, err := l.Snapshot.GrantsWith(a.Role.ID)
	if err != nil || slices.ContainsFunc(grants, func(g plan.Grant) bool { return g.ID == id }) {
		return unsettled, plan.Batch{}, errors.Join(cannot, err)
	}
	return happened, l.grantedBatch(a, id, plan.HowCreated), nil
}

// lookAtRevoke asks for the grant by its id: that a list lacks it proves little. A portal
// never says who took one.
func (l looker) lookAtRevoke(ctx context.Context, in *plan.Intent) (settled, plan.Batch, error) {
	a := &in.Action
	id := a.Extras().Grant
	if id == 0 {
		grant, found, err := l.grantOf(a)
		if err != nil || !found { // it is not on record any more
			return shown(in.Run == l.Run), plan.Batch{}, err
		}
		id = grant.ID
	}
	_, found, err := l.Target.UserRole(ctx, id)
	if err != nil || found {
		return didNot, plan.Batch{}, err
	}
	if _, seen, err := l.Target.Employee(ctx, a.Employee); err != nil || !seen { // their region is out of our sight
		return unsettled, plan.Batch{}, err
	}
	return shown(in.Run == l.Run), revokedBatch(a), nil
}

package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
)

// perform carries out one action, and settles it where the answer was lost.
func (a *applier) perform(ctx context.Context, action *plan.Action, intent *plan.Intent) attempt {
	done := a.send(ctx, action, intent)
	done.attempts = max(1, done.attempts)
	if done.outcome != plan.Unknown {
		return done
	}
	state, batch, err := a.lookInto(ctx, intent, a.lostAt(action, done))
	var others *notOurs
	switch {
	case errors.As(err, &others):
		done.untold(others)
	case err != nil:
		done.message += "; the look-up failed too: " + err.Error()
	case state == happened:
		done.outcome, done.batch = plan.Done, batch
		done.message = "the answer was lost; a look-up shows that it happened"
		a.learn(action, &batch)
		if action.Kind == plan.Reactivate { // which is only half of it
			whole := a.broughtBack(ctx, action)
			whole.attempts, whole.request = done.attempts, done.request
			if whole.outcome == plan.Done {
				whole.message = done.message
			}
			return whole
		}
	case state == didNot:
		intent.Lost = plan.LostOver
		again := a.send(ctx, action, intent) // it provably did not happen
		if again.outcome == plan.Found {     // but it did, since the look-up
			again.outcome = plan.Done
			again.batch = ours(again.batch)
		}
		again.attempts = done.attempts + max(1, again.attempts)
		if again.taken { // by our own first call perhaps, in a portal that does not show it yet
			again.outcome, again.code, again.slow = plan.Unknown, "", true
		}
		return again
	}
	return done
}

// lostAt is when a lost call may still have been at work: one that was cut goes on in
// TrackTik, one whose connection broke is over. What makes nothing new is as good as
// over: made twice it is done once, and a leaver does not keep the keys meanwhile.
func (a *applier) lostAt(action *plan.Action, done attempt) time.Time {
	if done.slow && makesAnew(action.Kind) {
		return a.clock()
	}
	return time.Time{}
}

// makesAnew reports a kind of write that makes another employee, role or grant when it
// happens twice. A reactivation does where it is refused the second time: then a new
// employee is made in its place.
func makesAnew(k plan.Kind) bool {
	return k == plan.Create || k == plan.CreateRole || k == plan.GrantRole || k == plan.Reactivate
}

// learn remembers the ids that an action brought: others build on them.
func (a *applier) learn(action *plan.Action, batch *plan.Batch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	identify(action, batch)
	for i := range batch.Links {
		a.employees[batch.Links[i].Person] = batch.Links[i].Employee
	}
	if action.Kind == plan.CreateRole {
		a.roleIDs[action.Role.Group] = action.Role.ID
	}
}

// identify gives an action the ids that it brought, for all who tell of it.
func identify(action *plan.Action, batch *plan.Batch) {
	for i := range batch.Links {
		action.Employee = batch.Links[i].Employee
	}
	if action.Kind != plan.CreateRole {
		return
	}
	for i := range batch.Groups {
		made := *action.Role // others point to the one of the plan
		made.ID = batch.Groups[i].Role
		action.Role = &made
	}
}

// send makes the calls of one action.
func (a *applier) send(ctx context.Context, action *plan.Action, intent *plan.Intent) attempt {
	switch action.Kind {
	case plan.Create:
		return a.create(ctx, action, intent)
	case plan.Update:
		return a.update(ctx, action)
	case plan.Terminate:
		return a.terminate(ctx, action)
	case plan.Reactivate:
		return a.reactivate(ctx, action)
	case plan.CreateRole:
		return a.createRole(ctx, action)
	case plan.RenameRole:
		err := a.Target.RenameRole(ctx, action.Role.ID, action.Role.Name)
		if err != nil {
			return classify(err)
		}
		batch, err := a.roleBatch(action, action.Role.ID, "")
		return finished(batch, err)
	case plan.GrantRole:
		return a.grant(ctx, action, intent)
	case plan.RevokeRole:
		return a.revoke(ctx, action)
	}
	return attempt{outcome: plan.Failed, message: "unknown kind of action " + string(action.Kind)}
}

// finished is a call that worked; err is about the snapshot.
func finished(batch plan.Batch, err error) attempt {
	if err != nil {
		return attempt{outcome: plan.Unknown, message: err.Error(), fatal: err}
	}
	return attempt{outcome: plan.Done, batch: batch}
}

func (a *applier) create(ctx context.Context, action *plan.Action, intent *plan.Intent) attempt {
	want := *action.Want
	if a.listedOnce {
		if e, found, err := a.appeared(ctx, &want); err != nil || found {
			return tookPlace(e, err)
		}
	}
	var warnings []plan.Warning
	for tries := 1; ; tries++ {
		e, err := a.Target.CreateEmployee(ctx, want.Values, want.RegionID)
		if err == nil {
			done := a.created(action, &want, e.ID)
			done.attempts, done.warnings = tries, warnings
			return done
		}
		done := classify(err)
		done.attempts, done.warnings = tries, warnings
		field, drop := a.droppable(action, err, &want)
		switch {
		case done.outcome == plan.Failed && drop && tries < 3:
			warnings = append(warnings, plan.Warning{Code: plan.WarningInvalidValue, User: action.User, Field: field.String(),
				Message: "tracktik refused the value, and the employee is made without it: " + err.Error()})
			want.Values[field] = ""
			want.Keep = want.Keep.With(field)
			intent.Wanted = &want
			continue
		case isConflict(err):
			return a.conflict(ctx, action, intent, &want, done)
		}
		return done
	}
}

// created records a new employee. One who is known already is not new: then nobody knows
// what became of the call.
func (a *applier) created(action *plan.Action, want *plan.Wanted, id plan.EmployeeID) attempt {
	link, owned, err := a.Snapshot.LinkOfEmployee(id)
	former, was, formerErr := a.Snapshot.FormerByEmployee(id)
	if err := errors.Join(err, formerErr); err != nil {
		return finished(plan.Batch{}, err)
	}
	if was {
		link = former.Link
	}
	if owned || was {
		return attempt{outcome: plan.Unknown, message: fmt.Sprintf("tracktik answered that the new employee is %d, who is known as that of user %s", id, link.Person)}
	}
	batch, err := a.createdBatch(action, want, id, a.id)
	a.learn(action, &batch)
	return finished(batch, err)
}

// appeared looks for an employee with the e-mail who was not there, or not free, when
// the employees were listed.
func (a *applier) appeared(ctx context.Context, want *plan.Wanted) (plan.Employee, bool, error) {
	list, err := a.Target.FindEmployees(ctx, plan.Email, want.Values[plan.Email])
	for _, e := range list {
		if e.Status != plan.StatusTerminated {
			return e, true, err
		}
	}
	return plan.Employee{}, false, err
}

func tookPlace(e plan.Employee, err error) attempt {
	if err != nil {
		return classify(err)
	}
	return attempt{outcome: plan.Failed, message: fmt.Sprintf("employee %d has the e-mail by now; the next run decides about them", e.ID)}
}

// droppable names an optional value because of which TrackTik refuses a person, and
// without which they are made: a language that the portal does not know, or a phone
// that a terminated employee has.
func (a *applier) droppable(action *plan.Action, err error, want *plan.Wanted) (plan.Field, bool) {
	var f interface{ RefusedField() (plan.Field, bool) }
	if errors.As(err, &f) {
		field, named := f.RefusedField()
		if named && (field == plan.Language || field == plan.PrimaryPhone) && want.Values[field] != "" {
			return field, true
		}
	}
	if phone := want.Values[plan.PrimaryPhone]; phone != "" && isConflict(err) {
		formers, listErr := a.Snapshot.FormersOf(action.User.ID)
		if listErr == nil && slices.ContainsFunc(formers, func(f plan.Former) bool { return f.Link.Pushed[plan.PrimaryPhone] == phone }) {
			return plan.PrimaryPhone, true
		}
	}
	return 0, false
}

func isConflict(err error) bool {
	var f failure
	return errors.As(err, &f) && f.Conflict()
}

// isSlow reports a call that was cut, and may still be at work.
func isSlow(err error) bool {
	var f interface{ StillAtWork() bool }
	return errors.As(err, &f) && f.StillAtWork()
}

func (a *applier) update(ctx context.Context, action *plan.Action) attempt {
	fields := slices.DeleteFunc(slices.Clone(action.Changes), func(c plan.Change) bool { return c.Field == plan.Region })
	full := a.fullValues(action)
	var warnings []plan.Warning
	tries := 0
	for len(fields) > 0 {
		tries++
		err := a.Target.UpdateEmployee(ctx, action.Employee, fields, full)
		if err == nil {
			break
		}
		done := failed(action, err)
		done.attempts, done.warnings = tries, warnings
		rest, dropped := leaveOut(fields, err)
		if done.outcome != plan.Failed || len(dropped) == 0 || tries > len(plan.RequiredFields) {
			return done
		}
		for _, c := range dropped {
			warnings = append(warnings, plan.Warning{Code: plan.WarningInvalidValue, User: action.User, Field: c.Field.String(),
				Message: "tracktik refused the value, and what it holds is left alone: " + err.Error()})
		}
		fields = rest
	}
	if len(fields) != len(action.Changes) && action.Want != nil && slices.ContainsFunc(action.Changes, func(c plan.Change) bool { return c.Field == plan.Region }) {
		tries++
		if err := a.Target.MoveEmployee(ctx, action.Employee, action.Want.RegionID); err != nil {
			done := failed(action, err)
			done.attempts, done.warnings = tries, warnings
			if done.outcome == plan.Failed && len(fields) > 0 {
				batch, berr := a.updatedLink(action, fields)
				if berr == nil {
					done.batch = batch
				}
			}
			return done
		}
	}
	batch, err := a.updatedLink(action, action.Changes)
	done := finished(batch, err)
	done.attempts, done.warnings = max(1, tries), warnings
	return done
}

// fullValues is the whole record as it should be: an address is sent as a whole.
func (a *applier) fullValues(action *plan.Action) plan.Values {
	if action.Want == nil {
		return plan.Values{}
	}
	full := action.Want.Values
	if link, found, err := a.Snapshot.Link(action.User.ID); err == nil && found {
		for f := plan.Field(0); f < plan.Region; f++ {
			if action.Want.Keep.Has(f) {
				full[f] = link.Pushed[f]
			}
		}
	}
	return full
}

// leaveOut takes out of an update what a portal refuses and nobody needs: a value that
// cannot be cleared, a language that it does not know.
func leaveOut(fields []plan.Change, err error) (rest, dropped []plan.Change) {
	var f interface{ RefusedField() (plan.Field, bool) }
	if !errors.As(err, &f) {
		return fields, nil
	}
	named, ok := f.RefusedField()
	if !ok {
		return fields, nil
	}
	for _, c := range fields {
		if c.Field == named && (c.New == "" || c.Field == plan.Language) {
			dropped = append(dropped, c)
			continue
		}
		rest = append(rest, c)
	}
	return rest, dropped
}

func (a *applier) terminate(ctx context.Context, action *plan.Action) attempt {
	if done, ended := a.endedBefore(ctx, action); ended {
		return done
	}
	t := plan.Termination{Date: a.today(action), Reason: a.reason, Comment: a.Comment, Notify: a.Notify}
	if t.Comment == "" {
		t.Comment = fmt.Sprintf("tracktik-sync run %s: %s", a.id, action.Reason)
	}
	err := a.Target.TerminateEmployee(ctx, action.Employee, t)
	if err != nil {
		done := failed(action, err)
		if done.outcome != plan.Failed || done.fatal != nil {
			return done
		}
		e, found, lookErr := a.Target.Employee(ctx, action.Employee)
		if lookErr == nil && found && e.Status == plan.StatusTerminated { // our call was refused: it was done before
			return a.found(action)
		}
		return done
	}
	if problem := a.readBack(ctx, action); problem != "" {
		return a.notShown(action, problem)
	}
	batch, err := a.terminatedBatch(action, a.id, false)
	return finished(batch, err)
}

// readBack checks the first termination of a run: a portal that says yes and does
// nothing would leave every leaver active.
func (a *applier) readBack(ctx context.Context, action *plan.Action) string {
	a.mu.Lock()
	first := !a.terminated
	a.terminated = true
	a.mu.Unlock()
	if !first {
		return ""
	}
	e, found, err := a.Target.Employee(ctx, action.Employee)
	if err != nil || !found || e.Status == plan.StatusTerminated {
		return ""
	}
	a.mu.Lock()
	a.noTerm = true
	a.mu.Unlock()
	return fmt.Sprintf("tracktik answered that employee %d was terminated, and shows them as %s; no more are terminated in this run", action.Employee, e.Status)
}

// today is the date where the employee works.
func (a *applier) today(action *plan.Action) string {
	zone := a.Timezone
	if s := a.people.subjects[action.User.ID]; s != nil && s.link != nil && a.regions != nil {
		if name := a.regions.ByID(s.link.PushedRegion).TimeZone; name != "" {
			if z, err := time.LoadLocation(name); err == nil {
				zone = z
			}
		}
	}
	if zone == nil {
		zone = time.UTC
	}
	return a.clock().In(zone).Format(time.DateOnly)
}

func (a *applier) reactivate(ctx context.Context, action *plan.Action) attempt {
	if !action.Restores { // of whom a restore brings back the status is known
		if e, found, err := a.Target.Employee(ctx, action.Employee); err == nil && found && e.Status == plan.StatusBanned {
			return attempt{outcome: plan.Withheld, message: plan.WhyBanned(e.ID)}
		}
	}
	note := fmt.Sprintf("tracktik-sync run %s: %s", a.id, action.Reason)
	if err := a.Target.ReactivateEmployee(ctx, action.Employee, note); err != nil {
		done := failed(action, err)
		if done.outcome != plan.Failed || done.fatal != nil {
			return done
		}
		e, found, lookErr := a.Target.Employee(ctx, action.Employee)
		switch {
		case lookErr != nil:
			return done
		case !found:
			done.unseen(action.Employee)
			return done
		case !e.Active():
			return a.insteadNew(action, done)
		}
	}
	return a.broughtBack(ctx, action)
}

// broughtBack reads who was reactivated, and sends what is not as Okta wants it: the
// user name at the least, which a termination takes.
func (a *applier) broughtBack(ctx context.Context, action *plan.Action) attempt {
	e, found, err := a.Target.Employee(ctx, action.Employee)
	if err != nil {
		return attempt{outcome: plan.Unknown, message: err.Error()}
	}
	if !found {
		e.Status = "nobody (404)"
	}
	if !e.Active() {
		return attempt{outcome: plan.Failed, code: plan.ProblemNotEffective, message: fmt.Sprintf("tracktik answered that employee %d was reactivated, and shows them as %s", action.Employee, e.Status)}
	}
	batch, err := a.reactivatedBatch(action, action.Want, &e, a.id)
	if err != nil {
		return finished(batch, err)
	}
	done := finished(batch, nil)
	link := &done.batch.Links[0]
	changes, drift := plan.Differences(link, action.Want, &e, &a.pol)
	if err := a.bringUpToDate(ctx, action, link, plan.MergeChanges(changes, drift)); err != nil {
		refused := failed(action, err)
		done.outcome, done.code, done.message, done.fatal = plan.Failed, refused.code, "the employee is active again, but not as Okta wants: "+refused.message, refused.fatal
	}
	a.learn(action, &done.batch)
	return done
}

// bringUpToDate sends changes to who was just reactivated, and notes in link what was
// done: fields first, then the region.
func (a *applier) bringUpToDate(ctx context.Context, action *plan.Action, link *plan.Link, changes []plan.Change) error {
	fields := slices.DeleteFunc(slices.Clone(changes), func(c plan.Change) bool { return c.Field == plan.Region })
	if len(fields) > 0 {
		if err := a.Target.UpdateEmployee(ctx, action.Employee, fields, action.Want.Values); err != nil {
			return err
		}
		for _, c := range fields {
			link.Pushed[c.Field], link.Seen[c.Field] = c.New, ""
		}
	}
	if len(fields) == len(changes) {
		return nil
	}
	if err := a.Target.MoveEmployee(ctx, action.Employee, action.Want.RegionID); err != nil {
		return err
	}
	link.Pushed[plan.Region], link.PushedRegion = action.Want.Values[plan.Region], action.Want.RegionID
	return nil
}

func (a *applier) createRole(ctx context.Context, action *plan.Action) attempt {
	role, err := a.Target.CreateRole(ctx, action.Role.Name, plan.RoleDescription(a.Binding, action.Role.Group, action.Role.Name))
	id := role.ID
	if err != nil {
		done := classify(err)
		if !isConflict(err) {
			return done
		}
		state, batch, lookErr := a.lookForRole(ctx, action)
		if lookErr != nil || state != happened {
			if done.outcome == plan.Unknown && lookErr == nil {
				done.outcome, done.code = plan.Failed, plan.ProblemRefused
			}
			return done
		}
		id = batch.Groups[0].Role
	}
	batch, err := a.roleBatch(action, id, plan.HowCreated)
	if err == nil {
		a.learn(action, &batch)
	}
	return finished(batch, err)
}

func (a *applier) grant(ctx context.Context, action *plan.Action, intent *plan.Intent) attempt {
	id, err := a.Target.Grant(ctx, action.Employee, action.Role.ID)
	if err == nil {
		return finished(a.grantedBatch(action, id, plan.HowCreated), nil)
	}
	done := failed(action, err)
	if !isConflict(err) && (done.outcome != plan.Failed || done.code == "") {
		return done
	}
	state, batch, lookErr := a.lookAtGrant(ctx, action)
	switch {
	case lookErr == nil && state == happened:
		if intent.Lost == "" { // somebody else granted it, just now
			batch.Grants[0].How = plan.HowAdopted
		}
		return finished(batch, nil)
	case lookErr == nil && done.code == plan.ProblemRefused && !a.shown(ctx, action.Employee): // a portal may say so with a 400
		done.unseen(action.Employee)
	}
	return done
}

// shown reports whether TrackTik shows us the employee; true when it cannot be asked.
func (r *run) shown(ctx context.Context, id plan.EmployeeID) bool {
	_, found, err := r.Target.Employee(ctx, id)
	return found || err != nil
}

func (a *applier) revoke(ctx context.Context, action *plan.Action) attempt {
	id := action.Grant
	grant, found, err := a.grantOf(action)
	if err != nil {
		return finished(plan.Batch{}, err)
	}
	if id == 0 {
		if id = grant.ID; !found {
			return attempt{outcome: plan.Found, batch: revokedBatch(action)}
		}
	}
	if id == 0 { // it was of another portal, and has an id of this one
		held, err := a.Target.UserRolesOf(ctx, action.Employee)
		if err != nil {
			return classify(err)
		}
		i := slices.IndexFunc(held, func(u plan.UserRole) bool { return u.Role == action.Role.ID })
		if i < 0 {
			return attempt{outcome: plan.Found, batch: revokedBatch(action)}
		}
		id = held[i].ID
	}
	err = a.Target.Revoke(ctx, id)
	if err == nil {
		if problem := a.stillThere(ctx, action, id); problem != "" {
			return attempt{outcome: plan.Failed, code: plan.ProblemNotEffective, message: problem}
		}
		return finished(revokedBatch(action), nil)
	}
	done := failed(action, err)
	if done.outcome != plan.Failed || done.fatal != nil || done.code == "" {
		return done
	}
	gone, lookErr := a.takenBack(ctx, action.Employee, id)
	switch {
	case lookErr == nil && gone:
		return attempt{outcome: plan.Found, batch: revokedBatch(action)}
	case lookErr == nil && isLastRole(err) && a.holdsOnly(ctx, action.Employee, id):
		grant.Stuck = true
		return attempt{outcome: plan.Withheld, message: plan.HeldLastRole + ": tracktik lets nobody fall back to having no role: " + err.Error(),
			batch: plan.Batch{Grants: []plan.Grant{grant}}}
	}
	return done
}

// stillThere reads the first grant back that a run revokes: a portal that says yes and does
// nothing would leave everybody their roles.
func (a *applier) stillThere(ctx context.Context, action *plan.Action, id plan.GrantID) string {
	a.mu.Lock()
	first := !a.revoked
	a.revoked = true
	a.mu.Unlock()
	if !first {
		return ""
	}
	_, found, err := a.Target.UserRole(ctx, id)
	if err != nil || !found {
		return ""
	}
	a.mu.Lock()
	a.noRevoke = true
	a.mu.Unlock()
	return fmt.Sprintf("tracktik answered that grant %d of employee %d was revoked, and shows it still; no more are revoked in this run", id, action.Employee)
}

// isLastRole reports a refusal that speaks of a role, or of the last one: any other is
// about something else, whatever the person holds.
func isLastRole(err error) bool {
	var f interface{ AboutRole() bool }
	return errors.As(err, &f) && f.AboutRole()
}

// holdsOnly reports that the employee holds no other role than that grant's.
func (r *run) holdsOnly(ctx context.Context, id plan.EmployeeID, grant plan.GrantID) bool {
	held, err := r.rolesNow(ctx, id)
	return err == nil && len(held) == 1 && held[0].ID == grant
}

// takenBack reports that a grant is not there any more: its own id says so, and its holder
// is there to be seen.
func (r *run) takenBack(ctx context.Context, holder plan.EmployeeID, id plan.GrantID) (bool, error) {
	_, found, err := r.Target.UserRole(ctx, id)
	if err != nil || found {
		return false, err
	}
	_, shown, err := r.Target.Employee(ctx, holder)
	return shown, err
}

func (r *run) grantOf(action *plan.Action) (plan.Grant, bool, error) {
	grants, err := r.Snapshot.GrantsOf(action.User.ID)
	for _, g := range grants {
		if g.Role == action.Role.ID {
			return r.current.asFound(g), true, err
		}
	}
	return plan.Grant{}, false, err
}

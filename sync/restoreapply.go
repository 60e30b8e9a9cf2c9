package sync

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
	"tracktik-sync/sync/restore"
)

// warnAnew is the code of a warning that a new employee is made instead.
const warnAnew = "not_reactivated"

// apply carries out a restore: people first, those whom TrackTik does not reactivate
// as new employees, and then the roles of those who are there.
func (r *restoration) apply(ctx context.Context) (*apply.Outcome, error) {
	return r.carrier.carryWith(ctx, r.carrier.job(), "restoring", r.carry)
}

func (r *restoration) carry(ctx context.Context, a *apply.Applier) error {
	if err := r.note(); err != nil {
		return err
	}
	out := a.Outcome()
	for _, c := range r.who.Back {
		if c.Link != nil {
			out.Employees[c.User.ID] = c.Link.Employee
		}
	}
	if err := a.Carry(ctx, r.doc.Actions[:r.grantsBegin()]); err != nil {
		return err
	}
	if err := r.makeAnew(ctx, a); err != nil {
		return err
	}
	if err := r.setAgain(ctx, a); err != nil {
		return err
	}
	grants := r.doc.Actions[r.grantsBegin():]
	for i := range grants { // 0 for those who are not there: nothing is granted to them
		grants[i].Employee = out.Employees[grants[i].User.ID]
	}
	return a.Carry(ctx, grants)
}

// note writes the restore itself into the history.
func (r *restoration) note() error {
	how := "as the same employees"
	if r.who.Of.New {
		how = "as new employees"
	}
	outcome := plan.Done
	if r.Observe {
		outcome = plan.Would
	}
	return r.store.Commit(plan.Batch{Audits: []plan.Audit{{Time: r.Moment(), Run: r.ID, By: r.By, Kind: "restore",
		Outcome: outcome,
		Reason:  fmt.Sprintf("restores whom run %s terminated, %s", r.who.Of.Run, how)}}})
}

// grantsBegin is where the plan's grants begin.
func (r *restoration) grantsBegin() int {
	i := slices.IndexFunc(r.doc.Actions, func(a plan.Action) bool { return a.Kind == plan.GrantRole })
	if i < 0 {
		return len(r.doc.Actions)
	}
	return i
}

// makeAnew makes new employees for those whom TrackTik did not reactivate, as far as
// the guard of new employees lets them pass.
func (r *restoration) makeAnew(ctx context.Context, a *apply.Applier) error {
	var creates []plan.Action
	for _, c := range r.who.Back {
		why, refused := a.Outcome().NotReactivated[c.User.ID]
		if !refused {
			continue
		}
		r.Warn(plan.Warning{Code: warnAnew, User: c.User,
			Message: fmt.Sprintf("tracktik does not reactivate employee %d (%s): a new employee is made instead",
				c.Former.Link.Employee, why)})
		c.FillNew()
		creates = append(creates, plan.Action{Kind: plan.Create, User: c.User,
			Extra: &plan.Extra{Former: c.Former.Link.Employee}, Restores: true, Want: &c.Want, Reason: c.Reason()})
		r.grantAll(c)
	}
	if len(creates) == 0 {
		return nil
	}
	earlier := r.checked
	kept, held := r.guard.judge(ctx, creates, nil)
	r.checked.Report.Refusals = append(earlier.Report.Refusals, r.checked.Report.Refusals...)
	r.checked.Report.OK = earlier.Report.OK && r.checked.Report.OK
	nothing := len(r.checked.Exempt) == 0
	maps.Copy(r.checked.Exempt, earlier.Exempt)
	r.doc.Guard, r.doc.Held = r.checked.Report, append(r.doc.Held, held...)
	if r.checked.Stops && nothing { // a refused create stops everything, and here the creates are everything
		for i := range kept {
			r.doc.Held = append(r.doc.Held, plan.Held{Action: kept[i], Why: plan.HeldGuard + ": see the refusal"})
		}
		kept = nil
	}
	plan.Order(kept, &r.Names)
	if err := r.keepRefused(ctx); err != nil {
		return err
	}
	return r.carryOutToo(ctx, a, kept)
}

// setAgain sends what was not sent to somebody whose reactivation was found out by a
// look-up, since its answer was lost: they have no username yet.
func (r *restoration) setAgain(ctx context.Context, a *apply.Applier) error {
	var updates []plan.Action
	for _, c := range r.who.Back {
		link, linked, err := r.Snapshot.Link(c.User.ID)
		if err != nil {
			return err
		}
		if !linked || c.Link != nil || a.Outcome().Unfinished[c.User.ID] || link.Employee != c.Former.Link.Employee {
			continue
		}
		if changes, _ := plan.Differences(&link, &c.Want, nil, &r.Pol); len(changes) > 0 {
			updates = append(updates, plan.Action{Kind: plan.Update, User: c.User, Employee: link.Employee, Changes: changes,
				Want: &c.Want, Reason: c.Reason()})
		}
	}
	return r.carryOutToo(ctx, a, updates)
}

// carryOutToo puts more actions into the plan, before its grants, and carries them out.
func (r *restoration) carryOutToo(ctx context.Context, a *apply.Applier, more []plan.Action) error {
	if len(more) == 0 {
		return nil
	}
	at := r.grantsBegin()
	r.doc.Actions = slices.Insert(r.doc.Actions, at, more...)
	err := a.Carry(ctx, r.doc.Actions[at:at+len(more)])
	r.guard.seal()
	return err
}

// grantAll plans the grants of roles that would have been kept: a new employee has
// none.
func (r *restoration) grantAll(c *restore.Back) {
	c.Missing, c.Kept = c.Kept, []plan.Grant{}
	r.People.Subjects[c.User.ID].With(func(x *read.Extra) { x.Kept = c.Kept })
	var d plan.Decision
	r.who.GrantMissing(c, 0, &d)
	r.doc.Actions, r.doc.Held = append(r.doc.Actions, d.Actions...), append(r.doc.Held, d.Held...)
}

// finish ends the records of those who are back whole.
func (r *restoration) finish(out *apply.Outcome) error {
	var batch plan.Batch
	for _, c := range r.who.Back {
		link, linked, err := r.Snapshot.Link(c.User.ID)
		if err != nil {
			return err
		}
		former := c.Former.Link.Employee
		if linked && link.Employee == former && !out.Unfinished[c.User.ID] && !r.left(c.User.ID) {
			batch.Revive = append(batch.Revive, former)
		}
	}
	batch.Audits = r.recorder.wouldBeDone()
	for _, t := range out.Troubles {
		if !slices.ContainsFunc(r.Troubles[t.Person], func(e plan.Trouble) bool { return e.Key() == t.Key() }) {
			r.doc.Result.NewProblems++
		}
	}
	if len(batch.Revive)+len(batch.Audits) == 0 {
		return nil
	}
	return r.store.Commit(batch)
}

// left reports that something about the person was held.
func (r *restoration) left(id plan.PersonID) bool {
	return slices.ContainsFunc(r.doc.Held, func(h plan.Held) bool { return h.User.ID == id })
}

package sync

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
)

// apply carries out a restore: people first, those whom TrackTik does not reactivate
// as new employees, and then the roles of those who are there.
func (r *restore) apply(ctx context.Context) (*apply.Outcome, error) {
	return r.carrier.carryWith(ctx, r.carrier.job(), "restoring", r.carry)
}

func (r *restore) carry(ctx context.Context, a *apply.Applier) error {
	if err := r.note(); err != nil {
		return err
	}
	out := a.Outcome()
	for _, c := range r.back {
		if c.link != nil {
			out.Employees[c.user.ID] = c.link.Employee
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
func (r *restore) note() error {
	how := "as the same employees"
	if r.of.New {
		how = "as new employees"
	}
	outcome := plan.Done
	if r.Observe {
		outcome = plan.Would
	}
	return r.store.Commit(plan.Batch{Audits: []plan.Audit{{Time: r.Moment(), Run: r.ID, By: r.By, Kind: "restore", Outcome: outcome,
		Reason: fmt.Sprintf("restores whom run %s terminated, %s", r.of.Run, how)}}})
}

// grantsBegin is where the plan's grants begin.
func (r *restore) grantsBegin() int {
	i := slices.IndexFunc(r.doc.Actions, func(a plan.Action) bool { return a.Kind == plan.GrantRole })
	if i < 0 {
		return len(r.doc.Actions)
	}
	return i
}

// makeAnew makes new employees for those whom TrackTik did not reactivate, as far as
// the guard of new employees lets them pass.
func (r *restore) makeAnew(ctx context.Context, a *apply.Applier) error {
	var creates []plan.Action
	for _, c := range r.back {
		why, refused := a.Outcome().NotReactivated[c.user.ID]
		if !refused {
			continue
		}
		r.warnAnew(c, fmt.Sprintf("tracktik does not reactivate employee %d (%s)", c.former.Link.Employee, why))
		c.fillNew()
		creates = append(creates, plan.Action{Kind: plan.Create, User: c.user, Extra: &plan.Extra{Former: c.former.Link.Employee}, Restores: true, Want: &c.want, Reason: r.reason(c)})
		if err := r.grantAll(c); err != nil {
			return err
		}
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
func (r *restore) setAgain(ctx context.Context, a *apply.Applier) error {
	var updates []plan.Action
	for _, c := range r.back {
		link, linked, err := r.Snapshot.Link(c.user.ID)
		if err != nil {
			return err
		}
		if !linked || c.link != nil || a.Outcome().Unfinished[c.user.ID] || link.Employee != c.former.Link.Employee {
			continue
		}
		if changes, _ := plan.Differences(&link, &c.want, nil, &r.Pol); len(changes) > 0 {
			updates = append(updates, plan.Action{Kind: plan.Update, User: c.user, Employee: link.Employee, Changes: changes, Want: &c.want, Reason: r.reason(c)})
		}
	}
	return r.carryOutToo(ctx, a, updates)
}

// carryOutToo puts more actions into the plan, before its grants, and carries them out.
func (r *restore) carryOutToo(ctx context.Context, a *apply.Applier, more []plan.Action) error {
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
func (r *restore) grantAll(c *comeback) error {
	c.missing, c.kept = c.kept, []plan.Grant{}
	r.People.Subjects[c.user.ID].Kept = c.kept
	var d plan.Decision
	r.grantMissing(c, 0, &d)
	r.doc.Actions, r.doc.Held = append(r.doc.Actions, d.Actions...), append(r.doc.Held, d.Held...)
	return nil
}

// finish ends the records of those who are back whole.
func (r *restore) finish(out *apply.Outcome) error {
	var batch plan.Batch
	for _, c := range r.back {
		link, linked, err := r.Snapshot.Link(c.user.ID)
		if err != nil {
			return err
		}
		former := c.former.Link.Employee
		if linked && link.Employee == former && !out.Unfinished[c.user.ID] && !r.left(c.user.ID) {
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
func (r *restore) left(id plan.PersonID) bool {
	return slices.ContainsFunc(r.doc.Held, func(h plan.Held) bool { return h.User.ID == id })
}

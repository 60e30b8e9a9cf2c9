package sync

import (
	"context"
	"slices"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
)

// apply carries out the plan.
func (r *retirement) apply(ctx context.Context) (*apply.Outcome, error) {
	job := r.carrier.job()
	job.Ground, job.Confirm = r.ground(), r.confirm
	return r.carrier.carryWith(ctx, job, "retiring", r.carrier.carryAll)
}

// retireGround is what a retirement was decided from.
type retireGround struct {
	ground
	people map[plan.PersonID]*apply.Person
}

func (r *retirement) ground() retireGround {
	g := retireGround{ground{r.Base}, map[plan.PersonID]*apply.Person{}}
	for _, t := range r.list {
		if u := &t.Standing.User; u.ID != "" {
			e := t.Employee
			g.people[u.ID] = &apply.Person{Login: u.Login, Email: u.Email, Employee: &e, Read: t.read}
		}
	}
	return g
}

// Person tells what was read about a user who has left.
func (g retireGround) Person(id plan.PersonID) *apply.Person { return g.people[id] }

// confirm looks somebody up once more, on both sides, when what was read has grown old;
// the text says why the termination has to wait.
func (r *retirement) confirm(ctx context.Context, action *plan.Action) string {
	i := slices.IndexFunc(r.list, func(t *retiree) bool { return t.Employee.ID == action.Employee })
	if r.Since(r.list[i].read) <= apply.OldEvidence {
		return ""
	}
	const old = plan.HeldUnconfirmed + ": the evidence is more than a minute old, and "
	e, found, err := r.Target.Employee(ctx, action.Employee)
	switch {
	case err != nil:
		return old + "the look-up in TrackTik failed: " + err.Error()
	case !found:
		return old + "TrackTik does not show the employee any more"
	}
	standing, err := r.StandingReader.Classify(ctx, &e)
	switch {
	case err != nil:
		return old + "the look-up in Okta failed: " + err.Error()
	case standing.Class != plan.LeftOkta || standing.User.ID != action.User.ID:
		return old + "Okta says otherwise by now: " + standing.Why
	}
	return ""
}

// finish counts who is left alone: each of them was named, and is news. Who was ended is
// unmanaged no more.
func (r *retirement) finish(out *apply.Outcome) error {
	r.doc.Result.NewProblems += len(r.doc.Problems) + len(out.Troubles)
	ended := map[plan.EmployeeID]bool{}
	for i := range r.doc.Actions {
		former, found, err := r.Snapshot.FormerByEmployee(r.doc.Actions[i].Employee)
		if err != nil {
			return err
		}
		if found && former.Run == r.ID {
			ended[former.Link.Employee] = true
		}
	}
	census, err := r.store.Census()
	if err != nil || r.Meta.Unmanaged == nil || len(ended) == 0 {
		return err
	}
	if n := r.Meta.UnmanagedActive; n != nil {
		left := max(0, *n-len(ended))
		r.Meta.UnmanagedActive = &left
	}
	return r.census.keepCensus(census.Without(ended))
}

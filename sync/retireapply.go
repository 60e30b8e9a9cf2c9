package sync

import (
	"context"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
)

// apply carries out the plan.
func (r *retirement) apply(ctx context.Context) (*apply.Outcome, error) {
	job := r.carrier.job()
	job.Ground = r.ground()
	job.Confirm = func(ctx context.Context, a *plan.Action) string { return r.who.Confirm(ctx, a, apply.OldEvidence) }
	return r.carrier.carryWith(ctx, job, "retiring", r.carrier.carryAll)
}

// retireGround is what a retirement was decided from.
type retireGround struct {
	ground
	people map[plan.PersonID]*apply.Person
}

func (r *retirement) ground() retireGround {
	g := retireGround{ground{r.Base}, map[plan.PersonID]*apply.Person{}}
	for _, t := range r.who.List {
		if u := &t.Standing.User; u.ID != "" {
			e := t.Employee
			g.people[u.ID] = &apply.Person{Login: u.Login, Email: u.Email, Employee: &e, Read: t.Read}
		}
	}
	return g
}

// Person tells what was read about a user who has left.
func (g retireGround) Person(id plan.PersonID) *apply.Person { return g.people[id] }

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

// Package retire finds out which of the employees who were named have left Okta and are
// managed by nobody, and decides that they are terminated. It writes nothing to either system.
package retire

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A Named is one employee as somebody has named them.
type Named struct {
	// Text is an employee's id, or the Okta id, login or e-mail of the user they were.
	Text string
	Line int   // of a file; 0: of no file
	Err  error // why the line names nobody
	// Listed says that a comparison lists them, and that nobody has named them: who is
	// managed by now is passed over.
	Listed bool
}

// A Retiree is one employee who was named.
type Retiree struct {
	plan.Retiree
	named Named
	Read  time.Time // when TrackTik and Okta were asked about them
}

// A Retiring is what is found out about those who were named.
type Retiring struct {
	*read.Reading
	List     []*Retiree
	named    []Named
	nobodies []plan.Problem // names that stand for no employee
	again    sync.Once
	now      []plan.Standing // of List, by a second reading of the app's listing
	unread   error           // why that one failed
}

// New is about those who were named.
func New(r *read.Reading, named []Named) *Retiring { return &Retiring{Reading: r, named: named} }

// Read finds out who is meant, what TrackTik and Okta say of them, and what they hold.
func (r *Retiring) Read(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.Grants.FindOwn, r.readNamed, r.readStanding, r.readClaims,
		r.readRoles} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Decide says what is to be done about everybody.
func (r *Retiring) Decide() (actions []plan.Action, problems []plan.Problem) {
	problems = r.nobodies
	for _, t := range r.List {
		d := plan.Retire(&t.Retiree, &r.Pol)
		if t.Owner != "" && t.named.Listed {
			r.Warn(plan.Warning{Code: plan.WarningManaged,
				Message: fmt.Sprintf("employee %d is managed by now: a run terminates them when they leave", t.Employee.ID)})
			continue
		}
		for i := range d.Actions {
			if f := d.Actions[i].Extras().Retires; f != nil {
				f.Link.Since, f.Link.Run = r.AsOf, r.ID
			}
		}
		actions, problems = append(actions, d.Actions...), append(problems, d.Problems...)
		r.Warnings = append(r.Warnings, d.Warnings...)
	}
	return actions, problems
}

// Confirm looks somebody up once more, on both sides, when what was read is
// older than old; the text says why the termination has to wait. The app's listing is long, and
// read once more for all of them.
func (r *Retiring) Confirm(ctx context.Context, action *plan.Action, old time.Duration) string {
	i := slices.IndexFunc(r.List, func(t *Retiree) bool { return t.Employee.ID == action.Employee })
	if r.Since(r.List[i].Read) <= old {
		return ""
	}
	const grown = plan.HeldUnconfirmed + ": the evidence is more than a minute old, and "
	e, found, err := r.Target.Employee(ctx, action.Employee)
	switch {
	case err != nil:
		return grown + "the look-up in TrackTik failed: " + err.Error()
	case !found:
		return grown + "TrackTik does not show the employee any more"
	}
	standing, err := r.StandingReader.Classify(ctx, &e)
	switch {
	case err != nil:
		return grown + "the look-up in Okta failed: " + err.Error()
	case standing.Class != plan.LeftOkta || standing.User.ID != action.User.ID:
		return grown + "Okta says otherwise by now: " + standing.Why
	}
	r.again.Do(func() { r.now, r.unread = r.besideAll(ctx) })
	switch {
	case r.unread != nil:
		return grown + "Okta's listing of the app cannot be read: " + r.unread.Error()
	case r.now[i].Class != plan.LeftOkta:
		return grown + "Okta says otherwise by now: " + r.now[i].Why
	}
	return ""
}

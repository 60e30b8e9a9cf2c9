package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// lookForCreated finds an unowned employee who agrees in user name, e-mail, first and
// last name: after a create whose answer was lost, nobody else made one. The error is a
// notOurs where that one must not be taken over.
func (l looker) lookForCreated(ctx context.Context, in *plan.Intent) (settled, plan.Batch, error) {
	if in.Wanted == nil {
		return didNot, plan.Batch{}, nil
	}
	link, linked, err := l.Snapshot.Link(in.Action.User.ID)
	if err != nil || linked && link.Employee == in.Action.Employee { // an administrator has said that they are the one
		return happened, plan.Batch{}, err
	}
	e, found, err := l.findCreated(ctx, in)
	switch {
	case err != nil:
		return unsettled, plan.Batch{}, err
	case !found && in.Action.Employee != 0:
		return l.seenBefore(ctx, in.Action.Employee)
	case !found:
		return didNot, plan.Batch{}, l.mustShow(ctx, in.Wanted.RegionID)
	}
	batch, err := l.createdBatch(&in.Action, in.Wanted, &plan.Employee{ID: e.ID}, in.Run) // which no answer showed
	holds(&batch, in.Wanted, &e)
	if !e.Active() {
		batch.Links[0].ElsewhereStatus = e.Status
	}
	return happened, batch, err
}

// witnesses are how many employees of a region are asked for, one after the other.
const witnesses = 3

// mustShow fails where TrackTik does not show us any more whom we know in the region in which
// somebody was to be made: that nobody is found there says nothing then.
func (l looker) mustShow(ctx context.Context, region plan.RegionID) error {
	if region == 0 {
		return nil
	}
	asked := 0
	for link, err := range l.Snapshot.Links() {
		if err != nil {
			return err
		}
		if link.Place() != region || link.ElsewhereStatus != "" {
			continue
		}
		if _, found, err := l.Target.Employee(ctx, link.Employee); err != nil || found {
			return err
		}
		if asked++; asked == witnesses {
			break
		}
	}
	if asked == 0 {
		return nil
	}
	return fmt.Errorf("tracktik shows none of %d employees of region %d, in which they were to be made: give the account "+
		"that region back, or `link` says which employee is theirs", asked, region)
}

// seenBefore is about an employee who had all the names of a lost create in an earlier look-up,
// and was not taken over. Whatever somebody has made of them since, they may be of its making
// for as long as they are nobody else's.
func (l looker) seenBefore(ctx context.Context, id plan.EmployeeID) (settled, plan.Batch, error) {
	_, owned, err := l.Snapshot.LinkOfEmployee(id)
	if err != nil || owned {
		return didNot, plan.Batch{}, err
	}
	e, found, err := l.Target.Employee(ctx, id)
	if err == nil && found {
		err = &notOurs{id, "had all the names", "and was changed since (" + e.Status + ")", plan.ProblemProtectedMatch}
	}
	return unsettled, plan.Batch{}, err
}

// holds notes what an employee has instead of what was sent: a record that was found by a
// look-up may be somebody else's making. The next run looks at them, and sends the rest.
func holds(batch *plan.Batch, sent *plan.Wanted, e *plan.Employee) {
	for i := range batch.Links {
		link := &batch.Links[i]
		for _, f := range plan.RecordFields {
			if sent.Values[f] != "" && e.Has.Has(f) && !link.Keeps(f, e.Values[f]) {
				link.Pushed[f] = e.Values[f]
			}
		}
		if link.Pushed != sent.Values {
			batch.Prints = append(batch.Prints, plan.PersonPrint{Person: link.Person})
		}
	}
}

// findCreated is the one employee who may be of a lost create's making. Of several nobody can
// tell which one is: the names are entered by hand too.
func (l looker) findCreated(ctx context.Context, in *plan.Intent) (plan.Employee, bool, error) {
	want := &in.Wanted.Values
	var made, ended, others []plan.Employee
	for _, key := range []plan.Field{plan.Username, plan.Email} {
		list, err := l.Target.FindEmployees(ctx, key, want[key])
		if err != nil {
			return plan.Employee{}, false, err
		}
		for _, e := range list {
			_, owned, err := l.Snapshot.LinkOfEmployee(e.ID)
			if err != nil {
				return e, false, err
			}
			_, former, err := l.Snapshot.FormerByEmployee(e.ID)
			if err != nil {
				return e, false, err
			}
			switch gone := former || in.Taken; { // whoever is not active is known, or was there before
			case owned, slices.Contains(in.Before, e.ID), !e.Active() && gone:
			case e.Status == plan.StatusTerminated:
				if endedSince(&e, want) {
					ended = append(ended, e)
				}
			case agrees(&e, want, plan.RequiredFields[:]...):
				made = append(made, e)
			case e.Active() && agrees(&e, want, plan.Username, plan.Email):
				others = append(others, e)
			}
		}
	}
	if len(made)+len(others) == 0 {
		made = ended
	}
	slices.SortFunc(made, func(a, b plan.Employee) int { return cmp.Compare(a.ID, b.ID) })
	made = slices.CompactFunc(made, func(a, b plan.Employee) bool { return a.ID == b.ID }) // found by both names
	switch {
	case len(made) > 1:
		return made[0], false, &notOurs{made[0].ID, "has all the names",
			fmt.Sprintf("as employee %d has", made[1].ID), plan.ProblemAmbiguousMatch}
	case len(made) == 1:
		return made[0], true, l.mayBeOurs(ctx, &made[0], in)
	case len(others) > 0: // a portal may write names in its own way
		return others[0], false, &notOurs{others[0].ID, "has user name and e-mail", "but other first and last names",
			plan.ProblemAmbiguousMatch}
	}
	return plan.Employee{}, false, nil
}

// endedSince reports that a terminated employee may be one of our making whom somebody else has
// ended: a termination takes the user name.
func endedSince(e *plan.Employee, want *plan.Values) bool {
	if e.Values[plan.Username] == "" {
		return agrees(e, want, plan.FirstName, plan.LastName, plan.Email)
	}
	return agrees(e, want, plan.RequiredFields[:]...)
}

// agrees reports that an employee has the wanted values, as far as they are shown.
func agrees(e *plan.Employee, want *plan.Values, fields ...plan.Field) bool {
	for _, f := range fields {
		if e.Has.Has(f) && plan.FoldName(e.Values[f]) != plan.FoldName(want[f]) { // a portal may capitalise names
			return false
		}
	}
	return true
}

// A notOurs is an employee with names of a create whose answer was lost, who must not be
// taken over all the same.
type notOurs struct {
	employee plan.EmployeeID
	has      string // which of the names they have, or had
	why      string
	code     string // of the problem
}

func (e *notOurs) Error() string {
	return fmt.Sprintf("employee %d %s, %s, and is not taken over; `link` ties them", e.employee, e.has, e.why)
}

// mustNotBeOurs is about one with all the names.
func mustNotBeOurs(id plan.EmployeeID, why string) *notOurs {
	return &notOurs{id, "has all the names", why, plan.ProblemProtectedMatch}
}

// mayBeOurs asks about somebody with all the names of a lost create what is asked about
// every match: the error is a notOurs, or that of a look-up.
func (l looker) mayBeOurs(ctx context.Context, e *plan.Employee, in *plan.Intent) error {
	pol, err := l.Holders.Shield(ctx)
	if err != nil {
		return err
	}
	who := plan.Who{Person: &plan.Person{Login: in.Action.User.Login}, Wanted: in.Wanted, Employee: e}
	switch {
	case pol.Owns(who):
		return mustNotBeOurs(e.ID, "but is the integration's account")
	case pol.Protects(who):
		return mustNotBeOurs(e.ID, "but is named by sync.protected")
	}
	admin, err := l.holdsProtected(ctx, e.ID)
	if err == nil && admin {
		err = mustNotBeOurs(e.ID, "but holds a protected role")
	}
	return err
}

// holdsProtected reports whether an employee holds a protected role. The error is a
// notOurs where the portal cannot be asked; that of a look-up which failed in this run
// leaves the question open.
func (l looker) holdsProtected(ctx context.Context, id plan.EmployeeID) (bool, error) {
	held, doubt, err := l.Holders.RolesNow(ctx, id)
	switch {
	case err == nil && doubt != "":
		return false, mustNotBeOurs(id, "but whether they hold a protected role cannot be told ("+doubt+")")
	case err != nil || len(held) == 0:
		return false, err
	}
	roles, err := l.Target.Roles(ctx)
	return slices.ContainsFunc(roles, func(role plan.Role) bool {
		return plan.ProtectedRole(role, l.Policy) &&
			slices.ContainsFunc(held, func(u plan.UserRole) bool { return u.Role == role.ID })
	}), err
}

// conflict judges a create that was refused because somebody has the name. That is ours
// only after an earlier call of this very intent was lost; else whoever has the name was
// there before, and nobody is taken over by a refusal.
func (c *caller) conflict(ctx context.Context, action *plan.Action, intent *plan.Intent, want *plan.Wanted,
	done attempt) attempt {
	if intent.Lost == "" {
		done.outcome, done.code = plan.Failed, plan.ProblemNameInUse // also a 500 for a violated constraint
		done.message += c.whoHasTheName(ctx, want)
		return done
	}
	sent := *intent
	sent.Wanted = want
	state, batch, err := c.lookForCreated(ctx, &sent)
	var others *notOurs
	switch {
	case errors.As(err, &others):
		done.untold(others)
	case err != nil:
		done.taken, done.message = true, done.message+"; the look-up failed too: "+err.Error()
	case state == happened:
		c.learn(action, &batch)
		return attempt{outcome: plan.Done, batch: batch, attempts: done.attempts, warnings: done.warnings,
			message: "tracktik had the employee already: an earlier answer was lost"}
	default:
		done.taken = true
	}
	return done
}

// whoHasTheName says who stands in the way of a new employee, as far as they show.
func (c *caller) whoHasTheName(ctx context.Context, want *plan.Wanted) string {
	var texts []string
	for _, key := range []plan.Field{plan.Username, plan.Email, plan.CustomID} {
		if want.Values[key] == "" {
			continue
		}
		list, err := c.Target.FindEmployees(ctx, key, want.Values[key])
		if err != nil {
			return "; who has the name could not be looked up: " + err.Error()
		}
		for _, e := range list {
			texts = append(texts, fmt.Sprintf("the %s is that of employee %d (%s)", key, e.ID, e.Status))
		}
	}
	if texts == nil {
		return "; nobody with these names is to be found: change them in Okta, or ask TrackTik's support"
	}
	return "; " + strings.Join(texts, ", ") + "; `link` ties them if it is the same person"
}

// Package restore finds out what became of those whom a run terminated, and decides how they
// are brought back, with the roles they held. It writes nothing to either system.
package restore

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// Of says whom a restore brings back.
type Of struct {
	Run        string          // the run that terminated them
	Terminated []Terminated    // by that run, as the history has it
	Only       []plan.PersonID // only these of them; empty: all
	New        bool            // as new employees, instead of the former ones
}

// A Terminated is one termination of the history.
type Terminated struct {
	User     plan.UserRef
	Employee plan.EmployeeID
}

// What a restore warns about.
const (
	warnBack        = "already_back"
	warnNotRestored = "not_restored" // nothing is known any more, or another run is to be restored
	warnRoleGone    = "role_gone"
)

// A Restoring is what is found out about those who are brought back.
type Restoring struct {
	*read.Reading
	Of   Of
	Back []*Back
	held []plan.Held // before anything was read
}

// A Back is one person who is to be brought back, and how far they are.
type Back struct {
	User     plan.UserRef
	Former   plan.Former
	Link     *plan.Link // an earlier restore brought them back, and may not have ended
	Employee *plan.Employee
	Held     []plan.UserRole // of the employee, in TrackTik
	Doubt    string          // why it cannot be told whether they hold more; empty: they do not
	Other    *plan.Employee  // another one who is active, and has their username or e-mail
	Missing  []plan.Grant    // of the former roles, what they do not hold
	Kept     []plan.Grant    // and what they do
	Want     plan.Wanted
}

// Read finds out what became of everybody.
func (r *Restoring) Read(ctx context.Context) error {
	for _, t := range r.Of.Terminated {
		if len(r.Of.Only) > 0 && !slices.Contains(r.Of.Only, t.User.ID) {
			continue
		}
		if err := r.consider(t); err != nil {
			return err
		}
	}
	if len(r.Back) == 0 {
		return nil
	}
	if err := r.PortalReader.ReadPortalRoles(ctx); err != nil {
		return err
	}
	if err := r.readBack(ctx); err != nil {
		return err
	}
	return r.Grants.FindOwn(ctx)
}

// consider takes in one termination, unless its person is back already.
func (r *Restoring) consider(t Terminated) error {
	link, linked, err := r.Snapshot.Link(t.User.ID)
	if err != nil {
		return err
	}
	former, known, err := r.Snapshot.FormerByEmployee(t.Employee)
	if err != nil {
		return err
	}
	skip := func(code, text string, args ...any) {
		r.Warn(plan.Warning{Code: code, User: t.User, Message: fmt.Sprintf(text, args...)})
	}
	switch {
	case r.Pending[t.User.ID] != "":
		r.held = append(r.held, plan.Held{Action: plan.Action{Kind: plan.Reactivate, User: t.User, Employee: t.Employee},
			Why: plan.HeldPending + ": " + r.Pending[t.User.ID]})
	case linked && !(link.Restored && known):
		skip(warnBack, "is back already, as employee %d", link.Employee)
	case !known:
		skip(warnNotRestored, "employee %d is not on record as a former one any more: `link` ties them when they are "+
			"active in TrackTik", t.Employee)
	case former.Elsewhere:
		r.notRestored(t.User, t.Employee)
	case former.Run != r.Of.Run:
		skip(warnNotRestored, "employee %d was terminated again, by run %s: restore that one", t.Employee, former.Run)
	case linked:
		r.Back = append(r.Back, &Back{User: t.User, Former: former, Link: &link})
	default:
		r.Back = append(r.Back, &Back{User: t.User, Former: former})
	}
	return nil
}

// ID is the employee about whom there is something to read.
func (c *Back) ID() plan.EmployeeID {
	if c.Link != nil {
		return c.Link.Employee
	}
	return c.Former.Link.Employee
}

// readBack reads the employees and their grants: one by one, or many in one listing.
func (r *Restoring) readBack(ctx context.Context) error {
	r.Phase("reading the terminated", len(r.Back))
	if len(r.Back) > read.ManyNew {
		return r.readBackListed(ctx)
	}
	pool, poolCtx := errgroup.WithContext(ctx)
	pool.SetLimit(read.Lookers)
	for _, c := range r.Back {
		pool.Go(func() error {
			defer r.Advance(1)
			e, found, err := r.Target.Employee(poolCtx, c.ID())
			if found {
				c.Employee = &e
			}
			if err != nil {
				return err
			}
			return r.findOther(poolCtx, c)
		})
	}
	if err := pool.Wait(); err != nil {
		return err
	}
	return r.readHeld(ctx)
}

// backKeys are what tells that somebody is active as another employee.
var backKeys = []plan.Field{plan.Username, plan.Email}

// findOther looks for an active employee who has the person's username or e-mail by now:
// somebody has made them anew.
func (r *Restoring) findOther(ctx context.Context, c *Back) error {
	for _, f := range backKeys {
		name := c.Former.Link.Pushed[f]
		if name == "" {
			continue
		}
		found, err := r.Target.FindEmployees(ctx, f, name)
		if err != nil {
			return err
		}
		for i := range found {
			c.meet(&found[i])
		}
	}
	return nil
}

// meet notes an employee with the person's username or e-mail.
func (c *Back) meet(e *plan.Employee) {
	if e.Active() && e.ID != c.ID() && e.ID != c.Former.Link.Employee {
		c.Other = e
	}
}

func (r *Restoring) readBackListed(ctx context.Context) error {
	byID := make(map[plan.EmployeeID]*Back, len(r.Back))
	for _, c := range r.Back {
		byID[c.ID()] = c
	}
	byName := map[plan.Field]map[string][]*Back{}
	for _, f := range backKeys {
		byName[f] = map[string][]*Back{}
		for _, c := range r.Back {
			if name := plan.FoldName(c.Former.Link.Pushed[f]); name != "" {
				byName[f][name] = append(byName[f][name], c)
			}
		}
	}
	_, err := r.Target.Employees(ctx, func(page []plan.Employee) error {
		for i := range page {
			if c := byID[page[i].ID]; c != nil {
				c.Employee = &page[i]
				r.Advance(1)
			}
			for _, f := range backKeys {
				for _, c := range byName[f][plan.FoldName(page[i].Values[f])] {
					c.meet(&page[i])
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range r.Back { // the listing is not believed about who is missing
		if c.Employee != nil {
			continue
		}
		e, found, err := r.Target.Employee(ctx, c.ID())
		if err != nil {
			return err
		}
		if found {
			c.Employee = &e
		}
	}
	return r.readHeld(ctx)
}

// Package compare says who agrees with whom when both sides are read whole, and what runs
// that only observed came to.
package compare

import (
	"context"
	"slices"

	"tracktik-sync/sync/ask"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// Compare reads both sides whole and says who agrees with whom. It writes nothing, and
// an empty snapshot will do: who is linked there is one person, and everybody else is
// matched as a run would. Of runs that observe it says what they came to: seen is what
// the history and the last plan have of them.
func Compare(ctx context.Context, sides *read.Sides, seen Observed) (*plan.Comparison, error) {
	r, err := read.NewReading(sides, read.Scope{}, "")
	if err != nil {
		return nil, err
	}
	r.Refresh = true // members are read, whatever is remembered of them
	c := &comparing{Asker: ask.New(r), employees: map[plan.EmployeeID]*plan.Employee{},
		byKey:   map[plan.Field]map[string][]plan.EmployeeID{},
		claimed: map[plan.EmployeeID]*read.Subject{}, rivals: map[plan.EmployeeID][]plan.PersonID{},
		doubted: map[plan.EmployeeID]bool{}, gone: map[plan.EmployeeID]*read.Subject{},
		out: &plan.Comparison{Created: r.AsOf, Okta: plan.OktaID{Org: sides.Binding.Org, App: sides.Binding.App},
			TrackTik: plan.TrackTikID{Portal: sides.Binding.Portal}}}
	for _, step := range []func(context.Context) error{c.begin, r.GroupReader.ReadGroups, c.readUsers, c.readEmployees,
		c.readRoles} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if err := c.compare(); err != nil {
		return nil, err
	}
	if err := c.tellApart(ctx); err != nil {
		return nil, err
	}
	if err := c.observe(seen); err != nil {
		return nil, err
	}
	c.out.Warnings = r.Warnings
	c.out.Seal()
	return c.out, nil
}

// A comparing is the work of Compare.
type comparing struct {
	*ask.Asker
	employees map[plan.EmployeeID]*plan.Employee
	byKey     map[plan.Field]map[string][]plan.EmployeeID // of Policy.Match, folded
	claimed   map[plan.EmployeeID]*read.Subject           // who stands behind an employee in Okta
	gone      map[plan.EmployeeID]*read.Subject           // who did, and is not to have one any more
	rivals    map[plan.EmployeeID][]plan.PersonID         // new people whose keys find one employee
	doubted   map[plan.EmployeeID]bool                    // somebody in Okta may stand behind them
	// whom external ids name, of people who are not managed; none: they are not believed
	ties      plan.Ties
	holders   map[plan.RoleID][]plan.EmployeeID // of the pushed groups' roles
	newGrants []plan.UserRole                   // of these roles, made while observing
	unmanaged []int                             // places in out.OnlyTrackTik
	out       *plan.Comparison
}

func (c *comparing) begin(ctx context.Context) error {
	if err := c.Quarantined(); err != nil {
		return err
	}
	if err := c.Meet(ctx); err != nil {
		return err
	}
	c.out.Created = c.AsOf
	if err := c.CheckApp(); err != nil {
		return err
	}
	return c.Grants.FindOwn(ctx)
}

// readUsers reads and maps everybody in Okta's listing.
func (c *comparing) readUsers(ctx context.Context) error {
	c.Phase("reading okta users", 0)
	return c.Source.Assignments(ctx, func(page []plan.Entry) error {
		for i := range page {
			if c.People.Subjects[page[i].ID] != nil {
				continue // it came with two pages
			}
			p, err := page[i].Decode()
			if err != nil {
				c.Log.WithField("person", page[i].ID).WithError(err).Warn("an entry of okta's listing cannot be read")
				p = plan.Person{ID: page[i].ID}
			}
			c.out.Users++
			if err := c.PeopleReader.TakeIn(p, plan.EvidenceListing); err != nil {
				return err
			}
			if s := c.People.Subjects[p.ID]; !s.InScope() { // they may have an employee
				s.Person.Profiles(p.User, p.App)
				c.PeopleReader.MapAnyway(s)
				s.Person.Profiles(nil, nil)
			}
		}
		c.Advance(len(page))
		return nil
	})
}

func (c *comparing) readEmployees(ctx context.Context) error {
	for _, f := range c.Pol.Match {
		c.byKey[f] = map[string][]plan.EmployeeID{}
	}
	c.Phase("reading tracktik employees", c.Meta.PortalEmployees)
	total, err := c.Target.Employees(ctx, func(page []plan.Employee) error {
		for i := range page {
			e := &page[i]
			c.employees[e.ID] = e
			for f, index := range c.byKey {
				if name := plan.FoldName(e.Values[f]); name != "" {
					index[name] = append(index[name], e.ID)
				}
			}
		}
		c.Advance(len(page))
		return nil
	})
	c.out.Employees = total
	if err != nil {
		return err
	}
	return c.RegionReader.ReadRegions(ctx)
}

// readRoles reads who holds the roles of the pushed groups.
func (c *comparing) readRoles(ctx context.Context) error {
	if err := c.PortalReader.ReadPortalRoles(ctx); err != nil {
		return err
	}
	if err := c.DecideGroups(ctx); err != nil {
		return err
	}
	c.holders = map[plan.RoleID][]plan.EmployeeID{}
	for _, g := range c.Pushed {
		if g.Role != nil && g.Role.ID != 0 && !g.Failed {
			c.holders[g.Role.ID] = nil
		}
	}
	if len(c.holders) == 0 {
		return nil
	}
	c.Phase("reading tracktik roles", 0)
	own, err := c.Grants.Own(ctx)
	if err != nil {
		return err
	}
	shown := false
	err = c.Target.UserRoles(ctx, func(page []plan.UserRole) error {
		for _, u := range page {
			shown = shown || u.Employee == own
			if list, pushed := c.holders[u.Role]; pushed {
				c.holders[u.Role] = append(list, u.Employee)
				if o := c.Meta.Observing; o != nil && u.ID > o.Grant {
					c.newGrants = append(c.newGrants, u)
				}
			}
		}
		c.Advance(len(page))
		return nil
	})
	if err != nil {
		return err
	}
	return c.confirmHolders(ctx, shown)
}

// confirmHolders reads by their ids the grants of ours that the list lacks. own says that
// the list shows those of the employee whose credentials are used.
func (c *comparing) confirmHolders(ctx context.Context, own bool) error {
	var missing []plan.Grant
	for g, err := range c.Snapshot.Grants() {
		if err != nil {
			return err
		}
		holders, pushed := c.holders[g.Role]
		if e := c.employees[g.Employee]; pushed && e != nil && e.Active() && !slices.Contains(holders, g.Employee) {
			missing = append(missing, g)
		}
	}
	return c.GrantReader.ConfirmGrants(ctx, missing, own)
}

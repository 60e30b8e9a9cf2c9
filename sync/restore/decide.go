package restore

import (
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// Decide says what is to be done about everybody.
func (r *Restoring) Decide() (actions []plan.Action, held []plan.Held, problems []plan.Problem, err error) {
	held = r.held
	for _, c := range r.Back {
		var d plan.Decision
		c.fill()
		r.splitRoles(c)
		owner, taken, err := r.nameTaken(c)
		if err != nil {
			return nil, nil, nil, err
		}
		switch {
		case taken == "" && c.Other != nil:
			r.Warn(plan.Warning{Code: warnBack, User: c.User,
				Message: fmt.Sprintf("is back already, or somebody has their name: employee %d is active in TrackTik "+
					"with the username or e-mail of employee %d; `link` ties them", c.Other.ID, c.Former.Link.Employee)})
		case taken != "":
			d.Problems = append(d.Problems, plan.Problem{User: c.User, Code: plan.ProblemNameInUse,
				Message: fmt.Sprintf("the %s of employee %d is that of user %s by now", taken, c.Former.Link.Employee, owner)})
		case c.Link != nil:
			r.complete(c, &d)
		default:
			r.bringBack(c, &d)
		}
		if len(d.Actions) > 0 {
			s := &read.Subject{Person: read.Self{ID: c.User.ID, Login: c.User.Login}}
			s.With(func(x *read.Extra) { x.Former, x.Kept = &c.Former, c.Kept })
			r.People.Enter(s)
		}
		actions, held, problems = append(actions, d.Actions...), append(held, d.Held...), append(problems, d.Problems...)
	}
	return actions, held, problems, nil
}

// fill works out what the employee is to hold: what was last pushed.
func (c *Back) fill() {
	link := &c.Former.Link
	c.Want = plan.Wanted{Values: link.Pushed, RegionID: link.PushedRegion, Email: link.Email, Group: link.AssignedBy}
	for _, f := range plan.RecordFields {
		if link.Pushed[f] == "" {
			c.Want.Keep = c.Want.Keep.With(f)
		}
	}
}

// FillNew adds what a new employee needs, and what was never pushed.
func (c *Back) FillNew() {
	if c.Employee == nil {
		return
	}
	for _, f := range plan.RecordFields {
		if c.Want.Values[f] == "" && c.Employee.Has.Has(f) && f != plan.CustomID {
			c.Want.Values[f] = c.Employee.Values[f]
		}
	}
	if c.Want.RegionID == 0 {
		c.Want.RegionID = c.Employee.Region
	}
}

// splitRoles tells the roles that they still hold from those that are to be granted
// again. Some portals end roles with the employment.
func (r *Restoring) splitRoles(c *Back) {
	for _, g := range c.Former.Roles {
		if !slices.ContainsFunc(r.Portal.Roles, func(role plan.Role) bool { return role.ID == g.Role }) {
			r.Warn(plan.Warning{Code: warnRoleGone, User: c.User,
				Message: fmt.Sprintf("role %d, which they held, is not in the portal any more", g.Role)})
			continue
		}
		g.Person, g.Employee = c.User.ID, c.ID()
		if i := slices.IndexFunc(c.Held, func(u plan.UserRole) bool { return u.Role == g.Role }); i >= 0 &&
			!(c.Link == nil && r.Of.New) {
			g.ID = c.Held[i].ID
			c.Kept = append(c.Kept, g)
			continue
		}
		c.Missing = append(c.Missing, g)
	}
	if c.Kept == nil {
		c.Kept = []plan.Grant{}
	}
}

// nameTaken looks whether somebody else has the username or the e-mail by now.
func (r *Restoring) nameTaken(c *Back) (plan.PersonID, string, error) {
	for _, name := range []struct {
		field plan.Field
		words string
		ask   func(string) ([]plan.PersonID, error)
	}{{plan.Username, "username", r.Snapshot.OwnersOfUsername}, {plan.Email, "e-mail", r.Snapshot.OwnersOfEmail}} {
		value := c.Former.Link.Pushed[name.field]
		if value == "" {
			continue
		}
		owners, err := name.ask(plan.FoldName(value))
		if err != nil {
			return "", "", err
		}
		for _, id := range owners {
			link, _, err := r.Snapshot.Link(id)
			if err != nil {
				return "", "", err
			}
			if id != c.User.ID && !plan.FreesNames(link.ElsewhereStatus) {
				return id, name.words, nil
			}
		}
	}
	return "", "", nil
}

// Reason is why what was taken is given again.
func (c *Back) Reason() string {
	return fmt.Sprintf("restored; was terminated by run %s", c.Former.Run)
}

// notRestored is about somebody whom we did not end, or not last.
func (r *Restoring) notRestored(user plan.UserRef, id plan.EmployeeID) {
	r.Warn(plan.Warning{Code: warnNotRestored, User: user,
		Message: fmt.Sprintf("employee %d was terminated in TrackTik by somebody else, who has to bring them back: `link` "+
			"ties them when they are active there", id)})
}

// bringBack makes somebody active again.
func (r *Restoring) bringBack(c *Back, d *plan.Decision) {
	id := c.Former.Link.Employee
	a := plan.Action{Kind: plan.Reactivate, User: c.User, Employee: id, Extra: &plan.Extra{Former: id}, Restores: true,
		Reason: c.Reason()}
	other := c.Employee != nil && !plan.SamePerson(&c.Former.Link.Pushed, c.Employee)
	switch {
	case r.Pol.Owns(plan.Who{Link: &c.Former.Link, Employee: c.Employee}):
		d.Problems = append(d.Problems, plan.Problem{User: c.User, Code: plan.ProblemProtectedMatch,
			Message: fmt.Sprintf("employee %d is the integration's account", id)})
		return
	case other && !r.Of.New:
		r.Warn(plan.Warning{Code: warnNotRestored, User: c.User,
			Message: fmt.Sprintf("employee %d is somebody else by now, and is not brought back; --as new makes another employee",
				id)})
		return
	case other:
		c.Employee, c.Held = nil, nil // what they hold is not this person's
	case c.Employee != nil && c.Employee.Active():
		r.Warn(plan.Warning{Code: warnBack, User: c.User,
			Message: fmt.Sprintf("is back already: employee %d is active in TrackTik; the next run adopts them, or `link` does",
				id)})
		return
	case !c.Former.EndedByUs(c.Employee):
		r.notRestored(c.User, id)
		return
	case c.Employee != nil && c.Employee.Status == plan.StatusBanned:
		d.Problems = append(d.Problems, plan.Problem{User: c.User, Code: plan.ProblemInactiveMatch,
			Message: fmt.Sprintf("employee %d was banned in TrackTik since, and is not brought back: lift the ban there", id)})
		return
	case c.Employee == nil && !r.Of.New:
		d.Problems = append(d.Problems, plan.Problem{User: c.User, Code: plan.ProblemNotEffective,
			Message: fmt.Sprintf("tracktik does not show employee %d to the program any more; the account may have lost "+
				"their region: give it back, or make a new employee with `restore --as new`", id)})
		return
	}
	if r.Of.New {
		a.Kind, a.Employee = plan.Create, 0
		c.FillNew()
		c.Missing, c.Kept = append(c.Missing, c.Kept...), []plan.Grant{}
	}
	a.Want = &c.Want
	if !r.Pol.CreateUsers {
		d.Held = append(d.Held, plan.Held{Action: a, Why: plan.HeldSwitchedOff + ": sync.create_users is off"})
		return
	}
	d.Actions = append(d.Actions, a)
	r.GrantMissing(c, a.Employee, d)
}

// complete ends what an earlier restore began.
func (r *Restoring) complete(c *Back, d *plan.Decision) {
	if e := c.Employee; e != nil && c.Link.Employee == c.Former.Link.Employee {
		full := *c.Link
		full.Pushed = c.Want.Values
		if _, drift := plan.Differences(&full, &c.Want, e, &r.Pol); len(drift) > 0 {
			d.Actions = append(d.Actions, plan.Action{Kind: plan.Update, User: c.User, Employee: e.ID, Changes: drift,
				Want:   &c.Want,
				Reason: c.Reason() + ", and not all of it was set again"})
		}
	}
	r.GrantMissing(c, c.Link.Employee, d)
	if len(d.Actions)+len(d.Held) == 0 {
		r.Warn(plan.Warning{Code: warnBack, User: c.User, Message: fmt.Sprintf("is back already, as employee %d",
			c.Link.Employee)})
	}
}

// GrantMissing grants again what they do not hold any more.
func (r *Restoring) GrantMissing(c *Back, id plan.EmployeeID, d *plan.Decision) {
	for _, g := range c.Missing {
		i := slices.IndexFunc(r.Portal.Roles, func(role plan.Role) bool { return role.ID == g.Role })
		role := r.Portal.Roles[i]
		a := plan.Action{Kind: plan.GrantRole, User: c.User, Employee: id, Role: &plan.RoleRef{ID: role.ID, Name: role.Name,
			Group: g.Group},
			Reason: "held it when run " + c.Former.Run + " terminated them"}
		switch {
		case !r.Pol.GrantRoles:
			d.Held = append(d.Held, plan.Held{Action: a, Why: plan.HeldSwitchedOff + ": sync.grant_roles is off"})
		case c.Doubt != "" && id != 0:
			d.Held = append(d.Held, plan.Held{Action: a, Why: plan.UnsureOf(c.Doubt)})
		case plan.ProtectedRole(role, &r.Pol) && !r.mappedRole(g.Group):
			d.Held = append(d.Held, plan.Held{Action: a, Why: r.Pol.KeepsRole(role)})
		default:
			d.Actions = append(d.Actions, a)
		}
	}
}

// mappedRole reports a group whose role the configuration names.
func (r *Restoring) mappedRole(id plan.GroupID) bool {
	link, found, err := r.Snapshot.Group(id)
	return err == nil && found && link.How == plan.HowMapped
}

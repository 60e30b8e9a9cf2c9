package sync

import (
	"fmt"
	"slices"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// decisions are what is to be done about everybody.
func (r *restore) decisions() (actions []plan.Action, held []plan.Held, problems []plan.Problem, err error) {
	held = r.doc.Held
	for _, c := range r.back {
		var d plan.Decision
		c.fill()
		r.splitRoles(c)
		owner, taken, err := r.nameTaken(c)
		if err != nil {
			return nil, nil, nil, err
		}
		switch {
		case taken == "" && c.other != nil:
			r.Warn(plan.Warning{Code: warnBack, User: c.user, Message: fmt.Sprintf("is back already, or somebody has their name: employee %d is active in TrackTik "+
				"with the username or e-mail of employee %d; `link` ties them", c.other.ID, c.former.Link.Employee)})
		case taken != "":
			d.Problems = append(d.Problems, plan.Problem{User: c.user, Code: plan.ProblemNameInUse,
				Message: fmt.Sprintf("the %s of employee %d is that of user %s by now", taken, c.former.Link.Employee, owner)})
		case c.link != nil:
			r.complete(c, &d)
		default:
			r.bringBack(c, &d)
		}
		if len(d.Actions) > 0 {
			s := &read.Subject{Person: read.Self{ID: c.user.ID, Login: c.user.Login}, Former: &c.former, Kept: c.kept}
			r.People.Subjects[c.user.ID] = s
		}
		actions, held, problems = append(actions, d.Actions...), append(held, d.Held...), append(problems, d.Problems...)
	}
	return actions, held, problems, nil
}

// fill works out what the employee is to hold: what was last pushed.
func (c *comeback) fill() {
	link := &c.former.Link
	c.want = plan.Wanted{Values: link.Pushed, RegionID: link.PushedRegion, Email: link.Email, Group: link.AssignedBy}
	for _, f := range plan.RecordFields {
		if link.Pushed[f] == "" {
			c.want.Keep = c.want.Keep.With(f)
		}
	}
}

// fillNew adds what a new employee needs, and what was never pushed.
func (c *comeback) fillNew() {
	if c.employee == nil {
		return
	}
	for _, f := range plan.RecordFields {
		if c.want.Values[f] == "" && c.employee.Has.Has(f) && f != plan.CustomID {
			c.want.Values[f] = c.employee.Values[f]
		}
	}
	if c.want.RegionID == 0 {
		c.want.RegionID = c.employee.Region
	}
}

// splitRoles tells the roles that they still hold from those that are to be granted
// again. Some portals end roles with the employment.
func (r *restore) splitRoles(c *comeback) {
	for _, g := range c.former.Roles {
		if !slices.ContainsFunc(r.Portal.Roles, func(role plan.Role) bool { return role.ID == g.Role }) {
			r.Warn(plan.Warning{Code: warnRoleGone, User: c.user, Message: fmt.Sprintf("role %d, which they held, is not in the portal any more", g.Role)})
			continue
		}
		g.Person, g.Employee = c.user.ID, c.id()
		if i := slices.IndexFunc(c.held, func(u plan.UserRole) bool { return u.Role == g.Role }); i >= 0 && !(c.link == nil && r.of.New) {
			g.ID = c.held[i].ID
			c.kept = append(c.kept, g)
			continue
		}
		c.missing = append(c.missing, g)
	}
	if c.kept == nil {
		c.kept = []plan.Grant{}
	}
}

// nameTaken looks whether somebody else has the username or the e-mail by now.
func (r *restore) nameTaken(c *comeback) (plan.PersonID, string, error) {
	for _, name := range []struct {
		field plan.Field
		words string
		ask   func(string) ([]plan.PersonID, error)
	}{{plan.Username, "username", r.Snapshot.OwnersOfUsername}, {plan.Email, "e-mail", r.Snapshot.OwnersOfEmail}} {
		value := c.former.Link.Pushed[name.field]
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
			if id != c.user.ID && !plan.FreesNames(link.ElsewhereStatus) {
				return id, name.words, nil
			}
		}
	}
	return "", "", nil
}

func (r *restore) reason(c *comeback) string {
	return fmt.Sprintf("restored; was terminated by run %s", c.former.Run)
}

// bringBack makes somebody active again.
func (r *restore) bringBack(c *comeback, d *plan.Decision) {
	id := c.former.Link.Employee
	a := plan.Action{Kind: plan.Reactivate, User: c.user, Employee: id, Extra: &plan.Extra{Former: id}, Restores: true, Reason: r.reason(c)}
	other := c.employee != nil && !plan.SamePerson(&c.former.Link.Pushed, c.employee)
	switch {
	case r.Pol.Owns(plan.Who{Link: &c.former.Link, Employee: c.employee}):
		d.Problems = append(d.Problems, plan.Problem{User: c.user, Code: plan.ProblemProtectedMatch, Message: fmt.Sprintf("employee %d is the integration's account", id)})
		return
	case other && !r.of.New:
		r.Warn(plan.Warning{Code: warnNotRestored, User: c.user, Message: fmt.Sprintf("employee %d is somebody else by now, and is not brought back; --as new makes another employee", id)})
		return
	case other:
		c.employee, c.held = nil, nil // what they hold is not this person's
	case c.employee != nil && c.employee.Active():
		r.Warn(plan.Warning{Code: warnBack, User: c.user, Message: fmt.Sprintf("is back already: employee %d is active in TrackTik; the next run adopts them, or `link` does", id)})
		return
	case c.employee != nil && c.employee.Status == "BANNED":
		d.Problems = append(d.Problems, plan.Problem{User: c.user, Code: plan.ProblemInactiveMatch,
			Message: fmt.Sprintf("employee %d was banned in TrackTik since, and is not brought back: lift the ban there", id)})
		return
	case c.employee == nil && !r.of.New:
		d.Problems = append(d.Problems, plan.Problem{User: c.user, Code: plan.ProblemNotEffective,
			Message: fmt.Sprintf("tracktik does not show employee %d to the program any more; the account may have lost their region: give it back, or make a new employee with `restore --as new`", id)})
		return
	}
	if r.of.New {
		a.Kind, a.Employee = plan.Create, 0
		c.fillNew()
		c.missing, c.kept = append(c.missing, c.kept...), []plan.Grant{}
	}
	a.Want = &c.want
	if !r.Pol.CreateUsers {
		d.Held = append(d.Held, plan.Held{Action: a, Why: plan.HeldSwitchedOff + ": sync.create_users is off"})
		return
	}
	d.Actions = append(d.Actions, a)
	r.grantMissing(c, a.Employee, d)
}

func (r *restore) warnAnew(c *comeback, why string) {
	r.Warn(plan.Warning{Code: warnAnew, User: c.user, Message: why + ": a new employee is made instead"})
}

// complete ends what an earlier restore began.
func (r *restore) complete(c *comeback, d *plan.Decision) {
	if e := c.employee; e != nil && c.link.Employee == c.former.Link.Employee {
		full := *c.link
		full.Pushed = c.want.Values
		if _, drift := plan.Differences(&full, &c.want, e, &r.Pol); len(drift) > 0 {
			d.Actions = append(d.Actions, plan.Action{Kind: plan.Update, User: c.user, Employee: e.ID, Changes: drift, Want: &c.want,
				Reason: r.reason(c) + ", and not all of it was set again"})
		}
	}
	r.grantMissing(c, c.link.Employee, d)
	if len(d.Actions)+len(d.Held) == 0 {
		r.Warn(plan.Warning{Code: warnBack, User: c.user, Message: fmt.Sprintf("is back already, as employee %d", c.link.Employee)})
	}
}

// grantMissing grants again what they do not hold any more.
func (r *restore) grantMissing(c *comeback, id plan.EmployeeID, d *plan.Decision) {
	for _, g := range c.missing {
		i := slices.IndexFunc(r.Portal.Roles, func(role plan.Role) bool { return role.ID == g.Role })
		role := r.Portal.Roles[i]
		a := plan.Action{Kind: plan.GrantRole, User: c.user, Employee: id, Role: &plan.RoleRef{ID: role.ID, Name: role.Name, Group: g.Group},
			Reason: "held it when run " + c.former.Run + " terminated them"}
		switch {
		case !r.Pol.GrantRoles:
			d.Held = append(d.Held, plan.Held{Action: a, Why: plan.HeldSwitchedOff + ": sync.grant_roles is off"})
		case c.doubt != "" && id != 0:
			d.Held = append(d.Held, plan.Held{Action: a, Why: decide.UnsureOf(c.doubt)})
		case plan.ProtectedRole(role, &r.Pol) && !r.mappedRole(g.Group):
			d.Held = append(d.Held, plan.Held{Action: a, Why: plan.HeldProtectedRole + ": sync.roles.protected names the role"})
		default:
			d.Actions = append(d.Actions, a)
		}
	}
}

// mappedRole reports a group whose role the configuration names.
func (r *restore) mappedRole(id plan.GroupID) bool {
	link, found, err := r.Snapshot.Group(id)
	return err == nil && found && link.How == plan.HowMapped
}

package chaos

import (
	"fmt"

	"tracktik-sync/tracktik/tracktiktest"
)

// byHand is what dispatchers and administrators do at the portal's own pages.
func (l *Life) byHand() {
	switch l.rng.IntN(16) {
	case 0:
		l.enterSomebodyToCome()
	case 1, 2:
		l.grantSomething()
	case 3, 4:
		if g, found := pick(l.rng, l.portal.Grants()); found && g.Employee != tracktiktest.IntegrationEmployee {
			l.must(l.portal.Revoke(g.Employee, g.Role))
			l.say("by hand: role %d is taken from employee %d", g.Role, g.Employee)
		}
	case 5:
		l.roleByHand()
	default:
		if e, found := l.employee(); found {
			l.editByHand(e)
		}
	}
}

// meddle lets a dispatcher do something to somebody about whom a command may have made a call
// whose answer was lost: whom it made or brought back, or who is to leave.
func (l *Life) meddle(s *step) {
	if len(s.lost) == 0 && s.result.Code >= 0 || !l.often(ByHand, 6) {
		return
	}
	e, found := chosen(l.rng, l.portal.Employees(), func(e tracktiktest.Employee) bool {
		known, p := l.judge.employees[e.ID], l.judge.of(s, e.ID)
		return known != nil && e.ID != tracktiktest.IntegrationEmployee && (known.open || p != nil && verdictOn(p, s.cfg) == leave)
	})
	if !found {
		return
	}
	l.Hands++
	switch {
	case e.Status == tracktiktest.Active && l.rng.IntN(4) > 0:
		l.must(l.portal.TerminateEmployee(e.ID))
		l.say("by hand: employee %d, whose call was lost, is terminated", e.ID)
	case e.Status == tracktiktest.Active:
		l.must(l.portal.BanEmployee(e.ID))
		l.say("by hand: employee %d, whose call was lost, is banned", e.ID)
	case e.Status == tracktiktest.Terminated && l.rng.IntN(4) == 0:
		l.must(l.portal.ReactivateEmployee(e.ID))
		l.say("by hand: employee %d, whose call was lost, is reactivated", e.ID)
	}
}

// must is for what cannot fail: a life that is wrong about the portal proves nothing.
func (l *Life) must(err error) {
	if err != nil {
		panic(err)
	}
}

// employee is any but the integration's own, in any status.
func (l *Life) employee() (tracktiktest.Employee, bool) {
	return chosen(l.rng, l.portal.Employees(), func(e tracktiktest.Employee) bool {
		return e.ID != tracktiktest.IntegrationEmployee && (e.Status != tracktiktest.Terminated || l.rng.IntN(4) == 0)
	})
}

// editByHand changes an employee.
func (l *Life) editByHand(e tracktiktest.Employee) {
	update := func(what string, change func(*tracktiktest.Employee)) {
		l.must(l.portal.UpdateEmployee(e.ID, change))
		l.say("by hand: employee %d gets %s", e.ID, what)
	}
	switch draw := l.rng.IntN(12); {
	case draw < 3 && e.Status == tracktiktest.Terminated:
		l.must(l.portal.ReactivateEmployee(e.ID))
		l.say("by hand: employee %d is reactivated", e.ID)
	case draw < 2:
		l.must(l.portal.TerminateEmployee(e.ID))
		l.say("by hand: employee %d is terminated", e.ID)
	case draw == 2:
		l.must(l.portal.BanEmployee(e.ID))
		l.say("by hand: employee %d is banned", e.ID)
	case draw == 3 && e.Status == tracktiktest.Active:
		l.must(l.portal.DeactivateEmployee(e.ID))
		l.say("by hand: employee %d is deactivated", e.ID)
	case draw == 3 && e.Status == tracktiktest.Inactive, draw == 3 && e.Status == tracktiktest.Banned:
		update("the status ACTIVE", func(e *tracktiktest.Employee) { e.Status = tracktiktest.Active })
	case draw < 6:
		l.must(l.portal.MoveEmployee(e.ID, 1+l.rng.Int64N(4)))
		l.say("by hand: employee %d is moved", e.ID)
	case draw == 6:
		mail := fmt.Sprintf("boss%d@acme.example", l.number())
		update("the e-mail "+mail, func(e *tracktiktest.Employee) { e.Email = mail })
	case draw == 7:
		last := fmt.Sprintf("Married-%d", l.number())
		update("the last name "+last, func(e *tracktiktest.Employee) { e.LastName = last })
	case draw == 8:
		name := fmt.Sprintf("hand%d@acme.example", l.number())
		update("the username "+name, func(e *tracktiktest.Employee) { e.Username = name })
	case draw == 9 && l.rng.IntN(3) == 0:
		l.must(l.portal.DeleteEmployeeRecord(e.ID))
		l.say("by hand: employee %d is gone", e.ID)
	default:
		title := fmt.Sprintf("By hand %d", l.number()) // the same one twice would look like a portal that does not keep ours
		update("the title "+title, func(e *tracktiktest.Employee) { e.JobTitle = title })
	}
}

// enterSomebodyToCome makes the employee of somebody whom Okta does not know yet, or of
// somebody who is there.
func (l *Life) enterSomebodyToCome() {
	c := l.somebody()
	if other, found := l.anyone(anybody); found && l.rng.IntN(3) == 0 {
		c = other
	} else {
		l.coming = append(l.coming, c)
	}
	e := tracktiktest.Employee{FirstName: c.first, LastName: c.last, Username: c.login, Email: c.mail}
	switch l.rng.IntN(8) {
	case 0:
		e.FirstName, e.LastName = "Somebody", "Else"
	case 1:
		e.Username = ""
	case 2:
		e.Email = ""
	case 3:
		e.CustomID, e.Username, e.Email = c.custom, "", ""
	case 4:
		e.Email = fmt.Sprintf("boss%d@acme.example", l.number())
	case 5:
		e.Status = []string{tracktiktest.Inactive, tracktiktest.Banned, tracktiktest.Terminated}[l.rng.IntN(3)]
	}
	if e.Status == tracktiktest.Terminated {
		e.Username = "" // nobody keeps it
	}
	if l.rng.IntN(3) == 0 {
		e.Region = 1 + l.rng.Int64N(4)
	}
	id := l.portal.AddEmployee(e)
	if l.rng.IntN(3) == 0 {
		l.grantByHand(id, []int64{tracktiktest.GuardRole, tracktiktest.AdministratorRole}[l.rng.IntN(2)])
	}
	l.say("by hand: employee %d is entered: %s %s, username %q, e-mail %q, customId %q, %s", id, e.FirstName, e.LastName, e.Username, e.Email, e.CustomID, e.Status)
}

// grantSomething gives somebody a role: any, one of portal ADMIN among them.
func (l *Life) grantSomething() {
	e, found := l.employee()
	r, any := chosen(l.rng, l.portal.Roles(), func(r tracktiktest.Role) bool { return r.Portal == tracktiktest.StaffPortal || l.rng.IntN(4) == 0 })
	if found && any {
		l.grantByHand(e.ID, r.ID)
	}
}

func (l *Life) grantByHand(employee, role int64) {
	id, err := l.portal.Grant(employee, role)
	l.must(err)
	l.say("by hand: employee %d is granted role %d (grant %d)", employee, role, id)
}

// roleByHand renames or deletes a role, or makes one that has a group's name.
func (l *Life) roleByHand() {
	ours, found := chosen(l.rng, l.portal.Roles(), func(r tracktiktest.Role) bool { return !r.Default })
	g, any := l.group(func(*group) bool { return true })
	if l.has(Promoting) && l.rng.IntN(2) == 0 {
		l.promote()
		return
	}
	switch draw := l.rng.IntN(4); {
	case draw == 0 && found:
		name := fmt.Sprintf("Post %d", l.number())
		l.must(l.portal.RenameRole(ours.ID, name))
		l.say("by hand: role %d is renamed to %s", ours.ID, name)
	case draw == 1 && found && l.rng.IntN(3) == 0:
		l.must(l.portal.DeleteRole(ours.ID))
		l.say("by hand: role %d is deleted", ours.ID)
	case draw == 2 && any:
		l.say("by hand: role %d is made, of the name %s", l.portal.AddRole(tracktiktest.Role{Name: g.name, Description: "by hand"}), g.name)
	default:
		name := fmt.Sprintf("Site %d", l.numbers+1) // the next group may have it
		l.say("by hand: role %d is made, of the name %s", l.portal.AddRole(tracktiktest.Role{Name: name, Description: "by hand"}), name)
	}
}

// promote makes a role one of another portal, or one for guards again.
func (l *Life) promote() {
	r, found := pick(l.rng, l.portal.Roles())
	to := []string{tracktiktest.AdminPortal, tracktiktest.ClientPortal, tracktiktest.StaffPortal, tracktiktest.StaffPortal}[l.rng.IntN(4)]
	if !found || r.Portal == to {
		return
	}
	l.must(l.portal.MoveRole(r.ID, to))
	l.say("by hand: role %d %q is one of portal %s", r.ID, r.Name, to)
}

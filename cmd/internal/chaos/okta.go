package chaos

import (
	"fmt"
	"maps"

	"tracktik-sync/okta/oktatest"
)

// A citizen is somebody in Okta, as far as whoever changes them has to know: what is so
// the judge reads from Okta itself. The phone is theirs for ever, and nobody else's.
type citizen struct {
	id                     string
	first, last            string
	login, mail            string // of now
	phone, custom          string
	gone, deactivated, own bool // own: assigned themselves
}

type group struct {
	id, name string
	mapping  string
	assigned bool
	gone     bool
	members  map[string]bool // when it was deleted: those of its last day
}

func (c *citizen) String() string { return c.id + " " + c.login }

// hire makes somebody and gives them the app, mostly, and groups, perhaps.
func (l *Life) hire() {
	c := l.somebody()
	if n := len(l.coming); n > 0 && l.rng.IntN(2) == 0 {
		c, l.coming = l.coming[n-1], l.coming[:n-1]
	}
	l.citizens = append(l.citizens, c)
	l.arrive(c)
}

// somebody is a person whom nobody has heard of.
func (l *Life) somebody() *citizen {
	n := l.number()
	first := fmt.Sprintf("P%03d", n)
	return &citizen{first: first, last: "Guard", login: fmt.Sprintf("p%03d@acme.example", n), mail: fmt.Sprintf("p%03d@acme.example", n),
		phone: fmt.Sprintf("555-%04d", n), custom: fmt.Sprintf("G-%d", n)}
}

func (l *Life) arrive(c *citizen) {
	profile := map[string]any{"primaryPhone": c.phone, "employeeNumber": c.custom, "title": "Guard", "department": "Field"}
	if l.rng.IntN(3) == 0 {
		profile["division"] = l.division()
	}
	if l.has(Dated) {
		l.engage(profile)
	}
	c.id = l.org.AddUser(oktatest.User{Login: c.login, Email: c.mail, FirstName: c.first, LastName: c.last, Profile: profile})
	l.everyone = append(l.everyone, c.id)
	c.gone, c.deactivated, c.own = false, false, false
	if g, found := l.group(func(g *group) bool { return g.assigned }); found && l.rng.IntN(4) == 0 {
		l.join(g, c)
	} else {
		l.assign(c)
	}
	for _, g := range l.living() {
		if l.rng.IntN(4) == 0 {
			l.join(g, c)
		}
	}
	l.say("okta: %s is hired", c)
}

func (l *Life) division() string { return []string{"North", "South", "West", "HQ"}[l.rng.IntN(4)] }

func (l *Life) assign(c *citizen) {
	l.org.AssignUser(l.app, c.id, oktatest.Assignment{})
	c.own = true
}

func (l *Life) join(g *group, c *citizen) {
	l.org.AddMembers(g.id, c.id)
	g.members[c.id] = true
}

func (l *Life) leave(g *group, c *citizen) {
	l.org.RemoveMembers(g.id, c.id)
	delete(g.members, c.id)
}

func (l *Life) living() (list []*group) {
	for _, g := range l.groups {
		if !g.gone {
			list = append(list, g)
		}
	}
	return list
}

func (l *Life) group(fits func(*group) bool) (*group, bool) { return chosen(l.rng, l.living(), fits) }

// anyone is somebody who fits and is not gone.
func (l *Life) anyone(fits func(*citizen) bool) (*citizen, bool) {
	return chosen(l.rng, l.citizens, func(c *citizen) bool { return !c.gone && fits(c) })
}

func anybody(*citizen) bool      { return true }
func isActive(c *citizen) bool   { return !c.deactivated }
func (c *citizen) working() bool { return !c.deactivated && c.own }

// inOkta lets one thing happen in Okta.
func (l *Life) inOkta() {
	switch {
	case l.has(Dated) && l.rng.IntN(3) == 0:
		l.postpone()
	case l.often(Groups, 4):
		l.regroup()
	case l.often(Odd, 8):
		l.turnOdd()
	case l.often(Names, 6):
		l.rename()
	default:
		l.comeAndGo()
	}
}

// comeAndGo is what happens most: people are hired, leave and come back.
func (l *Life) comeAndGo() {
	switch l.rng.IntN(12) {
	case 0, 1, 2:
		if !l.has(Crowd) || l.rng.IntN(4) == 0 {
			l.hire()
		}
	case 3, 4:
		if c, found := l.anyone((*citizen).working); found {
			l.org.UnassignUser(l.app, c.id)
			c.own = false
			l.say("okta: %s is unassigned", c)
		}
	case 5, 6:
		if c, found := l.anyone(func(c *citizen) bool { return isActive(c) && !c.own }); found {
			l.assign(c)
			l.say("okta: %s is assigned", c)
		}
	case 7:
		if c, found := l.anyone(isActive); found {
			l.org.DeactivateUser(c.id)
			c.deactivated, c.own = true, false
			l.say("okta: %s is deactivated", c)
		}
	case 8:
		if c, found := l.anyone(func(c *citizen) bool { return c.deactivated }); found {
			l.org.SetUserStatus(c.id, oktatest.StatusActive)
			c.deactivated = false
			l.assign(c)
			l.say("okta: %s is activated and assigned", c)
		}
	case 9:
		l.deleteAndRecreate()
	default:
		if c, found := l.anyone(isActive); found {
			department := []string{"Field", "Field", "Field", "Office"}[l.rng.IntN(4)]
			changes := map[string]any{"department": department, "title": fmt.Sprintf("Title %d", l.rng.IntN(100)), "division": l.division(), "guardTitle": fmt.Sprintf("Rank %d", l.rng.IntN(100))}
			l.org.UpdateUser(c.id, changes)
			l.say("okta: %s is now %v", c, changes)
		}
	}
}

// deleteAndRecreate deletes somebody, or makes somebody deleted anew: with the same
// names, with another first name, or with none of the old ones.
func (l *Life) deleteAndRecreate() {
	if c, found := chosen(l.rng, l.citizens, func(c *citizen) bool { return c.gone }); found && l.rng.IntN(2) == 0 {
		if l.rng.IntN(4) == 0 {
			c.first = c.first + "a"
		}
		if !l.taken(c.login, nil) {
			l.arrive(c)
			l.say("okta: who was deleted is made anew as %s", c)
		}
		return
	}
	if c, found := l.anyone(anybody); found {
		l.remove(c)
	}
}

func (l *Life) remove(c *citizen) {
	l.org.DeleteUser(c.id)
	for _, g := range l.living() {
		delete(g.members, c.id)
	}
	c.gone, c.own, c.deactivated = true, false, false
	l.say("okta: %s is deleted", c)
}

// taken reports whether a login cannot be given to somebody in Okta.
func (l *Life) taken(login string, to *citizen) bool {
	for _, c := range l.citizens {
		if c != to && !c.gone && c.login == login {
			return true
		}
	}
	return false
}

// rename gives somebody other names: new ones, or those that somebody else had or has.
func (l *Life) rename() {
	c, found := l.anyone(isActive)
	if !found {
		return
	}
	switch other, found := l.anyone(func(o *citizen) bool { return o != c && isActive(o) }); {
	case !found || l.rng.IntN(3) == 0:
		n := l.number()
		l.name(c, fmt.Sprintf("n%03d@acme.example", n), fmt.Sprintf("n%03d@acme.example", n))
	case l.rng.IntN(3) == 0: // one address for two, which Okta allows
		l.name(c, c.login, other.mail)
	case l.rng.IntN(4) == 0 && readTruth(l).People[c.id].Assignment != "": // one user name in the app for two
		l.org.UpdateAssignment(l.app, c.id, other.login, nil)
		l.say("okta: the app knows %s as %s", c, other.login)
	case l.rng.IntN(3) == 1: // a swap
		mine, theirs := *c, *other
		l.name(c, "swap@acme.example", "swap@acme.example")
		l.name(other, mine.login, mine.mail)
		l.name(c, theirs.login, theirs.mail)
	default: // somebody takes the names that another one gave up
		n := l.number()
		login, mail := other.login, other.mail
		l.name(other, fmt.Sprintf("m%03d@acme.example", n), fmt.Sprintf("m%03d@acme.example", n))
		l.name(c, login, mail)
	}
	if l.rng.IntN(3) == 0 {
		c.last = fmt.Sprintf("Guard-%d", l.number())
		l.org.UpdateUser(c.id, map[string]any{"lastName": c.last})
		l.say("okta: %s is now called %s", c, c.last)
	}
}

func (l *Life) name(c *citizen, login, mail string) {
	if l.taken(login, c) {
		return
	}
	was := c.String()
	c.login, c.mail = login, mail
	l.org.UpdateUser(c.id, map[string]any{"login": login, "email": mail})
	if p := readTruth(l).People[c.id]; p.Assignment != "" {
		l.org.UpdateAssignment(l.app, c.id, login, nil)
	}
	l.say("okta: %s is now %s, e-mail %s", was, login, mail)
}

// turnOdd gives somebody's user or assignment a status that is rare, or a usual one again.
func (l *Life) turnOdd() {
	c, found := l.anyone(isActive)
	if !found {
		return
	}
	users := []string{oktatest.StatusActive, oktatest.StatusActive, oktatest.StatusSuspended, oktatest.StatusSuspended, oktatest.StatusStaged,
		oktatest.StatusLockedOut, oktatest.StatusPasswordExpired, oktatest.StatusRecovery, oktatest.StatusProvisioned, "PERPLEXED"}
	assignments := []string{"ACTIVE", "ACTIVE", "IMPORTED", "MATCHED", "UNASSIGNED", "PERPLEXED", "STAGED", "INACTIVE", "SUSPENDED", "REVOKED", "DEPROVISIONED", "PENDING", "APPROVED"}
	switch p := readTruth(l).People[c.id]; {
	case l.rng.IntN(8) == 0:
		to, _ := pick(l.rng, []string{oktatest.StatusDeprovisioned, "", oktatest.StatusActive})
		l.org.SetTransitioning(c.id, to)
		l.say("okta: user %s is on the way to %q", c, to)
	case p.Assignment == "" || l.rng.IntN(2) == 0:
		status, _ := pick(l.rng, users)
		l.org.SetUserStatus(c.id, status)
		l.say("okta: user %s is %s", c, status)
	default:
		status, _ := pick(l.rng, assignments)
		l.org.SetAssignmentStatus(l.app, c.id, status)
		l.say("okta: the assignment of %s is %s", c, status)
	}
}

// regroup changes who is in a group, or the groups.
func (l *Life) regroup() {
	g, found := l.group(func(*group) bool { return true })
	if !found {
		l.found(fmt.Sprintf("Site %d", l.number()))
		return
	}
	switch l.rng.IntN(12) {
	case 0:
		l.foundAnother(g)
	case 1:
		l.renameGroup(g)
	case 2:
		l.dissolve(g)
	case 3:
		if g.assigned {
			l.org.UnassignGroup(l.app, g.id)
			g.assigned = false
		} else {
			l.assignGroup(g)
		}
		l.say("okta: group %s %q is assigned: %v", g.id, g.name, g.assigned)
	case 4:
		if g.mapping != "" {
			l.org.DeletePushMapping(g.mapping)
			g.mapping = ""
		} else {
			g.mapping = l.org.AddPushMapping(l.app, g.id)
		}
		l.say("okta: group %s %q is pushed: %v", g.id, g.name, g.mapping != "")
	default:
		if c, found := l.anyone(isActive); found && g.members[c.id] {
			l.leave(g, c)
			l.say("okta: %s leaves group %s %q", c, g.id, g.name)
		} else if found {
			l.join(g, c)
			l.say("okta: %s joins group %s %q", c, g.id, g.name)
		}
	}
}

func (l *Life) assignGroup(g *group) {
	l.org.AssignGroup(l.app, g.id, oktatest.GroupAssignment{})
	g.assigned = true
}

// foundAnother makes a group: of a new name, of one that there is, or of a protected one.
func (l *Life) foundAnother(old *group) {
	name := fmt.Sprintf("Site %d", l.number())
	switch l.rng.IntN(5) {
	case 0:
		name = old.name
	case 1:
		name = fmt.Sprintf("Site %d admins", l.number())
	case 2:
		if g, found := chosen(l.rng, l.groups, func(g *group) bool { return g.gone }); found {
			name = g.name // it comes back, as another group
		}
	}
	g := l.found(name)
	for _, c := range l.citizens {
		if !c.gone && l.rng.IntN(4) == 0 {
			l.join(g, c)
		}
	}
	l.say("okta: group %s %q is new, assigned: %v, pushed: %v, members %v", g.id, g.name, g.assigned, g.mapping != "", len(g.members))
}

func (l *Life) renameGroup(g *group) {
	was := g.name
	switch other, _ := l.group(func(o *group) bool { return o != g }); {
	case l.rng.IntN(4) == 0:
		g.name = fmt.Sprintf("Depot %d", l.number()) // out of what is listed
	case other != nil && l.rng.IntN(3) == 0:
		g.name = other.name
	default:
		g.name = fmt.Sprintf("Site %d", l.number())
	}
	l.org.RenameGroup(g.id, g.name)
	l.say("okta: group %s %q is now %q", g.id, was, g.name)
}

func (l *Life) dissolve(g *group) {
	if len(l.living()) < 3 {
		return
	}
	l.org.DeleteGroup(g.id)
	g.gone, g.assigned, g.mapping = true, false, ""
	g.members = maps.Clone(g.members)
	l.say("okta: group %s %q is deleted", g.id, g.name)
}

package sync_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// The states of somebody in a life.
const (
	stateIn        = "in"
	stateOut       = "out" // not assigned, and active still
	stateSuspended = "suspended"
	stateInactive  = "deactivated"
	stateGone      = "deleted"
)

// A citizen is somebody in a life. The first name stays theirs for ever.
type citizen struct {
	first, mail     string
	id              string
	state           string
	groups          map[string]bool // by id
	title, division string
	// again says that they were deleted and made anew, with a name perhaps that TrackTik
	// never heard of: then they are terminated, and made anew there too.
	again bool
}

// A life is a company where things happen at random, and what ought to come of them.
type life struct {
	*world
	rng      *rand.Rand
	citizens []*citizen
	pushed   []string          // ids of the groups that are there
	named    int               // groups so far
	checked  int               // how much of the portal's history was looked at
	taken    map[[2]int64]bool // employees and roles that were taken from them by hand
	// fewDeletions is for a life in which no day can pass: many people whom Okta does not
	// know at once are held for one.
	fewDeletions bool
}

func newLife(w *world, rng *rand.Rand) *life {
	l := &life{world: w, rng: rng, taken: map[[2]int64]bool{}}
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.LastRoleRemovable = true })
	w.policy.RevokeUnpushed = true
	w.policy.Reactivate = rng.IntN(2) == 0
	w.limits.Kinds = nil
	for range 2 {
		l.found()
	}
	for range 6 {
		l.hire()
	}
	return l
}

func (l *life) found() {
	l.named++
	l.pushed = append(l.pushed, l.org.AddGroup(oktatest.Group{Name: fmt.Sprintf("Site %d", l.named)}))
}

func (l *life) hire() {
	first := fmt.Sprintf("P%03d", len(l.citizens)+1)
	c := &citizen{first: first, mail: strings.ToLower(first) + "@acme.example"}
	l.citizens = append(l.citizens, c)
	l.arrive(c)
	for _, g := range l.pushed {
		if l.rng.IntN(3) == 0 {
			l.join(c, g)
		}
	}
}

func (l *life) arrive(c *citizen) {
	c.id = l.org.AddUser(oktatest.User{Login: c.mail, FirstName: c.first, LastName: "Guard"})
	l.org.AssignUser(l.app, c.id, oktatest.Assignment{})
	c.state, c.groups, c.title, c.division = stateIn, map[string]bool{}, "", ""
}

func (l *life) join(c *citizen, group string) {
	l.org.AddMembers(group, c.id)
	c.groups[group] = true
}

// anyone is a random citizen in one of the states; nil when there is none.
func (l *life) anyone(states ...string) *citizen {
	fit := slices.DeleteFunc(slices.Clone(l.citizens), func(c *citizen) bool { return !slices.Contains(states, c.state) })
	if len(fit) == 0 {
		return nil
	}
	return fit[l.rng.IntN(len(fit))]
}

// happen lets one thing happen in Okta, or by hand in TrackTik.
func (l *life) happen() {
	with := func(states ...string) func(func(*citizen)) {
		return func(do func(*citizen)) {
			if c := l.anyone(states...); c != nil {
				do(c)
			}
		}
	}
	existing := with(stateIn, stateIn, stateOut, stateSuspended)
	switch l.rng.IntN(19) {
	case 0, 1:
		l.hire()
	case 2:
		with(stateIn)(func(c *citizen) { l.org.UnassignUser(l.app, c.id); c.state = stateOut })
	case 3, 4:
		with(stateOut)(func(c *citizen) { l.org.AssignUser(l.app, c.id, oktatest.Assignment{}); c.state = stateIn })
	case 5:
		with(stateIn, stateOut, stateSuspended)(func(c *citizen) { l.org.DeactivateUser(c.id); c.state = stateInactive })
	case 6:
		with(stateInactive)(func(c *citizen) {
			l.org.SetUserStatus(c.id, oktatest.StatusActive)
			l.org.AssignUser(l.app, c.id, oktatest.Assignment{})
			c.state = stateIn
		})
	case 7:
		states := []string{stateIn, stateInactive}
		if l.fewDeletions {
			states = nil
		}
		with(states...)(func(c *citizen) { l.org.DeleteUser(c.id); c.state, c.groups = stateGone, map[string]bool{} })
	case 8:
		with(stateGone)(func(c *citizen) { l.arrive(c); c.again = true })
	case 9:
		with(stateIn)(func(c *citizen) { l.org.SetUserStatus(c.id, oktatest.StatusSuspended); c.state = stateSuspended })
	case 10:
		with(stateSuspended)(func(c *citizen) { l.org.SetUserStatus(c.id, oktatest.StatusActive); c.state = stateIn })
	case 11, 12:
		existing(func(c *citizen) {
			c.title, c.division = fmt.Sprintf("Title %d", l.rng.IntN(100)), []string{"North", "South", "West"}[l.rng.IntN(3)]
			l.org.UpdateUser(c.id, map[string]any{"title": c.title, "division": c.division})
		})
	case 13:
		with(stateIn)(func(c *citizen) {
			c.mail = "x" + c.mail
			l.org.UpdateUser(c.id, map[string]any{"login": c.mail, "email": c.mail})
			l.org.UpdateAssignment(l.app, c.id, c.mail, nil)
		})
	case 14, 15:
		existing(l.switchGroup)
	case 16:
		l.regroup()
	default:
		l.byHand()
	}
}

// switchGroup takes somebody into a group, or out of it.
func (l *life) switchGroup(c *citizen) {
	if len(l.pushed) == 0 {
		return
	}
	g := l.pushed[l.rng.IntN(len(l.pushed))]
	if c.groups[g] {
		l.org.RemoveMembers(g, c.id)
		delete(c.groups, g)
		return
	}
	l.join(c, g)
}

// regroup makes, renames or deletes a group.
func (l *life) regroup() {
	if len(l.pushed) < 2 || l.rng.IntN(3) == 0 {
		l.found()
		return
	}
	i := l.rng.IntN(len(l.pushed))
	if l.rng.IntN(3) > 0 {
		l.named++
		l.org.RenameGroup(l.pushed[i], fmt.Sprintf("Site %d renamed", l.named))
		return
	}
	l.org.DeleteGroup(l.pushed[i])
	for _, c := range l.citizens {
		delete(c.groups, l.pushed[i])
	}
	l.pushed = slices.Delete(l.pushed, i, i+1)
}

// byHand is what people do at the portal's own pages.
func (l *life) byHand() {
	c := l.anyone(stateIn)
	if c == nil {
		return
	}
	e, found := l.active(c)
	if !found {
		return
	}
	if held := l.portal.RolesOf(e.ID); len(held) > 0 && l.rng.IntN(2) == 0 {
		taken := [2]int64{e.ID, held[0]}
		if !l.taken[taken] { // a second time would look like a portal that does not keep it
			l.must(l.portal.Revoke(e.ID, held[0]))
		}
		l.taken[taken] = true
		return
	}
	title := fmt.Sprintf("By hand %d", l.rng.Uint32()) // the same one twice would look like a portal that does not keep ours
	l.must(l.portal.UpdateEmployee(e.ID, func(e *tracktiktest.Employee) { e.JobTitle = title }))
}

// active is the citizen's active employee. That there are two is a failure.
func (l *life) active(c *citizen) (tracktiktest.Employee, bool) {
	l.Helper()
	var list []tracktiktest.Employee
	for _, e := range l.portal.Employees() {
		if e.FirstName == c.first && e.Status == tracktiktest.Active {
			list = append(list, e)
		}
	}
	if len(list) > 1 {
		l.Errorf("%s is active as employees %d and %d", c.first, list[0].ID, list[1].ID)
	}
	if len(list) == 0 {
		return tracktiktest.Employee{}, false
	}
	return list[0], true
}

// groupOf is the Okta group that a role was made for.
func groupOf(r tracktiktest.Role) string {
	_, rest, _ := strings.Cut(r.Description, "[tracktik-sync ")
	rest, _, _ = strings.Cut(rest, "]")
	return rest[strings.LastIndexByte(rest, '/')+1:]
}

// wantNothingUndue looks at everything that was changed through the API since it last
// looked: nobody was ended who is to stay, and no role given or taken that should not
// have been; and nobody is active twice.
func (l *life) wantNothingUndue() {
	l.Helper()
	first, role := map[int64]*citizen{}, map[int64]string{}
	for _, e := range l.portal.Employees() {
		for _, c := range l.citizens {
			if c.first == e.FirstName {
				first[e.ID] = c
			}
		}
	}
	for _, r := range l.portal.Roles() {
		role[r.ID] = groupOf(r)
	}
	history := l.portal.History()
	for _, h := range history[l.checked:] {
		if h.By == tracktiktest.Portal {
			continue
		}
		switch h.What {
		case "terminated":
			if c := first[h.ID]; c == nil || (c.state == stateIn || c.state == stateSuspended) && !c.again {
				l.Errorf("employee %d was terminated: %+v", h.ID, c)
			}
		case "granted", "revoked":
			employee, group := changed(h, "user"), role[changed(h, "role")]
			c := first[employee]
			if c == nil || c.state != stateIn || c.groups[group] != (h.What == "granted") {
				l.Errorf("a role of group %s was %s, of employee %d: %+v", group, h.What, employee, c)
			}
		}
	}
	l.checked = len(history)
	marks := map[string]int64{}
	for _, r := range l.portal.Roles() {
		if g := groupOf(r); g != "" && marks[g] != 0 {
			l.Errorf("group %s has the roles %d and %d", g, marks[g], r.ID)
		} else {
			marks[g] = r.ID
		}
	}
	for _, c := range l.citizens {
		l.active(c)
	}
	l.wantNoDoubles()
}

// changed is the id that a change of a grant is about.
func changed(h tracktiktest.Change, field string) int64 {
	var id int64
	for _, f := range h.Fields {
		if f.Name == field {
			if _, err := fmt.Sscan(strings.TrimSpace(f.Old+f.New), &id); err != nil {
				panic(fmt.Sprintf("%+v: %v", h, err))
			}
		}
	}
	return id
}

// wantAllDue wants what a calm company has: everybody who is in has one employee as
// Okta has them, with just the roles due, and nobody else is active.
func (l *life) wantAllDue() {
	l.Helper()
	groups := map[int64]string{}
	for _, r := range l.portal.Roles() {
		groups[r.ID] = groupOf(r)
	}
	for _, c := range l.citizens {
		e, found := l.active(c)
		c.again = c.again && c.state != stateIn
		switch {
		case c.state == stateSuspended: // left as they were
			continue
		case found != (c.state == stateIn):
			l.Errorf("%s, who is %s, active: %v", c.first, c.state, found)
			continue
		case !found:
			continue
		}
		if e.Email != c.mail || e.Username != c.mail || c.title != "" && e.JobTitle != c.title {
			l.Errorf("%+v is employee %+v", c, e)
		}
		held := map[string]bool{}
		for _, id := range l.portal.RolesOf(e.ID) {
			held[groups[id]] = true
		}
		if !maps.Equal(held, c.groups) {
			l.Errorf("%s, employee %d, holds the roles of %v, and is in %v", c.first, e.ID, held, c.groups)
		}
	}
}

package decide

import (
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// RolesKnown is what a run finds out about groups, roles and grants.
type RolesKnown struct {
	OfGroups plan.GroupDecision
	Dirty    map[plan.PersonID]bool           // their roles are looked at
	Due      map[plan.PersonID][]*read.Pushed // the groups of those who are looked at
	Refs     map[RoleOf]*plan.RoleRef
	Names    map[plan.RoleID]string // of roles that groups have
	Views    []*plan.RoleView
	Adopted  []plan.Grant // held in TrackTik already, and due
	Moved    []plan.Grant // of ours, and due by another group than the one that was left
	Drops    []plan.GrantKey
	Unread   map[plan.PersonID]string // a look-up about their groups failed
	// Unsettled are groups that have no role in this run, and may have one: by what a whole run
	// finds, or once the portal's roles may be read.
	Unsettled map[plan.GroupID]bool
	Fallback  *plan.Due              // sync.roles.default; nil: none, or not to be had
	Counted   bool                   // of everybody it is known whether they hold a role
	Roleless  []plan.PersonID        // in scope and without a role, as far as is known
	Others    map[plan.PersonID]bool // who holds roles of others, of those of whom it was seen
	Sent      map[read.Holder]int    // grants that we sent, of who holds a role by several
	several   int                    // people with more than one role due
}

func newRolesKnown() RolesKnown {
	return RolesKnown{Dirty: map[plan.PersonID]bool{}, Due: map[plan.PersonID][]*read.Pushed{},
		Unread: map[plan.PersonID]string{}, Sent: map[read.Holder]int{}}
}

// A RoleOf is a role as a group gives it.
type RoleOf struct {
	Role  plan.RoleID
	Group plan.GroupID
}

// A GrantDecider gives people their grants.
type GrantDecider struct {
	read.Base
	*Decided
	roleDecider *RoleDecider
}

// MakeRoom begins the list of all actions, with the creates of a whole run.
func (r *GrantDecider) MakeRoom() {
	r.Together.Actions = make([]plan.Action, 0, r.countActions())
	r.takeCreates()
}

// DecideAll decides about everybody's roles of whom a view was made.
func (r *GrantDecider) DecideAll() {
	p := &r.Roles
	for _, v := range p.Views {
		r.adoptGrants(v)
	}
	for _, v := range p.Views {
		r.roleDecider.DecideRolesOf(v)
	}
	r.doubles()
	r.dropGiven()
	p.Views, p.Due, p.Dirty = nil, nil, nil
	if p.several > 0 && !r.Pol.OneRole {
		r.Warn(plan.Warning{Code: warnManyRoles,
			Message: fmt.Sprintf("people who hold several roles: %d; TrackTik recommends one a person (sync.roles.per_person)",
				p.several)})
	}
}

// countActions is about how many actions the whole plan has: a first plan has hundreds
// of thousands of them, and they are put together in one list that does not grow.
func (r *GrantDecider) countActions() int {
	n := len(r.Roles.OfGroups.Actions)
	for _, s := range r.People.Subjects {
		n += len(s.Decision.Actions)
	}
	for _, groups := range r.Roles.Due {
		n += len(groups)
	}
	return n
}

// takeCreates moves the creates of new people into the plan's list, before their roles come
// on top: of a first run these are all, and twice in memory would be once too often.
func (r *GrantDecider) takeCreates() {
	if r.Scope.Some() {
		return
	}
	reasons := map[string]string{} // most reasons are the same
	for _, s := range r.People.Sorted() {
		a, alone := s.TakeCreate()
		if !alone {
			continue
		}
		if same, known := reasons[a.Reason]; known {
			a.Reason = same
		} else {
			reasons[a.Reason] = a.Reason
		}
		r.Together.Actions = append(r.Together.Actions, a)
	}
}

// A RoleDecider decides about the roles of one person.
type RoleDecider struct {
	read.Base
	*Decided
	people *PeopleDecider
}

// DecideRolesOf adds what package plan decides about one person's roles.
func (r *RoleDecider) DecideRolesOf(v *plan.RoleView) {
	d, all := r.RolesDecision(v), &r.Together
	all.Actions, all.Held = append(all.Actions, d.Actions...), append(all.Held, d.Held...)
	all.Problems, all.Warnings = append(all.Problems, d.Problems...), append(all.Warnings, d.Warnings...)
}

// RolesDecision asks package plan about one person's roles.
func (r *RoleDecider) RolesDecision(v *plan.RoleView) plan.Decision {
	if why := r.Roles.Unread[v.User.ID]; why != "" {
		v.Shielded = why
	}
	if s := r.People.Subjects[v.User.ID]; s != nil && (s.Link != nil || len(r.Troubles[v.User.ID]) > 0) {
		v.View = r.people.View(s)
	}
	r.Together.Held = append(r.Together.Held, r.unread(v)...)
	d := plan.DecideRoles(v, &r.Pol)
	v.View = nil // it is large
	return d
}

// unread takes out of what is due the roles of groups that could not be read: what
// their members were before is no reason to grant anything.
func (r *RoleDecider) unread(v *plan.RoleView) []plan.Held {
	var held []plan.Held
	v.Due = slices.DeleteFunc(v.Due, func(d plan.Due) bool {
		g := r.ByGroup[d.Role.Group]
		if g == nil || !g.Failed || slices.ContainsFunc(v.Have, func(h plan.Holding) bool { return h.Role.ID == d.Role.ID }) {
			return false
		}
		v.Default = nil // a group may well give them a role
		held = append(held, plan.Held{Why: plan.HeldUnconfirmed +
			": the group could not be read, and who was in it before is granted nothing",
			Action: plan.Action{Kind: plan.GrantRole, User: v.User, Employee: v.Employee, Role: d.Role}})
		return true
	})
	return held
}

// CollectDue goes through all memberships once.
func (r *GrantDecider) CollectDue() {
	p := &r.Roles
	shared := map[plan.RoleID][]*read.Pushed{} // earlier groups of the same role
	for _, g := range r.Pushed {
		g.Due = plan.DueBy(g.Group.Name, g.Role, r.rank(g))
		g.Due.Waits = p.OfGroups.Waits[g.Group.ID]
		if g.Role == nil {
			continue
		}
		var others []*read.Pushed
		if g.Role.ID != 0 {
			others = shared[g.Role.ID]
			shared[g.Role.ID] = append(others, g)
		}
		for i, id := range g.Members {
			m := r.People.Find(id)
			s := r.People.Subjects[id]
			if s != nil {
				g.Members[i] = s.Person.ID // one text in memory
			}
			switch {
			case s != nil && s.Extras().Became != nil:
				continue
			case s == nil && (m == nil || m.Employee == 0):
				continue
			case s != nil && !s.InScope():
				continue
			}
			again := slices.ContainsFunc(others, func(g *read.Pushed) bool { return g.Holds(id) })
			if m != nil && m.Roles < 255 && !again {
				if m.Roles++; m.Roles == 2 {
					p.several++
				}
			}
			if p.Dirty[id] {
				if m == nil && !again && rolesDue(p.Due[id]) == 1 {
					p.several++
				}
				p.Due[id] = append(p.Due[id], g)
			}
		}
	}
}

// rolesDue is how many roles the groups make due.
func rolesDue(groups []*read.Pushed) int {
	roles := map[plan.RoleRef]bool{}
	for _, g := range groups {
		ref := plan.RoleRef{ID: g.Role.ID}
		if ref.ID == 0 {
			ref.Group = g.Role.Group
		}
		roles[ref] = true
	}
	return len(roles)
}

// rank is a group's place in sync.groups.order; those that are missing come last.
func (r *GrantDecider) rank(g *read.Pushed) int {
	for i, name := range r.Pol.Order {
		if name == string(g.Group.ID) || plan.MatchGlob(name, g.Group.Name) {
			return i
		}
	}
	return len(r.Pol.Order)
}

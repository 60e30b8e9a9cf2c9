package plan_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// A model is a small organisation, its portal, and what is remembered of them.
type model struct {
	t         *testing.T
	pol       *plan.Policy
	people    []plan.Person
	wanted    map[plan.PersonID]plan.Values
	groups    []plan.Group
	members   map[plan.GroupID][]plan.PersonID
	employees map[plan.EmployeeID]*plan.Employee
	roles     []plan.Role
	links     map[plan.PersonID]*plan.Link
	formers   map[plan.PersonID]*plan.Former
	glinks    map[plan.GroupID]*plan.GroupLink
	grants    map[plan.PersonID][]plan.Grant
	nextID    int64
	refused   bool                     // the portal would not have an update
	adopted   map[plan.EmployeeID]bool // in this plan: their names were not known before
}

// newModel makes an organisation in disorder: people who come, leave, swap names or
// want one that is taken, employees whom nobody manages, drift, and groups.
func newModel(t *testing.T, r *rand.Rand) *model {
	pol := allowAll()
	pol.Reactivate, pol.OneRole, pol.FollowRegion = r.IntN(2) == 0, r.IntN(3) == 0, true
	if r.IntN(4) == 0 {
		pol.Protected = []string{"n1*"}
	}
	m := &model{t: t, pol: &pol, wanted: map[plan.PersonID]plan.Values{}, members: map[plan.GroupID][]plan.PersonID{}, employees: map[plan.EmployeeID]*plan.Employee{},
		links: map[plan.PersonID]*plan.Link{}, formers: map[plan.PersonID]*plan.Former{}, glinks: map[plan.GroupID]*plan.GroupLink{}, grants: map[plan.PersonID][]plan.Grant{}, nextID: 100}
	n := 3 + r.IntN(20)
	for i := range n {
		id := plan.PersonID(fmt.Sprintf("00u%02d", i))
		p := plan.Person{ID: id, Login: fmt.Sprintf("n%d@acme.example", i), Status: "ACTIVE", Readable: true, Assignment: assigned("ACTIVE")}
		switch r.IntN(8) {
		case 0:
			p.Status = pick(r, "DEPROVISIONED", "SUSPENDED", "STAGED", "ODD")
		case 1:
			p.Assignment = assigned(pick(r, none, "REVOKED", "IMPORTED", "INACTIVE"))
		}
		m.people = append(m.people, p)
		m.wanted[id] = m.values(r, n)
		if r.IntN(2) == 0 {
			m.employ(r, id, fmt.Sprint("n", i))
		}
	}
	for range r.IntN(4) { // whom nobody manages
		e := m.newEmployee(m.values(r, n))
		e.Status = pick(r, "ACTIVE", "ACTIVE", "INACTIVE", "TERMINATED")
	}
	for i := range r.IntN(5) {
		g := plan.Group{ID: plan.GroupID(fmt.Sprint("00g", i)), Name: fmt.Sprint("Site ", i)}
		m.groups = append(m.groups, g)
		if r.IntN(2) == 0 {
			m.nextID++
			m.roles = append(m.roles, staff(plan.RoleID(m.nextID), g.Name))
			if r.IntN(2) == 0 {
				m.glinks[g.ID] = &plan.GroupLink{Group: g.ID, Name: g.Name, Role: plan.RoleID(m.nextID), RoleName: g.Name, How: plan.HowAdopted}
				if r.IntN(2) == 0 {
					m.groups[i].Name = fmt.Sprint("Renamed ", i)
				}
			}
		}
		for _, p := range m.people {
			if r.IntN(3) == 0 {
				m.members[g.ID] = append(m.members[g.ID], p.ID)
			}
			if l := m.glinks[g.ID]; l != nil && m.links[p.ID] != nil && r.IntN(3) == 0 {
				m.grants[p.ID] = append(m.grants[p.ID], plan.Grant{Role: l.Role, Person: p.ID, ID: plan.GrantID(m.nextID), Employee: m.links[p.ID].Employee, Group: g.ID})
			}
		}
	}
	return m
}

// values are what Okta says of somebody: names are few, so that they clash.
func (m *model) values(r *rand.Rand, n int) plan.Values {
	name := fmt.Sprint("n", r.IntN(n+n/2))
	v := plan.Values{plan.Username: name, plan.Email: name + "@acme.example", plan.FirstName: pick(r, "Ana", "Bea"), plan.LastName: pick(r, "Silva", "Lopes")}
	if r.IntN(6) == 0 {
		v[plan.Email] = fmt.Sprintf("n%d@acme.example", r.IntN(n+n/2))
	}
	if r.IntN(2) == 0 {
		v[plan.JobTitle] = pick(r, "Guard", "Chief", "guard")
	}
	return v
}

func (m *model) newEmployee(v plan.Values) *plan.Employee {
	m.nextID++
	e := &plan.Employee{ID: plan.EmployeeID(m.nextID), Status: "ACTIVE", Values: v, Has: everything}
	for _, other := range m.employees { // the portal's own rule
		if other.Status != "TERMINATED" && e.Status == "ACTIVE" {
			for _, f := range []plan.Field{plan.Username, plan.Email} {
				if f.Same(other.Values[f], v[f]) {
					e.Values[f] = fmt.Sprint("u", m.nextID, strings.Repeat("@acme.example", int(f)/3))
				}
			}
		}
	}
	m.employees[e.ID] = e
	return e
}

// employ makes a person managed, with names of their own, as they were pushed once.
func (m *model) employ(r *rand.Rand, id plan.PersonID, name string) {
	v := m.wanted[id]
	v[plan.Username], v[plan.Email] = name, name+"@acme.example"
	e := m.newEmployee(v)
	link := &plan.Link{Person: id, Employee: e.ID, How: plan.HowCreated, Pushed: e.Values, Restored: r.IntN(10) == 0}
	m.links[id] = link
	if r.IntN(2) == 0 {
		m.wanted[id] = e.Values // nothing changed in Okta
	}
	if r.IntN(5) == 0 {
		e.Values[plan.JobTitle] = "by hand"
	}
	if r.IntN(12) == 0 {
		e.Status = pick(r, "TERMINATED", "BANNED")
	}
}

// A planned is a plan of the model, with what it was made of.
type planned struct {
	actions  []plan.Action
	held     []plan.Held
	problems []plan.Problem
	notes    map[plan.PersonID]*plan.Link
	names    plan.Names
}

// plan decides as a run does, going through everything in an order of its own.
func (m *model) plan(r *rand.Rand) planned {
	out := planned{notes: map[plan.PersonID]*plan.Link{}}
	views, decisions := map[plan.PersonID]*plan.View{}, map[plan.PersonID]plan.Decision{}
	order := shuffled(r, m.people)
	for i := range order {
		p := &order[i]
		v := &plan.View{Person: p, Judgement: plan.Judge(p, m.pol), Evidence: plan.EvidenceFull, Link: m.links[p.ID], Newcomer: plan.Newcomer{Former: m.formers[p.ID]}, Calendar: plan.Calendar{AsOf: now}, Shown: plan.Shown{Fresh: true},
			Mapped: plan.Mapped{Wanted: plan.Wanted{Values: m.wanted[p.ID]}}}
		if v.Link != nil {
			v.Employee = m.employees[v.Link.Employee]
		}
		views[p.ID] = v
		if v.Judgement.Verdict != plan.Provision {
			decisions[p.ID] = plan.Decide(v, m.pol)
		}
	}
	out.names = m.names(order, views, decisions)
	for m.holdRefused(out.names, views, decisions) {
		out.names = m.names(order, views, decisions)
	}
	for id, p := range out.names.Problems {
		views[id].Mapped.Problems = append(views[id].Mapped.Problems, p)
	}
	found := map[plan.PersonID][]plan.Match{}
	for id, v := range views {
		if _, heir := out.names.Recreated[id]; v.Judgement.Verdict == plan.Provision && v.Link == nil && len(v.Mapped.Problems) == 0 && !heir {
			v.Matches = m.matches(v, views, decisions)
			found[id] = v.Matches
		}
	}
	plan.FindRivals(found)
	for i := range order {
		if v := views[order[i].ID]; v.Judgement.Verdict == plan.Provision {
			decisions[v.Person.ID] = plan.Decide(v, m.pol)
		}
	}
	for id, owner := range out.names.Recreated {
		link := *m.links[owner.Person]
		link.Person = id
		v := views[id]
		v.Link, v.Employee = &link, m.employees[owner.Employee]
		d := plan.Decide(v, m.pol)
		adopt := plan.Action{Kind: plan.Adopt, User: v.Ref(), Employee: owner.Employee, Extra: &plan.Extra{Key: plan.KeyRecreated, Former: owner.Employee}, Want: &v.Mapped.Wanted}
		d.Actions = append([]plan.Action{adopt}, d.Actions...)
		decisions[id], decisions[owner.Person] = d, plan.Decision{}
	}
	groups := plan.DecideGroups(m.groupViews(r), plan.PortalRoles{Read: true, Roles: shuffled(r, m.roles)}, acme, m.pol)
	decided := []plan.Decision{groups.Decision}
	for i := range order {
		id := order[i].ID
		d := decisions[id]
		out.notes[id] = d.Note
		decided = append(decided, d, m.rolesOf(r, views[id], &d, groups.Roles))
	}
	for _, d := range decided {
		out.actions, out.held, out.problems = append(out.actions, d.Actions...), append(out.held, d.Held...), append(out.problems, d.Problems...)
	}
	out.sort()
	return out
}

// sort is the order in which a plan is carried out.
func (p *planned) sort() {
	known := map[plan.PersonID]int{}
	var depth func(plan.PersonID) int
	depth = func(id plan.PersonID) int {
		if d, ok := known[id]; ok {
			return d
		}
		known[id] = 0 // ends the circles; those in them are not updated
		deepest := 0
		for _, before := range p.names.After[id] {
			deepest = max(deepest, 1+depth(before))
		}
		known[id] = deepest
		return deepest
	}
	for _, id := range slices.Sorted(maps.Keys(p.names.After)) {
		depth(id)
	}
	compare := func(a, b plan.Action) int {
		return cmp.Or(slices.Index(plan.Kinds, a.Kind)-slices.Index(plan.Kinds, b.Kind), known[a.User.ID]-known[b.User.ID],
			cmp.Compare(a.User.ID, b.User.ID), cmp.Compare(actionText(&a), actionText(&b)))
	}
	slices.SortStableFunc(p.actions, compare)
	slices.SortStableFunc(p.held, func(a, b plan.Held) int { return cmp.Or(compare(a.Action, b.Action), cmp.Compare(a.Why, b.Why)) })
	slices.SortStableFunc(p.problems, func(a, b plan.Problem) int {
		return cmp.Or(cmp.Compare(a.User.ID, b.User.ID), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}

func (m *model) names(order []plan.Person, views map[plan.PersonID]*plan.View, decisions map[plan.PersonID]plan.Decision) plan.Names {
	var claims []plan.Claim
	for i := range order {
		v := views[order[i].ID]
		if v.Judgement.Verdict != plan.Provision || v.Link != nil && plan.FreesNames(m.ended(v.Link)) {
			continue
		}
		w := m.wanted[v.Person.ID]
		c := plan.Claim{Person: v.Person.ID, User: v.Ref(), Username: plan.FoldName(w[plan.Username]), Email: plan.FoldName(w[plan.Email]),
			First: plan.FoldName(w[plan.FirstName]), Last: plan.FoldName(w[plan.LastName]), Managed: v.Link != nil}
		if v.Link != nil {
			ended := v.Link.ElsewhereStatus != "" || !v.Employee.Active()
			c.Moves = !ended && (c.Username != plan.FoldName(v.Link.Pushed[plan.Username]) || c.Email != plan.FoldName(v.Link.Pushed[plan.Email]))
		}
		claims = append(claims, c)
	}
	owners := func(f plan.Field) map[string][]plan.Owner {
		found := map[string][]plan.Owner{}
		for _, p := range m.people {
			if l := m.links[p.ID]; l != nil && !plan.FreesNames(m.ended(l)) {
				keeps := m.ended(l)
				if !m.pol.UpdateUsers {
					keeps = "updates are off"
				}
				name := plan.FoldName(l.Pushed[f])
				found[name] = append(found[name], plan.Owner{Person: p.ID, Employee: l.Employee, Confirmed: true, Leaves: m.leaves(p.ID, decisions), Keeps: keeps,
					First: plan.FoldName(l.Pushed[plan.FirstName]), Last: plan.FoldName(l.Pushed[plan.LastName])})
			}
		}
		return found
	}
	return plan.ResolveNames(claims, plan.Owners{Usernames: owners(plan.Username), Emails: owners(plan.Email)})
}

// holdRefused holds the leavers who may be somebody new who has a problem, as the engine does.
func (m *model) holdRefused(names plan.Names, views map[plan.PersonID]*plan.View, decisions map[plan.PersonID]plan.Decision) bool {
	any := false
	for id := range names.Refused {
		if v := views[id]; v != nil && m.leaves(id, decisions) {
			v.Judgement = plan.Judgement{Verdict: plan.Hold, Why: plan.HeldUnconfirmed + ": may go on as somebody new"}
			decisions[id], any = plan.Decide(v, m.pol), true
		}
	}
	return any
}

func (m *model) ended(l *plan.Link) string { return plan.Ended(l, m.employees[l.Employee], false) }

func (m *model) leaves(id plan.PersonID, decisions map[plan.PersonID]plan.Decision) bool {
	return slices.ContainsFunc(decisions[id].Actions, func(a plan.Action) bool { return a.Kind == plan.Terminate })
}

func (m *model) matches(v *plan.View, views map[plan.PersonID]*plan.View, decisions map[plan.PersonID]plan.Decision) []plan.Match {
	var found []plan.Match
	for _, key := range m.pol.Match {
		for id := plan.EmployeeID(100); id <= plan.EmployeeID(m.nextID); id++ {
			e := m.employees[id]
			if e == nil || !key.Same(e.Values[key], m.wanted[v.Person.ID][key]) {
				continue
			}
			match := plan.Match{Key: key, Employee: *e}
			for owner, l := range m.links {
				if l.Employee == id {
					match.Owner = owner
					o := views[owner]
					gives := o.Judgement.Verdict == plan.Provision && len(o.Mapped.Problems) == 0 && !key.Same(m.wanted[owner][key], e.Values[key])
					match.Leaves = m.leaves(owner, decisions) || gives
				}
			}
			found = append(found, match)
		}
	}
	return found
}

func (m *model) groupViews(r *rand.Rand) []plan.GroupView {
	var views []plan.GroupView
	for _, g := range shuffled(r, m.groups) {
		views = append(views, plan.GroupView{Group: g, Link: m.glinks[g.ID]})
	}
	return views
}

// rolesOf decides about one person's roles.
func (m *model) rolesOf(r *rand.Rand, v *plan.View, d *plan.Decision, roles map[plan.GroupID]*plan.RoleRef) plan.Decision {
	rv := plan.RoleView{User: v.Ref(), MayGrant: len(d.Problems) == 0, Others: -1, View: v}
	switch {
	case v.Judgement.Verdict != plan.Provision || slices.ContainsFunc(d.Held, func(h plan.Held) bool { return strings.HasSuffix(h.Code(), "_elsewhere") }):
		return plan.Decision{}
	case v.Link != nil:
		rv.Employee = v.Link.Employee
	case len(d.Actions) == 0:
		return plan.Decision{}
	default:
		rv.Employee = d.Actions[0].Employee
	}
	if v.Link != nil && plan.MatchAny(m.pol.Protected, v.Person.Login) {
		rv.Shielded = plan.HeldProtected + ": sync.protected names them"
	}
	for i, g := range m.groups {
		if ref := roles[g.ID]; ref != nil && slices.Contains(m.members[g.ID], v.Person.ID) {
			rv.Due = append(rv.Due, plan.DueBy(g.Name, ref, i/2))
		}
	}
	owner := v.Person.ID
	if v.Link != nil {
		for id, l := range m.links {
			if l.Employee == v.Link.Employee {
				owner = id // also under an earlier id
			}
		}
	}
	for _, g := range m.grants[owner] {
		h := plan.Holding{Grant: g, Role: &plan.RoleRef{ID: g.Role, Group: g.Group}}
		if !slices.Contains(m.members[g.Group], v.Person.ID) {
			h.Lost, h.Evidence = "no longer in the group", plan.EvidenceFull
		}
		rv.Have = append(rv.Have, h)
	}
	if !m.pol.OneRole { // with one, the first of equal rank is by id; the order of dues is free all the same
		rv.Due = shuffled(r, rv.Due)
	}
	rv.Have = shuffled(r, rv.Have)
	return plan.DecideRoles(&rv, m.pol)
}

// apply carries a plan out, and says what the portal would not have.
func (m *model) apply(p planned) {
	for id, note := range p.notes {
		if note != nil && m.links[id] != nil {
			copied := *note
			m.links[id] = &copied
		}
	}
	m.adopted = map[plan.EmployeeID]bool{}
	for _, a := range p.actions {
		if a.Kind == plan.Adopt && a.Extras().Key != plan.KeyRecreated {
			m.adopted[a.Employee] = true
		}
		if !m.refuses(&a) && (a.Kind != plan.GrantRole || m.links[a.User.ID] != nil) {
			m.one(&a)
		}
	}
}

func (m *model) one(a *plan.Action) {
	if (a.Kind == plan.Update) && m.links[a.User.ID] == nil {
		m.t.Errorf("%s of %s, who has no link", actionText(a), a.User.ID)
		return
	}
	id := a.User.ID
	switch a.Kind {
	case plan.RenameRole:
		m.role(a.Role.ID).Name = a.Role.Name
		m.glinks[a.Role.Group].Name, m.glinks[a.Role.Group].RoleName = a.Role.Name, a.Role.Name
	case plan.CreateRole:
		m.nextID++
		m.roles = append(m.roles, ofGroup(plan.RoleID(m.nextID), a.Role.Name, a.Role.Group))
		m.glinks[a.Role.Group] = &plan.GroupLink{Group: a.Role.Group, Name: a.Role.Name, Role: plan.RoleID(m.nextID), RoleName: a.Role.Name, How: plan.HowCreated}
	case plan.LinkRole:
		m.glinks[a.Role.Group] = &plan.GroupLink{Group: a.Role.Group, Name: a.Role.Name, Role: a.Role.ID, RoleName: a.Role.Name, How: plan.HowAdopted}
	case plan.Adopt:
		link := plan.Adopted(a.Want, m.employees[a.Employee], m.pol.AdoptKeep)
		for old, l := range m.links {
			if l.Employee == a.Employee { // re-created
				link = *l
				m.grants[id] = m.grants[old]
				delete(m.links, old)
				delete(m.grants, old)
			}
		}
		link.Person = id
		m.links[id] = &link
	case plan.Terminate:
		if m.links[id] == nil || m.links[id].Employee != a.Employee || a.Extras().Evidence == "" {
			m.t.Errorf("terminated without a link or evidence: %+v", a)
			return
		}
		e := m.employees[a.Employee]
		e.Status, e.Values[plan.Username] = "TERMINATED", ""
		m.formers[id] = &plan.Former{Link: *m.links[id], Terminated: now, Run: "r"}
		delete(m.links, id)
		delete(m.grants, id)
	case plan.Update:
		for _, c := range a.Changes {
			m.employees[a.Employee].Values[c.Field], m.links[id].Pushed[c.Field] = c.New, c.New
		}
		if a.Drift {
			m.links[id].LastRepair = plan.RepairDigest(a.Changes)
		}
	case plan.Create, plan.Reactivate:
		e := &plan.Employee{Status: "ACTIVE", Values: a.Want.Values, Has: everything, ID: a.Employee}
		if a.Kind == plan.Create {
			m.nextID++
			e.ID = plan.EmployeeID(m.nextID)
		}
		m.employees[e.ID], m.links[id] = e, &plan.Link{Person: id, Employee: e.ID, Pushed: a.Want.Values}
		delete(m.formers, id)
	case plan.GrantRole:
		m.nextID++
		m.grants[id] = append(m.grants[id], plan.Grant{Role: m.glinks[a.Role.Group].Role, Person: id, ID: plan.GrantID(m.nextID), Employee: m.links[id].Employee, Group: a.Role.Group})
	case plan.RevokeRole:
		m.grants[id] = slices.DeleteFunc(m.grants[id], func(g plan.Grant) bool { return g.Role == a.Role.ID })
	}
}

// refuses is the portal's own rule: no two active employees of one name. It may come
// into play through an employee whom nobody manages, and whoever waits for a name then.
func (m *model) refuses(a *plan.Action) bool {
	var want plan.Values
	switch a.Kind {
	case plan.Create, plan.Reactivate:
		want = a.Want.Values
	case plan.Update:
		for _, c := range a.Changes {
			want[c.Field] = c.New
		}
	}
	for id, e := range m.employees {
		for _, f := range []plan.Field{plan.Username, plan.Email} {
			if id == a.Employee || want[f] == "" || e.Status == "TERMINATED" || !f.Same(want[f], e.Values[f]) {
				continue
			}
			managed := false
			if m.adopted[id] {
				m.refused = true
				return true
			}
			for _, l := range m.links {
				managed = managed || l.Employee == id
			}
			if managed && !m.refused {
				m.t.Errorf("%s of %s: employee %d, who is managed, has the name", actionText(a), a.User.ID, id)
			}
			m.refused = true
			return true
		}
	}
	return false
}

func (m *model) role(id plan.RoleID) *plan.Role {
	return &m.roles[slices.IndexFunc(m.roles, func(r plan.Role) bool { return r.ID == id })]
}

// text is a plan to compare with another.
func (p *planned) text() string {
	var lines []string
	for i := range p.actions {
		a := &p.actions[i]
		lines = append(lines, fmt.Sprintf("%s %s %d %s", actionText(a), a.User.ID, a.Employee, a.Reason))
	}
	for i := range p.held {
		lines = append(lines, fmt.Sprintf("held %s %s %s", actionText(&p.held[i].Action), p.held[i].User.ID, p.held[i].Why))
	}
	for _, q := range p.problems {
		lines = append(lines, fmt.Sprintf("problem %s %s %s", q.User.ID, q.Code, q.Message))
	}
	return strings.Join(lines, "\n")
}

// TestPlansOfAnyOrganisation: the same input in any order makes the same plan; nobody
// is granted and revoked one role, terminated without a link, or given another's name;
// and once a plan is carried out, there is nothing left to do.
func TestPlansOfAnyOrganisation(t *testing.T) {
	r := random(t)
	rounds := 1500
	if testing.Short() {
		rounds = 200
	}
	for round := range rounds {
		m := newModel(t, r)
		first := m.plan(r)
		if again := m.plan(r); again.text() != first.text() {
			t.Errorf("in another order, another plan:\n%s\n--- and\n%s", first.text(), again.text())
		}
		m.contradictions(&first)
		if m.apply(first); t.Failed() {
			t.Logf("the plan:\n%s", first.text())
		}
		if left := m.plan(r); len(left.actions) > 0 && !m.refused {
			t.Errorf("once the plan is carried out, another follows:\n%s\n--- then\n%s", first.text(), left.text())
		}
		if t.Failed() {
			t.Fatalf("in round %d, with %d people", round, len(m.people))
		}
	}
}

// contradictions finds actions that undo one another.
func (m *model) contradictions(p *planned) {
	type key struct {
		person plan.PersonID
		role   plan.RoleID
		group  plan.GroupID
	}
	roles, people, granted := map[key]plan.Kind{}, map[plan.PersonID]map[plan.Kind]bool{}, map[plan.PersonID]int{}
	for _, a := range p.actions {
		if a.User.ID != "" && people[a.User.ID] == nil {
			people[a.User.ID] = map[plan.Kind]bool{}
		}
		if a.User.ID != "" && a.Role == nil {
			if people[a.User.ID][a.Kind] {
				m.t.Errorf("%s twice for %s", a.Kind, a.User.ID)
			}
			people[a.User.ID][a.Kind] = true
		}
		if a.Kind == plan.GrantRole {
			granted[a.User.ID]++
		}
		if a.Kind == plan.GrantRole || a.Kind == plan.RevokeRole {
			k := key{a.User.ID, a.Role.ID, a.Role.Group}
			if roles[k] != "" {
				m.t.Errorf("%s and %s of one role for %s", roles[k], a.Kind, a.User.ID)
			}
			roles[k] = a.Kind
		}
	}
	for id, kinds := range people {
		if kinds[plan.Terminate] && len(kinds) > 1 || kinds[plan.Create] && (kinds[plan.Adopt] || kinds[plan.Update]) {
			m.t.Errorf("%s: %v in one plan", id, kinds)
		}
		if m.pol.OneRole && granted[id] > 1 {
			m.t.Errorf("%s is granted %d roles", id, granted[id])
		}
	}
}

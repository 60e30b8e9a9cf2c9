package compare

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A thing is what is counted once, however many runs plan it: of an update one field.
type thing struct {
	kind   plan.Kind
	person plan.PersonID
	group  plan.GroupID
	role   plan.RoleID // where there is no group
	field  string
}

// A planned is a thing that observing runs would have done, or have held for an approval.
type planned struct {
	first  time.Time
	last   plan.Audit // the latest entry about it
	guard  bool       // it would have waited for an approval
	change plan.Change
}

// Observed are the things that the history and the last plan of observing runs hold.
type Observed struct {
	things   map[thing]*planned
	order    []thing // as they were first planned
	standing map[thing]bool
}

// thingsOf takes an action apart.
func thingsOf(kind plan.Kind, person plan.PersonID, role *plan.RoleRef, changes []plan.Change) []thing {
	one := thing{kind: kind, person: person}
	if role != nil {
		one.group = role.Group
		if role.Group == "" {
			one.role = role.ID
		}
	}
	if kind != plan.Update {
		return []thing{one}
	}
	all := make([]thing, len(changes))
	for i, c := range changes {
		all[i] = one
		all[i].field = c.Field.String()
	}
	return all
}

// Note takes in an entry of the audit trail; entries come in their order.
func (o *Observed) Note(entry plan.Audit) {
	guard := entry.Outcome == plan.Withheld && strings.HasPrefix(entry.Message, plan.HeldGuard)
	kind := plan.Kind(entry.Kind)
	if entry.Outcome != plan.Would && !guard || !kind.Writes() {
		return
	}
	if o.things == nil {
		o.things = map[thing]*planned{}
	}
	for i, t := range thingsOf(kind, entry.Person, entry.Role, entry.Changes) {
		p := o.things[t]
		if p == nil {
			p = &planned{first: entry.Time}
			o.things[t] = p
			o.order = append(o.order, t)
		}
		p.last, p.guard = entry, guard
		if kind == plan.Update {
			p.change = entry.Changes[i]
		}
	}
}

// NoteDue takes in an action of the last plan: it is still due.
func (o *Observed) NoteDue(a *plan.Action) {
	if o.standing == nil {
		o.standing = map[thing]bool{}
	}
	for _, t := range thingsOf(a.Kind, a.User.ID, a.Role, a.FieldChanges()) {
		o.standing[t] = true
	}
}

// NoteHeld takes in what the last plan held: it is still due where the guards held it.
func (o *Observed) NoteHeld(h *plan.Held) {
	if h.Code() == plan.HeldGuard {
		o.NoteDue(&h.Action)
	}
}

// observing sorts what came of observing.
type observing struct {
	*comparing
	Observed
	since plan.Observing
	out   *plan.Observation
	mine  map[plan.PersonID]*plan.Employee
	roles map[plan.RoleID]*read.Pushed // by the role that a group has; one that could not be read has none
	// apart are fields that differ: those that changed in Okta, and those that changed in
	// TrackTik.
	apart map[plan.PersonID]apart
}

type apart struct{ okta, tracktik map[string]plan.Difference }

// observe says what observing came to, when that is what runs do.
func (c *comparing) observe(seen Observed) error {
	if !c.Observe || c.Meta.Observing == nil {
		return nil
	}
	o := &observing{comparing: c, Observed: seen, since: *c.Meta.Observing, mine: map[plan.PersonID]*plan.Employee{},
		roles: map[plan.RoleID]*read.Pushed{}, apart: map[plan.PersonID]apart{}}
	o.out = &plan.Observation{Since: o.since.Since}
	if !o.since.Read.IsZero() {
		o.out.PortalRead = &o.since.Read
	}
	for _, g := range c.Pushed {
		if g.Role != nil && !g.Failed && o.roles[g.Role.ID] == nil {
			o.roles[g.Role.ID] = g
		}
	}
	for id, s := range c.claimed {
		o.mine[s.Person.ID] = c.employees[id]
	}
	for _, t := range o.order {
		o.judge(t, o.things[t])
	}
	for _, step := range []func() error{o.employeesOfTheirs, o.fieldsOfTheirs, o.grantsOfTheirs} {
		if err := step(); err != nil {
			return err
		}
	}
	o.out.Seal()
	c.out.Observed = o.out
	return nil
}

// judge sorts what we would have done by whether it is done there.
func (o *observing) judge(t thing, p *planned) {
	row := plan.ObservedChange{Kind: t.kind, User: plan.UserRef{ID: p.last.Person, Login: p.last.Login},
		Employee: p.last.Employee,
		Role:     p.last.Role, Field: t.field, Planned: &p.first}
	if e := o.mine[t.person]; e != nil && row.Employee == 0 {
		row.Employee = e.ID
	}
	if p.guard {
		row.Note = "after an approval: the guard would have asked"
	}
	done, theirs := o.done(t, p, &row)
	if row.Field == "" {
		row.Okta, row.TrackTik = o.says(t.kind, t.person, p.last.Role, row.Employee)
	}
	switch {
	case theirs: // listed as what they changed
	case done:
		o.out.Agreed = append(o.out.Agreed, row)
	case o.standing[t]:
		o.out.OnlyWe = append(o.out.OnlyWe, row)
	default:
		o.out.Lapsed++
	}
}

// done reports whether the portal is as the thing would have made it; theirs, that it
// would have undone what somebody changed there.
func (o *observing) done(t thing, p *planned, row *plan.ObservedChange) (done, theirs bool) {
	switch t.kind {
	case plan.Create:
		return o.mine[t.person] != nil, false
	case plan.Terminate:
		e := o.employees[p.last.Employee]
		return e == nil || !e.Active(), false
	case plan.Reactivate:
		e := o.employees[p.last.Employee]
		return e != nil && e.Active(), false
	case plan.Update:
		return o.updated(t, p, row)
	case plan.CreateRole:
		g := o.ByGroup[t.group]
		return g != nil && g.Role != nil && g.Role.ID != 0, false
	case plan.RenameRole:
		return slices.ContainsFunc(o.Portal.Roles, func(r plan.Role) bool {
			return r.ID == p.last.Role.ID &&
				r.Name == p.last.Role.Name
		}), false
	case plan.GrantRole:
		return o.holdsRole(p.last), false
	case plan.RevokeRole:
		return !o.holdsRole(p.last), false
	}
	return false, false
}

func (o *observing) updated(t thing, p *planned, row *plan.ObservedChange) (done, theirs bool) {
	e, s := o.mine[t.person], o.People.Subjects[t.person]
	if e == nil || s == nil || s.Judgement.Verdict != plan.Provision {
		return false, false
	}
	a := o.apartFrom(s, e)
	if d, differs := a.okta[t.field]; differs {
		row.Okta, row.TrackTik = d.Okta, d.TrackTik
		return false, false
	}
	if _, differs := a.tracktik[t.field]; differs {
		return false, true
	}
	row.Okta, row.TrackTik = p.change.New, p.change.New
	return true, false
}

// apartFrom finds out which fields differ, and on which side that came about.
func (o *observing) apartFrom(s *read.Subject, e *plan.Employee) apart {
	if a, known := o.apart[s.Person.ID]; known {
		return a
	}
	a := apart{map[string]plan.Difference{}, map[string]plan.Difference{}}
	link := plan.Adopted(s.Want(), e, false)
	if s.Link != nil {
		link = *s.Link
	}
	_, drift := plan.Differences(&link, s.Want(), e, &o.Pol)
	for _, d := range o.differences(s, e) {
		if slices.ContainsFunc(drift, func(c plan.Change) bool { return c.Field.String() == d.Field }) {
			a.tracktik[d.Field] = d
		} else {
			a.okta[d.Field] = d
		}
	}
	o.apart[s.Person.ID] = a
	return a
}

// holdsRole reports whether the employee of an entry holds its role now.
func (o *observing) holdsRole(entry plan.Audit) bool {
	role := entry.Role.ID
	if g := o.ByGroup[entry.Role.Group]; g != nil && g.Role != nil && g.Role.ID != 0 {
		role = g.Role.ID
	}
	id := entry.Employee
	if e := o.mine[entry.Person]; e != nil {
		id = e.ID
	}
	return slices.Contains(o.holders[role], id)
}

// employeesOfTheirs finds employees that were made or ended while observing, and
// sorts them by whether that was due.
func (o *observing) employeesOfTheirs() error {
	for _, e := range o.sortedEmployees() {
		switch {
		case e.Active() && o.out.PortalRead != nil && e.ID > o.since.Employee && !o.PortalReader.IsOwn(e):
			o.made(e)
		case !e.Active():
			if err := o.ended(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *observing) made(e *plan.Employee) {
	row := plan.ObservedChange{Kind: plan.Create, Employee: e.ID}
	s := o.claimed[e.ID]
	switch {
	case s == nil && o.doubted[e.ID]:
		row.Note = "matches more than one person, or not alone"
	case s == nil:
		row.Note = "nobody in Okta: " + whoseEmployee(e)
	case o.due(s):
		row.User = s.Named()
		if o.things[thing{kind: plan.Create, person: s.Person.ID}] == nil {
			row.Note = "was there before our next run"
			o.out.Agreed = append(o.out.Agreed, row)
		}
		return
	default:
		row.User, row.Note = s.Named(), "not to have an employee: "+whyNone(s)
	}
	o.onlyThey(row)
}

// whyNone is why somebody is not to have an employee.
func whyNone(s *read.Subject) string {
	if s.Judgement.Verdict == plan.Provision || s.Judgement.Why == "" {
		return "out of scope"
	}
	return s.Judgement.Why
}

func whoseEmployee(e *plan.Employee) string {
	return cmp.Or(e.Values.FullName(), e.Values[plan.Username], e.Values[plan.Email])
}

// due reports whether somebody is to have an employee.
func (o *observing) due(s *read.Subject) bool {
	return s.InScope()
}

func (o *observing) ended(e *plan.Employee) error {
	link, managed, err := o.Snapshot.LinkOfEmployee(e.ID)
	if err != nil || !managed || o.things[thing{kind: plan.Terminate, person: link.Person}] != nil {
		return err
	}
	row := plan.ObservedChange{Kind: plan.Terminate, User: plan.UserRef{ID: link.Person, Login: link.Login},
		Employee: e.ID}
	s := o.People.Subjects[link.Person]
	if s == nil || s.Judgement.Verdict == plan.Depart {
		row.Note = "was ended before our next run"
		o.out.Agreed = append(o.out.Agreed, row)
		return nil
	}
	row.Note = cmp.Or(s.Judgement.Why, "still assigned in Okta")
	o.onlyThey(row)
	return nil
}

// fieldsOfTheirs finds what was changed in the portal and not in Okta. Of somebody
// who was adopted with on_adopt: keep that cannot be told.
func (o *observing) fieldsOfTheirs() error {
	for _, s := range o.People.Sorted() {
		e := o.mine[s.Person.ID]
		if s.Link == nil || s.Link.Kept || e == nil || !e.Active() || !o.due(s) {
			continue
		}
		theirs := o.apartFrom(s, e).tracktik
		for f := plan.Field(0); f < plan.NumFields; f++ {
			d, changed := theirs[f.String()]
			if !changed {
				continue
			}
			row := plan.ObservedChange{Kind: plan.Update, User: s.Named(), Employee: e.ID, Field: d.Field, Okta: d.Okta,
				TrackTik: d.TrackTik}
			if p := o.things[thing{kind: plan.Update, person: s.Person.ID, field: d.Field}]; p != nil { // a refresh saw it
				row.Planned, row.Note = &p.first, "we would change it back"
			}
			o.onlyThey(row)
		}
	}
	return nil
}

// grantsOfTheirs finds roles that people were given or lost while observing.
func (o *observing) grantsOfTheirs() error {
	for _, u := range o.newGrants {
		g, e := o.roles[u.Role], o.employees[u.Employee]
		if o.out.PortalRead == nil || u.ID <= o.since.Grant || g == nil || e == nil || !e.Active() ||
			o.PortalReader.IsOwn(e) {
			continue
		}
		row := plan.ObservedChange{Kind: plan.GrantRole, Employee: e.ID, Role: g.Role}
		s := o.claimed[e.ID]
		if s != nil {
			row.User = s.Named()
		}
		switch {
		case s == nil || !g.Holds(s.Person.ID):
			row.Note = "not in the group"
			o.onlyThey(row)
		case o.things[thing{kind: plan.GrantRole, person: s.Person.ID, group: g.Group.ID}] == nil:
			row.Note = "was there before our next run"
			o.out.Agreed = append(o.out.Agreed, row)
		}
	}
	for grant, err := range o.Snapshot.Grants() {
		if err != nil {
			return err
		}
		o.lost(grant)
	}
	return nil
}

// lost judges a grant on record that the portal has not any more.
func (o *observing) lost(grant plan.Grant) {
	g, e := o.roles[grant.Role], o.employees[grant.Employee]
	holders, read := o.holders[grant.Role]
	if grant.Gone || !read || g == nil || e == nil || !e.Active() || slices.Contains(holders, grant.Employee) ||
		o.things[thing{kind: plan.RevokeRole, person: grant.Person, group: g.Group.ID}] != nil {
		return
	}
	row := plan.ObservedChange{Kind: plan.RevokeRole, User: plan.UserRef{ID: grant.Person}, Employee: e.ID, Role: g.Role}
	if s := o.People.Subjects[grant.Person]; s != nil {
		row.User = s.Named()
	}
	if g.Holds(grant.Person) {
		row.Note = "still in the group"
		o.onlyThey(row)
		return
	}
	row.Note = "was gone before our next run"
	o.out.Agreed = append(o.out.Agreed, row)
}

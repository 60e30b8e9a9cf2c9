package sync

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tracktik-sync/sync/plan"
)

// Compare reads both sides whole and says who agrees with whom. It writes nothing, and
// an empty snapshot will do: who is linked there is one person, and everybody else is
// matched as a run would.
func (e *Engine) Compare(ctx context.Context) (*plan.Comparison, error) {
	r, err := e.newRun(RunOptions{}, "")
	if err != nil {
		return nil, err
	}
	r.refresh = true // members are read, whatever is remembered of them
	r.people, r.roles.refs = &roster{subjects: map[plan.PersonID]*subject{}}, map[plan.RoleID]*plan.RoleRef{}
	c := &comparing{run: r, employees: map[plan.EmployeeID]*plan.Employee{}, byKey: map[plan.Field]map[string][]plan.EmployeeID{},
		claimed: map[plan.EmployeeID]*subject{}, rivals: map[plan.EmployeeID][]plan.PersonID{}, doubted: map[plan.EmployeeID]bool{}, gone: map[plan.EmployeeID]*subject{},
		out: &plan.Comparison{Created: r.now, Okta: r.doc.Okta, TrackTik: r.doc.TrackTik}}
	for _, step := range []func(context.Context) error{c.begin, r.readGroups, c.readUsers, c.readEmployees, c.readRoles} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if err := c.compare(); err != nil {
		return nil, err
	}
	c.out.Warnings = r.warnings
	c.out.Seal()
	return c.out, nil
}

// A comparing is the work of Compare.
type comparing struct {
	*run
	employees map[plan.EmployeeID]*plan.Employee
	byKey     map[plan.Field]map[string][]plan.EmployeeID // of Policy.Match, folded
	claimed   map[plan.EmployeeID]*subject                // who stands behind an employee in Okta
	gone      map[plan.EmployeeID]*subject                // who did, and is not to have one any more
	rivals    map[plan.EmployeeID][]plan.PersonID         // new people whose keys find one employee
	doubted   map[plan.EmployeeID]bool                    // somebody in Okta may stand behind them
	holders   map[plan.RoleID][]plan.EmployeeID           // of the pushed groups' roles
	out       *plan.Comparison
}

func (c *comparing) begin(ctx context.Context) error {
	if err := c.quarantined(); err != nil {
		return err
	}
	if err := c.checkApp(ctx); err != nil {
		return err
	}
	return c.findOwn(ctx)
}

// readUsers reads and maps everybody in Okta's listing.
func (c *comparing) readUsers(ctx context.Context) error {
	c.phase("reading okta users", 0)
	return c.Source.Assignments(ctx, func(page []plan.Entry) error {
		for i := range page {
			if c.people.subjects[page[i].ID] != nil {
				continue // it came with two pages
			}
			p, err := page[i].Decode()
			if err != nil {
				c.log.WithField("person", page[i].ID).WithError(err).Warn("an entry of okta's listing cannot be read")
				p = plan.Person{ID: page[i].ID}
			}
			c.out.Users++
			if err := c.subject(p, plan.EvidenceListing); err != nil {
				return err
			}
			if s := c.people.subjects[p.ID]; s.judgement.Verdict != plan.Provision { // they may have an employee
				s.person.User, s.person.App = p.User, p.App
				c.mapSubject(s)
				s.person.User, s.person.App = nil, nil
			}
		}
		c.progress(len(page))
		return nil
	})
}

func (c *comparing) readEmployees(ctx context.Context) error {
	for _, f := range c.pol.Match {
		c.byKey[f] = map[string][]plan.EmployeeID{}
	}
	c.phase("reading tracktik employees", c.meta.PortalEmployees)
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
		c.progress(len(page))
		return nil
	})
	c.out.Employees = total
	if err != nil {
		return err
	}
	return c.readRegions(ctx)
}

// readRoles reads who holds the roles of the pushed groups.
func (c *comparing) readRoles(ctx context.Context) error {
	if err := c.readPortalRoles(ctx); err != nil {
		return err
	}
	if err := c.decideGroups(ctx); err != nil {
		return err
	}
	c.holders = map[plan.RoleID][]plan.EmployeeID{}
	for _, g := range c.groups {
		if g.role != nil && g.role.ID != 0 && !g.failed {
			c.holders[g.role.ID] = nil
		}
	}
	if len(c.holders) == 0 {
		return nil
	}
	c.phase("reading tracktik roles", 0)
	return c.Target.UserRoles(ctx, func(page []plan.UserRole) error {
		for _, u := range page {
			if list, pushed := c.holders[u.Role]; pushed {
				c.holders[u.Role] = append(list, u.Employee)
			}
		}
		c.progress(len(page))
		return nil
	})
}

// compare puts everybody into a group: those who are linked first, since nobody else
// can be their employee.
func (c *comparing) compare() error {
	list := c.people.sorted()
	for _, s := range list {
		if s.link != nil {
			c.claim(s, s.link.Employee)
		}
	}
	for _, s := range list {
		c.findRivals(s)
	}
	for _, s := range list {
		c.place(s)
	}
	if err := c.placeEmployees(); err != nil {
		return err
	}
	c.placeHolders()
	return nil
}

// claim notes who stands behind an employee.
func (c *comparing) claim(s *subject, id plan.EmployeeID) {
	if s.judgement.Verdict == plan.Depart {
		c.gone[id] = s
		return
	}
	c.claimed[id] = s
}

// findRivals notes whom the keys of a new person find.
func (c *comparing) findRivals(s *subject) {
	if s.link != nil || s.judgement.Verdict != plan.Provision {
		return
	}
	for _, key := range c.keys(s) {
		for _, id := range c.byKey[key][plan.FoldName(s.mapped.Wanted.Values[key])] {
			if !slices.Contains(c.rivals[id], s.person.ID) {
				c.rivals[id] = append(c.rivals[id], s.person.ID)
			}
		}
	}
}

// place finds one person's employee, and compares them if they are to have one.
func (c *comparing) place(s *subject) {
	e, match, note := c.employeeOf(s)
	row := plan.Compared{User: s.ref(), Match: match, Note: note}
	if e != nil {
		row.Employee = c.shown(e)
		if e.Active() {
			c.claim(s, e.ID)
		}
	}
	if s.judgement.Verdict != plan.Provision || s.outOf || s.scopeErr != "" {
		return // they may have an employee, and need not
	}
	switch {
	case e == nil:
		if len(s.mapped.Problems) > 0 && row.Note == "" {
			row.Note = s.mapped.Problems[0].Code + ": " + s.mapped.Problems[0].Message
		}
		c.out.OnlyOkta = append(c.out.OnlyOkta, row)
	case !e.Active():
		c.out.Terminated = append(c.out.Terminated, row)
	default:
		if row.Differences = c.differences(s, e); len(row.Differences) > 0 {
			c.out.Different = append(c.out.Different, row)
		} else {
			c.out.Equal = append(c.out.Equal, row)
		}
	}
}

// employeeOf finds a person's employee as a run would: by the link, else by the keys.
// One who is not active is found where there is no other.
func (c *comparing) employeeOf(s *subject) (e *plan.Employee, match, note string) {
	if s.link != nil {
		if e = c.employees[s.link.Employee]; e == nil {
			note = fmt.Sprintf("employee %d is not in TrackTik any more", s.link.Employee)
		}
		return e, plan.KeyLinked, note
	}
	var active, ended []*plan.Employee
	keys := map[plan.EmployeeID]plan.Field{}
	for _, key := range c.keys(s) {
		for _, id := range c.byKey[key][plan.FoldName(s.mapped.Wanted.Values[key])] {
			e := c.employees[id]
			if _, seen := keys[id]; seen {
				continue
			}
			keys[id] = key
			owner := c.claimed[id]
			switch {
			case owner != nil && owner != s:
				note = fmt.Sprintf("%s: employee %d is that of user %s", plan.ProblemNameInUse, id, owner.person.ID)
			case e.Active():
				active = append(active, e)
			case !c.strangers(s, e) || key != plan.Email:
				ended = append(ended, e)
			}
		}
	}
	if f := s.former; f != nil && c.employees[f.Link.Employee] != nil && !c.employees[f.Link.Employee].Active() {
		ended = append(ended, c.employees[f.Link.Employee])
	}
	switch {
	case len(active) == 1 && len(c.rivals[active[0].ID]) > 1:
		c.doubted[active[0].ID] = true
		return nil, "", fmt.Sprintf("%s: employee %d matches %d users; `link` says whose they are", plan.ProblemAmbiguousMatch, active[0].ID, len(c.rivals[active[0].ID]))
	case len(active) == 1:
		e = active[0]
		if keys[e.ID] == plan.Email && c.strangers(s, e) {
			note = plan.HeldDoubtfulMatch + ": only the e-mail agrees; `link` settles it"
		}
		return e, c.keyName(keys[e.ID]), note
	case len(active) > 1:
		for _, e := range active {
			c.doubted[e.ID] = true
		}
		return nil, "", fmt.Sprintf("%s: employees %s; `link` says which one is theirs", plan.ProblemAmbiguousMatch, employeeList(active))
	case len(ended) > 0 && note == "":
		e = slices.MaxFunc(ended, func(a, b *plan.Employee) int { return cmp.Compare(a.ID, b.ID) })
		if key, found := keys[e.ID]; found {
			return e, c.keyName(key), ""
		}
		return e, "former", ""
	}
	return nil, "", note
}

func (c *comparing) keyName(f plan.Field) string {
	if f == plan.CustomID {
		return "custom_id"
	}
	return f.String()
}

// strangers reports that first and last name both differ.
func (c *comparing) strangers(s *subject, e *plan.Employee) bool {
	v := &s.mapped.Wanted.Values
	return plan.FoldName(v[plan.FirstName]) != plan.FoldName(e.Values[plan.FirstName]) && plan.FoldName(v[plan.LastName]) != plan.FoldName(e.Values[plan.LastName])
}

func employeeList(list []*plan.Employee) string {
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = strconv.FormatInt(int64(e.ID), 10)
	}
	return strings.Join(ids, ", ")
}

// differences are what the employee holds otherwise than Okta wants.
func (c *comparing) differences(s *subject, e *plan.Employee) []plan.Difference {
	want := &s.mapped.Wanted
	link := plan.Adopted(want, e, false)
	if s.link != nil {
		link = *s.link
	}
	changes, drift := plan.Differences(&link, want, e, &c.pol)
	var all []plan.Difference
	for _, change := range plan.MergeChanges(changes, drift) {
		if change.Field != plan.Region {
			all = append(all, plan.Difference{Field: change.Field.String(), Okta: change.New, TrackTik: change.Old})
		}
	}
	if division := want.Values[plan.Region]; division != "" && e.Region != 0 && !c.pol.CreateOnly.Has(plan.Region) {
		if region, code, _ := c.regions.find(division); code != "" || region.ID != e.Region {
			all = append(all, plan.Difference{Field: plan.Region.String(), Okta: division, TrackTik: c.regionName(e.Region)})
		}
	}
	return all
}

func (c *comparing) regionName(id plan.RegionID) string {
	if name := c.regions.byID[id].Name; name != "" || id == 0 {
		return name
	}
	return strconv.FormatInt(int64(id), 10)
}

func (c *comparing) shown(e *plan.Employee) plan.ComparedEmployee {
	v := &e.Values
	return plan.ComparedEmployee{ID: e.ID, CustomID: v[plan.CustomID], Username: v[plan.Username], Name: v.FullName(), Email: v[plan.Email],
		Status: e.Status, Region: c.regionName(e.Region)}
}

// placeEmployees finds the active employees without anyone in Okta.
func (c *comparing) placeEmployees() error {
	for _, e := range c.sortedEmployees() {
		if !e.Active() || c.claimed[e.ID] != nil || c.doubted[e.ID] || c.isOwn(e) {
			continue
		}
		row := plan.Compared{Employee: c.shown(e)}
		link, managed, err := c.Snapshot.LinkOfEmployee(e.ID)
		if err != nil {
			return err
		}
		switch s := c.gone[e.ID]; {
		case s != nil:
			row.User, row.Note = s.ref(), s.judgement.Why
		case managed:
			row.User, row.Note = plan.UserRef{ID: link.Person, Login: link.Login}, "is managed, and not assigned to the app in Okta any more"
		}
		c.out.OnlyTrackTik = append(c.out.OnlyTrackTik, row)
	}
	return nil
}

func (c *comparing) sortedEmployees() []*plan.Employee {
	list := make([]*plan.Employee, 0, len(c.employees))
	for _, e := range c.employees {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *plan.Employee) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// isOwn reports the employee whose credentials we use.
func (r *run) isOwn(e *plan.Employee) bool {
	if r.pol.Own != 0 {
		return e.ID == r.pol.Own
	}
	return r.pol.OwnUsername != "" && plan.Username.Same(e.Values[plan.Username], r.pol.OwnUsername)
}

// placeHolders finds who holds the role of a group that they are not in.
func (c *comparing) placeHolders() {
	for _, g := range c.groups {
		if g.role == nil || g.role.ID == 0 || g.failed {
			continue
		}
		ids := slices.Clone(c.holders[g.role.ID])
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			e, s := c.employees[id], c.claimed[id]
			if e == nil || !e.Active() || c.isOwn(e) || s != nil && g.holds(s.person.ID) {
				continue
			}
			row := plan.Compared{Employee: c.shown(e), Role: g.role, Group: g.group.Name}
			if s != nil {
				row.User = s.ref()
			}
			c.out.OutsideGroup = append(c.out.OutsideGroup, row)
		}
	}
}

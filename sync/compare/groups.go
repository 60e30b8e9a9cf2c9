package compare

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// compare puts everybody into a group: those who are linked first, since nobody else
// can be their employee.
func (c *comparing) compare() error {
	list := c.People.Sorted()
	for _, s := range list {
		if s.Link != nil {
			c.claim(s, s.Link.Employee)
		}
	}
	if c.Pol.MatchExternal {
		if err := c.tie(list); err != nil {
			return err
		}
	}
	for _, s := range list {
		c.findRivals(s)
	}
	for _, first := range []bool{true, false} { // who need not have an employee takes nobody's
		for _, s := range list {
			if s.InScope() == first {
				c.place(s)
			}
		}
	}
	if err := c.placeEmployees(); err != nil {
		return err
	}
	c.namesakes()
	c.placeHolders()
	return nil
}

// namesakes notes, beside people without an employee, the employees without anybody
// who have their very name: a run would make a second one of them.
func (c *comparing) namesakes() {
	byName := map[string][]*plan.Employee{}
	for i := range c.out.OnlyTrackTik {
		e := c.employees[c.out.OnlyTrackTik[i].Employee.ID]
		if name := plan.FoldName(e.Values.FullName()); name != "" {
			byName[name] = append(byName[name], e)
		}
	}
	for i := range c.out.OnlyOkta {
		row := &c.out.OnlyOkta[i]
		s := c.People.Subjects[row.User.ID]
		if same := byName[plan.FoldName(s.Want().Values.FullName())]; len(same) > 0 && row.Note == "" {
			row.Note = fmt.Sprintf("same name as employee %s, whom nobody in Okta is: `link` them if they are one person, "+
				"else a run makes another employee", employeeList(same))
		}
	}
}

// claim notes who stands behind an employee.
func (c *comparing) claim(s *read.Subject, id plan.EmployeeID) {
	if s.Judgement.Verdict == plan.Depart {
		c.gone[id] = s
		return
	}
	c.claimed[id] = s
}

// findRivals notes whom the keys of a new person find.
func (c *comparing) findRivals(s *read.Subject) {
	if s.Link != nil || !s.InScope() {
		return
	}
	for _, key := range c.Matcher.Keys(s) {
		for _, id := range c.byKey[key][plan.FoldName(s.Want().Values[key])] {
			if !slices.Contains(c.rivals[id], s.Person.ID) {
				c.rivals[id] = append(c.rivals[id], s.Person.ID)
			}
		}
	}
}

// place finds one person's employee, and compares them if they are to have one.
func (c *comparing) place(s *read.Subject) {
	e, match, note := c.employeeOf(s)
	row := plan.Compared{User: s.Named(), Match: match, Note: note}
	if e != nil {
		row.Employee = c.shown(e)
		if e.Active() {
			c.claim(s, e.ID)
		}
	}
	if !s.InScope() {
		return // they may have an employee, and need not
	}
	switch {
	case e == nil:
		if len(s.Unmappable) > 0 && row.Note == "" {
			row.Note = s.Unmappable[0].Code + ": " + s.Unmappable[0].Message
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
func (c *comparing) employeeOf(s *read.Subject) (e *plan.Employee, match, note string) {
	if s.Link != nil {
		if e = c.employees[s.Link.Employee]; e == nil {
			note = fmt.Sprintf("employee %d is not in TrackTik any more", s.Link.Employee)
		}
		return e, plan.KeyLinked, note
	}
	if e, note, done := c.tiedEmployee(s); done {
		return e, plan.KeyName(plan.ExternalID), note
	}
	var active, ended []*plan.Employee
	keys := map[plan.EmployeeID]plan.Field{}
	for _, key := range c.Matcher.Keys(s) {
		for _, id := range c.byKey[key][plan.FoldName(s.Want().Values[key])] {
			e := c.employees[id]
			if _, seen := keys[id]; seen {
				continue
			}
			keys[id] = key
			owner, rival := c.claimed[id], c.ties.Other(id, s.Person.ID)
			switch {
			case rival != "" && e.Active():
				c.doubted[id] = true
				note = fmt.Sprintf("%s: Okta's external id names employee %d for user %s; `link` says whose they are",
					plan.ProblemAmbiguousMatch, id, rival)
			case owner != nil && owner != s:
				note = fmt.Sprintf("%s: employee %d is that of user %s", plan.ProblemNameInUse, id, owner.Person.ID)
			case e.Active():
				active = append(active, e)
			case !read.OtherNames(&s.Want().Values, &e.Values) || key != plan.Email:
				ended = append(ended, e)
			}
		}
	}
	if f := s.Extras().Former; f != nil && c.employees[f.Link.Employee] != nil && !c.employees[f.Link.Employee].Active() {
		ended = append(ended, c.employees[f.Link.Employee])
	}
	switch {
	case len(active) == 1 && len(c.rivals[active[0].ID]) > 1:
		c.doubted[active[0].ID] = true
		return nil, "", fmt.Sprintf("%s: employee %d matches %d users; `link` says whose they are",
			plan.ProblemAmbiguousMatch, active[0].ID, len(c.rivals[active[0].ID]))
	case len(active) == 1:
		e = active[0]
		if keys[e.ID] == plan.Email && read.OtherNames(&s.Want().Values, &e.Values) {
			note = plan.HeldDoubtfulMatch + ": only the e-mail agrees; `link` settles it"
		}
		return e, plan.KeyName(keys[e.ID]), note
	case len(active) > 1:
		for _, e := range active {
			c.doubted[e.ID] = true
		}
		return nil, "", fmt.Sprintf("%s: employees %s; `link` says which one is theirs", plan.ProblemAmbiguousMatch,
			employeeList(active))
	case len(ended) > 0 && note == "":
		e = slices.MaxFunc(ended, func(a, b *plan.Employee) int { return cmp.Compare(a.ID, b.ID) })
		if key, found := keys[e.ID]; found {
			return e, plan.KeyName(key), ""
		}
		return e, "former", ""
	}
	return nil, "", note
}

func employeeList(list []*plan.Employee) string {
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = strconv.FormatInt(int64(e.ID), 10)
	}
	return strings.Join(ids, ", ")
}

// differences are what the employee holds otherwise than Okta wants.
func (c *comparing) differences(s *read.Subject, e *plan.Employee) []plan.Difference {
	want := s.Want()
	link := plan.Adopted(want, e, false)
	if s.Link != nil {
		link = *s.Link
	}
	changes, drift := plan.Differences(&link, want, e, &c.Pol)
	var all []plan.Difference
	for _, change := range plan.MergeChanges(changes, drift) {
		if change.Field != plan.Region {
			all = append(all, plan.Difference{Field: change.Field.String(), Okta: change.New, TrackTik: change.Old})
		}
	}
	if division := want.Values[plan.Region]; division != "" && e.Region != 0 && !c.Pol.CreateOnly.Has(plan.Region) {
		if region, code, _ := c.Regions.Find(division); code != "" || region.ID != e.Region {
			all = append(all, plan.Difference{Field: plan.Region.String(), Okta: division, TrackTik: c.regionName(e.Region)})
		}
	}
	return all
}

func (c *comparing) regionName(id plan.RegionID) string {
	if name := c.Regions.ByID(id).Name; name != "" || id == 0 {
		return name
	}
	return strconv.FormatInt(int64(id), 10)
}

func (c *comparing) shown(e *plan.Employee) plan.ComparedEmployee {
	v := &e.Values
	return plan.ComparedEmployee{ID: e.ID, CustomID: v[plan.CustomID], Username: v[plan.Username], Name: v.FullName(),
		Email:  v[plan.Email],
		Status: e.Status, Region: c.regionName(e.Region)}
}

// placeEmployees finds the active employees without anyone in Okta.
func (c *comparing) placeEmployees() error {
	for _, e := range c.sortedEmployees() {
		if !e.Active() || c.claimed[e.ID] != nil || c.doubted[e.ID] || c.PortalReader.IsOwn(e) {
			continue
		}
		row := plan.Compared{Employee: c.shown(e)}
		link, managed, err := c.Snapshot.LinkOfEmployee(e.ID)
		if err != nil {
			return err
		}
		switch s := c.gone[e.ID]; {
		case s != nil:
			row.User, row.Note = s.Named(), s.Judgement.Why
		case managed:
			row.User, row.Note = plan.UserRef{ID: link.Person, Login: link.Login},
				"is managed, and not assigned to the app in Okta any more"
		}
		if c.out.OnlyTrackTik = append(c.out.OnlyTrackTik, row); !managed {
			c.unmanaged = append(c.unmanaged, len(c.out.OnlyTrackTik)-1)
		}
	}
	return nil
}

// tellApart looks the unmanaged up in Okta, and among those who are assigned.
func (c *comparing) tellApart(ctx context.Context) error {
	c.Phase("looking unmanaged employees up in okta", len(c.unmanaged))
	pool, poolCtx := errgroup.WithContext(ctx)
	pool.SetLimit(read.Lookers)
	standings := make([]plan.Standing, len(c.unmanaged))
	for i, at := range c.unmanaged {
		pool.Go(func() (err error) {
			defer c.Advance(1)
			standings[i], err = c.StandingReader.Classify(poolCtx, c.employees[c.out.OnlyTrackTik[at].Employee.ID])
			return err
		})
	}
	if err := pool.Wait(); err != nil {
		return err
	}
	roll := read.Roll{}
	for i, at := range c.unmanaged {
		roll.Add(c.employees[c.out.OnlyTrackTik[at].Employee.ID], &standings[i])
	}
	for _, s := range c.People.Sorted() {
		p := s.Whole()
		roll.Meet(plan.ClaimantOf(&p, &c.Pol, &s.Want().Values))
	}
	for i, at := range c.unmanaged {
		row := &c.out.OnlyTrackTik[at]
		row.Class, row.Note = standings[i].Class, cmp.Or(row.Note, standings[i].Why)
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

// isDue reports whether one of the groups gives somebody the role: several may.
func (c *comparing) isDue(role plan.RoleID, id plan.PersonID) bool {
	return slices.ContainsFunc(c.Pushed, func(g *read.Pushed) bool {
		return g.Role != nil && g.Role.ID == role &&
			g.Holds(id)
	})
}

// placeHolders finds who holds the role of a group that they are not in.
func (c *comparing) placeHolders() {
	for _, g := range c.Pushed {
		if g.Role == nil || g.Role.ID == 0 || g.Failed {
			continue
		}
		ids := slices.Clone(c.holders[g.Role.ID])
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			e, s := c.employees[id], c.claimed[id]
			if e == nil || !e.Active() || c.PortalReader.IsOwn(e) || s != nil && c.isDue(g.Role.ID, s.Person.ID) {
				continue
			}
			row := plan.Compared{Employee: c.shown(e), Role: g.Role, Group: g.Group.Name}
			if s != nil {
				row.User = s.Named()
			}
			c.out.OutsideGroup = append(c.out.OutsideGroup, row)
		}
	}
}

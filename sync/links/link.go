// Package links records who is who: what an administrator says of single people, and what
// of a snapshot holds on another side.
package links

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A Pair says that a user in Okta and an employee in TrackTik are one person.
type Pair struct {
	Line     int    // of the file that it comes from; 0: none
	User     string // Okta id, login or e-mail
	Employee plan.EmployeeID
	Err      error // why it is no pair: it is refused, and named with the others
}

// A Linked is what became of a Pair.
type Linked struct {
	Pair
	Ref plan.UserRef // zero: nobody was found
	// Already says that a row of a file is what is on record: nothing is recorded anew.
	Already bool
	// Differs are the fields in which the employee is not as Okta wants.
	Differs []plan.Change
}

// People finds out who is who: all pairs, or none of them. It reads both sides, and what is
// to be recorded is the batch; nil where a pair is refused. Each pair comes back with the
// reason why it is refused in Err; the error is about all of them: a call that failed, or
// the snapshot.
func People(ctx context.Context, sides *read.Sides, pairs []Pair) ([]Linked, *plan.Batch, error) {
	r, err := read.NewReading(sides, read.Scope{}, "")
	if err != nil {
		return nil, nil, err
	}
	l := &linker{Reading: r, pairs: make([]Linked, len(pairs)), subjects: make([]*read.Subject, len(pairs)),
		open: map[plan.PersonID]string{}, made: map[plan.PersonID]plan.EmployeeID{}}
	r.OwnGroups = map[plan.PersonID][]plan.Group{}
	for i, p := range pairs {
		l.pairs[i].Pair = p
	}
	for _, step := range []func(context.Context) error{l.begin, l.read, l.findOwners} {
		if err := step(ctx); err != nil {
			return nil, nil, err
		}
	}
	for i := range l.pairs {
		l.refuseTwice(i)
		l.judge(i)
	}
	if slices.ContainsFunc(l.pairs, func(p Linked) bool { return p.Err != nil }) {
		return l.pairs, nil, nil
	}
	batch, err := l.batch()
	if err != nil {
		return nil, nil, err
	}
	return l.pairs, &batch, nil
}

// A linker is the work of People. subjects[i] is that of pairs[i], nil when
// nobody was found.
type linker struct {
	*read.Reading
	pairs    []Linked
	subjects []*read.Subject
	open     map[plan.PersonID]string          // runs whose write about them is not settled
	made     map[plan.PersonID]plan.EmployeeID // whom that write may have made; 0: nobody is known
	byName   map[string][]plan.Person          // Okta's listing by id, login and e-mail, when it was read
}

func (l *linker) begin(ctx context.Context) error {
	if err := l.Quarantined(); err != nil {
		return err
	}
	pending, err := l.Snapshot.Pending()
	if err != nil {
		return err
	}
	for _, in := range pending {
		l.open[in.Action.User.ID] = in.Run
		if in.Action.Kind == plan.Create {
			l.made[in.Action.User.ID] = in.Action.Employee
		}
	}
	return l.Grants.FindOwn(ctx)
}

// read finds people and employees: one by one, or many in one listing of each side.
func (l *linker) read(ctx context.Context) error {
	employees := map[plan.EmployeeID]plan.Employee{}
	if len(l.pairs) > read.ManyNew {
		if err := l.listBoth(ctx, employees); err != nil {
			return err
		}
	}
	l.Phase("looking who is who", len(l.pairs))
	for i := range l.pairs {
		p := &l.pairs[i]
		if p.Err != nil {
			continue
		}
		if err := l.readPair(ctx, i, employees); err != nil {
			if !errors.Is(err, read.ErrNobody) {
				return err
			}
			p.Err = err
		}
		l.Advance(1)
	}
	return nil
}

func (l *linker) readPair(ctx context.Context, i int, employees map[plan.EmployeeID]plan.Employee) error {
	p := &l.pairs[i]
	person, err := l.person(ctx, p.User)
	if err != nil {
		return err
	}
	e, found := employees[p.Employee]
	if !found {
		if e, found, err = l.Target.Employee(ctx, p.Employee); err != nil {
			return err
		}
	}
	p.Ref = plan.UserRef{ID: person.ID, Login: person.Login}
	if !found {
		return fmt.Errorf("%w: tracktik has no employee %d", read.ErrNobody, p.Employee)
	}
	s := &read.Subject{Person: read.SelfOf(&person), Okta: read.Okta{Judgement: plan.Judge(&person, &l.Pol)},
		InTrackTik: read.InTrackTik{Employee: &e, Matches: []plan.Match{{Employee: e}}}}
	l.subjects[i] = s
	return l.mapPerson(ctx, s)
}

// listBoth reads both sides whole.
func (l *linker) listBoth(ctx context.Context, employees map[plan.EmployeeID]plan.Employee) error {
	wanted := map[plan.EmployeeID]bool{}
	for _, p := range l.pairs {
		wanted[p.Employee] = true
	}
	l.Phase("reading tracktik employees", l.Meta.PortalEmployees)
	_, err := l.Target.Employees(ctx, func(page []plan.Employee) error {
		for _, e := range page {
			if wanted[e.ID] {
				employees[e.ID] = e
			}
		}
		l.Advance(len(page))
		return nil
	})
	if err != nil {
		return err
	}
	l.byName = map[string][]plan.Person{}
	l.Phase("reading okta users", 0)
	return l.Source.Assignments(ctx, func(page []plan.Entry) error {
		for i := range page {
			p, err := page[i].Decode()
			if err != nil {
				continue // looked up by itself when it is asked for
			}
			for _, name := range uniqueNames(string(p.ID), p.Login, p.Email) {
				l.byName[name] = append(l.byName[name], p)
			}
		}
		l.Advance(len(page))
		return nil
	})
}

func uniqueNames(names ...string) []string {
	for i := range names {
		names[i] = plan.FoldName(names[i])
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "" })
}

// person finds somebody in Okta, with the assignment if there is one.
func (l *linker) person(ctx context.Context, name string) (plan.Person, error) {
	if listed := l.byName[plan.FoldName(name)]; len(listed) == 1 {
		return listed[0], nil
	}
	id, err := l.Find(ctx, name)
	if err != nil {
		return plan.Person{}, err
	}
	p, found, err := l.Source.Assignment(ctx, id)
	if err != nil || found {
		return p, err
	}
	p, found, err = l.Source.User(ctx, string(id))
	if err == nil && !found {
		err = fmt.Errorf("%w: user %s does not exist in Okta", read.ErrNobody, id)
	}
	return p, err
}

// mapPerson works out what Okta says that the employee should hold.
func (l *linker) mapPerson(ctx context.Context, s *read.Subject) error {
	if l.Mapper.NeedsGroups() {
		links, err := l.Snapshot.Groups()
		if err != nil {
			return err
		}
		if err := l.OwnGroupReader.ReadGroupsOf(ctx, s.Person.ID, read.StoredGroups(links)); err != nil {
			return err
		}
	}
	l.PeopleReader.MapSubject(s)
	w := s.Want()
	if w.Values[plan.Region] == "" {
		return nil
	}
	if err := l.RegionReader.ReadRegions(ctx); err != nil {
		return err
	}
	if region, code, _ := l.Regions.Find(w.Values[plan.Region]); code == "" {
		w.RegionID = region.ID
	}
	return nil
}

// findOwners looks who has the employees already, and who of them is an administrator.
func (l *linker) findOwners(ctx context.Context) error {
	var found []*read.Subject
	for _, s := range l.subjects {
		if s == nil {
			continue
		}
		if err := l.Matcher.Ownership(&s.Matches[0]); err != nil {
			return err
		}
		link, linked, err := l.Snapshot.Link(s.Person.ID)
		if err != nil {
			return err
		}
		if linked {
			s.Link = &link
		}
		found = append(found, s)
	}
	if err := l.PortalReader.FindAdmins(ctx, found); err != nil {
		return err
	}
	if !slices.ContainsFunc(found, func(s *read.Subject) bool { return s.Matches[0].Doubt != "" }) {
		return nil
	}
	return l.PortalReader.FindAdminsInList(ctx, found)
}

// refuseTwice refuses a row that names somebody whom another row names.
func (l *linker) refuseTwice(i int) {
	p := &l.pairs[i]
	for j := range l.pairs {
		other := &l.pairs[j]
		switch {
		case i == j || p.Err != nil || other.Ref.ID == "":
		case p.Ref.ID == other.Ref.ID:
			p.Err = fmt.Errorf("user %s is in line %d too", p.Ref.ID, other.Line)
		case p.Employee == other.Employee:
			p.Err = fmt.Errorf("employee %d is in line %d too, for user %s", p.Employee, other.Line, other.Ref.ID)
		}
	}
}

// judge refuses a pair that must not be, and works out in what the two differ.
func (l *linker) judge(i int) {
	p, s := &l.pairs[i], l.subjects[i]
	if p.Err != nil {
		return
	}
	e, m := s.Employee, &s.Matches[0]
	same := s.Link != nil && s.Link.Employee == e.ID
	confirmed := same && s.Link.Doubtful // whom they tie already, and a restore has made doubtful
	switch id := s.Person.ID; {
	case l.open[id] != "" && l.made[id] != e.ID:
		p.Err = fmt.Errorf("a write of run %s about user %s is not settled: let a `sync` run first", l.open[id], id)
	case same && !confirmed && p.Line > 0: // a file grows, and is read again
		p.Already = true
	case same && !confirmed:
		p.Err = fmt.Errorf("user %s is linked to employee %d already", id, e.ID)
	case s.Link != nil && !same:
		p.Err = fmt.Errorf("user %s is linked to employee %d: `unlink %s` first", id, s.Link.Employee, id)
	case m.Owner != "" && !same:
		p.Err = fmt.Errorf("employee %d is linked to user %s: `unlink %s` first", e.ID, m.Owner, m.Owner)
	case l.Pol.Owns(plan.Who{Employee: e}):
		p.Err = fmt.Errorf("employee %d is the integration's account", e.ID)
	case l.Pol.Protects(read.Who(nil, s)):
		p.Err = fmt.Errorf("sync.protected names user %s or employee %d, who is never adopted", id, e.ID)
	case m.Admin:
		p.Err = fmt.Errorf("employee %d holds a protected role, and is never adopted", e.ID)
	case m.Doubt != "":
		p.Err = fmt.Errorf("whether employee %d holds a protected role cannot be told: %s", e.ID, m.Doubt)
	case !e.Active():
		p.Err = fmt.Errorf("employee %d is %s: activate them in TrackTik, or link an active one", e.ID, e.Status)
	case confirmed: // the next run does what is due
	case s.Judgement.Verdict == plan.Depart, s.Judgement.Verdict == plan.Doubt, s.Judgement.Verdict == plan.Ignore:
		p.Err = fmt.Errorf("user %s is not to have an employee (%s), and the next run would end this one: assign the app "+
			"in Okta first", id, s.Judgement.Why)
	case s.OutOf:
		p.Err = fmt.Errorf("sync.scope leaves user %s out", id)
	case s.ScopeErr != "":
		p.Err = fmt.Errorf("sync.scope failed for user %s: %s", id, s.ScopeErr)
	default:
		link := plan.Adopted(s.Want(), e, false)
		p.Differs, _ = plan.Differences(&link, s.Want(), e, &l.Pol)
	}
}

// linkOf is the link of a pair: as after an adoption, but that an administrator said so.
func (l *linker) linkOf(s *read.Subject) plan.Link {
	if s.Link != nil { // confirmed
		link := *s.Link
		link.Doubtful, link.How = false, plan.HowLinked
		return link
	}
	link := plan.Adopted(s.Want(), s.Employee, l.Pol.AdoptKeep)
	link.How, link.Person, link.Since, link.Login, link.Email = plan.HowLinked, s.Person.ID, l.Moment(), s.Person.Login,
		s.Person.Email
	link.AssignedBy = s.Whole().Assignment.Group
	return link
}

func (l *linker) batch() (plan.Batch, error) {
	var batch plan.Batch
	for i, s := range l.subjects {
		p := &l.pairs[i]
		if p.Already {
			continue
		}
		batch.Links = append(batch.Links, l.linkOf(s))
		batch.Prints = append(batch.Prints, plan.PersonPrint{Person: s.Person.ID})
		former, found, err := l.Snapshot.FormerByEmployee(p.Employee)
		if err != nil {
			return batch, err
		}
		if found && former.Link.Employee == p.Employee {
			batch.Revive = append(batch.Revive, p.Employee)
		}
		for _, t := range l.Troubles[s.Person.ID] { // who they are was the problem, or keeps them from being made
			if t.Kind == "" || t.Kind == plan.Create {
				batch.Cured = append(batch.Cured, t.Key())
			}
		}
		reason := "an administrator says who is who"
		if p.Line > 0 {
			reason = fmt.Sprintf("%s, in line %d of a file", reason, p.Line)
		}
		entry := plan.Audit{Time: l.Moment(), By: l.By, Kind: "link", Person: s.Person.ID, Login: s.Person.Login,
			Employee: p.Employee, Reason: reason, Outcome: plan.Done}
		if l.RedactHistory {
			entry.Login = ""
		}
		batch.Audits = append(batch.Audits, entry)
	}
	return batch, nil
}

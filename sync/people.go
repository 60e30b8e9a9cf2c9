package sync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// A reader reads everybody.
type reader struct {
	base
	employeeReader *employeeReader
	groupReader    *groupReader
	peopleReader   *peopleReader
	absentReader   *absentReader
	scopeReader    *scopeReader
}

// readAll reads everybody: TrackTik first where it is asked for, then Okta's users
// and groups side by side, since they have rate limits of their own.
func (r *reader) readAll(ctx context.Context) error {
	if r.refresh {
		if err := r.employeeReader.readCurrent(ctx); err != nil {
			return err
		}
	}
	if r.Mapper.NeedsGroups() {
		if err := r.groupReader.readGroups(ctx); err != nil {
			return err
		}
		if err := r.peopleReader.readPeople(ctx); err != nil {
			return err
		}
	} else {
		both, ctx := errgroup.WithContext(ctx)
		both.Go(func() error { return r.groupReader.readGroups(ctx) })
		both.Go(func() error { return r.peopleReader.readPeople(ctx) })
		if err := both.Wait(); err != nil {
			return err
		}
	}
	r.doc.Source = plan.SourceCount{Users: r.people.listed, Groups: r.groupsIn}
	if err := r.absentReader.confirmAbsent(ctx); err != nil {
		return err
	}
	return r.scopeReader.confirmOutOfScope(ctx)
}

// A peopleReader reads Okta's listing, and judges and maps whom it decodes.
type peopleReader struct {
	base
	groupReader *groupReader
	tieReader   *tieReader
	dateReader  *dateReader
}

// readPeople streams through Okta's listing. Of those whose entry is as it was when
// they were last in order, nothing but that is noted.
func (r *peopleReader) readPeople(ctx context.Context) error {
	r.phase("reading okta users", 0)
	twice := map[plan.PersonID]plan.Print{}
	var differ []plan.PersonID
	err := r.Source.Assignments(ctx, func(page []plan.Entry) error {
		for i := range page {
			e := &page[i]
			again, err := r.enter(e, twice)
			if err != nil {
				return err
			}
			if again {
				differ = append(differ, e.ID)
			}
		}
		r.progress(len(page))
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range differ {
		p, found, err := r.Source.Assignment(ctx, id)
		if err != nil {
			return err
		}
		if !found {
			p = plan.Person{ID: id, Login: r.people.subjects[id].person.Login, Readable: true, Status: "ACTIVE"}
		}
		if err := r.subject(p, plan.EvidenceFull); err != nil {
			return err
		}
	}
	return nil
}

// enter takes in one entry of the listing. again says that it came before, and
// otherwise than now.
func (r *peopleReader) enter(e *plan.Entry, twice map[plan.PersonID]plan.Print) (again bool, err error) {
	m := r.people.find(e.ID)
	if m != nil && m.has(flagListed) || m == nil && r.people.subjects[e.ID] != nil {
		return r.repeated(m, e, twice), nil
	}
	r.people.listed++
	r.tieReader.noteTie(m, e)
	if m != nil {
		m.flags |= flagListed
		if m.print == e.Print && !m.has(flagOpen) && !r.mustDecode(m) {
			return false, nil
		}
	}
	twice[e.ID] = e.Print
	p, err := e.Decode()
	if err != nil { // one odd entry is that person's affair
		r.log.WithField("person", e.ID).WithError(err).Warn("an entry of okta's listing cannot be read")
		p = plan.Person{ID: e.ID}
	}
	p.Print = e.Print
	return false, r.subject(p, plan.EvidenceListing)
}

// repeated reports whether an entry that came twice differs from the first one.
func (r *peopleReader) repeated(m *mark, e *plan.Entry, twice map[plan.PersonID]plan.Print) bool {
	first, decoded := twice[e.ID]
	if !decoded {
		first = m.print
	}
	if first == e.Print {
		return false
	}
	if r.people.subjects[e.ID] == nil { // the first one was in order, and not decoded
		r.people.subjects[e.ID] = &subject{person: self{ID: e.ID}}
	}
	return true
}

// mustDecode names those who are looked at whatever their print says.
func (r *peopleReader) mustDecode(m *mark) bool {
	if r.refresh && m.employee == 0 { // an employee may have their name
		return true
	}
	if m.due.Come(r.now) || m.due != 0 && m.employee == 0 { // the few who are held for their dates are shown each time
		return true
	}
	if r.Mapper.NeedsGroups() || len(r.troubles[m.id]) > 0 || r.pending[m.id] != "" || r.openGrants[m.id] != "" || r.current.differs[m.id] != nil || r.current.gone[m.id] {
		return true
	}
	for _, ids := range [][]plan.PersonID{r.opt.Recreate, r.opt.Retry} {
		for _, id := range ids {
			if id == m.id {
				return true
			}
		}
	}
	return false
}

// subject judges and maps a person who was decoded.
func (r *peopleReader) subject(p plan.Person, evidence string) error {
	s := r.people.add(selfOf(&p))
	s.judgement, s.evidence, s.seen = plan.Judge(&p, &r.pol), evidence, r.clock()
	if err := r.recall(s); err != nil {
		return err
	}
	if s.judgement.Verdict == plan.Provision {
		r.mapSubject(s)
	}
	r.dateReader.readDates(s)
	s.leaver = s.judgement.Verdict == plan.Depart
	r.people.compact(s)
	return nil
}

// recall adds what the snapshot and a refresh know of the person.
func (r *peopleReader) recall(s *subject) error {
	link, found, err := r.Snapshot.Link(s.person.ID)
	if err != nil {
		return err
	}
	if found {
		if slices.Contains(r.opt.Retry, s.person.ID) {
			link.LastRepair = "" // somebody says that TrackTik keeps the value by now
		}
		own := link // only of who is managed one is kept
		s.link = &own
		s.employee, s.gone = r.current.differs[s.person.ID], r.current.gone[s.person.ID]
		return nil
	}
	formers, err := r.Snapshot.FormersOf(s.person.ID)
	if err != nil {
		return err
	}
	for i := range formers {
		if s.former == nil || formers[i].Terminated.After(s.former.Terminated) {
			s.former = &formers[i]
		}
	}
	return nil
}

func (r *peopleReader) mapSubject(s *subject) {
	var groups []string
	if r.Mapper.NeedsGroups() {
		groups = r.groupNames(s.person.ID)
	}
	in, err := r.Mapper.InScope(s.whole(), groups)
	switch {
	case err != nil:
		s.scopeErr = err.Error()
		return
	case !in:
		s.outOf = true
		return
	}
	result := r.Mapper.Map(s.whole(), groups)
	result.Wanted.Group = s.whole().Assignment.Group
	wanted := result.Wanted
	s.wanted, s.unmappable, s.odd, s.name = &wanted, result.Problems, result.Warnings, wanted.Values.FullName()
}

// groupNames are the names of the pushed groups that hold the person, which may be none;
// nil where no groups are pushed, so that none were read.
func (r *peopleReader) groupNames(id plan.PersonID) []string {
	if !r.groupReader.readsGroups() {
		return nil
	}
	if own, single := r.ownNames[id]; single {
		return own
	}
	names := []string{}
	for _, g := range r.groups {
		if g.holds(id) {
			names = append(names, g.group.Name)
		}
	}
	return names
}

// origin tells how the person came to the app.
func (s *subject) origin() string {
	group := s.whole().Assignment.Group
	if group == "" {
		return ""
	}
	return fmt.Sprintf(" through group %s", group)
}

func pushFeatures(features []string) string {
	var pushes []string
	for _, f := range features {
		if strings.HasPrefix(f, "PUSH_") || f == "GROUP_PUSH" || f == "REACTIVATE_USERS" {
			pushes = append(pushes, f)
		}
	}
	return strings.Join(pushes, ", ")
}

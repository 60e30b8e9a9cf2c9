package read

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// A roster is everybody whom a run may have to do with: those in the snapshot, as a
// sorted list of small marks, and, decoded, those about whom something is to be
// decided.
type roster struct {
	Marks    []Mark
	Subjects map[plan.PersonID]*Subject
	sorted   []*Subject // all of them, as Sorted returned them; nil: there are others since
	block    []Subject  // the last one that place made
	room     room       // of compact
	// strangers are those of the page that was read last of whom nothing is on record.
	strangers  map[plan.PersonID]bool
	listed     int // people in Okta's listing
	unreadable int // of those, who cannot be read
	// AppGroups are the groups by which those who were decoded have the app.
	AppGroups map[plan.GroupID]bool
	Managed   int
	// Aside are the names, as NameSum has them, that the app gives people who are not managed
	// and not mapped: they may have an employee all the same. Of a refresh.
	Aside map[plan.Field]map[uint64]bool
}

// noteGroup notes a group that gives somebody the app.
func (r *roster) noteGroup(id plan.GroupID) {
	if r.AppGroups == nil {
		r.AppGroups = map[plan.GroupID]bool{}
	}
	if id != "" {
		r.AppGroups[id] = true
	}
}

// setAside notes the names of somebody who is not mapped.
func (r *roster) setAside(names *plan.Values) {
	if r.Aside == nil {
		r.Aside = map[plan.Field]map[uint64]bool{}
	}
	for _, f := range plan.ClaimedNames {
		if r.Aside[f] == nil {
			r.Aside[f] = map[uint64]bool{}
		}
		r.Aside[f][NameSum(names[f])] = true
	}
}

// A Mark is one person of the snapshot. It is kept small: there are as many as the
// organisation has people, and most are never looked at twice.
type Mark struct {
	ID       plan.PersonID
	Print    plan.Print
	Employee plan.EmployeeID
	flags    uint8
	Due      plan.DayNumber
	Roles    uint8 // set by package decide: how many are due, 255 at most
}

// The flags of a Mark.
const (
	flagOpen   = 1 << iota // something about the link is unfinished
	FlagListed             // is in Okta's listing
	flagInTT               // is in TrackTik's listing
)

// Has reports whether the flag is set.
func (m *Mark) Has(flag uint8) bool { return m.flags&flag != 0 }

// loadRoster reads the snapshot's small side.
func loadRoster(s Record) (*roster, error) {
	n, err := s.Managed()
	if err != nil {
		return nil, err
	}
	r := &roster{Marks: make([]Mark, 0, n+n/16), Subjects: map[plan.PersonID]*Subject{}, Managed: n}
	for m, err := range s.Prints() {
		if err != nil {
			return nil, fmt.Errorf("reading the snapshot: %w", err)
		}
		entry := Mark{ID: m.Person, Print: m.Print, Employee: m.Employee, Due: m.Due}
		if m.Open {
			entry.flags |= flagOpen
		}
		r.Marks = append(r.Marks, entry)
	}
	return r, nil
}

// place makes room for one subject more. There can be as many as the organisation has
// people, so they are kept in blocks.
func (r *roster) place() *Subject {
	if len(r.block) == cap(r.block) {
		r.block = make([]Subject, 0, min(max(16, len(r.Subjects)), 1024))
	}
	r.block = r.block[:len(r.block)+1]
	return &r.block[len(r.block)-1]
}

// Enter adds a subject, or puts one in the place of another.
func (r *roster) Enter(s *Subject) {
	r.Subjects[s.Person.ID], r.sorted = s, nil
}

// Find returns the mark of a person, nil when the snapshot has none.
func (r *roster) Find(id plan.PersonID) *Mark {
	i, ok := slices.BinarySearchFunc(r.Marks, id,
		func(m Mark, id plan.PersonID) int { return strings.Compare(string(m.ID), string(id)) })
	if !ok {
		return nil
	}
	return &r.Marks[i]
}

// Sorted returns the subjects by their ids. Nobody changes the list.
func (r *roster) Sorted() []*Subject {
	if r.sorted != nil {
		return r.sorted
	}
	list := make([]*Subject, 0, len(r.Subjects))
	for _, s := range r.Subjects {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Subject) int { return strings.Compare(string(a.Person.ID), string(b.Person.ID)) })
	r.sorted = slices.Clip(list)
	return r.sorted
}

// A Self is what is known of a person to the end of the run.
type Self struct {
	ID                   plan.PersonID
	Login, Email, Status string
	Print                plan.Print
	// rest is the person as Okta told of them, without the profiles once they are mapped; nil:
	// Okta has told nothing, or they are light.
	rest  *plan.Person
	light bool
}

// SelfOf is the Self of somebody of whom Okta has told. It keeps p.
func SelfOf(p *plan.Person) Self {
	return Self{ID: p.ID, Login: p.Login, Email: p.Email, Status: p.Status, Print: p.Print, rest: p}
}

// Profiles sets the two profiles of who is to be mapped once more.
func (s *Self) Profiles(user, app map[string]any) { s.rest.User, s.rest.App = user, app }

// lighten drops of a new person what no decision about them asks for: of a first run these
// are all people.
func (s *Subject) lighten() {
	if s.Link != nil || s.wanted == nil || s.Judgement.Verdict != plan.Provision ||
		s.Person.rest.Assignment.External != "" {
		return
	}
	s.Person.light, s.Person.rest = true, nil
}

// Whole is the person as far as they are still known.
func (s *Subject) Whole() plan.Person {
	var p plan.Person
	switch {
	case s.Person.rest != nil:
		p = *s.Person.rest
	case s.Person.light:
		p.Readable, p.Assignment = true, plan.Assignment{Present: true, Group: s.wanted.Group}
	}
	p.ID, p.Login, p.Email, p.Status, p.Print = s.Person.ID, s.Person.Login, s.Person.Email, s.Person.Status,
		s.Person.Print
	return p
}

// Left reports somebody on record whom Okta does not show in the app any more, confirmed or not.
func (s *Subject) Left() bool {
	person := s.Whole()
	return s.Link != nil && (!person.Assignment.Present || person.Deactivated())
}

// Lives reports that the user is in Okta still, and not deactivated.
func (s *Subject) Lives() bool {
	person := s.Whole()
	return person.Status != "" && !person.Deactivated()
}

// A room is memory that is used for one person after the other.
type room struct {
	texts  []*string
	text   []byte
	places []int
}

// compact drops the profiles, and moves the texts that stay into one. Of a hundred
// thousand people, a dozen small texts each keep the collector busy, and take up much
// more than their length; and most people's names are in their e-mail address again.
func (r *roster) compact(s *Subject) {
	p, o := &s.Person, s.Person.rest
	o.User, o.App = nil, nil
	texts := append(r.room.texts[:0], &s.name, (*string)(&p.ID), &p.Login, &p.Email, &p.Status, (*string)(&o.ID), &o.Login,
		&o.Email, &o.Status,
		&o.Transition, &o.Assignment.UserName, &o.Assignment.Status, &o.Assignment.Scope, &o.Assignment.External,
		&o.Assignment.SyncState,
		(*string)(&o.Assignment.Group))
	if w := s.wanted; w != nil {
		texts = append(texts, &w.Email, (*string)(&w.Group))
		for f := range w.Values {
			texts = append(texts, &w.Values[f])
		}
	}
	all, at := r.room.text[:0], r.room.places[:0]
	for _, text := range texts {
		i := bytes.Index(all, []byte(*text))
		if i < 0 {
			i = len(all)
			all = append(all, *text...)
		}
		at = append(at, i)
	}
	one := string(all)
	for i, text := range texts {
		*text = one[at[i] : at[i]+len(*text)]
	}
	r.room = room{texts, all, at}
}

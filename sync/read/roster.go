package read

import (
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
	block    []Subject // the last one that place made
	room     room      // of compact
	listed   int       // people in Okta's listing
	Managed  int
}

// A Mark is one person of the snapshot. It is kept small: there are as many as the
// organisation has people, and most are never looked at twice.
type Mark struct {
	ID       plan.PersonID
	Print    plan.Print
	Employee plan.EmployeeID
	flags    uint8
	Due      plan.DayNumber
	Roles    uint8 // how many are due, 255 at most
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

// Find returns the mark of a person, nil when the snapshot has none.
func (r *roster) Find(id plan.PersonID) *Mark {
	i, ok := slices.BinarySearchFunc(r.Marks, id, func(m Mark, id plan.PersonID) int { return strings.Compare(string(m.ID), string(id)) })
	if !ok {
		return nil
	}
	return &r.Marks[i]
}

// Sorted returns the subjects by their ids.
func (r *roster) Sorted() []*Subject {
	list := make([]*Subject, 0, len(r.Subjects))
	for _, s := range r.Subjects {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Subject) int { return strings.Compare(string(a.Person.ID), string(b.Person.ID)) })
	return list
}

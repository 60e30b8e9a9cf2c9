package sync

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
)

// A roster is everybody whom a run may have to do with: those in the snapshot, as a
// sorted list of small marks, and, decoded, those about whom something is to be
// decided.
type roster struct {
	marks    []mark
	subjects map[plan.PersonID]*subject
	block    []subject // the last one that add made
	room     room      // of compact
	listed   int       // people in Okta's listing
	managed  int
}

// A room is memory that is used for one person after the other.
type room struct {
	texts  []*string
	text   []byte
	places []int
}

// A mark is one person of the snapshot. It is kept small: there are as many as the
// organisation has people, and most are never looked at twice.
type mark struct {
	id       plan.PersonID
	print    plan.Print
	employee plan.EmployeeID
	flags    uint8
	due      plan.DayNumber
	roles    uint8 // how many are due, 255 at most
}

const (
	flagOpen   = 1 << iota // something about the link is unfinished
	flagListed             // is in Okta's listing
	flagInTT               // is in TrackTik's listing
)

func (m *mark) has(flag uint8) bool { return m.flags&flag != 0 }

// A subject is one person about whom something is decided in this run.
type subject struct {
	person     self
	name       string // "first last", as Okta has it, of who was mapped
	judgement  plan.Judgement
	evidence   string
	seen       time.Time      // when the evidence was seen
	wanted     *plan.Wanted   // nil: nobody has mapped them; see want
	unmappable []plan.Problem // what is wrong with wanted
	odd        []plan.Warning // and what is strange about it
	dates      plan.Dates
	scopeErr   string
	link       *plan.Link
	former     *plan.Former
	formerNow  *plan.Employee // who the former employee is now; nil: not asked, or not shown to us
	employee   *plan.Employee
	looked     time.Time // when employee was read for a termination; zero: it was not
	matches    []plan.Match
	kept       []plan.Grant // of somebody who is reactivated: grants of ours that they still hold
	decision   plan.Decision
	was        *subject // who they were under an earlier Okta id
	became     *subject // who they are under a later one
	// tie is what Okta's external id says of a new person; nil: nothing that is believed.
	tie *plan.Tie

	unanswered bool // the look-up of somebody missing failed
	outOf      bool
	gone       bool
	absent     bool // not in the listing
	leaver     bool // a departure that is confirmed
	// open says that something is left to do or to show: the person is decoded again
	// in the next run, whatever the print.
	open bool
	// waits says that a day is still to come, or is over, and that nothing else has changed
	// since they were looked at: nothing is asked about them.
	waits bool
}

// A self is what is known of a person to the end of the run.
type self struct {
	ID                   plan.PersonID
	Login, Email, Status string
	Print                plan.Print
	// rest is the person as Okta told of them, without the profiles once they are mapped; nil:
	// Okta has told nothing, or it is not needed any more.
	rest *plan.Person
}

func selfOf(p *plan.Person) self {
	return self{ID: p.ID, Login: p.Login, Email: p.Email, Status: p.Status, Print: p.Print, rest: p}
}

// whole is the person as far as it is still known.
func (s *subject) whole() plan.Person {
	var p plan.Person
	if s.person.rest != nil {
		p = *s.person.rest
	}
	p.ID, p.Login, p.Email, p.Status, p.Print = s.person.ID, s.person.Login, s.person.Email, s.person.Status, s.person.Print
	return p
}

// want is what Okta says that the person's employee should hold.
func (s *subject) want() *plan.Wanted {
	if s.wanted == nil {
		s.wanted = &plan.Wanted{}
	}
	return s.wanted
}

// loadRoster reads the snapshot's small side.
func loadRoster(s Snapshot) (*roster, error) {
	n, err := s.Managed()
	if err != nil {
		return nil, err
	}
	r := &roster{marks: make([]mark, 0, n+n/16), subjects: map[plan.PersonID]*subject{}, managed: n}
	for m, err := range s.Prints() {
		if err != nil {
			return nil, fmt.Errorf("reading the snapshot: %w", err)
		}
		entry := mark{id: m.Person, print: m.Print, employee: m.Employee, due: m.Due}
		if m.Open {
			entry.flags |= flagOpen
		}
		r.marks = append(r.marks, entry)
	}
	return r, nil
}

// add enters a subject by the person's id. There can be as many as the organisation has
// people, so they are kept in blocks.
func (r *roster) add(p self) *subject {
	if len(r.block) == cap(r.block) {
		r.block = make([]subject, 0, min(max(16, len(r.subjects)), 1024))
	}
	r.block = append(r.block, subject{person: p})
	added := &r.block[len(r.block)-1]
	r.subjects[p.ID] = added
	return added
}

// find returns the mark of a person, nil when the snapshot has none.
func (r *roster) find(id plan.PersonID) *mark {
	i, ok := slices.BinarySearchFunc(r.marks, id, func(m mark, id plan.PersonID) int { return strings.Compare(string(m.id), string(id)) })
	if !ok {
		return nil
	}
	return &r.marks[i]
}

// sorted returns the subjects by their ids.
func (r *roster) sorted() []*subject {
	list := make([]*subject, 0, len(r.subjects))
	for _, s := range r.subjects {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *subject) int { return strings.Compare(string(a.person.ID), string(b.person.ID)) })
	return list
}

// compact drops the profiles, and moves the texts that stay into one. Of a hundred
// thousand people, a dozen small texts each keep the collector busy, and take up much
// more than their length; and most people's names are in their e-mail address again.
func (r *roster) compact(s *subject) {
	p, o := &s.person, s.person.rest
	o.User, o.App = nil, nil
	texts := append(r.room.texts[:0], &s.name, (*string)(&p.ID), &p.Login, &p.Email, &p.Status, (*string)(&o.ID), &o.Login, &o.Email, &o.Status, &o.Transition,
		&o.Assignment.UserName, &o.Assignment.Status, &o.Assignment.Scope, &o.Assignment.External, &o.Assignment.SyncState, (*string)(&o.Assignment.Group))
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

// name is how the subject's login is shown, also when Okta did not tell it.
func (s *subject) ref() plan.UserRef {
	login := s.person.Login
	if login == "" && s.link != nil {
		login = s.link.Login
	}
	return plan.UserRef{ID: s.person.ID, Login: login}
}

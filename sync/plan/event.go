package plan

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// An Event is an entry of Okta's System Log about a change that may concern the program.
// It says whom to look at, and proves nothing: what follows is decided by a look-up.
type Event struct {
	ID     string    // Okta's; the same event may come twice
	At     time.Time // when it happened, by Okta's clock; zero: not known
	Kind   EventKind
	Says   EventClaim
	People []PersonID
	Groups []GroupID
	Apps   []string
}

// An EventKind says what an Event is about.
type EventKind string

// The kinds of events.
const (
	EventUser            EventKind = "user"             // the state or the profile of a user
	EventAssignment      EventKind = "assignment"       // a user's assignment to an app
	EventMembership      EventKind = "membership"       // a user's membership of a group
	EventGroup           EventKind = "group"            // a group as a whole: its name, its end
	EventGroupAssignment EventKind = "group_assignment" // a group's assignment to an app
	EventApp             EventKind = "app"              // an app as a whole
)

// An EventClaim is what an event claims of a user, an assignment or a membership.
type EventClaim string

// The claims. Most events claim nothing: something is other than before.
const (
	SaysThere EventClaim = "there" // it is active, or there, from now on
	SaysGone  EventClaim = "gone"  // it is not any more
)

// Known is what events are compared with.
type Known struct {
	App    string            // whose assignments are the scope
	People map[PersonID]bool // managed, or assigned and not managed
	Groups map[GroupID]bool  // pushed
	Givers map[GroupID]bool  // assigned to the app, as far as was seen: their members have it
}

// A Look is a person whom events name, with what they claim. It is kept in the snapshot
// where a second look is due.
type Look struct {
	Person PersonID  `json:"person"`
	At     time.Time `json:"at,omitzero"`   // of the first event
	Gone   time.Time `json:"gone,omitzero"` // of the first event that tells of an end
	Claims []Told    `json:"claims,omitempty"`
}

// Told is the last that events said of one thing. Group is empty where it is not about
// a membership.
type Told struct {
	Kind  EventKind  `json:"kind"`
	Group GroupID    `json:"group,omitempty"`
	Says  EventClaim `json:"says"`
	At    time.Time  `json:"at,omitzero"`
}

// Attention is what events ask for.
type Attention struct {
	Looks []Look // by person
	// Whole holds what asks for a run of everybody: events about a group as a whole, its
	// assignment or the app, or too many people. Empty: nothing does.
	Whole []EventKind
}

// Attend says whom to look at for events, which come in the order of the log. again are
// those who are to be looked at once more. Events that name nobody and nothing known cost
// nothing; so do those that came before. More than most people ask for a run of everybody.
func Attend(events []Event, again []Look, known Known, most int) Attention {
	looks, whole, seen := map[PersonID]*Look{}, map[EventKind]bool{}, map[string]bool{}
	for i := range again {
		look := again[i]
		look.Claims = slices.Clone(look.Claims)
		looks[look.Person] = &look
	}
	for i := range events {
		e := &events[i]
		if seen[e.ID] && e.ID != "" {
			continue
		}
		seen[e.ID] = true
		if known.whole(e) {
			whole[e.Kind] = true
			continue
		}
		for _, id := range known.named(e) {
			if looks[id] == nil {
				looks[id] = &Look{Person: id}
			}
			looks[id].note(e)
		}
	}
	if len(looks) > most {
		whole[EventUser] = true
	}
	out := Attention{Whole: slices.Sorted(maps.Keys(whole))}
	for _, id := range slices.Sorted(maps.Keys(looks)) {
		out.Looks = append(out.Looks, *looks[id])
	}
	return out
}

// whole reports an event that concerns everybody. One about members or assignments that
// does not say whose is one, too.
func (k Known) whole(e *Event) bool {
	switch e.Kind {
	case EventGroup:
		return slices.ContainsFunc(e.Groups, func(id GroupID) bool { return k.Groups[id] })
	case EventMembership:
		return len(e.People) == 0 && k.hasMembers(e)
	case EventGroupAssignment, EventApp:
		return slices.Contains(e.Apps, k.App)
	case EventAssignment:
		return len(e.People) == 0 && slices.Contains(e.Apps, k.App)
	}
	return false
}

// named are the people of an event who have to be looked at.
func (k Known) named(e *Event) []PersonID {
	switch e.Kind {
	case EventAssignment:
		if slices.Contains(e.Apps, k.App) {
			return e.People
		}
	case EventMembership:
		if k.hasMembers(e) {
			return e.People
		}
	case EventUser:
		return slices.DeleteFunc(slices.Clone(e.People), func(id PersonID) bool { return !k.People[id] })
	}
	return nil
}

// hasMembers reports an event about a group whose members matter.
func (k Known) hasMembers(e *Event) bool {
	return slices.ContainsFunc(e.Groups, func(id GroupID) bool { return k.Groups[id] || k.Givers[id] })
}

// note adds an event to what is known of the person.
func (l *Look) note(e *Event) {
	l.At = earlier(l.At, e.At)
	if e.Says == SaysGone {
		l.Gone = earlier(l.Gone, e.At)
	}
	if e.Says == "" {
		return
	}
	groups := e.Groups
	if e.Kind != EventMembership {
		groups = []GroupID{""}
	}
	for _, g := range groups {
		l.claim(Told{Kind: e.Kind, Group: g, Says: e.Says, At: e.At})
	}
}

// claim keeps the last of the claims about one thing: the log's order is not that of the
// changes.
func (l *Look) claim(c Told) {
	i := slices.IndexFunc(l.Claims, func(o Told) bool { return o.Kind == c.Kind && o.Group == c.Group })
	switch {
	case i < 0:
		l.Claims = append(l.Claims, c)
	case !c.At.Before(l.Claims[i].At):
		l.Claims[i] = c
	}
	slices.SortFunc(l.Claims, func(a, b Told) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Group, b.Group))
	})
}

// earlier is the earlier of two times that are known.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Seen is what a look-up showed of a person.
type Seen struct {
	Active   bool             // the user is there, and neither deactivated nor suspended
	Assigned bool             // the assignment is there, and entitles
	Groups   map[GroupID]bool // nil: not read
}

// SeenOf is what a person's direct look-ups showed; found is false where Okta said that there
// is no such user. groups are nil where they were not read.
func SeenOf(p *Person, found bool, groups []Group) Seen {
	seen := Seen{
		Active:   found && userStatuses[p.Status] && p.Transition != statusDeprovisioned,
		Assigned: found && p.Assignment.Present && assignmentVerdicts[p.Assignment.Status] == Provision,
	}
	if groups != nil {
		seen.Groups = map[GroupID]bool{}
		for _, g := range groups {
			seen.Groups[g.ID] = true
		}
	}
	return seen
}

// Contradicted reports that a look-up does not show what the events claim, which may be
// because it is older than they are.
func (l *Look) Contradicted(s Seen) bool {
	return slices.ContainsFunc(l.Claims, func(c Told) bool {
		there := s.Active
		switch c.Kind {
		case EventAssignment:
			there = s.Assigned
		case EventMembership:
			if s.Groups == nil {
				return false
			}
			there = s.Groups[c.Group]
		}
		return there != (c.Says == SaysThere)
	})
}

// An EventLog is the snapshot's record of how far Okta's System Log was read, and of what
// is still to follow from it.
type EventLog struct {
	Cursor string    `json:"cursor,omitempty"` // where reading goes on; empty: it has not begun
	Polled time.Time `json:"polled,omitzero"`  // the last time that it was read
	Again  []Look    `json:"again,omitempty"`  // to be looked at once more
	// WholeDue says why a run of everybody is due; empty: none is.
	WholeDue string `json:"whole_due,omitempty"`
	// Failure is why the log could not be read the last time; empty: it could.
	Failure string `json:"failure,omitempty"`
	// Lasting says that Failure does not pass by itself: a right or the login is refused.
	Lasting bool `json:"lasting,omitempty"`
}

// eventsKept is for how long a cursor is believed. Okta keeps events for 90 days.
const eventsKept = 80 * 24 * time.Hour

// Lapsed reports that the log was not read for so long that events may be missing.
func (l *EventLog) Lapsed(now time.Time) bool {
	return l.Cursor != "" && now.Sub(l.Polled) > eventsKept
}

// neglectedAfter is how long a passing failure keeps the log from being read before
// somebody is told.
const neglectedAfter = 5 * time.Minute

// Neglected reports that somebody has to see why the log cannot be read.
func (l *EventLog) Neglected(now time.Time) bool {
	return l.Failure != "" && (l.Lasting || now.Sub(l.Polled) >= neglectedAfter)
}

// A Lag is for how long leavers waited: from when Okta told of their end until TrackTik had
// terminated them.
type Lag struct {
	Count   int
	Median  time.Duration
	Longest time.Duration
}

// LagOf is the lag of the entries that tell one; the zero Lag where none does.
func LagOf(entries []Audit) Lag {
	var waits []time.Duration
	for i := range entries {
		if wait, known := entries[i].Waited(); known {
			waits = append(waits, wait)
		}
	}
	if len(waits) == 0 {
		return Lag{}
	}
	slices.Sort(waits)
	return Lag{Count: len(waits), Median: waits[(len(waits)-1)/2], Longest: waits[len(waits)-1]}
}

// Waited is for how long the person of a termination that was done had waited for it. It
// is not known where Okta did not say since when, and of whom somebody else has ended.
func (a *Audit) Waited() (wait time.Duration, known bool) {
	if a.Kind != string(Terminate) || a.Outcome != Done || a.Told.IsZero() {
		return 0, false
	}
	return max(0, a.Time.Sub(a.Told)), true
}

// told is when Okta said that the person has to go: by an event, else by the user's
// status, else by an assignment that is there and does not entitle. Zero: it does not say.
func (v *View) told() time.Time {
	p := v.Person
	verdict := assignmentVerdicts[p.Assignment.Status]
	switch {
	case !v.Told.IsZero():
		return v.Told
	case p.Status == statusDeprovisioned || p.Status == statusSuspended:
		return p.StatusChanged
	case p.Assignment.Present && (verdict == Depart || verdict == Doubt):
		return p.Assignment.Updated
	}
	return time.Time{}
}

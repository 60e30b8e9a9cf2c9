package plan

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	eventTime = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	company   = Known{App: "0oaOurs", People: map[PersonID]bool{"00uAda": true, "00uBob": true},
		Groups: map[GroupID]bool{"00gGuards": true}, Givers: map[GroupID]bool{"00gStaff": true}}
)

// minute is the event's time, so many minutes after the first.
func minute(n int) time.Time { return eventTime.Add(time.Duration(n) * time.Minute) }

func about(kind EventKind, says EventClaim, n int, ids ...string) Event {
	e := Event{ID: string(kind) + string(says) + minute(n).String(), Kind: kind, Says: says, At: minute(n)}
	for _, id := range ids {
		switch id[:3] {
		case "00u":
			e.People = append(e.People, PersonID(id))
		case "00g":
			e.Groups = append(e.Groups, GroupID(id))
		default:
			e.Apps = append(e.Apps, id)
		}
	}
	return e
}

func TestEventsSayWhomToLookAt(t *testing.T) {
	for name, c := range map[string]struct {
		event Event
		want  []PersonID
		whole []EventKind
	}{
		"a managed or assigned person": {event: about(EventUser, SaysGone, 0, "00uAda"),
			want: []PersonID{"00uAda"}},
		"their profile": {event: about(EventUser, "", 0, "00uBob"), want: []PersonID{"00uBob"}},
		"somebody else": {event: about(EventUser, SaysGone, 0, "00uEve")},
		"somebody else, assigned to our app": {event: about(EventAssignment, SaysThere, 0, "00uEve", "0oaOurs"),
			want: []PersonID{"00uEve"}},
		"a person of ours, of another app": {event: about(EventAssignment, SaysGone, 0, "00uAda", "0oaOther")},
		"our app, and nobody is named": {event: about(EventAssignment, SaysGone, 0, "0oaOurs"),
			whole: []EventKind{EventAssignment}},
		"a new member of a group of ours": {event: about(EventMembership, SaysThere, 0, "00uEve", "00gGuards"),
			want: []PersonID{"00uEve"}},
		"a group of ours, and several members": {event: about(EventMembership, SaysGone, 0, "00uEve", "00uAda", "00gGuards"),
			want: []PersonID{"00uAda", "00uEve"}},
		"a group of ours, and nobody is named": {event: about(EventMembership, SaysGone, 0, "00gGuards"),
			whole: []EventKind{EventMembership}},
		"a new member of a group that gives the app": {event: about(EventMembership, SaysThere, 0, "00uEve", "00gStaff"),
			want: []PersonID{"00uEve"}},
		"a group that gives the app, and nobody is named": {event: about(EventMembership, SaysGone, 0, "00gStaff"),
			whole: []EventKind{EventMembership}},
		"the name of a group that gives the app": {event: about(EventGroup, "", 0, "00gStaff")},
		"a person of ours in another group":      {event: about(EventMembership, SaysGone, 0, "00uAda", "00gOther")},
		"a group of ours as a whole": {event: about(EventGroup, "", 0, "00gGuards"),
			whole: []EventKind{EventGroup}},
		"another group": {event: about(EventGroup, "", 0, "00gOther")},
		"a group that gets our app": {event: about(EventGroupAssignment, SaysThere, 0, "00gOther", "0oaOurs"),
			whole: []EventKind{EventGroupAssignment}},

		"a group of ours that gets another": {event: about(EventGroupAssignment, SaysThere, 0, "00gGuards", "0oaOther")},
		"our app as a whole": {event: about(EventApp, SaysGone, 0, "0oaOurs"),
			whole: []EventKind{EventApp}},
		"another app":              {event: about(EventApp, SaysGone, 0, "0oaOther")},
		"nothing at all":           {event: about(EventUser, SaysGone, 0)},
		"a kind that is not known": {event: about("device", SaysGone, 0, "00uAda", "00gGuards", "0oaOurs")},
	} {
		got := Attend([]Event{c.event}, nil, company, 50)
		var people []PersonID
		for _, look := range got.Looks {
			people = append(people, look.Person)
		}
		if !slices.Equal(people, c.want) || !slices.Equal(got.Whole, c.whole) {
			t.Errorf("%s: looks at %v, whole %v, want %v and %v", name, people, got.Whole, c.want, c.whole)
		}
	}
}

func TestLooksKeepWhenAndWhatTheLastEventClaims(t *testing.T) {
	events := []Event{
		about(EventUser, "", 5, "00uAda"),
		about(EventAssignment, SaysGone, 7, "00uAda", "0oaOurs"),
		about(EventMembership, SaysThere, 9, "00uAda", "00gGuards"),
		about(EventMembership, SaysGone, 8, "00uAda", "00gGuards"), // stored late
		about(EventAssignment, SaysThere, 10, "00uAda", "0oaOurs"),
		about(EventAssignment, SaysGone, 12, "00uBob", "0oaOurs"),
	}
	events = append(events, events[0], events[1]) // once more
	want := []Look{
		{Person: "00uAda", At: minute(5), Gone: minute(7), Claims: []Told{
			{Kind: EventAssignment, Says: SaysThere, At: minute(10)},
			{Kind: EventMembership, Group: "00gGuards", Says: SaysThere, At: minute(9)}}},
		{Person: "00uBob", At: minute(12), Gone: minute(12),
			Claims: []Told{{Kind: EventAssignment, Says: SaysGone, At: minute(12)}}},
	}
	got := Attend(events, nil, company, 2)
	if diff := cmp.Diff(want, got.Looks); diff != "" || len(got.Whole) > 0 {
		t.Errorf("whole %v, looks differ:\n%s", got.Whole, diff)
	}
	if again := Attend(nil, got.Looks, company, 2); !cmp.Equal(again, got) {
		t.Errorf("a second look is %v", again)
	}
	if got := Attend(events, nil, company, 1); !slices.Equal(got.Whole, []EventKind{EventUser}) {
		t.Errorf("two people where one is the most: whole %v", got.Whole)
	}
}

func TestSecondLookRemembersTheFirstEvent(t *testing.T) {
	first := Attend([]Event{about(EventUser, SaysGone, 1, "00uAda")}, nil, company, 50).Looks
	kept := slices.Clone(first[0].Claims)
	events := []Event{about(EventUser, SaysThere, 3, "00uAda"), about(EventUser, SaysGone, 4, "00uAda")}
	want := []Look{{Person: "00uAda", At: minute(1), Gone: minute(1), Claims: []Told{{Kind: EventUser, Says: SaysGone, At: minute(4)}}}}
	if diff := cmp.Diff(want, Attend(events, first, company, 50).Looks); diff != "" {
		t.Errorf("the second look differs:\n%s", diff)
	}
	if !slices.Equal(first[0].Claims, kept) {
		t.Error("the first look was changed")
	}
}

func TestLookupThatIsOlderThanItsEventContradictsIt(t *testing.T) {
	there := Seen{Active: true, Assigned: true, Groups: map[GroupID]bool{"00gGuards": true}}
	gone := Seen{Groups: map[GroupID]bool{}}
	for _, c := range []Told{{Kind: EventUser}, {Kind: EventAssignment}, {Kind: EventMembership, Group: "00gGuards"}} {
		for says, agrees := range map[EventClaim]Seen{SaysThere: there, SaysGone: gone} {
			c.Says = says
			look := Look{Claims: []Told{c}}
			contrary := gone
			if says == SaysGone {
				contrary = there
			}
			if look.Contradicted(agrees) || !look.Contradicted(contrary) {
				t.Errorf("%v is contradicted by what agrees, or not by the contrary", c)
			}
		}
	}
	if (&Look{}).Contradicted(gone) {
		t.Error("an event that claims nothing is contradicted")
	}
	unread := Look{Claims: []Told{{Kind: EventMembership, Group: "00gGuards", Says: SaysThere}}}
	if unread.Contradicted(Seen{Active: true, Assigned: true}) {
		t.Error("groups that were not read contradict an event")
	}
}

func TestLookupIsSeenAsTheTablesHaveIt(t *testing.T) {
	for name, c := range map[string]struct {
		person  Person
		missing bool
		want    Seen
	}{
		"assigned":     {person: Person{Status: "ACTIVE", Assignment: Assignment{Present: true, Status: "ACTIVE"}}, want: Seen{Active: true, Assigned: true}},
		"unassigned":   {person: Person{Status: "LOCKED_OUT"}, want: Seen{Active: true}},
		"revoked":      {person: Person{Status: "ACTIVE", Assignment: Assignment{Present: true, Status: "REVOKED"}}, want: Seen{Active: true}},
		"suspended":    {person: Person{Status: "SUSPENDED", Assignment: Assignment{Present: true, Status: "ACTIVE"}}, want: Seen{Assigned: true}},
		"deactivated":  {person: Person{Status: "DEPROVISIONED"}},
		"on the way":   {person: Person{Status: "ACTIVE", Transition: "DEPROVISIONED"}},
		"deleted":      {person: Person{Status: "ACTIVE", Assignment: Assignment{Present: true, Status: "ACTIVE"}}, missing: true},
		"in one group": {person: Person{Status: "ACTIVE"}, want: Seen{Active: true}},
	} {
		if got := SeenOf(&c.person, !c.missing, nil); !cmp.Equal(got, c.want) {
			t.Errorf("%s is seen as %+v, want %+v", name, got, c.want)
		}
	}
	if got := SeenOf(&Person{}, true, []Group{{ID: "00gGuards"}}); !got.Groups["00gGuards"] || got.Groups["00gOther"] {
		t.Errorf("the groups are seen as %v", got.Groups)
	}
}

func TestAnyOrderAndRepetitionOfEventsLooksAtTheSame(t *testing.T) {
	kinds := []EventKind{EventUser, EventAssignment, EventMembership}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var events []Event
		for n := range 12 {
			says := []EventClaim{"", SaysThere, SaysGone}[r.IntN(3)]
			person := []string{"00uAda", "00uBob", "00uEve"}[r.IntN(3)]
			events = append(events, about(kinds[r.IntN(3)], says, n, person, "00gGuards", "0oaOurs"))
		}
		want := Attend(events, nil, company, 50)
		shuffled := slices.Concat(events, events[:5])
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(want, Attend(shuffled, nil, company, 50)); diff != "" {
			t.Fatalf("seed %d: another order asks for another thing:\n%s", seed, diff)
		}
	}
}

func TestLogThatWasNotReadForLongLapses(t *testing.T) {
	for name, c := range map[string]struct {
		log  EventLog
		want bool
	}{
		"read yesterday":   {EventLog{Cursor: "c", Polled: eventTime.Add(-24 * time.Hour)}, false},
		"read 80 days ago": {EventLog{Cursor: "c", Polled: eventTime.Add(-eventsKept)}, false},
		"read before that": {EventLog{Cursor: "c", Polled: eventTime.Add(-eventsKept - time.Second)}, true},
		"not begun":        {EventLog{}, false},
	} {
		if got := c.log.Lapsed(eventTime); got != c.want {
			t.Errorf("%s: lapsed is %v", name, got)
		}
	}
}

// What passes by itself is told when it has not passed; what does not, at once.
func TestSomebodyIsToldOfALogThatCannotBeRead(t *testing.T) {
	polled := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		log   EventLog
		after time.Duration
		want  bool
	}{
		"it is read":                   {EventLog{Polled: polled}, 80 * time.Hour, false},
		"once":                         {EventLog{Polled: polled, Failure: "503"}, time.Minute, false},
		"for some minutes":             {EventLog{Polled: polled, Failure: "503"}, 5 * time.Minute, true},
		"a right is missing":           {EventLog{Polled: polled, Failure: "403", Lasting: true}, time.Second, true},
		"it was never read, and a 503": {EventLog{Failure: "503"}, 0, true},
		"a right was never there":      {EventLog{Failure: "403", Lasting: true}, 0, true},
	} {
		if got := c.log.Neglected(polled.Add(c.after)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

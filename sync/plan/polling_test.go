package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

// ourOrg is what events are compared with: 0oaOURS is our app, 00uANA and 00uBEA are managed
// or assigned, 00gSITE and 00gDOOR are pushed or assigned.
var ourOrg = plan.Known{App: "0oaOURS", People: map[plan.PersonID]bool{"00uANA": true, "00uBEA": true},
	Groups: map[plan.GroupID]bool{"00gSITE": true, "00gDOOR": true}}

// logged is an event of that kind, so many minutes after six, about what is named.
func logged(minute int, kind plan.EventKind, says plan.EventClaim, names ...string) plan.Event {
	e := plan.Event{ID: fmt.Sprint(minute, kind, says, names), At: now.Add(time.Duration(minute) * time.Minute),
		Kind: kind, Says: says}
	for _, name := range names {
		switch name[:3] {
		case "00u":
			e.People = append(e.People, plan.PersonID(name))
		case "00g":
			e.Groups = append(e.Groups, plan.GroupID(name))
		default:
			e.Apps = append(e.Apps, name)
		}
	}
	return e
}

// attention is what is asked for in one line: whom to look at, and what asks for a whole run.
func attention(a plan.Attention) string {
	var parts []string
	for _, look := range a.Looks {
		parts = append(parts, string(look.Person))
	}
	for _, kind := range a.Whole {
		parts = append(parts, "all by "+string(kind))
	}
	return strings.Join(parts, ", ")
}

// TestAnEventSaysOnlyWhomToLookAt: it counts when it names our app, a person whom we know, or
// a group that is pushed or assigned; all others cost nothing.
func TestAnEventSaysOnlyWhomToLookAt(t *testing.T) {
	const user, assignment, membership = plan.EventUser, plan.EventAssignment, plan.EventMembership
	const whole, groupAssigned, app = plan.EventGroup, plan.EventGroupAssignment, plan.EventApp
	for sentence, c := range map[string]struct {
		kind  plan.EventKind
		names []string
		want  string
	}{
		"a user whom we know":                          {user, []string{"00uANA"}, "00uANA"},
		"a user whom nobody knows":                     {user, []string{"00uEVE"}, ""},
		"two users, one is known":                      {user, []string{"00uEVE", "00uBEA"}, "00uBEA"},
		"a user, and our app beside":                   {user, []string{"00uEVE", "0oaOURS"}, ""},
		"a user event that names nobody":               {user, []string{"0oaOURS", "00gSITE"}, ""},
		"an assignment to our app":                     {assignment, []string{"00uANA", "0oaOURS"}, "00uANA"},
		"of somebody new":                              {assignment, []string{"00uEVE", "0oaOURS"}, "00uEVE"},
		"to another app, of somebody we know":          {assignment, []string{"00uANA", "0oaOTHER"}, ""},
		"to two apps, one is ours":                     {assignment, []string{"00uEVE", "0oaOTHER", "0oaOURS"}, "00uEVE"},
		"to our app, and nobody is named":              {assignment, []string{"0oaOURS"}, "all by assignment"},
		"to another app, and nobody is named":          {assignment, []string{"0oaOTHER"}, ""},
		"membership of a group of ours":                {membership, []string{"00uEVE", "00gSITE"}, "00uEVE"},
		"of another group, of somebody we know":        {membership, []string{"00uANA", "00gOTHER"}, ""},
		"of two groups, one is ours":                   {membership, []string{"00uANA", "00gOTHER", "00gDOOR"}, "00uANA"},
		"of a group of ours, and nobody is named":      {membership, []string{"00gSITE"}, "all by membership"},
		"of another group, and nobody is named":        {membership, []string{"00gOTHER"}, ""},
		"a group of ours as a whole":                   {whole, []string{"00gSITE"}, "all by group"},
		"a group of ours as a whole, with its members": {whole, []string{"00gSITE", "00uANA"}, "all by group"},
		"another group as a whole":                     {whole, []string{"00gOTHER"}, ""},
		"a group gets our app": {groupAssigned, []string{"00gOTHER", "0oaOURS"},
			"all by group_assignment"},
		"a group of ours gets another app":         {groupAssigned, []string{"00gSITE", "0oaOTHER"}, ""},
		"our app as a whole":                       {app, []string{"0oaOURS"}, "all by app"},
		"another app as a whole":                   {app, []string{"0oaOTHER"}, ""},
		"an app as a whole, and a person of ours":  {app, []string{"0oaOTHER", "00uANA"}, ""},
		"a kind of event that nobody has heard of": {"device", []string{"00uANA", "00gSITE", "0oaOURS"}, ""},
		"a group gets our app, and its people are named": {groupAssigned, []string{"00uANA", "0oaOURS"},
			"all by group_assignment"},
		"no app, though events about no app are none":  {assignment, []string{"00uANA"}, ""},
		"a membership that names no group is nobody's": {membership, []string{"00uANA"}, ""},
		"an event without any name":                    {user, nil, ""},
		"an assignment of several people to our own app": {assignment, []string{"00uBEA", "00uANA", "0oaOURS"},
			"00uANA, 00uBEA"},
		"a membership of several people of a known group": {membership, []string{"00uEVE", "00uANA", "00gDOOR"},
			"00uANA, 00uEVE"},
	} {
		for _, says := range []plan.EventClaim{"", plan.SaysThere, plan.SaysGone} {
			got := plan.Attend([]plan.Event{logged(1, c.kind, says, c.names...)}, nil, ourOrg, 50)
			if text := attention(got); text != c.want {
				t.Errorf("%s (%q): looks at %q, want %q", sentence, says, text, c.want)
			}
		}
	}
}

// TestManyPeopleAskForAWholeRun: more than events_max_people, whatever names them.
func TestManyPeopleAskForAWholeRun(t *testing.T) {
	people := func(n int) []plan.Event {
		var events []plan.Event
		for i := range n {
			events = append(events, logged(i, plan.EventAssignment, plan.SaysGone, fmt.Sprintf("00u%03d", i), "0oaOURS"))
		}
		return events
	}
	again := []plan.Look{{Person: "00u000"}, {Person: "00uZOE"}}
	for sentence, c := range map[string]struct {
		events []plan.Event
		again  []plan.Look
		most   int
		whole  bool
	}{
		"none":                                 {nil, nil, 0, false},
		"as many as may be":                    {people(50), nil, 50, false},
		"one more":                             {people(51), nil, 50, true},
		"as many, with one of a second look":   {people(50), again[:1], 50, false},
		"as many, and another one once more":   {people(50), again, 50, true},
		"all from second looks":                {nil, again, 1, true},
		"the same person many times":           {slices.Concat(people(2), people(2), people(2)), nil, 2, false},
		"one, where nobody is looked at alone": {people(1), nil, 0, true},
	} {
		got := plan.Attend(c.events, c.again, ourOrg, c.most)
		if (len(got.Whole) > 0) != c.whole || c.whole && got.Whole[0] != plan.EventUser {
			t.Errorf("%s: %d people, whole %v", sentence, len(got.Looks), got.Whole)
		}
	}
	two := []plan.Event{logged(1, plan.EventApp, "", "0oaOURS"), logged(2, plan.EventGroup, "", "00gSITE"),
		logged(3, plan.EventApp, "",
			"0oaOURS"), logged(4, plan.EventUser, "", "00uANA")}
	if got := attention(plan.Attend(two, nil, ourOrg, 50)); got != "00uANA, all by app, all by group" {
		t.Errorf("several reasons: %s", got)
	}
}

// TestTheLastWordAboutEachThingCounts, by its time and not by its place in the log; of the
// first of all events the time is kept, and that of the first that tells of an end.
func TestTheLastWordAboutEachThingCounts(t *testing.T) {
	const there, gone = plan.SaysThere, plan.SaysGone
	at := func(minute int) time.Time { return now.Add(time.Duration(minute) * time.Minute) }
	untimed := logged(0, plan.EventUser, gone, "00uANA")
	untimed.At = time.Time{}
	noID := logged(3, plan.EventUser, gone, "00uANA")
	noID.ID = ""
	later := noID
	later.At, later.Says = at(5), there
	reused := logged(2, plan.EventUser, there, "00uANA")
	reused.ID = logged(1, plan.EventUser, gone, "00uANA").ID
	for sentence, c := range map[string]struct {
		events []plan.Event
		want   plan.Look
	}{
		"one word": {[]plan.Event{logged(1, plan.EventUser, gone, "00uANA")},
			plan.Look{At: at(1), Gone: at(1), Claims: []plan.Told{{Kind: plan.EventUser, Says: gone, At: at(1)}}}},
		"a word that claims nothing": {[]plan.Event{logged(1, plan.EventUser, "", "00uANA")}, plan.Look{At: at(1)}},
		"a word that claims nothing takes no other back": {[]plan.Event{logged(1, plan.EventUser, gone, "00uANA"),
			logged(2, plan.EventUser, "", "00uANA")},
			plan.Look{At: at(1), Gone: at(1), Claims: []plan.Told{{Kind: plan.EventUser, Says: gone, At: at(1)}}}},
		"gone, then there": {[]plan.Event{logged(1, plan.EventUser, gone, "00uANA"),
			logged(2, plan.EventUser, there, "00uANA")},
			plan.Look{At: at(1), Gone: at(1), Claims: []plan.Told{{Kind: plan.EventUser, Says: there, At: at(2)}}}},
		"there, logged behind a later gone": {[]plan.Event{logged(2, plan.EventUser, gone, "00uANA"),
			logged(1, plan.EventUser, there, "00uANA")},
			plan.Look{At: at(1), Gone: at(2), Claims: []plan.Told{{Kind: plan.EventUser, Says: gone, At: at(2)}}}},
		"at one time the later in the log": {[]plan.Event{logged(1, plan.EventUser, gone, "00uANA"),
			logged(1, plan.EventUser, there, "00uANA")},
			plan.Look{At: at(1), Gone: at(1), Claims: []plan.Told{{Kind: plan.EventUser, Says: there, At: at(1)}}}},
		"the user and the assignment are two things": {[]plan.Event{logged(1, plan.EventUser, gone, "00uANA"),
			logged(2, plan.EventAssignment, there, "00uANA", "0oaOURS")},
			plan.Look{At: at(1), Gone: at(1), Claims: []plan.Told{{Kind: plan.EventAssignment, Says: there, At: at(2)},
				{Kind: plan.EventUser, Says: gone, At: at(1)}}}},
		"two groups are two things": {[]plan.Event{logged(1, plan.EventMembership, there, "00uANA", "00gSITE"),
			logged(2, plan.EventMembership, gone, "00uANA", "00gDOOR")},
			plan.Look{At: at(1), Gone: at(2),
				Claims: []plan.Told{{Kind: plan.EventMembership, Group: "00gDOOR", Says: gone, At: at(2)},
					{Kind: plan.EventMembership, Group: "00gSITE", Says: there, At: at(1)}}}},
		"one event about two groups": {[]plan.Event{logged(1, plan.EventMembership, gone, "00uANA", "00gSITE", "00gDOOR")},
			plan.Look{At: at(1), Gone: at(1),
				Claims: []plan.Told{{Kind: plan.EventMembership, Group: "00gDOOR", Says: gone, At: at(1)},
					{Kind: plan.EventMembership, Group: "00gSITE", Says: gone, At: at(1)}}}},
		"an assignment is about no group": {[]plan.Event{logged(1, plan.EventAssignment, gone, "00uANA", "0oaOURS",
			"00gSITE")},
			plan.Look{At: at(1), Gone: at(1), Claims: []plan.Told{{Kind: plan.EventAssignment, Says: gone, At: at(1)}}}},
		"a time that is not known is no earlier one": {[]plan.Event{logged(3, plan.EventUser, gone, "00uANA"), untimed},
			plan.Look{At: at(3), Gone: at(3), Claims: []plan.Told{{Kind: plan.EventUser, Says: gone, At: at(3)}}}},
		"the earliest end of several": {[]plan.Event{logged(4, plan.EventUser, gone, "00uANA"),
			logged(2, plan.EventUser, gone, "00uANA")},
			plan.Look{At: at(2), Gone: at(2), Claims: []plan.Told{{Kind: plan.EventUser, Says: gone, At: at(4)}}}},
		"the same event twice counts once": {[]plan.Event{logged(1, plan.EventUser, gone, "00uANA"), reused},
			plan.Look{At: at(1), Gone: at(1), Claims: []plan.Told{{Kind: plan.EventUser, Says: gone, At: at(1)}}}},
		"events without an id are not the same one": {[]plan.Event{noID, later},
			plan.Look{At: at(3), Gone: at(3), Claims: []plan.Told{{Kind: plan.EventUser, Says: there, At: at(5)}}}},
	} {
		c.want.Person = "00uANA"
		got := plan.Attend(c.events, nil, ourOrg, 50)
		if diff := cmp.Diff([]plan.Look{c.want}, got.Looks); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sentence, diff)
		}
	}
}

// TestALookUpIsComparedWithEachWordAboutItsOwnThing: what is claimed of the user, of the
// assignment and of a group is each held against what was seen of that.
func TestALookUpIsComparedWithEachWordAboutItsOwnThing(t *testing.T) {
	claims := map[string]plan.Told{
		"the user is active":   {Kind: plan.EventUser, Says: plan.SaysThere},
		"the user is gone":     {Kind: plan.EventUser, Says: plan.SaysGone},
		"the assignment is":    {Kind: plan.EventAssignment, Says: plan.SaysThere},
		"the assignment ended": {Kind: plan.EventAssignment, Says: plan.SaysGone},
		"she is in SITE":       {Kind: plan.EventMembership, Group: "00gSITE", Says: plan.SaysThere},
		"she left SITE":        {Kind: plan.EventMembership, Group: "00gSITE", Says: plan.SaysGone},
	}
	for bits := range 8 {
		seen := plan.Seen{Active: bits&1 > 0, Assigned: bits&2 > 0, Groups: map[plan.GroupID]bool{"00gDOOR": true}}
		if bits&4 > 0 {
			seen.Groups["00gSITE"] = true
		}
		for name, told := range claims {
			is := map[plan.EventKind]bool{plan.EventUser: seen.Active, plan.EventAssignment: seen.Assigned,
				plan.EventMembership: seen.Groups["00gSITE"]}[told.Kind]
			want := is != (told.Says == plan.SaysThere)
			look := plan.Look{Claims: []plan.Told{told}}
			if got := look.Contradicted(seen); got != want {
				t.Errorf("%s, and %+v was seen: contradicted is %v", name, seen, got)
			}
			agrees := plan.Told{Kind: plan.EventMembership, Group: "00gDOOR", Says: plan.SaysThere}
			both := plan.Look{Claims: []plan.Told{agrees, told}}
			if got := both.Contradicted(seen); got != want {
				t.Errorf("%s beside a word that agrees: contradicted is %v", name, got)
			}
		}
		unread := plan.Look{Claims: []plan.Told{claims["she left SITE"], claims["she is in SITE"]}}
		if unread.Contradicted(plan.Seen{Active: seen.Active, Assigned: seen.Assigned}) {
			t.Error("groups that were not read contradict a word about them")
		}
	}
}

package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// Names that two people want, and names that pass from one person to the next.

// A holder is somebody managed, by their names in the snapshot.
type holder struct {
	owner           plan.Owner
	username, email string
}

// holdsName is a managed person whose username and e-mail are of one name.
func holdsName(id plan.PersonID, name string, changes ...func(*plan.Owner)) holder {
	o := plan.Owner{Person: id, Employee: 7, First: "ana", Last: "silva", Confirmed: true}
	for _, change := range changes {
		change(&o)
	}
	return holder{o, name, name + "@acme.example"}
}

func leaving(o *plan.Owner)   { o.Leaves = true }
func unconfirm(o *plan.Owner) { o.Confirmed = false }
func missed(o *plan.Owner)    { o.Missing = true }
func keptFor(why string) func(*plan.Owner) {
	return func(o *plan.Owner) { o.Keeps = why }
}
func ownNames(first, last string) func(*plan.Owner) {
	return func(o *plan.Owner) { o.First, o.Last = first, last }
}

func worldOf(holders []holder) *nameWorld {
	var w nameWorld
	for _, h := range holders {
		w.add(h.owner, h.username, h.email)
	}
	return &w
}

// TestAProblemOfANameSaysWhoHasIt, in words that name ids only.
func TestAProblemOfANameSaysWhoHasIt(t *testing.T) {
	onlyEmail := func(c *plan.Claim) { c.Username = "own-" + string(c.Person) }
	for _, row := range []struct {
		name    string
		holders []holder
		claims  []plan.Claim
		code    string
		says    string
	}{
		{"the managed one keeps it", []holder{holdsName("a", "x")}, []plan.Claim{claim("a", "x", stays), claim("b", "x")},
			plan.ProblemDuplicate, "user a, who is managed, has the same user name in Okta and keeps it"},
		{"the managed one keeps the e-mail", []holder{holdsName("a", "x")},
			[]plan.Claim{claim("a", "x", stays), claim("b", "x", onlyEmail)},
			plan.ProblemDuplicate, "user a, who is managed, has the same e-mail in Okta and keeps it"},
		{"what Okta says of the owner was not read", []holder{holdsName("a", "x")}, []plan.Claim{claim("b", "x")},
			plan.ProblemDuplicate, "the user name is that of employee 7 of user a in TrackTik, who keeps it"},
		{"the owner is to have another name, and does not get it", []holder{holdsName("a", "x")},
			[]plan.Claim{claim("a", "y", stays), claim("b", "x")}, plan.ProblemDuplicate, "employee 7 of user a"},
		{"the departure is not confirmed", []holder{holdsName("a", "x", missed)}, []plan.Claim{claim("b", "x")},
			plan.ProblemNameInUse, "employee 7 of user a, whose departure from Okta is not confirmed"},
		{"TrackTik keeps it", []holder{holdsName("a", "x", keptFor("is BANNED there"))}, []plan.Claim{claim("b", "x")},
			plan.ProblemNameInUse, "employee 7 of user a in TrackTik, who keeps it: is BANNED there"},
		{"TrackTik keeps it, though Okta has the same", []holder{holdsName("a", "x", keptFor("is BANNED there"))},
			[]plan.Claim{claim("a", "x", stays), claim("b", "x")}, plan.ProblemNameInUse, "who keeps it: is BANNED there"},
		{"two new people", nil, []plan.Claim{claim("a", "x"), claim("b", "x")}, plan.ProblemDuplicate,
			"has the same user name in Okta as user a"},
		{"two new people, by e-mail", nil, []plan.Claim{claim("a", "x", onlyEmail), claim("b", "x", onlyEmail)},
			plan.ProblemDuplicate, "has the same e-mail in Okta as user a"},
		{"a re-created one goes on", []holder{holdsName("z", "x", leaving)},
			[]plan.Claim{claim("a", "x"), claim("b", "x", called("zoe", "quinn"))}, plan.ProblemDuplicate,
			"user a has the same user name in Okta, and was known by it under another id"},
		{"a true swap", []holder{holdsName("a", "x"), holdsName("b", "y")},
			[]plan.Claim{claim("a", "y", moves), claim("b", "x", moves)}, plan.ProblemSwap,
			"pass in a circle between this user and a|give one of them another name in Okta for one run"},
		{"who has the name has a problem", []holder{holdsName("a", "x"), holdsName("z", "y")},
			[]plan.Claim{claim("a", "y", moves), claim("b", "x")}, plan.ProblemNameInUse,
			"user a, who has the name, has a problem and keeps it"},
	} {
		n := worldOf(row.holders).resolve(row.claims)
		p := n.Problems["b"]
		if p.Code != row.code || p.User.ID != "b" {
			t.Errorf("%s: %+v", row.name, p)
		}
		for text := range strings.SplitSeq(row.says, "|") {
			if !strings.Contains(p.Message, text) {
				t.Errorf("%s: it says %q, without %q", row.name, p.Message, text)
			}
		}
	}
}

// TestWhoKeepsANameInTrackTikWhateverOktaSays: the banned, and who is not updated.
func TestWhoKeepsANameInTrackTikWhateverOktaSays(t *testing.T) {
	banned := keptFor("is BANNED there")
	for _, row := range []struct {
		name    string
		holders []holder
		claims  []plan.Claim
		want    string
	}{
		{"who moves in Okta gives the name free", []holder{holdsName("a", "x")},
			[]plan.Claim{claim("a", "y", moves), claim("b", "x")}, "b after [a]"},
		{"who moves in Okta, and keeps it in TrackTik, moves all the same where an update is to come",
			[]holder{holdsName("a", "x", banned)}, []plan.Claim{claim("a", "y", moves), claim("b", "x")}, "b after [a]"},
		{"who is banned and does not move keeps it", []holder{holdsName("a", "x", banned)},
			[]plan.Claim{claim("a", "y", stays), claim("b", "x")}, "b: name_in_use"},
		{"who is banned keeps it from the heir of others", []holder{holdsName("a", "x", banned)},
			[]plan.Claim{claim("b", "x")}, "b: name_in_use"},
		{"who leaves keeps nothing", []holder{holdsName("a", "x", leaving, ownNames("zoe", "quinn"))},
			[]plan.Claim{claim("b", "x")}, "b freed by [a]"},
		{"the heir of somebody banned keeps the name", []holder{holdsName("a", "x", leaving, banned)},
			[]plan.Claim{claim("b", "y", email("x@acme.example")), claim("c", "x", email("c@acme.example"), called("c", "c"))},
			"c: duplicate; b was a"},
		{"the heir of somebody else gives the name free", []holder{holdsName("a", "x", leaving)},
			[]plan.Claim{claim("b", "y", email("x@acme.example")), claim("c", "x", email("c@acme.example"), called("c", "c"))},
			"b was a; c after [b]"},
	} {
		for _, claims := range [][]plan.Claim{row.claims, reversed(row.claims)} {
			n := worldOf(row.holders).resolve(claims)
			if got := namesOutline(&n); got != row.want {
				t.Errorf("%s: %q, want %q", row.name, got, row.want)
			}
		}
	}
}

// TestWhoIsARecreatedPerson: the departure is confirmed, exactly one new person, the same
// username or e-mail, and the same first or last name.
func TestWhoIsARecreatedPerson(t *testing.T) {
	gone := holdsName("old", "x", leaving)
	other := email("other@acme.example")
	for _, row := range []struct {
		name    string
		holders []holder
		claims  []plan.Claim
		want    plan.PersonID
	}{
		{"all the same", []holder{gone}, []plan.Claim{claim("new", "x")}, "old"},
		{"the username, and both names", []holder{gone}, []plan.Claim{claim("new", "x", other)}, "old"},
		{"the e-mail, and the first name", []holder{gone},
			[]plan.Claim{claim("new", "y", email("x@acme.example"), called("ana", "quinn"))}, "old"},
		{"the username, and the last name", []holder{gone}, []plan.Claim{claim("new", "x", called("zoe", "silva"))}, "old"},
		{"no name is the same", []holder{gone}, []plan.Claim{claim("new", "x", called("zoe", "quinn"))}, ""},
		{"the names changed places", []holder{gone}, []plan.Claim{claim("new", "x", called("silva", "ana"))}, ""},
		{"neither username nor e-mail", []holder{gone}, []plan.Claim{claim("new", "y")}, ""},
		{"no first names, other last names", []holder{holdsName("old", "x", leaving, ownNames("", "silva"))},
			[]plan.Claim{claim("new", "x", called("", "quinn"))}, ""},
		{"the departure is known from a sample", []holder{holdsName("old", "x", leaving, unconfirm)},
			[]plan.Claim{claim("new", "x")}, ""},
		{"they have not left", []holder{holdsName("old", "x")}, []plan.Claim{claim("new", "x")}, ""},
		{"they are missing", []holder{holdsName("old", "x", missed)}, []plan.Claim{claim("new", "x")}, ""},
		{"who is managed is nobody's heir", []holder{gone, holdsName("new", "y")},
			[]plan.Claim{claim("new", "x", moves)}, ""},
		{"two new people", []holder{gone}, []plan.Claim{claim("new", "x", other), claim("new2", "y", email("x@acme.example"))}, ""},
		{"two new people, one of other names", []holder{gone},
			[]plan.Claim{claim("new", "x", other), claim("new2", "y", email("x@acme.example"), called("zoe", "quinn"))}, "old"},
	} {
		for _, claims := range [][]plan.Claim{row.claims, reversed(row.claims)} {
			n := worldOf(row.holders).resolve(claims)
			if got := n.Recreated["new"].Person; got != row.want {
				t.Errorf("%s: goes on as %q, want %q (%s)", row.name, got, row.want, namesOutline(&n))
			}
		}
	}
}

// TestOneWhoInheritsAndCannotHaveTheRestInheritsNothing: the employee is ended, and the new
// person is a problem.
func TestOneWhoInheritsAndCannotHaveTheRestInheritsNothing(t *testing.T) {
	holders := []holder{holdsName("old", "x", leaving), holdsName("other", "y")}
	n := worldOf(holders).resolve([]plan.Claim{claim("new", "x", email("y@acme.example")), claim("other", "y", stays)})
	if _, ok := n.Recreated["new"]; ok || n.Problems["new"].Code != plan.ProblemDuplicate {
		t.Errorf("resolved %s", namesOutline(&n))
	}
}

// TestUpdatesGoLevelByLevel: whoever waits is one level above all of those.
func TestUpdatesGoLevelByLevel(t *testing.T) {
	var holders []holder
	var claims []plan.Claim
	const n = 6
	for i := range n { // each wants the name of the next one
		id := plan.PersonID(fmt.Sprint("p", i))
		holders = append(holders, holdsName(id, fmt.Sprint("n", i)))
		claims = append(claims, claim(id, fmt.Sprint("n", i+1), moves))
	}
	claims[2].Email = "p2@acme.example" // so that the one that p3 gives free is wanted once
	claims = append(claims, claim("both", "n0", email("n3@acme.example")))
	r := random(t)
	for range 20 {
		names := worldOf(holders).resolve(shuffled(r, claims))
		for i := range n {
			id := plan.PersonID(fmt.Sprint("p", i))
			if names.Level[id] != n-1-i {
				t.Errorf("%s is on level %d, want %d", id, names.Level[id], n-1-i)
			}
		}
		if names.Level["both"] != n || len(names.Problems) > 0 {
			t.Errorf("who waits for two is on level %d (%v)", names.Level["both"], names.Problems)
		}
	}
}

// TestACircleIsAProblemOfThoseInItAndOfWhoWaits.
func TestACircleIsAProblemOfThoseInItAndOfWhoWaits(t *testing.T) {
	holders := []holder{holdsName("a", "x"), holdsName("b", "y"), holdsName("c", "z"), holdsName("d", "w")}
	claims := []plan.Claim{claim("a", "y", moves), claim("b", "z", moves), claim("c", "x", moves), // the circle
		claim("d", "x", moves), claim("e", "w"), // who waits for it, and who waits for that one
		claim("f", "v")}
	claims[3].Username, claims[3].Email = "d2", "x@acme.example"
	claims[2].Email = "c2@acme.example"
	claims[0].Email = "a2@acme.example"
	n := worldOf(holders).resolve(claims)
	var got []string
	for _, id := range slices.Sorted(maps.Keys(n.Problems)) {
		got = append(got, string(id)+" "+n.Problems[id].Code)
	}
	if text := strings.Join(got, ", "); text != "a swap, b swap, c swap, d name_in_use, e name_in_use" {
		t.Errorf("problems: %s", text)
	}
}

// TestACustomIDPassesOnAsOtherNamesDo.
func TestACustomIDPassesOnAsOtherNamesDo(t *testing.T) {
	custom := func(want, has string) func(*plan.Claim) {
		return func(c *plan.Claim) { c.CustomID, c.FormerID = want, has }
	}
	own := func(id plan.PersonID, managed bool, change func(*plan.Claim)) plan.Claim {
		c := claim(id, string(id), change)
		c.Managed, c.Moves = managed, managed
		return c
	}
	for _, row := range []struct {
		name   string
		claims []plan.Claim
		want   string
	}{
		{"nobody has it", []plan.Claim{own("a", false, custom("7", ""))}, ""},
		{"who has it keeps it", []plan.Claim{own("a", true, custom("7", "7")), own("b", false, custom("8", ""))}, ""},
		{"who gives it free is first", []plan.Claim{own("a", true, custom("8", "7")), own("b", false, custom("7", ""))}, "b after [a]"},
		{"who empties it gives it free", []plan.Claim{own("a", true, custom("", "7")), own("b", true, custom("7", "9"))}, "b after [a]"},
		{"nobody waits for themselves", []plan.Claim{own("a", true, custom("8", "7"))}, ""},
		{"a chain", []plan.Claim{own("a", true, custom("9", "8")), own("b", true, custom("8", "7")), own("c", false, custom("7", ""))},
			"b after [a]; c after [b]"},
		{"a swap", []plan.Claim{own("a", true, custom("8", "7")), own("b", true, custom("7", "8"))},
			"a: swap; b: swap; a after [b]; b after [a]"},
		{"two want it", []plan.Claim{own("a", false, custom("7", "")), own("b", false, custom("7", ""))}, "a: duplicate; b: duplicate"},
		{"two want none", []plan.Claim{own("a", false, custom("", "")), own("b", false, custom("", ""))}, ""},
	} {
		for _, claims := range [][]plan.Claim{row.claims, reversed(row.claims)} {
			var w nameWorld
			n := w.resolve(claims)
			if got := namesOutline(&n); got != row.want {
				t.Errorf("%s: %q, want %q", row.name, got, row.want)
			}
		}
	}
	var w nameWorld
	n := w.resolve([]plan.Claim{own("a", false, custom("7", "")), own("b", false, custom("7", ""))})
	if got := n.Problems["b"].Message; got != "has the same custom id in Okta as user a" {
		t.Errorf("it says %q", got)
	}
}

// TestAListOfRivalsHasAnEnd: five of them, and how many more.
func TestAListOfRivalsHasAnEnd(t *testing.T) {
	for rivals, want := range map[int]string{
		1: "as user p1", 5: "as user p1, p2, p3, p4, p5", 6: "as user p1, p2, p3, p4, p5 and 1 more",
		8: "as user p1, p2, p3, p4, p5 and 3 more",
	} {
		var claims []plan.Claim
		for i := range rivals + 1 {
			claims = append(claims, claim(plan.PersonID(fmt.Sprint("p", i)), "x"))
		}
		var w nameWorld
		n := w.resolve(claims)
		if got := n.Problems["p0"].Message; !strings.HasSuffix(got, want) {
			t.Errorf("%d rivals: %q", rivals, got)
		}
	}
}

// TestNobodyGetsANameThatSomebodyKeeps: in any organisation, after the terminations and the
// updates, a name has one owner.
func TestNobodyGetsANameThatSomebodyKeeps(t *testing.T) {
	r := random(t)
	for round := range 2000 {
		n := 2 + r.IntN(7)
		name := func() string { return fmt.Sprint("n", r.IntN(n+1)) }
		var holders []holder
		var claims []plan.Claim
		has := map[plan.PersonID]string{}
		for i := range n {
			id := plan.PersonID(fmt.Sprint("p", i))
			c := claim(id, name(), email(string(id)))
			if c.First = pick(r, "ana", "zoe"); r.IntN(3) > 0 {
				h := holdsName(id, fmt.Sprint("n", i), ownNames(c.First, pick(r, "silva", "quinn")))
				h.email, h.owner.Leaves, h.owner.Confirmed = string(id), r.IntN(4) == 0, r.IntN(2) == 0
				holders, has[id] = append(holders, h), h.username
				if h.owner.Leaves {
					continue
				}
				c.Managed, c.Moves = true, c.Username != h.username
			}
			claims = append(claims, c)
		}
		names := worldOf(holders).resolve(shuffled(r, claims))
		if again := worldOf(shuffled(r, holders)).resolve(shuffled(r, claims)); namesOutline(&again) != namesOutline(&names) {
			t.Fatalf("round %d, in another order: %q and %q", round, namesOutline(&names), namesOutline(&again))
		}
		owner := map[string]plan.PersonID{}
		for _, c := range claims {
			_, problem := names.Problems[c.Person]
			final := c.Username
			if problem {
				final = has[c.Person] // keeps what they have
			}
			if other, taken := owner[final]; taken && final != "" {
				t.Fatalf("round %d: %s and %s both have %s\n%s", round, other, c.Person, final, namesOutline(&names))
			}
			owner[final] = c.Person
		}
	}
}

package plan_test

import (
	"fmt"
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
func lives(o *plan.Owner)     { o.Lives = true }
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
		mustSay(t, p.Message, row.says)
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
		{"both without an e-mail", []holder{{gone.owner, "x", ""}}, []plan.Claim{claim("new", "y", email(""))}, ""},
		{"both without a username", []holder{{gone.owner, "", "x@acme.example"}},
			[]plan.Claim{claim("new", "", email("y@acme.example"))}, ""},
		{"no first names, other last names", []holder{holdsName("old", "x", leaving, ownNames("", "silva"))},
			[]plan.Claim{claim("new", "x", called("", "quinn"))}, ""},
		{"the departure is known from a sample", []holder{holdsName("old", "x", leaving, unconfirm)},
			[]plan.Claim{claim("new", "x")}, ""},
		{"the user is there still, all the same", []holder{holdsName("old", "x", leaving, lives)},
			[]plan.Claim{claim("new", "x")}, "old"},
		{"the user is there still, another last name", []holder{holdsName("old", "x", leaving, lives)},
			[]plan.Claim{claim("new", "x", called("ana", "quinn"))}, ""},
		{"the user is there still, another first name", []holder{holdsName("old", "x", leaving, lives)},
			[]plan.Claim{claim("new", "x", called("zoe", "silva"))}, ""},
		{"they have not left", []holder{holdsName("old", "x")}, []plan.Claim{claim("new", "x")}, ""},
		{"they are missing", []holder{holdsName("old", "x", missed)}, []plan.Claim{claim("new", "x")}, ""},
		{"who is managed is nobody's heir", []holder{gone, holdsName("new", "y")},
			[]plan.Claim{claim("new", "x", moves)}, ""},
		{"two new people", []holder{gone}, []plan.Claim{claim("new", "x", other),
			claim("new2", "y", email("x@acme.example"))}, ""},
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

// TestWhoHasNoNameTakesNobodys: an empty username or e-mail is nobody's, and never wanted twice.
func TestWhoHasNoNameTakesNobodys(t *testing.T) {
	for name, holders := range map[string][]holder{
		"nobody has none": nil,
		"a managed one":   {{plan.Owner{Person: "old", Employee: 7}, "", ""}},
		"a leaver":        {{plan.Owner{Person: "old", Employee: 7, Leaves: true, Confirmed: true, First: "ana"}, "", ""}},
		"a missing one":   {{plan.Owner{Person: "old", Employee: 7, Missing: true}, "", ""}},
	} {
		n := worldOf(holders).resolve([]plan.Claim{claim("a", "x", email("")), claim("b", "y", email("")),
			claim("c", "", email("c@acme.example")), claim("d", "", email("d@acme.example"))})
		if got := namesOutline(&n); got != "" {
			t.Errorf("%s: %q", name, got)
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

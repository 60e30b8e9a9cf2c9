package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// A nameWorld is who has which name by the snapshot, and what becomes of them.
type nameWorld struct {
	usernames, emails map[string][]plan.Owner
}

func (w *nameWorld) add(o plan.Owner, username, email string) {
	if w.usernames == nil {
		w.usernames, w.emails = map[string][]plan.Owner{}, map[string][]plan.Owner{}
	}
	w.usernames[username] = append(w.usernames[username], o)
	w.emails[email] = append(w.emails[email], o)
}

func (w *nameWorld) resolve(claims []plan.Claim) plan.Names {
	return plan.ResolveNames(claims, plan.Owners{Usernames: w.usernames, Emails: w.emails})
}

// claim wants the user name and an e-mail of the same name.
func claim(id plan.PersonID, name string, changes ...func(*plan.Claim)) plan.Claim {
	c := plan.Claim{Person: id, User: plan.UserRef{ID: id}, Username: name, Email: name + "@acme.example", First: "ana", Last: "silva"}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func stays(c *plan.Claim) { c.Managed = true }
func moves(c *plan.Claim) { c.Managed, c.Moves = true, true }
func email(e string) func(*plan.Claim) {
	return func(c *plan.Claim) { c.Email = e }
}
func called(first, last string) func(*plan.Claim) {
	return func(c *plan.Claim) { c.First, c.Last = first, last }
}

// namesOutline is what becomes of names in one line.
func namesOutline(n *plan.Names) string {
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(n.Problems)) {
		parts = append(parts, fmt.Sprintf("%s: %s", id, n.Problems[id].Code))
	}
	for _, id := range slices.Sorted(maps.Keys(n.Recreated)) {
		parts = append(parts, fmt.Sprintf("%s was %s", id, n.Recreated[id].Person))
	}
	for _, id := range slices.Sorted(maps.Keys(n.After)) {
		parts = append(parts, fmt.Sprintf("%s after %v", id, slices.Compact(slices.Clone(n.After[id]))))
	}
	for _, id := range slices.Sorted(maps.Keys(n.Freed)) {
		parts = append(parts, fmt.Sprintf("%s freed by %v", id, slices.Compact(slices.Clone(n.Freed[id]))))
	}
	return strings.Join(parts, "; ")
}

// TestWhoGetsAName goes through who wants one and who has it.
func TestWhoGetsAName(t *testing.T) {
	owner := func(id plan.PersonID, changes ...func(*plan.Owner)) plan.Owner {
		o := plan.Owner{Person: id, Employee: 7, First: "ana", Last: "silva", Confirmed: true}
		for _, change := range changes {
			change(&o)
		}
		return o
	}
	leaves := func(o *plan.Owner) { o.Leaves = true }
	missing := func(o *plan.Owner) { o.Missing = true }
	sampled := func(o *plan.Owner) { o.Leaves, o.Confirmed = true, false }
	names := func(first, last string) func(*plan.Owner) {
		return func(o *plan.Owner) { o.First, o.Last = first, last }
	}
	type has struct {
		owner           plan.Owner
		username, email string
	}
	both := func(o plan.Owner, name string) has { return has{o, name, name + "@acme.example"} }
	for name, c := range map[string]struct {
		owners []has
		claims []plan.Claim
		want   string
	}{
		"nobody has it":                          {nil, []plan.Claim{claim("a", "x")}, ""},
		"two new people":                         {nil, []plan.Claim{claim("a", "x"), claim("b", "x")}, "a: duplicate; b: duplicate"},
		"two new people, by e-mail":              {nil, []plan.Claim{claim("a", "x"), claim("b", "y", email("x@acme.example"))}, "a: duplicate; b: duplicate"},
		"people without names":                   {nil, []plan.Claim{{Person: "a"}, {Person: "b"}}, ""},
		"the managed one keeps it":               {[]has{both(owner("a"), "x")}, []plan.Claim{claim("a", "x", stays), claim("b", "x")}, "b: duplicate"},
		"the managed one gets it":                {nil, []plan.Claim{claim("a", "x", moves), claim("b", "x")}, "b: duplicate"},
		"two managed, nobody has it":             {nil, []plan.Claim{claim("a", "x", moves), claim("b", "x", moves)}, "a: duplicate; b: duplicate"},
		"two managed, one has it":                {[]has{both(owner("a"), "x"), both(owner("b"), "y")}, []plan.Claim{claim("a", "x", stays), claim("b", "x", moves)}, "b: duplicate"},
		"the owner is not listed":                {[]has{both(owner("a", missing), "x")}, []plan.Claim{claim("b", "x")}, "b: name_in_use"},
		"the owner is on hold":                   {[]has{both(owner("a"), "x")}, []plan.Claim{claim("b", "x")}, "b: duplicate"},
		"the owner does not move (switch)":       {[]has{both(owner("a"), "x")}, []plan.Claim{claim("a", "y", stays), claim("b", "x")}, "b: duplicate"},
		"the owner leaves":                       {[]has{both(owner("a", leaves, names("bea", "lopes")), "x")}, []plan.Claim{claim("b", "x")}, "b freed by [a]"},
		"the owner leaves, two want it":          {[]has{both(owner("a", leaves), "x")}, []plan.Claim{claim("b", "x"), claim("c", "x")}, "b: duplicate; c: duplicate; b freed by [a]; c freed by [a]"},
		"the owner moves":                        {[]has{both(owner("a"), "x")}, []plan.Claim{claim("a", "y", moves), claim("b", "x")}, "b after [a]"},
		"the owner moves, of the e-mail only":    {[]has{both(owner("a"), "x")}, []plan.Claim{claim("a", "x", moves, email("y@acme.example")), claim("b", "x")}, "b: duplicate"},
		"a chain":                                {[]has{both(owner("a"), "x"), both(owner("b"), "y")}, []plan.Claim{claim("a", "z", moves), claim("b", "x", moves), claim("c", "y")}, "b after [a]; c after [b]"},
		"a chain that ends at one who stays":     {[]has{both(owner("a"), "x"), both(owner("b"), "y"), both(owner("d"), "z")}, []plan.Claim{claim("a", "z", moves), claim("b", "x", moves), claim("c", "y"), claim("d", "z", stays)}, "a: duplicate; b: name_in_use; c: name_in_use; b after [a]; c after [b]"},
		"a swap":                                 {[]has{both(owner("a"), "x"), both(owner("b"), "y")}, []plan.Claim{claim("a", "y", moves), claim("b", "x", moves)}, "a: swap; b: swap; a after [b]; b after [a]"},
		"a swap of user names alone":             {[]has{both(owner("a"), "x"), both(owner("b"), "y")}, []plan.Claim{claim("a", "y", moves, email("x@acme.example")), claim("b", "x", moves, email("y@acme.example"))}, "a: swap; b: swap; a after [b]; b after [a]"},
		"a circle of three, and who waits":       {[]has{both(owner("a"), "x"), both(owner("b"), "y"), both(owner("c"), "z")}, []plan.Claim{claim("a", "y", moves), claim("b", "z", moves), claim("c", "x", moves), claim("d", "x", email("d@acme.example"))}, "a: swap; b: swap; c: swap; d: duplicate; a after [b]; b after [c]; c after [a]; d after [a]"},
		"re-created":                             {[]has{both(owner("a", leaves), "x")}, []plan.Claim{claim("b", "x")}, "b was a"},
		"re-created, another last name":          {[]has{both(owner("a", leaves, names("ana", "lopes")), "x")}, []plan.Claim{claim("b", "x")}, "b was a"},
		"re-created, another first name":         {[]has{both(owner("a", leaves, names("bea", "silva")), "x")}, []plan.Claim{claim("b", "x")}, "b was a"},
		"re-created, by e-mail":                  {[]has{both(owner("a", leaves), "x")}, []plan.Claim{claim("b", "y", email("x@acme.example"))}, "b was a"},
		"names all different":                    {[]has{both(owner("a", leaves, names("bea", "lopes")), "x")}, []plan.Claim{claim("b", "x")}, "b freed by [a]"},
		"names are empty":                        {[]has{both(owner("a", leaves, names("", "")), "x")}, []plan.Claim{claim("b", "x", called("", ""))}, "b freed by [a]"},
		"departure by a sample":                  {[]has{both(owner("a", sampled), "x")}, []plan.Claim{claim("b", "x")}, "b freed by [a]"},
		"departure not confirmed":                {[]has{both(owner("a", missing), "x")}, []plan.Claim{claim("b", "x")}, "b: name_in_use"},
		"two could be the re-created one":        {[]has{both(owner("a", leaves), "x")}, []plan.Claim{claim("b", "x", email("b@acme.example")), claim("c", "c", email("x@acme.example"))}, "b freed by [a]; c freed by [a]"},
		"a managed one is not re-created":        {[]has{both(owner("a", leaves), "x")}, []plan.Claim{claim("b", "x", moves)}, "b freed by [a]"},
		"could be two who left":                  {[]has{{owner("a", leaves), "x", "a@acme.example"}, {owner("c", leaves), "y", "x@acme.example"}}, []plan.Claim{claim("b", "x")}, "b was a; b freed by [c]"},
		"re-created, the e-mail is another's":    {[]has{both(owner("a", leaves), "x"), both(owner("c"), "y")}, []plan.Claim{claim("b", "x", email("y@acme.example")), claim("c", "y", stays)}, "b: duplicate; b freed by [a]"},
		"re-created, a new one wants the e-mail": {[]has{both(owner("a", leaves), "x")}, []plan.Claim{claim("b", "x"), claim("c", "z", email("x@acme.example"), called("c", "c"))}, "c: duplicate; b was a"},
		"re-created, gives a name free":          {[]has{both(owner("a", leaves), "x")}, []plan.Claim{claim("b", "y", email("x@acme.example")), claim("c", "x", email("c@acme.example"), called("c", "c"))}, "b was a; c after [b]"},
		"two re-created at once":                 {[]has{both(owner("a", leaves), "x"), both(owner("c", leaves), "y")}, []plan.Claim{claim("b", "x"), claim("d", "y")}, "b was a; d was c"},
	} {
		t.Run(name, func(t *testing.T) {
			var w nameWorld
			for _, h := range c.owners {
				w.add(h.owner, h.username, h.email)
			}
			for _, claims := range [][]plan.Claim{c.claims, reversed(c.claims)} {
				n := w.resolve(claims)
				if got := namesOutline(&n); got != c.want {
					t.Errorf("resolved %q, want %q", got, c.want)
				}
			}
		})
	}
}

// TestASwapNamesTheWayOut, and everybody in the circle but no more than a few.
func TestASwapNamesTheWayOut(t *testing.T) {
	var w nameWorld
	var claims []plan.Claim
	const n = 300
	for i := range n {
		id := plan.PersonID(fmt.Sprintf("00u%03d", i))
		w.add(plan.Owner{Person: id}, fmt.Sprint("n", i), fmt.Sprint("n", i, "@acme.example"))
		claims = append(claims, claim(id, fmt.Sprint("n", (i+1)%n), moves))
	}
	names := w.resolve(claims)
	if len(names.Problems) != n {
		t.Fatalf("%d problems", len(names.Problems))
	}
	message := names.Problems["00u001"].Message
	if !strings.Contains(message, "00u000, 00u002") || !strings.Contains(message, "and 294 more") || !strings.Contains(message, "another name in Okta") {
		t.Errorf("the problem says %q", message)
	}
}

// TestManyWithOneName: a hundred thousand people with one e-mail are as many short
// problems, and a chain of as many names is one pass.
func TestManyWithOneName(t *testing.T) {
	const n = 100_000
	claims := make([]plan.Claim, n)
	for i := range claims {
		claims[i] = claim(plan.PersonID(fmt.Sprintf("00u%06d", i)), fmt.Sprint("n", i), email("noreply@acme.example"))
	}
	var w nameWorld
	names := w.resolve(claims)
	if len(names.Problems) != n {
		t.Fatalf("%d problems", len(names.Problems))
	}
	for id, p := range names.Problems {
		if len(p.Message) > 200 {
			t.Fatalf("user %s has a problem of %d bytes", id, len(p.Message))
		}
	}
	for i := range claims {
		claims[i] = claim(claims[i].Person, fmt.Sprint("n", i+1), moves)
		w.add(plan.Owner{Person: claims[i].Person}, fmt.Sprint("n", i), fmt.Sprint("n", i, "@acme.example"))
	}
	if names = w.resolve(claims); len(names.Problems) != 0 || len(names.After) != n-1 {
		t.Errorf("%d problems, %d wait", len(names.Problems), len(names.After))
	}
	last := &claims[n-1]
	last.Username, last.Email, last.Moves = fmt.Sprint("n", n-1), fmt.Sprint("n", n-1, "@acme.example"), false
	if names = w.resolve(claims); len(names.Problems) != n-1 {
		t.Errorf("the last one stays: %d problems", len(names.Problems))
	}
}

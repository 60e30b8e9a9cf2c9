package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

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
		{"who gives it free is first", []plan.Claim{own("a", true, custom("8", "7")), own("b", false, custom("7", ""))},
			"b after [a]"},
		{"who empties it gives it free", []plan.Claim{own("a", true, custom("", "7")), own("b", true, custom("7", "9"))},
			"b after [a]"},
		{"nobody waits for themselves", []plan.Claim{own("a", true, custom("8", "7"))}, ""},
		{"a chain", []plan.Claim{own("a", true, custom("9", "8")), own("b", true, custom("8", "7")),
			own("c", false, custom("7", ""))},
			"b after [a]; c after [b]"},
		{"a swap", []plan.Claim{own("a", true, custom("8", "7")), own("b", true, custom("7", "8"))},
			"a: swap; b: swap; a after [b]; b after [a]"},
		{"two want it", []plan.Claim{own("a", false, custom("7", "")), own("b", false, custom("7", ""))},
			"a: duplicate; b: duplicate"},
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

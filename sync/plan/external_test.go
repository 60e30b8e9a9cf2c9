package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// ties is what Okta's external id says of a newcomer, and who else has it.
func ties(text string, other plan.PersonID) func(*plan.View) {
	id, _ := plan.ParseExternal(text)
	return func(v *plan.View) { v.Tie = &plan.Tie{Text: text, Employee: id, Other: other} }
}

func TestAnExternalIDIsAnEmployeesIDOrNothing(t *testing.T) {
	for text, want := range map[string]plan.EmployeeID{"1": 1, "1042": 1042, "9223372036854775807": 9223372036854775807,
		"": 0, "0": 0, "-7": 0, "+7": 0, "07": 0, " 7": 0, "7.0": 0, "7e3": 0, "0x7": 0, "9223372036854775808": 0, "ana@acme.example": 0, "00uANA": 0, "٧": 0} {
		if id, ok := plan.ParseExternal(text); id != want || ok != (want != 0) {
			t.Errorf("%q is read as %d, %v", text, id, ok)
		}
	}
}

// TestOktasOwnLinkComesFirst goes through what an external id and the other keys may find.
func TestOktasOwnLinkComesFirst(t *testing.T) {
	const id = plan.ExternalID
	never := func(p *plan.Policy) { p.Adopt = false }
	nothing := func(*plan.Policy) {}
	elsewhere := func(e *plan.Employee) {
		e.Values[plan.Username], e.Values[plan.Email] = "boss", "boss@other.example"
	}
	renamed := employee(7, func(e *plan.Employee) { e.Values[plan.Username] = "before" }, named("Bea", "Lopes"))
	stranger, namesake := employee(7, named("Ana", "Lopes"), elsewhere), employee(7, named(" ANA", "silva"), elsewhere)
	admin := by(id, employee(7))
	admin.Admin = true
	former := func(v *plan.View) { v.Former = &plan.Former{Link: plan.Link{Employee: 7}} }
	for name, c := range map[string]struct {
		tie     func(*plan.View)
		matches []plan.Match
		policy  func(*plan.Policy)
		want    string
		warns   string
	}{
		"agrees in the username": {ties("7", ""), []plan.Match{by(id, employee(7, named("Bea", "Lopes")))}, nothing,
			`adopt; update firstName="Bea">"Ana" lastName="Lopes">"Silva"`, ""},
		"agrees in the e-mail": {ties("7", ""), []plan.Match{by(id, renamed)}, nothing,
			`adopt; update username="before">"ana" firstName="Bea">"Ana" lastName="Lopes">"Silva"`, ""},
		"agrees in both names": {ties("7", ""), []plan.Match{by(id, namesake)}, nothing,
			`adopt; update username="boss">"ana" firstName=" ANA">"Ana" lastName="silva">"Silva" email="boss@other.example">"ana@acme.example"`, ""},
		"agrees in the first name alone": {ties("7", ""), []plan.Match{by(id, stranger)}, nothing, "held adopt doubtful_match", ""},
		"in nothing, and others fit":     {ties("7", ""), []plan.Match{by(id, stranger), by(plan.Username, employee(8))}, nothing, "held adopt doubtful_match", ""},
		"in nothing, adoption off":       {ties("7", ""), []plan.Match{by(id, stranger)}, never, "problem adopt_off", ""},
		"adoption off":                   {ties("7", ""), []plan.Match{by(id, employee(7))}, never, "problem adopt_off", ""},
		"as the others say":              {ties("7", ""), []plan.Match{by(id, employee(7)), by(plan.Username, employee(7)), by(plan.Email, employee(7))}, nothing, "adopt", ""},
		"the others name another one": {ties("7", ""), []plan.Match{by(id, employee(7)), by(plan.Username, employee(8)), by(plan.Email, employee(9))}, nothing, "adopt",
			"possible_double employee 8 by username, employee 9 by email"},
		"the other one is managed for somebody": {ties("7", ""), []plan.Match{by(id, employee(7)), owned(by(plan.Email, employee(8)), "00uBEA", false)}, nothing, "adopt",
			"possible_double employee 8 by email"},
		"the other one is terminated":    {ties("7", ""), []plan.Match{by(id, employee(7)), by(plan.Email, employee(8, status("TERMINATED")))}, nothing, "adopt", ""},
		"terminated":                     {ties("7", ""), []plan.Match{by(id, employee(7, status("TERMINATED")))}, nothing, "create", ""},
		"terminated, and another one is": {ties("7", ""), []plan.Match{by(id, employee(7, status("TERMINATED"))), by(plan.Email, employee(8))}, nothing, "adopt", ""},
		"inactive":                       {ties("7", ""), []plan.Match{by(id, employee(7, status("INACTIVE")))}, nothing, "problem inactive_match", ""},
		"banned, and another one is not": {ties("7", ""), []plan.Match{by(id, employee(7, status("BANNED"))), by(plan.Email, employee(8))}, nothing, "problem inactive_match", ""},
		"unknown":                        {ties("7", ""), nil, nothing, "create", "possible_double employee 7, whom TrackTik does not show"},
		"unknown, and another one fits":  {ties("7", ""), []plan.Match{by(plan.Email, employee(8))}, nothing, "adopt", ""},
		"text":                           {ties("ana\x1b[2J", ""), nil, nothing, "create", `invalid_value "ana\x1b[2J"`},
		"negative, and another one fits": {ties("-7", ""), []plan.Match{by(plan.Email, employee(8))}, nothing, "adopt", `invalid_value "-7"`},
		"somebody else's":                {ties("7", ""), []plan.Match{owned(by(id, employee(7)), "00uBEA", false)}, nothing, "create", "possible_double managed for user 00uBEA"},
		"a leaver's":                     {ties("7", ""), []plan.Match{owned(by(id, employee(7)), "00uBEA", true), by(plan.Email, employee(8))}, nothing, "adopt", "possible_double managed for user 00uBEA"},
		"two people's":                   {ties("7", "00uBEA"), []plan.Match{by(id, employee(7))}, nothing, "problem ambiguous_match", ""},
		"two people's, and others fit":   {ties("7", "00uBEA"), []plan.Match{by(id, employee(7)), by(plan.Email, employee(8))}, nothing, "problem ambiguous_match", ""},
		"two people's, and is ended":     {ties("7", "00uBEA"), []plan.Match{by(id, employee(7, status("TERMINATED")))}, nothing, "create", ""},
		"our own":                        {ties("7", ""), []plan.Match{by(id, employee(7))}, func(p *plan.Policy) { p.Own = 7 }, "problem protected_match", ""},
		"protected":                      {ties("7", ""), []plan.Match{by(id, renamed)}, func(p *plan.Policy) { p.Protected = []string{"before"} }, "problem protected_match", ""},
		"an administrator":               {ties("7", ""), []plan.Match{admin}, nothing, "problem protected_match", ""},
		"not believed":                   {func(*plan.View) {}, []plan.Match{by(plan.Username, employee(8))}, nothing, "adopt", ""},
		"the former, banned since": {func(v *plan.View) { ties("7", "")(v); former(v) }, []plan.Match{by(id, employee(7, status("BANNED")))}, nothing,
			"held create banned_elsewhere", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := plan.Decide(newcomer(matches(c.matches...), c.tie), with(c.policy))
			warnings := d.Warnings
			d.Warnings = nil
			check(t, d, c.want)
			said := ""
			for _, w := range warnings {
				said += w.Code + " " + w.Message
			}
			code, what, _ := strings.Cut(c.warns, " ")
			if c.warns == "" && said != "" || !strings.Contains(said, what) || !strings.HasPrefix(said, code) {
				t.Errorf("it warns %q, and should of %q", said, c.warns)
			}
		})
	}
}

// TestAnExternalIDProvesItself: fewer than ten people prove nothing, and nine of ten have
// to agree.
func TestAnExternalIDProvesItself(t *testing.T) {
	for counts, want := range map[[2]int]string{{0, 0}: "silent believed", {0, 9}: "silent believed", {9, 0}: "silent believed", {1, 9}: "speaks not", {8, 2}: "speaks not",
		{9, 1}: "speaks believed", {10, 0}: "speaks believed", {899, 101}: "speaks not", {900, 100}: "speaks believed"} {
		tally := plan.ExternalTally{Agree: counts[0], Differ: counts[1]}
		got := map[bool]string{true: "speaks", false: "silent"}[tally.Speaks()] + " " + map[bool]string{true: "believed", false: "not"}[tally.Believed()]
		if got != want {
			t.Errorf("%v: %s, want %s", counts, got, want)
		}
	}
}

func TestWhoProvesExternalIDs(t *testing.T) {
	const id = plan.ExternalID
	for name, c := range map[string]struct {
		matches []plan.Match
		want    plan.ExternalTally
	}{
		"found by both":           {[]plan.Match{by(id, employee(7)), by(plan.Username, employee(7)), by(plan.Email, employee(7))}, plan.ExternalTally{Agree: 1}},
		"found by e-mail":         {[]plan.Match{by(id, employee(7)), by(plan.Email, employee(7))}, plan.ExternalTally{Agree: 1}},
		"another one":             {[]plan.Match{by(id, employee(7)), by(plan.Email, employee(8))}, plan.ExternalTally{Differ: 1}},
		"an ended one":            {[]plan.Match{by(id, employee(7, status("TERMINATED"))), by(plan.Email, employee(8))}, plan.ExternalTally{Differ: 1}},
		"two others":              {[]plan.Match{by(id, employee(7)), by(plan.Username, employee(8)), by(plan.Email, employee(9))}, plan.ExternalTally{}},
		"somebody else's":         {[]plan.Match{by(id, employee(7)), owned(by(plan.Email, employee(8)), "00uBEA", false)}, plan.ExternalTally{}},
		"only by itself":          {[]plan.Match{by(id, employee(7))}, plan.ExternalTally{}},
		"by the custom id":        {[]plan.Match{by(id, employee(7)), by(plan.CustomID, employee(8))}, plan.ExternalTally{}},
		"unknown to the portal":   {[]plan.Match{by(plan.Email, employee(8))}, plan.ExternalTally{}},
		"no employee that is one": {nil, plan.ExternalTally{}},
	} {
		var got plan.ExternalTally
		if got.AddMatched(c.matches); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestTiesKnowWhoElse holds for any order in which people are noted.
func TestTiesKnowWhoElse(t *testing.T) {
	people := []plan.PersonID{"00uA", "00uB", "00uC"}
	for i := range people {
		var ties plan.Ties
		if !ties.Empty() {
			t.Error("nobody is somebody")
		}
		for j := range 2 * len(people) { // twice
			ties.Add(7, people[(i+j)%len(people)])
		}
		ties.Add(8, "00uB")
		for person, want := range map[plan.PersonID]plan.PersonID{"00uA": "00uB", "00uB": "00uA", "00uC": "00uA", "00uX": "00uA"} {
			if got := ties.Other(7, person); got != want {
				t.Errorf("beside %s there is %q", person, got)
			}
		}
		if got := ties.Other(8, "00uB"); got != "" {
			t.Errorf("beside 00uB there is %q", got)
		}
		if got := fmt.Sprint(ties.Of(map[plan.PersonID]bool{"00uB": true})); got != "map[7:[00uA 00uC]]" {
			t.Errorf("left are %s", got)
		}
		found := []plan.Match{by(plan.ExternalID, employee(7)), by(plan.Username, employee(7)), by(plan.Email, employee(9))}
		ties.Rivals("00uC", found)
		if rivals := []plan.PersonID{found[0].Rival, found[1].Rival, found[2].Rival}; !slices.Equal(rivals, []plan.PersonID{"", "00uA", ""}) {
			t.Errorf("rivals %v", rivals)
		}
	}
}

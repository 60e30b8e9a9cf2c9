package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// The external id of the assignment: the link that Okta already keeps.

// named7 says that Okta's external id names employee 7, and that TrackTik shows them so.
func named7(changes ...func(*plan.Match)) facts {
	m := by(plan.ExternalID, employee(7))
	for _, change := range changes {
		change(&m)
	}
	return facts{viewHas(ties("7", "")), findsBy(m)}
}

func besides(list ...plan.Match) fact {
	return viewHas(func(v *plan.View) { v.Matches = append(v.Matches, list...) })
}

func withValues(values plan.Values) func(*plan.Match) {
	return func(m *plan.Match) { m.Employee.Values = values }
}

func inStatus(s string) func(*plan.Match) { return func(m *plan.Match) { m.Employee.Status = s } }

// TestWhatAnExternalIDSays: each verdict, what it does, and its words.
func TestWhatAnExternalIDSays(t *testing.T) {
	stranger := withValues(strangersValues())
	ofBea := func(m *plan.Match) { m.Owner = "00uBEA" }
	keep(t, []promise{
		{"an active, unowned employee who agrees is the match", named7(), "adopt", "matched by external_id"},
		{"one's own earlier record is no other's", named7(func(m *plan.Match) { m.Owner = "00uANA" }), "adopt", ""},
		{"who agrees in none of the names is held", named7(stranger), "held adopt doubtful_match",
			"employee 7, whom Okta's external id names, has neither the username, nor the e-mail, nor first|`link` settles"},
		{"who agrees in none is held, also where other keys fit somebody else",
			named7(stranger).and(besides(by(plan.Username, employee(8)))), "held adopt doubtful_match", ""},
		{"who is terminated says nothing", named7(inStatus("TERMINATED")), "create", "assigned to the app"},
		{"who is terminated says nothing, and another key decides",
			named7(inStatus("TERMINATED")).and(besides(by(plan.Email, employee(8)))), "adopt", "matched by email"},
		{"whom the portal does not show says nothing, with a warning beside a create",
			facts{viewHas(ties("7", ""))}, "create; warning possible_double",
			"names employee 7, whom TrackTik does not show|may not see their region"},
		{"whom the portal does not show says nothing, and another key decides",
			facts{viewHas(ties("7", "")), findsBy(by(plan.Email, employee(8)))}, "adopt", ""},
		{"what is no number says nothing, with a warning", facts{viewHas(ties("EMP-7", ""))},
			"create; warning invalid_value", `external id is "EMP-7", which is no employee's id|nobody is matched by it`},
		{"INACTIVE is a problem", named7(inStatus("INACTIVE")), "problem inactive_match",
			"employee 7, whom Okta's external id names, is INACTIVE|activate them in TrackTik, or `link` another one"},
		{"BANNED is a problem", named7(inStatus("BANNED")), "problem inactive_match", "is BANNED"},
		{"a status that nobody knows is a problem", named7(inStatus("ODD")), "problem inactive_match", ""},
		{"INACTIVE is a problem, also where other keys fit somebody else",
			named7(inStatus("INACTIVE")).and(besides(by(plan.Email, employee(8)))), "problem inactive_match", ""},
		{"who was banned after we terminated them stays so", named7(inStatus("BANNED")).and(wasOurs),
			"held create banned_elsewhere", "employee 7 is BANNED"},
		{"owned by somebody else says nothing, with a warning", named7(ofBea), "create; warning possible_double",
			"names employee 7, who is managed for user 00uBEA"},
		{"owned by somebody else, and another key decides", named7(ofBea).and(besides(by(plan.Email, employee(8)))),
			"adopt; warning possible_double", "matched by email"},
		{"the same id on two people is nobody's", facts{viewHas(ties("7", "00uBEA")),
			findsBy(by(plan.ExternalID, employee(7)))},
			"problem ambiguous_match", "names employee 7 for user 00uBEA as well|`link` says whose they are"},
		{"the same id on two people, and the employee is ended", facts{viewHas(ties("7", "00uBEA")),
			findsBy(by(plan.ExternalID, employee(7, status("TERMINATED"))))}, "create", ""},
		{"the same id on two people is told alone, whatever other keys find",
			facts{viewHas(ties("7", "00uBEA")), findsBy(by(plan.ExternalID, employee(7)),
				owned(by(plan.Email, employee(8)), "00uEVE", false))}, "problem ambiguous_match", ""},
		{"INACTIVE is told alone, whatever other keys find", named7(inStatus("INACTIVE")).and(
			besides(owned(by(plan.Email, employee(8)), "00uEVE", false))), "problem inactive_match", ""},
		{"where other keys name other employees it wins, with a warning that names them",
			named7().and(besides(by(plan.Username, employee(8)), by(plan.Email, employee(9)))),
			"adopt; warning possible_double",
			"employee 8 by username, employee 9 by email|is that a second employee of theirs?"},
		{"other keys that find the same one are no other employee",
			named7().and(besides(by(plan.Username, employee(7)))), "adopt", ""},
		{"other keys that find somebody ended are no other employee",
			named7().and(besides(by(plan.Username, employee(8, status("TERMINATED"))))), "adopt", ""},
		{"unproven, and nothing else fits: held until a whole run",
			named7().and(viewHas(func(v *plan.View) { v.Tie.Unproven = true })), "held adopt unconfirmed",
			"no whole run has seen yet: the next one decides|`link` settles it"},
		{"unproven, and a stranger: doubtful all the same",
			named7(stranger).and(viewHas(func(v *plan.View) { v.Tie.Unproven = true })), "held adopt doubtful_match", ""},
		{"adopt: never holds for it too", named7().and(neverAdopts), "problem adopt_off", "matches by external_id"},
		{"a protected employee is not adopted by it", named7().and(protects("ana@*")), "problem protected_match", ""},
		{"our own account is not adopted by it", named7().and(ours), "problem protected_match", ""},
		{"who holds a protected role is not adopted by it", named7(func(m *plan.Match) { m.Admin = true }),
			"problem protected_match", ""},
		{"a stranger with a protected role is a problem first",
			named7(stranger, func(m *plan.Match) { m.Admin = true }), "problem protected_match", ""},
		{"not believed, it is not asked", facts{findsBy(by(plan.Username, employee(8)))}, "adopt", "matched by username"},
	})
}

// TestAnExternalIDHasToAgreeInAName: username, or e-mail, or first and last name; folded,
// trimmed, composed.
func TestAnExternalIDHasToAgreeInAName(t *testing.T) {
	for _, row := range []struct {
		name   string
		values plan.Values
		want   bool
	}{
		{"the username", plan.Values{plan.Username: "ana"}, true},
		{"the username in another case", plan.Values{plan.Username: " ANA"}, true},
		{"the e-mail", plan.Values{plan.Email: "ana@acme.example"}, true},
		{"the e-mail in another case", plan.Values{plan.Email: "Ana@ACME.example "}, true},
		{"first and last name", plan.Values{plan.FirstName: "Ana", plan.LastName: "Silva"}, true},
		{"first and last name in another case", plan.Values{plan.FirstName: "ANA ", plan.LastName: "silva"}, true},
		{"the first name alone", plan.Values{plan.FirstName: "Ana", plan.LastName: "Quinn"}, false},
		{"the last name alone", plan.Values{plan.FirstName: "Zoe", plan.LastName: "Silva"}, false},
		{"the names the other way round", plan.Values{plan.FirstName: "Silva", plan.LastName: "Ana"}, false},
		{"the job alone", plan.Values{plan.JobTitle: "Guard"}, false},
		{"the username in the place of the e-mail", plan.Values{plan.Email: "ana"}, false},
		{"nothing at all", plan.Values{}, false},
	} {
		e := plan.Employee{ID: 7, Status: "ACTIVE", Values: row.values}
		pushed := anaValues()
		if got := plan.SamePerson(&pushed, &e); got != row.want {
			t.Errorf("%s: one person %v", row.name, got)
		}
		want := plan.TieDoubtful
		if row.want {
			want = plan.TieMatch
		}
		tie := plan.Tie{Text: "7", Employee: 7}
		if got := tie.Verdict("00uANA", &pushed, []plan.Match{by(plan.ExternalID, e)}); got != want {
			t.Errorf("%s: verdict %d, want %d", row.name, got, want)
		}
	}
	both := plan.Values{plan.LastName: "Silva"}
	if plan.SamePerson(&plan.Values{plan.LastName: "Silva"}, &plan.Employee{Values: both}) {
		t.Error("two empty first names agree")
	}
	composed, parts := plan.Values{plan.Username: "jos\u00e9"}, plan.Values{plan.Username: "jose\u0301"}
	if !plan.SamePerson(&composed, &plan.Employee{Values: parts}) {
		t.Error("two spellings of one letter are two people")
	}
}

// TestWhichVerdictsLeaveItToTheOtherKeys, in the order in which they are looked at.
func TestWhichVerdictsLeaveItToTheOtherKeys(t *testing.T) {
	values, seven := anaValues(), by(plan.ExternalID, employee(7))
	other := func(change func(*plan.Match)) *plan.Match {
		m := seven
		change(&m)
		return &m
	}
	tie := &plan.Tie{Text: "7", Employee: 7}
	shared := &plan.Tie{Text: "7", Employee: 7, Other: "00uBEA", Unproven: true}
	stranger := other(withValues(strangersValues()))
	for _, row := range []struct {
		name   string
		tie    *plan.Tie
		match  *plan.Match
		want   plan.TieVerdict
		silent bool
		note   string
	}{
		{"no external id", nil, nil, plan.TieNone, true, ""},
		{"no external id, whatever is found", nil, &seven, plan.TieNone, true, ""},
		{"no number", &plan.Tie{Text: "x"}, &seven, plan.TieUnreadable, true, `"x"`},
		{"not shown", tie, nil, plan.TieUnknown, true, "employee 7, whom TrackTik does not show"},
		{"terminated, and owned", tie, other(func(m *plan.Match) { m.Employee.Status, m.Owner = "TERMINATED", "00uBEA" }),
			plan.TieEnded, true, "employee 7, who is terminated"},
		{"owned, and shared", shared, other(func(m *plan.Match) { m.Owner = "00uEVE" }), plan.TieOwned, true,
			"managed for user 00uEVE"},
		{"shared, and inactive", shared, other(inStatus("INACTIVE")), plan.TieShared, false, "for user 00uBEA as well"},
		{"inactive, and a stranger", tie, other(func(m *plan.Match) {
			m.Employee.Status, m.Employee.Values = "INACTIVE", strangersValues()
		}), plan.TieInactive, false, "is INACTIVE"},
		{"a stranger, unproven", &plan.Tie{Employee: 7, Unproven: true}, stranger, plan.TieDoubtful, false, "neither"},
		{"unproven", &plan.Tie{Employee: 7, Unproven: true}, &seven, plan.TieUnproven, false, "no whole run"},
		{"the match", tie, &seven, plan.TieMatch, false, ""},
	} {
		got := row.tie.Judge("00uANA", &values, row.match)
		if got != row.want || got.Silent() != row.silent {
			t.Errorf("%s: verdict %d (silent %v), want %d", row.name, got, got.Silent(), row.want)
		}
		if note := row.tie.Note(got, row.match); (row.note == "") != (note == "") || !strings.Contains(note, row.note) {
			t.Errorf("%s: it says %q", row.name, note)
		}
	}
}

// TestATextOfOktasIsShownInOneLine: without control characters, and not endless.
func TestATextOfOktasIsShownInOneLine(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"a line break":     {"7\nterminate all", `"7\nterminate all"`},
		"an escape":        {"\x1b[2J", `"\x1b[2J"`},
		"fifty characters": {strings.Repeat("é", 50), `"` + strings.Repeat("é", 50) + `"`},
		"one more":         {strings.Repeat("é", 51), `"` + strings.Repeat("é", 50) + `…"`},
	} {
		tie := plan.Tie{Text: row.text}
		if got := tie.Note(plan.TieUnreadable, nil); !strings.Contains(got, row.want) {
			t.Errorf("%s: it says %s", name, got)
		}
	}
}

// TestWhomOnlyTheExternalIDFinds: before a proof those wait, and those alone.
func TestWhomOnlyTheExternalIDFinds(t *testing.T) {
	seven, eight := employee(7), employee(8)
	id := by(plan.ExternalID, seven)
	for name, row := range map[string]struct {
		matches []plan.Match
		want    bool
	}{
		"nothing else finds anybody":      {[]plan.Match{id}, true},
		"the username finds another one":  {[]plan.Match{id, by(plan.Username, eight)}, true},
		"the username finds the same one": {[]plan.Match{id, by(plan.Email, eight), by(plan.Username, seven)}, false},
		"the e-mail finds the same one":   {[]plan.Match{by(plan.Email, seven), id}, false},
		"it finds nobody itself":          {[]plan.Match{by(plan.Username, seven)}, false},
		"nobody is found":                 {nil, false},
	} {
		if got := plan.Alone(row.matches); got != row.want {
			t.Errorf("%s: found by the external id alone: %v", name, got)
		}
	}
}

// TestOtherEmployeesAreNamedWithTheirKeys, but for the one and the terminated.
func TestOtherEmployeesAreNamedWithTheirKeys(t *testing.T) {
	list := []plan.Match{by(plan.ExternalID, employee(6)), by(plan.CustomID, employee(7)), by(plan.Username, employee(8)),
		by(plan.Email, employee(9, status("TERMINATED"))), by(plan.Email, employee(10, status("BANNED")))}
	for but, want := range map[plan.EmployeeID]string{
		7:  "employee 8 by username, employee 10 by email",
		8:  "employee 7 by custom_id, employee 10 by email",
		99: "employee 7 by custom_id, employee 8 by username, employee 10 by email",
	} {
		if got := plan.OtherMatches(list, but); got != want {
			t.Errorf("besides %d: %q, want %q", but, got, want)
		}
	}
	if got := plan.OtherMatches(list[:1], 99); got != "" {
		t.Errorf("the external id is no other key: %q", got)
	}
}

// TestADisbeliefSaysForHowMany, and where to look.
func TestADisbeliefSaysForHowMany(t *testing.T) {
	text := plan.ExternalTally{Agree: 8, Differ: 92}.Disbelief()
	mustSay(t, text, "for 8 of 100 people|nobody is matched by it|`compare` lists|externalId")
}

// TestTheProofCountsPeople: ten of them, and nine of ten agree, to the last one.
func TestTheProofCountsPeople(t *testing.T) {
	for total := range 300 {
		for agree := max(0, total*9/10-2); agree <= min(total, total*9/10+3); agree++ {
			var tally plan.ExternalTally
			for i := range total {
				external := plan.EmployeeID(1)
				if i >= agree {
					external = 2
				}
				tally.AddManaged(1, external)
			}
			if tally.Speaks() != (total >= 10) {
				t.Fatalf("%d people speak: %v", total, tally.Speaks())
			}
			if want := total < 10 || 10*agree >= 9*total; tally.Believed() != want {
				t.Fatalf("%d of %d agree: believed %v", agree, total, tally.Believed())
			}
		}
	}
}

// TestAKeyHasTheNameOfTheConfiguration, and what is no key has none.
func TestAKeyHasTheNameOfTheConfiguration(t *testing.T) {
	keys := map[plan.Field]string{plan.ExternalID: "external_id", plan.CustomID: "custom_id", plan.Username: "username",
		plan.Email: "email"}
	for f := plan.Field(0); f <= plan.ExternalID+1; f++ {
		if got := plan.KeyName(f); got != keys[f] {
			t.Errorf("field %s is the key %q, want %q", f, got, keys[f])
		}
	}
	for _, name := range []string{"", "Username", "externalId", "lastName", "user"} {
		if f, ok := plan.ParseMatchKey(name); ok || f != 0 {
			t.Errorf("%q is read as the key %s", name, f)
		}
	}
}

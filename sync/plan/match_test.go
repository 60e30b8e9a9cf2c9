package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// employee is a record of TrackTik like ana's, with another id and changes.
func employee(id plan.EmployeeID, changes ...func(*plan.Employee)) plan.Employee {
	e := *anaEmployee()
	e.ID = id
	for _, change := range changes {
		change(&e)
	}
	return e
}

func status(s string) func(*plan.Employee) { return func(e *plan.Employee) { e.Status = s } }

func named(first, last string) func(*plan.Employee) {
	return func(e *plan.Employee) { e.Values[plan.FirstName], e.Values[plan.LastName] = first, last }
}

func matches(list ...plan.Match) func(*plan.View) {
	return func(v *plan.View) { v.Matches = list }
}

func by(key plan.Field, e plan.Employee) plan.Match { return plan.Match{Key: key, Employee: e} }

func owned(m plan.Match, by plan.PersonID, leaves bool) plan.Match {
	m.Owner, m.Leaves = by, leaves
	return m
}

// TestWhoIsAdopted goes through what the keys of a new person may find.
func TestWhoIsAdopted(t *testing.T) {
	admin := by(plan.Username, employee(7))
	admin.Admin = true
	never := func(p *plan.Policy) { p.Adopt = false }
	nothing := func(*plan.Policy) {}
	elsewhere := func(e *plan.Employee) {
		e.Values[plan.Username], e.Values[plan.Email] = "boss", "boss@other.example"
	}
	stranger, namesake := employee(7, named("Bea", "Lopes"), elsewhere), employee(7, named("Ana", "Lopes"), elsewhere)
	for name, c := range map[string]struct {
		matches []plan.Match
		policy  func(*plan.Policy)
		want    string
	}{
		"nobody":                          {nil, nothing, "create"},
		"one, by user name":               {[]plan.Match{by(plan.Username, employee(7))}, nothing, "adopt"},
		"one, by both":                    {[]plan.Match{by(plan.Username, employee(7)), by(plan.Email, employee(7))}, nothing, "adopt"},
		"one, by custom id":               {[]plan.Match{by(plan.CustomID, employee(7, named("Bea", "Lopes")))}, nothing, `adopt; update firstName="Bea">"Ana" lastName="Lopes">"Silva"`},
		"two":                             {[]plan.Match{by(plan.Username, employee(7)), by(plan.Email, employee(8))}, nothing, "problem ambiguous_match"},
		"two by one key":                  {[]plan.Match{by(plan.Email, employee(7)), by(plan.Email, employee(8))}, nothing, "problem ambiguous_match"},
		"two, one inactive":               {[]plan.Match{by(plan.Username, employee(7)), by(plan.Email, employee(8, status("INACTIVE")))}, nothing, "problem ambiguous_match"},
		"two, one terminated":             {[]plan.Match{by(plan.Username, employee(8, status("TERMINATED"))), by(plan.Email, employee(7))}, nothing, "adopt"},
		"terminated only":                 {[]plan.Match{by(plan.Username, employee(7, status("TERMINATED")))}, nothing, "create"},
		"inactive":                        {[]plan.Match{by(plan.Username, employee(7, status("INACTIVE")))}, nothing, "problem inactive_match"},
		"banned":                          {[]plan.Match{by(plan.Username, employee(7, status("BANNED")))}, nothing, "problem inactive_match"},
		"of an unknown status":            {[]plan.Match{by(plan.Username, employee(7, status("SLEEPING")))}, nothing, "problem inactive_match"},
		"somebody else's":                 {[]plan.Match{owned(by(plan.Username, employee(7)), "00uBEA", false)}, nothing, "problem name_in_use"},
		"somebody else's second":          {[]plan.Match{by(plan.Username, employee(7)), owned(by(plan.Email, employee(8)), "00uBEA", false)}, nothing, "problem name_in_use"},
		"somebody's who leaves":           {[]plan.Match{owned(by(plan.Username, employee(7)), "00uBEA", true)}, nothing, "create"},
		"a leaver's, and a free one":      {[]plan.Match{owned(by(plan.Username, employee(8)), "00uBEA", true), by(plan.Email, employee(7))}, nothing, "adopt"},
		"never":                           {[]plan.Match{by(plan.Username, employee(7))}, never, "problem adopt_off"},
		"never, and two":                  {[]plan.Match{by(plan.Username, employee(7)), by(plan.Email, employee(8))}, never, "problem ambiguous_match"},
		"never, and nobody":               {nil, never, "create"},
		"our own, by id":                  {[]plan.Match{by(plan.Username, employee(7))}, func(p *plan.Policy) { p.Own = 7 }, "problem protected_match"},
		"our own, by user name":           {[]plan.Match{by(plan.Email, employee(7))}, func(p *plan.Policy) { p.OwnUsername = "ANA" }, "problem protected_match"},
		"protected in Okta":               {[]plan.Match{by(plan.Username, employee(7))}, func(p *plan.Policy) { p.Protected = []string{"ana@*"} }, "problem protected_match"},
		"protected in TrackTik":           {[]plan.Match{by(plan.Email, employee(7, func(e *plan.Employee) { e.Values[plan.Username] = "root" }))}, func(p *plan.Policy) { p.Protected = []string{"root"} }, "problem protected_match"},
		"an administrator":                {[]plan.Match{admin}, nothing, "problem protected_match"},
		"an administrator, adoption off":  {[]plan.Match{admin}, never, "problem protected_match"},
		"a stranger, by custom id":        {[]plan.Match{by(plan.CustomID, stranger)}, nothing, "held adopt doubtful_match"},
		"a namesake, by custom id":        {[]plan.Match{by(plan.CustomID, namesake)}, nothing, `adopt; update username="boss">"ana" lastName="Lopes">"Silva" email="boss@other.example">"ana@acme.example"`},
		"a stranger of the same e-mail":   {[]plan.Match{by(plan.Email, employee(7, named("Bea", "Lopes")))}, nothing, "held adopt doubtful_match"},
		"an e-mail, and the first name":   {[]plan.Match{by(plan.Email, employee(7, named("ANA", "Lopes")))}, nothing, `adopt; update firstName="ANA">"Ana" lastName="Lopes">"Silva"`},
		"an e-mail, and the last name":    {[]plan.Match{by(plan.Email, employee(7, named("Bea", "silva")))}, nothing, `adopt; update firstName="Bea">"Ana" lastName="silva">"Silva"`},
		"a stranger, by user name too":    {[]plan.Match{by(plan.Email, employee(7, named("Bea", "Lopes"))), by(plan.Username, employee(7, named("Bea", "Lopes")))}, nothing, `adopt; update firstName="Bea">"Ana" lastName="Lopes">"Silva"`},
		"a stranger who is never adopted": {[]plan.Match{by(plan.Email, employee(7, named("Bea", "Lopes")))}, never, "problem adopt_off"},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, plan.Decide(newcomer(matches(c.matches...)), with(c.policy)), c.want)
		})
	}
}

// TestAnAdoptionNamesItsKey is the word of sync.match, and what the plan shows.
func TestAnAdoptionNamesItsKey(t *testing.T) {
	for key, want := range map[plan.Field]string{plan.ExternalID: "external_id", plan.CustomID: "custom_id", plan.Username: "username", plan.Email: "email"} {
		v := newcomer(matches(by(key, employee(7))), ties("7", ""), func(v *plan.View) { v.Origin = " through group Site Guards" })
		a := plan.Decide(v, with(func(*plan.Policy) {})).Actions[0]
		if a.Extras().Key != want || a.Employee != 7 || a.Reason != "matched by "+want+" through group Site Guards" {
			t.Errorf("adopted by %+v", a)
		}
		if f, ok := plan.ParseMatchKey(want); !ok || f != key {
			t.Errorf("%q is read as %s, %v", want, f, ok)
		}
	}
	if _, ok := plan.ParseMatchKey("login"); ok {
		t.Error("login is no key")
	}
}

// TestOnAdopt: what differs is updated or kept, and what was never typed in Okta is
// left alone either way.
func TestOnAdopt(t *testing.T) {
	e := employee(7, func(e *plan.Employee) {
		e.Values[plan.JobTitle], e.Values[plan.PrimaryPhone], e.Region = "Porter", "555", 3
		e.Values[plan.Email] = "ANA@ACME.example"
	})
	found := func(v *plan.View) {
		v.Matches = []plan.Match{by(plan.Username, e)}
		v.Mapped.Wanted.Values[plan.Region], v.Mapped.Wanted.RegionID = "South", 2
	}
	keep := with(func(p *plan.Policy) { p.AdoptKeep = true })
	update := with(func(*plan.Policy) {})
	check(t, plan.Decide(newcomer(found), update), `adopt; update jobTitle="Porter">"Guard"`)
	check(t, plan.Decide(newcomer(found), keep), `adopt; held update jobTitle="Porter">"Guard" adopted_differs`)

	want := newcomer(found).Mapped.Wanted
	want.Group = "00gSITE"
	link := plan.Adopted(&want, &e, false)
	if link.Pushed[plan.JobTitle] != "" || link.Pushed[plan.PrimaryPhone] != "" || link.Pushed[plan.LastName] != "Silva" {
		t.Errorf("of an adoption, pushed is %q", link.Pushed)
	}
	if link.Pushed[plan.Region] != "South" || link.PushedRegion != 2 || link.AssignedBy != "00gSITE" || link.How != plan.HowAdopted {
		t.Errorf("of an adoption, the link is %+v", link)
	}
	kept := plan.Adopted(&want, &e, true)
	kept.Person = "00uANA"
	if !kept.Kept || kept.Pushed[plan.JobTitle] != "Guard" {
		t.Errorf("of an adoption that keeps, the link is %+v", kept)
	}
	later := managed(found, func(v *plan.View) {
		v.Link, v.Employee = &kept, &e
		v.Mapped.Wanted.Values[plan.LastName] = "Sousa"
	})
	check(t, plan.Decide(later, keep), `update lastName="Silva">"Sousa"; held update jobTitle="Porter">"Guard" adopted_differs`)
}

// TestAnAdoptionMovesNobody, whatever the division says.
func TestAnAdoptionMovesNobody(t *testing.T) {
	e := employee(7, func(e *plan.Employee) { e.Region = 3 })
	d := plan.Decide(newcomer(matches(by(plan.Username, e)), func(v *plan.View) {
		v.Mapped.Wanted.Values[plan.Region], v.Mapped.Wanted.RegionID = "South", 2
	}), with(func(*plan.Policy) {}))
	check(t, d, "adopt")
}

// TestAnAdoptionClearsNothing: what we never pushed is not ours to empty.
func TestAnAdoptionClearsNothing(t *testing.T) {
	e := employee(7, func(e *plan.Employee) { e.Values[plan.PrimaryPhone], e.Values[plan.Language] = "555", "FR" })
	v := newcomer(matches(by(plan.Username, e)), func(v *plan.View) { v.Mapped.Wanted.Values[plan.JobTitle] = "" })
	check(t, plan.Decide(v, with(func(*plan.Policy) {})), "adopt")
}

// TestWhoComesBack: a new employee, or the former one, as configured.
func TestWhoComesBack(t *testing.T) {
	former := func(elsewhere bool) func(*plan.View) {
		return func(v *plan.View) {
			v.Former = &plan.Former{Link: *anaLink(), Terminated: now.AddDate(-1, 0, 0), Run: "20250301T060000Z-1", Elsewhere: elsewhere}
		}
	}
	reactivate := with(func(p *plan.Policy) { p.Reactivate = true })
	anew := with(func(*plan.Policy) {})
	check(t, plan.Decide(newcomer(former(false)), anew), "create")
	check(t, plan.Decide(newcomer(former(false)), reactivate), "reactivate")
	check(t, plan.Decide(newcomer(former(true)), reactivate), "create") // that was not our decision
	check(t, plan.Decide(newcomer(former(false), matches(by(plan.Username, employee(7, status("TERMINATED"))))), reactivate), "reactivate")
	check(t, plan.Decide(newcomer(former(false), matches(by(plan.Username, employee(7)))), reactivate), "adopt") // is active again already
	check(t, plan.Decide(newcomer(former(false), matches(by(plan.Username, employee(7, status("BANNED"))))), reactivate), "held create banned_elsewhere")
	check(t, plan.Decide(newcomer(former(false), matches(by(plan.Username, employee(8, status("BANNED"))))), reactivate), "problem inactive_match")
	check(t, plan.Decide(newcomer(former(false), problem(plan.ProblemUnknownRegion)), reactivate), "problem unknown_region")

	a := plan.Decide(newcomer(former(false)), anew).Actions[0]
	if a.Extras().Former != 7 || a.Employee != 0 || !strings.Contains(a.Reason, "employee 7") {
		t.Errorf("a rehire is %+v", a)
	}
	a = plan.Decide(newcomer(former(false)), reactivate).Actions[0]
	if a.Extras().Former != 7 || a.Employee != 7 || a.Want == nil || !strings.Contains(a.Reason, "20250301T060000Z-1") {
		t.Errorf("a reactivation is %+v", a)
	}
}

// TestAnAmbiguityNamesAllEmployees, and the way out.
func TestAnAmbiguityNamesAllEmployees(t *testing.T) {
	d := plan.Decide(newcomer(matches(by(plan.Username, employee(7)), by(plan.Email, employee(8)), by(plan.Email, employee(9, status("TERMINATED"))))), with(func(*plan.Policy) {}))
	message := d.Problems[0].Message
	if !strings.Contains(message, "employee 7 by username") || !strings.Contains(message, "employee 8 by email") || strings.Contains(message, "9") || !strings.Contains(message, "`link`") {
		t.Errorf("the problem says %q", message)
	}
}

// TestAnEmployeeIsNotAdoptedTwice: whom several new people match is nobody's before
// somebody says whose.
func TestAnEmployeeIsNotAdoptedTwice(t *testing.T) {
	found := map[plan.PersonID][]plan.Match{
		"00uANA": {by(plan.Username, employee(7)), by(plan.Email, employee(7))},
		"00uBEA": {by(plan.Email, employee(7))},
		"00uEVE": {by(plan.Email, employee(8))},
	}
	plan.FindRivals(found)
	for id, want := range map[plan.PersonID]plan.PersonID{"00uANA": "00uBEA", "00uBEA": "00uANA", "00uEVE": ""} {
		for _, m := range found[id] {
			if m.Rival != want {
				t.Errorf("%s has the rival %q, want %q", id, m.Rival, want)
			}
		}
	}
	pol := with(func(*plan.Policy) {})
	check(t, plan.Decide(newcomer(matches(found["00uANA"]...)), pol), "problem ambiguous_match")
	check(t, plan.Decide(newcomer(matches(found["00uEVE"]...)), pol), "adopt")
	gone := found["00uANA"][:1]
	gone[0].Employee.Status = "TERMINATED"
	check(t, plan.Decide(newcomer(matches(gone...)), pol), "create")
}

package plan

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// stray is an employee whom nobody manages.
func stray() Employee {
	e := Employee{ID: 40, Status: "ACTIVE", Region: 7}
	e.Values[Username], e.Values[Email] = "ada@acme.example", "ada@mail.example"
	e.Values[FirstName], e.Values[LastName] = "Ada", "Lovelace"
	return e
}

// user is somebody in Okta of that status, with the stray's login and names.
func user(status string, change ...func(*Person)) Person {
	p := Person{ID: "00u1", Login: "ada@acme.example", Email: "ada@acme.example", Status: status, Readable: true,
		User: map[string]any{"firstName": "Ada", "lastName": "Lovelace"}}
	for _, c := range change {
		c(&p)
	}
	return p
}

func called(first, last any) func(*Person) {
	return func(p *Person) { p.User = map[string]any{"firstName": first, "lastName": last} }
}

func named(login, email string) func(*Person) {
	return func(p *Person) { p.Login, p.Email = login, email }
}

func TestOnlyTheOneDeactivatedUserOfThatNameHasLeftOkta(t *testing.T) {
	gone := func(change ...func(*Person)) []Person { return []Person{user("DEPROVISIONED", change...)} }
	for name, c := range map[string]struct {
		seen Sighting
		want Class
	}{
		"deactivated":                          {Sighting{Users: gone()}, LeftOkta},
		"by e-mail":                            {Sighting{Users: gone(named("other", "ADA@mail.example"))}, LeftOkta},
		"first name only":                      {Sighting{Users: gone(called("ada", "King"))}, LeftOkta},
		"last name only":                       {Sighting{Users: gone(called("Augusta", "LOVELACE "))}, LeftOkta},
		"composed otherwise":                   {Sighting{Users: gone(called("Ada", "Lovelace"))}, LeftOkta},
		"another name":                         {Sighting{Users: gone(called("Ben", "Stone"))}, Doubtful},
		"no name":                              {Sighting{Users: gone(called(nil, 7))}, Doubtful},
		"another login and e-mail":             {Sighting{Users: gone(named("other", "other"))}, Nobody},
		"no login, no e-mail":                  {Sighting{Users: gone(named("", ""))}, Nobody},
		"managed as somebody else":             {Sighting{Users: gone(), Other: 41}, Doubtful},
		"shown incompletely":                   {Sighting{Users: gone(func(p *Person) { p.Readable = false })}, Doubtful},
		"active":                               {Sighting{Users: []Person{user("ACTIVE")}}, NotAssigned},
		"suspended":                            {Sighting{Users: []Person{user("SUSPENDED")}}, NotAssigned},
		"staged":                               {Sighting{Users: []Person{user("STAGED")}}, NotAssigned},
		"on the way out":                       {Sighting{Users: []Person{user("ACTIVE", func(p *Person) { p.Transition = "DEPROVISIONED" })}}, NotAssigned},
		"unknown status":                       {Sighting{Users: []Person{user("RESTING")}}, NotAssigned},
		"active, another name":                 {Sighting{Users: []Person{user("ACTIVE", called("Ben", "Stone"))}}, Doubtful},
		"nobody":                               {Sighting{}, Nobody},
		"two":                                  {Sighting{Users: append(gone(), user("ACTIVE", func(p *Person) { p.ID = "00u2" }))}, Doubtful},
		"two, one of whom has not these names": {Sighting{Users: append(gone(), user("ACTIVE", named("x", "y")))}, LeftOkta},
		"look-up failed":                       {Sighting{Users: gone(), Failed: "no route"}, Doubtful},
	} {
		t.Run(name, func(t *testing.T) {
			e := stray()
			got := Classify(&e, c.seen)
			if got.Class != c.want || got.Why == "" {
				t.Errorf("got %s (%s), want %s", got.Class, got.Why, c.want)
			}
			for _, text := range []string{"ada@", "Lovelace", "Stone"} {
				if strings.Contains(got.Why, text) {
					t.Errorf("the reason %q holds a name", got.Why)
				}
			}
		})
	}
}

func TestWhoHasNoNameToBeLookedUpByIsDoubtful(t *testing.T) {
	e := stray()
	e.Values[Username], e.Values[Email] = "", ""
	if got := Classify(&e, Sighting{}); got.Class != Doubtful {
		t.Errorf("got %s", got.Class)
	}
	e = stray()
	e.Values[FirstName], e.Values[LastName] = "", ""
	if got := Classify(&e, Sighting{Users: []Person{user("DEPROVISIONED", called("", ""))}}); got.Class != Doubtful {
		t.Errorf("two empty names agree: %s", got.Class)
	}
}

func TestACensusAsksAboutTheNewAndTheOldOnly(t *testing.T) {
	now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	c := Census{People: []Counted{
		{1, LeftOkta, now.Add(-time.Hour)},
		{2, Nobody, now.Add(-8 * 24 * time.Hour)},
		{3, Doubtful, now.Add(-9 * 24 * time.Hour)},
		{4, NotAssigned, now.Add(time.Hour)},
		{5, NotAssigned, now.Add(-time.Hour)}, // is managed by now, or ended
	}}
	ids := []EmployeeID{1, 2, 3, 4, 9}
	for most, want := range map[int]struct {
		ask  []EmployeeID
		kept []Counted
	}{
		10: {[]EmployeeID{9, 3, 2, 4}, c.People[:1]},
		2:  {[]EmployeeID{9, 3}, []Counted{c.People[0], c.People[1], c.People[3]}},
		0:  {nil, []Counted{c.People[0], c.People[2], c.People[1], c.People[3]}},
	} {
		kept, ask := c.Due(ids, now, most)
		if !slices.Equal(ask, want.ask) || !slices.Equal(kept, want.kept) {
			t.Errorf("%d at once: asks %v and keeps %v", most, ask, kept)
		}
	}
	left := c.Without(map[EmployeeID]bool{1: true})
	if got := left.Counts(); got[LeftOkta] != 0 || got[NotAssigned] != 2 || len(got) != len(Classes) || len(c.People) != 5 {
		t.Errorf("%v", got)
	}
}

func TestOnlySomebodyElseWhoStaysMakesADoubtOfALeaver(t *testing.T) {
	e := stray()
	e.Values[CustomID] = "B-7"
	has := func(f Field, name string, change ...func(*Person)) Claimant {
		p := user("ACTIVE", func(p *Person) { p.ID, p.Assignment = "00u2", Assignment{Present: true, Status: "ACTIVE"} })
		for _, c := range change {
			c(&p)
		}
		var v Values
		v[f] = name
		return ClaimantOf(&p, &Policy{}, &v)
	}
	assignment := func(status string) func(*Person) { return func(p *Person) { p.Assignment.Status = status } }
	themselves := func(p *Person) { p.ID = "00u1" }
	tied := func(p *Person) { p.Assignment.External = "40" }
	for name, c := range map[string]struct {
		status string
		beside Claimant
		want   Class
	}{
		"their username":              {"DEPROVISIONED", has(Username, "ADA@acme.example"), Doubtful},
		"their e-mail":                {"DEPROVISIONED", has(Email, "ada@mail.example"), Doubtful},
		"their custom id":             {"DEPROVISIONED", has(CustomID, "b-7"), Doubtful},
		"only their last name":        {"DEPROVISIONED", has(LastName, "Lovelace"), LeftOkta},
		"no name":                     {"DEPROVISIONED", has(Username, ""), LeftOkta},
		"their username, as e-mail":   {"DEPROVISIONED", has(Email, "ada@acme.example"), LeftOkta},
		"by somebody who left":        {"DEPROVISIONED", has(Username, "ada@acme.example", assignment("REVOKED")), LeftOkta},
		"by an inactive assignment":   {"DEPROVISIONED", has(Username, "ada@acme.example", assignment("INACTIVE")), Doubtful},
		"by themselves":               {"DEPROVISIONED", has(Username, "ada@acme.example", themselves), LeftOkta},
		"by the external id":          {"DEPROVISIONED", has(Username, "", tied, assignment("REVOKED")), Doubtful},
		"by their own external id":    {"DEPROVISIONED", has(Username, "", tied, themselves), LeftOkta},
		"assigned by now":             {"ACTIVE", has(Username, "", themselves), Doubtful},
		"not assigned any more":       {"ACTIVE", has(Username, "", themselves, assignment("REVOKED")), NotAssigned},
		"in Okta, and somebody's":     {"ACTIVE", has(Username, "ada@acme.example"), Doubtful},
		"in Okta, and nobody's":       {"ACTIVE", has(Username, "ben"), NotAssigned},
		"in Okta, by the external id": {"ACTIVE", has(Username, "", tied), NotAssigned},
	} {
		s := Classify(&e, Sighting{Users: []Person{user(c.status)}})
		if got := s.Beside(&e, &c.beside); got.Class != c.want || got.User.ID != "00u1" || got.Why == "" {
			t.Errorf("%s: %s (%s), want %s", name, got.Class, got.Why, c.want)
		}
	}
	if got := Classify(&e, Sighting{}).Beside(&e, &Claimant{ID: "00u2", Names: e.Values}); got.Class != Doubtful {
		t.Errorf("whom Okta's search does not know is %s, though they are somebody's", got.Class)
	}
}

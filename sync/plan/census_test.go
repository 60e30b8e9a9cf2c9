package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// The unmanaged: who left Okta may be retired, and nobody else.

// TestOnlyTheVeryUserWhoIsDeactivatedHasLeft: what has to be true of the one user found.
func TestOnlyTheVeryUserWhoIsDeactivatedHasLeft(t *testing.T) {
	gone := func(changes ...func(*Person)) Sighting {
		return Sighting{Users: []Person{user("DEPROVISIONED", changes...)}}
	}
	other := func(change func(*Sighting)) Sighting {
		s := gone()
		change(&s)
		return s
	}
	unreadable := func(p *Person) { p.Readable = false }
	for _, row := range []struct {
		name string
		seen Sighting
		want Class
		why  string
	}{
		{"the username and the e-mail", gone(), LeftOkta, "user 00u1 is DEPROVISIONED in Okta"},
		{"the username alone", gone(named("ada@acme.example", "other@acme.example")), LeftOkta, ""},
		{"the e-mail alone", gone(named("other", "ada@mail.example")), LeftOkta, ""},
		{"in another case", gone(named("ADA@ACME.example", "x")), LeftOkta, ""},
		{"the login is the e-mail there", gone(named("ada@mail.example", "x")), Nobody, "no user in Okta"},
		{"no part of a name counts", gone(named("ada@acme.example.org", "da@mail.example")), Nobody, ""},
		{"the first name alone", gone(called("ADA", "Stone")), LeftOkta, ""},
		{"the last name alone", gone(called("Ben", "lovelace ")), LeftOkta, ""},
		{"neither name", gone(called("Ben", "Stone")), Doubtful, "neither the first nor the last name"},
		{"the names changed places", gone(called("Lovelace", "Ada")), Doubtful, ""},
		{"no names in Okta", gone(called(nil, nil)), Doubtful, ""},
		{"names that are no text", gone(called(7, true)), Doubtful, ""},
		{"managed as this employee", other(func(s *Sighting) { s.Other = 40 }), LeftOkta, ""},
		{"managed as another employee", other(func(s *Sighting) { s.Other = 41 }), Doubtful, "is managed as employee 41"},
		{"Okta shows them incompletely", gone(unreadable), Doubtful, "incompletely"},
		{"active, and shown incompletely", Sighting{Users: []Person{user("ACTIVE", unreadable)}}, Doubtful, "incompletely"},
		{"active", Sighting{Users: []Person{user("ACTIVE")}}, NotAssigned, "is ACTIVE in Okta, and not assigned to the app"},
		{"suspended", Sighting{Users: []Person{user("SUSPENDED")}}, NotAssigned, "is SUSPENDED"},
		{"active, and neither name", Sighting{Users: []Person{user("ACTIVE", called("Ben", "Stone"))}}, Doubtful, ""},
		{"the look-up failed", other(func(s *Sighting) { s.Failed = "429" }), Doubtful, "the look-up in Okta failed: 429"},
		{"the look-up failed, and found nobody", Sighting{Failed: "429"}, Doubtful, "failed"},
		{"nobody", Sighting{}, Nobody, "no user in Okta has the username or the e-mail"},
		{"two", Sighting{Users: []Person{user("DEPROVISIONED"), user("DEPROVISIONED")}}, Doubtful, "2 users in Okta"},
		{"two, both of one name each", Sighting{Users: []Person{user("DEPROVISIONED", named("ada@acme.example", "x")),
			user("ACTIVE", named("y", "ada@mail.example"))}}, Doubtful, "2 users in Okta"},
		{"one, and others whom the search brought", Sighting{Users: []Person{user("ACTIVE", named("ada", "ada@")),
			user("DEPROVISIONED"), user("ACTIVE", named("", ""))}}, LeftOkta, ""},
	} {
		e := stray()
		got := Classify(&e, row.seen)
		if got.Class != row.want || !strings.Contains(got.Why, row.why) {
			t.Errorf("%s: %s (%s), want %s", row.name, got.Class, got.Why, row.want)
		}
		if one := got.Class == LeftOkta || got.Class == NotAssigned; one && got.User.ID != "00u1" {
			t.Errorf("%s: whom it is about is missing: %+v", row.name, got.User)
		}
	}
}

// TestAnEmployeeWithoutNamesIsNobodysUser.
func TestAnEmployeeWithoutNamesIsNobodysUser(t *testing.T) {
	for name, row := range map[string]struct {
		username, email string
		want            Class
	}{
		"neither":                {"", "", Doubtful},
		"the e-mail alone":       {"", "ada@acme.example", LeftOkta},
		"the username alone":     {"ada@acme.example", "", LeftOkta},
		"spaces are no username": {" ", "ada@other.example", Nobody},
	} {
		e := stray()
		e.Values[Username], e.Values[Email] = row.username, row.email
		nameless := user("DEPROVISIONED", named("", ""))
		got := Classify(&e, Sighting{Users: []Person{user("DEPROVISIONED"), nameless}})
		if got.Class != row.want {
			t.Errorf("%s: %s (%s)", name, got.Class, got.Why)
		}
	}
}

// TestACensusIsGoodForAWeek, to the second.
func TestACensusIsGoodForAWeek(t *testing.T) {
	const week = 7 * 24 * time.Hour
	now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	for age, asks := range map[time.Duration]bool{0: false, time.Hour: false, week - time.Nanosecond: false, week: true,
		week + 1: true, 50 * week: true, -time.Nanosecond: true, -week: true} {
		c := Census{People: []Counted{{1, Nobody, now.Add(-age)}}}
		kept, ask := c.Due([]EmployeeID{1}, now, 10)
		if (len(ask) == 1) != asks || len(kept)+len(ask) != 1 {
			t.Errorf("asked %s ago: asks %v, keeps %v", age, ask, kept)
		}
	}
}

// TestACensusAsksAboutEverybodyInTheEnd: the new ones first, then the longest known, so many
// at a time.
func TestACensusAsksAboutEverybodyInTheEnd(t *testing.T) {
	const people, most = 57, 10
	now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	var c Census
	var ids []EmployeeID
	for id := EmployeeID(1); id <= people; id++ {
		ids = append(ids, id)
		if id%3 == 0 {
			c.People = append(c.People, Counted{id, Nobody, now.Add(-time.Duration(200+id) * time.Hour)})
		}
	}
	asked := map[EmployeeID]bool{}
	for run := 0; len(asked) < people; run++ {
		kept, ask := c.Due(ids, now, most)
		if len(ask) == 0 || len(ask) > most || run > people/most+1 {
			t.Fatalf("run %d asks about %d, and %d were asked about", run, len(ask), len(asked))
		}
		for i, id := range ask {
			if i > 0 && ask[i-1]%3 == 0 && id%3 != 0 {
				t.Errorf("run %d asks about %d after one who is known", run, id)
			}
			asked[id] = true
			kept = append(kept, Counted{id, LeftOkta, now})
		}
		c.People = kept
	}
	if kept, ask := c.Due(ids, now, most); len(ask) > 0 || len(kept) != people {
		t.Errorf("asks about %v again, keeps %d", ask, len(kept))
	}
}

// TestACensusForgetsWhoIsManagedOrEnded.
func TestACensusForgetsWhoIsManagedOrEnded(t *testing.T) {
	now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	c := Census{People: []Counted{{1, LeftOkta, now}, {2, Nobody, now}, {3, LeftOkta, now}}}
	if kept, ask := c.Due([]EmployeeID{2}, now, 10); len(ask) > 0 || len(kept) != 1 || kept[0].Employee != 2 {
		t.Errorf("keeps %v, asks %v", kept, ask)
	}
	left := c.Without(map[EmployeeID]bool{1: true, 9: true, 3: false})
	if fmt.Sprint(left.Counts()) != "map[doubtful:0 left_okta:1 nobody:1 not_assigned:0]" || len(c.People) != 3 {
		t.Errorf("counts are %v", left.Counts())
	}
	if none := (&Census{}).Counts(); len(none) != 4 || none[Nobody] != 0 {
		t.Errorf("of nobody, counts are %v", none)
	}
}

// TestWhyNobodyIsRetiredIsToldInOneOrder: what no look-up changes comes first.
func TestWhyNobodyIsRetiredIsToldInOneOrder(t *testing.T) {
	reasons := []struct {
		code, says string
		change     func(*Retiree, *Policy)
	}{
		{RetireNotFound, "TrackTik shows no such employee", func(r *Retiree, _ *Policy) { r.Missing = true }},
		{RetireManaged, "is managed as user 00u9", func(r *Retiree, _ *Policy) { r.Owner = "00u9" }},
		{RetireProtected, "whose credentials are used", func(_ *Retiree, pol *Policy) { pol.Own = 40 }},
		{RetireNotActive, "is INACTIVE in TrackTik, and not active", func(r *Retiree, _ *Policy) {
			r.Employee.Status = "INACTIVE"
		}},
		{RetirePending, "an earlier write is not settled", func(r *Retiree, _ *Policy) {
			r.Pending = "an earlier write is not settled"
		}},
		{string(NotAssigned), "is ACTIVE in Okta", func(r *Retiree, _ *Policy) {
			r.Standing.Class, r.Standing.Why = NotAssigned, "user 00u1 is ACTIVE in Okta"
		}},
		{RetireProtected, "sync.protected names them", func(_ *Retiree, pol *Policy) { pol.Protected = []string{"ada@*"} }},
		{RetireRole, "holds a protected role", func(r *Retiree, _ *Policy) { r.Admin = true }},
		{RetireUnconfirmed, "cannot be told: no grants are shown", func(r *Retiree, _ *Policy) {
			r.Doubt = "no grants are shown"
		}},
	}
	for i := range reasons {
		r, pol := leaver(), Policy{}
		for _, later := range slices.Backward(reasons[i:]) {
			later.change(&r, &pol)
		}
		d := Retire(&r, &pol)
		if len(d.Problems) != 1 || len(d.Actions)+len(d.Held)+len(d.Warnings) > 0 || d.Problems[0].Code != reasons[i].code ||
			!strings.Contains(d.Problems[0].Message, reasons[i].says) || d.Problems[0].Employee != 40 {
			t.Errorf("%s and all after it: %+v", reasons[i].says, d)
		}
		if askable := i > 3; r.Askable(&pol) != askable {
			t.Errorf("%s and all after it: asked about %v", reasons[i].says, !askable)
		}
	}
}

// TestARetirementIsToldAsADeparture.
func TestARetirementIsToldAsADeparture(t *testing.T) {
	r := leaver()
	d := Retire(&r, &Policy{})
	if len(d.Actions) != 1 ||
		d.Actions[0].Reason != "left Okta without being managed: user 00u1 is DEPROVISIONED in Okta" {
		t.Fatalf("%+v", d)
	}
	if f := d.Actions[0].Extras().Retires; f == nil || len(f.Roles) != 0 || f.Link.Pushed[FirstName] != "Ada" {
		t.Errorf("kept is %+v", d.Actions[0].Extras().Retires)
	}
	r.Employee.Status = StatusTerminated
	if d = Retire(&r, &Policy{}); len(d.Warnings) != 1 ||
		!strings.Contains(d.Warnings[0].Message, "employee 40 is TERMINATED") {
		t.Errorf("%+v", d)
	}
}

package plan_test

import (
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// Matching by custom id, username and e-mail, and what may be adopted.

// like is an employee of ana's values with some of them changed.
func like(id plan.EmployeeID, values map[plan.Field]string) plan.Employee {
	return employee(id, func(e *plan.Employee) {
		for f, value := range values {
			e.Values[f] = value
		}
	})
}

// found is a match by the username, changed.
func found(change func(*plan.Match)) fact {
	m := by(plan.Username, employee(7))
	change(&m)
	return findsBy(m)
}

func configures(change func(*plan.Policy)) facts { return facts{configured(change)} }

// TestExactlyOneActiveUnownedEmployeeIsAdopted: every number and state of matches.
func TestExactlyOneActiveUnownedEmployeeIsAdopted(t *testing.T) {
	ended, inactive := employee(7, status("TERMINATED")), employee(7, status("INACTIVE"))
	seven, eight := employee(7), employee(8)
	ofBea := owned(by(plan.Username, seven), "00uBEA", false)
	keep(t, []promise{
		{"nobody matches: created", facts{}, "create", "assigned to the app in Okta"},
		{"one matches by username", facts{findsBy(by(plan.Username, seven))}, "adopt", "matched by username"},
		{"one matches by e-mail", facts{findsBy(by(plan.Email, seven))}, "adopt", "matched by email"},
		{"one matches by custom id", facts{findsBy(by(plan.CustomID, seven))}, "adopt", "matched by custom_id"},
		{"one matches by all: the first key is named",
			facts{findsBy(by(plan.CustomID, seven), by(plan.Username, seven), by(plan.Email, seven))}, "adopt",
			"matched by custom_id"},
		{"the same twice by one key is one", facts{findsBy(by(plan.Email, seven), by(plan.Email, seven))}, "adopt", ""},
		{"two match by two keys: never a second create",
			facts{findsBy(by(plan.Username, seven), by(plan.Email, eight))}, "problem ambiguous_match",
			"employee 7 by username (ACTIVE), employee 8 by email (ACTIVE)|`link` says which one is theirs"},
		{"an active and an inactive one are two",
			facts{findsBy(by(plan.Username, inactive), by(plan.Email, eight))}, "problem ambiguous_match",
			"employee 7 by username (INACTIVE)"},
		{"a terminated one is nobody", facts{findsBy(by(plan.Username, ended))}, "create", ""},
		{"a terminated one hides nobody", facts{findsBy(by(plan.Username, ended), by(plan.Email, eight))}, "adopt", ""},
		{"an inactive one is a problem", facts{findsBy(by(plan.Username, inactive))}, "problem inactive_match",
			"employee 7, found by username, is INACTIVE|activate them in TrackTik, or change the name"},
		{"a banned one is a problem", facts{findsBy(by(plan.Email, employee(7, status("BANNED"))))},
			"problem inactive_match", "found by email, is BANNED"},
		{"somebody else's is a problem", facts{findsBy(ofBea)}, "problem name_in_use",
			"username is that of employee 7, who is managed for user 00uBEA"},
		{"somebody else's, and a free one, is a problem", facts{findsBy(by(plan.Email, eight), ofBea)},
			"problem name_in_use", ""},
		{"somebody else's who is inactive is a problem of the name",
			facts{findsBy(owned(by(plan.Username, inactive), "00uBEA", false))}, "problem name_in_use", ""},
		{"somebody else's who is terminated has no name", facts{findsBy(owned(by(plan.Username, ended), "00uBEA", false))},
			"create", ""},
		{"who gives the name free in this plan is nobody",
			facts{findsBy(owned(by(plan.Username, seven), "00uBEA", true))}, "create", ""},
		{"one's own, by an earlier record, is one's own",
			facts{findsBy(owned(by(plan.Username, seven), "00uANA", false))}, "adopt", ""},
		{"whom another new person matches too is nobody's", facts{found(func(m *plan.Match) { m.Rival = "00uBEA" })},
			"problem ambiguous_match", "employee 7, found by username, matches user 00uBEA as well|`link` says whose"},
		{"a rival of an inactive one is told first",
			facts{found(func(m *plan.Match) { m.Rival, m.Employee.Status = "00uBEA", "INACTIVE" })},
			"problem ambiguous_match", "00uBEA"},
	})
}

// TestWhoIsNeverAdopted, whatever matches.
func TestWhoIsNeverAdopted(t *testing.T) {
	one := facts{findsBy(by(plan.Username, employee(7)))}
	boss := facts{findsBy(by(plan.Email, like(7, map[plan.Field]string{plan.Username: "boss"})))}
	keep(t, []promise{
		{"the employee whose credentials are used, by id", one.and(ours), "problem protected_match",
			"employee 7 is the integration's account"},
		{"the employee whose credentials are used, by name", boss.and(configures(func(p *plan.Policy) {
			p.OwnUsername = "BOSS"
		})...), "problem protected_match", "integration's account"},
		{"who is protected by the login in Okta", one.and(protects("ana@*")), "problem protected_match",
			"employee 7 is named by sync.protected"},
		{"who is protected by the username in TrackTik", boss.and(protects("boss")), "problem protected_match", ""},
		{"who is protected by the e-mail that Okta wants", one.and(protects("chief@*"),
			viewHas(func(v *plan.View) { v.Mapped.Wanted.Email = "chief@acme.example" })), "problem protected_match", ""},
		{"who holds a protected role", facts{found(func(m *plan.Match) { m.Admin = true })}, "problem protected_match",
			"employee 7 holds a protected role"},
		{"anybody, with adopt: never", one.and(neverAdopts), "problem adopt_off",
			"employee 7 matches by username|sync.adopt is never|`link` ties them"},
		{"protection is told before the switch", one.and(neverAdopts, protects("ana@*")), "problem protected_match", ""},
		{"whose roles cannot be read", facts{found(func(m *plan.Match) { m.Doubt = "no grants are shown" })},
			"held adopt unconfirmed", "whether employee 7 holds a protected role cannot be told: no grants are shown|`check`"},
		{"the switch is told before what cannot be read",
			facts{neverAdopts, found(func(m *plan.Match) { m.Doubt = "no grants are shown" })}, "problem adopt_off", ""},
		{"a protected role that was seen is told, whatever else cannot be read",
			facts{found(func(m *plan.Match) { m.Admin, m.Doubt = true, "of one role" })}, "problem protected_match", ""},
		{"in a run of single people after a restore", one.and(viewHas(func(v *plan.View) { v.Stale, v.Alone = true, true })),
			"held adopt unconfirmed", "the snapshot was restored|whose employee 7 is, the next whole run says|`link`"},
		{"but in a whole run after a restore they are", one.and(viewHas(func(v *plan.View) { v.Stale = true })), "adopt", ""},
		{"and in any other run of single people", one.and(viewHas(func(v *plan.View) { v.Alone = true })), "adopt", ""},
		{"with a problem of the data", one.and(viewHas(problem(plan.ProblemUnknownRegion))), "problem unknown_region", ""},
		{"but with a warning they are", one.and(viewHas(warned)), "adopt; warning partial_address", ""},
	})
}

// TestAStrangerIsHeld: what has to agree besides the key, in every combination.
func TestAStrangerIsHeld(t *testing.T) {
	other := map[plan.Field]string{plan.Username: "zoe", plan.Email: "zoe@acme.example", plan.FirstName: "Zoe",
		plan.LastName: "Quinn"}
	spelled := map[plan.Field]string{plan.Username: " ANA ", plan.Email: "ANA@Acme.Example", plan.FirstName: "ana",
		plan.LastName: "SILVA "}
	fields := []plan.Field{plan.Username, plan.Email, plan.FirstName, plan.LastName}
	for agree := range 1 << len(fields) {
		has := func(f plan.Field) bool { return agree&(1<<slices.Index(fields, f)) != 0 }
		values := map[plan.Field]string{}
		var names []string
		for _, f := range fields {
			if values[f] = other[f]; has(f) {
				values[f] = spelled[f]
				names = append(names, f.String())
			}
		}
		for _, key := range []plan.Field{plan.CustomID, plan.Username, plan.Email} {
			if key != plan.CustomID && !has(key) {
				continue
			}
			given := facts{findsBy(by(key, like(7, values))), updatesOff}
			d, _, _ := given.decided()
			// By e-mail alone a name has to agree; by any key, something besides it.
			named := has(plan.FirstName) || has(plan.LastName)
			adopted := named || key != plan.Email && (has(plan.Username) || has(plan.Email))
			if got := len(d.Actions) > 0; got != adopted {
				t.Errorf("found by %s, agrees in %v: %s", key, names, outline(&d))
			}
			doubtful := len(d.Held) == 1 && d.Held[0].Code() == plan.HeldDoubtfulMatch
			if !adopted && !(doubtful && strings.Contains(d.Held[0].Why, "`link` settles it")) {
				t.Errorf("found by %s, agrees in %v: %s", key, names, sayings(&d))
			}
		}
	}
}

// TestAnEMailAloneIsAnyEMailThatNoOtherKeyConfirms.
func TestAnEMailAloneIsAnyEMailThatNoOtherKeyConfirms(t *testing.T) {
	zoe := like(7, map[plan.Field]string{plan.FirstName: "Zoe", plan.LastName: "Quinn"})
	elsewhere := by(plan.Username, employee(8, status("TERMINATED")))
	keep(t, []promise{
		{"the e-mail alone", facts{findsBy(by(plan.Email, zoe)), updatesOff}, "held adopt doubtful_match",
			"employee 7 has the same e-mail, but neither the first nor the last name"},
		{"the username finds them too", facts{findsBy(by(plan.Email, zoe), by(plan.Username, zoe)), keepsAdopted},
			`adopt; held update firstName="Zoe">"Ana" lastName="Quinn">"Silva" adopted_differs`, ""},
		{"the username finds somebody who is ended", facts{findsBy(elsewhere, by(plan.Email, zoe))},
			"held adopt doubtful_match", ""},
		{"the custom id alone finds a stranger", facts{findsBy(by(plan.CustomID, employee(7, func(e *plan.Employee) {
			e.Values = strangersValues()
		})))}, "held adopt doubtful_match", "has the same custom_id, but neither the username, the e-mail, the first"},
	})
}

// TestWhatAnAdoptionDoesToTheEmployee: on_adopt, and the switch.
func TestWhatAnAdoptionDoesToTheEmployee(t *testing.T) {
	porter := like(7, map[plan.Field]string{plan.JobTitle: "Porter", plan.PrimaryPhone: "555 0100"})
	const changed = `update jobTitle="Porter">"Guard"`
	us := facts{findsBy(by(plan.Username, porter))}
	region := viewHas(func(v *plan.View) {
		v.Matches[0].Employee.Region = 3
		v.Mapped.Wanted.Values[plan.Region], v.Mapped.Wanted.RegionID = "South", 2
	})
	keep(t, []promise{
		{"update: what differs is sent", us, "adopt; " + changed, "differs from Okta when adopted"},
		{"keep: what differs is shown", us.and(keepsAdopted), "adopt; held " + changed + " adopted_differs",
			"sync.on_adopt: keep|what changes in Okta from now on is sent"},
		{"the switch is off: it is recorded all the same", us.and(updatesOff), "adopt; held " + changed + " switched_off",
			"sync.update_users is off"},
		{"keep is told before the switch", us.and(updatesOff, keepsAdopted), "adopt; held " + changed + " adopted_differs",
			""},
		{"creates are off: an adoption writes nothing", us.and(createsOff), "adopt; " + changed, ""},
		{"what was never pushed is not emptied", us.and(wants(plan.JobTitle, "")), "adopt", ""},
		{"nobody is moved", us.and(region), "adopt; " + changed, ""},
		{"a field that only a create sets stays", us.and(configures(func(p *plan.Policy) {
			p.CreateOnly = p.CreateOnly.With(plan.JobTitle)
		})...), "adopt", ""},
		{"a value that is not usable in Okta stays", us.and(viewHas(func(v *plan.View) {
			v.Mapped.Wanted.Keep = v.Mapped.Wanted.Keep.With(plan.JobTitle)
		})), "adopt", ""},
		{"the same phone, written otherwise, stays", us.and(wants(plan.JobTitle, "Porter"),
			wants(plan.PrimaryPhone, "(555) 01-00")), "adopt", ""},
		{"a new phone is sent", us.and(wants(plan.JobTitle, "Porter"), wants(plan.PrimaryPhone, "555 0199")),
			`adopt; update primaryPhone="555 0100">"555 0199"`, ""},
		{"who waits for the first day is adopted", us.and(viewHas(func(v *plan.View) { v.Early = true })),
			"adopt; " + changed, ""},
	})
	d, v, _ := us.decided()
	for _, a := range d.Actions {
		if a.Employee != 7 || a.User != v.Ref() || a.Want != &v.Mapped.Wanted {
			t.Errorf("%s is of employee %d and %v", a.Kind, a.Employee, a.User)
		}
	}
}

// TestWhatIsOnRecordAfterAnAdoption: what agrees counts as pushed, the rest was seen.
func TestWhatIsOnRecordAfterAnAdoption(t *testing.T) {
	e := like(7, map[plan.Field]string{plan.JobTitle: "Porter", plan.City: "Lisboa", plan.Email: "ANA@acme.example",
		plan.PrimaryPhone: "+351 555 010 199", plan.State: "11"})
	want := plan.Wanted{Values: anaValues(), Group: "00gSITE", RegionID: 2, Keep: plan.FieldSet(0).With(plan.State)}
	want.Values[plan.Region], want.Values[plan.PrimaryPhone], want.Values[plan.State] = "South", "555010199", "12"
	want.Values[plan.Language] = "PT"
	for _, keeps := range []bool{false, true} {
		link := plan.Adopted(&want, &e, keeps)
		title, language := "", ""
		if keeps { // everything that Okta says now counts as told
			title, language = "Guard", "PT"
		}
		for f, row := range map[plan.Field]struct{ pushed, seen string }{
			plan.Username:     {"ana", ""},                        // the same
			plan.Email:        {"ana@acme.example", ""},           // the same but for case
			plan.PrimaryPhone: {"555010199", ""},                  // the same number
			plan.JobTitle:     {title, "Porter"},                  // another one
			plan.Language:     {language, ""},                     // none there
			plan.City:         {"", ""},                           // none in Okta: never ours
			plan.State:        {"", ""},                           // not usable in Okta
			plan.Region:       {"South", ""},                      // nobody is moved for it
			plan.LastName:     {anaValues()[plan.LastName], ""},   // the same
			plan.FirstName:    {anaValues()[plan.FirstName], ""},  // the same
			plan.CustomID:     {anaValues()[plan.CustomID], ""},   // none
			plan.PostalCode:   {anaValues()[plan.PostalCode], ""}, // none
		} {
			if link.Pushed[f] != row.pushed || link.Seen[f] != row.seen {
				t.Errorf("keep %v: %s is on record as %q, seen %q", keeps, f, link.Pushed[f], link.Seen[f])
			}
		}
		if link.Kept != keeps || link.Employee != 7 || link.How != plan.HowAdopted || link.PushedRegion != 2 ||
			link.AssignedBy != "00gSITE" {
			t.Errorf("keep %v: on record is %+v", keeps, link)
		}
	}
}

// TestRivalsDoNotDependOnTheOrder: each of several is told of another one, always the same.
func TestRivalsDoNotDependOnTheOrder(t *testing.T) {
	seven, eight := employee(7), employee(8)
	for range 20 {
		found := map[plan.PersonID][]plan.Match{
			"c": {by(plan.Email, seven)}, "b": {by(plan.CustomID, seven)},
			"a": {by(plan.Username, seven), by(plan.Email, eight)},
			"d": {by(plan.Email, employee(9)), by(plan.Username, employee(9))}, "e": nil,
		}
		plan.FindRivals(found)
		for _, row := range []struct {
			person plan.PersonID
			match  int
			want   plan.PersonID
		}{{"a", 0, "b"}, {"a", 1, ""}, {"b", 0, "a"}, {"c", 0, "a"}, {"d", 0, ""}, {"d", 1, ""}} {
			if got := found[row.person][row.match].Rival; got != row.want {
				t.Errorf("match %d of %s has the rival %q, want %q", row.match, row.person, got, row.want)
			}
		}
	}
}

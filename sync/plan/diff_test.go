package plan_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// TestWhatBecomesAChange goes through what Okta wants, what was pushed, and what
// TrackTik holds, of one field.
func TestWhatBecomesAChange(t *testing.T) {
	const unread = "not read"
	for name, c := range map[string]struct {
		field              plan.Field
		want, pushed, held string
		changes, drift     string
	}{
		"never set":                      {plan.JobTitle, "", "", unread, "", ""},
		"set for the first time":         {plan.JobTitle, "Guard", "", unread, `"">"Guard"`, ""},
		"as pushed":                      {plan.JobTitle, "Guard", "Guard", unread, "", ""},
		"changed":                        {plan.JobTitle, "Chief", "Guard", unread, `"Guard">"Chief"`, ""},
		"cleared":                        {plan.JobTitle, "", "Guard", unread, `"Guard">""`, ""},
		"case counts in a title":         {plan.JobTitle, "GUARD", "Guard", unread, `"Guard">"GUARD"`, ""},
		"case of a user name":            {plan.Username, "ANA", "ana", unread, "", ""},
		"case of an e-mail":              {plan.Email, "Ana@Acme.example", "ana@acme.example", unread, "", ""},
		"another spelling of one letter": {plan.FirstName, "Jos\u00e9", "Jose\u0301", unread, "", ""},
		"space around":                   {plan.FirstName, "Ana", "Ana ", unread, "", ""},

		"never pushed, set by hand":       {plan.JobTitle, "", "", "Porter", "", ""},
		"cleared, set otherwise by hand":  {plan.JobTitle, "", "Guard", "Porter", `"Porter">""`, ""},
		"cleared here and there":          {plan.JobTitle, "", "Guard", "", "", ""},
		"changed to what is there":        {plan.JobTitle, "Chief", "Guard", "Chief", "", ""},
		"changed to its letters":          {plan.LastName, "Jos\u00e9", "Silva", " Jose\u0301", "", ""},
		"changed, and by hand":            {plan.JobTitle, "Chief", "Guard", "Porter", `"Porter">"Chief"`, ""},
		"changed by hand":                 {plan.JobTitle, "Guard", "Guard", "Porter", "", `"Porter">"Guard"`},
		"cleared by hand":                 {plan.JobTitle, "Guard", "Guard", "", "", `"">"Guard"`},
		"case by hand, of a title":        {plan.JobTitle, "Guard", "Guard", "guard", "", `"guard">"Guard"`},
		"case by hand, of a user name":    {plan.Username, "ana", "ana", "ANA", "", ""},
		"TrackTik decomposes":             {plan.FirstName, "Jos\u00e9", "Jos\u00e9", "Jose\u0301", "", ""},
		"TrackTik keeps a trailing space": {plan.FirstName, "Ana", "Ana", "Ana ", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var link plan.Link
			var want plan.Wanted
			link.Pushed[c.field], want.Values[c.field] = c.pushed, c.want
			var employee *plan.Employee
			if c.held != unread {
				employee = &plan.Employee{Has: everything}
				employee.Values[c.field] = c.held
			}
			changes, drift := plan.Differences(&link, &want, employee, with(func(*plan.Policy) {}))
			if got := arrows(changes); got != c.changes {
				t.Errorf("changes %s, want %s", got, c.changes)
			}
			if got := arrows(drift); got != c.drift {
				t.Errorf("drift %s, want %s", got, c.drift)
			}
			want.Keep = want.Keep.With(c.field)
			if changes, drift = plan.Differences(&link, &want, employee, with(func(*plan.Policy) {})); len(changes)+len(drift) > 0 {
				t.Error("a field that is kept was changed")
			}
			want.Keep = 0
			only := with(func(p *plan.Policy) { p.CreateOnly = p.CreateOnly.With(c.field) })
			if changes, drift = plan.Differences(&link, &want, employee, only); len(changes)+len(drift) > 0 {
				t.Error("a field that only a create sets was changed")
			}
		})
	}
}

func arrows(changes []plan.Change) string {
	var texts []string
	for _, c := range changes {
		texts = append(texts, strings.TrimPrefix(actionText(&plan.Action{Kind: plan.Update, Changes: []plan.Change{c}}), "update "+c.Field.String()+"="))
	}
	return strings.Join(texts, " ")
}

// TestAFieldThatWasNotReadIsNoDrift: TrackTik leaves out what it does not show.
// A portal may write phones its own way, and e-mails in small letters.
func TestAValueWrittenOtherwiseIsNeitherChangeNorDrift(t *testing.T) {
	for _, test := range []struct {
		field plan.Field
		a, b  string
		same  bool
	}{
		{plan.PrimaryPhone, "+1 (555) 010-0199", "15550100199", true},
		{plan.PrimaryPhone, "555.010.0199", "555 010 0199", true},
		{plan.PrimaryPhone, "+1 555 010 0199", "555 010 0199", false},
		{plan.PrimaryPhone, "none", "unknown", false},
		{plan.PrimaryPhone, "", "-", false},
		{plan.Email, "Ana@Acme.example", "ana@acme.example", true},
		{plan.JobTitle, "Guard 1", "guard 1", false},
		{plan.PostalCode, "12 345", "12345", false},
	} {
		if test.field.Same(test.a, test.b) != test.same || test.field.Same(test.b, test.a) != test.same {
			t.Errorf("%s: %q and %q are one value: want %v", test.field, test.a, test.b, test.same)
		}
	}
}

func TestAFieldThatWasNotReadIsNoDrift(t *testing.T) {
	e := anaEmployee()
	e.Has = e.Has.Without(plan.JobTitle)
	e.Values[plan.JobTitle] = ""
	changes, drift := plan.Differences(anaLink(), &plan.Wanted{Values: anaValues()}, e, with(func(*plan.Policy) {}))
	if len(changes)+len(drift) > 0 {
		t.Errorf("changes %v, drift %v", changes, drift)
	}
}

// TestAnAddressGoesAsAWhole: partial, it stays as it was pushed; all empty, it goes.
func TestAnAddressGoesAsAWhole(t *testing.T) {
	link := anaLink()
	for i, f := range plan.AddressFields {
		link.Pushed[f] = []string{"1 Rua A", "Lisboa", "11", "1000", "PT"}[i]
	}
	address := func(keep bool) func(*plan.View) {
		return func(v *plan.View) {
			v.Link = link
			if keep {
				v.Mapped.Wanted.Keep = v.Mapped.Wanted.Keep.With(plan.AddressFields[:]...)
				warned(v)
			}
		}
	}
	check(t, plan.Decide(managed(address(true)), with(func(*plan.Policy) {})), "warning partial_address")
	d := plan.Decide(managed(address(false)), with(func(*plan.Policy) {}))
	if len(d.Actions) != 1 || len(d.Actions[0].Changes) != 5 || !d.Actions[0].Clears() {
		t.Errorf("an empty address is %q", outline(&d))
	}
}

// TestOnlyWhatWasPushedIsCleared says what the clear guard counts.
func TestOnlyWhatWasPushedIsCleared(t *testing.T) {
	change := func(old, new string) []plan.Change { return []plan.Change{{Field: plan.JobTitle, Old: old, New: new}} }
	for name, c := range map[string]struct {
		action plan.Action
		want   bool
	}{
		"a value emptied":          {plan.Action{Kind: plan.Update, Changes: change("Guard", "")}, true},
		"a value changed":          {plan.Action{Kind: plan.Update, Changes: change("Guard", "Chief")}, false},
		"a value set":              {plan.Action{Kind: plan.Update, Changes: change("", "Chief")}, false},
		"one of two":               {plan.Action{Kind: plan.Update, Changes: append(change("", "x"), change("x", "")...)}, true},
		"a role that lost a name":  {plan.Action{Kind: plan.RenameRole, Changes: change("Guard", "")}, false},
		"a create without a title": {plan.Action{Kind: plan.Create, Want: &plan.Wanted{}}, false},
	} {
		if got := c.action.Clears(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestWhoMovesToAnotherRegion: a division that changes in Okta, and nothing else.
func TestWhoMovesToAnotherRegion(t *testing.T) {
	for name, c := range map[string]struct {
		pushed    string
		pushedID  plan.RegionID
		want      string
		wantID    plan.RegionID
		policy    func(*plan.Policy)
		keep      bool
		moves     bool
		asksFirst bool // the portal's regions have to be read
	}{
		"changed":                      {"North", 1, "South", 2, nil, false, true, true},
		"unchanged":                    {"North", 1, "North", 1, nil, false, false, false},
		"case":                         {"North", 1, " NORTH", 1, nil, false, false, false},
		"a region was renamed":         {"North", 1, "Nord", 1, nil, false, false, true},
		"the name means another now":   {"North", 1, "North", 9, nil, false, false, false},
		"became empty":                 {"North", 1, "", 0, nil, false, false, false},
		"became empty, with a default": {"North", 1, "", 5, nil, false, false, false},
		"was empty":                    {"", 5, "South", 2, nil, false, true, true},
		"by id":                        {"North", 1, "2", 2, nil, false, true, true},
		"not known in the portal":      {"North", 1, "Atlantis", 0, nil, false, false, true},
		"create_only":                  {"North", 1, "South", 2, func(p *plan.Policy) { p.FollowRegion = false }, false, false, false},
		"only a create sets it":        {"North", 1, "South", 2, func(p *plan.Policy) { p.CreateOnly = p.CreateOnly.With(plan.Region) }, false, false, true},
		"unusable":                     {"North", 1, "South", 2, nil, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			if c.policy == nil {
				c.policy = func(*plan.Policy) {}
			}
			pol := with(c.policy)
			link := plan.Link{PushedRegion: c.pushedID}
			link.Pushed[plan.Region] = c.pushed
			want := plan.Wanted{RegionID: c.wantID}
			want.Values[plan.Region] = c.want
			if c.keep {
				want.Keep = want.Keep.With(plan.Region)
			}
			byHand := &plan.Employee{Region: 77, Has: everything} // moved in TrackTik: never undone
			for _, e := range []*plan.Employee{nil, byHand} {
				changes, drift := plan.Differences(&link, &want, e, pol)
				if (len(changes) == 1) != c.moves || len(drift) > 0 {
					t.Errorf("changes %v, drift %v", changes, drift)
				}
			}
			if got := plan.NeedsRegion(&link, &want, pol); got != c.asksFirst {
				t.Errorf("asks for the regions: %v", got)
			}
		})
	}
}

// TestAnotherNameOfTheSameRegionIsRemembered, so that the regions are not read for it
// in every run.
func TestAnotherNameOfTheSameRegionIsRemembered(t *testing.T) {
	pol := with(func(*plan.Policy) {})
	v := managed(func(v *plan.View) {
		v.Link.Pushed[plan.Region], v.Link.PushedRegion = "North", 1
		v.Mapped.Wanted.Values[plan.Region], v.Mapped.Wanted.RegionID = "1", 1
	})
	d := plan.Decide(v, pol)
	check(t, d, "")
	if d.Note == nil || plan.NeedsRegion(d.Note, &v.Mapped.Wanted, pol) {
		t.Errorf("noted %+v", d.Note)
	}
}

// TestDriftIsRepairedOrReported, and a value that does not stay is not sent for ever.
func TestDriftIsRepairedOrReported(t *testing.T) {
	byHand := func(v *plan.View) { v.Employee = anaEmployee(); v.Employee.Values[plan.JobTitle] = "Porter" }
	inOkta := func(v *plan.View) { v.Mapped.Wanted.Values[plan.LastName] = "Sousa" }
	repaired := func(v *plan.View) {
		v.Link.LastRepair = plan.RepairDigest([]plan.Change{{Field: plan.JobTitle, Old: "Porter", New: "Guard"}})
	}
	report := func(p *plan.Policy) { p.RepairDrift = false }
	repair := func(*plan.Policy) {}
	for name, c := range map[string]struct {
		view   *plan.View
		policy func(*plan.Policy)
		want   string
		drift  bool
	}{
		"repair":                           {managed(byHand), repair, `update jobTitle="Porter">"Guard"`, true},
		"report":                           {managed(byHand), report, "warning drift", false},
		"repair, with a change":            {managed(byHand, inOkta), repair, `update lastName="Silva">"Sousa" jobTitle="Porter">"Guard"`, false},
		"report, with a change":            {managed(byHand, inOkta), report, `update lastName="Silva">"Sousa"; warning drift`, false},
		"the second time":                  {managed(byHand, repaired), repair, "problem value_not_kept", false},
		"the second time, reported":        {managed(byHand, repaired), report, "warning drift", false},
		"another value by hand":            {managed(byHand, repaired, func(v *plan.View) { v.Employee.Values[plan.JobTitle] = "Cook" }), repair, `update jobTitle="Cook">"Guard"`, true},
		"other data in Okta":               {managed(byHand, repaired, func(v *plan.View) { v.Mapped.Wanted.Values[plan.JobTitle] = "Chief" }), repair, `update jobTitle="Porter">"Chief"`, false},
		"switched off":                     {managed(byHand), func(p *plan.Policy) { p.UpdateUsers = false }, `held update jobTitle="Porter">"Guard" switched_off`, false},
		"adopted as it was":                {managed(byHand, func(v *plan.View) { v.Link.Kept = true }), repair, `held update jobTitle="Porter">"Guard" adopted_differs`, false},
		"adopted as it was, with a change": {managed(byHand, inOkta, func(v *plan.View) { v.Link.Kept = true }), repair, `update lastName="Silva">"Sousa"; held update jobTitle="Porter">"Guard" adopted_differs`, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := plan.Decide(c.view, with(c.policy))
			check(t, d, c.want)
			if len(d.Actions) == 1 && d.Actions[0].Drift != c.drift {
				t.Errorf("drift is %v", d.Actions[0].Drift)
			}
		})
	}
}

// TestAValueThatIsNotKeptStaysAProblem between the refreshes, where TrackTik is not
// read, and is over when a refresh finds it kept.
func TestAValueThatIsNotKeptStaysAProblem(t *testing.T) {
	trouble := func(v *plan.View) {
		v.Troubles = []plan.Trouble{{Person: v.Person.ID, Code: plan.ProblemValueNotKept, Message: "not kept", Since: now.Add(-time.Hour)}}
	}
	pol := with(func(*plan.Policy) {})
	check(t, plan.Decide(managed(trouble), pol), "problem value_not_kept")
	check(t, plan.Decide(managed(trouble, func(v *plan.View) { v.Fresh = true }), pol), "")
	check(t, plan.Decide(managed(trouble, func(v *plan.View) { v.Employee = anaEmployee() }), pol), "")
	check(t, plan.Decide(managed(trouble, func(v *plan.View) { v.Mapped.Wanted.Values[plan.JobTitle] = "Chief" }), pol), `update jobTitle="Guard">"Chief"`)
}

// TestWhatAgreesCountsAsPushed: what somebody typed in TrackTik just as Okta has it
// needs no update, now or later.
func TestWhatAgreesCountsAsPushed(t *testing.T) {
	v := managed(func(v *plan.View) {
		v.Mapped.Wanted.Values[plan.JobTitle] = "Chief"
		v.Employee = anaEmployee()
		v.Employee.Values[plan.JobTitle] = "Chief"
	})
	d := plan.Decide(v, with(func(*plan.Policy) {}))
	check(t, d, "")
	if d.Note == nil || d.Note.Pushed[plan.JobTitle] != "Chief" {
		t.Fatalf("noted %+v", d.Note)
	}
	kept := *anaLink()
	want := v.Mapped.Wanted
	want.Keep = want.Keep.With(plan.JobTitle)
	if plan.Agree(&kept, &want, v.Employee); kept.Pushed[plan.JobTitle] != "Guard" {
		t.Error("a field that is kept was noted as pushed")
	}
}

// TestMergedChangesAreInTheOrderOfTheFields, and leave their sources alone.
func TestMergedChangesAreInTheOrderOfTheFields(t *testing.T) {
	a := append(make([]plan.Change, 0, 8), plan.Change{Field: plan.City}, plan.Change{Field: plan.Region})
	b := []plan.Change{{Field: plan.Username}, {Field: plan.Language}}
	got := plan.MergeChanges(a, b)
	want := []plan.Change{{Field: plan.Username}, {Field: plan.City}, {Field: plan.Language}, {Field: plan.Region}}
	if !reflect.DeepEqual(got, want) || a[0].Field != plan.City || b[0].Field != plan.Username {
		t.Errorf("merged %v from %v and %v", got, a, b)
	}
}

// TestARepairIsKnownByOldAndNew.
func TestARepairIsKnownByOldAndNew(t *testing.T) {
	seen := map[string]string{}
	for name, changes := range map[string][]plan.Change{
		"plain":       {{Field: plan.City, Old: "a", New: "b"}},
		"other old":   {{Field: plan.City, Old: "c", New: "b"}},
		"other new":   {{Field: plan.City, Old: "a", New: "c"}},
		"other field": {{Field: plan.State, Old: "a", New: "b"}},
		"shifted":     {{Field: plan.City, Old: "ab", New: ""}},
		"two":         {{Field: plan.City, Old: "a", New: "b"}, {Field: plan.State, Old: "a", New: "b"}},
		"none":        {},
	} {
		digest := plan.RepairDigest(changes)
		if other, twice := seen[digest]; twice {
			t.Errorf("%s and %s are one repair", name, other)
		}
		if digest != plan.RepairDigest(changes) {
			t.Errorf("%s has two digests", name)
		}
		seen[digest] = name
	}
}

package plan_test

import (
	"testing"

	"tracktik-sync/sync/plan"
)

// What TrackTik makes of a value of ours is what it keeps, and no drift from then on.

// answer is a record with one field as TrackTik answers it; "-" means that it does not show it.
func answer(f plan.Field, text string) *plan.Employee {
	e := &plan.Employee{ID: 7, Status: "ACTIVE"}
	if text != "-" {
		e.Values[f], e.Has = text, e.Has.With(f)
	}
	return e
}

// TestWhatTrackTikAnswersIsWhatItKeeps: a value of ours, the answer to our write, and what a
// refresh shows later.
func TestWhatTrackTikAnswersIsWhatItKeeps(t *testing.T) {
	for _, row := range []struct {
		name             string
		field            plan.Field
		old, new, answer string
		later            string
		kept             bool
	}{
		{"answered as sent, shown as sent", plan.JobTitle, "", "Guard", "Guard", "Guard", true},
		{"answered as sent, changed since", plan.JobTitle, "", "Guard", "Guard", "Porter", false},
		{"answered as sent, shown in small letters", plan.JobTitle, "", "Guard", "Guard", "guard", false},
		{"answered in small letters, shown so", plan.JobTitle, "", "Guard", "guard", "guard", true},
		{"answered in small letters, shown as sent", plan.JobTitle, "", "Guard", "guard", "Guard", true},
		{"answered in small letters, changed since", plan.JobTitle, "", "Guard", "guard", "GUARD", false},
		{"answered cut off, shown so", plan.JobTitle, "", "Supervisor of the night", "Supervisor", "Supervisor", true},
		{"answered with something else, shown so", plan.JobTitle, "Cook", "Guard", "Watch", "Watch", true},
		{"answered with what was there before: not changed, and not kept", plan.JobTitle, "Cook", "Guard", "Cook", "Cook",
			false},
		{"answered with nothing: dropped, and not kept", plan.JobTitle, "", "Guard", "", "", false},
		{"answered with nothing, shown as sent", plan.JobTitle, "", "Guard", "", "Guard", true},
		{"only its case was changed, and it stays as it was: it is kept so", plan.JobTitle, "guard", "Guard", "guard",
			"guard", true},
		{"not answered, shown as sent", plan.JobTitle, "", "Guard", "-", "Guard", true},
		{"not answered, shown in small letters", plan.JobTitle, "", "Guard", "-", "guard", true},
		{"not answered, shown without marks", plan.LastName, "", "O'Hara-Díaz", "-", "OHARA DIAZ", false},
		{"not answered, shown without hyphen", plan.LastName, "", "O'Hara-Diaz", "-", "OHARA DIAZ", true},
		{"not answered, shown cut off", plan.JobTitle, "", "Supervisor of the night", "-", "Supervisor", true},
		{"not answered, shown longer", plan.City, "", "Lisboa", "-", "Lisboa (PT)", true},
		{"not answered, shown as something else", plan.JobTitle, "", "Guard", "-", "Porter", false},
		{"not answered, shown empty", plan.JobTitle, "", "Guard", "-", "", false},
		{"not answered, of marks alone", plan.JobTitle, "", "Guard", "-", "--", false},
		{"an e-mail in small letters", plan.Email, "", "Ana@Acme.example", "ana@acme.example", "ANA@acme.example", true},
		{"a phone with the code of its country", plan.PrimaryPhone, "", "555 010 0199", "+1 555-010-0199", "15550100199",
			true},
		{"a phone, not answered, with its code", plan.PrimaryPhone, "", "555 010 0199", "-", "+1 (555) 010 0199", true},
		{"another phone", plan.PrimaryPhone, "", "555 010 0199", "-", "555 010 0198", false},
		{"a phone as another part of it", plan.PrimaryPhone, "", "555 010 0199", "-", "555 010", false},
		{"the second phone as the first", plan.SecondaryPhone, "", "555 010 0199", "555.010.0199", "5550100199", true},
		{"emptied, shown empty", plan.JobTitle, "Guard", "", "", "", true},
	} {
		link := &plan.Link{Employee: 7}
		link.Pushed[row.field], link.Seen[row.field], link.Answered[row.field] = row.old, "seen before", "answered before"
		link.Sent([]plan.Change{{Field: row.field, Old: row.old, New: row.new}}, answer(row.field, row.answer))
		if link.Pushed[row.field] != row.new || link.Seen[row.field] != "" || link.Answered[row.field] == "answered before" {
			t.Errorf("%s: on record is %q, seen %q, answered %q", row.name, link.Pushed[row.field], link.Seen[row.field],
				link.Answered[row.field])
		}
		if got := link.Keeps(row.field, row.later); got != row.kept {
			t.Errorf("%s: kept is %v (answered %q)", row.name, got, link.Answered[row.field])
		}
		want := plan.Wanted{}
		want.Values[row.field] = row.new
		_, drift := plan.Differences(link, &want, answer(row.field, row.later), with(func(*plan.Policy) {}))
		if (len(drift) == 0) != row.kept {
			t.Errorf("%s: drift is %v", row.name, drift)
		}
	}
}

// TestTheFirstLookSettlesWhatNoAnswerShowed: from then on it is kept by the letter.
func TestTheFirstLookSettlesWhatNoAnswerShowed(t *testing.T) {
	for _, row := range []struct {
		name         string
		first, later string
		kept         bool
	}{
		{"the same form again", "guard", "guard", true},
		{"as it was sent", "guard", "Guard", true},
		{"another form", "guard", "GUARD", false},
		{"another form, where the first was as it was sent", "Guard", "guard", false},
		{"another value, after another one", "Porter", "guard", false},
		{"nothing, after the same form", "guard", "", false},
		{"another value, and the same again", "Porter", "Porter", false},
		{"nothing, and nothing again", "", "", false},
	} {
		link, want := &plan.Link{Employee: 7}, plan.Wanted{}
		want.Values[plan.JobTitle] = "Guard"
		link.Sent([]plan.Change{{Field: plan.JobTitle, New: "Guard"}}, answer(plan.JobTitle, "-"))
		if !link.Unanswered.Has(plan.JobTitle) {
			t.Fatalf("%s: nothing is to be settled", row.name)
		}
		plan.Agree(link, &want, answer(plan.JobTitle, "-"))
		if !link.Unanswered.Has(plan.JobTitle) {
			t.Errorf("%s: a look that shows nothing settles it", row.name)
		}
		if plan.Agree(link, &want, answer(plan.JobTitle, row.first)); link.Unanswered.Has(plan.JobTitle) {
			t.Errorf("%s: the first look does not settle it", row.name)
		}
		if got := link.Keeps(plan.JobTitle, row.later); got != row.kept || link.Pushed[plan.JobTitle] != "Guard" {
			t.Errorf("%s: shown as %q, kept is %v", row.name, row.later, got)
		}
	}
}

// TestADriftThatIsSeenTwiceIsADriftStill: only the first look after a write settles anything.
func TestADriftThatIsSeenTwiceIsADriftStill(t *testing.T) {
	for _, shown := range []string{"Porter", "guard", "GUARD", ""} {
		link, want := anaLink(), plan.Wanted{Values: anaValues()}
		for look := range 3 {
			_, drift := plan.Differences(link, &want, answer(plan.JobTitle, shown), with(func(*plan.Policy) {}))
			if len(drift) != 1 || link.Keeps(plan.JobTitle, shown) {
				t.Errorf("look %d at %q: drift is %v", look, shown, drift)
			}
			plan.Agree(link, &want, answer(plan.JobTitle, shown))
		}
		if link.Pushed != anaValues() || link.Answered != (plan.Values{}) {
			t.Errorf("%q is taken for an answer: %+v", shown, link)
		}
	}
}

// TestWhatWasSentOfARecord: of a region and of no field nothing is noted.
func TestWhatWasSentOfARecord(t *testing.T) {
	link := anaLink()
	link.Unanswered = link.Unanswered.With(plan.City, plan.LastName)
	before := *link
	link.Sent([]plan.Change{{Field: plan.Region, New: "South"}, {Field: plan.NumFields, New: "Role"}}, anaEmployee())
	if *link != before {
		t.Errorf("a region or the name of a role is noted: %+v", link)
	}
	link.Sent([]plan.Change{{Field: plan.LastName, Old: "Silva", New: "Sousa"}}, answer(plan.LastName, "SOUSA"))
	want := before
	want.Pushed[plan.LastName], want.Answered[plan.LastName] = "Sousa", "SOUSA"
	want.Unanswered = want.Unanswered.Without(plan.LastName)
	if *link != want {
		t.Errorf("noted is %+v, want %+v", *link, want)
	}
	link.Sent([]plan.Change{{Field: plan.LastName, Old: "Sousa", New: ""}}, answer(plan.LastName, "-"))
	if link.Answered[plan.LastName] != "" || link.Unanswered.Has(plan.LastName) {
		t.Errorf("an empty value waits for an answer: %+v", link)
	}
}

// TestACreateSendsEverythingThatIsSet, from nothing, and no region.
func TestACreateSendsEverythingThatIsSet(t *testing.T) {
	values := anaValues()
	values[plan.Region], values[plan.SecondaryPhone] = "South", "555 0199"
	var fields []string
	for _, c := range plan.All(&values) {
		if c.Old != "" || c.New != values[c.Field] {
			t.Errorf("sent is %+v", c)
		}
		fields = append(fields, c.Field.String())
	}
	want := []string{"username", "firstName", "lastName", "email", "jobTitle", "secondaryPhone"}
	if len(fields) != len(want) {
		t.Fatalf("sent are %v, want %v", fields, want)
	}
	for i := range want {
		if fields[i] != want[i] {
			t.Errorf("sent are %v, want %v", fields, want)
		}
	}
	if sent := plan.All(&plan.Values{}); len(sent) != 0 {
		t.Errorf("of nobody %v is sent", sent)
	}
	link := &plan.Link{Employee: 7}
	link.Sent(plan.All(&values), anaEmployee())
	values[plan.Region] = "" // a create says its region elsewhere
	if link.Pushed != values || link.Unanswered != 0 {
		t.Errorf("on record is %+v", link)
	}
}

// TestARecordTakesOverWhatAnotherOneKnowsOfAField, and nothing else.
func TestARecordTakesOverWhatAnotherOneKnowsOfAField(t *testing.T) {
	other := &plan.Link{Employee: 9, Login: "other"}
	other.Pushed[plan.City], other.Answered[plan.City], other.Seen[plan.City] = "Lisboa", "LISBOA", "Porto"
	other.Pushed[plan.State] = "11"
	for _, waits := range []bool{false, true} {
		link := anaLink()
		link.Seen[plan.City], link.Answered[plan.City] = "Faro", "FARO"
		link.Unanswered = plan.FieldSet(0).With(plan.Email)
		if other.Unanswered = 0; waits {
			other.Unanswered = other.Unanswered.With(plan.City, plan.State)
		} else {
			link.Unanswered = link.Unanswered.With(plan.City)
		}
		want := *link
		want.Pushed[plan.City], want.Answered[plan.City], want.Seen[plan.City] = "Lisboa", "LISBOA", ""
		if want.Unanswered = plan.FieldSet(0).With(plan.Email); waits {
			want.Unanswered = want.Unanswered.With(plan.City)
		}
		if link.TakeOver(other, plan.City); *link != want {
			t.Errorf("waits %v: on record is %+v, want %+v", waits, *link, want)
		}
	}
}

// TestWhatAgreesIsNotedAsPushed: seen in TrackTik just as Okta wants it.
func TestWhatAgreesIsNotedAsPushed(t *testing.T) {
	for _, row := range []struct {
		name                string
		field               plan.Field
		pushed, want, shown string
		noted               string
	}{
		{"typed by hand just so", plan.JobTitle, "Guard", "Chief", "Chief", "Chief"},
		{"typed by hand otherwise", plan.JobTitle, "Guard", "Chief", "chief", "Guard"},
		{"an e-mail in another case", plan.Email, "old@x", "Ana@x", "ana@X", "Ana@x"},
		{"a phone in another form", plan.PrimaryPhone, "", "555 010 0199", "+1 555 010 0199", "555 010 0199"},
		{"another phone", plan.PrimaryPhone, "", "555 010 0199", "555 010 0198", ""},
		{"emptied on both sides", plan.JobTitle, "Guard", "", "", ""},
		{"not shown", plan.JobTitle, "Guard", "Chief", "-", "Guard"},
	} {
		link, want := &plan.Link{Employee: 7}, plan.Wanted{}
		link.Pushed[row.field], link.Seen[row.field], want.Values[row.field] = row.pushed, "before", row.want
		plan.Agree(link, &want, answer(row.field, row.shown))
		if link.Pushed[row.field] != row.noted {
			t.Errorf("%s: on record is %q, want %q", row.name, link.Pushed[row.field], row.noted)
		}
		if agreed := row.noted == row.want; (link.Seen[row.field] == "") != agreed {
			t.Errorf("%s: seen is %q", row.name, link.Seen[row.field])
		}
		kept := &plan.Link{Employee: 7}
		kept.Pushed[row.field], want.Keep = row.pushed, want.Keep.With(row.field)
		if plan.Agree(kept, &want, answer(row.field, row.shown)); kept.Pushed[row.field] != row.pushed {
			t.Errorf("%s: a field that is kept is on record as %q", row.name, kept.Pushed[row.field])
		}
	}
}

// TestOneNumberIsWrittenInManyWays: digits count, the code of the country may be missing on
// one side, and nothing shorter than a local number proves anything.
func TestOneNumberIsWrittenInManyWays(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want bool
	}{
		{"555 0199", "5550199", true},
		{"+1 555 010 0199", "(555) 010-0199", true},
		{"+44 20 7946 0958", "020 7946 0958", true}, // the 0 is dialled within the country only
		{"0044 20 7946 0958", "020 7946 0958", true},
		{"00351 555 010 199", "555 010 199", true},
		{"+351 555 010 199", "+49 555 010 199", false},
		{"1234567", "91234567", true},       // seven digits
		{"123456", "9123456", false},        // six are too few
		{"1234567", "123451234567", true},   // a code of five digits
		{"1234567", "1234561234567", false}, // of six
		{"01234567", "123451234567", true},  // the 0 is none of the number
		{"0123456", "9123456", false},       // six digits behind it
		{"5550199", "5550198", false},       // another one
		{"5550199", "5550199 ext 4", false}, // another one behind it
		{"5550199", "1995550", false},       // the digits in another order
		{"", "5550199", false}, {"", "", false}, {"none", "n/a", false},
	} {
		for _, pair := range [][2]string{{row.a, row.b}, {row.b, row.a}} {
			link := &plan.Link{}
			link.Pushed[plan.PrimaryPhone] = pair[0]
			got := link.Keeps(plan.PrimaryPhone, pair[1])
			if want := row.want || pair[0] == pair[1]; got != want {
				t.Errorf("%q and %q are one number: %v", pair[0], pair[1], got)
			}
			link.Pushed[plan.JobTitle] = pair[0]
			if link.Keeps(plan.JobTitle, pair[1]) != (pair[0] == pair[1]) {
				t.Errorf("%q and %q are one job title", pair[0], pair[1])
			}
		}
	}
}

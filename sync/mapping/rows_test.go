package mapping_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// rows is the attribute table: where each field comes from when nothing is
// configured, and two values that it can have.
var rows = []struct {
	field   plan.Field
	sources []string
	values  [2]string
}{
	{plan.Username, []string{"assignment.userName", "user.login"}, [2]string{"ana", "ana.s"}},
	{plan.FirstName, []string{"app.givenName", "app.firstName", "app.given_name", "user.firstName"}, [2]string{"Ana", "Anna"}},
	{plan.LastName, []string{"app.familyName", "app.lastName", "app.family_name", "user.lastName"}, [2]string{"Silva", "Souza"}},
	{plan.Email, []string{"app.email", "user.email"}, [2]string{"a@acme.example", "b@acme.example"}},
	{plan.JobTitle, []string{"app.title", "user.title"}, [2]string{"Guard", "Lead"}},
	{plan.PrimaryPhone, []string{"app.primaryPhone", "app.phone_number", "user.primaryPhone"}, [2]string{"+1 514 555 0100", "+1 514 555 0101"}},
	{plan.AddressLine1, []string{"app.streetAddress", "app.street_address", "user.streetAddress"}, [2]string{"1 Main St", "2 Main St"}},
	{plan.City, []string{"app.locality", "app.city", "user.city"}, [2]string{"Montreal", "Laval"}},
	{plan.State, []string{"app.region", "app.state", "user.state"}, [2]string{"QC", "ON"}},
	{plan.PostalCode, []string{"app.postalCode", "app.zipCode", "app.postal_code", "user.zipCode"}, [2]string{"H1A 1A1", "H2B 2B2"}},
	{plan.Country, []string{"app.country", "app.countryCode", "user.countryCode"}, [2]string{"CA", "US"}},
	{plan.Language, []string{"app.preferredLanguage", "app.locale", "user.preferredLanguage"}, [2]string{"FR", "ES"}},
	{plan.Region, []string{"app.division", "user.division"}, [2]string{"East", "West"}},
}

// complete is ana with every default source empty but for the whole of an
// address, so that the parts of an address can be tested one by one.
func complete() plan.Person {
	return anaWith(map[string]any{
		"streetAddress": "9 Base St", "city": "Base", "state": "NY", "zipCode": "10001", "countryCode": "US",
	})
}

func put(p *plan.Person, source string, value any) {
	side, name, _ := strings.Cut(source, ".")
	switch side {
	case "app":
		p.App[name] = value
	case "user":
		p.User[name] = value
	default:
		p.Assignment.UserName, _ = value.(string)
	}
}

func TestEachFieldTakesTheFirstSourceThatHasAValue(t *testing.T) {
	for _, row := range rows {
		for i, source := range row.sources {
			t.Run(row.field.String()+" from "+source, func(t *testing.T) {
				p := complete()
				for _, later := range row.sources[i:] {
					put(&p, later, row.values[1])
				}
				put(&p, source, row.values[0])
				r := mapDefault(t, p)
				wantFine(t, r)
				wantValue(t, r, row.field, row.values[0])
			})
		}
	}
}

func TestEmptyValuesAreNoValues(t *testing.T) {
	for name, empty := range map[string]any{
		"null": nil, "empty": "", "blank": " \t\u00a0", "invisible": "\u200b\ufeff", "empty list": []any{}, "empty object": map[string]any{},
	} {
		t.Run(name, func(t *testing.T) {
			p := anaWith(map[string]any{"title": "Guard"})
			p.App["title"] = empty
			r := mapDefault(t, p)
			wantFine(t, r)
			wantValue(t, r, plan.JobTitle, "Guard")
		})
	}
}

func TestRequiredValueThatIsMissingIsThePersonsProblem(t *testing.T) {
	for _, row := range rows[:4] {
		t.Run(row.field.String(), func(t *testing.T) {
			p := ana()
			for _, source := range row.sources {
				put(&p, source, nil)
			}
			parts := append([]string{row.field.String()}, row.sources...)
			wantProblem(t, mapDefault(t, p), plan.ProblemMissingRequired, parts...)
		})
	}
}

func TestEveryMissingRequiredValueIsNamed(t *testing.T) {
	r := mapDefault(t, plan.Person{ID: "00uANA"})
	if len(r.Problems) != len(plan.RequiredFields) {
		t.Fatalf("problems %v, want %d", r.Problems, len(plan.RequiredFields))
	}
	for i, f := range plan.RequiredFields {
		wantParts(t, r.Problems[i].Message, []string{f.String()})
	}
}

func TestOptionalValueThatIsMissingCanBeCleared(t *testing.T) {
	r := mapDefault(t, ana())
	wantFine(t, r)
	for _, row := range rows[4:] {
		wantCleared(t, r, row.field)
	}
}

// lengths are the rows that are limited by nothing but their length.
var lengths = []struct {
	field  plan.Field
	source string
	most   int
}{
	{plan.Username, "user.login", 255}, {plan.FirstName, "user.firstName", 255}, {plan.LastName, "user.lastName", 255},
	{plan.JobTitle, "user.title", 255}, {plan.PrimaryPhone, "user.primaryPhone", 20},
	{plan.AddressLine1, "user.streetAddress", 255}, {plan.City, "user.city", 255}, {plan.PostalCode, "user.zipCode", 255},
	{plan.Region, "user.division", 255},
}

func TestCharactersAreCountedNotBytes(t *testing.T) {
	for _, row := range lengths {
		t.Run(row.field.String(), func(t *testing.T) {
			longest := strings.Repeat("é", row.most-1) + "界"
			p := complete()
			put(&p, row.source, "  "+longest+"  ")
			r := mapDefault(t, p)
			wantFine(t, r)
			wantValue(t, r, row.field, longest)
		})
	}
}

func TestValueThatIsTooLongIsNeverCut(t *testing.T) {
	for _, row := range lengths {
		for _, n := range []int{row.most + 1, 1 << 20} {
			t.Run(fmt.Sprint(row.field, " of ", n), func(t *testing.T) {
				p := complete()
				put(&p, row.source, strings.Repeat("x", n))
				r := mapDefault(t, p)
				parts := []string{row.field.String(), row.source, fmt.Sprint(n), fmt.Sprint(row.most)}
				if len(r.Problems)+len(r.Warnings) == 1 && len(fmt.Sprint(r.Problems, r.Warnings)) > 1000 {
					t.Errorf("the message repeats the value")
				}
				switch row.field {
				case plan.Username, plan.FirstName, plan.LastName, plan.Region:
					wantProblem(t, r, plan.ProblemInvalidValue, parts...)
				default:
					wantLeftOut(t, r, row.field, plan.WarningInvalidValue, row.field.String(), parts...)
				}
			})
		}
	}
}

func TestNumbersAndBooleansAreTheirText(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string
	}{
		{json.Number("12"), "12"},
		{json.Number("9007199254740993"), "9007199254740993"}, // not a float64
		{json.Number("1.50"), "1.50"},
		{float64(12), "12"}, {1e21, "1000000000000000000000"}, {0.5, "0.5"},
		{7, "7"}, {int64(-7), "-7"}, {uint64(7), "7"},
		{true, "true"}, {false, "false"}, {json.Number("0"), "0"},
	} {
		p := anaWith(map[string]any{"title": test.value, "division": test.value})
		r := mapDefault(t, p)
		wantFine(t, r)
		wantValue(t, r, plan.JobTitle, test.want)
		wantValue(t, r, plan.Region, test.want)
	}
}

func TestListsAndObjectsAreNoValues(t *testing.T) {
	for name, value := range map[string]any{
		"list": []any{"Guard"}, "object": map[string]any{"value": "Guard"}, "foreign": struct{}{},
	} {
		t.Run(name, func(t *testing.T) {
			wantLeftOut(t, mapDefault(t, anaWith(map[string]any{"title": value})),
				plan.JobTitle, plan.WarningInvalidValue, "jobTitle", "user.title", "a list or an object")
			wantProblem(t, mapDefault(t, anaWith(map[string]any{"lastName": value})), plan.ProblemInvalidValue, "lastName", "user.lastName")
			wantProblem(t, mapDefault(t, anaWith(map[string]any{"division": value})), plan.ProblemInvalidValue, "region", "user.division")
		})
	}
}

func TestEmailMustBeAnAddress(t *testing.T) {
	long := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 50)+".", 4) + "example"
	for _, good := range []string{
		"ana@acme.example", "ana.silva+guard@mail.acme.example", "ANA@ACME.EXAMPLE", "ana@localhost", "o'neil@acme.example",
		"ana@bücher.example", "ána@acme.example", "ana@xn--bcher-kva.example", "a@1.example", "ana@संगठन.भारत",
	} {
		r := mapDefault(t, anaWith(map[string]any{"email": " " + good + " "}))
		wantFine(t, r)
		wantValue(t, r, plan.Email, good)
	}
	for _, bad := range []string{
		"ana", "ana@", "@acme.example", "ana@acme", "ana acme.example", "ana@acme..example", "ana@.example", "ana@acme.example.",
		"Ana <ana@acme.example>", "<ana@acme.example>", "ana@acme.example, bea@acme.example", "ana@acme.example (Ana)",
		`"ana silva"@acme.example`, "ana@[127.0.0.1]", "ana@-acme.example", "ana@acme-.example", "ana@ac_me.example",
		"ana@acme.example\r\nBcc: all@acme.example", "a..b@acme.example", "=cmd()@acme.example|", "ana@@acme.example", long + "@",
		"mailto:ana@acme.example", "ana@" + strings.Repeat("x", 64) + ".example",
	} {
		r := mapDefault(t, anaWith(map[string]any{"email": bad}))
		wantProblem(t, r, plan.ProblemInvalidValue, "email", "user.email")
		wantValue(t, r, plan.Email, "")
		if strings.Contains(r.Problems[0].Message, bad) {
			t.Errorf("the message shows the address: %s", r.Problems[0].Message)
		}
	}
	wantProblem(t, mapDefault(t, anaWith(map[string]any{"email": long})), plan.ProblemInvalidValue, "email", "255")
}

// A second phone is sent only where the configuration says from where.
func TestASecondPhoneIsLeftAloneUnlessMapped(t *testing.T) {
	p := anaWith(map[string]any{"secondaryPhone": "1", "mobilePhone": "+1 514 555 0102"})
	wantKept(t, mapDefault(t, p), plan.SecondaryPhone)
	m := newMapper(t, config{Attributes: attributes{"secondaryPhone": sources("user.mobilePhone")}})
	wantValue(t, m.Map(p, nil), plan.SecondaryPhone, "+1 514 555 0102")
	p.User["mobilePhone"] = strings.Repeat("5", 21)
	wantLeftOut(t, m.Map(p, nil), plan.SecondaryPhone, plan.WarningInvalidValue, "secondaryPhone", "21 characters", "at most 20")
	p.User["mobilePhone"] = ""
	wantCleared(t, m.Map(p, nil), plan.SecondaryPhone)
}

func TestPhoneIsATextOfAtMostTwentyCharacters(t *testing.T) {
	r := mapDefault(t, anaWith(map[string]any{"primaryPhone": "+1 (514) 555-0100 ext. 4711"}))
	wantLeftOut(t, r, plan.PrimaryPhone, plan.WarningInvalidValue, "primaryPhone", "27 characters", "at most 20")
	// As copied from an address book, which wraps numbers in directional marks.
	r = mapDefault(t, anaWith(map[string]any{"primaryPhone": "\u202a+1 (514) 555-0100\u202c"}))
	wantFine(t, r)
	wantValue(t, r, plan.PrimaryPhone, "+1 (514) 555-0100")
}

func TestCustomIDIsTrackTiksUnlessMapped(t *testing.T) {
	p := anaWith(map[string]any{"customId": "G-1", "employeeNumber": "G-1"})
	wantKept(t, mapDefault(t, p), plan.CustomID)
}

func TestUserTypeIsNeverSentAndOnlyOthersAreNoted(t *testing.T) {
	for _, fine := range []any{nil, "", "User", "user", " USER "} {
		wantFine(t, mapDefault(t, anaWith(map[string]any{"userType": fine})))
	}
	for _, other := range []any{"Contractor", true, []any{"User"}} {
		p := anaWith(map[string]any{"userType": "User"})
		p.App["userType"] = other
		r := mapDefault(t, p)
		if len(r.Warnings) != 1 || r.Warnings[0].Code != plan.WarningUnexpectedUserType || r.Warnings[0].Field != "userType" {
			t.Errorf("user type %v: warnings %v", other, r.Warnings)
		}
		if len(r.Problems) > 0 {
			t.Errorf("user type %v: problems %v", other, r.Problems)
		}
	}
}

func TestPersonsOwnFactsArePassedOn(t *testing.T) {
	p := ana()
	p.App["email"] = "work@acme.example"
	p.Email = " Ana.Silva@acme.example "
	w := mapDefault(t, p).Wanted
	if w.Email != "Ana.Silva@acme.example" || w.Group != "00gGUARDS" {
		t.Errorf("wanted %+v", w)
	}
	if w.Values[plan.Email] != "work@acme.example" {
		t.Errorf("the e-mail that is sent is %q", w.Values[plan.Email])
	}
	if w.RegionID != 0 || w.Default {
		t.Errorf("a region was resolved without the portal: %+v", w)
	}
}

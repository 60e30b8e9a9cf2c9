package mapping_test

import (
	"strings"
	"testing"

	"golang.org/x/text/language"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

type config = mapping.Config

var baseParts = map[plan.Field]string{
	plan.AddressLine1: "streetAddress", plan.City: "city", plan.State: "state", plan.PostalCode: "zipCode", plan.Country: "countryCode",
}

func TestWholeAddressIsSent(t *testing.T) {
	r := mapDefault(t, complete())
	wantFine(t, r)
	for f, want := range map[plan.Field]string{
		plan.AddressLine1: "9 Base St", plan.City: "Base", plan.State: "NY", plan.PostalCode: "10001", plan.Country: "US",
	} {
		wantValue(t, r, f, want)
	}
}

func TestAddressWithoutAnyPartCanBeCleared(t *testing.T) {
	r := mapDefault(t, ana())
	wantFine(t, r)
	for _, f := range plan.AddressFields {
		wantCleared(t, r, f)
	}
}

// Every set of missing parts: none but the first and the last says nothing.
func TestPartialAddressIsNeverSentAndNamesWhatIsMissing(t *testing.T) {
	for set := 1; set < 1<<len(plan.AddressFields)-1; set++ {
		p := complete()
		for i, f := range plan.AddressFields {
			if set&(1<<i) != 0 {
				p.User[baseParts[f]] = " "
			}
		}
		r := mapDefault(t, p)
		for i, f := range plan.AddressFields {
			wantLeftOut(t, r, f, plan.WarningPartialAddress, "address")
			if named := strings.Contains(r.Warnings[0].Message, f.String()); named != (set&(1<<i) != 0) {
				t.Errorf("missing %05b: %s named %v in %q", set, f, named, r.Warnings[0].Message)
			}
		}
	}
}

func TestPartOfAnAddressThatBreaksItsRowLeavesOutAllFive(t *testing.T) {
	for _, test := range []struct {
		field plan.Field
		value any
		parts []string
	}{
		{plan.State, "California", []string{`"California"`}},
		{plan.State, "ENG", nil}, {plan.State, "N.", nil}, {plan.State, "É", nil}, {plan.State, "CA-QC", nil}, {plan.State, "US-", nil}, {plan.State, "-", nil},
		{plan.State, []any{"NY"}, []string{"list"}},
		{plan.Country, "United States", []string{`"United States"`}},
		{plan.Country, "USA", []string{"such as US"}}, {plan.Country, "UK", []string{"such as GB"}}, {plan.Country, "840", []string{"such as US"}},
		{plan.Country, "XX", nil}, {plan.Country, "EU", nil}, {plan.Country, "SU", nil}, {plan.Country, "U", nil}, {plan.Country, "🇺🇸", nil},
		{plan.Country, strings.Repeat("U", 1<<20), nil},
		{plan.City, strings.Repeat("x", 256), []string{"256"}},
		{plan.PostalCode, strings.Repeat("1", 256), []string{"256"}},
	} {
		p := complete()
		p.User[baseParts[test.field]] = test.value
		r := mapDefault(t, p)
		for _, f := range plan.AddressFields {
			wantLeftOut(t, r, f, plan.WarningInvalidValue, test.field.String(), append(test.parts, "user."+baseParts[test.field])...)
		}
		if n := len(r.Warnings[0].Message); n > 300 {
			t.Errorf("%s: a message of %d bytes", test.field, n)
		}
	}
}

func TestEachBrokenPartIsNamed(t *testing.T) {
	p := complete()
	p.User["state"], p.User["countryCode"], p.User["city"] = "California", "USA", ""
	r := mapDefault(t, p)
	var fields []string
	for _, w := range r.Warnings {
		fields = append(fields, w.Field)
	}
	if got := strings.Join(fields, " "); got != "address address.state address.country" {
		t.Errorf("warnings of %s", got)
	}
	for _, f := range plan.AddressFields {
		wantKept(t, r, f)
	}
}

func TestCodesAreSentInTheirOfficialForm(t *testing.T) {
	for _, test := range []struct{ state, country, wantState, wantCountry string }{
		{"ca", "us", "CA", "US"}, {"US-CA", "US", "CA", "US"}, {"us-ca", "us", "CA", "US"},
		{"9", "AT", "9", "AT"}, {"2A", "FR", "2A", "FR"}, {"AT-9", "AT", "9", "AT"},
	} {
		p := complete()
		p.User["state"], p.User["countryCode"] = test.state, test.country
		r := mapDefault(t, p)
		wantFine(t, r)
		wantValue(t, r, plan.State, test.wantState)
		wantValue(t, r, plan.Country, test.wantCountry)
	}
}

// ISO 3166-1 has 249 officially assigned codes; CLDR, which knows the reserved
// and the former ones besides, has each of them as a country of today.
func TestCountriesAreThoseOfISO3166(t *testing.T) {
	accepted := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			p := complete()
			p.User["countryCode"] = code
			if mapDefault(t, p).Wanted.Values[plan.Country] != code {
				continue
			}
			accepted++
			if region, err := language.ParseRegion(code); err != nil || !region.IsCountry() || region.Canonicalize().String() != code {
				t.Errorf("%s is accepted, but CLDR has no such country", code)
			}
		}
	}
	if accepted != 249 {
		t.Errorf("%d countries, want 249", accepted)
	}
	for _, code := range []string{"AC", "AN", "CP", "DG", "EA", "EU", "IC", "SU", "TA", "UK", "UN", "XK", "YU", "ZZ"} {
		p := complete()
		p.User["countryCode"] = code
		wantKept(t, mapDefault(t, p), plan.Country)
	}
}

func TestAddressOfWhichNothingIsMappedIsLeftAlone(t *testing.T) {
	attributes := map[string]mapping.Attribute{}
	for _, f := range plan.AddressFields {
		attributes[f.String()] = mapping.Attribute{}
	}
	r := newMapper(t, config{Attributes: attributes}).Map(complete(), nil)
	wantFine(t, r)
	for _, f := range plan.AddressFields {
		wantKept(t, r, f)
	}
}

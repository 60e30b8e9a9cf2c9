package mapping

import (
	"fmt"
	"strings"

	"golang.org/x/text/language"

	"tracktik-sync/sync/plan"
)

// countries is ISO 3166-1 alpha-2, the officially assigned codes.
var countries = setOf(`AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
	BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ
	FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
	JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP
	MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE
	RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV
	TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// wholeAddress is the Field of a warning that is about no single part.
const wholeAddress = "address"

// address fills in the five parts, or none of them.
func (j *job) address() {
	if !j.rules[plan.AddressLine1].mapped() { // then none of the five is: see checkAddress
		j.result.Wanted.Keep = j.result.Wanted.Keep.With(plan.AddressFields[:]...)
		return
	}
	var parts [plan.NumFields]found
	var missing []string
	for _, f := range plan.AddressFields {
		parts[f] = j.read(f)
		if parts[f].isEmpty() {
			missing = append(missing, fmt.Sprintf("%s (looked in %s)", f, j.rules[f].names))
		}
	}
	switch {
	case len(missing) == len(plan.AddressFields):
		return
	case len(missing) > 0:
		j.warn(plan.WarningPartialAddress, wholeAddress, "the address is left out, as Okta has no value for "+
			strings.Join(missing, ", "))
	}
	values, ok := j.addressValues(&parts)
	if !ok || len(missing) > 0 {
		j.result.Wanted.Keep = j.result.Wanted.Keep.With(plan.AddressFields[:]...)
		return
	}
	for _, f := range plan.AddressFields {
		j.set(f, values[f])
	}
}

// addressValues judges the parts that are there, and warns of each that breaks
// its rule.
func (j *job) addressValues(parts *[plan.NumFields]found) (values plan.Values, ok bool) {
	ok = true
	for _, f := range plan.AddressFields {
		part := parts[f]
		if part.isEmpty() {
			continue
		}
		if part.fault == "" {
			values[f], part.fault = conformAddress(f, part.text, parts[plan.Country].text)
		}
		if part.fault != "" {
			ok = false
			j.warn(plan.WarningInvalidValue, f.String(), fmt.Sprintf("%s, from %s, %s: the address is left out", f, part.from,
				part.fault))
		}
	}
	return values, ok
}

func conformAddress(field plan.Field, text, country string) (value, fault string) {
	switch field {
	case plan.Country:
		return conformCountry(text)
	case plan.State:
		return conformState(text, country)
	}
	return conform(field, text)
}

func conformCountry(text string) (value, fault string) {
	code := strings.ToUpper(text)
	if countries[code] {
		return code, ""
	}
	fault = fmt.Sprintf("is %s, not a country code of two letters (ISO 3166-1)", quote(text))
	if region, err := language.ParseRegion(text); err == nil && countries[region.Canonicalize().String()] {
		fault += ", such as " + region.Canonicalize().String()
	}
	return "", fault
}

// conformState takes the subdivision's own part of an ISO 3166-2 code ("CA"), and
// the whole ("US-CA") when it lies in the address's country.
func conformState(text, country string) (value, fault string) {
	code := strings.ToUpper(text)
	if prefix, rest, ok := strings.Cut(code, "-"); ok && prefix == strings.ToUpper(country) {
		code = rest
	}
	if len(code) < 1 || len(code) > 2 || strings.ContainsFunc(code, isNotInCode) {
		return "", fmt.Sprintf("is %s, not a subdivision code of 1 or 2 characters (ISO 3166-2)", quote(text))
	}
	return code, ""
}

func isNotInCode(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') }

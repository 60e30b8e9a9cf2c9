package plan

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"
)

// A Field is one attribute of a TrackTik employee that this program can fill.
type Field uint8

// The fields, in the order in which they are shown. Their names on TrackTik's
// wire are those that String returns.
const (
	Username Field = iota
	FirstName
	LastName
	Email
	JobTitle
	PrimaryPhone
	AddressLine1
	City
	State
	PostalCode
	Country
	Language
	CustomID
	Region
	SecondaryPhone
	NumFields // how many there are; not a field
)

var fieldNames = [NumFields]string{
	"username", "firstName", "lastName", "email", "jobTitle", "primaryPhone",
	"address.addressLine1", "address.city", "address.state", "address.postalCode", "address.country",
	"language", "customId", "region", "secondaryPhone",
}

// String returns the field's TrackTik name, "address.city" for example.
func (f Field) String() string {
	if f >= NumFields {
		return RoleNameField
	}
	return fieldNames[f]
}

// ParseField returns the field of that TrackTik name.
func ParseField(name string) (Field, bool) {
	for f, n := range fieldNames {
		if n == name {
			return Field(f), true
		}
	}
	return 0, false
}

// AddressFields are the five parts of an address, which TrackTik takes together
// or not at all.
var AddressFields = [5]Field{AddressLine1, City, State, PostalCode, Country}

// RecordFields are those that an employee's record shows and an update sets: all but
// Region, for which there is an action of its own.
var RecordFields = [NumFields - 1]Field{Username, FirstName, LastName, Email, JobTitle, PrimaryPhone,
	AddressLine1, City, State, PostalCode, Country, Language, CustomID, SecondaryPhone}

// RequiredFields must have a value before anything is written for a person.
var RequiredFields = [4]Field{Username, FirstName, LastName, Email}

// Values holds one text a field. The empty text means that there is no value.
// Region is the division as Okta spells it: a region's name or its id.
type Values [NumFields]string

// A FieldSet is a set of fields.
type FieldSet uint16

// Has reports whether f is in s.
func (s FieldSet) Has(f Field) bool { return s&(1<<f) != 0 }

// With returns s and the fields fs.
func (s FieldSet) With(fs ...Field) FieldSet {
	for _, f := range fs {
		s |= 1 << f
	}
	return s
}

// Without returns s less the fields fs.
func (s FieldSet) Without(fs ...Field) FieldSet {
	for _, f := range fs {
		s &^= 1 << f
	}
	return s
}

// Same reports whether a and b are one value of f: user names and e-mails
// compare without case, phones by their digits, since portals write them their own
// way, everything else to the letter, in its clean form.
func (f Field) Same(a, b string) bool {
	switch {
	case f == Username || f == Email:
		return FoldName(a) == FoldName(b)
	case a == b || Clean(a) == Clean(b):
		return true
	case f.isPhone():
		return digits(a) != "" && digits(a) == digits(b)
	}
	return false
}

// digits are those of a phone number, in the order in which they are dialled.
func digits(phone string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
}

// A Change is one field's value before and after.
type Change struct {
	Field Field  `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// RoleNameField is what the change of a role's name is called in documents. In
// a Change its Field is NumFields.
const RoleNameField = "name"

// MarshalText writes the field's TrackTik name.
func (f Field) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (f *Field) UnmarshalText(name []byte) error {
	field, ok := ParseField(string(name))
	switch {
	case string(name) == RoleNameField:
		field = NumFields
	case !ok:
		return fmt.Errorf("unknown field %q in a change", name)
	}
	*f = field
	return nil
}

// FullName is "first last", for the comparison of people, never for logs.
func (v Values) FullName() string {
	return strings.TrimSpace(v[FirstName] + " " + v[LastName])
}

// FullName is how somebody is called by their record.
func (l *Link) FullName() string { return cmp.Or(l.Pushed.FullName(), l.Seen.FullName()) }

// A Day is a day of the calendar, "2026-03-31"; in which zone, its user says. Empty: none.
// Days compare as texts do.
type Day string

// firstYear is the first year of a day of employment: earlier ones stand for no day at all.
const firstYear = 1950

// ParseDay reads "2026-03-31", a time of RFC 3339 (the day that it shows, in its own zone),
// or what layout says in letters: YYYY, MM or M, DD or D. A time without a zone, years of
// two digits and days that are in no calendar are errors.
func ParseDay(text, layout string) (Day, error) {
	layouts := []string{time.DateOnly, time.RFC3339}
	if layout != "" {
		own, err := DayLayout(layout)
		if err != nil {
			return "", err
		}
		layouts = append(layouts, own)
	}
	for _, l := range layouts {
		if at, err := time.Parse(l, text); err == nil && at.Year() >= firstYear && at.Year() <= 9999 {
			return Day(at.Format(time.DateOnly)), nil
		}
	}
	if layout != "" {
		layout = ", nor by " + layout
	}
	return "", fmt.Errorf("is no day: not as 2026-03-31, not as 2026-03-31T00:00:00Z%s", layout)
}

// DayLayout is a layout as package time has it. Year, month and day come once each.
func DayLayout(layout string) (string, error) {
	l := layout
	for _, part := range [][2][2]string{{{"YYYY", "2006"}}, {{"MM", "01"}, {"M", "1"}}, {{"DD", "02"}, {"D", "2"}}} {
		found := false
		for _, spelling := range part {
			if before, after, ok := strings.Cut(l, spelling[0]); ok && spelling[0] != "" {
				l, found = before+"\x00"+spelling[1]+"\x00"+after, true
				break
			}
		}
		if !found {
			return "", fmt.Errorf("the layout %q has to hold YYYY, MM or M, and DD or D", layout)
		}
	}
	parts := strings.Split(l, "\x00")
	for i := 0; i < len(parts); i += 2 { // what stands between them
		if strings.ContainsFunc(parts[i], func(r rune) bool {
			return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_'
		}) {
			return "", fmt.Errorf("the layout %q has letters or digits besides YYYY, MM or M, and DD or D", layout)
		}
	}
	return strings.Join(parts, ""), nil
}

// begin is the first moment of the day after some days more; zero of what is no day.
func (d Day) begin(more int, zone *time.Location) time.Time {
	at, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	want := at.AddDate(0, 0, more)
	begin := time.Date(want.Year(), want.Month(), want.Day(), 0, 0, 0, 0, zone)
	for range 24 { // a clock that is set forward at midnight skips it
		if begin.Format(time.DateOnly) >= want.Format(time.DateOnly) {
			break
		}
		begin = begin.Add(time.Hour)
	}
	return begin
}

// Begun reports whether the day, less some lead, has begun in the zone.
func (d Day) Begun(lead time.Duration, now time.Time, zone *time.Location) bool {
	return !now.Before(d.begin(0, zone).Add(-lead))
}

// Over reports whether the day is over in the zone. What is no day never is.
func (d Day) Over(now time.Time, zone *time.Location) bool {
	next := d.begin(1, zone)
	return !next.IsZero() && !now.Before(next)
}

// The zones in which a day begins first and last.
var (
	eastmost = time.FixedZone("", 14*60*60)
	westmost = time.FixedZone("", -12*60*60)
)

// MayBeOver reports that the day is over in some zone.
func (d Day) MayBeOver(now time.Time) bool { return d.Over(now, eastmost) }

// IsOver reports that the day is over everywhere.
func (d Day) IsOver(now time.Time) bool { return d.Over(now, westmost) }

// MayHaveBegun reports that the day, less the lead, has begun in some zone.
func (d Day) MayHaveBegun(lead time.Duration, now time.Time) bool {
	return d.Begun(lead, now, eastmost)
}

// A DayNumber counts days from 1970-01-01, which is 0: no day.
type DayNumber uint16

// Come reports that the day has begun somewhere.
func (n DayNumber) Come(now time.Time) bool {
	return n != 0 && !now.Before(time.Unix(int64(n)*24*60*60, 0).Add(-14*time.Hour))
}

// number is the day's, some days later. Days in the far future are one.
func (d Day) number(more int, lead time.Duration) DayNumber {
	if d == "" {
		return 0
	}
	days := d.begin(more, time.UTC).Add(-lead).Unix() / (24 * 60 * 60)
	return DayNumber(min(max(days, 1), math.MaxUint16))
}

// Due is the day on which time alone changes what is decided about somebody: the first one,
// less the lead, of who is held before it, or that after the last one.
func (d Dates) Due(early bool, lead time.Duration) DayNumber {
	if early {
		return d.Start.number(0, lead)
	}
	return d.End.number(1, 0)
}

// Dates are the first and the last day of somebody's employment, as Okta has them.
type Dates struct{ Start, End Day }

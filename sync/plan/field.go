package plan

import (
	"cmp"
	"fmt"
	"strings"
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

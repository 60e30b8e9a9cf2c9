package tracktiktest

import (
	"strconv"
	"strings"
)

// textFields are the texts of an employee that a write may carry, with their
// lengths in characters.
var textFields = []struct {
	name      string
	low, high int
	at        func(e *Employee) *string
}{
	{"firstName", 1, 255, func(e *Employee) *string { return &e.FirstName }},
	{"lastName", 1, 255, func(e *Employee) *string { return &e.LastName }},
	{"customId", 0, 255, func(e *Employee) *string { return &e.CustomID }},
	{"jobTitle", 0, 255, func(e *Employee) *string { return &e.JobTitle }},
	{"primaryPhone", 0, 20, func(e *Employee) *string { return &e.PrimaryPhone }},
	{"secondaryPhone", 0, 20, func(e *Employee) *string { return &e.SecondaryPhone }},
	{"email", 0, 255, func(e *Employee) *string { return &e.Email }},
	{"username", 0, 255, func(e *Employee) *string { return &e.Username }},
	{"language", 0, 255, func(e *Employee) *string { return &e.Language }},
	{"gender", 0, 1, func(e *Employee) *string { return &e.Gender }},
	{"birthday", 0, 10, func(e *Employee) *string { return &e.Birthday }},
}

// addressFields are the parts of an address, likewise.
var addressFields = []struct {
	name      string
	low, high int
	at        func(a *Address) *string
}{
	{"addressLine1", 1, 255, func(a *Address) *string { return &a.AddressLine1 }},
	{"addressLine2", 0, 255, func(a *Address) *string { return &a.AddressLine2 }},
	{"city", 1, 255, func(a *Address) *string { return &a.City }},
	{"state", 1, 2, func(a *Address) *string { return &a.State }},
	{"postalCode", 1, 255, func(a *Address) *string { return &a.PostalCode }},
	{"country", 2, 2, func(a *Address) *string { return &a.Country }},
}

// addressParts are what a new address must have.
var addressParts = []string{"addressLine1", "city", "country", "state", "postalCode"}

// facts are an employee in words, for the history.
func (e *Employee) facts() []fact {
	out := make([]fact, 0, 24)
	for _, f := range textFields {
		out = append(out, fact{f.name, *f.at(e)})
	}
	out = append(out,
		fact{"tags", strings.Join(e.Tags, ",")},
		fact{"status", e.Status},
		fact{"region", strconv.FormatInt(e.Region, 10)},
		fact{"terminationDate", e.TerminationDate},
		fact{"terminationReason", text(relation(e.TerminationReason))},
		fact{"terminationComment", e.TerminationComment},
		fact{"reactivationNote", e.ReactivationNote},
	)
	if e.Notified {
		out = append(out, fact{"notified", "true"})
	} else {
		out = append(out, fact{"notified", ""})
	}
	return append(out, addressFacts(e.Address)...)
}

func addressFacts(a *Address) []fact {
	if a == nil {
		a = &Address{}
	}
	out := make([]fact, 0, len(addressFields))
	for _, f := range addressFields {
		out = append(out, fact{"address." + f.name, *f.at(a)})
	}
	return out
}

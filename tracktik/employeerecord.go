package tracktik

import (
	"encoding/json"
	"strings"

	"tracktik-sync/sync/plan"
)

// addressKeys are the parts of an address on the wire, in the order of
// plan.AddressFields.
var addressKeys = [len(plan.AddressFields)]string{"addressLine1", "city", "state", "postalCode", "country"}

// employeeRecord is an employee as the portal's OpenAPI document draws it, as far
// as it matters here. Any of it may be missing or null.
type employeeRecord struct {
	ID             ref     `json:"id"`
	Status         text    `json:"status"`
	Region         ref     `json:"region"`
	Username       text    `json:"username"`
	FirstName      text    `json:"firstName"`
	LastName       text    `json:"lastName"`
	Email          text    `json:"email"`
	JobTitle       text    `json:"jobTitle"`
	PrimaryPhone   text    `json:"primaryPhone"`
	SecondaryPhone text    `json:"secondaryPhone"`
	Language       text    `json:"language"`
	CustomID       text    `json:"customId"`
	Address        address `json:"address"`
	UpdatedBy      author  `json:"updatedBy"`
}

// address is an embedded address. A number is the id of one that was not
// embedded, and says nothing about its parts; null says that there is none.
type address struct {
	parts [len(plan.AddressFields)]text
}

func (a *address) UnmarshalJSON(data []byte) error {
	*a = address{}
	switch data[0] {
	case 'n':
		for i := range a.parts {
			a.parts[i].set = true
		}
	case '{':
		var record map[string]json.RawMessage
		if err := json.Unmarshal(data, &record); err != nil {
			return err
		}
		for i, key := range addressKeys {
			if part := record[key]; part != nil {
				if err := a.parts[i].UnmarshalJSON(part); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// decodeEmployee reads one record.
func decodeEmployee(data json.RawMessage) (plan.Employee, int64, bool, error) {
	var r employeeRecord
	if err := unmarshalRecord(data, &r); err != nil {
		return plan.Employee{}, 0, false, err
	}
	r.Language.value = languageCode(r.Language.value)
	e := plan.Employee{ID: plan.EmployeeID(r.ID), Status: strings.ToUpper(r.Status.value), Region: plan.RegionID(r.Region), UpdatedBy: plan.EmployeeID(r.UpdatedBy)}
	for _, came := range [...]struct {
		field plan.Field
		value text
	}{
		{plan.Username, r.Username}, {plan.FirstName, r.FirstName}, {plan.LastName, r.LastName}, {plan.Email, r.Email},
		{plan.JobTitle, r.JobTitle}, {plan.PrimaryPhone, r.PrimaryPhone}, {plan.SecondaryPhone, r.SecondaryPhone}, {plan.Language, r.Language}, {plan.CustomID, r.CustomID},
	} {
		set(&e, came.field, came.value)
	}
	for i, f := range plan.AddressFields {
		set(&e, f, r.Address.parts[i])
	}
	return e, int64(r.ID), true, nil
}

// set notes a value that the answer carried, be it empty.
func set(e *plan.Employee, f plan.Field, t text) {
	if t.set {
		e.Values[f] = t.value
		e.Has = e.Has.With(f)
	}
}

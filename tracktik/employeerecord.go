package tracktik

import (
	"slices"
	"strings"
	"sync"

	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

// addressKeys are the parts of an address on the wire, in the order of
// plan.AddressFields.
var addressKeys = [len(plan.AddressFields)]string{"addressLine1", "city", "state", "postalCode", "country"}

// employeeRecord is an employee as the portal's OpenAPI document draws it, as far
// as it matters here. Any of it may be missing or null.
type employeeRecord struct {
	employeeParts
	places []place // of the parts
}

type employeeParts struct {
	id, region ref
	status     text
	updatedBy  author
	values     [plan.NumFields]text
}

// employeeRecords are used again and again: a list may have a hundred thousand.
var employeeRecords = sync.Pool{New: func() any {
	r := &employeeRecord{}
	r.places = []place{{"id", &r.id}, {"region", &r.region}, {"status", &r.status}, {"updatedBy", &r.updatedBy},
		{"address", (*address)(&r.values)}}
	for _, f := range plan.RecordFields {
		if !isAddress(f) {
			r.places = append(r.places, place{f.String(), &r.values[f]})
		}
	}
	return r
}}

// An address is an embedded one: the parts of it among an employee's values. A number is the
// id of one that was not embedded, and says nothing about its parts; null says that there is
// none.
type address [plan.NumFields]text

func (a *address) read(value gjson.Result) (err error) {
	for _, f := range plan.AddressFields {
		a[f] = text{set: value.Type == gjson.Null}
	}
	if !value.IsObject() {
		return nil
	}
	value.ForEach(func(name, part gjson.Result) bool {
		if i := slices.Index(addressKeys[:], name.Str); i >= 0 {
			err = a[plan.AddressFields[i]].read(part)
		}
		return err == nil
	})
	return err
}

// decodeEmployee reads one record.
func decodeEmployee(record gjson.Result) (plan.Employee, int64, bool, error) {
	r := employeeRecords.Get().(*employeeRecord)
	defer employeeRecords.Put(r)
	r.employeeParts = employeeParts{}
	if err := readRecord(record, r.places...); err != nil {
		return plan.Employee{}, 0, false, err
	}
	r.values[plan.Language].value = languageCode(r.values[plan.Language].value)
	e := plan.Employee{ID: plan.EmployeeID(r.id), Status: strings.ToUpper(r.status.value), Region: plan.RegionID(r.region),
		UpdatedBy: plan.EmployeeID(r.updatedBy)}
	for f, came := range r.values { // a value that the answer carried, be it empty
		if came.set {
			e.Values[f] = came.value
			e.Has = e.Has.With(plan.Field(f))
		}
	}
	return e, int64(r.id), true, nil
}

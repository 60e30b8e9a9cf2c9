package tracktik

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

// A cache or a proxy that mixes answers up gives one caller what was meant for another.
// So the record in the answer to a write is held to what was sent, as far as it shows
// that; where it differs, nobody knows what became of the write.

// carried is the record in an answer to a write; not found where there is none, as in
// the answers to actions.
func carried(body []byte) (record gjson.Result, found bool) {
	record, err := parseSingle(body)
	return record, err == nil
}

// acknowledgedAs is acknowledged for a write to one record: where the answer shows a
// record of the resource, it is that one.
func acknowledgedAs(resource string, id int64) func(body []byte) error {
	return func(body []byte) error {
		if err := acknowledged(body); err != nil {
			return err
		}
		record, found := carried(body)
		if !found {
			return nil
		}
		var shown ref
		var kind text
		err := readRecord(record, place{"id", &shown}, place{"resourceType", &kind})
		if err != nil || shown == 0 || int64(shown) == id || kind.value != "" && !strings.EqualFold(kind.value, resource) {
			return nil //nolint:nilerr // another thing than a record: an action answers with what it likes
		}
		return fmt.Errorf("the answer is about record %d, and %d was written", shown, id)
	}
}

// updatedAs is the employee in the answer to an update, who should be as full says; nobody
// where it shows none. One without an id is told by the names.
func updatedAs(body []byte, id plan.EmployeeID, full *plan.Values) (plan.Employee, error) {
	if err := acknowledgedAs("employees", int64(id))(body); err != nil {
		return plan.Employee{}, err
	}
	record, found := carried(body)
	if !found {
		return plan.Employee{}, nil
	}
	e, shown, _, err := decodeEmployee(record)
	switch {
	case err != nil: // another thing than a record
		return plan.Employee{}, nil //nolint:nilerr // the answer is good, and shows nobody
	case shown == 0:
		return e, sameNames(&e, full)
	case plan.EmployeeID(shown) != id: // of another kind
		return plan.Employee{}, nil
	}
	return e, nil
}

// sameNames refuses an employee who agrees with sent in neither user name nor e-mail,
// or in neither first nor last name, as far as both have them.
func sameNames(e *plan.Employee, sent *plan.Values) error {
	for _, pair := range [][2]plan.Field{{plan.Username, plan.Email}, {plan.FirstName, plan.LastName}} {
		known, same := false, false
		for _, f := range pair {
			if e.Values[f] != "" && sent[f] != "" {
				known, same = true, same || plan.FoldName(e.Values[f]) == plan.FoldName(sent[f])
			}
		}
		if known && !same {
			return fmt.Errorf("the answer shows employee %d, who has neither the %s nor the %s that was sent", e.ID, pair[0], pair[1])
		}
	}
	return nil
}

// newEmployee is the record that a create made of sent.
func newEmployee(body []byte, sent *plan.Values) (plan.Employee, error) {
	record, err := parseSingle(body)
	if err != nil {
		return plan.Employee{}, err
	}
	e, id, _, err := decodeEmployee(record)
	switch {
	case err != nil:
		return plan.Employee{}, err
	case id == 0:
		return plan.Employee{}, errors.New("the new employee has no id")
	}
	return e, sameNames(&e, sent)
}

// newRole is the id of the role that a create made.
func newRole(body []byte, name string) (plan.RoleID, error) {
	record, err := parseSingle(body)
	if err != nil {
		return 0, err
	}
	role, id, _, err := decodeRole(record)
	switch {
	case err != nil:
		return 0, err
	case id == 0:
		return 0, errors.New("the new role has no id")
	case role.Name != "" && plan.FoldName(role.Name) != plan.FoldName(name):
		return 0, fmt.Errorf("the answer shows role %d, which has another name than was sent", id)
	}
	return role.ID, nil
}

// newGrant is the id of the grant that a create made; with an error, that of a grant of
// the role to another user.
func newGrant(body []byte, employee plan.EmployeeID, role plan.RoleID) (plan.GrantID, error) {
	record, err := parseSingle(body)
	if err != nil {
		return 0, err
	}
	grant, id, _, err := decodeGrant(record)
	switch {
	case err != nil:
		return 0, err
	case id == 0:
		return 0, errors.New("the new grant has no id")
	case grant.Employee != 0 && grant.Employee != employee, grant.Role != 0 && grant.Role != role:
		if grant.Role != role {
			id = 0
		}
		return plan.GrantID(id), fmt.Errorf("the answer shows grant %d of role %d to employee %d, and role %d was granted to employee %d",
			grant.ID, grant.Role, grant.Employee, role, employee)
	}
	return grant.ID, nil
}

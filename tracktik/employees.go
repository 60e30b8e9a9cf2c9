package tracktik

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

// Employees reads everybody, those who are no longer active too, and returns how
// many there are. page is called once a page; its error ends the list and is
// returned as it is. Has says which fields an employee came with: a portal that
// refuses to show user names or languages serves them without.
func (c *Client) Employees(ctx context.Context, page func([]plan.Employee) error) (int, error) {
	return c.listEmployees(ctx, url.Values{}, page)
}

// NewerEmployees reads those whose id is greater than one, page by page, the inactive ones
// too. An Error that is Unfiltered says that this portal cannot be asked for them.
func (c *Client) NewerEmployees(ctx context.Context, than plan.EmployeeID, page func([]plan.Employee) error) error {
	return readNewer(ctx, c, "employees", wholeEmployees(url.Values{}), int64(than), decodeEmployee, page)
}

// FindEmployees returns those whose field equals value without regard to case:
// by plan.Username, plan.Email or plan.CustomID, the inactive ones too. The
// portal's filter is not trusted to be exact: an employee whose answer shows
// another value is left out.
func (c *Client) FindEmployees(ctx context.Context, field plan.Field, value string) ([]plan.Employee, error) {
	switch {
	case field != plan.Username && field != plan.Email && field != plan.CustomID:
		return nil, fmt.Errorf("tracktik: employees cannot be looked up by %s", field)
	case value == "":
		return nil, fmt.Errorf("tracktik: a look-up by %s needs a value", field)
	}
	found, err := c.searchEmployees(ctx, field, value)
	folded := plan.FoldName(value)
	found = slices.DeleteFunc(found, func(e plan.Employee) bool {
		return e.Has.Has(field) && plan.FoldName(e.Values[field]) != folded
	})
	return found, err
}

// searchEmployees lists those whose field may have the value. An e-mail is looked for
// within what the portal keeps, which may have a space around it: `equals` would not find
// it, and somebody would be made twice. A portal that knows no such filter, or takes no
// notice of it, is asked for the very value from then on.
func (c *Client) searchEmployees(ctx context.Context, field plan.Field, value string) (found []plan.Employee, err error) {
	if field == plan.Email && !c.exact.Load() {
		_, err = c.listEmployees(ctx, url.Values{emailWithin: {value}}, collect(&found))
		var e *Error
		if !errors.As(err, &e) || e.status != http.StatusBadRequest {
			within := func(e plan.Employee) bool {
				return strings.Contains(plan.FoldName(e.Values[field]), plan.FoldName(value))
			}
			if len(found) > 0 && !slices.ContainsFunc(found, within) {
				c.exact.Store(true)
			}
			return found, err
		}
		c.exact.Store(true)
	}
	found = nil
	_, err = c.listEmployees(ctx, url.Values{field.String(): {value}}, collect(&found))
	return found, err
}

// emailWithin filters by a part of the e-mail, without regard to case.
const emailWithin = "email:contains"

// listEmployees lists with everything that is compared. A plain list would leave
// out who was terminated, and they would look as if they had never been.
func (c *Client) listEmployees(ctx context.Context, query url.Values, page func([]plan.Employee) error) (int, error) {
	return readList(ctx, c, "employees", wholeEmployees(query), decodeEmployee, page)
}

func wholeEmployees(query url.Values) url.Values {
	query.Set(partInactive, "true")
	query.Set(partInclude, strings.Join(onDemand, ","))
	return query
}

// Employee reads one employee, whatever their status. found is false only on the
// portal's own 404.
func (c *Client) Employee(ctx context.Context, id plan.EmployeeID) (employee plan.Employee, found bool, err error) {
	query := url.Values{partInclude: {strings.Join(onDemand, ",")}}
	err = c.ask("employees", query, func(query url.Values) error {
		found, err = c.getRecord(ctx, query, func(record gjson.Result) (int64, error) {
			e, got, _, err := decodeEmployee(record)
			employee = e
			return got, err
		}, "employees", int64(id))
		return err
	})
	return employee, found, err
}

// getRecord reads one record by its id. An answer about another id is broken.
func (c *Client) getRecord(ctx context.Context, query url.Values, decode func(gjson.Result) (int64, error), path string, id int64) (bool, error) {
	req, err := c.newRequest(ctx, http.MethodGet, query, nil, path, strconv.FormatInt(id, 10))
	if err != nil {
		return false, err
	}
	err = c.do(req, func(body []byte) error {
		record, err := parseSingle(body)
		if err != nil {
			return err
		}
		got, err := decode(record)
		if err == nil && got != id {
			err = fmt.Errorf("asked for record %d, and was given %d", id, got)
		}
		return err
	})
	var e *Error
	if errors.As(err, &e) && e.status == http.StatusNotFound && !e.broken && e.Path == c.pathOf(req.URL) { // not that of the token endpoint
		return false, nil
	}
	return err == nil, err
}

// CreateEmployee makes a new employee with every value that is not empty, in
// region unless that is 0. The answer's record is returned; its id is certain,
// everything else is as far as the portal shows it.
func (c *Client) CreateEmployee(ctx context.Context, v plan.Values, region plan.RegionID) (plan.Employee, error) {
	payload := map[string]any{}
	for f := range plan.NumFields {
		if v[f] != "" && f != plan.Region && !isAddress(f) {
			payload[f.String()] = v[f]
		}
	}
	if address, complete := addressOf(v); complete {
		payload["address"] = address
	}
	if region != 0 {
		payload["region"] = region
	}
	var created plan.Employee
	err := c.write(ctx, http.MethodPost, payload, func(body []byte) (err error) {
		created, err = newEmployee(body, &v)
		return err
	}, "employees")
	return created, err
}

// UpdateEmployee sets what differs and nothing else; an empty new value is
// cleared. full is the whole record as it should be: the portal takes the five
// parts of an address together. A change of the region is left to MoveEmployee.
// Without anything to send there is no call. The answer's record is returned, as far as
// the portal shows one.
func (c *Client) UpdateEmployee(ctx context.Context, id plan.EmployeeID, changes []plan.Change, full plan.Values) (plan.Employee, error) {
	payload := map[string]any{}
	for _, change := range changes {
		switch f := change.Field; {
		case f == plan.Region || f >= plan.NumFields:
		case isAddress(f):
			address, complete := addressOf(full)
			if !complete && address != nil {
				return plan.Employee{}, c.partialAddress(id)
			}
			payload["address"] = nil
			if complete {
				payload["address"] = address
			}
		case change.New == "":
			payload[f.String()] = cleared(f)
		default:
			payload[f.String()] = change.New
		}
	}
	if len(payload) == 0 {
		return plan.Employee{}, nil
	}
	var answer plan.Employee
	err := c.write(ctx, http.MethodPatch, payload, func(body []byte) (err error) {
		answer, err = updatedAs(body, id, &full)
		return err
	}, "employees", employeePath(id))
	return answer, err
}

// partialAddress refuses what the portal would refuse, without a call.
func (c *Client) partialAddress(id plan.EmployeeID) *Error {
	return &Error{Method: http.MethodPatch, Path: "/employees/" + employeePath(id), refused: true, unsent: true,
		Text: "an address needs addressLine1, city, state, postalCode and country together"}
}

// MoveEmployee moves an employee to another region, which is an action of its
// own: a PATCH does not know the region. The answer's record is returned, as far as the
// portal shows one.
func (c *Client) MoveEmployee(ctx context.Context, id plan.EmployeeID, region plan.RegionID) (plan.Employee, error) {
	return c.act(ctx, id, "move-to-region", map[string]any{"region": region})
}

// TerminateEmployee ends an employment: the portal sets the status TERMINATED and
// takes the user name. Whether the person is told is always said, since the
// portal's own default is yes. The answer's record is returned, as far as the portal shows
// one.
func (c *Client) TerminateEmployee(ctx context.Context, id plan.EmployeeID, t plan.Termination) (plan.Employee, error) {
	payload := map[string]any{"date": t.Date, "reason": t.Reason, "sendNotification": t.Notify}
	if t.Comment != "" {
		payload["comment"] = t.Comment
	}
	return c.act(ctx, id, "terminate", payload)
}

// ReactivateEmployee undoes a termination. The portal demands a note. It does not
// bring back the user name.
func (c *Client) ReactivateEmployee(ctx context.Context, id plan.EmployeeID, note string) error {
	_, err := c.act(ctx, id, "reactivate", map[string]any{"note": note})
	return err
}

// act makes an action of its own. An answer without the employee's id, such as the result of
// the action, is no record.
func (c *Client) act(ctx context.Context, id plan.EmployeeID, action string, payload any) (shown plan.Employee, err error) {
	err = c.write(ctx, http.MethodPost, payload, func(body []byte) error {
		e, err := updatedAs(body, id, &plan.Values{})
		if e.ID == id {
			shown = e
		}
		return err
	}, "employees", employeePath(id), "actions", action)
	return shown, err
}

// write makes one changing call.
func (c *Client) write(ctx context.Context, method string, payload any, understand func([]byte) error, path ...string) error {
	req, err := c.newRequest(ctx, method, nil, payload, path...)
	if err != nil {
		return err
	}
	return c.do(req, understand)
}

func employeePath(id plan.EmployeeID) string { return strconv.FormatInt(int64(id), 10) }

func isAddress(f plan.Field) bool { return slices.Contains(plan.AddressFields[:], f) }

// addressOf is the address in v by the names of the wire, nil when it is all
// empty, and whether it has all of its parts.
func addressOf(v plan.Values) (address map[string]string, complete bool) {
	for i, f := range plan.AddressFields {
		if v[f] == "" {
			continue
		}
		if address == nil {
			address = make(map[string]string, len(plan.AddressFields))
		}
		address[addressKeys[i]] = v[f]
	}
	return address, len(address) == len(plan.AddressFields)
}

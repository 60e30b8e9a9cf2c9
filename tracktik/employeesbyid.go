package tracktik

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// idsAtOnce is how many ids one look-up names: more would make an address that servers and
// firewalls refuse.
const idsAtOnce = 200

// errOthers says that the portal has answered a look-up by ids with other people.
var errOthers = errors.New("tracktik: the filter id:in is ignored")

// EmployeesByID returns those of the ids whom the portal shows, the inactive ones too. It
// asks for 200 at once, and one by one where the portal refuses or ignores that filter.
func (c *Client) EmployeesByID(ctx context.Context, ids []plan.EmployeeID) ([]plan.Employee, error) {
	var found []plan.Employee
	for part := range slices.Chunk(ids, idsAtOnce) {
		some, err := c.employeesIn(ctx, part)
		if errors.Is(err, errOthers) || statusOf(err) == http.StatusBadRequest {
			some, err = c.oneByOne(ctx, part)
		}
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

func (c *Client) employeesIn(ctx context.Context, ids []plan.EmployeeID) ([]plan.Employee, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = employeePath(id)
	}
	var found []plan.Employee
	_, err := c.listEmployees(ctx, url.Values{"id:in": {strings.Join(names, ",")}}, func(page []plan.Employee) error {
		for i := range page {
			if !slices.Contains(ids, page[i].ID) {
				return errOthers
			}
		}
		found = append(found, page...)
		return nil
	})
	return found, err
}

func (c *Client) oneByOne(ctx context.Context, ids []plan.EmployeeID) ([]plan.Employee, error) {
	var all []plan.Employee
	for _, id := range ids {
		e, found, err := c.Employee(ctx, id)
		if err != nil {
			return nil, err
		}
		if found {
			all = append(all, e)
		}
	}
	return all, nil
}

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

const (
	// idsAtOnce is how many ids one look-up names: more would make an address that servers
	// and firewalls refuse.
	idsAtOnce = 200
	// fewIDs are looked up one by one where they cannot be named together; more are found in
	// the list of everybody.
	fewIDs = 20
)

// errOthers says that the portal has answered a look-up by ids with other people.
var errOthers = errors.New("tracktik: the filter id:in is ignored")

// EmployeesByID returns those of the ids whom the portal shows, the inactive ones too. It
// asks for 200 at once. Where the portal refuses or ignores that filter it asks for up to 20
// one by one, and for more reads the list of everybody. With an error, these are whom it has
// found so far.
func (c *Client) EmployeesByID(ctx context.Context, ids []plan.EmployeeID) ([]plan.Employee, error) {
	var found []plan.Employee
	for part := range slices.Chunk(ids, idsAtOnce) {
		some, err := c.employeesIn(ctx, part)
		switch unfiltered := errors.Is(err, errOthers) || statusOf(err) == http.StatusBadRequest; {
		case unfiltered && len(ids) <= fewIDs:
			return c.oneByOne(ctx, ids)
		case unfiltered:
			return c.fromList(ctx, ids)
		case err != nil:
			return found, err
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

func (c *Client) fromList(ctx context.Context, ids []plan.EmployeeID) ([]plan.Employee, error) {
	wanted := make(map[plan.EmployeeID]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	var found []plan.Employee
	_, err := c.listEmployees(ctx, url.Values{}, func(page []plan.Employee) error {
		for i := range page {
			if wanted[page[i].ID] {
				found = append(found, page[i])
			}
		}
		return nil
	})
	return found, err
}

func (c *Client) oneByOne(ctx context.Context, ids []plan.EmployeeID) ([]plan.Employee, error) {
	var all []plan.Employee
	for _, id := range ids {
		e, found, err := c.Employee(ctx, id)
		if err != nil {
			return all, err
		}
		if found {
			all = append(all, e)
		}
	}
	return all, nil
}

package tracktik

import (
	"cmp"
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

// UserRoles reads who holds which role. page is called once a page; its error
// ends the list and is returned as it is.
func (c *Client) UserRoles(ctx context.Context, page func([]plan.UserRole) error) error {
	_, err := readList(ctx, c, "user-roles", url.Values{"includeInactive": {"true"}}, decodeGrant, page)
	return err
}

// UserRolesOf reads the roles of one employee.
func (c *Client) UserRolesOf(ctx context.Context, id plan.EmployeeID) ([]plan.UserRole, error) {
	return c.findGrants(ctx, "user.id", grantUser(id), func(g plan.UserRole) bool { return g.Employee == id })
}

// UserRolesWith reads who holds one role.
func (c *Client) UserRolesWith(ctx context.Context, id plan.RoleID) ([]plan.UserRole, error) {
	return c.findGrants(ctx, "role.id", int64(id), func(g plan.UserRole) bool { return g.Role == id })
}

// UserRole reads one grant by its id. found is false only on the portal's own 404. A
// grant that shows no user or no role is one of nobody, or of no role.
func (c *Client) UserRole(ctx context.Context, id plan.GrantID) (grant plan.UserRole, found bool, err error) {
	found, err = c.getRecord(ctx, nil, func(record gjson.Result) (int64, error) {
		g, got, _, err := decodeGrant(record)
		grant = g
		return got, err
	}, "user-roles", int64(id))
	return grant, found, err
}

// How grants are asked for by employee or role.
const (
	grantsByUser     = iota // as the documents have it
	grantsByEmployee        // in /employee-roles, since the portal does not filter /user-roles
	grantsUnfiltered        // not at all: neither is filtered
)

// findGrants lists by a filter. Where the portal does not filter /user-roles, its twin
// /employee-roles is asked, as long as it shows the same records under the same ids. An
// Error that is Unfiltered says that this portal cannot be asked like this.
func (c *Client) findGrants(ctx context.Context, filter string, id int64, fits func(plan.UserRole) bool) ([]plan.UserRole, error) {
	twin := strings.Replace(filter, "user", "employee", 1)
	if c.twin.Load() == grantsByEmployee {
		return c.filteredGrants(ctx, "employee-roles", twin, id, fits)
	}
	found, err := c.filteredGrants(ctx, "user-roles", filter, id, fits)
	var refusal *Error
	if !errors.As(err, &refusal) || !refusal.unfiltered || c.twin.Load() == grantsUnfiltered {
		return found, err
	}
	found, twinErr := c.filteredGrants(ctx, "employee-roles", twin, id, fits)
	same, sameErr := c.sameGrant(ctx, found)
	switch {
	case isPassing(twinErr), isPassing(sameErr):
		return nil, cmp.Or(twinErr, sameErr)
	case twinErr != nil || sameErr != nil || len(found) > 0 && !same:
		c.twin.Store(grantsUnfiltered)
		return nil, err
	case len(found) > 0 && c.twin.Swap(grantsByEmployee) != grantsByEmployee:
		c.manners.mu.Lock()
		defer c.manners.mu.Unlock()
		c.warn("tracktik: grants are read from /employee-roles, since GET /user-roles is not filtered as asked: " + refusal.Text)
	}
	return found, nil
}

// sameGrant reports whether the first of the grants is one of /user-roles as well: only
// what is there under the same id, with the same holder and role, can be taken back.
func (c *Client) sameGrant(ctx context.Context, found []plan.UserRole) (bool, error) {
	if len(found) == 0 {
		return false, nil
	}
	g, there, err := c.UserRole(ctx, found[0].ID)
	return there && g == found[0], err
}

// isPassing reports an error that another try may not meet.
func isPassing(err error) bool {
	var e *Error
	return err != nil && (!errors.As(err, &e) || e.passing() || e.credentials || e.status == http.StatusTooManyRequests)
}

// filteredGrants lists by a filter and does not trust it: what does not fit is left
// out, and an answer in which nothing fits is not an answer to the question.
func (c *Client) filteredGrants(ctx context.Context, resource, filter string, id int64, fits func(plan.UserRole) bool) ([]plan.UserRole, error) {
	query := url.Values{partInactive: {"true"}, filter: {strconv.FormatInt(id, 10)}}
	var all []plan.UserRole
	if _, err := readList(ctx, c, resource, query, decodeGrant, collect(&all)); err != nil {
		var e *Error
		if errors.As(err, &e) && e.status == http.StatusBadRequest {
			own := *e // that of a refused login is shared by all who wait for it
			own.unfiltered = true
			return nil, &own
		}
		return nil, err
	}
	fitting := slices.DeleteFunc(slices.Clone(all), func(g plan.UserRole) bool { return !fits(g) })
	if len(all) > 0 && len(fitting) == 0 {
		return nil, &Error{Method: http.MethodGet, Path: "/" + resource, broken: true, unfiltered: true,
			Text: fmt.Sprintf("asked for %s %d, and was given %d role assignments of others", filter, id, len(all))}
	}
	return fitting, nil
}

// Grant gives a role to an employee and returns the id of the grant, which a
// revoke needs. With an error, an id that is not 0 is that of an answer which shows
// another user: a portal that numbers users otherwise than employees, or a mix-up.
func (c *Client) Grant(ctx context.Context, employee plan.EmployeeID, role plan.RoleID) (plan.GrantID, error) {
	payload := map[string]any{"user": grantUser(employee), "role": role}
	var id plan.GrantID
	err := c.write(ctx, http.MethodPost, payload, func(body []byte) (err error) {
		id, err = newGrant(body, employee, role)
		return err
	}, "user-roles")
	return id, err
}

// Revoke takes a grant away. A grant that is gone already is an Error with the
// status 404.
func (c *Client) Revoke(ctx context.Context, id plan.GrantID) error {
	return c.write(ctx, http.MethodDelete, nil, acknowledgedAs("user-roles", int64(id)), "user-roles", strconv.FormatInt(int64(id), 10))
}

// decodeGrant reads one record. A grant of nobody, or of no role, which a portal
// may keep of deleted users, is left out.
func decodeGrant(record gjson.Result) (plan.UserRole, int64, bool, error) {
	var id, user, employee, role ref // employee: in /employee-roles
	if err := readRecord(record, place{"id", &id}, place{"user", &user}, place{"employee", &employee},
		place{"role", &role}); err != nil {
		return plan.UserRole{}, 0, false, err
	}
	grant := plan.UserRole{ID: plan.GrantID(id), Employee: cmp.Or(grantHolder(int64(user)), plan.EmployeeID(employee)), Role: plan.RoleID(role)}
	return grant, int64(id), grant.Employee != 0 && grant.Role != 0, nil
}

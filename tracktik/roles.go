package tracktik

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

// Roles reads every role of the portal.
func (c *Client) Roles(ctx context.Context) ([]plan.Role, error) {
	var roles []plan.Role
	_, err := readList(ctx, c, "roles", url.Values{"includeInactive": {"true"}}, decodeRole, collect(&roles))
	return roles, err
}

// Role reads one role. found is false on the portal's own 404, and for a role
// that says it was terminated.
func (c *Client) Role(ctx context.Context, id plan.RoleID) (role plan.Role, found bool, err error) {
	keep := false
	found, err = c.getRecord(ctx, nil, func(record gjson.Result) (int64, error) {
		r, got, kept, err := decodeRole(record)
		role, keep = r, kept
		return got, err
	}, "roles", int64(id))
	return role, found && keep, err
}

// CreateRole makes a role for the staff portal, known in all regions. It has no
// permissions until an administrator gives it some.
func (c *Client) CreateRole(ctx context.Context, name, description string) (plan.Role, error) {
	payload := map[string]any{"name": name, "description": description, "portal": "STAFF",
		"order": newRoleOrder, "isGlobal": true}
	role := plan.Role{Name: name, Description: description, Portal: "STAFF"}
	err := c.write(ctx, http.MethodPost, payload, func(body []byte) (err error) {
		role.ID, err = newRole(body, name)
		return err
	}, "roles")
	return role, err
}

// RenameRole gives a role another name.
func (c *Client) RenameRole(ctx context.Context, id plan.RoleID, name string) error {
	return c.write(ctx, http.MethodPatch, map[string]any{"name": name}, acknowledgedAs("roles", int64(id)),
		"roles", strconv.FormatInt(int64(id), 10))
}

func decodeRole(record gjson.Result) (plan.Role, int64, bool, error) {
	var id ref
	var name, description, portal, status text
	if err := readRecord(record, place{"id", &id}, place{"name", &name}, place{"description", &description},
		place{"portal", &portal}, place{"status", &status}); err != nil {
		return plan.Role{}, 0, false, err
	}
	role := plan.Role{ID: plan.RoleID(id), Name: name.value, Description: description.value, Portal: portal.value}
	return role, int64(id), !roleGone(status.value), nil
}

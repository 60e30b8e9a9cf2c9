package tracktik

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

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
	found, err = c.getRecord(ctx, nil, func(record json.RawMessage) (int64, error) {
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

func decodeRole(data json.RawMessage) (plan.Role, int64, bool, error) {
	var r struct {
		ID          ref  `json:"id"`
		Name        text `json:"name"`
		Description text `json:"description"`
		Portal      text `json:"portal"`
		Status      text `json:"status"`
	}
	if err := unmarshalRecord(data, &r); err != nil {
		return plan.Role{}, 0, false, err
	}
	role := plan.Role{ID: plan.RoleID(r.ID), Name: r.Name.value, Description: r.Description.value, Portal: r.Portal.value}
	return role, int64(r.ID), !roleGone(r.Status.value), nil
}

// unmarshalRecord reads a record, which is a JSON object.
func unmarshalRecord(data json.RawMessage, record any) error {
	if len(data) == 0 || data[0] != '{' {
		return fmt.Errorf("%s is no record", shorten(string(data), 40))
	}
	return json.Unmarshal(data, record)
}

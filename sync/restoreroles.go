package sync

import (
	"context"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// readHeld reads which of their former roles people hold still: by person, or all in one
// listing. A grant of ours that the answer lacks is read by its id.
func (r *backReader) readHeld(ctx context.Context) error {
	var ids []plan.EmployeeID
	for _, c := range r.back {
		if r.mayHold(c) {
			ids = append(ids, c.id())
		}
	}
	doubt, err := r.Grants.AskMany(ctx, ids, read.ManyNew)
	if err != nil {
		return err
	}
	var missing []plan.Grant
	for _, c := range r.back {
		if !r.mayHold(c) {
			continue
		}
		if c.held, c.doubt, err = r.Grants.Of(ctx, c.id()); err != nil {
			return err
		}
		if doubt != "" {
			c.doubt = doubt
		}
		lacks, err := r.heldByID(ctx, c)
		if err != nil {
			return err
		}
		missing = append(missing, lacks...)
	}
	return r.GrantReader.ConfirmGrants(ctx, missing, true)
}

// mayHold reports a person whose employee may hold former roles: a new one holds none.
func (r *backReader) mayHold(c *comeback) bool {
	return c.employee != nil && len(c.former.Roles) > 0 && !(c.link == nil && r.of.New)
}

// heldByID returns the former roles that the answer about a person lacks, or, where that
// tells nothing, adds to what they hold those that are there by their ids.
func (r *backReader) heldByID(ctx context.Context, c *comeback) (missing []plan.Grant, err error) {
	for _, g := range c.former.Roles {
		g.Employee = c.id()
		switch {
		case slices.ContainsFunc(c.held, func(u plan.UserRole) bool { return u.Role == g.Role }):
			continue
		case c.doubt == "":
			missing = append(missing, g)
			continue
		case c.id() != c.former.Link.Employee: // an earlier restore made a new one
			continue
		}
		there, err := r.GrantReader.ReadGrant(ctx, g)
		if err != nil {
			return nil, err
		}
		if there {
			c.held = append(c.held, plan.UserRole{ID: g.ID, Employee: g.Employee, Role: g.Role})
		}
	}
	return missing, nil
}

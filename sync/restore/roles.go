package restore

import (
	"context"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// readHeld reads which of their former roles people hold still: by person, or all in one
// listing. A grant of ours that the answer lacks is read by its id.
func (r *Restoring) readHeld(ctx context.Context) error {
	var ids []plan.EmployeeID
	for _, c := range r.Back {
		if r.mayHold(c) {
			ids = append(ids, c.ID())
		}
	}
	doubt, err := r.Grants.AskMany(ctx, ids, read.ManyNew)
	if err != nil {
		return err
	}
	var missing []plan.Grant
	for _, c := range r.Back {
		if !r.mayHold(c) {
			continue
		}
		if c.Held, c.Doubt, err = r.Grants.Of(ctx, c.ID()); err != nil {
			return err
		}
		if doubt != "" {
			c.Doubt = doubt
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
func (r *Restoring) mayHold(c *Back) bool {
	return c.Employee != nil && len(c.Former.Roles) > 0 && !(c.Link == nil && r.Of.New)
}

// heldByID returns the former roles that the answer about a person lacks, or, where that
// tells nothing, adds to what they hold those that are there by their ids.
func (r *Restoring) heldByID(ctx context.Context, c *Back) (missing []plan.Grant, err error) {
	for _, g := range c.Former.Roles {
		g.Employee = c.ID()
		switch {
		case slices.ContainsFunc(c.Held, func(u plan.UserRole) bool { return u.Role == g.Role }):
			continue
		case c.Doubt == "":
			missing = append(missing, g)
			continue
		case c.ID() != c.Former.Link.Employee: // an earlier restore made a new one
			continue
		}
		there, err := r.GrantReader.ReadGrant(ctx, g)
		if err != nil {
			return nil, err
		}
		if there {
			c.Held = append(c.Held, plan.UserRole{ID: g.ID, Employee: g.Employee, Role: g.Role})
		}
	}
	return missing, nil
}

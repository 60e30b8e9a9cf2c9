package sync

import (
	"context"
	"maps"
	"slices"

	"tracktik-sync/sync/plan"
)

// A standing is what is known about an employee who may be an administrator.
type standing struct {
	admin bool   // holds a protected role
	doubt string // why it cannot be told that they do not; empty: it can
}

// A portalReader reads the portal's roles, and finds out who must not be touched: holders of
// protected roles, and the employee whose credentials are used.
type portalReader struct {
	base
}

// findAdmins marks matches who hold a protected role: by their own grants when they
// are few, else by the holders of each such role.
func (r *portalReader) findAdmins(ctx context.Context, fresh []*subject) error {
	candidates, err := r.candidates(ctx, fresh)
	if err != nil || len(candidates) == 0 {
		return err
	}
	protected := r.protectedRoles()
	if len(candidates) <= len(protected) {
		err = r.adminsByPerson(ctx, candidates, protected)
	} else {
		err = r.adminsByRole(ctx, candidates, protected)
	}
	if err == nil && !(r.grants.ByPerson() && r.grants.ByRole()) { // the portal cannot be asked like this
		return r.findAdminsInList(ctx, fresh)
	}
	markAdmins(fresh, candidates)
	return err
}

// findAdminsInList is findAdmins by the whole list of grants, for those of whom the portal
// could not be asked.
func (r *portalReader) findAdminsInList(ctx context.Context, fresh []*subject) error {
	candidates, err := r.candidates(ctx, fresh)
	if err != nil {
		return err
	}
	if _, err := r.grants.List(ctx, slices.Collect(maps.Keys(candidates))); err != nil {
		return err
	}
	err = r.adminsByPerson(ctx, candidates, r.protectedRoles())
	markAdmins(fresh, candidates)
	return err
}

// candidates are the active employees of nobody among the matches; the portal's roles are
// read for them.
func (r *portalReader) candidates(ctx context.Context, fresh []*subject) (map[plan.EmployeeID]standing, error) {
	candidates := map[plan.EmployeeID]standing{}
	for _, s := range fresh {
		for _, m := range s.matches {
			if m.Owner == "" && m.Employee.Active() {
				candidates[m.Employee.ID] = standing{}
			}
		}
	}
	if len(candidates) == 0 {
		return nil, nil
	}
	return candidates, r.readPortalRoles(ctx)
}

func (r *portalReader) protectedRoles() map[plan.RoleID]bool {
	protected := map[plan.RoleID]bool{}
	for _, role := range r.portal.Roles {
		if plan.ProtectedRole(role, &r.pol) {
			protected[role.ID] = true
		}
	}
	return protected
}

func markAdmins(fresh []*subject, candidates map[plan.EmployeeID]standing) {
	for _, s := range fresh {
		for i := range s.matches {
			known := candidates[s.matches[i].Employee.ID]
			s.matches[i].Admin, s.matches[i].Doubt = known.admin, known.doubt
		}
	}
}

func (r *portalReader) adminsByPerson(ctx context.Context, candidates map[plan.EmployeeID]standing, protected map[plan.RoleID]bool) error {
	ids := slices.Sorted(maps.Keys(candidates))
	if err := r.grants.Ask(ctx, ids); err != nil {
		return err
	}
	for _, id := range ids {
		held, doubt, err := r.grants.Of(ctx, id)
		if err != nil {
			return err
		}
		candidates[id] = standing{slices.ContainsFunc(held, func(u plan.UserRole) bool { return protected[u.Role] }), doubt}
	}
	return nil
}

func (r *portalReader) adminsByRole(ctx context.Context, candidates map[plan.EmployeeID]standing, protected map[plan.RoleID]bool) error {
	roles := slices.Sorted(maps.Keys(protected))
	doubt, err := r.grants.AskHolders(ctx, roles)
	if err != nil {
		return err
	}
	for id := range candidates {
		holds := func(u plan.UserRole) bool { return u.Employee == id }
		admin := slices.ContainsFunc(roles, func(role plan.RoleID) bool { return slices.ContainsFunc(r.grants.With(role), holds) })
		candidates[id] = standing{admin, doubt}
	}
	return nil
}

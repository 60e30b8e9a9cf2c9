package decide

import (
	"maps"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A GroupDecider decides which role each pushed group has.
type GroupDecider struct {
	read.Base
	*Decided
}

// DecideGroups asks package plan which role each pushed group has. Open are the groups whose
// role may or may not have been made.
func (r *GroupDecider) DecideGroups(views []plan.GroupView, open map[plan.GroupID]plan.Held) {
	p := &r.Roles
	p.Refs, p.Names = map[RoleOf]*plan.RoleRef{}, map[plan.RoleID]string{}
	r.recall(views)
	p.OfGroups = plan.DecideGroups(views, r.Portal, r.Binding, &r.Pol)
	for _, id := range slices.Sorted(maps.Keys(open)) {
		p.OfGroups.Held = append(p.OfGroups.Held, open[id])
	}
	p.Unsettled = map[plan.GroupID]bool{}
	for i := range p.OfGroups.Held {
		h := &p.OfGroups.Held[i]
		if r.Scope.Some() && h.Kind == plan.CreateRole && h.Code() == plan.HeldRoleExists ||
			h.Kind == plan.LinkRole && h.Code() == plan.HeldUnreadable {
			p.Unsettled[h.Role.Group] = true
		}
	}
	for i := range r.Portal.Roles {
		p.Names[r.Portal.Roles[i].ID] = r.Portal.Roles[i].Name
	}
	for _, g := range r.Pushed {
		g.Role = p.OfGroups.Roles[g.Group.ID]
		if g.Role == nil {
			continue
		}
		g.Anew = g.Link == nil || g.Link.Role == 0 || g.Link.Role != g.Role.ID
		if g.Role.ID != 0 {
			p.Refs[RoleOf{g.Role.ID, g.Group.ID}], p.Names[g.Role.ID] = g.Role, g.Role.Name
		}
	}
	if slices.ContainsFunc(p.OfGroups.Actions, func(a plan.Action) bool { return a.Kind == plan.CreateRole }) {
		r.Warn(plan.Warning{Code: warnNewRole, Field: plan.RoleNameField,
			Message: "a new role carries no permissions before an administrator gives it some in TrackTik (Settings, Roles)"})
	}
}

// recall adds to the groups which problems their roles had before, unless an administrator wants
// what was refused tried at once.
func (r *GroupDecider) recall(views []plan.GroupView) {
	if len(r.Scope.Retry) > 0 {
		return
	}
	for i := range views {
		v := &views[i]
		v.AsOf = r.AsOf
		for _, t := range r.Troubles[""] {
			if t.Group == v.Group.ID {
				v.Refused = append(v.Refused, t)
			}
		}
	}
}

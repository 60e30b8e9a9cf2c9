package sync

import (
	"context"
	"errors"
	"maps"
	"slices"

	"tracktik-sync/sync/plan"
)

// A groupDecider decides which role each pushed group has.
type groupDecider struct {
	base
	*decided
	portalReader *portalReader
	groupReader  *groupReader
}

// decideGroups asks package plan which role each pushed group has.
func (r *groupDecider) decideGroups(ctx context.Context) error {
	open, err := r.openRoles()
	if err != nil {
		return err
	}
	views, err := r.groupViews(ctx, open)
	if err != nil {
		return err
	}
	mapped := slices.ContainsFunc(views, func(v plan.GroupView) bool { return !v.Aside && v.Mapped != "" })
	if plan.NeedsPortalRoles(views, &r.pol) || mapped && r.meta.Config != r.Reading {
		if err := r.portalReader.readPortalRoles(ctx); err != nil {
			return err
		}
	}
	p := &r.roles
	p.refs, p.names = map[roleOf]*plan.RoleRef{}, map[plan.RoleID]string{}
	p.groups = plan.DecideGroups(views, r.portal, r.Binding, &r.pol)
	for _, id := range slices.Sorted(maps.Keys(open)) {
		p.groups.Held = append(p.groups.Held, open[id])
	}
	for i := range r.portal.Roles {
		p.names[r.portal.Roles[i].ID] = r.portal.Roles[i].Name
	}
	for _, g := range r.groups {
		g.role = p.groups.Roles[g.group.ID]
		if g.role == nil {
			continue
		}
		g.anew = g.link == nil || g.link.Role == 0 || g.link.Role != g.role.ID
		if g.role.ID != 0 {
			p.refs[roleOf{g.role.ID, g.group.ID}], p.names[g.role.ID] = g.role, g.role.Name
		}
	}
	if slices.ContainsFunc(p.groups.Actions, func(a plan.Action) bool { return a.Kind == plan.CreateRole }) {
		r.warn(plan.Warning{Code: warnNewRole, Field: plan.RoleNameField, Message: "a new role carries no permissions before an administrator gives it some in TrackTik (Settings, Roles)"})
	}
	return nil
}

// groupViews are the groups that the run is about and, aside, all others that have a
// role, are to get one, or are given one by the configuration: which role a group has
// does not depend on what was read in this run.
func (r *groupDecider) groupViews(ctx context.Context, open map[plan.GroupID]plan.Held) ([]plan.GroupView, error) {
	links, err := r.Snapshot.Groups()
	if err != nil {
		return nil, err
	}
	stored, keys := storedGroups(links), plan.NewRoleKeys(r.Groups.Roles)
	known, used := map[plan.GroupID]bool{}, map[string]bool{}
	views := make([]plan.GroupView, 0, len(links)+len(r.groups))
	add := func(g plan.Group, l *plan.GroupLink, aside bool) {
		if known[g.ID] {
			return
		}
		known[g.ID] = true
		v := plan.GroupView{Group: g, Link: l, Aside: aside}
		found := keys.Find(g, l)
		for _, key := range found {
			used[key.Key] = true
		}
		if len(found) > 0 {
			v.Mapped = found[0].Role
		}
		if len(found) > 1 {
			v.Globs = found
		}
		views = append(views, v)
	}
	about := func() {
		for _, g := range r.groups {
			_, waits := open[g.group.ID]
			unsure := g.failed && (g.link == nil || g.link.Role == 0) // what is not certain to be there gets no role
			add(g.group, g.link, waits || g.former || unsure)
		}
	}
	about()
	if r.some() && plan.NeedsPortalRoles(views, &r.pol) {
		others, err := r.otherGroups(ctx, links)
		if err != nil {
			return nil, err
		}
		views, known = views[:0], map[plan.GroupID]bool{}
		about()
		for _, id := range slices.Sorted(maps.Keys(others)) {
			add(others[id], stored[id], true)
		}
	}
	for i := range links { // no longer pushed, or nobody of this run is in them: the role is theirs
		add(plan.Group{ID: links[i].Group}, &links[i], true)
	}
	for id, h := range open {
		add(plan.Group{ID: id, Name: h.Role.Name}, nil, true)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Groups.Roles)) { // a group that was not read, or is not there
		if !used[key] {
			add(plan.Group{ID: plan.GroupID(key)}, nil, true)
		}
	}
	return views, nil
}

// otherGroups reads, for a run of single people, all groups that are pushed: one that has
// no role yet, or another name than its role, shows only beside the others which it gets.
// What no whole run would push is no longer among the groups of the run.
func (r *groupDecider) otherGroups(ctx context.Context, links []plan.GroupLink) (map[plan.GroupID]plan.Group, error) {
	found, _, err := r.groupReader.findGroups(ctx, links)
	if errors.Is(err, errAsked) {
		r.unlisted = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.groups = slices.DeleteFunc(r.groups, func(g *pushed) bool {
		_, pushed := found[g.group.ID]
		if pushed || g.link != nil && g.link.Role != 0 {
			return false
		}
		delete(r.byGroup, g.group.ID)
		return true
	})
	return found, nil
}

// openRoles are the groups whose role may or may not have been made: they have none
// before that is known.
func (r *groupDecider) openRoles() (map[plan.GroupID]plan.Held, error) {
	pending, err := r.Snapshot.Pending()
	open := map[plan.GroupID]plan.Held{}
	for i := range pending {
		if a := pending[i].Action; a.Kind == plan.CreateRole && a.Role != nil {
			open[a.Role.Group] = plan.Held{Action: a, Why: plan.HeldPending + ": a create_role of run " + pending[i].Run +
				" may or may not have happened; it is looked up again in the next run"}
		}
	}
	return open, err
}

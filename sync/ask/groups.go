package ask

import (
	"context"
	"errors"
	"maps"
	"slices"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A groupAsker finds what has to be known of groups before they get their roles.
type groupAsker struct {
	read.Base
	portalReader *read.PortalReader
	groupReader  *read.GroupReader
	groupDecider *decide.GroupDecider
}

// decideGroups gives each pushed group its role.
func (r *groupAsker) decideGroups(ctx context.Context) error {
	open, err := r.openRoles()
	if err != nil {
		return err
	}
	views, err := r.groupViews(ctx, open)
	if err != nil {
		return err
	}
	mapped := slices.ContainsFunc(views, func(v plan.GroupView) bool { return !v.Aside && v.Mapped != "" })
	if plan.NeedsPortalRoles(views, &r.Pol) || mapped && r.Meta.ReadFingerprint != r.ReadFingerprint {
		if err := r.portalReader.TryPortalRoles(ctx); err != nil {
			return err
		}
	}
	r.groupDecider.DecideGroups(views, open)
	return nil
}

// groupViews are the groups that the run is about and, aside, all others that have a
// role, are to get one, or are given one by the configuration: which role a group has
// does not depend on what was read in this run.
func (r *groupAsker) groupViews(ctx context.Context, open map[plan.GroupID]plan.Held) ([]plan.GroupView, error) {
	links, err := r.Snapshot.Groups()
	if err != nil {
		return nil, err
	}
	stored, keys := read.StoredGroups(links), plan.NewRoleKeys(r.Groups.Roles)
	known, used := map[plan.GroupID]bool{}, map[string]bool{}
	views := make([]plan.GroupView, 0, len(links)+len(r.Pushed))
	add := func(g plan.Group, l *plan.GroupLink, aside, unread bool) {
		if known[g.ID] {
			return
		}
		known[g.ID] = true
		v := plan.GroupView{Group: g, Link: l, Aside: aside, Unread: unread}
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
		for _, g := range r.Pushed {
			_, waits := open[g.Group.ID]
			unsure := g.Failed && (g.Link == nil || g.Link.Role == 0) // what is not certain to be there gets no role
			add(g.Group, g.Link, waits || g.Former || unsure, g.Failed)
		}
	}
	about()
	if r.Scope.Some() && plan.NeedsPortalRoles(views, &r.Pol) {
		others, err := r.otherGroups(ctx, links)
		if err != nil {
			return nil, err
		}
		views, known = views[:0], map[plan.GroupID]bool{}
		about()
		for _, id := range slices.Sorted(maps.Keys(others)) {
			add(others[id], stored[id], true, false)
		}
	}
	for i := range links { // no longer pushed, or nobody of this run is in them: the role is theirs
		add(plan.Group{ID: links[i].Group}, &links[i], true, false)
	}
	for id, h := range open {
		add(plan.Group{ID: id, Name: h.Role.Name}, nil, true, false)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Groups.Roles)) { // a group that was not read, or is not there
		if !used[key] {
			add(plan.Group{ID: plan.GroupID(key)}, nil, true, false)
		}
	}
	return views, nil
}

// otherGroups reads, for a run of single people, all groups that are pushed: one that has
// no role yet, or another name than its role, shows only beside the others which it gets.
// What no whole run would push is no longer among the groups of the run.
func (r *groupAsker) otherGroups(ctx context.Context, links []plan.GroupLink) (map[plan.GroupID]plan.Group, error) {
	found, _, err := r.groupReader.FindGroups(ctx, links)
	if errors.Is(err, read.ErrNotAsked) {
		r.Unlisted = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.Pushed = slices.DeleteFunc(r.Pushed, func(g *read.Pushed) bool {
		_, pushed := found[g.Group.ID]
		if pushed || g.Link != nil && g.Link.Role != 0 {
			return false
		}
		delete(r.ByGroup, g.Group.ID)
		return true
	})
	return found, nil
}

// openRoles are the groups whose role may or may not have been made: they have none
// before that is known.
func (r *groupAsker) openRoles() (map[plan.GroupID]plan.Held, error) {
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

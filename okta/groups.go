package okta

import (
	"context"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

// App reads the app. That it does not exist is an error here.
func (s *Source) App(ctx context.Context) (plan.App, error) {
	c := &call{route: routeApp, shape: '{', patient: true}
	if err := s.do(ctx, c, s.appPath(""), nil); err != nil {
		return plan.App{}, err
	}
	read := gjson.GetMany(c.body, "id", "label", "status", "features")
	app := plan.App{ID: text(read[0]), Label: text(read[1]), Status: text(read[2])}
	if app.ID != s.app {
		return plan.App{}, broken(routeApp.name, c.request, "asked about app %s, it answers about another one", s.app)
	}
	for _, feature := range read[3].Array() {
		app.Features = append(app.Features, text(feature))
	}
	return app, nil
}

// Apps lists every app of the org that is visible to us, active or not, 200 a page. Any
// app will do for the Source.
func (s *Source) Apps(ctx context.Context) ([]plan.App, error) {
	var all []plan.App
	err := s.list(ctx, listing{route: routeApps, path: "/api/v1/apps", limit: 200, least: 1}, func(p page) error {
		for _, e := range p.elements {
			read := gjson.GetMany(e.raw, "label", "status")
			all = append(all, plan.App{ID: e.id, Label: text(read[0]), Status: text(read[1])})
		}
		return nil
	})
	return all, err
}

// Groups lists every group of the org that is visible to us, 200 a page.
func (s *Source) Groups(ctx context.Context, each func([]plan.Group) error) error {
	return s.groups(ctx, routeGroups, "/api/v1/groups", each)
}

// GroupsOf lists the groups of one user. The error is a *NotFound when Okta says
// that there is no such user.
func (s *Source) GroupsOf(ctx context.Context, id plan.PersonID) ([]plan.Group, error) {
	user, err := segment(routeUserGroups, "user", string(id))
	if err != nil {
		return nil, err
	}
	var all []plan.Group
	err = s.groups(ctx, routeUserGroups, "/api/v1/users/"+user+"/groups", func(groups []plan.Group) error {
		all = append(all, groups...)
		return nil
	})
	answer := err
	if gone, err := evidence(routeUserGroups, err, string(id)); err != nil {
		return nil, err
	} else if gone {
		return nil, notFoundOf(answer)
	}
	return all, nil
}

func (s *Source) groups(ctx context.Context, r route, path string, each func([]plan.Group) error) error {
	l := listing{route: r, path: path, limit: 200, least: 1}
	return s.list(ctx, l, func(p page) error {
		groups := make([]plan.Group, len(p.elements))
		for i, e := range p.elements {
			var err error
			if groups[i], err = decodeGroup(r, p.request, e.raw); err != nil {
				return err
			}
		}
		return each(groups)
	})
}

// Group reads one group. found is false when Okta says that there is none.
func (s *Source) Group(ctx context.Context, id plan.GroupID) (g plan.Group, found bool, err error) {
	group, err := segment(routeGroup, "group", string(id))
	if err != nil {
		return plan.Group{}, false, err
	}
	c, found, err := s.object(ctx, routeGroup, "/api/v1/groups/"+group, nil, string(id))
	if err != nil || !found {
		return plan.Group{}, false, err
	}
	g, err = decodeGroup(routeGroup, c.request, c.body)
	if err == nil && g.ID != id {
		err = broken(routeGroup.name, c.request, "asked about group %s, it answers about another one", id)
	}
	return g, err == nil, err
}

// decodeGroup reads a group. Every group in Okta has an id and a name.
func decodeGroup(r route, request, raw string) (plan.Group, error) {
	read := gjson.GetMany(raw, "id", "profile.name", "type", "lastMembershipUpdated")
	if read[0].Type != gjson.String || read[0].Str == "" {
		return plan.Group{}, broken(r.name, request, "a group without an id")
	}
	if read[1].Type != gjson.String || read[1].Str == "" {
		return plan.Group{}, broken(r.name, request, "group %s comes without a name", printable(read[0].Str, 50))
	}
	return plan.Group{ID: plan.GroupID(text(read[0])), Name: text(read[1]), Type: text(read[2]), Changed: text(read[3])}, nil
}

// AssignedGroups lists the groups assigned to the app, 200 a page. A group that
// comes without its name is read by itself.
func (s *Source) AssignedGroups(ctx context.Context, each func([]plan.Group) error) error {
	l := listing{route: routeAppGroups, path: s.appPath("/groups"), query: url.Values{"expand": {"group"}}, limit: 200, least: 20}
	return s.list(ctx, l, func(p page) error {
		groups := make([]plan.Group, len(p.elements))
		for i, e := range p.elements {
			var err error
			if groups[i], err = s.assignedGroup(ctx, p.request, e); err != nil {
				return err
			}
		}
		return each(groups)
	})
}

func (s *Source) assignedGroup(ctx context.Context, request string, e element) (plan.Group, error) {
	embedded := gjson.Get(e.raw, "_embedded.group")
	if embedded.IsObject() {
		g, err := decodeGroup(routeAppGroups, request, embedded.Raw)
		if err == nil && string(g.ID) != e.id {
			err = broken(routeAppGroups.name, request, "the assignment of group %s comes with another group", printable(e.id, 50))
		}
		return g, err
	}
	g, found, err := s.Group(ctx, plan.GroupID(strings.Clone(e.id)))
	if err == nil && !found {
		err = broken(routeAppGroups.name, request, "group %s is assigned to the app, but cannot be found", printable(e.id, 50))
	}
	return g, err
}

// GroupAssigned reports whether the app is assigned to the group; false only when
// Okta says so.
func (s *Source) GroupAssigned(ctx context.Context, id plan.GroupID) (bool, error) {
	group, err := segment(routeAppGroup, "group", string(id))
	if err != nil {
		return false, err
	}
	return s.exists(ctx, routeAppGroup, s.appPath("/groups/"+group), string(id))
}

// exists reports whether there is an object of that id.
func (s *Source) exists(ctx context.Context, r route, path, id string) (bool, error) {
	c, found, err := s.object(ctx, r, path, nil, id)
	if err == nil && found && gjson.Get(c.body, "id").String() != id {
		return false, broken(r.name, c.request, "asked about %s, it answers about another one", id)
	}
	return found, err
}

// Members lists the ids of a group's members, 1,000 a page, DEPROVISIONED users
// included. A group that is not there is an error.
func (s *Source) Members(ctx context.Context, id plan.GroupID, each func([]plan.PersonID) error) error {
	group, err := segment(routeMembers, "group", string(id))
	if err != nil {
		return err
	}
	l := listing{route: routeMembers, path: "/api/v1/groups/" + group + "/users", limit: 1000, least: 1}
	return s.list(ctx, l, func(p page) error {
		ids := make([]plan.PersonID, len(p.elements))
		for i, e := range p.elements {
			ids[i] = plan.PersonID(strings.Clone(e.id)) // not the whole page with it
		}
		return each(ids)
	})
}

// PushMappings lists the app's Push Groups, whatever their status.
func (s *Source) PushMappings(ctx context.Context) ([]plan.PushMapping, error) {
	l := listing{route: routeMappings, path: s.appPath("/group-push/mappings"), limit: 1000, least: 1}
	var all []plan.PushMapping
	err := s.list(ctx, l, func(p page) error {
		for _, e := range p.elements {
			read := gjson.GetMany(e.raw, "sourceGroupId", "status")
			if read[0].Type != gjson.String || read[0].Str == "" {
				return broken(routeMappings.name, p.request, "push mapping %s comes without its source group", printable(e.id, 50))
			}
			all = append(all, plan.PushMapping{ID: strings.Clone(e.id), Group: plan.GroupID(text(read[0])), Status: text(read[1])})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Mapping reports whether a push mapping exists; false only when Okta says that it
// does not.
func (s *Source) Mapping(ctx context.Context, id string) (found bool, err error) {
	mapping, err := segment(routeMapping, "push mapping", id)
	if err != nil {
		return false, err
	}
	return s.exists(ctx, routeMapping, s.appPath("/group-push/mappings/"+mapping), id)
}

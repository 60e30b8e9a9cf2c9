package oktatest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An App is one to be added.
type App struct {
	ID         string   // 0oa…; "": the next one
	Name       string   // of the catalogue's entry; "": "tracktik"
	Label      string   // "": "TrackTik"
	Status     string   // ACTIVE or INACTIVE; "": ACTIVE
	SignOnMode string   // "": SAML_2_0
	Features   []string // what Okta itself provisions, such as PUSH_NEW_USERS
}

type app struct {
	id, name, label, status, signOnMode, created, lastUpdated string

	features   []string
	attributes []attribute // of the app user's profile
	users      ordered[*assignment]
	groups     ordered[*grant]
	mappings   ordered[*mapping]
}

// A grant is the assignment of a group to an app.
type grant struct {
	app         *app
	group       *group
	priority    int
	profile     map[string]any
	lastUpdated string
	revoked     bool
}

func (g *grant) key() string { return g.group.id }

// AddApp makes an app and returns its id.
func (s *Server) AddApp(wanted App) string {
	s.lock()
	defer s.mu.Unlock()
	now := s.stamp()
	a := &app{id: wanted.ID, name: cmp.Or(wanted.Name, "tracktik"), label: cmp.Or(wanted.Label, "TrackTik"),
		status: cmp.Or(wanted.Status, StatusActive), signOnMode: cmp.Or(wanted.SignOnMode, "SAML_2_0"),
		features: slices.Clone(wanted.Features), created: now, lastUpdated: now}
	if a.id == "" {
		a.id = s.newID("0oa")
	}
	if s.apps[a.id] != nil {
		panic(fmt.Sprintf("oktatest: the app %q is there already", a.id))
	}
	a.users.live = func(as *assignment) bool { return !as.removed }
	a.groups.live = func(g *grant) bool { return !g.revoked }
	a.mappings.live = func(m *mapping) bool { return !m.removed }
	s.apps[a.id] = a
	s.logApp("create", "Create application", a)
	return a.id
}

// SetAppStatus activates or deactivates an app (ACTIVE, INACTIVE). Its assignments
// stay.
func (s *Server) SetAppStatus(id, status string) {
	s.lock()
	defer s.mu.Unlock()
	a := s.mustApp(id)
	a.status, a.lastUpdated = status, s.stamp()
	if status == StatusActive {
		s.logApp("activate", "Activate application", a)
	} else {
		s.logApp("deactivate", "Deactivate application", a)
	}
}

// SetAppFeatures says what Okta itself provisions to the app, from now on.
func (s *Server) SetAppFeatures(id string, features ...string) {
	s.lock()
	defer s.mu.Unlock()
	a := s.mustApp(id)
	a.features, a.lastUpdated = slices.Clone(features), s.stamp()
	s.logApp("update", "Update application", a)
}

// A GroupAssignment is how a group is assigned to an app.
type GroupAssignment struct {
	Priority int            // 0: behind the groups that are there
	Profile  map[string]any // the app profile that members get
}

// AssignGroup assigns a group to an app: its members, those who are deactivated
// excepted, become app users of scope GROUP. For a group that is assigned already it
// sets priority and profile, and gives the app back to members who were deactivated
// and activated again.
func (s *Server) AssignGroup(appID, groupID string, wanted GroupAssignment) {
	s.lock()
	defer s.mu.Unlock()
	a, g := s.mustApp(appID), s.mustGroup(groupID)
	granted, kind, what := a.grantOf(g), "update", "Update application assignment to group"
	if granted == nil {
		kind, what = "add", "Add assigned application to group"
		granted = &grant{app: a, group: g, priority: a.nextPriority()}
		g.grants = append(g.grants, granted)
		a.groups.add(granted)
	}
	if wanted.Priority != 0 {
		granted.priority = wanted.Priority
	}
	granted.profile, granted.lastUpdated = maps.Clone(wanted.Profile), s.stamp()
	s.logGrant(kind, what, granted)
	for _, u := range g.members.all() {
		s.keepImage(u)
		s.process(u, a)
	}
}

// UnassignGroup ends the assignment of a group to an app. Members lose the app
// unless another group or an assignment of their own gives it to them. The group's
// timestamps do not move.
func (s *Server) UnassignGroup(appID, groupID string) {
	s.lock()
	defer s.mu.Unlock()
	a, g := s.mustApp(appID), s.mustGroup(groupID)
	granted := a.grantOf(g)
	if granted == nil {
		panic(fmt.Sprintf("oktatest: the group %s is not assigned to the app %s", groupID, appID))
	}
	granted.revoke()
	s.logGrant("remove", "Remove assigned application from group", granted)
	for _, u := range g.members.all() {
		s.keepImage(u)
		s.process(u, a)
	}
}

func (a *app) grantOf(g *group) *grant {
	for _, granted := range g.grants {
		if granted.app == a {
			return granted
		}
	}
	return nil
}

func (a *app) nextPriority() int {
	next := 1
	for _, g := range a.groups.all() {
		next = max(next, g.priority+1)
	}
	return next
}

func (g *grant) revoke() {
	g.revoked = true
	g.group.grants = slices.DeleteFunc(g.group.grants, func(other *grant) bool { return other == g })
	g.app.groups.changed()
}

// granting returns the grant that gives u the app, or nil: of several, the one of
// the lowest priority number.
func (a *app) granting(u *user) *grant {
	var best *grant
	for _, g := range u.groups {
		if granted := a.grantOf(g); granted != nil && (best == nil || granted.priority < best.priority) {
			best = granted
		}
	}
	return best
}

func appendGrant(b []byte, base string, g *grant, expand string) []byte {
	self := base + "/api/v1/apps/" + g.app.id
	b = appendAll(b, `{"id":"`, g.group.id, `","lastUpdated":"`, g.lastUpdated, `","priority":`, fmt.Sprint(g.priority), `,"profile":`)
	b = append(b, object(g.profile)...)
	if expand == "group" {
		b = append(appendGroup(append(b, `,"_embedded":{"group":`...), base, g.group), '}')
	}
	return appendAll(b, `,"_links":{"app":{"href":"`, self, `"},"self":{"href":"`, self, `/groups/`, g.group.id,
		`"},"group":{"href":"`, base, `/api/v1/groups/`, g.group.id, `"}}}`)
}

// object returns a map as a JSON object, a nil one as an empty one.
func object(m map[string]any) []byte {
	if len(m) == 0 {
		return []byte("{}")
	}
	return compact(m)
}

func appendApp(b []byte, base string, a *app, org string) []byte {
	self := base + "/api/v1/apps/" + a.id
	link := a.name + "_link"
	href := func(suffix string) map[string]any { return map[string]any{"href": self + suffix} }
	return append(b, compact(map[string]any{
		"id": a.id, "name": a.name, "label": a.label, "status": a.status, "created": a.created, "lastUpdated": a.lastUpdated,
		"orn":           strings.Join([]string{"orn:okta:idp", org, "apps", a.name, a.id}, ":"),
		"signOnMode":    a.signOnMode,
		"features":      append([]string{}, a.features...),
		"accessibility": map[string]any{"selfService": false, "errorRedirectUrl": nil, "loginRedirectUrl": nil},
		"visibility": map[string]any{"autoLaunch": false, "autoSubmitToolbar": false,
			"hide": map[string]any{"iOS": false, "web": false}, "appLinks": map[string]any{link: true}},
		"credentials": map[string]any{"signing": map[string]any{},
			"userNameTemplate": map[string]any{"template": "${source.login}", "type": "BUILT_IN"}},
		"settings": map[string]any{"app": map[string]any{}, "manualProvisioning": false, "implicitAssignment": false,
			"notes": map[string]any{"admin": nil, "enduser": nil}},
		"_links": map[string]any{"users": href("/users"), "groups": href("/groups"), "deactivate": href("/lifecycle/deactivate"),
			"appLinks": []any{map[string]any{"name": link, "type": "text/html", "href": base + "/home/" + a.name + "/" + a.id}}},
	})...)
}

package oktatest

import (
	"fmt"
	"maps"
	"slices"
)

// The types of a group.
const (
	TypeOktaGroup = "OKTA_GROUP"
	TypeAppGroup  = "APP_GROUP" // imported from an app
	TypeBuiltIn   = "BUILT_IN"  // Everyone, Okta Administrators
)

// A Group is one to be added.
type Group struct {
	ID          string // 00g…; "": the next one
	Name        string
	Description string         // "": null
	Type        string         // "": TypeOktaGroup
	Profile     map[string]any // custom attributes
}

type group struct {
	id, kind, name                              string
	created, lastUpdated, lastMembershipUpdated string

	profile map[string]any // name and description included
	members ordered[*user]
	grants  []*grant // the apps that the group is assigned to
	deleted bool
}

func (g *group) key() string { return g.id }

func (u *user) in(g *group) bool { return slices.Contains(u.groups, g) }

// AddGroup makes a group without members and returns its id.
func (s *Server) AddGroup(wanted Group) string {
	s.lock()
	defer s.mu.Unlock()
	return s.addGroup(wanted).id
}

func (s *Server) addGroup(wanted Group) *group {
	now := s.stamp()
	g := &group{id: wanted.ID, kind: wanted.Type, name: wanted.Name,
		created: now, lastUpdated: now, lastMembershipUpdated: now, profile: map[string]any{}}
	if g.id == "" {
		g.id = s.newID("00g")
	}
	if s.groups[g.id] != nil {
		panic(fmt.Sprintf("oktatest: the group %q is there already", g.id))
	}
	if g.kind == "" {
		g.kind = TypeOktaGroup
	}
	maps.Copy(g.profile, wanted.Profile)
	g.profile["name"], g.profile["description"] = wanted.Name, any(nil)
	if wanted.Description != "" {
		g.profile["description"] = wanted.Description
	}
	g.members.live = func(u *user) bool { return u.in(g) }
	s.groups[g.id] = g
	s.groupList.add(g)
	s.logGroup("group.lifecycle.create", "Create Okta group", g)
	return g
}

// RenameGroup gives a group another name, which moves its lastUpdated.
func (s *Server) RenameGroup(id, name string) {
	s.lock()
	defer s.mu.Unlock()
	g := s.mustGroup(id)
	g.name, g.profile["name"] = name, name
	g.lastUpdated = s.stamp()
	s.logGroup("group.profile.update", "Okta group profile updated", g)
}

// AddMembers puts users into a group, and with it into the group's apps. It moves
// lastMembershipUpdated when one of them was not a member.
func (s *Server) AddMembers(groupID string, users ...string) {
	s.lock()
	defer s.mu.Unlock()
	g := s.mustGroup(groupID)
	for _, id := range users {
		u := s.mustUser(id)
		if u.in(g) {
			continue
		}
		s.keepImage(u)
		u.groups = append(u.groups, g)
		g.members.add(u)
		g.lastMembershipUpdated = s.stamp()
		s.logMember("add", "Add user to group membership", u, g)
		for _, granted := range g.grants {
			s.process(u, granted.app)
		}
	}
}

// RemoveMembers takes users out of a group. They lose the apps that no other group
// and no assignment of their own gives them. It moves lastMembershipUpdated when one
// of them was a member.
func (s *Server) RemoveMembers(groupID string, users ...string) {
	s.lock()
	defer s.mu.Unlock()
	g := s.mustGroup(groupID)
	for _, id := range users {
		if u := s.mustUser(id); u.in(g) {
			s.logMember("remove", "Remove user from group membership", u, g)
			s.leave(u, g)
			g.lastMembershipUpdated = s.stamp()
		}
	}
}

func (s *Server) leave(u *user, g *group) {
	s.keepImage(u)
	u.groups = slices.DeleteFunc(u.groups, func(other *group) bool { return other == g })
	g.members.changed()
	for _, granted := range g.grants {
		s.process(u, granted.app)
	}
}

// DeleteGroup deletes a group, its assignments to apps and its push mappings. Its
// members lose the apps that nothing else gives them.
func (s *Server) DeleteGroup(id string) {
	s.lock()
	defer s.mu.Unlock()
	g := s.mustGroup(id)
	s.logGroup("group.lifecycle.delete", "Delete Okta group", g)
	for _, u := range slices.Clone(g.members.all()) {
		s.leave(u, g)
	}
	for _, granted := range slices.Clone(g.grants) {
		granted.revoke()
	}
	for _, m := range s.mappings {
		if m.source == g || m.target == g {
			s.removeMapping(m)
		}
	}
	g.deleted = true
	delete(s.groups, id)
	s.groupList.changed()
}

func appendGroup(b []byte, base string, g *group) []byte {
	class := "okta:user_group"
	if g.kind == TypeAppGroup {
		class = "okta:windows_security_principal"
	}
	b = appendAll(b, `{"id":"`, g.id, `","created":"`, g.created, `","lastUpdated":"`, g.lastUpdated,
		`","lastMembershipUpdated":"`, g.lastMembershipUpdated, `","objectClass":["`, class, `"],"type":`)
	b = appendText(b, g.kind)
	b = append(append(b, `,"profile":`...), compact(g.profile)...)
	self := base + "/api/v1/groups/" + g.id
	return appendAll(b, `,"_links":{"logo":[{"name":"medium","href":"`, base, `/img/logos/okta-medium.png","type":"image/png"}],`,
		`"users":{"href":"`, self, `/users"},"apps":{"href":"`, self, `/apps"}}}`)
}

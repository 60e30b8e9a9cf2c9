package oktatest

import (
	"slices"
	"strings"
)

// readGroups lists groups. A limit of up to 10,000 is taken and a page holds 200 all
// the same, as Okta's do.
func (s *Server) readGroups(q *query) reply {
	if problem := q.unsupported("sortBy", "expand"); problem != nil {
		return *problem
	}
	l := listing[*group]{items: &s.groupList, bounds: bounds{200, 1, 10_000}, cap: 200,
		append: func(b []byte, g *group) []byte { return appendGroup(b, q.base, g) }}
	wanted, err := q.expression(isGroupAttribute)
	if err != nil {
		return badSearch(err)
	}
	if wanted != nil {
		l.match = func(g *group) bool { return wanted(single(g.attribute)) }
	} else if prefix := q.values.Get("q"); prefix != "" {
		l.match = func(g *group) bool { return beginsWith(g.name, prefix) }
	}
	return l.answer(q)
}

func isGroupAttribute(name string) bool {
	return slices.Contains([]string{"id", "type", "created", "lastUpdated", "lastMembershipUpdated"}, name) ||
		strings.HasPrefix(name, "profile.")
}

func (g *group) attribute(name string) string {
	switch name {
	case "id":
		return g.id
	case "type":
		return g.kind
	case "created":
		return g.created
	case "lastUpdated":
		return g.lastUpdated
	case "lastMembershipUpdated":
		return g.lastMembershipUpdated
	}
	return text(g.profile[strings.TrimPrefix(name, "profile.")])
}

func (s *Server) readGroup(q *query) reply {
	g := s.groups[q.PathValue("group")]
	if g == nil {
		return notFound("UserGroup", q.PathValue("group"))
	}
	return found(appendGroup(nil, q.base, g))
}

// readMembers lists the members of a group, those who are DEPROVISIONED included.
func (s *Server) readMembers(q *query) reply {
	g := s.groups[q.PathValue("group")]
	if g == nil {
		return notFound("UserGroup", q.PathValue("group"))
	}
	return listing[*user]{items: &g.members, bounds: bounds{1000, 1, 1000},
		append: func(b []byte, u *user) []byte { return appendUser(b, q.base, u, true) }}.answer(q)
}

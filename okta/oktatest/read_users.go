package oktatest

import (
	"fmt"
	"slices"
	"strings"
)

// readUsers lists users: without search or filter, those who are not DEPROVISIONED.
// q finds the first few by a prefix, and does not page.
func (s *Server) readUsers(q *query) reply {
	if problem := q.unsupported("sortBy", "fields", "expand"); problem != nil {
		return *problem
	}
	l := listing[*user]{items: &s.userList, bounds: bounds{200, 1, 200},
		match:  func(u *user) bool { return u.status != StatusDeprovisioned },
		append: func(b []byte, u *user) []byte { return appendUser(b, q.base, u, true) }}
	wanted, err := q.expression(isUserAttribute)
	switch {
	case err != nil:
		return badSearch(err)
	case wanted != nil:
		l.match = func(u *user) bool { return wanted(single(u.attribute)) }
	case q.values.Get("q") != "":
		return firstFew(q, l, func(u *user) bool {
			return anyBeginsWith(q.values.Get("q"), u.attribute, "profile.firstName", "profile.lastName", "profile.email")
		})
	}
	return l.answer(q)
}

// expression returns what search or filter ask for, or nil.
func (q *query) expression(known func(string) bool) (predicate, error) {
	search, filter := q.values.Get("search"), q.values.Get("filter")
	if search != "" && filter != "" {
		return nil, fmt.Errorf("search and filter exclude each other")
	}
	if search+filter == "" {
		return nil, nil
	}
	return parseSearch(search+filter, known)
}

// firstFew answers one page of those for whom begins holds, ten unless limit says
// otherwise, and no link to another.
func firstFew[T element](q *query, l listing[T], begins func(T) bool) reply {
	match := l.match
	l.match = func(v T) bool { return (match == nil || match(v)) && begins(v) }
	l.bounds.standard = 10
	answer := l.answer(q)
	answer.links = slices.DeleteFunc(answer.links, func(link string) bool { return strings.HasSuffix(link, `rel="next"`) })
	return answer
}

func anyBeginsWith(prefix string, attribute func(string) string, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return beginsWith(attribute(name), prefix) })
}

func isUserAttribute(name string) bool {
	return slices.Contains([]string{"id", "status", "created", "activated", "statusChanged", "lastUpdated"}, name) ||
		strings.HasPrefix(name, "profile.")
}

func (u *user) attribute(name string) string {
	switch name {
	case "id":
		return u.id
	case "status":
		return u.status
	case "created":
		return u.created
	case "activated":
		return u.activated
	case "statusChanged":
		return u.statusChanged
	case "lastUpdated":
		return u.lastUpdated
	case "profile.login":
		return u.login
	case "profile.email":
		return u.email
	}
	return text(u.attributes()[strings.TrimPrefix(name, "profile.")])
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// userNamed finds a user by id or login, as /users/{idOrLogin} does.
func (s *Server) userNamed(name string) *user {
	if u := s.users[name]; u != nil {
		return u
	}
	return s.byLogin[strings.ToLower(name)]
}

func (s *Server) readUser(q *query) reply {
	if i := s.imageOf(q.PathValue("user")); i != nil {
		return q.shown(i.user).tagged()
	}
	u := s.userNamed(q.PathValue("user"))
	if u == nil {
		return notFound("User", q.PathValue("user"))
	}
	return found(appendUser(nil, q.base, u, false)).tagged()
}

func (s *Server) readUserGroups(q *query) reply {
	var groups []*group
	if i := s.imageOf(q.PathValue("user")); i != nil {
		groups = i.groups
	} else if u := s.userNamed(q.PathValue("user")); u != nil {
		groups = u.groups
	} else {
		return notFound("User", q.PathValue("user"))
	}
	mine := &ordered[*group]{items: slices.Clone(groups), stale: true, live: func(*group) bool { return true }}
	return listing[*group]{items: mine, bounds: bounds{200, 1, 200},
		append: func(b []byte, g *group) []byte { return appendGroup(b, q.base, g) }}.answer(q)
}

package tracktiktest

import (
	"net/http"
	"slices"
	"strconv"
)

// Grant is a role that an employee holds: a user-role in the API's words.
type Grant struct {
	ID       int64
	Employee int64 // the API shows the id of the user record, see Rules.UserIDOffset
	Role     int64
}

type grant struct{ Grant }

func (g *grant) key() int64 { return g.ID }

func (s *Server) grantsResource() resource[*grant] {
	user := func(g *grant) any { return g.Employee + s.Rules.UserIDOffset }
	ofUser := func(value string) []*grant {
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil
		}
		return s.byUser[id-s.Rules.UserIDOffset]
	}
	roleID := func(g *grant) any { return g.Role }
	return resource[*grant]{
		name: "user-roles",
		fields: []field[*grant]{
			{name: "id", value: func(g *grant) any { return g.ID }},
			{name: "user", value: user, embed: func(g *grant) any { return embed(&s.employees, g.Employee) }},
			{name: "role", value: roleID, embed: func(g *grant) any { return embed(&s.roles, g.Role) }},
			{name: "user.id", as: filterOnly, value: user},
			{name: "role.id", as: filterOnly, value: roleID},
		},
		lookup: map[string]func(string) []*grant{"user": ofUser, "user.id": ofUser},
	}
}

// hiddenGrant reports whether a grant is of somebody whom the integration's role does
// not reach.
func (s *Server) hiddenGrant(g *grant) bool {
	e, found := s.employees.get(g.Employee)
	return found && s.hidden(e)
}

// listGrants answers GET /user-roles.
func (s *Server) listGrants(c *call) answered {
	grants := s.grants // a copy: others read the original
	if s.Rules.GrantsOfActive {
		grants.active = func(g *grant) bool {
			e, found := s.employees.get(g.Employee)
			return !found || e.Status == Active
		}
	}
	switch {
	case s.Rules.GrantsUnlisted:
		grants.seen = func(*grant) bool { return false }
	case len(s.Rules.HiddenRegions) > 0:
		grants.seen = func(g *grant) bool { return !s.hiddenGrant(g) }
	}
	return listed(s, &grants)(c)
}

// createGrant answers POST /user-roles.
func (s *Server) createGrant(c *call) answered {
	p, err := newPayload(c.Request, "user-roles", []string{"user", "role"})
	if err != nil {
		return no(err)
	}
	p.require("user", "role")
	user, roleID := p.id("user"), p.id("role")
	if p.wrong != nil {
		return no(p.wrong)
	}
	holder := user - s.Rules.UserIDOffset
	if s.Rules.GrantsTakeEmployees {
		holder = user
	}
	if e, known := s.employees.get(holder); !known || s.hidden(e) {
		return no(invalid("user %d does not exist", user))
	}
	if r, known := s.roles.get(roleID); !known || r.Terminated {
		return no(invalid("role %d does not exist", roleID))
	}
	if !s.Rules.GrantsRepeat && s.held(holder, roleID) != nil {
		return no(s.Rules.duplicate("user-roles", "role"))
	}
	g := s.insertGrant(Grant{Employee: holder, Role: roleID}, c.author)
	answer := created(shown(&s.grants, g, "create"))
	if s.Rules.GrantsVanish {
		s.removeGrant(g, atPortal)
	}
	return answer
}

// deleteGrant answers DELETE /user-roles/{id}.
func (s *Server) deleteGrant(c *call) answered {
	g, found := s.grants.get(c.id)
	if !found || s.hiddenGrant(g) {
		return no(notFound("user-roles", c.id))
	}
	if status := s.Rules.RevokeRefused; status != 0 {
		return no(refuse(status, "DELETE is not possible here"))
	}
	if !s.Rules.LastRoleRemovable && len(s.byUser[g.Employee]) == 1 {
		return no(invalid("the last role of a user cannot be removed"))
	}
	if !s.Rules.RevokeIneffective {
		s.removeGrant(g, c.author)
	}
	return answered{status: http.StatusOK, body: []byte(`{"message":"The record was deleted"}`)}
}

// held is the grant of a role to an employee, if there is one.
func (s *Server) held(holder, roleID int64) *grant {
	for _, g := range s.byUser[holder] {
		if g.Role == roleID {
			return g
		}
	}
	return nil
}

func (s *Server) insertGrant(g Grant, by author) *grant {
	rec := s.placeGrant(g)
	s.note(by, "user-roles", rec.ID, "granted", differences(nil, rec.facts())...)
	return rec
}

// placeGrant adds a grant without a trace in the history.
func (s *Server) placeGrant(g Grant) *grant {
	if g.ID == 0 {
		g.ID = s.grants.next()
	}
	rec := &grant{g}
	s.grants.add(rec)
	s.byUser[g.Employee] = append(s.byUser[g.Employee], rec)
	return rec
}

func (s *Server) removeGrant(g *grant, by author) {
	s.grants.remove(g.ID)
	rest := slices.DeleteFunc(s.byUser[g.Employee], func(o *grant) bool { return o == g })
	if s.byUser[g.Employee] = rest; len(rest) == 0 {
		delete(s.byUser, g.Employee)
	}
	s.note(by, "user-roles", g.ID, "revoked", differences(g.facts(), (&Grant{}).facts())...)
}

// revokeAll takes all roles of an employee.
func (s *Server) revokeAll(holder int64, by author) {
	for _, g := range slices.Clone(s.byUser[holder]) {
		s.removeGrant(g, by)
	}
}

func (g *Grant) facts() []fact {
	return []fact{{"user", text(relation(g.Employee))}, {"role", text(relation(g.Role))}}
}

package tracktiktest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// me answers GET /me: the employee whose credentials the caller uses, with the username
// in every answer, as the OpenAPI document draws it.
func (s *Server) me(c *call) answered {
	id, err := strconv.ParseInt(s.OAuth.subject(), 10, 64)
	rec, found := s.employees.get(id)
	if err != nil || !found {
		return no(refuse(http.StatusNotFound, "the account is no employee"))
	}
	columns, refused := s.employees.shape("", "username")
	if refused != nil {
		return no(refused)
	}
	return ok(envelope(newMeta("me", "view"), appendRecord(nil, rec, columns)))
}

// RefreshTokensLast is for how long a refresh token is good: a month, which is the
// default of league/oauth2-server. TrackTik's own number is not on record.
const RefreshTokensLast = 30 * 24 * time.Hour

// listRefreshTokens answers GET /oauth2-refresh-tokens: those of the caller's account, the
// spent ones included. None shows the token itself.
func (s *Server) listRefreshTokens(c *call) answered {
	at := func(r *refreshToken) any { return r.expires.Format(portalTime) }
	listing := resource[*refreshToken]{name: "oauth2-refresh-tokens", fields: []field[*refreshToken]{
		{name: "id", value: func(r *refreshToken) any { return r.id }},
		{name: "identifier", value: func(r *refreshToken) any { return r.identifier }},
		{name: "expiresOn", value: at},
		{name: "isRevoked", value: func(r *refreshToken) any { return s.auth.spent[r.token] }},
	}}
	for _, r := range s.auth.issued {
		listing.add(r)
	}
	return listed(s, &listing)(c)
}

// A refreshToken is one that was issued, as the API shows it.
type refreshToken struct {
	id         int64
	identifier string
	token      string
	expires    time.Time
}

func (r *refreshToken) key() int64 { return r.id }

// noteRefresh keeps what the API shows of a refresh token, of the last hundred.
func (a *authState) noteRefresh(token string, until time.Time) {
	a.tokens++
	a.issued = append(a.issued, &refreshToken{id: a.tokens, identifier: random(20), token: token, expires: until})
	if extra := len(a.issued) - 100; extra > 0 {
		a.issued = slices.Delete(a.issued, 0, extra)
	}
}

// employeeRoles are the grants as /employee-roles has them.
func (s *Server) employeeRoles() resource[*grant] {
	twin := s.grants // a copy that shares the records
	holder := func(g *grant) any { return g.Employee }
	roleID := func(g *grant) any { return g.Role }
	ofEmployee := func(value string) []*grant {
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil
		}
		return s.byUser[id]
	}
	twin.name = "employee-roles"
	twin.fields = []field[*grant]{
		{name: "id", value: func(g *grant) any { return g.ID }},
		{name: "employee", value: holder, embed: func(g *grant) any { return embed(&s.employees, g.Employee) }},
		{name: "role", value: roleID, embed: func(g *grant) any { return embed(&s.roles, g.Role) }},
		{name: "employee.id", as: filterOnly, value: holder},
		{name: "role.id", as: filterOnly, value: roleID},
	}
	twin.lookup = map[string]func(string) []*grant{"employee": ofEmployee, "employee.id": ofEmployee}
	return twin
}

// listEmployeeRoles answers GET /employee-roles where the portal serves it.
func (s *Server) listEmployeeRoles(c *call) answered {
	if !s.Rules.EmployeeRoles {
		return no(refuse(http.StatusNotFound, "there is nothing at %s", c.URL.Path))
	}
	twin := s.employeeRoles()
	twin.seen = func(g *grant) bool { return !s.hiddenGrant(g) }
	return listed(s, &twin)(c)
}

// singleEmployeeRole answers GET /employee-roles/{id}.
func (s *Server) singleEmployeeRole(c *call) answered {
	if !s.Rules.EmployeeRoles {
		return no(refuse(http.StatusNotFound, "there is nothing at %s", c.URL.Path))
	}
	twin := s.employeeRoles()
	return single(&twin, s.hiddenGrant)(c)
}

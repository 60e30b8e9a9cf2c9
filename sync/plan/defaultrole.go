package plan

import (
	"fmt"
	"strconv"
	"strings"
)

// A DefaultRole is what sync.roles.default was found to mean in the portal.
type DefaultRole struct {
	Key  string `json:"key"` // as the configuration has it
	ID   RoleID `json:"id"`
	Name string `json:"name"`
}

// FindDefaultRole finds the role that sync.roles.default names, by name or else by id. A
// problem says why nobody is granted it: the portal has no such role
// (ProblemMissingRequired), or it is protected (ProblemInvalidValue).
func FindDefaultRole(roles []Role, pol *Policy) (DefaultRole, *Problem) {
	key := pol.DefaultRole
	g := groupPass{portal: PortalRoles{Read: true, Roles: roles}}
	g.index()
	role, found := g.named(key)
	switch {
	case !found:
		return DefaultRole{}, &Problem{Code: ProblemMissingRequired,
			Message: "sync.roles.default names " + quote(key) + ", and the portal has no such role: nobody is granted it"}
	case ProtectedRole(role, pol):
		return DefaultRole{}, &Problem{Code: ProblemInvalidValue,
			Message: fmt.Sprintf("sync.roles.default names %s, role %d of portal %s, which is protected: nobody is granted it", quote(role.Name), role.ID, role.Portal)}
	}
	return DefaultRole{Key: key, ID: role.ID, Name: role.Name}, nil
}

// Due is the default role as something that a person is to hold.
func (d DefaultRole) Due() *Due {
	return &Due{Role: &RoleRef{ID: d.ID, Name: d.Name}, Why: "no group gives a role (sync.roles.default)"}
}

// NamedRoleless is how many of them are named.
const NamedRoleless = 3

// NoRole warns of people who hold no role as far as is known, and get none, by their logins, of which
// the first ones are named; nil: there are none.
func NoRole(logins []string) *Warning {
	n := len(logins)
	if n == 0 {
		return nil
	}
	const some = NamedRoleless
	more := ""
	if n > some {
		more, logins = fmt.Sprintf(" and %d more", n-some), logins[:some]
	}
	who := strconv.Itoa(n) + " people hold"
	if n == 1 {
		who = "1 person holds"
	}
	return &Warning{Code: WarningNoRole, Field: RoleNameField, Message: fmt.Sprintf("%s no role, as far as is known, and TrackTik shows them nothing: %s%s; "+
		"put them into a group that is pushed, or name a role in sync.roles.default", who, strings.Join(logins, ", "), more)}
}

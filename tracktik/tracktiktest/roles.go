package tracktiktest

import (
	"net/http"
	"slices"
	"strconv"
)

// The kinds of portal that a role can be for.
const (
	AdminPortal  = "ADMIN"
	StaffPortal  = "STAFF"
	ClientPortal = "CLIENT"
)

// Role is a record of the portal.
type Role struct {
	ID          int64
	Name        string
	Description string
	Portal      string // AdminPortal, StaffPortal (when empty) or ClientPortal
	Order       int64
	Region      int64 // zero: none
	IsGlobal    bool
	// Default roles come with the portal: only TrackTik's own people may edit them
	// (support article 1500001453781), everybody else gets a 403.
	Default    bool
	Terminated bool // see Rules.TerminatedRolesStay
}

type role struct{ Role }

func (r *role) key() int64 { return r.ID }

func (s *Server) rolesResource() resource[*role] {
	region := func(r *role) any { return relation(r.Region) }
	return resource[*role]{
		name:   "roles",
		active: func(r *role) bool { return !r.Terminated },
		fields: []field[*role]{
			{name: "id", value: func(r *role) any { return r.ID }},
			{name: "name", value: func(r *role) any { return r.Name }},
			{name: "description", value: func(r *role) any { return r.Description }},
			{name: "portal", value: func(r *role) any { return r.Portal }},
			{name: "order", value: func(r *role) any { return r.Order }},
			{name: "region", value: region, embed: func(r *role) any { return embed(&s.regions, r.Region) }},
			{name: "isGlobal", value: func(r *role) any { return r.IsGlobal }},
			{name: "status", value: roleStatus},
			{name: "permissions", as: onDemand, value: func(*role) any { return embedded("[]") }},
			{name: "region.id", as: filterOnly, value: region},
		},
	}
}

// roleStatus is not in the OpenAPI document: it shows only where a terminated role
// does.
func roleStatus(r *role) any {
	if r.Terminated {
		return Terminated
	}
	return absent{}
}

var roleFields = []string{"name", "description", "portal", "order", "account", "region", "permissions", "isGlobal"}

// createRole answers POST /roles.
func (s *Server) createRole(c *call) answered {
	p, err := newPayload(c.Request, "roles", roleFields)
	if err != nil {
		return no(err)
	}
	p.require("name", "description", "portal", "order")
	var r Role
	s.readRole(p, &r)
	if p.wrong == nil {
		p.wrong = s.sameName(r.Name, 0)
	}
	if p.wrong != nil {
		return no(p.wrong)
	}
	return created(shown(&s.roles, s.insertRole(r, c.author), "create"))
}

// changeRole answers PUT and PATCH /roles/{id}.
func (s *Server) changeRole(whole bool) func(*call) answered {
	return func(c *call) answered {
		rec, found := s.roles.get(c.id)
		if !found {
			return no(notFound("roles", c.id))
		}
		p, err := newPayload(c.Request, "roles", roleFields)
		if err != nil {
			return no(err)
		}
		r := rec.Role
		if whole {
			p.require("name", "description", "portal", "order")
			r.Region, r.IsGlobal = 0, false
		}
		s.readRole(p, &r)
		if p.wrong == nil && p.has("name") {
			p.wrong = s.sameName(r.Name, r.ID)
		}
		if p.wrong == nil && r.Default {
			p.wrong = refuse(http.StatusForbidden, "default roles can only be edited by a superuser")
		}
		if p.wrong != nil {
			return no(p.wrong)
		}
		s.replaceRole(rec, r, c.author, "updated")
		return ok(shown(&s.roles, rec, "edit"))
	}
}

func (s *Server) readRole(p *payload, r *Role) {
	if p.has("name") {
		r.Name = s.Rules.store("name", p.text("name", 1, 255))
	}
	if p.has("description") {
		r.Description = s.Rules.store("description", p.text("description", 0, 255))
	}
	if p.has("portal") {
		r.Portal = p.text("portal", 1, 255)
		if !slices.Contains([]string{AdminPortal, StaffPortal, ClientPortal}, r.Portal) {
			p.fail(invalid("portal must be ADMIN, STAFF or CLIENT"))
		}
	}
	if p.has("order") {
		r.Order = p.id("order")
	}
	if p.has("region") {
		r.Region = p.id("region")
		if _, known := s.regions.get(r.Region); !known && r.Region != 0 {
			p.fail(invalid("region %d does not exist", r.Region))
		}
	}
	r.IsGlobal = p.flag("isGlobal", r.IsGlobal)
}

func (s *Server) sameName(name string, self int64) *refusal {
	if s.Rules.UniqueRoleNames && slices.ContainsFunc(s.roles.order, func(o *role) bool {
		return o.ID != self && !o.Terminated && fold(o.Name) == fold(name)
	}) {
		return s.Rules.duplicate("roles", "name")
	}
	return nil
}

// terminateRole answers POST /roles/{id}/actions/terminate.
func (s *Server) terminateRole(c *call) answered {
	rec, found := s.roles.get(c.id)
	switch {
	case !found:
		return no(notFound("roles", c.id))
	case rec.Terminated:
		return no(invalid("the role is already terminated"))
	case rec.Default:
		return no(refuse(http.StatusForbidden, "default roles can only be edited by a superuser"))
	}
	s.endRole(rec, c.author)
	return ok(acted("roles", "terminate", c.id))
}

// endRole takes a role from its holders, and away.
func (s *Server) endRole(rec *role, by author) {
	held := slices.DeleteFunc(slices.Clone(s.grants.order), func(g *grant) bool { return g.Role != rec.ID })
	for _, g := range held {
		s.removeGrant(g, by)
	}
	if s.Rules.TerminatedRolesStay {
		r := rec.Role
		r.Terminated = true
		s.replaceRole(rec, r, by, "terminated")
		return
	}
	s.roles.remove(rec.ID)
	s.note(by, "roles", rec.ID, "deleted", differences(rec.facts(), (&Role{}).facts())...)
}

func (s *Server) insertRole(r Role, by author) *role {
	if r.ID == 0 {
		r.ID = s.roles.next()
	}
	if r.Portal == "" {
		r.Portal = StaffPortal
	}
	rec := &role{r}
	s.roles.add(rec)
	s.note(by, "roles", r.ID, "created", differences(nil, r.facts())...)
	return rec
}

func (s *Server) replaceRole(rec *role, r Role, by author, what string) {
	if changes := differences(rec.facts(), r.facts()); len(changes) > 0 {
		rec.Role = r
		s.note(by, "roles", r.ID, what, changes...)
	}
}

func (r *Role) facts() []fact {
	status := ""
	if r.Terminated {
		status = Terminated
	}
	return []fact{{"name", r.Name}, {"description", r.Description}, {"portal", r.Portal},
		{"order", strconv.FormatInt(r.Order, 10)}, {"region", text(relation(r.Region))},
		{"isGlobal", strconv.FormatBool(r.IsGlobal)}, {"status", status}}
}

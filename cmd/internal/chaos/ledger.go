package chaos

import (
	"slices"
	"strconv"

	"tracktik-sync/tracktik/tracktiktest"
)

// api is the author of what was changed by a call of the program.
const api = "api"

// An employee is one as the portal has them, and by whose hand.
type employee struct {
	id              int64
	values          map[string]string // by the portal's names of fields
	byUs            bool              // made by a call
	endedBy         string            // the author of the termination; "": not terminated
	edited, touched bool              // somebody changed a value by hand since we last wrote it; somebody ever changed one, or took a role
	vanished        bool
	open            bool // made by a call of which the program has not told the outcome
	meddled         bool // somebody changed its names meanwhile, or took it away: it cannot be recognised
	adopted         int  // the step at which we took them over, if we did not make them
}

func (e *employee) status() string { return e.values["status"] }

// A grant is a role that an employee holds, and by whose hand.
type grant struct {
	id, employee, role int64
	byUs               bool
	since              int // step
	adopted            bool
}

type role struct {
	id                int64
	name, description string
	portal            string
	byUs, gone        bool
}

// A ledger is the portal as its history tells it.
type ledger struct {
	employees map[int64]*employee
	grants    map[int64]*grant
	roles     map[int64]*role
	read      int  // changes so far
	unlisted  bool // whoever is not active is in no list
}

func newLedger(portal *tracktiktest.Server) *ledger {
	b := &ledger{employees: map[int64]*employee{}, grants: map[int64]*grant{}, roles: map[int64]*role{}}
	for _, e := range portal.Employees() {
		b.employees[e.ID] = &employee{id: e.ID, values: map[string]string{"status": e.Status, "username": e.Username, "email": e.Email, "firstName": e.FirstName,
			"lastName": e.LastName, "region": strconv.FormatInt(e.Region, 10)}}
	}
	for _, g := range portal.Grants() {
		b.grants[g.ID] = &grant{id: g.ID, employee: g.Employee, role: g.Role}
	}
	for _, r := range portal.Roles() {
		b.roles[r.ID] = &role{id: r.ID, name: r.Name, description: r.Description, portal: r.Portal}
	}
	b.read = len(portal.History())
	return b
}

// enter books a change.
func (b *ledger) enter(h tracktiktest.Change, step int) {
	byUs := h.By == api
	switch h.Resource {
	case "employees":
		e := b.employees[h.ID]
		if e == nil {
			e = &employee{id: h.ID, values: map[string]string{}, byUs: byUs}
			b.employees[h.ID] = e
		}
		for _, f := range h.Fields {
			e.values[f.Name] = f.New
		}
		switch h.What {
		case "terminated":
			e.endedBy = h.By
		case "reactivated", "created", "updated", "banned", "deactivated":
			if e.status() != tracktiktest.Terminated {
				e.endedBy = ""
			} else if e.endedBy == "" {
				e.endedBy = h.By
			}
		case "deleted":
			e.vanished, e.endedBy = true, h.By
			e.values["status"] = tracktiktest.Terminated
		}
		e.meddled = e.meddled || e.open && !byUs && (h.What == "deleted" || h.What == "terminated" || h.What == "updated" && renames(h) || b.unlisted && e.status() != tracktiktest.Active)
		e.edited = (e.edited || !byUs) && h.What != "created"
		e.touched = e.touched || e.edited
	case "user-roles":
		if h.What == "revoked" {
			if e := b.employees[id(h, "user")]; e != nil && !byUs {
				e.touched = true
			}
			delete(b.grants, h.ID)
			return
		}
		b.grants[h.ID] = &grant{id: h.ID, employee: id(h, "user"), role: id(h, "role"), byUs: byUs, since: step}
	case "roles":
		b.enterRole(h, byUs)
	}
}

// renames reports a change of what an employee is recognised by.
func renames(h tracktiktest.Change) bool {
	return slices.ContainsFunc(h.Fields, func(f tracktiktest.FieldChange) bool {
		return slices.Contains([]string{"username", "email", "firstName", "lastName"}, f.Name)
	})
}

func (b *ledger) enterRole(h tracktiktest.Change, byUs bool) {
	r := b.roles[h.ID]
	if r == nil {
		r = &role{id: h.ID, byUs: byUs}
		b.roles[h.ID] = r
	}
	if h.What == "terminated" || h.What == "deleted" {
		r.gone = true
		return
	}
	for _, f := range h.Fields {
		switch f.Name {
		case "name":
			r.name = f.New
		case "description":
			r.description = f.New
		case "portal":
			r.portal = f.New
		}
	}
	if r.portal == "" {
		r.portal = tracktiktest.StaffPortal
	}
}

// id is the number in a field of a new or ended grant.
func id(h tracktiktest.Change, field string) int64 {
	for _, f := range h.Fields {
		if f.Name == field {
			n, err := strconv.ParseInt(f.New+f.Old, 10, 64)
			if err != nil {
				panic(err)
			}
			return n
		}
	}
	return 0
}

// holds is what an employee holds, by role.
func (b *ledger) holds(employee int64) map[int64][]*grant {
	held := map[int64][]*grant{}
	for _, g := range b.grants {
		if g.employee == employee {
			held[g.role] = append(held[g.role], g)
		}
	}
	return held
}

// named are the roles of that name, as names compare.
func (b *ledger) named(name string) (list []*role) {
	for _, r := range b.roles {
		if !r.gone && fold(r.name) == fold(name) {
			list = append(list, r)
		}
	}
	return list
}

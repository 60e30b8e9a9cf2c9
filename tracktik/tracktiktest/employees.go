package tracktiktest

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// The statuses of an employee.
const (
	Inactive   = "INACTIVE"
	Active     = "ACTIVE"
	Terminated = "TERMINATED"
	Banned     = "BANNED"
)

// Employee is a record of the portal. Texts that are empty are null on the wire.
type Employee struct {
	ID             int64
	CustomID       string // assigned when empty
	FirstName      string
	LastName       string
	JobTitle       string
	PrimaryPhone   string
	SecondaryPhone string
	Email          string
	Username       string
	Status         string // empty at the beginning: Active
	Region         int64  // zero at the beginning: 1, which is HQ
	Language       string
	Gender         string
	Birthday       string // YYYY-MM-DD
	Tags           []string
	Address        *Address

	TerminationDate    string // YYYY-MM-DD
	TerminationReason  int64
	TerminationComment string
	Notified           bool // a notification was sent at the termination
	ReactivationNote   string

	CreatedOn, UpdatedOn time.Time
	UpdatedBy            int64 // an employee: IntegrationEmployee, or Dispatcher
}

// Address is where an employee lives.
type Address struct {
	ID           int64 // assigned
	AddressLine1 string
	AddressLine2 string
	City         string
	State        string
	PostalCode   string
	Country      string
}

// employee is a record and what the API does not show of it. Its address is
// replaced, never changed.
type employee struct {
	Employee
	unseen atomic.Int32 // lists that do not find it yet
}

func (e *employee) key() int64 { return e.ID }

// copied is the record with an address and tags of its own.
func (e *employee) copied() Employee {
	c := e.Employee
	c.Tags = slices.Clone(c.Tags)
	if c.Address != nil {
		a := *c.Address
		c.Address = &a
	}
	return c
}

// portalTime is how the API writes moments.
const portalTime = "2006-01-02T15:04:05-07:00"

// employeesResource says what the API shows of an employee. What is on demand is
// so in the OpenAPI document.
func (s *Server) employeesResource() resource[*employee] {
	str := func(name string, as visibility, get func(*employee) string) field[*employee] {
		return field[*employee]{name: name, as: as, value: func(e *employee) any { return orNull(get(e)) }}
	}
	region := func(e *employee) any { return relation(e.Region) }
	return resource[*employee]{
		name:   "employees",
		active: func(e *employee) bool { return e.Status == Active },
		fields: []field[*employee]{
			{name: "id", value: func(e *employee) any { return e.ID }},
			str("customId", always, func(e *employee) string { return e.CustomID }),
			str("firstName", always, func(e *employee) string { return e.FirstName }),
			str("lastName", always, func(e *employee) string { return e.LastName }),
			str("name", always, func(e *employee) string { return e.FirstName + " " + e.LastName }),
			str("jobTitle", always, func(e *employee) string { return e.JobTitle }),
			str("primaryPhone", always, func(e *employee) string { return e.PrimaryPhone }),
			str("secondaryPhone", always, func(e *employee) string { return e.SecondaryPhone }),
			str("email", always, func(e *employee) string { return e.Email }),
			str("status", always, func(e *employee) string { return e.Status }),
			{name: "region", value: region, embed: func(e *employee) any { return embed(&s.regions, e.Region) }},
			{name: "updatedBy", value: func(e *employee) any {
				if !s.Rules.AuthorsShown {
					return absent{}
				}
				return relation(e.UpdatedBy)
			}},
			{name: "employmentProfile", value: func(e *employee) any { return e.ID }},
			{name: "address", value: addressID, embed: addressRecord},
			str("avatar", always, func(*employee) string { return "" }),
			str("username", onDemand, func(e *employee) string { return e.Username }),
			str("language", onDemand, func(e *employee) string { return e.Language }),
			str("gender", onDemand, func(e *employee) string { return e.Gender }),
			str("birthday", onDemand, func(e *employee) string { return e.Birthday }),
			{name: "tags", as: onDemand, value: func(e *employee) any { return orNull(strings.Join(e.Tags, ",")) }, embed: tagList},
			str("createdOn", onDemand, func(e *employee) string { return e.CreatedOn.Format(portalTime) }),
			str("updatedOn", onDemand, func(e *employee) string { return e.UpdatedOn.Format(portalTime) }),
			{name: "region.id", as: filterOnly, value: region},
		},
		lookup: map[string]func(string) []*employee{
			"username": s.indexOf(&s.byName), "email": s.indexOf(&s.byEmail), "customId": s.indexOf(&s.byCustom),
		},
		within: map[string]func(string) ([]*employee, bool){"email": s.byEmailPart},
	}
}

func (s *Server) indexOf(x *index) func(string) []*employee {
	return func(value string) []*employee { return x.find(value) }
}

func (s *Server) byEmailPart(part string) (found []*employee, known bool) {
	ids, known := s.emailParts.find(part)
	for _, id := range ids {
		if e, there := s.employees.get(id); there {
			found = append(found, e)
		}
	}
	return found, known
}

func addressID(e *employee) any {
	if e.Address == nil {
		return nil
	}
	return e.Address.ID
}

func addressRecord(e *employee) any {
	if e.Address == nil {
		return nil
	}
	a := e.Address
	out := appendValue([]byte(`{"id":`), a.ID)
	for _, part := range addressFacts(a) {
		out = append(out, `,"`+part.name[len("address."):]+`":`...)
		out = appendValue(out, orNull(part.value))
	}
	return embedded(append(out, '}'))
}

// tagList is what a list of texts looks like; filters see them joined by commas.
func tagList(e *employee) any {
	if e.Tags == nil {
		return nil
	}
	return embedded(appendValue(nil, e.Tags))
}

// embed is the plain record in the place of its id.
func embed[T record](r *resource[T], id int64) any {
	rec, found := r.get(id)
	if !found {
		return relation(id)
	}
	return embedded(r.plain(rec))
}

// visible reports whether a list finds the employee, and counts a list that does
// not.
func (s *Server) visible(e *employee) bool {
	for {
		left := e.unseen.Load()
		if left == 0 {
			return true
		}
		if e.unseen.CompareAndSwap(left, left-1) {
			if left == 1 {
				s.unseen.Add(-1)
			}
			return false
		}
	}
}

// listEmployees answers GET /employees.
func (s *Server) listEmployees(c *call) answered {
	employees := s.employees // a copy: others read the original
	switch {
	case len(s.Rules.HiddenRegions) > 0:
		employees.seen = func(e *employee) bool { return !s.hidden(e) && s.visible(e) }
	case s.unseen.Load() > 0:
		employees.seen = s.visible
	}
	return listed(s, &employees)(c)
}

// hidden reports whether the integration's role does not reach an employee.
func (s *Server) hidden(e *employee) bool { return slices.Contains(s.Rules.HiddenRegions, e.Region) }

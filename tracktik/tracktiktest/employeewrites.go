package tracktiktest

import (
	"net/mail"
	"slices"
	"time"
)

// writable are the fields that PUT and PATCH know. POST knows region and password
// besides.
var writable = func() []string {
	out := []string{"address", "tags"}
	for _, f := range textFields {
		out = append(out, f.name)
	}
	return out
}()

// createEmployee answers POST /employees.
func (s *Server) createEmployee(c *call) answered {
	p, err := newPayload(c.Request, "employees", append(slices.Clone(writable), "region", "password"))
	if err != nil {
		return no(err)
	}
	p.require("firstName", "lastName", "region")
	p.text("password", 0, 255)
	e := Employee{Region: p.id("region"), Status: Active}
	s.readEmployee(p, &e, true)
	if p.wrong != nil {
		return no(p.wrong)
	}
	if _, known := s.regions.get(e.Region); !known {
		return no(invalid("region %d does not exist", e.Region))
	}
	if err := s.clash(Employee{}, e, 0); err != nil {
		return no(err)
	}
	rec := s.insert(e, c.author)
	if n := s.Rules.VisibleAfter; n > 0 {
		rec.unseen.Store(int32(n))
		s.unseen.Add(1)
	}
	return created(shown(&s.employees, rec, "create"))
}

// patchEmployee answers PATCH: what is left out stays.
func (s *Server) patchEmployee(c *call) answered { return s.changeEmployee(c, false) }

// putEmployee answers PUT: what is left out is emptied, but for customId and
// username.
func (s *Server) putEmployee(c *call) answered { return s.changeEmployee(c, true) }

func (s *Server) changeEmployee(c *call, whole bool) answered {
	rec, found := s.employees.get(c.id)
	if !found || s.hidden(rec) {
		return no(notFound("employees", c.id))
	}
	p, err := newPayload(c.Request, "employees", writable)
	if err != nil {
		return no(err)
	}
	e := rec.Employee
	if whole {
		p.require("firstName", "lastName")
		e = Employee{ID: e.ID, CustomID: e.CustomID, Username: e.Username, Status: e.Status, Region: e.Region,
			TerminationDate: e.TerminationDate, TerminationReason: e.TerminationReason,
			TerminationComment: e.TerminationComment, Notified: e.Notified, ReactivationNote: e.ReactivationNote,
			CreatedOn: e.CreatedOn}
	}
	s.readEmployee(p, &e, whole)
	s.refuseClearing(p, rec.Employee, e)
	if p.wrong != nil {
		return no(p.wrong)
	}
	if err := s.clash(rec.Employee, e, rec.ID); err != nil {
		return no(err)
	}
	s.replace(rec, e, c.author, "updated")
	return ok(shown(&s.employees, rec, "edit"))
}

// readEmployee moves what the payload holds into e.
func (s *Server) readEmployee(p *payload, e *Employee, whole bool) {
	for _, f := range textFields {
		if !p.has(f.name) {
			continue
		}
		value := p.text(f.name, f.low, f.high)
		s.judge(p, f.name, value)
		*f.at(e) = s.Rules.store(f.name, value)
	}
	if p.has("tags") {
		e.Tags = p.texts("tags")
	}
	s.readAddress(p, e, whole)
}

// judge refuses values that are no such thing as their field holds.
func (s *Server) judge(p *payload, name, value string) {
	good := true
	switch {
	case value == "":
	case name == "email":
		a, err := mail.ParseAddress(value)
		good = err == nil && a.Address == value
	case name == "language":
		good = s.Rules.knowsLanguage(value)
	case name == "gender":
		good = value == "M" || value == "F" || value == "B"
	case name == "birthday":
		good = isDate(value)
	}
	if !good {
		p.fail(invalid("%s has an invalid value", name))
	}
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// readAddress needs all parts where there was no address; otherwise those given
// replace the old ones.
func (s *Server) readAddress(p *payload, e *Employee, whole bool) {
	if !p.has("address") {
		return
	}
	if p.null("address") {
		e.Address = nil
		return
	}
	in := p.object("address", append(slices.Clone(addressParts), "addressLine2"))
	var a Address
	if e.Address != nil {
		a = *e.Address
	}
	if e.Address == nil || whole {
		in.require(addressParts...)
	}
	for _, f := range addressFields {
		if in.has(f.name) {
			*f.at(&a) = s.Rules.store("address."+f.name, in.text(f.name, f.low, f.high))
		}
	}
	if in.wrong != nil {
		p.fail(in.wrong)
	}
	e.Address = &a
}

// refuseClearing keeps the fields of NotClearable from becoming empty.
func (s *Server) refuseClearing(p *payload, old, e Employee) {
	for _, name := range s.Rules.NotClearable {
		if name == "address" && old.Address != nil && e.Address == nil {
			p.fail(invalid("address cannot be removed"))
		}
	}
	for _, f := range textFields {
		if slices.Contains(s.Rules.NotClearable, f.name) && *f.at(&old) != "" && *f.at(&e) == "" {
			p.fail(invalid("%s cannot be empty", f.name))
		}
	}
}

// clash refuses what another employee has: username, e-mail and customId, as far
// as they change.
func (s *Server) clash(old, e Employee, self int64) *refusal {
	taken := func(x index, before, value string, outlives bool) bool {
		return value != "" && fold(before) != fold(value) && slices.ContainsFunc(x.find(value), func(o *employee) bool {
			return o.ID != self && (outlives || o.Status != Terminated)
		})
	}
	switch {
	case s.Rules.Duplicates == DuplicateAccepted:
	case taken(s.byName, old.Username, e.Username, true):
		return s.Rules.duplicate("employees", "username")
	case taken(s.byEmail, old.Email, e.Email, s.Rules.EmailsOutliveTermination):
		return s.Rules.duplicate("employees", "email")
	case taken(s.byCustom, old.CustomID, e.CustomID, false):
		return s.Rules.duplicate("employees", "customId")
	case self == 0 && s.Rules.TerminatedPhonesBlock && s.leaverHasPhone(e.PrimaryPhone):
		return s.Rules.duplicate("employees", "primaryPhone")
	}
	return nil
}

func (s *Server) leaverHasPhone(phone string) bool {
	return phone != "" && slices.ContainsFunc(s.employees.order, func(o *employee) bool {
		return o.Status == Terminated && o.PrimaryPhone == phone
	})
}

package tracktiktest

import "net/http"

// terminateEmployee answers POST /employees/{id}/actions/terminate. A missing
// sendNotification counts as true, which is its default in the OpenAPI document.
func (s *Server) terminateEmployee(c *call) answered {
	rec, p, err := s.action(c, "date", "reason", "comment", "sendNotification")
	if err != nil {
		return no(err)
	}
	p.require("date", "reason")
	date, comment := p.text("date", 0, 10), p.text("comment", 0, 10_000)
	why, notify := p.id("reason"), p.flag("sendNotification", true)
	if p.wrong == nil && !isDate(date) {
		p.fail(invalid("date must be YYYY-MM-DD"))
	}
	reason, known := s.reasons.get(why)
	switch {
	case p.wrong != nil:
	case !known:
		p.fail(invalid("reason %d does not exist", why))
	case reason.CommentRequired && comment == "":
		p.fail(invalid("the reason %s requires a comment", reason.Name))
	case rec.Status == Terminated:
		p.fail(invalid("the employee is already terminated"))
	}
	if p.wrong != nil {
		return no(p.wrong)
	}
	if !s.Rules.TerminationIneffective {
		s.terminate(rec, Termination{Date: date, Reason: why, Comment: comment, SendNotification: notify}, c.author)
	}
	return ok(acted("employees", "terminate", rec.ID))
}

// reactivateEmployee answers POST /employees/{id}/actions/reactivate. The username
// stays away.
func (s *Server) reactivateEmployee(c *call) answered {
	rec, p, err := s.action(c, "note")
	if err != nil {
		return no(err)
	}
	p.require("note")
	note := p.text("note", 1, 10_000)
	if p.wrong == nil && (rec.Status == Active || rec.Status == Banned) {
		p.fail(invalid("an employee who is %s cannot be reactivated", rec.Status))
	}
	if p.wrong != nil {
		return no(p.wrong)
	}
	// The e-mail and customId may have passed to somebody else meanwhile.
	if err := s.clash(Employee{}, rec.Employee, rec.ID); err != nil {
		return no(err)
	}
	s.reactivate(rec, note, c.author)
	return ok(acted("employees", "reactivate", rec.ID))
}

// moveEmployee answers POST /employees/{id}/actions/move-to-region.
func (s *Server) moveEmployee(c *call) answered {
	if s.Rules.MoveMissing {
		return no(refuse(http.StatusNotFound, "there is nothing at %s", c.URL.Path))
	}
	rec, p, err := s.action(c, "region")
	if err != nil {
		return no(err)
	}
	p.require("region")
	to := p.id("region")
	if _, known := s.regions.get(to); p.wrong == nil && !known {
		p.fail(invalid("region %d does not exist", to))
	}
	if p.wrong != nil {
		return no(p.wrong)
	}
	if e := rec.Employee; !s.Rules.MoveIneffective {
		e.Region = to
		s.replace(rec, e, c.author, "moved")
	}
	return ok(acted("employees", "move-to-region", rec.ID))
}

// action reads what every action on an employee begins with.
func (s *Server) action(c *call, allowed ...string) (*employee, *payload, *refusal) {
	rec, found := s.employees.get(c.id)
	if !found || s.hidden(rec) {
		return nil, nil, notFound("employees", c.id)
	}
	p, err := newPayload(c.Request, "employees", allowed)
	return rec, p, err
}

// Termination is what goes with the end of an employment.
type Termination struct {
	Date             string // YYYY-MM-DD
	Reason           int64
	Comment          string
	SendNotification bool
}

// terminate ends an employment: the username is free from now on, the e-mail and
// everything else stays on the record.
func (s *Server) terminate(rec *employee, t Termination, by author) {
	e := rec.Employee
	e.Status, e.Username = Terminated, ""
	e.TerminationDate, e.TerminationReason, e.TerminationComment = t.Date, t.Reason, t.Comment
	e.Notified = t.SendNotification
	s.replace(rec, e, by, "terminated")
	if s.Rules.RolesEndWithEmployment {
		s.revokeAll(rec.ID, by)
	}
}

func (s *Server) reactivate(rec *employee, note string, by author) {
	e := rec.Employee
	e.Status, e.ReactivationNote = Active, note
	e.TerminationDate, e.TerminationReason, e.TerminationComment, e.Notified = "", 0, "", false
	s.replace(rec, e, by, "reactivated")
}

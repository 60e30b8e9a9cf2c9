package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
)

const statusActive = "ACTIVE"

// settleAge is how long a create whose answer was lost may still take effect: TrackTik goes
// on with calls that it has cut.
const settleAge = time.Minute

// values are those of the marked employee, of whom there is one in the portal.
func values() plan.Values {
	return plan.Values{
		plan.Username: "tracktik-sync-probe", plan.FirstName: "tracktik-sync", plan.LastName: "probe",
		plan.Email: "tracktik-sync-probe@probe.invalid", plan.JobTitle: "Probe", plan.PrimaryPhone: "+1 514-555-0100",
		plan.AddressLine1: "1 Probe Street", plan.City: "Montreal", plan.State: "QC", plan.PostalCode: "H2X 1Y4",
		plan.Country: "CA", plan.Language: "EN_US",
	}
}

// optional are the fields without which the marked employee can be made.
var optional = append([]plan.Field{plan.JobTitle, plan.PrimaryPhone, plan.Language}, plan.AddressFields[:]...)

// isMarked reports an employee who has the names of the marked one, as far as they show.
func isMarked(e *plan.Employee) bool {
	want := values()
	same := func(f plan.Field) bool {
		return e.Values[f] == "" || plan.FoldName(e.Values[f]) == plan.FoldName(want[f])
	}
	named := e.Values[plan.FirstName] != "" || e.Values[plan.LastName] != ""
	return named && same(plan.FirstName) && same(plan.LastName) && same(plan.Email)
}

// begin finds the marked employee of an earlier probe, or makes one.
func (s *session) begin(ctx context.Context) error {
	found, err := s.find(ctx)
	if err != nil {
		return err
	}
	if wait := settleAge - s.Now().Sub(s.note.Creating); len(found) == 0 && !s.note.Creating.IsZero() && wait > 0 {
		if err := s.Sleep(ctx, min(wait, settleAge)); err != nil {
			return err
		}
		if found, err = s.find(ctx); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		return s.make(ctx)
	}
	for i := range found {
		s.mine = append(s.mine, found[i].ID)
		s.ended[found[i].ID] = found[i].Status == plan.StatusTerminated
	}
	s.note.Employees, s.note.Creating = s.mine, time.Time{}
	return s.reuse(ctx, &found[0])
}

// find looks for marked employees by all that tells them: the lowest id first.
func (s *session) find(ctx context.Context) (found []plan.Employee, err error) {
	for _, id := range s.note.Employees {
		e, there, err := s.Target.Employee(ctx, id)
		if err != nil {
			return nil, err
		}
		if there {
			found = append(found, e)
		}
	}
	want := values()
	for _, look := range []struct {
		row row
		by  plan.Field
	}{{rowByUsername, plan.Username}, {rowByEmail, plan.Email}} {
		some, err := s.Target.FindEmployees(ctx, look.by, want[look.by])
		switch {
		case err == nil:
			found = append(found, some...)
		case !isAnswer(err):
			return nil, err
		case look.by == plan.Email: // by which a terminated one would be found
			return nil, fmt.Errorf("employees cannot be found by e-mail, and nobody is made who could not be found again: %w",
				err)
		default:
			s.refused(look.row, report, err)
		}
	}
	slices.SortFunc(found, func(a, b plan.Employee) int { return int(a.ID - b.ID) })
	found = slices.CompactFunc(found, func(a, b plan.Employee) bool { return a.ID == b.ID })
	for i := range found {
		switch e := &found[i]; {
		case e.ID == s.own:
			return nil, &RefusedError{fmt.Sprintf("employee %d has the names of the marked employee, and is the one whose "+
				"credentials are used", e.ID)}
		case !isMarked(e):
			return nil, &RefusedError{fmt.Sprintf("employee %d has the username or e-mail of the marked employee, and other "+
				"names: nobody is touched", e.ID)}
		}
	}
	return found, nil
}

// make makes the marked employee. What the portal refuses of an optional value is left out.
func (s *session) make(ctx context.Context) error {
	s.sent = values()
	for tries := 1; ; tries++ {
		id, err := s.create(ctx)
		if err == nil {
			s.id = id
			s.fits(rowMake, "made as employee %d", id)
			return (&recording{s}).compare(ctx)
		}
		var f failure
		if errors.As(err, &f) && tries < 4 {
			if field, named := f.RefusedField(); named && slices.Contains(optional, field) && s.sent[field] != "" {
				s.leaveOut(field, err)
				continue
			}
		}
		s.refused(rowMake, report, err)
		return fmt.Errorf("no employee could be made, and so nothing else was tried: %s", said(err))
	}
}

// leaveOut notes a value that the portal refuses, and goes on without it.
func (s *session) leaveOut(field plan.Field, err error) {
	switch field {
	case plan.Language:
		s.refused(rowLanguage, untouched, err)
	case plan.PrimaryPhone:
		s.refused(rowPhone, report, err)
	default:
		s.refused(rowKept, report, err)
	}
	s.sent[field] = ""
	if slices.Contains(plan.AddressFields[:], field) {
		for _, part := range plan.AddressFields {
			s.sent[part] = ""
		}
	}
}

// create makes an employee of what is to be sent, and answers the id. Before it leaves it is
// on record, so that the next probe finds whom a killed one has made.
func (s *session) create(ctx context.Context) (plan.EmployeeID, error) {
	s.note.Creating = s.Now().UTC()
	if err := s.Journal.Save(s.note); err != nil {
		return 0, err
	}
	e, err := s.Target.CreateEmployee(ctx, s.sent, s.home)
	if isUnknown(err) {
		e, err = s.made(ctx, err)
	}
	if err != nil {
		if !isUnknown(err) {
			s.note.Creating = time.Time{}
		}
		return 0, err
	}
	s.mine = append(s.mine, e.ID)
	s.note.Employees, s.note.Creating = s.mine, time.Time{}
	return e.ID, s.Journal.Save(s.note)
}

// made looks for whom a create has made whose answer was lost, or is a server error; the
// error is lost where there is nobody.
func (s *session) made(ctx context.Context, lost error) (plan.Employee, error) {
	s.late = true
	list, err := s.Target.FindEmployees(ctx, plan.Email, s.sent[plan.Email])
	if err != nil {
		return plan.Employee{}, errors.Join(lost, err)
	}
	for i := range list {
		if isMarked(&list[i]) && !slices.Contains(s.mine, list[i].ID) {
			return list[i], nil
		}
	}
	return plan.Employee{}, lost
}

// reuse takes the marked employee of an earlier probe, whom nobody can delete.
func (s *session) reuse(ctx context.Context, e *plan.Employee) error {
	s.id, s.was = e.ID, *e
	switch e.Status {
	case plan.StatusTerminated:
		if err := s.reactivate(ctx); err != nil {
			return err
		}
	case statusActive:
	default:
		return fmt.Errorf("the marked employee %d is %s, which no probe does: make them ACTIVE or TERMINATED in TrackTik, "+
			"and probe again", e.ID, e.Status)
	}
	s.fits(rowMake, "not tried: employee %d of an earlier probe is used again", s.id)
	s.home = s.was.Region
	if err := s.set(ctx, values()); err != nil {
		return err
	}
	return (&recording{s}).compare(ctx)
}

// set makes the marked employee what they are in the beginning. What the portal refuses is
// left out.
func (s *session) set(ctx context.Context, want plan.Values) error {
	s.sent = want
	for range 4 {
		var changes []plan.Change
		for _, f := range plan.RecordFields {
			if s.was.Values[f] != s.sent[f] && s.sent[f] != "" {
				changes = append(changes, plan.Change{Field: f, Old: s.was.Values[f], New: s.sent[f]})
			}
		}
		_, err := s.Target.UpdateEmployee(ctx, s.id, changes, s.sent)
		var f failure
		switch {
		case err == nil || isUnknown(err): // which the comparison shows
			return nil
		case !isAnswer(err):
			return err
		case errors.As(err, &f):
			if field, named := f.RefusedField(); named && slices.Contains(optional, field) && s.sent[field] != "" {
				s.leaveOut(field, err)
				continue
			}
		}
		s.refused(rowUpdate, report, err)
		return nil
	}
	return nil
}

// reactivate brings the marked employee back.
func (s *session) reactivate(ctx context.Context) error {
	err := s.Target.ReactivateEmployee(ctx, s.id, "tracktik-sync probe")
	if err != nil && !isAnswer(err) && !isUnknown(err) {
		return err
	}
	s.ended[s.id] = false
	if readErr := s.read(ctx); readErr != nil {
		return readErr
	}
	const follows = "leave sync.rehire at new; who returns gets a new employee"
	switch {
	case s.was.Active():
		s.fits(rowReactivate, "ACTIVE")
		return nil
	case err != nil:
		s.refused(rowReactivate, follows, err)
	default:
		s.differs(rowReactivate, follows, "answered yes, and shown %s", s.was.Status)
	}
	s.ended[s.id] = s.was.Status == plan.StatusTerminated
	return fmt.Errorf("the marked employee %d cannot be reactivated, and no second one is made", s.id)
}

// read reads the marked employee.
func (s *session) read(ctx context.Context) error {
	e, found, err := s.Target.Employee(ctx, s.id)
	switch {
	case err != nil:
		return err
	case !found:
		s.differs(rowKept, "let the integration's account see all regions", "not shown any more after a write")
		return fmt.Errorf("the portal does not show employee %d to us", s.id)
	}
	s.was = e
	return nil
}

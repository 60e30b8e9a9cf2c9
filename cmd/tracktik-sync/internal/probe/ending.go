package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
)

var zero time.Time

func asFailure(err error) (failure, bool) {
	var f failure
	return f, errors.As(err, &f)
}

func statusOf(err error) int {
	if f, ok := asFailure(err); ok {
		return f.Status()
	}
	return 0
}

func isAboutRole(err error) bool {
	f, ok := asFailure(err)
	return ok && f.AboutRole()
}

// terminate ends one of the marked employees, and reads them back.
func (s *session) terminate(ctx context.Context, id plan.EmployeeID) (status string, err error) {
	t := plan.Termination{Date: s.Now().Format(time.DateOnly), Reason: s.reason, Comment: "tracktik-sync probe"}
	_, err = s.Target.TerminateEmployee(ctx, id, t)
	e, found, readErr := s.Target.Employee(ctx, id)
	if readErr == nil && found {
		status = e.Status
		s.ended[id] = status == plan.StatusTerminated
		if id == s.id {
			s.was = e
		}
	}
	return status, errors.Join(err, readErr)
}

// leave terminates the marked employee, and looks who has the username then.
func (s *session) leave(ctx context.Context) error {
	status, err := s.terminate(ctx, s.id)
	switch {
	case s.ended[s.id]:
		s.fits(rowTerminate, "TERMINATED")
	case err != nil && !isAnswer(err):
		return err
	case err != nil:
		s.refused(rowTerminate, report, err)
	default:
		s.differs(rowTerminate, "nothing: each run reads its first termination back, and stops terminating; "+report,
			"answered yes, and shown %s", status)
	}
	if !s.ended[s.id] {
		return errors.New("the marked employee could not be terminated")
	}
	keeps := s.was.Values[plan.Username] != ""
	if !s.was.Has.Has(plan.Username) {
		list, err := s.Target.FindEmployees(ctx, plan.Username, values()[plan.Username])
		if err != nil && !isAnswer(err) {
			return err
		}
		keeps = slices.ContainsFunc(list, func(e plan.Employee) bool { return e.ID == s.id })
	}
	if keeps {
		s.differs(rowUsernameFree, "who returns under the same username is a problem of theirs (name_in_use); "+report,
			"the terminated employee keeps it")
		return nil
	}
	s.fits(rowUsernameFree, "nobody has it")
	return nil
}

// comeBack reactivates the marked employee, and looks for their grants.
func (s *session) comeBack(ctx context.Context) error {
	if err := s.reactivate(ctx); err != nil {
		if s.ended[s.id] { // it is the last question, and has its answer
			return nil
		}
		return err
	}
	for _, id := range s.grants {
		_, found, err := s.Target.UserRole(ctx, id)
		switch {
		case err != nil && !isAnswer(err):
			return err
		case err != nil:
			s.refused(rowGrantsStay, report, err)
		case !found:
			s.differs(rowGrantsStay, "nothing: who is reactivated is given the roles that are due", "gone")
		default:
			s.fits(rowGrantsStay, "still there")
		}
	}
	return nil
}

// end terminates all marked employees that are not. The error says that some are left.
func (s *session) end(ctx context.Context) error {
	if s.late { // whom a create has made whose answer was lost
		list, err := s.Target.FindEmployees(ctx, plan.Email, values()[plan.Email])
		for i := range list {
			if e := &list[i]; err == nil && isMarked(e) && !slices.Contains(s.mine, e.ID) {
				s.mine = append(s.mine, e.ID)
				s.ended[e.ID] = e.Status == plan.StatusTerminated
			}
		}
		s.note.Employees = s.mine
		if !s.note.Creating.IsZero() {
			s.report.Left = append(s.report.Left, "a create whose answer was lost may still take effect: probe again in a "+
				"minute")
		}
	}
	left := 0
	for _, id := range s.mine {
		if s.ended[id] {
			continue
		}
		status, err := s.terminate(ctx, id)
		if s.ended[id] {
			continue
		}
		left++
		text := "shown " + status
		if status == "" {
			text = "not shown"
		}
		if err != nil {
			text += ", and the termination " + said(err)
		}
		s.report.Left = append(s.report.Left, fmt.Sprintf("employee %d (tracktik-sync probe): %s; end them in TrackTik by "+
			"hand, or probe again", id, text))
	}
	if left > 0 {
		return fmt.Errorf("%d of the probe's employees could not be terminated", left)
	}
	return nil
}

package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
)

// mostPages is how far into the list of all grants our own employee is looked for.
const mostPages = 3

// errFound ends the reading of a list.
var errFound = errors.New("found")

// granting tries roles on the marked employee.
type granting struct{ *session }

// grant grants the roles, if it can be told to whom.
func (s *granting) grant(ctx context.Context) error {
	if len(s.roles) == 0 {
		s.fits(rowGrant, "not tried: --role names a role to grant")
		return nil
	}
	known, err := s.holderKnown(ctx)
	if err != nil || !known {
		return err
	}
	held, err := s.Target.UserRolesOf(ctx, s.id)
	switch {
	case err != nil && !isAnswer(err):
		return err
	case err != nil:
		s.refused(rowByEmployee, unlisted, err)
	}
	for _, g := range held { // of an earlier probe
		s.grants[g.Role] = g.ID
	}
	role := s.roles[0].ID
	if _, is := s.grants[role]; is {
		s.fits(rowGrant, "not tried: held since an earlier probe, as the last role stays")
	} else if done, err := s.give(ctx, role); err != nil || !done {
		return err
	}
	if err := s.listed(ctx, role); err != nil {
		return err
	}
	return s.twice(ctx, role)
}

// holderKnown compares our own employee, who holds a role or could not read, with the lists
// of grants. Where it cannot be told whose a grant is, a grant could be a stranger's.
func (s *granting) holderKnown(ctx context.Context) (bool, error) {
	if s.own == 0 {
		s.differs(rowHolder, "set tracktik.auth.employee to the id of the employee whose credentials these are, and probe "+
			"again",
			"not told: the portal does not say who we are, and nothing was granted")
		return false, nil
	}
	held, err := s.Target.UserRolesOf(ctx, s.own)
	switch {
	case err == nil && len(held) > 0:
		s.fits(rowHolder, "ours are listed under our own employee's id")
		return true, nil
	case err != nil && !isAnswer(err):
		return false, err
	}
	if err != nil {
		s.refused(rowByEmployee, unlisted, err)
	}
	read, pages := 0, 0
	err = s.Target.UserRoles(ctx, func(page []plan.UserRole) error {
		read += len(page)
		if pages++; slices.ContainsFunc(page, func(g plan.UserRole) bool { return g.Employee == s.own }) ||
			pages == mostPages {
			return errFound
		}
		return nil
	})
	ours := errors.Is(err, errFound) && pages < mostPages
	switch {
	case err != nil && !errors.Is(err, errFound):
		if !isAnswer(err) {
			return false, err
		}
		s.refused(rowHolder, noGrants, err)
	case ours:
		s.fits(rowHolder, "ours are listed under our own employee's id")
	case read == 0:
		s.differs(rowByEmployee, "nothing: grants are read by their id, and nothing is granted on an empty list; "+report,
			"the list is empty, though our own account holds a role; nothing was granted")
	default:
		s.differs(rowHolder, noGrants, "no grant of %d shows our own employee's id; nothing was granted", read)
	}
	return ours, nil
}

// give grants one role and reads the grant back; done says that it is there.
func (s *granting) give(ctx context.Context, role plan.RoleID) (done bool, err error) {
	id, err := s.Target.Grant(ctx, s.id, role)
	switch {
	case err != nil && id != 0: // the answer shows somebody else
		s.differs(rowHolder, noGrants, "the answer shows another user than the employee; the grant was taken back")
		return false, s.undo(ctx, id)
	case isUnknown(err):
		return false, fmt.Errorf("what became of a grant is not known: %s", said(err))
	case err != nil && !isAnswer(err):
		return false, err
	case err != nil:
		s.refused(rowGrant, noGrants, err)
		return false, nil
	}
	g, found, err := s.Target.UserRole(ctx, id)
	switch {
	case err != nil && !isAnswer(err):
		return false, err
	case err != nil:
		s.refused(rowGrant, report, err)
	case !found:
		s.differs(rowGrant, noGrants, "answered with a grant, and there is none of its id")
		return false, nil
	case g.Employee != s.id:
		s.differs(rowHolder, noGrants, "the grant shows another user than the employee; it was taken back")
		return false, s.undo(ctx, id)
	default:
		s.fits(rowGrant, "granted, and it is there")
	}
	s.grants[role] = id
	return true, nil
}

// undo takes back what must not be, or says that it is left.
func (s *granting) undo(ctx context.Context, id plan.GrantID) error {
	if err := s.Target.Revoke(ctx, id); err != nil {
		s.report.Left = append(s.report.Left, fmt.Sprintf("grant %d of /user-roles, which the probe made: %s; take it "+
			"back by hand", id, said(err)))
		if !isAnswer(err) {
			return err
		}
	}
	return nil
}

// listed looks for the grant by employee and by role.
func (s *granting) listed(ctx context.Context, role plan.RoleID) error {
	id := s.grants[role]
	for _, look := range []struct {
		row  row
		list func() ([]plan.UserRole, error)
	}{
		{rowByEmployee, func() ([]plan.UserRole, error) { return s.Target.UserRolesOf(ctx, s.id) }},
		{rowByRole, func() ([]plan.UserRole, error) { return s.Target.UserRolesWith(ctx, role) }},
	} {
		list, err := look.list()
		switch {
		case err != nil && !isAnswer(err):
			return err
		case err != nil:
			s.refused(look.row, unlisted, err)
		case !slices.ContainsFunc(list, func(g plan.UserRole) bool { return g.ID == id }):
			s.differs(look.row, "nothing: grants are read by their id too; "+report, "not there among %d", len(list))
		default:
			s.fits(look.row, "there")
		}
	}
	return nil
}

// twice grants the same role again.
func (s *granting) twice(ctx context.Context, role plan.RoleID) error {
	id, err := s.Target.Grant(ctx, s.id, role)
	switch {
	case err == nil && id == s.grants[role]:
		s.fits(rowTwice, "answered with the same grant")
	case err == nil:
		s.differs(rowTwice, "nothing: a person's grants are read before one is made; "+report,
			"a second grant was made, and taken back")
		return s.undo(ctx, id)
	case isAnswer(err), isUnknown(err) && statusOf(err) == 500:
		s.fits(rowTwice, "%s", said(err))
	default:
		return err
	}
	return nil
}

// takeBack revokes a second role, and then the last one.
func (s *granting) takeBack(ctx context.Context) error {
	if len(s.grants) == 0 {
		return nil
	}
	if len(s.roles) > 1 {
		if err := s.takeSecond(ctx, s.roles[1].ID); err != nil {
			return err
		}
	}
	role := s.roles[0].ID
	gone, err := s.revoke(ctx, s.grants[role])
	switch {
	case err == nil && gone:
		s.fits(rowRevoke, "gone")
		s.differs(rowLast, nothing, "taken away: somebody can be without any role")
		delete(s.grants, role)
	case err == nil:
	case !isAnswer(err):
		return err
	case isAboutRole(err):
		s.fits(rowLast, "%s", said(err))
		if len(s.roles) == 1 {
			s.fits(rowRevoke, "not tried: it was the last role; a second --role is taken back")
		}
	default:
		s.refused(rowRevoke, noRevokes, err)
	}
	return nil
}

// takeSecond grants another role and takes it back, so that it is not the last.
func (s *granting) takeSecond(ctx context.Context, role plan.RoleID) error {
	if _, is := s.grants[role]; !is {
		if done, err := s.give(ctx, role); err != nil || !done {
			return err
		}
	}
	gone, err := s.revoke(ctx, s.grants[role])
	switch {
	case err == nil && gone:
		s.fits(rowRevoke, "gone")
		delete(s.grants, role)
	case err == nil:
	case !isAnswer(err):
		return err
	default:
		s.refused(rowRevoke, noRevokes, err)
	}
	return nil
}

// revoke takes a grant back and looks for it.
func (s *granting) revoke(ctx context.Context, id plan.GrantID) (gone bool, err error) {
	if err := s.Target.Revoke(ctx, id); err != nil {
		return false, err
	}
	_, found, err := s.Target.UserRole(ctx, id)
	if err != nil {
		return false, err
	}
	if found {
		s.differs(rowRevoke, noRevokes, "answered yes, and the grant is still there")
	}
	return !found, nil
}

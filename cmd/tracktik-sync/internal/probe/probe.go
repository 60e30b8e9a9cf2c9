// Package probe finds out what a portal does with a write, which nobody can know without
// one. It makes one marked employee, does with them what a run does, and terminates them;
// the next probe takes the same one. Nobody else is touched.
package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
)

// Most is how many requests one probe makes at most, its login included.
const Most = 60

// closingTime is how long ending may take after the probe was told to end.
const closingTime = 20 * time.Second

// A Target is the portal. *tracktik.Client is one.
type Target interface {
	Self(ctx context.Context) (string, error)
	Employee(ctx context.Context, id plan.EmployeeID) (e plan.Employee, found bool, err error)
	FindEmployees(ctx context.Context, field plan.Field, value string) ([]plan.Employee, error)
	EmployeesByID(ctx context.Context, ids []plan.EmployeeID) ([]plan.Employee, error)
	CreateEmployee(ctx context.Context, v plan.Values, region plan.RegionID) (plan.Employee, error)
	UpdateEmployee(ctx context.Context, id plan.EmployeeID, changes []plan.Change, full plan.Values) (plan.Employee, error)
	MoveEmployee(ctx context.Context, id plan.EmployeeID, region plan.RegionID) (plan.Employee, error)
	TerminateEmployee(ctx context.Context, id plan.EmployeeID, t plan.Termination) (plan.Employee, error)
	ReactivateEmployee(ctx context.Context, id plan.EmployeeID, note string) error
	Regions(ctx context.Context) ([]plan.RegionRecord, error)
	TerminationReasons(ctx context.Context) ([]plan.TerminationReason, error)
	Roles(ctx context.Context) ([]plan.Role, error)
	UserRoles(ctx context.Context, page func([]plan.UserRole) error) error
	UserRolesOf(ctx context.Context, id plan.EmployeeID) ([]plan.UserRole, error)
	UserRolesWith(ctx context.Context, id plan.RoleID) ([]plan.UserRole, error)
	UserRole(ctx context.Context, id plan.GrantID) (u plan.UserRole, found bool, err error)
	Grant(ctx context.Context, employee plan.EmployeeID, role plan.RoleID) (plan.GrantID, error)
	Revoke(ctx context.Context, id plan.GrantID) error
	AskedOtherwise() []plan.Warning
	Requests() int
}

// A Journal keeps what is being done, so that the next probe can end what a killed one has
// left. *state.ProbeFile is one.
type Journal interface {
	Load() (plan.ProbeNote, error)
	Save(plan.ProbeNote) error
}

// A Prober makes probes. It is a literal: every field but those that say otherwise is set.
type Prober struct {
	Target  Target
	Journal Journal
	Portal  string // its address

	Roles  []string // names or ids of roles to grant; none: nothing is granted
	Policy *plan.Policy
	Region string // of whoever has no division, as the configuration names it
	Reason string // of terminations, an id or a label; empty: the portal's first
	Own    string // id of the employee whose credentials are used; empty: the portal says

	Now   func() time.Time // where terminations are dated
	Sleep func(context.Context, time.Duration) error
}

// A RefusedError says that the probe must not be made like this. Nothing was written.
type RefusedError struct{ Message string }

func (e *RefusedError) Error() string { return e.Message }

// A session is the working state of one probe.
type session struct {
	*Prober
	note   plan.ProbeNote
	report plan.Probe

	own     plan.EmployeeID
	regions []plan.RegionRecord
	home    plan.RegionID // of the marked employee
	reason  int64
	roles   []plan.Role

	id     plan.EmployeeID   // of the marked employee; 0: there is none yet
	sent   plan.Values       // what they should hold
	was    plan.Employee     // as they were last read
	mine   []plan.EmployeeID // all marked ones, accepted duplicates included
	ended  map[plan.EmployeeID]bool
	late   bool                         // the outcome of a create is not known
	grants map[plan.RoleID]plan.GrantID // that the marked employee holds
}

// Run probes the portal. The report comes with an error too, as far as it got; nil says that
// nothing was written. Whatever happens, the marked employee ends TERMINATED, or the
// report's Left says what did not.
func (p *Prober) Run(ctx context.Context) (*plan.Probe, error) {
	note, err := p.Journal.Load()
	if err != nil {
		return nil, err
	}
	if note.Portal != p.Portal {
		note = plan.ProbeNote{Portal: p.Portal}
	}
	s := &session{Prober: p, note: note, ended: map[plan.EmployeeID]bool{}, grants: map[plan.RoleID]plan.GrantID{}}
	s.report.Assumptions, s.report.Left = []plan.Assumption{}, []string{}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	err = s.steps(ctx)
	var refused *RefusedError
	if errors.As(err, &refused) {
		return nil, err
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingTime)
	defer cancel()
	err = errors.Join(err, s.end(closing))
	s.asked()
	s.report.Calls = p.Target.Requests()
	s.note.Time, s.note.Ended, s.note.Probe = p.Now().UTC(), err == nil, &s.report
	return &s.report, errors.Join(err, p.Journal.Save(s.note))
}

// steps are what is tried, one after the other. An error ends the probe: what comes after
// it would be about nothing.
func (s *session) steps(ctx context.Context) error {
	values, roles := &recording{s}, &granting{s}
	for _, step := range []struct {
		take func(context.Context) error
		most int // requests, where the portal is asked as its document has it
	}{
		{s.begin, 5}, {values.again, 2}, {values.lookUps, 4}, {values.change, 3}, {values.clear, 2}, {values.move, 2},
		{roles.grant, 10}, {roles.takeBack, 6}, {s.leave, 3}, {s.comeBack, 4},
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		ending := 2 + 2*len(s.mine) // requests, to end what was begun
		if n := s.Target.Requests(); n+step.most+ending > Most {
			return fmt.Errorf("%d of %d calls were made, and the rest of the questions is left", n, Most)
		}
		if err := step.take(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepare reads what a probe needs, and refuses what must not be.
func (s *session) prepare(ctx context.Context) error {
	self, err := s.Target.Self(ctx)
	if err != nil {
		return err
	}
	if s.Own != "" {
		self = s.Own
	}
	if _, err := fmt.Sscan(self, &s.own); err != nil {
		s.own = 0 // nobody knows
	}
	for _, read := range []func(context.Context) error{s.readRoles, s.readRegions, s.readReasons} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// readRoles finds the roles that are to be granted, and refuses those that must not be.
func (s *session) readRoles(ctx context.Context) error {
	if len(s.Roles) == 0 {
		return nil
	}
	all, err := s.Target.Roles(ctx)
	if err != nil {
		return err
	}
	for _, name := range s.Roles {
		i := slices.IndexFunc(all, func(r plan.Role) bool {
			return plan.FoldName(r.Name) == plan.FoldName(name) || fmt.Sprint(r.ID) == name
		})
		if i < 0 {
			return fmt.Errorf("--role: the portal has no role %q", name)
		}
		role := all[i]
		switch {
		case plan.ProtectedRole(role, s.Policy):
			return &RefusedError{fmt.Sprintf("--role: %q is protected (sync.roles.protected), or no role of the staff "+
				"portal: name one that a guard may have", role.Name)}
		case slices.ContainsFunc(s.roles, func(r plan.Role) bool { return r.ID == role.ID }):
			return &RefusedError{fmt.Sprintf("--role: %q is named twice: name two different roles, or one", role.Name)}
		}
		s.roles = append(s.roles, role)
	}
	return nil
}

// readRegions chooses the region of the marked employee.
func (s *session) readRegions(ctx context.Context) error {
	list, err := s.Target.Regions(ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errors.New("the portal shows no region, and an employee needs one")
	}
	home, code, _ := plan.NewRegions(list).Fallback(s.Region)
	if code != "" {
		home = list[0]
	}
	s.home, s.regions = home.ID, list
	return nil
}

// readReasons finds the reason of the terminations: nothing is begun that cannot be ended.
func (s *session) readReasons(ctx context.Context) error {
	reasons, err := s.Target.TerminationReasons(ctx)
	if err != nil {
		return err
	}
	for _, r := range reasons {
		if s.Reason == "" || r.IsNamed(s.Reason) {
			s.reason = r.ID
			return nil
		}
	}
	return fmt.Errorf("tracktik.termination_reason: the portal has no reason %q, and nothing is begun that cannot be "+
		"ended", s.Reason)
}

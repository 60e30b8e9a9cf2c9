package tracktiktest

import "fmt"

// The methods in this file act like somebody at the portal's own pages. None of
// the API's rules bind them: two employees may be given one e-mail.

// AddEmployee adds an employee and returns the id. See Employee for what an empty
// field becomes. It panics when the id is taken.
func (s *Server) AddEmployee(e Employee) int64 {
	return alone(s, func() int64 {
		free(&s.employees, e.ID)
		return s.insert(e, atPortal).ID
	})
}

// Seed adds many employees, without a trace in the history, and returns their ids.
// It panics when an id is taken.
func (s *Server) Seed(employees ...Employee) []int64 {
	return alone(s, func() []int64 {
		ids := make([]int64, 0, len(employees))
		for _, e := range employees {
			free(&s.employees, e.ID)
			ids = append(ids, s.place(e).ID)
		}
		return ids
	})
}

// SeedGrants adds many grants, likewise. It does not check whether the employees
// and roles exist.
func (s *Server) SeedGrants(grants ...Grant) []int64 {
	return alone(s, func() []int64 {
		ids := make([]int64, 0, len(grants))
		for _, g := range grants {
			free(&s.grants, g.ID)
			ids = append(ids, s.placeGrant(g).ID)
		}
		return ids
	})
}

// UpdateEmployee changes an employee. The id stays what it is.
func (s *Server) UpdateEmployee(id int64, change func(e *Employee)) error {
	return s.edit(id, "updated", change)
}

// MoveEmployee puts an employee into another region, as dispatchers do.
func (s *Server) MoveEmployee(id, region int64) error {
	return s.edit(id, "moved", func(e *Employee) { e.Region = region })
}

// BanEmployee bans an employee.
func (s *Server) BanEmployee(id int64) error {
	return s.edit(id, "banned", func(e *Employee) { e.Status = Banned })
}

// DeactivateEmployee makes an employee INACTIVE.
func (s *Server) DeactivateEmployee(id int64) error {
	return s.edit(id, "deactivated", func(e *Employee) { e.Status = Inactive })
}

// TerminateEmployee ends an employment today, for the reason ResignedReason.
func (s *Server) TerminateEmployee(id int64) error {
	return s.onEmployee(id, func(rec *employee) {
		today := s.now().Format("2006-01-02")
		s.terminate(rec, Termination{Date: today, Reason: ResignedReason}, atPortal)
	})
}

// ReactivateEmployee brings an employee back, without a username.
func (s *Server) ReactivateEmployee(id int64) error {
	return s.onEmployee(id, func(rec *employee) { s.reactivate(rec, "reactivated at the portal", atPortal) })
}

// DeleteEmployeeRecord makes an employee vanish with all grants, which no portal
// offers: the record is 404 afterwards.
func (s *Server) DeleteEmployeeRecord(id int64) error {
	return s.onEmployee(id, func(rec *employee) {
		s.revokeAll(id, atPortal)
		s.unset(rec)
		s.employees.remove(id)
		if rec.unseen.Load() > 0 {
			s.unseen.Add(-1)
		}
		s.note(atPortal, "employees", id, "deleted", differences(rec.facts(), (&Employee{}).facts())...)
	})
}

// AddRole adds a role and returns its id. It panics when the id is taken.
func (s *Server) AddRole(r Role) int64 {
	return alone(s, func() int64 {
		free(&s.roles, r.ID)
		return s.insertRole(r, atPortal).ID
	})
}

// RenameRole gives a role another name, a default role too.
func (s *Server) RenameRole(id int64, name string) error {
	return s.onRole(id, func(rec *role) {
		r := rec.Role
		r.Name = name
		s.replaceRole(rec, r, atPortal, "updated")
	})
}

// MoveRole makes a role one of another portal: ADMIN, STAFF or CLIENT.
func (s *Server) MoveRole(id int64, portal string) error {
	return s.onRole(id, func(rec *role) {
		r := rec.Role
		r.Portal = portal
		s.replaceRole(rec, r, atPortal, "updated")
	})
}

// DeleteRole terminates a role: its holders lose it.
func (s *Server) DeleteRole(id int64) error {
	return s.onRole(id, func(rec *role) { s.endRole(rec, atPortal) })
}

// Grant gives an employee a role and returns the grant's id: the existing one when
// the employee has it already.
func (s *Server) Grant(employeeID, roleID int64) (id int64, err error) {
	err = s.onEmployee(employeeID, func(*employee) {
		if g := s.held(employeeID, roleID); g != nil {
			id = g.ID
		} else if _, known := s.roles.get(roleID); known {
			id = s.insertGrant(Grant{Employee: employeeID, Role: roleID}, atPortal).ID
		}
	})
	if err == nil && id == 0 {
		err = fmt.Errorf("tracktiktest: there is no role %d", roleID)
	}
	return id, err
}

// Revoke takes a role from an employee, the last one too.
func (s *Server) Revoke(employeeID, roleID int64) error {
	return alone(s, func() error {
		g := s.held(employeeID, roleID)
		if g == nil {
			return fmt.Errorf("tracktiktest: revoking: employee %d does not hold role %d", employeeID, roleID)
		}
		s.removeGrant(g, atPortal)
		return nil
	})
}

// AddRegion adds a region and returns its id. It panics when the id is taken.
func (s *Server) AddRegion(r Region) int64 {
	return alone(s, func() int64 {
		free(&s.regions, r.ID)
		return s.insertRegion(r, atPortal).ID
	})
}

// UpdateRegion changes a region. The id stays what it is.
func (s *Server) UpdateRegion(id int64, change func(r *Region)) error {
	return alone(s, func() error {
		rec, found := s.regions.get(id)
		if !found {
			return fmt.Errorf("tracktiktest: there is no region %d", id)
		}
		r := rec.Region
		change(&r)
		r.ID = id
		changes := differences(rec.facts(), r.facts())
		rec.Region = r
		s.note(atPortal, "regions", id, "updated", changes...)
		return nil
	})
}

// DeleteRegion takes a region away. Employees keep its number.
func (s *Server) DeleteRegion(id int64) error {
	return alone(s, func() error {
		rec, found := s.regions.get(id)
		if !found {
			return fmt.Errorf("tracktiktest: there is no region %d", id)
		}
		s.regions.remove(id)
		s.note(atPortal, "regions", id, "deleted", differences(rec.facts(), (&Region{}).facts())...)
		return nil
	})
}

// AddReason adds a termination reason and returns its id. It panics when the id is
// taken.
func (s *Server) AddReason(r Reason) int64 {
	return alone(s, func() int64 {
		free(&s.reasons, r.ID)
		return s.insertReason(r, atPortal).ID
	})
}

// DeleteReason takes a termination reason away.
func (s *Server) DeleteReason(id int64) error {
	return alone(s, func() error {
		rec, found := s.reasons.get(id)
		if !found {
			return fmt.Errorf("tracktiktest: there is no termination reason %d", id)
		}
		s.reasons.remove(id)
		s.note(atPortal, s.reasons.name, id, "deleted", FieldChange{Name: "name", Old: rec.Name})
		return nil
	})
}

// alone runs f while nobody else reads or changes anything.
func alone[T any](s *Server, f func() T) T {
	s.start()
	s.mu.Lock()
	defer s.mu.Unlock()
	return f()
}

// free panics when an id is taken: the caller's own numbering is wrong.
func free[T record](r *resource[T], id int64) {
	if _, taken := r.get(id); taken {
		panic(fmt.Sprintf("tracktiktest: record %d is already in %s", id, r.name))
	}
}

func (s *Server) onEmployee(id int64, act func(rec *employee)) error {
	return alone(s, func() error {
		rec, found := s.employees.get(id)
		if !found {
			return fmt.Errorf("tracktiktest: there is no employee %d", id)
		}
		act(rec)
		return nil
	})
}

func (s *Server) onRole(id int64, act func(rec *role)) error {
	return alone(s, func() error {
		rec, found := s.roles.get(id)
		if !found {
			return fmt.Errorf("tracktiktest: there is no role %d", id)
		}
		act(rec)
		return nil
	})
}

func (s *Server) edit(id int64, what string, change func(e *Employee)) error {
	return s.onEmployee(id, func(rec *employee) {
		e := rec.copied()
		change(&e)
		e.ID = id
		s.replace(rec, e, atPortal, what)
	})
}

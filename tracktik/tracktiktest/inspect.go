package tracktiktest

import "slices"

// beside runs f beside other readers.
func beside[T any](s *Server, f func() T) T {
	s.start()
	s.mu.RLock()
	defer s.mu.RUnlock()
	return f()
}

// Employees returns all employees in the order of their ids, the integration's own
// among them.
func (s *Server) Employees() []Employee {
	return beside(s, func() []Employee {
		out := make([]Employee, 0, len(s.employees.order))
		for _, e := range s.employees.order {
			out = append(out, e.copied())
		}
		return out
	})
}

// Employee returns one employee.
func (s *Server) Employee(id int64) (e Employee, found bool) {
	found = beside(s, func() bool {
		rec, found := s.employees.get(id)
		if found {
			e = rec.copied()
		}
		return found
	})
	return e, found
}

// Roles returns all roles in the order of their ids.
func (s *Server) Roles() []Role {
	return beside(s, func() (out []Role) {
		for _, r := range s.roles.order {
			out = append(out, r.Role)
		}
		return out
	})
}

// Grants returns all grants in the order of their ids.
func (s *Server) Grants() []Grant {
	return beside(s, func() (out []Grant) {
		for _, g := range s.grants.order {
			out = append(out, g.Grant)
		}
		return out
	})
}

// RolesOf returns the ids of the roles that an employee holds, in rising order.
func (s *Server) RolesOf(employeeID int64) []int64 {
	return beside(s, func() (out []int64) {
		for _, g := range s.byUser[employeeID] {
			out = append(out, g.Role)
		}
		slices.Sort(out)
		return out
	})
}

// Regions returns all regions in the order of their ids.
func (s *Server) Regions() []Region {
	return beside(s, func() (out []Region) {
		for _, r := range s.regions.order {
			out = append(out, r.Region)
		}
		return out
	})
}

// Reasons returns all termination reasons in the order of their ids.
func (s *Server) Reasons() []Reason {
	return beside(s, func() (out []Reason) {
		for _, r := range s.reasons.order {
			out = append(out, r.Reason)
		}
		return out
	})
}

package tracktiktest

import "fmt"

// insert adds an employee, whoever asked for it. The values are good already.
func (s *Server) insert(e Employee, by author) *employee {
	e.UpdatedBy = by.employee()
	rec := s.place(e)
	s.note(by, "employees", rec.ID, "created", differences(nil, rec.facts())...)
	return rec
}

// place adds an employee without a trace in the history.
func (s *Server) place(e Employee) *employee {
	if e.ID == 0 {
		e.ID = s.employees.next()
	}
	if e.Status == "" {
		e.Status = Active
	}
	if e.Region == 0 {
		e.Region = HQ
	}
	if e.CustomID == "" {
		e.CustomID = s.freeCustomID(e.ID)
	}
	if e.CreatedOn.IsZero() {
		e.CreatedOn = s.now()
	}
	e.UpdatedOn = s.now()
	if e.UpdatedBy == 0 {
		e.UpdatedBy = Dispatcher
	}
	rec := &employee{}
	s.set(rec, e)
	s.employees.add(rec)
	return rec
}

// set fills a record and enters it into the indexes.
func (s *Server) set(rec *employee, e Employee) {
	if e.Address != nil {
		a := *e.Address
		if a.ID == 0 {
			s.addresses++
			a.ID = s.addresses
		}
		e.Address = &a
	}
	if fold(rec.Email) != fold(e.Email) {
		s.emailParts.put(e.Email, e.ID)
	}
	rec.Employee = e
	s.byName.put(e.Username, rec)
	s.byEmail.put(e.Email, rec)
	s.byCustom.put(e.CustomID, rec)
}

// unset takes a record out of the indexes.
func (s *Server) unset(rec *employee) {
	s.byName.drop(rec.Username, rec)
	s.byEmail.drop(rec.Email, rec)
	s.byCustom.drop(rec.CustomID, rec)
}

// replace changes an employee. Where nothing differs nothing is noted.
func (s *Server) replace(rec *employee, e Employee, by author, what string) {
	changes := differences(rec.facts(), e.facts())
	if len(changes) == 0 {
		return
	}
	e.UpdatedOn, e.UpdatedBy = s.now(), by.employee()
	s.unset(rec)
	s.set(rec, e)
	s.note(by, "employees", rec.ID, what, changes...)
}

// freeCustomID is the number that the portal assigns.
func (s *Server) freeCustomID(id int64) string {
	number := fmt.Sprintf("%06d", id)
	for len(s.byCustom.find(number)) > 0 {
		number += "-1"
	}
	return number
}

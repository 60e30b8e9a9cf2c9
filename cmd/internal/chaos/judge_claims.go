package chaos

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// observe notes what a run can see before it does anything.
func (j *judge) observe(s *step) {
	if s.forgotten != "" {
		delete(j.restored, s.forgotten)
	}
	for id := range j.owned {
		if s.unlinked != "" && s.result.Code == 0 && j.owned[id][s.unlinked] { // they are nobody's now, and so are their grants
			delete(j.owned[id], s.unlinked)
			for _, grants := range j.holds(id) {
				for _, g := range grants {
					g.byUs, g.adopted = false, false
				}
			}
		}
	}
	if s.link != nil {
		j.handLink[s.link.person] = true
	}
	for _, g := range j.grants { // what a dispatcher gave before the group did is taken over
		if p := j.of(s, g.employee); s.runs && p != nil && !g.byUs && !g.adopted {
			groups, _ := j.givers(s, p, g.role)
			g.adopted = len(groups) > 0
		}
	}
	for _, e := range j.employees { // a look-up that cannot see them settles nothing rightly
		e.meddled = e.meddled || e.open && s.runs && j.hidden(s, e)
	}
	if s.runs {
		j.nameGroups(s)
	}
	if !s.runs || s.wrongClock() {
		return
	}
	for id, p := range s.truth.People {
		if !s.looksAt(id) {
			continue
		}
		v, recorded := verdictOn(p, s.cfg), s.result.Code != 1
		if v != gone && recorded {
			delete(j.unseen, id)
		} else if v == gone && j.unseen[id].IsZero() {
			j.unseen[id] = s.truth.At
		}
		if v != gone {
			j.shown[id] = p
		}
		if !p.graceful() && v != gone && recorded {
			delete(j.absent, id)
		} else if p.graceful() && j.absent[id].IsZero() {
			j.absent[id] = s.truth.At
		}
		if p.Status == oktatest.StatusDeprovisioned {
			j.deprov[id] = true
		}
		if v == leave || v == gone || v == either {
			j.departed[id] = true
		}
	}
	for _, g := range s.truth.Groups {
		if j.pushed(s, g) == no {
			continue
		}
		if _, r := j.mapped(s, g); r != nil {
			j.mappedOnce[g.ID] = r.id
		}
		j.buried[g.ID] = g.Members
		for id := range s.truth.People {
			key := id + " " + g.ID
			if g.Members[id] {
				j.wasIn[key] = true
				delete(j.left, key)
			} else {
				j.left[key] = true
			}
		}
	}
}

// nameGroups notes what pushed groups are called: that needs no clock.
func (j *judge) nameGroups(s *step) {
	for _, g := range s.truth.Groups {
		if j.pushed(s, g) == no {
			continue
		}
		if j.names[g.ID] == nil {
			j.names[g.ID] = map[string]bool{}
		}
		j.names[g.ID][g.Name] = true
	}
}

// looksAt reports whether a run is about a person.
func (s *step) looksAt(id string) bool {
	return s.users == nil && !s.named || slices.Contains(s.users, id)
}

// settle looks at what the program says after a command: who is whom, which role is
// whose, and its history.
func (j *judge) settle(s *step) {
	if s.runs && s.users == nil && !s.named && !s.wrongClock() && s.result.Code != 1 && s.result.Code >= 0 {
		j.missing = map[string]bool{}
		for id, p := range s.truth.People {
			if verdictOn(p, s.cfg) == gone {
				j.missing[id] = true
			}
			if v := verdictOn(p, s.cfg); v == provision || v == either {
				delete(j.restored, id)
			}
		}
	}
	if s.runs && s.refresh && s.result.Code != 1 && s.result.Code >= 0 { // else it recorded nothing
		for id := range j.employees {
			if s.users == nil || slices.Contains(s.users, j.owner[id]) { // one of single people reads theirs alone
				j.reread[id] = true
			}
		}
	}
}

// roleLinked judges an existing role that a group took over.
func (j *judge) roleLinked(s *step, e entry) string {
	g, r := s.truth.Groups[e.Role.Group], j.roles[e.Role.ID]
	if g == nil { // what the configuration names for one that cannot be read gives nobody anything
		if r == nil || !j.configured(s, r.id) {
			return "the group is not there"
		}
		return ""
	}
	if r == nil { // it was made in this very run
		j.roleOf[g.ID] = e.Role.ID
		return ""
	}
	if wanted, mapped := j.mapped(s, g); wanted != "" {
		if (mapped == nil || mapped.id != r.id) && fold(r.name) != fold(wanted) && fold(s.renamed[r.id]) != fold(wanted) { // any of several of the name
			return fmt.Sprintf("the configuration gives it the role %q", wanted)
		}
		return ""
	}
	if before := j.mappedBefore(s, g); before == r {
		return ""
	}
	for other, id := range j.roleOf {
		if id == r.id && other != g.ID {
			return "it is the role of group " + other
		}
	}
	j.roleOf[g.ID] = r.id
	switch mark := r.mark(); {
	case mark == g.ID:
		return ""
	case mark != "":
		return "it was made for group " + mark
	case s.cfg.text("adopt") != "match":
		return "adopt is never"
	case fold(r.name) != fold(g.Name):
		return fmt.Sprintf("it is called %q, and the group %q", r.name, g.Name)
	case j.isMapped(s, r.id):
		return "the configuration gives it to another group"
	case protectedRole(r.name) || r.portal != tracktiktest.StaffPortal:
		return "it is protected"
	}
	return ""
}

// A claim is what the program says about an employee: whose it is.
type claims map[int64]string

// readClaims asks who is whom.
func (j *judge) readClaims(l *Life, s *step) claims {
	var rows []struct {
		User struct {
			ID string `json:"okta_id"`
		}
		Employee int64 `json:"employee_id"`
	}
	l.must(json.Unmarshal([]byte(l.quietly("access", "--format", "json")), &rows))
	claimed := claims{}
	for _, row := range rows {
		if other := claimed[row.Employee]; other != "" {
			l.fault("%s: employee %d is both user %s and %s", s, row.Employee, other, row.User.ID)
		}
		claimed[row.Employee] = row.User.ID
	}
	return claimed
}

// believe judges who is new among those who were there before the command.
func (j *judge) believe(l *Life, s *step, claimed claims) {
	for _, id := range slices.Sorted(maps.Keys(claimed)) {
		person := claimed[id]
		if j.owner[id] == person || j.employees[id] == nil {
			continue
		}
		if j.owned[id][person] { // they are whole again
			if j.tellsAdoption(s, id, person) { // somebody else brought them back, and what they hold came with them
				j.employees[id].adopted = s.number
				for _, g := range j.grants {
					if g.employee == id && g.byUs {
						g.byUs, g.adopted = false, true
					}
				}
			}
			j.own(id, person)
			continue
		}
		if text := j.takenOver(s, id, person); text != "" {
			l.fault("%s: employee %d was taken over as user %s, which it should not: %s", s, id, person, text)
		}
		placed := j.division[j.owner[id]]
		j.takeOver(s, id, person)
		if j.owner[id] != "" { // the same person, made anew
			j.division[person] = placed
		}
		j.own(id, person)
	}
}

// conclude takes what the program says for who is managed from now on. What a lost answer
// left open is ours all the same.
func (j *judge) conclude(l *Life, s *step, claimed claims) {
	for id, person := range claimed {
		if e := j.employees[id]; e != nil {
			e.open = false
		}
		if was := j.owner[id]; was != "" && was != person && j.employees[id] != nil && j.employees[id].open {
			l.fault("%s: employee %d was made for user %s, and is said to be %s", s, id, was, person)
		}
		j.own(id, person)
	}
	for id, person := range j.owner {
		e := j.employees[id]
		e.open = e.open && !j.tellsEnd(id)
		if claimed[id] != "" || e.open {
			continue
		}
		delete(j.owner, id)
		if s.unlinked == person {
			delete(j.owned[id], person)
		}
		if e.status() == tracktiktest.Active && s.unlinked != person && !e.vanished {
			l.fault("%s: employee %d of user %s is active, and forgotten", s, id, person)
		}
	}
}

// tellsEnd reports that the last that the history tells of an employee is their end.
func (j *judge) tellsEnd(id int64) bool {
	for _, e := range slices.Backward(j.told) {
		if e.Employee == id && slices.Contains([]string{"create", "reactivate", "terminate"}, e.Kind) && slices.Contains([]string{"done", "unknown"}, e.Outcome) {
			return e.Kind == "terminate" && e.Outcome == "done"
		}
	}
	return false
}

// takeOver notes which grants came with an employee.
func (j *judge) takeOver(s *step, id int64, person string) {
	if e := j.employees[id]; e != nil {
		e.adopted = s.number
	}
	for _, g := range j.grants {
		if g.employee == id {
			g.adopted = true
		}
	}
	if p := s.truth.People[person]; p != nil {
		j.division[person] = []string{fold(p.Division)}
	}
}

// takenOver judges whether an employee may be somebody's.
func (j *judge) takenOver(s *step, id int64, person string) string {
	e, p := j.employees[id], s.truth.People[person]
	lost := j.lostCreate(e, p)
	switch {
	case e == nil || p == nil:
		return "one of them is not there"
	case s.link != nil && *s.link == pair{person, id}:
		return ""
	case j.owner[id] != "":
		return j.recreated(s, j.owner[id], p)
	case s.cfg.text("adopt") != "match" && !lost:
		return "adopt is never"
	case id == tracktiktest.IntegrationEmployee:
		return "those are our own credentials"
	case e.status() != tracktiktest.Active:
		return "it is " + e.status()
	case fitsAny(s.cfg.list("protected"), p.Login), fitsAny(s.cfg.list("protected"), p.Email), fitsAny(s.cfg.list("protected"), e.values["email"]):
		return "it is protected"
	}
	if r := j.administers(id); r != nil {
		return fmt.Sprintf("it holds role %d %q of portal %s", r.id, r.name, r.portal)
	}
	keys := j.matches(s, e, p)
	switch {
	case lost: // settled whomever the command is about, in scope or not
		return ""
	case len(keys) == 0:
		return fmt.Sprintf("they agree in none of %v", s.cfg.list("match"))
	case slices.Equal(keys, []string{"email"}) && fold(e.values["firstName"]) != fold(p.First) && fold(e.values["lastName"]) != fold(p.Last):
		return "they agree in the e-mail alone, and in no name"
	case p.ended(s.cfg) != no: // so that the next run can end them
		return ""
	}
	return s.provisions(p)
}

// administers is a protected role that an employee holds; nil: they hold none.
func (j *judge) administers(id int64) *role {
	for held := range j.holds(id) {
		if r := j.roles[held]; r != nil && (r.portal == tracktiktest.AdminPortal || protectedRole(r.name)) {
			return r
		}
	}
	return nil
}

// lostCreate reports whether somebody with all the names of a person may be taken for what
// a create made whose answer was lost.
func (j *judge) lostCreate(e *employee, p *Person) bool {
	if e == nil || p == nil || fold(e.values["username"]) != fold(p.UserName) || fold(e.values["email"]) != fold(p.Email) ||
		fold(e.values["firstName"]) != fold(p.First) || fold(e.values["lastName"]) != fold(p.Last) {
		return false
	}
	return slices.ContainsFunc(j.told, func(h entry) bool {
		return j.wasLost(h) && h.Kind == "create" && h.User.ID == p.ID && h.Employee == e.id
	})
}

// lostEnd reports whether the program takes a termination for its own whose answer was
// lost, or one by hand that has undone a lost reactivation: it may, where the portal does not
// say who ended the employee.
func (j *judge) lostEnd(e *employee) bool {
	undid := slices.ContainsFunc(j.writes, func(w write) bool {
		return w.What == "reactivated" && w.ID == e.id && j.undone[w.RequestID]
	})
	return !j.authors && (undid || slices.ContainsFunc(j.told, func(h entry) bool {
		return j.wasLost(h) && h.Kind == "terminate" && h.Employee == e.id
	}))
}

// wasLost reports a call that the program says was done, and whose answer was lost. One that
// never arrived was begun by a process that was killed.
func (j *judge) wasLost(h entry) bool {
	number, arrived := j.arrived[h.RequestID]
	s := j.steps[number]
	lost := !arrived || j.lostOf[h.RequestID] || s != nil && s.result.Code < 0 // or its process was killed
	return lost && h.Outcome == "done"
}

// recreated judges an employee who passes from one user to another: the same person,
// deleted and made anew.
func (j *judge) recreated(s *step, old string, p *Person) string {
	if was := s.truth.People[old]; was != nil && !slices.Contains([]verdict{gone, leave, either}, verdictOn(was, s.cfg)) {
		return fmt.Sprintf("it is user %s, whose verdict is %s", old, verdictOn(was, s.cfg))
	}
	return s.provisions(p)
}

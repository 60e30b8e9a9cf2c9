package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

var regions = map[string]string{"hq": "1", "north": "2", "south": "3", "west": "4"}

// created judges a new employee.
func (j *judge) created(s *step, h tracktiktest.Change) string {
	values := map[string]string{}
	for _, f := range h.Fields {
		values[f.Name] = f.New
	}
	p := personOf(s, values)
	if p == nil {
		return fmt.Sprintf("it is nobody in Okta: %v", values)
	}
	for _, e := range j.employees { // also those whom nobody owns any more
		if !j.isOf(e, p) || e.vanished || e.meddled {
			continue
		}
		switch status := e.status(); {
		case status == tracktiktest.Banned:
			return fmt.Sprintf("user %s is banned as employee %d", p.ID, e.id)
		case j.owner[e.id] == p.ID && j.lostSight(s, e): // nobody can tell whether the call that made it arrived
		case status != tracktiktest.Terminated && j.owner[e.id] == p.ID:
			return fmt.Sprintf("user %s has employee %d already, who is %s", p.ID, e.id, status)
		case e.endedBy != api && j.owner[e.id] == p.ID && !s.recreate && !j.departed[p.ID] && !s.restores:
			return fmt.Sprintf("employee %d of user %s was ended by hand", e.id, p.ID)
		}
	}
	j.own(h.ID, p.ID)
	j.division[p.ID] = []string{fold(p.Division)}
	if s.restores {
		j.restored[p.ID] = true
		return ""
	}
	if !s.cfg.is("create_users") {
		return "create_users is off"
	}
	if p.toCome(s.cfg) == yes {
		return fmt.Sprintf("user %s begins on %s", p.ID, p.FirstDay)
	}
	if text := firstOf(s.provisions(p), differing(values, p.wanted(s.cfg), h.Fields)); text != "" {
		return text
	}
	for _, e := range j.employees {
		if keys := j.matches(s, e, p); len(keys) > 0 && e.status() != tracktiktest.Terminated {
			return fmt.Sprintf("employee %d, who is %s and nobody's, has the same %v", e.id, e.status(), keys)
		}
	}
	return ""
}

// personOf finds who a new employee is, by the phone that nobody else has.
func personOf(s *step, values map[string]string) *Person {
	var found *Person
	for _, id := range s.truth.ids() {
		p := s.truth.People[id]
		if p.Gone || p.Phone == "" || p.Phone != values["primaryPhone"] {
			continue
		}
		if found == nil || fold(p.UserName) == fold(values["username"]) {
			found = p
		}
	}
	return found
}

// isOf reports whether an employee is or was somebody's.
func (j *judge) isOf(e *employee, p *Person) bool {
	return j.owner[e.id] == p.ID || j.owner[e.id] == "" && j.owned[e.id][p.ID]
}

func (j *judge) own(employee int64, person string) {
	j.owner[employee] = person
	if j.owned[employee] == nil {
		j.owned[employee] = map[string]bool{}
	}
	j.owned[employee][person] = true
}

// matches are the keys by which somebody nobody owns would be recognised as a person.
func (j *judge) matches(s *step, e *employee, p *Person) (keys []string) {
	if j.owner[e.id] != "" || e.id == tracktiktest.IntegrationEmployee || e.vanished || j.hidden(s, e) {
		return nil
	}
	wanted := p.wanted(s.cfg)
	for _, key := range s.cfg.list("match") {
		field := map[string]string{"custom_id": "customId", "username": "username", "email": "email"}[key]
		if wanted[field] != "" && fold(wanted[field]) == fold(e.values[field]) {
			keys = append(keys, key)
		}
	}
	return keys
}

// hidden reports whether the program could not see an employee in a step.
func (j *judge) hidden(s *step, e *employee) bool {
	region, err := strconv.ParseInt(e.values["region"], 10, 64)
	return err == nil && slices.Contains(s.hidden, region)
}

// lostSight reports whether an employee of whose making no answer came stands in a region that
// the program cannot see, and of which it knows nobody else: it cannot tell that it does not.
func (j *judge) lostSight(s *step, e *employee) bool {
	if !e.open || !j.hidden(s, e) {
		return false
	}
	for id := range j.owner {
		if other := j.employees[id]; other != e && !other.open && other.values["region"] == e.values["region"] {
			return false
		}
	}
	return true
}

// differing says which value is not Okta's.
func differing(values, wanted map[string]string, fields []tracktiktest.FieldChange) string {
	for _, f := range fields {
		want, ours := wanted[f.Name]
		if !ours {
			continue
		}
		if got := values[f.Name]; got != want && !(slices.Contains([]string{"username", "email"}, f.Name) && fold(got) == fold(want)) {
			return fmt.Sprintf("%s is %q, and %q in Okta", f.Name, got, want)
		}
	}
	return ""
}

// updated judges changed values.
func (j *judge) updated(s *step, h tracktiktest.Change) string {
	e := j.employees[h.ID]
	p := j.of(s, h.ID)
	if p == nil {
		return "nobody manages it"
	}
	values := map[string]string{}
	for _, f := range h.Fields {
		values[f.Name] = f.New
		if _, ours := p.wanted(s.cfg)[f.Name]; !ours {
			return f.Name + " is none of ours"
		}
	}
	if j.restored[p.ID] && s.restores {
		return ""
	}
	if !s.cfg.is("update_users") && !j.broughtBack(e, s) {
		return "update_users is off"
	}
	if j.reread[e.id] && e.status() == tracktiktest.Banned {
		return "it is banned, and was read since"
	}
	over := ""
	if !j.broughtBack(e, s) { // setting the username again is a part of that
		over = j.within(s, h, "update", e.id)
	}
	return firstOf(s.provisions(p), differing(values, p.wanted(s.cfg), h.Fields), over)
}

// broughtBack reports whether an employee was reactivated by us, which sets the username.
func (j *judge) broughtBack(e *employee, s *step) bool {
	for _, w := range j.writes {
		if w.Resource == "employees" && w.ID == e.id && w.What == "reactivated" && w.step >= s.number-3 {
			return true
		}
	}
	return false
}

// moved judges another region: only what changed in Okta moves anybody.
func (j *judge) moved(s *step, h tracktiktest.Change) string {
	p := j.of(s, h.ID)
	if p == nil {
		return "nobody manages it"
	}
	to := ""
	for _, f := range h.Fields {
		if f.Name == "region" {
			to = f.New
		}
	}
	before := j.division[p.ID]
	j.division[p.ID] = []string{fold(p.Division)}
	switch {
	case s.cfg.text("region") != "follow":
		return "region is create_only"
	case !s.cfg.is("update_users") && !s.restores && !j.broughtBack(j.employees[h.ID], s):
		return "update_users is off"
	case to != regions[fold(p.Division)]:
		return fmt.Sprintf("user %s is of division %q, and not of region %s", p.ID, p.Division, to)
	case len(before) == 1 && before[0] == fold(p.Division) && !j.handLink[p.ID] && !j.unsure(h.ID, "moved"):
		return fmt.Sprintf("the division %q of user %s has not changed since they were placed", p.Division, p.ID)
	}
	return s.provisions(p)
}

// unsure reports whether the answer to such a write was spoilt.
func (j *judge) unsure(id int64, what string) bool {
	for _, w := range j.writes {
		if w.ID == id && w.What == what && j.lostOf[w.RequestID] {
			return true
		}
	}
	return false
}

// terminated judges the end of an employment: only on positive evidence.
func (j *judge) terminated(s *step, h tracktiktest.Change) string {
	e, p := j.employees[h.ID], j.of(s, h.ID)
	switch {
	case h.ID == tracktiktest.IntegrationEmployee:
		return "those are our own credentials"
	case p == nil && s.retires:
		return j.retired(s, e)
	case p == nil:
		return "nobody manages it"
	case e.status() == tracktiktest.Banned:
		return "it is banned"
	case !s.cfg.is("deactivate_users"):
		return "deactivate_users is off"
	case s.keep:
		return "--no-removals"
	case s.wrongClock():
		return "the clocks disagree"
	case j.restored[p.ID]:
		return fmt.Sprintf("user %s was restored, and not seen in scope since", p.ID)
	}
	return firstOf(s.about(p.ID), j.protected(s, p, e), j.evidence(s, h, p))
}

// protected says which name of somebody is protected: those in Okta, and those in
// TrackTik since a refresh has read them.
func (j *judge) protected(s *step, p *Person, e *employee) string {
	if last := j.shown[p.ID]; last != nil && (p.Gone || p.Hidden) {
		p = last
	}
	names := []string{p.Login, p.Email}
	if j.reread[e.id] || s.refresh {
		names = append(names, e.values["email"], e.values["username"])
	}
	for _, name := range names {
		if fitsAny(s.cfg.list("protected"), name) {
			return fmt.Sprintf("user %s is protected as %s", p.ID, name)
		}
	}
	return ""
}

// evidence says why somebody's departure is not proven.
func (j *judge) evidence(s *step, h tracktiktest.Change, p *Person) string {
	switch v := verdictOn(p, s.cfg); v {
	case leave:
		grace, since := s.cfg.grace(), j.absent[p.ID]
		if grace > 0 && p.graceful() && p.ended(s.cfg) == no && (since.IsZero() || s.truth.At.Sub(since) < grace) {
			return fmt.Sprintf("user %s is unassigned since %v, and has %v", p.ID, since, grace)
		}
		return ""
	case gone:
		return j.deleted(s, h, p)
	case either:
		return ""
	default:
		return fmt.Sprintf("the verdict on user %s is %s (user %s, assignment %q%s)", p.ID, v, p.Status, p.Assignment, p.beginnings())
	}
}

// deleted says why a 404 is not believed yet: many at once are rights that were lost.
func (j *judge) deleted(s *step, h tracktiktest.Change, p *Person) string {
	if since, seen := j.unseen[p.ID]; s.approved || j.letPass(s, h) || j.deprov[p.ID] || seen && s.truth.At.Sub(since) >= day {
		return ""
	}
	count := 0
	var people []string
	for id, person := range j.owner {
		if !j.employees[id].open { // else they are not managed, as far as the program can tell
			people = append(people, person)
		}
	}
	for _, id := range people {
		q := s.truth.People[id]
		if q == nil || verdictOn(q, s.cfg) != gone || j.deprov[id] {
			continue
		}
		if s.named && !j.missing[id] && !slices.Contains(s.users, id) {
			continue // a run of single people knows of the others what the last whole run saw
		}
		count++
	}
	if allowed := max(3, len(people)/100); count > allowed {
		return fmt.Sprintf("user %s is one of %d whom Okta does not know at once, and may have been hidden", p.ID, count)
	}
	return ""
}

// reactivated judges somebody who is brought back.
func (j *judge) reactivated(s *step, h tracktiktest.Change) string {
	e := j.employees[h.ID]
	var p *Person
	for id := range j.owned[h.ID] {
		if q := s.truth.People[id]; q != nil && (p == nil || !q.Gone) {
			p = q
		}
	}
	switch {
	case p == nil:
		return "it never was anybody's"
	case e.endedBy != api && !j.lostEnd(e): // whom our lost call may have ended, we may bring back
		return fmt.Sprintf("it was ended by %s", cmp.Or(e.endedBy, "nobody"))
	}
	j.own(h.ID, p.ID)
	j.division[p.ID] = append(j.division[p.ID], fold(p.Division))
	if s.restores {
		j.restored[p.ID] = true
		return ""
	}
	if s.cfg.text("rehire") != "reactivate" && !j.restored[p.ID] {
		return "rehire is new"
	}
	if !s.cfg.is("create_users") {
		return "create_users is off"
	}
	return s.provisions(p)
}

// retired says why somebody whom nobody manages may not be ended: they have left Okta only if
// just one user has one of their names, is DEPROVISIONED, and is called so.
func (j *judge) retired(s *step, e *employee) string {
	if !s.cfg.is("deactivate_users") {
		return "deactivate_users is off"
	}
	if r := j.administers(e.id); r != nil {
		return fmt.Sprintf("it holds role %d %q of portal %s", r.id, r.name, r.portal)
	}
	var found []*Person
	for _, id := range s.truth.ids() {
		p := s.truth.People[id]
		names := []string{p.Login, p.Email}
		if verdictOn(p, s.cfg) != leave {
			names = append(names, p.UserName)
		}
		if !p.Gone && !p.Hidden && slices.ContainsFunc(names, func(name string) bool {
			return name != "" && (fold(name) == fold(e.values["username"]) || fold(name) == fold(e.values["email"]))
		}) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) != 1:
		return fmt.Sprintf("%d users of Okta have one of its names", len(found))
	case e.status() != tracktiktest.Active:
		return "it is " + e.status()
	case fitsAny(s.cfg.list("protected"), e.values["email"]), fitsAny(s.cfg.list("protected"), e.values["username"]):
		return "it is protected"
	case found[0].Status != oktatest.StatusDeprovisioned:
		return fmt.Sprintf("user %s is %s", found[0].ID, found[0].Status)
	case fold(found[0].First) != fold(e.values["firstName"]) && fold(found[0].Last) != fold(e.values["lastName"]):
		return fmt.Sprintf("user %s is called otherwise", found[0].ID)
	}
	return ""
}

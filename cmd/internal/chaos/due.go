package chaos

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/tracktik/tracktiktest"
)

// wantAllDue looks whether all is there that is due, after a run that found nothing to
// do. Whoever has an excuse by the contract is left out.
func (j *judge) wantAllDue(l *Life, s *step) {
	for _, id := range s.truth.ids() {
		p := s.truth.People[id]
		mine := j.employeesOf(id)
		if excuse := j.excuse(l, s, p, mine); excuse != "" {
			l.say("excused: user %s %s: %s", id, p.Login, excuse)
			continue
		}
		before := len(l.faults)
		switch v := verdictOn(p, s.cfg); v {
		case provision:
			j.wantThere(l, s, p, mine)
		case leave, gone:
			for _, e := range mine {
				protected := fitsAny(s.cfg.list("protected"), e.values["email"]) || fitsAny(s.cfg.list("protected"), e.values["username"])
				// Whom a lost create has made, and who is an administrator by now, is never taken over.
				untold := e.meddled || e.open && (l.has(OwnUserIDs) || j.administers(e.id) != nil)
				if e.status() == tracktiktest.Active && !untold && !protected {
					l.fault("user %s %s (user %s, assignment %q) is to leave, and employee %d is active", id, p.Login, p.Status, p.Assignment, e.id)
				}
			}
		}
		if len(l.faults) > before {
			l.say("the program says: %s", strings.Join(s.says(p), "; "))
		}
	}
}

// says is what the program says about somebody who is not as they should be, and about
// their groups.
func (s *step) says(p *Person) (words []string) {
	var d struct {
		Held, Problems, Warnings []json.RawMessage
		Result                   struct{ Failures []json.RawMessage }
	}
	if err := json.Unmarshal([]byte(s.result.Stdout), &d); err != nil {
		return []string{err.Error()}
	}
	for _, row := range slices.Concat(d.Held, d.Problems, d.Warnings, d.Result.Failures) {
		about := strings.Contains(string(row), p.ID)
		for g := range p.Groups {
			about = about || strings.Contains(string(row), g)
		}
		if about {
			words = append(words, string(row))
		}
	}
	return words
}

// employeesOf are those whom somebody owns.
func (j *judge) employeesOf(person string) (list []*employee) {
	for id, owner := range j.owner {
		if owner == person {
			list = append(list, j.employees[id])
		}
	}
	return list
}

// excuse says why nothing can be wanted of somebody.
func (j *judge) excuse(l *Life, s *step, p *Person, mine []*employee) string {
	v := verdictOn(p, s.cfg)
	if j.restored[p.ID] && v != provision {
		return "restored"
	}
	if v != provision {
		for _, e := range mine {
			if text := j.protected(s, p, e); text != "" {
				return text
			}
		}
		return ""
	}
	if p.toCome(s.cfg) != no && !slices.ContainsFunc(mine, func(e *employee) bool { return e.status() == tracktiktest.Active }) {
		return "begins on " + p.FirstDay
	}
	for _, e := range j.employees {
		if !j.owned[e.id][p.ID] {
			continue
		}
		protected := fitsAny(s.cfg.list("protected"), e.values["email"]) || fitsAny(s.cfg.list("protected"), e.values["username"])
		if e.open && (e.meddled || l.has(OwnUserIDs) || protected || j.administers(e.id) != nil) { // other names, or an administrator
			return fmt.Sprintf("employee %d was made by a call of which nobody can tell", e.id)
		}
		if s.cfg.text("rehire") == "reactivate" && e.status() == tracktiktest.Terminated && j.taken(e) {
			return fmt.Sprintf("employee %d cannot be reactivated: somebody has the e-mail by now", e.id)
		}
		if e.status() != tracktiktest.Active && e.endedBy != api || e.vanished || e.status() == tracktiktest.Banned {
			return fmt.Sprintf("employee %d is %s by another hand", e.id, e.status())
		}
		if e.status() == tracktiktest.Active && !e.open && j.owner[e.id] == "" {
			return fmt.Sprintf("employee %d, who they were, is ACTIVE again by another hand", e.id)
		}
	}
	for _, id := range s.truth.ids() {
		q := s.truth.People[id]
		if q == p || q.Gone {
			continue
		}
		if v := verdictOn(q, s.cfg); fold(q.UserName) != "" && fold(q.UserName) == fold(p.UserName) || fold(q.Email) == fold(p.Email) && v != leave && v != gone {
			return "shares a name with user " + id
		}
	}
	return j.contested(s, p, mine)
}

// taken reports whether somebody else has the e-mail of an employee.
func (j *judge) taken(e *employee) bool {
	for _, other := range j.employees {
		if other != e && !other.vanished && other.status() != tracktiktest.Terminated && fold(other.values["email"]) == fold(e.values["email"]) {
			return true
		}
	}
	return false
}

// contested says who else has the person's names in TrackTik.
func (j *judge) contested(s *step, p *Person, mine []*employee) string {
	for _, e := range j.employees {
		if slices.Contains(mine, e) || e.vanished {
			continue
		}
		if e.status() == tracktiktest.Terminated {
			if s.emailsStay && fold(e.values["email"]) == fold(p.Email) {
				return fmt.Sprintf("employee %d, who was terminated, has the e-mail still", e.id)
			}
			if name := fold(e.values["username"]); name != "" && name == fold(p.UserName) { // by a call that came after the termination
				return fmt.Sprintf("employee %d, who was terminated, was given the username since", e.id)
			}
			continue
		}
		if fold(e.values["username"]) == fold(p.UserName) || fold(e.values["email"]) == fold(p.Email) || p.Custom != "" && e.values["customId"] == p.Custom {
			return fmt.Sprintf("employee %d (%s, of user %q) has one of the names", e.id, e.status(), j.owner[e.id])
		}
	}
	return ""
}

// wantThere wants one employee of a person who is in, as Okta has them, with just the
// roles due.
func (j *judge) wantThere(l *Life, s *step, p *Person, mine []*employee) {
	active := slices.DeleteFunc(slices.Clone(mine), func(e *employee) bool { return e.status() != tracktiktest.Active })
	if len(active) != 1 {
		l.fault("user %s %s is to have an employee, and has %d active ones", p.ID, p.Login, len(active))
		return
	}
	e := active[0]
	if j.keepsHands(s, e) {
		return
	}
	for field, want := range p.wanted(s.cfg) {
		if field == "username" && e.edited && l.unnamed { // no list shows that somebody has changed it
			continue
		}
		if got := e.values[field]; fold(got) != fold(want) && want != "" {
			l.fault("employee %d of user %s has the %s %q, want %q", e.id, p.ID, field, got, want)
		}
	}
	j.wantRoles(l, s, p, e)
}

// keepsHands reports whether what was changed by hand, or was there at an adoption, stays
// by configuration.
func (j *judge) keepsHands(s *step, e *employee) bool {
	return s.cfg.text("drift") == "report" && (e.edited || e.touched) || e.adopted > 0 && (s.cfg.text("on_adopt") == "keep" || j.steps[e.adopted].cfg.text("on_adopt") == "keep")
}

// wantRoles wants just the roles due.
func (j *judge) wantRoles(l *Life, s *step, p *Person, e *employee) {
	if l.has(OwnUserIDs) || s.cfg.text("roles.per_person") == "one" || fitsAny(s.cfg.list("protected"), p.Login) || fitsAny(s.cfg.list("protected"), p.Email) ||
		fitsAny(s.cfg.list("protected"), e.values["email"]) {
		return
	}
	held := j.holds(e.id)
	for gid := range p.Groups {
		g := s.truth.Groups[gid]
		if j.pushed(s, g) != yes {
			continue
		}
		given, sure := j.giving(s, g)
		if sure == maybe {
			continue
		}
		r := j.roles[given]
		switch {
		case r == nil || r.gone:
			if excuse := j.roleExcuse(s, g); excuse == "" {
				l.fault("group %s %q is pushed, and has no role", g.ID, g.Name)
			}
		case len(held[r.id]) == 0 && r.portal == tracktiktest.StaffPortal && (!protectedRole(r.name) || j.isMapped(s, r.id)):
			l.fault("user %s %s is in group %s %q, and employee %d does not hold role %d", p.ID, p.Login, g.ID, g.Name, e.id, r.id)
		}
	}
	for roleID, grants := range held {
		ours := slices.DeleteFunc(slices.Clone(grants), func(g *grant) bool { return !g.byUs })
		if len(ours) > 1 {
			l.fault("employee %d holds role %d by %d grants of ours", e.id, roleID, len(ours))
		}
		if len(ours) > 0 && j.overdue(l, s, p, roleID, held) {
			l.fault("employee %d of user %s %s holds role %d by grant %d of ours, and no group gives it", e.id, p.ID, p.Login, roleID, ours[0].id)
		}
	}
}

// overdue reports whether a role of ours should have been taken back.
func (j *judge) overdue(l *Life, s *step, p *Person, roleID int64, held map[int64][]*grant) bool {
	if groups, _ := j.givers(s, p, roleID); len(groups) > 0 || protectedRole(j.roles[roleID].name) || j.roles[roleID].portal != tracktiktest.StaffPortal || !l.rules.LastRoleRemovable && len(held) == 1 {
		return false
	}
	for _, e := range j.told { // a group that has another role by now gives its former one until somebody leaves it
		granted := e.Kind == "grant_role" && e.Outcome == "done" && e.User.ID == p.ID && e.Role.ID == roleID
		buried := s.truth.Groups[e.Role.Group] == nil && j.buried[e.Role.Group][p.ID] && s.cfg.text("groups.unpushed") != "revoke"
		if granted && (p.Groups[e.Role.Group] || buried) {
			return false
		}
	}
	for gid, r := range j.roleOf { // the group that gave it is pushed, and they are not in it
		if g := s.truth.Groups[gid]; r == roleID && g != nil && j.gives(s, g, roleID) == yes && !g.Members[p.ID] && j.wasIn[p.ID+" "+gid] {
			return true
		}
	}
	return false
}

// roleExcuse says why a pushed group may have no role.
func (j *judge) roleExcuse(s *step, g *Group) string {
	if wanted, r := j.mapped(s, g); wanted != "" && r == nil {
		return "the configuration gives it a role that is not there"
	}
	if protectedRole(g.Name) {
		return "the name is protected"
	}
	if same := j.named(g.Name); len(same) > 0 {
		return fmt.Sprintf("role %d has the name", same[0].id)
	}
	for _, other := range s.truth.Groups {
		if other.ID != g.ID && fold(other.Name) == fold(g.Name) {
			return "another group has the name"
		}
	}
	return ""
}

// entries that stand for writes, by what the portal calls them.
var kinds = map[string]string{"employees created": "create", "employees terminated": "terminate", "employees reactivated": "reactivate", "roles created": "create_role",
	"roles updated": "rename_role", "user-roles granted": "grant_role", "user-roles revoked": "revoke_role"}

// wantAllTold wants the history to tell every write with its ids, and no more.
func (j *judge) wantAllTold(l *Life) {
	type key struct {
		kind           string
		employee, role int64
	}
	made, told := map[key]int{}, map[key]int{}
	for i := range j.writes {
		w := &j.writes[i]
		kind := kinds[w.Resource+" "+w.What]
		switch {
		case kind == "" || w.What == "revoked" && j.ended(w.RequestID) || j.undone[w.RequestID]:
		case w.Resource == "employees" && w.What == "created" && j.employees[w.ID].meddled:
		case w.Resource == "employees":
			made[key{kind, w.ID, 0}]++
		case w.Resource == "roles":
			made[key{kind, 0, w.ID}]++
		default:
			made[key{kind, id(w.Change, "user"), id(w.Change, "role")}]++
		}
	}
	for _, e := range j.told {
		halfway := e.Kind == "reactivate" && e.Outcome == "failed" // active again, and not as wanted
		if !halfway && !slices.Contains([]string{"done", "found", "unknown"}, e.Outcome) {
			continue
		}
		k := key{e.Kind, e.Employee, e.Role.ID}
		if e.Kind == "create" || e.Kind == "terminate" || e.Kind == "reactivate" {
			k.role = 0
		}
		told[k]++
		if e.Kind == "create_role" && e.Outcome == "done" && e.Role.ID == 0 {
			l.fault("the history does not say which role was made: %s", e.text)
		}
	}
	for k, n := range made {
		if told[k] < n {
			l.fault("the history tells %d of %d: %s employee %d role %d", told[k], n, k.kind, k.employee, k.role)
			for _, e := range j.told {
				if e.Kind == k.kind && e.Employee == k.employee {
					l.say("history, at step %d: %s", e.step, e.text)
				}
			}
			for _, w := range j.writes {
				if kinds[w.Resource+" "+w.What] == k.kind {
					l.say("write of step %d, answer spoilt: %t: %s %d %s %v", w.step, j.lostOf[w.RequestID], w.Resource, w.ID, w.What, w.Fields)
				}
			}
		}
	}
	for _, e := range j.told { // done is what a call of ours did, or may have done as far as the portal says
		if k := (key{e.Kind, e.Employee, 0}); e.Kind == "terminate" && e.Outcome == "done" && made[k] == 0 && (j.authors || !j.wasLost(e)) {
			l.fault("the history says that we did it: %s", e.text)
		}
	}
}

// ended reports whether a call ended an employment.
func (j *judge) ended(call string) bool {
	return slices.ContainsFunc(j.writes, func(w write) bool { return w.RequestID == call && w.What == "terminated" })
}

package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tracktik-sync/tracktik/tracktiktest"
)

// protectedRole reports whether roles of that name are out of bounds.
func protectedRole(name string) bool { return fits("*admin*", name) }

// pushed says whether a group is one of those that become roles.
func (j *judge) pushed(s *step, g *Group) belief {
	switch s.cfg.text("groups.push") {
	case "listed":
		switch {
		case g.Hidden || g.Image:
			return maybe // 404, as if it had been deleted
		case fitsAny(s.cfg.list("groups.names"), g.Name):
			return yes
		}
		for name := range j.names[g.ID] { // it is held through renames, once a run has matched it
			if fitsAny(s.cfg.list("groups.names"), name) {
				return maybe
			}
		}
	case "assigned":
		if g.Assigned && g.Hidden {
			return maybe
		} else if g.Assigned {
			return yes
		}
	case "mappings":
		if g.Pushed {
			return yes
		} else if !s.truth.PushedGroups {
			return maybe // a list that became empty changes nothing
		}
	}
	return no
}

// mapped is the role that the configuration gives to a group; nil without a word about it.
func (j *judge) mapped(s *step, g *Group) (wanted string, r *role) {
	roles := s.cfg.roles()
	if wanted = roles[g.ID]; wanted == "" {
		wanted = roles[g.Name]
	}
	return j.meant(wanted)
}

// mappedBefore is what the configuration gives a group by a name that it had: the contract
// does not say whether a group that is held by its id keeps that through a new name.
func (j *judge) mappedBefore(s *step, g *Group) *role {
	roles := s.cfg.roles()
	for _, name := range slices.Sorted(maps.Keys(j.names[g.ID])) {
		if _, r := j.meant(roles[name]); r != nil {
			return r
		}
	}
	return nil
}

// meant is the role that a value of the configuration means.
func (j *judge) meant(wanted string) (string, *role) {
	if wanted == "" {
		return "", nil
	}
	for _, r := range j.roles {
		if !r.gone && strconv.FormatInt(r.id, 10) == wanted {
			return wanted, r
		}
	}
	var first *role // of several, the contract names none: that of guards which was there first
	for _, r := range j.named(wanted) {
		staff := r.portal == tracktiktest.StaffPortal
		if first == nil || staff && first.portal != tracktiktest.StaffPortal || staff == (first.portal == tracktiktest.StaffPortal) && r.id < first.id {
			first = r
		}
	}
	return wanted, first
}

// giving is the role that a group gives its members; 0: none is known. A group that the
// configuration named once, and names no more, may go on with that role.
func (j *judge) giving(s *step, g *Group) (role int64, sure belief) {
	wanted, r := j.mapped(s, g)
	before := j.mappedBefore(s, g)
	switch once := j.mappedOnce[g.ID]; {
	case r != nil:
		return r.id, yes
	case wanted != "" && once != 0: // renamed by hand, which only a refresh sees
		return once, maybe
	case wanted != "":
		return 0, no
	case before != nil:
		return before.id, maybe
	case once != 0 && j.roleOf[g.ID] == 0:
		return once, maybe
	case once != 0:
		return j.roleOf[g.ID], maybe
	}
	return j.roleOf[g.ID], yes
}

// gives reports whether members of a group may hold a role for its sake.
func (j *judge) gives(s *step, g *Group, role int64) belief {
	b := j.pushed(s, g)
	switch r, sure := j.giving(s, g); {
	case r == role:
		return min(b, sure)
	case sure == maybe && (j.mappedOnce[g.ID] == role || j.roleOf[g.ID] == role): // a key that names what the group was called
		return min(b, maybe)
	}
	return no
}

// givers are the groups of a person that give a role.
func (j *judge) givers(s *step, p *Person, role int64) (groups []*Group, sure belief) {
	for id := range p.Groups {
		if g := s.truth.Groups[id]; g != nil {
			if b := j.gives(s, g, role); b != no {
				groups, sure = append(groups, g), max(sure, b)
			}
		}
	}
	return groups, sure
}

// configured reports whether the configuration names a role, for whatever group.
func (j *judge) configured(s *step, id int64) bool {
	for _, wanted := range s.cfg.roles() {
		r := j.roles[id]
		if strconv.FormatInt(id, 10) == wanted || r != nil && fold(r.name) == fold(wanted) {
			return true
		}
	}
	return false
}

// isMapped reports whether the configuration names a role for some group.
func (j *judge) isMapped(s *step, id int64) bool {
	for _, g := range s.truth.Groups {
		if _, r := j.mapped(s, g); r != nil && r.id == id {
			return true
		}
	}
	return false
}

// granted judges a role that somebody was given.
func (j *judge) granted(s *step, h tracktiktest.Change) string {
	employee, roleID := id(h, "user"), id(h, "role")
	e, p, r := j.employees[employee], j.of(s, employee), j.roles[roleID]
	switch {
	case p == nil:
		return fmt.Sprintf("nobody manages employee %d", employee)
	case !s.cfg.is("grant_roles"):
		return "grant_roles is off"
	case r.portal != tracktiktest.StaffPortal && !j.configured(s, roleID): // a group that was renamed goes by the former name
		return "the role is of portal " + r.portal
	case protectedRole(r.name) && !j.isMapped(s, roleID):
		return fmt.Sprintf("the role %q is protected", r.name)
	}
	if twice := j.holds(employee)[roleID]; len(twice) > 0 {
		return fmt.Sprintf("employee %d holds role %d already: grant %d", employee, roleID, twice[0].id)
	}
	if s.restores && j.restored[p.ID] || s.restores && e.byUs {
		return ""
	}
	groups, _ := j.givers(s, p, roleID)
	if len(groups) == 0 {
		return fmt.Sprintf("no pushed group of user %s gives role %d %q (employee %d)", p.ID, roleID, r.name, employee)
	}
	return s.provisions(p)
}

// revoked judges a role that somebody lost.
func (j *judge) revoked(s *step, h tracktiktest.Change) string {
	employee, roleID := id(h, "user"), id(h, "role")
	p, g := j.of(s, employee), j.grants[h.ID]
	switch {
	case p == nil:
		return fmt.Sprintf("nobody manages employee %d", employee)
	case !g.byUs && !g.adopted:
		return fmt.Sprintf("somebody else granted it to employee %d of user %s", employee, p.ID)
	case !s.cfg.is("revoke_roles"):
		return "revoke_roles is off"
	case s.keep:
		return "--no-removals"
	}
	if text := firstOf(s.provisions(p), j.protected(s, p, j.employees[employee])); text != "" {
		return text
	}
	if ours := slices.DeleteFunc(j.holds(employee)[roleID], func(g *grant) bool { return !g.byUs }); len(ours) > 1 {
		return "" // the later one of two
	}
	groups, sure := j.givers(s, p, roleID)
	if sure == yes && s.cfg.text("roles.per_person") != "one" {
		return fmt.Sprintf("group %s gives role %d to user %s", groups[0].ID, roleID, p.ID)
	}
	return j.unpushed(s, p, roleID, groups)
}

// unpushed says why a role stays although no group gives it: the groups that gave it are
// no longer pushed, and unpushed is leave.
func (j *judge) unpushed(s *step, p *Person, roleID int64, groups []*Group) string {
	if s.cfg.text("groups.unpushed") == "revoke" || s.cfg.text("roles.per_person") == "one" {
		return ""
	}
	for _, g := range groups { // perhaps pushed, and certainly a member
		if s.cfg.text("groups.push") == "mappings" && g.Pushed {
			return fmt.Sprintf("group %s is pushed, its mapping says", g.ID)
		}
	}
	for id, r := range j.roleOf {
		if r != roleID || j.left[p.ID+" "+id] {
			continue
		}
		switch g := s.truth.Groups[id]; {
		case g == nil && j.buried[id][p.ID]:
			return fmt.Sprintf("group %s was deleted with user %s in it, and unpushed is leave", id, p.ID)
		case g != nil && g.Members[p.ID] && j.pushed(s, g) == no && j.roleOf[g.ID] == roleID:
			return fmt.Sprintf("group %s is no longer pushed, user %s is in it, and unpushed is leave", id, p.ID)
		}
	}
	return ""
}

// mark is the group for which a role was made.
func (r *role) mark() string {
	_, rest, found := strings.Cut(r.description, "[tracktik-sync ")
	if !found {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "]")
	return rest[strings.LastIndexByte(rest, '/')+1:]
}

// roleCreated judges a new role.
func (j *judge) roleCreated(s *step, h tracktiktest.Change) string {
	made := &role{id: h.ID}
	for _, f := range h.Fields {
		switch f.Name {
		case "name":
			made.name = f.New
		case "description":
			made.description = f.New
		}
	}
	g := s.truth.Groups[made.mark()]
	if g == nil {
		return fmt.Sprintf("it is for no group: %q", made.description)
	}
	other := j.roles[j.roleOf[g.ID]]
	j.roleOf[g.ID] = h.ID
	switch wanted, _ := j.mapped(s, g); {
	case !s.cfg.is("create_roles"):
		return "create_roles is off"
	case j.pushed(s, g) == no:
		return fmt.Sprintf("group %s is not pushed", g.ID)
	case wanted != "":
		return fmt.Sprintf("the configuration gives group %s the role %s", g.ID, wanted)
	case protectedRole(g.Name):
		return fmt.Sprintf("the name %q is protected", g.Name)
	case made.name != strings.TrimSpace(g.Name):
		return fmt.Sprintf("group %s is called %q, and the role %q", g.ID, g.Name, made.name)
	case other != nil && !other.gone:
		return fmt.Sprintf("group %s has role %d already", g.ID, other.id)
	}
	if same := j.named(made.name); len(same) > 0 {
		return fmt.Sprintf("role %d has the name %q", same[0].id, made.name)
	}
	return ""
}

// roleRenamed judges a role's new name.
func (j *judge) roleRenamed(s *step, h tracktiktest.Change) string {
	name := ""
	for _, f := range h.Fields {
		if f.Name != "name" {
			return f.Name + " is none of ours"
		}
		name = f.New
	}
	for _, gid := range slices.Sorted(maps.Keys(j.roleOf)) {
		g := s.truth.Groups[gid]
		if j.roleOf[gid] != h.ID || g == nil || strings.TrimSpace(g.Name) != name {
			continue
		}
		switch others := slices.DeleteFunc(j.named(name), func(r *role) bool { return r.id == h.ID }); {
		case len(others) > 0:
			return fmt.Sprintf("role %d has the name %q", others[0].id, name)
		case protectedRole(name) || protectedRole(j.roles[h.ID].name):
			return "the name is protected"
		case j.isMapped(s, h.ID):
			return "the configuration names that role"
		case j.roles[h.ID].portal != tracktiktest.StaffPortal:
			return "the role is of portal " + j.roles[h.ID].portal
		}
		return ""
	}
	return fmt.Sprintf("no group of that role is called %q", name)
}

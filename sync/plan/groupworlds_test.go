package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// A groupWorld is a few groups and roles in disorder.
type groupWorld struct {
	views []plan.GroupView
	roles []plan.Role
	pol   *plan.Policy
}

// newGroupWorld makes up groups that share names, were renamed, mapped, left or not read, and
// a portal where names of roles were taken and changed by hand.
func newGroupWorld(r *rand.Rand) groupWorld {
	w := groupWorld{pol: with(func(p *plan.Policy) {
		p.ProtectedRoles = []string{"*admin*"}
		p.Adopt, p.CreateRoles, p.RepairDrift, p.OneRole = r.IntN(4) > 0, r.IntN(4) > 0, r.IntN(3) > 0, r.IntN(3) == 0
	})}
	name := func() string { return pick(r, "Alfa", "Bravo", "CHARLIE", "charlie", "Delta", "Admins", " Alfa ", "") }
	used := map[string]bool{}
	for id := plan.RoleID(1); id < 7; id++ { // a portal has no two roles of one name
		role := staff(id, name())
		if key := plan.FoldName(role.Name); key == "" || used[key] {
			role.Name = fmt.Sprint("Role ", id)
		}
		used[plan.FoldName(role.Name)] = true
		role.Portal = pick(r, "STAFF", "STAFF", "STAFF", "", "ADMIN")
		if r.IntN(4) == 0 {
			role.Description = plan.RoleDescription(acme, plan.GroupID(fmt.Sprint("g", r.IntN(6))), role.Name)
		}
		w.roles = append(w.roles, role)
	}
	free := r.Perm(8)
	for i := range 2 + r.IntN(4) {
		v := group(plan.GroupID(fmt.Sprint("g", i)), name())
		if r.IntN(2) == 0 { // its role: one of the portal's, or one that is gone
			linked(plan.RoleID(1+free[i]), name(), pick(r, plan.HowCreated, plan.HowAdopted, plan.HowMapped))(&v)
			if at := int(v.Link.Role); at < 7 && r.IntN(3) > 0 {
				v.Link.RoleName = w.roles[at-1].Name
			}
		}
		if r.IntN(4) == 0 {
			v.Mapped = pick(r, "Alfa", "2", "3", "Admins", "Nope")
		}
		v.Aside, v.Unread = r.IntN(6) == 0, r.IntN(6) == 0
		w.views = append(w.views, v)
	}
	return w
}

func (w groupWorld) decide() plan.GroupDecision {
	return plan.DecideGroups(w.views, portal(w.roles...), acme, w.pol)
}

func (w groupWorld) text() string {
	var b strings.Builder
	for _, v := range w.views {
		fmt.Fprintf(&b, "%s %q mapped %q aside %v unread %v link %+v\n", v.Group.ID, v.Group.Name, v.Mapped, v.Aside,
			v.Unread, v.Link)
	}
	for _, role := range w.roles {
		fmt.Fprintf(&b, "role %d %q %s %q\n", role.ID, role.Name, role.Portal, role.Description)
	}
	return b.String()
}

// after is the world when the decision was carried out and remembered.
func (w groupWorld) after(d *plan.GroupDecision) groupWorld {
	next := groupWorld{views: slices.Clone(w.views), roles: slices.Clone(w.roles), pol: w.pol}
	links := map[plan.GroupID]*plan.GroupLink{}
	for i := range d.Links {
		links[d.Links[i].Group] = &d.Links[i]
	}
	for _, a := range d.Actions {
		l := &plan.GroupLink{Group: a.Role.Group, Role: a.Role.ID, RoleName: a.Role.Name, How: plan.HowAdopted}
		switch {
		case a.Kind == plan.CreateRole:
			l.Role, l.How = plan.RoleID(100+len(next.roles)), plan.HowCreated
			made := staff(l.Role, a.Role.Name)
			made.Description = plan.RoleDescription(acme, a.Role.Group, a.Role.Name)
			next.roles = append(next.roles, made)
		case a.Kind == plan.RenameRole:
			next.roles[slices.IndexFunc(next.roles, func(r plan.Role) bool { return r.ID == a.Role.ID })].Name = a.Role.Name
			l.How = ""
		case a.Extras().Key == plan.HowMapped:
			l.How = plan.HowMapped
		}
		links[a.Role.Group] = l
	}
	for i := range next.views {
		v := &next.views[i]
		if l := links[v.Group.ID]; l != nil {
			now := *l
			if now.How == "" {
				now.How = v.Link.How
			}
			if v.Link == nil || now.Role != v.Link.Role || now.RoleName != v.Link.RoleName {
				now.Name = plan.Clean(v.Group.Name)
			}
			v.Link = &now
		}
	}
	return next
}

// TestNoWorldOfGroupsBreaksARule tries rules that hold whatever groups and roles are called.
func TestNoWorldOfGroupsBreaksARule(t *testing.T) {
	r := random(t)
	for range worldsTried {
		w := newGroupWorld(r)
		d := w.decide()
		for i := range d.Actions {
			if rule := w.breaks(&d.Actions[i]); rule != "" {
				t.Fatalf("%s: %s\nin %s", rule, groupOutline(&d), w.text())
			}
		}
		holder := map[plan.RoleID]plan.GroupID{}
		for _, v := range w.views {
			ref := d.Roles[v.Group.ID]
			switch {
			case ref == nil || ref.ID == 0 || v.Mapped != "":
				continue
			case v.Aside:
				t.Fatalf("a role is decided for %s, which is aside: %s", v.Group.ID, groupOutline(&d))
			case holder[ref.ID] != "":
				t.Fatalf("role %d is of %s and %s: %s\nin %s", ref.ID, holder[ref.ID], v.Group.ID, groupOutline(&d), w.text())
			}
			holder[ref.ID] = v.Group.ID
		}
		seen := map[string]plan.RoleID{}
		for _, role := range w.after(&d).roles {
			key := plan.FoldName(role.Name)
			if seen[key] != 0 {
				t.Fatalf("roles %d and %d are both called %q: %s\nin %s", seen[key], role.ID, role.Name, groupOutline(&d), w.text())
			}
			seen[key] = role.ID
		}
	}
}

// breaks says which rule an action breaks; empty: none.
func (w groupWorld) breaks(a *plan.Action) string {
	v := w.views[slices.IndexFunc(w.views, func(v plan.GroupView) bool { return v.Group.ID == a.Role.Group })]
	at := slices.IndexFunc(w.roles, func(r plan.Role) bool { return r.ID == a.Role.ID })
	protected := plan.MatchAny(w.pol.ProtectedRoles, a.Role.Name)
	if at >= 0 {
		protected = protected || plan.ProtectedRole(w.roles[at], w.pol)
	}
	switch {
	case v.Aside:
		return "something is done about a group that is aside"
	case protected && v.Mapped == "":
		return "a protected role is touched without a mapping"
	case v.Mapped != "" && a.Kind != plan.LinkRole:
		return "the role of a mapped group is made or renamed"
	case v.Unread && v.Mapped == "" && a.Kind != plan.LinkRole:
		return "a role is made or renamed for a group that was not read"
	case a.Kind == plan.CreateRole && !w.pol.CreateRoles:
		return "a role is made although create_roles is off"
	case a.Kind == plan.RenameRole && a.Drift && !w.pol.RepairDrift:
		return "drift is repaired although it is to be reported"
	case a.Kind == plan.LinkRole && at < 0:
		return "a role is linked that the portal has not"
	case a.Role.Name == "" && a.Kind != plan.LinkRole:
		return "a role is given no name"
	}
	return ""
}

// TestTheOrderOfGroupsAndRolesDoesNotMatter to anything that is decided, said or remembered.
func TestTheOrderOfGroupsAndRolesDoesNotMatter(t *testing.T) {
	r := random(t)
	for range worldsTried {
		w := newGroupWorld(r)
		d := w.decide()
		w.views, w.roles = shuffled(r, w.views), shuffled(r, w.roles)
		o := w.decide()
		if groupOutline(&d) != groupOutline(&o) || sayings(&d.Decision) != sayings(&o.Decision) ||
			len(d.Links) != len(o.Links) {
			t.Fatalf("one order: %s\n%s\nanother: %s\n%s", groupOutline(&d), sayings(&d.Decision), groupOutline(&o),
				sayings(&o.Decision))
		}
	}
}

// TestWhatIsDoneAboutGroupsIsNotDoneAgain: after at most a few runs, in which held names come
// free, there is nothing left to do.
func TestWhatIsDoneAboutGroupsIsNotDoneAgain(t *testing.T) {
	r := random(t)
	for range worldsTried {
		w := newGroupWorld(r)
		first := w
		var history []string
		for range 2 * len(w.views) {
			d := w.decide()
			history = append(history, groupOutline(&d))
			if len(d.Actions) == 0 {
				break
			}
			w = w.after(&d)
		}
		if d := w.decide(); len(d.Actions) > 0 {
			t.Fatalf("it never ends: %s\nin %s", strings.Join(history, "\n"), first.text())
		}
	}
}

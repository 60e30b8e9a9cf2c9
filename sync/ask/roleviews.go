package ask

import (
	"context"
	"fmt"
	"slices"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A roleViewer gathers what is known of the roles of a person.
type roleViewer struct {
	read.Base
	*decide.Decided
	portalReader *read.PortalReader
	grantReader  *read.GrantReader
	roleDecider  *decide.RoleDecider
}

// makeViews gathers what is known of each person whose roles are looked at. Who is
// created in this very plan holds nothing that could be looked up, and is decided at
// once: of a first run that is everybody.
func (r *roleViewer) makeViews(ctx context.Context) error {
	p := &r.Roles
	if err := r.keptRoles(ctx); err != nil {
		return err
	}
	ids := make([]plan.PersonID, 0, len(p.Dirty))
	for id, dirty := range p.Dirty {
		if dirty {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	v := &plan.RoleView{} // it serves one person after the other, until it is kept
	for _, id := range ids {
		looks, err := r.look(id, v)
		if err != nil {
			return err
		}
		switch {
		case !looks:
		case v.Employee == 0 && len(v.Have) == 0:
			r.roleDecider.DecideRolesOf(v)
		default:
			p.Views, v = append(p.Views, v), &plan.RoleView{}
		}
	}
	return r.nameLost(ctx)
}

// nameLost finds the names of roles that are to be revoked and that no group has any
// more: they may be protected by now.
func (r *roleViewer) nameLost(ctx context.Context) error {
	for _, v := range r.Roles.Views {
		for i := range v.Have {
			h := &v.Have[i]
			if h.Lost == "" && !r.Pol.OneRole || h.Role.Name != "" {
				continue
			}
			if err := r.portalReader.ReadPortalRoles(ctx); err != nil {
				return err
			}
			for _, role := range r.Portal.Roles {
				if role.ID == h.Role.ID {
					h.Role.Name = role.Name
				}
			}
			r.protect(h)
		}
	}
	return nil
}

// keptRoles finds which of our grants people still hold who are reactivated: whether
// roles survive a termination, TrackTik does not say.
func (r *roleViewer) keptRoles(ctx context.Context) error {
	for _, s := range r.People.Sorted() {
		former := s.Extras().Former
		if former == nil || !slices.ContainsFunc(s.Decision.Actions,
			func(a plan.Action) bool { return a.Kind == plan.Reactivate }) {
			continue
		}
		kept, err := r.grantReader.StillHeld(ctx, former)
		if err != nil {
			return err
		}
		own := []plan.Grant{}
		for _, g := range kept {
			g.Person = s.Person.ID
			own = append(own, g)
		}
		s.With(func(x *read.Extra) { x.Kept = own })
	}
	return nil
}

// look fills v in, whatever it was before. It is false for those whose roles are left alone:
// on hold, leaving, not ours.
func (r *roleViewer) look(id plan.PersonID, v *plan.RoleView) (bool, error) {
	s := r.People.Subjects[id]
	owner := id // whose grants they are by the snapshot
	*v = plan.RoleView{User: plan.UserRef{ID: id}, Due: v.Due[:0], MayGrant: true, Others: -1, Default: r.Roles.Fallback}
	for _, g := range r.Roles.Due[id] {
		v.Due = append(v.Due, g.Due)
	}
	if why := r.OpenGrants[id]; why != "" {
		v.Doubt = plan.HeldPending + ": " + why
	}
	if v.Doubt == "" {
		v.Doubt = r.comesFirst(id)
	}
	var link *plan.Link
	switch {
	case r.Pending[id] != "":
		return false, nil
	case s == nil:
		m := r.People.Find(id)
		if m == nil || m.Employee == 0 || !m.Has(read.FlagListed) {
			return false, nil
		}
		stored, found, err := r.Snapshot.Link(id)
		if err != nil || !found {
			return false, err
		}
		link = &stored
		v.User.Login = link.Login
	case !s.InScope() || s.Extras().Became != nil || s.Doubtful() || s.IsOver():
		return false, nil
	default:
		v.User, link = s.Ref(), s.Link
		v.MayGrant = len(s.Decision.Problems) == 0 && !s.Ended()
		if s.Ended() {
			return false, nil
		}
		if was := s.Extras().Was; was != nil {
			link, owner = was.Link, was.Person.ID
		}
		v.Employee, v.MayGrant = s.Target(v.MayGrant)
	}
	anew := s != nil && s.MadeAnew()
	if link != nil {
		if !anew {
			v.Employee = link.Employee
		}
		v.Shielded = r.Pol.Shields(read.Who(link, s))
	}
	var grants []plan.Grant
	switch {
	case anew: // those on record are of the employee whom somebody else ended
	case s != nil && s.Extras().Kept != nil:
		grants = s.Extras().Kept
	case link != nil:
		var err error
		if grants, err = r.Snapshot.GrantsOf(owner); err != nil {
			return false, err
		}
	}
	for _, g := range grants {
		r.holding(v, g, id)
	}
	return true, nil
}

// comesFirst says which group of a person may give a role in the place of those that are due:
// it has none in this run of single people, and a whole run may find one. Empty: none does.
func (r *roleViewer) comesFirst(id plan.PersonID) string {
	if !r.Pol.OneRole && (r.Roles.Fallback == nil || len(r.Roles.Due[id]) > 0) {
		return "" // they hold the role beside the others
	}
	for _, g := range r.Pushed {
		if r.Roles.Unsettled[g.Group.ID] && g.Holds(id) {
			return fmt.Sprintf("%s: which role group %s has is for a whole run to find, and it may come first",
				plan.HeldUnconfirmed, g.Group.ID)
		}
	}
	return ""
}

// holding judges whether a grant of ours is still due.
func (r *roleViewer) holding(v *plan.RoleView, g plan.Grant, id plan.PersonID) {
	p := &r.Roles
	g = r.Current.AsFound(g)
	if slices.Contains(r.Scope.Retry, id) {
		g.Again = false // somebody says that TrackTik keeps it by now
	}
	due := slices.ContainsFunc(v.Due, func(d plan.Due) bool { return d.Role.ID == g.Role })
	switch {
	case slices.Contains(r.Current.DropGrants, g.Key()), r.portalReader.RoleGone(g.Role), g.Gone && !due:
		p.Drops = append(p.Drops, g.Key())
		return
	case g.Gone && !g.Again:
		v.Lost = append(v.Lost, g.Role)
		return
	}
	h := plan.Holding{Grant: g, Role: r.roleRef(g)}
	group := r.ByGroup[g.Group]
	switch {
	case due, group != nil && group.Failed: // another group may give it
	case group != nil && !group.Holds(id):
		h.Lost, h.Evidence = fmt.Sprintf("no longer in group %q", group.Group.Name), ""
	case group == nil && r.Pol.RevokeUnpushed &&
		slices.ContainsFunc(r.Unpushed, func(l plan.GroupLink) bool { return l.Group == g.Group }):
		h.Lost, h.Evidence = fmt.Sprintf("group %s is no longer pushed (sync.groups.unpushed: revoke)", g.Group),
			plan.EvidenceFull
	}
	r.protect(&h)
	v.Have = append(v.Have, h)
}

// protect keeps a grant of a protected role, whether it is lost or would be replaced.
func (r *roleViewer) protect(h *plan.Holding) {
	group := r.ByGroup[h.Group]
	mapped := group != nil && group.Link != nil && group.Link.How == plan.HowMapped && group.Link.Role == h.Role.ID &&
		(group.Role == nil || group.Role.ID == h.Role.ID)
	if !mapped && plan.MatchAny(r.Pol.ProtectedRoles, h.Role.Name) {
		h.Stays = plan.HeldProtectedRole + ": sync.roles.protected names the role"
	}
}

// roleRef names the role of a grant, and the group by which it was granted: another group
// may give the same role.
func (r *roleViewer) roleRef(g plan.Grant) *plan.RoleRef {
	key := decide.RoleOf{Role: g.Role, Group: g.Group}
	ref := r.Roles.Refs[key]
	if ref == nil {
		ref = &plan.RoleRef{ID: g.Role, Group: g.Group, Name: r.roleName(g)}
		r.Roles.Refs[key] = ref
	}
	return ref
}

// roleName is a role's name, as far as it is known without reading the portal's roles.
func (r *roleViewer) roleName(g plan.Grant) string {
	if name := r.Roles.Names[g.Role]; name != "" {
		return name
	}
	if group := r.ByGroup[g.Group]; group != nil && group.Link != nil && group.Link.Role == g.Role {
		return group.Link.RoleName
	}
	for _, l := range r.Unpushed {
		if l.Group == g.Group && l.Role == g.Role {
			return l.RoleName
		}
	}
	return ""
}

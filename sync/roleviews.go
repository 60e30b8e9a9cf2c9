package sync

import (
	"context"
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
)

// A roleViewer gathers what is known of the roles of a person.
type roleViewer struct {
	base
	*decided
	portalReader *portalReader
	grantReader  *grantReader
	roleDecider  *roleDecider
}

// makeViews gathers what is known of each person whose roles are looked at. Who is
// created in this very plan holds nothing that could be looked up, and is decided at
// once: of a first run that is everybody.
func (r *roleViewer) makeViews(ctx context.Context) error {
	p := &r.roles
	if err := r.keptRoles(ctx); err != nil {
		return err
	}
	ids := make([]plan.PersonID, 0, len(p.dirty))
	for id, dirty := range p.dirty {
		if dirty {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		v, err := r.roleView(id)
		if err != nil {
			return err
		}
		switch {
		case v == nil:
		case v.Employee == 0 && len(v.Have) == 0:
			r.roleDecider.decideRolesOf(v)
		default:
			p.views = append(p.views, v)
		}
	}
	return r.nameLost(ctx)
}

// nameLost finds the names of roles that are to be revoked and that no group has any
// more: they may be protected by now.
func (r *roleViewer) nameLost(ctx context.Context) error {
	for _, v := range r.roles.views {
		for i := range v.Have {
			h := &v.Have[i]
			if h.Lost == "" && !r.pol.OneRole || h.Role.Name != "" {
				continue
			}
			if err := r.portalReader.readPortalRoles(ctx); err != nil {
				return err
			}
			for _, role := range r.portal.Roles {
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
	for _, s := range r.people.sorted() {
		if s.former == nil || !slices.ContainsFunc(s.decision.Actions, func(a plan.Action) bool { return a.Kind == plan.Reactivate }) {
			continue
		}
		kept, err := r.grantReader.stillHeld(ctx, s.former)
		if err != nil {
			return err
		}
		s.kept = []plan.Grant{}
		for _, g := range kept {
			g.Person = s.person.ID
			s.kept = append(s.kept, g)
		}
	}
	return nil
}

// roleView is nil for those whose roles are left alone: on hold, leaving, not ours.
func (r *roleViewer) roleView(id plan.PersonID) (*plan.RoleView, error) {
	s := r.people.subjects[id]
	owner := id // whose grants they are by the snapshot
	v := &plan.RoleView{User: plan.UserRef{ID: id}, MayGrant: true, Others: -1, Default: r.roles.fallback}
	for _, g := range r.roles.due[id] {
		v.Due = append(v.Due, g.due)
	}
	if why := r.openGrants[id]; why != "" {
		v.Doubt = plan.HeldPending + ": " + why
	}
	var link *plan.Link
	switch {
	case r.pending[id] != "":
		return nil, nil
	case s == nil:
		m := r.people.find(id)
		if m == nil || m.employee == 0 || !m.has(flagListed) {
			return nil, nil
		}
		stored, found, err := r.Snapshot.Link(id)
		if err != nil || !found {
			return nil, err
		}
		link = &stored
		v.User.Login = link.Login
	case s.judgement.Verdict != plan.Provision || s.outOf || s.scopeErr != "" || s.became != nil:
		return nil, nil
	default:
		v.User, link = s.ref(), s.link
		v.MayGrant = len(s.decision.Problems) == 0 && !s.ended()
		if s.ended() {
			return nil, nil
		}
		if s.was != nil {
			link, owner = s.was.link, s.was.person.ID
		}
		v.Employee, v.MayGrant = s.target(v.MayGrant)
	}
	anew := s != nil && s.madeAnew()
	if link != nil {
		if !anew {
			v.Employee = link.Employee
		}
		v.Shielded = r.pol.Shields(who(link, s))
	}
	var grants []plan.Grant
	switch {
	case anew: // those on record are of the employee whom somebody else ended
	case s != nil && s.kept != nil:
		grants = s.kept
	case link != nil:
		var err error
		if grants, err = r.Snapshot.GrantsOf(owner); err != nil {
			return nil, err
		}
	}
	for _, g := range grants {
		r.holding(v, g, id)
	}
	return v, nil
}

// ended reports that the employee was ended by somebody else.
func (s *subject) ended() bool {
	return slices.ContainsFunc(s.decision.Held, func(h plan.Held) bool {
		return h.Code() == plan.HeldTerminatedElsewhere || h.Code() == plan.HeldBannedElsewhere
	})
}

// madeAnew reports that the person is given another employee than the one on record.
func (s *subject) madeAnew() bool {
	return slices.ContainsFunc(s.decision.Actions, func(a plan.Action) bool { return a.Kind == plan.Create })
}

// target is the employee that the person's actions lead to; 0 and true for one that is
// still to be created.
func (s *subject) target(may bool) (plan.EmployeeID, bool) {
	for i := range s.decision.Actions {
		switch a := &s.decision.Actions[i]; a.Kind {
		case plan.Adopt, plan.Reactivate:
			return a.Employee, may
		case plan.Create:
			return 0, may
		}
	}
	if s.link != nil {
		return s.link.Employee, may
	}
	return 0, false
}

// who is somebody as far as it tells whether they are protected; s is nil where they were
// not decoded.
func who(link *plan.Link, s *subject) plan.Who {
	if s == nil {
		return plan.Who{Link: link}
	}
	person := s.whole()
	return plan.Who{Person: &person, Link: link, Wanted: s.want(), Employee: s.employee}
}

// holding judges whether a grant of ours is still due.
func (r *roleViewer) holding(v *plan.RoleView, g plan.Grant, id plan.PersonID) {
	p := &r.roles
	g = r.current.asFound(g)
	if slices.Contains(r.opt.Retry, id) {
		g.Again = false // somebody says that TrackTik keeps it by now
	}
	due := slices.ContainsFunc(v.Due, func(d plan.Due) bool { return d.Role.ID == g.Role })
	switch {
	case slices.Contains(r.current.dropGrants, g.Key()), r.portalReader.roleGone(g.Role), g.Gone && !due:
		p.drops = append(p.drops, g.Key())
		return
	case g.Gone && !g.Again:
		v.Lost = append(v.Lost, g.Role)
		return
	}
	h := plan.Holding{Grant: g, Role: r.roleRef(g)}
	group := r.byGroup[g.Group]
	switch {
	case due, group != nil && group.failed: // another group may give it
	case group != nil && !group.holds(id):
		h.Lost, h.Evidence = fmt.Sprintf("no longer in group %q", group.group.Name), ""
	case group == nil && r.pol.RevokeUnpushed && slices.ContainsFunc(r.unpushed, func(l plan.GroupLink) bool { return l.Group == g.Group }):
		h.Lost, h.Evidence = fmt.Sprintf("group %s is no longer pushed (sync.groups.unpushed: revoke)", g.Group), plan.EvidenceFull
	}
	r.protect(&h)
	v.Have = append(v.Have, h)
}

// protect keeps a grant of a protected role, whether it is lost or would be replaced.
func (r *roleViewer) protect(h *plan.Holding) {
	group := r.byGroup[h.Group]
	mapped := group != nil && group.link != nil && group.link.How == plan.HowMapped && group.link.Role == h.Role.ID && (group.role == nil || group.role.ID == h.Role.ID)
	if !mapped && plan.MatchAny(r.pol.ProtectedRoles, h.Role.Name) {
		h.Stays = plan.HeldProtectedRole + ": sync.roles.protected names the role"
	}
}

// roleGone reports a role that the portal does not have any more.
func (r *portalReader) roleGone(id plan.RoleID) bool {
	return r.portal.Read && !slices.ContainsFunc(r.portal.Roles, func(role plan.Role) bool { return role.ID == id })
}

// roleRef names the role of a grant, and the group by which it was granted: another group
// may give the same role.
func (r *roleViewer) roleRef(g plan.Grant) *plan.RoleRef {
	key := roleOf{g.Role, g.Group}
	ref := r.roles.refs[key]
	if ref == nil {
		ref = &plan.RoleRef{ID: g.Role, Group: g.Group, Name: r.roleName(g)}
		r.roles.refs[key] = ref
	}
	return ref
}

// roleName is a role's name, as far as it is known without reading the portal's roles.
func (r *roleViewer) roleName(g plan.Grant) string {
	if name := r.roles.names[g.Role]; name != "" {
		return name
	}
	if group := r.byGroup[g.Group]; group != nil && group.link != nil && group.link.Role == g.Role {
		return group.link.RoleName
	}
	for _, l := range r.unpushed {
		if l.Group == g.Group && l.Role == g.Role {
			return l.RoleName
		}
	}
	return ""
}

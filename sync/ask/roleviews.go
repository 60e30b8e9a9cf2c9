package ask

import (
	"context"
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
	ownGroups    interface {
		ReadGroupsBehind(ctx context.Context, grants []plan.Grant) error
	}
	roleDecider *decide.RoleDecider
	holdings    *decide.HoldingDecider
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
	return r.findLostRoles(ctx)
}

// findLostRoles finds the roles that are to be revoked and of which only the portal knows
// whether they are protected.
func (r *roleViewer) findLostRoles(ctx context.Context) error {
	for _, v := range r.Roles.Views {
		for i := range v.Have {
			h := &v.Have[i]
			if h.Lost == "" && !r.Pol.OneRole || !r.holdings.MayBeProtected(h) {
				continue
			}
			if err := r.portalReader.TryPortalRoles(ctx); err != nil {
				return err
			}
			if r.Portal.Unread != "" {
				h.Stays = plan.HeldUnreadable + ": " + r.Portal.Unread
				continue
			}
			h.Role.Name = r.Portal.Of(h.Role).Name
			r.holdings.Protect(h)
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
		if err := r.ownGroups.ReadGroupsBehind(ctx, own); err != nil {
			return err
		}
	}
	return r.formerGroups(ctx)
}

// formerGroups looks at the groups by which those were given roles who go on under another id.
func (r *roleViewer) formerGroups(ctx context.Context) error {
	for _, s := range r.People.Sorted() {
		was := s.Extras().Was
		if was == nil {
			continue
		}
		grants, err := r.Snapshot.GrantsOf(was.Person.ID)
		if err != nil {
			return err
		}
		if err := r.ownGroups.ReadGroupsBehind(ctx, grants); err != nil {
			return err
		}
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
		v.Doubt = r.holdings.ComesFirst(id)
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
	if r.Groupless[id] {
		v.Shielded = plan.HeldUnconfirmed + ": their groups could not be looked up"
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
		r.holdings.Add(v, g)
	}
	return true, nil
}

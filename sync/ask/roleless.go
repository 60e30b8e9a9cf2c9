package ask

import (
	"context"
	"slices"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A rolelessFinder finds who has no role, and what the default one is.
type rolelessFinder struct {
	read.Base
	*decide.Decided
	portalReader *read.PortalReader
	groupReader  *read.GroupReader
	holderReader *holderReader
	changeFinder *changeFinder
}

// findDefault finds out which role sync.roles.default means. The portal is asked when the
// configuration has changed, and by a refresh; else it is as it was found before.
func (r *rolelessFinder) findDefault(ctx context.Context) error {
	p, known := &r.Roles, r.Meta.DefaultRole
	if known != nil && p.Names[known.ID] == "" {
		p.Names[known.ID] = known.Name
	}
	if r.Pol.DefaultRole == "" {
		r.Meta.DefaultRole = nil
		return nil
	}
	if known == nil || known.Key != r.Pol.DefaultRole || r.Refresh || r.Portal.Read {
		if err := r.portalReader.TryPortalRoles(ctx); err != nil {
			return err
		}
		if r.Portal.Unread != "" {
			if known != nil && known.Key == r.Pol.DefaultRole {
				p.Fallback = known.Due()
			}
			return nil
		}
		found, problem, err := r.defaultRole()
		if err != nil {
			return err
		}
		if problem != nil {
			p.OfGroups.Problems = append(p.OfGroups.Problems, *problem)
			r.Meta.DefaultRole = nil
			return nil
		}
		if known != nil && known.ID != found.ID { // its holders swap
			if err := r.changeFinder.touchHolders(known.ID); err != nil {
				return err
			}
		}
		r.Meta.DefaultRole = &found
		p.Names[found.ID] = found.Name
	}
	p.Fallback = r.Meta.DefaultRole.Due()
	return nil
}

// defaultRole is the default role by the portal's roles, or what is wrong with it; that it is
// protected is an error.
func (r *rolelessFinder) defaultRole() (plan.DefaultRole, *plan.Problem, error) {
	found, problem := plan.FindDefaultRole(r.Portal.Roles, &r.Pol)
	if problem != nil && problem.Code == plan.ProblemInvalidValue {
		return found, nil, &read.ConfigError{Message: problem.Message}
	}
	return found, problem, nil
}

// findRoleless finds the people in scope whom no group gives a role and who hold none as far
// as is known, ours or others'. Where there is a default role, they are looked at.
func (r *rolelessFinder) findRoleless(ctx context.Context) error {
	p := &r.Roles
	if err := r.findNewRoleless(ctx); err != nil {
		return err
	}
	// Where this program gives no roles, what people hold is known from a refresh that could
	// read it.
	p.Counted = p.Fallback != nil || r.groupReader.ReadsGroups() || r.Current.Held != nil || r.Meta.Roleless != nil
	if !p.Counted {
		return nil
	}
	for i := range r.People.Marks {
		m := &r.People.Marks[i]
		s := r.People.Subjects[m.ID]
		if m.Employee == 0 || m.Roles > 0 || s == nil && (r.Scope.Some() || !m.Has(read.FlagListed)) || s != nil &&
			!r.inScope(s) {
			continue
		}
		holds, err := r.holdsAny(m)
		if err != nil {
			return err
		}
		if holds {
			continue
		}
		p.Roleless = append(p.Roleless, m.ID)
		if p.Fallback != nil {
			p.Dirty[m.ID] = true
		}
	}
	slices.Sort(p.Roleless)
	return nil
}

// findNewRoleless is findRoleless for those who are not managed yet. What a matching
// employee holds is looked up.
func (r *rolelessFinder) findNewRoleless(ctx context.Context) error {
	p := &r.Roles
	employees := map[plan.PersonID]plan.EmployeeID{}
	var people []plan.EmployeeID
	for id, s := range r.People.Subjects {
		if s.Link != nil || !r.inScope(s) || len(p.Due[id]) > 0 {
			continue
		}
		e, _ := s.Target(true)
		if e != 0 && s.Extras().Former == nil {
			employees[id], people = e, append(people, e)
			continue
		}
		p.Roleless = append(p.Roleless, id)
	}
	slices.Sort(people)
	if r.Current.Held == nil {
		if _, err := r.holderReader.readRolesOf(ctx, people); err != nil {
			return err
		}
	}
	for id, e := range employees {
		holds := r.Current.Held[e] > 0
		if r.Current.Held == nil {
			held, _, err := r.Grants.Of(ctx, e)
			if err != nil {
				return err
			}
			holds = len(held) > 0
		}
		if r.holderReader.noteOthers(id, holds); !holds {
			p.Roleless = append(p.Roleless, id)
		}
	}
	return nil
}

// inScope reports whether somebody who was decoded is to have roles in this plan.
func (r *rolelessFinder) inScope(s *read.Subject) bool {
	return s.InScope() && s.Extras().Became == nil && r.Pending[s.Person.ID] == "" && !s.Ended() &&
		(s.Link != nil || s.Extras().Was != nil || s.Gives())
}

// holdsAny reports whether a managed person holds a role: one of ours, or one of others', as
// seen in this run, or else when TrackTik was last read.
func (r *rolelessFinder) holdsAny(m *read.Mark) (bool, error) {
	grants, err := r.Snapshot.GrantsOf(m.ID)
	if err != nil {
		return false, err
	}
	ours := 0
	for _, g := range grants {
		if g = r.Current.AsFound(g); !g.Gone {
			ours++
		}
	}
	if r.Current.Held != nil { // a refresh has counted
		others := r.Current.Held[m.Employee] > ours+r.unrecorded(m, grants)
		r.holderReader.noteOthers(m.ID, others)
		return ours > 0 || others, nil
	}
	if ours > 0 {
		return true, nil
	}
	link, _, err := r.Snapshot.Link(m.ID)
	return link.OthersRole, err
}

// unrecorded is 1 where somebody whom no group gives a role holds the default role by no grant on
// record, as after a restore of the snapshot: it is taken over as any role that is due.
func (r *rolelessFinder) unrecorded(m *read.Mark, grants []plan.Grant) int {
	p := &r.Roles
	if p.Fallback == nil || m.Roles > 0 || len(p.Due[m.ID]) > 0 ||
		slices.ContainsFunc(grants, func(g plan.Grant) bool { return g.Role == p.Fallback.Role.ID }) ||
		len(r.Current.Holders[read.Holder{Role: p.Fallback.Role.ID, Employee: m.Employee}]) == 0 {
		return 0
	}
	return 1
}

// warnRoleless names, once all roles are decided, those who are left without one.
func (r *rolelessFinder) warnRoleless() error {
	p := &r.Roles
	logins := make([]string, len(p.Roleless))
	for i, id := range p.Roleless[:min(len(logins), plan.NamedRoleless)] {
		if s := r.People.Subjects[id]; s != nil {
			logins[i] = s.Ref().Login
			continue
		}
		link, _, err := r.Snapshot.Link(id)
		if err != nil {
			return err
		}
		logins[i] = link.Login
	}
	if w := plan.NoRole(logins); w != nil {
		r.Warn(*w)
	}
	return nil
}

package sync

import (
	"slices"

	"tracktik-sync/sync/plan"
)

// A claimer says who wants which user name and e-mail, and who has it.
type claimer struct {
	base
	*decided
}

// claims are the wishes for user names and e-mails of the run's people.
func (r *claimer) claims(list []*subject) []plan.Claim {
	var claims []plan.Claim
	for _, s := range list {
		if c, ok := r.claim(s); ok {
			claims = append(claims, c)
		}
	}
	return claims
}

// resolveNames lets package plan judge who gets which user name and e-mail.
func (r *claimer) resolveNames(claims []plan.Claim) error {
	var failed error
	owners := func(field plan.Field, ask func(string) ([]plan.PersonID, error)) func(string) []plan.Owner {
		return func(name string) []plan.Owner {
			if r.people.managed == 0 {
				return nil
			}
			found, err := r.owners(field, ask, name)
			if err != nil {
				failed = err
			}
			return found
		}
	}
	r.names = plan.ResolveNames(claims, owners(plan.Username, r.Snapshot.OwnersOfUsername), owners(plan.Email, r.Snapshot.OwnersOfEmail))
	for id, p := range r.names.Problems {
		if s := r.people.subjects[id]; s != nil { // else a bystander's
			s.unmappable = append(s.unmappable, p)
		}
	}
	return failed
}

func (r *claimer) claim(s *subject) (plan.Claim, bool) {
	if s.judgement.Verdict != plan.Provision || s.outOf || s.scopeErr != "" || len(s.unmappable) > 0 || r.pending[s.person.ID] != "" {
		return plan.Claim{}, false
	}
	ended := ""
	if s.link != nil {
		ended = endedStatus(s.link, s)
	}
	if plan.FreesNames(ended) && !(plan.MayRecreate(ended) && slices.Contains(r.opt.Recreate, s.person.ID)) {
		return plan.Claim{}, false // nothing is sent for them
	}
	v := r.effective(s)
	c := plan.Claim{Person: s.person.ID, User: s.ref(), Username: plan.FoldName(v[plan.Username]), Email: plan.FoldName(v[plan.Email]),
		First: plan.FoldName(v[plan.FirstName]), Last: plan.FoldName(v[plan.LastName]), CustomID: plan.FoldName(v[plan.CustomID]), Managed: s.link != nil}
	if s.link != nil {
		p := &s.link.Pushed
		c.Moves = r.pol.UpdateUsers && ended == "" && (c.Username != plan.FoldName(p[plan.Username]) || c.Email != plan.FoldName(p[plan.Email]))
		if r.pol.UpdateUsers && s.link.ElsewhereStatus == "" {
			c.FormerID = plan.FoldName(p[plan.CustomID])
		}
	}
	return c, true
}

// effective is what the person's employee will hold: a field that is not sent stays as
// it was pushed, whatever Okta says.
func (r *claimer) effective(s *subject) plan.Values {
	v := s.want().Values
	if s.link == nil {
		return v
	}
	for f := range v {
		if field := plan.Field(f); s.want().Keep.Has(field) || r.pol.Settled(s.link, field) {
			v[f] = s.link.Pushed[f]
		}
	}
	return v
}

// owners are the managed people who have a name by the snapshot, and by what was read of
// TrackTik in this run.
func (r *claimer) owners(field plan.Field, ask func(string) ([]plan.PersonID, error), name string) ([]plan.Owner, error) {
	ids, err := ask(name)
	if err != nil {
		return nil, err
	}
	var owners []plan.Owner
	for _, id := range ids {
		link, found, err := r.Snapshot.Link(id)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		s := r.people.subjects[id]
		status := endedStatus(&link, s)
		if plan.FreesNames(status) || r.renamedByHand(id, field, name) {
			continue
		}
		o := plan.Owner{Person: id, Employee: link.Employee, First: plan.FoldName(link.Pushed[plan.FirstName]), Last: plan.FoldName(link.Pushed[plan.LastName])}
		switch {
		case status != "":
			o.Keeps = "is " + status + " there"
		case !r.pol.UpdateUsers:
			o.Keeps = "sync.update_users is off"
		}
		if s != nil {
			o.Leaves = terminates(s)
			o.Missing = s.absent && !o.Leaves
			o.Confirmed = s.evidence != plan.EvidenceSample
		}
		owners = append(owners, o)
	}
	return owners, nil
}

// renamedByHand reports somebody to whom the run gives no name, and whose employee was read
// and has another one than the recorded.
func (r *claimer) renamedByHand(id plan.PersonID, field plan.Field, name string) bool {
	e := r.current.differs[id]
	if e == nil || !e.Has.Has(field) || plan.FoldName(e.Values[field]) == name {
		return false
	}
	s := r.people.subjects[id]
	return s == nil || s.judgement.Verdict != plan.Provision
}

// endedStatus is in what state somebody's employee is who is not active; s may be nil.
func endedStatus(link *plan.Link, s *subject) string {
	if s == nil {
		return link.ElsewhereStatus
	}
	return plan.Ended(link, s.employee, s.gone)
}

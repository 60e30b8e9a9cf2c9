package sync

import (
	"cmp"

	"tracktik-sync/sync/plan"
)

// seal names everybody in the document, and closes it.
func (r *guard) seal() {
	r.nameAll(r.doc.Actions, r.doc.Held, r.doc.Problems, r.doc.Warnings)
	r.doc.Seal()
}

func (r *guard) nameAll(actions []plan.Action, held []plan.Held, problems []plan.Problem, warnings []plan.Warning) {
	n := namer{base: r.base, known: map[plan.PersonID]plan.UserRef{}}
	for i := range actions {
		n.action(&actions[i])
	}
	for i := range held {
		n.action(&held[i].Action)
	}
	for i := range problems {
		n.name(&problems[i].User)
	}
	for i := range warnings {
		n.name(&warnings[i].User)
	}
}

// A namer tells the names of people, for those who read the document.
type namer struct {
	base
	known map[plan.PersonID]plan.UserRef
}

// action names the person of an action, and tells of a leaver where they were.
func (n *namer) action(a *plan.Action) {
	n.name(&a.User)
	if a.Kind != plan.Terminate {
		return
	}
	link := n.record(a.User.ID)
	if retires := a.Extras().Retires; retires != nil {
		link = &retires.Link
		a.User.Name = cmp.Or(a.User.Name, link.Pushed.FullName())
	}
	if link == nil {
		return
	}
	leaver := plan.Leaver{Region: cmp.Or(n.meta.Regions[link.PushedRegion], link.Pushed[plan.Region]), JobTitle: cmp.Or(link.Pushed[plan.JobTitle], link.Seen[plan.JobTitle])}
	if leaver != (plan.Leaver{}) {
		a.With(func(x *plan.Extra) { x.Leaver = &leaver })
	}
}

// name fills in what the reference does not tell yet.
func (n *namer) name(u *plan.UserRef) {
	if u.ID == "" {
		return
	}
	known, found := n.known[u.ID]
	if !found {
		known = n.find(u.ID)
		n.known[u.ID] = known
	}
	u.Login, u.Name = cmp.Or(u.Login, known.Login), cmp.Or(u.Name, known.Name)
}

// find is how Okta calls the person, else how they were last pushed, or called before they left.
func (n *namer) find(id plan.PersonID) plan.UserRef {
	ref := plan.UserRef{ID: id}
	if s := n.people.subjects[id]; s != nil {
		ref = s.named()
	}
	if link := n.record(id); link != nil && ref.Name == "" {
		ref.Login = cmp.Or(ref.Login, link.Login)
		ref.Name = link.FullName()
	}
	return ref
}

// named is ref with the name, as Okta has it, or as it was before they left.
func (s *subject) named() plan.UserRef {
	ref := s.ref()
	ref.Name = s.name
	if ref.Name == "" && s.former != nil {
		ref.Name = s.former.Link.Pushed.FullName()
	}
	if ref.Name == "" && s.link != nil {
		ref.Name = s.link.FullName()
	}
	return ref
}

// record is the person's link; nil: there is none, or it cannot be read, which the run has
// said where it mattered.
func (n *namer) record(id plan.PersonID) *plan.Link {
	if s := n.people.subjects[id]; s != nil && s.link != nil {
		return s.link
	}
	link, found, err := n.Snapshot.Link(id)
	if err != nil || !found {
		return nil
	}
	return &link
}

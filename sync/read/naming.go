package read

import (
	"cmp"

	"tracktik-sync/sync/plan"
)

// nameAll names everybody in what is shown of a plan.
func (r *Base) NameAll(actions []plan.Action, held []plan.Held, problems []plan.Problem, warnings []plan.Warning) {
	n := Namer{Base: *r, known: map[plan.PersonID]plan.UserRef{}}
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
type Namer struct {
	Base
	known map[plan.PersonID]plan.UserRef
}

// action names the person of an action, and tells of a leaver where they were.
func (n *Namer) action(a *plan.Action) {
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
	leaver := plan.Leaver{Region: cmp.Or(n.Meta.Regions[link.PushedRegion], link.Pushed[plan.Region]), JobTitle: cmp.Or(link.Pushed[plan.JobTitle], link.Seen[plan.JobTitle])}
	if leaver != (plan.Leaver{}) {
		a.With(func(x *plan.Extra) { x.Leaver = &leaver })
	}
}

// name fills in what the reference does not tell yet.
func (n *Namer) name(u *plan.UserRef) {
	if u.ID == "" {
		return
	}
	known, found := n.known[u.ID]
	if !found {
		known = n.Find(u.ID)
		n.known[u.ID] = known
	}
	u.Login, u.Name = cmp.Or(u.Login, known.Login), cmp.Or(u.Name, known.Name)
}

// find is how Okta calls the person, else how they were last pushed, or called before they left.
func (n *Namer) Find(id plan.PersonID) plan.UserRef {
	ref := plan.UserRef{ID: id}
	if s := n.People.Subjects[id]; s != nil {
		ref = s.Named()
	}
	if link := n.record(id); link != nil && ref.Name == "" {
		ref.Login = cmp.Or(ref.Login, link.Login)
		ref.Name = link.FullName()
	}
	return ref
}

// record is the person's link; nil: there is none, or it cannot be read, which the run has
// said where it mattered.
func (n *Namer) record(id plan.PersonID) *plan.Link {
	if s := n.People.Subjects[id]; s != nil && s.Link != nil {
		return s.Link
	}
	link, found, err := n.Snapshot.Link(id)
	if err != nil || !found {
		return nil
	}
	return &link
}

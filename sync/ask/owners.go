package ask

import (
	"errors"
	"iter"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// An ownerFinder finds who has a user name or an e-mail by the record, and as TrackTik shows it.
type ownerFinder struct {
	read.Base
}

// A nameSearch is one search of an ownerFinder: what it goes by may be as much as there are people.
type nameSearch struct {
	*ownerFinder
	claims map[plan.PersonID]*plan.Claim
	shown  map[plan.Field]map[string][]plan.PersonID
}

// find tells the managed people who have the names that are wanted. An error is about the
// snapshot.
func (r *ownerFinder) find(claims []plan.Claim) (plan.Owners, error) {
	owners := plan.Owners{Usernames: map[string][]plan.Owner{}, Emails: map[string][]plan.Owner{}}
	if r.People.Managed == 0 {
		return owners, nil
	}
	s := &nameSearch{r, make(map[plan.PersonID]*plan.Claim, len(claims)), r.shownByName()}
	moves := false
	for i := range claims {
		s.claims[claims[i].Person] = &claims[i]
		moves = moves || claims[i].Moves
	}
	if moves { // of a create, a look-up says who has the name
		if err := s.addLastShown(); err != nil {
			return owners, err
		}
	}
	for i := range claims {
		c := &claims[i]
		if err := errors.Join(s.findName(plan.Username, c.Username, owners.Usernames),
			s.findName(plan.Email, c.Email, owners.Emails)); err != nil {
			return owners, err
		}
	}
	return owners, s.findSeen(claims, &owners)
}

// findSeen adds those who left, or may have, by the names that Okta showed of them last.
func (r *nameSearch) findSeen(claims []plan.Claim, owners *plan.Owners) error {
	asked := [2]map[string]bool{{}, {}}
	for i := range claims {
		for kind, name := range claims[i].Seen {
			if name != "" {
				asked[kind][name] = true
			}
		}
	}
	if len(asked[0])+len(asked[1]) == 0 {
		return nil
	}
	owners.Seen = [2]map[string][]plan.Owner{{}, {}}
	for l, err := range r.departing() {
		if err != nil {
			return err
		}
		for kind, name := range l.OktaNames() {
			if !asked[kind][name] {
				continue
			}
			s := r.People.Subjects[l.Person]
			status := read.EndedStatus(l, s)
			if plan.FreesNames(status) {
				continue
			}
			o := r.owner(l, s, &l.Pushed)
			if status == "" { // that updates are off is no matter of who leaves
				o.Keeps = ""
			}
			owners.Seen[kind][name] = append(owners.Seen[kind][name], o)
		}
	}
	return nil
}

// findName adds those who have a name, where that is not known yet.
func (r *nameSearch) findName(field plan.Field, name string, known map[string][]plan.Owner) error {
	if _, asked := known[name]; asked || name == "" {
		return nil
	}
	ask := r.Snapshot.OwnersOfUsername
	if field == plan.Email {
		ask = r.Snapshot.OwnersOfEmail
	}
	owners, err := r.owners(field, ask, name)
	if len(owners) > 0 {
		known[name] = owners
	}
	return err
}

// departing are the records of those who left, or may have. A run of single people does not know
// that of the others, and leaves it to a whole run.
func (r *nameSearch) departing() iter.Seq2[*plan.Link, error] {
	return func(yield func(*plan.Link, error) bool) {
		for _, s := range r.People.Sorted() {
			if s.Link != nil && (s.Left() || read.Departs(s)) && !yield(s.Link, nil) {
				return
			}
		}
		if !r.Scope.Some() {
			return
		}
		for l, err := range r.Snapshot.Links() {
			if (err != nil || r.People.Subjects[l.Person] == nil) && !yield(&l, err) {
				return
			}
		}
	}
}

// shownByName are people by the names that TrackTik shows of them: the record may be older than
// those, and who was renamed by hand, or was adopted as they were, may keep these.
func (r *ownerFinder) shownByName() map[plan.Field]map[string][]plan.PersonID {
	named := map[plan.Field]map[string][]plan.PersonID{plan.Username: {}, plan.Email: {}}
	for id, s := range r.People.Subjects {
		if s.Employee == nil || !s.Employee.Active() || s.Link == nil {
			continue
		}
		for field, of := range named {
			if name := plan.FoldName(s.Employee.Values[field]); name != "" {
				of[name] = append(of[name], id)
			}
		}
	}
	return named
}

// addLastShown adds the people who were not read in this run, by the names that TrackTik showed of
// them last in the place of those that it was told.
func (r *nameSearch) addLastShown() error {
	for l, err := range r.Snapshot.Links() {
		if err != nil {
			return err
		}
		if s := r.People.Subjects[l.Person]; s != nil && s.Employee != nil {
			continue
		}
		for field, of := range r.shown {
			if name := plan.FoldName(l.Seen[field]); name != "" {
				of[name] = append(of[name], l.Person)
			}
		}
	}
	return nil
}

// owners are the managed people who have a name by the snapshot, and by what was read of
// TrackTik in this run, leavers among them.
func (r *nameSearch) owners(field plan.Field, ask func(string) ([]plan.PersonID, error), name string) ([]plan.Owner,
	error) {
	ids, err := ask(name)
	if err != nil {
		return nil, err
	}
	shown := r.shown[field][name]
	ids = append(slices.Clip(ids), shown...)
	slices.Sort(ids)
	var owners []plan.Owner
	for _, id := range slices.Compact(ids) {
		link, found, err := r.Snapshot.Link(id)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		s := r.People.Subjects[id]
		status := read.EndedStatus(&link, s)
		if plan.FreesNames(status) || r.renamedByHand(id, field, name) {
			continue
		}
		names := &link.Pushed
		if slices.Contains(shown, id) && s != nil && s.Employee != nil {
			names = &s.Employee.Values
		}
		owners = append(owners, r.owner(&link, s, names))
	}
	return owners, nil
}

// owner is somebody on record as an owner; s is nil for whom the run is not about.
func (r *nameSearch) owner(l *plan.Link, s *read.Subject, names *plan.Values) plan.Owner {
	o := plan.Owner{Person: l.Person, Employee: l.Employee, First: plan.FoldName(names[plan.FirstName]),
		Last: plan.FoldName(names[plan.LastName])}
	status := read.EndedStatus(l, s)
	switch {
	case status != "":
		o.Keeps = "is " + status + " there"
	case !r.Pol.UpdateUsers:
		o.Keeps = "sync.update_users is off"
	}
	if s != nil {
		o.Leaves, o.Lives = read.Departs(s), s.Lives()
		o.Missing = s.Absent && !o.Leaves && status == ""
		o.Confirmed = s.Evidence != plan.EvidenceSample
	}
	return o
}

// renamedByHand reports somebody whose employee was read and has another name than the
// recorded, which is not to be theirs again.
func (r *nameSearch) renamedByHand(id plan.PersonID, field plan.Field, name string) bool {
	e := r.Current.Differs[id]
	if e == nil || !e.Has.Has(field) || plan.FoldName(e.Values[field]) == name {
		return false
	}
	c := r.claims[id]
	return c == nil || field == plan.Username && c.Username != name || field == plan.Email && c.Email != name
}

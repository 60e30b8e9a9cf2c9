package read

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tracktik-sync/sync/plan"
)

// A run of single people does not read who else there is. Before it gives a name to
// somebody, or ends the employment of who has left, it asks Okta who else has the name:
// another new person, whom a whole run would give it as little, or who left, made anew.

// A NameReader asks Okta who else has a name.
type NameReader struct {
	Base
	claimer        *Claimer
	peopleReader   *peopleReader
	ownGroupReader *ownGroupReader
}

// usersNamed are the users with that login or that e-mail in Okta, as they were first
// read in this run.
func (r *Base) usersNamed(ctx context.Context, login, email string) ([]plan.Person, error) {
	key := plan.FoldName(login) + "|" + plan.FoldName(email)
	if people, asked := r.namesakes[key]; asked {
		return people, nil
	}
	people, err := r.Source.UsersNamed(ctx, login, email)
	if err != nil {
		return nil, err
	}
	if r.namesakes == nil {
		r.namesakes = map[string][]plan.Person{}
	}
	r.namesakes[key] = people
	return people, nil
}

// findOne is find for a run of single people, who are mostly named by what is both login
// and e-mail.
func (r *NameReader) findOne(ctx context.Context, name string) (plan.PersonID, *plan.Person, error) {
	if strings.Contains(name, "@") {
		people, err := r.usersNamed(ctx, name, name)
		if err != nil && !IsArgument(err) {
			return "", nil, err
		}
		for i := range people {
			if plan.FoldName(people[i].Login) == plan.FoldName(name) {
				return people[i].ID, &people[i], nil
			}
		}
		if len(people) == 1 {
			return people[0].ID, &people[0], nil
		}
	}
	return r.find(ctx, name)
}

// Bystanders are the claims of people whom a run of single people is not about, and who
// want a name that one of them is to be given.
func (r *NameReader) Bystanders(ctx context.Context, claims []plan.Claim) ([]plan.Claim, error) {
	if !r.Scope.Some() {
		return nil, nil
	}
	var others []plan.Claim
	asked := map[plan.PersonID]bool{}
	for _, c := range claims {
		ids, err := r.rivalsOf(ctx, &c)
		for _, id := range ids {
			if err != nil || asked[id] || r.People.Subjects[id] != nil {
				continue
			}
			var other plan.Claim
			var claims bool
			other, claims, err = r.bystander(ctx, id, c)
			asked[id] = err == nil
			if claims {
				others = append(others, other)
			}
		}
		if err := r.holdUnasked(ctx, c.Person, err); err != nil {
			return nil, err
		}
	}
	return others, nil
}

// holdUnasked holds somebody alone of whom it could not be looked up who else has their names.
func (r *NameReader) holdUnasked(ctx context.Context, id plan.PersonID, err error) error {
	s := r.People.Subjects[id]
	if s == nil || !FailedAlone(ctx, err) {
		return err
	}
	s.Unread = "who else has the names in Okta could not be looked up: " + err.Error()
	return nil
}

// rivalsOf are who may want what somebody is to be given: those with the names in Okta, and those
// in whose way they were when they were last looked at, who may be called otherwise in Okta.
func (r *NameReader) rivalsOf(ctx context.Context, c *plan.Claim) ([]plan.PersonID, error) {
	ids := r.recordedRivals(c.Person, plan.ProblemDuplicate)
	if c.Managed && !c.Moves {
		return ids, nil
	}
	people, err := r.usersNamed(ctx, c.Username, c.Email)
	for i := range people {
		if people[i].Status != "DEPROVISIONED" {
			ids = append(ids, people[i].ID)
		}
	}
	return ids, err
}

// recordedRivals are those in somebody's way by a problem on record.
func (r *NameReader) recordedRivals(id plan.PersonID, code string) (ids []plan.PersonID) {
	for _, t := range r.Troubles[id] {
		if t.Code == code {
			ids = append(ids, t.Rivals...)
		}
	}
	return ids
}

// bystander is what a person wants who has a name in Okta that c wants. Who has it in
// TrackTik already is not asked: they keep it in this run.
func (r *NameReader) bystander(ctx context.Context, id plan.PersonID, c plan.Claim) (plan.Claim, bool, error) {
	p, assigned, err := r.Source.Assignment(ctx, id)
	if err != nil || !assigned {
		return plan.Claim{}, false, err
	}
	s := &Subject{Person: SelfOf(&p), Okta: Okta{Judgement: plan.Judge(&p, &r.Pol)}}
	link, managed, err := r.Snapshot.Link(id)
	if err != nil || s.Judgement.Verdict != plan.Provision {
		return plan.Claim{}, false, err
	}
	if managed {
		s.Link = &link
		if plan.FoldName(link.Pushed[plan.Username]) == c.Username || plan.FoldName(link.Pushed[plan.Email]) == c.Email {
			return plan.Claim{}, false, nil
		}
	}
	if err := r.ownGroupReader.nameGroups(ctx, id); err != nil {
		return plan.Claim{}, false, err
	}
	r.peopleReader.MapSubject(s)
	r.peopleReader.dateReader.readDates(s)
	other, claims := r.claimer.claim(s)
	return other, claims, nil
}

// nameGroups reads the groups of somebody whom the run is not about, where an expression
// asks for them.
func (r *ownGroupReader) nameGroups(ctx context.Context, id plan.PersonID) error {
	if !r.Mapper.NeedsGroups() || !r.groupReader.ReadsGroups() {
		return nil
	}
	groups, err := r.Source.GroupsOf(ctx, id)
	if err != nil {
		return err
	}
	return r.rememberNames(ctx, id, groups)
}

func (r *ownGroupReader) rememberNames(ctx context.Context, id plan.PersonID, groups []plan.Group) error {
	names, err := r.namesOf(ctx, groups)
	if r.ownNames == nil {
		r.ownNames = map[plan.PersonID][]string{}
	}
	r.ownNames[id] = names
	return err
}

// FindRivals notes that somebody whom the run is not about has the names of an employee
// whom somebody of it matches.
func (r *NameReader) FindRivals(ctx context.Context, fresh []*Subject) error {
	for _, s := range fresh {
		for i := range s.Matches {
			m := &s.Matches[i]
			if m.Owner != "" || !m.Employee.Active() || m.Rival != "" {
				continue
			}
			var err error
			m.Rival, err = r.stranger(ctx, m.Employee.Values, s.Person.ID)
			if err := r.holdUnasked(ctx, s.Person.ID, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// FindHeirs holds the departures of single people whose employee may be another user's by
// now: who was deleted and made anew goes on as the same employee, and that is for a whole
// run to decide.
func (r *NameReader) FindHeirs(ctx context.Context) error {
	for _, s := range r.People.Sorted() {
		if s.Link == nil || s.Judgement.Verdict != plan.Depart || !r.Pol.DeactivateUsers {
			continue
		}
		heir, err := r.heirOf(ctx, s)
		_, credentials := IsCredentials(err)
		switch {
		case credentials, ctx.Err() != nil, errors.Is(err, ErrNotAsked):
			return err
		case err != nil:
			s.HoldDeparture(fmt.Sprintf("%s, and whether somebody was made anew with their names could not be looked up: %v",
				s.Judgement.Why, err))
		case heir != "":
			s.HoldDeparture(fmt.Sprintf("%s, and user %s has their names: whether that is the same person, and goes on as "+
				"employee %d, is for a whole run to decide", s.Judgement.Why, heir, s.Link.Employee))
		}
	}
	return nil
}

// heirOf is a new person who is called as a leaver was, in TrackTik or in Okta, whether or not
// they get anything now; empty: there is none.
func (r *NameReader) heirOf(ctx context.Context, s *Subject) (plan.PersonID, error) {
	l := s.Link
	for _, names := range [][2]string{{l.Pushed[plan.Username], l.Pushed[plan.Email]}, {l.Login, l.Email}} {
		people, err := r.usersNamed(ctx, names[0], names[1])
		if err != nil {
			return "", err
		}
		for _, p := range people {
			if p.ID == l.Person || p.Status == "DEPROVISIONED" || r.People.Subjects[p.ID] != nil {
				continue
			}
			other, err := r.newcomer(ctx, p.ID)
			if err != nil {
				return "", err
			}
			if other != nil && CalledLike(s, other) {
				return p.ID, nil
			}
		}
	}
	return "", nil
}

// newcomer is somebody new who is assigned the app and has not left; nil: they are not that.
func (r *NameReader) newcomer(ctx context.Context, id plan.PersonID) (*Subject, error) {
	_, managed, err := r.Snapshot.Link(id)
	if err != nil || managed {
		return nil, err
	}
	p, assigned, err := r.Source.Assignment(ctx, id)
	if err != nil || !assigned {
		return nil, err
	}
	s := &Subject{Person: SelfOf(&p), Okta: Okta{Judgement: plan.Judge(&p, &r.Pol)}}
	if s.Judgement.Verdict != plan.Provision && !r.MayBecome(s) {
		return nil, nil
	}
	if err := r.ownGroupReader.nameGroups(ctx, id); err != nil {
		return nil, err
	}
	if r.peopleReader.MapSubject(s); s.OutOf {
		return nil, nil
	}
	return s, nil
}

// stranger is somebody whom nobody manages, and the run is not about, who is to have the
// user name or the e-mail, or was in somebody's way for that employee; empty: there is nobody.
func (r *NameReader) stranger(ctx context.Context, names plan.Values, but plan.PersonID) (plan.PersonID, error) {
	for _, id := range r.recordedRivals(but, plan.ProblemAmbiguousMatch) {
		if r.People.Subjects[id] != nil {
			continue
		}
		if other, err := r.newcomer(ctx, id); err != nil || other != nil {
			return id, err
		}
	}
	people, err := r.usersNamed(ctx, names[plan.Username], names[plan.Email])
	if err != nil {
		return "", err
	}
	for _, p := range people {
		if p.ID == but || p.Status == "DEPROVISIONED" || r.People.Subjects[p.ID] != nil {
			continue
		}
		other, claims, err := r.bystander(ctx, p.ID, plan.Claim{})
		if err != nil {
			return "", err
		}
		named := other.Username == plan.FoldName(names[plan.Username]) || other.Email == plan.FoldName(names[plan.Email])
		if claims && !other.Managed && named {
			return p.ID, nil
		}
	}
	return "", nil
}

// FindRenamed holds the departures of those who have other names in TrackTik than on record,
// where somebody else has these in Okta and is no leaver: the record may be older than a new
// user of theirs, as after a snapshot was restored. It leaves alone whom the names of the
// whole run decide about.
func (r *NameReader) FindRenamed(ctx context.Context, list []*Subject) (held []*Subject, err error) {
	for _, s := range list {
		if s.Employee == nil || !s.Employee.Active() || !Departs(s) || !renamed(s) {
			continue
		}
		heir, err := r.presentHeir(ctx, s)
		_, credentials := IsCredentials(err)
		switch {
		case credentials, ctx.Err() != nil, errors.Is(err, ErrNotAsked):
			return held, err
		case err != nil:
			s.HoldDeparture(fmt.Sprintf("%s, and who has the names in Okta that employee %d has in TrackTik could not be "+
				"looked up: %v", s.Judgement.Why, s.Link.Employee, err))
		case heir == "":
			continue
		default:
			s.HoldDeparture(fmt.Sprintf("%s, and user %s has the names that employee %d has in TrackTik: if that is the same "+
				"person, they go on as that employee once nothing is in their way, and `link` says so now",
				s.Judgement.Why, heir, s.Link.Employee))
		}
		held = append(held, s)
	}
	return held, nil
}

// renamed reports that TrackTik shows another user name or e-mail than the record.
func renamed(s *Subject) bool {
	for _, f := range []plan.Field{plan.Username, plan.Email} {
		if s.Employee.Values[f] != "" && !f.Same(s.Link.Pushed[f], s.Employee.Values[f]) {
			return true
		}
	}
	return false
}

// presentHeir is another user with the names that a leaver's employee has in TrackTik, and
// with their first or last name, about whom the run does not decide; empty: there is none.
func (r *NameReader) presentHeir(ctx context.Context, s *Subject) (plan.PersonID, error) {
	now := &s.Employee.Values
	people, err := r.usersNamed(ctx, now[plan.Username], now[plan.Email])
	if err != nil {
		return "", err
	}
	for _, p := range people {
		_, managed, err := r.Snapshot.Link(p.ID)
		if err != nil {
			return "", err
		}
		if p.ID == s.Person.ID || managed {
			continue
		}
		if other := r.People.Subjects[p.ID]; other != nil && other.Judgement.Verdict == plan.Provision && !other.OutOf &&
			other.Writable() {
			continue
		}
		entry, assigned, err := r.Source.Assignment(ctx, p.ID)
		if err != nil {
			return "", err
		}
		names := r.Mapper.Map(entry, nil).Wanted.Values
		if assigned && plan.Judge(&entry, &r.Pol).Verdict != plan.Depart && !OtherNames(&names, now) {
			return p.ID, nil
		}
	}
	return "", nil
}

// namesOf are the names of the pushed groups among a person's own.
func (r *ownGroupReader) namesOf(ctx context.Context, groups []plan.Group) ([]string, error) {
	names := []string{}
	for _, g := range groups {
		pushed := r.ByGroup[g.ID] != nil
		if !pushed && r.OwnGroups != nil { // a run of single people has not read which groups there are
			var err error
			if pushed, err = r.newlyPushed(ctx, g); err != nil {
				return nil, err
			}
		}
		if pushed {
			names = append(names, g.Name)
		}
	}
	return names, nil
}

// newlyPushed reports a group that is pushed, as far as this run has to find out.
func (r *ownGroupReader) newlyPushed(ctx context.Context, g plan.Group) (bool, error) {
	l, found, err := r.Snapshot.Group(g.ID)
	if err != nil {
		return false, err
	}
	if !found {
		return r.PushedNow(ctx, g, nil)
	}
	return r.PushedNow(ctx, g, &l)
}

package read

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"tracktik-sync/sync/plan"
)

// A singleReader reads the people who are named to a run, and nobody else.
type singleReader struct {
	Base
	nameReader     *NameReader
	peopleReader   *peopleReader
	absentReader   *AbsentReader
	scopeReader    *ScopeReader
	ownGroupReader *ownGroupReader
	employeeReader *employeeReader
}

// ReadSome reads only the people who were asked for, with a handful of calls each. It stops
// at a link that has moved (a *MovedError), and goes on from there when it is called again.
func (r *singleReader) ReadSome(ctx context.Context) error {
	links, err := r.Snapshot.Groups()
	if err != nil {
		return err
	}
	stored := StoredGroups(links)
	if r.OwnGroups == nil { // else the reading goes on where it stopped: see MovedError
		r.OwnGroups, r.Groupless = map[plan.PersonID][]plan.Group{}, map[plan.PersonID]bool{}
		r.Unlooked = map[string]error{}
		r.Current.Gone = map[plan.PersonID]bool{}
		r.Current.Differs = map[plan.PersonID]*plan.Employee{}
		r.withoutRemovals()
	}
	r.Phase("reading people", len(r.Scope.Users))
	for _, name := range r.Scope.Users {
		err := r.readNamed(ctx, name, stored)
		switch {
		case r.vanished(err, name) || r.Scope.ByID && errors.Is(err, ErrNobody):
			continue
		case FailedAlone(ctx, err):
			err = r.holdUnlooked(name, err)
		}
		if err != nil {
			return err
		}
		r.Advance(1)
	}
	if err := r.noneLooked(); err != nil {
		return err
	}
	if err := r.ownGroupReader.compareMembers(links); err != nil {
		return err
	}
	if r.Mapper.ScopeNeedsGroups() {
		if err := r.scopeReader.holdUnproven(ctx); err != nil {
			return err
		}
	}
	slices.SortFunc(r.Pushed, func(a, b *Pushed) int { return cmp.Compare(a.Group.ID, b.Group.ID) })
	r.Counts = plan.SourceCount{Users: len(r.People.Subjects), Groups: len(r.Pushed)}
	r.Evidence = plan.EvidenceFull
	var absent []*Subject
	for _, s := range r.People.Sorted() {
		if s.Absent {
			absent = append(absent, s)
		}
	}
	r.absentReader.JudgeDeleted(absent)
	return r.nameReader.FindHeirs(ctx)
}

// readNamed finds and reads one person. A poll names people by their ids.
func (r *singleReader) readNamed(ctx context.Context, name string, stored map[plan.GroupID]*plan.GroupLink) error {
	id := plan.PersonID(name)
	var known *plan.Person
	if !r.Scope.ByID {
		var err error
		if id, known, err = r.nameReader.findOne(ctx, name); err != nil {
			return err
		}
	}
	if _, failed := r.Unlooked[name]; failed || r.People.Subjects[id] != nil {
		return nil
	}
	if slices.Contains(r.Scope.Recreate, plan.PersonID(name)) {
		r.Scope.Recreate = append(r.Scope.Recreate, id)
	}
	return r.readOne(ctx, id, known, stored)
}

// holdUnlooked holds somebody whose look-up failed, and nobody else. Who is not managed has
// nothing that could be held.
func (r *singleReader) holdUnlooked(name string, cause error) error {
	r.Unlooked[name] = cause
	_ = r.leftOut(cause) // what TrackTik does not show is told of once
	s := &Subject{Person: Self{ID: plan.PersonID(name)}, Okta: Okta{Absent: true, unanswered: true}}
	if !r.Scope.ByID {
		id, err := r.findOnRecord(name)
		switch {
		case errors.Is(err, ErrNobody):
			s.Person = Self{Login: name}
		case err != nil:
			return err
		default:
			s.Person.ID = id
		}
	}
	if err := r.peopleReader.Recall(s); err != nil {
		return err
	}
	why := "the look-up failed: " + cause.Error()
	if s.Link == nil {
		r.Warn(plan.Warning{Code: plan.HeldUnreadable, User: s.Ref(), Message: why})
		return nil
	}
	code := plan.HeldUnreadable
	if s.Link.UnconfirmedSince != nil || !r.Told(s.Person.ID).IsZero() { // they seem to have left
		code = plan.HeldUnconfirmed
	}
	s.Judgement = plan.Judgement{Verdict: plan.Hold, Why: code + ": " + why}
	r.People.Enter(s)
	return nil
}

// noneLooked is the error of a run in which nobody could be looked up.
func (r *singleReader) noneLooked() error {
	for _, s := range r.People.Subjects {
		if !s.unanswered {
			return nil
		}
	}
	for _, name := range r.Scope.Users {
		if err := r.Unlooked[name]; err != nil {
			return err
		}
	}
	return nil
}

// warnVanished is the warning about somebody with a problem who is gone.
const warnVanished = "vanished"

// vanished reports that somebody whose problem is to be tried again is not in Okta any
// more, which must not keep the others from being tried.
func (r *singleReader) vanished(err error, name string) bool {
	id := plan.PersonID(name)
	if !errors.Is(err, ErrNobody) || len(r.Troubles[id]) == 0 || !slices.Contains(r.Scope.Retry, id) {
		return false
	}
	r.Warn(plan.Warning{Code: warnVanished, User: plan.UserRef{ID: id},
		Message: "is not in Okta any more and is not managed; the next whole run forgets the problem"})
	return true
}

// Find resolves how a person is named: Okta id, login, e-mail or TrackTik employee
// id, tried in this order, in Okta and in the snapshot. The error is ErrNobody when
// there is nobody.
func (s *Sides) Find(ctx context.Context, name string) (plan.PersonID, error) {
	id, _, err := s.find(ctx, name)
	return id, err
}

// find is Find, and the user where Okta was asked for it.
func (s *Sides) find(ctx context.Context, name string) (plan.PersonID, *plan.Person, error) {
	if _, found, err := s.Snapshot.Link(plan.PersonID(name)); err != nil || found {
		return plan.PersonID(name), nil, err
	}
	p, found, err := s.Source.User(ctx, name)
	if err != nil && !IsArgument(err) {
		return "", nil, err
	}
	if found {
		return p.ID, &p, nil
	}
	id, err := s.findOtherwise(ctx, name)
	return id, nil, err
}

// findOtherwise looks for who is not named by an id or login of Okta.
func (s *Sides) findOtherwise(ctx context.Context, name string) (plan.PersonID, error) {
	if byMail, err := s.Source.UserByEmail(ctx, name); err == nil && len(byMail) == 1 {
		return byMail[0].ID, nil
	} else if err != nil && !IsArgument(err) {
		return "", err
	} else if len(byMail) > 1 {
		nobody := &NobodyError{Name: name, text: fmt.Sprintf("%d users have the e-mail %q in Okta; use the id", len(byMail),
			name)}
		for i := range byMail {
			nobody.Like = append(nobody.Like, plan.UserRef{ID: byMail[i].ID, Login: byMail[i].Login})
		}
		return "", nobody
	}
	return s.findOnRecord(name)
}

// findOnRecord is findOtherwise in the snapshot. Who is managed is found by the id, too.
func (s *Sides) findOnRecord(name string) (plan.PersonID, error) {
	if _, found, err := s.Snapshot.Link(plan.PersonID(name)); err != nil || found {
		return plan.PersonID(name), err
	}
	for _, ask := range []func(string) ([]plan.PersonID, error){s.Snapshot.OwnersOfUsername, s.Snapshot.OwnersOfEmail} {
		ids, err := ask(plan.FoldName(name))
		if err != nil {
			return "", err
		}
		if len(ids) == 1 {
			return ids[0], nil
		}
	}
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		link, found, err := s.Snapshot.LinkOfEmployee(plan.EmployeeID(id))
		if err != nil || found {
			return link.Person, err
		}
		former, found, err := s.Snapshot.FormerByEmployee(plan.EmployeeID(id))
		if err != nil || found {
			return former.Link.Person, err
		}
	}
	return "", &NobodyError{Name: name, text: fmt.Sprintf("%q is no Okta id, login or e-mail, and no TrackTik employee "+
		"id that is managed", name)}
}

// IsArgument reports that nothing was sent, since the text cannot name anybody.
func IsArgument(err error) bool {
	var f Failure
	return errors.As(err, &f) && (f.Status() == 0 || f.Status() == 400) && !f.Broken() && !isNetwork(err)
}

func isNetwork(err error) bool {
	u, ok := err.(interface{ Unwrap() error })
	return ok && u.Unwrap() != nil
}

// readOne judges one person by direct answers; there is no listing that could lie.
func (r *singleReader) readOne(ctx context.Context, id plan.PersonID, known *plan.Person,
	stored map[plan.GroupID]*plan.GroupLink) error {
	p, assigned, err := r.Source.Assignment(ctx, id)
	if err != nil {
		return err
	}
	found := assigned
	switch {
	case assigned:
	case known != nil:
		p, found = *known, true
	default:
		if p, found, err = r.Source.User(ctx, string(id)); err != nil {
			return err
		}
	}
	if r.Refresh {
		if err := r.employeeReader.RefreshOne(ctx, id); err != nil {
			return err
		}
	}
	if !found {
		s := &Subject{Person: Self{ID: id}, Okta: Okta{Absent: true, Evidence: plan.EvidenceFull, Seen: r.Moment()}}
		if err := r.peopleReader.Recall(s); err != nil {
			return err
		}
		if s.Link == nil {
			return fmt.Errorf("%w: user %s does not exist in Okta, and is not managed", ErrNobody, id)
		}
		s.Judgement = r.absentReader.NotFound(s)
		s.Leaver = true
		r.People.Enter(s)
		return nil
	}
	if plan.Judge(&p, &r.Pol).Verdict == plan.Provision { // the roles of all others stay
		if err := r.readOwnGroups(ctx, &p, stored); err != nil {
			return err
		}
	}
	if err := r.peopleReader.TakeIn(p, plan.EvidenceFull); err != nil {
		return err
	}
	s := r.People.Subjects[id]
	if s.Judgement.Verdict == plan.Doubt {
		s.Judgement.Verdict, s.Leaver = plan.Depart, true // this is the direct look-up
	}
	return nil
}

// readOwnGroups reads the person's groups. Where that fails, their roles stay, and nothing
// else waits that does not ask for groups.
func (r *singleReader) readOwnGroups(ctx context.Context, p *plan.Person,
	stored map[plan.GroupID]*plan.GroupLink) error {
	err := r.ownGroupReader.ReadOwnGroups(ctx, p.ID, stored)
	if !FailedAlone(ctx, err) || r.Mapper.NeedsGroups() {
		return err
	}
	delete(r.OwnGroups, p.ID)
	r.Groupless[p.ID] = true
	r.Warn(plan.Warning{Code: WarnGroup, User: plan.UserRef{ID: p.ID, Login: p.Login},
		Message: "the groups could not be looked up, and the roles stay as they are: " + err.Error()})
	return nil
}

// RefreshOne reads the person's employee.
func (r *employeeReader) RefreshOne(ctx context.Context, id plan.PersonID) error {
	link, found, err := r.Snapshot.Link(id)
	if err != nil || !found {
		return err
	}
	e, there, err := r.Target.Employee(ctx, link.Employee)
	if err != nil {
		return err
	}
	r.Current.read = r.Moment()
	if there {
		r.Current.Differs[id] = &e
	} else {
		r.Current.Gone[id] = true
	}
	switch {
	case there && e.Active() && r.Refresh:
		return r.grantReader.refreshGrantsOf(ctx, &link)
	case there && e.Active(): // an explanation leaves the roles to what they are asked for
		return nil
	}
	return r.relinker.relinkOne(ctx, &link)
}

package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"tracktik-sync/sync/plan"
)

// A singleReader reads the people who are named to a run, and nobody else.
type singleReader struct {
	base
	nameReader     *nameReader
	peopleReader   *peopleReader
	absentReader   *absentReader
	scopeReader    *scopeReader
	ownGroupReader *ownGroupReader
	employeeReader *employeeReader
}

// readSome reads only the people who were asked for, with a handful of calls each.
func (r *singleReader) readSome(ctx context.Context) error {
	links, err := r.Snapshot.Groups()
	if err != nil {
		return err
	}
	stored := storedGroups(links)
	r.ownGroups = map[plan.PersonID][]plan.Group{}
	r.current.gone = map[plan.PersonID]bool{}
	r.current.differs = map[plan.PersonID]*plan.Employee{}
	r.withoutRemovals()
	r.phase("reading people", len(r.opt.Users))
	for _, name := range r.opt.Users {
		err := r.readNamed(ctx, name, stored)
		if r.vanished(err, name) || r.opt.Poll.spares(name, err) {
			continue
		}
		if err != nil {
			return err
		}
		r.progress(1)
	}
	if err := r.ownGroupReader.compareMembers(links); err != nil {
		return err
	}
	if r.Mapper.ScopeNeedsGroups() {
		if err := r.scopeReader.holdUnproven(ctx); err != nil {
			return err
		}
	}
	slices.SortFunc(r.groups, func(a, b *pushed) int { return compareText(a.group.ID, b.group.ID) })
	r.doc.Source = plan.SourceCount{Users: len(r.people.subjects), Groups: len(r.groups)}
	r.doc.Evidence = plan.EvidenceFull
	var absent []*subject
	for _, s := range r.people.sorted() {
		if s.absent {
			absent = append(absent, s)
		}
	}
	if err := r.absentReader.judgeDeleted(absent); err != nil {
		return err
	}
	return r.nameReader.findHeirs(ctx)
}

// readNamed finds and reads one person. A poll names people by their ids.
func (r *singleReader) readNamed(ctx context.Context, name string, stored map[plan.GroupID]*plan.GroupLink) error {
	id := plan.PersonID(name)
	var known *plan.Person
	if r.opt.Poll == nil {
		var err error
		if id, known, err = r.nameReader.findOne(ctx, name); err != nil {
			return err
		}
	}
	if r.people.subjects[id] != nil {
		return nil
	}
	return r.readOne(ctx, id, known, stored)
}

// warnVanished is the warning about somebody with a problem who is gone.
const warnVanished = "vanished"

// vanished reports that somebody whose problem is to be tried again is not in Okta any
// more, which must not keep the others from being tried.
func (r *singleReader) vanished(err error, name string) bool {
	id := plan.PersonID(name)
	if !errors.Is(err, ErrNobody) || len(r.troubles[id]) == 0 || !slices.Contains(r.opt.Retry, id) {
		return false
	}
	r.warn(plan.Warning{Code: warnVanished, User: plan.UserRef{ID: id}, Message: "is not in Okta any more and is not managed; the next whole run forgets the problem"})
	return true
}

func compareText[T ~string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Find resolves how a person is named: Okta id, login, e-mail or TrackTik employee
// id, tried in this order, in Okta and in the snapshot. The error is ErrNobody when
// there is nobody.
func (e *Engine) Find(ctx context.Context, name string) (plan.PersonID, error) {
	id, _, err := e.find(ctx, name)
	return id, err
}

// find is Find, and the user where Okta was asked for it.
func (e *Engine) find(ctx context.Context, name string) (plan.PersonID, *plan.Person, error) {
	if _, found, err := e.Snapshot.Link(plan.PersonID(name)); err != nil || found {
		return plan.PersonID(name), nil, err
	}
	p, found, err := e.Source.User(ctx, name)
	if err != nil && !isArgument(err) {
		return "", nil, err
	}
	if found {
		return p.ID, &p, nil
	}
	id, err := e.findOtherwise(ctx, name)
	return id, nil, err
}

// findOtherwise looks for who is not named by an id or login of Okta.
func (e *Engine) findOtherwise(ctx context.Context, name string) (plan.PersonID, error) {
	if byMail, err := e.Source.UserByEmail(ctx, name); err == nil && len(byMail) == 1 {
		return byMail[0].ID, nil
	} else if err != nil && !isArgument(err) {
		return "", err
	} else if len(byMail) > 1 {
		nobody := &NobodyError{Name: name, text: fmt.Sprintf("%d users have the e-mail %q in Okta; use the id", len(byMail), name)}
		for i := range byMail {
			nobody.Like = append(nobody.Like, plan.UserRef{ID: byMail[i].ID, Login: byMail[i].Login})
		}
		return "", nobody
	}
	for _, ask := range []func(string) ([]plan.PersonID, error){e.Snapshot.OwnersOfUsername, e.Snapshot.OwnersOfEmail} {
		ids, err := ask(plan.FoldName(name))
		if err != nil {
			return "", err
		}
		if len(ids) == 1 {
			return ids[0], nil
		}
	}
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		link, found, err := e.Snapshot.LinkOfEmployee(plan.EmployeeID(id))
		if err != nil || found {
			return link.Person, err
		}
		former, found, err := e.Snapshot.FormerByEmployee(plan.EmployeeID(id))
		if err != nil || found {
			return former.Link.Person, err
		}
	}
	return "", &NobodyError{Name: name, text: fmt.Sprintf("%q is no Okta id, login or e-mail, and no TrackTik employee id that is managed", name)}
}

// isArgument reports that nothing was sent, since the text cannot name anybody.
func isArgument(err error) bool {
	var f failure
	return errors.As(err, &f) && (f.Status() == 0 || f.Status() == 400) && !f.Broken() && !isNetwork(err)
}

func isNetwork(err error) bool {
	u, ok := err.(interface{ Unwrap() error })
	return ok && u.Unwrap() != nil
}

// readOne judges one person by direct answers; there is no listing that could lie.
func (r *singleReader) readOne(ctx context.Context, id plan.PersonID, known *plan.Person, stored map[plan.GroupID]*plan.GroupLink) error {
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
	if r.refresh {
		if err := r.employeeReader.refreshOne(ctx, id); err != nil {
			return err
		}
	}
	if !found {
		s := &subject{person: self{ID: id}, absent: true, evidence: plan.EvidenceFull, seen: r.clock()}
		if err := r.peopleReader.recall(s); err != nil {
			return err
		}
		if s.link == nil {
			return fmt.Errorf("%w: user %s does not exist in Okta, and is not managed", ErrNobody, id)
		}
		s.judgement = r.absentReader.notFound(s)
		s.leaver = true
		r.people.subjects[id] = s
		return nil
	}
	if plan.Judge(&p, &r.pol).Verdict == plan.Provision { // the roles of all others stay
		if err := r.ownGroupReader.readOwnGroups(ctx, id, stored); err != nil {
			return err
		}
	}
	if err := r.peopleReader.subject(p, plan.EvidenceFull); err != nil {
		return err
	}
	s := r.people.subjects[id]
	if s.judgement.Verdict == plan.Doubt {
		s.judgement.Verdict, s.leaver = plan.Depart, true // this is the direct look-up
	}
	return nil
}

// refreshOne reads the person's employee.
func (r *employeeReader) refreshOne(ctx context.Context, id plan.PersonID) error {
	link, found, err := r.Snapshot.Link(id)
	if err != nil || !found {
		return err
	}
	e, there, err := r.Target.Employee(ctx, link.Employee)
	if err != nil {
		return err
	}
	r.current.read = r.clock()
	if there {
		r.current.differs[id] = &e
	} else {
		r.current.gone[id] = true
	}
	switch {
	case there && e.Active() && r.refresh:
		return r.grantReader.refreshGrantsOf(ctx, &link)
	case there && e.Active(): // an explanation leaves the roles to what they are asked for
		return nil
	}
	return r.relinker.relinkOne(ctx, &link)
}

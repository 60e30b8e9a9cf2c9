package read

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
)

// What a refresh warns about that moves links.
const (
	warnRelinked  = "relinked"
	warnRestoring = "snapshot_restored"
	warnReplaced  = "replaced_elsewhere"
)

// A snapshot that was restored from a backup, or bound to another system, does not know
// what happened since: whom it links to an employee may have been terminated meanwhile,
// and hired anew. Before anything is decided, each link is checked by id, username and
// e-mail, and one whose employee is not active is moved to the single active employee of
// the same name. The same is done while runs observe, and in the first run after that:
// who provisions the portal meanwhile ends employees, and makes new ones for people who
// come back.

// relinks reports whether links are moved in this run.
func (r *frame) relinks() bool {
	return r.Meta.RefreshDue || (r.Observe || r.Meta.Observed) && r.Pol.Adopt
}

// whyStale says why links are moved.
func (r *frame) whyStale() string {
	if r.Meta.RefreshDue {
		return "the snapshot was restored from a backup, or bound to another system"
	}
	return "somebody else provisioned the portal while the program observed"
}

// A MovedError says that links have moved to other employees. What is read next rests on
// that: whoever reads records the batches, and goes on where the reading stopped.
type MovedError struct{ Batches []plan.Batch }

func (e *MovedError) Error() string {
	return fmt.Sprintf("%d links moved to other employees, and that is not recorded yet", len(e.Batches))
}

// A relinker finds the employees who took the place of those on record.
type relinker struct {
	Base
	portalReader *PortalReader
}

// candidate notes an employee of nobody, for whom the snapshot knows the username or
// the e-mail.
func (r *relinker) candidate(e *plan.Employee) error {
	if !r.relinks() {
		return nil
	}
	return r.NoteCandidate(e)
}

// NoteCandidate is candidate, whether or not links are moved.
func (r *relinker) NoteCandidate(e *plan.Employee) error {
	for _, ask := range []struct {
		field  plan.Field
		owners func(string) ([]plan.PersonID, error)
	}{{plan.Username, r.Snapshot.OwnersOfUsername}, {plan.Email, r.Snapshot.OwnersOfEmail}} {
		name := plan.FoldName(e.Values[ask.field])
		if name == "" {
			continue
		}
		owners, err := ask.owners(name)
		if err != nil {
			return err
		}
		for _, id := range owners {
			if r.Current.Candidates == nil {
				r.Current.Candidates = map[plan.PersonID][]plan.Match{}
			}
			r.Current.Candidates[id] = append(r.Current.Candidates[id], plan.Match{Key: ask.field, Employee: *e})
		}
	}
	return nil
}

// relinkAll moves the links of those whose employee is not active any more. The error is a
// *MovedError where there are any.
func (r *relinker) relinkAll(ctx context.Context) error {
	if !r.relinks() {
		return nil
	}
	var lost []*Subject
	wanted := map[plan.EmployeeID]int{}
	for i := range r.People.Marks {
		m := &r.People.Marks[i]
		matches := r.Current.Candidates[m.ID]
		e := r.Current.Differs[m.ID]
		if m.Employee == 0 || len(matches) == 0 || !r.Current.Gone[m.ID] && (e == nil || e.Active()) {
			continue
		}
		if e != nil && e.Status == "BANNED" && !r.Meta.RefreshDue {
			continue // somebody's decision, which another employee does not undo
		}
		link, found, err := r.Snapshot.Link(m.ID)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		s := &Subject{Person: Self{ID: m.ID, Login: link.Login}, OnRecord: OnRecord{Link: &link},
			InTrackTik: InTrackTik{Matches: matches}}
		lost = append(lost, s)
		for id := range Distinct(matches) {
			wanted[id]++
		}
	}
	err := r.portalReader.FindAdmins(ctx, lost)
	if m, missing := plan.MissingRead(err); missing {
		for _, s := range lost {
			s.Matches[0].Doubt = m.Unread()
		}
	}
	if err := r.leftOut(err); err != nil {
		return err
	}
	if err := r.portalReader.LearnOwn(ctx, lost); err != nil {
		return err
	}
	return r.relink(ctx, lost, wanted)
}

// relink moves links, and says so by its error.
func (r *relinker) relink(ctx context.Context, lost []*Subject, wanted map[plan.EmployeeID]int) error {
	var moved MovedError
	for _, s := range lost {
		batch, err := r.relinkPerson(ctx, s, wanted)
		if err != nil {
			return err
		}
		if batch != nil {
			moved.Batches = append(moved.Batches, *batch)
		}
	}
	if len(moved.Batches) > 0 {
		return &moved
	}
	return nil
}

// Distinct are the employees among the matches.
func Distinct(matches []plan.Match) map[plan.EmployeeID]bool {
	ids := map[plan.EmployeeID]bool{}
	for _, m := range matches {
		ids[m.Employee.ID] = true
	}
	return ids
}

// relinkPerson moves one person's link, where there is no doubt whose the employee is; nil: it
// stays.
func (r *relinker) relinkPerson(ctx context.Context, s *Subject, wanted map[plan.EmployeeID]int) (*plan.Batch, error) {
	e := &s.Matches[0].Employee
	doubt := r.Doubt(s, wanted)
	if doubt == "" {
		var err error
		if doubt, err = r.othersToo(ctx, s, e); err != nil {
			return nil, err
		}
	}
	if doubt != "" {
		code := warnRestoring
		if !r.Meta.RefreshDue {
			code = warnReplaced
		}
		r.Warn(plan.Warning{Code: code, User: s.Ref(),
			Message: fmt.Sprintf("employee %d is not active, and is not replaced by itself: %s; `unlink` and `link` settle it",
				s.Link.Employee, doubt)})
		return nil, nil
	}
	batch, err := r.relinkBatch(s, e)
	if err != nil {
		return nil, err
	}
	r.Warn(plan.Warning{Code: warnRelinked, User: s.Ref(),
		Message: fmt.Sprintf("%s: employee %d is not active any more, and employee %d, who is, is theirs", r.whyStale(),
			s.Link.Employee, e.ID)})
	if m := r.People.Find(s.Person.ID); m != nil {
		m.Employee, m.Print = e.ID, plan.Print{}
		m.flags |= flagInTT
	}
	r.Current.Differs[s.Person.ID] = e
	delete(r.Current.Gone, s.Person.ID)
	r.Current.Strangers = slices.DeleteFunc(r.Current.Strangers, func(s stranger) bool { return s.ID == e.ID })
	return &batch, nil
}

// othersToo says which other user has the names of an employee in Okta: who was deleted and
// made anew there, or somebody whom the record does not know yet. The employee is theirs
// then, more likely than of who is on record.
func (r *relinker) othersToo(ctx context.Context, s *Subject, e *plan.Employee) (string, error) {
	username, email := plan.FoldName(e.Values[plan.Username]), plan.FoldName(e.Values[plan.Email])
	people, failed := r.usersNamed(ctx, e.Values[plan.Username], e.Values[plan.Email])
	if _, credentials := IsCredentials(failed); credentials || ctx.Err() != nil {
		return "", failed
	}
	if failed != nil {
		return "who else has the names in Okta could not be looked up: " + failed.Error(), nil //nolint:nilerr // it is a doubt about one person, and the run goes on
	}
	for _, p := range people {
		named := username != "" && plan.FoldName(p.Login) == username || email != "" && plan.FoldName(p.Email) == email
		if named && p.ID != s.Person.ID && p.Status != "DEPROVISIONED" {
			return fmt.Sprintf("user %s has the names of employee %d in Okta", p.ID, e.ID), nil
		}
	}
	return "", nil
}

// Doubt says why the employees who have a person's names are not theirs for certain.
// wanted is how many people each of them has the names of.
func (r *relinker) Doubt(s *Subject, wanted map[plan.EmployeeID]int) string {
	e := &s.Matches[0].Employee
	switch {
	case len(Distinct(s.Matches)) > 1:
		return "several active employees have their username or e-mail"
	case wanted[e.ID] > 1:
		return fmt.Sprintf("employee %d has the names of several users", e.ID)
	case r.portalReader.IsOwn(e), s.Matches[0].Admin, r.Pol.Protects(plan.Who{Link: s.Link, Employee: e}):
		return fmt.Sprintf("employee %d is protected", e.ID)
	case s.Matches[0].Doubt != "":
		return fmt.Sprintf("whether employee %d holds a protected role cannot be told: %s", e.ID, s.Matches[0].Doubt)
	case OtherNames(&s.Link.Pushed, &e.Values):
		return fmt.Sprintf("employee %d has the same username or e-mail, but neither the first nor the last name", e.ID)
	}
	return ""
}

// OtherNames reports that first and last name both differ.
func OtherNames(a, b *plan.Values) bool {
	return plan.FoldName(a[plan.FirstName]) != plan.FoldName(b[plan.FirstName]) &&
		plan.FoldName(a[plan.LastName]) != plan.FoldName(b[plan.LastName])
}

// Relinked is a link with another employee. What they hold as it was pushed counts as
// pushed.
func Relinked(old *plan.Link, e *plan.Employee, now time.Time, run string) plan.Link {
	want := plan.Wanted{Values: old.Pushed, RegionID: old.PushedRegion, Group: old.AssignedBy}
	link := plan.Adopted(&want, e, false)
	link.Person, link.Since, link.Run, link.Login, link.Email, link.Restored = old.Person, now, run, old.Login, old.Email,
		old.Restored
	link.SeenDeprovisioned, link.NotVisibleSince = old.SeenDeprovisioned, old.NotVisibleSince
	link.UnassignedSince, link.UnconfirmedSince = old.UnassignedSince, old.UnconfirmedSince
	return link
}

// relinkBatch is the link to the other employee. What they hold as it was pushed counts
// as pushed; grants are found by the refresh.
func (r *relinker) relinkBatch(s *Subject, e *plan.Employee) (plan.Batch, error) {
	old := s.Link
	link := Relinked(old, e, r.AsOf, r.ID)
	grants, err := r.Snapshot.GrantsOf(old.Person)
	if err != nil {
		return plan.Batch{}, err
	}
	entry := plan.Audit{Time: r.Moment(), Run: r.ID, By: r.By, Kind: "relink", Person: old.Person, Login: old.Login,
		Employee: e.ID, Outcome: plan.Done,
		Reason: fmt.Sprintf("%s; was employee %d, who is not active any more", r.whyStale(), old.Employee)}
	if r.RedactHistory {
		entry.Login = ""
	}
	batch := plan.Batch{Links: []plan.Link{link}, Prints: []plan.PersonPrint{{Person: old.Person}},
		Audits:  []plan.Audit{entry},
		Formers: []plan.Former{{Link: *old, Terminated: r.AsOf, Run: r.ID, Roles: grants, Elsewhere: true}}}
	former, found, err := r.Snapshot.FormerByEmployee(e.ID)
	if err != nil {
		return batch, err
	}
	if found && former.Link.Employee == e.ID {
		batch.Revive = []plan.EmployeeID{e.ID}
	}
	for _, g := range grants {
		batch.DropGrants = append(batch.DropGrants, g.Key())
	}
	return batch, nil
}

// relinkOne is relinkAll for a run of single people: their employees are looked for by
// their names.
func (r *relinker) relinkOne(ctx context.Context, link *plan.Link) error {
	if e := r.Current.Differs[link.Person]; !r.relinks() || e != nil && e.Status == "BANNED" && !r.Meta.RefreshDue {
		return nil
	}
	s := &Subject{Person: Self{ID: link.Person, Login: link.Login}, OnRecord: OnRecord{Link: link}}
	for _, key := range []plan.Field{plan.Username, plan.Email} {
		if link.Pushed[key] == "" {
			continue
		}
		found, err := r.Target.FindEmployees(ctx, key, link.Pushed[key])
		if err != nil {
			return err
		}
		for _, e := range found {
			_, owned, err := r.Snapshot.LinkOfEmployee(e.ID)
			if err != nil {
				return err
			}
			if e.Active() && !owned {
				s.Matches = append(s.Matches, plan.Match{Key: key, Employee: e})
			}
		}
	}
	if len(s.Matches) == 0 {
		return nil
	}
	if err := r.portalReader.FindAdmins(ctx, []*Subject{s}); err != nil {
		return err
	}
	if err := r.Grants.FindOwn(ctx); err != nil {
		return err
	}
	return r.relink(ctx, []*Subject{s}, nil)
}

// withoutRemovals says why a run of single people removes nobody after a snapshot was
// restored: only a whole run checks every link.
func (r *frame) withoutRemovals() {
	if r.Meta.RefreshDue && r.Scope.Some() {
		r.Pol.NoRemovals = true
		r.Warn(plan.Warning{Code: warnRestoring,
			Message: "the snapshot was restored from a backup, or bound to another system: nobody is removed before a whole " +
				"run has checked every link"})
	}
}

package sync

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
	return r.meta.RefreshDue || (r.Observe || r.meta.Observed) && r.pol.Adopt
}

// whyStale says why links are moved.
func (r *frame) whyStale() string {
	if r.meta.RefreshDue {
		return "the snapshot was restored from a backup, or bound to another system"
	}
	return "somebody else provisioned the portal while we observed"
}

// A relinker moves links to the employees who took the place of those on record.
type relinker struct {
	base
	portalReader *portalReader
}

// candidate notes an employee of nobody, for whom the snapshot knows the username or
// the e-mail.
func (r *relinker) candidate(e *plan.Employee) error {
	if !r.relinks() {
		return nil
	}
	return r.noteCandidate(e)
}

// noteCandidate is candidate, whether or not links are moved.
func (r *relinker) noteCandidate(e *plan.Employee) error {
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
			if r.current.candidates == nil {
				r.current.candidates = map[plan.PersonID][]plan.Match{}
			}
			r.current.candidates[id] = append(r.current.candidates[id], plan.Match{Key: ask.field, Employee: *e})
		}
	}
	return nil
}

// relinkAll moves the links of those whose employee is not active any more.
func (r *relinker) relinkAll(ctx context.Context) error {
	if !r.relinks() {
		return nil
	}
	var lost []*subject
	wanted := map[plan.EmployeeID]int{}
	for i := range r.people.marks {
		m := &r.people.marks[i]
		matches := r.current.candidates[m.id]
		e := r.current.differs[m.id]
		if m.employee == 0 || len(matches) == 0 || !r.current.gone[m.id] && (e == nil || e.Active()) {
			continue
		}
		if e != nil && e.Status == "BANNED" && !r.meta.RefreshDue {
			continue // somebody's decision, which another employee does not undo
		}
		link, found, err := r.Snapshot.Link(m.id)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		s := &subject{person: self{ID: m.id, Login: link.Login}, link: &link, matches: matches}
		lost = append(lost, s)
		for id := range distinct(matches) {
			wanted[id]++
		}
	}
	if err := r.portalReader.findAdmins(ctx, lost); err != nil {
		return err
	}
	if err := r.portalReader.learnOwn(ctx, lost); err != nil {
		return err
	}
	for _, s := range lost {
		if err := r.relink(s, wanted); err != nil {
			return err
		}
	}
	return nil
}

func distinct(matches []plan.Match) map[plan.EmployeeID]bool {
	ids := map[plan.EmployeeID]bool{}
	for _, m := range matches {
		ids[m.Employee.ID] = true
	}
	return ids
}

// relink moves one person's link, where there is no doubt whose the employee is.
func (r *relinker) relink(s *subject, wanted map[plan.EmployeeID]int) error {
	e := &s.matches[0].Employee
	if doubt := r.doubt(s, wanted); doubt != "" {
		code := warnRestoring
		if !r.meta.RefreshDue {
			code = warnReplaced
		}
		r.warn(plan.Warning{Code: code, User: s.ref(), Message: fmt.Sprintf("employee %d is not active, and is not replaced by itself: %s; `unlink` and `link` settle it", s.link.Employee, doubt)})
		return nil
	}
	batch, err := r.relinkBatch(s, e)
	if err != nil {
		return err
	}
	if err := r.Snapshot.Commit(batch); err != nil {
		return err
	}
	r.warn(plan.Warning{Code: warnRelinked, User: s.ref(), Message: fmt.Sprintf("%s: employee %d is not active any more, and employee %d, who is, is theirs", r.whyStale(), s.link.Employee, e.ID)})
	if m := r.people.find(s.person.ID); m != nil {
		m.employee, m.print = e.ID, plan.Print{}
		m.flags |= flagInTT
	}
	r.current.differs[s.person.ID] = e
	delete(r.current.gone, s.person.ID)
	r.current.strangers = slices.DeleteFunc(r.current.strangers, func(s stranger) bool { return s.id == e.ID })
	return nil
}

// doubt says why the employees who have a person's names are not theirs for certain.
// wanted is how many people each of them has the names of.
func (r *relinker) doubt(s *subject, wanted map[plan.EmployeeID]int) string {
	e := &s.matches[0].Employee
	switch {
	case len(distinct(s.matches)) > 1:
		return "several active employees have their username or e-mail"
	case wanted[e.ID] > 1:
		return fmt.Sprintf("employee %d has the names of several users", e.ID)
	case r.portalReader.isOwn(e), s.matches[0].Admin, r.pol.Protects(plan.Who{Link: s.link, Employee: e}):
		return fmt.Sprintf("employee %d is protected", e.ID)
	case s.matches[0].Doubt != "":
		return fmt.Sprintf("whether employee %d holds a protected role cannot be told: %s", e.ID, s.matches[0].Doubt)
	case onlyEmail(s.matches) && otherNames(&s.link.Pushed, &e.Values):
		return fmt.Sprintf("employee %d has the same e-mail, but neither the first nor the last name", e.ID)
	}
	return ""
}

func onlyEmail(matches []plan.Match) bool {
	return !slices.ContainsFunc(matches, func(m plan.Match) bool { return m.Key != plan.Email })
}

// otherNames reports that first and last name both differ.
func otherNames(a, b *plan.Values) bool {
	return plan.FoldName(a[plan.FirstName]) != plan.FoldName(b[plan.FirstName]) && plan.FoldName(a[plan.LastName]) != plan.FoldName(b[plan.LastName])
}

// relinked is a link with another employee. What they hold as it was pushed counts as
// pushed.
func relinked(old *plan.Link, e *plan.Employee, now time.Time, run string) plan.Link {
	want := plan.Wanted{Values: old.Pushed, RegionID: old.PushedRegion, Group: old.AssignedBy}
	link := plan.Adopted(&want, e, false)
	link.Person, link.Since, link.Run, link.Login, link.Email, link.Restored = old.Person, now, run, old.Login, old.Email, old.Restored
	link.SeenDeprovisioned, link.NotVisibleSince, link.UnassignedSince = old.SeenDeprovisioned, old.NotVisibleSince, old.UnassignedSince
	return link
}

// relinkBatch is the link to the other employee. What they hold as it was pushed counts
// as pushed; grants are found by the refresh.
func (r *relinker) relinkBatch(s *subject, e *plan.Employee) (plan.Batch, error) {
	old := s.link
	link := relinked(old, e, r.now, r.id)
	grants, err := r.Snapshot.GrantsOf(old.Person)
	if err != nil {
		return plan.Batch{}, err
	}
	entry := plan.Audit{Time: r.clock(), Run: r.id, By: r.By, Kind: "relink", Person: old.Person, Login: old.Login, Employee: e.ID, Outcome: plan.Done,
		Reason: fmt.Sprintf("%s; was employee %d, who is not active any more", r.whyStale(), old.Employee)}
	if r.RedactHistory {
		entry.Login = ""
	}
	batch := plan.Batch{Links: []plan.Link{link}, Prints: []plan.PersonPrint{{Person: old.Person}}, Audits: []plan.Audit{entry},
		Formers: []plan.Former{{Link: *old, Terminated: r.now, Run: r.id, Roles: grants, Elsewhere: true}}}
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
	if e := r.current.differs[link.Person]; !r.relinks() || e != nil && e.Status == "BANNED" && !r.meta.RefreshDue {
		return nil
	}
	s := &subject{person: self{ID: link.Person, Login: link.Login}, link: link}
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
				s.matches = append(s.matches, plan.Match{Key: key, Employee: e})
			}
		}
	}
	if len(s.matches) == 0 {
		return nil
	}
	if err := r.portalReader.findAdmins(ctx, []*subject{s}); err != nil {
		return err
	}
	if err := r.grants.FindOwn(ctx); err != nil {
		return err
	}
	return r.relink(s, nil)
}

// withoutRemovals says why a run of single people removes nobody after a snapshot was
// restored: only a whole run checks every link.
func (r *frame) withoutRemovals() {
	if r.meta.RefreshDue && len(r.opt.Users) > 0 {
		r.pol.NoRemovals = true
		r.warn(plan.Warning{Code: warnRestoring, Message: "the snapshot was restored from a backup, or bound to another system: nobody is removed before a whole run has checked every link"})
	}
}

package read

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// ManyNew is above how many new people the employees are listed once, instead of
// being looked up one by one.
const ManyNew = 100

// A Matcher looks for the employees of new people.
type Matcher struct {
	Base
	tieReader    *tieReader
	portalReader *PortalReader

	failing  sync.Mutex
	answered bool       // one of the look-ups of people was
	inARow   int        // those that failed one after the other
	last     error      // why the last one did
	denied   []*Subject // whose look-up was refused for want of a right
}

// FindMatches looks for the employees of new people. Where employees may not be read, they
// have to wait.
func (r *Matcher) FindMatches(ctx context.Context, fresh []*Subject) error {
	if len(fresh) == 0 {
		return nil
	}
	return r.unread(r.findMatches(ctx, fresh), fresh...)
}

func (r *Matcher) findMatches(ctx context.Context, fresh []*Subject) error {
	var err error
	tied := r.tieReader.tie(fresh)
	if len(fresh) > ManyNew {
		err = r.matchByListing(ctx, fresh)
	} else {
		err = r.matchByLookUp(ctx, fresh)
	}
	if err != nil {
		return err
	}
	for _, s := range fresh {
		for i := range s.Matches {
			if err := r.Ownership(&s.Matches[i]); err != nil {
				return err
			}
		}
	}
	asked := slices.ContainsFunc(fresh, func(s *Subject) bool { return len(r.Keys(s)) > 0 })
	if asked && !r.Unproven && !slices.ContainsFunc(fresh, func(s *Subject) bool { return len(s.Matches) > 0 }) &&
		!(r.Newest != nil && r.Grants.Listed()) {
		if r.Unsearched, err = r.Grants.Searchable(ctx); err != nil {
			return err
		}
	}
	if tied {
		r.tieReader.proveTies(fresh)
	}
	found := make(map[plan.PersonID][]plan.Match, len(fresh))
	for _, s := range fresh {
		found[s.Person.ID] = s.Matches
	}
	plan.FindRivals(found)
	if err := r.readFormers(ctx, fresh); err != nil {
		return err
	}
	if err := r.findLookalikes(ctx, fresh); err != nil {
		return err
	}
	matched := slices.DeleteFunc(slices.Clone(fresh), func(s *Subject) bool { return len(s.Matches) == 0 })
	return r.unread(r.portalReader.FindAdmins(ctx, fresh), matched...)
}

// readFormers reads the employees whom people were, where no key has found them: somebody may
// have given the record to another person, banned them, or brought them back.
func (r *Matcher) readFormers(ctx context.Context, fresh []*Subject) error {
	var asked []*Subject
	for _, s := range fresh {
		former := s.Extras().Former
		if former == nil {
			continue
		}
		id := former.Link.Employee
		if _, managed, err := r.Snapshot.LinkOfEmployee(id); err != nil {
			return err
		} else if managed && !r.Pol.Reactivate {
			continue // as somebody else by now
		}
		if i := slices.IndexFunc(s.Matches, func(m plan.Match) bool { return m.Employee.ID == id }); i >= 0 {
			s.With(func(x *Extra) { x.FormerNow = &s.Matches[i].Employee })
			continue
		}
		asked = append(asked, s)
	}
	return r.each(ctx, asked, func(ctx context.Context, s *Subject) error {
		e, found, err := r.Target.Employee(ctx, s.Extras().Former.Link.Employee)
		if found {
			s.With(func(x *Extra) { x.FormerNow = &e })
		}
		return err
	})
}

// findLookalikes notes active employees of nobody who are called like somebody new. A
// restored snapshot does not know whom it has lost, and who was given another user name and
// e-mail since is found by no key. Later runs look at those again who were found then.
func (r *Matcher) findLookalikes(ctx context.Context, fresh []*Subject) error {
	called := map[uint64]plan.EmployeeID{}
	if r.Meta.RefreshDue {
		for _, e := range r.Current.Strangers {
			called[e.Called] = e.ID
		}
		for _, s := range fresh {
			for i := range s.Matches {
				delete(called, calledSum(&s.Matches[i].Employee.Values))
			}
		}
		delete(called, 0)
	}
	like := func(s *Subject) (sum uint64, id plan.EmployeeID) {
		sum = calledSum(&s.Want().Values)
		return sum, cmp.Or(called[sum], r.Meta.Lookalikes[s.Person.ID])
	}
	asked := slices.DeleteFunc(slices.Clone(fresh), func(s *Subject) bool { _, id := like(s); return id == 0 })
	return r.each(ctx, asked, func(ctx context.Context, s *Subject) error {
		sum, id := like(s)
		e, found, err := r.Target.Employee(ctx, id)
		if err != nil {
			return err
		}
		_, managed, err := r.Snapshot.LinkOfEmployee(id)
		if err != nil {
			return err
		}
		if found && e.Active() && !managed && calledSum(&e.Values) == sum {
			s.With(func(x *Extra) { x.Lookalike = id })
		}
		return nil
	})
}

// Keys are what a person is looked for by: the configured keys that have a value.
func (r *Matcher) Keys(s *Subject) []plan.Field {
	var keys []plan.Field
	for _, f := range r.Pol.Match {
		if s.Want().Values[f] != "" {
			keys = append(keys, f)
		}
	}
	return keys
}

// allKeys are those of sync.match, and the names that a create takes and sync.match does not
// ask for: who has one of them before the create cannot be of its making. An explanation asks
// nobody for these.
func (r *Matcher) allKeys() []plan.Field {
	keys := slices.Clone(r.Pol.Match)
	for _, name := range []plan.Field{plan.Username, plan.Email} {
		if !r.Unproven && !slices.Contains(keys, name) {
			keys = append(keys, name)
		}
	}
	return keys
}

// note adds an employee who was found by a key: a match, or a namesake only.
func (r *Matcher) note(s *Subject, key plan.Field, e *plan.Employee) {
	if slices.Contains(r.Pol.Match, key) {
		s.Matches = append(s.Matches, plan.Match{Key: key, Employee: *e})
		return
	}
	s.With(func(x *Extra) { x.Namesakes = append(x.Namesakes, e.ID) })
}

func (r *Matcher) matchByLookUp(ctx context.Context, fresh []*Subject) error {
	r.Phase("looking for employees", len(fresh))
	if err := r.tieReader.lookUpTies(ctx, fresh); err != nil {
		return err
	}
	return r.lookUp(ctx, fresh, r.allKeys())
}

// lookUp looks new people up by these keys, one by one.
func (r *Matcher) lookUp(ctx context.Context, fresh []*Subject, keys []plan.Field) error {
	return r.each(ctx, fresh, func(ctx context.Context, s *Subject) error {
		defer r.Advance(1)
		for _, key := range keys {
			value := s.Want().Values[key]
			if value == "" {
				continue
			}
			found, err := r.Target.FindEmployees(ctx, key, value)
			if err != nil {
				return err
			}
			for i := range found {
				r.note(s, key, &found[i])
			}
		}
		return nil
	})
}

// each asks the portal about one person after the other. Who cannot be asked about waits, and
// nobody else.
func (r *Matcher) each(ctx context.Context, list []*Subject, ask func(context.Context, *Subject) error) error {
	list = slices.DeleteFunc(slices.Clone(list), func(s *Subject) bool { return !s.Writable() }) // who waits already
	r.inARow = 0
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(max(1, r.Workers))
	for _, i := range draw(r.Seed, list, whose) { // a few who can never be asked about do not come first each time
		s := list[i]
		pool.Go(func() error {
			r.failing.Lock()
			err, failed := r.last, r.inARow >= inARow
			r.failing.Unlock()
			if !failed {
				err = ask(ctx, s)
			}
			return r.waits(ctx, s, err)
		})
	}
	if err := pool.Wait(); err != nil {
		return err
	}
	r.settleDenied()
	return nil
}

const unlooked = "whether TrackTik has them already could not be looked up"

// waits lets somebody new wait about whom the portal could not be asked. An error is about
// more than a person.
func (r *Matcher) waits(ctx context.Context, s *Subject, err error) error {
	if err != nil && !FailedAlone(ctx, err) {
		return err
	}
	right, denied := plan.MissingRead(err)
	var answer Failure
	_ = errors.As(err, &answer) // of an error it is one
	r.failing.Lock()
	defer r.failing.Unlock()
	r.inARow++
	switch {
	case err == nil:
		r.answered, r.inARow = true, 0
		return nil
	case refusesToTell(answer):
		r.answered, r.inARow = true, 0
		s.refusedLookUp(err.Error())
	case denied:
		s.Unread, r.last, r.denied = right.Unread(), err, append(r.denied, s)
	default:
		s.Unread, r.last = unlooked+": "+err.Error(), err
		r.noteMissing(plan.MissingRight{What: "look everybody new up in TrackTik", Said: err.Error(), Down: true})
	}
	s.Matches = nil
	return nil
}

// refusesToTell reports the portal's own refusal of what a look-up asks for: 4xx, but for those about
// the login, the rights, the time and the rate.
func refusesToTell(f Failure) bool {
	return f.Status()/100 == 4 && !slices.Contains([]int{401, 403, 408, 429}, f.Status()) && !f.Broken()
}

// settleDenied takes refusals for want of a right for what they are: about the program, where
// nobody could be looked up or several in a row, else about these people.
func (r *Matcher) settleDenied() {
	if len(r.denied) == 0 {
		return
	}
	if right, is := plan.MissingRead(r.last); is && (!r.answered || r.inARow >= inARow) {
		r.noteMissing(right)
	} else {
		for _, s := range r.denied {
			said := s.Unread
			s.Unread = ""
			s.refusedLookUp(said)
		}
	}
	r.denied = nil
}

// refusedLookUp notes that the portal refuses to be asked about somebody.
func (s *Subject) refusedLookUp(said string) {
	s.Unmappable = append(s.Unmappable, plan.Problem{User: s.Ref(), Code: plan.ProblemRefused,
		Message: unlooked + ", and nobody is made twice: " + said + "; look at the user name and the e-mail in Okta"})
}

// matchByListing reads all employees once, and keeps those whom somebody looks for.
func (r *Matcher) matchByListing(ctx context.Context, fresh []*Subject) error {
	keys := r.allKeys()
	wanted := map[plan.Field]map[string][]*Subject{}
	for _, f := range keys {
		wanted[f] = make(map[string][]*Subject, len(fresh))
		for _, s := range fresh {
			if name := plan.FoldName(s.Want().Values[f]); name != "" {
				wanted[f][name] = append(wanted[f][name], s)
			}
		}
	}
	byID := wantedTies(fresh)
	if _, err := r.tieReader.countStrays(); err != nil {
		return err
	}
	r.Phase("reading tracktik employees", r.Meta.PortalEmployees)
	r.Newest = &plan.Listing{At: r.Moment()}
	var shown plan.FieldSet
	total, err := r.Target.Employees(ctx, func(page []plan.Employee) error {
		for i := range page {
			shown |= page[i].Has
			r.Newest.Newest = max(r.Newest.Newest, page[i].ID)
			r.tieReader.foundTie(&page[i], byID)
			r.Grants.NoteOwn(&page[i])
			for _, f := range keys {
				for _, s := range wanted[f][plan.FoldName(page[i].Values[f])] {
					r.note(s, f, &page[i])
				}
			}
		}
		r.Advance(len(page))
		return nil
	})
	if err != nil {
		return err
	}
	r.Current.Total = max(r.Current.Total, total)
	if r.Newest.Newest > 0 { // by a name that the list does not show, it finds nobody
		hidden := slices.DeleteFunc(keys, shown.Has)
		if err := r.lookUp(ctx, fresh, hidden); err != nil {
			return err
		}
	}
	for _, s := range fresh {
		slices.SortStableFunc(s.Matches, func(a, b plan.Match) int {
			return slices.Index(r.Pol.Match, a.Key) - slices.Index(r.Pol.Match, b.Key)
		})
	}
	return err
}

// Ownership says whose a found employee is.
func (r *Matcher) Ownership(m *plan.Match) error {
	link, found, err := r.Snapshot.LinkOfEmployee(m.Employee.ID)
	if err != nil || !found {
		return err
	}
	m.Owner = link.Person
	owner := r.People.Subjects[link.Person]
	m.Leaves = owner != nil && (owner.Leaver || owner.Judgement.Verdict == plan.Provision && r.givesFree(owner, m))
	return nil
}

// givesFree reports whether the owner is given another name in this plan.
func (r *Matcher) givesFree(owner *Subject, m *plan.Match) bool {
	w := owner.Want()
	return m.Key < plan.NumFields && owner.Link != nil && owner.Writable() &&
		!m.Key.Same(w.Values[m.Key], m.Employee.Values[m.Key]) && plan.Sent(owner.Link, w, owner.Employee, &r.Pol).Has(m.Key)
}

// configuredOwn is the employee whose credentials we use, as far as the configuration
// names them.
func (r *frame) configuredOwn() {
	r.Pol.OwnUsername = r.OwnUsername
	if id, err := strconv.ParseInt(r.OwnEmployee, 10, 64); err == nil {
		r.Pol.Own = plan.EmployeeID(id)
	}
}

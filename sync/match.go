package sync

import (
	"context"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
)

// manyNew is above how many new people the employees are listed once, instead of
// being looked up one by one.
const manyNew = 100

// A regionReader reads the portal's regions, once a run.
type regionReader struct {
	base
}

func (r *regionReader) readRegions(ctx context.Context) error {
	if r.regions != nil {
		return nil
	}
	list, err := r.Target.Regions(ctx)
	if err != nil {
		return err
	}
	r.regions = plan.NewRegions(list)
	return nil
}

// resolveRegions gives the people who need one the id of their region.
func (r *regionReader) resolveRegions(ctx context.Context, list []*subject) error {
	for _, s := range list {
		if s.judgement.Verdict != plan.Provision || s.outOf || s.scopeErr != "" || s.waits {
			continue
		}
		w := s.want()
		if s.link != nil && !plan.NeedsRegion(s.link, w, &r.pol) && !slices.Contains(r.opt.Recreate, s.person.ID) {
			continue
		}
		if err := r.readRegions(ctx); err != nil {
			return err
		}
		r.resolveRegion(s)
	}
	return nil
}

func (r *regionReader) resolveRegion(s *subject) {
	w := s.want()
	region, byDefault, code, message := r.regions.Of(w.Values[plan.Region], r.pol.DefaultRegion)
	w.Default = byDefault
	if code != "" {
		s.unmappable = append(s.unmappable, plan.Problem{User: s.ref(), Code: code, Message: message})
		return
	}
	w.RegionID = region.ID
}

// A matcher looks for the employees of new people.
type matcher struct {
	base
	tieReader    *tieReader
	portalReader *portalReader
}

// findMatches looks for the employees of new people.
func (r *matcher) findMatches(ctx context.Context, fresh []*subject) error {
	if len(fresh) == 0 {
		return nil
	}
	var err error
	tied := r.tieReader.tie(fresh)
	if len(fresh) > manyNew {
		err = r.matchByListing(ctx, fresh)
	} else {
		err = r.matchByLookUp(ctx, fresh)
	}
	if err != nil {
		return err
	}
	for _, s := range fresh {
		for i := range s.matches {
			if err := r.ownership(&s.matches[i]); err != nil {
				return err
			}
		}
	}
	if tied {
		r.tieReader.proveTies(fresh)
	}
	found := make(map[plan.PersonID][]plan.Match, len(fresh))
	for _, s := range fresh {
		found[s.person.ID] = s.matches
	}
	plan.FindRivals(found)
	if err := r.readFormers(ctx, fresh); err != nil {
		return err
	}
	return r.portalReader.findAdmins(ctx, fresh)
}

// readFormers reads the employees who are to be reactivated, where no key has found them:
// somebody may have given the record to another person, or brought it back.
func (r *matcher) readFormers(ctx context.Context, fresh []*subject) error {
	if !r.pol.Reactivate {
		return nil
	}
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(lookers)
	for _, s := range fresh {
		if s.former == nil || s.former.Elsewhere {
			continue
		}
		id := s.former.Link.Employee
		if i := slices.IndexFunc(s.matches, func(m plan.Match) bool { return m.Employee.ID == id }); i >= 0 {
			s.formerNow = &s.matches[i].Employee
			continue
		}
		pool.Go(func() error {
			e, found, err := r.Target.Employee(ctx, id)
			if found {
				s.formerNow = &e
			}
			return err
		})
	}
	return pool.Wait()
}

// keys are what a person is looked for by: the configured keys that have a value.
func (r *matcher) keys(s *subject) []plan.Field {
	var keys []plan.Field
	for _, f := range r.pol.Match {
		if s.want().Values[f] != "" {
			keys = append(keys, f)
		}
	}
	return keys
}

func (r *matcher) matchByLookUp(ctx context.Context, fresh []*subject) error {
	r.phase("looking for employees", len(fresh))
	if err := r.tieReader.lookUpTies(ctx, fresh); err != nil {
		return err
	}
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(max(1, r.Workers))
	for _, s := range fresh {
		pool.Go(func() error {
			defer r.progress(1)
			for _, key := range r.keys(s) {
				found, err := r.Target.FindEmployees(ctx, key, s.want().Values[key])
				if err != nil {
					return err
				}
				for _, e := range found {
					s.matches = append(s.matches, plan.Match{Key: key, Employee: e})
				}
			}
			return nil
		})
	}
	return pool.Wait()
}

// matchByListing reads all employees once, and keeps those whom somebody looks for.
func (r *matcher) matchByListing(ctx context.Context, fresh []*subject) error {
	wanted := map[plan.Field]map[string][]*subject{}
	for _, f := range r.pol.Match {
		wanted[f] = map[string][]*subject{}
	}
	for _, s := range fresh {
		for _, f := range r.keys(s) {
			name := plan.FoldName(s.want().Values[f])
			wanted[f][name] = append(wanted[f][name], s)
		}
	}
	byID := wantedTies(fresh)
	if _, err := r.tieReader.countStrays(); err != nil {
		return err
	}
	r.phase("reading tracktik employees", r.meta.PortalEmployees)
	r.newest = &apply.Listing{At: r.clock()}
	total, err := r.Target.Employees(ctx, func(page []plan.Employee) error {
		for i := range page {
			r.newest.Newest = max(r.newest.Newest, page[i].ID)
			r.tieReader.foundTie(&page[i], byID)
			for _, f := range r.pol.Match {
				value := plan.FoldName(page[i].Values[f])
				if value == "" {
					continue
				}
				for _, s := range wanted[f][value] {
					s.matches = append(s.matches, plan.Match{Key: f, Employee: page[i]})
				}
			}
		}
		r.progress(len(page))
		return nil
	})
	r.current.total = max(r.current.total, total)
	for _, s := range fresh {
		slices.SortStableFunc(s.matches, func(a, b plan.Match) int {
			return slices.Index(r.pol.Match, a.Key) - slices.Index(r.pol.Match, b.Key)
		})
	}
	return err
}

// ownership says whose a found employee is.
func (r *matcher) ownership(m *plan.Match) error {
	link, found, err := r.Snapshot.LinkOfEmployee(m.Employee.ID)
	if err != nil || !found {
		return err
	}
	m.Owner = link.Person
	owner := r.people.subjects[link.Person]
	m.Leaves = owner != nil && (owner.leaver || owner.judgement.Verdict == plan.Provision && r.givesFree(owner, m))
	return nil
}

// givesFree reports whether the owner is given another name in this plan.
func (r *matcher) givesFree(owner *subject, m *plan.Match) bool {
	w := owner.want()
	return m.Key < plan.NumFields && owner.link != nil && len(owner.unmappable) == 0 && !w.Keep.Has(m.Key) && !m.Key.Same(w.Values[m.Key], m.Employee.Values[m.Key])
}

// configuredOwn is the employee whose credentials we use, as far as the configuration
// names them.
func (r *frame) configuredOwn() {
	r.pol.OwnUsername = r.OwnUsername
	if id, err := strconv.ParseInt(r.OwnEmployee, 10, 64); err == nil {
		r.pol.Own = plan.EmployeeID(id)
	}
}

package apply

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"tracktik-sync/sync/plan"
)

// listEvery is how old what is known of TrackTik's newest employees may be when somebody
// is made, where they were listed for the plan.
const listEvery = time.Minute

// newcomers are employees whom somebody else has made since the listing: a new person who
// has one of them is not made a second time. To learn of them costs a page a minute, where
// a look-up before each create would cost a call a person.
type newcomers struct {
	mu       sync.Mutex
	listing  plan.Listing
	since    plan.EmployeeID // list from this id on: it is one listing old, since a list may lag behind
	known    map[plan.EmployeeID]plan.Employee
	named    map[string]plan.EmployeeID // by their names; who is not known any more has none
	unlisted bool                       // the portal cannot be asked for them
	waited   bool                       // somebody was to be made
}

func newNewcomers(l *plan.Listing) *newcomers {
	n := &newcomers{known: map[plan.EmployeeID]plan.Employee{}, named: map[string]plan.EmployeeID{}}
	if l != nil {
		n.listing, n.since = *l, l.Newest
	}
	return n
}

// note takes in one who is nobody's.
func (n *newcomers) note(e plan.Employee) {
	n.known[e.ID] = e
	for name := range namesOf(&e.Values) {
		n.named[name] = e.ID
	}
}

// namesake is one who has a name of somebody new.
func (n *newcomers) namesake(v *plan.Values) (e plan.Employee, found bool) {
	for name := range namesOf(v) {
		if e, found = n.known[n.named[name]]; found {
			return e, true
		}
	}
	return e, false
}

// namesOf are the names that no two employees should have.
func namesOf(v *plan.Values) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range []plan.Field{plan.Username, plan.Email, plan.CustomID} {
			if v[f] != "" && !yield(f.String()+" "+plan.FoldName(v[f])) {
				return
			}
		}
	}
}

// A newcomerFinder looks for employees who were made since the listing that new people were
// matched with.
type newcomerFinder struct {
	bench
	newcomers *newcomers
}

// inTheWay looks for an employee with a name of somebody new who was not there when the
// employees were listed.
func (c *newcomerFinder) inTheWay(ctx context.Context, want *plan.Wanted) (e plan.Employee, found bool, err error) {
	if c.Listed == nil {
		return e, false, nil
	}
	n := c.newcomers
	n.mu.Lock()
	n.waited = true
	if c.since(n.listing.At) >= listEvery {
		err = c.listNewcomers(ctx)
	}
	e, found = n.namesake(&want.Values)
	unlisted := n.unlisted
	n.mu.Unlock()
	if unlisted {
		return c.appeared(ctx, want)
	}
	return e, found && err == nil, err
}

// listNewcomers lists who is newer than the last listing and not ours; the caller has the
// lock. Those whom this run is making at the moment are among them: they become ours.
func (c *newcomerFinder) listNewcomers(ctx context.Context) error {
	n := c.newcomers
	if n.unlisted {
		return nil
	}
	began, newest := c.Clock.Time(), n.listing.Newest
	err := c.Target.NewerEmployees(ctx, n.since, func(page []plan.Employee) error {
		for _, e := range page {
			newest = max(newest, e.ID)
			_, owned, err := c.Snapshot.LinkOfEmployee(e.ID)
			if err != nil {
				return err
			}
			if delete(n.known, e.ID); !owned && e.Status != plan.StatusTerminated {
				n.note(e)
			}
		}
		return nil
	})
	var u interface{ Unfiltered() bool }
	if errors.As(err, &u) && u.Unfiltered() {
		n.unlisted = true
		return nil
	}
	if err == nil {
		n.since, n.listing = n.listing.Newest, plan.Listing{Newest: newest, At: began}
	}
	return err
}

// appeared looks for an employee with the e-mail who was not there, or not free, when
// the employees were listed.
func (c *newcomerFinder) appeared(ctx context.Context, want *plan.Wanted) (plan.Employee, bool, error) {
	list, err := c.Target.FindEmployees(ctx, plan.Email, want.Values[plan.Email])
	for _, e := range list {
		if e.Status != plan.StatusTerminated {
			return e, true, err
		}
	}
	return plan.Employee{}, false, err
}

// tookPlace is a create that was not made because of inTheWay. After a lost call the
// employee may be that call's: the next run looks into it.
func tookPlace(e plan.Employee, intent *plan.Intent, err error) attempt {
	if err != nil {
		return classify(err)
	}
	return attempt{outcome: plan.Failed, taken: intent.Lost != "",
		message: fmt.Sprintf("employee %d has one of the names by now; the next run decides about them", e.ID)}
}

// warnOfDoubles lists the newest employees once more, after the last create: both employees
// of somebody may have been made within a minute.
func (c *newcomerFinder) warnOfDoubles(ctx context.Context) {
	n := c.newcomers
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.waited || n.unlisted {
		return
	}
	n.waited = false
	if err := c.nameDoubles(ctx); err != nil {
		c.warn(plan.Warning{Code: plan.WarningPossibleDouble,
			Message: "whether somebody else has made one of the new people at the same time could not be looked up: " +
				err.Error()})
	}
}

func (c *newcomerFinder) nameDoubles(ctx context.Context) error {
	if err := c.listNewcomers(ctx); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(c.newcomers.known)) {
		link, found, err := c.ownerOfName(c.newcomers.known[id])
		if err != nil {
			return err
		}
		if found {
			c.warn(plan.Warning{Code: plan.WarningPossibleDouble, User: plan.UserRef{ID: link.Person, Login: link.Login},
				Message: fmt.Sprintf("somebody else made employee %d in TrackTik at the time when employee %d was made for them: "+
					"terminate in TrackTik the one whom nobody uses (`link` ties the one you keep)", id, link.Employee)})
		}
	}
	return nil
}

// ownerOfName is whose employee has the user name or e-mail of one who is nobody's.
func (c *newcomerFinder) ownerOfName(e plan.Employee) (link plan.Link, found bool, err error) {
	if _, owned, err := c.Snapshot.LinkOfEmployee(e.ID); err != nil || owned {
		return link, false, err
	}
	for field, owners := range map[plan.Field]func(string) ([]plan.PersonID,
		error){plan.Username: c.Snapshot.OwnersOfUsername, plan.Email: c.Snapshot.OwnersOfEmail} {
		name := plan.FoldName(e.Values[field])
		if name == "" {
			continue
		}
		ids, err := owners(name)
		if err != nil {
			return link, false, err
		}
		for _, id := range ids {
			if link, found, err = c.Snapshot.Link(id); err != nil || found {
				return link, found, err
			}
		}
	}
	return link, false, nil
}

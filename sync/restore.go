package sync

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// RestoreOptions say whom a restore brings back.
type RestoreOptions struct {
	Run        string                    // the run that terminated them
	Terminated []Terminated              // by that run, as the history has it
	Only       []plan.PersonID           // only these of them; empty: all
	New        bool                      // as new employees, instead of the former ones
	Approve    []string                  // hashes of refused sets that may pass
	Command    string                    // how this is done again, without --approve
	Users      []string                  // Only, as they were named
	Confirm    func(*plan.Document) bool // see RunOptions
}

// A Terminated is one termination of the history.
type Terminated struct {
	User     plan.UserRef
	Employee plan.EmployeeID
}

// What a restore warns about.
const (
	warnBack        = "already_back"
	warnNotRestored = "not_restored"    // nothing is known any more, or another run is to be restored
	warnAnew        = "not_reactivated" // a new employee is made instead
	warnRoleGone    = "role_gone"
)

// PlanRestore decides what Restore with the same options would do, and writes nothing
// to TrackTik.
func (e *Engine) PlanRestore(ctx context.Context, opt RestoreOptions) (*plan.Document, error) {
	r, err := e.newRestore(opt, "")
	if err != nil {
		return nil, err
	}
	return r.planned(ctx, r.decide)
}

// Restore brings back whom a run terminated, with the roles they held. Its document and
// errors are those of RunOnce. Who is restored is neither terminated nor loses a role
// before Okta has shown them in scope once. A restore that was cut short is completed
// by making it again.
func (e *Engine) Restore(ctx context.Context, opt RestoreOptions) (*plan.Document, error) {
	id, err := e.Snapshot.NextRun(e.Now())
	if err != nil {
		return nil, err
	}
	r, err := e.newRestore(opt, id)
	if err != nil {
		return nil, err
	}
	r.Log.WithField("by", e.By).WithField("of", opt.Run).Info("restore begins")
	return r.conclude(ctx, r.carryOut(ctx, r.decide, r.apply, r.finish))
}

// A restore is the working state of one.
type restore struct {
	*run
	of   RestoreOptions
	back []*comeback
}

// A comeback is one person who is to be brought back, and how far they are.
type comeback struct {
	user     plan.UserRef
	former   plan.Former
	link     *plan.Link // an earlier restore brought them back, and may not have ended
	employee *plan.Employee
	held     []plan.UserRole // of the employee, in TrackTik
	doubt    string          // why it cannot be told whether they hold more; empty: they do not
	other    *plan.Employee  // another one who is active, and has their username or e-mail
	missing  []plan.Grant    // of the former roles, what they do not hold
	kept     []plan.Grant    // and what they do
	want     plan.Wanted
}

func (e *Engine) newRestore(opt RestoreOptions, id string) (*restore, error) {
	r, err := e.newRun(RunOptions{Users: opt.Users, Approve: opt.Approve, Confirm: opt.Confirm, Command: opt.Command}, id)
	if err != nil {
		return nil, err
	}
	r.partial = true
	return &restore{run: r, of: opt}, nil
}

// decide reads what became of everybody, and makes the plan.
func (r *restore) decide(ctx context.Context) error {
	if err := r.startSmall(ctx); err != nil {
		return err
	}
	for _, t := range r.of.Terminated {
		if len(r.of.Only) > 0 && !slices.Contains(r.of.Only, t.User.ID) {
			continue
		}
		if err := r.consider(t); err != nil {
			return err
		}
	}
	if len(r.back) > 0 {
		if err := r.PortalReader.ReadPortalRoles(ctx); err != nil {
			return err
		}
		if err := (&backReader{r}).readBack(ctx); err != nil {
			return err
		}
		if err := r.Grants.FindOwn(ctx); err != nil {
			return err
		}
	}
	actions, held, problems, err := r.decisions()
	if err != nil {
		return err
	}
	r.present(ctx, actions, held, problems)
	return nil
}

// consider takes in one termination, unless its person is back already.
func (r *restore) consider(t Terminated) error {
	link, linked, err := r.Snapshot.Link(t.User.ID)
	if err != nil {
		return err
	}
	former, known, err := r.Snapshot.FormerByEmployee(t.Employee)
	if err != nil {
		return err
	}
	skip := func(code, text string, args ...any) {
		r.Warn(plan.Warning{Code: code, User: t.User, Message: fmt.Sprintf(text, args...)})
	}
	switch {
	case r.Pending[t.User.ID] != "":
		r.doc.Held = append(r.doc.Held, plan.Held{Action: plan.Action{Kind: plan.Reactivate, User: t.User, Employee: t.Employee},
			Why: plan.HeldPending + ": " + r.Pending[t.User.ID]})
	case linked && !(link.Restored && known):
		skip(warnBack, "is back already, as employee %d", link.Employee)
	case !known:
		skip(warnNotRestored, "employee %d is not on record as a former one any more: `link` ties them when they are active in TrackTik", t.Employee)
	case former.Elsewhere:
		skip(warnNotRestored, "employee %d was terminated in TrackTik by somebody else, who has to bring them back: `link` ties them when they are active there", t.Employee)
	case former.Run != r.of.Run:
		skip(warnNotRestored, "employee %d was terminated again, by run %s: restore that one", t.Employee, former.Run)
	case linked:
		r.back = append(r.back, &comeback{user: t.User, former: former, link: &link})
	default:
		r.back = append(r.back, &comeback{user: t.User, former: former})
	}
	return nil
}

// id is the employee about whom there is something to read.
func (c *comeback) id() plan.EmployeeID {
	if c.link != nil {
		return c.link.Employee
	}
	return c.former.Link.Employee
}

// A backReader reads those who are to be brought back, and what they hold.
type backReader struct{ *restore }

// readBack reads the employees and their grants: one by one, or many in one listing.
func (r *backReader) readBack(ctx context.Context) error {
	r.Phase("reading the terminated", len(r.back))
	if len(r.back) > read.ManyNew {
		return r.readBackListed(ctx)
	}
	pool, poolCtx := errgroup.WithContext(ctx)
	pool.SetLimit(read.Lookers)
	for _, c := range r.back {
		pool.Go(func() error {
			defer r.Advance(1)
			e, found, err := r.Target.Employee(poolCtx, c.id())
			if found {
				c.employee = &e
			}
			if err != nil {
				return err
			}
			return r.findOther(poolCtx, c)
		})
	}
	if err := pool.Wait(); err != nil {
		return err
	}
	return r.readHeld(ctx)
}

// backKeys are what tells that somebody is active as another employee.
var backKeys = []plan.Field{plan.Username, plan.Email}

// findOther looks for an active employee who has the person's username or e-mail by now:
// somebody has made them anew.
func (r *backReader) findOther(ctx context.Context, c *comeback) error {
	for _, f := range backKeys {
		name := c.former.Link.Pushed[f]
		if name == "" {
			continue
		}
		found, err := r.Target.FindEmployees(ctx, f, name)
		if err != nil {
			return err
		}
		for i := range found {
			c.meet(&found[i])
		}
	}
	return nil
}

// meet notes an employee with the person's username or e-mail.
func (c *comeback) meet(e *plan.Employee) {
	if e.Active() && e.ID != c.id() && e.ID != c.former.Link.Employee {
		c.other = e
	}
}

func (r *backReader) readBackListed(ctx context.Context) error {
	byID := make(map[plan.EmployeeID]*comeback, len(r.back))
	for _, c := range r.back {
		byID[c.id()] = c
	}
	byName := map[plan.Field]map[string][]*comeback{}
	for _, f := range backKeys {
		byName[f] = map[string][]*comeback{}
		for _, c := range r.back {
			if name := plan.FoldName(c.former.Link.Pushed[f]); name != "" {
				byName[f][name] = append(byName[f][name], c)
			}
		}
	}
	_, err := r.Target.Employees(ctx, func(page []plan.Employee) error {
		for i := range page {
			if c := byID[page[i].ID]; c != nil {
				c.employee = &page[i]
				r.Advance(1)
			}
			for _, f := range backKeys {
				for _, c := range byName[f][plan.FoldName(page[i].Values[f])] {
					c.meet(&page[i])
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range r.back { // the listing is not believed about who is missing
		if c.employee != nil {
			continue
		}
		e, found, err := r.Target.Employee(ctx, c.id())
		if err != nil {
			return err
		}
		if found {
			c.employee = &e
		}
	}
	return r.readHeld(ctx)
}

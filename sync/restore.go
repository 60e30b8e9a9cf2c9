package sync

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
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
	if err := r.decide(ctx); err != nil {
		return r.doc, err
	}
	return r.doc, r.keepRefused(ctx)
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
	r.log.WithField("by", e.By).WithField("of", opt.Run).Info("restore begins")
	err = r.carryOut(ctx, r.decide, r.apply, r.finish)
	if recordErr := r.record(err); err == nil {
		err = recordErr
	}
	r.tell(err)
	return r.doc, err
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
	if err := r.quarantined(); err != nil {
		return err
	}
	if err := r.loadApproved(); err != nil {
		return err
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	var err error
	if r.people, err = loadRoster(r.Snapshot); err != nil {
		return err
	}
	r.doc.Managed = r.people.managed
	if err := r.checkApp(ctx); err != nil {
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
		if err := r.readPortalRoles(ctx); err != nil {
			return err
		}
		if err := r.readBack(ctx); err != nil {
			return err
		}
	}
	actions, held, problems, err := r.decisions()
	if err != nil {
		return err
	}
	r.told = len(r.warnings)
	r.order(actions)
	actions, held = r.guard(ctx, actions, held)
	r.doc.Actions, r.doc.Held, r.doc.Problems, r.doc.Warnings = actions, held, problems, slices.Clone(r.warnings)
	r.doc.Guard = r.checked.Report
	r.doc.Seal()
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
		r.warn(plan.Warning{Code: code, User: t.User, Message: fmt.Sprintf(text, args...)})
	}
	switch {
	case r.pending[t.User.ID] != "":
		r.doc.Held = append(r.doc.Held, plan.Held{Action: plan.Action{Kind: plan.Reactivate, User: t.User, Employee: t.Employee},
			Why: plan.HeldPending + ": " + r.pending[t.User.ID]})
	case linked && !(link.Restored && known):
		skip(warnBack, "is back already, as employee %d", link.Employee)
	case !known:
		skip(warnNotRestored, "employee %d is not on record as a former one any more: `link` ties them when they are active in TrackTik", t.Employee)
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

// readBack reads the employees and their grants: one by one, or many in one listing.
func (r *restore) readBack(ctx context.Context) error {
	r.phase("reading the terminated", len(r.back))
	if len(r.back) > manyNew {
		return r.readBackListed(ctx)
	}
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(lookers)
	for _, c := range r.back {
		pool.Go(func() error {
			defer r.progress(1)
			e, found, err := r.Target.Employee(ctx, c.id())
			if err != nil || !found {
				return err
			}
			c.employee = &e
			c.held, err = r.Target.UserRolesOf(ctx, c.id())
			return err
		})
	}
	return pool.Wait()
}

func (r *restore) readBackListed(ctx context.Context) error {
	byID := make(map[plan.EmployeeID]*comeback, len(r.back))
	for _, c := range r.back {
		byID[c.id()] = c
	}
	_, err := r.Target.Employees(ctx, func(page []plan.Employee) error {
		for i := range page {
			if c := byID[page[i].ID]; c != nil {
				c.employee = &page[i]
				r.progress(1)
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
	return r.Target.UserRoles(ctx, func(page []plan.UserRole) error {
		for _, u := range page {
			if c := byID[u.Employee]; c != nil {
				c.held = append(c.held, u)
			}
		}
		return nil
	})
}

// decisions are what is to be done about everybody.
func (r *restore) decisions() (actions []plan.Action, held []plan.Held, problems []plan.Problem, err error) {
	held = r.doc.Held
	for _, c := range r.back {
		var d plan.Decision
		c.fill()
		if err := r.splitRoles(c); err != nil {
			return nil, nil, nil, err
		}
		owner, taken, err := r.nameTaken(c)
		if err != nil {
			return nil, nil, nil, err
		}
		switch {
		case taken != "":
			d.Problems = append(d.Problems, plan.Problem{User: c.user, Code: plan.ProblemNameInUse,
				Message: fmt.Sprintf("the %s of employee %d is that of user %s by now", taken, c.former.Link.Employee, owner)})
		case c.link != nil:
			r.complete(c, &d)
		default:
			r.bringBack(c, &d)
		}
		if len(d.Actions) > 0 {
			s := &subject{person: plan.Person{ID: c.user.ID, Login: c.user.Login}, former: &c.former, kept: c.kept}
			r.people.subjects[c.user.ID] = s
		}
		actions, held, problems = append(actions, d.Actions...), append(held, d.Held...), append(problems, d.Problems...)
	}
	return actions, held, problems, nil
}

// fill works out what the employee is to hold: what was last pushed.
func (c *comeback) fill() {
	link := &c.former.Link
	c.want = plan.Wanted{Values: link.Pushed, RegionID: link.PushedRegion, Email: link.Email, Group: link.AssignedBy}
	for f := plan.Field(0); f < plan.Region; f++ {
		if link.Pushed[f] == "" {
			c.want.Keep = c.want.Keep.With(f)
		}
	}
}

// fillNew adds what a new employee needs, and what was never pushed.
func (c *comeback) fillNew() {
	if c.employee == nil {
		return
	}
	for f := plan.Field(0); f < plan.Region; f++ {
		if c.want.Values[f] == "" && c.employee.Has.Has(f) && f != plan.CustomID {
			c.want.Values[f] = c.employee.Values[f]
		}
	}
	if c.want.RegionID == 0 {
		c.want.RegionID = c.employee.Region
	}
}

// splitRoles tells the roles that they still hold from those that are to be granted
// again. Some portals end roles with the employment.
func (r *restore) splitRoles(c *comeback) error {
	for _, g := range c.former.Roles {
		if !slices.ContainsFunc(r.portal.Roles, func(role plan.Role) bool { return role.ID == g.Role }) {
			r.warn(plan.Warning{Code: warnRoleGone, User: c.user, Message: fmt.Sprintf("role %d, which they held, is not in the portal any more", g.Role)})
			continue
		}
		g.Person, g.Employee = c.user.ID, c.id()
		if i := slices.IndexFunc(c.held, func(u plan.UserRole) bool { return u.Role == g.Role }); i >= 0 && !(c.link == nil && r.of.New) {
			g.ID = c.held[i].ID
			c.kept = append(c.kept, g)
			continue
		}
		c.missing = append(c.missing, g)
	}
	if c.kept == nil {
		c.kept = []plan.Grant{}
	}
	return nil
}

// nameTaken looks whether somebody else has the username or the e-mail by now.
func (r *restore) nameTaken(c *comeback) (plan.PersonID, string, error) {
	for _, name := range []struct {
		field plan.Field
		words string
		ask   func(string) ([]plan.PersonID, error)
	}{{plan.Username, "username", r.Snapshot.OwnersOfUsername}, {plan.Email, "e-mail", r.Snapshot.OwnersOfEmail}} {
		value := c.former.Link.Pushed[name.field]
		if value == "" {
			continue
		}
		owners, err := name.ask(plan.FoldName(value))
		if err != nil {
			return "", "", err
		}
		for _, id := range owners {
			if id != c.user.ID {
				return id, name.words, nil
			}
		}
	}
	return "", "", nil
}

func (r *restore) reason(c *comeback) string {
	return fmt.Sprintf("restored; was terminated by run %s", c.former.Run)
}

// bringBack makes somebody active again.
func (r *restore) bringBack(c *comeback, d *plan.Decision) {
	id := c.former.Link.Employee
	a := plan.Action{Kind: plan.Reactivate, User: c.user, Employee: id, Former: id, Restores: true, Reason: r.reason(c)}
	switch {
	case c.employee != nil && c.employee.Active():
		r.warn(plan.Warning{Code: warnBack, User: c.user, Message: fmt.Sprintf("is back already: employee %d is active in TrackTik; the next run adopts them, or `link` does", id)})
		return
	case c.employee != nil && c.employee.Status == "BANNED":
		d.Problems = append(d.Problems, plan.Problem{User: c.user, Code: plan.ProblemInactiveMatch,
			Message: fmt.Sprintf("employee %d was banned in TrackTik since, and is not brought back: lift the ban there", id)})
		return
	case c.employee == nil && !r.of.New:
		r.warnAnew(c, "employee "+fmt.Sprint(id)+" is not in TrackTik any more")
		fallthrough
	case r.of.New:
		a.Kind, a.Employee = plan.Create, 0
		c.fillNew()
		c.missing, c.kept = append(c.missing, c.kept...), []plan.Grant{}
	}
	a.Want = &c.want
	if !r.pol.CreateUsers {
		d.Held = append(d.Held, plan.Held{Action: a, Why: plan.HeldSwitchedOff + ": sync.create_users is off"})
		return
	}
	d.Actions = append(d.Actions, a)
	r.grantMissing(c, a.Employee, d)
}

func (r *restore) warnAnew(c *comeback, why string) {
	r.warn(plan.Warning{Code: warnAnew, User: c.user, Message: why + ": a new employee is made instead"})
}

// complete ends what an earlier restore began.
func (r *restore) complete(c *comeback, d *plan.Decision) {
	if e := c.employee; e != nil && c.link.Employee == c.former.Link.Employee {
		full := *c.link
		full.Pushed = c.want.Values
		if _, drift := plan.Differences(&full, &c.want, e, &r.pol); len(drift) > 0 {
			d.Actions = append(d.Actions, plan.Action{Kind: plan.Update, User: c.user, Employee: e.ID, Changes: drift, Want: &c.want,
				Reason: r.reason(c) + ", and not all of it was set again"})
		}
	}
	r.grantMissing(c, c.link.Employee, d)
	if len(d.Actions)+len(d.Held) == 0 {
		r.warn(plan.Warning{Code: warnBack, User: c.user, Message: fmt.Sprintf("is back already, as employee %d", c.link.Employee)})
	}
}

// grantMissing grants again what they do not hold any more.
func (r *restore) grantMissing(c *comeback, id plan.EmployeeID, d *plan.Decision) {
	for _, g := range c.missing {
		i := slices.IndexFunc(r.portal.Roles, func(role plan.Role) bool { return role.ID == g.Role })
		role := r.portal.Roles[i]
		a := plan.Action{Kind: plan.GrantRole, User: c.user, Employee: id, Role: &plan.RoleRef{ID: role.ID, Name: role.Name, Group: g.Group},
			Reason: "held it when run " + c.former.Run + " terminated them"}
		switch {
		case !r.pol.GrantRoles:
			d.Held = append(d.Held, plan.Held{Action: a, Why: plan.HeldSwitchedOff + ": sync.grant_roles is off"})
		case plan.ProtectedRole(role, &r.pol) && !r.mappedRole(g.Group):
			d.Held = append(d.Held, plan.Held{Action: a, Why: plan.HeldProtectedRole + ": sync.roles.protected names the role"})
		default:
			d.Actions = append(d.Actions, a)
		}
	}
}

// mappedRole reports a group whose role the configuration names.
func (r *restore) mappedRole(id plan.GroupID) bool {
	link, found, err := r.Snapshot.Group(id)
	return err == nil && found && link.How == plan.HowMapped
}

// markRestored marks the link of somebody whom a restore brings back.
func markRestored(a *plan.Action, link *plan.Link) bool {
	if a.Restores {
		link.How, link.Restored = plan.HowRestored, true
	}
	return a.Restores
}

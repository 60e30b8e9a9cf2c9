package sync

import (
	"context"
	"slices"
	"time"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A carrier hands the plan to package apply, and looks once more at what has grown old (confirm) before a removal.
type carrier struct {
	desk
	absentReader *read.AbsentReader
	dateReader   *read.DateReader
	scopeReader  *read.ScopeReader
	regionReader *read.RegionReader
	approver     *approver
	pushedNow    func(context.Context, plan.Group, *plan.GroupLink) (bool, error)
}

// job is what package apply carries the run's plan out with.
func (r *carrier) job() *apply.Job {
	return &apply.Job{Run: r.ID, By: r.By, Target: r.engine.Target, Snapshot: r.store,
		Clock: runClock{r.Sides, r.engine.Sleep}, Holders: r.Grants, Ground: ground{r.Base},
		Policy: &r.Pol, Log: r.Log, Progress: r.Advance, Approved: r.approver.letPass, Names: &r.Names, Troubles: r.Troubles,
		Refused: r.Meta.Refused, Missing: r.Missing(),
		Confirm: r.confirm, Zones: r.regionReader.Zones, Listed: r.Newest,
		Rules: apply.Rules{Observe: r.Observe, Redact: r.RedactHistory, Workers: r.Workers,
			MaxProblemPercent: r.engine.MaxProblemPercent,
			Reason:            r.engine.Reason, Comment: r.engine.Comment, Notify: r.engine.Notify,
			Binding: r.Binding, Formerly: r.Meta.Formerly}}
}

// runClock is the clock that a run goes by.
type runClock struct {
	*read.Sides
	sleep func(context.Context, time.Duration) error
}

func (c runClock) Time() time.Time { return c.Moment() }

func (c runClock) Here() time.Time { return c.Now().UTC() }

func (c runClock) Sleep(ctx context.Context, d time.Duration) error { return c.sleep(ctx, d) }

// apply carries out the plan, kind by kind: what gives a name or a role free comes
// before what takes it.
func (r *carrier) apply(ctx context.Context) (*apply.Outcome, error) {
	return r.carryWith(ctx, r.job(), "applying", r.carryAll)
}

// carryAll carries out the whole plan.
func (r *carrier) carryAll(ctx context.Context, a *apply.Applier) error {
	return a.Carry(ctx, r.doc.Actions)
}

// carryWith lets carry have an applier for the phase, and adds to the document what came
// up meanwhile.
func (r *carrier) carryWith(ctx context.Context, job *apply.Job, phase string,
	carry func(context.Context, *apply.Applier) error) (*apply.Outcome, error) {
	a := apply.Start(ctx, job)
	out := a.Outcome()
	r.doc.Result = out.Result
	r.Phase(phase, len(r.doc.Actions))
	err := carry(ctx, a)
	if ended := a.End(ctx); err == nil {
		err = ended
	}
	r.doc.Held = append(r.doc.Held, out.Held...)
	r.Warnings = append(r.Warnings, out.Warnings...)
	return out, err
}

// settle looks up what became of the writes that an earlier run left open, before
// anything else is decided, and of those that counted as not made.
func (r *carrier) settle(ctx context.Context) error {
	pending, err := r.Snapshot.Pending()
	if err != nil || len(pending)+len(r.Meta.Late) == 0 {
		return err
	}
	r.Phase("settling what was left open", len(pending))
	job, watched := r.job(), r.Meta.Late
	open, err := apply.Settle(ctx, job, pending)
	r.Pending, r.OpenGrants, r.Stuck = open.People, open.Grants, open.Stuck
	if err == nil && !r.Scope.Some() && len(watched) > 0 {
		var told []plan.Problem
		watched, told, err = apply.Watch(ctx, job, watched)
		r.Stuck = append(r.Stuck, told...)
	}
	r.Meta.Late = append(slices.Clip(watched), open.Late...)
	if len(open.Late) == 0 || err != nil {
		return err
	}
	meta := r.Meta // durable at once: what is settled is looked at by nobody else
	return job.Snapshot.Commit(plan.Batch{Meta: &meta})
}

// ground is what the run's plan was made from.
type ground struct{ read.Base }

// Person tells what was read about somebody.
func (g ground) Person(id plan.PersonID) *apply.Person {
	if g.People == nil { // nothing was read yet
		return nil
	}
	s := g.People.Subjects[id]
	if s == nil {
		return nil
	}
	p := &apply.Person{Login: s.Person.Login, Email: s.Person.Email, Link: s.Link, Note: s.Decision.Note,
		Matches: s.Matches, Namesakes: s.Extras().Namesakes, Kept: s.Extras().Kept,
		Employee: s.Employee, Read: g.StatusRead(s)}
	if was := s.Extras().Was; was != nil {
		p.Was = was.Link
	}
	return p
}

// GroupName is the name of a pushed group. Who was renamed after sync.groups.roles named
// it goes by the former name, by which it keeps its role.
func (g ground) GroupName(id plan.GroupID) (name string, isPushed bool) {
	p := g.ByGroup[id]
	if p == nil {
		return "", false
	}
	if l := p.Link; l != nil && l.How == plan.HowMapped && l.Name != p.Group.Name {
		keys := plan.NewRoleKeys(g.Groups.Roles)
		if len(keys.Find(p.Group, nil)) == 0 && len(keys.Find(p.Group, l)) > 0 {
			return l.Name, true
		}
	}
	return p.Group.Name, true
}

// AsFound is a grant on record as it was found to be.
func (g ground) AsFound(grant plan.Grant) plan.Grant { return g.Current.AsFound(grant) }

// confirm looks a departure up once more when its evidence has grown old; the text says
// why it has to wait.
func (r *carrier) confirm(ctx context.Context, action *plan.Action) string {
	seen := r.AsOf
	s := r.People.Subjects[action.User.ID]
	if s != nil && !s.Seen.IsZero() && action.Kind == plan.Terminate {
		seen = s.Seen
	}
	if r.Since(seen) <= apply.OldEvidence {
		return ""
	}
	if action.Kind == plan.RevokeRole {
		return r.roleDue(ctx, action)
	}
	left, err := r.stillLeaves(ctx, action, s != nil && s.OutOf)
	switch {
	case err != nil:
		return unlooked(err)
	case !left:
		return plan.HeldUnconfirmed + ": Okta says otherwise by now"
	}
	return ""
}

// roleDue says why a role is not taken by what Okta tells of the person's groups now.
func (r *carrier) roleDue(ctx context.Context, action *plan.Action) string {
	groups, err := r.Source.GroupsOf(ctx, action.User.ID)
	if err != nil {
		return unlooked(err)
	}
	h := &plan.Holding{Grant: plan.Grant{Group: action.Role.Group}, Role: action.Role}
	again := false
	var first *read.Pushed // whose role comes before all others
	for _, g := range groups {
		p := r.ByGroup[g.ID]
		if p == nil {
			continue
		}
		again = again || r.Gives(g.ID, h)
		if p.Role != nil && (first == nil ||
			plan.CompareRanks(p.Due.Rank, first.Due.Rank, p.Group.ID, first.Group.ID) < 0) {
			first = p
		}
	}
	outranked := action.Extras().Evidence == "" // they need not have left a group
	switch {
	case outranked && (first == nil || r.Gives(first.Group.ID, h)):
		return plan.HeldUnconfirmed + ": no other role takes its place by now"
	case outranked:
		return ""
	case again:
		return plan.HeldUnconfirmed + ": is in the group again"
	}
	return r.pushedAgain(ctx, action.Role.Group, groups)
}

// unlooked is why a removal waits whose evidence could not be looked up once more.
func unlooked(err error) string {
	return plan.HeldUnconfirmed + ": the evidence is more than a minute old, and the look-up failed: " + err.Error()
}

// pushedAgain says why nobody loses the role of a group that was not pushed when the run read
// it: it is by now.
func (r *carrier) pushedAgain(ctx context.Context, id plan.GroupID, groups []plan.Group) string {
	i := slices.IndexFunc(groups, func(g plan.Group) bool { return g.ID == id })
	if i < 0 || r.ByGroup[id] != nil {
		return ""
	}
	link, found, err := r.Snapshot.Group(id)
	if err != nil || !found {
		return ""
	}
	is, err := r.pushedNow(ctx, groups[i], &link)
	switch {
	case err != nil:
		return unlooked(err)
	case is:
		return plan.HeldUnconfirmed + ": the group is pushed again"
	}
	return ""
}

// stillLeaves asks Okta once more about somebody who is to be terminated; outOf: for
// being out of scope. Whose last day has moved on may be in a grace that goes on.
func (r *carrier) stillLeaves(ctx context.Context, action *plan.Action, outOf bool) (bool, error) {
	id := action.User.ID
	p, found, err := r.absentReader.Direct(ctx, id)
	if err != nil || !found {
		return err == nil, err
	}
	if over, err := r.dateReader.OverNow(ctx, &p); err != nil || over {
		return over, err
	}
	switch now := plan.Judge(&p, &r.Pol); now.Verdict {
	case plan.Depart, plan.Doubt:
		return action.Extras().Evidence != plan.EvidenceLastDay || !now.Graced(&r.Pol), nil
	case plan.Provision:
		if outOf {
			out, _, err := r.scopeReader.StillOutOfScope(ctx, id)
			return out, err
		}
	}
	return false, nil
}

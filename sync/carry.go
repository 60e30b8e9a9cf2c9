package sync

import (
	"context"
	"time"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
)

// A carrier hands the plan to package apply, and looks again at what has grown old.
type carrier struct {
	base
	*decided
	absentReader *absentReader
	dateReader   *dateReader
	scopeReader  *scopeReader
	regionReader *regionReader
	leftReader   *leftReader
	approver     *approver
}

// job is what package apply carries the run's plan out with.
func (r *carrier) job() *apply.Job {
	return &apply.Job{Run: r.id, By: r.By, Target: r.Target, Snapshot: r.Snapshot, Clock: runClock{r.Engine}, Holders: r.grants, Ground: ground{r.base},
		Policy: &r.pol, Log: r.log, Progress: r.progress, Approved: r.approver.letPass, Names: &r.names, Troubles: r.troubles, Refused: r.meta.Refused,
		Confirm: r.confirm, Zones: r.regionReader.zones, Listed: r.newest,
		Rules: apply.Rules{Observe: r.Observe, Redact: r.RedactHistory, Workers: r.Workers, MaxProblemPercent: r.MaxProblemPercent,
			Reason: r.Reason, Comment: r.Comment, Notify: r.Notify, Timezone: r.Timezone, Binding: r.Binding, Formerly: r.meta.Formerly}}
}

// runClock is the clock that a run goes by.
type runClock struct{ *Engine }

func (c runClock) Time() time.Time { return c.clock() }

func (c runClock) Sleep(ctx context.Context, d time.Duration) error { return c.Engine.Sleep(ctx, d) }

func (c runClock) Apart() bool { return c.apart() }

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
func (r *carrier) carryWith(ctx context.Context, job *apply.Job, phase string, carry func(context.Context, *apply.Applier) error) (*apply.Outcome, error) {
	a := apply.Start(ctx, job)
	out := a.Outcome()
	r.doc.Result = out.Result
	r.phase(phase, len(r.doc.Actions))
	err := carry(ctx, a)
	if ended := a.End(ctx); err == nil {
		err = ended
	}
	r.doc.Held = append(r.doc.Held, out.Held...)
	r.warnings = append(r.warnings, out.Warnings...)
	return out, err
}

// settle looks up what became of the writes that an earlier run left open, before
// anything else is decided.
func (r *carrier) settle(ctx context.Context) error {
	pending, err := r.Snapshot.Pending()
	if err != nil || len(pending) == 0 {
		return err
	}
	r.phase("settling what was left open", len(pending))
	open, err := apply.Settle(ctx, r.job(), pending)
	r.pending, r.openGrants, r.stuck = open.People, open.Grants, open.Stuck
	return err
}

// zones reads the regions, and tells their time zones.
func (r *regionReader) zones(ctx context.Context) (func(plan.RegionID) string, error) {
	if err := r.readRegions(ctx); err != nil {
		return nil, err
	}
	return func(id plan.RegionID) string { return r.regions.ByID(id).TimeZone }, nil
}

// ground is what the run's plan was made from.
type ground struct{ base }

// Person tells what was read about somebody.
func (g ground) Person(id plan.PersonID) *apply.Person {
	if g.people == nil { // nothing was read yet
		return nil
	}
	s := g.people.subjects[id]
	if s == nil {
		return nil
	}
	p := &apply.Person{Login: s.person.Login, Email: s.person.Email, Link: s.link, Note: s.decision.Note, Matches: s.matches, Kept: s.kept,
		Employee: s.employee, Read: g.statusRead(s)}
	if s.was != nil {
		p.Was = s.was.link
	}
	return p
}

// GroupName is the name of a pushed group. Who was renamed after sync.groups.roles named
// it goes by the former name, by which it keeps its role.
func (g ground) GroupName(id plan.GroupID) (name string, isPushed bool) {
	p := g.byGroup[id]
	if p == nil {
		return "", false
	}
	if l := p.link; l != nil && l.How == plan.HowMapped && l.Name != p.group.Name {
		keys := plan.NewRoleKeys(g.Groups.Roles)
		if len(keys.Find(p.group, nil)) == 0 && len(keys.Find(p.group, l)) > 0 {
			return l.Name, true
		}
	}
	return p.group.Name, true
}

// AsFound is a grant on record as it was found to be.
func (g ground) AsFound(grant plan.Grant) plan.Grant { return g.current.asFound(grant) }

// confirm looks a departure up once more when its evidence has grown old; the text says
// why it has to wait.
func (r *carrier) confirm(ctx context.Context, action *plan.Action) string {
	seen := r.now
	s := r.people.subjects[action.User.ID]
	if s != nil && !s.seen.IsZero() && action.Kind == plan.Terminate {
		seen = s.seen
	}
	if r.since(seen) <= apply.OldEvidence {
		return ""
	}
	if action.Kind == plan.RevokeRole {
		groups, err := r.Source.GroupsOf(ctx, action.User.ID)
		if err != nil {
			return plan.HeldUnconfirmed + ": the evidence is more than a minute old, and the look-up failed: " + err.Error()
		}
		for _, g := range groups {
			if r.byGroup[g.ID] != nil && r.leftReader.gives(g.ID, &plan.Holding{Grant: plan.Grant{Group: action.Role.Group}, Role: action.Role}) {
				return plan.HeldUnconfirmed + ": is in the group again"
			}
		}
		return ""
	}
	left, err := r.stillLeaves(ctx, action.User.ID, s != nil && s.outOf)
	switch {
	case err != nil:
		return plan.HeldUnconfirmed + ": the evidence is more than a minute old, and the look-up failed: " + err.Error()
	case !left:
		return plan.HeldUnconfirmed + ": Okta says otherwise by now"
	}
	return ""
}

// stillLeaves asks Okta once more about somebody who is to be terminated; outOf: for
// being out of scope.
func (r *carrier) stillLeaves(ctx context.Context, id plan.PersonID, outOf bool) (bool, error) {
	p, found, err := r.absentReader.direct(ctx, id)
	if err != nil || !found {
		return err == nil, err
	}
	if over, err := r.dateReader.overNow(ctx, &p); err != nil || over {
		return over, err
	}
	switch plan.Judge(&p, &r.pol).Verdict {
	case plan.Depart, plan.Doubt:
		return true, nil
	case plan.Provision:
		if outOf {
			out, _, err := r.scopeReader.stillOutOfScope(ctx, id)
			return out, err
		}
	}
	return false, nil
}

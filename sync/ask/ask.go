// Package ask makes a plan's decisions out of a reading: it finds out what a decision needs
// and the reading lacks, asks for that, and has package decide decide. What it asks for, it
// tells from what is known: who is to be terminated, say, or which role a group has. It
// writes nothing.
package ask

import (
	"context"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// recordsAPage is how many records of a TrackTik list come with one call.
const recordsAPage = 1000

// An Asker asks until nothing is unknown that the decisions need, and has them made. Its
// parts stand lower ones first.
type Asker struct {
	*decide.Deciding
	owners   *ownerFinder
	heirs    *heirFinder
	leavers  *leaverAsker
	groups   *groupAsker
	changes  *changeFinder
	holders  *holderReader
	roleless *rolelessFinder
	views    *roleViewer
	left     *leftReader
}

// New asks and decides about what r reads.
func New(r *read.Reading) *Asker {
	d := decide.New(r)
	b, f := r.Base, d.Decided
	a := &Asker{Deciding: d, owners: &ownerFinder{b}, heirs: &heirFinder{b, d.PeopleDecider},
		leavers: &leaverAsker{b, d.PeopleDecider},
		changes: &changeFinder{b, f}, left: &leftReader{b, f}}
	a.groups = &groupAsker{b, r.PortalReader, r.GroupReader, d.GroupDecider}
	a.holders = &holderReader{b, f, d.RoleDecider, r.GrantReader}
	a.roleless = &rolelessFinder{b, f, r.PortalReader, r.GroupReader, a.holders, a.changes}
	a.views = &roleViewer{b, f, r.PortalReader, r.GrantReader, r.OwnGroupReader, d.RoleDecider, d.HoldingDecider}
	return a
}

// Decide makes all decisions: about people, then about their roles, since who is to have an
// employee is to have roles. Last, it spares the employee whose credentials are used.
func (a *Asker) Decide(ctx context.Context) error {
	for _, step := range []func(context.Context) error{a.DecidePeople, a.DecideRoles, a.spareOwn} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// DecidePeople makes everybody's decision but for their roles: first who leaves, since
// that gives names free, then who gets which name, then the others.
func (a *Asker) DecidePeople(ctx context.Context) error {
	list := a.People.Sorted()
	for _, ask := range []func(context.Context, []*read.Subject) error{
		a.DateReader.JudgeDates,
		a.PortalReader.LearnOwn,
		a.askAboutLeavers,
		a.RegionReader.ResolveRegions,
		a.askAboutNames,
		a.askAboutMatches,
		a.PortalReader.LearnOwn, // a match shows who it may be
	} {
		if err := ask(ctx, list); err != nil {
			return err
		}
	}
	a.PeopleDecider.DecideAll(list)
	return a.leavers.readLeavers(ctx, list) // those whom a decision about their scope ends
}

// askAboutLeavers decides who leaves, by what is known, reads their employees, and asks who
// else has the names of an employee who was renamed; all of that may decide otherwise.
func (a *Asker) askAboutLeavers(ctx context.Context, list []*read.Subject) error {
	a.PeopleDecider.DecideLeavers(list)
	if err := a.leavers.readLeavers(ctx, list); err != nil {
		return err
	}
	renamed, err := a.NameReader.FindRenamed(ctx, list)
	if err != nil {
		return err
	}
	for _, s := range renamed {
		a.PeopleDecider.DecideOne(s)
	}
	return nil
}

// askAboutNames finds who has the names that are wanted, and who else wants them.
func (a *Asker) askAboutNames(ctx context.Context, list []*read.Subject) error {
	a.heirs.holdWaiting(list)
	claims := a.Claimer.Claims(list)
	others, err := a.NameReader.Bystanders(ctx, claims)
	if err != nil {
		return err
	}
	return a.ResolveNames(append(claims, others...))
}

// ResolveNames decides who of the claimants gets which name. An error is about the snapshot.
func (a *Asker) ResolveNames(claims []plan.Claim) error {
	for {
		owners, err := a.owners.find(claims)
		if err != nil {
			return err
		}
		names := plan.ResolveNames(claims, owners)
		if !a.heirs.holdRefused(names.Refused) { // else the names of whom it holds are not free
			a.NameDecider.TakeNames(names)
			return nil
		}
	}
}

// askAboutMatches looks for the employees of new people.
func (a *Asker) askAboutMatches(ctx context.Context, list []*read.Subject) error {
	fresh := a.PeopleDecider.Fresh(list)
	if err := a.Matcher.FindMatches(ctx, fresh); err != nil || !a.Scope.Some() {
		return err
	}
	return a.NameReader.FindRivals(ctx, fresh)
}

// DecideRoles gives groups their roles and people their grants. Only those whose group,
// entry or grants changed are looked at.
func (a *Asker) DecideRoles(ctx context.Context) error {
	for _, ask := range []func(context.Context) error{
		a.DecideGroups,
		a.roleless.findDefault,
		a.askWhoseRoles,
		a.views.makeViews,
		a.left.confirmLeft,
		a.holders.findHolders,
	} {
		if err := ask(ctx); err != nil {
			return err
		}
	}
	a.GrantDecider.DecideAll()
	if err := a.spareRoles(ctx); err != nil {
		return err
	}
	return a.roleless.warnRoleless()
}

// spareRoles asks what the roles are that the plan gives or takes, and holds what would give or
// take one that is protected by now: which one a group has is known without asking.
func (a *Asker) spareRoles(ctx context.Context) error {
	if !a.GrantDecider.TouchesRoles() {
		return nil
	}
	if err := a.PortalReader.TryPortalRoles(ctx); err != nil || !a.Portal.Read {
		return err
	}
	if a.Pol.DefaultRole != "" {
		if _, _, err := a.roleless.defaultRole(); err != nil {
			return err
		}
	}
	a.GrantDecider.SpareRoles()
	return nil
}

// DecideGroups gives each pushed group its role.
func (a *Asker) DecideGroups(ctx context.Context) error { return a.groups.decideGroups(ctx) }

// askWhoseRoles finds whose roles are looked at: those whom something may change for, and
// those who have none.
func (a *Asker) askWhoseRoles(ctx context.Context) error {
	if err := a.changes.markDirty(); err != nil {
		return err
	}
	a.GrantDecider.CollectDue()
	if err := a.roleless.findRoleless(ctx); err != nil {
		return err
	}
	a.GrantDecider.MakeRoom()
	return nil
}

// spareOwn asks whose credentials are used where only the plan shows that it matters, and
// holds what would touch that employee.
func (a *Asker) spareOwn(ctx context.Context) error {
	if a.Pol.Own != 0 || a.Pol.OwnUsername != "" || !a.PeopleDecider.TouchesEmployees() {
		return nil // the decisions knew, or nobody is touched
	}
	err := a.Grants.FindOwn(ctx)
	a.PeopleDecider.Spare()
	return err
}

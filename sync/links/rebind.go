package links

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// RefusedRebind says that the other side does not hold the people whom the snapshot
// knows, or that nobody has approved it yet.
const RefusedRebind = "rebind"

// enoughHold is the share of links, in percent, that have to hold on the other side.
const enoughHold = 90

// A Rebinding is what a snapshot would be, or is, bound to, and what of it holds there.
type Rebinding struct {
	From, To         plan.Binding
	Users, Employees int // on the side that is another one; -1: that side stays
	Links, Hold      int
	Unassigned       []plan.Link      // whose user is not assigned to the app there
	Moved            []plan.Link      // whose employee has another id there, which is in the link
	Strangers        []plan.Link      // whose employee is not there, or somebody else
	Roles            []plan.GroupLink // whose role is not there, or another one
	Hash             string           // what `state rebind --approve` takes
	Done             bool
}

// Percent is how many of the links hold.
func (b *Rebinding) Percent() float64 {
	if b.Links == 0 {
		return 100
	}
	return 100 * float64(b.Hold) / float64(b.Links)
}

// Rebind finds out how the snapshot holds for the systems that the engine is configured with:
// it reads the other side whole and counts which links hold by id. Less than 90 % of them are
// refused; the rest asks for an approval. Nothing is written to TrackTik: the batch binds the
// snapshot, nil where that is done already or refused, and the next run is a refresh. A person
// whose employee has another id there is tied to that one. An employee who is somebody else
// there, and a role that is another one, are forgotten, and matched anew; so are former
// employees who are not there, or somebody else.
func Rebind(ctx context.Context, sides *read.Sides, approvals Approvals, program string, approve []string) (*Rebinding,
	*plan.Batch, error) {
	r, err := read.NewReading(sides, read.Scope{}, "")
	if err != nil {
		return nil, nil, err
	}
	b := &rebinding{Reading: r, approvals: approvals, program: program,
		Rebinding: &Rebinding{From: r.Meta.Binding, To: sides.Binding, Users: -1, Employees: -1}}
	if b.From == b.To {
		b.Done = true
		return b.Rebinding, nil, nil
	}
	for _, step := range []func(context.Context) error{b.settled, b.readUsers, b.readEmployees, b.readRoles, b.count} {
		if err := step(ctx); err != nil {
			return nil, nil, err
		}
	}
	if err := b.nobodyAnew(); err != nil {
		return b.Rebinding, nil, err
	}
	if err := b.permitted(ctx, approve); err != nil {
		return b.Rebinding, nil, err
	}
	batch, err := b.bind()
	return b.Rebinding, batch, err
}

// Approvals keeps refused sets of actions by their hash.
type Approvals interface {
	Get(hash string) (set []plan.ActionRef, found bool, err error)
	Put(ctx context.Context, hash string, set []plan.ActionRef) error
}

type rebinding struct {
	*read.Reading
	approvals Approvals
	program   string // how this program is called
	*Rebinding
	users     map[plan.PersonID]bool
	employees map[plan.EmployeeID]plan.Employee // those whom the snapshot knows, or knew
	roles     map[plan.RoleID]plan.Role
	batch     plan.Batch // what the snapshot is to learn about people
}

// settled refuses a snapshot with an open write when its portal is another one: what
// became of it, the old one says. The same portal is asked by the next run.
func (b *rebinding) settled(ctx context.Context) error {
	if err := b.Quarantined(); err != nil {
		return err
	}
	pending, err := b.Snapshot.Pending()
	if err == nil && len(pending) > 0 && b.portalMoved() {
		return read.Refused(RefusedRebind, fmt.Sprintf("%d writes to %s are not settled: let a `sync` with the former "+
			"configuration run first; "+
			"where that portal is gone for good, begin anew with another state.path and `sync --init`", len(pending),
			b.From.Portal))
	}
	if err != nil {
		return err
	}
	if err := b.Meet(ctx); err != nil {
		return err
	}
	return b.CheckApp()
}

func (b *rebinding) oktaMoved() bool   { return b.From.Org != b.To.Org || b.From.App != b.To.App }
func (b *rebinding) portalMoved() bool { return b.From.Portal != b.To.Portal }

func (b *rebinding) readUsers(ctx context.Context) error {
	if !b.oktaMoved() {
		return nil
	}
	b.Users, b.users = 0, map[plan.PersonID]bool{}
	b.Phase("reading okta users", 0)
	return b.Source.Assignments(ctx, func(page []plan.Entry) error {
		for _, e := range page {
			b.users[e.ID] = true
		}
		b.Users = len(b.users)
		b.Advance(len(page))
		return nil
	})
}

func (b *rebinding) readEmployees(ctx context.Context) error {
	if !b.portalMoved() {
		return nil
	}
	b.employees = map[plan.EmployeeID]plan.Employee{}
	b.Phase("reading tracktik employees", b.Meta.PortalEmployees)
	total, err := b.Target.Employees(ctx, func(page []plan.Employee) error {
		for _, e := range page {
			if err := b.enterEmployee(&e); err != nil {
				return err
			}
		}
		b.Advance(len(page))
		return nil
	})
	b.Employees = total
	return err
}

// enterEmployee keeps an employee whose id the snapshot knows, and notes one who has the
// names of somebody managed.
func (b *rebinding) enterEmployee(e *plan.Employee) error {
	_, linked, err := b.Snapshot.LinkOfEmployee(e.ID)
	if err != nil {
		return err
	}
	_, former, err := b.Snapshot.FormerByEmployee(e.ID)
	if err != nil {
		return err
	}
	if linked || former {
		b.employees[e.ID] = *e
	}
	if !e.Active() {
		return nil
	}
	return b.Relinker.NoteCandidate(e)
}

func (b *rebinding) readRoles(ctx context.Context) error {
	if !b.portalMoved() {
		return nil
	}
	list, err := b.Target.Roles(ctx)
	b.roles = map[plan.RoleID]plan.Role{}
	for _, role := range list {
		b.roles[role.ID] = role
	}
	return err
}

// permitted refuses what does not hold, and asks for an approval of what does.
func (b *rebinding) permitted(ctx context.Context, approve []string) error {
	refs := []plan.ActionRef{{Kind: plan.Kind("rebind " + strings.Join([]string{b.To.Org, b.To.App, b.To.Portal}, " "))}}
	for kind, links := range map[string][]plan.Link{"unassigned": b.Unassigned, "moved": b.Moved,
		"stranger": b.Strangers} {
		for i := range links {
			l := &links[i]
			refs = append(refs, plan.ActionRef{Kind: plan.Kind(kind), Person: l.Person, Employee: l.Employee})
		}
	}
	for _, g := range b.Roles {
		refs = append(refs, plan.ActionRef{Kind: "role", Role: g.Role, Group: g.Group})
	}
	b.Hash = plan.HashRefs(refs)
	if b.Percent() < enoughHold {
		return read.Refused(RefusedRebind, fmt.Sprintf("%d of %d links hold there, less than %d %%: this is another "+
			"company's side, or one that was not moved whole; "+
			"correct the configuration, or begin anew with another state.path and `sync --init`", b.Hold, b.Links, enoughHold))
	}
	if slices.Contains(approve, b.Hash) {
		if _, known, err := b.approvals.Get(b.Hash); err != nil || known {
			return err
		}
	}
	if err := b.approvals.Put(ctx, b.Hash, refs); err != nil {
		return err
	}
	text := fmt.Sprintf("%d of %d links hold there; to bind the snapshot to it, within 24 hours: %s state rebind "+
		"--approve %s", b.Hold, b.Links, cmp.Or(b.program, "tracktik-sync"), b.Hash)
	if len(approve) > 0 {
		return read.Refused(read.RefusedApproval, "the approval is not of what is found now: "+text)
	}
	return read.Refused(RefusedRebind, text)
}

// bind is what binds the snapshot, and forgets what is somebody else's there.
func (b *rebinding) bind() (*plan.Batch, error) {
	meta := b.Meta
	meta.Binding, meta.RefreshDue, meta.ReadFingerprint, meta.LastHash = b.To, true, "", ""
	meta.Formerly = append(slices.Clone(meta.Formerly), b.From)
	if b.oktaMoved() {
		meta.Mappings = nil
	}
	if b.portalMoved() {
		meta.Regions, meta.PortalEmployees, meta.UnmanagedActive, meta.Unmanaged, meta.Observing = nil, 0, nil, nil, nil
	}
	batch := b.batch
	batch.Meta = &meta
	batch.Audits = []plan.Audit{{Time: b.Moment(), By: b.By, Kind: "rebind", Outcome: plan.Done, Reason: fmt.Sprintf(
		"was bound to %s app %s and %s, and is to %s app %s and %s; %d of %d links hold", b.From.Org, b.From.App,
		b.From.Portal, b.To.Org, b.To.App, b.To.Portal, b.Hold, b.Links)}}
	gone := map[plan.GrantKey]bool{}
	for _, key := range batch.DropGrants {
		gone[key] = true
	}
	for _, links := range [][]plan.Link{b.Moved, b.Strangers} { // the refresh finds the grants of the moved
		for i := range links {
			grants, err := b.Snapshot.GrantsOf(links[i].Person)
			if err != nil {
				return nil, err
			}
			for _, g := range grants {
				gone[g.Key()] = true
			}
		}
	}
	batch.DropGrants = slices.Collect(maps.Keys(gone))
	batch.Grants = slices.DeleteFunc(batch.Grants, func(g plan.Grant) bool { return gone[g.Key()] })
	for i := range b.Strangers {
		batch.Unlink = append(batch.Unlink, b.Strangers[i].Person)
	}
	for i := range b.Roles {
		batch.DropGroups = append(batch.DropGroups, b.Roles[i].Group)
	}
	return &batch, nil
}

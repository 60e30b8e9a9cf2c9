package read

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"tracktik-sync/sync/plan"
)

// A standing is what is known about an employee who may be an administrator.
type standing struct {
	admin bool   // holds a protected role
	doubt string // why it cannot be told that they do not; empty: it can
}

// A PortalReader reads the portal's roles, and finds out who must not be touched: holders of
// protected roles, and the employee whose credentials are used.
type PortalReader struct {
	Base
}

// FindAdmins marks matches who hold a protected role: by their own grants when they
// are few, else by the holders of each such role.
func (r *PortalReader) FindAdmins(ctx context.Context, fresh []*Subject) error {
	candidates, err := r.candidates(ctx, fresh)
	if err != nil || len(candidates) == 0 {
		return err
	}
	protected := r.ProtectedRoles()
	if len(candidates) <= len(protected) {
		err = r.adminsByPerson(ctx, candidates, protected)
	} else {
		err = r.adminsByRole(ctx, candidates, protected)
	}
	if err == nil && !(r.Grants.ByPerson() && r.Grants.ByRole()) { // the portal cannot be asked like this
		return r.FindAdminsInList(ctx, fresh)
	}
	markAdmins(fresh, candidates)
	return err
}

// FindAdminsInList is FindAdmins by the whole list of grants, for those of whom the portal
// could not be asked.
func (r *PortalReader) FindAdminsInList(ctx context.Context, fresh []*Subject) error {
	candidates, err := r.candidates(ctx, fresh)
	if err != nil {
		return err
	}
	if _, err := r.Grants.List(ctx, slices.Collect(maps.Keys(candidates))); err != nil {
		return err
	}
	err = r.adminsByPerson(ctx, candidates, r.ProtectedRoles())
	markAdmins(fresh, candidates)
	return err
}

// candidates are the active employees of nobody among the matches; the portal's roles are
// read for them.
func (r *PortalReader) candidates(ctx context.Context, fresh []*Subject) (map[plan.EmployeeID]standing, error) {
	candidates := map[plan.EmployeeID]standing{}
	for _, s := range fresh {
		for _, m := range s.Matches {
			if m.Owner == "" && m.Employee.Active() {
				candidates[m.Employee.ID] = standing{}
			}
		}
	}
	if len(candidates) == 0 {
		return nil, nil
	}
	return candidates, r.ReadPortalRoles(ctx)
}

// ProtectedRoles are those of the roles that were read.
func (r *PortalReader) ProtectedRoles() map[plan.RoleID]bool {
	protected := map[plan.RoleID]bool{}
	for _, role := range r.Portal.Roles {
		if plan.ProtectedRole(role, &r.Pol) {
			protected[role.ID] = true
		}
	}
	return protected
}

func markAdmins(fresh []*Subject, candidates map[plan.EmployeeID]standing) {
	for _, s := range fresh {
		for i := range s.Matches {
			known := candidates[s.Matches[i].Employee.ID]
			s.Matches[i].Admin, s.Matches[i].Doubt = known.admin, known.doubt
		}
	}
}

func (r *PortalReader) adminsByPerson(ctx context.Context, candidates map[plan.EmployeeID]standing,
	protected map[plan.RoleID]bool) error {
	ids := slices.Sorted(maps.Keys(candidates))
	if err := r.Grants.Ask(ctx, ids); err != nil {
		return err
	}
	for _, id := range ids {
		held, doubt, err := r.Grants.Of(ctx, id)
		if err != nil {
			return err
		}
		candidates[id] = standing{slices.ContainsFunc(held, func(u plan.UserRole) bool { return protected[u.Role] }), doubt}
	}
	return nil
}

func (r *PortalReader) adminsByRole(ctx context.Context, candidates map[plan.EmployeeID]standing,
	protected map[plan.RoleID]bool) error {
	roles := slices.Sorted(maps.Keys(protected))
	doubt, err := r.Grants.AskHolders(ctx, roles)
	if err != nil {
		return err
	}
	for id := range candidates {
		holds := func(u plan.UserRole) bool { return u.Employee == id }
		admin := slices.ContainsFunc(roles, func(role plan.RoleID) bool {
			return slices.ContainsFunc(r.Grants.With(role),
				holds)
		})
		candidates[id] = standing{admin, doubt}
	}
	return nil
}

// IsOwn reports the employee whose credentials are used.
func (r *PortalReader) IsOwn(e *plan.Employee) bool { return r.Pol.Owns(plan.Who{Employee: e}) }

// LearnOwn finds out whose credentials we use where somebody could be that employee.
// What is left, the decider finds: see ask.Asker.spareOwn there.
func (r *PortalReader) LearnOwn(ctx context.Context, list []*Subject) error {
	risky := func(s *Subject) bool {
		return len(s.Matches) > 0 || s.Employee != nil || s.Link != nil && s.Judgement.Verdict == plan.Depart
	}
	if !slices.ContainsFunc(list, risky) {
		return nil
	}
	return r.Grants.FindOwn(ctx)
}

// TryPortalRoles is ReadPortalRoles for what can wait where roles may not be read: Portal says
// why they were not.
func (r *PortalReader) TryPortalRoles(ctx context.Context) error {
	return r.leftOut(r.ReadPortalRoles(ctx))
}

// ReadPortalRoles reads the portal's roles once a run.
func (r *PortalReader) ReadPortalRoles(ctx context.Context) error {
	if r.Portal.Read || r.noRoles != nil {
		return r.noRoles
	}
	roles, err := r.Target.Roles(ctx)
	if err == nil {
		r.Portal.Roles = roles
		err = r.confirmLinked(ctx)
	}
	if m, missing := plan.MissingRead(err); missing {
		r.noRoles, r.Portal.Unread = err, m.Unread()
	}
	if err != nil {
		r.Portal = plan.PortalRoles{Unread: r.Portal.Unread}
		return err
	}
	r.Portal.Read = true
	if foreign, found := plan.Foreign(roles, append([]plan.Binding{r.Binding}, r.Meta.Formerly...)...); found &&
		r.ID != "" && !r.Observe {
		return Refused(RefusedConnection, fmt.Sprintf("role %d of the tracktik portal was made by another connection "+
			"(%s): one portal, one connection; "+
			"stop the other one and take its mark out of the role's description", foreign.ID, foreign.Description))
	} else if found {
		r.Warn(plan.Warning{Code: RefusedConnection,
			Message: fmt.Sprintf("role %d of the tracktik portal was made by another connection (%s)", foreign.ID,
				foreign.Description)})
	}
	return nil
}

// confirmLinked confirms the roles that groups have or had, and the default role.
func (r *PortalReader) confirmLinked(ctx context.Context) error {
	links, err := r.Snapshot.Groups()
	if err != nil {
		return err
	}
	ids := make([]plan.RoleID, 0, len(links)+1)
	for i := range links {
		ids = append(ids, links[i].Role)
	}
	if d := r.Meta.DefaultRole; d != nil {
		ids = append(ids, d.ID)
	}
	return r.confirmRoles(ctx, ids)
}

// confirmRoles reads by id the roles on record that TrackTik's list lacks: a role that is
// there after all means that the list is short.
func (r *PortalReader) confirmRoles(ctx context.Context, ids []plan.RoleID) error {
	known := map[plan.RoleID]bool{0: true}
	for i := range r.Portal.Roles {
		known[r.Portal.Roles[i].ID] = true
	}
	for _, id := range r.Portal.Gone {
		known[id] = true
	}
	for _, id := range ids {
		if known[id] {
			continue
		}
		known[id] = true // once is enough
		_, found, err := r.Target.Role(ctx, id)
		if err == nil && found {
			err = &BrokenListing{What: fmt.Sprintf("tracktik's list of roles lacks role %d, which exists", id)}
		}
		if err != nil {
			return err
		}
		r.Portal.Gone = append(r.Portal.Gone, id)
	}
	return nil
}

// ourselves are who is writing: the employee whose credentials are used.
type ourselves struct {
	target   GrantTarget
	policy   *plan.Policy    // Own is filled in once it is known
	checking sync.Mutex      // of the writes that look at once what became of them
	own      plan.EmployeeID // 0: not known
	ownAsked bool
}

// Own is the employee whose credentials are used; 0: who that is cannot be told.
func (g *Grants) Own(ctx context.Context) (plan.EmployeeID, error) {
	if g.own != 0 || g.ownAsked {
		return g.own, nil
	}
	if err := g.FindOwn(ctx); err != nil {
		return 0, err
	}
	g.own, g.ownAsked = g.policy.Own, true
	if g.own != 0 || g.policy.OwnUsername == "" {
		return g.own, nil
	}
	found, err := g.target.FindEmployees(ctx, plan.Username, g.policy.OwnUsername)
	if len(found) == 1 {
		g.own = found[0].ID
	} else if err == nil { // our own region may be out of our sight
		g.own, err = g.self(ctx)
	}
	return g.own, g.Unread(ctx, err, nil)
}

// NoteOwn notes the employee whose credentials are used, who came by in a list.
func (g *Grants) NoteOwn(e *plan.Employee) {
	g.listed = g.listed || g.policy.Own != 0 && e.ID == g.policy.Own
	if g.policy.Own == 0 && g.policy.OwnUsername != "" &&
		plan.FoldName(e.Values[plan.Username]) == plan.FoldName(g.policy.OwnUsername) {
		g.own, g.listed = e.ID, true
	}
}

// Us is Own for whoever only wants to know who changed a record: that it cannot be told
// says nothing about grants.
func (g *Grants) Us(ctx context.Context) plan.EmployeeID {
	g.checking.Lock()
	defer g.checking.Unlock()
	before := g.failed
	own, err := g.Own(ctx)
	g.failed = before
	if err != nil {
		return 0
	}
	return own
}

// Shield is the policy with the employee whose credentials are used.
func (g *ourselves) Shield(ctx context.Context) (plan.Policy, error) {
	g.checking.Lock() // others learn at the same time whose credentials are used
	pol := *g.policy
	g.checking.Unlock()
	if pol.Own != 0 || pol.OwnUsername != "" {
		return pol, nil
	}
	var err error
	pol.Own, err = g.self(ctx)
	return pol, err
}

// FindOwn learns whose credentials are used where the configuration does not say: that one
// is never touched. It may need a token.
func (g *ourselves) FindOwn(ctx context.Context) error {
	if g.policy.Own != 0 || g.policy.OwnUsername != "" {
		return nil
	}
	var err error
	g.policy.Own, err = g.self(ctx)
	return err
}

// self is the employee whose credentials are used, by the token; 0 where it does not
// say.
func (g *ourselves) self(ctx context.Context) (plan.EmployeeID, error) {
	self, err := g.target.Self(ctx)
	if err != nil {
		return 0, err
	}
	id, err := strconv.ParseInt(self, 10, 64)
	if err != nil {
		return 0, nil //nolint:nilerr // the name of something else than an employee
	}
	return plan.EmployeeID(id), nil
}

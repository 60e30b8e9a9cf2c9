package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A rolePass is what a run finds out about groups, roles and grants.
type rolePass struct {
	groups   plan.GroupDecision
	dirty    map[plan.PersonID]bool      // their roles are looked at
	due      map[plan.PersonID][]*pushed // the groups of those who are looked at
	refs     map[roleOf]*plan.RoleRef
	names    map[plan.RoleID]string // of roles that groups have
	views    []*plan.RoleView
	decision plan.Decision // about everybody's roles
	adopted  []plan.Grant  // held in TrackTik already, and due
	drops    []plan.GrantKey
	held     map[plan.PersonID]string // a look-up about their groups failed
	fallback *plan.Due                // sync.roles.default; nil: none, or not to be had
	roleless []plan.PersonID          // in scope and without a role, as far as is known
	others   map[plan.PersonID]bool   // who holds roles of others, of those of whom it was seen
	several  int                      // people with more than one role due
}

// A roleOf is a role as a group gives it.
type roleOf struct {
	role  plan.RoleID
	group plan.GroupID
}

// decideRoles gives groups their roles and people their grants. Only those whose
// group, entry or grants changed are looked at.
func (r *run) decideRoles(ctx context.Context) error {
	p := &r.roles
	p.dirty, p.due = map[plan.PersonID]bool{}, map[plan.PersonID][]*pushed{}
	p.held = map[plan.PersonID]string{}
	if err := r.decideGroups(ctx); err != nil {
		return err
	}
	if err := r.findDefault(ctx); err != nil {
		return err
	}
	if err := r.markDirty(); err != nil {
		return err
	}
	r.collectDue()
	if err := r.findRoleless(ctx); err != nil {
		return err
	}
	p.decision.Actions = make([]plan.Action, 0, r.countActions())
	if err := r.makeViews(ctx); err != nil {
		return err
	}
	if err := r.confirmLeft(ctx); err != nil {
		return err
	}
	if err := r.findHolders(ctx); err != nil {
		return err
	}
	for _, v := range p.views {
		r.decideRolesOf(v)
	}
	if err := r.doubles(); err != nil {
		return err
	}
	if err := r.warnRoleless(); err != nil {
		return err
	}
	p.views, p.due, p.dirty = nil, nil, nil
	if p.several > 0 && !r.pol.OneRole {
		r.warn(plan.Warning{Code: warnManyRoles, Message: fmt.Sprintf("people who hold several roles: %d; TrackTik recommends one a person (sync.roles.per_person)", p.several)})
	}
	return nil
}

// countActions is about how many actions the whole plan has: a first plan has hundreds
// of thousands of them, and they are put together in one list that does not grow.
func (r *run) countActions() int {
	n := len(r.roles.groups.Actions)
	for _, s := range r.people.subjects {
		n += len(s.decision.Actions)
	}
	for _, groups := range r.roles.due {
		n += len(groups)
	}
	return n
}

// decideRolesOf adds what package plan decides about one person's roles.
func (r *run) decideRolesOf(v *plan.RoleView) {
	d, all := r.rolesDecision(v), &r.roles.decision
	all.Actions, all.Held = append(all.Actions, d.Actions...), append(all.Held, d.Held...)
	all.Problems, all.Warnings = append(all.Problems, d.Problems...), append(all.Warnings, d.Warnings...)
}

// rolesDecision asks package plan about one person's roles.
func (r *run) rolesDecision(v *plan.RoleView) plan.Decision {
	if why := r.roles.held[v.User.ID]; why != "" {
		v.Shielded = why
	}
	if s := r.people.subjects[v.User.ID]; s != nil && (s.link != nil || len(r.troubles[v.User.ID]) > 0) {
		v.View = r.view(s)
	}
	all := &r.roles.decision
	all.Held = append(all.Held, r.unread(v)...)
	d := plan.DecideRoles(v, &r.pol)
	v.View = nil // it is large
	return d
}

// unread takes out of what is due the roles of groups that could not be read: what
// their members were before is no reason to grant anything.
func (r *run) unread(v *plan.RoleView) []plan.Held {
	var held []plan.Held
	v.Due = slices.DeleteFunc(v.Due, func(d plan.Due) bool {
		g := r.byGroup[d.Role.Group]
		if g == nil || !g.failed || slices.ContainsFunc(v.Have, func(h plan.Holding) bool { return h.Role.ID == d.Role.ID }) {
			return false
		}
		v.Default = nil // a group may well give them a role
		held = append(held, plan.Held{Why: plan.HeldUnconfirmed + ": the group could not be read, and who was in it before is granted nothing",
			Action: plan.Action{Kind: plan.GrantRole, User: v.User, Employee: v.Employee, Role: d.Role}})
		return true
	})
	return held
}

// markDirty finds the people whose roles may have to change.
func (r *run) markDirty() error {
	p := &r.roles
	for id, s := range r.people.subjects {
		p.dirty[id] = s.judgement.Verdict == plan.Provision
	}
	if r.some() { // what groups change for others is for a whole run
		return nil
	}
	for id := range r.current.changed {
		p.dirty[id] = true
	}
	forgotten := map[plan.GroupID]bool{}
	for _, g := range r.groups {
		if !g.known && g.link != nil {
			forgotten[g.group.ID] = true
		}
		switch {
		case g.anew || !g.known || g.link != nil && g.link.Unpushed: // its members of before may have lost the role
			r.touch(g.members, g.old)
		case g.reread:
			r.touch(symmetric(g.members, g.old))
			if err := r.touchStrays(g); err != nil {
				return err
			}
		}
		if g.anew && g.link != nil && g.link.Role != 0 {
			if err := r.touchHolders(g.link.Role); err != nil {
				return err
			}
		}
	}
	if err := r.touchGranted(forgotten); err != nil {
		return err
	}
	if !r.pol.RevokeUnpushed {
		return nil
	}
	for _, l := range r.unpushed {
		if err := r.touchHolders(l.Role); err != nil {
			return err
		}
	}
	return nil
}

// touchGranted marks who holds a role by one of the groups, whose members of before are
// not known: some may have left.
func (r *run) touchGranted(groups map[plan.GroupID]bool) error {
	if len(groups) == 0 {
		return nil
	}
	for g, err := range r.Snapshot.Grants() {
		if err != nil {
			return err
		}
		if groups[g.Group] {
			r.roles.dirty[g.Person] = true
		}
	}
	return nil
}

func (r *run) touch(lists ...[]plan.PersonID) {
	for _, list := range lists {
		for _, id := range list {
			r.roles.dirty[id] = true
		}
	}
}

func (r *run) touchHolders(role plan.RoleID) error {
	holders, err := r.Snapshot.Holders(role)
	r.touch(holders)
	return err
}

// touchStrays finds the holders who are not in the group, and the members who do not hold
// its role: a run that ended before it stored the members has granted or taken it, or the
// role was not given while the group could not be read.
func (r *run) touchStrays(g *pushed) error {
	if g.link == nil || g.link.Role == 0 {
		return nil
	}
	holders, err := r.Snapshot.Holders(g.link.Role)
	for _, id := range symmetric(g.members, holders) {
		if m := r.people.find(id); m != nil && m.employee != 0 { // most of a large group may be nobody's
			r.roles.dirty[id] = true
		}
	}
	return err
}

// symmetric returns what is in just one of two sorted lists.
func symmetric(a, b []plan.PersonID) []plan.PersonID {
	var only []plan.PersonID
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			a, b = a[1:], b[1:]
		case a[0] < b[0]:
			only, a = append(only, a[0]), a[1:]
		default:
			only, b = append(only, b[0]), b[1:]
		}
	}
	return append(append(only, a...), b...)
}

// collectDue goes through all memberships once.
func (r *run) collectDue() {
	p := &r.roles
	shared := map[plan.RoleID][]*pushed{} // earlier groups of the same role
	for _, g := range r.groups {
		if g.role == nil {
			continue
		}
		g.due = plan.DueBy(g.group.Name, g.role, r.rank(g))
		var others []*pushed
		if g.role.ID != 0 {
			others = shared[g.role.ID]
			shared[g.role.ID] = append(others, g)
		}
		for _, id := range g.members {
			m := r.people.find(id)
			s := r.people.subjects[id]
			switch {
			case s != nil && s.became != nil:
				continue
			case s == nil && (m == nil || m.employee == 0):
				continue
			case s != nil && (s.judgement.Verdict != plan.Provision || s.outOf || s.scopeErr != ""):
				continue
			}
			again := slices.ContainsFunc(others, func(g *pushed) bool { return g.holds(id) })
			if m != nil && m.roles < 255 && !again {
				if m.roles++; m.roles == 2 {
					p.several++
				}
			}
			if p.dirty[id] {
				if m == nil && !again && rolesDue(p.due[id]) == 1 {
					p.several++
				}
				p.due[id] = append(p.due[id], g)
			}
		}
	}
}

// rolesDue is how many roles the groups make due.
func rolesDue(groups []*pushed) int {
	roles := map[plan.RoleRef]bool{}
	for _, g := range groups {
		ref := plan.RoleRef{ID: g.role.ID}
		if ref.ID == 0 {
			ref.Group = g.role.Group
		}
		roles[ref] = true
	}
	return len(roles)
}

// rank is a group's place in sync.groups.order; those that are missing come last.
func (r *run) rank(g *pushed) int {
	for i, name := range r.pol.Order {
		if name == string(g.group.ID) || plan.MatchGlob(name, g.group.Name) {
			return i
		}
	}
	return len(r.pol.Order)
}

// makeViews gathers what is known of each person whose roles are looked at. Who is
// created in this very plan holds nothing that could be looked up, and is decided at
// once: of a first run that is everybody.
func (r *run) makeViews(ctx context.Context) error {
	p := &r.roles
	if err := r.keptRoles(ctx); err != nil {
		return err
	}
	ids := make([]plan.PersonID, 0, len(p.dirty))
	for id, dirty := range p.dirty {
		if dirty {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		v, err := r.roleView(id)
		if err != nil {
			return err
		}
		switch {
		case v == nil:
		case v.Employee == 0 && len(v.Have) == 0:
			r.decideRolesOf(v)
		default:
			p.views = append(p.views, v)
		}
	}
	return r.nameLost(ctx)
}

// nameLost finds the names of roles that are to be revoked and that no group has any
// more: they may be protected by now.
func (r *run) nameLost(ctx context.Context) error {
	for _, v := range r.roles.views {
		for i := range v.Have {
			h := &v.Have[i]
			if h.Lost == "" && !r.pol.OneRole || h.Role.Name != "" {
				continue
			}
			if err := r.readPortalRoles(ctx); err != nil {
				return err
			}
			for _, role := range r.portal.Roles {
				if role.ID == h.Role.ID {
					h.Role.Name = role.Name
				}
			}
			r.protect(h)
		}
	}
	return nil
}

// keptRoles finds which of our grants people still hold who are reactivated: whether
// roles survive a termination, TrackTik does not say.
func (r *run) keptRoles(ctx context.Context) error {
	for _, s := range r.people.sorted() {
		if s.former == nil || !slices.ContainsFunc(s.decision.Actions, func(a plan.Action) bool { return a.Kind == plan.Reactivate }) {
			continue
		}
		kept, err := r.stillHeld(ctx, s.former)
		if err != nil {
			return err
		}
		s.kept = []plan.Grant{}
		for _, g := range kept {
			g.Person = s.person.ID
			s.kept = append(s.kept, g)
		}
	}
	return nil
}

// roleView is nil for those whose roles are left alone: on hold, leaving, not ours.
func (r *run) roleView(id plan.PersonID) (*plan.RoleView, error) {
	s := r.people.subjects[id]
	owner := id // whose grants they are by the snapshot
	v := &plan.RoleView{User: plan.UserRef{ID: id}, MayGrant: true, Others: -1, Default: r.roles.fallback}
	for _, g := range r.roles.due[id] {
		v.Due = append(v.Due, g.due)
	}
	if why := r.openGrants[id]; why != "" {
		v.Doubt = plan.HeldPending + ": " + why
	}
	var link *plan.Link
	switch {
	case r.pending[id] != "":
		return nil, nil
	case s == nil:
		m := r.people.find(id)
		if m == nil || m.employee == 0 || !m.has(flagListed) {
			return nil, nil
		}
		stored, found, err := r.Snapshot.Link(id)
		if err != nil || !found {
			return nil, err
		}
		link = &stored
		v.User.Login = link.Login
	case s.judgement.Verdict != plan.Provision || s.outOf || s.scopeErr != "" || s.became != nil:
		return nil, nil
	default:
		v.User, link = s.ref(), s.link
		v.MayGrant = len(s.decision.Problems) == 0 && !s.ended()
		if s.ended() {
			return nil, nil
		}
		if s.was != nil {
			link, owner = s.was.link, s.was.person.ID
		}
		v.Employee, v.MayGrant = s.target(v.MayGrant)
	}
	anew := s != nil && s.madeAnew()
	if link != nil {
		if !anew {
			v.Employee = link.Employee
		}
		v.Shielded = r.pol.Shields(who(link, s))
	}
	var grants []plan.Grant
	switch {
	case anew: // those on record are of the employee whom somebody else ended
	case s != nil && s.kept != nil:
		grants = s.kept
	case link != nil:
		var err error
		if grants, err = r.Snapshot.GrantsOf(owner); err != nil {
			return nil, err
		}
	}
	for _, g := range grants {
		r.holding(v, g, id)
	}
	return v, nil
}

// ended reports that the employee was ended by somebody else.
func (s *subject) ended() bool {
	return slices.ContainsFunc(s.decision.Held, func(h plan.Held) bool {
		return h.Code() == plan.HeldTerminatedElsewhere || h.Code() == plan.HeldBannedElsewhere
	})
}

// madeAnew reports that the person is given another employee than the one on record.
func (s *subject) madeAnew() bool {
	return slices.ContainsFunc(s.decision.Actions, func(a plan.Action) bool { return a.Kind == plan.Create })
}

// target is the employee that the person's actions lead to; 0 and true for one that is
// still to be created.
func (s *subject) target(may bool) (plan.EmployeeID, bool) {
	for i := range s.decision.Actions {
		switch a := &s.decision.Actions[i]; a.Kind {
		case plan.Adopt, plan.Reactivate:
			return a.Employee, may
		case plan.Create:
			return 0, may
		}
	}
	if s.link != nil {
		return s.link.Employee, may
	}
	return 0, false
}

// who is somebody as far as it tells whether they are protected; s is nil where they were
// not decoded.
func who(link *plan.Link, s *subject) plan.Who {
	if s == nil {
		return plan.Who{Link: link}
	}
	return plan.Who{Person: &s.person, Link: link, Wanted: &s.mapped.Wanted, Employee: s.employee}
}

// holding judges whether a grant of ours is still due.
func (r *run) holding(v *plan.RoleView, g plan.Grant, id plan.PersonID) {
	p := &r.roles
	g = r.current.asFound(g)
	if slices.Contains(r.opt.Retry, id) {
		g.Again = false // somebody says that TrackTik keeps it by now
	}
	due := slices.ContainsFunc(v.Due, func(d plan.Due) bool { return d.Role.ID == g.Role })
	switch {
	case slices.Contains(r.current.dropGrants, g.Key()), r.roleGone(g.Role), g.Gone && !due:
		p.drops = append(p.drops, g.Key())
		return
	case g.Gone && !g.Again:
		v.Lost = append(v.Lost, g.Role)
		return
	}
	h := plan.Holding{Grant: g, Role: r.roleRef(g)}
	group := r.byGroup[g.Group]
	switch {
	case due, group != nil && group.failed: // another group may give it
	case group != nil && !group.holds(id):
		h.Lost, h.Evidence = fmt.Sprintf("no longer in group %q", group.group.Name), ""
	case group == nil && r.pol.RevokeUnpushed && slices.ContainsFunc(r.unpushed, func(l plan.GroupLink) bool { return l.Group == g.Group }):
		h.Lost, h.Evidence = fmt.Sprintf("group %s is no longer pushed (sync.groups.unpushed: revoke)", g.Group), plan.EvidenceFull
	}
	r.protect(&h)
	v.Have = append(v.Have, h)
}

// protect keeps a grant of a protected role, whether it is lost or would be replaced.
func (r *run) protect(h *plan.Holding) {
	group := r.byGroup[h.Group]
	mapped := group != nil && group.link != nil && group.link.How == plan.HowMapped && group.link.Role == h.Role.ID && (group.role == nil || group.role.ID == h.Role.ID)
	if !mapped && plan.MatchAny(r.pol.ProtectedRoles, h.Role.Name) {
		h.Stays = plan.HeldProtectedRole + ": sync.roles.protected names the role"
	}
}

// roleGone reports a role that the portal does not have any more.
func (r *run) roleGone(id plan.RoleID) bool {
	return r.portal.Read && !slices.ContainsFunc(r.portal.Roles, func(role plan.Role) bool { return role.ID == id })
}

// roleRef names the role of a grant, and the group by which it was granted: another group
// may give the same role.
func (r *run) roleRef(g plan.Grant) *plan.RoleRef {
	key := roleOf{g.Role, g.Group}
	ref := r.roles.refs[key]
	if ref == nil {
		ref = &plan.RoleRef{ID: g.Role, Group: g.Group, Name: r.roleName(g)}
		r.roles.refs[key] = ref
	}
	return ref
}

// roleName is a role's name, as far as it is known without reading the portal's roles.
func (r *run) roleName(g plan.Grant) string {
	if name := r.roles.names[g.Role]; name != "" {
		return name
	}
	if group := r.byGroup[g.Group]; group != nil && group.link != nil && group.link.Role == g.Role {
		return group.link.RoleName
	}
	for _, l := range r.unpushed {
		if l.Group == g.Group && l.Role == g.Role {
			return l.RoleName
		}
	}
	return ""
}

// confirmLeft looks at the own groups of people who are missing from a group before
// a role is taken from them.
func (r *run) confirmLeft(ctx context.Context) error {
	var left []*plan.RoleView
	n := 0
	for _, v := range r.roles.views {
		if v.Shielded != "" {
			continue
		}
		lost := 0
		for _, h := range v.Have {
			if h.Lost != "" && h.Evidence == "" && h.Stays == "" {
				lost++
			}
		}
		if lost > 0 {
			n += lost
			left = append(left, v)
		}
	}
	evidence, looked := plan.EvidenceFull, left
	if limit := r.Limits.Of(plan.RevokeRole).MaxCount; !r.full && n > sampleSize && limit >= 0 && n > limit && len(left) > sampleSize {
		evidence, looked = plan.EvidenceSample, left[:sampleSize]
	}
	pool, poolCtx := errgroup.WithContext(ctx)
	pool.SetLimit(lookers)
	failed, short := make([]error, len(looked)), make([][]plan.GroupID, len(looked))
	for i, v := range looked {
		pool.Go(func() (err error) {
			short[i], err = r.confirmOne(poolCtx, v)
			var broken *read.BrokenListing
			_, credentials := isCredentials(err)
			if errors.As(err, &broken) || credentials || poolCtx.Err() != nil {
				return err
			}
			failed[i] = err
			return nil
		})
	}
	if err := pool.Wait(); err != nil {
		return err
	}
	r.distrustStored(slices.Concat(short...))
	for i, v := range left {
		if i < len(looked) && failed[i] != nil {
			r.roles.held[v.User.ID] = plan.HeldUnconfirmed + ": missing from a group, and the look-up failed: " + failed[i].Error()
		}
		for j := range v.Have {
			h := &v.Have[j]
			switch {
			case h.Lost == "" || h.Evidence != "":
			case slices.ContainsFunc(r.groups, func(g *pushed) bool { return g.short && r.gives(g.group.ID, h) }): // the sample speaks against the list
				h.Lost = ""
			default:
				h.Evidence = evidence
			}
		}
	}
	return nil
}

// confirmOne compares a person's own groups with those whose roles they would lose. They
// are asked for here, also in a run of single people: there, one answer about them is all
// that says that a group lacks the person. A list of members that Okta gave in this run,
// and that lacks them all the same, is broken. One that is stored from an earlier run was
// short then: the role stays, and short names the group.
func (r *run) confirmOne(ctx context.Context, v *plan.RoleView) (short []plan.GroupID, err error) {
	groups, err := r.Source.GroupsOf(ctx, v.User.ID)
	if err != nil {
		return nil, err
	}
	for i := range v.Have {
		h := &v.Have[i]
		if h.Lost == "" || h.Evidence != "" {
			continue
		}
		giver := h.Group // by which they hold it after all, or did
		for _, g := range groups {
			if r.gives(g.ID, h) {
				giver = g.ID
			}
		}
		in := slices.ContainsFunc(groups, func(g plan.Group) bool { return g.ID == giver })
		g := r.byGroup[giver]
		switch {
		case in && r.some():
			return nil, &read.BrokenListing{What: fmt.Sprintf("okta's listing of the groups of user %s lacks group %s, which they are in", v.User.ID, giver)}
		case in && g != nil && !g.reread:
			h.Lost, short = "", append(short, giver)
		case in:
			return nil, &read.BrokenListing{What: fmt.Sprintf("okta's listing of group %s lacks user %s, who is in it", giver, v.User.ID)}
		case r.some() && len(groups) == 0:
			if err := r.confirmAlone(ctx, v.User.ID, h.Group); err != nil {
				return nil, err
			}
		}
	}
	return short, nil
}

// gives reports whether who is in the group holds that role by it. Several groups may give
// one role, and the grant on record names the one that did so first.
func (r *run) gives(id plan.GroupID, h *plan.Holding) bool {
	g := r.byGroup[id]
	return id == h.Group || g != nil && g.role != nil && g.role.ID == h.Role.ID
}

// confirmAlone asks the group about somebody who has no groups at all by their own list,
// in a run that has read no members: one empty answer takes no role.
func (r *run) confirmAlone(ctx context.Context, id plan.PersonID, group plan.GroupID) error {
	err := r.Source.Members(ctx, group, func(page []plan.PersonID) error {
		if slices.Contains(page, id) {
			return &read.BrokenListing{What: fmt.Sprintf("okta's list of the groups of user %s is empty, and group %s has them", id, group)}
		}
		return nil
	})
	if isNotFound(err) { // the group's own look-up says whether it is gone
		return nil
	}
	return err
}

// distrustStored has the next run read the members of groups whose stored list is short:
// it is of a run that was not shown everybody.
func (r *run) distrustStored(short []plan.GroupID) {
	for _, id := range short {
		g := r.byGroup[id]
		if g.short {
			continue
		}
		g.short = true
		r.warn(plan.Warning{Code: warnGroup, Message: fmt.Sprintf("the stored members of group %s lack somebody who is in it; no role is taken for it, and the next run reads them again", id)})
	}
}

package ask

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A holderReader looks up who holds which role already.
type holderReader struct {
	read.Base
	*decide.Decided
	roleDecider *decide.RoleDecider
	grantReader *read.GrantReader
}

// findHolders looks up what those hold who exist in TrackTik and are to be granted a role:
// what somebody else gave them is taken over, and not granted twice. Who is created in
// this plan holds nothing.
func (r *holderReader) findHolders(ctx context.Context) error {
	var asking []*plan.RoleView
	roles, people := map[plan.RoleID]bool{}, map[plan.EmployeeID]bool{}
	var lacking []*plan.RoleView
	for _, v := range r.Roles.Views {
		if r.wantsDefault(v) {
			lacking = append(lacking, v)
		} else if r.wantsLook(v, roles) {
			asking = append(asking, v)
			people[v.Employee] = true
		}
	}
	if len(asking) > 0 {
		if err := r.lookUpHolders(ctx, asking, slices.Sorted(maps.Keys(people)),
			slices.Sorted(maps.Keys(roles))); err != nil {
			return err
		}
	}
	if len(lacking) > 0 {
		if err := r.lookUpOthers(ctx, lacking); err != nil {
			return err
		}
	}
	return r.countSent()
}

// countSent counts how many grants of a role we sent to somebody who holds it, or is to,
// by several: what somebody else granted is theirs.
func (r *holderReader) countSent() error {
	for _, v := range r.Roles.Views {
		for _, role := range v.Roles() {
			key := read.Holder{Role: role, Employee: v.Employee}
			if len(r.Current.Holders[key]) < 2 {
				continue
			}
			sent, err := r.Snapshot.GrantsSent(v.User.ID, v.Employee, role)
			if err != nil {
				return err
			}
			r.Roles.Sent[key] = sent
		}
	}
	return nil
}

// wantsDefault reports whether a person who exists in TrackTik is to get the default role.
func (r *holderReader) wantsDefault(v *plan.RoleView) bool {
	if v.Employee == 0 || len(v.Due) > 0 || v.Default == nil {
		return false
	}
	return slices.ContainsFunc(r.roleDecider.RolesDecision(v).Actions,
		func(a plan.Action) bool { return a.Kind == plan.GrantRole })
}

// wantsLook reports whether a person is to be granted something that they may hold
// already, and adds those roles.
func (r *holderReader) wantsLook(v *plan.RoleView, roles map[plan.RoleID]bool) bool {
	if v.Employee == 0 || len(v.Due) == 0 {
		return false
	}
	d := r.roleDecider.RolesDecision(v)
	grants := slices.DeleteFunc(d.Actions, func(a plan.Action) bool { return a.Kind != plan.GrantRole })
	for _, h := range d.Held { // it may be theirs already, and is taken over then
		if h.Kind == plan.GrantRole && h.Code() == plan.HeldSwitchedOff {
			grants = append(grants, h.Action)
		}
	}
	wants := false
	for _, a := range grants {
		id := a.Role.ID
		known := id == 0 || r.Current.Covered[id] && !a.Drift
		if known && !r.Pol.OneRole { // where any other role counts
			continue
		}
		roles[id], wants = true, true
	}
	return wants
}

// lookUpHolders asks about each person, or about each role where that takes fewer calls.
func (r *holderReader) lookUpHolders(ctx context.Context, views []*plan.RoleView, people []plan.EmployeeID,
	roles []plan.RoleID) error {
	if r.Current.Holders == nil {
		r.Current.Holders = map[read.Holder][]plan.GrantID{}
	}
	cost, err := r.callsByRole(roles)
	if err != nil {
		return err
	}
	people = slices.DeleteFunc(people, func(id plan.EmployeeID) bool { return r.Grants.Asked(id) })
	if !r.Pol.OneRole && cost < len(people) {
		doubt, err := r.Grants.AskHolders(ctx, roles)
		if err != nil {
			return err
		}
		if r.Grants.ByRole() {
			if doubt == "" {
				doubt, err = r.lacksHolders(ctx, roles)
			}
			r.noteHolders(views, roles, doubt)
			return err
		}
	}
	if err := r.Grants.Ask(ctx, people); err != nil {
		return err
	}
	doubt := ""
	if !r.Grants.ByPerson() {
		if doubt, err = r.Grants.List(ctx, people); err != nil {
			return err
		}
	}
	for _, v := range views {
		if err := r.noteRoles(ctx, v, doubt); err != nil {
			return err
		}
	}
	return nil
}

// callsByRole is about how many calls it takes to read who holds the roles.
func (r *holderReader) callsByRole(roles []plan.RoleID) (int, error) {
	calls := 0
	for _, id := range roles {
		holders, err := r.Snapshot.Holders(id)
		if err != nil {
			return 0, err
		}
		calls += 1 + len(holders)/recordsAPage
	}
	return calls, nil
}

// lacksOurs reads by their ids the grants of ours that an answer lacks. doubt says that one
// is there, so that the answer tells nothing.
func (r *holderReader) lacksOurs(ctx context.Context, missing []plan.Grant) (doubt string, err error) {
	err = r.Grants.Unread(ctx, r.grantReader.ConfirmGrants(ctx, missing, true), nil)
	return r.Grants.Doubt(), err
}

// lacksHolders is lacksOurs for the lists of who holds the roles.
func (r *holderReader) lacksHolders(ctx context.Context, roles []plan.RoleID) (doubt string, err error) {
	var missing []plan.Grant
	for _, id := range roles {
		named := map[plan.GrantID]bool{}
		for _, u := range r.Grants.With(id) {
			named[u.ID] = true
		}
		ours, err := r.Snapshot.GrantsWith(id)
		if err != nil {
			return "", err
		}
		for _, g := range ours {
			if g.Gone || named[g.ID] {
				continue
			}
			link, _, err := r.Snapshot.Link(g.Person)
			if err != nil {
				return "", err
			}
			if link.ElsewhereStatus == "" { // else the list may hide it with them
				missing = append(missing, g)
			}
		}
	}
	return r.lacksOurs(ctx, missing)
}

// noteHolders notes who of the people in question holds the roles; doubt is why others may.
func (r *holderReader) noteHolders(views []*plan.RoleView, roles []plan.RoleID, doubt string) {
	for _, v := range views {
		v.Doubt = plan.UnsureOf(doubt)
	}
	people := map[plan.EmployeeID]bool{}
	for _, v := range r.Roles.Views {
		people[v.Employee] = true
	}
	for _, id := range roles {
		for _, u := range r.Grants.With(id) {
			if people[u.Employee] {
				r.Current.Holds(u)
			}
		}
	}
}

// noteRoles notes what one person holds; doubt is why the list of all grants does not tell.
func (r *holderReader) noteRoles(ctx context.Context, v *plan.RoleView, doubt string) error {
	held, unsure, err := r.Grants.Of(ctx, v.Employee)
	if err != nil {
		return err
	}
	if unsure != "" {
		v.Doubt = plan.UnsureOf(cmp.Or(doubt, unsure))
		return nil
	}
	var missing []plan.Grant
	for _, h := range v.Have {
		if !h.Gone && !slices.ContainsFunc(held, func(u plan.UserRole) bool { return u.ID == h.ID }) {
			missing = append(missing, h.Grant)
		}
	}
	if doubt, err := r.lacksOurs(ctx, missing); err != nil || doubt != "" {
		v.Doubt = plan.UnsureOf(doubt)
		return err
	}
	v.Others = 0
	for _, u := range held {
		r.Current.Holds(u)
		ours := slices.ContainsFunc(v.Have, func(h plan.Holding) bool { return h.Grant.Role == u.Role })
		due := slices.ContainsFunc(v.Due, func(d plan.Due) bool { return d.Role.ID == u.Role }) ||
			len(v.Due) == 0 && v.Default != nil && v.Default.Role.ID == u.Role
		if !ours && !due {
			v.Others++
		}
	}
	r.noteOthers(v.User.ID, v.Others > 0)
	return nil
}

// noteOthers notes that somebody holds roles which others gave them, or none.
func (r *holderReader) noteOthers(id plan.PersonID, holds bool) {
	if r.Roles.Others == nil {
		r.Roles.Others = map[plan.PersonID]bool{}
	}
	r.Roles.Others[id] = holds
}

// lookUpOthers finds out what those hold who are to get the default role: who holds one of
// others' gets none. Of many, the whole list is read.
func (r *holderReader) lookUpOthers(ctx context.Context, views []*plan.RoleView) error {
	if r.Current.Holders == nil {
		r.Current.Holders = map[read.Holder][]plan.GrantID{}
	}
	var people []plan.EmployeeID
	for _, v := range views {
		if !r.Grants.Asked(v.Employee) {
			people = append(people, v.Employee)
		}
	}
	doubt, err := r.readRolesOf(ctx, people)
	if err != nil {
		return err
	}
	for _, v := range views {
		if err := r.noteRoles(ctx, v, doubt); err != nil {
			return err
		}
	}
	return nil
}

// readRolesOf asks for each employee's roles, or of many for the whole list. doubt is why
// that does not tell.
func (r *holderReader) readRolesOf(ctx context.Context, people []plan.EmployeeID) (doubt string, err error) {
	people = slices.DeleteFunc(people, r.Grants.Asked)
	if few := 1 + r.Meta.PortalEmployees/recordsAPage; len(people) <= max(few, read.SampleSize) {
		if err := r.Grants.Ask(ctx, people); err != nil || r.Grants.ByPerson() {
			return "", err
		}
	}
	return r.Grants.List(ctx, people)
}

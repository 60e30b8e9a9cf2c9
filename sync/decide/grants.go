package decide

import (
	"cmp"
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// adoptGrants takes over what is due and held already. With that the person's roles have
// changed: one that TrackTik refused to take as the last is no longer it.
func (r *GrantDecider) adoptGrants(v *plan.RoleView) {
	due := v.Due
	if len(due) == 0 && v.WantsDefault() && !r.Roles.Others[v.User.ID] {
		due = []plan.Due{*v.Default}
	}
	for _, d := range due {
		ids := r.Current.Holders[read.Holder{Role: d.Role.ID, Employee: v.Employee}]
		if len(ids) == 0 || d.Role.ID == 0 || v.Employee == 0 ||
			slices.ContainsFunc(v.Have, func(h plan.Holding) bool { return h.Role.ID == d.Role.ID }) {
			continue
		}
		g := plan.Grant{Role: d.Role.ID, Person: v.User.ID, ID: slices.Min(ids), Employee: v.Employee, Group: d.Role.Group,
			How: plan.HowAdopted, Since: r.AsOf, Run: r.ID}
		r.Roles.Adopted = append(r.Roles.Adopted, g)
		for i := range v.Have {
			if h := &v.Have[i]; h.Stuck {
				now := h.Grant
				now.Stuck = false
				r.Current.Correct(h.Grant, now)
				h.Grant = now
			}
		}
		v.Have = append(v.Have, plan.Holding{Grant: g, Role: d.Role})
	}
}

// takeBack revokes all grants of a role but the first one, which is the one on record
// from now on.
func (r *GrantDecider) takeBack(v *plan.RoleView, h *plan.Holding, ids []plan.GrantID) {
	why := cmp.Or(v.Shielded, r.Pol.NoRevoke())
	d := &r.Together
	for _, extra := range ids[1:] {
		a := plan.Action{Kind: plan.RevokeRole, User: v.User, Employee: v.Employee, Role: h.Role,
			Extra:  &plan.Extra{Evidence: plan.EvidenceFull, Grant: extra},
			Reason: fmt.Sprintf("granted twice: grant %d beside grant %d", extra, ids[0])}
		if why != "" {
			d.Held = append(d.Held, plan.Held{Action: a, Why: why})
			continue
		}
		d.Actions = append(d.Actions, a)
	}
	if why == "" && h.ID != ids[0] {
		now := h.Grant
		now.ID = ids[0]
		r.Current.Correct(h.Grant, now)
	}
}

// doubles takes back the later ones of several grants of one role, where all of them are
// ours: calls of ours were lost, and took effect after all. What somebody else granted is
// theirs.
func (r *GrantDecider) doubles() {
	for _, v := range r.Roles.Views {
		for _, h := range v.Have {
			key := read.Holder{Role: h.Grant.Role, Employee: v.Employee}
			ids := r.Current.Holders[key]
			if len(ids) > 1 && slices.Contains(ids, h.ID) && r.Roles.Sent[key] >= len(ids) {
				r.takeBack(v, &h, slices.Sorted(slices.Values(ids)))
			}
		}
	}
}

// dropGiven leaves out of those without a role whom the plan gives one, and who hold others'.
func (r *GrantDecider) dropGiven() {
	p := &r.Roles
	given := map[plan.PersonID]bool{}
	for _, id := range p.Roleless {
		given[id] = p.Others[id]
	}
	give := func(id plan.PersonID) {
		if _, roleless := given[id]; roleless {
			given[id] = true
		}
	}
	for i := range r.Together.Actions {
		if a := &r.Together.Actions[i]; a.Kind == plan.GrantRole {
			give(a.User.ID)
		}
	}
	for _, g := range p.Adopted {
		give(g.Person)
	}
	p.Roleless = slices.DeleteFunc(p.Roleless, func(id plan.PersonID) bool { return given[id] })
}

// TouchesRoles reports that a role which is in TrackTik already is given or taken.
func (r *GrantDecider) TouchesRoles() bool {
	return slices.ContainsFunc(r.Together.Actions, func(a plan.Action) bool { return a.Role != nil && a.Role.ID != 0 })
}

// SpareRoles holds what would give or take a role that the portal's roles show to be protected.
func (r *GrantDecider) SpareRoles() {
	known := map[*plan.RoleRef]string{} // actions are many, and roles few
	r.Together.SpareRoles(func(ref *plan.RoleRef) string {
		why, judged := known[ref]
		if !judged && ref.ID != 0 && !r.givesMapped(ref) {
			why = r.Pol.KeepsRole(r.Portal.Of(ref))
		}
		known[ref] = why
		return why
	})
}

// givesMapped reports a role that the configuration gives to its group, protected or not.
func (r *GrantDecider) givesMapped(ref *plan.RoleRef) bool {
	group := r.ByGroup[ref.Group]
	if group == nil {
		return false
	}
	by := group.Role != nil && group.Role.ID == ref.ID || group.Link != nil && group.Link.Role == ref.ID
	mapped := group.Link != nil && group.Link.How == plan.HowMapped || slices.ContainsFunc(r.Roles.OfGroups.Actions,
		func(a plan.Action) bool {
			return a.Kind == plan.LinkRole && a.Role.Group == ref.Group && a.Extras().Key == plan.HowMapped
		})
	return by && mapped
}

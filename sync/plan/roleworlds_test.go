package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// worldsTried is how many random worlds a property is tried on.
const worldsTried = 3000

// A roleWorld is a person's roles in disorder, with a configuration.
type roleWorld struct {
	view *plan.RoleView
	pol  *plan.Policy
}

// newRoleWorld makes up who is due and granted what, and what stands in the way.
func newRoleWorld(r *rand.Rand) roleWorld {
	pol := with(func(p *plan.Policy) {
		p.OneRole, p.GrantRoles, p.RevokeRoles = r.IntN(2) == 0, r.IntN(5) > 0, r.IntN(5) > 0
		p.NoRemovals, p.RepairDrift = r.IntN(8) == 0, r.IntN(3) > 0
	})
	v := roleView(nil, nil)
	for id := plan.RoleID(1); id < 6; id++ {
		group := plan.GroupID(fmt.Sprint("g", id))
		if r.IntN(3) == 0 {
			v.Due = append(v.Due, due(pick(r, id, id, 0, 2), group, r.IntN(3)))
		}
		if r.IntN(3) == 0 {
			h := have(id, group)
			switch r.IntN(8) {
			case 0, 1, 2, 3:
				lost(&h)
			case 4:
				unproven(&h)
			case 5:
				lost(&h)
				stuck(&h)
			case 6:
				lost(&h)
				leftWith(plan.HeldProtectedRole)(&h)
			}
			v.Have = append(v.Have, h)
		}
	}
	if r.IntN(2) == 0 {
		defaulted(v)
		if r.IntN(3) == 0 {
			v.Have = append(v.Have, byDefault(pick(r, plan.RoleID(9), 8)))
		}
	}
	v.Others, v.MayGrant = pick(r, -1, -1, 0, 1), r.IntN(6) > 0
	if r.IntN(5) == 0 {
		v.Lost = []plan.RoleID{plan.RoleID(1 + r.IntN(5))}
	}
	if r.IntN(8) == 0 {
		doubtful(v)
	}
	return roleWorld{v, pol}
}

func (w roleWorld) decide() plan.Decision { return plan.DecideRoles(w.view, w.pol) }

// other is the same world but for what is changed in copies of its view and policy.
func (w roleWorld) other(change func(*plan.RoleView, *plan.Policy)) plan.Decision {
	v, pol := *w.view, *w.pol
	v.Due, v.Have = slices.Clone(v.Due), slices.Clone(v.Have)
	change(&v, &pol)
	return plan.DecideRoles(&v, &pol)
}

func (w roleWorld) text() string {
	var b strings.Builder
	for _, d := range w.view.Due {
		fmt.Fprintf(&b, "due %s/%d at %d; ", d.Role.Group, d.Role.ID, d.Rank)
	}
	for _, h := range w.view.Have {
		fmt.Fprintf(&b, "has %s/%d lost %q by %q stays %q; ", h.Group, h.Grant.Role, h.Lost, h.Evidence, h.Stays)
	}
	return fmt.Sprintf("%sdefault %v, others %d, may %v, %+v", b.String(), w.view.Default, w.view.Others, w.view.MayGrant,
		*w.pol)
}

// done are the decision's actions of a kind, as sorted texts.
func done(d *plan.Decision, kind plan.Kind) []string {
	var list []string
	for i := range d.Actions {
		if d.Actions[i].Kind == kind {
			list = append(list, actionText(&d.Actions[i]))
		}
	}
	slices.Sort(list)
	return list
}

// within reports that every one of part is in whole.
func within(part, whole []string) bool {
	return !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(whole, s) })
}

// TestNoWorldOfRolesBreaksARule tries rules that hold whatever is due, held and configured.
func TestNoWorldOfRolesBreaksARule(t *testing.T) {
	r := random(t)
	for range worldsTried {
		w := newRoleWorld(r)
		d := w.decide()
		grants, revokes := done(&d, plan.GrantRole), done(&d, plan.RevokeRole)
		for rule, broken := range map[string]bool{
			"a role is granted twice":                     len(slices.Compact(slices.Clone(grants))) != len(grants),
			"a role is revoked twice":                     len(slices.Compact(slices.Clone(revokes))) != len(revokes),
			"with one role a person, several are granted": w.pol.OneRole && len(grants) > 1,
			"with one role a person, one is added":        w.pol.OneRole && len(grants) > 0 && len(w.view.Have) != len(revokes),
			"grants are off, and one is made":             !w.pol.GrantRoles && len(grants) > 0,
			"revokes are off, and one is made":            !w.pol.RevokeRoles && len(revokes) > 0,
			"removals are off, and one is made":           w.pol.NoRemovals && len(revokes) > 0,
			"a person with a problem is granted a role":   !w.view.MayGrant && len(grants) > 0,
			"a role is granted in doubt":                  w.view.Doubt != "" && len(grants) > 0,
		} {
			if broken {
				t.Fatalf("%s: %s\nin %s", rule, outline(&d), w.text())
			}
		}
		for i := range d.Actions {
			if rule := w.breaks(&d.Actions[i], &d); rule != "" {
				t.Fatalf("%s: %s\nin %s", rule, outline(&d), w.text())
			}
		}
	}
}

// breaks says which rule an action breaks; empty: none.
func (w roleWorld) breaks(a *plan.Action, d *plan.Decision) string {
	given := func(role *plan.RoleRef) bool {
		return slices.ContainsFunc(w.view.Due, func(x plan.Due) bool { return x.Role == role }) ||
			w.view.Default != nil && role == w.view.Default.Role
	}
	at := slices.IndexFunc(w.view.Have, func(h plan.Holding) bool { return h.Role == a.Role })
	switch {
	case a.Kind == plan.GrantRole && !given(a.Role):
		return "a role is granted that is not due"
	case a.Kind == plan.GrantRole:
		return ""
	case at < 0:
		return "a role is revoked that we did not grant"
	}
	h := &w.view.Have[at]
	replaced := slices.ContainsFunc(d.Actions, func(g plan.Action) bool { return g.Kind == plan.GrantRole && g.Replaces })
	outranked := (w.pol.OneRole || h.IsDefault()) && len(w.view.Due) > 0 || h.IsDefault() && w.view.Default != nil
	switch {
	case h.Stays != "":
		return "a role that stays is revoked"
	case h.Lost == "" && !outranked:
		return "a role is revoked that nothing says is over"
	case h.Evidence == "" && !outranked:
		return "a role is revoked without evidence"
	case a.Replaces && !replaced:
		return "the old half of a pair goes without the new one"
	}
	return ""
}

// TestTheOrderOfWhatIsDueAndHeldDoesNotMatter to what is done and what is held.
func TestTheOrderOfWhatIsDueAndHeldDoesNotMatter(t *testing.T) {
	r := random(t)
	all := func(d *plan.Decision) []string {
		list := strings.Split(outline(&plan.Decision{Actions: d.Actions, Problems: d.Problems, Warnings: d.Warnings}), "; ")
		for i := range d.Held {
			list = append(list, "held "+actionText(&d.Held[i].Action))
		}
		return slices.Sorted(slices.Values(list))
	}
	for range worldsTried {
		w := newRoleWorld(r)
		w.view.Due = slices.DeleteFunc(w.view.Due, func(d plan.Due) bool { // which group names a shared role is free
			return slices.ContainsFunc(w.view.Due, func(o plan.Due) bool { return o.Role.ID == d.Role.ID && o.Role != d.Role })
		})
		d := w.decide()
		o := w.other(func(v *plan.RoleView, _ *plan.Policy) { v.Due, v.Have = shuffled(r, v.Due), shuffled(r, v.Have) })
		if !slices.Equal(all(&d), all(&o)) {
			t.Fatalf("one order: %v\nanother: %v\nin %s", all(&d), all(&o), w.text())
		}
	}
}

// TestLessIsAllowedAndNoMoreIsDone: a switch that goes off, a name that is protected and a
// doubt never add an action.
func TestLessIsAllowedAndNoMoreIsDone(t *testing.T) {
	r := random(t)
	for range worldsTried {
		w := newRoleWorld(r)
		d := w.decide()
		for name, less := range map[string]struct {
			change  func(*plan.RoleView, *plan.Policy)
			nothing bool
		}{
			"grants off":    {grantsOff, false},
			"revokes off":   {revokesOff, false},
			"no removals":   {removalsOff, false},
			"a doubt":       {cannotTell, false},
			"protected":     {shieldedBy(plan.HeldProtected), true},
			"restored":      {shieldedBy(plan.HeldRestored), true},
			"our own":       {ownIs7, true},
			"drift is left": {reportDrift, false},
		} {
			o := w.other(less.change)
			for _, kind := range []plan.Kind{plan.GrantRole, plan.RevokeRole} {
				if !within(done(&o, kind), done(&d, kind)) {
					t.Fatalf("%s: %s\nbefore: %s\nin %s", name, outline(&o), outline(&d), w.text())
				}
			}
			if less.nothing && len(o.Actions) > 0 {
				t.Fatalf("%s: %s", name, outline(&o))
			}
		}
	}
}

// TestWhatIsDoneIsNotDoneAgain: a run after a run has nothing to do for the same person.
func TestWhatIsDoneIsNotDoneAgain(t *testing.T) {
	r := random(t)
	for range worldsTried {
		w := newRoleWorld(r)
		for i, d := range w.view.Due { // roles that were to be made exist by then
			if d.Role.ID == 0 {
				w.view.Due[i] = due(plan.RoleID(20+i), d.Role.Group, d.Rank)
			}
		}
		d := w.decide()
		again := w.other(func(v *plan.RoleView, _ *plan.Policy) {
			for _, a := range d.Actions {
				if a.Kind == plan.RevokeRole {
					v.Have = slices.DeleteFunc(v.Have, func(h plan.Holding) bool { return h.Role == a.Role })
				} else {
					g := plan.Grant{Role: a.Role.ID, Employee: 7, Group: a.Role.Group}
					v.Have = append(v.Have, plan.Holding{Role: a.Role, Grant: g})
				}
			}
		})
		if len(again.Actions) > 0 {
			t.Fatalf("first %s\nthen %s\nin %s", outline(&d), outline(&again), w.text())
		}
	}
}

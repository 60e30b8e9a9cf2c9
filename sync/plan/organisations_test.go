package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tracktik-sync/sync/plan"
)

// Rules of whole plans: an organisation by chance, planned twice with one thing changed.

// touches are who is touched by actions of these kinds: "terminate 00u01".
func touches(p *planned, kinds ...plan.Kind) map[string]bool {
	found := map[string]bool{}
	for _, a := range p.actions {
		if slices.Contains(kinds, a.Kind) {
			found[fmt.Sprint(a.Kind, " ", a.User.ID)] = true
		}
	}
	return found
}

// between tries a rule about an organisation before and after something changes.
func between(t *testing.T, change func(*model, *rand.Rand), rule func(m *model, before, after *planned) string) {
	t.Helper()
	r := random(t)
	for round := range 150 {
		m := newModel(t, r)
		before := m.plan(r)
		change(m, r)
		after := m.plan(r)
		if broken := rule(m, &before, &after); broken != "" {
			t.Fatalf("round %d: %s\nbefore\n%s\nafter\n%s", round, broken, before.text(), after.text())
		}
	}
}

// added is what the second plan does of these kinds, and the first does not; empty: nothing.
func added(before, after *planned, kinds ...plan.Kind) string {
	was := touches(before, kinds...)
	for what := range touches(after, kinds...) {
		if !was[what] {
			return "it adds " + what
		}
	}
	return ""
}

// TestProtectingSomebodyEndsNobodyElse, and spares them.
func TestProtectingSomebodyEndsNobodyElse(t *testing.T) {
	between(t, func(m *model, r *rand.Rand) {
		p := pick(r, m.people...)
		m.pol.Protected = append(slices.Clone(m.pol.Protected), p.Login)
	}, func(m *model, before, after *planned) string {
		for _, a := range after.actions {
			if a.Kind.Removes() && plan.MatchAny(m.pol.Protected, a.User.Login) {
				return fmt.Sprintf("%s of %s, who is protected", a.Kind, a.User.ID)
			}
		}
		return added(before, after, plan.Terminate)
	})
}

// TestARunWithoutRemovalsRemovesNothing, and does nothing to anybody that it would not do
// otherwise.
func TestARunWithoutRemovalsRemovesNothing(t *testing.T) {
	between(t, func(m *model, _ *rand.Rand) { m.pol.NoRemovals = true }, func(_ *model, before, after *planned) string {
		for _, a := range after.actions {
			if a.Kind.Removes() && !a.Found {
				return fmt.Sprintf("%s of %s", a.Kind, a.User.ID)
			}
		}
		return added(before, after, plan.Create, plan.Reactivate, plan.Update, plan.Terminate)
	})
}

// TestASwitchThatIsOffWithholdsItsKindAndAddsNoOther.
func TestASwitchThatIsOffWithholdsItsKindAndAddsNoOther(t *testing.T) {
	for name, row := range map[string]struct {
		off   func(*plan.Policy)
		kinds []plan.Kind
	}{
		"create_users":     {func(p *plan.Policy) { p.CreateUsers = false }, []plan.Kind{plan.Create, plan.Reactivate}},
		"update_users":     {func(p *plan.Policy) { p.UpdateUsers = false }, []plan.Kind{plan.Update}},
		"deactivate_users": {func(p *plan.Policy) { p.DeactivateUsers = false }, []plan.Kind{plan.Terminate}},
	} {
		t.Run(name, func(t *testing.T) {
			between(t, func(m *model, _ *rand.Rand) { row.off(m.pol) }, func(_ *model, before, after *planned) string {
				for what := range touches(after, row.kinds...) {
					return "in spite of the switch: " + what
				}
				return added(before, after, plan.Create, plan.Reactivate, plan.Terminate, plan.Update)
			})
		})
	}
}

// TestSomebodyWhoComesTouchesNobodyElse: a new person, whose names nobody has or wants, changes
// nothing in the plan of the others.
func TestSomebodyWhoComesTouchesNobodyElse(t *testing.T) {
	between(t, func(m *model, _ *rand.Rand) {
		p := plan.Person{ID: "00uNEW", Login: "new@acme.example", Status: "ACTIVE", Readable: true,
			Assignment: assigned("ACTIVE")}
		m.people = append(m.people, p)
		m.wanted[p.ID] = plan.Values{plan.Username: "new", plan.Email: "new@acme.example", plan.FirstName: "Eve",
			plan.LastName: "New"}
	}, func(_ *model, before, after *planned) string {
		isNew := func(a plan.Action) bool { return a.User.ID == "00uNEW" }
		if i := slices.IndexFunc(after.actions, isNew); i < 0 || after.actions[i].Kind != plan.Create {
			return "the new person is not made"
		}
		after.actions = slices.DeleteFunc(after.actions, isNew)
		if before.text() != after.text() {
			return "the others have another plan"
		}
		return ""
	})
}

// TestOnlyWhoHasLeftEnds, and only with a record and a word on how it is known.
func TestOnlyWhoHasLeftEnds(t *testing.T) {
	between(t, func(m *model, r *rand.Rand) {
		m.people[r.IntN(len(m.people))].Status = "DEPROVISIONED"
	}, func(m *model, _, after *planned) string {
		for _, a := range after.actions {
			i := slices.IndexFunc(m.people, func(p plan.Person) bool { return p.ID == a.User.ID })
			if a.Kind != plan.Terminate {
				continue
			}
			link, verdict := m.links[a.User.ID], plan.Judge(&m.people[i], m.pol).Verdict
			if verdict != plan.Depart || link == nil || link.Employee != a.Employee || a.Extras().Evidence == "" {
				return fmt.Sprintf("%s ends, whose verdict is %s: %+v", a.User.ID, verdict, a)
			}
		}
		return ""
	})
}

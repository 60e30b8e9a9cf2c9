package plan_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// TestANameIsFreeBeforeItIsTaken: whoever waits for a name is updated after its owner,
// however long the chain is and whatever the ids are.
func TestANameIsFreeBeforeItIsTaken(t *testing.T) {
	after := map[plan.PersonID][]plan.PersonID{"00u1": {"00u9"}, "00u9": {"00u5", "00u7"}, "00u7": {"00u3"}}
	claims, owners := []plan.Claim{}, map[string][]plan.Owner{}
	for _, id := range []plan.PersonID{"00u1", "00u3", "00u5", "00u7", "00u9"} {
		claims = append(claims, plan.Claim{Person: id, User: plan.UserRef{ID: id}, Managed: true, Moves: true,
			Username: "new-" + string(id), Email: "mail-" + string(id)})
	}
	for taker, givers := range after {
		for i, giver := range givers {
			c := &claims[slices.IndexFunc(claims, func(c plan.Claim) bool { return c.Person == taker })]
			name := "old-" + string(giver)
			if i == 0 {
				c.Username = name
			} else {
				c.Email = name
			}
			owners[name] = []plan.Owner{{Person: giver}}
		}
	}
	names := plan.ResolveNames(claims, plan.Owners{Usernames: owners, Emails: owners})
	if len(names.Problems) > 0 {
		t.Fatalf("the chain has an end, and is a problem: %v", names.Problems)
	}
	for range 20 {
		actions := make([]plan.Action, len(claims))
		for i := range claims {
			actions[i] = plan.Action{Kind: plan.Update, User: claims[i].User}
		}
		rand.Shuffle(len(actions), func(i, j int) { actions[i], actions[j] = actions[j], actions[i] })
		plan.Order(actions, &names)
		at := map[plan.PersonID]int{}
		for i, a := range actions {
			at[a.User.ID] = i
		}
		for taker, givers := range after {
			for _, giver := range givers {
				if at[giver] > at[taker] || names.Level[giver] >= names.Level[taker] {
					t.Errorf("%s is updated at %d (level %d), before %s at %d (level %d) gives the name free", taker, at[taker], names.Level[taker], giver, at[giver], names.Level[giver])
				}
			}
		}
	}
}

// TestAPlanIsInTheOrderInWhichItIsCarriedOut: kinds as Kinds lists them, then people,
// roles and groups, and renames of roles as they were decided.
func TestAPlanIsInTheOrderInWhichItIsCarriedOut(t *testing.T) {
	role := func(id plan.RoleID, group plan.GroupID) *plan.RoleRef { return &plan.RoleRef{ID: id, Group: group} }
	want := []plan.Action{
		{Kind: plan.RenameRole, Role: role(9, "00g9")}, {Kind: plan.RenameRole, Role: role(2, "00g2")},
		{Kind: plan.CreateRole, Role: role(0, "00g1")}, {Kind: plan.CreateRole, Role: role(0, "00g3")},
		{Kind: plan.Create, User: plan.UserRef{ID: "00u1"}}, {Kind: plan.Create, User: plan.UserRef{ID: "00u2"}},
		{Kind: plan.GrantRole, User: plan.UserRef{ID: "00u1"}, Role: role(1, "00g1")},
		{Kind: plan.GrantRole, User: plan.UserRef{ID: "00u1"}, Role: role(2, "00g2")},
		{Kind: plan.GrantRole, User: plan.UserRef{ID: "00u2"}, Role: role(1, "00g1")},
	}
	slices.SortStableFunc(want, func(a, b plan.Action) int { return slices.Index(plan.Kinds, a.Kind) - slices.Index(plan.Kinds, b.Kind) })
	got := slices.Clone(want)
	rest := slices.DeleteFunc(slices.Clone(got), func(a plan.Action) bool { return a.Kind == plan.RenameRole })
	rand.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	got = append(rest, slices.DeleteFunc(got, func(a plan.Action) bool { return a.Kind != plan.RenameRole })...)
	plan.Order(got, &plan.Names{})
	if text(got) != text(want) {
		t.Errorf("the order is\n%s\nwant\n%s", text(got), text(want))
	}
}

func text(actions []plan.Action) string {
	var b strings.Builder
	for _, a := range actions {
		b.WriteString(string(a.Kind) + " " + string(a.User.ID))
		if a.Role != nil {
			b.WriteString(" " + string(a.Role.Group))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

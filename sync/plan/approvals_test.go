package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// approvedSet is what the first refusal of a plan asks to approve.
func approvedSet(t *testing.T, actions []plan.Action, in plan.GuardInput) []plan.ActionRef {
	t.Helper()
	c := plan.Check(actions, in)
	if c.Report.OK {
		t.Fatal("nothing is refused")
	}
	return c.Sets[c.Report.Refusals[0].Approve]
}

// managing is what the guards judge by, with the limits of the contract and so many managed
// people and grants.
func managing(n int, approved ...[]plan.ActionRef) plan.GuardInput {
	return plan.GuardInput{Limits: defaults(), Managed: n, Grants: n, Approved: approved, Command: "tracktik-sync sync"}
}

// others are the same actions about other people and employees.
func others(actions []plan.Action) []plan.Action {
	list := slices.Clone(actions)
	for i := range list {
		list[i].User.ID += "x"
		if list[i].Employee != 0 {
			list[i].Employee += 10_000
		}
	}
	return list
}

// TestAnApprovalIsForTheRefusedActions, never a raised limit: those of its set pass, and all
// others are judged by themselves under the usual limits.
func TestAnApprovalIsForTheRefusedActions(t *testing.T) {
	leavers := several(plan.Terminate, 60)
	set := approvedSet(t, leavers, managing(300))
	revokes := several(plan.RevokeRole, 60)
	for sentence, c := range map[string]struct {
		actions []plan.Action
		set     []plan.ActionRef
		want    string // refused
		pass    int    // let through by the approval
	}{
		"the set itself":                        {leavers, set, "", 60},
		"a part of it":                          {leavers[:55], set, "", 55},
		"what would have passed anyhow":         {leavers[:5], set, "", 5},
		"none of it":                            {others(leavers), set, "terminate 60/50, terminate 60/10", 0},
		"it and as many as the limits allow":    {slices.Concat(leavers, others(leavers[:30])), set, "", 60},
		"it and one more than the limits allow": {slices.Concat(leavers, others(leavers[:31])), set, "terminate 31/10", 60},
		"another kind is not approved with it": {slices.Concat(leavers, revokes), set,
			"revoke_role 60/50, revoke_role 60/10, revoke_role 60/10 role 1", 60},
		"the same people, another kind": {several(plan.RevokeRole, 60), set,
			"revoke_role 60/50, revoke_role 60/10, revoke_role 60/10 role 1", 0},
		"the same people, other employees": {several(plan.Terminate, 60,
			func(_ int, a *plan.Action) { a.Employee += 1000 }), set, "terminate 60/50, terminate 60/10", 0},
		"an empty approval": {leavers, nil, "terminate 60/50, terminate 60/10", 0},
		"what somebody else has done needs none": {several(plan.Terminate, 60,
			func(_ int, a *plan.Action) { a.Found = true }), set, "", 0},
		"a set that names one of them":             {leavers, set[:1], "terminate 59/50, terminate 59/10", 1},
		"a set of which too few are left over":     {leavers, set[:30], "", 30},
		"a set of which one too many is left":      {leavers, set[:29], "terminate 31/10", 29},
		"the order of the set does not matter":     {leavers, reversed(set), "", 60},
		"the order of the actions does not either": {reversed(leavers), set, "", 60},
	} {
		in := managing(300, c.set)
		in.RoleGrants = map[plan.RoleID]int{1: 300}
		got := plan.Check(c.actions, in)
		if refused(&got) != c.want || len(got.Exempt) != c.pass {
			t.Errorf("%s: refused %q, %d pass; want %q and %d", sentence, refused(&got), len(got.Exempt), c.want, c.pass)
		}
	}
}

// TestAnApprovalOfOneSetNeverPassesAnother, for any two parts of a plan: what waits is just
// what is neither approved nor within the limits.
func TestAnApprovalOfOneSetNeverPassesAnother(t *testing.T) {
	r := random(t)
	for range worldsTried / 10 {
		kind := pick(r, plan.Terminate, plan.RevokeRole, plan.Update, plan.Create, plan.GrantRole, plan.CreateRole)
		actions := several(kind, 12, func(i int, a *plan.Action) {
			if kind == plan.CreateRole {
				a.Role = role(0, plan.GroupID(fmt.Sprint("g", i)))
			}
		})
		in := plan.GuardInput{Limits: limits(kind, plan.Limit{MaxCount: 0, MaxPercent: -1, MaxPerDay: -1})}
		set := map[plan.ActionRef]bool{}
		for i := range actions {
			if r.IntN(2) == 0 {
				set[actions[i].Bound()] = true
			}
		}
		in.Approved = [][]plan.ActionRef{slices.Collect(maps.Keys(set))}
		got := plan.Check(actions, in)
		for i := range actions {
			a := &actions[i]
			if got.Waits(a) == set[a.Bound()] {
				t.Fatalf("%s number %d: approved %v, and waits: %v", kind, i, set[a.Bound()], got.Waits(a))
			}
			if got.Passes(a) != set[a.Bound()] {
				t.Fatalf("%s number %d: approved %v, and passes: %v", kind, i, set[a.Bound()], got.Passes(a))
			}
		}
		var rest []plan.ActionRef
		for _, rest = range got.Sets { // one, or none where all are approved
		}
		if len(rest) != len(actions)-len(set) || slices.ContainsFunc(rest,
			func(ref plan.ActionRef) bool { return set[ref] }) {
			t.Fatalf("%s: of %d with %d approved, %d are to be approved", kind, len(actions), len(set), len(rest))
		}
	}
}

// TestSeveralApprovalsHoldBesideOneAnother: a run goes on with all that were given.
func TestSeveralApprovalsHoldBesideOneAnother(t *testing.T) {
	actions := several(plan.Terminate, 60)
	set := approvedSet(t, actions, managing(300))
	for sentence, c := range map[string]struct {
		sets [][]plan.ActionRef
		want string
	}{
		"two halves":               {[][]plan.ActionRef{set[:30], set[30:]}, ""},
		"two that overlap":         {[][]plan.ActionRef{set[:40], set[20:]}, ""},
		"the same one twice":       {[][]plan.ActionRef{set[:20], set[:20]}, "terminate 40/10"},
		"one that names nobody":    {[][]plan.ActionRef{{}, set}, ""},
		"one of another time, too": {[][]plan.ActionRef{{{Kind: plan.Terminate, Person: "00uOLD", Employee: 1}}, set}, ""},
	} {
		if got := plan.Check(actions, managing(300, c.sets...)); refused(&got) != c.want {
			t.Errorf("%s: refused %q", sentence, refused(&got))
		}
	}
}

// TestWhileARefusalStopsEverythingOnlyTheApprovedPass: what is within its own limits is no
// approval, and what an approval lets past one guard may be held by another.
func TestWhileARefusalStopsEverythingOnlyTheApprovedPass(t *testing.T) {
	leavers, creates := several(plan.Terminate, 60), others(several(plan.Create, 201))
	set := approvedSet(t, leavers, managing(300))
	got := plan.Check(slices.Concat(leavers, creates), managing(300, set))
	if !got.Stops || !got.Passes(&leavers[3]) || got.Passes(&creates[3]) {
		t.Errorf("stops %v, the approved pass %v, the refused pass %v", got.Stops, got.Passes(&leavers[3]),
			got.Passes(&creates[3]))
	}
	small := several(plan.Update, 1)
	if got.Waits(&small[0]) || got.Passes(&small[0]) {
		t.Error("an update within its limits waits for its own guard, or has an approval")
	}
	// An update that is approved as an update, and that empties a value too much.
	clears := several(plan.Update, 80, emptied)
	set = approvedSet(t, clears, managing(300))
	updates := slices.DeleteFunc(slices.Clone(set), func(ref plan.ActionRef) bool { return ref.Kind == plan.Clear })
	if len(updates) != 80 || len(set) != 160 {
		t.Fatalf("the set names %d, %d of them updates", len(set), len(updates))
	}
	got = plan.Check(clears, managing(300, updates))
	if refused(&got) != "clear 80/50, clear 80/10" || !got.Waits(&clears[0]) || got.Passes(&clears[0]) {
		t.Errorf("approved as updates only: refused %q, waits %v, passes %v", refused(&got), got.Waits(&clears[0]),
			got.Passes(&clears[0]))
	}
	got = plan.Check(clears, managing(300, set))
	if !got.Report.OK || got.Waits(&clears[0]) || !got.Passes(&clears[0]) {
		t.Errorf("approved as both: refused %q", refused(&got))
	}
}

// TestOneHashNamesWhatOneRefusalHolds, whatever else is in the plan and in whatever order.
func TestOneHashNamesWhatOneRefusalHolds(t *testing.T) {
	r := random(t)
	leavers, creates := several(plan.Terminate, 51), several(plan.Create, 201)
	hashes := func(actions []plan.Action, in plan.GuardInput) string {
		c := plan.Check(actions, in)
		var list []string
		for _, refusal := range c.Report.Refusals {
			list = append(list, refusal.Approve)
		}
		return strings.Join(slices.Compact(list), " ")
	}
	base := hashes(leavers, managing(300))
	if len(base) != 12 {
		t.Fatalf("the hash is %q", base)
	}
	for sentence, got := range map[string]string{
		"in another order":               hashes(shuffled(r, leavers), managing(300)),
		"beside what is within limits":   hashes(append(several(plan.Update, 3), leavers...), managing(300)),
		"with fewer people managed":      hashes(leavers, managing(200)),
		"with another command":           hashes(leavers, plan.GuardInput{Limits: defaults(), Managed: 300, Command: "x"}),
		"beside those that are approved": hashes(append(others(leavers), leavers...), managing(300, refs(others(leavers)))),
	} {
		if got != base {
			t.Errorf("%s: the hash is %q, not %q", sentence, got, base)
		}
	}
	for sentence, got := range map[string]string{
		"one leaver less":          hashes(leavers[:50], managing(100)),
		"one leaver more":          hashes(several(plan.Terminate, 52), managing(300)),
		"others":                   hashes(others(leavers), managing(300)),
		"another kind refused too": hashes(append(creates, leavers...), managing(300)),
	} {
		if got == base || got == "" || strings.Contains(got, " ") {
			t.Errorf("%s: the hash is %q", sentence, got)
		}
	}
}

// refs are what an approval of the actions names.
func refs(actions []plan.Action) []plan.ActionRef {
	list := make([]plan.ActionRef, len(actions))
	for i := range actions {
		list[i] = actions[i].Bound()
	}
	return list
}

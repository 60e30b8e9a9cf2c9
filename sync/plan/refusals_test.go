package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// TestARefusalNamesCountLimitAndWayOut has a row for each kind of action and each bound, in
// the words of the message.
func TestARefusalNamesCountLimitAndWayOut(t *testing.T) {
	one := plan.Limit{MaxCount: 0, MaxPercent: 10, MinPopulation: 1, MaxPerDay: 3}
	words := map[plan.Kind][2]string{
		plan.RenameRole: {"renamed role", "renamed roles"}, plan.LinkRole: {"linked role", "linked roles"},
		plan.CreateRole: {"new role", "new roles"}, plan.Adopt: {"adoption", "adoptions"},
		plan.Terminate: {"termination", "terminations"}, plan.Update: {"update", "updates"},
		plan.Reactivate: {"reactivation", "reactivations"}, plan.Create: {"new employee", "new employees"},
		plan.GrantRole: {"granted role", "granted roles"}, plan.RevokeRole: {"revoked role", "revoked roles"},
		plan.Clear: {"employee losing a value", "employees losing a value"},
	}
	for _, kind := range everyGuard {
		for n, what := range map[int]string{1: words[kind][0], 2: words[kind][1]} {
			are := "are"
			if n == 1 {
				are = "is"
			}
			got := load{kind: kind, n: n, population: 8, today: 4, limit: one}.check()
			want := []string{
				fmt.Sprintf("%d %s, and guard.%s.max_count allows 0", n, what, kind),
				fmt.Sprintf("%d %s %s %s %% of 8, and guard.%s.max_percent allows 10 %%", n, what, are,
					strings.TrimSuffix(fmt.Sprintf("%.1f", 12.5*float64(n)), ".0"), kind),
				fmt.Sprintf("%d %s now and 4 in the last 24 hours, and guard.%s.max_per_day allows 3", n, what, kind),
			}
			if len(got.Report.Refusals) != len(want) {
				t.Fatalf("%d %s: refused %q", n, what, refused(&got))
			}
			for i, r := range got.Report.Refusals {
				if !strings.HasPrefix(r.Message, "guard refused: "+want[i]+";") {
					t.Errorf("it says %q, want %q", r.Message, want[i])
				}
				end := "; the names are in `tracktik-sync plan`; to let exactly these pass, once, within 24 hours: " +
					"tracktik-sync sync --approve " + r.Approve
				if !strings.HasSuffix(r.Message, end) || r.Kind != kind || r.Count != n {
					t.Errorf("%s %d: it says %q", r.Kind, r.Count, r.Message)
				}
			}
		}
	}
}

// TestARefusalSaysWhatGoesOn: a refused removal holds its kind, any other one stops
// everything, and so does on_refusal: stop.
func TestARefusalSaysWhatGoesOn(t *testing.T) {
	none := plan.Limit{MaxCount: 0, MaxPercent: -1, MaxPerDay: -1}
	for _, kind := range everyGuard {
		for _, stop := range []bool{false, true} {
			l := load{kind: kind, n: 2, limit: none}
			in := l.input()
			in.Limits.StopOnRefusal = stop
			got := plan.Check(l.actions(), in)
			stops := stop || kind != plan.Terminate && kind != plan.RevokeRole
			says := map[bool]string{true: "; nothing is done;", false: "; they wait, the rest goes on;"}[stops]
			if r := got.Report.Refusals[0]; got.Stops != stops || r.Stops != stops || !strings.Contains(r.Message, says) {
				t.Errorf("%s, stop %v: stops %v and %v: %s", kind, stop, got.Stops, r.Stops, r.Message)
			}
			in.Approved = [][]plan.ActionRef{{approvalOf(l.actions()[0], kind)}}
			got = plan.Check(l.actions(), in)
			says = map[bool]string{true: "; nothing else is done;", false: "; they wait, the rest goes on;"}[stops]
			r := got.Report.Refusals[0]
			if !strings.Contains(r.Message, says) || !strings.Contains(r.Message,
				"; 1 more is approved and passes;") || r.Count != 1 {
				t.Errorf("%s, stop %v, one is approved: %d: %s", kind, stop, r.Count, r.Message)
			}
		}
	}
	both := slices.Concat(several(plan.Create, 201), several(plan.Terminate, 51))
	got := plan.Check(both, managing(5000))
	if list := got.Report.Refusals; len(list) != 2 || !got.Stops || list[0].Kind != plan.Terminate || list[0].Stops {
		t.Errorf("two kinds: %+v", list)
	}
	slices.Reverse(both)
	if again := plan.Check(both, managing(5000)); again.Stops != got.Stops || refused(&again) != refused(&got) {
		t.Errorf("in another order: stops %v, %s", again.Stops, refused(&again))
	}
}

// approvalOf names the action as an approval of the kind's guard does.
func approvalOf(a plan.Action, kind plan.Kind) plan.ActionRef {
	if kind != plan.Clear {
		return a.Bound()
	}
	c := plan.Check([]plan.Action{a}, plan.GuardInput{Limits: limits(kind, plan.Limit{MaxPercent: -1, MaxPerDay: -1})})
	return c.Sets[c.Report.Refusals[0].Approve][0]
}

// TestARefusalNamesTheCauseThatMostShare, and only that of its own kind.
func TestARefusalNamesTheCauseThatMostShare(t *testing.T) {
	in := managing(5000)
	in.Cause = map[plan.Kind]string{plan.Terminate: "51 of 51: group 'Site Airport' no longer assigned to the app"}
	got := plan.Check(slices.Concat(several(plan.Terminate, 51), several(plan.RevokeRole, 51)), in)
	for _, r := range got.Report.Refusals {
		has := strings.Contains(r.Message, " (51 of 51: group 'Site Airport' no longer assigned to the app);")
		if has != (r.Kind == plan.Terminate) || strings.Contains(r.Message, "()") {
			t.Errorf("%s: %s", r.Kind, r.Message)
		}
	}
	in.Shown = "tracktik-sync restore last --dry-run"
	got = plan.Check(several(plan.Terminate, 51), in)
	if text := got.Report.Refusals[0].Message; !strings.Contains(text,
		"the names are in `tracktik-sync restore last --dry-run`;") {
		t.Errorf("it says %s", text)
	}
}

// TestTheCommandOfARefusalRepeatsItsOptions, and approves by the hash.
func TestTheCommandOfARefusalRepeatsItsOptions(t *testing.T) {
	for _, command := range []string{"tracktik-sync sync", "tracktik-sync sync --user ana --user bea",
		"tracktik-sync sync --refresh",
		"tracktik-sync sync --no-removals", "tracktik-sync retire 00uEVE"} {
		in := managing(5000)
		in.Command = command
		r := plan.Check(several(plan.Terminate, 51), in).Report.Refusals[0]
		if !strings.HasSuffix(r.Message, " within 24 hours: "+command+" --approve "+r.Approve) || len(r.Approve) != 12 {
			t.Errorf("it says %s", r.Message)
		}
	}
}

// TestARefusalNamesWhoIsApprovedWithOtherValues: the first five of them, and how many more.
func TestARefusalNamesWhoIsApprovedWithOtherValues(t *testing.T) {
	none := plan.Limit{MaxCount: 0, MaxPercent: -1, MaxPerDay: -1}
	set := func(value string) func(int, *plan.Action) {
		return func(_ int, a *plan.Action) { a.Changes = []plan.Change{{Field: plan.JobTitle, New: value}} }
	}
	for n, want := range map[int]string{
		1: "approved with other values: user 00u00000;",
		2: "approved with other values: user 00u00000, user 00u00001;",
		5: "user 00u00003, user 00u00004;",
		6: "user 00u00003, user 00u00004 and 1 more;",
		9: "user 00u00003, user 00u00004 and 4 more;",
	} {
		in := plan.GuardInput{Limits: limits(plan.Update, none),
			Approved: [][]plan.ActionRef{refs(several(plan.Update, n, set("Chief")))}}
		got := plan.Check(several(plan.Update, n, set("Boss")), in)
		if text := got.Report.Refusals[0].Message; !strings.Contains(text, want) {
			t.Errorf("%d of them: it says %s", n, text)
		}
	}
	beside := plan.GuardInput{Limits: limits(plan.Update, none),
		Approved: [][]plan.ActionRef{refs(several(plan.Update, 3, set("Boss")))}}
	got := plan.Check(several(plan.Update, 5, set("Boss")), beside)
	text := got.Report.Refusals[0].Message
	if strings.Contains(text, "other values") || !strings.Contains(text, "; 3 more are approved and pass;") {
		t.Errorf("two that nobody has approved: it says %s", text)
	}
	// Of a role, the group is named; of one person's role, both are.
	for kind, want := range map[plan.Kind]string{plan.CreateRole: "other values: group g1;",
		plan.RenameRole: "other values: group g1;"} {
		named := func(name string) []plan.Action {
			a := plan.Action{Kind: kind, Role: &plan.RoleRef{Name: name, Group: "g1"}}
			if kind == plan.RenameRole {
				a.Role.ID, a.Changes = 5, []plan.Change{{Field: plan.NumFields, Old: "Old", New: name}}
			}
			return []plan.Action{a}
		}
		in := plan.GuardInput{Limits: limits(kind, none), Approved: [][]plan.ActionRef{refs(named("Patrol"))}}
		got := plan.Check(named("Admins"), in)
		if text := got.Report.Refusals[0].Message; !strings.Contains(text, want) {
			t.Errorf("%s: it says %s", kind, text)
		}
	}
}

// TestWhatIsRefusedIsSaidALineEach, and nothing where nothing is.
func TestWhatIsRefusedIsSaidALineEach(t *testing.T) {
	got := plan.Check(several(plan.Terminate, 51), managing(100))
	lines := strings.Split(got.Report.Text(), "\n")
	if len(lines) != 2 || lines[0] != got.Report.Refusals[0].Message || lines[1] != got.Report.Refusals[1].Message {
		t.Errorf("it says %q", lines)
	}
	if text := (&plan.GuardReport{OK: true}).Text(); text != "" {
		t.Errorf("no refusal says %q", text)
	}
}

package plan_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

// variants calls try with every combination of one option of each list.
func variants[T any](lists [][]T, try func([]T)) {
	chosen := make([]T, len(lists))
	var next func(int)
	next = func(i int) {
		if i == len(lists) {
			try(chosen)
			return
		}
		for _, option := range lists[i] {
			chosen[i] = option
			next(i + 1)
		}
	}
	next(0)
}

// TestNoCombinationBreaksARule tries everything that may be said of one person with
// every switch, and asks of each decision what the contract promises of all of them.
func TestNoCombinationBreaksARule(t *testing.T) {
	type change = func(*plan.View, *plan.Policy)
	none := func(*plan.View, *plan.Policy) {}
	policy := func(f func(*plan.Policy)) change { return func(_ *plan.View, p *plan.Policy) { f(p) } }
	view := func(f func(*plan.View)) change { return func(v *plan.View, _ *plan.Policy) { f(v) } }
	assignedAs := func(status string) change { return view(func(v *plan.View) { v.Person.Assignment = assigned(status) }) }
	userAs := func(status string) change { return view(func(v *plan.View) { v.Person.Status = status }) }
	lists := [][]change{
		{none, view(func(v *plan.View) { v.Link = anaLink() }), view(func(v *plan.View) { v.Link = anaLink(); v.Link.Restored = true }), view(func(v *plan.View) { v.Former = &plan.Former{Link: *anaLink()} })},
		{none, userAs("SUSPENDED"), userAs("STAGED"), userAs("DEPROVISIONED"), userAs("ODD")},
		{none, assignedAs("REVOKED"), assignedAs("INACTIVE"), assignedAs("IMPORTED"), view(func(v *plan.View) { v.Person.Assignment = plan.Assignment{} })},
		{none, view(func(v *plan.View) { v.OutOfScope = true }), view(func(v *plan.View) { v.ScopeError = "x" })},
		{none, view(problem(plan.ProblemInvalidValue)), view(func(v *plan.View) { v.Mapped.Wanted.Values[plan.JobTitle] = "" })},
		{none, view(func(v *plan.View) { v.Employee = anaEmployee(); v.Employee.Values[plan.JobTitle] = "Cook" }), view(func(v *plan.View) { v.Employee = anaEmployee(); v.Employee.Status = "BANNED" }), view(func(v *plan.View) { v.Gone = true }),
			view(func(v *plan.View) { v.Matches = []plan.Match{by(plan.Email, employee(7))} })},
		{none, view(func(v *plan.View) { v.Evidence = "" }), view(func(v *plan.View) { v.Recreate = true })},
		{none, policy(func(p *plan.Policy) { p.Protected = []string{"ana@*"} }), policy(func(p *plan.Policy) { p.Own = 7 })},
		{none, policy(func(p *plan.Policy) { p.CreateUsers = false }), policy(func(p *plan.Policy) { p.UpdateUsers = false }), policy(func(p *plan.Policy) { p.DeactivateUsers = false }), policy(func(p *plan.Policy) { p.NoRemovals = true }),
			policy(func(p *plan.Policy) { p.Adopt = false }), policy(func(p *plan.Policy) {
				p.AdoptKeep, p.Reactivate, p.TerminateSuspended, p.TerminateOutOfScope = true, true, true, true
			}),
			policy(func(p *plan.Policy) { p.UnassignedGrace, p.RepairDrift = time.Hour, false })},
	}
	n := 0
	variants(lists, func(chosen []change) {
		build := func() (*plan.View, *plan.Policy) {
			pol := allowAll()
			v := &plan.View{Person: ana(), Mapped: plan.Mapped{Wanted: plan.Wanted{Values: anaValues()}}, Evidence: plan.EvidenceFull, Calendar: plan.Calendar{AsOf: now}}
			for _, c := range chosen {
				c(v, &pol)
			}
			v.Judgement = plan.Judge(v.Person, &pol)
			return v, &pol
		}
		v, pol := build()
		d := plan.Decide(v, pol)
		n++
		for _, broken := range brokenRules(v, pol, &d) {
			t.Errorf("%s: decided %q for %+v, user %q, assignment %+v, link %+v, policy %+v", broken, outline(&d), v.Judgement, v.Person.Status, v.Person.Assignment, v.Link, *pol)
		}
		if n%97 == 0 { // comparing whole views is slow
			untouched, _ := build()
			if diff := cmp.Diff(untouched, v); diff != "" {
				t.Errorf("a decision changed what it was made of:\n%s", diff)
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	})
	t.Logf("%d combinations", n)
}

// brokenRules are the promises that a decision does not keep.
func brokenRules(v *plan.View, pol *plan.Policy, d *plan.Decision) []string {
	var broken []string
	never := func(is bool, rule string) {
		if is {
			broken = append(broken, rule)
		}
	}
	does := func(kinds ...plan.Kind) bool {
		return slices.ContainsFunc(d.Actions, func(a plan.Action) bool { return slices.Contains(kinds, a.Kind) })
	}
	own := pol.Own != 0
	protected := len(pol.Protected) > 0
	verdict := v.Judgement.Verdict
	never(does(plan.Terminate) && v.Link == nil, "terminated who is not managed")
	never(does(plan.Terminate) && v.Evidence == "", "terminated without evidence")
	never(does(plan.Terminate) && (own || protected), "terminated the protected")
	never(does(plan.Terminate) && v.Link != nil && v.Link.Restored, "terminated the restored")
	never(does(plan.Terminate) && (!pol.DeactivateUsers || pol.NoRemovals), "terminated against a switch")
	never(does(plan.Terminate) && verdict != plan.Depart && !(verdict == plan.Provision && v.OutOfScope && pol.TerminateOutOfScope), "terminated who does not leave")
	never(does(plan.Terminate) && pol.UnassignedGrace > 0 && v.Judgement.Active && !v.OutOfScope, "terminated within the grace")
	never(len(d.Actions) > 0 && verdict != plan.Provision && verdict != plan.Depart, "acted on "+verdict.String())
	never(does(plan.Create, plan.Reactivate) && !pol.CreateUsers, "created against a switch")
	never(does(plan.Update) && !pol.UpdateUsers, "updated against a switch")
	never(does(plan.Adopt) && (!pol.Adopt || own || protected), "adopted who is not to be")
	never(does(plan.Adopt, plan.Update) && own, "touched our own employee")
	never(does(plan.Create, plan.Reactivate) && v.Link != nil && !v.Recreate, "made a second employee")
	never(does(plan.Create) && v.Employee != nil && v.Employee.Status == "BANNED" && v.Link != nil, "lifted a ban")
	never(does(plan.Create, plan.Reactivate, plan.Adopt, plan.Update) && (v.OutOfScope || v.ScopeError != ""), "acted on who is out of scope")
	never(does(plan.Create, plan.Reactivate, plan.Adopt, plan.Update) && len(v.Mapped.Problems) > 0, "wrote in spite of a problem")
	never(does(plan.Terminate) && len(d.Actions) > 1, "terminated and more")
	never(len(d.Actions) > 0 && v.Link == nil && verdict != plan.Provision, "acted on who is not managed")
	for _, h := range d.Held {
		never(h.Code() == "" || h.User.ID != v.Person.ID, "held without a code or a person")
	}
	for _, p := range d.Problems {
		never(p.Code == "" || p.Message == "", "a problem without words")
	}
	for i := range d.Actions {
		never(d.Actions[i].User.ID != v.Person.ID || d.Actions[i].Reason == "", "acted without a person or a reason")
	}
	if v.Link != nil && verdict == plan.Provision && !v.OutOfScope && v.ScopeError == "" && !own {
		never(d.Note == nil && v.Link.Restored, "did not notice that the restored are in scope")
	}
	return broken
}

// TestGroupsOfALargeOrganisation: two thousand groups and as many roles are decided, and
// none of them is anybody else's.
func TestGroupsOfALargeOrganisation(t *testing.T) {
	const n = 2000
	var views []plan.GroupView
	var roles []plan.Role
	for i := range n {
		id, name := plan.GroupID(fmt.Sprintf("00g%04d", i)), fmt.Sprint("Site ", i)
		roleID := plan.RoleID(i + 1)
		switch i % 4 {
		case 0: // linked, and renamed
			views = append(views, group(id, name+" anew", linked(roleID, name, plan.HowCreated)))
			roles = append(roles, staff(roleID, name))
		case 1: // there, and not linked
			views = append(views, group(id, name))
			roles = append(roles, staff(roleID, name))
		case 2: // mapped
			views = append(views, group(id, name, mappedTo(fmt.Sprint(roleID))))
			roles = append(roles, staff(roleID, "Mapped "+fmt.Sprint(i)))
		default:
			views = append(views, group(id, name))
		}
	}
	d := plan.DecideGroups(views, portal(roles...), acme, with(func(p *plan.Policy) { p.ProtectedRoles = []string{"*admin*", "x*", "y*"} }))
	count := map[plan.Kind]int{}
	for _, a := range d.Actions {
		count[a.Kind]++
	}
	want := map[plan.Kind]int{plan.RenameRole: n / 4, plan.LinkRole: n / 2, plan.CreateRole: n / 4}
	if diff := cmp.Diff(want, count); diff != "" || len(d.Held) > 0 || len(d.Roles) != n {
		t.Errorf("%d held, %d roles, kinds (-want +got):\n%s", len(d.Held), len(d.Roles), diff)
	}
	taken := map[plan.RoleID]plan.GroupID{}
	for id, ref := range d.Roles {
		if other := taken[ref.ID]; ref.ID != 0 && other != "" {
			t.Errorf("groups %s and %s have role %d", id, other, ref.ID)
		}
		taken[ref.ID] = id
	}
}

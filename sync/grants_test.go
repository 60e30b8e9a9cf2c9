package sync_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/compare"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// rules sets the portal's manners.
func (w *world) rules(set func(*tracktiktest.Rules)) {
	w.portal.Configure(func(s *tracktiktest.Server) { set(&s.Rules) })
}

func (w *world) wantGrants(n int) {
	w.Helper()
	if got := w.portal.Count("POST", "/user-roles"); got != n {
		w.Errorf("%d roles were granted, want %d", got, n)
	}
}

// grantOf is the id of the only grant of the role that the person's employee has.
func (w *world) grantOf(name, role string) int64 {
	w.Helper()
	var ids []int64
	for _, g := range w.portal.Grants() {
		if g.Employee == w.employee(name).ID && g.Role == w.roleID(role) {
			ids = append(ids, g.ID)
		}
	}
	if len(ids) != 1 {
		w.Fatalf("%s holds %s by the grants %v, want one", name, role, ids)
	}
	return ids[0]
}

// byHand grants a role as a dispatcher does, also a second time.
func (w *world) byHand(name, role string) int64 {
	w.Helper()
	return w.portal.SeedGrants(tracktiktest.Grant{Employee: w.employee(name).ID, Role: w.roleID(role)})[0]
}

func TestAnEmptyListOfGrantsGrantsNothingAgain(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(60)
	w.group("Site North", names...)
	w.group("Site South", "g003")
	w.run()
	w.rules(func(r *tracktiktest.Rules) { r.GrantsUnlisted = true })
	w.org.DeactivateUser(w.users["g001"])
	w.hire("new")
	w.group("Site North", "new")
	w.group("Site South", "g002")
	doc, err := w.sync(refreshed)
	if code := tsync.ExitCode(doc, err, "4"); code != tsync.ExitFailed || !strings.Contains(fmt.Sprint(err), "tracktik's list of user roles lacks grant") {
		t.Errorf("exit %d: %v, want 1 and the contradiction", code, err)
	}
	w.wantGrants(1) // of who is new, and can hold nothing
	w.wantRoles("new", "Site North")
	w.wantStatus(tracktiktest.Terminated, "g001") // needs no list of grants
	w.wantHeld(doc, plan.HeldUnconfirmed, "g002")
	w.rules(func(r *tracktiktest.Rules) { r.GrantsUnlisted = false })
	w.wantDone(w.run(), "grant_role 1")
	w.wantRoles("g002", "Site North, Site South")
	w.wantNoDoubles()
	w.wantDone(w.runWith(refreshed), "")
}

func TestARoleGivenByADispatcherIsAdoptedAndNotDoubled(t *testing.T) {
	for name, opt := range map[string]tsync.RunOptions{"by a run": refreshedNot, "by a refresh": refreshed, "for one person": {Users: []string{mail("ada")}}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *tracktiktest.Rules) { r.GrantsRepeat = true })
			w.hire("ada", "bob")
			w.group("Site North", "ada")
			w.group("Site South", "bob")
			w.run()
			theirs := w.byHand("ada", "Site South")
			w.group("Site South", "ada")
			w.wantDone(w.runWith(opt), "")
			w.wantGrants(0)
			if got := w.grantOf("ada", "Site South"); got != theirs {
				t.Errorf("the grant is %d, want the dispatcher's %d", got, theirs)
			}
			w.wantDone(w.runWith(refreshed), "")
			w.leave("Site South", "ada")
			w.wantDone(w.run(), "revoke_role 1") // what was adopted is taken back as well
			w.wantRoles("ada", "Site North")
		})
	}
}

// One read a person and run, and none for who is created.
func TestALookBeforeAGrantCostsOneReadAPerson(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "bob")
	w.group("Site West", "bob")
	w.run()
	w.group("Site South", "ada")
	w.group("Site West", "ada")
	w.hire("eve")
	w.group("Site South", "eve")
	w.wantDone(w.run(), "create 1, grant_role 3")
	if n := w.portal.Count("GET", "/user-roles"); n != 1 {
		t.Errorf("%d reads of grants, want ada's alone", n)
	}
	names := w.crowd(40)
	w.run()
	w.group("Site South", names...)
	w.wantDone(w.run(), "grant_role 40")
	if n := w.portal.Count("GET", "/user-roles"); n > 4 { // the role's holders; our own employee's, and one role of theirs
		t.Errorf("%d reads of grants for 40 people and one role", n)
	}
}

func TestADispatchersDoubleStaysWhateverItsNumber(t *testing.T) {
	for name, number := range map[string]int64{"lower than ours": 100, "higher": 900} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.portal.SeedGrants(tracktiktest.Grant{ID: 500, Employee: tracktiktest.IntegrationEmployee, Role: tracktiktest.GuardRole})
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.group("Site South", "ada")
			w.run()
			ours := w.grantOf("ada", "Site North")
			w.portal.SeedGrants(tracktiktest.Grant{ID: number, Employee: w.employee("ada").ID, Role: w.roleID("Site North")})
			w.wantDone(w.runWith(refreshed), "")
			w.wantDone(w.runWith(refreshed), "")
			w.leave("Site North", "ada")
			w.wantDone(w.run(), "revoke_role 1")
			if got := w.grantOf("ada", "Site North"); got != number {
				t.Errorf("grant %d is left, want the dispatcher's %d and not ours, %d", got, number, ours)
			}
		})
	}
}

// A call that takes effect after it was given up, in a portal that refuses no second
// grant, leaves two of ours.
func TestASecondGrantOfOursIsTakenBack(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *tracktiktest.Rules) { r.GrantsRepeat = true })
	w.hire("ada", "bob")
	w.group("Site North", "bob")
	w.group("Site South", "ada")
	w.run()
	w.group("Site North", "ada")
	var late tracktiktest.Late
	match := writes["grant"]
	match.Times = 1
	w.inPortal(tracktiktest.When(match, late.Cut(http.StatusGatewayTimeout)))
	w.run()
	w.inPortal(nil)
	w.wantDone(w.run(), "grant_role 1") // a quarter of an hour later it had not happened
	first := w.grantOf("ada", "Site North")
	if late.TakeEffect() != 1 {
		t.Fatal("nothing was cut")
	}
	w.wantDone(w.runWith(refreshed), "revoke_role 1")
	if got := w.grantOf("ada", "Site North"); got != first {
		t.Errorf("grant %d stayed, want the earlier one, %d", got, first)
	}
	w.wantDone(w.runWith(refreshed), "")
}

// The user ids of grants are not the employees' there.
func TestNobodyIsAdoptedWhereGrantsCannotBeLookedUp(t *testing.T) {
	for name, set := range map[string]func(*tracktiktest.Rules){
		"user ids of their own": func(r *tracktiktest.Rules) { r.UserIDOffset, r.GrantsTakeEmployees = 5000, true },
		"nothing is listed":     func(r *tracktiktest.Rules) { r.GrantsUnlisted = true },
	} {
		for _, many := range []bool{false, true} { // by person, or by role
			t.Run(name+map[bool]string{true: ", many"}[many], func(t *testing.T) {
				w := newWorld(t)
				w.hire("bob", "cid")
				w.run()
				w.rules(set)
				matches := []string{"ada"}
				if many {
					matches = append(matches, "a1", "a2", "a3")
				}
				for _, name := range matches {
					w.atPortal(name, func(e *tracktiktest.Employee) { e.JobTitle = "Chief" })
				}
				ada := w.employee("ada").ID
				_, err := w.portal.Grant(ada, tracktiktest.AdministratorRole)
				w.must(err)
				before := w.employee("ada")
				w.hire(matches...)
				w.hire("new")
				w.group("Site North", append(matches, "new")...)
				for _, name := range matches {
					w.org.UpdateUser(w.users[name], map[string]any{"title": "Guard"})
				}
				w.org.DeactivateUser(w.users["cid"])
				doc := w.run()
				for _, name := range matches {
					w.wantHeld(doc, plan.HeldUnconfirmed, name)
				}
				if got := w.employee("ada"); got.JobTitle != before.JobTitle || w.roles("ada") != "Administrator" {
					t.Errorf("ada is %+v, was %+v", got, before)
				}
				w.wantStatus(tracktiktest.Active, "new")
				w.wantRoles("new", "Site North")
				w.wantStatus(tracktiktest.Terminated, "cid")

				w.rules(func(r *tracktiktest.Rules) { *r = tracktiktest.Rules{} })
				doc = w.run()
				w.wantProblem(doc, plan.ProblemProtectedMatch, "ada")
				for _, name := range matches[1:] {
					w.wantRoles(name, "Site North")
				}
			})
		}
	}
}

// Where the portal filters grants neither by employee nor by role, the whole list is read:
// once a run, however many match.
func TestAdoptionsGoOnByTheWholeListOfGrants(t *testing.T) {
	for name, set := range map[string]func(*tracktiktest.Rules){
		"refused": func(r *tracktiktest.Rules) { r.RefusedFilters = []string{"user.id", "role.id"} },
		"ignored": func(r *tracktiktest.Rules) { r.IgnoredFilters = []string{"user.id", "role.id"} },
	} {
		for _, n := range []int{1, 8} { // by person, or by role
			t.Run(fmt.Sprintf("%s, %d", name, n), func(t *testing.T) {
				w := newWorld(t)
				w.hire("bob", "cid")
				w.run()
				w.rules(set)
				chief := w.atPortal("chief", nil)
				_, err := w.portal.Grant(chief, tracktiktest.AdministratorRole)
				w.must(err)
				for i := range n {
					w.atPortal(fmt.Sprintf("a%d", i), nil)
					w.hire(fmt.Sprintf("a%d", i))
				}
				w.hire("chief", "new")
				w.portal.ResetRequests()
				doc := w.run()
				w.wantDone(doc, fmt.Sprintf("adopt %d, create 1", n))
				w.wantProblem(doc, plan.ProblemProtectedMatch, "chief")
				if n := w.portal.Count("GET", "/user-roles"); n > 4 {
					t.Errorf("%d reads of grants", n)
				}
			})
		}
	}
}

// Somebody with all the names of a create whose answer was lost is not taken for ours
// while it cannot be told that they are no administrator.
func TestALostCreateTakesNobodyOverWhereGrantsCannotBeLookedUp(t *testing.T) {
	for name, set := range lyingGrants {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Match = []plan.Field{plan.CustomID}
			ada := w.atPortal("ada", nil)
			_, err := w.portal.Grant(ada, tracktiktest.AdministratorRole)
			w.must(err)
			w.rules(set)
			w.hire("ada")
			w.inPortal(tracktiktest.When(writes["create"], tracktiktest.LostReply))
			for range 2 {
				w.run()
			}
			if link, managed, err := w.db.LinkOfEmployee(plan.EmployeeID(ada)); managed || err != nil {
				t.Errorf("the administrator is %s's, %v", link.Login, err)
			}
		})
	}
}

func TestAnEmptyAnswerIsBelievedOnceOurOwnGrantsCameBack(t *testing.T) {
	w := newWorld(t)
	w.atPortal("ada", nil) // holds no role
	w.hire("ada")
	w.wantDone(w.run(), "adopt 1")
	if n := w.portal.Count("GET", "/user-roles"); n != 2 {
		t.Errorf("%d reads of grants, want ada's and our own employee's", n)
	}
}

// That nobody is shown costs no call a person.
func TestManyGrantsThatCannotBeLookedUpWaitAtAFewCalls(t *testing.T) {
	for name, set := range map[string]func(*tracktiktest.Rules){
		"user ids of their own": func(r *tracktiktest.Rules) { r.UserIDOffset = 5000 },
		"refused":               func(r *tracktiktest.Rules) { r.RefusedFilters = []string{"user.id", "role.id"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			names := w.crowd(40)
			w.hire("bob")
			w.group("Site North", "bob")
			w.run()
			w.rules(set)
			w.group("Site North", names...)
			w.run()
			if n := w.portal.Count("GET", "/user-roles"); n > 4 {
				t.Errorf("%d reads of grants", n)
			}
		})
	}
}

// Where grants cannot be looked up by employee, those who are managed are looked for in
// the whole list, and where that does not tell either, their grants wait.
func TestGrantsToManagedPeopleGoOnByTheWholeList(t *testing.T) {
	for name, c := range map[string]struct {
		set     func(*tracktiktest.Rules)
		believe bool
	}{
		"refused":               {func(r *tracktiktest.Rules) { r.RefusedFilters = []string{"user.id", "role.id"} }, true},
		"ignored":               {func(r *tracktiktest.Rules) { r.IgnoredFilters = []string{"user.id", "role.id"} }, true},
		"user ids of their own": {func(r *tracktiktest.Rules) { r.UserIDOffset, r.GrantsTakeEmployees = 5000, true }, false},
		"nothing is listed":     {func(r *tracktiktest.Rules) { r.GrantsUnlisted = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob", "cid")
			w.group("Site North", "bob")
			w.group("Site South", "bob")
			w.run()
			theirs := w.byHand("ada", "Site North")
			w.rules(func(r *tracktiktest.Rules) { c.set(r); r.GrantsRepeat = true })
			w.group("Site North", "ada")
			w.group("Site South", "cid")
			doc := w.run()
			want := map[bool]string{true: "Site South", false: ""}[c.believe]
			w.wantRoles("cid", want)
			if !c.believe {
				w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
				w.wantHeld(doc, plan.HeldUnconfirmed, "cid")
			}
			w.rules(func(r *tracktiktest.Rules) { *r = tracktiktest.Rules{GrantsRepeat: true} })
			w.run()
			w.wantRoles("cid", "Site South")
			if got := w.grantOf("ada", "Site North"); got != theirs {
				t.Errorf("ada's grant is %d, want the dispatcher's %d", got, theirs)
			}
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

func TestARefusedLastRoleIsTriedAgainWhenTheRolesChange(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world)
		opt    tsync.RunOptions
	}{
		"by hand, seen by a refresh":           {func(w *world) { w.byHand("ada", "Guard") }, refreshed},
		"by hand, seen for one person":         {func(w *world) { w.byHand("ada", "Guard") }, tsync.RunOptions{Users: []string{mail("ada")}, Refresh: refreshed.Refresh}},
		"by hand, by a role that is due later": {func(w *world) { w.byHand("ada", "Site South"); w.group("Site South", "ada") }, refreshedNot},
		"by a grant of an earlier run": {func(w *world) {
			w.group("Site South", "ada")
			w.wantHeld(w.runWith(tsync.RunOptions{NoRemovals: true}), plan.HeldSwitchedOff, "ada")
		}, refreshedNot},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.group("Site South", "bob")
			w.run()
			w.leave("Site North", "ada")
			w.wantHeld(w.run(), plan.HeldLastRole, "ada")
			w.wantHeld(w.runWith(refreshed), plan.HeldLastRole, "ada") // nothing has changed
			w.wantNoWrites()
			c.change(w)
			w.wantDone(w.runWith(c.opt), "revoke_role 1")
			w.wantDone(w.runWith(refreshed), "")
			if strings.Contains(w.roles("ada"), "Site North") {
				t.Errorf("ada holds %s", w.roles("ada"))
			}
		})
	}
}

func TestRevokesWithoutEffectEndAfterTheFirst(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *tracktiktest.Rules) { r.RevokeIneffective = true })
	w.hire("ada", "bob", "cid")
	w.group("Site North", "ada", "bob", "cid")
	w.group("Site South", "ada", "bob", "cid")
	w.run()
	w.leave("Site North", "ada", "bob", "cid")
	doc := w.run()
	if doc.Result.Done["revoke_role"] != 0 || doc.Result.Failed != 1 || w.portal.Count("DELETE", "/user-roles/*") != 1 {
		t.Errorf("%+v", doc.Result)
	}
	w.wantHeld(doc, plan.HeldPending, "bob")
	troubles, err := w.db.Troubles()
	w.must(err)
	if len(troubles) != 1 || troubles[0].Code != plan.ProblemNotEffective {
		t.Errorf("on record: %+v", troubles)
	}
	w.rules(func(r *tracktiktest.Rules) { r.RevokeIneffective = false })
	w.wantDone(w.run(), "revoke_role 3")
	for _, name := range []string{"ada", "bob", "cid"} {
		w.wantRoles(name, "Site South")
	}
}

func TestAGrantThatIsNotKeptIsRepairedOnce(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada")
	w.run()
	w.must(w.portal.Revoke(w.employee("ada").ID, w.roleID("Site North")))
	w.rules(func(r *tracktiktest.Rules) { r.GrantsVanish = true })
	w.wantDone(w.runWith(refreshed), "grant_role 1")
	for range 3 {
		doc := w.runWith(refreshed)
		w.wantProblem(doc, plan.ProblemValueNotKept, "ada")
		w.wantGrants(0)
		w.wantProblem(w.run(), plan.ProblemValueNotKept, "ada") // it is not forgotten between refreshes
		w.wantGrants(0)
	}
	w.rules(func(r *tracktiktest.Rules) { r.GrantsVanish = false })
	w.wantDone(w.runWith(tsync.RunOptions{Users: []string{mail("ada")}, Retry: []plan.PersonID{plan.PersonID(w.users["ada"])}}), "grant_role 1")
	w.wantDone(w.runWith(refreshed), "")
	w.wantRoles("ada", "Site North, Site South")
	if troubles, err := w.db.Troubles(); err != nil || len(troubles) > 0 {
		t.Errorf("on record: %+v, %v", troubles, err)
	}
	w.must(w.portal.Revoke(w.employee("ada").ID, w.roleID("Site North"))) // once more, and a refresh had seen it
	w.wantDone(w.runWith(refreshed), "grant_role 1")
}

func TestAGrantThatIsNotKeptEndsWithTheMembership(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada")
	w.run()
	w.must(w.portal.Revoke(w.employee("ada").ID, w.roleID("Site North")))
	w.rules(func(r *tracktiktest.Rules) { r.GrantsVanish = true })
	w.runWith(refreshed)
	w.wantProblem(w.runWith(refreshed), plan.ProblemValueNotKept, "ada")
	w.leave("Site North", "ada")
	w.wantDone(w.run(), "")
	if doc := w.run(); len(doc.Problems) > 0 {
		t.Errorf("the problem outlives its cause: %s", details(doc))
	}
	w.rules(func(r *tracktiktest.Rules) { r.GrantsVanish = false })
	w.group("Site North", "ada")
	w.wantDone(w.run(), "grant_role 1")
}

func TestAGrantTakenByHandIsReportedWhereConfigured(t *testing.T) {
	w := newWorld(t)
	w.policy.RepairDrift = false
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada")
	w.run()
	w.must(w.portal.Revoke(w.employee("ada").ID, w.roleID("Site North")))
	doc := w.runWith(refreshed)
	w.wantWarning(doc, plan.WarningDrift)
	w.wantNoWrites()
	w.run()
	w.wantNoWrites()
	w.must(w.portal.RenameRole(tracktiktest.GuardRole, "Guards"))
	w.byHand("ada", "Site North")
	w.wantDone(w.runWith(refreshed), "")
	w.leave("Site North", "ada")
	w.wantDone(w.run(), "revoke_role 1")
}

// Roles that survived a termination are not granted again because a list leaves them out.
func TestAComebackIsGrantedNothingTwice(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*tracktiktest.Rules)
		back func(w *world, run string)
	}{
		"reactivated": {func(*tracktiktest.Rules) {}, func(w *world, _ string) {
			w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
			w.run()
		}},
		"reactivated, nothing is listed": {func(r *tracktiktest.Rules) { r.GrantsUnlisted = true }, func(w *world, _ string) {
			w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
			_, _ = w.sync(refreshedNot)
		}},
		"restored, nothing is listed": {func(r *tracktiktest.Rules) { r.GrantsUnlisted = true }, func(w *world, run string) {
			w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
			_, _ = w.build().Restore(context.Background(), tsync.RestoreOptions{Run: run, Terminated: []tsync.Terminated{
				{User: plan.UserRef{ID: plan.PersonID(w.users["ada"])}, Employee: plan.EmployeeID(w.employee("ada").ID)}}})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Reactivate = true
			w.rules(func(r *tracktiktest.Rules) { r.GrantsRepeat = true })
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.group("Site South", "ada")
			w.run()
			w.org.UnassignUser(w.app, w.users["ada"])
			run := w.run().Run
			w.wantStatus(tracktiktest.Terminated, "ada")
			w.rules(c.set)
			w.portal.ResetRequests()
			c.back(w, run)
			w.wantGrants(0)
			w.rules(func(r *tracktiktest.Rules) { *r = tracktiktest.Rules{GrantsRepeat: true} })
			w.run()
			w.wantStatus(tracktiktest.Active, "ada")
			w.wantRoles("ada", "Site North, Site South")
			w.wantNoDoubles()
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

// A portal that hides a region hides its people's grants too, and that is no reason to
// forget that they are ours.
func TestGrantsOfPeopleOutOfSightAreNotForgotten(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"division": "North"})
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada")
	w.run()
	w.rules(func(r *tracktiktest.Rules) { r.HiddenRegions = []int64{2} })
	w.runWith(refreshed)
	w.wantNoWrites()
	w.leave("Site North", "ada")
	w.run()
	w.rules(func(r *tracktiktest.Rules) { r.HiddenRegions = nil })
	w.runWith(refreshed)
	w.run()
	w.wantRoles("ada", "Site South")
	w.wantDone(w.runWith(refreshed), "")
}

// What fails is the reading of grants: whoever needs none goes on.
func TestGrantsThatCannotBeReadStopNobodyElse(t *testing.T) {
	for name, fault := range map[string]tracktiktest.Interceptor{
		"500": tracktiktest.FailBefore, "403": tracktiktest.ScopeLost, "HTML": tracktiktest.LoginPage, "truncated": tracktiktest.Truncated,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob", "cid")
			w.group("Site North", "bob")
			w.run()
			w.group("Site North", "ada")
			w.org.DeactivateUser(w.users["cid"])
			w.hire("new")
			w.inPortal(tracktiktest.When(tracktiktest.Match{Method: http.MethodGet, Path: "/user-roles"}, fault))
			doc, err := w.sync(refreshedNot)
			if code := tsync.ExitCode(doc, err, "4"); code != tsync.ExitFailed || !strings.Contains(err.Error(), "tracktik") {
				t.Errorf("exit %d: %v", code, err)
			}
			w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
			w.wantStatus(tracktiktest.Terminated, "cid")
			w.wantStatus(tracktiktest.Active, "new")
			w.inPortal(nil)
			w.pass(time.Hour)
			w.wantDone(w.run(), "grant_role 1")
		})
	}
}

func TestACompareDoesNotBelieveAShortListOfGrants(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.group("Site North", "ada")
	w.run()
	w.rules(func(r *tracktiktest.Rules) { r.GrantsUnlisted = true })
	if _, err := w.build().Compare(context.Background(), compare.Observed{}); err == nil || !strings.Contains(err.Error(), "lacks grant") {
		t.Errorf("ended with %v, want the contradiction", err)
	}
	w.rules(func(r *tracktiktest.Rules) { r.GrantsUnlisted = false })
	w.must(w.portal.Revoke(w.employee("ada").ID, w.roleID("Site North")))
	if _, err := w.build().Compare(context.Background(), compare.Observed{}); err != nil {
		t.Errorf("a grant that is gone: %v", err)
	}
}

// Who ties two people together says so, and the whole list tells what the portal does not
// answer about one; an administrator is never taken over.
func TestALinkLooksInTheWholeListOfGrants(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(*tracktiktest.Rules)
		links bool
	}{
		"refused":               {func(r *tracktiktest.Rules) { r.RefusedFilters = []string{"user.id", "role.id"} }, true},
		"user ids of their own": {func(r *tracktiktest.Rules) { r.UserIDOffset = 5000 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "chief")
			pairs := strangers(w, []string{"ada", "chief"})
			_, err := w.portal.Grant(int64(pairs[1].Employee), tracktiktest.AdministratorRole)
			w.must(err)
			w.rules(c.set)
			linked, err := w.build().LinkPeople(context.Background(), pairs)
			w.must(err)
			if (linked[0].Err == nil) != c.links || linked[1].Err == nil {
				t.Errorf("ada: %v; chief: %v", linked[0].Err, linked[1].Err)
			}
			w.wantNoWrites()
		})
	}
}

// An answer about one person, or one role, that lacks grants of ours is no better than
// such a list.
func TestAnAnswerThatLacksOurGrantsGrantsNothing(t *testing.T) {
	for _, many := range []bool{false, true} {
		t.Run(map[bool]string{false: "by person", true: "by role"}[many], func(t *testing.T) {
			w := newWorld(t)
			names := []string{"ada"}
			if many {
				names = w.crowd(10)
			} else {
				w.hire("ada")
			}
			w.hire("bob")
			w.group("Site North", names...)
			w.group("Site West", append(names, "bob")...)
			w.group("Site South", "bob")
			w.run()
			for _, name := range names {
				w.byHand(name, "Site South")
			}
			w.group("Site South", names...)
			hidden := []string{"Site South", "Site West"}
			w.inPortal(tracktiktest.When(tracktiktest.Match{Method: http.MethodGet, Path: "/user-roles"}, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				q := r.URL.Query() // which leaves two roles out
				for _, role := range hidden {
					q.Add("role:not", fmt.Sprint(w.roleID(role)))
				}
				r = r.Clone(r.Context())
				r.URL.RawQuery = q.Encode()
				next.ServeHTTP(rw, r)
			}))
			doc, err := w.sync(refreshedNot)
			if err == nil || !strings.Contains(err.Error(), "lacks grant") {
				t.Errorf("ended with %v, want the contradiction", err)
			}
			for _, name := range names {
				w.wantHeld(doc, plan.HeldUnconfirmed, name)
			}
			w.wantNoWrites()
			w.inPortal(nil)
			w.wantDone(w.run(), "")
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

package sync_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

func TestMembershipsAreGrantedAndRevoked(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada")
	w.run()
	w.leave("Site North", "ada")
	w.group("Site South", "bob")
	w.wantDone(w.run(), "grant_role 1, revoke_role 1")
	w.wantRoles("ada", "Site South")
	w.wantRoles("bob", "Site North, Site South")
	w.wantDone(w.run(), "")
}

func TestARenamedGroupRenamesItsRole(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.group("Site North", "ada")
	w.run()
	w.org.RenameGroup(w.groups["Site North"], "Northern Gate") // no longer as the configuration has it: held by its id
	w.wantDone(w.run(), "rename_role 1")
	w.wantRoles("ada", "Northern Gate")
	w.wantDone(w.run(), "")
}

// The name of a role is free once it was given free, and not before.
func TestARoleWhoseNameWasNotGivenFreeIsNotMade(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada")
	w.run()
	w.org.RenameGroup(w.groups["Site North"], "Site South")
	first := w.groups["Site North"]
	delete(w.groups, "Site North")
	w.group("Site North", "bob")
	w.inPortal(tracktiktest.When(writes["rename role"], tracktiktest.Unreached))
	doc := w.run()
	if !slices.ContainsFunc(doc.Held, func(h plan.Held) bool { return h.Kind == plan.CreateRole && h.Code() == plan.HeldPending }) {
		t.Errorf("held: %s", details(doc))
	}
	if n := w.portal.Count("POST", "/roles"); n != 0 {
		t.Errorf("%d roles were made", n)
	}
	w.inPortal(nil)
	w.run()
	w.wantRoles("ada", "Site South")
	w.wantRoles("bob", "Site North")
	if link, found, err := w.db.Group(plan.GroupID(first)); err != nil || !found || link.RoleName != "Site South" {
		t.Errorf("the first group is %+v, %v", link, err)
	}
	w.wantDone(w.runWith(refreshed), "")
}

func TestARenameToANameThatIsTakenIsHeld(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Site West"})
	w.hire("ada")
	w.group("Site North", "ada")
	w.run()
	w.org.RenameGroup(w.groups["Site North"], "Site West")
	doc := w.run()
	if len(doc.Held) != 1 || doc.Held[0].Code() != plan.HeldRoleExists {
		t.Errorf("held: %s", details(doc))
	}
	w.wantRoles("ada", "Site North")
}

func TestAnExistingRoleOfTheNameIsLinkedAndItsHoldersAdopted(t *testing.T) {
	w := newWorld(t)
	role := w.portal.AddRole(tracktiktest.Role{Name: "site  NORTH"})
	ada := w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Email: mail("ada"), Username: mail("ada")})
	_, err := w.portal.Grant(ada, role)
	w.must(err)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	doc := w.run()
	w.wantDone(doc, "link_role 1, adopt 1, create 1, grant_role 1")
	if n := w.portal.Count("POST", "/user-roles"); n != 1 {
		t.Errorf("%d grants, want bob's alone: ada holds the role", n)
	}
	w.leave("Site North", "ada")
	w.group("Site South", "ada")
	w.wantDone(w.run(), "create_role 1, grant_role 1, revoke_role 1") // what was adopted is taken back as well
	w.wantRoles("ada", "Site South")
}

func TestUnpushedGroupsLeaveTheirRoles(t *testing.T) {
	for mode, unpush := range map[string]func(w *world){
		"listed, deleted":   func(w *world) { w.org.DeleteGroup(w.groups["Site North"]) },
		"listed, not named": func(w *world) { w.push.IDs = []string{w.groups["Site South"]}; w.push.Names = nil },
		"assigned, no more": func(w *world) { w.org.UnassignGroup(w.app, w.groups["Site North"]) },
		"mappings, deleted": func(w *world) { w.org.DeletePushMapping(w.groups["mapping"]) },
	} {
		for _, revoke := range []bool{false, true} {
			t.Run(mode+map[bool]string{true: ", revoke"}[revoke], func(t *testing.T) {
				w := newWorld(t)
				w.policy.RevokeUnpushed = revoke
				w.push.Push, _, _ = strings.Cut(mode, ",")
				w.hire("ada", "bob")
				w.group("Site North", "ada", "bob")
				w.group("Site South", "ada", "bob")
				for _, g := range []string{"Site South", "Site North"} {
					w.org.AssignGroup(w.app, w.groups[g], oktatest.GroupAssignment{})
					if w.push.Push == "mappings" {
						w.groups["mapping"] = w.org.AddPushMapping(w.app, w.groups[g])
					}
				}
				w.run()
				w.wantRoles("ada", "Site North, Site South")
				unpush(w)
				doc := w.run()
				w.wantWarning(doc, "group_unpushed")
				want, roles := "", "Site North, Site South"
				if revoke {
					want, roles = "revoke_role 2", "Site South"
				}
				w.wantDone(doc, want)
				w.wantRoles("ada", roles)
				w.wantRoles("bob", roles)
				if doc := w.run(); counts(doc) != "" || len(doc.Warnings) > 0 {
					t.Errorf("said again: %s\n%s", counts(doc), details(doc))
				}
			})
		}
	}
}

func TestAListingThatLacksAPushedGroupIsNotBelieved(t *testing.T) {
	for _, push := range []string{"listed", "assigned"} {
		t.Run(push, func(t *testing.T) {
			w := newWorld(t)
			w.push.Push = push
			w.policy.RevokeUnpushed = true
			w.hire("ada")
			w.group("Site North", "ada")
			w.org.AssignGroup(w.app, w.groups["Site North"], oktatest.GroupAssignment{})
			w.run()
			w.inOkta(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				if strings.HasSuffix(r.URL.Path, "/groups") {
					oktatest.EmptyList(rw, r, next)
					return
				}
				next.ServeHTTP(rw, r)
			})
			if _, err := w.sync(refreshedNot); err == nil || !strings.Contains(err.Error(), w.groups["Site North"]) {
				t.Errorf("ended with %v, want the group named that the listing lacks", err)
			}
			w.wantNoWrites()
		})
	}
}

func TestEmptiedPushMappingsChangeNothing(t *testing.T) {
	w := newWorld(t)
	w.push.Push = "mappings"
	w.policy.RevokeUnpushed = true
	w.hire("ada")
	w.group("Site North", "ada")
	w.org.AddPushMapping(w.app, w.groups["Site North"])
	w.run()
	for name, fault := range map[string]oktatest.Interceptor{"emptied": oktatest.EmptyList, "refused": oktatest.Forbidden} {
		w.inOkta(oktatest.On("/api/v1/apps/*/group-push/mappings", fault))
		doc := w.run()
		w.wantWarning(doc, "push_mappings")
		w.wantDone(doc, "")
		w.wantRoles("ada", "Site North")
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestAShortMemberListTakesNoRole(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.run()
	w.inOkta(oktatest.On("/api/v1/groups/*/users", oktatest.EmptyList))
	w.group("Site North", w.hired("cy"))
	if _, err := w.sync(refreshedNot); err == nil || !strings.Contains(err.Error(), "who is in it") {
		t.Errorf("ended with %v, want the contradiction", err)
	}
	w.wantNoWrites()
}

// hired is hire for one person, and their name.
func (w *world) hired(name string) string {
	w.hire(name)
	return name
}

func TestAMembershipThatCannotBeLookedUpIsHeld(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada", "bob")
	w.run()
	w.leave("Site North", "ada")
	w.inOkta(oktatest.On("/api/v1/users/*/groups", oktatest.ServerError))
	w.wantHeld(w.run(), plan.HeldUnconfirmed, "ada")
	w.wantRoles("ada", "Site North, Site South")
	w.inOkta(nil)
	w.wantDone(w.run(), "revoke_role 1") // it is not forgotten
}

func TestMappedRolesAreNeverRenamed(t *testing.T) {
	w := newWorld(t)
	role := w.portal.AddRole(tracktiktest.Role{Name: "Senior Admin"}) // protected, but named explicitly
	w.hire("ada")
	w.group("Site North", "ada")
	w.push.Roles = map[string]string{"Site North": "senior admin"}
	w.wantDone(w.run(), "link_role 1, create 1, grant_role 1")
	w.wantRoles("ada", "Senior Admin")
	w.push.Roles = map[string]string{w.groups["Site North"]: "Senior Admin"}
	w.org.RenameGroup(w.groups["Site North"], "Site Nord")
	w.wantDone(w.run(), "")
	w.must(w.portal.RenameRole(role, "Chief Admin"))
	w.push.Roles = map[string]string{w.groups["Site North"]: "Chief Admin"}
	w.wantDone(w.runWith(refreshed), "")
}

func TestProtectedRolesAreLeftOut(t *testing.T) {
	w := newWorld(t)
	w.push.Names = []string{"*"}
	w.hire("ada")
	w.group("Administrator", "ada")
	doc := w.run()
	w.wantDone(doc, "create 1")
	w.wantWarning(doc, plan.WarningProtectedRole)
	w.wantRoles("ada", "")
}

func TestOneRoleAPersonIsReplacedAsAPair(t *testing.T) {
	w := newWorld(t)
	w.policy.OneRole = true
	w.policy.Order = []string{"Site Chief", "Site North"}
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site Alpha", "ada") // not in the order: last
	w.wantDone(w.run(), "create_role 2, create 2, grant_role 2")
	w.wantRoles("ada", "Site North")

	w.group("Site Chief", "ada")
	w.limits.Kinds[plan.RevokeRole] = plan.Limit{MaxCount: 0, MaxPercent: -1, MaxPerDay: -1} // a replacement is no removal
	w.wantDone(w.run(), "create_role 1, grant_role 1, revoke_role 1")
	w.wantRoles("ada", "Site Chief")
	order := w.portal.History()
	if last := order[len(order)-2:]; last[0].What != "granted" || last[1].What != "revoked" {
		t.Errorf("the last changes are %s and %s: the new role has to come first", last[0].What, last[1].What)
	}
	w.wantDone(w.run(), "")
}

func TestAWithheldGrantWithholdsTheRevokeOfItsPair(t *testing.T) {
	w := newWorld(t)
	w.policy.OneRole = true
	w.policy.Order = []string{"Site Chief", "Site North"}
	w.hire("ada")
	w.group("Site North", "ada")
	w.run()
	w.group("Site Chief", "ada")
	w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/user-roles"}, refuse))
	w.run()
	w.wantRoles("ada", "Site North")
	w.inPortal(nil)
	w.pass(2 * time.Hour)
	w.wantDone(w.run(), "grant_role 1, revoke_role 1")
	w.wantRoles("ada", "Site Chief")
}

// The second half of a pair may come long after the first: Okta is asked once more.
func TestTheSecondHalfOfAPairIsLookedUpOnceMore(t *testing.T) {
	for name, c := range map[string]struct {
		set    func(*world)
		change func(*world) // before the run
		undo   func(*world) // while the grant waits for its turn; nil: nothing is undone
	}{
		"in the group again, the default role": {
			func(w *world) { w.configure("guard") },
			func(w *world) { w.leave("Site North", "ada") }, func(w *world) { w.group("Site North", "ada") }},
		"in the group again, one role a person": {
			func(w *world) { w.policy.OneRole = true },
			func(w *world) { w.leave("Site North", "ada"); w.group("Site Chief", "ada") },
			func(w *world) { w.group("Site North", "ada") }},
		"in the first group no more": {
			func(w *world) { w.policy.OneRole, w.policy.Order = true, []string{"Site Chief", "Site North"} },
			func(w *world) { w.group("Site Chief", "ada") }, func(w *world) { w.leave("Site Chief", "ada") }},
		"in the first group still": {
			func(w *world) { w.policy.OneRole, w.policy.Order = true, []string{"Site Chief", "Site North"} },
			func(w *world) { w.group("Site Chief", "ada") }, nil},
		"left for good": {
			func(w *world) { w.configure("guard") },
			func(w *world) { w.leave("Site North", "ada") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newDefaultWorld(t)
			w.configure("")
			c.set(w)
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.group("Site Chief", "bob")
			w.run()
			c.change(w)
			grant := writes["grant"]
			grant.Times = 1
			w.inPortal(tracktiktest.When(grant, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				if c.undo != nil {
					c.undo(w)
				}
				tracktiktest.TooMany(64*time.Second)(rw, r, next)
			}))
			doc := w.runWith(refreshedNot)
			if c.undo == nil {
				w.wantDone(doc, "grant_role 1, revoke_role 1")
				return
			}
			w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
			w.inPortal(nil)
			w.run()
			w.wantRoles("ada", "Site North")
		})
	}
}

func TestWhoHoldsAForeignRoleGetsNoneWithOneRoleAPerson(t *testing.T) {
	w := newWorld(t)
	w.policy.OneRole = true
	ada := w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Email: mail("ada"), Username: mail("ada")})
	_, err := w.portal.Grant(ada, tracktiktest.GuardRole)
	w.must(err)
	w.hire("ada")
	w.group("Site North", "ada")
	w.wantHeld(w.run(), plan.HeldHasOtherRole, "ada")
	w.wantRoles("ada", "Guard")
}

func TestTheLastRoleIsHeldAndNotTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.run()
	w.leave("Site North", "ada")
	w.wantHeld(w.run(), plan.HeldLastRole, "ada")
	if n := w.portal.Count("DELETE", "/user-roles/*"); n != 1 {
		t.Errorf("%d revokes, want one", n)
	}
	w.wantHeld(w.run(), plan.HeldLastRole, "ada")
	w.wantNoWrites()
	w.group("Site South", "ada")
	w.wantDone(w.run(), "create_role 1, grant_role 1, revoke_role 1")
	w.wantRoles("ada", "Site South")
}

func TestNobodyLosesARoleForBeingOnHold(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada", "bob")
	w.run()
	w.org.SetUserStatus(w.users["ada"], oktatest.StatusSuspended)
	w.leave("Site North", "ada")
	w.wantHeld(w.run(), plan.HeldSuspended, "ada")
	w.wantNoWrites()
	w.org.SetUserStatus(w.users["ada"], oktatest.StatusActive)
	w.wantDone(w.run(), "revoke_role 1")
}

// A grant of ours that somebody has exchanged for one of their own is theirs, unless a refresh saw
// it while the role was due.
func TestAGrantThatWasMadeAgainByHandIsOursOnlyWhenItWasDue(t *testing.T) {
	for name, c := range map[string]struct {
		seen    bool
		options tsync.RunOptions
		done    string
		left    string
	}{
		"seen while it was due":       {true, refreshed, "revoke_role 1", "Guards"},
		"not seen":                    {false, refreshed, "", "Guards, Site North"},
		"not seen, without a refresh": {false, refreshedNot, "found", "Guards, Site North"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			names := w.crowd(12)
			w.group("Site North", names...)
			w.run()
			e, north := w.employee("g001").ID, w.roleID("Site North")
			other := w.portal.AddRole(tracktiktest.Role{Name: "Guards"})
			_, err := w.portal.Grant(e, other) // not the last one
			w.must(err)
			w.must(w.portal.Revoke(e, north))
			_, err = w.portal.Grant(e, north)
			w.must(err)
			if c.seen {
				w.wantDone(w.runWith(refreshed), "")
			}
			w.leave("Site North", "g001")
			if doc := w.runWith(c.options); c.done != "found" {
				w.wantDone(doc, c.done)
			}
			w.wantRoles("g001", c.left)
			grants, err := w.db.GrantsOf(plan.PersonID(w.users["g001"]))
			if w.must(err); len(grants) > 0 {
				t.Errorf("on record are still the grants %+v", grants)
			}
			w.wantDone(w.runWith(refreshed), "")
			w.wantRoles("g001", c.left)
		})
	}
}

// Two roles that were made for one group are told of by a refresh.
func TestARefreshTellsOfTwoRolesOfOneGroup(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.group("Site North", "ada")
	w.run()
	for _, r := range w.portal.Roles() {
		if r.Name == "Site North" {
			r.ID = 0
			w.portal.AddRole(r)
		}
	}
	w.wantWarning(w.runWith(refreshed), plan.WarningPossibleDouble)
}

package sync_test

import (
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// unpushings are what may have become of Site North since the last whole run, by the mode
// in which it is pushed.
var unpushings = map[string]map[string]func(w *world){
	"listed": {
		"deleted":   func(w *world) { w.org.DeleteGroup(w.groups["Site North"]) },
		"not named": func(w *world) { w.push.Names, w.push.IDs = nil, []string{w.groups["Site South"]} },
		"hidden":    func(w *world) { w.inOkta(oktatest.Narrowed(w.groups["Site North"])) },
	},
	"assigned": {
		"deleted":    func(w *world) { w.org.DeleteGroup(w.groups["Site North"]) },
		"unassigned": func(w *world) { w.org.UnassignGroup(w.app, w.groups["Site North"]) },
		"hidden":     func(w *world) { w.inOkta(oktatest.Narrowed(w.groups["Site North"])) },
	},
	"mappings": {
		"deleted":  func(w *world) { w.org.DeleteGroup(w.groups["Site North"]) },
		"unmapped": func(w *world) { w.org.DeletePushMapping(w.groups["mapping of Site North"]) },
		"hidden":   func(w *world) { w.inOkta(oktatest.Narrowed(w.groups["Site North"])) },
	},
}

// Before a whole run has found that a group is not pushed any more, looking at one person
// takes its role from nobody, and gives it to nobody.
func TestAGroupIsUnpushedByAWholeRunOnly(t *testing.T) {
	for mode, ways := range unpushings {
		for way, unpush := range ways {
			for how, look := range alone {
				t.Run(mode+", "+way+", "+how, func(t *testing.T) {
					w := newWorld(t)
					w.pushing(mode)
					w.hire("cid")
					w.run()
					w.group("Site North", "cid") // and no run knows it
					unpush(w)
					for _, name := range []string{"ada", "cid"} {
						before := w.roles(name)
						look(w, name)
						w.wantRoles(name, before)
					}
					w.wantRoles("bob", "Site North, Site South")
				})
			}
		}
	}
}

// What a whole run has found and could not carry out, a look at the person does.
func TestARevokeOfAnUnpushedGroupIsTriedAgainForOnePerson(t *testing.T) {
	for mode, ways := range unpushings {
		for way, unpush := range ways {
			if mode == "mappings" && way == "hidden" {
				continue // it is pushed still
			}
			t.Run(mode+", "+way, func(t *testing.T) {
				w := newWorld(t)
				w.pushing(mode)
				unpush(w)
				w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "DELETE"}, tracktiktest.FailBefore))
				w.run()
				w.wantRoles("ada", "Site North, Site South")
				w.inPortal(nil)
				w.wantDone(w.runWith(tsync.RunOptions{Users: []string{w.users["ada"]}}), "revoke_role 1")
				w.wantRoles("ada", "Site South")
				w.wantRoles("bob", "Site North, Site South")
			})
		}
	}
}

// Who left a group that is there loses its role at once, and nobody else does anything.
func TestWhoLeftAGroupLosesItsRoleByARunForThemAlone(t *testing.T) {
	for mode := range unpushings {
		t.Run(mode, func(t *testing.T) {
			w := newWorld(t)
			w.pushing(mode)
			w.leave("Site North", "ada", "bob")
			w.wantDone(w.runWith(tsync.RunOptions{Users: []string{mail("ada")}}), "revoke_role 1")
			w.wantRoles("ada", "Site South")
			w.wantRoles("bob", "Site North, Site South")
			w.wantDone(w.run(), "revoke_role 1")
		})
	}
}

// A group whose role is another one by now changes nothing for those who were not asked for.
func TestAnothersRolesAreLeftAloneByARunForOnePerson(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Patrol"})
	w.pushing("listed")
	w.leave("Site North", "bob")
	w.push.Roles = map[string]string{"Site North": "Patrol"}
	w.wantDone(w.runWith(tsync.RunOptions{Users: []string{mail("ada")}}), "link_role 1, grant_role 1")
	w.wantRoles("ada", "Patrol, Site North, Site South")
	w.wantRoles("bob", "Site North, Site South")
	w.wantDone(w.run(), "revoke_role 1")
	w.wantRoles("bob", "Site South")
}

// A group that is new, or new to the mode, gets its role by a run for one person too,
// also in the very first run.
func TestANewGroupGetsItsRoleByARunForOnePerson(t *testing.T) {
	for mode := range unpushings {
		for _, first := range []bool{true, false} {
			t.Run(mode+map[bool]string{true: ", in the first run"}[first], func(t *testing.T) {
				w := newWorld(t)
				w.push.Push = mode
				w.hire("ada")
				if !first {
					w.run()
				}
				w.group("Site North", "ada")
				w.org.AssignGroup(w.app, w.groups["Site North"], oktatest.GroupAssignment{})
				w.org.AddPushMapping(w.app, w.groups["Site North"])
				image := w.org.AddGroup(oktatest.Group{Name: "Site North", Type: oktatest.TypeAppGroup}) // of Okta's own Push Groups
				w.org.AddMembers(image, w.users["ada"])
				doc := w.runWith(tsync.RunOptions{Users: []string{mail("ada")}})
				if doc.Summary[string(plan.CreateRole)] != 1 {
					t.Errorf("planned %s\n%s", counts(doc), details(doc))
				}
				w.wantRoles("ada", "Site North")
				w.wantDone(w.run(), "")
				w.wantOneGroupARole()
			})
		}
	}
}

// In a run of several people, one of whom left a group that another one is in.
func TestWhoIsInAGroupThatAnotherOneLeftHasItsRole(t *testing.T) {
	w := newWorld(t)
	w.pushing("listed")
	w.hire("cid")
	w.leave("Site North", "ada")
	w.group("Site North", "cid")
	w.wantDone(w.runWith(tsync.RunOptions{Users: []string{w.users["ada"], w.users["cid"]}}), "create 1, grant_role 1, revoke_role 1")
	w.wantRoles("ada", "Site South")
	w.wantRoles("cid", "Site North")
}

// Whoever was deleted in Okta and made anew goes on as the same employee, also when a run
// is about one of the two ids.
func TestWhoWasMadeAnewIsNotEndedByARunForTheFormerID(t *testing.T) {
	for how, look := range alone {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.run()
			former := w.users["ada"]
			w.org.DeleteUser(former)
			w.hire("ada")
			w.users["former"] = former
			look(w, "former")
			w.wantStatus(tracktiktest.Active, "ada")
			if how != "plan --user" && how != "explain" {
				w.runWith(tsync.RunOptions{Users: []string{w.users["ada"]}}) // nor is a second one made
			}
			w.wantDone(w.run(), "adopt 1")
			w.wantStatus(tracktiktest.Active, "ada")
		})
	}
}

// Of two new people who want one name, none gets it, also when a run is about one of them.
func TestOneOfTwoWhoWantANameDoesNotGetItAlone(t *testing.T) {
	for what, prepare := range map[string]func(w *world){
		"both are new": func(*world) {},
		"an employee matches both": func(w *world) {
			w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Username: mail("ada"), Email: mail("double")})
			w.org.UpdateUser(w.users["double"], map[string]any{"email": mail("double")})
		},
		"both are managed": func(w *world) {
			w.org.UpdateUser(w.users["double"], map[string]any{"email": mail("double")})
			w.run()
			for _, name := range []string{"ada", "double"} {
				w.org.UpdateUser(w.users[name], map[string]any{"email": "both@acme.example"})
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "double", "bob")
			w.org.UpdateUser(w.users["double"], map[string]any{"email": mail("ada")})
			prepare(w)
			for range 2 {
				for _, name := range []string{"ada", "double"} {
					doc := w.runWith(tsync.RunOptions{Users: []string{w.users[name]}})
					if len(doc.Problems) != 1 || counts(doc) != "" {
						t.Errorf("%s alone: %s\n%s", name, counts(doc), details(doc))
					}
				}
				if doc := w.run(); len(doc.Problems) != 2 {
					t.Errorf("everybody: %s\n%s", counts(doc), details(doc))
				}
			}
		})
	}
}

func TestALeaverIsHeldWhileNobodyCanSayWhoHasTheirNames(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.org.DeactivateUser(w.users["ada"])
	w.inOkta(oktatest.On("/api/v1/users", oktatest.ServerError))
	opt := tsync.RunOptions{Users: []string{w.users["ada"]}}
	w.wantHeldOf(w.runWith(opt), plan.Terminate, plan.HeldUnconfirmed, "ada")
	w.wantStatus(tracktiktest.Active, "ada")
	w.inOkta(nil)
	w.wantDone(w.runWith(opt), "terminate 1")
}

// Two people whose names Okta's search does not tell to be the same, since they come from the
// assignment or an attribute, stay as the whole run left them.
func TestWhomTheWholeRunHeldAsOneOfTwoIsHeldAlone(t *testing.T) {
	same := map[string]func(w *world){
		"user name": func(w *world) {
			w.mapping = mapping.Config{Attributes: map[string]mapping.Attribute{plan.Username.String(): {Sources: []string{"assignment.userName"}}}}
			for _, name := range []string{"ada", "bob"} {
				w.org.UpdateAssignment(w.app, w.users[name], mail("shared"), nil)
			}
		},
		"custom id": func(w *world) { w.badge("ada", "B1"); w.badge("bob", "b1") },
	}
	runs := map[string]func(w *world, name string) tsync.RunOptions{
		"sync --user": func(w *world, name string) tsync.RunOptions { return tsync.RunOptions{Users: []string{w.users[name]}} },
		"retry": func(w *world, name string) tsync.RunOptions {
			return tsync.RunOptions{Users: []string{w.users[name]}, Retry: []plan.PersonID{plan.PersonID(w.users[name])}}
		},
	}
	for what, share := range same {
		for adopted, employee := range map[string]*tracktiktest.Employee{
			"made":    nil,
			"adopted": {FirstName: "Ada", LastName: "Guard", Username: mail("shared"), Email: "e@acme.example", CustomID: "B1"},
		} {
			for how, options := range runs {
				t.Run(what+", "+adopted+", "+how, func(t *testing.T) {
					w := newBadgeWorld(t)
					w.hire("ada", "bob", "eve")
					share(w)
					if employee != nil {
						w.portal.AddEmployee(*employee)
					}
					doc := w.run()
					if len(doc.Problems) != 2 {
						t.Fatalf("everybody: %s", details(doc))
					}
					for range 2 {
						for _, name := range []string{"ada", "bob"} {
							doc := w.runWith(options(w, name))
							w.wantProblem(doc, doc.Problems[0].Code, name)
							w.wantNoWrites()
						}
					}
					w.org.UnassignUser(w.app, w.users["ada"])
					if doc := w.runWith(options(w, "bob")); len(doc.Problems) != 0 || w.portal.Writes() == 0 {
						t.Errorf("bob is alone with the name: %s", details(doc))
					}
				})
			}
		}
	}
}

// So two whom one employee fits by different keys.
func TestAnEmployeeWhomTwoMatchIsNobodysAlone(t *testing.T) {
	w := newBadgeWorld(t)
	w.hire("ada", "bob")
	w.badge("ada", "B1")
	w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Username: mail("bob"), Email: "e@acme.example", CustomID: "B1"})
	doc := w.run()
	for _, name := range []string{"ada", "bob"} {
		w.wantProblem(doc, plan.ProblemAmbiguousMatch, name)
	}
	for range 2 {
		for _, name := range []string{"ada", "bob"} {
			w.wantProblem(w.runWith(tsync.RunOptions{Users: []string{w.users[name]}}), plan.ProblemAmbiguousMatch, name)
			w.wantNoWrites()
		}
	}
	w.org.DeactivateUser(w.users["bob"])
	w.wantDone(w.runWith(tsync.RunOptions{Users: []string{w.users["ada"]}}), "adopt 1, update 1")
}

// Who is brought back loses with it the roles of groups that they left meanwhile, in a run of
// their own as in one of everybody.
func TestWhoIsBroughtBackLosesTheRolesOfGroupsTheyLeft(t *testing.T) {
	for how, run := range map[string]func(w *world) *plan.Document{
		"everybody":  func(w *world) *plan.Document { return w.run() },
		"one person": func(w *world) *plan.Document { return w.runWith(tsync.RunOptions{Users: []string{w.users["ada"]}}) },
	} {
		for what, goes := range map[string]func(w *world){
			"left the group":      func(w *world) { w.leave("Site North", "ada") },
			"the group is gone":   func(w *world) { w.org.DeleteGroup(w.groups["Site North"]) },
			"is in another group": func(w *world) { w.leave("Site North", "ada"); w.group("Site South", "ada") },
		} {
			t.Run(how+", "+what, func(t *testing.T) {
				w := newWorld(t)
				w.policy.Reactivate, w.policy.RevokeUnpushed = true, true
				w.hire("ada", "bob")
				w.group("Site North", "ada", "bob")
				w.group("Site South", "bob")
				w.group("Site East", "ada") // the last role stays
				w.run()
				unassign(w, "ada")
				w.run()
				goes(w)
				w.run()
				assign(w, "ada")
				doc := run(w)
				want := "Site East"
				if what == "is in another group" {
					want = "Site East, Site South"
				}
				w.wantRoles("ada", want)
				if t.Failed() {
					t.Log(details(doc))
				}
			})
		}
	}
}

// So who was made anew in Okta, and is not put into the groups of before.
func TestWhoIsMadeAnewAloneLosesTheRolesOfGroupsTheyAreNotIn(t *testing.T) {
	for how, run := range map[string]func(w *world) *plan.Document{
		"everybody": func(w *world) *plan.Document { return w.run() },
		"the two": func(w *world) *plan.Document {
			return w.runWith(tsync.RunOptions{Users: []string{w.users["old"], w.users["ada"]}})
		},
		"events": func(w *world) *plan.Document { return w.polled() },
	} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.group("Site East", "ada", "bob")
			w.run()
			if how == "events" {
				_, err := w.poll() // begins to listen
				w.must(err)
			}
			w.users["old"] = w.users["ada"]
			w.org.DeactivateUser(w.users["ada"])
			w.org.DeleteUser(w.users["ada"])
			w.users["ada"] = w.org.AddUser(oktatest.User{Login: mail("ada"), FirstName: "Ada", LastName: "Guard"})
			w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
			w.group("Site East", "ada")
			w.pass(time.Minute)
			doc := run(w)
			w.wantRoles("ada", "Site East")
			if t.Failed() {
				t.Log(details(doc))
			}
		})
	}
}

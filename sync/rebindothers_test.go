package sync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/links"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// replacePortal puts another portal in the place of the world's: the same regions, roles and
// employees under the same ids, but for what change does to an employee. One whose status
// it takes away is not there.
func (w *world) replacePortal(change func(*tracktiktest.Employee)) {
	w.Helper()
	old := w.portal
	w.portal = tracktiktest.NewServer()
	w.Cleanup(w.portal.Close)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Now = w.now })
	for _, role := range old.Roles() {
		if _, found := roleByID(w.portal, role.ID); !found {
			w.portal.AddRole(role)
		}
	}
	for _, e := range old.Employees() {
		if e.ID == tracktiktest.IntegrationEmployee {
			continue
		}
		if change(&e); e.Status != "" {
			w.portal.AddEmployee(e)
		}
	}
}

func roleByID(portal *tracktiktest.Server, id int64) (tracktiktest.Role, bool) {
	for _, role := range portal.Roles() {
		if role.ID == id {
			return role, true
		}
	}
	return tracktiktest.Role{}, false
}

// becomesSomebodyElse makes the employee a stranger in the status that they have.
func becomesSomebodyElse(e *tracktiktest.Employee) {
	e.FirstName, e.LastName, e.Email = "Someone", "Different", "someone.different@other.example"
	if e.Username != "" {
		e.Username = e.Email
	}
}

// rebind binds the snapshot to the world as it is now, with the approval that it asks for.
func (w *world) rebind() *links.Rebinding {
	w.Helper()
	w.portal.ResetRequests()
	found, err := w.build().Rebind(context.Background(), nil)
	w.wantRefused(err, "rebind")
	if found, err = w.build().Rebind(context.Background(), []string{found.Hash}); err != nil {
		w.Fatal(err)
	}
	w.wantNoWrites()
	return found
}

// restorePlan is what a restore of that run would do.
func (w *world) restorePlan(run, name string, id int64) *plan.Document {
	w.Helper()
	doc, err := w.build().PlanRestore(context.Background(), tsync.RestoreOptions{Run: run, Terminated: []tsync.Terminated{
		{User: plan.UserRef{ID: plan.PersonID(w.users[name])}, Employee: plan.EmployeeID(id)}}})
	w.must(err)
	return doc
}

func TestAFormerEmployeeIsNotBroughtBackAsSomebodyElseOfAnotherPortal(t *testing.T) {
	for _, leaver := range []struct {
		name   string
		change func(*tracktiktest.Employee)
		back   bool // the employee is theirs there
	}{
		{"somebody else", becomesSomebodyElse, false},
		{"not there", func(e *tracktiktest.Employee) { e.Status = "" }, false},
		{"the same", func(*tracktiktest.Employee) {}, true},
	} {
		t.Run(leaver.name, func(t *testing.T) {
			w := newWorld(t)
			w.policy.Reactivate = true
			w.crowd(12)
			w.hire("zoe")
			w.run()
			zoe := w.employee("zoe")
			w.org.UnassignUser(w.app, w.users["zoe"])
			ended := w.run()
			w.wantStatus(tracktiktest.Terminated, "zoe")
			w.replacePortal(func(e *tracktiktest.Employee) {
				if e.ID == zoe.ID {
					leaver.change(e)
				}
			})
			w.portal.AddEmployee(tracktiktest.Employee{ID: 5000, Username: "boss", Email: "boss@other.example", FirstName: "The", LastName: "Boss"})
			before, _ := w.portal.Employee(zoe.ID)
			w.rebind()
			if doc := w.restorePlan(ended.ID, "zoe", zoe.ID); len(doc.Actions) > 0 != leaver.back {
				t.Errorf("a restore would do %q", counts(doc))
			}
			w.run()
			w.org.AssignUser(w.app, w.users["zoe"], oktatest.Assignment{})
			w.run()
			after, _ := w.portal.Employee(zoe.ID)
			if back := after.Status == tracktiktest.Active; back != leaver.back || !back && after.Email != before.Email {
				t.Errorf("employee %d was %s %s and is %s %s", zoe.ID, before.Email, before.Status, after.Email, after.Status)
			}
		})
	}
}

func TestARolesIDOfAnotherPortalIsNotRestored(t *testing.T) {
	w := newWorld(t)
	w.crowd(12)
	w.hire("zoe")
	w.group("Site North", "zoe")
	w.run()
	zoe, north := w.employee("zoe"), w.roleID("Site North")
	w.org.UnassignUser(w.app, w.users["zoe"])
	ended := w.run()
	w.replacePortal(func(*tracktiktest.Employee) {})
	w.must(w.portal.RenameRole(north, "Supervisors"))
	w.rebind()
	if doc := w.restorePlan(ended.ID, "zoe", zoe.ID); doc.Summary["reactivate"] != 1 || doc.Summary["grant_role"] != 0 {
		t.Errorf("a restore would do %q", counts(doc))
	}
}

func TestALeaverWithAnotherIDInTheOtherPortalIsStillTerminated(t *testing.T) {
	w := newWorld(t)
	w.crowd(12)
	w.hire("zoe")
	w.run()
	zoe := w.employee("zoe")
	w.org.UnassignUser(w.app, w.users["zoe"])
	w.replacePortal(func(e *tracktiktest.Employee) {
		if e.ID == zoe.ID {
			becomesSomebodyElse(e)
		}
	})
	theirs := w.portal.AddEmployee(tracktiktest.Employee{Username: zoe.Username, Email: zoe.Email, FirstName: zoe.FirstName, LastName: zoe.LastName})
	if found := w.rebind(); found.Hold != 12 || len(found.Moved) != 1 || len(found.Strangers) != 0 {
		t.Errorf("%d hold, %d moved, %d strangers", found.Hold, len(found.Moved), len(found.Strangers))
	}
	w.run()
	if e, _ := w.portal.Employee(theirs); e.Status != tracktiktest.Terminated {
		t.Errorf("the leaver is %s as employee %d", e.Status, theirs)
	}
	if e, _ := w.portal.Employee(zoe.ID); e.Status != tracktiktest.Active {
		t.Errorf("somebody else is %s", e.Status)
	}
}

func TestTwoWhoTradedIDsAreTheirOwnInTheOtherPortal(t *testing.T) {
	w := newWorld(t)
	w.crowd(20)
	w.run()
	a, b := w.employee("g001"), w.employee("g002")
	w.replacePortal(func(e *tracktiktest.Employee) {
		other := map[int64]tracktiktest.Employee{a.ID: b, b.ID: a}[e.ID]
		if other.ID != 0 {
			e.Username, e.Email, e.FirstName, e.LastName, e.CustomID = other.Username, other.Email, other.FirstName, other.LastName, other.CustomID
		}
	})
	w.rebind()
	w.wantDone(w.run(), "")
	for name, id := range map[string]int64{"g001": b.ID, "g002": a.ID} {
		if link, _, _ := w.db.Link(plan.PersonID(w.users[name])); int64(link.Employee) != id {
			t.Errorf("%s is tied to employee %d, want %d", name, link.Employee, id)
		}
	}
}

func TestNobodyWhoWasEndedByHandIsMadeAnewInTheOtherPortal(t *testing.T) {
	for _, status := range []string{tracktiktest.Banned, tracktiktest.Terminated} {
		t.Run(status, func(t *testing.T) {
			w := newWorld(t)
			w.crowd(12)
			w.hire("zoe")
			w.run()
			zoe := w.employee("zoe")
			if status == tracktiktest.Banned {
				w.must(w.portal.BanEmployee(zoe.ID))
			} else {
				w.must(w.portal.TerminateEmployee(zoe.ID))
			}
			w.runWith(refreshed)
			w.replacePortal(func(e *tracktiktest.Employee) {
				if e.ID == zoe.ID {
					e.Status = "" // only who is active was moved
				}
			})
			_, err := w.build().Rebind(context.Background(), nil)
			w.wantRefused(err, "rebind")
			if text := err.Error(); !strings.Contains(text, w.users["zoe"]) || !strings.Contains(text, "unlink") {
				t.Errorf("the refusal names neither them nor the way out: %s", text)
			}
		})
	}
}

func TestARegionsIDOfAnotherPortalIsNotTakenForOurs(t *testing.T) {
	w := newWorld(t)
	w.crowd(12)
	w.org.UpdateUser(w.users["g001"], map[string]any{"division": "North"})
	w.run()
	if e := w.employee("g001"); e.Region != 2 {
		t.Fatalf("g001 is in region %d, want North, which is 2", e.Region)
	}
	w.replacePortal(func(e *tracktiktest.Employee) { e.Region = 1 })
	w.must(w.portal.UpdateRegion(2, func(r *tracktiktest.Region) { r.Name = "East" }))
	north := w.portal.AddRegion(tracktiktest.Region{Name: "North", Parent: 1})
	for _, e := range w.portal.Employees() {
		if e.Email == mail("g001") {
			w.must(w.portal.MoveEmployee(e.ID, north))
		}
	}
	w.rebind()
	w.wantDone(w.run(), "")
	w.org.UpdateUser(w.users["g001"], map[string]any{"division": "East"})
	w.wantDone(w.run(), "update 1")
	if e := w.employee("g001"); e.Region != 2 {
		t.Errorf("g001 is in region %d, want East, which is 2 there", e.Region)
	}
}

func TestAGrantsIDOfAnotherPortalIsNotRevoked(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(12)
	w.group("Site North", names...)
	w.run()
	ours := map[int64]int64{} // the grant of each employee
	for _, g := range w.portal.Grants() {
		ours[g.Employee] = g.ID
	}
	first, second := w.employee("g001").ID, w.employee("g002").ID
	w.replacePortal(func(*tracktiktest.Employee) {})
	guard := w.portal.AddRole(tracktiktest.Role{Name: "Guards"})
	stranger := w.portal.AddEmployee(tracktiktest.Employee{Username: "boss", Email: "boss@other.example", FirstName: "The", LastName: "Boss"})
	w.portal.SeedGrants( // the ids that our grants had
		tracktiktest.Grant{ID: ours[first], Employee: stranger, Role: guard},
		tracktiktest.Grant{ID: ours[second], Employee: stranger, Role: w.roleID("Site North")})
	for _, name := range names {
		_, err := w.portal.Grant(w.employee(name).ID, w.roleID("Site North"))
		w.must(err)
		_, err = w.portal.Grant(w.employee(name).ID, guard) // not the last one
		w.must(err)
	}
	w.rebind()
	w.leave("Site North", "g001", "g002")
	w.wantDone(w.run(), "revoke_role 2")
	if held := w.portal.RolesOf(stranger); len(held) != 2 {
		t.Errorf("the stranger holds the roles %v, want both", held)
	}
	w.wantRoles("g001", "Guards")
	w.wantRoles("g003", "Guards, Site North")
}

// The former app may be gone, so that no run with it can settle anything.
func TestOpenWritesAreSettledAfterAnotherAppWasBound(t *testing.T) {
	w := newWorld(t)
	w.policy.Adopt = false // what is theirs is not found by its name
	names := w.crowd(12)
	w.run()
	w.hire("zoe")
	w.group("Site North", "zoe")
	var cut atomic.Bool // after the first write nothing is answered any more
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		switch {
		case strings.HasSuffix(r.URL.Path, "access_token"):
			next.ServeHTTP(rw, r)
		case cut.Load():
			tracktiktest.FailBefore(rw, r, next)
		case r.Method == http.MethodPost:
			cut.Store(true)
			tracktiktest.LostReply(rw, r, next)
		default:
			next.ServeHTTP(rw, r)
		}
	})
	_, _ = w.sync(tsync.RunOptions{}) // what it ends with is not the matter here
	w.inPortal(nil)
	if pending, err := w.db.Pending(); err != nil || len(pending) == 0 {
		t.Fatalf("nothing is open: %v", err)
	}
	w.app = w.org.AddApp(oktatest.App{Label: "TrackTik anew"})
	for _, name := range append(names, "zoe") {
		w.org.AssignUser(w.app, w.users[name], oktatest.Assignment{})
	}
	w.rebind()
	w.pass(time.Hour)
	w.run()
	w.pass(time.Hour)
	w.run()
	w.wantStatus(tracktiktest.Active, "zoe") // just one
	w.wantRoles("zoe", "Site North")
	if roles := w.rolesNamed("Site North"); roles != 1 {
		t.Errorf("%d roles were made", roles)
	}
}

func TestAShortListOfTheOtherPortalBindsNothing(t *testing.T) {
	w := newWorld(t)
	w.crowd(20)
	w.run()
	w.replacePortal(func(*tracktiktest.Employee) {})
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/employees") {
			next.ServeHTTP(rw, r)
			return
		}
		var list struct {
			Meta map[string]any    `json:"meta"`
			Data []json.RawMessage `json:"data"`
		}
		w.must(json.Unmarshal(answered(r, next).Body.Bytes(), &list))
		list.Data = slices.DeleteFunc(list.Data, func(e json.RawMessage) bool { return strings.Contains(string(e), mail("g003")) })
		list.Meta["count"], list.Meta["itemCount"] = len(list.Data), len(list.Data)
		body, err := json.Marshal(list)
		w.must(err)
		sendText(rw, string(body))
	})
	if _, err := w.build().Rebind(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "cannot be believed") {
		t.Errorf("ended with %v", err)
	}
}

func TestWhoComesBackInTheOtherPortalLosesTheRolesTheyAreNotDue(t *testing.T) {
	w := newWorld(t)
	w.policy.Reactivate = true
	names := w.crowd(12)
	w.hire("zoe")
	w.group("Site North", append(names, "zoe")...)
	w.group("Site South", "zoe")
	w.run()
	zoe, north, south := w.employee("zoe").ID, w.roleID("Site North"), w.roleID("Site South")
	w.org.UnassignUser(w.app, w.users["zoe"])
	w.leave("Site North", "zoe")
	w.run()
	w.replacePortal(func(*tracktiktest.Employee) {})
	for _, name := range names {
		_, err := w.portal.Grant(w.employee(name).ID, north)
		w.must(err)
	}
	for _, role := range []int64{north, south} {
		_, err := w.portal.Grant(zoe, role)
		w.must(err)
	}
	w.rebind()
	w.wantDone(w.run(), "")
	w.org.AssignUser(w.app, w.users["zoe"], oktatest.Assignment{})
	w.wantDone(w.run(), "reactivate 1, revoke_role 1")
	w.wantRoles("zoe", "Site South")
}

func TestAGrantsIDOfAnotherPortalIsNotReadAsOurs(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(12)
	w.group("Site North", names...)
	w.run()
	north := w.roleID("Site North")
	w.replacePortal(func(*tracktiktest.Employee) {})
	var others []tracktiktest.Grant
	for _, g := range w.engineGrants() { // each id is somebody else's grant of the same role
		stranger := w.portal.AddEmployee(tracktiktest.Employee{Username: fmt.Sprint("s", g.ID), Email: fmt.Sprintf("s%d@other.example", g.ID), FirstName: "Some", LastName: fmt.Sprint("Body", g.ID)})
		others = append(others, tracktiktest.Grant{ID: int64(g.ID), Employee: stranger, Role: north})
	}
	w.portal.SeedGrants(others...)
	w.rebind()
	w.wantDone(w.run(), "grant_role 12")
	w.wantDone(w.runWith(refreshed), "")
	for _, g := range others {
		if held := w.portal.RolesOf(g.Employee); len(held) != 1 {
			t.Errorf("a stranger holds %v", held)
		}
	}
	w.wantRoles("g001", "Site North")
}

// engineGrants are the grants on record.
func (w *world) engineGrants() []plan.Grant {
	w.Helper()
	var all []plan.Grant
	for g, err := range w.db.Grants() {
		w.must(err)
		all = append(all, g)
	}
	return all
}

// That a role is gone in another portal says nothing about what that portal keeps.
func TestARoleThatTheOtherPortalLacksIsGrantedThere(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(12)
	w.group("Site North", names...)
	w.run()
	for range 3 {
		north := w.roleID("Site North")
		w.replacePortal(func(*tracktiktest.Employee) {})
		for _, name := range names[1:] {
			_, err := w.portal.Grant(w.employee(name).ID, north)
			w.must(err)
		}
		w.rebind()
		w.wantDone(w.run(), "grant_role 1")
		w.wantRoles("g001", "Site North")
	}
}

package sync_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// newDefaultWorld is a world in which "Guard" is the default role.
func newDefaultWorld(t *testing.T) *world {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Guard"})
	w.configure("guard")
	return w
}

// configure changes sync.roles.default, as a changed file does.
func (w *world) configure(role string) {
	w.policy.DefaultRole = role
	w.change = func(e *tsync.Engine) { e.ReadFingerprint = "default " + role }
}

func (w *world) wantNoRole(doc *plan.Document, text string) {
	w.Helper()
	if got := strings.Join(warned(doc, plan.WarningNoRole), "\n"); text == "" && got != "" || !strings.Contains(got, text) {
		w.Errorf("no_role: %q, want %q", got, text)
	}
}

func TestPeopleWithoutARoleAreCountedAndNamed(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "cy")
	w.group("Site North", "ada")
	for _, name := range []string{"cy", "dee"} { // a dispatcher gave cy a role
		id := w.portal.AddEmployee(tracktiktest.Employee{FirstName: title(name), LastName: "Guard", Email: mail(name), Username: mail(name)})
		if name == "cy" {
			_, err := w.portal.Grant(id, w.portal.AddRole(tracktiktest.Role{Name: "Dispatcher"}))
			w.must(err)
		}
	}
	w.hire("dee")
	w.wantNoRole(w.run(), "2 people hold no role, as far as is known, and TrackTik shows them nothing: bob@acme.example, dee@acme.example;")
	w.wantNoRole(w.run(), "2 people")
	w.wantNoRole(w.runWith(refreshed), "2 people")
	w.wantNoRole(w.runWith(tsync.RunOptions{Users: []string{w.users["bob"]}}), "1 person holds no role, as far as is known, and TrackTik shows them nothing: bob@")
	if meta, err := w.db.Meta(); err != nil || meta.Roleless == nil || *meta.Roleless != 2 {
		t.Errorf("remembered %v, %v", meta.Roleless, err)
	}
	_, err := w.portal.Grant(w.employee("dee").ID, w.roleID("Dispatcher")) // by hand: seen when TrackTik is read
	w.must(err)
	w.wantNoRole(w.runWith(refreshed), "1 person holds no role, as far as is known, and TrackTik shows them nothing: bob@")
	w.wantNoRole(w.run(), "1 person")
	w.group("Site North", "bob")
	w.wantNoRole(w.run(), "")
}

// So where this program gives no roles at all, be it by accident or on purpose: what others
// have given counts, once a refresh has seen it. Where that may not be read, new people only.
func TestPeopleWithoutARoleAreNamedWhereNoGroupsArePushed(t *testing.T) {
	for name, rules := range map[string]tsync.GroupRules{"none": {Push: "none"}, "no names": {Push: "listed"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.push = rules
			w.hire("ada", "bob", "cy")
			w.wantNoRole(w.run(), "3 people hold no role")
			guard := w.portal.AddRole(tracktiktest.Role{Name: "Guard"})
			for _, name := range []string{"ada", "bob"} {
				_, err := w.portal.Grant(w.employee(name).ID, guard)
				w.must(err)
			}
			w.wantNoRole(w.runWith(refreshed), "1 person holds no role, as far as is known, and TrackTik shows them nothing: cy@acme.example;")
			w.hire("dee")
			w.wantNoRole(w.run(), "2 people hold no role")
			if meta, err := w.db.Meta(); err != nil || meta.Roleless == nil || *meta.Roleless != 2 {
				t.Errorf("remembered %v, %v", meta.Roleless, err)
			}
		})
	}
}

func TestTheDefaultRoleIsForThoseWhomNoGroupGivesOne(t *testing.T) {
	w := newDefaultWorld(t)
	w.hire("ada", "bob", "cy", "dee")
	w.group("Site North", "ada")
	id := w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Cy", LastName: "Guard", Email: mail("cy"), Username: mail("cy")})
	_, err := w.portal.Grant(id, w.portal.AddRole(tracktiktest.Role{Name: "Dispatcher"}))
	w.must(err)
	w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Dee", LastName: "Guard", Email: mail("dee"), Username: mail("dee")})
	doc := w.run()
	w.wantNoRole(doc, "")
	for name, want := range map[string]string{"ada": "Site North", "bob": "Guard", "cy": "Dispatcher", "dee": "Guard"} {
		w.wantRoles(name, want)
	}
	w.wantDone(w.run(), "")
	if n := len(w.portal.Requests()); n != 0 {
		t.Errorf("a run without changes made %d requests to the portal", n)
	}
	w.wantDone(w.runWith(refreshed), "")
}

func TestAGroupsRoleTakesTheDefaultsPlaceAndGivesItBack(t *testing.T) {
	w := newDefaultWorld(t)
	w.limits.Kinds[plan.RevokeRole] = plan.Limit{} // no revoke may pass: a pair is none
	w.hire("ada", "bob")
	w.group("Site North", "bob")
	w.run()
	w.group("Site North", "ada")
	doc := w.run()
	w.wantDone(doc, "grant_role 1, revoke_role 1")
	if doc.Actions[0].Kind != plan.GrantRole || !doc.Actions[0].Replaces || !doc.Actions[1].Replaces {
		t.Errorf("no pair: %+v", doc.Actions)
	}
	w.wantRoles("ada", "Site North")
	w.leave("Site North", "ada", "bob")
	w.wantDone(w.run(), "grant_role 2, revoke_role 2")
	w.wantRoles("ada", "Guard")
	w.wantRoles("bob", "Guard")
	w.wantDone(w.run(), "")
}

func TestOfAPairWithTheDefaultRoleBothHalvesWait(t *testing.T) {
	w := newDefaultWorld(t)
	w.hire("ada")
	w.group("Site North")
	w.run()
	w.group("Site North", "ada")
	w.policy.RevokeRoles = false
	doc := w.run()
	w.wantHeld(doc, plan.HeldSwitchedOff, "ada")
	w.wantRoles("ada", "Guard")
	w.policy.RevokeRoles = true
	w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/user-roles"}, tracktiktest.FailBefore))
	w.run()
	w.wantRoles("ada", "Guard") // the grant failed, and so the revoke waits
	w.inPortal(nil)
	w.run()
	w.wantRoles("ada", "Site North")
}

func TestAChangedDefaultRoleIsSwappedAndAnEmptiedOneStays(t *testing.T) {
	w := newDefaultWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Walker"})
	w.hire("ada")
	w.run()
	w.configure("Walker")
	w.wantDone(w.run(), "grant_role 1, revoke_role 1")
	w.wantRoles("ada", "Walker")
	w.configure("")
	w.hire("bob")
	doc := w.run()
	w.wantRoles("ada", "Walker")
	w.wantRoles("bob", "")
	w.wantNoRole(doc, "bob@")
}

func TestADefaultRoleThatIsNotThereIsAProblemAndStopsNothing(t *testing.T) {
	w := newWorld(t)
	w.configure("Nobody's")
	w.hire("ada", "bob")
	w.group("Site North", "ada")
	doc := w.run()
	if len(doc.Problems) != 1 || doc.Problems[0].Code != plan.ProblemMissingRequired || !strings.Contains(doc.Problems[0].Message, "sync.roles.default") {
		t.Errorf("problems: %s", details(doc))
	}
	w.wantStatus(tracktiktest.Active, "ada", "bob")
	w.wantRoles("ada", "Site North")
	w.wantRoles("bob", "")
	w.wantNoRole(doc, "bob@")
}

// That a role is protected may be seen in the portal only: by its id, or by its portal.
func TestAProtectedDefaultRoleIsRefusedBeforeAnyWrite(t *testing.T) {
	for name, key := range map[string]func(client, admin int64) string{
		"client":       func(int64, int64) string { return "Visitor" },
		"client by id": func(client, _ int64) string { return strconv.FormatInt(client, 10) },
		"protected":    func(int64, int64) string { return "Site Admin" },
		"by id":        func(_, admin int64) string { return strconv.FormatInt(admin, 10) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.configure(key(w.portal.AddRole(tracktiktest.Role{Name: "Visitor", Portal: "CLIENT"}), w.portal.AddRole(tracktiktest.Role{Name: "Site Admin"})))
			w.hire("ada")
			w.group("Site North", "ada")
			doc, err := w.sync(refreshedNot)
			var wrong *tsync.ConfigError
			if !errors.As(err, &wrong) || tsync.ExitCode(doc, err, "4") != tsync.ExitUsage || !strings.Contains(err.Error(), "sync.roles.default") {
				t.Errorf("the run ended with %v", err)
			}
			w.wantNoWrites()
		})
	}
}

func TestWhoLosesARoleOfOthersGetsTheDefaultWithARefresh(t *testing.T) {
	w := newDefaultWorld(t)
	w.hire("ada")
	id := w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Ada", LastName: "Guard", Email: mail("ada"), Username: mail("ada")})
	_, err := w.portal.Grant(id, w.portal.AddRole(tracktiktest.Role{Name: "Dispatcher"}))
	w.must(err)
	w.run()
	w.wantRoles("ada", "Dispatcher")
	w.must(w.portal.Revoke(id, w.roleID("Dispatcher")))
	w.wantDone(w.run(), "") // nobody has looked
	w.wantDone(w.runWith(refreshed), "grant_role 1")
	w.wantRoles("ada", "Guard")
}

// A list of roles that lacks the default role, or one that a group had before, is short, and the
// run fails: nobody's grant is forgotten. One that is gone is another matter.
func TestAShortListOfRolesForgetsNobodysGrant(t *testing.T) {
	for name, gone := range map[string]bool{"short": false, "gone": true} {
		t.Run(name, func(t *testing.T) {
			w := newDefaultWorld(t)
			former := w.portal.AddRole(tracktiktest.Role{Name: "Former"})
			w.push.Roles = map[string]string{"Site North": "Former"}
			w.hire("ada", "bob")
			w.group("Site North", "bob")
			w.run()
			w.wantRoles("ada", "Guard")
			w.wantRoles("bob", "Former")
			w.push.Roles = nil
			w.leave("Site North", "bob")
			w.policy.RevokeRoles = false
			w.run()
			w.policy.RevokeRoles = true
			onRecord := func() (n int) {
				for g, err := range w.db.Grants() {
					w.must(err)
					if g.Role == plan.RoleID(former) || g.Role == plan.RoleID(w.roleID("Guard")) {
						n++
					}
				}
				return n
			}
			before := onRecord()
			if before < 2 {
				t.Fatalf("only %d grants are on record", before)
			}
			if gone {
				w.must(w.portal.DeleteRole(former))
				w.runWith(refreshed)
				for g, err := range w.db.Grants() {
					w.must(err)
					if g.Role == plan.RoleID(former) {
						t.Errorf("a grant of a role that is gone is on record: %+v", g)
					}
				}
				return
			}
			for _, hidden := range []string{"Former", "Guard"} {
				w.inPortal(tracktiktest.When(tracktiktest.Match{Method: http.MethodGet, Path: "/roles"}, without(hidden)))
				if _, err := w.sync(refreshed); err == nil || !strings.Contains(err.Error(), "list of roles lacks role") {
					t.Errorf("without %s: %v", hidden, err)
				}
				if n := onRecord(); n != before {
					t.Errorf("without %s %d grants are on record, want %d", hidden, n, before)
				}
			}
		})
	}
}

// without leaves the record of that name out of a list of TrackTik's.
func without(name string) tracktiktest.Interceptor {
	return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := answered(r, next)
		var body map[string]json.RawMessage
		var kept []json.RawMessage
		if json.Unmarshal(rec.Body.Bytes(), &body) != nil {
			panic(rec.Body.String())
		}
		for _, e := range elements(string(body["data"])) {
			if !strings.Contains(string(e), `"`+name+`"`) {
				kept = append(kept, e)
			}
		}
		body["data"] = json.RawMessage(join(kept))
		delete(body, "meta")
		text, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		send(rw, rec, string(text))
	}
}

// The default role is the same one at another address of the portal, and its grants are ours
// there: whom a group gives a role loses it. Under another name it is another role.
func TestTheDefaultRoleStaysOursInAnotherPortal(t *testing.T) {
	for name, want := range map[string]string{"Guard": "Site North", "Bosses": "Bosses, Site North"} {
		t.Run(name, func(t *testing.T) {
			w := newDefaultWorld(t)
			names := w.crowd(12)
			w.run()
			guard := w.roleID("Guard")
			w.replacePortal(func(*tracktiktest.Employee) {})
			w.must(w.portal.RenameRole(guard, name))
			for _, name := range names {
				_, err := w.portal.Grant(w.employee(name).ID, guard)
				w.must(err)
			}
			w.rebind()
			w.configure(name)
			w.policy.ProtectedRoles = []string{"bosses"}
			if name == "Bosses" {
				w.configure("")
			}
			w.run()
			w.group("Site North", "g001")
			w.run()
			w.wantRoles("g001", want)
		})
	}
}

func TestTheDefaultRoleIsGivenBackOnceAsAnyRole(t *testing.T) {
	for name, only := range map[string]string{"whole runs": "", "single runs": "ada"} {
		t.Run(name, func(t *testing.T) {
			w := newDefaultWorld(t)
			w.hire("ada", "bob")
			w.group("Site North")
			w.run()
			look := refreshed
			if only != "" {
				look.Users = []string{w.users[only]}
			}
			take := func() { w.must(w.portal.Revoke(w.employee("ada").ID, w.roleID("Guard"))) }
			take()
			doc := w.runWith(look)
			w.wantDone(doc, "grant_role 1")
			if a := doc.Actions[0]; !a.Drift || !strings.Contains(a.Reason, "somebody else took the role away") {
				t.Errorf("granted as %+v", a)
			}
			w.wantDone(w.runWith(look), "") // it was kept: the next time is the first one again
			take()
			w.wantDone(w.runWith(look), "grant_role 1")
			take()
			for range 2 {
				doc = w.runWith(look)
				w.wantDone(doc, "")
				w.wantProblem(doc, plan.ProblemValueNotKept, "ada")
			}
			doc = w.run()
			w.wantProblem(doc, plan.ProblemValueNotKept, "ada")
			if n := len(w.portal.Requests()); n != 0 {
				t.Errorf("a run without changes made %d requests to the portal", n)
			}
			w.wantRoles("ada", "")
			retry := tsync.RunOptions{Users: []string{w.users["ada"]}, Retry: []plan.PersonID{plan.PersonID(w.users["ada"])}}
			w.wantDone(w.runWith(retry), "grant_role 1")
			w.wantRoles("ada", "Guard")
			take()
			w.wantProblem(w.runWith(look), plan.ProblemValueNotKept, "ada")
			w.group("Site North", "ada")
			w.wantDone(w.run(), "grant_role 1") // and no revoke of what is gone
			w.leave("Site North", "ada")
			w.wantDone(w.run(), "grant_role 1, revoke_role 1")
			w.wantRoles("ada", "Guard")
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

func TestADefaultRoleThatWasTakenAwayIsLeftSo(t *testing.T) {
	for name, only := range map[string]string{"whole runs": "", "single runs": "ada"} {
		t.Run(name, func(t *testing.T) {
			w := newDefaultWorld(t)
			w.hire("ada", "bob")
			w.run()
			w.policy.RepairDrift = false
			look := refreshed
			if only != "" {
				look.Users = []string{w.users[only]}
			}
			id := w.employee("ada").ID
			w.must(w.portal.Revoke(id, w.roleID("Guard")))
			for range 2 {
				doc := w.runWith(look)
				w.wantDone(doc, "")
				w.wantWarning(doc, plan.WarningDrift)
			}
			w.wantDone(w.run(), "")
			if n := len(w.portal.Requests()); n != 0 {
				t.Errorf("a run without changes made %d requests to the portal", n)
			}
			w.wantRoles("ada", "")
			_, err := w.portal.Grant(id, w.portal.AddRole(tracktiktest.Role{Name: "Dispatcher"}))
			w.must(err)
			doc := w.runWith(refreshed)
			w.wantDone(doc, "")
			if len(warned(doc, plan.WarningDrift)) > 0 {
				t.Errorf("who was given another role is told of\n%s", details(doc))
			}
			w.policy.RepairDrift = true
			w.wantDone(w.runWith(refreshed), "")
			w.wantRoles("ada", "Dispatcher")
		})
	}
}

// Who holds the default role, and nothing else, by no grant on record (after a restore of the
// snapshot, or a new one) is taken over with it by a refresh: a group's role takes its place, and
// with one role a person it is no role of others that keeps them from it.
func TestTheDefaultRoleThatSomebodyHoldsIsTakenOver(t *testing.T) {
	for name, one := range map[string]bool{"many": false, "one": true} {
		t.Run(name, func(t *testing.T) {
			w := newDefaultWorld(t)
			w.policy.OneRole = one
			w.hire("ada", "bob", "cy")
			w.run()
			for _, name := range []string{"ada", "bob"} {
				grants, err := w.db.GrantsOf(plan.PersonID(w.users[name]))
				w.must(err)
				w.must(w.db.Commit(plan.Batch{DropGrants: []plan.GrantKey{grants[0].Key()}}))
			}
			other := w.portal.AddRole(tracktiktest.Role{Name: "Dispatcher"})
			_, err := w.portal.Grant(w.employee("bob").ID, other) // who has that of others too
			w.must(err)
			w.wantDone(w.runWith(refreshed), "")
			grants, err := w.db.GrantsOf(plan.PersonID(w.users["ada"]))
			w.must(err)
			if len(grants) != 1 || grants[0].How != plan.HowAdopted {
				t.Errorf("on record are %+v", grants)
			}
			if grants, err := w.db.GrantsOf(plan.PersonID(w.users["bob"])); err != nil || len(grants) > 0 {
				t.Errorf("of bob on record are %+v, %v", grants, err)
			}
			w.group("Site North", "ada", "cy")
			w.run()
			w.wantRoles("ada", "Site North")
			w.wantRoles("cy", "Site North")
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

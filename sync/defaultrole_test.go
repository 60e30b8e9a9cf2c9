package sync_test

import (
	"errors"
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
	w.push.Push = "none"
	w.hire("eve")
	w.wantNoRole(w.run(), "") // roles are somebody else's business
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

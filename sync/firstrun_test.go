package sync_test

import (
	"fmt"
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// calls counts the portal's requests by route.
func (w *world) calls() map[string]int {
	n := map[string]int{}
	for route, pattern := range map[string][2]string{
		"token": {"", tracktiktest.DefaultTokenPath}, "regions": {"GET", "/regions"}, "look-up or list": {"GET", "/employees"},
		"roles": {"GET", "/roles"}, "create": {"POST", "/employees"}, "create role": {"POST", "/roles"}, "grant": {"POST", "/user-roles"},
		"user-roles": {"GET", "/user-roles"},
	} {
		if c := w.portal.Count(pattern[0], pattern[1]); c > 0 {
			n[route] = c
		}
	}
	return n
}

func (w *world) wantRequests(okta, tracktik int) {
	w.Helper()
	if got := len(w.org.Requests()); got != okta {
		w.Errorf("%d requests to okta, want %d", got, okta)
		for _, r := range w.org.Requests() {
			w.Logf("okta: %s %s?%s", r.Method, r.Path, r.Query.Encode())
		}
	}
	if got := len(w.portal.Requests()); got != tracktik {
		w.Errorf("%d requests to tracktik, want %d", got, tracktik)
		for _, r := range w.portal.Requests() {
			w.Logf("tracktik: %s %s?%s", r.Method, r.Path, r.Query.Encode())
		}
	}
}

func TestFirstRunMakesEverybodyWithTheirRoles(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "cy")
	w.group("Site North", "ada", "bob")
	w.group("Office", "cy")
	doc := w.run()
	w.wantDone(doc, "create_role 1, create 3, grant_role 2")
	w.wantStatus(tracktiktest.Active, "ada", "bob", "cy")
	w.wantRoles("ada", "Site North")
	w.wantRoles("bob", "Site North")
	w.wantRoles("cy", "")
	want := map[string]int{"token": 1, "regions": 1, "look-up or list": 2*3 + 1, "roles": 1, "create": 3, "create role": 1, "grant": 2}
	if got := w.calls(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("calls %v, want %v", got, want)
	}
	w.wantRequests(1+1+1+1, 16) // the app, the people, the groups, one group's members
	if res := doc.Result.Requests; res != (plan.RequestCount{Okta: 4, TrackTik: 16}) {
		t.Errorf("the result counts %+v", res)
	}
}

func TestSecondRunWritesNothing(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada")
	w.run()
	w.wantDone(w.run(), "")
	w.wantNoWrites()
	w.wantRequests(3, 0)
}

// The floor: pages and nothing a person, and nothing of TrackTik.
func TestRunWithoutChangesCostsPagesOnly(t *testing.T) {
	w := newWorld(t)
	w.limits.Kinds[plan.Create] = plan.NoLimit
	names := w.crowd(501)
	for i := range 200 {
		w.org.AddGroup(oktatest.Group{Name: fmt.Sprintf("Elsewhere %d", i)})
	}
	w.group("Site North", names...)
	w.group("Site South", names[:10]...)
	doc := w.run()
	w.wantDone(doc, "create_role 2, create 501, grant_role 511")
	// One listing instead of two look-ups each, and one of who is newer after the last create.
	if got := w.calls(); got["look-up or list"] != 1+1 || got["user-roles"] != 0 {
		t.Errorf("calls %v", got)
	}
	w.wantRequests(1+2+2+2, 1+1+1+1+1+2+501+511) // token, regions, employees twice, roles; writes

	w.wantDone(w.run(), "")
	w.wantRequests(1+2+2, 0)

	w.org.UpdateUser(w.users[names[7]], map[string]any{"title": "Sergeant"})
	w.leave("Site South", names[3])
	w.wantDone(w.run(), "update 1, revoke_role 1")
	w.wantRequests(1+2+2+1+1, 1+2+2) // the changed group's members, the groups of who left; the roles, the two writes, and the grant of the first revoke before and after it

	doc = w.runWith(refreshed)
	w.wantDone(doc, "")
	w.wantRequests(1+2+2+2, 1+1+1) // all members; employees, roles, who holds them
	w.wantNoWrites()
}

func TestEveryFieldReachesTheEmployee(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Guard", "primaryPhone": "+1 555 0100", "streetAddress": "1 Main St", "city": "Toronto",
		"state": "ON", "zipCode": "M5V", "countryCode": "CA", "preferredLanguage": "fr_CA", "division": "North"})
	w.run()
	e := w.employee("ada")
	if e.JobTitle != "Guard" || e.PrimaryPhone != "+1 555 0100" || e.Address == nil || e.Address.City != "Toronto" || e.Language != "FR" ||
		e.Region != 2 || e.Username != mail("ada") || e.FirstName != "Ada" || e.LastName != "Guard" {
		t.Errorf("made %+v, address %+v", e, e.Address)
	}

	w.org.UpdateUser(w.users["ada"], map[string]any{"title": nil, "division": "South", "primaryPhone": "+1 555 0101"})
	w.wantDone(w.run(), "update 1")
	e = w.employee("ada")
	if e.JobTitle != "" || e.Region != 3 || e.PrimaryPhone != "+1 555 0101" {
		t.Errorf("updated to %+v", e)
	}
	w.wantDone(w.run(), "")
}

func TestWhoIsAssignedThroughAGroupIsMade(t *testing.T) {
	w := newWorld(t)
	w.users["dan"] = w.org.AddUser(oktatest.User{Login: mail("dan"), FirstName: "Dan", LastName: "Guard"})
	w.group("Everyone at work", "dan")
	w.org.AssignGroup(w.app, w.groups["Everyone at work"], oktatest.GroupAssignment{})
	w.wantDone(w.run(), "create 1")
	w.wantStatus(tracktiktest.Active, "dan")
}

func TestAnEmptyDivisionLandsInTheDefaultRegionWithAWarning(t *testing.T) {
	w := newWorld(t)
	w.push.Push = "none"
	w.hire("ada")
	doc := w.run()
	w.wantWarning(doc, "default_region")
	if e := w.employee("ada"); e.Region != tracktiktest.HQ {
		t.Errorf("landed in region %d", e.Region)
	}
	if doc := w.run(); len(doc.Warnings) > 0 {
		t.Errorf("said again: %s", details(doc))
	}
}

func TestOneBadPersonStopsNobodyElse(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "cy")
	w.org.UpdateUser(w.users["ada"], map[string]any{"lastName": ""})
	w.org.UpdateUser(w.users["bob"], map[string]any{"division": "Atlantis"})
	doc := w.run()
	w.wantProblem(doc, plan.ProblemMissingRequired, "ada")
	w.wantProblem(doc, plan.ProblemUnknownRegion, "bob")
	w.wantStatus(tracktiktest.Active, "cy")

	w.org.UpdateUser(w.users["ada"], map[string]any{"lastName": "Byron"})
	doc = w.run()
	w.wantDone(doc, "create 1")
	w.wantProblem(doc, plan.ProblemUnknownRegion, "bob")
	troubles, err := w.db.Troubles()
	w.must(err)
	if len(troubles) != 1 || string(troubles[0].Person) != w.users["bob"] {
		t.Errorf("recorded problems %+v, want bob's alone: ada's is over", troubles)
	}
	w.portal.AddRegion(tracktiktest.Region{Name: "Atlantis", Parent: tracktiktest.HQ})
	w.wantDone(w.run(), "create 1")
	if troubles, err := w.db.Troubles(); err != nil || len(troubles) > 0 {
		t.Errorf("recorded problems %+v %v, want none", troubles, err)
	}
}

package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/doctor"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// An encounter is a day on which a portal, or Okta, differs from what is assumed: somebody
// new, a match, a change, a move, two leavers, a new role and one less.
type encounter struct {
	*place
	chief int64
}

// meets begins with five managed people; early is so from the first run on.
func meets(t *testing.T, early func(*encounter)) *encounter {
	t.Helper()
	e := &encounter{place: newPlace(t, "SYNC_GROUPS_NAMES=Site *", "SYNC_DEFAULT_REGION=HQ")}
	for _, name := range []string{"bob", "cid", "uma", "dora", "eve"} {
		e.addUser(name+"@acme.example", strings.ToUpper(name[:1])+name[1:], "Guard")
		e.okta.UpdateUser(e.users[name+"@acme.example"], map[string]any{"title": "Guard", "primaryPhone": "+1 514-555-0100", "division": "South"})
	}
	e.addMembers("Site North", []string{"bob@acme.example", "eve@acme.example"})
	e.addMembers("Site South", []string{"eve@acme.example"})
	early(e)
	if code, out, stderr := e.call(t, "sync", "--init"); code != 0 && code != 4 {
		t.Fatalf("the first run ended with %d\n%s\n%s", code, out, stderr)
	}
	e.chief = e.portal.AddEmployee(tracktiktest.Employee{Username: "chief@acme.example", FirstName: "Chief", LastName: "Guard", Email: "chief@acme.example"})
	if _, err := e.portal.Grant(e.chief, tracktiktest.AdministratorRole); err != nil {
		t.Fatal(err)
	}
	e.portal.AddEmployee(tracktiktest.Employee{Username: "ada@acme.example", FirstName: "Ada", LastName: "Guard", Email: "ada@acme.example"})
	return e
}

// changes are what becomes due on that day.
func (e *encounter) changes() {
	for _, name := range []string{"ada", "ana", "chief"} {
		e.addUser(name+"@acme.example", strings.ToUpper(name[:1])+name[1:], "Guard")
		e.okta.UpdateUser(e.users[name+"@acme.example"], map[string]any{"title": "New"})
	}
	e.okta.UpdateUser(e.users["bob@acme.example"], map[string]any{"title": "Captain"})
	e.okta.UpdateUser(e.users["dora@acme.example"], map[string]any{"division": "North"})
	e.okta.DeactivateUser(e.users["cid@acme.example"])
	e.okta.UnassignUser(e.app, e.users["uma@acme.example"])
	e.addMembers("Site North", []string{"dora@acme.example"})
	e.okta.RemoveMembers(e.groups["Site South"], e.users["eve@acme.example"])
}

// open is what is due and not done.
func (e *encounter) open() []string {
	by := map[string]tracktiktest.Employee{}
	for _, employee := range e.portal.Employees() {
		by[strings.TrimSuffix(employee.Email, "@acme.example")] = employee
	}
	var open []string
	for name, done := range map[string]bool{
		"adopt ada": by["ada"].JobTitle == "New", "make ana": by["ana"].Status == tracktiktest.Active,
		"change bob": by["bob"].JobTitle == "Captain", "move dora": by["dora"].Region == 2,
		"end cid": by["cid"].Status == tracktiktest.Terminated, "end uma": by["uma"].Status == tracktiktest.Terminated,
		"grant dora": e.nowHolds("dora@acme.example", "Site North"), "revoke eve": !e.nowHolds("eve@acme.example", "Site South"),
	} {
		if !done {
			open = append(open, name)
		}
	}
	slices.Sort(open)
	return open
}

// safe holds that nobody is there twice, holds a role twice or is ended without reason, and
// that the administrator is as before.
func (e *encounter) safe(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, employee := range e.portal.Employees() {
		name := strings.ToLower(employee.Email)
		leaver := strings.HasPrefix(name, "cid@") || strings.HasPrefix(name, "uma@")
		if seen[name] || employee.Status != tracktiktest.Active && !leaver {
			t.Errorf("%s is there twice, or is %s", name, employee.Status)
		}
		seen[name] = true
		roles := e.portal.RolesOf(employee.ID)
		if slices.Sort(roles); len(slices.Compact(slices.Clone(roles))) != len(roles) {
			t.Errorf("%s holds a role twice", name)
		}
		if employee.ID == e.chief && (employee.JobTitle != "" || !slices.Equal(roles, []int64{tracktiktest.AdministratorRole})) {
			t.Errorf("the administrator is %+v with %v", employee, roles)
		}
	}
}

// Each way in which the portal or Okta was seen, or is feared, to differ: nobody is harmed,
// the rest goes on, `check` names it, and the way out works.
func TestEachDifferenceIsSafeNamedAndHasAWayOut(t *testing.T) {
	rules := func(set func(*tracktiktest.Rules)) func(*encounter) {
		return func(e *encounter) { e.portal.Configure(func(s *tracktiktest.Server) { set(&s.Rules) }) }
	}
	portal := func(i tracktiktest.Interceptor) func(*encounter) {
		return func(e *encounter) { e.intercept(i) }
	}
	notFound := func(w http.ResponseWriter, r *http.Request, next http.Handler) { // of an assignment, about somebody else
		seen := httptest.NewRecorder()
		next.ServeHTTP(seen, r)
		if seen.Code == http.StatusNotFound {
			oktatest.AnotherNotFound(w, r, next)
			return
		}
		maps.Copy(w.Header(), seen.Header())
		w.WriteHeader(seen.Code)
		_, _ = w.Write(seen.Body.Bytes())
	}
	sound := func(e *encounter) {
		e.portal.Configure(func(s *tracktiktest.Server) { s.Rules, s.Intercept = tracktiktest.Rules{}, nil })
		e.okta.Configure(func(s *oktatest.Server) { s.Intercept = nil })
	}
	everything := []string{"adopt ada", "change bob", "end cid", "end uma", "grant dora", "make ana", "move dora", "revoke eve"}
	for name, row := range map[string]struct {
		differ func(*encounter)
		early  bool             // also in the first run
		code   int              // of the run; the administrator's match alone makes it 4
		open   []string         // what cannot be done meanwhile
		check  [3]string        // name, result, words; empty: only `probe` can tell
		out    func(*encounter) // the way out, made outside of the program
		set    string           // or a setting
		left   []string         // what is not done then, by the setting
	}{
		"grants are not filtered": {differ: rules(func(r *tracktiktest.Rules) { r.RefusedFilters = []string{"user.id", "role.id"} }),
			code: 4, check: [3]string{"tracktik.grant_holder", doctor.ResultWarning, "whole list"}},
		"grants' filter is ignored": {differ: rules(func(r *tracktiktest.Rules) { r.IgnoredFilters = []string{"user.id", "role.id"} }),
			code: 4, check: [3]string{"tracktik.grants", doctor.ResultWarning, "whole list"}},
		"grants of the twin": {differ: rules(func(r *tracktiktest.Rules) { r.RefusedFilters, r.EmployeeRoles = []string{"user.id"}, true }),
			code: 4, check: [3]string{"tracktik.asked", doctor.ResultWarning, "/employee-roles"}},
		"ids differ": {early: true, differ: rules(func(r *tracktiktest.Rules) { r.UserIDOffset, r.GrantsTakeEmployees = 5000, true }),
			open: []string{"adopt ada", "grant dora"}, check: [3]string{"tracktik.grant_holder", doctor.ResultWarning, "sync.grant_roles: false"},
			set: "SYNC_GRANT_ROLES=false", left: []string{"adopt ada", "grant dora"}},
		"grants are listed empty": {differ: rules(func(r *tracktiktest.Rules) { r.GrantsUnlisted = true }),
			open: []string{"adopt ada", "grant dora"}, check: [3]string{"tracktik.grants", doctor.ResultWarning, "empty list"}, out: sound},
		"a move has no effect": {differ: rules(func(r *tracktiktest.Rules) { r.MoveIneffective = true }),
			code: 4, open: []string{"move dora"}, set: "SYNC_REGION=create_only", left: []string{"move dora"}},
		"there is no move": {differ: rules(func(r *tracktiktest.Rules) { r.MoveMissing = true }),
			code: 4, open: []string{"move dora"}, set: "SYNC_REGION=create_only", left: []string{"move dora"}},
		"include is refused": {differ: rules(func(r *tracktiktest.Rules) { r.Manners.RefusedParts = []string{"include"} }),
			code: 4, check: [3]string{"tracktik.asked", doctor.ResultWarning, "without include"}},
		"sort is refused without a word": {differ: rules(func(r *tracktiktest.Rules) {
			r.Manners = tracktiktest.Manners{RefusedParts: []string{"sort"}, Wordless: true}
		}),
			code: 4, check: [3]string{"tracktik.asked", doctor.ResultWarning, "own order"}},
		"newer ones are not listed": {differ: rules(func(r *tracktiktest.Rules) { r.NoGreaterThan = true }),
			code: 4, check: [3]string{"tracktik.newer", doctor.ResultWarning, "looked up before"}},
		"limit is refused": {differ: rules(func(r *tracktiktest.Rules) { r.Manners.LargestPage = 100 }),
			code: 4, check: [3]string{"tracktik.asked", doctor.ResultWarning, "pages of 100"}},
		"includeInactive is refused": {differ: rules(func(r *tracktiktest.Rules) { r.Manners.RefusedParts = []string{"includeInactive"} }),
			code: 4, check: [3]string{"tracktik.asked", doctor.ResultWarning, "includeInactive"}},
		"406": {differ: rules(func(r *tracktiktest.Rules) { r.Manners.Unversioned = true }),
			code: 4, check: [3]string{"tracktik.asked", doctor.ResultWarning, "the version of the api"}},
		"a right is answered with 401": {differ: rules(func(r *tracktiktest.Rules) {
			r.Forbid, r.ForbidStatus = []tracktiktest.Match{{Method: http.MethodPost, Path: "/user-roles"}}, http.StatusUnauthorized
		}), code: 1, open: []string{"grant dora"}, out: sound},
		"grants cannot be taken back": {differ: rules(func(r *tracktiktest.Rules) { r.RevokeRefused = http.StatusMethodNotAllowed }),
			code: 4, open: []string{"revoke eve"}, set: "SYNC_REVOKE_ROLES=false", left: []string{"revoke eve"}},
		"phones are formatted": {differ: rules(func(r *tracktiktest.Rules) { r.Store = tracktiktest.PhonesFormatted }), code: 4},
		"headquarters under region 1": {differ: func(e *encounter) {
			_ = e.portal.UpdateRegion(tracktiktest.HQ, func(r *tracktiktest.Region) { r.Name, r.Parent = "Head office", 1 })
		}, code: 4, check: [3]string{"tracktik.default_region", doctor.ResultOK, "Head office"}},
		"headquarters under a region that is not listed": {differ: func(e *encounter) {
			_ = e.portal.UpdateRegion(tracktiktest.HQ, func(r *tracktiktest.Region) { r.Name, r.Parent = "Head office", 99 })
		}, code: 4, check: [3]string{"tracktik.default_region", doctor.ResultOK, "Head office"}},
		"okta refuses a page limit": {differ: func(e *encounter) { e.okta.Configure(func(s *oktatest.Server) { s.LargestPage = 100 }) },
			code: 4, check: [3]string{"okta.asked", doctor.ResultWarning, "pages of"}},
		"okta's 404 is about somebody else": {differ: func(e *encounter) { e.okta.Configure(func(s *oktatest.Server) { s.Intercept = notFound }) },
			code: 4, open: []string{"end uma"}, check: [3]string{"okta.not_found", doctor.ResultWarning, "nobody is terminated"}, out: sound},
		"the portal lets some addresses in": {differ: portal(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"status":403,"error":"this IP address is not on the allow list"}`))
		}), code: 1, open: everything, check: [3]string{"tracktik.employees", doctor.ResultFailed, "let this machine's address in"}, out: sound},
		"log-ins are blocked": {differ: func(e *encounter) {
			e.portal.ExpireTokens()
			_ = os.Remove("tracktik-sync.db.token")
			portal(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if strings.Contains(r.URL.Path, "oauth2") {
					next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tracktiktest.TooMany(time.Millisecond)(w, r, nil) })
				}
				next.ServeHTTP(w, r)
			})(e)
		}, code: 1, open: everything, check: [3]string{"tracktik.credentials", doctor.ResultFailed, "40 failed"}, out: sound},
	} {
		t.Run(name, func(t *testing.T) {
			early, later := func(*encounter) {}, row.differ
			if row.early {
				early, later = later, early
			}
			e := meets(t, early)
			later(e)
			e.changes()
			if row.check[0] != "" {
				code, out, _ := e.call(t, "check", "--format", "json")
				want := 0
				if row.check[1] == doctor.ResultFailed {
					want = 1
				}
				if code != want {
					t.Errorf("check ended with %d\n%s", code, out)
				}
				e.diagnose(t, want).wants(t, row.check[0], row.check[1], row.check[2])
			}
			if code, out, stderr := e.call(t, "sync"); code != row.code {
				t.Errorf("the run ended with %d, want %d\n%s\n%s", code, row.code, out, stderr)
			}
			for range 2 {
				if open := e.open(); !slices.Equal(open, row.open) {
					t.Errorf("open is %q, want %q", open, row.open)
				}
				e.safe(t)
				e.call(t, "sync", "--refresh")
			}
			if status := e.status(t); !strings.Contains(status, `"quarantine":null`) {
				t.Errorf("there is a quarantine: %s", status)
			}
			if row.out != nil {
				row.out(e)
			}
			if name, value, set := strings.Cut(row.set, "="); set {
				t.Setenv("TRACKTIK_SYNC_"+name, value)
			}
			e.call(t, "retry")
			if code, out, stderr := e.call(t, "sync", "--refresh"); code != 4 && code != 0 {
				t.Errorf("with the way out the run ended with %d\n%s\n%s", code, out, stderr)
			}
			if open := e.open(); !slices.Equal(open, row.left) {
				t.Errorf("with the way out, open is %q, want %q", open, row.left)
			}
			e.safe(t)
		})
	}
}

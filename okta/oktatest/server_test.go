package oktatest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"tracktik-sync/okta/oktatest"
)

func TestUserHasTheRecordedShape(t *testing.T) {
	srv, clock := start(t), newClock()
	srv.Now = clock.now
	id := srv.AddUser(oktatest.User{Login: "ada@acme.example", FirstName: "Ada", LastName: `O"Neill <é>`,
		Profile: map[string]any{"employeeNumber": "17", "badge": 12345678901234567, "sites": []string{"a"}, "title": nil}})
	if !regexp.MustCompile(`^00u[0-9A-Za-z]{17}$`).MatchString(id) {
		t.Errorf("the id is %q", id)
	}
	u := object(t, srv, "/api/v1/users/"+id)
	for path, want := range map[string]any{
		"id": id, "status": "ACTIVE", "created": "2026-03-01T03:00:00.000Z", "lastLogin": nil, "profile.login": "ada@acme.example",
		"profile.email": "ada@acme.example", "profile.lastName": `O"Neill <é>`, "profile.mobilePhone": nil, "profile.secondEmail": nil,
		"profile.employeeNumber": "17", "_links.self.href": srv.URL + "/api/v1/users/" + id,
	} {
		if got := field(u, path); got != want || !has(u, path) {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	for _, path := range []string{"profile.title", "profile.city", "transitioningToStatus"} {
		if has(u, path) {
			t.Errorf("%s is there, though it is not set", path)
		}
	}
	a := get(t, srv, "/api/v1/users/ADA@acme.example")
	if !strings.Contains(a.body, `"badge":12345678901234567`) {
		t.Errorf("a large number changed on its way: %s", a.body)
	}
	if a.header.Get("Date") != "Sun, 01 Mar 2026 03:00:00 GMT" || a.header.Get("X-Okta-Request-Id") == "" || a.header.Get("ETag") == "" {
		t.Errorf("headers are %v", a.header)
	}
}

func TestAssignmentHasTheRecordedShape(t *testing.T) {
	srv := start(t)
	app := srv.AddApp(oktatest.App{})
	direct, member := srv.AddUser(oktatest.User{Login: "a@acme.example"}), srv.AddUser(oktatest.User{Login: "b@acme.example"})
	group := srv.AddGroup(oktatest.Group{Name: "Guards"})
	srv.AssignUser(app, direct, oktatest.Assignment{UserName: "a", Profile: map[string]any{"site": "North"}})
	srv.AddMembers(group, member)
	srv.AssignGroup(app, group, oktatest.GroupAssignment{Profile: map[string]any{"site": "South"}})
	path := "/api/v1/apps/" + app + "/users"
	plain := object(t, srv, path+"/"+direct)
	if plain["externalId"] != nil || !has(plain, "externalId") || has(plain, "_embedded") || has(plain, "_links.group") {
		t.Errorf("a direct assignment is %v", plain)
	}
	if field(plain, "credentials.userName") != "a" || plain["syncState"] != "DISABLED" || plain["scope"] != "USER" || field(plain, "profile.site") != "North" {
		t.Errorf("a direct assignment is %v", plain)
	}
	rich := get(t, srv, path+"?expand=user").elements(t)[1]
	if rich["scope"] != "GROUP" || field(rich, "_links.group.href") != srv.URL+"/api/v1/groups/"+group ||
		field(rich, "_embedded.user.profile.login") != "b@acme.example" || field(rich, "profile.site") != "South" {
		t.Errorf("an assignment through a group is %v", rich)
	}
}

func TestGroupsHaveTheRecordedShape(t *testing.T) {
	srv := start(t)
	app, group := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "Guards", Profile: map[string]any{"region": "N"}})
	srv.AssignGroup(app, group, oktatest.GroupAssignment{})
	g := object(t, srv, "/api/v1/groups/"+group)
	if field(g, "profile.name") != "Guards" || !has(g, "profile.description") || field(g, "profile.description") != nil || field(g, "profile.region") != "N" {
		t.Errorf("a group is %v", g)
	}
	granted := get(t, srv, "/api/v1/apps/"+app+"/groups?expand=group").elements(t)[0]
	if granted["priority"] != 1.0 || field(granted, "_embedded.group.lastMembershipUpdated") == nil {
		t.Errorf("an assigned group is %v", granted)
	}
	mapping := srv.AddPushMapping(app, group)
	srv.SetPushMapping(mapping, "ERROR", "a group of that name exists")
	m := object(t, srv, "/api/v1/apps/"+app+"/group-push/mappings/"+mapping)
	if m["sourceGroupId"] != group || m["status"] != "ERROR" || m["errorSummary"] != "a group of that name exists" || !strings.HasPrefix(mapping, "gPm") {
		t.Errorf("a mapping is %v", m)
	}
	if got := get(t, srv, "/api/v1/apps/"+app+"/group-push/mappings?status=ACTIVE").ids(t); len(got) != 0 {
		t.Errorf("status=ACTIVE finds %v", got)
	}
}

func TestAppSaysWhetherOktaProvisions(t *testing.T) {
	srv := start(t)
	app := srv.AddApp(oktatest.App{Label: "Portal"})
	srv.SetAppStatus(app, "INACTIVE")
	srv.SetAppFeatures(app, "PUSH_NEW_USERS")
	a := object(t, srv, "/api/v1/apps/"+app)
	if a["status"] != "INACTIVE" || a["label"] != "Portal" || len(a["features"].([]any)) != 1 {
		t.Errorf("the app is %v", a)
	}
}

func TestSchemaAndOrgCanBeRead(t *testing.T) {
	srv := start(t)
	srv.DefineUserAttribute("badge", "integer")
	app := srv.AddApp(oktatest.App{})
	srv.DefineAppAttribute(app, "site", "string")
	user := object(t, srv, "/api/v1/meta/schemas/user/default")
	if field(user, "definitions.custom.properties.badge.type") != "integer" || field(user, "definitions.base.properties.login.required") != true {
		t.Errorf("the user schema is %v", user)
	}
	if s := object(t, srv, "/api/v1/meta/schemas/apps/"+app+"/default"); field(s, "definitions.custom.properties.site.type") != "string" {
		t.Errorf("the app schema is %v", s)
	}
	org, public := object(t, srv, "/api/v1/org"), object(t, srv, "/.well-known/okta-organization")
	if org["subdomain"] != "acme" || org["id"] == nil || org["id"] != public["id"] {
		t.Errorf("the org is %v and %v", org, public)
	}
}

func TestErrorsAreOktas(t *testing.T) {
	srv := start(t)
	app, user, group := srv.AddApp(oktatest.App{}), srv.AddUser(oktatest.User{Login: "a@acme.example"}), srv.AddGroup(oktatest.Group{Name: "G"})
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		"/api/v1/users/nobody":                                    {404, "E0000007"},
		"/api/v1/users/nobody/groups":                             {404, "E0000007"},
		"/api/v1/groups/none":                                     {404, "E0000007"},
		"/api/v1/groups/none/users":                               {404, "E0000007"},
		"/api/v1/apps/none":                                       {404, "E0000007"},
		"/api/v1/apps/none/users":                                 {404, "E0000007"},
		"/api/v1/apps/" + app + "/users/" + user:                  {404, "E0000007"},
		"/api/v1/apps/" + app + "/groups/" + group:                {404, "E0000007"},
		"/api/v1/apps/" + app + "/group-push/mappings/none":       {404, "E0000007"},
		"/api/v1/nothing":                                         {404, "E0000008"},
		"/api/v1/users?limit=201":                                 {400, "E0000001"},
		"/api/v1/users?limit=x":                                   {400, "E0000001"},
		"/api/v1/groups?limit=10001":                              {400, "E0000001"},
		"/api/v1/groups/" + group + "/users?limit=1001":           {400, "E0000001"},
		"/api/v1/apps/" + app + "/users?limit=501":                {400, "E0000001"},
		"/api/v1/apps/" + app + "/users?limit=0":                  {400, "E0000001"},
		"/api/v1/apps/" + app + "/groups?limit=19":                {400, "E0000001"},
		"/api/v1/apps/" + app + "/groups?limit=201":               {400, "E0000001"},
		"/api/v1/apps/" + app + "/group-push/mappings?limit=1001": {400, "E0000001"},
		"/api/v1/apps/" + app + "/users?after=made-up":            {400, "E0000001"},
		"/api/v1/users?search=shoe+eq+%221%22":                    {400, "E0000031"},
		"/api/v1/users?sortBy=profile.login":                      {501, "E0000060"},
		"/api/v1/apps/" + app + "/users?expand=group":             {501, "E0000060"},
	} {
		t.Run(path, func(t *testing.T) { get(t, srv, path).refused(t, want.status, want.code) })
	}
}

func TestOnlyReadingIsSupported(t *testing.T) {
	srv := start(t)
	req := request(t, srv, "/api/v1/users")
	req.Method = http.MethodPost
	a, err := try(srv, req)
	if err != nil {
		t.Fatal(err)
	}
	a.refused(t, 405, "E0000022")
}

func TestOnlyAKnownTokenIsLetIn(t *testing.T) {
	srv := start(t)
	for _, header := range []string{"", "SSWS wrong", "Bearer " + oktatest.DefaultToken, "ssws " + oktatest.DefaultToken} {
		req := request(t, srv, "/api/v1/users")
		req.Header.Set("Authorization", header)
		a, err := try(srv, req)
		if err != nil {
			t.Fatal(err)
		}
		a.refused(t, 401, "E0000011")
	}
	srv.Tokens = []string{"other"}
	get(t, srv, "/api/v1/users").refused(t, 401, "E0000011")
	srv.Authorize = func(w http.ResponseWriter, r *http.Request) bool {
		oktatest.Refuse(w, r, 403, "E0000006", "You do not have permission to perform the requested action")
		return false
	}
	get(t, srv, "/api/v1/users").refused(t, 403, "E0000006")
}

func TestZeroServerIsAHandler(t *testing.T) {
	org := &oktatest.Server{}
	org.AddUser(oktatest.User{Login: "a@acme.example"})
	listener := httptest.NewTLSServer(org)
	defer listener.Close()
	req, _ := http.NewRequest(http.MethodGet, listener.URL+"/api/v1/users", nil)
	req.Header.Set("Authorization", "SSWS "+oktatest.DefaultToken)
	resp, err := listener.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var users []map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&users); err != nil || len(users) != 1 {
		t.Errorf("users are %v, %v", users, err)
	}
	if link := resp.Header.Get("Link"); !strings.HasPrefix(link, "<"+listener.URL+"/") {
		t.Errorf("the link is %s, want one to %s", link, listener.URL)
	}
}

func TestRequestsAreRemembered(t *testing.T) {
	srv := start(t)
	app := srv.AddApp(oktatest.App{})
	get(t, srv, "/api/v1/apps/"+app+"/users?limit=5")
	get(t, srv, "/api/v1/users/nobody")
	srv.Intercept = oktatest.Drop
	srv.Client().CloseIdleConnections() // a used one would make the transport repeat the request
	if _, err := try(srv, request(t, srv, "/api/v1/groups")); err == nil {
		t.Error("the dropped request has an answer")
	}
	all := srv.Requests()
	if len(all) != 3 || all[0].Status != 200 || all[0].Query.Get("limit") != "5" || all[1].Status != 404 || all[2].Status != 0 {
		t.Errorf("the requests are %+v", all)
	}
	if srv.Count("/api/v1/apps/*/users") != 1 || srv.Count("GET /api/v1/*/*") != 1 || srv.Count("POST /api/v1/groups") != 0 {
		t.Error("the counts are wrong")
	}
	srv.ResetRequests()
	if len(srv.Requests()) != 0 {
		t.Error("requests are remembered after a reset")
	}
}

func TestOrgMayChangeWhileItIsRead(t *testing.T) {
	srv := start(t)
	app, group := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "G"})
	srv.AssignGroup(app, group, oktatest.GroupAssignment{})
	var work sync.WaitGroup
	for _, path := range []string{"/api/v1/users", "/api/v1/apps/" + app + "/users?expand=user", "/api/v1/groups/" + group + "/users"} {
		work.Go(func() {
			for range 20 {
				if a, err := try(srv, request(t, srv, path)); err != nil || a.status != 200 {
					t.Errorf("%s answers %d, %v", path, a.status, err)
				}
			}
		})
	}
	for _, id := range addUsers(srv, 200) {
		srv.AddMembers(group, id)
		srv.UpdateUser(id, map[string]any{"title": "Guard"})
	}
	work.Wait()
	if got := all(t, srv, "/api/v1/apps/"+app+"/users"); len(got) != 200 {
		t.Errorf("%d people are assigned, want 200", len(got))
	}
}

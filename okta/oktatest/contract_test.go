package oktatest_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"tracktik-sync/okta/oktatest"
)

// vendorRouter loads the OpenAPI document of Okta's Management API from the folder
// that TRACKTIK_SYNC_VENDOR_SPECS names, and lets it apply to base.
func vendorRouter(t *testing.T, base string) routers.Router {
	t.Helper()
	folder := os.Getenv("TRACKTIK_SYNC_VENDOR_SPECS")
	if folder == "" {
		t.Skip("TRACKTIK_SYNC_VENDOR_SPECS does not name the folder of the vendors' OpenAPI documents")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(folder, "okta-openapi-2026.06.3.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers, doc.Security = openapi3.Servers{{URL: base}}, nil
	for _, path := range doc.Paths.Map() {
		for _, operation := range path.Operations() {
			operation.Security = nil
		}
	}
	allowNull(doc)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// allowNull lets the document say what recorded answers hold: null for what is not
// set, such as the externalId of an app that only signs people on.
func allowNull(doc *openapi3.T) {
	for schema, properties := range map[string][]string{
		"AppUser":                         {"externalId"},
		"ApplicationAccessibility":        {"errorRedirectUrl", "loginRedirectUrl"},
		"ApplicationSettingsNotes":        {"admin", "enduser"},
		"OktaUserGroupProfile":            {"description"},
		"OktaActiveDirectoryGroupProfile": {"description"},
		"LogEvent":                        {"legacyEventType"},
		"LogActor":                        {"detailEntry"},
		"LogTarget":                       {"detailEntry"},
		"LogOutcome":                      {"reason"},
		"LogClient":                       {"id", "geographicalContext"},
		"LogAuthenticationContext":        {"interface", "issuer", "authenticationProvider", "credentialProvider", "credentialType"},
	} {
		for _, property := range properties {
			doc.Components.Schemas[schema].Value.Properties[property].Value.Nullable = true
		}
	}
}

func TestAnswersFitTheVendorsDocument(t *testing.T) {
	srv := start(t)
	router := vendorRouter(t, srv.URL)
	app, paths := populated(srv)
	for _, path := range paths {
		checkContract(t, srv, router, path)
	}
	srv.RateLimit = map[string]int{oktatest.BucketApps: 0}
	checkContract(t, srv, router, "/api/v1/apps/"+app+"/users")
	srv.Intercept = oktatest.Forbidden
	checkContract(t, srv, router, "/api/v1/groups")
}

// populated fills the org with one of everything, and returns the paths to read it.
func populated(srv *oktatest.Server) (app string, paths []string) {
	app = srv.AddApp(oktatest.App{Features: []string{"GROUP_PUSH"}})
	srv.DefineUserAttribute("badge", "integer")
	srv.DefineAppAttribute(app, "sites", "array")
	group, other := srv.AddGroup(oktatest.Group{Name: "Guards"}), srv.AddGroup(oktatest.Group{Name: "Leads", Description: "of shifts"})
	srv.AssignGroup(app, group, oktatest.GroupAssignment{Profile: map[string]any{"sites": []string{"North"}}})
	srv.SetPushMapping(srv.AddPushMapping(app, other), "ERROR", "a group of that name exists")
	srv.AddPushMapping(app, group)
	var last string
	for _, status := range []string{"STAGED", "PROVISIONED", "ACTIVE", "RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT", "SUSPENDED", "DEPROVISIONED"} {
		last = srv.AddUser(oktatest.User{Login: status + "@acme.example", FirstName: "Ada", Status: status, Profile: map[string]any{"badge": 7, "city": "Québec"}})
		srv.AddMembers(group, last)
		if status == "LOCKED_OUT" {
			srv.AssignUser(app, last, oktatest.Assignment{ExternalID: "e7"})
			srv.SetTransitioning(last, "DEPROVISIONED")
			srv.RecordLogin(last)
		}
	}
	assigned := "/api/v1/apps/" + app
	return app, []string{
		"/api/v1/users", "/api/v1/users?limit=2&search=status+pr", "/api/v1/users/" + last, "/api/v1/users/nobody",
		"/api/v1/groups", "/api/v1/groups/" + group, "/api/v1/groups/none", "/api/v1/groups/" + group + "/users?limit=1000",
		assigned, assigned + "/users?limit=500&expand=user", assigned + "/users", assigned + "/groups?limit=200&expand=group",
		assigned + "/users/" + last, "/api/v1/apps/none", assigned + "/group-push/mappings", "/api/v1/meta/schemas/user/default",
		"/api/v1/meta/schemas/apps/" + app + "/default", assigned + "/group-push/mappings?sourceGroupId=" + other + "&status=ERROR&limit=1000",
		assigned + "/group-push/mappings?lastUpdated=2000-01-01T00:00:00Z",
		"/api/v1/logs?sortOrder=ASCENDING&limit=1000", "/api/v1/logs?limit=1000&filter=eventType+sw+%22user.lifecycle%22", "/api/v1/logs?after=nonsense",
	}
}

func checkContract(t *testing.T, srv *oktatest.Server, router routers.Router, path string) {
	t.Helper()
	req := request(t, srv, path)
	route, params, err := router.FindRoute(req)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	input := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true}}
	if err := openapi3filter.ValidateRequest(t.Context(), input); err != nil {
		t.Errorf("the request %s does not fit: %v", path, err)
	}
	a, err := try(srv, req)
	if err != nil {
		t.Fatal(err)
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{RequestValidationInput: input,
		Status: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader([]byte(a.body))),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true}})
	if err != nil {
		t.Errorf("the answer %d to %s does not fit: %v", a.status, path, err)
	}
}

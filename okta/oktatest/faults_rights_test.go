package oktatest_test

import (
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
)

func TestNarrowedRightsHideUsersAndGroupsEverywhere(t *testing.T) {
	srv := start(t)
	app := srv.AddApp(oktatest.App{})
	ada, bob := srv.AddUser(oktatest.User{Login: "ada@acme.example"}), srv.AddUser(oktatest.User{Login: "bob@acme.example"})
	north, south := srv.AddGroup(oktatest.Group{Name: "North"}), srv.AddGroup(oktatest.Group{Name: "South"})
	for _, id := range []string{ada, bob} {
		srv.AssignUser(app, id, oktatest.Assignment{})
		srv.AddMembers(north, id)
		srv.AddMembers(south, id)
	}
	srv.AssignGroup(app, north, oktatest.GroupAssignment{})
	srv.AssignGroup(app, south, oktatest.GroupAssignment{})
	srv.AddPushMapping(app, north)
	srv.Intercept = oktatest.Narrowed(ada, north)
	for _, path := range []string{"/api/v1/users/" + ada, "/api/v1/users/ada@acme.example", "/api/v1/users/" + ada + "/groups", "/api/v1/apps/" + app + "/users/" + ada,
		"/api/v1/groups/" + north, "/api/v1/groups/" + north + "/users", "/api/v1/apps/" + app + "/groups/" + north} {
		get(t, srv, path).refused(t, 404, "E0000007")
	}
	for path, there := range map[string]string{"/api/v1/users": bob, "/api/v1/apps/" + app + "/users": bob, "/api/v1/groups/" + south + "/users": bob,
		"/api/v1/groups": south, "/api/v1/users/" + bob + "/groups": south, "/api/v1/apps/" + app + "/groups": south} {
		a := get(t, srv, path)
		if a.status != 200 || !strings.Contains(a.body, there) || strings.Contains(a.body, ada) || strings.Contains(a.body, `"id":"`+north) {
			t.Errorf("%s answers %d %s", path, a.status, a.body)
		}
	}
	if a := get(t, srv, "/api/v1/apps/"+app+"/group-push/mappings"); !strings.Contains(a.body, north) {
		t.Errorf("the mappings do not name the group: %s", a.body)
	}
}

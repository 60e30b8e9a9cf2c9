package oktatest_test

import (
	"slices"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
)

// scope returns how a person has the app: USER, GROUP or "".
func scope(t *testing.T, srv *oktatest.Server, app, user string) string {
	t.Helper()
	a := get(t, srv, "/api/v1/apps/"+app+"/users/"+user)
	if a.status == 404 {
		return ""
	}
	return object(t, srv, "/api/v1/apps/"+app+"/users/"+user)["scope"].(string)
}

func TestGroupGivesAndTakesTheApp(t *testing.T) {
	srv := start(t)
	app, user := srv.AddApp(oktatest.App{}), srv.AddUser(oktatest.User{Login: "a@acme.example"})
	north, south := srv.AddGroup(oktatest.Group{Name: "North"}), srv.AddGroup(oktatest.Group{Name: "South"})
	steps := []struct {
		name string
		act  func()
		want string
	}{
		{"join a group without apps", func() { srv.AddMembers(north, user) }, ""},
		{"the group is assigned", func() { srv.AssignGroup(app, north, oktatest.GroupAssignment{}) }, "GROUP"},
		{"assigned themselves", func() { srv.AssignUser(app, user, oktatest.Assignment{}) }, "USER"},
		{"the group is unassigned", func() { srv.UnassignGroup(app, north) }, "USER"},
		{"the group is assigned again", func() { srv.AssignGroup(app, north, oktatest.GroupAssignment{}) }, "USER"},
		{"their own assignment ends", func() { srv.UnassignUser(app, user) }, "GROUP"},
		{"a second group grants", func() {
			srv.AssignGroup(app, south, oktatest.GroupAssignment{})
			srv.AddMembers(south, user)
		}, "GROUP"},
		{"leave the first group", func() { srv.RemoveMembers(north, user) }, "GROUP"},
		{"leave the last granting group", func() { srv.RemoveMembers(south, user) }, ""},
		{"join again", func() { srv.AddMembers(south, user) }, "GROUP"},
		{"the group is deleted", func() { srv.DeleteGroup(south) }, ""},
	}
	for _, step := range steps {
		step.act()
		if got := scope(t, srv, app, user); got != step.want {
			t.Errorf("%s: the scope is %q, want %q", step.name, got, step.want)
		}
		listed := slices.Contains(all(t, srv, "/api/v1/apps/"+app+"/users"), user)
		if listed != (step.want != "") {
			t.Errorf("%s: listed is %v", step.name, listed)
		}
	}
}

func TestFirstGroupByPrioritySuppliesTheProfile(t *testing.T) {
	srv := start(t)
	app, user := srv.AddApp(oktatest.App{}), srv.AddUser(oktatest.User{Login: "a@acme.example"})
	north, south := srv.AddGroup(oktatest.Group{Name: "North"}), srv.AddGroup(oktatest.Group{Name: "South"})
	srv.AddMembers(north, user)
	srv.AddMembers(south, user)
	site := func() any {
		return field(object(t, srv, "/api/v1/apps/"+app+"/users/"+user), "profile.site")
	}
	srv.AssignGroup(app, south, oktatest.GroupAssignment{Priority: 5, Profile: map[string]any{"site": "South"}})
	srv.AssignGroup(app, north, oktatest.GroupAssignment{Priority: 2, Profile: map[string]any{"site": "North"}})
	if site() != "North" {
		t.Errorf("the profile is %v's", site())
	}
	srv.RemoveMembers(north, user)
	if site() != "South" {
		t.Errorf("the profile is %v's", site())
	}
}

func TestDeactivationTakesActiveAppsAndKeepsGroups(t *testing.T) {
	srv, clock := start(t), newClock()
	srv.Now = clock.now
	live, dormant := srv.AddApp(oktatest.App{}), srv.AddApp(oktatest.App{Status: "INACTIVE"})
	user, group := srv.AddUser(oktatest.User{Login: "a@acme.example"}), srv.AddGroup(oktatest.Group{Name: "G"})
	srv.AddMembers(group, user)
	srv.AssignGroup(live, group, oktatest.GroupAssignment{})
	srv.AssignUser(dormant, user, oktatest.Assignment{})
	joined := object(t, srv, "/api/v1/groups/"+group)["lastMembershipUpdated"]
	clock.advance(time.Hour)
	srv.SetTransitioning(user, oktatest.StatusDeprovisioned)
	if u := object(t, srv, "/api/v1/users/"+user); u["status"] != "ACTIVE" || u["transitioningToStatus"] != "DEPROVISIONED" || scope(t, srv, live, user) != "GROUP" {
		t.Errorf("on the way the user is %v", u)
	}
	srv.DeactivateUser(user)
	if u := object(t, srv, "/api/v1/users/"+user); u["status"] != "DEPROVISIONED" || has(u, "transitioningToStatus") || u["statusChanged"] != "2026-03-01T04:00:00.000Z" {
		t.Errorf("the user is %v", u)
	}
	if scope(t, srv, live, user) != "" || scope(t, srv, dormant, user) != "USER" {
		t.Error("deactivation took the inactive app, or left the active one")
	}
	if got := all(t, srv, "/api/v1/groups/"+group+"/users"); !slices.Equal(got, []string{user}) {
		t.Errorf("members are %v, want the deactivated one too", got)
	}
	if got := object(t, srv, "/api/v1/groups/"+group)["lastMembershipUpdated"]; got != joined {
		t.Errorf("lastMembershipUpdated moved to %v", got)
	}
	srv.SetUserStatus(user, oktatest.StatusActive)
	if scope(t, srv, live, user) != "" {
		t.Error("reactivation alone gave the app back")
	}
	srv.AssignGroup(live, group, oktatest.GroupAssignment{})
	if scope(t, srv, live, user) != "GROUP" {
		t.Error("group processing did not give the app back")
	}
}

func TestDeprovisionedMemberGetsNoApp(t *testing.T) {
	srv := start(t)
	app, group := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "G"})
	user := srv.AddUser(oktatest.User{Login: "a@acme.example", Status: oktatest.StatusDeprovisioned})
	srv.AddMembers(group, user)
	srv.AssignGroup(app, group, oktatest.GroupAssignment{})
	if got := scope(t, srv, app, user); got != "" {
		t.Errorf("the scope is %q", got)
	}
}

func TestDeletedUserIsGoneAndTheLoginFree(t *testing.T) {
	srv := start(t)
	app, group, user := srv.AddApp(oktatest.App{Status: "INACTIVE"}), srv.AddGroup(oktatest.Group{Name: "G"}), srv.AddUser(oktatest.User{Login: "a@acme.example"})
	srv.AddMembers(group, user)
	srv.AssignUser(app, user, oktatest.Assignment{})
	srv.DeleteUser(user)
	for _, path := range []string{"/api/v1/users/" + user, "/api/v1/users/a@acme.example", "/api/v1/apps/" + app + "/users/" + user} {
		get(t, srv, path).refused(t, 404, "E0000007")
	}
	for _, path := range []string{"/api/v1/users?search=status+pr", "/api/v1/groups/" + group + "/users", "/api/v1/apps/" + app + "/users"} {
		if got := all(t, srv, path); len(got) != 0 {
			t.Errorf("%s lists %v", path, got)
		}
	}
	if again := srv.AddUser(oktatest.User{Login: "A@acme.example"}); again == user {
		t.Error("the new user has the old one's id")
	}
}

func TestTimestampsMoveForTheirOwnReasonsOnly(t *testing.T) {
	srv, clock := start(t), newClock()
	srv.Now = clock.now
	app, group, user := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "G"}), srv.AddUser(oktatest.User{Login: "a@acme.example"})
	type stamps struct{ user, group, members any }
	read := func() stamps {
		g := object(t, srv, "/api/v1/groups/"+group)
		return stamps{object(t, srv, "/api/v1/users/"+user)["lastUpdated"], g["lastUpdated"], g["lastMembershipUpdated"]}
	}
	moved := func(act func()) (user, group, members bool) {
		before := read()
		clock.advance(time.Minute)
		act()
		after := read()
		return before.user != after.user, before.group != after.group, before.members != after.members
	}
	for name, c := range map[string]struct {
		act                  func()
		user, group, members bool
	}{
		"login":        {func() { srv.RecordLogin(user) }, false, false, false},
		"profile":      {func() { srv.UpdateUser(user, map[string]any{"title": "Guard"}) }, true, false, false},
		"status":       {func() { srv.SetUserStatus(user, oktatest.StatusLockedOut) }, true, false, false},
		"membership":   {func() { srv.AddMembers(group, user); srv.RemoveMembers(group, user) }, false, false, true},
		"no member":    {func() { srv.RemoveMembers(group, user) }, false, false, false},
		"group name":   {func() { srv.RenameGroup(group, "H") }, false, true, false},
		"app of group": {func() { srv.AssignGroup(app, group, oktatest.GroupAssignment{}) }, false, false, false},
		"app of user":  {func() { srv.AssignUser(app, user, oktatest.Assignment{}) }, false, false, false},
	} {
		if u, g, m := moved(c.act); u != c.user || g != c.group || m != c.members {
			t.Errorf("%s moves user %v, group %v, members %v", name, u, g, m)
		}
	}
}

func TestEveryAssignmentStatusCanBeHad(t *testing.T) {
	srv := start(t)
	app, user := srv.AddApp(oktatest.App{}), srv.AddUser(oktatest.User{Login: "a@acme.example"})
	srv.AssignUser(app, user, oktatest.Assignment{ExternalID: "x1"})
	for _, status := range []string{"ACTIVE", "APPROVED", "DEPROVISIONED", "IMPLICIT", "IMPORTED", "INACTIVE", "MATCHED", "PENDING",
		"PROVISIONED", "REVOKED", "STAGED", "SUSPENDED", "UNASSIGNED", "NEW_IN_2031"} {
		srv.SetAssignmentStatus(app, user, status)
		if a := object(t, srv, "/api/v1/apps/"+app+"/users/"+user); a["status"] != status || a["externalId"] != "x1" {
			t.Errorf("the assignment is %v, want %s", a, status)
		}
	}
	srv.UpdateAssignment(app, user, "other", map[string]any{"site": "North"})
	srv.UpdateAssignment(app, user, "", map[string]any{"site": nil, "post": "Gate"})
	a := object(t, srv, "/api/v1/apps/"+app+"/users/"+user)
	if field(a, "credentials.userName") != "other" || has(a, "profile.site") || field(a, "profile.post") != "Gate" {
		t.Errorf("the assignment is %v", a)
	}
	srv.SetAppFeatures(app, "PUSH_NEW_USERS")
	second := srv.AddUser(oktatest.User{Login: "b@acme.example"})
	srv.AssignUser(app, second, oktatest.Assignment{})
	if a := object(t, srv, "/api/v1/apps/"+app+"/users/"+second); a["status"] != "STAGED" {
		t.Errorf("with provisioning a new assignment is %v", a)
	}
}

func TestGroupsOfAPersonCanBeRead(t *testing.T) {
	srv := start(t)
	user, other := srv.AddUser(oktatest.User{Login: "a@acme.example"}), srv.AddUser(oktatest.User{Login: "b@acme.example"})
	var groups []string
	for range 250 {
		groups = append(groups, srv.AddGroup(oktatest.Group{Name: "G"}))
		srv.AddMembers(groups[len(groups)-1], user, other)
	}
	srv.RemoveMembers(groups[7], user)
	pages := walk(t, srv, "/api/v1/users/"+user+"/groups", nil)
	if got := slices.Concat(pages...); len(pages) != 2 || !slices.Equal(got, slices.Delete(slices.Clone(groups), 7, 8)) {
		t.Errorf("%d pages with %d groups", len(pages), len(slices.Concat(pages...)))
	}
}

func TestDeletedMappingIsGone(t *testing.T) {
	srv := start(t)
	app, group := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "G"})
	first, second := srv.AddPushMapping(app, group), srv.AddPushMapping(app, srv.AddGroup(oktatest.Group{Name: "H"}))
	path := "/api/v1/apps/" + app + "/group-push/mappings"
	if got := all(t, srv, path+"?after="); !slices.Equal(got, []string{first, second}) {
		t.Errorf("the mappings are %v", got)
	}
	if got := all(t, srv, path+"?sourceGroupId="+group); !slices.Equal(got, []string{first}) {
		t.Errorf("the mappings of a group are %v", got)
	}
	srv.DeletePushMapping(first)
	get(t, srv, path+"/"+first).refused(t, 404, "E0000007")
	if got := all(t, srv, path); !slices.Equal(got, []string{second}) {
		t.Errorf("the mappings are %v", got)
	}
}

func TestMistakesOfTheTestPanic(t *testing.T) {
	srv := &oktatest.Server{}
	user := srv.AddUser(oktatest.User{Login: "a@acme.example"})
	app := srv.AddApp(oktatest.App{})
	for name, act := range map[string]func(){
		"unknown user":  func() { srv.DeactivateUser("nobody") },
		"unknown group": func() { srv.AddMembers("none", user) },
		"unknown app":   func() { srv.AssignUser("none", user, oktatest.Assignment{}) },
		"not assigned":  func() { srv.UnassignUser(app, user) },
		"login taken":   func() { srv.AddUser(oktatest.User{Login: "A@ACME.example"}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it did not panic")
				}
			}()
			act()
		})
	}
	srv.UpdateUser(user, map[string]any{"title": "the org still works"})
}

func TestAProvisionedAssignmentNamesTheAccount(t *testing.T) {
	srv := oktatest.NewServer()
	defer srv.Close()
	app, user := srv.AddApp(oktatest.App{Features: []string{"PUSH_NEW_USERS"}}), srv.AddUser(oktatest.User{Login: "ada@acme.example"})
	srv.AssignUser(app, user, oktatest.Assignment{})
	srv.ProvisionAssignment(app, user, "1042")
	got := object(t, srv, "/api/v1/apps/"+app+"/users/"+user)
	if got["externalId"] != "1042" || got["status"] != "PROVISIONED" || got["syncState"] != "SYNCHRONIZED" {
		t.Errorf("%v", got)
	}
}

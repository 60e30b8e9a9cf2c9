package oktatest_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
)

func TestSearchFindsTheOnesMeant(t *testing.T) {
	srv, clock := start(t), newClock()
	srv.Now = clock.now
	ada := srv.AddUser(oktatest.User{Login: "ada@acme.example", FirstName: "Ada", LastName: "Lovelace", Profile: map[string]any{"badge": 7}})
	bob := srv.AddUser(oktatest.User{Login: "bob@acme.example", FirstName: "Bob", LastName: "Adams", Email: "bob@home.example"})
	clock.advance(time.Hour)
	eve := srv.AddUser(oktatest.User{Login: "eve@acme.example", FirstName: "Eve", Status: oktatest.StatusSuspended})
	for expression, want := range map[string][]string{
		`status eq "SUSPENDED"`:                                     {eve},
		`profile.login eq "ADA@acme.example"`:                       {ada},
		`profile.email eq "bob@home.example"`:                       {bob},
		`id eq "` + ada + `"`:                                       {ada},
		`lastUpdated ge "2026-03-01T04:00:00.000Z"`:                 {eve},
		`lastUpdated gt "2026-03-01T04:00:00.000Z"`:                 {},
		`lastUpdated lt "2026-03-01T05:00:00.000+01:00"`:            {ada, bob},
		`profile.firstName sw "b" or profile.badge eq "7"`:          {ada, bob},
		`(status eq "ACTIVE" or status pr) and profile.lastName pr`: {ada, bob},
		`profile.lastName eq "Lovelace" and status eq "SUSPENDED"`:  {},
	} {
		for _, parameter := range []string{"search", "filter"} {
			if got := all(t, srv, "/api/v1/users?"+url.Values{parameter: {expression}}.Encode()); !slices.Equal(got, want) {
				t.Errorf("%s=%s finds %v, want %v", parameter, expression, got, want)
			}
		}
	}
	if got := all(t, srv, "/api/v1/users?q=ada"); !slices.Equal(got, []string{ada, bob}) {
		t.Errorf("q=ada finds %v", got)
	}
	if a := get(t, srv, "/api/v1/users?q=acme&limit=1"); a.next() != "" {
		t.Error("q has a next page")
	}
}

func TestMalformedSearchIsRefused(t *testing.T) {
	srv := start(t)
	for _, expression := range []string{`status`, `status eq`, `status eq ACTIVE`, `status eq "ACTIVE`, `status xx "A"`, `(status pr`,
		`status pr status pr`, `status pr and`, `nothing pr`, `lastUpdated ge "yesterday"`, `)`} {
		get(t, srv, "/api/v1/users?"+url.Values{"search": {expression}}.Encode()).refused(t, 400, "E0000031")
	}
	get(t, srv, "/api/v1/users?search=status+pr&filter=status+pr").refused(t, 400, "E0000031")
}

func TestGroupsAreFoundByNameAndType(t *testing.T) {
	srv := start(t)
	north := srv.AddGroup(oktatest.Group{Name: "North Guards"})
	everyone := srv.AddGroup(oktatest.Group{Name: "Everyone", Type: oktatest.TypeBuiltIn})
	for query, want := range map[string][]string{
		"q=north":                           {north},
		`search=profile.name+eq+"Everyone"`: {everyone},
		`search=profile.name+sw+"nor"`:      {north},
		`filter=type+eq+"BUILT_IN"`:         {everyone},
		`filter=id+eq+"` + north + `"`:      {north},
	} {
		if got := all(t, srv, "/api/v1/groups?"+query); !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", query, got, want)
		}
	}
}

func TestAssignmentsAreFoundByPrefix(t *testing.T) {
	srv := start(t)
	app := srv.AddApp(oktatest.App{})
	users := addUsers(srv, 2)
	srv.AssignUser(app, users[0], oktatest.Assignment{UserName: "zoe"})
	srv.AssignUser(app, users[1], oktatest.Assignment{})
	if got := all(t, srv, "/api/v1/apps/"+app+"/users?q=ZO"); !slices.Equal(got, users[:1]) {
		t.Errorf("q=ZO finds %v", got)
	}
}

func TestGroupsOfAnAppAreFoundByPrefix(t *testing.T) {
	srv := start(t)
	app, north, south := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "North"}), srv.AddGroup(oktatest.Group{Name: "South"})
	srv.AssignGroup(app, north, oktatest.GroupAssignment{})
	srv.AssignGroup(app, south, oktatest.GroupAssignment{})
	if got := all(t, srv, "/api/v1/apps/"+app+"/groups?q=so"); !slices.Equal(got, []string{south}) {
		t.Errorf("q=so finds %v", got)
	}
	single := object(t, srv, "/api/v1/apps/"+app+"/groups/"+south+"?expand=group")
	if single["priority"] != 2.0 || field(single, "_embedded.group.profile.name") != "South" {
		t.Errorf("the assignment of the group is %v", single)
	}
}

func TestMappingsAreFoundByTheirLastChange(t *testing.T) {
	srv, clock := start(t), newClock()
	srv.Now = clock.now
	app, group := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "G"})
	old := srv.AddPushMapping(app, group)
	clock.advance(time.Hour)
	young := srv.AddPushMapping(app, group)
	path := "/api/v1/apps/" + app + "/group-push/mappings?lastUpdated="
	for since, want := range map[string][]string{
		"2026-03-01T03:00:00Z": {old, young}, "2026-03-01T03:00:01Z": {young}, "2026-03-01T05:00:00%2B01:00": {young}, "2026-03-01T04:00:01Z": {},
	} {
		if got := all(t, srv, path+since); !slices.Equal(got, want) {
			t.Errorf("since %s there are %v, want %v", since, got, want)
		}
	}
	get(t, srv, path+"yesterday").refused(t, 400, "E0000001")
}

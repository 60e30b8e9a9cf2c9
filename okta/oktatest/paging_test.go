package oktatest_test

import (
	"slices"
	"testing"

	"tracktik-sync/okta/oktatest"
)

func TestPagesHoldEverybodyOnce(t *testing.T) {
	srv := start(t)
	app, group := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "G"})
	users := addUsers(srv, 1234)
	srv.AddMembers(group, users...)
	srv.AssignGroup(app, group, oktatest.GroupAssignment{})
	for path, pages := range map[string]int{
		"/api/v1/users":                                        7,
		"/api/v1/users?limit=7":                                177,
		"/api/v1/groups/" + group + "/users":                   2,
		"/api/v1/apps/" + app + "/users":                       25,
		"/api/v1/apps/" + app + "/users?limit=500&expand=user": 3,
		"/api/v1/apps/" + app + "/users?limit=1234":            0,
	} {
		t.Run(path, func(t *testing.T) {
			if pages == 0 {
				get(t, srv, path).refused(t, 400, "E0000001")
				return
			}
			got := walk(t, srv, path, nil)
			if len(got) != pages || !slices.Equal(slices.Concat(got...), users) {
				t.Errorf("%d pages with %d people, want %d with %d", len(got), len(slices.Concat(got...)), pages, len(users))
			}
		})
	}
}

func TestGroupPagesHold200WhateverTheLimit(t *testing.T) {
	srv := start(t)
	app := srv.AddApp(oktatest.App{})
	for range 450 {
		srv.AssignGroup(app, srv.AddGroup(oktatest.Group{Name: "G"}), oktatest.GroupAssignment{})
	}
	if got := walk(t, srv, "/api/v1/groups?limit=10000", nil); len(got) != 3 || len(got[0]) != 200 {
		t.Errorf("%d pages, the first with %d", len(got), len(got[0]))
	}
	if got := walk(t, srv, "/api/v1/apps/"+app+"/groups", nil); len(got) != 23 || len(got[0]) != 20 {
		t.Errorf("%d pages, the first with %d", len(got), len(got[0]))
	}
}

func TestComingAndGoingBetweenPagesSkipsNobodyElse(t *testing.T) {
	srv := start(t)
	app := srv.AddApp(oktatest.App{})
	users := addUsers(srv, 100)
	for _, id := range users {
		srv.AssignUser(app, id, oktatest.Assignment{})
	}
	var late string
	got := slices.Concat(walk(t, srv, "/api/v1/apps/"+app+"/users?limit=10", func(page int) {
		switch page {
		case 2: // one who was handed out, the last of a page, and one who was not
			srv.UnassignUser(app, users[3])
			srv.DeactivateUser(users[19])
			srv.DeleteUser(users[50])
		case 3:
			late = srv.AddUser(oktatest.User{Login: "late@acme.example"})
			srv.AssignUser(app, late, oktatest.Assignment{})
			early := srv.AddUser(oktatest.User{ID: "00u00000000000000001", Login: "early@acme.example"})
			srv.AssignUser(app, early, oktatest.Assignment{})
		}
	})...)
	want := append(slices.Delete(slices.Clone(users), 50, 51), late)
	if !slices.Equal(got, want) {
		t.Errorf("the listing holds %d people, want %d: %v", len(got), len(want), got)
	}
}

func TestLastPageMayBeEmptyWhenPeopleLeave(t *testing.T) {
	srv := start(t)
	users := addUsers(srv, 11)
	pages := walk(t, srv, "/api/v1/users?limit=10", func(int) {
		srv.DeactivateUser(users[10])
	})
	if len(pages) != 2 || len(pages[1]) != 0 {
		t.Errorf("the pages are %v", pages)
	}
}

func TestLinksAreTwoLines(t *testing.T) {
	srv := start(t)
	addUsers(srv, 3)
	a := get(t, srv, "/api/v1/users?limit=2&search="+`status+pr`)
	lines := a.header.Values("Link")
	if len(lines) != 2 || lines[0] != "<"+srv.URL+`/api/v1/users?limit=2&search=status+pr>; rel="self"` || a.next() == "" {
		t.Errorf("the Link header is %q", lines)
	}
	if last := get(t, srv, a.next()).header.Values("Link"); len(last) != 1 {
		t.Errorf("the last page's Link header is %q", last)
	}
}

func TestCursorIsGoodForItsListingOnly(t *testing.T) {
	srv := start(t)
	app, group := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "G"})
	srv.AddMembers(group, addUsers(srv, 3)...)
	next := get(t, srv, "/api/v1/groups/"+group+"/users?limit=1").next()
	cursor := next[len("/api/v1/groups/"+group+"/users"):]
	get(t, srv, "/api/v1/apps/"+app+"/users"+cursor).refused(t, 400, "E0000001")
}

func TestPlainListingLeavesDeprovisionedOut(t *testing.T) {
	srv := start(t)
	users := addUsers(srv, 3)
	srv.DeactivateUser(users[1])
	if got := all(t, srv, "/api/v1/users"); !slices.Equal(got, []string{users[0], users[2]}) {
		t.Errorf("the listing is %v", got)
	}
	for _, query := range []string{"search=status+pr", "filter=" + `lastUpdated+ge+"2000-01-01T00:00:00.000Z"`} {
		if got := all(t, srv, "/api/v1/users?"+query); !slices.Equal(got, users) {
			t.Errorf("%s finds %v", query, got)
		}
	}
}

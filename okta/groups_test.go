package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
)

func TestAppIsReadWithItsFeatures(t *testing.T) {
	o := newOrg(t, answer(200, `{"id":"`+testApp+`","label":"TrackTik","status":"INACTIVE","features":["PUSH_NEW_USERS"],`+
		`"credentials":{"oauthClient":{"client_secret":"x"}}}`))
	app, err := o.App(t.Context())
	want := plan.App{ID: testApp, Label: "TrackTik", Status: "INACTIVE", Features: []string{"PUSH_NEW_USERS"}}
	if diff := cmp.Diff(want, app); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	o = newOrg(t, answer(200, `{"id":"0oaOther","status":"ACTIVE"}`))
	_, err = o.App(t.Context())
	wantBroken(t, err)
}

var guards = plan.Group{ID: "00g1", Name: "Guards", Type: "OKTA_GROUP", Changed: "2024-05-02T10:00:00.000Z"}

func collect(into *[]plan.Group) func([]plan.Group) error {
	return func(groups []plan.Group) error {
		*into = append(*into, groups...)
		return nil
	}
}

// TestEveryAppIsListed, on whatever page, whichever app the Source is for.
func TestEveryAppIsListed(t *testing.T) {
	o := newSimulated(t)
	for i := range 230 {
		o.AddApp(oktatest.App{Label: fmt.Sprintf("App %d", i)})
	}
	o.SetAppStatus(o.app, "INACTIVE")
	apps, err := o.Apps(t.Context())
	if err != nil || len(apps) != 231 {
		t.Fatalf("%d apps, %v", len(apps), err)
	}
	if i := slices.IndexFunc(apps, func(a plan.App) bool { return a.ID == o.app }); i < 0 || apps[i].Label != "TrackTik" || apps[i].Status != "INACTIVE" {
		t.Errorf("the app is listed as %+v", apps[max(i, 0)])
	}
}

func TestGroupsAreReadTheSameEverywhere(t *testing.T) {
	var query string
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.RawQuery
		switch r.URL.Path {
		case "/api/v1/apps/" + testApp + "/groups":
			_, _ = w.Write([]byte(array(`{"id":"00g1","priority":0,"profile":{},"_embedded":{"group":` + group("00g1", "Guards") + `}}`)))
		case "/api/v1/groups/00g1":
			_, _ = w.Write([]byte(group("00g1", "Guards")))
		default:
			_, _ = w.Write([]byte(array(group("00g1", "Guards"))))
		}
	})
	reads := map[string]func() ([]plan.Group, error){
		"limit=200": func() (all []plan.Group, err error) {
			err = o.Groups(t.Context(), collect(&all))
			return all, err
		},
		"expand=group&limit=200": func() (all []plan.Group, err error) {
			err = o.AssignedGroups(t.Context(), collect(&all))
			return all, err
		},
		"": func() ([]plan.Group, error) {
			g, _, err := o.Group(t.Context(), "00g1")
			return []plan.Group{g}, err
		},
	}
	for want, read := range reads {
		got, err := read()
		if diff := cmp.Diff([]plan.Group{guards}, got); err != nil || diff != "" || query != want {
			t.Errorf("asked %q, want %q: %v %s", query, want, err, diff)
		}
	}
	got, err := o.GroupsOf(t.Context(), "00u1")
	if diff := cmp.Diff([]plan.Group{guards}, got); err != nil || diff != "" || query != "limit=200" {
		t.Errorf("asked %q: %v %s", query, err, diff)
	}
}

func TestAssignedGroupWithoutItsNameIsReadByItself(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/groups") {
			_, _ = w.Write([]byte(array(`{"id":"00g1","priority":0}`)))
			return
		}
		_, _ = w.Write([]byte(group("00g1", "Guards")))
	})
	var got []plan.Group
	err := o.AssignedGroups(t.Context(), collect(&got))
	if diff := cmp.Diff([]plan.Group{guards}, got); err != nil || diff != "" || o.Requests() != 2 {
		t.Errorf("%v in %d requests %s", err, o.Requests(), diff)
	}
}

func TestGroupWithoutANameOrOfAnotherIDIsBroken(t *testing.T) {
	for _, body := range []string{
		`{"id":"00g1","profile":{}}`, `{"id":"00g1","profile":{"name":""}}`, `{"id":"00g1","profile":{"name":7}}`, `{"id":"00g1"}`,
		`{"id":"00g1","_embedded":{"group":` + group("00g2", "Others") + `}}`,
	} {
		o := newOrg(t, answer(200, array(body)))
		if !strings.Contains(body, "_embedded") {
			wantBroken(t, o.Groups(t.Context(), collect(new([]plan.Group))))
			continue
		}
		wantBroken(t, o.AssignedGroups(t.Context(), collect(new([]plan.Group))))
	}
}

func TestGroupsOfSomebodyGoneSaySo(t *testing.T) {
	o := newOrg(t, oktaError(404, "E0000007", "Not found: Resource not found: 00u1 (User)"))
	_, err := o.GroupsOf(t.Context(), "00u1")
	var gone *NotFound
	if !errors.As(err, &gone) || !wantError(t, err).NotFound() {
		t.Errorf("got %v (%T), want a *NotFound", err, err)
	}
	o = newOrg(t, answer(404, "nginx"))
	if _, err := o.GroupsOf(t.Context(), "00u1"); errors.As(err, &gone) || err == nil {
		t.Errorf("got %v (%T), want another error", err, err)
	}
}

func TestMembersAreListedAThousandAPage(t *testing.T) {
	var asked []string
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		if r.URL.Query().Get("after") == "" {
			nextPage(w, r, "c1")
		}
		_, _ = w.Write([]byte(array(user("00u" + r.URL.Query().Get("after")))))
	})
	var ids []plan.PersonID
	err := o.Members(t.Context(), "00g1", func(page []plan.PersonID) error { ids = append(ids, page...); return nil })
	if diff := cmp.Diff([]plan.PersonID{"00u", "00uc1"}, ids); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if diff := cmp.Diff([]string{"/api/v1/groups/00g1/users?limit=1000", "/api/v1/groups/00g1/users?after=c1&limit=1000"}, asked); diff != "" {
		t.Error(diff)
	}
	o = newOrg(t, oktaError(404, "E0000007", "Not found: Resource not found: 00g1 (UserGroup)"))
	if err := o.Members(t.Context(), "00g1", nil); err == nil {
		t.Error("a group that is gone has no members")
	}
}

func TestPushMappingsAreReadWhateverTheirStatus(t *testing.T) {
	o := newOrg(t, answer(200, array(`{"id":"gPm1","sourceGroupId":"00g1","status":"ACTIVE"}`, `{"id":"gPm2","sourceGroupId":"00g2","status":"ERROR"}`)))
	got, err := o.PushMappings(t.Context())
	want := []plan.PushMapping{{ID: "gPm1", Group: "00g1", Status: "ACTIVE"}, {ID: "gPm2", Group: "00g2", Status: "ERROR"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	o = newOrg(t, answer(200, array(`{"id":"gPm1"}`)))
	_, err = o.PushMappings(t.Context())
	wantBroken(t, err)
	o = newOrg(t, oktaError(400, "E0000001", "Api validation failed"))
	if _, err := o.PushMappings(t.Context()); !wantError(t, err).Refused() {
		t.Errorf("got %v", err)
	}
}

func TestManyReadersShareOneSource(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/users"):
			manyPages(5)(w, r)
		default:
			_, _ = w.Write([]byte(group("00g1", "Guards")))
		}
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if ids, err := o.everybody(); err != nil || len(ids) != 5 {
				t.Errorf("got %v, %v", ids, err)
			}
			if _, _, err := o.Group(context.Background(), "00g1"); err != nil {
				t.Error(err)
			}
			o.Requests()
			o.RequestsByRoute()
			o.ClockSkew()
		})
	}
	wg.Wait()
	if o.Requests() != 8*6 {
		t.Errorf("sent %d requests, want 48", o.Requests())
	}
}

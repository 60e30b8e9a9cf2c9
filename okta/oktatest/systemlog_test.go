package oktatest_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
)

// A reader polls the System Log as Okta's manual says.
type reader struct {
	srv  *oktatest.Server
	path string // of the next page
}

func poll(srv *oktatest.Server, since time.Time, more ...string) *reader {
	values := url.Values{"sortOrder": {"ASCENDING"}, "limit": {"1000"}, "since": {since.UTC().Format(time.RFC3339)}}
	for i := 0; i+1 < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	return &reader{srv, "/api/v1/logs?" + values.Encode()}
}

// page reads one page, and goes on to the next.
func (r *reader) page(t *testing.T) []map[string]any {
	t.Helper()
	a := get(t, r.srv, r.path)
	events := a.elements(t)
	if r.path = a.next(); r.path == "" {
		t.Fatalf("a page of %d events has no next", len(events))
	}
	return events
}

// about is the types of events, each with whom or what it is about.
func about(events []map[string]any) []string {
	out := []string{}
	for _, e := range events {
		line := e["eventType"].(string)
		for _, target := range e["target"].([]any) {
			line += " " + target.(map[string]any)["type"].(string) + ":" + target.(map[string]any)["id"].(string)
		}
		out = append(out, line)
	}
	return out
}

func startLog(t *testing.T) (*oktatest.Server, *stopped) {
	t.Helper()
	srv, clock := start(t), newClock()
	srv.Configure(func(s *oktatest.Server) { s.Now = clock.now })
	return srv, clock
}

func TestEveryChangeIsAnEvent(t *testing.T) {
	srv, clock := startLog(t)
	app := srv.AddApp(oktatest.App{})
	ada := srv.AddUser(oktatest.User{Login: "ada@acme.example", FirstName: "Ada", LastName: "Lovelace"})
	guards := srv.AddGroup(oktatest.Group{Name: "Guards"})
	srv.AssignGroup(app, guards, oktatest.GroupAssignment{})
	user, group, appTarget := " User:"+ada, " UserGroup:"+guards, " AppInstance:"+app
	member := " AppUser:0ua" + ada[3:] + appTarget + user
	clock.advance(time.Second)
	log := poll(srv, clock.now())
	for _, c := range []struct {
		name   string
		change func()
		want   []string
	}{
		{"a profile", func() { srv.UpdateUser(ada, map[string]any{"title": "Guard"}) },
			[]string{"user.account.update_profile" + user}},
		{"a direct assignment", func() { srv.AssignUser(app, ada, oktatest.Assignment{}) },
			[]string{"application.user_membership.add" + member}},
		{"another name in the app", func() { srv.UpdateAssignment(app, ada, "ada", nil) },
			[]string{"application.user_membership.change_username" + member}},
		{"an app profile", func() { srv.UpdateAssignment(app, ada, "", map[string]any{"site": "North"}) },
			[]string{"application.user_membership.update" + member}},
		{"a revoked assignment", func() { srv.SetAssignmentStatus(app, ada, "REVOKED") },
			[]string{"application.user_membership.revoke" + member}},
		{"the end of an assignment", func() { srv.UnassignUser(app, ada) },
			[]string{"application.user_membership.remove" + member}},
		{"a new member", func() { srv.AddMembers(guards, ada) },
			[]string{"group.user_membership.add" + user + group, "application.user_membership.add" + member}},
		{"a suspension", func() { srv.SetUserStatus(ada, oktatest.StatusSuspended) },
			[]string{"user.lifecycle.suspend" + user}},
		{"its end", func() { srv.SetUserStatus(ada, oktatest.StatusActive) }, []string{"user.lifecycle.unsuspend" + user}},
		{"a member who leaves", func() { srv.RemoveMembers(guards, ada) },
			[]string{"group.user_membership.remove" + user + group, "application.user_membership.remove" + member}},
		{"a new name of a group", func() { srv.RenameGroup(guards, "Officers") }, []string{"group.profile.update" + group}},
		{"a group that loses the app", func() { srv.UnassignGroup(app, guards) },
			[]string{"group.application_assignment.remove" + group + appTarget}},
		{"a group that gets it", func() { srv.AssignGroup(app, guards, oktatest.GroupAssignment{}) },
			[]string{"group.application_assignment.add" + group + appTarget}},
		{"a deleted group", func() { srv.DeleteGroup(guards) }, []string{"group.lifecycle.delete" + group}},
		{"an app that is off", func() { srv.SetAppStatus(app, "INACTIVE") },
			[]string{"application.lifecycle.deactivate" + appTarget}},
		{"an app that is on", func() { srv.SetAppStatus(app, "ACTIVE") },
			[]string{"application.lifecycle.activate" + appTarget}},
		{"a login", func() { srv.RecordLogin(ada) }, []string{"user.session.start" + user}},
		{"a deactivation", func() { srv.AssignUser(app, ada, oktatest.Assignment{}); log.page(t); srv.DeactivateUser(ada) },
			[]string{"user.lifecycle.deactivate" + user, "application.user_membership.remove" + member}},
		{"an activation", func() { srv.SetUserStatus(ada, oktatest.StatusActive) }, []string{"user.lifecycle.activate" + user}},
		{"a deletion", func() { srv.DeleteUser(ada) },
			[]string{"user.lifecycle.deactivate" + user, "user.lifecycle.delete.initiated" + user,
				"user.lifecycle.delete.completed" + user}},
	} {
		c.change()
		if got := about(log.page(t)); !slices.Equal(got, c.want) {
			t.Errorf("%s: the log has %v, want %v", c.name, got, c.want)
		}
		if got := log.page(t); len(got) != 0 {
			t.Errorf("%s: the page behind the last holds %v", c.name, about(got))
		}
	}
}

func TestPollingGoesOnWhereItWas(t *testing.T) {
	srv, clock := startLog(t)
	log := poll(srv, clock.now(), "limit", "2",
		"filter", `eventType eq "user.lifecycle.create" or eventType eq "user.lifecycle.delete.completed"`)
	if got := log.page(t); len(got) != 0 {
		t.Fatalf("an empty log has %v", about(got))
	}
	var want, got []string
	for i := range 3 {
		for j := range 5 {
			id := srv.AddUser(oktatest.User{Login: fmt.Sprintf("u%d-%d@acme.example", i, j)})
			want = append(want, "user.lifecycle.create User:"+id)
		}
		clock.advance(time.Duration(i) * time.Second) // the first two polls are in one second
		for page := log.page(t); len(page) > 0; page = log.page(t) {
			if len(page) > 2 {
				t.Errorf("a page holds %d events", len(page))
			}
			got = append(got, about(page)...)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("polled %v, want %v", got, want)
	}
}

func TestFilterNamesTargets(t *testing.T) {
	srv, clock := startLog(t)
	app, other := srv.AddApp(oktatest.App{}), srv.AddApp(oktatest.App{})
	ada := srv.AddUser(oktatest.User{Login: "ada@acme.example"})
	clock.advance(time.Second)
	log := poll(srv, clock.now(), "filter", `target.id eq "`+app+`" and (eventType eq "application.user_membership.add"`+
		` or eventType eq "application.user_membership.remove")`)
	for _, id := range []string{app, other} {
		srv.AssignUser(id, ada, oktatest.Assignment{})
		srv.UnassignUser(id, ada)
	}
	got := about(log.page(t))
	if len(got) != 2 || !strings.HasPrefix(got[0], "application.user_membership.add") || !strings.Contains(got[0], app) {
		t.Errorf("the filter finds %v", got)
	}
}

func TestLogIsLateRepeatsAndIsOutOfOrder(t *testing.T) {
	srv, clock := startLog(t)
	srv.Configure(func(s *oktatest.Server) {
		s.SystemLog = oktatest.LogManners{Lag: 10 * time.Second, Late: 5 * time.Second, Again: 30 * time.Second}
	})
	log := poll(srv, clock.now())
	ada := srv.AddUser(oktatest.User{Login: "ada@acme.example", Status: oktatest.StatusStaged})
	for _, status := range []string{oktatest.StatusActive, oktatest.StatusSuspended} {
		clock.advance(time.Second)
		srv.SetUserStatus(ada, status)
	}
	if got := log.page(t); len(got) != 0 {
		t.Errorf("before its time the log has %v", about(got))
	}
	var order []string
	ids := map[string]bool{}
	for range 12 {
		clock.advance(4 * time.Second)
		for _, e := range log.page(t) {
			order = append(order, strings.TrimPrefix(e["eventType"].(string), "user.lifecycle."))
			ids[e["uuid"].(string)] = true
		}
	}
	want := []string{"create", "suspend", "activate", "create", "suspend", "activate"}
	if !slices.Equal(order, want) || len(ids) != 3 {
		t.Errorf("%d events came as %v, want 3 as %v", len(ids), order, want)
	}
}

func TestLogHasNoiseAndLosesEvents(t *testing.T) {
	srv, clock := startLog(t)
	srv.Configure(func(s *oktatest.Server) {
		s.SystemLog = oktatest.LogManners{Noise: 8, Lose: func(kind string) bool { return kind == "user.lifecycle.suspend" }}
	})
	log := poll(srv, clock.now())
	ada := srv.AddUser(oktatest.User{Login: "ada@acme.example"})
	srv.SetUserStatus(ada, oktatest.StatusSuspended)
	events := log.page(t)
	mine := slices.DeleteFunc(about(events), func(line string) bool { return !strings.Contains(line, ada) })
	want := []string{"user.lifecycle.create User:" + ada, "user.lifecycle.activate User:" + ada}
	if !slices.Equal(mine, want) || len(events) != 3*8+2 {
		t.Errorf("of %d events %v are about her, want %v of 26", len(events), mine, want)
	}
}

func TestLookupsTrailTheLog(t *testing.T) {
	srv, clock := startLog(t)
	app, guards := srv.AddApp(oktatest.App{}), srv.AddGroup(oktatest.Group{Name: "Guards"})
	ada := srv.AddUser(oktatest.User{Login: "ada@acme.example"})
	srv.AddMembers(guards, ada)
	srv.AssignUser(app, ada, oktatest.Assignment{})
	srv.Configure(func(s *oktatest.Server) { s.SystemLog.LookupLag = 3 * time.Second })
	log := poll(srv, clock.now())
	log.page(t)
	srv.RemoveMembers(guards, ada)
	srv.DeleteUser(ada)
	if got := log.page(t); len(got) < 4 {
		t.Fatalf("the log has %v", about(got))
	}
	assignment := "/api/v1/apps/" + app + "/users/" + ada + "?expand=user"
	if status := object(t, srv, "/api/v1/users/"+ada)["status"]; status != "ACTIVE" {
		t.Errorf("a look-up that trails shows %v", status)
	}
	if link := field(object(t, srv, assignment), "_links.user.href").(string); !strings.HasPrefix(link, srv.URL) {
		t.Errorf("the link is %v", link)
	}
	if got := all(t, srv, "/api/v1/users/"+ada+"/groups"); !slices.Equal(got, []string{guards}) {
		t.Errorf("the groups are %v", got)
	}
	clock.advance(3 * time.Second)
	for _, path := range []string{"/api/v1/users/" + ada, assignment, "/api/v1/users/" + ada + "/groups"} {
		get(t, srv, path).refused(t, 404, "E0000007")
	}
}

func TestLogKeepsNinetyDays(t *testing.T) {
	srv, clock := startLog(t)
	began := clock.now()
	srv.AddUser(oktatest.User{Login: "ada@acme.example"})
	old := poll(srv, began)
	old.page(t)
	clock.advance(80 * 24 * time.Hour)
	bob := srv.AddUser(oktatest.User{Login: "bob@acme.example"})
	clock.advance(11 * 24 * time.Hour)
	want := []string{"user.lifecycle.create User:" + bob, "user.lifecycle.activate User:" + bob}
	if got := about(poll(srv, began).page(t)); !slices.Equal(got, want) {
		t.Errorf("after 91 days the log has %v, want %v", got, want)
	}
	get(t, srv, old.path).refused(t, 400, "E0000001")
	clock.advance(90 * 24 * time.Hour)
	get(t, srv, poll(srv, began).path).refused(t, 400, "E0000053")
}

func TestWhatTheLogDoesNotUnderstandIsRefused(t *testing.T) {
	srv := start(t)
	srv.AddUser(oktatest.User{Login: "ada@acme.example"})
	for query, code := range map[string]string{
		"since=2026-03-01T00:00:00Z&after=1_1": "E0000001", "after=nonsense": "E0000001", "since=yesterday": "E0000001",
		"limit=1001": "E0000001", "filter=published+gt+%222026-03-01T00:00:00Z%22": "E0000053",
		"filter=eventType+eqq+%22a%22": "E0000053", "filter=(eventType+pr": "E0000053",
	} {
		get(t, srv, "/api/v1/logs?"+query).refused(t, 400, code)
	}
	for _, query := range []string{"until=2026-03-01T00:00:00Z", "sortOrder=DESCENDING", "q=ada"} {
		get(t, srv, "/api/v1/logs?"+query).refused(t, 501, "E0000060")
	}
	srv.Configure(func(s *oktatest.Server) { s.Intercept = oktatest.RefusedCursor })
	log := poll(srv, time.Now().Add(-time.Hour))
	log.page(t)
	get(t, srv, log.path).refused(t, 400, "E0000001")
}

func TestForgottenEventsAreNoSilentGap(t *testing.T) {
	srv, clock := startLog(t)
	log := poll(srv, clock.now())
	log.page(t)
	for range 100_001 {
		clock.advance(time.Millisecond)
		srv.Log(oktatest.LogEvent{Type: "user.session.start"})
	}
	if n := len(srv.Logged(0)); n < 50_000 || n > 100_000 {
		t.Errorf("the log keeps %d events", n)
	}
	get(t, srv, log.path).refused(t, 400, "E0000001")
}

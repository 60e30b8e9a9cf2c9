package okta

import (
	"slices"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
)

// A logged org is a simulated one with a person, a group and the app, and the Source that
// reads its System Log. Nothing in it waits for real.
type loggedOrg struct {
	*oktatest.Server
	*clock
	source            *Source
	app, guards, user string
	began             time.Time
}

func newLoggedOrg(t *testing.T, change ...func(*Config)) *loggedOrg {
	t.Helper()
	o := &loggedOrg{Server: oktatest.NewServer(), clock: newClock()}
	t.Cleanup(o.Close)
	o.Configure(func(s *oktatest.Server) { s.Now = o.now })
	o.app, o.guards = o.AddApp(oktatest.App{}), o.AddGroup(oktatest.Group{Name: "Guards"})
	o.user = o.AddUser(oktatest.User{Login: "ana@acme.example", FirstName: "Ana", LastName: "Silva"})
	o.AssignUser(o.app, o.user, oktatest.Assignment{})
	_ = o.sleep(t.Context(), time.Second)
	o.began = o.now()
	o.source = o.reader(t, change...)
	return o
}

func (o *loggedOrg) reader(t *testing.T, change ...func(*Config)) *Source {
	t.Helper()
	c := Config{OrgURL: o.URL, AppID: o.app, Token: oktatest.DefaultToken, Now: o.now, Sleep: o.sleep, RateLimitShare: 1}
	for _, f := range change {
		f(&c)
	}
	source, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func (o *loggedOrg) fault(f oktatest.Interceptor) {
	o.Configure(func(s *oktatest.Server) { s.Intercept = f })
}

// poll reads the log from cursor on, or from where the test began, and must succeed.
func (o *loggedOrg) poll(t *testing.T, cursor string) (events []plan.Event, next string) {
	t.Helper()
	events, next, err := o.source.Events(t.Context(), cursor, o.began)
	if err != nil || next == "" {
		t.Fatalf("reading on from %q: next is %q, %v", cursor, next, err)
	}
	return events, next
}

func (o *loggedOrg) gone(at time.Time) []plan.Event {
	person, apps := []plan.PersonID{plan.PersonID(o.user)}, []string{o.app}
	return []plan.Event{
		{At: at, Kind: plan.EventUser, Says: plan.SaysGone, People: person},
		{At: at, Kind: plan.EventAssignment, Says: plan.SaysGone, People: person, Apps: apps},
	}
}

func wantEvents(t *testing.T, got, want []plan.Event) {
	t.Helper()
	same := func(a, b plan.Event) bool {
		return a.ID != "" && a.At.Equal(b.At) && a.Kind == b.Kind && a.Says == b.Says && slices.Equal(a.People, b.People) &&
			slices.Equal(a.Groups, b.Groups) && slices.Equal(a.Apps, b.Apps)
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("the events are %+v, want %+v", got, want)
	}
}

func TestIdlePollIsOneRequest(t *testing.T) {
	o := newLoggedOrg(t)
	events, next := o.poll(t, "")
	for range 3 {
		wantEvents(t, events, nil)
		before := o.source.Requests()
		if events, next = o.poll(t, next); o.source.Requests() != before+1 {
			t.Errorf("an idle poll took %d requests", o.source.Requests()-before)
		}
		_ = o.sleep(t.Context(), time.Hour)
	}
	for _, r := range o.Server.Requests() {
		q := r.Query
		if q.Get("sortOrder") != "ASCENDING" || q.Get("limit") != "1000" || q.Has("until") || q.Has("since") == q.Has("after") {
			t.Errorf("asked for %s", q.Encode())
		}
	}
}

func TestEventsComeWithTheirMeaning(t *testing.T) {
	o := newLoggedOrg(t)
	_, next := o.poll(t, "")
	person, group, apps := []plan.PersonID{plan.PersonID(o.user)}, []plan.GroupID{plan.GroupID(o.guards)}, []string{o.app}
	for _, c := range []struct {
		name   string
		change func()
		want   []plan.Event
	}{
		{"profile", func() { o.UpdateUser(o.user, map[string]any{"title": "x"}) },
			[]plan.Event{{Kind: plan.EventUser, People: person}}},
		{"name in the app", func() { o.UpdateAssignment(o.app, o.user, "ana", nil) },
			[]plan.Event{{Kind: plan.EventAssignment, People: person, Apps: apps}}},
		{"suspended", func() { o.SetUserStatus(o.user, "SUSPENDED") },
			[]plan.Event{{Kind: plan.EventUser, Says: plan.SaysGone, People: person}}},
		{"back", func() { o.SetUserStatus(o.user, "ACTIVE") },
			[]plan.Event{{Kind: plan.EventUser, Says: plan.SaysThere, People: person}}},
		{"member", func() { o.AddMembers(o.guards, o.user) },
			[]plan.Event{{Kind: plan.EventMembership, Says: plan.SaysThere, People: person, Groups: group}}},
		{"no member", func() { o.RemoveMembers(o.guards, o.user) },
			[]plan.Event{{Kind: plan.EventMembership, Says: plan.SaysGone, People: person, Groups: group}}},
		{"renamed", func() { o.RenameGroup(o.guards, "Officers") }, []plan.Event{{Kind: plan.EventGroup, Groups: group}}},
		{"group gets the app", func() { o.AssignGroup(o.app, o.guards, oktatest.GroupAssignment{}) },
			[]plan.Event{{Kind: plan.EventGroupAssignment, Groups: group, Apps: apps}}},
		{"group deleted", func() { o.DeleteGroup(o.guards) }, []plan.Event{{Kind: plan.EventGroup, Groups: group}}},
		{"app off", func() { o.SetAppStatus(o.app, "INACTIVE") }, []plan.Event{{Kind: plan.EventApp, Apps: apps}}},
		{"app on", func() { o.SetAppStatus(o.app, "ACTIVE") }, []plan.Event{{Kind: plan.EventApp, Apps: apps}}},
		{"a login", func() { o.RecordLogin(o.user) }, nil},
		{"a change of another app", func() { o.AssignUser(o.AddApp(oktatest.App{}), o.user, oktatest.Assignment{}) }, nil},
		{"deactivated", func() { o.UnassignUser(o.app, o.user); o.DeactivateUser(o.user) }, []plan.Event{
			{Kind: plan.EventAssignment, Says: plan.SaysGone, People: person, Apps: apps},
			{Kind: plan.EventUser, Says: plan.SaysGone, People: person}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_ = o.sleep(t.Context(), time.Second)
			c.change()
			for i := range c.want {
				c.want[i].At = o.now()
			}
			var got []plan.Event
			got, next = o.poll(t, next)
			wantEvents(t, got, c.want)
		})
	}
}

// What goes wrong on the way costs no event, and none comes twice.
func TestFaultsOfTheLogLoseNoEvent(t *testing.T) {
	for name, fault := range map[string]oktatest.Interceptor{
		"429":              oktatest.First(2, oktatest.TooManyRequests(30*time.Second)),
		"429 of a gateway": oktatest.First(2, oktatest.TooManyBare),
		"500":              oktatest.First(5, oktatest.ServerError),
		"503":              oktatest.First(3, oktatest.HTMLPage(503)),
		"a dropped answer": oktatest.First(3, oktatest.Drop),
		"a cut page":       oktatest.First(3, oktatest.CutMidBody),
		"half a page":      oktatest.First(3, oktatest.Truncated),
		"an empty answer":  oktatest.First(3, oktatest.EmptyBody),
		"a second page":    oktatest.Nth(2, oktatest.CutMidBody),
		"no next":          oktatest.First(3, oktatest.NoNext),
		"a loop":           oktatest.First(3, oktatest.SelfLoop),
		"folded links":     oktatest.FoldedLink,
	} {
		t.Run(name, func(t *testing.T) {
			o := newLoggedOrg(t)
			_, cursor := o.poll(t, "")
			o.DeactivateUser(o.user)
			o.fault(fault)
			got, next := o.poll(t, cursor)
			wantEvents(t, got, o.gone(o.began))
			if got, _ := o.poll(t, next); len(got) != 0 {
				t.Errorf("the next poll has %+v", got)
			}
		})
	}
}

func TestPollThatFailsTellsNothingAndCanBeMadeAgain(t *testing.T) {
	for name, fault := range map[string]oktatest.Interceptor{
		"the first page fails":  oktatest.ServerError,
		"the last page fails":   oktatest.After(1, oktatest.HTMLPage(502)),
		"no page leads on":      oktatest.NoNext,
		"every page is cut":     oktatest.CutMidBody,
		"the log is an object":  oktatest.EmptyObject,
		"another server's page": oktatest.HTMLPage(200),
	} {
		t.Run(name, func(t *testing.T) {
			o := newLoggedOrg(t)
			_, cursor := o.poll(t, "")
			o.DeactivateUser(o.user)
			o.fault(fault)
			events, next, err := o.source.Events(t.Context(), cursor, o.began)
			if failure := wantError(t, err); len(events) > 0 || next != "" || failure.CursorRefused() || failure.LogsForbidden() {
				t.Errorf("got %+v, next %q, %v", events, next, err)
			}
			o.fault(nil)
			got, _ := o.poll(t, cursor)
			wantEvents(t, got, o.gone(o.began))
		})
	}
}

func TestSameEventTwiceIsOne(t *testing.T) {
	o := newLoggedOrg(t)
	o.Configure(func(s *oktatest.Server) { s.SystemLog = oktatest.LogManners{Again: time.Millisecond, Noise: 20} })
	_, cursor := o.poll(t, "")
	o.DeactivateUser(o.user)
	at := o.now()
	_ = o.sleep(t.Context(), time.Second)
	got, _ := o.poll(t, cursor)
	got = slices.DeleteFunc(got, func(e plan.Event) bool { return !slices.Contains(e.People, plan.PersonID(o.user)) })
	wantEvents(t, got, o.gone(at))
}

func TestManyEventsAreReadPageByPage(t *testing.T) {
	o := newLoggedOrg(t)
	_, cursor := o.poll(t, "")
	for range 2500 {
		o.UpdateUser(o.user, map[string]any{"title": "x"})
	}
	before := o.source.Requests()
	if got, _ := o.poll(t, cursor); len(got) != 2500 || o.source.Requests() != before+4 {
		t.Errorf("read %d events in %d requests, want 2500 in 4", len(got), o.source.Requests()-before)
	}
}

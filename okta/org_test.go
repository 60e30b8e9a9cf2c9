package okta

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
)

// A simulated org has 12 guards in one group that has the app, read in pages of 5.
type simulated struct {
	*oktatest.Server
	*Source
	*clock
	app    string
	group  plan.GroupID
	guards []plan.PersonID // in the order of the listing
}

func newSimulated(t *testing.T) *simulated {
	t.Helper()
	o := &simulated{Server: oktatest.NewServer(), clock: newClock()}
	t.Cleanup(o.Close)
	o.Server.Now = o.now
	o.app = o.AddApp(oktatest.App{Label: "TrackTik"})
	group := o.AddGroup(oktatest.Group{Name: "Guards"})
	o.AssignGroup(o.app, group, oktatest.GroupAssignment{})
	for i := range 12 {
		id := o.AddUser(oktatest.User{Login: fmt.Sprintf("guard%d@acme.example", i), FirstName: "Ana", LastName: "Silva"})
		o.AddMembers(group, id)
		o.guards = append(o.guards, plan.PersonID(id))
	}
	slices.Sort(o.guards)
	o.group = plan.GroupID(group)
	var err error
	o.Source, err = New(Config{OrgURL: o.URL, AppID: o.app, Token: oktatest.DefaultToken, Now: o.now, Sleep: o.sleep})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// assigned lists the assignments five a page.
func (o *simulated) assigned(ctx context.Context) (ids []plan.PersonID, err error) {
	l := listing{route: routeAssignments, path: o.appPath("/users"), query: map[string][]string{"expand": {"user"}}, limit: 5, least: 1}
	err = o.list(ctx, l, func(p page) error {
		for _, e := range o.entries(p) {
			person, err := e.Decode()
			if err != nil {
				return err
			}
			ids = append(ids, person.ID)
		}
		return nil
	})
	return ids, err
}

func TestPassingFaultOfAnyKindCostsNobody(t *testing.T) {
	for name, fault := range map[string]oktatest.Interceptor{
		"dropped":             oktatest.Drop,
		"reset":               oktatest.ResetMidBody,
		"cut":                 oktatest.CutMidBody,
		"truncated":           oktatest.Truncated,
		"empty":               oktatest.EmptyBody,
		"null":                oktatest.NullBody,
		"an object":           oktatest.EmptyObject,
		"a web page":          oktatest.HTMLPage(http.StatusOK),
		"a bad gateway":       oktatest.HTMLPage(http.StatusBadGateway),
		"a gateway timeout":   oktatest.HTMLPage(http.StatusGatewayTimeout),
		"a server error":      oktatest.ServerError,
		"read-only":           oktatest.ReadOnly,
		"429":                 oktatest.TooManyRequests(30 * time.Second),
		"429, reset past":     oktatest.TooManyRequests(-30 * time.Second),
		"429 at once":         oktatest.TooManyAtOnce,
		"429 of a gateway":    oktatest.TooManyBare,
		"a malformed link":    oktatest.MalformedLink,
		"a page that repeats": oktatest.SelfLoop,
	} {
		for nth := 1; nth <= 3; nth++ {
			t.Run(fmt.Sprintf("%s, page %d", name, nth), func(t *testing.T) {
				o := newSimulated(t)
				o.Intercept = oktatest.Nth(nth, fault)
				ids, err := o.assigned(t.Context())
				if err != nil || !slices.Equal(ids, o.guards) {
					t.Fatalf("read %v, %v, want %v", ids, err, o.guards)
				}
				if n := o.Count("GET /api/v1/apps/*/users"); n > 4 {
					t.Errorf("sent %d requests, want one more than the 3 pages", n)
				}
			})
		}
	}
}

func TestLastingFaultEndsTheReadAndCountsItsRequests(t *testing.T) {
	for name, fault := range map[string]oktatest.Interceptor{
		"dropped":          oktatest.Drop,
		"reset":            oktatest.ResetMidBody,
		"truncated":        oktatest.Truncated,
		"empty":            oktatest.EmptyBody,
		"null":             oktatest.NullBody,
		"an object":        oktatest.EmptyObject,
		"a web page":       oktatest.HTMLPage(http.StatusOK),
		"a server error":   oktatest.ServerError,
		"not found":        oktatest.ResourceNotFound,
		"not Okta's 404":   oktatest.HTMLNotFound,
		"unauthorized":     oktatest.Unauthorized,
		"forbidden":        oktatest.Forbidden,
		"429":              oktatest.TooManyRequests(time.Second),
		"a malformed link": oktatest.MalformedLink,
		"itself":           oktatest.SelfLoop,
		"the start":        oktatest.LoopToStart,
	} {
		t.Run(name, func(t *testing.T) {
			o := newSimulated(t)
			o.Intercept = oktatest.After(1, fault)
			ids, err := o.assigned(t.Context())
			wantError(t, err)
			if len(ids) > 10 {
				t.Errorf("read %v and then an error; a broken listing must not look whole", ids)
			}
			if n := o.Count("GET /api/v1/apps/*/users"); n != o.Source.Requests() || n > maxWaits+2 {
				t.Errorf("sent %d requests, and counts %d", n, o.Source.Requests())
			}
		})
	}
}

func TestEverythingAnAdministratorSeesIsReadAlike(t *testing.T) {
	o := newSimulated(t)
	ctx := t.Context()
	if app, err := o.App(ctx); err != nil || app.ID != o.app || !app.Active() || app.Label != "TrackTik" {
		t.Errorf("app: got %+v, %v", app, err)
	}
	if ids, err := o.assigned(ctx); err != nil || !slices.Equal(ids, o.guards) {
		t.Errorf("assignments: got %v, %v", ids, err)
	}
	var members []plan.PersonID
	err := o.Members(ctx, o.group, func(ids []plan.PersonID) error { members = append(members, ids...); return nil })
	if slices.Sort(members); err != nil || !slices.Equal(members, o.guards) {
		t.Errorf("members: got %v, %v", members, err)
	}
	var assigned, all []plan.Group
	if err := o.AssignedGroups(ctx, collect(&assigned)); err != nil || len(assigned) != 1 || assigned[0].Name != "Guards" || assigned[0].Changed == "" {
		t.Errorf("assigned groups: got %+v, %v", assigned, err)
	}
	if err := o.Groups(ctx, collect(&all)); err != nil || !slices.Contains(all, assigned[0]) {
		t.Errorf("groups: got %+v, %v", all, err)
	}
	if g, found, err := o.Group(ctx, o.group); err != nil || !found || g != assigned[0] {
		t.Errorf("group: got %+v, %v, %v", g, found, err)
	}
	mapping := o.AddPushMapping(o.app, string(o.group))
	if list, err := o.PushMappings(ctx); err != nil || len(list) != 1 || list[0].ID != mapping || list[0].Group != o.group {
		t.Errorf("push mappings: got %+v, %v", list, err)
	}
	if found, err := o.Mapping(ctx, mapping); err != nil || !found {
		t.Errorf("push mapping: got %v, %v", found, err)
	}
	people, err := o.UserByEmail(ctx, "guard3@acme.example")
	if err != nil || len(people) != 1 {
		t.Fatalf("by e-mail: got %+v, %v", people, err)
	}
	byLogin, found, err := o.User(ctx, "guard3@acme.example")
	if err != nil || !found || byLogin.ID != people[0].ID {
		t.Errorf("by login: got %+v, %v, %v", byLogin, found, err)
	}
}

func TestDepartureIsKnownByLookUp(t *testing.T) {
	o := newSimulated(t)
	ctx := t.Context()
	left, gone := o.guards[3], o.guards[4]
	o.RemoveMembers(string(o.group), string(left))
	if _, found, err := o.Assignment(ctx, left); found || err != nil {
		t.Errorf("unassigned: got %v, %v", found, err)
	}
	if p, found, err := o.User(ctx, string(left)); !found || err != nil || p.Status != "ACTIVE" {
		t.Errorf("unassigned: got %+v, %v, %v", p, found, err)
	}
	if groups, err := o.GroupsOf(ctx, left); err != nil || slices.ContainsFunc(groups, func(g plan.Group) bool { return g.ID == o.group }) {
		t.Errorf("unassigned: got groups %v, %v", groups, err)
	}
	o.DeactivateUser(string(gone))
	if p, found, err := o.User(ctx, string(gone)); !found || err != nil || p.Status != "DEPROVISIONED" {
		t.Errorf("deactivated: got %+v, %v, %v", p, found, err)
	}
	o.DeleteUser(string(gone))
	if _, found, err := o.User(ctx, string(gone)); found || err != nil {
		t.Errorf("deleted: got %v, %v", found, err)
	}
	if assigned, err := o.GroupAssigned(ctx, o.group); err != nil || !assigned {
		t.Errorf("group: got %v, %v", assigned, err)
	}
	o.UnassignGroup(o.app, string(o.group))
	if assigned, err := o.GroupAssigned(ctx, o.group); err != nil || assigned {
		t.Errorf("group: got %v, %v", assigned, err)
	}
}

func TestRateLimitOfTheOrgIsSharedByAllReadsBelowTheApp(t *testing.T) {
	o := newSimulated(t)
	o.RateLimit = map[string]int{oktatest.BucketApps: 10}
	var refused atomic.Int32
	o.Intercept = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, r)
		if w.Header().Get("X-Rate-Limit-Remaining") == "0" {
			refused.Add(1)
		}
	}
	for range 4 {
		if _, err := o.assigned(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := o.GroupAssigned(t.Context(), o.group); err != nil {
			t.Fatal(err)
		}
	}
	if refused.Load() != 0 || o.total() < 3*time.Minute || o.total() > 4*time.Minute {
		t.Errorf("came down to nothing %d times, waited %s for 16 requests at 5 a minute", refused.Load(), o.total())
	}
}

func TestUsersAreFoundByEitherName(t *testing.T) {
	o := newSimulated(t)
	one := o.AddUser(oktatest.User{Login: "one@acme.example", Email: "mail@acme.example"})
	two := o.AddUser(oktatest.User{Login: "two@acme.example", Email: "ONE@acme.example"})
	for _, c := range []struct {
		login, email string
		want         []string
	}{
		{"one@acme.example", "one@acme.example", []string{one, two}},
		{"ONE@acme.example", "", []string{one}},
		{"", "mail@acme.example", []string{one}},
		{"nobody@acme.example", `"or"\@acme.example`, nil},
		{"", "", nil},
	} {
		people, err := o.UsersNamed(t.Context(), c.login, c.email)
		var ids []string
		for _, p := range people {
			ids = append(ids, string(p.ID))
		}
		if slices.Sort(ids); err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%q or %q: %v, %v, want %v", c.login, c.email, ids, err, c.want)
		}
	}
}

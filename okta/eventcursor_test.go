package okta

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
)

func TestRefusedCursorIsToldFromOtherFailures(t *testing.T) {
	o := newLoggedOrg(t)
	_, cursor := o.poll(t, "")
	other := newLoggedOrg(t)
	_, foreign := other.poll(t, "")
	elsewhere := func(name, value string) string {
		u, _ := url.Parse(cursor)
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	for name, c := range map[string]struct {
		cursor string
		fault  oktatest.Interceptor
		sent   bool
	}{
		"Okta does not know it any more": {cursor, oktatest.RefusedCursor, true},
		"of another org":                 {foreign, nil, false},
		"of another app":                 {elsewhere("filter", eventFilter("0oaOther")), nil, false},
		"without a place":                {elsewhere("after", ""), nil, false},
		"no cursor":                      {"nonsense", nil, false},
		"that Okta cannot read":          {elsewhere("after", "nonsense"), nil, true},
	} {
		o.fault(c.fault)
		before := o.source.Requests()
		events, _, err := o.source.Events(t.Context(), c.cursor, o.began)
		failure := wantError(t, err)
		if !failure.CursorRefused() || len(events) > 0 || o.source.Requests() > before != c.sent {
			t.Errorf("%s: got %v after %d requests", name, err, o.source.Requests()-before)
		}
		if failure.Credentials() || failure.Refused() || !strings.Contains(err.Error(), "reading begins anew") {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(err.Error(), "eventType") {
			t.Errorf("%s: the error holds the filter: %v", name, err)
		}
		o.fault(nil)
		if _, next, err := o.source.Events(t.Context(), "", o.now()); err != nil || next == "" {
			t.Errorf("%s: beginning anew: %v", name, err)
		}
	}
	o.fault(oktatest.Body("[]")) // a gateway's refusal says nothing of the cursor
	o.fault(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		http.Error(w, "blocked", http.StatusBadRequest)
	})
	if _, _, err := o.source.Events(t.Context(), cursor, o.began); wantError(t, err).CursorRefused() {
		t.Errorf("a gateway's 400 refuses the cursor: %v", err)
	}
}

func TestLinkThatForgetsTheFilterIsFollowedWithIt(t *testing.T) {
	o := newLoggedOrg(t)
	o.fault(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := oktatest.LinkHeader("<" + o.URL + `/api/v1/logs?after=` + fmt.Sprint(o.now().UnixMilli()) + `_0>; rel="next"`)
		answer(w, r, next)
	})
	_, cursor := o.poll(t, "")
	o.fault(nil)
	o.RecordLogin(o.user)
	o.DeactivateUser(o.user)
	got, _ := o.poll(t, cursor)
	wantEvents(t, got, o.gone(o.began))
}

func TestLogHasABudgetOfItsOwn(t *testing.T) {
	o := newLoggedOrg(t, func(c *Config) { c.RateLimitShare = 0.5 })
	o.Configure(func(s *oktatest.Server) { s.RateLimit = map[string]int{oktatest.BucketLogs: 10} })
	_, cursor := o.poll(t, "")
	for range 9 { // with the first, two minutes' worth
		_, cursor = o.poll(t, cursor)
		if _, err := o.source.App(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range o.Server.Requests() {
		if r.Status != 200 {
			t.Errorf("%s ran into the limit: %d", r.Path, r.Status)
		}
	}
	if waited := o.source.Waited(); waited < 59*time.Second || waited > 62*time.Second {
		t.Errorf("waited %s, want a minute", waited)
	}
	if !slices.ContainsFunc(o.source.RateLimits(), func(l RateLimit) bool { return l.Bucket == "logs" && l.Limit == 10 }) {
		t.Errorf("the limits are %+v", o.source.RateLimits())
	}
}

func TestMissingRightToTheLogSpoilsNothingElse(t *testing.T) {
	o := newLoggedOrg(t)
	o.fault(oktatest.On("/api/v1/logs", oktatest.Forbidden))
	_, _, err := o.source.Events(t.Context(), "", o.began)
	failure := wantError(t, err)
	if !failure.LogsForbidden() || failure.Credentials() || !strings.Contains(err.Error(), ScopeLogs) {
		t.Errorf("a role without the log: %v", err)
	}
	if _, err := o.source.App(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLogIsReadWithATokenOfItsOwn(t *testing.T) {
	for _, granted := range []bool{true, false} {
		s := newService(t)
		scopes := slices.Clone(neededScopes)
		if granted {
			scopes = append(scopes, ScopeLogs)
		}
		s.GrantScopes(testClient, scopes...)
		logs, err := NewServiceApp(ServiceAppConfig{OrgURL: s.URL, ClientID: testClient, Scopes: []string{ScopeLogs},
			Key: func() ([]byte, error) { return pkcs8(ecKeys()[0]), nil }, Now: s.now, Sleep: s.sleep})
		if err != nil {
			t.Fatal(err)
		}
		c := Config{OrgURL: s.URL, AppID: s.source.app, Now: s.now, Sleep: s.sleep}
		c.Use(logs)
		reader, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		_, next, err := reader.Events(t.Context(), "", s.now())
		var failure *Error
		if granted && (err != nil || next == "") || !granted && (!errors.As(err, &failure) || !failure.LogsForbidden()) {
			t.Errorf("granted %v: next %q, %v", granted, next, err)
		}
		if !granted && !strings.Contains(err.Error(), "grant the service app okta.logs.read, on its") {
			t.Errorf("the way out is %v", err)
		}
		s.mustRead(t)
		if got := s.Scopes(); !slices.Equal(got, neededScopes) {
			t.Errorf("all else is read with %v", got)
		}
	}
}

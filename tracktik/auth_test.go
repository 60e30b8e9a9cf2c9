package tracktik

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"tracktik-sync/sync/plan"
)

const emptyList = `{"meta":{"count":0,"itemCount":0},"data":[]}`

func withRefresh(seed string, store TokenStore) func(*Config) {
	return func(cfg *Config) {
		cfg.Auth.Grant, cfg.Auth.Username, cfg.Auth.Password = GrantRefreshToken, "", ""
		cfg.Auth.RefreshToken, cfg.Tokens = seed, store
	}
}

func TestPasswordGrantIsAFormWithoutScope(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	_, err := client(t, p, nil).Roles(t.Context())
	ok(t, err)
	want := url.Values{"grant_type": {"password"}, "client_id": {"client"}, "client_secret": {"the-client-secret"},
		"username": {"integration"}, "password": {"the-password"}}
	if got := p.forms()[0]; got.Encode() != want.Encode() {
		t.Errorf("sent %v, want %v", got, want)
	}
}

func TestOneLoginServesManyCallsAtATime(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	c := client(t, p, nil)
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if _, err := c.Roles(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(p.forms()); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
}

func TestTokenIsUsedUntilAMinuteBeforeItsEnd(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	now := newClock()
	c := client(t, p, func(cfg *Config) { cfg.Now = now.now })
	for _, step := range []struct {
		pass time.Duration
		want int
	}{{0, 1}, {58 * time.Minute, 1}, {time.Minute, 2}} {
		now.pass(step.pass)
		_, err := c.Roles(t.Context())
		ok(t, err)
		if n := len(p.forms()); n != step.want {
			t.Errorf("%s later: %d logins, want %d", step.pass, n, step.want)
		}
	}
}

func TestTokenThatLivesLessThanTheMarginIsStillReused(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	p.token = func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		p.issued = 1
		p.mu.Unlock()
		answer(w, 200, `{"access_token":"access-1","expires_in":"40"}`)
	}
	c := client(t, p, nil)
	for range 3 {
		_, err := c.Roles(t.Context())
		ok(t, err)
	}
	if n := len(p.forms()); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
}

// A lifetime is understood in every form in which it comes, and one that says nothing is
// the usual one.
func TestLifetimesOfTokensComeInManyForms(t *testing.T) {
	for said, want := range map[string]time.Duration{
		`3600`: time.Hour, `3600.5`: time.Hour, `"3600"`: time.Hour, `"3600.5"`: time.Hour, `3.6e3`: time.Hour, `1800.0`: 30 * time.Minute,
		`null`: time.Hour, `""`: time.Hour, `"soon"`: time.Hour, `-5`: time.Hour, `0.5`: time.Hour, `{}`: time.Hour, `1e300`: 365 * 24 * time.Hour,
	} {
		for _, mark := range []string{"", "\ufeff"} {
			p := newPortal(t, always(200, emptyList))
			p.token = func(w http.ResponseWriter, _ *http.Request) {
				p.mu.Lock()
				p.issued = 1
				p.mu.Unlock()
				answer(w, 200, mark+`{"access_token":"access-1","expires_in":`+said+`}`)
			}
			now := newClock()
			c := client(t, p, func(cfg *Config) { cfg.Now = now.now })
			for _, step := range []struct {
				pass   time.Duration
				logins int
			}{{0, 1}, {want - tokenMargin - time.Second, 1}, {2 * time.Second, 2}} {
				now.pass(step.pass)
				_, err := c.Roles(t.Context())
				ok(t, err)
				if n := len(p.forms()); n != step.logins {
					t.Errorf("%s%s, %s later: %d logins, want %d", mark, said, step.pass, n, step.logins)
				}
			}
			p.Close()
		}
	}
}

func TestUnauthorizedWriteIsSentOnceMoreWithANewToken(t *testing.T) {
	p := newPortal(t, always(201, `{"data":{"id":7}}`))
	c := client(t, p, nil)
	_, err := c.Grant(t.Context(), 1, 2)
	ok(t, err)
	p.expire()
	id, err := c.Grant(t.Context(), 3, 4)
	ok(t, err)
	calls := p.requests()
	if id != 7 || len(calls) != 3 || len(p.forms()) != 2 {
		t.Fatalf("grant %d after %d calls and %d logins, want 7, 3 and 2", id, len(calls), len(p.forms()))
	}
	if calls[1].body != calls[2].body || calls[2].body != `{"role":4,"user":3}` {
		t.Errorf("sent %q, then %q", calls[1].body, calls[2].body)
	}
}

func TestSecondUnauthorizedAnswerEndsEveryCallWithoutALogin(t *testing.T) {
	p := newPortal(t, always(401, `{"status":401,"error":"account disabled"}`))
	c := client(t, p, nil)
	for range 40 {
		e := wantError(t, c.RenameRole(t.Context(), 1, "x"))
		if !e.Credentials() || e.OutcomeUnknown() || e.Refused() {
			t.Fatalf("credentials %v, unknown %v, refused %v: %v", e.Credentials(), e.OutcomeUnknown(), e.Refused(), e)
		}
	}
	if len(p.requests()) != 3 || len(p.forms()) != 2 { // the call, the call again, and a read that tells the token from the right
		t.Errorf("%d calls and %d logins, want 3 and 2", len(p.requests()), len(p.forms()))
	}
}

func TestRefusedLoginIsNeverRepeated(t *testing.T) {
	for _, body := range []string{`{"error":"invalid_grant","error_description":"wrong the-password"}`, `{"error":"invalid_client"}`, ``} {
		p := newPortal(t, always(200, emptyList))
		p.token = always(401, body)
		c := client(t, p, nil)
		var all sync.WaitGroup
		for range 45 {
			all.Go(func() {
				_, err := c.FindEmployees(t.Context(), plan.Email, "ana@acme.example")
				if e, ok := err.(*Error); !ok || !e.Credentials() || strings.Contains(e.Error(), "the-password") {
					t.Errorf("got %v", err)
				}
				if _, err := c.UserRolesOf(t.Context(), 1001); err == nil { // all of them are told by the same error
					t.Error("roles are read without a login")
				}
			})
		}
		all.Wait()
		if n := len(p.forms()); n != 1 {
			t.Errorf("%d logins, want 1", n)
		}
		if c.Requests() != 1 {
			t.Errorf("%d requests, want the login alone", c.Requests())
		}
	}
}

// TestARefusedLoginSaysWhatToCorrect, by the words of the token endpoint.
func TestARefusedLoginSaysWhatToCorrect(t *testing.T) {
	for _, c := range []struct{ grant, code, want string }{
		{GrantPassword, "invalid_client", "check tracktik.auth.client_id and client_secret"},
		{GrantRefreshToken, "invalid_client", "check tracktik.auth.client_id and client_secret"},
		{GrantPassword, "invalid_grant", "check tracktik.auth.username and password"},
		{GrantPassword, "unauthorized_client", "allow the client the grant password"},
		{GrantPassword, "invalid_scope", "give the client its scopes"},
		{GrantRefreshToken, "invalid_grant", "put a new one into tracktik.auth.refresh_token"},
		{GrantAuthorizationCode, "invalid_grant", "log in anew with `auth login`"},
	} {
		s := &tokenSource{auth: Auth{Grant: c.grant}}
		err := s.tokenError(&oauth2.RetrieveError{Response: &http.Response{StatusCode: 400, Header: http.Header{}}, ErrorCode: c.code, Body: []byte(`{"error":"` + c.code + `"}`)})
		if text := err.Error(); !err.Credentials() || !strings.Contains(text, c.code+"; no further login is tried: ") || !strings.Contains(text, c.want) {
			t.Errorf("%s %s: %q, want %q", c.grant, c.code, text, c.want)
		}
	}
}

func TestBlockedAddressIsForbiddenAndLeftAlone(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	p.token = always(403, `<html><title>403 Forbidden</title></html>`)
	c := client(t, p, nil)
	for range 3 {
		_, err := c.Roles(t.Context())
		if e := wantError(t, err); !e.Forbidden() || e.Credentials() {
			t.Errorf("forbidden %v, credentials %v", e.Forbidden(), e.Credentials())
		}
	}
	if n := len(p.forms()); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
}

func TestThrottledLoginWaitsAndIsNoFailure(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	slow := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		answer(w, 429, `{}`)
	}
	p.token = inTurn(slow, slow, func(w http.ResponseWriter, _ *http.Request) { p.issue(w) })
	c := client(t, p, nil)
	_, err := c.Roles(t.Context())
	ok(t, err)
	if c.Waited() != 14*time.Second {
		t.Errorf("waited %s, want 14s", c.Waited())
	}
}

func TestUnansweredLoginsEndAfterAFew(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	p.token = hangUp
	c := client(t, p, nil)
	for range 40 {
		_, err := c.Roles(t.Context())
		if e := wantError(t, err); e.Credentials() || e.OutcomeUnknown() {
			t.Fatalf("credentials %v, unknown %v", e.Credentials(), e.OutcomeUnknown())
		}
	}
	if n := len(p.forms()); n != maxTokenFailures*maxFailures {
		t.Errorf("%d logins, want %d, which is far from 40", n, maxTokenFailures*maxFailures)
	}
}

func TestTheSubjectOfATokenIsReadWhereItIsAJWT(t *testing.T) {
	for token, want := range map[string]string{
		"x." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"1017"}`)) + ".y": "1017",
		"x." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":1017}`)) + ".y":   "1017",
		"opaque": "", "a.b.c": "", "..": "",
	} {
		if got := subject(token); got != want {
			t.Errorf("token %q: subject %q, want %q", token, got, want)
		}
	}
}

func TestExchangedCodeIsALoginThatLasts(t *testing.T) {
	store := newMemory()
	p := newPortal(t, always(200, emptyList))
	setup := func(cfg *Config) {
		withRefresh("", store)(cfg)
		cfg.Auth.Grant = GrantAuthorizationCode
	}
	c := client(t, p, setup)
	_, err := c.Roles(t.Context())
	if e := wantError(t, err); !e.Credentials() || len(p.forms()) != 0 {
		t.Fatalf("before the login: %v after %d token requests", e, len(p.forms()))
	}
	page, err := url.Parse(c.AuthorizeURL("http://127.0.0.1:9/done", "state-1", "a-long-verifier"))
	ok(t, err)
	if q := page.Query(); page.Path != DefaultAuthorizePath || q.Get("state") != "state-1" || q.Get("client_id") != "client" || q.Get("code_challenge") == "" {
		t.Errorf("the page to approve at is %s", page)
	}
	ok(t, c.Exchange(t.Context(), "code-1", "http://127.0.0.1:9/done", "a-long-verifier"))
	form := p.forms()[0]
	if form.Get("grant_type") != "authorization_code" || form.Get("code") != "code-1" || form.Get("redirect_uri") != "http://127.0.0.1:9/done" {
		t.Errorf("sent %v", form)
	}
	for _, c := range []*Client{c, client(t, p, setup)} {
		_, err = c.Roles(t.Context())
		ok(t, err)
	}
	if n := len(p.forms()); n != 1 {
		t.Errorf("%d token requests, want the one of the login", n)
	}
}

func TestInterruptedCallDoesNotWaitForAToken(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	store := newMemory()
	unlock, err := store.Lock(t.Context())
	ok(t, err)
	defer unlock()
	c := client(t, p, withRefresh("seed-1", store))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Grant(ctx, 1, 2)
	if e := wantError(t, err); e.OutcomeUnknown() || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, unknown %v", err, e.OutcomeUnknown())
	}
}

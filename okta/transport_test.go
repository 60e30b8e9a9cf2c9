package okta

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

func TestPeerThatHangsUpIsAskedSixTimesAtMost(t *testing.T) {
	o := newOrg(t, dropConnection)
	_, err := o.App(t.Context())
	failure := wantError(t, err)
	if failure.Kind != KindNetwork || errors.Is(err, io.EOF) {
		t.Errorf("got %v, want a network error that is not io.EOF", err)
	}
	if o.Requests() != maxRetries+1 || failure.Attempts != maxRetries+1 {
		t.Errorf("sent %d requests and counted %d attempts, want %d", o.Requests(), failure.Attempts, maxRetries+1)
	}
	if got := o.RequestsByRoute()[routeApp.name][0]; got != maxRetries+1 {
		t.Errorf("%d requests are counted as unanswered, want %d", got, maxRetries+1)
	}
}

func TestPassingFailuresAreRetried(t *testing.T) {
	app := answer(200, `{"id":"`+testApp+`","status":"ACTIVE"}`)
	truncated := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		_, _ = w.Write([]byte(`{"id":`))
	}
	for name, failing := range map[string]http.HandlerFunc{
		"500":             oktaError(500, "E0000009", "Internal Server Error"),
		"502 of a proxy":  answer(502, "<html>bad gateway</html>"),
		"503 read-only":   oktaError(503, "E0000010", "Service is in read only mode"),
		"504":             answer(504, ""),
		"408":             answer(408, ""),
		"no answer":       dropConnection,
		"truncated":       truncated,
		"empty":           answer(200, ""),
		"null":            answer(200, "null"),
		"half the JSON":   answer(200, `{"id":"`+testApp+`",`),
		"a web page":      answer(200, "<!doctype html><title>Sign in</title>"),
		"429":             answer(429, ""),
		"malformed links": withLink("garbage", app),
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t, inTurn(failing, failing, app))
			if got, err := o.App(t.Context()); err != nil || !got.Active() {
				t.Fatalf("got %+v, %v", got, err)
			}
			if o.Requests() != 3 || len(o.slept) != 2 {
				t.Errorf("sent %d requests with %d pauses, want 3 and 2", o.Requests(), len(o.slept))
			}
		})
	}
}

func withLink(link string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", link)
		h(w, r)
	}
}

func TestLastingFailureEndsAfterFiveRetriesWithGrowingPauses(t *testing.T) {
	o := newOrg(t, oktaError(503, "E0000010", "Service is in read only mode"))
	_, err := o.App(t.Context())
	failure := wantError(t, err)
	if failure.Status() != 503 || failure.RequestID() != "req-1" || failure.Code != "E0000010" {
		t.Errorf("got %+v", failure)
	}
	if o.Requests() != 6 || len(o.slept) != 5 {
		t.Fatalf("sent %d requests with %d pauses, want 6 and 5", o.Requests(), len(o.slept))
	}
	for i, d := range o.slept {
		whole := firstBackoff << i
		if d < whole/2 || d > whole {
			t.Errorf("pause %d is %s, want between %s and %s", i+1, d, whole/2, whole)
		}
	}
}

func TestRefusedTokenStopsAtOnce(t *testing.T) {
	for _, code := range []string{"E0000004", "E0000011", "E0000015", ""} {
		o := newOrg(t, oktaError(401, code, "Invalid token provided"))
		_, err := o.App(t.Context())
		if failure := wantError(t, err); !failure.Credentials() || failure.Forbidden() || failure.Refused() {
			t.Errorf("%q: got %v, want one with Credentials() alone", code, err)
		}
		if o.Requests() != 1 {
			t.Errorf("%q: sent %d requests, want 1", code, o.Requests())
		}
	}
}

func TestMissingRightIsForbiddenAndSaysWhatToGrant(t *testing.T) {
	o := newOrg(t, oktaError(403, "E0000006", "You do not have permission to perform the requested action"))
	_, err := o.everybody()
	failure := wantError(t, err)
	if !failure.Forbidden() || failure.Credentials() || failure.Refused() || o.Requests() != 1 {
		t.Errorf("got %v after %d requests", err, o.Requests())
	}
	for _, part := range []string{"GET /api/v1/apps/{app}/users", "E0000006", "req-1", "read-only administrator", "okta.apps.read"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not mention %q: %v", part, err)
		}
	}
}

func TestChallengedAuthorizerMayTryOnceMore(t *testing.T) {
	var tokens atomic.Int32
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="https://acme/x", error="invalid_token", error_description="The access token is expired."`)
			w.WriteHeader(401)
			return
		}
		_, _ = w.Write([]byte(`{"id":"` + testApp + `"}`))
	}
	authorize := func(c *Config) {
		c.Authorize = func(_ context.Context, r *http.Request) error {
			token := "old"
			if tokens.Load() > 0 {
				token = "new"
			}
			r.Header.Set("Authorization", "Bearer "+token)
			return nil
		}
	}
	renew := func(c *Config) {
		c.Challenged = func(refused *http.Response) bool {
			if got := refused.Request.Header.Get("Authorization"); !strings.HasPrefix(got, "Bearer ") {
				t.Errorf("the refused request carried %q", got)
			}
			tokens.Add(1)
			return true
		}
	}
	o := newOrg(t, handler, authorize)
	_, err := o.App(t.Context())
	if failure := wantError(t, err); !failure.Credentials() || failure.Summary != "The access token is expired." {
		t.Errorf("without renewal: got %v", err)
	}
	if o = newOrg(t, handler, authorize, renew); o.Requests() != 0 {
		t.Fatal("a request before there was a reason")
	}
	if _, err := o.App(t.Context()); err != nil || o.Requests() != 2 {
		t.Errorf("with renewal: got %v after %d requests, want none after 2", err, o.Requests())
	}
	o = newOrg(t, oktaError(401, "E0000011", "Invalid token provided"), authorize, renew)
	if _, err := o.App(t.Context()); err == nil || o.Requests() != 2 {
		t.Errorf("refused for good: got %v after %d requests, want an error after 2", err, o.Requests())
	}
}

func TestAuthorizerThatFailsIsNotRetriedAndKeepsItsError(t *testing.T) {
	for _, cause := range []error{errors.New("no key"), &Error{Kind: KindAnswered, StatusCode: 503, retry: true}} {
		o := newOrg(t, answer(200, "{}"), func(c *Config) {
			c.Authorize = func(context.Context, *http.Request) error { return cause }
		})
		if _, err := o.App(t.Context()); !errors.Is(err, cause) || o.Requests() != 0 {
			t.Errorf("got %v after %d requests, want %v after none", err, o.Requests(), cause)
		}
	}
	o := newOrg(t, answer(200, "{}"), func(c *Config) {
		c.Authorize = func(context.Context, *http.Request) error { return io.EOF }
	})
	if _, err := o.App(t.Context()); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %v, want an error that is not io.EOF", err)
	}
}

func TestEveryRequestCarriesOurHeadersAndNotTheSDKs(t *testing.T) {
	var got http.Header
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		_, _ = w.Write([]byte(`{"id":"` + testApp + `"}`))
	}, func(c *Config) { c.UserAgent = "tracktik-sync/1.2.3" })
	if _, err := o.App(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := got["Authorization"]; len(a) != 1 || a[0] != "SSWS "+testToken {
		t.Errorf("Authorization is %q", a)
	}
	if got.Get("User-Agent") != "tracktik-sync/1.2.3" || got.Get("Accept") != "application/json" {
		t.Errorf("got headers %v", got)
	}
}

func TestRedirectToAnotherHostIsRefusedAndTheTokenStaysHere(t *testing.T) {
	var strays atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strays.Add(1) }))
	defer elsewhere.Close()
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusMovedPermanently)
	})
	_, err := o.App(t.Context())
	wantBroken(t, err)
	if strays.Load() != 0 || o.Requests() != 1 {
		t.Errorf("%d requests went elsewhere, %d in all", strays.Load(), o.Requests())
	}
}

func TestRedirectWithinTheOrgIsFollowedButNotInCircles(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/moved") {
			http.Redirect(w, r, r.URL.Path+"/moved", http.StatusTemporaryRedirect)
			return
		}
		_, _ = w.Write([]byte(`{"id":"` + testApp + `","status":"ACTIVE"}`))
	})
	if app, err := o.App(t.Context()); err != nil || !app.Active() {
		t.Errorf("got %+v, %v", app, err)
	}
	o = newOrg(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) })
	_, err := o.App(t.Context())
	wantBroken(t, err)
	if o.Requests() > 5 {
		t.Errorf("sent %d requests", o.Requests())
	}
	o = newOrg(t, answer(http.StatusNotModified, ""))
	_, err = o.App(t.Context())
	wantBroken(t, err)
}

func TestSlowAnswerIsGivenUpAndTriedAgain(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	o := newOrg(t, inTurn(slow, answer(200, `{"id":"`+testApp+`"}`)), func(c *Config) { c.Timeout = 50 * time.Millisecond })
	if _, err := o.App(t.Context()); err != nil || o.Requests() != 2 {
		t.Errorf("got %v after %d requests, want none after 2", err, o.Requests())
	}
}

func TestCancelledReadStopsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := newOrg(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	_, err := o.App(ctx)
	var failure *Error
	if !errors.Is(err, context.Canceled) || errors.As(err, &failure) || o.Requests() != 1 {
		t.Errorf("got %v after %d requests, want context.Canceled after 1", err, o.Requests())
	}
	if _, err := o.App(ctx); !errors.Is(err, context.Canceled) || o.Requests() != 1 {
		t.Errorf("a request was sent on a cancelled context: %v", err)
	}
}

func TestUntrustedCertificateIsNotRetried(t *testing.T) {
	srv := httptest.NewTLSServer(answer(200, `{}`))
	defer srv.Close()
	srv.Config.ErrorLog = discardLog
	c := newClock()
	s, err := New(Config{OrgURL: srv.URL, AppID: testApp, Token: testToken, Now: c.now, Sleep: c.sleep})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.App(t.Context())
	if failure := wantError(t, err); failure.Kind != KindNetwork || len(c.slept) != 0 || !strings.Contains(err.Error(), "CA file") {
		t.Errorf("got %v after %d pauses", err, len(c.slept))
	}
}

func TestClockSkewIsOktasClockMinusOurs(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", newClock().at.Add(7*time.Minute).Format(http.TimeFormat))
		_, _ = w.Write([]byte(`{"id":"` + testApp + `"}`))
	})
	if _, known := o.ClockSkew(); known {
		t.Error("the skew is known before any answer")
	}
	_, _ = o.App(t.Context())
	if skew, known := o.ClockSkew(); !known || (skew-7*time.Minute).Abs() > time.Second {
		t.Errorf("got %s, %v, want 7 minutes", skew, known)
	}
}

func TestRequestsAreCountedByRouteWithoutIDs(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		oktaError(404, "E0000007", "Not found: Resource not found: 00u1 (User)")(w, r)
	})
	_, _, _ = o.User(t.Context(), "00u1")
	_, _, _ = o.User(t.Context(), "ana@acme.example")
	_, _, _ = o.Group(t.Context(), plan.GroupID("00g1"))
	got := o.RequestsByRoute()
	if got["GET /api/v1/users/{user}"][404] != 2 || got["GET /api/v1/groups/{group}"][404] != 1 || o.Requests() != 3 {
		t.Errorf("got %v", got)
	}
	got["GET /api/v1/users/{user}"][404] = 99
	if o.RequestsByRoute()["GET /api/v1/users/{user}"][404] != 2 {
		t.Error("the counts that were handed out are the source's own")
	}
}

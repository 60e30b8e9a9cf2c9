package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"tracktik-sync/okta/oktatest"
)

func TestClockThatIsOffIsLearntFromTheFirstRefusal(t *testing.T) {
	for _, ahead := range []time.Duration{-10 * time.Minute, 10 * time.Minute, -2 * time.Hour, 2 * time.Hour} {
		for _, dpop := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, DPoP %v", ahead, dpop), func(t *testing.T) {
				o := newService(t)
				o.ahead = ahead
				want := 2
				if dpop {
					o.RequireDPoP(testClient, true)
					want = 3
				}
				o.mustRead(t)
				o.wantTokenRequests(t, want)
				if !strings.Contains(o.logs.String(), "our clock is not okta's") {
					t.Errorf("the log is %s", o.logs.String())
				}
				if got := o.Expiry(); !got.Equal(o.now().Add(time.Hour)) {
					t.Errorf("the token ends at %s, want an hour from now by our clock", got)
				}
				_ = o.sleep(t.Context(), time.Hour)
				o.mustRead(t)
				o.wantTokenRequests(t, want+1)
			})
		}
	}
}

func TestClockThatMovesIsLearntFromEveryAnswer(t *testing.T) {
	o := newService(t)
	o.RequireDPoP(testClient, false)
	o.mustRead(t)
	o.ahead = 10 * time.Minute // our clock is set back, say: proofs look too old
	o.mustRead(t)
	o.ahead = -10 * time.Minute
	o.mustRead(t)
	_ = o.sleep(t.Context(), time.Hour)
	o.mustRead(t)
	o.wantTokenRequests(t, 2)
}

func TestRefusalForTheTimeIsFinalWithoutOktasDate(t *testing.T) {
	o := newService(t)
	o.fault = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header()["Date"] = nil
		w.WriteHeader(401)
		_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"The client_assertion token is expired."}`))
	}
	_, err := o.authorize(t.Context())
	o.wantRefusal(t, err)
	o.wantTokenRequests(t, 1)
}

func TestClockIsNoExcuseTwice(t *testing.T) {
	o := newService(t)
	o.fault = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Date", o.now().Add(time.Hour).Format(http.TimeFormat))
		w.WriteHeader(401)
		_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"The client_assertion token is expired."}`))
	}
	_, err := o.authorize(t.Context())
	o.wantRefusal(t, err)
	o.wantTokenRequests(t, 2)
}

// refusesToken answers a token request as Okta refuses one.
func refusesToken(status int, code, text string) oktatest.Interceptor {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Okta-Request-Id", "req1")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, code, text)
	}
}

func TestRefusedCredentialsAreFinalForTheProcess(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*service, *ServiceAppConfig)
		code   string
		hint   string
	}{
		"wrong key":      {func(o *service, _ *ServiceAppConfig) { o.use(pkcs8(rsaKey())) }, "invalid_client", "okta.auth.key_id"},
		"unknown client": {func(_ *service, c *ServiceAppConfig) { c.ClientID = "0oanobody" }, "invalid_client", "okta.auth.client_id"},
		"unknown kid":    {func(_ *service, c *ServiceAppConfig) { c.KeyID = "kid-9" }, "invalid_client", "okta.auth.key_id"},
		"no kid of two": {func(o *service, _ *ServiceAppConfig) {
			o.RegisterServiceApp(testClient, public(ecKeys()[0], "a"), public(ecKeys()[1], "b"))
		}, "invalid_client", "okta.auth.key_id"},
		"no scope granted": {func(o *service, _ *ServiceAppConfig) { o.GrantScopes(testClient, "okta.logs.read") }, "consent_required", "grant the service app okta.apps.read, okta.groups.read"},
		"a scope that the org does not know": {func(o *service, _ *ServiceAppConfig) {
			o.fault = refusesToken(400, "invalid_scope", "One or more scopes are not configured for the authorization server resource.")
		}, "invalid_scope", "grant the service app okta.apps.read, okta.groups.read"},
		"outside of the network zone": {func(o *service, _ *ServiceAppConfig) {
			o.fault = oktatest.AccessDenied(403)
		}, "access_denied", "an allowed network zone. (request"},
		"kept out by a policy": {func(o *service, _ *ServiceAppConfig) {
			o.fault = oktatest.AccessDenied(401)
		}, "access_denied", "a network zone or a policy of the org"},
		"Okta's own form": {func(o *service, _ *ServiceAppConfig) {
			o.fault = func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				oktatest.Refuse(w, r, 401, "invalid_client", "Invalid value for 'client_id' parameter.")
			}
		}, "invalid_client", "okta.auth.client_id"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newService(t, c.change)
			_, err := o.authorize(t.Context())
			first := o.wantRefusal(t, err)
			if first.Code != c.code || !strings.Contains(err.Error(), c.hint) {
				t.Errorf("got %v, want %s with %q", err, c.code, c.hint)
			}
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() {
					var again *Error
					if _, err := o.source.App(t.Context()); !errors.As(err, &again) || again != first {
						t.Errorf("got %v, want the same error", err)
					}
				})
			}
			all.Wait()
			o.wantTokenRequests(t, 1)
			if n := o.Count("/api/v1/*/*"); n != 0 {
				t.Errorf("sent %d requests without a token", n)
			}
		})
	}
}

func TestPassingFailureOfTheTokenEndpointIsRetried(t *testing.T) {
	for name, fault := range map[string]oktatest.Interceptor{
		"dropped":           oktatest.Drop,
		"reset":             oktatest.ResetMidBody,
		"cut":               oktatest.CutMidBody,
		"truncated":         oktatest.Truncated,
		"empty":             oktatest.EmptyBody,
		"null":              oktatest.NullBody,
		"a list":            oktatest.EmptyList,
		"no token":          oktatest.EmptyObject,
		"no expiry":         oktatest.Body(`{"token_type":"Bearer","access_token":"abc"}`),
		"an odd type":       oktatest.Body(`{"token_type":"mac","access_token":"abc","expires_in":3600}`),
		"a line break":      oktatest.Body(`{"token_type":"Bearer","access_token":"abc\ndef","expires_in":3600}`),
		"a web page":        oktatest.HTMLPage(http.StatusOK),
		"a bad gateway":     oktatest.HTMLPage(http.StatusBadGateway),
		"a gateway timeout": oktatest.HTMLPage(http.StatusGatewayTimeout),
		"a server error":    oktatest.ServerError,
		"read-only":         oktatest.ReadOnly,
		"429":               oktatest.TooManyRequests(30 * time.Second),
		"429 of a gateway":  oktatest.TooManyBare,
	} {
		t.Run(name, func(t *testing.T) {
			o := newService(t)
			o.fault = oktatest.First(2, fault)
			o.mustRead(t)
			o.wantTokenRequests(t, 3)
			if len(o.slept) != 2 || name == "429" && o.total() < time.Minute {
				t.Errorf("paused for %v", o.slept)
			}
			ids := map[any]bool{}
			for _, r := range o.tokenRequests() {
				_, claims := decoded(t, r.form["client_assertion"][0])
				ids[claims["jti"]] = true
			}
			if len(ids) != 3 {
				t.Error("an assertion was sent twice")
			}
		})
	}
}

func TestLastingFailureOfTheTokenEndpointEndsAfterFiveRetriesAndIsNotFinal(t *testing.T) {
	for name, c := range map[string]struct {
		fault oktatest.Interceptor
		kind  Kind
		tries int
	}{
		"dropped":          {oktatest.Drop, KindNetwork, 6},
		"a server error":   {oktatest.ServerError, KindAnswered, 6},
		"null":             {oktatest.NullBody, KindBroken, 6},
		"429":              {oktatest.TooManyRequests(time.Second), KindRateLimit, 6},
		"a gateway's 400":  {oktatest.HTMLPage(400), KindAnswered, 1},
		"a gateway's 403":  {oktatest.HTMLPage(403), KindAnswered, 1},
		"not Okta's 404":   {oktatest.HTMLNotFound, KindAnswered, 1},
		"a redirect":       {oktatest.HTMLPage(302), KindBroken, 1},
		"an odd 2xx":       {oktatest.HTMLPage(204), KindBroken, 6},
		"never an answer":  {oktatest.Silence, KindNetwork, 6},
		"a redirect there": {redirect, KindBroken, 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := newService(t, func(o *service, config *ServiceAppConfig) {
				o.fault, config.Timeout = c.fault, 2*time.Second
				if name == "never an answer" {
					config.Timeout = 50 * time.Millisecond
				}
			})
			_, err := o.authorize(t.Context())
			failure := wantError(t, err)
			if failure.Kind != c.kind || failure.Credentials() || failure.Attempts != c.tries {
				t.Errorf("got %v (%s) after %d attempts, want %s after %d", err, failure.Kind, failure.Attempts, c.kind, c.tries)
			}
			o.wantNoSecret(t, "an error", err.Error())
			o.wantTokenRequests(t, c.tries)
			for i, d := range o.slept {
				if whole := firstBackoff << i; d < whole/2 {
					t.Errorf("pause %d is %s, want %s at least", i+1, d, whole/2)
				}
			}
			o.fault = nil
			o.mustRead(t)
		})
	}
}

func redirect(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
}

func TestGivingUpEndsOnlyOnesOwnWait(t *testing.T) {
	asked, answer := make(chan struct{}, 9), make(chan struct{})
	o := newService(t)
	o.fault = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		asked <- struct{}{}
		<-answer
		next.ServeHTTP(w, r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone, patient := make(chan error), make(chan error)
	go func() { _, err := o.source.App(ctx); gone <- err }()
	<-asked
	go func() { _, err := o.source.App(t.Context()); patient <- err }()
	cancel()
	var failure *Error
	if err := <-gone; !errors.Is(err, context.Canceled) || errors.As(err, &failure) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	close(answer)
	if err := <-patient; err != nil {
		t.Error(err)
	}
	if _, err := o.authorize(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v on a cancelled context", err)
	}
	o.wantTokenRequests(t, 1)
}

func TestWaitingForATokenDoesNotCountAsTheReadsOwnTime(t *testing.T) {
	o := newService(t)
	o.source.transport.config.Timeout = 200 * time.Millisecond
	o.fault = oktatest.First(1, oktatest.Latency(300*time.Millisecond))
	o.mustRead(t)
	if n := o.source.Requests(); n != 1 {
		t.Errorf("sent %d reads, want 1", n)
	}
}

func TestRepeatedAssertionIsTakenOutOfTheError(t *testing.T) {
	o := newService(t)
	o.fault = func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.WriteHeader(401)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"bad: %s"}`, r.PostForm.Get("client_assertion"))
	}
	_, err := o.authorize(t.Context())
	o.wantRefusal(t, err)
	if !strings.Contains(err.Error(), "bad: …") || strings.Contains(err.Error(), "eyJ") {
		t.Errorf("got %v", err)
	}
}

func TestKeyIsRotatedMidRunWithoutARefusal(t *testing.T) {
	o := newService(t, func(o *service, c *ServiceAppConfig) {
		c.KeyID = "kid-1"
	})
	o.mustRead(t)
	o.RegisterServiceApp(testClient, public(ecKeys()[0], "kid-1"), public(rsaKey(), "kid-2"))
	o.use(marshalled(t, jose.JSONWebKey{Key: rsaKey(), KeyID: "kid-2"}))
	o.mustRead(t)
	_ = o.sleep(t.Context(), time.Hour)
	o.mustRead(t)
	o.RegisterServiceApp(testClient, public(rsaKey(), "kid-2"))
	_ = o.sleep(t.Context(), time.Hour)
	o.mustRead(t)
	var kids []string
	for _, r := range o.tokenRequests() {
		header, _ := decoded(t, r.form["client_assertion"][0])
		kids = append(kids, header.KeyID+" "+header.Algorithm)
	}
	if got := strings.Join(kids, ", "); got != "kid-1 ES256, kid-2 RS256, kid-2 RS256" {
		t.Errorf("signed with %s", got)
	}
	for _, r := range o.Requests() {
		if r.Status >= 400 {
			t.Errorf("%s %s was answered %d", r.Method, r.Path, r.Status)
		}
	}
}

func TestBrokenNewKeyKeepsTheLastGoodOne(t *testing.T) {
	for name, key := range map[string]func() ([]byte, error){
		"half a key":   func() ([]byte, error) { return pkcs8(ecKeys()[0])[:80], nil },
		"empty":        func() ([]byte, error) { return nil, nil },
		"no file":      func() ([]byte, error) { return nil, errors.New("open /run/secrets/okta.pem: no such file") },
		"too short":    func() ([]byte, error) { return []byte(`{"kty":"EC"}`), nil },
		"a public":     func() ([]byte, error) { return marshalled(t, public(rsaKey(), "")), nil },
		"unregistered": func() ([]byte, error) { return pkcs8(ecKeys()[2]), nil },
	} {
		t.Run(name, func(t *testing.T) {
			o := newService(t)
			o.mustRead(t)
			good := o.key
			o.mu.Lock()
			o.key = key
			o.mu.Unlock()
			_ = o.sleep(t.Context(), time.Hour)
			o.mustRead(t)
			if log := o.logs.String(); !strings.Contains(log, "level=warning") || !strings.Contains(log, "last good one") {
				t.Errorf("the log is %s", log)
			}
			o.mu.Lock()
			o.key = good
			o.mu.Unlock()
			before := len(o.tokenRequests())
			_ = o.sleep(t.Context(), time.Hour)
			o.mustRead(t)
			o.wantTokenRequests(t, before+1)
		})
	}
}

func TestNoKeyThatIsGoodAnyMoreIsFinal(t *testing.T) {
	o := newService(t)
	o.mustRead(t)
	o.use(pkcs8(ecKeys()[1]))
	o.RegisterServiceApp(testClient, public(rsaKey(), "kid-3"))
	_ = o.sleep(t.Context(), time.Hour)
	for range 3 {
		_, err := o.source.App(t.Context())
		o.wantRefusal(t, err)
	}
	o.wantTokenRequests(t, 3)
}

func TestTokenRequestCarriesOurUserAgent(t *testing.T) {
	var agent, accept string
	o := newService(t, func(o *service, c *ServiceAppConfig) {
		c.UserAgent = "tracktik-sync/1.2.3"
		o.fault = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			agent, accept = r.Header.Get("User-Agent"), r.Header.Get("Accept")
			next.ServeHTTP(w, r)
		}
	})
	r := httptest.NewRequest(http.MethodGet, o.URL+"/api/v1/users", nil)
	if err := o.ServiceApp.Authorize(t.Context(), r); err != nil || agent != "tracktik-sync/1.2.3" || accept != "application/json" {
		t.Errorf("got %v with %q, %q", err, agent, accept)
	}
}

package okta

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
)

func TestServiceAppReadsTheOrgWithOneTokenRequest(t *testing.T) {
	for name, opaque := range map[string]bool{"JWT": false, "opaque": true} {
		t.Run(name, func(t *testing.T) {
			o := newService(t)
			o.OpaqueTokens = opaque
			if o.Scopes() != nil || !o.Expiry().IsZero() {
				t.Error("scopes or an end before there is a token")
			}
			o.mustRead(t)
			if _, found, err := o.source.Group(t.Context(), "00gnobody"); found || err != nil {
				t.Errorf("got %v, %v", found, err)
			}
			o.wantTokenRequests(t, 1)
			if got := o.Scopes(); !slices.Equal(got, []string{"okta.apps.read", "okta.groups.read", "okta.users.read"}) {
				t.Errorf("the scopes are %v", got)
			}
			if got := o.Expiry(); !got.Equal(o.now().Add(time.Hour)) {
				t.Errorf("the token ends at %s, want an hour from %s", got, o.now())
			}
			if got := o.RequestsByRoute()["POST /oauth2/v1/token"]; !maps.Equal(got, map[int]int{200: 1}) {
				t.Errorf("counted %v", got)
			}
			of := o.source.RequestsByRoute() // what monitoring is told
			if got := of["POST /oauth2/v1/token"]; !maps.Equal(got, map[int]int{200: 1}) || len(of) < 2 {
				t.Errorf("the source counted %v", of)
			}
			o.Scopes()[0] = "changed"
			if o.Scopes()[0] != "okta.apps.read" {
				t.Error("the scopes that were handed out are the service app's own")
			}
		})
	}
}

func TestAssertionIsShortLivedUniqueAndInTheBodyAlone(t *testing.T) {
	o := newService(t, func(_ *service, c *ServiceAppConfig) { c.KeyID = "kid-1" })
	o.mustRead(t)
	_ = o.sleep(t.Context(), time.Hour)
	o.mustRead(t)
	ids := map[any]bool{}
	for _, r := range o.tokenRequests() {
		if r.rawQuery != "" || r.authorization != "" {
			t.Errorf("the request has the query %q and the authorization %q", r.rawQuery, r.authorization)
		}
		for name, want := range map[string]string{"grant_type": "client_credentials", "scope": "okta.apps.read okta.groups.read okta.users.read",
			"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"} {
			if got := r.form[name]; len(got) != 1 || got[0] != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		header, claims := decoded(t, r.form["client_assertion"][0])
		if header.KeyID != "kid-1" || header.Algorithm != "ES256" {
			t.Errorf("the header is %+v", header)
		}
		if claims["iss"] != testClient || claims["sub"] != testClient || claims["aud"] != o.URL+"/oauth2/v1/token" {
			t.Errorf("the claims are %v", claims)
		}
		if life := claims["exp"].(float64) - claims["iat"].(float64); life != 300 {
			t.Errorf("the assertion lives for %v seconds, want 300", life)
		}
		ids[claims["jti"]] = true
	}
	if len(ids) != 2 || ids[nil] || ids[""] {
		t.Errorf("the ids of 2 assertions are %v", ids)
	}
}

func TestFiftyGoroutinesShareOneTokenRequest(t *testing.T) {
	o := newService(t)
	together := func() {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, _, err := o.source.Group(t.Context(), "00gnobody"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	together()
	o.wantTokenRequests(t, 1)
	_ = o.sleep(t.Context(), time.Hour)
	together()
	o.wantTokenRequests(t, 2)
	o.RevokeAccessTokens()
	together()
	o.wantTokenRequests(t, 3)
}

func TestTokenIsRenewedShortlyBeforeItEnds(t *testing.T) {
	o := newService(t)
	o.mustRead(t)
	_ = o.sleep(t.Context(), time.Hour-renewBefore-time.Second)
	o.mustRead(t)
	o.wantTokenRequests(t, 1)
	_ = o.sleep(t.Context(), time.Second)
	o.mustRead(t)
	o.wantTokenRequests(t, 2)
	if n := o.Count("GET /api/v1/apps/*"); n != 3 {
		t.Errorf("sent %d reads, want 3: none is refused", n)
	}
	short := newService(t)
	short.TokenLifetime = 20 * time.Second
	short.mustRead(t)
	_ = short.sleep(t.Context(), 14*time.Second)
	short.mustRead(t)
	short.wantTokenRequests(t, 1)
}

func TestRevokedTokenIsReplacedOnce(t *testing.T) {
	o := newService(t)
	for n := 1; n <= 3; n++ {
		o.mustRead(t)
		o.wantTokenRequests(t, n)
		o.RevokeAccessTokens()
	}
}

func TestTokenThatIsRefusedLikeTheOneBeforeEndsTheMinting(t *testing.T) {
	o := newService(t)
	o.mustRead(t)
	o.api = oktatest.Unauthorized
	for range 5 {
		_, err := o.source.App(t.Context())
		if failure := wantError(t, err); !failure.Credentials() {
			t.Errorf("got %v, want one with Credentials()", err)
		}
	}
	o.wantTokenRequests(t, 2)
}

func TestMissingScopeOfTheTokenIsForbidden(t *testing.T) {
	o := newService(t)
	o.mustRead(t)
	o.api = func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", error_description="The access token provided does not contain the required scopes."`)
		oktatest.Refuse(w, r, 403, "E0000006", "You do not have permission to perform the requested action")
	}
	_, err := o.source.App(t.Context())
	if failure := wantError(t, err); !failure.Forbidden() || failure.Credentials() {
		t.Errorf("got %v", err)
	}
	o.wantTokenRequests(t, 1)
}

func TestLessThanTheNeededScopesIsSaid(t *testing.T) {
	o := newService(t)
	o.fault = oktatest.Body(`{"token_type":"Bearer","expires_in":3600,"access_token":"abc","scope":"okta.apps.read okta.users.read"}`)
	if _, err := o.authorize(t.Context()); err != nil {
		t.Fatal(err)
	}
	if log := o.logs.String(); !strings.Contains(log, "grants the service app less") || !strings.Contains(log, "okta.groups.read") {
		t.Errorf("the log is %s", log)
	}
	if got := o.Scopes(); !slices.Equal(got, []string{"okta.apps.read", "okta.users.read"}) {
		t.Errorf("the scopes are %v", got)
	}
}

func TestTokenGoesToTheOrgAlone(t *testing.T) {
	o := newService(t)
	for _, elsewhere := range []string{"https://evil.example/api/v1/users", strings.Replace(o.URL, "http:", "https:", 1)} {
		r := httptest.NewRequest(http.MethodGet, elsewhere, nil)
		if err := o.ServiceApp.Authorize(t.Context(), r); err == nil || r.Header.Get("Authorization") != "" {
			t.Errorf("%s: got %v with %q", elsewhere, err, r.Header.Get("Authorization"))
		}
	}
	o.wantTokenRequests(t, 0)
}

func TestServiceAppThatCannotBeIsRefused(t *testing.T) {
	good := ServiceAppConfig{OrgURL: "https://acme.okta.com", ClientID: testClient, Key: func() ([]byte, error) { return pkcs8(ecKeys()[1]), nil }}
	for name, change := range map[string]func(*ServiceAppConfig){
		"no org":          func(c *ServiceAppConfig) { c.OrgURL = "" },
		"no client":       func(c *ServiceAppConfig) { c.ClientID = "" },
		"no key":          func(c *ServiceAppConfig) { c.Key = nil },
		"no key's file":   func(c *ServiceAppConfig) { c.Key = func() ([]byte, error) { return nil, io.ErrClosedPipe } },
		"a broken key":    func(c *ServiceAppConfig) { c.Key = func() ([]byte, error) { return []byte("no key"), nil } },
		"timeout":         func(c *ServiceAppConfig) { c.Timeout = -1 },
		"P-384 for DPoP":  func(c *ServiceAppConfig) { c.ProofKey = ecKeys()[1] },
		"nothing in DPoP": func(c *ServiceAppConfig) { c.ProofKey = new(ecdsa.PrivateKey) },
	} {
		c := good
		change(&c)
		if _, err := NewServiceApp(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := NewServiceApp(good); err != nil {
		t.Error(err)
	}
}

func TestTokenEndpointIsTrustedByTheGivenAuthorities(t *testing.T) {
	srv := httptest.NewUnstartedServer(&oktatest.Server{})
	srv.Config.ErrorLog = discardLog
	org := srv.Config.Handler.(*oktatest.Server)
	org.RegisterServiceApp(testClient, public(ecKeys()[0], ""))
	srv.StartTLS()
	defer srv.Close()
	c := newClock()
	config := ServiceAppConfig{OrgURL: srv.URL, ClientID: testClient, Sleep: c.sleep, Key: func() ([]byte, error) { return pkcs8(ecKeys()[0]), nil }}
	for _, trusted := range []bool{true, false} {
		config.TLS = nil
		if trusted {
			config.TLS = trusting(srv)
		}
		a, err := NewServiceApp(config)
		if err != nil {
			t.Fatal(err)
		}
		err = a.Authorize(t.Context(), httptest.NewRequest(http.MethodGet, srv.URL+"/api/v1/users", nil))
		var failure *Error
		if (err == nil) != trusted || !trusted && (!errors.As(err, &failure) || failure.Kind != KindNetwork || !strings.Contains(err.Error(), "CA file")) {
			t.Errorf("trusted %t: got %v", trusted, err)
		}
	}
	if len(c.slept) != 0 {
		t.Error("an untrusted certificate was tried again")
	}
}

func TestPrintedServiceAppShowsNoSecret(t *testing.T) {
	o := newService(t, func(_ *service, c *ServiceAppConfig) { c.ProofKey = ecKeys()[0] })
	o.mustRead(t)
	a := o.ServiceApp
	// Goroutines still write to the rest.
	still := &ServiceApp{config: a.config, prover: a.prover, current: a.current, good: a.good}
	type holder struct{ hidden *ServiceApp }  // fmt asks no method of what it holds
	words := fmt.Sprint(ecKeys()[0].D.Bits()) //nolint:staticcheck // as fmt would print the key
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		for _, value := range []any{a, holder{still}, &holder{still}} {
			text := fmt.Sprintf(format, value)
			o.wantNoSecret(t, format, text)
			if strings.Contains(text, strings.Trim(words, "[]")) {
				t.Errorf("%s shows the key for proofs", format)
			}
		}
	}
}

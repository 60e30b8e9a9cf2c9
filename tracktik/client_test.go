package tracktik

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/trace"
)

func TestEveryCallPinsVersionAndLanguageAndHasAnID(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	c := client(t, p, func(cfg *Config) { cfg.UserAgent = "tracktik-sync/1.2" })
	_, err := c.Roles(t.Context())
	ok(t, err)
	_, err = c.Roles(trace.WithRequest(t.Context(), "read-1"))
	ok(t, err)
	calls := p.requests()
	for header, want := range map[string]string{"Accept": "application/vnd.tracktik.v2020-01-01+json",
		"Ttc-Language": "en_us", "User-Agent": "tracktik-sync/1.2", "Authorization": "Bearer access-1"} {
		if got := calls[0].header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if calls[0].path != "/rest/v1/roles" || len(calls[0].header.Get("X-Request-Id")) != 32 || calls[1].header.Get("X-Request-Id") != "read-1" {
		t.Errorf("sent to %s as %q and %q", calls[0].path, calls[0].header.Get("X-Request-Id"), calls[1].header.Get("X-Request-Id"))
	}
}

func TestConfigurationThatCannotWorkOrIsUnsafeIsRefused(t *testing.T) {
	good := Config{BaseURL: "https://acme.staffr.net/", Auth: Auth{Grant: GrantPassword, ClientID: "a", ClientSecret: "b", Username: "c", Password: "d"}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"http":         func(cfg *Config) { cfg.BaseURL = "http://acme.staffr.net" },
		"no scheme":    func(cfg *Config) { cfg.BaseURL = "acme.staffr.net" },
		"empty":        func(cfg *Config) { cfg.BaseURL = "" },
		"password":     func(cfg *Config) { cfg.BaseURL = "https://me:secret@acme.staffr.net" },
		"grant":        func(cfg *Config) { cfg.Auth.Grant = "magic" },
		"no client":    func(cfg *Config) { cfg.Auth.ClientID = "" },
		"no user name": func(cfg *Config) { cfg.Auth.Username = "" },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); err == nil || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTokenIsSentToNoOtherHost(t *testing.T) {
	var visits atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits.Add(1)
		answer(w, 200, emptyList)
	}))
	defer other.Close()
	p := newPortal(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/rest/v1/roles?email=ana@acme.example", http.StatusTemporaryRedirect)
	})
	_, err := client(t, p, nil).Roles(t.Context())
	if e := wantError(t, err); visits.Load() != 0 || !strings.Contains(e.Error(), "redirected to "+other.URL) || strings.Contains(e.Error(), "ana@") {
		t.Errorf("%d visits: %v", visits.Load(), e)
	}
}

func TestReadFollowsARedirectWithinThePortal(t *testing.T) {
	p := newPortal(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/rest/v1/roles" {
			http.Redirect(w, r, "/rest/v1/moved", http.StatusMovedPermanently)
			return
		}
		answer(w, 200, `{"meta":{"count":1},"data":[{"id":4,"name":"Guard","portal":"STAFF"}]}`)
	})
	roles, err := client(t, p, nil).Roles(t.Context())
	ok(t, err)
	if len(roles) != 1 || roles[0].ID != 4 {
		t.Errorf("got %v", roles)
	}
}

func TestPasswordIsPostedToNoOtherPlace(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	p.token = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/rest/v1/elsewhere", http.StatusTemporaryRedirect)
	}
	_, err := client(t, p, nil).Roles(t.Context())
	if wantError(t, err); len(p.requests()) != 0 {
		t.Errorf("the form went to %s", p.requests()[0].path)
	}
}

func TestPassingFailureOfAReadIsTriedAgain(t *testing.T) {
	good := always(200, `{"meta":{"count":1},"data":[{"id":4,"name":"Guard"}]}`)
	for name, bad := range map[string]http.HandlerFunc{
		"closed": hangUp, "cut": cutShort(200, `{"meta":`), "500": always(500, ""), "502": always(502, ""),
		"503": always(503, ""), "504": always(504, ""), "408": always(408, ""), "HTML": always(200, "<html>"), "empty": always(200, ""),
		"null": always(200, "null"), "data null": always(200, `{"meta":{"count":0},"data":null}`), "no meta": always(200, `{"data":[]}`),
	} {
		p := newPortal(t, inTurn(bad, bad, good))
		roles, err := client(t, p, nil).Roles(t.Context())
		if err != nil || len(roles) != 1 || len(p.requests()) != 3 {
			t.Errorf("%s: %d roles after %d calls: %v", name, len(roles), len(p.requests()), err)
		}
	}
}

func TestLastingFailureOfAReadEndsAfterAFewTries(t *testing.T) {
	for _, test := range []struct {
		reply http.HandlerFunc
		calls int
		want  func(*Error) bool
	}{
		{hangUp, maxFailures, func(e *Error) bool { return e.Status() == 0 }},
		{always(503, ""), maxFailures, func(e *Error) bool { return e.Status() == 503 }},
		{always(200, "<html>"), maxBroken, (*Error).Broken},
		{always(400, `{}`), 5, func(e *Error) bool { return e.Status() == 400 && !e.Refused() }},
		{always(400, `{"error":"the portal is closed"}`), 5, func(e *Error) bool { return e.Status() == 400 }}, // each optional part, and all of them, may have been meant
		{always(403, `{}`), 1, (*Error).Forbidden},
		{always(404, `{}`), 1, func(e *Error) bool { return e.Status() == 404 }},
	} {
		p := newPortal(t, test.reply)
		c := client(t, p, nil)
		_, err := c.Roles(t.Context())
		calls := c.Requests() - 1 // the login
		if e := wantError(t, err); !test.want(e) || calls != test.calls || e.OutcomeUnknown() {
			t.Errorf("%d calls, want %d: %v", calls, test.calls, e)
		}
	}
}

func TestTooLargeAnAnswerIsNotRead(t *testing.T) {
	chunk := bytes.Repeat([]byte(" "), 1<<20)
	p := newPortal(t, func(w http.ResponseWriter, _ *http.Request) {
		for range maxBody>>20 + 1 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	e := wantError(t, client(t, p, nil).Revoke(t.Context(), 9))
	if !e.OutcomeUnknown() || !strings.Contains(e.Error(), "larger than 64 MiB") {
		t.Errorf("got %v", e)
	}
}

func TestErrorsShowNeitherSecretsNorPeopleNorControls(t *testing.T) {
	p := newPortal(t, always(400, `{"error":"bad \u001b[31m token access-1 for the-client-secret `+strings.Repeat("x", 5000)+`"}`))
	c := client(t, p, nil)
	_, err := c.FindEmployees(t.Context(), plan.Email, "ana@acme.example")
	for _, secret := range []string{"access-1", "the-client-secret", "\x1b", "ana@"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows %q: %v", secret, err)
		}
	}
	if len(err.Error()) > 600 {
		t.Errorf("the error has %d bytes", len(err.Error()))
	}
	p.Close()
	_, err = c.FindEmployees(t.Context(), plan.Email, "ana@acme.example")
	if strings.Contains(err.Error(), "ana") {
		t.Errorf("the error shows whom it looked for: %v", err)
	}
}

func TestRequestsAreCountedByRouteWithoutPeople(t *testing.T) {
	p := newPortal(t, inTurn(always(200, `{}`), always(503, ""), always(404, `{}`)))
	c := client(t, p, nil)
	_, err := c.MoveEmployee(t.Context(), 1017, 2)
	ok(t, err)
	_, found, err := c.Employee(t.Context(), 1018)
	ok(t, err)
	got := c.RequestsByRoute()
	if found || got["POST /employees/{id}/actions/move-to-region"][200] != 1 || got["GET /employees/{id}"][503] != 1 ||
		got["GET /employees/{id}"][404] != 1 || got["POST /rest/oauth2/access_token"][200] != 1 || len(got) != 3 || c.Requests() != 4 {
		t.Errorf("found %v, counted %v, %d in all", found, got, c.Requests())
	}
}

func TestClockSkewIsThePortalsDateAgainstOurs(t *testing.T) {
	p := newPortal(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", "Mon, 23 Nov 2026 12:10:10 GMT")
		answer(w, 200, emptyList)
	})
	c := client(t, p, nil)
	if _, known := c.ClockSkew(); known {
		t.Error("the skew is known before any answer")
	}
	_, err := c.Roles(t.Context())
	ok(t, err)
	if skew, known := c.ClockSkew(); skew != 10*time.Minute || !known {
		t.Errorf("skew %s, known %v, want 10m0s", skew, known)
	}
}

func TestNoMoreRequestsAMinuteThanAllowed(t *testing.T) {
	p := newPortal(t, always(200, `{}`))
	now := newClock()
	var sent []time.Time
	p.api = func(w http.ResponseWriter, _ *http.Request) { sent = append(sent, now.now()); answer(w, 200, `{}`) }
	c := client(t, p, func(cfg *Config) { cfg.Now, cfg.Sleep, cfg.MaxRequestsPerMinute = now.now, now.sleep, 30 })
	for range 100 {
		ok(t, c.Revoke(t.Context(), 9))
	}
	for i := 30; i < len(sent); i++ {
		if gap := sent[i].Sub(sent[i-30]); gap < time.Minute {
			t.Fatalf("requests %d to %d went out within %s", i-30, i, gap)
		}
	}
}

func TestNoMoreCallsAtATimeThanAllowed(t *testing.T) {
	var open, most atomic.Int32
	full, release := make(chan struct{}, 100), make(chan struct{})
	p := newPortal(t, func(w http.ResponseWriter, _ *http.Request) {
		n := open.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		full <- struct{}{}
		<-release
		open.Add(-1)
		answer(w, 200, `{}`)
	})
	c := client(t, p, func(cfg *Config) { cfg.MaxConcurrency = 3 })
	done := make(chan error)
	for range 20 {
		go func() { done <- c.Revoke(context.Background(), 9) }()
	}
	for range 3 {
		<-full
	}
	close(release)
	for range 20 {
		ok(t, <-done)
	}
	if most.Load() != 3 {
		t.Errorf("%d calls at a time, want 3", most.Load())
	}
}

func TestUntrustedCertificateIsRefusedAtOnce(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	secure := httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it would note the handshake that is to fail
	secure.StartTLS()
	defer secure.Close()
	setup := func(pool *x509.CertPool) func(*Config) {
		return func(cfg *Config) { cfg.BaseURL, cfg.TLS = secure.URL, &tls.Config{RootCAs: pool} }
	}
	c := client(t, p, setup(x509.NewCertPool()))
	_, err := c.Roles(t.Context())
	if e := wantError(t, err); c.Requests() != 1 || !strings.Contains(e.Error(), "certificate") {
		t.Errorf("%d requests: %v", c.Requests(), e)
	}
	trusting := x509.NewCertPool()
	trusting.AddCert(secure.Certificate())
	_, err = client(t, p, setup(trusting)).Roles(t.Context())
	ok(t, err)
}

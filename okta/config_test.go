package okta

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestOrgURLIsCleanedOrRefused(t *testing.T) {
	for raw, want := range map[string]string{
		"https://acme.okta.com":         "https://acme.okta.com",
		"https://ACME.okta.com/":        "https://acme.okta.com",
		"https://acme.okta.com:8443":    "https://acme.okta.com:8443",
		"http://127.0.0.1:8080/":        "http://127.0.0.1:8080",
		"http://localhost:8080":         "http://localhost:8080",
		"http://[::1]:8080":             "http://[::1]:8080",
		"":                              "",
		"acme.okta.com":                 "",
		"http://acme.okta.com":          "",
		"ftp://acme.okta.com":           "",
		"https://acme-admin.okta.com":   "",
		"https://acme.okta.com/app/x":   "",
		"https://acme.okta.com?x=1":     "",
		"https://ana:pw@acme.okta.com":  "",
		"http://127.0.0.1.evil.example": "",
		"https://acme.okta.com/%zz":     "",
	} {
		got, err := cleanOrgURL(raw)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", raw, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "pw@") {
			t.Errorf("%q: the error shows the password: %v", raw, err)
		}
	}
}

func TestSettingsThatCannotBeAreRefused(t *testing.T) {
	good := Config{OrgURL: "https://acme.okta.com", AppID: testApp, Token: testToken}
	for name, change := range map[string]func(*Config){
		"no org":           func(c *Config) { c.OrgURL = "" },
		"no app":           func(c *Config) { c.AppID = "" },
		"a path for app":   func(c *Config) { c.AppID = "0oa1/users" },
		"no token":         func(c *Config) { c.Token = "" },
		"token with break": func(c *Config) { c.Token = testToken + "\n" },
		"share of nothing": func(c *Config) { c.RateLimitShare = -0.1 },
		"share of more":    func(c *Config) { c.RateLimitShare = 1.01 },
		"timeout":          func(c *Config) { c.Timeout = -time.Second },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: the token is in the error: %v", name, err)
		}
	}
	if s, err := New(good); err != nil || s.transport.config.RateLimitShare != 0.5 || s.transport.config.Timeout != time.Minute {
		t.Errorf("got %v", err)
	}
}

func TestGivenAuthoritiesAreTrustedAndOldTLSIsNot(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer(200, `{"id":"`+testApp+`"}`)(w, r)
	}))
	srv.Config.ErrorLog = discardLog
	srv.StartTLS()
	defer srv.Close()
	c := newClock()
	config := Config{OrgURL: srv.URL, AppID: testApp, Token: testToken, TLS: trusting(srv), Now: c.now, Sleep: c.sleep}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.App(t.Context()); err != nil {
		t.Errorf("with its authority: got %v", err)
	}

	old := httptest.NewUnstartedServer(answer(200, "{}"))
	old.Config.ErrorLog = discardLog
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.StartTLS()
	defer old.Close()
	config.OrgURL, config.TLS = old.URL, &tls.Config{MinVersion: tls.VersionTLS10, InsecureSkipVerify: true}
	if s, err = New(config); err != nil {
		t.Fatal(err)
	}
	if _, err := s.App(t.Context()); err == nil {
		t.Error("a connection below TLS 1.2 was made")
	}
	if config.TLS.MinVersion != tls.VersionTLS10 {
		t.Error("the caller's TLS settings were changed")
	}
}

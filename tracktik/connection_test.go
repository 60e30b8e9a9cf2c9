package tracktik

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestNoConnectionBelowTLS12IsMade(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	old := httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	defer old.Close()
	settings := &tls.Config{MinVersion: tls.VersionTLS10, InsecureSkipVerify: true}
	c := client(t, p, func(cfg *Config) { cfg.BaseURL, cfg.TLS = old.URL, settings })
	if _, err := c.Roles(t.Context()); err == nil || len(p.forms()) > 0 {
		t.Errorf("got %v after %d logins", err, len(p.forms()))
	}
	if settings.MinVersion != tls.VersionTLS10 {
		t.Error("the caller's TLS settings were changed")
	}
}

// The proxy's variables are read once a process, so that each case is one of its own.
const proxyCase = "TRACKTIK_TEST_BEHIND_A_PROXY"

func TestTheProxyOfTheEnvironmentIsUsed(t *testing.T) {
	if os.Getenv(proxyCase) != "" {
		c, err := New(Config{BaseURL: "https://acme.invalid", Auth: Auth{Grant: GrantPassword, ClientID: "c", ClientSecret: "s", Username: "u", Password: "p"},
			Sleep: func(context.Context, time.Duration) error { return context.Canceled }})
		ok(t, err)
		if _, err := c.Roles(t.Context()); err == nil {
			t.Error("a portal that does not exist has answered")
		}
		return
	}
	var mu sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.Host)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	for exempt, want := range map[string]bool{"": true, "acme.invalid": false, ".invalid": false, "other.invalid": true} {
		mu.Lock()
		asked = nil
		mu.Unlock()
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheProxyOfTheEnvironmentIsUsed$")
		child.Env = append(os.Environ(), proxyCase+"=1", "HTTPS_PROXY="+proxy.URL, "https_proxy=", "NO_PROXY="+exempt, "no_proxy=")
		if out, err := child.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		mu.Lock()
		if got := slices.Contains(asked, "CONNECT acme.invalid:443"); got != want || !want && len(asked) > 0 {
			t.Errorf("with NO_PROXY=%s the proxy was asked for %v", exempt, asked)
		}
		mu.Unlock()
	}
}

// jwt is an access token with these claims.
func jwt(claims string) string {
	return "head." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".signature"
}

func TestATokenTellsItsScopesInEitherForm(t *testing.T) {
	for claims, want := range map[string]string{
		`{"sub":"7","scopes":["all:read","core:entities:roles:write"]}`: "all:read core:entities:roles:write",
		`{"sub":7,"scope":"all:read core:write"}`:                       "all:read core:write",
		`{"sub":"7"}`:  "",
		`not json`:     "",
		`{"scopes":7}`: "",
	} {
		if got := strings.Join(Token{Access: jwt(claims)}.Scopes(), " "); got != want {
			t.Errorf("%s has the scopes %q, want %q", claims, got, want)
		}
	}
	if got := (Token{Access: "opaque"}).Scopes(); got != nil {
		t.Errorf("an opaque token has the scopes %v", got)
	}
	if got := (Token{Access: jwt(`{"sub":7,"scopes":[]}`)}).Subject(); got != "7" {
		t.Errorf("the subject is %q", got)
	}
}

func TestScopesCoverWhatIsBelowThem(t *testing.T) {
	for scope, want := range map[string]bool{"all:read": true, "core:read": true, "core:entities:read": true, "core:entities:user-roles:read": true,
		"all:write": false, "core:entities:roles:read": false, "finance:read": false} {
		allowed, known := Token{Access: jwt(`{"scopes":["` + scope + `"]}`)}.Allows("user-roles", "read")
		if allowed != want || !known {
			t.Errorf("%s: allowed %v, known %v", scope, allowed, known)
		}
	}
	if _, known := (Token{Access: "opaque"}).Allows("roles", "read"); known {
		t.Error("an opaque token tells its scopes")
	}
}

func TestATokenSaysWhenItEnds(t *testing.T) {
	ends := time.Date(2026, 11, 24, 12, 1, 0, 0, time.UTC)
	claims := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, ends.Unix()))
	if end, known := (Token{Refresh: "e30." + claims + ".sig"}).RefreshEnds(); !known || !end.Equal(ends) {
		t.Errorf("it ends %v, %v", end, known)
	}
	for _, token := range []string{"", "opaque", "a.b.c", "e30.e30.sig"} {
		if end, known := (Token{Refresh: token}).RefreshEnds(); known {
			t.Errorf("%q ends %v", token, end)
		}
	}
}

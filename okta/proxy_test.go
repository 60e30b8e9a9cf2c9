package okta

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// The proxy's variables are read once a process, so that each case is one of its own.
const proxyCase = "OKTA_TEST_BEHIND_A_PROXY"

func TestTheProxyOfTheEnvironmentIsUsed(t *testing.T) {
	if os.Getenv(proxyCase) != "" {
		readFromNowhere(t)
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
	for _, c := range []struct {
		exempt string
		want   int // requests that came to the proxy: one of the token, one of the app
	}{{"", 2}, {"acme.invalid", 0}, {".invalid", 0}, {"other.invalid", 2}} {
		mu.Lock()
		asked = nil
		mu.Unlock()
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheProxyOfTheEnvironmentIsUsed$")
		child.Env = append(os.Environ(), proxyCase+"=1", "HTTPS_PROXY="+proxy.URL, "https_proxy=", "NO_PROXY="+c.exempt, "no_proxy=")
		if out, err := child.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		mu.Lock()
		if len(asked) != c.want || strings.Count(strings.Join(asked, ","), "CONNECT acme.invalid:443") != c.want {
			t.Errorf("with NO_PROXY=%s the proxy was asked for %v, want %d connections", c.exempt, asked, c.want)
		}
		mu.Unlock()
	}
}

// readFromNowhere reads an app, and gets a token, of an org that does not exist.
func readFromNowhere(t *testing.T) {
	giveUp := func(context.Context, time.Duration) error { return context.Canceled }
	s, err := New(Config{OrgURL: "https://acme.invalid", AppID: testApp, Token: testToken, Sleep: giveUp})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.App(t.Context()); err == nil {
		t.Error("an org that does not exist has answered")
	}
	a, err := NewServiceApp(ServiceAppConfig{OrgURL: "https://acme.invalid", ClientID: testClient, Sleep: giveUp,
		Key: func() ([]byte, error) { return pkcs8(ecKeys()[0]), nil }})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://acme.invalid/api/v1/apps/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Authorize(t.Context(), r); err == nil {
		t.Error("an org that does not exist has given a token")
	}
}

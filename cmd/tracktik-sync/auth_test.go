package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/cmd/tracktik-sync/internal/wiringtest"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/tracktik/tracktiktest"
)

// browser is xdg-open with nobody before it: it follows the address to its end.
func browser() {
	resp, err := http.Get(os.Args[1])
	if err != nil {
		os.Exit(1)
	}
	_ = resp.Body.Close()
}

// A portalLogin is a login whose browser is the test.
type portalLogin struct {
	*authLogin
	portal      *tracktiktest.Server
	out, errOut *bytes.Buffer
	path        string // of the snapshot
}

func newPortalLogin(t *testing.T, settings ...string) *portalLogin {
	t.Helper()
	portal := tracktiktest.NewServer()
	t.Cleanup(portal.Close)
	cfg := wiringtest.Load(t, wiring.Checks) // for its file
	p := &portalLogin{portal: portal, out: &bytes.Buffer{}, errOut: &bytes.Buffer{}, path: cfg.State.Path}
	for _, setting := range append([]string{"OKTA_AUTH_API_TOKEN=token", "TRACKTIK_BASE_URL=" + portal.URL,
		"TRACKTIK_AUTH_GRANT=authorization_code", "TRACKTIK_AUTH_CLIENT_ID=" + tracktiktest.DefaultClientID,
		"TRACKTIK_AUTH_CLIENT_SECRET=" + tracktiktest.DefaultClientSecret}, settings...) {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv("TRACKTIK_SYNC_"+name, value)
	}
	a := newApp(strings.NewReader(""), p.out, p.errOut)
	a.File = cfg.File()
	p.authLogin = &authLogin{authCommand: authCommand{a}, browse: func(context.Context, string) error { return errors.New("nobody") }}
	return p
}

// login gives the command.
func (p *portalLogin) login(ctx context.Context) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	return p.execute(ctx, cfg, nil)
}

// visit goes where a browser would, and answers what the last page shows.
func visit(t *testing.T, address string) (status int, page string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	for _, header := range []string{"Content-Security-Policy", "Cache-Control", "Referrer-Policy"} {
		if resp.Header.Get(header) == "" {
			t.Errorf("the page has no %s", header)
		}
	}
	return resp.StatusCode, string(text)
}

func (p *portalLogin) exchanges() int {
	return p.portal.Count(http.MethodPost, tracktiktest.DefaultTokenPath)
}

func TestTheBrowserComesBackToTheMachineThatAsked(t *testing.T) {
	p := newPortalLogin(t)
	var asked url.Values
	p.browse = func(_ context.Context, address string) error {
		u, err := url.Parse(address)
		if err != nil {
			t.Error(err)
			return err
		}
		asked = u.Query()
		go func() {
			if status, page := visit(t, address); status != http.StatusOK || !strings.Contains(page, "Approved") {
				t.Errorf("the browser shows %d %s", status, page)
			}
		}()
		return nil
	}
	if err := p.login(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, p.errOut)
	}
	if asked.Get("code_challenge_method") != "S256" || asked.Get("code_challenge") == "" || len(asked.Get("state")) < 20 || asked.Get("response_type") != "code" {
		t.Errorf("the page was asked with %v", asked)
	}
	back, err := url.Parse(asked.Get("redirect_uri"))
	if err != nil || back.Hostname() != "127.0.0.1" || back.Port() == "" {
		t.Errorf("the browser was to come back to %s", asked.Get("redirect_uri"))
	}
	if _, err := http.Get(back.String()); err == nil {
		t.Error("somebody still listens there")
	}
	if !strings.Contains(p.out.String(), "as employee 1000") {
		t.Errorf("said %q", p.out)
	}
}

func TestAForeignAnswerDoesNotEndALogin(t *testing.T) {
	p := newPortalLogin(t)
	p.browse = func(_ context.Context, address string) error {
		u, _ := url.Parse(address)
		go func() {
			back := u.Query().Get("redirect_uri")
			for _, query := range []string{"?code=theirs&state=theirs", "?code=theirs", "", "?error=access_denied&state="} {
				if status, page := visit(t, back+query); status != http.StatusBadRequest || strings.Contains(page, "theirs") {
					t.Errorf("%s answers %d %s", query, status, page)
				}
			}
			visit(t, address)
		}()
		return nil
	}
	if err := p.login(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.exchanges() != 1 {
		t.Errorf("%d codes were tried, want the one that was ours", p.exchanges())
	}
}

func TestADenialIsToldAndChangesNothing(t *testing.T) {
	p := newPortalLogin(t)
	p.portal.OAuth.ApprovePage = true
	p.browse = func(_ context.Context, address string) error {
		go func() {
			resp, err := http.PostForm(address, url.Values{"decision": {"deny"}})
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
		}()
		return nil
	}
	err := p.login(t.Context())
	if err == nil || !strings.Contains(err.Error(), "access_denied") {
		t.Errorf("got %v", err)
	}
	if record, err := state.Tokens(p.path).Load(); record != nil || err != nil || p.exchanges() != 0 {
		t.Errorf("kept %d bytes, %v, after %d exchanges", len(record), err, p.exchanges())
	}
}

func TestACodeThatThePortalRefusesIsTriedOnce(t *testing.T) {
	p := newPortalLogin(t)
	p.paste = true
	p.Stdin.Reset(strings.NewReader("not-a-code\n"))
	if err := p.login(t.Context()); err == nil || !strings.Contains(err.Error(), "turning the approval into tokens") {
		t.Errorf("got %v", err)
	}
	if p.exchanges() != 1 {
		t.Errorf("%d exchanges", p.exchanges())
	}
}

func TestALoginThatNobodyAnswersEndsWithItsContext(t *testing.T) {
	p := newPortalLogin(t)
	ctx, cancel := context.WithCancel(t.Context())
	p.browse = func(context.Context, string) error { cancel(); return nil }
	if err := p.login(ctx); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v", err)
	}
}

func TestARedirectElsewhereNeedsPasting(t *testing.T) {
	for redirect, works := range map[string]bool{
		"http://127.0.0.1:8123/callback": true, "http://localhost:8123": true, "http://[::1]:8123/": true,
		"https://tool.acme.example/done": false, "http://192.0.2.1/": false, "https://127.0.0.1/": false,
	} {
		cfg := &configs.Config{TrackTik: configs.TrackTik{Auth: configs.TrackTikAuth{Grant: "authorization_code", RedirectURI: redirect}}}
		var bad *usageError
		if err := (&authLogin{}).fits(cfg); errors.As(err, &bad) == works {
			t.Errorf("%s: %v", redirect, err)
		}
		if err := (&authLogin{paste: true}).fits(cfg); err != nil {
			t.Errorf("%s, pasted: %v", redirect, err)
		}
	}
}

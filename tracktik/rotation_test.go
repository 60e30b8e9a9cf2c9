package tracktik

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// watched is a TokenStore that writes down what happens to it, and can fail.
type watched struct {
	*memory
	mu     sync.Mutex
	events []string
	full   bool // the disk is
}

func (w *watched) note(event string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, event)
}

func (w *watched) Lock(ctx context.Context) (func(), error) {
	unlock, err := w.memory.Lock(ctx)
	w.note("lock")
	return unlock, err
}

func (w *watched) Load() ([]byte, error) {
	w.note("load")
	return w.memory.Load()
}

func (w *watched) Save(record []byte) error {
	if w.full {
		return errors.New("no space left on device")
	}
	w.note("save")
	return w.memory.Save(record)
}

// rotating makes p accept only the refresh token that it gave last, first as the
// first, each one once.
func rotating(p *portal, first string) {
	valid := first
	p.token = func(w http.ResponseWriter, _ *http.Request) {
		form := p.forms()[len(p.forms())-1]
		if form.Get("grant_type") == "refresh_token" && form.Get("refresh_token") != valid {
			answer(w, 401, `{"error":"invalid_grant","message":"The refresh token is invalid."}`)
			return
		}
		p.mu.Lock()
		valid = "refresh-" + string(rune('1'+p.issued))
		p.mu.Unlock()
		p.issue(w)
	}
}

func sentRefreshTokens(p *portal) []string {
	var sent []string
	for _, form := range p.forms() {
		sent = append(sent, form.Get("grant_type")+":"+form.Get("refresh_token"))
	}
	return sent
}

func TestNewRefreshTokenIsSafeBeforeItsAccessTokenIsUsed(t *testing.T) {
	store := &watched{memory: newMemory()}
	p := newPortal(t, func(w http.ResponseWriter, r *http.Request) {
		store.note("call with " + r.Header.Get("Authorization"))
		answer(w, 200, emptyList)
	})
	rotating(p, "seed-1")
	issue := p.token
	p.token = func(w http.ResponseWriter, r *http.Request) { store.note("token"); issue(w, r) }
	_, err := client(t, p, withRefresh("seed-1", store)).Roles(t.Context())
	ok(t, err)
	want := []string{"lock", "load", "token", "save", "call with Bearer access-1"}
	if !slices.Equal(store.events, want) {
		t.Errorf("it went %v, want %v", store.events, want)
	}
}

func TestTokensThatCannotBeSavedAreNeitherUsedNorLost(t *testing.T) {
	store := &watched{memory: newMemory(), full: true}
	p := newPortal(t, always(200, emptyList))
	rotating(p, "seed-1")
	c := client(t, p, withRefresh("seed-1", store))
	for range 3 {
		_, err := c.Roles(t.Context())
		if e := wantError(t, err); e.Credentials() || !strings.Contains(e.Error(), "no space left") {
			t.Fatalf("got %v", e)
		}
	}
	if len(p.requests()) != 0 || len(p.forms()) != 1 {
		t.Fatalf("%d calls and %d token requests, want 0 and 1", len(p.requests()), len(p.forms()))
	}
	store.full = false
	_, err := c.Roles(t.Context())
	ok(t, err)
	if len(p.forms()) != 1 {
		t.Errorf("%d token requests, want still 1", len(p.forms()))
	}
}

func TestSeedIsUsedOnceAndAgainWhenItChanges(t *testing.T) {
	store, now := newMemory(), newClock()
	p := newPortal(t, always(200, emptyList))
	rotating(p, "seed-1")
	run := func(seed string) {
		t.Helper()
		_, err := client(t, p, func(cfg *Config) { withRefresh(seed, store)(cfg); cfg.Now = now.now }).Roles(t.Context())
		ok(t, err)
		now.pass(time.Hour)
	}
	run("seed-1")
	run("seed-1")
	run("seed-1")
	rotating(p, "seed-2")
	run("seed-2")
	run("seed-2")
	want := []string{"refresh_token:seed-1", "refresh_token:refresh-1", "refresh_token:refresh-2", "refresh_token:seed-2", "refresh_token:refresh-4"}
	if got := sentRefreshTokens(p); !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

func TestNextProcessWithinTheHourNeedsNoLogin(t *testing.T) {
	store := newMemory()
	p := newPortal(t, always(200, emptyList))
	for range 3 {
		_, err := client(t, p, func(cfg *Config) { cfg.Tokens = store }).Roles(t.Context())
		ok(t, err)
	}
	if n := len(p.forms()); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
}

func TestTokenThatAnotherProcessRotatedIsTakenOver(t *testing.T) {
	store, now := newMemory(), newClock()
	p := newPortal(t, always(200, emptyList))
	rotating(p, "seed-1")
	setup := func(cfg *Config) { withRefresh("seed-1", store)(cfg); cfg.Now = now.now }
	first, second := client(t, p, setup), client(t, p, setup)
	for range 4 {
		for _, c := range []*Client{first, second} {
			_, err := c.Roles(t.Context())
			ok(t, err)
		}
		now.pass(time.Hour)
	}
	if n := len(p.forms()); n != 4 {
		t.Errorf("%d token requests, want one an hour: %v", n, sentRefreshTokens(p))
	}
}

func TestTokensGoToNoOtherPortal(t *testing.T) {
	store := newMemory()
	first, second := newPortal(t, always(200, emptyList)), newPortal(t, always(200, emptyList))
	rotating(first, "seed-1")
	_, err := client(t, first, withRefresh("seed-1", store)).Roles(t.Context())
	ok(t, err)
	_, err = client(t, second, withRefresh("", store)).Roles(t.Context())
	if e := wantError(t, err); !e.Credentials() {
		t.Errorf("got %v", e)
	}
	if second.forms() != nil || second.requests() != nil {
		t.Errorf("the second portal was sent %v and %v", second.forms(), second.requests())
	}
}

func TestAccessTokenIsNotReusedForOtherCredentials(t *testing.T) {
	store := newMemory()
	p := newPortal(t, always(200, emptyList))
	for _, password := range []string{"the-password", "the-password", "another-one"} {
		_, err := client(t, p, func(cfg *Config) { cfg.Tokens, cfg.Auth.Password = store, password }).Roles(t.Context())
		ok(t, err)
	}
	if n := len(p.forms()); n != 2 {
		t.Errorf("%d logins, want 2: the password changed once", n)
	}
}

func TestLostRotationIsTriedOnceMoreWithTheOldToken(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	p.token = inTurn(hangUp, func(w http.ResponseWriter, _ *http.Request) { p.issue(w) })
	_, err := client(t, p, withRefresh("seed-1", nil)).Roles(t.Context())
	ok(t, err)
	if got, want := sentRefreshTokens(p), []string{"refresh_token:seed-1", "refresh_token:seed-1"}; !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

// lostRotation answers nothing, having used up the token.
func lostRotation(p *portal) {
	rotating(p, "seed-1")
	rotate := p.token
	p.token = inTurn(func(_ http.ResponseWriter, r *http.Request) {
		rotate(discard{}, r)
		hangUp(nil, nil)
	}, rotate)
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

func TestLostRotationEndsInThePasswordWhereThereIsOne(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	lostRotation(p)
	store := newMemory()
	_, err := client(t, p, func(cfg *Config) {
		withRefresh("seed-1", store)(cfg)
		cfg.Auth.Username, cfg.Auth.Password = "integration", "the-password"
	}).Roles(t.Context())
	ok(t, err)
	want := []string{"refresh_token:seed-1", "refresh_token:seed-1", "password:"}
	if got := sentRefreshTokens(p); !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

func TestLostRotationWithoutAPasswordIsACredentialsError(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	lostRotation(p)
	c := client(t, p, withRefresh("seed-1", nil))
	for range 5 {
		_, err := c.Roles(t.Context())
		if e := wantError(t, err); !e.Credentials() || !strings.Contains(e.Error(), "auth login") {
			t.Fatalf("got %v", e)
		}
	}
	if got := sentRefreshTokens(p); len(got) != 2 {
		t.Errorf("sent %v, want two", got)
	}
}

func TestOutageOfTheTokenEndpointIsNoCredentialsError(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	p.token = always(503, `{"error":"server_error"}`)
	_, err := client(t, p, withRefresh("seed-1", nil)).Roles(t.Context())
	if e := wantError(t, err); e.Credentials() || e.Status() != 503 {
		t.Errorf("credentials %v, status %d: %v", e.Credentials(), e.Status(), e)
	}
}

func TestUnreachablePortalDoesNotCostTheRefreshToken(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	p.Close()
	c := client(t, p, func(cfg *Config) {
		withRefresh("seed-1", nil)(cfg)
		cfg.Auth.Username, cfg.Auth.Password = "integration", "the-password"
	})
	_, err := c.Roles(t.Context())
	if e := wantError(t, err); e.Credentials() || e.Status() != 0 {
		t.Errorf("got %v", e)
	}
	if c.Requests() != maxFailures {
		t.Errorf("%d attempts, want %d", c.Requests(), maxFailures)
	}
}

func TestUnreadableTokensStopARefreshButNotAPassword(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	store := newMemory()
	ok(t, store.Save([]byte("{torn")))
	_, err := client(t, p, withRefresh("seed-1", store)).Roles(t.Context())
	if e := wantError(t, err); e.Credentials() || p.forms() != nil {
		t.Errorf("got %v after %v", e, p.forms())
	}
	_, err = client(t, p, func(cfg *Config) { cfg.Tokens = store }).Roles(t.Context())
	ok(t, err)
}

package tracktik

import (
	"errors"
	"testing"
	"time"
)

// Each command is a client of its own; what they know of one another is in the store.
func TestManyCommandsComeNowhereNearTheBlockOfAnAddress(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	p.token = always(401, `{"error":"invalid_grant"}`)
	store, now := newMemory(), newClock()
	command := func(password string) error {
		_, err := client(t, p, func(cfg *Config) {
			cfg.Tokens, cfg.Now, cfg.Auth.Password = store, now.now, password
		}).Roles(t.Context())
		return err
	}
	for range 12 {
		var e *Error
		if err := command("wrong"); !errors.As(err, &e) || !e.Credentials() {
			t.Fatalf("got %v", err)
		}
		now.pass(time.Second)
	}
	if n := len(p.forms()); n != brakeAfter {
		t.Errorf("%d logins, want %d", n, brakeAfter)
	}
	_ = command("another one") // which nobody has refused yet
	if n := len(p.forms()); n != brakeAfter+1 {
		t.Errorf("other credentials were not tried: %d logins", n)
	}
	now.pass(brakeWindow)
	p.token = nil
	if err := command("wrong"); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	if saved, err := ParseToken(store.record); err != nil || len(saved.Refused) > 0 || saved.Access == "" {
		t.Errorf("a login that worked left %+v, %v", saved, err)
	}
}

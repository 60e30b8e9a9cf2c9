package tracktik

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Token is what one token request gave, as it is kept between runs.
type Token struct {
	Portal  string `json:"portal"` // the base URL that it belongs to
	Access  string `json:"access_token,omitempty"`
	Refresh string `json:"refresh_token,omitempty"` // single-use: each answer brings the next
	// Until is the last moment at which Access is used, a minute before it
	// expires.
	Until    time.Time `json:"until,omitzero"`
	Obtained time.Time `json:"obtained,omitzero"`
	// Seed is the fingerprint of the configured refresh token from which Refresh
	// descends: as long as it stays the same, the configured one is used up.
	Seed string `json:"seed,omitempty"`
	// Credentials is the fingerprint of those that Access was given for.
	Credentials string `json:"credentials,omitempty"`
	// Refused are the logins of the last minutes that the portal refused, with the
	// credentials of that fingerprint.
	Refused            []time.Time `json:"refused,omitempty"`
	RefusedCredentials string      `json:"refused_credentials,omitempty"`
}

// Subject is whom Access stands for: the id of the employee whose credentials these
// are, where the token says so, else empty.
func (t Token) Subject() string { return subject(t.Access) }

// RefreshEnds is when Refresh ends, by its exp claim (RFC 7519, 4.1.4); known is false
// for a token that does not say.
func (t Token) RefreshEnds() (end time.Time, known bool) {
	var claims struct {
		Expires float64 `json:"exp"`
	}
	readClaims(t.Refresh, &claims)
	return time.Unix(int64(claims.Expires), 0).UTC(), claims.Expires > 0
}

// Scopes are what Access is good for; nil when the token does not say.
func (t Token) Scopes() []string { return scopes(t.Access) }

// Allows reports whether Access covers a verb, read or write, on a resource of the
// API, such as "user-roles". known is false when the token does not say.
func (t Token) Allows(resource, verb string) (allowed, known bool) {
	have := t.Scopes()
	for _, name := range scopeNames(resource, verb) {
		allowed = allowed || slices.Contains(have, name)
	}
	return allowed, len(have) > 0
}

// ParseToken reads what a Client saved in its TokenStore; no data are the zero
// Token.
func ParseToken(data []byte) (Token, error) {
	var t Token
	if len(data) == 0 {
		return t, nil
	}
	if err := json.Unmarshal(data, &t); err != nil {
		return Token{}, fmt.Errorf("reading the saved tokens: %w", err)
	}
	return t, nil
}

// A TokenStore keeps tokens between runs, as one opaque record that only its
// owner may read. Refresh tokens are single-use, so a process that lost the last
// one could not get in again: Save returns only when the record is durable.
type TokenStore interface {
	// Lock keeps other processes from getting new tokens. It waits until ctx ends.
	Lock(ctx context.Context) (unlock func(), err error)
	// Load returns the last saved record, or nothing when there is none.
	Load() ([]byte, error)
	Save(record []byte) error
}

// memory is the TokenStore of a client that was given none.
type memory struct {
	turn   chan struct{}
	mu     sync.Mutex
	record []byte
}

func newMemory() *memory { return &memory{turn: make(chan struct{}, 1)} }

func (m *memory) Lock(ctx context.Context) (func(), error) {
	select {
	case m.turn <- struct{}{}:
		return func() { <-m.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) Load() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.record, nil
}

func (m *memory) Save(record []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record = record
	return nil
}

package oktatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// DefaultTokenLifetime is how long an access token lasts when TokenLifetime is 0.
// Okta's own authorization server knows no other.
const DefaultTokenLifetime = time.Hour

// scopesInUse are those of Okta's API that exist here. Asking for another is an
// error of its own.
var scopesInUse = []string{"okta.apps.read", "okta.groups.read", "okta.users.read",
	"okta.apps.manage", "okta.groups.manage", "okta.users.manage", "okta.logs.read", "okta.orgs.read", "okta.schemas.read"}

// oauth is the part of an org that has to do with OAuth 2.0.
type oauth struct {
	signing  *ecdsa.PrivateKey // of access tokens in the form of a JWT
	services map[string]*serviceApp
	tokens   map[string]*accessToken
	seen     map[string]time.Time // the jti of assertions and proofs, and until when they count
	nonces   map[string]string    // by who wants them in proofs
}

type serviceApp struct {
	keys   []jose.JSONWebKey
	scopes []string
	proofs bool // DPoP is demanded
	nonces bool // and a nonce in each proof
}

type accessToken struct {
	client  string
	scopes  []string
	expires time.Time
	revoked bool
	key     string // the thumbprint of the key it is bound to; "": none
	nonces  bool
}

func newOAuth() oauth {
	signing, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(fmt.Sprintf("oktatest: making a key: %v", err)) // the system has no randomness
	}
	o := oauth{signing: signing, services: map[string]*serviceApp{}, tokens: map[string]*accessToken{},
		seen: map[string]time.Time{}, nonces: map[string]string{}}
	o.renewNonces()
	return o
}

// The askers of a nonce, and names in errors.
const (
	authorizationServer = "Authorization server"
	resourceServer      = "Resource server"
)

func (o *oauth) renewNonces() {
	o.nonces[authorizationServer], o.nonces[resourceServer] = rand.Text(), rand.Text()
}

// RegisterServiceApp makes an OAuth 2.0 service app known by the public halves of
// its keys, with the scopes okta.apps.read, okta.groups.read and okta.users.read
// granted. For one that is known, it replaces the keys and leaves the rest, as an
// administrator does who rotates them. It panics if a key is not a public one.
func (s *Server) RegisterServiceApp(clientID string, keys ...jose.JSONWebKey) {
	for _, k := range keys {
		if !k.Valid() || !k.IsPublic() {
			panic("oktatest: a key of the service app " + clientID + " is not a public key")
		}
	}
	s.lock()
	defer s.mu.Unlock()
	if app := s.services[clientID]; app != nil {
		app.keys = slices.Clone(keys)
		return
	}
	s.services[clientID] = &serviceApp{keys: slices.Clone(keys), scopes: scopesInUse[:3:3]}
}

// GrantScopes makes scopes all that a service app may ask for. Tokens that were
// issued keep theirs.
func (s *Server) GrantScopes(clientID string, scopes ...string) {
	s.lock()
	defer s.mu.Unlock()
	s.mustServiceApp(clientID).scopes = slices.Clone(scopes)
}

// RequireDPoP makes a service app send DPoP proofs (RFC 9449), which is what one
// does by default that was made since 2024. Okta demands a nonce in those for its
// token endpoint, and may do so in those for its API: here it is both or neither.
func (s *Server) RequireDPoP(clientID string, nonces bool) {
	s.lock()
	defer s.mu.Unlock()
	app := s.mustServiceApp(clientID)
	app.proofs, app.nonces = true, nonces
}

// RenewNonces replaces the nonces. Proofs with the old ones are refused, while Okta
// would take them for three days.
func (s *Server) RenewNonces() {
	s.lock()
	defer s.mu.Unlock()
	s.renewNonces()
}

// RevokeAccessTokens ends all access tokens that were issued so far.
func (s *Server) RevokeAccessTokens() {
	s.lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		t.revoked = true
	}
}

func (s *Server) mustServiceApp(clientID string) *serviceApp {
	app := s.services[clientID]
	if app == nil {
		panic(fmt.Sprintf("oktatest: there is no service app %q", clientID))
	}
	return app
}

// firstUse notes that a jti was used, and reports whether it is the first time.
func (o *oauth) firstUse(jti string, now, until time.Time) bool {
	if at, used := o.seen[jti]; used && now.Before(at) {
		return false
	}
	if len(o.seen) > 100_000 {
		for old, at := range o.seen {
			if !now.Before(at) {
				delete(o.seen, old)
			}
		}
	}
	o.seen[jti] = until
	return true
}

// lacks returns what of the needed scopes is not among those granted. needed is
// separated by spaces; of "a|b" either will do.
func lacks(granted []string, needed string) (missing []string) {
	for _, need := range strings.Fields(needed) {
		if !slices.ContainsFunc(strings.Split(need, "|"), func(s string) bool { return slices.Contains(granted, s) }) {
			missing = append(missing, need)
		}
	}
	return missing
}

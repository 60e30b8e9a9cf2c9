package tracktiktest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// authState is who may do what.
type authState struct {
	access  map[string]access
	refresh map[string][]string // the scopes of the refresh tokens that are good
	spent   map[string]bool     // refresh tokens that are not, any more
	codes   map[string]code
	logins  map[string]*logins // by address
	issued  []*refreshToken    // refresh tokens as the API shows them, in the order of their ids
	tokens  int64              // how many were issued
}

type access struct {
	until  time.Time
	scopes []string
}

func newAuthState() authState {
	return authState{access: map[string]access{}, refresh: map[string][]string{}, spent: map[string]bool{},
		codes: map[string]code{}, logins: map[string]*logins{}}
}

// tokens is the answer to a good token request.
type tokens struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

func (s *Server) issue(scopes []string) tokens {
	now, life := s.now(), s.OAuth.lifetime()
	for old, a := range s.auth.access {
		if !now.Before(a.until) {
			delete(s.auth.access, old)
		}
	}
	t := tokens{TokenType: "Bearer", ExpiresIn: int(life / time.Second), RefreshToken: random(48)}
	t.AccessToken = s.jwt(now, now.Add(life), scopes)
	s.auth.access[t.AccessToken] = access{until: now.Add(life), scopes: scopes}
	s.auth.refresh[t.RefreshToken] = scopes
	s.auth.noteRefresh(t.RefreshToken, now.Add(RefreshTokensLast))
	return t
}

// jwt looks like the portal's tokens, which are signed with RS256. The signature is
// noise of that length: only this server ever judges it, by knowing the token.
func (s *Server) jwt(now, until time.Time, scopes []string) string {
	claims, err := json.Marshal(map[string]any{"aud": s.OAuth.clientID(), "jti": random(20), "iat": now.Unix(),
		"nbf": now.Unix(), "exp": until.Unix(), "sub": s.OAuth.subject(), "scopes": scopes})
	if err != nil {
		panic("tracktiktest: encoding claims: " + err.Error())
	}
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"typ":"JWT","alg":"RS256"}`)) + "." + part(claims) + "." + random(256)
}

// random is n bytes of noise in URL-safe letters.
func random(n int) string {
	noise := make([]byte, n)
	rand.Read(noise) // it never fails
	return base64.RawURLEncoding.EncodeToString(noise)
}

// bearer returns the scopes of a request's access token.
func (s *Server) bearer(r *http.Request) (scopes []string, valid bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a, known := s.auth.access[token]
	return a.scopes, strings.EqualFold(scheme, "Bearer") && known && s.now().Before(a.until) && s.mayLogIn()
}

// allows reports whether one of the scopes covers a verb (read or write) on a
// resource.
func allows(scopes []string, resource, verb string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool {
		return slices.Contains([]string{"all:" + verb, "core:" + verb, "core:entities:" + verb,
			"core:entities:" + resource + ":" + verb}, scope)
	})
}

// ExpireTokens ends all access tokens, as the passing of an hour does. Refresh
// tokens stay good.
func (s *Server) ExpireTokens() {
	s.start()
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.auth.access)
}

// RevokeRefreshTokens ends all refresh tokens, the first one included, as an
// administrator does who withdraws the approval.
func (s *Server) RevokeRefreshTokens() {
	s.start()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auth.spent[s.OAuth.refreshToken()] = true
	for token := range s.auth.refresh {
		s.auth.spent[token] = true
	}
	clear(s.auth.refresh)
}

// The block of support article 23794537688471.
const (
	maxFailedLogins = 40
	loginWindow     = 2 * time.Minute
	loginBlock      = 2 * time.Hour
)

// logins are the failures of one address.
type logins struct {
	failures []time.Time // within the window
	total    int
	until    time.Time // blocked
}

func (s *Server) loginsOf(r *http.Request) *logins {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	l := s.auth.logins[host]
	if l == nil {
		l = &logins{}
		s.auth.logins[host] = l
	}
	return l
}

func (s *Server) blocked(r *http.Request) bool { return s.now().Before(s.loginsOf(r).until) }

// failed counts a failed login and blocks the address when it is one too many.
func (s *Server) failed(r *http.Request) {
	l, now := s.loginsOf(r), s.now()
	l.total++
	l.failures = slices.DeleteFunc(append(l.failures, now), func(t time.Time) bool { return now.Sub(t) >= loginWindow })
	if len(l.failures) >= maxFailedLogins {
		l.until, l.failures = now.Add(loginBlock), nil
	}
}

// FailedLogins returns how many logins were refused, from all addresses.
func (s *Server) FailedLogins() int {
	s.start()
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for _, l := range s.auth.logins {
		n += l.total
	}
	return n
}

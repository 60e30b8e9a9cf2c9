package oktatest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	tokenPath = "/oauth2/v1/token"
	// longestAssertion is how far in the future an assertion may end; from
	// https://developer.okta.com/docs/guides/build-self-signed-jwt/.
	longestAssertion = time.Hour
)

// algorithms are those that Okta names in its challenges.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// A refusal is an error of OAuth 2.0.
type refusal struct {
	status int
	code   string
	text   string
	nonce  string // for the next proof
}

func refusedClient(text string) *refusal {
	return &refusal{status: http.StatusUnauthorized, code: "invalid_client", text: text}
}

func refusedRequest(code, text string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, text: text}
}

// answerToken is the token endpoint. It takes what it needs from the body alone:
// Okta would also look in the address, where an assertion is in every log.
func (s *Server) answerToken(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		Refuse(w, r, http.StatusMethodNotAllowed, "E0000022", "The endpoint does not support the provided HTTP method")
		return
	}
	if !s.withinLimit(w, r, BucketToken) {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		refuseOAuth(w, r, refusedRequest("invalid_request", "The request body cannot be read."))
		return
	}
	s.lock()
	body, no := s.issue(r, r.PostForm)
	s.mu.Unlock()
	if no != nil {
		refuseOAuth(w, r, no)
		return
	}
	reply{status: http.StatusOK, body: body}.send(w, r)
}

func refuseOAuth(w http.ResponseWriter, r *http.Request, no *refusal) {
	if no.nonce != "" {
		w.Header().Set("DPoP-Nonce", no.nonce)
	}
	reply{status: no.status, body: compact(struct {
		Code string `json:"error"`
		Text string `json:"error_description"`
	}{no.code, no.text})}.send(w, r)
}

// issue checks the client, its proof and its scopes, in this order, and makes a
// token. What was refused for a later reason has used up its jti.
func (s *Server) issue(r *http.Request, form url.Values) ([]byte, *refusal) {
	if form.Get("grant_type") != "client_credentials" {
		return nil, refusedRequest("unsupported_grant_type", "The authorization grant type is not supported by the authorization server.")
	}
	client, no := s.authenticate(r, form)
	if no != nil {
		return nil, no
	}
	app := s.services[client]
	token := &accessToken{client: client, nonces: app.nonces}
	if app.proofs { // one that is sent unasked changes nothing
		if token.key, no = s.checkProof(r, proofRules{asker: authorizationServer, nonce: app.nonces}); no != nil {
			return nil, no
		}
	}
	if token.scopes, no = app.grantedOf(strings.Fields(form.Get("scope"))); no != nil {
		return nil, no
	}
	life := s.tokenLifetime()
	token.expires = s.now().Add(life)
	kind := "Bearer"
	if token.key != "" {
		kind = "DPoP"
	}
	value := s.write(r, token)
	s.tokens[value] = token
	return compact(struct {
		Kind    string `json:"token_type"`
		Expires int    `json:"expires_in"`
		Value   string `json:"access_token"`
		Scope   string `json:"scope"`
	}{kind, int(life / time.Second), value, strings.Join(token.scopes, " ")}), nil
}

func (s *Server) tokenLifetime() time.Duration {
	s.fields.RLock()
	defer s.fields.RUnlock()
	if s.TokenLifetime > 0 {
		return s.TokenLifetime
	}
	return DefaultTokenLifetime
}

// grantedOf are those of the scopes that were asked for which the service app has: Okta
// gives a token with fewer, and refuses where there is none.
func (app *serviceApp) grantedOf(asked []string) ([]string, *refusal) {
	if len(asked) == 0 {
		return nil, refusedRequest("invalid_scope", "The authorization server resource does not have any configured default scopes, 'scope' must be provided.")
	}
	var granted []string
	for _, scope := range asked {
		if !slices.Contains(scopesInUse, scope) {
			return nil, refusedRequest("invalid_scope", "One or more scopes are not configured for the authorization server resource.")
		}
		if slices.Contains(app.scopes, scope) {
			granted = append(granted, scope)
		}
	}
	if len(granted) == 0 {
		return nil, refusedRequest("consent_required", "You are not allowed any of the requested scopes.")
	}
	return granted, nil
}

// authenticate verifies the assertion (RFC 7523, section 3) and returns whose it is.
func (s *Server) authenticate(r *http.Request, form url.Values) (string, *refusal) {
	if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || form.Get("client_assertion") == "" {
		return "", refusedRequest("invalid_request", "The client_assertion and client_assertion_type parameters are required.")
	}
	assertion, err := jwt.ParseSigned(form.Get("client_assertion"), algorithms)
	var claims jwt.Claims
	if err != nil || assertion.UnsafeClaimsWithoutVerification(&claims) != nil {
		return "", refusedClient("The client_assertion is not a valid JWT.")
	}
	client := claims.Subject
	app := s.services[client]
	if app == nil || claims.Issuer != client || form.Has("client_id") && form.Get("client_id") != client {
		return "", refusedClient("Invalid value for 'client_id' parameter.")
	}
	key := app.keyFor(assertion.Headers[0].KeyID)
	if key == nil {
		return "", refusedClient("The client_assertion JWT kid is invalid.")
	}
	if err := assertion.Claims(key.Key, &claims); err != nil {
		return "", refusedClient("The client_assertion signature is invalid.")
	}
	return client, s.checkAssertion(claims, baseOf(r)+tokenPath)
}

// keyFor returns the key that an assertion names. One of several has to be named.
func (app *serviceApp) keyFor(kid string) *jose.JSONWebKey {
	if kid == "" && len(app.keys) == 1 {
		return &app.keys[0]
	}
	for i := range app.keys {
		if kid != "" && app.keys[i].KeyID == kid {
			return &app.keys[i]
		}
	}
	return nil
}

// checkAssertion judges what a verified assertion says. Okta's leeway is not
// documented; here there is none.
func (s *Server) checkAssertion(claims jwt.Claims, endpoint string) *refusal {
	now := s.now()
	switch {
	case len(claims.Audience) != 1 || claims.Audience[0] != endpoint:
		return refusedClient("The audience claim for client_assertion must be the endpoint invoked for the request.")
	case claims.Expiry == nil:
		return refusedClient("The client_assertion token must contain an expiration claim.")
	case !now.Before(claims.Expiry.Time()):
		return refusedClient("The client_assertion token is expired.")
	case claims.Expiry.Time().Sub(now) > longestAssertion:
		return refusedClient("The client_assertion token has an expiration too far into the future.")
	case claims.IssuedAt != nil && claims.IssuedAt.Time().After(now):
		return refusedClient("The client_assertion token was issued in the future.")
	case claims.ID != "" && !s.firstUse("assertion "+claims.Subject+" "+claims.ID, now, claims.Expiry.Time()):
		return refusedClient("The client_assertion jti has already been used.")
	}
	return nil
}

// write makes the text of a token: random, or a JWT as Okta's are.
func (s *Server) write(r *http.Request, token *accessToken) string {
	s.fields.RLock()
	opaque := s.OpaqueTokens
	s.fields.RUnlock()
	if opaque {
		return rand.Text()
	}
	claims := map[string]any{"ver": 1, "jti": "AT." + rand.Text(), "iss": baseOf(r), "aud": baseOf(r), "sub": token.client,
		"iat": s.now().Unix(), "exp": token.expires.Unix(), "cid": token.client, "scp": token.scopes}
	if token.key != "" {
		claims["cnf"] = map[string]string{"jkt": token.key}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.signing}, (&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		panic(fmt.Sprintf("oktatest: signing access tokens: %v", err)) // the key is our own
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(fmt.Sprintf("oktatest: signing an access token: %v", err))
	}
	return text
}

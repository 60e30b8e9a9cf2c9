package oktatest

import (
	"fmt"
	"net/http"
	"strings"
)

// authorizedByToken checks an access token, the proof that comes with it, and its
// scopes, and answers when one of them does not do.
func (s *Server) authorizedByToken(w http.ResponseWriter, r *http.Request, scheme, value, needed string) bool {
	s.lock()
	if s.tokens[value] == nil {
		s.mu.Unlock()
		Refuse(w, r, http.StatusUnauthorized, "E0000011", "Invalid token provided")
		return false
	}
	granted, no := s.tokens[value].scopes, s.checkToken(r, scheme, value)
	s.mu.Unlock()
	if no != nil {
		challenge(w, r, scheme, needed, no)
		setCommon(w, r)
		w.WriteHeader(no.status) // and no body, as Okta does it
		return false
	}
	if r.URL.Query().Get("expand") == "user" {
		needed += " okta.users.read"
	}
	if missing := lacks(granted, needed); len(missing) > 0 {
		challenge(w, r, scheme, strings.Join(missing, " "), &refusal{code: "insufficient_scope",
			text: "The access token provided does not contain the required scopes."})
		Refuse(w, r, http.StatusForbidden, "E0000006", "You do not have permission to perform the requested action")
		return false
	}
	return true
}

// checkToken judges a token that was issued here.
func (s *Server) checkToken(r *http.Request, scheme, value string) *refusal {
	token := s.tokens[value]
	invalid := func(text string) *refusal {
		return &refusal{status: http.StatusUnauthorized, code: "invalid_token", text: text}
	}
	switch {
	case token.revoked:
		return invalid("The access token has been revoked.")
	case !s.now().Before(token.expires):
		return invalid("The access token is expired.")
	case (scheme == "DPoP") != (token.key != ""):
		return invalid("The access token is sent with the wrong scheme.")
	case token.key == "":
		return nil
	}
	key, no := s.checkProof(r, proofRules{asker: resourceServer, nonce: token.nonces, token: value})
	switch {
	case no != nil && no.nonce != "":
		no.status = http.StatusUnauthorized // RFC 9449, section 9
	case no == nil && key != token.key:
		no = invalid("The access token is bound to another key.")
	}
	return no
}

// challenge sets WWW-Authenticate in the recorded form.
func challenge(w http.ResponseWriter, r *http.Request, scheme, scopes string, no *refusal) {
	if no.nonce != "" {
		w.Header().Set("DPoP-Nonce", no.nonce)
	}
	if scheme == "DPoP" {
		scheme = `DPoP algs="RS256 RS384 RS512 ES256 ES384 ES512",`
	}
	base := baseOf(r)
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(
		`%s authorization_uri="%s/oauth2/v1/authorize", realm="%s", scope="%s", error="%s", error_description="%s", resource="%s"`,
		scheme, base, base, scopes, no.code, no.text, r.URL.EscapedPath()))
}

package oktatest

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// proofAge is how old a DPoP proof may be. RFC 9449, section 11.1, wants it "on the
// order of seconds or minutes"; Okta's is not documented.
const proofAge = 5 * time.Minute

// proofRules are what a DPoP proof has to match beside the request.
type proofRules struct {
	asker string // who judges
	nonce bool   // its nonce has to be in the proof
	token string // the access token that the proof is sent with; "": none
}

// checkProof judges the DPoP header of a request by RFC 9449, section 4.3, and
// returns the thumbprint of its key.
func (s *Server) checkProof(r *http.Request, rules proofRules) (thumbprint string, no *refusal) {
	headers := r.Header.Values("DPoP")
	switch {
	case len(headers) == 0:
		return "", refusedRequest("invalid_dpop_proof", "The DPoP proof JWT header is missing.")
	case len(headers) > 1:
		return "", refusedRequest("invalid_dpop_proof", "The request has more than one DPoP header.")
	}
	proof, err := jwt.ParseSigned(headers[0], algorithms)
	if err != nil {
		return "", refusedRequest("invalid_dpop_proof", "The DPoP proof JWT is malformed.")
	}
	header := proof.Headers[0]
	key := header.JSONWebKey
	if header.ExtraHeaders["typ"] != "dpop+jwt" || key == nil || !key.IsPublic() {
		return "", refusedRequest("invalid_dpop_proof", "The DPoP proof JWT header is invalid.")
	}
	var claims proofClaims
	if err := proof.Claims(key.Key, &claims); err != nil {
		return "", refusedRequest("invalid_dpop_proof", "The DPoP proof JWT signature is invalid.")
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", refusedRequest("invalid_dpop_proof", "The DPoP proof JWT header is invalid.")
	}
	return base64.RawURLEncoding.EncodeToString(sum), s.checkProofClaims(r, rules, claims)
}

type proofClaims struct {
	ID       string           `json:"jti"`
	Method   string           `json:"htm"`
	Target   string           `json:"htu"`
	IssuedAt *jwt.NumericDate `json:"iat"`
	Hash     string           `json:"ath"`
	Nonce    string           `json:"nonce"`
}

// checkProofClaims compares a verified proof with the request. The address has to
// be as Okta makes it from the decoded path, without needless escapes.
func (s *Server) checkProofClaims(r *http.Request, rules proofRules, claims proofClaims) *refusal {
	now, wrong := s.now(), func(claim string) *refusal {
		return refusedRequest("invalid_dpop_proof", "'"+claim+"' claim in the DPoP proof JWT is invalid.")
	}
	switch {
	case claims.Method != r.Method:
		return wrong("htm")
	case claims.Target != baseOf(r)+(&url.URL{Path: r.URL.Path}).EscapedPath():
		return wrong("htu")
	case claims.IssuedAt == nil || claims.IssuedAt.Time().After(now) || now.Sub(claims.IssuedAt.Time()) > proofAge:
		return wrong("iat")
	case claims.Hash != hashOf(rules.token):
		return wrong("ath")
	case rules.nonce && claims.Nonce != s.nonces[rules.asker]:
		return &refusal{status: http.StatusBadRequest, code: "use_dpop_nonce",
			text: rules.asker + " requires nonce in DPoP proof.", nonce: s.nonces[rules.asker]}
	case claims.ID == "" || !s.firstUse("proof "+claims.ID, now, claims.IssuedAt.Time().Add(proofAge)):
		return wrong("jti")
	}
	return nil
}

func hashOf(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

package okta

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Error codes of RFC 9449, sections 5, 8 and 9.
const (
	codeInvalidProof = "invalid_dpop_proof"
	codeUseNonce     = "use_dpop_nonce"
)

// maxNonce bounds a nonce, which goes into the header of every request.
const maxNonce = 1000

// A prover makes DPoP proofs: it shows that who sends a token is whom it was
// issued to.
type prover struct{ signer jose.Signer }

// newProver returns a prover with the given key, which must be on P-256, or with
// one of its own.
func newProver(key *ecdsa.PrivateKey) (*prover, error) {
	if key == nil {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, fmt.Errorf("okta: making a key for DPoP proofs: %w", err)
		}
	}
	if key.Curve != elliptic.P256() {
		return nil, errors.New("okta: the key for DPoP proofs is not on the curve P-256")
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		return nil, errors.New("okta: the key for DPoP proofs cannot sign")
	}
	return &prover{signer}, nil
}

// prove makes the proof for one request (RFC 9449, section 4.2). token is what the
// request carries, "" at the token endpoint; nonce may be empty.
func (p *prover) prove(method string, target *url.URL, token, nonce string, at time.Time) (string, error) {
	hash := ""
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		hash = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return signed(p.signer, struct {
		ID       string           `json:"jti"`
		Method   string           `json:"htm"`
		Target   string           `json:"htu"`
		IssuedAt *jwt.NumericDate `json:"iat"`
		Hash     string           `json:"ath,omitempty"`
		Nonce    string           `json:"nonce,omitempty"`
	}{rand.Text(), method, proofTarget(target), jwt.NewNumericDate(at), hash, nonce})
}

// proofTarget is the address without query and fragment. Okta compares it with the
// decoded path (https://github.com/okta/okta-sdk-python/issues/541), so nothing is
// escaped in it that need not be.
func proofTarget(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// offeredNonce is the nonce that an answer wants in the next proof, or "".
func offeredNonce(header http.Header) string {
	nonce := header.Get("DPoP-Nonce")
	if len(nonce) > maxNonce {
		return ""
	}
	return nonce
}

// challengeCode is the error of a WWW-Authenticate header: "invalid_token".
func challengeCode(header http.Header) string {
	for _, line := range header.Values("WWW-Authenticate") {
		if _, after, found := strings.Cut(line, `error="`); found {
			code, _, _ := strings.Cut(after, `"`)
			return code
		}
	}
	return ""
}

// aboutProof reports a refusal of a DPoP proof: a 401 after RFC 9449, section 9, or
// a 400, as Okta has it.
func aboutProof(resp *http.Response) bool {
	if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusBadRequest {
		return false
	}
	code := challengeCode(resp.Header)
	return code == codeUseNonce || code == codeInvalidProof
}

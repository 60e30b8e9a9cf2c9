package oktatest_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func proof(t *testing.T, key *ecdsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	return signed(t, key, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"), claims)
}

// proofClaims are those of a good proof; token is "" at the token endpoint.
func (i *issuer) proofClaims(method, path, token string) map[string]any {
	claims := map[string]any{"htm": method, "htu": i.URL + path, "iat": i.clock.now().Unix(), "jti": rand.Text()}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return claims
}

const tokenPath = "/oauth2/v1/token"

func TestDPoPIsDemandedWhereItIsRequired(t *testing.T) {
	i := newIssuer(t)
	i.RequireDPoP(client, false)
	i.ask(t, i.good(t), "").refusedWith(t, 400, "invalid_dpop_proof", "The DPoP proof JWT header is missing.")
	key := newKey(t)
	a := i.ask(t, i.good(t), proof(t, key, i.proofClaims("POST", tokenPath, "")))
	token := a.issued(t).Value
	if a.status != 200 || a.issued(t).Kind != "DPoP" {
		t.Fatalf("the answer is %d %s", a.status, a.body)
	}
	dpop := "DPoP " + token
	if a := i.read(t, "/api/v1/users?limit=1", map[string]string{"Authorization": dpop, "DPoP": proof(t, key, i.proofClaims("GET", "/api/v1/users", token))}); a.status != 200 {
		t.Errorf("the API answers %d %v", a.status, a.header)
	}
	i.bearer(t, "/api/v1/users", token).challenged(t, 401, "Bearer", "invalid_token")
	i.read(t, "/api/v1/users", map[string]string{"Authorization": dpop}).challenged(t, 400, "DPoP", "invalid_dpop_proof")
	stranger := proof(t, newKey(t), i.proofClaims("GET", "/api/v1/users", token))
	i.read(t, "/api/v1/users", map[string]string{"Authorization": dpop, "DPoP": stranger}).challenged(t, 401, "DPoP", "invalid_token")
}

func TestTokenIsABearersWhenAProofIsSentUnasked(t *testing.T) {
	i := newIssuer(t)
	a := i.ask(t, i.good(t), proof(t, newKey(t), i.proofClaims("POST", tokenPath, "")))
	if got := a.issued(t); got.Kind != "Bearer" {
		t.Errorf("the answer is %d %s", a.status, a.body)
	}
	plain := i.token(t)
	i.read(t, "/api/v1/users", map[string]string{"Authorization": "DPoP " + plain}).challenged(t, 401, "DPoP", "invalid_token")
}

func TestProofThatIsNotGoodIsRefused(t *testing.T) {
	i, key := newIssuer(t), newKey(t)
	i.RequireDPoP(client, false)
	token := i.ask(t, i.good(t), proof(t, key, i.proofClaims("POST", tokenPath, ""))).issued(t).Value
	path, now := "/api/v1/users/ada@acme.example", i.clock.now()
	for name, c := range map[string]struct {
		claim string
		value any
	}{
		"another method":  {"htm", "POST"},
		"another address": {"htu", i.URL + "/api/v1/users"},
		"with the query":  {"htu", i.URL + path + "?limit=1"},
		"escaped":         {"htu", i.URL + "/api/v1/users/ada%40acme.example"},
		"https":           {"htu", "https" + i.URL[4:] + path},
		"old":             {"iat", now.Add(-6 * time.Minute).Unix()},
		"of the future":   {"iat", now.Add(time.Second).Unix()},
		"without time":    {"iat", nil},
		"another token":   {"ath", "x"},
		"without token":   {"ath", nil},
		"without an id":   {"jti", nil},
	} {
		claims := i.proofClaims("GET", path, token)
		claims[c.claim] = c.value
		t.Run(name, func(t *testing.T) {
			i.read(t, path, map[string]string{"Authorization": "DPoP " + token, "DPoP": proof(t, key, claims)}).challenged(t, 400, "DPoP", "invalid_dpop_proof")
		})
	}
	good := proof(t, key, i.proofClaims("GET", path, token))
	for n, want := range []int{404, 400} {
		if a := i.read(t, path, map[string]string{"Authorization": "DPoP " + token, "DPoP": good}); a.status != want {
			t.Errorf("sent %d times: %d, want %d", n+1, a.status, want)
		}
	}
	untyped := signed(t, key, &jose.SignerOptions{EmbedJWK: true}, i.proofClaims("GET", path, token))
	without := signed(t, key, (&jose.SignerOptions{}).WithType("dpop+jwt"), i.proofClaims("GET", path, token))
	for _, bad := range []string{untyped, without, "nonsense", good[:len(good)-4] + "AAAA"} {
		i.read(t, path, map[string]string{"Authorization": "DPoP " + token, "DPoP": bad}).challenged(t, 400, "DPoP", "invalid_dpop_proof")
	}
}

func TestNonceIsDemandedAndRenewed(t *testing.T) {
	i, key := newIssuer(t), newKey(t)
	i.RequireDPoP(client, true)
	claims := i.proofClaims("POST", tokenPath, "")
	a := i.ask(t, i.good(t), proof(t, key, claims))
	a.refusedWith(t, 400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
	claims["nonce"] = a.header.Get("DPoP-Nonce")
	a = i.ask(t, i.good(t), proof(t, key, claims))
	if a.status != 200 {
		t.Fatalf("with the nonce: %d %s", a.status, a.body)
	}
	token := a.issued(t).Value
	read := func(nonce string) answer {
		claims := i.proofClaims("GET", "/api/v1/users", token)
		claims["nonce"] = nonce
		return i.read(t, "/api/v1/users", map[string]string{"Authorization": "DPoP " + token, "DPoP": proof(t, key, claims)})
	}
	first := read(claims["nonce"].(string)) // that of the token endpoint is another
	first.challenged(t, 401, "DPoP", "use_dpop_nonce")
	nonce := first.header.Get("DPoP-Nonce")
	if a := read(nonce); a.status != 200 {
		t.Errorf("with the nonce: %d %v", a.status, a.header)
	}
	i.RenewNonces()
	read(nonce).challenged(t, 401, "DPoP", "use_dpop_nonce")
}

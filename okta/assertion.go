package okta

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// assertionLife is how long an assertion is good for. Okta takes up to an hour
// (https://developer.okta.com/docs/guides/build-self-signed-jwt/); one that leaks
// should be of no use soon.
const assertionLife = 5 * time.Minute

// assertion is the JWT with which a service app says who it is (RFC 7523, section
// 3). at is the time by Okta's clock, and audience the token endpoint.
func (k *signingKey) assertion(client, audience string, at time.Time) (string, error) {
	return signed(k.signer, struct {
		Issuer   string           `json:"iss"`
		Subject  string           `json:"sub"`
		Audience string           `json:"aud"`
		ID       string           `json:"jti"`
		IssuedAt *jwt.NumericDate `json:"iat"`
		Expiry   *jwt.NumericDate `json:"exp"`
	}{client, client, audience, rand.Text(), jwt.NewNumericDate(at), jwt.NewNumericDate(at.Add(assertionLife))})
}

func signed(signer jose.Signer, claims any) (string, error) {
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("okta: signing a JWT: %w", err)
	}
	return token, nil
}

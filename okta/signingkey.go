package okta

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// leastRSA is the shortest RSA key that counts, in bits; RFC 7518, section 3.3.
const leastRSA = 2048

// A signingKey signs the assertions of a service app. Its algorithm is one of
// those that Okta takes: RS256 to RS512 and ES256 to ES512.
type signingKey struct {
	kid    string // "": none
	signer jose.Signer
}

var (
	errKeyForm   = errors.New("it must be a private key in PEM form (PKCS#1, PKCS#8 or SEC 1) or as a JWK")
	errNotWhole  = errors.New("it is not whole: from -----BEGIN to -----END, each line must be as it was, without quotes")
	errPublic    = errors.New("it is the public half of a key; the private one is needed")
	errEncrypted = errors.New("it is encrypted with a password; openssl pkey takes that off")
)

// CheckKey says what is wrong with a private key for a service app; nil: it can be
// used. The error says nothing of what data holds.
func CheckKey(data []byte) error {
	_, err := readKey(data, "")
	return err
}

// readKey reads a private key: RSA, or EC on P-256, P-384 or P-521; in PEM form as
// PKCS#1, PKCS#8 or SEC 1, or as a JWK (RFC 7517). A JWK's own kid comes before
// kid, because it changes with the key. Errors say nothing of what data holds.
func readKey(data []byte, kid string) (*signingKey, error) {
	jwk := jose.JSONWebKey{}
	var err error
	if data = bytes.TrimSpace(data); bytes.HasPrefix(data, []byte("{")) {
		jwk, err = readJWK(data)
	} else {
		jwk.Key, err = readPEM(data)
	}
	if err != nil {
		return nil, err
	}
	if jwk.KeyID == "" {
		jwk.KeyID = kid
	}
	algorithm, err := algorithmOf(jwk)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jwk},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, errKeyForm
	}
	return &signingKey{kid: jwk.KeyID, signer: signer}, nil
}

func readJWK(data []byte) (jose.JSONWebKey, error) {
	var jwk jose.JSONWebKey
	switch err := jwk.UnmarshalJSON(data); {
	case err != nil:
		return jwk, errors.New("it begins like a JWK, but is not one that can be used")
	case jwk.IsPublic():
		return jwk, errPublic
	case jwk.Use != "" && jwk.Use != "sig":
		return jwk, errors.New("it is a key for encryption; one for signatures is needed")
	}
	return jwk, nil
}

// readPEM takes the first private key; what else may stand beside it, parameters
// of a curve or a certificate, is passed over.
func readPEM(data []byte) (any, error) {
	problem := errKeyForm
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch block.Type {
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return nil, errEncrypted
		case "OPENSSH PRIVATE KEY":
			return nil, errors.New("it is a key of OpenSSH; ssh-keygen -p -m PKCS8 converts it")
		case "PUBLIC KEY", "RSA PUBLIC KEY":
			problem = errPublic
			continue
		case "CERTIFICATE":
			problem = errors.New("it is a certificate; the private key is needed that belongs to it")
			continue
		default:
			continue
		}
		switch {
		case block.Headers["DEK-Info"] != "":
			return nil, errEncrypted
		case err != nil:
			return nil, errors.New("it says " + block.Type + ", but cannot be read as one")
		}
		return key, nil
	}
	if bytes.Contains(data, []byte("PRIVATE KEY-----")) {
		return nil, errNotWhole
	}
	return nil, problem
}

func algorithmOf(jwk jose.JSONWebKey) (jose.SignatureAlgorithm, error) {
	named := jose.SignatureAlgorithm(jwk.Algorithm)
	var usual jose.SignatureAlgorithm
	switch key := jwk.Key.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < leastRSA {
			return "", fmt.Errorf("it is an RSA key of %d bits; %d is the least", bits, leastRSA)
		}
		if slices.Contains([]jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}, named) {
			return named, nil
		}
		usual = jose.RS256
	case *ecdsa.PrivateKey:
		usual = map[elliptic.Curve]jose.SignatureAlgorithm{
			elliptic.P256(): jose.ES256, elliptic.P384(): jose.ES384, elliptic.P521(): jose.ES512}[key.Curve]
	}
	if usual == "" {
		return "", errors.New("it is neither an RSA key nor one of the curves P-256, P-384 and P-521")
	}
	if named != "" && named != usual {
		return "", fmt.Errorf("its alg is %s, which Okta does not take for such a key", printable(string(named), 20))
	}
	return usual, nil
}

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

package okta

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func sec1(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
}

func pkcs1(key *rsa.PrivateKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

func TestEveryFormOfKeyIsAccepted(t *testing.T) {
	p256, p384, p521 := ecKeys()[0], ecKeys()[1], ecKeys()[2]
	parameters := []byte("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n")
	for name, c := range map[string]struct {
		key       []byte
		public    jose.JSONWebKey
		algorithm string
		kid       string
	}{
		"PKCS#1":                  {pkcs1(rsaKey()), public(rsaKey(), "k"), "RS256", ""},
		"PKCS#8 RSA":              {pkcs8(rsaKey()), public(rsaKey(), "k"), "RS256", ""},
		"PKCS#8 P-256":            {pkcs8(p256), public(p256, "k"), "ES256", ""},
		"PKCS#8 P-384":            {pkcs8(p384), public(p384, "k"), "ES384", ""},
		"PKCS#8 P-521":            {pkcs8(p521), public(p521, "k"), "ES512", ""},
		"SEC 1 P-256":             {append(parameters, sec1(t, p256)...), public(p256, "k"), "ES256", ""},
		"SEC 1 P-521":             {sec1(t, p521), public(p521, "k"), "ES512", ""},
		"lines of Windows":        {bytes.ReplaceAll(pkcs8(rsaKey()), []byte("\n"), []byte("\r\n")), public(rsaKey(), "k"), "RS256", ""},
		"text around it":          {append([]byte("  \nBag Attributes\n    friendlyName: okta\n"), pkcs8(p256)...), public(p256, "k"), "ES256", ""},
		"JWK RSA":                 {marshalled(t, jose.JSONWebKey{Key: rsaKey()}), public(rsaKey(), "k"), "RS256", ""},
		"JWK RSA with alg and id": {marshalled(t, jose.JSONWebKey{Key: rsaKey(), Algorithm: "RS512", KeyID: "k", Use: "sig"}), public(rsaKey(), "k"), "RS512", "k"},
		"JWK P-384":               {append([]byte("\n "), marshalled(t, jose.JSONWebKey{Key: p384, KeyID: "k"})...), public(p384, "k"), "ES384", "k"},
		"JWK P-521":               {marshalled(t, jose.JSONWebKey{Key: p521, Algorithm: "ES512"}), public(p521, "k"), "ES512", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := newService(t, func(o *service, _ *ServiceAppConfig) {
				o.use(c.key)
				o.RegisterServiceApp(testClient, c.public)
			})
			o.mustRead(t)
			header, _ := decoded(t, o.tokenRequests()[0].form["client_assertion"][0])
			if header.Algorithm != c.algorithm || header.KeyID != c.kid {
				t.Errorf("signed with %s and the kid %q, want %s and %q", header.Algorithm, header.KeyID, c.algorithm, c.kid)
			}
		})
	}
}

func TestKidOfTheJWKComesBeforeTheConfiguredOne(t *testing.T) {
	for _, own := range []string{"own", ""} {
		key, err := readKey(marshalled(t, jose.JSONWebKey{Key: ecKeys()[0], KeyID: own}), "configured")
		want := own
		if own == "" {
			want = "configured"
		}
		if err != nil || key.kid != want {
			t.Errorf("got %+v, %v, want the kid %q", key, err, want)
		}
	}
}

func TestUnusableKeyIsRefusedWithAReasonAndNotShown(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := marshalled(t, jose.JSONWebKey{Key: ecKeys()[0]})
	block := func(kind string) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte("secret stuff")})
	}
	for name, c := range map[string]struct {
		key    []byte
		reason string
	}{
		"empty":              {nil, "PEM form"},
		"no PEM":             {[]byte("c2VjcmV0IHN0dWZm"), "PEM form"},
		"half":               {pkcs8(rsaKey())[:300], "not whole"},
		"its other half":     {pkcs8(rsaKey())[300:], "not whole"},
		"in one line":        {bytes.ReplaceAll(pkcs8(rsaKey()), []byte("\n"), []byte(" ")), "not whole"},
		"escaped":            {bytes.ReplaceAll(pkcs8(rsaKey()), []byte("\n"), []byte(`\n`)), "not whole"},
		"quoted":             {[]byte(`"` + string(bytes.TrimSpace(pkcs8(rsaKey()))) + `"`), "not whole"},
		"half, certificate":  {append(block("CERTIFICATE"), pkcs8(rsaKey())[:300]...), "not whole"},
		"not what it says":   {block("RSA PRIVATE KEY"), "cannot be read"},
		"encrypted":          {block("ENCRYPTED PRIVATE KEY"), "encrypted"},
		"encrypted PKCS#1":   {pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("secret stuff")}), "encrypted"},
		"OpenSSH":            {block("OPENSSH PRIVATE KEY"), "ssh-keygen"},
		"public":             {block("PUBLIC KEY"), "public half"},
		"certificate":        {block("CERTIFICATE"), "a certificate"},
		"1024 bits":          {pkcs8(small), "2048"},
		"P-224":              {pkcs8(p224), "P-256"},
		"Ed25519":            {pkcs8(edwards), "P-256"},
		"public JWK":         {marshalled(t, public(rsaKey(), "k")), "public half"},
		"half a JWK":         {good[:len(good)-30], "JWK"},
		"JWK of something":   {[]byte(`{"kty":"oct","k":"c2VjcmV0IHN0dWZm"}`), "neither"},
		"JWK set":            {[]byte(`{"keys":[` + string(good) + `]}`), "JWK"},
		"JWK for encryption": {marshalled(t, jose.JSONWebKey{Key: rsaKey(), Use: "enc"}), "encryption"},
		"JWK with PS256":     {marshalled(t, jose.JSONWebKey{Key: rsaKey(), Algorithm: "PS256"}), "PS256"},
	} {
		_, err := readKey(c.key, "")
		if err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: got %v, want %q in it", name, err, c.reason)
			continue
		}
		for i := 0; i+12 <= len(c.key); i++ {
			if part := string(c.key[i : i+12]); strings.Contains(err.Error(), part) && !strings.Contains("-----BEGIN RSA PRIVATE KEY----- from -----BEGIN to -----END", part) {
				t.Errorf("%s: the error shows the key: %v", name, err)
				break
			}
		}
	}
}

func TestLoadersErrorIsKept(t *testing.T) {
	_, err := NewServiceApp(ServiceAppConfig{OrgURL: "https://acme.okta.com", ClientID: testClient,
		Key: func() ([]byte, error) { return nil, errClosed }})
	if err == nil || !strings.Contains(err.Error(), errClosed.Error()) {
		t.Errorf("got %v", err)
	}
}

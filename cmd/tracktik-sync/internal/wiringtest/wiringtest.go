// Package wiringtest has the configuration that tests of several rooms begin with.
package wiringtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tracktik-sync/configs"
)

// Load reads the sample with some settings in the environment, secrets included.
func Load(t *testing.T, checks []configs.Check, settings ...string) *configs.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tracktik-sync.yaml")
	text, err := configs.Fill(map[string]any{"okta.auth.private_key_file": nil, "okta.auth.client_id": nil,
		"tracktik.auth.client_secret_file": nil, "tracktik.auth.password_file": nil})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append([]string{"TRACKTIK_SYNC_OKTA_AUTH_API_TOKEN=token", "TRACKTIK_SYNC_TRACKTIK_AUTH_CLIENT_SECRET=secret",
		"TRACKTIK_SYNC_TRACKTIK_AUTH_PASSWORD=password"}, settings...)
	cfg, _, err := configs.Load(configs.Options{Path: path, Env: env, Checks: checks})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Certificate makes a certificate for the loopback address that ends at that time.
func Certificate(t *testing.T, ends time.Time) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Acme CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: ends,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

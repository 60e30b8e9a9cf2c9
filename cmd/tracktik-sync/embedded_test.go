package main

import (
	"crypto/x509"
	"os"
	"os/exec"
	"testing"
)

// The image has no /etc/ssl: what the program knows of certificate authorities must be
// in itself, or it reaches neither Okta nor TrackTik. Go reads the system's once a
// process, so a child looks.
func TestProgramKnowsCertificateAuthoritiesWhereTheSystemHasNone(t *testing.T) {
	const bare = "EMBEDDED_TEST_BARE"
	if os.Getenv(bare) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), bare+"=1", "SSL_CERT_FILE=/nonexistent", "SSL_CERT_DIR=/nonexistent")
		if out, err := child.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	if pool.Equal(x509.NewCertPool()) {
		t.Error("no certificate authority is known")
	}
}

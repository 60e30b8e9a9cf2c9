package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"

	"github.com/go-jose/go-jose/v4"
	"github.com/rogpeppe/go-internal/testscript"
)

const serviceClient = "0oa2service"

// key FILE [dpop]: makes a new key, the only one that Okta takes from the service app,
// and puts it into FILE. With dpop, Okta demands proofs from now on.
func newKey(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	w.okta.RegisterServiceApp(serviceClient, jose.JSONWebKey{Key: key.Public(), KeyID: args[0]})
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	if len(args) > 1 && args[1] == "dpop" {
		w.okta.RequireDPoP(serviceClient, true)
	}
}

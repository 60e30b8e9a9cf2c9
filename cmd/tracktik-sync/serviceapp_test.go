package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/rogpeppe/go-internal/testscript"

	"tracktik-sync/okta/oktatest"
)

func init() { scriptCommands["grants"] = countGrants }

const serviceClient = "0oa2service"

// key FILE [dpop]: makes a new key, the only one that Okta takes from the service app,
// and puts it into FILE. With dpop, Okta demands proofs from now on.
//
// key nonces: Okta wants other nonces in proofs from now on.
//
// key scopes SCOPE…: an administrator has granted the service app just these.
//
// key denied|allowed: a network zone of the org's keeps the service app out, or not any more.
func newKey(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	switch args[0] {
	case "nonces":
		w.okta.RenewNonces()
		return
	case "scopes":
		w.okta.GrantScopes(serviceClient, args[1:]...)
		return
	case "denied", "allowed":
		w.okta.Configure(func(s *oktatest.Server) { s.Intercept = nil })
		if args[0] == "denied" {
			w.okta.Configure(func(s *oktatest.Server) { s.Intercept = denyToken })
		}
		return
	}
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

// denyToken answers requests for a token as an org whose policy does not let the client in.
func denyToken(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	if r.URL.Path != "/oauth2/v1/token" {
		next.ServeHTTP(rw, r)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(http.StatusBadRequest)
	_, _ = rw.Write([]byte(`{"error":"access_denied","error_description":"Policy evaluation failed for this request, please check the policy configurations."}`))
}

// grants N REFUSED: Okta gave N tokens since the last time that was asked, and refused
// so many, which its System Log shows as failed grants.
func countGrants(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	given, refused := 0, 0
	for _, r := range w.okta.Requests() {
		switch {
		case r.Path != "/oauth2/v1/token":
		case r.Status == 200:
			given++
		default:
			refused++
		}
	}
	w.okta.ResetRequests()
	if got := fmt.Sprint(given, " ", refused); got != strings.Join(args, " ") {
		ts.Fatalf("grants and refusals: %s, want %s", got, strings.Join(args, " "))
	}
}

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"tracktik-sync/cmd/tracktik-sync/internal/doctor"
	"tracktik-sync/cmd/tracktik-sync/internal/wiringtest"
	tsync "tracktik-sync/sync"
)

const notepad = "\ufeff"

// newKeyPEM is a private key as a file holds it, and its halves.
func newKeyPEM(t *testing.T) (key *ecdsa.PrivateKey, private, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	half, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: half}))
}

// spoilt are the ways in which a PEM file comes to be of no use.
func spoilt(good string) map[string]string {
	lines := strings.Split(strings.TrimSpace(good), "\n")
	var wide strings.Builder
	wide.WriteString("\xff\xfe")
	for _, c := range []byte(good) {
		wide.Write([]byte{c, 0})
	}
	return map[string]string{
		"cut": good[:len(good)/2], "without its begin": strings.Join(lines[1:], "\n"), "in one line": strings.Join(lines, " "),
		"escaped": strings.Join(lines, `\n`), "quoted": `"` + strings.Join(lines, "\n") + `"`, "indented with quotes": strings.Join(lines, "\"\n\""),
		"text": "see the password safe\n", "empty": "\n", "UTF-16": wide.String(),
	}
}

// A key and its file are named by whatever command, before either system is asked.
func TestAFileThatIsNoKeyIsBadConfiguration(t *testing.T) {
	_, private, public := newKeyPEM(t)
	_, authority := wiringtest.Certificate(t, time.Now().Add(time.Hour))
	keys := spoilt(private)
	keys["the public half"], keys["a certificate"] = public, string(authority)
	bundles := spoilt(string(authority))
	bundles["a private key"], bundles["a public key"] = private, public
	bundles["cut after a good one"] = string(authority) + string(authority)[:200]
	for key, files := range map[string]map[string]string{"okta.auth.private_key": keys, "okta.ca": bundles, "tracktik.ca": bundles} {
		t.Run(key, func(t *testing.T) {
			name := strings.ToUpper(strings.ReplaceAll(key, ".", "_")) + "_FILE=key.pem"
			p := newPlace(t, name)
			if key == "okta.auth.private_key" {
				t.Setenv("TRACKTIK_SYNC_OKTA_AUTH_API_TOKEN", "")
				t.Setenv("TRACKTIK_SYNC_OKTA_AUTH_CLIENT_ID", serviceClient)
			}
			refused := func(what string) {
				t.Helper()
				for _, command := range []string{"config validate", "check", "sync"} {
					code, stdout, stderr := p.call(t, strings.Fields(command)...)
					if said := stdout + stderr; code != tsync.ExitUsage || !strings.Contains(said, key+"_file") || !strings.Contains(said, filepath.Join(p.dir, "key.pem")) {
						t.Errorf("%s: %s ended with %d:\n%s", what, command, code, said)
					}
				}
			}
			refused("missing")
			for what, text := range files {
				if err := os.WriteFile("key.pem", []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				refused(what)
			}
			if err := os.Remove("key.pem"); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir("key.pem", 0o700); err != nil {
				t.Fatal(err)
			}
			refused("a folder")
			if n := len(p.okta.Requests()) + len(p.portal.Requests()); n > 0 {
				t.Errorf("%d requests were made", n)
			}
		})
	}
}

func TestAKeyInTheEnvironmentIsJudgedToo(t *testing.T) {
	_, private, _ := newKeyPEM(t)
	p := newPlace(t, "OKTA_AUTH_API_TOKEN=", "OKTA_AUTH_CLIENT_ID="+serviceClient, "OKTA_AUTH_PRIVATE_KEY="+strings.ReplaceAll(private, "\n", `\n`))
	code, _, stderr := p.call(t, "config", "validate")
	if code != tsync.ExitUsage || !strings.Contains(stderr, "TRACKTIK_SYNC_OKTA_AUTH_PRIVATE_KEY: okta.auth.private_key: ") || strings.Contains(stderr, private[40:60]) {
		t.Errorf("it ended with %d:\n%s", code, stderr)
	}
	t.Setenv("TRACKTIK_SYNC_OKTA_AUTH_PRIVATE_KEY", notepad+private+"\r\n")
	p.must(t, "config", "validate")
}

func TestAKeyOfNotepadWorks(t *testing.T) {
	key, private, _ := newKeyPEM(t)
	_, authority := wiringtest.Certificate(t, time.Now().Add(90*24*time.Hour))
	p := newPlace(t, "OKTA_AUTH_API_TOKEN=", "OKTA_AUTH_CLIENT_ID="+serviceClient, "OKTA_AUTH_PRIVATE_KEY_FILE=okta.pem",
		"OKTA_CA_FILE=ca.pem", "TRACKTIK_CA_FILE=ca.pem")
	p.okta.RegisterServiceApp(serviceClient, jose.JSONWebKey{Key: key.Public(), KeyID: "k1"})
	for name, text := range map[string]string{"okta.pem": private, "ca.pem": "Acme CA\n" + string(authority)} {
		text = notepad + strings.ReplaceAll(text, "\n", "\r\n") + "\r\n\r\n"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.diagnose(t, 0).wants(t, "okta.credentials", doctor.ResultOK, "okta.apps.read")
	p.must(t, "sync", "--init")
}

// One line of a variable of Windows, and what a shell's $(cat file) leaves.
func TestASecretWithAWindowsLineEndLogsIn(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{"OKTA_AUTH_API_TOKEN", "TRACKTIK_AUTH_PASSWORD", "TRACKTIK_AUTH_CLIENT_SECRET"} {
		secret := os.Getenv("TRACKTIK_SYNC_" + name)
		t.Setenv("TRACKTIK_SYNC_"+name, "")
		t.Setenv("TRACKTIK_SYNC_"+name+"_FILE", name)
		if err := os.WriteFile(name, []byte(notepad+secret+"\r\n\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.must(t, "sync", "--init")
}

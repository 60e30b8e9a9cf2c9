package okta

import (
	"context"
	"io"
	"net/http"
	"os"
	osuser "os/user"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	oktasdk "github.com/okta/okta-sdk-golang/v2/okta"
)

// hostile is every variable that the SDK reads, with values that would change
// where it connects, who it is, or what it prints.
var hostile = map[string]string{
	"OKTA_CLIENT_ORGURL":                 "https://evil.example",
	"OKTA_CLIENT_TOKEN":                  "evil",
	"OKTA_CLIENT_AUTHORIZATIONMODE":      "PrivateKey",
	"OKTA_CLIENT_CLIENTID":               "evil",
	"OKTA_CLIENT_SCOPES":                 "okta.users.manage",
	"OKTA_CLIENT_PRIVATEKEY":             "/etc/passwd",
	"OKTA_CLIENT_PRIVATEKEYID":           "evil",
	"OKTA_CLIENT_CLIENTASSERTION":        "evil",
	"OKTA_CLIENT_PROXY_HOST":             "evil.example",
	"OKTA_CLIENT_PROXY_PORT":             "3128",
	"OKTA_CLIENT_PROXY_USERNAME":         "evil",
	"OKTA_CLIENT_PROXY_PASSWORD":         "evil",
	"OKTA_CLIENT_CACHE_ENABLED":          "true",
	"OKTA_CLIENT_CACHE_DEFAULT_TTL":      "900",
	"OKTA_CLIENT_CACHE_DEFAULT_TTI":      "900",
	"OKTA_CLIENT_CONNECTION_TIMEOUT":     "1",
	"OKTA_CLIENT_REQUEST_TIMEOUT":        "1",
	"OKTA_CLIENT_RATE_LIMIT_MAX_RETRIES": "9999",
	"OKTA_CLIENT_RATE_LIMIT_MAX_BACKOFF": "1",
	"OKTA_TESTING_DISABLE_HTTPS_CHECK":   "true",
	"OKTA_USERAGENTEXTRA":                "evil",
	"OKTA_HTTPCLIENT_TIMEOUT":            "1ns",
}

const hostileYAML = `okta:
  client:
    orgUrl: https://evil.example
    token: evil
    authorizationMode: PrivateKey
    clientId: evil
    privateKey: /etc/passwd
    scopes: [okta.users.manage]
    requestTimeout: 1
    cache: {enabled: true, defaultTtl: 900}
    rateLimit: {maxRetries: 9999, maxBackoff: 1}
    proxy: {host: evil.example, port: 3128}
  testing: {disableHttpsCheck: true}
`

// hostileMachine sets the variables and puts okta.yaml into HOME, which counts
// where user.Current asks HOME (without cgo) and is harmless elsewhere.
func hostileMachine(t *testing.T) {
	t.Helper()
	for name, value := range hostile {
		t.Setenv(name, value)
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.MkdirAll(filepath.Join(home, ".okta"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".okta", "okta.yaml"), []byte(hostileYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	if u, err := osuser.Current(); err == nil && u.HomeDir != home {
		t.Logf("home directories are not looked up in HOME here: okta.yaml is not read")
	}
}

func TestHostileMachineChangesNothing(t *testing.T) {
	client := &http.Client{}
	clean, err := newSDK("https://acme.okta.com", client)
	if err != nil {
		t.Fatal(err)
	}
	hostileMachine(t)
	dirty, err := newSDK("https://acme.okta.com", client)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(dirty.GetConfig(), clean.GetConfig()) {
		t.Errorf("got %+v, want %+v", dirty.GetConfig(), clean.GetConfig())
	}
	for name, value := range hostile {
		if os.Getenv(name) != value {
			t.Errorf("%s was not put back", name)
		}
	}

	o := newOrg(t, answer(200, `{"id":"`+testApp+`"}`))
	if _, err := o.App(t.Context()); err != nil || o.Requests() != 1 {
		t.Errorf("got %v after %d requests", err, o.Requests())
	}
}

// TestSettingsLeaveNothingToTheEnvironment takes the hiding of the variables away:
// what files say gets as far, and cannot be hidden.
func TestSettingsLeaveNothingToTheEnvironment(t *testing.T) {
	client := &http.Client{}
	clean, err := newSDK("http://127.0.0.1:1", client)
	if err != nil {
		t.Fatal(err)
	}
	hostileMachine(t)
	_, dirty, err := oktasdk.NewClient(context.Background(), settings("http://127.0.0.1:1", client)...)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(dirty.GetConfig(), clean.GetConfig()) {
		t.Errorf("got %+v, want %+v", dirty.GetConfig(), clean.GetConfig())
	}
}

func TestEveryVariableOfTheSDKIsTried(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		for i := range of.NumField() {
			f := of.Field(i)
			name, tagged := f.Tag.Lookup("envconfig")
			if _, tried := hostile[name]; tagged && !tried {
				t.Errorf("%s is a variable of the SDK that no test sets", name)
			}
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeOf(newOrg(t, answer(200, "[]")).sdk.GetConfig().Okta))
}

func TestVariableThatTheSDKCannotReadPrintsNothing(t *testing.T) {
	t.Setenv("OKTA_CLIENT_CACHE_ENABLED", "maybe")
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = in
	_, err = newSDK("https://acme.okta.com", &http.Client{})
	os.Stdout = stdout
	in.Close()
	printed, _ := io.ReadAll(out)
	if err != nil || len(printed) != 0 {
		t.Errorf("got %v, and on standard output %q", err, printed)
	}
}

func TestSDKNeverHoldsTheToken(t *testing.T) {
	o := newOrg(t, answer(200, "[]"))
	if got := o.sdk.GetConfig().Okta.Client.Token; strings.Contains(got, testToken) {
		t.Errorf("the SDK holds %q", got)
	}
}

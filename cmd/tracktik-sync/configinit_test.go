package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracktik-sync/configs"
)

// interviewed is what `config init` writes when somebody types these lines.
func interviewed(t *testing.T, lines ...string) string {
	t.Helper()
	a := newApp(strings.NewReader(strings.Join(lines, "\n")+"\n"), io.Discard, io.Discard)
	a.Asks = true
	path := filepath.Join(t.TempDir(), "tracktik-sync.yaml")
	c := &configInit{app: a, output: path, answers: map[string]any{}}
	if err := c.execute(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheAnswersOfAnInterviewAreWritten(t *testing.T) {
	text := interviewed(t, "https://acme.okta.com", "0oa1acme", "0oa2service", "okta.pem",
		"https://acme.staffr.net", "password", "client", "secret", "integration", "password_file", "Resigned", "one")
	for _, want := range []string{"org_url: https://acme.okta.com", "app_id: 0oa1acme", "client_id: 0oa2service", "private_key_file: okta.pem",
		"username: integration", "termination_reason: Resigned", "per_person: one", "mode: observe", "#api_token_file"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestNobodyIsAskedForTheOtherWayIn(t *testing.T) {
	text := interviewed(t, "", "", "", "okta_token", "", "authorization_code", "client", "secret", "", "many")
	for _, want := range []string{"\n    api_token_file: okta_token", "#client_id: 0oa2", "#private_key_file", "grant: authorization_code",
		"#username", "#password_file", "per_person: many"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

func TestEmptyAnswersKeepTheSample(t *testing.T) {
	if got := interviewed(t); got != configs.Sample() {
		t.Errorf("it differs from the sample:\n%s", got)
	}
}

func TestValuesOfSetKeepTheirType(t *testing.T) {
	for _, test := range []struct{ set, want string }{
		{"okta.rate_limit_share=0.25", "rate_limit_share: 0.25"},
		{"sync.create_users=false", "create_users: false"},
		{"sync.groups.names=[Site *, Shift A]", "names: [Site *, Shift A]"},
		{"okta.app_id=0oa1", "app_id: 0oa1"},
		{"sync.default_region=", `default_region: ""`},
		{"tracktik.termination_reason=3", "termination_reason: "},
	} {
		path := filepath.Join(t.TempDir(), "x.yaml")
		c := &configInit{app: newApp(strings.NewReader(""), io.Discard, io.Discard), output: path, set: []string{test.set}, answers: map[string]any{}}
		if err := c.execute(t.Context()); err != nil {
			t.Errorf("%s: %v", test.set, err)
			continue
		}
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), test.want) {
			t.Errorf("%s: %q is missing (%v)", test.set, test.want, err)
		}
	}
}

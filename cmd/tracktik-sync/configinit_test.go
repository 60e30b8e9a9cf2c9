package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracktik-sync/configs"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A beginner's place is empty but for the files with the secrets.
func newBeginner(t *testing.T) *place {
	t.Helper()
	p := newPlace(t)
	for _, name := range os.Environ() {
		if key, _, _ := strings.Cut(name, "="); strings.HasPrefix(key, "TRACKTIK_SYNC_") {
			t.Setenv(key, "") // so that it is put back
			if err := os.Unsetenv(key); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, content := range map[string]string{"okta_token": oktatest.DefaultToken, "wrong": "nonsense",
		"secret": tracktiktest.DefaultClientSecret, "password": tracktiktest.DefaultPassword} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// interviewed is what `config init` says and writes when somebody types these lines.
func (p *place) interviewed(t *testing.T, change func(*configInit), lines ...string) (said, written string, err error) {
	t.Helper()
	var stderr bytes.Buffer
	a := newApp(strings.NewReader(strings.Join(lines, "\n")+"\n"), &stderr, &stderr)
	a.Asks = true
	c := &configInit{app: a, answers: map[string]any{}}
	if change != nil {
		change(c)
	}
	err = c.execute(t.Context())
	text, _ := os.ReadFile("tracktik-sync.yaml")
	return stderr.String(), string(text), err
}

// TestTheInterviewOffersWhatBothSidesHave, and what is chosen by number is written.
func TestTheInterviewOffersWhatBothSidesHave(t *testing.T) {
	p := newBeginner(t)
	p.okta.AddApp(oktatest.App{Label: "Payroll"})
	p.portal.AddRole(tracktiktest.Role{Name: "Watchman"})
	region := p.portal.AddRegion(tracktiktest.Region{Name: "Lakeside"})
	said, text, err := p.interviewed(t, nil, p.okta.URL, "", "okta_token", "1",
		p.portal.URL, "", tracktiktest.DefaultClientID, "secret", tracktiktest.DefaultUsername, "password", "1", "Lakeside", "one", "Watchman")
	if err != nil || region == 0 {
		t.Fatal(err, said)
	}
	for _, want := range []string{"Logged in to Okta.", "1  TrackTik (" + p.app + ")", "2  Payroll", "Logged in to TrackTik.", "The reasons of the portal:", "Lakeside (", "Watchman (",
		"next: `tracktik-sync check`, then `plan`"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	for _, want := range []string{"org_url: " + p.okta.URL, "app_id: " + p.app, "\n    api_token_file: okta_token", "#client_id: 0oa2", "#private_key_file",
		"base_url: " + p.portal.URL, "grant: password", "username: " + tracktiktest.DefaultUsername, "default_region: Lakeside", "per_person: one", "\n    default: Watchman", "mode: observe"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if strings.Contains(text, `termination_reason: ""`) {
		t.Error("the reason that was chosen is not written")
	}
	if n := p.portal.FailedLogins(); n != 0 {
		t.Errorf("%d failed logins", n)
	}
	p.must(t, "check")
}

// TestEachAnswerIsCheckedAtOnce: what cannot be is asked for again, and nothing that only
// stands for something is taken.
func TestEachAnswerIsCheckedAtOnce(t *testing.T) {
	p := newBeginner(t)
	said, text, err := p.interviewed(t, nil,
		"acme.okta.com", "https://acme.okta.com", "", p.okta.URL, "", "no/such/file", "okta_token",
		"https://acme.okta.com/app", "0oa1exampleTRACKTIK", p.app,
		"", p.portal.URL+"/rest/v1", p.portal.URL, "passwrod", "password", tracktiktest.DefaultClientID, "secret", tracktiktest.DefaultUsername, "password",
		"", "", "several", "", "")
	if err != nil {
		t.Fatal(err, said)
	}
	for _, want := range []string{
		`okta.org_url: is "acme.okta.com", and must be an address`, "okta.org_url: https://acme.okta.com only stands for yours", "An answer is needed.",
		"okta.auth.api_token_file: reading the secret's file", `okta.app_id: there is no "https://acme.okta.com/app" among the apps`, `there is no "0oa1exampleTRACKTIK"`,
		"tracktik.base_url: is " + p.portal.URL + "/rest/v1, and must end before /rest", "did you mean password?", "sync.roles.per_person: is \"several\"",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	if !strings.Contains(text, "app_id: "+p.app) || !strings.Contains(text, "per_person: many") || !strings.Contains(text, "default_region: HQ") {
		t.Errorf("written is:\n%s", text)
	}
}

// TestALoginOfTheInterviewCostsNoRefreshToken: it is good once, and what follows it is kept
// for the runs.
func TestALoginOfTheInterviewCostsNoRefreshToken(t *testing.T) {
	p := newBeginner(t)
	resp, err := http.PostForm(p.portal.URL+"/rest/oauth2/access_token", url.Values{"grant_type": {"password"},
		"client_id": {tracktiktest.DefaultClientID}, "client_secret": {tracktiktest.DefaultClientSecret},
		"username": {tracktiktest.DefaultUsername}, "password": {tracktiktest.DefaultPassword}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var tokens struct {
		Refresh string `json:"refresh_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&tokens); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("refresh", []byte(tokens.Refresh), 0o600); err != nil {
		t.Fatal(err)
	}
	said, _, err := p.interviewed(t, nil, p.okta.URL, "", "okta_token", "1",
		p.portal.URL, "refresh_token", tracktiktest.DefaultClientID, "secret", "refresh", "1", "", "", "")
	if err != nil || !strings.Contains(said, "Logged in to TrackTik.") {
		t.Fatal(err, said)
	}
	p.portal.ExpireTokens()
	p.must(t, "check")
}

// TestARefusedLoginIsCorrectedInTheInterview, and is not tried without end.
func TestARefusedLoginIsCorrectedInTheInterview(t *testing.T) {
	p := newBeginner(t)
	okta := []string{p.okta.URL, "", "wrong", "", "", "okta_token", p.app} // the token is no good; address kept, another file
	portal := []string{p.portal.URL, "", tracktiktest.DefaultClientID, "secret", tracktiktest.DefaultUsername, "wrong"}
	again := []string{"y", "", "", "", "", "", ""} // all as before
	said, text, err := p.interviewed(t, nil, append(append(append(append([]string{}, okta[:3]...), "y", "", "", "okta_token", p.app), append(append(portal, again...), again...)...),
		"", "", "", "")...)
	if err != nil {
		t.Fatal(err, said)
	}
	if n := p.portal.FailedLogins(); n != 3 {
		t.Errorf("%d failed logins, want 3:\n%s", n, said)
	}
	for _, want := range []string{"Invalid token provided", "Correct these answers? [Y/n]", "Logged in to Okta.", "check tracktik.auth.username and password", "3 logins failed, and no more are tried now"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	if !strings.Contains(text, "api_token_file: okta_token") || !strings.Contains(text, "password_file: wrong") {
		t.Errorf("written is:\n%s", text)
	}
}

// TestWhoInterruptsTheInterviewIsToldSoInAWord, and nothing is written.
func TestWhoInterruptsTheInterviewIsToldSoInAWord(t *testing.T) {
	newBeginner(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in, keep := io.Pipe() // nobody ever types
	defer keep.Close()
	var out bytes.Buffer
	a := newApp(in, &out, &out)
	a.Asks = true
	err := (&configInit{app: a, answers: map[string]any{}}).execute(ctx)
	if lines := judge(err).lines(); len(lines) != 1 || lines[0] != "exit 1: interrupted" {
		t.Errorf("it ends with %q", lines)
	}
	if _, err := os.Stat("tracktik-sync.yaml"); err == nil {
		t.Error("a file was written")
	}
}

// TestWhatIsThereAlreadyIsNoticedBeforeAnyQuestion: the file itself, and the service's.
func TestWhatIsThereAlreadyIsNoticedBeforeAnyQuestion(t *testing.T) {
	p := newBeginner(t)
	if err := os.WriteFile("service.yaml", []byte("sync: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	service := func(c *configInit) { c.service = filepath.Join(p.dir, "service.yaml") }
	said, text, err := p.interviewed(t, service, "")
	if err != nil || text != "" || !strings.Contains(said, "the service has its configuration already") || strings.Contains(said, "Address of") {
		t.Errorf("%v %q, and it says:\n%s", err, text, said)
	}
	if err := os.WriteFile("tracktik-sync.yaml", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	said, text, err = p.interviewed(t, nil)
	if err == nil || text != "mine" || !strings.Contains(err.Error(), "is there already") || said != "" {
		t.Errorf("%v %q, and it says:\n%s", err, text, said)
	}
}

// TestNobodyIsAskedForTheOtherWayIn, and a grant that needs a browser is not tried.
func TestNobodyIsAskedForTheOtherWayIn(t *testing.T) {
	p := newBeginner(t)
	said, text, err := p.interviewed(t, nil, p.okta.URL, "", "okta_token", p.app, p.portal.URL, "authorization_code", "client", "secret", "", "", "many", "")
	if err != nil {
		t.Fatal(err, said)
	}
	for _, want := range []string{"\n    api_token_file: okta_token", "#client_id: 0oa2", "#private_key_file", "grant: authorization_code", "#username", "#password_file"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if !strings.Contains(said, "by `auth login`") || len(p.portal.Requests()) != 0 {
		t.Errorf("%d requests, and it says:\n%s", len(p.portal.Requests()), said)
	}
}

func TestValuesOfSetKeepTheirType(t *testing.T) {
	newBeginner(t)
	for _, test := range []struct{ set, want string }{
		{"okta.rate_limit_share=0.25", "rate_limit_share: 0.25"},
		{"sync.create_users=false", "create_users: false"},
		{"sync.groups.names=[Site *, Shift A]", "names: [Site *, Shift A]"},
		{"okta.app_id=0oa1", "app_id: 0oa1"},
		{"sync.default_region=", `default_region: ""`},
		{"tracktik.termination_reason=3", "termination_reason: "},
		{"guard.create.max_count=500", "create: {max_count: 500}"},
		{"sync.staged=provision", "\n  staged: provision"},
		{"metrics.textfile=m.prom", "\nmetrics: {textfile: m.prom}"},
		{"sync.attributes={jobTitle: [user.title]}", "attributes: {jobTitle: [user.title]}"},
	} {
		path := filepath.Join(t.TempDir(), "x.yaml")
		var out bytes.Buffer
		c := &configInit{app: newApp(strings.NewReader(""), &out, &out), output: path, set: []string{test.set}, answers: map[string]any{}}
		if err := c.execute(t.Context()); err != nil {
			t.Errorf("%s: %v", test.set, err)
			continue
		}
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), test.want) {
			t.Errorf("%s: %q is missing (%v)", test.set, test.want, err)
		}
	}
}

// TestWithoutAnybodyToAskThePlaceholdersAreNamed.
func TestWithoutAnybodyToAskThePlaceholdersAreNamed(t *testing.T) {
	p := newBeginner(t)
	stdout, _ := p.must(t, "config", "init")
	if text, err := os.ReadFile("tracktik-sync.yaml"); err != nil || string(text) != configs.Sample() ||
		!strings.Contains(stdout, "put yours in the place of the sample's okta.org_url, okta.app_id, okta.auth.client_id, tracktik.base_url") {
		t.Errorf("%v, and it says %s", err, stdout)
	}
	for _, flags := range [][]string{{"--okta-org-url", "https://acme.okta.com"}, {"--okta-app-id", "https://guards.okta.com/x"}, {"--set", "tracktik.auth.grant=passwrod"}} {
		if code, _, said := p.call(t, append([]string{"config", "init", "--output", "other.yaml"}, flags...)...); code != 2 {
			t.Errorf("%v: exit %d, %s", flags, code, said)
		}
	}
	if _, said := p.must(t, "config", "init", "--output", "later.yaml", "--okta-auth-private-key-file", "later.pem"); !strings.Contains(said, "warning: okta.auth.private_key_file") {
		t.Errorf("of a file that is not there yet it says %q", said)
	}
}

package configs

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func show(t *testing.T, c *Config) string {
	t.Helper()
	var text strings.Builder
	if err := c.Show(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestShowNamesWhereEachValueCameFrom(t *testing.T) {
	key := write(t, t.TempDir(), "key", "k")
	c, _ := mustLoad(t, with("sync:", "  default_region: North", "  groups: {roles: {Site 1: Guard}}", "state: {key_file: "+key+"}"), "TRACKTIK_SYNC_LOG_LEVEL=debug")
	text := show(t, c)
	for _, want := range []string{
		"# Read from " + c.File() + "\n",
		"default_region: North # tracktik-sync.yaml:9\n",
		"level: debug # TRACKTIK_SYNC_LOG_LEVEL\n",
		"rate_limit_share: 0.5 # default\n",
		"password: <redacted> # tracktik-sync.yaml:7\n",
		"key_file: " + key + " # tracktik-sync.yaml:11\n",
		"# tracktik-sync.yaml:10\n    roles:\n      Site 1: Guard\n",
		"keep: 400d # default\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

func TestWhatIsShownLoadsAsTheSame(t *testing.T) {
	dir := t.TempDir()
	secret := write(t, dir, "secret", "s")
	lines := []string{
		"TRACKTIK_SYNC_OKTA_AUTH={client_id: 'true', private_key_file: " + secret + "}",
		"TRACKTIK_SYNC_TRACKTIK_AUTH={client_id: '0123', client_secret_file: " + secret + ", username: '~', password_file: " + secret + "}",
		"TRACKTIK_SYNC_SYNC_ATTRIBUTES={jobTitle: [user.title], 'address.city': {cel: 'a + \"#\"', create_only: true}}",
		"TRACKTIK_SYNC_SYNC_GROUPS_ROLES={'12': '34', 'A: b #c': '*x'}",
		"TRACKTIK_SYNC_SYNC_GROUPS_NAMES=*, yes, a: b",
		"TRACKTIK_SYNC_SYNC_SCOPE=user.x == 'a' # all",
		"TRACKTIK_SYNC_SCHEDULE_DEADLINE=90m",
		"TRACKTIK_SYNC_GUARD_UPDATE_MAX_PERCENT=12.5",
	}
	first, _ := mustLoad(t, minimal, lines...)
	second, _ := mustLoad(t, show(t, first))
	options := cmp.Options{cmpopts.IgnoreUnexported(Config{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(first, second, options); diff != "" {
		t.Errorf("loaded (-) and loaded from what was shown (+):\n%s", diff)
	}
	if first.PlanFingerprint() != second.PlanFingerprint() {
		t.Error("equal configurations have different fingerprints")
	}
}

func TestTheFingerprintDependsOnRulesAlone(t *testing.T) {
	a, _ := mustLoad(t, with("sync: {protected: [x, y], groups: {names: [b, a], roles: {p: q, r: s}}}", "guard: {create: {max_count: 5}, update: {max_count: 6}}"))
	b, _ := mustLoad(t, with("guard: {update: {max_count: 6}, create: {max_count: 5}}", "sync: {groups: {roles: {r: s, p: q}, names: [a, b]}, protected: [y, x]}", "log: {level: debug}", "schedule: {timezone: UTC}"))
	if a.PlanFingerprint() != b.PlanFingerprint() || a.ReadFingerprint() != b.ReadFingerprint() {
		t.Error("order or other sections change the fingerprint")
	}
	plain, _ := mustLoad(t, minimal)
	if len(plain.PlanFingerprint()) != 16 {
		t.Errorf("the fingerprint is %s, want 16 digits", plain.PlanFingerprint())
	}
	for _, c := range []struct {
		env     string
		mapping bool
	}{
		{"GUARD_CREATE_MAX_COUNT=5", false},
		{"SYNC_MODE=observe", false},
		{"SYNC_MATCH=email,username", true},
		{"SYNC_SCOPE=true", true},
		{"SYNC_SUSPENDED=terminate", true},
		{"SYNC_DEFAULT_REGION=", true},
		{"SYNC_GROUPS_ORDER=b,a", true},
		{"SYNC_ATTRIBUTES={region: [app.b, app.a]}", true},
	} {
		changed, _ := mustLoad(t, minimal, EnvPrefix+c.env)
		if changed.PlanFingerprint() == plain.PlanFingerprint() {
			t.Errorf("%s does not change the fingerprint", c.env)
		}
		if got := changed.ReadFingerprint() != plain.ReadFingerprint(); got != c.mapping {
			t.Errorf("%s changes the mapping's fingerprint: %v, want %v", c.env, got, c.mapping)
		}
	}
}

// loadSample loads text, with the secrets that it names in files of their own.
func loadSample(t *testing.T, text string) *Config {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"okta.pem", "okta_token", "tracktik_client_secret", "tracktik_password", "tracktik_refresh_token"} {
		write(t, dir, name, "s")
	}
	c, warnings, err := Load(Options{Path: write(t, dir, "c.yaml", strings.ReplaceAll(text, "/run/secrets/", dir+"/")), Env: []string{}})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	return c
}

func TestTheSampleLoadsAndWritesNothing(t *testing.T) {
	c := loadSample(t, Sample())
	if c.Sync.Mode != "observe" {
		t.Errorf("sync.mode is %s, want observe", c.Sync.Mode)
	}
	file, err := os.ReadFile("example.yaml")
	if err != nil || string(file) != Sample() {
		t.Error("the sample is not example.yaml", err)
	}
}

func TestTheSampleHoldsTheDefaults(t *testing.T) {
	r := &treeReader{out: settings{}}
	r.section(r.parse([]byte(Sample())), schema.root)
	defaults := readDefaults()
	for key, s := range r.out {
		chosen := strings.HasPrefix(key, "okta.") || strings.HasPrefix(key, "tracktik.") || key == "sync.mode"
		if want := defaults[key].value; !chosen && fmt.Sprint(s.value) != fmt.Sprint(want) {
			t.Errorf("%s is %v in the sample, and %v by default", key, s.value, want)
		}
	}
}

func TestAnswersAreFilledIn(t *testing.T) {
	text, err := Fill(map[string]any{
		"okta.org_url":                "https://guards.okta.com",
		"okta.app_id":                 "0oa9",
		"okta.auth.client_id":         nil,
		"okta.auth.private_key_file":  nil,
		"okta.auth.api_token_file":    "/run/secrets/okta_token",
		"tracktik.base_url":           "https://guards.staffr.us",
		"tracktik.auth.grant":         "authorization_code",
		"tracktik.auth.username":      nil,
		"tracktik.auth.password_file": nil,
		"tracktik.auth.employee":      "17",
		"tracktik.termination_reason": "Yes: \"left\" # really",
		"sync.default_region":         "",
		"sync.groups.push":            "listed",
		"sync.groups.names":           []string{"Site *", "Guards, night"},
		"sync.groups.order":           []string{"Guards, night"},
		"sync.roles.per_person":       "one",
		"tracktik.send_notification":  true,
		"okta.rate_limit_share":       0.25,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := loadSample(t, text)
	for _, pair := range [][2]any{
		{c.Okta.OrgURL, "https://guards.okta.com"},
		{c.Okta.Auth.APIToken.Reveal(), "s"},
		{c.Okta.Auth.ClientID, ""},
		{c.TrackTik.Auth.Username, ""},
		{c.TrackTik.Auth.Employee, "17"},
		{c.TrackTik.TerminationReason, "Yes: \"left\" # really"},
		{c.Sync.DefaultRegion, ""},
		{fmt.Sprint(c.Sync.Groups.Names), "[Site * Guards, night]"},
		{c.Sync.Roles.PerPerson, "one"},
		{c.TrackTik.SendNotification, true},
		{c.Okta.RateLimitShare, 0.25},
	} {
		if pair[0] != pair[1] {
			t.Errorf("got %v, want %v, in:\n%s", pair[0], pair[1], text)
		}
	}
	if strings.Count(text, "\n") != strings.Count(Sample(), "\n") {
		t.Error("filling in changes the number of lines")
	}
}

// TestEveryKeyCanBeAnswered, those too that the sample does not show, alone and all at once.
func TestEveryKeyCanBeAnswered(t *testing.T) {
	all := map[string]any{}
	defaults := readDefaults()
	for _, f := range schema.all {
		if f.kind == kindSecretFile || f.kind == kindSecret {
			continue
		}
		answer := defaults[f.path].value
		text, err := Fill(map[string]any{f.path: answer})
		if err != nil {
			t.Errorf("%s: %v", f.path, err)
			continue
		}
		r := &treeReader{file: "x", out: settings{}}
		r.section(r.parse([]byte(text)), schema.root)
		if got := r.out[f.path].value; !cmp.Equal(got, answer) {
			t.Errorf("%s: %v is read as %v, in:\n%s", f.path, answer, got, text)
		}
		all[f.path] = answer
	}
	if _, err := Fill(all); err != nil {
		t.Error(err)
	}
}

func TestKeysThatTheSampleLacksFindTheirPlace(t *testing.T) {
	text, err := Fill(map[string]any{
		"guard.create.max_count": 500, "guard.update.max_percent": 40.0, "metrics.textfile": "m.prom", "metrics.job": "guards",
		"okta.ca_file": "ca.pem", "sync.staged": "provision", "sync.start.sources": []string{"user.hireDate"}, "notify.digest": "08:00",
		"sync.attributes": map[string]any{"jobTitle": []any{"user.title"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n  create: {max_count: 500}\n", "\n  update: {max_percent: 40}\n", "\nmetrics: {job: guards, textfile: m.prom}\n",
		"\nokta:\n  ca_file: ca.pem\n", "\n  staged: provision\n", "\n  start: {sources: [user.hireDate]}\n", "\nnotify: {digest: \"08:00\"}\n",
		"\n  attributes: {jobTitle: [user.title]}\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

func TestEveryKeyOfTheSampleCanBeAnswered(t *testing.T) {
	for key := range sampleLines(strings.Split(Sample(), "\n")) {
		f := schema.byPath[key]
		if f == nil {
			t.Errorf("the sample has a line for %s, which is no key", key)
			continue
		}
		if f.kind == kindSection || f.kind.isMap() {
			continue
		}
		if _, err := Fill(map[string]any{key: readDefaults()[key].value}); err != nil {
			t.Error(err)
		}
	}
}

func TestAnswersThatDoNotFitAreRefused(t *testing.T) {
	for key, answer := range map[string]any{"okta.org_ulr": "x", "okta": "x", "sync.create_users": "maybe", "okta.app_id": map[string]int{}} {
		if text, err := Fill(map[string]any{key: answer}); err == nil || text != "" {
			t.Errorf("%s: %v is filled in", key, answer)
		}
	}
}

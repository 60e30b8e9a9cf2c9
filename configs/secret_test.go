package configs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"go.yaml.in/yaml/v3"
)

const planted = "hunter2-planted"

// plant sets every secret, half of them by files.
func plant(t *testing.T) *Config {
	t.Helper()
	dir := t.TempDir()
	env := []string{
		"TRACKTIK_SYNC_OKTA={org_url: https://acme.okta.com, app_id: a, auth: {client_id: c}}",
		"TRACKTIK_SYNC_TRACKTIK={base_url: https://acme.staffr.net, auth: {client_id: c, username: u}}",
	}
	for i, f := range schema.all {
		if f.kind != kindSecretFile || f.secret.path == "okta.auth.api_token" {
			continue
		}
		value := "https://x.example/" + planted
		if i%4 < 2 {
			env = append(env, f.secret.env+"="+value)
		} else {
			env = append(env, f.env+"="+write(t, dir, f.path, value))
		}
	}
	c, _, err := Load(Options{Dir: dir, Env: env})
	if err != nil && !strings.Contains(err.Error(), "smtp") {
		t.Fatal(err)
	}
	return c
}

func TestNoPrinterShowsASecret(t *testing.T) {
	c := plant(t)
	type holder struct {
		hidden Config
		secret Secret
	}
	inside := holder{*c, c.TrackTik.Auth.Password}
	var prints []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10v"} {
		prints = append(prints, fmt.Sprintf(verb, *c), fmt.Sprintf(verb, c), fmt.Sprintf(verb, c.State.Key), fmt.Sprintf(verb, inside), fmt.Sprintf(verb, &c.State.Key))
	}
	var log, shown strings.Builder
	for _, formatter := range []logrus.Formatter{&logrus.TextFormatter{}, &logrus.JSONFormatter{}} {
		logger := logrus.New()
		logger.SetOutput(&log)
		logger.SetFormatter(formatter)
		logger.WithField("config", c).WithField("secret", c.State.Key).Info("loaded")
	}
	if err := c.Show(&shown); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	prints = append(prints, log.String(), shown.String(), string(asJSON), string(asYAML), fmt.Sprint(c.Validate()))
	for _, print := range prints {
		if strings.Contains(print, planted) || strings.Contains(print, fmt.Sprintf("%x", planted)) {
			t.Errorf("a secret is printed: %s", print)
		}
	}
	if !strings.Contains(shown.String(), redacted) || !strings.Contains(fmt.Sprint(c.State.Key), redacted) {
		t.Error("nothing says that a secret is there")
	}
}

func TestNoMessageShowsASecret(t *testing.T) {
	for name, text := range map[string]string{
		"a secret that is a list":            "state: {key: [" + planted + "]}",
		"a secret that looks like an alias":  "state: {key: *" + planted + "}",
		"a secret that looks like a tag":     "state: {key: !" + planted + "}",
		"a secret that looks like an anchor": "state: {key: &" + planted + "}",
		"a secret without a key":             "state:\n  \"pass " + planted + "\": x",
		"a secret run into its key":          "state:\n  key=" + planted + "=: x",
		"a secret as a section":              "state: " + planted,
		"a secret given twice":               "state: {key: " + planted + ", key_file: k}",
		"a key in the file's place":          "state: {key_file: \"-----BEGIN KEY-----\\n" + planted + "\"}",
		"a user in the address":              "okta: {org_url: 'https://bot:" + planted + "@acme.okta.com'}",
		"a user in a broken address":         "okta: {org_url: 'https://bot:" + planted + "@[acme'}",
		"a user in another scheme":           "tracktik: {base_url: 'ftp://bot:" + planted + "@acme'}",
		"a webhook that is no address":       "notify: {webhook: {url: " + planted + "}}",
		"a ping that is no address":          "notify: {ping: {start: 'http://x.example/" + planted + "'}}",
		"a pushgateway with a password":      "metrics: {pushgateway: 'ftp://bot:" + planted + "@p.example'}",
	} {
		t.Run(name, func(t *testing.T) {
			c, warnings, err := load(t, text)
			if err == nil {
				t.Fatal("this loads")
			}
			var shown strings.Builder
			if c != nil {
				if err := c.Show(&shown); err != nil {
					t.Fatal(err)
				}
			}
			if all := fmt.Sprint(err, warnings) + shown.String(); strings.Contains(all, planted) {
				t.Errorf("a secret is repeated: %s", all)
			}
		})
	}
	_, warnings, err := load(t, minimal, "TRACKTIK_SYNC_STATE_KEI="+planted, "TRACKTIK_SYNC_STATE={key: *"+planted+"}")
	if all := fmt.Sprint(err, warnings); strings.Contains(all, planted) {
		t.Errorf("a secret of the environment is repeated: %s", all)
	}
}

func TestASecretsFileThatCannotBeReadIsAnErrorWithKeyAndPath(t *testing.T) {
	dir := t.TempDir()
	empty := write(t, dir, "empty", "\n")
	for _, path := range []string{"/nowhere/key", empty, dir} {
		findings := findingsOf(t, with("state: {key_file: "+path+"}"))
		wantLine(t, findings, ":8", "state.key_file", path)
		if len(findings) != 1 {
			t.Errorf("one file gives %d findings: %v", len(findings), findings)
		}
	}
	findings := findingsOf(t, minimal, "TRACKTIK_SYNC_TRACKTIK_AUTH_PASSWORD_FILE=/nowhere/pw")
	wantLine(t, findings, "TRACKTIK_SYNC_TRACKTIK_AUTH_PASSWORD_FILE", "/nowhere/pw")
	if len(findings) != 1 {
		t.Errorf("an unreadable password gives %d findings, want only that: %v", len(findings), findings)
	}
}

func TestASecretGivenTwiceOnOneLevelIsAnError(t *testing.T) {
	file := write(t, t.TempDir(), "key", "k")
	wantLine(t, findingsOf(t, with("state: {key: a, key_file: "+file+"}")), "state.key", "twice", "tracktik-sync.yaml:8")
	wantLine(t, findingsOf(t, minimal, "TRACKTIK_SYNC_STATE_KEY=a", "TRACKTIK_SYNC_STATE_KEY_FILE="+file), "twice", "TRACKTIK_SYNC_STATE_KEY_FILE")
	wantLine(t, findingsOf(t, minimal, "TRACKTIK_SYNC_STATE={key: a, key_file: "+file+"}"), "state.key", "twice")
	mustLoad(t, with("state: {key: '', key_file: "+file+"}"))
}

func TestTheEnvironmentsSecretBeatsEitherFormInTheFile(t *testing.T) {
	file := write(t, t.TempDir(), "key", "from file")
	for _, c := range []struct{ line, env, want string }{
		{"state: {key_file: /nowhere}", "TRACKTIK_SYNC_STATE_KEY=from env", "from env"},
		{"state: {key: from yaml}", "TRACKTIK_SYNC_STATE_KEY_FILE=" + file, "from file"},
		{"state: {key: from yaml}", "TRACKTIK_SYNC_STATE={key_file: " + file + "}", "from file"},
		{"state: {key: from yaml}", "TRACKTIK_SYNC_STATE_KEY=", ""},
	} {
		config, _ := mustLoad(t, with(c.line), c.env)
		if got := config.State.Key.Reveal(); got != c.want {
			t.Errorf("%s with %s gives %q, want %q", c.line, c.env, got, c.want)
		}
	}
}

func TestSystemdCredentialsAreFoundByName(t *testing.T) {
	credentials, elsewhere := t.TempDir(), t.TempDir()
	path := write(t, credentials, "key", "from systemd, where keys are long")
	if err := os.Chmod(path, 0o440); err != nil {
		t.Fatal(err)
	}
	write(t, elsewhere, "key", "beside the file")
	env := []string{credentialsDirectory + "=" + credentials}
	file := write(t, elsewhere, "c.yaml", with("state: {key_file: key}"))
	c, warnings, err := Load(Options{Path: file, Env: env})
	if err != nil || c.State.Key.Reveal() != "from systemd, where keys are long" || len(warnings) > 0 {
		t.Errorf("with the directory: %q from %s, %v, %v", c.State.Key.Reveal(), c.State.Key.Path(), warnings, err)
	}
	c, _, err = Load(Options{Path: file, Env: []string{}})
	if err != nil || c.State.Key.Reveal() != "beside the file" {
		t.Errorf("without it: %q from %s, %v", c.State.Key.Reveal(), c.State.Key.Path(), err)
	}
}

func TestSecretsThatOthersMayReadAreWarnings(t *testing.T) {
	dir := t.TempDir()
	key := write(t, dir, "key", "k")
	file := write(t, dir, "c.yaml", with("state: {key_file: key}"))
	for _, path := range []string{key, file} {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, warnings, err := Load(Options{Path: file, Env: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	wantWarning(t, warnings, "state.key_file", key, "0644", "chmod 600")
	wantWarning(t, warnings, "okta.auth.api_token", "others may read", "okta.auth.api_token_file")
}

func TestARotatedSecretIsReadAnew(t *testing.T) {
	path := write(t, t.TempDir(), "okta.pem", "old\n")
	c, _ := mustLoad(t, minimal, "TRACKTIK_SYNC_OKTA_AUTH={client_id: c, private_key_file: "+path+"}")
	write(t, filepath.Dir(path), "okta.pem", "new\n")
	fresh, err := c.Okta.Auth.PrivateKey.Reread()
	if err != nil || fresh.Reveal() != "new" || fresh.Path() != path || fresh.Equal(c.Okta.Auth.PrivateKey) {
		t.Errorf("read anew: %q from %s, %v", fresh.Reveal(), fresh.Path(), err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.Reread(); err == nil || !holdsAll(err.Error(), []string{path, "okta.auth.private_key_file"}) {
		t.Errorf("reading a removed file answers %v, want an error naming it and its key", err)
	}
	given := NewSecret("typed")
	if again, err := given.Reread(); err != nil || !again.Equal(given) {
		t.Errorf("a secret without a file is read anew as %q, %v", again.Reveal(), err)
	}
}

func TestASecretBehindLinksIsReadAndJudgedByItsTarget(t *testing.T) {
	dir := t.TempDir() // as Kubernetes mounts a Secret
	if err := os.Mkdir(filepath.Join(dir, "..2026"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "..2026"), "key", strings.Repeat("k", MinKeyLength))
	for name, target := range map[string]string{"..data": "..2026", "key": filepath.Join("..data", "key")} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	file := write(t, dir, "c.yaml", with("state: {key_file: key}"))
	c, warnings, err := Load(Options{Path: file, Env: []string{}})
	if err != nil || len(c.State.Key.Reveal()) != MinKeyLength || len(warnings) > 0 {
		t.Errorf("read %d bytes, %v, %v", len(c.State.Key.Reveal()), warnings, err)
	}
	if err := os.Chmod(filepath.Join(dir, "..2026", "key"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, warnings, _ = Load(Options{Path: file, Env: []string{}})
	wantWarning(t, warnings, "state.key_file", "0644")
}

func TestAnotherKeyIsReadAndJudged(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("k", MinKeyLength)
	key, warning, err := ReadKey(write(t, dir, "long", long+"\n"))
	if err != nil || warning != "" || key.Reveal() != long {
		t.Errorf("%q, %q, %v", key.Reveal(), warning, err)
	}
	if _, warning, err = ReadKey(write(t, dir, "short", "k")); err != nil || !strings.Contains(warning, "1 bytes") {
		t.Errorf("a short one: %q, %v", warning, err)
	}
	open := write(t, dir, "open", long)
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, warning, err = ReadKey(open); err != nil || !strings.Contains(warning, "0644") {
		t.Errorf("one that others may read: %q, %v", warning, err)
	}
	for _, path := range []string{write(t, dir, "empty", "\n"), filepath.Join(dir, "missing")} {
		if _, _, err = ReadKey(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestAFileThatIsHandedToOurGroupIsNoWarning(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path := write(t, t.TempDir(), "key", strings.Repeat("k", MinKeyLength))
	for _, c := range []struct {
		mode  os.FileMode
		owner int
		warns bool
	}{{0o440, 4711, false}, {0o444, 4711, true}, {0o440, 0, true}} {
		if err := errors.Join(os.Chmod(path, c.mode), os.Chown(path, c.owner, -1)); err != nil {
			t.Fatal(err)
		}
		if _, warning, err := ReadKey(path); err != nil || (warning != "") != c.warns {
			t.Errorf("mode %04o of user %d: %q, %v", c.mode, c.owner, warning, err)
		}
	}
}

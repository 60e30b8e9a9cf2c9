package configs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// minimal is the shortest file that needs nothing else.
const minimal = `okta:
  org_url: https://acme.okta.com
  app_id: 0oa1
  auth: {api_token: okta-token}
tracktik:
  base_url: https://acme.staffr.net
  auth: {client_id: id, client_secret: cs, username: bot, password: pw}
`

// write puts a file into dir with mode 0600 and answers its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load reads text as a configuration file, with env and nothing else in the
// environment.
func load(t *testing.T, text string, env ...string) (*Config, []Warning, error) {
	t.Helper()
	dir := t.TempDir()
	return Load(Options{Path: write(t, dir, DefaultFile, text), Dir: dir, Env: append([]string{}, env...)})
}

// mustLoad is load of what is good.
func mustLoad(t *testing.T, text string, env ...string) (*Config, []Warning) {
	t.Helper()
	c, warnings, err := load(t, text, env...)
	if err != nil {
		t.Fatal(err)
	}
	return c, warnings
}

// findingsOf loads what is bad and answers what was found.
func findingsOf(t *testing.T, text string, env ...string) Findings {
	t.Helper()
	_, _, err := load(t, text, env...)
	var findings Findings
	if !errors.As(err, &findings) {
		t.Fatalf("loading answered %v, want findings", err)
	}
	return findings
}

// wantLine fails unless one finding's line holds all of parts.
func wantLine(t *testing.T, findings Findings, parts ...string) {
	t.Helper()
	for _, f := range findings {
		if holdsAll(f.String(), parts) {
			return
		}
	}
	t.Errorf("no finding holds %q:\n%v", parts, findings)
}

func wantWarning(t *testing.T, warnings []Warning, parts ...string) {
	t.Helper()
	for _, w := range warnings {
		if holdsAll(w.String(), parts) {
			return
		}
	}
	t.Errorf("no warning holds %q: %v", parts, warnings)
}

func holdsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// with adds lines of YAML to the minimal file.
func with(lines ...string) string { return minimal + strings.Join(lines, "\n") + "\n" }

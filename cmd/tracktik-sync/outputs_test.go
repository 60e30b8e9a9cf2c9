package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/configs"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// newDesk is a place whose configuration and secrets are files, with a snapshot and a
// plan.
func newDesk(t *testing.T) *place {
	t.Helper()
	p := newPlace(t, "STATE_KEY_FILE=state_key", "METRICS_TEXTFILE=sync.prom", "NOTIFY_WEBHOOK_URL_FILE=hook_url")
	for _, name := range []string{"OKTA_AUTH_API_TOKEN", "TRACKTIK_AUTH_CLIENT_SECRET", "TRACKTIK_AUTH_PASSWORD", "OKTA_ORG_URL", "OKTA_APP_ID",
		"TRACKTIK_BASE_URL", "TRACKTIK_AUTH_CLIENT_ID", "TRACKTIK_AUTH_USERNAME"} {
		t.Setenv("TRACKTIK_SYNC_"+name, "")
		if err := os.Unsetenv("TRACKTIK_SYNC_" + name); err != nil {
			t.Fatal(err)
		}
	}
	text, err := configs.Fill(map[string]any{
		"okta.org_url": p.okta.URL, "okta.app_id": p.app,
		"okta.auth.api_token_file": "okta_token", "okta.auth.client_id": nil, "okta.auth.private_key_file": nil,
		"tracktik.base_url": p.portal.URL, "tracktik.auth.client_id": tracktiktest.DefaultClientID,
		"tracktik.auth.client_secret_file": "client_secret", "tracktik.auth.username": tracktiktest.DefaultUsername,
		"tracktik.auth.password_file": "password", "sync.mode": "apply",
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"tracktik-sync.yaml": text, "okta_token": oktatest.DefaultToken, "client_secret": tracktiktest.DefaultClientSecret,
		"password": tracktiktest.DefaultPassword, "state_key": strings.Repeat("0123456789abcdef", 4), "hook_url": p.okta.URL + "/hook", "other.txt": "mine"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.must(t, "sync", "--init")
	p.addUser("bob@acme.example", "Bob", "Sousa")
	p.must(t, "plan", "--out", "tonight.json")
	return p
}

// outputs are the commands that write to a path somebody gives.
var outputs = map[string][]string{
	"plan":         {"plan", "--out"},
	"plan html":    {"plan", "--format", "html", "--out"},
	"report run":   {"report", "last", "--out"},
	"report plan":  {"report", "tonight.json", "--out"},
	"state backup": {"state", "backup"},
	"config init":  {"config", "init", "--output"},
	"docs config":  {"docs", "config"},
}

// disguises are other names of one file.
var disguises = map[string]func(file string) (string, error){
	"itself":   func(file string) (string, error) { return file, nil },
	"absolute": filepath.Abs,
	"a detour": func(file string) (string, error) {
		return "sub/../" + file, os.MkdirAll("sub", 0o700)
	},
	"a link": func(file string) (string, error) { return "link.json", os.Symlink(file, "link.json") },
	"a link to a link": func(file string) (string, error) {
		return "link2.json", errors.Join(os.Symlink(file, "link1.json"), os.Symlink("link1.json", "link2.json"))
	},
	"a linked directory": func(file string) (string, error) {
		return "dir/" + file, os.Symlink(".", "dir")
	},
	"a second name": func(file string) (string, error) {
		if err := os.Link(file, "second.json"); err != nil { // there is no file to give one to
			return file, nil
		}
		return "second.json", nil
	},
	"another case": func(file string) (string, error) { return strings.ToUpper(file), nil },
}

// TestNoOutputReplacesWhatTheProgramLivesBy: the snapshot, what is kept beside it, the
// configuration and all files that it names, whatever they are called.
func TestNoOutputReplacesWhatTheProgramLivesBy(t *testing.T) {
	p := newDesk(t)
	precious := []string{"tracktik-sync.db", "tracktik-sync.db.token", "tracktik-sync.db.token.lock", "tracktik-sync.db.last", "tracktik-sync.db.status",
		"tracktik-sync.db.approvals", "tracktik-sync.db.notify", "tracktik-sync.db.holder", "tracktik-sync.db.schema-1", "tracktik-sync.db.token.new",
		"tracktik-sync.yaml", "okta_token", "client_secret", "password", "state_key", "hook_url", "sync.prom"}
	before := p.files(t)
	p.okta.ResetRequests()
	p.portal.ResetRequests()
	for _, file := range precious {
		for disguise, dress := range disguises {
			for name, args := range outputs {
				if disguise != "itself" && name != "plan" && name != "state backup" { // all ask one function
					continue
				}
				path, err := dress(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, more := range [][]string{nil, {"--force"}} {
					if len(more) > 0 && name == "config init" {
						continue
					}
					code, _, said := p.call(t, append(append(slices.Clone(args), path), more...)...)
					if code != tsync.ExitUsage || !strings.Contains(said, "name another") && name != "config init" {
						t.Errorf("%s %v to %s by %s ended with %d: %s", name, more, file, disguise, code, said)
					}
				}
				for _, link := range []string{"link.json", "link1.json", "link2.json", "second.json", "dir", "sub"} {
					if err := os.RemoveAll(link); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	for name, content := range p.files(t) {
		if before[name] != content {
			t.Errorf("%s was changed, or made", name)
		}
	}
	if n := len(p.okta.Requests()) + len(p.portal.Requests()); n > 0 {
		t.Errorf("%d calls were made before it was refused", n)
	}
}

// TestNoOutputReplacesAnotherFileUnasked, and --force does.
func TestNoOutputReplacesAnotherFileUnasked(t *testing.T) {
	p := newDesk(t)
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		if name == "state backup" { // has rules of its own
			continue
		}
		file := strings.ReplaceAll(name, " ", "-")
		if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		args := append(slices.Clone(outputs[name]), file)
		code, _, said := p.call(t, args...)
		if data, _ := os.ReadFile(file); code != tsync.ExitUsage || string(data) != "mine" || name != "config init" && !strings.Contains(said, "--force") {
			t.Errorf("%s ended with %d and left %q: %s", name, code, data, said)
		}
		if name == "config init" { // never writes over anything
			continue
		}
		p.must(t, append(args, "--force")...)
		if data, _ := os.ReadFile(file); string(data) == "mine" {
			t.Errorf("%s --force did not replace it", name)
		}
	}
}

// TestALinkKeepsLeadingWhereItLed: what it names is replaced.
func TestALinkKeepsLeadingWhereItLed(t *testing.T) {
	p := newDesk(t)
	if err := errors.Join(os.Mkdir("www", 0o700), os.WriteFile("www/page.html", nil, 0o600), os.Symlink("www/page.html", "latest.html"),
		os.Symlink("www/new.html", "dangling.html")); err != nil {
		t.Fatal(err)
	}
	p.must(t, "report", "last", "--out", "latest.html", "--force")
	p.must(t, "report", "last", "--out", "dangling.html")
	for _, link := range []string{"latest.html", "dangling.html"} {
		if to, err := os.Readlink(link); err != nil || !strings.HasPrefix(to, "www/") {
			t.Errorf("%s leads to %q %v", link, to, err)
		}
		if data, err := os.ReadFile(link); err != nil || !bytes.Contains(data, []byte("<html")) {
			t.Errorf("%s holds %d bytes, %v", link, len(data), err)
		}
	}
}

// TestWhatIsNoFileIsWrittenTo: pipes and devices.
func TestWhatIsNoFileIsWrittenTo(t *testing.T) {
	p := newDesk(t)
	p.must(t, "plan", "--out", os.DevNull)
	if code, _, said := p.call(t, "plan", "--out", "."); code != tsync.ExitUsage || !strings.Contains(said, "is a directory") {
		t.Errorf("to a directory: %d %s", code, said)
	}
	if code, _, said := p.call(t, "plan", "--out", "nowhere/plan.json"); code != tsync.ExitFailed || !strings.Contains(said, "nowhere") {
		t.Errorf("into a directory that is not there: %d %s", code, said)
	}
}

// TestABackupReplacesBackupsOnly, and those when it is told to.
func TestABackupReplacesBackupsOnly(t *testing.T) {
	p := newDesk(t)
	for name, content := range map[string]string{"text": "mine", "empty": "", "cut.db": "\x00\x00"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, more := range [][]string{nil, {"--force"}} {
			code, _, said := p.call(t, append([]string{"state", "backup", name}, more...)...)
			if data, _ := os.ReadFile(name); code != tsync.ExitUsage || string(data) != content || !strings.Contains(said, "is no snapshot") {
				t.Errorf("to %s: %d %s", name, code, said)
			}
		}
	}
	other, err := state.Create("other.db", plan.Binding{Org: "https://other.okta.com", App: "0oa2", Portal: p.portal.URL}, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, open := range []bool{true, false} {
		if code, _, said := p.call(t, "state", "backup", "other.db", "--force"); code != tsync.ExitUsage {
			t.Errorf("to another one's snapshot (open: %v): %d %s", open, code, said)
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
	}
	p.must(t, "state", "backup", "copy.db")
	before, err := os.Stat("copy.db")
	if err != nil {
		t.Fatal(err)
	}
	if code, _, said := p.call(t, "state", "backup", "copy.db"); code != tsync.ExitUsage || !strings.Contains(said, "--force") {
		t.Errorf("to an earlier backup: %d %s", code, said)
	}
	p.must(t, "state", "backup", "copy.db", "--force")
	if after, err := os.Stat("copy.db"); err != nil || os.SameFile(before, after) {
		t.Errorf("it is the same one, %v", err)
	}
}

// TestWhoSitsAtATerminalIsAsked about a file that is there.
func TestWhoSitsAtATerminalIsAsked(t *testing.T) {
	for answer, want := range map[string]int{"y\n": tsync.ExitDone, "n\n": tsync.ExitUsage, "\n": tsync.ExitUsage} {
		p := newDesk(t)
		var out, log bytes.Buffer
		a := newApp(strings.NewReader(answer), &out, &log)
		a.Asks = true
		root := newRoot(a)
		root.SetArgs([]string{"plan", "--out", "other.txt"})
		code := a.end(root.ExecuteContext(t.Context()))
		data, _ := os.ReadFile("other.txt")
		if code != want || !strings.Contains(log.String(), "other.txt is there already") || (string(data) == "mine") != (want != tsync.ExitDone) {
			t.Errorf("%q: ended with %d and left %.20q: %s", answer, code, data, log.String())
		}
		_ = p
	}
}

// TestNoKeyNamesWhatTheProgramWrites: a metrics file in the place of a secret would be
// written over by each run.
func TestNoKeyNamesWhatTheProgramWrites(t *testing.T) {
	p := newDesk(t)
	p.must(t, "config", "validate")
	for setting, names := range map[string]string{
		"METRICS_TEXTFILE=tracktik-sync.db":                               "state.path",
		"METRICS_TEXTFILE=tracktik-sync.db.token":                         "tracktik-sync.db.token",
		"METRICS_TEXTFILE=password":                                       "tracktik.auth.password_file",
		"METRICS_TEXTFILE=./sub/../tracktik-sync.yaml":                    "configuration",
		"STATE_PATH=okta_token":                                           "okta.auth.api_token_file",
		"STATE_PATH=tracktik-sync.yaml":                                   "configuration",
		"TRACKTIK_AUTH_REFRESH_TOKEN_FILE=tracktik-sync.db.token":         "tracktik-sync.db.token",
		"TRACKTIK_AUTH_CLIENT_SECRET_FILE=tracktik-sync.db.token.damaged": "tracktik-sync.db.token.damaged",
	} {
		name, value, _ := strings.Cut(setting, "=")
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(value); err != nil && !strings.Contains(value, "..") {
				if err := os.WriteFile(value, []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("TRACKTIK_SYNC_"+name, value)
			code, _, said := p.call(t, "config", "validate")
			if code != tsync.ExitUsage || !strings.Contains(said, names) {
				t.Errorf("%s: %d %s", setting, code, fmt.Sprint(said))
			}
		})
	}
}

package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/state"
)

// metric is a line of the textfile without its name.
func (c *town) metric(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (.*)$`).FindStringSubmatch(c.metrics(t))
	if found == nil {
		return ""
	}
	return found[1]
}

// age gives a metric that a run left another value.
func (c *town) age(t *testing.T, name, value string) {
	t.Helper()
	file := filepath.Join(c.dir, "sync.prom")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	label := `{portal="` + strings.TrimPrefix(c.portal.URL, "http://") + `"}`
	left := name + label + " " + c.metric(t, name) + "\n"
	if strings.Count(string(text), left) != 1 {
		t.Fatalf("the run left no %s", name)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), left, name+label+" "+value+"\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// unbegun are the ways in which a run may fail to begin, and its exit code then.
var unbegun = map[string]struct {
	code  int
	spoil func(c *town, snapshot string) error
	args  []string
}{
	"the snapshot is lost":    {3, func(_ *town, s string) error { return os.Remove(s) }, nil},
	"the snapshot is damaged": {1, func(_ *town, s string) error { return os.WriteFile(s, []byte("no snapshot"), 0o600) }, nil},
	"the snapshot is empty":   {1, func(_ *town, s string) error { return os.Truncate(s, 0) }, nil},
	"the snapshot is newer": {1, func(_ *town, s string) error {
		db, err := bbolt.Open(s, 0o600, nil)
		if err != nil {
			return err
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte{0, 0, 0, 0, 0, 0, 0, 99})
		})
		return errors.Join(err, db.Close())
	}, nil},
	"the snapshot is a folder": {1, func(_ *town, s string) error { return errors.Join(os.Remove(s), os.Mkdir(s, 0o700)) }, nil},
	"the app is another":       {3, setting("OKTA_APP_ID", "0oa9other"), nil},
	"the snapshot is encrypted": {2, func(_ *town, s string) error {
		return state.Rekey(s, state.Options{}, []byte("0123456789abcdef0123456789abcdef"))
	}, nil},
	"a secret's file is missing": {2, func(c *town, _ string) error { return os.Remove(filepath.Join(c.dir, "password")) }, nil},
	"a secret's file is empty":   {2, func(c *town, _ string) error { return os.WriteFile(filepath.Join(c.dir, "okta_token"), nil, 0o600) }, nil},
	"a key is unknown": {2, func(c *town, _ string) error {
		file := filepath.Join(c.dir, "tracktik-sync.yaml")
		text, err := os.ReadFile(file)
		return errors.Join(err, os.WriteFile(file, []byte(strings.Replace(string(text), "sync:\n", "sync:\n  modus: apply\n", 1)), 0o600))
	}, nil},
	"the file is no YAML": {2, func(c *town, _ string) error {
		return os.WriteFile(filepath.Join(c.dir, "tracktik-sync.yaml"), []byte("okta: [\n"), 0o600)
	}, nil},
	"the file is missing":         {2, func(c *town, _ string) error { return os.Remove(filepath.Join(c.dir, "tracktik-sync.yaml")) }, nil},
	"the scope is no expression":  {2, setting("SYNC_SCOPE", "user.("), nil},
	"a limit is no number":        {2, setting("GUARD_TERMINATE_MAX_COUNT", "many"), nil},
	"a flag is unknown":           {2, func(*town, string) error { return nil }, []string{"--refesh"}},
	"the deadline is in the past": {2, func(*town, string) error { return nil }, []string{"--deadline", "-1m"}},
	"everybody may write":         {1, func(c *town, _ string) error { return os.Chmod(c.dir, 0o777) }, nil},
}

func setting(name, value string) func(*town, string) error {
	return func(*town, string) error { return os.Setenv("TRACKTIK_SYNC_"+name, value) }
}

// TestARunThatCannotBeginIsToldLikeARun: its exit code and time in the metrics beside
// what earlier runs left, and people hear of it, with the true last success.
func TestARunThatCannotBeginIsToldLikeARun(t *testing.T) {
	for name, way := range unbegun {
		t.Run(name, func(t *testing.T) {
			c := newTown(t, map[string]any{"OKTA_APP_ID": "", "SYNC_SCOPE": "", "GUARD_TERMINATE_MAX_COUNT": ""})
			for _, name := range []string{"OKTA_APP_ID", "SYNC_SCOPE", "GUARD_TERMINATE_MAX_COUNT"} { // set back at the end of the test
				if err := os.Unsetenv("TRACKTIK_SYNC_" + name); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("TRACKTIK_SYNC_STATE_PATH", filepath.Join(c.dir, "tracktik-sync.db"))
			c.addUser("ana@acme.example", "Ana", "Silva")
			c.run(t, 0, "sync", "--init")
			const lastRun = "tracktik_sync_last_run_timestamp_seconds"
			success, before := c.metric(t, "tracktik_sync_last_success_timestamp_seconds"), "1700000000" // long ago
			c.age(t, lastRun, before)
			if err := way.spoil(c, filepath.Join(c.dir, "tracktik-sync.db")); err != nil {
				t.Fatal(err)
			}
			calls, told, _ := c.run(t, way.code, append([]string{"sync"}, way.args...)...)
			if err := os.Chmod(c.dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if got := c.metric(t, "tracktik_sync_last_run_exit_code"); got != string(rune('0'+way.code)) {
				t.Errorf("the exit code is %q", got)
			}
			if got := c.metric(t, lastRun); got == before {
				t.Errorf("the time is that of the run before")
			}
			if got := c.metric(t, "tracktik_sync_last_success_timestamp_seconds"); got != success {
				t.Errorf("the last success is %q, was %q", got, success)
			}
			if got := c.metric(t, "tracktik_sync_managed_employees"); got != "1" {
				t.Errorf("%q are managed: what earlier runs left is gone", got)
			}
			if got := strings.Join(calls, " "); !strings.Contains(got, "/metrics/job/tracktik_sync") || !strings.Contains(got, "/failure") || strings.Contains(got, "/success") {
				t.Errorf("called were %s", got)
			}
			for _, call := range c.calls {
				if strings.Contains(call, "/metrics/") && !strings.HasPrefix(call, "POST ") {
					t.Errorf("what earlier runs left at the Pushgateway is replaced: %.20s", call)
				}
			}
			if len(told) != 1 || told[0].Event != "failed" || !strings.Contains(told[0].Text, "The last run that succeeded ended 20") {
				t.Fatalf("told was %+v", told)
			}
			if !strings.Contains(told[0].Text, "A run could not begin: exit "+string(rune('0'+way.code))) {
				t.Errorf("told was %q", told[0].Text)
			}
		})
	}
}

// TestWhatIsWrongWithTheTellingIsNotUsed: a finding about an address keeps it from being
// called, and one about the metrics' file from being written.
func TestWhatIsWrongWithTheTellingIsNotUsed(t *testing.T) {
	c := newTown(t, nil)
	c.run(t, 0, "sync", "--init")
	t.Setenv("TRACKTIK_SYNC_METRICS_TEXTFILE", filepath.Join(c.dir, "password"))
	calls, _, _ := c.run(t, 2, "sync")
	if secret, err := os.ReadFile(filepath.Join(c.dir, "password")); err != nil || strings.Contains(string(secret), "tracktik_sync_") {
		t.Errorf("the secret is %q, %v", secret, err)
	}
	if got := strings.Join(calls, " "); !strings.Contains(got, "/hook") {
		t.Errorf("nobody was told: %s", got)
	}
	t.Setenv("TRACKTIK_SYNC_METRICS_TEXTFILE", filepath.Join(c.dir, "sync.prom"))
	t.Setenv("TRACKTIK_SYNC_NOTIFY_DIGEST", "at noon")
	t.Setenv("TRACKTIK_SYNC_NOTIFY_WEBHOOK_FORMAT", "fax")
	if calls, _, _ = c.run(t, 2, "sync"); strings.Contains(strings.Join(calls, " "), "/hook") {
		t.Errorf("the webhook was called: %s", calls)
	}
	if got := c.metric(t, "tracktik_sync_last_run_exit_code"); got != "2" {
		t.Errorf("the exit code is %q", got)
	}
}

// TestWhoOnlyLooksOrWaitsIsNoRun: metrics and messages are about runs.
func TestWhoOnlyLooksOrWaitsIsNoRun(t *testing.T) {
	c := newTown(t, nil)
	c.run(t, 0, "sync", "--init")
	at := c.metric(t, "tracktik_sync_last_run_timestamp_seconds")
	db, err := state.Open(filepath.Join(c.dir, "tracktik-sync.db"), state.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	calls, told, _ := c.run(t, 5, "sync")
	if err := errors.Join(db.Close(), os.Remove(filepath.Join(c.dir, "tracktik-sync.db"))); err != nil {
		t.Fatal(err)
	}
	if len(calls)+len(told) > 0 {
		t.Errorf("while another run is active: %v", calls)
	}
	for _, args := range [][]string{{"status"}, {"history"}, {"sync", "--dry-run", "--deadline", "-1m"}, {"plan", "--refesh"}} {
		want := 3
		if len(args) > 1 {
			want = 2
		}
		if calls, _, _ := c.run(t, want, args...); len(calls) > 0 {
			t.Errorf("%v: %v", args, calls)
		}
	}
	if got := c.metric(t, "tracktik_sync_last_run_timestamp_seconds"); got != at {
		t.Errorf("a run is said to have been at %s", got)
	}
}

// TestEveryCommandThatRunsTellsThatItCannot: not only the scheduled one.
func TestEveryCommandThatRunsTellsThatItCannot(t *testing.T) {
	for _, args := range [][]string{{"run"}, {"apply", "tonight.json"}, {"retry"}, {"restore", "last"}, {"sync", "--user", "ana@acme.example"}} {
		c := newTown(t, nil)
		c.addUser("ana@acme.example", "Ana", "Silva")
		c.run(t, 0, "sync", "--init")
		plan := filepath.Join(c.dir, "tonight.json")
		c.run(t, 0, "plan", "--out", plan)
		if err := os.Remove(filepath.Join(c.dir, "tracktik-sync.db")); err != nil {
			t.Fatal(err)
		}
		if args[0] == "apply" {
			args = []string{"apply", plan}
		}
		calls, _, _ := c.run(t, 3, args...)
		if got := c.metric(t, "tracktik_sync_last_run_exit_code"); got != "3" {
			t.Errorf("%v: the exit code is %q", args, got)
		}
		if told, whole := strings.Contains(strings.Join(calls, " "), "/hook"), args[0] == "run" || args[0] == "apply"; told != whole {
			t.Errorf("%v: told %v", args, calls)
		}
	}
}

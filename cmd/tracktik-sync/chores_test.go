package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/doctor"
	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/notify"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
)

// status is `status --format json`.
func (c *town) status(t *testing.T) ledger.Status {
	t.Helper()
	var s ledger.Status
	if err := json.Unmarshal([]byte(c.stdout(t, 0, "status", "--format", "json")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// wantFinding wants a line of `check`.
func (c *town) wantFinding(t *testing.T, name, result, text string) {
	t.Helper()
	var d doctor.Diagnosis
	out := c.stdout(t, -1, "check", "--format", "json")
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	checkup{d}.wants(t, name, result, text)
}

// wantOne wants one message, about that, with the key of the state that it begins or ends.
func (c *town) wantOne(t *testing.T, told []notify.Message, event, text string) {
	t.Helper()
	key := strings.TrimPrefix(c.portal.URL, "http://") + "/" + notify.Housekeeping
	if eventsOf(told) != event || event != "" && (told[0].DedupeKey != key || !strings.Contains(told[0].Text, text)) {
		t.Errorf("told was %+v, want %s with %q", told, event, text)
	}
}

func TestCopiesThatCannotBeMadeAreSeenUntilTheyCan(t *testing.T) {
	copies := filepath.Join(t.TempDir(), "copies")
	c := newTown(t, map[string]any{"STATE_BACKUP_DIR": copies})
	if err := os.WriteFile(copies, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.addUser("ana@acme.example", "Ana", "Silva")
	_, told, _ := c.run(t, 0, "sync", "--init")
	c.wantOne(t, told, "housekeeping", "- backup: ")
	_, told, _ = c.run(t, 0, "sync")
	c.wantOne(t, told, "", "")
	if b := c.status(t).Backup; b == nil || b.Error == "" || b.Last != nil {
		t.Errorf("the status says %+v", b)
	}
	if text := c.stdout(t, 0, "status"); !strings.Contains(text, "no copy is known") {
		t.Errorf("the status says\n%s", text)
	}
	c.wantFinding(t, "state.backup", doctor.ResultWarning, "the last run could not copy the snapshot")
	if text := c.metrics(t); strings.Contains(text, "last_backup") {
		t.Errorf("there was no copy, and the metrics are\n%s", text)
	}

	if err := os.Remove(copies); err != nil {
		t.Fatal(err)
	}
	_, told, _ = c.run(t, 0, "sync") // nothing changed, and the copy is made up for
	c.wantOne(t, told, "recovered", "all that goes with the runs works again")
	if b := c.status(t).Backup; b == nil || b.Error != "" || b.Last == nil || time.Since(*b.Last) > time.Hour {
		t.Errorf("the status says %+v", b)
	}
	if c.metric(t, "tracktik_sync_last_backup_timestamp_seconds") == "" {
		t.Error("the metrics do not say when the last copy was made")
	}
	_, told, _ = c.run(t, 0, "sync")
	c.wantOne(t, told, "", "")
}

func TestMetricsThatCannotBeLeftAreSeenUntilTheyCan(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	c := newTown(t, map[string]any{"METRICS_TEXTFILE": filepath.Join(missing, "sync.prom"), "METRICS_PUSHGATEWAY": ""})
	c.addUser("ana@acme.example", "Ana", "Silva")
	_, told, _ := c.run(t, 0, "sync", "--init")
	c.wantOne(t, told, "housekeeping", "- metrics: textfile: ")
	_, told, _ = c.run(t, 0, "sync")
	c.wantOne(t, told, "", "")
	if m := c.status(t).Metrics; m == nil || !strings.Contains(m.Error, "textfile") {
		t.Errorf("the status says %+v", m)
	}
	c.wantFinding(t, "metrics", doctor.ResultWarning, "the last run could not leave its metrics")
	if err := os.Mkdir(missing, 0o700); err != nil {
		t.Fatal(err)
	}
	_, told, _ = c.run(t, 0, "sync")
	c.wantOne(t, told, "recovered", "")
	if m := c.status(t).Metrics; m == nil || m.Error != "" {
		t.Errorf("the status says %+v", m)
	}
}

func TestEventsThatCannotBeReadAreSeenUntilTheyCan(t *testing.T) {
	c := newTown(t, map[string]any{"SCHEDULE_EVENTS": "30s"})
	c.addUser("ana@acme.example", "Ana", "Silva")
	c.run(t, 0, "sync", "--init")
	c.run(t, 0, "sync", "--events")
	before, left := c.status(t), c.metrics(t)
	c.okta.Configure(func(s *oktatest.Server) { s.Intercept = oktatest.On("/api/v1/logs", oktatest.Forbidden) })
	_, told, _ := c.run(t, 1, "sync", "--events")
	c.wantOne(t, told, "housekeeping", "- events: ")
	_, told, _ = c.run(t, 1, "sync", "--events")
	c.wantOne(t, told, "", "")
	after := c.status(t)
	if after.Events == nil || !strings.Contains(after.Events.Error, "okta.logs.read") || after.LastRun.ID != before.LastRun.ID || c.metrics(t) != left {
		t.Errorf("a poll that cannot be made is no run: %+v", after)
	}
	c.wantFinding(t, "events", doctor.ResultWarning, "okta.logs.read")
	c.wantFinding(t, "okta.system_log", doctor.ResultFailed, "okta.logs.read")
	_, told, _ = c.run(t, 0, "sync") // whole runs go on, and have nothing new to tell
	c.wantOne(t, told, "", "")
	if age := c.metric(t, "tracktik_sync_events_cursor_age_seconds"); age == "" {
		t.Error("the metrics do not say when the log was last read")
	}

	c.okta.Configure(func(s *oktatest.Server) { s.Intercept = nil })
	_, told, _ = c.run(t, 0, "sync", "--events")
	c.wantOne(t, told, "recovered", "")
	_, told, _ = c.run(t, 0, "sync", "--events")
	c.wantOne(t, told, "", "")
	c.wantFinding(t, "okta.system_log", doctor.ResultOK, "is every 30s by `run`")
	c.okta.Configure(func(s *oktatest.Server) { s.RateLimit = map[string]int{oktatest.BucketLogs: 3} })
	c.wantFinding(t, "okta.system_log", doctor.ResultWarning, "allows a reading every 40s")
}

// What passes by itself is nobody's night.
func TestOneFailedReadingOfTheLogIsNoMessage(t *testing.T) {
	c := newTown(t, nil)
	c.addUser("ana@acme.example", "Ana", "Silva")
	c.run(t, 0, "sync", "--init")
	c.run(t, 0, "sync", "--events")
	c.okta.Configure(func(s *oktatest.Server) { s.Intercept = oktatest.On("/api/v1/logs", oktatest.HTMLPage(400)) })
	_, told, _ := c.run(t, 1, "sync", "--events")
	c.wantOne(t, told, "", "")
	if e := c.status(t).Events; e == nil || e.Error == "" {
		t.Errorf("the status says %+v", e)
	}
	c.okta.Configure(func(s *oktatest.Server) { s.Intercept = nil })
	_, told, _ = c.run(t, 0, "sync", "--events")
	c.wantOne(t, told, "", "")
	if chores, err := state.LoadChores(filepath.Join(c.dir, "tracktik-sync.db")); err != nil || chores != (state.Chores{}) {
		t.Errorf("remembered is %+v, %v", chores, err)
	}
}

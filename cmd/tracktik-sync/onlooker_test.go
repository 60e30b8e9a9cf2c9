package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"tracktik-sync/cmd/tracktik-sync/internal/notify"
	"tracktik-sync/configs"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A town is the two systems, and everybody who watches a run from outside.
type town struct {
	*world
	dir    string
	web    *httptest.Server
	mu     sync.Mutex
	calls  []string // method, path and body
	answer int
}

// newTown writes a configuration that tells and measures by every way there is but
// mail, with more of the sample's keys.
func newTown(t *testing.T, more map[string]any) *town {
	t.Helper()
	w := &world{okta: oktatest.NewServer(), portal: tracktiktest.NewServer(), users: map[string]string{}, groups: map[string]string{}}
	t.Cleanup(w.okta.Close)
	t.Cleanup(w.portal.Close)
	w.app = w.okta.AddApp(oktatest.App{Label: "TrackTik"})
	c := &town{world: w, dir: t.TempDir(), answer: http.StatusOK}
	c.web = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls = append(c.calls, r.Method+" "+r.URL.Path+" "+string(body))
		out.WriteHeader(c.answer)
	}))
	t.Cleanup(c.web.Close)
	for name, secret := range map[string]string{"okta_token": oktatest.DefaultToken, "client_secret": tracktiktest.DefaultClientSecret,
		"password": tracktiktest.DefaultPassword, "hook": c.web.URL + "/hook"} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	answers := map[string]any{
		"okta.org_url": w.okta.URL, "okta.app_id": w.app,
		"okta.auth.api_token_file": "okta_token", "okta.auth.client_id": nil, "okta.auth.private_key_file": nil,
		"tracktik.base_url": w.portal.URL, "tracktik.auth.client_id": tracktiktest.DefaultClientID,
		"tracktik.auth.client_secret_file": "client_secret", "tracktik.auth.username": tracktiktest.DefaultUsername,
		"tracktik.auth.password_file": "password", "sync.mode": "apply",
	}
	text, err := configs.Fill(answers)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, "tracktik-sync.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{"NOTIFY_WEBHOOK_URL_FILE": filepath.Join(c.dir, "hook"),
		"NOTIFY_PING_START": c.web.URL + "/start", "NOTIFY_PING_SUCCESS": c.web.URL + "/success", "NOTIFY_PING_FAILURE": c.web.URL + "/failure",
		"METRICS_TEXTFILE": filepath.Join(c.dir, "sync.prom"), "METRICS_PUSHGATEWAY": c.web.URL} {
		t.Setenv("TRACKTIK_SYNC_"+key, value)
	}
	for key, value := range more {
		t.Setenv("TRACKTIK_SYNC_"+key, value.(string))
	}
	return c
}

// run runs the program, wants that exit code, and returns the calls from outside,
// each without its body, the messages and what was logged.
func (c *town) run(t *testing.T, want int, args ...string) (calls []string, told []notify.Message, stderr string) {
	t.Helper()
	c.mu.Lock()
	c.calls = nil
	c.mu.Unlock()
	var out, log bytes.Buffer
	if got := run(t.Context(), append([]string{"--config", filepath.Join(c.dir, "tracktik-sync.yaml")}, args...), strings.NewReader(""), &out, &log); got != want {
		t.Fatalf("%v ended with %d, want %d:\n%s%s", args, got, want, out.String(), log.String())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range c.calls {
		parts := strings.SplitN(call, " ", 3)
		calls = append(calls, parts[1])
		if parts[1] == "/hook" {
			var m notify.Message
			if err := json.Unmarshal([]byte(parts[2]), &m); err != nil {
				t.Fatal(err)
			}
			told = append(told, m)
		}
	}
	slices.Sort(calls)
	return calls, told, log.String()
}

// stdout is what the program prints; want -1: whatever the exit code.
func (c *town) stdout(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, log bytes.Buffer
	if got := run(t.Context(), append([]string{"--config", filepath.Join(c.dir, "tracktik-sync.yaml")}, args...), strings.NewReader(""), &out, &log); got != want && want >= 0 {
		t.Fatalf("%v ended with %d, want %d:\n%s%s", args, got, want, out.String(), log.String())
	}
	return out.String()
}

// portalLabel finds the label that every metric has.
var portalLabel = regexp.MustCompile(`\{portal="[^"]+"\}|portal="[^"]+",|,portal="[^"]+"`)

// metrics are those of the last run, without the label of the portal, which each has.
func (c *town) metrics(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, "sync.prom"))
	if err != nil {
		t.Fatal(err)
	}
	portal := `portal="` + strings.TrimPrefix(c.portal.URL, "http://") + `"`
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, portal) {
			t.Errorf("%q is of no portal", line)
		}
	}
	return portalLabel.ReplaceAllString(string(text), "")
}

func (c *town) wantMetric(t *testing.T, lines ...string) {
	t.Helper()
	text := c.metrics(t)
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
}

func eventsOf(told []notify.Message) string {
	var names []string
	for _, m := range told {
		names = append(names, m.Event)
	}
	return strings.Join(names, " ")
}

func TestMonitoringAndPeopleHearOfARunsEnd(t *testing.T) {
	c := newTown(t, map[string]any{"GUARD_TERMINATE_MAX_COUNT": "0"})
	c.addUser("ana@acme.example", "Ana", "Silva")
	c.addUser("bob@acme.example", "Bob", "Sousa")

	calls, told, _ := c.run(t, 3, "sync") // the volume was lost, or never was
	if eventsOf(told) != "failed" || !strings.Contains(told[0].Text, "exit 3: refused: no snapshot") || told[0].Run != "" {
		t.Errorf("without a snapshot: %v %+v", calls, told)
	}
	calls, told, _ = c.run(t, 0, "sync", "--init")
	if got := strings.Join(calls, " "); got != "/hook /metrics/job/tracktik_sync /start /success" || eventsOf(told) != "recovered" {
		t.Errorf("the first run: %s, %+v", got, told)
	}
	if told[0].Counts["create"] != 2 || told[0].Counts["managed"] != 2 || told[0].Portal != c.portal.URL {
		t.Errorf("the first run: %+v", told[0])
	}
	c.wantMetric(t, `tracktik_sync_last_run_exit_code 0`, `tracktik_sync_managed_employees 2`,
		`tracktik_sync_actions{kind="create",outcome="done"} 2`,
		`tracktik_sync_api_requests{code="201",route="POST /employees",system="tracktik"} 2`)

	c.okta.DeactivateUser(c.users["ana@acme.example"])
	_, told, _ = c.run(t, 3, "sync")
	if eventsOf(told) != "guard_refused" || told[0].Approve == "" || !strings.Contains(told[0].Text, "--approve "+told[0].Approve) {
		t.Fatalf("a refusal: %+v", told)
	}
	approve := told[0].Approve
	calls, told, _ = c.run(t, 3, "sync")
	if got := strings.Join(calls, " "); got != "/failure /metrics/job/tracktik_sync /start" || len(told) != 0 {
		t.Errorf("the same again: %s, %+v", got, told)
	}
	c.wantMetric(t, `tracktik_sync_last_run_exit_code 3`, `tracktik_sync_held{code="guard"} 1`, `tracktik_sync_actions{kind="terminate",outcome="held"} 1`)
	if _, told, _ = c.run(t, 0, "sync", "--approve", approve); eventsOf(told) != "recovered" {
		t.Errorf("once it was approved: %+v", told)
	}
	c.wantMetric(t, `tracktik_sync_actions{kind="terminate",outcome="done"} 1`, `tracktik_sync_held{code="guard"} 0`)
}

func TestProblemsAreToldOnceAndWithoutNames(t *testing.T) {
	c := newTown(t, nil)
	c.addUser("ana@acme.example", "Ana", "Silva")
	c.okta.UpdateUser(c.users["ana@acme.example"], map[string]any{"email": "ana at acme.example"})
	_, told, _ := c.run(t, 4, "sync", "--init")
	if eventsOf(told) != "problems_new" || !strings.Contains(told[0].Text, c.users["ana@acme.example"]) || strings.Contains(told[0].Text, "acme.example") {
		t.Errorf("told was %+v", told)
	}
	c.wantMetric(t, `tracktik_sync_problems{code="invalid_value"} 1`)
	calls, told, _ := c.run(t, 4, "sync")
	if got := strings.Join(calls, " "); got != "/metrics/job/tracktik_sync /start /success" || len(told) != 0 {
		t.Errorf("the same again: %s, %+v", got, told)
	}
}

func TestRunsThatFailAreOneMessageAndQuarantineIsOne(t *testing.T) {
	c := newTown(t, nil)
	c.addUser("ana@acme.example", "Ana", "Silva")
	c.run(t, 0, "sync", "--init")
	c.okta.SetAppStatus(c.app, "INACTIVE")
	var all []notify.Message
	for range 5 {
		_, told, _ := c.run(t, 3, "sync")
		all = append(all, told...)
	}
	if eventsOf(all) != "failed" {
		t.Errorf("told was %s", eventsOf(all))
	}
	c.okta.SetAppStatus(c.app, "ACTIVE")
	c.portal.Configure(func(s *tracktiktest.Server) { s.OAuth.Password = "another" })
	c.portal.ExpireTokens()
	c.okta.UpdateUser(c.users["ana@acme.example"], map[string]any{"title": "Chief"})
	all = nil
	for range 3 {
		_, told, _ := c.run(t, 1, "sync")
		all = append(all, told...)
	}
	if eventsOf(all) != "quarantined" {
		t.Errorf("told was %s", eventsOf(all))
	}
	c.wantMetric(t, `tracktik_sync_quarantined{system="tracktik"} 1`, `tracktik_sync_quarantined{system="okta"} 0`)
}

func TestARunForOnePersonSaysNothingOfTheWhole(t *testing.T) {
	c := newTown(t, nil)
	c.addUser("ana@acme.example", "Ana", "Silva")
	c.run(t, 0, "sync", "--init")
	for _, args := range [][]string{{"sync", "--user", "nobody@acme.example"}, {"plan"}} {
		calls, _, _ := c.run(t, map[string]int{"sync": 1, "plan": 0}[args[0]], args...)
		if got := strings.Join(calls, " "); strings.Contains(got, "/hook") || strings.Contains(got, "/start") || strings.Contains(got, "/failure") {
			t.Errorf("%v: %s", args, got)
		}
	}
}

func TestWhoeverCannotBeToldFailsNoRun(t *testing.T) {
	c := newTown(t, map[string]any{"METRICS_TEXTFILE": "/dev/null/nowhere.prom", "NOTIFY_EMAIL_SMTP": "127.0.0.1:1",
		"NOTIFY_EMAIL_FROM": "sync@acme.example", "NOTIFY_EMAIL_TO": "it@acme.example"})
	c.answer = http.StatusForbidden
	c.addUser("ana@acme.example", "Ana", "Silva")
	c.okta.UpdateUser(c.users["ana@acme.example"], map[string]any{"email": "ana at acme.example"})
	_, _, log := c.run(t, 4, "sync", "--init")
	for _, want := range []string{"channel=webhook", "channel=email", "channel=ping.start", "channel=ping.success", "sink=textfile", "sink=pushgateway"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in the log", want)
		}
	}
	if strings.Contains(log, c.web.URL) {
		t.Errorf("the log shows an address that is a secret:\n%s", log)
	}
	_, _, log = c.run(t, 4, "sync")
	if strings.Contains(log, "channel=") {
		t.Errorf("it is said again:\n%s", log)
	}
	if info, err := os.Stat(filepath.Join(c.dir, "tracktik-sync.db.notify")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the record beside the snapshot: %v %v", info, err)
	}
}

func TestTheDigestCountsYesterday(t *testing.T) {
	c := newTown(t, map[string]any{"NOTIFY_DIGEST": "00:00"})
	c.addUser("ana@acme.example", "Ana", "Silva")
	_, told, _ := c.run(t, 0, "sync", "--init")
	if eventsOf(told) != "digest" || told[0].Counts["create"] != 0 || told[0].Counts["managed"] != 1 || told[0].Counts["runs"] != 0 {
		t.Errorf("today is not yesterday: %+v", told)
	}
	if _, told, _ = c.run(t, 0, "sync"); len(told) != 0 {
		t.Errorf("a second time: %+v", told)
	}
}

func TestNotifyTestReportsEachChannel(t *testing.T) {
	c := newTown(t, nil)
	calls, told, _ := c.run(t, 0, "notify", "test")
	if got := strings.Join(calls, " "); got != "/failure /hook /start /success" || eventsOf(told) != "test" {
		t.Errorf("%s, %+v", got, told)
	}
	c.answer = http.StatusNotFound
	if _, _, log := c.run(t, 1, "notify", "test"); !strings.Contains(log, "exit 1: failed (4 of 4 could not be reached)") {
		t.Errorf("it says\n%s", log)
	}
}

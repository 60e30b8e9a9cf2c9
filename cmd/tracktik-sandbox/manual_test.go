package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// An administrator walks through the manual: the configuration, a first run that only
// observes, one that writes, leavers, a refusal, an approval, a restore, a backup.
type administrator struct {
	*testing.T
	program, dir string
	admin        string // address of the sandbox's control calls
	env          []string
	seen         strings.Builder // all that was printed, told by [same]
}

// does runs the program, and answers what it printed.
func (a *administrator) does(args ...string) string {
	a.Helper()
	return a.run(a.Context(), args, nil)
}

// run runs the program as change says, until ctx ends.
func (a *administrator) run(ctx context.Context, args []string, change func(*exec.Cmd)) string {
	a.Helper()
	return a.watch(exec.CommandContext(ctx, a.program, append([]string{"--log-level", "error"}, args...)...), change)
}

// watch runs a command as change says, and notes what it prints.
func (a *administrator) watch(cmd *exec.Cmd, change func(*exec.Cmd)) string {
	a.Helper()
	cmd.Dir = a.dir
	cmd.Env = append(os.Environ(), a.env...)
	if change != nil {
		change(cmd)
	}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		a.Fatal(err)
	}
	a.notes(string(out))
	return string(out)
}

// notes remembers what was printed.
func (a *administrator) notes(text string) {
	for line := range strings.Lines(text) {
		a.seen.WriteString(same(line) + "\n")
	}
}

// happens makes something happen in the sandbox.
func (a *administrator) happens(call string, parameters string) {
	a.Helper()
	values, err := url.ParseQuery(parameters)
	if err != nil {
		a.Fatal(err)
	}
	resp, err := http.PostForm(a.admin+call, values)
	if err != nil {
		a.Fatal(err)
	}
	told, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		a.Fatalf("%s %s: %s, %v", call, parameters, resp.Status, err)
	}
	a.notes(string(told))
}

// status is what `status` says, for the ids that the next command needs.
func (a *administrator) status() (run, hash string) {
	a.Helper()
	var status struct {
		LastRun struct{ ID string } `json:"last_run"`
		Guard   struct{ Approvals []struct{ Hash string } }
	}
	if err := json.Unmarshal([]byte(a.does("status", "--format", "json")), &status); err != nil {
		a.Fatal(err)
	}
	for _, waiting := range status.Guard.Approvals {
		hash = waiting.Hash
	}
	return status.LastRun.ID, hash
}

// The lines of the tutorial that the test does otherwise, as they are typed there.
var (
	comment = regexp.MustCompile(`\s+# .*$`)
	curled  = regexp.MustCompile(`^curl -s -d '([^']*)' http://127\.0\.0\.1:9090(/\w+)$`)
)

// livesTheWeek types what the tutorial says, line by line.
func (a *administrator) livesTheWeek(page string) {
	a.Helper()
	oktaToken(a)
	for _, block := range shown.FindAllStringSubmatch(page, -1) {
		if block[1] != "console" {
			continue
		}
		for line := range strings.Lines(block[2]) {
			if typed, found := strings.CutPrefix(strings.TrimSpace(line), "$ "); found {
				a.types(typed)
			}
		}
	}
}

// types does one line of the tutorial.
func (a *administrator) types(line string) {
	a.Helper()
	said := comment.FindString(line)
	line = strings.TrimSuffix(line, said)
	if strings.Contains(line, "HASH") {
		_, hash := a.status()
		line = strings.ReplaceAll(line, "HASH", hash)
	}
	call := curled.FindStringSubmatch(line)
	switch {
	case call != nil:
		a.happens(call[2], call[1])
	case strings.HasPrefix(line, "tracktik-sandbox "):
		if err := os.Rename(filepath.Join(a.dir, "sandbox.yaml"), filepath.Join(a.dir, "tracktik-sync.yaml")); err != nil {
			a.Fatal(err)
		}
	case strings.Contains(said, "Ctrl-C"):
		a.interrupts("sh", "-c", "exec "+line)
	default:
		a.watch(exec.CommandContext(a.Context(), "sh", "-c", line), nil)
	}
}

// interrupts runs what is interrupted, as from the keyboard, in its middle.
func (a *administrator) interrupts(name string, args ...string) {
	a.Helper()
	ctx, cancel := context.WithCancel(a.Context())
	defer cancel()
	go func() {
		defer cancel()
		for ctx.Err() == nil {
			var n struct{ TrackTik struct{ Writes int } }
			resp, err := http.Get(a.admin + "/requests")
			if err != nil {
				return
			}
			err = json.NewDecoder(resp.Body).Decode(&n)
			if _ = resp.Body.Close(); err != nil || n.TrackTik.Writes > 100 {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	a.watch(exec.CommandContext(ctx, name, args...), func(cmd *exec.Cmd) { cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } })
}

func (a *administrator) keeps(name, secret string) {
	a.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(secret), 0o600); err != nil {
		a.Fatal(err)
	}
}

func (a *administrator) walks(okta, app, tracktik string) {
	a.keeps("okta_token", oktaToken(a))
	a.keeps("client_secret", "simulated-client-secret")
	a.keeps("password", "simulated-password")
	a.does("config", "init", "--okta-org-url", okta, "--okta-app-id", app, "--okta-auth-api-token-file", "okta_token",
		"--tracktik-base-url", tracktik, "--tracktik-auth-client-id", "okta-sync", "--tracktik-auth-client-secret-file", "client_secret",
		"--tracktik-auth-username", "okta.integration", "--tracktik-auth-password-file", "password",
		"--tracktik-termination-reason", "Resigned", "--set", "sync.groups.names=[Post *]")
	for _, command := range []string{"check", "probe --role Guard", "plan", "explain helene.gagne@acme.example", "sync --init", "status", "problems"} {
		a.does(strings.Fields(command)...)
	}
	a.env = append(a.env, "TRACKTIK_SYNC_SYNC_MODE=apply")
	a.does("sync")
	a.happens("/life", "events=3&kinds=deactivate&seed=1")
	a.does("sync")
	ended, _ := a.status()
	a.happens("/life", "events=30&kinds=unassign&seed=2")
	a.does("sync")
	a.does("status")
	_, hash := a.status()
	a.does("sync", "--approve", hash)
	a.does("history", "--kind", "terminate")
	a.does("restore", ended)
	a.does("state", "backup", "before-upgrade.db")
	a.does("state", "restore", "before-upgrade.db")
	a.happens("/faults", "name=okta-empty-list&times=1")
	a.does("sync")
	a.keeps("password", "wrong")
	if err := os.Remove(filepath.Join(a.dir, "tracktik-sync.db.token")); err != nil {
		a.Fatal(err)
	}
	a.happens("/life", "events=2&kinds=title&seed=3")
	a.does("sync")
	a.does("status")
	a.env = append(a.env, `TRACKTIK_SYNC_SYNC_ATTRIBUTES={primaryPhone: [], jobTitle: {create_only: true, sources: [user.title], cel: "groups.exists(g, g == 'Post Supervisor') ? 'Supervisor' : ''"}}`)
	a.does("explain", "somchai.saithong@acme.example")
}

// oktaToken is in the configuration that the sandbox writes.
func oktaToken(a *administrator) string {
	a.Helper()
	resp, err := http.Get(a.admin + "/config")
	if err != nil {
		a.Fatal(err)
	}
	defer resp.Body.Close()
	path := filepath.Join(a.dir, "sandbox.yaml")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		a.Fatal(err)
	}
	if _, err := f.ReadFrom(resp.Body); err != nil {
		a.Fatal(err)
	}
	if err := f.Close(); err != nil {
		a.Fatal(err)
	}
	return load(a.T, path).Okta.Auth.APIToken.Reveal()
}

// What differs from one walk to the next, and from a machine to another.
var differences = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`\d{8}T\d{6}Z-\d+`), "RUN"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:]+Z`), "TIME"},
	{regexp.MustCompile(`\b00[ug]\w{17}\b`), "ID"},
	{regexp.MustCompile(`\b([0-9a-f]{32}|[0-9a-f]{12})\b`), "HASH"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ms|s)\b`), "DURATION"},
	{regexp.MustCompile(`\bemployee \d+\b`), "employee N"},
	{regexp.MustCompile(`\b\d+ requests? to Okta and \d+ to TrackTik`), "N requests"},
	{regexp.MustCompile(`\b\d+ of \d+ actions`), "N of M actions"},
	{regexp.MustCompile(`\b\d+ actions left`), "N actions left"},
	{regexp.MustCompile(`before-restore-\w+`), "before-restore-TIME"},
	{regexp.MustCompile(`by \S+ \([a-z]+\), run`), "by SOMEBODY, run"},
	{regexp.MustCompile(`\b\d+ of 1000000`), "N of 1000000"},
	{regexp.MustCompile(`\S*/(tracktik-sync\.(yaml|db))`), "$1"},
	{regexp.MustCompile(`\s+`), " "},
}

// same tells a line without what differs.
func same(line string) string {
	for _, d := range differences {
		line = d.what.ReplaceAllString(line, d.by)
	}
	return strings.TrimSpace(line)
}

// saw reports whether a line was printed; … stands for what is left out.
func (a *administrator) saw(line string) bool {
	for part := range strings.SplitSeq(line, "…") {
		if !strings.Contains(a.seen.String(), same(part)) {
			return false
		}
	}
	return true
}

var shown = regexp.MustCompile("(?ms)^ *```([a-z]*)\n(.*?)\n *```$")

// TestManualShowsWhatTheProgramPrints walks through the manual and holds each line of
// output on its pages to what was printed. What is no output of the program's stands
// in blocks of another language there.
func TestManualShowsWhatTheProgramPrints(t *testing.T) {
	if testing.Short() {
		t.Skip("builds tracktik-sync")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "tracktik-sync")
	if out, err := exec.Command("go", "build", "-o", program, "tracktik-sync/cmd/tracktik-sync").CombinedOutput(); err != nil {
		t.Fatalf("building tracktik-sync: %v\n%s", err, out)
	}
	r := begin(t, "--seed", "1")
	defer r.end(t)
	a := &administrator{T: t, program: program, dir: dir, admin: strings.TrimSuffix(r.ready.Admin, "/")}
	a.env = []string{"TRACKTIK_SYNC_TRACKTIK_MAX_REQUESTS_PER_MINUTE=0"}
	a.walks(r.ready.Okta, r.ready.AppID, r.ready.TrackTik)
	tutorial, err := os.ReadFile("../../configs/docs/first-week.md")
	if err != nil {
		t.Fatal(err)
	}
	many := begin(t, "--seed", "1", "--people", "3000")
	defer many.end(t)
	b := &administrator{T: t, program: program, dir: t.TempDir(), admin: strings.TrimSuffix(many.ready.Admin, "/")}
	b.env = []string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), "TRACKTIK_SYNC_LOG_LEVEL=error"}
	b.livesTheWeek(string(tutorial))
	a.seen.WriteString(b.seen.String())

	pages, err := filepath.Glob("../../configs/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, page := range pages {
		if filepath.Base(page) == "moving-over.md" {
			continue // it shows a portal with an incumbent; testdata/script/moving_over.txt walks that path
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range shown.FindAllStringSubmatch(string(text), -1) {
			if block[1] != "" && block[1] != "console" {
				continue
			}
			for line := range strings.Lines(block[2]) {
				if strings.HasPrefix(strings.TrimSpace(line), "$ ") {
					continue
				}
				lines++
				if !a.saw(line) {
					t.Errorf("%s shows what the program does not print: %s", filepath.Base(page), strings.TrimSpace(line))
				}
			}
		}
	}
	if lines < 40 {
		t.Errorf("%d lines of output were found: the pages are not read as they are written", lines)
	}
}

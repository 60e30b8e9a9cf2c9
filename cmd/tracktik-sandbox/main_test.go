package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"

	"tracktik-sync/configs"
)

// TestMain lets the test program be a tracktik-sync that does nothing and is content
// with it, for demonstrations that have to fail.
func TestMain(m *testing.M) {
	if code := os.Getenv("SANDBOX_TEST_IDLE_SYNC"); code != "" {
		fmt.Println("nothing to do:", strings.Join(os.Args[1:], " "))
		if code != "0" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A running sandbox is one that was started by the command line.
type running struct {
	stop  context.CancelFunc
	code  chan int
	ready struct {
		Okta, TrackTik, Admin, Config string
		AppID                         string `json:"app_id"`
	}
	stdout bytes.Buffer // to be read after the end
	stderr bytes.Buffer
}

func begin(t *testing.T, args ...string) *running {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ready.json")
	ctx, stop := context.WithCancel(t.Context())
	r := &running{stop: stop, code: make(chan int, 1)}
	go func() {
		r.code <- run(ctx, append(args, "--ready-file", file), strings.NewReader(""), &r.stdout, &r.stderr)
	}()
	for {
		data, err := os.ReadFile(file)
		if err == nil {
			if err := json.Unmarshal(data, &r.ready); err != nil {
				t.Fatalf("the ready file is not whole: %q", data)
			}
			return r
		}
		select {
		case code := <-r.code:
			t.Fatalf("ended with %d: %s", code, r.stderr.String())
		case <-time.After(time.Millisecond):
		}
	}
}

func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	if code := <-r.code; code != 0 {
		t.Errorf("ended with %d: %s", code, r.stderr.String())
	}
}

// load reads a configuration as tracktik-sync does.
func load(t *testing.T, path string) *configs.Config {
	t.Helper()
	c, warnings, err := configs.Load(configs.Options{Path: path, Env: []string{}})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("loading %s: %v, warnings %v", path, err, warnings)
	}
	return c
}

func TestPrintedConfigurationLoads(t *testing.T) {
	for _, grant := range []string{"password", "refresh_token", "authorization_code"} {
		t.Run(grant, func(t *testing.T) {
			r := begin(t, "--people", "20", "--groups", "5", "--grant", grant)
			r.end(t)
			path := filepath.Join(t.TempDir(), "printed.yaml")
			if err := os.WriteFile(path, r.stdout.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			c := load(t, path)
			if c.Okta.OrgURL != r.ready.Okta || c.TrackTik.BaseURL != r.ready.TrackTik || c.Okta.AppID != r.ready.AppID ||
				c.TrackTik.MaxRequestsPerMinute != 0 || c.TrackTik.Auth.Grant != grant {
				t.Errorf("loaded %+v", c)
			}
		})
	}
}

func TestConfigurationIsThereOnceServersAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.yaml")
	r := begin(t, "--people", "250", "--write-config", path)
	c := load(t, path)
	if c.Guard.Limits["create"].MaxCount != -1 {
		t.Errorf("250 people, and at most %d creates", c.Guard.Limits["create"].MaxCount)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for _, url := range []string{c.Okta.OrgURL + "/.well-known/okta-organization", r.ready.Admin + "/", r.ready.Admin + "/config"} {
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %s, %v", url, answer.Status, err)
		}
		if written, err := os.ReadFile(path); strings.HasSuffix(url, "/config") && (err != nil || !bytes.Equal(body, written)) {
			t.Errorf("GET /config differs from the file: %s", body)
		}
	}
	r.end(t)
	if r.stdout.Len() > 0 {
		t.Errorf("printed besides: %s", r.stdout.String())
	}
}

func TestUsageErrorsExitWith2(t *testing.T) {
	for _, args := range [][]string{{"--people", "many"}, {"--groups", "1"}, {"--grant", "magic"}, {"dance"}, {"demo"}, {"demo", "--sync", "x", "--okta-rate-limit", "-1"}} {
		var stderr bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), io.Discard, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%v: exit %d, %q", args, code, stderr.String())
		}
	}
}

func TestFailuresExitWith1AndSayWhere(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no", "such", "place.yaml")
	for _, args := range [][]string{{"--people", "0", "--write-config", missing}, {"--okta-addr", "127.0.0.1:-1"}, {"demo", "--sync", missing}} {
		var stderr bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), io.Discard, &stderr); code != 1 || !strings.Contains(stderr.String(), args[len(args)-1]) {
			t.Errorf("%v: exit %d, %q", args, code, stderr.String())
		}
	}
}

func TestDemoFailsWhenNothingIsSynced(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, exit := range []string{"0", "1"} {
		t.Setenv("SANDBOX_TEST_IDLE_SYNC", exit)
		var stdout, stderr bytes.Buffer
		dir := t.TempDir()
		code := run(t.Context(), []string{"demo", "--sync", self, "--people", "60", "--dir", dir}, strings.NewReader(""), &stdout, &stderr)
		out := stdout.String()
		if code != 1 || !strings.Contains(out, "✗") || !strings.Contains(out, "is in scope as") || !strings.Contains(stderr.String(), dir) {
			t.Errorf("exit %d: %s\n%s", code, out, stderr.String())
		}
		if named := strings.Contains(out, "ended with exit code 1"); named != (exit == "1") {
			t.Errorf("the program exits with %s, and that is said: %t", exit, named)
		}
	}
}

// An audience reads a demonstration, and leaves when it is told that the page stays open.
type audience struct {
	bytes.Buffer
	leave func(page string)
}

func (a *audience) Write(text []byte) (int, error) {
	n, err := a.Buffer.Write(text)
	if _, page, open := strings.Cut(string(text), "stays open until Ctrl-C: "); open {
		a.leave(strings.TrimSpace(page))
	}
	return n, err
}

func TestVersionIsThatOfTheBuild(t *testing.T) {
	var stdout bytes.Buffer
	if code := run(t.Context(), []string{"--version"}, strings.NewReader(""), &stdout, io.Discard); code != 0 || stdout.String() != "tracktik-sandbox devel\n" {
		t.Errorf("exit %d, %q", code, stdout.String())
	}
}

// TestDemoOfTheProgram is the demonstration as users see it, and as those who stay to look
// at its page.
func TestDemoOfTheProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds tracktik-sync")
	}
	program := built(t)
	t.Setenv("DEMO_STAY", "1")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	stayed := false
	stdout := audience{leave: func(page string) {
		answer, err := http.Get(page)
		if err == nil {
			stayed = answer.StatusCode == http.StatusOK
			answer.Body.Close()
		}
		leave()
	}}
	var stderr bytes.Buffer
	code := run(ctx, []string{"demo", "--sync", program, "--seed", "3"}, strings.NewReader(""), &stdout, &stderr)
	if !stayed {
		t.Error("the page did not stay open")
	}
	if code != 0 {
		t.Fatalf("exit %d: %s\n%s", code, stdout.String(), stderr.String())
	}
	for _, said := range []string{"0 writes by the second sync", "Day 7", "All as it should be"} {
		if !strings.Contains(stdout.String(), said) {
			t.Errorf("it does not say %q", said)
		}
	}
	for line := range strings.Lines(stdout.String()) {
		if width := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); width > 100 {
			t.Errorf("%d columns: %s", width, line)
		}
	}
}

// built is the program, built anew.
func built(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tracktik-sync")
	if out, err := exec.Command("go", "build", "-o", program, "tracktik-sync/cmd/tracktik-sync").CombinedOutput(); err != nil {
		t.Fatalf("building tracktik-sync: %v\n%s", err, out)
	}
	return program
}

func TestOutputIsFoldedAndBroken(t *testing.T) {
	seen := map[string]bool{"a": true, "b": true}
	if got := fold([]string{"a", "b", "a", "new", "a", "b", "a", "b", "end"}, seen); !slices.Equal(got, []string{"a", "b", "a", "new", "… 4 lines as before …", "end"}) {
		t.Errorf("folded: %q", got)
	}
	if got := hang("  one two three 渡邉 four", 16); !slices.Equal(got, []string{"  one two", "      three 渡邉", "      four"}) {
		t.Errorf("broken: %q", got)
	}
	long := slices.Repeat([]string{"x"}, 100)
	if got := middleless(long); len(got) != headLines+tailLines+1 || got[headLines] != fmt.Sprintf("… %d more lines …", 100-headLines-tailLines) {
		t.Errorf("shortened: %q", got)
	}
}

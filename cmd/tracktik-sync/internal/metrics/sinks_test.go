package metrics

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"tracktik-sync/sync/plan"
)

func nothingSet(string) string { return "" }

func TestTextfileIsWholeAndReadableByAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tracktik_sync.prom")
	sinks := Sinks{Textfile: path, Getenv: nothingSet}
	want := text(t, Registry(full()))
	if errs := sinks.Send(t.Context(), full(), nil); errs != nil {
		t.Fatal(errs)
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != want {
				t.Errorf("read %d: %d of %d bytes, %v", i, len(got), len(want), err)
				return
			}
		}
	})
	for range 50 {
		if errs := sinks.Send(t.Context(), full(), nil); errs != nil {
			t.Error(errs)
		}
	}
	close(done)
	wg.Wait()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("node_exporter is another user: %v %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A collector takes what is sent to it, and answers with status.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	status   int
}

func receive(t *testing.T, status int) *receiver {
	t.Helper()
	r := &receiver{status: status}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.requests, r.bodies = append(r.requests, request), append(r.bodies, string(body))
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) withPassword() string {
	return strings.Replace(r.URL, "http://", "http://pusher:geheim@", 1)
}

func TestPushReplacesTheJobsGroup(t *testing.T) {
	gateway := receive(t, http.StatusOK)
	sinks := Sinks{Pushgateway: gateway.withPassword() + "/", Job: "tracktik_sync", Getenv: nothingSet}
	if errs := sinks.Send(t.Context(), full(), nil); errs != nil {
		t.Fatal(errs)
	}
	if len(gateway.requests) != 1 {
		t.Fatalf("%d requests", len(gateway.requests))
	}
	r := gateway.requests[0]
	user, password, _ := r.BasicAuth()
	if r.Method != http.MethodPut || r.URL.Path != "/metrics/job/tracktik_sync" || user != "pusher" || password != "geheim" {
		t.Errorf("%s %s as %s", r.Method, r.URL.Path, user)
	}
	decoder := expfmt.NewDecoder(strings.NewReader(gateway.bodies[0]), expfmt.Format(r.Header.Get("Content-Type")))
	var samples model.Vector
	if err := (&expfmt.SampleDecoder{Dec: decoder, Opts: &expfmt.DecodeOptions{Timestamp: model.Now()}}).Decode(&samples); err != nil || len(samples) == 0 {
		t.Errorf("the body cannot be read: %v", err)
	}
}

func TestASinkThatIsDownStopsNoOtherAndShowsNoSecret(t *testing.T) {
	refusing := receive(t, http.StatusInternalServerError)
	gone := receive(t, http.StatusOK)
	gone.Close()
	for name, gateway := range map[string]*receiver{"refusing": refusing, "gone": gone} {
		dir := t.TempDir()
		sinks := Sinks{Textfile: filepath.Join(dir, "x.prom"), Pushgateway: gateway.withPassword(), Job: "j", Getenv: nothingSet}
		errs := sinks.Send(t.Context(), full(), nil)
		if len(errs) != 1 || errs[0].Sink != "pushgateway" {
			t.Fatalf("%s: %v", name, errs)
		}
		if text := errs[0].Error(); strings.Contains(text, "geheim") || strings.Contains(text, "/metrics/") {
			t.Errorf("%s: the error shows the address: %s", name, text)
		}
		if _, err := os.Stat(sinks.Textfile); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		sinks.Textfile = filepath.Join(dir, "missing", "x.prom")
		if errs := sinks.Send(t.Context(), full(), nil); len(errs) != 2 {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestASlowSinkIsNotWaitedFor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	released := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel() // the run's patience ends here
		<-released
	}))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(released) })
	if errs := (Sinks{Pushgateway: slow.URL, Job: "j", Getenv: nothingSet}).Send(ctx, full(), nil); len(errs) != 1 {
		t.Errorf("%v", errs)
	}
}

func TestNothingIsSentWhereNothingIsConfigured(t *testing.T) {
	if errs := (Sinks{Getenv: nothingSet}).Send(t.Context(), full(), nil); errs != nil {
		t.Error(errs)
	}
}

// unbegun are the values of a run that could not begin.
func unbegun() Values {
	at := time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC)
	return Values{Version: "1.2.3", Portal: "portal.example:8443", Run: plan.RunRecord{Started: at, Ended: at, ExitCode: 2}, Unbegun: true}
}

// TestARunThatDidNotBeginKeepsWhatIsLeft: only what is known of it is new.
func TestARunThatDidNotBeginKeepsWhatIsLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sync.prom")
	sinks := Sinks{Textfile: path, Getenv: nothingSet}
	for name, before := range map[string]string{"nothing": "", "a run": text(t, Registry(full())), "no textfile": "{half"} {
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if before == "" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		if errs := sinks.Send(t.Context(), unbegun(), nil); errs != nil {
			t.Fatal(errs)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		after := withoutPortal.ReplaceAllString(string(data), "")
		for _, line := range []string{"tracktik_sync_last_run_exit_code 2\n", "tracktik_sync_last_run_timestamp_seconds 1.7955036e+09\n", `tracktik_sync_build_info{version="1.2.3"} 1` + "\n"} {
			if strings.Count(after, line) != 1 {
				t.Errorf("after %s there is no %q in\n%s", name, line, after)
			}
		}
		for line := range strings.Lines(withoutPortal.ReplaceAllString(before, "")) {
			if name == "a run" && !strings.Contains(line, "last_run_") && !strings.Contains(line, "build_info") && !strings.Contains(after, line) {
				t.Errorf("%q is gone", line)
			}
		}
		if strings.Contains(after, "last_success") != (name == "a run") {
			t.Errorf("after %s the last success is\n%s", name, after)
		}
	}
}

func TestARunThatDidNotBeginReplacesNothingAtThePushgateway(t *testing.T) {
	gateway := receive(t, http.StatusOK)
	sinks := Sinks{Pushgateway: gateway.URL, Job: "guards", Getenv: nothingSet}
	if errs := sinks.Send(t.Context(), unbegun(), nil); errs != nil {
		t.Fatal(errs)
	}
	if errs := sinks.Send(t.Context(), full(), nil); errs != nil {
		t.Fatal(errs)
	}
	if gateway.requests[0].Method != http.MethodPost || gateway.requests[1].Method != http.MethodPut {
		t.Errorf("it was asked by %s and %s", gateway.requests[0].Method, gateway.requests[1].Method)
	}
}

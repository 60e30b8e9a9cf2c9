package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A lane is a town in which two people are managed and the System Log was read once.
func newLane(t *testing.T, more map[string]any) *office {
	t.Helper()
	all := map[string]any{"METRICS_PUSHGATEWAY": "", "NOTIFY_WEBHOOK_URL_FILE": "", "NOTIFY_PING_START": "",
		"NOTIFY_PING_SUCCESS": "", "NOTIFY_PING_FAILURE": "", "METRICS_TEXTFILE": ""}
	for key, value := range more {
		all[key] = value
	}
	o := &office{town: newTown(t, all), TB: t}
	o.addUser("ana@acme.example", "Ana", "Silva")
	o.addUser("bob@acme.example", "Bob", "Stone")
	o.must(0, "sync", "--init")
	o.must(0, "sync", "--events")
	return o
}

// gate holds the first request to a path until it is opened; reached is closed when the
// request is there.
func (o *office) gate(path string) (reached <-chan struct{}, open func()) {
	there, wait := make(chan struct{}), make(chan struct{})
	var once sync.Once
	o.okta.Configure(func(s *oktatest.Server) {
		s.Intercept = oktatest.On(path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			once.Do(func() { close(there) })
			<-wait
			next.ServeHTTP(w, r)
		})
	})
	return there, sync.OnceFunc(func() { close(wait) })
}

// follow starts a process that logs everything, and calls seen once it says text.
func (o *office) follow(text string, seen func(), args ...string) *exec.Cmd {
	o.Helper()
	cmd, _ := o.command(args...)
	cmd.Args = append(cmd.Args, "--log-level", "info")
	cmd.Stdout, cmd.Stderr = nil, nil
	pipe, err := cmd.StderrPipe()
	if err = errors.Join(err, cmd.Start()); err != nil {
		o.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(pipe)
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				seen()
			}
		}
		_, _ = io.Copy(io.Discard, pipe)
	}()
	return cmd
}

func TestWholeRunThatIsDueWaitsForAPoll(t *testing.T) {
	o := newLane(t, nil)
	o.okta.DeactivateUser(o.users["ana@acme.example"])
	reached, open := o.gate("/api/v1/logs")
	poll, said := o.command("sync", "--events")
	if err := poll.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	whole := o.follow("waiting for a look", open, "sync")
	if code := exitOf(whole.Wait()); code != 0 {
		t.Errorf("the whole run ended with %d", code)
	}
	open()
	if code := exitOf(poll.Wait()); code != 0 {
		t.Errorf("the poll ended with %d:\n%s", code, said)
	}
	if n := o.portal.Count("POST", "/employees/*/actions/terminate"); n != 1 {
		t.Errorf("one leaver was ended by %d calls", n)
	}
	o.wantNothingLost()
}

func TestPollGivesWayToAWholeRunWithoutAWord(t *testing.T) {
	o := newLane(t, nil)
	o.okta.DeactivateUser(o.users["ana@acme.example"])
	reached, open := o.gate("/api/v1/apps/*/users")
	whole, said := o.command("sync")
	if err := whole.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	if text := o.must(5, "-q", "sync", "--events"); text != "" {
		t.Errorf("the poll says %q", text)
	}
	if text := o.must(5, "sync", "--events"); !strings.Contains(text, "in use by `sync`") {
		t.Errorf("without -q the poll does not say who is active: %q", text)
	}
	open()
	if code := exitOf(whole.Wait()); code != 0 {
		t.Errorf("the whole run ended with %d:\n%s", code, said)
	}
	o.must(0, "sync", "--events")
	if n := o.portal.Count("POST", "/employees/*/actions/terminate"); n != 1 {
		t.Errorf("one leaver was ended by %d calls", n)
	}
	o.wantNothingLost()
}

func TestOfTwoPollsOneGivesWay(t *testing.T) {
	o := newLane(t, nil)
	o.okta.DeactivateUser(o.users["ana@acme.example"])
	reached, open := o.gate("/api/v1/logs")
	first, said := o.command("sync", "--events")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	if text := o.must(5, "-q", "sync", "--events"); text != "" {
		t.Errorf("the second poll says %q", text)
	}
	open()
	if code := exitOf(first.Wait()); code != 0 {
		t.Errorf("the first poll ended with %d:\n%s", code, said)
	}
	var ended int
	for _, e := range o.portal.Employees() {
		if e.Status == tracktiktest.Terminated {
			ended++
		}
	}
	if ended != 1 {
		t.Errorf("%d people are terminated, want 1", ended)
	}
	o.wantNothingLost()
}

// Wherever a poll's process is killed, the next ones end the leaver and make the new one,
// once, and the history says so once.
func TestKilledPollIsMadeGoodByTheNext(t *testing.T) {
	for name, at := range map[string]struct {
		okta   string
		portal tracktiktest.Match
	}{
		"at the log":                 {okta: "/api/v1/logs"},
		"at a look-up":               {okta: "/api/v1/users/*"},
		"at the termination":         {portal: tracktiktest.Match{Method: "POST", Path: "/employees/*/actions/terminate"}},
		"at the making of a new one": {portal: tracktiktest.Match{Method: "POST", Path: "/employees"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newLane(t, nil)
			o.okta.DeactivateUser(o.users["ana@acme.example"])
			o.addUser("eve@acme.example", "Eve", "Moss")
			there := make(chan struct{})
			var once sync.Once
			killed := make(chan struct{})
			hold := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				next.ServeHTTP(httptest.NewRecorder(), r) // it takes effect, and nobody hears of it
				once.Do(func() { close(there) })
				<-killed
			}
			if at.okta != "" {
				o.okta.Configure(func(s *oktatest.Server) { s.Intercept = oktatest.On(at.okta, hold) })
			} else {
				o.portal.Configure(func(s *tracktiktest.Server) { s.Intercept = tracktiktest.When(at.portal, hold) })
			}
			poll, _ := o.command("sync", "--events")
			if err := poll.Start(); err != nil {
				t.Fatal(err)
			}
			<-there
			if err := poll.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = poll.Wait() // killed
			close(killed)
			o.okta.Configure(func(s *oktatest.Server) { s.Intercept = nil })
			o.portal.Configure(func(s *tracktiktest.Server) { s.Intercept = nil })
			for range 3 {
				o.must(0, "-q", "sync", "--events")
			}
			if n := o.count(tracktiktest.Terminated); n != 1 {
				t.Errorf("%d people are terminated, want 1", n)
			}
			if n := o.count(tracktiktest.Active); n != 2 {
				t.Errorf("%d people are active, want 2", n)
			}
			for kind, login := range map[string]string{"terminate": "ana@acme.example", "create": "eve@acme.example"} {
				text := o.must(0, "history", login, "--kind", kind, "--format", "json")
				if n := strings.Count(text, `"outcome":"done"`) + strings.Count(text, `"outcome":"found"`); n != 1 {
					t.Errorf("the history has %d of %s:\n%s", n, kind, text)
				}
			}
			o.wantNothingLost()
		})
	}
}

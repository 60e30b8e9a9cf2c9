//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/tracktik/tracktiktest"
)

// A stall is a place in which the first create waits in the portal until it is let go:
// the middle of a run.
type stall struct {
	*place
	reached, letGo chan struct{}
}

func newStall(t *testing.T) *stall {
	s := &stall{newPlace(t, "TRACKTIK_MAX_CONCURRENCY=1"), make(chan struct{}), make(chan struct{})}
	for i := range 3 {
		s.addUser(fmt.Sprintf("p%d@acme.example", i), "Person", fmt.Sprintf("Number%d", i))
	}
	s.must(t, "state", "init")
	var first sync.Once
	stalls := tracktiktest.When(tracktiktest.Match{Method: "POST", Path: "/employees"}, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		first.Do(func() {
			close(s.reached)
			<-s.letGo
		})
		next.ServeHTTP(w, r)
	})
	s.portal.Configure(func(p *tracktiktest.Server) { p.Intercept = stalls })
	return s
}

// heard is what the program says when it was asked to end.
const heard = "nothing new is begun"

// TestEverySignalThatAsksToEndIsHeard: what is in flight is finished, nothing new begun,
// and the run recorded, also when the word is said twice by machines.
func TestEverySignalThatAsksToEndIsHeard(t *testing.T) {
	for name, signals := range map[string][]syscall.Signal{
		"TERM": {syscall.SIGTERM}, "INT": {syscall.SIGINT}, "QUIT": {syscall.SIGQUIT}, "HUP": {syscall.SIGHUP},
		"closed session":    {syscall.SIGHUP, syscall.SIGHUP},
		"timeout, to group": {syscall.SIGTERM, syscall.SIGTERM},
		"systemd":           {syscall.SIGTERM, syscall.SIGHUP},
		"terminal closed":   {syscall.SIGINT, syscall.SIGHUP},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStall(t)
			b := start(t, "tracktik-sync", "sync")
			<-s.reached
			for _, sig := range signals {
				if err := b.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				await(t, func() bool { return strings.Contains(b.log.String(), heard) || exited(b.Process.Pid) })
			}
			close(s.letGo)
			b.ends(t, tsync.ExitFailed)
			if last := lastLine(b.log.String()); !strings.HasPrefix(last, "exit 1: cut short (") || !strings.Contains(last, "1 of 3") {
				t.Errorf("the last line is %q", last)
			}
			if n := s.count(tracktiktest.Active); n != 1 {
				t.Errorf("%d people were created", n)
			}
			if r := s.lastRun(t); r.ExitCode != tsync.ExitFailed || r.Done["create"] != 1 {
				t.Errorf("the run is recorded as %+v", r)
			}
			s.must(t, "sync")
			if n := s.count(tracktiktest.Active); n != 3 {
				t.Errorf("%d people after the next run", n)
			}
		})
	}
}

// TestEveryCommandThatWaitsForASystemIsCutShort: in the same words.
func TestEveryCommandThatWaitsForASystemIsCutShort(t *testing.T) {
	p := newPlace(t)
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.must(t, "sync", "--init")
	reached := make(chan struct{}, 100)
	p.okta.Configure(func(s *oktatest.Server) {
		s.Intercept = func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			reached <- struct{}{}
			<-r.Context().Done()
		}
	})
	for _, args := range [][]string{{"plan"}, {"check"}, {"compare"}, {"explain", "new@acme.example"}, {"sync", "--dry-run"}, {"sync"}, {"retry", "new@acme.example"}, {"run"}} {
		t.Setenv("TRACKTIK_SYNC_SCHEDULE_CRON", "@every 1s")
		b := start(t, "tracktik-sync", args...)
		<-reached
		if err := b.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if args[0] == "run" { // is meant to end so
			b.ends(t, tsync.ExitDone)
			continue
		}
		b.ends(t, tsync.ExitFailed)
		if last := lastLine(b.log.String()); !strings.HasPrefix(last, "exit 1: cut short (") {
			t.Errorf("%v ends with %q", args, last)
		}
		for len(reached) > 0 {
			<-reached
		}
	}
}

// TestASecondInterruptEndsAtOnce: who sits at the keyboard need not wait.
func TestASecondInterruptEndsAtOnce(t *testing.T) {
	s := newStall(t)
	defer close(s.letGo)
	b := start(t, "tracktik-sync", "sync")
	<-s.reached
	if err := b.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return strings.Contains(b.log.String(), heard) })
	await(t, func() bool { return b.Process.Signal(syscall.SIGINT) != nil || exited(b.Process.Pid) })
	_ = b.Wait()
	if status := b.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v", b.ProcessState)
	}
}

// TestASignalBeforeTheRunIsHeard: it comes while the configuration is read.
func TestASignalBeforeTheRunIsHeard(t *testing.T) {
	p := newPlace(t)
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.must(t, "state", "init")
	if err := syscall.Mkfifo("slow.yaml", 0o600); err != nil {
		t.Fatal(err)
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		b := start(t, "tracktik-sync", "--config", "slow.yaml", "sync")
		file, err := os.OpenFile("slow.yaml", os.O_WRONLY, 0) // waits for the reader
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		await(t, func() bool { return strings.Contains(b.log.String(), heard) || exited(b.Process.Pid) })
		if _, err := io.WriteString(file, "log: {level: info}\n"); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		b.ends(t, tsync.ExitFailed)
		if last := lastLine(b.log.String()); !strings.HasPrefix(last, "exit 1: cut short (the run was told to end") {
			t.Errorf("after %v the last line is %q", sig, last)
		}
		if r := p.lastRun(t); r.ExitCode != tsync.ExitFailed {
			t.Errorf("after %v the run is recorded as %+v", sig, r)
		}
	}
	if p.portal.Writes() != 0 {
		t.Error("something was written")
	}
}

// TestASignalThatIsNotToBeHeardIsNot: of nohup, and of a job in the background.
func TestASignalThatIsNotToBeHeardIsNot(t *testing.T) {
	s := newStall(t)
	b := start(t, "sh", "-c", `trap "" HUP INT; exec tracktik-sync sync`)
	<-s.reached
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if err := b.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	close(s.letGo)
	b.ends(t, tsync.ExitDone)
	if n := s.count(tracktiktest.Active); n != 3 {
		t.Errorf("%d people were created", n)
	}
}

// TestWhoReadsNoFurtherEndsNoRun: the pipes of both outputs break in its middle.
func TestWhoReadsNoFurtherEndsNoRun(t *testing.T) {
	for _, command := range []string{"sync", "run"} {
		t.Run(command, func(t *testing.T) {
			t.Setenv("TRACKTIK_SYNC_SCHEDULE_CRON", "@hourly")
			s := newStall(t)
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			b := &background{Cmd: exec.CommandContext(t.Context(), "tracktik-sync", "--log-level", "trace", command)}
			b.Stdout, b.Stderr = write, write
			if err := b.Start(); err != nil {
				t.Fatal(err)
			}
			_ = write.Close()
			<-s.reached
			_ = read.Close()
			close(s.letGo)
			if command == "run" {
				await(t, func() bool { return s.count(tracktiktest.Active) == 3 })
				await(t, func() bool { return exited(b.Process.Pid) || strings.Contains(s.status(t), `"create":3`) })
				if err := b.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
			b.ends(t, tsync.ExitDone)
			if r := s.lastRun(t); r.ExitCode != tsync.ExitDone || r.Done["create"] != 3 {
				t.Errorf("the run is recorded as %+v", r)
			}
		})
	}
}

// TestWhoReadsNoFurtherIsNoFailure: `history | head` has what it wanted.
func TestWhoReadsNoFurtherIsNoFailure(t *testing.T) {
	p := newPlace(t)
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.must(t, "sync", "--init")
	for _, args := range [][]string{{"history"}, {"status"}, {"access", "--format", "csv"}, {"state", "export"}, {"plan", "--format", "json"},
		{"report", "last"}, {"config", "show"}, {"check"}, {"version"}} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_ = read.Close()
		b := &background{Cmd: exec.CommandContext(t.Context(), "tracktik-sync", append([]string{"--log-level", "error"}, args...)...)}
		b.Stdout, b.Stderr = write, &b.log
		if err := b.Start(); err != nil {
			t.Fatal(err)
		}
		_ = write.Close()
		b.ends(t, tsync.ExitDone)
		if said := b.log.String(); said != "" {
			t.Errorf("%v says %q", args, said)
		}
	}
}

// TestNoDiskForTheOutputIsAFailure: that nobody reads is not the same as that nothing
// could be written.
func TestNoDiskForTheOutputIsAFailure(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	defer full.Close()
	p := newPlace(t)
	p.must(t, "sync", "--init")
	b := &background{Cmd: exec.CommandContext(t.Context(), "tracktik-sync", "status")}
	b.Stdout, b.Stderr = full, &b.log
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	b.ends(t, tsync.ExitFailed)
}

// exited reports that a process of ours has ended.
func exited(pid int) bool { return strings.HasPrefix(procField(pid, "State"), "Z") }

// procField is a line of a process's status.
func procField(pid int, name string) string {
	data, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "status"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

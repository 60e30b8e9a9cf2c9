package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// These benchmarks run the built program against the sandbox in a process of its own,
// so that memory and time are the program's alone. Peak memory is the process's own (VmHWM),
// own time is user and system time.

// BenchmarkPlan prints what a first run would do, as text: some three actions a person.
func BenchmarkPlan(b *testing.B) {
	for _, people := range []int{10_000, 33_000, 100_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			s := startSandbox(b, people, people/50)
			for b.Loop() {
				run, _ := s.call(b, "plan")
				run.report(b)
			}
		})
	}
}

// BenchmarkFirstRun creates everybody and grants all roles.
func BenchmarkFirstRun(b *testing.B) {
	for _, people := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			for range b.N {
				s := startSandbox(b, people, people/50)
				s.sync(b, "--init").report(b)
			}
		})
	}
}

// BenchmarkCycle is the run that happens every quarter of an hour, when nothing has changed,
// and when that was so of one person in a hundred.
func BenchmarkCycle(b *testing.B) {
	for _, people := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			s := startSandbox(b, people, people/50)
			s.sync(b, "--init")
			s.settle(b)
			b.Run("nothing changed", s.noChange)
			b.Run("1 percent changed", func(b *testing.B) {
				b.Setenv("TRACKTIK_SYNC_GUARD_TERMINATE_MAX_COUNT", "-1") // a third of them leave
				b.Setenv("TRACKTIK_SYNC_GUARD_TERMINATE_MAX_PER_DAY", "-1")
				for range b.N {
					s.post(b, fmt.Sprintf("/life?events=%d&kinds=hire,deactivate,unassign,title,phone,rename", people/100))
					run := s.sync(b)
					if run.writes == 0 {
						b.Fatal("no write by a run in which people had changed")
					}
					run.report(b)
				}
			})
		})
	}
}

func (s *sandbox) noChange(b *testing.B) {
	for b.Loop() {
		run := s.sync(b)
		if run.writes != 0 {
			b.Fatalf("%d writes by a run in which nothing changed", run.writes)
		}
		run.report(b)
	}
}

// BenchmarkDistantPortal is a first run of 1,000 people when every call to TrackTik and
// Okta takes 20 ms.
func BenchmarkDistantPortal(b *testing.B) {
	for range b.N {
		s := startSandbox(b, 1_000, 20)
		s.post(b, "/faults?name=okta-distant")
		s.post(b, "/faults?name=tracktik-distant")
		s.sync(b, "--init").report(b)
	}
}

// A sandbox is both simulators in a process.
type sandbox struct {
	program, config, admin string
	made                   time.Time // by when all memberships were made
}

// settle makes the run that reads all members once more: a stamp that is younger than a
// minute is not trusted.
func (s *sandbox) settle(b *testing.B) {
	b.Helper()
	time.Sleep(time.Until(s.made.Add(time.Minute + time.Second)))
	s.sync(b)
}

func startSandbox(b *testing.B, people, groups int) *sandbox {
	b.Helper()
	dir := b.TempDir()
	build := exec.Command("go", "build", "-o", dir, "tracktik-sync/cmd/tracktik-sync", "tracktik-sync/cmd/tracktik-sandbox")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	s := &sandbox{program: filepath.Join(dir, "tracktik-sync"), config: filepath.Join(dir, "sync.yaml")}
	ready := filepath.Join(dir, "ready")
	server := exec.Command(filepath.Join(dir, "tracktik-sandbox"), "--people", fmt.Sprint(people), "--groups", fmt.Sprint(groups),
		"--write-config", s.config, "--ready-file", ready)
	server.Stdout, server.Stderr = io.Discard, os.Stderr
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	})
	for range 6000 { // a million people take some minutes
		if data, err := os.ReadFile(ready); err == nil {
			var addresses struct{ Admin string }
			if err := json.Unmarshal(data, &addresses); err != nil {
				b.Fatal(err)
			}
			s.admin, s.made = addresses.Admin, time.Now()
			return s
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Fatal("the sandbox did not start within ten minutes")
	return nil
}

func (s *sandbox) post(b *testing.B, path string) {
	b.Helper()
	answer, err := http.Post(s.admin+path, "", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		b.Fatalf("%s: %s", path, text)
	}
}

// A measured run is what one call of the program took.
type measured struct {
	took, own        time.Duration
	peak             int64 // KiB
	okta, tt, writes int
}

func (s *sandbox) sync(b *testing.B, args ...string) measured {
	b.Helper()
	m, out := s.call(b, append([]string{"sync", "--format", "json"}, args...)...)
	var doc struct {
		Result struct {
			Done     map[string]int
			Requests struct{ Okta, TrackTik int }
		}
	}
	if err := json.NewDecoder(out).Decode(&doc); err != nil {
		b.Fatal(err)
	}
	m.okta, m.tt = doc.Result.Requests.Okta, doc.Result.Requests.TrackTik
	for kind, n := range doc.Result.Done {
		if kind != "adopt" && kind != "link_role" {
			m.writes += n
		}
	}
	return m
}

// call runs one command, and returns what it printed.
func (s *sandbox) call(b *testing.B, args ...string) (measured, *bytes.Buffer) {
	b.Helper()
	run := exec.Command(s.program, append([]string{"--config", s.config, "--log-level", "error"}, args...)...)
	var out, talk bytes.Buffer
	run.Stdout, run.Stderr = &out, &talk
	began := time.Now()
	if err := run.Start(); err != nil {
		b.Fatal(err)
	}
	peak := watchPeak(run.Process.Pid)
	err := run.Wait()
	took := time.Since(began)
	if code := run.ProcessState.ExitCode(); code != 0 && code != 4 {
		b.Fatalf("%v\n%s", err, talk.String())
	}
	return measured{took: took, own: run.ProcessState.UserTime() + run.ProcessState.SystemTime(), peak: peak()}, &out
}

func (m measured) report(b *testing.B) {
	b.ReportMetric(m.took.Seconds(), "s/run")
	b.ReportMetric(m.own.Seconds(), "own-s/run")
	b.ReportMetric(float64(m.peak)/1024, "peak-MB")
	if m.okta > 0 {
		b.ReportMetric(float64(m.okta), "okta-requests")
		b.ReportMetric(float64(m.tt), "tracktik-requests")
	}
	if m.writes > 0 {
		b.ReportMetric(m.own.Seconds()*1000/float64(m.writes), "own-ms/write")
	}
}

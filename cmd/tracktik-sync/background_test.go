package main

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// A background is a process of the program.
type background struct {
	*exec.Cmd
	out, log transcript
}

// A transcript is what a process has said so far.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until something is so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came so")
		}
	}
}

func start(t *testing.T, name string, args ...string) *background {
	t.Helper()
	b := &background{Cmd: exec.CommandContext(t.Context(), name, args...)}
	b.Env, b.Stdout, b.Stderr = append(os.Environ(), "GORACE="+raceOptions), &b.out, &b.log
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	return b
}

// ends waits for the process, and wants that exit code.
func (b *background) ends(t *testing.T, want int) {
	t.Helper()
	if got := exitOf(b.Wait()); got != want {
		t.Errorf("%v ended with %d (%v), want %d:\n%s", b.Args, got, b.ProcessState, want, b.log.String())
	}
}

// status is the document of `status`, whatever the exit code.
func (p *place) status(t *testing.T) string {
	t.Helper()
	_, out, _ := p.call(t, "status", "--format", "json")
	return out
}

// lastRun is what the snapshot says of the last run.
func (p *place) lastRun(t *testing.T) plan.RunRecord {
	t.Helper()
	db, err := state.Open("tracktik-sync.db", state.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	runs, err := db.Runs(1)
	if err != nil || len(runs) == 0 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	return runs[0]
}

package ui

import (
	"bytes"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// A lockedBuffer is a terminal.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func TestLinesOfTheLogStandByThemselves(t *testing.T) {
	var screen lockedBuffer
	p := NewProgress(&screen, false)
	p.Phase("apply", 10)
	p.Add(3)
	if _, err := p.Write([]byte("level=info msg=one\n")); err != nil {
		t.Fatal(err)
	}
	p.Add(1)
	p.Done()
	text := screen.b.String()
	before, _, found := strings.Cut(text, "level=info msg=one\n")
	if !found || !strings.HasSuffix(before, "\r") && !strings.HasSuffix(before, "\x1b[2K") && strings.Trim(before[strings.LastIndexByte(before, '\r')+1:], " ") != "" {
		t.Errorf("the line of the log follows %q", before)
	}
}

func TestProgressMayBeToldMoreThanWasAnnounced(t *testing.T) {
	var screen lockedBuffer
	p := NewProgress(&screen, false)
	p.Add(1) // before any phase
	p.Phase("read", 2)
	p.Add(5)
	p.Phase("count", 0)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { p.Add(1) })
	}
	group.Wait()
	p.Done()
	p.Done()
	if !strings.Contains(screen.b.String(), "count") {
		t.Errorf("the screen shows %q", screen.b.String())
	}
}

func TestAPhaseCannotControlTheTerminal(t *testing.T) {
	var screen lockedBuffer
	p := NewProgress(&screen, false)
	p.Phase("apply \x1b]0;title\x07", 2)
	p.Add(1)
	p.Done()
	if strings.Contains(screen.b.String(), "\x1b]0;") {
		t.Errorf("the screen shows %q", screen.b.String())
	}
}

func TestNothingIsDrawnBySomethingThatIsOver(t *testing.T) {
	var screen lockedBuffer
	p := NewProgress(&screen, false)
	for range 20 {
		p.Phase("reading", 0) // its total is not known: a spinner
		p.Add(1)
	}
	p.Done()
	before := runtime.NumGoroutine()
	for range 20 {
		p.Phase("reading", 0)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d spinners turn by themselves", after-before)
	}
}

package console

import (
	"bytes"
	"errors"
	"syscall"
	"testing"
)

// TestAReaderWhoQuitsHoldsNothingUp: more is written than a pipe has room for, and the reader
// has gone, which Data takes for what it is.
func TestAReaderWhoQuitsHoldsNothingUp(t *testing.T) {
	var shown bytes.Buffer
	p := &pagingWriter{out: &shown, command: []string{"head", "-n", "1"}, rows: 3}
	line := bytes.Repeat([]byte("a long history\n"), 1000)
	var err error
	for range 1000 {
		if _, err = p.Write(line); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.EPIPE) {
		t.Fatalf("writing ended with %v", err)
	}
	if err := p.end(); err != nil || shown.String() != "a long history\n" {
		t.Errorf("the end is %v, and %d bytes were shown", err, shown.Len())
	}
}

package ui

import (
	"bytes"
	"strings"
	"testing"
)

func TestColumnsAlignWhateverTheScript(t *testing.T) {
	var out bytes.Buffer
	table := NewTable(&out, Plain)
	table.Row("a", "x")
	table.Row("李小龍", "x")
	table.Row("Zoë", "x")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if at := Width(line[:strings.IndexByte(line, 'x')]); at != 8 {
			t.Errorf("the second column of %q begins at %d", line, at)
		}
	}
}

func TestALongLastCellWidensNothing(t *testing.T) {
	var out bytes.Buffer
	table := NewTable(&out, Plain)
	table.Row("a", strings.Repeat("long ", 50))
	table.Row("b", "c", "d")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), "\nb  c  d\n") {
		t.Errorf("got %q", out.String())
	}
}

func TestAnAlarmIsRed(t *testing.T) {
	var out bytes.Buffer
	table := NewTable(&out, Colour)
	table.Alarm("guard", "refused")
	if err := table.Flush(); err != nil || out.String() != "\x1b[1;31mguard  refused\x1b[0m\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

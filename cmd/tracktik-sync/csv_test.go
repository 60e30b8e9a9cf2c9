package main

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/console"
	tsync "tracktik-sync/sync"
)

// csvCommands are the commands with --format csv.
func csvCommands() (names []string) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if f := cmd.Flags().Lookup("format"); f != nil && strings.Contains(f.Value.Type(), "csv") {
			names = append(names, strings.TrimPrefix(cmd.CommandPath(), console.ProgramName+" "))
		}
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(newRoot(newApp(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})))
	return names
}

// Excel takes a file without a byte order mark for one of an old code page.
func TestEveryCSVCanBeMadeForExcel(t *testing.T) {
	p := newPlace(t, "SYNC_GROUPS_NAMES=*")
	p.addUser("eva@acme.example", "Éva", "=HYPERLINK(\"https://evil.example\")")
	p.addMembers("=1+1", []string{"eva@acme.example"})
	p.must(t, "sync", "--init")
	p.addUser("bo@acme.example", "Bo", "=2+3") // of whom a plan has a row
	names := csvCommands()
	for _, name := range []string{"access", "compare", "history"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s has no CSV", name)
		}
	}
	for _, name := range names {
		words := strings.Fields(name)
		if name == "find" {
			words = append(words, "eva")
		}
		args := append(slices.Clone(words), "--format", "csv")
		plain, _ := p.must(t, args...)
		marked, _ := p.must(t, append(args, "--bom")...)
		if strings.HasPrefix(plain, notepad) || marked != notepad+plain {
			t.Errorf("%s --bom is not the same with a mark in front:\n%q\n%q", name, marked, plain)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(marked, notepad))).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
		if name == "access" && !slices.Contains(slices.Concat(rows...), "'=1+1") {
			t.Errorf("access does not show the role as text: %q", rows)
		}
		for _, cell := range slices.Concat(rows...) {
			if strings.HasPrefix(cell, "=") {
				t.Errorf("%s has the formula %q", name, cell)
			}
		}
		code, stdout, stderr := p.call(t, append(slices.Clone(words), "--format", "json", "--bom")...)
		if code != tsync.ExitUsage || strings.HasPrefix(stdout, notepad) || !strings.Contains(stderr, "--bom") {
			t.Errorf("%s as JSON with a mark ends with %d: %s%s", name, code, stdout, stderr)
		}
	}
}

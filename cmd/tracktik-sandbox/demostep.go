package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rivo/uniseg"
)

const (
	columns   = 96 // what is printed is no wider
	headLines = 22 // of an output that is too long to be shown whole
	tailLines = 14
	longest   = 5 * time.Minute // for one command
)

// exits are the exit codes of tracktik-sync that are right. 4 says that it is done
// and that some people have problems, as some here are meant to have.
type exits []int

// step runs tracktik-sync and shows what it says. An exit code that is not right
// is an expectation that does not hold; only a program that cannot be run at all
// ends the demonstration.
func (d *demo) step(ctx context.Context, right exits, args ...string) error {
	d.steps++
	d.stack.control.ResetRequests()
	fmt.Fprintf(d.out, "\n  $ tracktik-sync %s\n", strings.Join(args, " "))

	ctx, stop := context.WithTimeout(ctx, longest)
	defer stop()
	cmd := exec.CommandContext(ctx, d.sync, append([]string{"--config", configName, "--no-color", "--log-level", "error"}, args...)...)
	cmd.Dir, cmd.Env = d.dir, d.environment()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 15 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		return fmt.Errorf("running %s: %w", d.sync, err)
	}
	took, code := time.Since(began), cmd.ProcessState.ExitCode()
	d.keep(args[0], stdout.Bytes(), stderr.Bytes())
	d.print(stdout.String())
	d.print(stderr.String())

	r := d.stack.control.Requests()
	fmt.Fprintf(d.out, "  exit %d after %s; requests: Okta %d, TrackTik %d, writes %d\n", code, took.Round(10*time.Millisecond),
		r.Okta.Total, r.TrackTik.Total, r.TrackTik.Attempted)
	if !slices.Contains(right, code) {
		d.fail("tracktik-sync %s ended with exit code %d", strings.Join(args, " "), code)
	}
	return ctx.Err()
}

// environment is the process's own without settings for tracktik-sync, which would
// beat the configuration.
func (d *demo) environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TRACKTIK_SYNC_") })
}

// keep writes the whole output down. Not being able to spoils nothing.
func (d *demo) keep(name string, stdout, stderr []byte) {
	dir := filepath.Join(d.dir, "output")
	err := os.MkdirAll(dir, 0o700)
	for suffix, data := range map[string][]byte{"out": stdout, "err": stderr} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d-%s.%s", d.steps, name, suffix)), data, 0o600)
		}
	}
	if err != nil {
		d.say("!", "the output was not kept: "+err.Error())
	}
}

// print shows an output, indented and without the middle of a long one.
func (d *demo) print(text string) {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return
	}
	lines := strings.Split(text, "\n")
	if left := len(lines) - headLines - tailLines; left > 3 {
		lines = slices.Concat(lines[:headLines], []string{fmt.Sprintf("… %d more lines …", left)}, lines[len(lines)-tailLines:])
	}
	for _, line := range lines {
		fmt.Fprintln(d.out, strings.TrimRight("  │ "+clip(line, columns-4), " "))
	}
}

func (d *demo) heading(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(d.out, "\n── %s %s\n", text, strings.Repeat("─", max(3, columns-4-uniseg.StringWidth(text))))
}

// say prints a sentence behind a sign, broken into lines.
func (d *demo) say(sign, text string) {
	first := "  " + sign + " "
	for _, line := range wrap(text, columns-4) {
		fmt.Fprintln(d.out, first+line)
		first = "    "
	}
}

// clip cuts a line that is too wide, by what terminals make of it.
func clip(line string, width int) string {
	line = strings.ReplaceAll(line, "\t", "    ")
	if uniseg.StringWidth(line) <= width {
		return line
	}
	var b strings.Builder
	room := width - 1
	for g := uniseg.NewGraphemes(line); g.Next(); {
		if room -= g.Width(); room < 0 {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && uniseg.StringWidth(line)+1+uniseg.StringWidth(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

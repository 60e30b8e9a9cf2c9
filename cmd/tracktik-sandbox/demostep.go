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
	d.print(stdout.String(), d.said)
	d.print(stderr.String(), nil)
	d.said = map[string]bool{}
	for line := range strings.SplitSeq(stdout.String(), "\n") {
		d.said[line] = true
	}

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

// print shows an output, indented, broken into lines, without what the step before
// said as well, and without the middle of a long one.
func (d *demo) print(text string, seen map[string]bool) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if text = lines[0]; text == "" && len(lines) == 1 {
		return
	}
	if len(lines) > 200 {
		lines = fold(middleless(lines), seen) // what is new would be all over the place
	} else {
		lines = middleless(fold(lines, seen))
	}
	for _, line := range lines {
		for _, part := range hang(line, columns-4) {
			fmt.Fprintln(d.out, strings.TrimRight("  │ "+part, " "))
		}
	}
}

// middleless leaves the middle of a long text out.
func middleless(lines []string) []string {
	left := len(lines) - headLines - tailLines
	if left < 4 {
		return lines
	}
	return slices.Concat(lines[:headLines], []string{fmt.Sprintf("… %d more lines …", left)}, lines[len(lines)-tailLines:])
}

// fold puts one line in the place of several in a row that were seen before.
func fold(lines []string, seen map[string]bool) []string {
	var out []string
	for i := 0; i < len(lines); {
		n := 0
		for i+n < len(lines) && seen[lines[i+n]] {
			n++
		}
		if n < 4 {
			out = append(out, lines[i:i+max(n, 1)]...)
		} else {
			out = append(out, fmt.Sprintf("… %d lines as before …", n))
		}
		i += max(n, 1)
	}
	return out
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

// hang breaks a line that is too wide, by what terminals make of it, and indents
// what comes after.
func hang(line string, width int) []string {
	line = strings.ReplaceAll(line, "\t", "    ")
	if uniseg.StringWidth(line) <= width {
		return []string{line}
	}
	rest := strings.TrimLeft(line, " ")
	indent := line[:min(len(line)-len(rest), width/2)]
	parts := wrap(rest, width-len(indent)-4)
	for i := range parts {
		if i > 0 {
			parts[i] = "    " + parts[i]
		}
		parts[i] = indent + parts[i]
	}
	return parts
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

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"golang.org/x/term"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
)

// A terminal is the three streams of the program, and the person at them, if there is one.
type terminal struct {
	stdin  *bufio.Reader
	stdout io.Writer // data
	stderr io.Writer // talk
	// asks says that somebody sits at a terminal and can be asked.
	asks bool
	// terminal says which of our streams is one.
	outTerminal, errTerminal bool

	quiet    bool // say nothing unless something changed, is held, or failed
	plain    bool // no colours, also on a terminal
	bom      bool // stdout begins with a byte order mark
	answered bool // something was written to stdout

	spelling *console // nil: whoever reads a message can give its commands here
}

func newTerminal(stdin io.Reader, stdout, stderr io.Writer, spelling *console) terminal {
	t := terminal{stdin: bufio.NewReader(stdin), stdout: stdout, stderr: stderr, spelling: spelling,
		outTerminal: isTerminal(stdout), errTerminal: isTerminal(stderr)}
	t.asks = isTerminal(stdin) && t.errTerminal
	if spelling != nil {
		t.stderr = &promptWriter{spelling, stderr}
	}
	return t
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// setColours honours https://no-color.org besides the flag.
func (t *terminal) setColours(none bool, getenv func(string) string) {
	t.plain = none || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb"
}

// style is how stdout may be coloured.
func (t *terminal) style() ui.Style { return ui.Style(t.outTerminal && !t.plain) }

// data writes what the command was asked for to stdout. That nobody reads to its end is
// no failure.
func (t *terminal) data(write func(w io.Writer) error) error {
	t.answered = true
	w := bufio.NewWriterSize(t.stdout, 64<<10)
	if t.bom {
		_, _ = w.WriteString("\ufeff") // what goes wrong is kept for Flush
	}
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if errors.Is(err, syscall.EPIPE) { // whoever read it has gone, with what they wanted
		return nil
	}
	return err
}

// talk writes what is for people to stdout: commands in it are as they can be given.
func (t *terminal) talk(write func(w io.Writer) error) error {
	return t.data(t.spelling.spelled(write))
}

// tell prints one line of data.
func (t *terminal) tell(format string, args ...any) error {
	return t.talk(func(w io.Writer) error {
		_, err := fmt.Fprintln(w, ui.Safe(fmt.Sprintf(format, args...)))
		return err
	})
}

// say prints what was done, unless -q.
func (t *terminal) say(format string, args ...any) error {
	if t.quiet {
		return nil
	}
	return t.tell(format, args...)
}

// ask puts a question on stderr; only yes is yes.
func (t *terminal) ask(ctx context.Context, question string) bool {
	fmt.Fprint(t.stderr, question)
	answer, err := t.readLine(ctx)
	answer = strings.ToLower(strings.TrimSpace(answer))
	return err == nil && (answer == "y" || answer == "yes")
}

// readLine reads what somebody types, or until ctx ends. The end of the input is
// an empty line.
func (t *terminal) readLine(ctx context.Context) (string, error) {
	lines := make(chan string, 1)
	go func() {
		line, _ := t.stdin.ReadString('\n')
		lines <- line
	}()
	select {
	case line := <-lines:
		return line, nil
	case <-ctx.Done():
		fmt.Fprintln(t.stderr)
		return "", ctx.Err()
	}
}

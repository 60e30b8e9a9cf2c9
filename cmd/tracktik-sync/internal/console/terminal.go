// Package console is where people meet the program: the three streams and who sits at
// them, and how the commands in a text can be given from where the text is read, which in
// a cluster is outside of the pod.
package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
)

// A Terminal is the three streams of the program, and the person at them, if there is one.
type Terminal struct {
	Stdin  *bufio.Reader
	Stdout io.Writer // data
	Stderr io.Writer // talk
	// asks says that somebody sits at a terminal and can be asked.
	Asks bool
	// which of the two streams is a terminal
	OutTerminal, ErrTerminal bool

	Quiet    bool // say nothing unless something changed, is held, or failed
	Plain    bool // no colours, also on a terminal
	Bom      bool // stdout begins with a byte order mark
	Answered bool // something was written to stdout

	Pages bool           // what is longer than the screen goes through a pager
	Pager string         // its command; empty: the default
	Zone  *time.Location // of whoever sits at a terminal; nil: UTC

	stderr   *os.File // nil: stderr is no terminal
	spelling *Console // nil: whoever reads a message can give its commands here
}

// NewTerminal takes over the streams of the program.
func NewTerminal(stdin io.Reader, stdout, stderr io.Writer, spelling *Console) Terminal {
	t := Terminal{Stdin: bufio.NewReader(stdin), Stdout: stdout, Stderr: stderr, spelling: spelling,
		OutTerminal: isTerminal(stdout), ErrTerminal: isTerminal(stderr)}
	t.Asks = isTerminal(stdin) && t.ErrTerminal
	t.stderr, _ = stderr.(*os.File)
	if spelling != nil {
		t.Stderr = &promptWriter{spelling, stderr}
	}
	return t
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// SetColours honours https://no-color.org besides the flag.
func (t *Terminal) SetColours(none bool, getenv func(string) string) {
	t.Plain = none || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb"
}

// Style is how stdout may be coloured.
func (t *Terminal) Style() ui.Style { return ui.Style(t.OutTerminal && !t.Plain) }

// screen is what stdout is shown on.
func (t *Terminal) screen() ui.Screen { return t.screenOf(t.Stdout, t.OutTerminal) }

func (t *Terminal) screenOf(stream io.Writer, terminal bool) ui.Screen {
	f, ok := stream.(*os.File)
	if !terminal || !ok {
		return ui.Screen{}
	}
	screen := ui.Screen{Zone: t.Zone}
	if width, height, err := term.GetSize(int(f.Fd())); err == nil {
		screen.Width, screen.Height = width, height
	}
	return screen
}

// Data writes what the command was asked for to stdout. That nobody reads to its end is
// no failure.
func (t *Terminal) Data(write func(w io.Writer) error) error {
	t.Answered = true
	err := t.paged(func(out io.Writer) error {
		w := bufio.NewWriterSize(out, 64<<10)
		if t.Bom {
			_, _ = w.WriteString("\ufeff") // what goes wrong is kept for Flush
		}
		if err := write(w); err != nil {
			return err
		}
		return w.Flush()
	})
	if errors.Is(err, syscall.EPIPE) { // whoever read it has gone, with what they wanted
		return nil
	}
	return err
}

// Talk writes what is for people to stdout: commands in it are as they can be given, and on a
// terminal lines and times as they are read there.
func (t *Terminal) Talk(write func(w io.Writer) error) error {
	return t.Data(laid(t.screen(), t.spelling.Spelled(write)))
}

// Lines writes a text to stdout as it fits there.
func (t *Terminal) Lines(text string) error {
	return t.Data(laid(ui.Screen{Width: t.screen().Width}, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}))
}

// Record writes what programs may read, as it is but for the commands in it.
func (t *Terminal) Record(write func(w io.Writer) error) error {
	return t.Data(t.spelling.Spelled(write))
}

// LogTo writes lines of the log to w. On a terminal no word of them is broken; their times
// stay in UTC, and JSON is for machines.
func (t *Terminal) LogTo(w io.Writer) io.Writer { return logWriter{t, w} }

type logWriter struct {
	terminal *Terminal
	w        io.Writer
}

func (l logWriter) Write(p []byte) (int, error) {
	screen := ui.Screen{Width: l.terminal.screenOf(l.terminal.stderr, l.terminal.ErrTerminal).Width}
	line := strings.TrimSuffix(string(p), "\n")
	if screen.Width == 0 || line == "" || strings.HasPrefix(line, "{") {
		return l.w.Write(p)
	}
	_, err := io.WriteString(l.w, screen.Lay(line)+"\n")
	return len(p), err
}

// Explain writes a line of talk to stderr.
func (t *Terminal) Explain(line string) {
	fmt.Fprintln(t.Stderr, t.screenOf(t.stderr, t.ErrTerminal).Lay(line))
}

// Tell prints one line of data.
func (t *Terminal) Tell(format string, args ...any) error {
	return t.Talk(func(w io.Writer) error {
		_, err := fmt.Fprintln(w, ui.Safe(fmt.Sprintf(format, args...)))
		return err
	})
}

// Say prints what was done, unless -q.
func (t *Terminal) Say(format string, args ...any) error {
	if t.Quiet {
		return nil
	}
	return t.Tell(format, args...)
}

// Ask puts a question on stderr; only yes is yes.
func (t *Terminal) Ask(ctx context.Context, question string) bool {
	fmt.Fprint(t.Stderr, question)
	answer, err := t.ReadLine(ctx)
	answer = strings.ToLower(strings.TrimSpace(answer))
	return err == nil && (answer == "y" || answer == "yes")
}

// ReadLine reads what somebody types, or until ctx ends. The end of the input is
// an empty line.
func (t *Terminal) ReadLine(ctx context.Context) (string, error) {
	line, err := t.ReadAnswer(ctx)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return line, err
}

// ReadAnswer is ReadLine, and says with io.EOF that nobody will type any more.
func (t *Terminal) ReadAnswer(ctx context.Context) (string, error) {
	type typed struct {
		line string
		err  error
	}
	lines := make(chan typed, 1)
	go func() {
		line, err := t.Stdin.ReadString('\n')
		if err != nil && line != "" { // the last one has no end
			err = nil
		}
		lines <- typed{line, err}
	}()
	select {
	case got := <-lines:
		return got.line, got.err
	case <-ctx.Done():
		fmt.Fprintln(t.Stderr)
		return "", ctx.Err()
	}
}

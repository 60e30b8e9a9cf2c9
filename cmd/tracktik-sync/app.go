package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
)

// An app is what the commands of one invocation share: streams, clock, logger
// and the flags that all of them take.
type app struct {
	stdin  *bufio.Reader
	stdout io.Writer // data
	stderr io.Writer // talk

	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
	getenv func(string) string
	// asks says that somebody sits at a terminal and can be asked.
	asks bool
	// terminal says which of our streams is one.
	outTerminal, errTerminal bool

	flags     globalFlags
	console   *console // nil: whoever reads a message can give its commands here
	log       *logrus.Logger
	runField  *runField
	progress  *ui.Progress // nil: no terminal to show it on
	command   string       // "sync", "state init"
	document  bool         // one JSON document is wanted on stdout
	bom       bool         // stdout begins with a byte order mark
	answered  bool         // something was written to stdout
	started   bool         // a command has begun: its errors are not about usage
	shown     bool         // the plan was printed already, to ask about it
	declined  bool         // somebody was asked, and said no
	whole     bool         // the run is about everybody: its end says how things stand
	scheduled *time.Time   // when `run` syncs next; nil: it is not `run`
}

// globalFlags are the flags of every command.
type globalFlags struct {
	config    string
	logFormat choice
	logLevel  choice
	noColor   bool
	quiet     bool
}

func (f *globalFlags) register(flags *pflag.FlagSet) {
	f.logFormat = choice{allowed: []string{"text", "json"}}
	f.logLevel = choice{allowed: []string{"trace", "debug", "info", "warn", "warning", "error"}}
	flags.StringVar(&f.config, "config", "", "configuration `FILE` (default: "+configs.EnvConfig+", ./"+configs.DefaultFile+", "+configs.SystemFile+")")
	flags.Var(&f.logFormat, "log-format", "form of the log on stderr")
	flags.Var(&f.logLevel, "log-level", "least level of the log")
	flags.BoolVar(&f.noColor, "no-color", false, "no colours, also on a terminal")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "say nothing unless something changed, is held, or failed")
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	a := &app{
		stdin:       bufio.NewReader(stdin),
		stdout:      stdout,
		stderr:      stderr,
		now:         time.Now,
		sleep:       sleep,
		getenv:      os.Getenv,
		outTerminal: isTerminal(stdout),
		errTerminal: isTerminal(stderr),
		log:         logrus.New(),
		runField:    &runField{},
	}
	a.asks = isTerminal(stdin) && a.errTerminal
	if a.console = consoleOf(a.getenv); a.console != nil {
		a.stderr = &promptWriter{a.console, stderr}
	}
	a.log.SetOutput(a.stderr)
	a.log.AddHook(a.runField)
	return a
}

// begin notes that cobra is done with the command line.
func (a *app) begin(cmd *cobra.Command) error {
	a.started = true
	a.command = strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
	format, bom := "", cmd.Flags().Lookup("bom")
	if f := cmd.Flags().Lookup("format"); f != nil {
		format = f.Value.String()
	}
	a.document = format == "json" && a.command != "history" // which has one a line
	a.bom = bom != nil && bom.Value.String() == "true"
	a.setUpLog(configs.Log{Level: "info", Format: "text"})
	if a.bom && format != "csv" {
		return usage("--bom is for --format csv alone: nothing else is opened by Excel")
	}
	return nil
}

// load reads the configuration and sets up the log as it says. The configuration
// comes with an error too, as far as there is one.
func (a *app) load() (*configs.Config, error) {
	cfg, warnings, err := configs.Load(configs.Options{Path: a.flags.config, Checks: checks})
	if cfg != nil {
		a.setUpLog(cfg.Log)
	}
	for _, w := range warnings {
		a.log.WithField("finding", w.String()).Warn("the configuration works, and is likely not what was meant")
	}
	return cfg, err
}

// data writes what the command was asked for to stdout. That nobody reads to its end is
// no failure.
func (a *app) data(write func(w io.Writer) error) error {
	a.answered = true
	w := bufio.NewWriterSize(a.stdout, 64<<10)
	if a.bom {
		_, _ = w.WriteString("\ufeff") // what goes wrong is kept for Flush
	}
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if nobodyReads(err) {
		return nil
	}
	return err
}

// talk writes what is for people to stdout: commands in it are as they can be given.
func (a *app) talk(write func(w io.Writer) error) error { return a.data(a.console.spelled(write)) }

// style is how stdout may be coloured.
func (a *app) style() ui.Style { return ui.Style(a.outTerminal && a.mayColour()) }

// mayColour honours https://no-color.org besides the flag.
func (a *app) mayColour() bool {
	return !a.flags.noColor && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// sleep waits; it returns early, with the context's error, when that ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

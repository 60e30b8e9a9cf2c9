package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tracktik-sync/cmd/tracktik-sync/internal/console"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// An app is what the commands of one call of the program share: what they work with,
// the streams, and the flags that all of them take.
type app struct {
	wiring.Invocation
	console.Terminal
	flags    globalFlags
	bar      *ui.Progress // nil: no terminal to show it on
	document bool         // one JSON document is wanted on stdout
	before   ui.Known     // what the last run had of held actions and problems
	silent   bool         // with -q: the run has nothing to say
	refused  bool         // what the guards refuse was shown in full
	started  bool         // a command has begun: its errors are not about usage
}

// globalFlags are the flags of every command that are no part of the app's other values.
type globalFlags struct {
	logFormat choice
	logLevel  choice
	noColor   bool
	noPager   bool
}

func (a *app) registerFlags(flags *pflag.FlagSet) {
	a.flags.logFormat = choice{allowed: []string{"text", "json"}}
	a.flags.logLevel = choice{allowed: []string{"trace", "debug", "info", "warn", "warning", "error"}}
	flags.StringVar(&a.File, "config", "",
		"configuration `FILE` (default: "+configs.EnvConfig+", ./"+configs.DefaultFile+", "+configs.SystemFile+")")
	flags.Var(&a.flags.logFormat, "log-format", "form of the log on stderr")
	flags.Var(&a.flags.logLevel, "log-level", "least `LEVEL` of the log: trace, debug, info, warn or error")
	flags.BoolVar(&a.flags.noColor, "no-color", false, "no colours, also on a terminal")
	flags.BoolVar(&a.flags.noPager, "no-pager", false, "do not show long output page by page on a terminal")
	flags.BoolVarP(&a.Quiet, "quiet", "q", false,
		"say only what is new: done, or held, refused, wrong or failed since the last run")
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	pod := console.Of(os.Getenv)
	a := &app{Terminal: console.NewTerminal(stdin, stdout, stderr, pod)}
	a.Invocation = wiring.Invocation{Version: version, Now: time.Now, Sleep: wiring.Sleep, Getenv: os.Getenv, Console: pod,
		Log: logrus.New()}
	a.Log.SetOutput(a.LogTo(a.Stderr))
	a.Log.AddHook(&a.RunField)
	return a
}

// paged are the commands whose output may be longer than a screen, and that do nothing else
// meanwhile.
var paged = []string{"plan", "status", "problems", "compare", "explain", "history", "access", "report", "find", "check"}

// begin notes that cobra is done with the command line.
func (a *app) begin(cmd *cobra.Command) error {
	a.started = true
	a.Command = strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
	a.Logging = wiring.Logging{Format: a.flags.logFormat.value, Level: a.flags.logLevel.value, Quiet: a.Quiet}
	a.SetColours(a.flags.noColor, a.Getenv)
	a.Pages, a.Pager = !a.flags.noPager && slices.Contains(paged, cmd.Name()), a.Getenv("PAGER")
	if a.Getenv("TZ") != "" {
		a.Zone = time.Local
	}
	format, bom := "", cmd.Flags().Lookup("bom")
	if f := cmd.Flags().Lookup("format"); f != nil {
		format = f.Value.String()
	}
	a.document = format == "json" && a.Command != "history" // which has one a line
	a.Bom = bom != nil && bom.Value.String() == "true"
	a.SetUpLog(configs.Log{Level: "info", Format: "text"})
	if a.Bom && format != "csv" {
		return usage("--bom is for --format csv alone: nothing else is opened by Excel")
	}
	return nil
}

// load reads the configuration, sets up the log as it says, and logs what is doubtful in
// it. The configuration comes with an error too, as far as there is one.
func (a *app) load() (*configs.Config, error) {
	cfg, warnings, err := a.Configuration()
	if zone, zoneErr := zoneOf(cfg); a.Zone == nil && zoneErr == nil {
		a.Zone = zone
	}
	for _, w := range warnings {
		a.Log.WithField("finding", w.String()).Warn("the configuration is valid, but probably not what you meant")
	}
	return cfg, err
}

// zoneOf is the zone of schedule.timezone.
func zoneOf(cfg *configs.Config) (*time.Location, error) {
	if cfg == nil {
		return time.UTC, nil
	}
	return time.LoadLocation(cfg.Schedule.Timezone)
}

// configured is a command that begins with a configuration that is in order.
func (a *app) configured(do func(ctx context.Context, cfg *configs.Config, args []string) error) func(*cobra.Command,
	[]string) error {
	return func(cmd *cobra.Command, args []string) error {
		cfg, err := a.load()
		if err != nil {
			return err
		}
		return do(cmd.Context(), cfg, args)
	}
}

// show prints v as JSON, or for people as write does.
func (a *app) show(format string, v any, write func(io.Writer) error) error {
	if format == "json" {
		return a.Record(func(w io.Writer) error { return ui.WriteJSON(w, v) })
	}
	return a.Talk(write)
}

// showProgress shows progress while a run is under way, where somebody can see it. The
// log goes through it, so that its lines and the bar do not mix; the bar takes the
// place of the routine lines, unless --log-level asks for them.
func (a *app) showProgress() (stop func()) {
	if !a.ErrTerminal || a.Quiet {
		return func() {}
	}
	a.bar = ui.NewProgress(a.Stderr, !a.Plain)
	a.Progress = a.bar
	a.Log.SetOutput(a.LogTo(a.bar))
	level, form := a.Log.GetLevel(), a.Log.Formatter
	if a.Logging.Level == "" {
		a.Log.SetLevel(min(level, logrus.WarnLevel)) // the greater, the more is said
	}
	if a.Logging.Level == "" && a.Scheduled == nil {
		a.Log.SetFormatter(withoutActions{form}) // the result shows them below
	}
	return func() {
		a.bar.Done()
		a.bar, a.Progress = nil, nil
		a.Log.SetOutput(a.LogTo(a.Stderr))
		a.Log.SetLevel(level)
		a.Log.SetFormatter(form)
	}
}

// withoutActions leaves out the lines about single actions.
type withoutActions struct{ logrus.Formatter }

// Format is the formatter's.
func (f withoutActions) Format(e *logrus.Entry) ([]byte, error) {
	if _, is := e.Data["action"]; is {
		return nil, nil
	}
	return f.Formatter.Format(e)
}

// recording opens the snapshot for a command that records something and makes no
// run, and closes it after use.
func (a *app) recording(ctx context.Context, use func(*configs.Config, *state.DB) error) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	db, err := a.OpenWrite(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(use(cfg, db), db.Close())
}

// noted is an entry of the audit trail about something that an administrator did,
// and that called nobody.
func (a *app) noted(cfg *configs.Config, kind string, u plan.UserRef, employee plan.EmployeeID,
	reason string) plan.Audit {
	entry := plan.Audit{Time: a.Now().UTC(), By: a.By(), Kind: kind, Person: u.ID, Login: u.Login, Employee: employee,
		Reason: reason, Outcome: plan.Done}
	if cfg.State.RedactHistory {
		entry.Login = ""
	}
	return entry
}

// withSnapshot is a command that reads the snapshot, which is open while use does its work.
func (a *app) withSnapshot(use func(ctx context.Context, cfg *configs.Config, db *state.DB,
	args []string) error) func(*cobra.Command, []string) error {
	return a.configured(func(ctx context.Context, cfg *configs.Config, args []string) error {
		db, err := a.OpenRead(cfg)
		if err != nil {
			return err
		}
		return errors.Join(use(ctx, cfg, db, args), db.Close())
	})
}

// writeClosed writes data that is read from db, which it closes before any of it reaches
// stdout: a pager may hold the end back for hours, and no run can begin while the
// snapshot is open. In between the data lie in a file that nobody else can open. show is
// Data, or Talk for people.
func (a *app) writeClosed(db *state.DB, show func(func(io.Writer) error) error, write func(w io.Writer) error) error {
	f, err := os.CreateTemp("", "tracktik-sync-")
	if err != nil { // no room: a run has to wait
		return errors.Join(show(write), db.Close())
	}
	defer os.Remove(f.Name()) // where an open file cannot be removed
	defer f.Close()
	_ = os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 64<<10)
	if err := errors.Join(write(w), w.Flush(), db.Close()); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return show(func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	})
}

// Package wiring puts the program together: it turns the configuration into both clients,
// the snapshot and the engine, and finds what is wrong in it. Every command begins here.
package wiring

import (
	"cmp"
	"context"
	"os"
	"os/user"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/term"

	"tracktik-sync/cmd/tracktik-sync/internal/console"
	"tracktik-sync/configs"
	tsync "tracktik-sync/sync"
)

// An Invocation is what one call of the program works with: its version and command,
// clock and environment, and the log.
type Invocation struct {
	Version   string
	File      string     // of the configuration; empty: where it is looked for without --config
	Command   string     // "sync", "state init"
	Scheduled *time.Time // when `run` syncs next; nil: it is not `run`
	Polls     bool       // it looks at what Okta's System Log names, and gives way to whoever has more to do

	Now    func() time.Time
	Sleep  func(context.Context, time.Duration) error
	Getenv func(string) string

	Console  *console.Console // nil: whoever reads a message can give its commands here
	Progress tsync.Progress   // nil: no terminal to show it on
	Log      *logrus.Logger
	Logging  Logging
	RunField runField
}

// Configuration reads the configuration and sets up the log as it says. The configuration
// comes with an error too, as far as there is one.
func (i *Invocation) Configuration() (*configs.Config, []configs.Warning, error) {
	cfg, warnings, err := configs.Load(configs.Options{Path: i.File, Checks: Checks})
	if cfg != nil {
		i.SetUpLog(cfg.Log)
	}
	return cfg, warnings, err
}

// UserAgent is how the program names itself to a server.
func (i *Invocation) UserAgent() string { return "tracktik-sync/" + i.Version }

// Sleep waits; it returns early, with the context's error, when that ends.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// WithLimit ends ctx after limit; 0 is never.
func WithLimit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, limit)
}

// By says who runs this, for the audit trail: "ops@worker-1 (timer)". What a daemon does
// nobody started by hand: schedule.cron did.
func (i *Invocation) By() string {
	why := trigger(i.Getenv)
	if i.Scheduled != nil && why == "manual" {
		why = "cron"
	}
	return userName(i.Getenv) + "@" + hostName() + " (" + why + ")"
}

// userName does without a user database, which a container may not have.
func userName(getenv func(string) string) string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	if name := getenv("USER"); name != "" {
		return name
	}
	return "uid" + strconv.Itoa(os.Getuid())
}

func hostName() string {
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "unknown"
}

// trigger is what started the program. systemd sets INVOCATION_ID for its units.
func trigger(getenv func(string) string) string {
	switch {
	case console.InPod(getenv):
		return "pod"
	case term.IsTerminal(int(os.Stdin.Fd())):
		return "manual"
	case getenv("INVOCATION_ID") != "":
		return "timer"
	case belowCron(os.Getppid()):
		return "cron"
	}
	return "manual"
}

// belowCron reports whether a process or one of its next ancestors is a cron
// daemon; between the two there mostly is a shell.
func belowCron(pid int) bool {
	for range 4 {
		name, parent := process(pid)
		if strings.Contains(name, "cron") {
			return true
		}
		if parent <= 1 {
			return false
		}
		pid = parent
	}
	return false
}

// process is the name and the parent of a process; nothing where there is no
// /proc. Its stat line is "pid (name) state parent …", and name may hold anything.
func process(pid int) (name string, parent int) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", 0
	}
	_, after, _ := strings.Cut(string(data), "(")
	end := strings.LastIndexByte(after, ')')
	if end < 0 {
		return "", 0
	}
	if fields := strings.Fields(after[end+1:]); len(fields) > 1 {
		parent, _ = strconv.Atoi(fields[1]) // 0 ends the search
	}
	return after[:end], parent
}

// Logging is what the flags say of the log; empty texts leave it to the configuration.
type Logging struct {
	Format, Level string
	Quiet         bool
}

// SetUpLog gives the log its form and level: the flags', else the configuration's.
func (i *Invocation) SetUpLog(c configs.Log) {
	format, level := cmp.Or(i.Logging.Format, c.Format), c.Level
	switch {
	case i.Logging.Level != "":
		level = i.Logging.Level
	case i.Logging.Quiet:
		level = "error"
	}
	if parsed, err := logrus.ParseLevel(level); err == nil { // else the configuration has a finding about it
		i.Log.SetLevel(parsed)
	}
	if format == "json" {
		i.Log.SetFormatter(inUTC{&logrus.JSONFormatter{TimestampFormat: time.RFC3339Nano}})
		return
	}
	i.Log.SetFormatter(inUTC{&logrus.TextFormatter{FullTimestamp: true, DisableColors: true,
		TimestampFormat: time.RFC3339}})
}

// inUTC writes the log's times in UTC, whatever the zone of the machine or of who sits there.
type inUTC struct{ logrus.Formatter }

// Format is the formatter's, with the time in UTC.
func (f inUTC) Format(e *logrus.Entry) ([]byte, error) {
	e.Time = e.Time.UTC()
	return f.Formatter.Format(e)
}

// A runField puts the field `run` on every line of a run, those of the clients
// included, which know nothing of runs.
type runField struct{ id atomic.Value }

// Levels are all.
func (*runField) Levels() []logrus.Level { return logrus.AllLevels }

// Fire adds the field where it is not there yet.
func (f *runField) Fire(e *logrus.Entry) error {
	id, _ := f.id.Load().(string)
	if _, there := e.Data["run"]; id != "" && !there {
		e.Data["run"] = id
	}
	return nil
}

// Set begins the run of that id; an empty one is none.
func (f *runField) Set(id string) { f.id.Store(id) }

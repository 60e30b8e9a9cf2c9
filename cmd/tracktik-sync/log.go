package main

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
)

// setUpLog gives the log its form and level: the flags', else the configuration's.
func (a *app) setUpLog(c configs.Log) {
	format, level := c.Format, c.Level
	if a.flags.logFormat.value != "" {
		format = a.flags.logFormat.value
	}
	switch {
	case a.flags.logLevel.value != "":
		level = a.flags.logLevel.value
	case a.flags.quiet:
		level = "error"
	}
	if parsed, err := logrus.ParseLevel(level); err == nil { // else the configuration has a finding about it
		a.log.SetLevel(parsed)
	}
	if format == "json" {
		a.log.SetFormatter(&logrus.JSONFormatter{TimestampFormat: time.RFC3339Nano})
		return
	}
	a.log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true, TimestampFormat: time.RFC3339})
}

// watch shows progress while a run is under way, where somebody can see it. The
// log goes through it, so that its lines and the bar do not mix; the bar takes the
// place of the routine lines, unless --log-level asks for them.
func (a *app) watch() (stop func()) {
	if !a.errTerminal || a.flags.quiet {
		return func() {}
	}
	a.progress = ui.NewProgress(a.stderr, a.mayColour())
	a.log.SetOutput(a.progress)
	level := a.log.GetLevel()
	if a.flags.logLevel.value == "" {
		a.log.SetLevel(min(level, logrus.WarnLevel)) // the greater, the more is said
	}
	return func() {
		a.progress.Done()
		a.progress = nil
		a.log.SetOutput(a.stderr)
		a.log.SetLevel(level)
	}
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

func (f *runField) set(id string) { f.id.Store(id) }

var _ io.Writer = (*ui.Progress)(nil)

package main

import (
	"cmp"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/configs"
)

// logging is what the flags say of the log; empty texts leave it to the configuration.
type logging struct {
	format, level string
	quiet         bool
}

// setUpLog gives the log its form and level: the flags', else the configuration's.
func (i *invocation) setUpLog(c configs.Log) {
	format, level := cmp.Or(i.logging.format, c.Format), c.Level
	switch {
	case i.logging.level != "":
		level = i.logging.level
	case i.logging.quiet:
		level = "error"
	}
	if parsed, err := logrus.ParseLevel(level); err == nil { // else the configuration has a finding about it
		i.log.SetLevel(parsed)
	}
	if format == "json" {
		i.log.SetFormatter(&logrus.JSONFormatter{TimestampFormat: time.RFC3339Nano})
		return
	}
	i.log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true, TimestampFormat: time.RFC3339})
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

package wiring

import (
	"cmp"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/configs"
)

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
		i.Log.SetFormatter(&logrus.JSONFormatter{TimestampFormat: time.RFC3339Nano})
		return
	}
	i.Log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true, TimestampFormat: time.RFC3339})
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

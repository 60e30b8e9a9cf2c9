package watch

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// noteWait is how long another process may take that notes something, too.
const noteWait = 3 * time.Second

// note remembers what could not be kept up, or can again.
func note(ctx context.Context, i *wiring.Invocation, cfg *configs.Config, change func(*state.Chores)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWait)
	defer cancel()
	if err := state.UpdateChores(ctx, cfg.State.Path, change); err != nil {
		i.Log.WithError(err).Debug("what could not be kept up is not remembered")
	}
}

// portal is the portal's address.
func (o *Onlooker) portal() string { return wiring.Binding(o.cfg).Portal }

// LookAtChores notes what can be told of copies, metrics and events, as long as the
// snapshot is open.
func (o *Onlooker) LookAtChores(db *state.DB) error {
	chores, choresErr := state.LoadChores(o.cfg.State.Path)
	log, err := db.EventLog()
	if err := errors.Join(choresErr, err); err != nil {
		return err
	}
	o.last.Neglected = []string{}
	o.neglect("backup", chores.Backup)
	o.neglect("metrics", chores.Metrics)
	if log.Neglected(o.Now()) {
		o.neglect("events", log.Failure)
	}
	if o.values != nil {
		o.values.BackedUp, o.values.Polled = chores.BackedUp, log.Polled
	}
	return nil
}

func (o *Onlooker) neglect(what, why string) {
	if why != "" {
		o.last.Neglected = append(o.last.Neglected, what+": "+why)
	}
}

// TellChores tells what [Onlooker.LookAtChores] has found, of a look at Okta's System Log
// that was no run.
func (o *Onlooker) TellChores(ctx context.Context) { o.notifier.End(ctx, o.last) }

// measure leaves the metrics, and notes whether they could be.
func (o *Onlooker) measure(ctx context.Context) {
	var why string
	for _, failed := range o.sinks.Send(context.WithoutCancel(ctx), *o.values, o.phases.List()) {
		o.Log.WithField("sink", failed.Sink).WithError(failed.Err).Warn("the metrics of the run could not be left")
		if why != "" {
			why += "; "
		}
		why += failed.Error()
	}
	note(ctx, o.Invocation, o.cfg, func(c *state.Chores) { c.Metrics = why })
	if o.last.Neglected == nil { // the snapshot was not open
		return
	}
	o.last.Neglected = slices.DeleteFunc(o.last.Neglected,
		func(text string) bool { return strings.HasPrefix(text, "metrics: ") })
	o.neglect("metrics", why)
}

package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/timetable"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	tsync "tracktik-sync/sync"
)

// maxNap is how long the clock is not looked at: it may be set meanwhile.
const maxNap = 30 * time.Second

// A daemon syncs on a schedule. One run follows the other, so a tick that comes
// while a run is active is skipped.
type daemon struct {
	*app
	cfg      *configs.Config
	schedule timetable.Timetable
	random   func(n int64) int64 // in [0, n)
	listener tsync.EventSource   // keeps its token from one poll to the next; nil: there is none yet
	deferred bool                // a whole run that the log asked for has failed: the next tick tries again
}

func newRun(a *app) *cobra.Command {
	var paused bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Stay up and sync on schedule.cron",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load()
			if paused && err == nil {
				a.Log.Info("paused: nothing is synced until this is started without --paused")
				<-cmd.Context().Done()
				return nil
			}
			var d *daemon
			if err == nil {
				d, err = newDaemon(a, cfg)
			}
			if err == nil {
				err = d.serve(cmd.Context())
			}
			if err != nil && !paused {
				return a.notBegun(cmd.Context(), cfg, true, err)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&paused, "paused", false, "stay up and never sync, for commands run inside the container")
	return cmd
}

func newDaemon(a *app, cfg *configs.Config) (*daemon, error) {
	schedule, err := timetable.Of(cfg)
	if err != nil {
		return nil, usage("schedule.cron: %v", err)
	}
	return &daemon{app: a, cfg: cfg, schedule: schedule, random: rand.Int64N}, nil
}

// serve syncs until ctx ends. That is not an error, whatever the last run said:
// a signal is how a daemon is meant to end.
func (d *daemon) serve(ctx context.Context) error {
	last, err := d.lastSuccess()
	if err != nil {
		return err
	}
	now := d.Now()
	due := now
	if next := d.schedule.Next(now); now.Sub(last) <= d.schedule.Next(next).Sub(next) {
		due = next
	}
	for {
		d.Scheduled = &due
		d.Log.WithField("next_run", due.UTC().Format(time.RFC3339)).Info("waiting for the next run")
		if d.listenUntil(ctx, due.Add(d.jitter(now, due))) != nil {
			return nil
		}
		following := d.schedule.Next(d.Now())
		d.Scheduled = &following
		d.tick(ctx)
		if ctx.Err() != nil {
			return nil
		}
		now = d.Now()
		due = d.schedule.Next(now)
	}
}

// lastSuccess is when a run last succeeded; never is the zero time. The snapshot
// must be there: a lost one is no reason to begin anew in silence.
func (d *daemon) lastSuccess() (time.Time, error) {
	status, err := ledger.CurrentStatus(&d.Invocation, d.cfg)
	if err != nil || status.LastSuccess == nil {
		return time.Time{}, err
	}
	return *status.LastSuccess, nil
}

// jitter is a random wait of at most schedule.jitter and a tenth of the interval,
// so that many workers do not call at one moment. What is due at once has none.
func (d *daemon) jitter(now, due time.Time) time.Duration {
	if !due.After(now) {
		return 0
	}
	limit := min(d.cfg.Schedule.Jitter, d.schedule.Next(due).Sub(due)/10)
	if limit <= 0 {
		return 0
	}
	return time.Duration(d.random(int64(limit)))
}

// waitUntil returns at that time by the clock on the wall, or when ctx ends.
func (d *daemon) waitUntil(ctx context.Context, due time.Time) error {
	for {
		rest := due.Sub(d.Now())
		if rest <= 0 {
			return ctx.Err()
		}
		if err := d.Sleep(ctx, min(rest, maxNap)); err != nil {
			return err
		}
	}
}

// tick makes one run, and has the snapshot only meanwhile. What goes wrong is
// logged: the next tick tries again.
func (d *daemon) tick(ctx context.Context) {
	defer d.RunField.Set("")
	d.deferred = false
	d.tell(d.sync(ctx))
}

// tell logs how a run ended, unless it succeeded.
func (d *daemon) tell(err error) {
	if err != nil {
		report := judge(err)
		last := report.endings[len(report.endings)-1]
		entry := d.Log.WithError(err).WithField("exit_code", report.code).WithField("because", last.words)
		if report.code == tsync.ExitProblems {
			entry.Warn("the run has finished, and some persons have problems")
		} else {
			entry.Error("the run did not succeed")
		}
	}
}

func (d *daemon) sync(ctx context.Context) error {
	cfg, err := wiring.Renewed(d.cfg)
	if err != nil {
		return d.notBegun(ctx, d.cfg, true, err)
	}
	db, err := d.OpenWrite(ctx, cfg)
	if err != nil {
		return d.notBegun(ctx, cfg, true, err)
	}
	ctx, cancel := wiring.WithLimit(ctx, cfg.Schedule.Deadline)
	defer cancel()
	j := &job{app: d.app, cfg: cfg, whole: true}
	return j.judged(j.once(ctx, db, tsync.RunOptions{Approve: new(runFlags).approvals(&d.Invocation, cfg)}))
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/watch"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// syncCommand is `sync`: plan and apply in one go, what schedulers call.
type syncCommand struct {
	*app
	run      runFlags
	init     bool
	events   bool
	dryRun   bool
	yes      bool
	deadline span
	flag     func(string) bool // whether a flag was given
	format   *choice
}

func newSync(a *app) *cobra.Command {
	c := &syncCommand{app: a}
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Plan and apply once; what cron, a timer and a CronJob call",
		Example: "  tracktik-sync sync --init        # the first time\n" +
			"  tracktik-sync sync --dry-run     # as plan\n" +
			"  tracktik-sync sync --user ana.silva@acme.example",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.execute(cmd.Context()) },
	}
	flags := cmd.Flags()
	c.flag = flags.Changed
	c.run.register(flags)
	c.run.registerApprove(flags)
	flags.BoolVar(&c.init, "init", false, "make the snapshot where there is none: a first run")
	flags.BoolVar(&c.events, "events", false, "look only at whom Okta's System Log names since the last time")
	flags.BoolVar(&c.dryRun, "dry-run", false, "show what would be done, and change nothing")
	flags.BoolVar(&c.yes, "yes", false, "do not ask, also on a terminal")
	flags.Var(&c.deadline, "deadline", "stop cleanly after this `DURATION`, such as 10m; 0: never (default "+
		"schedule.deadline)")
	flags.Var(&c.deadline, "timeout", "the same `DURATION` as --deadline")
	c.format = formats(flags, "text", "json")
	return cmd
}

func (c *syncCommand) execute(ctx context.Context) error {
	if c.events && len(c.run.users) > 0 {
		return usage("--events looks at whom the System Log names, and --user at others: give one of them")
	}
	c.Polls = c.events
	whole := len(c.run.users) == 0
	cfg, err := c.load()
	if err != nil && !c.dryRun {
		err = c.notBegun(ctx, cfg, whole, err)
	}
	if err != nil {
		return err
	}
	limit := cfg.Schedule.Deadline
	if c.flag("deadline") || c.flag("timeout") {
		limit = time.Duration(c.deadline)
	}
	ctx, cancel := wiring.WithLimit(ctx, limit)
	defer cancel()
	if c.dryRun && c.events {
		return c.dryEvents(ctx, cfg)
	}
	if c.dryRun { // the refresh that is due is made too
		d, err := c.plan(ctx, cfg, c.run.options(&c.Invocation, cfg))
		return c.showPlan(d, c.format.value, ui.View{}, err)
	}
	db, err := c.open(ctx, cfg)
	if err != nil {
		return c.notBegun(ctx, cfg, whole, err)
	}
	opt := c.run.options(&c.Invocation, cfg)
	j := &job{app: c.app, cfg: cfg, format: c.format.value, whole: whole}
	if c.events {
		if following, err := j.listen(ctx, db, nil, &opt); !following {
			return err
		}
	}
	if c.Asks && !c.yes {
		opt.Confirm = j.confirm(ctx)
	}
	return j.show(j.once(ctx, db, opt))
}

// open opens the snapshot, or makes it when --init says so.
func (c *syncCommand) open(ctx context.Context, cfg *configs.Config) (*state.DB, error) {
	if c.init {
		if db, err := c.Create(cfg); !errors.Is(err, state.ErrExists) {
			return db, err
		}
	}
	return c.OpenWrite(ctx, cfg)
}

// byEvents is who made a run that the System Log asked for, in the audit trail.
const byEvents = "events"

// listen reads Okta's System Log through source, nil: a new one, and sets opt to the run
// that follows from it. When none does, following is false and db is closed.
func (j *job) listen(ctx context.Context, db *state.DB, source tsync.EventSource,
	opt *tsync.RunOptions) (following bool, err error) {
	before, _ := db.EventLog() // where it cannot be read, Listen says so
	poll, err := j.heard(ctx, db, source)
	if err == nil && !poll.Idle() {
		opt.Poll, j.whole = poll, poll.Whole != ""
		if !j.whole {
			opt.Users = poll.People()
		}
		return true, nil
	}
	err = interrupted(ctx, err)
	if err == nil && before.Failure == "" {
		return false, db.Close()
	}
	onlooker := watch.NewOnlooker(&j.Invocation, j.cfg, false)
	err = errors.Join(err, onlooker.LookAtChores(db), db.Close())
	onlooker.TellChores(ctx)
	return false, err
}

// heard is what the System Log says since the last time.
func (j *job) heard(ctx context.Context, db *state.DB, source tsync.EventSource) (*tsync.Poll, error) {
	engine, err := j.Engine(j.cfg, db)
	if err == nil && source == nil {
		source, err = j.Listener(j.cfg)
	}
	if err != nil {
		return nil, err
	}
	engine.Events = source
	return engine.Listen(ctx, true)
}

// dryEvents shows what `sync --events` would do. Nothing is recorded: the next poll reads
// the same.
func (c *syncCommand) dryEvents(ctx context.Context, cfg *configs.Config) error {
	idle := errors.New("idle")
	d, err := c.planned(ctx, cfg, func(e *tsync.Engine, _ *state.DB) (*plan.Document, error) {
		source, err := c.Listener(cfg)
		if err != nil {
			return nil, err
		}
		e.Events = source
		poll, err := e.Listen(ctx, false)
		if err != nil {
			return nil, err
		}
		opt := c.run.options(&c.Invocation, cfg)
		switch {
		case poll.Idle():
			return nil, idle
		case poll.Whole == "":
			opt.Poll, opt.Users = poll, poll.People()
		}
		return e.Plan(ctx, opt)
	})
	if errors.Is(err, idle) {
		fmt.Fprintln(c.Stderr, "nothing in Okta's System Log concerns anybody")
		return nil
	}
	return c.showPlan(d, c.format.value, ui.View{}, err)
}

// listenUntil polls the System Log every schedule.events, and returns at that time by the
// clock on the wall, or when ctx ends.
func (d *daemon) listenUntil(ctx context.Context, due time.Time) error {
	for every := d.cfg.Schedule.Events; every > 0; {
		next := d.Now().Add(every)
		if !next.Before(due) {
			break
		}
		if err := d.waitUntil(ctx, next); err != nil {
			return err
		}
		d.poll(ctx)
		d.RunField.Set("")
	}
	return d.waitUntil(ctx, due)
}

// poll reads the System Log once, and makes the run that follows. What cannot be done now
// is done by the next poll, and in the end by the next tick.
func (d *daemon) poll(ctx context.Context) {
	d.Polls = true
	defer func() { d.Polls = false }()
	cfg, err := wiring.Renewed(d.cfg)
	if err == nil && d.listener == nil {
		d.listener, err = d.Listener(cfg)
	}
	if err != nil {
		d.Log.WithError(err).Debug("the system log cannot be read now")
		return
	}
	db, err := d.OpenWrite(ctx, cfg)
	if err != nil { // another run is active, or the next tick tells
		d.Log.WithError(err).Debug("the snapshot cannot be had for a poll")
		return
	}
	ctx, cancel := wiring.WithLimit(ctx, cfg.Schedule.Deadline)
	defer cancel()
	j := &job{app: d.app, cfg: cfg}
	opt := tsync.RunOptions{Approve: new(runFlags).approvals(&d.Invocation, cfg)}
	following, err := j.listen(ctx, db, d.listener, &opt)
	if err != nil {
		d.listener = nil // its token may be bad; the engine has told
	}
	if following && j.whole && d.deferred {
		following, err = false, db.Close()
		d.tell(err)
	}
	if !following {
		return
	}
	err = j.judged(j.once(ctx, db, opt))
	d.deferred = j.whole && err != nil
	d.tell(err)
}

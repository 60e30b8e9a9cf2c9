package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
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
	flags.Var(&c.deadline, "deadline", "stop cleanly after this `DURATION`, such as 10m; 0: never (default schedule.deadline)")
	flags.Var(&c.deadline, "timeout", "the same `DURATION` as --deadline")
	c.format = formats(flags, "text", "json")
	return cmd
}

func (c *syncCommand) execute(ctx context.Context) error {
	if c.events && len(c.run.users) > 0 {
		return usage("--events looks at whom the System Log names, and --user at others: give one of them")
	}
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
		return c.showPlan(d, c.format.value, err)
	}
	db, err := c.open(ctx, cfg)
	if err != nil {
		return c.notBegun(ctx, cfg, whole, err)
	}
	opt := c.run.options(&c.Invocation, cfg)
	j := &job{app: c.app, cfg: cfg, format: c.format.value, whole: whole}
	if c.events {
		if following, err := j.listen(ctx, db, nil, &opt); !following {
			return errors.Join(err, db.Close())
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

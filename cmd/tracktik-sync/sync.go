package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// syncCommand is `sync`: plan and apply in one go, what schedulers call.
type syncCommand struct {
	*app
	run      runFlags
	create   bool
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
	flags.BoolVar(&c.create, "init", false, "make the snapshot where there is none: a first run")
	flags.BoolVar(&c.dryRun, "dry-run", false, "show what would be done, and change nothing")
	flags.BoolVar(&c.yes, "yes", false, "do not ask, also on a terminal")
	flags.Var(&c.deadline, "deadline", "stop cleanly after this `DURATION`, such as 10m; 0: never (default schedule.deadline)")
	flags.Var(&c.deadline, "timeout", "the same `DURATION` as --deadline")
	c.format = formats(flags, "text", "json")
	return cmd
}

func (c *syncCommand) execute(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil && c.dryRun {
		return err
	}
	whole := len(c.run.users) == 0
	if err != nil {
		return c.notBegun(ctx, cfg, whole, err)
	}
	ctx, cancel := c.withDeadline(ctx, cfg)
	defer cancel()
	if c.dryRun {
		return c.dry(ctx, cfg)
	}
	db, err := c.open(ctx, cfg)
	if err != nil {
		return c.notBegun(ctx, cfg, whole, err)
	}
	opt := c.run.options(c.app, cfg)
	if c.asks && !c.yes {
		opt.Confirm = c.confirm(ctx, c.format.value)
	}
	return c.runAndShow(ctx, cfg, db, opt, c.format.value)
}

// withDeadline ends ctx when the flag, else the configuration, says so.
func (c *syncCommand) withDeadline(ctx context.Context, cfg *configs.Config) (context.Context, context.CancelFunc) {
	limit := cfg.Schedule.Deadline
	if c.flag("deadline") || c.flag("timeout") {
		limit = time.Duration(c.deadline)
	}
	return withLimit(ctx, limit)
}

func withLimit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, limit)
}

// dry shows what the run would do, the refresh that is due included.
func (c *syncCommand) dry(ctx context.Context, cfg *configs.Config) error {
	d, err := c.plan(ctx, cfg, c.run.options(c.app, cfg))
	if d == nil {
		return errors.Join(err, noDocument(err))
	}
	return c.showPlan(d, c.format.value, err)
}

// open opens the snapshot, or makes it when --init says so.
func (c *syncCommand) open(ctx context.Context, cfg *configs.Config) (*state.DB, error) {
	if c.create {
		if db, err := c.app.create(cfg); !errors.Is(err, state.ErrExists) {
			return db, err
		}
	}
	return c.openWrite(ctx, cfg)
}

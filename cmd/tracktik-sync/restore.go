package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// restoreCommand is `restore RUN`: whom a run terminated is brought back.
type restoreCommand struct {
	*app
	run    runFlags // of which --user and --approve are taken
	as     choice
	dryRun bool
	yes    bool
	format *choice
}

func newRestore(a *app) *cobra.Command {
	c := &restoreCommand{app: a, as: choice{"reactivate", []string{"reactivate", "new"}}}
	cmd := &cobra.Command{
		Use:   "restore RUN",
		Short: "Bring back the people whom a run terminated, with the roles that they had",
		Long: "Restore brings back the people whom run RUN terminated (an id of `history`, or last). They are the same\n" +
			"employees, with the username, the values and the roles that they had; where TrackTik refuses this, the\n" +
			"program makes new employees. It names people who are back already, and leaves them alone. The restored\n" +
			"are not terminated and lose no role before Okta has shown them in scope once, or before you call\n" +
			"`forget --restored`. If a restore was cut short, call it again.",
		Example: "  tracktik-sync restore last --dry-run\n" +
			"  tracktik-sync restore 20261124T060000Z-000123 --user ana.silva@acme.example",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.execute(cmd.Context(), args[0]) },
	}
	flags := cmd.Flags()
	c.run.flags = flags
	flags.StringArrayVar(&c.run.users, "user", nil,
		"only this `USER`: Okta id, login, e-mail or employee id; may be repeated")
	c.run.registerApprove(flags)
	flags.Var(&c.as, "as", "the same employees, or new ones")
	flags.BoolVar(&c.dryRun, "dry-run", false, "show what would be done, and change nothing")
	flags.BoolVar(&c.yes, "yes", false, "do not ask, also on a terminal")
	c.format = formats(flags, "text", "json")
	return cmd
}

func (c *restoreCommand) execute(ctx context.Context, name string) error {
	cfg, err := c.load()
	if err != nil && c.dryRun {
		return err
	}
	if err != nil {
		return c.notBegun(ctx, cfg, false, err)
	}
	ctx, cancel := wiring.WithLimit(ctx, cfg.Schedule.Deadline)
	defer cancel()
	if c.dryRun {
		d, err := c.planned(ctx, cfg, func(e *tsync.Engine, db *state.DB) (*plan.Document, error) {
			opt, err := c.options(cfg, db, name)
			if err != nil {
				return nil, err
			}
			return e.PlanRestore(ctx, opt)
		})
		return c.showPlan(d, c.format.value, ui.View{}, err)
	}
	j := &job{app: c.app, cfg: cfg, format: c.format.value}
	db, err := j.open(ctx)
	if err != nil {
		return err
	}
	opt, err := c.options(cfg, db, name)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	if c.Asks && !c.yes {
		opt.Confirm = j.confirm(ctx)
	}
	return j.show(j.make(ctx, db, func(e *tsync.Engine) (*plan.Document, error) { return e.Restore(ctx, opt) }))
}

// options finds the run, whom it terminated, and who of them is meant.
func (c *restoreCommand) options(cfg *configs.Config, db *state.DB, name string) (tsync.RestoreOptions, error) {
	opt := tsync.RestoreOptions{New: c.as.value == "new", Users: c.run.users, Approve: c.run.approvals(&c.Invocation, cfg)}
	record, found, err := db.Run(name)
	if err != nil {
		return opt, err
	}
	opt.Run = name // terminations outlive the record of their run
	if found {
		opt.Run = record.ID
	}
	if opt.Terminated, err = ledger.TerminatedBy(db, opt.Run); err != nil {
		return opt, err
	}
	if len(opt.Terminated) == 0 {
		return opt, ledger.NobodyTerminated(db, opt.Run, found)
	}
	for _, user := range c.run.users {
		u, err := ledger.Find(db, user)
		if err != nil {
			return opt, err
		}
		if !slices.ContainsFunc(opt.Terminated, func(t tsync.Terminated) bool { return t.User.ID == u.ID }) {
			return opt, fmt.Errorf("run %s did not terminate user %s", opt.Run, u.ID)
		}
		opt.Only = append(opt.Only, u.ID)
	}
	opt.Command = c.commandLine(opt.Run)
	return opt, nil
}

// commandLine is how the restore is made again.
func (c *restoreCommand) commandLine(run string) string {
	var b strings.Builder
	b.WriteString(c.Console.Program() + " restore " + run)
	for _, u := range c.run.users {
		b.WriteString(" --user " + u)
	}
	if c.as.value != "reactivate" {
		b.WriteString(" --as " + c.as.value)
	}
	return b.String()
}

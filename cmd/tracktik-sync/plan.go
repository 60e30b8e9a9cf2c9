package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	page "tracktik-sync/cmd/tracktik-sync/internal/report"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// planCommand is `plan`: what would change, and why. It writes nothing but --out.
type planCommand struct {
	*app
	run      runFlags
	out      output
	format   *choice
	view     viewFlags
	detailed bool
}

func newPlan(a *app) *cobra.Command {
	c := &planCommand{app: a}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what would change and why; changes nothing",
		Example: "  tracktik-sync plan\n" +
			"  tracktik-sync plan --refresh --out tonight.json\n" +
			"  tracktik-sync plan --user ana.silva@acme.example --format json",
		Args: cobra.NoArgs,
		RunE: c.configured(c.execute),
	}
	flags := cmd.Flags()
	c.run.register(flags)
	c.out.register(flags, "save the plan to `FILE`, for apply")
	c.format = formats(flags, "text", "json", "html", "csv")
	c.view.register(flags)
	flags.BoolVar(&c.detailed, "detailed-exitcode", false,
		"exit 10 when changes are pending, 4 when persons have problems")
	return cmd
}

func (c *planCommand) execute(ctx context.Context, cfg *configs.Config, _ []string) error {
	if err := c.view.fits(c.format.value, c.out.path); err != nil {
		return err
	}
	if err := c.out.mayWrite(ctx, &c.Terminal, cfg); err != nil {
		return err
	}
	opt := c.run.options(&c.Invocation, cfg)
	if opt.Refresh == nil { // a plan reads TrackTik only when it is told to
		opt.Refresh = &c.run.refresh
	}
	d, err := c.plan(ctx, cfg, opt)
	if d == nil {
		return err
	}
	if d.Made() { // else there is no plan, and an earlier one that was saved stays
		if err := saveDocument(cfg.State.Path, c.out.path, d); err != nil {
			return err
		}
	}
	return errors.Join(c.print(d, err), c.pending(d))
}

// print shows the plan, which came with err, and answers what it means for the exit code.
func (c *planCommand) print(d *plan.Document, err error) error {
	switch {
	case !d.Made(), c.format.value == "text", c.format.value == "json":
		return c.showPlan(d, c.format.value, c.view.view(), err)
	}
	err = errors.Join(err, guardError(d, err))
	if c.format.value == "csv" {
		return errors.Join(c.Data(func(w io.Writer) error { return ui.PlanCSV(w, d, c.view.view()) }), err)
	}
	return errors.Join(c.Record((&page.Report{Document: d, Planned: true, File: c.out.path, WayOut: ui.WayOut,
		Program: c.Console.Program(), Made: c.Now()}).HTML), err)
}

// pending is what --detailed-exitcode adds.
func (c *planCommand) pending(d *plan.Document) error {
	switch {
	case !c.detailed || !d.Made():
		return nil
	case len(d.Actions) > 0:
		return &verdict{tsync.ExitPending, "changes are pending", ui.Summary(d)}
	case len(d.Problems) > 0:
		return problemsVerdict(len(d.Problems), 0)
	}
	return nil
}

// plan decides what a run with the same options would do.
func (a *app) plan(ctx context.Context, cfg *configs.Config, opt tsync.RunOptions) (*plan.Document, error) {
	return a.planned(ctx, cfg, func(e *tsync.Engine, _ *state.DB) (*plan.Document, error) { return e.Plan(ctx, opt) })
}

// planned makes a plan that nothing is written for. Without a document there is an error.
func (a *app) planned(ctx context.Context, cfg *configs.Config, decide func(*tsync.Engine, *state.DB) (*plan.Document,
	error)) (*plan.Document, error) {
	db, done, err := a.OpenPlan(cfg)
	if err != nil {
		return nil, err
	}
	defer a.showProgress()()
	engine, err := a.PlanEngine(cfg, db)
	if err != nil {
		return nil, errors.Join(err, done())
	}
	a.before, err = lastKnown(db)
	if err != nil {
		return nil, errors.Join(err, done())
	}
	d, err := decide(engine, db)
	err = withPerhaps(err, ledger.Perhaps(db, err))
	a.Console.SpellDocument(d)
	return d, errors.Join(orNoPlan(d, interrupted(ctx, err)), done())
}

// withPerhaps adds to an error about a name whom it may mean.
func withPerhaps(err error, perhaps string) error {
	if perhaps == "" {
		return err
	}
	return fmt.Errorf("%w%s", err, perhaps)
}

// orNoPlan is err, or says that a run has nothing to show where it does not say so itself.
func orNoPlan(d *plan.Document, err error) error {
	if d == nil && err == nil {
		return errors.New("the run gave no plan")
	}
	return err
}

// showPlan prints a plan, which came with err, and answers what it means for the exit
// code.
func (a *app) showPlan(d *plan.Document, format string, view ui.View, err error) error {
	if d == nil {
		return err
	}
	err = errors.Join(err, guardError(d, err))
	if format == "json" {
		giveReason(d, err)
	}
	view.Planned = true
	return errors.Join(a.showDocument(d, format, view), err)
}

// showDocument prints a document as text or JSON. In text, -q shows only what has
// news, and a document without a plan is not shown: that it is empty means nothing.
func (a *app) showDocument(d *plan.Document, format string, view ui.View) error {
	switch {
	case format == "json":
		return a.Data(d.WriteJSON)
	case !d.Made(), a.Quiet && view.Planned && !ui.HasNews(d, a.before):
		return nil
	}
	a.refused = len(d.Guard.Refusals) > 0
	view.Before = a.before
	return a.Talk(func(w io.Writer) error { return ui.Plan(w, d, a.Style(), view) })
}

// guardError is the refusal that the guard report tells of, unless err is it.
func guardError(d *plan.Document, err error) error {
	var refused *tsync.RefusedError
	if len(d.Guard.Refusals) == 0 || errors.As(err, &refused) {
		return nil
	}
	return &tsync.RefusedError{Code: tsync.RefusedGuard, Message: d.Guard.Text()}
}

// saveDocument writes a plan where apply will find it; an empty path is nowhere.
func saveDocument(snapshot, path string, d *plan.Document) error {
	if path == "" {
		return nil
	}
	err := disk.Write(snapshot, path, func(w io.Writer) error { return d.WriteJSON(w) })
	if err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	return nil
}

// lastKnown is what the last run about everybody had of held actions and problems.
func lastKnown(db *state.DB) (ui.Known, error) {
	last, err := ledger.LastDocument(db)
	if err != nil || last == nil {
		return nil, err
	}
	known := ui.KnownOf(last)
	troubles, err := db.Troubles()
	for i := range troubles {
		known.AddTrouble(&troubles[i])
	}
	return known, err
}

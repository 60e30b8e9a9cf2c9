package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/console"
	"tracktik-sync/cmd/tracktik-sync/internal/doctor"
	"tracktik-sync/cmd/tracktik-sync/internal/explain"
	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/notify"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/watch"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
)

func newStatus(a *app) *cobra.Command {
	var format *choice
	var dir string
	one := a.configured(func(_ context.Context, cfg *configs.Config, _ []string) error {
		return showStatus(a, cfg, format.value)
	})
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the last run, the next one, and what waits for a person",
		Long: "Status shows the last run, the next one, and what waits for a person. With --all it shows one line for\n" +
			"each configuration of a directory, for a machine that keeps several portals in step.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir != "" {
				return showConnections(a, dir, format.value)
			}
			return one(cmd, args)
		},
	}
	cmd.Flags().StringVar(&dir, "all", "", "one line for each configuration in `DIR`, instead of the one in force")
	format = formats(cmd.Flags(), "text", "json")
	return cmd
}

// showConnections shows how each configuration of a directory stands.
func showConnections(a *app, dir, format string) error {
	list, err := ledger.Connections(&a.Invocation, dir)
	if err != nil {
		return err
	}
	err = a.show(format, list, func(w io.Writer) error { return ledger.PrintConnections(w, list, a.Style(), a.Now()) })
	return errors.Join(err, ledger.Unreadable(list))
}

// showStatus answers from the snapshot, or while a run has it from what the last run
// left beside it. Without either it says so and ends with 3.
func showStatus(a *app, cfg *configs.Config, format string) error {
	d, err := ledger.CurrentStatus(&a.Invocation, cfg)
	var missing *wiring.MissingError
	if d == nil || err != nil && !errors.As(err, &missing) {
		return err
	}
	return errors.Join(a.show(format, d, func(w io.Writer) error { return d.Print(w, a.Style(), a.Now()) }), err)
}

func newProblems(a *app) *cobra.Command {
	var held, fresh bool
	var format *choice
	cmd := &cobra.Command{
		Use:   "problems",
		Short: "Show the people for whom nothing can be written, since when, and the way out",
		Args:  cobra.NoArgs,
		RunE: a.withSnapshot(func(_ context.Context, _ *configs.Config, db *state.DB, _ []string) error {
			rows, err := ledger.ProblemsIn(db, held, fresh, a.Now())
			if err := errors.Join(err, db.Close()); err != nil {
				return err
			}
			if !a.Quiet {
				a.nothing(len(rows), "none")
			}
			return a.show(format.value, rows, func(w io.Writer) error {
				return ledger.PrintProblems(w, rows, a.Style())
			})
		}),
	}
	cmd.Flags().BoolVar(&held, "held", false, "what the last run held instead: due, and not done")
	cmd.Flags().BoolVar(&fresh, "new", false, "only what has come since the last run began")
	format = formats(cmd.Flags(), "text", "json")
	return cmd
}

// accessCommand is `access`: who may do what, and why.
type accessCommand struct {
	*app
	users, roles, regions []string
	at                    string
	format                *choice
}

func newAccess(a *app) *cobra.Command {
	c := &accessCommand{app: a}
	cmd := &cobra.Command{
		Use:   "access",
		Short: "List each managed person with region, roles, and the group that gives each role",
		Long: "Access lists who may do what in TrackTik because of this program. With --at it shows the end of that\n" +
			"day, from the audit trail; if the trail does not go back so far, it ends with 1. A filter takes any\n" +
			"part of a name, and may be repeated.",
		Args: cobra.NoArgs,
		RunE: a.withSnapshot(c.execute),
	}
	flags := cmd.Flags()
	flags.Var((*names)(&c.users), "user", "only this `USER`: Okta id, login, e-mail or employee id; may be repeated")
	flags.Var((*names)(&c.roles), "role", "only people who hold this `ROLE`, by name or id; may be repeated")
	flags.Var((*names)(&c.regions), "region", "only people in this `REGION`, by name or id; may be repeated")
	flags.StringVar(&c.at, "at", "", "as of the end of this `DATE`, such as 2026-03-31")
	c.format = formats(flags, "text", "json", "csv")
	return cmd
}

func (c *accessCommand) execute(_ context.Context, cfg *configs.Config, db *state.DB, _ []string) error {
	query := ledger.AccessQuery{Roles: c.roles, Regions: c.regions}
	people, err := ledger.FindAll(db, c.users)
	if err != nil {
		return err
	}
	for _, u := range people {
		query.People = append(query.People, u.ID)
	}
	if c.at != "" {
		if query.At, err = c.endOfDay(cfg); err != nil {
			return err
		}
	}
	rows, err := ledger.Access(db, query)
	if err != nil {
		return err
	}
	show := c.Data
	if c.format.value == "text" {
		show = c.Talk
	}
	err = c.writeClosed(db, show, func(w io.Writer) error {
		switch c.format.value {
		case "json":
			return ledger.AccessJSON(w, rows)
		case "csv":
			return ledger.AccessCSV(w, rows)
		}
		return ledger.AccessText(w, rows, c.Style())
	})
	c.nothing(len(rows), "nobody")
	return err
}

// endOfDay is when the day of --at is over for whoever asks.
func (c *accessCommand) endOfDay(cfg *configs.Config) (time.Time, error) {
	zone, err := zoneOf(cfg)
	if c.Getenv("TZ") != "" {
		zone = time.Local
	} else if err != nil {
		return time.Time{}, err
	}
	day, err := time.ParseInLocation(time.DateOnly, c.at, zone)
	if err != nil {
		return day, usage("--at %q is no day: write it as 2026-03-31", c.at)
	}
	if day.After(c.Now()) {
		return day, usage("--at %s is still to come", c.at)
	}
	return day.AddDate(0, 0, 1), nil
}

func newStateExport(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Print the snapshot as JSON, one record a line",
		Long: "Export prints everything that the snapshot knows, a record a line: {\"type\":\"link\",\"record\":{…}}.\n" +
			"The first line, of type about, says what the others contain. They contain personal data that anybody\n" +
			"can read, also when the snapshot is encrypted. They contain no credentials and no tokens.",
		Args: cobra.NoArgs,
		RunE: a.withSnapshot(func(_ context.Context, _ *configs.Config, db *state.DB, _ []string) error {
			return a.writeClosed(db, a.Data, func(w io.Writer) error { return ledger.Export(w, db) })
		}),
	}
}

func newNotify(a *app) *cobra.Command {
	return group(a, "notify", "Try the messages about runs", notifyCommands)
}

func newNotifyTest(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "test",
		Short: "Send a test message to everybody who gets messages",
		Long: "Test sends a message by the webhook and by mail, and calls the addresses of notify.ping. It also calls\n" +
			"that of a failure, so that you see the alarm, and that of a success last. It ends with 1 when one of\n" +
			"them cannot be reached.",
		Args: cobra.NoArgs,
		RunE: a.configured(func(ctx context.Context, cfg *configs.Config, _ []string) error {
			results, err := watch.NewNotifier(&a.Invocation, cfg).Test(ctx)
			if err != nil {
				return err
			}
			return showTest(&a.Terminal, results)
		}),
	}
}

func showTest(t *console.Terminal, results []notify.Result) error {
	failed := 0
	err := t.Talk(func(w io.Writer) error {
		table := ui.NewTable(w, t.Style())
		for _, r := range results {
			if r.Err != nil {
				failed++
				table.Alarm(r.Channel, "failed: "+ui.Safe(r.Err.Error()))
				continue
			}
			table.Row(r.Channel, "ok")
		}
		return table.Flush()
	})
	if failed > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %d could not be reached", failed, len(results)))
	}
	return err
}

// version is set by the build: -ldflags "-X main.version=v1.4.0".
var version = "devel"

func versionText() string {
	return fmt.Sprintf("tracktik-sync %s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.Data(func(w io.Writer) error {
				_, err := fmt.Fprintln(w, versionText())
				return err
			})
		},
	}
}

// explainCommand is `explain`: one person, step by step.
type explainCommand struct {
	*app
	format *choice
}

func newExplain(a *app) *cobra.Command {
	c := &explainCommand{app: a}
	cmd := &cobra.Command{
		Use:   "explain USER",
		Short: "Show what a sync would do with one person, and why, in five steps",
		Long: "Explain looks one person up: found in Okta, in scope, matched, mapped, would do; and the roles, each\n" +
			"with the group that gives it. It makes at most eight calls and writes nothing. USER is an Okta id, login,\n" +
			"e-mail or TrackTik employee id.",
		Example: "  tracktik-sync explain ana.silva@acme.example\n" +
			"  tracktik-sync explain 1042 --format json",
		Args: cobra.ExactArgs(1),
		RunE: c.configured(c.execute),
	}
	c.format = formats(cmd.Flags(), "text", "json")
	return cmd
}

func (c *explainCommand) execute(ctx context.Context, cfg *configs.Config, args []string) error {
	db, done, err := c.OpenPlan(cfg)
	if err != nil {
		return err
	}
	x, err := c.explain(ctx, cfg, db, args[0])
	if err := errors.Join(err, done()); x == nil {
		return err
	}
	shown := c.show(c.format.value, x, func(w io.Writer) error { return x.Print(w, c.Style(), c.Now()) })
	return errors.Join(shown, err)
}

func (c *explainCommand) explain(ctx context.Context, cfg *configs.Config, db *state.DB, name string) (*explain.Person,
	error) {
	engine, err := c.Engine(cfg, db)
	if err != nil {
		return nil, err
	}
	who, err := ledger.Find(db, name)
	if err != nil && !errors.Is(err, tsync.ErrNobody) {
		return nil, err
	}
	e, err := engine.Explain(ctx, name, who)
	err = withPerhaps(err, ledger.Perhaps(db, err))
	if e == nil {
		return nil, err
	}
	known, knownErr := ledger.OnRecord(db, e.User.ID, cfg.State.RedactHistory)
	return &explain.Person{Explanation: e, Known: known}, errors.Join(interrupted(ctx, err), knownErr)
}

func newCheck(a *app) *cobra.Command {
	var format *choice
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Try everything that a run needs, and say what to do; changes nothing",
		Long: "Check tries everything that a run needs, once, and changes nothing: the configuration, the snapshot,\n" +
			"the way to both systems, each right, and the values of the first people. At the end it says how much\n" +
			"the plan would do. Each warning or failure says what to do about it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.check(cmd.Context(), format.value) },
	}
	format = formats(cmd.Flags(), "text", "json")
	return cmd
}

func (a *app) check(ctx context.Context, format string) error {
	d := doctor.NewDoctor(&a.Invocation)
	if d.Configured() {
		stop := a.showProgress()
		d.Examine(ctx)
		stop()
	}
	if err := ctx.Err(); err != nil { // what failed only had no time
		return err
	}
	err := a.show(format, d.Diagnosis(), func(w io.Writer) error { return d.Print(w, a.Style(), a.Quiet) })
	failed := d.Failed()
	switch {
	case err != nil || len(failed) == 0:
		return err
	case d.BadSetup:
		return &verdict{tsync.ExitUsage, "bad configuration", strings.Join(failed, ", ") + ": see above"}
	}
	return &verdict{tsync.ExitFailed, "failed", ui.Number(len(failed), "check") + ": " + strings.Join(failed, ", ")}
}

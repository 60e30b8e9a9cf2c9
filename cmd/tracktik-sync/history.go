package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// historyCommand is `history`: the audit trail.
type historyCommand struct {
	*app
	run, since, until string
	kinds, outcomes   words
	full              bool
	format            *choice
}

func newHistory(a *app) *cobra.Command {
	c := &historyCommand{app: a}
	cmd := &cobra.Command{
		Use:   "history [USER]",
		Short: "Show the audit trail: who was changed, when and why, and with what outcome",
		Example: "  tracktik-sync history ana.silva@acme.example\n" +
			"  tracktik-sync history --run last --kind terminate\n" +
			"  tracktik-sync history --since 7d --format csv",
		Args: cobra.MaximumNArgs(1),
		RunE: c.configured(c.execute),
	}
	flags := cmd.Flags()
	flags.StringVar(&c.run, "run", "", "only this `RUN`: an id, or last")
	flags.StringVar(&c.since, "since", "", "from this `TIME` on: 2006-01-02, RFC 3339, or an age such as 7d")
	flags.StringVar(&c.until, "until", "", "before this `TIME`")
	c.kinds.allowed, c.outcomes.allowed = ledger.AuditKinds, ledger.Outcomes
	flags.Var(&c.kinds, "kind", "only this `KIND`: create, terminate, grant_role, link …; may be repeated")
	flags.Var(&c.outcomes, "outcome", "only this `OUTCOME`: done, found, failed, unknown, held or would; may be repeated")
	flags.BoolVar(&c.full, "full", false, "each entry with all fields, also without USER or --run, and where a run has "+
		"many")
	c.format = formats(flags, "text", "json", "csv")
	return cmd
}

func (c *historyCommand) execute(ctx context.Context, cfg *configs.Config, args []string) error {
	query, err := c.query(cfg)
	if err != nil {
		return err
	}
	db, err := c.OpenRead(cfg)
	if err != nil {
		return err
	}
	return errors.Join(c.print(ctx, cfg, db, query, args), db.Close())
}

func (c *historyCommand) print(ctx context.Context, cfg *configs.Config, db *state.DB, query state.Query,
	args []string) error {
	if len(args) == 1 {
		u, err := c.resolve(ctx, cfg, db, args[0])
		if err != nil {
			return err
		}
		query.Person = u.ID
	}
	if err := c.resolveRun(db, &query); err != nil {
		return err
	}
	entries := &ledger.Trail{DB: db, Query: query, Redact: cfg.State.RedactHistory}
	show := c.Data
	if c.format.value == "text" {
		show = c.Talk
	}
	err := c.writeClosed(db, show, func(w io.Writer) error {
		switch c.format.value {
		case "json":
			return entries.WriteJSON(w)
		case "csv":
			return entries.WriteCSV(w)
		}
		return entries.WriteText(w, c.Style(), c.full)
	})
	c.nothing(entries.Shown, "nothing of that is in the audit trail")
	return err
}

// resolve finds whom the snapshot knows by that name, else whom Okta does: a login
// may have changed since. Without Okta's answer it says what the snapshot said.
func (c *historyCommand) resolve(ctx context.Context, cfg *configs.Config, db *state.DB, name string) (plan.UserRef,
	error) {
	u, err := ledger.Find(db, name)
	if !errors.Is(err, tsync.ErrNobody) {
		return u, err
	}
	source, sourceErr := c.Source(cfg)
	if sourceErr != nil {
		return u, errors.Join(err, sourceErr)
	}
	p, found, oktaErr := source.User(ctx, name)
	if oktaErr == nil && found {
		return plan.UserRef{ID: p.ID, Login: p.Login}, nil
	}
	people, mailErr := source.UserByEmail(ctx, name)
	if mailErr == nil && len(people) == 1 {
		return plan.UserRef{ID: people[0].ID, Login: people[0].Login}, nil
	}
	if mailErr != nil {
		return u, fmt.Errorf("%w; and Okta could not be asked: %w", err, mailErr)
	}
	return u, err
}

func (c *historyCommand) query(cfg *configs.Config) (state.Query, error) {
	q := state.Query{Kinds: c.kinds.given, Outcomes: c.outcomes.given}
	zone, err := time.LoadLocation(cfg.Schedule.Timezone)
	if err != nil {
		return q, err
	}
	if q.Since, err = parseTime("since", c.since, c.Now(), zone); err != nil {
		return q, err
	}
	if q.Until, err = parseTime("until", c.until, c.Now(), zone); err != nil {
		return q, err
	}
	if !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return q, usage("--since %s is not before --until %s", q.Since.UTC().Format(time.RFC3339), q.Until.UTC().
			Format(time.RFC3339))
	}
	return q, nil
}

// parseTime reads a day or a moment in zone, RFC 3339, or an age.
func parseTime(flag, text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", time.DateTime} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	if age, err := configs.ParseDuration(text); err == nil {
		return now.Add(-age), nil
	}
	return time.Time{}, usage("--%s %q is no time: write 2006-01-02, 2006-01-02T15:04:05Z, or an age such as 24h or 7d",
		flag, text)
}

func (c *historyCommand) resolveRun(db *state.DB, query *state.Query) error {
	if c.run == "" {
		return nil
	}
	record, found, err := db.Run(c.run)
	if err != nil {
		return err
	}
	if !found {
		return ledger.NoRun(c.run)
	}
	query.Run = record.ID
	return nil
}

func newFind(a *app) *cobra.Command {
	var format *choice
	cmd := &cobra.Command{
		Use:   "find NAME",
		Short: "Find people by any part of their name, login or e-mail, or by an id",
		Long: "Find searches the snapshot, without a call: people who are managed or held, who have a problem, or who\n" +
			"were terminated. Case and accents do not matter. If it finds nobody, it ends with 1.",
		Example: "  tracktik-sync find silva\n" +
			"  tracktik-sync find 1042",
		Args: cobra.MinimumNArgs(1),
		RunE: a.withSnapshot(func(_ context.Context, _ *configs.Config, db *state.DB, args []string) error {
			name := strings.Join(args, " ")
			found, err := ledger.Search(db, name)
			if err := errors.Join(err, db.Close()); err != nil {
				return err
			}
			var nobody error
			if len(found) == 0 {
				found, nobody = []ledger.Found{}, fmt.Errorf("%w in the snapshot: %q", tsync.ErrNobody, name)
			}
			if format.value == "csv" {
				err = a.Data(func(w io.Writer) error { return ledger.FoundCSV(w, found) })
			} else {
				err = a.show(format.value, found, func(w io.Writer) error { return ledger.PrintFound(w, found, a.Style()) })
			}
			return errors.Join(err, nobody)
		}),
	}
	format = formats(cmd.Flags(), "text", "json", "csv")
	return cmd
}

// nothing says on stderr that a list is empty.
func (a *app) nothing(n int, text string) {
	if n == 0 {
		a.Explain(text)
	}
}

package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/explain"
	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
)

// explainCommand is `explain`: one person, step by step.
type explainCommand struct {
	*app
	format *choice
}

func newExplain(a *app) *cobra.Command {
	c := &explainCommand{app: a}
	cmd := &cobra.Command{
		Use:   "explain USER",
		Short: "Show what a sync makes of one person, and why, in five steps",
		Long: "Explain looks one person up: found in Okta, in scope, matched, mapped, would do; and the roles with\n" +
			"the group behind each. It makes at most eight calls and writes nothing. USER is an Okta id, login,\n" +
			"e-mail or TrackTik employee id.",
		Example: "  tracktik-sync explain ana.silva@acme.example\n" +
			"  tracktik-sync explain 1042 --format json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.execute(cmd.Context(), args[0]) },
	}
	c.format = formats(cmd.Flags(), "text", "json")
	return cmd
}

func (c *explainCommand) execute(ctx context.Context, name string) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	db, done, err := c.OpenPlan(cfg)
	if err != nil {
		return err
	}
	x, err := c.explain(ctx, cfg, db, name)
	if err := errors.Join(err, done()); x == nil {
		return err
	}
	shown := c.Talk(func(w io.Writer) error {
		if c.format.value == "json" {
			return ui.WriteJSON(w, x)
		}
		return x.Print(w, c.Style(), c.Now())
	})
	return errors.Join(shown, err)
}

func (c *explainCommand) explain(ctx context.Context, cfg *configs.Config, db *state.DB, name string) (*explain.Person, error) {
	engine, err := c.Engine(cfg, db)
	if err != nil {
		return nil, err
	}
	who, err := ledger.Find(db, name)
	if err != nil && !errors.Is(err, tsync.ErrNobody) {
		return nil, err
	}
	e, err := engine.Explain(ctx, name, who)
	if e == nil {
		return nil, err
	}
	known, knownErr := ledger.OnRecord(db, e.User.ID, cfg.State.RedactHistory)
	return &explain.Person{Explanation: e, Known: known}, errors.Join(interrupted(ctx, err), knownErr)
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// explainCommand is `explain`: one person, step by step.
type explainCommand struct {
	*app
	format *choice
}

// An explained is what `explain --format json` prints: what the engine found out, and
// what is on record.
type explained struct {
	*tsync.Explanation
	Known onRecord `json:"known"`
}

// onRecord is what the snapshot has about a person besides who they are.
type onRecord struct {
	Problems []problemRow  `json:"problems"`       // on record
	LastHeld []plan.Held   `json:"held_by_last"`   // what the last run about everybody held of them
	History  []historyLine `json:"history"`        // the latest entries, oldest first
	LastRun  *lastRun      `json:"last_run"`       // the last one about everybody
	Gone     *time.Time    `json:"gone,omitempty"` // when their last employee was ended
}

// knownHistory is how many entries of the history are shown.
const knownHistory = 10

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
	db, done, err := c.openPlan(cfg)
	if err != nil {
		return err
	}
	x, err := c.explain(ctx, cfg, db, name)
	if err := errors.Join(err, done()); x == nil {
		return err
	}
	shown := c.talk(func(w io.Writer) error {
		if c.format.value == "json" {
			return writeJSON(w, x)
		}
		return c.printExplained(w, x)
	})
	return errors.Join(shown, err)
}

func (c *explainCommand) explain(ctx context.Context, cfg *configs.Config, db *state.DB, name string) (*explained, error) {
	engine, err := c.engine(cfg, db)
	if err != nil {
		return nil, err
	}
	who, err := findPerson(db, name)
	if err != nil && !errors.Is(err, tsync.ErrNobody) {
		return nil, err
	}
	e, err := engine.Explain(ctx, name, who)
	if e == nil {
		return nil, err
	}
	x := &explained{Explanation: e}
	knownErr := x.recall(db, cfg.State.RedactHistory)
	return x, errors.Join(interrupted(ctx, err), knownErr)
}

// recall adds what the snapshot has about the person.
func (x *explained) recall(db *state.DB, redact bool) error {
	x.Known = onRecord{Problems: []problemRow{}, LastHeld: []plan.Held{}, History: []historyLine{}}
	last, err := lastWhole(db)
	if err != nil {
		return err
	}
	if last.ID != "" {
		x.Known.LastRun = &lastRun{last.ID, last.Started, last.Ended, last.ExitCode, last.Summary, last.Message}
	}
	id := x.User.ID
	if id == "" {
		return nil
	}
	held, err := heldBy(db, last)
	if err != nil {
		return err
	}
	for _, h := range held {
		if h.User.ID == id {
			x.Known.LastHeld = append(x.Known.LastHeld, h)
		}
	}
	troubles, err := troublesOf(db)
	if err != nil {
		return err
	}
	x.Known.Problems = append(x.Known.Problems, troubleRows(troubles[id])...)
	formers, err := db.FormersOf(id)
	if err != nil {
		return err
	}
	for i := range formers {
		f := &formers[i]
		if x.Known.Gone == nil || f.Terminated.After(*x.Known.Gone) {
			ended := f.Terminated.UTC()
			x.Known.Gone = &ended
		}
	}
	for entry, err := range db.Audits(state.Query{Person: id, Limit: knownHistory}) {
		if err != nil {
			return err
		}
		if redact {
			entry = redactEntry(entry)
		}
		x.Known.History = append(x.Known.History, lineOf(entry))
	}
	return nil
}

// heldBy is what a run held. Only what held anything has its document read, which can
// hold hundreds of thousands of actions.
func heldBy(db *state.DB, run plan.RunRecord) ([]plan.Held, error) {
	if run.Held == 0 {
		return nil, nil
	}
	run, _, err := db.Run(run.ID)
	if err != nil || len(run.Document) == 0 {
		return nil, err
	}
	var document struct {
		Held []plan.Held `json:"held"`
	}
	err = readDocument(&run, &document)
	return document.Held, err
}

// readDocument decodes the document of a run, as far as into has room for it.
func readDocument(run *plan.RunRecord, into any) error {
	if err := json.Unmarshal(run.Document, into); err != nil {
		return fmt.Errorf("reading the document of run %s: %w", run.ID, err)
	}
	return nil
}

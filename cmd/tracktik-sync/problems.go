package main

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// A problemRow is one row of `problems`: what is wrong with a person or a role, and
// what settles it.
type problemRow struct {
	User     plan.UserRef `json:"user"`
	Group    plan.GroupID `json:"group_id,omitempty"` // of a role's problem
	Code     string       `json:"code"`
	Message  string       `json:"message"`
	Since    time.Time    `json:"since"`
	Attempts int          `json:"attempts"`
	NextTry  *time.Time   `json:"next_try"` // nil: judged anew in every run, or given up
	WayOut   string       `json:"way_out"`
}

// problemsCommand is `problems`.
type problemsCommand struct {
	*app
	held, fresh bool
	format      *choice
}

func newProblems(a *app) *cobra.Command {
	c := &problemsCommand{app: a}
	cmd := &cobra.Command{
		Use:   "problems",
		Short: "Show whom nothing can be written for, since when, and the way out",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return c.execute() },
	}
	cmd.Flags().BoolVar(&c.held, "held", false, "what the last run held instead: due, and not done")
	cmd.Flags().BoolVar(&c.fresh, "new", false, "only what has come since the last run began")
	c.format = formats(cmd.Flags(), "text", "json")
	return cmd
}

func (c *problemsCommand) execute() error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	db, err := c.openRead(cfg)
	if err != nil {
		return err
	}
	rows, err := c.rows(db)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return c.talk(func(w io.Writer) error {
		if c.format.value == "json" {
			return writeJSON(w, rows)
		}
		return c.print(w, rows)
	})
}

func (c *problemsCommand) rows(db *state.DB) ([]problemRow, error) {
	last, err := lastWhole(db)
	if err != nil {
		return nil, err
	}
	rows := []problemRow{}
	if c.held {
		since, err := heldSince(db, c.now())
		if err != nil {
			return nil, err
		}
		held, err := heldBy(db, last)
		if err != nil {
			return nil, err
		}
		rows = append(rows, heldRows(held, last, since)...)
		if err := nameRows(db, rows); err != nil {
			return nil, err
		}
	} else {
		troubles, err := db.Troubles()
		if err != nil {
			return nil, err
		}
		rows = append(rows, troubleRows(troubles)...)
	}
	if c.fresh {
		rows = slices.DeleteFunc(rows, func(r problemRow) bool { return r.Since.Before(last.Started) })
	}
	return rows, nil
}

func troubleRows(troubles []plan.Trouble) []problemRow {
	rows := make([]problemRow, len(troubles))
	for i, t := range troubles {
		rows[i] = problemRow{User: plan.UserRef{ID: t.Person, Login: t.Login}, Group: t.Group, Code: t.Code,
			Message: t.Message, Since: t.Since, Attempts: t.Attempts, NextTry: t.NextTry, WayOut: wayOutOf(&t)}
		if t.Code == plan.ProblemGivenUp {
			rows[i].NextTry = nil
		}
	}
	return rows
}

// heldRows are the held actions of a run; since knows from when on, else it is the run.
func heldRows(held []plan.Held, run plan.RunRecord, since map[heldKey]time.Time) []problemRow {
	rows := make([]problemRow, len(held))
	for i := range held {
		h := &held[i]
		why := strings.TrimLeft(strings.TrimPrefix(h.Why, h.Code()), ": ")
		rows[i] = problemRow{User: h.User, Code: h.Code(), Since: run.Started, WayOut: wayOut(h.Code()),
			Message: strings.TrimRight(ui.KindWords(h.Kind)+": "+why, ": ")}
		if h.Role != nil {
			rows[i].Group = h.Role.Group
		}
		if at, known := since[heldKeyOf(h.Kind, h.User.ID, h.Role, h.Why)]; known {
			rows[i].Since = at
		}
	}
	return rows
}

// nameRows fills in the logins that state.redact_history keeps out of a run's document.
func nameRows(db *state.DB, rows []problemRow) error {
	for i := range rows {
		u := &rows[i].User
		if u.ID == "" || u.Login != "" {
			continue
		}
		link, _, err := db.Link(u.ID)
		if err != nil {
			return err
		}
		u.Login = link.Login
	}
	return nil
}

func (c *problemsCommand) print(w io.Writer, rows []problemRow) error {
	if len(rows) == 0 {
		if c.flags.quiet {
			return nil
		}
		_, err := io.WriteString(w, "none\n")
		return err
	}
	t := ui.NewTable(w, c.style())
	for _, r := range rows {
		name := ui.Person(r.User)
		if r.User == (plan.UserRef{}) {
			name = "group " + ui.Safe(string(r.Group))
		}
		t.Row(ui.Safe(r.Code), name, "since "+r.Since.UTC().Format(time.RFC3339), attempts(r), c.nextTry(r), ui.Safe(r.Message))
		t.Row("", "way out: "+ui.Safe(r.WayOut))
	}
	return t.Flush()
}

// attempts counts the calls that TrackTik refused; most problems need none.
func attempts(r problemRow) string {
	if r.Attempts == 0 {
		return "no attempt"
	}
	return ui.Number(r.Attempts, "attempt")
}

func (c *problemsCommand) nextTry(r problemRow) string {
	switch {
	case r.Code == plan.ProblemGivenUp:
		return "given up"
	case r.NextTry == nil:
		return "every run"
	}
	return "next " + r.NextTry.UTC().Format(time.RFC3339)
}

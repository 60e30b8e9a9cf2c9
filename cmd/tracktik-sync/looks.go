package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
)

func newStatus(a *app) *cobra.Command {
	var format *choice
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the last run, the next one, and what waits for somebody",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			return a.status(cfg, format.value)
		},
	}
	format = formats(cmd.Flags(), "text", "json")
	return cmd
}

// status answers from the snapshot, or while a run has it from what the last run
// left beside it. Without either it says so and ends with 3.
func (a *app) status(cfg *configs.Config, format string) error {
	d, err := ledger.CurrentStatus(&a.Invocation, cfg)
	var missing *wiring.MissingError
	if d == nil || err != nil && !errors.As(err, &missing) {
		return err
	}
	if d.LastSuccess != nil {
		age := int64(a.Now().Sub(*d.LastSuccess).Seconds())
		d.Age = &age
	}
	if d.Events != nil && !d.Events.Polled.IsZero() {
		d.Events.CursorAge = int64(a.Now().Sub(d.Events.Polled).Seconds())
	}
	shown := a.Talk(func(w io.Writer) error {
		if format == "json" {
			return ui.WriteJSON(w, d)
		}
		return d.Print(w, a.Style(), a.Now())
	})
	return errors.Join(shown, err)
}

func newProblems(a *app) *cobra.Command {
	var held, fresh bool
	var format *choice
	cmd := &cobra.Command{
		Use:   "problems",
		Short: "Show whom nothing can be written for, since when, and the way out",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var rows []ledger.ProblemRow
			err := a.withSnapshot(func(db *state.DB) (err error) {
				rows, err = ledger.ProblemsIn(db, held, fresh, a.Now())
				return err
			})
			if err != nil {
				return err
			}
			return a.Talk(func(w io.Writer) error {
				switch {
				case format.value == "json":
					return ui.WriteJSON(w, rows)
				case len(rows) > 0:
					return ledger.PrintProblems(w, rows, a.Style())
				case a.Quiet:
					return nil
				}
				_, err := io.WriteString(w, "none\n")
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&held, "held", false, "what the last run held instead: due, and not done")
	cmd.Flags().BoolVar(&fresh, "new", false, "only what has come since the last run began")
	format = formats(cmd.Flags(), "text", "json")
	return cmd
}

func newAccess(a *app) *cobra.Command {
	var format *choice
	cmd := &cobra.Command{
		Use:   "access",
		Short: "List each managed person with region, roles, and the group behind each role",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withSnapshot(func(db *state.DB) error {
				return a.aside(db, func(w io.Writer) error {
					if format.value == "json" {
						return ledger.AccessJSON(w, db)
					}
					return ledger.AccessCSV(w, db)
				})
			})
		},
	}
	format = formats(cmd.Flags(), "csv", "json")
	return cmd
}

func newStateExport(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Print the snapshot as JSON, one record a line",
		Long: "Export prints everything that the snapshot knows, a record a line: {\"type\":\"link\",\"record\":{…}}.\n" +
			"The first line, of type about, says what the others hold: personal data, in the clear, whether or\n" +
			"not the snapshot is encrypted. Neither credentials nor tokens are part of it.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withSnapshot(func(db *state.DB) error {
				return a.aside(db, func(w io.Writer) error { return ledger.Export(w, db) })
			})
		},
	}
}

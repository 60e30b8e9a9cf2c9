package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
)

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

package main

import (
	"io"
	"iter"

	"github.com/spf13/cobra"

	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

func newStateExport(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Print the snapshot as JSON, one record a line",
		Long: "Export prints everything that the snapshot knows, a record a line: {\"type\":\"link\",\"record\":{…}}.\n" +
			"The types are meta, link, former, group, grant, problem, pending, run and audit. It holds personal data.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withSnapshot(func(db *state.DB) error {
				return a.data(func(w io.Writer) error { return export(w, db) })
			})
		},
	}
}

// export writes all records, by type.
func export(w io.Writer, db *state.DB) error {
	for _, part := range []func(io.Writer, *state.DB) error{
		one("meta", (*state.DB).Meta),
		stream("link", (*state.DB).Links),
		stream("former", (*state.DB).Formers),
		list("group", (*state.DB).Groups),
		stream("grant", (*state.DB).Grants),
		list("problem", (*state.DB).Troubles),
		list("pending", (*state.DB).Pending),
		list("run", func(db *state.DB) ([]plan.RunRecord, error) { return db.Runs(0) }),
		stream("audit", func(db *state.DB) iter.Seq2[plan.Audit, error] { return db.Audits(state.Query{}) }),
	} {
		if err := part(w, db); err != nil {
			return err
		}
	}
	return nil
}

// An exported is one line.
type exported struct {
	Type   string `json:"type"`
	Record any    `json:"record"`
}

func one[T any](kind string, read func(*state.DB) (T, error)) func(io.Writer, *state.DB) error {
	return func(w io.Writer, db *state.DB) error {
		record, err := read(db)
		if err != nil {
			return err
		}
		return writeJSON(w, exported{kind, record})
	}
}

func list[T any](kind string, read func(*state.DB) ([]T, error)) func(io.Writer, *state.DB) error {
	return func(w io.Writer, db *state.DB) error {
		records, err := read(db)
		if err != nil {
			return err
		}
		for _, record := range records {
			if err := writeJSON(w, exported{kind, record}); err != nil {
				return err
			}
		}
		return nil
	}
}

func stream[T any](kind string, read func(*state.DB) iter.Seq2[T, error]) func(io.Writer, *state.DB) error {
	return func(w io.Writer, db *state.DB) error {
		for record, err := range read(db) {
			if err != nil {
				return err
			}
			if err := writeJSON(w, exported{kind, record}); err != nil {
				return err
			}
		}
		return nil
	}
}

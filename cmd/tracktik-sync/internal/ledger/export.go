package ledger

import (
	"io"
	"iter"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// Export writes all records, by type.
func Export(w io.Writer, db *state.DB) error {
	if err := ui.WriteJSON(w, exported{"about", exportAbout}); err != nil {
		return err
	}
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

// An about says what an export holds, for whoever finds the file.
type about struct {
	What         string            `json:"what"`
	PersonalData bool              `json:"personal_data"`
	Credentials  bool              `json:"credentials"`
	Types        map[string]string `json:"types"`
}

var exportAbout = about{
	What: "everything that a snapshot of tracktik-sync knows, in the clear: keep it as you keep the snapshot, " +
		"and delete it when it has served",
	PersonalData: true,
	Types: map[string]string{
		"meta":    "the systems it belongs to, the last runs, a quarantine",
		"link":    "who is which employee: Okta id, login, e-mail and every value pushed (names, phone, address)",
		"former":  "the same of people who were terminated, with the roles they held",
		"group":   "pushed groups and their roles",
		"grant":   "who holds which role by which group",
		"problem": "people with a problem: login, and what was refused",
		"pending": "writes whose outcome is not known, with their values",
		"run":     "the runs: when, by whom, how they ended",
		"audit":   "every action with old and new values, when and by whom",
	},
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
		return ui.WriteJSON(w, exported{kind, record})
	}
}

func list[T any](kind string, read func(*state.DB) ([]T, error)) func(io.Writer, *state.DB) error {
	return func(w io.Writer, db *state.DB) error {
		records, err := read(db)
		if err != nil {
			return err
		}
		for _, record := range records {
			if err := ui.WriteJSON(w, exported{kind, record}); err != nil {
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
			if err := ui.WriteJSON(w, exported{kind, record}); err != nil {
				return err
			}
		}
		return nil
	}
}

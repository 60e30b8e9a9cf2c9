package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/compare"
	"tracktik-sync/sync/plan"
)

// compareCommand is `compare`: both sides as they are.
type compareCommand struct {
	*app
	format *choice
}

func newCompare(a *app) *cobra.Command {
	c := &compareCommand{app: a}
	cmd := &cobra.Command{
		Use:   "compare",
		Short: "Read Okta and TrackTik whole, and show where they differ; writes nothing",
		Long: "Compare reads Okta and TrackTik whole and sorts people into six groups: matched and equal; matched\n" +
			"and different, field by field; in Okta without an employee; active employees without anyone in Okta;\n" +
			"people who hold a role outside its group; terminated in TrackTik and still assigned. It looks up\n" +
			"unmanaged active employees in Okta, by username and e-mail, and says what it found: left_okta\n" +
			"(`retire` ends these), not_assigned, nobody, doubtful. It writes nothing and needs no snapshot. If\n" +
			"there is one, `status` and the metrics then show how many of each there are. While sync.mode is\n" +
			"observe, a table at the end counts what was due since observing began: \"agreed\" was done there too,\n" +
			"\"only we\" would be done by this program only, \"only they\" was done there only.",
		Example: "  tracktik-sync compare\n" +
			"  tracktik-sync compare --format csv > compare.csv",
		Args: cobra.NoArgs,
		RunE: c.configured(c.execute),
	}
	c.format = formats(cmd.Flags(), "text", "json", "csv", "html")
	return cmd
}

func (c *compareCommand) execute(ctx context.Context, cfg *configs.Config, _ []string) error {
	result, known, err := c.compare(ctx, cfg)
	if err != nil {
		return err
	}
	if known {
		c.remember(cfg, result)
	}
	switch c.format.value {
	case "csv":
		return c.Data(func(w io.Writer) error { return ui.CompareCSV(w, result) })
	case "html":
		return c.Record(func(w io.Writer) error { return ui.CompareHTML(w, result) })
	}
	return c.show(c.format.value, result, func(w io.Writer) error { return ui.CompareText(w, result, c.Style()) })
}

// compare works on a copy of the snapshot, so that a run can begin meanwhile; known
// says that there is one.
func (c *compareCommand) compare(ctx context.Context, cfg *configs.Config) (result *plan.Comparison, known bool,
	err error) {
	db, err := c.OpenRead(cfg)
	var missing *wiring.MissingError
	if err != nil && !errors.As(err, &missing) {
		return nil, false, err
	}
	known = db != nil
	scratch, done, err := c.Scratch(cfg, db)
	var seen compare.Observed
	if known {
		seen, err = observed(cfg, db, err)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		return nil, known, err
	}
	defer c.showProgress()()
	engine, err := c.Engine(cfg, scratch)
	if err != nil {
		return nil, known, errors.Join(err, done())
	}
	result, err = engine.Compare(ctx, seen)
	return result, known, errors.Join(err, done())
}

// observed is what runs that only observe have planned since they began; nothing where
// runs write.
func observed(cfg *configs.Config, db *state.DB, err error) (seen compare.Observed, _ error) {
	if err != nil || cfg.Sync.Mode != "observe" {
		return seen, err
	}
	meta, err := db.Meta()
	if err != nil || meta.Observing == nil {
		return seen, err
	}
	for entry, err := range db.Audits(state.Query{Since: meta.Observing.Since}) {
		if err != nil {
			return seen, err
		}
		seen.Note(entry)
	}
	last, err := ledger.LastWhole(db)
	if err != nil || last.ID == "" {
		return seen, err
	}
	_, err = ledger.ReadPlan(db, last.ID, seen.NoteDue, seen.NoteHeld)
	return seen, err
}

// remember notes how many active employees nobody stands behind, where the snapshot
// can be written to: who only reads may compare as well.
func (c *compareCommand) remember(cfg *configs.Config, result *plan.Comparison) {
	n, census := result.Summary.OnlyTrackTik, result.Census()
	db, err := state.Open(cfg.State.Path, c.Writing(cfg))
	if err == nil {
		var meta plan.Meta
		if meta, err = db.Meta(); err == nil {
			meta.UnmanagedActive, meta.Unmanaged = &n, result.Summary.Unmanaged
			err = db.Commit(plan.Batch{Meta: &meta, Census: &census})
		}
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		c.Log.WithError(err).WithField("unmanaged_active", n).
			Warn("the number of unmanaged employees could not be noted in the snapshot")
	}
}

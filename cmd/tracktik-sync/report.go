package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	page "tracktik-sync/cmd/tracktik-sync/internal/report"
	"tracktik-sync/cmd/tracktik-sync/internal/support"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// reportCommand is `report`: what a run did, or a saved plan would do, for others.
type reportCommand struct {
	*app
	out output
	// snapshot is where it lies; empty: there is none.
	snapshot string
	format   *choice
}

func newReport(a *app) *cobra.Command {
	c := &reportCommand{app: a}
	cmd := &cobra.Command{
		Use:   "report RUN|FILE",
		Short: "Show what a run did, or what a saved plan would do, on one page",
		Long: "Report makes one page about a run, in one file: what was done, what is held and why, problems, a\n" +
			"timeline, and the trend of the last 30 runs. RUN is the id of a run, or last. FILE is a plan that\n" +
			"`plan --out` saved: then the page is for the person who approves it.",
		Example: "  tracktik-sync report last --out last.html\n" +
			"  tracktik-sync report tonight.json --out tonight.html",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.execute(cmd.Context(), args[0]) },
	}
	c.out.register(cmd.Flags(), "write it to `FILE` instead of stdout")
	c.format = formats(cmd.Flags(), "html", "json", "text")
	return cmd
}

// runID is how state.DB.NextRun names runs.
var runID = regexp.MustCompile(`^\d{8}T\d{6}Z-\d{6,}$`)

func (c *reportCommand) execute(ctx context.Context, name string) error {
	if name != state.LastRun && !runID.MatchString(name) {
		return c.ofPlan(ctx, name)
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if err := c.out.mayWrite(ctx, &c.Terminal, cfg); err != nil {
		return err
	}
	c.snapshot = cfg.State.Path
	db, err := c.OpenRead(cfg)
	if err != nil {
		return err
	}
	r, err := c.ofRun(cfg, db, name)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return c.print(r)
}

// ofPlan is about a saved plan, and needs no configuration: who approves one may have
// none.
func (c *reportCommand) ofPlan(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%q is neither a run's id, nor last, nor the file of a saved plan", path)
	}
	cfg := c.configIfAny()
	if err := c.out.mayWrite(ctx, &c.Terminal, cfg); err != nil {
		return err
	}
	if cfg != nil {
		c.snapshot = cfg.State.Path
	}
	d, err := readPlan(path)
	if err != nil {
		return err
	}
	return c.print(&page.Report{Document: d, Planned: true, File: path, WayOut: ui.WayOut, Program: c.Console.Program(),
		Made: c.Now()})
}

func (c *reportCommand) ofRun(cfg *configs.Config, db *state.DB, name string) (*page.Report, error) {
	record, found, err := db.Run(name)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ledger.NoRun(name)
	}
	r := &page.Report{Document: &plan.Document{}, Record: &record, Ending: ledger.EndingWords(record.ExitCode),
		Trail:  page.NewTrail(&record),
		WayOut: ui.WayOut, Program: c.Console.Program(), Made: c.Now()}
	if len(record.Document) > 0 {
		if err := ledger.ReadDocument(&record, r.Document); err != nil {
			return nil, err
		}
		c.Console.SpellDocument(r.Document)
	}
	if cfg.State.RedactHistory {
		ledger.Redact(r.Document, &record)
	}
	for entry, err := range db.Audits(state.Query{Run: record.ID}) {
		if err != nil {
			return nil, err
		}
		r.Trail.Add(entry)
	}
	r.Trend, err = ledger.Trend(db, record)
	return r, err
}

func (c *reportCommand) print(r *page.Report) error {
	write := func(w io.Writer) error {
		switch c.format.value {
		case "json":
			return writeReport(w, r)
		case "text":
			return c.text(w, r)
		}
		return r.HTML(w)
	}
	switch {
	case c.out.path == "" && c.format.value == "json":
		return c.Data(write)
	case c.out.path == "" && c.format.value == "text":
		return c.Talk(write)
	case c.out.path == "":
		return c.Record(write)
	case c.format.value != "json":
		write = c.Console.Spelled(write)
	}
	if err := disk.Write(c.snapshot, c.out.path, write); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// A reported is what `report --format json` prints of a run: its document as `sync
// --format json` has it, and the run's record.
type reported struct {
	*plan.Document
	Record *plan.RunRecord   `json:"record"`
	Trend  []plan.RunRecord  `json:"trend"`
	Lag    *ledger.LeaverLag `json:"leaver_lag"` // null: it terminated nobody whose wait is known
}

func writeReport(w io.Writer, r *page.Report) error {
	if r.Record == nil {
		return r.Document.WriteJSON(w)
	}
	record := *r.Record
	record.Document = nil
	return ui.WriteJSON(w, reported{r.Document, &record, r.Trend, ledger.LagOf(r.Trail.Lag())})
}

func (c *reportCommand) text(w io.Writer, r *page.Report) error {
	if r.Record == nil {
		return ui.Plan(w, r.Document, c.reportStyle(), ui.View{Planned: true})
	}
	if _, err := fmt.Fprintf(w, "Run %s, %s to %s, by %s\n%s\n", ui.Safe(r.Record.ID), r.Record.Started.UTC().
		Format(time.RFC3339), r.Record.Ended.UTC().Format(time.RFC3339), ui.Safe(r.Record.By),
		ui.Safe(r.Ending)); err != nil {
		return err
	}
	if lag := r.Trail.Lag(); lag.Count > 0 {
		if _, err := fmt.Fprintln(w, ui.LagWords(lag)); err != nil {
			return err
		}
	}
	for _, line := range ui.SafeLines(r.Record.Message) {
		if line == "" {
			continue
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	if !r.Document.Made() {
		return nil
	}
	if err := ui.Plan(w, r.Document, c.reportStyle(), ui.View{}); err != nil {
		return err
	}
	return ui.Result(w, r.Document, c.reportStyle(), ui.View{})
}

// reportStyle has no colours in a file.
func (c *reportCommand) reportStyle() ui.Style {
	if c.out.path != "" {
		return ui.Plain
	}
	return c.Style()
}

// supportCommand is `support`: a file for whoever helps.
type supportCommand struct {
	*app
	out output
	log string
}

func newSupport(a *app) *cobra.Command {
	c := &supportCommand{app: a}
	cmd := &cobra.Command{
		Use:   "support",
		Short: "Make a file for a person who helps you, with no person and no secret in it",
		Long: "Support makes a zip of text files: version and system, the form of the configuration, what `check` and\n" +
			"`state verify` say, sizes, the last 20 runs as counts, the last 50 actions that failed, the form of the\n" +
			"last 50 answers that were refusals, and the last probe. It contains only words of the program itself;\n" +
			"everything else is replaced by a number, the same text by the same number.\n" +
			"It also works without credentials, without a snapshot and with a wrong configuration, and says what is\n" +
			"missing. With --log it adds the lines of a log whose fields it knows. Read the file before you send it.",
		Example: "  tracktik-sync support\n" +
			"  tracktik-sync support --log sync.log --out for-help.zip",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.execute(cmd.Context()) },
	}
	c.out.register(cmd.Flags(), "write it to `FILE` (default: tracktik-sync-support-TIME.zip here)")
	cmd.Flags().StringVar(&c.log, "log", "", "add the lines of `FILE`, which a run wrote to stderr")
	return cmd
}

func (c *supportCommand) execute(ctx context.Context) error {
	if c.out.path == "" {
		c.out.path = "tracktik-sync-support-" + c.Now().UTC().Format("20060102T150405Z") + ".zip"
	}
	if err := c.out.mayWrite(ctx, &c.Terminal, c.configIfAny()); err != nil {
		return err
	}
	var log io.Reader
	if c.log != "" {
		f, err := os.Open(c.log)
		if err != nil {
			return usage("reading the log: %v", err)
		}
		defer f.Close()
		log = f
	}
	stop := c.showProgress()
	b := support.Collect(ctx, &c.Invocation, log)
	stop()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := disk.Write("", c.out.path, b.Write); err != nil {
		return fmt.Errorf("writing the file for support: %w", err)
	}
	return errors.Join(c.Data(func(w io.Writer) error {
		_, err := io.WriteString(w, b.Contents())
		return err
	}), c.Say("%s is for whoever helps; read it before you send it", c.out.path))
}

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// retireCommand is `retire`: unmanaged employees who have left Okta are terminated.
type retireCommand struct {
	*app
	run    runFlags // of which --approve is taken
	file   string
	dryRun bool
	yes    bool
	format *choice
}

func newRetire(a *app) *cobra.Command {
	c := &retireCommand{app: a}
	cmd := &cobra.Command{
		Use:   "retire USER|EMPLOYEE_ID…",
		Short: "Terminate unmanaged employees who have left Okta",
		Long: "Retire terminates unmanaged active employees who have left Okta, as `compare` lists them: leavers whom\n" +
			"nobody ended. Each one is looked up again now. Exactly one user in Okta must have the username or\n" +
			"e-mail of the employee, and the same first or last name, and this user must be DEPROVISIONED. Other\n" +
			"people, protected people and people with a protected role are listed with the reason and left alone\n" +
			"(exit 4); so are managed people (exit 2). A number is the id of an employee; any other name is an Okta\n" +
			"id, login or e-mail. FILE has one of them a line, or is the CSV of `compare`, whose rows of the group\n" +
			"only_tracktik count. The guard of terminations applies, and `restore` brings the people back. While\n" +
			"sync.mode is observe, or sync.deactivate_users is off, nobody is retired (exit 3).",
		Example: "  tracktik-sync retire 1042 1043 --dry-run\n" +
			"  tracktik-sync compare --format csv > compare.csv\n" +
			"  tracktik-sync retire --file compare.csv",
		Args: func(_ *cobra.Command, args []string) error {
			if (c.file == "") == (len(args) == 0) {
				return errors.New("say USER or EMPLOYEE_ID, or --file with a list of them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.execute(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	c.run.flags = flags
	flags.StringVar(&c.file, "file", "", "retire whom this `FILE` lists; - is stdin")
	c.run.registerApprove(flags)
	flags.BoolVar(&c.dryRun, "dry-run", false, "show what would be done, and change nothing")
	flags.BoolVar(&c.yes, "yes", false, "do not ask, also on a terminal")
	c.format = formats(flags, "text", "json")
	return cmd
}

func (c *retireCommand) execute(ctx context.Context, args []string) error {
	cfg, err := c.load()
	if err != nil && c.dryRun {
		return err
	}
	if err != nil {
		return c.notBegun(ctx, cfg, false, err)
	}
	opt, err := c.options(cfg, args)
	if err != nil {
		return err
	}
	ctx, cancel := wiring.WithLimit(ctx, cfg.Schedule.Deadline)
	defer cancel()
	if c.dryRun {
		return c.dry(ctx, cfg, opt)
	}
	j := &job{app: c.app, cfg: cfg, format: c.format.value}
	db, err := j.open(ctx)
	if err != nil {
		return err
	}
	if c.Asks && !c.yes {
		opt.Confirm = j.confirm(ctx)
	}
	d, err := j.make(ctx, db, func(e *tsync.Engine) (*plan.Document, error) { return e.Retire(ctx, opt) })
	c.suggest(cfg, d)
	if d != nil && d.Result != nil { // who is left alone is in this list, and not in that of `problems`
		d.Result.NewProblems = max(0, d.Result.NewProblems-len(d.Problems))
	}
	return j.show(d, errors.Join(err, leftAlone(cfg, d)))
}

// dry shows what a retirement would do. It needs a snapshot: without one nobody would
// count as managed.
func (c *retireCommand) dry(ctx context.Context, cfg *configs.Config, opt tsync.RetireOptions) error {
	db, err := c.OpenRead(cfg)
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		return err
	}
	d, err := c.planned(ctx, cfg, func(e *tsync.Engine, _ *state.DB) (*plan.Document,
		error) {
		return e.PlanRetire(ctx, opt)
	})
	c.suggest(cfg, d)
	return c.showPlan(d, c.format.value, ui.View{}, errors.Join(err, leftAlone(cfg, d)))
}

// suggest says beside a name that nobody has whom it may mean. It is for whoever reads the
// list, and in no record of the run.
func (c *retireCommand) suggest(cfg *configs.Config, d *plan.Document) {
	if d == nil || !slices.ContainsFunc(d.Problems, unknown) {
		return
	}
	db, err := c.OpenRead(cfg)
	if err != nil {
		return // the list is right without it
	}
	defer db.Close()
	for i := range d.Problems {
		if p := &d.Problems[i]; unknown(*p) {
			p.Message += ledger.Perhaps(db, &tsync.NobodyError{Name: p.User.Login})
		}
	}
}

func unknown(p plan.Problem) bool { return p.Code == plan.RetireNotFound && p.User.Login != "" }

// leftAlone is exit code 4 for those who were named and are not retired.
func leftAlone(cfg *configs.Config, d *plan.Document) error {
	if d == nil || len(d.Problems) == 0 || cfg.Sync.ProblemsExit == "0" {
		return nil
	}
	return &verdict{tsync.ExitProblems, "finished, some persons have problems", ui.Number(len(d.Problems), "problem") +
		": see the list for why they are left alone"}
}

func (c *retireCommand) options(cfg *configs.Config, args []string) (tsync.RetireOptions, error) {
	opt := tsync.RetireOptions{Users: args, Approve: c.run.approvals(&c.Invocation, cfg), Command: c.commandLine(args)}
	for _, arg := range args {
		opt.Named = append(opt.Named, namedAs(arg, 0))
	}
	if c.file == "" {
		return opt, nil
	}
	var err error
	opt.Named, err = c.readNamed(c.file)
	return opt, err
}

// commandLine is how the retirement is made again.
func (c *retireCommand) commandLine(args []string) string {
	text := c.Console.Program() + " retire"
	if c.file != "" {
		text += " --file " + c.file
	}
	if len(args) > 0 && strings.HasPrefix(args[0], "-") {
		text += " --"
	}
	return text + strings.Join(append([]string{""}, args...), " ")
}

// readNamed reads a list of people: one USER or EMPLOYEE_ID a line, or a CSV with a column
// employee_id, as `compare` writes it. What is wrong with a line is in the line; the error
// is about the file.
func (a *app) readNamed(path string) ([]tsync.Named, error) {
	var data []byte
	var err error
	if path == "-" {
		data, err = io.ReadAll(a.Stdin)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, usage("reading the list: %v", err)
	}
	named, err := parseNamed(data)
	if err != nil {
		return nil, usage("%s: %v; nobody was retired", path, err)
	}
	if len(named) == 0 {
		return nil, usage("%s names nobody: a line is a USER or an EMPLOYEE_ID", path)
	}
	return named, nil
}

func parseNamed(data []byte) ([]tsync.Named, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, errors.New("it is in UTF-16: save it as CSV in UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	first, _, _ := strings.Cut(string(data), "\n")
	for _, comma := range []rune{',', ';', '\t'} {
		header := strings.FieldsFunc(first, func(r rune) bool { return r == comma || r == '"' || r == '\r' })
		if slices.Contains(header, columnEmployee) {
			return parseTable(data, comma)
		}
	}
	var named []tsync.Named
	line := 0
	for text := range strings.Lines(string(data)) {
		line++
		if text = strings.TrimSpace(text); text != "" {
			named = append(named, namedAs(text, line))
		}
	}
	return named, nil
}

// The columns of compare's CSV that count, and the group whose rows do.
const (
	columnGroup    = "group"
	columnEmployee = "employee_id"
	groupUnmanaged = "only_tracktik"
)

// parseTable reads a CSV with a row of names. Of one with groups, only the employees
// without anyone in Okta count.
func parseTable(data []byte, comma rune) ([]tsync.Named, error) {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord, reader.TrimLeadingSpace, reader.Comma = -1, true, comma
	header, err := reader.Read()
	if err != nil {
		return nil, err
	}
	group, employee := slices.Index(header, columnGroup), slices.Index(header, columnEmployee)
	var named []tsync.Named
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return named, nil
		}
		if err != nil { // after a stray quotation mark no row is certain
			return nil, err
		}
		line, _ := reader.FieldPos(0)
		cell := func(i int) string {
			if i < 0 || i >= len(cells) {
				return ""
			}
			return strings.TrimSpace(cells[i])
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" || group >= 0 && cell(group) != groupUnmanaged {
			continue
		}
		n := tsync.Named{Text: cell(employee), Line: line, Listed: group >= 0}
		if n.Text == "" {
			n.Err = errors.New("the employee's id is missing")
		}
		named = append(named, n)
	}
}

// namedAs is a name as it was typed. line is 0 on a command line.
func namedAs(text string, line int) tsync.Named {
	n := tsync.Named{Text: strings.TrimSpace(text), Line: line}
	switch {
	case n.Text == "":
		n.Err = errors.New("the name is empty")
	case strings.ContainsAny(n.Text, ",;\t\""):
		n.Err = fmt.Errorf("a line is one USER or one EMPLOYEE_ID, and this one holds more")
	}
	return n
}

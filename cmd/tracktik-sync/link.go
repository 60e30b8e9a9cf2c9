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
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/links"
	"tracktik-sync/sync/plan"
)

// linkCommand is `link`: who is who, where no key tells.
type linkCommand struct {
	*app
	file string
}

func newLink(a *app) *cobra.Command {
	c := &linkCommand{app: a}
	cmd := &cobra.Command{
		Use:   "link USER EMPLOYEE_ID",
		Short: "Record which employee a person is; writes nothing to TrackTik",
		Long: "Link records that a user in Okta is an employee in TrackTik. Nothing is written to TrackTik: the\n" +
			"next run treats the employee as adopted (sync.on_adopt). With --file it links many pairs at once, all\n" +
			"of them or none; a row is USER,EMPLOYEE_ID, and the first row may be column names.",
		Example: "  tracktik-sync link ana.silva@acme.example 1042\n" +
			"  tracktik-sync link --file pairs.csv",
		Args: func(_ *cobra.Command, args []string) error {
			if c.file != "" && len(args) > 0 || c.file == "" && len(args) != 2 {
				return errors.New("say USER and EMPLOYEE_ID, or --file with such pairs")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.execute(cmd.Context(), args) },
	}
	cmd.Flags().StringVar(&c.file, "file", "", "link the pairs of this CSV `FILE`; - is stdin")
	return cmd
}

func (c *linkCommand) execute(ctx context.Context, args []string) error {
	var pairs []links.Pair
	if c.file != "" {
		var err error
		if pairs, err = c.readPairs(c.file); err != nil {
			return err
		}
	} else {
		id, err := employeeID(args[1])
		if err != nil {
			return usage("%v", err)
		}
		pairs = []links.Pair{{User: args[0], Employee: id}}
	}
	return c.recording(ctx, func(cfg *configs.Config, db *state.DB) error {
		defer c.showProgress()()
		engine, err := c.Engine(cfg, db)
		if err != nil {
			return err
		}
		linked, err := engine.LinkPeople(ctx, pairs)
		if err != nil {
			return err
		}
		for i := range linked {
			linked[i].Err = withPerhaps(linked[i].Err, ledger.Perhaps(db, linked[i].Err))
		}
		return c.report(cfg, linked)
	})
}

func employeeID(text string) (plan.EmployeeID, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%q is no employee id: it is a positive number, as TrackTik shows it", text)
	}
	return plan.EmployeeID(id), nil
}

// report prints a line a pair. One that is refused refuses all.
func (c *linkCommand) report(cfg *configs.Config, linked []links.Linked) error {
	refused := 0
	for _, p := range linked {
		if p.Err != nil {
			refused++
		}
	}
	if refused > 0 && c.file == "" {
		return fmt.Errorf("%w; nothing was recorded", linked[0].Err)
	}
	if refused == 0 && c.Quiet {
		return nil
	}
	err := c.Talk(func(w io.Writer) error {
		for _, p := range linked {
			if _, err := fmt.Fprintln(w, linkLine(cfg, p, refused > 0)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && refused > 0 {
		err = fmt.Errorf("%d of %s refused; nothing was recorded", refused, ui.Number(len(linked), "pair"))
	}
	return err
}

func linkLine(cfg *configs.Config, p links.Linked, none bool) string {
	text := ""
	if p.Line > 0 {
		text = fmt.Sprintf("line %d: ", p.Line)
	}
	name := ui.Safe(p.User)
	if p.Ref.ID != "" {
		name = ui.Person(p.Ref)
	}
	switch {
	case p.Err != nil && p.Employee == 0:
		return text + "refused: " + ui.Safe(p.Err.Error())
	case p.Err != nil:
		return text + fmt.Sprintf("%s -> employee %d: refused: %s", name, p.Employee, ui.Safe(p.Err.Error()))
	case p.Already:
		return text + fmt.Sprintf("%s -> employee %d: linked already", name, p.Employee)
	case none:
		return text + fmt.Sprintf("%s -> employee %d: in order, not recorded", name, p.Employee)
	}
	text += fmt.Sprintf("%s -> employee %d: linked", name, p.Employee)
	if len(p.Differs) == 0 {
		return text
	}
	fields := make([]string, len(p.Differs))
	for i, change := range p.Differs {
		fields[i] = change.Field.String()
	}
	then := "the next run updates "
	if cfg.Sync.OnAdopt == "keep" {
		then = "sync.on_adopt: keep leaves "
	}
	return text + "; " + then + strings.Join(fields, ", ")
}

func newUnlink(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "unlink USER",
		Short: "Forget which employee a person is; writes nothing to TrackTik",
		Long: "Unlink forgets which employee a person is, and the roles that were granted to them. Nothing is\n" +
			"written to TrackTik. The next run looks for an employee again (sync.match). To give the person\n" +
			"another employee, `link` them before that run.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.recording(cmd.Context(), func(cfg *configs.Config, db *state.DB) error {
				return (&linkCommand{app: a}).
					unlink(cfg, db, args[0])
			})
		},
	}
}

func (c *linkCommand) unlink(cfg *configs.Config, db *state.DB, name string) error {
	u, err := ledger.Find(db, name)
	if err != nil {
		return err
	}
	link, found, err := db.Link(u.ID)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("user %s is not linked to an employee", u.ID)
	}
	pending, err := db.Pending()
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(pending, func(in plan.Intent) bool { return in.Action.User.ID == u.ID }); i >= 0 {
		return fmt.Errorf("a write of run %s about user %s is not settled: let a `sync` run first", pending[i].Run, u.ID)
	}
	grants, err := db.GrantsOf(u.ID)
	if err != nil {
		return err
	}
	batch := plan.Batch{Unlink: []plan.PersonID{u.ID},
		Audits: []plan.Audit{c.noted(cfg, "unlink", u, link.Employee, "an administrator says that they are not one person")}}
	for _, g := range grants {
		batch.DropGrants = append(batch.DropGrants, g.Key())
	}
	if err := db.Commit(batch); err != nil {
		return err
	}
	return c.Say("%s is no longer employee %d; the next run looks for their employee anew", ui.Person(u), link.Employee)
}

// readPairs reads a CSV file of USER,EMPLOYEE_ID. What is wrong with a row is in the
// row; the error is about the file.
func (c *linkCommand) readPairs(path string) ([]links.Pair, error) {
	var data []byte
	var err error
	if path == "-" {
		data, err = io.ReadAll(c.Stdin)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, usage("reading the pairs: %v", err)
	}
	pairs, err := parsePairs(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("%s holds no pairs: a row is USER,EMPLOYEE_ID, or one of the group %q in the CSV of `compare`",
			path, ui.ProposedPairs)
	}
	return pairs, nil
}

// parsePairs reads what spreadsheets write too: with a mark of the byte order, with
// semicolons, with a row of names. Of the CSV of `compare` it takes the pairs that are
// proposed there.
func parsePairs(data []byte) ([]links.Pair, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, errors.New("it is in UTF-16: save it as CSV in UTF-8; nothing was recorded")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = -1, true
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.ContainsRune(first, ';') && !bytes.ContainsRune(first, ',') {
		reader.Comma = ';'
	}
	var pairs []links.Pair
	var columns map[string]int // of compare's CSV
	for row := 0; ; row++ {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return pairs, nil
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) { // after a stray quotation mark no row is certain
			return nil, fmt.Errorf("line %d: %w; nothing was recorded", wrong.Line, wrong.Err)
		}
		if err != nil {
			return nil, err
		}
		if row == 0 {
			columns = comparedColumns(cells)
		}
		if columns != nil {
			if cells = proposedPair(cells, columns); cells == nil {
				continue
			}
		}
		line, _ := reader.FieldPos(0)
		p := links.Pair{Line: line}
		p.User, p.Employee, p.Err = pairOf(cells)
		if row == 0 && p.Err != nil && isHeader(cells) || isBlank(cells) {
			continue
		}
		pairs = append(pairs, p)
	}
}

// comparedColumns are the columns of compare's CSV by their names; nil: it is another file.
func comparedColumns(header []string) map[string]int {
	columns := map[string]int{}
	for i, name := range header {
		columns[strings.TrimSpace(name)] = i
	}
	for _, name := range []string{"group", "okta_id", "employee_id"} {
		if _, there := columns[name]; !there {
			return nil
		}
	}
	return columns
}

// proposedPair is the user and the employee of a row of compare's CSV; nil: the row
// proposes no pair.
func proposedPair(cells []string, columns map[string]int) []string {
	cell := func(name string) string {
		if i := columns[name]; i < len(cells) {
			return cells[i]
		}
		return ""
	}
	if strings.TrimSpace(cell("group")) != ui.ProposedPairs {
		return nil
	}
	return []string{cell("okta_id"), cell("employee_id")}
}

func pairOf(cells []string) (user string, employee plan.EmployeeID, err error) {
	if len(cells) != 2 {
		return "", 0, fmt.Errorf("a row is USER,EMPLOYEE_ID, and this one has %d cells", len(cells))
	}
	user = strings.TrimSpace(cells[0])
	if user == "" {
		return "", 0, errors.New("the user is missing")
	}
	employee, err = employeeID(strings.TrimSpace(cells[1]))
	return user, employee, err
}

// isHeader reports a first row that names its columns.
func isHeader(cells []string) bool {
	return len(cells) == 2 && !strings.ContainsAny(cells[1], "0123456789") && !strings.Contains(cells[0], "@")
}

func isBlank(cells []string) bool { return strings.TrimSpace(strings.Join(cells, "")) == "" }

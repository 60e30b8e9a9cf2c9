package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// historyCommand is `history`: the audit trail.
type historyCommand struct {
	*app
	run, since, until, kind string
	redact                  bool
	format                  *choice
}

// A historyLine is one entry as `history --format json` prints it.
type historyLine struct {
	Time     time.Time       `json:"time"`
	Run      string          `json:"run,omitempty"`
	By       string          `json:"by"`
	Kind     string          `json:"kind"`
	User     plan.UserRef    `json:"user,omitzero"`
	Employee plan.EmployeeID `json:"employee_id,omitempty"`
	Role     *plan.RoleRef   `json:"role,omitempty"`
	Changes  []plan.Change   `json:"changes,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Outcome  string          `json:"outcome"`
	Approved bool            `json:"approved,omitempty"`
	Attempts int             `json:"attempts"`
	Request  string          `json:"request_id,omitempty"`
	Message  string          `json:"message,omitempty"`
}

func newHistory(a *app) *cobra.Command {
	c := &historyCommand{app: a}
	cmd := &cobra.Command{
		Use:   "history [USER]",
		Short: "Show the audit trail: what was done to whom, when, why, and what came of it",
		Example: "  tracktik-sync history ana.silva@acme.example\n" +
			"  tracktik-sync history --run last --kind terminate\n" +
			"  tracktik-sync history --since 7d --format csv",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.execute(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.run, "run", "", "only this `RUN`: an id, or last")
	flags.StringVar(&c.since, "since", "", "from this `TIME` on: 2006-01-02, RFC 3339, or an age such as 7d")
	flags.StringVar(&c.until, "until", "", "before this `TIME`")
	flags.StringVar(&c.kind, "kind", "", "only this `KIND`: create, terminate, grant_role, link …")
	c.format = formats(flags, "text", "json", "csv")
	return cmd
}

func (c *historyCommand) execute(ctx context.Context, args []string) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	query, err := c.query(cfg)
	if err != nil {
		return err
	}
	db, err := c.openRead(cfg)
	if err != nil {
		return err
	}
	c.redact = cfg.State.RedactHistory
	err = c.print(ctx, cfg, db, query, args)
	return errors.Join(err, db.Close())
}

func (c *historyCommand) print(ctx context.Context, cfg *configs.Config, db *state.DB, query state.Query, args []string) error {
	if len(args) == 1 {
		u, err := c.resolve(ctx, cfg, db, args[0])
		if err != nil {
			return err
		}
		query.Person = u.ID
	}
	if err := c.resolveRun(db, &query); err != nil {
		return err
	}
	return c.aside(db, func(w io.Writer) error { return c.write(w, db, query) })
}

// resolve finds whom the snapshot knows by that name, else whom Okta does: a login
// may have changed since. Without Okta's answer it says what the snapshot said.
func (c *historyCommand) resolve(ctx context.Context, cfg *configs.Config, db *state.DB, name string) (plan.UserRef, error) {
	u, err := findPerson(db, name)
	if !errors.Is(err, tsync.ErrNobody) {
		return u, err
	}
	source, sourceErr := c.source(cfg)
	if sourceErr != nil {
		return u, errors.Join(err, sourceErr)
	}
	p, found, oktaErr := source.User(ctx, name)
	if oktaErr == nil && found {
		return plan.UserRef{ID: p.ID, Login: p.Login}, nil
	}
	people, mailErr := source.UserByEmail(ctx, name)
	if mailErr == nil && len(people) == 1 {
		return plan.UserRef{ID: people[0].ID, Login: people[0].Login}, nil
	}
	if mailErr != nil {
		return u, fmt.Errorf("%w; and Okta could not be asked: %w", err, mailErr)
	}
	return u, err
}

func (c *historyCommand) query(cfg *configs.Config) (state.Query, error) {
	kind, err := auditKind(c.kind)
	if err != nil {
		return state.Query{}, err
	}
	q := state.Query{Kind: kind}
	zone, err := time.LoadLocation(cfg.Schedule.Timezone)
	if err != nil {
		return q, err
	}
	if q.Since, err = parseTime("since", c.since, c.now(), zone); err != nil {
		return q, err
	}
	if q.Until, err = parseTime("until", c.until, c.now(), zone); err != nil {
		return q, err
	}
	if !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return q, usage("--since %s is not before --until %s", q.Since.UTC().Format(time.RFC3339), q.Until.UTC().Format(time.RFC3339))
	}
	return q, nil
}

// auditKinds are the kinds of entries that there are: actions, and what else people and
// the program record.
var auditKinds = func() []string {
	kinds := []string{"approve", "link", "unlink", "relink", "retry", "forget", "restore", "rebind", authLoginKind, authLogoutKind}
	for _, k := range plan.Kinds {
		kinds = append(kinds, string(k))
	}
	slices.Sort(kinds)
	return kinds
}()

// auditKind is the kind that is meant; "grant-role" and "Grant role" are grant_role.
// One that does not exist would show nothing, as if nothing had been done.
func auditKind(name string) (string, error) {
	fold := strings.NewReplacer(" ", "_", "-", "_")
	if name == "" {
		return "", nil
	}
	for _, kind := range auditKinds {
		if fold.Replace(kind) == strings.ToLower(fold.Replace(name)) {
			return kind, nil
		}
	}
	return "", usage("--kind %q is none; the kinds are %s", name, strings.Join(auditKinds, ", "))
}

// parseTime reads a day or a moment in zone, RFC 3339, or an age.
func parseTime(flag, text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", time.DateTime} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	if age, err := configs.ParseDuration(text); err == nil {
		return now.Add(-age), nil
	}
	return time.Time{}, usage("--%s %q is no time: write 2006-01-02, 2006-01-02T15:04:05Z, or an age such as 24h or 7d", flag, text)
}

func (c *historyCommand) resolveRun(db *state.DB, query *state.Query) error {
	if c.run == "" {
		return nil
	}
	record, found, err := db.Run(c.run)
	if err != nil {
		return err
	}
	if !found {
		return noRun(c.run)
	}
	query.Run = record.ID
	return nil
}

func (c *historyCommand) write(w io.Writer, db *state.DB, query state.Query) error {
	if c.format.value != "csv" {
		return c.each(db, query, c.lines(w))
	}
	table := csv.NewWriter(w)
	if err := table.Write(historyHeader); err != nil {
		return err
	}
	err := c.each(db, query, func(a plan.Audit) error { return table.Write(historyCells(a)) })
	table.Flush()
	return errors.Join(err, table.Error())
}

// each calls show for every entry, the oldest first.
func (c *historyCommand) each(db *state.DB, query state.Query, show func(plan.Audit) error) error {
	for entry, err := range db.Audits(query) {
		if err != nil {
			return err
		}
		if c.redact {
			entry = redactEntry(entry)
		}
		if err := show(entry); err != nil {
			return err
		}
	}
	return nil
}

// lines writes one entry after the other, as JSON or for people.
func (c *historyCommand) lines(w io.Writer) func(plan.Audit) error {
	if c.format.value == "json" {
		return func(a plan.Audit) error { return writeJSON(w, lineOf(a)) }
	}
	style := c.style()
	return func(a plan.Audit) error {
		_, err := io.WriteString(w, historyText(a, style))
		return err
	}
}

func lineOf(a plan.Audit) historyLine {
	return historyLine{a.Time.UTC(), a.Run, a.By, a.Kind, plan.UserRef{ID: a.Person, Login: a.Login}, a.Employee, a.Role,
		a.Changes, a.Reason, a.Outcome, a.Approved, a.Attempts, a.Request, a.Message}
}

// historyText is one entry in as many lines as it has changes.
func historyText(a plan.Audit, style ui.Style) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-7s  %-12s", a.Time.UTC().Format(time.RFC3339), ui.Safe(a.Outcome), ui.KindWords(plan.Kind(ui.Safe(a.Kind))))
	if u := (plan.UserRef{ID: a.Person, Login: a.Login}); u != (plan.UserRef{}) {
		b.WriteString("  " + style.Bold(ui.Person(u)))
	}
	if a.Employee != 0 {
		fmt.Fprintf(&b, ", employee %d", a.Employee)
	}
	if a.Role != nil {
		b.WriteString("  " + ui.Role(a.Role))
	}
	b.WriteByte('\n')
	for _, change := range a.Changes {
		b.WriteString("    " + ui.ChangeText(change) + "\n")
	}
	for _, text := range []string{a.Reason, a.Message} {
		if text != "" {
			b.WriteString("    " + ui.Safe(text) + "\n")
		}
	}
	b.WriteString("    " + style.Faint(historyOrigin(a)) + "\n")
	return b.String()
}

// historyOrigin says by whom, in which run and with which call.
func historyOrigin(a plan.Audit) string {
	text := "by " + ui.Safe(a.By)
	if a.Run != "" {
		text += ", run " + ui.Safe(a.Run)
	}
	if a.Request != "" {
		text += ", request " + ui.Safe(a.Request)
	}
	if a.Attempts > 1 {
		text += ", " + strconv.Itoa(a.Attempts) + " calls"
	}
	if a.Approved {
		text += ", approved"
	}
	return text
}

var historyHeader = []string{"time", "run", "by", "kind", "okta_id", "login", "employee_id", "role_id", "role",
	"group_id", "changes", "reason", "outcome", "attempts", "request_id", "message"}

func historyCells(a plan.Audit) []string {
	var role plan.RoleRef
	if a.Role != nil {
		role = *a.Role
	}
	changes := make([]string, len(a.Changes))
	for i, change := range a.Changes {
		changes[i] = ui.ChangeText(change)
	}
	cells := []string{a.Time.UTC().Format(time.RFC3339), a.Run, a.By, a.Kind, string(a.Person), a.Login, idText(int64(a.Employee)),
		idText(int64(role.ID)), role.Name, string(role.Group), strings.Join(changes, "; "), a.Reason, a.Outcome,
		strconv.Itoa(a.Attempts), a.Request, a.Message}
	return harmless(cells)
}

// idText is an id of TrackTik's; 0 is none.
func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// harmless keeps a spreadsheet from taking cells for formulas.
func harmless(cells []string) []string {
	for i, cell := range cells {
		cells[i] = ui.Cell(cell)
	}
	return cells
}

package ledger

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// How logins and logouts are called in the history.
const (
	AuthLoginKind  = "auth login"
	AuthLogoutKind = "auth logout"
)

// AuditKinds are the kinds of entries that there are: actions, and what else people and
// the program record.
var AuditKinds = func() []string {
	kinds := []string{"approve", "link", "unlink", "relink", "retry", "forget", "restore", "rebind", AuthLoginKind, AuthLogoutKind}
	for _, k := range plan.Kinds {
		kinds = append(kinds, string(k))
	}
	slices.Sort(kinds)
	return kinds
}()

// Outcomes are those that entries have.
var Outcomes = []string{plan.Done, plan.Found, plan.Failed, plan.Unknown, plan.Withheld, plan.Would}

// A HistoryLine is one entry as `history --format json` prints it.
type HistoryLine struct {
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

// A Trail is the part of the audit trail that a query names, the oldest entry first.
type Trail struct {
	DB     *state.DB
	Query  state.Query
	Redact bool // without what the history leaves out by state.redact_history
	Shown  int  // entries, once they are written

	names *Names
}

// WriteJSON writes an entry a line.
func (t *Trail) WriteJSON(w io.Writer) error {
	return t.each(func(a plan.Audit, name string) error {
		line := lineOf(a)
		line.User.Name = name
		return ui.WriteJSON(w, line)
	})
}

// WriteText writes the entries for people, a line each unless all of them is wanted. What was held stands apart from what was done: a run
// of the same is one line.
func (t *Trail) WriteText(w io.Writer, style ui.Style, full bool) error {
	p := &trailPrinter{w: w, style: style, full: full, held: map[heldSet]*heldCount{}, all: len(t.Query.Outcomes) > 0 || t.Query.Person != ""}
	if err := t.each(p.entry); err != nil {
		return err
	}
	return p.end()
}

// WriteCSV writes an entry a row.
func (t *Trail) WriteCSV(w io.Writer) error {
	return ui.CSV(w, historyHeader, func(write func(...string) error) error {
		return t.each(func(a plan.Audit, name string) error { return write(append(historyCells(a), name)...) })
	})
}

// A trailPrinter prints entries as they come, and in the end what was held.
type trailPrinter struct {
	w     io.Writer
	style ui.Style
	all   bool // held ones too, each
	full  bool // all of an entry; else a line
	held  map[heldSet]*heldCount
	order []heldSet
}

type heldSet struct{ kind, code string }

type heldCount struct {
	entries int
	people  map[string]bool
	names   []string
}

func (p *trailPrinter) entry(a plan.Audit, name string) error {
	if a.Outcome != plan.Withheld || p.all {
		_, err := io.WriteString(p.w, historyText(a, name, p.style, p.full))
		return err
	}
	set := heldSet{a.Kind, plan.Held{Why: a.Message}.Code()}
	count := p.held[set]
	if count == nil {
		count = &heldCount{people: map[string]bool{}}
		p.held[set], p.order = count, append(p.order, set)
	}
	count.entries++
	who := ui.ShortName(plan.UserRef{ID: a.Person, Login: a.Login, Name: name})
	if !count.people[who] {
		count.people[who] = true
		count.names = append(count.names, who)
	}
	return nil
}

// end prints what was held, folded.
func (p *trailPrinter) end() error {
	if len(p.order) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(p.w, "\n%s\n", p.style.Bold("Held, and not done (`--outcome held` shows each)")); err != nil {
		return err
	}
	t := ui.NewTable(p.w, p.style)
	for _, set := range p.order {
		count := p.held[set]
		t.Row("  "+ui.KindWords(plan.Kind(ui.Safe(set.kind))), ui.Safe(set.code), ui.Number(count.entries, "time"), ui.Names(count.names))
	}
	return t.Flush()
}

func (t *Trail) each(show func(a plan.Audit, name string) error) error {
	if t.names == nil {
		t.names = NewNames(t.DB)
	}
	for entry, err := range t.DB.Audits(t.Query) {
		if err != nil {
			return err
		}
		t.Shown++
		name := ""
		if t.Redact {
			entry = redactEntry(entry)
		} else if name, err = t.names.Of(entry.Person); err != nil {
			return err
		}
		if err := show(entry, name); err != nil {
			return err
		}
	}
	return nil
}

// lineOf is an entry as it is printed.
func lineOf(a plan.Audit) HistoryLine {
	return HistoryLine{a.Time.UTC(), a.Run, a.By, a.Kind, plan.UserRef{ID: a.Person, Login: a.Login}, a.Employee, a.Role,
		a.Changes, a.Reason, a.Outcome, a.Approved, a.Attempts, a.Request, a.Message}
}

// historyText is one entry in as many lines as it has changes.
func historyText(a plan.Audit, name string, style ui.Style, full bool) string {
	var b strings.Builder
	outcome := fmt.Sprintf("%-7s", ui.Safe(a.Outcome))
	switch a.Outcome {
	case plan.Failed, plan.Unknown:
		outcome = style.Bad(outcome)
	case plan.Withheld, plan.Would:
		outcome = style.Changed(outcome)
	default:
		outcome = style.Good(outcome)
	}
	fmt.Fprintf(&b, "%s  %s  %-12s", a.Time.UTC().Format(time.RFC3339), outcome, ui.KindWords(plan.Kind(ui.Safe(a.Kind))))
	if u := (plan.UserRef{ID: a.Person, Login: a.Login, Name: name}); u != (plan.UserRef{}) {
		b.WriteString("  " + style.Bold(ui.Person(u)))
	}
	if a.Employee != 0 {
		fmt.Fprintf(&b, ", employee %d", a.Employee)
	}
	if a.Role != nil {
		b.WriteString("  " + ui.Role(a.Role))
	}
	if !full {
		if fields := ui.FieldsOf(a.Changes); fields != "" && a.Kind != string(plan.Create) {
			b.WriteString("  " + fields)
		}
		if why := cmp.Or(a.Message, a.Reason); why != "" {
			b.WriteString("  " + ui.Safe(why))
		}
		if a.Run != "" {
			b.WriteString("  " + style.Faint("run "+ui.Safe(a.Run)))
		}
		return b.String() + "\n"
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
	"group_id", "changes", "reason", "outcome", "attempts", "request_id", "message", "name"}

func historyCells(a plan.Audit) []string {
	var role plan.RoleRef
	if a.Role != nil {
		role = *a.Role
	}
	changes := make([]string, len(a.Changes))
	for i, change := range a.Changes {
		changes[i] = ui.ChangeText(change)
	}
	return []string{a.Time.UTC().Format(time.RFC3339), a.Run, a.By, a.Kind, string(a.Person), a.Login, ui.ID(int64(a.Employee)),
		ui.ID(int64(role.ID)), role.Name, string(role.Group), strings.Join(changes, "; "), a.Reason, a.Outcome,
		strconv.Itoa(a.Attempts), a.Request, a.Message}
}

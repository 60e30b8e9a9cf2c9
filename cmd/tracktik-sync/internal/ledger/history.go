package ledger

import (
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

// AuditKind is the kind that is meant; "grant-role" and "Grant role" are grant_role.
func AuditKind(name string) (kind string, known bool) {
	fold := strings.NewReplacer(" ", "_", "-", "_")
	for _, kind := range AuditKinds {
		if fold.Replace(kind) == strings.ToLower(fold.Replace(name)) {
			return kind, true
		}
	}
	return "", false
}

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
}

// WriteJSON writes an entry a line.
func (t Trail) WriteJSON(w io.Writer) error {
	return t.each(func(a plan.Audit) error { return ui.WriteJSON(w, lineOf(a)) })
}

// WriteText writes the entries for people.
func (t Trail) WriteText(w io.Writer, style ui.Style) error {
	return t.each(func(a plan.Audit) error {
		_, err := io.WriteString(w, historyText(a, style))
		return err
	})
}

// WriteCSV writes an entry a row.
func (t Trail) WriteCSV(w io.Writer) error {
	return ui.CSV(w, historyHeader, func(write func(...string) error) error {
		return t.each(func(a plan.Audit) error { return write(historyCells(a)...) })
	})
}

func (t Trail) each(show func(plan.Audit) error) error {
	for entry, err := range t.DB.Audits(t.Query) {
		if err != nil {
			return err
		}
		if t.Redact {
			entry = redactEntry(entry)
		}
		if err := show(entry); err != nil {
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
	return []string{a.Time.UTC().Format(time.RFC3339), a.Run, a.By, a.Kind, string(a.Person), a.Login, ui.ID(int64(a.Employee)),
		ui.ID(int64(role.ID)), role.Name, string(role.Group), strings.Join(changes, "; "), a.Reason, a.Outcome,
		strconv.Itoa(a.Attempts), a.Request, a.Message}
}

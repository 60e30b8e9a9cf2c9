package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

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

// A trail is the part of the audit trail that a query names, the oldest entry first.
type trail struct {
	db     *state.DB
	query  state.Query
	redact bool // without what the history leaves out by state.redact_history
}

// writeJSON writes an entry a line.
func (t trail) writeJSON(w io.Writer) error {
	return t.each(func(a plan.Audit) error { return writeJSON(w, lineOf(a)) })
}

// writeText writes the entries for people.
func (t trail) writeText(w io.Writer, style ui.Style) error {
	return t.each(func(a plan.Audit) error {
		_, err := io.WriteString(w, historyText(a, style))
		return err
	})
}

// writeCSV writes an entry a row.
func (t trail) writeCSV(w io.Writer) error {
	table := csv.NewWriter(w)
	if err := table.Write(historyHeader); err != nil {
		return err
	}
	err := t.each(func(a plan.Audit) error { return table.Write(historyCells(a)) })
	table.Flush()
	return errors.Join(err, table.Error())
}

func (t trail) each(show func(plan.Audit) error) error {
	for entry, err := range t.db.Audits(t.query) {
		if err != nil {
			return err
		}
		if t.redact {
			entry = redactEntry(entry)
		}
		if err := show(entry); err != nil {
			return err
		}
	}
	return nil
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

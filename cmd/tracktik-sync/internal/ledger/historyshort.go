package ledger

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// A runList is one run with many entries: a line a person, in the order in which the run
// came to them, and a line for each entry that is about nobody.
type runList struct {
	first    plan.Audit
	last     time.Time
	rows     []*personRow
	byPerson map[personKey]*personRow
}

// A personKey is a person whose actions came out alike.
type personKey struct{ person, outcome string }

// A personRow is what became of one person's actions.
type personRow struct {
	text    string // of an entry that is about nobody
	first   plan.Audit
	user    plan.UserRef
	actions []plan.Action
	whys    []string
}

// add takes an entry into its person's line; text is the entry by itself.
func (l *runList) add(a plan.Audit, name, text string) {
	if l.first.Time.IsZero() {
		l.first = a
	}
	l.last = a.Time
	if a.Person == "" {
		l.rows = append(l.rows, &personRow{text: text})
		return
	}
	key := personKey{string(a.Person), a.Outcome}
	row := l.byPerson[key]
	if row == nil {
		row = &personRow{first: a, user: plan.UserRef{ID: a.Person, Login: a.Login, Name: name}}
		if a.Login != "" {
			row.user.ID = ""
		}
		l.rows, l.byPerson[key] = append(l.rows, row), row
	}
	row.first.Employee = cmp.Or(row.first.Employee, a.Employee)
	action := plan.Action{Kind: plan.Kind(a.Kind), Changes: a.Changes, Role: a.Role, Reason: a.Reason}
	row.actions = append(row.actions, action)
	if a.Message != "" {
		row.whys = append(row.whys, ui.Safe(a.Message))
	}
}

// print writes the lines, and how to see more.
func (l *runList) print(w io.Writer, style ui.Style) error {
	if len(l.rows) == 0 {
		return nil
	}
	run := ui.Safe(l.first.Run)
	if _, err := fmt.Fprintf(w, "Run %s, by %s, %s to %s\n", run, ui.Safe(l.first.By),
		l.first.Time.UTC().Format(time.RFC3339), l.last.UTC().Format(time.RFC3339)); err != nil {
		return err
	}
	for _, row := range l.rows {
		text := row.text
		if text == "" {
			text = row.line(style)
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\none line a person, because there are many: `tracktik-sync history --run %s --full` "+
		"shows each action with all fields\n", run)
	return err
}

func (r *personRow) line(style ui.Style) string {
	group := ui.PersonGroup{User: r.user, Employee: r.first.Employee}
	for i := range r.actions {
		group.Entries = append(group.Entries, ui.Entry{Action: &r.actions[i]})
	}
	kinds, what := ui.Briefly(&group)
	text := fmt.Sprintf("%s  %-20s  %s", outcomeText(r.first.Outcome, style), kinds, style.Bold(ui.Person(r.user)))
	if r.first.Employee != 0 {
		text += fmt.Sprintf(", employee %d", r.first.Employee)
	}
	for _, part := range append([]string{what}, r.whys...) {
		if part != "" {
			text += "  " + part
		}
	}
	return strings.TrimRight(text, " ") + "\n"
}

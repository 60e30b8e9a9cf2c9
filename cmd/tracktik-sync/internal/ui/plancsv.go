package ui

import (
	"io"
	"strings"

	"tracktik-sync/sync/plan"
)

var planHeader = []string{"kind", "status", "name", "login", "okta_id", "employee_id", "region", "job_title", "role",
	"changes", "reason", "why"}

// What a row of a plan's CSV is.
const (
	rowDue     = "due"
	rowHeld    = "held"
	rowRefused = "refused"
	rowProblem = "problem"
	rowWarning = "warning"
)

// PlanCSV writes a row an action, due, held or refused by a guard, and a row a problem and a
// warning, whose code and message are the why.
func PlanCSV(out io.Writer, d *plan.Document, view View) error {
	view.Full = true
	s := view.sift(d)
	return CSV(out, planHeader, func(row func(...string) error) error {
		for _, list := range []struct {
			status  string
			entries []Entry
		}{{rowDue, s.due}, {rowRefused, s.refused}, {rowHeld, s.held}} {
			for _, e := range list.entries {
				if err := row(planCells(list.status, e)...); err != nil {
					return err
				}
			}
		}
		for _, p := range s.problems {
			if err := row("", rowProblem, p.User.Name, p.User.Login, string(p.User.ID), ID(int64(p.Employee)), "", "", "", "",
				"", p.Code+": "+p.Message); err != nil {
				return err
			}
		}
		if len(view.Kinds) > 0 {
			return nil
		}
		for _, w := range d.Warnings {
			if err := row("", rowWarning, w.User.Name, w.User.Login, string(w.User.ID), "", "", "", "", w.Field, "", w.Code+": "+
				w.Message); err != nil {
				return err
			}
		}
		return nil
	})
}

func planCells(status string, e Entry) []string {
	a := e.Action
	role := ""
	if a.Role != nil {
		role = a.Role.Name
	}
	var changes []string
	for _, c := range Changes(a) {
		changes = append(changes, ChangeText(c))
	}
	return []string{string(a.Kind), status, a.User.Name, a.User.Login, string(a.User.ID), ID(int64(a.Employee)), Region(a),
		JobTitle(a), role,
		strings.Join(changes, "; "), a.Reason, e.Why}
}

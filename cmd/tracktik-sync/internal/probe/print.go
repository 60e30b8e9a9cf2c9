package probe

import (
	"fmt"
	"io"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// Print writes a report for people: a row an assumption, and below one that differs what was
// expected and what follows.
func Print(w io.Writer, p *plan.Probe, style ui.Style) error {
	t := ui.NewTable(w, style)
	for _, a := range p.Assumptions {
		if !a.Differs {
			t.Row("as expected", a.Name, ui.Safe(a.Observed))
			continue
		}
		t.Alarm("differs", a.Name, ui.Safe(a.Observed))
		t.Row("", "", "expected: "+a.Expected)
		t.Row("", "", "-> "+ui.Safe(a.Follows))
	}
	for _, left := range p.Left {
		t.Alarm("left", ui.Safe(left))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	differ := len(p.Differing())
	_, err := fmt.Fprintf(w, "\n%d as expected, %d otherwise. %s.\n", len(p.Assumptions)-differ, differ,
		ui.Number(p.Calls, "call"))
	return err
}

// Few names the assumptions that differ, in one line.
func Few(differ []plan.Assumption) string {
	names := make([]string, len(differ))
	for i, a := range differ {
		names[i] = a.Name + " (" + a.Observed + ")"
	}
	return strings.Join(names, "; ")
}

package ledger

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// A sharedRow is what many people wait for, for one reason: it is said once.
type sharedRow struct {
	ProblemRow // of the first; Message is the reason alone
	same       bool
	order      []string // whose rows there are, in their order
	kinds      map[string][]string
	person     map[string]plan.UserRef
}

const (
	manyRows   = 50 // above this what is shared is said once
	fewSharing = 3  // that have a row each all the same
)

// sharing takes out of many rows, sorted by code, those that share code, reason and way out.
func sharing(rows []ProblemRow) (rest []ProblemRow, shared []sharedRow) {
	if len(rows) <= manyRows {
		return rows, nil
	}
	groups := map[string]*sharedRow{}
	var order []string
	key := func(r *ProblemRow) string {
		return r.Code + "\x00" + r.WayOut + "\x00" + reasonOf(r) + "\x00" + r.nextTry() + attempts(r)
	}
	for i := range rows {
		r := &rows[i]
		g := groups[key(r)]
		if g == nil {
			g = &sharedRow{ProblemRow: *r, same: true, kinds: map[string][]string{}, person: map[string]plan.UserRef{}}
			g.Message = reasonOf(r)
			groups[key(r)], order = g, append(order, key(r))
		}
		g.add(r)
	}
	for i := range rows {
		if r := &rows[i]; len(groups[key(r)].order) <= fewSharing {
			rest = append(rest, *r)
		}
	}
	for _, k := range order {
		if g := groups[k]; len(g.order) > fewSharing {
			shared = append(shared, *g)
		}
	}
	return rest, shared
}

// reasonOf is the message of a row without the kind of action that begins it.
func reasonOf(r *ProblemRow) string {
	if r.Code == plan.HeldGuard { // what is refused of somebody, and what waits for that
		return "refused, or stopped by a refusal, which `status` shows"
	}
	_, reason := r.split()
	return reason
}

// split parts "grant role: a reason", which a held action has.
func (r *ProblemRow) split() (kind, reason string) {
	for _, k := range plan.Kinds {
		if rest, found := strings.CutPrefix(r.Message, ui.KindWords(k)); found &&
			(rest == "" || strings.HasPrefix(rest, ": ")) {
			return ui.KindWords(k), strings.TrimPrefix(rest, ": ")
		}
	}
	return "", r.Message
}

func (g *sharedRow) add(r *ProblemRow) {
	who := r.whose()
	if _, known := g.person[who]; !known {
		g.order, g.person[who] = append(g.order, who), r.User
	}
	kind, _ := r.split()
	g.kinds[who] = append(g.kinds[who], kind)
	if g.same = g.same && r.Since.Equal(g.Since); r.Since.Before(g.Since) {
		g.Since = r.Since
	}
}

// print writes the reason, the way out, and a line a person.
func (g *sharedRow) print(w io.Writer, style ui.Style) error {
	since := "since " + g.Since.UTC().Format(time.RFC3339)
	if !g.same {
		since += " at the earliest"
	}
	if _, err := fmt.Fprintf(w, "%s  %s %s, %s, %s: %s\n  way out: %s\n", style.Bad(ui.Safe(g.Code)),
		style.Bold(strconv.Itoa(len(g.order))),
		since, attempts(&g.ProblemRow), g.nextTry(), cmp.Or(ui.Safe(g.Message), "see the way out"),
		ui.Safe(g.WayOut)); err != nil {
		return err
	}
	rows := make([][]string, len(g.order))
	for i, who := range g.order {
		u := g.person[who]
		rows[i] = []string{cmp.Or(ui.Safe(u.Name), who), ui.Safe(u.Login), counted(g.kinds[who])}
		if u.Name == "" {
			rows[i][1] = ""
		}
	}
	widths := []int{ui.Common(rows, 0), ui.Common(rows, 1)}
	for _, row := range rows {
		line := "    " + row[0]
		for i, cell := range row[1:] {
			line += strings.Repeat(" ", max(0, widths[i]-ui.Width(row[i]))+2) + cell
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// counted is "create, 2 grant role".
func counted(kinds []string) string {
	n := map[string]int{}
	var parts []string
	for _, k := range kinds {
		if n[k]++; n[k] == 1 && k != "" {
			parts = append(parts, k)
		}
	}
	for i, k := range parts {
		if n[k] > 1 {
			parts[i] = strconv.Itoa(n[k]) + " " + k
		}
	}
	return strings.Join(parts, ", ")
}

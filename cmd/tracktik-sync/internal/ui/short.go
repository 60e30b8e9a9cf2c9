package ui

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tracktik-sync/sync/plan"
)

// short prints a line a person: what happens, name, login, region, what changes or why.
// Whoever loses something stands first.
func (p *printer) short(rolesTitle, title string, entries []Entry) {
	if len(entries) == 0 {
		return
	}
	people, roles := ByPerson(entries)
	p.roles(rolesTitle, roles)
	if len(people) == 0 {
		return
	}
	p.title("%s (%d)", title, len(people))
	rows := make([][]string, len(people))
	for i := range people {
		rows[i] = shortRow(&people[i])
	}
	var widths [shortCells]int
	for k := range widths {
		widths[k] = Common(rows, k)
	}
	for order := range losses {
		for i := range people {
			if loss(&people[i]) == order {
				p.shortLine(people[i].Entries[0].Action.Kind, rows[i], &widths)
			}
		}
	}
}

// shortLine prints one row of short; kind colours its first cell.
func (p *printer) shortLine(kind plan.Kind, cells []string, widths *[shortCells]int) {
	var b strings.Builder
	for k, cell := range cells[:shortCells] {
		if widths[k] == 0 {
			continue
		}
		pad := strings.Repeat(" ", max(0, widths[k]-Width(cell))+2)
		if k == 0 {
			cell = p.paint(kind, cell)
		}
		b.WriteString(cell)
		b.WriteString(pad)
	}
	b.WriteString(cells[shortCells])
	p.line("  ", strings.TrimRight(b.String(), " "))
}

// shortCells stand before the text at the end, which is as long as it likes.
const shortCells = 4

// Common is the width that four of five cells of a column fit into: a few long names push
// what stands behind them, and not that of all the others. 0: all are empty.
func Common(rows [][]string, column int) int {
	wide, n := map[int]int{}, 0 // how many cells are how wide
	for _, row := range rows {
		if width := Width(row[column]); width > 0 {
			wide[width]++
			n++
		}
	}
	before := 0
	for _, width := range slices.Sorted(maps.Keys(wide)) {
		if before += wide[width]; before > (n-1)*4/5 {
			return width
		}
	}
	return 0
}

// losses is how many orders loss knows.
const losses = 3

// loss sorts terminations before revokes before everything else.
func loss(g *PersonGroup) int {
	order := 2
	for _, e := range g.Entries {
		switch e.Action.Kind {
		case plan.Terminate:
			return 0
		case plan.RevokeRole:
			order = 1
		}
	}
	return order
}

// Briefly is what happens to a person, and what changes or why, in a few words each.
func Briefly(g *PersonGroup) (kinds, what string) { return kindsOf(g), whatOf(g) }

func shortRow(g *PersonGroup) []string {
	return []string{kindsOf(g), Safe(g.User.Name), cmp.Or(Safe(g.User.Login), Safe(string(g.User.ID)), "employee "+
		ID(int64(g.Employee))), regionOf(g), whatOf(g)}
}

// kindsOf counts what happens to a person: "create, 3 grant role".
func kindsOf(g *PersonGroup) string {
	kinds := make([]string, 0, 8)
	for i, e := range g.Entries {
		is := func(other Entry) bool { return other.Action.Kind == e.Action.Kind }
		if slices.ContainsFunc(g.Entries[:i], is) {
			continue
		}
		words, n := KindWords(e.Action.Kind), 1
		for _, other := range g.Entries[i+1:] {
			if is(other) {
				n++
			}
		}
		if n > 1 {
			words = strconv.Itoa(n) + " " + words
		}
		kinds = append(kinds, words)
	}
	return strings.Join(kinds, ", ")
}

// regionOf is where the person is, as far as the plan tells.
func regionOf(g *PersonGroup) string {
	for _, e := range g.Entries {
		if name := Region(e.Action); name != "" {
			return Safe(name)
		}
	}
	return ""
}

// Region is the region of whom an action is about, as far as it tells.
func Region(a *plan.Action) string {
	if leaver := a.Extras().Leaver; leaver != nil && leaver.Region != "" {
		return leaver.Region
	}
	if a.Want != nil && a.Want.Values[plan.Region] != "" {
		return a.Want.Values[plan.Region]
	}
	for _, c := range a.FieldChanges() {
		if c.Field == plan.Region {
			return c.New
		}
	}
	return ""
}

// JobTitle is the same of the job title.
func JobTitle(a *plan.Action) string {
	if leaver := a.Extras().Leaver; leaver != nil && leaver.JobTitle != "" {
		return leaver.JobTitle
	}
	if a.Want != nil {
		return a.Want.Values[plan.JobTitle]
	}
	for _, c := range a.FieldChanges() {
		if c.Field == plan.JobTitle {
			return c.New
		}
	}
	return ""
}

// whatOf is what changes or why, in a few words.
func whatOf(g *PersonGroup) string {
	parts := make([]string, 0, 8)
	add := func(text string) {
		if text != "" && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	for _, e := range g.Entries {
		a := e.Action
		switch {
		case a.Role != nil:
			add(Quoted(a.Role.Name))
		case e.Again:
		case a.Kind == plan.Update:
			add(FieldsOf(a.Changes))
		case a.Kind == plan.Adopt:
			add("by " + Safe(a.Extras().Key))
		case a.Kind != plan.Create:
			add(Safe(a.Reason))
		}
		if e.Why != "" && (plan.Held{Why: e.Why}).Code() != plan.HeldGuard { // its refusal says that
			add("held: " + Safe(e.Why))
		}
	}
	return strings.Join(parts, "; ")
}

// FieldsOf is one change in full, and more by their fields.
func FieldsOf(changes []plan.Change) string {
	if len(changes) == 1 {
		return ChangeText(changes[0])
	}
	names := make([]string, len(changes))
	for i, c := range changes {
		names[i] = c.Field.String()
	}
	return strings.Join(names, ", ")
}

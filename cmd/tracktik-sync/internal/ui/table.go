package ui

import (
	"bufio"
	"io"
	"strings"

	"github.com/rivo/uniseg"
)

// A Table prints rows in columns. Cells must be Safe already; the last one of a
// row is not padded, so it may be as long as it likes.
type Table struct {
	out   *bufio.Writer
	style Style
	rows  []row
}

type row struct {
	cells []string
	alarm bool
}

// NewTable begins a table, which is printed by Flush.
func NewTable(out io.Writer, style Style) *Table {
	return &Table{out: bufio.NewWriter(out), style: style}
}

// Row adds a row.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, row{cells, false}) }

// Alarm adds a row that somebody must see.
func (t *Table) Alarm(cells ...string) { t.rows = append(t.rows, row{cells, true}) }

// Flush prints the table.
func (t *Table) Flush() error {
	widths := t.widths()
	for _, r := range t.rows {
		var b strings.Builder
		for i, cell := range r.cells {
			b.WriteString(cell)
			if i < len(r.cells)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-shownWidth(cell)+2))
			}
		}
		line := strings.TrimRight(b.String(), " ")
		if r.alarm {
			line = t.style.Alarm(line)
		}
		_, _ = t.out.WriteString(line + "\n") // Flush has the error
	}
	return t.out.Flush()
}

func (t *Table) widths() []int {
	var widths []int
	for _, r := range t.rows {
		for i, cell := range r.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(r.cells)-1 {
				widths[i] = max(widths[i], shownWidth(cell))
			}
		}
	}
	return widths
}

// Width is how many columns a text without colours takes: a character of Chinese takes two.
func Width(s string) int {
	if isPlain(s) {
		return len(s)
	}
	return uniseg.StringWidth(s)
}

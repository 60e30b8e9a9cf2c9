package ui

import (
	"regexp"
	"strings"
	"time"

	"github.com/rivo/uniseg"
)

// A Screen is what text is shown on. The zero Screen is none: a file, a pipe.
type Screen struct {
	Width, Height int            // in columns and rows; 0: not known, or none
	Zone          *time.Location // of whoever sits there; nil: UTC
}

// Lay is a line as it is shown: moments as the clock on the wall there has them, and no line
// broken within a word. What is carried over stands below the last column of a table that is
// in the left half, else two deeper than the line; the columns behind it move together.
func (s Screen) Lay(line string) string {
	line = s.local(line)
	if s.Width <= 0 || shownWidth(line) <= s.Width {
		return line
	}
	return s.wrap(line)
}

var moment = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

func (s Screen) local(text string) string {
	if s.Zone == nil {
		return text
	}
	return moment.ReplaceAllStringFunc(text, func(found string) string {
		t, err := time.Parse(time.RFC3339, found)
		if err != nil {
			return found
		}
		return t.In(s.Zone).Format(time.RFC3339)
	})
}

func (s Screen) wrap(line string) string {
	indent := s.hanging(line)
	var out strings.Builder
	column, empty := 0, true // of the row: its length, and whether a word stands on it
	begin := len(line) - len(strings.TrimLeft(line, " "))
	out.WriteString(line[:begin])
	column = begin
	for rest := line[begin:]; rest != ""; {
		gap := len(rest) - len(strings.TrimLeft(rest, " "))
		end := strings.IndexByte(rest[gap:], ' ')
		if end < 0 {
			end = len(rest) - gap
		}
		word := rest[gap : gap+end]
		rest = rest[gap+end:]
		wide := shownWidth(word)
		if column >= indent && !empty { // nothing stands below what follows
			gap = min(gap, 2)
		}
		if !empty && wide > 0 && column+gap+wide > s.Width {
			out.WriteString("\n" + strings.Repeat(" ", indent))
			column, gap = indent, 0
		}
		out.WriteString(strings.Repeat(" ", gap) + word)
		column += gap + wide
		empty = empty && wide == 0
	}
	return strings.TrimRight(out.String(), " ")
}

// hanging is where a line goes on: below what follows its last gap of two spaces, which is
// where the last column of a table begins, as long as half of the screen is left to it.
func (s Screen) hanging(line string) int {
	plain := escapes.ReplaceAllString(line, "")
	begin := len(plain) - len(strings.TrimLeft(plain, " "))
	indent := begin + 2
	for at := begin; ; {
		gap := strings.Index(plain[at:], "  ")
		if gap < 0 {
			break
		}
		next := at + gap + len(plain[at+gap:]) - len(strings.TrimLeft(plain[at+gap:], " "))
		column := Width(plain[:next])
		if column > s.Width/2 || next >= len(plain) {
			break
		}
		indent, at = column, next
	}
	return min(indent, s.Width/2)
}

// escapes are the colours of a Style.
var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// shownWidth is how many columns a text takes, its colours none.
func shownWidth(text string) int {
	if strings.Contains(text, "\x1b") {
		text = escapes.ReplaceAllString(text, "")
	}
	if isPlain(text) {
		return len(text)
	}
	return uniseg.StringWidth(text)
}

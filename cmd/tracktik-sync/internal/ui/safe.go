package ui

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Safe makes a value harmless in one line of a terminal: whatever is not printable,
// which includes line breaks, escape sequences and the controls that turn the
// direction of text (Unicode's Bidi_Control), is shown by its number.
func Safe(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i])|0x100, 16)[1:])
		case strconv.IsPrint(r):
			b.WriteString(s[i : i+size])
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// isPlain spares the usual value the look at each rune.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// SafeLines is Safe for each line of a message, which may hold values.
func SafeLines(s string) []string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = Safe(line)
	}
	return lines
}

// Shortened is the first 200 characters of s.
func Shortened(s string) string {
	const most = 200
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// Quoted is a value in quotes, so that space at its ends can be seen; nothing is
// "(none)".
func Quoted(s string) string {
	if s == "" {
		return "(none)"
	}
	return strconv.Quote(s)
}

// Cell makes a value harmless in a spreadsheet, which takes what begins like a
// formula for one (OWASP, CSV injection), and in a terminal. A number with its sign is
// no formula, and what letters of any script need is kept.
func Cell(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
	s = strings.TrimLeft(s, " ")
	if s == "" {
		return s
	}
	switch s[0] {
	case '=', '@':
		return "'" + s
	case '+', '-':
		if strings.Trim(s[1:], "0123456789 ().-/") != "" {
			return "'" + s
		}
	}
	return s
}

// CSV writes a table for spreadsheets, which take no cell of it for a formula. rows hands
// its rows to row.
func CSV(w io.Writer, header []string, rows func(row func(cells ...string) error) error) error {
	table := csv.NewWriter(w)
	err := table.Write(header)
	if err == nil {
		err = rows(func(cells ...string) error {
			for i, cell := range cells {
				cells[i] = Cell(cell)
			}
			return table.Write(cells)
		})
	}
	table.Flush()
	return errors.Join(err, table.Error())
}

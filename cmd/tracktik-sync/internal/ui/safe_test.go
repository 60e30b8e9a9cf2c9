package ui

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile are values that somebody could put into a display name.
var hostile = []string{
	"a\nb", "a\r\nb", "\x1b[31mred", "\x1b]0;title\x07", "a\x9b31m", "\x00", "\x7f",
	"abc\u202edcba", "\u2066x\u2069", "\u200fx", "\u061c", "a\u2028b", "a\u2029b", "\xff\xfe", "tab\tbell\a", "\u0085",
}

func TestNothingThatControlsATerminalIsPrinted(t *testing.T) {
	for _, value := range hostile {
		for _, shown := range []string{Safe(value), Quoted(value)} {
			if !utf8.ValidString(shown) {
				t.Errorf("%q is shown as %q, which is no UTF-8", value, shown)
			}
			for _, r := range shown {
				if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
					t.Errorf("%q is shown as %q", value, shown)
				}
			}
		}
	}
}

func TestNamesOfTheWorldAreShownAsTheyAre(t *testing.T) {
	for _, name := range []string{"Ana Silva", "José", "李小龍", "Владимир", "Zoë O'Brien-Smith", "Björk 🎵", `back\slash`} {
		if got := Safe(name); got != name {
			t.Errorf("%q is shown as %q", name, got)
		}
	}
}

func TestNoLineOfATextCanBeginAnother(t *testing.T) {
	lines := SafeLines("first\x1b[2J\nsecond")
	if len(lines) != 2 || strings.Contains(strings.Join(lines, ""), "\x1b") {
		t.Errorf("got %q", lines)
	}
}

func TestASpreadsheetTakesNoCellForAFormula(t *testing.T) {
	for cell, want := range map[string]string{
		"=cmd|' /C calc'!A0":       "'=cmd|' /C calc'!A0",
		"@SUM(A1)":                 "'@SUM(A1)",
		"-2+3+cmd|x":               "'-2+3+cmd|x",
		"\t=1":                     "'=1",
		"a\x1b[2J\u202eb\r\n":      "a [2Jb  ",
		"\u0645\u06cc\u200c\u062e": "\u0645\u06cc\u200c\u062e",
		"+351 21 000-00":           "+351 21 000-00",
		"-5":                       "-5",
		"Ana":                      "Ana",
		"":                         "",
	} {
		if got := Cell(cell); got != want {
			t.Errorf("cell %q became %q, want %q", cell, got, want)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, value := range hostile {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		shown := Safe(value)
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is shown as %q", value, shown)
		}
	})
}

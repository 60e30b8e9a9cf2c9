package plan

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Clean trims white space, takes out what only a terminal would obey, and brings s
// into Unicode's composed form (NFC), so that two spellings of one text compare
// equal.
func Clean(s string) string { return norm.NFC.String(strings.TrimSpace(visible(s))) }

// visible puts spaces in the place of line breaks and other controls, and takes out
// those that turn the direction of text (UAX #9).
func visible(s string) string {
	obeyed := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
	if !strings.ContainsFunc(s, obeyed) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case obeyed(r):
			return -1
		}
		return r
	}, s)
}

// FoldName is the form in which user names, e-mails, roles, groups and regions
// are compared: clean, with inner runs of white space as one space, and without
// case.
func FoldName(s string) string {
	if isPlainLower(s) {
		return s
	}
	s = cases.Fold().String(strings.Join(strings.Fields(norm.NFC.String(s)), " "))
	return norm.NFC.String(strings.ToLower(s)) // x/text folds the two cases of Cherokee into one another
}

// isPlainLower spares the usual name ("ana.silva@acme.example") the tables of
// Unicode.
func isPlainLower(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c >= 0x7f || ('A' <= c && c <= 'Z') {
			return false
		}
	}
	return true
}

// MatchGlob reports whether the whole of s matches pattern, both folded; `*`
// stands for any text, also none, and nothing else is special.
func MatchGlob(pattern, s string) bool {
	parts := strings.Split(FoldName(pattern), "*")
	s = FoldName(s)
	if len(parts) == 1 {
		return s == parts[0]
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(s, part)
		if at < 0 {
			return false
		}
		s = s[at+len(part):]
	}
	return strings.HasSuffix(s, last)
}

// MatchAny reports whether one of patterns matches s.
func MatchAny(patterns []string, s string) bool {
	for _, p := range patterns {
		if MatchGlob(p, s) {
			return true
		}
	}
	return false
}

package plan

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FoldName is the form in which user names, e-mails, roles, groups and regions
// are compared: clean, with inner runs of white space as one space, without case
// and without joiners.
func FoldName(s string) string {
	if isPlainLower(s) {
		return s
	}
	s = withoutJoiners.Replace(Clean(s))
	s = cases.Fold().String(strings.Join(strings.Fields(s), " "))
	return norm.NFC.String(strings.ToLower(s)) // x/text folds the two cases of Cherokee into one another
}

var withoutJoiners = strings.NewReplacer("\u200c", "", "\u200d", "")

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

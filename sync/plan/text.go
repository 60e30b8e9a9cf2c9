package plan

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FoldName is the form in which user names, e-mails, roles, groups and regions
// are compared: clean, with inner runs of white space as one space, without case
// and without joiners.
func FoldName(s string) string {
	switch {
	case isPlainLower(s):
		return s
	case isPlainWords(s):
		return strings.ToLower(s)
	}
	return foldAny(s)
}

// foldAny is FoldName for any text.
func foldAny(s string) string {
	s = withoutJoiners.Replace(Clean(s))
	s = string(cases.Fold().Bytes([]byte(strings.Join(strings.Fields(s), " "))))
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

// isPlainWords is isPlainLower for words in ASCII, with one space between two ("Ana Silva").
func isPlainWords(s string) bool {
	space := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c >= 0x7f || c == ' ' && space {
			return false
		}
		space = c == ' '
	}
	return !space
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

// Clean returns s as it is compared and sent: without what nobody can see and what
// only a terminal would obey, with spaces for line breaks and tabs, trimmed, and in
// Unicode's composed form (NFC), so that two spellings of one text compare equal. A
// joiner stays where scripts and emoji need it. Cleaning twice changes nothing more.
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	for {
		// Composed first, so that what stands before a joiner is in its final form; what
		// is taken out may bring marks together that have another order.
		clean := norm.NFC.String(trim(strip(norm.NFC.String(s))))
		if clean == s {
			return s
		}
		s = clean
	}
}

// isPlain spares the usual value the tables of Unicode: ASCII, and the letters of Latin-1 and
// Latin Extended-A (U+00C0 to U+017F), each of which is its own composed form.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= ' ' && c <= '~':
		case c >= 0xc3 && c <= 0xc5 && i+1 < len(s) && s[i+1]&0xc0 == 0x80:
			i++
		default:
			return false
		}
	}
	return s == "" || (s[0] != ' ' && s[len(s)-1] != ' ')
}

// strip takes out what nobody can see. Bytes that are not UTF-8 become U+FFFD.
func strip(s string) string {
	before := ' '
	return strings.Map(func(r rune) rune {
		switch {
		case breaksLine(r):
			r = ' '
			if before == ' ' {
				return -1
			}
		case unicode.IsControl(r), isInvisible(r), isJoiner(r) && !joins(before):
			return -1
		}
		before = r
		return r
	}, s)
}

// trim takes off white space, and joiners at the end, where they join nothing; but
// behind a virama they choose its form: the last letter of a name in Malayalam or
// Sinhala may be written so.
func trim(s string) string {
	s = strings.TrimSpace(s)
	for {
		body := strings.TrimRight(s, joiners)
		if body == s || endsInVirama(body) {
			return s
		}
		s = strings.TrimSpace(body)
	}
}

const joiners = "\u200c\u200d"

func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// endsInVirama reports a sign of canonical combining class 9 at the end of s: in every
// script of India and around, what takes the vowel from a consonant.
func endsInVirama(s string) bool {
	_, size := utf8.DecodeLastRuneInString(s)
	return norm.NFC.PropertiesString(s[len(s)-size:]).CCC() == 9
}

func breaksLine(r rune) bool {
	return ('\t' <= r && r <= '\r') || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// isInvisible reports the bidirectional controls of UAX #9 and the zero-width
// characters that carry no meaning in any script.
func isInvisible(r rune) bool {
	switch {
	case r == '\u00ad', r == '\u061c', r == '\u180e', r == '\u200b', r == '\u200e', r == '\u200f', r == '\ufeff':
		return true
	case '\u202a' <= r && r <= '\u202e', '\u2060' <= r && r <= '\u206f':
		return true
	}
	return false
}

// joins reports whether a joiner has a meaning behind r: in Persian, in the
// scripts of India, in emoji.
func joins(r rune) bool {
	return r > unicode.MaxASCII && unicode.In(r, unicode.L, unicode.M, unicode.So, unicode.Sk)
}

package mapping

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tracktik-sync/sync/plan"
)

const joiners = "\u200c\u200d"

// clean returns text as it is compared and sent; see the package comment.
// Cleaning twice changes nothing more.
func clean(text string) string {
	if isPlain(text) {
		return text
	}
	// Composed first, so that what stands before a joiner is in its final form.
	text = norm.NFC.String(text)
	return plan.Clean(strings.TrimRight(strip(text), joiners))
}

// isPlain spares the usual value the tables of Unicode.
func isPlain(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return text == "" || (text[0] != ' ' && text[len(text)-1] != ' ')
}

// strip takes out what nobody can see. Bytes that are not UTF-8 become U+FFFD.
func strip(text string) string {
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
	}, text)
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

func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// joins reports whether a joiner has a meaning behind r: in Persian, in the
// scripts of India, in emoji.
func joins(r rune) bool {
	return r > unicode.MaxASCII && unicode.In(r, unicode.L, unicode.M, unicode.So, unicode.Sk)
}

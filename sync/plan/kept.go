package plan

import (
	"strings"
	"unicode"
)

// Sent notes that changes were sent, and what TrackTik has answered: what it makes of a
// value of ours is what it keeps, and no drift from then on. A value that it drops, or does
// not change, is none that it keeps.
func (l *Link) Sent(changes []Change, answer *Employee) {
	for _, c := range changes {
		f := c.Field
		if f == Region || f >= NumFields {
			continue
		}
		l.Pushed[f], l.Seen[f] = c.New, ""
		l.Answered[f], l.Unanswered = "", l.Unanswered.Without(f)
		switch held := answer.Values[f]; {
		case c.New == "":
		case !answer.Has.Has(f):
			l.Unanswered = l.Unanswered.With(f)
		case held != "" && !f.Same(c.New, held) && (held != c.Old || alike(f, c.New, held)):
			l.Answered[f] = held
		}
	}
}

// All are the changes that a create sends: everything from nothing.
func All(v *Values) []Change {
	var all []Change
	for _, f := range RecordFields {
		if v[f] != "" {
			all = append(all, Change{Field: f, New: v[f]})
		}
	}
	return all
}

// TakeOver takes what another record of the same link has of a field.
func (l *Link) TakeOver(other *Link, f Field) {
	l.Pushed[f], l.Seen[f], l.Answered[f] = other.Pushed[f], "", other.Answered[f]
	l.Unanswered = l.Unanswered.Without(f)
	if other.Unanswered.Has(f) {
		l.Unanswered = l.Unanswered.With(f)
	}
}

// Keeps reports whether TrackTik, which holds that value, has kept what it was told: by the
// letter, as it has answered to our write, or, of what no answer has shown, much alike.
func (l *Link) Keeps(f Field, held string) bool {
	told := l.Pushed[f]
	return f.Same(told, held) || held != "" && (held == l.Answered[f] || l.Unanswered.Has(f) && alike(f, told, held)) ||
		f.isPhone() && sameNumber(told, held)
}

// noteKept remembers what TrackTik makes of a value whose answer did not show it, at the
// first look.
func (l *Link) noteKept(f Field, held string) {
	if l.Unanswered.Has(f) && l.Keeps(f, held) && !f.Same(l.Pushed[f], held) {
		l.Answered[f] = held
	}
	l.Unanswered = l.Unanswered.Without(f)
}

// alike reports two texts of which a program may have made one of the other: their letters
// and digits are the same, or one of them goes on where the other ends.
func alike(f Field, a, b string) bool {
	if f.isPhone() {
		return sameNumber(a, b)
	}
	a, b = bare(a), bare(b)
	return a != "" && b != "" && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
}

// bare is a text without case, accents, spaces and marks.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, FoldName(s))
}

// The least digits that two spellings of one number share, and the most that only one of
// them has: the code of a country, with its 00.
const (
	localDigits   = 7
	countryDigits = 5
)

// sameNumber reports two spellings of a phone number, one of them without the code of its
// country perhaps.
func sameNumber(a, b string) bool {
	a, b = digits(a), digits(b)
	if len(a) < len(b) {
		a, b = b, a
	}
	// A number that is dialled with 0 within its country has none after the code of it.
	local := strings.TrimPrefix(b, "0")
	return len(local) >= localDigits && len(a)-len(local) <= countryDigits && strings.HasSuffix(a, local)
}

func (f Field) isPhone() bool { return f == PrimaryPhone || f == SecondaryPhone }

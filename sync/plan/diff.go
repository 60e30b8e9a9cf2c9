package plan

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Differences compares what Okta wants with what was last pushed and, when employee
// was read, with what TrackTik holds. Changes are what became different in Okta;
// drift is what TrackTik holds otherwise than it was told. Of a changed field Old is
// what TrackTik holds as far as that is known. Both are in the order of the fields.
func Differences(link *Link, want *Wanted, employee *Employee, pol *Policy) (changes, drift []Change) {
	for f := Field(0); f < NumFields; f++ {
		if want.Keep.Has(f) || pol.Settled(link, f) {
			continue
		}
		if f == Region {
			if c, ok := moved(link, want, pol); ok {
				changes = append(changes, c)
			}
			continue
		}
		new, pushed := want.Values[f], link.Pushed[f]
		held := pushed
		if link.Seen[f] != "" {
			held = link.Seen[f]
		}
		read := employee != nil && employee.Has.Has(f)
		if read {
			held = employee.Values[f]
		}
		switch {
		case !f.Same(new, pushed):
			if !read || !f.Same(new, held) && !(f.isPhone() && sameNumber(new, held)) {
				changes = append(changes, Change{f, held, new})
			}
		case read && new != "" && !link.Keeps(f, held): // one that was never pushed is left alone
			drift = append(drift, Change{f, held, new})
		}
	}
	return changes, drift
}

// Sent are the fields that a plan sends of somebody who exists. employee is who they were read as;
// nil: they were not.
func Sent(link *Link, want *Wanted, employee *Employee, pol *Policy) (sent FieldSet) {
	if !pol.UpdateUsers {
		return 0
	}
	changes, drift := Differences(link, want, employee, pol)
	if pol.RepairDrift && !link.Kept {
		changes = append(changes, drift...)
	}
	for _, c := range changes {
		sent = sent.With(c.Field)
	}
	return sent
}

// Settled reports a field that is not sent to an employee who exists: only a create sets
// it. But for a username that the termination took from somebody who is active again:
// without one they cannot log in.
func (pol *Policy) Settled(link *Link, f Field) bool {
	taken := f == Username && link.Pushed[f] == "" && (link.How == HowReactivated || link.How == HowRestored)
	return pol.CreateOnly.Has(f) && !taken
}

// Agree notes in link what TrackTik was seen to hold just as Okta wants it, though
// it was not told by us.
func Agree(link *Link, want *Wanted, employee *Employee) {
	for _, f := range RecordFields {
		if !employee.Has.Has(f) || want.Keep.Has(f) {
			continue
		}
		held := employee.Values[f]
		if link.Pushed[f] != want.Values[f] && (f.Same(want.Values[f], held) || f.isPhone() &&
			sameNumber(want.Values[f], held)) {
			link.Pushed[f], link.Seen[f] = want.Values[f], ""
		}
		link.noteKept(f, held)
	}
}

// moved is the change of the region. Only a division that became another one moves
// anybody: dispatchers move people every day, and are not undone.
func moved(link *Link, want *Wanted, pol *Policy) (Change, bool) {
	new, old := want.Values[Region], link.Pushed[Region]
	if !pol.FollowRegion || new == "" || want.RegionID == 0 || want.RegionID == link.PushedRegion ||
		FoldName(new) == FoldName(old) {
		return Change{}, false
	}
	if old == "" && link.PushedRegion != 0 { // they came without a division
		old = strconv.FormatInt(int64(link.PushedRegion), 10)
	}
	return Change{Region, old, new}, true
}

// NeedsRegion reports whether the portal's regions have to be known to decide about
// a managed person.
func NeedsRegion(link *Link, want *Wanted, pol *Policy) bool {
	new := want.Values[Region]
	return pol.FollowRegion && new != "" && !want.Keep.Has(Region) && FoldName(new) != FoldName(link.Pushed[Region])
}

// MergeChanges puts two lists that share no field into the order of the fields.
func MergeChanges(a, b []Change) []Change {
	all := append(slices.Clone(a), b...)
	slices.SortFunc(all, func(x, y Change) int { return int(x.Field) - int(y.Field) })
	return all
}

// RepairDigest stands for one set of changes by drift, old values included.
func RepairDigest(changes []Change) string {
	h := newRowHash()
	for _, c := range changes {
		write(h, c.Field.String(), c.Old, c.New)
	}
	return h.digest()[:16]
}

func fieldList(changes []Change) string {
	names := make([]string, len(changes))
	for i, c := range changes {
		names[i] = c.Field.String()
	}
	return strings.Join(names, ", ")
}

// Clears reports whether the action empties a value that was pushed. One that TrackTik has refused
// to empty before is no new loss.
func (a *Action) Clears() bool {
	isNew := func(c Change) bool { return c.clears() && !a.triesAgain(c) }
	return a.Kind == Update && slices.ContainsFunc(a.Changes, isNew)
}

// triesAgain reports a value that passed the guards once, and that TrackTik refused.
func (a *Action) triesAgain(c Change) bool { return a.Extras().Left.Has(c.Field) }

// leftAsPushed are the changes that TrackTik has refused before, where it holds still what was pushed:
// what somebody has put there since passed no guard.
func (l *Link) leftAsPushed(changes []Change) (left FieldSet) {
	for _, c := range changes {
		if l.Left.Has(c.Field) && c.Field < NumFields && c.Field.Same(c.Old, l.Pushed[c.Field]) {
			left = left.With(c.Field)
		}
	}
	return left
}

// onlyTriesAgain reports an update of nothing but such values.
func (a *Action) onlyTriesAgain() bool {
	return a.Kind == Update && len(a.Changes) > 0 &&
		!slices.ContainsFunc(a.Changes, func(c Change) bool { return !a.triesAgain(c) })
}

func (c Change) clears() bool { return c.New == "" && c.Old != "" }

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

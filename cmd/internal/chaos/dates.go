package chaos

import (
	"fmt"
	"time"
)

// furthest is how far behind UTC the zones of the portal's regions are at most: within that
// time a day has begun in one of them and not in another, and the judge takes either.
const furthest = 8 * hour

// begun reports whether a day, which is its midnight in UTC, has begun.
func begun(midnight, at time.Time) belief {
	switch {
	case at.Before(midnight):
		return no
	case at.Before(midnight.Add(furthest)):
		return maybe
	}
	return yes
}

// dated reads a day. Other words than a date count as none.
func dated(text string) (time.Time, bool) {
	at, err := time.Parse(time.DateOnly, text)
	return at, err == nil
}

// ended reports whether somebody's last day is over. One before their first day is left
// over from a former time.
func (p *Person) ended(s Settings) belief {
	first, starts := dated(p.FirstDay)
	last, ends := dated(p.LastDay)
	if !s.dated() || !ends || starts && last.Before(first) {
		return no
	}
	return begun(last.Add(day), p.At)
}

// toCome reports whether somebody's first day is still to come.
func (p *Person) toCome(s Settings) belief {
	first, starts := dated(p.FirstDay)
	if !s.dated() || !starts {
		return no
	}
	return yes - begun(first, p.At)
}

func (s Settings) dated() bool { return len(s.list("end.sources")) > 0 }

// dates sets when people begin and end.
func (s Settings) dates() Settings {
	return s.with("start.sources", []string{"user.hireDate"}).with("end.sources", []string{"user.lastDay"})
}

// someDay is a day about as many days from now as given, none, or no date at all.
func (l *Life) someDay(from, to int) string {
	switch l.rng.IntN(10) {
	case 0:
		return ""
	case 1:
		return "soon"
	}
	return l.clock.Now().AddDate(0, 0, from+l.rng.IntN(to-from)).Format(time.DateOnly)
}

// engage gives a new person a first day, and perhaps a last one.
func (l *Life) engage(profile map[string]any) {
	if l.rng.IntN(2) == 0 {
		profile["hireDate"] = l.someDay(-2, 6)
	}
	if l.rng.IntN(4) == 0 {
		profile["lastDay"] = l.someDay(-1, 20)
	}
}

// postpone moves somebody's first or last day.
func (l *Life) postpone() {
	c, found := l.anyone(isActive)
	if !found {
		return
	}
	field, when := "lastDay", l.someDay(-3, 5)
	if l.rng.IntN(3) == 0 {
		field = "hireDate"
	}
	l.org.UpdateUser(c.id, map[string]any{field: when})
	l.say("okta: the %s of %s is %q", field, c, when)
}

// beginnings says when somebody begins and ends, for whoever reads of a fault.
func (p *Person) beginnings() string {
	if p.FirstDay == "" && p.LastDay == "" {
		return ""
	}
	return fmt.Sprintf(", from %q to %q", p.FirstDay, p.LastDay)
}

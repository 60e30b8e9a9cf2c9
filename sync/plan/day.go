package plan

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// A Day is a day of the calendar, "2026-03-31"; in which zone, its user says. Empty: none.
// Days compare as texts do.
type Day string

// firstYear is the first year of a day of employment: earlier ones stand for no day at all.
const firstYear = 1950

// ParseDay reads "2026-03-31", a time of RFC 3339 (the day that it shows, in its own zone),
// or what layout says in letters: YYYY, MM or M, DD or D. A time without a zone, years of
// two digits and days that are in no calendar are errors.
func ParseDay(text, layout string) (Day, error) {
	layouts := []string{time.DateOnly, time.RFC3339}
	if layout != "" {
		own, err := DayLayout(layout)
		if err != nil {
			return "", err
		}
		layouts = append(layouts, own)
	}
	for _, l := range layouts {
		if at, err := time.Parse(l, text); err == nil && at.Year() >= firstYear && at.Year() <= 9999 {
			return Day(at.Format(time.DateOnly)), nil
		}
	}
	if layout != "" {
		layout = ", nor by " + layout
	}
	return "", fmt.Errorf("is no day: not as 2026-03-31, not as 2026-03-31T00:00:00Z%s", layout)
}

// DayLayout is a layout as package time has it. Year, month and day come once each.
func DayLayout(layout string) (string, error) {
	l := layout
	for _, part := range [][2][2]string{{{"YYYY", "2006"}}, {{"MM", "01"}, {"M", "1"}}, {{"DD", "02"}, {"D", "2"}}} {
		found := false
		for _, spelling := range part {
			if before, after, ok := strings.Cut(l, spelling[0]); ok && spelling[0] != "" {
				l, found = before+"\x00"+spelling[1]+"\x00"+after, true
				break
			}
		}
		if !found {
			return "", fmt.Errorf("the layout %q has to hold YYYY, MM or M, and DD or D", layout)
		}
	}
	parts := strings.Split(l, "\x00")
	for i := 0; i < len(parts); i += 2 { // what stands between them
		if strings.ContainsFunc(parts[i], func(r rune) bool {
			return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_'
		}) {
			return "", fmt.Errorf("the layout %q has letters or digits besides YYYY, MM or M, and DD or D", layout)
		}
	}
	return strings.Join(parts, ""), nil
}

// begin is the first moment of the day after some days more.
func (d Day) begin(more int, zone *time.Location) time.Time {
	at, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	want := at.AddDate(0, 0, more)
	begin := time.Date(want.Year(), want.Month(), want.Day(), 0, 0, 0, 0, zone)
	for range 24 { // a clock that is set forward at midnight skips it
		if begin.Format(time.DateOnly) >= want.Format(time.DateOnly) {
			break
		}
		begin = begin.Add(time.Hour)
	}
	return begin
}

// Begun reports whether the day, less some lead, has begun in the zone.
func (d Day) Begun(lead time.Duration, now time.Time, zone *time.Location) bool {
	return !now.Before(d.begin(0, zone).Add(-lead))
}

// Over reports whether the day is over in the zone.
func (d Day) Over(now time.Time, zone *time.Location) bool { return !now.Before(d.begin(1, zone)) }

// The zones in which a day begins first and last.
var (
	eastmost = time.FixedZone("", 14*60*60)
	westmost = time.FixedZone("", -12*60*60)
)

// MayBeOver reports that the day is over in some zone.
func (d Day) MayBeOver(now time.Time) bool { return d.Over(now, eastmost) }

// IsOver reports that the day is over everywhere.
func (d Day) IsOver(now time.Time) bool { return d.Over(now, westmost) }

// MayHaveBegun reports that the day, less the lead, has begun in some zone.
func (d Day) MayHaveBegun(lead time.Duration, now time.Time) bool {
	return d.Begun(lead, now, eastmost)
}

// A DayNumber counts days from 1970-01-01, which is 0: no day.
type DayNumber uint16

// Come reports that the day has begun somewhere.
func (n DayNumber) Come(now time.Time) bool {
	return n != 0 && !now.Before(time.Unix(int64(n)*24*60*60, 0).Add(-14*time.Hour))
}

// number is the day's, some days later. Days in the far future are one.
func (d Day) number(more int, lead time.Duration) DayNumber {
	if d == "" {
		return 0
	}
	days := d.begin(more, time.UTC).Add(-lead).Unix() / (24 * 60 * 60)
	return DayNumber(min(max(days, 1), math.MaxUint16))
}

// Due is the day on which time alone changes what is decided about somebody: the first one,
// less the lead, of who is held before it, or that after the last one.
func (d Dates) Due(early bool, lead time.Duration) DayNumber {
	if early {
		return d.Start.number(0, lead)
	}
	return d.End.number(1, 0)
}

// Dates are the first and the last day of somebody's employment, as Okta has them.
type Dates struct{ Start, End Day }

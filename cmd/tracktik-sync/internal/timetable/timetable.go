// Package timetable says when schedule.cron is due, also when the clock is put forward or
// back.
package timetable

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"tracktik-sync/configs"
)

// A Timetable is schedule.cron in its time zone. Where the clock is put forward, what was
// due in the time left out comes right after it, once. Where it is put back, what names
// its hours does not come again in the hour that comes twice.
type Timetable struct {
	ticks      cron.Schedule
	zone       *time.Location
	namesHours bool // "30 2 * * *" is of the clock on the wall; "*/15 * * * *" and @every are not
}

// allHours are the bits of a cron expression whose hour is *.
const allHours = 1<<24 - 1

// Of is the schedule of a configuration.
func Of(cfg *configs.Config) (Timetable, error) {
	return Parse(cfg.Schedule.Cron, cfg.Schedule.Timezone)
}

// Parse reads five cron fields, a word such as @daily, or @every DURATION; a
// TZ=NAME in front beats zone. What would never come is an error.
func Parse(spec, zone string) (s Timetable, err error) {
	fields := strings.Fields(spec)
	if len(fields) > 1 {
		if before, named, found := strings.Cut(fields[0], "TZ="); found && (before == "" || before == "CRON_") {
			zone, fields = named, fields[1:]
		}
	}
	if s.zone, err = Zone(zone); err != nil {
		return s, err
	}
	switch spec = strings.Join(fields, " "); {
	case spec == "":
		return s, errors.New("it is empty")
	case strings.Contains(spec, "TZ="):
		return s, errors.New("a time zone stands before the five fields, and once")
	}
	if age, every := strings.CutPrefix(spec, "@every "); every {
		s.ticks, err = parseEvery(age)
		return s, err
	}
	if s.ticks, err = cron.ParseStandard(spec); err != nil {
		return s, err
	}
	// In these years each day that there can be comes once.
	if s.ticks.Next(time.Date(2000, 1, 1, 0, 0, 0, -1, time.UTC)).IsZero() {
		return s, errors.New("it never comes, since no month that it names has such a day")
	}
	if fields, ok := s.ticks.(*cron.SpecSchedule); ok {
		s.namesHours = fields.Hour&allHours != allHours
	}
	return s, nil
}

// Zone is the time zone of that name, which must not be empty.
func Zone(name string) (*time.Location, error) {
	if name == "" {
		return nil, errors.New("the time zone has no name")
	}
	return time.LoadLocation(name)
}

func parseEvery(text string) (cron.Schedule, error) {
	age, err := configs.ParseDuration(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("@every %w", err)
	case age < time.Second:
		return nil, fmt.Errorf("@every %s is less than a second", text)
	}
	return cron.Every(age), nil
}

// Next is the first time after t.
func (s Timetable) Next(t time.Time) time.Time {
	if _, every := s.ticks.(cron.ConstantDelaySchedule); every {
		return s.ticks.Next(t)
	}
	if s.namesHours {
		return s.nextByWall(t)
	}
	return s.nextByTime(t)
}

// nextByWall goes by a clock on the wall that is never put forward or back, and takes
// from the zone when it is so late.
func (s Timetable) nextByWall(t time.Time) time.Time {
	in := t.In(s.zone)
	wall := time.Date(in.Year(), in.Month(), in.Day(), in.Hour(), in.Minute(), in.Second(), in.Nanosecond(), time.UTC)
	for {
		wall = after(s.ticks, wall)
		if at := firstAt(wall, s.zone); at.After(t) {
			return at
		}
	}
}

// nextByTime goes from one change of the clock to the next, with one offset between.
func (s Timetable) nextByTime(t time.Time) time.Time {
	from, in := t, t.In(s.zone)
	for {
		_, offset := in.Zone()
		_, change := in.ZoneBounds()
		at := after(s.ticks, from.In(time.FixedZone("", offset)))
		if change.IsZero() || at.Before(change) {
			return at.In(s.zone)
		}
		from, in = change.Add(-1), change
	}
}

// firstAt is when the clocks of zone first show wall, or the end of the jump that leaves
// it out.
func firstAt(wall time.Time, zone *time.Location) time.Time {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(),
		zone)
	start, end := at.ZoneBounds()
	shown := func(t time.Time) time.Duration {
		_, offset := t.Zone()
		return t.Add(time.Duration(offset) * time.Second).Sub(wall)
	}
	switch ahead := shown(at); {
	case ahead > 0:
		return start
	case ahead < 0:
		return end
	case start.IsZero():
		return at
	}
	_, before := start.Add(-1).Zone()
	if earlier := wall.Add(-time.Duration(before) * time.Second); earlier.Before(start) {
		return earlier.In(zone)
	}
	return at
}

// after is the first tick after t. The library looks five years ahead, and there may be
// eight from one 29 February to the next.
func after(ticks cron.Schedule, t time.Time) time.Time {
	next := ticks.Next(t)
	if next.IsZero() {
		next = ticks.Next(t.AddDate(4, 0, 0))
	}
	return next
}

package timetable

import (
	"strings"
	"testing"
	"time"
)

var midday = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func mustParse(t *testing.T, spec, zone string) Timetable {
	t.Helper()
	s, err := Parse(spec, zone)
	if err != nil {
		t.Fatalf("%s in %s: %v", spec, zone, err)
	}
	return s
}

// A day of the week or of the month is enough.
func TestAScheduleThatComesSeldomIsOne(t *testing.T) {
	for _, spec := range []string{"0 0 29 2 *", "0 0 31 2 1", "0 0 31 1,2 *"} {
		mustParse(t, spec, "UTC")
	}
}

func TestWhatIsNoScheduleIsAnErrorThatSaysWhy(t *testing.T) {
	for spec, says := range map[string]string{
		"": "empty", "  ": "empty", "TZ=UTC": "time zone", "CRON_TZ=UTC": "time zone", "TZ= 0 6 * * *": "no name",
		"TZ=Nowhere/Town 0 6 * * *": "Nowhere/Town", "TZ=UTC CRON_TZ=UTC": "time zone", "MY_TZ=UTC 0 6 * * *": "time zone",
		"@every": "@every", "@every 0s": "less than a second", "@every -5m": "negative", "@every 15": "no unit",
		"0 6 * *": "5", "61 * * * *": "61", "@fortnightly": "@fortnightly",
	} {
		if _, err := Parse(spec, "UTC"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q answers %v, want something about %q", spec, err, says)
		}
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, spec := range []string{"*/15 * * * *", "TZ=UTC", "@every 1d", "0 0 31 2 *", "TZ=UTC TZ=", "*/0 * * * *", "0 0 29 2 *"} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := Parse(spec, "America/Havana")
		if err != nil {
			return
		}
		if next := s.Next(midday); !next.After(midday) {
			t.Errorf("%q: after %s comes %s", spec, midday, next)
		}
	})
}

// ticks are the next n times after start, as the clocks there show them.
func ticks(s Timetable, start time.Time, n int) string {
	var shown []string
	for range n {
		start = s.Next(start)
		shown = append(shown, start.In(s.zone).Format("01-02T15:04-0700"))
	}
	return strings.Join(shown, " ")
}

func TestADailyScheduleRunsOnceADayWhateverTheClockDoes(t *testing.T) {
	for _, test := range []struct{ name, zone, spec, start, want string }{
		{"the hour left out", "America/New_York", "30 2 * * *", "2026-03-07T12:00:00Z", "03-08T03:00-0400 03-09T02:30-0400"},
		{"its very begin", "America/New_York", "0 2 * * *", "2026-03-07T12:00:00Z", "03-08T03:00-0400 03-09T02:00-0400"},
		{"its end", "America/New_York", "0 3 * * *", "2026-03-07T12:00:00Z", "03-08T03:00-0400 03-09T03:00-0400"},
		{"several times in it", "America/New_York", "*/15 2 * * *", "2026-03-07T12:00:00Z", "03-08T03:00-0400 03-09T02:00-0400"},
		{"the hour that comes twice", "America/New_York", "30 1 * * *", "2026-10-31T12:00:00Z", "11-01T01:30-0400 11-02T01:30-0500"},
		{"started in its second half", "America/New_York", "30 1 * * *", "2026-11-01T06:10:00Z", "11-02T01:30-0500"},
		{"several times in that", "America/New_York", "*/30 1,2 * * *", "2026-10-31T12:00:00Z", "11-01T01:00-0400 11-01T01:30-0400 11-01T02:00-0500 11-01T02:30-0500"},
		{"Europe", "Europe/Lisbon", "0 1 * * *", "2026-03-28T12:00:00Z", "03-29T02:00+0100 03-30T01:00+0100"},
		{"Europe, back", "Europe/Berlin", "59 2 * * *", "2026-10-24T12:00:00Z", "10-25T02:59+0200 10-26T02:59+0100"},
		{"midnight left out", "America/Havana", "@daily", "2026-03-07T12:00:00Z", "03-08T01:00-0400 03-09T00:00-0400"},
		{"midnight left out, weekly", "America/Havana", "0 0 * * 0", "2026-03-07T12:00:00Z", "03-08T01:00-0400 03-15T00:00-0400"},
		{"midnight twice", "America/Havana", "@daily", "2026-10-31T12:00:00Z", "11-01T00:00-0400 11-02T00:00-0500"},
		{"half an hour left out", "Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00:00Z", "10-04T02:30+1100 10-05T02:15+1100"},
		{"half an hour twice", "Australia/Lord_Howe", "45 1 * * *", "2026-04-04T12:00:00Z", "04-05T01:45+1100 04-06T01:45+1030"},
		{"a day left out", "Pacific/Apia", "0 6 * * *", "2011-12-29T00:00:00Z", "12-29T06:00-1000 12-31T00:00+1400 12-31T06:00+1400"},
		{"a zone without any", "Asia/Tokyo", "30 2 * * *", "2026-03-07T12:00:00Z", "03-08T02:30+0900 03-09T02:30+0900"},
		{"the zone of its own", "UTC", "TZ=America/New_York 30 2 * * *", "2026-03-07T12:00:00Z", "03-08T03:00-0400 03-09T02:30-0400"},
	} {
		start, err := time.Parse(time.RFC3339, test.start)
		if err != nil {
			t.Fatal(err)
		}
		if got := ticks(mustParse(t, test.spec, test.zone), start, strings.Count(test.want, " ")+1); got != test.want {
			t.Errorf("%s: %q in %s comes\n%s, want\n%s", test.name, test.spec, test.zone, got, test.want)
		}
	}
}

// What names no hour is due by the time that passes, in the hour that comes twice too.
func TestAnIntervalHasNoGapWhateverTheClockDoes(t *testing.T) {
	for _, zone := range []string{"America/New_York", "Europe/Lisbon", "America/Havana", "Africa/Cairo", "Australia/Sydney", "Asia/Tokyo"} {
		for spec, interval := range map[string]time.Duration{"*/15 * * * *": 15 * time.Minute, "@hourly": time.Hour, "@every 90m": 90 * time.Minute} {
			s := mustParse(t, spec, zone)
			at := s.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			for at.Year() == 2026 {
				next := s.Next(at)
				if next.Sub(at) != interval {
					t.Errorf("%s in %s: after %s comes %s", spec, zone, at, next)
				}
				at = next
			}
		}
	}
}

// Every hour of a Sunday, one of which has no midnight: that day is not passed over.
func TestAnIntervalOnCertainDaysKnowsADayWithoutMidnight(t *testing.T) {
	s := mustParse(t, "0 * * * 0", "America/Havana")
	if got, want := ticks(s, time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC), 2), "03-08T01:00-0400 03-08T02:00-0400"; got != want {
		t.Errorf("it comes %s, want %s", got, want)
	}
}

func TestALeapDayIsWaitedForEightYears(t *testing.T) {
	for _, spec := range []string{"0 0 29 2 *", "0 * 29 2 *"} {
		got := mustParse(t, spec, "UTC").Next(time.Date(2096, 3, 1, 0, 0, 0, 0, time.UTC))
		if want := time.Date(2104, 2, 29, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
			t.Errorf("%s comes %s, want %s", spec, got, want)
		}
	}
}

func TestEveryTakesDaysAndWeeks(t *testing.T) {
	if got := mustParse(t, "@every 1d12h", "UTC").Next(midday).Sub(midday); got != 36*time.Hour {
		t.Errorf("it comes after %s", got)
	}
}

func TestTheScheduleIsInItsTimeZone(t *testing.T) {
	summer := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	if got, want := mustParse(t, "0 6 * * *", "Europe/Lisbon").Next(summer).UTC(), time.Date(2026, 7, 1, 5, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("06:00 in Lisbon in summer is %s, want %s", got, want)
	}
}

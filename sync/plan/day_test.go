package plan_test

import (
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// TestDaysAreReadOrRefused: what is no day in any calendar is none here.
func TestDaysAreReadOrRefused(t *testing.T) {
	const us, eu, short = "MM/DD/YYYY", "DD.MM.YYYY", "D/M/YYYY"
	for _, c := range []struct{ text, layout, want string }{
		{"2026-03-31", "", "2026-03-31"}, {"2024-02-29", "", "2024-02-29"}, {"9999-12-31", "", "9999-12-31"},
		{"2026-03-31T23:30:00-05:00", "", "2026-03-31"}, {"2026-03-31T00:00:00Z", "", "2026-03-31"}, {"2026-03-31T00:00:00.5+14:00", "", "2026-03-31"},
		{"03/31/2026", us, "2026-03-31"}, {"31.03.2026", eu, "2026-03-31"}, {"1/4/2026", short, "2026-04-01"}, {"2026-03-31", us, "2026-03-31"},
		{"2026-02-29", "", ""}, {"2026-02-31", "", ""}, {"31.02.2026", eu, ""}, {"13/01/2026", us, ""}, {"00/10/2026", us, ""},
		{"26-03-31", "", ""}, {"03/31/26", us, ""}, {"31/3/2026", us, ""}, {"3/31/2026", us, ""}, {"03/31/2026", "", ""},
		{"2026-03-31T08:00:00", "", ""}, {"2026-03-31 08:00:00Z", "", ""}, {"2026-03-31T08:00", "", ""}, {"08:00:00Z", "", ""},
		{"", "", ""}, {" ", "", ""}, {"tomorrow", "", ""}, {"20260331", "", ""}, {"1774915200", "", ""}, {"2026-3-31", "", ""},
		{"0001-01-01", "", ""}, {"1900-01-01T00:00:00Z", "", ""}, {"10000-01-01", "", ""}, {"2026-03-31x", "", ""}, {"２０２６-03-31", "", ""},
	} {
		day, err := plan.ParseDay(c.text, c.layout)
		if string(day) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q by %q is %q, %v; want %q", c.text, c.layout, day, err, c.want)
		}
	}
	for _, layout := range []string{"MM/DD/YY", "MM/DD", "YYYY", "YYYY-MM-DD hh", "YYYY-MM-DD-MM", "2006-01-02", "YYYYYYYY", "_2/MM/DD/YYYY"} {
		if _, err := plan.ParseDay("2026-03-31", layout); err == nil {
			t.Errorf("the layout %q is taken", layout)
		}
	}
}

// FuzzParseDay: whatever is taken for a day is one, and is read the same again.
func FuzzParseDay(f *testing.F) {
	for _, seed := range [][2]string{{"2026-03-31", ""}, {"31/02/2026", "DD/MM/YYYY"}, {"01/02/26", "DD/MM/YYYY"}, {"", "YYYYMMDD"}, {"2026-03-31T08:00:00", "D.M.YYYY"}, {"20260331", "YYYYMMDD"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, layout string) {
		day, err := plan.ParseDay(text, layout)
		if err != nil {
			if day != "" {
				t.Errorf("%q by %q is %q and an error", text, layout, day)
			}
			return
		}
		at, err := time.Parse(time.DateOnly, string(day))
		if err != nil || at.Year() < 1950 || len(day) != len(time.DateOnly) {
			t.Errorf("%q by %q is %q, no day", text, layout, day)
		}
		if again, err := plan.ParseDay(string(day), layout); again != day || err != nil {
			t.Errorf("%q is read again as %q, %v", day, again, err)
		}
	})
}

// TestALastDayEndsWhereTheEmployeeWorks goes through zones, and days that clocks make shorter,
// longer, or begin an hour late.
func TestALastDayEndsWhereTheEmployeeWorks(t *testing.T) {
	for _, c := range []struct{ zone, day, over string }{
		{"UTC", "2026-03-31", "2026-04-01T00:00:00Z"},
		{"America/New_York", "2026-03-31", "2026-04-01T04:00:00Z"},
		{"America/New_York", "2026-03-07", "2026-03-08T05:00:00Z"}, // clocks go forward on the 8th
		{"America/New_York", "2026-03-08", "2026-03-09T04:00:00Z"}, // of 23 hours
		{"America/New_York", "2026-11-01", "2026-11-02T05:00:00Z"}, // of 25 hours
		{"Europe/Vienna", "2026-03-29", "2026-03-29T22:00:00Z"},
		{"Europe/Vienna", "2026-10-25", "2026-10-25T23:00:00Z"},
		{"Asia/Kathmandu", "2026-12-31", "2026-12-31T18:15:00Z"},
		{"Pacific/Kiritimati", "2026-03-31", "2026-03-31T10:00:00Z"},
		{"Pacific/Pago_Pago", "2026-03-31", "2026-04-01T11:00:00Z"},
		{"Australia/Lord_Howe", "2026-10-03", "2026-10-03T13:30:00Z"},
		{"America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00Z"}, // the 4th begins at one o'clock
		{"Africa/Cairo", "2026-04-23", "2026-04-23T22:00:00Z"},      // so does the 24th
		{"Asia/Beirut", "2026-03-28", "2026-03-28T22:00:00Z"},       // and the 29th
		{"Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00Z"},      // there was no 30th
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.over)
		if err != nil {
			t.Fatal(err)
		}
		day := plan.Day(c.day)
		if day.Over(at.Add(-time.Second), zone) || !day.Over(at, zone) {
			t.Errorf("%s in %s is over at %s: %v, and a second before: %v", c.day, c.zone, c.over, day.Over(at, zone), day.Over(at.Add(-time.Second), zone))
		}
		if !day.MayBeOver(at) || day.MayBeOver(at.Add(-27*time.Hour)) || !day.IsOver(at.Add(27*time.Hour)) || day.IsOver(at.Add(-time.Second)) {
			t.Errorf("%s in %s: where it may be over is not told well", c.day, c.zone)
		}
		dates := plan.Dates{End: day}
		if due := dates.Due(false, 0); !due.Come(at) || due.Come(at.Add(-27*time.Hour)) {
			t.Errorf("%s in %s: due on day %d", c.day, c.zone, due)
		}
	}
}

// TestAFirstDayBeginsWithItsLead, and the day on which to look again is never too late.
func TestAFirstDayBeginsWithItsLead(t *testing.T) {
	york, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	const hour, day = time.Hour, 24 * time.Hour
	begin := time.Date(2026, 4, 1, 4, 0, 0, 0, time.UTC)
	for _, lead := range []time.Duration{0, hour, 36 * hour, 7 * day} {
		start := plan.Day("2026-04-01")
		at := begin.Add(-lead)
		if start.Begun(lead, at.Add(-time.Second), york) || !start.Begun(lead, at, york) {
			t.Errorf("with a lead of %s it does not begin at %s", lead, at)
		}
		due := plan.Dates{Start: start, End: "2027-01-01"}.Due(true, lead)
		if !due.Come(at) || due.Come(at.Add(-3*day)) {
			t.Errorf("with a lead of %s: due on day %d", lead, due)
		}
		if again := (plan.Dates{Start: start, End: "2027-01-01"}).Due(false, lead); again <= due {
			t.Errorf("after the first day, due on day %d", again)
		}
	}
	for _, far := range []plan.Day{"2149-06-07", "2500-01-01", "9999-12-31"} {
		if due := (plan.Dates{End: far}).Due(false, 0); due == 0 || due.Come(now) {
			t.Errorf("%s is due on day %d", far, due)
		}
	}
	if due := (plan.Dates{}).Due(false, 0); due != 0 {
		t.Errorf("no day is due on day %d", due)
	}
}

// TestDatesHoldCreatesOnly: who has a match is adopted all the same.
func TestDatesHoldCreatesOnly(t *testing.T) {
	early := func(v *plan.View) { v.Early, v.Dates.Start = true, "2026-04-01" }
	ended := func(v *plan.View) { v.Ended, v.Dates.End = true, "2026-03-01" }
	former := func(v *plan.View) { v.Former = &plan.Former{Link: *anaLink()} }
	matched := func(v *plan.View) { v.Matches = []plan.Match{by(plan.Username, *anaEmployee())} }
	back := with(func(p *plan.Policy) { p.Reactivate = true })
	check(t, plan.Decide(newcomer(early), with(func(*plan.Policy) {})), "held create not_started")
	check(t, plan.Decide(newcomer(ended), with(func(*plan.Policy) {})), "held create ended")
	check(t, plan.Decide(newcomer(early, matched), with(func(*plan.Policy) {})), "adopt")
	check(t, plan.Decide(newcomer(former, ended), back), "held create ended")
	check(t, plan.Decide(newcomer(former, early), back), "held create not_started")
	gone := managed(func(v *plan.View) { v.Judgement, v.Evidence = plan.JudgeEnd("2026-03-01"), plan.EvidenceLastDay })
	check(t, plan.Decide(gone, with(func(p *plan.Policy) { p.UnassignedGrace = time.Hour })), "terminate")
	check(t, plan.Decide(gone, with(func(p *plan.Policy) { p.NoRemovals = true })), "held terminate switched_off")
	staged := ana()
	staged.Status = "STAGED"
	for provision, want := range map[bool]plan.Verdict{false: plan.Wait, true: plan.Provision} {
		if got := plan.Judge(staged, with(func(p *plan.Policy) { p.ProvisionStaged = provision })).Verdict; got != want {
			t.Errorf("staged, provision %v: %s", provision, got)
		}
	}
}

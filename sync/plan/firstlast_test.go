package plan_test

import (
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// sync.start and sync.end: the first and the last day of an employment.

func startsOn(day plan.Day) fact {
	return viewHas(func(v *plan.View) { v.Dates.Start, v.Early = day, true })
}

func endedOn(day plan.Day) fact {
	return viewHas(func(v *plan.View) { v.Dates.End, v.Ended = day, true })
}

func lead(d time.Duration) fact { return configured(func(p *plan.Policy) { p.StartLead = d }) }

// lastDayIsOver is what a run judges of somebody who is managed, and whose last day is over.
var lastDayIsOver = viewHas(func(v *plan.View) {
	v.Judgement, v.Evidence = plan.JudgeEnd("2026-02-28"), plan.EvidenceLastDay
})

// TestNobodyIsMadeBeforeTheFirstDay, and nobody is held by it who has an employee.
func TestNobodyIsMadeBeforeTheFirstDay(t *testing.T) {
	soon := startsOn("2026-04-01")
	seven := by(plan.Username, employee(7))
	keep(t, []promise{
		{"a new person is held, with the date", facts{soon}, "held create not_started",
			"the first day is 2026-04-01; the employee is made then"},
		{"a lead is told", facts{soon, lead(36 * time.Hour)}, "held create not_started",
			"2026-04-01; the employee is made then, less 36h0m0s (sync.start.lead)"},
		{"it holds no adoption", facts{soon, findsBy(seven)}, "adopt", ""},
		{"it holds no update of an adoption", facts{soon, findsBy(seven), wants(plan.JobTitle, "Chief")},
			`adopt; update jobTitle="Guard">"Chief"`, ""},
		{"it holds no update", facts{isManaged, soon, wants(plan.JobTitle, "Supervisor")}, supervisor, ""},
		{"it holds no termination", leaves.and(soon), "terminate", ""},
		{"a comeback is held", facts{wasOurs, soon}, "held create not_started", ""},
		{"a reactivation is held", facts{wasOurs, reactivates, soon}, "held create not_started", ""},
		{"a problem of the data is told first", facts{soon, viewHas(problem(plan.ProblemDuplicate))},
			"problem duplicate", ""},
		{"two matches are told first", facts{soon, findsBy(seven, by(plan.Email, employee(8)))},
			"problem ambiguous_match", ""},
		{"an inactive match is told first", facts{soon, findsBy(by(plan.Email, employee(8, status("INACTIVE"))))},
			"problem inactive_match", ""},
		{"the switch does not matter yet", facts{soon, createsOff}, "held create not_started", ""},
		{"on the day they are made", facts{viewHas(func(v *plan.View) { v.Dates.Start = "2026-03-02" })}, "create", ""},
	})
	d, _, _ := facts{soon}.decided()
	if why := d.Held[0].Why; len(why) == 0 || why[len(why)-4:] != "then" {
		t.Errorf("without a lead it says %q", why)
	}
}

// TestWhoseLastDayIsOverGoes, whatever the assignment says.
func TestWhoseLastDayIsOverGoes(t *testing.T) {
	us := facts{isManaged, lastDayIsOver}
	keep(t, []promise{
		{"who is assigned goes", us, "terminate", "last day 2026-02-28 is over"},
		{"who is suspended goes", us.and(userIs("SUSPENDED")), "terminate", "last day"},
		{"who is staged goes", us.and(userIs("STAGED")), "terminate", ""},
		{"whose data have a problem goes", us.and(viewHas(problem(plan.ProblemMissingRequired))), "terminate", ""},
		{"no grace holds them", us.and(graceOf(time.Hour)), "terminate", ""},
		{"the protected stay", us.and(protects("ana@*")), "held terminate protected", ""},
		{"the restored stay", us.and(linkHas(func(l *plan.Link) { l.Restored = true })), "held terminate restored", ""},
		{"the switch holds them", us.and(deactivateOff), "held terminate switched_off", ""},
		{"--no-removals holds them", us.and(noRemovals), "held terminate switched_off", ""},
		{"who is ended already is found", us.and(employeeIs("TERMINATED")), "terminate", "terminated already"},
		{"who is new is not terminated", facts{lastDayIsOver}, "", ""},
	})
}

// TestNobodyIsMadeAfterTheLastDay.
func TestNobodyIsMadeAfterTheLastDay(t *testing.T) {
	over := endedOn("2026-02-28")
	seven := findsBy(by(plan.Username, employee(7)))
	keep(t, []promise{
		{"who has no employee gets none", facts{over}, "held create ended", "the last day 2026-02-28 is over|no employee"},
		{"who was here gets none", facts{wasOurs, over}, "held create ended", ""},
		{"who was here is not reactivated", facts{wasOurs, reactivates, over}, "held create ended", ""},
		{"whom a key finds is taken over, and terminated by the next run", facts{over, seven},
			"adopt; held terminate ended", "employee 7 is taken over in this run, and terminated by the next one"},
		{"nothing is sent to them before", facts{over, seven, wants(plan.JobTitle, "Chief")},
			"adopt; held terminate ended", ""},
		{"whom nobody may adopt stays", facts{over, seven, protects("ana@*")}, "problem protected_match", ""},
		{"a stranger is not taken over", facts{over, findsBy(by(plan.Email, employee(7, named("Zoe", "Quinn"))))},
			"held adopt doubtful_match", ""},
		{"the last day is told before the first", facts{over, startsOn("2026-04-01")}, "held create ended", ""},
	})
}

// TestADayIsOverAtMidnightWhereSomebodyWorks: to the second, in the zones of the world.
func TestADayIsOverAtMidnightWhereSomebodyWorks(t *testing.T) {
	for _, row := range []struct {
		hours float64 // the zone, east of Greenwich
		ends  string
	}{
		{0, "2026-04-01T00:00:00Z"}, {1, "2026-03-31T23:00:00Z"}, {-5, "2026-04-01T05:00:00Z"},
		{5.75, "2026-03-31T18:15:00Z"}, {14, "2026-03-31T10:00:00Z"}, {-12, "2026-04-01T12:00:00Z"},
	} {
		zone := time.FixedZone("", int(row.hours*3600))
		end, err := time.Parse(time.RFC3339, row.ends)
		if err != nil {
			t.Fatal(err)
		}
		day, next := plan.Day("2026-03-31"), plan.Day("2026-04-01")
		for moment, over := range map[time.Duration]bool{-time.Nanosecond: false, 0: true, time.Nanosecond: true,
			-24 * time.Hour: false, 24 * time.Hour: true} {
			at := end.Add(moment)
			if day.Over(at, zone) != over {
				t.Errorf("%v hours east, at %s: over is %v", row.hours, at, !over)
			}
			if next.Begun(0, at, zone) != over {
				t.Errorf("%v hours east, at %s: the next day has begun: %v", row.hours, at, !over)
			}
			if day.Over(at, zone) && !day.MayBeOver(at) || day.IsOver(at) && !day.Over(at, zone) {
				t.Errorf("%v hours east, at %s: over nowhere, and over here", row.hours, at)
			}
			if next.Begun(0, at, zone) && !next.MayHaveBegun(0, at) {
				t.Errorf("%v hours east, at %s: begun nowhere, and begun here", row.hours, at)
			}
		}
	}
}

// TestADayComesOnceAndStays: neither the lead nor the hour makes it go back.
func TestADayComesOnceAndStays(t *testing.T) {
	r := random(t)
	zones := []string{"UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"}
	for range 400 {
		zone, err := time.LoadLocation(pick(r, zones...))
		if err != nil {
			t.Fatal(err)
		}
		at := now.Add(time.Duration(r.Int64N(int64(4000 * time.Hour))))
		day := plan.Day(at.AddDate(0, 0, r.IntN(9)-4).Format(time.DateOnly))
		lead := time.Duration(r.IntN(96)) * time.Hour
		later := at.Add(time.Duration(r.IntN(96)) * time.Hour)
		switch {
		case day.Begun(lead, at, zone) && !day.Begun(lead, later, zone):
			t.Fatalf("%s less %s has begun at %s, and not at %s", day, lead, at, later)
		case day.Begun(0, at, zone) && !day.Begun(lead, at, zone):
			t.Fatalf("%s has begun at %s, and less %s it has not", day, at, lead)
		case day.Over(at, zone) && !day.Begun(0, at, zone):
			t.Fatalf("%s is over at %s, and has not begun", day, at)
		case day.Over(at, zone) && !day.Over(later, zone):
			t.Fatalf("%s is over at %s, and not at %s", day, at, later)
		}
		due := plan.Dates{Start: day}.Due(true, lead)
		if day.Begun(lead, at, zone) && !due.Come(at) {
			t.Fatalf("%s less %s has begun at %s, and is due on day %d only", day, lead, at, due)
		}
		ends := plan.Dates{End: day}.Due(false, lead)
		if day.Over(at, zone) && !ends.Come(at) {
			t.Fatalf("%s is over at %s, and is due on day %d only", day, at, ends)
		}
	}
}

// TestOnWhichDayTimeAloneChangesSomething.
func TestOnWhichDayTimeAloneChangesSomething(t *testing.T) {
	const day = 24 * time.Hour
	number := func(date string) plan.DayNumber {
		at, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		return plan.DayNumber(at.Unix() / int64(day/time.Second))
	}
	for name, row := range map[string]struct {
		dates plan.Dates
		early bool
		lead  time.Duration
		want  plan.DayNumber
	}{
		"who waits, on the first day": {plan.Dates{Start: "2026-04-01", End: "2026-12-31"}, true, 0,
			number("2026-04-01")},
		"who waits, less the lead": {plan.Dates{Start: "2026-04-01"}, true, 3 * day, number("2026-03-29")},
		"who waits, less an hour":  {plan.Dates{Start: "2026-04-01"}, true, time.Hour, number("2026-03-31")},
		"who works, on the day after the last": {plan.Dates{Start: "2026-04-01", End: "2026-12-31"}, false, 3 * day,
			number("2027-01-01")},
		"who works, without a last day, never":  {plan.Dates{Start: "2026-04-01"}, false, 0, 0},
		"who has no dates, never":               {plan.Dates{}, false, 0, 0},
		"a lead that is longer than all of it":  {plan.Dates{Start: "1970-01-03"}, true, 30 * day, 1},
		"days that no number reaches, the last": {plan.Dates{End: "9999-12-31"}, false, 0, 65535},
	} {
		if got := row.dates.Due(row.early, row.lead); got != row.want {
			t.Errorf("%s: day %d, want %d", name, got, row.want)
		}
	}
	noon := time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC) // where the day begins first it is the 1st
	if due := number("2026-04-01"); !due.Come(noon) || due.Come(noon.Add(-time.Second)) || plan.DayNumber(0).Come(noon) {
		t.Error("a day comes where it begins first, and no day never does")
	}
}

// TestWhatIsNoDayEndsAndHoldsNobody: a day that cannot be read counts as absent.
func TestWhatIsNoDayEndsAndHoldsNobody(t *testing.T) {
	for _, day := range []plan.Day{"", "tomorrow", "2026-02-30"} {
		if !day.Begun(0, now, time.UTC) {
			t.Errorf("%q keeps somebody from being made", day)
		}
		if day.Over(now, time.UTC) || day.MayBeOver(now) || day.IsOver(now) {
			t.Errorf("%q ends somebody", day)
		}
	}
}

// TestALayoutHoldsNothingButTheDay: what stands between its parts is no letter and no digit.
func TestALayoutHoldsNothingButTheDay(t *testing.T) {
	for _, between := range []string{"a", "m", "z", "A", "Q", "Z", "0", "5", "9", "_", "T", " at "} {
		for _, layout := range []string{"YYYY" + between + "MM-DD", between + "YYYY-MM-DD", "YYYY-MM-DD" + between} {
			if _, err := plan.DayLayout(layout); err == nil {
				t.Errorf("the layout %q is taken", layout)
			}
		}
	}
	for layout, text := range map[string]string{"DD.MM.YYYY": "31.03.2026", "YYYYMMDD": "20260331",
		"M/D/YYYY":         "3/31/2026",
		"(DD) [MM] {YYYY}": "(31) [03] {2026}", "DD-M-YYYY": "31-3-2026", "MM D, YYYY": "03 31, 2026",
		"YYYY`MM@DD": "2026`03@31"} {
		if day, err := plan.ParseDay(text, layout); day != "2026-03-31" || err != nil {
			t.Errorf("%q by %q is %q, %v", text, layout, day, err)
		}
	}
	for _, year := range []string{"1950", "9999"} {
		if day, err := plan.ParseDay(year+"-12-31", ""); string(day) != year+"-12-31" || err != nil {
			t.Errorf("the year %s is %q, %v", year, day, err)
		}
	}
	if day, err := plan.ParseDay("1949-12-31", ""); err == nil {
		t.Errorf("a day that stands for none is %s", day)
	}
	if _, err := plan.ParseDay("x", "DD.MM.YYYY"); err == nil || !strings.Contains(err.Error(), "nor by DD.MM.YYYY") {
		t.Errorf("the layout is not named: %v", err)
	}
}

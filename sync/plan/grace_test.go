package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// sync.unassigned_grace: who is no longer assigned, and still active in Okta, keeps the
// employee for so long.

const inGrace = "held terminate unassigned_grace"

// TestTheGraceIsOverToTheSecond goes through its last moments, for short and long ones.
func TestTheGraceIsOverToTheSecond(t *testing.T) {
	for _, length := range []time.Duration{time.Nanosecond, time.Minute, 36 * time.Hour, 30 * 24 * time.Hour} {
		for _, row := range []struct {
			name string
			age  time.Duration
			want string
		}{
			{"just missed", 0, inGrace},
			{"one nanosecond before its end", length - 1, inGrace},
			{"exactly at its end", length, "terminate"},
			{"one nanosecond after its end", length + 1, "terminate"},
			{"long after its end", length + 365*24*time.Hour, "terminate"},
			{"missed by a clock that was ahead", -time.Hour, inGrace},
		} {
			keep(t, []promise{{fmt.Sprintf("%s, %s", length, row.name),
				facts{isManaged, graceOf(length), unassignedFor(row.age)}, row.want, ""}})
		}
	}
}

// TestWhomTheGraceIsFor: a departure from the app only.
func TestWhomTheGraceIsFor(t *testing.T) {
	us := facts{isManaged, graceOf(time.Hour)}
	out := viewHas(func(v *plan.View) { v.OutOfScope = true })
	lastDay := viewHas(func(v *plan.View) {
		v.Judgement, v.Evidence = plan.JudgeEnd("2026-03-01"), plan.EvidenceLastDay
	})
	deleted := viewHas(func(v *plan.View) {
		v.Judgement = plan.Judgement{Verdict: plan.Depart, Why: "deleted in Okta", Unseen: true}
	})
	keep(t, []promise{
		{"who is not assigned any more has it", us.and(unassigned), inGrace,
			"unassigned since 2026-03-02T06:00:00Z|still active in Okta|terminated after 1h0m0s|sync.unassigned_grace"},
		{"whose assignment is revoked has it", us.and(assignmentIs("REVOKED")), inGrace, ""},
		{"whose assignment is deprovisioned has it", us.and(assignmentIs("DEPROVISIONED")), inGrace, ""},
		{"who is locked out is active in Okta", us.and(userIs("LOCKED_OUT"), unassigned), inGrace, ""},
		{"who has to change the password is active in Okta", us.and(userIs("PASSWORD_EXPIRED"), unassigned), inGrace, ""},
		{"the deactivated have none", us.and(userIs("DEPROVISIONED"), unassigned), "terminate", ""},
		{"who is being deactivated has none",
			us.and(unassigned, inOkta(func(p *plan.Person) { p.Transition = "DEPROVISIONED" })), "terminate", ""},
		{"the suspended have none, where they are ended", us.and(userIs("SUSPENDED"), suspendedEnds), "terminate", ""},
		{"the deleted have none", us.and(deleted), "terminate", ""},
		{"who falls out of scope has none", us.and(out, outOfScopeEnds), "terminate", ""},
		{"whose last day is over has none", us.and(lastDay), "terminate", ""},
		{"nobody who stays is touched by it", us, "", ""},
		{"nobody new is", facts{graceOf(time.Hour), unassigned}, "", ""},
		{"without a grace they go at once", facts{isManaged, unassigned}, "terminate", ""},
		{"without a grace they go though they were missed just now", facts{isManaged, unassignedFor(0)}, "terminate", ""},
	})
}

// TestWhatElseHoldsWhoIsInTheGrace: the reason that lasts longer is told.
func TestWhatElseHoldsWhoIsInTheGrace(t *testing.T) {
	for _, row := range []struct {
		name    string
		also    fact
		in, end string
	}{
		{"protected", protects("ana@*"), "held terminate protected", "held terminate protected"},
		{"our own", ours, "held terminate protected", "held terminate protected"},
		{"restored", linkHas(func(l *plan.Link) { l.Restored = true }), "held terminate restored", "held terminate restored"},
		{"banned", employeeIs("BANNED"), "held terminate banned_elsewhere", "held terminate banned_elsewhere"},
		{"the switch is off", deactivateOff, inGrace, "held terminate switched_off"},
		{"--no-removals", noRemovals, inGrace, "held terminate switched_off"},
		{"ended in TrackTik already", employeeIs("TERMINATED"), inGrace, "terminate"},
		{"nothing says how it is known", viewHas(func(v *plan.View) { v.Evidence = "" }), inGrace,
			"held terminate unconfirmed"},
	} {
		keep(t, []promise{
			{row.name + ", in the grace", facts{isManaged, graceOf(time.Hour), unassignedFor(time.Minute), row.also}, row.in,
				""},
			{row.name + ", after it", facts{isManaged, graceOf(time.Hour), unassignedFor(time.Hour), row.also}, row.end, ""},
		})
	}
}

// TestTheGraceBeginsOnceAndEndsWithTheAbsence: what is remembered from run to run.
func TestTheGraceBeginsOnceAndEndsWithTheAbsence(t *testing.T) {
	since := func(l *plan.Link) string {
		if l == nil {
			return "nothing noted"
		}
		if l.UnassignedSince == nil {
			return "none"
		}
		return now.Sub(*l.UnassignedSince).String()
	}
	for _, row := range []struct {
		name  string
		given facts
		want  string
	}{
		{"the first run without the assignment notes the time", facts{unassigned}, "0s"},
		{"a later one keeps it", facts{unassignedFor(time.Minute)}, "nothing noted"},
		{"being assigned again forgets it", facts{unassignedFor(time.Minute), assignmentIs("ACTIVE")}, "none"},
		{"a suspension does not forget it", facts{unassignedFor(time.Minute), userIs("SUSPENDED")}, "nothing noted"},
		{"what cannot be read does not forget it", facts{unassignedFor(time.Minute), userIs("ODD")}, "nothing noted"},
		{"nothing is noted of the protected", facts{unassigned, protects("ana@*")}, "nothing noted"},
		{"nothing is noted of who never left", facts{}, "nothing noted"},
	} {
		given := append(facts{isManaged, graceOf(time.Hour)}, row.given...)
		d, v, _ := given.decided()
		if got := since(d.Note); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
		if v.Link.UnassignedSince != nil && d.Note != nil && d.Note.UnassignedSince == nil &&
			d.Note.SeenDeprovisioned {
			t.Errorf("%s: forgets more than the absence", row.name)
		}
	}
}

// TestAComebackInTheGraceChangesNothing: through a month, day by day.
func TestAComebackInTheGraceChangesNothing(t *testing.T) {
	pol := with(func(p *plan.Policy) { p.UnassignedGrace = 10 * 24 * time.Hour })
	link := anaLink()
	story := strings.Repeat("here ", 3) + strings.Repeat("away ", 9) + "here " + strings.Repeat("away ", 11)
	for day, word := range strings.Fields(story) {
		v := managed(func(v *plan.View) {
			v.Link, v.AsOf = link, now.AddDate(0, 0, day)
			if word == "away" {
				v.Person.Assignment = plan.Assignment{}
			}
		})
		d := plan.Decide(v, pol)
		if last := day == len(strings.Fields(story))-1; (len(d.Actions) > 0) != last {
			t.Errorf("on day %d, %s: %s", day, word, outline(&d))
		}
		if d.Note != nil {
			link = d.Note
		}
	}
}

// TestALongerGraceNeverEndsAnybodySooner tries ages around each length.
func TestALongerGraceNeverEndsAnybodySooner(t *testing.T) {
	r := random(t)
	for range 500 {
		short := time.Duration(r.Int64N(int64(48 * time.Hour)))
		long := short + time.Duration(r.Int64N(int64(48*time.Hour)))
		age := time.Duration(r.Int64N(int64(96 * time.Hour)))
		ends := func(length time.Duration) bool {
			d, _, _ := facts{isManaged, graceOf(length), unassignedFor(age)}.decided()
			return len(d.Actions) > 0
		}
		if ends(long) && !ends(short) {
			t.Fatalf("unassigned for %s: a grace of %s ends them, and one of %s does not", age, long, short)
		}
	}
}

// TestWhatOktaDisprovesIsForgotten, whatever is to become of the person otherwise.
func TestWhatOktaDisprovesIsForgotten(t *testing.T) {
	at := now
	known := plan.Link{Person: "00u1", Employee: 1, SeenDeprovisioned: true, NotVisibleSince: &at, UnassignedSince: &at}
	assigned := func(status string) plan.Assignment { return plan.Assignment{Present: true, Status: status} }
	for name, c := range map[string]struct {
		person                            plan.Person
		deprovisioned, hidden, unassigned bool // is still noted
	}{
		"nothing was shown":           {plan.Person{}, true, true, true},
		"suspended, and assigned":     {plan.Person{Status: "SUSPENDED", Assignment: assigned("ACTIVE")}, false, false, false},
		"staged, and assigned":        {plan.Person{Status: "STAGED", Assignment: assigned("PROVISIONED")}, false, false, false},
		"of a status nobody knows":    {plan.Person{Status: "ODD", Assignment: assigned("ACTIVE")}, false, false, false},
		"imported":                    {plan.Person{Status: "ACTIVE", Assignment: assigned("IMPORTED")}, false, false, false},
		"assigned, without the user":  {plan.Person{Assignment: assigned("ACTIVE")}, true, true, false},
		"suspended, and not assigned": {plan.Person{Status: "SUSPENDED"}, false, false, true},
		"the assignment is inactive":  {plan.Person{Status: "ACTIVE", Assignment: assigned("INACTIVE")}, false, false, true},
		"the assignment was revoked":  {plan.Person{Status: "ACTIVE", Assignment: assigned("REVOKED")}, false, false, true},
		"deactivated":                 {plan.Person{Status: "DEPROVISIONED"}, true, false, true},
		"being deactivated":           {plan.Person{Status: "ACTIVE", Transition: "DEPROVISIONED", Assignment: assigned("ACTIVE")}, true, false, false},
	} {
		link := known.SeenAgain(&c.person)
		if link.SeenDeprovisioned != c.deprovisioned || (link.NotVisibleSince != nil) != c.hidden || (link.UnassignedSince != nil) != c.unassigned {
			t.Errorf("%s: deactivated %v, not visible since %v, unassigned since %v", name, link.SeenDeprovisioned, link.NotVisibleSince, link.UnassignedSince)
		}
	}
}

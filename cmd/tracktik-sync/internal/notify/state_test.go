package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

func TestAHundredFailingRunsAreOneMessage(t *testing.T) {
	d := newDesk(t, nil)
	for i := range 100 {
		s := failing()
		s.Cause = fmt.Sprintf("exit 1: failed (attempt %d)", i)
		d.end(t, s)
	}
	got := d.web.messages(t)
	if len(got) != 1 || got[0].Event != Failed || !strings.Contains(got[0].Text, "(attempt 0)") {
		t.Fatalf("%d messages: %s", len(got), events(got))
	}
	d.end(t, fine())
	d.end(t, fine())
	if got := d.web.messages(t); events(got) != Recovered || !strings.Contains(got[0].Text, "since 2026-11-24T06:15:00Z") {
		t.Errorf("after it: %+v", got)
	}
	d.end(t, failing())
	if got := d.web.messages(t); events(got) != Failed {
		t.Errorf("the next failure: %s", events(got))
	}
}

func TestEachStateIsToldAsItComes(t *testing.T) {
	d := newDesk(t, nil)
	quarantined := Situation{State: Quarantined, Quarantine: &plan.Quarantine{System: "tracktik", Since: morning, Reason: "invalid_client", NextTry: morning.Add(6 * time.Hour)}}
	for _, step := range []struct {
		s    Situation
		want string
	}{
		{fine(), ""},
		{refused("ab12"), GuardRefused},
		{refused("ab12"), ""},
		{quarantined, Quarantined},
		{failing(), Failed},
		{refused("ab12"), GuardRefused},
		{fine(), "recovered recovered recovered"}, // each by its key
		{fine(), ""},
	} {
		d.end(t, step.s)
		if got := events(d.web.messages(t)); got != step.want {
			t.Errorf("a run that is %s is told as %q, want %q", step.s.State, got, step.want)
		}
	}
}

// Copies, metrics and events are a state of their own: told once, whatever the runs do.
func TestWhatCannotBeKeptUpIsToldOnceUntilItCan(t *testing.T) {
	d := newDesk(t, nil)
	with := func(s Situation, neglected ...string) Situation {
		s.Neglected = append([]string{}, neglected...)
		return s
	}
	one, two := "backup: no space left on device, says ana@acme.example", "metrics: textfile: no such directory"
	for i, step := range []struct {
		s    Situation
		want string
	}{
		{with(fine()), ""},
		{with(fine(), one), "housekeeping"},
		{with(failing(), one, two), "failed"},
		{fine(), "recovered"}, // nothing is known of the rest
		{Situation{Neglected: []string{two}}, ""},
		{Situation{Neglected: []string{}}, "recovered"}, // a run for one person knows it as well
		{with(fine()), ""},
		{with(fine(), two), "housekeeping"},
	} {
		d.end(t, step.s)
		got := d.web.messages(t)
		if events(got) != step.want {
			t.Errorf("step %d is told as %q, want %q", i+1, events(got), step.want)
		}
		if i == 1 && (!strings.Contains(got[0].Text, "- backup: no space left on device, says (e-mail)") || strings.Contains(got[0].Text, "acme.example")) {
			t.Errorf("it says\n%s", got[0].Text)
		}
		if i == 5 && !strings.Contains(got[0].Text, "They were not since 2026-11-24T06:30:00Z") {
			t.Errorf("it says\n%s", got[0].Text)
		}
	}
}

// The hash that was told lets only that very set pass: another set is told too, but
// not at every leaver.
func TestAnotherRefusedSetIsToldOnceAnHour(t *testing.T) {
	d := newDesk(t, nil)
	var hashes []string
	for i := range 9 { // two hours of a leaver in every run
		d.end(t, refused(fmt.Sprintf("set%d", i)))
		for _, m := range d.web.messages(t) {
			hashes = append(hashes, m.Approve)
		}
	}
	if got := strings.Join(hashes, " "); got != "set0 set4 set8" {
		t.Errorf("told were %s", got)
	}
}

func TestARunThatSaysNothingChangesNothing(t *testing.T) {
	d := newDesk(t, func(c *Config, w *web) { c.Ping = Ping{w.URL + "/start", w.URL + "/success", w.URL + "/failure"} })
	silent := troubled("00u1")
	silent.State = ""
	d.end(t, silent)
	if got := d.web.calls(); got != "" {
		t.Errorf("it called %s", got)
	}
	d.end(t, failing())
	d.end(t, silent)
	d.end(t, failing())
	if got := d.web.calls(); got != "GET /failure, GET /failure, POST /hook/geheim" {
		t.Errorf("a stranger between two failures: %s", got)
	}
}

func TestOnlyNewProblemsAreTold(t *testing.T) {
	d := newDesk(t, nil)
	d.end(t, troubled("00u1", "00u2"))
	if got := d.web.messages(t); events(got) != ProblemsNew || got[0].Counts["problems_new"] != 2 || got[0].Counts["create"] != 2 {
		t.Fatalf("the first: %+v", got)
	}
	d.end(t, troubled("00u1", "00u2"))
	d.end(t, troubled("00u2"))
	if got := d.web.messages(t); len(got) != 0 {
		t.Errorf("nothing new, and told was %+v", got)
	}
	d.end(t, troubled("00u2", "00u3"))
	if got := d.web.messages(t); events(got) != ProblemsNew || strings.Contains(got[0].Text, "00u2") || !strings.Contains(got[0].Text, "00u3") {
		t.Errorf("the third person: %+v", got)
	}
	other := troubled("00u2", "00u3")
	other.Problems[0].Code = plan.ProblemGivenUp
	d.end(t, other)
	if got := d.web.messages(t); events(got) != ProblemsNew || !strings.Contains(got[0].Text, "00u2: given_up") {
		t.Errorf("another problem of one who had one: %+v", got)
	}
}

func TestAProblemThatComesAndGoesIsNewAfterADayOnly(t *testing.T) {
	d := newDesk(t, nil)
	for i := range 200 { // two days
		s := troubled()
		if i%2 == 0 {
			s = troubled("00u1")
		}
		d.end(t, s)
	}
	if got := d.web.messages(t); events(got) != ProblemsNew {
		t.Errorf("told was %s", events(got))
	}
	d.now = d.now.Add(25 * time.Hour)
	d.end(t, fine())
	d.end(t, troubled("00u1"))
	if got := d.web.messages(t); events(got) != ProblemsNew {
		t.Errorf("after a day without it, told was %q", events(got))
	}
}

func TestWhatFlapsIsNotToldWithoutEnd(t *testing.T) {
	d := newDesk(t, nil)
	for range 48 { // a day
		d.end(t, failing())
		d.end(t, fine())
	}
	got := d.web.messages(t)
	if len(got) != maxADay {
		t.Fatalf("%d messages in a day", len(got))
	}
	for i, m := range got {
		if last := strings.Contains(m.Text, "wait until there is room"); last != (i == maxADay-1) {
			t.Errorf("message %d says that it is the last: %v", i, last)
		}
	}
	d.now = d.now.Add(24 * time.Hour)
	d.end(t, failing())
	if got := events(d.web.messages(t)); got != Failed {
		t.Errorf("a day later, told was %q", got)
	}
}

// What a wrong clock has noted is not kept back until its days come.
func TestAWrongClockSilencesNobody(t *testing.T) {
	d := newDesk(t, nil)
	d.now = morning.Add(500 * 24 * time.Hour)
	for range 15 {
		d.end(t, failing())
		d.end(t, troubled("00u1"))
	}
	d.now = morning
	d.end(t, fine()) // from here on a day has to pass
	d.web.messages(t)
	d.now = d.now.Add(25 * time.Hour)
	d.end(t, fine())
	d.end(t, failing())
	d.end(t, troubled("00u1"))
	if got := events(d.web.messages(t)); !strings.HasSuffix(got, "failed recovered problems_new") {
		t.Errorf("a day later, told was %q", got)
	}
}

func TestALostOrDamagedRecordCostsOneMessage(t *testing.T) {
	for name, left := range map[string]string{"lost": "", "damaged": `{"version":1,"chan`, "of another version": `{"version":99,"channels":{}}`, "null": "null"} {
		d := newDesk(t, nil)
		bad := troubled("00u1", "00u2", "00u3")
		bad.State, bad.Cause = Failed, "exit 1"
		for range 3 {
			d.end(t, bad)
		}
		if got := events(d.web.messages(t)); got != "failed problems_new" {
			t.Fatalf("before: %s", got)
		}
		d.store.data = []byte(left)
		for range 3 {
			d.end(t, bad)
		}
		if got := events(d.web.messages(t)); got != "failed problems_new" {
			t.Errorf("%s: told was %s", name, got)
		}
	}
}

func TestALostRecordIsNoNewsWhenAllIsWell(t *testing.T) {
	d := newDesk(t, nil)
	d.end(t, fine())
	d.store.data = nil
	d.end(t, fine())
	if got := d.web.messages(t); len(got) != 0 {
		t.Errorf("told was %s", events(got))
	}
}

// What cannot be remembered would be told by every run.
func TestNothingIsToldThatCannotBeRemembered(t *testing.T) {
	for name, breakIt := range map[string]func(*memory){
		"full disk": func(m *memory) { m.broken = true },
		"no lock":   func(m *memory) { m.locked = true },
	} {
		d := newDesk(t, func(c *Config, w *web) { c.Ping.Failure = w.URL + "/failure" })
		breakIt(d.store)
		for range 3 {
			d.end(t, failing())
		}
		if got := d.web.calls(); got != "GET /failure, GET /failure, GET /failure" {
			t.Errorf("%s: %s", name, got)
		}
		if !strings.Contains(d.log.String(), "it cannot be remembered who was told what") {
			t.Errorf("%s is not logged: %s", name, d.log)
		}
	}
}

func TestAChannelThatWasDownIsToldLaterWhatStillIsSo(t *testing.T) {
	d := newDesk(t, nil)
	d.web.status = 500
	for range 5 {
		d.end(t, failing())
	}
	if n := strings.Count(d.log.String(), "did not get through"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, d.log)
	}
	if strings.Contains(d.log.String(), "geheim") {
		t.Errorf("the log shows the address:\n%s", d.log)
	}
	d.web.messages(t)
	d.web.status = 200
	d.end(t, failing())
	d.end(t, failing())
	if got := events(d.web.messages(t)); got != Failed {
		t.Errorf("once it was up again, told was %q", got)
	}
	if !strings.Contains(d.log.String(), "notifications get through again") {
		t.Errorf("logged was\n%s", d.log)
	}
	d.web.status = 500
	d.end(t, fine())
	d.web.messages(t)
	d.web.status = 200
	d.end(t, failing()) // the recovery was never told, and is over
	if got := d.web.messages(t); len(got) != 0 {
		t.Errorf("told was %s", events(got))
	}
}

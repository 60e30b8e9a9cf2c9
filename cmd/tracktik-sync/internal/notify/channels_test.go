package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

func TestWebhookBodyIsTheContracts(t *testing.T) {
	d := newDesk(t, nil)
	s := refused("ab12cd34")
	s.Counts = map[string]int{"terminate": 0, "held": 271}
	d.end(t, s)
	var got map[string]any
	if err := json.Unmarshal([]byte(d.web.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"dedupe_key": "acme.staffr.net/guard_refused",
		"event":      "guard_refused", "portal": "https://acme.staffr.net", "run": "20261124T060000Z-000007", "approve": "ab12cd34",
		"counts": map[string]any{"terminate": 0.0, "held": 271.0},
		"message": "a guard refused what a run was to do\n" +
			"guard refused: 271 terminations, and guard.terminate.max_count allows 50; … sync --approve ab12cd34\n" +
			"`tracktik-sync status` lists what waits for an approval.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d.web.agents[0] != "tracktik-sync/test" || d.web.paths[0] != "POST /hook/geheim" {
		t.Errorf("%s by %s", d.web.paths[0], d.web.agents[0])
	}
	d.end(t, fine())
	var next map[string]any
	if err := json.Unmarshal([]byte(d.web.bodies[1]), &next); err != nil {
		t.Fatal(err)
	}
	if _, there := next["approve"]; there || next["event"] != "recovered" || next["dedupe_key"] != "acme.staffr.net/guard_refused" {
		t.Errorf("a recovery is %v", next)
	}
}

func TestSlackGetsTextThatCallsNobody(t *testing.T) {
	d := newDesk(t, func(c *Config, _ *web) { c.Format = Slack })
	s := failing()
	s.Cause = "exit 1: failed (<!channel> & <https://evil.example|click>)"
	d.end(t, s)
	var got map[string]string
	if err := json.Unmarshal([]byte(d.web.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	text := got["text"]
	if len(got) != 1 || !strings.HasPrefix(text, "*tracktik-sync acme.staffr.net: the runs fail*\n") ||
		!strings.Contains(text, "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;") || strings.ContainsAny(text, "<>") {
		t.Errorf("the body is %v", got)
	}
}

// A duty desk opens an incident by a key, and closes it by the same.
func TestRecoveryHasTheKeyOfWhatItEnds(t *testing.T) {
	d := newDesk(t, func(c *Config, _ *web) { c.Portal = "https://ACME.staffr.net:8443/" })
	neglected := fine()
	neglected.Neglected = []string{"backup: no space left on device"}
	kept := fine()
	kept.Neglected = []string{}
	var keys []string
	for _, s := range []Situation{failing(), fine(), refused("ab12"), neglected, kept, troubled("00u1")} {
		d.end(t, s)
		for _, m := range d.web.messages(t) {
			keys = append(keys, m.Event+"="+m.DedupeKey)
		}
	}
	const key = "=acme.staffr.net:8443/"
	want := []string{"failed" + key + "failed", "recovered" + key + "failed", "guard_refused" + key + "guard_refused",
		"recovered" + key + "guard_refused", "housekeeping" + key + "housekeeping", "recovered" + key + "housekeeping", "problems_new" + key + "problems_new"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

// Whatever a duty desk has opened is closed, and people are told once.
func TestEachStateThatWasToldIsEndedByItsOwnKey(t *testing.T) {
	quarantined := Situation{State: Quarantined, Quarantine: &plan.Quarantine{System: "tracktik", Since: morning, Reason: "invalid_client", NextTry: morning}}
	runs := []Situation{failing(), refused("ab12"), quarantined, failing(), fine(), fine(), refused("ab12"), fine()}
	d := newDesk(t, nil)
	open, opened := map[string]bool{}, 0
	for i, s := range runs {
		d.end(t, s)
		for _, m := range d.web.messages(t) {
			switch _, is := open[m.DedupeKey]; {
			case m.Event != Recovered:
				open[m.DedupeKey] = true
				opened++
			case !is || s.State != OK || !strings.Contains(m.Text, "since 2026-11-24T"):
				t.Errorf("run %d: %+v ends what is not open", i, m)
			}
			if m.Event == Recovered {
				delete(open, m.DedupeKey)
			}
		}
		if s.State == OK && len(open) > 0 {
			t.Errorf("run %d succeeded, and open are %v", i, open)
		}
	}
	if opened != 5 {
		t.Errorf("%d states were told, want 5", opened)
	}
	d = newDesk(t, func(c *Config, _ *web) { c.Format = Slack })
	for _, s := range runs {
		d.end(t, s)
	}
	if n := len(d.web.bodies); n != 7 {
		t.Errorf("people got %d messages, want 7:\n%s", n, strings.Join(d.web.bodies, "\n"))
	}
}

// What had no room is ended when there is room.
func TestAnEndThatDidNotGetThroughIsToldByTheNextRun(t *testing.T) {
	d := newDesk(t, nil)
	d.end(t, failing())
	d.end(t, refused("ab12"))
	d.web.status = http.StatusGone
	d.end(t, fine())
	d.web.status = http.StatusOK
	d.web.messages(t)
	d.end(t, fine())
	if got := events(d.web.messages(t)); got != "recovered recovered" {
		t.Errorf("told was %q", got)
	}
	d.end(t, fine())
	if got := events(d.web.messages(t)); got != "" {
		t.Errorf("and again %q", got)
	}
}

// cardOfBody is what Teams would show: the lines of a card, and those in monospace.
func cardOfBody(t *testing.T, body string) (lines, commands []string) {
	t.Helper()
	var c card
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if c.Type != "message" || len(c.Attachments) != 1 || c.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" ||
		c.Attachments[0].Content.Type != "AdaptiveCard" {
		t.Fatalf("this is no envelope with one card: %s", body)
	}
	for _, b := range c.Attachments[0].Content.Body {
		for _, r := range b.Inlines {
			if lines = append(lines, r.Text); r.Font == "Monospace" {
				commands = append(commands, r.Text)
			}
		}
		for _, f := range b.Facts {
			lines = append(lines, f.Title+": "+f.Value)
		}
	}
	return lines, commands
}

func TestTeamsGetsOneCardWithTheCommandThatApproves(t *testing.T) {
	d := newDesk(t, func(c *Config, _ *web) { c.Format = Teams })
	s := refused("ab12cd34")
	s.Counts = map[string]int{"terminate": 0, "held": 271}
	s.Refusals[0].Message = "guard refused: 271 terminations [x](https://evil.example); to let exactly these pass, once, within 24 hours: tracktik-sync sync --approve ab12cd34"
	d.end(t, s)
	lines, commands := cardOfBody(t, d.web.bodies[0])
	want := []string{"tracktik-sync acme.staffr.net: a guard refused what a run was to do",
		"guard refused: 271 terminations [x](https://evil.example); to let exactly these pass, once, within 24 hours:",
		"tracktik-sync sync --approve ab12cd34", "`tracktik-sync status` lists what waits for an approval.", "held: 271"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[2:3], commands); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(d.web.bodies[0], `"TextBlock"`) {
		t.Error("a TextBlock reads what came from elsewhere as Markdown")
	}
}

func TestTeamsGetsNothingThatIsTooLarge(t *testing.T) {
	for name, line := range map[string]string{"many lines": strings.Repeat("<&é\n", 60), "one line": strings.Repeat("<", 100_000)} {
		d := newDesk(t, func(c *Config, _ *web) { c.Format, c.PersonalData = Teams, true })
		s := troubled()
		for i := range 500 {
			s.Problems = append(s.Problems, plan.Trouble{Person: plan.PersonID(fmt.Sprintf("00u%d", i)), Login: "ana@acme.example", Code: plan.ProblemRefused, Message: strings.Repeat(line, 20)})
		}
		d.end(t, s)
		if n := len(d.web.bodies[0]); n >= 28_000 {
			t.Errorf("%s: the card has %d bytes", name, n)
		}
		lines, _ := cardOfBody(t, d.web.bodies[0])
		if lines[0] != "tracktik-sync acme.staffr.net: 500 new problems" || !strings.Contains(strings.Join(lines, "\n"), "… and more") {
			t.Errorf("%s: the card is %q", name, lines)
		}
	}
}

func TestPeopleAreIDsUnlessSwitchedOn(t *testing.T) {
	s := troubled("00u1ana")
	s.State, s.Cause = Failed, "exit 1: failed (okta: GET /users/ana%40acme.example: no ana@acme.example; \"Ana <ana@acme.example>\")"
	s.Quarantine = nil
	for _, personal := range []bool{false, true} {
		d := newDesk(t, func(c *Config, _ *web) { c.PersonalData = personal })
		d.end(t, s)
		q := Situation{State: Quarantined, Quarantine: &plan.Quarantine{System: "okta", Since: morning, Reason: "ana@acme.example is locked", NextTry: morning}}
		d.end(t, q)
		r := refused("ab12")
		r.Refusals[0].Message += " for ana@acme.example"
		d.end(t, r)
		all := strings.Join(d.web.bodies, "\n")
		if len(d.web.bodies) != 4 || !strings.Contains(all, "00u1ana") {
			t.Fatalf("personal %v: told was %s", personal, all)
		}
		if shown := strings.Contains(all, "acme.example"); shown != personal {
			t.Errorf("personal %v:\n%s", personal, all)
		}
	}
}

func TestALongListIsANumber(t *testing.T) {
	d := newDesk(t, nil)
	var s Situation
	s.State = OK
	for i := range 1000 {
		s.Problems = append(s.Problems, plan.Trouble{Person: plan.PersonID("00u" + string(rune('a'+i%26)) + strings.Repeat("x", i/26)), Code: plan.ProblemRefused})
	}
	d.end(t, s)
	m := d.web.messages(t)[0]
	if lines := strings.Split(m.Text, "\n"); len(lines) != maxNamed+3 || lines[0] != "1000 new problems" || lines[maxNamed+1] != "and 980 more" {
		t.Errorf("the message is\n%s", m.Text)
	}
	if m.Counts["problems_new"] != 1000 {
		t.Errorf("counts %v", m.Counts)
	}
}

func TestTextsFromElsewhereAreOneHarmlessLine(t *testing.T) {
	d := newDesk(t, nil)
	s := failing()
	s.Cause = "exit 1\r\nBcc: all@acme.example\n\x1b[2Jgone\u202e"
	d.end(t, s)
	if text := d.web.messages(t)[0].Text; strings.ContainsAny(text, "\r\x1b\u202e") || strings.Contains(text, "\nBcc") {
		t.Errorf("the message is %q", text)
	}
}

func TestWhatMayPassIsTriedThreeTimes(t *testing.T) {
	for status, want := range map[int]int{500: 3, 503: 3, 429: 3, 400: 1, 404: 1, 302: 1, 204: 1} {
		d := newDesk(t, nil)
		d.web.status = status
		d.end(t, failing())
		if got := len(d.web.bodies); got != want {
			t.Errorf("%d: %d calls, want %d", status, got, want)
		}
		for _, path := range d.web.paths {
			if path != "POST /hook/geheim" {
				t.Errorf("%d: it went to %s", status, path)
			}
		}
		if want == 3 && (len(d.naps) != 2 || d.naps[0] != time.Second || d.naps[1] != 2*time.Second) {
			t.Errorf("%d: it waited %v", status, d.naps)
		}
	}
}

func TestALongRetryAfterIsNotWaitedFor(t *testing.T) {
	d := newDesk(t, nil)
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(busy.Close)
	d.Webhook = busy.URL
	d.end(t, failing())
	if len(d.naps) != 2 || d.naps[0] != maxPause {
		t.Errorf("it waited %v", d.naps)
	}
}

func TestAnAddressThatIsNoneShowsNothing(t *testing.T) {
	for _, address := range []string{"http://127.0.0.1:1/geheim", "http://geheim:geheim@127.0.0.1:1/", "http://127.0.0.1:geheim/", "http://%zz/geheim", "gopher://geheim/"} {
		d := newDesk(t, func(c *Config, _ *web) {
			c.Webhook = address
			c.Ping = Ping{address, address, address}
		})
		d.Start(t.Context())
		d.End(t.Context(), failing())
		log := d.log.String()
		if n := strings.Count(log, "did not get through"); n != 3 {
			t.Errorf("%s: %d lines:\n%s", address, n, log)
		}
		if strings.Contains(log, "geheim") && !strings.Contains(address, ":geheim/") { // a port that is a word is net/url's to quote
			t.Errorf("%s: the log shows it:\n%s", address, log)
		}
	}
}

func TestTheWatchdogHearsOfEveryRun(t *testing.T) {
	for name, test := range map[string]struct{ state, want string }{
		"success":     {OK, "GET /start, GET /success"},
		"failure":     {Failed, "GET /failure, GET /start"},
		"refusal":     {GuardRefused, "GET /failure, GET /start"},
		"quarantine":  {Quarantined, "GET /failure, GET /start"},
		"cut by hand": {"", "GET /start"},
	} {
		d := newDesk(t, func(c *Config, w *web) {
			c.Webhook, c.Ping = "", Ping{w.URL + "/start", w.URL + "/success", w.URL + "/failure"}
		})
		for range 2 {
			d.Start(t.Context())
			d.End(t.Context(), Situation{State: test.state})
			if got := d.web.calls(); got != test.want {
				t.Errorf("%s: %s, want %s", name, got, test.want)
			}
		}
	}
}

func TestStartComesBeforeTheEnd(t *testing.T) {
	d := newDesk(t, func(c *Config, w *web) {
		c.Webhook, c.Ping = "", Ping{Start: w.URL + "/start", Success: w.URL + "/success"}
	})
	for range 20 {
		d.Start(t.Context())
		d.End(t.Context(), fine())
	}
	for i, path := range d.web.paths {
		if want := []string{"GET /start", "GET /success"}[i%2]; path != want {
			t.Fatalf("call %d is %s, want %s", i, path, want)
		}
	}
}

func TestARunThatWasStoppedStillTells(t *testing.T) {
	d := newDesk(t, func(c *Config, w *web) { c.Ping.Failure = w.URL + "/failure" })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.Start(ctx)
	d.End(ctx, failing())
	if got := d.web.calls(); got != "GET /failure, POST /hook/geheim" {
		t.Errorf("it called %q", got)
	}
}

func TestDigestComesOnceADayByTheFirstRunAfterItsTime(t *testing.T) {
	lisbon, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, func(c *Config, _ *web) { c.Digest, c.Zone = "07:00", lisbon })
	d.now = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC) // 06:00 there
	var told []string
	for range 2 * 24 * 4 {
		d.now = d.now.Add(15 * time.Minute)
		d.Notifier = New(d.Config)
		s := fine()
		if from, to, due := d.DigestDue(); due {
			s.Digest = &Digest{From: from, To: to, Done: map[string]int{"create": 3, "terminate": 1}, Runs: 96, BadRuns: 1, Failed: 2, Managed: 4000, Held: 1, Problems: 2, Approvals: 1,
				Lag: plan.Lag{Count: 3, Median: 40 * time.Second, Longest: 14*time.Minute + 3*time.Second}}
			s.LastSuccess = morning
		}
		d.End(t.Context(), s)
		for _, m := range d.web.messages(t) {
			told = append(told, d.now.Format(time.RFC3339)+" "+m.Event+" "+m.Text)
			if m.Counts["create"] != 3 || m.Counts["grant_role"] != 0 || m.Counts["runs"] != 96 || m.Counts["problems"] != 2 {
				t.Errorf("counts %v", m.Counts)
			}
		}
	}
	if len(told) != 2 || !strings.HasPrefix(told[0], "2026-11-24T12:00:00Z digest 2026-11-23: ") || !strings.HasPrefix(told[1], "2026-11-25T12:00:00Z digest 2026-11-24: ") {
		t.Fatalf("told %d times: %q", len(told), told)
	}
	want := "2026-11-23: 1 terminate, 3 create done, 2 problems\n" +
		"96 runs, 1 of them failed or refused; 2 actions not done.\n" +
		"3 leavers waited 40s (median) since Okta's word, 14m3s at most.\n" +
		"Now: 4000 employees managed, 1 held, 2 problems, 1 set to approve.\n" +
		"The last run that succeeded ended 2026-11-24T06:00:00Z."
	if got := strings.TrimPrefix(told[0], "2026-11-24T12:00:00Z digest "); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

func TestADayOfTheClockChangeIsWhole(t *testing.T) {
	lisbon, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, func(c *Config, _ *web) { c.Digest, c.Zone = "07:00", lisbon })
	d.now = time.Date(2026, 10, 26, 8, 0, 0, 0, time.UTC) // the day after summer time ended
	from, to, due := d.DigestDue()
	if !due || to.Sub(from) != 25*time.Hour {
		t.Errorf("%s to %s, due %v", from, to, due)
	}
}

func TestADigestThatDidNotGetThroughIsSentByTheNextRun(t *testing.T) {
	d := newDesk(t, func(c *Config, _ *web) { c.Digest = "06:00" })
	d.web.status = 500
	for _, status := range []int{500, 200, 200} {
		d.web.status = status
		s := fine()
		if from, to, due := d.DigestDue(); due {
			s.Digest = &Digest{From: from, To: to}
		}
		d.end(t, s)
	}
	if got := len(d.web.bodies); got != tries+1 {
		t.Errorf("%d calls, want %d that failed and one", got, tries)
	}
}

func TestEveryChannelIsTested(t *testing.T) {
	server := newMailServer(t)
	d := newDesk(t, func(c *Config, w *web) {
		c.Email = server.email()
		c.Ping = Ping{w.URL + "/start", w.URL + "/success", w.URL + "/failure"}
	})
	d.web.fail["/failure"] = 410
	results, err := d.Test(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range results {
		text := "ok"
		if r.Err != nil {
			text = r.Err.Error()
		}
		lines = append(lines, r.Channel+": "+text)
	}
	if got := strings.Join(lines, "\n"); got != "webhook: ok\nemail: ok\nping.start: ok\nping.failure: it answered 410 Gone\nping.success: ok" {
		t.Error(got)
	}
	if body := d.web.bodies[0]; !strings.Contains(body, `"event":"test"`) || len(server.letters()) != 2 {
		t.Errorf("told was %s, and %d letters", body, len(server.letters()))
	}
	if d.store.data != nil {
		t.Error("a test is remembered")
	}
	if _, err := newDesk(t, func(c *Config, _ *web) { c.Webhook = "" }).Test(t.Context()); err == nil {
		t.Error("nobody to tell, and no error")
	}
}

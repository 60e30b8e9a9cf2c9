package report

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// hostile are values that somebody could put into a display name.
var hostile = []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "javascript:alert(1)", "</style><script>alert(1)</script>",
	"\x1b[31mred", "abc\u202edcba", "\u2066x\u2069", "\x00", "\xff\xfe", "{{.}}", "<!--", "]]>", "a\u2028b"}

// poisoned puts a hostile value wherever one can be.
func poisoned(value string) *Report {
	r := sample()
	d := r.Document
	user := plan.UserRef{ID: plan.PersonID(value), Login: value}
	role := &plan.RoleRef{ID: 1, Name: value, Group: plan.GroupID(value)}
	action := plan.Action{Kind: plan.Update, User: user, Role: role, Reason: value, Extra: &plan.Extra{Evidence: value, Key: value},
		Changes: []plan.Change{{Field: plan.JobTitle, Old: value, New: value}}}
	d.Actions = append(d.Actions, action)
	d.Held = append(d.Held, plan.Held{Action: action, Why: value})
	d.Problems = append(d.Problems, plan.Problem{User: user, Code: value, Message: value})
	d.Warnings = append(d.Warnings, plan.Warning{User: user, Code: value, Field: value, Message: value})
	d.Options.User = []string{value}
	d.Okta, d.TrackTik = plan.OktaID{Org: value, App: value}, plan.TrackTikID{Portal: value}
	d.Guard.Refusals[0].Message, d.Guard.Refusals[0].Approve = value, value
	d.Result.Stopped, d.Run = value, value
	d.Result.Failures = append(d.Result.Failures, plan.Failure{Action: action, Outcome: value, Message: value})
	r.Trail.Add(plan.Audit{Time: began, Kind: string(plan.Update), Person: user.ID, Role: role, Outcome: value, Request: value})
	d.Seal()
	r.Record.ID, r.Record.By, r.Record.Message, r.Ending, r.File = value, value, value, value, value
	for i := range r.Trend {
		r.Trend[i].ID = value
	}
	return r
}

func TestHostileValuesAreHarmless(t *testing.T) {
	own := strings.Count(render(t, sample()), "<script")
	for _, value := range hostile {
		text := render(t, poisoned(value))
		if strings.Count(text, "<script") != own {
			t.Errorf("value %q: the page has a script that is not its own", value)
		}
		for _, bad := range []string{"<img", "\x1b", "\u202e", "\u2066", "\x00", "\xff"} {
			if strings.Contains(text, bad) {
				t.Errorf("value %q: the page holds %q", value, bad)
			}
		}
	}
}

func TestThePageNeedsNothingElse(t *testing.T) {
	for _, r := range []*Report{sample(), aPlan()} {
		text := render(t, r)
		for _, bad := range []string{"http://", "<link", "src=", "url(", "@import", "href="} {
			if strings.Contains(text, bad) {
				t.Errorf("the page has %q", bad)
			}
		}
		for _, want := range []string{"default-src &#39;none&#39;", "prefers-color-scheme: dark", "@media print", "width=device-width"} {
			if !strings.Contains(text, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
	}
}

// words is what a reader of the page reads.
func words(text string) string {
	text = regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(text, " ")
	text = strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&gt;", ">").Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

func TestARunSaysWhatWasDoneAndWhatNot(t *testing.T) {
	text := words(render(t, sample()))
	for _, want := range []string{
		"exit 3: refused", "apply: TrackTik is changed, and not all that is shown was done", "2026-11-24 06:00:12 UTC, after 12.0s", "ops@worker-1 (timer)", "12 to Okta, 1,234 to TrackTik",
		"1 terminate", "0 create of 1", "1 failed",
		"Refused by a guard: terminate this kind waits, the rest goes on 60 terminations", "tracktik-sync sync --refresh --approve abc123",
		"Tried, and not done (1) create failed cleo@acme.example (00u3cleo) tracktik: 400: no such region request req-77, 3 calls",
		"read and decide", "The last 30 runs", "What was done",
		`ana.silva@acme.example (00u1ana) employee 11 update done jobTitle "Guard" → "Senior guard"`, "create failed",
		"Held: due, and not done", "held: switched_off: sync.revoke_roles way out: what settles switched_off",
		`no region is called "Atlantis" what settles unknown_region`, "city is missing",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestAPlanSaysHowToCarryItOut(t *testing.T) {
	text := words(render(t, aPlan()))
	for _, want := range []string{"What would be done", "plan: nothing is written to TrackTik", "tracktik-sync apply tonight.json", "deactivated in Okta (evidence: full)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	for _, bad := range []string{"Timeline", "What was done", "exit "} {
		if strings.Contains(text, bad) {
			t.Errorf("the page of a plan has %q", bad)
		}
	}
}

func TestActionsThatWereNotStartedAreNotDone(t *testing.T) {
	r := sample()
	r.Trail = NewTrail(r.Record)
	r.Document.Result.Stopped = "the deadline ended the run"
	text := words(render(t, r))
	if !strings.Contains(text, "the deadline ended the run") || !strings.Contains(text, "terminate not done") {
		t.Errorf("it is not said:\n%s", text)
	}
}

func TestAnObservingRunDidNothing(t *testing.T) {
	r := sample()
	r.Document.Mode, r.Trail = "observe", NewTrail(r.Record)
	text := words(render(t, r))
	if strings.Contains(text, "What was done") || strings.Count(text, "observe: nothing is written to TrackTik") != 2 || !strings.Contains(text, "update would") {
		t.Errorf("it reads as if something was done:\n%s", text)
	}
}

func TestARunThatGotNowhereHasAPage(t *testing.T) {
	r := sample()
	r.Document = &plan.Document{Mode: "apply"}
	r.Record.ExitCode, r.Record.Message, r.Ending, r.Trail = 1, "okta: 503\nmore", "exit 1: failed", NewTrail(r.Record)
	text := words(render(t, r))
	if !strings.Contains(text, "okta: 503") || !strings.Contains(text, "0 to do") {
		t.Errorf("got %s", text)
	}
}

func TestAHugePlanMakesAPageOfBoundedSize(t *testing.T) {
	text := render(t, many(100_000))
	if n := len(text); n > 6<<20 {
		t.Errorf("the page has %d bytes", n)
	}
	for _, want := range []string{"98,000 more are not shown here. All of them: tracktik-sync report tonight.json --format json", "48,000 more", "50,000"} {
		if !strings.Contains(words(text), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(text, `<div class="action">`); n > 4*Most+100 {
		t.Errorf("%d entries are shown", n)
	}
}

func TestALongListIsFolded(t *testing.T) {
	for n, want := range map[int]string{ui.OpenRows: "<details data-list open data-open>", ui.OpenRows + 1: "<details data-list>"} {
		d := &plan.Document{Mode: "apply"}
		for i := range n {
			d.Actions = append(d.Actions, plan.Action{Kind: plan.Create, User: plan.UserRef{ID: plan.PersonID(strconv.Itoa(i)), Name: "New Guard"}})
		}
		d.Seal()
		var page strings.Builder
		if err := (&Report{Document: d, Planned: true}).HTML(&page); err != nil {
			t.Fatal(err)
		}
		if want += fmt.Sprintf(`<summary><h3 class="meta">People (%d)`, n); !strings.Contains(page.String(), want) {
			t.Errorf("the page of %d lacks %s", n, want)
		}
	}
}

func TestALeftOutValueIsNotShownAsNone(t *testing.T) {
	r := sample()
	r.Document.Actions[2].Changes = []plan.Change{{Field: plan.JobTitle}}
	if text := words(render(t, r)); !strings.Contains(text, "jobTitle changed in Okta") {
		t.Errorf("got %s", text)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAPageThatCannotBeWrittenIsAnError(t *testing.T) {
	if sample().HTML(fullDisk{}) == nil {
		t.Error("nobody is told that the page is incomplete")
	}
}

func BenchmarkHTML100k(b *testing.B) {
	r := many(100_000)
	for b.Loop() {
		render(b, r)
	}
}

func TestARunSaysForHowLongItsLeaversWaited(t *testing.T) {
	r := sample()
	if got := render(t, r); !strings.Contains(got, "1 leaver waited 14m0s (median) since Okta&#39;s word, 14m0s at most") {
		t.Error("the page does not say it")
	}
	r.Trail = NewTrail(r.Record)
	if strings.Contains(render(t, r), "waited") {
		t.Error("nobody left, and somebody waited")
	}
}

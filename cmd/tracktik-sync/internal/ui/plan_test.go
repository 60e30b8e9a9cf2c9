package ui

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

var update = flag.Bool("update", false, "write the golden files")

// sample is a plan with something of everything.
func sample() *plan.Document {
	ana := plan.UserRef{ID: "00u1ana", Login: "ana.silva@acme.example"}
	bob := plan.UserRef{ID: "00u2bob", Login: "bob@acme.example"}
	site := &plan.RoleRef{ID: 12, Name: "Site Airport", Group: "00g1site"}
	created := plan.Values{}
	created[plan.Username], created[plan.FirstName], created[plan.Region] = "cleo@acme.example", "Cleo", "HQ"
	d := &plan.Document{
		ID: "20261124T060000Z", Created: time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC), Mode: "apply", Managed: 300,
		Okta: plan.OktaID{Org: "https://acme.okta.com", App: "0oa1"}, TrackTik: plan.TrackTikID{Portal: "https://acme.staffr.net"},
		HowRead: plan.HowRead{Source: plan.SourceCount{Users: 301, Groups: 1}, Evidence: plan.EvidenceFull},
		Actions: []plan.Action{
			{Kind: plan.RenameRole, Role: &plan.RoleRef{ID: 9, Name: "Supervisors", Group: "00g2"},
				Changes: []plan.Change{{Field: plan.NumFields, Old: "Supers", New: "Supervisors"}}, Reason: "the group was renamed"},
			{Kind: plan.Adopt, User: plan.UserRef{ID: "00u4dan", Login: "dan@acme.example"}, Employee: 44, Extra: &plan.Extra{Key: "username"}, Reason: "an employee has this username"},
			{Kind: plan.Terminate, User: bob, Employee: 22, Reason: "deactivated in Okta", Extra: &plan.Extra{Evidence: plan.EvidenceFull}},
			{Kind: plan.Update, User: ana, Employee: 11, Drift: true, Reason: "changed in Okta", Changes: []plan.Change{
				{Field: plan.JobTitle, Old: "Guard", New: "Senior guard"}, {Field: plan.AddressLine1, Old: "1 Main St", New: ""}}},
			{Kind: plan.Create, User: plan.UserRef{ID: "00u3cleo", Login: "cleo@acme.example"}, Extra: &plan.Extra{Former: 7},
				Want: &plan.Wanted{Values: created}, Reason: "assigned to the app; formerly employee 7"},
			{Kind: plan.GrantRole, User: ana, Employee: 11, Role: site, Reason: "member of the group", Replaces: true},
		},
		Held: []plan.Held{{Action: plan.Action{Kind: plan.RevokeRole, User: bob, Employee: 22, Role: site, Reason: "left the group"}, Why: "switched_off: sync.revoke_roles"}},
		Problems: []plan.Problem{
			{User: plan.UserRef{ID: "00u5eve", Login: "eve@acme.example"}, Code: plan.ProblemUnknownRegion, Message: `no region is called "Atlantis"`},
			{Code: plan.ProblemRefused, Message: "a role's problem"},
		},
		Warnings: []plan.Warning{{Code: plan.WarningPartialAddress, User: ana, Field: "address", Message: "city is missing"}, {Code: "no_groups", Message: "no group is pushed"}},
		Guard: plan.GuardReport{Refusals: []plan.Refusal{
			{Kind: plan.Terminate, Count: 60, Limit: 50, Message: "60 terminations exceed guard.terminate.max_count 50", Approve: "abc123"}}},
	}
	d.Seal()
	d.Hash = "0123456789abcdef" // what it covers is not this package's affair
	return d
}

func render(t *testing.T, d *plan.Document, style Style, view View) string {
	t.Helper()
	var out bytes.Buffer
	if err := Plan(&out, d, style, view); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", path, got)
	}
}

func TestAPlanSaysWhatHappensToWhomAndWhy(t *testing.T) {
	golden(t, "plan.txt", render(t, sample(), Plain, View{Planned: true}))
}

func TestAnObservingRunSaysSoAtHeadAndFoot(t *testing.T) {
	d := sample()
	d.Mode, d.Options.Refresh = "observe", true
	text := render(t, d, Plain, View{})
	if strings.Count(text, Observing) != 2 || strings.Count(text, Refreshed) != 2 || strings.Contains(text, NotRefreshed) {
		t.Errorf("head and foot do not say what was done:\n%s", text)
	}
}

func TestAPlanWithoutRefreshSaysThatTrackTikWasNotRead(t *testing.T) {
	text := render(t, sample(), Plain, View{Planned: true})
	if strings.Count(text, "with what was last pushed; TrackTik itself was not read") != 2 {
		t.Errorf("it does not say so at head and foot:\n%s", text)
	}
}

func TestTheWayPastAGuardIsShownOnce(t *testing.T) {
	d := sample()
	text := render(t, d, Plain, View{Planned: true})
	if !strings.Contains(text, "tracktik-sync sync --approve abc123") {
		t.Errorf("the command is missing:\n%s", text)
	}
	d.Guard.Refusals[0].Message = "too many; `sync --approve abc123 --no-removals` lets them pass"
	if text = render(t, d, Plain, View{Planned: true}); strings.Count(text, "abc123") != 1 {
		t.Errorf("the command is shown twice:\n%s", text)
	}
}

func TestColoursOnlyWhereTheyAreWanted(t *testing.T) {
	if text := render(t, sample(), Plain, View{Planned: true}); strings.Contains(text, "\x1b") {
		t.Error("a plain plan has escape sequences")
	}
	if text := render(t, sample(), Colour, View{Planned: true}); !strings.Contains(text, "\x1b[31mterminate\x1b[0m") {
		t.Error("a termination is not red")
	}
}

// poisoned puts a hostile value wherever one can be.
func poisoned(value string) *plan.Document {
	d := sample()
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
	d.Run = value
	d.Result = &plan.Result{Failed: 1, Stopped: value, Failures: []plan.Failure{{Action: action, Outcome: value, Message: value}}}
	d.Seal()
	return d
}

func TestHostileValuesAreHarmlessInText(t *testing.T) {
	for _, value := range hostile {
		d := poisoned(value)
		var out bytes.Buffer
		if err := errors.Join(Plan(&out, d, Plain, View{}), Result(&out, d, Plain, View{})); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(out.String(), "\n") {
			if Safe(line) != line {
				t.Errorf("value %q: line %q", value, line)
			}
		}
	}
}

func TestAResultSaysWhatBecameOfThePlan(t *testing.T) {
	d := sample()
	d.Run = "20261124T060000Z-000123"
	d.Result = &plan.Result{Done: map[string]int{"create": 1, "update": 1}, Failed: 1, Held: 1, Unknown: 0, Duration: 75.4,
		Requests: plan.RequestCount{Okta: 12, TrackTik: 3}, NewProblems: 1,
		Failures: []plan.Failure{{Action: d.Actions[2], Outcome: plan.Failed, Message: "tracktik: 400: no such reason"}}}
	var out bytes.Buffer
	if err := Result(&out, d, Plain, View{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "result.txt", out.String())
}

// many is a plan of n actions for n/2 people.
func many(n int) *plan.Document {
	d := sample()
	d.Actions = d.Actions[:0]
	role := &plan.RoleRef{ID: 12, Name: "Site Airport", Group: "00g1site"}
	for i := range n / 2 {
		u := plan.UserRef{ID: plan.PersonID(fmt.Sprintf("00u%07d", i)), Login: fmt.Sprintf("guard%d@acme.example", i)}
		d.Actions = append(d.Actions, plan.Action{Kind: plan.Update, User: u, Employee: plan.EmployeeID(i), Reason: "changed in Okta",
			Changes: []plan.Change{{Field: plan.JobTitle, Old: "Guard", New: "Senior guard"}}})
	}
	for i := range n / 2 {
		d.Actions = append(d.Actions, plan.Action{Kind: plan.GrantRole, User: d.Actions[i].User, Role: role, Reason: "member of the group"})
	}
	d.Seal()
	return d
}

// A countingWriter counts the writes that reach it.
type countingWriter struct{ writes, bytes int }

func (w *countingWriter) Write(b []byte) (int, error) {
	w.writes++
	w.bytes += len(b)
	return len(b), nil
}

func TestALongPlanIsNotWrittenLineByLine(t *testing.T) {
	var out countingWriter
	if err := Plan(&out, many(20_000), Plain, View{Planned: true}); err != nil {
		t.Fatal(err)
	}
	if out.writes > out.bytes/(32<<10)+1 {
		t.Errorf("%d bytes took %d writes", out.bytes, out.writes)
	}
}

func TestAPersonIsShownOnceWithAllThatHappens(t *testing.T) {
	text := render(t, many(2_000), Plain, View{Planned: true})
	if n := strings.Count(text, "guard7@acme.example"); n != 1 {
		t.Errorf("a person is shown %d times", n)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAPlanThatCannotBeWrittenIsAnError(t *testing.T) {
	if Plan(fullDisk{}, sample(), Plain, View{Planned: true}) == nil {
		t.Error("nobody is told that the output is incomplete")
	}
}

func BenchmarkPlan100k(b *testing.B) {
	d := many(100_000)
	for b.Loop() {
		if err := Plan(&countingWriter{}, d, Plain, View{Planned: true}); err != nil {
			b.Fatal(err)
		}
	}
}

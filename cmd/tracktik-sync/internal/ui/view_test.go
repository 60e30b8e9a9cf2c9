package ui

import (
	"fmt"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// guards are a plan of that many terminations and creates, with a name each.
func guards(n int) *plan.Document {
	d := &plan.Document{Mode: "apply"}
	for i := range n {
		kind := plan.Create
		if i == n-1 {
			kind = plan.Terminate
		}
		d.Actions = append(d.Actions, plan.Action{Kind: kind, Employee: plan.EmployeeID(i + 1), Reason: "assigned to the app",
			User: plan.UserRef{ID: plan.PersonID(fmt.Sprintf("00u%d", i)), Login: fmt.Sprintf("%d@acme.example", 4000+i), Name: fmt.Sprintf("Guard Number%d", i)}})
	}
	d.Seal()
	return d
}

func TestALongPlanHasALineAPersonAndLeaversFirst(t *testing.T) {
	if text := render(t, guards(50), Plain, View{Planned: true}); strings.Count(text, "\n") < 100 || !strings.Contains(text, "00u49") {
		t.Errorf("50 people are shown short:\n%s", text)
	}
	text := render(t, guards(200), Plain, View{Planned: true})
	if lines := strings.Count(text, "\n"); lines > 220 {
		t.Errorf("200 people take %d lines", lines)
	}
	at, first := strings.Index(text, "Guard Number199"), strings.Index(text, "Guard Number0 ")
	if at < 0 || first < at {
		t.Errorf("the leaver does not stand first: %d, %d", at, first)
	}
	if strings.Contains(text, "00u199") {
		t.Error("a line holds ids")
	}
	if full := render(t, guards(200), Plain, View{Planned: true, Full: true}); !strings.Contains(full, "00u0") {
		t.Error("--full leaves something out")
	}
	if totals := render(t, guards(200), Plain, View{Planned: true, Summary: true}); strings.Contains(totals, "Guard") || !strings.Contains(totals, "1 terminate, 199 create to do") {
		t.Errorf("--summary shows\n%s", totals)
	}
	if kind := render(t, guards(200), Plain, View{Planned: true, Kinds: []plan.Kind{plan.Terminate}}); strings.Count(kind, "Guard Number") != 1 {
		t.Errorf("--kind terminate shows\n%s", kind)
	}
}

func TestWarningsOfOneCodeAreFolded(t *testing.T) {
	d := guards(1)
	for i := range 505 {
		d.Warnings = append(d.Warnings, plan.Warning{Code: "invalid_value", User: plan.UserRef{ID: plan.PersonID(fmt.Sprint(i)), Name: fmt.Sprintf("Guard Number%d", i)}, Message: "the phone is too long"})
	}
	text := render(t, d, Plain, View{Planned: true})
	if !strings.Contains(text, "505 of this kind: Guard Number0, Guard Number1, Guard Number2 and 502 more") || strings.Count(text, "\n") > 25 {
		t.Errorf("505 warnings:\n%s", text)
	}
}

func TestWhatTheLastRunHadIsFolded(t *testing.T) {
	before := guards(1)
	held := plan.Held{Action: plan.Action{Kind: plan.Update, User: plan.UserRef{ID: "00u9", Name: "Ana Silva"}}, Why: "suspended: in Okta since March"}
	before.Held = []plan.Held{held}
	now := guards(1)
	now.Held = []plan.Held{held, {Action: plan.Action{Kind: plan.Update, User: plan.UserRef{ID: "00u8", Name: "Bob Stone"}}, Why: "suspended: in Okta since May"}}
	text := render(t, now, Plain, View{Planned: true, Before: KnownOf(before)})
	if !strings.Contains(text, "suspended      1  Ana Silva") || strings.Contains(text, "since March") || !strings.Contains(text, "since May") {
		t.Errorf("the list is\n%s", text)
	}
}

func TestARefusalIsCountedAsThatAlone(t *testing.T) {
	d := guards(1)
	d.Actions = nil
	for i := range 3 {
		d.Held = append(d.Held, plan.Held{Action: plan.Action{Kind: plan.Create, User: plan.UserRef{ID: plan.PersonID(fmt.Sprint(i)), Name: "New Guard"}}, Why: "guard: more than guard.create allows; see the refusal"})
	}
	d.Held = append(d.Held, plan.Held{Action: plan.Action{Kind: plan.Adopt, User: plan.UserRef{ID: "9", Name: "Old Guard"}}, Why: "guard: a refusal stops what is not approved"})
	d.Guard.Refusals = []plan.Refusal{{Kind: plan.Create, Count: 3, Stops: true, Message: "guard refused: 3 new employees, and guard.create.max_count allows 2; nothing is done"}}
	d.Seal()
	text := render(t, d, Plain, View{})
	for _, want := range []string{"nothing to do; 3 create refused by a guard; 1 held", Stopped, "Held, since the refusal stops everything (1)\n  1 adopt: Old Guard"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	if strings.Contains(text, Applying) || strings.Count(text, "guard.create.max_count") != 1 {
		t.Errorf("it contradicts or repeats itself:\n%s", text)
	}
}

func TestNewsIsWhatTheRunBeforeDidNotHave(t *testing.T) {
	ana := plan.UserRef{ID: "00u1", Login: "ana@acme.example"}
	with := func(change func(*plan.Document)) *plan.Document {
		d := &plan.Document{Mode: "apply", Result: &plan.Result{Done: map[string]int{"create": 0}}}
		change(d)
		d.Seal()
		return d
	}
	for name, test := range map[string]struct {
		change func(*plan.Document)
		alone  bool // it is news when nothing was known
		again  bool // and when the run before had it
	}{
		"nothing":   {func(*plan.Document) {}, false, false},
		"warnings":  {func(d *plan.Document) { d.Warnings = []plan.Warning{{Code: "x"}} }, false, false},
		"problems":  {func(d *plan.Document) { d.Problems = []plan.Problem{{User: ana, Code: "refused"}} }, true, false},
		"held":      {func(d *plan.Document) { d.Held = []plan.Held{{Action: plan.Action{User: ana}, Why: "suspended"}} }, true, false},
		"refusals":  {func(d *plan.Document) { d.Guard.Refusals = []plan.Refusal{{Kind: plan.Terminate}} }, true, false},
		"done":      {func(d *plan.Document) { d.Result.Done["create"] = 1 }, true, true},
		"found":     {func(d *plan.Document) { d.Result.Found = map[string]int{"terminate": 1} }, true, true},
		"cut short": {func(d *plan.Document) { d.Result.Stopped = "a signal" }, true, true},
		"observed": {func(d *plan.Document) {
			d.Mode, d.Actions = "observe", []plan.Action{{Kind: plan.Create, User: ana}}
		}, true, false},
		"failed": {func(d *plan.Document) {
			d.Result.Failures = []plan.Failure{{Action: plan.Action{Kind: plan.Terminate, User: ana}, Outcome: "failed"}}
		}, true, false},
	} {
		d := with(test.change)
		if alone, again := HasNews(d, nil), HasNews(d, KnownOf(d)); alone != test.alone || again != test.again {
			t.Errorf("%s: news %v, and after a run like it %v", name, alone, again)
		}
	}
}

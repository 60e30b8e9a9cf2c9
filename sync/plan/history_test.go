package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// TestAHistoryIsRedactedFieldByField: which fields changed stays, and what a role is called.
func TestAHistoryIsRedactedFieldByField(t *testing.T) {
	given := []plan.Change{{Field: plan.Email, Old: "ana@acme.example", New: "bea@acme.example"},
		{Field: plan.NumFields, Old: "Site", New: "Gate"}}
	want := []plan.Change{{Field: plan.Email}, {Field: plan.NumFields, Old: "Site", New: "Gate"}}
	before := slices.Clone(given)
	if got := plan.RedactedChanges(given); !slices.Equal(got, want) || !slices.Equal(given, before) {
		t.Errorf("redacted is %+v of %+v", got, given)
	}
	if got := plan.RedactedChanges(nil); got != nil {
		t.Errorf("nothing is redacted to %+v", got)
	}
	names := []string{"ana@acme.example", "bea"}
	if got := plan.LeftOut(names); fmt.Sprint(got) != "[(left out) (left out)]" || names[0] != "ana@acme.example" {
		t.Errorf("left out are %q of %q", got, names)
	}
}

// TestEveryLoginInADocumentBecomesAnID, wherever somebody is named.
func TestEveryLoginInADocumentBecomesAnID(t *testing.T) {
	who := func(n int) plan.UserRef {
		return plan.UserRef{ID: plan.PersonID(fmt.Sprint("00u", n)), Login: fmt.Sprintf("p%d@acme.example", n)}
	}
	d := &plan.Document{
		Actions:  []plan.Action{{Kind: plan.Update, User: who(1)}},
		Held:     []plan.Held{{Action: plan.Action{User: who(2)}, Why: "guard: x"}},
		Problems: []plan.Problem{{User: who(3)}, {User: plan.UserRef{Login: "nobody@acme.example"}}},
		Warnings: []plan.Warning{{User: who(4)}, {User: plan.UserRef{ID: "00u9"}}},
		Result:   &plan.Result{Failures: []plan.Failure{{Action: plan.Action{User: who(5)}}}},
	}
	for n := range 7 {
		text := "about " + who(n).Login
		want := text
		if n >= 1 && n <= 5 {
			want = "about " + string(who(n).ID)
		}
		if got := d.LoginsToIDs().Replace(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	if got := d.LoginsToIDs().Replace("nobody@acme.example, 00u9"); got != "nobody@acme.example, 00u9" {
		t.Errorf("who has no id, or no login, becomes %q", got)
	}
	d.Result = nil
	if got := d.LoginsToIDs().Replace("p5@acme.example"); got != "p5@acme.example" {
		t.Errorf("of a plan without a result: %q", got)
	}
}

// TestARedactedDocumentIsOneOfItsOwn: reading it changes nothing of what is stored.
func TestARedactedDocumentIsOneOfItsOwn(t *testing.T) {
	ana := plan.UserRef{ID: "00u1", Login: "ana@acme.example", Name: "Ana Silva"}
	leaver := &plan.Extra{Leaver: &plan.Leaver{Region: "North", JobTitle: "Guard"}, Evidence: plan.EvidenceFull}
	d := &plan.Document{
		Actions:  []plan.Action{{Kind: plan.Terminate, User: ana, Employee: 7, Extra: leaver}},
		Held:     []plan.Held{{Action: plan.Action{Kind: plan.Update, User: ana}, Why: "pending: ana@acme.example waits"}},
		Problems: []plan.Problem{{User: ana, Message: "of ana@acme.example"}},
		Warnings: []plan.Warning{{User: ana, Message: "of ana@acme.example"}},
	}
	out := d.Redacted()
	if a := out.Actions[0]; a.User != (plan.UserRef{ID: "00u1"}) || a.Employee != 7 || a.Extras().Leaver != nil ||
		a.Extras().Evidence != plan.EvidenceFull {
		t.Errorf("an action is %+v", a)
	}
	if out.Held[0].Why != "pending: 00u1 waits" || out.Problems[0].Message != "of 00u1" ||
		out.Warnings[0].Message != "of 00u1" {
		t.Errorf("texts are %q, %q, %q", out.Held[0].Why, out.Problems[0].Message, out.Warnings[0].Message)
	}
	for _, u := range []plan.UserRef{out.Held[0].User, out.Problems[0].User, out.Warnings[0].User} {
		if u != (plan.UserRef{ID: "00u1"}) {
			t.Errorf("somebody is %+v", u)
		}
	}
	if d.Actions[0].User != ana || d.Actions[0].Extras().Leaver == nil || d.Held[0].User != ana ||
		d.Problems[0].User != ana ||
		d.Warnings[0].User != ana || out.Result != nil {
		t.Error("the document itself was changed")
	}
}

// TestTheLastAnswersAreKept, fifty of them, in their order, and a copy is given.
func TestTheLastAnswersAreKept(t *testing.T) {
	var answers plan.Answers
	if got := answers.All(); len(got) != 0 {
		t.Errorf("of none: %v", got)
	}
	for n := range 120 {
		answers.Add(plan.Answer{Status: n})
		all := answers.All()
		if want := min(n+1, plan.MostAnswers); len(all) != want || all[0].Status != n+1-want || all[want-1].Status != n {
			t.Fatalf("after %d: %d, from %d to %d", n+1, len(all), all[0].Status, all[len(all)-1].Status)
		}
		all[0].Status = -1
	}
	if answers.All()[0].Status == -1 {
		t.Error("what was given away changes what is kept")
	}
}

// TestWhatDiffersFromWhatWasExpectedOfAPortal.
func TestWhatDiffersFromWhatWasExpectedOfAPortal(t *testing.T) {
	var killed *plan.ProbeNote
	if got := (&plan.ProbeNote{}).Probe.Differing(); got != nil || killed != nil {
		t.Errorf("of a probe that was killed: %v", got)
	}
	as := func(name string, differs bool) plan.Assumption { return plan.Assumption{Name: name, Differs: differs} }
	for name, row := range map[string]struct {
		list []plan.Assumption
		want string
	}{
		"none":          {nil, ""},
		"as expected":   {[]plan.Assumption{as("create", false), as("update", false)}, ""},
		"some of them":  {[]plan.Assumption{as("create", true), as("update", false), as("move", true)}, "create move"},
		"all of them":   {[]plan.Assumption{as("create", true)}, "create"},
		"what was left": {[]plan.Assumption{as("terminate", false)}, ""},
	} {
		probe := plan.Probe{Assumptions: row.list, Left: []string{"employee 7"}}
		var names []string
		for _, a := range probe.Differing() {
			names = append(names, a.Name)
		}
		if got := strings.Join(names, " "); got != row.want {
			t.Errorf("%s: %q differ, want %q", name, got, row.want)
		}
	}
}

// TestAShapeHasAnEnd: two elements of a list, thirty keys, six levels.
func TestAShapeHasAnEnd(t *testing.T) {
	object := func(keys int) string {
		parts := make([]string, keys)
		for i := range parts {
			parts[i] = fmt.Sprintf(`"k%c%c":1`, 'a'+i/26, 'a'+i%26)
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	nested := func(levels int, open, inside, end string) string {
		return strings.Repeat(open, levels) + inside + strings.Repeat(end, levels)
	}
	for _, row := range []struct{ name, body, want string }{
		{"two elements", `[1,2]`, "[number,number]"},
		{"three elements", `[1,2,3]`, "[number,number,1 more]"},
		{"no elements", `[]`, "[]"},
		{"no keys", `{}`, "{}"},
		{"a key of forty letters", `{"` + strings.Repeat("a", 40) + `":1}`, `{"` + strings.Repeat("a", 40) + `":number}`},
		{"a key of more", `{"` + strings.Repeat("a", 41) + `":1}`, "{key(41):number}"},
		{"a key with a digit may be an id", `{"u00":1}`, "{key(3):number}"},
		{"a key that begins with an underscore", `{"_links":null}`, `{"_links":null}`},
		{"an empty key", `{"":true}`, "{key(0):boolean}"},
		{"letters count, not bytes", `"éé"`, "text(2)"},
		{"six lists", nested(6, "[", "[1]", "]"), nested(6, "[", "list(1)", "]")},
		{"six objects", nested(6, `{"a":`, `{"b":1,"c":2}`, "}"), nested(6, `{"a":`, "object(2)", "}")},
		{"five objects and a value", nested(6, `{"a":`, "1", "}"), nested(6, `{"a":`, "number", "}")},
		{"a page", "  <p>", "html(3)"},
		{"two values", `1 2`, "no JSON(3)"},
	} {
		if got := plan.Shape([]byte(row.body)); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
	for keys, want := range map[int]string{30: ":number}", 31: ",1 more}", 45: ",15 more}"} {
		got := plan.Shape([]byte(object(keys)))
		if !strings.HasSuffix(got, want) || strings.Count(got, ":number") != min(keys, 30) {
			t.Errorf("%d keys: %s", keys, got)
		}
	}
}

package plan_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// What the snapshot remembers, and how it is named and told.

// TestAProblemIsOnePersonsOfOneKind: each of them has a place of its own in the snapshot.
func TestAProblemIsOnePersonsOfOneKind(t *testing.T) {
	seen := map[string]plan.Trouble{}
	for _, person := range []plan.PersonID{"", "00u1", "00u2"} {
		for _, group := range []plan.GroupID{"", "00g1", "00u1"} {
			for _, kind := range []plan.Kind{"", plan.Create, plan.GrantRole} {
				trouble := plan.Trouble{Person: person, Group: group, Kind: kind, Code: plan.ProblemRefused, Message: "409"}
				if other, taken := seen[trouble.Key()]; taken {
					t.Errorf("%+v and %+v are one", trouble, other)
				}
				seen[trouble.Key()] = trouble
				later := trouble
				later.Code, later.Message, later.Attempts, later.Last, later.Data = plan.ProblemGivenUp, "x", 9, now, "other"
				if later.Key() != trouble.Key() {
					t.Errorf("%+v has another place once it is tried again", trouble)
				}
			}
		}
	}
}

// TestAnEntryOfTheHistoryNamesItsAction as the plan had named it.
func TestAnEntryOfTheHistoryNamesItsAction(t *testing.T) {
	role := &plan.RoleRef{ID: 3, Name: "Site", Group: "00g1"}
	for name, a := range map[string]plan.Action{
		"an update":     {Kind: plan.Update, User: plan.UserRef{ID: "00u1", Login: "ana"}, Employee: 7},
		"a create":      {Kind: plan.Create, User: plan.UserRef{ID: "00u1"}},
		"a grant":       {Kind: plan.GrantRole, User: plan.UserRef{ID: "00u1"}, Employee: 7, Role: role},
		"a new role":    {Kind: plan.CreateRole, Role: role},
		"a termination": {Kind: plan.Terminate, User: plan.UserRef{ID: "00u1"}, Employee: 7},
	} {
		entry := plan.Audit{Seq: 9, Time: now, Kind: string(a.Kind), Person: a.User.ID, Login: "later@acme.example",
			Employee: a.Employee, Role: a.Role, Reason: "x", Outcome: plan.Done}
		if entry.Ref() != a.Ref() {
			t.Errorf("%s: %+v, want %+v", name, entry.Ref(), a.Ref())
		}
		if entry.Employee = 9; a.Kind == plan.Create && entry.Ref() != a.Ref() {
			t.Errorf("once the employee is made, a create is %+v", entry.Ref())
		}
	}
}

// TestARunOfSinglePeopleSaysNothingOfTheRest.
func TestARunOfSinglePeopleSaysNothingOfTheRest(t *testing.T) {
	for name, row := range map[string]struct {
		run  plan.RunRecord
		want bool
	}{
		"of everybody":             {plan.RunRecord{}, true},
		"of everybody, that fails": {plan.RunRecord{ExitCode: 1, Refresh: true}, true},
		"of one person":            {plan.RunRecord{Users: []string{"ana"}}, false},
		"a restore":                {plan.RunRecord{Partial: true}, false},
		"a restore of one person":  {plan.RunRecord{Users: []string{"ana"}, Partial: true}, false},
	} {
		if got := row.run.Whole(); got != row.want {
			t.Errorf("%s: whole %v", name, got)
		}
	}
}

// TestAPersonIsCalledByFirstAndLastName, as they were pushed, else as they were seen.
func TestAPersonIsCalledByFirstAndLastName(t *testing.T) {
	called := func(first, last string) plan.Values { return plan.Values{plan.FirstName: first, plan.LastName: last} }
	for want, v := range map[string]plan.Values{
		"Ana Silva": called("Ana", "Silva"), "Ana": called("Ana", ""), "Silva": called("", "Silva"), "": called("", ""),
		"Ana Maria da Silva": called("Ana Maria", "da Silva"),
	} {
		if got := v.FullName(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		for _, link := range []*plan.Link{{Pushed: v, Seen: called("Zoe", "Quinn")}, {Seen: v}} {
			expect := want
			if expect == "" && link.Seen != v {
				expect = "Zoe Quinn"
			}
			if got := link.FullName(); got != expect {
				t.Errorf("by the record: %q, want %q", got, expect)
			}
		}
	}
}

// TestATerminationReasonIsNamedByItsLabelOrItsID.
func TestATerminationReasonIsNamedByItsLabelOrItsID(t *testing.T) {
	reason := plan.TerminationReason{ID: 12, Label: "Left the Company"}
	for text, want := range map[string]bool{
		"Left the Company": true, " left the  COMPANY ": true, "12": true, "012": false, "1": false, " 12": false,
		"Left": false, "Left the Company 12": false, "": false,
	} {
		if got := reason.IsNamed(text); got != want {
			t.Errorf("%q names it: %v", text, got)
		}
	}
	if (&plan.TerminationReason{ID: 12, Label: "Other"}).IsNamed("Left the Company") {
		t.Error("another reason is named")
	}
}

// TestAFieldHasOneNameEverywhere: in documents, and read back from them.
func TestAFieldHasOneNameEverywhere(t *testing.T) {
	seen := map[string]bool{}
	for f := plan.Field(0); f <= plan.NumFields; f++ {
		text, err := json.Marshal(plan.Change{Field: f, Old: "a", New: "b"})
		if err != nil {
			t.Fatal(err)
		}
		var back plan.Change
		if err := json.Unmarshal(text, &back); err != nil || back.Field != f || seen[f.String()] {
			t.Errorf("%s is read back as %s, %v", text, back.Field, err)
		}
		seen[f.String()] = true
		if parsed, ok := plan.ParseField(f.String()); ok != (f < plan.NumFields) || ok && parsed != f {
			t.Errorf("%s is the field %s, %v", f, parsed, ok)
		}
		inRecord := slices.Contains(plan.RecordFields[:], f)
		if want := f < plan.NumFields && f != plan.Region; inRecord != want {
			t.Errorf("%s is shown by an employee's record: %v", f, inRecord)
		}
	}
	for _, name := range []string{"", "Username", "address", "name ", "externalId"} {
		var c plan.Change
		if err := json.Unmarshal(fmt.Appendf(nil, `{"field":%q}`, name), &c); err == nil {
			t.Errorf("the field %q is read as %s", name, c.Field)
		}
	}
}

// TestAHistoryIsRedactedFieldByField: which fields changed stays, and what a role is called.
func TestAHistoryIsRedactedFieldByField(t *testing.T) {
	given := []plan.Change{{Field: plan.Email, Old: "ana@acme.example", New: "bea@acme.example"}, {Field: plan.NumFields, Old: "Site", New: "Gate"}}
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
	if out.Held[0].Why != "pending: 00u1 waits" || out.Problems[0].Message != "of 00u1" || out.Warnings[0].Message != "of 00u1" {
		t.Errorf("texts are %q, %q, %q", out.Held[0].Why, out.Problems[0].Message, out.Warnings[0].Message)
	}
	for _, u := range []plan.UserRef{out.Held[0].User, out.Problems[0].User, out.Warnings[0].User} {
		if u != (plan.UserRef{ID: "00u1"}) {
			t.Errorf("somebody is %+v", u)
		}
	}
	if d.Actions[0].User != ana || d.Actions[0].Extras().Leaver == nil || d.Held[0].User != ana || d.Problems[0].User != ana ||
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
		if got := plan.Shape([]byte(object(keys))); !strings.HasSuffix(got, want) || strings.Count(got, ":number") != min(keys, 30) {
			t.Errorf("%d keys: %s", keys, got)
		}
	}
}

// TestAFewDeletedPeopleAreDeletions, and more of them a lost right.
func TestAFewDeletedPeopleAreDeletions(t *testing.T) {
	last := 0
	for managed := range 1001 {
		few := plan.FewDeleted(managed)
		if few < 3 || few < last || few > 3 && 100*few > managed {
			t.Fatalf("of %d people %d may be deleted at once", managed, few)
		}
		last = few
	}
}

// TestWhatARecordDoesNotKnowIsNotStored, and what it knows is read back.
func TestWhatARecordDoesNotKnowIsNotStored(t *testing.T) {
	text, err := json.Marshal(plan.Link{Person: "00u1", Employee: 7, How: plan.HowCreated, Since: now})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"seen", "answered", "unanswered", "since\":null", "elsewhere", "kept", "doubtful", "ending", "last_repair"} {
		if strings.Contains(string(text), `"`+key) {
			t.Errorf("%q is stored of a plain record: %s", key, text)
		}
	}
	since := now.Add(-time.Hour)
	full := plan.Link{Person: "00u1", Employee: 7, UnassignedSince: &since, NotVisibleSince: &since, ElsewhereStatus: "BANNED",
		Unanswered: plan.FieldSet(0).With(plan.City), Kept: true, Doubtful: true, Ending: true, Restored: true, LastRepair: "x",
		SeenDeprovisioned: true, OthersRole: true, PushedRegion: 3, AssignedBy: "00g1", Pushed: anaValues(), Seen: anaValues(),
		Answered: anaValues(), Login: "l", Email: "e", How: plan.HowLinked, Since: now, Run: "r"}
	var back plan.Link
	if text, err = json.Marshal(full); err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || !back.UnassignedSince.Equal(since) || !back.NotVisibleSince.Equal(since) {
		t.Fatalf("read back as %+v, %v", back, err)
	}
	back.UnassignedSince, back.NotVisibleSince = full.UnassignedSince, full.NotVisibleSince
	if back != full {
		t.Errorf("read back as %+v, want %+v", back, full)
	}
}

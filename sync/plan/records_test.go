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
	for _, key := range []string{"seen", "answered", "unanswered", "since\":null", "elsewhere", "kept", "doubtful",
		"ending", "last_repair"} {
		if strings.Contains(string(text), `"`+key) {
			t.Errorf("%q is stored of a plain record: %s", key, text)
		}
	}
	since := now.Add(-time.Hour)
	full := plan.Link{Person: "00u1", Employee: 7, How: plan.HowLinked, Since: now, Run: "r", Login: "l", Email: "e",
		Pushed: anaValues(), PushedRegion: 3, Seen: anaValues(), Answered: anaValues(), AssignedBy: "00g1",
		UnassignedSince: &since, NotVisibleSince: &since, ElsewhereStatus: "BANNED", LastRepair: "x",
		Kept: true, Doubtful: true, Ending: true, Restored: true, SeenDeprovisioned: true, OthersRole: true}
	full.Unanswered = full.Unanswered.With(plan.City)
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

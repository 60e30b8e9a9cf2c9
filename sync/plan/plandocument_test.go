package plan_test

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

// keysOf are the keys of a JSON object, sorted.
func keysOf(t *testing.T, data []byte) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return strings.Join(slices.Sorted(maps.Keys(object)), " ")
}

// TestAnActionWritesWhatItHasAndNothingElse: absent ids are omitted, and each kind shows what
// the contract names.
func TestAnActionWritesWhatItHasAndNothingElse(t *testing.T) {
	user := plan.UserRef{ID: "00uANA", Login: "ana@acme.example"}
	want := &plan.Wanted{Values: anaValues()}
	role := &plan.RoleRef{ID: 5, Name: "Site", Group: "00gSITE"}
	for sentence, c := range map[string]struct {
		action plan.Action
		want   string
	}{
		"a create has no employee yet": {plan.Action{Kind: plan.Create, User: user, Want: want, Reason: "assigned"},
			"changes kind reason user"},
		"a create of somebody who was here": {plan.Action{Kind: plan.Create, User: user, Want: want,
			Extra: &plan.Extra{Former: 3}},
			"changes former_employee_id kind user"},
		"an adoption names what matched": {plan.Action{Kind: plan.Adopt, User: user, Employee: 7, Want: want,
			Extra: &plan.Extra{Key: "email"}}, "employee_id kind match user"},
		"a termination says how it is known": {plan.Action{Kind: plan.Terminate, User: user, Employee: 7, Reason: "gone",
			Extra: &plan.Extra{Evidence: plan.EvidenceFull}}, "employee_id evidence kind reason user"},
		"a termination tells whom it is of": {plan.Action{Kind: plan.Terminate, User: user, Employee: 7,
			Extra: &plan.Extra{Leaver: &plan.Leaver{Region: "North", JobTitle: "Guard"}}},
			"employee_id job_title kind region user"},
		"of whom only the region is known": {plan.Action{Kind: plan.Terminate, User: user, Employee: 7,
			Extra: &plan.Extra{Leaver: &plan.Leaver{Region: "North"}}}, "employee_id kind region user"},
		"when it was told stays inside": {plan.Action{Kind: plan.Terminate, User: user, Employee: 7,
			Extra: &plan.Extra{Told: now, Retires: &plan.Former{Run: "r1"}}}, "employee_id kind user"},
		"an update has changes": {plan.Action{Kind: plan.Update, User: user, Employee: 7, Want: want, Drift: true,
			Changes: []plan.Change{{Field: plan.City, New: "Faro"}}}, "changes drift employee_id kind user"},
		"a new role has its name":   {plan.Action{Kind: plan.CreateRole, Role: role}, "changes kind role"},
		"a link of a role has none": {plan.Action{Kind: plan.LinkRole, Role: role}, "kind role"},
		"a grant": {plan.Action{Kind: plan.GrantRole, User: user, Employee: 7, Role: role, Replaces: true},
			"employee_id kind replaces role user"},
		"a revoke of a second grant": {plan.Action{Kind: plan.RevokeRole, User: user, Employee: 7, Role: role,
			Extra: &plan.Extra{Grant: 9}}, "employee_id grant_id kind role user"},
		"found done already": {plan.Action{Kind: plan.Terminate, User: user, Employee: 7, Found: true},
			"employee_id found kind user"},
		"somebody is brought back": {plan.Action{Kind: plan.Reactivate, User: user, Employee: 7, Restores: true},
			"employee_id kind restores user"},
	} {
		data, err := json.Marshal(c.action)
		if err != nil {
			t.Fatal(err)
		}
		if got := keysOf(t, data); got != c.want {
			t.Errorf("%s: it has %s, want %s", sentence, got, c.want)
		}
		if data, err = json.Marshal(plan.Held{Action: c.action, Why: "guard: x"}); err != nil {
			t.Fatal(err)
		}
		held := strings.Fields(c.want)
		held = slices.Sorted(slices.Values(append(held, "why")))
		if got := keysOf(t, data); got != strings.Join(held, " ") {
			t.Errorf("%s, held: it has %s, want %s", sentence, got, held)
		}
	}
	for _, text := range []string{`{"why":7}`, `{"kind":7,"why":"x"}`, `[]`} {
		var held plan.Held
		if err := json.Unmarshal([]byte(text), &held); err == nil {
			t.Errorf("%s is read as %+v", text, held)
		}
	}
}

// TestWhatAnActionChangesIsShownFieldByField: for a create everything that is set, for a new
// role its name, else what is listed.
func TestWhatAnActionChangesIsShownFieldByField(t *testing.T) {
	set := plan.Values{plan.Username: "ana", plan.City: "Faro"}
	title := []plan.Change{{Field: plan.JobTitle, Old: "Guard", New: "Chief"}}
	want := &plan.Wanted{Values: set}
	for sentence, c := range map[string]struct {
		action plan.Action
		want   string
	}{
		"a create: all that is set": {plan.Action{Kind: plan.Create, Want: want},
			`username ""→"ana", address.city ""→"Faro"`},
		"a reactivation: all that is set": {plan.Action{Kind: plan.Reactivate, Want: want},
			`username ""→"ana", address.city ""→"Faro"`},
		"a reactivation that lists what it changes": {plan.Action{Kind: plan.Reactivate, Want: want, Changes: title},
			`jobTitle "Guard"→"Chief"`},
		"an update: what is listed": {plan.Action{Kind: plan.Update, Want: want, Changes: title},
			`jobTitle "Guard"→"Chief"`},
		"an update that lists nothing":       {plan.Action{Kind: plan.Update, Want: want}, ""},
		"an adoption changes nothing":        {plan.Action{Kind: plan.Adopt, Want: want}, ""},
		"a create of which nothing is known": {plan.Action{Kind: plan.Create}, ""},
		"a new role: its name": {plan.Action{Kind: plan.CreateRole,
			Role: &plan.RoleRef{Name: "Site"}}, `name ""→"Site"`},
		"a new role without a role": {plan.Action{Kind: plan.CreateRole}, ""},
		"a new role that lists its changes": {plan.Action{Kind: plan.CreateRole, Role: &plan.RoleRef{Name: "x"},
			Changes: title}, `jobTitle "Guard"→"Chief"`},
		"a linked role changes nothing": {plan.Action{Kind: plan.LinkRole, Role: &plan.RoleRef{Name: "Site"}},
			""},
		"a create of somebody with nothing to be sent": {plan.Action{Kind: plan.Create, Want: &plan.Wanted{}}, ""},
	} {
		var got []string
		for _, change := range c.action.FieldChanges() {
			got = append(got, fmt.Sprintf("%s %q→%q", change.Field, change.Old, change.New))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %s, want %s", sentence, text, c.want)
		}
	}
}

// randomPlan is a document of random actions.
func randomPlan(r *rand.Rand) *plan.Document {
	d := document()
	for i := range r.IntN(12) {
		a := plan.Action{Kind: pick(r, plan.Kinds...), Employee: plan.EmployeeID(r.IntN(3)), Drift: r.IntN(2) == 0,
			Found: r.IntN(5) == 0,
			User: plan.UserRef{ID: plan.PersonID(fmt.Sprint("00u", i)),
				Login: pick(r, "", "x\u2028<&>\"\\", "é"), Name: pick(r, "", "Ana 日")},
			Reason: pick(r, "", `"actions":[]`, "]}\n"), Replaces: r.IntN(4) == 0, Restores: r.IntN(4) == 0}
		if r.IntN(2) == 0 {
			a.Role = &plan.RoleRef{ID: plan.RoleID(r.IntN(2)), Name: pick(r, "Site", ""), Group: "00g1"}
		}
		if r.IntN(2) == 0 {
			a.Changes = []plan.Change{{Field: plan.Field(r.IntN(int(plan.NumFields))), Old: pick(r, "", "a"),
				New: pick(r, "", "b\t")}}
		}
		if r.IntN(2) == 0 {
			a.Extra = &plan.Extra{Evidence: pick(r, "", plan.EvidenceFull), Key: pick(r, "", "email"),
				Former: plan.EmployeeID(r.IntN(2)),
				Grant:  7}
		}
		if d.Actions = append(d.Actions, a); r.IntN(3) == 0 {
			d.Held = append(d.Held, plan.Held{Action: a, Why: pick(r, "guard: x", "pending: \"y\"", "")})
		}
	}
	d.Seal()
	return d
}

// TestAPlanIsReadAsItWasWritten, whatever is in it; packed, saved and printed are one text.
func TestAPlanIsReadAsItWasWritten(t *testing.T) {
	r := random(t)
	for range worldsTried / 10 {
		d := randomPlan(r)
		var text bytes.Buffer
		if err := d.WriteJSON(&text); err != nil {
			t.Fatal(err)
		}
		whole, err := json.Marshal(d)
		if err != nil || string(whole)+"\n" != text.String() {
			t.Fatalf("written action by action it is another text: %v\n%s", err, cmp.Diff(string(whole)+"\n", text.String()))
		}
		packed, err := d.Pack()
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
		if err != nil || !bytes.Equal(unpacked, text.Bytes()) {
			t.Fatalf("unpacked it is another text: %v", err)
		}
		read, err := plan.ReadDocument(bytes.NewReader(unpacked))
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := read.WriteJSON(&again); err != nil || again.String() != text.String() || read.Hash != d.Hash {
			t.Fatalf("read and written again it differs: %v\n%s", err, cmp.Diff(text.String(), again.String()))
		}
		if read.GuardHash() != d.GuardHash() {
			t.Fatal("what the guards hold has another hash")
		}
	}
}

// TestTheHashBindsEveryActionToItsPlace: any action that goes, comes, or changes places with
// one before it makes another plan; texts do not.
func TestTheHashBindsEveryActionToItsPlace(t *testing.T) {
	r := random(t)
	for range worldsTried / 10 {
		d := randomPlan(r)
		at := r.IntN(len(d.Actions))
		less, more := *d, *d
		less.Actions = slices.Delete(slices.Clone(d.Actions), at, at+1)
		more.Actions = slices.Insert(slices.Clone(d.Actions), at,
			plan.Action{Kind: plan.Terminate, User: plan.UserRef{ID: "00uNEW"}})
		if less.ComputeHash() == d.Hash || more.ComputeHash() == d.Hash {
			t.Fatalf("an action less, or more, at %d: the same hash", at)
		}
		told := *d
		told.Actions = slices.Clone(d.Actions)
		a := &told.Actions[at]
		a.Reason, a.User.Login, a.User.Name = a.Reason+"x", "other", "Other"
		a.Drift, a.Found, a.Replaces = !a.Drift, !a.Found, !a.Replaces
		told.ID, told.Created, told.Held, told.Warnings, told.Problems = "other", now.Add(time.Hour), nil, nil, nil
		if told.ComputeHash() != d.Hash {
			t.Fatalf("texts change the hash of %s", a.Kind)
		}
	}
	// Texts that run into one another are not one: of the users asked for, and of the fields.
	for name, pair := range map[string][2]plan.Document{
		"users": {{Options: plan.Options{User: []string{"ab", "c"}}},
			{Options: plan.Options{User: []string{"a", "bc"}}}},
		"systems":         {{Okta: plan.OktaID{Org: "a", App: "bc"}}, {Okta: plan.OktaID{Org: "ab", App: "c"}}},
		"a user and none": {{Options: plan.Options{User: []string{""}}}, {}},
		"values": {{Actions: []plan.Action{{Kind: plan.Update,
			Changes: []plan.Change{{Field: plan.City, Old: "ab", New: "c"}}}}},
			{Actions: []plan.Action{{Kind: plan.Update, Changes: []plan.Change{{Field: plan.City, Old: "a", New: "bc"}}}}}},
		"a role's id and its group's": {{Actions: []plan.Action{{Kind: plan.GrantRole,
			Role: &plan.RoleRef{ID: 1, Group: "2"}}}},
			{Actions: []plan.Action{{Kind: plan.GrantRole, Role: &plan.RoleRef{ID: 12}}}}},
	} {
		if pair[0].ComputeHash() == pair[1].ComputeHash() {
			t.Errorf("%s: two plans have one hash", name)
		}
	}
}

// brokenPipe fails after so many bytes.
type brokenPipe struct{ left int }

func (w *brokenPipe) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errors.New("the disk is full")
	}
	return len(p), nil
}

// TestAPlanThatCannotBeWrittenSaysSo, wherever it breaks off.
func TestAPlanThatCannotBeWrittenSaysSo(t *testing.T) {
	d := document()
	var text bytes.Buffer
	if err := d.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	for left := range text.Len() {
		if err := d.WriteJSON(&brokenPipe{left}); err == nil || !strings.Contains(err.Error(), "the disk is full") {
			t.Fatalf("%d of %d bytes are written, and it says %v", left, text.Len(), err)
		}
	}
	if err := d.WriteJSON(&brokenPipe{text.Len()}); err != nil {
		t.Errorf("written whole: %v", err)
	}
}

// TestAPlanThatWasMadeHasAHash, and one that was not says why and can be neither applied nor
// taken for a plan without actions.
func TestAPlanThatWasMadeHasAHash(t *testing.T) {
	d := document()
	if !d.Made() || d.Version != plan.DocumentVersion || d.Pending() != len(d.Actions) {
		t.Errorf("made %v, version %d, %d pending", d.Made(), d.Version, d.Pending())
	}
	refusedByGuard := document()
	refusedByGuard.Guard.OK = true
	refusedByGuard.Fail(errors.New("no answer"))
	if refusedByGuard.Made() || refusedByGuard.Guard.OK || refusedByGuard.Error != "no answer" {
		t.Errorf("with a refusal: made %v, ok %v, %q", refusedByGuard.Made(), refusedByGuard.Guard.OK, refusedByGuard.Error)
	}
	var empty plan.Document
	empty.Fail(errors.New("no answer"))
	if empty.Made() || !empty.Guard.OK || empty.Actions == nil || empty.Options.User == nil {
		t.Errorf("it is %+v", empty)
	}
}

package plan_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

// TestTheOrderOfAPlan: what gives a role or a name free comes before what takes it,
// and a role is granted before one is revoked.
func TestTheOrderOfAPlan(t *testing.T) {
	for _, pair := range [][2]plan.Kind{
		{plan.RenameRole, plan.LinkRole}, {plan.RenameRole, plan.CreateRole}, {plan.Terminate, plan.Update}, {plan.Update, plan.Create},
		{plan.Terminate, plan.Create}, {plan.Terminate, plan.Reactivate}, {plan.Adopt, plan.Update}, {plan.CreateRole, plan.GrantRole},
		{plan.Create, plan.GrantRole}, {plan.Reactivate, plan.GrantRole}, {plan.GrantRole, plan.RevokeRole},
	} {
		if slices.Index(plan.Kinds, pair[0]) >= slices.Index(plan.Kinds, pair[1]) {
			t.Errorf("%s does not come before %s", pair[0], pair[1])
		}
	}
}

// TestWhatAKindDoes.
func TestWhatAKindDoes(t *testing.T) {
	for _, k := range plan.Kinds {
		if want := k != plan.Adopt && k != plan.LinkRole; k.Writes() != want {
			t.Errorf("%s writes: %v", k, k.Writes())
		}
		if want := k == plan.Terminate || k == plan.RevokeRole; k.Removes() != want {
			t.Errorf("%s removes: %v", k, k.Removes())
		}
	}
}

// TestARefStaysTheSame while an action is carried out: an employee that is made has no
// part in the name of its create.
func TestARefStaysTheSame(t *testing.T) {
	a := plan.Action{Kind: plan.Create, User: plan.UserRef{ID: "00uANA"}}
	before := a.Ref()
	a.Employee, a.Reason = 7, "x"
	if a.Ref() != before {
		t.Errorf("%+v, then %+v", before, a.Ref())
	}
	g := plan.Action{Kind: plan.GrantRole, User: plan.UserRef{ID: "00uANA"}, Employee: 7, Role: role(5, "g1")}
	if got, want := g.Ref(), (plan.ActionRef{Kind: plan.GrantRole, Person: "00uANA", Employee: 7, Role: 5, Group: "g1"}); got != want {
		t.Errorf("%+v", got)
	}
}

// TestAnActionsDigest tells other data apart, and nothing else.
func TestAnActionsDigest(t *testing.T) {
	base := func() plan.Action {
		return plan.Action{Kind: plan.Update, User: plan.UserRef{ID: "00uANA"}, Employee: 7, Role: role(5, "g1"),
			Changes: []plan.Change{{Field: plan.City, Old: "a", New: "b"}}}
	}
	first := base()
	same := func(change func(*plan.Action)) bool {
		a := base()
		change(&a)
		return a.Digest() == first.Digest()
	}
	if !same(func(a *plan.Action) { a.Reason, a.Extra, a.Changes[0].Old = "x", &plan.Extra{Evidence: "y"}, "z" }) {
		t.Error("texts and old values count")
	}
	for name, change := range map[string]func(*plan.Action){
		"kind": func(a *plan.Action) { a.Kind = plan.Create }, "employee": func(a *plan.Action) { a.Employee++ },
		"role": func(a *plan.Action) { a.Role = role(6, "g1") }, "role's name": func(a *plan.Action) { a.Role = role(5, "g2") },
		"no role": func(a *plan.Action) { a.Role = nil }, "field": func(a *plan.Action) { a.Changes[0].Field = plan.State },
		"value": func(a *plan.Action) { a.Changes[0].New = "c" }, "no changes": func(a *plan.Action) { a.Changes = nil },
	} {
		if same(change) {
			t.Errorf("another %s, the same digest", name)
		}
	}
	create := plan.Action{Kind: plan.Create, Want: &plan.Wanted{Values: anaValues()}}
	before := create.Digest()
	if create.Want.Values[plan.City] = "Faro"; create.Digest() == before {
		t.Error("a create of other values has the same digest")
	}
}

// TestAnActionsJSONRoundTrip, of every kind, alone and held.
func TestAnActionsJSONRoundTrip(t *testing.T) {
	for _, a := range document().Actions {
		data, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var read plan.Action
		if err := json.Unmarshal(data, &read); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		a.Changes, a.Want = a.FieldChanges(), nil
		if diff := cmp.Diff(a, read); diff != "" {
			t.Errorf("%s (-saved +read):\n%s", a.Kind, diff)
		}
		held := plan.Held{Action: a, Why: "guard: x"}
		if data, err = json.Marshal(held); err != nil {
			t.Fatal(err)
		}
		var back plan.Held
		if err := json.Unmarshal(data, &back); err != nil || cmp.Diff(held, back) != "" {
			t.Errorf("held %s: %v\n%s", a.Kind, err, cmp.Diff(held, back))
		}
	}
	for _, text := range []string{`{"changes":[{"field":"shoeSize"}]}`, `{"employee_id":"seven"}`, `[]`, `{"changes":{}}`} {
		var a plan.Action
		if err := json.Unmarshal([]byte(text), &a); err == nil {
			t.Errorf("%s is read as %+v", text, a)
		}
	}
}

// TestFieldsAreKnownByTheirNames.
func TestFieldsAreKnownByTheirNames(t *testing.T) {
	seen := map[string]bool{}
	for f := plan.Field(0); f < plan.NumFields; f++ {
		name := f.String()
		if back, ok := plan.ParseField(name); !ok || back != f || seen[name] || name == "" {
			t.Errorf("field %d: %q is read as %d, %v", f, name, back, ok)
		}
		seen[name] = true
	}
	if _, ok := plan.ParseField(plan.RoleNameField); ok || plan.NumFields.String() != plan.RoleNameField {
		t.Error("a role's name is a field of an employee")
	}
	for _, name := range []string{"username", "firstName", "lastName", "email", "jobTitle", "primaryPhone", "address.addressLine1", "address.city",
		"address.state", "address.postalCode", "address.country", "language", "customId", "region", "secondaryPhone"} {
		if !seen[name] {
			t.Errorf("the contract's field %q is missing", name)
		}
	}
}

// TestFieldSets.
func TestFieldSets(t *testing.T) {
	var s plan.FieldSet
	for f := plan.Field(0); f < plan.NumFields; f++ {
		if s.Has(f) {
			t.Errorf("%s is in an empty set", f)
		}
		if one := s.With(f); !one.Has(f) || one.Without(f) != s || one.With(f) != one {
			t.Errorf("%s does not come and go", f)
		}
	}
	s = s.With(plan.AddressFields[:]...)
	for _, f := range plan.AddressFields {
		if !s.Has(f) {
			t.Errorf("%s is missing", f)
		}
	}
	if s.Without(plan.AddressFields[:]...) != 0 || s.Has(plan.Username) {
		t.Errorf("the set is %b", s)
	}
}

// TestWhatIsUnfinishedIsOpen: each of these is looked at again without a change in Okta.
func TestWhatIsUnfinishedIsOpen(t *testing.T) {
	if (plan.Link{SeenDeprovisioned: true, Kept: true, LastRepair: "x"}).Open() {
		t.Error("a link in order is open")
	}
	for name, l := range map[string]plan.Link{
		"not visible": {NotVisibleSince: &now}, "unassigned": {UnassignedSince: &now}, "ended elsewhere": {ElsewhereStatus: "BANNED"}, "restored": {Restored: true},
	} {
		if !l.Open() {
			t.Errorf("%s: not open", name)
		}
	}
}

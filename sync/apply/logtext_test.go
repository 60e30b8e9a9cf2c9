package apply

import (
	"testing"

	"tracktik-sync/sync/plan"
)

func TestTheLogRepeatsNobodysValues(t *testing.T) {
	want := &plan.Wanted{Email: "ana@mail.example"}
	want.Values[plan.Username], want.Values[plan.Email] = "ana.silva@acme.example", "ana.silva@acme.example"
	want.Values[plan.FirstName], want.Values[plan.LastName], want.Values[plan.Region] = "Ana", "Silva", "Lisbon"
	create := &plan.Action{Kind: plan.Create, User: plan.UserRef{ID: "00u1", Login: "ana"}, Want: want}
	update := &plan.Action{Kind: plan.Update, User: plan.UserRef{ID: "00u1"}, Changes: []plan.Change{{Field: plan.JobTitle, Old: "Guard (night)", New: "Chief"}}}
	for _, c := range []struct {
		action     *plan.Action
		text, want string
	}{
		{create, "409: Email ANA.Silva@acme.example is taken in Lisbon", "409: Email … is taken in Lisbon"},
		{create, "Ana Silva, ana@mail.example", "… …, …"},
		{create, "409: duplicate", "409: duplicate"},
		{update, "jobTitle: 'Guard (night)' became 'chief'", "jobTitle: '…' became '…'"},
		{&plan.Action{Kind: plan.CreateRole}, "409: duplicate", "409: duplicate"},
	} {
		if got := unnamed(c.action, c.text); got != c.want {
			t.Errorf("%q is logged as %q, want %q", c.text, got, c.want)
		}
	}
}

package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func leaver() Retiree {
	return Retiree{Employee: stray(), Standing: Standing{Class: LeftOkta, User: user("DEPROVISIONED"), Why: "user 00u1 is DEPROVISIONED in Okta"}}
}

func TestNobodyIsRetiredWhoShouldNotBe(t *testing.T) {
	for code, change := range map[string]func(*Retiree, *Policy){
		RetireNotFound:                            func(r *Retiree, _ *Policy) { r.Missing = true },
		RetireManaged:                             func(r *Retiree, _ *Policy) { r.Owner = "00u9" },
		RetireNotActive:                           func(r *Retiree, _ *Policy) { r.Employee.Status = "INACTIVE" },
		RetireNotActive + " for a ban":            func(r *Retiree, _ *Policy) { r.Employee.Status = StatusBanned },
		string(NotAssigned):                       func(r *Retiree, _ *Policy) { r.Standing.Class = NotAssigned },
		string(Nobody):                            func(r *Retiree, _ *Policy) { r.Standing.Class = Nobody },
		string(Doubtful):                          func(r *Retiree, _ *Policy) { r.Standing.Class = Doubtful },
		RetireProtected + " by id":                func(_ *Retiree, pol *Policy) { pol.Own = 40 },
		RetireProtected + " by username":          func(_ *Retiree, pol *Policy) { pol.OwnUsername = "ADA@acme.example" },
		RetireProtected + " by the login":         func(_ *Retiree, pol *Policy) { pol.Protected = []string{"ada@acme.*"} },
		RetireProtected + " by TrackTik's e-mail": func(_ *Retiree, pol *Policy) { pol.Protected = []string{"ada@mail.*"} },
		RetireRole:                                func(r *Retiree, _ *Policy) { r.Admin = true },
		RetireUnconfirmed:                         func(r *Retiree, _ *Policy) { r.Doubt = "no grants are shown" },
		RetirePending:                             func(r *Retiree, _ *Policy) { r.Pending = "may or may not have happened" },
	} {
		t.Run(code, func(t *testing.T) {
			r, pol := leaver(), Policy{}
			change(&r, &pol)
			d := Retire(&r, &pol)
			if len(d.Actions)+len(d.Held)+len(d.Warnings) > 0 || len(d.Problems) != 1 || d.Problems[0].Code != codeOf(code) || d.Problems[0].Employee != 40 {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestWhoIsTerminatedAlreadyIsNoProblem(t *testing.T) {
	r := leaver()
	r.Employee.Status = StatusTerminated
	if d := Retire(&r, &Policy{}); len(d.Warnings) != 1 || d.Warnings[0].Code != WarningAlreadyEnded || len(d.Actions)+len(d.Problems) > 0 {
		t.Errorf("%+v", d)
	}
}

// What is never ours is not on record as ours: a restore would have it cleared later.
func TestARetirementKeepsWhatARestoreNeeds(t *testing.T) {
	r := leaver()
	r.Employee.Values[JobTitle], r.Employee.Values[CustomID] = "Guard", "C-7"
	r.Roles = []UserRole{{ID: 3, Employee: 40, Role: 12}}
	d := Retire(&r, &Policy{})
	if len(d.Actions) != 1 {
		t.Fatalf("%+v", d)
	}
	a := d.Actions[0]
	if a.Kind != Terminate || a.User != (UserRef{ID: "00u1", Login: "ada@acme.example"}) || a.Employee != 40 || a.Extras().Evidence != EvidenceFull || a.Reason == "" || a.Found {
		t.Errorf("%+v", a)
	}
	want := &Former{Link: Link{Person: "00u1", Employee: 40, How: HowRetired, Login: "ada@acme.example", Email: "ada@acme.example", PushedRegion: 7,
		SeenDeprovisioned: true}, Roles: []Grant{{Role: 12, Person: "00u1", ID: 3, Employee: 40, How: HowAdopted}}}
	for _, f := range RequiredFields {
		want.Link.Pushed[f] = r.Employee.Values[f]
	}
	if diff := cmp.Diff(want, a.Extras().Retires); diff != "" {
		t.Errorf("what is kept (-want +got):\n%s", diff)
	}
}

func TestNothingIsAskedAboutWhomNobodyMayRetire(t *testing.T) {
	for name, change := range map[string]func(*Retiree){
		"missing": func(r *Retiree) { r.Missing = true },
		"managed": func(r *Retiree) { r.Owner = "00u9" },
		"ended":   func(r *Retiree) { r.Employee.Status = StatusTerminated },
		"own":     func(r *Retiree) { r.Employee.ID = 99 },
	} {
		r, pol := leaver(), Policy{Own: 99}
		if !r.Askable(&pol) {
			t.Fatal("a leaver is asked about")
		}
		if change(&r); r.Askable(&pol) {
			t.Errorf("%s: is asked about", name)
		}
	}
}

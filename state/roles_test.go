package state

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

func TestGroupAndItsMembersComeAndGoTogether(t *testing.T) {
	db := create(t)
	g := plan.GroupLink{Group: "00g1", Name: "Site Airport", Role: 7, RoleName: "Site Airport", How: plan.HowCreated, Stamp: "2026-11-24T05:00:00.000Z"}
	h := plan.GroupLink{Group: "00g2", Name: "Site Bank"}
	commit(t, db, plan.Batch{Groups: []plan.GroupLink{h, g}, Members: []plan.Membership{
		{Group: "00g1", Members: []plan.PersonID{"00u3", "00u1", "00u3"}}, {Group: "00g2"}}})
	if got := must[[]plan.GroupLink](t)(db.Groups()); !cmp.Equal(got, []plan.GroupLink{g, h}) {
		t.Error(cmp.Diff([]plan.GroupLink{g, h}, got))
	}
	if got, found, err := db.Group("00g2"); err != nil || !found || got != h {
		t.Errorf("group is %+v %v %v", got, found, err)
	}
	for group, want := range map[plan.GroupID]struct {
		members []plan.PersonID
		known   bool
	}{
		"00g1": {[]plan.PersonID{"00u1", "00u3"}, true},
		"00g2": {nil, true}, // known to be empty
		"00g3": {nil, false},
	} {
		got, known, err := db.Members(group)
		if err != nil || known != want.known || !slices.Equal(got, want.members) {
			t.Errorf("members of %s are %v %v %v, want %v", group, got, known, err, want)
		}
	}
	commit(t, db, plan.Batch{DropGroups: []plan.GroupID{"00g1"}})
	if _, known, err := db.Members("00g1"); known || err != nil {
		t.Errorf("the members stayed: %v %v", known, err)
	}
	if _, found, err := db.Group("00g1"); found || err != nil {
		t.Errorf("the group stayed: %v %v", found, err)
	}
}

func TestGrantsAreFoundByRoleAndByPerson(t *testing.T) {
	db := create(t)
	grant := func(role plan.RoleID, id plan.PersonID) plan.Grant {
		return plan.Grant{Role: role, Person: id, ID: plan.GrantID(role) * 100, Employee: 1, Group: "00g1", How: plan.HowCreated, Since: morning}
	}
	a, b, c := grant(1, "00u1"), grant(1, "00u2"), grant(256, "00u1")
	commit(t, db, plan.Batch{Grants: []plan.Grant{c, b, a}})
	for name, got := range map[string]struct {
		have []plan.Grant
		want []plan.Grant
	}{
		"all":       {must[[]plan.Grant](t)(collect(db.Grants())), []plan.Grant{a, b, c}},
		"of 00u1":   {must[[]plan.Grant](t)(db.GrantsOf("00u1")), []plan.Grant{a, c}},
		"of 00u":    {must[[]plan.Grant](t)(db.GrantsOf("00u")), nil},
		"with 1":    {must[[]plan.Grant](t)(db.GrantsWith(1)), []plan.Grant{a, b}},
		"with 2":    {must[[]plan.Grant](t)(db.GrantsWith(2)), nil},
		"with 256":  {must[[]plan.Grant](t)(db.GrantsWith(256)), []plan.Grant{c}},
		"of nobody": {must[[]plan.Grant](t)(db.GrantsOf("")), nil},
	} {
		if !cmp.Equal(got.have, got.want) {
			t.Errorf("%s: %s", name, cmp.Diff(got.want, got.have))
		}
	}
	a.Stuck = true
	commit(t, db, plan.Batch{Grants: []plan.Grant{a}, DropGrants: []plan.GrantKey{c.Key(), {Role: 9, Person: "00u9"}}})
	if got := must[[]plan.Grant](t)(db.GrantsOf("00u1")); !cmp.Equal(got, []plan.Grant{a}) {
		t.Error(cmp.Diff([]plan.Grant{a}, got))
	}
}

func TestTroublesLastUntilCured(t *testing.T) {
	db := create(t)
	next := morning.Add(3600e9)
	a := plan.Trouble{Person: "00u1", Code: plan.ProblemRefused, Kind: plan.Create, Since: morning, Last: morning, Attempts: 1, NextTry: &next}
	b := plan.Trouble{Person: "00u1", Code: plan.ProblemUnknownRegion, Since: morning}
	c := plan.Trouble{Group: "00g1", Code: plan.ProblemRefused, Kind: plan.RenameRole}
	commit(t, db, plan.Batch{Troubles: []plan.Trouble{a, b, c}})
	a.Attempts = 2
	commit(t, db, plan.Batch{Troubles: []plan.Trouble{a}, Cured: []string{b.Key(), "nobody||"}})
	got := must[[]plan.Trouble](t)(db.Troubles())
	if want := []plan.Trouble{a, c}; !cmp.Equal(got, want) && !cmp.Equal(got, []plan.Trouble{c, a}) {
		t.Error(cmp.Diff(want, got))
	}
}

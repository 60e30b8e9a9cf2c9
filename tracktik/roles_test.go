package tracktik

import (
	"slices"
	"testing"

	"tracktik-sync/sync/plan"
)

func TestNewRoleIsForTheStaffPortalInAllRegions(t *testing.T) {
	p := newPortal(t, always(201, `{"data":{"id":12}}`))
	role, err := client(t, p, nil).CreateRole(t.Context(), "Patrol", "members of the Okta group Patrol")
	ok(t, err)
	wantSent(t, p, "POST", "/roles", `{"name":"Patrol","description":"members of the Okta group Patrol","portal":"STAFF","order":0,"isGlobal":true}`)
	if role != (plan.Role{ID: 12, Name: "Patrol", Description: "members of the Okta group Patrol", Portal: "STAFF"}) {
		t.Errorf("got %+v", role)
	}
}

func TestRoleIsRenamedByItsNameAlone(t *testing.T) {
	p := newPortal(t, always(200, `{"data":{"id":12}}`))
	ok(t, client(t, p, nil).RenameRole(t.Context(), 12, "Patrols"))
	wantSent(t, p, "PATCH", "/roles/12", `{"name":"Patrols"}`)
}

func TestTerminatedRolesAreGone(t *testing.T) {
	p := newPortal(t, inTurn(
		always(200, `{"meta":{"count":2},"data":[{"id":1,"name":"Guard","portal":"STAFF"},{"id":2,"name":"Old","status":"TERMINATED"}]}`),
		always(200, `{"data":{"id":2,"name":"Old","status":"TERMINATED"}}`), always(200, `{"data":{"id":1,"name":"Guard"}}`)))
	c := client(t, p, nil)
	roles, err := c.Roles(t.Context())
	ok(t, err)
	if len(roles) != 1 || roles[0].Name != "Guard" || roles[0].Portal != "STAFF" {
		t.Errorf("got %+v", roles)
	}
	_, found, err := c.Role(t.Context(), 2)
	ok(t, err)
	role, guard, err := c.Role(t.Context(), 1)
	ok(t, err)
	if found || !guard || role.ID != 1 {
		t.Errorf("terminated found %v, guard found %v as %+v", found, guard, role)
	}
}

func TestRevokeNamesTheGrant(t *testing.T) {
	p := newPortal(t, always(200, `{"message":"deleted"}`))
	ok(t, client(t, p, nil).Revoke(t.Context(), 77))
	wantSent(t, p, "DELETE", "/user-roles/77", "")
}

func TestGrantsAreFilteredAndTheFilterIsNotTrusted(t *testing.T) {
	const mixed = `{"meta":{"count":3},"data":[{"id":1,"user":31,"role":3},{"id":2,"user":{"id":32},"role":{"id":3}},{"id":3,"user":null,"role":4}]}`
	p := newPortal(t, always(200, mixed))
	c := client(t, p, nil)
	of, err := c.UserRolesOf(t.Context(), 31)
	ok(t, err)
	with, err := c.UserRolesWith(t.Context(), 3)
	ok(t, err)
	if !slices.Equal(of, []plan.UserRole{{ID: 1, Employee: 31, Role: 3}}) || len(with) != 2 {
		t.Errorf("of 31: %v, with 3: %v", of, with)
	}
	calls := p.requests()
	if calls[0].query.Get("user.id") != "31" || calls[1].query.Get("role.id") != "3" || calls[0].query.Get("includeInactive") != "true" {
		t.Errorf("asked for %v and %v", calls[0].query, calls[1].query)
	}
	_, err = c.UserRolesOf(t.Context(), 99)
	if e := wantError(t, err); !e.Broken() || !e.Unfiltered() {
		t.Errorf("an answer about others is taken for none: %v", e)
	}
	for status, want := range map[int]bool{400: true, 500: false, 403: false} {
		_, err := client(t, newPortal(t, always(status, `{"status":400,"error":"user.id is not a field in user-roles"}`)), nil).UserRolesOf(t.Context(), 31)
		if e := wantError(t, err); e.Unfiltered() != want {
			t.Errorf("%d: unfiltered is %v", status, e.Unfiltered())
		}
	}
}

func TestAGrantIsGoneOnlyByThePortalsOwnWord(t *testing.T) {
	p := newPortal(t, inTurn(
		always(200, `{"data":{"id":77,"user":{"id":31},"role":3}}`), always(404, `{"status":404,"error":"not found"}`),
		always(404, `<html>`), always(200, `{"data":{"id":78,"user":31,"role":3}}`)))
	c := client(t, p, nil)
	g, found, err := c.UserRole(t.Context(), 77)
	ok(t, err)
	if !found || g != (plan.UserRole{ID: 77, Employee: 31, Role: 3}) {
		t.Errorf("got %+v, found %v", g, found)
	}
	wantSent(t, p, "GET", "/user-roles/77", "")
	if _, found, err := c.UserRole(t.Context(), 77); found || err != nil {
		t.Errorf("a grant that is gone: found %v, %v", found, err)
	}
	for _, answer := range []string{"another server's 404", "another grant"} {
		if _, _, err := c.UserRole(t.Context(), 77); err == nil || !wantError(t, err).Broken() {
			t.Errorf("%s is believed: %v", answer, err)
		}
	}
}

func TestRegionsAndReasonsAreReadAsThePortalWritesThem(t *testing.T) {
	p := newPortal(t, inTurn(
		always(200, `{"meta":{"count":2},"data":[{"id":1,"name":"HQ","parentRegion":null,"timeZone":"America/Toronto"},{"id":2,"name":"North","parentRegion":{"id":1}}]}`),
		always(200, `[{"id":5,"name":"Resigned","commentRequired":false},{"id":6,"name":"Dismissed","commentRequired":"1"},{"id":7,"label":"Retired"}]`)))
	c := client(t, p, nil)
	regions, err := c.Regions(t.Context())
	ok(t, err)
	if want := []plan.RegionRecord{{ID: 1, Name: "HQ", TimeZone: "America/Toronto"}, {ID: 2, Name: "North", Parent: 1}}; !slices.Equal(regions, want) {
		t.Errorf("got %+v, want %+v", regions, want)
	}
	reasons, err := c.TerminationReasons(t.Context())
	ok(t, err)
	if want := []plan.TerminationReason{{ID: 5, Label: "Resigned"}, {ID: 6, Label: "Dismissed", NeedsComment: true}, {ID: 7, Label: "Retired"}}; !slices.Equal(reasons, want) {
		t.Errorf("got %+v, want %+v", reasons, want)
	}
}

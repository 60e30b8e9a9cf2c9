package tracktiktest_test

import (
	"fmt"
	"testing"

	"tracktik-sync/tracktik/tracktiktest"
)

const nights = `{"name":"Nights","description":"from Okta","portal":"STAFF","order":0,"isGlobal":true}`

func TestRoleNeedsNameDescriptionPortalAndOrder(t *testing.T) {
	c := open(t)
	got := c.must(201, "POST", "/roles", nights)
	if got["name"] != "Nights" || got["portal"] != "STAFF" || got["isGlobal"] != true || got["order"] != 0.0 || got["permissions"] != nil {
		t.Errorf("got %v", got)
	}
	for body, text := range map[string]string{
		`{"description":"d","portal":"STAFF","order":0}`:                       "name is required",
		`{"name":"n","portal":"STAFF","order":0}`:                              "description is required",
		`{"name":"n","description":"d","order":0}`:                             "portal is required",
		`{"name":"n","description":"d","portal":"STAFF"}`:                      "order is required",
		`{"name":"n","description":"d","portal":"GUARD","order":0}`:            "portal must be",
		`{"name":"n","description":"d","portal":"STAFF","order":0,"region":9}`: "region 9 does not exist",
		`{"name":"n","description":"d","portal":"STAFF","order":0,"users":[]}`: "users is not a field in roles",
	} {
		c.refused(400, text, "POST", "/roles", body)
	}
}

func TestRoleIsRenamedUnlessItIsADefaultOne(t *testing.T) {
	c := open(t)
	path := at("/roles/%v", c.must(201, "POST", "/roles", nights)["id"])
	if got := c.must(200, "PATCH", path, `{"name":"Late"}`); got["name"] != "Late" || got["isGlobal"] != true {
		t.Errorf("patched %v", got)
	}
	if got := c.must(200, "PUT", path, `{"name":"Dawn","description":"d","portal":"STAFF","order":3}`); got["isGlobal"] != false || got["order"] != 3.0 {
		t.Errorf("put %v", got)
	}
	c.refused(403, "superuser", "PATCH", "/roles/2", `{"name":"Late"}`)
	c.refused(403, "superuser", "POST", "/roles/2/actions/terminate", `{}`)
	c.refused(404, "", "PATCH", "/roles/99", `{"name":"Late"}`)
}

func TestRoleNamesAreUniqueWhereThePortalSaysSo(t *testing.T) {
	c := open(t)
	c.must(201, "POST", "/roles", nights)
	c.must(201, "POST", "/roles", nights)
	c.srv.Configure(func(s *tracktiktest.Server) { s.Rules.UniqueRoleNames = true })
	c.refused(409, "name is already in use", "POST", "/roles", nights)
}

func TestTerminatedRoleIsGoneFromItsHoldersToo(t *testing.T) {
	for name, stay := range map[string]bool{"gone": false, "stays readable": true} {
		t.Run(name, func(t *testing.T) {
			c := open(t, func(s *tracktiktest.Server) { s.Rules.TerminatedRolesStay = stay })
			role := c.srv.AddRole(tracktiktest.Role{Name: "Nights"})
			c.guard(7, "ada")
			if _, err := c.srv.Grant(7, role); err != nil {
				t.Fatal(err)
			}
			c.must(200, "POST", at("/roles/%d/actions/terminate", role), `{}`)
			if roles := c.srv.RolesOf(7); len(roles) != 0 {
				t.Errorf("roles %v", roles)
			}
			c.refused(400, "does not exist", "POST", "/user-roles", at(`{"user":7,"role":%d}`, role))
			if !stay {
				c.refused(404, "", "GET", at("/roles/%d", role), "")
				return
			}
			if got := c.must(200, "GET", at("/roles/%d", role), ""); got["status"] != "TERMINATED" {
				t.Errorf("got %v", got)
			}
			if got := c.ids("/roles?name=nights"); got != "" {
				t.Errorf("in the plain list: %s", got)
			}
			c.refused(400, "already terminated", "POST", at("/roles/%d/actions/terminate", role), `{}`)
		})
	}
}

func TestGrantNeedsAPersonAndARole(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	got := c.must(201, "POST", "/user-roles", `{"user":7,"role":2}`)
	if len(got) != 3 || got["user"] != 7.0 || got["role"] != 2.0 {
		t.Errorf("got %v", got)
	}
	c.must(200, "GET", at("/user-roles/%v", got["id"]), "")
	c.refused(409, "already", "POST", "/user-roles", `{"user":7,"role":2}`)
	c.refused(400, "user 99 does not exist", "POST", "/user-roles", `{"user":99,"role":2}`)
	c.refused(400, "role 99 does not exist", "POST", "/user-roles", `{"user":7,"role":99}`)
	c.refused(400, "role is required", "POST", "/user-roles", `{"user":7}`)
	c.refused(405, "", "PUT", at("/user-roles/%v", got["id"]), `{"user":7,"role":3}`)
}

func TestGrantsAreFoundByPersonAndRole(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	c.guard(8, "bob")
	c.srv.SeedGrants(tracktiktest.Grant{ID: 50, Employee: 7, Role: 2}, tracktiktest.Grant{ID: 51, Employee: 8, Role: 2},
		tracktiktest.Grant{ID: 52, Employee: 7, Role: 3})
	for query, want := range map[string]string{"user.id=7": "50 52", "user=8": "51", "role.id=2": "50 51",
		"user.id=7&role.id=3": "52", "user.id:in=7,8&id:gt=50": "51 52", "user.id=9": ""} {
		if got := c.ids("/user-roles?" + query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if got := c.list("/user-roles?id=50&include=role").Data[0]["role"].(map[string]any)["name"]; got != "Guard" {
		t.Errorf("embedded role %v", got)
	}
}

func TestLastRoleSticks(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	c.srv.SeedGrants(tracktiktest.Grant{ID: 50, Employee: 7, Role: 2}, tracktiktest.Grant{ID: 51, Employee: 7, Role: 3})
	if status, body := c.call("DELETE", "/user-roles/50", ""); status != 200 || body != `{"message":"The record was deleted"}` {
		t.Errorf("got %d %s", status, body)
	}
	c.refused(400, "last role", "DELETE", "/user-roles/51", "")
	c.refused(404, "", "DELETE", "/user-roles/50", "")
	c.srv.Configure(func(s *tracktiktest.Server) { s.Rules.LastRoleRemovable = true })
	if status, _ := c.call("DELETE", "/user-roles/51", ""); status != 200 {
		t.Errorf("status %d", status)
	}
}

func TestUserIDsMayDifferFromEmployeeIDs(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.UserIDOffset = 500 })
	c.guard(7, "ada")
	c.must(201, "POST", "/user-roles", `{"user":507,"role":2}`)
	if roles := c.srv.RolesOf(7); len(roles) != 1 {
		t.Errorf("roles %v", roles)
	}
	c.refused(400, "user 7 does not exist", "POST", "/user-roles", `{"user":7,"role":3}`)
	if got := c.list("/user-roles?user.id=507").Data; len(got) != 1 || got[0]["user"] != 507.0 {
		t.Errorf("got %v", got)
	}
}

func TestARoleIsGrantedTwiceOnlyWhereThePortalSaysSo(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.GrantsRepeat = true })
	c.guard(7, "ada")
	first, second := c.must(201, "POST", "/user-roles", `{"user":7,"role":2}`), c.must(201, "POST", "/user-roles", `{"user":7,"role":2}`)
	if first["id"] == second["id"] {
		t.Errorf("both are grant %v", first["id"])
	}
	c.must(200, "DELETE", at("/user-roles/%v", second["id"]), "")
	if got := c.ids("/user-roles?user.id=7"); got != fmt.Sprint(first["id"]) {
		t.Errorf("left: %s", got)
	}
}

func TestGrantsMayNameEmployeesWhereRecordsShowUsers(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.UserIDOffset, s.Rules.GrantsTakeEmployees = 500, true })
	c.guard(7, "ada")
	if g := c.must(201, "POST", "/user-roles", `{"user":7,"role":2}`); g["user"] != 507.0 {
		t.Errorf("got %v", g)
	}
	if got := c.list("/user-roles?user.id=7").Data; len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestFiltersMayBeRefusedOrIgnored(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) {
		s.Rules.RefusedFilters, s.Rules.IgnoredFilters = []string{"user.id"}, []string{"role.id"}
	})
	c.guard(7, "ada")
	c.srv.SeedGrants(tracktiktest.Grant{ID: 50, Employee: 7, Role: 2})
	c.refused(400, "user.id is not a field in user-roles", "GET", "/user-roles?user.id=7", "")
	if got, all := c.ids("/user-roles?role.id=4"), c.ids("/user-roles"); got != all {
		t.Errorf("role.id is not ignored: %s of %s", got, all)
	}
}

func TestUnlistedGrantsAreThereByTheirIDs(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.GrantsUnlisted = true })
	c.guard(7, "ada")
	c.srv.SeedGrants(tracktiktest.Grant{ID: 50, Employee: 7, Role: 2})
	for _, query := range []string{"", "?user.id=7", "?role.id=2"} {
		if p := c.list("/user-roles" + query); len(p.Data) > 0 || p.Meta.Count != 0 {
			t.Errorf("%s: %v", query, p)
		}
	}
	c.must(200, "GET", "/user-roles/50", "")
}

func TestWritesOfGrantsMayHaveNoEffect(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.GrantsVanish, s.Rules.RevokeIneffective = true, true })
	c.guard(7, "ada")
	c.srv.SeedGrants(tracktiktest.Grant{ID: 50, Employee: 7, Role: 2}, tracktiktest.Grant{ID: 51, Employee: 7, Role: 3})
	made := c.must(201, "POST", "/user-roles", `{"user":7,"role":4}`)
	c.refused(404, "", "GET", at("/user-roles/%v", made["id"]), "")
	c.must(200, "DELETE", "/user-roles/50", "")
	if got := c.ids("/user-roles?user.id=7"); got != "50 51" {
		t.Errorf("held: %s", got)
	}
}

package tracktiktest_test

import (
	"net/http"
	"testing"

	"tracktik-sync/tracktik/tracktiktest"
)

func TestAPortalOfOtherMannersRefusesWhatItIsToldTo(t *testing.T) {
	type rules = tracktiktest.Rules
	for name, test := range map[string]struct {
		set    func(*rules)
		status int
		calls  [][3]string
	}{
		"parts": {func(r *rules) {
			r.Manners.RefusedParts = []string{"sort", "includeInactive", "include=language"}
		}, 400, [][3]string{
			{"GET", "/roles?sort=id", ""}, {"GET", "/employees?includeInactive=true", ""}, {"GET", "/employees/1000?include=language", ""}}},
		"a large page":     {func(r *rules) { r.Manners.LargestPage = 10 }, 400, [][3]string{{"GET", "/regions?limit=11", ""}}},
		"rights, as 401":   {func(r *rules) { r.Forbid, r.ForbidStatus = []tracktiktest.Match{{Method: "POST"}}, 401 }, 401, [][3]string{{"POST", "/employees", ada}}},
		"no move":          {func(r *rules) { r.MoveMissing = true }, 404, [][3]string{{"POST", "/employees/1000/actions/move-to-region", `{"region":2}`}}},
		"no revoke":        {func(r *rules) { r.RevokeRefused = 405 }, 405, [][3]string{{"DELETE", "/user-roles/1", ""}}},
		"no employee-role": {func(*rules) {}, 404, [][3]string{{"GET", "/employee-roles", ""}, {"GET", "/employee-roles/1", ""}}},
	} {
		c := open(t, func(s *tracktiktest.Server) { test.set(&s.Rules) })
		for _, call := range test.calls {
			if status, got := c.call(call[0], call[1], call[2]); status != test.status {
				t.Errorf("%s: %v is answered with %d %s, want %d", name, call, status, got, test.status)
			}
		}
		for _, path := range []string{"/employees?include=username&limit=10", "/regions", "/me", "/oauth2-refresh-tokens"} {
			if status, got := c.call(http.MethodGet, path, ""); status != http.StatusOK {
				t.Errorf("%s: %s is answered with %d %s", name, path, status, got)
			}
		}
	}
}

func TestAnUnversionedPortalAnswersPlainJSONAlone(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.Manners.Unversioned = true })
	for accept, status := range map[string]int{"application/vnd.tracktik.v2020-01-01+json": 406, "application/json": 200, "": 200} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.srv.URL+"/rest/v1/regions", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+c.token)
		if accept != "" {
			req.Header.Set("Accept", accept)
		}
		resp, err := c.srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%q is answered with %d, want %d", accept, resp.StatusCode, status)
		}
	}
}

func TestAMoveWithoutEffectIsAnsweredLikeAnother(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.MoveIneffective = true })
	c.must(200, "POST", "/employees/1000/actions/move-to-region", `{"region":2}`)
	if e, _ := c.srv.Employee(1000); e.Region != tracktiktest.HQ {
		t.Errorf("moved to %d", e.Region)
	}
}

func TestPhonesKeepTheirDigitsAlone(t *testing.T) {
	for sent, kept := range map[string]string{"+1 (555) 010-0199": "1555 010.0199", "5550199": "5550199", "": ""} {
		if got := tracktiktest.PhonesFormatted("primaryPhone", sent); got != kept {
			t.Errorf("%q is kept as %q, want %q", sent, got, kept)
		}
	}
}

func TestATwinOfTheGrantsNamesEmployees(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.EmployeeRoles, s.Rules.UserIDOffset = true, 500 })
	grant, err := c.srv.Grant(tracktiktest.IntegrationEmployee, tracktiktest.GuardRole)
	if err != nil {
		t.Fatal(err)
	}
	one := c.must(200, "GET", at("/employee-roles/%d", grant), "")
	if one["employee"] != float64(tracktiktest.IntegrationEmployee) || one["role"] != float64(tracktiktest.GuardRole) {
		t.Errorf("the twin shows %v", one)
	}
	if user := c.must(200, "GET", at("/user-roles/%d", grant), "")["user"]; user != float64(tracktiktest.IntegrationEmployee+500) {
		t.Errorf("the grant shows user %v", user)
	}
}

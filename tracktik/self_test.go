package tracktik

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

func TestThePortalSaysWhoseCredentialsTheseAre(t *testing.T) {
	own := strconv.FormatInt(tracktiktest.IntegrationEmployee, 10)
	me := tracktiktest.Match{Path: "/me"}
	for name, test := range map[string]struct {
		configure func(*tracktiktest.Server)
		want      string
		fails     bool
	}{
		"by /me":            {nil, own, false},
		"no /me":            {forbidding(http.StatusNotFound, me), own, false},
		"no right to it":    {forbidding(http.StatusForbidden, me), own, false},
		"/me fails":         {func(s *tracktiktest.Server) { s.Intercept = tracktiktest.When(me, tracktiktest.FailBefore) }, own, false},
		"the wrong answer":  {func(s *tracktiktest.Server) { s.Intercept = tracktiktest.When(me, tracktiktest.LoginPage) }, own, false},
		"neither says":      {func(s *tracktiktest.Server) { s.OAuth.Subject = "an application" }, "an application", false},
		"the login is none": {func(s *tracktiktest.Server) { s.OAuth.Password = "another" }, "", true},
	} {
		srv, c := simulated(t, test.configure)
		for range 2 {
			got, err := c.Self(t.Context())
			if got != test.want || (err != nil) != test.fails {
				t.Errorf("%s: %q, %v, want %q", name, got, err, test.want)
			}
		}
		asked := 0
		for _, r := range srv.Requests() {
			if strings.HasSuffix(r.Path, "/me") {
				asked++
			}
		}
		if asked > 1 && name != "/me fails" && name != "the wrong answer" {
			t.Errorf("%s: asked %d times", name, asked)
		}
	}
}

func TestTheEndOfTheRefreshTokenIsKnownWhereOneAloneIsGood(t *testing.T) {
	srv, c := simulated(t, nil)
	if _, known, err := c.RefreshTokenEnd(t.Context()); err != nil || !known {
		t.Fatalf("after the first login: known %v, %v", known, err)
	}
	end, _, _ := c.RefreshTokenEnd(t.Context())
	now, _ := c.Clock()
	if left := end.Sub(now); left < tracktiktest.RefreshTokensLast-time.Minute || left > tracktiktest.RefreshTokensLast {
		t.Errorf("it ends in %s", left)
	}
	srv.ExpireTokens() // another login, and with it another token that is good
	if end, known, err := c.RefreshTokenEnd(t.Context()); err != nil || known {
		t.Errorf("of two good tokens one is said to end %s: %v", end, err)
	}
	_, c = simulated(t, forbidding(http.StatusForbidden, tracktiktest.Match{Path: "/oauth2-refresh-tokens"}))
	if _, known, err := c.RefreshTokenEnd(t.Context()); known || !wantError(t, err).Forbidden() {
		t.Errorf("without the right: known %v, %v", known, err)
	}
}

func TestGrantsAreReadFromTheTwinWhereTheirListIsNotFiltered(t *testing.T) {
	for name, world := range map[string]struct {
		rules func(*tracktiktest.Rules)
		twin  bool // it can be told who holds what
		warns bool
	}{
		"refused":          {func(r *tracktiktest.Rules) { r.RefusedFilters, r.EmployeeRoles = []string{"user.id"}, true }, true, true},
		"ignored":          {func(r *tracktiktest.Rules) { r.IgnoredFilters, r.EmployeeRoles = []string{"user.id"}, true }, true, false},
		"there is no twin": {func(r *tracktiktest.Rules) { r.RefusedFilters = []string{"user.id"} }, false, false},
		"the twin neither": {func(r *tracktiktest.Rules) {
			r.RefusedFilters, r.EmployeeRoles = []string{"user.id", "employee.id"}, true
		}, false, false},
		"users are numbered": {func(r *tracktiktest.Rules) {
			r.RefusedFilters, r.EmployeeRoles, r.UserIDOffset = []string{"user.id"}, true, 7
		}, false, false},
	} {
		srv, c := simulated(t, func(s *tracktiktest.Server) { world.rules(&s.Rules) })
		staffed(t, srv)
		for range 3 {
			held, err := c.UserRolesOf(t.Context(), 2007)
			if !world.twin {
				if e := wantError(t, err); !e.Unfiltered() {
					t.Errorf("%s: not unfiltered: %v", name, e)
				}
				continue
			}
			ok(t, err)
			if len(held) != 1 || held[0].Employee != 2007 || held[0].Role != plan.RoleID(tracktiktest.GuardRole) {
				t.Errorf("%s: held %v", name, held)
			}
			if held, err := c.UserRolesOf(t.Context(), 2008); err != nil || len(held) != 0 {
				t.Errorf("%s: who holds nothing: %v, %v", name, held, err)
			}
		}
		if n := len(c.AskedOtherwise()); (n == 1) != world.warns {
			t.Errorf("%s: warns of %v", name, c.AskedOtherwise())
		}
		asked := 0
		for _, r := range srv.Requests() {
			if strings.HasSuffix(r.Path, "/user-roles") || strings.HasSuffix(r.Path, "/employee-roles") {
				asked++
			}
		}
		if asked > 9 {
			t.Errorf("%s: six questions at most took %d reads", name, asked)
		}
	}
}

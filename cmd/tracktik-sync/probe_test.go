package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// probed runs probe, and answers what it found.
func (p *place) probed(t *testing.T, want int, args ...string) plan.Probe {
	t.Helper()
	code, stdout, stderr := p.call(t, append([]string{"probe", "--format", "json"}, args...)...)
	var found plan.Probe
	if err := json.Unmarshal([]byte(stdout), &found); err != nil {
		t.Fatalf("%v: %q\n%s", err, stdout, stderr)
	}
	if code != want {
		t.Errorf("probe ended with %d, want %d:\n%s\n%s", code, want, stdout, stderr)
	}
	if found.Calls > 60 || p.portal.Count("", "/**") > 60 {
		t.Errorf("%d calls were made, and said to be %d", p.portal.Count("", "/**"), found.Calls)
	}
	return found
}

// marked are the employees that probes have made.
func (p *place) marked() (all []tracktiktest.Employee) {
	for _, e := range p.portal.Employees() {
		if strings.HasSuffix(strings.ToLower(e.Email), "@probe.invalid") {
			all = append(all, e)
		}
	}
	return all
}

// wantEnded holds that so many marked employees are there, and all TERMINATED.
func (p *place) wantEnded(t *testing.T, n int) {
	t.Helper()
	marked := p.marked()
	for _, e := range marked {
		if e.Status != tracktiktest.Terminated {
			t.Errorf("employee %d is left %s", e.ID, e.Status)
		}
	}
	if len(marked) != n {
		t.Errorf("%d marked employees, want %d", len(marked), n)
	}
}

// staging is a portal with roles to grant.
func staging(t *testing.T, settings ...string) *place {
	t.Helper()
	p := newPlace(t, settings...)
	p.portal.AddRole(tracktiktest.Role{Name: "Site Guard"})
	p.portal.AddRole(tracktiktest.Role{Name: "Site Supervisor"})
	return p
}

var withRoles = []string{"--role", "Site Guard", "--role", "site supervisor"}

func TestAPortalAsAssumedIsProbedAsExpected(t *testing.T) {
	p := staging(t)
	found := p.probed(t, 0, withRoles...)
	for _, a := range found.Assumptions {
		if a.Differs || a.Follows != "nothing" || a.Observed == "" || a.Expected == "" {
			t.Errorf("%+v", a)
		}
	}
	if len(found.Assumptions) != 24 || len(found.Left) != 0 {
		t.Errorf("%d assumptions, left %q", len(found.Assumptions), found.Left)
	}
	p.wantEnded(t, 1)
	p.portal.ResetRequests()
	p.probed(t, 0, withRoles...) // the same one is used again
	p.wantEnded(t, 1)
	p.portal.ResetRequests()
	if again := p.probed(t, 0); len(again.Assumptions) == 0 { // without a role
		t.Error("nothing was found")
	}
	p.wantEnded(t, 1)
}

// Each switch of the simulator is reported under the assumption that it makes wrong.
func TestAProbeNamesTheAssumptionThatIsWrong(t *testing.T) {
	forbid := func(method, path string) func(*tracktiktest.Server) {
		return func(s *tracktiktest.Server) { s.Rules.Forbid = []tracktiktest.Match{{Method: method, Path: path}} }
	}
	for name, world := range map[string]struct {
		change  func(s *tracktiktest.Server)
		differs string // the assumption
		follows string
		code    int
		marked  int // 0: one
	}{
		"duplicates with 400":        {func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateBadRequest }, "", "", 0, 1},
		"duplicates with 500":        {func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateConstraint }, "", "", 0, 1},
		"duplicates accepted":        {func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted }, "a second employee of the same names is refused", "report", 4, 2},
		"languages":                  {func(s *tracktiktest.Server) { s.Rules.Languages = []string{"EN_US"} }, "a language is kept as sent", "left as it is", 4, 1},
		"no language":                {func(s *tracktiktest.Server) { s.Rules.Languages = []string{"XX"} }, "a language is kept as sent", "left as it is", 4, 1},
		"not clearable":              {func(s *tracktiktest.Server) { s.Rules.NotClearable = []string{"jobTitle"} }, "a text can be emptied", "left as it is", 4, 1},
		"address not clearable":      {func(s *tracktiktest.Server) { s.Rules.NotClearable = []string{"address"} }, "a language and an address can be emptied", "left as it is", 4, 1},
		"phones formatted":           {func(s *tracktiktest.Server) { s.Rules.Store = tracktiktest.PhonesFormatted }, "a phone is kept as sent", "counts as kept", 4, 1},
		"cities in capitals":         {func(s *tracktiktest.Server) { s.Rules.Store = tracktiktest.Uppercased("address.city") }, "an employee is kept as sent", "counts as kept", 4, 1},
		"titles dropped":             {func(s *tracktiktest.Server) { s.Rules.Store = tracktiktest.Dropped("jobTitle") }, "an update is kept as sent", "leave the field out", 4, 1},
		"found late":                 {func(s *tracktiktest.Server) { s.Rules.VisibleAfter = 3 }, "employees are found by id", "report", 4, 1},
		"no filter by username":      {func(s *tracktiktest.Server) { s.Rules.RefusedFilters = []string{"username"} }, "employees are found by username", "report", 4, 1},
		"no filter by custom id":     {func(s *tracktiktest.Server) { s.Rules.RefusedFilters = []string{"customId"} }, "employees are found by custom id", "custom_id", 4, 1},
		"termination without effect": {func(s *tracktiktest.Server) { s.Rules.TerminationIneffective = true }, "a termination takes effect", "report", 1, 1},
		"move without effect":        {func(s *tracktiktest.Server) { s.Rules.MoveIneffective = true }, "an employee can be moved to another region", "create_only", 4, 1},
		"no move":                    {func(s *tracktiktest.Server) { s.Rules.MoveMissing = true }, "an employee can be moved to another region", "create_only", 4, 1},
		"last role removable":        {func(s *tracktiktest.Server) { s.Rules.LastRoleRemovable = true }, "the last role of somebody stays", "nothing", 4, 1},
		"roles end":                  {func(s *tracktiktest.Server) { s.Rules.RolesEndWithEmployment = true }, "grants outlive a termination", "nothing", 4, 1},
		"no filter by user":          {func(s *tracktiktest.Server) { s.Rules.RefusedFilters = []string{"user.id"} }, "grants are listed by employee", "whole list", 4, 1},
		"filter by user ignored":     {func(s *tracktiktest.Server) { s.Rules.IgnoredFilters = []string{"user.id"} }, "grants are listed by employee", "whole list", 4, 1},
		"no filter by role":          {func(s *tracktiktest.Server) { s.Rules.RefusedFilters = []string{"role.id"} }, "grants are listed by role", "whole list", 4, 1},
		"by the twin": {func(s *tracktiktest.Server) {
			s.Rules.RefusedFilters, s.Rules.EmployeeRoles = []string{"user.id"}, true
		}, "the portal answers as it is asked", "report", 4, 1},
		"grants not listed":       {func(s *tracktiktest.Server) { s.Rules.GrantsUnlisted = true }, "grants are listed by employee", "by their id", 4, 1},
		"grants vanish":           {func(s *tracktiktest.Server) { s.Rules.GrantsVanish = true }, "a role can be granted", "grant_roles", 4, 1},
		"grants twice":            {func(s *tracktiktest.Server) { s.Rules.GrantsRepeat = true }, "the same grant again changes nothing", "report", 4, 1},
		"revoke without effect":   {func(s *tracktiktest.Server) { s.Rules.RevokeIneffective = true }, "a grant can be taken back", "revoke_roles", 4, 1},
		"no revoke":               {func(s *tracktiktest.Server) { s.Rules.RevokeRefused = 405 }, "a grant can be taken back", "revoke_roles", 4, 1},
		"ids differ":              {func(s *tracktiktest.Server) { s.Rules.UserIDOffset = 5000 }, "a grant carries the id of its employee", "grant_roles", 4, 1},
		"ids differ and are both": {func(s *tracktiktest.Server) { s.Rules.UserIDOffset, s.Rules.GrantsTakeEmployees = 5000, true }, "a grant carries the id of its employee", "grant_roles", 4, 1},
		"smaller pages":           {func(s *tracktiktest.Server) { s.Rules.Manners.LargestPage = 100 }, "the portal answers as it is asked", "report", 4, 1},
		"no version":              {func(s *tracktiktest.Server) { s.Rules.Manners.Unversioned = true }, "the portal answers as it is asked", "report", 4, 1},
		"no right to make":        {forbid(http.MethodPost, "/employees"), "an employee can be made", "Settings, Roles", 1, 0},
		"no right to change":      {forbid(http.MethodPatch, "/employees/*"), "an update is kept as sent", "Settings, Roles", 4, 1},
		"no right to move":        {forbid(http.MethodPost, "/employees/*/actions/move-to-region"), "an employee can be moved to another region", "Settings, Roles", 4, 1},
		"no right to grant":       {forbid(http.MethodPost, "/user-roles"), "a role can be granted", "Settings, Roles", 4, 1},
		"no right to revoke":      {forbid(http.MethodDelete, "/user-roles/*"), "a grant can be taken back", "Settings, Roles", 4, 1},
		"no right to terminate":   {forbid(http.MethodPost, "/employees/*/actions/terminate"), "a termination takes effect", "Settings, Roles", 1, 1},
		"no right to reactivate":  {forbid(http.MethodPost, "/employees/*/actions/reactivate"), "a terminated employee can be reactivated", "Settings, Roles", 4, 1},
		"a right answered with 401": {func(s *tracktiktest.Server) {
			forbid(http.MethodPost, "/user-roles")(s)
			s.Rules.ForbidStatus = http.StatusUnauthorized
		}, "a role can be granted", "Settings, Roles", 4, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := staging(t)
			p.portal.Configure(world.change)
			found := p.probed(t, world.code, withRoles...)
			named := world.differs == ""
			for _, a := range found.Assumptions {
				named = named || a.Differs && a.Name == world.differs && strings.Contains(a.Follows, world.follows)
			}
			if !named {
				t.Errorf("%q does not differ in\n%+v", world.differs, found.Assumptions)
			}
			if world.code == 1 && world.marked > 0 {
				if len(found.Left) == 0 {
					t.Error("it does not say what was left")
				}
				p.portal.Configure(func(s *tracktiktest.Server) { s.Rules = tracktiktest.Rules{} })
				p.portal.ResetRequests()
				p.probed(t, 0)
			}
			p.wantEnded(t, world.marked)
			for _, e := range p.portal.Employees() { // whoever was there before holds what they held
				if len(p.marked()) > 0 && e.ID != p.marked()[0].ID && len(p.portal.RolesOf(e.ID)) > 1 {
					t.Errorf("employee %d was given a role", e.ID)
				}
			}
		})
	}
}

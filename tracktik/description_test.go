package tracktik

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/apidoc"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// onlySimulated are operations that the simulated portal has for others than us.
var onlySimulated = []string{
	"PUT /rest/v1/employees/{id}", "PUT /rest/v1/roles/{id}", "POST /rest/v1/roles/{id}/actions/terminate", "GET /rest/v1/regions/{id}",
	"GET /rest/v1/employee-roles/{id}",
}

func TestEveryCallOfTheClientFitsTheDescription(t *testing.T) {
	judge, err := apidoc.Portal()
	ok(t, err)
	srv, c := simulated(t, func(s *tracktiktest.Server) { s.Intercept, s.Rules.EmployeeRoles = judge.Between, true })
	staffed(t, srv)
	if err := everything(t, c, true); err != nil {
		t.Fatal(err)
	}
	ok(t, liveThrough(t, c))
	srv.Configure(func(s *tracktiktest.Server) { s.Rules.IgnoredFilters = []string{"user.id", "role.id"} })
	_, _ = c.UserRolesOf(t.Context(), 2008) // whichever way it is answered, it was asked
	_, _ = c.UserRolesWith(t.Context(), 4)
	for _, wrong := range judge.Wrong() {
		t.Error(wrong)
	}
	if unseen := judge.Unseen(); strings.Join(unseen, "\n") != strings.Join(sorted(onlySimulated), "\n") {
		t.Errorf("described, and not asked by the client: %v", unseen)
	}
}

// liveThrough makes each kind of write that there is, and each read of a single record.
func liveThrough(t *testing.T, c *Client) error {
	t.Helper()
	ctx := t.Context()
	v := plan.Values{plan.Username: "ana", plan.FirstName: "Ana", plan.LastName: "Silva", plan.Email: "ana@guards.example", plan.JobTitle: "Guard",
		plan.PrimaryPhone: "+1 555 010 0199", plan.AddressLine1: "1 Main", plan.City: "Albany", plan.State: "NY", plan.PostalCode: "12207",
		plan.Country: "US", plan.Language: "EN_US", plan.CustomID: "A-1"}
	e, err := c.CreateEmployee(ctx, v, 2)
	if err != nil {
		return err
	}
	full := v
	full[plan.City], full[plan.JobTitle] = "Troy", ""
	bare := full
	for _, f := range plan.AddressFields {
		bare[f] = ""
	}
	bare[plan.Language] = ""
	role, err := c.CreateRole(ctx, "Site North", "from Okta")
	if err != nil {
		return err
	}
	grant, err := c.Grant(ctx, e.ID, role.ID)
	if err != nil {
		return err
	}
	if _, err := c.Grant(ctx, e.ID, plan.RoleID(tracktiktest.GuardRole)); err != nil {
		return err
	}
	_, _, grantErr := c.UserRole(ctx, grant)
	_, _, roleErr := c.Role(ctx, role.ID)
	_, withErr := c.UserRolesWith(ctx, role.ID)
	_, nameErr := c.FindEmployees(ctx, plan.Username, "ana")
	_, customErr := c.FindEmployees(ctx, plan.CustomID, "A-1")
	_, reasonsErr := c.TerminationReasons(ctx)
	_, selfErr := c.Self(ctx)
	_, _, endErr := c.RefreshTokenEnd(ctx)
	update := func(full plan.Values, changes ...plan.Change) error {
		_, err := c.UpdateEmployee(ctx, e.ID, changes, full)
		return err
	}
	return errors.Join(grantErr, roleErr, withErr, nameErr, customErr, reasonsErr, selfErr, endErr,
		update(full, plan.Change{Field: plan.City, Old: "Albany", New: "Troy"}, plan.Change{Field: plan.JobTitle, Old: "Guard"}),
		update(bare, plan.Change{Field: plan.City, Old: "Troy"}, plan.Change{Field: plan.Language, Old: "EN_US"}),
		second(c.MoveEmployee(ctx, e.ID, 3)), c.RenameRole(ctx, role.ID, "Site South"), c.Revoke(ctx, grant),
		second(c.TerminateEmployee(ctx, e.ID, plan.Termination{Date: "2026-11-23", Reason: tracktiktest.DismissedReason, Comment: "left"})),
		c.ReactivateEmployee(ctx, e.ID, "back"))
}

// second is the error of a call that returns an employee too.
func second(_ plan.Employee, err error) error { return err }

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

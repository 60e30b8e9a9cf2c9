package tracktik

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// simulated is a simulated portal as configured, and a client of it.
func simulated(t *testing.T, configure func(*tracktiktest.Server)) (*tracktiktest.Server, *Client) {
	t.Helper()
	srv := tracktiktest.NewServer()
	t.Cleanup(srv.Close)
	if configure != nil {
		srv.Configure(configure)
	}
	clock := newClock()
	c, err := New(Config{BaseURL: srv.URL, Now: clock.now, Sleep: clock.sleep, Auth: Auth{Grant: GrantPassword,
		ClientID: tracktiktest.DefaultClientID, ClientSecret: tracktiktest.DefaultClientSecret,
		Username: tracktiktest.DefaultUsername, Password: tracktiktest.DefaultPassword}})
	ok(t, err)
	srv.Configure(func(s *tracktiktest.Server) { s.Now = clock.now })
	return srv, c
}

// everything reads all that a run reads, and returns what is wrong with it.
func everything(t *testing.T, c *Client, inactive bool) (wrong error) {
	t.Helper()
	var people []plan.Employee
	n, err := c.Employees(t.Context(), collect(&people))
	var grants []plan.UserRole
	grantsErr := c.UserRoles(t.Context(), collect(&grants))
	roles, rolesErr := c.Roles(t.Context())
	regions, regionsErr := c.Regions(t.Context())
	found, findErr := c.FindEmployees(t.Context(), plan.Email, "guard7@guards.example")
	held, heldErr := c.UserRolesOf(t.Context(), 2007)
	one, shown, oneErr := c.Employee(t.Context(), 2007)
	if err := errors.Join(err, grantsErr, rolesErr, regionsErr, findErr, heldErr, oneErr); err != nil {
		return err
	}
	want := 1200
	if inactive {
		want++ // who was terminated
	}
	if n != want+1 || len(people) != n || len(grants) != 2 || len(roles) != 4 || len(regions) != 4 || len(found) != 1 || len(held) != 1 || !shown || one.ID != 2007 {
		return fmt.Errorf("%d employees, %d grants, %d roles, %d regions, %d found, %d held, shown %v", n, len(grants), len(roles), len(regions), len(found), len(held), shown)
	}
	return nil
}

// staffed has 1,200 guards, of whom one holds a role, and one more who was terminated.
func staffed(t *testing.T, srv *tracktiktest.Server) {
	t.Helper()
	all := make([]tracktiktest.Employee, 1201)
	for i := range all {
		all[i] = tracktiktest.Employee{ID: int64(2000 + i), FirstName: "Guard", LastName: fmt.Sprint(i), Email: fmt.Sprintf("guard%d@guards.example", i)}
	}
	all[1200].Status = tracktiktest.Terminated
	srv.Seed(all...)
	srv.SeedGrants(tracktiktest.Grant{Employee: 2007, Role: tracktiktest.GuardRole})
}

func TestAPortalThatRefusesHowItIsAskedIsAskedOtherwise(t *testing.T) {
	for name, world := range map[string]struct {
		manners  tracktiktest.Manners
		warnings []string // what each says, in order
		inactive bool     // who is not active is still listed
	}{
		"a limit of 1,000":     {tracktiktest.Manners{LargestPage: 300}, []string{"employees is asked for pages of "}, true},
		"any limit":            {tracktiktest.Manners{RefusedParts: []string{"limit"}}, []string{"employees is asked for pages of its own size"}, true},
		"sort":                 {tracktiktest.Manners{RefusedParts: []string{"sort"}}, []string{"in its own order"}, true},
		"include":              {tracktiktest.Manners{RefusedParts: []string{"include"}}, []string{"employees is asked for without include"}, true},
		"a field of include":   {tracktiktest.Manners{RefusedParts: []string{"include=language"}}, []string{"without language in include"}, true},
		"includeInactive":      {tracktiktest.Manners{RefusedParts: []string{"includeInactive"}}, []string{"seen only by their id"}, false},
		"the versioned format": {tracktiktest.Manners{Unversioned: true}, []string{"version of the api is not named"}, true},
		"sort and limit":       {tracktiktest.Manners{RefusedParts: []string{"sort", "limit"}}, []string{"in its own order", "of its own size"}, true},
	} {
		for _, wordless := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, wordless %v", name, wordless), func(t *testing.T) {
				t.Parallel()
				manners := world.manners
				manners.Wordless = wordless
				srv, c := simulated(t, func(s *tracktiktest.Server) { s.Rules.Manners = manners })
				staffed(t, srv)
				if err := everything(t, c, world.inactive); err != nil {
					t.Fatal(err)
				}
				warnings := c.AskedOtherwise()
				for _, part := range world.warnings {
					if !slices.ContainsFunc(warnings, func(w plan.Warning) bool { return strings.Contains(w.Message, part) }) {
						t.Errorf("no warning says %q: %v", part, warnings)
					}
				}
				before := refusals(srv)
				if err := everything(t, c, world.inactive); err != nil {
					t.Fatal(err)
				}
				if again := refusals(srv) - before; again != 0 {
					t.Errorf("%d questions were put again in a form that was refused", again)
				}
				if len(c.AskedOtherwise()) != len(warnings) {
					t.Errorf("the warnings grew: %v", c.AskedOtherwise())
				}
			})
		}
	}
}

// refusals counts what the portal refused as it was asked.
func refusals(srv *tracktiktest.Server) (n int) {
	for _, r := range srv.Requests() {
		if r.Status == http.StatusBadRequest || r.Status == http.StatusNotAcceptable {
			n++
		}
	}
	return n
}

func TestARefusalThatNothingHelpsIsSearchedOnce(t *testing.T) {
	p := newPortal(t, always(400, `{"status":400,"error":"closed"}`))
	c := client(t, p, nil)
	for range 3 {
		if _, err := c.TerminationReasons(t.Context()); statusOf(err) != 400 {
			t.Fatal(err)
		}
	}
	if n := len(p.requests()); n != 4+1+1 { // the question, limit, sort, both; then the question alone
		t.Errorf("%d calls", n)
	}
	if warnings := c.AskedOtherwise(); len(warnings) != 0 {
		t.Errorf("nothing is asked otherwise, and it says %v", warnings)
	}
}

func TestARefusedFilterIsNotTakenForARefusedPart(t *testing.T) {
	srv, c := simulated(t, func(s *tracktiktest.Server) { s.Rules.RefusedFilters = []string{"user.id"} })
	staffed(t, srv)
	_, err := c.UserRolesOf(t.Context(), 2007)
	if e := wantError(t, err); !e.Unfiltered() {
		t.Errorf("not unfiltered: %v", err)
	}
	if n := refusals(srv); n != 1 {
		t.Errorf("%d refused questions, want 1", n)
	}
}

func TestAnUnsizedListWithoutACountIsReadToItsEnd(t *testing.T) {
	p := newPortal(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("limit") {
			answer(w, 400, `{"status":400,"error":"limit is not a field in roles"}`)
			return
		}
		query := r.URL.Query()
		query.Set("limit", "20") // less than the documents have for a default
		r.URL.RawQuery = query.Encode()
		records{ids: upTo(70), noMeta: true}.ServeHTTP(w, r)
	})
	roles, err := client(t, p, nil).Roles(t.Context())
	ok(t, err)
	wantIDs(t, roles, 70)
}

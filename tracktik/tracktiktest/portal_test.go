package tracktiktest_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"tracktik-sync/tracktik/tracktiktest"
)

func TestPortalsPeopleAreNotBoundByTheAPIsRules(t *testing.T) {
	c := open(t)
	a, b := c.guard(0, "same"), c.guard(0, "same")
	if got := c.ids("/employees?username=same"); got != at("%d %d", a, b) {
		t.Errorf("got %s", got)
	}
	for _, err := range []error{
		c.srv.RenameRole(tracktiktest.GuardRole, "Watch"),
		c.srv.BanEmployee(a),
		c.srv.DeactivateEmployee(b),
		c.srv.UpdateRegion(2, func(r *tracktiktest.Region) { r.Name = "Far North" }),
		c.srv.DeleteRegion(4),
		c.srv.DeleteReason(tracktiktest.ContractReason),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if c.employee(a).Status != tracktiktest.Banned || c.employee(b).Status != tracktiktest.Inactive {
		t.Errorf("statuses %v", c.srv.Employees())
	}
	if c.must(200, "GET", "/roles/2", "")["name"] != "Watch" || c.must(200, "GET", "/regions/2", "")["name"] != "Far North" {
		t.Error("the names are the old ones")
	}
	c.refused(404, "", "GET", "/regions/4", "")
	c.refused(400, "reason 3 does not exist", "POST", at("/employees/%d/actions/terminate", b), `{"date":"2026-11-23","reason":3}`)
}

func TestVanishedEmployeeIsGoneWithGrantsAndNames(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	if _, err := c.srv.Grant(7, 2); err != nil {
		t.Fatal(err)
	}
	if err := c.srv.DeleteEmployeeRecord(7); err != nil {
		t.Fatal(err)
	}
	c.refused(404, "", "GET", "/employees/7", "")
	if got := c.ids("/employees?includeInactive=true&username=ada") + c.ids("/user-roles?user.id=7"); got != "" {
		t.Errorf("left: %s", got)
	}
	if next := c.guard(0, "ada"); next == 7 {
		t.Error("the id was used again")
	}
}

func TestMutatorsSayWhatIsMissing(t *testing.T) {
	srv := tracktiktest.NewServer()
	defer srv.Close()
	_, grant := srv.Grant(1000, 99)
	_, nobody := srv.Grant(99, 2)
	for _, err := range []error{srv.TerminateEmployee(99), srv.ReactivateEmployee(99), srv.MoveEmployee(99, 2),
		srv.RenameRole(99, "x"), srv.DeleteRole(99), srv.Revoke(1000, 2), srv.UpdateRegion(99, nil), srv.DeleteRegion(99),
		srv.DeleteReason(99), grant, nobody} {
		if err == nil {
			t.Error("no error")
		}
	}
}

func TestTakenIDPanics(t *testing.T) {
	srv := tracktiktest.NewServer()
	defer srv.Close()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	srv.AddEmployee(tracktiktest.Employee{ID: tracktiktest.IntegrationEmployee})
}

func TestInspectionReturnsCopies(t *testing.T) {
	srv := tracktiktest.NewServer()
	defer srv.Close()
	home := &tracktiktest.Address{City: "Troy"}
	id := srv.AddEmployee(tracktiktest.Employee{Address: home})
	home.City = "Rome"
	e, _ := srv.Employee(id)
	e.Address.City = "Sparta"
	if e, _ := srv.Employee(id); e.Address.City != "Troy" || e.Address.ID == 0 {
		t.Errorf("kept %+v", e.Address)
	}
}

func TestHistoryTellsWhoChangedWhat(t *testing.T) {
	clk := newClock()
	c := open(t, func(s *tracktiktest.Server) { s.Now = clk.Now })
	c.guard(7, "ada")
	c.must(200, "PATCH", "/employees/7", `{"jobTitle":"Guard"}`)
	c.must(200, "PATCH", "/employees/7", `{"jobTitle":"Guard"}`) // no change, no entry
	request := latestRequest(t, c.srv)
	if request.Effective {
		t.Error("a call that changed nothing is called effective")
	}
	h := c.srv.History()
	if len(h) != 2 || h[0].By != tracktiktest.Portal || h[0].What != "created" {
		t.Fatalf("history %+v", h)
	}
	last := h[1]
	if last.By != "api" || last.Resource != "employees" || last.ID != 7 || last.What != "updated" || !last.Time.Equal(clk.Now()) ||
		!slices.Equal(last.Fields, []tracktiktest.FieldChange{{Name: "jobTitle", Old: "", New: "Guard"}}) {
		t.Errorf("last %+v", last)
	}
	if id := c.srv.Requests()[1].RequestID; last.RequestID != id {
		t.Errorf("request %q, want %q", last.RequestID, id)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	c.srv.ResetRequests()
	c.must(200, "PATCH", "/employees/7", `{"jobTitle":"x"}`)
	c.must(400, "PATCH", "/employees/7", `{"jobTitles":"x"}`)
	c.must(404, "PATCH", "/employees/8", `{"jobTitle":"x"}`)
	c.ids("/employees?id=7")
	for pattern, want := range map[string]int{"/employees/*": 3, "/employees/7": 2, "/rest/v1/employees/8": 1, "/employees": 0, "": 3} {
		if got := c.srv.Count("PATCH", pattern); got != want {
			t.Errorf("%q: %d, want %d", pattern, got, want)
		}
	}
	if e, a := c.srv.Writes(), c.srv.AttemptedWrites(); e != 1 || a != 3 {
		t.Errorf("%d effective of %d attempted", e, a)
	}
	if r := c.srv.Requests(); len(r) != 4 || r[0].Body != `{"jobTitle":"x"}` || r[3].Query.Get("id") != "7" || r[2].Status != 404 {
		t.Errorf("requests %+v", r)
	}
}

func TestRequestLogIsBoundedOrOff(t *testing.T) {
	c := open(t)
	for keep, want := range map[int]int{2: 2, -1: 0} {
		c.srv.ResetRequests()
		c.srv.Configure(func(s *tracktiktest.Server) { s.Limits.KeepRequests = keep })
		for range 7 {
			c.call("GET", "/regions", "")
		}
		if got := len(c.srv.Requests()); got != want {
			t.Errorf("%d kept, want %d", got, want)
		}
		if got := c.srv.Count("GET", "/regions"); got != 7 {
			t.Errorf("%d counted", got)
		}
	}
}

func TestRequestIDAndDateComeBack(t *testing.T) {
	clk := newClock()
	c := open(t, func(s *tracktiktest.Server) { s.Now = clk.Now })
	req, _ := http.NewRequest("GET", c.srv.URL+"/rest/v1/regions", nil)
	req.Header.Set("X-Request-Id", "run-7")
	resp, err := c.srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Header.Get("X-Request-Id") != "run-7" || resp.Header.Get("Date") != clk.Now().Format(http.TimeFormat) {
		t.Errorf("headers %v", resp.Header)
	}
	if resp, _, err := c.send("GET", "/regions", ""); err != nil || resp.Header.Get("X-Request-Id") == "" {
		t.Errorf("no id of the portal's own: %v", err)
	}
}

// TestManyCallersAtOnce is for the race detector; what it asserts is that no
// username was given twice.
func TestManyCallersAtOnce(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.VisibleAfter = 1 })
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 20 {
				_, _, _ = c.send("POST", "/employees", at(`{"firstName":"A","lastName":"B","region":1,"username":"u%d"}`, i))
				_, _, _ = c.send("GET", "/employees?username:startswith=u", "")
				c.srv.AddEmployee(tracktiktest.Employee{FirstName: "W", LastName: fmt.Sprint(worker)})
				c.srv.Employees()
				c.srv.Requests()
				c.srv.History()
			}
		})
	}
	wg.Wait()
	if n := len(c.srv.Employees()); n != 1+20+160 {
		t.Errorf("%d employees", n)
	}
}

func TestLargePortalIsPagedCompletely(t *testing.T) {
	const people, limit = 20_000, 1000
	srv := tracktiktest.NewServer()
	defer srv.Close()
	all := make([]tracktiktest.Employee, people)
	grants := make([]tracktiktest.Grant, 0, 2*people)
	for i := range all {
		id := int64(10_000 + i)
		all[i] = tracktiktest.Employee{ID: id, FirstName: "G", LastName: "G", Username: fmt.Sprint("g", i), CreatedOn: time.Unix(1, 0)}
		grants = append(grants, tracktiktest.Grant{Employee: id, Role: 2}, tracktiktest.Grant{Employee: id, Role: 3})
	}
	srv.Seed(all...)
	srv.SeedGrants(grants...)
	c := &caller{t: t, srv: srv}
	c.logIn()
	seen, last := 0, 0.0
	for {
		p := c.list(at("/employees?includeInactive=true&sort=id&limit=%d&id:gt=%.0f", limit, last))
		if len(p.Data) == 0 {
			break
		}
		seen, last = seen+len(p.Data), p.Data[len(p.Data)-1]["id"].(float64)
	}
	if seen != people+1 {
		t.Errorf("%d seen", seen)
	}
	if got := c.list("/user-roles?user.id=10123").Meta.Count; got != 2 {
		t.Errorf("%d grants", got)
	}
}

func TestNewPortalIsFurnished(t *testing.T) {
	srv := tracktiktest.NewServer()
	defer srv.Close()
	reason := srv.AddReason(tracktiktest.Reason{Name: "Retired"})
	if r := srv.Reasons(); len(r) != 4 || r[3].ID != reason || !r[1].CommentRequired {
		t.Errorf("reasons %+v", r)
	}
	if r := srv.Regions(); len(r) != 4 || r[0].ID != tracktiktest.HQ || r[0].Parent != 0 || r[1].Parent != tracktiktest.HQ {
		t.Errorf("regions %+v", r)
	}
	if r := srv.Roles(); len(r) != 4 || r[0].Portal != tracktiktest.AdminPortal || !r[1].Default {
		t.Errorf("roles %+v", r)
	}
	if g := srv.Grants(); len(g) != 1 || g[0].Employee != tracktiktest.IntegrationEmployee || g[0].Role != tracktiktest.AdministratorRole {
		t.Errorf("grants %+v", g)
	}
	if h := srv.History(); len(h) != 1 || h[0].ID != reason { // the furniture is no history
		t.Errorf("history %+v", h)
	}
}

func TestPortalsPeopleMayTakeTheLastRoleAndTheRoleItself(t *testing.T) {
	c := open(t)
	role := c.srv.AddRole(tracktiktest.Role{Name: "Nights"})
	c.guard(7, "ada")
	first, err := c.srv.Grant(7, role)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.srv.Grant(7, role); err != nil || again != first {
		t.Errorf("granted twice: %d and %d, %v", first, again, err)
	}
	if err := c.srv.Revoke(7, role); err != nil || len(c.srv.RolesOf(7)) != 0 {
		t.Errorf("revoking: %v", err)
	}
	if err := c.srv.DeleteRole(role); err != nil || len(c.srv.Roles()) != 4 {
		t.Errorf("deleting: %v", err)
	}
}

func TestLeaverComesBackWithoutAUsername(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	for _, act := range []func(int64) error{c.srv.TerminateEmployee, c.srv.ReactivateEmployee} {
		if err := act(7); err != nil {
			t.Fatal(err)
		}
	}
	if e := c.employee(7); e.Status != tracktiktest.Active || e.Username != "" {
		t.Errorf("kept %+v", e)
	}
}

func TestAssignedCustomIDIsAFreeOne(t *testing.T) {
	c := open(t)
	c.srv.AddEmployee(tracktiktest.Employee{ID: 7, CustomID: "000008"})
	c.guard(8, "ada")
	if a, b := c.employee(7).CustomID, c.employee(8).CustomID; a == b || b == "" {
		t.Errorf("%q and %q", a, b)
	}
}

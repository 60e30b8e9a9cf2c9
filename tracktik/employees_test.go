package tracktik

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

var ana = plan.Values{plan.Username: "ana", plan.FirstName: "Ana", plan.LastName: "Silva", plan.Email: "ana@acme.example",
	plan.JobTitle: "Guard", plan.AddressLine1: "1 Main St", plan.City: "Montreal", plan.State: "QC",
	plan.PostalCode: "H1A 1A1", plan.Country: "CA", plan.Language: "EN_US", plan.Region: "HQ"}

// wantSent checks the only call of p.
func wantSent(t *testing.T, p *portal, method, path, body string) {
	t.Helper()
	calls := p.requests()
	if len(calls) != 1 || calls[0].method != method || calls[0].path != "/rest/v1"+path {
		t.Fatalf("sent %v, want one %s %s", calls, method, path)
	}
	var got, want any
	if body != "" {
		ok(t, json.Unmarshal([]byte(calls[0].body), &got))
		ok(t, json.Unmarshal([]byte(body), &want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the body differs (-want +got):\n%s", diff)
	}
}

func TestCreateSendsWhatIsThereAndNothingElse(t *testing.T) {
	p := newPortal(t, always(201, `{"meta":{},"data":{"id":"31","customId":"E31","status":"ACTIVE","region":4,"address":9}}`))
	got, err := client(t, p, nil).CreateEmployee(t.Context(), ana, 4)
	ok(t, err)
	wantSent(t, p, "POST", "/employees", `{"username":"ana","firstName":"Ana","lastName":"Silva","email":"ana@acme.example",
		"jobTitle":"Guard","language":"EN_US","region":4,"address":{"addressLine1":"1 Main St","city":"Montreal","state":"QC","postalCode":"H1A 1A1","country":"CA"}}`)
	if got.ID != 31 || !got.Active() || got.Region != 4 || got.Values[plan.CustomID] != "E31" || got.Has.Has(plan.City) || got.Has.Has(plan.Username) {
		t.Errorf("got %+v", got)
	}
}

func TestCreateSendsNoPartialAddress(t *testing.T) {
	p := newPortal(t, always(200, `{"id":31}`))
	values := plan.Values{plan.FirstName: "Ana", plan.LastName: "Silva", plan.City: "Montreal"}
	_, err := client(t, p, nil).CreateEmployee(t.Context(), values, 0)
	ok(t, err)
	wantSent(t, p, "POST", "/employees", `{"firstName":"Ana","lastName":"Silva"}`)
}

func TestUpdateSendsOnlyWhatChanged(t *testing.T) {
	address := `{"address":{"addressLine1":"1 Main St","city":"Montreal","state":"QC","postalCode":"H1A 1A1","country":"CA"}}`
	for name, test := range map[string]struct {
		changes []plan.Change
		full    plan.Values
		want    string
	}{
		"a value":          {[]plan.Change{{Field: plan.LastName, New: "Santos"}}, ana, `{"lastName":"Santos"}`},
		"one address part": {[]plan.Change{{Field: plan.City, New: "Montreal"}}, ana, address},
		"cleared texts":    {[]plan.Change{{Field: plan.JobTitle}, {Field: plan.PrimaryPhone}, {Field: plan.SecondaryPhone}}, ana, `{"jobTitle":"","primaryPhone":"","secondaryPhone":""}`},
		"cleared others":   {[]plan.Change{{Field: plan.Language}, {Field: plan.City, Old: "Montreal"}}, plan.Values{}, `{"language":null,"address":null}`},
		"never a region":   {[]plan.Change{{Field: plan.Region, New: "North"}, {Field: plan.Email, New: "a@b.example"}}, ana, `{"email":"a@b.example"}`},
	} {
		p := newPortal(t, always(200, `{"data":{"id":31}}`))
		if _, err := client(t, p, nil).UpdateEmployee(t.Context(), 31, test.changes, test.full); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wantSent(t, p, "PATCH", "/employees/31", test.want)
	}
}

func TestUpdateWithoutAnythingToSendIsNoCall(t *testing.T) {
	p := newPortal(t, always(500, ""))
	c := client(t, p, nil)
	_, err := c.UpdateEmployee(t.Context(), 31, []plan.Change{{Field: plan.Region, New: "North"}}, ana)
	ok(t, err)
	partial := plan.Values{plan.City: "Montreal"}
	_, err = c.UpdateEmployee(t.Context(), 31, []plan.Change{{Field: plan.City, New: "Montreal"}}, partial)
	e := wantError(t, err)
	if !e.Refused() || c.Requests() != 0 {
		t.Errorf("refused %v after %d requests", e.Refused(), c.Requests())
	}
}

func TestActionsOnAnEmployee(t *testing.T) {
	for _, test := range []struct {
		do         func(c *Client) error
		path, body string
	}{
		{func(c *Client) error { return second(c.MoveEmployee(t.Context(), 31, 4)) }, "move-to-region", `{"region":4}`},
		{func(c *Client) error { return c.ReactivateEmployee(t.Context(), 31, "back again") }, "reactivate", `{"note":"back again"}`},
		{func(c *Client) error {
			return second(c.TerminateEmployee(t.Context(), 31, plan.Termination{Date: "2026-11-23", Reason: 5, Comment: "left"}))
		}, "terminate", `{"date":"2026-11-23","reason":5,"comment":"left","sendNotification":false}`},
		{func(c *Client) error {
			return second(c.TerminateEmployee(t.Context(), 31, plan.Termination{Date: "2026-11-23", Reason: 5, Notify: true}))
		}, "terminate", `{"date":"2026-11-23","reason":5,"sendNotification":true}`},
	} {
		p := newPortal(t, always(200, `{"meta":{},"data":{}}`))
		ok(t, test.do(client(t, p, nil)))
		wantSent(t, p, "POST", "/employees/31/actions/"+test.path, test.body)
	}
}

func TestEveryListOfEmployeesHoldsTheInactiveAndAsksForUserNames(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	c := client(t, p, nil)
	_, err := c.Employees(t.Context(), collect(new([]plan.Employee)))
	ok(t, err)
	for _, field := range []plan.Field{plan.Username, plan.Email, plan.CustomID} {
		_, err := c.FindEmployees(t.Context(), field, "Ana+1@acme.example")
		ok(t, err)
	}
	calls := p.requests()
	for i, call := range calls {
		if call.query.Get("includeInactive") != "true" || call.query.Get("include") != "address,language,username" {
			t.Errorf("call %d asked for %v", i+1, call.query)
		}
	}
	if calls[1].query.Get("username") != "Ana+1@acme.example" || calls[2].query.Get("email:contains") == "" || calls[3].query.Get("customId") == "" {
		t.Errorf("looked up by %v, %v and %v", calls[1].query, calls[2].query, calls[3].query)
	}
}

func TestFuzzyFilterFindsOnlyWhoIsMeant(t *testing.T) {
	p := newPortal(t, always(200, `{"meta":{"count":3},"data":[{"id":1,"email":"ANA@Acme.example","status":"TERMINATED"},
		{"id":2,"email":"ana@acme.example.org"},{"id":3}]}`))
	c := client(t, p, nil)
	found, err := c.FindEmployees(t.Context(), plan.Email, "ana@acme.example")
	ok(t, err)
	var ids []plan.EmployeeID
	for _, e := range found {
		ids = append(ids, e.ID)
	}
	if !slices.Equal(ids, []plan.EmployeeID{1, 3}) { // 3 did not show an e-mail: nothing speaks against it
		t.Errorf("found %v, want 1 and 3", ids)
	}
	for field, value := range map[plan.Field]string{plan.Email: "", plan.LastName: "Silva"} {
		if _, err := c.FindEmployees(t.Context(), field, value); err == nil {
			t.Errorf("a look-up by %s %q was made", field, value)
		}
	}
}

func TestPortalThatHidesFieldsIsReadWithoutThem(t *testing.T) {
	for _, hidden := range [][]string{{"username"}, {"language"}, {"language", "username"}} {
		p := newPortal(t, func(w http.ResponseWriter, r *http.Request) {
			for _, field := range hidden {
				if strings.Contains(r.URL.Query().Get("include"), field) {
					answer(w, 400, `{"status":400,"error":"`+field+` is not a field in employees"}`)
					return
				}
			}
			answer(w, 200, `{"meta":{"count":1},"data":[{"id":1,"firstName":"Ana"}]}`)
		})
		c := client(t, p, nil)
		for run, calls := range []int{1 + len(hidden), 1} {
			before := len(p.requests())
			var all []plan.Employee
			n, err := c.Employees(t.Context(), collect(&all))
			ok(t, err)
			if n != 1 || all[0].Has.Has(plan.Username) || len(p.requests())-before != calls {
				t.Errorf("%v, run %d: %d employees, %+v, %d calls", hidden, run+1, n, all, len(p.requests())-before)
			}
		}
	}
}

func TestEmployeeIsGoneOnlyOnThePortalsOwnWord(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		found  bool
		broken bool
	}{
		{200, `{"meta":{},"data":{"id":31,"status":"terminated"}}`, true, false},
		{200, `{"id":31}`, true, false},
		{404, `{"status":404,"error":"not found"}`, false, false},
		{404, `<html><title>404</title></html>`, false, true},
		{404, ``, false, true},
		{200, `{"data":{"id":32}}`, false, true},
		{200, `{"data":[]}`, false, true},
		{200, ``, false, true},
	} {
		p := newPortal(t, always(test.status, test.body))
		e, found, err := client(t, p, nil).Employee(t.Context(), 31)
		if found != test.found || (err != nil) != test.broken || found && e.ID != 31 {
			t.Errorf("%d %s: found %v, employee %d, error %v", test.status, test.body, found, e.ID, err)
		}
		if test.broken && !wantError(t, err).Broken() {
			t.Errorf("%d %s: not broken: %v", test.status, test.body, err)
		}
	}
}

func TestRecordsAreReadInEveryShapeTheyMayCome(t *testing.T) {
	parts := plan.FieldSet(0).With(plan.AddressFields[:]...)
	for record, want := range map[string]plan.Employee{
		`{"id":"7","status":"banned","region":{"id":"4","name":"North"}}`: {ID: 7, Status: "BANNED", Region: 4},
		`{"id":7.0,"region":null,"address":12}`:                           {ID: 7},
		`{"id":7,"region":false,"address":[]}`:                            {ID: 7},
		`{"id":7,"address":null}`:                                         {ID: 7, Has: parts},
		`{"id":7,"address":{"id":1,"city":" Montre\u0301al ","country":null}}`: {ID: 7, Has: plan.FieldSet(0).With(plan.City, plan.Country),
			Values: plan.Values{plan.City: "Montréal"}},
		`{"id":7,"customId":1017,"jobTitle":null,"language":"fr-be","username":{"on":"demand"}}`: {ID: 7,
			Has:    plan.FieldSet(0).With(plan.CustomID, plan.JobTitle, plan.Language),
			Values: plan.Values{plan.CustomID: "1017", plan.Language: "FR-BE"}},
	} {
		got, _, _, err := decodeEmployee(gjson.Parse(record))
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", record, got, err, want)
		}
	}
}

func FuzzAnswersNeverPanic(f *testing.F) {
	for _, seed := range []string{`{"meta":{"count":1,"itemCount":1},"data":[{"id":1,"address":{"city":"x"},"region":{"id":2}}]}`,
		`[{"id":"1","user":{"id":3},"role":4}]`, `{"data":{"id":1e3}}`, `null`, `{"data":null}`, `{"meta":[],"data":[[]]}`, ``, `[null]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := parsePage(body, decodeEmployee); err == nil {
			for _, id := range p.ids {
				if id <= 0 {
					t.Errorf("a record with the id %d was believed", id)
				}
			}
		}
		_, _ = parsePage(body, decodeGrant)
		_, _ = parsePage(body, decodeRole)
		_, _ = parsePage(body, decodeRegion)
		_, _ = parsePage(body, decodeReason)
		if id, err := newGrant(body, 5, 3); err == nil && id <= 0 {
			t.Errorf("the grant %d was believed", id)
		}
		if id, err := newRole(body, "Patrol"); err == nil && id <= 0 {
			t.Errorf("the role %d was believed", id)
		}
		if e, err := newEmployee(body, &plan.Values{}); err == nil && e.ID <= 0 {
			t.Errorf("the employee %d was believed", e.ID)
		}
		_, _ = updatedAs(body, 5, &plan.Values{})
		_, _ = ParseToken(body)
		if said := errorText(&http.Response{StatusCode: 500}, body); len([]rune(said)) > maxErrorText+40 {
			t.Errorf("%d characters of text", len([]rune(said)))
		}
		namedField(string(body))
		subject(string(body))
	})
}

// TestManyIDsAreLookedUpTogether counts the calls.
func TestManyIDsAreLookedUpTogether(t *testing.T) {
	srv, c := simulated(t, nil)
	var ids []plan.EmployeeID
	for i := range 450 {
		id := srv.AddEmployee(tracktiktest.Employee{FirstName: "P", LastName: fmt.Sprint(i), Username: fmt.Sprint("p", i), Email: fmt.Sprintf("p%d@acme.example", i)})
		ids = append(ids, plan.EmployeeID(id))
	}
	if err := srv.TerminateEmployee(int64(ids[7])); err != nil {
		t.Fatal(err)
	}
	found, err := c.EmployeesByID(t.Context(), append(ids, 999_999))
	if err != nil || len(found) != 450 || found[7].Status != plan.StatusTerminated {
		t.Fatalf("%d found, %v", len(found), err)
	}
	if n := srv.Count("GET", "/employees"); n != 3 {
		t.Errorf("%d calls for 451 ids", n)
	}
	if found, err := c.EmployeesByID(t.Context(), nil); len(found) != 0 || err != nil || srv.Count("GET", "/employees") != 3 {
		t.Errorf("nobody is %v, %v", found, err)
	}
	for _, refuse := range []bool{true, false} {
		srv.Configure(func(s *tracktiktest.Server) {
			s.Rules.RefusedFilters, s.Rules.IgnoredFilters = nil, []string{"id:in"}
			if refuse {
				s.Rules.RefusedFilters, s.Rules.IgnoredFilters = []string{"id:in"}, nil
			}
		})
		for n, calls := range map[int][2]int{20: {1, 20}, 21: {1 + 1, 0}, 450: {1 + 1, 0}} {
			lists, ones := srv.Count("GET", "/employees"), srv.Count("GET", "/employees/*")
			found, err := c.EmployeesByID(t.Context(), ids[:n])
			if err != nil || len(found) != n || found[0].ID != ids[0] || found[7].Status != plan.StatusTerminated {
				t.Errorf("refused %v: %d of %d found, %v", refuse, len(found), n, err)
			}
			if l, o := srv.Count("GET", "/employees")-lists, srv.Count("GET", "/employees/*")-ones; l != calls[0] || o != calls[1] {
				t.Errorf("refused %v: %d ids took %d listings and %d look-ups", refuse, n, l, o)
			}
		}
	}
}

package tracktiktest_test

import (
	"fmt"
	"strings"
	"testing"

	"tracktik-sync/tracktik/tracktiktest"
)

const ada = `{"firstName":"Ada","lastName":"Byron","region":2,"username":"ada","email":"ada@guards.example","jobTitle":"Guard",
	"primaryPhone":"555-0100","language":"FR-BE","password":"secret",
	"address":{"addressLine1":"1 Main","city":"Troy","state":"NY","postalCode":"12180","country":"US"}}`

func TestCreateAnswers201WithTheRecordedShape(t *testing.T) {
	c := open(t)
	got := c.must(201, "POST", "/employees", ada)
	for _, name := range []string{"id", "customId", "firstName", "lastName", "name", "jobTitle", "primaryPhone",
		"secondaryPhone", "email", "status", "region", "employmentProfile", "address", "avatar"} {
		if _, came := got[name]; !came {
			t.Errorf("%s is missing in %v", name, got)
		}
	}
	if len(got) != 14 || got["name"] != "Ada Byron" || got["status"] != "ACTIVE" || got["region"] != 2.0 || got["customId"] == "" {
		t.Errorf("got %v", got)
	}
	e := c.employee(int64(got["id"].(float64)))
	if e.Username != "ada" || e.Address == nil || e.Address.Country != "US" || e.Language != "FR-BE" {
		t.Errorf("kept %+v", e)
	}
}

func TestCreateRefusesWhatBreaksARule(t *testing.T) {
	long := strings.Repeat("é", 256)
	c := open(t)
	for body, text := range map[string]string{
		`{"lastName":"B","region":1}`:                                                         "firstName is required",
		`{"firstName":"A","region":1}`:                                                        "lastName is required",
		`{"firstName":"A","lastName":"B"}`:                                                    "region is required",
		`{"firstName":"A","lastName":"B","region":99}`:                                        "region 99 does not exist",
		`{"firstName":"A","lastName":"B","region":"North"}`:                                   "region must be a number",
		`{"firstName":"","lastName":"B","region":1}`:                                          "firstName must have 1 to 255",
		`{"firstName":"` + long + `","lastName":"B","region":1}`:                              "firstName must have 1 to 255",
		`{"firstName":"A","lastName":"B","region":1,"jobTitle":"` + long + `"}`:               "jobTitle must have 0 to 255",
		`{"firstName":"A","lastName":"B","region":1,"primaryPhone":"+1 555 0100 ext. 12345"}`: "primaryPhone must have 0 to 20",
		`{"firstName":"A","lastName":"B","region":1,"email":"nobody"}`:                        "email has an invalid",
		`{"firstName":"A","lastName":"B","region":1,"language":"en"}`:                         "language has an invalid",
		`{"firstName":"A","lastName":"B","region":1,"gender":"X"}`:                            "gender has an invalid",
		`{"firstName":"A","lastName":"B","region":1,"birthday":"01/02/2000"}`:                 "birthday has an invalid",
		`{"firstName":"A","lastName":"B","region":1,"jobTitle":7}`:                            "jobTitle must be a text",
		`{"firstName":"A","lastName":"B","region":1,"mail":"a@b.example"}`:                    "mail is not a field in employees",
		`{"firstName":"A","lastName":"B","region":1,"address":"1 Main"}`:                      "address must be an object",
		`{"firstName":"A","lastName":"B","region":1,"address":{"city":"Troy"}}`:               "address.addressLine1 is required",
		`{"firstName":"A","lastName":"B","region":1,"address":{"addressLine1":"1","city":"Troy","state":"New York","postalCode":"1","country":"US"}}`: "address.state must have 1 to 2",
		`{"firstName":"A","lastName":"B","region":1,"address":{"addressLine1":"1","city":"Troy","state":"NY","postalCode":"1","country":"USA"}}`:      "address.country must have 2 to 2",
		`[]`: "must be a JSON object",
		`{`:  "must be a JSON object",
	} {
		c.refused(400, text, "POST", "/employees", body)
	}
	if n := c.srv.Writes(); n != 0 {
		t.Errorf("%d effective writes", n)
	}
	if n := len(c.srv.Employees()); n != 1 {
		t.Errorf("%d employees", n)
	}
}

func TestLengthsAreCountedInCharacters(t *testing.T) {
	c := open(t)
	c.must(201, "POST", "/employees", at(`{"firstName":%q,"lastName":"B","region":1}`, strings.Repeat("é", 255)))
}

func TestDuplicatesAreRefusedInTheChosenStyle(t *testing.T) {
	for style, want := range map[tracktiktest.DuplicateStyle]struct {
		status int
		text   string
	}{
		tracktiktest.DuplicateConflict:   {409, "already in use"},
		tracktiktest.DuplicateBadRequest: {400, "already in use"},
		tracktiktest.DuplicateConstraint: {500, "a database constraint wasn't respected"},
	} {
		c := open(t, func(s *tracktiktest.Server) { s.Rules.Duplicates = style })
		c.srv.AddEmployee(tracktiktest.Employee{FirstName: "A", LastName: "B", Username: "taken", Email: "t@x.example", CustomID: "C-1"})
		for _, field := range []string{`"username":"TAKEN"`, `"email":"T@x.example"`, `"customId":"c-1"`} {
			c.refused(want.status, want.text, "POST", "/employees", `{"firstName":"C","lastName":"D","region":1,`+field+`}`)
		}
		other := c.guard(0, "other")
		c.refused(want.status, want.text, "PATCH", at("/employees/%d", other), `{"username":"Taken"}`)
		c.must(200, "PATCH", at("/employees/%d", other), `{"username":"OTHER"}`)
		c.refused(want.status, want.text, "POST", "/user-roles", at(`{"user":%d,"role":1}`, tracktiktest.IntegrationEmployee))
	}
}

func TestWhatALeaverHadMayBeTakenAgain(t *testing.T) {
	c := open(t)
	id := c.must(201, "POST", "/employees", ada)["id"]
	if err := c.srv.TerminateEmployee(int64(id.(float64))); err != nil {
		t.Fatal(err)
	}
	if e := c.employee(int64(id.(float64))); e.Username != "" || e.Email == "" || e.Status != tracktiktest.Terminated {
		t.Errorf("the leaver: %+v", e)
	}
	c.srv.Configure(func(s *tracktiktest.Server) { s.Rules.EmailsOutliveTermination = true })
	c.refused(409, "email", "POST", "/employees", ada)
	c.srv.Configure(func(s *tracktiktest.Server) {
		s.Rules.EmailsOutliveTermination, s.Rules.TerminatedPhonesBlock = false, true
	})
	c.refused(409, "primaryPhone", "POST", "/employees", ada)
	c.srv.Configure(func(s *tracktiktest.Server) { s.Rules.TerminatedPhonesBlock = false })
	c.must(201, "POST", "/employees", ada)
}

func TestPatchKnowsNeitherRegionNorPassword(t *testing.T) {
	c := open(t)
	id := c.guard(7, "ada")
	for _, method := range []string{"PATCH", "PUT"} {
		c.refused(400, "region is not a field in employees", method, at("/employees/%d", id), `{"firstName":"A","lastName":"B","region":2}`)
		c.refused(400, "password is not a field in employees", method, at("/employees/%d", id), `{"firstName":"A","lastName":"B","password":"x"}`)
	}
	c.refused(404, "", "PATCH", "/employees/99", `{"jobTitle":"x"}`)
}

func TestPatchLeavesWhatItDoesNotNameAndClearsWhatItEmpties(t *testing.T) {
	c := open(t)
	id := int64(c.must(201, "POST", "/employees", ada)["id"].(float64))
	path := at("/employees/%d", id)
	got := c.must(200, "PATCH", path, `{"jobTitle":"","address":{"city":"Albany"},"language":null}`)
	if got["jobTitle"] != nil || got["primaryPhone"] != "555-0100" {
		t.Errorf("answer %v", got)
	}
	e := c.employee(id)
	if e.Address.City != "Albany" || e.Address.PostalCode != "12180" || e.Language != "" || e.Username != "ada" {
		t.Errorf("kept %+v", e)
	}
	c.must(200, "PATCH", path, `{"address":null}`)
	if c.employee(id).Address != nil {
		t.Error("the address is still there")
	}
	c.refused(400, "address.addressLine1 is required", "PATCH", path, `{"address":{"city":"Albany"}}`)
}

func TestTagsAreAList(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	c.must(200, "PATCH", "/employees/7", `{"tags":["night","dog"]}`)
	for _, query := range []string{"include=tags", "fields=tags"} {
		if got, _ := c.must(200, "GET", "/employees/7?"+query, "")["tags"].([]any); len(got) != 2 || got[1] != "dog" {
			t.Errorf("%s: %v", query, got)
		}
	}
	if got := c.ids("/employees?tags:contains=dog"); got != "7" {
		t.Errorf("found %q", got)
	}
	c.refused(400, "tags must be a list", "PATCH", "/employees/7", `{"tags":"night,dog"}`)
}

func TestPutEmptiesWhatItDoesNotName(t *testing.T) {
	c := open(t)
	id := int64(c.must(201, "POST", "/employees", ada)["id"].(float64))
	c.must(200, "PUT", at("/employees/%d", id), `{"firstName":"Ada","lastName":"King"}`)
	e := c.employee(id)
	if e.LastName != "King" || e.JobTitle != "" || e.Address != nil || e.Username != "ada" || e.Region != 2 {
		t.Errorf("kept %+v", e)
	}
	c.refused(400, "lastName is required", "PUT", at("/employees/%d", id), `{"firstName":"Ada"}`)
}

func TestPortalMayRefuseToClear(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.NotClearable = []string{"jobTitle", "address"} })
	path := fmt.Sprint("/employees/", c.must(201, "POST", "/employees", ada)["id"])
	c.refused(400, "jobTitle cannot be empty", "PATCH", path, `{"jobTitle":""}`)
	c.refused(400, "address cannot be removed", "PATCH", path, `{"address":null}`)
	c.must(200, "PATCH", path, `{"primaryPhone":""}`)
}

func TestPortalMayKnowFewerLanguages(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.Languages = []string{"EN_US"} })
	c.refused(400, "language", "POST", "/employees", ada)
}

func TestPortalMayKeepSomethingElse(t *testing.T) {
	for name, tc := range map[string]struct {
		store func(field, value string) string
		want  string
	}{
		"capitals": {tracktiktest.Uppercased("jobTitle"), " NIGHT GUARD "},
		"trimmed":  {tracktiktest.Trimmed("jobTitle"), "night guard"},
		"dropped":  {tracktiktest.Dropped("jobTitle"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, func(s *tracktiktest.Server) { s.Rules.Store = tc.store })
			id := c.guard(7, "ada")
			c.must(200, "PATCH", "/employees/7", `{"jobTitle":" night guard ","primaryPhone":" 1 "}`)
			if e := c.employee(id); e.JobTitle != tc.want || e.PrimaryPhone != " 1 " {
				t.Errorf("kept %q and %q", e.JobTitle, e.PrimaryPhone)
			}
		})
	}
}

const leave = `{"date":"2026-11-23","reason":1,"comment":"left","sendNotification":false}`

func TestTerminationFreesTheUsernameAndKeepsTheRoles(t *testing.T) {
	c := open(t)
	id := c.guard(7, "ada")
	if _, err := c.srv.Grant(id, tracktiktest.GuardRole); err != nil {
		t.Fatal(err)
	}
	c.must(200, "POST", "/employees/7/actions/terminate", leave)
	e := c.employee(id)
	if e.Status != tracktiktest.Terminated || e.Username != "" || e.TerminationDate != "2026-11-23" || e.TerminationReason != 1 ||
		e.TerminationComment != "left" || e.Notified {
		t.Errorf("kept %+v", e)
	}
	if roles := c.srv.RolesOf(id); len(roles) != 1 {
		t.Errorf("roles %v", roles)
	}
	c.refused(400, "already terminated", "POST", "/employees/7/actions/terminate", leave)
	c.must(201, "POST", "/employees", `{"firstName":"N","lastName":"N","region":1,"username":"ada"}`)
}

func TestTerminationChecksItsBody(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	for body, text := range map[string]string{
		`{"reason":1}`:                                   "date is required",
		`{"date":"2026-11-23"}`:                          "reason is required",
		`{"date":"23.11.26","reason":1}`:                 "date must be",
		`{"date":"2026-11-23","reason":77}`:              "reason 77 does not exist",
		`{"date":"2026-11-23","reason":2}`:               "requires a comment",
		`{"date":"2026-11-23","reason":1,"why":1}`:       "why is not a field",
		`{"date":"2026-11-23","reason":1,"comment":[1]}`: "comment must be a text",
	} {
		c.refused(400, text, "POST", "/employees/7/actions/terminate", body)
	}
	c.refused(404, "", "POST", "/employees/99/actions/terminate", leave)
	if e := c.employee(7); e.Status != tracktiktest.Active {
		t.Errorf("status %s", e.Status)
	}
}

func TestTerminationNotifiesUnlessToldNotTo(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	c.must(200, "POST", "/employees/7/actions/terminate", `{"date":"2026-11-23","reason":1}`)
	if !c.employee(7).Notified {
		t.Error("no notification by default")
	}
}

func TestTerminationMayTakeTheRolesOrDoNothing(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.RolesEndWithEmployment = true })
	for _, id := range []int64{7, 8} {
		c.guard(id, at("g%d", id))
		if _, err := c.srv.Grant(id, tracktiktest.GuardRole); err != nil {
			t.Fatal(err)
		}
	}
	c.must(200, "POST", "/employees/7/actions/terminate", leave)
	if roles := c.srv.RolesOf(7); len(roles) != 0 {
		t.Errorf("roles %v", roles)
	}
	c.srv.Configure(func(s *tracktiktest.Server) { s.Rules.TerminationIneffective = true })
	c.must(200, "POST", "/employees/8/actions/terminate", leave)
	if e := c.employee(8); e.Status != tracktiktest.Active || e.Username != "g8" {
		t.Errorf("kept %+v", e)
	}
}

func TestReactivationNeedsANoteAndBringsNoUsername(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	c.refused(400, "ACTIVE cannot be reactivated", "POST", "/employees/7/actions/reactivate", `{"note":"back"}`)
	c.must(200, "POST", "/employees/7/actions/terminate", leave)
	c.refused(400, "note is required", "POST", "/employees/7/actions/reactivate", `{}`)
	c.must(200, "POST", "/employees/7/actions/reactivate", `{"note":"back"}`)
	if e := c.employee(7); e.Status != tracktiktest.Active || e.Username != "" || e.TerminationDate != "" {
		t.Errorf("kept %+v", e)
	}
	if err := c.srv.BanEmployee(7); err != nil {
		t.Fatal(err)
	}
	c.refused(400, "BANNED cannot be reactivated", "POST", "/employees/7/actions/reactivate", `{"note":"back"}`)
}

func TestReactivationIsRefusedWhenTheEmailWentToSomebodyElse(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	c.must(200, "POST", "/employees/7/actions/terminate", leave)
	c.guard(8, "ada")
	c.refused(409, "email", "POST", "/employees/7/actions/reactivate", `{"note":"back"}`)
}

func TestMoveNeedsARegionThatExists(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	c.must(200, "POST", "/employees/7/actions/move-to-region", `{"region":3}`)
	if e := c.employee(7); e.Region != 3 {
		t.Errorf("region %d", e.Region)
	}
	c.refused(400, "region 99 does not exist", "POST", "/employees/7/actions/move-to-region", `{"region":99}`)
	c.refused(400, "region is required", "POST", "/employees/7/actions/move-to-region", `{}`)
}

func TestEmployeesCannotBeDeleted(t *testing.T) {
	c := open(t)
	c.refused(405, "", "DELETE", "/employees/1000", "")
	c.refused(404, "", "GET", "/guards", "")
	c.refused(404, "", "GET", "/employees/ada", "")
}

func TestBodyMustSayThatItIsJSON(t *testing.T) {
	c := open(t)
	resp, err := c.srv.Client().Post(c.srv.URL+"/rest/v1/employees", "application/json", strings.NewReader(ada))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("without a token: %d", resp.StatusCode)
	}
	c.refused(400, "Content-Type", "POST", "/employees", "")
}

func TestDuplicatesMayBeAccepted(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.Duplicates = tracktiktest.DuplicateAccepted })
	const ada = `{"firstName":"Ada","lastName":"Byron","region":1,"username":"ada","email":"ada@guards.example","customId":"7"}`
	first, second := c.must(201, "POST", "/employees", ada), c.must(201, "POST", "/employees", ada)
	if got := c.ids("/employees?username=ada"); got != fmt.Sprintf("%v %v", first["id"], second["id"]) {
		t.Errorf("found: %s", got)
	}
}

func TestEmployeesOfAHiddenRegionAreNotThere(t *testing.T) {
	c := open(t)
	c.guard(7, "ada")
	c.guard(8, "bob")
	c.srv.SeedGrants(tracktiktest.Grant{ID: 50, Employee: 7, Role: 2}, tracktiktest.Grant{ID: 51, Employee: 8, Role: 2})
	if err := c.srv.MoveEmployee(7, 2); err != nil {
		t.Fatal(err)
	}
	hide := func(regions ...int64) {
		c.srv.Configure(func(s *tracktiktest.Server) { s.Rules.HiddenRegions = regions })
	}
	hide(2)
	for query, want := range map[string]string{"/employees?username=ada": "", "/employees?id:in=7,8": "8", "/user-roles?role.id=2": "51"} {
		if p := c.list(query); c.ids(query) != want || p.Meta.Count != len(p.Data) {
			t.Errorf("%s: %s of %d, want %s", query, c.ids(query), p.Meta.Count, want)
		}
	}
	for _, call := range []string{"GET /employees/7", "PATCH /employees/7", "POST /employees/7/actions/terminate", "GET /user-roles/50", "DELETE /user-roles/50"} {
		method, path, _ := strings.Cut(call, " ")
		c.refused(404, "", method, path, `{}`)
	}
	c.refused(400, "user 7 does not exist", "POST", "/user-roles", `{"user":7,"role":3}`)
	c.refused(409, "username", "POST", "/employees", `{"firstName":"Ada","lastName":"Byron","region":1,"username":"ada"}`) // the name is taken all the same
	hide()
	c.must(200, "GET", "/employees/7", "")
}

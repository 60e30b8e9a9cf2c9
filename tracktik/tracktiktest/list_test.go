package tracktiktest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"tracktik-sync/tracktik/tracktiktest"
)

// crew adds employees 1 to 5, of whom 4 is terminated and 5 is in region 2.
func crew(t *testing.T, settings ...func(*tracktiktest.Server)) *caller {
	c := open(t, settings...)
	for i := range int64(5) {
		c.guard(i+1, fmt.Sprintf("Guard%d", i+1))
	}
	for _, err := range []error{
		c.srv.TerminateEmployee(4),
		c.srv.MoveEmployee(5, 2),
		c.srv.UpdateEmployee(2, func(e *tracktiktest.Employee) { e.JobTitle, e.CustomID = "Patrol", "C-2" }),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestListShowsOnlyActiveUnlessAskedForMore(t *testing.T) {
	c := crew(t)
	if got := c.ids("/employees"); got != "1 2 3 5 1000" {
		t.Errorf("plain: %s", got)
	}
	if got := c.ids("/employees?includeInactive=true"); got != "1 2 3 4 5 1000" {
		t.Errorf("all: %s", got)
	}
	if got := c.ids("/employees?email=guard4@guards.example"); got != "" {
		t.Errorf("a leaver without includeInactive: %s", got)
	}
}

func TestFiltersSelectAndAreANDed(t *testing.T) {
	c := crew(t)
	for query, want := range map[string]string{
		"username=gUARD3":                       "3",
		"username:in=guard1,GUARD2":             "1 2",
		"email:startswith=GUARD5@":              "5",
		"jobTitle:contains=atro":                "2",
		"jobTitle:isnotnull=1":                  "2",
		"jobTitle:isnull=1&id:lt=3":             "1",
		"username:not=guard1&id:lte=3":          "2 3",
		"id:gt=2":                               "3 4 5 1000",
		"id:gt=2&username:in=guard1,guard3":     "3",
		"username:in=guard1,guard3&id:gt=2":     "3",
		"id:gte=5":                              "5 1000",
		"id:in=1,3,77":                          "1 3",
		"idIn=1,3":                              "1 3",
		"id=3":                                  "3",
		"region.id=2":                           "5",
		"region=2":                              "5",
		"status=terminated":                     "4",
		"customId=c-2":                          "2",
		"customId=c-2&username=guard1":          "",
		"lastName=byron&firstName=ada&id:lt=3":  "1 2",
		"q=guard2@":                             "2",
		"sort=-id&limit=2":                      "1000 5",
		"sort=-username&id:lt=4":                "3 2 1",
		"sort=region,-id&id:lt=6":               "4 3 2 1 5",
		"sort=id&limit=2&offset=2":              "3 4",
		"offset=100":                            "",
		"updatedOn:after=2020-01-01&id:lt=2":    "1",
		"createdOn:before=2020-01-01T00:00:00Z": "",
	} {
		if got := c.ids("/employees?includeInactive=true&" + query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// An index answers for parts of an e-mail, and must find what a look at each would find.
func TestPartsOfAnEmailFindWhoHasItNow(t *testing.T) {
	c := crew(t)
	if err := c.srv.UpdateEmployee(1, func(e *tracktiktest.Employee) { e.Email = " Guard1.Renamed@Guards.example" }); err != nil {
		t.Fatal(err)
	}
	if err := c.srv.UpdateEmployee(2, func(e *tracktiktest.Employee) { e.Email = "" }); err != nil {
		t.Fatal(err)
	}
	if err := c.srv.DeleteEmployeeRecord(3); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"email:contains=GUARD1.renamed@guards.example": "1",
		"email:contains=guard1@guards.example":         "",
		"email:contains=guard2@guards.example":         "",
		"email:contains=guard3@guards.example":         "",
		"email:contains=@guards.example":               "1 4 5",
		"email:contains=@guards.example&id:gt=1":       "4 5",
		"email:contains=d5@g":                          "5",
		"email:contains=5@":                            "5",
		"email:contains=nobody@guards.example":         "",
		"email:startswith=guard1":                      "",
		"email:startswith= guard1":                     "1",
	} {
		if got := c.ids("/employees?includeInactive=true&" + strings.ReplaceAll(query, " ", "%20")); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestMisspeltNamesAreErrors(t *testing.T) {
	c := crew(t)
	for query, name := range map[string]string{
		"page=2": "page", "user_name=x": "user_name", "sort=surname": "surname", "fields=id,surname": "surname",
		"include=manager": "manager", "region.name=HQ": "region.name", "fields=region.id": "region.id",
	} {
		c.refused(400, name+" is not a field in employees", "GET", "/employees?"+query, "")
	}
	c.refused(400, "near is not an operator", "GET", "/employees?id:near=2", "")
	c.refused(400, "id must be a number", "GET", "/employees?id:gt=x", "")
}

func TestPageSizeIsBounded(t *testing.T) {
	c := crew(t)
	if p := c.list("/employees"); p.Meta.Limit != 100 {
		t.Errorf("limit %d by default", p.Meta.Limit)
	}
	for _, query := range []string{"limit=1001", "limit=0", "limit=x", "offset=-1"} {
		c.refused(400, "must be a number", "GET", "/employees?"+query, "")
	}
}

func TestMetaCountsTheListAndThePage(t *testing.T) {
	c := crew(t)
	p := c.list("/employees?includeInactive=true&limit=2&offset=1&id:lt=1000")
	if p.Meta.Count != 5 || p.Meta.ItemCount != 2 || p.Meta.Offset != 1 || p.Meta.Resource != "employees" {
		t.Errorf("meta %+v", p.Meta)
	}
	if p := c.list("/employees?firstName=nobody"); p.Meta.Count != 0 || p.Data == nil {
		t.Errorf("no records: %+v", p)
	}
}

func TestGreaterThanCanBeUnknown(t *testing.T) {
	c := crew(t, func(s *tracktiktest.Server) { s.Rules.NoGreaterThan = true })
	c.refused(400, "id:gt is not a field in employees", "GET", "/employees?id:gt=2", "")
	if got := c.ids("/employees?offset=3"); got != "5 1000" {
		t.Errorf("by offset: %s", got)
	}
}

func TestFieldsAndIncludeShapeTheRecord(t *testing.T) {
	c := crew(t)
	home := `{"addressLine1":"1 Main","city":"Troy","state":"NY","postalCode":"12180","country":"US"}`
	c.must(200, "PATCH", "/employees/1", `{"address":`+home+`,"language":"FR"}`)

	plain := c.must(200, "GET", "/employees/1", "")
	for _, name := range []string{"username", "language", "birthday", "createdOn"} {
		if _, came := plain[name]; came {
			t.Errorf("%s came unasked", name)
		}
	}
	if _, number := plain["address"].(float64); !number {
		t.Errorf("address %v, want an id", plain["address"])
	}
	more := c.must(200, "GET", "/employees/1?include=address,username,language,region", "")
	if more["username"] != "Guard1" || more["language"] != "FR" ||
		more["address"].(map[string]any)["postalCode"] != "12180" || more["region"].(map[string]any)["name"] != "HQ" {
		t.Errorf("included: %v", more)
	}
	few := c.must(200, "GET", "/employees/1?fields=id,username", "")
	if len(few) != 2 || few["username"] != "Guard1" {
		t.Errorf("fields: %v", few)
	}
	q := url.Values{"fields": {"id,address"}, "include": {"address"}, "id": {"1"}}
	if got := c.list("/employees?" + q.Encode()).Data[0]; len(got) != 2 || got["address"].(map[string]any)["city"] != "Troy" {
		t.Errorf("fields and include: %v", got)
	}
}

func TestNewEmployeeMayBeInvisibleForAWhile(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.Rules.VisibleAfter = 2 })
	id := c.must(201, "POST", "/employees", `{"firstName":"A","lastName":"B","region":1,"username":"ab"}`)["id"]
	for range 2 {
		if got := c.ids("/employees?username=ab"); got != "" {
			t.Errorf("seen early: %s", got)
		}
	}
	if got := c.ids("/employees?username=ab"); got != fmt.Sprint(id) {
		t.Errorf("not seen after two lists: %q", got)
	}
}

func TestRegionsAndReasonsCanBeRead(t *testing.T) {
	c := open(t)
	child := c.srv.AddRegion(tracktiktest.Region{Name: "Harbour", Parent: 2, TimeZone: "America/Halifax"})
	if got := c.list("/regions").Meta.Count; got != 5 {
		t.Errorf("%d regions", got)
	}
	hq := c.must(200, "GET", "/regions/1", "")
	if hq["name"] != "HQ" || hq["parentRegion"] != nil || hq["timeZone"] != nil {
		t.Errorf("HQ %v", hq)
	}
	if got := c.must(200, "GET", at("/regions/%d?include=timeZone", child), ""); got["timeZone"] != "America/Halifax" || got["parentRegion"] != 2.0 {
		t.Errorf("child %v", got)
	}
	c.refused(404, "", "GET", "/regions/99", "")
	if got := c.list("/employment-termination-reasons").Data; got[1]["commentRequired"] != true {
		t.Errorf("reasons %v", got)
	}
}

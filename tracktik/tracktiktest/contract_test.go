package tracktiktest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"tracktik-sync/tracktik/tracktiktest"
)

// vendorSpecs names the folder of the document that a TrackTik portal generates.
const vendorSpecs = "TRACKTIK_SYNC_VENDOR_SPECS"

// TestAnswersFitTheVendorsDocument goes through the API's resources and holds each
// accepted request and its answer against TrackTik's own OpenAPI document.
func TestAnswersFitTheVendorsDocument(t *testing.T) {
	dir := os.Getenv(vendorSpecs)
	if dir == "" {
		t.Skip(vendorSpecs + " names no folder")
	}
	v := newVendor(t, filepath.Join(dir, "tracktik-openapi-2020-01-01.json"))
	c := open(t, func(s *tracktiktest.Server) { s.Intercept, s.Rules.EmployeeRoles = v.judge, true })
	walk(c)
	if v.judged < 35 {
		t.Errorf("only %d exchanges were judged", v.judged)
	}
}

// walk makes one accepted call of each kind.
func walk(c *caller) {
	id := int64(c.must(201, "POST", "/employees", ada)["id"].(float64))
	one := at("/employees/%d", id)
	role := at("/roles/%v", c.must(201, "POST", "/roles", nights)["id"])
	first := c.must(201, "POST", "/user-roles", at(`{"user":%d,"role":2}`, id))["id"]
	c.must(201, "POST", "/user-roles", at(`{"user":%d,"role":3}`, id))
	for _, path := range []string{
		"/employees", "/employees?includeInactive=true&limit=2&sort=id&id:gt=1", "/employees?region.id=2&fields=id,name,email",
		"/employees?include=username,language,gender,birthday,tags,createdOn,updatedOn", one,
		one + "?include=address,region,username,language,createdOn",
		"/roles", "/roles?include=permissions,region", role,
		"/user-roles", at("/user-roles?user.id=%d", id), at("/user-roles/%v?include=user,role", first),
		"/regions", "/regions?include=timeZone,parentRegion,prefix", "/regions/1", "/regions/2?include=parentRegion",
		"/employment-termination-reasons", "/me", "/oauth2-refresh-tokens?sort=id&limit=10",
		"/employee-roles?includeInactive=true&employee.id=1000", at("/employee-roles/%v?include=employee,role", first),
	} {
		c.call("GET", path, "")
	}
	for _, call := range [][3]string{
		{"PATCH", one, `{"jobTitle":"","address":{"city":"Albany"},"username":"ada.king"}`},
		{"PATCH", one, `{"address":null,"language":null}`},
		{"PUT", one, `{"firstName":"Ada","lastName":"King","email":"ada@guards.example"}`},
		{"POST", one + "/actions/move-to-region", `{"region":3}`},
		{"POST", one + "/actions/terminate", `{"date":"2026-11-23","reason":2,"comment":"left","sendNotification":false}`},
		{"POST", one + "/actions/reactivate", `{"note":"back"}`},
		{"PATCH", role, `{"name":"Late"}`},
		{"PUT", role, `{"name":"Late","description":"d","portal":"STAFF","order":1}`},
		{"POST", role + "/actions/terminate", `{}`},
		{"DELETE", at("/user-roles/%v", first), ""},
	} {
		c.must(200, call[0], call[1], call[2])
	}
	for _, call := range [][3]string{
		{"POST", "/employees", ada}, {"GET", one, ""}, {"GET", "/employees?includeInactive=true", ""},
		{"PATCH", one, `{"customId":"C-9","secondaryPhone":"1","gender":"F","birthday":"1990-01-02","tags":["a","b"]}`},
		{"GET", one + "?include=gender,birthday,tags", ""},
		{"GET", "/employees?q=ada", ""}, {"GET", "/employees?idIn=1,2", ""}, {"GET", "/roles?includeInactive=true", ""},
	} {
		c.call(call[0], call[1], call[2])
	}
}

// vendor validates what passes between a caller and the portal.
type vendor struct {
	t      *testing.T
	router routers.Router
	judged int
}

func newVendor(t *testing.T, file string) *vendor {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers, doc.Security = openapi3.Servers{{URL: "/rest/v1"}}, nil
	correct(doc)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &vendor{t: t, router: router}
}

// correct mends where the document is known to be wrong or old: action bodies are
// drawn as a query parameter, /me is said to have an id in its path, the list of languages has grown since, and the
// records of a list hold ids for related records as single ones do.
func correct(doc *openapi3.T) {
	if me := doc.Paths.Value("/me"); me != nil {
		me.Parameters = nil
	}
	for path, item := range doc.Paths.Map() {
		if !strings.Contains(path, "/actions/") {
			continue
		}
		for _, p := range item.Post.Parameters {
			if p.Value.Name == "Body" {
				body := openapi3.NewRequestBody().WithJSONSchemaRef(p.Value.Schema).WithRequired(true)
				item.Post.RequestBody = &openapi3.RequestBodyRef{Value: body}
			}
		}
		item.Post.Parameters = slices.DeleteFunc(item.Post.Parameters,
			func(p *openapi3.ParameterRef) bool { return p.Value.Name == "Body" })
	}
	for name, schema := range doc.Components.Schemas {
		if language := schema.Value.Properties["language"]; language != nil && strings.HasPrefix(name, "Employees") {
			language.Value.Enum = nil
		}
		single := doc.Components.Schemas[strings.TrimSuffix(name, "Collection")+"Item"]
		if single == nil || !strings.HasSuffix(name, "Collection") {
			continue
		}
		for field, drawn := range single.Value.Properties {
			if drawn.Value.OneOf != nil {
				schema.Value.Properties[field] = drawn
			}
		}
	}
}

// judge lets a call through and validates it with its answer when the portal
// accepts it.
func (v *vendor) judge(w http.ResponseWriter, r *http.Request, next http.Handler) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	if strings.HasPrefix(r.URL.Path, "/rest/v1/") && rec.Code < 300 {
		v.judged++
		v.check(r, body, rec)
	}
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

func (v *vendor) check(r *http.Request, body []byte, rec *httptest.ResponseRecorder) {
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(withoutNulls(v.t, body)))
	r.URL.Host, r.URL.Scheme = "", ""
	route, params, err := v.router.FindRoute(r)
	if err != nil {
		v.t.Errorf("%s %s: %v", r.Method, r.URL, err)
		return
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		v.t.Errorf("%s %s %s: %v", r.Method, r.URL, body, err)
	}
	answer := bytes.Clone(rec.Body.Bytes())
	if r.Method != http.MethodDelete && !strings.Contains(r.URL.Path, "/actions/") {
		answer = unwrapped(v.t, answer)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: http.StatusOK, Header: rec.Header(),
		Body: io.NopCloser(bytes.NewReader(withoutNulls(v.t, answer)))}
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		v.t.Errorf("%s %s answered %s: %v", r.Method, r.URL, answer, err)
	}
}

// unwrapped takes data out of its envelope, which the document does not draw.
func unwrapped(t *testing.T, answer []byte) []byte {
	var e struct{ Meta, Data json.RawMessage }
	if err := json.Unmarshal(answer, &e); err != nil || e.Meta == nil || e.Data == nil {
		t.Errorf("no envelope around %s: %v", answer, err)
	}
	return e.Data
}

// withoutNulls leaves out what is null: the document knows no nulls, and recorded
// answers have them.
func withoutNulls(t *testing.T, body []byte) []byte {
	if len(body) == 0 {
		return body
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Errorf("%v in %s", err, body)
	}
	out, _ := json.Marshal(stripped(v)) // it came from JSON
	return out
}

func stripped(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if v[name] = stripped(value); value == nil {
				delete(v, name)
			}
		}
	case []any:
		for i := range v {
			v[i] = stripped(v[i])
		}
	}
	return v
}

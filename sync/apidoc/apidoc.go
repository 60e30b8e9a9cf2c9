// Package apidoc holds what is sent to Okta and TrackTik, and what their simulators answer,
// to descriptions of our own, org.yaml and portal.yaml: they have what is used, in our own
// words, and nothing else. The vendors' documents are not ours to pass on. Only tests use
// it.
package apidoc

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

//go:embed org.yaml portal.yaml
var descriptions embed.FS

// A Judge holds exchanges to the description.
type Judge struct {
	router routers.Router

	mu    sync.Mutex
	seen  map[string]bool // operations with an answer of 2xx
	wrong []string
}

// Portal judges by what is used of a TrackTik portal, Org by what is used of an Okta org.
func Portal() (*Judge, error) { return read("portal.yaml") }

// Org is described at Portal.
func Org() (*Judge, error) { return read("org.yaml") }

func read(name string) (*Judge, error) {
	data, err := descriptions.ReadFile(name)
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	router, err := gorillamux.NewRouter(doc) // which validates it, too
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	seen := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			seen[method+" "+path] = false
		}
	}
	return &Judge{router: router, seen: seen}, nil
}

// Between lets a call through and judges it with its answer. A request that the portal
// refuses (4xx) may be one that the description refuses too.
func (j *Judge) Between(w http.ResponseWriter, r *http.Request, next http.Handler) {
	body, _ := io.ReadAll(r.Body) // a test's client: it is whole
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	answer := bytes.Clone(rec.Body.Bytes())
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(answer) // the client may be gone
	if err := j.exchange(r, body, rec.Code, rec.Header(), answer); err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.wrong = append(j.wrong, fmt.Sprintf("%s %s %s, answered %d %.500s: %s", r.Method, r.URL, body, rec.Code, answer,
			err))
	}
}

// exchange says what of one call or its answer does not fit.
func (j *Judge) exchange(r *http.Request, body []byte, status int, header http.Header, answer []byte) error {
	r = r.Clone(r.Context())
	r.URL.Host, r.URL.Scheme, r.Host = "", "", ""
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := j.router.FindRoute(r)
	if err != nil {
		return fmt.Errorf("not described: %w", err)
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, QueryParams: r.URL.Query(),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, SkipSettingDefaults: true,
			RejectWhenRequestBodyNotSpecified: true,
			SchemaValidationOptions:           []openapi3.SchemaValidationOption{openapi3.DisableSchemaErrorDetails()}}}
	if status < http.StatusBadRequest || status >= http.StatusInternalServerError {
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			return err
		}
		if name := undescribed(route, r); name != "" {
			return fmt.Errorf("the parameter %s is not described", name)
		}
	}
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{RequestValidationInput: in,
		Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(answer)), Options: in.Options})
	if err == nil && status/100 == 2 {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.seen[route.Method+" "+route.Path] = true
	}
	return err
}

// undescribed is a parameter of the request that its operation does not have.
func undescribed(route *routers.Route, r *http.Request) string {
	for name := range r.URL.Query() {
		if route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return name
		}
	}
	return ""
}

// Wrong is what did not fit.
func (j *Judge) Wrong() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.wrong)
}

// Unseen are the operations that no judged call has made with success.
func (j *Judge) Unseen() (unseen []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for operation, seen := range j.seen {
		if !seen {
			unseen = append(unseen, operation)
		}
	}
	slices.Sort(unseen)
	return unseen
}

package oktatest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
)

// An answer is what the server sent over the wire.
type answer struct {
	status int
	header http.Header
	body   string
}

func start(t *testing.T) *oktatest.Server {
	t.Helper()
	srv := oktatest.NewServer()
	t.Cleanup(srv.Close)
	return srv
}

func request(t *testing.T, srv *oktatest.Server, path string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "SSWS "+oktatest.DefaultToken)
	return req
}

func try(srv *oktatest.Server, req *http.Request) (answer, error) {
	resp, err := srv.Client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body)}, err
}

func get(t *testing.T, srv *oktatest.Server, path string) answer {
	t.Helper()
	a, err := try(srv, request(t, srv, path))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a answer) refused(t *testing.T, status int, code string) {
	t.Helper()
	var e struct {
		ErrorCode, ErrorSummary, ErrorLink, ErrorID string
		ErrorCauses                                 []struct{ ErrorSummary string }
	}
	if err := json.Unmarshal([]byte(a.body), &e); err != nil || a.status != status || e.ErrorCode != code ||
		e.ErrorSummary == "" || e.ErrorID == "" || e.ErrorCauses == nil {
		t.Errorf("the answer is %d %s, want %d with %s in Okta's form", a.status, a.body, status, code)
	}
}

// object reads one object. fields are read from it by path: "profile.login".
func object(t *testing.T, srv *oktatest.Server, path string) map[string]any {
	t.Helper()
	a := get(t, srv, path)
	var o map[string]any
	if err := json.Unmarshal([]byte(a.body), &o); err != nil || a.status != http.StatusOK {
		t.Fatalf("GET %s answers %d %s", path, a.status, a.body)
	}
	return o
}

func field(o map[string]any, path string) any {
	var v any = o
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func has(o map[string]any, path string) bool {
	parent, name := o, path
	if i := strings.LastIndex(path, "."); i >= 0 {
		parent, _ = field(o, path[:i]).(map[string]any)
		name = path[i+1:]
	}
	_, there := parent[name]
	return there
}

func (a answer) elements(t *testing.T) []map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || a.status != http.StatusOK || list == nil {
		t.Fatalf("the answer is %d %.200s, want a list", a.status, a.body)
	}
	return list
}

func (a answer) ids(t *testing.T) []string {
	t.Helper()
	ids := []string{}
	for _, e := range a.elements(t) {
		ids = append(ids, e["id"].(string))
	}
	return ids
}

var linkLine = regexp.MustCompile(`^<http://[^>]+>; rel="(self|next)"$`)

// next returns path and query of the next page, or "".
func (a answer) next() string {
	for _, line := range a.header.Values("Link") {
		if m := linkLine.FindStringSubmatch(line); m != nil && m[1] == "next" {
			u, _ := url.Parse(line[1:strings.Index(line, ">")])
			return u.RequestURI()
		}
	}
	return ""
}

// walk follows the next links from path and returns the ids of every page. between
// is called after each page.
func walk(t *testing.T, srv *oktatest.Server, path string, between func(page int)) [][]string {
	t.Helper()
	var pages [][]string
	for path != "" {
		a := get(t, srv, path)
		pages = append(pages, a.ids(t))
		if between != nil {
			between(len(pages))
		}
		path = a.next()
		if len(pages) > 1000 {
			t.Fatal("the listing does not end")
		}
	}
	return pages
}

func all(t *testing.T, srv *oktatest.Server, path string) []string {
	t.Helper()
	return slices.Concat(walk(t, srv, path, nil)...)
}

func addUsers(srv *oktatest.Server, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = srv.AddUser(oktatest.User{Login: fmt.Sprintf("guard%06d@acme.example", len(ids)*1000+i), FirstName: "Guard", LastName: fmt.Sprint(i)})
	}
	return ids
}

// A stopped clock moves when it is told to.
type stopped struct{ at time.Time }

func (c *stopped) now() time.Time          { return c.at }
func (c *stopped) advance(d time.Duration) { c.at = c.at.Add(d) }
func newClock() *stopped                   { return &stopped{time.Date(2026, 3, 1, 3, 0, 0, 500e6, time.UTC)} }

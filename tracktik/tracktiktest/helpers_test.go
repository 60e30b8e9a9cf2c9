package tracktiktest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tracktik-sync/tracktik/tracktiktest"
)

// clock stands still until it is told to go on.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// caller speaks to a portal over HTTP with an access token.
type caller struct {
	t     *testing.T
	srv   *tracktiktest.Server
	token string
}

// open starts a portal and logs in.
func open(t *testing.T, settings ...func(*tracktiktest.Server)) *caller {
	t.Helper()
	srv := tracktiktest.NewServer()
	t.Cleanup(srv.Close)
	for _, set := range settings {
		srv.Configure(set)
	}
	c := &caller{t: t, srv: srv}
	c.logIn()
	return c
}

func (c *caller) logIn() {
	c.t.Helper()
	status, answer := c.form(passwordForm())
	if status != 200 {
		c.t.Fatalf("logging in: %d %v", status, answer)
	}
	c.token = answer["access_token"].(string)
}

func passwordForm() url.Values {
	return url.Values{"grant_type": {"password"}, "client_id": {tracktiktest.DefaultClientID},
		"client_secret": {tracktiktest.DefaultClientSecret}, "username": {tracktiktest.DefaultUsername},
		"password": {tracktiktest.DefaultPassword}}
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "client_id": {tracktiktest.DefaultClientID},
		"client_secret": {tracktiktest.DefaultClientSecret}, "refresh_token": {token}}
}

// form posts to the token endpoint.
func (c *caller) form(form url.Values) (int, map[string]any) {
	c.t.Helper()
	resp, err := c.srv.Client().PostForm(c.srv.URL+tracktiktest.DefaultTokenPath, form)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// request is a call to the API.
func (c *caller) request(method, path, body string) *http.Request {
	c.t.Helper()
	req, err := http.NewRequest(method, c.srv.URL+"/rest/v1"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// send makes one call to the API. The error is that of the connection.
func (c *caller) send(method, path, body string) (*http.Response, string, error) {
	c.t.Helper()
	resp, err := c.srv.Client().Do(c.request(method, path, body))
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return resp, string(got), err
}

// call is send for when the connection must hold.
func (c *caller) call(method, path, body string) (int, string) {
	c.t.Helper()
	resp, got, err := c.send(method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, got
}

// must expects a status and returns the answer's data.
func (c *caller) must(want int, method, path, body string) map[string]any {
	c.t.Helper()
	status, got := c.call(method, path, body)
	if status != want {
		c.t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, status, got, want)
	}
	var answer struct{ Data map[string]any }
	if err := json.Unmarshal([]byte(got), &answer); err != nil && want < 400 {
		c.t.Fatalf("%s %s: %v in %s", method, path, err, got)
	}
	return answer.Data
}

// refused expects a status and a text in the error body.
func (c *caller) refused(want int, text, method, path, body string) {
	c.t.Helper()
	status, got := c.call(method, path, body)
	var answer struct {
		Status int
		Error  string
	}
	if err := json.Unmarshal([]byte(got), &answer); err != nil {
		c.t.Fatalf("%s %s %s: %v in %s", method, path, body, err, got)
	}
	if status != want || answer.Status != want || !strings.Contains(answer.Error, text) {
		c.t.Errorf("%s %s %s: %d %s, want %d with %q", method, path, body, status, got, want, text)
	}
}

type page struct {
	Meta struct {
		Count, ItemCount, Limit, Offset int
		Request                         []string
		Resource                        string
	}
	Data []map[string]any
}

func (c *caller) list(path string) page {
	c.t.Helper()
	status, got := c.call("GET", path, "")
	var p page
	if err := json.Unmarshal([]byte(got), &p); err != nil || status != 200 {
		c.t.Fatalf("GET %s: %d %v in %s", path, status, err, got)
	}
	return p
}

// ids are those of a list's records.
func (c *caller) ids(path string) string {
	c.t.Helper()
	var out []string
	for _, r := range c.list(path).Data {
		out = append(out, fmt.Sprint(r["id"]))
	}
	return strings.Join(out, " ")
}

func (c *caller) employee(id int64) tracktiktest.Employee {
	c.t.Helper()
	e, found := c.srv.Employee(id)
	if !found {
		c.t.Fatalf("employee %d is gone", id)
	}
	return e
}

// guard adds an employee at the portal.
func (c *caller) guard(id int64, username string) int64 {
	return c.srv.AddEmployee(tracktiktest.Employee{ID: id, FirstName: "Ada", LastName: "Byron", Username: username,
		Email: username + "@guards.example"})
}

func at(format string, args ...any) string { return fmt.Sprintf(format, args...) }

package okta

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

const (
	testApp   = "0oatracktik"
	testToken = "00secretTokenOfNobody"
)

// A clock stands still until somebody sleeps on it.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func (c *clock) total() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sum time.Duration
	for _, d := range c.slept {
		sum += d
	}
	return sum
}

// An org is an HTTP server in Okta's place, and the Source that reads it. Nothing
// in it waits for real.
type org struct {
	*Source
	*clock
	url string
}

func newOrg(t testing.TB, handler http.HandlerFunc, change ...func(*Config)) *org {
	t.Helper()
	c := newClock()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", c.now().UTC().Format(http.TimeFormat))
		w.Header().Set("X-Okta-Request-Id", "req-1")
		w.Header().Set("Content-Type", "application/json")
		handler(w, r)
	}))
	t.Cleanup(srv.Close)
	config := Config{OrgURL: srv.URL, AppID: testApp, Token: testToken, Now: c.now, Sleep: c.sleep}
	for _, f := range change {
		f(&config)
	}
	source, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &org{source, c, srv.URL}
}

// answer writes the same body to every request.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// inTurn answers the first request with the first handler, and so on; the last one
// answers all that follow.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[min(n, len(handlers)-1)]
		n++
		mu.Unlock()
		h(w, r)
	}
}

// dropConnection ends the connection without an answer.
func dropConnection(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func oktaError(status int, code, summary string) http.HandlerFunc {
	return answer(status, fmt.Sprintf(`{"errorCode":%q,"errorSummary":%q,"errorLink":%q,"errorId":"oae1","errorCauses":[]}`, code, summary, code))
}

// nextPage writes Okta's two Link lines.
func nextPage(w http.ResponseWriter, r *http.Request, after string) {
	self, next := *r.URL, *r.URL
	query := r.URL.Query()
	query.Set("after", after)
	next.RawQuery = query.Encode()
	w.Header().Add("Link", "<http://"+r.Host+self.String()+`>; rel="self"`)
	w.Header().Add("Link", "<http://"+r.Host+next.String()+`>; rel="next"`)
}

// assignment is an app user in the shape of Okta's answers.
func assignment(id string) string {
	return `{"id":"` + id + `","externalId":null,"created":"2024-05-01T10:00:00.000Z","lastUpdated":"2024-05-01T10:00:00.000Z",` +
		`"scope":"GROUP","status":"ACTIVE","syncState":"DISABLED","credentials":{"userName":"` + id + `@acme.example"},` +
		`"profile":{"site":"Docks"},"_links":{"app":{"href":"https://acme.okta.com/api/v1/apps/0oatracktik"},` +
		`"group":{"name":"Guards","href":"https://acme.okta.com/api/v1/groups/00gguards"}},` +
		`"_embedded":{"user":` + user(id) + `}}`
}

func user(id string) string {
	return `{"id":"` + id + `","status":"ACTIVE","lastLogin":null,"type":{"id":"oty1"},"profile":{"firstName":"Ana","lastName":"Silva",` +
		`"mobilePhone":null,"login":"` + id + `@acme.example","email":"` + id + `@mail.example","employeeNumber":12345678901234567890},` +
		`"_links":{"self":{"href":"https://acme.okta.com/api/v1/users/` + id + `"}}}`
}

func group(id, name string) string {
	return `{"id":"` + id + `","type":"OKTA_GROUP","lastUpdated":"2024-05-01T10:00:00.000Z",` +
		`"lastMembershipUpdated":"2024-05-02T10:00:00.000Z","profile":{"name":"` + name + `","description":null}}`
}

func array(elements ...string) string { return "[" + strings.Join(elements, ",") + "]" }

// everybody reads the whole listing of assignments.
func (o *org) everybody() (ids []plan.PersonID, err error) {
	err = o.Assignments(context.Background(), func(entries []plan.Entry) error {
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
		return nil
	})
	return ids, err
}

func wantError(t *testing.T, err error) *Error {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("got error %v (%T), want an *Error", err, err)
	}
	if strings.Contains(err.Error(), testToken) {
		t.Errorf("the token is in the error: %v", err)
	}
	return failure
}

func wantBroken(t *testing.T, err error) *Error {
	t.Helper()
	failure := wantError(t, err)
	if !failure.Broken() {
		t.Fatalf("got %v, want one with Broken()", err)
	}
	return failure
}

// trusting is what trusts srv's certificate alone.
func trusting(srv *httptest.Server) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return &tls.Config{RootCAs: pool}
}

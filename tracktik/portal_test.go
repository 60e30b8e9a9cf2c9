package tracktik

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// portal is a server on which a test decides each answer. Tokens are numbered:
// access-1 and refresh-1, then access-2 and refresh-2.
type portal struct {
	*httptest.Server
	api   http.HandlerFunc // answers what carries the last access token
	token http.HandlerFunc // nil: a new pair of tokens

	mu     sync.Mutex
	issued int
	logins []url.Values // the forms of the token requests
	calls  []call       // the requests to the API, refused ones too
}

type call struct {
	method, path string
	query        url.Values
	header       http.Header
	body         string
}

func newPortal(t *testing.T, api http.HandlerFunc) *portal {
	t.Helper()
	p := &portal{api: api}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *portal) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == DefaultTokenPath {
		form, _ := url.ParseQuery(string(body))
		p.mu.Lock()
		p.logins = append(p.logins, form)
		p.mu.Unlock()
		if p.token != nil {
			p.token(w, r)
			return
		}
		p.issue(w)
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	p.mu.Lock()
	p.calls = append(p.calls, call{r.Method, r.URL.Path, r.URL.Query(), r.Header, string(body)})
	current := fmt.Sprintf("Bearer access-%d", p.issued)
	p.mu.Unlock()
	if r.Header.Get("Authorization") != current {
		answer(w, http.StatusUnauthorized, `{"status":401,"error":"no or expired token"}`)
		return
	}
	p.api(w, r)
}

func (p *portal) issue(w http.ResponseWriter) {
	p.mu.Lock()
	p.issued++
	n := p.issued
	p.mu.Unlock()
	answer(w, 200, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"access-%d","refresh_token":"refresh-%d"}`, n, n))
}

// expire makes the portal refuse every access token given so far.
func (p *portal) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.issued++
}

func (p *portal) forms() []url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.logins)
}

func (p *portal) requests() []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

func answer(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// always answers everything alike.
func always(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answer(w, status, body) }
}

// inTurn answers the first request by the first handler, and so on; the last one
// stays.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	next := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[min(next, len(handlers)-1)]
		next++
		mu.Unlock()
		h(w, r)
	}
}

// hangUp closes the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// cutShort promises more of a body than it sends.
func cutShort(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+100))
		answer(w, status, body)
	}
}

// clock is a time that passes only while somebody sleeps.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 23, 12, 0, 10, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.pass(d)
	c.mu.Lock()
	c.slept = append(c.slept, d)
	c.mu.Unlock()
	return ctx.Err()
}

// client is a Client of p with the password grant, a clock of its own, and what
// change makes of its configuration.
func client(t *testing.T, p *portal, change func(*Config)) *Client {
	t.Helper()
	c := newClock()
	cfg := Config{BaseURL: p.URL, Now: c.now, Sleep: c.sleep, Auth: Auth{Grant: GrantPassword,
		ClientID: "client", ClientSecret: "the-client-secret", Username: "integration", Password: "the-password"}}
	if change != nil {
		change(&cfg)
	}
	got, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wantError is the *Error in err.
func wantError(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("got %T %v, want an *Error", err, err)
	}
	return e
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// records serves a list of ids as the portal does, with paging by key and by
// offset. deaf names a query key that it takes no notice of.
type records struct {
	ids    []int
	deaf   string
	limit  int // the most on a page; 0: 1000
	noMeta bool
	count  int // what meta.count says; 0: the truth
}

func (l records) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	query.Del(l.deaf)
	after, _ := strconv.Atoi(query.Get(keyFilter))
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit := 100
	if asked, err := strconv.Atoi(query.Get("limit")); err == nil {
		limit = asked
	}
	if l.limit > 0 {
		limit = min(limit, l.limit)
	}
	left := slices.DeleteFunc(slices.Clone(l.ids), func(id int) bool { return id <= after })
	count := len(left)
	if l.count > 0 {
		count = l.count
	}
	left = left[min(offset, len(left)):]
	left = left[:min(limit, len(left))]
	data := make([]map[string]any, len(left))
	for i, id := range left {
		data[i] = map[string]any{"id": id, "name": fmt.Sprintf("record %d", id)}
	}
	var body any = data
	if !l.noMeta {
		body = map[string]any{"data": data, "meta": map[string]any{"count": count, "itemCount": len(left), "limit": limit}}
	}
	_ = json.NewEncoder(w).Encode(body)
}

// upTo is 1, 2 … n.
func upTo(n int) []int {
	ids := make([]int, n)
	for i := range ids {
		ids[i] = i + 1
	}
	return ids
}

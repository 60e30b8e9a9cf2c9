package tracktiktest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Request is one call that reached the portal.
type Request struct {
	Time      time.Time // by the portal's clock
	Method    string
	Path      string // the whole path, /rest/v1 included
	Query     url.Values
	Header    http.Header
	Body      string
	Status    int    // 0: on its way still, or the connection was dropped without an answer
	RequestID string // the client's X-Request-Id, else the portal's own
	Effective bool   // something in the portal changed by it, whatever was answered
}

// flight is a request that is being answered.
type flight struct {
	request *Request
	status  int
	changed bool
}

type flightKey struct{}

// inFlight returns the flight that r belongs to.
func inFlight(r *http.Request) *flight {
	f, _ := r.Context().Value(flightKey{}).(*flight)
	return f
}

// requestLog has its own lock, so that it can be read while the portal is busy.
type requestLog struct {
	mu        sync.Mutex
	requests  []*Request
	counts    map[string]int // by method and path, record ids replaced by *
	serial    int
	effective int
	attempted int
}

func (l *requestLog) begin(r *http.Request, now time.Time, keep int) (*flight, *http.Request) {
	body, _ := io.ReadAll(r.Body) // what a cut connection left out is refused as bad JSON
	r.Body = io.NopCloser(bytes.NewReader(body))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serial++
	req := &Request{Time: now, Method: r.Method, Path: r.URL.Path, RequestID: r.Header.Get("X-Request-Id")}
	if req.RequestID == "" {
		req.RequestID = fmt.Sprintf("portal-%06d", l.serial)
	}
	if keep > 0 {
		req.Query, req.Header, req.Body = r.URL.Query(), r.Header.Clone(), string(body)
		l.requests = trimmed(append(l.requests, req), keep)
	}
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[r.Method+" "+withoutIDs(r.URL.Path)]++
	if r.Method != http.MethodGet && strings.HasPrefix(r.URL.Path, apiRoot+"/") {
		l.attempted++
	}
	f := &flight{request: req}
	return f, r.WithContext(context.WithValue(r.Context(), flightKey{}, f))
}

func (l *requestLog) end(f *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.request.Status, f.request.Effective = f.status, f.changed
	if f.changed {
		l.effective++
	}
}

// trimmed drops the oldest once there are twice as many as are kept, so that
// trimming costs little.
func trimmed[T any](all []T, keep int) []T {
	if len(all) < 2*keep {
		return all
	}
	return append([]T(nil), all[len(all)-keep:]...)
}

// latest returns the last n of all.
func latest[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }

// Requests returns the last Limits.KeepRequests calls in the order in which they
// came.
func (s *Server) Requests() []Request {
	s.mu.RLock()
	keep := bound(s.Limits.KeepRequests, 10_000)
	s.mu.RUnlock()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	var out []Request
	for _, r := range latest(s.log.requests, keep) {
		out = append(out, *r)
	}
	return out
}

// Count returns how many calls came with the method (empty: any) to a path, in the
// pattern language of Match. A pattern that names a record by its id counts within
// what Requests returns; any other counts all calls since ResetRequests.
func (s *Server) Count(method, pattern string) int {
	n := 0
	if namesID(pattern) {
		for _, r := range s.Requests() {
			if hits(method, pattern, r.Method, r.Path) {
				n++
			}
		}
		return n
	}
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	for key, count := range s.log.counts {
		m, path, _ := strings.Cut(key, " ")
		if hits(method, pattern, m, path) {
			n += count
		}
	}
	return n
}

// Writes returns how many calls changed something, lost replies included.
func (s *Server) Writes() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.effective
}

// AttemptedWrites returns how many calls other than GET came to the API, whatever
// became of them.
func (s *Server) AttemptedWrites() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.attempted
}

// ResetRequests forgets the calls and sets the counts to zero.
func (s *Server) ResetRequests() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.requests, s.log.counts, s.log.effective, s.log.attempted = nil, nil, 0, 0
}

// watched notes the status that went out.
type watched struct {
	http.ResponseWriter
	status int
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.NewResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

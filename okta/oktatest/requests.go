package oktatest

import (
	"bufio"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// A Request is one that reached the server, and what became of it.
type Request struct {
	Method string
	Path   string
	Query  url.Values
	Header http.Header // as received, Authorization included
	Status int         // 0: under way, or the connection ended without an answer
}

// Requests returns every request since the start or the last ResetRequests, in
// the order of arrival.
func (s *Server) Requests() []Request {
	s.logMu.Lock()
	defer s.logMu.Unlock()
	all := make([]Request, len(s.log))
	for i, r := range s.log {
		all[i] = *r
	}
	return all
}

// Count returns how many requests had a path that matches pattern, which is one of
// path.Match: "/api/v1/apps/*/users". A method may precede it: "GET /api/v1/groups".
// It panics if the pattern is malformed.
func (s *Server) Count(pattern string) int {
	s.logMu.Lock()
	defer s.logMu.Unlock()
	n := 0
	for _, r := range s.log {
		if matches(pattern, r.Method, r.Path) {
			n++
		}
	}
	return n
}

// ResetRequests forgets the requests so far.
func (s *Server) ResetRequests() {
	s.logMu.Lock()
	defer s.logMu.Unlock()
	s.log = nil
}

func matches(pattern, method, p string) bool {
	if wanted, rest, found := strings.Cut(pattern, " "); found {
		if wanted != method {
			return false
		}
		pattern = rest
	}
	ok, err := path.Match(pattern, p)
	if err != nil {
		panic("oktatest: the pattern " + pattern + " is malformed")
	}
	return ok
}

// watch notes that r has arrived, and returns a writer that notes the status as soon
// as there is one: the client may have the answer before the handler returns.
func (s *Server) watch(r *http.Request, w http.ResponseWriter, record bool) *watchedWriter {
	watched := &watchedWriter{ResponseWriter: w, server: s}
	if !record {
		return watched
	}
	watched.entry = &Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header.Clone()}
	s.logMu.Lock()
	defer s.logMu.Unlock()
	s.log = append(s.log, watched.entry)
	return watched
}

// A watchedWriter notes the status that is sent.
type watchedWriter struct {
	http.ResponseWriter
	server   *Server
	entry    *Request // nil: unrecorded
	answered bool     // or hijacked
}

func (w *watchedWriter) note(status int) {
	if w.answered {
		return
	}
	w.answered = true
	if w.entry == nil {
		return
	}
	w.server.logMu.Lock()
	defer w.server.logMu.Unlock()
	w.entry.Status = status
}

func (w *watchedWriter) WriteHeader(status int) {
	w.note(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(b []byte) (int, error) {
	w.note(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// Hijack is found by http.ResponseController.
func (w *watchedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.note(0)
	}
	return conn, buffered, err
}

// Unwrap is how http.ResponseController finds the rest.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

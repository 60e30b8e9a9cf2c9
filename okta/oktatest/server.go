package oktatest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// DefaultToken is the API token of a Server whose Tokens are nil.
const DefaultToken = "00oktatest-Default_Token-0123456789-abcdef"

// A Server is an Okta org. The zero value is an empty org and a ready
// http.Handler; NewServer returns one that listens. Its methods may be called at
// any time, by several goroutines. The fields are set before the first request, or
// through Configure.
type Server struct {
	URL string // http://127.0.0.1:port, without a slash at the end; set by NewServer

	// Now is the org's clock: Date headers, timestamps, rate limits. nil: time.Now.
	Now func() time.Time

	// Subdomain is what /api/v1/org calls the org. "": "acme".
	Subdomain string

	// Tokens are the API tokens that are accepted as "Authorization: SSWS token".
	// nil: DefaultToken alone; empty: none. Unused when Authorize is set.
	Tokens []string

	// TokenLifetime is how long an access token of RegisterServiceApp's apps lasts,
	// in whole seconds. 0: DefaultTokenLifetime.
	TokenLifetime time.Duration

	// OpaqueTokens makes new access tokens random text. Without it they are JWTs,
	// which they happen to be at Okta, though nobody else may rely on that.
	OpaqueTokens bool

	// Authorize decides whether a request to the API may pass. When it returns
	// false it has answered, for instance with Refuse. nil: an API token of Tokens
	// or an access token with the scopes of the endpoint is due, or the answer is 401 E0000011, as for a token that expired or was revoked.
	Authorize func(w http.ResponseWriter, r *http.Request) bool

	// SystemLog is how the System Log behaves, which every change of the org goes into.
	SystemLog LogManners

	// RateLimit holds the requests a minute that a bucket allows, by bucket
	// (BucketUsers and so on). A bucket that is missing has DefaultRateLimit.
	RateLimit map[string]int

	// LargestPage refuses every limit above it, as an org does whose limits became lower
	// than its documentation has them. 0: those of the documentation.
	LargestPage int

	// Intercept stands in front of the org, authorization included. It answers
	// itself, or calls next, or both. nil: next. See Interceptor.
	Intercept Interceptor

	// Unrecorded leaves Requests and Count empty, for a server that runs for days.
	Unrecorded bool

	fields   sync.RWMutex // guards those above
	start    sync.Once
	mux      *http.ServeMux
	listener *httptest.Server
	stop     context.CancelFunc // ends what Silence holds up

	mu sync.Mutex // guards everything below
	org

	logMu sync.Mutex
	log   []*Request
}

// NewServer starts an empty org on a free port of the loopback interface. The
// caller closes it.
func NewServer() *Server {
	s := &Server{}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.listener = httptest.NewUnstartedServer(s)
	inner := s.listener.Config.Handler
	s.listener.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), closingKey{}, ctx.Done())))
	})
	s.listener.Start()
	s.URL = s.listener.URL
	return s
}

// Close stops a server of NewServer, and waits for the requests that are under way.
func (s *Server) Close() {
	s.stop()
	s.listener.Close()
}

// Configure sets fields while requests may be under way, and change does nothing
// else. A request for which the client has given up may still be one.
func (s *Server) Configure(change func(*Server)) {
	s.fields.Lock()
	defer s.fields.Unlock()
	change(s)
}

// Client returns an HTTP client for a server of NewServer. Close ends its idle
// connections.
func (s *Server) Client() *http.Client { return s.listener.Client() }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.start.Do(s.route)
	s.fields.RLock()
	intercept, unrecorded := s.Intercept, s.Unrecorded
	s.fields.RUnlock()
	watched := s.watch(r, w, !unrecorded)
	r = r.WithContext(context.WithValue(r.Context(), clockKey{}, s.now))
	if intercept != nil {
		intercept(watched, r, http.HandlerFunc(s.answer))
	} else {
		s.answer(watched, r)
	}
	watched.note(http.StatusOK) // what net/http makes of a handler that writes nothing
}

type (
	clockKey   struct{}
	closingKey struct{}
)

func (s *Server) now() time.Time {
	s.fields.RLock()
	now := s.Now
	s.fields.RUnlock()
	if now != nil {
		return now()
	}
	return time.Now()
}

// clock returns the time of the org that r was sent to.
func clock(r *http.Request) time.Time {
	if now, ok := r.Context().Value(clockKey{}).(func() time.Time); ok {
		return now()
	}
	return time.Now()
}

// closing returns a channel that is closed when the server is, or nil.
func closing(r *http.Request) <-chan struct{} {
	done, _ := r.Context().Value(closingKey{}).(<-chan struct{})
	return done
}

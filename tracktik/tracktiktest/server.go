package tracktiktest

import (
	"cmp"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// apiRoot is where the API begins.
const apiRoot = "/rest/v1"

// Server is one portal. Its zero value is a ready http.Handler that holds what a
// new portal holds: regions (HQ is region 1), termination reasons, the default
// roles, and the employee whose credentials an integration uses. Set the fields
// before the first request, or later with Configure.
type Server struct {
	URL string // scheme, host and port, set by NewServer

	// Now is the portal's clock: token lifetimes, the rate window, the login
	// block, the Date header. Nil: time.Now.
	Now func() time.Time

	// Intercept comes before everything else, the token endpoint included. It
	// answers by itself, or calls next, or does both. See LostReply and the other
	// faults.
	Intercept func(w http.ResponseWriter, r *http.Request, next http.Handler)

	OAuth  OAuth
	Rules  Rules
	Limits Limits

	once     sync.Once
	listener *http.Server
	client   *http.Client
	mux      *http.ServeMux
	log      requestLog

	mu         sync.RWMutex // guards all below, and the settings above
	auth       authState
	window     rateWindow
	employees  resource[*employee]
	roles      resource[*role]
	grants     resource[*grant]
	regions    resource[*region]
	reasons    resource[*reason]
	byName     index // employees by username
	byEmail    index
	byCustom   index
	emailParts pieces             // by any part of the e-mail
	byUser     map[int64][]*grant // grants by the holder's employee id
	addresses  int64              // the last address id given
	unseen     atomic.Int64       // employees that are not visible yet
	history    []Change
}

// Limits are what the portal allows, and how much of its doings it remembers.
type Limits struct {
	// PerMinute is how many API calls are answered in one minute of the portal's
	// clock; the others get 429 until the next minute begins. Zero: no limit.
	// TrackTik says "usually in the thousands".
	PerMinute int
	// RetryAfter puts that header, in seconds, on the 429 answers. TrackTik does
	// not document it.
	RetryAfter bool
	// KeepRequests bounds what Requests returns, KeepHistory what History returns.
	// Zero: the last 10,000 and 100,000; negative: none.
	KeepRequests, KeepHistory int
}

// NewServer starts a portal on a free port of the loopback interface. It panics
// when there is none.
func NewServer() *Server {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("tracktiktest: listening on the loopback interface: " + err.Error())
	}
	s := &Server{URL: "http://" + ln.Addr().String()}
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	s.listener = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.listener.Serve(ln) }() // it ends with Close
	return s
}

// Close stops listening and cuts what is still open. It does nothing to a Server
// that NewServer did not make.
func (s *Server) Close() {
	if s.listener != nil {
		_ = s.listener.Close()
		s.client.CloseIdleConnections()
	}
}

// Client returns a client whose connections end with Close. It is nil for a Server
// that NewServer did not make.
func (s *Server) Client() *http.Client { return s.client }

// Configure changes settings while requests may be on their way. change must not
// call methods of s.
func (s *Server) Configure(change func(s *Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// ServeHTTP answers as the portal does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.start()
	s.mu.RLock()
	intercept, now, keep := s.Intercept, s.now(), s.Limits.KeepRequests
	s.mu.RUnlock()

	f, r := s.log.begin(r, now, bound(keep, 10_000))
	defer s.log.end(f)
	w.Header().Set("X-Request-Id", f.request.RequestID)
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	out := &watched{ResponseWriter: w}
	if intercept != nil {
		intercept(out, r, http.HandlerFunc(s.route))
	} else {
		s.route(out, r)
	}
	f.status = cmp.Or(out.status, http.StatusOK) // not reached when the connection is dropped
}

// route sends a request to the token endpoint, the authorize page or the API.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	token, authorize := s.OAuth.tokenPath(), s.OAuth.authorizePath()
	s.mu.RUnlock()
	switch r.URL.Path {
	case token:
		s.serveToken(w, r)
	case authorize:
		s.serveAuthorize(w, r)
	default:
		s.mux.ServeHTTP(w, r)
	}
}

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// bound resolves a setting of which zero means fallback and less means none.
func bound(setting, fallback int) int {
	switch {
	case setting == 0:
		return fallback
	case setting < 0:
		return 0
	}
	return setting
}

// rateWindow counts the calls of the running minute.
type rateWindow struct {
	minute time.Time
	calls  int
}

// throttled counts a call and reports how long to wait when it is one too many.
func (s *Server) throttled() (wait time.Duration, over bool) {
	if s.Limits.PerMinute == 0 {
		return 0, false
	}
	now := s.now()
	if minute := now.Truncate(time.Minute); !minute.Equal(s.window.minute) {
		s.window = rateWindow{minute: minute}
	}
	s.window.calls++
	return s.window.minute.Add(time.Minute).Sub(now), s.window.calls > s.Limits.PerMinute
}

// tooMany answers 429.
func tooMany(w http.ResponseWriter, wait time.Duration) {
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	refuse(http.StatusTooManyRequests, "too many requests in the last minute").write(w)
}

package okta

import (
	"maps"
	"net/http"
	"sync"
	"time"
)

// A meter counts what was sent, and compares the clocks.
type meter struct {
	mu       sync.Mutex
	requests int
	byRoute  map[string]map[int]int
	waited   time.Duration
	skew     time.Duration
	skewed   bool // skew is known
}

// sent counts a request; status 0 says that it got no answer.
func (m *meter) sent(route string, status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byRoute == nil {
		m.byRoute = map[string]map[int]int{}
	}
	if m.byRoute[route] == nil {
		m.byRoute[route] = map[int]int{}
	}
	m.requests++
	m.byRoute[route][status]++
}

func (m *meter) wait(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waited += d
}

// clock takes the Date of an answer that was asked for at sent and came at got.
// Date is cut to whole seconds, so on average half a second has to be added.
func (m *meter) clock(header http.Header, sent, got time.Time) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	middle := sent.Add(got.Sub(sent) / 2)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.skew, m.skewed = date.Add(time.Second/2).Sub(middle), true
}

// Requests is how many reads were sent, retries included.
func (s *Source) Requests() int {
	m := &s.transport.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests
}

// RequestsByRoute counts the requests, those for tokens among them, by route ("GET
// /api/v1/groups/{group}") and HTTP status; status 0 are those without an answer.
func (s *Source) RequestsByRoute() map[string]map[int]int {
	routes := s.transport.meter.routes()
	if tokens := s.transport.config.tokens; tokens != nil {
		maps.Copy(routes, tokens.routes()) // they have a route of their own
	}
	return routes
}

func (m *meter) routes() map[string]map[int]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	copied := make(map[string]map[int]int, len(m.byRoute))
	for route, counts := range m.byRoute {
		copied[route] = maps.Clone(counts)
	}
	return copied
}

// Waited is the time spent waiting for rate limits, summed over all requests.
func (s *Source) Waited() time.Duration {
	m := &s.transport.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.waited
}

// ClockSkew is Okta's clock minus ours, good to about a second, by the last
// answer; known is false before the first one.
func (s *Source) ClockSkew() (skew time.Duration, known bool) {
	m := &s.transport.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.skew, m.skewed
}

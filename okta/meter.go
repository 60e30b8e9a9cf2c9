package okta

import (
	"maps"
	"net/http"
	"slices"
	"strings"
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
	skewed   bool      // skew is known
	date     time.Time // Okta's clock
	read     time.Time // by ours when it showed that
}

// steady is how much Okta's clock may seem to jump between two answers: Date is of whole
// seconds, answers take their time, and Okta is many machines.
const steady = 5 * time.Second

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
	date = date.Add(time.Second / 2)
	m.skew, m.skewed = date.Sub(middle), true
	if m.read.IsZero() || m.at(middle).Sub(date).Abs() > steady {
		m.date, m.read = date, middle
	}
}

// at is what Okta's clock shows when ours shows now. Where ours was set in between, the
// machine's steady clock says how long ago Okta's was read.
func (m *meter) at(now time.Time) time.Time { return m.date.Add(now.Sub(m.read)) }

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

// Clock is the time by Okta's clock, good to some seconds; known is false before the
// first answer. Setting the machine's clock does not move it.
func (s *Source) Clock() (at time.Time, known bool) {
	m := &s.transport.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at(s.transport.config.Now()), m.skewed
}

// A RateLimit is what Okta last said of one of its buckets, in requests a minute.
type RateLimit struct {
	Bucket    string // "app/*": the app's users, groups and push mappings; "groups", "user", …
	Limit     int    // as it applies to this token or service app
	Remaining int
	Reset     time.Time // by our clock
}

// RateLimits lists the limits of the buckets that were used, by name. Okta's
// X-Rate-Limit headers tell them; of a bucket without such headers there is none.
func (s *Source) RateLimits() []RateLimit {
	t := s.transport
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []RateLimit
	for name, b := range t.budgets {
		if limit, told := b.told(); told {
			limit.Bucket = name
			all = append(all, limit)
		}
	}
	slices.SortFunc(all, func(a, b RateLimit) int { return strings.Compare(a.Bucket, b.Bucket) })
	return all
}

func (b *budget) told() (RateLimit, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return RateLimit{Limit: b.limit, Remaining: b.remaining, Reset: b.reset}, b.limit > 0
}

package control

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Requests are what reached the simulators since the start or the last reset.
type Requests struct {
	Since    time.Time `json:"since"`
	Okta     Calls     `json:"okta"`
	TrackTik Calls     `json:"tracktik"`
}

// Calls are those to one system.
type Calls struct {
	Total     int     `json:"total"`
	Writes    int     `json:"writes"`    // that changed something, whatever was answered
	Attempted int     `json:"attempted"` // other than GET, those to the API alone
	Routes    []Route `json:"routes"`
}

// A Route is a method and a path with {id} where a record is named.
type Route struct {
	Method   string         `json:"method"`
	Route    string         `json:"route"`
	Count    int            `json:"count"`
	Statuses map[string]int `json:"statuses"` // "dropped": the connection ended without an answer
}

// Requests returns the counts.
func (c *Control) Requests() Requests {
	c.mu.Lock()
	since := c.since
	c.mu.Unlock()
	out := Requests{Since: since.UTC().Truncate(time.Millisecond), Okta: c.okta.calls(), TrackTik: c.tracktik.calls()}
	out.TrackTik.Writes, out.TrackTik.Attempted = c.world.TrackTik.Writes(), c.world.TrackTik.AttemptedWrites()
	for _, r := range out.Okta.Routes {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			out.Okta.Attempted += r.Count // the org refuses them all
		}
	}
	return out
}

// ResetRequests starts counting anew.
func (c *Control) ResetRequests() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = time.Now()
	c.resets++
	c.okta.reset()
	c.tracktik.reset()
	c.world.TrackTik.ResetRequests()
}

// A tally counts calls by method, route and status.
type tally struct {
	mu     sync.Mutex
	counts map[counted]int
}

type counted struct{ method, route, status string }

func (t *tally) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts = nil
}

// count lets next answer and notes what became of it, also when the connection is
// dropped on purpose, which is a panic.
func (t *tally) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := &watched{ResponseWriter: w, status: "dropped"}
		defer func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			if t.counts == nil {
				t.counts = map[counted]int{}
			}
			t.counts[counted{r.Method, routeOf(r.URL.Path), watched.status}]++
		}()
		next.ServeHTTP(watched, r)
	})
}

func (t *tally) calls() Calls {
	out := Calls{Routes: []Route{}}
	t.mu.Lock()
	defer t.mu.Unlock()
	at := map[[2]string]int{}
	for k, n := range t.counts {
		key := [2]string{k.method, k.route}
		i, seen := at[key]
		if !seen {
			i = len(out.Routes)
			at[key] = i
			out.Routes = append(out.Routes, Route{Method: k.method, Route: k.route, Statuses: map[string]int{}})
		}
		out.Routes[i].Count += n
		out.Routes[i].Statuses[k.status] += n
		out.Total += n
	}
	slices.SortFunc(out.Routes, func(a, b Route) int {
		return cmp.Or(strings.Compare(a.Route, b.Route), strings.Compare(a.Method, b.Method))
	})
	return out
}

// routeOf puts {id} in the place of what names a record: the segment after the name
// of a collection.
func routeOf(path string) string {
	segments := strings.Split(path, "/")
	for i := 1; i < len(segments); i++ {
		if segments[i] != "" && slices.Contains(collections, segments[i-1]) {
			segments[i] = "{id}"
		}
	}
	return strings.Join(segments, "/")
}

var collections = []string{"users", "groups", "apps", "mappings", "employees", "roles", "user-roles", "regions", "employment-termination-reasons"}

// A watched writer notes the status that went out.
type watched struct {
	http.ResponseWriter
	status string
}

func (w *watched) WriteHeader(status int) {
	w.note(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	w.note(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

func (w *watched) note(status int) {
	if w.status == "dropped" {
		w.status = strconv.Itoa(status)
	}
}

// Unwrap lets http.NewResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

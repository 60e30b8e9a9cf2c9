// Package control is how a sandbox is watched and steered from outside: a web page,
// the calls behind it, counts of what reached the simulators, and their faults.
//
// The calls, all on the admin address; what they answer is JSON, errors
// {"error": TEXT} with a status of 400 and above:
//
//	GET    /                       the web page
//	POST   /advance                the next day of the scripted week
//	POST   /advance?day=N          every day up to day N; 409 when it is past
//	POST   /life?events=N&seed=S   N random events; &kinds=hire,rename of these kinds
//	POST   /life?user=LOGIN&kinds=deactivate   one event of one kind, to that person
//	GET    /state                  both sides; ?limit=200&q=TEXT a part of them, the latest first
//	GET    /log                    Okta's System Log, the latest first; ?limit=200&q=TEXT
//	GET    /audit                  where the two sides disagree, after a sync
//	GET    /requests               what reached the simulators, by system, method, route
//	POST   /requests/reset         counts from here on
//	GET    /faults                 the faults there are, and those that are on
//	POST   /faults?name=NAME       switches one on; &nth=N&times=M from the N-th call that
//	                               fits, M times (0: for ever)
//	DELETE /faults                 switches all off; ?name=NAME that one
//	GET    /config                 the configuration for tracktik-sync, YAML
//
// With the portal's own Okta integration in the world (--incumbent) also:
//
//	GET    /incumbent              its switches in Okta, in the order in which they go off
//	POST   /incumbent?switch=NAME&on=false   turns one; 409 in the wrong order
//	GET    /pairs                  who is who of those whom no key finds, CSV for `link --file`
//	GET    /writes                 every write that reached the portal's API, judged one by one
//	GET    /leftovers              whom a comparison has to name once all is settled
//
// Parameters may be given as a form as well. Nothing is protected by a password:
// there is nothing real behind it. Web pages of other origins cannot steer it.
package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"tracktik-sync/cmd/tracktik-sandbox/internal/world"
)

// A Control stands around a world. Okta and TrackTik serve the simulators, Admin
// what is described above.
type Control struct {
	world    *world.World
	config   []byte
	okta     tally
	tracktik tally

	mu      sync.Mutex // guards those below
	active  []activeFault
	since   time.Time
	resets  int
	started time.Time
}

// New returns the control of a world.
func New(w *world.World) *Control {
	// What reaches the simulators is counted here, in little space: they need not keep it.
	w.Okta.Unrecorded = true
	w.TrackTik.Limits.KeepRequests = -1
	now := time.Now()
	return &Control{world: w, since: now, started: now}
}

// SetConfig says what GET /config answers. It comes before the first request.
func (c *Control) SetConfig(yaml []byte) { c.config = yaml }

// Okta serves the org.
func (c *Control) Okta() http.Handler { return c.okta.count(c.world.Okta) }

// TrackTik serves the portal.
func (c *Control) TrackTik() http.Handler { return c.tracktik.count(c.world.TrackTik) }

// Admin serves the page and the calls.
func (c *Control) Admin() http.Handler {
	mux := http.NewServeMux()
	c.servePage(mux)
	mux.HandleFunc("POST /advance", c.postAdvance)
	mux.HandleFunc("POST /life", c.postLife)
	mux.HandleFunc("GET /state", c.getState)
	mux.HandleFunc("GET /log", c.getLog)
	mux.HandleFunc("GET /audit", c.getAudit)
	mux.HandleFunc("GET /incumbent", c.getIncumbent)
	mux.HandleFunc("POST /incumbent", c.postIncumbent)
	mux.HandleFunc("GET /pairs", c.getPairs)
	mux.HandleFunc("GET /writes", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, c.world.Writes()) })
	mux.HandleFunc("GET /leftovers", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, c.world.Leftovers()) })
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, c.Requests()) })
	mux.HandleFunc("POST /requests/reset", func(w http.ResponseWriter, _ *http.Request) {
		c.ResetRequests()
		answer(w, http.StatusOK, c.Requests())
	})
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, c.faults()) })
	mux.HandleFunc("POST /faults", c.postFault)
	mux.HandleFunc("DELETE /faults", c.deleteFaults)
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
		_, _ = w.Write(c.config) // the client may have gone
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

func (c *Control) postAdvance(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("day") == "" {
		answer(w, http.StatusOK, map[string]any{"days": []world.Day{c.world.Advance()}})
		return
	}
	day, err := number(r, "day", 0)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	days, err := c.world.AdvanceTo(day)
	if err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"days": days})
}

func (c *Control) postLife(w http.ResponseWriter, r *http.Request) {
	n, err := number(r, "events", 1)
	if err == nil && n > 1_000_000 {
		err = fmt.Errorf("events is %d, and must be at most 1000000", n)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	seed := uint64(c.world.Version()) // without one, no two calls bring the same
	if given := r.FormValue("seed"); given != "" {
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			refuse(w, http.StatusBadRequest, fmt.Errorf("seed is %q, and must be a number from 0 on", given))
			return
		}
	}
	var kinds []string
	if given := r.FormValue("kinds"); given != "" {
		kinds = strings.Split(given, ",")
	}
	var events []world.Event
	if login := r.FormValue("user"); login != "" {
		var e world.Event
		e, err = c.world.LiveFor(login, r.FormValue("kinds"))
		events = []world.Event{e}
	} else {
		events, err = c.world.Live(n, seed, kinds...)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"seed": seed, "events": events})
}

// getState answers 304 to a client that has this state already, which is how the
// page can ask every second.
func (c *Control) getState(w http.ResponseWriter, r *http.Request) {
	limit, err := number(r, "limit", 0)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	c.mu.Lock()
	tag := fmt.Sprintf(`"%d-%d-%d-%d"`, c.started.UnixNano(), c.world.Version(), c.resets, c.world.TrackTik.Writes())
	c.mu.Unlock()
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	answer(w, http.StatusOK, c.world.State(world.View{Query: r.FormValue("q"), Limit: limit}))
}

func (c *Control) getAudit(w http.ResponseWriter, _ *http.Request) {
	found := c.world.Audit()
	if found == nil {
		found = []world.Disagreement{}
	}
	answer(w, http.StatusOK, map[string]any{"ok": len(found) == 0, "disagreements": found})
}

// number reads a parameter that counts something.
func number(r *http.Request, name string, fallback int) (int, error) {
	given := r.FormValue(name)
	if given == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is %q, and must be a number from 0 on", name, given)
	}
	return n, nil
}

func answer(w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	if err := e.Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the client may have gone
}

func refuse(w http.ResponseWriter, status int, err error) {
	answer(w, status, map[string]string{"error": err.Error()})
}

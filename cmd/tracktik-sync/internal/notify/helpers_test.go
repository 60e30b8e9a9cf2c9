package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/sync/plan"
)

var morning = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)

// A memory is a Store; broken, it cannot be written.
type memory struct {
	mu     sync.Mutex
	data   []byte
	broken bool
	locked bool
}

func (m *memory) Lock(context.Context) (func(), error) {
	if m.locked {
		return nil, errors.New("somebody else has it")
	}
	m.mu.Lock()
	return m.mu.Unlock, nil
}

func (m *memory) Load() ([]byte, error) { return m.data, nil }

func (m *memory) Save(data []byte) error {
	if m.broken {
		return errors.New("no space left on device")
	}
	m.data = bytes.Clone(data)
	return nil
}

// A web is whoever is called by HTTP: a webhook or a watchdog.
type web struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	paths  []string
	agents []string
	status int            // of every answer
	fail   map[string]int // paths that answer with another one
}

func newWeb(t *testing.T) *web {
	t.Helper()
	w := &web{status: http.StatusOK, fail: map[string]int{}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.bodies, w.paths, w.agents = append(w.bodies, string(body)), append(w.paths, r.Method+" "+r.URL.Path), append(w.agents, r.UserAgent())
		status := w.status
		if s, ok := w.fail[r.URL.Path]; ok {
			status = s
		}
		out.Header().Set("Location", "/elsewhere")
		out.WriteHeader(status)
	}))
	t.Cleanup(w.Close)
	return w
}

// messages are the bodies that came since the last call.
func (w *web) messages(t *testing.T) []Message {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Message
	for _, body := range w.bodies {
		var m Message
		decoder := json.NewDecoder(strings.NewReader(body))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&m); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		all = append(all, m)
	}
	w.bodies = nil
	return all
}

func events(all []Message) string {
	var names []string
	for _, m := range all {
		names = append(names, m.Event)
	}
	return strings.Join(names, " ")
}

// calls are the requests since the last call, sorted.
func (w *web) calls() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.paths
	w.paths, w.bodies = nil, nil
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// A desk is a Notifier with all that is around it.
type desk struct {
	*Notifier
	web   *web
	store *memory
	log   *bytes.Buffer
	now   time.Time
	mu    sync.Mutex // of naps: the channels wait side by side
	naps  []time.Duration
}

// newDesk makes one whose only channel is a webhook, unless set says otherwise. A
// process that begins anew is another New with the same store.
func newDesk(t *testing.T, set func(*Config, *web)) *desk {
	t.Helper()
	d := &desk{web: newWeb(t), store: &memory{}, log: &bytes.Buffer{}, now: morning}
	log := logrus.New()
	log.SetOutput(d.log)
	log.SetFormatter(&logrus.TextFormatter{DisableTimestamp: true})
	c := Config{Portal: "https://acme.staffr.net", Webhook: d.web.URL + "/hook/geheim", Zone: time.UTC, Agent: "tracktik-sync/test",
		Store: d.store, Log: log, Now: func() time.Time { return d.now },
		Sleep: func(ctx context.Context, nap time.Duration) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.naps = append(d.naps, nap)
			return ctx.Err()
		}}
	if set != nil {
		set(&c, d.web)
	}
	d.Notifier = New(c)
	return d
}

// end tells of a run, in a process of its own, a quarter of an hour after the last.
func (d *desk) end(t *testing.T, s Situation) {
	t.Helper()
	d.now = d.now.Add(15 * time.Minute)
	d.Notifier = New(d.Config)
	d.End(t.Context(), s)
}

func failing() Situation {
	return Situation{Run: "20261124T060000Z-000007", State: Failed, Cause: "exit 1: failed (okta: GET /users: 503)"}
}

func fine() Situation {
	return Situation{Run: "20261124T070000Z-000008", State: OK, LastSuccess: morning, Counts: map[string]int{"create": 2}}
}

func refused(hash string) Situation {
	return Situation{Run: "20261124T060000Z-000007", State: GuardRefused, Cause: "exit 3: refused by a guard (…)", Refusals: []plan.Refusal{{
		Kind: plan.Terminate, Count: 271, Message: "guard refused: 271 terminations, and guard.terminate.max_count allows 50; … sync --approve " + hash, Approve: hash}}}
}

func troubled(people ...plan.PersonID) Situation {
	s := fine()
	for _, id := range people {
		s.Problems = append(s.Problems, plan.Trouble{Person: id, Login: string(id) + "@acme.example", Code: plan.ProblemRefused,
			Message: "tracktik: the name of " + string(id) + "@acme.example is taken"})
	}
	return s
}

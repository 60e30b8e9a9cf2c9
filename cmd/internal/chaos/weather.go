package chaos

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A narrowing is what the program may not see for a while.
type narrowing struct {
	okta     []string // users and groups that answer 404
	forbid   bool     // the groups answer 403 instead
	regions  []int64  // of TrackTik, whose employees answer 404
	noGrants bool     // listings of grants are empty
}

// changeRights narrows what the program may see, or gives it back.
func (l *Life) changeRights() {
	if !l.often(Narrowed, 25) {
		return
	}
	l.narrowed = narrowing{}
	switch l.rng.IntN(7) {
	case 0, 1: // an administrator of a part of the people
		share := []int{1, 4, 10}[l.rng.IntN(3)]
		for _, c := range l.citizens {
			if !c.gone && l.rng.IntN(10) < share {
				l.narrowed.okta = append(l.narrowed.okta, c.id)
			}
		}
		l.say("rights: %d users of Okta are not visible: %v", len(l.narrowed.okta), l.narrowed.okta)
	case 2:
		for _, g := range l.living() {
			if l.rng.IntN(2) == 0 {
				l.narrowed.okta = append(l.narrowed.okta, g.id)
			}
		}
		l.narrowed.forbid = l.rng.IntN(2) == 0
		l.say("rights: groups of Okta are not visible: %v, 403: %v", l.narrowed.okta, l.narrowed.forbid)
	case 3:
		l.narrowed.regions = []int64{1 + l.rng.Int64N(4)}
		l.say("rights: region %v of TrackTik is not visible", l.narrowed.regions)
	case 4:
		l.narrowed.noGrants = true
		l.say("rights: listings of grants are empty")
	default:
		l.say("rights: everything is visible")
	}
}

// A weather is what happens to the requests of one command.
type weather struct {
	mu    sync.Mutex
	seed  uint64
	seen  map[string]uint64 // requests of one kind so far
	life  *Life
	share float64 // of the requests that go wrong
	late  float64 // of the writes that take effect late
	n     int     // requests so far
	open  sync.WaitGroup

	end   func()
	endAt int  // the request at which the program is told to end, or killed; 0: none
	after bool // it still takes effect

	spoilt  []string // what went wrong with which request
	pending []*delayed
	arrived map[string]bool // calls of the portal, by their ids
	lost    map[string]bool // those of which the answer was spoilt
}

// A delayed call takes effect after some more requests, or half a minute.
type delayed struct {
	left   int
	sent   time.Time
	effect func()
}

func (l *Life) newWeather(end func()) *weather {
	return &weather{seed: l.rng.Uint64(), seen: map[string]uint64{}, life: l, end: end, arrived: map[string]bool{}, lost: map[string]bool{}}
}

// blow puts the weather, and the narrowed rights, before both systems.
func (w *weather) blow() {
	n := &w.life.narrowed
	inOkta := []oktatest.Interceptor{w.okta}
	if len(n.okta) > 0 {
		inOkta = append(inOkta, oktatest.Narrowed(n.okta...))
	}
	if n.forbid && len(n.okta) > 0 {
		inOkta[1] = func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			for _, id := range n.okta {
				if strings.Contains(r.URL.Path, id) {
					oktatest.Forbidden(rw, r, next)
					return
				}
			}
			oktatest.Narrowed(n.okta...)(rw, r, next)
		}
	}
	w.life.org.Configure(func(s *oktatest.Server) { s.Intercept = oktatest.All(inOkta...) })
	w.life.portal.Configure(func(s *tracktiktest.Server) {
		all := []tracktiktest.Interceptor{w.portal}
		if n.noGrants {
			all = append(all, tracktiktest.When(tracktiktest.Match{Method: http.MethodGet, Path: "/user-roles"}, tracktiktest.EmptyList))
		}
		if f := w.life.failing; f.path != "" {
			all = append(all, tracktiktest.When(tracktiktest.Match{Method: http.MethodGet, Path: f.path}, f.answer))
		}
		if w.life.manner != nil {
			all = append(all, w.life.manner)
		}
		s.Intercept, s.Rules.HiddenRegions = tracktiktest.Chain(all...), n.regions
	})
}

// still ends it: what was under way takes effect, and nothing stands before the systems.
func (w *weather) still() {
	w.open.Wait()
	w.mu.Lock()
	late := w.pending
	w.pending = nil
	w.mu.Unlock()
	for _, d := range late {
		d.effect()
	}
	w.life.org.Configure(func(s *oktatest.Server) { s.Intercept = nil })
	w.life.portal.Configure(func(s *tracktiktest.Server) { s.Intercept, s.Rules.HiddenRegions = nil, nil })
}

// step counts a request. ends says that the program ends with it.
func (w *weather) step() (ends bool) {
	w.mu.Lock()
	w.n++
	ends = w.n == w.endAt
	w.mu.Unlock()
	if ends {
		w.end()
	}
	return ends
}

// draw is the chance of a request: which of several that are under way comes first
// changes nothing about it.
func (w *weather) draw(r *http.Request) *rand.Rand {
	kind := r.Method + " " + r.URL.Path
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(kind)) // it cannot fail
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[kind]++
	return rand.New(rand.NewPCG(w.seed^hash.Sum64(), w.seen[kind]))
}

// pick is what happens to a request; nil: nothing does.
func (w *weather) pick(rng *rand.Rand, faults []oktatest.Interceptor) oktatest.Interceptor {
	if rng.Float64() >= w.share {
		return nil
	}
	return faults[rng.IntN(len(faults))]
}

var oktaFaults = []oktatest.Interceptor{
	oktatest.EmptyBody, oktatest.NullBody, oktatest.EmptyList, oktatest.Truncated, oktatest.NoNext, oktatest.HTMLPage(http.StatusOK), oktatest.HTMLPage(http.StatusBadGateway),
	oktatest.HTMLNotFound, oktatest.Forbidden, oktatest.TooManyRequests(20 * time.Second), oktatest.TooManyBare, oktatest.ServerError, oktatest.ReadOnly, oktatest.Drop,
	oktatest.ResetMidBody, oktatest.CutMidBody, oktatest.Silence,
}

func (w *weather) okta(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	w.open.Add(1)
	defer w.open.Done()
	if w.step() && !w.after {
		oktatest.Drop(rw, r, next)
		return
	}
	if fault := w.pick(w.draw(r), oktaFaults); fault != nil {
		w.record(r, fault)
		fault(rw, r, next)
		return
	}
	next.ServeHTTP(rw, r)
}

var portalFaults = []oktatest.Interceptor{
	tracktiktest.LostReply, tracktiktest.LostReply, tracktiktest.Unreached, tracktiktest.Unreached, tracktiktest.FailAfter, tracktiktest.FailBefore, tracktiktest.CutAfter,
	tracktiktest.CutBefore, tracktiktest.Empty, tracktiktest.Null, tracktiktest.Truncated, tracktiktest.LoginPage, tracktiktest.TooMany(5 * time.Second), tracktiktest.TooMany(0),
	tracktiktest.ExpiredToken, tracktiktest.ScopeLost, tracktiktest.ForeignNotFound, tracktiktest.Silent, tracktiktest.SilentAfter,
}

func (w *weather) portal(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	w.open.Add(1)
	defer w.open.Done()
	w.overtake()
	w.note(r, w.arrived)
	if w.step() && !w.after {
		w.note(r, w.lost)
		tracktiktest.Unreached(rw, r, next)
		return
	}
	rng := w.draw(r)
	if r.Method != http.MethodGet && r.URL.Path != tracktiktest.DefaultTokenPath && rng.Float64() < w.late {
		w.note(r, w.lost)
		w.record(r, (*weather).delay)
		w.delay(rng, rw, r, next)
		return
	}
	if fault := w.pick(rng, portalFaults); fault != nil {
		w.note(r, w.lost)
		w.record(r, fault)
		fault(rw, r, next)
		return
	}
	next.ServeHTTP(rw, r)
}

// record keeps what went wrong, for whoever looks for the cause of a fault.
func (w *weather) record(r *http.Request, fault any) {
	name := runtime.FuncForPC(reflect.ValueOf(fault).Pointer()).Name()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spoilt = append(w.spoilt, fmt.Sprintf("%s %s %s: %s", r.Method, r.URL.Path, r.URL.RawQuery, name[strings.LastIndexByte(name, '/')+1:]))
}

func (w *weather) note(r *http.Request, set map[string]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	set[r.Header.Get("X-Request-Id")] = true
}

// delay lets a call take effect some requests later, and never answers it, or with 504.
func (w *weather) delay(rng *rand.Rand, rw http.ResponseWriter, r *http.Request, next http.Handler) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		body = []byte(fmt.Sprintf(`{"unread":%q}`, err)) // refused by the portal: the call did not arrive
	}
	again := tracktiktest.Later(r)
	silent, d := rng.IntN(2) == 0, &delayed{left: rng.IntN(4), sent: w.life.clock.Now()}
	d.effect = func() {
		again.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(httptest.NewRecorder(), again)
	}
	if !silent {
		w.put(d)
		tracktiktest.CutBefore(rw, r, next)
		return
	}
	<-r.Context().Done() // the caller gives up first
	w.put(d)
	panic(http.ErrAbortHandler)
}

func (w *weather) put(d *delayed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = append(w.pending, d)
}

// overtake carries out what was delayed long enough: before the 60 seconds are over in
// which an empty look-up proves nothing.
func (w *weather) overtake() {
	w.mu.Lock()
	var due []*delayed
	rest := w.pending[:0]
	for _, d := range w.pending {
		if d.left--; d.left < 0 || w.life.clock.Now().Sub(d.sent) >= 30*time.Second {
			due = append(due, d)
		} else {
			rest = append(rest, d)
		}
	}
	w.pending = rest
	w.mu.Unlock()
	for _, d := range due {
		d.effect()
	}
}

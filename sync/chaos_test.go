package sync_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

var (
	chaosRuns = flag.Int("chaos", 0, "disturbed runs, and a third as many kills of the program; 0: what is good for every day")
	chaosSeed = flag.Uint64("chaos.seed", 0, "seed of one life to live again; 0: draw them")
)

const (
	everyDayRuns = 240
	runsOfALife  = 20
)

// Companies where people come and go, under networks that break, two systems that
// fail, and a process that dies: whatever happens, nothing undue is done, and once
// it is calm everything due is.
func TestChaos(t *testing.T) {
	runs := *chaosRuns
	if runs == 0 {
		runs = everyDayRuns
	}
	seeds := []uint64{*chaosSeed}
	if *chaosSeed == 0 {
		seeds = make([]uint64, (runs+runsOfALife-1)/runsOfALife)
		for i := range seeds {
			seeds[i] = rand.Uint64()
		}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t)
			l := newLife(w, rand.New(rand.NewPCG(seed, 0)))
			for range runsOfALife / 5 {
				for range 5 {
					l.disturbedRun()
					l.wantNothingUndue()
				}
				l.calmDown()
				if t.Failed() {
					t.Fatalf("live it again with -run TestChaos -chaos.seed %d", seed)
				}
			}
		})
	}
}

// disturbedRun lets some things happen, and makes a run in which much goes wrong.
func (l *life) disturbedRun() {
	l.Helper()
	for range l.rng.IntN(6) {
		l.happen()
	}
	d := &disturbance{rng: rand.New(rand.NewPCG(l.rng.Uint64(), 1)), share: []float64{0, 0.02, 0.1, 0.3}[l.rng.IntN(4)]}
	l.timeout = 400 * time.Millisecond
	var c *crashing
	l.wrap = func(s tsync.Snapshot) tsync.Snapshot {
		c = &crashing{Snapshot: s, after: l.rng.IntN(2) == 0}
		if l.rng.IntN(2) == 0 {
			c.at = 1 + l.rng.IntN(30)
		}
		return c
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if l.rng.IntN(6) == 0 {
		d.cancel, d.cancelAt = cancel, 1+l.rng.IntN(40)
	}
	l.inOkta(d.okta) // requests of the run before may still be on their way
	l.inPortal(d.portal)
	l.pass([]time.Duration{time.Second, time.Minute, 15 * time.Minute, 3 * time.Hour}[l.rng.IntN(4)])
	opt := tsync.RunOptions{}
	if l.rng.IntN(3) == 0 {
		opt = refreshed
	}
	doc, err := l.build().RunOnce(ctx, opt)
	l.inOkta(nil)
	l.inPortal(nil)
	d.late.TakeEffect()
	l.Logf("disturbed run, share %g, crash at step %d, %d durable steps: %v", d.share, c.at, c.n, err)
	if doc != nil {
		l.Logf("it planned %s\n%s", counts(doc), details(doc))
	}
	l.wrap, l.timeout = nil, 30*time.Second
	l.reopen()
}

// calmDown makes runs in which nothing goes wrong, until there is nothing to do.
func (l *life) calmDown() {
	l.Helper()
	for range 6 {
		l.pass(25 * time.Hour) // beyond every grace, quarantine and next try
		doc := l.runWith(refreshed)
		l.Logf("calm run, it planned %s\n%s", counts(doc), details(doc))
		l.wantNothingUndue()
		if counts(doc) != "" || doc.Result.Failed+doc.Result.Unknown > 0 {
			continue
		}
		l.wantAllDue()
		pending, err := l.db.Pending()
		troubles, err2 := l.db.Troubles()
		troubles = slices.DeleteFunc(troubles, func(t plan.Trouble) bool { // whoever is on hold is not judged
			return slices.ContainsFunc(l.citizens, func(c *citizen) bool {
				waits := t.Code == plan.ProblemUnconfirmed && strings.Contains(t.Message, c.id) // for whether they go on as that one
				return c.state == stateSuspended && (c.id == string(t.Person) || waits)
			})
		})
		if err != nil || err2 != nil || len(pending)+len(troubles) > 0 {
			l.Errorf("left over: %v %v %v %v", pending, err, troubles, err2)
		}
		return
	}
	l.Errorf("six calm runs were not enough")
}

// A disturbance lets a share of the requests go wrong.
type disturbance struct {
	mu       sync.Mutex
	rng      *rand.Rand
	share    float64
	late     tracktiktest.Late
	n        int
	cancel   func()
	cancelAt int
}

// pick is what happens to the next request; nil: nothing does.
func (d *disturbance) pick(faults []oktatest.Interceptor) oktatest.Interceptor {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n++; d.cancel != nil && d.n == d.cancelAt {
		d.cancel()
	}
	if d.rng.Float64() >= d.share {
		return nil
	}
	return faults[d.rng.IntN(len(faults))]
}

var oktaChaos = []oktatest.Interceptor{
	oktatest.EmptyBody, oktatest.NullBody, oktatest.EmptyList, oktatest.Truncated, oktatest.NoNext, oktatest.HTMLPage(http.StatusOK),
	oktatest.HTMLPage(http.StatusBadGateway), oktatest.HTMLNotFound, oktatest.Forbidden, oktatest.TooManyRequests(20 * time.Second), oktatest.TooManyBare,
	oktatest.ServerError, oktatest.ServerError, oktatest.ReadOnly, oktatest.Drop, oktatest.Drop, oktatest.ResetMidBody, oktatest.CutMidBody, oktatest.Silence,
}

func (d *disturbance) okta(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if fault := d.pick(oktaChaos); fault != nil {
		fault(w, r, next)
		return
	}
	next.ServeHTTP(w, r)
}

var portalChaos = []oktatest.Interceptor{
	tracktiktest.LostReply, tracktiktest.LostReply, tracktiktest.Unreached, tracktiktest.Unreached, tracktiktest.FailAfter, tracktiktest.FailBefore,
	tracktiktest.CutAfter, tracktiktest.CutBefore, tracktiktest.Empty, tracktiktest.Null, tracktiktest.Truncated, tracktiktest.LoginPage,
	tracktiktest.TooMany(5 * time.Second), tracktiktest.TooMany(0), tracktiktest.ExpiredToken, tracktiktest.ScopeLost, tracktiktest.ForeignNotFound,
	tracktiktest.Silent, tracktiktest.SilentAfter,
}

func (d *disturbance) portal(w http.ResponseWriter, r *http.Request, next http.Handler) {
	faults := portalChaos
	if r.Method != http.MethodGet && r.URL.Path != tracktiktest.DefaultTokenPath {
		faults = slices.Concat(portalChaos, []oktatest.Interceptor{d.late.Cut(http.StatusGatewayTimeout), d.late.Silent})
	}
	if fault := d.pick(faults); fault != nil {
		fault(w, r, next)
		return
	}
	next.ServeHTTP(w, r)
}

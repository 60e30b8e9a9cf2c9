package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * hour
)

// A Clock stands still until time passes, or somebody waits on it.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now is what the clock says.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Pass lets time pass.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A Command is what the program is told once.
type Command struct {
	Args []string // the flag --config among them
	// Process wants a process of its own, which dies by SIGKILL when ctx ends. Otherwise
	// the end of ctx is what SIGTERM is.
	Process bool
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
}

// A Result is how a command ended.
type Result struct {
	Code   int // -1: it was killed
	Stdout string
	Stderr string
}

// A Program does what a command says.
type Program func(ctx context.Context, c Command) Result

// A Tally counts what was done in lives.
type Tally struct {
	Commands, Killed, Ended int // of the commands, those killed, and those told to end
	Writes                  int // by the program
	Spoilt                  int // requests that went wrong
	Hands                   int // things done at the portal's own pages
	WrongClocks             int // commands by a wrong clock
}

// Add takes in what was done in another life.
func (t *Tally) Add(of Tally) {
	t.Commands += of.Commands
	t.Killed += of.Killed
	t.Ended += of.Ended
	t.Writes += of.Writes
	t.Spoilt += of.Spoilt
	t.Hands += of.Hands
	t.WrongClocks += of.WrongClocks
}

func (t Tally) String() string {
	return fmt.Sprintf("%d commands (%d killed, %d told to end, %d by a wrong clock), %d writes, %d requests that went wrong, %d things done by hand",
		t.Commands, t.Killed, t.Ended, t.WrongClocks, t.Writes, t.Spoilt, t.Hands)
}

// A Life is one company, and the program that serves it.
type Life struct {
	Kinds []Kind
	Tally

	ctx      context.Context
	kinds    []Kind
	rng      *rand.Rand
	clock    *Clock
	org      *oktatest.Server
	portal   *tracktiktest.Server
	app      string
	dir      string
	program  Program
	rules    tracktiktest.Rules
	cfg      Settings
	citizens []*citizen
	everyone []string   // the ids of all users that there ever were
	coming   []*citizen // whom a dispatcher has entered already
	groups   []*group
	numbers  int
	narrowed narrowing
	failing  failure
	unnamed  bool                     // the portal's lists show no user names
	manner   tracktiktest.Interceptor // how the portal shows its lists; nil: as documented
	judge    *judge
	steps    []string
	faults   []string
	hashes   []string  // of refusals that may be approved
	gaveAt   time.Time // when something was approved last
	saved    bool      // a plan lies in plan.json
}

// New is a life before it begins, in a directory of its own.
func New(seed uint64, dir string, program Program) *Life {
	l := &Life{kinds: KindsOf(seed), rng: rand.New(rand.NewPCG(seed, 0)), dir: dir, program: program,
		clock: &Clock{at: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)}, org: oktatest.NewServer(), portal: tracktiktest.NewServer()}
	l.Kinds = l.kinds
	l.org.Configure(func(s *oktatest.Server) { s.Now = l.clock.Now })
	l.portal.Configure(func(s *tracktiktest.Server) { s.Now = l.clock.Now })
	l.app = l.org.AddApp(oktatest.App{Label: "TrackTik"})
	l.judge = newJudge(l.portal)
	l.furnish()
	return l
}

// Close ends both systems.
func (l *Life) Close() {
	l.org.Close()
	l.portal.Close()
}

// Steps lists what happened, one line a step.
func (l *Life) Steps() []string { return l.steps }

// Live lives through that many rounds, with a calm spell after every few and at the end,
// and answers what was wrong, the first faults only.
func (l *Life) Live(ctx context.Context, rounds int) []string {
	l.ctx = ctx
	l.order(ctx, orders{args: []string{"state", "init"}})
	if l.rng.IntN(3) > 0 {
		l.order(ctx, orders{args: []string{"sync"}, runs: true})
	}
	for round := 1; len(l.faults) == 0; round++ {
		l.round(ctx)
		if last := round >= rounds; last || l.rng.IntN(6) == 0 {
			l.calmDown(ctx)
			if last {
				break
			}
		}
	}
	l.tellOfFaults()
	return l.faults
}

// tellOfFaults adds what the program's history says about those whom faults are about.
func (l *Life) tellOfFaults() {
	named := regexp.MustCompile(`00[ug]\w+|\b1\d\d\d\b`)
	ids := map[string]bool{}
	for _, fault := range l.faults[:min(3, len(l.faults))] {
		for _, id := range named.FindAllString(fault, 4) {
			ids[id] = true
		}
	}
	for i := range l.judge.writes {
		w := &l.judge.writes[i]
		if ids[strconv.FormatInt(w.ID, 10)] {
			l.say("write of step %d, answer spoilt: %v: %s %d %s %v", w.step, l.judge.lostOf[w.RequestID], w.Resource, w.ID, w.What, w.Fields)
		}
	}
	for _, e := range l.portal.Employees() {
		if ids[strconv.FormatInt(e.ID, 10)] {
			l.say("employee: %+v", e)
		}
	}
	for employee, people := range l.judge.owned {
		for id := range people {
			if ids[strconv.FormatInt(employee, 10)] {
				ids[id] = true
			}
		}
	}
	for id := range ids {
		if strings.HasPrefix(id, "00u") {
			r := l.program(l.ctx, Command{Args: []string{"--config", l.file("tracktik-sync.yaml"), "explain", id}, Now: l.clock.Now,
				Sleep: func(context.Context, time.Duration) error { return nil }})
			l.say("explain %s: %s", id, strings.ReplaceAll(r.Stdout, "\n", " / "))
		}
	}
	for line := range strings.Lines(l.quietly("access", "--format", "json")) {
		for id := range ids {
			if strings.Contains(line, id) {
				l.say("access: %s", strings.TrimSpace(line))
				break
			}
		}
	}
	for _, e := range l.judge.told {
		if ids[e.User.ID] || ids[e.Role.Group] || ids[strconv.FormatInt(e.Employee, 10)] {
			l.say("history, at step %d: %s", e.step, e.text)
		}
	}
}

// round lets some things happen, and gives a command or several.
func (l *Life) round(ctx context.Context) {
	for range l.rng.IntN(6) {
		l.happen()
	}
	l.changeRights()
	l.failLists()
	for range 1 + l.rng.IntN(2) {
		l.clock.Pass([]time.Duration{time.Second, minute, 15 * minute, 3 * hour, 25 * hour}[l.rng.IntN(5)])
		if len(l.faults) == 0 {
			l.meddle(l.order(ctx, l.draw()))
		}
	}
}

// happen lets one thing happen, on either side or in the configuration.
func (l *Life) happen() {
	switch {
	case l.often(ByHand, 4):
		l.Hands++
		l.byHand()
	case l.often(Changing, 12):
		l.say("settings: %s", l.change())
	default:
		l.inOkta()
	}
}

func (l *Life) say(format string, args ...any) {
	l.steps = append(l.steps, fmt.Sprintf(format, args...))
}

func (l *Life) fault(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	l.say("FAULT: %s", text)
	l.faults = append(l.faults, text)
}

func (l *Life) number() int {
	l.numbers++
	return l.numbers
}

func (l *Life) file(name string) string { return filepath.Join(l.dir, name) }

// pick is one of the list; ok is false when it is empty.
func pick[T any](rng *rand.Rand, list []T) (one T, ok bool) {
	if len(list) == 0 {
		return one, false
	}
	return list[rng.IntN(len(list))], true
}

// chosen is one of those that fit.
func chosen[T any](rng *rand.Rand, list []T, fits func(T) bool) (one T, ok bool) {
	var fit []T
	for _, v := range list {
		if fits(v) {
			fit = append(fit, v)
		}
	}
	return pick(rng, fit)
}

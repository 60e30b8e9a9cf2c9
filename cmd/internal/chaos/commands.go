package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Orders are one command, and the circumstances in which it is given.
type orders struct {
	args []string
	// runs says that it may write to TrackTik.
	runs      bool
	users     []string // the only ones it is about, by Okta id; nil: everybody
	named     bool     // it is about those with a problem, or about users
	refresh   bool
	keep      bool // no removals
	recreate  bool
	approved  bool
	restores  bool
	retires   bool
	link      *pair
	unlinked  string
	forgotten string // whose restore is forgotten

	calm    bool // nothing goes wrong
	offset  time.Duration
	process bool
}

type pair struct {
	person   string
	employee int64
}

// A step is a command that was given, with what was so at that time.
type step struct {
	orders
	number     int
	truth      *Truth
	cfg        Settings
	result     Result
	hidden     []int64          // regions of TrackTik whose employees were not visible
	emailsStay bool             // the portal keeps the e-mail of who is terminated taken
	lost       map[string]bool  // calls of which the answer was spoilt
	renamed    map[int64]string // roles that were given another name, and that name
	given      bool             // an approval of the last 24 hours may not be used up yet
}

func (s *step) String() string {
	text := fmt.Sprintf("step %d, `%s`", s.number, strings.Join(s.args, " "))
	if s.offset != 0 {
		text += fmt.Sprintf(", the clock %v off", s.offset)
	}
	return text
}

// wrongClock reports whether clocks are further apart than the contract lets them be.
func (s *step) wrongClock() bool { return s.offset.Abs() > 5*minute }

// order gives a command, in the weather that is drawn for it, and lets the judge look.
func (l *Life) order(ctx context.Context, o orders) *step {
	l.Commands++
	s := &step{orders: o, number: l.Commands, cfg: l.cfg, hidden: l.narrowed.regions, emailsStay: l.rules.EmailsOutliveTermination}
	if o.approved {
		l.gaveAt = l.clock.Now()
	}
	s.given = !l.gaveAt.IsZero() && l.clock.Now().Sub(l.gaveAt) < day
	run, cancel := context.WithCancel(ctx)
	defer cancel()
	w := l.newWeather(cancel)
	if o.calm {
		s.cfg = l.cfg.calmed()
	} else if o.runs {
		l.drawWeather(s, w)
	}
	l.writeSettings(s.cfg)
	s.truth = readTruth(l)
	w.blow()
	s.result = l.program(run, Command{Args: append([]string{"--config", l.file("tracktik-sync.yaml")}, o.args...), Process: s.process,
		Now:   func() time.Time { return l.clock.Now().Add(s.offset) },
		Sleep: func(ctx context.Context, d time.Duration) error { l.clock.Pass(d); return ctx.Err() }})
	w.still()
	s.lost = w.lost
	s.hearWhom()
	l.count(s, w)
	l.say("%s", s.tell(w))
	l.remember(s)
	if l.Writes += l.judge.look(l, s, w.arrived); len(l.faults) > 0 {
		for _, text := range w.spoilt {
			l.say("went wrong: %s", text)
		}
	}
	return s
}

// hearWhom takes from the program about whom a command was that names nobody: a `retry`, or
// a poll, which may have become a whole run. One that says nothing was about nobody.
func (s *step) hearWhom() {
	var d struct {
		Run     string
		Options struct{ User []string }
	}
	if s.named && s.users == nil && json.Unmarshal([]byte(s.result.Stdout), &d) == nil && d.Run != "" {
		if s.named = len(d.Options.User) > 0; s.named {
			s.users = d.Options.User
		}
	}
}

// count counts what was done in a command.
func (l *Life) count(s *step, w *weather) {
	cut := w.endAt > 0 && w.n >= w.endAt
	switch {
	case s.result.Code < 0:
		l.Killed++
	case cut:
		l.Ended++
	}
	if s.wrongClock() {
		l.WrongClocks++
	}
	l.Spoilt += len(w.spoilt)
}

// tell says how a command went.
func (s *step) tell(w *weather) string {
	text := s.String()
	if w.share > 0 {
		text += fmt.Sprintf(", %g%% of the requests go wrong", 100*w.share)
	}
	if w.late > 0 {
		text += ", calls are late"
	}
	if w.endAt > 0 && w.n >= w.endAt {
		text += fmt.Sprintf(", ended at request %d", w.endAt)
	}
	if s.process {
		text += ", a process"
	}
	text += fmt.Sprintf(": exit %d after %d requests", s.result.Code, w.n)
	if s.result.Code > 0 {
		text += ": " + lastLine(s.result.Stderr)
	}
	return text
}

// drawWeather draws what goes wrong with a command.
func (l *Life) drawWeather(s *step, w *weather) {
	w.share = []float64{0, 0, 0.02, 0.1, 0.3}[l.rng.IntN(5)]
	if l.often(Late, 8) {
		w.late = 0.3
	}
	if l.often(Clocks, 20) && len(l.judge.told) > 0 { // how old the very first entry is, its clock alone says
		s.offset = []time.Duration{-26 * hour, 500 * day, 10 * minute, -10 * minute, 3 * minute, -400 * day}[l.rng.IntN(6)]
	}
	if l.often(Kills, 10) {
		s.process = l.rng.IntN(2) == 0
		w.endAt, w.after = 1+l.rng.IntN(40), l.rng.IntN(2) == 0
	}
	if w.share > 0 || w.late > 0 || w.endAt > 0 {
		s.cfg.Timeout = 400 * time.Millisecond
	}
}

// remember keeps what later commands may use.
func (l *Life) remember(s *step) {
	var d struct {
		Guard struct {
			Refusals []struct{ Approve string }
		}
	}
	if s.args[0] == "sync" && s.users == nil && json.Unmarshal([]byte(s.result.Stdout), &d) == nil {
		l.hashes = nil
		for _, r := range d.Guard.Refusals {
			l.hashes = append(l.hashes, r.Approve)
		}
	}
	if slices.Contains(s.args, "--out") {
		l.saved = s.result.Code == 0 || s.result.Code == 3
	}
}

// draw is the next command.
func (l *Life) draw() orders {
	sync := orders{args: []string{"sync", "--format", "json"}, runs: true}
	if l.has(Polled) && l.rng.IntN(3) == 0 {
		return orders{args: []string{"sync", "--events", "--format", "json"}, runs: true, named: true}
	}
	if e, found := l.employee(); found && l.has(Retiring) && l.rng.IntN(4) == 0 {
		return orders{args: []string{"retire", strconv.FormatInt(e.ID, 10), "--yes", "--format", "json"}, runs: true, named: true, users: []string{}, retires: true}
	}
	if l.often(Singles, 3) {
		return l.single()
	}
	switch l.rng.IntN(20) {
	case 0, 1, 2, 3:
		return sync.with("--refresh")
	case 4:
		return sync.with("--no-removals")
	case 5:
		return sync.with("--refresh=false")
	case 6:
		return orders{args: []string{"plan", "--refresh", "--format", "json"}}
	case 7:
		return orders{args: []string{"plan", "--out", l.file("plan.json"), "--force"}}
	case 8:
		if l.saved {
			return orders{args: []string{"apply", l.file("plan.json"), "--format", "json"}, runs: true}
		}
	case 9:
		return orders{args: []string{"restore", "last", "--format", "json"}, runs: true, restores: true}
	case 10:
		return l.byName()
	case 11:
		return orders{args: [][]string{{"compare"}, {"check"}, {"status"}, {"problems"}, {"state", "verify"}, {"state", "backup", l.file(fmt.Sprintf("copy%d.db", l.number()))}}[l.rng.IntN(6)]}
	case 12, 13:
		if len(l.hashes) > 0 {
			return sync.approving(l.hashes)
		}
	}
	return sync
}

func (o orders) with(flag string) orders {
	o.args = append(slices.Clone(o.args), flag)
	o.refresh = o.refresh || flag == "--refresh"
	o.keep = o.keep || flag == "--no-removals"
	return o
}

func (o orders) approving(hashes []string) orders {
	for _, hash := range hashes {
		o.args = append(slices.Clone(o.args), "--approve", hash)
	}
	o.approved = true
	return o
}

// single is a command about a few people.
func (l *Life) single() orders {
	c, found := pick(l.rng, l.citizens)
	if !found {
		return orders{args: []string{"status"}}
	}
	switch l.rng.IntN(8) {
	case 0:
		return orders{args: []string{"plan", "--user", c.id, "--format", "json"}}
	case 1:
		return orders{args: []string{"retry", "--format", "json"}, runs: true, named: true}
	case 2:
		return orders{args: []string{"retry", c.id, "--format", "json"}, runs: true, named: true, users: []string{c.id}}
	case 3:
		if l.rng.IntN(2) == 0 {
			return orders{args: []string{"retry", "--recreate", c.id, "--format", "json"}, runs: true, named: true, users: []string{c.id}, recreate: true, refresh: true}
		}
	}
	o := orders{args: []string{"sync", "--format", "json", "--user", c.id}, runs: true, named: true, users: []string{c.id}}
	for l.rng.IntN(3) == 0 {
		c, _ = pick(l.rng, l.citizens)
		o.args, o.users = append(o.args, "--user", c.id), append(o.users, c.id)
	}
	if l.rng.IntN(5) == 0 {
		o = o.with("--refresh")
	}
	return o
}

// byName is a command with which an administrator settles something.
func (l *Life) byName() orders {
	c, found := pick(l.rng, l.citizens)
	if !found {
		return orders{args: []string{"status"}}
	}
	switch l.rng.IntN(5) {
	case 0:
		return orders{args: []string{"unlink", c.id}, unlinked: c.id}
	case 1:
		return orders{args: []string{"forget", c.id}}
	case 2:
		return orders{args: []string{"forget", "--restored", c.id}, forgotten: c.id}
	case 3:
		return orders{args: []string{"explain", c.id}}
	}
	e, found := l.employee()
	if !found {
		return orders{args: []string{"status"}}
	}
	return orders{args: []string{"link", c.id, strconv.FormatInt(e.ID, 10)}, link: &pair{c.id, e.ID}}
}

// calmDown makes runs in which nothing goes wrong, until there is nothing to do, and
// then looks whether all is there that is due.
func (l *Life) calmDown(ctx context.Context) {
	l.narrowed, l.failing = narrowing{}, failure{}
	l.say("a calm spell")
	sync := orders{args: []string{"sync", "--format", "json", "--refresh"}, runs: true, refresh: true, calm: true}
	var last *step
	most := 9
	if l.has(Dated) {
		most = 40 // somebody's last day is over on each of them
	}
	for range most {
		l.clock.Pass(25 * hour) // beyond every grace, quarantine and next try
		l.order(ctx, orders{args: []string{"retry", "--format", "json"}, runs: true, named: true, calm: true})
		if len(l.faults) > 0 {
			return
		}
		l.clock.Pass(minute)
		s := l.order(ctx, sync)
		for k := 0; k < 3 && len(l.hashes) > 0 && len(l.faults) == 0; k++ {
			s = l.order(ctx, sync.approving(l.hashes))
		}
		if len(l.faults) > 0 {
			return
		}
		if strings.Contains(s.result.Stderr, "guard.max_problem_percent") { // so many are refused that nothing else is due
			return
		}
		if s.result.Code != 0 && s.result.Code != 4 && s.result.Code != 3 {
			l.fault("%s ended with %d in a calm spell: %s", s, s.result.Code, s.result.Stderr)
			return
		}
		if last = s; s.quiet() {
			l.order(ctx, orders{args: []string{"state", "verify"}, calm: true})
			l.judge.wantAllDue(l, s)
			l.judge.wantAllTold(l)
			l.wantNothingLeftBehind()
			if len(l.faults) > 0 {
				l.say("the last run says: %s", s.result.Stdout)
			}
			return
		}
	}
	l.say("the last run says: %s", last.result.Stdout)
	l.fault("%d calm runs were not enough", most)
}

// quiet reports whether a run found nothing that it could do.
func (s *step) quiet() bool {
	var d struct {
		Run    string
		Held   []struct{ Why string }
		Guard  struct{ Refusals []json.RawMessage }
		Result struct{ Done, Found map[string]int }
	}
	if json.Unmarshal([]byte(s.result.Stdout), &d) != nil || d.Run == "" || len(d.Guard.Refusals) > 0 {
		return false
	}
	for _, held := range d.Held { // until its time has come
		if strings.HasPrefix(held.Why, "unassigned_grace") {
			return false
		}
	}
	for _, counts := range []map[string]int{d.Result.Done, d.Result.Found} {
		for _, n := range counts {
			if n > 0 {
				return false
			}
		}
	}
	return true
}

// wantNothingLeftBehind looks at the directory: whatever died, the next run tidies up.
func (l *Life) wantNothingLeftBehind() {
	entries, err := os.ReadDir(l.dir)
	l.must(err)
	for _, e := range entries {
		name := e.Name()
		known := []string{"tracktik-sync.yaml", "plan.json", "tracktik-sync.db"}
		for _, beside := range []string{"approvals", "approvals.lock", "holder", "last", "notices", "notices.lock", "status", "token", "token.lock"} {
			known = append(known, "tracktik-sync.db."+beside)
		}
		if !slices.Contains(known, name) && !fits("copy*.db", name) {
			l.fault("left behind: %s", name)
		}
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

package chaos

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/tracktik/tracktiktest"
)

// A judge looks at what the program did, by the contract.
type judge struct {
	*ledger
	steps   map[int]*step
	arrived map[string]int // the step of each call
	lostOf  map[string]bool

	owner       map[int64]string          // who is managed, by employee
	owned       map[int64]map[string]bool // whose an employee ever was
	handLink    map[string]bool           // people whom an administrator linked
	restored    map[string]bool           // brought back by `restore`, and not seen in scope since
	departed    map[string]bool           // left, as a run could see, after their employee had been ended by hand
	division    map[string][]string       // in which an employee was placed last: what may have been the one
	roleOf      map[string]int64          // the role of a group
	mappedOnce  map[string]int64          // the role that the configuration gave a group, as a run could see
	buried      map[string]map[string]bool
	names       map[string]map[string]bool // under which a group was pushed, as a run could see
	left, wasIn map[string]bool            // "person group": out of it, or in it, while it was pushed

	unseen  map[string]time.Time // since when somebody is 404, as a run could see
	absent  map[string]time.Time // since when somebody is unassigned, likewise
	shown   map[string]*Person   // as Okta showed somebody to a run last
	missing map[string]bool      // who was 404 in the last whole run
	deprov  map[string]bool      // seen DEPROVISIONED by a run
	reread  map[int64]bool       // employees read since somebody changed them by hand

	told    []entry // the history that the program tells
	writes  []write
	ending  string                    // the call of the last termination: grants may end with it
	limited map[string]map[int64]bool // what a guard limits, in this command
	authors bool                      // the portal says who changed a record last
	undone  map[string]bool           // lost calls whose effect was undone by hand before the program knew of it: see lostEnd for what may follow
}

// A write is a change that a call of the program made.
type write struct {
	tracktiktest.Change
	step int
}

func newJudge(portal *tracktiktest.Server) *judge {
	return &judge{ledger: newLedger(portal), steps: map[int]*step{}, arrived: map[string]int{}, lostOf: map[string]bool{}, owner: map[int64]string{},
		owned: map[int64]map[string]bool{}, handLink: map[string]bool{}, restored: map[string]bool{}, departed: map[string]bool{}, division: map[string][]string{},
		roleOf: map[string]int64{}, mappedOnce: map[string]int64{}, buried: map[string]map[string]bool{}, names: map[string]map[string]bool{}, left: map[string]bool{}, wasIn: map[string]bool{}, unseen: map[string]time.Time{},
		absent: map[string]time.Time{}, shown: map[string]*Person{}, missing: map[string]bool{}, deprov: map[string]bool{}, reread: map[int64]bool{}, limited: map[string]map[int64]bool{}, undone: map[string]bool{}}
}

// look judges everything that happened since it last looked: what was done by hand
// first, then what the command did and says.
func (j *judge) look(l *Life, s *step, arrived map[string]bool) (writes int) {
	j.steps[s.number] = s
	for call := range arrived {
		if _, known := j.arrived[call]; !known {
			j.arrived[call] = j.sender(s)
		}
	}
	for call := range s.lost {
		j.lostOf[call] = true
	}
	j.limited = map[string]map[int64]bool{}
	history := l.portal.History()
	fresh := history[j.read:]
	j.read = len(history)
	hands := slices.IndexFunc(fresh, func(h tracktiktest.Change) bool { return h.By == api })
	if hands < 0 {
		hands = len(fresh)
	}
	for _, h := range fresh[:hands] {
		j.byHand(h, s.number)
	}
	s.renamed = map[int64]string{}
	for _, h := range fresh[hands:] {
		for _, f := range h.Fields {
			if h.Resource == "roles" && f.Name == "name" {
				s.renamed[h.ID] = f.New
			}
		}
	}
	j.observe(s)
	claimed := j.readClaims(l, s)
	j.hear(l, s)
	j.believe(l, s, claimed)
	for _, h := range fresh[hands:] {
		if h.By != api {
			panic("chaos: something was done by hand during a command")
		}
		writes++
		if text := j.judge(s, h); text != "" {
			l.fault("%s: %s %d was %s, which it should not: %s", s, strings.TrimSuffix(h.Resource, "s"), h.ID, h.What, text)
		}
		j.enter(h, s.number)
		j.writes = append(j.writes, write{h, s.number})
		if e := j.employees[h.ID]; h.Resource == "employees" && e != nil {
			e.edited = false
			e.open = e.open || h.What == "created" || h.What == "reactivated"
		}
	}
	if text := j.exit(s, writes); text != "" {
		l.fault("%s: %s", s, text)
	}
	j.conclude(l, s, claimed)
	j.settle(s)
	return writes
}

// sender is the step whose command sent a call that comes in now: of one that writes nothing,
// the process before it, which was killed, and whose call was on its way.
func (j *judge) sender(s *step) int {
	if before := j.steps[s.number-1]; !s.runs && before != nil && before.runs && before.result.Code < 0 {
		return before.number
	}
	return s.number
}

// byHand books what people did.
func (j *judge) byHand(h tracktiktest.Change, number int) {
	j.enter(h, number)
	for _, w := range j.writes {
		told := slices.ContainsFunc(j.told, func(e entry) bool { return e.RequestID == w.RequestID && e.Outcome == "done" })
		if w.Resource != h.Resource || w.ID != h.ID || told {
			continue
		}
		switch h.Resource + " " + w.What + ", " + h.What {
		case "user-roles granted, revoked", "roles created, deleted":
			j.undone[w.RequestID] = true
		case "employees reactivated, terminated":
			j.undone[w.RequestID] = !j.authors && j.lostOf[w.RequestID]
		}
	}
	if h.Resource == "employees" {
		delete(j.reread, h.ID)
		if e := j.employees[h.ID]; e != nil && h.What == "terminated" {
			delete(j.departed, j.owner[h.ID])
		}
	}
}

// judge answers what is wrong with a change; "" is nothing. The step is the one in which
// the call was made, which may take effect later.
func (j *judge) judge(now *step, h tracktiktest.Change) string {
	s := now
	if number, known := j.arrived[h.RequestID]; known && j.steps[number] != nil {
		s = j.steps[number]
	}
	if text := s.mayWrite(); text != "" {
		return text
	}
	switch h.Resource + " " + h.What {
	case "employees created":
		return j.created(s, h)
	case "employees updated":
		return j.updated(s, h)
	case "employees moved":
		return j.moved(s, h)
	case "employees terminated":
		j.ending = h.RequestID
		return firstOf(j.terminated(s, h), j.within(s, h, "terminate", h.ID))
	case "employees reactivated":
		return j.reactivated(s, h)
	case "user-roles granted":
		return j.granted(s, h)
	case "user-roles revoked":
		if h.RequestID == j.ending {
			return "" // the portal's doing
		}
		if text := j.revoked(s, h); text != "" || s.cfg.text("roles.per_person") == "one" {
			return text // one role for another is no loss
		}
		return j.within(s, h, "revoke", h.ID)
	case "roles created":
		return j.roleCreated(s, h)
	case "roles updated":
		return j.roleRenamed(s, h)
	}
	return "nothing in the contract does that"
}

// within counts what a guard limits: all but what the program says was approved, where
// something was.
func (j *judge) within(s *step, h tracktiktest.Change, kind string, id int64) string {
	if j.letPass(s, h) {
		return ""
	}
	if j.limited[kind] == nil {
		j.limited[kind] = map[int64]bool{}
	}
	j.limited[kind][id] = true
	if s.cfg.Limit >= 0 && !s.approved && len(j.limited[kind]) > s.cfg.Limit {
		return fmt.Sprintf("the guard allows %d of that in a run", s.cfg.Limit)
	}
	return ""
}

// letPass reports whether a change was approved, be it in an earlier command that was cut
// short: what the program says of it, where it lived to say it.
func (j *judge) letPass(s *step, h tracktiktest.Change) bool {
	return s.given && (s.result.Code < 0 || slices.ContainsFunc(j.told, func(e entry) bool { return e.RequestID == h.RequestID && e.Approved }))
}

// mayWrite says why a command may write nothing.
func (s *step) mayWrite() string {
	switch {
	case !s.runs:
		return "this command writes nothing to TrackTik"
	case s.cfg.text("mode") == "observe":
		return "it observes"
	}
	return ""
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// about says why a command is not about a person.
func (s *step) about(person string) string {
	if s.users != nil && !slices.Contains(s.users, person) {
		return fmt.Sprintf("the command is not about user %s", person)
	}
	return ""
}

// provisions says why somebody's employee may not be changed.
func (s *step) provisions(p *Person) string {
	if p == nil {
		return "nobody knows its user"
	}
	if v := verdictOn(p, s.cfg); v != provision && v != either {
		return fmt.Sprintf("the verdict on user %s is %s (user %s, assignment %q%s)", p.ID, v, p.Status, p.Assignment, p.beginnings())
	}
	return s.about(p.ID)
}

// of is the managed person of an employee, as the step saw them.
func (j *judge) of(s *step, employee int64) *Person { return s.truth.People[j.owner[employee]] }

// exit says what is wrong with how a command ended.
func (j *judge) exit(s *step, writes int) string {
	code := s.result.Code
	switch {
	case code < 0 && s.process, code == 5 && s.process:
		return ""
	case !slices.Contains([]int{0, 1, 3, 4}, code) && !(code == 2 && (s.link != nil || s.retires)):
		return fmt.Sprintf("it ended with %d: %s", code, s.result.Stderr)
	case code != 0 && !strings.HasPrefix(lastLine(s.result.Stderr), "exit "+strconv.Itoa(code)+": "):
		return fmt.Sprintf("the last line does not say why it ended with %d: %q", code, lastLine(s.result.Stderr))
	case s.wrongClock() && s.args[0] == "sync" && code != 1 && writes > 0:
		return fmt.Sprintf("the clock is %v off, and it wrote, and ended with %d", s.offset, code)
	}
	return ""
}

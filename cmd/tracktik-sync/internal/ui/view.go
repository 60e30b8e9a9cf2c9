package ui

import (
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// A View says how much of a plan is shown.
type View struct {
	Planned bool        // nothing will be written, whatever the mode
	Full    bool        // everything, however much it is
	Summary bool        // the totals only
	Kinds   []plan.Kind // only these, due, held or refused; none: all
	Before  Known       // what is folded, since the last run had it already
	Asking  bool        // somebody is asked about it: of many, only who loses something is listed
	News    bool        // and left out: only what is new
	Lasting bool        // of news: a refusal that lasts is said again
}

// listedPeople is how many people are shown with all fields; of more, each has one line.
const listedPeople = 50

// Known are the held actions, problems, refusals and failures of a run, by what they are about: ids
// and codes, no texts.
type Known map[string]bool

// KnownOf are those of a document.
func KnownOf(d *plan.Document) Known {
	known := Known{planKey(d): true}
	for i := range d.Held {
		known[heldKey(&d.Held[i])] = true
	}
	for i := range d.Problems {
		p := &d.Problems[i]
		known[problemKey(p)], known["problem of "+whoseKey(p.User, nil)] = true, true
	}
	for i := range d.Guard.Refusals {
		known[refusalKey(&d.Guard.Refusals[i])] = true
	}
	if d.Result != nil {
		for i := range d.Result.Failures {
			a := &d.Result.Failures[i].Action
			known["failed "+actionKey(a)], known["failed for "+whoseKey(a.User, a.Role)] = true, true
		}
	}
	return known
}

func planKey(d *plan.Document) string { return "plan " + d.Hash }

func heldKey(h *plan.Held) string { return "held " + actionKey(&h.Action) + h.Code() }

func problemKey(p *plan.Problem) string {
	return fmt.Sprintf("problem %s|%s|%d|%s", p.User.ID, p.User.Login, p.Employee, p.Code)
}

func refusalKey(r *plan.Refusal) string { return fmt.Sprintf("refusal %s|%d", r.Kind, r.Role) }

func actionKey(a *plan.Action) string {
	key := string(a.Kind) + "|" + string(a.User.ID) + "|"
	if a.Role != nil {
		key += fmt.Sprintf("%d|%s|", a.Role.ID, a.Role.Group)
	}
	return key
}

// whoseKey names the person of an action, or the group of one about nobody.
func whoseKey(u plan.UserRef, role *plan.RoleRef) string {
	if u.ID == "" && role != nil {
		return string(role.Group)
	}
	return string(u.ID)
}

// AddTrouble adds a problem on record: what TrackTik refuses is a problem in one run, a failure in
// the next, and may be held by a guard in between.
func (k Known) AddTrouble(t *plan.Trouble) {
	u := plan.UserRef{ID: t.Person, Login: t.Login}
	k[problemKey(&plan.Problem{User: u, Code: t.Code})] = true
	if t.Person != "" {
		k["problem of "+string(t.Person)] = true
		k["tried "+string(t.Kind)+" "+string(t.Person)] = t.Kind != ""
	}
}

func (k Known) held(h *plan.Held) bool {
	return k[heldKey(h)] || h.Code() == plan.HeldGuard && k["tried "+string(h.Kind)+" "+string(h.User.ID)]
}

// problem reports a problem that is known, also from the refused write that it comes of.
func (k Known) problem(p *plan.Problem) bool {
	return k[problemKey(p)] || p.User.ID != "" && k["failed for "+string(p.User.ID)]
}

// failure reports a failure that is known, also as the problem that waits for its next try.
func (k Known) failure(f *plan.Failure) bool {
	return k["failed "+actionKey(&f.Action)] || f.Action.User.ID != "" && k["problem of "+string(f.Action.User.ID)]
}

func (k Known) refusal(r *plan.Refusal) bool { return k[refusalKey(r)] }

// HasNews reports that a run did something, or held, refused or failed in what the one before
// did not.
func HasNews(d *plan.Document, before Known) bool {
	if r := d.Result; r != nil {
		if r.Stopped != "" || d.Mode != "observe" && total(r.Done)+total(r.Found) > 0 {
			return true
		}
		if slices.ContainsFunc(r.Failures, func(f plan.Failure) bool { return !before.failure(&f) }) {
			return true
		}
	}
	return len(d.Actions) > 0 && (d.Result == nil || d.Mode == "observe") && !before[planKey(d)] ||
		slices.ContainsFunc(d.Held, func(h plan.Held) bool { return !before.held(&h) }) ||
		slices.ContainsFunc(d.Problems, func(p plan.Problem) bool { return !before.problem(&p) }) ||
		slices.ContainsFunc(d.Guard.Refusals, func(r plan.Refusal) bool { return !before.refusal(&r) })
}

// shows reports that the view shows actions of a kind.
func (v *View) shows(k plan.Kind) bool { return len(v.Kinds) == 0 || slices.Contains(v.Kinds, k) }

// A sifted plan is what of it a view shows, and how.
type sifted struct {
	due      []Entry
	refused  []Entry // by a guard
	stopped  []Entry // held, since a refusal stops everything
	held     []Entry
	problems []plan.Problem
	heldOld  []plan.Held // as in the last run
	oldWrong []plan.Problem
	short    bool // a line a person
}

func (v *View) sift(d *plan.Document) *sifted {
	s := &sifted{due: make([]Entry, 0, len(d.Actions))}
	for i := range d.Actions {
		if v.shows(d.Actions[i].Kind) {
			s.due = append(s.due, Entry{Action: &d.Actions[i]})
		}
	}
	again := heldAtLast(d)
	for i := range d.Held {
		h := &d.Held[i]
		old := !v.Full && v.Before.held(h)
		switch {
		case !v.shows(h.Kind):
		case isRefused(d, h) && (v.Planned || !old):
			s.refused = append(s.refused, Entry{Action: &h.Action, Why: h.Why})
		case old:
			s.heldOld = append(s.heldOld, *h)
		case h.Code() == plan.HeldGuard && !v.Full:
			s.stopped = append(s.stopped, Entry{Action: &h.Action, Why: h.Why})
		default:
			s.held = append(s.held, Entry{&h.Action, h.Why, again[actionKey(&h.Action)]})
		}
	}
	for i := range d.Problems {
		switch {
		case len(v.Kinds) > 0:
		case !v.Full && v.Before.problem(&d.Problems[i]):
			s.oldWrong = append(s.oldWrong, d.Problems[i])
		default:
			s.problems = append(s.problems, d.Problems[i])
		}
	}
	s.short = !v.Full && s.names(listedPeople)
	return s
}

// heldAtLast are the actions of a run that were due and then held, right before their calls.
func heldAtLast(d *plan.Document) map[string]bool {
	if d.Result == nil || len(d.Held) == 0 {
		return nil
	}
	again := make(map[string]bool, len(d.Held))
	for i := range d.Held {
		again[actionKey(&d.Held[i].Action)] = false
	}
	for i := range d.Actions {
		key := actionKey(&d.Actions[i])
		if _, held := again[key]; held {
			again[key] = true
		}
	}
	return again
}

// names reports that the lists name more than so many people.
func (s *sifted) names(most int) bool {
	n := len(s.problems)
	for _, list := range [][]Entry{s.due, s.refused, s.held} {
		seen := map[plan.PersonID]bool{}
		for i := 0; i < len(list) && n <= most; i++ {
			if id := list[i].Action.User.ID; !list[i].Alone() && !list[i].Again && (id == "" || !seen[id]) {
				seen[id] = true
				n++
			}
		}
	}
	return n > most
}

// isRefused reports that a guard refuses the action itself.
func isRefused(d *plan.Document, h *plan.Held) bool {
	return h.Code() == plan.HeldGuard && slices.ContainsFunc(d.Guard.Refusals, func(r plan.Refusal) bool {
		return r.Kind == h.Kind || r.Kind == plan.Clear && h.Kind == plan.Update
	})
}

// Refused counts what the guards refuse, by kind.
func Refused(d *plan.Document) map[string]int {
	counts := map[string]int{}
	for i := range d.Held {
		if isRefused(d, &d.Held[i]) {
			counts[string(d.Held[i].Kind)]++
		}
	}
	return counts
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// foldedNames is how many of those who are folded are named.
const foldedNames = 3

// Names are the first of some people, and how many more there are.
func Names(people []string) string {
	var few []string
	seen := map[string]bool{}
	for _, name := range people {
		if name != "" && !seen[name] {
			seen[name] = true
			if len(few) < foldedNames {
				few = append(few, name)
			}
		}
	}
	text := strings.Join(few, ", ")
	if more := len(seen) - len(few); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// ShortName names a person as people do: by name, else by login, else by id.
func ShortName(u plan.UserRef) string {
	for _, name := range []string{u.Name, u.Login, string(u.ID)} {
		if name != "" {
			return Safe(name)
		}
	}
	return ""
}

package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"tracktik-sync/okta/oktatest"
)

// An Event is one thing that happened.
type Event struct {
	Day    int    `json:"day,omitempty"` // of the scripted week
	Kind   string `json:"kind"`
	User   string `json:"user,omitempty"` // Okta id
	Login  string `json:"login,omitempty"`
	Group  string `json:"group,omitempty"`  // Okta id
	Text   string `json:"text"`             // a sentence
	Expect string `json:"expect,omitempty"` // of the next sync
}

// A kind of event happens to whoever fits. It returns false when nobody does.
type kind struct {
	name   string
	weight int // how often Live chooses it; 0: only when asked for
	happen func(w *World, rng *rand.Rand) (Event, bool)
}

var kinds = []kind{
	{"hire", 20, (*World).eventHire},
	{"deactivate", 7, (*World).eventDeactivate},
	{"unassign", 4, (*World).eventUnassign},
	{"delete", 2, (*World).eventDelete},
	{"suspend", 2, (*World).eventSuspend},
	{"unsuspend", 2, (*World).eventUnsuspend},
	{"rehire", 4, (*World).eventRehire},
	{"move", 10, (*World).eventMove},
	{"title", 10, (*World).eventTitle},
	{"phone", 10, (*World).eventPhone},
	{"address", 6, (*World).eventAddress},
	{"rename", 4, (*World).eventRename},
	{"post", 12, (*World).eventPost},
	{"new_group", 1, (*World).eventNewGroup},
	{"rename_group", 1, (*World).eventRenameGroup},
	{"delete_group", 1, (*World).eventDeleteGroup},
	{"by_hand", 0, (*World).eventByHand},
	{"moved_by_hand", 0, (*World).eventMovedByHand},
	{"end_double", 0, (*World).eventEndDouble},
	{"end_leaver", 0, (*World).eventEndLeaver},
}

// Kinds returns the names of all kinds of events.
func Kinds() []string {
	var out []string
	for _, k := range kinds {
		out = append(out, k.name)
	}
	return out
}

// Live lets n random events happen, which follow from the seed and from what
// happened before. Without kinds they are those of everyday life in Okta; by_hand,
// moved_by_hand, end_double and end_leaver, which change TrackTik, happen only when
// asked for. An event that fits nobody is left out.
func (w *World) Live(n int, seed uint64, wanted ...string) ([]Event, error) {
	for _, name := range wanted {
		if !slices.Contains(Kinds(), name) {
			return nil, fmt.Errorf("there is no kind of event %q; there are %s", name, strings.Join(Kinds(), ", "))
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.live(n, rand.New(rand.NewPCG(seed, uint64(n))), wanted), nil
}

func (w *World) live(n int, rng *rand.Rand, wanted []string) []Event {
	var bag []int
	for i, k := range kinds {
		weight := k.weight
		if len(wanted) > 0 {
			weight = min(1, len(slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return name != k.name })))
		}
		for range weight {
			bag = append(bag, i)
		}
	}
	events := []Event{}
	for range n {
		if e, ok := w.happen(kinds[pick(rng, bag)], rng); ok {
			events = append(events, e)
		}
	}
	return events
}

func (w *World) happen(k kind, rng *rand.Rand) (Event, bool) {
	w.rng = rng
	e, ok := k.happen(w, rng)
	if !ok {
		return e, false
	}
	w.version++
	e.Kind = k.name
	w.push(e)
	if w.touched = append(w.touched, e.User); len(w.touched) > 10*maxRecent {
		w.touched = slices.Clone(w.touched[len(w.touched)-2*maxRecent:])
	}
	return e, true
}

func named(name string) kind {
	return kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })]
}

// LiveFor lets one event of a kind happen to the person of that login.
func (w *World) LiveFor(login, wanted string) (Event, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.byLogin[strings.ToLower(login)]
	if p == nil || !slices.Contains(Kinds(), wanted) {
		return Event{}, fmt.Errorf("there is no kind of event %q, or nobody in Okta has the login %q", wanted, login)
	}
	w.chosen = p
	defer func() { w.chosen = nil }()
	e, ok := w.happen(named(wanted), rand.New(rand.NewPCG(w.options.Seed, uint64(w.version))))
	if !ok {
		return Event{}, fmt.Errorf("%s does not happen to %s, who is %s", wanted, login, p.Status)
	}
	return e, nil
}

// find returns somebody who fits, by chance, and rather not one of the cast.
func (w *World) find(rng *rand.Rand, fits func(*Person) bool) *Person {
	if w.chosen != nil && fits(w.chosen) {
		return w.chosen
	} else if w.chosen != nil {
		return nil
	}
	if len(w.people) == 0 {
		return nil
	}
	for range 64 {
		if p := pick(rng, w.people); p.Note == "" && fits(p) {
			return p
		}
	}
	start := rng.IntN(len(w.people))
	var odd *Person
	for i := range w.people {
		p := w.people[(start+i)%len(w.people)]
		if p.judged && fits(p) {
			if p.Note == "" {
				return p
			}
			odd = p
		}
	}
	return odd
}

// working is who has the app and is well.
func working(p *Person) bool { return p.Status == oktatest.StatusActive && p.Assigned() }

func about(p *Person, format string, args ...any) Event {
	return Event{User: p.ID, Login: p.Login, Text: quoted(p.Name()) + " " + fmt.Sprintf(format, args...)}
}

// quoted keeps a name on one line.
func quoted(name string) string { return strings.Join(strings.Fields(name), " ") }

package notify

import (
	"encoding/json"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
)

const (
	// maxADay is how many messages a channel gets in 24 hours, digests aside: what
	// flaps is not told without end.
	maxADay = 20
	day     = 24 * time.Hour
	// newSetAfter is how long a changed set of refused actions waits to be told after
	// the last one.
	newSetAfter = time.Hour
	// seenEvery is how often the record notes that a problem is still there.
	seenEvery = time.Hour
)

// A record is who was told what.
type record struct {
	Version  int              `json:"version"`
	Channels map[string]*told `json:"channels"`
}

// recordVersion is the version of the record that is written; of another one,
// nothing is known.
const recordVersion = 1

// told is what one channel knows.
type told struct {
	State    string               `json:"state,omitempty"` // empty: OK
	Since    time.Time            `json:"since,omitzero"`  // when State left OK
	Open     []string             `json:"open,omitempty"`  // the states that were told since then
	Approve  string               `json:"approve,omitempty"`
	At       time.Time            `json:"at,omitzero"`        // when State or Approve was told
	Problems map[string]time.Time `json:"problems,omitempty"` // told ones by problemKey, and when they were last there
	// when it was told that something could not be kept up; zero: all is
	Neglect time.Time   `json:"neglect,omitzero"`
	Digest  string      `json:"digest,omitempty"` // the last day that was summed up
	Sent    []time.Time `json:"sent,omitempty"`   // in the last 24 hours
	Broken  time.Time   `json:"broken,omitzero"`  // nothing gets through since
}

func readRecord(data []byte) (*record, error) {
	fresh := &record{Version: recordVersion, Channels: map[string]*told{}}
	if len(data) == 0 {
		return fresh, nil
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return fresh, err
	}
	if r.Version != recordVersion || r.Channels == nil {
		return fresh, nil
	}
	return &r, nil
}

func (r *record) write() ([]byte, error) { return json.Marshal(r) }

// of is what the channel of that name knows.
func (r *record) of(name string) *told {
	if r.Channels[name] == nil {
		r.Channels[name] = &told{}
	}
	return r.Channels[name]
}

// problemKey tells one problem from another: a person's second one is new.
func problemKey(t *plan.Trouble) string {
	return string(t.Person) + "|" + string(t.Group) + "|" + t.Code
}

// A piece of news is one message for one channel, and what the channel knows once it
// got it.
type news struct {
	event    string
	about    string         // the state that it begins or ends; empty: the event itself
	problems []plan.Trouble // of ProblemsNew
	learned  func(*told)
}

// news lists what the channel does not know yet. wanted is the day that is to be
// summed up; empty: none is. keyed is the channel's.
func (t *told) news(s *Situation, wanted string, keyed bool, now time.Time) []news {
	var list []news
	t.notAfter(now)
	if s.State != "" {
		list = append(list, t.stateNews(s, keyed, now)...)
		list = append(list, t.problemNews(s, now)...)
	}
	list = append(list, t.neglectNews(s, now)...)
	t.Sent = slices.DeleteFunc(t.Sent, func(at time.Time) bool { return now.Sub(at) >= day })
	if room := max(0, maxADay-len(t.Sent)); len(list) > room {
		list = list[:room] // the rest is news again when there is room
	}
	for i := range list {
		learned := list[i].learned
		list[i].learned = func(t *told) {
			learned(t)
			t.Sent = append(t.Sent, now.UTC())
		}
	}
	if wanted != "" && s.Digest != nil && t.Digest != wanted {
		list = append(list, news{event: Digested, learned: func(t *told) { t.Digest = wanted }})
	}
	return list
}

// notAfter takes times to come for now: a wrong clock noted them, and what was told by
// it would be kept back until then.
func (t *told) notAfter(now time.Time) {
	if t.At.After(now) {
		t.At = now.UTC()
	}
	for i := range t.Sent {
		if t.Sent[i].After(now) {
			t.Sent[i] = now.UTC()
		}
	}
	for key, seen := range t.Problems {
		if seen.After(now) {
			t.Problems[key] = now.UTC()
		}
	}
}

func (t *told) stateNews(s *Situation, keyed bool, now time.Time) []news {
	known := t.State
	if known == "" {
		known = OK
	}
	approve := ""
	if s.State == GuardRefused {
		approve = s.approve()
	}
	switch {
	case s.State != known && s.State == OK:
		return t.recovered(known, keyed)
	case s.State != known:
	case approve != t.Approve && now.Sub(t.At) >= newSetAfter: // the hash that was told does not fit any more
	default:
		return nil
	}
	return []news{{event: s.State, about: s.State, learned: func(t *told) {
		t.At, t.Approve = now.UTC(), approve
		if t.State == "" {
			t.Since = now.UTC()
		}
		if t.State = s.State; !slices.Contains(t.Open, s.State) {
			t.Open = append(t.Open, s.State)
		}
	}}}
}

// recovered ends what was told: where keys are read, each state by its own.
func (t *told) recovered(known string, keyed bool) []news {
	var list []news
	for _, state := range t.Open {
		if keyed && state != known {
			list = append(list, news{event: Recovered, about: state, learned: func(t *told) {
				t.Open = slices.DeleteFunc(t.Open, func(open string) bool { return open == state })
			}})
		}
	}
	return append(list, news{event: Recovered, about: known, learned: func(t *told) {
		t.State, t.Since, t.At, t.Approve, t.Open = "", time.Time{}, time.Time{}, "", nil
	}})
}

// neglectNews is about what goes with the runs: that it could not be kept up, and that it
// can again.
func (t *told) neglectNews(s *Situation, now time.Time) []news {
	switch {
	case s.Neglected == nil || (len(s.Neglected) > 0) != t.Neglect.IsZero():
		return nil
	case len(s.Neglected) == 0:
		return []news{{event: Recovered, about: Housekeeping, learned: func(t *told) { t.Neglect = time.Time{} }}}
	}
	return []news{{event: Housekeeping, learned: func(t *told) { t.Neglect = now.UTC() }}}
}

// problemNews is about the problems that the channel does not know. One that comes
// and goes is not new before it was away for a day.
func (t *told) problemNews(s *Situation, now time.Time) []news {
	var fresh []plan.Trouble
	for i := range s.Problems {
		key := problemKey(&s.Problems[i])
		seen, known := t.Problems[key]
		switch {
		case !known || now.Sub(seen) >= day:
			fresh = append(fresh, s.Problems[i])
		case now.Sub(seen) >= seenEvery:
			t.Problems[key] = now.UTC()
		}
	}
	for key, seen := range t.Problems {
		if now.Sub(seen) >= day {
			delete(t.Problems, key)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return []news{{event: ProblemsNew, problems: fresh, learned: func(t *told) {
		if t.Problems == nil {
			t.Problems = map[string]time.Time{}
		}
		for i := range fresh {
			t.Problems[problemKey(&fresh[i])] = now.UTC()
		}
	}}}
}

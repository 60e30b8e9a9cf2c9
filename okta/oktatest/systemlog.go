package oktatest

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

const (
	// logRetention is how long Okta returns an event, and how far back a cursor leads.
	logRetention = 90 * 24 * time.Hour
	// maxLogged bounds the memory of an org that runs for days. What came before the
	// last so many events is forgotten, as what is older than the retention is.
	maxLogged = 50_000
)

// LogManners is how the System Log differs from an instant and tidy one. Its zero
// value is that: an event is in the log once, at the moment of the change.
type LogManners struct {
	// Lag is how long after the change an event is stored, and can be read.
	Lag time.Duration
	// Late is how much later every second event is stored, so that events come in
	// another order than that of their published.
	Late time.Duration
	// Again is how long after the first time an event is stored a second time, with
	// the same uuid. 0: never.
	Again time.Duration
	// Noise is how many events of others come with each event: sign-ins, and changes of
	// people, groups and apps that are not in this org's listings.
	Noise int
	// Lose tells which events never come, by their type. nil: none.
	Lose func(eventType string) bool
	// LookupLag is how long the single reads of a user, of their assignment and of their
	// groups answer as before a change that the log tells of already.
	LookupLag time.Duration
}

// A LogTarget is whom or what an event is about. Type is User, AppUser, AppInstance or
// UserGroup.
type LogTarget struct{ Type, ID, AlternateID, DisplayName string }

// A LogEvent is an entry of the System Log.
type LogEvent struct {
	UUID      string // "": the next one
	Type      string // "user.lifecycle.deactivate"
	Text      string // displayMessage
	Published time.Time
	Outcome   string // "": SUCCESS
	Targets   []LogTarget
	BySystem  bool // nobody did it by hand
}

// A position is a place in the log: when the event was stored, in milliseconds since
// 1970, and its number.
type position struct{ stored, seq int64 }

func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.stored, q.stored), cmp.Compare(p.seq, q.seq))
}

// A logged event is one with its place.
type logged struct {
	at position
	LogEvent
}

// A systemLog is the events of an org in the order in which they are stored.
type systemLog struct {
	events []logged
	seq    int64
	stored int      // events, however often each
	lost   position // of the last event that was forgotten
}

// Log puts an event into the System Log, whatever is true of it. What the other methods
// change is in the log without it.
func (s *Server) Log(e LogEvent) {
	s.lock()
	defer s.mu.Unlock()
	s.put(e)
}

// Logged returns the last n events that can be read now, the latest first. 0: all.
func (s *Server) Logged(n int) []LogEvent {
	s.lock()
	defer s.mu.Unlock()
	var all []LogEvent
	now := s.now().UnixMilli()
	for _, e := range slices.Backward(s.system.events) {
		if e.at.stored > now {
			continue
		}
		if n > 0 && len(all) == n {
			break
		}
		all = append(all, e.LogEvent)
	}
	return all
}

func (s *Server) manners() LogManners {
	s.fields.RLock()
	defer s.fields.RUnlock()
	return s.SystemLog
}

// put stores an event as the log's manners have it. The org is locked.
func (s *Server) put(e LogEvent) {
	m := s.manners()
	for range m.Noise {
		s.store(s.noise(), m)
	}
	if m.Lose != nil && m.Lose(e.Type) {
		return
	}
	s.store(e, m)
}

func (s *Server) store(e LogEvent, m LogManners) {
	l := &s.system
	l.seq++
	l.stored++
	now := s.now().UTC()
	if e.Published.IsZero() {
		e.Published = now.Truncate(time.Millisecond)
	}
	if e.UUID == "" {
		e.UUID = fmt.Sprintf("%08x-a0ac-11f1-ae0a-95c6e5af725d", l.seq)
	}
	e.Outcome = cmp.Or(e.Outcome, "SUCCESS")
	stored := now.Add(m.Lag)
	if l.stored%2 == 0 {
		stored = stored.Add(m.Late)
	}
	l.insert(logged{position{stored.UnixMilli(), l.seq}, e})
	if m.Again > 0 {
		l.seq++
		l.insert(logged{position{stored.Add(m.Again).UnixMilli(), l.seq}, e})
	}
}

// insert keeps the order. Almost every event is the last.
func (l *systemLog) insert(e logged) {
	at := len(l.events)
	for at > 0 && l.events[at-1].at.compare(e.at) > 0 {
		at--
	}
	l.events = slices.Insert(l.events, at, e)
	if len(l.events) >= 2*maxLogged {
		l.lost = l.events[len(l.events)-maxLogged-1].at
		l.events = slices.Clone(l.events[len(l.events)-maxLogged:])
	}
}

// noiseTypes are events of every org. Those of the second half are of types that a
// provisioning client asks for.
var noiseTypes = []string{
	"user.session.start", "user.authentication.sso", "policy.evaluate_sign_on", "user.account.update_password",
	"user.account.update_profile", "application.user_membership.add", "group.user_membership.remove",
	"user.lifecycle.deactivate",
}

// noise is an event about somebody and something elsewhere.
func (s *Server) noise() LogEvent {
	n := s.system.seq
	e := LogEvent{Type: noiseTypes[n%int64(len(noiseTypes))], Text: "Something else", BySystem: true}
	target := func(kind, prefix string) {
		e.Targets = append(e.Targets, LogTarget{kind, fmt.Sprintf("%snoise%012d", prefix, n), "unknown", "Somebody else"})
	}
	switch e.Type {
	case "application.user_membership.add":
		target("AppUser", "0ua")
		target("AppInstance", "0oa")
	case "group.user_membership.remove":
		defer target("UserGroup", "00g")
	}
	target("User", "00u")
	return e
}

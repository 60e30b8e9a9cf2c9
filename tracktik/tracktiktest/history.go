package tracktiktest

import "time"

// Portal is the author of changes made by the methods of Server, as if somebody
// had sat at the portal's own pages.
const Portal = "portal"

// Change is one thing that happened to a record.
type Change struct {
	Time      time.Time
	By        string // Portal, or "api" for a call
	RequestID string // of the call
	Resource  string // employees, roles, user-roles, regions, employment-termination-reasons
	ID        int64
	// What is created, updated, moved, terminated, reactivated, banned, deactivated,
	// granted, revoked or deleted.
	What   string
	Fields []FieldChange // what is different; for a new record everything that is not empty
}

// FieldChange is a value before and after. Parts of an address are named
// address.city and so on.
type FieldChange struct {
	Name     string
	Old, New string
}

// History returns the last Limits.KeepHistory changes, oldest first.
func (s *Server) History() []Change {
	s.start()
	s.mu.RLock()
	defer s.mu.RUnlock()
	kept := latest(s.history, bound(s.Limits.KeepHistory, 100_000))
	return append([]Change(nil), kept...)
}

// An author is who changes something: somebody at the portal, or a call.
type author struct {
	by     string
	flight *flight
}

var atPortal = author{by: Portal}

// Dispatcher is the id of who sits at the portal's own pages.
const Dispatcher int64 = 990

// employee is the author as a record names them.
func (a author) employee() int64 {
	if a.by == Portal {
		return Dispatcher
	}
	return IntegrationEmployee
}

// note records a change and marks the call that made it as effective.
func (s *Server) note(a author, resource string, id int64, what string, fields ...FieldChange) {
	c := Change{Time: s.now(), By: a.by, Resource: resource, ID: id, What: what, Fields: fields}
	if a.flight != nil {
		a.flight.changed = true
		c.RequestID = a.flight.request.RequestID
	}
	if keep := bound(s.Limits.KeepHistory, 100_000); keep > 0 {
		s.history = trimmed(append(s.history, c), keep)
	}
}

// fact is one value of a record in words.
type fact struct{ name, value string }

// differences compares two lists of facts with the same names; old may be nil.
func differences(old, new []fact) []FieldChange {
	var out []FieldChange
	for i, f := range new {
		before := ""
		if old != nil {
			before = old[i].value
		}
		if before != f.value {
			out = append(out, FieldChange{Name: f.name, Old: before, New: f.value})
		}
	}
	return out
}

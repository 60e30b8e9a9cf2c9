package oktatest

import (
	"fmt"
	"strings"
)

type mapping struct {
	id, status, errorSummary, created, lastUpdated, lastPush string

	app            *app
	source, target *group
	removed        bool
}

func (m *mapping) key() string { return m.id }

// AddPushMapping makes Okta push a group to an app (Push Groups), and returns the
// mapping's id, gPm…. The group's image in the app becomes a group of type APP_GROUP.
func (s *Server) AddPushMapping(appID, groupID string) string {
	s.lock()
	defer s.mu.Unlock()
	a, source := s.mustApp(appID), s.mustGroup(groupID)
	now := s.stamp()
	m := &mapping{id: s.newID("gPm"), status: StatusActive, created: now, lastUpdated: now, lastPush: now, app: a, source: source,
		target: s.addGroup(Group{Name: source.name, Type: TypeAppGroup})}
	s.mappings[m.id] = m
	a.mappings.add(m)
	s.logMapping("created", "Group push mapping created", m)
	return m.id
}

// SetPushMapping gives a mapping a status (ACTIVE, INACTIVE, ERROR) and the error
// that goes with it, or "".
func (s *Server) SetPushMapping(id, status, errorSummary string) {
	s.lock()
	defer s.mu.Unlock()
	m := s.mustMapping(id)
	m.status, m.errorSummary, m.lastUpdated = status, errorSummary, s.stamp()
}

// DeletePushMapping ends a mapping and leaves the image of the group in the app.
func (s *Server) DeletePushMapping(id string) {
	s.lock()
	defer s.mu.Unlock()
	s.removeMapping(s.mustMapping(id))
}

func (s *Server) removeMapping(m *mapping) {
	m.removed = true
	delete(s.mappings, m.id)
	m.app.mappings.changed()
	s.logMapping("deleted", "Group push mapping deleted", m)
}

func (s *Server) mustMapping(id string) *mapping {
	m := s.mappings[id]
	if m == nil {
		panic(fmt.Sprintf("oktatest: there is no push mapping %q", id))
	}
	return m
}

// appendMapping appends a mapping. Its timestamps are the only ones of Okta's
// without a fraction of a second.
func appendMapping(b []byte, base string, m *mapping) []byte {
	short := func(stamp string) string { return strings.Replace(stamp, ".000Z", "Z", 1) }
	b = appendAll(b, `{"created":"`, short(m.created), `","id":"`, m.id, `","lastPush":"`, short(m.lastPush), `","lastUpdated":"`, short(m.lastUpdated), `"`)
	if m.errorSummary != "" {
		b = appendText(append(b, `,"errorSummary":`...), m.errorSummary)
	}
	b = appendText(appendAll(b, `,"sourceGroupId":"`, m.source.id, `","status":`), m.status)
	return appendAll(b, `,"targetGroupId":"`, m.target.id, `","_links":{"app":{"href":"`, base, `/api/v1/apps/`, m.app.id,
		`"},"sourceGroup":{"href":"`, base, `/api/v1/groups/`, m.source.id, `"},"targetGroup":{"href":"`, base, `/api/v1/groups/`, m.target.id, `"}}}`)
}

package oktatest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// readLogs answers polling requests, after
// https://developer.okta.com/docs/reference/system-log-query/: the events in the order in
// which they were stored, from since or behind after, and always a link to the next page,
// behind an empty page too. Requests with an upper bound are refused: nobody here needs
// them.
func (s *Server) readLogs(q *query) reply {
	if problem := q.unsupported("until", "q"); problem != nil {
		return *problem
	}
	if order := q.values.Get("sortOrder"); order != "" && order != "ASCENDING" {
		return *q.unsupported("sortOrder")
	}
	limit, problem := bounds{100, 0, 1000}.limit(q.values)
	if problem != nil {
		return *problem
	}
	wanted, problem := q.logFilter()
	if problem != nil {
		return *problem
	}
	from, problem := s.logStart(q.values)
	if problem != nil {
		return *problem
	}
	body, last := s.logPage(from, limit, wanted)
	answer := found(body)
	answer.links = []string{q.logLink("self", q.values.Get("after"), limit), q.logLink("next", last.cursor(), limit)}
	return answer
}

// logPage is the events behind from, and the place up to which they were looked through.
func (s *Server) logPage(from position, limit int, wanted predicate) (body []byte, last position) {
	now, n := s.now(), 0
	oldest := now.Add(-logRetention)
	body, last = []byte{'['}, from
	events := s.system.events
	start, _ := slices.BinarySearchFunc(events, from, func(e logged, from position) int { return e.at.compare(from) })
	for _, e := range events[start:] {
		if e.at == from || e.Published.Before(oldest) {
			continue
		}
		if e.at.stored > now.UnixMilli() || n == limit {
			break
		}
		last = e.at
		if wanted != nil && !wanted(e.attribute) {
			continue
		}
		if n++; n > 1 {
			body = append(body, ',')
		}
		body = appendLogged(body, e.LogEvent)
	}
	return append(body, ']'), last
}

// logStart is the place behind which the page begins.
func (s *Server) logStart(values url.Values) (position, *reply) {
	now := s.now()
	since, after := values.Get("since"), values.Get("after")
	if since != "" && after != "" {
		problem := invalid("after", "'since' and 'after' exclude each other.")
		return position{}, &problem
	}
	if after != "" {
		at, ok := openPosition(after)
		if !ok || at.stored < now.Add(-logRetention).UnixMilli() || at.compare(s.system.lost) < 0 {
			problem := invalid("after", "The cursor is not valid, or not valid any more.")
			return position{}, &problem
		}
		return at, nil
	}
	begin := now.Add(-7 * 24 * time.Hour)
	if since != "" {
		var err error
		if begin, err = parseStamp(since); err != nil {
			problem := refused(http.StatusBadRequest, "E0000001", "Api validation failed: 'since': The date format in your "+
				"query is not recognized. Please enter dates using ISO8601 string format. 'since': must be a valid date-time or empty.",
				"since: must be a valid date-time or empty.")
			return position{}, &problem
		}
	}
	if begin.Before(now.Add(-2 * logRetention)) {
		problem := refused(http.StatusBadRequest, "E0000053",
			"Invalid parameter: The since parameter is over 180 days prior to the current day.")
		return position{}, &problem
	}
	return position{stored: begin.UnixMilli()}, nil
}

func (p position) cursor() string { return fmt.Sprintf("%d_%d", p.stored, p.seq) }

func openPosition(cursor string) (at position, ok bool) {
	stored, seq, found := strings.Cut(cursor, "_")
	var err, err2 error
	at.stored, err = strconv.ParseInt(stored, 10, 64)
	at.seq, err2 = strconv.ParseInt(seq, 10, 64)
	return at, found && err == nil && err2 == nil
}

// logLink is a line of the Link header. A cursor takes the place of since.
func (q *query) logLink(relation, after string, limit int) string {
	values := maps.Clone(q.values)
	values.Set("limit", strconv.Itoa(limit))
	if after != "" {
		values.Del("since")
		values.Set("after", after)
	}
	return fmt.Sprintf(`<%s%s?%s>; rel="%s"`, q.base, q.URL.EscapedPath(), values.Encode(), relation)
}

// logAttributes are those that a filter may name. published is none of them.
var logAttributes = []string{"eventType", "uuid", "outcome.result", "target.id", "target.type", "target.alternateId",
	"actor.id", "actor.type"}

func (q *query) logFilter() (predicate, *reply) {
	text := q.values.Get("filter")
	if text == "" {
		return nil, nil
	}
	unknown := ""
	wanted, err := parseSearch(text, func(name string) bool {
		known := slices.Contains(logAttributes, name)
		if !known {
			unknown = name
		}
		return known
	})
	if err == nil {
		return wanted, nil
	}
	problem := refused(http.StatusBadRequest, "E0000053", fmt.Sprintf("Invalid filter '%s': %v", text, err))
	if unknown != "" {
		problem = refused(http.StatusBadRequest, "E0000053", "field is not valid: "+unknown)
	}
	return nil, &problem
}

// attribute returns the values of an attribute: an event has several targets.
func (e *logged) attribute(name string) []string {
	actor := e.actor()
	switch name {
	case "eventType":
		return []string{e.Type}
	case "uuid":
		return []string{e.UUID}
	case "outcome.result":
		return []string{e.Outcome}
	case "actor.id":
		return []string{actor.ID}
	case "actor.type":
		return []string{actor.Type}
	}
	var values []string
	for _, t := range e.Targets {
		switch name {
		case "target.id":
			values = append(values, t.ID)
		case "target.type":
			values = append(values, t.Type)
		case "target.alternateId":
			values = append(values, t.AlternateID)
		}
	}
	return values
}

// actor is who did it: an administrator, or the system.
func (e *LogEvent) actor() LogTarget {
	switch {
	case e.BySystem:
		return LogTarget{"SystemPrincipal", "sprq1cXNMK3nP8RkZ5d7", "system@okta.com", "Okta System"}
	case e.Type == "user.session.start" && len(e.Targets) > 0:
		return e.Targets[0]
	}
	return LogTarget{"User", "00uq1admin0000RkZ5d7", "admin@acme.example", "Org Admin"}
}

// appendLogged appends an event in the shape of recorded ones, in which much is null.
func appendLogged(b []byte, e LogEvent) []byte {
	thing := func(t LogTarget) map[string]any {
		return map[string]any{"id": t.ID, "type": t.Type, "alternateId": t.AlternateID, "displayName": t.DisplayName,
			"detailEntry": nil}
	}
	targets := []any{}
	for _, t := range e.Targets {
		targets = append(targets, thing(t))
	}
	transaction := map[string]any{"type": "WEB", "id": "W" + e.UUID, "detail": map[string]any{}}
	if e.BySystem {
		transaction["type"] = "JOB"
	}
	return append(b, compact(map[string]any{
		"actor": thing(e.actor()), "target": targets, "uuid": e.UUID, "version": "0", "severity": "INFO",
		"published": e.Published.UTC().Format("2006-01-02T15:04:05.000Z"), "eventType": e.Type, "legacyEventType": nil,
		"displayMessage": e.Text, "transaction": transaction, "outcome": map[string]any{"result": e.Outcome, "reason": nil},
		"client": map[string]any{"id": nil, "zone": "null", "device": "Unknown", "ipAddress": "192.0.2.7",
			"geographicalContext": nil, "userAgent": map[string]any{"rawUserAgent": "Mozilla/5.0", "os": "Unknown", "browser": "UNKNOWN"}},
		"authenticationContext": map[string]any{"authenticationProvider": nil, "credentialProvider": nil, "credentialType": nil,
			"issuer": nil, "interface": nil, "authenticationStep": 0, "externalSessionId": "trsq1cXNMK3nP8RkZ5d7"},
		"securityContext": map[string]any{"asNumber": nil, "asOrg": nil, "isp": nil, "domain": nil, "isProxy": nil},
		"debugContext":    map[string]any{"debugData": map[string]any{}},
		"request":         map[string]any{"ipChain": []any{}},
	})...)
}

package okta

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

// ScopeLogs is what a service app needs to read the System Log. It is asked for in a token
// of its own, by a Source with a ServiceApp of these Scopes: where it was not granted,
// nothing else may be spoilt.
const ScopeLogs = "okta.logs.read"

const logsPath = "/api/v1/logs"

// An eventType is one of Okta's that is asked for, and what it means. The types are those
// of https://developer.okta.com/docs/reference/api/event-types/.
type eventType struct {
	name string
	kind plan.EventKind
	says plan.EventClaim
}

// userEvents are about users and groups anywhere in the org, appEvents about the app.
var (
	userEvents = []eventType{
		{"user.lifecycle.activate", plan.EventUser, plan.SaysThere},
		{"user.lifecycle.reactivate", plan.EventUser, plan.SaysThere},
		{"user.lifecycle.unsuspend", plan.EventUser, plan.SaysThere},
		{"user.lifecycle.deactivate", plan.EventUser, plan.SaysGone},
		{"user.lifecycle.suspend", plan.EventUser, plan.SaysGone},
		{"user.lifecycle.delete.initiated", plan.EventUser, plan.SaysGone},
		{"user.lifecycle.delete.completed", plan.EventUser, plan.SaysGone},
		{"user.account.update_profile", plan.EventUser, ""},
		{"group.user_membership.add", plan.EventMembership, plan.SaysThere},
		{"group.user_membership.remove", plan.EventMembership, plan.SaysGone},
		{"group.profile.update", plan.EventGroup, ""},
		{"group.lifecycle.delete", plan.EventGroup, ""},
	}
	appEvents = []eventType{
		{"application.user_membership.add", plan.EventAssignment, plan.SaysThere},
		{"application.user_membership.remove", plan.EventAssignment, plan.SaysGone},
		{"application.user_membership.revoke", plan.EventAssignment, plan.SaysGone},
		{"application.user_membership.deprovision", plan.EventAssignment, plan.SaysGone},
		{"application.user_membership.update", plan.EventAssignment, ""},
		{"application.user_membership.change_username", plan.EventAssignment, ""},
		{"group.application_assignment.add", plan.EventGroupAssignment, ""},
		{"group.application_assignment.remove", plan.EventGroupAssignment, ""},
		{"group.application_assignment.update", plan.EventGroupAssignment, ""},
		{"application.lifecycle.activate", plan.EventApp, ""},
		{"application.lifecycle.deactivate", plan.EventApp, ""},
		{"application.lifecycle.update", plan.EventApp, ""},
		{"application.lifecycle.delete", plan.EventApp, ""},
	}
	eventTypes = byName(userEvents, appEvents)
)

func byName(lists ...[]eventType) map[string]eventType {
	all := map[string]eventType{}
	for _, t := range slices.Concat(lists...) {
		all[t.name] = t
	}
	return all
}

// eventFilter asks for the events that may concern the app. Events of other apps, which are
// most of a large org's, are not sent at all.
func eventFilter(app string) string {
	return oneOf(userEvents) + ` or (target.id eq "` + app + `" and (` + oneOf(appEvents) + `))`
}

func oneOf(types []eventType) string {
	terms := make([]string, len(types))
	for i, t := range types {
		terms[i] = `eventType eq "` + t.name + `"`
	}
	return strings.Join(terms, " or ")
}

// Events reads the System Log up to the first empty page, as Okta wants it polled
// (https://developer.okta.com/docs/reference/system-log-query/, polling requests): from
// cursor on, which an earlier call has answered as next, or from since when cursor is
// empty. It returns the events about changes that the program asks for, each once, in the
// order in which they were stored. With an error there are none, and cursor stays good,
// unless the error is an *Error with CursorRefused(): then events may be lost, and
// reading begins anew from a since of now. When nothing has happened it costs one request.
func (s *Source) Events(ctx context.Context, cursor string, since time.Time) (events []plan.Event, next string, err error) {
	l := listing{route: routeLogs, path: logsPath, key: "uuid", limit: 1000, least: 1}
	query, err := s.logQuery(&l, cursor, since)
	if err != nil {
		return nil, "", err
	}
	seen, asked := map[string]bool{}, map[string]bool{}
	check := func(query url.Values, p page) error { return checkLogPage(asked, query, p) }
	for {
		p, err := s.page(ctx, &l, query, check)
		if err != nil {
			return nil, "", cursorRefused(err, query)
		}
		asked[withoutLimit(query)] = true
		query = p.next
		if len(p.elements) == 0 {
			return events, s.transport.config.OrgURL + logsPath + "?" + query.Encode(), nil
		}
		for _, element := range p.elements {
			if seen[element.id] {
				continue
			}
			seen[strings.Clone(element.id)] = true
			if event, ours := decodeEvent(element); ours {
				events = append(events, event)
			}
		}
	}
}

// logQuery is that of the first page. A cursor is a link to the next page, and leads on
// only within this org and with this filter: another one would leave events out.
func (s *Source) logQuery(l *listing, cursor string, since time.Time) (url.Values, error) {
	filter := eventFilter(s.app)
	if cursor == "" {
		return url.Values{"sortOrder": {"ASCENDING"}, "filter": {filter}, "limit": {fmt.Sprint(l.limit)},
			"since": {since.UTC().Format("2006-01-02T15:04:05.000Z")}}, nil
	}
	refuse := func(format string, args ...any) error {
		return &Error{Endpoint: routeLogs.name, Kind: KindCursor, Summary: fmt.Sprintf(format, args...)}
	}
	org, err := url.Parse(s.transport.config.OrgURL)
	if err != nil {
		return nil, err
	}
	link, err := url.Parse(cursor)
	if err != nil || link.Path != logsPath {
		return nil, refuse("the cursor %q is none of the system log", printable(cursor, 100))
	}
	query := link.Query()
	switch {
	case !sameHost(org, link):
		return nil, refuse("the cursor is that of another org, %s", printable(link.Host, 100))
	case query.Get("after") == "":
		return nil, refuse("the cursor does not say where to go on")
	case query.Get("filter") != filter:
		return nil, refuse("the cursor is one for other events or for another app")
	}
	query.Set("limit", fmt.Sprint(l.limit))
	return query, nil
}

// checkLogPage refuses a page that does not lead on. An empty one may lead to itself.
func checkLogPage(asked map[string]bool, query url.Values, p page) error {
	if p.next == nil || p.next.Get("after") == "" {
		return errors.New("the page of the system log comes without a next page, which it always has")
	}
	p.next.Del("since") // excluded by after
	next := withoutLimit(p.next)
	switch {
	case len(p.elements) > 0 && (asked[next] || next == withoutLimit(query)):
		return errors.New("the system log goes round in circles: the next page is said to be one that was read already")
	case len(asked) >= maxPages:
		return fmt.Errorf("the system log has no end: it is longer than %d pages", maxPages)
	}
	return nil
}

// cursorRefused marks Okta's own refusal of a request that goes on from a cursor.
func cursorRefused(err error, query url.Values) error {
	var failure *Error
	if query.Has("after") && errors.As(err, &failure) && failure.Refused() && failure.Code != "" {
		failure.Kind = KindCursor
	}
	return err
}

// decodeEvent reads an event. ours is false for one that was not asked for.
func decodeEvent(e element) (event plan.Event, ours bool) {
	read := gjson.GetMany(e.raw, "eventType", "published", "target")
	t, ours := eventTypes[read[0].Str]
	if !ours {
		return plan.Event{}, false
	}
	event = plan.Event{ID: strings.Clone(e.id), Kind: t.kind, Says: t.says}
	event.At, _ = time.Parse(time.RFC3339, read[1].Str) // zero where it cannot be read
	for _, target := range read[2].Array() {
		id := text(target.Get("id"))
		switch target.Get("type").Str {
		case "User":
			event.People = append(event.People, plan.PersonID(id))
		case "UserGroup":
			event.Groups = append(event.Groups, plan.GroupID(id))
		case "AppInstance":
			event.Apps = append(event.Apps, id)
		}
	}
	return event, true
}

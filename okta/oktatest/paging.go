package oktatest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// bounds are what an endpoint allows as limit.
type bounds struct{ standard, least, most int }

// A listing is one endpoint's answer in pages.
type listing[T element] struct {
	items  *ordered[T]
	bounds bounds
	cap    int          // a page is never longer, whatever limit says; 0: no such thing
	match  func(T) bool // nil: everything
	append func([]byte, T) []byte
}

// answer returns the page that q asks for.
func (l listing[T]) answer(q *query) reply {
	limit, problem := l.bounds.limit(q.values)
	if problem != nil {
		return *problem
	}
	after, ok := openCursor(q.values.Get("after"), q.URL.Path)
	if !ok {
		return invalid("after", "The cursor is not one of this listing.")
	}
	size := limit
	if l.cap > 0 {
		size = min(size, l.cap)
	}
	items, more := l.items.page(after, size, l.match)
	body := []byte{'['}
	for i, item := range items {
		if i > 0 {
			body = append(body, ',')
		}
		body = l.append(body, item)
	}
	answer := found(append(body, ']'))
	answer.links = []string{q.link("self", q.values.Get("after"), limit)}
	if more {
		cursor := sealCursor(items[len(items)-1].key(), q.URL.Path)
		answer.links = append(answer.links, q.link("next", cursor, limit))
	}
	return answer
}

func (b bounds) limit(values url.Values) (int, *reply) {
	text := values.Get("limit")
	if text == "" {
		return b.standard, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < b.least || limit > b.most {
		problem := invalid("limit", fmt.Sprintf("The limit must be a number from %d to %d.", b.least, b.most))
		return 0, &problem
	}
	return limit, nil
}

// link returns a line of the Link header: the request's own address, with the limit
// that is in effect even if it was not asked for.
func (q *query) link(relation, after string, limit int) string {
	values := maps.Clone(q.values)
	values.Set("limit", strconv.Itoa(limit))
	values.Del("after")
	if after != "" {
		values.Set("after", after)
	}
	return fmt.Sprintf(`<%s%s?%s>; rel="%s"`, q.base, q.URL.EscapedPath(), values.Encode(), relation)
}

// sealCursor makes an opaque cursor that is good for one path only.
func sealCursor(key, path string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(key + " " + path))
}

func openCursor(cursor, path string) (key string, ok bool) {
	if cursor == "" {
		return "", true
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", false
	}
	key, rest, found := strings.Cut(string(text), " ")
	return key, found && rest == path
}

// unsupported refuses the parameters of Okta's that are not simulated here, because
// an answer that leaves them out of account would be a wrong one.
func (q *query) unsupported(names ...string) *reply {
	for _, name := range names {
		if q.values.Has(name) {
			problem := refused(http.StatusNotImplemented, "E0000060", "Unsupported operation.", "oktatest does not simulate the parameter "+name)
			return &problem
		}
	}
	return nil
}

package oktatest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
)

// An answered is the org's answer, held back.
type answered struct {
	status int
	header http.Header
	body   []byte
}

func capture(r *http.Request, next http.Handler) *answered {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	return &answered{rec.Code, rec.Header(), rec.Body.Bytes()}
}

func (a *answered) send(w http.ResponseWriter) {
	a.header.Del("Content-Length") // the body may have another length now
	copyHeader(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func copyHeader(to, from http.Header) {
	for name, values := range from {
		to[name] = values
	}
}

// next returns the address of the next page, or "".
func (a *answered) next() string {
	for _, line := range a.header.Values("Link") {
		if target, rest, _ := strings.Cut(strings.TrimPrefix(line, "<"), ">"); strings.HasSuffix(rest, `rel="next"`) {
			return target
		}
	}
	return ""
}

// setNext replaces the link to the next page; "" takes it away.
func (a *answered) setNext(target string) {
	lines := a.header.Values("Link")
	a.header.Del("Link")
	for _, line := range lines {
		if !strings.HasSuffix(line, `rel="next"`) {
			a.header.Add("Link", line)
		}
	}
	if target != "" {
		a.header.Add("Link", "<"+target+`>; rel="next"`)
	}
}

// elements returns the list in the body.
func (a *answered) elements() []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(a.body, &list) != nil {
		return nil
	}
	return list
}

func (a *answered) setElements(list []json.RawMessage) {
	if list == nil {
		list = []json.RawMessage{}
	}
	a.body = compact(list)
}

// SelfLoop makes every next page the page itself: the same page for ever, as a cache
// does that ignores the cursor.
func SelfLoop(w http.ResponseWriter, r *http.Request, next http.Handler) {
	a := capture(r, next)
	a.setNext(baseOf(r) + r.URL.RequestURI())
	a.send(w)
}

// LoopToStart makes the next page the first one, so that a listing goes round in
// circles: a cursor that has expired and begins anew.
func LoopToStart(w http.ResponseWriter, r *http.Request, next http.Handler) {
	a := capture(r, next)
	if a.next() != "" {
		values := r.URL.Query()
		values.Del("after")
		a.setNext(baseOf(r) + r.URL.Path + "?" + values.Encode())
	}
	a.send(w)
}

// PageAgain gives every page but the first of a path the content of the page before
// it, with links that go on: a cache that lags behind by one.
func PageAgain() Interceptor {
	var mu sync.Mutex
	before := map[string][]byte{}
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := capture(r, next)
		mu.Lock()
		body := a.body
		if last, ok := before[r.URL.Path]; ok && r.URL.Query().Has("after") {
			a.body = last
		}
		before[r.URL.Path] = body
		mu.Unlock()
		a.send(w)
	}
}

// FoldedLink sends all links in one header line, parted by commas, as proxies may.
func FoldedLink(w http.ResponseWriter, r *http.Request, next http.Handler) {
	a := capture(r, next)
	if lines := a.header.Values("Link"); len(lines) > 1 {
		a.header.Set("Link", strings.Join(lines, ", "))
	}
	a.send(w)
}

// LinkHeader replaces the lines of the Link header.
func LinkHeader(lines ...string) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := capture(r, next)
		a.header.Del("Link")
		for _, line := range lines {
			a.header.Add("Link", line)
		}
		a.send(w)
	}
}

// MalformedLink sends a next link that is not an address, as rewriting proxies have
// done. okta-sdk-golang v2 panics on it.
var MalformedLink = LinkHeader(`<://%zz?after=1>; rel="next"`)

// NoNext ends a listing early: the page is whole, and the link to the next is gone,
// as with a proxy that strips headers. Nothing in the answer tells.
func NoNext(w http.ResponseWriter, r *http.Request, next http.Handler) {
	a := capture(r, next)
	a.setNext("")
	a.send(w)
}

// MissingPage lets the next link leave one page out: people in the middle of a
// listing are not in it, and nothing tells. When the page left out is the last, the
// listing ends.
func MissingPage(w http.ResponseWriter, r *http.Request, next http.Handler) {
	a := capture(r, next)
	if target, err := url.Parse(a.next()); err == nil && a.next() != "" {
		leftOut := r.Clone(r.Context())
		leftOut.URL.RawQuery = target.RawQuery
		a.setNext(capture(leftOut, next).next())
	}
	a.send(w)
}

// Shifted takes the first k elements off every page but the first: people moved to
// a page that had been read already, as happens with paging by offset when somebody
// before them is removed.
func Shifted(k int) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := capture(r, next)
		if list := a.elements(); r.URL.Query().Has("after") {
			a.setElements(list[min(k, len(list)):])
		}
		a.send(w)
	}
}

// Overlapping begins every page but the first of a path with the last k elements of
// the page before it: people moved to a page that had not been read yet, as happens
// when somebody before them is added. The listing is whole, with repetitions.
func Overlapping(k int) Interceptor {
	var mu sync.Mutex
	before := map[string][]json.RawMessage{}
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := capture(r, next)
		list := a.elements()
		mu.Lock()
		if last := before[r.URL.Path]; r.URL.Query().Has("after") {
			a.setElements(append(append([]json.RawMessage{}, last[max(0, len(last)-k):]...), list...))
		}
		before[r.URL.Path] = list
		mu.Unlock()
		a.send(w)
	}
}

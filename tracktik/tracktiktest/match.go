package tracktiktest

import (
	"net/http"
	"strings"
	"sync/atomic"
)

// Match selects requests. Its zero value selects all.
type Match struct {
	Method string // empty: any
	// Path is a whole path, with or without /rest/v1 before it. A segment * stands
	// for any one segment, and a / at the end for everything below: /employees,
	// /employees/*/actions/terminate, /employees/, /rest/oauth2/access_token.
	// Empty: any.
	Path  string
	Nth   int // the first of the selected requests that is hit, from 1 on; 0 is 1
	Times int // how many are hit from there on; 0: all
}

// When applies a fault to the requests that m selects and lets the others pass. It
// counts by itself: make a new one for each Server.
func When(m Match, fault Interceptor) Interceptor {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !hits(m.Method, m.Path, r.Method, r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		n := int(seen.Add(1)) - max(m.Nth, 1)
		if n < 0 || m.Times > 0 && n >= m.Times {
			next.ServeHTTP(w, r)
			return
		}
		fault(w, r, next)
	}
}

// Chain joins interceptors; the first one is the outermost.
func Chain(all ...Interceptor) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		for i := len(all) - 1; i >= 0; i-- {
			inner, intercept := next, all[i]
			next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { intercept(w, r, inner) })
		}
		next.ServeHTTP(w, r)
	}
}

// hits reports whether a request is one that method and pattern select.
func hits(method, pattern, gotMethod, path string) bool {
	if method != "" && method != gotMethod {
		return false
	}
	return pattern == "" || pathHits(pattern, path) || pathHits(apiRoot+pattern, path)
}

func pathHits(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if below := want[len(want)-1] == ""; below {
		want = want[:len(want)-1]
		if len(got) <= len(want) {
			return false
		}
		got = got[:len(want)]
	}
	if len(got) != len(want) {
		return false
	}
	for i, segment := range want {
		if segment != "*" && segment != got[i] {
			return false
		}
	}
	return true
}

// withoutIDs replaces the segments that are numbers by *.
func withoutIDs(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if isNumber(s) {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

func namesID(pattern string) bool { return withoutIDs(pattern) != pattern }

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

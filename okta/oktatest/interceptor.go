package oktatest

import (
	"net/http"
	"strings"
	"sync/atomic"
)

// An Interceptor answers a request, or lets next, the org, answer it, or does
// something to the org's answer. Those of this package need the HTTP/1 server of
// NewServer where they break connections.
//
// They are put together from the inside out:
//
//	srv.Intercept = oktatest.On("/api/v1/apps/*/users", oktatest.Nth(3, oktatest.Drop))
type Interceptor func(w http.ResponseWriter, r *http.Request, next http.Handler)

// On applies i to requests whose path, or method and path, match a pattern as Count
// has it.
func On(pattern string, i Interceptor) Interceptor {
	return when(i, func(r *http.Request) bool { return matches(pattern, r.Method, r.URL.Path) })
}

// Under applies i to requests whose path begins with prefix.
func Under(prefix string, i Interceptor) Interceptor {
	return when(i, func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, prefix) })
}

// Nth applies i to the n-th request that it sees, the first being 1.
func Nth(n int, i Interceptor) Interceptor {
	return counted(i, func(k int) bool { return k == n })
}

// First applies i to the first n requests that it sees.
func First(n int, i Interceptor) Interceptor {
	return counted(i, func(k int) bool { return k <= n })
}

// After applies i to all requests that it sees but the first n.
func After(n int, i Interceptor) Interceptor {
	return counted(i, func(k int) bool { return k > n })
}

// All applies several, the first one outermost.
func All(several ...Interceptor) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		for k := len(several) - 1; k >= 0; k-- {
			i, inner := several[k], next
			next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { i(w, r, inner) })
		}
		next.ServeHTTP(w, r)
	}
}

func when(i Interceptor, holds func(*http.Request) bool) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if holds(r) {
			i(w, r, next)
		} else {
			next.ServeHTTP(w, r)
		}
	}
}

func counted(i Interceptor, holds func(k int) bool) Interceptor {
	var seen atomic.Int64
	return when(i, func(*http.Request) bool { return holds(int(seen.Add(1))) })
}

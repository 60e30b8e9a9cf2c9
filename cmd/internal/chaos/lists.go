package chaos

import (
	"fmt"
	"net/http"

	"tracktik-sync/tracktik/tracktiktest"
)

// drawManner draws how the portal shows less in its lists than is documented: the active
// alone, or no user names. It refuses to be asked for more, or passes over it.
func (l *Life) drawManner(rules *tracktiktest.Rules) {
	part := []string{"includeInactive", "includeInactive", "include", ""}[l.rng.IntN(4)]
	rules.GrantsOfActive = l.rng.IntN(2) == 0
	if part == "" {
		return
	}
	l.unnamed, l.judge.unlisted = part == "include", part == "includeInactive"
	if l.rng.IntN(2) == 0 {
		value := map[string]string{"includeInactive": "true", "include": "username"}[part]
		rules.Manners.RefusedParts = []string{part + "=" + value}
		return
	}
	l.say("the portal passes over %s", part)
	l.manner = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if query := r.URL.Query(); query.Has(part) {
			query.Del(part)
			r.URL.RawQuery = query.Encode()
		}
		next.ServeHTTP(w, r)
	}
}

// A failure is a list of the portal that answers nothing but a status for a while.
type failure struct {
	path   string
	status int
}

// failLists lets a list fail for a while, or all be read again.
func (l *Life) failLists() {
	if !l.has(Poor) || l.rng.IntN(3) > 0 {
		return
	}
	l.failing = failure{}
	if l.rng.IntN(3) > 0 {
		l.failing.path = []string{"/regions", "/roles", "/employment-termination-reasons"}[l.rng.IntN(3)]
		l.failing.status = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError, http.StatusServiceUnavailable}[l.rng.IntN(5)]
	}
	l.say("the portal answers %d for %q", l.failing.status, l.failing.path)
}

func (f failure) answer(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	_, _ = fmt.Fprintf(w, `{"code":%d,"message":"not now"}`, f.status) // nobody to tell
}

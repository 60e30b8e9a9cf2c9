package tracktiktest

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Interceptor comes between the connection and the portal: see Server.Intercept.
type Interceptor = func(w http.ResponseWriter, r *http.Request, next http.Handler)

// LostReply carries the call out and drops the connection before the answer: the
// network, a proxy or the caller's machine failed at the worst moment.
func LostReply(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(newCapture(), r)
	panic(http.ErrAbortHandler)
}

// Unreached drops the connection before anything happens: a load balancer that
// restarts.
func Unreached(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// FailAfter carries the call out and answers 500: the portal failed in what comes
// after the write, such as an e-mail that it sends.
func FailAfter(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(newCapture(), r)
	failed500.write(w)
}

// FailBefore answers 500 and does nothing.
func FailBefore(w http.ResponseWriter, _ *http.Request, _ http.Handler) { failed500.write(w) }

var failed500 = refuse(http.StatusInternalServerError, "an internal error occurred")

// CutAfter carries the call out and answers 504: it took longer than the 30 s that
// the gateway waits (support article 23703421113239), and was finished all the
// same.
func CutAfter(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(newCapture(), r)
	cut(w, http.StatusGatewayTimeout)
}

// CutBefore answers 504 and does nothing: the call was cut at 30 s and rolled back.
func CutBefore(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	cut(w, http.StatusGatewayTimeout)
}

// CutBy is CutAfter, or CutBefore without effect, in the words of another gateway
// before the portal: 408 (Request Timeout), or the 522 and 524 of a content delivery
// network that waited in vain for the portal.
func CutBy(status int, effect bool) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if effect {
			next.ServeHTTP(newCapture(), r)
		}
		cut(w, status)
	}
}

// TooMany answers 429, with a Retry-After in seconds unless wait is zero: somebody
// else has used up the portal's minute.
func TooMany(wait time.Duration) Interceptor {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { tooMany(w, wait) }
}

// Empty carries the call out and answers 200 without a body: a proxy that lost it.
func Empty(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(newCapture(), r)
	w.WriteHeader(http.StatusOK)
}

// Null carries the call out and answers 200 with null: an encoder that failed.
func Null(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(newCapture(), r)
	writeBody(w, http.StatusOK, []byte("null"))
}

// LoginPage answers 200 with HTML and does nothing: a captive network, or a portal
// that sends callers without a session to its login page.
func LoginPage(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	writePage(w, http.StatusOK, "Log in")
}

// Truncated carries the call out and ends the body in its middle, within a well
// formed HTTP answer: a proxy with a size limit.
func Truncated(w http.ResponseWriter, r *http.Request, next http.Handler) {
	c := newCapture()
	next.ServeHTTP(c, r)
	writeBody(w, c.status, c.body.Bytes()[:c.body.Len()/2])
}

// MixedUp answers a write with a record of the same kind that is another one's, the first
// that there is: a cache, or a proxy that gives one caller the answer of another. With
// effect the call was carried out, else it never came.
func MixedUp(effect bool) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if effect {
			next.ServeHTTP(newCapture(), r)
		}
		kind, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, apiRoot+"/"), "/")
		read := withQuery(r, "sort=id&limit=1&includeInactive=true&include=username")
		if kind != "employees" {
			read = withQuery(r, "sort=id&limit=1&includeInactive=true")
		}
		read.Method, read.URL.Path, read.Body = http.MethodGet, apiRoot+"/"+kind, http.NoBody
		c := newCapture()
		next.ServeHTTP(c, read)
		var list struct{ Data []json.RawMessage }
		if err := json.Unmarshal(c.body.Bytes(), &list); err != nil || len(list.Data) == 0 {
			panic("tracktiktest: there is no other record of " + kind)
		}
		status := http.StatusOK
		if r.Method == http.MethodPost && r.URL.Path == apiRoot+"/"+kind {
			status = http.StatusCreated
		}
		writeBody(w, status, envelope(newMeta(kind, "view"), list.Data[0]))
	}
}

// WithoutMeta leaves meta and the envelope out of what is read: the bare array or
// object that the OpenAPI document draws.
func WithoutMeta(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rewrite(w, r, next, func(e map[string]json.RawMessage) []byte { return e["data"] })
}

// ByteOrderMark puts one before every answer, as programs on Windows do that write
// UTF-8.
func ByteOrderMark(w http.ResponseWriter, r *http.Request, next http.Handler) {
	c := newCapture()
	next.ServeHTTP(c, r)
	maps.Copy(w.Header(), c.header)
	w.WriteHeader(c.status)
	_, _ = w.Write(append([]byte("\ufeff"), c.body.Bytes()...)) // the client may be gone
}

// LifetimeAs makes the token endpoint write expires_in as this JSON: RFC 6749, section
// 5.1, wants a number of seconds, and PHP programs write fractions and texts.
func LifetimeAs(value string) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		c := newCapture()
		next.ServeHTTP(c, r)
		maps.Copy(w.Header(), c.header)
		w.WriteHeader(c.status)
		_, _ = w.Write(lifetimes.ReplaceAll(c.body.Bytes(), []byte(`"expires_in":`+value))) // the client may be gone
	}
}

var lifetimes = regexp.MustCompile(`"expires_in":[0-9]+`)

// EmptyList answers a list as if there were no records: a filter on the portal's
// side that went wrong.
func EmptyList(w http.ResponseWriter, r *http.Request, next http.Handler) {
	q := r.URL.Query()
	q.Set("id", "-1")
	next.ServeHTTP(w, withQuery(r, q.Encode()))
}

// WrongCount adds to the count in a list's meta: a count that comes from a cache.
func WrongCount(add int) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rewrite(w, r, next, func(e map[string]json.RawMessage) []byte {
			var m meta
			if json.Unmarshal(e["meta"], &m) != nil || m.Count == nil {
				return nil
			}
			*m.Count += add
			return envelope(m, e["data"])
		})
	}
}

// ShiftedPage serves pages after the first one record late: somebody on an earlier
// page left while the list was being read. Paging by id is not affected.
func ShiftedPage(w http.ResponseWriter, r *http.Request, next http.Handler) {
	q := r.URL.Query()
	if offset, err := strconv.Atoi(q.Get("offset")); err == nil && offset > 0 {
		q.Set("offset", strconv.Itoa(offset+1))
	}
	next.ServeHTTP(w, withQuery(r, q.Encode()))
}

// RepeatedPage serves the first page for every page: a portal, or a cache before
// it, that ignores offset and id:gt.
func RepeatedPage(w http.ResponseWriter, r *http.Request, next http.Handler) {
	q := r.URL.Query()
	q.Del("offset")
	q.Del("id:gt")
	next.ServeHTTP(w, withQuery(r, q.Encode()))
}

// ExpiredToken answers 401 and does nothing, as after the end of the token's hour.
// Server.ExpireTokens ends the tokens themselves.
func ExpiredToken(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	refuse(http.StatusUnauthorized, "the access token is missing, unknown or expired").write(w)
}

// ScopeLost answers 403 in the portal's words and does nothing: somebody took a
// scope or a permission from the integration.
func ScopeLost(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	refuse(http.StatusForbidden, "the token lacks the scope for this call").write(w)
}

// Firewall answers 403 in the manner of the firewall before the portal, which is
// told by its Server header (support article 23703421113239).
func Firewall(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Server", "awselb/2.0")
	writePage(w, http.StatusForbidden, "403 Forbidden")
}

// ForeignNotFound answers 404 in HTML and does nothing: something between that
// lost its route to the portal, which proves nothing about a record.
func ForeignNotFound(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	writePage(w, http.StatusNotFound, "404 Not Found")
}

// Silent never answers: the call ends when the caller gives up or the Server
// closes. Nothing happens.
func Silent(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// SilentAfter carries the call out and never answers.
func SilentAfter(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(newCapture(), r)
	Silent(w, r, next)
}

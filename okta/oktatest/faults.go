package oktatest

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Body answers 200 with the given text as JSON, and without a Link header.
func Body(text string) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		reply{status: http.StatusOK, body: []byte(text)}.send(w, r)
	}
}

var (
	// EmptyBody answers 200 and nothing, as a gateway does that lost the connection
	// behind it after it had passed the headers on.
	EmptyBody = Body("")
	// NullBody answers null where a list or an object is due, as a gateway or a
	// cache does that turns "nothing" into JSON.
	NullBody = Body("null")
	// EmptyList answers [], as Okta does when the rights of an administrator or the
	// resource set of a role were narrowed: what cannot be seen is not an error.
	EmptyList = Body("[]")
	// EmptyObject answers {} where a list is due, as gateways do that answer for
	// themselves.
	EmptyObject = Body("{}")
)

// Truncated cuts the answer in half, as a proxy with a limit on sizes does. To HTTP
// it is whole: the Content-Length fits.
func Truncated(w http.ResponseWriter, r *http.Request, next http.Handler) {
	a := capture(r, next)
	a.body = a.body[:len(a.body)/2]
	a.send(w)
}

// ByteOrderMark puts one before every answer, as proxies do that write answers anew.
func ByteOrderMark(w http.ResponseWriter, r *http.Request, next http.Handler) {
	a := capture(r, next)
	a.body = append([]byte("\ufeff"), a.body...)
	a.send(w)
}

// LifetimeAs makes the token endpoint write expires_in as this JSON.
func LifetimeAs(value string) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := capture(r, next)
		a.body = lifetimes.ReplaceAll(a.body, []byte(`"expires_in":`+value))
		a.send(w)
	}
}

var lifetimes = regexp.MustCompile(`"expires_in":[0-9]+`)

// HTMLPage answers with a web page and a status: with 200 a captive portal, a login
// page or a proxy that asks for consent, with 502, 503 and 504 a load balancer
// without anything behind it.
func HTMLPage(status int) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Date", clock(r).UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<!DOCTYPE html><html><head><title>" + strconv.Itoa(status) + "</title></head><body><h1>" +
			http.StatusText(status) + "</h1></body></html>\n"))
	}
}

// HTMLNotFound answers a 404 that is not Okta's: a proxy that does not know the way,
// or another server under the org's name. It says nothing about a person.
var HTMLNotFound = HTMLPage(http.StatusNotFound)

// failure answers an error of Okta's own.
func failure(status int, code, summary string) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) { Refuse(w, r, status, code, summary) }
}

var (
	// Unauthorized answers 401 E0000011: in the middle of a run, a token that was
	// revoked, or whose creator was deactivated.
	Unauthorized = failure(http.StatusUnauthorized, "E0000011", "Invalid token provided")
	// Forbidden answers 403 E0000006: in the middle of a run, an administrator's
	// role that was taken away.
	Forbidden = failure(http.StatusForbidden, "E0000006", "You do not have permission to perform the requested action")
	// ServerError answers 500 E0000009, which on a list mostly means that Okta ran
	// out of time, and that a smaller limit would do.
	ServerError = failure(http.StatusInternalServerError, "E0000009", "Internal Server Error")
	// ReadOnly answers 503 E0000010, as Okta does during maintenance.
	ReadOnly = failure(http.StatusServiceUnavailable, "E0000010", "Service is in read only mode")
)

// ResourceNotFound answers Okta's own 404, E0000007, about what was asked for: what an
// administrator of limited scope is told of people outside it, though they are there.
func ResourceNotFound(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	notFound("Resource", askedFor(r.URL.Path)).send(w, r)
}

// AnotherNotFound answers that something else is not there: a cache, or a proxy that mixes
// answers up. It proves nothing about what was asked for.
func AnotherNotFound(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	notFound("User", "00uSomebodyElse").send(w, r)
}

// WordlessNotFound answers E0000007 without saying what is not there.
func WordlessNotFound(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	Refuse(w, r, http.StatusNotFound, "E0000007", "Not found")
}

// AddressDenied answers 403 to whoever does not come from a listed network zone.
var AddressDenied = failure(http.StatusForbidden, "E0000006", "The client's IP address is not in an allowed network zone")

// AccessDenied refuses a token request as Okta does whose service app may not come from
// here: 403 outside of its network zone, 401 by a policy.
func AccessDenied(status int) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		text := "The client is not in an allowed network zone."
		if status == http.StatusUnauthorized {
			text = "Policy evaluation failed for this request, please check the policy configurations."
		}
		refuseOAuth(w, r, &refusal{status: status, code: "access_denied", text: text})
	}
}

// askedFor is the id that a path ends with, be it before the name of a listing.
func askedFor(path string) string {
	segments := strings.Split(path, "/")
	last := segments[len(segments)-1]
	if slices.Contains([]string{"users", "groups", "mappings"}, last) && len(segments) > 1 {
		last = segments[len(segments)-2]
	}
	return last
}

// TooManyRequests answers 429 E0000047 with a Reset that far from now: another
// client of the org has used the minute up. A negative wait is a Reset in the past,
// which happens when the window ended while the answer was under way.
func TooManyRequests(wait time.Duration) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		setRateLimit(w.Header(), 100, 0, clock(r).Add(wait))
		refuseTooMany(w, r)
	}
}

// TooManyAtOnce answers the 429 of the concurrency limit: Limit and Remaining are 0,
// and the Reset, an estimate of Okta's, is now.
func TooManyAtOnce(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	setRateLimit(w.Header(), 0, 0, clock(r))
	refuseTooMany(w, r)
}

// TooManyBare answers a 429 that is not Okta's but a firewall's or a gateway's: no
// JSON, no rate limit headers and no Date.
func TooManyBare(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header()["Date"] = nil
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte("slow down\n"))
}

// Latency lets every answer wait, as a distant or busy org does.
func Latency(d time.Duration) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		wait := time.NewTimer(d)
		defer wait.Stop()
		select {
		case <-wait.C:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			Drop(w, r, next)
		case <-closing(r):
			Drop(w, r, next)
		}
	}
}

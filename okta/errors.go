package okta

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tidwall/gjson"
)

// A Kind says what sort of failure an Error is.
type Kind string

// The kinds of failure.
const (
	KindAnswered  Kind = "answered"   // Okta refused, with a status other than 2xx
	KindBroken    Kind = "broken"     // an answer that cannot be believed
	KindNetwork   Kind = "network"    // no answer, or not all of it
	KindRateLimit Kind = "rate_limit" // 429 for longer than we are willing to wait
	KindCursor    Kind = "cursor"     // the system log cannot be read on from where it was: see CursorRefused
	KindArgument  Kind = "argument"   // nothing was sent: the id asked for cannot be one
)

// Okta's own error codes that decide something, from
// https://developer.okta.com/docs/reference/error-codes/.
const (
	codeAuthentication = "E0000004"
	codeBadSession     = "E0000005"
	codeNotFound       = "E0000007"
	codeInternal       = "E0000009"
	codeInvalidToken   = "E0000011"
	codeNoFeature      = "E0000015"
)

// What the token endpoint says to a service app whose key is good, from Okta's list of
// OAuth 2.0 errors (https://developer.okta.com/docs/reference/error-codes/) and RFC 6749,
// section 5.2: it has no scope that was asked for, or is not let in from where it is.
const (
	codeInvalidScope    = "invalid_scope"
	codeConsentRequired = "consent_required"
	codeAccessDenied    = "access_denied"
)

// maxSummary is how much of Okta's own words an Error keeps, in characters.
const maxSummary = 200

// errClosed stands in for io.EOF, which the SDK retries without end and without
// a pause (requestExecutor.go, doWithRetries).
var errClosed = errors.New("the connection was closed before an answer")

// An Error is a read that did not succeed, after all retries.
type Error struct {
	Endpoint   string // the route: "GET /api/v1/groups/{group}/users"
	Kind       Kind
	StatusCode int    // 0: no answer
	Code       string // Okta's errorCode, "E0000007"
	Summary    string // Okta's errorSummary, or what was wrong and what was expected
	Request    string // Okta's X-Okta-Request-Id
	Attempts   int    // how often it was tried; 0: it does not apply
	Cause      error  // of a network error

	scopes     []string // that the token was asked for; nil: it does not apply
	causes     string   // the texts of errorCauses
	reason     error    // that Summary has the words of; nil: none
	retry      bool
	retryAfter time.Duration // what the answer asked for; 0: nothing
}

// Error says which read failed, how, and what to do where that is known.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("okta: " + e.Endpoint + ": ")
	if e.StatusCode != 0 && e.Kind != KindBroken {
		fmt.Fprintf(&b, "%d %s", e.StatusCode, strings.ToLower(http.StatusText(e.StatusCode)))
		if e.Code != "" {
			b.WriteString(" " + e.Code)
		}
		if e.Summary != "" {
			b.WriteString(": ")
		}
	}
	b.WriteString(e.Summary)
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ", %d times", e.Attempts)
	}
	if e.Request != "" {
		b.WriteString(" (request " + e.Request + ")")
	}
	if hint := e.hint(); hint != "" {
		b.WriteString("; " + hint)
	}
	return b.String()
}

// hint is the way out, where there is one.
func (e *Error) hint() string {
	switch {
	case e.lacksScopes():
		return "grant the service app " + listed(e.scopes) + ", on its Okta API scopes tab"
	case e.denied():
		return "a network zone or a policy of the org keeps this machine out: let its address in, in Okta at Security, Networks, or with the service app"
	case e.Credentials() && e.Endpoint == routeToken.name:
		return "check okta.auth.client_id, the private key and okta.auth.key_id: the service app must be active, and hold the public half"
	case e.Credentials():
		return "the token or key is wrong, expired or revoked; an API token ends with the account of the administrator " +
			"who made it, and after 30 days without use"
	case e.Kind == KindCursor:
		return "reading begins anew from now on, and everybody has to be looked at once"
	case e.Forbidden() && e.Endpoint == routeLogs.name:
		return "give whoever the token belongs to the read-only administrator role, and the scope " + ScopeLogs +
			"; without it only full runs see a change"
	case e.AddressRefused():
		return "a network zone keeps this machine out: let its address in, in Okta at Security, Networks, or where the API token was made"
	case e.Forbidden():
		return "give whoever the token belongs to the read-only administrator role, and the scopes " +
			"okta.apps.read, okta.groups.read and okta.users.read"
	case e.Kind == KindRateLimit:
		return "other clients use up the org's rate limit; see reports, rate limits in the admin console"
	case e.Kind == KindAnswered && e.StatusCode == http.StatusNotFound && !e.NotFound():
		return "that is not Okta's own answer; check okta.org_url"
	case e.Kind == KindNetwork && isCertificateError(e.Cause):
		return "if a proxy re-signs TLS, name its certificate authority as the CA file"
	}
	return ""
}

// listed is the items of a list in a sentence.
func listed(items []string) string {
	if n := len(items); n > 1 {
		return strings.Join(items[:n-1], ", ") + " and " + items[n-1]
	}
	return strings.Join(items, "")
}

// Unwrap is what went wrong below HTTP, or with the answer. It is never io.EOF.
func (e *Error) Unwrap() error {
	if e.Cause != nil {
		return e.Cause
	}
	return e.reason
}

// System is the name of the system that failed.
func (e *Error) System() string { return "okta" }

// Status is the HTTP status, or 0 when no answer came.
func (e *Error) Status() int { return e.StatusCode }

// RequestID is Okta's id of the request, for its support.
func (e *Error) RequestID() string { return e.Request }

// Route is Endpoint: a name for metrics, without ids.
func (e *Error) Route() string { return e.Endpoint }

// OutcomeUnknown is false: a read changes nothing.
func (e *Error) OutcomeUnknown() bool { return false }

// Conflict is false: a read cannot be a duplicate.
func (e *Error) Conflict() bool { return false }

// Refused reports a 4xx that is about the request and not about who sends it:
// not 401, 403, 408 or 429.
func (e *Error) Refused() bool {
	if e.Kind != KindAnswered || e.StatusCode < 400 || e.StatusCode > 499 {
		return false
	}
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return !e.Credentials()
}

// Credentials reports that Okta does not accept who we are; every later call
// would fail alike.
func (e *Error) Credentials() bool {
	if e.Kind != KindAnswered {
		return false
	}
	switch e.Code {
	case codeAuthentication, codeBadSession, codeInvalidToken, codeNoFeature:
		return true
	}
	if e.denied() || e.Endpoint == routeToken.name && e.StatusCode == http.StatusBadRequest && e.Code != "" {
		return true // a gateway's 400 has no code
	}
	return e.StatusCode == http.StatusUnauthorized
}

// lacksScopes reports a token request for which the service app has no grant.
func (e *Error) lacksScopes() bool {
	return e.Kind == KindAnswered && e.Endpoint == routeToken.name && (e.Code == codeInvalidScope || e.Code == codeConsentRequired)
}

// denied reports a token request that was refused for where it came from.
func (e *Error) denied() bool {
	return e.Kind == KindAnswered && e.Endpoint == routeToken.name && e.Code == codeAccessDenied
}

// Forbidden reports a 403 that is about rights: a scope or an administrator role
// is missing.
func (e *Error) Forbidden() bool {
	return e.Kind == KindAnswered && e.StatusCode == http.StatusForbidden && !e.Credentials()
}

// AddressRefused reports a 403 that speaks of where the request came from.
func (e *Error) AddressRefused() bool { return e.Forbidden() && aboutAddress.MatchString(e.Summary) }

// aboutAddress matches what Okta may say of a network zone: which words it uses for an API
// token is not documented.
var aboutAddress = regexp.MustCompile(`(?i)\b(ips?|ip[- ]address(es)?|(allow|white|block)[- ]?list(s|ed)?|network zones?)\b`)

// Broken reports an answer that cannot be believed.
func (e *Error) Broken() bool { return e.Kind == KindBroken }

// CursorRefused reports that the System Log cannot be read on from a cursor: it is that of
// another org or app, or Okta does not know it any more.
func (e *Error) CursorRefused() bool { return e.Kind == KindCursor }

// LogsForbidden reports that the System Log may not be read, while all else may: the
// service app has no okta.logs.read, or the administrator's role does not cover it.
func (e *Error) LogsForbidden() bool {
	return e.Forbidden() && e.Endpoint == routeLogs.name || e.lacksScopes() && slices.Contains(e.scopes, ScopeLogs)
}

// NotFound reports Okta's own 404. A 404 of a proxy or of a wrong address is not one.
func (e *Error) NotFound() bool {
	return e.Kind == KindAnswered && e.StatusCode == http.StatusNotFound && e.Code == codeNotFound
}

// A NotFound is the error of a read about something that Okta says does not
// exist, where the read has no other way to say so.
type NotFound struct{ answer *Error }

// Error is the text of the answer.
func (e *NotFound) Error() string { return e.answer.Error() }

// Unwrap is the answer as it came, an *Error.
func (e *NotFound) Unwrap() error { return e.answer }

// notFoundOf is the NotFound of an answer that is Okta's own 404.
func notFoundOf(err error) error {
	var failure *Error
	if !errors.As(err, &failure) {
		return err
	}
	return &NotFound{failure}
}

// answered turns an answer other than 2xx into an Error.
func answered(endpoint string, status int, header http.Header, body []byte) *Error {
	e := &Error{Endpoint: endpoint, Kind: KindAnswered, StatusCode: status, Request: requestID(header)}
	if gjson.ValidBytes(body) {
		e.Code = printable(gjson.GetBytes(body, "errorCode").String(), 20)
		e.Summary = printable(gjson.GetBytes(body, "errorSummary").String(), maxSummary)
		e.causes = printable(gjson.GetBytes(body, "errorCauses.#.errorSummary").String(), maxSummary)
	}
	if e.Summary == "" {
		e.Summary = printable(challengeText(header), maxSummary)
	}
	e.Summary = withoutTokens(e.Summary)
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		e.retry = true
	}
	return e
}

// challengeText is the error_description of a WWW-Authenticate header, which is
// all that Okta says to an OAuth client whose token it refuses.
func challengeText(header http.Header) string {
	_, after, found := strings.Cut(header.Get("WWW-Authenticate"), `error_description="`)
	if !found {
		return ""
	}
	text, _, _ := strings.Cut(after, `"`)
	return text
}

// broken is the Error of an answer that cannot be believed; format is that of
// fmt.Errorf. The same request may well be answered properly a second later.
func broken(endpoint, request, format string, args ...any) *Error {
	said := fmt.Errorf(format, args...)
	return &Error{Endpoint: endpoint, Kind: KindBroken, Request: request,
		Summary: said.Error(), reason: withoutEOF(errors.Unwrap(said)), retry: true}
}

// A timedOut is a request that we did not wait for any longer.
type timedOut struct {
	after time.Duration
	err   error
}

func (e *timedOut) Error() string { return e.after.String() + " went by" }
func (e *timedOut) Unwrap() error { return e.err }

// network is the Error of a request that got no whole answer.
func network(endpoint string, cause error) *Error {
	e := &Error{Endpoint: endpoint, Kind: KindNetwork, Summary: "no answer", Cause: cause}
	e.retry = !isCertificateError(cause)
	if errors.Is(cause, io.EOF) {
		e.Cause = errClosed
	}
	return e
}

func requestID(header http.Header) string {
	return printable(header.Get("X-Okta-Request-Id"), 100)
}

// printable cuts s to limit characters and takes the unprintable ones out, so
// that what a server says cannot spoil a terminal or a log.
func printable(s string, limit int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s))
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return s
}

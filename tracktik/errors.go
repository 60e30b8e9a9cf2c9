package tracktik

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"tracktik-sync/sync/plan"
)

// maxErrorText is how much of an answer's text an Error keeps, in characters.
const maxErrorText = 300

// An Error is a call that did not succeed. Its methods say what that means; at
// most one of OutcomeUnknown and Refused is true, and for reads neither.
type Error struct {
	Method string
	Path   string // below the API's root, ids and all, without the query
	Text   string // what the answer said, or what happened; short, printable, without secrets

	status    int // 0: there was no answer
	requestID string
	code      string // the OAuth error of a token request

	unknown     bool
	atWork      bool
	refused     bool
	conflict    bool
	credentials bool
	forbidden   bool
	firewall    bool
	lacks       string // what may not be read
	hint        string // what a refusal for want of a right means
	broken      bool
	unfiltered  bool
	unsent      bool // the request provably never left
	spent       bool // it was tried as often as makes sense
	ended       bool // the caller gave up
	cause       error
}

// Error says which call failed, how, and what to do where that is known.
func (e *Error) Error() string { return e.say(e.hint) }

// Said is Error without what a refusal for want of a right means.
func (e *Error) Said() string { return e.say("") }

func (e *Error) say(hint string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "tracktik: %s %s: ", e.Method, e.Path)
	if e.status != 0 {
		fmt.Fprintf(&b, "%d: ", e.status)
	}
	b.WriteString(e.Text)
	b.WriteString(hint)
	if e.unknown {
		b.WriteString("; it may have taken effect")
	}
	if e.requestID != "" {
		fmt.Fprintf(&b, " (request %s)", e.requestID)
	}
	return b.String()
}

// Unwrap is the cause, where it was not the portal's answer.
func (e *Error) Unwrap() error { return e.cause }

// Route is Method and Path with {id} in place of ids: a name for metrics.
func (e *Error) Route() string { return e.Method + " " + routePath(e.Path) }

// Status is the HTTP status, or 0 when no answer came.
func (e *Error) Status() int { return e.status }

// RequestID is the id that the portal gave the request, else the one sent as
// X-Request-Id.
func (e *Error) RequestID() string { return e.requestID }

// OutcomeUnknown reports a write that may have taken effect: its answer was
// lost, cut, or a server error. It must be looked up before it is sent again.
func (e *Error) OutcomeUnknown() bool { return e.unknown }

// StillAtWork reports a write that may show later than in any look-up: it was given up,
// or cut off by something in front of the portal, before the portal was done with it, or
// its answer was a 2xx that cannot be read. TrackTik cuts calls after 30 s, and goes on
// with them.
func (e *Error) StillAtWork() bool { return e.unknown && e.atWork }

// Refused reports a write that the portal rejected for its data or for the state
// of the record: any 4xx but 401, 403, 408, 429, and a 404 that is not the
// portal's own. It did not happen.
func (e *Error) Refused() bool { return e.refused }

// Conflict reports a write that failed in a way that suggests a duplicate: 409,
// or 400, 422 or 500 with words to that effect.
func (e *Error) Conflict() bool { return e.conflict }

// Credentials reports that the portal does not accept who we are. Every later
// call of this client fails alike, without another login.
func (e *Error) Credentials() bool { return e.credentials }

// Forbidden reports the portal's own 403: the token's scope, or a permission of the
// account's role, is missing. So does a 401 to a token that is good for other calls. That
// of the firewall in front of it is none.
func (e *Error) Forbidden() bool { return e.forbidden }

// Lacks is what the account may not read, where the portal itself has said so with 403;
// empty: it has said nothing of the kind.
func (e *Error) Lacks() string { return e.lacks }

// Failed is the list that the portal does not give us, and that a run can do without. Empty: see
// Unread.
func (e *Error) Failed() string {
	switch routePath(e.Path) {
	case "/regions", "/roles", "/roles/{id}", "/employment-termination-reasons":
		return e.Unread()
	}
	return ""
}

// Unread is what could not be read, after all tries: the portal answers otherwise, or with
// nonsense, or goes silent. Empty: it was no read, or the failure is about more, such as who we
// are, the way to the portal, or the end of the run.
func (e *Error) Unread() string {
	about := e.credentials || e.forbidden || e.firewall || e.unsent || e.ended || e.status == http.StatusTooManyRequests
	if e.Method != http.MethodGet || about {
		return ""
	}
	return readNames[routePath(e.Path)]
}

// Firewall reports a 403 of something in front of the portal.
func (e *Error) Firewall() bool { return e.firewall }

// AddressRefused reports a 403 that speaks of where the call came from: the portal, or
// what stands in front of it, lets only some addresses in.
func (e *Error) AddressRefused() bool {
	return e.status == http.StatusForbidden && speaksOfAddress(e.Text)
}

// Broken reports an answer that cannot be believed: empty, cut, not JSON, a page
// twice, or fewer records than the portal says there are.
func (e *Error) Broken() bool { return e.broken }

// Unfiltered reports a list that the portal does not filter as it was asked: it refuses
// the filter (400), or answers as if there were none. It will not do better next time.
func (e *Error) Unfiltered() bool { return e.unfiltered }

// RefusedField is the employee field that a refusal names, if it names one.
func (e *Error) RefusedField() (plan.Field, bool) {
	if !e.refused {
		return plan.NumFields, false
	}
	return namedField(e.Text)
}

// AboutRole reports a refusal that speaks of a role, or of the last one: of a revoke, that
// TrackTik lets nobody fall back to having none.
func (e *Error) AboutRole() bool { return e.refused && speaksOfRole(e.Text) }

// errNoID is a record that does not say which one it is.
var errNoID = errors.New("it has no id")

func asError(err error, e **Error) bool { return errors.As(err, e) }

// newError begins an Error about req.
func (c *Client) newError(req *http.Request, text string) *Error {
	return &Error{Method: req.Method, Path: c.pathOf(req.URL), Text: text, requestID: req.Header.Get(requestIDHeader)}
}

// parseError turns an answer other than 2xx into an Error.
func (c *Client) parseError(req *http.Request, resp *http.Response, body []byte) *Error {
	e := c.newError(req, c.tokens.errorText(resp, body))
	e.status = resp.StatusCode
	if id := resp.Header.Get(requestIDHeader); id != "" {
		e.requestID = shorten(id, 100)
	}
	e.judge(isWrite(req))
	switch {
	case e.forbidden && (fromFirewall(resp) || !ownAnswer(body)): // says nothing about the record, or about our rights
		e.forbidden, e.firewall = false, true
		e.Text = "the firewall in front of the portal refused the request, not the portal itself: " + e.Text
	case e.AddressRefused():
		e.Text += " (the portal lets only some addresses in: have TrackTik support add that of this machine)"
	case e.forbidden:
		e.lacksRight(isWrite(req))
	case e.status == http.StatusNotFound && !ownAnswer(body):
		e.broken, e.refused, e.conflict = true, false, false
		e.Text = "an answer that is not the portal's own; check tracktik.base_url: " + e.Text
	case e.status/100 == 3:
		e.Text = "redirected to " + shorten(redirectTarget(resp), 100) + "; check tracktik.base_url"
	}
	return e
}

// lacksRight takes a refusal for one that is about a right.
func (e *Error) lacksRight(write bool) {
	e.forbidden, e.hint = true, e.missingRight()
	if !write {
		e.lacks = readNames[routePath(e.Path)]
	}
}

// missingRight says what a refusal of a call means whose token is good.
func (e *Error) missingRight() string {
	if what := readNames[routePath(e.Path)]; what != "" && e.Method == http.MethodGet {
		return " (the integration's account may not read " + what + ": its role in TrackTik, or the token's scope, lacks that right)"
	}
	return " (the token's scope or a permission of the account's role is missing)"
}

// readNames say what is read below a path.
var readNames = map[string]string{
	"/employees": "employees", "/employees/{id}": "employees", "/regions": "regions",
	"/roles": "roles", "/roles/{id}": "roles", "/user-roles": "who holds which role", "/user-roles/{id}": "who holds which role",
	"/employment-termination-reasons": "termination reasons",
}

// cutStatuses are the answers of what stands in front of the portal when it takes too
// long. 504 is in support article 23703421113239, 522 and 524 are those of a widespread
// content delivery network.
var cutStatuses = []int{http.StatusRequestTimeout, http.StatusGatewayTimeout, 522, 524}

// gaveUp reports that we did not wait for the end of a call.
func gaveUp(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// judge decides what the status means for a read or a write.
func (e *Error) judge(write bool) {
	duplicate := looksDuplicate(e.Text)
	switch s := e.status; {
	case s == http.StatusUnauthorized:
		e.credentials = true
	case s == http.StatusForbidden:
		e.forbidden = true
	case s == http.StatusTooManyRequests || !write:
	case slices.Contains(cutStatuses, s):
		e.unknown, e.atWork = true, true
	case s == http.StatusConflict:
		e.refused, e.conflict = true, true
	case s >= 400 && s < 500:
		e.refused = true
		e.conflict = duplicate && (s == http.StatusBadRequest || s == http.StatusUnprocessableEntity)
	default: // 3xx and 5xx: something else than the portal's logic may have answered
		e.unknown = true
		e.conflict = s == http.StatusInternalServerError && duplicate
	}
}

// lost is the Error of a request without a (whole) answer.
func (c *Client) lost(req *http.Request, err error) *Error {
	var already *Error
	if errors.As(err, &already) { // the token could not be had: nothing was sent
		return already
	}
	e := c.newError(req, plainCause(err))
	e.cause = err
	var wire *wireError
	e.unsent = errors.As(err, &wire) && !wire.left
	e.spent = errors.Is(err, errSpent)
	e.unknown, e.atWork = isWrite(req) && !e.unsent, gaveUp(err)
	return e
}

// unbelievable is the Error of a 2xx whose body makes no sense.
func (c *Client) unbelievable(req *http.Request, resp *http.Response, err error) *Error {
	e := c.newError(req, c.tokens.redact(shorten(err.Error(), maxErrorText)))
	e.status, e.cause = resp.StatusCode, err
	e.unknown = isWrite(req)
	e.atWork = e.unknown && !strings.Contains(resp.Header.Get("Content-Type"), "html") // a page is nobody's yes
	e.broken = true
	return e
}

// isWrite reports whether the request changes something.
func isWrite(req *http.Request) bool { return req.Method != http.MethodGet }

// fromFirewall recognises the load balancer in front of the portals, which
// answers 403 in its own name (support article 23703421113239).
func fromFirewall(resp *http.Response) bool {
	return strings.HasPrefix(strings.ToLower(resp.Header.Get("Server")), "awselb")
}

// redirectTarget is where an answer points, without the query, which may hold
// an e-mail address.
func redirectTarget(resp *http.Response) string {
	target, err := resp.Location()
	if err != nil {
		return "nowhere"
	}
	target.RawQuery, target.User = "", nil
	return target.String()
}

// errorText finds what an error's body says, or describes the body.
func errorText(resp *http.Response, body []byte) string {
	var object map[string]any
	if json.Unmarshal(body, &object) == nil {
		var parts []string
		for _, key := range errorKeys {
			if said := flatten(object[key]); said != "" && !slices.Contains(parts, said) {
				parts = append(parts, said)
			}
		}
		if len(parts) > 0 {
			return shorten(strings.Join(parts, ": "), maxErrorText)
		}
	}
	said := string(body)
	switch {
	case strings.TrimSpace(said) == "":
		return strings.ToLower(http.StatusText(resp.StatusCode)) + ", without a body"
	case strings.HasPrefix(strings.TrimSpace(said), "<"):
		return "an HTML page: " + shorten(htmlTitle(said), 100)
	}
	return shorten(said, maxErrorText)
}

// flatten writes the texts of a JSON value one after the other: errors come as
// a text, as a list, or as an object a field.
func flatten(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		var parts []string
		for _, element := range v {
			parts = append(parts, flatten(element))
		}
		return strings.Join(parts, "; ")
	case map[string]any:
		var parts []string
		for key, element := range v {
			parts = append(parts, key+": "+flatten(element))
		}
		slices.Sort(parts)
		return strings.Join(parts, "; ")
	}
	return ""
}

// htmlTitle is what stands between <title> and </title>.
func htmlTitle(page string) string {
	lower := strings.ToLower(page)
	from := strings.Index(lower, "<title>")
	to := strings.Index(lower, "</title>")
	if from < 0 || to < from || len(lower) != len(page) {
		return "without a title"
	}
	return page[from+len("<title>") : to]
}

func isControlOrSpace(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || !unicode.IsPrint(r)
}

// cut is the Error of a 2xx whose body broke off.
func (c *Client) cut(req *http.Request, resp *http.Response, err error) *Error {
	e := c.unbelievable(req, resp, err)
	e.Text, e.atWork = plainCause(err), e.atWork || gaveUp(err)
	return e
}

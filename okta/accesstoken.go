package okta

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// renewBefore is how long before its end a token is replaced, so that a request on
// its way does not outlive it. Of a short-lived one, a quarter is left.
const renewBefore = time.Minute

// An accessToken is what Okta has issued.
type accessToken struct {
	value     *string // a pointer, which fmt does not follow
	bound     bool    // to the key of our proofs
	scopes    []string
	renew     time.Time // get another one from here on
	expires   time.Time
	successor bool // of one that was refused
	used      bool // with success
}

func (a *ServiceApp) unanswered(err error) *Error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errTooLong):
		failure := broken(routeToken.name, "", "an answer that is cut short or too long")
		failure.Cause = withoutEOF(err)
		return failure
	case errors.Is(err, context.DeadlineExceeded):
		err = &timedOut{a.config.Timeout, err}
	}
	return network(routeToken.name, err)
}

// refusal is the Error of an answer in the form of RFC 6749, section 5.2, or of
// Okta's other errors, which it uses for an unknown client.
func (a *ServiceApp) refusal(resp *http.Response, body []byte) *Error {
	failure := answered(routeToken.name, resp.StatusCode, resp.Header, body)
	failure.scopes = a.config.Scopes
	failure.retryAfter = askedToWait(resp.StatusCode, resp.Header, a.config.Now())
	if gjson.ValidBytes(body) {
		if code := gjson.GetBytes(body, "error"); code.Type == gjson.String {
			failure.Code = printable(withoutTokens(code.String()), 40)
			failure.Summary = printable(gjson.GetBytes(body, "error_description").String(), maxSummary)
		}
	}
	failure.Summary = withoutTokens(failure.Summary)
	return failure
}

var looksLikeToken = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}[A-Za-z0-9_.-]*`)

// withoutTokens takes out what an answer may repeat of the request: assertions,
// proofs and access tokens all begin with base64 of {".
func withoutTokens(s string) string { return looksLikeToken.ReplaceAllString(s, "…") }

// readToken reads the answer of RFC 6749, section 5.1, to what was asked at the
// given time, with a DPoP proof or without, for those scopes.
func readToken(header http.Header, body []byte, asked time.Time, proved bool, scopes []string) (*accessToken, *Error) {
	request := requestID(header)
	if problem := unbelievable(header, body, '{'); problem != "" {
		return nil, broken(routeToken.name, request, "%s", problem)
	}
	kind := gjson.GetBytes(body, "token_type").String()
	value := gjson.GetBytes(body, "access_token").String()
	token := &accessToken{
		value:  &value,
		bound:  strings.EqualFold(kind, "DPoP"),
		scopes: strings.Fields(gjson.GetBytes(body, "scope").String()),
	}
	life := lifetime(gjson.GetBytes(body, "expires_in"))
	token.expires = asked.Add(life)
	token.renew = token.expires.Add(-min(renewBefore, life/4))
	if len(token.scopes) == 0 {
		token.scopes = slices.Clone(scopes) // RFC 6749: left out when they are those that were asked for
	}
	switch {
	case value == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return nil, broken(routeToken.name, request, "an answer without an access token that can be sent")
	case !token.bound && !strings.EqualFold(kind, "Bearer"), token.bound && !proved:
		return nil, broken(routeToken.name, request, "an access token of type %q, which was not asked for", printable(kind, 20))
	case life <= 0:
		return nil, broken(routeToken.name, request, "an access token that does not say how long it lasts")
	}
	return token, nil
}

// longestLifetime bounds what an access token is believed to live, in seconds: a year.
const longestLifetime = 365 * 24 * 3600

// lifetime reads expires_in, which may come as a fraction or a text; 0: it says nothing.
func lifetime(said gjson.Result) time.Duration {
	seconds := said.Float()
	if !(seconds >= 1) {
		return 0
	}
	return time.Duration(min(seconds, longestLifetime)) * time.Second
}

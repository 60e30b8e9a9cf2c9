package okta

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/sync/plan"
)

// A transport is the RoundTripper under the SDK. It sends a request as often as
// it takes, and hands over either a whole answer, in the call of the request's
// context, or an error; the SDK sees nothing that it could retry, parse or follow
// by itself.
type transport struct {
	config  Config
	base    http.RoundTripper
	meter   meter
	mu      sync.Mutex
	budgets map[string]*budget
	refused plan.Answers // guarded by mu
}

// note keeps what a refused or unreadable answer looked like. That something is not there,
// or that we are to wait, is no news.
func (t *transport) note(c *call, status int, body []byte) {
	if status == http.StatusNotFound || status == http.StatusTooManyRequests {
		return
	}
	method, route, _ := strings.Cut(c.name, " ")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused.Add(plan.Answer{Method: method, Route: route, Status: status, Shape: plan.Shape(body)})
}

func newTransport(c Config) *transport {
	return &transport{config: c, base: newConnection(c), budgets: map[string]*budget{}}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	c, ok := req.Context().Value(callKey{}).(*call)
	if !ok || req.Method != http.MethodGet {
		return nil, errors.New("okta: a request that is not one of the source's reads")
	}
	for {
		resp, err := t.attempt(req, c)
		if err == nil {
			return resp, nil
		}
		if ctxErr := req.Context().Err(); ctxErr != nil {
			return nil, interrupted(c, ctxErr)
		}
		failure, ok := err.(*Error) //nolint:errorlint // an authorizer's error is final, even one that wraps an Error
		if !ok {
			return nil, err
		}
		if t.challenged(c, failure, resp) {
			continue
		}
		wait, again := c.past.judge(failure, c.patient)
		failure.Attempts = c.past.failures
		if !again {
			return nil, t.final(failure)
		}
		if err := t.wait(req.Context(), c, failure, wait); err != nil {
			return nil, err
		}
	}
}

// attempt sends the request once. With an *Error, the response is that which it
// tells of, without a body; it may be nil.
func (t *transport) attempt(req *http.Request, c *call) (*http.Response, error) {
	limits := t.budget(c.bucket)
	if err := limits.admit(req.Context(), t.pauser(c)); err != nil {
		return nil, err
	}
	var header http.Header
	defer func() { limits.done(header) }()

	out, err := t.prepare(req)
	if err != nil {
		return nil, fmt.Errorf("authorizing %s: %w", c.name, withoutEOF(err))
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.config.Timeout)
	defer cancel()
	sent := t.config.Now()
	resp, err := t.send(out.WithContext(ctx), c)
	if err != nil {
		t.meter.sent(c.name, 0)
		return nil, t.unanswered(req, c, err)
	}
	header = resp.Header
	t.meter.sent(c.name, resp.StatusCode)
	t.meter.clock(header, sent, t.config.Now())
	if t.config.Answered != nil {
		t.config.Answered(resp)
	}
	body, err := readBody(resp)
	if err != nil {
		return resp, t.unanswered(req, c, err)
	}
	return t.take(req, c, resp, body)
}

// send sends the request. When a connection that was kept open turns out to be
// dead, net/http sends it a second time by itself, which is counted here.
func (t *transport) send(out *http.Request, c *call) (*http.Response, error) {
	var written atomic.Int32
	resp, err := t.base.RoundTrip(out.WithContext(httptrace.WithClientTrace(out.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { written.Add(1) },
	})))
	for range written.Load() - 1 {
		t.meter.sent(c.name, 0)
	}
	return resp, err
}

// take sorts an answer that came whole.
func (t *transport) take(req *http.Request, c *call, resp *http.Response, body []byte) (*http.Response, error) {
	switch resp.StatusCode / 100 {
	case 2:
		if failure := c.accept(resp.Header, body); failure != nil {
			t.note(c, resp.StatusCode, body)
			return resp, failure
		}
		return handled(req), nil
	case 3:
		if failure := redirected(c, req.URL, resp); failure != nil {
			return resp, failure
		}
		resp.Body = http.NoBody
		return resp, nil // http.Client follows it, through this transport
	}
	t.note(c, resp.StatusCode, body)
	failure := answered(c.name, resp.StatusCode, resp.Header, withoutAuthorization(resp, body))
	failure.retryAfter = askedToWait(resp.StatusCode, resp.Header, t.config.Now())
	if resp.StatusCode == http.StatusTooManyRequests && failure.retryAfter > 0 {
		t.budget(c.bucket).close(failure.retryAfter)
	}
	return resp, failure
}

// withoutAuthorization takes out of an answer what the request showed of us: error
// pages of proxies repeat whole requests.
func withoutAuthorization(resp *http.Response, body []byte) []byte {
	if resp.Request == nil {
		return body
	}
	_, secret, _ := strings.Cut(resp.Request.Header.Get("Authorization"), " ")
	if len(secret) < 4 {
		return body
	}
	return bytes.ReplaceAll(body, []byte(secret), []byte("…"))
}

// prepare copies the request for one attempt and puts on it what the SDK got
// wrong or must not know.
func (t *transport) prepare(req *http.Request) (*http.Request, error) {
	out := req.Clone(req.Context())
	out.Header.Del("Authorization")
	out.Header.Del("Referer") // after a redirect; it holds a cursor
	out.Header.Set("Accept", "application/json")
	out.Header.Set("User-Agent", t.config.UserAgent)
	if err := t.config.Authorize(req.Context(), out); err != nil {
		return nil, err
	}
	return out, nil
}

// challenged asks the authorizer whether another try makes sense, with a new token
// or with a new proof; once a request each, since the one may follow the other.
func (t *transport) challenged(c *call, failure *Error, resp *http.Response) bool {
	if t.config.Challenged == nil || resp == nil {
		return false
	}
	asked := &c.past.challenged
	switch {
	case aboutProof(resp):
		asked = &c.past.disproved
	case failure.StatusCode != http.StatusUnauthorized:
		return false
	}
	if *asked {
		return false
	}
	*asked = true
	return t.config.Challenged(resp)
}

// unanswered is the error of a request without a whole answer. When the caller
// has given up, it says so, and is not an *Error.
func (t *transport) unanswered(req *http.Request, c *call, err error) error {
	switch {
	case req.Context().Err() != nil:
		return interrupted(c, req.Context().Err())
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errTooLong):
		failure := broken(c.name, "", "an answer that is cut short or too long")
		failure.Cause = withoutEOF(err)
		return failure
	case errors.Is(err, context.DeadlineExceeded):
		err = &timedOut{t.config.Timeout, err}
	}
	return network(c.name, err)
}

func interrupted(c *call, err error) error {
	return fmt.Errorf("okta: %s: %w", c.name, err)
}

// withoutEOF replaces an error that the SDK would take for an invitation to try
// again at once, for ever.
func withoutEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return errClosed
	}
	return err
}

// redirected says why a redirect is not followed; nil: it may be. Our token goes
// to the org alone.
func redirected(c *call, from *url.URL, resp *http.Response) *Error {
	target, err := resp.Location()
	if err == nil && target.Scheme == from.Scheme && target.Host == from.Host {
		return nil
	}
	host := "nowhere"
	if err == nil {
		host = target.Host
	}
	failure := broken(c.name, requestID(resp.Header), "redirected to %s, which is not followed; check okta.org_url",
		printable(host, 100))
	failure.StatusCode, failure.retry = resp.StatusCode, false
	return failure
}

func (t *transport) budget(bucket string) *budget {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.budgets[bucket]
	if b == nil {
		b = newBudget(t.config.RateLimitShare, t.config.Now)
		t.budgets[bucket] = b
	}
	return b
}

// wait waits before the next attempt. What a 429 asked for is waited for in the
// budget, together with the bucket's other requests.
func (t *transport) wait(ctx context.Context, c *call, failure *Error, d time.Duration) error {
	limited := failure.StatusCode == http.StatusTooManyRequests
	switch {
	case limited && failure.retryAfter > 0:
		return nil
	case limited:
		return t.pauser(c)(ctx, d)
	}
	t.config.Log.WithFields(logrus.Fields{"route": c.name, "status": failure.StatusCode, "request_id": failure.Request,
		"attempt": failure.Attempts, "cause": failure.Summary, "wait": d.String()}).Warn("reading okta failed, trying again")
	if err := t.config.Sleep(ctx, d); err != nil {
		return interrupted(c, err)
	}
	return nil
}

// pauser returns what waits for a rate limit, unless the wait is known to be in
// vain.
func (t *transport) pauser(c *call) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
			return fmt.Errorf("okta: %s: the rate limit allows no request for %s, longer than there is time: %w",
				c.name, d.Round(time.Second), context.DeadlineExceeded)
		}
		t.config.Log.WithFields(logrus.Fields{"route": c.name, "wait": d.String()}).Info("waiting for okta's rate limit")
		t.meter.wait(d)
		if err := t.config.Sleep(ctx, d); err != nil {
			return interrupted(c, err)
		}
		return nil
	}
}

// final puts the last touch on an error that leaves the transport.
func (t *transport) final(failure *Error) *Error {
	if failure.StatusCode == http.StatusTooManyRequests {
		failure.Kind = KindRateLimit
		failure.Summary = fmt.Sprintf("still refused after %d waits", maxWaits)
	}
	return failure
}

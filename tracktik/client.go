package tracktik

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/trace"
)

// mediaType pins the version of the API, language that of its texts (the
// portal's OpenAPI document).
const (
	mediaType      = "application/vnd.tracktik.v2020-01-01+json"
	plainMediaType = "application/json" // where a portal refuses the other one
	language       = "en_us"
)

// Config is what a Client needs. Only BaseURL and Auth must be given.
type Config struct {
	BaseURL string // of the portal: https://<name>.staffr.net
	Auth    Auth
	Tokens  TokenStore // nil: tokens are forgotten with the client

	Timeout              time.Duration // of one call; 0: 40 s
	MaxConcurrency       int           // calls at a time; 0: 8
	MaxRequestsPerMinute int           // 0: no limit of ours
	MaxRequests          int           // in the client's life; what is more is not sent. 0: no limit

	TLS       *tls.Config // nil: the system's; TLS 1.2 is the least either way
	UserAgent string      // empty: tracktik-sync
	Log       logrus.FieldLogger

	Now   func() time.Time                           // nil: time.Now
	Sleep func(context.Context, time.Duration) error // nil: waits, or until the context ends
}

// A Client speaks to one portal. Its methods may be called at the same time.
type Client struct {
	root   *url.URL // of the API
	http   *http.Client
	wire   *wire
	tokens *tokenSource
	log    logrus.FieldLogger

	manners manners
	refused struct {
		mu      sync.Mutex
		answers plan.Answers
	}
	twin atomic.Int32 // how grants are asked for, see grantsWay
	self struct {
		mu    sync.Mutex
		asked bool
		id    string
	}
	noKeyFilter atomic.Bool // the portal pages by offset only
	exact       atomic.Bool // the portal does not look for an e-mail within what it keeps
}

// New makes a Client. It makes no call.
func New(cfg Config) (*Client, error) {
	portal, err := parsePortal(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if err := cfg.Auth.check(); err != nil {
		return nil, err
	}
	cfg.fill()
	root := portal.JoinPath("rest", "v1")
	wire := newWire(cfg, root)
	tokens := newTokenSource(cfg, portal, wire)
	return &Client{
		root:    root,
		http:    &http.Client{Transport: &authTransport{wire, root, tokens}, CheckRedirect: checkRedirect},
		wire:    wire,
		tokens:  tokens,
		log:     cfg.Log,
		manners: manners{left: map[string][]string{}, vain: map[string]bool{}},
	}, nil
}

// fill puts the defaults where nothing is set.
func (cfg *Config) fill() {
	orDefault(&cfg.Timeout, 40*time.Second)
	orDefault(&cfg.MaxConcurrency, 8)
	orDefault(&cfg.UserAgent, "tracktik-sync")
	orDefault(&cfg.Auth.TokenPath, DefaultTokenPath)
	orDefault(&cfg.Auth.AuthorizePath, DefaultAuthorizePath)
	if cfg.Tokens == nil {
		cfg.Tokens = newMemory()
	}
	if cfg.Log == nil {
		quiet := logrus.New()
		quiet.SetOutput(io.Discard)
		cfg.Log = quiet
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// parsePortal refuses an address over which secrets would travel in the open.
func parsePortal(base string) (*url.URL, error) {
	portal, err := url.Parse(strings.TrimRight(base, "/") + "/")
	switch {
	case err != nil:
		return nil, errors.New("tracktik.base_url is not an address")
	case portal.Host == "" || portal.User != nil || portal.RawQuery != "":
		return nil, fmt.Errorf("tracktik.base_url must be like https://acme.staffr.net")
	case portal.Scheme == "https", portal.Scheme == "http" && isLoopback(portal.Hostname()):
		return portal, nil
	}
	return nil, fmt.Errorf("tracktik.base_url must begin with https://: %s is not this host itself", portal.Hostname())
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// checkRedirect follows a read within the portal, and nothing else: a write would
// become a GET on the way, and another host is none of the token's business.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method == http.MethodGet && req.URL.Host == first.URL.Host && req.URL.Scheme == first.URL.Scheme && len(via) < 5 {
		return nil
	}
	return http.ErrUseLastResponse
}

// newRequest makes a request to the API. payload, when not nil, is sent as JSON.
func (c *Client) newRequest(ctx context.Context, method string, query url.Values, payload any, path ...string) (*http.Request, error) {
	target := c.root.JoinPath(path...)
	target.RawQuery = query.Encode()
	var content io.Reader
	if payload != nil {
		data, err := json.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("writing the body of %s %s: %w", method, c.pathOf(target), err)
		}
		content = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), content)
	if err != nil {
		return nil, fmt.Errorf("making the request %s %s: %w", method, c.pathOf(target), err)
	}
	req.Header.Set("Accept", c.mediaType())
	req.Header.Set("TTC-Language", language)
	req.Header.Set(requestIDHeader, trace.Request(ctx))
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// do makes the call, again where that is safe, and gives the body of a 2xx to
// understand, which must not keep any part of it. An error of understand is an answer that cannot be believed.
func (c *Client) do(req *http.Request, understand func(body []byte) error) error {
	var tries attempts
	for {
		e := c.once(req, understand)
		if e == nil {
			return nil
		}
		if e.status == http.StatusNotAcceptable && c.unversioned(req, e) {
			continue
		}
		wait, again := tries.next(e, !isWrite(req))
		if ended := req.Context().Err() != nil; ended || !again {
			return e.endedBy(ended)
		}
		c.log.WithFields(logrus.Fields{"route": e.Route(), "status": e.status, "request_id": e.requestID,
			"attempt": tries.failed + tries.throttled}).Warn("a call to tracktik is repeated")
		if c.wire.wait(req.Context(), wait) != nil {
			return e.endedBy(true)
		}
	}
}

// endedBy is the error with whether the call was told to end. A refused login is the error of
// all who wait for it: theirs stays as it is.
func (e *Error) endedBy(told bool) *Error {
	own := *e
	own.ended = told
	return &own
}

// mediaType is what answers are asked for in.
func (c *Client) mediaType() string {
	c.manners.mu.Lock()
	defer c.manners.mu.Unlock()
	if c.manners.plain {
		return plainMediaType
	}
	return mediaType
}

// unversioned makes a read one in plain JSON, after a 406 (Not Acceptable), and all calls
// after it; false where it was one. A write stays refused: reads come before it.
func (c *Client) unversioned(req *http.Request, e *Error) bool {
	if isWrite(req) || req.Header.Get("Accept") == plainMediaType {
		return false
	}
	req.Header.Set("Accept", plainMediaType)
	c.manners.mu.Lock()
	defer c.manners.mu.Unlock()
	if !c.manners.plain {
		c.manners.plain = true
		c.warn("tracktik: the version of the api is not named, and may be another than 2020-01-01: " + saidBy(e))
	}
	return true
}

// once is one attempt of do.
func (c *Client) once(req *http.Request, understand func([]byte) error) *Error {
	out, err := rewound(req)
	if err != nil {
		return c.lost(req, err)
	}
	resp, err := c.http.Do(out)
	if err != nil {
		return c.lost(req, err)
	}
	defer resp.Body.Close()
	room := rooms.Get().(*bytes.Buffer)
	defer rooms.Put(room)
	room.Reset()
	_, err = room.ReadFrom(resp.Body)
	content := withoutMark(room.Bytes())
	if resp.StatusCode/100 != 2 {
		e := c.parseError(req, resp, content)
		c.noteRefused(e, content)
		if e.credentials && c.tokens.lacks(e.Route(), "") {
			e.credentials = false
			e.lacksRight(isWrite(req))
		}
		if e.credentials { // a new token did not help
			e.Text += "; a new token was refused too: check tracktik.auth and whether the account is active"
			c.tokens.stop(e)
		}
		return e
	}
	if err != nil {
		return c.cut(req, resp, err)
	}
	if resp.StatusCode == http.StatusNoContent && isWrite(req) {
		content = []byte("{}") // done, and nothing to say about it
	}
	if err := understand(content); err != nil {
		e := c.unbelievable(req, resp, err)
		c.noteRefused(e, content)
		if _, readable := carried(content); readable { // another one's record says nothing about this call
			e.atWork = false
		}
		return e
	}
	return nil
}

// rooms are where answers are read to, and of which nothing is kept once they are understood:
// memory that grows with each answer would be thrown away each time.
var rooms = sync.Pool{New: func() any { return &bytes.Buffer{} }}

// noteRefused keeps what a refused or unreadable answer looked like. That something is not
// there, or that we are to wait, is no news.
func (c *Client) noteRefused(e *Error, body []byte) {
	if e.status == http.StatusTooManyRequests || e.status == http.StatusNotFound && e.Method == http.MethodGet && !e.broken {
		return
	}
	c.refused.mu.Lock()
	defer c.refused.mu.Unlock()
	c.refused.answers.Add(plan.Answer{Method: e.Method, Route: routePath(e.Path), Status: e.status, Shape: plan.Shape(body)})
}

// RefusedAnswers are the last that were refusals, or could not be read, without what they
// said. Those of the token endpoint are not among them.
func (c *Client) RefusedAnswers() []plan.Answer {
	c.refused.mu.Lock()
	defer c.refused.mu.Unlock()
	return c.refused.answers.All()
}

// pathOf is a request's path as errors show it.
func (c *Client) pathOf(u *url.URL) string { return below(c.root, u) }

// CredentialsFingerprint tells whether the configured credentials have changed.
func (c *Client) CredentialsFingerprint() string {
	return c.tokens.auth.Fingerprint(c.tokens.portal)
}

// Requests is how many requests were sent, token requests included.
func (c *Client) Requests() int { return int(c.wire.requests.Load()) }

// RequestsByRoute counts them by route, "GET /employees/{id}", and status; 0 is
// a request without an answer.
func (c *Client) RequestsByRoute() map[string]map[int]int {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	routes := make(map[string]map[int]int, len(c.wire.byRoute))
	for route, counts := range c.wire.byRoute {
		routes[route] = maps.Clone(counts)
	}
	return routes
}

// Waited is the time that calls waited for the portal's limits and ours, and
// between attempts; calls that wait side by side add up.
func (c *Client) Waited() time.Duration {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	return c.wire.waited
}

// ClockSkew is the portal's clock minus ours, by the Date of the last answer.
func (c *Client) ClockSkew() (time.Duration, bool) {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	return c.wire.skew, c.wire.skewed
}

// Clock is the time by the portal's clock, good to some seconds; known is false before
// the first answer. Setting the machine's clock does not move it.
func (c *Client) Clock() (at time.Time, known bool) {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	return c.wire.at(c.wire.now()), c.wire.skewed
}

package tracktik

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"tracktik-sync/sync/trace"
)

// maxBody bounds one answer, in bytes, after decompression.
const maxBody = 64 << 20

// maxPause bounds how long a Retry-After is believed.
const maxPause = 15 * time.Minute

const requestIDHeader = "X-Request-Id"

// wire is the innermost RoundTripper: every request to the portal, token
// requests and repetitions included, passes it once. It keeps the pace, bounds
// time and size, and counts.
type wire struct {
	base      http.RoundTripper
	root      *url.URL // of the API
	slots     chan struct{}
	limit     *rate.Limiter // nil: no limit of ours
	timeout   time.Duration
	userAgent string
	most      int64 // requests; 0: no limit
	now       func() time.Time
	sleep     func(context.Context, time.Duration) error

	mu       sync.Mutex
	until    time.Time // no request starts before it: the portal said 429
	waited   time.Duration
	skew     time.Duration
	skewed   bool
	date     time.Time // the portal's clock
	read     time.Time // by ours when it showed that
	byRoute  map[string]map[int]int
	requests atomic.Int64
}

func newWire(cfg Config, root *url.URL) *wire {
	tlsConfig := &tls.Config{}
	if cfg.TLS != nil {
		tlsConfig = cfg.TLS.Clone()
	}
	tlsConfig.MinVersion = max(tlsConfig.MinVersion, tls.VersionTLS12)
	base := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:       tlsConfig,
		TLSHandshakeTimeout:   10 * time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   cfg.MaxConcurrency,
		IdleConnTimeout:       30 * time.Second, // before a load balancer closes them under a write
		ExpectContinueTimeout: time.Second,
	}
	return &wire{base: base, root: root, slots: make(chan struct{}, cfg.MaxConcurrency),
		limit: limiter(cfg.MaxRequestsPerMinute), timeout: cfg.Timeout, userAgent: cfg.UserAgent,
		most: int64(cfg.MaxRequests), now: cfg.Now, sleep: cfg.Sleep, byRoute: map[string]map[int]int{}}
}

// limiter allows n requests in any minute: a tenth of them at once, the others
// spread over the minute.
func limiter(n int) *rate.Limiter {
	if n <= 0 {
		return nil
	}
	burst := n / 10
	if burst == 0 {
		return rate.NewLimiter(rate.Limit(float64(n)/60), 1)
	}
	return rate.NewLimiter(rate.Limit(float64(n-burst)/60), burst)
}

// errSpent ends a client that has made as many requests as it may.
var errSpent = errors.New("as many calls were made as may be")

// errTimeout is our own patience with one call, not the end of the run.
var errTimeout = errors.New("no answer within")

// A wireError is a request that got no answer.
type wireError struct {
	left bool // a connection had been made: the portal may have seen the request
	err  error
}

func (e *wireError) Error() string { return e.err.Error() }
func (e *wireError) Unwrap() error { return e.err }

// Timeout makes it a net.Error's question, which url.Error passes on.
func (e *wireError) Timeout() bool {
	return errors.Is(e.err, context.DeadlineExceeded) || errors.Is(e.err, os.ErrDeadlineExceeded)
}

// RoundTrip sends req when its turn has come. The answer's body keeps the slot
// until it is closed.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := w.turn(req.Context()); err != nil {
		return nil, &wireError{err: err}
	}
	if isWrite(req) {
		if err := trace.Ready(req.Context()); err != nil {
			return nil, &wireError{err: err}
		}
	}
	select {
	case w.slots <- struct{}{}:
	case <-req.Context().Done():
		return nil, &wireError{err: req.Context().Err()}
	}
	if w.most > 0 && w.requests.Load() >= w.most {
		<-w.slots
		return nil, &wireError{err: errSpent}
	}
	if isWrite(req) {
		if err := trace.Leaving(req.Context()); err != nil {
			<-w.slots
			return nil, &wireError{err: err}
		}
	}
	ctx, cancel := context.WithTimeoutCause(req.Context(), w.timeout,
		fmt.Errorf("%w %s (tracktik.timeout)", errTimeout, w.timeout))
	release := sync.OnceFunc(func() { cancel(); <-w.slots })
	resp, err := w.send(ctx, req)
	if err != nil {
		release()
		return nil, err
	}
	resp.Body = &boundedBody{Reader: io.LimitReader(resp.Body, maxBody+1), closer: resp.Body, ctx: ctx, release: release}
	return resp, nil
}

// send is one exchange with the portal, counted and timed.
func (w *wire) send(ctx context.Context, req *http.Request) (*http.Response, error) {
	var left atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { left.Store(true) },
	})
	out := req.Clone(traced)
	out.Header.Set("User-Agent", w.userAgent)
	if out.Header.Get(requestIDHeader) == "" {
		out.Header.Set(requestIDHeader, trace.NewID())
	}
	w.requests.Add(1)
	route := req.Method + " " + routePath(below(w.root, req.URL))
	resp, err := w.base.RoundTrip(out)
	if err != nil {
		w.count(route, 0)
		return nil, &wireError{left.Load(), withCause(ctx, err)}
	}
	w.count(route, resp.StatusCode)
	w.observe(resp)
	return resp, nil
}

// paused waits until the pause that the portal asked for is over.
func (w *wire) paused(ctx context.Context) error {
	for {
		w.mu.Lock()
		pause := w.until.Sub(w.now())
		w.mu.Unlock()
		if pause <= 0 {
			return ctx.Err()
		}
		if err := w.wait(ctx, pause); err != nil {
			return err
		}
	}
}

// turn waits for the portal's pause, and until our own limit has room.
func (w *wire) turn(ctx context.Context) error {
	if err := w.paused(ctx); err != nil || w.limit == nil {
		return err
	}
	now := w.now()
	place := w.limit.ReserveN(now, 1)
	if err := w.wait(ctx, place.DelayFrom(now)); err != nil {
		place.Cancel()
		return err
	}
	return nil
}

// wait sleeps for d and adds it to the time waited.
func (w *wire) wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	w.mu.Lock()
	w.waited += d
	w.mu.Unlock()
	return w.sleep(ctx, d)
}

func (w *wire) count(route string, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byRoute[route] == nil {
		w.byRoute[route] = map[int]int{}
	}
	w.byRoute[route][status]++
}

// observe takes the portal's clock from an answer, and its wish to be left alone
// for a while: after a 429 nobody sends anything before the pause is over.
func (w *wire) observe(resp *http.Response) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		w.skew, w.skewed = date.Sub(now), true
		if w.read.IsZero() || w.at(now).Sub(date).Abs() > steady {
			w.date, w.read = date, now
		}
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		until := now.Add(pauseAfter(resp, now))
		if until.After(w.until) {
			w.until = until
		}
	}
}

// steady is how much the portal's clock may seem to jump between two answers: Date is
// of whole seconds, and answers take their time.
const steady = 5 * time.Second

// at is what the portal's clock shows when ours shows now. Where ours was set in
// between, the machine's steady clock says how long ago the portal's was read.
func (w *wire) at(now time.Time) time.Time { return w.date.Add(now.Sub(w.read)) }

// pauseAfter is what a 429 asks for in Retry-After (seconds, or a date), else in
// X-Rate-Limit-Reset (a time in seconds, by the portal's clock), else the time until
// the next minute: limits count requests in "the last minute" (support article
// 23703421113239).
func pauseAfter(resp *http.Response, now time.Time) time.Duration {
	pause := now.Truncate(time.Minute).Add(time.Minute).Sub(now)
	header := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(header, 64); err == nil && seconds >= 0 && seconds < 1e6 {
		pause = time.Duration(seconds * float64(time.Second))
	} else if date, err := http.ParseTime(header); err == nil {
		pause = date.Sub(now)
	} else if reset, ok := resetAfter(resp, now); ok {
		pause = reset
	}
	return min(max(pause, 100*time.Millisecond), maxPause)
}

// resetAfter is how long it is to the time in X-Rate-Limit-Reset; not ok when there is
// none, or it is over.
func resetAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	at, err := strconv.ParseInt(strings.TrimSpace(resp.Header.Get("X-Rate-Limit-Reset")), 10, 64)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = date
	}
	rest := time.Unix(at, 0).Sub(now)
	return rest, rest > 0
}

// boundedBody is an answer's body: bounded, and holding a slot until it is closed.
type boundedBody struct {
	io.Reader
	closer  io.Closer
	ctx     context.Context
	release func()
	read    int64
}

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxBody>>20)

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += int64(n)
	if b.read > maxBody {
		return n, errTooLarge
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = withCause(b.ctx, err)
	}
	return n, err
}

func (b *boundedBody) Close() error {
	defer b.release()
	return b.closer.Close()
}

// A causedError has the words of why a context ended. What kind of end it was, and what
// net/http made of it, stay to be asked for.
type causedError struct{ cause, ended, err error }

func (e *causedError) Error() string   { return e.cause.Error() }
func (e *causedError) Unwrap() []error { return []error{e.cause, e.ended, e.err} }

// withCause gives err the words of why ctx ended, where it has.
func withCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return &causedError{cause, ctx.Err(), err}
	}
	return err
}

// below is u's path under the API's root, or the whole path where it is not.
func below(root, u *url.URL) string {
	if path, ok := strings.CutPrefix(u.Path, strings.TrimSuffix(root.Path, "/")); ok {
		return path
	}
	return u.Path
}

// routePath puts {id} where a path has a number, for names without a person.
func routePath(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if segment != "" && strings.Trim(segment, "0123456789") == "" {
			segments[i] = "{id}"
		}
	}
	return strings.Join(segments, "/")
}

// plainCause is the text of a failed request without its URL, whose query may
// hold an e-mail address.
func plainCause(err error) string {
	var wrapped *url.Error
	for errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.Is(err, errTimeout):
		return shorten(err.Error(), maxErrorText)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the answer was complete"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, context.DeadlineExceeded):
		return "cut by the deadline"
	}
	return shorten(err.Error(), maxErrorText)
}

package okta

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	// maxWindow bounds what is believed of X-Rate-Limit-Reset. Okta's windows are
	// a minute long; more than this is a clock or a unit gone wrong.
	maxWindow = 10 * time.Minute
	// resetMargin is waited beyond a reset, since clocks of a cluster differ.
	resetMargin = 200 * time.Millisecond
)

// A budget keeps the requests of one bucket within our share of its rate limit:
// it stops them while no more than the others' share remains, until the window
// ends. It knows only what the answers say, so the first request of a window goes
// alone, and the others wait for what it learns.
type budget struct {
	share float64
	now   func() time.Time

	mu        sync.Mutex
	known     bool // limit, remaining and reset are of a window that has not ended
	silent    bool // the last answer said nothing of a limit
	limit     int
	remaining int
	reset     time.Time // by our clock
	resetRaw  int64     // as the server wrote it, to tell windows apart
	shut      time.Time // after a 429: nothing before this
	underway  int
	changed   chan struct{} // closed when an answer has come
}

func newBudget(share float64, now func() time.Time) *budget {
	return &budget{share: share, now: now, changed: make(chan struct{})}
}

// admit returns when a request may be sent, and counts it as under way. pause
// does the waiting for time.
func (b *budget) admit(ctx context.Context, pause func(context.Context, time.Duration) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		wait, changed := b.try()
		switch {
		case wait > 0:
			if err := pause(ctx, wait); err != nil {
				return err
			}
		case changed != nil:
			select {
			case <-changed:
			case <-ctx.Done():
			}
		default:
			return nil
		}
	}
}

// try takes a place, or says for how long or for what to wait.
func (b *budget) try() (wait time.Duration, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if b.known && !now.Before(b.reset) {
		b.known = false
	}
	switch {
	case now.Before(b.shut):
		return b.shut.Sub(now), nil
	case b.silent || b.known && b.remaining-b.underway > b.reserve():
	case b.underway > 0:
		return 0, b.changed
	case b.known:
		return b.reset.Sub(now), nil
	}
	b.underway++
	return 0, nil
}

// reserve is the part of the limit that is left to others. At least one request
// a window is ours.
func (b *budget) reserve() int {
	return b.limit - max(1, int(b.share*float64(b.limit)+1e-9))
}

// done takes in what the answer to an admitted request says. header is nil when
// there was no answer.
func (b *budget) done(header http.Header) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.underway--
	if header != nil {
		b.learn(header)
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *budget) learn(header http.Header) {
	limit, errLimit := strconv.Atoi(header.Get("X-Rate-Limit-Limit"))
	remaining, errRemaining := strconv.Atoi(header.Get("X-Rate-Limit-Remaining"))
	if errLimit != nil || errRemaining != nil {
		b.silent = true
		return
	}
	raw, left, ok := untilReset(header, b.now())
	if limit <= 0 || !ok { // 0: the limit on requests at once, which has no window
		b.silent = !b.known
		return
	}
	b.silent = false
	if b.known && raw < b.resetRaw {
		return // overtaken by an answer of a later window
	}
	if b.known && raw == b.resetRaw {
		remaining = min(remaining, b.remaining)
	}
	b.known, b.limit, b.remaining, b.resetRaw = true, limit, remaining, raw
	b.reset = b.now().Add(min(left, maxWindow) + resetMargin)
}

// close keeps all requests of the bucket back for d.
func (b *budget) close(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := b.now().Add(d); until.After(b.shut) {
		b.shut = until
	}
}

// untilReset reads X-Rate-Limit-Reset, in seconds since 1970, against the server's
// own Date header; against our clock only where there is none.
func untilReset(header http.Header, now time.Time) (raw int64, left time.Duration, ok bool) {
	raw, err := strconv.ParseInt(header.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	seconds := min(max(raw-now.Unix(), 0), int64(maxWindow/time.Second))
	return raw, time.Duration(seconds) * time.Second, true
}

package okta

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	maxRetries   = 5  // of a request that failed
	maxWaits     = 30 // of a request that was told to come later
	maxServerErr = 2  // 500s before a shorter page is tried instead

	firstBackoff = 500 * time.Millisecond
	lastBackoff  = 30 * time.Second
	firstWait    = time.Second // after a 429 that does not say how long
	lastWait     = 60 * time.Second
	// longestAsked bounds the Retry-After of a server error; that of a 429 counts
	// in full.
	longestAsked = 5 * time.Minute
)

// A history is what has happened to one request so far.
type history struct {
	failures     int
	waits        int
	serverErrors int
	challenged   bool // the token was refused
	disproved    bool // the DPoP proof was
}

// judge takes note of a failure and says whether to go on, and after how long.
func (h *history) judge(e *Error, patient bool) (wait time.Duration, again bool) {
	if e.StatusCode == http.StatusTooManyRequests {
		h.waits++
		return waitFor(e.retryAfter, h.waits), h.waits <= maxWaits
	}
	h.failures++
	if e.StatusCode == http.StatusInternalServerError {
		h.serverErrors++
	} else {
		h.serverErrors = 0
	}
	if !e.retry || h.failures > maxRetries || !patient && h.serverErrors >= maxServerErr {
		return 0, false
	}
	return max(min(e.retryAfter, longestAsked), backoff(firstBackoff, lastBackoff, h.failures)), true
}

// waitFor is how long to wait after a 429: what it says, and something of our own
// choice where it says nothing.
func waitFor(said time.Duration, nth int) time.Duration {
	if said > 0 {
		return said
	}
	return backoff(firstWait, lastWait, nth)
}

// backoff doubles with each try, with jitter of a half, so that clients who failed
// together do not come back together.
func backoff(first, last time.Duration, nth int) time.Duration {
	d := last
	if nth < 16 {
		d = min(first<<(nth-1), last)
	}
	return d/2 + rand.N(d/2+1)
}

// askedToWait is how long an answer asks us to stay away: its Retry-After (RFC
// 9110, section 10.2.3), and for a 429 the end of the rate limit's window, which
// ever is later. 0: it does not say. The limit on requests at once, which reads as
// a limit of 0, comes with a reset that is only a guess.
func askedToWait(status int, header http.Header, now time.Time) time.Duration {
	wait := retryAfter(header, now)
	if status != http.StatusTooManyRequests || header.Get("X-Rate-Limit-Limit") == "0" {
		return wait
	}
	if _, left, ok := untilReset(header, now); ok && left > 0 {
		wait = max(wait, left+resetMargin)
	}
	return wait
}

func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return max(at.Sub(now), 0)
}

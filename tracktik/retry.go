package tracktik

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"tracktik-sync/sync/trace"
)

const (
	// maxFailures is how often a call is made that fails for a reason that may
	// pass, maxBroken how often when the answer made no sense.
	maxFailures = 5
	maxBroken   = 3
	// maxThrottled is how often a call waits for the portal's 429 to pass.
	maxThrottled = 20

	firstBackoff = 500 * time.Millisecond
)

// attempts counts what went wrong with one call.
type attempts struct{ failed, throttled int }

// next says whether the call may be made again, and after how long. A write
// (read is false) only may when it provably did not happen. A 429 needs no wait
// of its own: the wire lets nothing through before the pause is over.
func (a *attempts) next(e *Error, read bool) (wait time.Duration, again bool) {
	if e.spent {
		return 0, false
	}
	if e.status == http.StatusTooManyRequests {
		a.throttled++
		return 0, a.throttled < maxThrottled
	}
	var untrusted *tls.CertificateVerificationError
	var kept *trace.KeptError
	if e.credentials || e.forbidden || errors.As(e.cause, &untrusted) || errors.As(e.cause, &kept) || !(e.unsent || read && e.passing()) {
		return 0, false
	}
	a.failed++
	most := maxFailures
	if e.broken {
		most = maxBroken
	}
	backoff := firstBackoff << (a.failed - 1)
	return backoff/2 + rand.N(backoff), a.failed < most
}

// passing reports a failure that may be over at the next try.
func (e *Error) passing() bool {
	return e.status == 0 || e.status/100 == 5 || e.status == http.StatusRequestTimeout || e.broken && e.status/100 == 2
}

// sleep is the default of Config.Sleep.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

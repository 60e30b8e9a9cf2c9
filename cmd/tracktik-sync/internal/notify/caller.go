package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	tries      = 3
	tryTimeout = 3 * time.Second
	pause      = time.Second     // before the second try, and twice that before the third
	maxPause   = 5 * time.Second // whatever Retry-After says
)

// A caller makes small HTTP calls to addresses that are secrets.
type caller struct {
	agent string
	sleep func(context.Context, time.Duration) error
	http  http.Client
}

func newCaller(agent string, sleep func(context.Context, time.Duration) error) *caller {
	return &caller{agent, sleep, http.Client{Timeout: tryTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// call sends body, nil for a GET, and is content with any 2xx. What may pass by
// itself is tried three times. No error shows the address.
func (c *caller) call(ctx context.Context, address string, body []byte) error {
	for try := 1; ; try++ {
		wait, err := c.once(ctx, address, body)
		if err == nil || wait < 0 || try == tries {
			return err
		}
		if wait == 0 {
			wait = pause << (try - 1)
		}
		if c.sleep(ctx, min(wait, maxPause)) != nil {
			return err
		}
	}
}

// once says with an error how long to wait before another try: 0 as usual, less
// than 0 that there is no use in one.
func (c *caller) once(ctx context.Context, address string, body []byte) (wait time.Duration, err error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return -1, withoutAddress(err)
	}
	r.Header.Set("User-Agent", c.agent)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return 0, withoutAddress(err)
	}
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10) // so that the connection can be used again
	_ = answer.Body.Close()
	switch status := answer.StatusCode; {
	case status/100 == 2:
		return 0, nil
	case status/100 == 3:
		return -1, fmt.Errorf("it answered %s: give the address that it points to", answer.Status)
	case status == http.StatusTooManyRequests || status >= 500:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // a date is not worth the trouble
		return time.Duration(max(seconds, 0)) * time.Second, fmt.Errorf("it answered %s", answer.Status)
	}
	return -1, fmt.Errorf("it answered %s", answer.Status)
}

// withoutAddress takes off what net/http and net/url put around an error.
func withoutAddress(err error) error {
	var about *url.Error
	if errors.As(err, &about) {
		return about.Err
	}
	return err
}

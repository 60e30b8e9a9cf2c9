package okta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

var discardLog = log.New(io.Discard, "", 0)

// limited answers like Okta's rate limiter: limit requests a window of a minute,
// of which others use some right at its beginning. skew is its clock minus ours.
type limited struct {
	clock  *clock
	limit  int
	others int
	skew   time.Duration

	mu     sync.Mutex
	end    time.Time
	used   int
	ours   []int // our requests by window
	denied int
}

func (l *limited) wrap(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		now := l.clock.now().Add(l.skew)
		if !now.Before(l.end) {
			l.end, l.used, l.ours = now.Truncate(time.Second).Add(time.Minute), l.others, append(l.ours, 0)
		}
		l.ours[len(l.ours)-1]++
		over := l.used >= l.limit
		l.used = min(l.used+1, l.limit)
		h := w.Header()
		h.Set("Date", now.UTC().Format(http.TimeFormat))
		h.Set("X-Rate-Limit-Limit", strconv.Itoa(l.limit))
		h.Set("X-Rate-Limit-Remaining", strconv.Itoa(l.limit-l.used))
		h.Set("X-Rate-Limit-Reset", strconv.FormatInt(l.end.Unix(), 10))
		if over {
			l.denied++
		}
		l.mu.Unlock()
		if over {
			oktaError(429, "E0000047", "API call exceeded rate limit due to too many requests.")(w, r)
			return
		}
		next(w, r)
	}
}

// manyPages serves n pages of one assignment each.
func manyPages(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		i, _ := strconv.Atoi(r.URL.Query().Get("after"))
		if i+1 < n {
			nextPage(w, r, strconv.Itoa(i+1))
		}
		_, _ = w.Write([]byte(array(assignment(fmt.Sprintf("00u%d", i)))))
	}
}

// limitedOrg puts limiter, on the org's clock, in front of n pages.
func limitedOrg(t *testing.T, l *limited, n int, share float64) *org {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) { l.wrap(manyPages(n))(w, r) },
		func(c *Config) { c.RateLimitShare = share })
	l.clock = o.clock
	return o
}

func TestOurShareOfTheRateLimitIsNeverExceeded(t *testing.T) {
	for _, c := range []struct {
		limit int
		share float64
		want  int // a window
	}{{20, 0.5, 10}, {20, 1, 20}, {10, 0.7, 7}, {100, 0.25, 25}, {1, 0.5, 1}, {3, 0.1, 1}} {
		for _, skew := range []time.Duration{0, time.Hour, -time.Hour} {
			t.Run(fmt.Sprintf("%v of %d, skew %s", c.share, c.limit, skew), func(t *testing.T) {
				l := &limited{limit: c.limit, skew: skew}
				o := limitedOrg(t, l, 3*c.want, c.share)
				if ids, err := o.everybody(); err != nil || len(ids) != 3*c.want {
					t.Fatalf("read %d people, %v", len(ids), err)
				}
				if len(l.ours) != 3 || l.denied != 0 {
					t.Errorf("took %d windows and %d refusals, want 3 and none: %v", len(l.ours), l.denied, l.ours)
				}
				for _, n := range l.ours {
					if n > c.want {
						t.Errorf("sent %v requests by window, want at most %d", l.ours, c.want)
					}
				}
				if o.Waited() == 0 || o.Waited() > 3*time.Minute {
					t.Errorf("waited %s", o.Waited())
				}
			})
		}
	}
}

func TestWhatOthersUseLeavesUsLess(t *testing.T) {
	l := &limited{limit: 20, others: 15}
	o := limitedOrg(t, l, 4, 0.5)
	if _, err := o.everybody(); err != nil {
		t.Fatal(err)
	}
	if l.denied != 0 {
		t.Errorf("ran into the limit %d times", l.denied)
	}
	for _, n := range l.ours {
		if n != 1 {
			t.Errorf("sent %v requests by window, want one in each to look", l.ours)
		}
	}
}

func TestWindowUsedUpByOthersIsWaitedFor(t *testing.T) {
	l := &limited{limit: 20, others: 20}
	o := limitedOrg(t, l, 1, 0.5)
	sleep := o.transport.config.Sleep
	o.transport.config.Sleep = func(ctx context.Context, d time.Duration) error {
		l.mu.Lock()
		l.others = 0 // they are gone in the next window
		l.mu.Unlock()
		return sleep(ctx, d)
	}
	if ids, err := o.everybody(); err != nil || len(ids) != 1 {
		t.Fatalf("got %v, %v", ids, err)
	}
	if o.Requests() != 2 || o.total() < 59*time.Second || o.total() > 62*time.Second {
		t.Errorf("sent %d requests and waited %s, want 2 and a minute", o.Requests(), o.total())
	}
}

func TestParallelReadsShareOneBudget(t *testing.T) {
	l := &limited{limit: 20}
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		l.wrap(answer(200, array(user("00u1"))))(w, r)
	})
	l.clock = o.clock
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			err := o.Members(t.Context(), plan.GroupID(fmt.Sprintf("00g%d", i)), func([]plan.PersonID) error { return nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, n := range l.ours {
		if n > 10 {
			t.Errorf("sent %v requests by window, want at most 10", l.ours)
		}
	}
	if l.denied != 0 || o.Requests() != 30 {
		t.Errorf("ran into the limit %d times, sent %d requests", l.denied, o.Requests())
	}
}

func TestBucketsDoNotHoldEachOtherBack(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Rate-Limit-Limit", "100")
		w.Header().Set("X-Rate-Limit-Remaining", "0")
		w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(newClock().at.Add(time.Minute).Unix(), 10))
		if r.URL.Path == "/api/v1/groups" {
			_, _ = w.Write([]byte(array(group("00g1", "Guards"))))
			return
		}
		_, _ = w.Write([]byte(array(assignment("00u1"))))
	})
	if _, err := o.everybody(); err != nil {
		t.Fatal(err)
	}
	if err := o.Groups(t.Context(), func([]plan.Group) error { return nil }); err != nil || len(o.slept) != 0 {
		t.Errorf("got %v after %d pauses, want none", err, len(o.slept))
	}
	if _, err := o.everybody(); err != nil || len(o.slept) != 1 {
		t.Errorf("got %v after %d pauses, want one", err, len(o.slept))
	}
}

func TestOrgWithoutRateHeadersIsReadWithoutPauses(t *testing.T) {
	o := newOrg(t, manyPages(50))
	if ids, err := o.everybody(); err != nil || len(ids) != 50 || len(o.slept) != 0 {
		t.Errorf("got %d people, %v, %d pauses", len(ids), err, len(o.slept))
	}
}

// refusing answers 429 with the headers given, n times, and then well.
func refusing(t *testing.T, n int, headers map[string]string) *org {
	refuse := func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		oktaError(429, "E0000047", "API call exceeded rate limit due to too many requests.")(w, r)
	}
	handlers := make([]http.HandlerFunc, n, n+1)
	for i := range handlers {
		handlers[i] = refuse
	}
	return newOrg(t, inTurn(append(handlers, answer(200, `{"id":"`+testApp+`"}`))...))
}

func TestEvery429IsWaitedForAsItAsks(t *testing.T) {
	start := newClock().at
	unix := func(d time.Duration) string { return strconv.FormatInt(start.Add(d).Unix(), 10) }
	for name, c := range map[string]struct {
		headers     map[string]string
		least, most time.Duration
	}{
		"nothing said":       {nil, time.Second / 2, time.Second},
		"until the reset":    {map[string]string{"X-Rate-Limit-Limit": "100", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": unix(40 * time.Second)}, 40 * time.Second, 41 * time.Second},
		"reset in the past":  {map[string]string{"X-Rate-Limit-Limit": "100", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": unix(-time.Hour)}, time.Second / 2, time.Second},
		"reset is not one":   {map[string]string{"X-Rate-Limit-Limit": "100", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "soon"}, time.Second / 2, time.Second},
		"too many at once":   {map[string]string{"X-Rate-Limit-Limit": "0", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": unix(time.Hour)}, time.Second / 2, time.Second},
		"retry after":        {map[string]string{"Retry-After": "1800"}, 30 * time.Minute, 30 * time.Minute},
		"retry after a date": {map[string]string{"Retry-After": start.Add(90 * time.Second).Format(http.TimeFormat)}, 90 * time.Second, 90 * time.Second},
		"no date":            {map[string]string{"Date": "", "X-Rate-Limit-Limit": "100", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": unix(40 * time.Second)}, 40 * time.Second, 41 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			o := refusing(t, 1, c.headers)
			if _, err := o.App(t.Context()); err != nil || o.Requests() != 2 {
				t.Fatalf("got %v after %d requests, want none after 2", err, o.Requests())
			}
			if got := o.total(); got < c.least || got > c.most || o.Waited() != got {
				t.Errorf("waited %s, and counts %s, want between %s and %s", got, o.Waited(), c.least, c.most)
			}
		})
	}
}

func TestWaitsAreNoFailuresButDoNotGoOnForEver(t *testing.T) {
	o := refusing(t, maxWaits, nil)
	if _, err := o.App(t.Context()); err != nil || o.Requests() != maxWaits+1 {
		t.Errorf("got %v after %d requests, want none after %d", err, o.Requests(), maxWaits+1)
	}
	o = refusing(t, 10_000, map[string]string{"Retry-After": "1"})
	_, err := o.App(t.Context())
	failure := wantError(t, err)
	if failure.Kind != KindRateLimit || failure.Status() != 429 || failure.Refused() || o.Requests() != maxWaits+1 {
		t.Errorf("got %v after %d requests", err, o.Requests())
	}
}

func TestWaitBeyondTheDeadlineFailsAtOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o := refusing(t, 1, map[string]string{"Retry-After": "7200"})
	_, err := o.App(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || len(o.slept) != 0 || ctx.Err() != nil {
		t.Errorf("got %v after %d pauses", err, len(o.slept))
	}
}

//go:build unix

package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tracktik-sync/tracktik/tracktiktest"
)

// atCall does something with the nth call that the portal gets, in the place of its answer.
func atCall(n int32, do tracktiktest.Interceptor) tracktiktest.Interceptor {
	var calls atomic.Int32
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if calls.Add(1) == n {
			do(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// afterwards holds that the next probe ends what another one has left.
func (p *place) afterwards(t *testing.T) {
	t.Helper()
	p.intercept(nil)
	p.portal.ResetRequests()
	p.probed(t, 0, withRoles...)
	p.wantEnded(t, 1)
}

// callsOf is how many calls a whole probe makes.
func callsOf(t *testing.T) int32 {
	t.Helper()
	return int32(staging(t).probed(t, 0, withRoles...).Calls)
}

// TestTheNextProbeEndsWhatAKilledOneHasLeft kills the program at each of its calls, after
// the portal has carried it out.
func TestTheNextProbeEndsWhatAKilledOneHasLeft(t *testing.T) {
	for n := range callsOf(t) {
		p := staging(t)
		reached := make(chan struct{})
		p.intercept(atCall(n+1, func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(httptest.NewRecorder(), r)
			close(reached)
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}))
		b := start(t, "tracktik-sync", append([]string{"probe"}, withRoles...)...)
		<-reached
		if err := b.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = b.Wait() // killed
		p.afterwards(t)
		if t.Failed() {
			t.Fatalf("after call %d", n+1)
		}
	}
}

// TestACutConnectionLeavesNobody loses each call, or its answer.
func TestACutConnectionLeavesNobody(t *testing.T) {
	calls := callsOf(t)
	for name, fault := range map[string]tracktiktest.Interceptor{
		"the answer": tracktiktest.LostReply, "the call": tracktiktest.Unreached,
		"500 and done": tracktiktest.FailAfter, "504 and done": tracktiktest.CutAfter,
	} {
		t.Run(name, func(t *testing.T) {
			for n := range calls {
				p := staging(t)
				p.intercept(atCall(n+1, fault))
				var stdout, stderr bytes.Buffer
				code, _ := p.hurried(t, &stdout, &stderr, append([]string{"probe"}, withRoles...)...)
				for _, e := range p.marked() {
					if e.Status != tracktiktest.Terminated && (code != 1 || !strings.Contains(stdout.String(), "left")) {
						t.Errorf("ended with %d and left employee %d %s:\n%s%s", code, e.ID, e.Status, &stdout, &stderr)
					}
				}
				p.intercept(nil)
				p.portal.ResetRequests()
				code, slept := p.hurried(t, &stdout, &stderr, append([]string{"probe"}, withRoles...)...)
				if code != 0 {
					t.Errorf("the next ended with %d after %v:\n%s%s", code, slept, &stdout, &stderr)
				}
				p.wantEnded(t, 1)
				if t.Failed() {
					t.Fatalf("call %d", n+1)
				}
			}
		})
	}
}

// TestACreateThatIsStillAtWorkIsWaitedFor kills a probe whose create takes effect later: the
// next one makes nobody before a minute is over.
func TestACreateThatIsStillAtWorkIsWaitedFor(t *testing.T) {
	p := staging(t)
	var late tracktiktest.Late
	p.intercept(tracktiktest.When(tracktiktest.Match{Method: http.MethodPost, Path: "/employees", Times: 1}, late.Cut(http.StatusGatewayTimeout)))
	if found := p.probed(t, 1); len(found.Left) != 1 {
		t.Errorf("left is %q", found.Left)
	}
	p.intercept(nil)
	var stdout, stderr bytes.Buffer
	a := newApp(strings.NewReader(""), &stdout, &stderr)
	var waited time.Duration
	a.Sleep = func(_ context.Context, d time.Duration) error {
		waited += d
		late.TakeEffect()
		return nil
	}
	if code := a.run(t.Context(), []string{"probe"}, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Errorf("ended with %d\n%s%s", code, &stdout, &stderr)
	}
	if waited < 50*time.Second || waited > time.Minute {
		t.Errorf("waited %s", waited)
	}
	p.wantEnded(t, 1)
}

// hurried runs the program without its waits, and answers how long they were.
func (p *place) hurried(t *testing.T, stdout, stderr *bytes.Buffer, args ...string) (code int, slept time.Duration) {
	t.Helper()
	stdout.Reset()
	stderr.Reset()
	a := newApp(strings.NewReader(""), stdout, stderr)
	var total atomic.Int64
	a.Sleep = func(ctx context.Context, d time.Duration) error {
		total.Add(int64(d))
		return ctx.Err()
	}
	code = a.run(t.Context(), args, strings.NewReader(""), stdout, stderr)
	return code, time.Duration(total.Load())
}

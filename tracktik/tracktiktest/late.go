package tracktiktest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
)

// Late keeps calls that the portal is still at work on when their caller has given
// up: TrackTik goes on with a call that its gateway has cut at 30 s. They take effect
// when TakeEffect says so, in the order in which they came, by the rules of that
// moment. Its zero value is ready.
type Late struct {
	mu   sync.Mutex
	open []func()
}

// Silent never answers: the caller gives up, or is ended itself.
func (l *Late) Silent(w http.ResponseWriter, r *http.Request, next http.Handler) {
	l.keep(r, next)
	Silent(w, r, next)
}

// Cut answers 504, 408, 522 or 524, or another status of a gateway: see CutBefore and CutBy.
func (l *Late) Cut(status int) Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		l.keep(r, next)
		cut(w, status)
	}
}

// Broken closes the connection without an answer.
func (l *Late) Broken(w http.ResponseWriter, r *http.Request, next http.Handler) {
	l.keep(r, next)
	Unreached(w, r, next)
}

func (l *Late) keep(r *http.Request, next http.Handler) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic("tracktiktest: a body that was read before cannot be read: " + err.Error())
	}
	again := Later(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, func() {
		again.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(newCapture(), again)
	})
}

// Later is a request that may be answered once its caller has given up, and the log of requests
// is done with it. Its body is that of r.
func Later(r *http.Request) *http.Request {
	ctx := context.WithoutCancel(r.Context())
	if f := inFlight(r); f != nil {
		logged := *f.request
		ctx = context.WithValue(ctx, flightKey{}, &flight{request: &logged})
	}
	return r.Clone(ctx)
}

// TakeEffect carries out the calls that were kept, and returns how many they were.
// Some may be refused by then; no one is told. The log of requests does not show what
// changes by them, the history does.
func (l *Late) TakeEffect() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, carryOut := range l.open {
		carryOut()
	}
	n := len(l.open)
	l.open = nil
	return n
}

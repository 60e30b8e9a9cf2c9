package tracktik

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

var errToldToEnd = errors.New("told to end")

// A lostWrite is a write whose answer does not come, and what can be asked of its error.
type lostWrite struct {
	handler func(stop chan struct{}, cancel func()) http.HandlerFunc
	is      []error
	atWork  bool
	timeout bool
	text    string
}

var lostWrites = map[string]lostWrite{
	"silence": {func(stop chan struct{}, _ func()) http.HandlerFunc {
		return func(http.ResponseWriter, *http.Request) { <-stop }
	}, []error{context.DeadlineExceeded, errTimeout}, true, true, "no answer within 50ms (tracktik.timeout)"},
	"silence in the middle of the answer": {func(stop chan struct{}, _ func()) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, `{"data":`)
			w.(http.Flusher).Flush()
			<-stop
		}
	}, []error{context.DeadlineExceeded, errTimeout}, true, true, "no answer within 50ms (tracktik.timeout)"},
	"the run is told to end": {func(stop chan struct{}, cancel func()) http.HandlerFunc {
		return func(http.ResponseWriter, *http.Request) { cancel(); <-stop }
	}, []error{context.Canceled, errToldToEnd}, true, false, "interrupted"},
	"a closed connection": {func(chan struct{}, func()) http.HandlerFunc { return hangUp }, []error{io.EOF}, false, false, "the connection was closed"},
	"half an answer": {func(chan struct{}, func()) http.HandlerFunc { return cutShort(200, `{"data":{"id":5`) },
		[]error{io.ErrUnexpectedEOF}, true, false, "the connection was closed"},
}

// What a write was lost by can be asked of its error, however many hands it went through:
// by that it is judged whether the portal may be at work on it still.
func TestALostWriteKeepsWhatItWasLostBy(t *testing.T) {
	for name, lost := range lostWrites {
		for write, call := range writes {
			t.Run(name+"/"+write, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				stop := make(chan struct{})
				p := newPortal(t, lost.handler(stop, func() { cancel(errToldToEnd) }))
				defer close(stop)
				e := wantError(t, call(ctx, client(t, p, func(cfg *Config) {
					if lost.timeout {
						cfg.Timeout = 50 * time.Millisecond
					}
				})))
				for _, target := range lost.is {
					if !errors.Is(e, target) {
						t.Errorf("it is no %q: %v", target, e)
					}
				}
				var slow net.Error
				if got := errors.As(e, &slow) && slow.Timeout(); got != lost.timeout {
					t.Errorf("a time-out: %v", got)
				}
				if e.StillAtWork() != lost.atWork || !e.OutcomeUnknown() || !strings.Contains(e.Error(), lost.text) {
					t.Errorf("still at work %v, unknown %v: %v", e.StillAtWork(), e.OutcomeUnknown(), e)
				}
			})
		}
	}
}

// What stands in front of the portal gives up on a call in several ways, and the portal
// goes on with it.
func TestAWriteThatWasCutIsStillAtWork(t *testing.T) {
	for status, want := range map[int]bool{408: true, 504: true, 522: true, 524: true, 500: false, 502: false, 503: false, 520: false, 400: false, 429: false} {
		p := newPortal(t, always(status, `{"status":0,"error":"no"}`))
		if e := wantError(t, writes["grant"](t.Context(), client(t, p, nil))); e.StillAtWork() != want {
			t.Errorf("%d: still at work %v, want %v", status, e.StillAtWork(), want)
		}
	}
	p := newPortal(t, always(504, ""))
	_, err := client(t, p, nil).Roles(t.Context())
	if e := wantError(t, err); e.StillAtWork() {
		t.Error("a read is said to be at work still")
	}
}

// The same is true of what keeps a request from leaving, and of token requests.
func TestWhatWasNeverSentKeepsWhy(t *testing.T) {
	closed := newPortal(t, always(200, emptyList))
	c := client(t, closed, nil)
	closed.Close()
	_, err := c.Roles(t.Context())
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a refused connection is none: %v", err)
	}

	strange := httptest.NewTLSServer(http.NotFoundHandler())
	defer strange.Close()
	strange.Config.ErrorLog = log.New(io.Discard, "", 0)
	_, err = client(t, closed, func(cfg *Config) { cfg.BaseURL = strange.URL }).Roles(t.Context())
	var untrusted *tls.CertificateVerificationError
	if !errors.As(err, &untrusted) {
		t.Errorf("an unknown authority is none: %v", err)
	}

	stop := make(chan struct{})
	silent := newPortal(t, nil)
	silent.token = func(http.ResponseWriter, *http.Request) { <-stop }
	defer close(stop)
	_, err = client(t, silent, func(cfg *Config) { cfg.Timeout = 20 * time.Millisecond }).Roles(t.Context())
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "tracktik.timeout") {
		t.Errorf("a log-in without an answer says %v", err)
	}
}

package okta

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
)

// What a read failed by can be asked of its error, however many hands it went through.
func TestAFailedReadKeepsWhatItFailedBy(t *testing.T) {
	silence := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	short := func(c *Config) { c.Timeout = 20 * time.Millisecond }
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		is      error
		text    string
	}{
		"silence": {silence, context.DeadlineExceeded, "no answer: 20ms went by"},
		"silence in the middle of the answer": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`[`))
			w.(http.Flusher).Flush()
			silence(w, r)
		}, context.DeadlineExceeded, "20ms went by"},
		"half an answer": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "500")
			_, _ = w.Write([]byte(`[`))
		}, io.ErrUnexpectedEOF, "cut short"},
		"a malformed link": {withLink("garbage", answer(200, `[]`)), errLink, errLink.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newOrg(t, tc.handler, short).everybody()
			wantError(t, err)
			if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.text) || errors.Is(err, io.EOF) {
				t.Errorf("it is no %q: %v", tc.is, err)
			}
		})
	}
}

func TestWhatWasNeverSentKeepsWhy(t *testing.T) {
	o := newOrg(t, answer(200, `[]`), func(c *Config) { c.OrgURL = "http://127.0.0.1:1" })
	if _, err := o.App(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a refused connection is none: %v", err)
	}
	strange := httptest.NewTLSServer(http.NotFoundHandler())
	defer strange.Close()
	strange.Config.ErrorLog = log.New(io.Discard, "", 0)
	o = newOrg(t, answer(200, `[]`), func(c *Config) { c.OrgURL = strange.URL })
	_, err := o.App(t.Context())
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Errorf("an unknown authority is none: %v", err)
	}
}

func TestATokenRequestWithoutAnAnswerKeepsWhy(t *testing.T) {
	o := newService(t, func(_ *service, c *ServiceAppConfig) { c.Timeout = 20 * time.Millisecond })
	o.fault = oktatest.Silence
	if _, err := o.source.App(t.Context()); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "20ms went by") {
		t.Errorf("got %v", err)
	}
}

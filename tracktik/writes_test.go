package tracktik

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/trace"
)

// writes are all the calls that change something.
var writes = map[string]func(context.Context, *Client) error{
	"create": func(ctx context.Context, c *Client) error {
		_, err := c.CreateEmployee(ctx, plan.Values{plan.FirstName: "Ana"}, 1)
		return err
	},
	"update": func(ctx context.Context, c *Client) error {
		_, err := c.UpdateEmployee(ctx, 5, []plan.Change{{Field: plan.JobTitle, New: "Guard"}}, plan.Values{})
		return err
	},
	"move": func(ctx context.Context, c *Client) error { return second(c.MoveEmployee(ctx, 5, 2)) },
	"terminate": func(ctx context.Context, c *Client) error {
		return second(c.TerminateEmployee(ctx, 5, plan.Termination{Reason: 1}))
	},
	"reactivate": func(ctx context.Context, c *Client) error {
		return c.ReactivateEmployee(ctx, 5, "back")
	},
	"create role": func(ctx context.Context, c *Client) error {
		_, err := c.CreateRole(ctx, "Patrol", "from Okta")
		return err
	},
	"rename role": func(ctx context.Context, c *Client) error { return c.RenameRole(ctx, 3, "Patrol") },
	"grant": func(ctx context.Context, c *Client) error {
		_, err := c.Grant(ctx, 5, 3)
		return err
	},
	"revoke": func(ctx context.Context, c *Client) error { return c.Revoke(ctx, 9) },
}

func TestLostReplyOfAWriteIsUnknownAndNeverSentAgain(t *testing.T) {
	replies := map[string]http.HandlerFunc{
		"closed":        hangUp,
		"cut":           cutShort(200, `{"data":{"id":5`),
		"empty":         always(200, ""),
		"null":          always(200, "null"),
		"half":          always(201, `{"data":{"id":`),
		"HTML":          always(200, "<html><title>Sign in</title></html>"),
		"error in 200":  always(200, `{"status":400,"error":"no"}`),
		"no id, 200":    always(200, `[]`),
		"redirect":      func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"408":           always(408, `{}`),
		"500":           always(500, `{"status":500,"error":"oops"}`),
		"502":           always(502, "<html><title>502 Bad Gateway</title></html>"),
		"503":           always(503, ""),
		"504":           always(504, ""),
		"500 cut short": cutShort(500, `{"status":500`),
	}
	for reply, handler := range replies {
		for write, make := range writes {
			if reply == "no id, 200" && (write != "create" && write != "create role" && write != "grant") {
				continue // the others need no more than an answer
			}
			p := newPortal(t, handler)
			e := wantError(t, make(t.Context(), client(t, p, nil)))
			if !e.OutcomeUnknown() || e.Refused() || e.Credentials() {
				t.Errorf("%s, %s: unknown %v, refused %v: %v", write, reply, e.OutcomeUnknown(), e.Refused(), e)
			}
			if n := len(p.requests()); n != 1 {
				t.Errorf("%s, %s: sent %d times", write, reply, n)
			}
			p.Close()
		}
	}
}

func TestTimedOutWriteIsUnknown(t *testing.T) {
	stop := make(chan struct{})
	p := newPortal(t, func(http.ResponseWriter, *http.Request) { <-stop })
	defer close(stop)
	c := client(t, p, func(cfg *Config) { cfg.Timeout = 50 * time.Millisecond })
	e := wantError(t, c.Revoke(t.Context(), 9))
	if !e.OutcomeUnknown() || !strings.Contains(e.Error(), "no answer within 50ms") || len(p.requests()) != 1 {
		t.Errorf("unknown %v after %d calls: %v", e.OutcomeUnknown(), len(p.requests()), e)
	}
}

func TestWriteThatIsInterruptedOnItsWayIsUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stop := make(chan struct{})
	p := newPortal(t, func(http.ResponseWriter, *http.Request) { cancel(); <-stop })
	defer close(stop)
	e := wantError(t, client(t, p, nil).Revoke(ctx, 9))
	if !e.OutcomeUnknown() || !errors.Is(e, context.Canceled) {
		t.Errorf("unknown %v: %v", e.OutcomeUnknown(), e)
	}
}

func TestWriteThatNeverLeftIsTriedAgainAndNotUnknown(t *testing.T) {
	p := newPortal(t, always(200, emptyList))
	c := client(t, p, nil)
	_, err := c.Roles(t.Context()) // a token is there
	ok(t, err)
	before := c.Requests()
	p.Close()
	c.wire.base.(*http.Transport).CloseIdleConnections() // or the first attempt may go into one
	e := wantError(t, c.Revoke(t.Context(), 9))
	if e.OutcomeUnknown() || e.Refused() || c.Requests()-before != maxFailures {
		t.Errorf("unknown %v, refused %v after %d attempts: %v", e.OutcomeUnknown(), e.Refused(), c.Requests()-before, e)
	}
}

func TestThrottledWriteWaitsAndIsSentAgain(t *testing.T) {
	header := func(value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			name, rest, found := strings.Cut(value, "=")
			switch {
			case found:
				w.Header().Set("Date", "Mon, 23 Nov 2026 13:00:00 GMT") // an hour ahead of us
				w.Header().Set(name, rest)
			case value != "":
				w.Header().Set("Retry-After", value)
			}
			answer(w, 429, `{"status":429,"error":"too many"}`)
		}
	}
	for value, want := range map[string]time.Duration{
		"5":                             5 * time.Second,
		"":                              50 * time.Second, // the clock stands at :10
		"soon":                          50 * time.Second,
		"Mon, 23 Nov 2026 12:00:30 GMT": 20 * time.Second,
		"0":                             100 * time.Millisecond,
		"86400":                         maxPause,
		"X-Rate-Limit-Reset=1795438807": 7 * time.Second,  // 13:00:07
		"X-Rate-Limit-Reset=1795438799": 50 * time.Second, // over
		"X-Rate-Limit-Reset=soon":       50 * time.Second,
	} {
		p := newPortal(t, inTurn(header(value), always(201, `{"data":{"id":9}}`)))
		c := client(t, p, nil)
		id, err := c.Grant(t.Context(), 5, 3)
		ok(t, err)
		if id != 9 || len(p.requests()) != 2 || c.Waited() != want {
			t.Errorf("Retry-After %q: grant %d after %d calls and %s, want 9, 2 and %s", value, id, len(p.requests()), c.Waited(), want)
		}
	}
}

func TestThrottlingWithoutEndIsNoPersonsFault(t *testing.T) {
	p := newPortal(t, always(429, `{}`))
	e := wantError(t, client(t, p, nil).Revoke(t.Context(), 9))
	if e.Refused() || e.OutcomeUnknown() || e.Status() != 429 || len(p.requests()) != maxThrottled {
		t.Errorf("refused %v, unknown %v after %d calls", e.Refused(), e.OutcomeUnknown(), len(p.requests()))
	}
}

func TestRefusalsSayWhatTheyAre(t *testing.T) {
	const plain = `{"status":0,"error":"lastName is too long"}`
	for _, test := range []struct {
		status                       int
		body                         string
		refused, conflict, forbidden bool
		unknown, broken              bool
		field                        plan.Field
	}{
		{400, plain, true, false, false, false, false, plan.LastName},
		{422, plain, true, false, false, false, false, plan.LastName},
		{413, plain, true, false, false, false, false, plan.LastName},
		{404, `{"status":404,"error":"not found"}`, true, false, false, false, false, plan.NumFields},
		{404, `404 page not found`, false, false, false, false, true, plan.NumFields},
		{409, `{}`, true, true, false, false, false, plan.NumFields},
		{400, `{"status":400,"error":"e-mail already in use"}`, true, true, false, false, false, plan.Email},
		{400, `{"message":"Validation failed","errors":{"customId":["has been taken"]}}`, true, true, false, false, false, plan.CustomID},
		{400, `{"status":400,"error":"language: FR-BE is not one of EN_US"}`, true, false, false, false, false, plan.Language},
		{400, `{"status":400,"error":"address.state must have 2 characters"}`, true, false, false, false, false, plan.State},
		{500, `{"status":500,"error":"a database constraint wasn't respected"}`, false, true, false, true, false, plan.NumFields},
		{403, `{"status":403,"error":"missing scope"}`, false, false, true, false, false, plan.NumFields},
	} {
		p := newPortal(t, inTurn(always(test.status, test.body), always(test.status, "\ufeff"+test.body)))
		c := client(t, p, nil)
		e := wantError(t, c.RenameRole(t.Context(), 3, "x"))
		if marked := wantError(t, c.RenameRole(t.Context(), 3, "x")); marked.Text != e.Text || marked.Refused() != e.Refused() {
			t.Errorf("with a byte order mark %q is %q", e.Text, marked.Text)
		}
		if e.Refused() != test.refused || e.Conflict() != test.conflict || e.Forbidden() != test.forbidden ||
			e.OutcomeUnknown() != test.unknown || e.Broken() != test.broken || e.Status() != test.status {
			t.Errorf("%d %s: refused %v, conflict %v, forbidden %v, unknown %v, broken %v, status %d", test.status, test.body,
				e.Refused(), e.Conflict(), e.Forbidden(), e.OutcomeUnknown(), e.Broken(), e.Status())
		}
		if field, _ := e.RefusedField(); field != test.field {
			t.Errorf("%s: names %s, want %s", test.body, field, test.field)
		}
		if n := len(p.requests()); n != 2 {
			t.Errorf("%d: sent %d times", test.status, n)
		}
	}
}

func TestFirewallIsNamedAsSuch(t *testing.T) {
	p := newPortal(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", "awselb/2.0")
		answer(w, 403, "<html><head><title>403 Forbidden</title></head></html>")
	})
	e := wantError(t, client(t, p, nil).Revoke(t.Context(), 9))
	if e.Forbidden() || e.Refused() || e.OutcomeUnknown() || !strings.Contains(e.Error(), "firewall in front of the portal") || strings.Contains(e.Error(), "<") {
		t.Errorf("got %v", e)
	}
}

func TestWriteCarriesTheRequestIDOfItsIntent(t *testing.T) {
	p := newPortal(t, inTurn(always(429, `{}`), always(400, `{}`)))
	c := client(t, p, nil)
	e := wantError(t, c.Revoke(trace.WithRequest(t.Context(), "intent-1"), 9))
	for _, call := range p.requests() {
		if got := call.header.Get("X-Request-Id"); got != "intent-1" {
			t.Errorf("sent %q", got)
		}
	}
	if e.RequestID() != "intent-1" || !strings.Contains(e.Error(), "intent-1") {
		t.Errorf("the error knows %q: %v", e.RequestID(), e)
	}
}

func TestAcknowledgementWithoutContentIsDone(t *testing.T) {
	p := newPortal(t, always(204, ""))
	c := client(t, p, nil)
	ok(t, c.Revoke(t.Context(), 9))
	e := wantError(t, writes["grant"](t.Context(), c))
	if !e.OutcomeUnknown() {
		t.Error("a grant without an id counts as known")
	}
}

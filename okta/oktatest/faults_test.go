package oktatest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
)

// seeded returns a server with 25 users, and the path that lists them by tens.
func seeded(t *testing.T) (srv *oktatest.Server, users []string, path string) {
	t.Helper()
	srv = start(t)
	return srv, addUsers(srv, 25), "/api/v1/users?limit=10"
}

func TestFaultsWithABodyOfTheirOwn(t *testing.T) {
	srv, _, path := seeded(t)
	for name, c := range map[string]struct {
		fault  oktatest.Interceptor
		status int
		body   string
		kind   string
	}{
		"EmptyBody":    {oktatest.EmptyBody, 200, "", "application/json"},
		"NullBody":     {oktatest.NullBody, 200, "null", "application/json"},
		"EmptyList":    {oktatest.EmptyList, 200, "[]", "application/json"},
		"EmptyObject":  {oktatest.EmptyObject, 200, "{}", "application/json"},
		"login page":   {oktatest.HTMLPage(200), 200, "<!DOCTYPE", "text/html; charset=utf-8"},
		"bad gateway":  {oktatest.HTMLPage(502), 502, "<!DOCTYPE", "text/html; charset=utf-8"},
		"unavailable":  {oktatest.HTMLPage(503), 503, "<!DOCTYPE", "text/html; charset=utf-8"},
		"HTMLNotFound": {oktatest.HTMLNotFound, 404, "<!DOCTYPE", "text/html; charset=utf-8"},
	} {
		srv.Intercept = c.fault
		a := get(t, srv, path)
		if a.status != c.status || !strings.HasPrefix(a.body, c.body) || c.body == "" && a.body != "" || a.header.Get("Content-Type") != c.kind {
			t.Errorf("%s answers %d %q %v", name, a.status, a.body, a.header)
		}
		if len(a.header.Values("Link")) > 0 {
			t.Errorf("%s has a Link header", name)
		}
	}
}

func TestFaultsInOktasForm(t *testing.T) {
	srv, _, path := seeded(t)
	for _, c := range []struct {
		fault  oktatest.Interceptor
		status int
		code   string
	}{
		{oktatest.Unauthorized, 401, "E0000011"},
		{oktatest.Forbidden, 403, "E0000006"},
		{oktatest.ResourceNotFound, 404, "E0000007"},
		{oktatest.AnotherNotFound, 404, "E0000007"},
		{oktatest.WordlessNotFound, 404, "E0000007"},
		{oktatest.AddressDenied, 403, "E0000006"},
		{oktatest.ServerError, 500, "E0000009"},
		{oktatest.ReadOnly, 503, "E0000010"},
		{oktatest.TooManyRequests(time.Second), 429, "E0000047"},
		{oktatest.TooManyAtOnce, 429, "E0000047"},
	} {
		srv.Intercept = c.fault
		get(t, srv, path).refused(t, c.status, c.code)
	}
}

func TestA404NamesWhatWasAskedFor(t *testing.T) {
	srv, _, _ := seeded(t)
	srv.Intercept = oktatest.ResourceNotFound
	for path, id := range map[string]string{"/api/v1/users/00uA": "00uA", "/api/v1/users/00uA/groups": "00uA",
		"/api/v1/apps/0oaB/users/00uA": "00uA", "/api/v1/apps/0oaB/group-push/mappings/gPmC": "gPmC"} {
		if a := get(t, srv, path); a.status != 404 || !strings.Contains(a.body, id) {
			t.Errorf("%s is answered with %d %s", path, a.status, a.body)
		}
	}
}

func TestTruncatedIsWholeToHTTPAndNotJSON(t *testing.T) {
	srv, _, path := seeded(t)
	srv.Intercept = oktatest.Truncated
	a := get(t, srv, path)
	if a.status != 200 || !strings.HasPrefix(a.body, `[{"id"`) || json.Valid([]byte(a.body)) {
		t.Errorf("the answer is %d %.50q", a.status, a.body)
	}
}

func TestTooManyRequestsFollowsTheOrgsClock(t *testing.T) {
	srv, clock := start(t), newClock()
	srv.Now = clock.now
	for _, wait := range []time.Duration{30 * time.Second, -5 * time.Second} {
		srv.Intercept = oktatest.TooManyRequests(wait)
		a := get(t, srv, "/api/v1/users")
		date, _ := time.Parse(time.RFC1123, a.header.Get("Date"))
		if got := time.Unix(int64(a.number(t, "X-Rate-Limit-Reset")), 0).Sub(date); got != wait {
			t.Errorf("the reset is %s after Date, want %s", got, wait)
		}
	}
	srv.Intercept = oktatest.TooManyAtOnce
	if a := get(t, srv, "/api/v1/users"); a.number(t, "X-Rate-Limit-Limit") != 0 {
		t.Errorf("the limit is %v", a.header)
	}
	srv.Intercept = oktatest.TooManyBare
	a := get(t, srv, "/api/v1/users")
	if a.status != 429 || a.header.Get("Date")+a.header.Get("X-Rate-Limit-Reset") != "" || json.Valid([]byte(a.body)) {
		t.Errorf("the bare answer is %d %q %v", a.status, a.body, a.header)
	}
}

func TestLoopsDoNotEnd(t *testing.T) {
	srv, users, path := seeded(t)
	srv.Intercept = oktatest.SelfLoop
	a := get(t, srv, path)
	b := get(t, srv, a.next())
	if !slices.Equal(a.ids(t), b.ids(t)) || a.next() != b.next() {
		t.Error("the next page of SelfLoop is another page")
	}
	srv.Intercept = oktatest.LoopToStart
	if a = get(t, srv, get(t, srv, path).next()); !slices.Equal(a.ids(t), users[:10]) {
		t.Error("LoopToStart does not begin anew")
	}
}

func TestPageAgainRepeatsContentUnderNewCursors(t *testing.T) {
	srv, users, path := seeded(t)
	srv.Intercept = oktatest.PageAgain()
	pages := walk(t, srv, path, nil)
	want := [][]string{users[:10], users[:10], users[10:20]}
	if !slices.EqualFunc(pages, want, slices.Equal) {
		t.Errorf("the pages are %v", pages)
	}
}

func TestLinkFaults(t *testing.T) {
	srv, users, path := seeded(t)
	srv.Intercept = oktatest.FoldedLink
	lines := get(t, srv, path).header.Values("Link")
	if len(lines) != 1 || strings.Count(lines[0], "; rel=") != 2 || !strings.Contains(lines[0], `rel="self", <`) {
		t.Errorf("folded, the Link header is %q", lines)
	}
	srv.Intercept = oktatest.MalformedLink
	if lines = get(t, srv, path).header.Values("Link"); len(lines) != 1 || !strings.HasPrefix(lines[0], "<://") {
		t.Errorf("malformed, the Link header is %q", lines)
	}
	srv.Intercept = oktatest.LinkHeader("a", "b")
	if lines = get(t, srv, path).header.Values("Link"); !slices.Equal(lines, []string{"a", "b"}) {
		t.Errorf("the Link header is %q", lines)
	}
	srv.Intercept = oktatest.NoNext
	if got := all(t, srv, path); !slices.Equal(got, users[:10]) {
		t.Errorf("without next the listing holds %d people", len(got))
	}
}

func TestPagesGoMissingAndShift(t *testing.T) {
	srv, users, path := seeded(t)
	for name, c := range map[string]struct {
		fault oktatest.Interceptor
		want  []string
	}{
		"second page missing": {oktatest.Nth(1, oktatest.MissingPage), slices.Concat(users[:10], users[20:])},
		"last page missing":   {oktatest.Nth(2, oktatest.MissingPage), users[:20]},
		"shifted by two":      {oktatest.Shifted(2), slices.Concat(users[:10], users[12:20], users[22:])},
		"overlapping by one":  {oktatest.Overlapping(1), slices.Concat(users[:10], users[9:20], users[19:])},
	} {
		srv.Intercept = c.fault
		if got := all(t, srv, path); !slices.Equal(got, c.want) {
			t.Errorf("%s: the listing is %v, want %v", name, got, c.want)
		}
	}
}

func TestConnectionsBreak(t *testing.T) {
	srv, _, path := seeded(t)
	for name, c := range map[string]struct {
		fault oktatest.Interceptor
		want  error
	}{
		"Drop":         {oktatest.Drop, io.EOF},
		"CutMidBody":   {oktatest.CutMidBody, io.ErrUnexpectedEOF},
		"ResetMidBody": {oktatest.ResetMidBody, syscall.ECONNRESET},
	} {
		srv.Client().CloseIdleConnections()
		srv.Configure(func(s *oktatest.Server) { s.Intercept = c.fault })
		if _, err := try(srv, request(t, srv, path)); !errors.Is(err, c.want) {
			t.Errorf("%s ends in %v, want %v", name, err, c.want)
		}
	}
	srv.Configure(func(s *oktatest.Server) { s.Intercept = nil })
	if a := get(t, srv, path); a.status != 200 {
		t.Errorf("afterwards the answer is %d", a.status)
	}
}

func TestSilenceLastsUntilTheClientGivesUp(t *testing.T) {
	srv, _, path := seeded(t)
	srv.Configure(func(s *oktatest.Server) { s.Intercept = oktatest.Silence })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := try(srv, request(t, srv, path).WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silence ends in %v", err)
	}
}

func TestCloseEndsSilenceAndLatency(t *testing.T) {
	for name, fault := range map[string]oktatest.Interceptor{"Silence": oktatest.Silence, "Latency": oktatest.Latency(time.Hour)} {
		srv := oktatest.NewServer()
		arrived := make(chan struct{})
		srv.Intercept = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			close(arrived)
			fault(w, r, next)
		}
		ended := make(chan error)
		client, req := &http.Client{Transport: &http.Transport{}}, request(t, srv, "/api/v1/users")
		go func() {
			resp, err := client.Do(req)
			if err == nil {
				resp.Body.Close()
			}
			ended <- err
		}()
		<-arrived
		srv.Close()
		if err := <-ended; err == nil {
			t.Errorf("%s answered when the server was closed", name)
		}
	}
}

func TestLatencyAnswersInTheEnd(t *testing.T) {
	srv, users, path := seeded(t)
	srv.Intercept = oktatest.Latency(time.Millisecond)
	if got := all(t, srv, path); !slices.Equal(got, users) {
		t.Errorf("the listing holds %d people", len(got))
	}
}

func TestFaultsHitTheRequestsTheyAreAimedAt(t *testing.T) {
	srv, _, _ := seeded(t)
	statuses := func(paths ...string) (got []int) {
		for _, path := range paths {
			got = append(got, get(t, srv, path).status)
		}
		return got
	}
	users, groups, org := "/api/v1/users", "/api/v1/groups", "/api/v1/org"
	for name, c := range map[string]struct {
		fault oktatest.Interceptor
		want  []int
	}{
		"On":             {oktatest.On(users, oktatest.ServerError), []int{500, 200, 500, 200, 500}},
		"On with method": {oktatest.On("POST "+users, oktatest.ServerError), []int{200, 200, 200, 200, 200}},
		"Under":          {oktatest.Under("/api/v1/g", oktatest.ServerError), []int{200, 500, 200, 200, 200}},
		"Nth":            {oktatest.On(users, oktatest.Nth(2, oktatest.ServerError)), []int{200, 200, 500, 200, 200}},
		"First":          {oktatest.First(2, oktatest.ServerError), []int{500, 500, 200, 200, 200}},
		"After":          {oktatest.After(3, oktatest.Forbidden), []int{200, 200, 200, 403, 403}},
		"All": {oktatest.All(oktatest.On(groups, oktatest.Forbidden), oktatest.Nth(2, oktatest.ServerError)),
			[]int{200, 403, 500, 200, 200}},
	} {
		srv.Intercept = c.fault
		if got := statuses(users, groups, users, org, users); !slices.Equal(got, c.want) {
			t.Errorf("%s answers %v, want %v", name, got, c.want)
		}
	}
}

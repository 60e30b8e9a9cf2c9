package tracktiktest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tracktik-sync/tracktik/tracktiktest"
)

var onCreate = tracktiktest.Match{Method: "POST", Path: "/employees"}

// withFault opens a portal on which m meets a fault.
func withFault(t *testing.T, m tracktiktest.Match, fault tracktiktest.Interceptor) *caller {
	return open(t, func(s *tracktiktest.Server) { s.Intercept = tracktiktest.When(m, fault) })
}

func TestFaultsOnAWriteSayWhetherItTookEffect(t *testing.T) {
	for name, tc := range map[string]struct {
		fault  tracktiktest.Interceptor
		status int // 0: no answer
		effect bool
	}{
		"lost reply":         {tracktiktest.LostReply, 0, true},
		"unreached":          {tracktiktest.Unreached, 0, false},
		"500 after":          {tracktiktest.FailAfter, 500, true},
		"500 before":         {tracktiktest.FailBefore, 500, false},
		"504 after":          {tracktiktest.CutAfter, 504, true},
		"504 before":         {tracktiktest.CutBefore, 504, false},
		"408 after":          {tracktiktest.CutBy(408, true), 408, true},
		"524 before":         {tracktiktest.CutBy(524, false), 524, false},
		"429":                {tracktiktest.TooMany(0), 429, false},
		"empty":              {tracktiktest.Empty, 200, true},
		"null":               {tracktiktest.Null, 200, true},
		"truncated":          {tracktiktest.Truncated, 201, true},
		"mixed up, after":    {tracktiktest.MixedUp(true), 201, true},
		"mixed up, before":   {tracktiktest.MixedUp(false), 201, false},
		"byte order mark":    {tracktiktest.ByteOrderMark, 201, true},
		"login page":         {tracktiktest.LoginPage, 200, false},
		"expired token":      {tracktiktest.ExpiredToken, 401, false},
		"scope lost":         {tracktiktest.ScopeLost, 403, false},
		"firewall":           {tracktiktest.Firewall, 403, false},
		"foreign not found":  {tracktiktest.ForeignNotFound, 404, false},
		"meta only on lists": {tracktiktest.WithoutMeta, 201, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := withFault(t, onCreate, tc.fault)
			resp, _, err := c.send("POST", "/employees", ada)
			if (err != nil) != (tc.status == 0) || err == nil && resp.StatusCode != tc.status {
				t.Fatalf("answer %v, error %v", resp, err)
			}
			if effect := len(c.srv.Employees()) == 2; effect != tc.effect {
				t.Errorf("took effect: %v", effect)
			}
			last := latestRequest(t, c.srv)
			if last.Status != tc.status || last.Effective != tc.effect {
				t.Errorf("logged %+v", last)
			}
		})
	}
}

func latestRequest(t *testing.T, srv *tracktiktest.Server) tracktiktest.Request {
	t.Helper()
	all := srv.Requests()
	if len(all) == 0 {
		t.Fatal("no requests")
	}
	return all[len(all)-1]
}

func TestFaultHitsTheRequestsItIsAimedAt(t *testing.T) {
	c := withFault(t, tracktiktest.Match{Method: "GET", Path: "/regions/*", Nth: 2, Times: 2}, tracktiktest.FailBefore)
	for i, want := range []int{200, 500, 500, 200} {
		c.call("GET", "/regions", "")
		if status, _ := c.call("GET", "/regions/1", ""); status != want {
			t.Errorf("call %d: %d, want %d", i+1, status, want)
		}
	}
}

func TestChainedFaultsMeetInOrder(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) {
		s.Intercept = tracktiktest.Chain(
			tracktiktest.When(tracktiktest.Match{Path: "/regions/1"}, tracktiktest.FailBefore),
			tracktiktest.When(tracktiktest.Match{Path: "/regions/"}, tracktiktest.ExpiredToken))
	})
	for path, want := range map[string]int{"/regions/1": 500, "/regions/2": 401, "/regions": 200} {
		if status, _ := c.call("GET", path, ""); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}

func TestLostReplyOfARefreshLosesTheToken(t *testing.T) {
	c := withFault(t, tracktiktest.Match{Path: tracktiktest.DefaultTokenPath, Nth: 2, Times: 1}, tracktiktest.LostReply)
	if resp, err := c.srv.Client().PostForm(c.srv.URL+tracktiktest.DefaultTokenPath, refreshForm(tracktiktest.DefaultRefreshToken)); err == nil {
		t.Fatalf("an answer came: %d", resp.StatusCode)
	}
	if status, _ := c.form(refreshForm(tracktiktest.DefaultRefreshToken)); status != 400 {
		t.Errorf("the old token: %d", status)
	}
}

func TestTooManyTellsHowLongWhereItIsTold(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "", 1500 * time.Millisecond: "2"} {
		c := withFault(t, onCreate, tracktiktest.TooMany(wait))
		resp, _, err := c.send("POST", "/employees", ada)
		if err != nil || resp.Header.Get("Retry-After") != want {
			t.Errorf("error %v, Retry-After %q, want %q", err, resp.Header.Get("Retry-After"), want)
		}
	}
}

func TestFirewallIsToldByItsServerHeader(t *testing.T) {
	c := withFault(t, onCreate, tracktiktest.Firewall)
	resp, body, err := c.send("POST", "/employees", ada)
	if err != nil || resp.Header.Get("Server") != "awselb/2.0" || !strings.Contains(body, "<html>") {
		t.Errorf("error %v, header %v, body %s", err, resp.Header, body)
	}
}

func TestListsBreakAsTheyAreTold(t *testing.T) {
	for name, tc := range map[string]struct {
		fault tracktiktest.Interceptor
		query string
		check func(body string) bool
	}{
		"empty":        {tracktiktest.Empty, "", func(b string) bool { return b == "" }},
		"null":         {tracktiktest.Null, "", func(b string) bool { return b == "null" }},
		"html":         {tracktiktest.LoginPage, "", func(b string) bool { return strings.HasPrefix(b, "<html>") }},
		"truncated":    {tracktiktest.Truncated, "", func(b string) bool { return !json.Valid([]byte(b)) && b != "" }},
		"without meta": {tracktiktest.WithoutMeta, "", func(b string) bool { return strings.HasPrefix(b, `[{"id":1},`) }},
		"no records": {tracktiktest.EmptyList, "", func(b string) bool {
			return strings.Contains(b, `"count":0,`) && strings.Contains(b, `"data":[]`)
		}},
		"wrong count": {tracktiktest.WrongCount(3), "", func(b string) bool { return strings.Contains(b, `"count":9,`) }},
		"shifted":     {tracktiktest.ShiftedPage, "limit=2&offset=2", func(b string) bool { return idsIn(b) == "4,5" }},
		"not shifted": {tracktiktest.ShiftedPage, "limit=2", func(b string) bool { return idsIn(b) == "1,2" }},
		"repeated":    {tracktiktest.RepeatedPage, "limit=2&offset=2", func(b string) bool { return idsIn(b) == "1,2" }},
		"repeated, by key": {tracktiktest.RepeatedPage, "limit=2&id:gt=2",
			func(b string) bool { return idsIn(b) == "1,2" }},
	} {
		t.Run(name, func(t *testing.T) {
			c := crew(t, func(s *tracktiktest.Server) {
				s.Intercept = tracktiktest.When(tracktiktest.Match{Method: "GET", Path: "/employees"}, tc.fault)
			})
			status, body := c.call("GET", "/employees?includeInactive=true&fields=id&"+tc.query, "")
			if status != 200 || !tc.check(body) {
				t.Errorf("got %d %s", status, body)
			}
		})
	}
}

func idsIn(body string) string {
	var p page
	_ = json.Unmarshal([]byte(body), &p) // a broken body has no ids
	var out []string
	for _, r := range p.Data {
		out = append(out, at("%v", r["id"]))
	}
	return strings.Join(out, ",")
}

func TestSilentAnswersNothingUntilTheCallerGivesUp(t *testing.T) {
	for name, tc := range map[string]struct {
		fault   tracktiktest.Interceptor
		created int
	}{"before": {tracktiktest.Silent, 0}, "after": {tracktiktest.SilentAfter, 1}} {
		t.Run(name, func(t *testing.T) {
			c := withFault(t, onCreate, tc.fault)
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			req, _ := http.NewRequestWithContext(ctx, "POST", c.srv.URL+"/rest/v1/employees", strings.NewReader(ada))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+c.token)
			if resp, err := c.srv.Client().Do(req); err == nil {
				t.Fatalf("an answer came: %d", resp.StatusCode)
			}
			if got := len(c.srv.Employees()) - 1; got != tc.created {
				t.Errorf("%d created, want %d", got, tc.created)
			}
		})
	}
}

func TestMinutesCeilingAnswers429UntilTheNextMinute(t *testing.T) {
	clk := newClock()
	clk.pass(20 * time.Second)
	c := open(t, func(s *tracktiktest.Server) {
		s.Now, s.Limits.PerMinute, s.Limits.RetryAfter = clk.Now, 2, true
	})
	for i, want := range []int{200, 200, 429} {
		resp, _, err := c.send("GET", "/regions", "")
		if err != nil || resp.StatusCode != want {
			t.Fatalf("call %d: %v %v", i+1, resp, err)
		}
		if want == 429 && resp.Header.Get("Retry-After") != "40" {
			t.Errorf("Retry-After %q", resp.Header.Get("Retry-After"))
		}
	}
	clk.pass(40 * time.Second)
	c.must(200, "GET", "/regions/1", "")
}

func TestZeroServerIsAHandler(t *testing.T) {
	var portal tracktiktest.Server
	srv := httptest.NewServer(&portal)
	defer srv.Close()
	defer portal.Close()
	resp, err := srv.Client().PostForm(srv.URL+tracktiktest.DefaultTokenPath, passwordForm())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestLateCallsTakeEffectWhenTheyAreTold(t *testing.T) {
	for name, pick := range map[string]func(*tracktiktest.Late) tracktiktest.Interceptor{
		"silence": func(l *tracktiktest.Late) tracktiktest.Interceptor { return l.Silent },
		"522":     func(l *tracktiktest.Late) tracktiktest.Interceptor { return l.Cut(522) },
	} {
		t.Run(name, func(t *testing.T) {
			var late tracktiktest.Late
			c := withFault(t, onCreate, pick(&late))
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			req := c.request("POST", "/employees", ada).WithContext(ctx)
			if resp, err := c.srv.Client().Do(req); err == nil && resp.StatusCode != 522 {
				t.Fatalf("answered %d", resp.StatusCode)
			}
			if n := len(c.srv.Employees()); n != 1 {
				t.Fatalf("%d employees before the effect", n)
			}
			if n := late.TakeEffect(); n != 1 || len(c.srv.Employees()) != 2 {
				t.Errorf("%d calls took effect, and there are %d employees", n, len(c.srv.Employees()))
			}
			if n := late.TakeEffect(); n != 0 {
				t.Errorf("%d calls took effect again", n)
			}
		})
	}
}

package control

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// An activeFault is one that is switched on.
type activeFault struct {
	Name  string `json:"name"`
	Nth   int    `json:"nth"`
	Times int    `json:"times"` // 0: for ever
	fault *fault
}

// A fault of one of the simulators. Exactly one of okta, log, tracktik and rule is set.
type fault struct {
	Name  string `json:"name"`
	Text  string `json:"text"`
	Times int    `json:"times"` // unless told otherwise; 0: for ever

	pattern  string // of the paths at the org; empty: all
	okta     oktatest.Interceptor
	log      func(*oktatest.LogManners)
	match    tracktiktest.Match
	tracktik tracktiktest.Interceptor
	rule     func(rules *tracktiktest.Rules, on bool)
}

const (
	appUsers  = "GET /api/v1/apps/*/users"
	oneUser   = "GET /api/v1/users/*"
	systemLog = "GET /api/v1/logs"
	stormWait = 2 * time.Second
)

var faultList = []fault{
	{Name: "okta-empty-list", Text: "the app's users are an empty list, as after a loss of rights", pattern: appUsers, okta: oktatest.EmptyList},
	{Name: "okta-short-list", Text: "the app's users end after the first page, and nothing tells", pattern: appUsers, okta: oktatest.NoNext},
	{Name: "okta-empty-body", Text: "the app's users are an answer without a body", pattern: appUsers, okta: oktatest.EmptyBody},
	{Name: "okta-null", Text: "the app's users are null", pattern: appUsers, okta: oktatest.NullBody},
	{Name: "okta-truncated", Text: "the app's users are cut in half", pattern: appUsers, okta: oktatest.Truncated},
	{Name: "okta-page-again", Text: "the next page is the same page for ever", pattern: appUsers, okta: oktatest.SelfLoop},
	{Name: "okta-not-visible", Text: "look-ups of single users answer Okta's own 404", pattern: oneUser, okta: oktatest.ResourceNotFound},
	{Name: "okta-html-404", Text: "look-ups of single users answer a web page with 404", pattern: oneUser, okta: oktatest.HTMLNotFound},
	{Name: "okta-429", Text: "the rate limit is used up by somebody else", Times: 3, okta: oktatest.TooManyRequests(stormWait)},
	{Name: "okta-500", Text: "internal errors", Times: 3, okta: oktatest.ServerError},
	{Name: "okta-401", Text: "the token is not accepted any more", okta: oktatest.Unauthorized},
	{Name: "okta-403", Text: "the right was taken away", okta: oktatest.Forbidden},
	{Name: "okta-drop", Text: "connections are dropped before the answer", Times: 3, okta: oktatest.Drop},
	{Name: "okta-distant", Text: "every answer takes 20 ms", okta: oktatest.Latency(20 * time.Millisecond)},
	{Name: "okta-slow", Text: "every answer takes 200 ms", okta: oktatest.Latency(200 * time.Millisecond)},
	{Name: "okta-log-403", Text: "the System Log may not be read", pattern: systemLog, okta: oktatest.Forbidden},
	{Name: "okta-log-cursor", Text: "the System Log's cursor is not known any more", pattern: systemLog, Times: 1, okta: oktatest.RefusedCursor},
	{Name: "okta-log-late", Text: "events are in the System Log after 20 s, every second one later still",
		log: func(m *oktatest.LogManners) { m.Lag, m.Late = 20*time.Second, 10*time.Second }},
	{Name: "okta-log-early", Text: "look-ups show a change 10 s after the System Log does",
		log: func(m *oktatest.LogManners) { m.LookupLag = 10 * time.Second }},
	{Name: "okta-log-lost", Text: "deactivations never come to the System Log",
		log: func(m *oktatest.LogManners) {
			m.Lose = func(kind string) bool { return kind == "user.lifecycle.deactivate" }
		}},
	{Name: "okta-log-noisy", Text: "every event comes twice, and with ten of others",
		log: func(m *oktatest.LogManners) { m.Again, m.Noise = time.Second, 10 }},

	{Name: "tracktik-lost-reply", Text: "an employee is created and the answer is lost", Times: 1,
		match: tracktiktest.Match{Method: http.MethodPost, Path: "/employees"}, tracktik: tracktiktest.LostReply},
	{Name: "tracktik-lost-grant", Text: "a role is granted and the answer is lost", Times: 1,
		match: tracktiktest.Match{Method: http.MethodPost, Path: "/user-roles"}, tracktik: tracktiktest.LostReply},
	{Name: "tracktik-lost-termination", Text: "an employee is terminated and the answer is lost", Times: 1,
		match: tracktiktest.Match{Method: http.MethodPost, Path: "/employees/*/actions/terminate"}, tracktik: tracktiktest.LostReply},
	{Name: "tracktik-429", Text: "the portal's minute is used up by somebody else", Times: 3, tracktik: tracktiktest.TooMany(stormWait)},
	{Name: "tracktik-500", Text: "creates fail, and nothing happens", Times: 3,
		match: tracktiktest.Match{Method: http.MethodPost, Path: "/employees"}, tracktik: tracktiktest.FailBefore},
	{Name: "tracktik-500-after", Text: "a create answers 500, and happened", Times: 1,
		match: tracktiktest.Match{Method: http.MethodPost, Path: "/employees"}, tracktik: tracktiktest.FailAfter},
	{Name: "tracktik-504-after", Text: "a create is cut off by the gateway, and happened", Times: 1,
		match: tracktiktest.Match{Method: http.MethodPost, Path: "/employees"}, tracktik: tracktiktest.CutAfter},
	{Name: "tracktik-mixed-up", Text: "a create is answered with somebody else's record", Times: 1,
		match: tracktiktest.Match{Method: http.MethodPost, Path: "/employees"}, tracktik: tracktiktest.MixedUp(true)},
	{Name: "tracktik-lost-region", Text: "the integration's role does not reach the region South (3) any more",
		rule: func(r *tracktiktest.Rules, on bool) {
			if r.HiddenRegions = nil; on {
				r.HiddenRegions = []int64{3}
			}
		}},
	{Name: "tracktik-empty-list", Text: "the employees are an empty list",
		match: tracktiktest.Match{Method: http.MethodGet, Path: "/employees"}, tracktik: tracktiktest.EmptyList},
	{Name: "tracktik-401", Text: "the access token has ended", Times: 1,
		match: tracktiktest.Match{Path: "/rest/v1/"}, tracktik: tracktiktest.ExpiredToken},
	{Name: "tracktik-403", Text: "the scope was taken away",
		match: tracktiktest.Match{Path: "/rest/v1/"}, tracktik: tracktiktest.ScopeLost},
	{Name: "tracktik-bad-login", Text: "the credentials are refused",
		match: tracktiktest.Match{Path: tracktiktest.DefaultTokenPath}, tracktik: badLogin},
	{Name: "tracktik-firewall", Text: "the firewall before the portal answers 403", tracktik: tracktiktest.Firewall},
	{Name: "tracktik-drop", Text: "connections are dropped before anything happens", Times: 3, tracktik: tracktiktest.Unreached},
	{Name: "tracktik-distant", Text: "every answer takes 20 ms", tracktik: slow(20 * time.Millisecond)},
	{Name: "tracktik-slow", Text: "every answer takes 200 ms", tracktik: slow(200 * time.Millisecond)},
	{Name: "tracktik-read-only", Text: "the integration's role may read, and write nothing",
		rule: func(r *tracktiktest.Rules, on bool) {
			if r.Forbid = nil; on {
				for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
					r.Forbid = append(r.Forbid, tracktiktest.Match{Method: method})
				}
			}
		}},
	{Name: "tracktik-not-effective", Text: "terminations answer 200 and change nothing",
		rule: func(r *tracktiktest.Rules, on bool) { r.TerminationIneffective = on }},
	{Name: "tracktik-drops-title", Text: "job titles are accepted and not kept",
		rule: func(r *tracktiktest.Rules, on bool) {
			if r.Store = nil; on {
				r.Store = tracktiktest.Dropped("jobTitle")
			}
		}},
}

// badLogin answers as for a wrong password.
func badLogin(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": "The user credentials were incorrect.",
		"message": "The user credentials were incorrect."})
}

func slow(d time.Duration) tracktiktest.Interceptor {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		wait := time.NewTimer(d)
		defer wait.Stop()
		select {
		case <-wait.C:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			panic(http.ErrAbortHandler) // nobody waits for an answer
		}
	}
}

func (c *Control) faults() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return map[string]any{"active": append([]activeFault{}, c.active...), "known": faultList}
}

// SetFault switches a fault on, from the nth call that fits on (0 is 1), so many
// times (-1: as it is usual for the fault, 0: for ever).
func (c *Control) SetFault(name string, nth, times int) error {
	i := slices.IndexFunc(faultList, func(f fault) bool { return f.Name == name })
	if i < 0 {
		return fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(faultNames(), ", "))
	}
	f := &faultList[i]
	if times < 0 {
		times = f.Times
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active = append(slices.DeleteFunc(c.active, func(a activeFault) bool { return a.Name == name }), activeFault{name, max(nth, 1), times, f})
	c.install()
	return nil
}

// ClearFaults switches the faults of these names off, or all.
func (c *Control) ClearFaults(names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active = slices.DeleteFunc(c.active, func(a activeFault) bool { return len(names) == 0 || slices.Contains(names, a.Name) })
	c.install()
}

func faultNames() []string {
	var out []string
	for _, f := range faultList {
		out = append(out, f.Name)
	}
	return out
}

// install gives the simulators the faults that are on. Their calls are counted from
// here on.
func (c *Control) install() {
	var okta []oktatest.Interceptor
	var tracktik []tracktiktest.Interceptor
	var manners oktatest.LogManners
	for _, a := range c.active {
		switch f := a.fault; {
		case f.okta != nil:
			okta = append(okta, a.atOkta())
		case f.log != nil:
			f.log(&manners)
		case f.tracktik != nil:
			match := f.match
			match.Nth, match.Times = a.Nth, a.Times
			tracktik = append(tracktik, tracktiktest.When(match, f.tracktik))
		}
	}
	c.world.Okta.Configure(func(s *oktatest.Server) {
		if s.Intercept = nil; len(okta) > 0 {
			s.Intercept = oktatest.All(okta...)
		}
		s.SystemLog = manners
	})
	c.world.TrackTik.Configure(func(s *tracktiktest.Server) {
		if s.Intercept = nil; len(tracktik) > 0 {
			s.Intercept = tracktiktest.Chain(tracktik...)
		}
		for i := range faultList {
			if f := &faultList[i]; f.rule != nil {
				f.rule(&s.Rules, slices.ContainsFunc(c.active, func(a activeFault) bool { return a.fault == f }))
			}
		}
	})
}

func (a activeFault) atOkta() oktatest.Interceptor {
	hit := a.fault.okta
	if a.Times > 0 {
		hit = oktatest.First(a.Times, hit)
	}
	hit = oktatest.After(a.Nth-1, hit)
	if a.fault.pattern != "" {
		hit = oktatest.On(a.fault.pattern, hit)
	}
	return hit
}

func (c *Control) postFault(w http.ResponseWriter, r *http.Request) {
	nth, err := number(r, "nth", 1)
	times := -1
	if err == nil {
		times, err = number(r, "times", -1)
	}
	if err == nil {
		err = c.SetFault(r.FormValue("name"), nth, times)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	answer(w, http.StatusOK, c.faults())
}

func (c *Control) deleteFaults(w http.ResponseWriter, r *http.Request) {
	var names []string
	if name := r.URL.Query().Get("name"); name != "" {
		if !slices.Contains(faultNames(), name) {
			refuse(w, http.StatusNotFound, fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(faultNames(), ", ")))
			return
		}
		names = []string{name}
	}
	c.ClearFaults(names...)
	answer(w, http.StatusOK, c.faults())
}

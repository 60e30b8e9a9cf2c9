package control

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/cmd/tracktik-sandbox/internal/world"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A sandbox is a control and its three servers.
type sandbox struct {
	*Control
	t                     *testing.T
	okta, tracktik, admin *httptest.Server
}

func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	c := New(world.New(world.Options{People: 60, Groups: 12, Seed: 1}))
	c.SetConfig([]byte("okta: {}\n"))
	s := &sandbox{c, t, httptest.NewServer(c.Okta()), httptest.NewServer(c.TrackTik()), httptest.NewServer(c.Admin())}
	t.Cleanup(func() { s.okta.Close(); s.tracktik.Close(); s.admin.Close() })
	return s
}

// do calls the admin address and decodes the answer into what out points to.
func (s *sandbox) do(method, path string, want int, out any) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.admin.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.admin.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if answer.StatusCode != want {
		s.t.Fatalf("%s %s: %s, want %d: %s", method, path, answer.Status, want, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		s.t.Fatalf("%s %s: %v: %s", method, path, err, body)
	}
}

// atOkta reads from the org as a client does, and returns the status and the body.
func (s *sandbox) atOkta(path string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.okta.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "SSWS "+oktatest.DefaultToken)
	return s.send(s.okta, r)
}

func (s *sandbox) send(srv *httptest.Server, r *http.Request) (int, string) {
	s.t.Helper()
	answer, err := srv.Client().Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(body)
}

// login returns a token of the portal.
func (s *sandbox) login() string {
	s.t.Helper()
	answer, err := s.tracktik.Client().PostForm(s.tracktik.URL+tracktiktest.DefaultTokenPath, url.Values{"grant_type": {"password"},
		"client_id": {tracktiktest.DefaultClientID}, "client_secret": {tracktiktest.DefaultClientSecret},
		"username": {tracktiktest.DefaultUsername}, "password": {tracktiktest.DefaultPassword}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil || token.AccessToken == "" {
		s.t.Fatalf("logging in: %s, %v", answer.Status, err)
	}
	return token.AccessToken
}

// create makes an employee over HTTP.
func (s *sandbox) create(token, email string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.tracktik.URL+"/rest/v1/employees",
		strings.NewReader(`{"firstName":"A","lastName":"B","region":1,"email":"`+email+`"}`))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	return s.send(s.tracktik, r)
}

func TestAdvanceTellsInSentences(t *testing.T) {
	s := newSandbox(t)
	var got struct{ Days []world.Day }
	s.do("POST", "/advance", 200, &got)
	if len(got.Days) != 1 || got.Days[0].Day != 1 || len(got.Days[0].Events) != 4 || !strings.HasSuffix(got.Days[0].Events[0].Text, ".") {
		t.Errorf("the first day: %+v", got)
	}
	s.do("POST", "/advance?day=4", 200, &got)
	if len(got.Days) != 3 || got.Days[2].Day != 4 {
		t.Errorf("up to day 4: %+v", got)
	}
	var refused struct{ Error string }
	s.do("POST", "/advance?day=4", 409, &refused)
	s.do("POST", "/advance?day=x", 400, &refused)
	if !strings.Contains(refused.Error, `"x"`) {
		t.Errorf("refused with %q", refused.Error)
	}
}

func TestLifeFollowsItsSeed(t *testing.T) {
	events := func(seed string) (got struct {
		Seed   uint64
		Events []world.Event
	}) {
		newSandbox(t).do("POST", "/life?events=40&seed="+seed, 200, &got)
		return got
	}
	one, same, other := events("1"), events("1"), events("2")
	if len(one.Events) < 30 || !slices.Equal(one.Events, same.Events) || slices.Equal(one.Events, other.Events) {
		t.Errorf("%d events, %d, %d", len(one.Events), len(same.Events), len(other.Events))
	}
	s := newSandbox(t)
	var got struct{ Events []world.Event }
	s.do("POST", "/life?events=5&seed=1&kinds=hire,rename", 200, &got)
	for _, e := range got.Events {
		if e.Kind != "hire" && e.Kind != "rename" {
			t.Errorf("unasked for: %+v", e)
		}
	}
	var refused struct{ Error string }
	s.do("POST", "/life?kinds=earthquake", 400, &refused)
	s.do("POST", "/life?events=-1", 400, &refused)
	s.do("POST", "/life?seed=moon", 400, &refused)
}

func TestStateIsBothSidesAndCanBeNarrowed(t *testing.T) {
	s := newSandbox(t)
	var all, some world.State
	s.do("GET", "/state", 200, &all)
	if len(all.Okta.People) != 60 || len(all.Okta.Groups) != 12 || len(all.Okta.Memberships) == 0 ||
		len(all.TrackTik.Employees) < 10 || len(all.TrackTik.Roles) != 5 || len(all.TrackTik.Grants) < 10 || len(all.TrackTik.History) == 0 {
		t.Errorf("the state lacks something: %+v", all)
	}
	s.do("GET", "/state?limit=5&q=suspended", 200, &some)
	if n := len(some.Okta.People); n == 0 || n > 5 || some.Okta.People[0].Status != "SUSPENDED" || len(some.TrackTik.History) > 5 {
		t.Errorf("narrowed: %+v", some)
	}
	if some.Okta.Totals["ACTIVE"] != all.Okta.Totals["ACTIVE"] {
		t.Error("the totals are narrowed too")
	}
	var hired struct{ Events []world.Event }
	s.do("POST", "/life?events=1&kinds=hire", 200, &hired)
	s.do("GET", "/state?limit=5", 200, &some)
	if some.Okta.People[0].ID != hired.Events[0].User {
		t.Errorf("the first shown is %+v, not who was hired", some.Okta.People[0])
	}
}

func TestStateIsSentOnceUntilSomethingHappens(t *testing.T) {
	s := newSandbox(t)
	tag := func(have string) (int, string) {
		r, err := http.NewRequest(http.MethodGet, s.admin.URL+"/state", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("If-None-Match", have)
		answer, err := s.admin.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode, answer.Header.Get("ETag")
	}
	_, first := tag("")
	if status, _ := tag(first); status != http.StatusNotModified {
		t.Errorf("unchanged: %d", status)
	}
	if code, body := s.create(s.login(), "new@acme.example"); code != http.StatusCreated {
		t.Fatalf("%d %s", code, body)
	}
	status, second := tag(first)
	if status != http.StatusOK {
		t.Errorf("after a write at TrackTik: %d", status)
	}
	s.ResetRequests()
	s.world.Advance()
	if status, _ = tag(second); status != http.StatusOK {
		t.Errorf("after a day: %d", status)
	}
}

func TestRequestsAreCountedByRoute(t *testing.T) {
	s := newSandbox(t)
	s.atOkta("/api/v1/apps/" + s.world.AppID + "/users?limit=20")
	s.atOkta("/api/v1/users/olga@acme.example")
	s.atOkta("/api/v1/users/00u404")
	token := s.login()
	s.create(token, "one@acme.example")
	s.create(token, "one@acme.example")
	var got Requests
	s.do("GET", "/requests", 200, &got)
	routes := map[string]int{}
	for _, r := range append(got.Okta.Routes, got.TrackTik.Routes...) {
		routes[r.Method+" "+r.Route] = r.Count
	}
	if routes["GET /api/v1/apps/{id}/users"] != 1 || routes["GET /api/v1/users/{id}"] != 2 || routes["POST /rest/v1/employees"] != 2 || len(routes) != 4 {
		t.Errorf("routes: %v", routes)
	}
	if got.Okta.Total != 3 || got.Okta.Attempted != 0 || got.TrackTik.Total != 3 || got.TrackTik.Attempted != 2 || got.TrackTik.Writes != 1 {
		t.Errorf("sums: %+v", got)
	}
	s.do("POST", "/requests/reset", 200, &got)
	if got.Okta.Total+got.TrackTik.Total+got.TrackTik.Writes+got.TrackTik.Attempted != 0 {
		t.Errorf("after the reset: %+v", got)
	}
}

func TestFaultHitsTheCallThatItIsFor(t *testing.T) {
	s := newSandbox(t)
	var state struct {
		Active []activeFault
		Known  []fault
	}
	s.do("POST", "/faults?name=tracktik-lost-reply&nth=2", 200, &state)
	if len(state.Active) != 1 || state.Active[0].Nth != 2 || state.Active[0].Times != 1 {
		t.Errorf("active: %+v", state.Active)
	}
	token := s.login()
	before := len(s.world.TrackTik.Employees())
	var codes []int
	for _, email := range []string{"a@acme.example", "b@acme.example", "c@acme.example"} {
		code, _ := s.create(token, email)
		codes = append(codes, code)
	}
	if !slices.Equal(codes, []int{201, 0, 201}) || len(s.world.TrackTik.Employees()) != before+3 {
		t.Errorf("answers %v, %d employees more", codes, len(s.world.TrackTik.Employees())-before)
	}
	var counts Requests
	s.do("GET", "/requests", 200, &counts)
	if i := slices.IndexFunc(counts.TrackTik.Routes, func(r Route) bool { return r.Route == "/rest/v1/employees" }); i < 0 ||
		counts.TrackTik.Routes[i].Statuses["dropped"] != 1 || counts.TrackTik.Writes != 3 {
		t.Errorf("the lost reply is not counted: %+v", counts.TrackTik)
	}

	users := "/api/v1/apps/" + s.world.AppID + "/users"
	s.do("POST", "/faults?name=okta-empty-list&times=1", 200, &state)
	if _, body := s.atOkta(users); body != "[]" {
		t.Errorf("the list is not empty: %.80s", body)
	}
	if _, body := s.atOkta(users); body == "[]" {
		t.Error("the list is empty twice")
	}
}

func TestEveryFaultCanBeSwitchedOnAndOff(t *testing.T) {
	s := newSandbox(t)
	var state struct{ Active []activeFault }
	for _, name := range faultNames() {
		s.do("POST", "/faults?name="+name, 200, &state)
	}
	if len(state.Active) != len(faultList) || !s.world.TrackTik.Rules.TerminationIneffective || s.world.TrackTik.Rules.Store == nil {
		t.Errorf("%d faults are on", len(state.Active))
	}
	s.do("DELETE", "/faults?name=okta-401", 200, &state)
	if len(state.Active) != len(faultList)-1 {
		t.Errorf("%d faults are on, one less was due", len(state.Active))
	}
	s.do("DELETE", "/faults", 200, &state)
	if len(state.Active) != 0 || s.world.TrackTik.Rules.TerminationIneffective || s.world.TrackTik.Rules.Store != nil {
		t.Errorf("faults are on still: %+v", state)
	}
	if code, _ := s.create(s.login(), "late@acme.example"); code != http.StatusCreated {
		t.Errorf("a create answers %d", code)
	}
	if code, _ := s.atOkta("/api/v1/users"); code != http.StatusOK {
		t.Errorf("Okta answers %d", code)
	}
	var refused struct{ Error string }
	s.do("POST", "/faults?name=meteor", 400, &refused)
	s.do("DELETE", "/faults?name=meteor", 404, &refused)
}

func TestAuditMissesPeopleBeforeASync(t *testing.T) {
	var got struct {
		OK            bool
		Disagreements []world.Disagreement
	}
	newSandbox(t).do("GET", "/audit", 200, &got)
	if got.OK || len(got.Disagreements) < 20 {
		t.Errorf("got %+v", got)
	}
}

func TestPageHoldsNoNamesAndLoadsNothingForeign(t *testing.T) {
	s := newSandbox(t)
	for path, kind := range map[string]string{"/": "text/html", "/page.js": "text/javascript", "/page.css": "text/css"} {
		answer, err := s.admin.Client().Get(s.admin.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), kind) {
			t.Errorf("%s: %s, %s, %v", path, answer.Status, answer.Header.Get("Content-Type"), err)
		}
		if policy := answer.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self';") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		for _, bad := range []string{"http://", "https://", "innerHTML", "insertAdjacentHTML", "document.write", "eval("} {
			if strings.Contains(string(body), bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
	}
}

func TestHostileNameIsJSONAndNeverHTML(t *testing.T) {
	s := newSandbox(t)
	answer, err := s.admin.Client().Get(s.admin.URL + "/state?q=script")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "<script") || !strings.Contains(string(body), `\u003cscript\u003e`) ||
		answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v: %s", answer.Header, body)
	}
}

func TestOtherOriginsCannotSteer(t *testing.T) {
	s := newSandbox(t)
	r, err := http.NewRequest(http.MethodPost, s.admin.URL+"/advance", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://elsewhere.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if code, _ := s.send(s.admin, r); code != http.StatusForbidden || s.world.Today() != 0 {
		t.Errorf("answered %d, and it is day %d", code, s.world.Today())
	}
}

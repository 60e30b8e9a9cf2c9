package tracktiktest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tracktik-sync/tracktik/tracktiktest"
)

func TestPasswordGrantAnswersABearerForAnHour(t *testing.T) {
	c := open(t)
	status, got := c.form(passwordForm())
	if status != 200 || got["token_type"] != "Bearer" || got["expires_in"] != 3600.0 || got["refresh_token"] == "" {
		t.Fatalf("got %d %v", status, got)
	}
	parts := strings.Split(got["access_token"].(string), ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts in the token", len(parts))
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Sub    string
		Exp    int64
		Scopes []string
	}
	if err := json.Unmarshal(claims, &said); err != nil {
		t.Fatal(err)
	}
	if said.Sub != "1000" || said.Exp == 0 || len(said.Scopes) == 0 {
		t.Errorf("claims %s", claims)
	}
}

func TestWrongCredentialsAreRefusedInTheWordsOfLeague(t *testing.T) {
	for name, tc := range map[string]struct {
		field, value string
		old          bool
		status       int
		code         string
	}{
		"password":                 {"password", "x", false, 400, "invalid_grant"},
		"password, old":            {"password", "x", true, 401, "invalid_credentials"},
		"user":                     {"username", "x", false, 400, "invalid_grant"},
		"no password":              {"password", "", false, 400, "invalid_request"},
		"client secret":            {"client_secret", "x", false, 401, "invalid_client"},
		"client":                   {"client_id", "x", false, 401, "invalid_client"},
		"grant":                    {"grant_type", "client_credentials", false, 400, "unsupported_grant_type"},
		"scope that is not to get": {"scope", "all:read all:delete", false, 400, "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, func(s *tracktiktest.Server) { s.OAuth.OldErrors = tc.old })
			form := passwordForm()
			form.Set(tc.field, tc.value)
			status, got := c.form(form)
			if status != tc.status || got["error"] != tc.code || got["message"] == nil || got["error_description"] == nil {
				t.Errorf("got %d %v", status, got)
			}
		})
	}
}

func TestClientMayAuthenticateByBasic(t *testing.T) {
	c := open(t)
	form := passwordForm()
	form.Del("client_id")
	form.Del("client_secret")
	req, _ := http.NewRequest("POST", c.srv.URL+tracktiktest.DefaultTokenPath, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(tracktiktest.DefaultClientID, tracktiktest.DefaultClientSecret)
	resp, err := c.srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestCredentialsInTheQueryAreNotSeen(t *testing.T) {
	c := open(t)
	resp, err := c.srv.Client().Post(c.srv.URL+tracktiktest.DefaultTokenPath+"?"+passwordForm().Encode(),
		"application/x-www-form-urlencoded", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 400 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestRefreshTokenIsGoodOnceAndRotates(t *testing.T) {
	c := open(t)
	status, first := c.form(refreshForm(tracktiktest.DefaultRefreshToken))
	if status != 200 {
		t.Fatalf("the first one: %d %v", status, first)
	}
	if status, got := c.form(refreshForm(tracktiktest.DefaultRefreshToken)); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("used again: %d %v", status, got)
	}
	if status, got := c.form(refreshForm(first["refresh_token"].(string))); status != 200 {
		t.Errorf("the next one: %d %v", status, got)
	}
	if status, _ := c.form(refreshForm("made-up")); status != 400 {
		t.Errorf("a made-up one: %d", status)
	}
}

func TestRevokedApprovalEndsAllRefreshTokens(t *testing.T) {
	c := open(t)
	_, got := c.form(passwordForm())
	c.srv.RevokeRefreshTokens()
	for _, token := range []string{tracktiktest.DefaultRefreshToken, got["refresh_token"].(string)} {
		if status, _ := c.form(refreshForm(token)); status != 400 {
			t.Errorf("status %d", status)
		}
	}
}

func TestAccessTokenEndsByThePortalsClock(t *testing.T) {
	clk := newClock()
	c := open(t, func(s *tracktiktest.Server) { s.Now, s.OAuth.ExpiresIn = clk.Now, 10*time.Minute })
	c.must(200, "GET", "/regions/1", "")
	clk.pass(10 * time.Minute)
	c.refused(401, "expired", "GET", "/regions/1", "")
	c.logIn()
	c.must(200, "GET", "/regions/1", "")
	c.srv.ExpireTokens()
	c.refused(401, "expired", "GET", "/regions/1", "")
}

func TestTerminatedIntegrationEmployeeIsLockedOut(t *testing.T) {
	c := open(t)
	if err := c.srv.TerminateEmployee(tracktiktest.IntegrationEmployee); err != nil {
		t.Fatal(err)
	}
	c.refused(401, "", "GET", "/employees", "")
	if status, _ := c.form(passwordForm()); status != 400 {
		t.Errorf("password grant: %d", status)
	}
}

func TestFortyFailedLoginsBlockForTwoHours(t *testing.T) {
	clk := newClock()
	c := open(t, func(s *tracktiktest.Server) { s.Now = clk.Now })
	bad := passwordForm()
	bad.Set("password", "wrong")
	for range 39 {
		c.form(bad)
	}
	clk.pass(2 * time.Minute) // outside the window: those do not count any more
	for range 40 {
		if status, _ := c.form(bad); status != 400 {
			t.Fatalf("status %d before the block", status)
		}
	}
	if status, _ := c.form(passwordForm()); status != 429 {
		t.Errorf("good credentials, blocked: %d", status)
	}
	if n := c.srv.FailedLogins(); n != 79 {
		t.Errorf("%d failed logins", n)
	}
	clk.pass(2*time.Hour - time.Second)
	if status, _ := c.form(passwordForm()); status != 429 {
		t.Errorf("a second early: %d", status)
	}
	clk.pass(time.Second)
	if status, _ := c.form(passwordForm()); status != 200 {
		t.Errorf("after two hours: %d", status)
	}
}

// authorize asks the page for a code and returns the query that the browser goes
// back with.
func authorize(t *testing.T, c *caller, method, decision, verifier string) url.Values {
	t.Helper()
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"response_type": {"code"}, "client_id": {tracktiktest.DefaultClientID},
		"redirect_uri": {"http://127.0.0.1:9/callback"}, "state": {"s-1"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}}
	req, _ := http.NewRequest(method, c.srv.URL+tracktiktest.DefaultAuthorizePath+"?"+q.Encode(),
		strings.NewReader(url.Values{"decision": {decision}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.srv.Client().Transport.RoundTrip(req) // redirects are not followed
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatalf("status %d: %v", resp.StatusCode, err)
	}
	return back.Query()
}

func codeForm(code, verifier string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "client_id": {tracktiktest.DefaultClientID},
		"client_secret": {tracktiktest.DefaultClientSecret}, "redirect_uri": {"http://127.0.0.1:9/callback"},
		"code": {code}, "code_verifier": {verifier}}
}

func TestCodeIsGoodOnceAndOnlyForItsVerifier(t *testing.T) {
	c := open(t)
	back := authorize(t, c, "GET", "", "verifier-1")
	if back.Get("state") != "s-1" {
		t.Errorf("state %q", back.Get("state"))
	}
	if status, got := c.form(codeForm(back.Get("code"), "verifier-1")); status != 200 {
		t.Fatalf("%d %v", status, got)
	}
	if status, _ := c.form(codeForm(back.Get("code"), "verifier-1")); status != 400 {
		t.Errorf("a code used twice: %d", status)
	}
	other := authorize(t, c, "GET", "", "verifier-1").Get("code")
	if status, _ := c.form(codeForm(other, "verifier-2")); status != 400 {
		t.Errorf("a wrong verifier: %d", status)
	}
	elsewhere := codeForm(authorize(t, c, "GET", "", "verifier-1").Get("code"), "verifier-1")
	elsewhere.Set("redirect_uri", "http://127.0.0.1:9/other")
	if status, _ := c.form(elsewhere); status != 400 {
		t.Errorf("another redirect: %d", status)
	}
	if status, _ := c.form(codeForm("", "verifier-1")); status != 400 {
		t.Errorf("no code: %d", status)
	}
}

func TestApprovePageLetsTheAdministratorDecide(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.OAuth.ApprovePage = true })
	resp, err := c.srv.Client().Get(c.srv.URL + tracktiktest.DefaultAuthorizePath + "?client_id=" +
		tracktiktest.DefaultClientID + "&redirect_uri=http://127.0.0.1:9/callback&response_type=code")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if page, _ := io.ReadAll(resp.Body); !strings.Contains(string(page), "Approve") {
		t.Errorf("page %s", page)
	}
	if back := authorize(t, c, "POST", "deny", "v"); back.Get("error") != "access_denied" || back.Has("code") {
		t.Errorf("denied: %v", back)
	}
	if back := authorize(t, c, "POST", "approve", "v"); !back.Has("code") {
		t.Errorf("approved: %v", back)
	}
}

func TestUnregisteredRedirectIsNotFollowed(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) { s.OAuth.RedirectURIs = []string{"https://registered.example/back"} })
	resp, err := c.srv.Client().Get(c.srv.URL + tracktiktest.DefaultAuthorizePath + "?client_id=" +
		tracktiktest.DefaultClientID + "&redirect_uri=http://127.0.0.1:9/callback&response_type=code")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestScopesAndPermissionsGuardEachResource(t *testing.T) {
	c := open(t, func(s *tracktiktest.Server) {
		s.OAuth.Scopes = []string{"core:entities:employees:read", "core:entities:roles:write", "core:entities:regions:read"}
		s.Rules.Forbid = []tracktiktest.Match{{Method: "GET", Path: "/regions/*"}}
	})
	c.must(200, "GET", "/employees/1000", "")
	c.refused(403, "scope core:entities:employees:write", "POST", "/employees", `{}`)
	c.refused(403, "scope", "GET", "/roles", "")
	c.refused(403, "permission", "GET", "/regions/1", "")
	c.list("/regions")
}

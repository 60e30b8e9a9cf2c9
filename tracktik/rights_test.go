package tracktik

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// logins counts the requests for a token.
func logins(srv *tracktiktest.Server) (n int) {
	for _, r := range srv.Requests() {
		if r.Path == tracktiktest.DefaultTokenPath {
			n++
		}
	}
	return n
}

// forbidding answers some calls as if their right were missing.
func forbidding(status int, calls ...tracktiktest.Match) func(*tracktiktest.Server) {
	return func(s *tracktiktest.Server) { s.Rules.Forbid, s.Rules.ForbidStatus = calls, status }
}

func TestA401ForAMissingRightIsAboutThatRightAlone(t *testing.T) {
	srv, c := simulated(t, forbidding(http.StatusUnauthorized, tracktiktest.Match{Method: http.MethodPost, Path: "/employees"}))
	create := func(name string) error {
		var v plan.Values
		v[plan.FirstName], v[plan.LastName], v[plan.Username], v[plan.Email] = "Ana", "Silva", name, name+"@guards.example"
		_, err := c.CreateEmployee(t.Context(), v, plan.RegionID(tracktiktest.HQ))
		return err
	}
	_, err := c.Regions(t.Context())
	ok(t, err)
	for _, name := range []string{"ana", "bea", "cleo"} {
		e := wantError(t, create(name))
		if !e.Forbidden() || e.Credentials() || e.OutcomeUnknown() || e.Refused() || !strings.Contains(e.Error(), "permission") {
			t.Errorf("forbidden %v, credentials %v: %v", e.Forbidden(), e.Credentials(), e)
		}
		_, err := c.Regions(t.Context())
		ok(t, err) // the rest goes on
	}
	if n := logins(srv); n != 2 {
		t.Errorf("%d logins, want the first one and one more", n)
	}
}

func TestA401BeforeAnythingWasReadAsksByARead(t *testing.T) {
	srv, c := simulated(t, forbidding(http.StatusUnauthorized, tracktiktest.Match{Method: http.MethodGet, Path: "/employees"}))
	_, err := c.Employees(t.Context(), func([]plan.Employee) error { return nil })
	if e := wantError(t, err); !e.Forbidden() || e.Credentials() {
		t.Errorf("not a matter of rights: %v", e)
	}
	_, err = c.Regions(t.Context())
	ok(t, err)
	if n := logins(srv); n != 2 {
		t.Errorf("%d logins, want 2", n)
	}
}

func TestA401ForEverythingIsAboutTheCredentials(t *testing.T) {
	srv, c := simulated(t, forbidding(http.StatusUnauthorized, tracktiktest.Match{}))
	for range 3 {
		_, err := c.Regions(t.Context())
		if e := wantError(t, err); !e.Credentials() || e.Forbidden() {
			t.Errorf("not the credentials: %v", e)
		}
	}
	if n := logins(srv); n != 2 {
		t.Errorf("%d logins, want 2", n)
	}
}

func TestATokenThatEndsAfterARightWasFoundMissingIsRenewed(t *testing.T) {
	srv, c := simulated(t, forbidding(http.StatusUnauthorized, tracktiktest.Match{Method: http.MethodDelete}))
	for range 2 {
		_, err := c.Regions(t.Context())
		ok(t, err)
		if e := wantError(t, c.Revoke(t.Context(), 1)); !e.Forbidden() {
			t.Error(e)
		}
		srv.ExpireTokens()
	}
	_, err := c.Regions(t.Context())
	ok(t, err)
}

func TestA403ThatSpeaksOfAnAddressSaysWhatToDo(t *testing.T) {
	for text, address := range map[string]bool{
		"Access from your IP address is not allowed": true, "Your IP is not whitelisted": true, "client not on the allow-list": true,
		"your role has no permission to read employees": false, "the address of an employee may not be read": false,
	} {
		p := newPortal(t, always(403, `{"status":403,"error":"`+text+`"}`))
		_, err := client(t, p, nil).Roles(t.Context())
		e := wantError(t, err)
		if !e.Forbidden() || e.AddressRefused() != address || strings.Contains(e.Error(), "scope") == address {
			t.Errorf("%q: address %v: %v", text, e.AddressRefused(), e)
		}
	}
}

func TestALoginThatIsBlockedIsTriedThreeTimesAtMost(t *testing.T) {
	srv, c := simulated(t, func(s *tracktiktest.Server) {
		s.Intercept = tracktiktest.When(tracktiktest.Match{Path: tracktiktest.DefaultTokenPath}, tracktiktest.TooMany(0))
	})
	for range 4 {
		_, err := c.Regions(t.Context())
		e := wantError(t, err)
		if e.Status() != http.StatusTooManyRequests || e.Credentials() || !strings.Contains(e.Error(), "two hours") {
			t.Errorf("%v", e)
		}
	}
	if n := logins(srv); n != 3 {
		t.Errorf("%d requests for a token, want 3", n)
	}
}

// A portal that cannot take roles away does not look as if it kept a last one.
func TestARefusedRevokeIsALastRoleOnlyInWordsAboutARole(t *testing.T) {
	for _, status := range []int{400, 403, 404, 405, 409, 501} {
		_, c := simulated(t, func(s *tracktiktest.Server) { s.Rules.RevokeRefused = status })
		err := c.Revoke(t.Context(), 1)
		var e *Error
		if !errors.As(err, &e) || e.AboutRole() {
			t.Errorf("%d: about a role: %v", status, err)
		}
	}
	_, c := simulated(t, nil)
	if e := wantError(t, c.Revoke(t.Context(), 1)); !e.AboutRole() {
		t.Errorf("the last role: %v", e)
	}
}

// What may not be read is told by the portal's own 403, and by nothing else.
func TestOnlyThePortalsOwn403SaysWhatMayNotBeRead(t *testing.T) {
	const json = "{\"status\":403,\"error\":\"your role has no permission\"}"
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		lacks   string
	}{
		"its own":         {always(403, json), "regions"},
		"a page":          {always(403, "<html><title>Forbidden</title></html>"), ""},
		"nothing":         {always(403, ""), ""},
		"cut":             {always(403, json[:20]), ""},
		"of the address":  {always(403, `{"error":"access from your IP address is not allowed"}`), ""},
		"a refused token": {always(401, json), ""},
		"a limit":         {always(429, json), ""},
		"a fault":         {always(504, json), ""},
		"the firewall": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server", "awselb/2.0")
			always(403, json)(w, r)
		}, ""},
	} {
		_, err := client(t, newPortal(t, test.handler), nil).Regions(t.Context())
		e := wantError(t, err)
		if e.Lacks() != test.lacks || strings.Contains(e.Error(), "may not read regions") != (test.lacks != "") {
			t.Errorf("%s: lacks %q: %v", name, e.Lacks(), e)
		}
	}
}

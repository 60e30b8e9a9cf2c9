package okta

import (
	"slices"
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/sync/plan"
)

func TestAnOrgThatRefusesLongPagesIsAskedForShorterOnes(t *testing.T) {
	o := newSimulated(t)
	o.Configure(func(s *oktatest.Server) { s.LargestPage = 3 })
	for range 2 {
		ids, err := o.assigned(t.Context())
		if err != nil || !slices.Equal(ids, o.guards) {
			t.Fatalf("read %v, %v, want %v", ids, err, o.guards)
		}
	}
	if n := o.Count("GET /api/v1/apps/*/users"); n != 1+2*6 { // one refusal, and twelve guards two a page, twice
		t.Errorf("sent %d requests, want 13", n)
	}
	warnings := o.AskedOtherwise()
	if len(warnings) != 1 || warnings[0].Code != plan.WarningAskedOtherwise || !strings.Contains(warnings[0].Message, "pages of 2") {
		t.Errorf("warns of %v", warnings)
	}
}

func TestAPageThatCannotBeShorterIsAnError(t *testing.T) {
	o := newSimulated(t)
	o.Configure(func(s *oktatest.Server) { s.LargestPage = 5 }) // less than the least of an app's groups
	err := o.AssignedGroups(t.Context(), func([]plan.Group) error { return nil })
	if e := wantError(t, err); e.StatusCode != 400 || !strings.Contains(e.Error(), "limit") {
		t.Error(err)
	}
	if n := o.Count("GET /api/v1/apps/*/groups"); n != 5 { // 200, 100, 50, 25, 20
		t.Errorf("sent %d requests, want 5", n)
	}
}

func TestA403ThatSpeaksOfANetworkZoneSaysWhatToDo(t *testing.T) {
	for fault, address := range map[string]bool{"address": true, "rights": false} {
		o := newSimulated(t)
		o.Configure(func(s *oktatest.Server) {
			s.Intercept = map[string]oktatest.Interceptor{"address": oktatest.AddressDenied, "rights": oktatest.Forbidden}[fault]
		})
		_, err := o.App(t.Context())
		e := wantError(t, err)
		if !e.Forbidden() || e.Credentials() || e.AddressRefused() != address || strings.Contains(e.Error(), "administrator role") == address {
			t.Errorf("%s: %v", fault, e)
		}
		if n := len(o.Server.Requests()); n != 1 {
			t.Errorf("%s: %d requests, want 1", fault, n)
		}
	}
}

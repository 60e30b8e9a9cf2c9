package main

import (
	"net/http"
	"strings"
	"testing"

	"tracktik-sync/cmd/tracktik-sync/internal/doctor"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A system that refuses how it is asked stops nobody: what is due is done, and both
// `check` and `status` say for good what is asked otherwise.
func TestASystemThatIsAskedOtherwiseIsNamed(t *testing.T) {
	for name, world := range map[string]struct {
		portal tracktiktest.Manners
		okta   int // the largest page
		check  string
		says   string
	}{
		"limit":           {portal: tracktiktest.Manners{LargestPage: 100}, check: "tracktik.asked", says: "pages of 100"},
		"sort":            {portal: tracktiktest.Manners{RefusedParts: []string{"sort"}}, check: "tracktik.asked", says: "in its own order"},
		"include":         {portal: tracktiktest.Manners{RefusedParts: []string{"include"}}, check: "tracktik.asked", says: "without include"},
		"includeInactive": {portal: tracktiktest.Manners{RefusedParts: []string{"includeInactive"}}, check: "tracktik.asked", says: "without includeInactive"},
		"no words":        {portal: tracktiktest.Manners{RefusedParts: []string{"sort"}, Wordless: true}, check: "tracktik.asked", says: "in its own order"},
		"the version":     {portal: tracktiktest.Manners{Unversioned: true}, check: "tracktik.asked", says: "the version of the api"},
		"okta's limit":    {okta: 100, check: "okta.asked", says: "is asked for pages of"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Manners = world.portal })
			p.okta.Configure(func(s *oktatest.Server) { s.LargestPage = world.okta })
			p.addUser("ana@acme.example", "Ana", "Silva")
			p.diagnose(t, 0).wants(t, world.check, doctor.ResultWarning, world.says)
			p.must(t, "sync", "--init")
			if e := p.portal.Employees(); len(e) != 2 { // and the integration's own
				t.Errorf("%d employees", len(e))
			}
			if out, _ := p.must(t, "status"); !strings.Contains(out, world.says) {
				t.Errorf("the status does not say %q:\n%s", world.says, out)
			}
			if code, out, stderr := p.call(t, "sync", "--refresh"); code != 0 {
				t.Errorf("the second run ended with %d\n%s%s", code, out, stderr)
			}
			p.diagnose(t, 0).wants(t, world.check, doctor.ResultWarning, "report this line")
		})
	}
}

// A portal that says 401 for a missing right keeps its own from what needs it, and nobody
// out of the rest.
func TestARightAnsweredWith401IsNoQuarantine(t *testing.T) {
	p := newPlace(t)
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.must(t, "sync", "--init")
	p.portal.Configure(func(s *tracktiktest.Server) {
		s.Rules.Forbid, s.Rules.ForbidStatus = []tracktiktest.Match{{Method: http.MethodPost, Path: "/employees"}}, http.StatusUnauthorized
	})
	p.addUser("bea@acme.example", "Bea", "Costa")
	p.okta.UpdateUser(p.users["ana@acme.example"], map[string]any{"title": "Chief"})
	code, out, stderr := p.call(t, "sync")
	if code == 0 || !strings.Contains(out+stderr, "permission") {
		t.Errorf("ended with %d\n%s%s", code, out, stderr)
	}
	if status, _ := p.must(t, "status"); strings.Contains(status, "quarantine") {
		t.Errorf("the portal is in quarantine:\n%s", status)
	}
	p.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Forbid = nil })
	p.must(t, "retry", "bea@acme.example")
	p.must(t, "sync")
	if n := len(p.portal.Employees()); n != 3 {
		t.Errorf("%d employees, want 3", n)
	}
}

func TestCheckSaysWhoKeepsThisMachineOut(t *testing.T) {
	p := newPlace(t)
	p.okta.Configure(func(s *oktatest.Server) { s.Intercept = oktatest.AddressDenied })
	p.diagnose(t, 1).wants(t, "okta.app", doctor.ResultFailed, "let this machine's address in")
}

package tracktiktest_test

import (
	"testing"

	"tracktik-sync/sync/apidoc"
	"tracktik-sync/tracktik/tracktiktest"
)

// The vendor's document is not ours to pass on; the description of what is used of it is,
// and every kind of answer of the simulated portal is held to that.
func TestAnswersFitTheDescription(t *testing.T) {
	judge, err := apidoc.Portal()
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, func(s *tracktiktest.Server) { s.Intercept, s.Rules.EmployeeRoles = judge.Between, true })
	walk(c)
	for _, call := range [][3]string{
		{"GET", "/employees/7", ""}, {"GET", "/employees?page=2", ""}, {"POST", "/employees", `{"firstName":"Ada"}`}, {"DELETE", "/user-roles/1", ""},
		{"POST", "/employees/1000/actions/terminate", `{"date":"2026-11-23"}`}, {"GET", "/regions?limit=2000", ""},
	} {
		c.call(call[0], call[1], call[2])
	}
	c.form(refreshForm("none"))
	for _, wrong := range judge.Wrong() {
		t.Error(wrong)
	}
	if unseen := judge.Unseen(); len(unseen) > 0 {
		t.Errorf("described, and not tried: %v", unseen)
	}
}

func TestWhatIsNotDescribedDoesNotFit(t *testing.T) {
	judge, err := apidoc.Portal()
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, func(s *tracktiktest.Server) { s.Intercept = judge.Between })
	for n, call := range [][3]string{
		{"GET", "/employees?lastName=Byron", ""},                       // a filter that the portal has, and nobody uses
		{"GET", "/employees/1000/actions", ""},                         // no such path
		{"PATCH", "/employees/1000", `{"jobTitle":"Guard","tags":[]}`}, // fits
	} {
		c.call(call[0], call[1], call[2])
		if got, want := len(judge.Wrong()), min(n+1, 2); got != want {
			t.Errorf("after %v: %d do not fit, want %d: %v", call, got, want, judge.Wrong())
		}
	}
	c.srv.Configure(func(s *tracktiktest.Server) {
		s.Intercept = tracktiktest.Chain(judge.Between, tracktiktest.Null)
	})
	c.call("GET", "/regions", "")
	if n := len(judge.Wrong()); n != 3 {
		t.Errorf("an answer of null fits: %v", judge.Wrong())
	}
}

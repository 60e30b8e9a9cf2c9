package control

import (
	"slices"
	"strings"
	"testing"

	"tracktik-sync/cmd/tracktik-sandbox/internal/world"
)

type logAnswer struct {
	Events []event `json:"events"`
}

func isLeaver(e event) bool { return e.Type == "user.lifecycle.deactivate" }

func TestLeaversAreInTheSystemLog(t *testing.T) {
	s := newSandbox(t)
	var before, after logAnswer
	s.do("GET", "/log?limit=1", 200, &before)
	var life struct{ Events []world.Event }
	s.do("POST", "/life?kinds=deactivate&seed=3", 200, &life)
	s.do("GET", "/log", 200, &after)
	i := slices.IndexFunc(after.Events, func(e event) bool { return e.UUID == before.Events[0].UUID })
	if i < 1 || !slices.ContainsFunc(after.Events[:i], isLeaver) {
		t.Fatalf("after %v the latest are %+v", life.Events, after.Events[:max(i, 3)])
	}
	leaver := after.Events[slices.IndexFunc(after.Events, isLeaver)]
	var found logAnswer
	s.do("GET", "/log?limit=0&q="+leaver.Targets[0].ID, 200, &found)
	other := func(e event) bool {
		return !strings.Contains(strings.ToLower(e.words()), strings.ToLower(leaver.Targets[0].ID))
	}
	if len(found.Events) < 2 || slices.ContainsFunc(found.Events, other) {
		t.Errorf("about the leaver there are %+v", found.Events)
	}
	if status, body := s.atOkta("/api/v1/logs?sortOrder=ASCENDING&limit=1000"); status != 200 || !strings.Contains(body, leaver.UUID) {
		t.Errorf("the org answers %d without the event", status)
	}
}

func TestFaultsOfTheSystemLogAreSwitched(t *testing.T) {
	s := newSandbox(t)
	leave := func(seed string) (logged bool) {
		var life struct{ Events []world.Event }
		s.do("POST", "/life?kinds=deactivate&seed="+seed, 200, &life)
		var log logAnswer
		s.do("GET", "/log?limit=3", 200, &log)
		return slices.ContainsFunc(log.Events, isLeaver)
	}
	var faults any
	s.do("POST", "/faults?name=okta-log-lost", 200, &faults)
	if leave("1") {
		t.Error("a lost event is in the log")
	}
	s.do("DELETE", "/faults", 200, &faults)
	if !leave("2") {
		t.Error("with the fault off, a leaver is not in the log")
	}
	s.do("POST", "/faults?name=okta-log-403", 200, &faults)
	if status, _ := s.atOkta("/api/v1/logs"); status != 403 {
		t.Errorf("without the right to it the log answers %d", status)
	}
}

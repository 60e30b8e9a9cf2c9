package main

import (
	"strings"
	"testing"
)

func TestEveryRequestSaysWhoAsksAndInWhichVersion(t *testing.T) {
	p := newPlace(t)
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.must(t, "check")
	p.must(t, "sync", "--init")
	agents := map[string]int{}
	for _, r := range p.okta.Requests() {
		agents[r.Header.Get("User-Agent")]++
	}
	for _, r := range p.portal.Requests() {
		agents[r.Header.Get("User-Agent")]++
	}
	for agent, n := range agents {
		if !strings.HasPrefix(agent, "tracktik-sync/"+version) {
			t.Errorf("%d requests came from %q", n, agent)
		}
	}
	if len(agents) == 0 {
		t.Error("no requests were seen")
	}
}

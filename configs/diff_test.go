package configs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiffNamesEachKeyThatDiffers(t *testing.T) {
	dir := t.TempDir()
	one, two := write(t, dir, "one", "k"), write(t, dir, "two", "k")
	staging, _ := mustLoad(t, with("sync: {mode: observe, groups: {roles: {Site 1: Guard, Site 2: Guard}}}", "state: {path: /var/lib/a.db, key_file: "+one+"}", "schedule: {refresh_every: 1h}"))
	production, _ := mustLoad(t, with("sync: {groups: {names: ['Site *'], roles: {Site 2: Guard, Site 1: Guard}}}", "state: {path: /var/lib/a.db, key_file: "+two+"}"))
	want := []Difference{
		{"sync.mode", "observe", "apply"},
		{"sync.groups.names", "[]", "[Site *]"},
		{"schedule.refresh_every", "1h", "24h"},
		{"state.key_file", one, two},
	}
	if diff := cmp.Diff(want, staging.Diff(production)); diff != "" {
		t.Errorf("want (-) and got (+):\n%s", diff)
	}
	if list := staging.Diff(staging); len(list) > 0 {
		t.Errorf("a configuration differs from itself: %v", list)
	}
}

func TestDiffShowsNoSecret(t *testing.T) {
	a, _ := mustLoad(t, with("state: {path: /var/lib/a.db}"), "TRACKTIK_SYNC_STATE_KEY=0123456789abcdef0123456789abcdef")
	b, _ := mustLoad(t, with("state: {path: /var/lib/a.db}"), "TRACKTIK_SYNC_STATE_KEY=fedcba9876543210fedcba9876543210")
	list := a.Diff(b)
	if len(list) != 1 || list[0].Key != "state.key" {
		t.Fatalf("the difference is %v", list)
	}
	if text := list[0].Here + list[0].There; strings.Contains(text, "0123") || strings.Contains(text, "fedc") {
		t.Errorf("a secret is shown: %s", text)
	}
}

package ui

import (
	"strings"
	"testing"
)

func TestEveryCodeHasAWayOut(t *testing.T) {
	for _, ways := range []map[string]string{ProblemWays, HeldWays} {
		for code, way := range ways {
			if way == "" || strings.HasSuffix(way, ".") {
				t.Errorf("%s: %q", code, way)
			}
		}
	}
	if WayOut("something new") == "" {
		t.Error("an unknown code leaves people alone")
	}
}

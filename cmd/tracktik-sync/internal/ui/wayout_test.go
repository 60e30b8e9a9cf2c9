package ui

import (
	"strings"
	"testing"
)

func TestEveryCodeHasAWayOut(t *testing.T) {
	for code, way := range WaysOut {
		if way == "" || strings.HasSuffix(way, ".") {
			t.Errorf("%s: %q", code, way)
		}
	}
	if WayOut("something new") == "" {
		t.Error("an unknown code leaves people alone")
	}
}

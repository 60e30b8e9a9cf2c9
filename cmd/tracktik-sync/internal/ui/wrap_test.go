package ui

import (
	"strings"
	"testing"
	"time"
)

func TestLinesAreCarriedOverBelowTheirLastColumn(t *testing.T) {
	screen := Screen{Width: 40}
	for line, want := range map[string]string{
		"short": "short",
		"refused  Ana Silva has no region, and there is no default": "refused  Ana Silva has no region, and\n         there is no default",
		"  to let these pass: tracktik-sync sync --approve 0123":    "  to let these pass: tracktik-sync sync\n    --approve 0123",
		"0123456789012345678901234567890123456789012345678 more":    "0123456789012345678901234567890123456789012345678\n  more",
	} {
		if got := screen.Lay(line); got != want {
			t.Errorf("%q becomes\n%s", line, got)
		}
	}
	coloured := Colour.Bad("refused") + "  " + strings.Repeat("word ", 12)
	for _, row := range strings.Split(screen.Lay(coloured), "\n") {
		if shownWidth(row) > 40 {
			t.Errorf("a row is %d columns wide: %q", shownWidth(row), row)
		}
	}
}

func TestTimesAreThoseOfWhoeverSitsThere(t *testing.T) {
	zone := time.FixedZone("", -5*3600)
	if got := (Screen{Zone: zone}).Lay("since 2026-03-01T02:00:00Z, run 20260301T020000Z-000001"); got != "since 2026-02-28T21:00:00-05:00, run 20260301T020000Z-000001" {
		t.Error(got)
	}
	if got := (Screen{}).Lay("since 2026-03-01T02:00:00Z"); got != "since 2026-03-01T02:00:00Z" {
		t.Error(got)
	}
}

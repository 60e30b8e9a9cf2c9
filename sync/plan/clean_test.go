package plan_test

import (
	"testing"

	"tracktik-sync/sync/plan"
)

func TestNoNameHoldsWhatATerminalObeys(t *testing.T) {
	for text, want := range map[string]string{
		" Site\x1b[2J Airport\r\n": "Site [2J Airport",
		"Site \u202etropriA":       "Site tropriA",
		"Site\tAirport\u0085":      "Site Airport",
		"\u0645\u06cc\u200c\u062e": "\u0645\u06cc\u200c\u062e",
		"Cafe\u0301":               "Caf\u00e9",
		"\x07\u2066":               "",
	} {
		if got := plan.Clean(text); got != want || plan.Clean(got) != got {
			t.Errorf("%q is cleaned to %q, want %q", text, got, want)
		}
	}
}

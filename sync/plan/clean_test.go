package plan_test

import (
	"testing"

	"tracktik-sync/sync/plan"
)

func TestNoNameHoldsWhatATerminalObeys(t *testing.T) {
	for text, want := range map[string]string{
		" Site\x1b[2J Airport\r\n": "Site[2J Airport",
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

// A joiner behind a virama chooses the form of the last letter; elsewhere at an end it
// joins nothing.
func TestAJoinerIsTrimmedWhereItMeansNothing(t *testing.T) {
	const chillu, sinhala, half = "\u0d1c\u0d4b\u0d23\u0d4d\u200d", "\u0d9a\u0dca\u200d", "\u0915\u094d\u200c"
	for text, want := range map[string]string{
		chillu:                      chillu,
		" " + chillu + "\u200d \n":  chillu,
		chillu + "\u200b\u200e":     chillu,
		sinhala:                     sinhala,
		half:                        half,
		half + "\u200d":             half,
		"\u0d1c\u0d4b\u200d":        "\u0d1c\u0d4b",             // a vowel
		"\u0645\u06cc\u200c":        "\u0645\u06cc",             // Persian
		"\u0645\u06cc\u200c \u00a0": "\u0645\u06cc",             // with white space behind
		"\U0001f469\u200d":          "\U0001f469",               // half an emoji
		"\u0915\u094d\u0951\u200d":  "\u0915\u094d\u0951",       // another mark between
		"\u200d\u0915":              "\u0915",                   // at the begin
		"\u0915\u094d\u200d\u0937":  "\u0915\u094d\u200d\u0937", // inside
	} {
		if got := plan.Clean(text); got != want || plan.Clean(got) != got {
			t.Errorf("%+q is cleaned to %+q, want %+q", text, got, want)
		}
		if !plan.LastName.Same(text, want) {
			t.Errorf("%+q and %+q are two values", text, want)
		}
	}
	if plan.LastName.Same(chillu, "\u0d1c\u0d4b\u0d23\u0d4d") {
		t.Error("another glyph is taken for the same value")
	}
	if plan.FoldName(chillu) != plan.FoldName("\u0d1c\u0d4b\u0d23\u0d4d") {
		t.Error("a joiner makes somebody another person")
	}
}

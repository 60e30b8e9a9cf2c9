package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// TestATextIsCleanedBeforeItIsComparedOrSent has a row for each thing that nobody can see, or
// that only a terminal would obey, and for what has to stay.
func TestATextIsCleanedBeforeItIsComparedOrSent(t *testing.T) {
	for sentence, c := range map[string]struct{ text, want string }{
		"plain":                                    {"Ana Silva", "Ana Silva"},
		"spaces around":                            {"  Ana  ", "Ana"},
		"spaces inside stay":                       {"Ana  Silva", "Ana  Silva"},
		"a tab is a space":                         {"Ana\tSilva", "Ana Silva"},
		"a line break is a space":                  {"Ana\nSilva", "Ana Silva"},
		"two line breaks are one":                  {"Ana\r\n\r\nSilva", "Ana Silva"},
		"a break behind a space is none":           {"Ana \nSilva", "Ana Silva"},
		"a line separator":                         {"Ana\u2028Silva\u2029x\u0085y", "Ana Silva x y"},
		"a bell and a null":                        {"A\x07n\x00a", "Ana"},
		"an escape of a terminal":                  {"\x1b[31mAna", "[31mAna"},
		"delete":                                   {"An\x7fa", "Ana"},
		"a mark of direction":                      {"\u202eAna\u202c\u2066x\u2069\u200e\u200f\u061c", "Anax"},
		"a zero-width space":                       {"A\u200bna\ufeff", "Ana"},
		"a soft hyphen":                            {"Sil\u00adva", "Silva"},
		"a vowel separator":                        {"a\u180eb", "ab"},
		"a word joiner":                            {"a\u2060b\u206fc", "abc"},
		"a decomposed letter":                      {"Jose\u0301", "Jos\u00e9"},
		"a composed letter":                        {"Jos\u00e9", "Jos\u00e9"},
		"a mark behind what is taken out":          {"e\u200b\u0301", "\u00e9"},
		"Latin Extended-A":                         {"\u0141\u00f3d\u017a", "\u0141\u00f3d\u017a"},
		"Latin Extended-A, and a space":            {"\u0141 ", "\u0141"},
		"a letter behind Latin Extended-A":         {"\u0180\u200b", "\u0180"},
		"bytes that are no text":                   {"a\xffb", "a\ufffdb"},
		"the first byte of a letter alone":         {"a\xc3", "a\ufffd"},
		"a joiner in Persian stays":                {"\u0645\u200c\u06cc", "\u0645\u200c\u06cc"},
		"a joiner in an emoji stays":               {"\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"},
		"a joiner in Latin goes":                   {"a\u200db", "ab"},
		"a joiner at the beginning goes":           {"\u200d\u0645", "\u0645"},
		"a joiner at the end goes":                 {"\u0645\u200c", "\u0645"},
		"a joiner at the end, before a space":      {"\u0645\u200c ", "\u0645"},
		"a joiner behind a virama stays":           {"\u0d23\u0d4d\u200d", "\u0d23\u0d4d\u200d"},
		"nothing":                                  {"", ""},
		"nothing but space":                        {" \t\u00a0\u3000", ""},
		"a space that does not break is at an end": {"\u00a0Ana\u00a0", "Ana"},
		"a space that does not break, inside":      {"Ana\u00a0Silva", "Ana\u00a0Silva"},
	} {
		if got := plan.Clean(c.text); got != c.want {
			t.Errorf("%s: %q is %q, want %q", sentence, c.text, got, c.want)
		}
		if again := plan.Clean(c.want); again != c.want {
			t.Errorf("%s: cleaned twice, %q is %q", sentence, c.want, again)
		}
	}
}

// TestNamesCompareFoldedTrimmedAndComposed, and that is all in which two names may differ and
// be one.
func TestNamesCompareFoldedTrimmedAndComposed(t *testing.T) {
	for sentence, c := range map[string]struct {
		a, b string
		same bool
	}{
		"case":                              {"ANA@ACME.EXAMPLE", "ana@acme.example", true},
		"case of one letter":                {"Ana", "ana", true},
		"space around":                      {" ana ", "ana", true},
		"space inside":                      {"Site  North", "site north", true},
		"a tab inside":                      {"Site\tNorth", "site north", true},
		"a space that does not break":       {"Site\u00a0North", "site north", true},
		"composed or not":                   {"Jose\u0301", "JOS\u00c9", true},
		"a sharp s":                         {"Stra\u00dfe", "STRASSE", true},
		"a joiner":                          {"\u0645\u200c\u06cc", "\u0645\u06cc", true},
		"what nobody can see":               {"a\u200bna", "ana", true},
		"a space more is another name":      {"an a", "ana", false},
		"an accent more is another name":    {"jos\u00e9", "jose", false},
		"another letter":                    {"ana", "anb", false},
		"a dot more":                        {"a.na", "ana", false},
		"Cyrillic that looks alike":         {"\u0430na", "ana", false},
		"wide letters are others":           {"\uff41na", "ana", false},
		"one is the other's beginning":      {"ana", "anas", false},
		"empty and space":                   {"", " ", true},
		"two words that begin with a space": {" Ana Silva", "ana silva", true},
		"a tilde and what is behind it":     {"a~\x7fb", "a~b", true},
	} {
		if got := plan.FoldName(c.a) == plan.FoldName(c.b); got != c.same {
			t.Errorf("%s: %q and %q are one name: %v", sentence, c.a, c.b, got)
		}
	}
}

// TestAGlobFitsTheWholeText, case folded, and only * is special.
func TestAGlobFitsTheWholeText(t *testing.T) {
	for sentence, c := range map[string]struct {
		glob, text string
		want       bool
	}{
		"the same":                       {"Site North", "site north", true},
		"a beginning is not the whole":   {"Site", "Site North", false},
		"an end is not the whole":        {"North", "Site North", false},
		"a beginning and a star":         {"Site*", "SITE NORTH", true},
		"a star and an end":              {"*north", "Site North", true},
		"a star in between":              {"S*h", "Site North", true},
		"a star for nothing":             {"Site* North", "Site North", true},
		"a star alone":                   {"*", "anything at all", true},
		"a star alone, and nothing":      {"*", "", true},
		"nothing, and something":         {"", "x", false},
		"two stars in the order":         {"*a*b*", "xxaxxbxx", true},
		"two stars, in another order":    {"*a*b*", "xxbxxaxx", false},
		"the same part twice":            {"*ab*ab*", "ab-ab", true},
		"the same part only once":        {"*ab*ab*", "ab", false},
		"begin and end do not overlap":   {"aba*aba", "ababa", false},
		"begin and end side by side":     {"aba*aba", "abaaba", true},
		"the middle comes before an end": {"a*bc*c", "abc", false},
		"a question mark is itself":      {"a?c", "abc", false},
		"brackets are themselves":        {"[ab]", "a", false},
		"a dot is itself":                {"a.c", "abc", false},
		"it begins otherwise":            {"x*", "ax", false},
		"accents count":                  {"jos\u00e9*", "jose silva", false},
		"decomposed":                     {"jose\u0301*", "JOS\u00c9 SILVA", true},
		"admin anywhere":                 {"*admin*", "Super-ADMINs", true},
	} {
		if got := plan.MatchGlob(c.glob, c.text); got != c.want {
			t.Errorf("%s: %q on %q: %v", sentence, c.glob, c.text, got)
		}
		any := plan.MatchAny([]string{"nothing like it", c.glob}, c.text)
		if any != c.want && c.text != "nothing like it" {
			t.Errorf("%s: as one of several: %v", sentence, any)
		}
		if plan.MatchGlob(c.glob, c.text) != plan.MatchGlob(strings.ToUpper(c.glob), c.text) {
			t.Errorf("%s: the case of the glob matters", sentence)
		}
	}
}

package plan_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tracktik-sync/sync/plan"
)

// TestClean trims and composes.
func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " \t\n\u00a0": "", " a  b ": "a  b", "Jose\u0301": "Jos\u00e9", "A": "A", "\u1100\u1161": "\uac00", "\u3000x\u2003": "x",
	} {
		if got := plan.Clean(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestNamesThatAreOne are compared without case, white space and spelling.
func TestNamesThatAreOne(t *testing.T) {
	for _, names := range [][]string{
		{"ana@acme.example", "ANA@Acme.Example", " ana@acme.example "},
		{"site guards", "Site  Guards", "SITE\u00a0GUARDS", "site\tguards"},
		{"jos\u00e9", "JOS\u00c9", "jose\u0301", "JOSE\u0301"},
		{"stra\u00dfe", "STRASSE", "STRA\u1e9eE"},
		{"\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3"},
		{"\uac00", "\u1100\u1161"},
		{"\u212b", "\u00e5", "A\u030a"},
		{"\u13ba", "\uab8a"}, // Cherokee: the small letters are the newer ones
		{"", " ", "\n"},
	} {
		for _, name := range names {
			if plan.FoldName(name) != plan.FoldName(names[0]) {
				t.Errorf("%q and %q are two names: %q, %q", name, names[0], plan.FoldName(name), plan.FoldName(names[0]))
			}
		}
	}
	for _, pair := range [][2]string{{"ana", "an a"}, {"e", "\u00e9"}, {"a@b", "ab"}, {"o", "0"}} {
		if plan.FoldName(pair[0]) == plan.FoldName(pair[1]) {
			t.Errorf("%q and %q are one name", pair[0], pair[1])
		}
	}
}

// TestEveryLetterHasOneFoldedForm, however often it is folded.
func TestEveryLetterHasOneFoldedForm(t *testing.T) {
	for r := rune(0); r < 0x20000; r++ {
		text := "a" + string(r) + "a"
		folded := plan.FoldName(text)
		if again := plan.FoldName(folded); again != folded {
			t.Errorf("%U folds to %q, and that to %q", r, folded, again)
		}
		if lower := unicode.ToLower(r); plan.FoldName("a"+string(lower)+"a") != folded && r != '\u0130' { // İ is not the capital of i outside of Turkish
			t.Errorf("%U and its small letter %U are two", r, lower)
		}
	}
}

// TestGlobs match the whole text, without case; * is any text, and nothing else is
// special.
func TestGlobs(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a/b\nc", true}, {"**", "a", true},
		{"ana", "ana", true}, {"ana", "ANA", true}, {"ANA", "ana", true}, {"ana", "anas", false}, {"ana", "bana", false},
		{"ana*", "ana", true}, {"ana*", "anastasia", true}, {"*ana", "juliana", true}, {"*ana", "anas", false},
		{"*admin*", "Site Administrators", true}, {"*admin*", "admin", true}, {"*admin*", "adm in", false},
		{"a*b*c", "abc", true}, {"a*b*c", "a-b-b-c", true}, {"a*b*c", "acb", false}, {"a*bc*c", "abcc", true}, {"a*bc*c", "abc", false},
		{"a*a", "a", false}, {"a*a", "aa", true}, {"*a*a*", "aba", true}, {"*a*a*", "ab", false},
		{"svc-?", "svc-1", false}, {"svc-?", "svc-?", true}, {"[a]", "a", false}, {"[a]", "[A]", true}, {"a.c", "abc", false}, {`a\*`, "a*", false}, {`a\*`, `a\x`, true},
		{"JOS\u00c9*", "jose\u0301 silva", true}, {"stra\u00dfe", "STRASSE", true}, {" ana ", "ana", true}, {"site  *", "Site North", true},
		{"*@acme.example", "ana@acme.example", true}, {"*@acme.example", "ana@acme.example.evil", false},
	} {
		if got := plan.MatchGlob(c.pattern, c.text); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.text, got)
		}
	}
	if plan.MatchAny(nil, "a") || !plan.MatchAny([]string{"b", "a*"}, "ab") || plan.MatchAny([]string{"b", "c"}, "ab") {
		t.Error("any of several is not any of several")
	}
}

// FuzzFoldName says that a folded name is in its last form, and that neither case nor
// spelling make another one.
func FuzzFoldName(f *testing.F) {
	for _, text := range []string{"", "ana", "Ana Silva", "O'Neil-SMITH Jr.", " Ana  Silva ", "\u0390", "\u1fb3\u0345", "\u03b1\u0345\u0301", "\xff", "\u0130", "\u1e9e", "\u212b", "\u0378", "a\u0300\u0345\u0301",
		"\u017f\u200dx", "\u0d23\u0d4d\u200d", "\u0d4d\u200d\u200c ", "\u00df\u200c\u0307", "e\u200b\u0301\u200d", "\u0645\u200c\u00a0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		folded := plan.FoldName(text)
		if again := plan.FoldName(folded); again != folded {
			t.Errorf("%q folds to %q, and that to %q", text, folded, again)
		}
		if !utf8.ValidString(text) {
			return
		}
		for _, other := range []string{" " + text + "\t", norm.NFD.String(text), norm.NFC.String(text), plan.Clean(text)} {
			if got := plan.FoldName(other); got != folded {
				t.Errorf("%q folds to %q, and %q to %q", text, folded, other, got)
			}
		}
		if clean := plan.Clean(text); plan.Clean(clean) != clean {
			t.Errorf("%q is cleaned to %q, and that to %q", text, clean, plan.Clean(clean))
		} else if !plan.LastName.Same(text, clean) || !norm.NFC.IsNormalString(clean) {
			t.Errorf("%q is cleaned to %q, which is another value", text, clean)
		}
		if !norm.NFC.IsNormalString(folded) {
			t.Errorf("%q folds to %q, which is not composed", text, folded)
		}
	})
}

// FuzzMatchGlob compares with a regular expression that says the same.
func FuzzMatchGlob(f *testing.F) {
	f.Add("a*b*c", "aXbYc")
	f.Add("*admin*", "Site Administrators")
	f.Add("**", "")
	f.Add("a *", "a")
	f.Add("\u03b1*\u0345", "\u03b1x\u0345")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			plan.MatchGlob(pattern, text)
			return
		}
		expr := "(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(plan.FoldName(pattern)), `\*`, ".*") + "$"
		want := regexp.MustCompile(expr).MatchString(plan.FoldName(text))
		if got := plan.MatchGlob(pattern, text); got != want {
			t.Errorf("%q on %q: %v", pattern, text, got)
		}
		if !strings.Contains(pattern, "*") && plan.MatchGlob(pattern, text) != (plan.FoldName(pattern) == plan.FoldName(text)) {
			t.Errorf("%q without a star is not just %q", pattern, text)
		}
	})
}

// FuzzReadDocument says that no file makes a plan that is not the one that was saved.
func FuzzReadDocument(f *testing.F) {
	saved, err := json.Marshal(document())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(saved))
	var empty plan.Document
	empty.Seal()
	small, err := json.Marshal(&empty)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(small))
	f.Add(`{"version":1,"actions":[{"kind":"terminate","changes":[{"field":"name"}]}]}`)
	f.Add(`{"version":1,"held":[{"why":1}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := plan.ReadDocument(strings.NewReader(text))
		if err != nil {
			return
		}
		if d.Version != plan.DocumentVersion || d.Hash != d.ComputeHash() {
			t.Errorf("read version %d, hash %q", d.Version, d.Hash)
		}
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, err := plan.ReadDocument(strings.NewReader(string(again)))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if back.Hash != d.Hash || len(back.Actions) != len(d.Actions) {
			t.Errorf("written and read, another plan: %q, %q", d.Hash, back.Hash)
		}
	})
}

// TestLettersOfEuropeStayAsTheyAre says that the way that spares them the tables of Unicode
// gives what the tables give.
func TestLettersOfEuropeStayAsTheyAre(t *testing.T) {
	for r := '\u00c0'; r <= '\u017f'; r++ {
		text := "a" + string(r) + "é"
		if byTables := plan.Clean("\u200b" + text); plan.Clean(text) != text || byTables != text {
			t.Errorf("%q is cleaned to %q, and by the tables to %q", text, plan.Clean(text), byTables)
		}
	}
}

package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// When two texts are one value: names of accounts without case, phones by their digits, all
// else to the letter, in its clean form.

// TestWhenTwoTextsAreOneValue has a row for each way of writing, and the fields in which it
// makes no difference.
func TestWhenTwoTextsAreOneValue(t *testing.T) {
	account, phone := []plan.Field{plan.Username, plan.Email}, []plan.Field{plan.PrimaryPhone, plan.SecondaryPhone}
	everywhere := append([]plan.Field{plan.Region}, plan.RecordFields[:]...)
	for _, row := range []struct {
		name string
		a, b string
		same []plan.Field
	}{
		{"the same", "Ana 7", "Ana 7", everywhere},
		{"both empty", "", "", everywhere},
		{"one empty", "Ana 7", "", nil},
		{"space around", " Ana 7\t", "Ana 7", everywhere},
		{"a line break inside", "Ana\n7", "Ana 7", everywhere},
		{"two spaces inside", "Ana  Silva", "Ana Silva", account},
		{"another case", "ANA", "ana", account},
		{"composed and not", "Jos\u00e9", "Jose\u0301", everywhere},
		{"an accent less", "José", "Jose", nil},
		{"signs in a number", "+1 (555) 010-0199", "1.555.010.0199", phone},
		{"a number and a word", "555 0199 home", "5550199", phone},
		{"words without a number", "home", "work", nil},
		{"a word in another case, without a number", "Home", "home", account},
		{"a 0 more", "555 010", "555 01", nil},
		{"a 0 inside", "555 0199", "555 199", nil},
		{"a 9 more", "555 0199", "555 019", nil},
		{"digits in another order", "555 0199", "555 9910", nil},
		{"the code of a country", "+1 555 010 0199", "555 010 0199", nil}, // is no change of what was told; see Keeps
		{"other digits of the same worth", "٥٥٥", "555", nil},
		{"a sign that only a terminal obeys", "Ana\x1b", "Ana", everywhere},
	} {
		same := map[plan.Field]bool{}
		for _, f := range row.same {
			same[f] = true
		}
		for _, f := range everywhere {
			if f.Same(row.a, row.b) != same[f] || f.Same(row.b, row.a) != same[f] {
				t.Errorf("%s: %q and %q are one %s: %v", row.name, row.a, row.b, f, f.Same(row.a, row.b))
			}
		}
	}
}

// TestAValueIsTheSameAsItself, and one value as another as that one as it.
func TestAValueIsTheSameAsItself(t *testing.T) {
	r := random(t)
	letters := []string{"a", "A", "é", "e\u0301", " ", "0", "9", "5", "+", "-", "ß", "SS", "\u200d", "\n", "İ", ""}
	text := func() (s string) {
		for range r.IntN(5) {
			s += pick(r, letters...)
		}
		return s
	}
	for range 5000 {
		f, a, b := plan.Field(r.IntN(int(plan.NumFields))), text(), text()
		if !f.Same(a, a) || f.Same(a, b) != f.Same(b, a) {
			t.Fatalf("%s: %q and %q", f, a, b)
		}
		if f.Same(a, b) != f.Same(plan.Clean(a), plan.Clean(b)) {
			t.Fatalf("%s: %q and %q are one value: %v, and clean they are not", f, a, b, f.Same(a, b))
		}
	}
}

// TestASetOfFieldsHoldsWhatItWasGiven.
func TestASetOfFieldsHoldsWhatItWasGiven(t *testing.T) {
	for f := plan.Field(0); f < plan.NumFields; f++ {
		one := plan.FieldSet(0).With(f)
		all := plan.FieldSet(0).With(plan.RecordFields[:]...).With(plan.Region)
		for g := plan.Field(0); g < plan.NumFields; g++ {
			if one.Has(g) != (f == g) || all.Without(f).Has(g) != (f != g) || !all.With(f).Has(g) {
				t.Errorf("a set of %s has %s: %v", f, g, one.Has(g))
			}
		}
		if one.Without(f) != 0 || one.With(f, f) != one || plan.FieldSet(0).Without(f) != 0 {
			t.Errorf("a set of %s is not what it was given", f)
		}
	}
}

// TestADayThatCannotBeReadSaysWhatWouldBe: with the configured layout, and without one.
func TestADayThatCannotBeReadSaysWhatWouldBe(t *testing.T) {
	for layout, says := range map[string]string{"": "not as 2026-03-31, not as 2026-03-31T00:00:00Z",
		"DD.MM.YYYY": "nor by DD.MM.YYYY"} {
		_, err := plan.ParseDay("tomorrow", layout)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "nor by") != (layout != "") {
			t.Errorf("by %q it says %v", layout, err)
		}
	}
	for _, layout := range []string{"DD.MM", "YYYY", "", "MM/DD/YY"} {
		if _, err := plan.DayLayout(layout); err == nil || !strings.Contains(err.Error(),
			"has to hold YYYY, MM or M, and DD or D") {
			t.Errorf("the layout %q: %v", layout, err)
		}
	}
	if _, err := plan.DayLayout("YYYY-MM-DD hh"); err == nil || !strings.Contains(err.Error(),
		"letters or digits besides") {
		t.Errorf("a layout with hours: %v", err)
	}
}

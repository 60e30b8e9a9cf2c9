package ui

import (
	"fmt"
	"testing"

	"tracktik-sync/sync/plan"
)

// TestManyChangesThatSayTheSameAreOneLine, and no few are.
func TestManyChangesThatSayTheSameAreOneLine(t *testing.T) {
	for n, want := range map[int]string{listed: "50 rows, the first of 1", listed + 1: "2 rows, the first of 50"} {
		var rows []plan.ObservedChange
		for i := range n {
			rows = append(rows, plan.ObservedChange{Kind: plan.Update, Field: "jobTitle", User: plan.UserRef{Login: fmt.Sprint(i)}, Okta: fmt.Sprint(i)})
		}
		rows[n-1].Note = "another reason"
		got := folded(rows)
		if text := fmt.Sprintf("%d rows, the first of %d", len(got), len(got[0])); text != want {
			t.Errorf("%d: %s, want %s", n, text, want)
		}
	}
}

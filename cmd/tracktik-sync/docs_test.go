package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestEveryCodeIsExplainedToPeople holds the troubleshooting page to the codes that the
// program can show.
func TestEveryCodeIsExplainedToPeople(t *testing.T) {
	page, err := os.ReadFile("../../configs/docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	for code := range waysOut {
		if !strings.Contains(string(page), "`"+code+"`") {
			t.Errorf("the code %s is not on the page", code)
		}
	}
}

// TestTheFirstCredentialToEndIsTheOneThatIsTold holds the metric: one end a system.
func TestTheFirstCredentialToEndIsTheOneThatIsTold(t *testing.T) {
	soon := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	late := soon.AddDate(1, 0, 0)
	first := firstEnds([]credentialEnd{{"okta", "a", late}, {"okta", "b", soon}, {"tracktik", "c", late}})
	if !first["okta"].Equal(soon) || !first["tracktik"].Equal(late) || len(first) != 2 {
		t.Errorf("first ends: %v", first)
	}
}

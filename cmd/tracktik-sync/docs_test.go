package main

import (
	"os"
	"strings"
	"testing"
)

// TestEveryCodeIsExplainedToPeople holds the troubleshooting page to the codes that the
// program can show.
func TestEveryCodeIsExplainedToPeople(t *testing.T) {
	page, err := os.ReadFile("../../.github/TROUBLESHOOTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for code := range waysOut {
		if !strings.Contains(string(page), "`"+code+"`") {
			t.Errorf("the code %s is not on the page", code)
		}
	}
}

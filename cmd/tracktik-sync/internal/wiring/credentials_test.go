package wiring

import (
	"testing"
	"time"
)

// TestTheFirstCredentialToEndIsTheOneThatIsTold holds the metric: one end a system.
func TestTheFirstCredentialToEndIsTheOneThatIsTold(t *testing.T) {
	soon := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	late := soon.AddDate(1, 0, 0)
	first := FirstEnds([]CredentialEnd{{"okta", "a", late}, {"okta", "b", soon}, {"tracktik", "c", late}})
	if !first["okta"].Equal(soon) || !first["tracktik"].Equal(late) || len(first) != 2 {
		t.Errorf("first ends: %v", first)
	}
}

package ledger

import (
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

func TestAGivenUpProblemIsNotTriedAgainAndARefusedRemovalIsSettledInTrackTik(t *testing.T) {
	next := time.Now().Add(time.Hour)
	rows := troubleRows([]plan.Trouble{
		{Kind: plan.Create, Code: plan.ProblemGivenUp, NextTry: &next},
		{Kind: plan.Terminate, Code: plan.ProblemRefused, NextTry: &next},
		{Kind: plan.RevokeRole, Code: plan.ProblemRefused, NextTry: &next},
		{Kind: plan.Update, Code: plan.ProblemRefused, NextTry: &next},
	})
	for i, way := range []string{"retry USER", "terminate the employee there", "take the role away there", "in Okta"} {
		if tried := rows[i].NextTry != nil; tried != (i > 0) || !strings.Contains(rows[i].WayOut, way) {
			t.Errorf("row %d: next try %v, way out %q, want %q", i, rows[i].NextTry, rows[i].WayOut, way)
		}
	}
	if text := rows[0].nextTry(); text != "given up" {
		t.Errorf("it is said to be tried %q", text)
	}
}

package ledger

import (
	"strings"

	"tracktik-sync/sync/plan"
)

// Redact takes out of a run's document and record what the history leaves out, where
// it was recorded before state.redact_history was switched on.
func Redact(d *plan.Document, run *plan.RunRecord) {
	run.Message = d.LoginsToIDs().Replace(run.Message)
	run.Users = plan.LeftOut(run.Users)
	*d = *d.Redacted()
}

// redactEntry leaves out of an entry what was recorded before state.redact_history was
// switched on.
func redactEntry(a plan.Audit) plan.Audit {
	if a.Login != "" && a.Person != "" {
		ids := strings.NewReplacer(a.Login, string(a.Person))
		a.Reason, a.Message = ids.Replace(a.Reason), ids.Replace(a.Message)
	}
	a.Login = ""
	a.Changes = plan.RedactedChanges(a.Changes)
	return a
}

package sync

import (
	"errors"

	"tracktik-sync/sync/plan"
)

// The codes with which a run ends.
const (
	ExitDone     = 0
	ExitFailed   = 1
	ExitUsage    = 2
	ExitRefused  = 3
	ExitProblems = 4
	ExitLocked   = 5
	ExitPending  = 10
)

// ExitCode is the code of a run that ended with doc and err; problems is
// sync.problems_exit: "4", "new" or "0".
func ExitCode(doc *plan.Document, err error, problems string) int {
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		return ExitRefused
	case err != nil:
		return ExitFailed
	case doc == nil || doc.Result == nil:
		return ExitDone
	}
	res := doc.Result
	any := len(doc.Problems) > 0 || res.Failed > 0 || res.Unknown > 0
	switch {
	case problems == "0", !any, problems == "new" && res.NewProblems == 0:
		return ExitDone
	}
	return ExitProblems
}

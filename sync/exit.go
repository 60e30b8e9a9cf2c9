package sync

import (
	"errors"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// The exit codes of a run and of every command. Schedulers and scripts rely on them.
const (
	ExitDone     = 0
	ExitFailed   = 1  // failed, or cut short with work left
	ExitUsage    = 2  // bad usage or configuration
	ExitRefused  = 3  // a guard, a stale plan, no snapshot, other systems
	ExitProblems = 4  // finished, some persons have problems
	ExitLocked   = 5  // another run has the snapshot
	ExitPending  = 10 // with --detailed-exitcode: changes are pending
)

// ExitCode is the code of a run that ended with doc and err; problems is
// sync.problems_exit: "4", "new" or "0".
func ExitCode(doc *plan.Document, err error, problems string) int {
	var refused *read.RefusedError
	var managed *ManagedError
	var config *read.ConfigError
	switch {
	case errors.As(err, &managed), errors.As(err, &config):
		return ExitUsage
	case errors.As(err, &refused):
		return ExitRefused
	case err != nil:
		return ExitFailed
	case doc == nil:
		return ExitDone
	case doc.Result == nil && len(doc.Guard.Refusals) > 0:
		return ExitRefused
	}
	any, fresh := len(doc.Problems) > 0, 0
	if res := doc.Result; res != nil {
		any, fresh = any || res.Failed > 0 || res.Unknown > 0, res.NewProblems
	}
	switch {
	case problems == "0", !any, problems == "new" && fresh == 0:
		return ExitDone
	}
	return ExitProblems
}

// ErrClock says that the clocks of the three systems are too far apart for
// terminations.
var ErrClock = errors.New("the clocks disagree")

// A StoppedError says that the run ended before its plan did. What was done is recorded;
// the next run goes on.
type StoppedError = apply.StoppedError

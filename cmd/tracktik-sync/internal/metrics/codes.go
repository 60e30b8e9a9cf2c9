package metrics

import (
	"slices"

	"tracktik-sync/sync/plan"
)

// The codes that a label may hold, in the order of their constants.
var (
	problemCodes = []string{
		plan.ProblemMissingRequired, plan.ProblemInvalidValue, plan.ProblemDuplicate, plan.ProblemNameInUse,
		plan.ProblemUnknownRegion, plan.ProblemAmbiguousRegion, plan.ProblemAmbiguousMatch, plan.ProblemInactiveMatch,
		plan.ProblemProtectedMatch, plan.ProblemAdoptOff, plan.ProblemRefused, plan.ProblemValueNotKept,
		plan.ProblemNotEffective, plan.ProblemSwap, plan.ProblemGivenUp,
	}
	heldCodes = []string{
		plan.HeldSwitchedOff, plan.HeldGuard, plan.HeldSuspended, plan.HeldUnreadable, plan.HeldUnconfirmed,
		plan.HeldNotVisible, plan.HeldProtected, plan.HeldDoubtfulMatch, plan.HeldAdoptedDiffers, plan.HeldHasOtherRole,
		plan.HeldLastRole, plan.HeldRoleExists, plan.HeldAmbiguousMapping, plan.HeldProtectedRole, plan.HeldUnassignedGrace, plan.HeldOutOfScope,
		plan.HeldTerminatedElsewhere, plan.HeldBannedElsewhere, plan.HeldPending, plan.HeldRestored, plan.HeldClock,
	}
)

// otherCode stands for a code that is not known: a text that was meant for people
// may hold anything, and never becomes a label.
const otherCode = "other"

func oneOf(codes []string, code string) string {
	if slices.Contains(codes, code) {
		return code
	}
	return otherCode
}

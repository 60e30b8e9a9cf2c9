package ui

import (
	"cmp"

	"tracktik-sync/sync/plan"
)

// ProblemWays say what settles a problem, by its code. It has every code.
var ProblemWays = map[string]string{
	plan.ProblemMissingRequired: "fill the attribute in Okta, or name another source for it in sync.attributes",
	plan.ProblemInvalidValue:    "correct the attribute in Okta, or name another source for it in sync.attributes",
	plan.ProblemDuplicate:       "two people in Okta have this username or e-mail: give one of them another",
	plan.ProblemNameInUse: "another managed employee has the name: solve that person's problem first; after a " +
		"deletion in Okta wait until it is confirmed",
	plan.ProblemUnknownRegion:   "make the region in TrackTik, or correct the division in Okta",
	plan.ProblemAmbiguousRegion: "several regions have this name: use the region's id as the division in Okta",
	plan.ProblemAmbiguousMatch:  "`link USER EMPLOYEE_ID` says which employee it is",
	plan.ProblemInactiveMatch:   "activate the employee in TrackTik, or `link USER EMPLOYEE_ID` to another one",
	plan.ProblemProtectedMatch: "the employee is protected or an administrator: `link` somebody else, or change the " +
		"name in Okta",
	plan.ProblemAdoptOff: "`link USER EMPLOYEE_ID`, or sync.adopt: match",
	plan.ProblemRefused: "correct what TrackTik refuses in Okta; changed data are tried at once, as with " +
		"`retry USER`",
	plan.ProblemValueNotKept: "TrackTik does not keep this value: correct it in Okta, then `retry USER`",
	plan.ProblemNotEffective: "terminate the employee in TrackTik by hand, then `retry USER`",
	plan.ProblemSwap:         "two people swap names: give one of them a third one for a run",
	plan.ProblemGivenUp:      "it was tried for 28 days: settle it, then `retry USER`, or `forget USER`",
	plan.ProblemUnconfirmed: "find out whether the person has left, and what keeps the look-up from an answer " +
		"(`check`); if they have left, end the employee in TrackTik by hand",
}

// retireWays say what to do about whom `retire` leaves alone.
var retireWays = map[string]string{
	plan.RetireManaged:       "nothing: a run terminates them when they leave",
	plan.RetireNotFound:      "look for the employee in TrackTik; the integration's account may not see their region",
	plan.RetireNotActive:     "nothing, or end them in TrackTik",
	plan.RetireBadName:       "name an employee's id, or an Okta id, login or e-mail",
	string(plan.NotAssigned): "if they have left: deactivate them in Okta; if not: assign the app",
	string(plan.Nobody):      "ask HR who they are, and end them in TrackTik",
	string(plan.Doubtful):    "look at both records; end them in TrackTik where the person has left",
}

// HeldWays say the same of held actions.
var HeldWays = map[string]string{
	plan.HeldNotStarted:  "nothing: the employee is made on the first day; sync.start decides",
	plan.HeldEnded:       "nothing, or move the last day on in Okta; sync.end decides",
	plan.HeldSwitchedOff: "a switch in sync.* is off",
	plan.HeldGuard:       "look at the plan, then `sync --approve HASH`; `status` lists the hashes",
	plan.HeldSuspended:   "nothing until Okta ends the suspension; sync.suspended decides",
	plan.HeldUnreadable:  "Okta does not show the person, or not all of them: check the rights of the token",
	plan.HeldUnconfirmed: "what it rests on could not be confirmed: it is looked up again in the next run",
	plan.HeldNotVisible: "Okta does not show many people: check the program's rights there; deleted people " +
		"are confirmed after guard.deleted_grace, or by an approval",
	plan.HeldProtected:      "sync.protected names the person",
	plan.HeldDoubtfulMatch:  "too little agrees: `link USER EMPLOYEE_ID` if it is the same person",
	plan.HeldAdoptedDiffers: "sync.on_adopt: keep leaves what is there",
	plan.HeldHasOtherRole:   "the person holds a role that the program did not grant: take it away in TrackTik",
	plan.HeldLastRole:       "TrackTik takes nobody's last role: grant another one",
	plan.HeldRoleExists: "a role of that name exists: sync.groups.roles says whether it is meant, or give the " +
		"group another name",
	plan.HeldAmbiguousMapping: "several globs of sync.groups.roles fit the group: name the group itself there, by " +
		"id or by name",
	plan.HeldProtectedRole:   "sync.roles.protected names the role",
	plan.HeldUnassignedGrace: "sync.unassigned_grace is running",
	plan.HeldOutOfScope:      "sync.scope does not take the person in; sync.out_of_scope decides",
	plan.HeldTerminatedElsewhere: "somebody ended the employee in TrackTik; of one who is TERMINATED " +
		"`retry --recreate USER` makes a new one",
	plan.HeldBannedElsewhere: "somebody banned the employee in TrackTik, and it stays so until the ban is lifted, " +
		"or the employee is terminated, there",
	plan.HeldPending:  "an earlier write's outcome is not known yet: it is looked up in the next run",
	plan.HeldRestored: "the person was restored: `forget --restored USER` ends the protection",
	plan.HeldClock:    "set the clocks: they differ by more than five minutes",
}

// WayOutOf says what settles a problem on record: a refused removal is no matter of
// the data in Okta.
func WayOutOf(t *plan.Trouble) string {
	switch {
	case t.Code == plan.ProblemRefused && t.Kind == plan.Terminate:
		return "the leaver can still log in: settle in TrackTik what it refuses, or terminate the employee there; it is " +
			"tried again hourly"
	case t.Code == plan.ProblemRefused && t.Kind == plan.RevokeRole:
		return "the role is still held: settle in TrackTik what it refuses, or take the role away there; it is tried " +
			"again hourly"
	case t.Code == plan.ProblemNotEffective && t.Kind == plan.RevokeRole:
		return "the role is still held: take it away in TrackTik by hand, then `retry USER`"
	case t.Code == plan.ProblemNotEffective && t.Kind != plan.Terminate:
		return "see in TrackTik what became of it; `check` says what the portal does not show; it is looked up in every run"
	case t.Code == plan.ProblemValueNotKept && t.Kind == plan.GrantRole:
		return "find out in TrackTik who or what takes the role away, then `retry USER`"
	}
	return WayOut(t.Code)
}

// WayOut says what settles a problem or a held action of that code.
func WayOut(code string) string {
	return cmp.Or(ProblemWays[code], HeldWays[code], retireWays[code], "`explain USER` shows how it came about")
}

package sync

import (
	"sync"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// facts are what was read: of Okta, of TrackTik, and of the snapshot.
type facts struct {
	people   *roster
	groups   []*pushed
	byGroup  map[plan.GroupID]*pushed
	unpushed []plan.GroupLink // stored groups that are no longer pushed, confirmed
	groupsIn int              // groups that were read
	mappings mappings
	unseen   unseen

	pushedMu  sync.Mutex
	pushedIDs map[plan.GroupID]bool // in a run of single people, where the mode has a list; nil: not read
	unlisted  bool                  // an explanation did not read which groups there are

	regions    *plan.Regions
	portal     plan.PortalRoles
	current    currentState // TrackTik as a refresh read it
	grants     *read.Grants
	troubles   map[plan.PersonID][]plan.Trouble
	pending    map[plan.PersonID]string // people with a write whose outcome is not known
	openGrants map[plan.PersonID]string // people with a grant whose outcome is not known
	stuck      []plan.Problem           // about writes that no look-up has settled in time

	ties   ties           // what Okta's external ids say
	newest *apply.Listing // the listing that new people were matched with; nil: they were looked up

	ownGroups map[plan.PersonID][]plan.Group // of single people that were asked for
	regrouped map[plan.PersonID]bool         // of these, whom the members on record put into other groups
	namesakes map[string][]plan.Person       // users by the names that Okta was asked for
	ownNames  map[plan.PersonID][]string     // of those that are pushed, where expressions ask for them
}

// decided is what follows from the facts.
type decided struct {
	names     plan.Names
	roles     rolePass
	checked   plan.Checked
	plainHash string // the plan's hash without the approvals that it was given
	plainHeld string // and that of what the guards held then
}

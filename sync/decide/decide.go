// Package decide says what follows from a reading, by the rules of package plan: who is
// made, changed or ended, and which roles they get. Where a decision needs what was not
// read, it asks the reading for it, before anything else is decided. It writes nothing.
package decide

import (
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// Decided is what follows from the facts.
type Decided struct {
	Names plan.Names
	Roles RolePass
}

// A Deciding decides what follows from a reading, and asks it for what it lacks. Its parts
// stand lower ones first, as in a reading.
type Deciding struct {
	*read.Reading
	*Decided
	NameDecider    *nameDecider
	PeopleDecider  *peopleDecider
	GroupDecider   *groupDecider
	roleDecider    *roleDecider
	holderReader   *holderReader
	changeFinder   *changeFinder
	rolelessFinder *rolelessFinder
	roleViewer     *roleViewer
	LeftReader     *LeftReader
	GrantDecider   *grantDecider
}

// NewDeciding decides about what r reads.
func NewDeciding(r *read.Reading) *Deciding {
	d := &Deciding{Reading: r, Decided: &Decided{}}
	d.wire()
	return d
}

// wire makes the parts, from the ground up.
func (r *Deciding) wire() {
	b, d := r.Base, r.Decided
	r.NameDecider = &nameDecider{b, d}
	r.PeopleDecider = &peopleDecider{b, d, r.DateReader, r.PortalReader, r.RegionReader, r.Claimer, r.NameDecider, r.NameReader, r.Matcher, &viewRoom{}}
	r.GroupDecider = &groupDecider{b, d, r.PortalReader, r.GroupReader}
	r.roleDecider = &roleDecider{b, d, r.PeopleDecider}
	r.holderReader = &holderReader{b, d, r.roleDecider, r.GrantReader}
	r.changeFinder = &changeFinder{b, d}
	r.rolelessFinder = &rolelessFinder{b, d, r.PortalReader, r.GroupReader, r.holderReader, r.changeFinder}
	r.roleViewer = &roleViewer{b, d, r.PortalReader, r.GrantReader, r.roleDecider}
	r.LeftReader = &LeftReader{b, d}
	r.GrantDecider = &grantDecider{b, d, r.GroupDecider, r.rolelessFinder, r.changeFinder, r.roleViewer, r.LeftReader, r.holderReader, r.roleDecider}
}

// The warnings of decisions.
const (
	warnNewRole   = "role_without_permissions"
	warnManyRoles = "several_roles"
	warnDefault   = "default_region"
)

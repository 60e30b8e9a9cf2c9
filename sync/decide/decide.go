// Package decide says what follows from a reading, by the rules of package plan: who is
// made, changed or ended, and which roles they get. It asks nobody: what it needs has been
// asked for by package ask, and it knows neither the two systems nor the snapshot.
package decide

import (
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// Decided is what follows from the facts.
type Decided struct {
	Names plan.Names
	Roles RolesKnown
	// Together are everybody's roles, in a whole run after the creates of new people: of a
	// first run that is nearly the plan, and it stands in memory once.
	Together plan.Decision
}

// A Deciding decides what follows from a reading.
type Deciding struct {
	*read.Reading
	*Decided
	NameDecider    *NameDecider
	PeopleDecider  *PeopleDecider
	GroupDecider   *GroupDecider
	HoldingDecider *HoldingDecider
	RoleDecider    *RoleDecider
	GrantDecider   *GrantDecider
}

// New decides about what r reads.
func New(r *read.Reading) *Deciding {
	b, f := r.Base, &Decided{Roles: newRolesKnown()}
	d := &Deciding{Reading: r, Decided: f, NameDecider: &NameDecider{b, f},
		PeopleDecider: &PeopleDecider{b, f, r.DateReader, &viewRoom{}}, GroupDecider: &GroupDecider{b, f},
		HoldingDecider: &HoldingDecider{b, f}}
	d.RoleDecider = &RoleDecider{b, f, d.PeopleDecider}
	d.GrantDecider = &GrantDecider{b, f, d.RoleDecider}
	return d
}

// The warnings of decisions.
const (
	warnNewRole   = "role_without_permissions"
	warnManyRoles = "several_roles"
	warnDefault   = "default_region"
)

package sync

import (
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// decided is what follows from the facts.
type decided struct {
	names plan.Names
	roles rolePass
}

// A deciding decides what follows from a reading, and asks it for what it lacks. Its parts
// stand lower ones first, as in a reading.
type deciding struct {
	*read.Reading
	*decided
	nameDecider    *nameDecider
	peopleDecider  *peopleDecider
	groupDecider   *groupDecider
	roleDecider    *roleDecider
	holderReader   *holderReader
	changeFinder   *changeFinder
	rolelessFinder *rolelessFinder
	roleViewer     *roleViewer
	leftReader     *leftReader
	grantDecider   *grantDecider
}

// newDeciding decides about what r reads.
func newDeciding(r *read.Reading) *deciding {
	d := &deciding{Reading: r, decided: &decided{}}
	d.wire()
	return d
}

// wire makes the parts, from the ground up.
func (r *deciding) wire() {
	b, d := r.Base, r.decided
	r.nameDecider = &nameDecider{b, d}
	r.peopleDecider = &peopleDecider{b, d, r.DateReader, r.PortalReader, r.RegionReader, r.Claimer, r.nameDecider, r.NameReader, r.Matcher}
	r.groupDecider = &groupDecider{b, d, r.PortalReader, r.GroupReader}
	r.roleDecider = &roleDecider{b, d, r.peopleDecider}
	r.holderReader = &holderReader{b, d, r.roleDecider, r.GrantReader}
	r.changeFinder = &changeFinder{b, d}
	r.rolelessFinder = &rolelessFinder{b, d, r.PortalReader, r.GroupReader, r.holderReader, r.changeFinder}
	r.roleViewer = &roleViewer{b, d, r.PortalReader, r.GrantReader, r.roleDecider}
	r.leftReader = &leftReader{b, d}
	r.grantDecider = &grantDecider{b, d, r.groupDecider, r.rolelessFinder, r.changeFinder, r.roleViewer, r.leftReader, r.holderReader, r.roleDecider}
}

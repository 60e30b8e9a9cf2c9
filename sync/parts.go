package sync

import (
	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A task is what a run was asked to do, and the document that it makes of that.
type task struct {
	engine        *Engine
	store         Snapshot // the snapshot, to be written to
	opt           RunOptions
	doc           *plan.Document
	checked       plan.Checked
	partial       bool   // a restore or a retirement: it says nothing about people whom it did not look at
	warningsShown int    // how many of the warnings are in the plan already
	before        [2]int // requests when the run began

	plainHash string // the plan's hash without the approvals that it was given
	plainHeld string // and that of what the guards held then
}

// desk is what the parts of a run have that judge, carry out and record the plan.
type desk struct {
	read.Base
	*decide.Decided
	*task
}

// parts judge, carry out and record the plan, lower ones first.
type parts struct {
	guard      *guard
	approver   *approver
	carrier    *carrier
	recorder   *recorder
	census     *census
	bookkeeper *bookkeeper
}

// wire makes the parts of a run, from the ground up.
func (r *run) wire() {
	d := desk{r.Base, r.Decided, r.task}
	r.guard = &guard{d, &decide.Limiter{Base: r.Base, Decided: r.Decided}}
	r.approver = &approver{d}
	r.carrier = &carrier{d, r.AbsentReader, r.DateReader, r.ScopeReader, r.RegionReader, r.approver,
		r.OwnGroupReader.PushedNow}
	r.recorder = &recorder{d, r.carrier, r.DateReader}
	r.census = &census{d, r.StandingReader}
	r.bookkeeper = &bookkeeper{d, r.census, r.AbsentReader}
}

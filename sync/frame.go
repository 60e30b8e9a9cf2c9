package sync

import (
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/sync/plan"
)

// A frame is what a run goes by: its options, its clock, the policy, and the document that
// it is to fill. All parts of the run have it.
type frame struct {
	*Engine
	opt      RunOptions
	id       string    // empty for a plan
	now      time.Time // what everything is decided by: see setClock
	began    time.Time // by the machine's clock
	started  time.Time
	log      logrus.FieldLogger
	meta     plan.Meta
	refresh  bool
	approved [][]plan.ActionRef
	partial  bool // not a sync: what it did not look at is not judged by it
	full     bool // every missing person is looked up: a set that holds removals was approved
	pol      plan.Policy
	app      plan.App // as it was when the run met Okta

	doc      *plan.Document
	warnings []plan.Warning
	told     int    // of the warnings, how many are in the plan
	before   [2]int // requests when the run began
}

// base is what every part of a run has.
type base struct {
	*frame
	*facts
}

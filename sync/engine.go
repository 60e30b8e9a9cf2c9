package sync

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

// An Engine makes runs. It is a literal: every field but those that say otherwise
// must be set. It may be used for one run after the other, not for two at once.
type Engine struct {
	Source    Source
	Target    Target
	Snapshot  Snapshot
	Approvals Approvals // nil: nothing can be approved, and no refusal is kept
	Mapper    *mapping.Mapper

	Policy  plan.Policy
	Limits  plan.Limits
	Groups  GroupRules
	Binding plan.Binding
	Config  string // fingerprint of what decides a plan
	Reading string // fingerprint of what decides how a person is read

	Observe           bool // plan and record, write nothing to TrackTik
	AllowSecond       bool // write although Okta itself provisions the portal
	MaxProblemPercent float64
	RefreshEvery      time.Duration // 0: never by itself
	Keep              time.Duration // of the history
	RedactHistory     bool
	Reason            string // termination reason, an id or a label; empty: the portal's first
	Comment           string // on terminations; empty: the run and the cause
	Notify            bool   // whether TrackTik tells the terminated
	Timezone          *time.Location
	Workers           int // writes at one time

	By       string // who runs this: user@host (trigger)
	Log      logrus.FieldLogger
	Progress Progress         // nil: nobody watches
	Now      func() time.Time // the clock, read once a run for everything that is decided
	// Sleep waits; it returns early, with the context's error, when that ends.
	Sleep func(context.Context, time.Duration) error
}

// GroupRules say which Okta groups become TrackTik roles.
type GroupRules struct {
	Push  string            // listed, assigned, mappings or none
	Names []string          // globs, for listed
	IDs   []string          // for listed
	Roles map[string]string // group id or name to an existing role's id or name
}

// RunOptions change one run.
type RunOptions struct {
	Users      []string // only these people: Okta id, login, e-mail or employee id
	Refresh    *bool    // read TrackTik too; nil: when it is due
	NoRemovals bool     // no terminations and no revokes
	Approve    []string // hashes of refused sets that may pass
	// Confirm is shown the plan before anything is written; false ends the run as
	// if there were nothing to do. nil: nobody is asked.
	Confirm func(*plan.Document) bool
	// Expect is the hash of a saved plan, and ExpectConfig its configuration; a plan
	// that differs is refused. Empty: any plan will do.
	Expect, ExpectConfig string
	// Recreate are people whose employee was terminated by somebody else, and who
	// get a new one.
	Recreate []plan.PersonID
	// Retry are people whose problems are tried at once.
	Retry []plan.PersonID
}

// Plan decides what RunOnce with the same options would do, and writes nothing to
// TrackTik. The snapshot is written to only to settle what is pending: give a
// copy of it where that must not be.
func (e *Engine) Plan(ctx context.Context, opt RunOptions) (*plan.Document, error) {
	return nil, nil
}

// RunOnce makes one run. The document comes with an error too, as far as it got;
// its Result is there once anything was applied. The errors: a *RefusedError, a
// *QuarantineError, a *StoppedError, ErrClock, ErrNobody, and what the two systems
// and the snapshot answered.
func (e *Engine) RunOnce(ctx context.Context, opt RunOptions) (*plan.Document, error) {
	return nil, nil
}

package sync

import (
	"context"
	"time"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// An EventSource reads Okta's System Log from a cursor on, or from since where there is
// none, up to its end. An error that answers CursorRefused with true says that it cannot be
// read on from there. *okta.Source is one.
type EventSource interface {
	Events(ctx context.Context, cursor string, since time.Time) (events []plan.Event, next string, err error)
}

// A Target is the TrackTik side. Errors of its calls answer the questions of
// Failure. *tracktik.Client is one.
type Target interface {
	read.Portal
	apply.Target
}

// A Snapshot is what this program knows and what it has begun. A Commit is
// durable, and whole or not at all. *state.DB is one.
type Snapshot interface {
	read.Record
	apply.Snapshot
	EventLog() (plan.EventLog, error)
	// Remembers reports a person who is managed, was seen assigned, or has a problem.
	Remembers(id plan.PersonID) (bool, error)
	Census() (plan.Census, error)
	CountsSince(t time.Time) (approved, unapproved map[plan.Kind]int, err error)
	// DoneSince tells each of the entries about actions that were done, or found done,
	// from t on.
	DoneSince(t time.Time, each func(plan.Audit)) error

	NextRun(now time.Time) (id string, err error)
	CommitLinks(links []plan.Link) error
	CommitPrints(prints []plan.PersonPrint) error
	Prune(now time.Time, keep time.Duration) error
}

// Approvals keeps refused sets of actions by their hash, for 24 hours, and which of them
// may pass: those are given, until all of their actions are done or the time is over.
type Approvals interface {
	Get(hash string) (set []plan.ActionRef, found bool, err error)
	Put(ctx context.Context, hash string, set []plan.ActionRef) error
	// Give lets the set of that hash pass, from now on.
	Give(ctx context.Context, hash string) error
	Given() ([]Given, error)
	// Left says what of a given set is not done yet; nothing: it is used up.
	Left(ctx context.Context, hash string, set []plan.ActionRef) error
	// Use ends the approval of a set that is no set of actions.
	Use(ctx context.Context, hash string) error
}

// A Given is a set that may pass, less what was done.
type Given struct {
	Hash  string
	Since time.Time
	Set   []plan.ActionRef
}

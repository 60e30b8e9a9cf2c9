package sync

import (
	"context"
	"iter"
	"time"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A Source reads the Okta side. A listing is whole or an error, and "not found"
// is an answer only when Okta itself gave it. *okta.Source is one.
type Source interface {
	App(ctx context.Context) (plan.App, error)
	Assignments(ctx context.Context, each func([]plan.Entry) error) error
	Assignment(ctx context.Context, id plan.PersonID) (p plan.Person, found bool, err error)
	User(ctx context.Context, idOrLogin string) (p plan.Person, found bool, err error)
	UserByEmail(ctx context.Context, email string) ([]plan.Person, error)
	UsersNamed(ctx context.Context, login, email string) ([]plan.Person, error)
	Groups(ctx context.Context, each func([]plan.Group) error) error
	AssignedGroups(ctx context.Context, each func([]plan.Group) error) error
	Group(ctx context.Context, id plan.GroupID) (g plan.Group, found bool, err error)
	GroupAssigned(ctx context.Context, id plan.GroupID) (bool, error)
	GroupsOf(ctx context.Context, id plan.PersonID) ([]plan.Group, error)
	Members(ctx context.Context, id plan.GroupID, each func([]plan.PersonID) error) error
	PushMappings(ctx context.Context) ([]plan.PushMapping, error)
	Mapping(ctx context.Context, id string) (found bool, err error)
	Asked
	Meter
}

// An EventSource reads Okta's System Log from a cursor on, or from since where there is
// none, up to its end. An error that answers CursorRefused with true says that it cannot be
// read on from there. *okta.Source is one.
type EventSource interface {
	Events(ctx context.Context, cursor string, since time.Time) (events []plan.Event, next string, err error)
}

// A Target is the TrackTik side. Errors of its writes answer the questions of
// failure. *tracktik.Client is one.
type Target interface {
	apply.Target
	read.GrantTarget
	Employees(ctx context.Context, page func([]plan.Employee) error) (int, error)
	EmployeesByID(ctx context.Context, ids []plan.EmployeeID) ([]plan.Employee, error)
	Regions(ctx context.Context) ([]plan.RegionRecord, error)
	CredentialsFingerprint() string
	Asked
	Meter
}

// Asked says what a system refused to be asked, and how it is asked instead.
type Asked interface {
	AskedOtherwise() []plan.Warning
	// RefusedAnswers are the last refusals and unreadable answers, without what they said.
	RefusedAnswers() []plan.Answer
}

// A Meter counts requests and knows the other side's clock.
type Meter interface {
	Requests() int
	RequestsByRoute() map[string]map[int]int
	Waited() time.Duration
	ClockSkew() (skew time.Duration, known bool)
	Clock() (at time.Time, known bool)
}

// A Snapshot is what this program knows and what it has begun. A Commit is
// durable, and whole or not at all. *state.DB is one.
type Snapshot interface {
	apply.Snapshot
	Meta() (plan.Meta, error)
	EventLog() (plan.EventLog, error)
	// Remembers reports a person who is managed, was seen assigned, or has a problem.
	Remembers(id plan.PersonID) (bool, error)
	Managed() (int, error)
	Prints() iter.Seq2[plan.Mark, error]
	Links() iter.Seq2[plan.Link, error]
	OwnersOfUsername(folded string) ([]plan.PersonID, error)
	OwnersOfEmail(folded string) ([]plan.PersonID, error)
	Formers() iter.Seq2[plan.Former, error]
	Groups() ([]plan.GroupLink, error)
	Members(id plan.GroupID) (members []plan.PersonID, known bool, err error)
	Holders(role plan.RoleID) ([]plan.PersonID, error) // sorted
	Grants() iter.Seq2[plan.Grant, error]
	GrantsSent(id plan.PersonID, employee plan.EmployeeID, role plan.RoleID) (int, error)
	Troubles() ([]plan.Trouble, error)
	Census() (plan.Census, error)
	Pending() ([]plan.Intent, error)
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

// A failure answers what went wrong with a call; the errors of both adapters do.
type failure interface {
	error
	Credentials() bool
	Forbidden() bool
	Refused() bool
	Conflict() bool
	Broken() bool
	OutcomeUnknown() bool
	Status() int
	RequestID() string
}

// Progress is told how far a run is. Its methods may be called from several
// goroutines.
type Progress interface {
	// Phase begins a phase; total is 0 when it is not known.
	Phase(name string, total int)
	// Add says that n more of the phase's things are done.
	Add(n int)
}

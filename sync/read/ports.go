package read

import (
	"context"
	"iter"
	"time"

	"tracktik-sync/sync/plan"
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

// A Portal is TrackTik, as far as it is read. *tracktik.Client is one.
type Portal interface {
	GrantTarget
	Employees(ctx context.Context, page func([]plan.Employee) error) (int, error)
	Employee(ctx context.Context, id plan.EmployeeID) (e plan.Employee, found bool, err error)
	EmployeesByID(ctx context.Context, ids []plan.EmployeeID) ([]plan.Employee, error)
	Roles(ctx context.Context) ([]plan.Role, error)
	Role(ctx context.Context, id plan.RoleID) (r plan.Role, found bool, err error)
	UserRole(ctx context.Context, id plan.GrantID) (u plan.UserRole, found bool, err error)
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

// A Record is the snapshot, as far as it is read: what this program knows and what it has
// begun. *state.DB is one.
type Record interface {
	People
	Roles
	Meta() (plan.Meta, error)
	Pending() ([]plan.Intent, error)
	Troubles() ([]plan.Trouble, error)
}

// People are those on record, and their employees.
type People interface {
	Managed() (int, error)
	Prints() iter.Seq2[plan.Mark, error]
	Links() iter.Seq2[plan.Link, error]
	Link(id plan.PersonID) (l plan.Link, found bool, err error)
	LinkOfEmployee(id plan.EmployeeID) (l plan.Link, found bool, err error)
	OwnersOfUsername(folded string) ([]plan.PersonID, error)
	OwnersOfEmail(folded string) ([]plan.PersonID, error)
	Formers() iter.Seq2[plan.Former, error]
	FormersOf(id plan.PersonID) ([]plan.Former, error)
	Strangers(ids []plan.PersonID) (map[plan.PersonID]bool, error) // neither managed nor formerly so
	FormerByEmployee(id plan.EmployeeID) (f plan.Former, found bool, err error)
}

// Roles are the groups on record, their members, and the grants.
type Roles interface {
	Groups() ([]plan.GroupLink, error)
	Group(id plan.GroupID) (g plan.GroupLink, found bool, err error)
	Members(id plan.GroupID) (members []plan.PersonID, known bool, err error)
	Holders(role plan.RoleID) ([]plan.PersonID, error) // sorted
	Grants() iter.Seq2[plan.Grant, error]
	GrantsOf(id plan.PersonID) ([]plan.Grant, error)
	GrantsWith(id plan.RoleID) ([]plan.Grant, error)
	GrantsSent(id plan.PersonID, employee plan.EmployeeID, role plan.RoleID) (int, error)
}

// A Failure answers what went wrong with a call; the errors of both adapters do.
type Failure interface {
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

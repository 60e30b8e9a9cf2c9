package apply

import (
	"context"
	"iter"
	"time"

	"tracktik-sync/sync/plan"
)

// A Target is the TrackTik side: what is written, and what is read to learn what became
// of a write. *tracktik.Client is one.
type Target interface {
	Employees
	Roles
}

// Employees are TrackTik's people.
type Employees interface {
	Employee(ctx context.Context, id plan.EmployeeID) (e plan.Employee, found bool, err error)
	FindEmployees(ctx context.Context, field plan.Field, value string) ([]plan.Employee, error)
	// NewerEmployees lists those with a greater id. Its error answers Unfiltered with true
	// where they cannot be asked for.
	NewerEmployees(ctx context.Context, than plan.EmployeeID, page func([]plan.Employee) error) error
	CreateEmployee(ctx context.Context, v plan.Values, region plan.RegionID) (plan.Employee, error)
	UpdateEmployee(ctx context.Context, id plan.EmployeeID, changes []plan.Change, full plan.Values) (plan.Employee, error)
	// MoveEmployee and TerminateEmployee return the record of the answer, as far as it shows one.
	MoveEmployee(ctx context.Context, id plan.EmployeeID, region plan.RegionID) (plan.Employee, error)
	TerminateEmployee(ctx context.Context, id plan.EmployeeID, t plan.Termination) (plan.Employee, error)
	ReactivateEmployee(ctx context.Context, id plan.EmployeeID, note string) error
	TerminationReasons(ctx context.Context) ([]plan.TerminationReason, error)
}

// Roles are TrackTik's roles, and who holds them.
type Roles interface {
	Roles(ctx context.Context) ([]plan.Role, error)
	Role(ctx context.Context, id plan.RoleID) (r plan.Role, found bool, err error)
	CreateRole(ctx context.Context, name, description string) (plan.Role, error)
	RenameRole(ctx context.Context, id plan.RoleID, name string) error
	UserRolesOf(ctx context.Context, id plan.EmployeeID) ([]plan.UserRole, error)
	UserRole(ctx context.Context, id plan.GrantID) (u plan.UserRole, found bool, err error)
	Grant(ctx context.Context, employee plan.EmployeeID, role plan.RoleID) (plan.GrantID, error)
	Revoke(ctx context.Context, id plan.GrantID) error
}

// A Snapshot is where intents and outcomes become durable. A Commit is whole or not at
// all. *state.DB is one.
type Snapshot interface {
	Links() iter.Seq2[plan.Link, error]
	Link(id plan.PersonID) (l plan.Link, found bool, err error)
	LinkOfEmployee(id plan.EmployeeID) (l plan.Link, found bool, err error)
	OwnersOfUsername(folded string) ([]plan.PersonID, error)
	OwnersOfEmail(folded string) ([]plan.PersonID, error)
	Formers() iter.Seq2[plan.Former, error]
	FormerByEmployee(id plan.EmployeeID) (f plan.Former, found bool, err error)
	Group(id plan.GroupID) (g plan.GroupLink, found bool, err error)
	GrantsOf(id plan.PersonID) ([]plan.Grant, error)
	GrantsWith(id plan.RoleID) ([]plan.Grant, error)
	Begin(i plan.Intent) (seq uint64, err error)
	Commit(b plan.Batch) error
}

// A Clock tells the time by which everything is recorded.
type Clock interface {
	Time() time.Time
	// Here is the time by the machine's clock.
	Here() time.Time
	// Sleep waits; it returns early, with the context's error, when that ends.
	Sleep(ctx context.Context, d time.Duration) error
	// Apart reports that the clocks of the systems and of this machine disagree.
	Apart() bool
}

// Holders answer who holds which roles at this moment, and who must not be touched.
type Holders interface {
	// RolesNow reads an employee's roles. doubt says why the answer is not to be
	// believed; empty: it is.
	RolesNow(ctx context.Context, id plan.EmployeeID) (held []plan.UserRole, doubt string, err error)
	// Shield is the policy, with the employee whose credentials are used.
	Shield(ctx context.Context) (plan.Policy, error)
	// Us is the employee whose credentials are used; 0: who that is cannot be told.
	Us(ctx context.Context) plan.EmployeeID
}

// A Ground is what the plan was made from.
type Ground interface {
	// Person tells what was read about somebody; nil: nothing.
	Person(id plan.PersonID) *Person
	// GroupName is the name of a pushed group; pushed is false for any other.
	GroupName(id plan.GroupID) (name string, pushed bool)
	// AsFound is a grant on record as it was found to be in TrackTik.
	AsFound(g plan.Grant) plan.Grant
}

// A Person is what was read about one person before the plan was made.
type Person struct {
	Login, Email string
	Link         *plan.Link        // as it is on record; nil: nobody's employee is theirs
	Note         *plan.Link        // the link with what the decision adds; nil: nothing
	Was          *plan.Link        // the record under the person's earlier Okta id; nil: there is none
	Matches      []plan.Match      // of a new person
	Namesakes    []plan.EmployeeID // and who has their names, by keys that sync.match does not name
	Kept         []plan.Grant      // grants that a former employee still has; nil: not read
	Employee     *plan.Employee    // nil: not read
	Read         time.Time         // when Employee was read
}

// A failure says what went wrong with a call; the errors of both adapters do.
type failure interface {
	error
	Credentials() bool
	Forbidden() bool
	Refused() bool
	Conflict() bool
	OutcomeUnknown() bool
	Status() int
	RequestID() string
}

package plan

import "time"

// A Policy is what the configuration allows and prefers. It is data: the same
// policy and the same world make the same plan.
type Policy struct {
	// The six switches. What one that is off withholds is held, and shown.
	CreateUsers, UpdateUsers, DeactivateUsers bool
	CreateRoles, GrantRoles, RevokeRoles      bool

	Adopt               bool // an employee who matches a new person is taken over
	AdoptKeep           bool // the adopted employee's differing fields stay as they are
	TerminateSuspended  bool
	Reactivate          bool // a rehire is the former employee, by TrackTik's own action
	FollowRegion        bool // a changed division moves the employee
	RepairDrift         bool
	TerminateOutOfScope bool
	RevokeUnpushed      bool // a group that is no longer pushed loses its grants
	OneRole             bool // at most one role a person

	ProvisionStaged bool          // STAGED people count as active ones
	StartLead       time.Duration // how long before their first day people are made

	UnassignedGrace time.Duration
	DeletedGrace    time.Duration

	Protected      []string // globs of logins and e-mails
	ProtectedRoles []string // globs of role names
	MatchExternal  bool     // an employee is recognised by Okta's external id before all else
	Match          []Field  // by what else an employee is recognised: CustomID, Username, Email
	CreateOnly     FieldSet // fields that only a create sets
	Order          []string // groups by rank, by id or name, for OneRole

	// DefaultRole is the name or id of the role of people whom no group gives one; empty:
	// none.
	DefaultRole string
	// DefaultRegion takes people without a division; empty: they are problems.
	DefaultRegion string
	// NoRemovals withholds terminations and revokes for one run.
	NoRemovals bool
	// Own is the employee whose credentials we use: never touched.
	Own EmployeeID
	// OwnUsername is theirs, when the id is not known.
	OwnUsername string
}

// A Limit bounds one kind of action. 0 allows none, -1 switches a bound off.
type Limit struct {
	MaxCount      int
	MaxPercent    float64
	MinPopulation int // below it only the count matters
	MaxPerDay     int // in 24 hours, all runs together
}

// NoLimit allows everything.
var NoLimit = Limit{-1, -1, 0, -1}

// Clear is not a kind of action but has a limit of its own: employees in whom a
// value that was pushed would be emptied.
const Clear Kind = "clear"

// Limits hold what one run may do. A kind that is missing has NoLimit.
type Limits struct {
	Kinds         map[Kind]Limit
	StopOnRefusal bool // a refused removal stops everything, as other kinds do
}

// Of returns the limit of kind k.
func (l Limits) Of(k Kind) Limit {
	if limit, ok := l.Kinds[k]; ok {
		return limit
	}
	return NoLimit
}

package plan

import (
	"strconv"
	"time"
)

// The keys of the two systems. Okta's are opaque texts (00u…, 00g…, 0oa…),
// TrackTik's are positive integers; 0 means that there is none.
type (
	PersonID   string // an Okta user
	GroupID    string // an Okta group
	EmployeeID int64
	RoleID     int64
	GrantID    int64 // a record of TrackTik's /user-roles
	RegionID   int64
)

// A Print is a fingerprint of everything in an Okta listing's entry that can
// change a decision. The zero Print equals nothing.
type Print [16]byte

// An Entry is one person in a listing of the app's users, not decoded yet: an
// entry whose Print is the snapshot's need not be.
type Entry struct {
	ID       PersonID
	Print    Print
	External EmployeeID // whom the external id names; 0: nobody
	Decode   func() (Person, error)
}

// A Person is an Okta user, with the assignment to the TrackTik app.
type Person struct {
	ID         PersonID
	Login      string
	Email      string
	Status     string // the user's status in Okta's words, "ACTIVE"
	Transition string // transitioningToStatus, mostly empty
	Readable   bool   // false: the assignment came without its user
	Assignment Assignment
	User       map[string]any // the base profile
	App        map[string]any // the app-assignment profile
	Print      Print

	StatusChanged time.Time // when Status became what it is, by Okta's clock; zero: not known
}

// Deactivated reports that the user is deactivated in Okta, or on the way there.
func (p *Person) Deactivated() bool {
	return p.Status == statusDeprovisioned || p.Transition == statusDeprovisioned
}

// An Assignment is the "app user" that ties a person to the TrackTik app.
type Assignment struct {
	Present  bool
	Status   string  // one of Okta's thirteen, or one we do not know
	Scope    string  // USER or GROUP
	Group    GroupID // the granting group, when Okta names it
	UserName string  // credentials.userName
	// External is the external id: what the app's own integration calls the account that
	// it made or matched, in TrackTik's case the employee's id [G]; empty: it did neither.
	External  string
	SyncState string    // how its last push went: SYNCHRONIZED, ERROR, DISABLED …
	Updated   time.Time // when it last changed, by Okta's clock; zero: not known
}

// An App is the Okta application whose assignments are the scope.
type App struct {
	ID       string
	Label    string
	Status   string // ACTIVE or INACTIVE
	Features []string
}

// Active reports whether the app is switched on in Okta.
func (a App) Active() bool { return a.Status == "ACTIVE" }

// A Group is an Okta group.
type Group struct {
	ID      GroupID
	Name    string
	Type    string // OKTA_GROUP, APP_GROUP or BUILT_IN
	Changed string // lastMembershipUpdated, as Okta writes it
}

// A PushMapping is one row of the app's Push Groups list in Okta.
type PushMapping struct {
	ID     string
	Group  GroupID
	Status string // ACTIVE, INACTIVE or ERROR
}

// An Employee is a record of TrackTik, as far as it was read.
type Employee struct {
	ID     EmployeeID
	Status string // ACTIVE, INACTIVE, TERMINATED or BANNED
	Values Values // Region stays empty: see RegionID
	Has    FieldSet
	Region RegionID
	// UpdatedBy is the employee who changed the record last; 0: it does not say.
	UpdatedBy EmployeeID
}

// Active reports whether the employee can log in.
func (e Employee) Active() bool { return e.Status == "ACTIVE" }

// A Role is a role of TrackTik.
type Role struct {
	ID          RoleID
	Name        string
	Description string
	Portal      string // ADMIN, STAFF or CLIENT
}

// A UserRole is TrackTik's record that an employee holds a role.
type UserRole struct {
	ID       GrantID
	Employee EmployeeID
	Role     RoleID
}

// A RegionRecord is a region of the portal.
type RegionRecord struct {
	ID       RegionID
	Name     string
	Parent   RegionID
	TimeZone string // IANA name, when the portal gives one
}

// A TerminationReason is an entry of TrackTik's employment-termination-reasons.
type TerminationReason struct {
	ID           int64
	Label        string
	NeedsComment bool
}

// IsNamed reports that a text of the configuration means the reason, by label or by id.
func (r *TerminationReason) IsNamed(text string) bool {
	return FoldName(r.Label) == FoldName(text) || strconv.FormatInt(r.ID, 10) == text
}

// How a departure is known.
const (
	EvidenceListing = "listing"  // the listing itself says DEPROVISIONED or REVOKED
	EvidenceFull    = "full"     // the person was looked up
	EvidenceLastDay = "last_day" // Okta's own date, which is over
	EvidenceSample  = "sample"   // a sample of the missing was looked up, and agreed
)

// A Termination is what TrackTik wants to know about one.
type Termination struct {
	Date    string // 2006-01-02, in the time zone of the employee's region
	Reason  int64
	Comment string
	Notify  bool
}

package plan

import (
	"fmt"
	"time"
)

// A Batch is everything that one step changes in the snapshot. It is applied in
// one durable transaction or not at all.
type Batch struct {
	Begin  []Intent // their Seq is given by the snapshot when it is zero
	Settle []uint64 // intents whose outcome is now recorded

	Links   []Link
	Unlink  []PersonID // also forgets the person's print
	Prints  []PersonPrint
	Formers []Former
	Revive  []EmployeeID // former employees who are managed again

	Groups     []GroupLink
	DropGroups []GroupID // also forgets the members
	Members    []Membership

	Grants     []Grant
	DropGrants []GrantKey

	Troubles []Trouble
	Cured    []string // Trouble.Key of those that are over

	Audits []Audit // their Seq is given by the snapshot
	Run    *RunRecord
	Meta   *Meta
	Events *EventLog // how far Okta's System Log was read, with what came of it
	Census *Census   // in the place of the former one
}

// A PersonPrint is the print of the listing entry at which a person was last
// found in order. The zero Print says that they must be decoded next time.
type PersonPrint struct {
	Person PersonID
	Print  Print
	Due    DayNumber // from when on they are decoded although nothing has changed; 0: never
}

// A Mark is the little that a run without changes needs to know of a person.
type Mark struct {
	Person   PersonID
	Print    Print
	Employee EmployeeID // 0: not managed
	Due      DayNumber  // a day on which time alone changes something; 0: there is none
	// Open says that the link holds something that time alone can change (not
	// visible, unassigned, unconfirmed, ended elsewhere, restored, doubtful): judge it whatever the print.
	Open bool
}

// Open reports whether something about the link is unfinished. See Mark.
func (l Link) Open() bool {
	return l.NotVisibleSince != nil || l.UnassignedSince != nil || l.UnconfirmedSince != nil ||
		l.ElsewhereStatus != "" || l.Restored || l.Doubtful
}

// A Membership is the members of a group, as Okta last listed them.
type Membership struct {
	Group   GroupID
	Members []PersonID // sorted
}

// A GrantKey names a grant by what it is, not by its TrackTik id.
type GrantKey struct {
	Role   RoleID
	Person PersonID
}

// Key names the grant.
func (g Grant) Key() GrantKey { return GrantKey{g.Role, g.Person} }

// Meta is what the snapshot knows about itself.
type Meta struct {
	Binding Binding `json:"binding"`
	// Formerly are the systems that the snapshot was bound to before: roles that were
	// made for them are ours.
	Formerly    []Binding `json:"formerly,omitempty"`
	Created     time.Time `json:"created"`
	LastRefresh time.Time `json:"last_refresh,omitzero"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	// PortalEmployees is how many employee records the portal held, the inactive
	// ones included, when they were last counted; 0: never.
	PortalEmployees int `json:"portal_employees,omitempty"`
	// NotVisible counts the managed whom Okta did not know in the last whole run, and who
	// were held, with those who could not be looked up in it, and those whom runs of single
	// people have terminated for that since.
	NotVisible int `json:"not_visible,omitempty"`
	// UnmanagedActive counts active employees that nobody in Okta stands behind,
	// as of the last refresh or compare; nil: never counted.
	UnmanagedActive *int `json:"unmanaged_active,omitempty"`
	// External is what the last whole run that matched people found of Okta's external ids;
	// nil: none has.
	External *ExternalIDs `json:"external_ids,omitempty"`
	// Unmanaged counts those of them whom nobody manages, by what Okta knows of them; nil:
	// nobody was looked up yet.
	Unmanaged map[Class]int `json:"unmanaged,omitempty"`
	// DefaultRole is what sync.roles.default was found to mean; nil: nothing.
	DefaultRole *DefaultRole `json:"default_role,omitempty"`
	// Roleless counts people in scope who hold no role as far as is known, as of the last
	// whole run; nil: never counted.
	Roleless *int `json:"roleless,omitempty"`
	// Refused are the last actions that TrackTik has refused for want of a right, and that
	// are nobody's problem: keys of troubles. They are tried after the others of their kind.
	Refused []string `json:"refused,omitempty"`
	// AppGroups are the groups by which somebody has got the app, as far as was seen; nil: nobody
	// has noted them yet.
	AppGroups []GroupID `json:"app_groups"`
	// Regions are the names of the portal's regions, as they were last read.
	Regions map[RegionID]string `json:"regions,omitempty"`
	// Mappings is the app's Push Groups list as it was first read well.
	Mappings []PushMapping `json:"mappings,omitempty"`
	// ReadFingerprint is of what decides how a person is read; when it
	// differs, no print is believed.
	ReadFingerprint string `json:"config,omitempty"`
	// LastHash is the hash of the last run's plan: an observing run writes its
	// history only when it changes.
	LastHash string `json:"last_hash,omitempty"`
	// RefreshDue says that the snapshot was restored from a backup or bound anew: the next run
	// checks every link and removes nobody before that is done.
	RefreshDue bool `json:"refresh_due,omitempty"`
	// Lookalikes are employees whom people of the same first and last name may be, as a
	// restored snapshot cannot tell: nobody else is made of those before somebody says so.
	Lookalikes map[PersonID]EmployeeID `json:"lookalikes,omitempty"`
	// Observing is set while runs only observe.
	Observing *Observing `json:"observing,omitempty"`
	// Observed says that runs have only observed since TrackTik was last read whole by
	// one that writes: somebody else provisioned meanwhile, and may have ended an
	// employee and made another one for the same person.
	Observed bool `json:"observed,omitempty"`
	// Late are calls that counted as not made, since a look-up did not find them in time, and
	// that may take effect still.
	Late []Intent `json:"late,omitempty"`
	// Quarantine is set while TrackTik's credentials are known to be bad.
	Quarantine *Quarantine `json:"quarantine,omitempty"`
}

// A Quarantine stops all runs after bad credentials, since TrackTik blocks an
// address for two hours after 40 failed logins in two minutes.
type Quarantine struct {
	System      string    `json:"system"` // tracktik; okta in snapshots of earlier versions
	Since       time.Time `json:"since"`
	Reason      string    `json:"reason"`
	NextTry     time.Time `json:"next_try"`
	Tries       int       `json:"tries,omitempty"` // logins in a row that these credentials were refused
	Credentials string    `json:"credentials"`     // fingerprint of those that failed
}

// Open are people about whom it is not known what became of a write, each with the
// reason: nothing is done about them, but of those in Grants only that no role is given.
type Open struct {
	People, Grants map[PersonID]string
	Stuck          []Problem // about writes that a look-up should have settled by now
	Late           []Intent  // counted as not made, and may take effect still
}

// NewOpen knows of nobody.
func NewOpen() Open {
	return Open{People: map[PersonID]string{}, Grants: map[PersonID]string{}}
}

// Add notes the person of a write; then says what comes of it.
func (o Open) Add(in *Intent, then string) {
	of := o.People
	if in.Action.Kind == GrantRole {
		of = o.Grants
	}
	of[in.Action.User.ID] = fmt.Sprintf("a %s of run %s may or may not have happened; %s", in.Action.Kind, in.Run, then)
}

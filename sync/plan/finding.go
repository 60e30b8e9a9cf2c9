package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Problem keeps a person from being written at all. Code is one of the
// Problem constants.
type Problem struct {
	User     UserRef    `json:"user,omitzero"`
	Employee EmployeeID `json:"employee_id,omitempty"` // of somebody who is not managed
	Code     string     `json:"code"`
	Message  string     `json:"message"`

	// Kind and Group are of the action that it keeps from being done; empty: it is about
	// the person as a whole.
	Kind  Kind    `json:"-"`
	Group GroupID `json:"-"`
	// Rivals are users who want the same, some of them where they are many.
	Rivals []PersonID `json:"-"`
}

// A Warning is something that people should know and that stops nothing. Field
// is the TrackTik name of what it is about, "address" for an address as a whole.
type Warning struct {
	Code    string  `json:"code"`
	User    UserRef `json:"user,omitzero"`
	Field   string  `json:"field,omitempty"`
	Message string  `json:"message"`
}

// WarningAskedOtherwise is the code of warnings about a system that refuses to be asked as its
// documentation has it, and is asked otherwise.
const WarningAskedOtherwise = "asked_otherwise"

// The codes of problems.
const (
	ProblemMissingRequired = "missing_required"
	ProblemInvalidValue    = "invalid_value"
	ProblemDuplicate       = "duplicate"
	ProblemNameInUse       = "name_in_use"
	ProblemUnknownRegion   = "unknown_region"
	ProblemAmbiguousRegion = "ambiguous_region"
	ProblemAmbiguousMatch  = "ambiguous_match"
	ProblemInactiveMatch   = "inactive_match"
	ProblemProtectedMatch  = "protected_match"
	ProblemAdoptOff        = "adopt_off"
	ProblemRefused         = "refused"
	ProblemValueNotKept    = "value_not_kept"
	ProblemNotEffective    = "not_effective"
	ProblemSwap            = "swap"
	ProblemGivenUp         = "given_up"
	ProblemUnconfirmed     = "unconfirmed" // a departure, for a day
)

// The codes with which the reason of a held action begins.
const (
	HeldNotStarted          = "not_started"
	HeldEnded               = "ended"
	HeldSwitchedOff         = "switched_off"
	HeldGuard               = "guard"
	HeldSuspended           = "suspended"
	HeldUnreadable          = "unreadable"
	HeldUnconfirmed         = "unconfirmed"
	HeldNotVisible          = "not_visible"
	HeldProtected           = "protected"
	HeldDoubtfulMatch       = "doubtful_match"
	HeldAdoptedDiffers      = "adopted_differs"
	HeldHasOtherRole        = "has_other_role"
	HeldLastRole            = "last_role"
	HeldRoleExists          = "role_exists"
	HeldAmbiguousMapping    = "ambiguous_mapping"
	HeldProtectedRole       = "protected_role"
	HeldUnassignedGrace     = "unassigned_grace"
	HeldOutOfScope          = "out_of_scope"
	HeldTerminatedElsewhere = "terminated_elsewhere"
	HeldBannedElsewhere     = "banned_elsewhere"
	HeldPending             = "pending"
	HeldRestored            = "restored"
	HeldClock               = "clock"
)

// MaxClockSkew is how far the clocks of Okta, TrackTik and this machine may be apart.
const MaxClockSkew = 5 * time.Minute

// WhyClocksApart is why nobody is terminated while the clocks disagree.
const WhyClocksApart = HeldClock + ": the clocks disagree by more than 5 minutes"

// The codes of the warnings about one person's values.
const (
	WarningInvalidValue       = "invalid_value"   // an optional value that breaks its rule
	WarningPartialAddress     = "partial_address" // some of the five parts are empty
	WarningUnknownLanguage    = "unknown_language"
	WarningUnexpectedUserType = "unexpected_user_type"
	WarningDrift              = "drift" // TrackTik was changed by hand, and is left so
	WarningProtectedRole      = "protected_role"
	WarningRoleChanged        = "role_changed"  // a group has another role than before
	WarningNoRole             = "no_role"       // people to whom TrackTik shows nothing
	WarningGrantsUnread       = "grants_unread" // who holds which role cannot be read, and nobody is granted one
	WarningDeadKey            = "dead_key"      // a key of sync.groups fits no group

	// WarningPossibleDouble is about somebody who may have two employees.
	WarningPossibleDouble = "possible_double"
	// WarningExternalIDDisbelieved is about an org whose external ids are no employee ids.
	WarningExternalIDDisbelieved = "external_id_disbelieved"
)

// A MissingRight is something that TrackTik does not let the integration's account do.
type MissingRight struct {
	What    string // "read regions"
	Left    int    // actions that were not done because of it; 0: they are not counted
	Said    string // the last refusal; it names nobody
	Address bool   // the refusal is about where the call came from
	Down    bool   // it is no right: the portal fails to answer
}

// TellMissing says in one sentence which rights are missing, and the way out; empty: none is.
func TellMissing(missing []MissingRight) string {
	var texts []string
	for _, m := range missing {
		if m.Down {
			texts = append(texts, m.Unread())
		}
	}
	missing = slices.DeleteFunc(slices.Clone(missing), func(m MissingRight) bool { return m.Down })
	if len(missing) > 0 {
		texts = append(texts, tellRights(missing))
	}
	return strings.Join(texts, "; ")
}

func tellRights(missing []MissingRight) string {
	last := missing[len(missing)-1]
	if i := slices.IndexFunc(missing, func(m MissingRight) bool { return m.Address }); i >= 0 {
		last = missing[i] // that it is about the address is the way out
	}
	whats := make([]string, len(missing))
	for i, m := range missing {
		if whats[i] = m.What; m.Left > 0 {
			whats[i] += fmt.Sprintf(" (%d not done)", m.Left)
		}
	}
	text := "tracktik does not let the program " + strings.Join(whats, ", ")
	if last.Address {
		return fmt.Sprintf("%s from this address; the last answer: %s", text, last.Said)
	}
	them, it := "that right", "it"
	if len(missing) > 1 {
		them, it = "these rights", "them"
	}
	return fmt.Sprintf("%s: give %s to the role of the integration's account (in TrackTik: Settings, Roles), "+
		"or have TrackTik support add %s to the scope of the client; the last answer: %s", text, them, it, last.Said)
}

// MissingError is the error of a run that did all but what these rights are for; nil: none
// is missing.
func MissingError(missing []MissingRight) error {
	if len(missing) == 0 {
		return nil
	}
	return errors.New(TellMissing(missing) +
		"; nobody has a problem because of it, the rest was done, and the next run tries again")
}

// Unread says why something waits that needs to be read.
func (m *MissingRight) Unread() string {
	if m.Down {
		text := "the program could not " + m.What
		if m.Left > 0 {
			text += fmt.Sprintf(" (%d not done)", m.Left)
		}
		return text + ": " + m.Said
	}
	return "TrackTik does not let the program " + m.What + ": " + m.Said
}

// MissingRead tells the right that a failed read speaks of, where TrackTik itself has said
// that it is missing, or the list that it fails to give: only what needs it has to wait. Any
// other failure is about more.
func MissingRead(err error) (missing MissingRight, is bool) {
	var failed interface{ Failed() string }
	if errors.As(err, &failed) && failed.Failed() != "" {
		return down(failed.Failed(), err), true
	}
	var refused interface {
		error
		Lacks() string
		Said() string
	}
	if !errors.As(err, &refused) || refused.Lacks() == "" {
		return MissingRight{}, false
	}
	return MissingRight{What: "read " + refused.Lacks(), Said: refused.Said()}, true
}

// FailedRead is MissingRead of whatever was to be read, where the failure is about that alone.
func FailedRead(err error) (missing MissingRight, is bool) {
	var failed interface{ Unread() string }
	if errors.As(err, &failed) && failed.Unread() != "" {
		return down(failed.Unread(), err), true
	}
	return MissingRead(err)
}

func down(what string, err error) MissingRight {
	return MissingRight{What: "read " + what, Said: err.Error(), Down: true}
}

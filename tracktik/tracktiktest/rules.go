package tracktiktest

import (
	"net/http"
	"slices"
	"strings"
)

// DuplicateStyle is how the portal refuses a value that another record has. Which
// one TrackTik uses is not on record.
type DuplicateStyle int

// The styles.
const (
	DuplicateConflict   DuplicateStyle = iota // 409
	DuplicateBadRequest                       // 400
	// DuplicateConstraint is a 500 in the words of support article 23703421113239,
	// which says that 500 also means a violated constraint.
	DuplicateConstraint
	// DuplicateAccepted refuses nothing: two employees may have one username, e-mail
	// and customId.
	DuplicateAccepted
)

// Rules are the portal's manners where TrackTik's are not on record, or differ
// between portals. The zero value is the likeliest.
type Rules struct {
	Duplicates DuplicateStyle

	// NoGreaterThan makes the filter :gt an unknown one (400). It stands in a
	// support article only, not in the OpenAPI document.
	NoGreaterThan bool

	// Forbid answers 403 to the calls that it selects, as for an employee whose
	// role lacks the permission. Nth and Times do not count here.
	Forbid []Match

	// ForbidStatus answers those calls in the place of 403: some portals' programs say 401
	// for a missing permission, also to a token that is good.
	ForbidStatus int

	// Manners are how the portal lets itself be asked.
	Manners Manners

	// Languages are the values that `language` takes. Nil: the list that TrackTik
	// gives for Okta. An older portal takes fewer.
	Languages []string

	// NotClearable names fields that refuse an empty value once they have one.
	NotClearable []string

	// Store is what the portal keeps in the place of a text that was sent, by the
	// field's name (jobTitle, address.city): a portal that changes values silently
	// looks like endless drift. Nil: what was sent. See Trimmed, Uppercased, Dropped.
	Store func(field, value string) string

	// VisibleAfter is in how many lists a new employee is not found yet: a search
	// index that lags behind. GET by id finds the employee at once.
	VisibleAfter int

	// EmailsOutliveTermination keeps the e-mail of a terminated employee taken.
	EmailsOutliveTermination bool

	// TerminatedPhonesBlock refuses a new employee with the primary phone of a
	// terminated one (support article 37844962836759).
	TerminatedPhonesBlock bool

	// GrantsOfActive leaves the grants of who is not active out of their list, unless
	// includeInactive asks for them.
	GrantsOfActive bool

	// RolesEndWithEmployment removes the grants of whoever is terminated.
	RolesEndWithEmployment bool

	// TerminationIneffective makes the terminate action answer 200 and change
	// nothing, as when a later step of the portal rolls it back.
	TerminationIneffective bool

	// MoveIneffective makes the move-to-region action answer 200 and change nothing,
	// MoveMissing answers it with 404, as a portal that has no such action.
	MoveIneffective, MoveMissing bool

	// UniqueRoleNames refuses a second role of the same name.
	UniqueRoleNames bool

	// TerminatedRolesStay keeps a terminated role readable, with a status, in the
	// lists that include inactive records. Otherwise it is gone (404).
	TerminatedRolesStay bool

	// LastRoleRemovable lets a person fall back to having no role. The portal's own
	// pages do not allow it (support article 360060063854).
	LastRoleRemovable bool

	// RefusedFilters are filters that the portal does not know (400), IgnoredFilters those
	// that it takes and does not apply: user.id, role.id:in.
	RefusedFilters, IgnoredFilters []string

	// GrantsUnlisted leaves all grants out of the lists of them, whole or filtered. Each
	// is there by its id.
	GrantsUnlisted bool

	// GrantsVanish lets a grant that is made through the API be gone at once.
	GrantsVanish bool

	// RevokeIneffective makes DELETE on a grant answer 200 and change nothing.
	RevokeIneffective bool

	// RevokeRefused is the status with which DELETE on any grant is refused, in words that
	// tell of no role: a portal whose API cannot take roles away. Zero: it is not.
	RevokeRefused int

	// EmployeeRoles serves /employee-roles, the twin of /user-roles that names employees
	// instead of users, under the same ids. It stands in the OpenAPI document.
	EmployeeRoles bool

	// GrantsRepeat lets an employee be granted one role twice.
	GrantsRepeat bool

	// HiddenRegions are regions that the role of the integration does not reach: their
	// employees are in no list, and any call about one of them, or about a grant of
	// theirs, is answered with 404.
	HiddenRegions []int64

	// AuthorsShown adds to records who changed them last: updatedBy, which the OpenAPI
	// document draws and the recorded answers lack.
	AuthorsShown bool

	// UserIDOffset is how far the id of an employee's user record, which grants
	// carry, lies above the employee's id. They are taken to be the same.
	UserIDOffset int64

	// GrantsTakeEmployees lets a new grant name the employee, where its record shows
	// another id.
	GrantsTakeEmployees bool
}

// portalLanguages is the list of TrackTik's article on its Okta integration.
var portalLanguages = strings.Fields(`EN_US FR FR-BE FR-FR RO ES ES-ES ES-UY DE DE-AT NL NL-BE PT SV ZH-CN ZH-HK TH-TH
	SR-RS IT-IT TR-TR CS-CZ HU-HU AR-SA ID-ID VI-VN KO-KR DA-DK FI-FI PL-PL NO-NO JA-JP`)

func (r *Rules) knowsLanguage(code string) bool {
	if r.Languages != nil {
		return slices.Contains(r.Languages, code)
	}
	return slices.Contains(portalLanguages, code)
}

func (r *Rules) store(field, value string) string {
	if r.Store == nil {
		return value
	}
	return r.Store(field, value)
}

// duplicate refuses a value that another record has, in the style chosen.
func (r *Rules) duplicate(resource, field string) *refusal {
	switch r.Duplicates {
	case DuplicateBadRequest:
		return invalid("%s is already in use in %s", field, resource)
	case DuplicateConstraint:
		return refuse(http.StatusInternalServerError, "a database constraint wasn't respected")
	}
	return refuse(http.StatusConflict, "%s is already in use in %s", field, resource)
}

// Trimmed is a Rules.Store that cuts off the space around the fields' values.
func Trimmed(fields ...string) func(field, value string) string {
	return changing(fields, strings.TrimSpace)
}

// Lowercased is a Rules.Store that writes the fields' values in small letters, as
// portals do with e-mails.
func Lowercased(fields ...string) func(field, value string) string {
	return changing(fields, strings.ToLower)
}

// PhonesFormatted is a Rules.Store that writes telephone numbers its own way, as
// programs do that know the plan of numbers: only the digits are those that were sent.
func PhonesFormatted(field, value string) string {
	if field != "primaryPhone" && field != "secondaryPhone" || value == "" {
		return value
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, value)
	if len(digits) < 8 {
		return digits
	}
	tail := len(digits) - 7
	return strings.TrimSpace(digits[:tail] + " " + digits[tail:tail+3] + "." + digits[tail+3:])
}

// Uppercased is a Rules.Store that capitalises the fields' values.
func Uppercased(fields ...string) func(field, value string) string {
	return changing(fields, strings.ToUpper)
}

// Dropped is a Rules.Store that accepts the fields and keeps nothing of them.
func Dropped(fields ...string) func(field, value string) string {
	return changing(fields, func(string) string { return "" })
}

func changing(fields []string, change func(string) string) func(field, value string) string {
	return func(field, value string) string {
		if slices.Contains(fields, field) {
			return change(value)
		}
		return value
	}
}

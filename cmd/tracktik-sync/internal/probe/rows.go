package probe

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"tracktik-sync/sync/plan"
)

// A row is one assumption, and what the program takes to be so.
type row struct{ name, expected string }

var (
	rowMake         = row{"an employee can be made", "the answer is the new employee"}
	rowKept         = row{"an employee is kept as sent", "each value as it was sent"}
	rowDuplicate    = row{"a second employee of the same names is refused", "refused"}
	rowByID         = row{"employees are found by id", "the one"}
	rowByUsername   = row{"employees are found by username", "the one"}
	rowByEmail      = row{"employees are found by e-mail", "the one"}
	rowByCustomID   = row{"employees are found by custom id", "the one"}
	rowUpdate       = row{"an update is kept as sent", "each value as it was sent"}
	rowPhone        = row{"a phone is kept as sent", "as it was sent"}
	rowLanguage     = row{"a language is kept as sent", "as it was sent"}
	rowClear        = row{"a text can be emptied", "empty"}
	rowClearOther   = row{"a language and an address can be emptied", "empty"}
	rowMove         = row{"an employee can be moved to another region", "shown in the other region"}
	rowHolder       = row{"a grant carries the id of its employee", "the employee's id"}
	rowGrant        = row{"a role can be granted", "the answer is the grant, and it is there"}
	rowTwice        = row{"the same grant again changes nothing", "refused, or the same grant"}
	rowByEmployee   = row{"grants are listed by employee", "the grant that was made"}
	rowByRole       = row{"grants are listed by role", "the grant that was made"}
	rowRevoke       = row{"a grant can be taken back", "gone"}
	rowLast         = row{"the last role of somebody stays", "refused, with a word about roles"}
	rowTerminate    = row{"a termination takes effect", "TERMINATED"}
	rowUsernameFree = row{"a termination frees the username", "nobody has it"}
	rowReactivate   = row{"a terminated employee can be reactivated", "ACTIVE"}
	rowGrantsStay   = row{"grants outlive a termination", "still there"}
	rowAsked        = row{"the portal answers as it is asked", "as its document has it"}
)

// What follows of what was seen.
const (
	nothing   = "nothing"
	report    = "report this"
	untouched = "nothing: the value is left as it is, with a warning"
	rights    = "give the role of the integration's account this right in TrackTik (Settings, Roles), or have TrackTik " +
		"support add it to the scope of the client"
	unlisted  = "nothing: the whole list is read instead; " + report
	noGrants  = "set sync.grant_roles: false until it is settled, and report this"
	noRevokes = "set sync.revoke_roles: false until it is settled, and report this"
)

func (s *session) put(a plan.Assumption) {
	i := slices.IndexFunc(s.report.Assumptions, func(b plan.Assumption) bool {
		return b.Name == a.Name &&
			a.Name != rowAsked.name
	})
	switch {
	case i < 0:
		s.report.Assumptions = append(s.report.Assumptions, a)
	case !s.report.Assumptions[i].Differs: // the first that differs stays
		s.report.Assumptions[i] = a
	}
}

// fits notes that an assumption holds.
func (s *session) fits(r row, format string, args ...any) {
	s.put(plan.Assumption{Name: r.name, Expected: r.expected, Observed: fmt.Sprintf(format, args...), Follows: nothing})
}

// differs notes that it does not.
func (s *session) differs(r row, follows, format string, args ...any) {
	s.put(plan.Assumption{Name: r.name, Expected: r.expected, Observed: fmt.Sprintf(format, args...), Differs: true,
		Follows: follows})
}

// refused notes that an answer was no: for want of a right, or for what follows then.
func (s *session) refused(r row, follows string, err error) {
	var f failure
	if errors.As(err, &f) && f.Forbidden() {
		follows = rights
	}
	s.differs(r, follows, "%s", said(err))
}

// asked notes which questions the portal had to be asked otherwise.
func (s *session) asked() {
	for _, w := range s.Target.AskedOtherwise() {
		s.differs(rowAsked, "nothing: runs go on like this; "+report, "%s", w.Message)
	}
}

// A failure says what went wrong with a call.
type failure interface {
	error
	Credentials() bool
	Forbidden() bool
	Refused() bool
	Conflict() bool
	OutcomeUnknown() bool
	AboutRole() bool
	Unfiltered() bool
	RefusedField() (plan.Field, bool)
	Status() int
}

// said is an answer in our own words: the portal's may name somebody.
func said(err error) string {
	var f failure
	switch {
	case errors.As(err, &f) && f.Unfiltered() && f.Status() != http.StatusBadRequest:
		return "answered with those of others"
	case f == nil || f.Status() == 0:
		return "no answer"
	}
	text := fmt.Sprintf("answered %d", f.Status())
	field, named := f.RefusedField()
	switch {
	case f.Forbidden():
		text += ", for want of a right"
	case f.AboutRole():
		text += ", with a word about roles"
	case f.Conflict():
		text += ", in words of a duplicate"
	case named:
		text += ", naming " + field.String()
	}
	return text
}

// isAnswer reports an error that is the portal's answer to the question. Any other ends the
// probe: nothing was learnt, and the next call would fare alike.
func isAnswer(err error) bool {
	var f failure
	if !errors.As(err, &f) || f.Credentials() || f.Status() == http.StatusTooManyRequests {
		return false
	}
	return f.Status()/100 == 4 || f.Unfiltered()
}

// isUnknown reports a write that may have happened.
func isUnknown(err error) bool {
	var f failure
	return errors.As(err, &f) && f.OutcomeUnknown()
}

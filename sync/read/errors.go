package read

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tracktik-sync/sync/plan"
)

// A RefusedError says that the run was not allowed to go on, and how to get out.
// Nothing was written to TrackTik.
type RefusedError struct {
	Code    string // one of the Refused constants
	Message string
}

// Why a run is refused.
const (
	RefusedGuard      = "guard"          // a guard's limit; see the document's guard report
	RefusedStale      = "stale_plan"     // the saved plan does not fit the world any more
	RefusedApp        = "app_not_active" // the Okta app is switched off
	RefusedSecond     = "second_provisioner"
	RefusedConnection = "second_connection" // the portal holds roles of another org or app
	RefusedApproval   = "approval"          // the approval does not exist, was used, or has expired
)

func (e *RefusedError) Error() string { return e.Message }

// Refused is a RefusedError.
func Refused(code, message string) error { return &RefusedError{code, message} }

// A ConfigError says that a key of the configuration must not be so, which only the portal
// could tell. Nothing was written to TrackTik.
type ConfigError struct{ Message string }

func (e *ConfigError) Error() string { return e.Message }

// A QuarantineError says that no call was made, since the credentials of a system
// are known to be bad.
type QuarantineError struct {
	System  string // okta or tracktik
	Reason  string
	Since   time.Time
	NextTry time.Time
}

func (e *QuarantineError) Error() string {
	text := fmt.Sprintf("%s is in quarantine since %s: %s; no login is tried before %s unless the credentials change: "+
		"correct them, or run `tracktik-sync retry`", e.System, e.Since.UTC().Format(time.RFC3339), e.Reason, e.NextTry.UTC().
		Format(time.RFC3339))
	if e.System == "tracktik" {
		text += " (TrackTik blocks an address for two hours after 40 failed logins)"
	}
	return text
}

// ErrNobody says that there is nobody of that name.
var ErrNobody = errors.New("nobody of that name")

// A NobodyError is ErrNobody about a name that somebody gave.
type NobodyError struct {
	Name string
	Like []plan.UserRef // whom it may mean, by Okta
	text string
}

func (e *NobodyError) Error() string { return ErrNobody.Error() + ": " + e.text }

// Unwrap is ErrNobody.
func (e *NobodyError) Unwrap() error { return ErrNobody }

// ErrNotAsked says that a question was left out.
var ErrNotAsked = errors.New("not asked")

// A BrokenListing is a listing that a direct look-up contradicts.
type BrokenListing struct {
	What string // which listing lacks whom
}

func (e *BrokenListing) Error() string {
	return e.What + ": the listing cannot be believed, and nothing is written; try again, and check the rights of the " +
		"account that reads"
}

// leftOut notes a right to read that is missing: what needs it waits, and all else goes on.
// Any other error is returned.
func (r *facts) leftOut(err error) error {
	m, missing := plan.MissingRead(err)
	if !missing {
		return err
	}
	r.noteMissing(m)
	return nil
}

func (r *facts) noteMissing(m plan.MissingRight) {
	r.rightsMu.Lock()
	defer r.rightsMu.Unlock()
	if !slices.ContainsFunc(r.missing, func(known plan.MissingRight) bool { return known.What == m.What }) {
		r.missing = append(r.missing, m)
	}
}

// Missing are the rights to read that were found missing.
func (r *facts) Missing() []plan.MissingRight {
	r.rightsMu.Lock()
	defer r.rightsMu.Unlock()
	return slices.Clone(r.missing)
}

// unread is leftOut of a read that the subjects need, who wait for it, whatever it was.
func (r *facts) unread(err error, list ...*Subject) error {
	m, missing := plan.FailedRead(err)
	if !missing {
		return err
	}
	for _, s := range list {
		s.Unread, s.Matches = m.Unread(), nil
	}
	r.noteMissing(m)
	return nil
}

// FailedAlone reports a call that failed for what it asks about: neither for who we are, nor
// since the run is to end.
func FailedAlone(ctx context.Context, err error) bool {
	var f Failure
	return errors.As(err, &f) && !f.Credentials() && ctx.Err() == nil
}

// inARow is how many look-ups of a kind are refused before that is about our rights.
const inARow = 3

// A lookingSource keeps count of the look-ups that Okta refuses (403): of all of a kind, or of
// several in a row, they are about our rights, and not about the people.
type lookingSource struct {
	Source
	mu    sync.Mutex
	kinds [3]lookUps
}

// lookUps are those of one kind.
type lookUps struct {
	what     string
	answered bool
	row      int   // refused since the last answer
	missing  bool  // so many were that we lack the right
	refused  error // the last refusal; nil: there was none
}

func newLookingSource(s Source) *lookingSource {
	return &lookingSource{Source: s,
		kinds: [3]lookUps{{what: "users"}, {what: "assignments"}, {what: "the groups of users"}}}
}

// User reads one user.
func (s *lookingSource) User(ctx context.Context, idOrLogin string) (plan.Person, bool, error) {
	p, found, err := s.Source.User(ctx, idOrLogin)
	s.note(&s.kinds[0], err)
	return p, found, err
}

// Assignment reads one person's assignment.
func (s *lookingSource) Assignment(ctx context.Context, id plan.PersonID) (plan.Person, bool, error) {
	p, found, err := s.Source.Assignment(ctx, id)
	s.note(&s.kinds[1], err)
	return p, found, err
}

// GroupsOf reads one person's groups.
func (s *lookingSource) GroupsOf(ctx context.Context, id plan.PersonID) ([]plan.Group, error) {
	groups, err := s.Source.GroupsOf(ctx, id)
	s.note(&s.kinds[2], err)
	return groups, err
}

// note counts one look-up. Any other failure says nothing about our rights.
func (s *lookingSource) note(k *lookUps, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var f Failure
	switch {
	case err == nil || IsNotFound(err):
		k.answered, k.row = true, 0
	case errors.As(err, &f) && f.Forbidden():
		k.refused, k.row = err, k.row+1
		k.missing = k.missing || k.row >= inARow
	}
}

// RefusedLookUps is the error of a run whose look-ups Okta refused for want of a right; nil:
// it has the rights, as far as it needed them.
func (r *frame) RefusedLookUps() error {
	s := r.looks
	s.mu.Lock()
	defer s.mu.Unlock()
	var kinds []string
	var last error
	for i := range s.kinds {
		if k := &s.kinds[i]; k.missing || k.refused != nil && !k.answered {
			kinds, last = append(kinds, k.what), k.refused
		}
	}
	if last == nil {
		return nil
	}
	return fmt.Errorf("okta does not let the program look up %s; the last answer: %w; what needs that is held, and all "+
		"else goes on", strings.Join(kinds, ", "), last)
}

package state

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"tracktik-sync/sync/plan"
)

// Opening, creating and restoring.
var (
	// ErrMissing: there is no file of that name.
	ErrMissing = errors.New("there is no snapshot")
	// ErrExists: Create was asked to make what is there already.
	ErrExists = errors.New("there is a snapshot already")
	// ErrLocked is what a LockedError is.
	ErrLocked = errors.New("the snapshot is in use")
	// ErrCorrupt is what a CorruptError is.
	ErrCorrupt = errors.New("the snapshot is damaged")
	// ErrNewerSchema: a later version of this program has written the file.
	ErrNewerSchema = errors.New("the snapshot is of a newer version")
	// ErrOlderSchema: the file must be brought up to date, and was opened for
	// reading only.
	ErrOlderSchema = errors.New("the snapshot is of an older version")
	// ErrKey is what a KeyError is.
	ErrKey = errors.New("the snapshot is encrypted with another key")
	// ErrWrongBinding is what a BindingError is.
	ErrWrongBinding = errors.New("the snapshot belongs to other systems")
)

// Using an open snapshot.
var (
	ErrClosed   = errors.New("the snapshot is closed")
	ErrReadOnly = errors.New("the snapshot is open for reading only")
	// ErrUnknownIntent: an intent was settled, or begun anew, that is not pending.
	ErrUnknownIntent = errors.New("no such pending intent")
	// ErrLinked is what a LinkedError is.
	ErrLinked = errors.New("the employee is linked to somebody else")
	// ErrNoSpace: the disk is full. Nothing of the batch was recorded, and later
	// ones can succeed.
	ErrNoSpace = errors.New("no space left for the snapshot")
)

// A LockedError says that another process has the snapshot open.
type LockedError struct {
	Path    string
	Holder  Holder // zero when the holder did not say, or only reads
	Readers bool   // only readers are in the way
}

func (e *LockedError) Error() string {
	switch {
	case e.Readers:
		return fmt.Sprintf("the snapshot %s is being read by another command; it is free in a moment", e.Path)
	case e.Holder.PID == 0:
		return fmt.Sprintf("the snapshot %s is in use by another process", e.Path)
	}
	return fmt.Sprintf("the snapshot %s is in use by %s", e.Path, e.Holder)
}

// Is makes the error an ErrLocked.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// A CorruptError says that the file, or a record in it, cannot be believed.
type CorruptError struct {
	Path string
	What string // what is wrong, and where
	Err  error  // what was found out by whom; may be nil
}

func (e *CorruptError) Error() string {
	text := fmt.Sprintf("the snapshot %s is damaged: %s", e.Path, e.What)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is makes the error an ErrCorrupt.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

func (e *CorruptError) Unwrap() error { return e.Err }

// A BindingError says that the snapshot was made for another Okta org, app or
// TrackTik portal.
type BindingError struct {
	Path       string
	Have, Want plan.Binding
}

func (e *BindingError) Error() string {
	return fmt.Sprintf("the snapshot %s belongs to org %s, app %s and portal %s, not to org %s, app %s and portal %s",
		e.Path, e.Have.Org, e.Have.App, e.Have.Portal, e.Want.Org, e.Want.App, e.Want.Portal)
}

// Is makes the error an ErrWrongBinding.
func (e *BindingError) Is(target error) bool { return target == ErrWrongBinding }

// A KeyError says that a file is encrypted, and cannot be read with the key that
// was given, or without one.
type KeyError struct {
	Path  string
	Given bool // a key was given: the wrong one
}

func (e *KeyError) Error() string {
	if e.Given {
		return fmt.Sprintf("%s is encrypted with another key than the one given (state.key): use that which it was written with", e.Path)
	}
	return fmt.Sprintf("%s is encrypted, and no key was given: set state.key or state.key_file", e.Path)
}

// Is makes the error an ErrKey.
func (e *KeyError) Is(target error) bool { return target == ErrKey }

// A LinkedError refuses to tie two people to one employee.
type LinkedError struct {
	Employee plan.EmployeeID
	Owner    plan.PersonID // who has the employee
	Person   plan.PersonID // who was to have them
}

func (e *LinkedError) Error() string {
	return fmt.Sprintf("linking user %s: employee %d is linked to user %s already", e.Person, e.Employee, e.Owner)
}

// Is makes the error an ErrLinked.
func (e *LinkedError) Is(target error) bool { return target == ErrLinked }

// spaceError makes a full disk, or a used-up quota, recognisable.
func spaceError(path string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w in the directory of %s: free some and try again: %w", ErrNoSpace, path, err)
	}
	return err
}

// A Holder is who has the snapshot open for writing.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	User    string    `json:"user,omitempty"`
	Command string    `json:"command,omitempty"`
	Since   time.Time `json:"since"`
	Run     string    `json:"run,omitempty"`
	// Poll says that Okta's System Log is read, which takes a second as a rule: whoever
	// has more to do waits for it.
	Poll bool `json:"poll,omitempty"`
}

// String is "`sync` of ops@worker-1 (process 4711), run 20261124T060000Z-000123, since 2026-11-24T06:00:00Z".
func (h Holder) String() string {
	text := h.Host
	if h.User != "" {
		text = h.User + "@" + text
	}
	if h.Command != "" {
		text = "`" + h.Command + "` of " + text
	}
	text += fmt.Sprintf(" (process %d)", h.PID)
	if h.Run != "" {
		text += ", run " + h.Run
	}
	return text + ", since " + h.Since.UTC().Format(time.RFC3339)
}

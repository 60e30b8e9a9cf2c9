package plan

import (
	"errors"
	"fmt"
	"strings"
)

// A MissingRight is something that TrackTik does not let the integration's account do.
type MissingRight struct {
	What    string // "read regions"
	Left    int    // actions that were not done because of it; 0: they are not counted
	Said    string // the last refusal; it names nobody
	Address bool   // the refusal is about where the call came from
}

// TellMissing says in one sentence which rights are missing, and the way out; empty: none is.
func TellMissing(missing []MissingRight) string {
	if len(missing) == 0 {
		return ""
	}
	last := missing[len(missing)-1]
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
	return errors.New(TellMissing(missing) + "; nobody has a problem because of it, the rest was done, and the next run tries again")
}

// Unread says why something waits that needs to be read.
func (m *MissingRight) Unread() string {
	return "TrackTik does not let the program " + m.What + ": " + m.Said
}

// MissingRead tells the right that a failed read speaks of, where TrackTik itself has said
// that it is missing: only what needs it has to wait. Any other failure is about more.
func MissingRead(err error) (missing MissingRight, is bool) {
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

package read

import (
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

// Sides are the two systems and the snapshot, as whoever reads them needs them, and by
// which rules they are read. It is a literal: every field but those that say otherwise
// must be set.
type Sides struct {
	Source   Source
	Target   Portal
	Snapshot Record
	Mapper   *mapping.Mapper

	Policy      plan.Policy
	Limits      plan.Limits
	Groups      GroupRules
	Binding     plan.Binding
	Fingerprint string // of what decides how a person is read

	Observe       bool // plan and record, write nothing to TrackTik
	AllowSecond   bool // write although Okta itself provisions the portal
	RedactHistory bool
	Timezone      *time.Location
	Workers       int // calls to TrackTik at one time

	// OwnEmployee is the id of the employee whose credentials we use, OwnUsername
	// their user name: either may be empty.
	OwnEmployee, OwnUsername string

	By       string // who runs this: user@host (trigger)
	Log      logrus.FieldLogger
	Progress Progress         // nil: nobody watches
	Now      func() time.Time // the machine's clock; see Sides.Clock
}

// GroupRules say which Okta groups become TrackTik roles.
type GroupRules struct {
	Push  string            // listed, assigned, mappings or none
	Names []string          // globs, for listed
	IDs   []string          // for listed
	Roles map[string]string // group id or name to an existing role's id or name
}

// A Scope says whom a run is about.
type Scope struct {
	Users []string // only these people: Okta id, login, e-mail or employee id; empty: everybody
	// ByID says that Users are Okta ids, which nobody has to be found by.
	ByID bool
	// Recreate are people whose employee was terminated by somebody else, and who
	// get a new one.
	Recreate []plan.PersonID
	// Retry are people whose problems are tried at once.
	Retry []plan.PersonID
	// Spares reports an error about one person that must not keep the others from being
	// looked at; nil: there is none such.
	Spares func(user string, err error) bool
	// Told is when somebody's end was told; nil: nothing told of any.
	Told func(plan.PersonID) time.Time
}

// Some reports a run of single people. What needs everybody to be decided, it has from the
// snapshot, the configuration and the last whole run.
func (s *Scope) Some() bool { return len(s.Users) > 0 }

// Phase tells who watches that something begins.
func (s *Sides) Phase(name string, total int) {
	if s.Progress != nil {
		s.Progress.Phase(name, total)
	}
}

// Advance tells who watches that n more are done.
func (s *Sides) Advance(n int) {
	if s.Progress != nil {
		s.Progress.Add(n)
	}
}

// The machine's clock may be wrong: it has none of its own and NTP has not set it yet,
// its battery is empty, somebody typed a date. So whatever is written down, and every
// wait, goes by Okta's clock, which each of its answers shows; and while the clocks
// disagree, nothing is noted that a later run would take for the begin of a wait,
// nobody is terminated, and nothing is given up or thrown away.

// MaxSkew is how far the clocks may be apart.
const MaxSkew = plan.MaxClockSkew

// Clock is the time by Okta's clock, else by TrackTik's; known is false before one of
// them has answered, when it is the machine's. It is in UTC.
func (s *Sides) Clock() (at time.Time, known bool) {
	for _, m := range []Meter{s.Source, s.Target} {
		if at, known := m.Clock(); known {
			return at.UTC(), true
		}
	}
	return s.Now().UTC(), false
}

// Moment is Clock for whom it is all the same whose it is.
func (s *Sides) Moment() time.Time {
	at, _ := s.Clock()
	return at
}

// Since is how long ago at was: the one measure of every wait.
func (s *Sides) Since(at time.Time) time.Duration { return s.Moment().Sub(at) }

// ClocksApart compares the machine's clock with both systems', and theirs with each
// other: how far they are apart, and whether that is too far.
func (s *Sides) ClocksApart() (time.Duration, bool) {
	var low, high time.Duration // the machine's own is 0
	for _, m := range []Meter{s.Source, s.Target} {
		if skew, known := m.ClockSkew(); known {
			low, high = min(low, skew), max(high, skew)
		}
	}
	return high - low, high-low > MaxSkew
}

// Apart reports that the clocks disagree.
func (s *Sides) Apart() bool {
	_, far := s.ClocksApart()
	return far
}

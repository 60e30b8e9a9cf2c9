package read

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

// A frame is what a run goes by: whom it is about, its clock, the policy, and what the
// snapshot knows about itself. All parts of the run have it.
type frame struct {
	*Sides
	looks    *lookingSource // Source, as this run asks it
	Scope    Scope
	ID       string    // empty for a plan
	Seed     string    // of samples: nobody can guess whom they name
	AsOf     time.Time // what everything is decided by: see SetClock
	Began    time.Time // by the machine's clock
	Started  time.Time
	Log      logrus.FieldLogger
	Meta     plan.Meta
	Refresh  bool // TrackTik is read too
	MayWait  bool // the refresh is due by itself: nobody asked for it, and nothing rests on it
	Full     bool // every missing person is looked up: a set that holds removals was approved
	Approved [][]plan.ActionRef
	Pol      plan.Policy
	app      plan.App // as it was when the run met Okta
	Warnings []plan.Warning
}

// Base is what every part of a run has.
type Base struct {
	*frame
	*facts
}

func (r *frame) Warn(w plan.Warning) { r.Warnings = append(r.Warnings, w) }

// Told is when Okta's log reported the end of this person; zero: it did not.
func (r *frame) Told(id plan.PersonID) time.Time {
	if r.Scope.Told == nil {
		return time.Time{}
	}
	return r.Scope.Told(id)
}

// Meet reads the app, which is how a run meets Okta, and from then on goes by its clock.
func (r *frame) Meet(ctx context.Context) error {
	app, err := r.Source.App(ctx)
	if err != nil {
		return err
	}
	r.app = app
	r.SetClock()
	return nil
}

// SetClock moves what the run knows of time to Okta's clock.
func (r *frame) SetClock() {
	r.AsOf = r.Moment()
	r.Started = r.AsOf.Add(-r.Now().Sub(r.Began))
}

// EndedAt is when the run ends, which is now: as long after its begin as the machine says.
func (r *frame) EndedAt() time.Time { return r.Started.Add(r.Now().Sub(r.Began)) }

// Quarantined refuses a run whose credentials are known to be bad. Those are TrackTik's:
// Okta blocks nobody, and is asked in each run.
func (r *frame) Quarantined() error {
	q := r.Meta.Quarantine
	if q == nil || q.System != SystemTrackTik {
		return nil
	}
	wait := q.NextTry.Sub(r.Moment())
	wrong := wait > longestQuarantine()+MaxSkew // noted by a wrong clock
	if wait <= 0 || wrong || q.Credentials != r.Target.CredentialsFingerprint() {
		return nil
	}
	return &QuarantineError{System: q.System, Reason: q.Reason, Since: q.Since, NextTry: q.NextTry}
}

// CheckApp judges the app: one that is switched off, or that Okta provisions by
// itself, stops what writes.
func (r *frame) CheckApp() error {
	app := r.app
	if !app.Active() {
		return Refused(RefusedApp, fmt.Sprintf("the okta app %s is %s: its assignments do not end when people leave, so "+
			"nothing is decided by them; "+
			"activate it in Okta (Applications, the app, Status)", app.ID, QuoteStatus(app.Status)))
	}
	if pushes := PushFeatures(app.Features); len(pushes) > 0 {
		text := fmt.Sprintf("okta itself provisions the portal through app %s (%s)", app.ID, pushes)
		if r.ID != "" && !r.Observe && !r.AllowSecond {
			return Refused(RefusedSecond, text+": two provisioners undo each other's work; switch the app's provisioning off "+
				"in Okta, "+
				"or set sync.mode: observe, or sync.allow_second_provisioner: true")
		}
		r.Warn(plan.Warning{Code: "second_provisioner", Message: text})
	}
	if skew, far := r.ClocksApart(); far {
		r.Warn(plan.Warning{Code: plan.HeldClock,
			Message: fmt.Sprintf("the clocks are %s apart: nobody is terminated before they agree within 5 minutes",
				skew.Round(time.Second))})
	}
	return nil
}

// QuoteStatus is a status of the app, for a sentence.
func QuoteStatus(s string) string {
	if s == "" {
		return "of unknown status"
	}
	return s
}

// SystemTrackTik is what errors call the portal.
const SystemTrackTik = "tracktik"

// IsCredentials reports an error about who we are, and whose.
func IsCredentials(err error) (system string, ok bool) {
	var f Failure
	if !errors.As(err, &f) || !f.Credentials() {
		return "", false
	}
	if s, is := f.(interface{ System() string }); is {
		return s.System(), true
	}
	return SystemTrackTik, true
}

func (r *frame) Approve(set []plan.ActionRef) {
	r.Approved = append(r.Approved, set)
	r.Full = r.Full || slices.ContainsFunc(set, func(ref plan.ActionRef) bool { return ref.Kind.Removes() })
}

// ApprovedOf reports that an approved set names the action, with whatever values.
func (r *frame) ApprovedOf(want plan.ActionRef) bool {
	return slices.ContainsFunc(r.Approved, func(set []plan.ActionRef) bool {
		return slices.ContainsFunc(set, func(ref plan.ActionRef) bool {
			ref.Values = ""
			return ref == want
		})
	})
}

// approvedRef reports that an approved set names the action of that kind for somebody.
func (r *frame) approvedRef(kind plan.Kind, s *Subject) bool {
	return r.ApprovedOf(plan.ActionRef{Kind: kind, Person: s.Person.ID, Employee: s.Link.Employee})
}

// QuarantineWaits are how long no login is tried after the first refused one, the second,
// and so on; the last is for all that follow. TrackTik blocks an address for two hours
// after 40 failed logins in two minutes.
var QuarantineWaits = []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour}

func longestQuarantine() time.Duration { return QuarantineWaits[len(QuarantineWaits)-1] }

// Sides are the two systems and the snapshot, as whoever reads them needs them, and by
// which rules they are read. It is a literal: every field but those that say otherwise
// must be set.
type Sides struct {
	Source   Source
	Target   Portal
	Snapshot Record
	Mapper   *mapping.Mapper

	Policy          plan.Policy
	Limits          plan.Limits
	Groups          GroupRules
	Binding         plan.Binding
	ReadFingerprint string // of what decides how a person is read

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
	// ByID says that Users are the Okta ids of those whom events name: nobody has to be found by
	// them, and there may be nobody.
	ByID bool
	// Recreate are people whose employee was terminated by somebody else, or who may be one
	// that a restored snapshot has forgotten, and who get a new one: some of Users, or their ids.
	Recreate []plan.PersonID
	// Retry are people whose problems are tried at once.
	Retry []plan.PersonID
	// Told is when Okta's log reported the end of a person; nil: no log was read.
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

// Moment is the time of Clock, for callers who need not know which clock it is of.
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

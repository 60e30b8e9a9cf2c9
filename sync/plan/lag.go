package plan

import (
	"slices"
	"time"
)

// A Lag is for how long leavers waited: from when Okta told of their end until TrackTik had
// terminated them.
type Lag struct {
	Count   int
	Median  time.Duration
	Longest time.Duration
}

// LagOf is the lag of the entries that tell one; the zero Lag where none does.
func LagOf(entries []Audit) Lag {
	var waits []time.Duration
	for i := range entries {
		if wait, known := entries[i].Waited(); known {
			waits = append(waits, wait)
		}
	}
	if len(waits) == 0 {
		return Lag{}
	}
	slices.Sort(waits)
	return Lag{Count: len(waits), Median: waits[(len(waits)-1)/2], Longest: waits[len(waits)-1]}
}

// Waited is for how long the person of a termination that was done had waited for it. It
// is not known where Okta did not say since when, and of whom somebody else has ended.
func (a *Audit) Waited() (wait time.Duration, known bool) {
	if a.Kind != string(Terminate) || a.Outcome != Done || a.Told.IsZero() {
		return 0, false
	}
	return max(0, a.Time.Sub(a.Told)), true
}

// told is when Okta said that the person has to go: by an event, else by the user's
// status, else by an assignment that is there and does not entitle. Zero: it does not say.
func (v *View) told() time.Time {
	p := v.Person
	verdict := assignmentVerdicts[p.Assignment.Status]
	switch {
	case !v.Told.IsZero():
		return v.Told
	case p.Status == statusDeprovisioned || p.Status == statusSuspended:
		return p.StatusChanged
	case p.Assignment.Present && (verdict == Depart || verdict == Doubt):
		return p.Assignment.Updated
	}
	return time.Time{}
}

package report

import (
	"time"

	"tracktik-sync/sync/plan"
)

// bins is into how many slices a timeline cuts a run.
const bins = 60

// A Trail is a run's audit trail, entry by entry: what became of its actions, and
// when.
type Trail struct {
	started, ended time.Time
	marks          map[markKey]mark
	kinds          map[plan.Kind]*phase
	first, last    time.Time    // of the writes
	waits          []plan.Audit // terminations of whom it is known since when they waited
}

// NewTrail begins the trail of a run.
func NewTrail(run *plan.RunRecord) *Trail {
	return &Trail{started: run.Started, ended: run.Ended, marks: map[markKey]mark{}, kinds: map[plan.Kind]*phase{}}
}

// A markKey names an action within one run. Ids that are only made by it are not in
// the key.
type markKey struct {
	kind   plan.Kind
	person plan.PersonID
	group  plan.GroupID
	role   plan.RoleID
}

func keyOf(kind plan.Kind, person plan.PersonID, role *plan.RoleRef) markKey {
	key := markKey{kind: kind, person: person}
	if role != nil {
		key.group = role.Group
		if role.Group == "" {
			key.role = role.ID
		}
	}
	return key
}

type mark struct {
	outcome  string
	request  string
	attempts int
}

type phase struct {
	first, last time.Time
	done, other int // other: failed, or not known
	slices      [bins]int
}

// Add takes in an entry of the run.
func (t *Trail) Add(a plan.Audit) {
	kind := plan.Kind(a.Kind)
	key := keyOf(kind, a.Person, a.Role)
	if a.Outcome == plan.Withheld { // due in the plan, or left while it was carried out
		if _, known := t.marks[key]; !known {
			t.marks[key] = mark{outcome: a.Outcome}
		}
		return
	}
	if _, known := a.Waited(); known {
		t.waits = append(t.waits, a)
	}
	m := mark{outcome: a.Outcome, attempts: a.Attempts}
	done := a.Outcome == plan.Done || a.Outcome == plan.Found
	if !done { // of those that were done nobody asks for the request
		m.request = a.Request
	}
	t.marks[key] = m
	if a.Outcome == plan.Would || a.Time.Before(t.started) || a.Time.After(t.ended) {
		return
	}
	p := t.kinds[kind]
	if p == nil {
		p = &phase{first: a.Time}
		t.kinds[kind] = p
	}
	p.last = a.Time
	if done {
		p.done++
	} else {
		p.other++
	}
	p.slices[t.slice(a.Time)]++
	if t.first.IsZero() {
		t.first = a.Time
	}
	t.last = a.Time
}

// Lag is for how long those waited whom the run terminated.
func (t *Trail) Lag() plan.Lag {
	if t == nil {
		return plan.Lag{}
	}
	return plan.LagOf(t.waits)
}

// slice is the part of the run in which a moment falls.
func (t *Trail) slice(at time.Time) int {
	whole := t.ended.Sub(t.started)
	if whole <= 0 {
		return 0
	}
	return min(bins-1, int(float64(bins)*float64(at.Sub(t.started))/float64(whole)))
}

func (t *Trail) of(a *plan.Action) (mark, bool) {
	if t == nil {
		return mark{}, false
	}
	m, known := t.marks[keyOf(a.Kind, a.User.ID, a.Role)]
	return m, known
}

package notify

import (
	"time"

	"tracktik-sync/sync/plan"
)

// The events.
const (
	Failed       = "failed"
	GuardRefused = "guard_refused"
	ProblemsNew  = "problems_new"
	Recovered    = "recovered"
	Quarantined  = "quarantined"
	Digested     = "digest"
	Housekeeping = "housekeeping"
	Tested       = "test" // of `notify test`
)

// OK is the state in which nobody has to do anything. The others are called like
// their events: [Failed], [GuardRefused] and [Quarantined].
const OK = "ok"

// A Message is what one channel is told. Its JSON is the body of a webhook.
type Message struct {
	Event   string         `json:"event"`
	Portal  string         `json:"portal"`  // base URL
	Run     string         `json:"run"`     // empty: there was none
	Text    string         `json:"message"` // for people, of several lines; the first is the subject
	Counts  map[string]int `json:"counts"`
	Approve string         `json:"approve,omitempty"` // what `sync --approve` takes
	// DedupeKey is the portal's short name and what the message is about; a recovery has the
	// key of what it ends.
	DedupeKey string `json:"dedupe_key"`
}

// A Situation is how things stand at the end of a run.
type Situation struct {
	Run  string // empty: the run did not begin
	Mode string // apply or observe
	// State is OK, Failed, GuardRefused or Quarantined; empty: the run says nothing
	// about how the runs go.
	State       string
	Cause       string // what went wrong, as the last line on stderr says it
	LastSuccess time.Time
	Refusals    []plan.Refusal
	Quarantine  *plan.Quarantine
	Problems    []plan.Trouble // all that there are, not only new ones
	Counts      map[string]int
	Digest      *Digest // where [Notifier.DigestDue] asked for one
	// Neglected is what could not be kept up beside the runs: the copies of the snapshot,
	// the metrics, the events. Nil: that is not known; empty: nothing.
	Neglected []string
}

// A Digest is a day in numbers, and what stands at its end.
type Digest struct {
	From, To    time.Time
	Done        map[string]int // actions by kind
	Failed      int            // actions that failed or whose outcome is not known
	Runs        int
	BadRuns     int // of these, ended with 1 or 3
	Managed     int
	Held        int
	Problems    int
	Approvals   int // refused sets that wait for somebody
	LastSuccess time.Time
	Lag         plan.Lag // of those who were terminated
}

// approve is what lets the refused actions pass, the first where there are several.
func (s *Situation) approve() string {
	for _, r := range s.Refusals {
		if r.Approve != "" {
			return r.Approve
		}
	}
	return ""
}

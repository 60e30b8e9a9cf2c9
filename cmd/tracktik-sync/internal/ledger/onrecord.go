package ledger

import (
	"time"

	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// A Record is what the snapshot has about a person besides who they are.
type Record struct {
	Problems []ProblemRow  `json:"problems"`       // on record
	LastHeld []plan.Held   `json:"held_by_last"`   // what the last run about everybody held of them
	History  []HistoryLine `json:"history"`        // the latest entries, oldest first
	LastRun  *LastRun      `json:"last_run"`       // the last one about everybody
	Gone     *time.Time    `json:"gone,omitempty"` // when their last employee was ended
}

// knownHistory is how many entries of the history are shown.
const knownHistory = 10

// OnRecord reads what the snapshot has about somebody; of an empty id that is the last
// run. redact leaves out what the history does by state.redact_history.
func OnRecord(db *state.DB, id plan.PersonID, redact bool) (Record, error) {
	r := Record{Problems: []ProblemRow{}, LastHeld: []plan.Held{}, History: []HistoryLine{}}
	last, err := LastWhole(db)
	if err != nil {
		return r, err
	}
	if last.ID != "" {
		r.LastRun = lastRunOf(&last)
	}
	if id == "" {
		return r, nil
	}
	held, err := heldBy(db, last)
	if err != nil {
		return r, err
	}
	for _, h := range held {
		if h.User.ID == id {
			r.LastHeld = append(r.LastHeld, h)
		}
	}
	troubles, err := Troubles(db)
	if err != nil {
		return r, err
	}
	r.Problems = append(r.Problems, troubleRows(troubles[id])...)
	formers, err := db.FormersOf(id)
	if err != nil {
		return r, err
	}
	for i := range formers {
		f := &formers[i]
		if r.Gone == nil || f.Terminated.After(*r.Gone) {
			ended := f.Terminated.UTC()
			r.Gone = &ended
		}
	}
	for entry, err := range db.Audits(state.Query{Person: id, Limit: knownHistory}) {
		if err != nil {
			return r, err
		}
		if redact {
			entry = redactEntry(entry)
		}
		r.History = append(r.History, lineOf(entry))
	}
	return r, nil
}

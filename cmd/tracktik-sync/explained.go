package main

import (
	"time"

	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// An explained is what `explain --format json` prints: what the engine found out, and
// what is on record.
type explained struct {
	*tsync.Explanation
	Known onRecord `json:"known"`
}

// onRecord is what the snapshot has about a person besides who they are.
type onRecord struct {
	Problems []problemRow  `json:"problems"`       // on record
	LastHeld []plan.Held   `json:"held_by_last"`   // what the last run about everybody held of them
	History  []historyLine `json:"history"`        // the latest entries, oldest first
	LastRun  *lastRun      `json:"last_run"`       // the last one about everybody
	Gone     *time.Time    `json:"gone,omitempty"` // when their last employee was ended
}

// knownHistory is how many entries of the history are shown.
const knownHistory = 10

// recall adds what the snapshot has about the person.
func (x *explained) recall(db *state.DB, redact bool) error {
	x.Known = onRecord{Problems: []problemRow{}, LastHeld: []plan.Held{}, History: []historyLine{}}
	last, err := lastWhole(db)
	if err != nil {
		return err
	}
	if last.ID != "" {
		x.Known.LastRun = &lastRun{last.ID, last.Started, last.Ended, last.ExitCode, last.Summary, last.Message}
	}
	id := x.User.ID
	if id == "" {
		return nil
	}
	held, err := heldBy(db, last)
	if err != nil {
		return err
	}
	for _, h := range held {
		if h.User.ID == id {
			x.Known.LastHeld = append(x.Known.LastHeld, h)
		}
	}
	troubles, err := troublesOf(db)
	if err != nil {
		return err
	}
	x.Known.Problems = append(x.Known.Problems, troubleRows(troubles[id])...)
	formers, err := db.FormersOf(id)
	if err != nil {
		return err
	}
	for i := range formers {
		f := &formers[i]
		if x.Known.Gone == nil || f.Terminated.After(*x.Known.Gone) {
			ended := f.Terminated.UTC()
			x.Known.Gone = &ended
		}
	}
	for entry, err := range db.Audits(state.Query{Person: id, Limit: knownHistory}) {
		if err != nil {
			return err
		}
		if redact {
			entry = redactEntry(entry)
		}
		x.Known.History = append(x.Known.History, lineOf(entry))
	}
	return nil
}

package sync

import (
	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
)

// finishNotes records what is to be remembered of people whose link no action wrote.
func (r *recorder) finishNotes(out *apply.Outcome) error {
	var notes []plan.Link
	apart := r.Apart()
	r.noteUnconfirmed(out)
	for _, s := range r.People.Sorted() {
		note := s.Decision.Note
		if note == nil || s.Extras().Became != nil || out.Linked[s.Person.ID] {
			continue // what an action wrote begins with the note, and is newer
		}
		now, found, err := r.Snapshot.Link(s.Person.ID)
		if err != nil {
			return err
		}
		if apart {
			noWaitBegins(note, &now)
		}
		if found && now.Employee == note.Employee && now.Run == note.Run && now.Pushed == s.Link.Pushed && now != *note {
			notes = append(notes, *note)
		}
	}
	if len(notes) == 0 {
		return nil
	}
	return r.store.CommitLinks(notes)
}

// noWaitBegins takes out of a note since when something is so, where the record does not
// say it yet: the clocks disagree.
func noWaitBegins(note, record *plan.Link) {
	if record.NotVisibleSince == nil {
		note.NotVisibleSince = nil
	}
	if record.UnassignedSince == nil {
		note.UnassignedSince = nil
	}
	if record.UnconfirmedSince == nil {
		note.UnconfirmedSince = nil
	}
}

// noteUnconfirmed notes whose termination was planned, and held right before its call: no
// look-up has confirmed that they have left.
func (r *recorder) noteUnconfirmed(out *apply.Outcome) {
	if out == nil {
		return
	}
	for i := range out.Held {
		h := &out.Held[i]
		s := r.People.Subjects[h.User.ID]
		if h.Kind != plan.Terminate || h.Code() != plan.HeldUnconfirmed || s == nil || s.Link == nil {
			continue
		}
		if p := s.Note().StillUnconfirmed(h.User, r.AsOf, h.Why); p != nil {
			r.doc.Problems = append(r.doc.Problems, *p)
		}
	}
}

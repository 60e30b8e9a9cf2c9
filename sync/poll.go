package sync

import (
	"context"
	"errors"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A Poll is what was read of Okta's System Log since the poll before, and whom to look at
// for it. Nothing of it is evidence. The zero Poll and nil ask for nothing.
type Poll struct {
	Looks []plan.Look
	// Whole says why everybody has to be looked at; empty: nothing asks for it.
	Whole string

	log    plan.EventLog               // to be recorded with what comes of it
	second map[plan.PersonID]bool      // whom no new event names: they are looked at for the last time
	gone   map[plan.PersonID]time.Time // of the first event that told of an end of theirs
}

// Idle reports that nothing has happened that concerns anybody.
func (p *Poll) Idle() bool { return p == nil || len(p.Looks) == 0 && p.Whole == "" }

// ended is when an event told of an end of the person's; zero: none did.
func (p *Poll) ended(id plan.PersonID) time.Time {
	if p == nil {
		return time.Time{}
	}
	return p.gone[id]
}

// People are the ids of those to look at, as RunOptions.Users has them.
func (p *Poll) People() []string {
	ids := make([]string, len(p.Looks))
	for i := range p.Looks {
		ids[i] = string(p.Looks[i].Person)
	}
	return ids
}

// Why everybody has to be looked at.
const (
	wholeBegins  = "the System Log is read for the first time"
	wholeLapsed  = "the System Log was not read for 80 days"
	wholeRefused = "Okta does not read its System Log on from where it was"
)

var wholeReasons = map[plan.EventKind]string{
	plan.EventUser:            "the System Log names more people than schedule.events_max_people",
	plan.EventAssignment:      "an assignment of the app changed, and the System Log does not say whose",
	plan.EventMembership:      "the members of a group changed, and the System Log does not say who",
	plan.EventGroup:           "a pushed group was renamed or deleted",
	plan.EventGroupAssignment: "a group was assigned to the app, or is no longer",
	plan.EventApp:             "the app itself was changed",
}

// Listen reads Okta's System Log on from where it was read to. An idle poll is recorded
// here, and costs one request; any other one by the run that it is handed to. With keep
// false nothing is recorded, and the next poll reads the same.
func (e *Engine) Listen(ctx context.Context, keep bool) (*Poll, error) {
	before, err := e.Snapshot.EventLog()
	if err != nil {
		return nil, err
	}
	events, log, err := e.readEvents(ctx, before)
	if err != nil {
		told := errors.Is(ctx.Err(), context.Canceled) // to end: the log may be as readable as ever
		return nil, errors.Join(err, e.noteDeaf(before, err, keep && !told))
	}
	p := &Poll{log: log, Whole: log.WholeDue, second: map[plan.PersonID]bool{},
		gone: map[plan.PersonID]time.Time{}}
	if err := e.attend(p, events, before.Again); err != nil {
		return nil, err
	}
	p.log.WholeDue = p.Whole
	if !p.Idle() || !keep {
		return p, nil
	}
	return p, e.Snapshot.Commit(plan.Batch{Events: &p.log})
}

// readEvents reads the events since before. Where they cannot be told, reading begins anew,
// and everybody has to be looked at.
func (e *Engine) readEvents(ctx context.Context, before plan.EventLog) ([]plan.Event, plan.EventLog, error) {
	log, now := plan.EventLog{Cursor: before.Cursor, WholeDue: before.WholeDue}, e.sides().Moment()
	begin := func(why string) { log.Cursor, log.WholeDue = "", why }
	switch {
	case before.Cursor == "":
		begin(wholeBegins)
	case before.Lapsed(now):
		begin(wholeLapsed)
	}
	since := now.Add(-2 * read.MaxSkew) // the clocks may be so far apart
	anew := log.Cursor == ""
	events, next, err := e.Events.Events(ctx, log.Cursor, since)
	if refused := cursorRefusal(err); refused && !anew {
		e.Log.WithError(err).Warn("okta's system log is read anew, and everybody is looked at")
		begin(wholeRefused)
		anew = true
		events, next, err = e.Events.Events(ctx, "", since)
	}
	if err != nil {
		return nil, log, err
	}
	if anew {
		events = nil // what the whole run reads is newer
	}
	log.Cursor, log.Polled = next, now
	return events, log, nil
}

func cursorRefusal(err error) bool {
	var refusal interface{ CursorRefused() bool }
	return errors.As(err, &refusal) && refusal.CursorRefused()
}

// noteDeaf records why the log cannot be read. It is said once.
func (e *Engine) noteDeaf(before plan.EventLog, cause error, keep bool) error {
	var f read.Failure
	lasting := errors.As(cause, &f) && (f.Forbidden() || f.Credentials())
	if !keep || before.Failure != "" && before.Lasting == lasting {
		return nil
	}
	if before.Failure == "" {
		e.Log.WithError(cause).Warn("okta's system log cannot be read: only whole runs see a change")
	}
	before.Failure, before.Lasting = cause.Error(), lasting
	return e.Snapshot.Commit(plan.Batch{Events: &before})
}

// attend decides whom to look at.
func (e *Engine) attend(p *Poll, events []plan.Event, again []plan.Look) error {
	known, err := e.known(events)
	if err != nil {
		return err
	}
	most := e.EventsMaxPeople
	attention := plan.Attend(events, again, known, most)
	p.Looks = attention.Looks
	for i := range p.Looks {
		p.gone[p.Looks[i].Person] = p.Looks[i].Gone
	}
	fresh := plan.Attend(events, nil, known, most).Looks
	for i := range again {
		id := again[i].Person
		p.second[id] = !slices.ContainsFunc(fresh, func(l plan.Look) bool { return l.Person == id })
	}
	if p.Whole == "" && len(attention.Whole) > 0 {
		p.Whole = wholeReasons[attention.Whole[0]]
	}
	return nil
}

// known is what the snapshot knows of those whom events name.
func (e *Engine) known(events []plan.Event) (plan.Known, error) {
	known := plan.Known{App: e.Binding.App, People: map[plan.PersonID]bool{}, Groups: map[plan.GroupID]bool{},
		Givers: map[plan.GroupID]bool{}}
	if len(events) == 0 {
		return known, nil
	}
	groups, err := e.Snapshot.Groups()
	if err != nil {
		return known, err
	}
	for i := range groups {
		known.Groups[groups[i].Group] = !groups[i].Unpushed
	}
	meta, err := e.Snapshot.Meta()
	if err != nil {
		return known, err
	}
	for _, id := range meta.AppGroups {
		known.Givers[id] = true
	}
	for i := range events {
		for _, id := range events[i].People {
			if _, asked := known.People[id]; asked || events[i].Kind != plan.EventUser {
				continue
			}
			if known.People[id], err = e.Snapshot.Remembers(id); err != nil {
				return known, err
			}
		}
	}
	return known, nil
}

// eventLog is what the run records of the log: nil, nothing.
func (r *bookkeeper) eventLog(cause error) (*plan.EventLog, error) {
	whole := !r.Scope.Some() && !r.partial && r.doc.Made() && !r.leftOff(cause)
	if r.opt.Poll == nil {
		log, err := r.store.EventLog()
		if err != nil || !whole || log.WholeDue == "" && len(log.Again) == 0 {
			return nil, err
		}
		log.WholeDue, log.Again = "", nil // everybody was looked at
		return &log, nil
	}
	log := r.opt.Poll.log
	if whole {
		log.WholeDue = ""
		return &log, nil
	}
	for i := range r.opt.Poll.Looks {
		if look := &r.opt.Poll.Looks[i]; !r.opt.Poll.second[look.Person] && r.unsettled(look, cause) {
			log.Again = append(log.Again, *look)
		}
	}
	return &log, nil
}

// leftOff reports that a plan was not carried out to its end: somebody declined it, or the run
// was told to end. What was due is due still.
func (r *bookkeeper) leftOff(cause error) bool {
	var stopped *StoppedError
	return cause == nil && r.doc.Result == nil || errors.As(cause, &stopped)
}

// unsettled reports that a person of a poll has to be looked at once more: their look-up
// failed, or shows something else than the events claim, or an action of theirs was not done.
func (r *bookkeeper) unsettled(look *plan.Look, cause error) bool {
	var refused *read.RefusedError
	if cause != nil && !errors.As(cause, &refused) || r.People == nil || r.Unlooked[string(look.Person)] != nil ||
		r.Groupless[look.Person] {
		return true
	}
	theirs := func(a *plan.Action) bool { return a.User.ID == look.Person }
	if res := r.doc.Result; res != nil && slices.ContainsFunc(res.Failures,
		func(f plan.Failure) bool { return theirs(&f.Action) }) {
		return true
	}
	if slices.ContainsFunc(r.doc.Held, func(h plan.Held) bool {
		return theirs(&h.Action) &&
			h.Code() == plan.HeldPending
	}) {
		return true
	}
	seen := plan.Seen{}
	if s := r.People.Subjects[look.Person]; s != nil {
		groups, asked := r.OwnGroups[look.Person]
		if asked && groups == nil {
			groups = []plan.Group{}
		}
		person := s.Whole()
		seen = plan.SeenOf(&person, !s.Absent, groups)
	}
	return look.Contradicted(seen)
}

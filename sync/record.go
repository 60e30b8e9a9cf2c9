package sync

import (
	"errors"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A bookkeeper records the run itself, and what the snapshot knows about itself.
type bookkeeper struct {
	desk
	census       *census
	absentReader *read.AbsentReader
}

// record writes the run itself, and what the snapshot knows about itself.
func (r *bookkeeper) record(cause error) error {
	if !r.doc.Made() { // the run ended before there was a plan
		r.doc.Fail(cause)
	}
	ended := r.EndedAt()
	requests := plan.RequestCount{Okta: r.Source.Requests() - r.before[0], TrackTik: r.Target.Requests() - r.before[1]}
	if r.doc.Result != nil {
		r.doc.Result.Held = len(r.doc.Held) // by the plan, by a guard, and right before the call
		r.doc.Result.Duration = ended.Sub(r.Started).Seconds()
		r.doc.Result.Requests = requests
		r.doc.Run = r.ID
	}
	rec := plan.RunRecord{ID: r.ID, Started: r.Started, Ended: ended, By: r.By, Mode: r.doc.Mode, Refresh: r.Refresh,
		Users: r.Scope.Users, Partial: r.partial,
		ExitCode: ExitCode(r.doc, cause, r.engine.ProblemsExit), Summary: r.doc.Summary, Problems: len(r.doc.Problems),
		OktaCalls: requests.Okta, TTCalls: requests.TrackTik}
	if cause != nil {
		rec.Message = cause.Error()
	}
	managed, err := r.Snapshot.Managed()
	if err != nil {
		return err
	}
	rec.Managed = managed
	rec.Held, rec.Refusals = len(r.doc.Held), r.doc.Guard.Refusals
	for _, w := range slices.Concat(r.Source.AskedOtherwise(), r.Target.AskedOtherwise()) {
		rec.Asked = append(rec.Asked, w.Message)
	}
	rec.Answers = slices.Concat(r.Source.RefusedAnswers(), r.Target.RefusedAnswers())
	if res := r.doc.Result; res != nil {
		rec.Done, rec.Found, rec.Failed, rec.Unknown = res.Done, res.Found, res.Failed, res.Unknown
		rec.Problems += r.troubled(res)
	}
	meta := r.newMeta(cause, ended)
	if meta.NotVisible, err = r.absentReader.CountUnseen(); err != nil {
		return err
	}
	if meta.AppGroups, err = r.appGroups(); err != nil {
		return err
	}
	events, err := r.eventLog(cause)
	if err != nil {
		return err
	}
	r.forget() // the document is packed and committed in memory
	kept := r.doc
	if r.RedactHistory {
		kept, rec.Users = kept.Redacted(), plan.LeftOut(rec.Users)
		rec.Message = r.doc.LoginsToIDs().Replace(rec.Message)
	}
	if rec.Packed, err = kept.Pack(); err != nil {
		return err
	}
	if err := r.store.Commit(plan.Batch{Run: &rec, Meta: &meta, Events: events}); err != nil {
		return err
	}
	return r.prune(cause, ended)
}

// manyActions is from how many actions on a run gives memory back to the system before its
// record: a document of that size, and the snapshot that is written anew, need some of their own.
const manyActions = 20_000

// forget drops what was read and decided, of a run that is over but for its record: all that
// is left of it is the document.
func (r *bookkeeper) forget() {
	r.Base.Forget()
	*r.Decided = decide.Decided{}
	if len(r.doc.Actions) >= manyActions {
		debug.FreeOSMemory()
	}
}

// prune throws away what is too old, after a whole run that succeeded: it has seen both
// systems' clocks, and agrees with them.
func (r *bookkeeper) prune(cause error, now time.Time) error {
	succeeded := cause == nil
	if succeeded && r.whole() {
		return r.store.Prune(now, r.engine.Keep)
	}
	return nil
}

// whole reports a run about everybody that went as far as to write. One that was stopped
// whole, or that somebody declined, has recorded nothing of what it saw.
func (r *desk) whole() bool { return !r.Scope.Some() && !r.partial && r.doc.Result != nil }

// troubled counts the failures that left a problem.
func (r *bookkeeper) troubled(res *plan.Result) int {
	n := 0
	for _, f := range res.Failures {
		if f.Outcome == plan.Failed {
			n++
		}
	}
	return n
}

func (r *bookkeeper) newMeta(cause error, ended time.Time) plan.Meta {
	meta := r.Meta
	meta.Binding = r.Binding
	if q := meta.Quarantine; q != nil && q.System != read.SystemTrackTik { // of an earlier version
		meta.Quarantine = nil
	}
	if r.Regions != nil {
		meta.Regions = r.Regions.Names()
	}
	system, bad := read.IsCredentials(cause)
	var refused *read.RefusedError
	whole := r.whole()
	switch {
	case bad && system == read.SystemTrackTik:
		meta.Quarantine = r.nextQuarantine(system, cause, ended)
	case cause == nil:
		meta.Quarantine = nil
		if whole {
			meta.LastSuccess = ended
		}
	case errors.As(cause, &refused) && refused.Code == read.RefusedGuard:
		meta.Quarantine = nil
	}
	if (cause == nil || errors.As(cause, &refused) && refused.Code == read.RefusedGuard) && whole {
		meta.ReadFingerprint = r.ReadFingerprint
		if r.Groups.Push == read.PushMappings { // not before: a mapping that is gone takes its group away first
			meta.Mappings = r.Mappings.List
		}
		if r.Refresh || meta.LastRefresh.IsZero() {
			meta.LastRefresh = r.Started
		}
		meta.Observed = r.Observe || meta.Observed && !r.Refresh
		meta.Lookalikes = r.lookalikes()
		if r.Refresh {
			meta.RefreshDue = false
			n := len(r.census.unmanaged())
			meta.UnmanagedActive = &n
		}
		if n := len(r.Roles.Roleless); r.Roles.Counted {
			meta.Roleless = &n
		}
		if r.Current.Total > 0 {
			meta.PortalEmployees = r.Current.Total
		}
		meta.Observing = r.observing()
		if r.Ties.Found != nil {
			meta.External = r.Ties.Found
		}
	}
	return meta
}

// appGroups are the groups by which somebody has the app: those of before and those that this
// run saw. A refresh counts anew by everybody's record.
func (r *bookkeeper) appGroups() ([]plan.GroupID, error) {
	groups := map[plan.GroupID]bool{}
	if r.People != nil { // else nobody was read
		maps.Copy(groups, r.People.AppGroups)
	}
	if r.Meta.AppGroups == nil || r.Refresh && r.whole() {
		for l, err := range r.Snapshot.Links() {
			if err != nil {
				return nil, err
			}
			groups[l.AssignedBy] = true
		}
	} else {
		for _, id := range r.Meta.AppGroups {
			groups[id] = true
		}
	}
	delete(groups, "")
	ids := slices.AppendSeq([]plan.GroupID{}, maps.Keys(groups))
	slices.Sort(ids)
	return ids, nil
}

// lookalikes are those of the snapshot, less who has an employee by now, or whose lookalike
// is nobody's match any more, and those whom this run has found.
func (r *bookkeeper) lookalikes() map[plan.PersonID]plan.EmployeeID {
	known := map[plan.PersonID]plan.EmployeeID{}
	for id, e := range r.Meta.Lookalikes {
		if m := r.People.Find(id); (m == nil || m.Employee == 0) && r.People.Subjects[id] == nil {
			known[id] = e
		}
	}
	for id, s := range r.People.Subjects {
		if e := s.Extras().Lookalike; e != 0 && s.Link == nil && !s.MadeAnew() {
			known[id] = e
		}
	}
	return known
}

// observing is what is remembered of observing after this run.
func (r *bookkeeper) observing() *plan.Observing {
	if !r.Observe {
		return nil
	}
	o := plan.Observing{Since: r.Started, Run: r.ID}
	if r.Meta.Observing != nil {
		o = *r.Meta.Observing
	}
	if o.Read.IsZero() && r.Refresh {
		o.Read, o.Employee, o.Grant = r.Started, r.Current.TopEmployee, r.Current.TopGrant
	}
	return &o
}

// mostRefusals is how many actions are remembered that were refused for want of a right.
const mostRefusals = 100

// keepRefusals are the actions that are tried last in the next run: those of before, unless
// they have a problem of their own now, and those of this run.
func keepRefusals(before []string, out *apply.Outcome) []string {
	if out == nil {
		return before
	}
	all := slices.Clone(before)
	for _, key := range out.Refused {
		if !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	all = slices.DeleteFunc(all, func(key string) bool {
		return slices.ContainsFunc(out.Troubles, func(t plan.Trouble) bool { return t.Key() == key })
	})
	return all[max(0, len(all)-mostRefusals):]
}

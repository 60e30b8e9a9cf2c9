package sync

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
)

// finish records what the run has seen: prints of those who are in order, groups and
// their members, corrected grants, problems. out is nil when nothing was applied.
func (r *run) finish(out *apply.Outcome) error {
	// Whoever is to be looked at again is noted before anything that would make the next
	// run find nothing new about them, and who is in order after everything else.
	steps := []func(*apply.Outcome) error{r.finishNotes, r.finishUnfinished, r.finishGrants, r.finishOthers, r.finishGroups, r.finishTroubles, r.finishAudits, r.finishPrints}
	for _, step := range steps {
		if err := step(out); err != nil {
			return fmt.Errorf("recording the run: %w", err)
		}
	}
	return nil
}

// finishNotes records what is to be remembered of people whose link no action wrote.
func (r *run) finishNotes(out *apply.Outcome) error {
	var notes []plan.Link
	apart := r.apart()
	for _, s := range r.people.sorted() {
		note := s.decision.Note
		if note == nil || s.became != nil || out.Linked[s.person.ID] {
			continue // what an action wrote begins with the note, and is newer
		}
		now, found, err := r.Snapshot.Link(s.person.ID)
		if err != nil {
			return err
		}
		if apart {
			noWaitBegins(note, &now)
		}
		if found && now.Employee == note.Employee && now.Run == note.Run && now.Pushed == s.link.Pushed && now != *note {
			notes = append(notes, *note)
		}
	}
	if len(notes) == 0 {
		return nil
	}
	return r.Snapshot.CommitLinks(notes)
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
}

func (r *run) finishGrants(out *apply.Outcome) error {
	batch := plan.Batch{DropGrants: append(slices.Clone(r.current.dropGrants), r.roles.drops...)}
	dropped := map[plan.GrantKey]bool{}
	for _, k := range batch.DropGrants {
		dropped[k] = true
	}
	if out != nil { // what was granted anew in this run stays
		var keys []plan.GrantKey
		for k := range dropped {
			grants, err := r.Snapshot.GrantsOf(k.Person)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(grants, func(g plan.Grant) bool { return g.Key() == k && g.Run == r.id }) {
				keys = append(keys, k)
			}
		}
		batch.DropGrants = keys
	}
	corrected, err := r.correctedGrants(dropped)
	if err != nil {
		return err
	}
	batch.Grants = append(batch.Grants, corrected...)
	for _, g := range r.roles.adopted {
		_, found, err := r.Snapshot.Link(g.Person)
		if err != nil {
			return err
		}
		if found {
			batch.Grants = append(batch.Grants, g)
		}
	}
	if len(batch.DropGrants)+len(batch.Grants) == 0 {
		return nil
	}
	return r.Snapshot.Commit(batch)
}

// correctedGrants are the grants that were not as recorded, and still are not: no action of
// this run recorded anything about them.
func (r *run) correctedGrants(dropped map[plan.GrantKey]bool) ([]plan.Grant, error) {
	var corrected []plan.Grant
	for key, c := range r.current.corrected {
		if dropped[key] {
			continue
		}
		grants, err := r.Snapshot.GrantsOf(key.Person)
		if err != nil {
			return nil, err
		}
		if slices.Contains(grants, c.was) {
			corrected = append(corrected, c.now)
		}
	}
	return corrected, nil
}

// groupsAtOnce bounds a transaction: members are long lists.
const groupsAtOnce = 100

// finishGroups records members and stamps, but of groups whose role could not be made:
// those are looked at again.
func (r *run) finishGroups(out *apply.Outcome) error {
	if len(r.opt.Users) > 0 {
		return nil
	}
	var batch plan.Batch
	flush := func(least int) error {
		if len(batch.Groups) < least {
			return nil
		}
		err := r.Snapshot.Commit(batch)
		batch = plan.Batch{}
		return err
	}
	changed := map[plan.GroupID]plan.GroupLink{}
	for _, l := range r.roles.groups.Links {
		changed[l.Group] = l
	}
	for _, g := range r.groups {
		if out != nil && out.NoRole[g.group.ID] {
			continue
		}
		link, found, err := r.Snapshot.Group(g.group.ID)
		if err != nil {
			return err
		}
		before := link
		if g.failed { // its members are read once they can be, changed or not
			if link.Stamp = ""; found && link != before {
				batch.Groups = append(batch.Groups, link)
			}
			continue
		}
		if l, ok := changed[g.group.ID]; ok {
			link.Name, link.RoleName = l.Name, l.RoleName
		}
		if !found {
			link = plan.GroupLink{Group: g.group.ID, Name: g.group.Name}
		}
		if link.Matched == "" {
			link.Matched = g.group.Name
		}
		link.Unpushed = false
		switch {
		case g.reread:
			link.Stamp = g.stamp
		case g.short:
			link.Stamp = ""
		case g.anew && g.known && g.link != nil: // linked in this run, which forgot them
			link.Stamp = g.link.Stamp
		}
		if g.reread || g.anew {
			batch.Members = append(batch.Members, plan.Membership{Group: g.group.ID, Members: g.members})
		}
		if found && link == before && !g.reread && !g.anew {
			continue
		}
		batch.Groups = append(batch.Groups, link)
		if err := flush(groupsAtOnce); err != nil {
			return err
		}
	}
	for _, l := range r.unpushed {
		if !l.Unpushed {
			l.Unpushed = true
			batch.Groups = append(batch.Groups, l)
		}
	}
	return flush(1)
}

// finishTroubles records who has a problem now, and who has none any more.
func (r *run) finishTroubles(out *apply.Outcome) error {
	r.meta.Refused = keepRefusals(r.meta.Refused, out)
	var batch plan.Batch
	current := map[string]bool{}
	if out != nil {
		for _, t := range out.Troubles {
			current[t.Key()] = true
		}
	}
	known := map[string]plan.Trouble{}
	for _, list := range r.troubles {
		for _, t := range list {
			known[t.Key()] = t
		}
	}
	shown := map[plan.PersonID]bool{}
	for _, p := range r.doc.Problems {
		shown[p.User.ID] = true
		if p.User.ID == "" {
			continue
		}
		if t, ok := r.refusedBefore(p); ok {
			current[t.Key()] = true
			continue
		}
		t := plan.Trouble{Person: p.User.ID, Login: p.User.Login, Name: p.User.Name, Kind: p.Kind, Group: p.Group, Code: p.Code, Message: p.Message, Since: r.now, Last: r.now}
		if before, ok := known[t.Key()]; ok && before.Code == t.Code {
			t.Since = before.Since
		}
		if !current[t.Key()] {
			batch.Troubles = append(batch.Troubles, t)
			current[t.Key()] = true
		}
	}
	for key, t := range known {
		if !current[key] && r.lookedAt(t.Person) && !(out != nil && slices.Contains(out.Cured, key)) {
			batch.Cured = append(batch.Cured, key)
		}
	}
	slices.Sort(batch.Cured)
	if r.doc.Result != nil {
		for key := range current {
			if _, ok := known[key]; !ok {
				r.doc.Result.NewProblems++
			}
		}
	}
	if len(batch.Troubles)+len(batch.Cured) == 0 {
		return nil
	}
	return r.Snapshot.Commit(batch)
}

// refusedBefore finds the recorded refusal that a problem of the plan stands for.
func (r *run) refusedBefore(p plan.Problem) (plan.Trouble, bool) {
	for _, t := range r.troubles[p.User.ID] {
		if t.Kind != "" && t.Code == p.Code && t.Message == p.Message {
			return t, true
		}
	}
	return plan.Trouble{}, false
}

// lookedAt reports whether the run would have found the person's problem again.
func (r *run) lookedAt(id plan.PersonID) bool {
	if id == "" {
		return len(r.opt.Users) == 0
	}
	s := r.people.subjects[id]
	return s != nil && s.judgement.Verdict != plan.Hold || s == nil && len(r.opt.Users) == 0
}

// finishAudits writes what was held, or would have been done, into the history, when
// it is not what the last run wrote.
func (r *run) finishAudits(out *apply.Outcome) error {
	if r.some() {
		return r.commitAudits(r.wouldBeDone())
	}
	hash := r.standing()
	if hash == r.meta.LastHash {
		return nil
	}
	r.meta.LastHash = hash
	var audits []plan.Audit
	job := r.job()
	for i := range r.doc.Held {
		entry := job.Audit(&r.doc.Held[i].Action, plan.Withheld)
		entry.Message = r.doc.Held[i].Why
		audits = append(audits, entry)
	}
	return r.commitAudits(append(audits, r.wouldBeDone()...))
}

// wouldBeDone are the entries about what an observing run only plans.
func (r *run) wouldBeDone() (audits []plan.Audit) {
	if !r.Observe {
		return nil
	}
	job := r.job()
	for i := range r.doc.Actions {
		if a := &r.doc.Actions[i]; a.Kind.Writes() {
			audits = append(audits, job.Audit(a, plan.Would))
		}
	}
	return audits
}

func (r *run) commitAudits(audits []plan.Audit) error {
	if len(audits) == 0 {
		return nil
	}
	return r.Snapshot.Commit(plan.Batch{Audits: audits})
}

// standing stands for what is held, and in observe mode for the plan.
func (r *run) standing() string {
	var refs []plan.ActionRef
	for i := range r.doc.Held {
		ref := r.doc.Held[i].Ref()
		ref.Kind += plan.Kind("|" + r.doc.Held[i].Code())
		refs = append(refs, ref)
	}
	hash := plan.HashRefs(refs)
	if r.Observe {
		hash += r.doc.Hash
	}
	return hash
}

// finishUnfinished notes who is not in order: the next run decodes them.
func (r *run) finishUnfinished(out *apply.Outcome) error {
	prints, err := r.prints(out)
	if err != nil {
		return err
	}
	return r.commitPrints(slices.DeleteFunc(prints, func(p plan.PersonPrint) bool { return p.Print != plan.Print{} }))
}

// finishPrints notes who is in order: the next run decodes only the others.
func (r *run) finishPrints(out *apply.Outcome) error {
	prints, err := r.prints(out)
	if err != nil {
		return err
	}
	if err := r.commitPrints(slices.DeleteFunc(prints, func(p plan.PersonPrint) bool { return p.Print == plan.Print{} })); err != nil {
		return err
	}
	return r.forgetStrangers()
}

func (r *run) commitPrints(prints []plan.PersonPrint) error {
	if len(prints) == 0 {
		return nil
	}
	return r.Snapshot.CommitPrints(prints)
}

// prints are the new prints of people, by their ids; a zero one of who is not in order.
func (r *run) prints(out *apply.Outcome) ([]plan.PersonPrint, error) {
	var prints []plan.PersonPrint
	unfinished := map[plan.PersonID]bool{}
	if out != nil {
		unfinished = out.Unfinished
	}
	for id, s := range r.people.subjects {
		m := r.people.find(id)
		switch {
		case s.became != nil:
		case s.absent: // if they come back as they were, their groups may have changed all the same
			_, stays, err := r.Snapshot.Link(id)
			if err != nil {
				return nil, err
			}
			if stays && m != nil && m.print != (plan.Print{}) {
				prints = append(prints, plan.PersonPrint{Person: id})
			}
		case s.open || unfinished[id] || r.pending[id] != "" || r.openGrants[id] != "":
			if m != nil && m.print != (plan.Print{}) {
				prints = append(prints, plan.PersonPrint{Person: id})
			}
		case s.person.Print != (plan.Print{}) && (m == nil || m.print != s.person.Print || m.due != r.due(s)):
			prints = append(prints, plan.PersonPrint{Person: id, Print: s.person.Print, Due: r.due(s)})
		}
	}
	for id := range unfinished {
		if m := r.people.find(id); r.people.subjects[id] == nil && m != nil && m.print != (plan.Print{}) {
			prints = append(prints, plan.PersonPrint{Person: id})
		}
	}
	for _, h := range r.doc.Held { // a role that is held for somebody who was not decoded
		if m := r.people.find(h.User.ID); m != nil && r.people.subjects[h.User.ID] == nil && m.print != (plan.Print{}) {
			prints = append(prints, plan.PersonPrint{Person: h.User.ID})
		}
	}
	slices.SortFunc(prints, func(x, y plan.PersonPrint) int { return compareText(x.Person, y.Person) })
	prints = slices.CompactFunc(prints, func(x, y plan.PersonPrint) bool { return x.Person == y.Person })
	return prints, nil
}

// forgetStrangers drops the prints of people who were never managed and are not listed
// any more.
func (r *run) forgetStrangers() error {
	if len(r.opt.Users) > 0 {
		return nil
	}
	var batch plan.Batch
	for i := range r.people.marks {
		if m := &r.people.marks[i]; m.employee == 0 && !m.has(flagListed) {
			batch.Unlink = append(batch.Unlink, m.id)
		}
	}
	if len(batch.Unlink) == 0 {
		return nil
	}
	return r.Snapshot.Commit(batch)
}

// record writes the run itself, and what the snapshot knows about itself.
func (r *run) record(cause error) error {
	if !r.doc.Made() { // the run ended before there was a plan
		r.doc.Fail(cause)
	}
	ended := r.endedAt()
	requests := plan.RequestCount{Okta: r.Source.Requests() - r.before[0], TrackTik: r.Target.Requests() - r.before[1]}
	if r.doc.Result != nil {
		r.doc.Result.Held = len(r.doc.Held) // by the plan, by a guard, and right before the call
		r.doc.Result.Duration = ended.Sub(r.started).Seconds()
		r.doc.Result.Requests = requests
		r.doc.Run = r.id
	}
	rec := plan.RunRecord{ID: r.id, Started: r.started, Ended: ended, By: r.By, Mode: r.doc.Mode, Refresh: r.refresh, Users: r.opt.Users, Partial: r.partial,
		ExitCode: ExitCode(r.doc, cause, r.ProblemsExit), Summary: r.doc.Summary, Problems: len(r.doc.Problems),
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
	kept := r.doc
	if r.RedactHistory {
		kept, rec.Users = kept.Redacted(), plan.LeftOut(rec.Users)
		rec.Message = r.doc.LoginsToIDs().Replace(rec.Message)
	}
	if rec.Packed, err = kept.Pack(); err != nil {
		return err
	}
	meta := r.newMeta(cause, ended)
	if meta.NotVisible, err = r.countUnseen(); err != nil {
		return err
	}
	events, err := r.eventLog(cause)
	if err != nil {
		return err
	}
	if err := r.Snapshot.Commit(plan.Batch{Run: &rec, Meta: &meta, Events: events}); err != nil {
		return err
	}
	return r.prune(cause, ended)
}

// prune throws away what is too old, after a whole run that succeeded: it has seen both
// systems' clocks, and agrees with them.
func (r *run) prune(cause error, now time.Time) error {
	succeeded := cause == nil
	if succeeded && r.whole() {
		return r.Snapshot.Prune(now, r.Keep)
	}
	return nil
}

// whole reports a run about everybody that went as far as to write. One that was stopped
// whole, or that somebody declined, has recorded nothing of what it saw.
func (r *run) whole() bool { return len(r.opt.Users) == 0 && !r.partial && r.doc.Result != nil }

// troubled counts the failures that left a problem.
func (r *run) troubled(res *plan.Result) int {
	n := 0
	for _, f := range res.Failures {
		if f.Outcome == plan.Failed {
			n++
		}
	}
	return n
}

func (r *run) newMeta(cause error, ended time.Time) plan.Meta {
	meta := r.meta
	meta.Binding = r.Binding
	if q := meta.Quarantine; q != nil && q.System != systemTrackTik { // of an earlier version
		meta.Quarantine = nil
	}
	if r.regions != nil {
		meta.Regions = r.regions.Names()
	}
	system, bad := isCredentials(cause)
	var refused *RefusedError
	whole := r.whole()
	switch {
	case bad && system == systemTrackTik:
		meta.Quarantine = r.nextQuarantine(system, cause, ended)
	case cause == nil:
		meta.Quarantine = nil
		if whole {
			meta.LastSuccess = ended
		}
	case errors.As(cause, &refused) && refused.Code == RefusedGuard:
		meta.Quarantine = nil
	}
	if (cause == nil || errors.As(cause, &refused) && refused.Code == RefusedGuard) && whole {
		meta.Config = r.Reading
		if r.Groups.Push == pushMappings { // not before: a mapping that is gone takes its group away first
			meta.Mappings = r.mappings.list
		}
		if r.refresh || meta.LastRefresh.IsZero() {
			meta.LastRefresh = r.started
		}
		meta.Observed = r.Observe || meta.Observed && !r.refresh
		if r.refresh {
			meta.RefreshDue = false
			n := len(r.unmanaged())
			meta.UnmanagedActive = &n
		}
		n := len(r.roles.roleless)
		meta.Roleless = &n
		if r.current.total > 0 {
			meta.PortalEmployees = r.current.total
		}
		meta.Observing = r.observing()
		if r.ties.found != nil {
			meta.External = r.ties.found
		}
	}
	return meta
}

// observing is what is remembered of observing after this run.
func (r *run) observing() *plan.Observing {
	if !r.Observe {
		return nil
	}
	o := plan.Observing{Since: r.started, Run: r.id}
	if r.meta.Observing != nil {
		o = *r.meta.Observing
	}
	if o.Read.IsZero() && r.refresh {
		o.Read, o.Employee, o.Grant = r.started, r.current.topEmployee, r.current.topGrant
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

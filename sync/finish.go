package sync

import (
	"fmt"
	"slices"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A recorder writes into the snapshot what a run has seen.
type recorder struct {
	desk
	carrier    *carrier
	dateReader *read.DateReader
}

// finish records what the run has seen: prints of those who are in order, groups and
// their members, corrected grants, problems. out is nil when nothing was applied.
func (r *recorder) finish(out *apply.Outcome) error {
	// First comes who must be looked at again, last the prints of those who are in order: if
	// the run dies in between, the next one passes over nobody.
	steps := []func(*apply.Outcome) error{r.finishNotes, r.finishUnfinished, r.finishRevived, r.finishGrants,
		r.finishOthers, r.finishGroups, r.finishTroubles, r.finishAudits, r.finishPrints}
	for _, step := range steps {
		if err := step(out); err != nil {
			return fmt.Errorf("recording the run: %w", err)
		}
	}
	return nil
}

// finishRevived records which former employees somebody else has brought back: whom this run
// has taken over or ended since is told by that.
func (r *recorder) finishRevived(*apply.Outcome) error {
	var batch plan.Batch
	for i := range r.Current.Revived {
		f := &r.Current.Revived[i]
		now, found, err := r.Snapshot.FormerByEmployee(f.Link.Employee)
		if err != nil {
			return err
		}
		if found && now.Run == f.Run && now.Terminated.Equal(f.Terminated) {
			batch.Formers = append(batch.Formers, *f)
		}
	}
	if len(batch.Formers) == 0 {
		return nil
	}
	return r.store.Commit(batch)
}

func (r *recorder) finishGrants(out *apply.Outcome) error {
	batch := plan.Batch{DropGrants: append(slices.Clone(r.Current.DropGrants), r.Roles.Drops...)}
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
			if !slices.ContainsFunc(grants, func(g plan.Grant) bool { return g.Key() == k && g.Run == r.ID }) {
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
	for _, g := range r.Roles.Adopted {
		_, found, err := r.Snapshot.Link(g.Person)
		if err != nil {
			return err
		}
		if found {
			batch.Grants = append(batch.Grants, g)
		}
	}
	moved, err := r.movedGrants(dropped)
	if err != nil {
		return err
	}
	batch.Grants = append(batch.Grants, moved...)
	if len(batch.DropGrants)+len(batch.Grants) == 0 {
		return nil
	}
	return r.store.Commit(batch)
}

// movedGrants are those that another group gives by now, and that are on record as they were.
func (r *recorder) movedGrants(dropped map[plan.GrantKey]bool) (moved []plan.Grant, err error) {
	for _, g := range r.Roles.Moved {
		grants, err := r.Snapshot.GrantsOf(g.Person)
		if err != nil {
			return nil, err
		}
		same := func(was plan.Grant) bool { return was.Key() == g.Key() && was.ID == g.ID && !was.Gone }
		i := slices.IndexFunc(grants, same)
		if i >= 0 && !dropped[g.Key()] {
			grants[i].Group = g.Group
			moved = append(moved, grants[i])
		}
	}
	return moved, nil
}

// correctedGrants are the grants that were not as recorded, and still are not: no action of
// this run recorded anything about them.
func (r *recorder) correctedGrants(dropped map[plan.GrantKey]bool) ([]plan.Grant, error) {
	var corrected []plan.Grant
	for key, c := range r.Current.Corrected {
		if dropped[key] {
			continue
		}
		grants, err := r.Snapshot.GrantsOf(key.Person)
		if err != nil {
			return nil, err
		}
		if slices.Contains(grants, c.Was) {
			corrected = append(corrected, c.Now)
		}
	}
	return corrected, nil
}

// groupsAtOnce bounds a transaction: members are long lists.
const groupsAtOnce = 100

// finishGroups records members and stamps, but of groups whose role could not be made:
// those are looked at again.
func (r *recorder) finishGroups(out *apply.Outcome) error {
	if r.Scope.Some() {
		return nil
	}
	var batch plan.Batch
	flush := func(least int) error {
		if len(batch.Groups) < least {
			return nil
		}
		err := r.store.Commit(batch)
		batch = plan.Batch{}
		return err
	}
	changed := map[plan.GroupID]plan.GroupLink{}
	for _, l := range r.Roles.OfGroups.Links {
		changed[l.Group] = l
	}
	for _, g := range r.Pushed {
		if out != nil && out.NoRole[g.Group.ID] {
			continue
		}
		link, found, err := r.Snapshot.Group(g.Group.ID)
		if err != nil {
			return err
		}
		before := link
		if g.Failed { // its members are read once they can be, changed or not
			if link.Stamp = ""; found && link != before {
				batch.Groups = append(batch.Groups, link)
			}
			continue
		}
		if l, ok := changed[g.Group.ID]; ok {
			link.Name, link.RoleName = l.Name, l.RoleName
		}
		if !found {
			link = plan.GroupLink{Group: g.Group.ID, Name: g.Group.Name}
		}
		if link.Matched == "" {
			link.Matched = g.Group.Name
		}
		link.Unpushed = false
		switch {
		case g.Reread:
			link.Stamp = g.Stamp
		case g.Short:
			link.Stamp = ""
		case g.Anew && g.Known && g.Link != nil: // linked in this run, which forgot them
			link.Stamp = g.Link.Stamp
		}
		if g.Reread || g.Anew {
			batch.Members = append(batch.Members, plan.Membership{Group: g.Group.ID, Members: g.Members})
		}
		if found && link == before && !g.Reread && !g.Anew {
			continue
		}
		batch.Groups = append(batch.Groups, link)
		if err := flush(groupsAtOnce); err != nil {
			return err
		}
	}
	for _, l := range r.Unpushed {
		if !l.Unpushed {
			l.Unpushed = true
			batch.Groups = append(batch.Groups, l)
		}
	}
	return flush(1)
}

// finishTroubles records who has a problem now, and who has none any more.
func (r *recorder) finishTroubles(out *apply.Outcome) error {
	r.Meta.Refused = keepRefusals(r.Meta.Refused, out)
	var batch plan.Batch
	current := map[string]bool{}
	if out != nil {
		for _, t := range out.Troubles {
			current[t.Key()] = true
		}
	}
	known := map[string]plan.Trouble{}
	for _, list := range r.Troubles {
		for _, t := range list {
			known[t.Key()] = t
		}
	}
	for _, p := range r.doc.Problems {
		if t, ok := r.refusedBefore(p); ok {
			current[t.Key()] = true
			continue
		}
		if p.User.ID == "" {
			continue
		}
		t := r.troubleOf(&p)
		if before, ok := known[t.Key()]; ok && before.Code == t.Code {
			t.Since = before.Since
		}
		if !current[t.Key()] {
			batch.Troubles = append(batch.Troubles, t)
			current[t.Key()] = true
		}
	}
	for key, t := range known {
		if s := r.People.Subjects[t.Person]; s != nil && s.Unread != "" {
			continue // what they lack could not be judged
		}
		looked := r.lookedAt(t.Person) || t.Code == plan.ProblemUnconfirmed && r.People.Subjects[t.Person] != nil
		if !current[key] && looked && !(out != nil && slices.Contains(out.Cured, key)) {
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
	return r.store.Commit(batch)
}

// troubleOf is a problem of the plan as it is recorded when it is new.
func (r *recorder) troubleOf(p *plan.Problem) plan.Trouble {
	return plan.Trouble{Person: p.User.ID, Login: p.User.Login, Name: p.User.Name, Kind: p.Kind, Group: p.Group,
		Code: p.Code, Message: p.Message, Since: r.AsOf, Last: r.AsOf, Rivals: p.Rivals}
}

// noteProblems records who has a problem now, after a run that a guard refused whole. What
// that run did not try stays as it is.
func (r *recorder) noteProblems() error {
	known := map[string]bool{}
	for _, list := range r.Troubles {
		for i := range list {
			known[list[i].Key()+list[i].Code] = true
		}
	}
	var batch plan.Batch
	for i := range r.doc.Problems {
		p := &r.doc.Problems[i]
		if t := r.troubleOf(p); p.User.ID != "" && !known[t.Key()+t.Code] {
			batch.Troubles = append(batch.Troubles, t)
		}
	}
	if len(batch.Troubles) == 0 {
		return nil
	}
	return r.store.Commit(batch)
}

// refusedBefore finds the recorded refusal that a problem of the plan stands for.
func (r *recorder) refusedBefore(p plan.Problem) (plan.Trouble, bool) {
	for _, t := range r.Troubles[p.User.ID] {
		if t.Kind != "" && t.Code == p.Code && t.Message == p.Message {
			return t, true
		}
	}
	return plan.Trouble{}, false
}

// lookedAt reports whether the run would have found the person's problem again.
func (r *recorder) lookedAt(id plan.PersonID) bool {
	if id == "" {
		return !r.Scope.Some()
	}
	s := r.People.Subjects[id]
	return s != nil && s.Judgement.Verdict != plan.Hold || s == nil && !r.Scope.Some()
}

// finishAudits writes what was held, or would have been done, into the history, when
// it is not what the last run wrote.
func (r *recorder) finishAudits(out *apply.Outcome) error {
	if r.Scope.Some() {
		return r.commitAudits(r.wouldBeDone())
	}
	hash := r.standing()
	if hash == r.Meta.LastHash {
		return nil
	}
	r.Meta.LastHash = hash
	var audits []plan.Audit
	job := r.carrier.job()
	for i := range r.doc.Held {
		entry := job.Audit(&r.doc.Held[i].Action, plan.Withheld)
		entry.Message = r.doc.Held[i].Why
		audits = append(audits, entry)
	}
	return r.commitAudits(append(audits, r.wouldBeDone()...))
}

// wouldBeDone are the entries about what an observing run only plans.
func (r *recorder) wouldBeDone() (audits []plan.Audit) {
	if !r.Observe {
		return nil
	}
	job := r.carrier.job()
	for i := range r.doc.Actions {
		if a := &r.doc.Actions[i]; a.Kind.Writes() {
			audits = append(audits, job.Audit(a, plan.Would))
		}
	}
	return audits
}

func (r *recorder) commitAudits(audits []plan.Audit) error {
	if len(audits) == 0 {
		return nil
	}
	return r.store.Commit(plan.Batch{Audits: audits})
}

// standing stands for what is held, and in observe mode for the plan.
func (r *recorder) standing() string {
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

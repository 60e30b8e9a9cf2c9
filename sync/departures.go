package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// sampleSize is how many of many missing people are looked up.
const sampleSize = 20

// lookers is how many look-ups go on at one time.
const lookers = read.Lookers

// An absentReader looks up who is missing from a listing: absence is not departure.
type absentReader struct {
	base
	peopleReader *peopleReader
}

// confirmAbsent looks up who is managed and missing from the listing, and who is said
// to be inactive: absence is not departure.
func (r *absentReader) confirmAbsent(ctx context.Context) error {
	var absent []*subject
	for i := range r.people.marks {
		m := &r.people.marks[i]
		if m.employee == 0 || m.has(flagListed) {
			continue
		}
		s := &subject{person: self{ID: m.id}, absent: true}
		if err := r.peopleReader.recall(s); err != nil {
			return err
		}
		if s.link == nil {
			return fmt.Errorf("the snapshot has employee %d for user %s, and no link: run `tracktik-sync state verify`", m.employee, m.id)
		}
		r.people.subjects[m.id] = s
		absent = append(absent, s)
	}
	chosen := absent
	if len(absent) > 0 {
		r.doc.Evidence = plan.EvidenceFull
		if r.samples(len(absent)) {
			r.doc.Evidence = plan.EvidenceSample
			chosen = r.sample(absent)
		}
	}
	var doubtful []*subject
	for _, s := range r.people.sorted() {
		if s.judgement.Verdict == plan.Doubt && s.link != nil {
			doubtful = append(doubtful, s)
		}
	}
	r.phase("looking up who is missing", len(chosen)+len(doubtful))
	if err := r.lookUp(ctx, append(slices.Clone(chosen), doubtful...)); err != nil {
		return err
	}
	if len(chosen) < len(absent) && !agree(chosen) {
		// The sample speaks for nobody: a failed look-up, or somebody whom Okta does not
		// know, may as well be a right that we lost. Everybody is looked up.
		r.doc.Evidence = plan.EvidenceFull
		rest := others(absent, chosen)
		r.phase("looking up who is missing", len(rest))
		if err := r.lookUp(ctx, rest); err != nil {
			return err
		}
		chosen = absent
	}
	r.believe(absent, chosen)
	return r.judgeDeleted(absent)
}

// agree reports that everybody in a sample is gone by positive evidence.
func agree(sample []*subject) bool {
	return !slices.ContainsFunc(sample, func(s *subject) bool {
		return s.judgement.Verdict != plan.Depart || s.judgement.Why == whyDeleted
	})
}

func others(all, some []*subject) []*subject {
	in := map[*subject]bool{}
	for _, s := range some {
		in[s] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(s *subject) bool { return in[s] })
}

// samples reports whether a few look-ups stand for n: more than the guard would let
// pass anyway.
func (r *frame) samples(n int) bool {
	limit := r.Limits.Of(plan.Terminate).MaxCount
	return !r.full && n > sampleSize && limit >= 0 && n > limit
}

// sample draws some by a hash of the run and the person: nobody can guess them.
func (r *absentReader) sample(all []*subject) []*subject {
	weight := func(s *subject) uint64 {
		h := fnv.New64a()
		_, _ = h.Write([]byte(r.doc.ID + "|" + string(s.person.ID)))
		return h.Sum64()
	}
	drawn := slices.Clone(all)
	slices.SortFunc(drawn, func(a, b *subject) int { return cmp.Compare(weight(a), weight(b)) })
	drawn = drawn[:sampleSize]
	slices.SortFunc(drawn, func(a, b *subject) int { return cmp.Compare(a.person.ID, b.person.ID) })
	return drawn
}

// lookUp asks Okta about each by id. A failed look-up holds that person; an answer
// that contradicts the listing is an error.
func (r *absentReader) lookUp(ctx context.Context, list []*subject) error {
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(lookers)
	for _, s := range list {
		pool.Go(func() error {
			defer r.progress(1)
			err := r.lookUpOne(ctx, s)
			var broken *read.BrokenListing
			_, credentials := isCredentials(err)
			if errors.As(err, &broken) || credentials || ctx.Err() != nil {
				return err
			}
			if err != nil {
				s.unanswered = true
				s.judgement = plan.Judgement{Verdict: plan.Hold, Why: plan.HeldUnconfirmed + ": missing from Okta's listing, and the look-up failed: " + err.Error()}
			}
			return nil
		})
	}
	return pool.Wait()
}

// lookUpOne judges one person by Okta's direct answers.
func (r *absentReader) lookUpOne(ctx context.Context, s *subject) error {
	p, found, err := r.direct(ctx, s.person.ID)
	if err != nil {
		return err
	}
	s.seen, s.evidence = r.clock(), plan.EvidenceFull
	if !found {
		s.judgement = r.notFound(s)
		return nil
	}
	p.Print = s.person.Print
	judgement := plan.Judge(&p, &r.pol)
	if judgement.Verdict == plan.Doubt {
		judgement.Verdict = plan.Depart // the look-up agrees
	}
	if s.absent && (judgement.Verdict == plan.Provision || judgement.Verdict == plan.Wait) {
		return &read.BrokenListing{What: fmt.Sprintf("okta's listing of the app's users lacks user %s, who is assigned", p.ID)}
	}
	s.person, s.judgement = selfOf(&p), judgement
	if judgement.Verdict == plan.Provision {
		r.peopleReader.mapSubject(s)
	}
	p.User, p.App = nil, nil
	return nil
}

// direct reads a person and the assignment, by id; found is false when Okta says that
// there is no such user.
func (r *absentReader) direct(ctx context.Context, id plan.PersonID) (p plan.Person, found bool, err error) {
	p, found, err = r.Source.User(ctx, string(id))
	if err != nil || !found || p.Status == "DEPROVISIONED" {
		return p, found, err
	}
	assigned, there, err := r.Source.Assignment(ctx, id)
	if err != nil || !there {
		return p, true, err
	}
	return assigned, true, nil
}

// notFound is a person whom Okta does not know: deleted, or out of our sight.
func (r *absentReader) notFound(s *subject) plan.Judgement {
	if s.link.SeenDeprovisioned {
		return plan.Judgement{Verdict: plan.Depart, Why: "deleted in Okta, after it was deactivated"}
	}
	return plan.Judgement{Verdict: plan.Depart, Why: whyDeleted}
}

const whyDeleted = "deleted in Okta"

// believe takes the sample's word for those who were not looked up.
func (r *absentReader) believe(absent, looked []*subject) {
	if len(absent) == len(looked) {
		return
	}
	asked := map[plan.PersonID]bool{}
	for _, s := range looked {
		asked[s.person.ID] = true
	}
	for _, s := range absent {
		if asked[s.person.ID] {
			continue
		}
		s.evidence, s.seen = plan.EvidenceSample, r.clock()
		s.person.Login, s.person.Email = s.link.Login, s.link.Email
		s.judgement = plan.Judgement{Verdict: plan.Depart, Why: "missing from Okta's listing; a sample was looked up, and agreed", Active: true}
	}
}

// sampled reports that a removal would be carried out on a sample's word: the guards
// did not refuse it after all, so everybody has to be looked up first.
func (r *run) sampled() bool {
	return !r.full && slices.ContainsFunc(r.doc.Actions, func(a plan.Action) bool { return a.Extras().Evidence == plan.EvidenceSample })
}

// judgeDeleted holds people whom Okta does not know when they are many: rights are
// lost more often than people are deleted together. Whose look-up failed counts with
// them. How many they are, a run of single people has from the last whole run.
func (r *absentReader) judgeDeleted(absent []*subject) error {
	v := &r.unseen
	*v = unseen{judged: true}
	for _, s := range absent {
		if s.judgement.Why == whyDeleted {
			v.people = append(v.people, s)
		}
	}
	v.count, v.few = len(v.people), max(3, r.people.managed/100)
	for _, s := range absent {
		if s.unanswered && v.count > 0 { // Okta may not know them either
			v.count++
		}
	}
	if r.some() && v.count > 0 {
		v.count += r.meta.NotVisible
		for _, s := range v.people {
			if s.link.NotVisibleSince != nil {
				v.count-- // counted by the whole run
			}
		}
	}
	for _, s := range v.people {
		r.judgeUnseen(s)
	}
	for _, s := range absent {
		s.leaver = s.judgement.Verdict == plan.Depart
	}
	return nil
}

// unseen are the people whom Okta does not know in this run.
type unseen struct {
	judged     bool // false: the run ended before it knew
	people     []*subject
	count, few int // how many there are, of everybody; and how many may be deleted at once
}

func (r *absentReader) judgeUnseen(s *subject) {
	v := &r.unseen
	since := s.link.NotVisibleSince
	if since == nil && !r.some() { // a run of single people counts them until they are gone
		note := *s.link
		note.NotVisibleSince = &r.now
		s.decision.Note = &note
	}
	switch {
	case v.count <= v.few, r.approvedRef(plan.Terminate, s):
		return
	case since != nil && r.now.Sub(*since) >= r.pol.DeletedGrace:
		s.judgement.Why = "deleted in Okta: not known there since " + since.UTC().Format(time.RFC3339)
		return
	}
	if s.decision.Note == nil {
		note := *s.link
		s.decision.Note = &note
	}
	s.judgement = plan.Judgement{Verdict: plan.Hold, Why: fmt.Sprintf("%s: Okta does not know %d people at once, more than %d: rights were likely lost; "+
		"terminated if a run %s after the first sees the same", plan.HeldNotVisible, v.count, v.few, r.pol.DeletedGrace)}
}

// countUnseen is Meta.NotVisible after this run.
func (r *absentReader) countUnseen() (int, error) {
	whole := r.unseen.judged && !r.some()
	n := r.meta.NotVisible
	if whole {
		n = 0
	}
	for _, s := range r.unseen.people {
		_, stays, err := r.Snapshot.Link(s.person.ID)
		if err != nil {
			return n, err
		}
		if whole && stays || !whole && !stays && s.link.NotVisibleSince == nil { // who is known already is counted
			n++
		}
	}
	return n, nil
}

// some reports a run of single people. What needs everybody to be decided, it has from the
// snapshot, the configuration and the last whole run.
func (r *frame) some() bool { return len(r.opt.Users) > 0 }

package read

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
)

// An AbsentReader looks up who is missing from a listing: absence is not departure.
type AbsentReader struct {
	Base
	peopleReader *peopleReader
}

// confirmAbsent looks up who is managed and missing from the listing, and who is said
// to be inactive: absence is not departure.
func (r *AbsentReader) confirmAbsent(ctx context.Context) error {
	var absent []*Subject
	for i := range r.People.Marks {
		m := &r.People.Marks[i]
		if m.Employee == 0 || m.Has(FlagListed) {
			continue
		}
		s := &Subject{Person: Self{ID: m.ID}, Okta: Okta{Absent: true}}
		if err := r.peopleReader.Recall(s); err != nil {
			return err
		}
		if s.Link == nil {
			return fmt.Errorf("the snapshot has employee %d for user %s, and no link: run `tracktik-sync state verify`",
				m.Employee, m.ID)
		}
		r.People.Enter(s)
		absent = append(absent, s)
	}
	chosen := absent
	if len(absent) > 0 {
		r.Evidence = plan.EvidenceFull
		if !r.eachWaits() && r.Samples(plan.Terminate, len(absent)) {
			r.Evidence = plan.EvidenceSample
			chosen = Sample(r.Seed, absent, whose)
		}
	}
	var doubtful []*Subject
	for _, s := range r.People.Sorted() {
		if s.Judgement.Verdict == plan.Doubt && s.Link != nil {
			doubtful = append(doubtful, s)
		}
	}
	r.Phase("looking up who is missing", len(chosen)+len(doubtful))
	if err := r.lookUp(ctx, append(slices.Clone(chosen), doubtful...)); err != nil {
		return err
	}
	if len(chosen) < len(absent) && !agree(chosen) {
		// The sample speaks for nobody: a failed look-up, or somebody whom Okta does not
		// know, may as well be a right that we lost. Everybody is looked up.
		r.Evidence = plan.EvidenceFull
		rest := others(absent, chosen)
		r.Phase("looking up who is missing", len(rest))
		if err := r.lookUp(ctx, rest); err != nil {
			return err
		}
		chosen = absent
	}
	r.believe(absent, chosen)
	r.JudgeDeleted(absent)
	return nil
}

// eachWaits reports that a sample speaks for none of those who are missing: each waits for the
// end of the grace, or for a last day of their own.
func (r *AbsentReader) eachWaits() bool { return r.Pol.UnassignedGrace > 0 && r.Mapper.NeedsEnd() }

// agree reports that everybody in a sample is gone by positive evidence.
func agree(sample []*Subject) bool {
	return !slices.ContainsFunc(sample, func(s *Subject) bool {
		return s.Judgement.Verdict != plan.Depart || s.Judgement.Unseen
	})
}

func others(all, some []*Subject) []*Subject {
	in := map[*Subject]bool{}
	for _, s := range some {
		in[s] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(s *Subject) bool { return in[s] })
}

// lookUp asks Okta about each by id. A failed look-up holds that person; an answer
// that contradicts the listing is an error.
func (r *AbsentReader) lookUp(ctx context.Context, list []*Subject) error {
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(Lookers)
	for _, s := range list {
		pool.Go(func() error {
			defer r.Advance(1)
			err := r.lookUpOne(ctx, s)
			var broken *BrokenListing
			_, credentials := IsCredentials(err)
			if errors.As(err, &broken) || credentials || ctx.Err() != nil {
				return err
			}
			if err != nil {
				s.unanswered = true
				s.Judgement = plan.Judgement{Verdict: plan.Hold, Why: plan.HeldUnconfirmed +
					": missing from Okta's listing, and the look-up failed: " + err.Error()}
			}
			return nil
		})
	}
	return pool.Wait()
}

// lookUpOne judges one person by Okta's direct answers.
func (r *AbsentReader) lookUpOne(ctx context.Context, s *Subject) error {
	p, found, err := r.Direct(ctx, s.Person.ID)
	if err != nil {
		return err
	}
	s.Seen, s.Evidence = r.Moment(), plan.EvidenceFull
	if !found {
		s.Judgement = r.NotFound(s)
		return nil
	}
	p.Print = s.Person.Print
	judgement := plan.Judge(&p, &r.Pol)
	if judgement.Verdict == plan.Doubt {
		judgement.Verdict = plan.Depart // the look-up agrees
	}
	if s.Absent && (judgement.Verdict == plan.Provision || judgement.Verdict == plan.Wait) {
		return &BrokenListing{What: fmt.Sprintf("okta's listing of the app's users lacks user %s, who is assigned", p.ID)}
	}
	s.Person, s.Judgement = SelfOf(&p), judgement
	s.forget()
	if judgement.Verdict == plan.Provision {
		r.peopleReader.MapSubject(s)
	}
	r.peopleReader.dateReader.readDates(s)
	p.User, p.App = nil, nil
	return nil
}

// Direct reads a person and the assignment, by id; found is false when Okta says that
// there is no such user.
func (r *AbsentReader) Direct(ctx context.Context, id plan.PersonID) (p plan.Person, found bool, err error) {
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

// NotFound is a person whom Okta does not know: deleted, or out of our sight.
func (r *AbsentReader) NotFound(s *Subject) plan.Judgement {
	if s.Link.SeenDeprovisioned {
		return plan.Judgement{Verdict: plan.Depart, Why: "deleted in Okta, after it was deactivated"}
	}
	return plan.Judgement{Verdict: plan.Depart, Why: "deleted in Okta", Unseen: true}
}

// believe takes the sample's word for those who were not looked up.
func (r *AbsentReader) believe(absent, looked []*Subject) {
	if len(absent) == len(looked) {
		return
	}
	asked := map[plan.PersonID]bool{}
	for _, s := range looked {
		asked[s.Person.ID] = true
	}
	for _, s := range absent {
		if asked[s.Person.ID] {
			continue
		}
		s.Evidence, s.Seen = plan.EvidenceSample, r.Moment()
		s.Person.Login, s.Person.Email = s.Link.Login, s.Link.Email
		s.Judgement = plan.Judgement{Verdict: plan.Depart,
			Why: "missing from Okta's listing; a sample was looked up, and agreed", Active: true}
	}
}

// JudgeDeleted holds people whom Okta does not know when they are many: rights are
// lost more often than people are deleted together. Whose look-up failed counts with
// them. How many they are, a run of single people has from the last whole run.
func (r *AbsentReader) JudgeDeleted(absent []*Subject) {
	v := &r.unseen
	*v = unseen{judged: true}
	for _, s := range absent {
		if s.Judgement.Unseen {
			v.people = append(v.people, s)
		}
	}
	v.count, v.few = len(v.people), plan.FewDeleted(r.People.Managed)
	for _, s := range absent {
		if s.unanswered {
			v.unanswered++
		}
	}
	if v.count > 0 { // Okta may not know those either
		v.count += v.unanswered
	}
	if r.Scope.Some() && v.count > 0 {
		v.count += r.Meta.NotVisible
		for _, s := range v.people {
			if s.Link.NotVisibleSince != nil {
				v.count-- // counted by the whole run
			}
		}
	}
	for _, s := range v.people {
		r.judgeUnseen(s)
	}
	for _, s := range absent {
		s.Leaver = s.Judgement.Verdict == plan.Depart
	}
}

// unseen are the people whom Okta does not know in this run.
type unseen struct {
	judged     bool // false: the run ended before it knew
	people     []*Subject
	count, few int // how many there are, of everybody; and how many may be deleted at once
	unanswered int // how many could not be looked up
}

func (r *AbsentReader) judgeUnseen(s *Subject) {
	v := &r.unseen
	since := s.Link.NotVisibleSince
	if r.Meta.RefreshDue { // what an old copy tells of a wait, Okta may have ended since
		since = nil
	}
	if since == nil && !r.Scope.Some() { // a run of single people counts them until they are gone
		s.Note().NotVisibleSince = &r.AsOf
	}
	switch {
	case v.count <= v.few, r.approvedRef(plan.Terminate, s):
		return
	case since != nil && r.AsOf.Sub(*since) >= r.Pol.DeletedGrace:
		s.Judgement.Why = "deleted in Okta: not known there since " + since.UTC().Format(time.RFC3339)
		return
	}
	s.Note()
	s.Judgement = plan.Judgement{Verdict: plan.Hold,
		Why: fmt.Sprintf("%s: Okta does not know %d people at once, more than %d: rights were likely lost; "+
			"terminated if a run %s after the first sees the same", plan.HeldNotVisible, v.count, v.few, r.Pol.DeletedGrace)}
}

// CountUnseen is Meta.NotVisible after this run.
func (r *AbsentReader) CountUnseen() (int, error) {
	whole := r.unseen.judged && !r.Scope.Some()
	n := r.Meta.NotVisible
	if whole {
		n = r.unseen.unanswered // of them a run of single people may find that Okta does not know them
	}
	for _, s := range r.unseen.people {
		_, stays, err := r.Snapshot.Link(s.Person.ID)
		if err != nil {
			return n, err
		}
		if whole && stays || !whole && !stays && s.Link.NotVisibleSince == nil { // who is known already is counted
			n++
		}
	}
	return n, nil
}

// SampleSize is how many look-ups stand for all.
const SampleSize = 20

// Samples reports whether a few look-ups stand for n removals of a kind: those are more than
// the guard would let pass anyway.
func (r *frame) Samples(kind plan.Kind, n int) bool {
	limit := r.Limits.Of(kind).MaxCount
	return !r.Full && n > SampleSize && limit >= 0 && n > limit
}

// draw is an order of all, by a hash of the run's seed and their names: nobody can guess it. It
// returns their places.
func draw[T any](seed string, all []T, name func(T) string) []int {
	lots, drawn := make([]uint64, len(all)), make([]int, len(all))
	for i := range all {
		h := fnv.New64a()
		_, _ = h.Write([]byte(seed + "|" + name(all[i]))) // it cannot fail
		lots[i], drawn[i] = h.Sum64(), i
	}
	slices.SortFunc(drawn, func(a, b int) int { return cmp.Compare(lots[a], lots[b]) })
	return drawn
}

// Sample draws SampleSize of all, by a hash of the run's seed and their names: nobody can
// guess whom. They stay in their order.
func Sample[T any](seed string, all []T, name func(T) string) []T {
	drawn := draw(seed, all, name)[:min(SampleSize, len(all))]
	slices.Sort(drawn)
	some := make([]T, len(drawn))
	for i, at := range drawn {
		some[i] = all[at]
	}
	return some
}

// whose is the name of a subject in a sample.
func whose(s *Subject) string { return string(s.Person.ID) }

package read

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// A scope that asks for groups takes a membership that vanished from a list for somebody
// who is no longer meant. Where that ends an employment (sync.out_of_scope: terminate), the
// person's own groups are asked first, as before a role is revoked.

// A ScopeReader proves that somebody is out of scope, where groups decide about that.
type ScopeReader struct {
	Base
	absentReader   *AbsentReader
	ownGroupReader *ownGroupReader
	groupReader    *GroupReader
}

// confirmOutOfScope looks up who is to be terminated for being out of scope, where groups
// decide about that: everybody, or of very many a sample.
func (r *ScopeReader) confirmOutOfScope(ctx context.Context) error {
	if !r.Mapper.ScopeNeedsGroups() {
		return nil
	}
	if err := r.holdUnproven(ctx); err != nil {
		return err
	}
	if !r.Pol.TerminateOutOfScope {
		return nil
	}
	var out []*Subject
	for _, s := range r.People.Sorted() {
		if s.OutOf && s.Link != nil && s.Judgement.Verdict == plan.Provision {
			out = append(out, s)
		}
	}
	looked := out
	if r.Samples(plan.Terminate, len(out)) {
		r.Evidence = plan.EvidenceSample
		looked = Sample(r.Seed, out, whose)
	}
	r.Phase("looking up who is out of scope", len(looked))
	if err := r.lookUpScope(ctx, looked); err != nil {
		return err
	}
	for _, s := range looked {
		if len(looked) < len(out) && !s.OutOf { // the sample speaks for nobody
			return r.lookUpScope(ctx, others(out, looked))
		}
	}
	for _, s := range others(out, looked) {
		s.Evidence, s.Seen = plan.EvidenceSample, r.Moment()
	}
	return nil
}

// holdUnproven leaves those alone whose scope rests on what Okta does not show any more: a
// group that the record has them in is not there to be seen, or is not among their own, and
// its list of members does not say the same. Rights were lost more likely.
func (r *ScopeReader) holdUnproven(ctx context.Context) error {
	hidden, err := r.hiddenMembers()
	if err != nil {
		return err
	}
	unproven := func(s *Subject, why string) {
		if s.Link == nil { // of whom no action is held
			r.Warn(plan.Warning{Code: plan.HeldUnconfirmed, User: s.Ref(), Message: why})
		}
		s.holdOutOfScope(why)
	}
	for id, s := range r.People.Subjects {
		ends := s.Link != nil && s.OutOf && r.Pol.TerminateOutOfScope
		begins := s.Link == nil && !s.OutOf
		if s.Judgement.Verdict != plan.Provision || s.ScopeErr != "" || !ends && !begins {
			continue
		}
		switch group := hidden[id]; {
		case group != "":
			unproven(s, fmt.Sprintf("sync.scope asks for groups, and Okta does not show group %s, which the record has them "+
				"in: give the account its rights back, "+
				"or take the group out of sync.scope", group))
		case r.Scope.Some() && r.groupReader.ReadsGroups() && len(r.OwnGroups[id]) == 0: // everybody is in one, Okta's own
			unproven(s, "sync.scope asks for groups, and Okta shows none of theirs: the next whole run decides")
		case r.Regrouped[id]:
			left, err := r.leftFormer(ctx, id)
			if _, credentials := IsCredentials(err); credentials || ctx.Err() != nil {
				return err
			}
			if err != nil || !left {
				unproven(s, "sync.scope asks for groups, and Okta's answers about theirs contradict one another: the next whole "+
					"run decides")
			}
		}
	}
	return nil
}

// leftFormer reports that the groups which the record has somebody in, and their own answer
// lacks, lack them as well.
func (r *ScopeReader) leftFormer(ctx context.Context, id plan.PersonID) (bool, error) {
	links, err := r.Snapshot.Groups()
	if err != nil {
		return false, err
	}
	for i := range links {
		group := links[i].Group
		members, _, err := r.Snapshot.Members(group)
		if err != nil {
			return false, err
		}
		own := slices.ContainsFunc(r.OwnGroups[id], func(g plan.Group) bool { return g.ID == group })
		if _, was := slices.BinarySearch(members, id); !was || own {
			continue
		}
		still := false
		if err := r.Source.Members(ctx, group, func(page []plan.PersonID) error {
			still = still || slices.Contains(page, id)
			return nil
		}); err != nil || still {
			return false, err
		}
	}
	return true, nil
}

// hiddenMembers are the people whom the record has in a group that this run did not see, each
// with one such group.
func (r *ScopeReader) hiddenMembers() (map[plan.PersonID]plan.GroupID, error) {
	if r.Scope.Some() { // a run of single people sees only theirs
		return nil, nil
	}
	links, err := r.Snapshot.Groups()
	if err != nil {
		return nil, err
	}
	hidden := map[plan.PersonID]plan.GroupID{}
	for i := range links {
		if r.ByGroup[links[i].Group] != nil {
			continue
		}
		members, _, err := r.Snapshot.Members(links[i].Group)
		if err != nil {
			return nil, err
		}
		for _, id := range members {
			hidden[id] = links[i].Group
		}
	}
	return hidden, nil
}

// lookUpScope judges each by their own groups. Who is not out of scope by those, or whose
// groups cannot be read, is held; a list that they contradict is an error.
func (r *ScopeReader) lookUpScope(ctx context.Context, list []*Subject) error {
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(Lookers)
	for _, s := range list {
		pool.Go(func() error {
			defer r.Advance(1)
			out, groups, err := r.StillOutOfScope(ctx, s.Person.ID)
			_, credentials := IsCredentials(err)
			switch {
			case credentials, ctx.Err() != nil:
				return err
			case err != nil:
				s.holdOutOfScope("out of scope by the lists of groups, and the look-up failed: " + err.Error())
				return nil
			case out:
				s.Evidence, s.Seen = plan.EvidenceFull, r.Moment()
				return nil
			}
			s.holdOutOfScope("out of scope by what was listed, and not by what Okta answers about them")
			return r.contradicted(s.Person.ID, groups)
		})
	}
	return pool.Wait()
}

// contradicted is the error of a list of members that lacks somebody who is in the group.
func (r *ScopeReader) contradicted(id plan.PersonID, groups []plan.Group) error {
	for _, g := range groups {
		if p := r.ByGroup[g.ID]; p != nil && !p.Failed && !p.Holds(id) {
			return &BrokenListing{What: fmt.Sprintf("okta's listing of group %s lacks user %s, who is in it", g.ID, id)}
		}
	}
	return nil
}

// StillOutOfScope asks Okta about one person: the assignment, and the groups of now.
func (r *ScopeReader) StillOutOfScope(ctx context.Context, id plan.PersonID) (bool, []plan.Group, error) {
	p, assigned, err := r.Source.Assignment(ctx, id)
	if err != nil || !assigned {
		return false, nil, err
	}
	var groups []plan.Group
	var names []string
	if r.Mapper.NeedsGroups() && r.groupReader.ReadsGroups() {
		if groups, err = r.Source.GroupsOf(ctx, id); err != nil {
			return false, nil, err
		}
		if names, err = r.ownGroupReader.namesOf(ctx, groups); err != nil {
			return false, nil, err
		}
	}
	in, err := r.Mapper.InScope(p, names)
	return !in && err == nil, groups, err
}

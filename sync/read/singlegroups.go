package read

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
)

// An ownGroupReader reads the groups of single people.
type ownGroupReader struct {
	Base
	groupReader *GroupReader
}

// ReadOwnGroups reads the groups that a person is in, and those behind the roles that they
// have.
func (r *ownGroupReader) ReadOwnGroups(ctx context.Context, id plan.PersonID,
	stored map[plan.GroupID]*plan.GroupLink) error {
	if err := r.ReadGroupsOf(ctx, id, stored); err != nil {
		return err
	}
	grants, err := r.Snapshot.GrantsOf(id)
	if err != nil {
		return err
	}
	return r.readFormerGroups(ctx, grants, stored)
}

// ReadGroupsBehind looks at the groups by which somebody was given roles before they left, in a
// run of single people: whoever is brought back may have left those meanwhile.
func (r *ownGroupReader) ReadGroupsBehind(ctx context.Context, grants []plan.Grant) error {
	if !r.Scope.Some() || len(grants) == 0 {
		return nil
	}
	links, err := r.Snapshot.Groups()
	if err != nil {
		return err
	}
	return r.readFormerGroups(ctx, grants, StoredGroups(links))
}

// ReadGroupsOf reads the person's groups, and keeps those that are pushed.
func (r *ownGroupReader) ReadGroupsOf(ctx context.Context, id plan.PersonID,
	stored map[plan.GroupID]*plan.GroupLink) error {
	if !r.groupReader.ReadsGroups() {
		return nil
	}
	groups, err := r.Source.GroupsOf(ctx, id)
	if IsNotFound(err) {
		return nil // readOne finds out
	}
	if err != nil {
		return err
	}
	r.OwnGroups[id] = groups
	for _, g := range groups {
		is, err := r.PushedNow(ctx, g, stored[g.ID])
		if err != nil {
			return err
		}
		if !is {
			continue
		}
		p := r.ByGroup[g.ID]
		if p == nil {
			p = &Pushed{Link: stored[g.ID], Known: true}
			p.Group.ID = g.ID
			r.keepGroup(p)
		}
		p.Group, p.Former = g, false // somebody else of this run may have left it
		p.Members = append(p.Members, id)
		slices.Sort(p.Members)
	}
	if !r.Mapper.NeedsGroups() {
		return nil
	}
	return r.rememberNames(ctx, id, groups)
}

// compareMembers finds out of whom Okta now says other groups than the members on record
// do. These are what the next whole run goes by where a group has not changed: it has to
// look at them anew.
func (r *ownGroupReader) compareMembers(links []plan.GroupLink) error {
	r.Regrouped = map[plan.PersonID]bool{}
	for i := range links {
		members, known, err := r.Snapshot.Members(links[i].Group)
		if err != nil {
			return err
		}
		for id, groups := range r.OwnGroups {
			is := slices.ContainsFunc(groups, func(g plan.Group) bool { return g.ID == links[i].Group })
			if _, was := slices.BinarySearch(members, id); known && was != is {
				r.Regrouped[id] = true
			}
		}
	}
	return nil
}

func (r *facts) keepGroup(g *Pushed) {
	r.Pushed, r.ByGroup[g.Group.ID] = append(r.Pushed, g), g
}

// PushedNow reports whether a group is pushed, as a whole run would find now.
func (r *ownGroupReader) PushedNow(ctx context.Context, g plan.Group, stored *plan.GroupLink) (bool, error) {
	if r.Groups.Push == pushNone || r.Groups.Push == pushListed {
		return r.Groups.Push == pushListed && r.groupReader.named(g, stored), nil
	}
	r.pushedMu.Lock() // what is looked at again right before a call, is by several at once
	defer r.pushedMu.Unlock()
	if r.pushedIDs == nil {
		ids, err := r.readPushed(ctx)
		if errors.Is(err, ErrNotAsked) { // what the last whole run found
			r.Unlisted = true
			return stored != nil && !stored.Unpushed, nil
		}
		if err != nil {
			return false, err
		}
		r.pushedIDs = ids
	}
	return r.pushedIDs[g.ID], nil
}

// readPushed reads which groups the app has pushed, or is assigned to.
func (r *ownGroupReader) readPushed(ctx context.Context) (map[plan.GroupID]bool, error) {
	if r.Groups.Push == PushMappings {
		err := r.groupReader.readMappings(ctx)
		return r.Mappings.groups, err
	}
	ids := map[plan.GroupID]bool{}
	err := r.Source.AssignedGroups(ctx, func(page []plan.Group) error {
		for _, g := range page {
			ids[g.ID] = true
		}
		return nil
	})
	return ids, err
}

// readFormerGroups looks at the groups behind a person's roles that the person is not in,
// or that are not pushed: whether they left it, or the group itself went.
func (r *ownGroupReader) readFormerGroups(ctx context.Context, grants []plan.Grant,
	stored map[plan.GroupID]*plan.GroupLink) error {
	for _, grant := range grants {
		l := stored[grant.Group]
		if l == nil || r.ByGroup[l.Group] != nil || r.isUnpushed(l.Group) {
			continue
		}
		if err := r.readFormerGroup(ctx, l); err != nil {
			if !errors.Is(err, ErrNotAsked) && !FailedAlone(ctx, err) {
				return err
			}
			r.Warn(plan.Warning{Code: WarnGroup, Message: fmt.Sprintf("group %s could not be looked up; its role and holders "+
				"stay: %v", l.Group, err)})
		}
	}
	return nil
}

// readFormerGroup keeps a group that is there and pushed: who is not in it has left it.
// That a group is not pushed any more is for a whole run to find; after that, it counts
// here too, while it is so.
func (r *ownGroupReader) readFormerGroup(ctx context.Context, l *plan.GroupLink) error {
	if l.Unpushed && !r.Pol.RevokeUnpushed {
		return nil
	}
	g, found, err := r.Source.Group(ctx, l.Group)
	if err != nil {
		return err
	}
	g.ID = l.Group
	is, err := r.PushedNow(ctx, g, l)
	switch {
	case err != nil:
		return err
	case found && is:
		r.keepGroup(&Pushed{Group: plan.Group{ID: l.Group, Name: l.Name}, Link: l, Known: true, Former: true})
		return nil
	case !l.Unpushed:
		return nil
	}
	gone, err := r.groupReader.groupGone(ctx, l)
	if gone {
		r.Unpushed = append(r.Unpushed, *l)
	}
	return err
}

// isUnpushed reports that a group is known to be no longer pushed.
func (r *facts) isUnpushed(id plan.GroupID) bool {
	return slices.ContainsFunc(r.Unpushed, func(l plan.GroupLink) bool { return l.Group == id })
}

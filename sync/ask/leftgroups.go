package ask

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A leftReader asks Okta once more before a role is taken from who left a group.
type leftReader struct {
	read.Base
	*decide.Decided
}

// confirmLeft looks at the own groups of people who are missing from a group before
// a role is taken from them.
func (r *leftReader) confirmLeft(ctx context.Context) error {
	var left []*plan.RoleView
	n := 0
	for _, v := range r.Roles.Views {
		if v.Shielded != "" {
			continue
		}
		lost := 0
		for _, h := range v.Have {
			if h.Lost != "" && h.Evidence == "" && h.Stays == "" {
				lost++
			}
		}
		if lost > 0 {
			n += lost
			left = append(left, v)
		}
	}
	evidence, looked := plan.EvidenceFull, left
	if r.Samples(plan.RevokeRole, n) && len(left) > read.SampleSize {
		evidence, looked = plan.EvidenceSample, read.Sample(r.Seed, left,
			func(v *plan.RoleView) string { return string(v.User.ID) })
	}
	pool, poolCtx := errgroup.WithContext(ctx)
	pool.SetLimit(read.Lookers)
	failed, short := make([]error, len(looked)), make([][]plan.GroupID, len(looked))
	for i, v := range looked {
		pool.Go(func() (err error) {
			short[i], err = r.confirmOne(poolCtx, v)
			var broken *read.BrokenListing
			_, credentials := read.IsCredentials(err)
			if errors.As(err, &broken) || credentials || poolCtx.Err() != nil {
				return err
			}
			failed[i] = err
			return nil
		})
	}
	if err := pool.Wait(); err != nil {
		return err
	}
	r.distrustStored(slices.Concat(short...))
	for i, v := range looked {
		if failed[i] != nil {
			r.Roles.Unread[v.User.ID] = plan.HeldUnconfirmed + ": missing from a group, and the look-up failed: " +
				failed[i].Error()
		}
	}
	for _, v := range left {
		for j := range v.Have {
			h := &v.Have[j]
			switch {
			case h.Lost == "" || h.Evidence != "":
			case slices.ContainsFunc(r.Pushed, func(g *read.Pushed) bool { return g.Short && r.Gives(g.Group.ID, h) }):
				// the sample speaks against the list
				h.Lost = ""
			default:
				h.Evidence = evidence
			}
		}
	}
	return nil
}

// confirmOne asks Okta for a person's own groups, and compares them with those whose roles
// they would lose. It asks also where these were read before, and in a run of single people the
// members of the group as well: one wrong answer must not take a role. A list of members that
// Okta gave in this run, and that lacks them all the same, is broken. One that is stored from an earlier run was
// short then: the role stays, and short names the group.
func (r *leftReader) confirmOne(ctx context.Context, v *plan.RoleView) (short []plan.GroupID, err error) {
	groups, err := r.Source.GroupsOf(ctx, v.User.ID)
	if err != nil {
		return nil, err
	}
	for i := range v.Have {
		h := &v.Have[i]
		if h.Lost == "" || h.Evidence != "" {
			continue
		}
		giver := h.Group // by which they hold it after all, or did
		for _, g := range groups {
			if r.Gives(g.ID, h) {
				giver = g.ID
			}
		}
		in := slices.ContainsFunc(groups, func(g plan.Group) bool { return g.ID == giver })
		g := r.ByGroup[giver]
		switch {
		case in && r.Scope.Some():
			return nil, &read.BrokenListing{What: fmt.Sprintf("okta's listing of the groups of user %s lacks group %s, which "+
				"they are in", v.User.ID, giver)}
		case in && g != nil && !g.Reread:
			h.Lost, short = "", append(short, giver)
		case in:
			return nil, &read.BrokenListing{What: fmt.Sprintf("okta's listing of group %s lacks user %s, who is in it", giver,
				v.User.ID)}
		case r.Scope.Some():
			has, err := r.hasMember(ctx, v.User.ID, h.Group)
			switch {
			case err != nil:
				return nil, err
			case has && len(groups) == 0:
				return nil, &read.BrokenListing{What: fmt.Sprintf("okta's list of the groups of user %s is empty, and group %s "+
					"has them", v.User.ID, h.Group)}
			case has:
				h.Stays = fmt.Sprintf("%s: okta's list of their groups lacks group %s, whose members have them",
					plan.HeldUnconfirmed, h.Group)
			}
		}
	}
	return short, nil
}

// hasMember asks a group about somebody who is not in it by their own list, in a run that
// has read no members: a whole run believes neither list alone.
func (r *leftReader) hasMember(ctx context.Context, id plan.PersonID, group plan.GroupID) (has bool, err error) {
	err = r.Source.Members(ctx, group, func(page []plan.PersonID) error {
		has = has || slices.Contains(page, id)
		return nil
	})
	if read.IsNotFound(err) { // the group's own look-up says whether it is gone
		err = nil
	}
	return has, err
}

// distrustStored has the next run read the members of groups whose stored list is short:
// it is of a run that was not shown everybody.
func (r *leftReader) distrustStored(short []plan.GroupID) {
	for _, id := range short {
		g := r.ByGroup[id]
		if g.Short {
			continue
		}
		g.Short = true
		r.Warn(plan.Warning{Code: read.WarnGroup,
			Message: fmt.Sprintf("the stored members of group %s lack somebody who is in it; no role is taken for it, and "+
				"the next run reads them again", id)})
	}
}

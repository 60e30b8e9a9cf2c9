package links

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// count finds out which links hold, and what becomes of the others.
func (b *rebinding) count(ctx context.Context) error {
	var lost []*read.Subject
	for link, err := range b.Snapshot.Links() {
		if err != nil {
			return err
		}
		b.Links++
		here := !b.oktaMoved() || b.users[link.Person]
		e, found := b.employees[link.Employee]
		same := !b.portalMoved() || found && plan.SamePerson(&link.Pushed, &e)
		if !here {
			b.Unassigned = append(b.Unassigned, link)
		}
		if !same {
			lost = append(lost, &read.Subject{Person: read.Self{ID: link.Person, Login: link.Login},
				OnRecord: read.OnRecord{Link: &link}, InTrackTik: read.InTrackTik{Matches: b.Current.Candidates[link.Person]}})
			continue
		}
		if here {
			b.Hold++
		}
		if there := b.carried(link, &e); there != link {
			b.batch.Links = append(b.batch.Links, there)
		}
	}
	if !b.portalMoved() {
		return nil
	}
	if err := b.confirmMissing(ctx, lost); err != nil {
		return err
	}
	if err := b.follow(ctx, lost); err != nil {
		return err
	}
	if err := b.countRoles(); err != nil {
		return err
	}
	return b.countFormers()
}

// confirmMissing reads by id the employees whom the list lacks: one who is there after all
// means that it is short, and that somebody's link would be forgotten for nothing.
func (b *rebinding) confirmMissing(ctx context.Context, lost []*read.Subject) error {
	pool, ctx := errgroup.WithContext(ctx)
	pool.SetLimit(read.Lookers)
	for _, s := range lost {
		id := s.Link.Employee
		if _, listed := b.employees[id]; listed {
			continue
		}
		pool.Go(func() error {
			_, found, err := b.Target.Employee(ctx, id)
			if err == nil && found {
				err = &read.BrokenListing{What: fmt.Sprintf("tracktik's list of employees lacks employee %d, who is there", id)}
			}
			return err
		})
	}
	return pool.Wait()
}

// carried is a link that holds, without what only the former side has said: when Okta
// ceased to show somebody, and the id of the region.
func (b *rebinding) carried(link plan.Link, e *plan.Employee) plan.Link {
	if b.oktaMoved() {
		link.NotVisibleSince, link.UnassignedSince, link.UnconfirmedSince = nil, nil, nil
		link.SeenDeprovisioned = link.SeenDeprovisioned && b.From.Org == b.To.Org
	}
	if b.portalMoved() {
		link.PushedRegion, link.Stands, link.LastRepair = e.Region, 0, ""
	}
	return link
}

// follow ties people to the one active employee who has their names there: whoever is
// about to leave would be forgotten, and stay active for ever.
func (b *rebinding) follow(ctx context.Context, lost []*read.Subject) error {
	kept := map[plan.EmployeeID]bool{}
	for id, e := range b.employees {
		link, linked, err := b.Snapshot.LinkOfEmployee(id)
		if err != nil {
			return err
		}
		kept[id] = linked && plan.SamePerson(&link.Pushed, &e)
	}
	wanted := map[plan.EmployeeID]int{}
	for _, s := range lost {
		s.Matches = slices.DeleteFunc(s.Matches, func(m plan.Match) bool { return kept[m.Employee.ID] })
		for id := range read.Distinct(s.Matches) {
			wanted[id]++
		}
	}
	if err := b.PortalReader.LearnOwn(ctx, lost); err != nil {
		return err
	}
	if err := b.PortalReader.FindAdmins(ctx, lost); err != nil {
		return err
	}
	for _, s := range lost {
		if len(s.Matches) == 0 || b.Relinker.Doubt(s, wanted) != "" {
			b.Strangers = append(b.Strangers, *s.Link)
			continue
		}
		e := &s.Matches[0].Employee
		link := b.carried(read.Relinked(s.Link, e, b.AsOf, ""), e)
		b.Moved, b.batch.Links = append(b.Moved, link), append(b.batch.Links, link)
	}
	return nil
}

func (b *rebinding) countRoles() error {
	groups, err := b.Snapshot.Groups()
	for _, g := range groups {
		if g.Role != 0 && !b.sameRole(&g) {
			b.Roles = append(b.Roles, g)
		}
	}
	return err
}

func (b *rebinding) sameRole(g *plan.GroupLink) bool {
	role, found := b.roles[g.Role]
	return found && plan.FoldName(role.Name) == plan.FoldName(g.RoleName)
}

// countFormers forgets the former employees who are not there, or somebody else: they
// would be reactivated as somebody's. Of the others' roles those stay that are there.
func (b *rebinding) countFormers() error {
	groups, err := b.Snapshot.Groups()
	if err != nil {
		return err
	}
	sure := map[plan.RoleID]bool{}
	for i := range groups {
		sure[groups[i].Role] = b.sameRole(&groups[i])
	}
	if d := b.Meta.DefaultRole; d != nil && d.ID != 0 {
		sure[d.ID] = b.sameRole(&plan.GroupLink{Role: d.ID, RoleName: d.Name})
	}
	for former, err := range b.Snapshot.Formers() {
		if err != nil {
			return err
		}
		e, found := b.employees[former.Link.Employee]
		if !found || !plan.SamePerson(&former.Link.Pushed, &e) {
			b.batch.Revive = append(b.batch.Revive, former.Link.Employee)
			continue
		}
		former.Link = b.carried(former.Link, &e)
		former.Roles = slices.DeleteFunc(slices.Clone(former.Roles), func(g plan.Grant) bool { return !sure[g.Role] })
		for i := range former.Roles {
			former.Roles[i].ID = 0 // another one there, which no refresh of grants on record finds
		}
		b.batch.Formers = append(b.batch.Formers, former)
	}
	for g, err := range b.Snapshot.Grants() {
		if err != nil {
			return err
		}
		if !sure[g.Role] {
			b.batch.DropGrants = append(b.batch.DropGrants, g.Key())
			continue
		}
		// Its id is another one there, and what that portal did not keep says nothing.
		g.ID, g.Stuck, g.Gone, g.Again = 0, false, false, false
		b.batch.Grants = append(b.batch.Grants, g)
	}
	return nil
}

// nobodyAnew refuses to forget people whom somebody else has ended in TrackTik and who
// are not there: as new people they would get an employee again.
func (b *rebinding) nobodyAnew() error {
	var ended []string
	for i := range b.Strangers {
		if l := &b.Strangers[i]; l.ElsewhereStatus != "" {
			ended = append(ended, fmt.Sprintf("user %s (employee %d, %s)", l.Person, l.Employee,
				plan.InTrackTik(l.ElsewhereStatus)))
		}
	}
	if len(ended) == 0 {
		return nil
	}
	list := strings.Join(ended[:min(len(ended), read.SampleSize)], ", ")
	if more := len(ended) - read.SampleSize; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return read.Refused(RefusedRebind, "somebody else has ended these people in TrackTik, and they are not there any "+
		"more: "+list+
		"; the next run would make new employees for them: take the app from them in Okta, or, where that is wanted, "+
		"`unlink` them first")
}

package read

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tracktik-sync/sync/plan"
)

// A Pushed is an Okta group that becomes a role, with its members of now and before.
type Pushed struct {
	Group   plan.Group
	Link    *plan.GroupLink // as stored; nil: new
	Members []plan.PersonID // sorted
	Old     []plan.PersonID // as stored; nil when they were never read
	Known   bool            // old was read once
	Reread  bool            // members come from Okta
	Stamp   string          // to be stored with them
	Role    *plan.RoleRef   // set by package decide; nil: none, and nothing is granted
	Due     plan.Due        // set by package decide: what the members are to hold
	Anew    bool            // set by package decide: the role is not the stored one
	Failed  bool            // the group could not be read: its members are the stored ones
	Former  bool            // nobody of a run of single people is in it: they left it
	Short   bool            // set by package ask: the stored members lack somebody who is in it
}

// Holds reports that somebody is in the group.
func (g *Pushed) Holds(id plan.PersonID) bool {
	_, ok := slices.BinarySearch(g.Members, id)
	return ok
}

// How groups are chosen: sync.groups.push.
const (
	pushListed   = "listed"
	pushAssigned = "assigned"
	PushMappings = "mappings"
	pushNone     = "none"
)

// The warnings of groups.
const (
	warnNoGroups = "no_groups"
	warnUnpushed = "group_unpushed"
	warnMappings = "push_mappings"
	WarnGroup    = "group_unread"
)

// A GroupReader finds the pushed groups, and reads the members of those that changed.
type GroupReader struct {
	Base
}

// ReadGroups finds the pushed groups, and reads the members of those that changed.
func (r *GroupReader) ReadGroups(ctx context.Context) error {
	links, err := r.Snapshot.Groups()
	if err != nil {
		return err
	}
	if r.Groups.Push == pushNone && len(links) == 0 {
		return nil
	}
	if r.Groups.Push == pushListed && len(r.Groups.Names)+len(r.Groups.IDs) == 0 && len(links) == 0 {
		r.Warn(plan.Warning{Code: warnNoGroups, Message: "sync.groups names no groups, so no roles are granted " +
			"(sync.groups.push: listed, names and ids are empty)"})
		return nil
	}
	found, images, err := r.FindGroups(ctx, links)
	if err != nil {
		return err
	}
	links = slices.DeleteFunc(links, func(l plan.GroupLink) bool { return images[l.Group] })
	if err := r.settleGroups(ctx, links, found); err != nil {
		return err
	}
	return r.readMembers(ctx)
}

// FindGroups reads the groups that are pushed by the configured rule, and tells the
// images among those that are left out.
func (r *GroupReader) FindGroups(ctx context.Context, links []plan.GroupLink) (found map[plan.GroupID]plan.Group,
	images map[plan.GroupID]bool, err error) {
	r.Phase("reading okta groups", 0)
	found = map[plan.GroupID]plan.Group{}
	var read []plan.Group
	take := func(wanted func(plan.Group) bool) func([]plan.Group) error {
		return func(page []plan.Group) error {
			r.groupsIn += len(page)
			r.Advance(len(page))
			read = append(read, page...)
			for _, g := range page {
				if wanted(g) {
					found[g.ID] = g
				}
			}
			return nil
		}
	}
	stored := StoredGroups(links)
	switch r.Groups.Push {
	case pushAssigned:
		err = r.Source.AssignedGroups(ctx, take(func(plan.Group) bool { return true }))
	case PushMappings:
		if r.Mappings.groups == nil {
			err = r.readMappings(ctx)
		}
		if err == nil {
			err = r.readByID(ctx, r.Mappings.groups, take)
		}
	case pushListed:
		if len(r.Groups.Names) == 0 {
			err = r.readByID(ctx, idSet(r.Groups.IDs), take)
		} else {
			err = r.Source.Groups(ctx, take(func(g plan.Group) bool { return r.named(g, stored[g.ID]) }))
		}
	}
	images = r.dropImages(found, stored)
	if err == nil && r.ReadsGroups() && !r.Scope.Some() {
		r.warnDeadKeys(found, links, read)
	}
	return found, images, err
}

// warnDeadKeys names configured groups that there are not: a slip of the pen would
// otherwise grant nothing, and say nothing. A group on record that was not shown this time
// still counts.
func (r *GroupReader) warnDeadKeys(found map[plan.GroupID]plan.Group, links []plan.GroupLink, read []plan.Group) {
	keys := plan.GroupKeys{Roles: slices.Sorted(maps.Keys(r.Groups.Roles)), Order: r.Pol.Order}
	if r.Groups.Push == pushListed {
		keys.Names, keys.IDs = r.Groups.Names, r.Groups.IDs
	}
	stored := StoredGroups(links)
	views := make([]plan.GroupView, 0, len(found))
	for _, id := range slices.Sorted(maps.Keys(found)) {
		views = append(views, plan.GroupView{Group: found[id], Link: stored[id]})
	}
	for i := range links {
		l := &links[i]
		if _, ok := found[l.Group]; !ok && !l.Unpushed {
			views = append(views, plan.GroupView{Group: plan.Group{ID: l.Group, Name: l.Name}, Link: l})
		}
	}
	r.Warnings = append(r.Warnings, plan.DeadKeys(keys, views, read)...)
}

// dropImages leaves out what Okta's own Push Groups leaves behind: a group of type
// APP_GROUP that is the image of another one, by whose name it was found. An imported
// group without such a twin, of Active Directory for example, is pushed like any other.
// An image may be on record, from when its original could not be seen.
func (r *GroupReader) dropImages(found map[plan.GroupID]plan.Group,
	stored map[plan.GroupID]*plan.GroupLink) map[plan.GroupID]bool {
	const image = "APP_GROUP"
	dropped, originals := map[plan.GroupID]bool{}, map[string]bool{}
	for _, g := range found {
		if g.Type != image {
			originals[plan.FoldName(g.Name)] = true
		}
	}
	for id, g := range found {
		linked := stored[id] != nil && stored[id].Role != 0
		if g.Type == image && originals[plan.FoldName(g.Name)] && !linked && !slices.Contains(r.Groups.IDs, string(id)) &&
			r.Groups.Push == pushListed {
			delete(found, id)
			dropped[id] = true
		}
	}
	return dropped
}

// StoredGroups are the groups on record, by their ids.
func StoredGroups(links []plan.GroupLink) map[plan.GroupID]*plan.GroupLink {
	stored := make(map[plan.GroupID]*plan.GroupLink, len(links))
	for i := range links {
		stored[links[i].Group] = &links[i]
	}
	return stored
}

func idSet(ids []string) map[plan.GroupID]bool {
	set := map[plan.GroupID]bool{}
	for _, id := range ids {
		set[plan.GroupID(id)] = true
	}
	return set
}

// fewGroups is up to how many groups are read one by one rather than in a listing.
const fewGroups = 20

func (r *GroupReader) readByID(ctx context.Context, ids map[plan.GroupID]bool,
	take func(func(plan.Group) bool) func([]plan.Group) error) error {
	wanted := func(g plan.Group) bool { return ids[g.ID] }
	if len(ids) > fewGroups {
		return r.Source.Groups(ctx, take(wanted))
	}
	each := take(wanted)
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		g, found, err := r.Source.Group(ctx, id)
		if err != nil {
			return err
		}
		if found {
			if err := each([]plan.Group{g}); err != nil {
				return err
			}
		}
	}
	return nil
}

// named reports whether the configuration names the group: by id, by its name, or by
// the name it had when it was first matched.
func (r *GroupReader) named(g plan.Group, stored *plan.GroupLink) bool {
	if slices.Contains(r.Groups.IDs, string(g.ID)) || plan.MatchAny(r.Groups.Names, g.Name) {
		return true
	}
	return stored != nil && !stored.Unpushed && stored.Matched != "" && plan.MatchAny(r.Groups.Names, stored.Matched)
}

// settleGroups compares what was found with what is stored. A group that is missing is
// looked up by itself before it counts as unpushed.
func (r *GroupReader) settleGroups(ctx context.Context, links []plan.GroupLink,
	found map[plan.GroupID]plan.Group) error {
	stored := StoredGroups(links)
	for _, id := range slices.Sorted(maps.Keys(found)) {
		g := &Pushed{Group: found[id]}
		if l := stored[id]; l != nil {
			g.Link = l
		}
		r.Pushed = append(r.Pushed, g)
	}
	for i := range links {
		l := &links[i]
		if _, ok := found[l.Group]; ok {
			continue
		}
		if err := r.missingGroup(ctx, l); err != nil {
			return err
		}
	}
	slices.SortFunc(r.Pushed, func(a, b *Pushed) int { return strings.Compare(string(a.Group.ID), string(b.Group.ID)) })
	for _, g := range r.Pushed {
		r.ByGroup[g.Group.ID] = g
	}
	return nil
}

func (r *GroupReader) missingGroup(ctx context.Context, l *plan.GroupLink) error {
	gone, err := r.groupGone(ctx, l)
	if err != nil {
		var f Failure
		if !errors.As(err, &f) || f.Credentials() || ctx.Err() != nil {
			return err
		}
		r.Warn(plan.Warning{Code: WarnGroup, Message: fmt.Sprintf("group %s is missing from okta's listing and could not "+
			"be looked up; its role and holders stay: %v", l.Group, err)})
	}
	if !gone {
		r.Pushed = append(r.Pushed, &Pushed{Group: plan.Group{ID: l.Group, Name: l.Name, Changed: l.Stamp}, Link: l,
			Failed: true})
		return nil
	}
	if !l.Unpushed {
		text := fmt.Sprintf("group %s is no longer pushed; its role %d and the holders stay (sync.groups.unpushed: leave)",
			l.Group, l.Role)
		if r.Pol.RevokeUnpushed {
			text = fmt.Sprintf("group %s is no longer pushed; its role %d is revoked from the holders (sync.groups.unpushed: "+
				"revoke)", l.Group, l.Role)
		}
		r.Warn(plan.Warning{Code: warnUnpushed, Message: text})
	}
	r.Unpushed = append(r.Unpushed, *l)
	return nil
}

// groupGone looks for the evidence that a stored group is no longer pushed. A listing
// that contradicts it fails the run; a look-up that fails proves nothing.
func (r *GroupReader) groupGone(ctx context.Context, l *plan.GroupLink) (bool, error) {
	switch r.Groups.Push {
	case pushNone:
		return true, nil
	case PushMappings:
		return r.mappingGone(ctx, l)
	case pushAssigned:
		assigned, err := r.Source.GroupAssigned(ctx, l.Group)
		if err == nil && assigned {
			err = &BrokenListing{What: fmt.Sprintf("okta's listing of the app's groups lacks group %s, which is assigned",
				l.Group)}
		}
		return err == nil, err
	}
	g, found, err := r.Source.Group(ctx, l.Group)
	if err == nil && found && r.named(g, l) {
		err = &BrokenListing{What: fmt.Sprintf("okta's listing of groups lacks group %s, which exists", l.Group)}
	}
	return err == nil, err
}

// memberReaders is how many groups are read at one time: they share one rate limit.
const memberReaders = 4

// readMembers reads the members of the groups that may have changed.
func (r *GroupReader) readMembers(ctx context.Context) error {
	r.Phase("reading group members", len(r.Pushed))
	readers, ctx := errgroup.WithContext(ctx)
	readers.SetLimit(memberReaders)
	var mu sync.Mutex
	for _, g := range r.Pushed {
		members, known, err := r.Snapshot.Members(g.Group.ID)
		if err != nil {
			return errors.Join(err, readers.Wait())
		}
		g.Members, g.Old, g.Known = members, members, known
		if g.Failed || known && !r.mayHaveChanged(g) {
			r.Advance(1)
			continue
		}
		readers.Go(func() error {
			err := r.readGroup(ctx, g, &mu)
			r.Advance(1)
			return err
		})
	}
	return readers.Wait()
}

// mayHaveChanged reports whether Okta has to be asked. Okta moves the stamp of its
// built-in group Everyone at will.
func (r *GroupReader) mayHaveChanged(g *Pushed) bool {
	return r.Refresh || g.Link == nil || g.Link.Unpushed || g.Link.Stamp == "" || g.Link.Stamp != g.Group.Changed ||
		g.Group.Type == "BUILT_IN"
}

func (r *GroupReader) readGroup(ctx context.Context, g *Pushed, mu *sync.Mutex) error {
	var members []plan.PersonID
	err := r.Source.Members(ctx, g.Group.ID, func(page []plan.PersonID) error {
		members = append(members, page...)
		return nil
	})
	if IsNotFound(err) {
		mu.Lock()
		defer mu.Unlock()
		g.Failed = true
		r.Warn(plan.Warning{Code: WarnGroup, Message: fmt.Sprintf("group %s vanished while it was read; its role and "+
			"holders stay for this run", g.Group.ID)})
		return nil
	}
	if err != nil {
		return err
	}
	slices.Sort(members)
	g.Members, g.Reread = slices.Compact(members), true
	g.Stamp = r.trusted(g.Group.Changed)
	return nil
}

// IsNotFound reports that Okta itself said that something is not there: any other 404
// is a read that failed.
func IsNotFound(err error) bool {
	var f interface{ NotFound() bool }
	return errors.As(err, &f) && f.NotFound()
}

// youngStamp is how old a membership stamp has to be: it is of whole seconds, and
// Okta's own index lags.
const youngStamp = time.Minute

// trusted returns a stamp that was read before the members, or nothing if it is so
// young that a later change could carry the same.
func (r *frame) trusted(stamp string) string {
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil || r.AsOf.Sub(at) < youngStamp {
		return ""
	}
	return stamp
}

// Gives reports whether who is in the group holds that role by it. Several groups may give
// one role, and the grant on record names the one that did so first.
func (r *facts) Gives(id plan.GroupID, h *plan.Holding) bool {
	g := r.ByGroup[id]
	return id == h.Group || g != nil && g.Role != nil && g.Role.ID == h.Role.ID
}

// ReadsGroups reports whether the configuration has any group pushed.
func (r *GroupReader) ReadsGroups() bool {
	return r.Groups.Push != pushNone && (r.Groups.Push != pushListed || len(r.Groups.Names)+len(r.Groups.IDs) > 0)
}

package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

// people shows how the first people of the listing would be mapped.
func (d *Doctor) people(okta *oktaSide, portal *portalSide) {
	const name = "mapping"
	if len(okta.sample) == 0 {
		d.skip(name, "nobody could be read")
		return
	}
	mapper, err := mapping.New(wiring.MappingConfig(d.cfg))
	if err != nil { // the configuration was checked for it
		d.fail(name, "correct sync.attributes and sync.scope", "%s", err)
		return
	}
	pol := wiring.Policy(d.cfg, mapper)
	regions := plan.NewRegions(portal.regions)
	for i := range okta.sample {
		p := &okta.sample[i]
		who := ui.Person(plan.UserRef{ID: p.ID, Login: p.Login})
		if j := plan.Judge(p, &pol); j.Verdict != plan.Provision {
			d.ok(name, "%s: %s", who, verdictWords(j))
			continue
		}
		in, err := mapper.InScope(*p, nil)
		switch {
		case err != nil:
			d.warn(name, "correct sync.scope", "%s: %s", who, err)
		case !in:
			d.ok(name, "%s: not in sync.scope", who)
		default:
			d.mapped(who, mapper.Map(*p, nil), regions, portal.read["tracktik.regions"])
		}
	}
}

func verdictWords(j plan.Judgement) string {
	text := "left alone: " + j.Verdict.String()
	if j.Why != "" {
		text += ", " + j.Why
	}
	return text
}

// mapped is the line of one person who is in scope.
func (d *Doctor) mapped(who string, result mapping.Result, regions *plan.Regions, known bool) {
	const name = "mapping"
	const fix = "correct it in Okta, or name another source in sync.attributes"
	v := &result.Wanted.Values
	if len(result.Problems) > 0 {
		texts := make([]string, len(result.Problems))
		for i, p := range result.Problems {
			texts[i] = p.Code + ": " + p.Message
		}
		d.warn(name, fix, "%s would be a problem: %s", who, strings.Join(texts, "; "))
		return
	}
	text := fmt.Sprintf("%s: username %s, %s, %s", who, ui.Quoted(v[plan.Username]), ui.Quoted(v.FullName()),
		ui.Quoted(v[plan.Email]))
	if v[plan.JobTitle] != "" {
		text += ", " + ui.Quoted(ui.Shortened(v[plan.JobTitle]))
	}
	if known {
		region, _, _, problem := regions.Of(v[plan.Region], d.cfg.Sync.DefaultRegion)
		if problem != "" {
			d.warn(name, "make the region in TrackTik, or correct the division in Okta", "%s would be a problem: %s", who,
				problem)
			return
		}
		text += fmt.Sprintf(", region %s (%d)", ui.Quoted(region.Name), region.ID)
	}
	if len(result.Warnings) == 0 {
		d.ok(name, "%s", text)
		return
	}
	for _, w := range result.Warnings {
		text += "; " + w.Message
	}
	d.warn(name, fix, "%s", text)
}

// plan makes the plan that the next run would make, and reads out of it what is of
// everybody: groups, roles, divisions, names, and the size.
func (d *Doctor) plan(ctx context.Context, okta *oktaSide, portal *portalSide, busy bool) {
	const name = "plan"
	if busy || !okta.usable || !portal.usable || d.BadSetup {
		d.skip(name, "a plan needs what failed or is in use above")
		return
	}
	db, done, err := d.OpenPlan(d.cfg)
	if err != nil {
		d.fail(name, "", "%s", err)
		return
	}
	defer func() { _ = done() }() // a copy, or open for reading only
	engine, err := d.Engine(d.cfg, db)
	if err != nil {
		d.fail(name, "", "%s", err)
		return
	}
	watched := &watchedSource{Source: okta.source, groups: map[plan.GroupID]string{}, sizes: map[plan.GroupID]int{}}
	engine.Source, engine.Target, engine.Approvals = watched, portal.client, nil
	no := false
	doc, err := engine.Plan(ctx, tsync.RunOptions{Refresh: &no})
	if err != nil {
		d.fail(name, "`tracktik-sync plan` ends the same way; settle what failed above first", "%s", err)
		return
	}
	look := planLook{d, doc}
	look.groups(watched, db.Members)
	look.roles()
	look.roleless()
	look.divisions()
	look.names()
	look.size()
}

// A planLook reads out of a plan what is of everybody.
type planLook struct {
	*Doctor
	doc *plan.Document
}

// A watchedSource notes which groups were read, and how large they are.
type watchedSource struct {
	tsync.Source
	mu     sync.Mutex
	groups map[plan.GroupID]string // name by id, of those that were seen
	sizes  map[plan.GroupID]int    // of those whose members were read
}

func (w *watchedSource) see(each func([]plan.Group) error) func([]plan.Group) error {
	return func(page []plan.Group) error {
		w.mu.Lock()
		for _, g := range page {
			w.groups[g.ID] = g.Name
		}
		w.mu.Unlock()
		return each(page)
	}
}

// Groups lists all groups.
func (w *watchedSource) Groups(ctx context.Context, each func([]plan.Group) error) error {
	return w.Source.Groups(ctx, w.see(each))
}

// AssignedGroups lists the app's groups.
func (w *watchedSource) AssignedGroups(ctx context.Context, each func([]plan.Group) error) error {
	return w.Source.AssignedGroups(ctx, w.see(each))
}

// Group reads one group.
func (w *watchedSource) Group(ctx context.Context, id plan.GroupID) (plan.Group, bool, error) {
	g, found, err := w.Source.Group(ctx, id)
	if err == nil && found {
		err = w.see(func([]plan.Group) error { return nil })([]plan.Group{g})
	}
	return g, found, err
}

// Members lists the members of a group.
func (w *watchedSource) Members(ctx context.Context, id plan.GroupID, each func([]plan.PersonID) error) error {
	n := 0
	err := w.Source.Members(ctx, id, func(page []plan.PersonID) error {
		n += len(page)
		return each(page)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sizes[id] = n
	return err
}

// groups shows the pushed groups with their sizes, and what the configuration names
// and the org has not. Members that did not change are those of the snapshot.
func (d planLook) groups(w *watchedSource, known func(plan.GroupID) ([]plan.PersonID, bool, error)) {
	const name = "okta.pushed_groups"
	for id := range w.groups {
		if members, stored, err := known(id); err == nil && stored {
			if _, read := w.sizes[id]; !read {
				w.sizes[id] = len(members)
			}
		}
	}
	rules := d.cfg.Sync.Groups
	for _, x := range d.doc.Warnings {
		if x.Code == plan.WarningDeadKey {
			d.warn(name, "correct "+x.Field+"; groups that our account does not see are missing too", "%s", x.Message)
		}
	}
	if len(w.sizes) == 0 {
		d.ok(name, "no groups are pushed (sync.groups.push: %s), so no roles are given", rules.Push)
		return
	}
	var texts, empty []string
	for _, id := range ui.ByCount(w.sizes) {
		texts = append(texts, fmt.Sprintf("%q %d", w.groups[id], w.sizes[id]))
		if w.sizes[id] == 0 {
			empty = append(empty, strconv.Quote(w.groups[id]))
		}
	}
	d.ok(name, "%s pushed, with members: %s", ui.Number(len(texts), "group"), ui.Few(texts))
	if len(empty) > 0 {
		d.warn(name, "nobody would hold the role; check the group in Okta, and what our account may see",
			"without members: %s", strings.Join(empty[:min(len(empty), 10)], ", "))
	}
}

// roleless counts who would be shown nothing by TrackTik.
func (d planLook) roleless() {
	for _, w := range d.doc.Warnings {
		if w.Code == plan.WarningNoRole {
			d.warn("people.roles", "put them into a group that is pushed, or name a role in sync.roles.default", "%s", w.Message)
		}
	}
}

// roles shows which roles the groups would get.
func (d planLook) roles() {
	const name = "tracktik.group_roles"
	var linked, made []string
	for _, a := range d.doc.Actions {
		if a.Role == nil {
			continue
		}
		switch a.Kind {
		case plan.LinkRole:
			linked = append(linked, ui.Role(a.Role))
		case plan.CreateRole:
			made = append(made, ui.Quoted(a.Role.Name))
		}
	}
	if len(linked) > 0 {
		d.ok(name, "linked to existing roles: %s", ui.Few(linked))
	}
	if len(made) > 0 {
		d.warn(name, "give new roles their permissions in TrackTik (Settings, Roles), or map groups to existing ones in "+
			"sync.groups.roles", "made anew, without permissions: %s", ui.Few(made))
	}
	for _, h := range d.doc.Held {
		if code := h.Code(); code == plan.HeldRoleExists || code == plan.HeldProtectedRole ||
			code == plan.HeldAmbiguousMapping {
			d.warn(name, ui.WayOut(code), "%s", h.Why)
		}
	}
}

// divisions holds the divisions in use against the portal's regions.
func (d planLook) divisions() {
	const name = "tracktik.divisions"
	byMessage := map[string]int{}
	for _, p := range d.doc.Problems {
		if p.Code == plan.ProblemUnknownRegion || p.Code == plan.ProblemAmbiguousRegion {
			byMessage[p.Message]++
		}
	}
	if len(byMessage) == 0 {
		d.ok(name, "every division in use is a region of the portal")
		return
	}
	messages := ui.ByCount(byMessage)
	for i, message := range messages {
		if i == 10 {
			d.warn(name, "", "and %d more divisions", len(messages)-i)
			return
		}
		d.warn(name, ui.WayOut(plan.ProblemUnknownRegion), "%d people: %s", byMessage[message], message)
	}
}

// unnamed names somebody without their name: what is found may go to whoever helps.
func unnamed(u plan.UserRef) string { return ui.Person(plan.UserRef{ID: u.ID, Login: u.Login}) }

// names shows who clashes with whom, by username and e-mail, and who is protected.
func (d planLook) names() {
	const name = "names"
	codes := map[string][]string{}
	for _, p := range d.doc.Problems {
		switch p.Code {
		case plan.ProblemDuplicate, plan.ProblemNameInUse, plan.ProblemAmbiguousMatch, plan.ProblemInactiveMatch,
			plan.ProblemProtectedMatch, plan.ProblemAdoptOff:
			codes[p.Code] = append(codes[p.Code], unnamed(p.User))
		}
	}
	for _, h := range d.doc.Held {
		if code := h.Code(); code == plan.HeldDoubtfulMatch {
			codes[code] = append(codes[code], unnamed(h.User))
		}
	}
	if len(codes) == 0 {
		d.ok(name, "nobody clashes with somebody else by username or e-mail")
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		d.warn(name, ui.WayOut(code), "%s, %d: %s", code, len(codes[code]), ui.Few(codes[code]))
	}
}

// size shows how large the plan is, and which guard it would meet.
func (d planLook) size() {
	text := fmt.Sprintf("%s; %s and %s read from Okta, %d managed", ui.Summary(d.doc),
		ui.Number(d.doc.Source.Users, "user"), ui.Number(d.doc.Source.Groups, "group"), d.doc.Managed)
	d.ok("plan", "%s", text)
	if d.doc.Guard.OK {
		d.ok("plan.guard", "within every guard")
		return
	}
	for _, r := range d.doc.Guard.Refusals {
		d.warn("plan.guard", "look at `tracktik-sync plan`; a run prints the exact command that lets it pass once", "%s",
			r.Message)
	}
}

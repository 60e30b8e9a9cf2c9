package apply

import (
	"fmt"
	"time"

	"tracktik-sync/sync/plan"
)

// A batchMaker works out what outcomes change in the snapshot.
type batchMaker struct{ *Job }

// since is how long ago at was.
func (r batchMaker) since(at time.Time) time.Duration { return r.Clock.Time().Sub(at) }

// Audit begins an entry of the audit trail about an action.
func (j *Job) Audit(a *plan.Action, outcome string) plan.Audit {
	entry := plan.Audit{Time: j.Clock.Time(), Run: j.Run, By: j.By, Kind: string(a.Kind), Person: a.User.ID,
		Login: a.User.Login, Employee: a.Employee,
		Role: a.Role, Changes: a.FieldChanges(), Reason: a.Reason, Outcome: outcome,
		Approved: j.Approved(a, a.Kind), Pair: a.IsReplaced(), Clears: a.Clears() && !j.Approved(a, plan.Clear),
		Told: a.Extras().Told}
	if j.Rules.Redact {
		entry.Login, entry.Changes = "", plan.RedactedChanges(entry.Changes)
	}
	return entry
}

// createdBatch records the employee that a create made, as TrackTik has shown them since.
func (r batchMaker) createdBatch(a *plan.Action, w *plan.Wanted, e *plan.Employee, run string) (plan.Batch, error) {
	id := e.ID
	link := plan.Link{Person: a.User.ID, Employee: id, How: plan.HowCreated, Since: r.Clock.Time(), Run: run,
		Login: a.User.Login, Email: w.Email,
		Pushed: w.Values, PushedRegion: w.RegionID, AssignedBy: w.Group}
	link.Sent(plan.All(&w.Values), e)
	markRestored(a, &link)
	batch := plan.Batch{Links: []plan.Link{link}}
	old, found, err := r.Snapshot.Link(a.User.ID)
	if err != nil {
		return batch, err
	}
	if found && old.Employee != id { // made anew after somebody else ended the first one
		grants, err := r.Snapshot.GrantsOf(a.User.ID)
		if err != nil {
			return batch, err
		}
		batch.Formers = []plan.Former{{Link: old, Terminated: r.Clock.Time(), Run: run, Roles: grants, Elsewhere: true}}
		for _, g := range grants {
			batch.DropGrants = append(batch.DropGrants, g.Key())
		}
	}
	return batch, nil
}

// terminatedBatch turns a link into a former employee, with the roles they held; of who
// was never managed the action says it. elsewhere says that somebody else has ended them.
func (r batchMaker) terminatedBatch(a *plan.Action, run string, elsewhere bool) (plan.Batch, error) {
	if retires := a.Extras().Retires; retires != nil {
		former := *retires
		former.Terminated, former.Run, former.Elsewhere, former.Revived = r.Clock.Time(), run, elsewhere, false
		return plan.Batch{Formers: []plan.Former{former}}, nil
	}
	link, found, err := r.Snapshot.Link(a.User.ID)
	if err != nil || !found {
		return plan.Batch{}, err
	}
	grants, err := r.Snapshot.GrantsOf(a.User.ID)
	if err != nil {
		return plan.Batch{}, err
	}
	batch := plan.Batch{Unlink: []plan.PersonID{link.Person},
		Formers: []plan.Former{{Link: link, Terminated: r.Clock.Time(), Run: run, Roles: grants, Elsewhere: elsewhere}}}
	for _, g := range grants {
		batch.DropGrants = append(batch.DropGrants, g.Key())
	}
	return batch, nil
}

// reactivatedBatch makes a former employee a managed one again. What the record shows
// as Okta wants it counts as pushed; the rest is sent by the next update.
func (r batchMaker) reactivatedBatch(a *plan.Action, w *plan.Wanted, e *plan.Employee, run string) (plan.Batch, error) {
	former, found, err := r.Snapshot.FormerByEmployee(a.Employee)
	if err != nil {
		return plan.Batch{}, err
	}
	link := plan.Adopted(w, e, false)
	link.Person, link.How, link.Since, link.Run, link.Login, link.Email = a.User.ID, plan.HowReactivated, r.Clock.Time(),
		run, a.User.Login, w.Email
	if found {
		asBefore(&link, &former.Link, w, e)
	}
	batch := plan.Batch{Links: []plan.Link{link}, Revive: []plan.EmployeeID{a.Employee},
		Prints: []plan.PersonPrint{{Person: link.Person}}}
	if markRestored(a, &batch.Links[0]) {
		batch.Revive = nil // the record says what is still to be restored
	}
	if p := r.Ground.Person(a.User.ID); p != nil && p.Kept != nil {
		batch.Grants = p.Kept
		return batch, nil
	}
	if found { // settled before anything was read: a refresh finds out what they hold
		for _, g := range former.Roles {
			g.Person = a.User.ID
			batch.Grants = append(batch.Grants, g)
		}
	}
	return batch, nil
}

// asBefore takes over what was pushed before the termination and holds still: values that
// Okta does not have any more, which are to be cleared, and the region.
func asBefore(link, before *plan.Link, w *plan.Wanted, e *plan.Employee) {
	for _, f := range plan.RecordFields {
		gone := w.Values[f] == "" && (!e.Has.Has(f) || e.Values[f] != "")
		if f != plan.Username && (gone || w.Keep.Has(f)) {
			link.Pushed[f] = before.Pushed[f]
		}
	}
	link.Pushed[plan.Region], link.PushedRegion = before.Pushed[plan.Region], before.PushedRegion
	link.StandsIn(before.Stands)
}

// noted is a link on record with what this run has noted of the person, of which the record does
// not know yet: what Okta calls them by now. What an earlier action of the run has sent stays.
func (r batchMaker) noted(record plan.Link) plan.Link {
	p := r.Ground.Person(record.Person)
	if p == nil || p.Note == nil || p.Note.Employee != record.Employee {
		return record
	}
	link := *p.Note
	for f, v := range record.Pushed {
		if p.Link != nil && v != p.Link.Pushed[f] {
			link.TakeOver(&record, plan.Field(f))
		}
	}
	if p.Link == nil || record.PushedRegion != p.Link.PushedRegion {
		link.PushedRegion = record.PushedRegion
	}
	return link
}

// updatedLink is the link after an update was done, but for what was left, with what the answer
// showed.
func (r batchMaker) updatedLink(a *plan.Action, changes []plan.Change, left plan.FieldSet, answer *plan.Employee) (
	plan.Batch, error) {
	link, found, err := r.Snapshot.Link(a.User.ID)
	if err != nil {
		return plan.Batch{}, err
	}
	if !found {
		return plan.Batch{}, fmt.Errorf("recording the update of user %s: the snapshot has no link any more", a.User.ID)
	}
	link = r.noted(link)
	link.Sent(changes, answer)
	link.Left = left
	for _, c := range changes {
		if c.Field == plan.Region {
			link.Pushed[c.Field], link.Seen[c.Field] = c.New, ""
			if a.Want != nil {
				link.PushedRegion, link.Stands = a.Want.RegionID, 0
			}
		}
	}
	link.LastRepair = ""
	if a.Drift {
		link.LastRepair = plan.RepairDigest(a.Changes)
	}
	return plan.Batch{Links: []plan.Link{link}}, nil
}

// adoptedBatch records an adoption: no call was made for it.
func (r batchMaker) adoptedBatch(a *plan.Action) (plan.Batch, error) {
	p := r.Ground.Person(a.User.ID)
	if p == nil {
		return plan.Batch{}, fmt.Errorf("adopting employee %d: user %s was not read", a.Employee, a.User.ID)
	}
	if p.Was != nil {
		return r.handedOver(a, p)
	}
	var link plan.Link
	for i := range p.Matches {
		if e := &p.Matches[i].Employee; e.ID == a.Employee {
			link = plan.Adopted(a.Want, e, r.Policy.AdoptKeep)
		}
	}
	link.Employee, link.Person, link.Since, link.Run, link.Login, link.Email = a.Employee, a.User.ID, r.Clock.Time(),
		r.Run, p.Login, p.Email
	return plan.Batch{Links: []plan.Link{link}}, nil
}

// handedOver moves an employee, with the grants, from a person's old Okta id to the
// new one.
func (r batchMaker) handedOver(a *plan.Action, p *Person) (plan.Batch, error) {
	old := p.Was
	link := *old
	if p.Note != nil { // what TrackTik was seen to hold is newer than the record
		link = *p.Note
	}
	link.Person, link.Login, link.Email, link.Run = a.User.ID, p.Login, p.Email, r.Run
	link.SeenDeprovisioned, link.Ending = false, false
	link.NotVisibleSince, link.UnassignedSince, link.UnconfirmedSince = nil, nil, nil
	grants, err := r.Snapshot.GrantsOf(old.Person)
	if err != nil {
		return plan.Batch{}, err
	}
	batch := plan.Batch{Unlink: []plan.PersonID{old.Person}, Links: []plan.Link{link}}
	for _, g := range grants {
		batch.DropGrants = append(batch.DropGrants, g.Key())
		g.Person = a.User.ID
		batch.Grants = append(batch.Grants, g)
	}
	return batch, nil
}

// roleBatch records which role a group has; how is empty where that does not change.
func (r batchMaker) roleBatch(a *plan.Action, id plan.RoleID, how string) (plan.Batch, error) {
	link, found, err := r.Snapshot.Group(a.Role.Group)
	if err != nil {
		return plan.Batch{}, err
	}
	if !found {
		link = plan.GroupLink{Group: a.Role.Group}
	}
	if how != "" {
		link.How = how
	}
	link.Role, link.RoleName, link.Unpushed = id, a.Role.Name, false
	if name, pushed := r.Ground.GroupName(a.Role.Group); pushed {
		link.Name = name
		if link.Matched == "" {
			link.Matched = name
		}
	} else if link.Name == "" {
		link.Name = a.Role.Name
	}
	batch := plan.Batch{}
	if how != "" { // all members have to be looked at again if this run ends here
		link.Stamp = ""
		batch.DropGroups = []plan.GroupID{link.Group} // and with it the members; the group comes back right away
	}
	batch.Groups = []plan.GroupLink{link}
	return batch, nil
}

func (r batchMaker) grantedBatch(a *plan.Action, id plan.GrantID, how string) plan.Batch {
	return plan.Batch{Grants: []plan.Grant{{Role: a.Role.ID, Person: a.User.ID, ID: id, Employee: a.Employee,
		Group: a.Role.Group,
		How:   how, Since: r.Clock.Time(), Run: r.Run, Again: a.Drift}}}
}

// freeLastRoles adds to a batch that records a grant that the holder's roles have changed:
// a last role that TrackTik refused to take is tried again.
func (r batchMaker) freeLastRoles(batch *plan.Batch) error {
	for _, granted := range batch.Grants {
		grants, err := r.Snapshot.GrantsOf(granted.Person)
		if err != nil {
			return err
		}
		for _, g := range grants {
			if g.Stuck && g.Role != granted.Role {
				g.Stuck = false
				batch.Grants = append(batch.Grants, g)
			}
		}
	}
	return nil
}

func revokedBatch(a *plan.Action) plan.Batch {
	if a.Extras().Grant != 0 { // a second grant: the first one stays on record
		return plan.Batch{}
	}
	return plan.Batch{DropGrants: []plan.GrantKey{{Role: a.Role.ID, Person: a.User.ID}}}
}

// markRestored marks the link of somebody whom a restore brings back.
func markRestored(a *plan.Action, link *plan.Link) bool {
	if a.Restores {
		link.How, link.Restored = plan.HowRestored, true
	}
	return a.Restores
}

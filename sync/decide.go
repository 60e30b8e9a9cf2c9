package sync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// decidePeople makes everybody's decision but for their roles: first who leaves, since
// that gives names free, then who gets which name, then the others.
func (r *run) decidePeople(ctx context.Context) error {
	list := r.people.sorted()
	if err := r.judgeDates(ctx, list); err != nil {
		return err
	}
	if err := r.learnOwn(ctx, list); err != nil {
		return err
	}
	for _, s := range list {
		if s.judgement.Verdict != plan.Provision || r.pending[s.person.ID] != "" {
			r.decideOne(s)
		}
	}
	if err := r.readLeavers(ctx, list); err != nil {
		return err
	}
	if err := r.resolveRegions(ctx, list); err != nil {
		return err
	}
	claims := r.claims(list)
	others, err := r.bystanders(ctx, claims)
	if err != nil {
		return err
	}
	if err := r.resolveNames(append(claims, others...)); err != nil {
		return err
	}
	fresh := r.fresh(list)
	if err := r.findMatches(ctx, fresh); err != nil {
		return err
	}
	if r.some() {
		if err := r.findRivals(ctx, fresh); err != nil {
			return err
		}
	}
	if err := r.learnOwn(ctx, list); err != nil {
		return err
	}
	for _, s := range list {
		if s.judgement.Verdict == plan.Provision && r.pending[s.person.ID] == "" {
			r.decideOne(s)
		}
	}
	r.recreate()
	r.warnDefaultRegion(list)
	return r.readLeavers(ctx, list) // those whom a decision about their scope ends
}

// learnOwn finds out whose credentials we use where somebody could be that employee.
// What is left, spareOwn finds.
func (r *run) learnOwn(ctx context.Context, list []*subject) error {
	risky := func(s *subject) bool {
		return len(s.matches) > 0 || s.employee != nil || s.link != nil && s.judgement.Verdict == plan.Depart
	}
	if !slices.ContainsFunc(list, risky) {
		return nil
	}
	return r.grants.FindOwn(ctx)
}

// spareOwn asks whose credentials we use where only the plan shows that it matters, and
// holds what would touch that employee.
func (r *run) spareOwn(ctx context.Context) error {
	if r.pol.Own != 0 || r.pol.OwnUsername != "" {
		return nil // the decisions knew
	}
	decisions := []*plan.Decision{&r.roles.decision}
	for _, s := range r.people.subjects {
		decisions = append(decisions, &s.decision)
	}
	touches := func(d *plan.Decision) bool {
		return slices.ContainsFunc(d.Actions, func(a plan.Action) bool { return a.Employee != 0 })
	}
	if !slices.ContainsFunc(decisions, touches) {
		return nil
	}
	err := r.grants.FindOwn(ctx)
	for _, d := range decisions {
		d.Spare(&r.pol)
	}
	return err
}

// fresh are the new people for whom an employee is looked for.
func (r *run) fresh(list []*subject) []*subject {
	var fresh []*subject
	for _, s := range list {
		_, recreated := r.names.Recreated[s.person.ID]
		if s.link == nil && s.judgement.Verdict == plan.Provision && !s.outOf && s.scopeErr == "" &&
			len(s.mapped.Problems) == 0 && !recreated && !s.waits && r.pending[s.person.ID] == "" {
			fresh = append(fresh, s)
		}
	}
	return fresh
}

// decideOne asks package plan about one person.
func (r *run) decideOne(s *subject) {
	note := s.decision.Note
	if why := r.pending[s.person.ID]; why != "" {
		kind := plan.Update
		if s.link == nil {
			kind = plan.Create
		}
		a := plan.Action{Kind: kind, User: s.ref()}
		if s.link != nil {
			a.Employee = s.link.Employee
		}
		s.decision = plan.Decision{Held: []plan.Held{{Action: a, Why: plan.HeldPending + ": " + why}}}
		return
	}
	view := r.view(s)
	s.decision = plan.Decide(view, &r.pol)
	if r.apart() {
		s.decision.HoldTerminations(plan.WhyClocksApart)
	}
	s.own()
	if s.decision.Note == nil {
		s.decision.Note = note
	}
	s.seenAgain()
}

// seenAgain ends the wait for who is not visible once Okta has shown them, whatever it
// says of them.
func (s *subject) seenAgain() {
	if s.link == nil || s.link.NotVisibleSince == nil || s.person.Status == "" {
		return
	}
	if s.decision.Note == nil {
		note := *s.link
		s.decision.Note = &note
	}
	s.decision.Note.NotVisibleSince = nil
}

func (r *run) view(s *subject) *plan.View {
	early, ended := r.datesNow(s)
	return &plan.View{Dates: s.dates, Early: early, Ended: ended, Person: &s.person, Judgement: s.judgement, Evidence: s.evidence, Mapped: s.mapped, OutOfScope: s.outOf, ScopeError: s.scopeErr,
		Link: s.link, Employee: s.employee, Gone: s.gone, Matches: s.matches, Tie: s.tie, Former: s.former, FormerNow: s.formerNow, Troubles: r.dueTroubles(s.person.ID), Origin: s.origin(),
		Recreate: slices.Contains(r.opt.Recreate, s.person.ID), Fresh: r.refresh, AsOf: r.now,
		Told: r.opt.Poll.ended(s.person.ID)}
}

// own makes the person's actions point to the subject's own record: the view they were
// decided by is large, and not needed any more.
func (s *subject) own() {
	for i := range s.decision.Actions {
		if a := &s.decision.Actions[i]; a.Want != nil {
			a.Want = &s.mapped.Wanted
		}
	}
}

// dueTroubles are a person's earlier problems, unless an administrator wants them
// tried at once.
func (r *run) dueTroubles(id plan.PersonID) []plan.Trouble {
	if slices.Contains(r.opt.Retry, id) || slices.Contains(r.opt.Recreate, id) {
		return nil
	}
	return r.troubles[id]
}

// claims are the wishes for user names and e-mails of the run's people.
func (r *run) claims(list []*subject) []plan.Claim {
	var claims []plan.Claim
	for _, s := range list {
		if c, ok := r.claim(s); ok {
			claims = append(claims, c)
		}
	}
	return claims
}

// resolveNames lets package plan judge who gets which user name and e-mail.
func (r *run) resolveNames(claims []plan.Claim) error {
	var failed error
	owners := func(field plan.Field, ask func(string) ([]plan.PersonID, error)) func(string) []plan.Owner {
		return func(name string) []plan.Owner {
			if r.people.managed == 0 {
				return nil
			}
			found, err := r.owners(field, ask, name)
			if err != nil {
				failed = err
			}
			return found
		}
	}
	r.names = plan.ResolveNames(claims, owners(plan.Username, r.Snapshot.OwnersOfUsername), owners(plan.Email, r.Snapshot.OwnersOfEmail))
	for id, p := range r.names.Problems {
		if s := r.people.subjects[id]; s != nil { // else a bystander's
			s.mapped.Problems = append(s.mapped.Problems, p)
		}
	}
	return failed
}

func (r *run) claim(s *subject) (plan.Claim, bool) {
	if s.judgement.Verdict != plan.Provision || s.outOf || s.scopeErr != "" || len(s.mapped.Problems) > 0 || r.pending[s.person.ID] != "" {
		return plan.Claim{}, false
	}
	ended := ""
	if s.link != nil {
		ended = endedStatus(s.link, s)
	}
	if plan.FreesNames(ended) && !(plan.MayRecreate(ended) && slices.Contains(r.opt.Recreate, s.person.ID)) {
		return plan.Claim{}, false // nothing is sent for them
	}
	v := r.effective(s)
	c := plan.Claim{Person: s.person.ID, User: s.ref(), Username: plan.FoldName(v[plan.Username]), Email: plan.FoldName(v[plan.Email]),
		First: plan.FoldName(v[plan.FirstName]), Last: plan.FoldName(v[plan.LastName]), CustomID: plan.FoldName(v[plan.CustomID]), Managed: s.link != nil}
	if s.link != nil {
		p := &s.link.Pushed
		c.Moves = r.pol.UpdateUsers && ended == "" && (c.Username != plan.FoldName(p[plan.Username]) || c.Email != plan.FoldName(p[plan.Email]))
		if r.pol.UpdateUsers && s.link.ElsewhereStatus == "" {
			c.FormerID = plan.FoldName(p[plan.CustomID])
		}
	}
	return c, true
}

// effective is what the person's employee will hold: a field that is not sent stays as
// it was pushed, whatever Okta says.
func (r *run) effective(s *subject) plan.Values {
	v := s.mapped.Wanted.Values
	if s.link == nil {
		return v
	}
	for f := range v {
		if field := plan.Field(f); s.mapped.Wanted.Keep.Has(field) || r.pol.Settled(s.link, field) {
			v[f] = s.link.Pushed[f]
		}
	}
	return v
}

// owners are the managed people who have a name by the snapshot, and by what was read of
// TrackTik in this run.
func (r *run) owners(field plan.Field, ask func(string) ([]plan.PersonID, error), name string) ([]plan.Owner, error) {
	ids, err := ask(name)
	if err != nil {
		return nil, err
	}
	var owners []plan.Owner
	for _, id := range ids {
		link, found, err := r.Snapshot.Link(id)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		s := r.people.subjects[id]
		status := endedStatus(&link, s)
		if plan.FreesNames(status) || r.renamedByHand(id, field, name) {
			continue
		}
		o := plan.Owner{Person: id, Employee: link.Employee, First: plan.FoldName(link.Pushed[plan.FirstName]), Last: plan.FoldName(link.Pushed[plan.LastName])}
		switch {
		case status != "":
			o.Keeps = "is " + status + " there"
		case !r.pol.UpdateUsers:
			o.Keeps = "sync.update_users is off"
		}
		if s != nil {
			o.Leaves = terminates(s)
			o.Missing = s.absent && !o.Leaves
			o.Confirmed = s.evidence != plan.EvidenceSample
		}
		owners = append(owners, o)
	}
	return owners, nil
}

// renamedByHand reports somebody to whom the run gives no name, and whose employee was read
// and has another one than the recorded.
func (r *run) renamedByHand(id plan.PersonID, field plan.Field, name string) bool {
	e := r.current.differs[id]
	if e == nil || !e.Has.Has(field) || plan.FoldName(e.Values[field]) == name {
		return false
	}
	s := r.people.subjects[id]
	return s == nil || s.judgement.Verdict != plan.Provision
}

// endedStatus is in what state somebody's employee is who is not active; s may be nil.
func endedStatus(link *plan.Link, s *subject) string {
	if s == nil {
		return link.ElsewhereStatus
	}
	return plan.Ended(link, s.employee, s.gone)
}

// terminates reports whether the person's employee is terminated in this plan.
func terminates(s *subject) bool {
	return slices.ContainsFunc(s.decision.Actions, func(a plan.Action) bool { return a.Kind == plan.Terminate })
}

// recreate hands the employee of somebody who was deleted and made anew in Okta to
// the new person, instead of a termination and a second employee.
func (r *run) recreate() {
	for id, owner := range r.names.Recreated {
		s, old := r.people.subjects[id], r.people.subjects[owner.Person]
		if s == nil || len(s.mapped.Problems) > 0 {
			continue
		}
		link := *old.link
		link.Person, link.Login, link.Email = id, s.person.Login, s.person.Email
		view := r.view(s)
		view.Link = &link
		update := plan.Decide(view, &r.pol)
		adopt := plan.Action{Kind: plan.Adopt, User: s.ref(), Employee: owner.Employee, Key: plan.KeyRecreated, Want: &s.mapped.Wanted,
			Reason: fmt.Sprintf("re-created in Okta, was %s", owner.Person)}
		s.decision = plan.Decision{Actions: append([]plan.Action{adopt}, update.Actions...), Held: update.Held, Problems: update.Problems, Warnings: update.Warnings}
		old.decision = plan.Decision{}
		s.was, old.became = old, s
	}
}

func (r *run) warnDefaultRegion(list []*subject) {
	var logins []string
	for _, s := range list {
		for i := range s.decision.Actions {
			if a := &s.decision.Actions[i]; a.Kind == plan.Create && a.Want.Default {
				logins = append(logins, s.person.Login)
			}
		}
	}
	if len(logins) == 0 {
		return
	}
	n := len(logins)
	who, more := fmt.Sprintf("%d new people have no division and land", n), ""
	if n == 1 {
		who = "1 new person has no division and lands"
	}
	if n > sampleSize {
		logins, more = logins[:sampleSize], fmt.Sprintf(" and %d more", n-sampleSize)
	}
	r.warn(plan.Warning{Code: warnDefault, Field: plan.Region.String(),
		Message: fmt.Sprintf("%s in %s: %s%s", who, r.pol.DefaultRegion, strings.Join(logins, ", "), more)})
}

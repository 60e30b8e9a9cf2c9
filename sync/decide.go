package sync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// A peopleDecider makes everybody's decision but for their roles.
type peopleDecider struct {
	base
	*decided
	dateReader   *dateReader
	portalReader *portalReader
	regionReader *regionReader
	claimer      *claimer
	nameReader   *nameReader
	matcher      *matcher
}

// decidePeople makes everybody's decision but for their roles: first who leaves, since
// that gives names free, then who gets which name, then the others.
func (r *peopleDecider) decidePeople(ctx context.Context) error {
	list := r.people.sorted()
	if err := r.dateReader.judgeDates(ctx, list); err != nil {
		return err
	}
	if err := r.portalReader.learnOwn(ctx, list); err != nil {
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
	if err := r.regionReader.resolveRegions(ctx, list); err != nil {
		return err
	}
	claims := r.claimer.claims(list)
	others, err := r.nameReader.bystanders(ctx, claims)
	if err != nil {
		return err
	}
	if err := r.claimer.resolveNames(append(claims, others...)); err != nil {
		return err
	}
	fresh := r.fresh(list)
	if err := r.matcher.findMatches(ctx, fresh); err != nil {
		return err
	}
	if r.some() {
		if err := r.nameReader.findRivals(ctx, fresh); err != nil {
			return err
		}
	}
	if err := r.portalReader.learnOwn(ctx, list); err != nil {
		return err
	}
	for _, s := range list {
		if s.judgement.Verdict == plan.Provision && r.pending[s.person.ID] == "" {
			r.decideOne(s)
			r.lighten(s)
		}
	}
	r.recreate()
	r.warnDefaultRegion(list)
	return r.readLeavers(ctx, list) // those whom a decision about their scope ends
}

// learnOwn finds out whose credentials we use where somebody could be that employee.
// What is left, spareOwn finds.
func (r *portalReader) learnOwn(ctx context.Context, list []*subject) error {
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
func (r *peopleDecider) spareOwn(ctx context.Context) error {
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
func (r *peopleDecider) fresh(list []*subject) []*subject {
	var fresh []*subject
	for _, s := range list {
		_, recreated := r.names.Recreated[s.person.ID]
		if s.link == nil && s.judgement.Verdict == plan.Provision && !s.outOf && s.scopeErr == "" &&
			len(s.unmappable) == 0 && !recreated && !s.waits && r.pending[s.person.ID] == "" {
			fresh = append(fresh, s)
		}
	}
	return fresh
}

// decideOne asks package plan about one person.
func (r *peopleDecider) decideOne(s *subject) {
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

func (r *peopleDecider) view(s *subject) *plan.View {
	early, ended := r.dateReader.datesNow(s)
	person := s.whole()
	return &plan.View{Dates: s.dates, Early: early, Ended: ended, Person: &person, Judgement: s.judgement, Evidence: s.evidence, Mapped: plan.Mapped{Wanted: *s.want(), Problems: s.unmappable, Warnings: s.odd}, OutOfScope: s.outOf, ScopeError: s.scopeErr,
		Link: s.link, Employee: s.employee, Gone: s.gone, Matches: s.matches, Tie: s.tie, Former: s.former, FormerNow: s.formerNow, Troubles: r.dueTroubles(s.person.ID), Origin: s.origin(),
		Recreate: slices.Contains(r.opt.Recreate, s.person.ID), Fresh: r.refresh, AsOf: r.now,
		Told: r.opt.Poll.ended(s.person.ID)}
}

// own makes the person's actions point to the subject's own record: the view they were
// decided by is large, and not needed any more.
func (s *subject) own() {
	for i := range s.decision.Actions {
		if a := &s.decision.Actions[i]; a.Want != nil {
			a.Want = s.want()
		}
	}
}

// lighten drops what nobody asks any more of a new person who is decided about: of a first
// run these are all.
func (r *peopleDecider) lighten(s *subject) {
	if _, recreated := r.names.Recreated[s.person.ID]; s.link == nil && !recreated && !r.some() {
		s.person.rest = nil
	}
}

// dueTroubles are a person's earlier problems, unless an administrator wants them
// tried at once.
func (r *peopleDecider) dueTroubles(id plan.PersonID) []plan.Trouble {
	if slices.Contains(r.opt.Retry, id) || slices.Contains(r.opt.Recreate, id) {
		return nil
	}
	return r.troubles[id]
}

// terminates reports whether the person's employee is terminated in this plan.
func terminates(s *subject) bool {
	return slices.ContainsFunc(s.decision.Actions, func(a plan.Action) bool { return a.Kind == plan.Terminate })
}

// recreate hands the employee of somebody who was deleted and made anew in Okta to
// the new person, instead of a termination and a second employee.
func (r *peopleDecider) recreate() {
	for id, owner := range r.names.Recreated {
		s, old := r.people.subjects[id], r.people.subjects[owner.Person]
		if s == nil || len(s.unmappable) > 0 {
			continue
		}
		link := *old.link
		link.Person, link.Login, link.Email = id, s.person.Login, s.person.Email
		view := r.view(s)
		view.Link = &link
		update := plan.Decide(view, &r.pol)
		adopt := plan.Action{Kind: plan.Adopt, User: s.ref(), Employee: owner.Employee, Extra: &plan.Extra{Key: plan.KeyRecreated}, Want: s.want(),
			Reason: fmt.Sprintf("re-created in Okta, was %s", owner.Person)}
		s.decision = plan.Decision{Actions: append([]plan.Action{adopt}, update.Actions...), Held: update.Held, Problems: update.Problems, Warnings: update.Warnings}
		old.decision = plan.Decision{}
		s.was, old.became = old, s
	}
}

func (r *peopleDecider) warnDefaultRegion(list []*subject) {
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

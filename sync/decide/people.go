package decide

import (
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A PeopleDecider makes everybody's decision but for their roles.
type PeopleDecider struct {
	read.Base
	*Decided
	dates *read.DateReader
	room  *viewRoom
}

// A viewRoom is memory that serves the view of one person after the other.
type viewRoom struct {
	person plan.Person
	view   plan.View
}

// Fresh are the new people for whom an employee is looked for, and those who are to be made
// anew on request.
func (r *PeopleDecider) Fresh(list []*read.Subject) []*read.Subject {
	var fresh []*read.Subject
	for _, s := range list {
		_, recreated := r.Names.Recreated[s.Person.ID]
		anew := s.Link != nil && slices.Contains(r.Scope.Recreate, s.Person.ID) &&
			plan.MayRecreate(read.EndedStatus(s.Link, s))
		if (s.Link == nil || anew) && s.InScope() &&
			s.Writable() && !recreated && !s.Waits && r.Pending[s.Person.ID] == "" {
			fresh = append(fresh, s)
		}
	}
	return fresh
}

// DecideLeavers decides about all but those who are to be provisioned.
func (r *PeopleDecider) DecideLeavers(list []*read.Subject) {
	for _, s := range list {
		if !r.provisions(s) {
			r.DecideOne(s)
		}
	}
}

// DecideAll decides about those who are to be provisioned, and who goes on under another id.
func (r *PeopleDecider) DecideAll(list []*read.Subject) {
	for _, s := range list {
		if r.provisions(s) {
			r.DecideOne(s)
		}
	}
	r.HandOver()
	r.warnDoubles(list)
	r.warnDefaultRegion(list)
}

// provisions reports whether somebody is to be provisioned in this run.
func (r *PeopleDecider) provisions(s *read.Subject) bool {
	return s.Judgement.Verdict == plan.Provision && r.Pending[s.Person.ID] == ""
}

// DecideOne asks package plan about one person.
func (r *PeopleDecider) DecideOne(s *read.Subject) {
	note := s.Decision.Note
	if why := r.Pending[s.Person.ID]; why != "" {
		kind := plan.Update
		if s.Link == nil {
			kind = plan.Create
		}
		a := plan.Action{Kind: kind, User: s.Ref()}
		if s.Link != nil {
			a.Employee = s.Link.Employee
		}
		s.Decision = plan.Decision{Held: []plan.Held{{Action: a, Why: plan.HeldPending + ": " + why}}}
		return
	}
	r.room.person = s.Whole()
	r.room.view = r.viewOf(s, &r.room.person)
	s.Decision = plan.Decide(&r.room.view, &r.Pol)
	if r.Apart() {
		s.Decision.HoldTerminations(plan.WhyClocksApart)
	}
	s.Own()
	if s.Decision.Note == nil {
		s.Decision.Note = note
	}
	s.SeenAgain()
	s.NoteNames()
}

// View is all that package plan is shown of somebody.
func (r *PeopleDecider) View(s *read.Subject) *plan.View {
	person := s.Whole()
	view := r.viewOf(s, &person)
	return &view
}

func (r *PeopleDecider) viewOf(s *read.Subject, person *plan.Person) plan.View {
	early, ended := r.dates.DatesNow(s)
	x := s.Extras()
	return plan.View{
		Person: person, Judgement: s.Judgement, Evidence: s.Evidence, Mapped: s.Mapped(), Origin: s.Origin(),
		Link: s.Link, Troubles: r.dueTroubles(s.Person.ID), Alone: r.Scope.Some(),
		Recreate: slices.Contains(r.Scope.Recreate, s.Person.ID),
		Calendar: plan.Calendar{Dates: x.Dates, Early: early, Ended: ended, AsOf: r.AsOf, Told: r.Told(s.Person.ID)},
		KeptOut:  plan.KeptOut{OutOfScope: s.OutOf, ScopeError: s.ScopeErr, Unread: s.Unread},
		Shown: plan.Shown{Employee: s.Employee, Fresh: r.Refresh && !r.Current.Unread[s.Person.ID], Gone: s.Gone,
			Stale: r.Meta.RefreshDue},
		Newcomer: plan.Newcomer{Matches: s.Matches, Unsearched: r.Unsearched, Tie: s.Tie,
			Former: x.Former, FormerNow: x.FormerNow, Lookalike: x.Lookalike},
	}
}

// dueTroubles are a person's earlier problems, unless an administrator wants them
// tried at once.
func (r *PeopleDecider) dueTroubles(id plan.PersonID) []plan.Trouble {
	if slices.Contains(r.Scope.Retry, id) || slices.Contains(r.Scope.Recreate, id) {
		return nil
	}
	return r.Troubles[id]
}

// HandOver hands the employee of somebody who was deleted and made anew in Okta to
// the new person, instead of a termination and a second employee.
func (r *PeopleDecider) HandOver() {
	for id, owner := range r.Names.Recreated {
		s, old := r.People.Subjects[id], r.People.Subjects[owner.Person]
		if s == nil || !s.Writable() {
			continue
		}
		link := *old.Link
		link.Person, link.Login, link.Email = id, s.Person.Login, s.Person.Email
		view := r.View(s)
		view.Link, view.Employee, view.Gone = &link, old.Employee, old.Gone
		update := plan.Decide(view, &r.Pol)
		adopt := plan.Action{Kind: plan.Adopt, User: s.Ref(), Employee: owner.Employee,
			Extra: &plan.Extra{Key: plan.KeyRecreated}, Want: s.Want(),
			Reason: plan.RecreatedReason(owner.Person)}
		s.Decision = plan.Decision{Actions: append([]plan.Action{adopt}, update.Actions...), Held: update.Held,
			Problems: update.Problems, Warnings: update.Warnings, Note: update.Note}
		old.Decision = plan.Decision{}
		s.With(func(x *read.Extra) { x.Was = old })
		old.With(func(x *read.Extra) { x.Became = s })
	}
}

// warnDoubles warns of creates beside an active employee of nobody who has the user name or
// the e-mail, as a refresh has seen: sync.match does not ask by these, and a snapshot that was
// restored does not know whom a later run has made.
func (r *PeopleDecider) warnDoubles(list []*read.Subject) {
	if len(r.Current.Strangers) == 0 || !slices.ContainsFunc(list, (*read.Subject).MadeAnew) {
		return
	}
	named := r.StrangersByName()
	for _, s := range list {
		if !s.MadeAnew() {
			continue
		}
		for _, f := range []plan.Field{plan.Username, plan.Email} {
			id := named[read.NameSum(s.Want().Values[f])]
			if id == 0 || s.Want().Values[f] == "" {
				continue
			}
			r.Warn(plan.Warning{Code: plan.WarningPossibleDouble, User: s.Ref(),
				Message: fmt.Sprintf("employee %d is active in TrackTik, managed for nobody, and has the same %s: "+
					"if that is the person, `link` ties them; sync.match does not look for it", id, f)})
			break
		}
	}
}

func (r *PeopleDecider) warnDefaultRegion(list []*read.Subject) {
	var logins []string
	for _, s := range list {
		for i := range s.Decision.Actions {
			if a := &s.Decision.Actions[i]; a.Kind == plan.Create && a.Want.Default {
				logins = append(logins, s.Person.Login)
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
	if n > read.SampleSize {
		logins, more = logins[:read.SampleSize], fmt.Sprintf(" and %d more", n-read.SampleSize)
	}
	r.Warn(plan.Warning{Code: warnDefault, Field: plan.Region.String(),
		Message: fmt.Sprintf("%s in %s: %s%s", who, r.Pol.DefaultRegion, strings.Join(logins, ", "), more)})
}

// Spare holds what would touch the employee whose credentials are used, once those are known.
func (r *PeopleDecider) Spare() {
	for _, d := range r.decisions() {
		d.Spare(&r.Pol)
	}
}

// TouchesEmployees reports that anything is to be done to an employee who exists.
func (r *PeopleDecider) TouchesEmployees() bool {
	return slices.ContainsFunc(r.decisions(), func(d *plan.Decision) bool {
		return slices.ContainsFunc(d.Actions, func(a plan.Action) bool { return a.Employee != 0 })
	})
}

// decisions are everybody's, and that about roles.
func (r *PeopleDecider) decisions() []*plan.Decision {
	all := []*plan.Decision{&r.Together}
	for _, s := range r.People.Subjects {
		all = append(all, &s.Decision)
	}
	return all
}

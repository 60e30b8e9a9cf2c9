package ask

import (
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// Who was deleted and made anew in Okta goes on as the same employee. Where that cannot be
// now, since the new user gets nothing yet or may be somebody else, the employee stays: whoever
// is terminated first can only be made a second time.

// An heirFinder holds the departures of leavers who may have been made anew.
type heirFinder struct {
	read.Base
	people *decide.PeopleDecider
}

// holdWaiting holds the leavers who have the names of somebody new who gets nothing in this run:
// suspended, say, or with a problem.
func (r *heirFinder) holdWaiting(list []*read.Subject) {
	byName := r.waitingByName(list)
	if len(byName) == 0 {
		return
	}
	for _, s := range list {
		if s.Link == nil || !read.Departs(s) || plan.FreesNames(read.EndedStatus(s.Link, s)) {
			continue
		}
		for _, key := range read.KeysOf(s) {
			heirs := byName[key]
			i := slices.IndexFunc(heirs, func(heir *read.Subject) bool { return read.IsLike(s, heir) })
			if i < 0 {
				continue
			}
			r.hold(s, fmt.Sprintf("user %s has their names and gets no employee in this run: if that is the same person, they "+
				"go on as employee %d once nothing is in their way", heirs[i].Person.ID, s.Link.Employee))
			break
		}
	}
}

// waitingByName are the new people in the app who get nothing in this run, by their names.
func (r *heirFinder) waitingByName(list []*read.Subject) map[string][]*read.Subject {
	byName := map[string][]*read.Subject{}
	if r.People.Managed == 0 {
		return byName
	}
	for _, s := range list {
		waits := s.Judgement.Verdict == plan.Provision && (!s.Writable() || r.Pending[s.Person.ID] != "" || s.ScopeErr != "")
		if s.Link != nil || s.OutOf || !waits && !r.MayBecome(s) {
			continue
		}
		for _, key := range read.KeysOf(s) {
			byName[key] = append(byName[key], s)
		}
	}
	return byName
}

// holdRefused holds the leavers who may be somebody new who does not get their employee in this
// run, and reports whether there are any.
func (r *heirFinder) holdRefused(refused map[plan.PersonID][]plan.PersonID) bool {
	any := false
	for leaver, heirs := range refused {
		s := r.People.Subjects[leaver]
		if s == nil || !read.Departs(s) {
			continue
		}
		who := "user " + string(heirs[0]) + " has their names, and a problem that stands in the way"
		if len(heirs) > 1 {
			var ids []string
			for _, id := range heirs[:min(5, len(heirs))] {
				ids = append(ids, string(id))
			}
			who = fmt.Sprintf("%d new users have their names (%s)", len(heirs), strings.Join(ids, ", "))
		}
		r.hold(s, fmt.Sprintf("%s: who goes on as employee %d cannot be told; `link` says so", who, s.Link.Employee))
		any = true
	}
	return any
}

func (r *heirFinder) hold(s *read.Subject, why string) {
	s.HoldDeparture(s.Judgement.Why + ", and " + why)
	r.people.DecideOne(s)
}

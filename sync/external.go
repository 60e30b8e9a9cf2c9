package sync

import (
	"context"
	"maps"
	"slices"

	"tracktik-sync/sync/plan"
)

// witnesses is how many of the managed whose external id names somebody else are looked up
// where new people are: they tell what external ids are worth.
const witnesses = 100

// ties is what a run knows of Okta's external ids.
type ties struct {
	of plan.Ties // of the listed people who are not managed
	// agree counts the managed whose external id names their employee; strays are the other
	// employees whom those of the managed name, and how many of them do.
	agree  int
	strays map[plan.EmployeeID]int
	differ int               // of those, how many name an employee that the portal knows
	found  *plan.ExternalIDs // what is to be remembered; nil: nothing new
}

// A tieReader weighs the external ids by which Okta names employees.
type tieReader struct {
	base
}

// noteTie takes in the external id of an entry of Okta's listing.
func (r *tieReader) noteTie(m *mark, e *plan.Entry) {
	switch {
	case e.External == 0 || !r.pol.MatchExternal:
	case m == nil || m.employee == 0:
		r.ties.of.Add(e.External, e.ID)
	case m.employee == e.External:
		r.ties.agree++
	default:
		if r.ties.strays == nil {
			r.ties.strays = map[plan.EmployeeID]int{}
		}
		r.ties.strays[e.External]++
	}
}

// tie notes what external ids say of new people. It reports whether any is known.
func (r *tieReader) tie(fresh []*subject) bool {
	if !r.pol.MatchExternal {
		return false
	}
	if r.some() {
		r.rememberTies()
	}
	for _, s := range fresh {
		s.tie = nil
		if text := s.whole().Assignment.External; text != "" {
			id, _ := plan.ParseExternal(text)
			s.tie = &plan.Tie{Text: text, Employee: id, Other: r.ties.of.Other(id, s.person.ID)}
		}
	}
	tied := func(s *subject) bool { return s.tie != nil }
	return r.meta.External != nil || !r.ties.of.Empty() || slices.ContainsFunc(fresh, tied)
}

// rememberTies is for a run of single people: it has read theirs, and of the others there
// is what the last whole run saw.
func (r *tieReader) rememberTies() {
	for id, s := range r.people.subjects {
		if employee, ok := plan.ParseExternal(s.whole().Assignment.External); ok && s.link == nil {
			r.ties.of.Add(employee, id)
		}
	}
	if r.meta.External == nil {
		return
	}
	for employee, people := range r.meta.External.Of {
		for _, id := range people {
			if m := r.people.find(id); m == nil || m.employee == 0 {
				r.ties.of.Add(employee, id)
			}
		}
	}
}

// countStrays counts those whom the portal knows since they are managed for somebody, and
// returns the others.
func (r *tieReader) countStrays() ([]plan.EmployeeID, error) {
	r.ties.differ = 0
	var unknown []plan.EmployeeID
	for id, n := range r.ties.strays {
		_, managed, err := r.Snapshot.LinkOfEmployee(id)
		if err != nil {
			return nil, err
		}
		if managed {
			r.ties.differ += n
			delete(r.ties.strays, id)
		} else {
			unknown = append(unknown, id)
		}
	}
	slices.Sort(unknown)
	return unknown, nil
}

// wantedTies are the new people by the employees whom their external ids name.
func wantedTies(fresh []*subject) map[plan.EmployeeID][]*subject {
	byID := map[plan.EmployeeID][]*subject{}
	for _, s := range fresh {
		if s.tie != nil && s.tie.Employee != 0 {
			byID[s.tie.Employee] = append(byID[s.tie.Employee], s)
		}
	}
	return byID
}

// lookUpTies finds the employees whom external ids name, by their ids.
func (r *tieReader) lookUpTies(ctx context.Context, fresh []*subject) error {
	byID := wantedTies(fresh)
	if len(byID) == 0 {
		return nil
	}
	strays, err := r.countStrays()
	if err != nil {
		return err
	}
	ids := append(strays[:min(len(strays), witnesses)], slices.Collect(maps.Keys(byID))...)
	slices.Sort(ids)
	found, err := r.Target.EmployeesByID(ctx, slices.Compact(ids))
	for i := range found {
		r.foundTie(&found[i], byID)
	}
	return err
}

// foundTie takes in an employee of the portal, if any external id names them.
func (r *tieReader) foundTie(e *plan.Employee, byID map[plan.EmployeeID][]*subject) {
	r.ties.differ += r.ties.strays[e.ID]
	for _, s := range byID[e.ID] {
		s.matches = append(s.matches, plan.Match{Key: plan.ExternalID, Employee: *e})
	}
}

// proveTies takes external ids for what they are worth in this org: where they mostly name
// somebody else, nobody is matched by them. A run of single people goes by what the last
// whole run found.
func (r *tieReader) proveTies(fresh []*subject) {
	var tally plan.ExternalTally
	if r.meta.External != nil {
		tally = r.meta.External.ExternalTally
	}
	if !r.some() {
		now := plan.ExternalTally{Agree: r.ties.agree, Differ: r.ties.differ}
		for _, s := range fresh {
			now.AddMatched(s.matches)
		}
		if now.Speaks() {
			tally = now
		}
		r.ties.found = &plan.ExternalIDs{ExternalTally: tally}
	}
	if !tally.Believed() {
		r.disbelieve(fresh, tally)
		return
	}
	settled := map[plan.PersonID]bool{}
	for _, s := range fresh {
		r.ties.of.Rivals(s.person.ID, s.matches)
		settled[s.person.ID] = s.tie.Verdict(s.person.ID, &s.want().Values, s.matches) == plan.TieMatch
	}
	if r.ties.found != nil {
		r.ties.found.Of = r.ties.of.Of(settled)
	}
}

func (r *tieReader) disbelieve(fresh []*subject, tally plan.ExternalTally) {
	if slices.ContainsFunc(fresh, func(s *subject) bool { return s.tie != nil }) {
		r.warn(plan.Warning{Code: plan.WarningExternalIDDisbelieved, Message: tally.Disbelief()})
	}
	for _, s := range fresh {
		s.tie = nil
		s.matches = slices.DeleteFunc(s.matches, func(m plan.Match) bool { return m.Key == plan.ExternalID })
	}
}

package read

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
	Of plan.Ties // of the listed people who are not managed
	// agree counts the managed whose external id names their employee; strays are the other
	// employees whom those of the managed name, and how many of them do.
	agree  int
	strays map[plan.EmployeeID]int
	differ int               // of those, how many name an employee that the portal knows
	Found  *plan.ExternalIDs // what is to be remembered; nil: nothing new
}

// A tieReader weighs the external ids by which Okta names employees.
type tieReader struct {
	Base
}

// noteTie takes in the external id of an entry of Okta's listing.
func (r *tieReader) noteTie(m *Mark, e *plan.Entry) {
	switch {
	case e.External == 0 || !r.Pol.MatchExternal:
	case m == nil || m.Employee == 0:
		r.Ties.Of.Add(e.External, e.ID)
	case m.Employee == e.External:
		r.Ties.agree++
	default:
		if r.Ties.strays == nil {
			r.Ties.strays = map[plan.EmployeeID]int{}
		}
		r.Ties.strays[e.External]++
	}
}

// tie notes what external ids say of new people. It reports whether any is known.
func (r *tieReader) tie(fresh []*Subject) bool {
	if !r.Pol.MatchExternal {
		return false
	}
	if r.Scope.Some() {
		r.rememberTies()
	}
	for _, s := range fresh {
		s.Tie = nil
		if text := s.Whole().Assignment.External; text != "" {
			id, _ := plan.ParseExternal(text)
			s.Tie = &plan.Tie{Text: text, Employee: id, Other: r.Ties.Of.Other(id, s.Person.ID)}
		}
	}
	tied := func(s *Subject) bool { return s.Tie != nil }
	return r.Meta.External != nil || !r.Ties.Of.Empty() || slices.ContainsFunc(fresh, tied)
}

// rememberTies is for a run of single people: it has read theirs, and of the others there
// is what the last whole run saw.
func (r *tieReader) rememberTies() {
	for id, s := range r.People.Subjects {
		if employee, ok := plan.ParseExternal(s.Whole().Assignment.External); ok && s.Link == nil {
			r.Ties.Of.Add(employee, id)
		}
	}
	if r.Meta.External == nil {
		return
	}
	for employee, people := range r.Meta.External.Of {
		for _, id := range people {
			if m := r.People.Find(id); m == nil || m.Employee == 0 {
				r.Ties.Of.Add(employee, id)
			}
		}
	}
}

// countStrays counts those whom the portal knows since they are managed for somebody, and
// returns the others.
func (r *tieReader) countStrays() ([]plan.EmployeeID, error) {
	r.Ties.differ = 0
	var unknown []plan.EmployeeID
	for id, n := range r.Ties.strays {
		_, managed, err := r.Snapshot.LinkOfEmployee(id)
		if err != nil {
			return nil, err
		}
		if managed {
			r.Ties.differ += n
			delete(r.Ties.strays, id)
		} else {
			unknown = append(unknown, id)
		}
	}
	slices.Sort(unknown)
	return unknown, nil
}

// wantedTies are the new people by the employees whom their external ids name.
func wantedTies(fresh []*Subject) map[plan.EmployeeID][]*Subject {
	byID := map[plan.EmployeeID][]*Subject{}
	for _, s := range fresh {
		if s.Tie != nil && s.Tie.Employee != 0 {
			byID[s.Tie.Employee] = append(byID[s.Tie.Employee], s)
		}
	}
	return byID
}

// lookUpTies finds the employees whom external ids name, by their ids.
func (r *tieReader) lookUpTies(ctx context.Context, fresh []*Subject) error {
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
func (r *tieReader) foundTie(e *plan.Employee, byID map[plan.EmployeeID][]*Subject) {
	r.Ties.differ += r.Ties.strays[e.ID]
	for _, s := range byID[e.ID] {
		s.Matches = append(s.Matches, plan.Match{Key: plan.ExternalID, Employee: *e})
	}
}

// proveTies takes external ids for what they are worth in this org: where they mostly name
// somebody else, nobody is matched by them. A run of single people goes by what the last
// whole run found; before there was one nobody is matched by them alone.
func (r *tieReader) proveTies(fresh []*Subject) {
	var tally plan.ExternalTally
	if r.Meta.External != nil {
		tally = r.Meta.External.ExternalTally
	}
	if !r.Scope.Some() {
		now := plan.ExternalTally{Agree: r.Ties.agree, Differ: r.Ties.differ}
		for _, s := range fresh {
			now.AddMatched(s.Matches)
		}
		if now.Speaks() {
			tally = now
		}
		r.Ties.Found = &plan.ExternalIDs{ExternalTally: tally}
	}
	if !tally.Believed() {
		r.disbelieve(fresh, tally)
		return
	}
	if r.Scope.Some() && r.Meta.External == nil {
		for _, s := range fresh {
			if s.Tie != nil {
				s.Tie.Unproven = plan.Alone(s.Matches)
			}
		}
	}
	settled := map[plan.PersonID]bool{}
	for _, s := range fresh {
		r.Ties.Of.Rivals(s.Person.ID, s.Matches)
		settled[s.Person.ID] = s.Tie.Verdict(s.Person.ID, &s.Want().Values, s.Matches) == plan.TieMatch
	}
	if r.Ties.Found != nil {
		r.Ties.Found.Of = r.Ties.Of.Of(settled)
	}
}

func (r *tieReader) disbelieve(fresh []*Subject, tally plan.ExternalTally) {
	if slices.ContainsFunc(fresh, func(s *Subject) bool { return s.Tie != nil }) {
		r.Warn(plan.Warning{Code: plan.WarningExternalIDDisbelieved, Message: tally.Disbelief()})
	}
	for _, s := range fresh {
		s.Tie = nil
		s.Matches = slices.DeleteFunc(s.Matches, func(m plan.Match) bool { return m.Key == plan.ExternalID })
	}
}

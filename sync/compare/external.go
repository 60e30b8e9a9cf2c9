package compare

import (
	"fmt"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// tie finds out what Okta's external ids are worth, and what they say of people who are
// not managed.
func (c *comparing) tie(list []*read.Subject) error {
	out := &plan.ComparedExternals{}
	c.out.ExternalIDs = out
	var ties plan.Ties
	var tally plan.ExternalTally
	for _, s := range list {
		a := s.Whole().Assignment
		if a.SyncState == plan.SyncStateError {
			out.Failed = append(out.Failed, plan.Compared{User: s.Named(),
				Note: "the last push of the portal's own integration failed (syncState ERROR): what it did not carry over is " +
					"not done"})
		}
		if a.External == "" {
			continue
		}
		id, _ := plan.ParseExternal(a.External)
		if id != 0 && s.Link == nil {
			ties.Add(id, s.Person.ID)
		}
		before := tally
		if err := c.proveTie(s, &plan.Tie{Text: a.External, Employee: id}, &tally); err != nil {
			return err
		}
		if tally.Differ > before.Differ {
			out.Differ = append(out.Differ, plan.Compared{User: s.Named(), Employee: c.shown(c.employees[id]),
				Match: plan.KeyName(plan.ExternalID), Note: c.whoElse(s)})
		}
	}
	out.Agree, out.Believed = tally.Agree, tally.Believed()
	if !out.Believed {
		c.Warn(plan.Warning{Code: plan.WarningExternalIDDisbelieved, Message: tally.Disbelief()})
		return nil
	}
	c.ties = ties
	return nil
}

// proveTie counts one person's external id, or lists it as one that says nothing. Their
// matches are kept in the subject.
func (c *comparing) proveTie(s *read.Subject, t *plan.Tie, tally *plan.ExternalTally) error {
	e := c.employees[t.Employee]
	switch {
	case e == nil:
		verdict := t.Judge(s.Person.ID, &s.Want().Values, nil)
		c.out.ExternalIDs.Silent = append(c.out.ExternalIDs.Silent,
			plan.Compared{User: s.Named(), Note: t.Note(verdict, nil)})
		return nil
	case s.Link != nil:
		tally.AddManaged(s.Link.Employee, t.Employee)
		return nil
	}
	s.Tie = t
	s.Matches = []plan.Match{{Key: plan.ExternalID, Employee: *e}}
	for _, key := range c.Matcher.Keys(s) {
		for _, id := range c.byKey[key][plan.FoldName(s.Want().Values[key])] {
			s.Matches = append(s.Matches, plan.Match{Key: key, Employee: *c.employees[id]})
		}
	}
	for i := range s.Matches {
		if err := c.Matcher.Ownership(&s.Matches[i]); err != nil {
			return err
		}
	}
	tally.AddMatched(s.Matches)
	return nil
}

// whoElse names the employee of a person whose external id names another one.
func (c *comparing) whoElse(s *read.Subject) string {
	if s.Link != nil {
		return fmt.Sprintf("managed as employee %d", s.Link.Employee)
	}
	for _, m := range s.Matches[1:] {
		if m.Owner == "" && m.Employee.Active() {
			return fmt.Sprintf("found by %s: employee %d", plan.KeyName(m.Key), m.Employee.ID)
		}
	}
	return ""
}

// tiedEmployee finds a person's employee by the external id, as a run would. done is false
// where it says nothing.
func (c *comparing) tiedEmployee(s *read.Subject) (e *plan.Employee, note string, done bool) {
	if s.Tie == nil || c.ties.Empty() {
		return nil, "", false
	}
	s.Tie.Other = c.ties.Other(s.Tie.Employee, s.Person.ID)
	m := &s.Matches[0]
	verdict := s.Tie.Judge(s.Person.ID, &s.Want().Values, m)
	note = s.Tie.Note(verdict, m)
	switch verdict {
	case plan.TieShared:
		c.doubted[m.Employee.ID] = true
		return nil, plan.ProblemAmbiguousMatch + ": " + note, true
	case plan.TieInactive:
		return c.employees[m.Employee.ID], plan.ProblemInactiveMatch + ": " + note, true
	case plan.TieDoubtful:
		e := c.employees[m.Employee.ID]
		c.out.ExternalIDs.Proposed = append(c.out.ExternalIDs.Proposed, plan.Compared{User: s.Named(), Employee: c.shown(e),
			Match: plan.KeyName(plan.ExternalID),
			Note: fmt.Sprintf("in Okta %s; if they are one person: link %s %d", s.Want().Values.FullName(), s.Person.Login,
				e.ID)})
		return c.employees[m.Employee.ID], plan.HeldDoubtfulMatch + ": " + note, true
	case plan.TieMatch:
		if others := plan.OtherMatches(s.Matches, m.Employee.ID); others != "" {
			note = plan.WarningPossibleDouble + ": other keys find " + others
		}
		return c.employees[m.Employee.ID], note, true
	}
	return nil, "", false
}

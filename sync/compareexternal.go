package sync

import (
	"fmt"

	"tracktik-sync/sync/plan"
)

// tie finds out what Okta's external ids are worth, and what they say of people who are
// not managed.
func (c *comparing) tie(list []*subject) error {
	out := &plan.ComparedExternals{}
	c.out.ExternalIDs = out
	var ties plan.Ties
	var tally plan.ExternalTally
	for _, s := range list {
		a := s.whole().Assignment
		if a.SyncState == plan.SyncStateError {
			out.Failed = append(out.Failed, plan.Compared{User: s.named(), Note: "the last push of the portal's own integration failed (syncState ERROR): what it did not carry over is not done"})
		}
		if a.External == "" {
			continue
		}
		id, _ := plan.ParseExternal(a.External)
		if id != 0 && s.link == nil {
			ties.Add(id, s.person.ID)
		}
		before := tally
		if err := c.proveTie(s, &plan.Tie{Text: a.External, Employee: id}, &tally); err != nil {
			return err
		}
		if tally.Differ > before.Differ {
			out.Differ = append(out.Differ, plan.Compared{User: s.named(), Employee: c.shown(c.employees[id]), Match: plan.KeyName(plan.ExternalID), Note: c.whoElse(s)})
		}
	}
	out.Agree, out.Believed = tally.Agree, tally.Believed()
	if !out.Believed {
		c.warn(plan.Warning{Code: plan.WarningExternalIDDisbelieved, Message: tally.Disbelief()})
		return nil
	}
	c.ties = ties
	return nil
}

// proveTie counts one person's external id, or lists it as one that says nothing. Their
// matches are kept in the subject.
func (c *comparing) proveTie(s *subject, t *plan.Tie, tally *plan.ExternalTally) error {
	e := c.employees[t.Employee]
	switch {
	case e == nil:
		verdict := t.Judge(s.person.ID, &s.want().Values, nil)
		c.out.ExternalIDs.Silent = append(c.out.ExternalIDs.Silent, plan.Compared{User: s.named(), Note: t.Note(verdict, nil)})
		return nil
	case s.link != nil:
		tally.AddManaged(s.link.Employee, t.Employee)
		return nil
	}
	s.tie = t
	s.matches = []plan.Match{{Key: plan.ExternalID, Employee: *e}}
	for _, key := range c.matcher.keys(s) {
		for _, id := range c.byKey[key][plan.FoldName(s.want().Values[key])] {
			s.matches = append(s.matches, plan.Match{Key: key, Employee: *c.employees[id]})
		}
	}
	for i := range s.matches {
		if err := c.matcher.ownership(&s.matches[i]); err != nil {
			return err
		}
	}
	tally.AddMatched(s.matches)
	return nil
}

// whoElse names the employee of a person whose external id names another one.
func (c *comparing) whoElse(s *subject) string {
	if s.link != nil {
		return fmt.Sprintf("managed as employee %d", s.link.Employee)
	}
	for _, m := range s.matches[1:] {
		if m.Owner == "" && m.Employee.Active() {
			return fmt.Sprintf("found by %s: employee %d", plan.KeyName(m.Key), m.Employee.ID)
		}
	}
	return ""
}

// tiedEmployee finds a person's employee by the external id, as a run would. done is false
// where it says nothing.
func (c *comparing) tiedEmployee(s *subject) (e *plan.Employee, note string, done bool) {
	if s.tie == nil || c.ties.Empty() {
		return nil, "", false
	}
	s.tie.Other = c.ties.Other(s.tie.Employee, s.person.ID)
	m := &s.matches[0]
	verdict := s.tie.Judge(s.person.ID, &s.want().Values, m)
	note = s.tie.Note(verdict, m)
	switch verdict {
	case plan.TieShared:
		c.doubted[m.Employee.ID] = true
		return nil, plan.ProblemAmbiguousMatch + ": " + note, true
	case plan.TieInactive:
		return c.employees[m.Employee.ID], plan.ProblemInactiveMatch + ": " + note, true
	case plan.TieDoubtful:
		e := c.employees[m.Employee.ID]
		c.out.ExternalIDs.Proposed = append(c.out.ExternalIDs.Proposed, plan.Compared{User: s.named(), Employee: c.shown(e), Match: plan.KeyName(plan.ExternalID),
			Note: fmt.Sprintf("in Okta %s; if they are one person: link %s %d", s.want().Values.FullName(), s.person.Login, e.ID)})
		return c.employees[m.Employee.ID], plan.HeldDoubtfulMatch + ": " + note, true
	case plan.TieMatch:
		if others := plan.OtherMatches(s.matches, m.Employee.ID); others != "" {
			note = plan.WarningPossibleDouble + ": other keys find " + others
		}
		return c.employees[m.Employee.ID], note, true
	}
	return nil, "", false
}

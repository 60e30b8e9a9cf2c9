package plan

import "fmt"

// doubtful reports that nothing says any more that the employee on record is the person:
// the record is older than it should be, and they agree in no name. An id alone proves
// little: the link may have been a mistake that was corrected since, and ids are used again.
func (v *View) doubtful() bool {
	switch {
	case v.Fresh && v.Employee == nil && !v.Gone: // as it was pushed
		return false
	case v.Employee == nil:
		return v.Link.Doubtful
	}
	return (v.Stale || v.Link.Doubtful) && v.Employee.Active() && !v.knows(v.Employee)
}

// knows reports that an employee has the username, the e-mail, or first and last name of the
// person, as they were pushed, as TrackTik has answered them, or as Okta has them now.
func (v *View) knows(e *Employee) bool {
	last := Values{Username: v.Link.Login, Email: v.Link.Email}
	now := Values{Username: v.Person.Login, Email: v.Person.Email}
	for _, names := range []*Values{&v.Link.Pushed, &v.Link.Answered, &v.Mapped.Wanted.Values, &last, &now} {
		if SamePerson(names, e) {
			return true
		}
	}
	return false
}

// holdDoubtful leaves the employee alone, whatever Okta says, and remembers the doubt.
func (v *View) holdDoubtful(d *Decision) {
	kind := Update
	if v.Judgement.Verdict == Depart {
		kind = Terminate
	}
	a := v.action(kind)
	if kind == Terminate {
		a.Reason = v.Judgement.Why
	}
	d.hold(a, fmt.Sprintf("%s: the snapshot was restored, or bound to another system, and employee %d has neither their username, nor their e-mail, nor first and last name; "+
		"`link` settles it, or `unlink`", HeldDoubtfulMatch, v.Link.Employee))
}

// noteDoubt remembers the doubt about a link, until the employee is shown, and known.
func (v *View) noteDoubt(d *Decision, doubtful bool) {
	if v.Link == nil || v.Link.Doubtful == doubtful || v.Employee != nil && !v.Employee.Active() {
		return
	}
	note := *v.Link
	if d.Note != nil {
		note = *d.Note
	}
	note.Doubtful = doubtful
	d.Note = &note
}

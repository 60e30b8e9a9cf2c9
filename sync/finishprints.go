package sync

import (
	"slices"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
)

// finishUnfinished notes who is not in order: the next run decodes them.
func (r *recorder) finishUnfinished(out *apply.Outcome) error {
	prints, err := r.prints(out)
	if err != nil {
		return err
	}
	return r.commitPrints(slices.DeleteFunc(prints, func(p plan.PersonPrint) bool { return p.Print != plan.Print{} }))
}

// finishPrints notes who is in order: the next run decodes only the others.
func (r *recorder) finishPrints(out *apply.Outcome) error {
	prints, err := r.prints(out)
	if err != nil {
		return err
	}
	if err := r.commitPrints(slices.DeleteFunc(prints, func(p plan.PersonPrint) bool { return p.Print == plan.Print{} })); err != nil {
		return err
	}
	return r.forgetStrangers()
}

func (r *recorder) commitPrints(prints []plan.PersonPrint) error {
	if len(prints) == 0 {
		return nil
	}
	return r.Snapshot.CommitPrints(prints)
}

// prints are the new prints of people, by their ids; a zero one of who is not in order.
func (r *recorder) prints(out *apply.Outcome) ([]plan.PersonPrint, error) {
	var prints []plan.PersonPrint
	unfinished := map[plan.PersonID]bool{}
	if out != nil {
		unfinished = out.Unfinished
	}
	for id, s := range r.people.subjects {
		m := r.people.find(id)
		switch {
		case s.became != nil:
		case s.absent: // if they come back as they were, their groups may have changed all the same
			_, stays, err := r.Snapshot.Link(id)
			if err != nil {
				return nil, err
			}
			if stays && m != nil && m.print != (plan.Print{}) {
				prints = append(prints, plan.PersonPrint{Person: id})
			}
		case s.open || unfinished[id] || r.pending[id] != "" || r.openGrants[id] != "":
			if m != nil && m.print != (plan.Print{}) {
				prints = append(prints, plan.PersonPrint{Person: id})
			}
		case s.person.Print != (plan.Print{}) && (m == nil || m.print != s.person.Print || m.due != r.dateReader.due(s)):
			prints = append(prints, plan.PersonPrint{Person: id, Print: s.person.Print, Due: r.dateReader.due(s)})
		}
	}
	for id := range unfinished {
		if m := r.people.find(id); r.people.subjects[id] == nil && m != nil && m.print != (plan.Print{}) {
			prints = append(prints, plan.PersonPrint{Person: id})
		}
	}
	for _, h := range r.doc.Held { // a role that is held for somebody who was not decoded
		if m := r.people.find(h.User.ID); m != nil && r.people.subjects[h.User.ID] == nil && m.print != (plan.Print{}) {
			prints = append(prints, plan.PersonPrint{Person: h.User.ID})
		}
	}
	slices.SortFunc(prints, func(x, y plan.PersonPrint) int { return compareText(x.Person, y.Person) })
	prints = slices.CompactFunc(prints, func(x, y plan.PersonPrint) bool { return x.Person == y.Person })
	return prints, nil
}

// forgetStrangers drops the prints of people who were never managed and are not listed
// any more.
func (r *recorder) forgetStrangers() error {
	if len(r.opt.Users) > 0 {
		return nil
	}
	var batch plan.Batch
	for i := range r.people.marks {
		if m := &r.people.marks[i]; m.employee == 0 && !m.has(flagListed) {
			batch.Unlink = append(batch.Unlink, m.id)
		}
	}
	if len(batch.Unlink) == 0 {
		return nil
	}
	return r.Snapshot.Commit(batch)
}

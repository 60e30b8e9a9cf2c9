package sync

import (
	"cmp"
	"slices"

	"tracktik-sync/sync/apply"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
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
	if err := r.commitPrints(slices.DeleteFunc(prints,
		func(p plan.PersonPrint) bool { return p.Print == plan.Print{} })); err != nil {
		return err
	}
	return r.forgetStrangers()
}

func (r *recorder) commitPrints(prints []plan.PersonPrint) error {
	if len(prints) == 0 {
		return nil
	}
	return r.store.CommitPrints(prints)
}

// prints are the new prints of people, by their ids; a zero one of who is not in order.
func (r *recorder) prints(out *apply.Outcome) ([]plan.PersonPrint, error) {
	var prints []plan.PersonPrint
	unfinished := map[plan.PersonID]bool{}
	if out != nil {
		unfinished = out.Unfinished
	}
	for id, s := range r.People.Subjects {
		m := r.People.Find(id)
		switch {
		case s.Extras().Became != nil:
		case s.Absent: // if they come back as they were, their groups may have changed all the same
			_, stays, err := r.Snapshot.Link(id)
			if err != nil {
				return nil, err
			}
			if stays && m != nil && m.Print != (plan.Print{}) {
				prints = append(prints, plan.PersonPrint{Person: id})
			}
		case s.Open || unfinished[id] || r.Pending[id] != "" || r.OpenGrants[id] != "":
			if m != nil && m.Print != (plan.Print{}) {
				prints = append(prints, plan.PersonPrint{Person: id})
			}
		case s.Person.Print != (plan.Print{}) && (m == nil || m.Print != s.Person.Print || m.Due != r.dateReader.Due(s)):
			prints = append(prints, plan.PersonPrint{Person: id, Print: s.Person.Print, Due: r.dateReader.Due(s)})
		}
	}
	for id := range unfinished {
		if m := r.People.Find(id); r.People.Subjects[id] == nil && m != nil && m.Print != (plan.Print{}) {
			prints = append(prints, plan.PersonPrint{Person: id})
		}
	}
	for _, h := range r.doc.Held { // a role that is held for somebody who was not decoded
		if m := r.People.Find(h.User.ID); m != nil && r.People.Subjects[h.User.ID] == nil && m.Print != (plan.Print{}) {
			prints = append(prints, plan.PersonPrint{Person: h.User.ID})
		}
	}
	slices.SortFunc(prints, func(x, y plan.PersonPrint) int { return cmp.Compare(x.Person, y.Person) })
	prints = slices.CompactFunc(prints, func(x, y plan.PersonPrint) bool { return x.Person == y.Person })
	return prints, nil
}

// forgetStrangers drops the prints of people who were never managed and are not listed
// any more.
func (r *recorder) forgetStrangers() error {
	if r.Scope.Some() {
		return nil
	}
	var batch plan.Batch
	for i := range r.People.Marks {
		if m := &r.People.Marks[i]; m.Employee == 0 && !m.Has(read.FlagListed) {
			batch.Unlink = append(batch.Unlink, m.ID)
		}
	}
	if len(batch.Unlink) == 0 {
		return nil
	}
	return r.store.Commit(batch)
}

// finishOthers records who holds roles of others.
func (r *recorder) finishOthers(*apply.Outcome) error {
	var links []plan.Link
	for id, holds := range r.Roles.Others {
		link, found, err := r.Snapshot.Link(id)
		if err != nil {
			return err
		}
		if found && link.OthersRole != holds {
			link.OthersRole = holds
			links = append(links, link)
		}
	}
	if len(links) == 0 {
		return nil
	}
	return r.store.CommitLinks(links)
}

package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

// staging is the part of a batch that depends on what is in the file: it reads in
// its transaction, and collects in l what to write beside p.l.
type staging struct {
	p     *prepared
	tx    *bbolt.Tx
	c     codec
	l     ledger
	marks map[plan.PersonID]plan.Mark // as they will be
}

// pending checks that what is settled or begun anew is there.
func (s *staging) pending() error {
	for _, seq := range s.p.Settle {
		if get(s.tx, bucketPending, be64(seq)) == nil {
			return fmt.Errorf("settling %d: %w", seq, ErrUnknownIntent)
		}
		s.l.drop(bucketPending, be64(seq))
	}
	for _, i := range s.p.Begin {
		if i.Seq != 0 && (get(s.tx, bucketPending, be64(i.Seq)) == nil || slices.Contains(s.p.Settle, i.Seq)) {
			return fmt.Errorf("beginning %d anew: %w", i.Seq, ErrUnknownIntent)
		}
	}
	return nil
}

// links unlinks and links, and keeps the indexes with them. All that goes, goes
// before all that comes, so that two people can trade employees in one step.
func (s *staging) links() error {
	leaving := map[plan.PersonID]bool{} // the employee they have now
	for _, id := range s.p.Unlink {
		leaving[id] = true
		if err := s.forget(id); err != nil {
			return err
		}
		s.l.drop(bucketPeople, []byte(id))
		s.l.drop(bucketPrints, []byte(id))
	}
	for i := range s.p.Links {
		l := &s.p.Links[i]
		leaving[l.Person] = true
		if err := s.forget(l.Person); err != nil {
			return err
		}
	}
	for i := range s.p.Links {
		l := &s.p.Links[i]
		owner := plan.PersonID(get(s.tx, bucketEmployees, employeeKey(l.Employee)))
		if owner != "" && !leaving[owner] {
			return &LinkedError{Employee: l.Employee, Owner: owner, Person: l.Person}
		}
		s.l.index(linkEntries(s.c, *l))
		mark, err := s.mark(l.Person)
		if err != nil {
			return err
		}
		mark.Employee, mark.Open = l.Employee, l.Open()
		s.marks[l.Person] = mark
	}
	return nil
}

// forget drops the index entries of a person's present link, if there is one.
func (s *staging) forget(id plan.PersonID) error {
	old, found, err := linkOf(s.tx, s.c, []byte(id))
	if found {
		s.l.unindex(linkEntries(s.c, old))
	}
	return err
}

// mark is a person's mark as it is, or will be.
func (s *staging) mark(id plan.PersonID) (plan.Mark, error) {
	if m, ok := s.marks[id]; ok {
		return m, nil
	}
	sealed := get(s.tx, bucketPrints, []byte(id))
	if sealed == nil {
		return plan.Mark{Person: id}, nil
	}
	m, err := s.c.openMark([]byte(id), sealed)
	m.Person = id
	return m, err
}

func (s *staging) prints() error {
	for _, p := range s.p.Prints {
		m, err := s.mark(p.Person)
		if err != nil {
			return err
		}
		m.Print, m.Due = p.Print, p.Due
		s.marks[p.Person] = m
	}
	for id, m := range s.marks {
		if m.Employee == 0 && m.Print == (plan.Print{}) { // says nothing
			s.l.drop(bucketPrints, []byte(id))
		} else {
			s.l.put(bucketPrints, []byte(id), markContent(m))
		}
	}
	return nil
}

// formers drops what is revived, and whoever else an employee was formerly.
func (s *staging) formers() error {
	for _, id := range s.p.Revive {
		s.revive(id, "")
	}
	for i := range s.p.Formers {
		f := &s.p.Formers[i]
		s.revive(f.Link.Employee, f.Link.Person)
		s.l.index(formerEntries(*f))
	}
	return nil
}

func (s *staging) revive(id plan.EmployeeID, except plan.PersonID) {
	person := plan.PersonID(get(s.tx, bucketFormersBy, employeeKey(id)))
	if person == "" || person == except {
		return
	}
	s.l.drop(bucketFormers, formerKey(person, id))
	s.l.drop(bucketFormersBy, employeeKey(id))
}

// write writes everything. What is numbered comes last, since a number that was
// drawn is not given back.
func (s *staging) write() error {
	if err := s.l.flush(s.tx, s.c); err != nil {
		return err
	}
	if err := s.p.l.flush(s.tx, s.c); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	return s.audit()
}

func (s *staging) begin() error {
	b := s.tx.Bucket(bucketPending)
	for i, content := range s.p.intents {
		seq := &s.p.Begin[i].Seq
		if *seq == 0 {
			next, err := draw(b, bucketPending)
			if err != nil {
				return err
			}
			*seq = next
		}
		key := be64(*seq)
		if err := b.Put(key, s.c.seal(bucketPending, key, content)); err != nil {
			return err
		}
	}
	return nil
}

// draw is the next number of a bucket. One that is taken is damage, and writing on
// would replace what it has.
func draw(b *bbolt.Bucket, name []byte) (uint64, error) {
	seq, err := b.NextSequence()
	if err == nil && b.Get(be64(seq)) != nil {
		err = damaged(name, be64(seq), errors.New("its number is given a second time"))
	}
	return seq, err
}

// appendFill packs the pages of a bucket that only grows at its end.
const appendFill = 0.95

func (s *staging) audit() error {
	b := s.tx.Bucket(bucketAudit)
	b.FillPercent = appendFill
	l := ledger{}
	for i, content := range s.p.audits {
		seq, err := draw(b, bucketAudit)
		if err != nil {
			return err
		}
		a := s.p.Audits[i]
		a.Seq = seq
		l.put(bucketAudit, be64(seq), content)
		l.index(auditEntries(a))
	}
	return l.flush(s.tx, s.c)
}

// numbered encodes what gets its number in the transaction: it is read from the
// key, so the content does not hold it.
func (p *prepared) numbered() error {
	for n, seq := range p.Settle {
		if slices.Contains(p.Settle[:n], seq) {
			return fmt.Errorf("settling %d: it is named twice", seq)
		}
	}
	for _, i := range p.Begin {
		i.Seq = 0
		content, err := json.Marshal(i)
		if err != nil {
			return fmt.Errorf("beginning an action of user %s: %w", i.Action.User.ID, err)
		}
		p.intents = append(p.intents, content)
	}
	for _, a := range p.Audits {
		if err := errors.Join(checkKey(string(a.Person)), checkKey(a.Run)); err != nil {
			return fmt.Errorf("recording what was done: %w", err)
		}
		a.Seq = 0
		content, err := json.Marshal(a)
		if err != nil {
			return fmt.Errorf("recording what was done to user %s: %w", a.Person, err)
		}
		p.audits = append(p.audits, content)
	}
	return nil
}

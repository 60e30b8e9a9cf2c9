package state

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

const (
	// markRows is how many marks are read in one transaction: they are small.
	markRows = 4096
	// bulk is how many people one transaction of a bulk commit holds.
	bulk = 1000
)

// Prints yields everybody who is managed or has a print, in the order of their
// ids. It touches nothing of the file but one small bucket.
func (db *DB) Prints() iter.Seq2[plan.Mark, error] {
	return func(yield func(plan.Mark, error) bool) {
		for next := []byte(nil); ; {
			page, last, err := db.markPage(next)
			db.relaxNow() // marks lie far apart in a file that grew, and are read in no time
			for _, m := range page {
				if !yield(m, nil) {
					return
				}
			}
			if err != nil {
				yield(plan.Mark{}, err)
			}
			if err != nil || last == nil {
				return
			}
			next = append(last, 0)
		}
	}
}

// markPage reads some marks from key from on. The ids of a page share one piece of
// memory: a hundred thousand small ones would cost more than what is in them.
func (db *DB) markPage(from []byte) (page []plan.Mark, last []byte, err error) {
	var ids strings.Builder
	ends := make([]int, 0, markRows)
	page = make([]plan.Mark, 0, markRows)
	err = db.view(func(tx *bbolt.Tx) error {
		last, err = readRows(tx, span{bucket: bucketPrints, from: from}, markRows, func(k, v []byte) error {
			m, err := db.codec.openMark(k, v)
			if err == nil {
				page = append(page, m)
				ids.Write(k)
				ends = append(ends, ids.Len())
			}
			return err
		})
		return err
	})
	text, at := ids.String(), 0
	for i, end := range ends {
		page[i].Person = plan.PersonID(text[at:end])
		at = end
	}
	return page, last, err
}

// CommitPrints records prints in sorted transactions of some size. A crash leaves
// some of them out, which costs those people a decoding and nothing else.
func (db *DB) CommitPrints(prints []plan.PersonPrint) error {
	sorted := slices.Clone(prints)
	slices.SortStableFunc(sorted, func(a, b plan.PersonPrint) int { return cmp.Compare(a.Person, b.Person) })
	for chunk := range slices.Chunk(sorted, bulk) {
		if err := db.Commit(plan.Batch{Prints: chunk}); err != nil {
			return err
		}
	}
	return nil
}

// CommitLinks records links in sorted transactions of some size: for links each
// of which may stand without the others, as those of an adoption.
func (db *DB) CommitLinks(links []plan.Link) error {
	sorted := slices.Clone(links)
	slices.SortStableFunc(sorted, func(a, b plan.Link) int { return cmp.Compare(a.Person, b.Person) })
	for chunk := range slices.Chunk(sorted, bulk) {
		if err := db.Commit(plan.Batch{Links: chunk}); err != nil {
			return err
		}
	}
	return nil
}

// Link is the link of a person; found is false when they are not managed.
func (db *DB) Link(id plan.PersonID) (l plan.Link, found bool, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		l, found, err = linkOf(tx, db.codec, []byte(id))
		return err
	})
	return l, found, err
}

// linkOf is the link of a person. That there is none is believed only if the print
// says so too: a damaged key must not make somebody a stranger, who would be
// created anew.
func linkOf(tx *bbolt.Tx, c codec, id []byte) (l plan.Link, found bool, err error) {
	l, found, err = record[plan.Link](tx, c, bucketPeople, id)
	if found || err != nil {
		return l, found, err
	}
	if sealed := get(tx, bucketPrints, id); sealed != nil {
		m, err := c.openMark(id, sealed)
		if err == nil && m.Employee != 0 {
			err = damaged(bucketPeople, id, errors.New("it is missing, and its print is there"))
		}
		return l, false, err
	}
	return l, false, nil
}

// Links yields all links, in the order of the people's ids.
func (db *DB) Links() iter.Seq2[plan.Link, error] { return all[plan.Link](db, bucketPeople) }

// Managed is how many people are linked.
func (db *DB) Managed() (n int, err error) {
	for m, err := range db.Prints() {
		if err != nil {
			return 0, err
		}
		if m.Employee != 0 {
			n++
		}
	}
	return n, nil
}

// LinkOfEmployee is the link to that employee; found is false when nobody is.
func (db *DB) LinkOfEmployee(id plan.EmployeeID) (l plan.Link, found bool, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		person := get(tx, bucketEmployees, employeeKey(id))
		if person == nil {
			return nil
		}
		l, found, err = record[plan.Link](tx, db.codec, bucketPeople, person)
		if err == nil && (!found || l.Employee != id) {
			err = astray(bucketEmployees, employeeKey(id))
		}
		return err
	})
	return l, found, err
}

// astray is about an index that leads to what does not belong to it.
func astray(bucket, key []byte) error {
	return damaged(bucket, key, fmt.Errorf("the index leads astray"))
}

// OwnersOfUsername are the people whose employee was given that user name, folded,
// by their ids; more than one only while a name passes from one to the next.
func (db *DB) OwnersOfUsername(folded string) ([]plan.PersonID, error) {
	return db.owners(nameUsername, folded)
}

// OwnersOfEmail is OwnersOfUsername for an e-mail address.
func (db *DB) OwnersOfEmail(folded string) ([]plan.PersonID, error) {
	return db.owners(nameEmail, folded)
}

func (db *DB) owners(kind, folded string) (ids []plan.PersonID, err error) {
	first := namePrefix(db.codec, kind, folded)
	err = db.view(func(tx *bbolt.Tx) error {
		_, err := readRows(tx, span{bucket: bucketNames, prefix: first}, -1, func(k, _ []byte) error {
			if id := k[len(first):]; !bytes.ContainsRune(id, 0) { // a longer name with a zero byte in it
				ids = append(ids, plan.PersonID(id))
			}
			return nil
		})
		return err
	})
	return ids, err
}

// FormersOf are the employees that a person was, the lowest id first.
func (db *DB) FormersOf(id plan.PersonID) ([]plan.Former, error) {
	return collect(db.formers(prefix(string(id))))
}

// Strangers are those of ids of whom nothing is on record: no link, and no employee that they
// were.
func (db *DB) Strangers(ids []plan.PersonID) (map[plan.PersonID]bool, error) {
	strangers := make(map[plan.PersonID]bool, len(ids))
	err := db.view(func(tx *bbolt.Tx) error {
		people, prints, formers := tx.Bucket(bucketPeople), tx.Bucket(bucketPrints), tx.Bucket(bucketFormers)
		for _, id := range ids {
			key := []byte(id)
			known := people.Get(key) != nil
			if !known && prints.Get(key) != nil { // it may tell of a link that is missing
				if _, _, err := linkOf(tx, db.codec, key); err != nil {
					return err
				}
			}
			if !known {
				first, _ := formers.Cursor().Seek(prefix(string(id)))
				known = bytes.HasPrefix(first, prefix(string(id)))
			}
			strangers[id] = !known
		}
		return nil
	})
	return strangers, err
}

// Formers yields all former employees, by person.
func (db *DB) Formers() iter.Seq2[plan.Former, error] { return db.formers(nil) }

func (db *DB) formers(first []byte) iter.Seq2[plan.Former, error] {
	return scan(db, span{bucket: bucketFormers, prefix: first}, scanRows, func(_ *bbolt.Tx, k, v []byte) (plan.Former, bool, error) {
		var f plan.Former
		err := db.codec.openJSON(bucketFormers, k, v, &f)
		return f, err == nil, err
	})
}

// FormerByEmployee is who the employee formerly was.
func (db *DB) FormerByEmployee(id plan.EmployeeID) (f plan.Former, found bool, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		person := get(tx, bucketFormersBy, employeeKey(id))
		if person == nil {
			return nil
		}
		f, found, err = record[plan.Former](tx, db.codec, bucketFormers, formerKey(plan.PersonID(person), id))
		if err == nil && !found {
			err = astray(bucketFormersBy, employeeKey(id))
		}
		return err
	})
	return f, found, err
}

// Remembers reports whether the snapshot knows of a person: they are managed, were seen
// assigned, or have a problem.
func (db *DB) Remembers(id plan.PersonID) (known bool, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		key := []byte(id)
		known = get(tx, bucketPeople, key) != nil || get(tx, bucketPrints, key) != nil
		if troubles := tx.Bucket(bucketTroubles); !known && troubles != nil && id != "" {
			of := append(key, '|') // a Trouble.Key begins with the person
			found, _ := troubles.Cursor().Seek(of)
			known = bytes.HasPrefix(found, of)
		}
		return nil
	})
	return known, err
}

// Groups are all groups that were ever pushed and not dropped, by id.
func (db *DB) Groups() ([]plan.GroupLink, error) {
	return collect(all[plan.GroupLink](db, bucketGroups))
}

// Group is what is known of a group.
func (db *DB) Group(id plan.GroupID) (g plan.GroupLink, found bool, err error) {
	return one[plan.GroupLink](db, bucketGroups, []byte(id))
}

// Members are a group's members, sorted, as Okta last listed them; known is false
// when they were never read, which is not the same as having none.
func (db *DB) Members(id plan.GroupID) (members []plan.PersonID, known bool, err error) {
	var text string
	err = db.view(func(tx *bbolt.Tx) error {
		sealed := get(tx, bucketMembers, []byte(id))
		if sealed == nil {
			return nil
		}
		content, err := db.codec.open(bucketMembers, []byte(id), sealed)
		if err != nil {
			return damaged(bucketMembers, []byte(id), err)
		}
		text, known = string(content), true
		return nil
	})
	return splitMembers(text), known, err
}

func splitMembers(text string) []plan.PersonID {
	if text == "" {
		return nil
	}
	members := make([]plan.PersonID, 0, strings.Count(text, "\n")+1)
	for id := range strings.SplitSeq(text, "\n") {
		members = append(members, plan.PersonID(id))
	}
	return members
}

// Grants yields all grants of ours, by role and person.
func (db *DB) Grants() iter.Seq2[plan.Grant, error] { return db.grants(nil) }

// GrantsWith are the grants of a role, by person.
func (db *DB) GrantsWith(role plan.RoleID) ([]plan.Grant, error) {
	return collect(db.grants(be64(uint64(role))))
}

// Holders are who holds a role by our grants, sorted.
func (db *DB) Holders(role plan.RoleID) ([]plan.PersonID, error) {
	first := be64(uint64(role))
	return collect(scan(db, span{bucket: bucketGrants, prefix: first}, markRows, func(_ *bbolt.Tx, k, _ []byte) (plan.PersonID, bool, error) {
		return plan.PersonID(k[len(first):]), true, nil
	}))
}

func (db *DB) grants(first []byte) iter.Seq2[plan.Grant, error] {
	return scan(db, span{bucket: bucketGrants, prefix: first}, scanRows, func(_ *bbolt.Tx, k, v []byte) (plan.Grant, bool, error) {
		var g plan.Grant
		err := db.codec.openJSON(bucketGrants, k, v, &g)
		return g, err == nil, err
	})
}

// GrantsOf are the grants of a person, by role.
func (db *DB) GrantsOf(id plan.PersonID) ([]plan.Grant, error) {
	return collect(scan(db, span{bucket: bucketGrantsBy, prefix: prefix(string(id))}, scanRows,
		func(tx *bbolt.Tx, k, _ []byte) (plan.Grant, bool, error) {
			key := grantKey(plan.GrantKey{Role: plan.RoleID(lastNumber(k)), Person: id})
			g, found, err := record[plan.Grant](tx, db.codec, bucketGrants, key)
			if err == nil && !found {
				err = astray(bucketGrantsBy, k)
			}
			return g, found, err
		}))
}

// Troubles are the problems that people and roles have, by Trouble.Key.
func (db *DB) Troubles() ([]plan.Trouble, error) {
	return collect(all[plan.Trouble](db, bucketTroubles))
}

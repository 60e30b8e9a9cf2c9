package state

import (
	"iter"
	"strings"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

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

package state

import (
	"bytes"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

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
